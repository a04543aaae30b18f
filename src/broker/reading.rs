use std::collections::BTreeSet;

use crate::alpaca::client::Client;
use crate::alpaca::http::CallFault;
use crate::broker::remote::Remote;
use crate::broker::tempo::Use;
use crate::domain::at::At;
use crate::domain::fill::Fill;
use crate::domain::id::ClientOrderId;
use crate::domain::money::Money;
use crate::domain::venue::{VenueOrder, VenueState};
use crate::wire::activity::{Activity, Execution};

/// How often a reading is made again because something happened while it was made.
const TRIES: u32 = 3;

impl Remote {
    /// Everything a reconcile asks for, with these orders looked up and the executions since an instant. It is
    /// several requests: where the stream told of something meanwhile they may not fit together, and are made
    /// again.
    ///
    /// # Errors
    /// What could not be read, in words.
    pub(super) fn state(&self, fills_since: At, ids: &[ClientOrderId]) -> Result<VenueState, String> {
        let mut state = None;
        for _try in 0..TRIES {
            let moves = self.account.moves();
            state = Some(self.read(fills_since, ids).map_err(|fault| fault.told())?);
            if self.account.moves() == moves {
                break;
            }
        }
        state.ok_or_else(|| "it was not read".to_owned())
    }

    fn read(&self, fills_since: At, ids: &[ClientOrderId]) -> Result<VenueState, CallFault> {
        // The instant at which it began: whatever came later may be missing in it.
        let at = self.account.now();
        let (mut open_orders, mut asleep) = (Vec::new(), BTreeSet::new());
        let for_the_kill = fills_since == At::from_nanos(i64::MAX);
        // The kill acts on what can be read; a reconcile must know all of it.
        let (orders, unread) = if for_the_kill {
            self.ask(Client::readable_open_orders)?
        } else {
            (self.ask(Client::open_orders)?, Vec::new())
        };
        for mut order in orders {
            self.account.note(&order);
            // Where a leg stands in the list by itself it goes by our name too.
            order.request.id = self.account.ours(&order.venue_id).unwrap_or(order.request.id);
            // A leg that sleeps protects nothing yet: it is no order of the list before it wakes.
            asleep.extend(order.flat().filter(|order| order.sleeps).map(|order| order.request.id));
            let awake = order.flat().filter(|order| !order.sleeps && order.status.is_live());
            open_orders.extend(awake.map(crate::wire::order::WireOrder::listed));
        }
        let listed: BTreeSet<ClientOrderId> = open_orders.iter().map(|order| order.request.id).collect();
        let mut closed_orders: Vec<VenueOrder> = Vec::new();
        for id in ids.iter().copied().filter(|id| !listed.contains(id) && !asleep.contains(id)) {
            if closed_orders.iter().any(|order| order.request.id == id) {
                continue;
            }
            if let Some(order) = self.account.ended(id) {
                closed_orders.push(order);
                continue;
            }
            if !for_the_kill && !self.account.tempo(|tempo| tempo.has_room(at, Use::Reading)) {
                let words = "the minute's requests are used up; it is read again".to_owned();
                return Err(CallFault::NoAnswer(words));
            }
            let Some(order) = self.look_up(id)? else { continue };
            for order in order.flat().filter(|order| !listed.contains(&order.request.id)) {
                let known = |among: &[VenueOrder]| among.iter().any(|one| one.request.id == order.request.id);
                if order.status.is_live() && !order.sleeps && !known(&open_orders) {
                    open_orders.push(order.listed());
                } else if !order.status.is_live() && !known(&closed_orders) {
                    closed_orders.push(order.listed());
                }
            }
        }
        self.account.keep_ended(&closed_orders);
        let (positions, unread_too) = if for_the_kill {
            self.ask(Client::readable_positions)?
        } else {
            (self.ask(Client::positions)?, Vec::new())
        };
        self.note_unread(unread.len().saturating_add(unread_too.len()));
        let account = self.ask(Client::account)?.account;
        let fills = self.fills(fills_since)?;
        Ok(VenueState { at, account, positions, open_orders, closed_orders, fills })
    }

    fn fills(&self, since: At) -> Result<Vec<Fill>, CallFault> {
        if since == At::from_nanos(i64::MAX) {
            return Ok(Vec::new());
        }
        let mut fills = Vec::new();
        for activity in self.ask(|client| client.activities_since(since))? {
            if let Activity::Filled(execution) = activity {
                fills.push(self.fill(execution)?);
            }
        }
        Ok(fills)
    }

    fn fill(&self, execution: Execution) -> Result<Fill, CallFault> {
        let order = self.name_of(&execution.order)?.ok_or_else(|| {
            CallFault::NoAnswer(format!(
                "the venue told of an execution of an order ({}) that it does not know",
                execution.order
            ))
        })?;
        Ok(Fill {
            execution: execution.id,
            order,
            symbol: execution.symbol,
            side: execution.side,
            qty: execution.qty,
            price: execution.price,
            fee: Money::ZERO,
            at: execution.at,
        })
    }
}
