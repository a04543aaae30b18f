use crate::domain::money::Money;
use crate::domain::passport::Passport;
use crate::domain::qty::Qty;
use crate::risk::checks::Findings;
use crate::risk::judge::Controls;
use crate::risk::refusal::Figure;

/// What a strategy holds of its own, as the engine counts it, in the moment in which it asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OwnBook {
    /// Shares of the symbol that it holds or has ordered on the side it asks for; never below zero.
    pub qty: Qty,
    /// What it has lost today, as a number above zero; `None` where a price is missing that this needs.
    pub day_loss: Option<Money>,
    /// Whether the trader said yes to this very order.
    pub said_yes: bool,
}

/// Which line of the passport an opening broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breach {
    /// The strategy has no passport.
    Missing,
    /// The symbol.
    Symbol,
    /// The side.
    Side,
    /// The hours.
    Hours,
    /// The shares.
    Qty,
    /// The dollars.
    Usd,
    /// The orders within a minute.
    Rate,
    /// The day's loss of its own.
    DayLoss,
    /// The trader was to be asked, and has not said yes.
    Asks,
}

impl Breach {
    /// The word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Symbol => "symbol",
            Self::Side => "side",
            Self::Hours => "hours",
            Self::Qty => "qty",
            Self::Usd => "usd",
            Self::Rate => "orders_per_minute",
            Self::DayLoss => "day_loss",
            Self::Asks => "asks",
        }
    }
}

