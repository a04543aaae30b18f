use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::at::At;
use crate::domain::day::TradingDay;
use crate::domain::fill::Fill;
use crate::domain::money::Money;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::symbol::Symbol;
use crate::engine::memory::RememberedBook;
use crate::risk::position::Position;

/// What one strategy holds and has earned: its own fills, and no share of anybody else's.
#[derive(Debug, Clone, Default)]
pub struct OwnBook {
    positions: BTreeMap<Symbol, Position>,
    /// Realised on the whole ledger, fees taken off.
    realized: Money,
    /// The trading day of the last fill, and what was realised on it.
    day: Option<(TradingDay, Money)>,
}

/// What a fill did to a strategy's own book: the journal's word for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnFill {
    /// The strategy's name: its number is of one run alone.
    pub strategy: String,
    /// Signed shares of the symbol that are its own after it.
    pub qty: Qty,
    /// Their average price.
    pub avg_price: Price,
    /// What it realised, fees taken off.
    pub realized: Money,
}

impl OwnBook {
    /// As the journal remembers it.
    pub fn remembered(book: &RememberedBook) -> Self {
        let positions = book.positions.iter();
        Self {
            positions: positions.map(|(symbol, qty, avg)| (*symbol, Position::told(*qty, *avg))).collect(),
            realized: book.realized,
            day: book.day,
        }
    }

    /// Signed shares of the symbol that are its own.
    pub fn qty(&self, symbol: Symbol) -> Qty {
        self.positions.get(&symbol).map_or(Qty::ZERO, |position| position.qty)
    }

    /// Signed shares of the symbol that are its own, with their average price.
    pub fn holding(&self, symbol: Symbol) -> (Qty, Price) {
        self.positions
            .get(&symbol)
            .map_or((Qty::ZERO, Price::ZERO), |position| (position.qty, position.avg_price))
    }

    /// What it has realised, fees taken off.
    pub fn realized(&self) -> Money {
        self.realized
    }

    /// What it has lost since `day` began, as a number above zero: realised today, and open at the marks. `None`
    /// where a mark of what it holds is missing.
    pub fn day_loss(&self, day: TradingDay, mark: impl Fn(Symbol) -> Option<Price>) -> Option<Money> {
        let today = self.day.filter(|(of, _)| *of == day).map_or(Money::ZERO, |(_, realized)| realized);
        let mut sum = today;
        for (symbol, position) in self.positions.iter().filter(|(_, position)| !position.qty.is_zero()) {
            let gain = mark(*symbol)?.minus(position.avg_price).ok()?;
            sum = sum.plus(gain.times(position.qty)).ok()?;
        }
        Some(if sum.is_negative() { sum.negated() } else { Money::ZERO })
    }

    /// Takes a fill of one of its own orders; what it realised.
    pub fn take(&mut self, fill: &Fill) -> Money {
        let before = self.positions.get(&fill.symbol).copied().unwrap_or_default();
        let signed = fill.qty.signed(fill.side);
        let closes = !before.qty.is_zero() && before.qty.is_negative() != signed.is_negative();
        let closed = if closes { before.qty.abs().min(fill.qty) } else { Qty::ZERO };
        let after = before.after(fill.side, fill.qty, fill.price).unwrap_or(before);
        self.positions.insert(fill.symbol, after);
        self.realize(fill.at, gain(before, closed, fill.price).minus(fill.fee).unwrap_or(Money::ZERO))
    }

    /// Somebody else closed the account's position: what it held of it went at that price.
    pub fn lose(&mut self, symbol: Symbol, price: Price, at: At) -> Option<Money> {
        let before = self.positions.remove(&symbol).filter(|position| !position.qty.is_zero())?;
        Some(self.realize(at, gain(before, before.qty.abs(), price)))
    }

    /// The account's `old` shares of a symbol are `new` ones now: so are its own, at what they cost.
    pub fn split(&mut self, symbol: Symbol, old: Qty, new: Qty) {
        let Some(position) = self.positions.get_mut(&symbol) else { return };
        let (old, new) = (old.abs().nanos(), new.abs().nanos());
        if let (Some(qty), Ok(avg_price)) =
            (position.qty.scaled(new, old), position.avg_price.scaled(old, new))
        {
            *position = Position::told(qty, avg_price);
        }
    }

    /// Holds no more of a symbol than the account does, at the account's price where that is told; what it is then,
    /// where it held any.
    pub fn cap(&mut self, symbol: Symbol, held: Qty, avg_price: Option<Price>) -> Option<(Qty, Price)> {
        let before = self.positions.remove(&symbol).filter(|position| !position.qty.is_zero())?;
        if goes_with(before.qty, held) {
            let qty = if before.qty.abs() <= held.abs() { before.qty } else { held };
            self.positions.insert(symbol, Position::told(qty, avg_price.unwrap_or(before.avg_price)));
        }
        Some(self.holding(symbol))
    }

    /// What is not held by the account is nobody's: `held` says what is.
    pub fn keep_what_is_held(&mut self, held: impl Fn(Symbol) -> Qty) {
        self.positions.retain(|symbol, position| goes_with(position.qty, held(*symbol)));
    }

    fn realize(&mut self, at: At, money: Money) -> Money {
        self.day = Some(day_with(self.day, TradingDay::of(at), money));
        self.realized = self.realized.plus(money).unwrap_or(self.realized);
        money
    }
}

