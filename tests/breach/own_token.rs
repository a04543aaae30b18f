// E0603: a token of one's own that the door would take
use hardstop::risk::token::DoorSeal;
use hardstop::risk::token::sealed::Token;

pub struct Forged;

impl Token for Forged {
    fn fits(&self, _: &DoorSeal) -> bool {
        true
    }
}
