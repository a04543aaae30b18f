//! The program: it parses, calls and prints; everything else lives in the library.

use std::alloc::System;
use std::process::ExitCode;

use cap::Cap;
use hardstop::rehearsal::worker;
use hardstop::strategy::child;

/// Counts what the process holds, so that a strategy's child can be capped; without a cap elsewhere.
#[global_allocator]
static MEMORY: Cap<System> = Cap::new(System, usize::MAX);

fn main() -> ExitCode {
    // First of all: a child that shall run a stranger's script shuts itself in before anything is read.
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
