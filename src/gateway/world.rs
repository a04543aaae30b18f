use serde_json::{Value, json};

use crate::domain::at::At;
use crate::domain::calendar::{Phase, Session, next_session, phase, session};
use crate::domain::day::{TradingDay, new_york_time};
use crate::domain::market::Tick;
use crate::domain::side::Side;
use crate::domain::venue::AssetFlags;
use crate::exchange::settings::Settings;
use crate::gateway::account::{Account, Ask};
use crate::gateway::ids::asset_id;
use crate::gateway::market::History;
use crate::gateway::orders::{OrdersAsk, Part, Which};
use crate::gateway::query::Query;
use crate::gateway::reply::Reply;
use crate::gateway::tape::News;
use crate::wire::fields::Fields;
use crate::wire::told::write_asset;

/// How many orders a list shows where nothing is said, and at most.
const ORDERS: (usize, usize) = (50, 500);
/// How many activities a page has at most.
const ACTIVITIES_MAX: usize = 100;

/// One request for the exchange.
#[derive(Debug, Clone)]
pub struct Call<'a> {
    /// GET, POST, PATCH or DELETE.
    pub method: &'a str,
    /// The path, without the question mark and what follows.
    pub path: &'a str,
    /// What follows.
    pub query: Query,
    /// The body.
    pub body: &'a str,
}

/// The exchange with all its accounts and the market that they share. It knows no socket and no clock.
#[derive(Debug)]
pub struct World {
    accounts: Vec<Account>,
    history: History,
    /// By how much its clock is told wrong.
    pub(super) skew_ms: i64,
    /// How fast its time runs, for clients that wish to keep up with it: a word more than Alpaca's clock has.
    pub(super) speed: String,
}

impl World {
    /// So many accounts with the same settings.
    #[must_use]
    pub fn new(accounts: u32, settings: &Settings) -> Self {
        // Alpaca's stops and targets sleep until their order has filled completely.
        let settings = Settings { legs_sleep_until_filled: true, ..settings.clone() };
        let accounts = (1..=accounts).map(|number| Account::new(number, settings.clone())).collect();
        Self { accounts, history: History::default(), skew_ms: 0, speed: "1".to_owned() }
    }

    /// What was before the exchange began: it is known, and fills nothing.
    pub fn remember(&mut self, tick: &Tick) {
        self.history.on_tick(tick);
    }

    /// The market moves, for every account alike.
    pub fn on_tick(&mut self, tick: &Tick) {
        self.history.on_tick(tick);
        for account in &mut self.accounts {
            account.on_tick(tick);
        }
    }

    /// Anything the market says, for every account alike.
    pub fn hear(&mut self, news: &News) {
        match news {
            News::Tick(tick) => self.on_tick(tick),
            News::Halted(symbol, halted, at) => {
                for account in &mut self.accounts {
                    account.set_halted(*symbol, *halted, *at);
                }
            }
            News::Split(split, at) => {
                for account in &mut self.accounts {
                    account.split(split, *at);
                }
            }
        }
    }

    /// The order that a cancel is on its way to fills a moment before it arrives.
    pub(super) fn fill_before_cancel(&mut self, account: usize, venue_id: &str, now: At) {
        if let Some(account) = self.accounts.get_mut(account) {
            account.fill_before_cancel(venue_id, now);
        }
    }

    /// Time passes.
    pub fn advance(&mut self, now: At) {
        for account in &mut self.accounts {
            account.advance(now);
        }
    }

    /// What the streams of orders have to tell, by the index of the account.
    pub fn take_events(&mut self) -> Vec<(usize, Value)> {
        let accounts = self.accounts.iter_mut().enumerate();
        accounts
            .flat_map(|(index, account)| account.take_events().into_iter().map(move |event| (index, event)))
            .collect()
    }

