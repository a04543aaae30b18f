use std::collections::BTreeMap;
use std::io;
use std::io::Read;
use std::path::PathBuf;
use std::process::Child;
use std::process::ChildStdin;
use std::process::Command;
use std::process::ExitStatus;
use std::process::Stdio;
use std::sync::mpsc;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::RecvTimeoutError;
use std::thread;
use std::thread::JoinHandle;
use std::time::Duration;

use crate::domain::outside::blanked;
use crate::domain::strategy::Outcome;
use crate::domain::strategy::StrategyAnswer;
use crate::domain::strategy::StrategyCall;
use crate::domain::symbol::Symbol;
use crate::strategy::fault::SandboxFault;
use crate::strategy::frame::ChildFrame;
use crate::strategy::frame::Hello;
use crate::strategy::frame::Level;
use crate::strategy::frame::Load;
use crate::strategy::frame::LoadMode;
use crate::strategy::frame::Loaded;
use crate::strategy::frame::Meter;
use crate::strategy::frame::Probe;
use crate::strategy::frame::read_frame;
use crate::strategy::frame::write_frame;
use crate::strategy::manifest::Manifest;
use crate::strategy::manifest::ParamValue;
use crate::strategy::scrutiny;
use crate::strategy::source::SOURCE_BYTES_MAX;

/// The hidden subcommand under which the program is its own child.
pub const SUBCOMMAND: &str = "strategy-host";

/// The hidden subcommand under which the program rehearses in a process that has shut itself in.
pub const REHEARSAL_SUBCOMMAND: &str = "rehearsal-host";

/// Wall time is only the backstop: a busy machine must not kill a good strategy.
const WALL_DEADLINE: Duration = Duration::from_secs(4);
/// After the answer, the meter is written at once.
const METER_DEADLINE: Duration = Duration::from_secs(1);
/// A worker speaks after each frame it was handed, and each event in between has its budget of CPU time.
pub const WORKER_DEADLINE: Duration = Duration::from_secs(30);
/// The largest frame a worker is handed while it works, in bytes.
pub const WORKER_FRAME_BYTES: usize = 24 * 1024;
/// The width of the pipe to a worker, where the system grants it.
const PIPE_BYTES_WISHED: i32 = 1024 * 1024;
/// Frames a worker may have waiting at most: so many answers to them wait on this side as well.
const WORKER_FRAMES_MAX: usize = 32;
/// Frames the child may be ahead: an answer and its meter.
const FRAMES_AHEAD: usize = 2;
const STDERR_BYTES_KEPT: u64 = 8 * 1024;

/// The memory a strategy may hold unless the trader says otherwise, in bytes.
pub const MEMORY_BYTES_DEFAULT: u64 = 128 * 1024 * 1024;
/// The CPU time an event may use unless the trader says otherwise, in milliseconds.
pub const EVENT_CPU_MS_DEFAULT: u32 = 250;

/// How a child is started and what it is given.
#[derive(Debug, Clone, PartialEq)]
pub struct SpawnSettings {
    /// The program itself, handed in by whoever may look it up.
    pub executable: PathBuf,
    /// The name errors are told under, such as `sma_cross.js`.
    pub file: String,
    /// The script.
    pub source: String,
    /// The trader's values for its params; missing ones take their default.
    pub params: BTreeMap<String, ParamValue>,
    /// The granted symbols, one instance each; unused when it is only described.
    pub symbols: Vec<Symbol>,
    /// What `Math.random` starts from.
    pub seed: u64,
    /// The memory cap, in bytes.
    pub memory_bytes: u64,
    /// The CPU time of one event, in milliseconds.
    pub event_cpu_ms: u32,
}

