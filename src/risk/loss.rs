use crate::domain::at::At;
use crate::domain::day::TradingDay;
use crate::domain::decimal::Overflow;
use crate::domain::money::Money;
use crate::risk::limits::Limits;

/// How long the loss must have stood at its limit before a second reading ends the day, in
/// milliseconds: a single wide quote must not.
pub const CONFIRM_AFTER_MS: i64 = 10_000;

/// One look at the day's loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LossReading {
    /// When.
    pub at: At,
    /// The smaller of our equity and the broker's; `None` when neither is known.
    pub equity: Option<Money>,
    /// The day's baseline.
    pub e0: Option<Money>,
    /// Deposits less withdrawals since the baseline.
    pub flows: Money,
    /// `max(0, E0 + F − E)`.
    pub loss: Option<Money>,
    /// The loss at which openings end; `None` without a limit or a baseline.
    pub limit: Option<Money>,
    /// Whether the loss is at its limit at this instant.
    pub reached: bool,
    /// Set on the one reading that ends the day: to be journaled.
    pub latched: Option<Latched>,
}

/// The fact that a day has ended by its loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Latched {
    /// Of which day.
    pub day: TradingDay,
    /// When.
    pub at: At,
    /// The loss.
    pub loss: Money,
    /// Its limit.
    pub limit: Money,
    /// What confirmed it.
    pub by: Confirmation,
}

/// What confirmed that the day's loss is at its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confirmation {
    /// A second reading at least ten seconds after the first.
    SecondReading,
    /// The broker's own equity.
    Broker,
}

/// The day's baseline, its flows, and the latch that ends it. It does not survive by itself: the
/// latch is journaled and restored.
#[derive(Debug, Default)]
pub(super) struct DayGuard {
    day: Option<TradingDay>,
    e0: Option<Money>,
    flows: Money,
    broker: Option<Money>,
    suspect_since: Option<At>,
    latched: Option<Latched>,
    /// Our own count of shares may be wrong: then only the broker's equity ends the day.
    own_in_doubt: bool,
}

impl DayGuard {
    /// Fixes the baseline of a new day; `false`, and nothing changes, when this day has one.
    pub(super) fn begin(&mut self, day: TradingDay, e0: Money) -> bool {
        if self.day.is_some_and(|known| known >= day) && self.e0.is_some() {
            return false;
        }
        let kept = self.latched.filter(|latched| latched.day == day);
        // The broker's equity of yesterday says nothing about today's baseline.
        let own_in_doubt = self.own_in_doubt;
        *self = Self { day: Some(day), e0: Some(e0), latched: kept, own_in_doubt, ..Self::default() };
        true
    }

    pub(super) fn flow(&mut self, amount: Money) -> Result<(), Overflow> {
        self.flows = self.flows.plus(amount)?;
        // The broker's last equity may be from before the flow, and would then look like a loss.
        self.broker = None;
        Ok(())
    }

    pub(super) fn doubt_own_count(&mut self, doubt: bool) {
        self.own_in_doubt = doubt;
    }

    pub(super) fn broker_says(&mut self, equity: Money) {
        self.broker = Some(equity);
    }

    /// Takes back a latch of this day, or of one that is yet to begin here.
    pub(super) fn restore(&mut self, latched: Latched) {
        if self.day.is_none_or(|day| latched.day >= day) {
            self.latched = Some(latched);
        }
    }

    pub(super) const fn latched(&self) -> Option<Latched> {
        self.latched
    }

    pub(super) const fn e0(&self) -> Option<Money> {
        self.e0
    }

    pub(super) const fn flows(&self) -> Money {
        self.flows
    }

    pub(super) const fn broker(&self) -> Option<Money> {
        self.broker
    }

    /// `min(ours, broker's)`, or the one that is known.
    pub(super) fn equity(&self, ours: Option<Money>) -> Option<Money> {
        smaller(ours, self.broker)
    }

    /// Reads the loss and latches when it stays at its limit, or the broker confirms it.
    pub(super) fn read(&mut self, ours: Option<Money>, limits: &Limits, now: At) -> LossReading {
        let equity = self.equity(ours);
        let limit = self.e0.and_then(|e0| loss_limit(limits, e0));
        let loss = loss(self.e0, self.flows, equity);
        let reached = at_limit(loss, limit);
        let by_broker = at_limit(self::loss(self.e0, self.flows, self.broker), limit);
        let suspect_since = self.suspect_since.filter(|_| reached);
        let by_time = !self.own_in_doubt
            && suspect_since.is_some_and(|since| now.millis_since(since) >= CONFIRM_AFTER_MS);
        self.suspect_since = reached.then(|| suspect_since.unwrap_or(now));
        let by = match (by_broker, by_time) {
            (true, _) => Some(Confirmation::Broker),
            (false, true) => Some(Confirmation::SecondReading),
            (false, false) => None,
        };
        let latched = match (by, self.day, loss, limit) {
            (Some(by), Some(day), Some(loss), Some(limit)) if self.latched.is_none() => {
                Some(Latched { day, at: now, loss, limit, by })
            }
            _ => None,
        };
        self.latched = self.latched.or(latched);
        LossReading { at: now, equity, e0: self.e0, flows: self.flows, loss, limit, reached, latched }
    }
}

