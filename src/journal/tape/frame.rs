use std::io::{self, Read};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::journal::tape::TapeTick;

/// A frame is its length, a check over it, the check before it and its text, and the text.
pub(super) const LENGTH_BYTES: usize = 4;
/// The check's own length.
pub(super) const CHECK_BYTES: usize = 8;
/// The longest text of a frame.
const TEXT_BYTES_MAX: usize = 4096;

/// The beginning of a hash.
pub(super) type Check = [u8; CHECK_BYTES];

/// The first frame of every part but the first: where the part before it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Start {
    /// The part's number, from 1 on.
    pub(super) part: u32,
    /// The check of the last frame before it, in hex.
    pub(super) check: String,
    /// The number of the last tick's event before it.
    pub(super) last_seq: u64,
}

/// What stands at a place of the tape.
pub(super) enum Found {
    /// A tick, the check it leaves, and the bytes of its frame.
    Tick(Box<TapeTick>, Check, u64),
    /// The first frame of a part, and the bytes of it.
    Start(Start, u64),
    /// Nothing more, or a frame that was torn by the end of its process.
    End,
    /// Something that was not written so.
    Damaged(String),
}

/// What a frame's text may be.
#[derive(Deserialize)]
#[serde(untagged)]
enum Text {
    Tick(Box<TapeTick>),
    Start(Start),
}

/// The frame of a text.
pub(super) fn framed(before: Check, text: &[u8]) -> (Vec<u8>, Check) {
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes();
    let check = check_of(before, length, text);
    ([&length[..], &check[..], text].concat(), check)
}

/// The check of a frame.
pub(super) fn check_of(before: Check, length: [u8; LENGTH_BYTES], text: &[u8]) -> Check {
    let digest = Sha256::new().chain_update(before).chain_update(length).chain_update(text).finalize();
    let mut check = [0; CHECK_BYTES];
    check.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    check
}

/// A check as it stands in a start frame.
pub(super) fn hex(check: Check) -> String {
    check.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A check out of a start frame.
pub(super) fn unhex(text: &str) -> Option<Check> {
    let mut check = [0; CHECK_BYTES];
    if text.len() != CHECK_BYTES * 2 {
        return None;
    }
    for (place, byte) in check.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(place * 2..place * 2 + 2)?, 16).ok()?;
    }
    Some(check)
}

/// Reads the frame at hand; `before` is the check of the frame before it.
pub(super) fn find(input: &mut impl Read, before: Check) -> io::Result<Found> {
    let mut head = [0; LENGTH_BYTES + CHECK_BYTES];
    let have = fill(input, &mut head)?;
    if have < head.len() {
        return Ok(Found::End);
    }
    let (mut length, mut check) = ([0; LENGTH_BYTES], [0; CHECK_BYTES]);
    head.iter().take(LENGTH_BYTES).zip(&mut length).for_each(|(from, to)| *to = *from);
    head.iter().skip(LENGTH_BYTES).zip(&mut check).for_each(|(from, to)| *to = *from);
    let text_bytes = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    if text_bytes == 0 || text_bytes > TEXT_BYTES_MAX {
        return blank_end(input, &head);
    }
    let mut text = vec![0; text_bytes];
    let have = fill(input, &mut text)?;
    if have < text_bytes {
        text.truncate(have);
        return Ok(cut_off(&text, before, check));
    }
    // The first frame of a part is chained to nothing: what it continues stands in it.
    let whole = |before| check_of(before, length, &text) == check;
    let bytes = (head.len() + text_bytes) as u64;
    Ok(match serde_json::from_slice::<Text>(&text) {
        Ok(Text::Start(start)) if whole(Check::default()) => Found::Start(start, bytes),
        Ok(Text::Tick(tick)) if whole(before) => Found::Tick(tick, check, bytes),
        Ok(_) => Found::Damaged("it, or the frame before it, was changed".to_owned()),
        Err(_) if !whole(before) => Found::Damaged("it, or the frame before it, was changed".to_owned()),
        Err(fault) => Found::Damaged(format!("it is no tick: {fault}")),
    })
}

/// Reads until the buffer is full or nothing more comes.
fn fill(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut have = 0;
    while have < buffer.len() {
        match input.read(buffer.get_mut(have..).unwrap_or_default()) {
            Ok(0) => break,
            Ok(more) => have += more,
            Err(fault) if fault.kind() == io::ErrorKind::Interrupted => {}
            Err(fault) => return Err(fault),
        }
    }
    Ok(have)
}

/// A machine that lost power may leave a file that is longer than what was written to it: nothing
/// but zeros. Anything else is damage.
fn blank_end(input: &mut impl Read, head: &[u8]) -> io::Result<Found> {
    let mut rest = Vec::new();
    input.read_to_end(&mut rest)?;
    let blank = head.iter().chain(&rest).all(|byte| *byte == 0);
    Ok(if blank { Found::End } else { Found::Damaged("its length is damaged".to_owned()) })
}

/// Fewer bytes are left than the frame says it has. Where a whole text stands in them, it is the
/// length that was changed; else the frame was torn.
fn cut_off(rest: &[u8], before: Check, check: Check) -> Found {
    let Ok(left) = u32::try_from(rest.len()) else {
        return Found::Damaged("its length is damaged".to_owned());
    };
    let is_whole = (1..=left).any(|bytes| {
        let text = rest.get(..bytes as usize).unwrap_or_default();
        let whole = |before| check_of(before, bytes.to_be_bytes(), text) == check;
        text.last() == Some(&b'}') && (whole(before) || whole(Check::default()))
    });
    if is_whole { Found::Damaged("its length was changed".to_owned()) } else { Found::End }
}
