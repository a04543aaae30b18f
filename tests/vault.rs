//! The vault beside what it must get on with: a real secret service, the stock `age`, a home of its own.
//!
//! A program that is not installed here is said to be missing, and what needs it is left out.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
#![expect(
    clippy::print_stderr,
    reason = "what is left out for want of a program is said, and what was measured"
)]

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hardstop::domain::at::At;
use hardstop::domain::secret::{Keys, Secret};
use hardstop::vault::contents::{Contents, LiveKeys};
use hardstop::vault::exported;
use hardstop::vault::fresh::{AuditKey, DeviceKey};
use hardstop::vault::keyring::{Keyring, KeyringFault, LIMIT, Slot, Standing};
use hardstop::vault::passphrase::Passphrase;
use hardstop::vault::sealed::{self, Choice, Last};
use hardstop::vault::store::Memory;
use hardstop::vault::tries::Tries;
use portable_pty::{CommandBuilder, PtySize, native_pty_system};

const WORDS: &str = "four words that nobody guesses";
const ID: &str = "PKCANARY";
const SECRET: &str = "canary-secret-of-the-vault";
/// Which scene a test that was started again inside of a session plays.
const SCENE: &str = "HARDSTOP_TEST_SCENE";

fn at(seconds: i64) -> At {
    At::from_seconds(1_381_152_600 + seconds)
}

fn words(text: &str) -> Passphrase {
    Passphrase::new(text).unwrap()
}

fn keys(id: &str, secret: &str) -> Keys {
    Keys { id: Secret::new(id.to_owned()), secret: Secret::new(secret.to_owned()) }
}

fn home(name: &str) -> PathBuf {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("vault-{name}"));
    let _none_before = fs::remove_dir_all(&home);
    fs::create_dir_all(&home).unwrap();
    fs::set_permissions(&home, fs::Permissions::from_mode(0o700)).unwrap();
    home
}

/// Whether all of these are installed; says which one is not.
fn has(programs: &[&str], what: &str) -> bool {
    let missing: Vec<&&str> = programs
        .iter()
        .filter(|program| {
            let folders = std::env::var_os("PATH").unwrap_or_default();
            !std::env::split_paths(&folders).any(|folder| folder.join(program).is_file())
        })
        .collect();
    if !missing.is_empty() {
        eprintln!("left out: {what}; not installed here: {missing:?}");
    }
    missing.is_empty()
}

