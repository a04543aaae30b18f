use std::collections::BTreeMap;
use std::io;
use std::io::Read;
use std::io::Write;

use serde::{Deserialize, Serialize};

use crate::domain::strategy::StrategyAnswer;
use crate::domain::symbol::Symbol;
use crate::strategy::manifest::Manifest;
use crate::strategy::manifest::ParamValue;

/// The largest frame either side takes, in bytes of JSON.
pub const FRAME_BYTES_MAX: usize = 1024 * 1024;

/// How many wishes one event may have.
pub const WISHES_MAX: usize = 64;

/// How many lines one event may draw.
pub const PLOTS_MAX: usize = 16;

/// How many characters the name of a drawn line may have.
pub const PLOT_NAME_CHARS_MAX: usize = 32;

/// How many bytes one event may log.
pub const LOG_BYTES_MAX: usize = 64 * 1024;

/// How many characters a strategy's own word for an order may have.
pub const TAG_CHARS_MAX: usize = 64;

/// How much of the sandbox the child could put on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The system isolates nothing: only the engine's own limits and the wall deadline remain.
    None,
    /// Some layers are missing; the hello names them.
    Partial,
    /// Every layer stands.
    Full,
}

impl Level {
    /// The word of the status line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Partial => "partial",
            Self::Full => "full",
        }
    }
}

/// The child's first frame: how well it is shut in. Sent before it has read anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hello {
    /// How much of the sandbox stands.
    pub level: Level,
    /// The layers that do not, in words.
    pub missing: Vec<String>,
}

/// What the child shall do with the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoadMode {
    /// Read what it says about itself, and no more.
    Describe,
    /// Start one instance for each granted symbol and wait for events.
    Run,
    /// Ignore the source and try to leave the sandbox by the named way: how a claim is proven.
    Probe(Probe),
}

/// A way out of the sandbox that must be shut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Probe {
    /// Open a file that everyone may read.
    File,
    /// Open a socket.
    Network,
}

/// The host's first frame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// The name errors are told under, such as `sma_cross.js`.
    pub file: String,
    /// The script.
    pub source: String,
    /// The trader's values for its params; missing ones take their default.
    pub params: BTreeMap<String, ParamValue>,
    /// The symbols it may see and trade: one instance each, in this order.
    pub symbols: Vec<Symbol>,
    /// What `Math.random` starts from.
    pub seed: u64,
    /// What to do with it.
    pub mode: LoadMode,
    /// The memory cap in bytes.
    pub memory_bytes: u64,
    /// The CPU time of one event, in milliseconds; loading has four times as much.
    pub event_cpu_ms: u32,
}

/// What a loaded script says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Loaded {
    /// About itself.
    pub manifest: Manifest,
    /// What it logged while its instances were made.
    pub logs: Vec<String>,
}

/// What one call cost. No part of the record that a replay compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Meter {
    /// CPU time of the child's process, in microseconds.
    pub cpu_us: u64,
    /// What it holds in memory after the call, in bytes.
    pub memory_bytes: u64,
}

/// Everything the child can say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChildFrame {
    /// How well it is shut in.
    Hello(Hello),
    /// The script is loaded.
    Loaded(Loaded),
    /// The script is not loaded: why.
    LoadFailed(String),
    /// The answer to one call.
    Answer(StrategyAnswer),
    /// What that call cost; follows every answer.
    Meter(Meter),
    /// The child ends, for a reason that is not the script's throwing.
    Fatal(String),
    /// What a probe saw.
    Probed(String),
}

/// Writes one frame: four bytes of length, big-endian, then the payload.
///
/// # Errors
/// A payload above [`FRAME_BYTES_MAX`], or what the pipe reports.
pub fn write_frame(out: &mut impl Write, payload: &[u8]) -> io::Result<()> {
    let length = u32::try_from(payload.len()).ok().filter(|_| payload.len() <= FRAME_BYTES_MAX);
    let Some(length) = length else {
        let words = format!("a frame of {} bytes, at most {FRAME_BYTES_MAX}", payload.len());
        return Err(io::Error::new(io::ErrorKind::InvalidData, words));
    };
    // One write, so that a frame costs one system call on either side.
    let mut bytes = Vec::with_capacity(payload.len().saturating_add(4));
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(payload);
    out.write_all(&bytes)?;
    out.flush()
}

