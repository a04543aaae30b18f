use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::domain::at::At;
use crate::domain::calendar::{Phase, next_session, session};
use crate::domain::day::TradingDay;
use crate::domain::mode::Mode;
use crate::domain::money::Money;
use crate::domain::pct::Pct;
use crate::engine::snapshot::Snapshot;
use crate::risk::state::TradingState;
use crate::ui::clock::hms;
use crate::ui::ink::{cut, gauge, put, put_right, width_of};
use crate::ui::model::{Model, Popup};
use crate::ui::seen::Seen;
use crate::ui::theme::Theme;
use crate::ui::words;

/// One piece of a line, and how it is painted.
type Part = (String, Style);

/// The first lines: what must be in sight at every size.
///
/// ```text
///  SIM  embedded exchange ×60  Equity 102,418.77  Day ▲ +612.40 (+0.60%)  Open ▼ -84.10  OPEN 2:14  11:45:51 ET
/// Day loss ▕          ▏ 0% of -2,048 (2%)  Heat ▕███▋   ▏ 11.5% / 25%  Gross ▕██▏  ▏ 62%  Stops missing 0
/// ```
pub(super) fn draw(model: &Model, area: Rect, buf: &mut Buffer) -> u16 {
    let Some(seen) = &model.seen else {
        put(buf, area, area.x, 0, words::STARTING, model.theme.dim);
        return area.height.min(2);
    };
    let badge = badge(seen, &model.theme);
    let x = put(buf, area, area.x, 0, &badge.0, badge.1);
    if model.lock.is_some() {
        locked(model, seen, Rect { x: x + 1, width: area.width.saturating_sub(x + 1 - area.x), ..area }, buf);
        return area.height.min(2);
    }
    // The data's age comes before the day's result, that before the hour and the session.
    let left = area.width.saturating_sub(x - area.x).saturating_sub(1);
    let day = width_of(&day(&seen.snapshot, &model.theme).0) + 2;
    let clocks = clocks(model, seen, area.width >= 120);
    let clock = clocks.iter().find(|clock| width_of(&clock.0) + day <= left).or(clocks.last());
    let (clock, tone) = clock.map_or(("", Style::new()), |clock| (&clock.0, clock.1));
    put_right(buf, area, x + 1, 0, clock, tone);
    let room = left.saturating_sub(width_of(clock) + 1);
    parts(buf, Rect { x: x + 1, width: room, ..area }, 0, &account(model, seen, room));
    gauges(model, seen, Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area }, buf);
    area.height.min(2)
}

/// A locked window tells how the run is, and nothing of what it holds.
fn locked(model: &Model, seen: &Seen, area: Rect, buf: &mut Buffer) {
    let x = put(buf, area, area.x, 0, words::LOCKED, model.theme.accent);
    let state = state_word(seen.snapshot.state);
    put(buf, area, x.saturating_add(2), 0, state, model.theme.warning);
    let clocks = clocks(model, seen, area.width >= 120);
    let room = area.width.saturating_sub(width_of(words::LOCKED) + width_of(state) + 4);
    if let Some((clock, tone)) = clocks.iter().find(|clock| width_of(&clock.0) <= room) {
        put_right(buf, area, area.x, 0, clock, *tone);
    }
}

/// The smallest screens: badge, day, state, and how to stop.
pub(super) fn tiny(model: &Model, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    put(buf, area, area.x, area.height.saturating_sub(1), words::KILL_HINT_SHORT, theme.danger);
    let Some(seen) = &model.seen else { return };
    let badge = badge(seen, theme);
    // With one line alone, the badge and the way to stop share it; half a hint helps nobody.
    if area.height == 1 {
        let word = badge.0.trim();
        if width_of(word) + 1 + width_of(words::KILL_HINT_SHORT) <= area.width {
            let line = format!("{word} {}", words::KILL_HINT_SHORT);
            put(buf, area, area.x, 0, &line, theme.danger);
            put(buf, area, area.x, 0, word, badge.1);
        }
        return;
    }
    let x = put(buf, area, area.x, 0, &badge.0, badge.1);
    let state = if model.engine_down.is_some() {
        words::ENGINE_DOWN
    } else if model.kill.tripped {
        state_word(TradingState::Halted)
    } else {
        state_word(seen.snapshot.state)
    };
    put(
        buf,
        area,
        x.saturating_add(1),
        0,
        &cut(state, area.width.saturating_sub(x + 1 - area.x)),
        theme.warning,
    );
    if area.height > 2 && model.lock.is_none() {
        let day = day(&seen.snapshot, theme);
        if width_of(&day.0) <= area.width {
            put(buf, area, area.x, 1, &day.0, day.1);
        }
    }
    if area.height > 3 {
        let (text, style) = tiny_words(model);
        put(buf, area, area.x, 2, &cut(&text, area.width), style);
    }
}

