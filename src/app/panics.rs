use std::io::{self, Write};

use crate::app::clock;
use crate::broker::latch::{KillCause, KillLatch};

/// Until a run has a kill to pull: a panic's place goes to stderr, and nothing of what it says.
pub fn tell_places_alone() {
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let _reader_gone = writeln!(
            io::stderr().lock(),
            "hardstop: a part of it died at {place}; that is a fault of the program, please report it"
        );
    }));
}

/// From here on a panic pulls the kill, whichever thread it is: one that is gone would go unnoticed. What a panic
/// says may hold anything: only its place is told, to the log and to `then`, which runs on the thread that dies.
pub(super) fn pull_on_panics(latch: KillLatch, then: impl Fn(&str) + Send + Sync + 'static) {
    #[cfg(debug_assertions)]
    rehearse();
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        latch.trip(&KillCause::Fault(format!("a panic at {place}")), clock::now());
        tracing::error!(%place, "a panic");
        then(&place);
    }));
}

/// A build for tests has threads die on purpose: a file named so holds their names on its first line, and below it what
/// their panics say.
#[cfg(debug_assertions)]
fn rehearse() {
    let told =
        std::env::var_os("HARDSTOP_REHEARSED_PANICS").and_then(|path| std::fs::read_to_string(path).ok());
    if let Some((names, words)) = told.as_deref().and_then(|told| told.split_once('\n')) {
        crate::broker::threads::rehearse(names.split(',').map(str::to_owned).collect(), words.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::path::{Path, PathBuf};
    use std::process::Command;

    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;
    use crate::app::logs;
    use crate::app::redaction;
    use crate::config::meaning::{Config, LogLevel, Logs};
    use crate::domain::secret::Secret;

    /// Where the process that panics writes its log.
    const FOLDER: &str = "HARDSTOP_TEST_FOLDER";
    /// A key's id, its secret, and a passphrase.
    const CANARIES: [&str; 3] = ["PK+CANARY/ID=01", "canary/secret+of=panics", "canary passphrase &c."];
    /// Threads of a run, by their names.
    const THREADS: [&str; 8] =
        ["machine", "kill", "control", "conversation", "orders stream", "data stream", "chores", "input"];

    /// As it is, in base64, in hex, and as a URL has it.
    fn encodings(canary: &str) -> [String; 4] {
        let hex = canary.bytes().map(|byte| format!("{byte:02x}")).collect();
        let in_url = |byte: u8| {
            if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }
        };
        // A dot stays as it is in a URL.
        let url = canary.bytes().map(in_url).collect::<String>().replace("%2E", ".");
        [canary.to_owned(), STANDARD.encode(canary).trim_end_matches('=').to_owned(), hex, url]
    }

    fn holds_none(what: &str, text: &str) {
        for spelling in CANARIES.iter().flat_map(|canary| encodings(canary)) {
            assert!(!text.contains(&spelling), "{what} holds {spelling}");
        }
    }

    /// Started by the test below, in a process of its own: a hook is one for all threads of a process.
    #[test]
    #[ignore = "the next test starts it"]
    fn threads_that_panic_over_their_secrets() {
        let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
        let log = logs::start(
            &folder,
            &Logs { level: LogLevel::Trace, keep_days: 1, ..Config::default().logs },
            false,
        )
        .unwrap();
        let held = CANARIES.map(|canary| Secret::new(canary.to_owned()));
        redaction::hold(&[&held[0], &held[1]]);
        redaction::hold(&[&held[2]]);
        let latch = KillLatch::default();
        pull_on_panics(latch.clone(), |place| {
            let _gone = writeln!(io::stderr(), "told: {place}");
        });
        for name in THREADS {
            let dies = || {
                for spelling in CANARIES.iter().flat_map(|canary| encodings(canary)) {
                    tracing::trace!(%spelling, quoted = ?spelling, "a line that should not be");
                    let said = catch_unwind(AssertUnwindSafe(|| panic!("it holds {spelling}")));
                    tracing::warn!(words = %said.unwrap_err().downcast::<String>().unwrap(), "what it said");
                }
                std::panic::panic_any(CANARIES.join("\n"));
            };
            assert!(std::thread::Builder::new().name(name.to_owned()).spawn(dies).unwrap().join().is_err());
        }
        assert!(latch.is_tripped());
        drop(log);
    }

    #[test]
    fn a_panic_in_any_thread_tells_no_secret_to_the_log_or_the_terminal() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/panics-test");
        let _not_there = fs::remove_dir_all(&folder);
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--ignored", "--nocapture"])
            .arg("app::panics::tests::threads_that_panic_over_their_secrets")
            .env(FOLDER, &folder)
            .output()
            .unwrap();
        let said = [child.stdout, child.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        assert!(child.status.success() && said.contains("1 passed"), "{said}");
        let panics = THREADS.len() * (CANARIES.len() * 4 + 1);
        assert_eq!(said.matches("told: src/app/panics.rs:").count(), panics);
        holds_none("the terminal", &said);
        let log = fs::read_dir(folder.join("logs")).unwrap().next().unwrap().unwrap();
        let log = fs::read_to_string(log.path()).unwrap();
        holds_none("the log", &log);
        assert_eq!(
            log.lines().filter(|line| line.contains("a panic place=src/app/panics.rs:")).count(),
            panics
        );
        let should_not_be = log.lines().filter(|line| line.contains("a line that should not be"));
        assert_eq!(should_not_be.filter(|line| line.matches("[redacted]").count() == 2).count(), panics - 8);
    }
}
