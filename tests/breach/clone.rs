// E0277: an approved order doubled
use hardstop::risk::token::ApprovedOrder;

pub fn forge(real: &ApprovedOrder) -> ApprovedOrder {
    ApprovedOrder::clone(real)
}
