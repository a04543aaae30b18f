//! What the exchange answers, and what its streams tell, without a socket.

use serde_json::{Value, json};

use crate::domain::at::At;
use crate::domain::market::{Bar, Quote, Tick};
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::exchange::settings::Settings;
use crate::gateway::faults::Split;
use crate::gateway::query::Query;
use crate::gateway::reply::Reply;
use crate::gateway::tape::News;
use crate::gateway::world::{Call, World};
use crate::wire::fields::Fields;
use crate::wire::order::WireOrder;
use crate::wire::update::{Heard, What, read_frame};

struct Stage {
    world: World,
    now: At,
    told: Vec<(usize, Value)>,
}

impl Stage {
    fn new() -> Self {
        Self::of(&Settings::default())
    }

    fn of(settings: &Settings) -> Self {
        let world = World::new(2, settings);
        let mut stage = Self { world, now: "2013-10-07T14:00:00Z".parse().unwrap(), told: Vec::new() };
        stage.quote("100");
        stage
    }

    fn quote(&mut self, bid: &str) {
        self.now = self.now.plus_seconds(1);
        let bid: Price = bid.parse().unwrap();
        let (ask, size) = (bid.plus(Price::from_cents(1)).unwrap(), Qty::shares(100_000));
        let symbol = "SPY".parse().unwrap();
        let quote = Quote { symbol, bid, bid_qty: size, ask, ask_qty: size, at: self.now };
        self.world.on_tick(&Tick::Quote(quote));
        self.told.extend(self.world.take_events());
    }

    fn ask(&mut self, account: usize, method: &str, path: &str, body: &Value) -> Reply {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let query = Query::of(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect());
        let text = body.to_string();
        let reply = self.world.answer(account, &Call { method, path, query, body: &text }, self.now);
        self.told.extend(self.world.take_events());
        reply
    }

    fn get(&mut self, path: &str) -> Value {
        let reply = self.ask(0, "GET", path, &Value::Null);
        assert_eq!(reply.status, 200, "{path}: {reply:?}");
        reply.body.unwrap()
    }

    fn buy(&mut self, more: Value) -> Reply {
        let mut body =
            json!({"symbol": "SPY", "side": "buy", "time_in_force": "day", "type": "market", "qty": "10"});
        body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        self.ask(0, "POST", "/v2/orders", &body)
    }

    fn taken(&mut self, more: Value) -> WireOrder {
        let reply = self.buy(more);
        assert_eq!(reply.status, 200, "{reply:?}");
        order(&reply.body.unwrap())
    }

    fn words(&self) -> Vec<String> {
        let word = |(_, event): &(usize, Value)| event["data"]["event"].as_str().unwrap().to_owned();
        self.told.iter().map(word).collect()
    }
}

fn order(value: &Value) -> WireOrder {
    let text = value.to_string();
    WireOrder::read(&Fields::read(&text, "order").unwrap()).unwrap()
}

fn refused(reply: &Reply, status: u16, part: &str) {
    let words =
        reply.body.as_ref().map_or(String::new(), |body| body["message"].as_str().unwrap().to_owned());
    assert!(reply.status == status && words.contains(part), "{reply:?}");
}

#[test]
fn an_order_fills_and_everything_tells_of_it_alike() {
    let mut stage = Stage::new();
    let taken = stage.taken(json!({"client_order_id": "mine"}));
    let filled = order(&stage.get("/v2/orders:by_client_order_id?client_order_id=mine"));
    assert_eq!((filled.venue_id, filled.filled), (taken.venue_id, Qty::shares(10)));
    assert_eq!(stage.words(), ["accepted", "new", "fill"]);
    let position = &stage.get("/v2/positions")[0];
    assert_eq!((position["qty"].as_str(), position["qty_available"].as_str()), (Some("10"), Some("10")));
    let activity = stage.get("/v2/account/activities?activity_types=FILL")[0].clone();
    let text = stage.told[2].1.to_string();
    let Heard::Update(update) = read_frame(&text).unwrap() else { panic!() };
    let What::Filled(execution) = update.what else { panic!() };
    assert!(
        activity["id"].as_str().unwrap().ends_with(&format!("::{}", execution.id)),
        "one id on both ways"
    );
    assert_eq!(stage.told[2].1["data"]["position_qty"], "10");
    assert_eq!(
        stage.ask(1, "GET", "/v2/positions", &Value::Null).body,
        Some(json!([])),
        "accounts are apart"
    );
    assert!(stage.told.iter().all(|(account, _)| *account == 0));
}

