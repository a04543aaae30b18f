//! The nouns under random values, against slow formulas of their own.

use proptest::prelude::*;

use crate::domain::at::At;
use crate::domain::calendar::{Phase, next_session, phase, previous_session, session};
use crate::domain::day::TradingDay;
use crate::domain::decimal::NANOS;
use crate::domain::id::ClientOrderId;
use crate::domain::mode::Mode;
use crate::domain::money::Money;
use crate::domain::pct::Pct;
use crate::domain::price::Price;
use crate::domain::qty::Qty;

/// What a text of nine digits before and nine after the point can hold.
const MOST: i64 = 999_999_999_999_999_999;

/// Any instant of the calendar's years.
fn instant() -> impl Strategy<Value = At> {
    // 2000-01-03 to 2035-12-01.
    (946_875_600_i64..2_080_000_000, 0..NANOS).prop_map(|(s, nanos)| At::from_nanos(s * NANOS + nanos))
}

proptest! {
    #[test]
    fn a_number_reads_as_it_is_written(nanos in -MOST..=MOST, attos in any::<i64>()) {
        let (price, qty, pct) = (Price::from_nanos(nanos), Qty::from_nanos(nanos), Pct::from_nanos(nanos));
        prop_assert_eq!(price.to_string().parse::<Price>().unwrap(), price);
        prop_assert_eq!(qty.to_string().parse::<Qty>().unwrap(), qty);
        prop_assert_eq!(pct.to_string().parse::<Pct>().unwrap(), pct);
        let money = Money::from_attos(i128::from(attos) * 1_000);
        prop_assert_eq!(money.exact().parse::<Money>().unwrap(), money);
        prop_assert_eq!(price.to_string().starts_with('-'), nanos < 0, "no sign is lost");
    }

    /// What is printed is the nearest cent, and half-way the even one.
    #[test]
    fn printed_money_is_rounded_half_even(cents in -10_i128.pow(9)..10_i128.pow(9), part in 0_i128..10_i128.pow(16)) {
        let cent = 10_i128.pow(16);
        let attos = cents * cent + part;
        let up = part * 2 > cent || part * 2 == cent && cents.rem_euclid(2) == 1;
        prop_assert_eq!(Money::from_attos(attos).cents(), cents + i128::from(up));
        let even = cents + cents.rem_euclid(2);
        prop_assert_eq!(Money::from_attos(cents * cent + cent / 2).cents(), even);
    }

    #[test]
    fn a_percentage_is_never_rounded_up(attos in 0..10_i128.pow(27), pct in 0..=200 * NANOS) {
        let part = Money::from_attos(attos).percent_down(Pct::from_nanos(pct)).unwrap().attos();
        let scale = 100 * i128::from(NANOS);
        let exact = attos / scale * i128::from(pct) + attos % scale * i128::from(pct) / scale;
        prop_assert_eq!(part, exact);
    }

    #[test]
    fn a_price_times_shares_is_exact(price in -MOST..=MOST, shares in -MOST..=MOST) {
        let money = Price::from_nanos(price).times(Qty::from_nanos(shares));
        prop_assert_eq!(money.attos(), i128::from(price) * i128::from(shares));
    }

    /// A step of the grid is at most a cent, and on the grid nothing moves.
    #[test]
    fn the_grid_rounds_to_its_own_side(nanos in 1..1_000_000 * NANOS) {
        let price = Price::from_nanos(nanos);
        let (down, up) = (price.grid_down(), price.grid_up());
        prop_assert!(down <= price && price <= up);
        let step = if nanos >= NANOS { 10_000_000 } else { 100_000 };
        prop_assert!(up.nanos() - down.nanos() <= step);
        prop_assert_eq!((down.nanos() % step, up.nanos() % step), (0, 0));
        prop_assert!((down == up) == (nanos % step == 0));
    }

    #[test]
    fn an_order_id_is_short_and_tells_its_number(seq in any::<u64>(), at in instant()) {
        let install = "abc123".parse().unwrap();
        let id = ClientOrderId::new(Mode::Live, install, TradingDay::of(at), seq);
        prop_assert!(id.as_str().len() <= 48);
        prop_assert_eq!(id.seq(), Some(seq));
        prop_assert_eq!(id.as_str().parse::<ClientOrderId>().unwrap(), id);
        let next = ClientOrderId::new(Mode::Live, install, TradingDay::of(at), seq.wrapping_add(1));
        prop_assert_ne!(id, next);
    }

    /// The day is New York's, by the offsets of the tz database in another hand: whole hours, five in winter
    /// and four in summer.
    #[test]
    fn the_trading_day_is_new_yorks(at in instant()) {
        let day = TradingDay::of(at);
        let midnight = day.at_time(0, 0);
        let into = at.millis_since(midnight);
        // The days on which the clocks change have 23 and 25 hours.
        prop_assert!((0..25 * 3_600_000).contains(&into), "{at} in {day}: {into} ms");
        prop_assert!(at < day.next().at_time(0, 0));
        prop_assert_eq!(day.next().previous(), day);
        let utc_hour = midnight.seconds().rem_euclid(86_400) / 3_600;
        prop_assert!(utc_hour == 4 || utc_hour == 5);
    }

    #[test]
    fn a_session_has_its_hours_and_its_phases_in_order(at in instant()) {
        let day = TradingDay::of(at);
        let now = phase(at);
        let Some(today) = session(day) else {
            prop_assert_eq!(now, Phase::Closed);
            return Ok(());
        };
        let hours = |from: At, to: At| to.millis_since(from) / 60_000;
        prop_assert_eq!(hours(today.early_open, today.open), 330);
        prop_assert_eq!(hours(today.open, today.close), if today.half_day { 210 } else { 390 });
        prop_assert_eq!(hours(today.close, today.late_close), 240);
        let regular = today.open <= at && at < today.close;
        prop_assert_eq!(now == Phase::Regular, regular);
        prop_assert!(!day.is_weekend());
        let next = next_session(day).unwrap();
        prop_assert!(next.day > day && next.early_open > today.late_close);
        prop_assert_eq!(previous_session(next.day).unwrap().day, day);
    }
}
