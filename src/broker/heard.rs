use crate::domain::id::ClientOrderId;
use crate::domain::venue::{Asked, VenueAnswer, VenueReport, VenueState};

/// What the door hears from beyond it, some of it long after it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// A request was answered, or nobody answered it.
    Answered {
        /// Which order.
        order: ClientOrderId,
        /// What was asked of it.
        asked: Asked,
        /// What came back.
        answer: VenueAnswer,
    },
    /// An order that the door had passed did not leave after all; what it reserved is free.
    Dropped {
        /// Which order.
        order: ClientOrderId,
        /// Why, in words.
        reason: String,
    },
    /// The venue said something of an order.
    Report(VenueReport),
    /// The venue's state that was asked for, or why it could not be read.
    State(Result<Box<VenueState>, String>),
    /// The stream of orders stands, or is lost.
    Stream {
        /// Whether it stands.
        up: bool,
        /// Why it is lost.
        why: String,
    },
    /// The broker does not take the keys any more, in its words; or it takes them again.
    Keys(Option<String>),
    /// Something was said that only a reading explains.
    LookAgain(String),
}
