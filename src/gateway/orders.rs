use serde_json::{Value, json};

use crate::domain::at::At;
use crate::domain::id::ClientOrderId;
use crate::domain::money::Money;
use crate::domain::order::{OrderKind, OrderStatus, TimeInForce};
use crate::domain::pct::Pct;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::domain::trail::Trail;
use crate::domain::venue::{Leg, VenueAnswer, VenueRequest};
use crate::gateway::account::{Account, Ask};
use crate::gateway::entry::Entry;
use crate::gateway::ids::{Kind, asset_id, uuid};
use crate::gateway::reply::Reply;
use crate::wire::fields::Fields;
use crate::wire::request::{Amount, Class, Wanted};

/// The longest client id that is taken.
const CLIENT_ID_MAX: usize = 128;

/// Which orders a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Those that live.
    Open,
    /// Those that have ended.
    Closed,
    /// Every one.
    All,
}

/// What a list of orders is asked for.
#[derive(Debug, Clone)]
pub struct OrdersAsk<'a> {
    /// Which ones.
    pub which: Which,
    /// Of these symbols alone; of every one where there is none.
    pub symbols: Vec<&'a str>,
    /// Of this side alone.
    pub side: Option<Side>,
    /// Legs inside their orders.
    pub nested: bool,
    /// Only orders that came before the one with this id.
    pub before_order: Option<&'a str>,
    /// Only orders that came after the one with this id.
    pub after_order: Option<&'a str>,
    /// Which part of the list.
    pub part: Ask<'a>,
}

impl Account {
    /// Takes an order.
    pub fn submit(&mut self, body: &str, now: At) -> Reply {
        let Ok(fields) = Fields::read(body, "request") else {
            return Reply::fault(400, 40_010_000, "request body format is invalid");
        };
        match Wanted::read(&fields) {
            Err(words) => Reply::refused(&words),
            Ok(wanted) => self.submit_wanted(&wanted, now).map_or_else(|no| no, |id| self.told(&id)),
        }
    }

    fn told(&self, venue_id: &str) -> Reply {
        self.tell(venue_id)
            .map_or_else(|| Reply::missing("order not found"), |told| Reply::fine(told.write(true)))
    }

    /// Places what is wanted; gives the venue's id of its first order.
    fn submit_wanted(&mut self, wanted: &Wanted, now: At) -> Result<String, Reply> {
        if self.suspended {
            return Err(Reply::refused("new orders are rejected by user request"));
        }
        let client_id = self.client_id(wanted)?;
        let (qty, notional) = self.shares(wanted)?;
        fits_class(wanted)?;
        let wanted = &self.with_trigger(wanted)?;
        let (id, stop, target) = (self.inner_id()?, self.inner_id()?, self.inner_id()?);
        let request = wanted.request(id, stop, target, qty);
        match wanted.class {
            Class::Oco => self.place_pair(&request, client_id, now),
            class => self.place(&request, client_id, class, notional, now),
        }
    }

    /// A trailing stop begins behind the market as it is.
    fn with_trigger(&self, wanted: &Wanted) -> Result<Wanted, Reply> {
        let OrderKind::TrailingStop { trail, .. } = wanted.kind else { return Ok(wanted.clone()) };
        let quote = self.exchange.quote(wanted.symbol);
        let quoted = quote.map(|quote| if wanted.side == Side::Sell { quote.bid } else { quote.ask });
        let best = quoted.filter(|price| price.is_positive()).or_else(|| self.mark(wanted.symbol));
        let behind = best.and_then(|best| trail.behind(wanted.side, best));
        let stop =
            behind.map(|stop| if wanted.side == Side::Sell { stop.grid_down() } else { stop.grid_up() });
        let stop = stop.filter(|stop| stop.is_positive());
        let stop =
            stop.ok_or_else(|| Reply::unprocessable("the trail is further than the market is high"))?;
        Ok(Wanted { kind: OrderKind::TrailingStop { stop, trail }, ..wanted.clone() })
    }

    fn client_id(&mut self, wanted: &Wanted) -> Result<String, Reply> {
        let given = wanted.client_id.clone().filter(|id| !id.is_empty());
        let id = given.unwrap_or_else(|| {
            let number = self.next_number();
            uuid(Kind::Client, self.number, number)
        });
        if id.len() > CLIENT_ID_MAX {
            return Err(Reply::unprocessable("client_order_id must be no more than 128 characters"));
        }
        if self.by_client.contains_key(&id) {
            return Err(Reply::refused("client_order_id must be unique"));
        }
        Ok(id)
    }

