use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::app::armoury::Armoury;
use crate::app::asked::{Asked, Back};
use crate::app::clock;
use crate::app::trusted;
use crate::broker::kill_file::KillFile;
use crate::broker::latch::KillCause;
use crate::broker::latch::KillLatch;
use crate::broker::outcome::{KillOutcome, Outcomes};
use crate::broker::threads;

/// A request line is at most this long.
const REQUEST_BYTES_MAX: u64 = 64 * 1024;
/// How long a client may take to write its request, and to take its reply.
const CLIENT_WITHIN: Duration = Duration::from_secs(5);
/// How long the machine may take to answer before the shell is told that it does not.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// How long a kill may take to be verified.
const KILL_WITHIN: Duration = Duration::from_secs(20);
/// Requests that wait for the machine; the next one is told that it is busy.
const REQUESTS_MAX: usize = 16;
/// Conversations at once; the next one is answered on the socket's own thread, in its turn.
const CONVERSATIONS_MAX: usize = 32;
/// How often the state folder is looked at for a KILL file.
const KILL_FILE_EVERY: Duration = Duration::from_millis(250);

/// What the shell asks of a running instance: one line of JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The command's name.
    pub cmd: String,
    /// Its arguments.
    #[serde(default)]
    pub args: serde_json::Value,
}

/// What the shell is told: one line of JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// The shell's exit code.
    pub exit: u8,
    /// What goes to stdout: a JSON value.
    pub out: serde_json::Value,
    /// What goes to stderr, in words.
    pub words: Vec<String>,
}

impl Reply {
    /// Data, and all is well.
    pub fn data(out: serde_json::Value) -> Self {
        Self { exit: 0, out, words: Vec::new() }
    }

    /// Only words.
    pub fn words(exit: u8, words: impl Into<String>) -> Self {
        Self { exit, out: serde_json::Value::Null, words: vec![words.into()] }
    }

    /// The data in lines that a palette can show.
    pub fn shown(&self) -> Vec<String> {
        match &self.out {
            serde_json::Value::Null => Vec::new(),
            serde_json::Value::Object(fields) => fields
                .iter()
                .filter(|(name, value)| *name != "schema" && !value.is_array() && !value.is_object())
                .map(|(name, value)| match value {
                    serde_json::Value::String(text) => format!("{name} {text}"),
                    other => format!("{name} {other}"),
                })
                .collect(),
            other => vec![other.to_string()],
        }
    }
}

/// What the control thread can reach without the machine.
#[derive(Debug, Clone)]
pub struct Reach {
    /// The latch.
    pub latch: KillLatch,
    /// What became of each pull.
    pub outcomes: Outcomes,
    /// The file that makes it stick.
    pub file: KillFile,
    /// What is looked at before live is armed; nothing in sim and paper.
    pub armoury: Option<Arc<Armoury>>,
    /// Raised where the window is to hide what is the trader's own; nothing without a window.
    pub screen_lock: Option<Arc<AtomicBool>>,
}

/// Opens the socket (0600) and answers on threads of its own. The machine takes what comes out of
/// the receiver, from the shell and from whoever else holds the sender; the kill never passes through
/// it.
///
/// # Errors
/// When the socket cannot be made.
pub fn serve(path: &Path, reach: Reach) -> Result<(SyncSender<Asked>, Receiver<Asked>), String> {
    let listener = bind(path)?;
    let (sender, receiver) = sync_channel(REQUESTS_MAX);
    let fail = |fault: std::io::Error| format!("no thread for the control socket: {fault}");
    let watches = reach.clone();
    threads::spawn("kill-file-watch", move || watch_kill_file(&watches), || true).map_err(fail)?;
    let asks = sender.clone();
    threads::spawn("control", move || listen(&listener, &reach, &asks), || true).map_err(fail)?;
    Ok((sender, receiver))
}

/// The socket is closed to others before it has its name. The instance's lock says that no other
/// instance runs: a socket that is still there is a dead one's.
fn bind(path: &Path) -> Result<UnixListener, String> {
    let fail = |fault: std::io::Error| match fault.kind() {
        ErrorKind::InvalidInput => format!(
            "{}: {fault}; a socket's path holds about 100 characters, choose a shorter HARDSTOP_HOME",
            path.display()
        ),
        _ => format!("{}: {fault}", path.display()),
    };
    let unnamed = path.with_extension("new");
    let _not_there = std::fs::remove_file(&unnamed);
    let listener = UnixListener::bind(&unnamed).map_err(fail)?;
    std::fs::set_permissions(&unnamed, std::fs::Permissions::from_mode(0o600)).map_err(fail)?;
    std::fs::rename(&unnamed, path).map_err(fail)?;
    Ok(listener)
}

