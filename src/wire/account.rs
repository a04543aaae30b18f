use crate::domain::at::At;
use crate::domain::symbol::Symbol;
use crate::domain::venue::{AssetFlags, VenueAccount, VenuePosition};
use crate::wire::fields::{Fields, WireFault, quoted};

/// The account as the venue tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WireAccount {
    /// Its number, by which a ledger knows it; the venue's id where no number is told.
    pub number: String,
    /// Its money.
    pub account: VenueAccount,
    /// Why the venue takes no orders for it, where it says so.
    pub blocked: Option<String>,
}

impl WireAccount {
    /// Reads the account. Equity must be there, and cash or what it follows from; buying power that is not
    /// told is the cash.
    ///
    /// # Errors
    /// [`WireFault::Missing`] names what is missing.
    pub fn read(fields: &Fields<'_>) -> Result<Self, WireFault> {
        let what = "account";
        let number = fields.text("account_number").or_else(|| fields.text("id"));
        let number = fields.need(number, what, "account_number")?.into_owned();
        let equity = fields.money("equity").or_else(|| fields.money("portfolio_value"));
        let equity = fields.need(equity, what, "equity")?;
        let cash = fields.money("cash").or_else(|| {
            let long = fields.money("long_market_value")?;
            let held = long.plus(fields.money("short_market_value")?).ok()?;
            equity.minus(held).ok()
        });
        let cash = fields.need(cash, what, "cash")?;
        let power = fields.money("buying_power").or_else(|| fields.money("regt_buying_power"));
        let account = VenueAccount {
            equity,
            // Where yesterday is not told, the loss of the day is measured from our own close and from here.
            last_equity: fields.money("last_equity").unwrap_or(equity),
            cash,
            buying_power: power.unwrap_or(cash).at_least_zero(),
        };
        Ok(Self { number, account, blocked: blocked(fields) })
    }
}

fn blocked(fields: &Fields<'_>) -> Option<String> {
    let flags = ["trading_blocked", "account_blocked", "trade_suspended_by_user"];
    if let Some(flag) = flags.into_iter().find(|flag| fields.flag(flag) == Some(true)) {
        return Some(format!("the venue says {flag}"));
    }
    let dead = ["REJECTED", "ACCOUNT_CLOSED", "ACCOUNT_CLOSED_PENDING", "INACTIVE", "SUBMISSION_FAILED"];
    let status = fields.text("status")?;
    dead.contains(&status.as_ref()).then(|| format!("the venue says that the account is {status}"))
}

/// Reads a position.
///
/// # Errors
/// [`WireFault::Missing`] where symbol, quantity or what it cost is not told.
pub fn read_position(fields: &Fields<'_>) -> Result<VenuePosition, WireFault> {
    let what = "position";
    let symbol: Symbol =
        fields.need(fields.text("symbol").and_then(|text| text.parse().ok()), what, "symbol")?;
    let qty = fields.need(fields.qty("qty"), what, "qty")?;
    let is_short = qty.is_negative() || fields.text("side").as_deref() == Some("short");
    let shares = qty.abs();
    let by_cost = || fields.money("cost_basis").and_then(|cost| cost.abs().per_share(shares));
    let avg_price = fields.price("avg_entry_price").or_else(by_cost);
    let avg_price = fields.need(avg_price, what, "avg_entry_price")?;
    Ok(VenuePosition { symbol, qty: if is_short { shares.negated() } else { shares }, avg_price })
}

/// By how many milliseconds the venue's clock is ahead of `now`.
///
/// # Errors
/// [`WireFault::Missing`] where its instant is not told.
pub fn read_clock_offset_ms(fields: &Fields<'_>, now: At) -> Result<i64, WireFault> {
    let at = fields.need(fields.at("timestamp"), "clock", "timestamp")?;
    Ok(at.millis_since(now))
}

/// How fast the clock of an exchange that rehearses runs, where it says so; Alpaca's says nothing.
pub fn read_clock_speed(fields: &Fields<'_>) -> Option<String> {
    fields.text("speed").map(|speed| quoted(&speed))
}

