/// CPU time that one call may take, in milliseconds: four times what a good script needs, because a
/// busy machine counts against it too.
#[cfg(unix)]
const CALL_CPU_MS: i64 = 1_000;

/// The timer of one call. It counts CPU time of this process, not the wall's: a good script on a
/// busy machine is not killed for waiting.
#[cfg(target_os = "linux")]
pub(super) struct CallTimer(std::cell::RefCell<nix::sys::timer::Timer>);

#[cfg(target_os = "linux")]
impl CallTimer {
    pub(super) fn new() -> Option<Self> {
        use nix::sys::signal::{SigEvent, SigevNotify, Signal};
        // The default action of this signal ends the process, whatever the script is doing.
        let event = SigEvent::new(SigevNotify::SigevSignal { signal: Signal::SIGPROF, si_value: 0 });
        let timer = nix::sys::timer::Timer::new(nix::time::ClockId::CLOCK_PROCESS_CPUTIME_ID, event);
        timer.ok().map(std::cell::RefCell::new).map(Self)
    }

    pub(super) fn arm(&self) {
        use nix::sys::time::{TimeSpec, TimeValLike};
        use nix::sys::timer::{Expiration, TimerSetTimeFlags};
        let once = Expiration::OneShot(TimeSpec::milliseconds(CALL_CPU_MS));
        // A timer that cannot be set leaves the host's own deadline.
        let _not_set = self.0.borrow_mut().set(once, TimerSetTimeFlags::empty());
    }
}

/// Elsewhere the host's own deadline is the only one.
#[cfg(not(target_os = "linux"))]
pub(super) struct CallTimer;

#[cfg(not(target_os = "linux"))]
impl CallTimer {
    pub(super) fn new() -> Option<Self> {
        None
    }

    pub(super) fn arm(&self) {}
}
