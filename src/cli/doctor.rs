//! `hardstop doctor`: whether this installation is in order.
//!
//! It looks and repairs nothing. What it prints can be pasted into a report: no path below the
//! trader's home is spelled out, and no value of the config stands in it but a faulty one.

use std::io::{self, IsTerminal};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::json;

use crate::alpaca::hosts::{Account, Hosts};
use crate::app::clock;
use crate::app::instance::Instance;
use crate::app::key_slots::KeySlot;
use crate::app::ledgers::latest;
use crate::app::paths::Paths;
use crate::broker::kill_file::KillFile;
use crate::cli::args::DoctorArgs;
use crate::cli::claims;
use crate::cli::config::ConfigSource;
use crate::cli::doctor_live;
use crate::cli::doctor_terminal;
use crate::cli::exit::{Exit, Failure};
use crate::cli::print;
use crate::config::meaning::Config;
use crate::journal::verify::{Chain, verify};
use crate::strategy::approval::{Approvals, Verdict};
use crate::strategy::frame::{Hello, Level};
use crate::strategy::host;
use crate::strategy::source::StrategySource;
use crate::vault::key_age;
use crate::vault::keyring::Standing;

const MIB: u64 = 1024 * 1024;
/// A journal of a busy day is smaller than this.
const DISK_MIB_WANTED: u64 = 1_024;
/// Below this, openings may come to be refused within the day.
const DISK_MIB_MIN: u64 = 100;

/// What a look came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Found {
    /// As it should be.
    Ok,
    /// Worth knowing.
    Note,
    /// To be put right.
    Wanting,
}

/// One look, in words.
#[derive(Debug, Serialize)]
pub(super) struct Look {
    name: &'static str,
    found: Found,
    pub(super) says: String,
}

impl Look {
    pub(super) fn ok(name: &'static str, says: impl Into<String>) -> Self {
        Self { name, found: Found::Ok, says: says.into() }
    }

    pub(super) fn note(name: &'static str, says: impl Into<String>) -> Self {
        Self { name, found: Found::Note, says: says.into() }
    }

    pub(super) fn wanting(name: &'static str, says: impl Into<String>) -> Self {
        Self { name, found: Found::Wanting, says: says.into() }
    }
}

pub(super) fn run(paths: &Paths, source: ConfigSource<'_>, args: &DoctorArgs) -> Result<u8, Failure> {
    if args.claims {
        return claims(paths, args.json);
    }
    let mut looks = Vec::new();
    let config = look_at_config(source, &mut looks);
    if args.live {
        let asks = (args.stdin || io::stdin().is_terminal()).then_some(args.stdin);
        looks.extend(doctor_live::looks(paths, &config, asks));
    }
    looks.extend([&paths.data, &paths.state].map(|folder| look_at_folder(folder)));
    looks.push(look_at_socket(&paths.socket));
    looks.push(look_at_journal(&paths.data));
    looks.push(look_at_disk(&paths.data));
    looks.push(look_at_strategies(paths, source.file, &config));
    looks.push(look_at_sandbox());
    looks.extend(look_at_keys(paths, &config));
    looks.push(look_at_instance(&paths.state));
    looks.push(look_at_kill(&paths.state));
    #[expect(clippy::disallowed_methods, reason = "the terminal tells of itself in the environment")]
    let read = |name: &str| std::env::var(name).ok();
    looks.extend(doctor_terminal::looks(read));
    looks.extend(platform());
    tell(looks, args.json)
}

/// Prints what was found; what is wanting makes the exit code.
fn tell(mut looks: Vec<Look>, json: bool) -> Result<u8, Failure> {
    for look in &mut looks {
        look.says = without_home(&look.says);
    }
    let wanting = looks.iter().filter(|look| look.found == Found::Wanting).count();
    if json {
        let out =
            json!({ "schema": 1, "version": env!("CARGO_PKG_VERSION"), "ok": wanting == 0, "checks": looks });
        print::data(&out.to_string());
    } else {
        for look in &looks {
            let mark = match look.found {
                Found::Ok => "ok     ",
                Found::Note => "note   ",
                Found::Wanting => "WANTING",
            };
            print::data(&format!("{mark}  {:<10}  {}", look.name, look.says));
        }
    }
    match wanting {
        0 => Ok(0),
        count => Err(Failure::new(Exit::Wanting, format!("{count} to be put right"))),
    }
}

/// Tries the promises that can be tried here.
fn claims(paths: &Paths, json: bool) -> Result<u8, Failure> {
    paths.prepare()?;
    let claims = claims::all(paths);
    let broken = claims.iter().filter(|claim| claim.seen.is_err()).count();
    if json {
        let row = |claim: &claims::Claim| {
            let (holds, Ok(says) | Err(says)) = (claim.seen.is_ok(), &claim.seen);
            json!({ "promise": claim.promise, "test": claim.test, "holds": holds, "seen": says })
        };
        let rows: Vec<serde_json::Value> = claims.iter().map(row).collect();
        print::data(&json!({ "schema": 1, "ok": broken == 0, "claims": rows }).to_string());
    } else {
        for claim in &claims {
            let (mark, says) = match &claim.seen {
                Ok(says) => ("holds ", says),
                Err(says) => ("BROKEN", says),
            };
            print::data(&format!("{mark}  {}", claim.promise));
            print::data(&format!("        here: {says}"));
            print::data(&format!("        in full: {}", claim.test));
        }
    }
    match broken {
        0 => Ok(0),
        count => Err(Failure::new(Exit::Wanting, format!("{count} promises do not hold here"))),
    }
}

