//! Floor 3: the trader's rules, from what was written to what it means.
//!
//! Duty: read the config file exactly, say everything that is wrong with it at once (file, line, key,
//! value, bound and remedy), refuse a file that holds a key or a password, and hand on settings of
//! which every one is within its bounds. No file means the defaults. Knows nothing of keys, of who
//! uses the settings, and of the environment: paths are handed in.
#![deny(
    clippy::float_arithmetic,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::as_conversions
)]

/// What is wrong with a file, one sentence a fault.
pub mod fault;
/// What was written means this: settings within their bounds.
pub mod meaning;
/// The known word that is nearest to a mistyped one.
mod nearest;
/// One kind of value: how it is read and how it is shown.
mod setting;
/// Keys and passwords, which no config may hold.
mod shape;
/// Every setting as one line of text, for `config show`.
pub mod show;
/// The entries of `[[strategy]]`.
pub mod strategies;
/// The list of every key with the place it fills.
mod table;
/// The window's colours and keys, in words that the window itself judges.
pub mod words;
/// What was written: every entry with its line, before anybody asks what it means.
mod written;
