//! Pictures of the whole screen in `tests/screens`, compared sign by sign. A picture that was changed
//! on purpose is written anew with `HARDSTOP_WRITE_SCREENS=1 cargo test --lib ui::proofs`, and read by
//! somebody before it is committed.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use ratatui::buffer::Buffer;
use ratatui::style::Color;

use super::scene::{State, model, painted, rows};
use crate::ui::model::Screen;
use crate::ui::theme::{Depth, Theme, ThemeName};

const FULL: (u16, u16) = (200, 50);
const COLUMNS: (u16, u16) = (120, 36);
const TABS: (u16, u16) = (80, 24);
const SMALL: (u16, u16) = (60, 16);
const LEAST: (u16, u16) = (40, 10);
const TINY: (u16, u16) = (30, 6);

/// One picture: state, size, screen, whether in ASCII only.
type Picture = (State, (u16, u16), Screen, bool);

/// Every state at the sizes where it looks different, each with either set of glyphs, every screen at
/// every size that has screens.
fn pictures() -> Vec<Picture> {
    use State as S;
    let mut all: Vec<Picture> = Vec::new();
    for (place, screen) in Screen::ALL.into_iter().enumerate() {
        for (size, ascii) in [(FULL, place % 2 == 1), (COLUMNS, place % 2 == 0), (TABS, place % 3 == 1)] {
            all.push((S::Usual, size, screen, ascii));
        }
    }
    let trade = [
        (S::Usual, &[SMALL, LEAST, TINY][..]),
        (S::Halted, &[FULL, TABS, SMALL, LEAST, TINY]),
        (S::Flattened, &[COLUMNS, LEAST]),
        (S::ReduceOnly, &[COLUMNS, SMALL]),
        (S::Stale, &[FULL, LEAST]),
        (S::NoStop, &[TABS, LEAST, TINY]),
        (S::Empty, &[FULL, TABS]),
        (S::BeforeTheFirstWord, &[COLUMNS, SMALL]),
        (S::EngineDown, &[TABS, LEAST, TINY]),
        (S::Silent, &[COLUMNS, SMALL]),
        (S::Paper, &[TABS, SMALL]),
        (S::Live, &[COLUMNS, LEAST]),
        (S::TicketRefused, &[FULL, TABS]),
        (S::TicketPasses, &[COLUMNS, TABS]),
        (S::TicketAnswered, &[TABS]),
        (S::PaletteHint, &[TABS, TINY]),
        (S::PaletteAnswer, &[COLUMNS, LEAST]),
        (S::Find, &[TABS]),
        (S::Help, &[FULL, TABS, SMALL]),
        (S::Confirm, &[COLUMNS, LEAST, TINY]),
        (S::Quit, &[TABS, LEAST, TINY]),
        (S::Notice, &[TABS, LEAST]),
        (S::Locked, &[FULL, TABS, SMALL, TINY]),
        (S::Arming, &[TABS, LEAST]),
        (S::Typed, &[TABS]),
        (S::WizardLook, &[TABS, SMALL]),
        (S::WizardLimits, &[FULL, TABS]),
        (S::WizardWrite, &[TABS]),
        (S::Waiting, &[FULL, TABS, SMALL, TINY]),
        (S::Queue, &[FULL, TABS, SMALL, LEAST, TINY]),
        (S::QueueChanged, &[TABS, COLUMNS]),
        (S::Review, &[FULL, TABS, SMALL]),
        (S::ReviewChanged, &[TABS, FULL, LEAST, TINY]),
    ];
    for (state, sizes) in trade {
        for (place, size) in sizes.iter().enumerate() {
            let ascii = (place + state as usize) % 2 == 1;
            all.push((state, *size, Screen::Trade, ascii));
        }
    }
    all.extend([
        (S::ReduceOnly, TABS, Screen::Risk, false),
        (S::Empty, TABS, Screen::Risk, true),
        (S::Empty, COLUMNS, Screen::Journal, false),
        (S::Stale, TABS, Screen::Orders, true),
        (S::Stale, TABS, Screen::Chart, false),
        (S::Halted, TABS, Screen::Strategies, true),
        (S::NoStop, COLUMNS, Screen::Orders, false),
        (S::Live, TABS, Screen::Log, false),
    ]);
    all
}

/// Pictures whose colours are held too.
const COLOURED: [Picture; 6] = [
    (State::Usual, COLUMNS, Screen::Trade, true),
    (State::Halted, TABS, Screen::Trade, false),
    (State::Live, LEAST, Screen::Trade, false),
    (State::NoStop, TABS, Screen::Trade, true),
    (State::TicketRefused, TABS, Screen::Trade, true),
    (State::EngineDown, LEAST, Screen::Trade, true),
];