/// Reads one frame; `None` where the pipe ended between two frames.
///
/// # Errors
/// A length above [`FRAME_BYTES_MAX`], a pipe that ended inside a frame, or what the pipe reports.
pub fn read_frame(from: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut head = [0_u8; 4];
    let mut have = 0;
    while have < head.len() {
        match from.read(head.get_mut(have..).unwrap_or_default()) {
            Ok(0) if have == 0 => return Ok(None),
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(more) => have = have.saturating_add(more),
            Err(fault) if fault.kind() == io::ErrorKind::Interrupted => {}
            Err(fault) => return Err(fault),
        }
    }
    let length = usize::try_from(u32::from_be_bytes(head)).unwrap_or(usize::MAX);
    if length > FRAME_BYTES_MAX {
        let words = format!("a frame of {length} bytes, at most {FRAME_BYTES_MAX}");
        return Err(io::Error::new(io::ErrorKind::InvalidData, words));
    }
    let mut payload = vec![0; length];
    from.read_exact(&mut payload)?;
    Ok(Some(payload))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_back_and_a_cut_or_boastful_one_is_refused() {
        let mut pipe = Vec::new();
        write_frame(&mut pipe, b"{}").unwrap();
        write_frame(&mut pipe, b"").unwrap();
        let mut from = pipe.as_slice();
        assert_eq!(read_frame(&mut from).unwrap().unwrap(), b"{}");
        assert_eq!(read_frame(&mut from).unwrap().unwrap(), b"");
        assert!(read_frame(&mut from).unwrap().is_none());
        let fault = |mut bytes: &[u8]| read_frame(&mut bytes).unwrap_err().kind();
        assert_eq!(fault(&[0, 0]), io::ErrorKind::UnexpectedEof);
        assert_eq!(fault(&[0, 0, 0, 3, b'{']), io::ErrorKind::UnexpectedEof);
        assert_eq!(fault(&[0, 16, 0, 1]), io::ErrorKind::InvalidData);
        assert!(write_frame(&mut Vec::new(), &vec![0; FRAME_BYTES_MAX + 1]).is_err());
    }

    /// Everything that lies in a pipe, one frame after the other, until one is refused; how many were frames, and how
    /// many of these were words that a child may say.
    fn decode(mut pipe: &[u8]) -> (usize, usize) {
        let (mut frames, mut said) = (0, 0);
        while let Ok(Some(payload)) = read_frame(&mut pipe) {
            assert!(payload.len() <= FRAME_BYTES_MAX);
            frames += 1;
            said += usize::from(serde_json::from_slice::<ChildFrame>(&payload).is_ok());
        }
        (frames, said)
    }

    fn spoken() -> Vec<u8> {
        let answer = StrategyAnswer {
            seq: 7,
            symbol: "SPY".parse().unwrap(),
            outcome: crate::domain::strategy::Outcome::Done,
            wishes: vec![crate::domain::strategy::Wish::Cancel],
            logs: vec!["a line".to_owned()],
            plots: Vec::new(),
        };
        let frames = [
            ChildFrame::Hello(Hello { level: Level::Full, missing: Vec::new() }),
            ChildFrame::Answer(answer),
            ChildFrame::Meter(Meter { cpu_us: 12, memory_bytes: 4096 }),
            ChildFrame::Fatal("over".to_owned()),
        ];
        let mut pipe = Vec::new();
        for frame in frames {
            write_frame(&mut pipe, &serde_json::to_vec(&frame).unwrap()).unwrap();
        }
        pipe
    }

    #[test]
    fn a_conversation_cut_at_any_byte_gives_the_frames_before_the_cut() {
        let pipe = spoken();
        assert_eq!(decode(&pipe), (4, 4));
        let counts: Vec<usize> = (0..pipe.len()).map(|cut| decode(&pipe[..cut]).1).collect();
        assert!(counts.is_sorted() && counts.first() == Some(&0) && counts.last() == Some(&3), "{counts:?}");
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config { cases: 4_000, failure_persistence: None, ..Default::default() })]

        #[test]
        fn noise_in_the_pipe_is_refused_and_never_more_than_it_is(noise in proptest::collection::vec(proptest::num::u8::ANY, 0..600)) {
            let (frames, said) = decode(&noise);
            proptest::prop_assert!(said <= frames && frames <= noise.len() / 4);
        }

        #[test]
        fn a_flipped_byte_in_a_conversation_is_an_answer_or_a_refusal(at in 0_usize..4_096, flip in 1_u8..=255) {
            let mut pipe = spoken();
            let at = at % pipe.len();
            pipe[at] ^= flip;
            let (frames, said) = decode(&pipe);
            proptest::prop_assert!(said <= frames && frames <= pipe.len() / 4);
        }
    }
}