fn listen(listener: &UnixListener, reach: &Reach, machine: &SyncSender<Asked>) {
    let talking = Arc::new(AtomicUsize::new(0));
    for stream in listener.incoming() {
        let Ok(stream) = stream else {
            // Out of descriptors: they come back when others hang up.
            std::thread::sleep(Duration::from_millis(50));
            continue;
        };
        let stream = Arc::new(stream);
        if talking.load(Ordering::SeqCst) < CONVERSATIONS_MAX {
            let (talks, stream) = (Talk::begin(&talking), Arc::clone(&stream));
            let (reach, machine) = (reach.clone(), machine.clone());
            let thread = std::thread::Builder::new().name("conversation".to_owned());
            let spawned = thread.spawn(move || {
                let _counted = talks;
                converse(&stream, &reach, &machine);
            });
            if spawned.is_ok() {
                continue;
            }
        }
        // Without a thread to spare the kill must still be heard.
        converse(&stream, reach, machine);
    }
}

/// One conversation, counted for as long as it lasts.
struct Talk(Arc<AtomicUsize>);

impl Talk {
    fn begin(talking: &Arc<AtomicUsize>) -> Self {
        talking.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(talking))
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A KILL file that stands keeps the latch tripped, whoever put it there and whenever: a re-arm takes
/// the file away first.
fn watch_kill_file(reach: &Reach) {
    loop {
        if reach.file.stands() && !reach.latch.is_tripped() {
            reach.latch.trip(&KillCause::File, clock::now());
        }
        std::thread::sleep(KILL_FILE_EVERY);
    }
}

fn converse(stream: &UnixStream, reach: &Reach, machine: &SyncSender<Asked>) {
    threads::rehearsed("conversation");
    let _as_it_was = stream.set_read_timeout(Some(CLIENT_WITHIN));
    let _as_it_was = stream.set_write_timeout(Some(CLIENT_WITHIN));
    let reply = match read_request(stream) {
        Err(words) => Reply::words(2, words),
        Ok(None) => return,
        Ok(Some(request)) if request.cmd == "kill" => kill(&request, reach),
        Ok(Some(request)) if trusted::is_trusted(&request, reach) => trusted::answer(request, reach, machine),
        Ok(Some(request)) => hand_over(request, machine),
    };
    let text = serde_json::to_string(&reply).unwrap_or_default();
    let mut writer = stream;
    let _asker_gone = writeln!(writer, "{text}");
}

/// One line of JSON; `None` from a client that hung up without a word.
fn read_request(stream: &UnixStream) -> Result<Option<Request>, String> {
    // It may hold a passphrase.
    let mut line = Zeroizing::new(Vec::with_capacity(4_096));
    let mut reader = BufReader::new(stream.take(REQUEST_BYTES_MAX));
    match reader.read_until(b'\n', &mut line) {
        Err(fault) => return Err(format!("the request could not be read: {fault}; write one line of JSON")),
        Ok(0) => return Ok(None),
        Ok(_) => {}
    }
    if line.last() != Some(&b'\n') && line.len() as u64 >= REQUEST_BYTES_MAX {
        return Err(format!("the request is longer than {REQUEST_BYTES_MAX} bytes; ask for less at once"));
    }
    serde_json::from_slice(&line).map(Some).map_err(|fault| {
        format!("the request is no line of JSON such as {{\"cmd\":\"status\",\"args\":{{}}}}: {fault}")
    })
}

fn hand_over(request: Request, machine: &SyncSender<Asked>) -> Reply {
    wait_for(machine, |back| Asked::Shell(request, back))
}

pub(super) fn wait_for(machine: &SyncSender<Asked>, asked: impl FnOnce(Back<Reply>) -> Asked) -> Reply {
    let (sender, receiver) = sync_channel(1);
    // The asker may have given up by then.
    let back = Box::new(move |reply| drop(sender.try_send(reply)));
    match machine.try_send(asked(back)) {
        Ok(()) => receiver.recv_timeout(ANSWER_WITHIN).unwrap_or_else(|fault| match fault {
            RecvTimeoutError::Timeout => Reply::words(
                1,
                format!(
                    "the engine did not answer within {} s, and may still do what was asked; \
                     `hardstop kill` still works",
                    ANSWER_WITHIN.as_secs()
                ),
            ),
            RecvTimeoutError::Disconnected => ended(),
        }),
        Err(TrySendError::Full(_)) => {
            Reply::words(1, "the engine is busy and took nothing; ask again, or use `hardstop kill`")
        }
        Err(TrySendError::Disconnected(_)) => ended(),
    }
}

fn ended() -> Reply {
    Reply::words(6, "the engine has ended; `hardstop kill` still works while the process lives")
}

/// The kill needs nothing of the machine: the latch, the kill task and the file are enough.
fn kill(request: &Request, reach: &Reach) -> Reply {
    // The latch first: a word that is misspelt must not hold the kill up.
    let flatten = request.args.get("flatten").and_then(serde_json::Value::as_bool).unwrap_or(false);
    let cause = KillCause::Shell { flatten };
    let number = reach.latch.trip(&cause, clock::now());
    let Some(outcome) = reach.outcomes.wait(number, KILL_WITHIN) else {
        let raised = reach.file.raise_aside(&cause.words()).recv_timeout(KILL_FILE_EVERY);
        let mut reply = Reply::words(
            4,
            "the door is shut to openings, but the kill could not be verified in time; look at the venue itself",
        );
        if !matches!(raised, Ok(Ok(()))) {
            reply
                .words
                .push("the KILL file could not be written: a restart may not know of the kill".to_owned());
        }
        return reply;
    };
    told(&outcome)
}

/// A kill's outcome, as the shell is told.
pub fn told(outcome: &KillOutcome) -> Reply {
    let mut words = outcome.words.clone();
    if !outcome.confirmed {
        words.push("not everything is as it should be; pull again, or act at the venue itself".to_owned());
    }
    let out = serde_json::json!({
        "schema": 1, "tripped_at": outcome.tripped_at, "cancelled": outcome.cancelled,
        "flattened": outcome.flattened, "left_orders": outcome.left_orders,
        "left_positions": outcome.left_positions, "confirmed": outcome.confirmed,
    });
    Reply { exit: if outcome.confirmed { 0 } else { 4 }, out, words }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::client;
    use crate::broker::door::{Door, embedded};
    use crate::broker::kill::{KillIds, KillTask};
    use crate::broker::market::Market;
    use crate::domain::mode::Mode;
    use crate::exchange::settings::Settings;
    use crate::exchange::venue::Exchange;
    use crate::risk::gate::Gate;
    use crate::risk::limits::Limits;
    use std::path::PathBuf;

    /// A served socket with a kill task behind it, and a machine that never takes a request.
    struct House {
        socket: PathBuf,
        state: PathBuf,
        latch: KillLatch,
        requests: Receiver<Asked>,
        task: KillTask,
        _venue: (Door, Market),
    }

    fn house(name: &str) -> House {
        let state = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/control").join(name);
        let _not_there = std::fs::remove_dir_all(&state);
        std::fs::create_dir_all(&state).unwrap();
        let (mut gate, seal) = Gate::open(Limits::default(), String::new());
        let (latch, warrant) = (KillLatch::default(), gate.kill_warrant().unwrap());
        let market = Market::of(Exchange::new(Settings::default()));
        let (door, task) = embedded(&market, seal, latch.clone(), warrant).unwrap();
        let file = KillFile::prepare(&state).unwrap();
        let reach =
            Reach { latch: latch.clone(), outcomes: task.outcomes(), file, armoury: None, screen_lock: None };
        let socket = state.join("control.sock");
        let (_, requests) = serve(&socket, reach).unwrap();
        House { socket, state, latch, requests, task, _venue: (door, market) }
    }

    fn ask(socket: &Path, cmd: &str, args: serde_json::Value) -> Reply {
        client::ask(socket, &Request { cmd: cmd.to_owned(), args }).unwrap().unwrap()
    }

    fn say(socket: &Path, bytes: &[u8]) -> Reply {
        let mut stream = UnixStream::connect(socket).unwrap();
        stream.write_all(bytes).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).unwrap()
    }

