use std::path::Path;

use super::*;
use crate::domain::market::Trade;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::journal::tape::parts::{closed, tidy};
use crate::journal::tape::reader::TapeReader;
use crate::journal::tape::writer::{TapeEnd, TapeWriter};
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
    let (mut tape, end) = TapeWriter::open(path, None).unwrap();
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
        assert!(TapeWriter::open(&path, None).is_err(), "nothing is added behind damage");
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
        std::fs::write(&path, order.iter().flat_map(|index| frames[*index]).copied().collect::<Vec<u8>>())
            .unwrap();
        assert!(read(&path).2.unwrap().contains(&format!("frame {first_bad} at")), "{order:?}");
    }
    let (mut tape, _) = TapeWriter::open(&folder.file("b.tape"), None).unwrap();
    tape.append(5, At::default(), &tick(5)).unwrap();
    assert!(tape.append(5, At::default(), &tick(5)).is_err());
}

/// Three days of a tick each, and a fourth day's part that is open; every closed part is compressed.
fn four_days(path: &Path, keep_bytes: Option<u64>) {
    let (mut tape, _) = TapeWriter::open(path, keep_bytes).unwrap();
    for day in 1..=4 {
        let at = At::from_seconds(1_381_154_400 + 86_400 * i64::try_from(day).unwrap());
        for seq in [day * 10, day * 10 + 1] {
            tape.append(seq, at, &tick(seq)).unwrap();
        }
    }
    tape.sync().unwrap();
    tidy(path, keep_bytes).unwrap();
}

#[test]
fn each_day_is_a_compressed_part_of_its_own_and_the_chain_goes_on_through_them() {
    let folder = Folder::new("tape-parts");
    let path = folder.file("a.tape");
    four_days(&path, None);
    let parts = closed(&path).unwrap();
    assert_eq!(
        parts.iter().map(|part| (part.number, part.packed)).collect::<Vec<_>>(),
        [(1, true), (2, true), (3, true)]
    );
    assert_eq!(read(&path), (8, 0, None));
    let end = write(&path, std::iter::once(60));
    assert_eq!((end.ticks, end.last_seq), (2, 41), "only the open part is read to go on");
    // What was written last is of another day.
    assert_eq!((closed(&path).unwrap().len(), read(&path).0), (4, 9));
    let from = |seq| TapeReader::open_from(&path, seq).unwrap().map(|tick| tick.unwrap().seq).next();
    assert_eq!(
        [0, 11, 12, 31, 40, 99].map(from),
        [Some(10), Some(10), Some(20), Some(30), Some(40), Some(60)]
    );
}

#[test]
fn a_flipped_byte_in_a_compressed_part_and_a_part_that_is_gone_are_found_and_named() {
    let folder = Folder::new("tape-parts-flip");
    let path = folder.file("a.tape");
    four_days(&path, None);
    let second = closed(&path).unwrap()[1].path.clone();
    let bytes = std::fs::read(&second).unwrap();
    let mut unfound = Vec::new();
    for index in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[index] ^= 1 << (index % 8);
        std::fs::write(&second, &changed).unwrap();
        match read(&path).2 {
            Some(fault) => assert!(fault.contains("a.tape.0002.gz: frame"), "byte {index}: {fault}"),
            // A gzip's own head has a time and a system's name, of which nothing depends.
            None => unfound.push(index),
        }
    }
    assert!(unfound.iter().all(|index| *index < 10), "{unfound:?}");
    std::fs::write(&second, &bytes[..bytes.len() / 2]).unwrap();
    assert!(read(&path).2.unwrap().contains("a.tape.0002.gz: frame"), "one that was cut");
    std::fs::remove_file(&second).unwrap();
    let fault = read(&path).2.unwrap();
    assert!(fault.contains("a.tape.0003.gz: frame 1 at") && fault.contains("does not go on"), "{fault}");
}

#[test]
fn the_oldest_parts_go_beyond_the_bound_and_the_rest_stays_whole() {
    let folder = Folder::new("tape-bound");
    let path = folder.file("a.tape");
    four_days(&path, None);
    let length = std::fs::metadata(&closed(&path).unwrap()[2].path).unwrap().len();
    tidy(&path, Some(length + length / 2)).unwrap();
    let left: Vec<u32> = closed(&path).unwrap().iter().map(|part| part.number).collect();
    assert_eq!((left, read(&path)), (vec![3], (4, 0, None)));
}

#[test]
fn a_process_that_dies_between_two_parts_leaves_a_tape_that_goes_on() {
    let folder = Folder::new("tape-between");
    let path = folder.file("a.tape");
    four_days(&path, None);
    for left in [None, Some(0), Some(7)] {
        let whole = std::fs::read(&path).unwrap();
        std::fs::rename(&path, folder.file("a.tape.0004")).unwrap();
        if let Some(bytes) = left {
            std::fs::write(&path, &whole[..bytes]).unwrap();
        }
        let end = write(&path, std::iter::once(50));
        assert_eq!((end.ticks, end.last_seq), (0, 41), "{left:?}");
        tidy(&path, None).unwrap();
        assert_eq!(read(&path), (9, 0, None), "{left:?}");
        std::fs::remove_file(&path).unwrap();
        std::fs::remove_file(folder.file("a.tape.0004.gz")).unwrap();
        std::fs::write(&path, whole).unwrap();
    }
}
