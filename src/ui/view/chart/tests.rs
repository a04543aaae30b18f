use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::*;
use crate::domain::at::At;
use crate::domain::calendar::Phase;
use crate::domain::mode::Mode;
use crate::domain::qty::Qty;
use crate::engine::snapshot::{AccountView, Snapshot};
use crate::risk::limits::Limits;
use crate::risk::state::TradingState;
use crate::ui::ascii::to_ascii;
use crate::ui::candles::{Overlay, Timeframe};
use crate::ui::keys::Keys;
use crate::ui::model::{LockAfter, Setting};
use crate::ui::seen::{About, FillMark, JournalView, MarketView, PlotLine, Seen};
use crate::ui::theme::{Depth, Theme, ThemeName};

fn price(text: &str) -> Price {
    text.parse().unwrap()
}

fn at(text: &str) -> At {
    text.parse().unwrap()
}

fn spy() -> Symbol {
    "SPY".parse().unwrap()
}

/// Bars of a minute from 09:30 on, each opening where the one before closed: `(close, wick, shares)` in
/// cents.
fn minutes(rows: &[(i32, i32, i32)]) -> Vec<Bar> {
    let mut open = 16_720;
    let mut bars = Vec::new();
    for (number, (close, wick, shares)) in (0..).zip(rows) {
        let start = at("2013-10-07T13:30:00Z").plus_seconds(number * 60);
        bars.push(Bar {
            symbol: spy(),
            start,
            end: start.plus_seconds(60),
            open: Price::from_cents(open),
            high: Price::from_cents(open.max(*close) + wick),
            low: Price::from_cents(open.min(*close) - wick),
            close: Price::from_cents(*close),
            volume: Qty::shares(*shares),
        });
        open = *close;
    }
    bars
}

const ROWS: [(i32, i32, i32); 24] = [
    (16_724, 2, 900),
    (16_730, 1, 700),
    (16_727, 3, 400),
    (16_733, 0, 500),
    (16_741, 2, 800),
    (16_738, 1, 300),
    (16_738, 2, 100),
    (16_731, 2, 600),
    (16_722, 4, 900),
    (16_726, 1, 200),
    (16_719, 2, 500),
    (16_711, 2, 1200),
    (16_714, 1, 300),
    (16_714, 0, 0),
    (16_709, 3, 400),
    (16_717, 2, 600),
    (16_725, 1, 700),
    (16_729, 2, 300),
    (16_726, 2, 200),
    (16_734, 1, 600),
    (16_739, 3, 500),
    (16_745, 2, 900),
    (16_742, 1, 300),
    (16_744, 2, 200),
];

fn chart(minutes: Vec<Bar>) -> ChartView {
    let fill = |time, side, text| FillMark { at: at(time), side, price: price(text) };
    ChartView {
        symbol: spy(),
        minutes: Arc::new(minutes),
        plots: Vec::new(),
        fills: vec![
            fill("2013-10-07T13:35:20Z", Side::Sell, "167.40"),
            fill("2013-10-07T13:45:10Z", Side::Buy, "167.12"),
        ],
        stop: Some(price("167")),
        target: Some(price("169.5")),
        entry: Some(price("167.123333333")),
    }
}

