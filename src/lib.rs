//! hardstop: a local, single-user trading terminal whose limits cannot be walked round.
//!
//! The rooms below stand on floors; a room imports only rooms on lower floors, and `tests/house.rs`
//! holds that. ARCHITECTURE.md says what each room must never know.

/// Floor 0: prices, quantities, orders, ticks, instants, the trading day.
pub mod domain;

/// Floor 1: the embedded exchange.
pub mod exchange;
/// Floor 1: indicators by Pine's definitions.
pub mod indicators;
/// Floor 1: what was earned: lots, trades, statistics.
pub mod ledger;
/// Floor 1: the gate: limits, the book, judging, and the only mint of orders.
pub mod risk;
/// Floor 1: Alpaca's words, read and written, without a socket.
pub mod wire;

/// Floor 2: the only line to Alpaca.
pub mod alpaca;
/// Floor 2: the machine.
pub mod engine;
/// Floor 2: what must hold over every history, judged from plain facts.
pub mod laws;

/// Floor 3: the only way to a venue, and the kill.
pub mod broker;
/// Floor 3: the trader's rules, as written and as meant.
pub mod config;
/// Floor 3: market data on its way in.
pub mod feed;
/// Floor 3: the embedded exchange on loopback, in Alpaca's protocol.
pub mod gateway;
/// Floor 3: the memory: SQLite and the tape.
pub mod journal;
/// Floor 3: what a backtest found, as one page.
pub mod report;
/// Floor 3: strategies in a process of their own.
pub mod strategy;
/// Floor 3: the window.
pub mod ui;
/// Floor 3: keys at rest: the keyring, the vault, failed tries.
pub mod vault;

/// Floor 4: one turn of the machine.
pub mod pump;

/// Floor 5: live wiring: clock, threads, the control socket.
pub mod app;
/// Floor 5: the pump without threads: backtests, the selftest.
pub mod rehearsal;

/// Floor 6: the shell's subcommands.
pub mod cli;
