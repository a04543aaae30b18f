use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::sys::signal::{Signal, raise};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH, SIGXFSZ};
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

/// What the signals of a terminal's job are to the window.
pub enum Job {
    /// The process is to step into the background.
    Stop,
    /// It goes on.
    Continue,
}

/// Listens on a thread of its own: TERM, HUP and INT end the run in order, QUIT is the kill's first
/// press and ends nothing. A file that may not grow any more (XFSZ) is for whoever writes to it to say,
/// and would else end the process on the spot.
///
/// # Errors
/// When the system does not let us listen.
pub fn listen(end: EndFlag, latch: KillLatch) -> Result<(), String> {
    hear(&[SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGXFSZ], move |signal| match signal {
        SIGQUIT => drop(latch.trip(&KillCause::Signal, clock::now())),
        SIGXFSZ => {}
        _ => end.raise(),
    })
}

/// Listens for TSTP and CONT: a window gives the terminal back before its process stands still.
///
/// # Errors
/// When the system does not let us listen.
pub fn listen_to_job(told: impl Fn(Job) + Send + 'static) -> Result<(), String> {
    hear(&[SIGTSTP, SIGCONT], move |signal| told(if signal == SIGTSTP { Job::Stop } else { Job::Continue }))
}

/// Listens for WINCH: the terminal has another size.
///
/// # Errors
/// When the system does not let us listen.
pub fn listen_to_size(told: impl Fn() + Send + 'static) -> Result<(), String> {
    hear(&[SIGWINCH], move |_| told())
}

/// Stands still until somebody lets the process go on.
pub fn stand_still() {
    // Nobody can catch it: where it cannot be sent, the process simply goes on.
    let _goes_on = raise(Signal::SIGSTOP);
}

fn hear(wanted: &[i32], told: impl Fn(i32) + Send + 'static) -> Result<(), String> {
    let mut signals = Signals::new(wanted).map_err(|fault| format!("signals: {fault}"))?;
    let listens = move || {
        for signal in &mut signals {
            told(signal);
        }
    };
    let thread = std::thread::Builder::new().name("signals".to_owned()).spawn(listens);
    thread.map(drop).map_err(|fault| format!("signals: {fault}"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