    /// The exchange's own id of the next order.
    fn inner_id(&mut self) -> Result<ClientOrderId, Reply> {
        let number = self.next_number();
        format!("gw-{number}").parse().map_err(|_| Reply::fault(500, 50_010_000, "no id is left"))
    }

    fn shares(&self, wanted: &Wanted) -> Result<(Qty, Option<Price>), Reply> {
        match wanted.amount {
            Amount::Shares(qty) => Ok((qty, None)),
            Amount::Dollars(dollars) => {
                let mark = self.exchange.quote(wanted.symbol).map(|quote| quote.ask);
                let price = wanted.kind.limit().or(mark).or_else(|| self.mark(wanted.symbol));
                let worth: Money = dollars.times(Qty::shares(1));
                let qty = price.and_then(|price| worth.shares_at(price)).filter(|qty| qty.is_positive());
                let qty = qty.ok_or_else(|| Reply::unprocessable("no price to count shares by"))?;
                Ok((qty, Some(dollars)))
            }
        }
    }

    fn place(
        &mut self,
        request: &VenueRequest,
        client_id: String,
        class: Class,
        notional: Option<Price>,
        now: At,
    ) -> Result<String, Reply> {
        let venue_id = self.register_whole(request, client_id, class, now);
        if let Some(entry) = self.orders.get_mut(&venue_id) {
            entry.notional = notional;
        }
        self.send(request, &venue_id, now)
    }

    /// Gives an order and its legs their names.
    fn register_whole(&mut self, request: &VenueRequest, client_id: String, class: Class, now: At) -> String {
        let venue_id = self.register(request, client_id, class, now);
        let legs = [(request.stop_loss, true), (request.take_profit, false)];
        for (leg, stops) in legs.into_iter().filter_map(|(leg, stops)| Some((leg?, stops))) {
            let kind = if stops {
                OrderKind::Stop { stop: leg.price }
            } else {
                OrderKind::Limit { limit: leg.price }
            };
            let side = request.side.opposite();
            let plain =
                VenueRequest { id: leg.id, side, kind, stop_loss: None, take_profit: None, ..*request };
            let number = self.next_number();
            let own_id = uuid(Kind::Client, self.number, number);
            let leg_id = self.register(&plain, own_id, class, now);
            if let Some(leg) = self.orders.get_mut(&leg_id) {
                leg.parent = Some(venue_id.clone());
            }
            if let Some(entry) = self.orders.get_mut(&venue_id) {
                entry.legs.push(leg_id);
            }
        }
        venue_id
    }

    /// A target and a stop, of which one cancels the other: the target is the order, the stop its leg.
    fn place_pair(&mut self, request: &VenueRequest, client_id: String, now: At) -> Result<String, Reply> {
        let (Some(stop), Some(target)) = (request.stop_loss, request.take_profit) else {
            return Err(Reply::unprocessable("oco orders require stop_loss and take_profit"));
        };
        let first = VenueRequest {
            kind: OrderKind::Limit { limit: target.price },
            stop_loss: None,
            take_profit: None,
            ..*request
        };
        let second = VenueRequest {
            id: stop.id,
            kind: OrderKind::Stop { stop: stop.price },
            one_cancels: Some(first.id),
            ..first
        };
        let venue_id = self.register(&first, client_id, Class::Oco, now);
        self.send(&first, &venue_id, now)?;
        let number = self.next_number();
        let own_id = uuid(Kind::Client, self.number, number);
        let leg_id = self.register(&second, own_id, Class::Oco, now);
        if let Some(leg) = self.orders.get_mut(&leg_id) {
            leg.parent = Some(venue_id.clone());
        }
        if let Some(entry) = self.orders.get_mut(&venue_id) {
            entry.legs.push(leg_id.clone());
        }
        if let Err(no) = self.send(&second, &leg_id, now) {
            self.exchange.cancel(first.id, now);
            self.hear(now);
            return Err(no);
        }
        Ok(venue_id)
    }

    /// Gives an order its names, before anybody can hear of it.
    fn register(&mut self, request: &VenueRequest, client_id: String, class: Class, now: At) -> String {
        let number = self.next_number();
        let venue_id = uuid(Kind::Order, self.number, number);
        self.by_client.insert(client_id.clone(), venue_id.clone());
        self.by_inner.insert(request.id, venue_id.clone());
        let entry = Entry::new(venue_id.clone(), client_id, request, class, now);
        self.orders.insert(venue_id.clone(), entry);
        venue_id
    }

