//! `hardstop exchange`.

use std::fs;

use crate::app::clock::Speed;
use crate::app::exchange::{ExchangePlan, run as serve};
use crate::cli::args::ExchangeArgs;
use crate::cli::config::ConfigSource;
use crate::cli::exit::{Exit, Failure};
use crate::cli::print;
use crate::cli::run::tape_of;
use crate::domain::at::At;
use crate::domain::calendar::session;
use crate::domain::day::TradingDay;
use crate::domain::market::Tick;
use crate::domain::symbol::Symbol;
use crate::exchange::settings::Settings;
use crate::feed::walk::Walk;
use crate::gateway::faults::Faults;

/// Its own pair of keys where none is given.
const KEYS: (&str, &str) = ("rehearsal", "rehearsal");
/// What a made-up market trades, with the cents at which each begins.
const MADE_UP: [(&str, i64); 3] = [("SPY", 16_750), ("IBM", 18_400), ("BAC", 1_390)];
/// Lengths from which a key looks like one of a broker's.
const KEY_LENGTH: usize = 16;
const SECRET_LENGTH: usize = 32;

pub(super) fn run(source: ConfigSource<'_>, args: &ExchangeArgs) -> Result<u8, Failure> {
    let config = source.read()?;
    let faults = match &args.faults {
        None => Faults::default(),
        Some(path) => {
            let text = fs::read_to_string(path)
                .map_err(|fault| Failure::new(Exit::Usage, format!("{}: {fault}", path.display())))?;
            toml::from_str(&text)
                .map_err(|fault| Failure::new(Exit::Usage, format!("{}: {fault}", path.display())))?
        }
    };
    let (ticks, from) = market(args)?;
    let keys = keys(&args.keys)?;
    let cash = args.cash.unwrap_or(config.sim.cash);
    let plan = ExchangePlan {
        listen: args.listen,
        keys,
        settings: Settings { cash, costs: config.costs, shorts: config.sim.shorts, ..Settings::default() },
        from,
        speed: args.speed.unwrap_or(Speed::Times(1.0)),
        ticks,
        faults,
    };
    serve(plan, |ready| print::data(&serde_json::to_string(ready).unwrap_or_default()))?;
    Ok(0)
}

type Ticks = Box<dyn Iterator<Item = Tick> + Send>;

/// The market, and when the exchange's time begins.
fn market(args: &ExchangeArgs) -> Result<(Ticks, At), Failure> {
    if let Some(seed) = args.seed {
        let from = args.from.unwrap_or_else(|| TradingDay::of(At::from_seconds(MONDAY)).at_time(9, 30));
        let symbols = MADE_UP.iter().filter_map(|(name, cents)| Some((name.parse::<Symbol>().ok()?, *cents)));
        let symbols: Vec<(Symbol, i64)> = symbols.collect();
        // Two hours before it begins are known, so that there is something to warm up with.
        return Ok((Box::new(Walk::new(seed, from.plus_seconds(-7_200), &symbols)), from));
    }
    let (tape, _) = tape_of(&args.data)?;
    let first = tape.span().map(|(first, _)| first);
    let open = first.and_then(|first| session(TradingDay::of(first))).map(|session| session.open);
    let from = args.from.or(open).or(first).unwrap_or_default();
    Ok((Box::new(tape.ticks().collect::<Vec<Tick>>().into_iter()), from))
}

/// Monday, 2013-10-07, in seconds: the day on which a made-up market begins.
const MONDAY: i64 = 1_381_154_400;

fn keys(given: &[String]) -> Result<Vec<(String, String)>, Failure> {
    if given.is_empty() {
        return Ok(vec![(KEYS.0.to_owned(), KEYS.1.to_owned())]);
    }
    let mut keys = Vec::new();
    for (index, pair) in given.iter().enumerate() {
        // The pair itself is never said again: it may be a real one, typed by mistake.
        let number = index.saturating_add(1);
        let refused = |why: &str| Failure::new(Exit::Usage, format!("--keys number {number}: {why}"));
        let (id, secret) =
            pair.split_once(':').filter(|(id, secret)| !id.is_empty() && !secret.is_empty()).ok_or_else(
                || refused("it is an id and a secret with a colon between them, such as me:rehearsal"),
            )?;
        let shouts = id.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        if (shouts && id.len() >= KEY_LENGTH) || secret.len() >= SECRET_LENGTH {
            return Err(refused(
                "it looks like a broker's own key, which is never typed here: an argument can be read by every \
                 program of this machine. The exchange takes any short pair that you make up; if it was a real \
                 one, make it void at the broker now",
            ));
        }
        if keys.iter().any(|(known, _): &(String, String)| known == id) {
            return Err(refused("its id was given before"));
        }
        keys.push((id.to_owned(), secret.to_owned()));
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_that_looks_like_a_broker_s_is_refused_and_not_said_again() {
        assert_eq!(keys(&[]).unwrap(), [("rehearsal".to_owned(), "rehearsal".to_owned())]);
        assert_eq!(keys(&["me:mine".to_owned(), "you:yours".to_owned()]).unwrap().len(), 2);
        let id = "PK".to_owned() + &"X7".repeat(9);
        for pair in [format!("{id}:short"), format!("me:{}", "s3".repeat(20))] {
            let refused = keys(std::slice::from_ref(&pair)).unwrap_err();
            assert!(refused.words.contains("broker's own key"), "{}", refused.words);
            let (id, secret) = pair.split_once(':').unwrap();
            assert!(!refused.words.contains(id) || id == "me", "{}", refused.words);
            assert!(!refused.words.contains(secret) || secret == "short", "{}", refused.words);
        }
        for pair in ["me", "me:", ":mine", "me:mine"] {
            assert!(keys(&["me:mine".to_owned(), pair.to_owned()]).is_err(), "{pair}");
        }
    }
}
