//! `hardstop doctor --claims`: those promises of SECURITY.md that can be put to the proof on this machine, in
//! moments, without keys, broker or ledger. The others are held by the tests that SECURITY.md names.

use std::path::Path;

use crate::alpaca::hosts::{Account, Hosts};
use crate::app::closed;
use crate::app::paths::Paths;
use crate::app::redaction;
use crate::cli::whatif;
use crate::domain::secret::Secret;
use crate::strategy::frame::{Hello, Level};
use crate::strategy::host;
use crate::vault::contents::Contents;
use crate::vault::passphrase::Passphrase;
use crate::vault::sealed::{self, Choice};

/// One promise, and what came of trying it.
pub(super) struct Claim {
    /// The promise.
    pub promise: &'static str,
    /// The test that proves it in full.
    pub test: &'static str,
    /// What was seen here, or what is wrong.
    pub seen: Result<String, String>,
}

/// Tries every one of them.
pub(super) fn all(paths: &Paths) -> Vec<Claim> {
    let mut claims: Vec<Claim> = GATE.iter().map(|case| gate(*case)).collect();
    claims.push(Claim {
        promise: "only the account's own hosts and this machine are contacted",
        test: "only_the_account_s_own_hosts_and_this_machine_are_contacted",
        seen: hosts(),
    });
    claims.push(Claim {
        promise: "a strategy reads no file and opens no connection",
        test: "the_child_can_open_neither_files_nor_sockets",
        seen: sandbox(),
    });
    claims.push(Claim {
        promise: "what is held as a secret is in no word that is printed, in any spelling",
        test: "what_is_held_is_in_no_line_and_no_word",
        seen: redacted(),
    });
    claims.push(Claim {
        promise: "a vault of which one byte was changed does not open",
        test: "no_changed_byte_and_no_cut_of_the_vault_opens",
        seen: vault(&paths.state),
    });
    claims.push(Claim {
        promise: "this process leaves no core behind, and others cannot read its memory",
        test: "a_process_leaves_no_core_and_no_file_that_others_can_read",
        seen: closed::seen(),
    });
    claims.push(Claim {
        promise: "nothing listens on a port",
        test: "a_run_against_an_account_opens_no_port_and_calls_nobody_else",
        seen: sockets(),
    });
    claims
}

/// A question to the gate, and the code that it must answer with; empty for an order that passes.
type Case = (&'static str, &'static str, &'static str, &'static str);

/// The account of these questions: 100,000 dollars, nothing held.
const ACCOUNT: &str = r#""now":"2025-06-02T15:00:00Z","limits":{"max_daily_loss_pct":"2","max_position_pct":"10","max_heat_pct":"25","max_gross_pct":"100","price_collar_pct":"5"},"orders":[]"#;
const BUY: &str =
    r#""intent":{"symbol":"AAA","side":"buy","type":"limit","qty":"20","limit":"60","stop_loss":"58"}"#;
const QUOTE: &str = r#""quotes":[{"symbol":"AAA","bid":"59.99","ask":"60.01","age_ms":100}]"#;

const GATE: [Case; 5] = [
    (
        "within the limits an order passes, so that the refusals below mean something",
        "what_is_approved_keeps_the_caps_and_facts_count_once",
        r#""account":{"e0":"100000","equity":"100000","flows":"0","state":"active"},"positions":[],QUOTE,BUY"#,
        "",
    ),
    (
        "missing data refuses every opening",
        "without_data_every_opening_is_refused",
        r#""account":{"e0":"100000","equity":"100000","flows":"0","state":"active"},"positions":[],BUY"#,
        "NO_PRICE",
    ),
    (
        "the day's loss ends openings at 2 %",
        "case_02_a_latched_day_stays_latched_until_the_next",
        r#""account":{"e0":"100000","equity":"98000","flows":"0","state":"active"},"positions":[],QUOTE,BUY"#,
        "DAILY_LOSS_REACHED",
    ),
    (
        "a position is at most 10 % of equity",
        "what_is_approved_keeps_the_caps_and_facts_count_once",
        r#""account":{"e0":"100000","equity":"100000","flows":"0","state":"active"},"positions":[{"symbol":"AAA","qty":"160","avg_price":"60","stops":[{"qty":"160","price":"58"}]}],QUOTE,BUY"#,
        "POSITION_LIMIT",
    ),
    (
        "halted, a strategy trades nothing",
        "halted_passes_only_the_operator_s_and_the_kill_s_reductions",
        r#""account":{"e0":"100000","equity":"100000","flows":"0","state":"halted"},"positions":[],QUOTE,BUY"#,
        "HALTED",
    ),
];

