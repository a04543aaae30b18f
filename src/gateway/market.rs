use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::domain::at::At;
use crate::domain::day::TradingDay;
use crate::domain::market::{Bar, Quote, Tick, Trade};
use crate::domain::qty::Qty;
use crate::domain::symbol::Symbol;
use crate::gateway::query::Query;
use crate::gateway::reply::Reply;
use crate::wire::told::{write_bar, write_quote, write_trade};

/// How many bars, quotes or trades one page has at most.
const PAGE_MAX: usize = 10_000;
/// And where nothing is said.
const PAGE: usize = 1_000;

/// What the market has said so far, kept for whoever asks for it later.
#[derive(Debug, Default)]
pub struct History {
    bars: BTreeMap<Symbol, Vec<Bar>>,
    quotes: BTreeMap<Symbol, Vec<Quote>>,
    trades: BTreeMap<Symbol, Vec<Trade>>,
}

/// The length of a bar that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Span {
    Seconds(i64),
    Day,
}

impl History {
    /// The market moved.
    pub fn on_tick(&mut self, tick: &Tick) {
        match tick {
            Tick::Bar(bar) => self.bars.entry(bar.symbol).or_default().push(*bar),
            Tick::Quote(quote) => self.quotes.entry(quote.symbol).or_default().push(*quote),
            Tick::Trade(trade) => self.trades.entry(trade.symbol).or_default().push(*trade),
        }
    }

    /// Every symbol that was ever heard of.
    pub fn symbols(&self) -> impl Iterator<Item = Symbol> + '_ {
        let known = self.bars.keys().chain(self.quotes.keys()).chain(self.trades.keys());
        known.copied().collect::<std::collections::BTreeSet<Symbol>>().into_iter()
    }

    /// An answer to a question for market data: `what` is the path behind `/v2/stocks/`.
    pub fn answer(&self, what: &str, query: &Query) -> Reply {
        let parts: Vec<&str> = what.split('/').collect();
        match parts[..] {
            [kind @ ("bars" | "quotes" | "trades")] => self.page(kind, None, query),
            [symbol, kind @ ("bars" | "quotes" | "trades")] => self.page(kind, Some(symbol), query),
            [kind @ ("bars" | "quotes" | "trades"), "latest"] => self.latest(kind, None, query),
            [symbol, kind @ ("bars" | "quotes" | "trades"), "latest"] => {
                self.latest(kind, Some(symbol), query)
            }
            ["snapshots"] => {
                let symbols = query.list("symbols");
                let told = symbols.iter().filter_map(|name| Some((name.clone(), self.snapshot(name)?)));
                Reply::fine(Value::Object(told.collect()))
            }
            [symbol, "snapshot"] => match self.snapshot(symbol) {
                Some(mut told) => {
                    if let Some(told) = told.as_object_mut() {
                        told.insert("symbol".to_owned(), json!(symbol));
                    }
                    Reply::fine(told)
                }
                None => Reply::missing("no snapshot found for symbol"),
            },
            _ => Reply::missing("endpoint not found"),
        }
    }

    fn page(&self, kind: &str, one: Option<&str>, query: &Query) -> Reply {
        let symbols = one.map_or_else(|| query.list("symbols"), |symbol| vec![symbol.to_owned()]);
        if symbols.is_empty() {
            return Reply::fault(400, 40_010_000, "symbols is required");
        }
        let limit = query.number("limit").unwrap_or(PAGE);
        if limit == 0 || limit > PAGE_MAX {
            return Reply::fault(400, 40_010_000, "invalid limit: larger than the allowed maximum of 10000");
        }
        let span = match query.get("timeframe").map(read_span) {
            None => Span::Seconds(60),
            Some(Some(span)) => span,
            Some(None) => return Reply::fault(400, 40_010_000, "invalid timeframe"),
        };
        let (from, until) = (query.at("start"), query.at("end"));
        let mut all: Vec<(String, At, Value)> = Vec::new();
        for name in &symbols {
            let Ok(symbol) = name.parse::<Symbol>() else {
                return Reply::fault(400, 40_010_000, &format!("invalid symbol: {name}"));
            };
            let fits = |at: At| from.is_none_or(|from| at >= from) && until.is_none_or(|until| at <= until);
            let told = self.told(kind, symbol, span).into_iter().filter(|(at, _)| fits(*at));
            all.extend(told.map(|(at, value)| (name.clone(), at, value)));
        }
        if query.get("sort") == Some("desc") {
            all.reverse();
        }
        let skip = query.number("page_token").unwrap_or(0);
        let next = skip.saturating_add(limit);
        let token = (next < all.len()).then(|| next.to_string());
        let chosen = all.into_iter().skip(skip).take(limit);
        let mut by_symbol: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for (name, _, value) in chosen {
            by_symbol.entry(name).or_default().push(value);
        }
        let mut body = Map::new();
        match one {
            Some(symbol) => {
                body.insert(kind.to_owned(), json!(by_symbol.remove(symbol).unwrap_or_default()));
                body.insert("symbol".to_owned(), json!(symbol));
            }
            None => {
                body.insert(kind.to_owned(), json!(by_symbol));
            }
        }
        body.insert("next_page_token".to_owned(), json!(token));
        Reply::fine(Value::Object(body))
    }

    fn told(&self, kind: &str, symbol: Symbol, span: Span) -> Vec<(At, Value)> {
        match kind {
            "quotes" => {
                let quotes = self.quotes.get(&symbol).into_iter().flatten();
                quotes.map(|quote| (quote.at, write_quote(quote))).collect()
            }
            "trades" => {
                let trades = self.trades.get(&symbol).into_iter().flatten();
                trades.map(|trade| (trade.at, write_trade(trade))).collect()
            }
            _ => {
                let bars = self.bars.get(&symbol).map_or(&[][..], Vec::as_slice);
                gathered(bars, span).iter().map(|bar| (bar.start, write_bar(bar))).collect()
            }
        }
    }

    fn latest(&self, kind: &str, one: Option<&str>, query: &Query) -> Reply {
        let last = |name: &str| {
            let symbol: Symbol = name.parse().ok()?;
            self.told(kind, symbol, Span::Seconds(60)).pop().map(|(_, value)| value)
        };
        let name = kind.trim_end_matches('s');
        if let Some(symbol) = one {
            return match last(symbol) {
                Some(value) => Reply::fine(json!({ name: value, "symbol": symbol })),
                None => Reply::missing(&format!("no {name} found for {symbol}")),
            };
        }
        let symbols = query.list("symbols");
        let told = symbols.iter().filter_map(|symbol| Some((symbol.clone(), last(symbol)?)));
        Reply::fine(json!({ kind: Value::Object(told.collect()) }))
    }

    fn snapshot(&self, name: &str) -> Option<Value> {
        let symbol: Symbol = name.parse().ok()?;
        let last = |kind: &str, span: Span| self.told(kind, symbol, span).pop().map(|(_, value)| value);
        let mut days = self.told("bars", symbol, Span::Day);
        let day = days.pop().map(|(_, value)| value);
        let before = days.pop().map(|(_, value)| value);
        let quote = last("quotes", Span::Seconds(60));
        if day.is_none() && quote.is_none() {
            return None;
        }
        Some(json!({
            "latestTrade": last("trades", Span::Seconds(60)),
            "latestQuote": quote,
            "minuteBar": last("bars", Span::Seconds(60)),
            "dailyBar": day,
            "prevDailyBar": before,
        }))
    }
}

