use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXFSZ};
use signal_hook::iterator::Signals;

use crate::app::clock;
use crate::broker::latch::KillCause;
use crate::broker::latch::KillLatch;

/// Whether somebody asked the run to end.
#[derive(Clone, Default)]
pub struct EndFlag(Arc<AtomicBool>);

impl EndFlag {
    /// Asks it to end.
    pub fn raise(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether it is to end.
    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// Listens on a thread of its own: TERM, HUP and INT end the run in order, QUIT is the kill's first
/// press and ends nothing. A file that may not grow any more (XFSZ) is for whoever writes to it to say, and
/// would else end the process on the spot.
///
/// # Errors
/// When the system does not let us listen.
pub fn listen(end: EndFlag, latch: KillLatch) -> Result<(), String> {
    let mut signals = Signals::new([SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGXFSZ])
        .map_err(|fault| format!("signals: {fault}"))?;
    let listens = move || {
        for signal in &mut signals {
            match signal {
                SIGQUIT => drop(latch.trip(&KillCause::Signal, clock::now())),
                SIGXFSZ => {}
                _ => end.raise(),
            }
        }
    };
    let thread = std::thread::Builder::new().name("signals".to_owned()).spawn(listens);
    thread.map(drop).map_err(|fault| format!("signals: {fault}"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use nix::sys::signal::{Signal, raise};

    use super::*;

    #[test]
    fn quit_pulls_the_kill_and_ends_nothing_and_a_hang_up_ends_the_run() {
        let (end, latch) = (EndFlag::default(), KillLatch::default());
        listen(end.clone(), latch.clone()).unwrap();
        let within_two_seconds = |holds: &dyn Fn() -> bool| {
            (0..200).any(|_| {
                std::thread::sleep(Duration::from_millis(10));
                holds()
            })
        };
        raise(Signal::SIGQUIT).unwrap();
        assert!(within_two_seconds(&|| latch.is_tripped()));
        assert!(!latch.wants_flat() && !end.is_raised());
        raise(Signal::SIGHUP).unwrap();
        assert!(within_two_seconds(&|| end.is_raised()));
    }
}
