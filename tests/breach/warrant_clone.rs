// E0277: a second warrant out of the first
use hardstop::risk::token::KillWarrant;

pub fn forge(real: &KillWarrant) -> KillWarrant {
    KillWarrant::clone(real)
}