fn seen(chart: Option<ChartView>) -> Seen {
    let none = AccountView {
        equity: None,
        e0: None,
        day_pnl: None,
        day_loss: None,
        day_loss_limit: None,
        heat: None,
        heat_limit: None,
        gross: None,
        gross_limit: None,
        position_limit: None,
        cash: None,
    };
    let words = String::new;
    Seen {
        snapshot: Snapshot {
            clock_offset_ms: None,
            at: at("2013-10-07T13:54:00Z"),
            mode: Mode::Sim,
            state: TradingState::Active,
            halt_reason: None,
            not_ready: None,
            day: "2013-10-07".parse().unwrap(),
            phase: Phase::Regular,
            account: none,
            armed_until: None,
            positions: Vec::new(),
            open_orders: Vec::new(),
            strategies: Vec::new(),
            asks: Vec::new(),
            restraints: Vec::new(),
            adjusts: Vec::new(),
        },
        limits: Limits::default(),
        about: About {
            venue: words(),
            data: words(),
            pace: words(),
            sandbox: words(),
            account: None,
            asks_for_a_code: false,
            replay: false,
        },
        markets: vec![MarketView {
            symbol: spy(),
            bid: None,
            ask: None,
            last: chart.as_ref().and_then(|chart| chart.minutes.last()).map(|bar| bar.close),
            previous_close: Some(price("168.00")),
            age_ms: Some(400),
            stale_after_ms: 60_000,
        }],
        chart,
        journal: JournalView::default(),
        r_multiples: Vec::new(),
        openings_last_minute: 0,
        log: Arc::default(),
        data_ended: false,
        preview: None,
        trust: Arc::default(),
    }
}

fn model(seen: Option<Seen>, theme: ThemeName) -> Model {
    let theme = Theme::of(theme, Depth::True);
    let mut model = Model::new(Setting {
        size: (80, 24),
        theme,
        ascii: false,
        keys: Keys::default(),
        lock_after: LockAfter::default(),
    });
    model.seen = seen.map(Box::new);
    model
}

fn drawn(model: &Model, width: u16, height: u16) -> Buffer {
    let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
    let area = buf.area;
    draw(model, area, &mut buf);
    if model.ascii {
        to_ascii(&mut buf);
    }
    buf
}

fn lines(buf: &Buffer) -> Vec<String> {
    let row = |y| (0..buf.area.width).map(|x| buf[(x, y)].symbol()).collect::<String>();
    (0..buf.area.height).map(|y| row(y).trim_end().to_owned()).collect()
}

fn check(model: &Model, width: u16, height: u16, expect: &[&str]) {
    let lines = lines(&drawn(model, width, height));
    assert_eq!(lines, expect, "\n{}\n", lines.join("\n"));
}

/// The chart with the eyes: `cargo test --lib chart_for_eyes -- --ignored --nocapture`.
#[test]
#[ignore = "for eyes: prints the chart of the bundled week"]
fn chart_for_eyes() {
    let text = std::fs::read_to_string("data/bars-1min-2013-10-07_11.csv").unwrap();
    let mut bars = Vec::new();
    for line in text.lines().skip(1) {
        let [start, "SPY", open, high, low, close, volume] = line.split(',').collect::<Vec<_>>()[..] else {
            continue;
        };
        let start = at(start);
        bars.push(Bar {
            symbol: spy(),
            start,
            end: start.plus_seconds(60),
            open: price(open),
            high: price(high),
            low: price(low),
            close: price(close),
            volume: volume.parse().unwrap(),
        });
    }
    let until = at("2013-10-09T16:30:00Z");
    bars.retain(|bar| bar.end <= until);
    let fill = |time, side, text| FillMark { at: at(time), side, price: price(text) };
    let view = ChartView {
        symbol: spy(),
        minutes: Arc::new(bars),
        plots: Vec::new(),
        fills: vec![
            fill("2013-10-09T15:20:20Z", Side::Buy, "165.40"),
            fill("2013-10-09T16:05:10Z", Side::Sell, "165.12"),
        ],
        stop: Some(price("164.95")),
        target: Some(price("169.5")),
        entry: Some(price("165.223333333")),
    };
    let ways = [
        (Timeframe::OneMinute, Overlay::Ema20, 117, 32, false, 0),
        (Timeframe::FiveMinutes, Overlay::Vwap, 117, 32, false, 0),
        (Timeframe::OneMinute, Overlay::Vwap, 52, 12, false, 0),
        (Timeframe::FifteenMinutes, Overlay::Sma50, 52, 12, true, 0),
        (Timeframe::OneHour, Overlay::Ema20, 52, 12, false, 70_000),
        (Timeframe::OneDay, Overlay::None, 40, 9, false, 0),
        (Timeframe::FiveMinutes, Overlay::Ema20, 20, 6, false, 0),
    ];
    for (timeframe, overlay, width, height, ascii, silent_ms) in ways {
        let mut model = model(Some(seen(Some(view.clone()))), ThemeName::Mono);
        (model.timeframe, model.overlay, model.ascii, model.now_ms) = (timeframe, overlay, ascii, silent_ms);
        model.size = if width > 100 { (200, 50) } else { (80, 24) };
        println!("{}", lines(&drawn(&model, width, height)).join("\n"));
    }
    let mut model = model(Some(seen(Some(view))), ThemeName::Okabe);
    model.size = (200, 50);
    if let Ok(folder) = std::fs::canonicalize("target/tmp") {
        std::fs::write(folder.join("chart.svg"), crate::ui::svg::svg(&drawn(&model, 117, 32))).unwrap();
    }
}

