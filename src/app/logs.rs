use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::WorkerGuard;
use tracing_appender::rolling::{Builder, Rotation};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

const FILES_KEPT: usize = 14;

/// Starts the log: a file a day under the state folder, fourteen kept, never the terminal. It goes
/// on for as long as the guard lives.
///
/// # Errors
/// When the folder cannot be written.
pub fn start(state: &Path) -> Result<WorkerGuard, String> {
    let folder = state.join("logs");
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)
        .map_err(|fault| format!("{}: {fault}", folder.display()))?;
    let appender = Builder::new()
        .rotation(Rotation::DAILY)
        .filename_prefix("hardstop")
        .filename_suffix("log")
        .max_log_files(FILES_KEPT)
        .build(&folder)
        .map_err(|fault| format!("{}: {fault}", folder.display()))?;
    let (writer, guard) = tracing_appender::non_blocking(appender);
    let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(writer).with_filter(levels());
    let _set_before = tracing_subscriber::registry().with(layer).try_init();
    Ok(guard)
}

/// Libraries are capped in code, so that no setting makes one of them write what passes through it.
fn levels() -> Targets {
    Targets::new().with_default(LevelFilter::INFO).with_target("hardstop", LevelFilter::DEBUG)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    use tracing::Level;

    use super::*;

    #[test]
    fn no_library_may_write_what_passes_through_it() {
        for library in ["tungstenite", "tokio_tungstenite", "hyper", "h2", "rustls", "anything"] {
            assert!(!levels().would_enable(library, &Level::DEBUG), "{library}");
            assert!(levels().would_enable(library, &Level::INFO), "{library}");
        }
        assert!(levels().would_enable("hardstop::broker::kill", &Level::DEBUG));
        assert!(!levels().would_enable("hardstop::broker::kill", &Level::TRACE));
    }

    #[test]
    fn the_log_stands_in_a_folder_of_the_trader_alone() {
        let state = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/logs-test");
        let _not_there = std::fs::remove_dir_all(&state);
        let guard = start(&state).unwrap();
        tracing::info!("a line");
        drop(guard);
        let folder = state.join("logs");
        assert_eq!(folder.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        let files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
        assert_eq!(files.len(), 1);
        assert!(std::fs::read_to_string(&files[0]).unwrap().contains("a line"));
    }
}
