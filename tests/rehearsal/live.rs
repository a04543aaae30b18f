use std::fs;

use super::served::{Run, Served};
use super::{ID, PASSPHRASE, SECRET, Stage, positions};

/// The drills are passed in paper, real money is allowed, and its keys stand in a vault.
fn prepare(stage: &Stage) {
    prepare_with(stage, "");
}

/// The same under these limits besides: a certificate is for the limits that were drilled.
fn prepare_with(stage: &Stage, limits: &str) {
    stage.configure_besides(&stage.exchange.address, limits);
    let (code, out, words) = stage.tell(&["drill", "--keys-stdin", "--as-root"], &[ID, SECRET]);
    assert!(code == 0 && words.contains("passed"), "{code} {out}{words}");
    stage.configure_besides(&stage.exchange.address, &format!("[live]\nenabled = true\n{limits}"));
    let set = ["keys", "set", "--slot", "live", "--stdin", "--vault-only"];
    let (code, _, words) = stage.tell(&set, &[ID, SECRET, PASSPHRASE, PASSPHRASE]);
    assert!(code == 0 && words.contains("kept for live-rehearsal"), "{code} {words}");
}

fn arm(stage: &Stage) -> (i32, String, String) {
    stage.tell(&["arm", "--stdin"], &["0001", PASSPHRASE])
}

fn buy(stage: &Stage) -> (i32, String, String) {
    stage.ask(&["buy", "SPY", "1", "--stop-loss", "100"])
}

/// Ready but for arming.
fn awaits_arming(stage: &Stage, child: &Run) {
    stage.until(child.id(), "nothing but arming is missing", |_| {
        let (code, _, words) = buy(stage);
        code == 3 && words.contains("DISARMED")
    });
}

fn armed(stage: &Stage, child: &Run) {
    let (code, _, words) = arm(stage);
    assert!(code == 0, "{words}");
    stage.until(child.id(), "it is armed", |status| status["armed"] == true);
}

/// Nothing opens any more, at the exchange itself; what closes and what only looks passes.
fn opens_nothing(stage: &Stage, why: &str) {
    let before = stage.orders_taken();
    let (code, _, words) = buy(stage);
    assert!(code == 3, "{why}: {code} {words}");
    assert_eq!(stage.orders_taken(), before, "{why}: an opening has reached the exchange");
    assert_eq!(stage.ask(&["positions"]).0, 0, "{why}");
}

/// What protects passes: the stop is moved by hand, taken down, and put back by the machine where it was.
fn protection_passes(stage: &Stage, child: &Run, to: &str, why: &str) {
    let stop = || {
        let (_, out, _) = stage.ask(&["orders", "--json"]);
        let orders: Vec<serde_json::Value> = serde_json::from_str(&out).unwrap();
        orders.into_iter().find(|order| order["type"] == "stop" && order["status"] == "working")
    };
    let id = |stop: serde_json::Value| stop["id"].as_str().unwrap().to_owned();
    let lies_at = |status: &serde_json::Value| status["positions"][0]["stop"] == to;
    let (code, _, words) = stage.ask(&["replace", &id(stop().unwrap()), "--stop", to]);
    assert!(code == 0, "{why}: {words}");
    stage.until(child.id(), "the stop is moved", lies_at);
    let moved = id(stop().unwrap());
    let (code, _, words) = stage.ask(&["cancel", &moved]);
    assert!(code == 0, "{why}: {words}");
    stage.until(child.id(), "the stop is put back", |status| {
        lies_at(status) && stop().is_some_and(|stop| id(stop) != moved)
    });
}

