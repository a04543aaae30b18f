//! Every limit in force: how much of it is used, and what is left.
//!
//! ```text
//! ┏ Risk  ACTIVE ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓
//! ┃ACTIVE: what is within the limits passes                                      ┃
//! ┃No full stop: IBM 0/25                                                        ┃
//! ┃Limit              Used       Limit        Left                               ┃
//! ┃Day loss           0.00    2,000.00    2,000.00    0%                         ┃
//! ┃Heat           4,783.50   25,000.00   20,216.50   19% ██▋                     ┃
//! ┃                                                                              ┃
//! ┃Price collar         5%               Stale quote          15s                ┃
//! ┗━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┛
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::domain::money::Money;
use crate::domain::pct::Pct;
use crate::domain::symbol::Symbol;
use crate::risk::limits::Limits;
use crate::risk::state::TradingState;
use crate::ui::exposure::exposure;
use crate::ui::exposure::largest;
use crate::ui::exposure::touched;
use crate::ui::figures;
use crate::ui::ink::{figure, gauge, pane, put, width_of};
use crate::ui::model::Model;
use crate::ui::seen::Seen;
use crate::ui::table::{Cell, Column, figures as column, fitting, table, words};
use crate::ui::theme::Theme;
use crate::ui::view::positions::lacks_stop;
use crate::ui::view::rows::{below, grow, nothing, title, wrap};

/// Draws the risk page. What decides whether the next order passes stands first.
pub(super) fn draw(model: &Model, area: Rect, buf: &mut Buffer) {
    let theme = &model.theme;
    let word = model.seen.as_ref().map_or("", |seen| state_word(seen.snapshot.state));
    let inside = pane(buf, area, &title(&["Risk".to_owned(), word.to_owned()], area.width), true, theme);
    let Some(seen) = &model.seen else { return };
    let mut row = 0;
    for (text, style) in states(seen, theme) {
        for line in wrap(&text, inside.width) {
            put(buf, inside, inside.x, row, &line, style);
            row += 1;
        }
    }
    let uses = uses(seen);
    let rest = below(inside, row);
    let high = u16::try_from(uses.len() + 1).unwrap_or(u16::MAX).min(rest.height);
    gauges(buf, Rect { height: high, ..rest }, &uses, theme);
    // One empty row sets the rules apart, where it costs none of them.
    let rules = rules(&seen.limits);
    let rest = below(rest, high);
    let columns = (rest.width / RULE_WIDTH).max(1);
    let needed = rules.len().div_ceil(usize::from(columns));
    let gap = u16::from(usize::from(rest.height) > needed);
    list(buf, below(rest, gap), &rules, columns, theme);
    let after = u16::try_from(needed).unwrap_or(u16::MAX).saturating_add(gap).saturating_add(1);
    symbols(buf, below(rest, after), seen, theme);
}

/// With much room: what each symbol stands for, its live orders filled in the worst order.
fn symbols(buf: &mut Buffer, area: Rect, seen: &Seen, theme: &Theme) {
    let mut all: Vec<(Symbol, Option<Money>)> =
        touched(seen).into_iter().map(|symbol| (symbol, exposure(seen, symbol))).collect();
    if area.height < 4 || all.is_empty() {
        return;
    }
    // What is not known comes first: it may be the largest.
    all.sort_by_key(|(_, amount)| (amount.is_some(), std::cmp::Reverse(*amount)));
    let columns = vec![
        words("Symbol", 14, 0),
        column("Exposure", 10, 0),
        column("Limit", 10, 1),
        column("Left", 10, 0),
        column("Full", 5, 2),
        words("", 22, 3),
    ];
    let limit = seen.snapshot.account.position_limit;
    let row = |(symbol, amount): &(Symbol, Option<Money>)| {
        let one = money_use(symbol.as_str(), *amount, limit, "on".to_owned());
        let texts = texts(&one);
        let mut cells = cells(&one, texts, 22, theme);
        cells.truncate(columns.len());
        cells
    };
    let rows: Vec<Vec<Cell>> = all.iter().map(row).collect();
    grow(buf, area, columns, &rows, None, theme);
}

const fn state_word(state: TradingState) -> &'static str {
    match state {
        TradingState::Active => "ACTIVE",
        TradingState::ReduceOnly => "REDUCE-ONLY",
        TradingState::Halted => "HALTED",
    }
}

