use std::fs;
use std::process::Child;

use super::served::Served;
use super::{ID, PASSPHRASE, SECRET, Stage, end, positions};

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
fn awaits_arming(stage: &Stage, child: &Child) {
    stage.until(child.id(), "nothing but arming is missing", |_| {
        let (code, _, words) = buy(stage);
        code == 3 && words.contains("DISARMED")
    });
}

fn armed(stage: &Stage, child: &Child) {
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

/// Whatever ends it: the trader, a kill with its re-arm, too many wrong passphrases, a restart.
#[test]
fn after_each_end_of_arming_nothing_opens_and_exits_pass_also_locked_out() {
    let stage = Stage::new("ends");
    prepare(&stage);
    let child = stage.run_live();
    awaits_arming(&stage, &child);
    armed(&stage, &child);
    stage.until(child.id(), "it opens", |status| buy(&stage).0 == 0 && !positions(status).is_empty());
    assert_eq!(stage.ask(&["disarm", "--reason", "lunch"]).0, 0);
    opens_nothing(&stage, "disarmed");

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
    let (code, _, words) = stage.ask(&["close", "SPY"]);
    assert_eq!(code, 0, "an exit passes a lockout: {words}");
    stage.until(child.id(), "it is closed", |status| positions(status).is_empty());
    let (code, _, words) = stage.ask(&["kill", "--flatten"]);
    assert_eq!(code, 0, "and so does the kill: {words}");

    fs::remove_file(stage.home.join("state/lockout.toml")).unwrap();
    let (code, _, words) = stage.tell(&["rearm", "--reason", "seen", "--stdin"], &[PASSPHRASE]);
    assert_eq!(code, 0, "{words}");
    armed(&stage, &child);
    end(child);
    let child = stage.run_live();
    awaits_arming(&stage, &child);
    opens_nothing(&stage, "a new process");
    end(child);

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
    end(child);
}

/// The session's end, and four hours without a key: by an exchange whose time runs fast.
#[test]
fn arming_ends_with_the_session_and_where_nobody_touches_a_key() {
    let mut stage = Stage::new("sits");
    prepare(&stage);
    for (from, speed, why) in [
        ("2013-10-07T19:20:00Z", "60", "the session"),
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
        end(child);
    }
}

/// The drills in paper, and then the live account: every combination of what arming asks for, beside the one that
/// is right, opens nothing at the exchange itself; a process that is gone is killed at the broker.
#[test]
fn live_opens_nothing_unless_everything_holds_and_is_killed_without_its_process() {
    let stage = Stage::new("live");
    let (code, _, words) =
        stage.tell(&["run", "--live", "--headless", "--keys-stdin", "--as-root"], &[PASSPHRASE]);
    assert!(code == 2 && words.contains("[live] enabled"), "{code} {words}");
    prepare(&stage);
    let child = stage.run_live();
    stage.ready(&child);
    let drilled = stage.orders_taken();
    let buy = || stage.ask(&["buy", "SPY", "2", "--stop-loss", "100"]);
    stage.until(child.id(), "nothing but arming is missing", |_| {
        let (code, _, words) = buy();
        code == 3 && words.contains("DISARMED")
    });

    let (certificate, aside) = (stage.home.join("state/drill.json"), stage.home.join("drill.aside"));
    // The eighth is the right one, and comes last.
    for combination in 0..7_u8 {
        let [has_drill, has_tail, has_passphrase] = [1, 2, 4].map(|bit| combination & bit != 0);
        if !has_drill {
            fs::rename(&certificate, &aside).unwrap();
        }
        let tail = if has_tail { "0001" } else { "0002" };
        let passphrase = if has_passphrase { PASSPHRASE } else { "another passphrase" };
        let (code, _, words) = stage.tell(&["arm", "--stdin"], &[tail, passphrase]);
        assert!(code == 5 && !words.contains(passphrase), "{combination}: {code} {words}");
        let (code, _, words) = buy();
        assert!(code == 3 && words.contains("DISARMED"), "{combination}: {code} {words}");
        if !has_drill {
            fs::rename(&aside, &certificate).unwrap();
        }
    }
    assert_eq!(stage.orders_taken(), drilled, "not one opening has reached the exchange");

    let (code, _, words) = stage.tell(&["arm", "--stdin"], &["0001", PASSPHRASE]);
    assert!(code == 0 && words.contains("armed") && words.contains("REAL MONEY"), "{code} {words}");
    assert!(stage.status().unwrap()["armed"] == true);
    stage.until(child.id(), "it opens", |_| buy().0 == 0);
    stage.until(child.id(), "it has opened", |status| !positions(status).is_empty());
    assert_eq!(stage.ask(&["disarm", "--reason", "lunch"]).0, 0);
    assert!(buy().2.contains("DISARMED"));
    let mut child = child;
    child.kill().unwrap();
    child.wait().unwrap();

    let (code, out, words) = stage.tell(&["kill", "--flatten", "--keys-stdin", "--json"], &[PASSPHRASE]);
    assert!(words.contains(&stage.exchange.address) && words.contains("SPY"), "{words}");
    assert!(words.contains("the live account is acted on") && words.contains("kill --slot paper"), "{words}");
    assert!(code == 0 && out.contains("\"confirmed\":true"), "{code} {out} {words}");
    let child = stage.run_live();
    stage.until(child.id(), "flat, halted and disarmed", |status| {
        positions(status).is_empty() && status["state"] == "halted" && status["armed"] == false
    });
    end(child);
    let (code, out, words) = stage.tell(&["journal", "verify", "--unlock", "--stdin"], &[PASSPHRASE]);
    assert_eq!(code, 0, "{out}{words}");
}
