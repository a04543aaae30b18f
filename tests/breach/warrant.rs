// E0451: a kill's warrant with the seal of something else
use hardstop::risk::token::{CancelTicket, KillWarrant};

pub fn forge(ticket: CancelTicket) -> KillWarrant {
    KillWarrant { seal: loop { drop(&ticket) } }
}