/// The first line of its passport that an opening breaks, with what was measured and what is granted.
pub(super) fn broken(
    passport: &Passport,
    found: &Findings<'_>,
    controls: &Controls<'_>,
) -> (Option<Breach>, Figure, Figure) {
    let (intent, own) = (found.intent, controls.situation.own);
    let bare = |breach| (Some(breach), Figure::None, Figure::None);
    if !passport.symbols.is_empty() && !passport.symbols.contains(&intent.symbol) {
        return bare(Breach::Symbol);
    }
    if !passport.sides.grant(intent.side) {
        return bare(Breach::Side);
    }
    if passport.hours.is_some_and(|hours| !hours.hold(controls.now)) {
        return bare(Breach::Hours);
    }
    if let Some(most) = passport.orders_per_minute {
        let count = controls.tempo.in_minute(intent.origin, controls.now).1.saturating_add(1);
        if count > i64::from(most) {
            return (Some(Breach::Rate), Figure::Count(count), Figure::Count(i64::from(most)));
        }
    }
    let qty = own.qty.plus(intent.qty).unwrap_or(Qty::LARGEST);
    if let Some(most) = passport.max_qty.filter(|most| qty > *most) {
        return (Some(Breach::Qty), Figure::Qty(qty), Figure::Qty(most));
    }
    // An order that cannot be counted has no price, and is refused for that.
    let usd = found.counted.map(|counted| counted.rate.times(i128::from(qty.nanos())));
    if let (Some(usd), Some(most)) = (usd, passport.max_usd)
        && usd > most
    {
        return (Some(Breach::Usd), Figure::Money(usd), Figure::Money(most));
    }
    if let Some(most) = passport.max_day_loss_usd
        && own.day_loss.is_none_or(|loss| loss >= most)
    {
        let lost = own.day_loss.map_or(Figure::None, Figure::Money);
        return (Some(Breach::DayLoss), lost, Figure::Money(most));
    }
    if passport.asks && !own.said_yes {
        return bare(Breach::Asks);
    }
    (None, Figure::None, Figure::None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::intent::{Intent, Origin, StrategyId};
    use crate::domain::passport::{Hours, Sides};
    use crate::domain::side::Side::{Buy, Sell};
    use crate::domain::symbol::Symbol;
    use crate::risk::examples::{Desk, approved, desk, limit_order, refused, situation};
    use crate::risk::situation::Situation;

    const STRATEGY: StrategyId = StrategyId(1);

    fn buy(shares: &str) -> Intent {
        Intent { origin: Origin::Strategy(STRATEGY), ..limit_order("AAA", Buy, shares, "50", Some("49")) }
    }

    fn with(passport: Passport) -> Desk {
        let mut desk = desk();
        desk.gate.grant(STRATEGY, passport);
        desk
    }

    fn own(qty: &str, day_loss: Option<&str>) -> Situation {
        let day_loss = day_loss.map(|loss| loss.parse().unwrap());
        Situation { own: OwnBook { qty: qty.parse().unwrap(), day_loss, said_yes: false }, ..situation() }
    }

    /// The desk's clock stands at 10:00 in New York.
    #[test]
    fn each_line_of_a_passport_ends_at_its_bound_and_holds_no_exit_back() {
        let none = Passport::default();
        let usd = |dollars: i32| Some(Money::dollars(dollars));
        let symbol = |name: &str| vec![name.parse::<Symbol>().unwrap()];
        let hours = |text: &str| Some(text.parse::<Hours>().unwrap());
        let cases = [
            (Passport { symbols: symbol("BBB"), ..none.clone() }, own("0", None), "PASSPORT line=symbol"),
            (Passport { sides: Sides::Short, ..none.clone() }, own("0", None), "PASSPORT line=side"),
            (Passport { hours: hours("09:30-10:00"), ..none.clone() }, own("0", None), "PASSPORT line=hours"),
            (
                Passport { max_qty: Some(Qty::shares(10)), ..none.clone() },
                own("1", None),
                "PASSPORT value=11 limit=10 line=qty",
            ),
            (
                Passport { max_usd: usd(500), ..none.clone() },
                own("1", None),
                "PASSPORT value=550.00 limit=500.00 line=usd",
            ),
            (
                Passport { max_day_loss_usd: usd(20), ..none.clone() },
                own("0", Some("20")),
                "PASSPORT value=20.00 limit=20.00 line=day_loss",
            ),
            (
                Passport { max_day_loss_usd: usd(20), ..none.clone() },
                own("0", None),
                "PASSPORT limit=20.00 line=day_loss",
            ),
            (Passport { asks: true, ..none.clone() }, own("0", None), "PASSPORT line=asks"),
        ];
        let passes = Passport {
            symbols: symbol("AAA"),
            sides: Sides::Long,
            max_qty: Some(Qty::shares(10)),
            max_usd: usd(500),
            orders_per_minute: Some(1),
            hours: hours("10:00-10:01"),
            max_day_loss_usd: usd(20),
            asks: true,
        };
        let said_yes =
            Situation { own: OwnBook { said_yes: true, ..own("0", Some("19.99")).own }, ..situation() };
        let desk = with(passes);
        approved(&desk.gate.judge(&buy("10"), &said_yes, desk.now));
        for (passport, situation, words) in cases {
            let mut desk = with(passport);
            refused(&desk.gate.judge(&buy("10"), &situation, desk.now), words);
            desk.holds("AAA", "100", "50");
            let exit = Intent { side: Sell, stop_loss: None, ..buy("10") };
            approved(&desk.gate.judge(&exit, &situation, desk.now));
        }
    }

    #[test]
    fn a_strategy_without_a_passport_opens_nothing_and_the_trader_needs_none() {
        let desk = desk();
        let stranger = Intent { origin: Origin::Strategy(StrategyId(9)), ..buy("1") };
        refused(&desk.gate.judge(&stranger, &situation(), desk.now), "PASSPORT line=missing");
        approved(&desk.gate.judge(&Intent { origin: Origin::Operator, ..stranger }, &situation(), desk.now));
    }

    #[test]
    fn the_rate_of_a_passport_is_counted_also_where_the_limits_set_none() {
        let mut desk = with(Passport { orders_per_minute: Some(2), ..Passport::default() });
        desk.gate.change_limits(
            crate::risk::limits::Limits { stops_auto: false, ..crate::risk::limits::Limits::wide() },
            "wide".to_owned(),
        );
        for shares in ["1", "2"] {
            let order = desk.admit(&buy(shares));
            desk.gate.on_status(order, crate::domain::order::OrderStatus::Canceled);
        }
        let words = "PASSPORT value=3 limit=2 line=orders_per_minute";
        refused(&desk.gate.judge(&buy("3"), &situation(), desk.now), words);
        desk.now = desk.now.plus_seconds(60);
        desk.quoted("AAA", "49.99", "50.01");
        approved(&desk.gate.judge(&buy("3"), &situation(), desk.now));
    }
}
