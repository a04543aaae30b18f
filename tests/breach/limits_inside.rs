// E0616: the limits of a gate at work changed from outside
use hardstop::risk::gate::Gate;
use hardstop::risk::limits::Limits;

pub fn forge(gate: &mut Gate) {
    gate.limits = Limits::wide();
}