/// What passes and why not everything does, and what stands without a stop.
fn states(seen: &Seen, theme: &Theme) -> Vec<(String, Style)> {
    let snapshot = &seen.snapshot;
    let (means, style) = match snapshot.state {
        TradingState::Active => ("what is within the limits passes", theme.text),
        TradingState::ReduceOnly => ("only what makes positions smaller passes", theme.warning),
        TradingState::Halted => ("nothing opens; cancels, stops and your own exits pass", theme.danger),
    };
    let why = snapshot.halt_reason.as_ref().map_or_else(String::new, |why| format!(" (why: {why})"));
    let mut lines = vec![(format!("{}: {means}{why}", state_word(snapshot.state)), style)];
    if let Some(cause) = snapshot.not_ready {
        lines.push((format!("NOT READY: no position may be opened (why: {cause})"), theme.warning));
    }
    let bare = snapshot.positions.iter().filter(|position| lacks_stop(position));
    let bare: Vec<String> = bare
        .map(|position| {
            let (covered, whole) =
                (figures::shares(position.protected_qty), figures::shares(position.qty.abs()));
            let worth = position.naked.now.map_or_else(|| "?".to_owned(), figures::money);
            let span = lasting(position.naked.ms);
            format!("{} {covered}/{whole}, {worth} bare, {span} in all", position.symbol)
        })
        .collect();
    if snapshot.positions.is_empty() {
        lines.push((nothing(seen, "no positions"), theme.dim));
    } else if bare.is_empty() {
        let so_far = snapshot.positions.iter().max_by_key(|position| position.naked.ms);
        let so_far = so_far.filter(|position| position.naked.ms > 0).map_or_else(String::new, |position| {
            let (span, most) = (lasting(position.naked.ms), figures::money(position.naked.most));
            format!("; {} was bare for {span}, {most} of it", position.symbol)
        });
        lines.push((format!("Every position is fully covered by working stops{so_far}"), theme.dim));
    } else {
        lines.push((format!("NOSTOP {}: covered {}", bare.len(), bare.join("; ")), theme.danger));
    }
    lines
}

/// How long a position stood without its stop: tenths of a second, or minutes.
fn lasting(millis: i64) -> String {
    match millis {
        0..60_000 => format!("{}.{} s", millis / 1_000, millis % 1_000 / 100),
        _ => format!("{} min", millis / 60_000),
    }
}

/// A limit with what is used of it. What is not known is `None`, and shown as a question.
struct Use {
    name: String,
    used: Option<String>,
    limit: Option<String>,
    left: Option<String>,
    share: Option<f64>,
    rule: String,
    off: bool,
}

fn uses(seen: &Seen) -> Vec<Use> {
    let (account, limits) = (&seen.snapshot.account, &seen.limits);
    let rule = |pct: Option<Pct>, usd: Option<Money>, of: &str| {
        let pct = pct.map(|pct| format!("{pct}% of {of}"));
        let usd = usd.map(|usd| format!("at most {}", figures::money(usd)));
        pct.into_iter().chain(usd).collect::<Vec<_>>().join(", ")
    };
    let loss = rule(limits.max_daily_loss_pct, limits.max_daily_loss_usd, "the day's baseline");
    let heat = rule(limits.max_heat_pct, None, "equity");
    let gross = rule(limits.max_gross_pct, None, "equity");
    let position = rule(limits.max_position_pct, limits.max_position_usd, "equity");
    let (symbol, exposure) = largest(seen);
    let of = symbol.map_or_else(|| "Position".to_owned(), |symbol| format!("Position {symbol}"));
    vec![
        money_use("Day loss", account.day_loss, account.day_loss_limit, loss),
        money_use("Heat", account.heat, account.heat_limit, heat),
        money_use("Gross", account.gross, account.gross_limit, gross),
        money_use(&of, exposure, account.position_limit, position),
        openings(seen),
    ]
}

fn money_use(name: &str, used: Option<Money>, limit: Option<Money>, rule: String) -> Use {
    let both = used.zip(limit);
    let share = both.and_then(|(used, limit)| {
        // Nothing may be used of a limit of nothing: it is full.
        figures::share(used, limit).or(Some(if used.is_positive() { f64::INFINITY } else { 1.0 }))
    });
    Use {
        name: name.to_owned(),
        used: used.map(figures::money),
        limit: limit.map(figures::money),
        left: both.and_then(|(used, limit)| limit.minus(used).ok()).map(figures::money),
        share,
        off: rule.is_empty(),
        rule,
    }
}

fn openings(seen: &Seen) -> Use {
    let used = seen.openings_last_minute;
    let limit = seen.limits.openings_per_minute_account;
    Use {
        name: "Openings/min".to_owned(),
        used: Some(used.to_string()),
        limit: limit.map(|limit| limit.to_string()),
        left: limit.map(|limit| limit.saturating_sub(used).to_string()),
        share: limit.map(|limit| if limit == 0 { 1.0 } else { f64::from(used) / f64::from(limit) }),
        rule: limit.map_or_else(String::new, |_| "within a minute".to_owned()),
        off: limit.is_none(),
    }
}

