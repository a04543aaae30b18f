//! The program: it parses, calls and prints; everything else lives in the library.

use std::alloc::System;
use std::process::ExitCode;

use cap::Cap;
use hardstop::app::closed::close_to_others;
use hardstop::rehearsal::worker;
use hardstop::strategy::child;

/// Counts what the process holds, so that a strategy's child can be capped; without a cap elsewhere.
#[global_allocator]
static MEMORY: Cap<System> = Cap::new(System, usize::MAX);

fn main() -> ExitCode {
    close_to_others();
    // Before anything is read: a child that shall run a stranger's script shuts itself in.
    if let Some(word) = std::env::args_os().nth(1) {
        if word == "strategy-host" {
            return child::main(&MEMORY);
        }
        if word == "rehearsal-host" {
            return worker::main(&MEMORY);
        }
    }
    hardstop::cli::main()
}
