//! Floor 3: the window: what is seen, what keys mean, how it is drawn.
//!
//! Duty: `model::Model` is all that the window knows, `update::update` changes it by one message
//! and says what is to be done, `view::draw` paints it and changes nothing.
//! Knows nothing of threads, sockets, brokers and files: it asks for things, `app` does them.

/// No cell outside ASCII, for terminals without it.
pub mod ascii;
/// The candle chart's bars: minutes folded into longer ones.
pub mod candles;
/// New York's clock, as it is shown.
pub mod clock;
/// What is to be done after a message.
pub mod effect;
/// What a symbol may come to be worth, by its position and its live orders.
pub mod exposure;
/// Money, prices, shares and spans of time as the window writes them.
pub mod figures;
/// A fixed and plausible state, for pictures and tests.
pub mod fixture;
/// What is typed and not shown.
pub mod hidden;
/// Text and figures put onto the screen: figures whole, or not at all.
pub mod ink;
/// One key press, and its name.
pub mod key;
/// What every key means: one table for the dispatcher, the footer and the help.
pub mod keys;
/// Which parts stand where, at every size.
pub mod layout;
/// What the trader types into the palette and the ticket's fields.
pub mod line;
/// The journal's rows as lines of the log.
pub mod log_words;
/// All that the window knows.
pub mod model;
/// What can happen to the window.
pub mod msg;
/// The whole window held to its promises.
#[cfg(test)]
mod proofs;
/// The openings that wait for the trader's yes.
pub mod queue;
/// A strategy's script, read before it is approved.
pub mod review;
/// What a terminal makes of a colour.
pub mod rgb;
/// What the machine shows.
pub mod seen;
/// A picture of the screen.
pub mod svg;
/// Rows and columns, the least important column given up first.
pub mod table;
/// Colours that can be told apart, and none where none are wanted.
pub mod theme;
/// The order ticket.
pub mod ticket;
/// One message taken in.
pub mod update;
/// The screen painted.
pub mod view;
/// The first steps of a trader: look, limits, keys, the kill.
pub mod wizard;
/// Every sentence that the window says by itself.
pub mod words;