/// Whatever ends it: the trader, a kill with its re-arm, too many wrong passphrases, a restart.
#[test]
fn after_each_end_of_arming_nothing_opens_and_exits_pass_also_locked_out() {
    let stage = Stage::new("ends");
    prepare(&stage);
    let child = stage.run_live();
    awaits_arming(&stage, &child);
    armed(&stage, &child);
    stage.until(child.id(), "it opens", |_| buy(&stage).0 == 0);
    stage.until(child.id(), "it holds", |status| !positions(status).is_empty());
    assert_eq!(stage.ask(&["disarm", "--reason", "lunch"]).0, 0);
    opens_nothing(&stage, "disarmed");
    protection_passes(&stage, &child, "101", "disarmed");

    armed(&stage, &child);
    let (code, _, words) = stage.ask(&["kill"]);
    assert_eq!(code, 0, "{words}");
    opens_nothing(&stage, "killed");
    let (code, _, words) = stage.tell(&["rearm", "--reason", "seen", "--stdin"], &["another passphrase"]);
    assert!(code == 5 && stage.status().unwrap()["state"] == "halted", "{code} {words}");
    let (code, _, words) = stage.tell(&["rearm", "--reason", "seen", "--stdin"], &[PASSPHRASE]);
    assert!(code == 0 && stage.status().unwrap()["state"] == "active", "{code} {words}");
    opens_nothing(&stage, "re-armed, and not armed");

    armed(&stage, &child);
    // Nine wrong ones long ago, as the file has them; the tenth is one too many.
    let long_ago = "version = 1\ncount = 9\nlast_at = \"2013-10-07T13:30:00Z\"\n";
    fs::write(stage.home.join("state/lockout.toml"), long_ago).unwrap();
    let (code, _, words) = stage.tell(&["arm", "--stdin"], &["0001", "another passphrase"]);
    assert_eq!(code, 5, "{words}");
    stage.until(child.id(), "it is disarmed", |status| status["armed"] == false);
    opens_nothing(&stage, "locked out");
    let (code, _, words) = arm(&stage);
    // It grows with every wrong one, and is told by the second: a machine takes its time between two of them.
    let waits_s =
        words.split("the next try is in ").nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok());
    assert!(
        code == 5 && waits_s.is_some_and(|seconds: u32| (450..=512).contains(&seconds)),
        "{code} {words}"
    );
    protection_passes(&stage, &child, "102", "locked out");
    let (code, _, words) = stage.ask(&["close", "SPY"]);
    assert_eq!(code, 0, "an exit passes a lockout: {words}");
    stage.until(child.id(), "it is closed", |status| positions(status).is_empty());
    let (code, _, words) = stage.ask(&["kill", "--flatten"]);
    assert_eq!(code, 0, "and so does the kill: {words}");

    fs::remove_file(stage.home.join("state/lockout.toml")).unwrap();
    let (code, _, words) = stage.tell(&["rearm", "--reason", "seen", "--stdin"], &[PASSPHRASE]);
    assert_eq!(code, 0, "{words}");
    armed(&stage, &child);
    child.end();
    let child = stage.run_live();
    awaits_arming(&stage, &child);
    opens_nothing(&stage, "a new process");
    child.end();

    let (code, out, words) = stage.tell(&["journal", "verify", "--unlock", "--stdin"], &[PASSPHRASE]);
    assert!(code == 0 && out.contains("chain hmac"), "the vault's own key seals it: {code} {out}{words}");
    let (code, out, _) = stage.ask(&["journal", "verify"]);
    assert!(code == 7 && out.contains("chain hmac"), "without it only the hashes are not looked at: {out}");
    let (_, out, _) = stage.ask(&["journal", "export", "audit"]);
    for row in ["unlock,,opened", "arm,,refused", "rearm,,refused"] {
        assert!(out.contains(row), "{row} in {out}");
    }
    let (code, out, words) = stage.tell(&["doctor", "--live", "--stdin"], &[PASSPHRASE]);
    assert!(
        out.contains("the keys open") && out.contains("every one as it was written"),
        "{code} {out}{words}"
    );
}

/// A day's loss at its limit takes live's arms away, and nobody gets them back that day; what closes passes.
#[test]
fn the_days_loss_ends_arming_and_nothing_opens_after_it() {
    let stage = Stage::new("loss");
    prepare_with(&stage, "[limits]\nmax_daily_loss_usd = 0.6\n");
    let child = stage.run_live();
    awaits_arming(&stage, &child);
    armed(&stage, &child);
    // Each round costs what the market takes for it; another quantity each time is no duplicate.
    let began = std::time::Instant::now();
    for round in 0.. {
        let qty = (1 + round % 3).to_string();
        let _refused_at_the_limit = stage.ask(&["buy", "SPY", &qty, "--stop-loss", "100"]);
        let _flat_already = stage.ask(&["close", "SPY"]);
        if stage.status().is_some_and(|status| status["armed"] == false) {
            break;
        }
        assert!(began.elapsed() < super::PATIENCE, "no round loses anything: {:?}", stage.status());
    }
    stage.until(child.id(), "what is held is closed", |status| {
        positions(status).is_empty() || stage.ask(&["close", "SPY"]).0 != 0
    });
    let status = stage.status().unwrap();
    assert_eq!(status["state"], "reduce_only", "{status}");
    opens_nothing(&stage, "the day's loss");
    let (code, _, words) = arm(&stage);
    assert!(code != 0 && stage.status().unwrap()["armed"] == false, "{code} {words}");
    opens_nothing(&stage, "after another try to arm");
    let (code, _, words) = stage.ask(&["kill", "--flatten"]);
    assert_eq!(code, 0, "the kill passes: {words}");
    child.end();
}