/// A day's sum with what was realised on `of`: a word of an earlier day that comes late changes nothing of today's.
pub fn day_with(day: Option<(TradingDay, Money)>, of: TradingDay, money: Money) -> (TradingDay, Money) {
    match day {
        Some((today, sum)) if of < today => (today, sum),
        Some((today, sum)) if of == today => (today, sum.plus(money).unwrap_or(sum)),
        _ => (of, money),
    }
}

/// Whether shares of this sign can be among those.
pub fn goes_with(own: Qty, held: Qty) -> bool {
    (own.is_positive() && held.is_positive()) || (own.is_negative() && held.is_negative())
}

fn gain(position: Position, closed: Qty, price: Price) -> Money {
    let closed = if position.qty.is_negative() { closed.negated() } else { closed };
    price.minus(position.avg_price).map_or(Money::ZERO, |gain| gain.times(closed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::side::Side::{self, Buy, Sell};

    fn fill(side: Side, shares: i32, price: &str, fee: &str, at: i64) -> Fill {
        Fill {
            execution: "e".to_owned(),
            order: "a".parse().unwrap(),
            symbol: "SPY".parse().unwrap(),
            side,
            qty: Qty::shares(shares),
            price: price.parse().unwrap(),
            fee: fee.parse().unwrap(),
            at: At::from_seconds(at),
        }
    }

    /// 2013-10-07, 10:00 in New York, and the same hour of the day after.
    const MONDAY: i64 = 1_381_154_400;
    const TUESDAY: i64 = MONDAY + 86_400;

    #[test]
    fn a_day_s_loss_is_realised_today_and_open_at_the_mark_and_ends_with_the_day() {
        let mut own = OwnBook::default();
        let loss = |own: &OwnBook, at: i64, mark: Option<&str>| {
            let mark = mark.map(|mark| mark.parse::<Price>().unwrap());
            own.day_loss(TradingDay::of(At::from_seconds(at)), |_| mark).map(|loss| loss.to_string())
        };
        assert_eq!(own.take(&fill(Buy, 30, "100", "1", MONDAY)).to_string(), "-1.00");
        assert_eq!(own.take(&fill(Sell, 10, "98", "0", MONDAY + 60)).to_string(), "-20.00");
        assert_eq!(loss(&own, MONDAY, Some("99")).as_deref(), Some("41.00"), "1 + 20 + 20 · 1");
        assert_eq!(loss(&own, MONDAY, Some("110")).as_deref(), Some("0.00"), "what is open makes it good");
        assert_eq!(loss(&own, MONDAY, None), None, "without a mark nobody knows");
        assert_eq!(
            loss(&own, TUESDAY, Some("99")).as_deref(),
            Some("20.00"),
            "what was realised is yesterday's"
        );
        assert_eq!(own.realized().to_string(), "-21.00");
    }

    #[test]
    fn what_somebody_else_closed_is_realised_at_that_price_and_gone() {
        let mut own = OwnBook::default();
        own.take(&fill(Sell, 10, "50", "0", MONDAY));
        let symbol = "SPY".parse().unwrap();
        let lost = own.lose(symbol, "52".parse().unwrap(), At::from_seconds(MONDAY));
        assert_eq!(lost.unwrap().to_string(), "-20.00");
        assert_eq!(
            (own.qty(symbol), own.lose(symbol, "52".parse().unwrap(), At::default())),
            (Qty::ZERO, None)
        );
        own.take(&fill(Buy, 10, "50", "0", MONDAY));
        own.keep_what_is_held(|_| Qty::shares(-5));
        assert_eq!(own.qty(symbol), Qty::ZERO, "the account is short");
    }

    #[test]
    fn a_late_word_of_an_earlier_day_leaves_today_s_loss_where_it_is() {
        let mut own = OwnBook::default();
        own.take(&fill(Buy, 10, "100", "0", TUESDAY));
        own.take(&fill(Sell, 10, "91", "0", TUESDAY));
        own.take(&fill(Buy, 1, "50", "7", MONDAY));
        let loss = own.day_loss(TradingDay::of(At::from_seconds(TUESDAY)), |_| Some("50".parse().unwrap()));
        assert_eq!(
            (loss.unwrap().to_string(), own.realized().to_string()),
            ("90.00".into(), "-97.00".into())
        );
    }

    #[test]
    fn a_book_holds_no_more_than_the_broker_counts() {
        let symbol: Symbol = "SPY".parse().unwrap();
        let held = |shares: i32, cap: i32| {
            let mut own = OwnBook::default();
            own.take(&fill(if shares > 0 { Buy } else { Sell }, shares.abs(), "100", "0", MONDAY));
            own.cap(symbol, Qty::shares(cap), Some("10".parse().unwrap()));
            own.holding(symbol)
        };
        let at = |price: &str| price.parse::<Price>().unwrap();
        assert_eq!(held(30, 50), (Qty::shares(30), at("10")));
        assert_eq!(held(30, 20), (Qty::shares(20), at("10")));
        assert_eq!((held(30, 0).0, held(30, -5).0), (Qty::ZERO, Qty::ZERO));
        assert_eq!(held(-30, -20).0, Qty::shares(-20));
    }
}