fn look_at_config(source: ConfigSource<'_>, looks: &mut Vec<Look>) -> Config {
    let shown = source.file.display();
    match source.read() {
        Err(failure) => {
            looks.extend(failure.words.lines().map(|line| Look::wanting("config", line)));
            Config::default()
        }
        Ok(config) if !source.file.exists() => {
            looks.push(Look::ok("config", format!("there is no {shown}: the defaults are in force")));
            config
        }
        Ok(config) => {
            looks.push(match mode_of(source.file) {
                Some(mode) if mode & 0o022 != 0 => {
                    Look::wanting("config", format!("{shown} can be written by others; chmod 600 it"))
                }
                _ => Look::ok("config", format!("{shown} is in order")),
            });
            config
        }
    }
}

fn mode_of(path: &Path) -> Option<u32> {
    path.symlink_metadata().ok().map(|meta| meta.permissions().mode() & 0o777)
}

/// A folder of ours, and every file in it: the trader's own, closed to everybody else, no link.
fn look_at_folder(folder: &Path) -> Look {
    let shown = folder.display();
    if !folder.exists() {
        return Look::ok("folder", format!("there is no {shown} yet; the first run makes it"));
    }
    let mut paths = vec![folder.to_owned()];
    let mut faults = Vec::new();
    let mut files = 0_usize;
    while let Some(path) = paths.pop() {
        let Ok(meta) = path.symlink_metadata() else { continue };
        let name = path.display();
        if meta.is_symlink() {
            faults.push(format!("{name} is a link"));
        } else if meta.uid() != nix::unistd::Uid::effective().as_raw() {
            faults.push(format!("{name} belongs to somebody else"));
        } else if meta.mode() & 0o077 != 0 {
            let right = if meta.is_dir() { "700" } else { "600" };
            faults.push(format!("{name} is open to others (chmod {right})"));
        }
        files += usize::from(meta.is_file());
        if meta.is_dir() {
            let entries = std::fs::read_dir(&path).into_iter().flatten().flatten();
            paths.extend(entries.map(|entry| entry.path()));
        }
    }
    if faults.is_empty() {
        return Look::ok("folder", format!("{shown} and its {files} files are yours alone"));
    }
    faults.sort();
    Look::wanting("folder", faults.join("; "))
}

fn look_at_socket(socket: &Path) -> Look {
    match mode_of(socket) {
        None => Look::ok("socket", "there is none; a run makes it"),
        Some(mode) if mode & 0o077 == 0 => Look::ok("socket", "it answers to you alone"),
        Some(_) => Look::wanting("socket", format!("{} is open to others (chmod 600)", socket.display())),
    }
}

fn look_at_journal(data: &Path) -> Look {
    let Some(ledger) = latest(data) else {
        return Look::ok("journal", "there is none yet; the first run begins one");
    };
    let shown = ledger.journal.display();
    match verify(&ledger.journal) {
        Err(fault) => Look::wanting("journal", format!("{shown}: {fault}")),
        Ok(verdict) => match &verdict.chain {
            Chain::FirstBad { row, why } => {
                Look::wanting("journal", format!("{shown}: row {row}: {why}; restore it from a backup"))
            }
            Chain::Ok if verdict.laws.is_empty() && verdict.unchecked().is_some() => Look::note(
                "journal",
                format!(
                    "{shown}: {} rows, sealed; `hardstop journal verify` looks at their hashes with the key",
                    verdict.rows
                ),
            ),
            Chain::Ok if !verdict.is_clean() => Look::wanting(
                "journal",
                format!(
                    "{shown}: every row is as it was written, and {} laws are broken; run `hardstop journal verify`",
                    verdict.laws.len()
                ),
            ),
            Chain::Ok => {
                Look::ok("journal", format!("{shown}: {} rows, every one as it was written", verdict.rows))
            }
        },
    }
}

fn look_at_disk(data: &Path) -> Look {
    let there =
        data.ancestors().find(|folder| folder.exists()).map_or_else(|| PathBuf::from("/"), Path::to_owned);
    let Ok(volume) = nix::sys::statvfs::statvfs(&there) else {
        return Look::note("disk", "how much room is left could not be read");
    };
    let free_mib = volume.blocks_available().saturating_mul(volume.fragment_size()) / MIB;
    if free_mib < DISK_MIB_MIN {
        return Look::wanting(
            "disk",
            format!("only {free_mib} MiB are left; a full disk ends openings, so free some"),
        );
    }
    if free_mib < DISK_MIB_WANTED {
        return Look::note("disk", format!("{free_mib} MiB are left; {DISK_MIB_WANTED} would be at ease"));
    }
    Look::ok("disk", "more than 1 GiB is left")
}