#[test]
fn a_client_id_is_taken_once_and_one_that_was_refused_is_free() {
    let mut stage = Stage::new();
    refused(&stage.buy(json!({"client_order_id": "a", "qty": "100000"})), 403, "insufficient buying power");
    stage.taken(json!({"client_order_id": "a"}));
    refused(&stage.buy(json!({"client_order_id": "a"})), 422, "client_order_id must be unique");
    refused(&stage.buy(json!({"client_order_id": "x".repeat(129)})), 422, "128");
    refused(&stage.ask(0, "GET", "/v2/orders/no-such-order", &Value::Null), 404, "order not found");
}

#[test]
fn a_replaced_order_ends_as_replaced_and_the_new_one_names_it() {
    let mut stage = Stage::new();
    let old = stage.taken(json!({"type": "limit", "limit_price": "90"}));
    let path = format!("/v2/orders/{}", old.venue_id);
    refused(&stage.ask(0, "PATCH", &path, &json!({})), 403, "not changed");
    let reply = stage.ask(0, "PATCH", &path, &json!({"limit_price": "91"}));
    let new = order(reply.body.as_ref().unwrap());
    let old = stage.get(&path);
    assert_eq!(
        (old["status"].as_str(), old["replaced_by"].as_str()),
        (Some("replaced"), Some(&*new.venue_id.to_string()))
    );
    assert_eq!(stage.words(), ["accepted", "new", "replaced", "accepted", "new"]);
    refused(&stage.ask(0, "PATCH", &path, &json!({"limit_price": "92"})), 422, "cannot be replaced");
}

#[test]
fn a_bracket_sleeps_wakes_and_goes_in_pairs() {
    let mut stage = Stage::new();
    let legs = json!({"order_class": "bracket", "type": "limit", "limit_price": "99",
        "stop_loss": {"stop_price": "95"}, "take_profit": {"limit_price": "110"}});
    let entry = stage.taken(legs.clone());
    assert!(entry.legs.iter().all(|leg| leg.sleeps), "{entry:?}");
    stage.quote("98.9");
    let open = stage.get("/v2/orders?nested=true");
    assert_eq!(open.as_array().unwrap().len(), 1, "its legs live on inside of it");
    let woken = order(&open[0]);
    assert!(woken.legs.iter().all(|leg| !leg.sleeps && leg.status.is_live()), "{woken:?}");
    stage.quote("94");
    let ended = order(&stage.get(&format!("/v2/orders/{}", entry.venue_id)));
    let states: Vec<&str> = ended.legs.iter().map(|leg| leg.status.word()).collect();
    assert!(states.contains(&"filled") && states.contains(&"canceled"), "{states:?}");
    assert_eq!(stage.get("/v2/positions"), json!([]));
    stage.quote("100");
    let second = stage.taken(legs);
    let path = format!("/v2/orders/{}", second.venue_id);
    let second = order(&stage.ask(0, "PATCH", &path, &json!({"limit_price": "97"})).body.unwrap());
    assert_eq!((second.legs.len(), second.request.kind.limit()), (2, Some("97".parse().unwrap())));
    stage.ask(0, "DELETE", &format!("/v2/orders/{}", second.venue_id), &Value::Null);
    let gone = order(&stage.get(&format!("/v2/orders/{}", second.venue_id)));
    assert!(gone.legs.iter().all(|leg| !leg.status.is_live()), "legs that never woke go too");
    assert_eq!(stage.get("/v2/orders"), json!([]));
}

#[test]
fn shares_that_are_held_are_not_sold_twice_and_the_answer_says_by_what() {
    let mut stage = Stage::new();
    stage.taken(json!({}));
    let stop =
        stage.taken(json!({"side": "sell", "type": "stop", "stop_price": "90", "time_in_force": "gtc"}));
    let reply = stage.ask(0, "DELETE", "/v2/positions/SPY", &Value::Null);
    refused(&reply, 403, "insufficient qty available");
    let body = reply.body.unwrap();
    assert_eq!((&body["available"], &body["held_for_orders"]), (&json!("0"), &json!("10")));
    assert_eq!(body["related_orders"][0], stop.venue_id.to_string());
    let answers = stage.ask(0, "DELETE", "/v2/positions?cancel_orders=True", &Value::Null);
    assert_eq!((answers.status, answers.body.unwrap()[0]["status"].as_u64()), (207, Some(200)));
    assert_eq!((stage.get("/v2/positions"), stage.get("/v2/orders")), (json!([]), json!([])));
}

