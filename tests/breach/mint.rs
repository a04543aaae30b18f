// E0603: the mint called from outside of the gate
use hardstop::risk::token::Seal;

pub fn forge() {
    let _ = Seal::new();
}
