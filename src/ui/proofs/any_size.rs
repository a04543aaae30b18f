use std::collections::BTreeSet;

use proptest::prelude::{ProptestConfig, any};
use proptest::prop_assert;
use proptest::test_runner::{TestCaseError, TestRunner};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::scene::{State, painted, put_into, rows};
use crate::ui::fixture::{Variant, model_in};
use crate::ui::model::{Model, Screen};
use crate::ui::theme::{Depth, Theme, ThemeName};
use crate::ui::view;
use crate::ui::words;

/// A window over a state of the machine, something lying over it.
fn model(variant: Variant, over: State, size: (u16, u16), screen: Screen, ascii: bool) -> Model {
    let mut model = model_in(variant, size, Theme::of(ThemeName::Mono, Depth::None), ascii);
    model.screen = screen;
    put_into(over, &mut model);
    model
}

/// Every number of a screen, with its sign, its separators and what follows it of a unit.
fn numbers(lines: &[String]) -> BTreeSet<String> {
    let part = |letter: char| letter.is_ascii_digit() || matches!(letter, '+' | '-' | '.' | ',');
    let mut found = BTreeSet::new();
    for line in lines {
        let counts = [" more", " below", " newer below", "+"];
        for token in line.split(|letter| !part(letter)) {
            let token = token.trim_end_matches(['.', ',', '-', '+']);
            let counted = counts.iter().any(|word| line.contains(&format!("{token}{word}")))
                || token.strip_prefix('+').is_some_and(|rest| rest.parse::<u16>().is_ok());
            if token.bytes().any(|byte| byte.is_ascii_digit()) && !counted {
                found.insert(token.to_owned());
            }
        }
    }
    found
}

/// Every number that the window writes of this state where everything has room.
fn whole(variant: Variant, over: State) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    // Wide, and high enough for every row, in each of the shapes.
    let shapes = [((260, 70), 7), ((159, 70), 1), ((119, 70), 7), ((79, 70), 1)];
    for (size, screens) in shapes {
        for screen in Screen::ALL.into_iter().filter(|screen| screens > 1 || *screen == Screen::Trade) {
            // What lies over the screen hides other panes at other sizes: they count with and without it.
            let covered = without_chart(model(variant, over, size, screen, false));
            let bare = Model { popup: None, kill_hidden: true, ticket: None, ..covered.clone() };
            for model in [covered, bare] {
                all.extend(numbers(&rows(&painted(&model))));
            }
        }
    }
    all
}

/// The chart's axes show other prices at other sizes; it has proofs of its own.
fn without_chart(mut model: Model) -> Model {
    if let Some(seen) = &mut model.seen {
        seen.chart = None;
    }
    model
}

fn check(model: &Model, width: u16, height: u16) -> Result<(), TestCaseError> {
    let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
    let area = buf.area;
    view::draw(model, area, &mut buf);
    let lines = rows(&buf);
    let hint = "KILL";
    if width >= 12 {
        let last = lines.last().unwrap();
        prop_assert!(last.contains(hint) && last.contains("Ctrl-\\"), "no way to stop in {last:?}");
    }
    if let Some(seen) = model.seen.as_ref().filter(|_| width >= 12 && height >= 2) {
        let badge = words::badge(seen.snapshot.mode);
        prop_assert!(lines[0].trim_start().starts_with(badge), "no badge in {:?}", lines[0]);
    }
    if model.ascii {
        let strange = lines.iter().find(|line| !line.is_ascii());
        prop_assert!(strange.is_none(), "{strange:?}");
    }
    Ok(())
}

#[test]
fn at_any_size_and_in_any_state_the_badge_and_the_way_to_stop_are_in_sight() {
    let cases = (
        (1_u16..=300, 1_u16..=100, any::<bool>()),
        (0..Variant::ALL.len(), 0..State::ALL.len(), 0..Screen::ALL.len()),
        any::<bool>(),
    );
    let config = ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() };
    let outcome =
        TestRunner::new(config).run(&cases, |((wide, high, small), (variant, over, screen), ascii)| {
            // Half of the cases are small: there the room is scarce.
            let (width, height) = if small { (wide % 90 + 1, high % 30 + 1) } else { (wide, high) };
            let (variant, over, screen) = (Variant::ALL[variant], State::ALL[over], Screen::ALL[screen]);
            check(&model(variant, over, (width, height), screen, ascii), width, height)
        });
    outcome.unwrap();
}

#[test]
fn on_the_whole_screen_every_figure_is_whole_or_not_there() {
    let states: Vec<(Variant, State)> =
        Variant::ALL.iter().flat_map(|variant| State::ALL.map(|over| (*variant, over))).collect();
    let mut wholes: Vec<Option<BTreeSet<String>>> = vec![None; states.len()];
    let wholes = std::cell::RefCell::new(&mut wholes);
    let cases = ((1_u16..=300, 1_u16..=100, any::<bool>()), 0..states.len(), 0..Screen::ALL.len());
    let config = ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() };
    let outcome = TestRunner::new(config).run(&cases, |((wide, high, small), state, screen)| {
        let size = if small { (wide % 90 + 1, high % 30 + 1) } else { (wide, high) };
        let (variant, over) = states[state];
        let drawn = rows(&painted(&without_chart(model(variant, over, size, Screen::ALL[screen], false))));
        let mut wholes = wholes.borrow_mut();
        let whole = wholes[state].get_or_insert_with(|| whole(variant, over));
        let strange: Vec<String> = numbers(&drawn).difference(whole).cloned().collect();
        prop_assert!(strange.is_empty(), "{variant:?} {over:?} {size:?}: {strange:?} in {drawn:#?}");
        Ok(())
    });
    outcome.unwrap();
}
