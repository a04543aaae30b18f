// E0277: a gate from nothing
use hardstop::risk::gate::Gate;

fn made<T: Default>() -> T {
    T::default()
}

pub fn forge() -> Gate {
    made()
}
