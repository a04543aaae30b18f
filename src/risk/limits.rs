use serde::{Deserialize, Serialize};

use crate::domain::money::Money;
use crate::domain::pct::Pct;

/// The trader's limits. `None` means that the rule is off; a limit of 0 means that nothing passes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each switches one rule that stands alone")]
pub struct Limits {
    /// The day's loss at which openings end, in per cent of the day's baseline.
    pub max_daily_loss_pct: Option<Pct>,
    /// The same in dollars; the smaller of the two counts.
    pub max_daily_loss_usd: Option<Money>,
    /// A symbol's largest exposure, in per cent of the smaller of baseline and equity.
    pub max_position_pct: Option<Pct>,
    /// The same in dollars; the smaller of the two counts.
    pub max_position_usd: Option<Money>,
    /// The largest heat, in per cent of the smaller of baseline and equity.
    pub max_heat_pct: Option<Pct>,
    /// The largest sum of exposures, in per cent of the smaller of baseline and equity.
    pub max_gross_pct: Option<Pct>,
    /// The largest worth of one opening order, in dollars.
    pub max_order_usd: Option<Money>,
    /// The most dollars of the account that count as equity for the caps and for the day's loss; live has such a
    /// number, and sim and paper none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_capital_usd: Option<Money>,
    /// How far an opening limit may stand from the middle of the market, in per cent of it.
    pub price_collar_pct: Option<Pct>,
    /// The oldest quote that may be traded on, in milliseconds.
    pub stale_quote_ms: i64,
    /// For how long the same opening order is a duplicate, in milliseconds.
    pub duplicate_window_ms: Option<i64>,
    /// Opening orders of the account in a minute.
    pub openings_per_minute_account: Option<u32>,
    /// Opening orders of one strategy in a minute.
    pub openings_per_minute_strategy: Option<u32>,
    /// The largest part of the symbol's average volume in one opening order, in per cent.
    pub max_volume_share_pct: Option<Pct>,
    /// Opening orders of one strategy that may fill within ten minutes before it is disabled.
    pub repeated_executions: Option<u32>,
    /// Whether openings wait for the regular session.
    pub regular_session_only: bool,
    /// Whether orders for all hours may open positions in early and late trading.
    pub extended_hours: bool,
    /// Whether an opening order without a protective stop is refused where the rules ask for one.
    pub stops_required: bool,
    /// Whether the gate adds a protective stop where the caller gave none.
    pub stops_auto: bool,
    /// How many average true ranges such a stop stands from the entry.
    pub stop_atr_multiple: u32,
    /// Losing trades in a row after which a pause begins.
    pub loss_streak: Option<u32>,
    /// How long that pause lasts, in minutes; without a streak there is none.
    pub cool_down_minutes: u32,
    /// Broker rejects within 60 s that disable a strategy.
    pub rejects_disable_strategy: u32,
    /// Broker rejects within 60 s that end openings.
    pub rejects_end_openings: u32,
    /// Whether reaching the daily loss also closes every position.
    pub flatten_on_daily_loss: bool,
}

/// One limit that is outside of its hard bounds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key} = {value}: it must be {bound}; {remedy}")]
pub struct LimitFault {
    /// The limit's name.
    pub key: &'static str,
    /// What was written.
    pub value: String,
    /// What is allowed.
    pub bound: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_daily_loss_pct: Some(Pct::whole(2)),
            max_daily_loss_usd: None,
            max_position_pct: Some(Pct::whole(10)),
            max_position_usd: None,
            max_heat_pct: Some(Pct::whole(25)),
            max_gross_pct: Some(Pct::whole(100)),
            max_order_usd: None,
            max_capital_usd: None,
            price_collar_pct: Some(Pct::whole(5)),
            stale_quote_ms: 15_000,
            duplicate_window_ms: Some(2_000),
            openings_per_minute_account: Some(30),
            openings_per_minute_strategy: Some(10),
            max_volume_share_pct: Some(Pct::whole(5)),
            repeated_executions: Some(20),
            regular_session_only: true,
            extended_hours: false,
            stops_required: true,
            stops_auto: true,
            stop_atr_multiple: 2,
            loss_streak: None,
            cool_down_minutes: 30,
            rejects_disable_strategy: 5,
            rejects_end_openings: 10,
            flatten_on_daily_loss: false,
        }
    }
}

impl Limits {
    /// What a live account starts with: the defaults, and at most 5,000 dollars an order.
    #[must_use]
    pub fn live() -> Self {
        Self { max_order_usd: Some(Money::dollars(5_000)), ..Self::default() }
    }

