//! The window held to its promises as a whole: pictures of the screen compared sign by sign, every
//! size drawn, and a great many keys pressed against a ladder of confirmations written a second time.

/// Any size, any state: no panic, the badge and the kill's hint in sight, figures whole.
mod any_size;
/// The wizard, page by page.
mod first_steps;
/// The ladder of confirmations, key by key.
mod ladder;
/// Openings that wait for the trader.
mod queue;
/// Many random keys against the ladder.
mod random_keys;
/// A script is seen before it is approved.
mod review;
/// The states that are drawn.
pub(super) mod scene;
/// The pictures.
mod screens;