/// The smaller one, or the one there is.
pub(super) fn smaller(one: Option<Money>, other: Option<Money>) -> Option<Money> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// `max(0, E0 + F − E)`, where both are known.
pub(super) fn loss(e0: Option<Money>, flows: Money, equity: Option<Money>) -> Option<Money> {
    let loss = e0?.plus(flows).ok()?.minus(equity?).ok()?;
    Some(loss.at_least_zero())
}

/// The loss at which openings end: the smaller of the percentage of the baseline and the dollars.
pub(super) fn loss_limit(limits: &Limits, e0: Money) -> Option<Money> {
    let base = limits.of_capital(e0);
    let of_baseline = limits.max_daily_loss_pct.and_then(|pct| base.percent_down(pct).ok());
    smaller(of_baseline, limits.max_daily_loss_usd)
}

fn at_limit(loss: Option<Money>, limit: Option<Money>) -> bool {
    matches!((loss, limit), (Some(loss), Some(limit)) if loss >= limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> TradingDay {
        text.parse().unwrap()
    }

    fn guard() -> DayGuard {
        let mut guard = DayGuard::default();
        assert!(guard.begin(day("2013-10-07"), Money::dollars(100_000)));
        guard
    }

    /// Feeds readings of our own equity at seconds, and says at which one the day ended.
    fn latched_at(readings: &[(i64, i32)]) -> Option<i64> {
        let mut guard = guard();
        let read = |(second, equity): &(i64, i32)| {
            let at = At::from_seconds(*second);
            guard.read(Some(Money::dollars(*equity)), &Limits::default(), at).latched.map(|_| *second)
        };
        readings.iter().find_map(read)
    }

    #[test]
    fn a_day_ends_only_when_the_loss_stays() {
        assert_eq!(latched_at(&[(0, 98_000), (9, 98_000), (10, 98_000), (30, 97_000)]), Some(10));
        assert_eq!(latched_at(&[(0, 97_900), (10, 99_700), (20, 98_000)]), None);
        assert_eq!(latched_at(&[(0, 98_001), (10, 98_001)]), None);
    }

    #[test]
    fn the_broker_s_own_equity_ends_it_at_once_and_only_a_new_day_begins_anew() {
        let mut guard = guard();
        guard.broker_says(Money::dollars(98_000));
        let reading = guard.read(Some(Money::dollars(99_000)), &Limits::default(), At::from_seconds(1));
        assert_eq!(reading.latched.map(|latched| latched.by), Some(Confirmation::Broker));
        let again = guard.read(Some(Money::dollars(99_900)), &Limits::default(), At::from_seconds(2));
        assert_eq!(again.latched, None, "told once");
        assert!(!guard.begin(day("2013-10-07"), Money::dollars(50_000)), "a restart keeps the baseline");
        assert!(guard.latched().is_some() && guard.e0() == Some(Money::dollars(100_000)));
        assert!(guard.begin(day("2013-10-08"), Money::dollars(98_000)));
        assert_eq!((guard.latched(), guard.broker()), (None, None));
    }

    #[test]
    fn a_deposit_is_no_loss_until_the_broker_has_seen_it() {
        let mut guard = guard();
        guard.broker_says(Money::dollars(100_000));
        guard.flow(Money::dollars(5_000)).unwrap();
        let reading = guard.read(Some(Money::dollars(105_000)), &Limits::default(), At::from_seconds(1));
        assert_eq!((reading.loss, reading.latched), (Some(Money::ZERO), None));
    }

    #[test]
    fn a_latch_from_the_journal_holds_its_own_day_only() {
        let mut guard = guard();
        let latched = Latched {
            day: day("2013-10-08"),
            at: At::from_seconds(0),
            loss: Money::dollars(2_000),
            limit: Money::dollars(2_000),
            by: Confirmation::Broker,
        };
        guard.restore(Latched { day: day("2013-10-04"), ..latched });
        assert_eq!(guard.latched(), None);
        guard.restore(latched);
        assert!(guard.begin(day("2013-10-08"), Money::dollars(1)) && guard.latched().is_some());
        assert!(guard.begin(day("2013-10-09"), Money::dollars(1)) && guard.latched().is_none());
    }
}