    /// Without the limits that engines for comparison lack; for backtests only, never for a venue.
    #[must_use]
    pub fn wide() -> Self {
        Self {
            max_daily_loss_pct: None,
            max_daily_loss_usd: None,
            max_position_pct: None,
            max_position_usd: None,
            max_heat_pct: None,
            max_gross_pct: None,
            max_order_usd: None,
            max_capital_usd: None,
            price_collar_pct: None,
            duplicate_window_ms: None,
            openings_per_minute_account: None,
            openings_per_minute_strategy: None,
            max_volume_share_pct: None,
            repeated_executions: None,
            regular_session_only: false,
            stops_required: false,
            stops_auto: false,
            ..Self::default()
        }
    }

    /// The tighter of both, limit by limit: a limit beats none, and the smaller one the larger.
    #[must_use]
    pub fn tightest(&self, other: &Self) -> Self {
        fn least<T: Ord + Copy>(one: Option<T>, other: Option<T>) -> Option<T> {
            one.into_iter().chain(other).min()
        }
        Self {
            max_daily_loss_pct: least(self.max_daily_loss_pct, other.max_daily_loss_pct),
            max_daily_loss_usd: least(self.max_daily_loss_usd, other.max_daily_loss_usd),
            max_position_pct: least(self.max_position_pct, other.max_position_pct),
            max_position_usd: least(self.max_position_usd, other.max_position_usd),
            max_heat_pct: least(self.max_heat_pct, other.max_heat_pct),
            max_gross_pct: least(self.max_gross_pct, other.max_gross_pct),
            max_order_usd: least(self.max_order_usd, other.max_order_usd),
            max_capital_usd: least(self.max_capital_usd, other.max_capital_usd),
            price_collar_pct: least(self.price_collar_pct, other.price_collar_pct),
            stale_quote_ms: self.stale_quote_ms.min(other.stale_quote_ms),
            // The longer window and the longer pause are the tighter ones.
            duplicate_window_ms: self.duplicate_window_ms.max(other.duplicate_window_ms),
            openings_per_minute_account: least(
                self.openings_per_minute_account,
                other.openings_per_minute_account,
            ),
            openings_per_minute_strategy: least(
                self.openings_per_minute_strategy,
                other.openings_per_minute_strategy,
            ),
            max_volume_share_pct: least(self.max_volume_share_pct, other.max_volume_share_pct),
            repeated_executions: least(self.repeated_executions, other.repeated_executions),
            regular_session_only: self.regular_session_only || other.regular_session_only,
            extended_hours: self.extended_hours && other.extended_hours,
            stops_required: self.stops_required || other.stops_required,
            stops_auto: self.stops_auto || other.stops_auto,
            stop_atr_multiple: self.stop_atr_multiple.min(other.stop_atr_multiple),
            loss_streak: least(self.loss_streak, other.loss_streak),
            cool_down_minutes: self.cool_down_minutes.max(other.cool_down_minutes),
            rejects_disable_strategy: self.rejects_disable_strategy.min(other.rejects_disable_strategy),
            rejects_end_openings: self.rejects_end_openings.min(other.rejects_end_openings),
            flatten_on_daily_loss: self.flatten_on_daily_loss || other.flatten_on_daily_loss,
        }
    }

    /// So much of `money` as counts.
    pub(super) fn of_capital(&self, money: Money) -> Money {
        self.max_capital_usd.map_or(money, |most| money.min(most))
    }

