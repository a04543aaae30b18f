//! `hardstop config`, and the config for every other command.

use std::path::Path;

use crate::alpaca::hosts::{Account, Hosts};
use crate::app::paths::Paths;
use crate::cli::args::ConfigCommand;
use crate::cli::exit::{Exit, Failure};
use crate::cli::print;
use crate::config::fault::ConfigError;
use crate::config::meaning::Config;
use crate::config::show;
use crate::config::words::{Window, WordFault};
use crate::domain::mode::Mode;
use crate::ui::keys::{Keys, KeysFault};
use crate::ui::theme::ThemeName;

/// The documented config, as it comes with the program.
const TEMPLATE: &str = include_str!("../../config.example.toml");

/// What a config is read from: the usual file may be missing, one that was named may not.
#[derive(Debug, Clone, Copy)]
pub(super) struct ConfigSource<'a> {
    pub(super) file: &'a Path,
    pub(super) named: bool,
}

impl ConfigSource<'_> {
    /// The config in force.
    pub(super) fn read(self) -> Result<Config, Failure> {
        let config = if self.named {
            Config::read(self.file, judge)
        } else {
            Config::read_or_default(self.file, judge)
        };
        config.map_err(failure)
    }
}

pub(super) fn run(paths: &Paths, source: ConfigSource<'_>, command: &ConfigCommand) -> Result<u8, Failure> {
    match command {
        ConfigCommand::Path => print::data(&paths.config_file.display().to_string()),
        ConfigCommand::Template => print::data(TEMPLATE.trim_end()),
        ConfigCommand::Show { json: true } => print::data(&show::json(&source.read()?).to_string()),
        ConfigCommand::Show { json: false } => print::data(show::toml(&source.read()?).trim_end()),
        ConfigCommand::Check { file } => check(source, file.as_deref())?,
    }
    Ok(0)
}

fn check(source: ConfigSource<'_>, file: Option<&Path>) -> Result<(), Failure> {
    let source = file.map_or(source, |file| ConfigSource { file, named: true });
    source.read()?;
    let shown = source.file.display();
    if source.file.exists() {
        print::words(&format!("{shown} is in order"));
    } else {
        print::words(&format!("there is no {shown}: the defaults are in force"));
    }
    Ok(())
}

/// A file of one section only, as `--limits` and `--costs` name it.
pub(super) fn section(file: &Path, section: &str) -> Result<Config, Failure> {
    Config::read_section(file, section, judge).map_err(failure)
}

/// The window's colours and keys; the config is read, so they are in order.
pub(super) fn look(window: &Window) -> (ThemeName, Keys) {
    let keys = window.keys.iter().map(|(name, key)| (name.as_str(), key.as_str()));
    (window.theme.parse().unwrap_or_default(), Keys::with(keys).unwrap_or_default())
}

/// What other rooms say to the config's words for them: a theme and keys, and where Alpaca is.
fn judge(config: &Config) -> Vec<WordFault> {
    let window = &config.window;
    let account = if config.mode == Mode::Live { Account::Live } else { Account::Paper };
    let hosts = config.alpaca.base_url.as_deref().and_then(|url| Hosts::at(account, url).err());
    let hosts =
        hosts.map(|fault| WordFault { key: "alpaca.base_url".to_owned(), says: format!("alpaca.{fault}") });
    let theme = window.theme.parse::<ThemeName>().err();
    let theme = theme
        .map(|fault| WordFault { key: "window.theme".to_owned(), says: format!("window.theme: {fault}") });
    let keys = window.keys.iter().map(|(name, key)| (name.as_str(), key.as_str()));
    let keys = Keys::with(keys).err().unwrap_or_default();
    let of_key =
        |fault: KeysFault| WordFault { key: format!("keys.{}", fault.name()), says: fault.to_string() };
    theme.into_iter().chain(keys.into_iter().map(of_key)).chain(hosts).collect()
}

fn failure(fault: ConfigError) -> Failure {
    Failure::new(Exit::Config, fault.to_string())
}