fn gauges(buf: &mut Buffer, area: Rect, uses: &[Use], theme: &Theme) {
    let mut columns: Vec<Column> = vec![
        words("Limit", 14, 0),
        column("Used", 10, 0),
        column("Limit", 10, 1),
        column("Left", 10, 0),
        column("Full", 5, 2),
        words("", 8, 3),
        words("Rule", 12, 4),
    ];
    let texts: Vec<[String; 7]> = uses.iter().map(texts).collect();
    let need = |place: usize| texts.iter().map(|row| width_of(&row[place])).max().unwrap_or(0);
    for place in [0, 1, 2, 3, 4, 6] {
        columns[place].width = columns[place].width.max(need(place));
    }
    // The bar takes what is left, as far as a bar tells more by being longer.
    let kept = fitting(&columns, area.width);
    let taken: u16 = kept.iter().map(|place| columns[*place].width.saturating_add(1)).sum();
    let spare = (area.width + 1).saturating_sub(taken);
    columns[5].width += spare.min(32);
    let bar = columns[5].width;
    let rows: Vec<Vec<Cell>> =
        uses.iter().zip(texts).map(|(one, texts)| cells(one, texts, bar, theme)).collect();
    table(buf, area, &columns, &rows, None, theme);
}

fn texts(one: &Use) -> [String; 7] {
    let known = |text: &Option<String>| text.clone().unwrap_or_else(|| "?".to_owned());
    let (limit, left) =
        if one.off { ("off".to_owned(), "-".to_owned()) } else { (known(&one.limit), known(&one.left)) };
    let full = match one.share {
        _ if one.off => "-".to_owned(),
        Some(share) if share > 1.0 => "OVER".to_owned(),
        Some(share) if share >= 1.0 => "FULL".to_owned(),
        // Rounded down: 99.6 % is not full, and nearly full is not full.
        Some(share) => format!("{}%", (share * 100.0).floor()),
        None => "?".to_owned(),
    };
    [one.name.clone(), known(&one.used), limit, left, full, String::new(), one.rule.clone()]
}

fn cells(one: &Use, texts: [String; 7], bar: u16, theme: &Theme) -> Vec<Cell> {
    let style = match one.share {
        _ if one.off => theme.dim,
        None => theme.warning,
        Some(share) if share >= 1.0 => theme.danger,
        Some(share) if share >= 0.8 => theme.warning,
        Some(_) => theme.text,
    };
    let share = if one.off { None } else { one.share };
    let track = share.map_or_else(String::new, |share| gauge(share.min(1.0), bar.saturating_sub(2)));
    let [name, used, limit, left, full, _, rule] = texts;
    vec![
        Cell::new(name, theme.text),
        Cell::new(used, style),
        Cell::new(limit, theme.text),
        Cell::new(left, style),
        Cell::new(full, style),
        Cell::new(if track.is_empty() { track } else { format!("▕{track}▏") }, style),
        Cell::new(rule, theme.dim),
    ]
}

const RULE_WIDTH: u16 = 38;
const RULE_NAME: u16 = 22;

/// The rules that are on or off, or have one figure.
fn rules(limits: &Limits) -> Vec<(&'static str, String)> {
    let off = || "off".to_owned();
    let pct = |pct: Option<Pct>| pct.map_or_else(off, |pct| format!("{pct}%"));
    let count = |count: Option<u32>| count.map_or_else(off, |count| count.to_string());
    let yes = |on: bool| if on { "yes" } else { "no" }.to_owned();
    let auto = if limits.stops_auto { format!("on, {} x ATR", limits.stop_atr_multiple) } else { off() };
    let streak =
        limits.loss_streak.map_or_else(off, |n| format!("{n}, then {} min", limits.cool_down_minutes));
    let hours = match (limits.regular_session_only, limits.extended_hours) {
        (false, _) => "at any hour",
        (true, true) => "ext: 4 to 20 h",
        (true, false) => "in the session",
    };
    vec![
        ("Largest order", limits.max_order_usd.map_or_else(off, figures::money)),
        ("stops.auto", auto),
        ("Stops required", yes(limits.stops_required)),
        ("Price collar", pct(limits.price_collar_pct)),
        ("Stale quote", seconds(limits.stale_quote_ms)),
        ("Duplicate within", limits.duplicate_window_ms.map_or_else(off, seconds)),
        (
            "A strategy's openings",
            limits.openings_per_minute_strategy.map_or_else(off, |n| format!("{n} a minute")),
        ),
        ("Part of volume", pct(limits.max_volume_share_pct)),
        ("Repeated executions", count(limits.repeated_executions)),
        ("Opens positions", hours.to_owned()),
        ("Loss streak", streak),
        ("Rejects: strategy off", limits.rejects_disable_strategy.to_string()),
        ("Rejects: no openings", limits.rejects_end_openings.to_string()),
        ("Day loss flattens", yes(limits.flatten_on_daily_loss)),
    ]
}