fn plain() -> Model {
    model(Some(seen(Some(chart(minutes(&ROWS))))), ThemeName::Mono)
}

#[test]
fn the_chart_at_the_size_of_a_pane() {
    check(
        &plain(),
        60,
        14,
        &[
            "┌ SPY 1m  O 167.42 H 167.46 L 167.40 C 167.44 V 200 ───────┐",
            "│                               ▼  ↑ target 169.50         │",
            "│                              ╷╷              ╷┃▌╽◂ 167.44│",
            "│                              ┃▌┴▖            ┃╿╵╵┤ 167.40│",
            "│                           ╻▖┃╿  ▌▖        ╷╷┃╿ ∙∙        │",
            "│                          ╻┃▘╹   ╵▌╽▖     ╻┃▌┃∙∙          │",
            "│                          ┃╵      ▘╹▌▖   ╷┃╵      ┤ 167.20│",
            "│┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄ entry 167.12 ╵▌╽─▖┃╹┄┄┄┄┄┄┄        │",
            "│                                     ▘╹ ▘╿                │",
            "│┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈ stop 167.00 ▲┈┈┈┈┈┈┈┈┤ 167.00│",
            "│                                                          │",
            "│                          ▆▅▃▃▅▂▁▄▆▁▃█▂ ▃▄▅▂▁▄▃▆▂▁        │",
            "│                          09:30     09:40     09:50       │",
            "└──────────────────────────────────────────────────────────┘",
        ],
    );
}

#[test]
fn the_chart_where_only_ascii_may_be_drawn() {
    let mut model = plain();
    (model.ascii, model.overlay) = (true, Overlay::Vwap);
    check(
        &model,
        44,
        12,
        &[
            "+ SPY 1m  167.44 v0.33%  VWAP 167.27 ------+",
            "|               v  ^ target 169.50         |",
            "|              o#..            .o#o< 167.44|",
            "|            .oo#+#.          ooo          |",
            "|          oo#o'~~##o#~~~~~oo#o'~~~        |",
            "|          o'      #o##  .oo'      + 167.20|",
            "|------- entry 167.12 #o-#o--------        |",
            "|                        ''                |",
            "|------------ stop 167.00 ^--------+ 167.00|",
            "|          #====..=#.=#. ===..==#..        |",
            "|          09:30     09:40     09:50       |",
            "+------------------------------------------+",
        ],
    );
}