    fn within_two_seconds(holds: impl Fn() -> bool) -> bool {
        (0..200).any(|_| {
            std::thread::sleep(Duration::from_millis(10));
            holds()
        })
    }

    #[test]
    fn the_socket_is_the_traders_alone_and_a_dead_ones_gives_way() {
        let first = house("mode");
        let mode = first.socket.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let file = KillFile::prepare(&first.state).unwrap();
        let reach = Reach {
            latch: first.latch.clone(),
            outcomes: first.task.outcomes(),
            file,
            armoury: None,
            screen_lock: None,
        };
        let (_, second) = serve(&first.socket, reach).unwrap();
        let answers = std::thread::spawn(move || {
            let Asked::Shell(_, back) = second.recv().unwrap() else { return };
            back(Reply::words(0, "the second"));
        });
        assert_eq!(ask(&first.socket, "status", serde_json::Value::Null).words, ["the second"]);
        answers.join().unwrap();
    }

    #[test]
    fn what_is_no_request_is_answered_in_words() {
        let house = house("garbage");
        for (line, because) in [
            (&b"hello\n"[..], "no line of JSON"),
            (b"\n", "no line of JSON"),
            (b"\xff\xfe\n", "no line of JSON"),
            (b"{\"args\":{}}\n", "missing field `cmd`"),
            (&vec![b'x'; 70_000], "longer than 65536 bytes"),
        ] {
            let reply = say(&house.socket, line);
            assert_eq!(reply.exit, 2);
            assert!(reply.words[0].contains(because), "{reply:?}");
        }
        // A client that hangs up without a word harms nobody.
        drop(UnixStream::connect(&house.socket).unwrap());
        assert!(!house.latch.is_tripped());
    }

