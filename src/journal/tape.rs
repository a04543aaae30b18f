use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::domain::at::At;
use crate::domain::market::Tick;
use crate::journal::error::JournalError;
use crate::journal::guard;

/// A frame is its length, a check over it, the check before it and its text, and the text.
const LENGTH_BYTES: usize = 4;
const CHECK_BYTES: usize = 8;
const TEXT_BYTES_MAX: usize = 4096;

type Check = [u8; CHECK_BYTES];

/// One tick on the tape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TapeTick {
    /// The number of its event.
    pub seq: u64,
    /// When the machine saw it.
    pub at: At,
    /// The tick.
    pub tick: Tick,
}

/// Where a tape ended when it was opened to add to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TapeEnd {
    /// How many ticks it holds.
    pub ticks: u64,
    /// The number of the last one's event; 0 on an empty tape.
    pub last_seq: u64,
    /// When the machine saw the last one.
    pub last_at: Option<At>,
    /// Bytes of a torn frame at its end that were cut off, as a killed process leaves them.
    pub torn_bytes: u64,
}

/// The tape: every tick in the order in which the machine saw it, each frame chained to the last.
pub struct TapeWriter {
    out: BufWriter<File>,
    path: PathBuf,
    check: Check,
    last_seq: u64,
}

impl TapeWriter {
    /// Opens a tape to add to, or makes it (0600). A torn end is cut off, and said.
    ///
    /// # Errors
    /// When the file is not the trader's own or cannot be opened, or when a frame is damaged.
    pub fn open(path: &Path) -> Result<(Self, TapeEnd), JournalError> {
        guard::folder_of(path)?;
        drop(guard::file(path)?);
        let mut reader = TapeReader::open(path)?;
        let mut end = TapeEnd::default();
        for tick in reader.by_ref() {
            let tick = tick?;
            end = TapeEnd { ticks: end.ticks + 1, last_seq: tick.seq, last_at: Some(tick.at), torn_bytes: 0 };
        }
        end.torn_bytes = reader.torn_bytes();
        let mut file = guard::file(path)?;
        let cut = file.set_len(reader.place).and_then(|()| file.seek(SeekFrom::End(0)));
        cut.map_err(|fault| JournalError::file(path, fault))?;
        let out = BufWriter::with_capacity(64 * 1024, file);
        Ok((Self { out, path: path.to_owned(), check: reader.check, last_seq: end.last_seq }, end))
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
        let text = serde_json::to_vec(&TapeTick { seq, at, tick: *tick })
            .map_err(|fault| JournalError::Unwritable { kind: "tick", fault })?;
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes();
        let check = check_of(self.check, length, &text);
        let parts = [&length[..], &check[..], &text[..]];
        let written = parts.into_iter().try_for_each(|part| self.out.write_all(part));
        written.map_err(|fault| JournalError::file(&self.path, fault))?;
        self.check = check;
        self.last_seq = seq;
        Ok(())
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

/// Reads a tape frame by frame. It stops at a torn end, and at a damaged frame with an error that
/// names it.
pub struct TapeReader {
    input: BufReader<File>,
    path: PathBuf,
    length: u64,
    /// Where the next frame begins.
    place: u64,
    frames: u64,
    check: Check,
    last_seq: u64,
    stopped: bool,
}

/// What stands at a place of the tape.
enum Found {
    Tick(TapeTick, Check, u64),
    End,
    Damaged(String),
}

impl TapeReader {
    /// Opens a tape to read.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        if !guard::existing(path)? {
            let fault = std::io::Error::new(std::io::ErrorKind::NotFound, "there is no tape");
            return Err(JournalError::file(path, fault));
        }
        let fail = |fault| JournalError::file(path, fault);
        let file = File::open(path).map_err(fail)?;
        let length = file.metadata().map_err(fail)?.len();
        Ok(Self {
            input: BufReader::with_capacity(256 * 1024, file),
            path: path.to_owned(),
            length,
            place: 0,
            frames: 0,
            check: [0; CHECK_BYTES],
            last_seq: 0,
            stopped: false,
        })
    }