fn seconds(millis: i64) -> String {
    if millis % 1_000 == 0 { format!("{} s", millis / 1_000) } else { format!("{millis} ms") }
}

/// Names and values in columns, read downwards; what has no room is counted.
fn list(buf: &mut Buffer, area: Rect, rules: &[(&str, String)], columns: u16, theme: &Theme) {
    if area.height == 0 || area.width == 0 {
        return;
    }
    let all = rules.len().div_ceil(usize::from(columns));
    let high = usize::from(area.height);
    let shown = if all > high { high - 1 } else { all };
    let mut drawn = 0;
    for column in 0..columns {
        let x = area.x + column * RULE_WIDTH;
        let end = if column + 1 == columns { area.right() } else { x + RULE_WIDTH - 1 };
        let cell = Rect { x, width: end - x, ..area };
        for ((name, value), y) in rules.iter().skip(usize::from(column) * all).take(all.min(shown)).zip(0..) {
            let after = put(buf, cell, cell.x, y, name, theme.dim).max(cell.x + RULE_NAME);
            put(buf, cell, after, y, &figure(value, cell.right().saturating_sub(after)), theme.text);
            drawn += 1;
        }
    }
    if drawn < rules.len() {
        let hidden = rules.len() - drawn;
        let (long, short) = (format!("+{hidden} more rules"), format!("+{hidden}"));
        let text = if width_of(&long) <= area.width { long } else { figure(&short, area.width).into_owned() };
        put(buf, area, area.x, area.height - 1, &text, theme.warning);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::fixture::Variant;
    use crate::ui::view::proof::check;

    #[test]
    fn the_risk_page_shows_what_is_used_and_why_nothing_opens() {
        check(
            "risk",
            Variant::ReduceOnly,
            80,
            18,
            &[
                "┏ Risk  REDUCE-ONLY ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓",
                "┃REDUCE-ONLY: only what makes positions smaller passes (why: daily loss 2134.00┃",
                "┃of 2000.00)                                                                   ┃",
                "┃NOSTOP 1: covered IBM 0/25, 4,572.50 bare, 4.2 s in all                       ┃",
                "┃Limit                Used      Limit       Left  Full                         ┃",
                "┃Day loss         2,134.00   2,000.00    -134.00  OVER ▕██████████████████████▏┃",
                "┃Heat             4,783.50  24,466.50  19,683.00   19% ▕████▎                 ▏┃",
                "┃Gross           26,197.30  97,866.00  71,668.70   26% ▕█████▉                ▏┃",
                "┃Position SPY    16,620.00  19,573.20   2,953.20   84% ▕██████████████████▋   ▏┃",
                "┃Openings/min            2         30         28    6% ▕█▌                    ▏┃",
                "┃Largest order         20,000.00       Part of volume        5%                ┃",
                "┃stops.auto            on, 2 x ATR     Repeated executions   20                ┃",
                "┃Stops required        yes             Opens positions       in the session    ┃",
                "┃Price collar          5%              Loss streak           off               ┃",
                "┃Stale quote           15 s            Rejects: strategy off 5                 ┃",
                "┃Duplicate within      2 s             Rejects: no openings  10                ┃",
                "┃A strategy's openings 10 a minute     Day loss flattens     no                ┃",
                "┗━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┛",
            ],
        );
        check(
            "risk",
            Variant::Empty,
            50,
            10,
            &[
                "┏ Risk  ACTIVE ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓",
                "┃ACTIVE: what is within the limits passes        ┃",
                "┃NOT READY: no position may be opened (why:      ┃",
                "┃reconcile)                                      ┃",
                "┃none known: not reconciled                      ┃",
                "┃Limit                 Used      Limit       Left┃",
                "┃Day loss                 ?        off          -┃",
                "┃Heat                     ?        off          -┃",
                "┃+3 more                                         ┃",
                "┗━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┛",
            ],
        );
    }

    #[test]
    fn a_limit_is_full_at_its_edge_and_not_before() {
        let full = |used: &str, limit: &str| {
            let one = money_use("Heat", used.parse().ok(), limit.parse().ok(), "on".to_owned());
            texts(&one)[4].clone()
        };
        for (used, limit, word) in [
            ("0", "100", "0%"),
            ("99.99", "100", "99%"),
            ("100", "100", "FULL"),
            ("100.01", "100", "OVER"),
            ("0", "0", "FULL"),
            ("1", "0", "OVER"),
            ("?", "100", "?"),
        ] {
            assert_eq!(full(used, limit), word, "{used} of {limit}");
        }
    }
}
