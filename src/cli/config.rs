//! `hardstop config`, and the config for every other command.

use std::path::Path;

use crate::app::paths::Paths;
use crate::cli::args::ConfigCommand;
use crate::cli::exit::{Exit, Failure};
use crate::cli::print;
use crate::config::fault::ConfigError;
use crate::config::meaning::Config;
use crate::config::show;

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
        let config = if self.named { Config::read(self.file) } else { Config::read_or_default(self.file) };
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
    Config::read_section(file, section).map_err(failure)
}

fn failure(fault: ConfigError) -> Failure {
    Failure::new(Exit::Config, fault.to_string())
}
