use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::mode::Mode;
use crate::ui::model::Model;
use crate::ui::view::lines::{Ranked, boxed};
use crate::ui::wizard::{LIMITS, Page, Wizard};
use crate::ui::words;

/// The first steps, a page at a time.
///
/// ```text
/// ╔═ Wizard 2 of 5: limits ═════════════════════════════╗
/// ║ Nothing passes these, whoever asks for it.          ║
/// ║                                                     ║
/// ║ largest loss of a day, in %               2▏        ║
/// ║ largest position, in % of equity          10        ║
/// ║                                                     ║
/// ║ Enter goes on   Esc back                            ║
/// ╚═════════════════════════════════════════════════════╝
/// ```
pub(super) fn draw(model: &Model, wizard: &Wizard, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    let said = |text: &str, rank| Ranked::new(text, theme.text, rank);
    let mut lines = match wizard.page {
        Page::Look => look(model, wizard),
        Page::Limits => {
            let mut lines =
                vec![said("Nothing passes these, whoever asks for it: you, a strategy, this program.", 5)];
            lines.push(said("They tighten at once, and loosen with the next trading day and your word.", 6));
            lines.push(Ranked::gap());
            lines.extend(LIMITS.iter().enumerate().map(|(place, name)| {
                field(model, name, &wizard.limits[place].text(), place == wizard.field)
            }));
            lines
        }
        Page::Keys => {
            let mut lines = vec![
                said("Keys of an Alpaca PAPER account, where you have one. Enter twice goes on without.", 5),
                said("They are tried, and kept in the desktop's keyring: in no file, and on no screen.", 6),
                Ranked::gap(),
            ];
            for (place, name) in ["key id", "secret"].into_iter().enumerate() {
                lines.push(field(model, name, &wizard.keys[place].dots(), place == wizard.field));
            }
            lines
        }
        Page::Kill => kill(model, wizard),
        Page::Write => write(model, wizard),
    };
    lines.extend(
        wizard
            .words
            .iter()
            .map(|words| Ranked::new(words, if wizard.is_done { theme.accent } else { theme.warning }, 1)),
    );
    lines.push(Ranked::gap());
    let hint = match (wizard.waits, wizard.is_done) {
        (true, _) => "…",
        (_, true) => "Enter closes this",
        _ => "Enter goes on   Esc back",
    };
    lines.push(Ranked::new(hint, theme.dim, 2));
    let title = format!("Wizard {} of {}: {}", wizard.page.number(), Page::ALL.len(), name(wizard.page));
    boxed(&title, &lines, theme.accent, area, buf);
}

const fn name(page: Page) -> &'static str {
    match page {
        Page::Look => "how it looks",
        Page::Limits => "limits",
        Page::Keys => "keys",
        Page::Kill => "the kill",
        Page::Write => "what is written",
    }
}

fn field(model: &Model, name: &str, text: &str, is_typed: bool) -> Ranked {
    let (cursor, style) = if is_typed { ("▏", model.theme.accent) } else { ("", model.theme.text) };
    Ranked::new(format!("{name:<41} {text}{cursor}"), style, 0)
}

fn look(model: &Model, wizard: &Wizard) -> Vec<Ranked> {
    let theme = &model.theme;
    vec![
        Ranked::new("Candles, gauges and frames, as this terminal draws them:", theme.text, 5),
        Ranked::new("╷┃│╽╿╵  ▏▎▍▌▋▊▉█  ▁▂▃▄▅▆▇█  ┏━┓╔═╗  ▲ ▼ ● …", theme.text, 0),
        Ranked::new(
            "a  draws with ASCII alone, and back: where boxes or questions stand above",
            theme.text,
            3,
        ),
        Ranked::gap(),
        Ranked::new(format!("left and right  colours: {}", wizard.theme.word()), theme.accent, 1),
        Ranked::new("▲ +612.40 a gain", theme.up, 2),
        Ranked::new("▼ -84.10 a loss", theme.down, 2),
        Ranked::new("a warning", theme.warning, 4),
        Ranked::new("what is dangerous", theme.danger, 4),
    ]
}

fn kill(model: &Model, wizard: &Wizard) -> Vec<Ranked> {
    let theme = &model.theme;
    let mode = model.seen.as_ref().map_or(Mode::Sim, |seen| seen.snapshot.mode);
    if mode == Mode::Live {
        return vec![Ranked::new(
            "The kill is rehearsed in sim and paper, not with real money.",
            theme.text,
            0,
        )];
    }
    if wizard.rehearsed {
        return vec![Ranked::new(
            "It works, and trading goes on. Remember the key: Ctrl-\\ or F12.",
            theme.accent,
            0,
        )];
    }
    if model.kill.tripped && model.kill.pulls > wizard.pulls {
        return vec![
            Ranked::new(
                "That was it: nothing new opens, and what would have opened is cancelled.",
                theme.text,
                1,
            ),
            Ranked::new("Enter trades again, as :rearm --reason TEXT does", theme.accent, 0),
        ];
    }
    vec![
        Ranked::new(
            format!("Pull it once, now, in {}: press Ctrl-\\ (or F12).", words::badge(mode)),
            theme.danger,
            0,
        ),
        Ranked::new("It cancels what opens and pauses strategies; protective stops stay.", theme.text, 3),
        Ranked::new("Pressed again it would close every position. Esc hides its report.", theme.text, 4),
    ]
}

fn write(model: &Model, wizard: &Wizard) -> Vec<Ranked> {
    let theme = &model.theme;
    let keys = wizard.keys_said.clone().unwrap_or_else(|| "none were given".to_owned());
    let kill = if wizard.rehearsed { "rehearsed" } else { "not rehearsed" };
    let mut lines: Vec<Ranked> = LIMITS
        .iter()
        .zip(&wizard.limits)
        .map(|(name, line)| {
            let text = line.text();
            let text = if text.trim().is_empty() { "none" } else { text.trim() };
            Ranked::new(format!("{name:<41} {text}"), theme.text, 4)
        })
        .collect();
    let ascii = if model.ascii { ", ASCII alone" } else { "" };
    lines.push(Ranked::new(format!("{:<41} {}{ascii}", "colours", wizard.theme.word()), theme.text, 5));
    lines.push(Ranked::new(format!("{:<41} {keys}", "paper keys"), theme.text, 5));
    lines.push(Ranked::new(format!("{:<41} {kill}", "kill"), theme.text, 5));
    if !wizard.is_done {
        lines.push(Ranked::gap());
        lines.push(Ranked::new("Enter writes this into the config", theme.accent, 0));
    }
    lines
}