#[test]
fn the_chart_gives_up_volume_then_axes_then_all_but_the_last_price() {
    check(
        &plain(),
        30,
        8,
        &[
            "┌ SPY 1m 167.44 ▼0.33% ──────┐",
            "│ ▼  ↑ target 169.50 ┤ 167.50│",
            "│┃▌┴▖╷          ╻╽┃▘╹◂ 167.44│",
            "│╵  ▘▌┃▌▖  ╷╻┃╿▘╹╵∙∙∙        │",
            "│┄┄┄┄┄┄┄▘╹─▘╿┄ entry         │",
            "│┈┈┈┈┈┈┈┈┈┈┈▲┈┈ stop ┤ 167.00│",
            "│      09:40     09:50       │",
            "└────────────────────────────┘",
        ],
    );
    check(
        &plain(),
        20,
        7,
        &[
            "┌ SPY 1m 167.44 ───┐",
            "│─▖╷ ↑ target ╷╽┃▘╿│",
            "│ ▘▌╻▖     ╻┃▌┃╹∙∙∙│",
            "│┄┄╵╵▘▌╻─▖┃╹ entry │",
            "│┈┈┈┈┈╵┈┈▘╹┈┈ stop │",
            "│         ▲        │",
            "└──────────────────┘",
        ],
    );
    check(
        &plain(),
        20,
        4,
        &["┌ SPY 1m 167.44 ───┐", "│167.44            │", "│                  │", "└──────────────────┘"],
    );
    check(&plain(), 12, 3, &["┌ SPY 1m ──┐", "│167.44    │", "└──────────┘"]);
    check(&plain(), 7, 3, &["┌ SPY ┐", "│#####│", "└─────┘"]);
    check(&plain(), 30, 2, &["SPY 1m 167.44 ▼0.33%", ""]);
    check(&plain(), 3, 1, &[""]);
}

#[test]
fn days_are_told_apart_and_a_days_bar_has_a_date() {
    let mut bars = minutes(&ROWS);
    let next = bars.iter().map(|bar| Bar {
        start: bar.start.plus_seconds(86_400),
        end: bar.end.plus_seconds(86_400),
        ..*bar
    });
    let next: Vec<Bar> = next.collect();
    bars.extend(next);
    let mut model = model(Some(seen(Some(chart(bars)))), ThemeName::Mono);
    model.overlay = Overlay::None;
    model.timeframe = Timeframe::FiveMinutes;
    check(
        &model,
        40,
        10,
        &[
            "┌ SPY 5m  167.44 ▼0.33%  [m] [i] ──────┐",
            "│     ↑ target 169.50 ▼  ╷┊   ╷        │",
            "│                    ╽▖  ┃╽▖  ┃◂ 167.44│",
            "│                    ┃▌ ┃╿┃▌ ┃╿        │",
            "│                    ┃▘▌┃ ┃▘▌┃ ┤ 167.20│",
            "│┄┄┄┄┄┄ entry 167.12 ╵╵▌┃┄╵╵▌┃┄        │",
            "│                      ▘╹ ┊ ▘╹         │",
            "│┈┈┈┈┈┈┈┈┈┈ stop 167.00 ▲┈┈┈┈┈┈┤ 167.00│",
            "│                         Oct 8        │",
            "└──────────────────────────────────────┘",
        ],
    );
    model.timeframe = Timeframe::OneDay;
    check(
        &model,
        40,
        10,
        &[
            "┌ SPY 1d  167.44 ▼0.33%  [m] [i] ──────┐",
            "│            ↑ target 169.50 ▼╷        │",
            "│                            ┃┃◂ 167.44│",
            "│                            ┃┃        │",
            "│                            ┃┃┤ 167.20│",
            "│┄┄┄┄┄┄┄┄┄┄┄┄┄┄ entry 167.12 ││        │",
            "│                            ╵╵        │",
            "│┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈ stop 167.00 ▲┈┤ 167.00│",
            "│                            Oct 7     │",
            "└──────────────────────────────────────┘",
        ],
    );
}

