use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::alpaca::client::Client;
use crate::alpaca::hosts::Hosts;
use crate::app::certificate::{Certificate, place};
use crate::app::client;
use crate::app::clock::{self, Stopwatch};
use crate::app::control::{Reply, Request};
use crate::app::instance::Instance;
use crate::app::paths::Paths;
use crate::domain::price::Price;
use crate::domain::secret::Keys;
use crate::domain::symbol::Symbol;

/// How long a run may take until it trades, and an order until it has filled.
const READY_WITHIN_S: f64 = 90.0;
const FILLED_WITHIN_S: f64 = 30.0;
/// For how long no data is let in.
const DEAF_S: u32 = 10;
const NAP: Duration = Duration::from_millis(100);

/// What a drill needs.
pub struct DrillPlan {
    /// Folders and files.
    pub paths: Paths,
    /// The config's file, where one was named.
    pub config: Option<PathBuf>,
    /// The paper account's hosts and keys.
    pub hosts: Hosts,
    /// The keys.
    pub keys: Keys,
    /// What one share of is bought and sold again, three times.
    pub symbol: Symbol,
    /// The settings that the certificate is bound to.
    pub settings: String,
    /// Whether the trader has said that root is meant.
    pub as_root: bool,
    /// This program.
    pub executable: PathBuf,
}

/// A run of this program, as a trader starts it, until it is dropped.
struct Ran(Child);

impl Drop for Ran {
    fn drop(&mut self) {
        // Whatever it was doing: that a process may die at any instant is what is drilled.
        let _gone = self.0.kill();
        let _gone = self.0.wait();
    }
}

/// Runs the drills in paper: an order whose process dies, data that stop, and the kill with the time until nothing
/// is left. `said` hears of each step. The certificate is written at the end.
///
/// # Errors
/// What failed, in words; no certificate is written then, and an older one is taken away.
pub fn drill(plan: &DrillPlan, said: impl Fn(&str)) -> Result<Certificate, String> {
    let path = place(&plan.paths.state);
    // The lock is free while nobody runs; the drill's own run takes it.
    drop(Instance::take(&plan.paths.state)?);
    let _not_there = std::fs::remove_file(&path);
    said("starting a run of the paper account");
    let first = start(plan)?;
    ready(plan)?;
    let flat = |status: &Value| is_empty(&status["positions"]) && is_empty(&status["open_orders"]);
    if !flat(&status(plan)?) {
        return Err(
            "the paper account holds positions or orders; close them first (`hardstop kill --flatten`)"
                .to_owned(),
        );
    }
    let price = price_of(plan)?;
    said(&format!("buying a share of {} near {price}", plan.symbol));
    buy(plan, scaled(price, 101)?, scaled(price, 90)?)?;
    wait("the share to be bought", FILLED_WITHIN_S, || Ok(!is_empty(&status(plan)?["positions"])))?;
    let resting = buy(plan, scaled(price, 97)?, scaled(price, 90)?)?;
    said("the process is ended in the middle of it, and started again");
    drop(first);
    let second = start(plan)?;
    ready(plan)?;
    wait("the order of before to be there again", FILLED_WITHIN_S, || {
        let open = status(plan)?["open_orders"].as_array().cloned().unwrap_or_default();
        Ok(open.iter().any(|order| order["id"].as_str() == Some(&resting)))
    })?;
    said("no data are let in");
    feed_loss(plan, price)?;
    said("the kill is pulled, and closes everything");
    let flat_after_ms = kill(plan)?;
    said(&format!("nothing is left after {flat_after_ms} ms"));
    if !flat(&status(plan)?) {
        return Err("after the kill the paper account still shows positions or orders".to_owned());
    }
    ask(plan, "rearm", json!({ "reason": "the drill is over" }))?;
    // After a flatten the kill has told the account to take no orders: the next run must find it open.
    let client = Client::new(plan.hosts.clone(), &plan.keys).map_err(|fault| fault.to_string())?;
    wait("the account to take orders again", FILLED_WITHIN_S, || {
        client.account().map(|account| account.blocked.is_none()).map_err(|fault| fault.told())
    })?;
    drop(second);
    let certificate = Certificate {
        passed_at: clock::now(),
        settings: plan.settings.clone(),
        flat_after_ms,
        feed_loss: true,
        restart: true,
        orders: 2,
    };
    certificate.write(&path)?;
    Ok(certificate)
}

fn start(plan: &DrillPlan) -> Result<Ran, String> {
    let mut command = Command::new(&plan.executable);
    if let Some(config) = &plan.config {
        command.arg("--config").arg(config);
    }
    command.args(["run", "--paper", "--headless", "--keys-stdin", "--acknowledge-unclean"]);
    if plan.as_root {
        command.arg("--as-root");
    }
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|fault| format!("the run could not be started: {fault}"))?;
    let stdin = child.stdin.take();
    let ran = Ran(child);
    let mut stdin = stdin.ok_or("the run takes no keys")?;
    writeln!(stdin, "{}\n{}", plan.keys.id.expose(), plan.keys.secret.expose())
        .map_err(|fault| format!("the run ended at once ({fault}); `hardstop run --paper` says why"))?;
    Ok(ran)
}