impl SpawnSettings {
    /// The script with the default limits, seed 0, no symbols and its own params.
    #[must_use]
    pub fn new(executable: PathBuf, file: &str, source: &str) -> Self {
        Self {
            executable,
            file: file.to_owned(),
            source: source.to_owned(),
            params: BTreeMap::new(),
            symbols: Vec::new(),
            seed: 0,
            memory_bytes: MEMORY_BYTES_DEFAULT,
            event_cpu_ms: EVENT_CPU_MS_DEFAULT,
        }
    }

    /// What a child is handed to do with the script.
    #[must_use]
    pub fn load(&self, mode: LoadMode) -> Load {
        Load {
            file: self.file.clone(),
            source: self.source.clone(),
            params: self.params.clone(),
            symbols: self.symbols.clone(),
            seed: self.seed,
            mode,
            memory_bytes: self.memory_bytes,
            event_cpu_ms: self.event_cpu_ms,
        }
    }
}

/// One call with everything an audit keeps of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRecord {
    /// What came back, checked.
    pub answer: StrategyAnswer,
    /// The payload of the frame that went in.
    pub input: Vec<u8>,
    /// The payload of the frame that came back; empty where the child ended instead.
    pub output: Vec<u8>,
    /// CPU time of the call, in microseconds; `None` where the child ended and took it along.
    pub cpu_us: Option<u64>,
    /// What the child holds after the call, in bytes; `None` where it ended.
    pub memory_bytes: Option<u64>,
}

/// A running child with a loaded strategy in it. Dropping it ends the child.
#[derive(Debug)]
pub struct Sandbox {
    line: Line,
    hello: Hello,
    loaded: Loaded,
    /// Why there is no child any more.
    ended: Option<String>,
}

impl Sandbox {
    /// Starts a child, has it load the script, and makes one instance for each granted symbol.
    ///
    /// # Errors
    /// [`SandboxFault::Spawn`] where there is no child, [`SandboxFault::Script`] where the script broke
    /// the contract, [`SandboxFault::Killed`] where it ran into a limit, [`SandboxFault::Protocol`] where
    /// the child did not behave like one.
    pub fn spawn(settings: &SpawnSettings) -> Result<Self, SandboxFault> {
        let (line, hello, loaded) = open(settings, LoadMode::Run)?;
        Ok(Self { line, hello, loaded, ended: None })
    }

    /// What the strategy says about itself.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest {
        &self.loaded.manifest
    }

    /// What the strategy logged in its `init`.
    #[must_use]
    pub fn init_logs(&self) -> &[String] {
        &self.loaded.logs
    }

    /// How much of the sandbox the child put on.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.hello.level
    }

    /// The layers it could not put on, in words; empty when the level is full.
    #[must_use]
    pub fn missing_layers(&self) -> &[String] {
        &self.hello.missing
    }

    /// The child's process id, for the record.
    #[must_use]
    pub fn process_id(&self) -> u32 {
        self.line.child.id()
    }

    /// Whether there is still a child to call.
    #[must_use]
    pub const fn is_alive(&self) -> bool {
        self.ended.is_none()
    }

    /// Hands one event to the strategy and waits for its answer, at most four seconds.
    ///
    /// It never fails: a child that is dead, hangs or talks nonsense is an answer of
    /// [`Outcome::Killed`] with the reason in words, and every later call says so again.
    pub fn call(&mut self, call: &StrategyCall) -> CallRecord {
        let input = serde_json::to_vec(call).unwrap_or_default();
        if let Some(reason) = &self.ended {
            return killed(call, input, &format!("the strategy was stopped earlier: {reason}"));
        }
        match self.exchange(call, &input) {
            Ok((answer, output, meter)) => CallRecord {
                answer,
                input,
                output,
                cpu_us: Some(meter.cpu_us),
                memory_bytes: Some(meter.memory_bytes),
            },
            Err(reason) => {
                let record = killed(call, input, &reason);
                self.ended = Some(reason);
                record
            }
        }
    }

    fn exchange(
        &mut self,
        call: &StrategyCall,
        input: &[u8],
    ) -> Result<(StrategyAnswer, Vec<u8>, Meter), String> {
        if let Ok(unasked) = self.line.frames.try_recv() {
            let words = match unasked {
                Ok(frame) => format!("it spoke {} bytes without being asked", frame.len()),
                Err(_) => return Err(self.line.end(None)),
            };
            return Err(self.line.end(Some(words)));
        }
        self.line.send(input)?;
        let output = self.line.receive(WALL_DEADLINE)?;
        let answer = match parse(&output) {
            Ok(ChildFrame::Answer(answer)) => answer,
            Ok(ChildFrame::Fatal(reason)) => return Err(self.line.end(Some(reason))),
            Ok(_) => return Err(self.line.end(Some("it answered with another frame".to_owned()))),
            Err(words) => return Err(self.line.end(Some(words))),
        };
        if let Err(words) = scrutiny::check(call, &answer) {
            return Err(self.line.end(Some(format!("its answer was not believed: {words}"))));
        }
        let meter = self.line.receive(METER_DEADLINE)?;
        match parse(&meter) {
            Ok(ChildFrame::Meter(meter)) => Ok((answer, output, meter)),
            _ => Err(self.line.end(Some("no meter followed its answer".to_owned()))),
        }
    }
}

