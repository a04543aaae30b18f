//! Every panel, at every size and in every state of the fixture.

use std::collections::BTreeSet;

use proptest::prelude::{ProptestConfig, any};
use proptest::prop_assert;
use proptest::test_runner::TestRunner;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::ui::fixture::{Variant, model_in};
use crate::ui::model::{Model, Popup};
use crate::ui::theme::{Depth, Theme, ThemeName};

type Draw = fn(&Model, Rect, &mut Buffer);

/// Every panel by its name.
const PANELS: [(&str, Draw); 9] = [
    ("watchlist", super::watchlist::draw),
    ("positions", super::positions::draw),
    ("orders", super::orders::draw),
    ("strategies", super::strategies::draw),
    ("journal", super::journal::draw),
    ("log", super::log::draw),
    ("risk", super::risk::draw),
    ("help", super::help::draw),
    ("security", super::security::draw),
];

fn mono(variant: Variant, size: (u16, u16)) -> Model {
    model_in(variant, size, Theme::of(ThemeName::Mono, Depth::None), false)
}

/// A panel's lines in an area of this size, without the spaces at their ends.
fn lines(draw: Draw, model: &Model, width: u16, height: u16) -> Vec<String> {
    let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
    let area = buf.area;
    draw(model, area, &mut buf);
    let line = |y| (0..width).map(|x| buf[(x, y)].symbol().to_owned()).collect::<String>();
    (0..height).map(line).map(|line| line.trim_end().to_owned()).collect()
}

/// Everything in a text that reads as a number, with its sign and its separators; not how many rows
/// have no room, which depends on the size.
fn numbers(lines: &[String]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in lines {
        let part = |letter: char| letter.is_ascii_digit() || matches!(letter, '+' | '-' | '.' | ',');
        let mut line = line.clone();
        for word in [" more", " below", " newer below"] {
            if let Some(end) = line.find(word) {
                let count = line[..end].chars().rev().take_while(|letter| part(*letter)).count();
                let start = end - count;
                line.replace_range(start..end, "");
            }
        }
        let alone = line.trim_matches(['│', '┃', ' ']);
        if alone.strip_prefix('+').is_some_and(|count| count.parse::<u16>().is_ok_and(|count| count < 60)) {
            continue;
        }
        for token in line.split(|letter| !part(letter)) {
            if token.bytes().any(|byte| byte.is_ascii_digit()) {
                found.insert(token.trim_end_matches([',', '.']).to_owned());
            }
        }
    }
    found
}

/// Draws a named panel in a state and compares every line.
pub(super) fn check(name: &str, variant: Variant, width: u16, height: u16, expect: &[&str]) {
    let (_, draw) = PANELS.into_iter().find(|(known, _)| *known == name).unwrap();
    assert_eq!(lines(draw, &mono(variant, (200, 50)), width, height), expect, "{name} {width}×{height}");
}

#[test]
fn every_figure_is_whole_or_not_there_at_any_size() {
    let shapes = [(200, 50), (80, 24)];
    let whole = |draw: Draw| {
        let drawn = |variant: Variant| {
            numbers(&shapes.map(|shape| lines(draw, &mono(variant, shape), 500, 120)).concat())
        };
        Variant::ALL.map(drawn)
    };
    let wholes = PANELS.map(|(_, draw)| whole(draw));
    let areas = (0_u16..200, 0_u16..60, 0..Variant::ALL.len(), 0_usize..40, any::<bool>());
    let config = ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() };
    let outcome = TestRunner::new(config).run(&areas, |(width, height, variant, back, small)| {
        let mut model = mono(Variant::ALL[variant], shapes[usize::from(small)]);
        model.log_back = back;
        model.popup = Some(Popup::Help(u16::try_from(back).unwrap()));
        for ((name, draw), whole) in PANELS.into_iter().zip(&wholes) {
            let drawn = lines(draw, &model, width, height);
            let strange: Vec<String> = numbers(&drawn).difference(&whole[variant]).cloned().collect();
            let of = Variant::ALL[variant];
            prop_assert!(strange.is_empty(), "{name} {of:?} {width}×{height}: {strange:?} in {drawn:#?}");
        }
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn nothing_is_written_outside_a_panels_area() {
    let area = Rect::new(7, 3, 50, 9);
    for variant in Variant::ALL {
        let model = mono(variant, (200, 50));
        for (name, draw) in PANELS {
            let mut buf = Buffer::empty(Rect::new(0, 0, 70, 20));
            draw(&model, area, &mut buf);
            for (place, cell) in buf.content.iter().enumerate() {
                let (x, y) = buf.pos_of(place);
                assert!(
                    area.contains((x, y).into()) || cell.symbol() == " ",
                    "{name} {variant:?} at {x},{y}"
                );
            }
        }
    }
}

#[test]
fn panels_before_the_machines_first_word_are_empty_frames() {
    let mut model = mono(Variant::Plain, (80, 24));
    model.seen = None;
    for (name, draw) in PANELS.into_iter().filter(|(name, _)| *name != "help") {
        let drawn = lines(draw, &model, 40, 5);
        let inside = |line: &String| line.trim_matches(['│', '┃', ' ']).is_empty();
        assert!(drawn[1..4].iter().all(inside), "{name}: {drawn:#?}");
        assert!(numbers(&drawn).is_empty(), "{name}: {drawn:#?}");
    }
}

/// For one's own eyes: `cargo test --lib look_at -- --ignored --nocapture`.
#[test]
#[ignore = "prints pictures and checks nothing"]
fn look_at_every_panel() {
    let wanted = [
        ("watchlist", &[(26, 12), (27, 12), (48, 12), (100, 12)][..]),
        ("positions", &[(24, 7), (38, 6), (66, 7), (80, 8), (198, 12)]),
        ("orders", &[(30, 7), (46, 8), (68, 8), (80, 8), (198, 12)]),
        ("strategies", &[(30, 7), (46, 7), (80, 8), (198, 10)]),
        ("journal", &[(44, 10), (66, 13), (80, 20), (198, 44)]),
        ("log", &[(46, 10), (80, 20), (20, 8)]),
        ("risk", &[(80, 20), (118, 30), (60, 12), (198, 44)]),
        ("help", &[(80, 24), (80, 22), (200, 50), (50, 16)]),
    ];
    for (name, sizes) in wanted {
        let (_, draw) = PANELS.into_iter().find(|(known, _)| *known == name).unwrap();
        for (width, height) in sizes {
            println!("{name} {width}×{height}");
            for line in lines(draw, &mono(Variant::Plain, (200, 50)), *width, *height) {
                println!("{line}");
            }
        }
    }
    for variant in Variant::ALL {
        for (name, draw) in PANELS.into_iter().filter(|(name, _)| *name != "help") {
            println!("{name} {variant:?}");
            for line in lines(draw, &mono(variant, (80, 24)), 66, 14) {
                println!("{line}");
            }
        }
    }
}
