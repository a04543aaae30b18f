// E0451: an approved order written as a literal, around one that is at hand
use hardstop::risk::token::ApprovedOrder;

pub fn forge(real: ApprovedOrder) -> ApprovedOrder {
    ApprovedOrder { epoch: 7, ..real }
}
