use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use crate::app::control::{Reply, Request};

/// Longer than any answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// An answer is at most this long: far more than any journal of a day's orders.
const ANSWER_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Asks the running instance; `None` when none runs, also where a dead one left its socket behind.
///
/// # Errors
/// A socket that cannot be used, or an instance that does not answer, in words.
pub fn ask(socket: &Path, request: &Request) -> Result<Option<Reply>, String> {
    let stream = match UnixStream::connect(socket) {
        Ok(stream) => stream,
        Err(fault) if matches!(fault.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => {
            return Ok(None);
        }
        Err(fault) => return Err(format!("{}: {fault}", socket.display())),
    };
    let fail = |fault: std::io::Error| match fault.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => format!(
            "the running instance did not answer within {} s; `hardstop kill` asks it another way",
            PATIENCE.as_secs()
        ),
        _ => format!("the running instance broke off: {fault}; ask again"),
    };
    stream.set_read_timeout(Some(PATIENCE)).map_err(fail)?;
    stream.set_write_timeout(Some(PATIENCE)).map_err(fail)?;
    let line = serde_json::to_string(request).map_err(|fault| fault.to_string())?;
    let mut writer = &stream;
    writeln!(writer, "{line}").map_err(fail)?;
    let mut answer = String::new();
    BufReader::new((&stream).take(ANSWER_BYTES_MAX)).read_line(&mut answer).map_err(fail)?;
    serde_json::from_str(&answer)
        .map(Some)
        .map_err(|_| "the running instance broke off; ask again".to_owned())
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn a_socket_without_an_instance_behind_it_is_nobody() {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/stale.sock");
        let _not_there = std::fs::remove_file(&path);
        let request = Request { cmd: "status".to_owned(), args: serde_json::Value::Null };
        assert_eq!(ask(&path, &request), Ok(None), "no socket at all");
        drop(UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        assert_eq!(ask(&path, &request), Ok(None), "one that a dead instance left behind");
    }
}
