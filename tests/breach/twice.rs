// E0382: an approved order sent twice
use hardstop::risk::token::ApprovedOrder;

fn send(order: ApprovedOrder) {
    drop(order);
}

pub fn forge(order: ApprovedOrder) {
    send(order);
    send(order);
}
