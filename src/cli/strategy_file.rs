//! `hardstop strategy describe`, `diff` and `approve`: what the trader sees before a script may run.

use std::io::{self, BufRead};
use std::path::Path;

use serde_json::json;

use crate::app::paths::Paths;
use crate::app::review::{grant, grantable, passport_lines, with_what_it_asks};
use crate::cli::exit::{Exit, Failure};
use crate::cli::print;
use crate::domain::mode::Mode;
use crate::domain::outside::tamed;
use crate::domain::passport::Passport;
use crate::strategy::approval::{Approvals, Verdict};
use crate::strategy::copies;
use crate::strategy::diff::diff;
use crate::strategy::frame::Level;
use crate::strategy::host;
use crate::strategy::host::SpawnSettings;
use crate::strategy::manifest::Manifest;
use crate::strategy::source::StrategySource;

/// What was approved so far.
pub(super) fn approvals(paths: &Paths) -> Result<Approvals, Failure> {
    Ok(Approvals::read(&paths.state).map_err(|fault| fault.to_string())?)
}

/// The script at `file`.
pub(super) fn read(file: &Path) -> Result<StrategySource, Failure> {
    StrategySource::read(file).map_err(|fault| Failure::new(Exit::Usage, fault.to_string()))
}

/// Loads the script in the sandbox and asks it what it is.
pub(super) fn ask_itself(source: &StrategySource) -> Result<(Manifest, Level), Failure> {
    let executable = std::env::current_exe().map_err(|fault| format!("this program's own path: {fault}"))?;
    let settings = SpawnSettings::new(executable.clone(), &source.file, &source.text);
    let manifest =
        host::describe(&settings).map_err(|fault| Failure::new(Exit::Wanting, fault.to_string()))?;
    let level = host::level(executable).map_err(|fault| fault.to_string())?.level;
    Ok((manifest, level))
}

pub(super) fn describe(paths: &Paths, file: &Path) -> Result<u8, Failure> {
    let source = read(file)?;
    let (manifest, level) = ask_itself(&source)?;
    let approvals = approvals(paths)?;
    let modes: Vec<&str> = [Mode::Sim, Mode::Paper, Mode::Live]
        .into_iter()
        .filter(|mode| approvals.verdict(*mode, &source.file, source.hash) == Verdict::Approved)
        .map(Mode::word)
        .collect();
    print::data(&tamed(&source.text));
    let modes = if modes.is_empty() { "nothing".to_owned() } else { modes.join(" and ") };
    let out = json!({
        "name": tamed(&manifest.name), "version": tamed(&manifest.version), "timeframe": manifest.timeframe,
        "symbols": manifest.symbols, "protects": manifest.protects, "sha256": source.hash.to_string(), "approved_for": modes,
        "sandbox": level, "params": params(&manifest),
    });
    print::value(&out, false);
    let granted = approvals.passport(Mode::Live, source.hash).or(approvals.passport(Mode::Sim, source.hash));
    let passport = granted.cloned().map_or_else(|| manifest.passport(), Ok)?;
    for line in passport_lines(&passport) {
        print::data(&line);
    }
    Ok(0)
}

fn params(manifest: &Manifest) -> Vec<serde_json::Value> {
    let shown = manifest.params.iter().map(|(name, param)| {
        json!({
            "param": tamed(name), "type": param.kind, "default": param.default.to_string(),
            "min": param.min.map(|least| least.to_string()), "max": param.max.map(|most| most.to_string()), "unit": param.unit.as_deref().map(tamed), "title": param.title.as_deref().map(tamed),
        })
    });
    shown.collect()
}

pub(super) fn changes(paths: &Paths, file: &Path) -> Result<u8, Failure> {
    let source = read(file)?;
    let approvals = approvals(paths)?;
    let Some(before) = copies::last_approved(&paths.state, &approvals, &source.file) else {
        let words =
            format!("no approved copy of {}; `hardstop strategy describe` shows it whole", source.file);
        return Err(Failure::new(Exit::Failed, words));
    };
    let changes = diff(&tamed(&before.text), &tamed(&source.text));
    if changes.is_empty() {
        print::words(&format!("{} is as it was approved", source.file));
    } else {
        print::data(changes.trim_end());
    }
    Ok(0)
}

/// How an approval was asked for.
pub(super) struct Wishes {
    /// Whether nothing is asked.
    pub(super) yes: bool,
    /// Whether it is for real money.
    pub(super) live: bool,
    /// Whether what was granted before is forgotten.
    pub(super) anew: bool,
}

pub(super) fn approve(paths: &Paths, file: &Path, typed: &Passport, wishes: &Wishes) -> Result<u8, Failure> {
    let source = read(file)?;
    let (manifest, _) = ask_itself(&source)?;
    let usage = |words: String| Failure::new(Exit::Usage, words);
    let asks = manifest.passport().map_err(usage)?;
    let (modes, for_what) = if wishes.live {
        (&[Mode::Live][..], "live")
    } else {
        (&[Mode::Sim, Mode::Paper][..], "sim and paper")
    };
    paths.prepare()?;
    let approvals = approvals(paths)?;
    typed.check().map_err(usage)?;
    let passport = grantable(&approvals, &source.file, &asks, wishes.anew)
        .and_then(|passport| passport.narrowed(typed))
        .map_err(usage)?;
    if !wishes.yes {
        match copies::last_approved(&paths.state, &approvals, &source.file) {
            Some(before) => {
                print::words("what changed since it was approved:");
                print::data(&diff(&tamed(&before.text), &tamed(&source.text)));
            }
            None => print::data(&tamed(&source.text)),
        }
        print::value(&serde_json::Value::Array(params(&manifest)), false);
        print::words(&format!(
            "{} {}, sha256 {}",
            tamed(&manifest.name),
            tamed(&manifest.version),
            source.hash
        ));
        for line in with_what_it_asks(&passport, &asks) {
            print::data(&line);
        }
        print::words(&format!("type approve to let it run in {for_what}:"));
        let mut word = String::new();
        io::stdin().lock().read_line(&mut word).map_err(|fault| fault.to_string())?;
        if word.trim() != "approve" {
            return Err(Failure::new(Exit::Failed, "nothing was approved"));
        }
    }
    grant(&paths.state, &source, &manifest, passport, modes)?;
    print::words(&format!("{} is approved for {for_what}; a changed byte takes that back", source.file));
    Ok(0)
}