/// What lies over the screen has no room here: one line says what it asks for.
fn tiny_words(model: &Model) -> Part {
    let theme = &model.theme;
    if let Some(lock) = &model.lock {
        return (format!("{} {}▏", words::LOCKED, lock.typed.dots()), theme.accent);
    }
    match &model.popup {
        Some(Popup::Confirm(_)) => (words::TOO_SMALL_TO_CONFIRM.to_owned(), theme.warning),
        Some(Popup::Quit(_)) => (words::QUIT_SHORT.to_owned(), theme.warning),
        Some(Popup::Palette(typed)) if typed.words.is_empty() => {
            (format!(":{}", typed.line.text()), theme.text)
        }
        Some(Popup::Palette(typed)) => (typed.words.join(" "), theme.text),
        Some(Popup::Find(line)) => (format!("/{}", line.text()), theme.text),
        Some(Popup::Queue(_) | Popup::Review(_) | Popup::Who(_) | Popup::Wizard(_)) => {
            (words::TOO_SMALL_TO_CONFIRM.to_owned(), theme.warning)
        }
        _ if model.shows_kill() => (words::KILL_AGAIN_SHORT.to_owned(), theme.danger),
        _ if model.seen.as_ref().is_some_and(|seen| !seen.snapshot.asks.is_empty()) => {
            let count = model.seen.as_ref().map_or(0, |seen| seen.snapshot.asks.len());
            (words::waiting(count), theme.warning)
        }
        _ => (words::ENLARGE.to_owned(), theme.dim),
    }
}

const fn state_word(state: TradingState) -> &'static str {
    match state {
        TradingState::Active => "",
        TradingState::ReduceOnly => "REDUCE-ONLY",
        TradingState::Halted => "HALTED",
    }
}

fn badge(seen: &Seen, theme: &Theme) -> Part {
    if seen.about.replay {
        return (format!(" {} ", words::REPLAY), theme.sim);
    }
    let mode = seen.snapshot.mode;
    let style = match mode {
        Mode::Sim => theme.sim,
        Mode::Paper => theme.paper,
        Mode::Live => theme.live,
    };
    (format!(" {} ", words::badge(mode)), style)
}

/// Writes the parts that have room, whole ones only, in their order.
fn parts(buf: &mut Buffer, area: Rect, row: u16, parts: &[Part]) {
    let mut x = area.x;
    for (text, style) in parts {
        let width = width_of(text);
        if x + width > area.right() {
            continue;
        }
        x = put(buf, area, x, row, text, *style).saturating_add(2);
    }
}

/// The account's figures, the weightiest first.
fn account(model: &Model, seen: &Seen, room: u16) -> Vec<Part> {
    let (theme, snapshot) = (&model.theme, &seen.snapshot);
    let open = snapshot
        .positions
        .iter()
        .try_fold(Money::ZERO, |sum, position| position.unrealized.and_then(|gain| sum.plus(gain).ok()));
    let mut all = vec![day(snapshot, theme)];
    if width_of(&all[0].0) > room {
        all = vec![signed("Day", snapshot.account.day_pnl, theme)];
    }
    all.push(match snapshot.account.equity {
        Some(equity) => (format!("Equity ${}", grouped(equity)), theme.text),
        None => ("Equity unknown".to_owned(), theme.warning),
    });
    all.push(signed("Open", open, theme));
    if let Some(r) = seen.journal.total_r {
        all.push((format!("R today {r:+.1}R"), theme.text));
    }
    if let Some(cash) = snapshot.account.cash {
        all.push((format!("Cash ${}", grouped(cash)), theme.dim));
    }
    all.push((format!("{} {}", seen.about.venue, seen.about.pace), theme.dim));
    all
}

