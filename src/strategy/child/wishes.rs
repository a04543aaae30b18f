//! Option bags of `buy`, `sell`, `close`, `cancel` and `tighten` into wishes, strictly.

use boa_engine::{Context, JsResult, JsValue};

use crate::domain::money::Money;
use crate::domain::order::TimeInForce;
use crate::domain::pct::Pct;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::strategy::Size;
use crate::domain::strategy::Wish;
use crate::domain::trail::Trail;
use crate::strategy::child::bag;
use crate::strategy::child::bag::refuse;
use crate::strategy::frame::TAG_CHARS_MAX;

/// The largest number of the exact grammar: nine digits before the point.
const NUMBER_LIMIT: f64 = 1e9;
const NANOS_PER_UNIT: f64 = 1e9;

/// What `buy` and `sell` are handed.
pub(super) fn trade(side: Side, symbol: &str, options: &JsValue, context: &mut Context) -> JsResult<Wish> {
    let call = side.word();
    let mut sizes = Vec::new();
    let (mut limit, mut stop, mut take_profit, mut trail, mut tag) = (None, None, None, None, None);
    let mut tif = TimeInForce::default();
    for (name, value) in bag::fields(options, &format!("{call}(…)"), context)? {
        if value.is_undefined() {
            return refuse(format!("{call}: {name} is undefined; leave it out or give it a value"));
        }
        let what = format!("{call}: {name}");
        match name.as_str() {
            "qty" => sizes.push(Size::Qty(Qty::from_nanos(nanos(&value, &what)?))),
            "notional" => sizes.push(Size::Notional(dollars(&value, &what)?)),
            "riskPct" => sizes.push(Size::RiskPct(percent(&value, &what)?)),
            "pct" => sizes.push(Size::Pct(percent(&value, &what)?)),
            "limit" => limit = Some(price(&value, &what)?),
            "stop" => stop = Some(price(&value, &what)?),
            "takeProfit" => take_profit = Some(price(&value, &what)?),
            "tif" => tif = time_in_force(&value, &what)?,
            "tag" => tag = Some(bag::text(&value, &what, TAG_CHARS_MAX)?),
            "symbol" => own_symbol(&value, &what, symbol)?,
            "trail" => trail = Some(distance(&value, &what)?),
            _ => {
                return refuse(format!(
                    "{call} has no option {name:?}; there are qty, notional, riskPct, pct, limit, stop, \
                     takeProfit, trail, tif, tag and symbol"
                ));
            }
        }
    }
    let [only] = sizes.as_slice() else {
        return refuse(format!("{call} takes exactly one of qty, notional, riskPct and pct"));
    };
    if matches!(only, Size::RiskPct(_)) && stop.is_none() {
        return refuse(format!("{call}: riskPct needs a stop, from which the quantity follows"));
    }
    if trail.is_some() && take_profit.is_some() {
        return refuse(format!(
            "{call} takes a trail or a takeProfit: a stop that trails has no target beside it"
        ));
    }
    Ok(Wish::Trade { side, size: *only, limit, stop, take_profit, trail, tif, tag })
}

/// What `close` is handed, which may be nothing.
pub(super) fn close(symbol: &str, options: Option<&JsValue>, context: &mut Context) -> JsResult<Wish> {
    let mut tag = None;
    for (name, value) in optional("close", options, context)? {
        let what = format!("close: {name}");
        match name.as_str() {
            "tag" => tag = Some(bag::text(&value, &what, TAG_CHARS_MAX)?),
            "symbol" => own_symbol(&value, &what, symbol)?,
            _ => return refuse(format!("close has no option {name:?}; there are tag and symbol")),
        }
    }
    Ok(Wish::Close { tag })
}

/// What `cancel` is handed, which may be nothing.
pub(super) fn cancel(symbol: &str, options: Option<&JsValue>, context: &mut Context) -> JsResult<Wish> {
    for (name, value) in optional("cancel", options, context)? {
        match name.as_str() {
            "symbol" => own_symbol(&value, "cancel: symbol", symbol)?,
            _ => {
                return refuse(format!(
                    "cancel has no option {name:?}: it cancels all of this strategy's orders of the symbol"
                ));
            }
        }
    }
    Ok(Wish::Cancel)
}

/// What `tighten` is handed: where the stop shall lie.
pub(super) fn tighten(symbol: &str, options: Option<&JsValue>, context: &mut Context) -> JsResult<Wish> {
    let mut stop = None;
    for (name, value) in optional("tighten", options, context)? {
        let what = format!("tighten: {name}");
        match name.as_str() {
            "stop" => stop = Some(price(&value, &what)?),
            "symbol" => own_symbol(&value, &what, symbol)?,
            _ => return refuse(format!("tighten has no option {name:?}; there are stop and symbol")),
        }
    }
    match stop {
        Some(stop) => Ok(Wish::Tighten { stop }),
        None => refuse("tighten takes the stop's new price: ctx.tighten({ stop: bar.low })"),
    }
}

fn optional(
    call: &str,
    options: Option<&JsValue>,
    context: &mut Context,
) -> JsResult<Vec<(String, JsValue)>> {
    match options {
        Some(options) if !options.is_undefined() => bag::fields(options, &format!("{call}(…)"), context),
        _ => Ok(Vec::new()),
    }
}

fn own_symbol(value: &JsValue, what: &str, symbol: &str) -> JsResult<()> {
    let named = bag::text(value, what, 32)?;
    if named == symbol {
        return Ok(());
    }
    refuse(format!("{what} is {named}, and this event may trade {symbol} alone"))
}

fn nanos(value: &JsValue, what: &str) -> JsResult<i64> {
    let number = bag::number(value, what)?;
    if number >= NUMBER_LIMIT {
        return refuse(format!("{what} is {number}; it must be below {NUMBER_LIMIT}"));
    }
    // Rounded to billionths, where 0.1 + 0.2 is 0.3 again.
    let nanos = (number * NANOS_PER_UNIT).round() as i64;
    if nanos <= 0 {
        return refuse(format!("{what} is {number}; it must be above zero"));
    }
    Ok(nanos)
}

fn dollars(value: &JsValue, what: &str) -> JsResult<Money> {
    let nanos = i128::from(nanos(value, what)?);
    Ok(Money::from_attos(nanos.saturating_mul(1_000_000_000)))
}

fn percent(value: &JsValue, what: &str) -> JsResult<Pct> {
    let nanos = nanos(value, what)?;
    if nanos > Pct::whole(100).nanos() {
        return refuse(format!("{what} is above 100"));
    }
    Ok(Pct::from_nanos(nanos))
}

fn price(value: &JsValue, what: &str) -> JsResult<Price> {
    nanos(value, what).map(Price::from_nanos)
}

fn time_in_force(value: &JsValue, what: &str) -> JsResult<TimeInForce> {
    let word = bag::text(value, what, 8)?;
    word.parse().or_else(|fault| refuse(format!("{what} is {word:?}; {fault}")))
}

/// A number of dollars, or a text such as "2%".
fn distance(value: &JsValue, what: &str) -> JsResult<Trail> {
    if !value.is_string() {
        return price(value, what).map(Trail::Amount);
    }
    let text = bag::text(value, what, 16)?;
    match text.parse() {
        Ok(trail @ Trail::Percent(pct)) if pct.nanos() > 0 && pct < Pct::whole(100) => Ok(trail),
        _ => refuse(format!("{what} is {text:?}; it is dollars as a number, or a text such as \"2%\"")),
    }
}
