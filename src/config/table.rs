use crate::config::meaning::{Config, OnDailyLoss};
use crate::config::setting::Setting;

/// Somebody who goes through every key: to fill it, to show it, or to know its name.
pub(super) trait Visitor {
    /// The key and the place it fills.
    fn setting<T: Setting>(&mut self, key: &'static str, place: &mut T);
}

/// Every key there is, section by section. A key that is not here does not exist.
///
/// Two rules have no key on purpose: that openings wait for the regular session, and that an opening
/// without a protective stop is refused. Only a backtest can be asked to go without them.
pub(super) fn every_setting(config: &mut Config, visitor: &mut impl Visitor) {
    visitor.setting("mode", &mut config.mode);
    limits(config, visitor);
    let limits = &mut config.limits;
    visitor.setting("stops.auto", &mut limits.stops_auto);
    visitor.setting("stops.atr_multiple", &mut limits.stop_atr_multiple);
    visitor.setting("sim.cash", &mut config.sim.cash);
    visitor.setting("sim.speed", &mut config.sim.speed);
    visitor.setting("sim.seed", &mut config.sim.seed);
    visitor.setting("sim.shorts", &mut config.sim.shorts);
    visitor.setting("costs.fee_per_share", &mut config.costs.fee_per_share);
    visitor.setting("costs.slippage_bps", &mut config.costs.slippage_bps);
    visitor.setting("costs.volume_share_pct", &mut config.costs.volume_share_pct);
    visitor.setting("alpaca.base_url", &mut config.alpaca.base_url);
    visitor.setting("alpaca.feed", &mut config.alpaca.feed);
    visitor.setting("alpaca.symbols", &mut config.alpaca.symbols);
    visitor.setting("live.enabled", &mut config.live.enabled);
    visitor.setting("live.max_capital", &mut config.live.max_capital);
    visitor.setting("live.lock_after_min", &mut config.live.lock_after_min);
    visitor.setting("window.theme", &mut config.window.theme);
    visitor.setting("window.ascii", &mut config.window.ascii);
    visitor.setting("window.lock_after_min", &mut config.window.lock_after_min);
    visitor.setting("logs.level", &mut config.logs.level);
    visitor.setting("logs.keep_days", &mut config.logs.keep_days);
    visitor.setting("logs.tape_mb", &mut config.logs.tape_mb);
}

fn limits(config: &mut Config, visitor: &mut impl Visitor) {
    let limits = &mut config.limits;
    visitor.setting("limits.max_daily_loss_pct", &mut limits.max_daily_loss_pct);
    visitor.setting("limits.max_daily_loss_usd", &mut limits.max_daily_loss_usd);
    let mut on_daily_loss = OnDailyLoss::of(limits.flatten_on_daily_loss);
    visitor.setting("limits.on_daily_loss", &mut on_daily_loss);
    limits.flatten_on_daily_loss = on_daily_loss == OnDailyLoss::Flatten;
    visitor.setting("limits.max_position_pct", &mut limits.max_position_pct);
    visitor.setting("limits.max_position_usd", &mut limits.max_position_usd);
    visitor.setting("limits.max_heat_pct", &mut limits.max_heat_pct);
    visitor.setting("limits.max_gross_pct", &mut limits.max_gross_pct);
    visitor.setting("limits.max_order_usd", &mut limits.max_order_usd);
    visitor.setting("limits.max_volume_share_pct", &mut limits.max_volume_share_pct);
    visitor.setting("limits.price_collar_pct", &mut limits.price_collar_pct);
    visitor.setting("limits.stale_quote_ms", &mut limits.stale_quote_ms);
    visitor.setting("limits.duplicate_window_ms", &mut limits.duplicate_window_ms);
    visitor.setting("limits.openings_per_minute_account", &mut limits.openings_per_minute_account);
    visitor.setting("limits.openings_per_minute_strategy", &mut limits.openings_per_minute_strategy);
    visitor.setting("limits.repeated_executions", &mut limits.repeated_executions);
    visitor.setting("limits.rejects_disable_strategy", &mut limits.rejects_disable_strategy);
    visitor.setting("limits.rejects_end_openings", &mut limits.rejects_end_openings);
    visitor.setting("limits.extended_hours", &mut limits.extended_hours);
    visitor.setting("limits.loss_streak", &mut limits.loss_streak);
    visitor.setting("limits.cool_down_minutes", &mut limits.cool_down_minutes);
}

/// The key under which the trader knows one of the gate's limits.
pub(super) fn key_of_limit(limit: &str) -> String {
    match limit {
        "stops_auto" => "stops.auto".to_owned(),
        "stop_atr_multiple" => "stops.atr_multiple".to_owned(),
        other => format!("limits.{other}"),
    }
}