fn name((state, (width, height), screen, ascii): Picture) -> String {
    let glyphs = if ascii { "-ascii" } else { "" };
    let screen = screen.word().to_lowercase();
    format!("{width}x{height}-{screen}-{}{glyphs}", state.name())
}

fn paint((state, size, screen, ascii): Picture) -> Buffer {
    painted(&model(state, size, screen, Theme::of(ThemeName::Okabe, Depth::True), ascii))
}

fn text(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// Runs of cells of one style, row by row: from where to where, foreground, ground, modifiers. What
/// has no style of its own is left out.
fn runs(buf: &Buffer) -> Vec<String> {
    let colour = |colour: Color| match colour {
        Color::Rgb(red, green, blue) => format!("#{red:02x}{green:02x}{blue:02x}"),
        other => format!("{other:?}").to_lowercase(),
    };
    let of = |x: u16, y: u16| {
        let cell = &buf[(x, y)];
        format!("{} on {} {:?}", colour(cell.fg), colour(cell.bg), cell.modifier)
    };
    let plain = "reset on reset NONE";
    let mut all = Vec::new();
    for y in 0..buf.area.height {
        let mut from = 0;
        for x in 1..=buf.area.width {
            if x == buf.area.width || of(x, y) != of(from, y) {
                let style = of(from, y);
                if style != plain {
                    all.push(format!("{y}: {from}-{} {style}", x - 1));
                }
                from = x;
            }
        }
    }
    all
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/screens")
}

/// Every file that there should be, by its name.
fn wanted() -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for picture in pictures() {
        files.insert(format!("{}.txt", name(picture)), text(&rows(&paint(picture))));
    }
    for picture in COLOURED {
        files.insert(format!("{}.styles.txt", name(picture)), text(&runs(&paint(picture))));
    }
    files
}

/// The lines that differ, the old above the new.
fn difference(old: &str, new: &str) -> String {
    let (old, new): (Vec<_>, Vec<_>) = (old.lines().collect(), new.lines().collect());
    let mut out = String::new();
    for row in 0..old.len().max(new.len()) {
        let (was, is) = (old.get(row).copied().unwrap_or(""), new.get(row).copied().unwrap_or(""));
        if was != is {
            out.push_str(&format!("  row {row}\n  was {was}\n  is  {is}\n"));
        }
    }
    out
}

#[test]
fn the_screens_look_as_they_were_approved() {
    let folder = folder();
    let wanted = wanted();
    if rewrites() {
        fs::create_dir_all(&folder).unwrap();
        for old in fs::read_dir(&folder).unwrap() {
            fs::remove_file(old.unwrap().path()).unwrap();
        }
        for (file, text) in &wanted {
            fs::write(folder.join(file), text).unwrap();
        }
        return;
    }
    let mut faults = Vec::new();
    for (file, text) in &wanted {
        match fs::read_to_string(folder.join(file)) {
            Ok(old) if old.replace("\r\n", "\n") == *text => {}
            Ok(old) => faults.push(format!("tests/screens/{file}\n{}", difference(&old, text))),
            Err(fault) => faults.push(format!("tests/screens/{file}: {fault}")),
        }
    }
    for file in fs::read_dir(&folder).unwrap() {
        let file = file.unwrap().file_name().to_string_lossy().into_owned();
        if !wanted.contains_key(&file) {
            faults.push(format!("tests/screens/{file} is no picture any more"));
        }
    }
    assert!(
        faults.is_empty(),
        "{} screens look different. Where that is meant: HARDSTOP_WRITE_SCREENS=1 cargo test --lib ui::proofs, \
         look at them with git diff, commit.\n{}",
        faults.len(),
        faults.join("\n")
    );
}

#[test]
fn every_pair_of_size_and_screen_and_of_state_and_glyphs_has_a_picture() {
    let all = pictures();
    for size in [FULL, COLUMNS, TABS] {
        for screen in Screen::ALL {
            assert!(all.iter().any(|one| one.1 == size && one.2 == screen), "{size:?} {screen:?}");
        }
    }
    for state in State::ALL {
        assert!(all.iter().any(|one| one.0 == state), "{state:?}");
    }
    for size in [FULL, COLUMNS, TABS, SMALL, LEAST, TINY] {
        for ascii in [false, true] {
            assert!(all.iter().any(|one| one.1 == size && one.3 == ascii), "{size:?} {ascii}");
        }
    }
    for coloured in COLOURED {
        assert!(all.contains(&coloured), "{coloured:?} has colours and no picture");
    }
}

#[cfg(test)]
fn rewrites() -> bool {
    std::env::var_os("HARDSTOP_WRITE_SCREENS").is_some()
}
