use crate::cli::whatif_json::Fields;
use crate::cli::whatif_json::Json;
use crate::cli::whatif_json::Malformed;
use crate::domain::calendar::day;
use crate::domain::decimal::parse_nanos;
use crate::domain::intent::{Intent, Origin, StrategyId};
use crate::domain::money::Money;
use crate::domain::order::{OrderKind, OrderStatus, TimeInForce};
use crate::domain::pct::Pct;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::risk::book::{Book, Guard, GuardKind, HeldQuote, LiveOrder};
use crate::risk::judge::Funds;
use crate::risk::limits::Limits;
use crate::risk::position::Position;
use crate::risk::state::TradingState;

const AGE_MS_MAX: u64 = 1_000_000_000_000_000;

/// Every status there is, by its word.
const STATUSES: [OrderStatus; 14] = [
    OrderStatus::Intent,
    OrderStatus::Sending,
    OrderStatus::Acked,
    OrderStatus::Working,
    OrderStatus::Partial,
    OrderStatus::Unknown,
    OrderStatus::PendingCancel,
    OrderStatus::PendingReplace,
    OrderStatus::Filled,
    OrderStatus::Canceled,
    OrderStatus::Expired,
    OrderStatus::Rejected,
    OrderStatus::Refused,
    OrderStatus::PresumedDead,
];

/// One question: a book, an account, limits, and the order somebody thinks of.
pub(super) struct Question {
    pub(super) book: Book,
    pub(super) limits: Limits,
    pub(super) state: Option<TradingState>,
    pub(super) funds: Funds,
    pub(super) intent: Intent,
}

/// Group names as numbers, in the order in which they were met.
#[derive(Default)]
struct Groups {
    names: Vec<String>,
}

impl Groups {
    fn number(&mut self, json: Option<Json<'_>>) -> Result<Option<u32>, Malformed> {
        let Some(json) = json else {
            return Ok(None);
        };
        let name = json.text()?;
        if !name.is_ascii() || name.is_empty() || name.len() > 64 {
            return Err(Malformed);
        }
        let known = self.names.iter().position(|other| *other == name);
        let place = known.unwrap_or(self.names.len());
        if known.is_none() {
            self.names.push(name.into_owned());
        }
        u32::try_from(place).map(Some).map_err(|_| Malformed)
    }
}

/// Reads one line.
pub(super) fn read(line: &str) -> Result<Question, Malformed> {
    let json: Json<'_> = serde_json::from_str(line).map_err(|_| Malformed)?;
    let mut fields = json.object()?;
    if !is_instant(&fields.need("now")?.text()?) {
        return Err(Malformed);
    }
    let limits = limits(fields.need("limits")?.object()?)?;
    let (state, funds) = match fields.take("account") {
        Some(account) => account_of(account.object()?)?,
        None => (None, Funds::Absent),
    };
    let mut book = Book::default();
    let mut groups = Groups::default();
    if let Some(quotes) = fields.take("quotes") {
        for quote in quotes.list()? {
            read_quote(quote.object()?, &mut book)?;
        }
    }
    for position in fields.need("positions")?.list()? {
        read_position(position.object()?, &mut book, &mut groups)?;
    }
    for order in fields.need("orders")?.list()? {
        read_order(order.object()?, &mut book, &mut groups)?;
    }
    let intent = intent(fields.need("intent")?.object()?)?;
    fields.done()?;
    Ok(Question { book, limits, state, funds, intent })
}

fn limits(mut fields: Fields<'_>) -> Result<Limits, Malformed> {
    let mut percent = |key: &str| fields.need(key).and_then(not_negative).map(Pct::from_nanos);
    let mut limits = Limits {
        max_daily_loss_pct: Some(percent("max_daily_loss_pct")?),
        max_position_pct: Some(percent("max_position_pct")?),
        max_heat_pct: Some(percent("max_heat_pct")?),
        max_gross_pct: Some(percent("max_gross_pct")?),
        price_collar_pct: Some(percent("price_collar_pct")?),
        stops_auto: false,
        ..Limits::default()
    };
    let mut dollars = |key: &str| fields.take(key).map(|json| not_negative(json).map(money)).transpose();
    limits.max_daily_loss_usd = dollars("max_daily_loss_usd")?;
    limits.max_position_usd = dollars("max_position_usd")?;
    limits.max_order_usd = dollars("max_order_usd")?;
    if let Some(json) = fields.take("stale_quote_ms") {
        let nanos = not_negative(json)?;
        if nanos % 1_000_000_000 != 0 {
            return Err(Malformed);
        }
        limits.stale_quote_ms = nanos / 1_000_000_000;
    }
    fields.done()?;
    Ok(limits)
}

