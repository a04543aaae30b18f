//! The child's side of the sandbox: the only place in which JavaScript runs, and the only one that
//! knows the engine.
//!
//! Order matters: the process shuts itself in before it reads a byte, so that whatever is wrong with a
//! script, with the engine or with a frame happens where it can reach nothing.

/// Reading what a script hands in without running it.
mod bag;
/// The engine with its doors shut.
mod engine;
/// A loaded strategy in this process.
pub mod inside;
/// Indicators as native objects.
mod lines;
/// The functions behind `ctx`.
mod natives;
/// The state behind the native functions.
mod runtime;
#[cfg(target_os = "linux")]
#[path = "sandbox_linux.rs"]
mod sandbox;
#[cfg(not(target_os = "linux"))]
#[path = "sandbox_other.rs"]
mod sandbox;
/// The script, its instances, its events.
mod script;
/// The conversation with the host.
mod serve;
/// What an instance is shown.
mod shown;
/// Functions that are called every so often.
mod timers;
/// Indicators and bars as numbers.
mod toolbox;
/// Option bags into wishes.
mod wishes;
/// What was thrown, in words.
mod words;

use std::alloc::GlobalAlloc;
use std::process::ExitCode;
use std::thread;

use cap::Cap;

use crate::strategy::frame::Hello;

/// Deep recursion in the engine's native code must end in its own limits, not in the stack's end.
const STACK_BYTES: usize = 64 * 1024 * 1024;

/// The program's allocator, as far as a child needs it.
pub trait MemoryCap: Sync {
    /// Sets how many bytes may be held; `false` where more is held already.
    fn cap(&self, bytes: usize) -> bool;

    /// How many bytes are held.
    fn used_bytes(&self) -> usize;
}

impl<A: GlobalAlloc + Sync> MemoryCap for Cap<A> {
    fn cap(&self, bytes: usize) -> bool {
        self.set_limit(bytes).is_ok()
    }

    fn used_bytes(&self) -> usize {
        self.allocated()
    }
}

/// The process's budget of CPU time; the process ends where it is used up.
pub struct Budget(Option<sandbox::CpuClock>);

impl Budget {
    /// From now on the process may use `millis` of CPU time. Without effect where the hello names CPU
    /// time among the missing layers.
    ///
    /// # Errors
    /// What the system said, in words.
    pub fn arm(&mut self, millis: u32) -> Result<(), String> {
        self.0.as_mut().map_or(Ok(()), |clock| clock.arm(millis))
    }

    /// CPU time the calling thread has used so far, in microseconds; zero where it is not measured.
    #[must_use]
    pub fn used_us() -> u64 {
        sandbox::CpuClock::used_us()
    }
}

/// The hidden subcommand `strategy-host`: shuts itself in, reads one script and answers events until
/// its input ends.
pub fn main(memory: &'static dyn MemoryCap) -> ExitCode {
    shut_in(move |hello, budget| serve::serve(memory, hello, budget))
}

/// Shuts the whole process in and runs `work` in it, on a thread with room for a deep engine; the
/// process ends with the code that `work` gives. To be called before any other thread is started.
pub fn shut_in(work: impl FnOnce(Hello, Budget) -> i32 + Send + 'static) -> ExitCode {
    let missing = sandbox::enter_process();
    let thread =
        thread::Builder::new().name("strategy".to_owned()).stack_size(STACK_BYTES).spawn(move || {
            let clock = sandbox::CpuClock::new();
            let mut missing = missing;
            if let Err(words) = &clock {
                missing.push(format!("CPU time: {words}"));
            }
            missing.extend(sandbox::enter_threads());
            let hello = Hello { level: sandbox::level(&missing), missing };
            let code = work(hello, Budget(clock.ok()));
            // The filters leave no way for a thread to end on its own.
            std::process::exit(code)
        });
    // The thread ends the process; who comes back here has no thread or a broken one.
    let _ = thread.map(thread::JoinHandle::<()>::join);
    ExitCode::FAILURE
}
