use std::io::{self, IsTerminal, Write};
use std::sync::Mutex;

use crate::app::clock::Stopwatch;

/// Back to the line's begin, and everything behind it gone.
const CLEAR: &str = "\r\u{1b}[K";

/// The line is written anew at most so often, in seconds.
const EVERY_S: f64 = 0.1;

/// One line on stderr that says how far a long command has come; nothing where nobody sits before it.
pub(super) struct Progress {
    all: usize,
    watch: Stopwatch,
    /// The most that was said, and after how many seconds: two threads may finish the other way round.
    said: Option<Mutex<(usize, f64)>>,
}

impl Progress {
    /// Begins at nothing of `all`; `wanted` is false where the answer is for a program.
    pub(super) fn start(all: usize, wanted: bool) -> Self {
        let shown = wanted && io::stderr().is_terminal();
        let progress = Self { all, watch: Stopwatch::start(), said: shown.then(Mutex::default) };
        progress.tell(0);
        progress
    }

    /// So many are done.
    pub(super) fn tell(&self, done: usize) {
        let Some(said) = &self.said else { return };
        let mut most = said.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let seconds = self.watch.seconds();
        // No eye reads more of them.
        let is_due = done == self.all || done == 0 || seconds - most.1 >= EVERY_S;
        if done >= most.0 && is_due {
            *most = (done, seconds);
            let line = line(done, self.all, seconds);
            let mut out = io::stderr().lock();
            let _reader_gone = write!(out, "{CLEAR}{line}").and_then(|()| out.flush());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.said.is_some() {
            let mut out = io::stderr().lock();
            let _reader_gone = write!(out, "{CLEAR}").and_then(|()| out.flush());
        }
    }
}

/// What the line says after so many seconds: what is left takes as long a piece as what is done did.
fn line(done: usize, all: usize, seconds: f64) -> String {
    let left = match done {
        0 => return format!("{done} of {all}"),
        done => (seconds / done as f64 * all.saturating_sub(done) as f64).ceil() as u64,
    };
    let left = match (left / 3_600, left / 60 % 60, left % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    };
    format!("{done} of {all} · about {left} left")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_counted_by_what_is_done() {
        assert_eq!(line(0, 8, 3.0), "0 of 8");
        assert_eq!(line(2, 8, 10.0), "2 of 8 · about 30 s left");
        assert_eq!(line(1, 11, 9.0), "1 of 11 · about 1 min 30 s left");
        assert_eq!(line(1, 1_001, 10.0), "1 of 1001 · about 2 h 46 min left");
        assert_eq!(line(8, 8, 10.0), "8 of 8 · about 0 s left");
    }
}