    fn send(&mut self, request: &VenueRequest, venue_id: &str, now: At) -> Result<String, Reply> {
        match self.exchange.submit(request, now) {
            VenueAnswer::Taken | VenueAnswer::Unknown(_) => {
                self.hear(now);
                Ok(venue_id.to_owned())
            }
            VenueAnswer::Refused(words) => {
                self.forget(venue_id);
                Err(self.refusal(&words, request))
            }
        }
    }

    /// What was refused leaves no trace; its client id may be used again.
    fn forget(&mut self, venue_id: &str) {
        let Some(entry) = self.orders.remove(venue_id) else { return };
        self.by_client.remove(&entry.client_id);
        self.by_inner.remove(&entry.inner);
        for leg in entry.legs {
            self.forget(&leg);
        }
    }

    /// The refusal, with the numbers that Alpaca adds where shares are held.
    fn refusal(&self, words: &str, request: &VenueRequest) -> Reply {
        let mut reply = Reply::refused(words);
        if let (true, Some(Value::Object(body))) = (words.starts_with("insufficient qty"), &mut reply.body) {
            let state = self.exchange.state(At::from_nanos(i64::MAX), &[]);
            let position = state.positions.iter().find(|position| position.symbol == request.symbol);
            let existing = position.map_or(Qty::ZERO, |position| position.qty.abs());
            let available = self.exchange.available(request.symbol);
            let held = existing.minus(available).unwrap_or(Qty::ZERO);
            let related = self.orders.values().filter(|entry| {
                entry.request.symbol == request.symbol
                    && entry.status.is_live()
                    && entry.request.side == request.side
            });
            body.insert("symbol".to_owned(), json!(request.symbol));
            body.insert("available".to_owned(), json!(available));
            body.insert("existing_qty".to_owned(), json!(existing));
            body.insert("held_for_orders".to_owned(), json!(held));
            let related: Vec<&String> = related.map(|entry| &entry.venue_id).collect();
            body.insert("related_orders".to_owned(), json!(related));
        }
        reply
    }

    /// A list of orders, newest first unless asked otherwise.
    pub fn list(&self, ask: &OrdersAsk<'_>) -> Vec<Value> {
        let fits = |entry: &&Entry| {
            let live = entry.status.is_live();
            let which = match ask.which {
                Which::Open => live || (ask.nested && self.has_live_leg(entry)),
                Which::Closed => !live,
                Which::All => true,
            };
            let symbol = entry.request.symbol;
            which
                && (ask.symbols.is_empty() || ask.symbols.contains(&symbol.as_str()))
                && ask.side.is_none_or(|side| side == entry.request.side)
                && ask.part.after.is_none_or(|after| entry.submitted_at > after)
                && ask.part.until.is_none_or(|until| entry.submitted_at < until)
                && ask.before_order.is_none_or(|id| entry.venue_id.as_str() < id)
                && ask.after_order.is_none_or(|id| entry.venue_id.as_str() > id)
                && !(ask.nested && entry.parent.is_some())
        };
        let tell = |entry: &Entry| self.tell(&entry.venue_id).map(|told| told.write(ask.nested));
        let chosen = self.orders.values().filter(fits);
        if ask.part.ascending {
            chosen.take(ask.part.page).filter_map(tell).collect()
        } else {
            chosen.rev().take(ask.part.page).filter_map(tell).collect()
        }
    }

    fn has_live_leg(&self, entry: &Entry) -> bool {
        entry.legs.iter().any(|leg| self.orders.get(leg).is_some_and(|leg| leg.status.is_live()))
    }

    /// An order by the venue's id.
    pub fn order(&self, venue_id: &str) -> Reply {
        let dashed = dashed(venue_id);
        match self.tell(&dashed) {
            Some(told) => Reply::fine(told.write(true)),
            None => Reply::missing(&format!("order not found for {venue_id}")),
        }
    }

    /// An order by its client's id: this path takes no word for nesting, and tells of no leg.
    pub fn order_of_client(&self, client_id: &str) -> Reply {
        match self.by_client.get(client_id).and_then(|venue_id| self.tell(venue_id)) {
            Some(told) => Reply::fine(told.write(false)),
            None => Reply::missing(&format!("order not found for {client_id}")),
        }
    }

    /// Asks for the cancel of an order; 204 says that it was asked for.
    pub fn cancel(&mut self, venue_id: &str, now: At) -> Reply {
        let venue_id = dashed(venue_id);
        let Some(entry) = self.orders.get(&venue_id) else {
            return Reply::missing(&format!("order not found for {venue_id}"));
        };
        let inner = entry.inner;
        let answer = self.exchange.cancel(inner, now);
        self.hear(now);
        match answer {
            VenueAnswer::Taken | VenueAnswer::Unknown(_) => Reply::done(),
            VenueAnswer::Refused(words) => Reply::unprocessable(&words),
        }
    }