/// A child that has shut itself in and rehearses a strategy with everything around it. What is said on
/// its line is the rehearsal's own. Dropping it ends the child.
#[derive(Debug)]
pub struct Worker {
    line: Line,
    hello: Hello,
    frames_ahead: usize,
}

impl Worker {
    /// Starts a child for the script of `settings`, and hands it its errand.
    ///
    /// # Errors
    /// Why there is no child that could be used.
    pub fn start(settings: &SpawnSettings, errand: &[u8]) -> Result<Self, String> {
        let (mut line, hello) =
            Line::open_as(settings, REHEARSAL_SUBCOMMAND).map_err(|fault| fault.to_string())?;
        line.send(errand)?;
        let room = line.widen();
        line.never_wait()?;
        // One frame's room is left over: the system counts in pages.
        let frames_ahead = (room / WORKER_FRAME_BYTES).saturating_sub(1).clamp(2, WORKER_FRAMES_MAX);
        Ok(Self { line, hello, frames_ahead })
    }

    /// How many frames the child may be handed before it has spoken about the first of them.
    #[must_use]
    pub const fn frames_ahead(&self) -> usize {
        self.frames_ahead
    }

    /// How much of the sandbox the child put on.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.hello.level
    }

    /// Hands the child a frame. It never waits: [`Worker::frames_ahead`] of them fit into the pipe.
    ///
    /// # Errors
    /// Why the child is gone, in words.
    pub fn send(&mut self, frame: &[u8]) -> Result<(), String> {
        self.line.send(frame)
    }

    /// Waits for the child's next frame, at most [`WORKER_DEADLINE`].
    ///
    /// # Errors
    /// Why the child is gone, in words.
    pub fn receive(&mut self) -> Result<Vec<u8>, String> {
        self.line.receive(WORKER_DEADLINE)
    }
}

/// What a script says about itself; nothing of it runs but its top level, in a child that ends at once.
///
/// # Errors
/// As for [`Sandbox::spawn`].
pub fn describe(settings: &SpawnSettings) -> Result<Manifest, SandboxFault> {
    open(settings, LoadMode::Describe).map(|(_, _, loaded)| loaded.manifest)
}

/// How well a child of this program is shut in on this machine: the level and the missing layers.
///
/// # Errors
/// [`SandboxFault::Spawn`] or [`SandboxFault::Protocol`].
pub fn level(executable: PathBuf) -> Result<Hello, SandboxFault> {
    let settings = SpawnSettings::new(executable, "", "");
    Line::open(&settings).map(|(_, hello)| hello)
}