fn account_of(mut fields: Fields<'_>) -> Result<(Option<TradingState>, Funds), Malformed> {
    let mut dollars = |key: &str| fields.take(key).map(|json| nanos(json).map(money)).transpose();
    let e0 = dollars("e0")?;
    let equity = dollars("equity")?;
    let flows = dollars("flows")?.ok_or(Malformed)?;
    let state = match fields.need("state")?.text()?.as_ref() {
        "active" => TradingState::Active,
        "reduce_only" => TradingState::ReduceOnly,
        "halted" => TradingState::Halted,
        _ => return Err(Malformed),
    };
    fields.done()?;
    Ok((Some(state), Funds::Told { e0, equity, flows }))
}

fn read_quote(mut fields: Fields<'_>, book: &mut Book) -> Result<(), Malformed> {
    let symbol = symbol(&mut fields)?;
    let mut side =
        |key: &str| fields.take(key).map(|json| not_negative(json).map(Price::from_nanos)).transpose();
    let bid = side("bid")?;
    let ask = side("ask")?;
    let last = fields.take("last").map(price).transpose()?;
    let age_ms = fields.need("age_ms")?.whole()?;
    fields.done()?;
    if age_ms > AGE_MS_MAX {
        return Err(Malformed);
    }
    // The scene's now is 0: a quote this old was confirmed as long before it.
    let confirmed_ms = i64::try_from(age_ms).map_err(|_| Malformed)?.saturating_neg();
    let entry = book.entry(symbol);
    if entry.quote.is_some() {
        return Err(Malformed);
    }
    entry.quote = Some(HeldQuote { bid, ask, confirmed_ms, interval_ms: 0 });
    entry.last = last;
    Ok(())
}

fn read_position(mut fields: Fields<'_>, book: &mut Book, groups: &mut Groups) -> Result<(), Malformed> {
    let symbol = symbol(&mut fields)?;
    let qty = Qty::from_nanos(nanos(fields.need("qty")?)?);
    let avg_price = price(fields.need("avg_price")?)?;
    let stops = fields.take("stops").map(Json::list).transpose()?.unwrap_or_default();
    fields.done()?;
    let entry = book.entry(symbol);
    if qty.is_zero() || !entry.position.qty.is_zero() {
        return Err(Malformed);
    }
    entry.position = Position::told(qty, avg_price);
    let side = if qty.is_negative() { Side::Buy } else { Side::Sell };
    for stop in stops {
        let mut fields = stop.object()?;
        let guard = Guard {
            id: None,
            parent: None,
            kind: GuardKind::Stop,
            side,
            qty: quantity(fields.need("qty")?)?,
            price: price(fields.need("price")?)?,
            working: true,
            group: groups.number(fields.take("group"))?,
        };
        fields.done()?;
        entry.guards.push(guard);
    }
    Ok(())
}

fn read_order(mut fields: Fields<'_>, book: &mut Book, groups: &mut Groups) -> Result<(), Malformed> {
    let symbol = symbol(&mut fields)?;
    let side = side(&mut fields)?;
    let word = fields.need("type")?.text()?;
    let limit = fields.take("limit").map(price).transpose()?;
    let stop = fields.take("stop").map(price).transpose()?;
    let is_market = word == "market";
    let kind = kind(&word, limit.filter(|_| !is_market), stop)?;
    let qty = quantity(fields.need("qty")?)?;
    let filled = Qty::from_nanos(not_negative(fields.need("filled")?)?);
    let stop_loss = fields.take("stop_loss").map(price).transpose()?;
    let status_word = fields.need("status")?.text()?;
    let status = STATUSES.into_iter().find(|status| status.word() == status_word).ok_or(Malformed)?;
    let group = groups.number(fields.take("group"))?;
    fields.done()?;
    if filled > qty {
        return Err(Malformed);
    }
    let collar = limit.filter(|_| is_market);
    if status.is_live() && filled < qty {
        let order = LiveOrder { id: None, side, qty, filled, kind, collar, stop_loss, group, complex: false };
        book.entry(symbol).orders.push(order);
    }
    Ok(())
}

fn intent(mut fields: Fields<'_>) -> Result<Intent, Malformed> {
    let symbol = symbol(&mut fields)?;
    let side = side(&mut fields)?;
    let word = fields.need("type")?.text()?;
    let limit = fields.take("limit").map(price).transpose()?;
    let stop = fields.take("stop").map(price).transpose()?;
    let kind = kind(&word, limit, stop)?;
    let qty = quantity(fields.need("qty")?)?;
    let stop_loss = fields.take("stop_loss").map(price).transpose()?;
    let origin = match fields.take("origin").map(Json::text).transpose()?.as_deref() {
        None | Some("strategy") => Origin::Strategy(StrategyId(0)),
        Some("operator") => Origin::Operator,
        Some("kill") => Origin::Kill,
        Some(_) => return Err(Malformed),
    };
    // These three are checked for their form and have no effect here.
    fields.take("take_profit").map(price).transpose()?;
    fields.take("tif").map(Json::text).transpose()?;
    if let Some(trail) = fields.take("trail") {
        let text = trail.text()?;
        let number = text.strip_suffix('%').unwrap_or(&text);
        if parse_nanos(number).map_err(|_| Malformed)? < 0 {
            return Err(Malformed);
        }
    }
    fields.done()?;
    let tif = TimeInForce::Day;
    Ok(Intent { trail: None, origin, symbol, side, qty, kind, tif, stop_loss, take_profit: None })
}

