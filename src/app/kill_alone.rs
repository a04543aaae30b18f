use std::sync::Arc;

use crate::alpaca::client::Client;
use crate::alpaca::hosts::{Account, Hosts};
use crate::app::account::clock_of;
use crate::app::clock::{self, RunClock};
use crate::app::install::install_id;
use crate::app::paths::Paths;
use crate::broker::door::kill_alone as task_alone;
use crate::broker::kill::KillIds;
use crate::broker::latch::{KillCause, KillLatch};
use crate::broker::outcome::KillOutcome;
use crate::domain::mode::Mode;
use crate::domain::secret::Keys;
use crate::risk::gate::Gate;
use crate::risk::limits::Limits;

/// The kill without a running instance: it cancels, closes and reads the account until nothing is left, by itself.
/// What it did is taken in by the next run, which starts halted.
///
/// # Errors
/// What stands in the way, in words; what the account did is in the outcome.
pub fn kill_alone(paths: &Paths, hosts: &Hosts, keys: &Keys, flatten: bool) -> Result<KillOutcome, String> {
    let client = Client::new(hosts.clone(), keys).map_err(|fault| fault.to_string())?;
    // An exchange whose clock cannot be read is killed by the wall's.
    let run_clock = Arc::new(clock_of(&client, hosts).unwrap_or(RunClock::Wall));
    let install =
        install_id(&paths.state)?.parse().map_err(|_| "the installation's id is damaged".to_owned())?;
    let mode = match hosts.account() {
        Account::Paper => Mode::Paper,
        Account::Live => Mode::Live,
    };
    let warrant = Gate::open(Limits::default(), String::new()).0.kill_warrant();
    let warrant = warrant.ok_or("there is no leave to kill")?;
    let latch = KillLatch::default();
    latch.trip(&KillCause::Shell { flatten }, clock::now());
    let mut task = task_alone(client, Arc::new(move || run_clock.now()), latch, warrant);
    task.answer_here(KillIds { mode, install }).ok_or_else(|| "the pull was lost; pull again".to_owned())
}
