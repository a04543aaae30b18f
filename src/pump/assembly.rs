use sha2::{Digest, Sha256};

use crate::broker::door::{Door, RemotePlan, embedded, remote};
use crate::broker::kill::KillTask;
use crate::broker::latch::KillLatch;
use crate::broker::market::Market;
use crate::broker::orders_ear::OrdersEar;
use crate::domain::id::InstallId;
use crate::engine::machine::Engine;
use crate::engine::settings::Settings;
use crate::exchange::venue::Exchange;
use crate::risk::gate::Gate;
use crate::risk::limits::Limits;

/// The machine, its door onto an exchange in this process, and the kill beside it.
pub struct Assembly {
    /// The machine, before its first event.
    pub engine: Engine,
    /// The only way to the exchange.
    pub door: Door,
    /// The market's side of it.
    pub market: Market,
    /// The kill task, not yet running.
    pub kill: KillTask,
}

/// The machine, its door onto an account at Alpaca, the kill beside it, and the ear of its stream of orders.
pub struct AccountAssembly {
    /// The machine, before its first event.
    pub engine: Engine,
    /// The only way to the account.
    pub door: Door,
    /// The kill task, not yet running.
    pub kill: KillTask,
    /// What the stream of orders is told to.
    pub ear: OrdersEar,
}

/// The version of limits: the beginning of the hash of their text.
pub fn limits_version(limits: &Limits) -> String {
    let text = serde_json::to_string(limits).unwrap_or_default();
    Sha256::digest(text).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Puts a machine onto an exchange in this process. Gate, door and kill are born from one seal.
///
/// # Errors
/// An installation id that is none.
pub fn onto_exchange(
    settings: Settings,
    limits: Limits,
    exchange: Exchange,
    latch: KillLatch,
) -> Result<Assembly, String> {
    onto_market(settings, limits, Market::of(exchange), latch)
}

/// The same onto an exchange that was there before this machine, and that outlives it.
///
/// # Errors
/// An installation id that is none.
pub fn onto_market(
    settings: Settings,
    limits: Limits,
    market: Market,
    latch: KillLatch,
) -> Result<Assembly, String> {
    let install: InstallId =
        settings.install.parse().map_err(|_| "the installation's id is damaged".to_owned())?;
    let version = limits_version(&limits);
    let (mut gate, seal) = Gate::open(limits, version);
    let warrant = gate.kill_warrant().ok_or("the gate gave its warrant away before")?;
    let (door, kill) = embedded(&market, seal, latch, warrant).map_err(|fault| fault.to_string())?;
    Ok(Assembly { engine: Engine::new(settings, install, gate), door, market, kill })
}

/// A machine without a door: what it asks for goes nowhere. It derives again what a run decided.
///
/// # Errors
/// An installation id that is none.
pub fn onto_nothing(settings: Settings, limits: Limits, version: String) -> Result<Engine, String> {
    let install: InstallId =
        settings.install.parse().map_err(|_| "the installation's id is damaged".to_owned())?;
    let (gate, _door) = Gate::open(limits, version);
    Ok(Engine::new(settings, install, gate))
}

/// Puts a machine onto an account at Alpaca.
///
/// # Errors
/// An installation id that is none, or no threads for the line.
pub fn onto_account(
    settings: Settings,
    limits: Limits,
    plan: RemotePlan,
    latch: KillLatch,
) -> Result<AccountAssembly, String> {
    let install: InstallId =
        settings.install.parse().map_err(|_| "the installation's id is damaged".to_owned())?;
    let version = limits_version(&limits);
    let (mut gate, seal) = Gate::open(limits, version);
    let warrant = gate.kill_warrant().ok_or("the gate gave its warrant away before")?;
    let (door, kill, ear) = remote(plan, seal, latch, warrant).map_err(|fault| fault.to_string())?;
    Ok(AccountAssembly { engine: Engine::new(settings, install, gate), door, kill, ear })
}