/// Each type has the prices it needs and no other.
fn kind(word: &str, limit: Option<Price>, stop: Option<Price>) -> Result<OrderKind, Malformed> {
    match (word, limit, stop) {
        ("market", None, None) => Ok(OrderKind::Market),
        ("limit", Some(limit), None) => Ok(OrderKind::Limit { limit }),
        ("stop", None, Some(stop)) => Ok(OrderKind::Stop { stop }),
        ("stop_limit", Some(limit), Some(stop)) => Ok(OrderKind::StopLimit { stop, limit }),
        _ => Err(Malformed),
    }
}

fn symbol(fields: &mut Fields<'_>) -> Result<Symbol, Malformed> {
    fields.need("symbol")?.text()?.parse().map_err(|_| Malformed)
}

fn side(fields: &mut Fields<'_>) -> Result<Side, Malformed> {
    match fields.need("side")?.text()?.as_ref() {
        "buy" => Ok(Side::Buy),
        "sell" => Ok(Side::Sell),
        _ => Err(Malformed),
    }
}

/// A number as text, in billionths.
fn nanos(json: Json<'_>) -> Result<i64, Malformed> {
    parse_nanos(&json.text()?).map_err(|_| Malformed)
}

fn not_negative(json: Json<'_>) -> Result<i64, Malformed> {
    nanos(json).and_then(|nanos| if nanos < 0 { Err(Malformed) } else { Ok(nanos) })
}

fn positive(json: Json<'_>) -> Result<i64, Malformed> {
    nanos(json).and_then(|nanos| if nanos <= 0 { Err(Malformed) } else { Ok(nanos) })
}

fn price(json: Json<'_>) -> Result<Price, Malformed> {
    positive(json).map(Price::from_nanos)
}

fn quantity(json: Json<'_>) -> Result<Qty, Malformed> {
    positive(json).map(Qty::from_nanos)
}

fn money(nanos: i64) -> Money {
    Money::from_attos(i128::from(nanos).saturating_mul(1_000_000_000))
}

/// `2025-06-02T15:00:00Z` with or without a fraction: a real time, upper case, in UTC, no leap second.
fn is_instant(text: &str) -> bool {
    let number = |from: usize, to: usize| -> Option<i16> {
        let digits = text.get(from..to).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))?;
        digits.parse().ok()
    };
    let mark = |at: usize, mark: &str| text.get(at..at.saturating_add(mark.len())) == Some(mark);
    let marks = mark(4, "-") && mark(7, "-") && mark(10, "T") && mark(13, ":") && mark(16, ":");
    let small = |from: usize| number(from, from.saturating_add(2)).and_then(|value| i8::try_from(value).ok());
    let (Some(year), Some(month), Some(date)) = (number(0, 4), small(5), small(8)) else {
        return false;
    };
    let (Some(hour), Some(minute), Some(second)) = (small(11), small(14), small(17)) else {
        return false;
    };
    let rest = text.get(19..).and_then(|rest| rest.strip_suffix('Z'));
    let fraction = match rest {
        Some("") => true,
        Some(rest) => rest
            .strip_prefix('.')
            .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())),
        None => false,
    };
    marks && fraction && day(year, month, date).is_some() && hour <= 23 && minute <= 59 && second <= 59
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_a_real_time_of_utc() {
        for good in ["2025-06-02T15:00:00Z", "2024-02-29T23:59:59.123456789Z"] {
            assert!(is_instant(good), "{good}");
        }
        for bad in [
            "2025-06-02T15:00:60Z",
            "2025-02-29T15:00:00Z",
            "2025-06-02t15:00:00Z",
            "2025-06-02T15:00:00z",
            "2025-06-02T15:00:00+00:00",
            "2025-06-02T24:00:00Z",
            "2025-06-02T15:00:00.Z",
            "2025-06-02T15:00Z",
            "2025-06-02 15:00:00Z",
            "2025-06-02T15:00:00",
            "+025-06-02T15:00:00Z",
            "",
        ] {
            assert!(!is_instant(bad), "{bad}");
        }
    }
}
