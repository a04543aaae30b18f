//! `hardstop drill`.

use crate::alpaca::hosts::{Account, Hosts};
use crate::app::certificate::settings_of;
use crate::app::drill::{DrillPlan, drill};
use crate::app::key_slots::KeySlot;
use crate::app::paths::Paths;
use crate::app::root::refuse_root;
use crate::cli::args::DrillArgs;
use crate::cli::config::ConfigSource;
use crate::cli::exit::{Exit, Failure};
use crate::cli::print;
use crate::cli::run::keys_of;
use crate::domain::mode::Mode;
use crate::domain::symbol::Symbol;

pub(super) fn run(paths: Paths, source: ConfigSource<'_>, args: &DrillArgs) -> Result<u8, Failure> {
    let config = source.read()?;
    refuse_root(Mode::Paper, args.as_root).map_err(|words| Failure::new(Exit::Usage, words))?;
    let usage = |words: String| Failure::new(Exit::Usage, words);
    let hosts = config.alpaca.base_url.as_deref().map_or_else(
        || Ok(Hosts::of(Account::Paper)),
        |url| Hosts::at(Account::Paper, url).map_err(|fault| usage(fault.to_string())),
    )?;
    paths.prepare()?;
    let spy: Option<Symbol> = "SPY".parse().ok();
    let symbol = args.symbol.or(config.alpaca.symbols.first().copied()).or(spy);
    let symbol = symbol.ok_or_else(|| usage("which symbol? --symbol says it".to_owned()))?;
    let (keys, _) = keys_of(&KeySlot::of(&paths, &hosts), args.keys_stdin)?;
    let executable = std::env::current_exe()
        .map_err(|fault| Failure::from(format!("this program's own path: {fault}")))?;
    let plan = DrillPlan {
        config: source.named.then(|| source.file.to_path_buf()),
        settings: settings_of(&config.limits),
        paths,
        hosts,
        keys,
        symbol,
        executable,
        as_root: args.as_root,
    };
    match drill(&plan, print::words) {
        Ok(certificate) => {
            print::words(&format!(
                "passed: nothing was left {} ms after the pull; it counts for 30 days with these limits",
                certificate.flat_after_ms
            ));
            Ok(0)
        }
        Err(words) => Err(Failure::new(
            Exit::Wanting,
            format!("not passed: {words}. What the drill left open is shown by `hardstop run --paper`"),
        )),
    }
}