/// Has a fresh child try to leave by the named way, and tells what came of it: `shut: …` or `open`.
///
/// # Errors
/// [`SandboxFault::Spawn`] or [`SandboxFault::Protocol`].
pub fn probe(executable: PathBuf, probe: Probe) -> Result<String, SandboxFault> {
    let settings = SpawnSettings::new(executable, "", "");
    let (mut line, _) = Line::open(&settings)?;
    let payload = serde_json::to_vec(&settings.load(LoadMode::Probe(probe))).unwrap_or_default();
    let protocol = |reason: String| SandboxFault::Protocol { reason };
    line.send(&payload).map_err(protocol)?;
    match line.receive(WALL_DEADLINE) {
        Ok(frame) => match parse(&frame) {
            Ok(ChildFrame::Probed(words)) => Ok(words),
            _ => Err(protocol(line.end(Some("it answered with another frame".to_owned())))),
        },
        // The child was killed for trying, which is the strongest form of shut.
        Err(reason) => Ok(format!("shut: {reason}")),
    }
}

fn open(settings: &SpawnSettings, mode: LoadMode) -> Result<(Line, Hello, Loaded), SandboxFault> {
    let bytes = u64::try_from(settings.source.len()).unwrap_or(u64::MAX);
    if bytes > SOURCE_BYTES_MAX {
        let path = PathBuf::from(&settings.file);
        return Err(SandboxFault::TooLarge { path, bytes, max: SOURCE_BYTES_MAX });
    }
    let (mut line, hello) = Line::open(settings)?;
    let killed = |reason: String| SandboxFault::Killed { reason };
    let payload = serde_json::to_vec(&settings.load(mode)).unwrap_or_default();
    line.send(&payload).map_err(killed)?;
    // One deadline for the top level and one for each instance's `init`, as the child's CPU budget has it.
    let inits = u32::try_from(settings.symbols.len()).unwrap_or(u32::MAX);
    let patience = WALL_DEADLINE.saturating_add(Duration::from_millis(500).saturating_mul(inits));
    let frame = line.receive(patience).map_err(killed)?;
    let reason = match parse(&frame) {
        Ok(ChildFrame::Loaded(loaded)) => {
            match scrutiny::check_loaded(&loaded).and_then(|()| line.never_wait()) {
                Ok(()) => return Ok((line, hello, loaded)),
                Err(words) => words,
            }
        }
        Ok(ChildFrame::LoadFailed(reason)) => {
            return Err(SandboxFault::Script { reason: blanked(&reason).into_owned() });
        }
        Ok(ChildFrame::Fatal(reason)) => return Err(killed(line.end(Some(reason)))),
        Ok(_) => "it answered the script with another frame".to_owned(),
        Err(words) => words,
    };
    Err(SandboxFault::Protocol { reason: line.end(Some(reason)) })
}

fn parse(frame: &[u8]) -> Result<ChildFrame, String> {
    serde_json::from_slice(frame).map_err(|fault| format!("a frame that is none of its words: {fault}"))
}

fn killed(call: &StrategyCall, input: Vec<u8>, reason: &str) -> CallRecord {
    let outcome = Outcome::Killed { reason: reason.to_owned() };
    let answer = StrategyAnswer {
        seq: call.seq,
        symbol: call.symbol,
        outcome,
        wishes: Vec::new(),
        logs: Vec::new(),
        plots: Vec::new(),
    };
    CallRecord { answer, input, output: Vec::new(), cpu_us: None, memory_bytes: None }
}

/// The child and the pipes to it.
#[derive(Debug)]
struct Line {
    child: Child,
    input: Option<ChildStdin>,
    frames: Receiver<io::Result<Vec<u8>>>,
    readers: Vec<JoinHandle<()>>,
    stderr: Receiver<String>,
    status: Option<ExitStatus>,
    event_cpu_ms: u32,
    memory_bytes: u64,
}

