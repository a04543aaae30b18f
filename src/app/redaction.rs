use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::{PoisonError, RwLock};

use crate::domain::outside::escaped;
use crate::domain::secret::Secret;
use crate::vault::redact::Scrubber;

/// The pair of keys that `hardstop exchange` has by itself. It is written in the manual, it is no secret, and it is a
/// word that the log needs.
const NO_SECRET: &str = "rehearsal";

/// What this process holds: it is one for all threads, because what they say goes into one log and onto one terminal.
static HELD: RwLock<Option<Held>> = RwLock::new(None);

struct Held {
    secrets: Vec<Secret>,
    scrubber: Scrubber,
}

/// From here on these are in no line of the log and in no word on stderr, in no spelling that the scrubber knows. To
/// be called where a secret comes in, before anything is done with it; what was held before is held on. A secret is
/// held until the process ends: its last words are about to be written then.
pub fn hold(secrets: &[&Secret]) {
    let mut held = HELD.write().unwrap_or_else(PoisonError::into_inner);
    let mut all = held.take().map(|held| held.secrets).unwrap_or_default();
    for secret in secrets.iter().map(|secret| secret.expose()) {
        if secret != NO_SECRET && !all.iter().any(|known| known.expose() == secret) {
            all.push(Secret::new(secret.to_owned()));
        }
    }
    let scrubber = Scrubber::new(&all.iter().collect::<Vec<_>>());
    *held = Some(Held { secrets: all, scrubber });
}

/// The text without what is held.
pub fn scrubbed(text: &str) -> Cow<'_, str> {
    let held = HELD.read().unwrap_or_else(PoisonError::into_inner);
    let Some(held) = held.as_ref() else { return Cow::Borrowed(text) };
    match held.scrubber.scrub(text.as_bytes()) {
        Cow::Borrowed(_) => Cow::Borrowed(text),
        Cow::Owned(clean) => Cow::Owned(String::from_utf8_lossy(&clean).into_owned()),
    }
}

/// Writes each event as one line: without what is held, and with the number of every character that would steer a
/// terminal or begin a line of its own.
pub(super) struct CleanWriter<W>(W);

impl<W> CleanWriter<W> {
    pub(super) const fn new(out: W) -> Self {
        Self(out)
    }
}

impl<W: Write> Write for CleanWriter<W> {
    /// The whole event comes in one piece, as the log's layer hands it over, and goes out in one.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let text = text.strip_suffix('\n').unwrap_or(&text);
        let mut line = escaped(&scrubbed(text), &[]).into_owned();
        line.push('\n');
        self.0.write_all(line.as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a log's layer hands over, as it comes to stand in the file.
    fn written(event: &str) -> String {
        let mut out = Vec::new();
        CleanWriter::new(&mut out).write_all(event.as_bytes()).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_is_held_is_in_no_line_and_no_word() {
        let [id, secret, other] =
            ["held-id-01", "held/secret+02", "rehearsal"].map(|text| Secret::new(text.to_owned()));
        assert_eq!(scrubbed("held-id-01"), "held-id-01", "nothing is held yet");
        hold(&[&id]);
        hold(&[&secret, &other, &secret]);
        assert_eq!(scrubbed("held-id-01 and held/secret+02."), "[redacted] and [redacted].");
        assert_eq!(scrubbed("secret=held%2Fsecret%2B02"), "secret=[redacted]");
        assert_eq!(written("INFO it said held-id-01\n"), "INFO it said [redacted]\n");
        assert_eq!(scrubbed("a rehearsal"), "a rehearsal", "the exchange's own pair is a word of the log");
        assert!(matches!(scrubbed("nothing of it"), Cow::Borrowed(_)));
    }

    #[test]
    fn an_event_is_one_line_that_steers_no_terminal() {
        let event = "WARN the venue said \u{1b}[2J\nINFO all is well\r\u{9b}1m\u{202e}\n";
        let line = written(event);
        assert_eq!(line, "WARN the venue said \\u001b[2J\\u000aINFO all is well\\u000d\\u009b1m\\u202e\n");
        assert_eq!(written("without an end"), "without an end\n");
    }
}
