//! Floor 5: live wiring: start and stop order, clock, threads, the control socket, logs.
//!
//! Duty: put the parts together for a run, keep it fed and answer the shell; end it in order.
//! Knows nothing of how orders are judged or drawn.

/// A run against an account at Alpaca put together: ledger, line, streams, strategies.
pub mod account;
/// An account's ledger, opened: its key, its limits, its kill.
mod account_ledger;
/// Approvals, told to the ledger when a run starts.
mod approvals_told;
/// What must hold before live may open anything.
pub mod armoury;
/// What the machine can be asked by the shell and the window.
pub mod asked;
/// The key under which a paper ledger's rows are chained.
pub mod audit_key;
/// That the drills were passed.
pub mod certificate;
/// Presses of the kill chord told from a key that is held down.
mod chord;
/// What has to be done beside orders and prices, on a thread of its own.
mod chores;
/// The shell's side of the control socket.
pub mod client;
/// The only wall clock.
pub mod clock;
/// A process closed to others of the same machine.
pub mod closed;
/// The control socket: requests of the shell, and the kill on a thread of its own.
pub mod control;
/// What the window shows of the machine, gathered on the machine's own thread.
pub mod desk;
/// What the feed said of every symbol, for the desk.
mod desk_market;
/// What strategies draw, for the desk.
mod desk_plots;
/// The drills that live asks for, played in paper.
pub mod drill;
/// The machine on a thread of its own, beside a window.
pub mod engine_room;
/// What is taken along when something went wrong.
pub mod evidence;
/// The embedded exchange, served to other programs on loopback.
pub mod exchange;
/// Strategies whose file changed, taken in while the run goes on.
pub mod hot_reload;
/// A line for every request to the broker.
pub mod http_log;
/// The six characters of this installation.
mod install;
/// One instance a ledger.
pub mod instance;
/// Where the keys of each account are kept, and whose they are.
pub mod key_slots;
/// A terminal's bytes, read: the chord before anything else.
mod keyboard;
/// The broker's keys, as they are handed in.
pub mod keys;
/// The kill without a running instance.
pub mod kill_alone;
/// Where ledgers stand, and which one goes on.
pub mod ledgers;
/// What a headless run prints.
pub mod lines;
/// Log files, never the terminal.
pub mod logs;
/// The trader's word for looser limits, and the limits that a run begins with.
pub mod loosening;
/// The machine in its loop: fed, asked, told of kills.
pub mod machine;
/// What reaches the window from other threads.
pub mod note;
/// A run, put together.
pub mod opened;
/// What a panic does, and how little it says.
pub mod panics;
/// Folders and files of this installation.
pub mod paths;
/// What a run is started with, by where its orders go.
pub mod plan;
/// The exchange of an interrupted sim, run again to where it stopped.
pub mod rebuild;
/// Secrets of this process, kept out of its words.
pub mod redaction;
/// What the trader can do about a refusal.
mod remedy;
/// What the shell asks, carried out by the machine.
pub mod requests;
/// A script is seen before it is approved.
pub mod review;
/// A run of before in the window again.
pub mod rewatch;
/// Who may not start a run with money.
pub mod root;
/// A run without a window.
pub mod run;
/// Strategies on their seats.
pub mod seats;
/// Signals as words.
pub mod signals;
/// A sim put together: ledger, exchange, strategies.
pub mod sim;
/// Where a run's time and its market come from.
pub mod source;
/// The terminal: taken, painted, listened to, and always given back.
pub mod terminal;
/// What the security page says.
mod trust_board;
/// Requests for which the trader shows who he is.
mod trusted;
/// A small file, written in one step.
mod whole_file;
/// A run with a window.
pub mod window;
/// What is left of a window that died.
#[cfg(test)]
mod window_death;
/// What the wizard has done: keys kept, a config written.
mod wizard;