/// The session's end, and four hours without a key: by an exchange whose time runs fast.
#[test]
fn arming_ends_with_the_session_and_where_nobody_touches_a_key() {
    let mut stage = Stage::new("sits");
    prepare(&stage);
    for (from, speed, why) in [
        ("2013-10-07T19:20:00Z", "60", "the session is over"),
        ("2013-10-07T13:45:00Z", "600", "nobody has touched a key for four hours"),
    ] {
        // The same account at another exchange, which knows nothing of the first one's orders.
        let home = stage.home.clone();
        for file in fs::read_dir(home.join("data")).unwrap().flatten().map(|entry| entry.path()) {
            if file.is_file() {
                fs::remove_file(file).unwrap();
            }
        }
        stage.exchange =
            Served::with(&home, &[&format!("{ID}:{SECRET}")], &["--from", from, "--speed", speed]);
        stage.configure_besides(&stage.exchange.address, "[live]\nenabled = true\n");
        let child = stage.run_live();
        awaits_arming(&stage, &child);
        armed(&stage, &child);
        stage.until(child.id(), why, |status| status["armed"] == false);
        opens_nothing(&stage, why);
        child.end();
        let (_, rows, _) = stage.ask(&["journal", "export", "audit"]);
        assert!(rows.contains(&format!("disarmed: {why}")), "{why}, and nothing before it: {rows}");
    }
}

/// What arming asks for. A bit of a combination says of each whether it holds.
#[derive(Clone, Copy)]
enum Asked {
    /// `[live] enabled` in the config.
    Enabled,
    /// `--live` at the start.
    Live,
    /// The drills were passed.
    Drilled,
    /// Within thirty days.
    Lately,
    /// Under these limits.
    UnderTheseLimits,
    /// All of them, with orders of paper.
    Wholly,
    /// The end of the account's number.
    Account,
    /// The vault's passphrase.
    Passphrase,
    /// Not too many wrong ones before.
    NotLockedOut,
}

const ASKED: u32 = Asked::NotLockedOut as u32 + 1;

#[derive(Clone, Copy)]
struct Combination(u32);

impl Combination {
    /// Everything holds.
    const ALL: Self = Self((1 << ASKED) - 1);

    fn has(self, asked: Asked) -> bool {
        self.0 & (1 << asked as u32) != 0
    }

    /// Those of a process that was started so: with `[live] enabled`, with `--live`.
    fn of(process: u32) -> impl Iterator<Item = Self> {
        (0..1 << (ASKED - 2)).map(move |rest| Self(rest << 2 | process))
    }

    /// Which drill is left out, where one is: each of them where nothing else is missing, else by turns.
    fn tries(self) -> Vec<(Self, u32)> {
        let only_wholly = self.0 == Self::ALL.0 & !(1 << Asked::Wholly as u32);
        let left_out = if only_wholly { vec![0, 1, 2] } else { vec![self.0 / 2 % 3] };
        left_out.into_iter().map(|left_out| (self, left_out)).collect()
    }

    /// Puts the home into this state, and says what is typed to arm there.
    ///
    /// Where not every drill was passed, `left_out` says which.
    fn set_up(self, stage: &Stage, passed: &serde_json::Value, left_out: u32) -> [&'static str; 2] {
        let (certificate, lockout) =
            (stage.home.join("state/drill.json"), stage.home.join("state/lockout.toml"));
        let mut written = passed.clone();
        if !self.has(Asked::Lately) {
            written["passed_at"] = "2013-10-07T13:30:00Z".into();
        }
        if !self.has(Asked::UnderTheseLimits) {
            written["settings"] = "0123456789abcdef".into();
        }
        if !self.has(Asked::Wholly) {
            match left_out {
                0 => written["feed_loss"] = false.into(),
                1 => written["restart"] = false.into(),
                _ => written["orders"] = 0.into(),
            }
        }
        fs::write(&certificate, written.to_string()).unwrap();
        // Set back or not, a clock does not open what ten wrong ones have shut.
        let many = "version = 1\ncount = 10\nlast_at = \"2063-10-07T13:30:00Z\"\n";
        fs::write(&lockout, many).unwrap();
        if !self.has(Asked::Drilled) {
            fs::remove_file(&certificate).unwrap();
        }
        if self.has(Asked::NotLockedOut) {
            fs::remove_file(&lockout).unwrap();
        }
        [
            if self.has(Asked::Account) { "0001" } else { "0002" },
            if self.has(Asked::Passphrase) { PASSPHRASE } else { "another passphrase" },
        ]
    }
}