    /// Where these limits are not the `wished` ones, limit by limit, in words.
    #[must_use]
    pub fn instead_of(&self, wished: &Self) -> Vec<String> {
        let keys = |limits: &Self| match serde_json::to_value(limits) {
            Ok(serde_json::Value::Object(keys)) => keys,
            _ => serde_json::Map::new(),
        };
        let shown = |value: &serde_json::Value| match value {
            serde_json::Value::Null => "off".to_owned(),
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let wished = keys(wished);
        let differs = |(key, value): (&String, &serde_json::Value)| {
            let wish = wished.get(key).filter(|wish| *wish != value)?;
            Some(format!("{key} stays {}, not {}", shown(value), shown(wish)))
        };
        keys(self).iter().filter_map(differs).collect()
    }

    /// Every limit outside of its hard bounds; empty when all are within them.
    #[must_use]
    pub fn faults(&self) -> Vec<LimitFault> {
        let mut faults = Vec::new();
        let mut percent = |key, value: Option<Pct>, most: i32, bound, remedy| {
            let allowed = Pct::whole(0)..=Pct::whole(most);
            if !value.is_some_and(|pct| allowed.contains(&pct)) {
                let value = value.map_or_else(|| "off".to_owned(), |pct| pct.to_string());
                faults.push(LimitFault { key, value, bound, remedy });
            }
        };
        percent("max_daily_loss_pct", self.max_daily_loss_pct, 20, "0 to 20 (per cent)", "2 is the default");
        percent("max_position_pct", self.max_position_pct, 100, "0 to 100 (per cent)", "10 is the default");
        percent("max_heat_pct", self.max_heat_pct, 100, "0 to 100 (per cent)", "25 is the default");
        percent("max_gross_pct", self.max_gross_pct, 200, "0 to 200 (per cent)", "100 means no leverage");
        percent("price_collar_pct", self.price_collar_pct, 20, "0 to 20 (per cent)", "5 is the default");
        percent(
            "max_volume_share_pct",
            self.max_volume_share_pct,
            25,
            "0 to 25 (per cent)",
            "5 is the default",
        );
        self.faults_in_counts(&mut faults);
        self.faults_in_dollars(&mut faults);
        if let (Some(streak), 0) = (self.loss_streak, self.cool_down_minutes) {
            let (bound, remedy) =
                ("left out while cool_down_minutes is 0", "set cool_down_minutes to begin a pause");
            faults.push(LimitFault { key: "loss_streak", value: streak.to_string(), bound, remedy });
        }
        faults
    }

    fn faults_in_counts(&self, faults: &mut Vec<LimitFault>) {
        let mut count = |key, value: Option<i64>, least: i64, most: i64, bound, remedy| {
            if !value.is_some_and(|count| (least..=most).contains(&count)) {
                let value = value.map_or_else(|| "off".to_owned(), |count| count.to_string());
                faults.push(LimitFault { key, value, bound, remedy });
            }
        };
        let wide = |value: Option<u32>| value.map(i64::from);
        count(
            "stale_quote_ms",
            Some(self.stale_quote_ms),
            100,
            60_000,
            "100 to 60000 (ms)",
            "15000 is the default",
        );
        count(
            "duplicate_window_ms",
            self.duplicate_window_ms,
            0,
            60_000,
            "0 to 60000 (ms)",
            "2000 is the default",
        );
        let account = wide(self.openings_per_minute_account);
        count("openings_per_minute_account", account, 0, 120, "0 to 120", "30 is the default");
        let strategy = wide(self.openings_per_minute_strategy);
        count("openings_per_minute_strategy", strategy, 0, 120, "0 to 120", "10 is the default");
        count("repeated_executions", wide(self.repeated_executions), 1, 100, "1 to 100", "20 is the default");
        count(
            "stop_atr_multiple",
            Some(i64::from(self.stop_atr_multiple)),
            1,
            20,
            "1 to 20",
            "2 is the default",
        );
        let disable = Some(i64::from(self.rejects_disable_strategy));
        count("rejects_disable_strategy", disable, 1, 50, "1 to 50", "5 is the default");
        let end = Some(i64::from(self.rejects_end_openings));
        count("rejects_end_openings", end, 1, 50, "1 to 50", "10 is the default");
        let streak = Some(self.loss_streak.map_or(1, i64::from));
        count("loss_streak", streak, 1, 100, "1 to 100", "leave it out for none");
        count(
            "cool_down_minutes",
            Some(i64::from(self.cool_down_minutes)),
            0,
            1_440,
            "0 to 1440",
            "30 is the default",
        );
    }

    fn faults_in_dollars(&self, faults: &mut Vec<LimitFault>) {
        let amounts = [
            ("max_daily_loss_usd", self.max_daily_loss_usd),
            ("max_position_usd", self.max_position_usd),
            ("max_order_usd", self.max_order_usd),
        ];
        for (key, amount) in amounts {
            if let Some(money) = amount.filter(|money| money.is_negative()) {
                let (bound, remedy) = ("0 or more (dollars)", "leave it out for none");
                faults.push(LimitFault { key, value: money.exact(), bound, remedy });
            }
        }
        for (key, on) in
            [("regular_session_only", self.regular_session_only), ("stops_required", self.stops_required)]
        {
            if !on {
                let (bound, remedy) = ("true", "only `backtest --limits wide` trades without it");
                faults.push(LimitFault { key, value: "false".to_owned(), bound, remedy });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_within_bounds_and_wide_limits_are_not() {
        assert_eq!(Limits::default().faults(), []);
        assert_eq!(Limits::live().faults(), []);
        let wide: Vec<&str> = Limits::wide().faults().iter().map(|fault| fault.key).collect();
        assert!(wide.contains(&"max_heat_pct") && wide.contains(&"stops_required"), "{wide:?}");
    }

    #[test]
    fn a_streak_that_would_begin_no_pause_is_a_fault() {
        let limits = Limits { loss_streak: Some(3), cool_down_minutes: 0, ..Limits::default() };
        assert_eq!(limits.faults().first().map(|fault| fault.key), Some("loss_streak"));
        assert_eq!(Limits { cool_down_minutes: 1, ..limits }.faults(), []);
    }

    #[test]
    fn a_fault_names_key_value_bound_and_remedy() {
        let limits = Limits { max_position_pct: Some(Pct::whole(101)), ..Limits::default() };
        let said: Vec<String> = limits.faults().iter().map(ToString::to_string).collect();
        assert_eq!(said, ["max_position_pct = 101: it must be 0 to 100 (per cent); 10 is the default"]);
    }
}
