use std::fs::File;
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::domain::at::At;
use crate::domain::day::TradingDay;
use crate::domain::market::Tick;
use crate::journal::error::JournalError;
use crate::journal::guard;
use crate::journal::tape::TapeTick;
use crate::journal::tape::frame::{Check, Start, framed, hex};
use crate::journal::tape::parts;
use crate::journal::tape::reader::TapeReader;

/// A part is closed with its day, and before it is larger than this.
const PART_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Where a tape ended when it was opened to add to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TapeEnd {
    /// How many ticks its open part holds.
    pub ticks: u64,
    /// The number of the last one's event; 0 on an empty tape.
    pub last_seq: u64,
    /// When the machine saw the last one of the open part.
    pub last_at: Option<At>,
    /// Bytes of a torn frame at its end that were cut off, as a killed process leaves them.
    pub torn_bytes: u64,
}

/// The tape, to be added to.
pub struct TapeWriter {
    out: BufWriter<File>,
    path: PathBuf,
    check: Check,
    last_seq: u64,
    bytes: u64,
    /// The number under which the open part is closed.
    part: u32,
    /// The day of the last tick: the next day begins a new part.
    day: Option<TradingDay>,
    /// How many bytes of closed parts are kept; all where nothing is said.
    keep_bytes: Option<u64>,
}

impl TapeWriter {
    /// Opens a tape to add to, or makes it (0600). A torn end is cut off, and said. Of closed parts the newest
    /// `keep_bytes` are kept.
    ///
    /// # Errors
    /// When the file is not the trader's own or cannot be opened, or when a frame is damaged.
    pub fn open(path: &Path, keep_bytes: Option<u64>) -> Result<(Self, TapeEnd), JournalError> {
        guard::folder_of(path)?;
        let parts = parts::closed(path)?;
        let is_new = !guard::existing(path)?;
        drop(guard::file(path)?);
        let mut reader = TapeReader::open_last(path)?;
        let mut end = TapeEnd::default();
        for tick in reader.by_ref() {
            let tick = tick?;
            end = TapeEnd { ticks: end.ticks + 1, last_seq: tick.seq, last_at: Some(tick.at), torn_bytes: 0 };
        }
        end.torn_bytes = reader.torn_bytes();
        let (place, check, last_seq) = reader.end();
        end.last_seq = last_seq;
        let mut file = guard::file(path)?;
        let cut = file.set_len(place).and_then(|()| file.seek(SeekFrom::End(0)));
        cut.map_err(|fault| JournalError::file(path, fault))?;
        let out = BufWriter::with_capacity(64 * 1024, file);
        let day = end.last_at.map(TradingDay::of);
        let part = reader.numbered().unwrap_or_else(|| parts.last().map_or(1, |last| last.number + 1));
        let mut writer =
            Self { out, path: path.to_owned(), check, last_seq, bytes: place, part, day, keep_bytes };
        // A process ended between the end of a part and the first frame of the next one.
        if let Some(last) = parts.last()
            && (is_new || place == 0)
        {
            let mut before = TapeReader::open_from(path, u64::MAX)?;
            for tick in before.by_ref() {
                tick?;
            }
            (_, writer.check, writer.last_seq) = before.end();
            end.last_seq = writer.last_seq;
            writer.begin_part(last.number + 1)?;
        }
        writer.tidy();
        Ok((writer, end))
    }

    /// Adds a tick; it is in the file after the next [`TapeWriter::flush`].
    ///
    /// # Errors
    /// When the buffer is full and the file takes no more, or when `seq` is not above the last one.
    pub fn append(&mut self, seq: u64, at: At, tick: &Tick) -> Result<(), JournalError> {
        if seq <= self.last_seq {
            let fault = format!("event {seq} cannot follow event {} on it", self.last_seq);
            return Err(JournalError::Tape { path: self.path.display().to_string(), fault });
        }
        let day = TradingDay::of(at);
        if self.day.is_some_and(|last| last != day) || self.bytes > PART_BYTES_MAX {
            self.close_part()?;
        }
        self.day = Some(day);
        let text = serde_json::to_vec(&TapeTick { seq, at, tick: *tick })
            .map_err(|fault| JournalError::Unwritable { kind: "tick", fault })?;
        let (frame, check) = framed(self.check, &text);
        self.write(&frame)?;
        (self.check, self.last_seq) = (check, seq);
        Ok(())
    }

    fn write(&mut self, frame: &[u8]) -> Result<(), JournalError> {
        self.out.write_all(frame).map_err(|fault| JournalError::file(&self.path, fault))?;
        self.bytes = self.bytes.saturating_add(frame.len() as u64);
        Ok(())
    }

    /// Closes the part at hand and begins the next one; the closed one is compressed aside.
    fn close_part(&mut self) -> Result<(), JournalError> {
        self.sync()?;
        let number = self.part;
        let fail = |fault| JournalError::file(&self.path, fault);
        std::fs::rename(&self.path, parts::place(&self.path, number)).map_err(fail)?;
        let file = guard::file(&self.path)?;
        self.out = BufWriter::with_capacity(64 * 1024, file);
        self.bytes = 0;
        self.begin_part(number + 1)?;
        self.flush()?;
        self.tidy();
        Ok(())
    }

    fn begin_part(&mut self, part: u32) -> Result<(), JournalError> {
        self.part = part;
        let start = Start { part, check: hex(self.check), last_seq: self.last_seq };
        let text =
            serde_json::to_vec(&start).map_err(|fault| JournalError::Unwritable { kind: "part", fault })?;
        let (frame, _) = framed(Check::default(), &text);
        self.write(&frame)
    }

    /// Aside, because compressing a day takes longer than an order may wait. A thread that cannot be had leaves the
    /// parts as they are; the next start compresses them.
    fn tidy(&self) {
        let (path, keep_bytes) = (self.path.clone(), self.keep_bytes);
        let tidies = move || {
            if let Err(fault) = parts::tidy(&path, keep_bytes) {
                tracing::warn!(%fault, "a closed part of the tape stays as it is");
            }
        };
        if let Err(fault) = std::thread::Builder::new().name("tape".to_owned()).spawn(tidies) {
            tracing::warn!(%fault, "no thread to compress the tape");
        }
    }

    /// Hands what was added to the system: it survives the end of this process.
    ///
    /// # Errors
    /// When the file takes no more.
    pub fn flush(&mut self) -> Result<(), JournalError> {
        self.out.flush().map_err(|fault| JournalError::file(&self.path, fault))
    }

    /// Puts what was added on disk: it survives the end of the machine.
    ///
    /// # Errors
    /// When the file takes no more.
    pub fn sync(&mut self) -> Result<(), JournalError> {
        self.flush()?;
        self.out.get_ref().sync_data().map_err(|fault| JournalError::file(&self.path, fault))
    }
}
