//! `hardstop loosen`.

use crate::alpaca::hosts::{Account, Hosts};
use crate::app::clock;
use crate::app::key_slots::{KeySlot, Second, passphrase};
use crate::app::ledgers::latest_of;
use crate::app::loosening::{Loosening, last_limits};
use crate::app::paths::Paths;
use crate::cli::args::{LoosenArgs, ModeName};
use crate::cli::config::ConfigSource;
use crate::cli::exit::{Exit, Failure};
use crate::cli::print;
use crate::cli::run::limits_of;
use crate::cli::trusted::typed;
use crate::domain::day::TradingDay;
use crate::domain::mode::Mode;
use crate::journal::reader::Reader;
use crate::journal::seal::Seal;

/// Shows which limits the config would loosen, asks who says so where it is real money, and keeps the word. It counts
/// from the next trading day on, at the next start.
pub(super) fn run(paths: &Paths, source: ConfigSource<'_>, args: &LoosenArgs) -> Result<u8, Failure> {
    let config = source.read()?;
    paths.prepare()?;
    if args.trusted.reason.trim().is_empty() {
        return Err(Failure::new(Exit::Usage, "a reason is needed: --reason TEXT"));
    }
    let mode = args.mode.map_or(config.mode, |mode| match mode {
        ModeName::Sim => Mode::Sim,
        ModeName::Paper => Mode::Paper,
        ModeName::Live => Mode::Live,
    });
    let nothing = || Failure::new(Exit::Failed, format!("no limit of {} would become looser", mode.word()));
    let files = latest_of(&paths.data, &[mode]).ok_or_else(nothing)?;
    let reader = Reader::open(&files.journal).map_err(|fault| fault.to_string())?;
    let last = last_limits(&reader)?.ok_or_else(nothing)?;
    let wished = limits_of(&config, mode);
    let kept = last.tightest(&wished);
    if kept == wished {
        return Err(nothing());
    }
    for words in kept.instead_of(&wished) {
        print::words(&words);
    }
    let seal =
        if mode == Mode::Live { Some(seal_of(paths, &config.alpaca, args.trusted.stdin)?) } else { None };
    let today = TradingDay::of(clock::now());
    let last_day = reader.memory().map_err(|fault| fault.to_string())?.day.map_or(today, |(day, _)| day);
    // What is rehearsed has days of its own: the word counts from the day behind the last one that its ledger knows.
    let is_rehearsed = config.alpaca.base_url.as_deref().is_some_and(|url| url.starts_with("http://"));
    let said_on = if mode == Mode::Sim || is_rehearsed { last_day } else { last_day.max(today) };
    let word = Loosening::said(&wished, said_on, clock::now(), args.trusted.reason.clone(), seal.as_ref());
    word.keep(&paths.state, mode)?;
    print::words(&format!(
        "noted: these limits of {} count at the first start after the trading day {said_on}",
        mode.word()
    ));
    Ok(0)
}

/// The vault's own key, for whoever shows the passphrase and the second factor.
fn seal_of(paths: &Paths, alpaca: &crate::config::meaning::Alpaca, stdin: bool) -> Result<Seal, Failure> {
    let no = |words: String| Failure::new(Exit::Keys, words);
    let hosts = alpaca.base_url.as_ref().and_then(|url| Hosts::at(Account::Live, url).ok());
    let slot = KeySlot::of(paths, &hosts.unwrap_or_else(|| Hosts::of(Account::Live)));
    let mut typed = typed(stdin);
    let words = typed.secret("vault's passphrase").map_err(no)?;
    let asks = slot.note().map_err(no)?.is_some_and(|note| note.second_factor);
    let code = if asks { Some(typed.secret("code of the second factor").map_err(no)?) } else { None };
    let empty = crate::domain::secret::Secret::new(String::new());
    let second = Second::Code(code.as_ref().unwrap_or(&empty));
    let opened = slot.unlock(&passphrase(&words).map_err(no)?, &second).map_err(no)?;
    Ok(Seal::of(opened.contents.audit.expose()))
}
