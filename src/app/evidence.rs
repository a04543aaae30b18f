use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::app::clock;
use crate::app::ledgers::latest_of;
use crate::app::paths::Paths;
use crate::domain::mode::Mode;
use crate::journal::reader::Reader;

/// A file of more bytes is not evidence but bulk: it is named and left where it is.
const FILE_BYTES_MAX: u64 = 256 << 20;
/// What holds keys, sealed as they are, is left out: it is worth nothing to whoever looks at the evidence.
const LEFT_OUT: [&str; 2] = ["vault", "vault-rehearsal"];
/// How deep own folders go.
const DEPTH_MAX: u32 = 4;

/// Writes what is known of the past days as a tar: ledgers as whole copies, tapes, notes, logs, the config, and
/// `texts` besides. Gives what was left out, each with the reason.
///
/// # Errors
/// `out` takes no more bytes, or there is nowhere to put the copies meanwhile.
pub fn pack(paths: &Paths, texts: &[(&str, String)], out: impl Write) -> io::Result<Vec<String>> {
    let mut left_out = Vec::new();
    let mut tar = tar::Builder::new(out);
    let seconds = u64::try_from(clock::now().seconds()).unwrap_or(0);
    for (name, text) in texts {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o600);
        header.set_mtime(seconds);
        tar.append_data(&mut header, name, text.as_bytes())?;
    }
    let copies = paths.state.join("incident-copies");
    let _left_by_a_killed_one = std::fs::remove_dir_all(&copies);
    std::fs::create_dir_all(&copies)?;
    let packed = pack_all(&mut tar, paths, &copies, &mut left_out);
    let _best_effort = std::fs::remove_dir_all(&copies);
    packed?;
    tar.into_inner()?.flush()?;
    Ok(left_out)
}

fn pack_all<W: Write>(
    tar: &mut tar::Builder<W>,
    paths: &Paths,
    copies: &Path,
    left_out: &mut Vec<String>,
) -> io::Result<()> {
    // A ledger that is being written to is copied whole; its files as they lie there might not fit each other.
    for mode in [Mode::Sim, Mode::Paper, Mode::Live] {
        let Some(files) = latest_of(&paths.data, &[mode]) else { continue };
        let name = files.journal.file_name().unwrap_or_default();
        let copy = copies.join(name);
        match Reader::open(&files.journal).and_then(|reader| reader.backup(&copy)) {
            Ok(()) => tar.append_path_with_name(&copy, Path::new("ledger").join(name))?,
            Err(fault) => left_out.push(format!("{}: {fault}", files.journal.display())),
        }
        for beside in [files.journal.with_extension("db.head"), files.tape] {
            if beside.is_file() {
                let name = beside.file_name().unwrap_or_default();
                append(tar, &beside, &Path::new("ledger").join(name), left_out)?;
            }
        }
    }
    walk(tar, &paths.state, Path::new("state"), DEPTH_MAX, copies, left_out)?;
    if paths.config_file.is_file() {
        append(tar, &paths.config_file, Path::new("config.toml"), left_out)?;
    }
    Ok(())
}

fn walk<W: Write>(
    tar: &mut tar::Builder<W>,
    folder: &Path,
    name: &Path,
    depth: u32,
    copies: &Path,
    left_out: &mut Vec<String>,
) -> io::Result<()> {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path != copies)
        .collect();
    entries.sort();
    for path in entries {
        let own = path.file_name().unwrap_or_default().to_os_string();
        let Ok(meta) = path.symlink_metadata() else { continue };
        if LEFT_OUT.iter().any(|left| own == *left) || meta.is_symlink() {
            left_out.push(format!("{}: not taken along", path.display()));
        } else if meta.is_dir() && depth > 0 {
            walk(tar, &path, &name.join(own), depth - 1, copies, left_out)?;
        } else if meta.is_file() {
            append(tar, &path, &name.join(own), left_out)?;
        }
    }
    Ok(())
}

/// A log may grow while it is read: so much of it is taken as was there when it was opened.
fn append<W: Write>(
    tar: &mut tar::Builder<W>,
    path: &Path,
    name: &Path,
    left_out: &mut Vec<String>,
) -> io::Result<()> {
    let opened = std::fs::File::open(path).and_then(|file| Ok((file.metadata()?.len(), file)));
    match opened {
        Err(fault) => left_out.push(format!("{}: {fault}", path.display())),
        Ok((length, _)) if length > FILE_BYTES_MAX => {
            left_out.push(format!("{}: {length} bytes; take it along by itself", path.display()));
        }
        Ok((length, file)) => {
            let mut header = tar::Header::new_gnu();
            header.set_size(length);
            header.set_mode(0o600);
            header.set_mtime(u64::try_from(clock::now().seconds()).unwrap_or(0));
            tar.append_data(&mut header, name, io::Read::take(file, length))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::journal::writer::Journal;

    #[test]
    fn the_evidence_holds_ledgers_notes_and_logs_and_no_vault() {
        let home = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/evidence");
        let _none_before = std::fs::remove_dir_all(&home);
        let state = home.join("state");
        let paths = Paths {
            config_file: home.join("config.toml"),
            data: home.join("data"),
            socket: state.join("control.sock"),
            accounts: state.join("accounts"),
            state,
        };
        paths.prepare().unwrap();
        std::fs::create_dir_all(paths.state.join("logs")).unwrap();
        std::fs::create_dir_all(paths.state.join("vault")).unwrap();
        std::fs::write(paths.state.join("vault/vault.age"), "sealed").unwrap();
        std::fs::write(paths.state.join("logs/hardstop.log"), "a line\n").unwrap();
        std::fs::write(&paths.config_file, "mode = \"paper\"\n").unwrap();
        drop(Journal::open(&paths.data.join("paper-0001.db"), clock::now()).unwrap());
        let mut bytes = Vec::new();
        let left_out = pack(&paths, &[("report.txt", "what happened".to_owned())], &mut bytes).unwrap();
        assert_eq!(left_out.len(), 1, "{left_out:?}");
        let mut names = Vec::new();
        for entry in tar::Archive::new(bytes.as_slice()).entries().unwrap() {
            let mut entry = entry.unwrap();
            let name = entry.path().unwrap().display().to_string();
            let mut whole = Vec::new();
            entry.read_to_end(&mut whole).unwrap();
            if name == "ledger/paper-0001.db" {
                assert!(whole.starts_with(b"SQLite format 3"));
            }
            names.push(name);
        }
        names.sort();
        for wanted in ["config.toml", "ledger/paper-0001.db", "report.txt", "state/logs/hardstop.log"] {
            assert!(names.iter().any(|name| name == wanted), "{wanted} in {names:?}");
        }
        assert!(!names.iter().any(|name| name.contains("vault")), "{names:?}");
        assert!(!paths.state.join("incident-copies").exists());
    }
}
