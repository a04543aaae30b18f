use std::env;
use std::fs::{self, DirBuilder, Metadata, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The folders and files of this installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// Where the config file stands.
    pub config_file: PathBuf,
    /// Ledgers and tapes.
    pub data: PathBuf,
    /// Logs, the kill file, approvals.
    pub state: PathBuf,
    /// The control socket.
    pub socket: PathBuf,
    /// Locks that all homes of this user share: an account is traded by one process alone.
    pub accounts: PathBuf,
}

impl Paths {
    /// From the environment: `HARDSTOP_HOME` puts everything under one folder, else XDG.
    ///
    /// # Errors
    /// When there is no home at all.
    #[expect(clippy::disallowed_methods, reason = "the environment is read here, once")]
    pub fn from_env(config: Option<&Path>) -> Result<Self, String> {
        let folder =
            |name: &str| env::var(name).ok().filter(|value| value.starts_with('/')).map(PathBuf::from);
        let accounts = folder("XDG_RUNTIME_DIR").unwrap_or_else(|| {
            // A folder of one's own in a place that everybody shares.
            env::temp_dir().join(format!("hardstop-{}", nix::unistd::Uid::effective()))
        });
        let accounts = accounts.join("hardstop-accounts");
        let mut paths = if let Some(home) = env::var_os("HARDSTOP_HOME").filter(|home| !home.is_empty()) {
            let home = std::path::absolute(PathBuf::from(home))
                .map_err(|fault| format!("HARDSTOP_HOME: {fault}"))?;
            Self {
                config_file: home.join("config.toml"),
                data: home.join("data"),
                state: home.join("state"),
                socket: home.join("state").join("control.sock"),
                accounts,
            }
        } else {
            let home =
                folder("HOME").ok_or("neither HARDSTOP_HOME nor HOME names a folder; set one of them")?;
            let config = folder("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config")).join("hardstop");
            let data = folder("XDG_DATA_HOME").unwrap_or_else(|| home.join(".local/share")).join("hardstop");
            let state =
                folder("XDG_STATE_HOME").unwrap_or_else(|| home.join(".local/state")).join("hardstop");
            let socket = folder("XDG_RUNTIME_DIR")
                .map_or_else(|| state.join("control.sock"), |run| run.join("hardstop.sock"));
            Self { config_file: config.join("config.toml"), data, state, socket, accounts }
        };
        if let Some(config) = config {
            config.clone_into(&mut paths.config_file);
        }
        Ok(paths)
    }

    /// Makes the folders, for the trader alone; own folders and files that stood open are closed.
    ///
    /// # Errors
    /// A folder or file that is a link, belongs to somebody else, or cannot be made or closed.
    pub fn prepare(&self) -> Result<(), String> {
        for folder in [&self.data, &self.state] {
            private_folder(folder)?;
            close_all(folder, FOLDERS_DEEP)?;
        }
        Ok(())
    }
}

/// How deep own folders go: logs, approvals, copies of strategies.
const FOLDERS_DEEP: u32 = 4;

/// Makes a folder for the trader alone, or sees that it is.
///
/// # Errors
/// A link, somebody else's folder, or one that cannot be made or closed.
pub(super) fn private_folder(folder: &Path) -> Result<(), String> {
    let fail = |fault: std::io::Error| format!("{}: {fault}", folder.display());
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(fail)?;
    close(folder, &folder.symlink_metadata().map_err(fail)?)
}

fn close_all(folder: &Path, deep: u32) -> Result<(), String> {
    let fail = |fault: std::io::Error| format!("{}: {fault}", folder.display());
    for entry in fs::read_dir(folder).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        let meta = match path.symlink_metadata() {
            Ok(meta) => meta,
            // A database's side file may go while we look.
            Err(fault) if fault.kind() == ErrorKind::NotFound => continue,
            Err(fault) => return Err(fail(fault)),
        };
        // A KILL file is read and never written to, whatever it is; refusing it would hold up the start
        // that has to show that the kill stands.
        if meta.is_symlink() && path.file_name().is_some_and(|name| name == "KILL") {
            continue;
        }
        close(&path, &meta)?;
        if meta.is_dir() && deep > 0 {
            close_all(&path, deep - 1)?;
        }
    }
    Ok(())
}

/// Own files and folders are closed to others; what is not our own is refused.
fn close(path: &Path, meta: &Metadata) -> Result<(), String> {
    if meta.is_symlink() {
        return Err(format!("{} is a link; put the thing itself there", path.display()));
    }
    if meta.uid() != nix::unistd::Uid::effective().as_raw() {
        return Err(format!(
            "{} belongs to somebody else; take it away, or choose another HARDSTOP_HOME",
            path.display()
        ));
    }
    if meta.mode() & 0o077 != 0 {
        let closed = Permissions::from_mode(meta.mode() & 0o700);
        fs::set_permissions(path, closed).map_err(|fault| format!("{}: {fault}", path.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn paths(name: &str) -> Paths {
        let home = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/paths").join(name);
        let _not_there = fs::remove_dir_all(&home);
        let state = home.join("state");
        Paths {
            config_file: home.join("config.toml"),
            data: home.join("data"),
            socket: state.join("control.sock"),
            accounts: state.join("accounts"),
            state,
        }
    }

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().mode() & 0o777
    }

    #[test]
    fn what_stood_open_is_closed() {
        let paths = paths("open");
        fs::create_dir_all(paths.state.join("logs")).unwrap();
        let log = paths.state.join("logs/hardstop.log");
        fs::write(&log, "words").unwrap();
        fs::set_permissions(&log, Permissions::from_mode(0o644)).unwrap();
        fs::set_permissions(&paths.state, Permissions::from_mode(0o755)).unwrap();
        paths.prepare().unwrap();
        assert_eq!((mode(&paths.data), mode(&paths.state), mode(&log)), (0o700, 0o700, 0o600));
    }

    #[test]
    fn links_are_refused_by_name_but_for_a_kill_file() {
        let paths = paths("links");
        paths.prepare().unwrap();
        symlink("/nowhere", paths.state.join("KILL")).unwrap();
        paths.prepare().unwrap();
        symlink("/etc/hostname", paths.state.join("install")).unwrap();
        let refusal = paths.prepare().unwrap_err();
        assert!(refusal.contains("state/install is a link"), "{refusal}");
        fs::remove_file(paths.state.join("install")).unwrap();
        fs::rename(&paths.data, paths.state.join("elsewhere")).unwrap();
        symlink(paths.state.join("elsewhere"), &paths.data).unwrap();
        assert!(paths.prepare().unwrap_err().contains("data is a link"));
    }

    #[test]
    fn what_belongs_to_somebody_else_is_refused() {
        let paths = paths("foreign");
        paths.prepare().unwrap();
        let theirs = paths.data.join("sim.db");
        fs::write(&theirs, "rows").unwrap();
        let other = nix::unistd::Uid::from_raw(65_534);
        if nix::unistd::chown(&theirs, Some(other), None).is_err() {
            // Only root can give a file away; without it there is nothing to look at.
            return;
        }
        assert!(paths.prepare().unwrap_err().contains("belongs to somebody else"));
    }
}