/// The hours of a day by the venue's calendar, as its own words; `None` where it does not trade that day.
///
/// # Errors
/// [`WireFault::Missing`] where a day has no date.
pub fn read_calendar_day(days: &[Fields<'_>], date: &str) -> Result<Option<(String, String)>, WireFault> {
    for day in days {
        let of = day.need(day.text("date"), "calendar", "date")?;
        if of == date {
            let word = |name: &str| quoted(&day.text(name).unwrap_or_default());
            return Ok(Some((word("open"), word("close"))));
        }
    }
    Ok(None)
}

/// What a symbol can do; what is not told it cannot.
///
/// # Errors
/// [`WireFault::Missing`] where the symbol is not told.
pub fn read_asset(fields: &Fields<'_>) -> Result<(Symbol, AssetFlags), WireFault> {
    let symbol = fields.text("symbol").and_then(|text| text.parse().ok());
    let symbol = fields.need(symbol, "asset", "symbol")?;
    let is = |name: &str| fields.flag(name).unwrap_or(false);
    let active = fields.text("status").is_none_or(|status| status == "active");
    let hard = fields.text("borrow_status").is_some_and(|status| status == "hard_to_borrow")
        || fields.flag("easy_to_borrow") == Some(false);
    let flags = AssetFlags {
        tradable: active && is("tradable"),
        shortable: is("shortable") && !hard,
        fractionable: is("fractionable"),
    };
    Ok((symbol, flags))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::Money;
    use crate::domain::qty::Qty;

    const ACCOUNT: &str = r#"{"id":"e6fe","account_number":"PA3XYZ","status":"ACTIVE","currency":"USD","cash":"-4000.32","equity":"103820.56","last_equity":"103529.24","buying_power":"262113.632","regt_buying_power":"200","long_market_value":"107820.88","short_market_value":"0","trading_blocked":false,"account_blocked":false}"#;

    fn account(text: &str) -> Result<WireAccount, WireFault> {
        WireAccount::read(&Fields::read(text, "account").unwrap())
    }

    fn without(field: &str) -> String {
        ACCOUNT.replace(&format!("\"{field}\":"), "\"gone\":")
    }

    #[test]
    fn the_account_is_read_to_the_cent_and_what_follows_from_others_may_be_missing() {
        let dollars = |text: &str| text.parse::<Money>().unwrap();
        let read = account(ACCOUNT).unwrap();
        assert_eq!(read.number, "PA3XYZ");
        assert_eq!(read.account.cash, dollars("-4000.32"));
        assert_eq!(read.account.buying_power, dollars("262113.632"));
        assert_eq!(account(&without("cash")).unwrap().account.cash, dollars("-4000.32"));
        assert_eq!(account(&without("last_equity")).unwrap().account.last_equity, dollars("103820.56"));
        assert_eq!(account(&without("account_number")).unwrap().number, "e6fe");
        assert_eq!(account(&without("buying_power")).unwrap().account.buying_power, dollars("200"));
        assert!(account(&without("equity")).unwrap_err().to_string().contains("equity"));
    }

    #[test]
    fn an_account_that_takes_no_orders_says_why() {
        assert_eq!(account(ACCOUNT).unwrap().blocked, None);
        let text = ACCOUNT.replace(r#""trading_blocked":false"#, r#""trading_blocked":true"#);
        assert_eq!(account(&text).unwrap().blocked.as_deref(), Some("the venue says trading_blocked"));
        assert_eq!(account(&ACCOUNT.replace("ACTIVE", "BRAND_NEW_WORD")).unwrap().blocked, None);
        assert!(account(&ACCOUNT.replace("ACTIVE", "REJECTED")).unwrap().blocked.is_some());
    }

    #[test]
    fn a_position_keeps_its_sign() {
        let read = |text: &str| read_position(&Fields::read(text, "position").unwrap());
        let short = read(r#"{"symbol":"IBM","qty":"-3","side":"short","avg_entry_price":"10.5"}"#).unwrap();
        assert_eq!(short.qty, Qty::shares(-3));
        assert_eq!(
            read(r#"{"symbol":"IBM","qty":"3","side":"short","avg_entry_price":"1"}"#).unwrap().qty,
            Qty::shares(-3)
        );
        let by_cost = read(r#"{"symbol":"IBM","qty":"-3","cost_basis":"-31.5"}"#).unwrap();
        assert_eq!(by_cost, short);
        assert!(read(r#"{"symbol":"IBM","qty":"3"}"#).is_err());
    }

    #[test]
    fn what_is_not_told_of_a_symbol_it_cannot_do() {
        let read = |text: &str| read_asset(&Fields::read(text, "asset").unwrap()).unwrap().1;
        let all =
            r#"{"symbol":"IBM","status":"active","tradable":true,"shortable":true,"fractionable":true}"#;
        assert_eq!(read(all), AssetFlags::ALL);
        assert_eq!(read(r#"{"symbol":"IBM","status":"active"}"#), AssetFlags::NONE);
        assert!(!read(&all.replace("active", "inactive")).tradable);
        assert!(!read(&all.replace('{', r#"{"borrow_status":"hard_to_borrow","#)).shortable);
        assert!(!read(&all.replace('{', r#"{"easy_to_borrow":false,"#)).shortable);
    }

    #[test]
    fn a_clock_with_an_offset_of_its_own_is_compared_as_an_instant() {
        let fields =
            Fields::read(r#"{"timestamp":"2026-11-24T10:00:02.5-05:00","is_open":true}"#, "clock").unwrap();
        assert_eq!(read_clock_offset_ms(&fields, "2026-11-24T15:00:00Z".parse().unwrap()), Ok(2_500));
    }
}
