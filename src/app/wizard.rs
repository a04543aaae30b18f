use std::fs::{DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use crate::alpaca::hosts::{Account, Hosts};
use crate::app::control::Reply;
use crate::app::key_slots::{Closed, KeySlot};
use crate::app::keys::fits;
use crate::app::paths::Paths;
use crate::app::redaction;
use crate::domain::secret::{Keys, Secret};
use crate::ui::wizard::Wishes;

/// Tries the paper account's keys, and keeps them in the keyring.
pub(super) fn keep_paper_keys(paths: &Paths, base_url: Option<&str>, id: &str, secret: &str) -> Reply {
    let keys = Keys { id: Secret::new(id.to_owned()), secret: Secret::new(secret.to_owned()) };
    redaction::hold(&[&keys.id, &keys.secret]);
    let kept = || -> Result<String, String> {
        fits(&keys, Account::Paper)?;
        let hosts = base_url.and_then(|url| Hosts::at(Account::Paper, url).ok());
        let slot = KeySlot::of(paths, &hosts.unwrap_or_else(|| Hosts::of(Account::Paper)));
        let seen = slot.look(&keys).map_err(|closed| match closed {
            Closed::NotTaken(words) => {
                format!("the broker does not take these keys: {words}; nothing was kept")
            }
            Closed::NoAnswer(words) => format!("nobody answered: {words}; nothing was kept, try again"),
        })?;
        slot.belongs(&seen)?;
        slot.set_paper_keys(&keys, Some(&seen))?;
        Ok(format!("kept, account {}", seen.tail()))
    };
    kept().map_or_else(|words| Reply::words(5, words), |words| Reply::words(0, words))
}

/// Writes the config where there is none. One that is there is the trader's own work: what to put into it is said.
pub(super) fn write_config(path: &Path, wishes: &Wishes) -> Reply {
    let text = text_of(wishes);
    let fail =
        |fault: std::io::Error| Reply::words(1, format!("{}: {fault}; nothing was written", path.display()));
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty())
        && let Err(fault) = DirBuilder::new().recursive(true).mode(0o700).create(folder)
    {
        return fail(fault);
    }
    let mut file = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(file) => file,
        Err(fault) if fault.kind() == ErrorKind::AlreadyExists => {
            let mut words =
                vec![format!("{} is there already and was left alone; put this into it:", path.display())];
            words.extend(
                text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned),
            );
            return Reply { exit: 1, out: serde_json::Value::Null, words };
        }
        Err(fault) => return fail(fault),
    };
    match file.write_all(text.as_bytes()).and_then(|()| file.sync_all()) {
        Ok(()) => Reply::words(0, format!("written to {}; it counts from the next start on", path.display())),
        Err(fault) => fail(fault),
    }
}

/// The config's text. Every key that is not in it has its default.
fn text_of(wishes: &Wishes) -> String {
    let limits = &wishes.limits;
    let mut text =
        "# Written by the wizard. `hardstop config template` shows every key with its bounds.\n\n[limits]\n"
            .to_owned();
    let pct = [
        ("max_daily_loss_pct", limits.max_daily_loss_pct),
        ("max_position_pct", limits.max_position_pct),
        ("max_heat_pct", limits.max_heat_pct),
    ];
    for (key, value) in pct {
        text.extend(value.map(|pct| format!("{key} = \"{pct}\"\n")));
    }
    text.extend(limits.max_order_usd.map(|usd| format!("max_order_usd = \"{}\"\n", usd.exact())));
    text.push_str(&format!("\n[window]\ntheme = \"{}\"\nascii = {}\n", wishes.theme.word(), wishes.ascii));
    text
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    use super::*;
    use crate::config::meaning::Config;
    use crate::domain::money::Money;
    use crate::risk::limits::Limits;
    use crate::ui::theme::ThemeName;

    #[test]
    fn what_the_wizard_writes_is_read_as_it_was_meant_and_nothing_is_written_over() {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/wizard");
        let _none_before = std::fs::remove_dir_all(&folder);
        let path = folder.join("config.toml");
        let limits = Limits {
            max_daily_loss_pct: Some("1.5".parse().unwrap()),
            max_order_usd: Some(Money::dollars(2_500)),
            ..Limits::default()
        };
        let wishes = Wishes { limits: limits.clone(), theme: ThemeName::RedUp, ascii: true };
        let reply = write_config(&path, &wishes);
        assert_eq!(reply.exit, 0, "{reply:?}");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let read = Config::read(&path, |_| Vec::new()).unwrap();
        assert_eq!((read.limits, read.window.theme.as_str(), read.window.ascii), (limits, "red-up", true));
        let before = std::fs::read_to_string(&path).unwrap();
        let reply = write_config(&path, &Wishes { ascii: false, ..wishes });
        assert!(reply.exit == 1 && reply.words.contains(&"ascii = false".to_owned()), "{reply:?}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), before);
    }
}
