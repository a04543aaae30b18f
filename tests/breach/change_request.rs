// E0616: a larger quantity written into an approved order
use hardstop::domain::qty::Qty;
use hardstop::risk::token::ApprovedOrder;

pub fn forge(order: &mut ApprovedOrder) {
    order.request.qty = Qty::LARGEST;
}