    /// Asks for the cancel of every open order, each with its own answer.
    pub fn cancel_all(&mut self, now: At) -> Reply {
        let is_live = |id: &String| self.orders.get(id).is_some_and(|entry| entry.status.is_live());
        // A leg goes with its order; where that has filled it stands for itself.
        let alone = |entry: &&Entry| entry.status.is_live() && !entry.parent.as_ref().is_some_and(is_live);
        let ids: Vec<String> =
            self.orders.values().filter(alone).map(|entry| entry.venue_id.clone()).collect();
        let mut answers = Vec::new();
        for id in ids {
            // One of a pair has gone with the other by now.
            let gone = self.orders.get(&id).is_some_and(|entry| !entry.status.is_live());
            let reply = if gone { Reply::done() } else { self.cancel(&id, now) };
            let status = if reply.status == 204 { 200 } else { reply.status };
            answers.push(json!({ "id": id, "status": status, "body": reply.body }));
        }
        Reply::many(answers)
    }

    /// Puts an order in the place of another, under a new id: the old one ends as `replaced`.
    pub fn replace(&mut self, venue_id: &str, body: &str, now: At) -> Reply {
        let venue_id = dashed(venue_id);
        let Ok(fields) = Fields::read(body, "request") else {
            return Reply::fault(400, 40_010_000, "request body format is invalid");
        };
        let Some(old) = self.orders.get(&venue_id).cloned() else {
            return Reply::missing(&format!("order not found for {venue_id}"));
        };
        if !matches!(old.status, OrderStatus::Working | OrderStatus::Partial) {
            let word = crate::wire::status::write_status(old.status);
            return Reply::unprocessable(&format!("order in \"{word}\" state cannot be replaced"));
        }
        let request = match changed(&fields, &old) {
            Ok(request) => request,
            Err(no) => return no,
        };
        let given = fields.text("client_order_id").map(std::borrow::Cow::into_owned);
        let ids = (self.inner_id(), self.inner_id(), self.inner_id());
        let (Ok(id), Ok(stop), Ok(target)) = ids else {
            return Reply::fault(500, 50_010_000, "no id is left");
        };
        let new_number = self.next_number();
        let client_id = given.unwrap_or_else(|| uuid(Kind::Client, self.number, new_number));
        if self.by_client.contains_key(&client_id) {
            return Reply::refused("client_order_id must be unique");
        }
        let left = request.qty.minus(old.filled).unwrap_or(Qty::ZERO);
        if !left.is_positive() {
            return Reply::unprocessable("qty must be larger than what has filled");
        }
        let leg = |leg: Option<Leg>, id: ClientOrderId| leg.map(|leg| Leg { id, ..leg });
        let request = VenueRequest {
            id,
            qty: left,
            one_cancels: None,
            stop_loss: leg(request.stop_loss, stop),
            take_profit: leg(request.take_profit, target),
            ..request
        };
        let new_id = self.register_whole(&request, client_id, old.class, now);
        for (id, names) in
            [(&venue_id, (None, Some(new_id.clone()))), (&new_id, (Some(venue_id.clone()), None))]
        {
            if let Some(entry) = self.orders.get_mut(id) {
                (entry.replaces, entry.replaced_by) = names;
            }
        }
        self.exchange.cancel(old.inner, now);
        self.hear(now);
        match self.send(&request, &new_id, now) {
            Ok(id) => self.told(&id),
            Err(no) => no,
        }
    }

    /// Closes a position, or a part of it, by a market order.
    pub fn close(&mut self, name: &str, part: Part, now: At) -> Reply {
        let state = self.exchange.state(At::from_nanos(i64::MAX), &[]);
        let found = state
            .positions
            .iter()
            .find(|position| position.symbol.as_str() == name || asset_id(position.symbol.as_str()) == name);
        let Some(position) = found else { return Reply::missing("position does not exist") };
        let whole = position.qty.abs();
        let qty = match part {
            Part::All => Some(whole),
            Part::Shares(qty) => Some(qty).filter(|qty| qty.is_positive() && *qty <= whole),
            Part::Percent(nanos) => {
                let shares = i128::from(whole.nanos()).checked_mul(i128::from(nanos));
                let shares = shares.and_then(|shares| shares.checked_div(100_000_000_000));
                shares.and_then(|shares| i64::try_from(shares).ok()).map(Qty::from_nanos)
            }
        };
        let Some(qty) = qty.filter(|qty| qty.is_positive()) else {
            return Reply::unprocessable("qty must be above 0 and at most what is held");
        };
        let side = if position.qty.is_negative() { Side::Buy } else { Side::Sell };
        let wanted = market(position.symbol, side, qty);
        self.submit_wanted(&wanted, now).map_or_else(|no| no, |id| self.told(&id))
    }

