//! `hardstop man`: one page for the whole command line and for every key of the window, made of what
//! the program itself goes by.

use std::io;

use clap::CommandFactory;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::cli::args::Cli;
use crate::cli::exit::Failure;
use crate::cli::print;
use crate::ui::keys::TABLE;

/// Where files stand; `app::paths` decides it.
const FILES: [(&str, &str); 4] = [
    ("~/.config/hardstop/config.toml", "the config; `hardstop config template` writes one with every key"),
    ("~/.local/share/hardstop", "the ledgers: one journal and one tape each"),
    ("~/.local/state/hardstop", "approvals, logs, the socket, and the file KILL while a kill stands"),
    ("HARDSTOP_HOME", "an environment variable: one folder that holds all of them"),
];

/// What the shell is told.
const EXITS: [(&str, &str); 9] = [
    ("0", "done"),
    ("1", "failed"),
    ("2", "asked wrongly"),
    ("3", "refused by the gate"),
    ("4", "the venue did not do it"),
    ("6", "locked, or no running instance"),
    ("7", "found wanting"),
    ("78", "a bad config"),
    ("101", "a part of the program died; the kill was pulled"),
];

pub(super) fn run() -> Result<u8, Failure> {
    let page = page().map_err(|fault| Failure::from(format!("the page could not be made: {fault}")))?;
    print::data(String::from_utf8_lossy(&page).trim_end());
    Ok(0)
}

fn page() -> io::Result<Vec<u8>> {
    let mut command = Cli::command();
    command.build();
    let (man, mut page) = (Man::new(command.clone()), Vec::new());
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    for sub in command.get_subcommands() {
        of_command(sub, &mut page)?;
    }
    keys().to_writer(&mut page)?;
    list("EXIT STATUS", &EXITS).to_writer(&mut page)?;
    list("FILES", &FILES).to_writer(&mut page)?;
    Ok(page)
}

/// A command with its own commands, its parts one heading lower than those of the page.
fn of_command(command: &clap::Command, page: &mut Vec<u8>) -> io::Result<()> {
    let name = command.get_bin_name().unwrap_or(command.get_name()).to_uppercase();
    let mut head = Roff::new();
    head.control("SH", [name.as_str()]);
    head.to_writer(page)?;
    let (man, mut parts) = (Man::new(command.clone()), Vec::new());
    man.render_description_section(&mut parts)?;
    man.render_synopsis_section(&mut parts)?;
    if command.get_arguments().next().is_some() {
        man.render_options_section(&mut parts)?;
    }
    let parts = String::from_utf8_lossy(&parts).replace(".SH ", ".SS ");
    page.extend_from_slice(parts.as_bytes());
    command.get_subcommands().try_for_each(|sub| of_command(sub, page))
}

/// The window's keys, each with the name that `[keys]` of the config knows it by.
fn keys() -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["KEYS"]);
    roff.text([roman(
        "The window's keys. The name in brackets is the action's in the config's section [keys]. \
         Upper case reaches further and is always asked again.",
    )]);
    let mut entry = |keys: &str, says: &str| {
        roff.control("TP", []);
        roff.text([bold(keys)]);
        roff.text([roman(says)]);
    };
    entry(
        "Ctrl-\\, F12",
        "the kill: openings end at once; pressed again, every position is closed at market",
    );
    entry("1 to 8", "a pane by its number; where panes have no room, a tab");
    for line in TABLE {
        entry(&line.keys.join(", "), &format!("{} [{}]", line.help, line.name));
    }
    roff
}

fn list(title: &str, rows: &[(&str, &str)]) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", [title]);
    for (name, says) in rows {
        roff.control("TP", []);
        roff.text([bold(*name)]);
        roff.text([roman(*says)]);
    }
    roff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_every_option_and_every_key_stands_in_the_manual() {
        let page = String::from_utf8(page().unwrap()).unwrap();
        let plain = page.replace('\\', "");
        let mut command = Cli::command();
        command.build();
        let mut left: Vec<&clap::Command> = command.get_subcommands().collect();
        while let Some(sub) = left.pop() {
            let name = sub.get_bin_name().unwrap().to_uppercase();
            assert!(
                plain
                    .lines()
                    .any(|line| line.trim_matches('"').ends_with(&name)
                        || line.contains(&format!("\"{name}\""))),
                "{name}"
            );
            for argument in sub.get_arguments().filter_map(clap::Arg::get_long) {
                assert!(plain.contains(&format!("--{argument}")), "{name} --{argument}");
            }
            left.extend(sub.get_subcommands());
        }
        for line in TABLE {
            assert!(plain.contains(&format!("[{}]", line.name)), "{}", line.name);
            assert!(plain.contains(&line.keys.join(", ")), "{:?}", line.keys);
        }
        assert!(plain.contains("F12"));
    }
}