#[test]
fn a_silent_feed_is_veiled_and_named_but_the_traders_own_stays_bright() {
    let mut model = plain();
    model.size = (120, 36);
    let dims = |model: &Model| {
        let buf = drawn(model, 60, 14);
        let dim = |sign: &str| {
            let found = buf.content.iter().find(|cell| cell.symbol() == sign).unwrap();
            found.modifier.contains(Modifier::DIM)
        };
        let title = lines(&buf)[0].clone();
        (title, dim("┃"), dim("◂"), dim("∙"), dim("▲"), dim("p"))
    };
    let (title, bodies, ..) = dims(&model);
    assert!(title.starts_with("┌ 2 SPY 1m  O 167.42"), "{title}");
    assert!(!bodies, "a fresh feed is not veiled");
    // The machine's silence makes what it said last older too.
    model.now_ms = 70_000;
    let (title, bodies, last, line, own, stop) = dims(&model);
    assert!(title.starts_with("┌ 2 SPY 1m STALE 70s  167.44"), "{title}");
    assert_eq!((bodies, last, line, own, stop), (true, true, true, false, false));
    model.seen.as_mut().unwrap().markets[0].age_ms = None;
    assert!(dims(&model).0.contains(" NO DATA "), "a feed that never spoke is no fresh one");
}

#[test]
fn another_symbols_bars_never_stand_under_this_ones_name() {
    let mut model = plain();
    model.symbol = "IBM".parse().ok();
    check(
        &model,
        30,
        5,
        &[
            "┌ IBM 1m NO DATA  [m] [i] ───┐",
            "│                            │",
            "│     no bars of IBM yet     │",
            "│                            │",
            "└────────────────────────────┘",
        ],
    );
    model.seen = None;
    check(
        &model,
        30,
        3,
        &[
            "┌ Chart ─────────────────────┐",
            "│                            │",
            "└────────────────────────────┘",
        ],
    );
}

/// Without colour the way of a bar is in its glyph, and a change has its arrow.
#[test]
fn mono_tells_gains_from_losses() {
    let model = plain();
    assert_eq!(model.theme.up, model.theme.down);
    let text = lines(&drawn(&model, 60, 14)).join("\n");
    assert!(text.contains('┃') && text.contains('▌'), "{text}");
    assert!(lines(&drawn(&model, 40, 14))[0].contains("▼0.33%"));
    let mut rising = plain();
    rising.seen.as_mut().unwrap().markets[0].previous_close = Some(price("167"));
    assert!(lines(&drawn(&rising, 40, 14))[0].contains("▲0.26%"));
}

/// A line with so many cents at each minute from 09:30 on.
fn plotted(name: &str, cents: impl Fn(i64) -> Option<i32>) -> PlotLine {
    let point = |minute: i64| {
        let at = at("2013-10-07T13:30:00Z").plus_seconds(minute * 60);
        Some((at, Price::from_cents(cents(minute)?)))
    };
    PlotLine { name: name.to_owned(), points: Arc::new((0..24).filter_map(point).collect()) }
}

#[test]
fn what_strategies_draw_has_signs_of_its_own_and_its_names_in_the_foot() {
    let mut view = chart(minutes(&ROWS));
    view.plots = vec![
        plotted("fast", |minute| Some(16_712 + i32::try_from(minute).unwrap())),
        plotted("rsi", |minute| Some(5_000 + i32::try_from(minute).unwrap())),
        plotted("slow every third", |minute| (minute % 3 == 2).then_some(16_735)),
    ];
    let mut model = model(Some(seen(Some(view))), ThemeName::Mono);
    model.overlay = Overlay::None;
    check(
        &model,
        60,
        16,
        &[
            "┌ SPY 1m  O 167.42 H 167.46 L 167.40 C 167.44 V 200 ───────┐",
            "│               ↑ target 169.50 ▼               ╷          │",
            "│                              ╷╷              ╷┃▌╽◂ 167.44│",
            "│                              ┃▌┼▖            ╽┃╵╵┤ 167.40│",
            "│                            ╷╻┃◊╵▌│  ◊  ◊  ◊ ┃╿×××        │",
            "│                           ┃▌┃╵  ▘▌╷╷    ××┃▌┃╵           │",
            "│                          ┃╿╵     ▌┃▌╷××× ┃╿▘╹            │",
            "│                          ╿   ××××│ ▘▌  ╷╽┃       ┤ 167.20│",
            "│┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄ entry 167.12 ▌┃─▌┃┄┄┄┄┄┄┄┄        │",
            "│                                     ╵╵ ▘╿                │",
            "│                                         ▲                │",
            "│┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈ stop 167.00 ┤ 167.00│",
            "│                          ▄▁  ▃   ▄  █    ▁    ▄          │",
            "│                          ██▅▇█▄▁██▃▇█▄ ▅██▄▃█▇█▄▃        │",
            "│                          09:30     09:40     09:50       │",
            "└─ × fast 167.35  • rsi 50.23  ◊ slow every th… 167.35 ────┘",
        ],
    );
}