    /// Bytes behind the last whole frame: 0 on a clean tape. Known once the reader has stopped.
    #[must_use]
    pub fn torn_bytes(&self) -> u64 {
        self.length.saturating_sub(self.place)
    }

    fn find(&mut self) -> std::io::Result<Found> {
        let left = self.length.saturating_sub(self.place);
        let head = (LENGTH_BYTES + CHECK_BYTES) as u64;
        if left < head {
            return Ok(Found::End);
        }
        let (mut length, mut check) = ([0; LENGTH_BYTES], [0; CHECK_BYTES]);
        self.input.read_exact(&mut length)?;
        self.input.read_exact(&mut check)?;
        let text_bytes = u64::from(u32::from_be_bytes(length));
        if text_bytes == 0 || text_bytes > TEXT_BYTES_MAX as u64 {
            return self.blank_end(length, check);
        }
        if left - head < text_bytes {
            return self.cut_off(left - head, check);
        }
        let mut text = vec![0; usize::try_from(text_bytes).unwrap_or(0)];
        self.input.read_exact(&mut text)?;
        if check_of(self.check, length, &text) != check {
            return Ok(Found::Damaged("it, or the frame before it, was changed".to_owned()));
        }
        match serde_json::from_slice::<TapeTick>(&text) {
            Ok(tick) if tick.seq > self.last_seq => Ok(Found::Tick(tick, check, head + text_bytes)),
            Ok(tick) => {
                Ok(Found::Damaged(format!("event {} cannot follow event {}", tick.seq, self.last_seq)))
            }
            Err(fault) => Ok(Found::Damaged(format!("it is no tick: {fault}"))),
        }
    }

    /// A machine that lost power may leave a file that is longer than what was written to it: nothing
    /// but zeros. Anything else is damage.
    fn blank_end(&mut self, length: [u8; LENGTH_BYTES], check: Check) -> std::io::Result<Found> {
        let mut rest = Vec::new();
        self.input.read_to_end(&mut rest)?;
        let blank = length.iter().chain(&check).chain(&rest).all(|byte| *byte == 0);
        Ok(if blank { Found::End } else { Found::Damaged("its length is damaged".to_owned()) })
    }

    /// Fewer bytes are left than the frame says it has. Where a whole text stands in them, it is the
    /// length that was changed; else the frame was torn.
    fn cut_off(&mut self, left: u64, check: Check) -> std::io::Result<Found> {
        let mut rest = Vec::new();
        self.input.read_to_end(&mut rest)?;
        let Ok(left) = u32::try_from(left) else {
            return Ok(Found::Damaged("its length is damaged".to_owned()));
        };
        let is_whole = (1..=left).any(|bytes| {
            let text = rest.get(..bytes as usize).unwrap_or_default();
            text.last() == Some(&b'}') && check_of(self.check, bytes.to_be_bytes(), text) == check
        });
        Ok(if is_whole { Found::Damaged("its length was changed".to_owned()) } else { Found::End })
    }
}

impl Iterator for TapeReader {
    type Item = Result<TapeTick, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.stopped {
            return None;
        }
        match self.find() {
            Ok(Found::Tick(tick, check, bytes)) => {
                self.place += bytes;
                self.frames += 1;
                self.check = check;
                self.last_seq = tick.seq;
                Some(Ok(tick))
            }
            Ok(Found::End) => {
                self.stopped = true;
                None
            }
            Ok(Found::Damaged(words)) => {
                self.stopped = true;
                let fault = format!("frame {} at byte {}: {words}", self.frames + 1, self.place);
                Some(Err(JournalError::Tape { path: self.path.display().to_string(), fault }))
            }
            Err(fault) => {
                self.stopped = true;
                Some(Err(JournalError::file(&self.path, fault)))
            }
        }
    }
}

