// E0599: an approved order from nothing
use hardstop::risk::token::ApprovedOrder;

pub fn forge() -> ApprovedOrder {
    ApprovedOrder::default()
}