/// The strategies of the config: there, readable and approved.
fn look_at_strategies(paths: &Paths, config_file: &Path, config: &Config) -> Look {
    let approvals = match Approvals::read(&paths.state) {
        Ok(approvals) => approvals,
        Err(words) => return Look::wanting("strategies", format!("no approval counts: {words}")),
    };
    let folder = config_file.parent().unwrap_or(Path::new(""));
    let fault = |file: &Path| match StrategySource::read(file) {
        Err(fault) => Some(fault.to_string()),
        Ok(source) if approvals.verdict(config.mode, &source.file, source.hash) == Verdict::Approved => None,
        Ok(_) => {
            let shown = file.display();
            Some(format!("{shown} is not approved as it stands; `hardstop strategy approve {shown}`"))
        }
    };
    let faults: Vec<String> =
        config.strategies.iter().filter_map(|entry| fault(&folder.join(&entry.file))).collect();
    match config.strategies.len() {
        _ if !faults.is_empty() => Look::wanting("strategies", faults.join("; ")),
        0 => Look::ok("strategies", "the config names none; the example runs in sim"),
        count => Look::ok("strategies", format!("the config's {count} are approved as they stand")),
    }
}

/// What truly holds a strategy here: one is started, and says so itself.
fn look_at_sandbox() -> Look {
    let started = std::env::current_exe()
        .map_err(|fault| fault.to_string())
        .and_then(|executable| host::level(executable).map_err(|fault| fault.to_string()));
    match started {
        Err(words) => Look::wanting("sandbox", format!("no strategy can be started: {words}")),
        Ok(Hello { level: Level::Full, .. }) => Look::ok("sandbox", "full: every wall stands"),
        Ok(Hello { level: Level::None, .. }) => {
            Look::wanting("sandbox", "none: run only scripts that you wrote yourself")
        }
        Ok(Hello { missing, .. }) => {
            Look::note("sandbox", format!("partial, without: {}", missing.join("; ")))
        }
    }
}

/// Which keys are kept, and whether there is a keyring to keep them; never what they are.
fn look_at_keys(paths: &Paths, config: &Config) -> Vec<Look> {
    let slot = |account| {
        let hosts = config.alpaca.base_url.as_ref().and_then(|url| Hosts::at(account, url).ok());
        KeySlot::of(paths, &hosts.unwrap_or_else(|| Hosts::of(account)))
    };
    let (paper, live) = (slot(Account::Paper), slot(Account::Live));
    let mut looks = vec![match paper.keyring().probe() {
        Standing::Here => Look::ok("keyring", "it keeps what it is given, and gives it back"),
        standing => Look::note("keyring", standing.to_string()),
    }];
    for slot in [paper, live] {
        let name = slot.name().to_owned();
        looks.push(match slot.note() {
            Err(words) => Look::wanting("keys", words),
            Ok(None) => Look::ok("keys", format!("{name}: none are kept")),
            Ok(Some(note)) => {
                let days = key_age::days(note.set_at, clock::now());
                key_age::reminder(note.set_at, clock::now()).map_or_else(
                    || Look::ok("keys", format!("{name}: kept for {days} days")),
                    |words| Look::note("keys", format!("{name}: {words}")),
                )
            }
        });
    }
    looks
}

fn look_at_instance(state: &Path) -> Look {
    let says = if Instance::runs(state) { "one runs" } else { "none runs" };
    Look::ok("instance", says)
}

fn look_at_kill(state: &Path) -> Look {
    if KillFile::stands_in(state) {
        return Look::note("kill", "a kill stands: nothing opens until `hardstop rearm --reason TEXT`");
    }
    Look::ok("kill", "none stands")
}

/// What is true of this system, whatever the looks above found.
fn platform() -> Vec<Look> {
    let mut looks = vec![Look::ok("version", format!("hardstop {}", env!("CARGO_PKG_VERSION")))];
    let system = format!("{} on {}", std::env::consts::OS, std::env::consts::ARCH);
    looks.push(if cfg!(target_os = "linux") {
        Look::ok("platform", system)
    } else {
        Look::note(
            "platform",
            format!("{system}: untested; strategies run in a process of their own, but without file and network walls"),
        )
    });
    looks
}

/// Text without the trader's home, which often holds a name.
fn without_home(text: &str) -> String {
    let mut out = text.to_owned();
    for (variable, short) in [("HARDSTOP_HOME", "$HARDSTOP_HOME"), ("HOME", "~")] {
        let folder =
            std::env::var_os(variable).and_then(|folder| std::path::absolute(PathBuf::from(folder)).ok());
        if let Some(folder) = folder.filter(|folder| folder.components().count() > 1) {
            out = out.replace(&*folder.to_string_lossy(), short);
        }
    }
    out
}
