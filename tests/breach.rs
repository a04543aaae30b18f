//! Forgeries that must not compile: every file of `tests/breach/` is an attempt to pass the gate
//! without passing it, and names the compiler's error in its first line. One control must compile,
//! so that a broken harness cannot look like a strong wall.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

/// The folder in which cargo has put this test and the library it was built against.
fn deps() -> PathBuf {
    std::env::current_exe().unwrap().parent().unwrap().to_owned()
}

/// The compiled libraries of this name there, the newest first: others are left from other builds, or were built
/// for programs that run while this one is compiled.
fn libraries(name: &str) -> Vec<PathBuf> {
    let mut found: Vec<(SystemTime, PathBuf)> = Vec::new();
    for entry in fs::read_dir(deps()).unwrap() {
        let path = entry.unwrap().path();
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        let is_rlib = path.extension().is_some_and(|ending| ending == "rlib");
        if is_rlib && file.starts_with(&format!("lib{name}-")) {
            found.push((fs::metadata(&path).unwrap().modified().unwrap(), path));
        }
    }
    found.sort();
    found.into_iter().rev().map(|(_, path)| path).collect()
}

/// Compiles one file against the library; the compiler's words, and whether it was content.
fn compile(file: &Path, scratch: &Path, serde: &Path) -> (bool, String) {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .args(["--edition", "2024", "--crate-type", "lib", "--emit=metadata", "--out-dir"])
        .arg(scratch)
        .arg("-L")
        .arg(format!("dependency={}", deps().display()))
        .arg("--extern")
        .arg(format!("hardstop={}", libraries("hardstop")[0].display()))
        .arg("--extern")
        .arg(format!("serde={}", serde.display()))
        .arg(file)
        .output()
        .unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn no_forgery_compiles_and_the_control_does() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/breach");
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR"));
    // The one that the library itself was built with is the one with which the control compiles.
    let control = folder.join("control.rs");
    let serde = libraries("serde").into_iter().find(|serde| compile(&control, scratch, serde).0);
    assert!(serde.is_some(), "the control must compile with one of the libraries there");
    let serde = serde.unwrap();
    let mut forgeries = 0;
    let mut faults = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let (compiled, words) = compile(&path, scratch, &serde);
        if path.ends_with("control.rs") {
            assert!(compiled, "the control must compile:\n{words}");
            continue;
        }
        forgeries += 1;
        let code = text.get(3..8).unwrap();
        assert!(code.starts_with('E'), "{}: no error code in its first line", path.display());
        let errors: Vec<&str> = words.lines().filter(|line| line.starts_with("error[")).collect();
        let expected = format!("error[{code}]");
        if compiled || errors.is_empty() || !errors.iter().all(|line| line.starts_with(&expected)) {
            faults.push(format!("{} was to fail with {code} alone: {errors:?}", path.display()));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(forgeries >= 15, "{forgeries} forgeries");
}