    /// Answers a request of the account with this index.
    pub fn answer(&mut self, account: usize, call: &Call<'_>, now: At) -> Reply {
        self.advance(now);
        let path = call.path.trim_end_matches('/');
        if let Some(what) = path.strip_prefix("/v2/stocks/") {
            return match call.method {
                "GET" => self.history.answer(what, &call.query),
                _ => Reply::fault(405, 40_510_000, "method not allowed"),
            };
        }
        match (call.method, path) {
            ("GET", "/v2/clock") => {
                return Reply::fine(clock(now.plus_millis(self.skew_ms), &self.speed));
            }
            ("GET", "/v2/calendar") => return Reply::fine(calendar(&call.query, now)),
            ("GET", "/v2/assets") => {
                let told = self
                    .history
                    .symbols()
                    .map(|symbol| write_asset(&asset_id(symbol.as_str()), symbol, AssetFlags::ALL));
                return Reply::fine(Value::Array(told.collect()));
            }
            _ => {}
        }
        if let (Some(name), "GET") = (path.strip_prefix("/v2/assets/"), call.method) {
            return self.asset(name);
        }
        match self.accounts.get_mut(account) {
            Some(account) => answer(account, call, path, now),
            None => Reply::fault(401, 40_110_000, "request is not authorized"),
        }
    }

    fn asset(&self, name: &str) -> Reply {
        let found = self
            .history
            .symbols()
            .find(|symbol| symbol.as_str() == name || asset_id(symbol.as_str()) == name);
        match found {
            Some(symbol) => Reply::fine(write_asset(&asset_id(symbol.as_str()), symbol, AssetFlags::ALL)),
            None => Reply::missing(&format!("asset not found for {name}")),
        }
    }
}

fn answer(account: &mut Account, call: &Call<'_>, path: &str, now: At) -> Reply {
    let query = &call.query;
    match (call.method, path) {
        ("GET", "/v2/account") => Reply::fine(account.account()),
        ("GET", "/v2/account/configurations") => Reply::fine(account.configuration()),
        ("PATCH", "/v2/account/configurations") => account.configure(call.body),
        ("GET", "/v2/account/portfolio/history") => Reply::fine(portfolio(account, now)),
        ("GET", "/v2/account/activities" | "/v2/account/activities/FILL") => {
            let kinds = query.list("activity_types");
            let fills = kinds.is_empty() || kinds.iter().any(|kind| kind == "FILL");
            Reply::fine(Value::Array(if fills {
                account.activities(&activities_ask(query))
            } else {
                Vec::new()
            }))
        }
        ("GET", path) if path.starts_with("/v2/account/activities/") => Reply::fine(json!([])),
        ("POST", "/v2/orders") => account.submit(call.body, now),
        ("GET", "/v2/orders") => match orders_ask(query) {
            Ok(ask) => Reply::fine(Value::Array(account.list(&ask))),
            Err(no) => no,
        },
        ("DELETE", "/v2/orders") => account.cancel_all(now),
        ("GET", "/v2/orders:by_client_order_id") => {
            account.order_of_client(query.get("client_order_id").unwrap_or_default())
        }
        ("GET", "/v2/positions") => Reply::fine(Value::Array(account.positions())),
        ("DELETE", "/v2/positions") => account.close_all(query.flag("cancel_orders"), now),
        (method, path) => {
            match (method, path.strip_prefix("/v2/orders/"), path.strip_prefix("/v2/positions/")) {
                ("GET", Some(id), _) => account.order(id),
                ("DELETE", Some(id), _) => account.cancel(id, now),
                ("PATCH", Some(id), _) => account.replace(id, call.body, now),
                ("GET", _, Some(name)) => account.position(name),
                ("DELETE", _, Some(name)) => match part(query) {
                    Some(part) => account.close(name, part, now),
                    None => {
                        Reply::unprocessable("qty and percentage are numbers, and only one of them is taken")
                    }
                },
                _ => Reply::missing("endpoint not found"),
            }
        }
    }
}

fn part(query: &Query) -> Option<Part> {
    // Read as the wire reads any number.
    let text = json!({ "qty": query.get("qty"), "percentage": query.get("percentage") }).to_string();
    let fields = Fields::read(&text, "query").ok()?;
    match (query.get("qty"), query.get("percentage")) {
        (None, None) => Some(Part::All),
        (Some(_), None) => fields.qty("qty").map(Part::Shares),
        (None, Some(_)) => fields
            .nanos("percentage")
            .filter(|nanos| (1..=100_000_000_000).contains(nanos))
            .map(Part::Percent),
        (Some(_), Some(_)) => None,
    }
}

