// E0277: a second gate with the first one's seal
use hardstop::risk::gate::Gate;

pub fn forge(gate: &Gate) -> Gate {
    Gate::clone(gate)
}