/// Tries to arm and to open under every combination but the one with all of it, which the live run that is given back
/// waits for.
fn all_but_the_right_one(stage: &Stage, passed: &serde_json::Value) -> Run {
    let drilled = stage.orders_taken();
    let live = ["run", "--live", "--headless", "--keys-stdin", "--acknowledge-unclean", "--as-root"];
    let buy = || stage.ask(&["buy", "SPY", "2", "--stop-loss", "100"]);
    let mut tried = 0;
    let mut of_live = None;
    for process in 0..4 {
        let started = Combination(process);
        let enabled = format!("[live]\nenabled = {}\n", started.has(Asked::Enabled));
        stage.configure_besides(&stage.exchange.address, &enabled);
        let run = match (started.has(Asked::Enabled), started.has(Asked::Live)) {
            (_, false) => Some(stage.start(&["run", "--sim", "--headless", "--speed", "1"], &[])),
            (true, true) => Some(stage.run_live()),
            (false, true) => None,
        };
        if let Some(run) = &run {
            stage.ready(run);
            stage.until(run.id(), "nothing but arming is missing", |_| {
                let (code, _, words) = buy();
                if started.has(Asked::Live) { code == 3 && words.contains("DISARMED") } else { code == 0 }
            });
        }
        let others = Combination::of(process).filter(|each| each.0 != Combination::ALL.0);
        for (combination, left_out) in others.flat_map(Combination::tries) {
            let typed = combination.set_up(stage, passed, left_out);
            if run.is_none() {
                let (code, _, words) = stage.tell(&live, &[typed[1]]);
                assert!(code == 2 && words.contains("[live] enabled"), "{code} {words}");
            }
            let (code, _, words) = stage.tell(&["arm", "--stdin"], &typed);
            assert!(code != 0 && !words.contains(typed[1]), "{:b}: {code} {words}", combination.0);
            let (code, _, words) = buy();
            if started.has(Asked::Live) {
                let is_refused =
                    if run.is_some() { code == 3 && words.contains("DISARMED") } else { code != 0 };
                assert!(is_refused, "{:b}: {code} {words}", combination.0);
            }
            tried += 1;
        }
        assert_eq!(stage.orders_taken(), drilled, "{process:b}: an opening has reached the exchange");
        match run {
            Some(run) if process == 3 => of_live = Some(run),
            Some(run) => run.end(),
            None => {}
        }
    }
    assert_eq!(tried, Combination::ALL.0 + 2);
    of_live.unwrap()
}

/// The drills in paper, and then the live account: of every combination of what arming asks for, none but the one
/// with all of it opens anything at the exchange itself; a process that is gone is killed at the broker.
#[test]
fn live_opens_nothing_unless_everything_holds_and_is_killed_without_its_process() {
    let stage = Stage::new("live");
    prepare(&stage);
    let passed = serde_json::from_slice(&fs::read(stage.home.join("state/drill.json")).unwrap()).unwrap();
    let child = all_but_the_right_one(&stage, &passed);
    let buy = || stage.ask(&["buy", "SPY", "2", "--stop-loss", "100"]);
    let typed = Combination::ALL.set_up(&stage, &passed, 0);
    let (code, _, words) = stage.tell(&["arm", "--stdin"], &typed);
    assert!(code == 0 && words.contains("armed") && words.contains("REAL MONEY"), "{code} {words}");
    assert!(stage.status().unwrap()["armed"] == true);
    stage.until(child.id(), "it opens", |_| buy().0 == 0);
    stage.until(child.id(), "it has opened", |status| !positions(status).is_empty());
    assert_eq!(stage.ask(&["disarm", "--reason", "lunch"]).0, 0);
    assert!(buy().2.contains("DISARMED"));
    child.kill();

    // Ten wrong ones in the file: a kill does not wait for them.
    Combination(Combination::ALL.0 & !(1 << Asked::NotLockedOut as u32)).set_up(&stage, &passed, 0);
    let (code, out, words) = stage.tell(&["kill", "--flatten", "--keys-stdin", "--json"], &[PASSPHRASE]);
    assert!(words.contains(&stage.exchange.address) && words.contains("SPY"), "{words}");
    assert!(words.contains("the live account is acted on") && words.contains("kill --slot paper"), "{words}");
    assert!(code == 0 && out.contains("\"confirmed\":true"), "{code} {out} {words}");
    fs::remove_file(stage.home.join("state/lockout.toml")).unwrap();
    let child = stage.run_live();
    stage.until(child.id(), "flat, halted and disarmed", |status| {
        positions(status).is_empty() && status["state"] == "halted" && status["armed"] == false
    });
    child.end();
    let (code, out, words) = stage.tell(&["journal", "verify", "--unlock", "--stdin"], &[PASSPHRASE]);
    assert_eq!(code, 0, "{out}{words}");
}