fn activities_ask(query: &Query) -> Ask<'_> {
    let day = query.at("date");
    Ask {
        after: query.at("after").or(day),
        until: query.at("until").or_else(|| day.map(|day| TradingDay::of(day).next().at_time(0, 0))),
        ascending: query.get("direction") == Some("asc"),
        token: query.get("page_token"),
        page: query.number("page_size").unwrap_or(ACTIVITIES_MAX).min(ACTIVITIES_MAX),
    }
}

fn orders_ask(query: &Query) -> Result<OrdersAsk<'_>, Reply> {
    let which = match query.get("status") {
        None | Some("open") => Which::Open,
        Some("closed") => Which::Closed,
        Some("all") => Which::All,
        Some(_) => return Err(Reply::unprocessable("status must be open, closed or all")),
    };
    let limit = query.number("limit").unwrap_or(ORDERS.0);
    if limit > ORDERS.1 {
        return Err(Reply::unprocessable("limit must be at most 500"));
    }
    let side = match query.get("side") {
        Some("buy") => Some(Side::Buy),
        Some("sell") => Some(Side::Sell),
        _ => None,
    };
    let symbols = query.get("symbols").unwrap_or_default().split(',').filter(|part| !part.is_empty());
    Ok(OrdersAsk {
        which,
        symbols: symbols.collect(),
        side,
        nested: query.flag("nested"),
        before_order: query.get("before_order_id"),
        after_order: query.get("after_order_id"),
        part: Ask {
            after: query.at("after"),
            until: query.at("until"),
            ascending: query.get("direction") == Some("asc"),
            token: None,
            page: limit,
        },
    })
}

/// The session that runs or comes next, counted from `now`.
fn coming(now: At) -> Option<Session> {
    let today = session(TradingDay::of(now)).filter(|session| now < session.open);
    today.or_else(|| next_session(TradingDay::of(now)))
}

fn clock(now: At, speed: &str) -> Value {
    let is_open = phase(now) == Phase::Regular;
    let close =
        session(TradingDay::of(now)).filter(|session| now < session.close).map(|session| session.close);
    json!({
        "timestamp": now,
        "is_open": is_open,
        "next_open": coming(now).map(|session| session.open),
        "next_close": close.or_else(|| coming(now).map(|session| session.close)),
        "speed": speed,
    })
}

fn hour(at: At, dash: &str) -> String {
    let (hour, minute, _) = new_york_time(at);
    format!("{hour:02}{dash}{minute:02}")
}

fn calendar(query: &Query, now: At) -> Value {
    let of = |name: &str| query.at(name).map(TradingDay::of);
    let today = TradingDay::of(now);
    let (from, until) = (of("start").unwrap_or(today), of("end").unwrap_or(today));
    let days =
        std::iter::successors(Some(from), |day| Some(day.next())).take_while(|day| *day <= until).take(3_660);
    let told = days.filter_map(|day| {
        let session = session(day)?;
        Some(json!({
            "date": day,
            "open": hour(session.open, ":"),
            "close": hour(session.close, ":"),
            "session_open": hour(session.early_open, ""),
            "session_close": hour(session.late_close, ""),
            "settlement_date": next_session(day).map(|next| TradingDay::of(next.open)),
        }))
    });
    Value::Array(told.collect())
}

fn portfolio(account: &Account, now: At) -> Value {
    let (first, rows) = account.equity_rows(now);
    let gain = |equity: f64| equity - first;
    let part = |equity: f64| if first == 0.0 { 0.0 } else { gain(equity) / first };
    json!({
        "timestamp": rows.iter().map(|(at, _)| at.seconds()).collect::<Vec<_>>(),
        "equity": rows.iter().map(|(_, equity)| equity).collect::<Vec<_>>(),
        "profit_loss": rows.iter().map(|(_, equity)| gain(*equity)).collect::<Vec<_>>(),
        "profit_loss_pct": rows.iter().map(|(_, equity)| part(*equity)).collect::<Vec<_>>(),
        "base_value": first,
        "timeframe": "1Min",
    })
}
