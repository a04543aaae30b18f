// E0423: a cancel ticket as a tuple
use hardstop::domain::id::ClientOrderId;
use hardstop::risk::token::CancelTicket;

pub fn forge(id: ClientOrderId) -> CancelTicket {
    CancelTicket(id)
}