    #[test]
    fn the_kill_works_with_the_engine_stuck_and_two_clients_at_once() {
        let house = house("stuck");
        let stop = AtomicBool::new(false);
        let (file, ids) = (
            KillFile::prepare(&house.state).unwrap(),
            KillIds { mode: Mode::Sim, install: "abcdef".parse().unwrap() },
        );
        let (mut task, socket) = (house.task, &house.socket);
        std::thread::scope(|scope| {
            scope.spawn(|| task.run(ids, Some(&file), drop, || stop.load(Ordering::SeqCst)));
            let waits = scope.spawn(|| ask(socket, "status", serde_json::Value::Null));
            let kills: Vec<_> = [false, true]
                .map(|flatten| {
                    scope.spawn(move || ask(socket, "kill", serde_json::json!({ "flatten": flatten })))
                })
                .into_iter()
                .map(|kill| kill.join().unwrap())
                .collect();
            let was_waiting = !waits.is_finished();
            let stuck = waits.join().unwrap();
            // The task ends before anything here may fail, else the scope would wait for it.
            stop.store(true, Ordering::SeqCst);
            for reply in kills {
                assert_eq!((reply.exit, reply.out["confirmed"].as_bool()), (0, Some(true)), "{reply:?}");
            }
            assert!(was_waiting, "the engine is stuck, and the kill did not wait for it");
            assert_eq!(stuck.exit, 1);
            assert!(
                stuck.words[0].contains("did not answer within 5 s")
                    && stuck.words[0].contains("hardstop kill")
            );
        });
        assert!(house.latch.is_tripped() && house.latch.wants_flat() && file.stands());
        drop(house.requests);
        assert_eq!(ask(&house.socket, "status", serde_json::Value::Null).exit, 6);
    }

    #[test]
    fn a_kill_file_that_appears_trips_the_latch() {
        let house = house("appears");
        std::thread::sleep(Duration::from_millis(50));
        assert!(!house.latch.is_tripped());
        std::fs::write(house.state.join("KILL"), "").unwrap();
        assert!(within_two_seconds(|| house.latch.is_tripped()));
    }

    #[test]
    fn idle_clients_do_not_keep_the_kill_out() {
        let house = house("idle");
        let idle: Vec<UnixStream> = (0..40).map(|_| UnixStream::connect(&house.socket).unwrap()).collect();
        let socket = house.socket.clone();
        std::thread::spawn(move || ask(&socket, "kill", serde_json::Value::Null));
        std::thread::sleep(Duration::from_millis(100));
        drop(idle);
        assert!(within_two_seconds(|| house.latch.is_tripped()));
    }
}
