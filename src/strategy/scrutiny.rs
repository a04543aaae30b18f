use crate::domain::outside::steers;
use crate::domain::qty::Qty;
use crate::domain::strategy::Outcome;
use crate::domain::strategy::Plot;
use crate::domain::strategy::Size;
use crate::domain::strategy::StrategyAnswer;
use crate::domain::strategy::StrategyCall;
use crate::domain::strategy::StrategyEvent;
use crate::domain::strategy::Wish;
use crate::strategy::frame::LOG_BYTES_MAX;
use crate::strategy::frame::Loaded;
use crate::strategy::frame::PLOT_NAME_CHARS_MAX;
use crate::strategy::frame::PLOTS_MAX;
use crate::strategy::frame::TAG_CHARS_MAX;
use crate::strategy::frame::WISHES_MAX;

/// A little more than the child may log, for the line about warm-up.
const LOG_SLACK_BYTES: usize = 256;
const REASON_BYTES_MAX: usize = 8 * 1024;

/// Checks an answer as if the child had been taken over: everything the child checks, again.
///
/// # Errors
/// What is wrong with it, in words.
pub(super) fn check(call: &StrategyCall, answer: &StrategyAnswer) -> Result<(), String> {
    if answer.seq != call.seq || answer.symbol != call.symbol {
        return Err(format!(
            "it answered call {} of {} where {} of {} was asked",
            answer.seq, answer.symbol, call.seq, call.symbol
        ));
    }
    let log_bytes: usize = answer.logs.iter().map(|line| line.len().saturating_add(1)).sum();
    if log_bytes > LOG_BYTES_MAX.saturating_add(LOG_SLACK_BYTES) {
        return Err(format!("{log_bytes} bytes of log, at most {LOG_BYTES_MAX}"));
    }
    check_lines(&answer.logs)?;
    match &answer.outcome {
        Outcome::Killed { .. } => return Err("it called itself killed and answered".to_owned()),
        Outcome::Failed { reason } if reason.len() > REASON_BYTES_MAX => {
            return Err(format!("a reason of {} bytes, at most {REASON_BYTES_MAX}", reason.len()));
        }
        Outcome::Failed { reason } if reason.contains(steers) => {
            return Err("a reason that holds control characters".to_owned());
        }
        Outcome::Failed { .. } if !answer.wishes.is_empty() || !answer.plots.is_empty() => {
            return Err("it wished for something in an event that failed".to_owned());
        }
        Outcome::Failed { .. } | Outcome::Done => {}
    }
    let warm_up = matches!(call.event, StrategyEvent::Bar { warm_up: true, .. });
    if warm_up && !answer.wishes.is_empty() {
        return Err("it wished for orders in warm-up".to_owned());
    }
    if answer.plots.len() > PLOTS_MAX {
        return Err(format!("{} lines drawn in one event, at most {PLOTS_MAX}", answer.plots.len()));
    }
    let is_named = |plot: &Plot| {
        (1..=PLOT_NAME_CHARS_MAX).contains(&plot.name.chars().count()) && !plot.name.contains(steers)
    };
    if !answer.plots.iter().all(is_named) {
        return Err("a drawn line whose name is too long or holds control characters".to_owned());
    }
    if answer.wishes.len() > WISHES_MAX {
        return Err(format!("{} orders in one event, at most {WISHES_MAX}", answer.wishes.len()));
    }
    answer.wishes.iter().try_for_each(check_wish)
}

/// Checks what a child says of the script that it has loaded.
///
/// # Errors
/// What is wrong with it, in words.
pub(super) fn check_loaded(loaded: &Loaded) -> Result<(), String> {
    loaded.manifest.check()?;
    check_lines(&loaded.logs)
}

/// The child blanks what steers a terminal; one that does not is no child of ours any more.
fn check_lines(lines: &[String]) -> Result<(), String> {
    if lines.iter().any(|line| line.contains(steers)) {
        return Err("a line of log that holds control characters".to_owned());
    }
    Ok(())
}