/// The whole way of the live keys, at what a passphrase costs in earnest.
#[test]
fn live_keys_come_back_over_a_restart_and_a_wrong_passphrase_is_counted() {
    let home = home("whole");
    let (folder, lockout) = (home.join("vault"), home.join("lockout.toml"));
    let keyring = Keyring::over(Arc::new(Memory::default()), "a home".to_owned(), LIMIT);
    let fresh = DeviceKey::fresh().unwrap();
    keyring.set(Slot::DeviceKey, &fresh.to_text()).unwrap();
    let mut contents = Contents::fresh().unwrap();
    contents.live = Some(LiveKeys { keys: keys("AK1", SECRET), account: "123".to_owned(), set_at: at(0) });
    let begun = Instant::now();
    drop(sealed::create(&folder, &words(WORDS), Choice::WithKeyring(&fresh), contents, at(0)).unwrap());
    eprintln!("a vault is made in {} ms", begun.elapsed().as_millis());
    // As the next process does it: nothing of the above is at hand.
    let device_key = DeviceKey::from_text(&keyring.get(Slot::DeviceKey).unwrap().unwrap()).unwrap();
    let tries = Tries::counted_in(lockout.clone());
    for fails in 1..=2 {
        let one = tries.begin(at(0)).unwrap();
        assert!(
            sealed::open(&folder, &words("four words that somebody guesses"), Some(&device_key)).is_err()
        );
        drop(one);
        assert_eq!(Tries::counted_in(lockout.clone()).look(at(0)).fails, fails);
    }
    assert!(tries.begin(at(1)).is_err());
    let one = tries.begin(at(2)).unwrap();
    let begun = Instant::now();
    let opened = sealed::open(&folder, &words(WORDS), Some(&device_key)).unwrap();
    eprintln!("a vault is opened in {} ms", begun.elapsed().as_millis());
    one.succeeded().unwrap();
    assert_eq!(opened.contents.live.as_ref().unwrap().keys.secret.expose(), SECRET);
    opened.put(Last::Kept).unwrap();
    assert_eq!(tries.look(at(2)).fails, 0);
    for name in ["vault.age", "vault.toml", "vault.age.bak"] {
        let mode = folder.join(name).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    assert_eq!(folder.metadata().unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn a_vault_without_a_keyring_costs_more_and_says_what_it_is() {
    let folder = home("alone").join("vault");
    let contents = Contents::fresh().unwrap();
    drop(sealed::create(&folder, &words(WORDS), Choice::VaultOnly, contents, at(0)).unwrap());
    let begun = Instant::now();
    let opened = sealed::open(&folder, &words(WORDS), None).unwrap();
    eprintln!("a vault without a keyring is opened in {} ms", begun.elapsed().as_millis());
    assert!(opened.is_vault_only);
    let head = fs::read_to_string(folder.join("vault.toml")).unwrap();
    assert!(head.contains("memory_kib = 262144") && head.contains("device_key = false"), "{head}");
}

/// Runs a program on a terminal of its own, and answers each of its questions for a passphrase.
fn on_a_terminal(mut command: CommandBuilder, answers: &[&str]) -> (u32, String) {
    let size = PtySize { rows: 24, cols: 120, pixel_width: 0, pixel_height: 0 };
    let pty = native_pty_system().openpty(size).unwrap();
    command.env("TERM", "dumb");
    let mut child = pty.slave.spawn_command(command).unwrap();
    drop(pty.slave);
    let (mut reader, mut writer) =
        (pty.master.try_clone_reader().unwrap(), pty.master.take_writer().unwrap());
    let (mut said, mut asked) = (String::new(), 0);
    let mut piece = [0; 1_024];
    // A terminal whose program is gone answers with a fault.
    while let Ok(count @ 1..) = reader.read(&mut piece) {
        said.push_str(&String::from_utf8_lossy(&piece[..count]));
        if said.to_lowercase().matches("passphrase").count() > asked && said.trim_end().ends_with(':') {
            writeln!(writer, "{}", answers.get(asked).unwrap_or(&"")).unwrap();
            asked = said.to_lowercase().matches("passphrase").count();
        }
    }
    (child.wait().unwrap().exit_code(), said)
}

#[test]
fn the_stock_age_opens_what_is_exported_and_what_it_seals_is_imported() {
    if !has(&["age"], "stock age on exported keys") {
        return;
    }
    let home = home("age");
    let (sealed, plain, back) = (home.join("keys.age"), home.join("keys.txt"), home.join("back.age"));
    fs::write(&sealed, exported::export(&keys(ID, SECRET), &words(WORDS)).unwrap()).unwrap();
    let mut open = CommandBuilder::new("age");
    open.args(["-d".as_ref(), "-o".as_ref(), plain.as_os_str(), sealed.as_os_str()]);
    let (code, said) = on_a_terminal(open.clone(), &[WORDS]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(fs::read_to_string(&plain).unwrap(), format!("{ID}\n{SECRET}\n"));
    let (code, said) = on_a_terminal(open, &["four words that somebody guesses"]);
    assert_ne!(code, 0, "{said}");
    let mut seal = CommandBuilder::new("age");
    seal.args(["-p".as_ref(), "-a".as_ref(), "-o".as_ref(), back.as_os_str(), plain.as_os_str()]);
    let (code, said) = on_a_terminal(seal, &[WORDS, WORDS, WORDS]);
    assert_eq!(code, 0, "{said}");
    let found = exported::import(&fs::read_to_string(&back).unwrap(), &words(WORDS)).unwrap();
    assert_eq!((found.id.expose(), found.secret.expose()), (ID, SECRET));
}

/// Plays a scene of this file in a desktop session of its own: a bus, and whatever `keyring` starts on it.
fn in_a_session(home: &Path, keyring: &str, scene: &str) -> Output {
    let run = home.join("run");
    for folder in [&run, &home.join("data"), &home.join("home")] {
        fs::create_dir_all(folder).unwrap();
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).unwrap();
    }
    let script = format!(
        "{keyring} \"$0\" --exact plays_a_scene --ignored --nocapture; played=$?; {GO_ON} exit $played"
    );
    Command::new("dbus-run-session")
        .args(["--", "sh", "-c", &script])
        .arg(std::env::current_exe().unwrap())
        .env("HOME", home.join("home"))
        .env("XDG_RUNTIME_DIR", &run)
        .env("XDG_DATA_HOME", home.join("data"))
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .env_remove("GNOME_KEYRING_CONTROL")
        .env(SCENE, scene)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn played(home: &Path, keyring: &str, scene: &str) {
    let output = in_a_session(home, keyring, scene);
    let (said, more) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{scene}:\n{said}\n{more}");
    assert!(said.contains("1 passed"), "{scene} was not played:\n{said}");
    for line in more.lines().chain(said.lines()).filter(|line| line.contains("scene ")) {
        eprintln!("{line}");
    }
    assert!(!said.contains(SECRET) && !more.contains(SECRET), "a secret was said");
}

/// The daemon leaves its caller before it has taken its name on the bus, and a busy machine makes that
/// long: a scene that begins earlier would find no service, or stop no daemon.
macro_rules! once_it_has_its_name {
    ($started:literal) => {
        concat!(
            $started,
            "tries=0; until busctl --address=\"$DBUS_SESSION_BUS_ADDRESS\" call org.freedesktop.DBus \
             /org/freedesktop/DBus org.freedesktop.DBus NameHasOwner s org.freedesktop.secrets \
             | grep -q true; do tries=$((tries+1)); \
             if [ $tries -gt 600 ]; then echo 'the keyring took no name on the bus' >&2; exit 9; fi; \
             sleep 0.05; done;"
        )
    };
}
const UNLOCKED: &str = once_it_has_its_name!(
    "printf 'login-password' | gnome-keyring-daemon --unlock --components=secrets --daemonize >/dev/null;"
);
const BARE: &str = once_it_has_its_name!("gnome-keyring-daemon --components=secrets --daemonize >/dev/null;");
const LOCK: &str = "busctl --address=\"$DBUS_SESSION_BUS_ADDRESS\" call org.freedesktop.secrets /org/freedesktop/secrets org.freedesktop.Secret.Service Lock ao 1 /org/freedesktop/secrets/collection/login >/dev/null;";
/// A daemon that stands still answers nobody, as one that waits for a password on a screen.
const STOP: &str = "daemon=$(busctl --address=\"$DBUS_SESSION_BUS_ADDRESS\" call org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus GetConnectionUnixProcessID s org.freedesktop.secrets | cut -d' ' -f2); kill -STOP \"$daemon\";";
/// And one that stands still would never end.
const GO_ON: &str = "if [ -n \"$daemon\" ]; then kill -CONT \"$daemon\"; fi;";
const NOWHERE: &str = "DBUS_SESSION_BUS_ADDRESS=unix:path=/nowhere/bus; export DBUS_SESSION_BUS_ADDRESS;";

#[test]
fn a_real_secret_service_keeps_keys_and_in_every_other_standing_says_what_to_do() {
    let programs = ["dbus-run-session", "gnome-keyring-daemon", "busctl", "grep"];
    if !has(&programs, "a real secret service") {
        return;
    }
    let kept = home("secrets");
    played(&kept, UNLOCKED, "keeps");
    played(&kept, UNLOCKED, "remembers");
    // Locked in two ways: by hand while it runs, and by a session that nobody logged in to.
    played(&kept, &format!("{UNLOCKED}{LOCK}"), "locked");
    played(&kept, BARE, "locked");
    played(&kept, UNLOCKED, "forgets");
    played(&home("bare"), BARE, "bare");
    played(&home("no-bus"), NOWHERE, "absent");
    let mut kept_in = Vec::new();
    files_below(&kept, &mut kept_in);
    assert!(kept_in.iter().any(|file| file.ends_with("login.keyring")), "{kept_in:?}");
    for file in kept_in {
        let bytes = fs::read(&file).unwrap();
        assert!(!bytes.windows(SECRET.len()).any(|part| part == SECRET.as_bytes()), "{}", file.display());
    }
}

#[test]
fn a_secret_service_that_never_answers_is_given_up_in_time() {
    let programs = ["dbus-run-session", "gnome-keyring-daemon", "busctl", "cut", "grep"];
    if has(&programs, "a secret service that hangs") {
        played(&home("hangs"), &format!("{UNLOCKED}{STOP}"), "hangs");
    }
}

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let kind = path.symlink_metadata().unwrap().file_type();
        if kind.is_dir() {
            files_below(&path, found);
        } else if kind.is_file() {
            found.push(path);
        }
    }
}

/// What the test above starts this file for, inside of a session; by itself it does nothing.
#[test]
#[ignore = "the scenes of the test of a real secret service, which starts them itself"]
fn plays_a_scene() {
    let Some(scene) = std::env::var_os(SCENE) else {
        return;
    };
    let keyring = Keyring::of_the_desktop("a test's home".to_owned());
    let begun = Instant::now();
    match scene.to_str().unwrap() {
        "keeps" => scene_keeps(&keyring),
        "remembers" => {
            let found = keyring.paper_keys().unwrap().unwrap();
            assert_eq!((found.id.expose(), found.secret.expose()), (ID, SECRET));
            let other = Keyring::of_the_desktop("another home".to_owned());
            assert!(other.paper_keys().unwrap().is_none());
        }
        "locked" => scene_locked(&keyring),
        "forgets" => {
            assert!(keyring.forget(Slot::PaperKeys).unwrap());
            assert!(!keyring.forget(Slot::PaperKeys).unwrap());
            assert!(keyring.paper_keys().unwrap().is_none());
        }
        "bare" => {
            assert!(keyring.paper_keys().unwrap().is_none(), "it says that there is no such entry");
            assert_eq!(keyring.probe(), Standing::NeverInitialised);
            let fault = keyring.set_paper_keys(&keys(ID, SECRET)).unwrap_err();
            assert_eq!(fault, KeyringFault::NeverInitialised);
        }
        "absent" => {
            assert_eq!(keyring.probe(), Standing::Absent);
            assert_eq!(keyring.paper_keys().err(), Some(KeyringFault::Absent));
            assert!(KeyringFault::Absent.to_string().contains("--vault-only"));
        }
        "hangs" => {
            assert_eq!(keyring.paper_keys().err(), Some(KeyringFault::Silent));
            assert!(begun.elapsed() >= LIMIT && begun.elapsed() < LIMIT + Duration::from_secs(5));
        }
        other => assert_eq!(other, "a scene", "there is no such scene"),
    }
    eprintln!("scene {scene:?} took {} ms", begun.elapsed().as_millis());
}

fn scene_keeps(keyring: &Keyring) {
    assert_eq!(keyring.probe(), Standing::Here);
    assert!(keyring.paper_keys().unwrap().is_none());
    keyring.set_paper_keys(&keys("PKOLD", "the key before")).unwrap();
    keyring.set_paper_keys(&keys(ID, SECRET)).unwrap();
    let found = keyring.paper_keys().unwrap().unwrap();
    assert_eq!((found.id.expose(), found.secret.expose()), (ID, SECRET));
    for slot in [Slot::DeviceKey, Slot::PaperAudit] {
        let key = AuditKey::fresh().unwrap();
        keyring.set(slot, &key.to_text()).unwrap();
        let found = AuditKey::from_text(&keyring.get(slot).unwrap().unwrap()).unwrap();
        assert_eq!(found.expose(), key.expose());
    }
}

fn scene_locked(keyring: &Keyring) {
    for _ in 0..2 {
        let begun = Instant::now();
        let fault = keyring.paper_keys().err().unwrap();
        assert!(matches!(fault, KeyringFault::Locked | KeyringFault::Silent), "{fault}");
        assert!(fault.to_string().contains("unlock it"), "{fault}");
        assert!(begun.elapsed() < LIMIT + Duration::from_secs(5));
    }
    let fault = keyring.set_paper_keys(&keys("PKOTHER", "another")).unwrap_err();
    assert!(matches!(fault, KeyringFault::Locked | KeyringFault::Silent), "{fault}");
    assert_eq!(keyring.probe(), Standing::Locked);
}