fn check_of(before: Check, length: [u8; LENGTH_BYTES], text: &[u8]) -> Check {
    let digest = Sha256::new().chain_update(before).chain_update(length).chain_update(text).finalize();
    let mut check = [0; CHECK_BYTES];
    check.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    check
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::market::Trade;
    use crate::domain::price::Price;
    use crate::domain::qty::Qty;
    use crate::journal::testing::Folder;

    fn tick(seq: u64) -> Tick {
        let at = At::from_seconds(i64::try_from(seq).unwrap());
        Tick::Trade(Trade {
            symbol: "SPY".parse().unwrap(),
            price: Price::from_cents(100),
            qty: Qty::shares(1),
            at,
        })
    }

    fn write(path: &Path, seqs: impl Iterator<Item = u64>) -> TapeEnd {
        let (mut tape, end) = TapeWriter::open(path).unwrap();
        for seq in seqs {
            tape.append(seq, tick(seq).at(), &tick(seq)).unwrap();
        }
        tape.sync().unwrap();
        end
    }

    fn read(path: &Path) -> (u64, u64, Option<String>) {
        let mut reader = TapeReader::open(path).unwrap();
        let (mut ticks, mut fault) = (0, None);
        for tick in reader.by_ref() {
            match tick {
                Ok(_) => ticks += 1,
                Err(words) => fault = Some(words.to_string()),
            }
        }
        (ticks, reader.torn_bytes(), fault)
    }

    #[test]
    fn an_end_torn_anywhere_is_cut_said_and_gone_on_from() {
        let folder = Folder::new("tape-torn");
        let path = folder.file("a.tape");
        write(&path, 1..=3);
        let bytes = std::fs::read(&path).unwrap();
        let two = {
            let other = folder.file("two.tape");
            write(&other, 1..=2);
            std::fs::read(other).unwrap().len()
        };
        for cut in two + 1..bytes.len() {
            std::fs::write(&path, &bytes[..cut]).unwrap();
            assert_eq!(read(&path), (2, (cut - two) as u64, None), "cut at {cut}");
            let end = write(&path, std::iter::once(9));
            assert_eq!((end.ticks, end.last_seq, end.torn_bytes), (2, 2, (cut - two) as u64));
            assert_eq!(read(&path), (3, 0, None));
        }
        std::fs::write(&path, [&bytes[..], &[0; 900]].concat()).unwrap();
        assert_eq!(read(&path), (3, 900, None), "zeros of a lost machine");
    }

    #[test]
    fn every_flipped_byte_is_found_and_its_frame_named() {
        let folder = Folder::new("tape-flip");
        let path = folder.file("a.tape");
        write(&path, 1..=3);
        let bytes = std::fs::read(&path).unwrap();
        let frame_bytes = bytes.len() / 3;
        for index in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[index] ^= 1 << (index % 8);
            std::fs::write(&path, &changed).unwrap();
            let fault = read(&path).2.unwrap_or_else(|| panic!("byte {index} was not found"));
            let named = format!("frame {} at byte", index / frame_bytes + 1);
            assert!(fault.contains(&named), "byte {index}: {fault}");
            assert!(TapeWriter::open(&path).is_err(), "nothing is added behind damage");
        }
    }

    #[test]
    fn frames_taken_out_or_turned_round_are_found() {
        let folder = Folder::new("tape-order");
        let path = folder.file("a.tape");
        write(&path, 1..=3);
        let bytes = std::fs::read(&path).unwrap();
        let frames: Vec<&[u8]> = bytes.chunks(bytes.len() / 3).collect();
        for (order, first_bad) in [(vec![0, 2], 2), (vec![1, 0, 2], 1), (vec![0, 0, 1, 2], 2)] {
            std::fs::write(
                &path,
                order.iter().flat_map(|index| frames[*index]).copied().collect::<Vec<u8>>(),
            )
            .unwrap();
            assert!(read(&path).2.unwrap().contains(&format!("frame {first_bad} at")), "{order:?}");
        }
        let (mut tape, _) = TapeWriter::open(&folder.file("b.tape")).unwrap();
        tape.append(5, At::default(), &tick(5)).unwrap();
        assert!(tape.append(5, At::default(), &tick(5)).is_err());
    }
}
