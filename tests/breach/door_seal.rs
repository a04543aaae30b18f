// E0423: a door's seal without a gate
use hardstop::risk::token::DoorSeal;

pub fn forge() -> DoorSeal {
    DoorSeal(std::sync::Arc::new(0))
}
