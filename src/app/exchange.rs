use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::app::clock::{DataClock, Speed};
use crate::app::signals::{EndFlag, listen};
use crate::broker::latch::KillLatch;
use crate::domain::at::At;
use crate::domain::market::Tick;
use crate::domain::qty::Qty;
use crate::exchange::settings::Settings;
use crate::gateway::faults::Faults;
use crate::gateway::serve::{Pace, Plan, serve};
use crate::gateway::world::World;

/// An exchange that is to be served.
pub struct ExchangePlan {
    /// Where it listens: an address of this machine alone.
    pub listen: SocketAddr,
    /// The key id and secret of each account.
    pub keys: Vec<(String, String)>,
    /// What each account is like.
    pub settings: Settings,
    /// When its time begins; what the market did before is known, and fills nothing.
    pub from: At,
    /// How fast its time runs.
    pub speed: Speed,
    /// The market, in the order of time.
    pub ticks: Box<dyn Iterator<Item = Tick> + Send>,
    /// How it fails on purpose.
    pub faults: Faults,
}

/// Where a served exchange is found: the line that says so.
#[derive(Debug, Serialize)]
pub struct Ready {
    schema: u32,
    rest: String,
    data: String,
    orders_stream: String,
    data_stream: String,
    keys: Vec<String>,
    clock: At,
}

struct Paced(DataClock, Speed);

impl Pace for Paced {
    fn now(&self) -> At {
        self.0.now()
    }

    fn until(&self, at: At) -> Duration {
        self.0.until(at)
    }

    fn speed(&self) -> String {
        match self.1 {
            Speed::Times(times) => times.to_string(),
            Speed::Max => "max".to_owned(),
        }
    }
}

/// Serves until a signal ends it; `ready` hears where.
///
/// # Errors
/// Where it may not listen, or cannot; in words.
pub fn run(plan: ExchangePlan, ready: impl FnOnce(&Ready)) -> Result<(), String> {
    if !plan.listen.ip().is_loopback() {
        return Err(format!(
            "{} is not an address of this machine alone; the exchange listens on 127.0.0.1 or [::1]",
            plan.listen
        ));
    }
    let listener = TcpListener::bind(plan.listen)
        .map_err(|fault| format!("{}: {fault}; choose another port with --listen", plan.listen))?;
    let address = listener.local_addr().map_err(|fault| fault.to_string())?;
    let end = EndFlag::default();
    // There is no kill here: its signal ends nothing.
    listen(end.clone(), KillLatch::default())?;
    let accounts = u32::try_from(plan.keys.len()).unwrap_or(u32::MAX);
    let most = i32::try_from(plan.faults.fills.shares_max).ok().filter(|most| *most > 0);
    let settings = Settings { shares_a_fill_max: most.map(Qty::shares), ..plan.settings };
    let mut world = World::new(accounts, &settings);
    let mut ticks = plan.ticks.peekable();
    while let Some(tick) = ticks.next_if(|tick| tick.at() <= plan.from) {
        world.remember(&tick);
    }
    ready(&Ready {
        schema: 1,
        rest: format!("http://{address}"),
        data: format!("http://{address}"),
        orders_stream: format!("ws://{address}/stream"),
        data_stream: format!("ws://{address}/v2/iex"),
        keys: plan.keys.iter().map(|(id, _)| id.clone()).collect(),
        clock: plan.from,
    });
    let pace = Arc::new(Paced(DataClock::start(plan.from, plan.speed), plan.speed));
    let plan = Plan { listener, keys: plan.keys, world, ticks: Box::new(ticks), pace, faults: plan.faults };
    serve(plan, move || end.is_raised()).map_err(|fault| format!("the exchange ended: {fault}"))
}
