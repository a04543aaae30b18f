use serde_json::json;
use ureq::http::Method;

use crate::alpaca::hosts::Hosts;
use crate::alpaca::http::{CallFault, Http, KeyFault, Side};
use crate::domain::at::At;
use crate::domain::secret::Keys;
use crate::domain::symbol::Symbol;
use crate::domain::venue::{AssetFlags, VenueAnswer, VenuePosition, VenueRequest};
use crate::wire::account::{
    WireAccount, read_asset, read_calendar_day, read_clock_offset_ms, read_clock_speed, read_position,
};
use crate::wire::activity::{Activity, read_activity};
use crate::wire::fault::Meaning;
use crate::wire::fields::{Fields, WireFault};
use crate::wire::history::{Page, Snapshot, read_bars, read_snapshots};
use crate::wire::order::{VenueId, WireOrder};
use crate::wire::request::write_request;

/// Orders of one page, the most there are.
const ORDERS_PAGE: usize = 500;
/// Activities of one page, the most there are.
const ACTIVITIES_PAGE: usize = 100;
/// Pages that are read at most: who has more open orders than that has lost count.
const PAGES_MAX: usize = 40;

/// A venue's clock beside ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VenueClock {
    /// When it was read, by ours.
    pub read_at: At,
    /// By how many milliseconds the venue's is ahead.
    pub offset_ms: i64,
    /// By how much that may be wrong: half of what the answer took.
    pub uncertain_ms: i64,
    /// How many times as fast as the wall's it runs, where it is an exchange that rehearses and says so.
    pub speed: Option<String>,
}

/// An account at Alpaca, asked and told in the domain's nouns. Each call blocks for a bounded time.
pub struct Client {
    http: Http,
}

impl Client {
    /// A client with connections of its own.
    ///
    /// # Errors
    /// [`KeyFault`] for keys that no header can carry.
    pub fn new(hosts: Hosts, keys: &Keys) -> Result<Self, KeyFault> {
        Ok(Self { http: Http::new(hosts, keys)? })
    }

    /// Whose hosts it calls.
    pub const fn hosts(&self) -> &Hosts {
        self.http.hosts()
    }

    /// The broker's words where it does not take the keys any more.
    pub fn refusal_of_keys(&self) -> Option<String> {
        self.http.refusal_of_keys()
    }

    fn get(&self, path: &str) -> Result<String, CallFault> {
        self.http.call(Side::Trading, &Method::GET, path, None)
    }

    /// The account.
    ///
    /// # Errors
    /// Why there is no answer that can be read.
    pub fn account(&self) -> Result<WireAccount, CallFault> {
        let text = self.get("/v2/account")?;
        Fields::read(&text, "account").and_then(|fields| WireAccount::read(&fields)).map_err(unread)
    }

    /// The venue's clock; `now` is asked on both sides of the call, and half of what it took is taken off.
    ///
    /// # Errors
    /// Why there is no answer that can be read.
    pub fn clock(&self, now: impl Fn() -> At) -> Result<VenueClock, CallFault> {
        let before = now();
        let text = self.get("/v2/clock")?;
        let half = now().millis_since(before).checked_div(2).unwrap_or(0);
        let middle = before.plus_millis(half);
        let read = Fields::read(&text, "clock").and_then(|fields| {
            let offset_ms = read_clock_offset_ms(&fields, middle)?;
            Ok(VenueClock {
                read_at: middle,
                offset_ms,
                uncertain_ms: half,
                speed: read_clock_speed(&fields),
            })
        });
        read.map_err(unread)
    }

    /// The hours of a day (as `2026-11-24`) by the venue's calendar, in its own words; `None` where it does not
    /// trade that day.
    ///
    /// # Errors
    /// Why there is no answer that can be read.
    pub fn hours_of(&self, date: &str) -> Result<Option<(String, String)>, CallFault> {
        let text = self.get(&format!("/v2/calendar?start={date}&end={date}"))?;
        let days = Fields::read_list(&text, "calendar").map_err(unread)?;
        read_calendar_day(&days, date).map_err(unread)
    }

    /// Every position.
    ///
    /// # Errors
    /// Why there is no answer that can be read: one position that cannot be read makes all of them unread.
    pub fn positions(&self) -> Result<Vec<VenuePosition>, CallFault> {
        whole(self.readable_positions()?)
    }

    /// Every position that can be read, with what is wrong with the others: for whoever must act on what there is.
    ///
    /// # Errors
    /// Why there is no answer that is a list.
    pub fn readable_positions(&self) -> Result<Readable<VenuePosition>, CallFault> {
        let text = self.get("/v2/positions")?;
        let list = Fields::read_list(&text, "list of positions").map_err(unread)?;
        let mut found = (Vec::new(), Vec::new());
        for fields in &list {
            match read_position(fields) {
                Ok(position) => found.0.push(position),
                Err(fault) => found.1.push(fault),
            }
        }
        Ok(found)
    }