fn read_span(text: &str) -> Option<Span> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (count, unit) = text.split_at_checked(digits)?;
    let count: i64 = count.parse().ok().filter(|count| *count > 0)?;
    match unit {
        "Min" | "T" if count <= 59 => Some(Span::Seconds(count.checked_mul(60)?)),
        "Hour" | "H" if count <= 23 => Some(Span::Seconds(count.checked_mul(3_600)?)),
        "Day" | "D" if count == 1 => Some(Span::Day),
        _ => None,
    }
}

/// Bars of a longer span, from shorter ones.
fn gathered(bars: &[Bar], span: Span) -> Vec<Bar> {
    let start_of = |bar: &Bar| match span {
        Span::Day => TradingDay::of(bar.start).at_time(0, 0),
        Span::Seconds(seconds) => {
            let second = bar.start.seconds();
            At::from_seconds(second.saturating_sub(second.checked_rem_euclid(seconds).unwrap_or(0)))
        }
    };
    let mut gathered: Vec<Bar> = Vec::new();
    for bar in bars {
        let start = start_of(bar);
        match gathered.last_mut().filter(|last| last.start == start) {
            Some(last) => {
                last.high = last.high.max(bar.high);
                last.low = last.low.min(bar.low);
                (last.close, last.end) = (bar.close, bar.end);
                last.volume = last.volume.plus(bar.volume).unwrap_or(Qty::LARGEST);
            }
            None => gathered.push(Bar { start, ..*bar }),
        }
    }
    gathered
}