impl Line {
    fn open(settings: &SpawnSettings) -> Result<(Self, Hello), SandboxFault> {
        Self::open_as(settings, SUBCOMMAND)
    }

    fn open_as(settings: &SpawnSettings, subcommand: &str) -> Result<(Self, Hello), SandboxFault> {
        let mut line = Self::start(settings, subcommand)
            .map_err(|source| SandboxFault::Spawn { path: settings.executable.clone(), source })?;
        let protocol = |reason: String| SandboxFault::Protocol { reason };
        let frame = line.receive(WALL_DEADLINE).map_err(protocol)?;
        match parse(&frame) {
            Ok(ChildFrame::Hello(hello)) => Ok((line, hello)),
            _ => Err(protocol(line.end(Some("it did not begin with a hello".to_owned())))),
        }
    }

    fn start(settings: &SpawnSettings, subcommand: &str) -> io::Result<Self> {
        let mut child = Command::new(&settings.executable)
            .arg(subcommand)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(input), Some(output), Some(errors)) = pipes else {
            // All three were asked for; a system that gives fewer gives no child that could be trusted.
            child.kill()?;
            child.wait()?;
            return Err(io::Error::other("the system gave no pipes"));
        };
        let ahead = if subcommand == SUBCOMMAND { FRAMES_AHEAD } else { WORKER_FRAMES_MAX };
        let (sender, frames) = mpsc::sync_channel(ahead);
        let reader = thread::Builder::new().name("strategy frames".to_owned()).spawn(move || {
            let mut output = io::BufReader::new(output);
            while let Some(frame) = read_frame(&mut output).transpose() {
                let is_last = frame.is_err();
                if sender.send(frame).is_err() || is_last {
                    return;
                }
            }
        })?;
        let (sender, stderr) = mpsc::sync_channel(1);
        let complaints = thread::Builder::new().name("strategy stderr".to_owned()).spawn(move || {
            let mut kept = Vec::new();
            let mut errors = errors.take(STDERR_BYTES_KEPT);
            // What is lost of a dying child's last words loses only detail.
            let _ = errors.read_to_end(&mut kept);
            let _ = io::copy(&mut errors.into_inner(), &mut io::sink());
            let _ = sender.send(String::from_utf8_lossy(&kept).into_owned());
        })?;
        let readers = vec![reader, complaints];
        let (event_cpu_ms, memory_bytes) = (settings.event_cpu_ms, settings.memory_bytes);
        let input = Some(input);
        Ok(Self { child, input, frames, readers, stderr, status: None, event_cpu_ms, memory_bytes })
    }

    /// From here on a child that does not read its input cannot make the host wait: a call is far
    /// smaller than an empty pipe, so a write that would block is a broken promise.
    #[cfg(unix)]
    fn never_wait(&self) -> Result<(), String> {
        use nix::fcntl::{FcntlArg, OFlag, fcntl};

        let Some(input) = &self.input else { return Err("there is no child".to_owned()) };
        let set = fcntl(input, FcntlArg::F_SETFL(OFlag::O_NONBLOCK));
        set.map(drop).map_err(|fault| format!("its pipe could not be set up: {fault}"))
    }

    /// Asks for a wider pipe to the child. How many bytes fit into it.
    #[cfg(target_os = "linux")]
    fn widen(&self) -> usize {
        use nix::fcntl::{FcntlArg, fcntl};

        let Some(input) = &self.input else { return 0 };
        // Refused where the trader's pipes hold too much together; then it stays as it was made.
        let _ = fcntl(input, FcntlArg::F_SETPIPE_SZ(PIPE_BYTES_WISHED));
        let bytes = fcntl(input, FcntlArg::F_GETPIPE_SZ).unwrap_or(0);
        usize::try_from(bytes).unwrap_or(0)
    }

    /// Elsewhere nobody says how wide it is.
    #[cfg(not(target_os = "linux"))]
    fn widen(&self) -> usize {
        0
    }

    /// Elsewhere the host waits for a child to read; the child's own filters are absent there too.
    #[cfg(not(unix))]
    fn never_wait(&self) -> Result<(), String> {
        Ok(())
    }

    fn send(&mut self, payload: &[u8]) -> Result<(), String> {
        let sent = match &mut self.input {
            Some(input) => write_frame(input, payload),
            None => return Err("there is no child".to_owned()),
        };
        match sent {
            Ok(()) => Ok(()),
            Err(fault) if fault.kind() == io::ErrorKind::InvalidData => {
                Err(self.end(Some(fault.to_string())))
            }
            Err(_) => Err(self.end(None)),
        }
    }

    fn receive(&mut self, deadline: Duration) -> Result<Vec<u8>, String> {
        match self.frames.recv_timeout(deadline) {
            Ok(Ok(frame)) => Ok(frame),
            Ok(Err(fault)) if fault.kind() == io::ErrorKind::InvalidData => {
                Err(self.end(Some(format!("it sent {fault}"))))
            }
            Ok(Err(_)) | Err(RecvTimeoutError::Disconnected) => Err(self.end(None)),
            Err(RecvTimeoutError::Timeout) => {
                let words = format!("wall deadline: no answer within {} s", deadline.as_secs());
                Err(self.end(Some(words)))
            }
        }
    }

    /// Ends the child, whatever it does, and says why it ended: `known`, or by its last status.
    fn end(&mut self, known: Option<String>) -> String {
        self.stop();
        let last_words = self.stderr.recv_timeout(METER_DEADLINE).unwrap_or_default();
        // What a child says of its own end may be the words of whoever took it over.
        known.map_or_else(|| self.reason(&last_words), |words| blanked(&words).into_owned())
    }

    /// Why the child ended by itself, from its status and its last words.
    fn reason(&self, last_words: &str) -> String {
        let Some(status) = self.status else { return "its end could not be observed".to_owned() };
        if last_words.contains("memory allocation of") {
            let mebibytes = self.memory_bytes / 1024 / 1024;
            return format!("memory cap: the strategy needs more than its {mebibytes} MiB");
        }
        if last_words.contains("overflowed its stack") {
            return "stack overflow: the script nests too deeply".to_owned();
        }
        self.by_signal(status)
            .unwrap_or_else(|| format!("it ended by itself ({status}): {}", first_line(last_words)))
    }

    #[cfg(unix)]
    fn by_signal(&self, status: ExitStatus) -> Option<String> {
        use std::os::unix::process::ExitStatusExt;

        use nix::sys::signal::Signal;

        let number = status.signal()?;
        Some(match Signal::try_from(number) {
            Ok(Signal::SIGXCPU) => {
                let millis = self.event_cpu_ms;
                format!("CPU limit: an event has {millis} ms of CPU time, loading four times as much")
            }
            Ok(Signal::SIGSYS) => "forbidden system call: the script engine left its bounds".to_owned(),
            Ok(Signal::SIGKILL) => "it was killed from outside, perhaps for the system's memory".to_owned(),
            Ok(Signal::SIGSEGV | Signal::SIGBUS) => format!("memory fault (signal {number})"),
            _ => format!("it ended by signal {number}"),
        })
    }

    #[cfg(not(unix))]
    fn by_signal(&self, _status: ExitStatus) -> Option<String> {
        None
    }

    fn stop(&mut self) {
        self.input = None;
        // A child that is dying already keeps its own status; only a living one is killed here.
        let _ = self.child.kill();
        if self.status.is_none() {
            self.status = self.child.wait().ok();
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.stop();
        // The reader may be waiting with a frame nobody takes; its end of the channel must be free.
        while self.frames.recv_timeout(METER_DEADLINE).is_ok() {}
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
    }
}

fn first_line(text: &str) -> String {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("without a word");
    blanked(&line.chars().take(200).collect::<String>()).into_owned()
}