#[test]
fn in_a_halt_orders_rest_and_can_be_cancelled_and_fill_when_it_is_over() {
    let mut stage = Stage::new();
    let spy = "SPY".parse().unwrap();
    stage.world.hear(&News::Halted(spy, true, stage.now));
    let (one, other) = (stage.taken(json!({})), stage.taken(json!({})));
    stage.quote("101");
    assert_eq!(stage.words(), ["accepted", "new", "accepted", "new"]);
    let path = format!("/v2/orders/{}", other.venue_id);
    assert_eq!(stage.ask(0, "DELETE", &path, &Value::Null).status, 204);
    stage.world.hear(&News::Halted(spy, false, stage.now));
    stage.quote("102");
    assert_eq!(stage.words(), ["accepted", "new", "accepted", "new", "canceled", "fill"]);
    let filled = order(&stage.get(&format!("/v2/orders/{}", one.venue_id)));
    assert_eq!(filled.filled, Qty::shares(10));
}

#[test]
fn a_split_counts_positions_anew_and_cancels_what_rests() {
    let mut stage = Stage::new();
    stage.taken(json!({}));
    let resting = stage.taken(json!({"side": "sell", "type": "limit", "limit_price": "150", "qty": "4"}));
    let before = stage.get("/v2/account")["equity"].clone();
    let (new, old) = (3.try_into().unwrap(), 2.try_into().unwrap());
    let symbol = "SPY".parse().unwrap();
    stage.world.hear(&News::Split(Split { symbol, after_s: 0, new, old }, stage.now));
    stage.told.extend(stage.world.take_events());
    assert_eq!(stage.words().last().map(String::as_str), Some("canceled"));
    assert_eq!(stage.get(&format!("/v2/orders/{}", resting.venue_id))["status"], "canceled");
    let position = &stage.get("/v2/positions")[0];
    assert_eq!(position["qty"], "15");
    let cents = |value: &Value| (value.as_str().unwrap().parse::<f64>().unwrap() * 100.0).round();
    assert!((cents(&stage.get("/v2/account")["equity"]) - cents(&before)).abs() <= 1.0);
    // The next fill tells a position in new shares.
    stage.told.clear();
    stage.quote("66.66");
    stage.taken(json!({"side": "sell", "qty": "5"}));
    assert_eq!(stage.told.last().unwrap().1["data"]["position_qty"], "10");
}

#[test]
fn a_cancel_that_comes_too_late_finds_its_order_filled() {
    let mut stage = Stage::new();
    let resting = stage.taken(json!({"type": "limit", "limit_price": "90"}));
    stage.world.fill_before_cancel(0, &resting.venue_id.to_string(), stage.now);
    let reply = stage.ask(0, "DELETE", &format!("/v2/orders/{}", resting.venue_id), &Value::Null);
    refused(&reply, 422, "filled");
    assert_eq!(stage.words(), ["accepted", "new", "fill"]);
    assert_eq!(stage.get("/v2/positions")[0]["avg_entry_price"], "90");
    // What is over, what is not known and what waits in a halt do not fill.
    for name in [resting.venue_id.to_string(), "nobody".to_owned()] {
        stage.world.fill_before_cancel(0, &name, stage.now);
    }
    let resting = stage.taken(json!({"type": "limit", "limit_price": "90"}));
    stage.world.hear(&News::Halted("SPY".parse().unwrap(), true, stage.now));
    stage.world.fill_before_cancel(0, &resting.venue_id.to_string(), stage.now);
    assert_eq!(stage.words(), ["accepted", "new", "fill", "accepted", "new"]);
}

#[test]
fn orders_fill_in_parts_where_an_execution_is_bounded() {
    let mut stage = Stage::of(&Settings { shares_a_fill_max: Some(Qty::shares(4)), ..Settings::default() });
    stage.taken(json!({}));
    stage.quote("100");
    stage.quote("100");
    assert_eq!(stage.words(), ["accepted", "new", "partial_fill", "partial_fill", "fill"]);
    let shares: Vec<&Value> = stage.told.iter().filter_map(|(_, event)| event["data"].get("qty")).collect();
    assert_eq!(shares, [&json!("4"), &json!("4"), &json!("2")]);
}

