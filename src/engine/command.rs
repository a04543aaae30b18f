use crate::domain::id::ClientOrderId;
use crate::domain::intent::StrategyId;
use crate::domain::strategy::StrategyCall;
use crate::engine::record::Record;
use crate::risk::token::{ApprovedOrder, CancelTicket};

/// Everything the machine can ask of the world around it.
#[derive(Debug)]
pub enum Command {
    /// Write a row. Rows of one step are written in order, before anything below leaves.
    Record(Record),
    /// Send an order. The journal is on disk before it leaves.
    Submit(ApprovedOrder),
    /// Cancel an order.
    Cancel(CancelTicket),
    /// Call a strategy.
    RunStrategy(StrategyId, StrategyCall),
    /// Stop a strategy's process for good.
    StopStrategy(StrategyId),
    /// Read the venue's whole state, with these orders looked up by id.
    AskVenue(Vec<ClientOrderId>),
}
