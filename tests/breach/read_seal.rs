// E0616: the seal taken out of a real token
use hardstop::risk::token::CancelTicket;

pub fn forge(ticket: &CancelTicket) {
    let _ = &ticket.seal;
}