#[test]
fn a_suspended_account_takes_no_order_and_says_so() {
    let mut stage = Stage::new();
    stage.ask(0, "PATCH", "/v2/account/configurations", &json!({"suspend_trade": true}));
    refused(&stage.buy(json!({})), 403, "new orders are rejected");
    assert_eq!(stage.get("/v2/account")["trade_suspended_by_user"], true);
    stage.ask(0, "PATCH", "/v2/account/configurations", &json!({"suspend_trade": false}));
    stage.taken(json!({}));
}

#[test]
fn lists_are_cut_into_pages() {
    let mut stage = Stage::new();
    for number in 0..5 {
        stage.now = stage.now.plus_seconds(1);
        stage.taken(json!({"type": "limit", "limit_price": "9", "client_order_id": format!("n{number}")}));
    }
    let ids = |value: &Value| -> Vec<String> {
        let id = |order: &Value| order["client_order_id"].as_str().unwrap().to_owned();
        value.as_array().unwrap().iter().map(id).collect()
    };
    let first = stage.get("/v2/orders?limit=2");
    assert_eq!(ids(&first), ["n4", "n3"]);
    let last = first[1]["id"].as_str().unwrap();
    assert_eq!(ids(&stage.get(&format!("/v2/orders?limit=2&before_order_id={last}"))), ["n2", "n1"]);
    assert_eq!(ids(&stage.get("/v2/orders?limit=3&direction=asc")), ["n0", "n1", "n2"]);
    refused(&stage.ask(0, "GET", "/v2/orders?limit=501", &Value::Null), 422, "500");
    assert_eq!(ids(&stage.get("/v2/orders?symbols=IBM")), [""; 0]);
}

#[test]
fn bars_are_gathered_and_cut_into_pages() {
    let mut stage = Stage::new();
    let from = stage.now;
    for minute in 0..10 {
        let start = from.plus_seconds(60 * minute);
        let price = |cents: i64| Price::from_cents(i32::try_from(10_000 + cents).unwrap());
        let (open, high, low, close) =
            (price(minute), price(minute + 5), price(minute - 5), price(minute + 1));
        let (symbol, end, volume) = ("SPY".parse().unwrap(), start.plus_seconds(60), Qty::shares(100));
        stage.world.on_tick(&Tick::Bar(Bar { symbol, start, end, open, high, low, close, volume }));
    }
    let page = stage.get("/v2/stocks/bars?symbols=SPY&timeframe=1Min&limit=6");
    assert_eq!(page["bars"]["SPY"].as_array().unwrap().len(), 6);
    let token = page["next_page_token"].as_str().unwrap().to_owned();
    let rest = stage.get(&format!("/v2/stocks/bars?symbols=SPY&timeframe=1Min&limit=6&page_token={token}"));
    assert_eq!((rest["bars"]["SPY"].as_array().unwrap().len(), &rest["next_page_token"]), (4, &Value::Null));
    let day = stage.get("/v2/stocks/SPY/bars?timeframe=1Day");
    assert_eq!((day["bars"][0]["v"].as_u64(), day["bars"].as_array().unwrap().len()), (Some(1_000), 1));
    assert_eq!((day["bars"][0]["o"].as_f64(), day["bars"][0]["c"].as_f64()), (Some(100.0), Some(100.1)));
    refused(&stage.ask(0, "GET", "/v2/stocks/bars?symbols=SPY&limit=10001", &Value::Null), 400, "10000");
    refused(
        &stage.ask(0, "GET", "/v2/stocks/bars?symbols=SPY&timeframe=3Weeks", &Value::Null),
        400,
        "timeframe",
    );
}

#[test]
fn the_clock_and_the_calendar_are_those_of_new_york() {
    let mut stage = Stage::new();
    let clock = stage.get("/v2/clock");
    assert_eq!(
        (clock["is_open"].as_bool(), clock["next_close"].as_str()),
        (Some(true), Some("2013-10-07T20:00:00Z"))
    );
    assert_eq!(clock["next_open"], "2013-10-08T13:30:00Z");
    let days = stage.get("/v2/calendar?start=2013-11-27&end=2013-12-01");
    assert_eq!(days.as_array().unwrap().len(), 2, "a holiday and a weekend are none");
    assert_eq!((&days[1]["date"], &days[1]["close"]), (&json!("2013-11-29"), &json!("13:00")));
}