    /// Every open order, legs inside theirs where the venue says so.
    ///
    /// # Errors
    /// Why there is no answer that can be read: one order that cannot be read makes all of them unread.
    pub fn open_orders(&self) -> Result<Vec<WireOrder>, CallFault> {
        whole(self.readable_open_orders()?)
    }

    /// Every open order that can be read, with what is wrong with the others.
    ///
    /// # Errors
    /// Why there is no answer that is a list.
    pub fn readable_open_orders(&self) -> Result<Readable<WireOrder>, CallFault> {
        let mut found = (Vec::new(), Vec::new());
        let mut before: Option<VenueId> = None;
        for _page in 0..PAGES_MAX {
            let further = before.as_ref().map_or_else(String::new, |id| format!("&before_order_id={id}"));
            let path = format!("/v2/orders?status=open&nested=true&limit={ORDERS_PAGE}{further}");
            let text = self.get(&path)?;
            let list = Fields::read_list(&text, "list of orders").map_err(unread)?;
            for fields in &list {
                match WireOrder::read(fields) {
                    Ok(order) => found.0.push(order),
                    Err(fault) => found.1.push(fault),
                }
            }
            before = list.last().and_then(|fields| fields.text("id")).and_then(|id| id.parse().ok());
            if list.len() < ORDERS_PAGE || before.is_none() {
                return Ok(found);
            }
        }
        let words = "there are more open orders than can be read; cancel some at the venue";
        Err(CallFault::NoAnswer(words.to_owned()))
    }

    /// The order of a client's id, without its legs; `None` where the venue has never heard of it.
    ///
    /// # Errors
    /// Why there is no answer that can be read.
    pub fn order_of_client(&self, client_id: &str) -> Result<Option<WireOrder>, CallFault> {
        self.order_at(&format!("/v2/orders:by_client_order_id?client_order_id={client_id}"))
    }

    /// The order of the venue's own id; `None` where it has none.
    ///
    /// # Errors
    /// Why there is no answer that can be read.
    pub fn order(&self, id: &VenueId) -> Result<Option<WireOrder>, CallFault> {
        self.order_at(&format!("/v2/orders/{id}?nested=true"))
    }