fn ask(plan: &DrillPlan, cmd: &str, args: Value) -> Result<Reply, String> {
    let request = Request { cmd: cmd.to_owned(), args };
    client::ask(&plan.paths.socket, &request)?
        .ok_or_else(|| "the run of the drill is gone; its log tells why".to_owned())
}

fn status(plan: &DrillPlan) -> Result<Value, String> {
    Ok(ask(plan, "status", Value::Null)?.out)
}

fn is_empty(list: &Value) -> bool {
    list.as_array().is_none_or(Vec::is_empty)
}

fn wait(what: &str, within_s: f64, holds: impl Fn() -> Result<bool, String>) -> Result<(), String> {
    let since = Stopwatch::start();
    let mut last = String::new();
    while since.seconds() < within_s {
        match holds() {
            Ok(true) => return Ok(()),
            Ok(false) => last.clear(),
            Err(words) => last = words,
        }
        std::thread::sleep(NAP);
    }
    let why = if last.is_empty() { String::new() } else { format!(": {last}") };
    Err(format!("waited {within_s} s for {what}{why}"))
}

/// The run trades, in the session.
fn ready(plan: &DrillPlan) -> Result<(), String> {
    wait("the run to trade (the market must be open)", READY_WITHIN_S, || {
        let status = status(plan)?;
        let (state, session, cause) = (&status["state"], &status["session"], &status["not_ready"]);
        if state == "active" && session == "regular" && cause.is_null() {
            return Ok(true);
        }
        Err(format!("state {state}, session {session}, not ready {cause}"))
    })
}

/// The ask of a share, once there is one.
fn price_of(plan: &DrillPlan) -> Result<Price, String> {
    let args = json!({ "symbol": plan.symbol });
    // Whoever asks for a symbol has it followed.
    let _refused = ask(plan, "submit", order(plan, None, None, true))?;
    let told = || -> Result<Option<Price>, String> {
        Ok(ask(plan, "quote", args.clone())?.out["ask"].as_str().and_then(|text| text.parse().ok()))
    };
    wait("a quote of the symbol", FILLED_WITHIN_S, || Ok(told()?.is_some()))?;
    told()?.ok_or_else(|| "there is no quote any more".to_owned())
}

fn scaled(price: Price, per_cent: i64) -> Result<Price, String> {
    let scaled = price.scaled(per_cent, 100).map_err(|fault| fault.to_string())?;
    Ok(scaled.grid_down())
}

fn order(plan: &DrillPlan, limit: Option<Price>, stop_loss: Option<Price>, dry_run: bool) -> Value {
    json!({
        "side": "buy", "symbol": plan.symbol, "qty": "1", "limit": limit, "stop_loss": stop_loss, "tif": "day",
        "dry_run": dry_run,
    })
}

/// Buys one share; the order's id.
fn buy(plan: &DrillPlan, limit: Price, stop_loss: Price) -> Result<String, String> {
    // What the venue says of a symbol that has just come up may be on its way yet.
    let asked = |dry_run| ask(plan, "submit", order(plan, Some(limit), Some(stop_loss), dry_run));
    wait("the gate to let the order pass", FILLED_WITHIN_S, || {
        let reply = asked(true)?;
        if reply.exit == 0 { Ok(true) } else { Err(reply.words.join("; ")) }
    })?;
    let reply = asked(false)?;
    let id = reply.out["orders"][0]["id"].as_str().map(str::to_owned);
    id.filter(|_| reply.exit == 0).ok_or_else(|| format!("the order was refused: {}", reply.words.join("; ")))
}

/// While no data come in nothing opens; once they do, it may again.
fn feed_loss(plan: &DrillPlan, price: Price) -> Result<(), String> {
    let deaf = ask(plan, "deaf", json!({ "seconds": DEAF_S }))?;
    if deaf.exit != 0 {
        return Err(deaf.words.join("; "));
    }
    let (limit, stop) = (scaled(price, 97)?, scaled(price, 90)?);
    let opens = || -> Result<bool, String> {
        Ok(ask(plan, "submit", order(plan, Some(limit), Some(stop), true))?.exit == 0)
    };
    if opens()? {
        return Err("an opening would have passed without data".to_owned());
    }
    wait("openings to pass again with the data", READY_WITHIN_S, opens)
}

/// Pulls the kill to close everything; milliseconds until the broker showed nothing any more.
fn kill(plan: &DrillPlan) -> Result<i64, String> {
    let since = Stopwatch::start();
    let reply = ask(plan, "kill", json!({ "flatten": true }))?;
    if reply.exit != 0 {
        return Err(format!("the kill was not confirmed: {}", reply.words.join("; ")));
    }
    Ok((since.seconds() * 1_000.0) as i64)
}