fn day(snapshot: &Snapshot, theme: &Theme) -> Part {
    let account = &snapshot.account;
    let (mut text, style) = signed("Day", account.day_pnl, theme);
    if let Some((pnl, e0)) = account.day_pnl.zip(account.e0).filter(|(_, e0)| e0.is_positive()) {
        text.push_str(&format!(" ({:+.2}%)", pnl.to_f64() / e0.to_f64() * 100.0));
    }
    (text, style)
}

/// A gain or a loss with its arrow and its sign.
fn signed(name: &str, money: Option<Money>, theme: &Theme) -> Part {
    match money {
        None => (format!("{name} unknown"), theme.warning),
        Some(money) if money.is_negative() => (format!("{name} ▼ {}", grouped(money)), theme.down),
        Some(money) if money.is_positive() => (format!("{name} ▲ +{}", grouped(money)), theme.up),
        Some(money) => (format!("{name}   {}", grouped(money)), theme.text),
    }
}

/// Dollars with commas between the thousands.
pub(super) fn grouped(money: Money) -> String {
    let text = money.to_string();
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("-", digits));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let mut out = String::from(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if !part.is_empty() {
        out.push('.');
        out.push_str(part);
    }
    out
}

/// The session, the data's clock and how old its newest word is; then the same with less and less.
fn clocks(model: &Model, seen: &Seen, roomy: bool) -> [Part; 4] {
    let snapshot = &seen.snapshot;
    let now = snapshot.at;
    let session = session_words(snapshot.day, snapshot.phase, now, roomy);
    let time = if roomy { format!("{} {} ET", snapshot.day, hms(now)) } else { hms(now) };
    let (age, style) = age(model, seen);
    let short = age.strip_prefix("data ").unwrap_or(&age).to_owned();
    [
        (format!("{session}  {time}  {age}"), style),
        (format!("{time}  {age}"), style),
        (age, style),
        (short, style),
    ]
}

fn session_words(day: TradingDay, phase: Phase, now: At, roomy: bool) -> String {
    let left = |until: At| {
        let minutes = until.millis_since(now).max(0) / 60_000;
        format!("{}:{:02}", minutes / 60, minutes % 60)
    };
    let today = session(day);
    if phase == Phase::Regular {
        return match today {
            Some(today) if roomy => format!("NYSE OPEN closes in {}", left(today.close)),
            Some(today) => format!("OPEN {}", left(today.close)),
            None => "OPEN".to_owned(),
        };
    }
    match today.filter(|today| now < today.open).or_else(|| next_session(day)) {
        Some(next) if roomy => format!("NYSE {} opens in {}", phase.word(), left(next.open)),
        _ => phase.word().to_uppercase(),
    }
}

/// How old the newest word of the feed is; how long the machine is silent counts too.
fn age(model: &Model, seen: &Seen) -> (String, Style) {
    let theme = &model.theme;
    let in_session = seen.snapshot.phase == Phase::Regular;
    let stale: Vec<i64> = seen
        .markets
        .iter()
        .filter(|market| market.is_stale())
        .map(|market| market.age_ms.unwrap_or(0))
        .collect();
    let newest = seen.markets.iter().filter_map(|market| market.age_ms).min();
    let words = |millis: i64| {
        if millis < 1_000 { format!("{millis}ms") } else { format!("{}s", millis / 1_000) }
    };
    match newest {
        None => ("data none yet".to_owned(), theme.warning),
        Some(_) if in_session && !stale.is_empty() => (format!("data ○ {} stale", stale.len()), theme.danger),
        Some(newest) if in_session => (format!("data ● {}", words(newest)), theme.text),
        Some(_) => ("data at rest".to_owned(), theme.dim),
    }
}