    fn order_at(&self, path: &str) -> Result<Option<WireOrder>, CallFault> {
        match self.get(path) {
            Ok(text) => {
                let order = Fields::read(&text, "order").and_then(|fields| WireOrder::read(&fields));
                order.map(Some).map_err(unread)
            }
            Err(CallFault::Said(said)) if said.meaning() == Meaning::NotFound && said.is_its_own => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// What the account's history tells since an instant, oldest first.
    ///
    /// # Errors
    /// Why there is no answer that can be read.
    pub fn activities_since(&self, since: At) -> Result<Vec<Activity>, CallFault> {
        let mut activities = Vec::new();
        let mut token: Option<String> = None;
        for _page in 0..PAGES_MAX {
            let further = token.as_ref().map_or_else(String::new, |token| format!("&page_token={token}"));
            let path = format!(
                "/v2/account/activities?after={since}&direction=asc&page_size={ACTIVITIES_PAGE}{further}"
            );
            let text = self.get(&path)?;
            let list = Fields::read_list(&text, "list of activities").map_err(unread)?;
            for fields in &list {
                activities.push(read_activity(fields).map_err(unread)?);
            }
            token = list.last().and_then(|fields| fields.text("id")).map(|id| id.replace("::", "%3A%3A"));
            if list.len() < ACTIVITIES_PAGE || token.is_none() {
                return Ok(activities);
            }
        }
        Err(CallFault::NoAnswer("the account's history is longer than can be read at once".to_owned()))
    }

    /// What a symbol can do at the venue; nothing, where it does not know it.
    ///
    /// # Errors
    /// Why there is no answer that can be read.
    pub fn asset(&self, symbol: Symbol) -> Result<AssetFlags, CallFault> {
        let name = symbol.as_str().replace('/', "%2F");
        match self.get(&format!("/v2/assets/{name}")) {
            Ok(text) => {
                let read = Fields::read(&text, "asset").and_then(|fields| read_asset(&fields));
                read.map(|(_, flags)| flags).map_err(unread)
            }
            Err(CallFault::Said(said)) if said.meaning() == Meaning::NotFound && said.is_its_own => {
                Ok(AssetFlags::NONE)
            }
            Err(fault) => Err(fault),
        }
    }

    /// Asks for an order. What is answered says whether it was taken; `Ok(None)` beside `Taken` is an order
    /// that was taken and whose own words could not be read.
    pub fn submit(&self, request: &VenueRequest) -> (VenueAnswer, Option<WireOrder>) {
        let body = match write_request(request) {
            Ok(body) => body.to_string(),
            Err(fault) => return (VenueAnswer::Refused(fault.to_string()), None),
        };
        match self.http.call(Side::Trading, &Method::POST, "/v2/orders", Some(body)) {
            Ok(text) => {
                let order = Fields::read(&text, "order").and_then(|fields| WireOrder::read(&fields));
                // Only Alpaca's own words say that it has it: a page of something in between says nothing.
                match order {
                    Ok(order) => (VenueAnswer::Taken, Some(order)),
                    Err(fault) => (VenueAnswer::Unknown(fault.to_string()), None),
                }
            }
            Err(fault) => (answer_of(&fault, true), None),
        }
    }

    /// Asks for the cancel of an order.
    pub fn cancel(&self, id: &VenueId) -> VenueAnswer {
        match self.http.call(Side::Trading, &Method::DELETE, &format!("/v2/orders/{id}"), None) {
            Ok(_) => VenueAnswer::Taken,
            Err(fault) => answer_of(&fault, false),
        }
    }

    /// Tells the venue to cancel every order and to close every position by its own numbers.
    ///
    /// # Errors
    /// Why it is not known to have done so.
    pub fn close_all(&self) -> Result<(), CallFault> {
        let path = "/v2/positions?cancel_orders=true";
        self.http.call(Side::Trading, &Method::DELETE, path, None).map(drop)
    }

    /// Tells the venue to take no new orders, or to take them again.
    ///
    /// # Errors
    /// Why it is not known to have done so.
    pub fn suspend(&self, suspended: bool) -> Result<(), CallFault> {
        let body = json!({ "suspend_trade": suspended }).to_string();
        let path = "/v2/account/configurations";
        self.http.call(Side::Trading, &Method::PATCH, path, Some(body)).map(drop)
    }

    /// One page of the past minutes of these symbols, from an instant on.
    ///
    /// # Errors
    /// Why there is no answer that can be read.
    pub fn bars(
        &self,
        symbols: &[Symbol],
        from: At,
        feed: &str,
        token: Option<&str>,
    ) -> Result<Page, CallFault> {
        let names: Vec<&str> = symbols.iter().map(Symbol::as_str).collect();
        let names = names.join(",").replace('/', "%2F");
        let further = token.map_or_else(String::new, |token| format!("&page_token={token}"));
        let path = format!(
            "/v2/stocks/bars?symbols={names}&timeframe=1Min&start={from}&limit=10000&feed={feed}{further}"
        );
        let text = self.http.call(Side::Data, &Method::GET, &path, None)?;
        read_bars(&text, None, 60_000).map_err(unread)
    }

    /// The last moments of these symbols.
    ///
    /// # Errors
    /// Why there is no answer that can be read.
    pub fn snapshots(&self, symbols: &[Symbol], feed: &str) -> Result<Vec<Snapshot>, CallFault> {
        let names: Vec<&str> = symbols.iter().map(Symbol::as_str).collect();
        let names = names.join(",").replace('/', "%2F");
        let path = format!("/v2/stocks/snapshots?symbols={names}&feed={feed}");
        let text = self.http.call(Side::Data, &Method::GET, &path, None)?;
        read_snapshots(&text).map_err(unread)
    }
}

/// What of a list can be read, and what is wrong with the rest.
pub type Readable<T> = (Vec<T>, Vec<WireFault>);

/// A list of which everything can be read.
fn whole<T>((read, faults): Readable<T>) -> Result<Vec<T>, CallFault> {
    faults.into_iter().next().map_or(Ok(read), |fault| Err(unread(fault)))
}

fn unread(fault: WireFault) -> CallFault {
    CallFault::NoAnswer(fault.to_string())
}

/// What a fault means for a request that changes something. What nobody has answered for may have happened.
fn answer_of(fault: &CallFault, is_order: bool) -> VenueAnswer {
    match fault {
        // It never left, so it is safe to say no.
        CallFault::NotSent(words) => VenueAnswer::Refused(words.clone()),
        CallFault::NoAnswer(words) => VenueAnswer::Unknown(words.clone()),
        CallFault::Said(said) => match said.meaning() {
            Meaning::Refused | Meaning::SharesHeld | Meaning::Unauthorized => {
                VenueAnswer::Refused(said.told())
            }
            Meaning::NotFound if said.is_its_own && !is_order => VenueAnswer::Refused(said.told()),
            // The first sending arrived: what became of it the venue's list tells. Too many requests may be
            // said by something in between, after the request has passed it.
            Meaning::AlreadyThere | Meaning::TooMany | Meaning::NotFound | Meaning::Unclear => {
                VenueAnswer::Unknown(said.told())
            }
        },
    }
}
