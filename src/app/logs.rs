use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::{NonBlocking, WorkerGuard};
use tracing_appender::rolling::{Builder, Rotation};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::alpaca::http::CALLS;
use crate::app::http_log::{HttpLog, PREFIX, SUFFIX};
use crate::app::redaction::CleanWriter;
use crate::config::meaning::{LogLevel, Logs};

/// The logs go on for as long as this lives.
pub struct LogGuard {
    _writers: Vec<WorkerGuard>,
}

/// Starts the log: a file a day under the state folder, never the terminal. Each event is one line without
/// secrets. Beside the file of today those of `keep_days` days are kept. Where requests go to a broker, each has a
/// line in a file of its own.
///
/// # Errors
/// When the folder cannot be written.
pub fn start(state: &Path, logs: &Logs, with_requests: bool) -> Result<LogGuard, String> {
    let folder = state.join("logs");
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)
        .map_err(|fault| format!("{}: {fault}", folder.display()))?;
    let (writer, guard) = daily(&folder, "hardstop", SUFFIX, logs)?;
    let clean = move || CleanWriter::new(writer.clone());
    let own = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(clean);
    let (mut layers, mut writers) = (vec![own.with_filter(levels(logs.level)).boxed()], vec![guard]);
    if with_requests {
        let (writer, guard) = daily(&folder, PREFIX, SUFFIX, logs)?;
        let calls = Targets::new().with_target(CALLS, LevelFilter::INFO);
        layers.push(HttpLog(writer).with_filter(calls).boxed());
        writers.push(guard);
    }
    let _set_before = tracing_subscriber::registry().with(layers).try_init();
    Ok(LogGuard { _writers: writers })
}

/// A file a day, written to by a thread of its own.
fn daily(
    folder: &Path,
    prefix: &str,
    suffix: &str,
    logs: &Logs,
) -> Result<(NonBlocking, WorkerGuard), String> {
    let appender = Builder::new()
        .rotation(Rotation::DAILY)
        .filename_prefix(prefix)
        .filename_suffix(suffix)
        .max_log_files(files_kept(logs))
        .build(folder)
        .map_err(|fault| format!("{}: {fault}", folder.display()))?;
    Ok(tracing_appender::non_blocking(appender))
}

/// The appender counts today's file, and makes room before it opens it: a start on the same day would
/// else throw away the very file it goes on with.
fn files_kept(logs: &Logs) -> usize {
    usize::try_from(logs.keep_days).unwrap_or(usize::MAX).saturating_add(1)
}

/// The trader's level is for the program's own lines. Libraries are capped in code at what may come to
/// fail: a library for the line to a broker logs the frames that pass through it, with the keys in them.
fn levels(level: LogLevel) -> Targets {
    let own = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    // Requests have a file of their own.
    Targets::new()
        .with_default(own.min(LevelFilter::WARN))
        .with_target("hardstop", own)
        .with_target(CALLS, LevelFilter::OFF)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    use tracing::Level;

    use super::*;

    const LEVELS: [LogLevel; 5] =
        [LogLevel::Error, LogLevel::Warn, LogLevel::Info, LogLevel::Debug, LogLevel::Trace];

    fn logs(level: LogLevel, keep_days: u32) -> Logs {
        Logs { level, keep_days, ..crate::config::meaning::Config::default().logs }
    }

    /// Starts a log in a folder that holds files of twenty days, says a line, and gives what is there.
    fn files_after_a_start(name: &str, keep_days: u32) -> Vec<PathBuf> {
        let state = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/logs-test").join(name);
        let _not_there = std::fs::remove_dir_all(&state);
        let folder = state.join("logs");
        std::fs::create_dir_all(&folder).unwrap();
        for day in 1..=20 {
            std::fs::write(folder.join(format!("hardstop.2013-10-{day:02}.log")), "old").unwrap();
        }
        drop(start(&state, &logs(LogLevel::Info, keep_days), false).unwrap());
        // The second start of a day goes on with the file of the first.
        drop(start(&state, &logs(LogLevel::Info, keep_days), false).unwrap());
        std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect()
    }

    #[test]
    fn no_library_may_write_what_passes_through_it() {
        for level in LEVELS {
            for library in ["tungstenite", "tokio_tungstenite", "hyper", "h2", "rustls", "anything"] {
                for chatter in [Level::INFO, Level::DEBUG, Level::TRACE] {
                    assert!(!levels(level).would_enable(library, &chatter), "{library} {level:?} {chatter}");
                }
            }
        }
        assert!(levels(LogLevel::Debug).would_enable("hyper", &Level::WARN));
    }

    #[test]
    fn the_traders_level_is_for_the_programs_own_lines() {
        let words = [Level::ERROR, Level::WARN, Level::INFO, Level::DEBUG, Level::TRACE];
        for (level, passes) in LEVELS.into_iter().zip(1..) {
            let passed =
                words.iter().filter(|word| levels(level).would_enable("hardstop::broker::kill", word));
            assert_eq!(passed.count(), passes, "{level:?}");
        }
        assert!(!levels(LogLevel::Error).would_enable("hyper", &Level::WARN));
    }

    #[test]
    fn files_of_so_many_days_are_kept_beside_todays() {
        for (name, keep_days, most) in [("three", 3, 4), ("one", 1, 2)] {
            let files = files_after_a_start(name, keep_days);
            assert!(files.len() <= most, "{files:?}");
            assert!(files.iter().any(|file| !file.display().to_string().contains("2013")), "{files:?}");
        }
        assert_eq!(files_after_a_start("many", 30).len(), 21);
    }

    #[test]
    fn the_log_stands_in_a_folder_of_the_trader_alone() {
        let state = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/logs-test/alone");
        let _not_there = std::fs::remove_dir_all(&state);
        drop(start(&state, &logs(LogLevel::Info, 14), true).unwrap());
        let folder = state.join("logs");
        assert_eq!(folder.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        let requests = crate::app::http_log::file_of(&state, None).unwrap();
        let day = requests.file_name().unwrap().to_str().unwrap()[5..15].to_owned();
        assert_eq!(crate::app::http_log::file_of(&state, Some(&day)), Some(requests));
        assert_eq!(crate::app::http_log::file_of(&state, Some("2013-10-07")), None);
    }
}
