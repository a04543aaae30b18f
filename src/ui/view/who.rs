use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::money::Money;
use crate::ui::effect::Trusted;
use crate::ui::figures;
use crate::ui::model::{Model, Who, WhoField};
use crate::ui::seen::Seen;
use crate::ui::view::lines::{Ranked, boxed};

/// The form in which the trader shows who he is, beside what he is about to do.
///
/// ```text
/// ╔═ Arm: REAL MONEY ═══════════════════════════════════╗
/// ║ account …0001, equity 102,418.77                    ║
/// ║ day loss 0.00 of 100.00   heat 0.00 of 1,250.00     ║
/// ║ 2 positions stand, 3 orders                         ║
/// ║ this clock is 12 ms behind the broker's             ║
/// ║                                                     ║
/// ║ last four of the account's number  0001             ║
/// ║ vault's passphrase                 ••••••••▏        ║
/// ║                                                     ║
/// ║ Enter goes on   Esc leaves it                       ║
/// ╚═════════════════════════════════════════════════════╝
/// ```
pub(super) fn draw(model: &Model, who: &Who, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    let (title, frame) = match who.asks {
        Trusted::Arm => ("Arm: REAL MONEY", theme.live),
        Trusted::Rearm => ("Trade again after the kill: REAL MONEY", theme.live),
        Trusted::Unlock => ("Unlock", theme.accent),
    };
    let facts = model.seen.as_ref().map(|seen| facts(seen)).unwrap_or_default();
    let mut lines: Vec<Ranked> =
        facts.into_iter().zip(3..).map(|(text, rank)| Ranked::new(text, theme.text, rank)).collect();
    lines.push(Ranked::gap());
    for (place, field) in who.fields.iter().enumerate() {
        let cursor = if place == who.at && !who.waits { "▏" } else { "" };
        let shown = match field {
            WhoField::Account => who.wish.account.expose().to_owned(),
            WhoField::Passphrase => who.wish.passphrase.dots(),
            WhoField::Code => who.wish.code.dots(),
        };
        let style = if place == who.at { theme.accent } else { theme.text };
        lines.push(Ranked::new(format!("{:<34} {shown}{cursor}", name(*field)), style, 0));
    }
    lines.extend(who.words.iter().map(|words| Ranked::new(words, theme.danger, 1)));
    lines.push(Ranked::gap());
    let hint = if who.waits { "the passphrase is being tried …" } else { "Enter goes on   Esc leaves it" };
    lines.push(Ranked::new(hint, theme.dim, 2));
    boxed(title, &lines, frame, area, buf);
}

const fn name(field: WhoField) -> &'static str {
    match field {
        WhoField::Account => "last four of the account's number",
        WhoField::Passphrase => "vault's passphrase",
        WhoField::Code => "code of the second factor",
    }
}

/// What stands, and what may be lost.
fn facts(seen: &Seen) -> Vec<String> {
    let account = &seen.snapshot.account;
    let money = |money: Option<Money>| money.map_or_else(|| "not known".to_owned(), figures::money);
    let of = |used, limit| format!("{} of {}", money(used), money(limit));
    let whose = seen.about.account.clone().unwrap_or_else(|| "not known".to_owned());
    let skew = match seen.snapshot.clock_offset_ms {
        None => "this clock was not compared with the broker's".to_owned(),
        Some(offset) if offset < 0 => format!("this clock is {} ms ahead of the broker's", -offset),
        Some(offset) => format!("this clock is {offset} ms behind the broker's"),
    };
    vec![
        format!("account {whose}, equity {}", money(account.equity)),
        format!("day loss {}", of(account.day_loss, account.day_loss_limit)),
        format!("heat {}", of(account.heat, account.heat_limit)),
        format!(
            "{} positions and {} orders stand",
            seen.snapshot.positions.len(),
            seen.snapshot.open_orders.len()
        ),
        skew,
    ]
}