    /// Closes every position, each with its own answer; `cancel_orders` first cancels every order.
    pub fn close_all(&mut self, cancel_orders: bool, now: At) -> Reply {
        if cancel_orders {
            self.cancel_all(now);
        }
        let state = self.exchange.state(At::from_nanos(i64::MAX), &[]);
        let symbols: Vec<Symbol> = state.positions.iter().map(|position| position.symbol).collect();
        let answers = symbols.iter().map(|symbol| {
            let reply = self.close(symbol.as_str(), Part::All, now);
            json!({ "symbol": symbol, "status": reply.status, "body": reply.body })
        });
        Reply::many(answers.collect())
    }
}

/// How much of a position is to be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    All,
    /// So many shares.
    Shares(Qty),
    /// So many billionths of a per cent.
    Percent(i64),
}

fn market(symbol: Symbol, side: Side, qty: Qty) -> Wanted {
    Wanted {
        client_id: None,
        symbol,
        side,
        amount: Amount::Shares(qty),
        kind: OrderKind::Market,
        tif: TimeInForce::Day,
        class: Class::Simple,
        stop_loss: None,
        take_profit: None,
    }
}

/// What each class must have.
fn fits_class(wanted: &Wanted) -> Result<(), Reply> {
    let (stop, target) = (wanted.stop_loss.is_some(), wanted.take_profit.is_some());
    let words = match (wanted.class, stop, target) {
        (Class::Simple, false, false) | (Class::Bracket | Class::Oco, true, true) => return Ok(()),
        (Class::Oto, true, false) | (Class::Oto, false, true) => return Ok(()),
        (Class::Simple, ..) => "simple orders take neither stop_loss nor take_profit",
        (Class::Bracket, ..) => "bracket orders require both stop_loss and take_profit",
        (Class::Oto, ..) => "oto orders require one of stop_loss and take_profit",
        (Class::Oco, ..) => "oco orders require stop_loss and take_profit",
    };
    Err(Reply::unprocessable(words))
}

/// The order as it shall be.
fn changed(fields: &Fields<'_>, old: &Entry) -> Result<VenueRequest, Reply> {
    let price =
        |name: &str, old: Price| fields.price(name).filter(|price| price.is_positive()).unwrap_or(old);
    let kind = match old.request.kind {
        OrderKind::Market => OrderKind::Market,
        OrderKind::Limit { limit } => OrderKind::Limit { limit: price("limit_price", limit) },
        OrderKind::Stop { stop } => OrderKind::Stop { stop: price("stop_price", stop) },
        OrderKind::StopLimit { stop, limit } => {
            OrderKind::StopLimit { stop: price("stop_price", stop), limit: price("limit_price", limit) }
        }
        OrderKind::TrailingStop { stop, trail } => {
            let trail = match (fields.price("trail"), trail) {
                (None, trail) => trail,
                (Some(amount), Trail::Amount(_)) => Trail::Amount(amount),
                (Some(percent), Trail::Percent(_)) => Trail::Percent(Pct::from_nanos(percent.nanos())),
            };
            OrderKind::TrailingStop { stop, trail }
        }
    };
    let qty = match fields.text("qty") {
        None => old.request.qty,
        Some(_) => fields
            .qty("qty")
            .filter(|qty| qty.is_positive() && qty.is_whole())
            .ok_or_else(|| Reply::unprocessable("qty must be a whole number of shares above 0"))?,
    };
    let tif = match fields.text("time_in_force") {
        None => old.request.tif,
        Some(word) => word.parse().map_err(|_| Reply::unprocessable("invalid time_in_force"))?,
    };
    let new = VenueRequest { qty, kind, tif, ..old.request };
    if new == old.request {
        return Err(Reply::fault(403, 40_310_000, "order parameters are not changed"));
    }
    Ok(new)
}

/// A venue's id with its dashes, which a client may leave out.
fn dashed(id: &str) -> String {
    let plain = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !plain {
        return id.to_ascii_lowercase();
    }
    let mut dashed = String::with_capacity(36);
    for (index, digit) in id.chars().enumerate() {
        if matches!(index, 8 | 12 | 16 | 20) {
            dashed.push('-');
        }
        dashed.push(digit.to_ascii_lowercase());
    }
    dashed
}