#[test]
fn three_lines_at_most_are_drawn_those_that_were_drawn_last() {
    let mut view = chart(minutes(&ROWS));
    view.plots = vec![
        plotted("old", |minute| (minute < 9).then_some(16_750)),
        plotted("a", |_| Some(16_751)),
        plotted("b", |_| Some(16_752)),
        plotted("c", |_| Some(16_753)),
    ];
    let mut model = model(Some(seen(Some(view))), ThemeName::Mono);
    model.ascii = true;
    let lines = lines(&drawn(&model, 70, 14));
    let foot = lines.last().unwrap();
    assert!(
        foot.contains(" x a 167.51 - * b 167.52 - & c 167.53 ")
            || foot.contains(" x a 167.51  * b 167.52  & c 167.53 "),
        "{foot}"
    );
    assert!(foot.contains("and 1 more lines"), "{foot}");
}

#[test]
fn no_candle_is_hidden_by_a_line_or_a_dot() {
    let bars = minutes(&ROWS);
    let bare = ChartView { fills: Vec::new(), stop: None, target: None, entry: None, ..chart(bars.clone()) };
    let mut without = model(Some(seen(Some(bare.clone()))), ThemeName::Mono);
    without.overlay = Overlay::None;
    let inside = Some(price("167.25"));
    let mut with = model(
        Some(seen(Some(ChartView {
            stop: Some(price("167.3")),
            target: Some(price("167.4")),
            entry: inside,
            plots: (0..3)
                .map(|n| plotted("x", move |minute| Some(16_700 + 7 * n + i32::try_from(minute).unwrap())))
                .collect(),
            ..bare
        }))),
        ThemeName::Mono,
    );
    for overlay in Overlay::ALL {
        with.overlay = overlay;
        let (plain, full) = (drawn(&without, 60, 20), drawn(&with, 60, 20));
        let candle = |sign: &str| "┃╽╿│╹╻╵╷▌▘▖┼┴┬".contains(sign) && sign != " ";
        for (a, b) in plain.content.iter().zip(&full.content).filter(|(a, _)| candle(a.symbol())) {
            assert_eq!(a.symbol(), b.symbol(), "{}", overlay.word());
        }
    }
}

#[test]
fn no_area_is_too_small_or_too_odd() {
    let mut models = vec![model(None, ThemeName::Okabe), model(Some(seen(None)), ThemeName::Okabe)];
    models.push(model(Some(seen(Some(chart(Vec::new())))), ThemeName::Okabe));
    models.push(model(Some(seen(Some(chart(minutes(&ROWS))))), ThemeName::Okabe));
    let huge = |mut chart: ChartView| {
        let bar = chart.minutes[0];
        chart.minutes = Arc::new(vec![Bar {
            high: Price::from_nanos(i64::MAX),
            low: Price::from_nanos(i64::MIN),
            volume: Qty::from_nanos(i64::MAX),
            ..bar
        }]);
        chart
    };
    models.push(model(Some(seen(Some(huge(chart(minutes(&ROWS)))))), ThemeName::Okabe));
    for model in &mut models {
        for timeframe in Timeframe::ALL {
            model.timeframe = timeframe;
            for width in (0..40).chain([117]) {
                for height in (0..16).chain([32]) {
                    drawn(model, width, height);
                }
            }
        }
    }
}