/// The gauges of what the trader allowed.
fn gauges(model: &Model, seen: &Seen, area: Rect, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let (theme, snapshot) = (&model.theme, &seen.snapshot);
    let account = &snapshot.account;
    let roomy = area.width >= 160;
    let width = if roomy {
        20
    } else if area.width >= 120 {
        12
    } else if area.width >= 60 {
        8
    } else {
        3
    };
    let percent = |value: Option<Money>| {
        let (value, equity) = (value?, account.equity.filter(|equity| equity.is_positive())?);
        Some(value.to_f64() / equity.to_f64() * 100.0)
    };
    let loss = match account.day_loss.zip(account.day_loss_limit) {
        Some((loss, limit)) if roomy => format!(
            "{:.0}% of -${} ({})",
            share(Some(loss), Some(limit)) * 100.0,
            grouped(limit),
            limit_pct(seen.limits.max_daily_loss_pct)
        ),
        Some((loss, limit)) => format!("{}/{}", whole(loss), whole(limit)),
        None => "unknown".to_owned(),
    };
    let of = |value: Option<Money>, limit: String| {
        percent(value).map_or_else(|| "unknown".to_owned(), |value| format!("{value:.1}/{limit}"))
    };
    let mut all = vec![
        meter(
            if roomy { "Day loss" } else { "Loss" },
            share(account.day_loss, account.day_loss_limit),
            &loss,
            width,
            theme,
        ),
        meter(
            "Heat",
            share(account.heat, account.heat_limit),
            &of(account.heat, limit_pct(seen.limits.max_heat_pct)),
            width,
            theme,
        ),
    ];
    if area.width >= 120 {
        let gross = of(account.gross, limit_pct(seen.limits.max_gross_pct));
        all.push(meter("Gross", share(account.gross, account.gross_limit), &gross, width, theme));
    }
    let bare =
        snapshot.positions.iter().filter(|position| position.protected_qty < position.qty.abs()).count();
    let stops = if bare > 0 {
        (format!("NOSTOP {bare}"), theme.danger)
    } else if roomy {
        ("Stops missing 0".to_owned(), theme.dim)
    } else {
        (format!("Pos {} Ord {}", snapshot.positions.len(), snapshot.open_orders.len()), theme.text)
    };
    all.push(stops);
    if roomy {
        let allowed =
            seen.limits.openings_per_minute_account.map_or_else(|| "any".to_owned(), |most| most.to_string());
        all.push((format!("Openings/min {}/{allowed}", seen.openings_last_minute), theme.dim));
    }
    all.push(strategies(snapshot, theme, roomy));
    parts(buf, area, 0, &all);
}

fn limit_pct(limit: Option<Pct>) -> String {
    limit.map_or_else(|| "no limit".to_owned(), |limit| format!("{limit}%"))
}

fn strategies(snapshot: &Snapshot, theme: &Theme, roomy: bool) -> Part {
    let running = snapshot.strategies.iter().filter(|strategy| strategy.state == "running").count();
    let rest = snapshot.strategies.len() - running;
    let text = if roomy {
        format!("Strategies {running} running, {rest} not")
    } else {
        format!("Strat {running}▶{rest}=")
    };
    (text, theme.dim)
}

fn whole(money: Money) -> String {
    let text = money.to_string();
    text.split_once('.').map_or(text.clone(), |(whole, _)| whole.to_owned())
}

fn share(value: Option<Money>, limit: Option<Money>) -> f64 {
    match value.zip(limit) {
        Some((value, limit)) if limit.is_positive() => value.to_f64() / limit.to_f64(),
        Some((value, _)) if value.is_positive() => 1.0,
        _ => 0.0,
    }
}

/// A bar between its ends, coloured by how full it is; the figure says it too.
fn meter(name: &str, share: f64, figure: &str, width: u16, theme: &Theme) -> Part {
    let style = if share >= 1.0 {
        theme.danger
    } else if share >= 0.5 {
        theme.warning
    } else {
        theme.text
    };
    let mark = if share >= 1.0 { "!" } else { "" };
    (format!("{name} ▕{}▏{mark}{figure}", gauge(share, width)), style)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart_and_signs_stay() {
        for (money, text) in [
            ("0", "0.00"),
            ("999.5", "999.50"),
            ("-1000", "-1,000.00"),
            ("102418.77", "102,418.77"),
            ("-1234567.89", "-1,234,567.89"),
        ] {
            assert_eq!(grouped(money.parse().unwrap()), text);
        }
    }
}