fn gate((promise, test, rest, code): Case) -> Claim {
    let line = format!("{{{ACCOUNT},{}}}", rest.replace("QUOTE", QUOTE).replace("BUY", BUY));
    let answer = whatif::answer_line(&line).unwrap_or_default();
    let said: serde_json::Value = serde_json::from_str(&answer).unwrap_or_default();
    let got = said["code"].as_str().unwrap_or_default();
    let decision = said["decision"].as_str().unwrap_or("nothing");
    let seen = if got == code && (decision == "approved") == code.is_empty() {
        Ok(if code.is_empty() { "approved".to_owned() } else { format!("refused, {code}") })
    } else {
        Err(format!("the gate said {decision} {got}; do not trade with this program"))
    };
    Claim { promise, test, seen }
}

fn hosts() -> Result<String, String> {
    for (account, url) in [
        (Account::Live, "https://api.alpaca.markets.example.com"),
        (Account::Live, "https://paper-api.alpaca.markets"),
        (Account::Paper, "http://192.0.2.1:8797"),
    ] {
        if Hosts::at(account, url).is_ok() {
            return Err(format!("{url} would be called; do not trade with this program"));
        }
    }
    Ok("another host, the other account's, and a machine of the network are refused".to_owned())
}

fn sandbox() -> Result<String, String> {
    let executable = std::env::current_exe().map_err(|fault| fault.to_string())?;
    match host::level(executable).map_err(|fault| fault.to_string())? {
        Hello { level: Level::Full, .. } => Ok("one was started: every wall stands".to_owned()),
        Hello { missing, .. } => Err(format!("not every wall stands here: {}", missing.join("; "))),
    }
}

fn redacted() -> Result<String, String> {
    // Made up here and held by nobody: what is looked for must be a secret to this process.
    let secret = Secret::new("claims-canary-0123456789".to_owned());
    redaction::hold(&[&secret]);
    let hex: String = secret.expose().bytes().map(|byte| format!("{byte:02x}")).collect();
    for spelling in [secret.expose().to_owned(), hex] {
        if redaction::scrubbed(&format!("before {spelling} after")).contains(&spelling) {
            return Err("a secret came through; do not give this program any key".to_owned());
        }
    }
    Ok("a made-up one did not come through".to_owned())
}

fn vault(state: &Path) -> Result<String, String> {
    let folder = state.join("claims-vault");
    let _left_by_a_killed_one = std::fs::remove_dir_all(&folder);
    let tried = try_vault(&folder);
    let _best_effort = std::fs::remove_dir_all(&folder);
    tried
}

fn try_vault(folder: &Path) -> Result<String, String> {
    let told = |fault: crate::vault::fault::VaultFault| fault.to_string();
    let words = Passphrase::new("a passphrase for a claim").map_err(|fault| fault.to_string())?;
    let contents = Contents::fresh().map_err(told)?;
    drop(
        sealed::create(folder, &words, Choice::VaultOnly, contents, crate::app::clock::now())
            .map_err(told)?,
    );
    drop(sealed::open(folder, &words, None).map_err(told)?);
    let path = folder.join("vault.age");
    let mut bytes = std::fs::read(&path).map_err(|fault| fault.to_string())?;
    let middle = bytes.len() / 2;
    if let Some(byte) = bytes.get_mut(middle) {
        *byte ^= 1;
    }
    std::fs::write(&path, bytes).map_err(|fault| fault.to_string())?;
    match sealed::open(folder, &words, None) {
        Err(_) => Ok("one was made here: it opened, and with one bit changed it did not".to_owned()),
        Ok(_) => Err("a changed vault opened; keep no key with this program".to_owned()),
    }
}

/// Sockets of this process that wait for somebody else. What another process has open is not its to see.
fn sockets() -> Result<String, String> {
    let Ok(open) = std::fs::read_dir("/proc/self/fd") else {
        return Ok("this system does not tell which sockets are open; `hardstop exchange` alone opens one"
            .to_owned());
    };
    let links = open.flatten().filter_map(|entry| std::fs::read_link(entry.path()).ok());
    let count = links.filter(|link| link.to_string_lossy().starts_with("socket:")).count();
    if count == 0 {
        Ok("this process has no socket open".to_owned())
    } else {
        Err(format!("{count} sockets are open"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gate_s_claims_hold_and_would_be_seen_to_fail() {
        for case in GATE {
            let claim = gate(case);
            assert!(claim.seen.is_ok(), "{}: {:?}", claim.promise, claim.seen);
            let other = if case.3.is_empty() { "HEAT_LIMIT" } else { "" };
            assert!(gate((case.0, case.1, case.2, other)).seen.is_err(), "{}", case.0);
        }
    }
}
