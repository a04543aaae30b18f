use std::collections::VecDeque;
use std::io::Read;
use std::path::Path;

use crate::journal::error::JournalError;
use crate::journal::guard;
use crate::journal::tape::TapeTick;
use crate::journal::tape::frame::{Check, Found, Start, find, unhex};
use crate::journal::tape::parts::{self, Part};

/// Reads a tape frame by frame, part after part. It stops at a torn end, and at a damaged frame with an error that
/// names it.
pub struct TapeReader {
    later: VecDeque<Part>,
    input: Box<dyn Read + Send>,
    /// The part at hand.
    part: Part,
    /// Where the next frame of the part begins, and the part's length where it is the open one.
    place: u64,
    length: u64,
    frames: u64,
    check: Check,
    last_seq: u64,
    /// The number that the part at hand gives itself.
    numbered: Option<u32>,
    /// Whether anything was read that the next part has to go on from.
    begun: bool,
    stopped: bool,
}

impl TapeReader {
    /// Opens a tape to read, from its oldest part on.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        Self::open_from(path, 0)
    }

    /// The same from the part on in which the tick of this event, or what follows it, stands.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn open_from(path: &Path, seq: u64) -> Result<Self, JournalError> {
        let mut later: VecDeque<Part> = parts::closed(path)?.into();
        if guard::existing(path)? {
            later.push_back(open_part(path));
        }
        // A part is skipped where the next one begins at or before what is looked for.
        while let Some(next) = later.get(1) {
            let begins = start_of(next)?.map_or(u64::MAX, |start| start.last_seq);
            if begins >= seq {
                break;
            }
            later.pop_front();
        }
        let Some(first) = later.pop_front() else {
            let fault = std::io::Error::new(std::io::ErrorKind::NotFound, "there is no tape");
            return Err(JournalError::file(path, fault));
        };
        Self::over(first, later)
    }

    /// The part that is written to, by itself.
    pub(super) fn open_last(path: &Path) -> Result<Self, JournalError> {
        Self::over(open_part(path), VecDeque::new())
    }

    fn over(first: Part, later: VecDeque<Part>) -> Result<Self, JournalError> {
        let opened = parts::open(first)?;
        Ok(Self {
            input: opened.input,
            part: opened.part,
            later,
            length: opened.length,
            place: 0,
            frames: 0,
            check: Check::default(),
            last_seq: 0,
            numbered: None,
            begun: false,
            stopped: false,
        })
    }

    /// Bytes behind the last whole frame: 0 on a clean tape. Known once the reader has stopped.
    #[must_use]
    pub fn torn_bytes(&self) -> u64 {
        self.length.saturating_sub(self.place)
    }

    /// Where the last whole frame of the part at hand ends, its check, and the number of the last tick's event.
    pub(super) const fn end(&self) -> (u64, Check, u64) {
        (self.place, self.check, self.last_seq)
    }

    /// The number that the part at hand gives itself; none where it says nothing, as the first one does.
    pub(super) const fn numbered(&self) -> Option<u32> {
        self.numbered
    }

    /// Goes on with the next part; `false` where there is none.
    fn turn(&mut self) -> Result<bool, JournalError> {
        let Some(next) = self.later.pop_front() else { return Ok(false) };
        let opened = parts::open(next)?;
        (self.input, self.part, self.length) = (opened.input, opened.part, opened.length);
        (self.place, self.frames) = (0, 0);
        Ok(true)
    }

    /// Takes the first frame of a part: where one was read before it, it must go on from there.
    fn take_start(&mut self, start: &Start, bytes: u64) -> Result<(), String> {
        let check = unhex(&start.check).ok_or("its check is none")?;
        if self.frames > 0 {
            return Err("a part begins within another".to_owned());
        }
        if self.begun && (check, start.last_seq) != (self.check, self.last_seq) {
            return Err("it does not go on from the part before it: one was taken away or put in".to_owned());
        }
        (self.check, self.last_seq, self.begun) = (check, start.last_seq, true);
        self.numbered = Some(start.part);
        self.place += bytes;
        self.frames += 1;
        Ok(())
    }

    fn damaged(&mut self, words: &str) -> Result<TapeTick, JournalError> {
        self.stopped = true;
        let fault = format!("frame {} at byte {}: {words}", self.frames + 1, self.place);
        Err(JournalError::Tape { path: self.part.path.display().to_string(), fault })
    }
}

/// The number of the part that is written to, for sorting: it has none yet.
const OPEN: u32 = u32::MAX;

fn open_part(path: &Path) -> Part {
    Part { number: OPEN, path: path.to_owned(), packed: false }
}

/// The first frame of a part, where it has one.
fn start_of(part: &Part) -> Result<Option<Start>, JournalError> {
    let mut opened = parts::open(part.clone())?;
    Ok(match find(&mut opened.input, Check::default()) {
        Ok(Found::Start(start, _)) => Some(start),
        _ => None,
    })
}

impl Iterator for TapeReader {
    type Item = Result<TapeTick, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.stopped {
            match find(&mut self.input, self.check) {
                Ok(Found::Tick(tick, ..)) if tick.seq <= self.last_seq => {
                    let words = format!("event {} cannot follow event {}", tick.seq, self.last_seq);
                    return Some(self.damaged(&words));
                }
                Ok(Found::Tick(tick, check, bytes)) => {
                    if self.begun && self.frames == 0 && self.place == 0 && self.last_seq > 0 {
                        return Some(self.damaged("the part has no beginning"));
                    }
                    self.place += bytes;
                    self.frames += 1;
                    (self.check, self.last_seq, self.begun) = (check, tick.seq, true);
                    return Some(Ok(*tick));
                }
                Ok(Found::Start(start, bytes)) => {
                    if let Err(words) = self.take_start(&start, bytes) {
                        return Some(self.damaged(&words));
                    }
                }
                Ok(Found::End) if self.is_closed() && !self.ends_whole() => {
                    return Some(self.damaged("the part was cut"));
                }
                Ok(Found::End) => match self.turn() {
                    Ok(true) => {}
                    Ok(false) => self.stopped = true,
                    Err(fault) => {
                        self.stopped = true;
                        return Some(Err(fault));
                    }
                },
                Ok(Found::Damaged(words)) => return Some(self.damaged(&words)),
                Err(fault) if self.is_closed() => {
                    return Some(self.damaged(&format!("the compressed part is damaged: {fault}")));
                }
                Err(fault) => {
                    self.stopped = true;
                    return Some(Err(JournalError::file(&self.part.path, fault)));
                }
            }
        }
        None
    }
}

impl TapeReader {
    /// Whether a closed part ends with a whole frame: a compressed one that was cut is told by its decoder.
    fn ends_whole(&self) -> bool {
        self.part.packed || self.place == self.length
    }

    /// Whether nothing more is added to the part at hand: nothing of it can be torn.
    const fn is_closed(&self) -> bool {
        self.part.number != OPEN
    }
}
