use crate::domain::day::TradingDay;
use crate::domain::money::Money;
use crate::domain::pct::Pct;
use crate::laws::checker::Found;
use crate::laws::facts::{Decided, Fact, What};
use crate::risk::limits::Limits;

/// L8, L9, L11 and L12: decisions against their own numbers and the limits in force.
#[derive(Debug, Default)]
pub(super) struct Risk {
    limits: Option<(TradingDay, Limits)>,
    day: Option<(TradingDay, Money)>,
}

impl Risk {
    pub(super) fn push(&mut self, fact: &Fact, found: &mut Found) {
        match &fact.what {
            What::RunBegan(limits) => self.limits_are_no_looser(TradingDay::of(fact.at), limits, found),
            What::Day { day, e0 } => {
                if let Some((known, before)) = self.day
                    && known == *day
                    && before != *e0
                {
                    let (before, e0) = (before.exact(), e0.exact());
                    found.breach("L9", format!("the baseline of {day} was {before}, and then {e0}"));
                }
                self.day = Some((*day, *e0));
            }
            What::Decided(decided) if decided.approved => {
                checks_agree(decided, found);
                if decided.opens() {
                    inputs_are_there(decided, found);
                    self.caps_are_the_limits(decided, found);
                }
            }
            _ => {}
        }
    }

    /// L12: within a day, limits only tighten.
    fn limits_are_no_looser(&mut self, day: TradingDay, limits: &Limits, found: &mut Found) {
        if let Some((before_day, before)) = &self.limits
            && *before_day == day
            && limits.tightest(before) != *limits
        {
            found.breach("L12", format!("a limit is looser than it was earlier on {day}"));
        }
        self.limits = Some((day, limits.clone()));
    }

    /// L8: the caps of a decision are no larger than the trader's percentages of the day's baseline.
    /// Equity below the baseline makes them smaller, never larger.
    fn caps_are_the_limits(&self, decided: &Decided, found: &mut Found) {
        let (Some((_, limits)), Some((_, e0))) = (&self.limits, &self.day) else { return };
        let caps = [
            ("position", limits.max_position_pct, limits.max_position_usd),
            ("gross", limits.max_gross_pct, None),
            ("heat", limits.max_heat_pct, None),
        ];
        for (name, pct, usd) in caps {
            let Some(most) = least(pct, usd, *e0) else { continue };
            let check = decided.check(name);
            let Some(cap) = check.and_then(|check| check.limit) else {
                found.breach("L8", format!("an opening was approved without its {name} check"));
                continue;
            };
            // Decisions are written in cents, rounded as here.
            if cap.cents() > most.cents() {
                found.breach(
                    "L8",
                    format!("the {name} cap of a decision was {cap}, and the limits allow {most}"),
                );
            }
        }
        if let Some(limit) = decided.check("daily_loss").and_then(|check| check.limit)
            && let Some(most) = least(limits.max_daily_loss_pct, limits.max_daily_loss_usd, *e0)
            && limit.cents() > most.cents()
        {
            found.breach(
                "L9",
                format!("the daily loss limit of a decision was {limit}, and the limits say {most}"),
            );
        }
    }
}

fn least(pct: Option<Pct>, usd: Option<Money>, of: Money) -> Option<Money> {
    let share = pct.map(|pct| of.percent_down(pct).unwrap_or(Money::ZERO));
    share.into_iter().chain(usd).min()
}

/// L8 and L9: an approval fails none of its checks, by their words and by their numbers.
fn checks_agree(decided: &Decided, found: &mut Found) {
    for check in &decided.checks {
        let is_loss = check.name == "daily_loss";
        let law = if is_loss { "L9" } else { "L8" };
        if !check.ok {
            found.breach(law, format!("an order was approved though its {} check failed", check.name));
        }
        // The other checks are of other shapes: an age, a distance, a count with its own bound.
        let has_cap = matches!(check.name.as_str(), "position" | "gross" | "heat" | "order" | "daily_loss");
        if let (true, Some(value), Some(limit)) = (has_cap, check.value, check.limit) {
            let over = if is_loss { value.cents() >= limit.cents() } else { value.cents() > limit.cents() };
            if over && !decided.reducing {
                found.breach(law, format!("an order was approved with {} {value} of {limit}", check.name));
            }
        }
    }
}

/// L11: an opening needs numbers; where one is missing it is refused.
fn inputs_are_there(decided: &Decided, found: &mut Found) {
    let inputs = [("exposure", decided.exposure), ("heat", decided.heat), ("day_loss", decided.day_loss)];
    for (name, value) in inputs {
        match value {
            None => found.breach("L11", format!("an opening was approved without knowing its {name}")),
            Some(value) if value.is_negative() => {
                found.breach("L11", format!("an opening was approved with a negative {name} ({value})"));
            }
            Some(_) => {}
        }
    }
}