fn check_wish(wish: &Wish) -> Result<(), String> {
    let tag = match wish {
        Wish::Trade { size, limit, stop, take_profit, tag, .. } => {
            let above_zero = match size {
                Size::Qty(qty) => qty.is_positive() && *qty <= Qty::LARGEST,
                Size::Notional(money) => money.attos() > 0,
                Size::RiskPct(pct) | Size::Pct(pct) => pct.nanos() > 0,
            };
            let prices = [limit, stop, take_profit];
            if !above_zero || !prices.into_iter().flatten().all(|price| price.is_positive()) {
                return Err("a size or a price that is not above zero".to_owned());
            }
            tag
        }
        Wish::Close { tag } => tag,
        Wish::Tighten { stop } if !stop.is_positive() => {
            return Err("a stop that is not above zero".to_owned());
        }
        Wish::Cancel | Wish::Tighten { .. } => &None,
    };
    let Some(tag) = tag else { return Ok(()) };
    if tag.chars().count() > TAG_CHARS_MAX || tag.contains(steers) {
        return Err("a tag that is too long or holds control characters".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::calendar::Phase;
    use crate::domain::strategy::StrategyView;

    fn call() -> StrategyCall {
        let view = StrategyView {
            position_qty: Qty::ZERO,
            avg_price: crate::domain::price::Price::ZERO,
            unrealized: "0".parse().unwrap(),
            stop: None,
            cash: "0".parse().unwrap(),
            equity: "0".parse().unwrap(),
            phase: Phase::Regular,
        };
        StrategyCall { seq: 7, symbol: "SPY".parse().unwrap(), event: StrategyEvent::Stop, view }
    }

    fn answer(change: impl Fn(&mut StrategyAnswer)) -> Result<(), String> {
        let symbol = "SPY".parse().unwrap();
        let mut answer = StrategyAnswer {
            seq: 7,
            symbol,
            outcome: Outcome::Done,
            wishes: vec![Wish::Cancel],
            logs: Vec::new(),
            plots: Vec::new(),
        };
        change(&mut answer);
        check(&call(), &answer)
    }

    #[test]
    fn an_answer_of_a_child_that_was_taken_over_is_not_believed() {
        assert_eq!(answer(|_| {}), Ok(()));
        let wrong = |change: &dyn Fn(&mut StrategyAnswer)| assert!(answer(change).is_err());
        wrong(&|answer| answer.seq = 8);
        wrong(&|answer| answer.symbol = "IBM".parse().unwrap());
        wrong(&|answer| answer.outcome = Outcome::Failed { reason: String::new() });
        wrong(&|answer| answer.outcome = Outcome::Killed { reason: String::new() });
        wrong(&|answer| answer.wishes = vec![Wish::Cancel; WISHES_MAX + 1]);
        wrong(&|answer| answer.wishes = vec![Wish::Tighten { stop: crate::domain::price::Price::ZERO }]);
        let plot = |name: &str| Plot { name: name.to_owned(), nanos: 1 };
        wrong(&|answer| answer.plots = vec![plot("x"); PLOTS_MAX + 1]);
        wrong(&|answer| answer.plots = vec![plot(&"x".repeat(PLOT_NAME_CHARS_MAX + 1))]);
        wrong(&|answer| answer.plots = vec![plot("x\u{1b}[2J")]);
        wrong(&|answer| answer.wishes = vec![Wish::Close { tag: Some("x\u{1b}[2J".to_owned()) }]);
        wrong(&|answer| answer.logs = vec!["x\u{9b}2J".to_owned()]);
        wrong(&|answer| {
            answer.outcome = Outcome::Failed { reason: "x\ny".to_owned() };
            answer.wishes.clear();
        });
        wrong(&|answer| answer.logs = vec!["x".repeat(LOG_BYTES_MAX + LOG_SLACK_BYTES)]);
        wrong(&|answer| {
            answer.wishes = vec![Wish::Trade {
                side: crate::domain::side::Side::Buy,
                size: Size::Qty(Qty::shares(-1)),
                limit: None,
                stop: None,
                take_profit: None,
                tif: crate::domain::order::TimeInForce::Day,
                tag: None,
                trail: None,
            }];
        });
    }
}
