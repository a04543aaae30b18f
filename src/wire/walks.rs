//! Every field of every answer taken out, bent and joined by a new one: nothing but what is needed stops a
//! reading.

use serde_json::{Value, json};

use crate::wire::account::{WireAccount, read_asset, read_clock_offset_ms, read_position};
use crate::wire::activity::read_activity;
use crate::wire::data::read_frame as read_data;
use crate::wire::fields::Fields;
use crate::wire::history::{read_bars, read_snapshots};
use crate::wire::order::WireOrder;
use crate::wire::update::{Heard, What, read_frame};

/// An order as it was seen on the wire, with every field that the published specification knows.
const ORDER: &str = r#"{"id":"61e69015-8549-4bfd-b9c3-01e75843f47d","client_order_id":"hs-pabc123-261124-7","created_at":"2026-11-24T15:00:00Z","updated_at":"2026-11-24T15:00:00Z","submitted_at":"2026-11-24T15:00:00Z","filled_at":null,"expired_at":null,"expires_at":"2026-11-24T21:00:00Z","canceled_at":null,"failed_at":null,"replaced_at":null,"replaced_by":null,"replaces":null,"asset_id":"b0b6dd9d","symbol":"SPY","asset_class":"us_equity","notional":null,"qty":"10","filled_qty":"4","filled_avg_price":"600.12","order_class":"bracket","order_type":"limit","type":"limit","side":"buy","position_intent":"buy_to_open","time_in_force":"day","limit_price":"600.5","stop_price":null,"status":"partially_filled","extended_hours":false,"trail_percent":null,"trail_price":null,"hwm":null,"ratio_qty":null,"legs":null}"#;
const ACCOUNT: &str = r#"{"id":"e6fe16f3","account_number":"PA3XYZ","status":"ACTIVE","crypto_status":"ACTIVE","currency":"USD","cash":"1000","equity":"2000","last_equity":"1990","portfolio_value":"2000","buying_power":"4000","regt_buying_power":"4000","non_marginable_buying_power":"900","options_buying_power":"900","long_market_value":"1000","short_market_value":"0","position_market_value":"1000","initial_margin":"0","maintenance_margin":"0","last_maintenance_margin":"0","multiplier":"2","sma":"0","accrued_fees":"0","created_at":"2019-06-12T22:47:07.99658Z","balance_asof":"2026-11-23","trading_blocked":false,"transfers_blocked":false,"account_blocked":false,"trade_suspended_by_user":false,"shorting_enabled":true,"admin_configurations":{},"user_configurations":null}"#;
const POSITION: &str = r#"{"asset_id":"b0b6dd9d","symbol":"SPY","exchange":"ARCA","asset_class":"us_equity","asset_marginable":true,"qty":"-10","qty_available":"-10","avg_entry_price":"600.12","side":"short","market_value":"-6000","cost_basis":"-6001.2","unrealized_pl":"1.2","unrealized_plpc":"0.01","unrealized_intraday_pl":"1","unrealized_intraday_plpc":"0.01","current_price":"600","lastday_price":"600","change_today":"0"}"#;
const ACTIVITY: &str = r#"{"id":"20261124100000123::8f1d","activity_type":"FILL","type":"fill","transaction_time":"2026-11-24T15:00:00Z","price":"600.12","qty":"4","side":"buy","symbol":"SPY","leaves_qty":"6","cum_qty":"4","order_id":"61e69015","order_status":"partially_filled"}"#;
const ASSET: &str = r#"{"id":"b0b6dd9d","class":"us_equity","exchange":"ARCA","symbol":"SPY","name":"SPDR","status":"active","tradable":true,"marginable":true,"shortable":true,"fractionable":true,"easy_to_borrow":true,"borrow_status":"easy_to_borrow","maintenance_margin_requirement":30,"margin_requirement_long":"30","margin_requirement_short":"30","attributes":["ptp_no_exception"],"cusip":null}"#;
const CLOCK: &str = r#"{"timestamp":"2026-11-24T10:00:00-05:00","is_open":true,"next_open":"2026-11-25T09:30:00-05:00","next_close":"2026-11-24T16:00:00-05:00"}"#;

fn is_order(text: &str) -> bool {
    Fields::read(text, "order").is_ok_and(|fields| WireOrder::read(&fields).is_ok())
}

fn is_account(text: &str) -> bool {
    Fields::read(text, "account").is_ok_and(|fields| WireAccount::read(&fields).is_ok())
}

fn is_position(text: &str) -> bool {
    Fields::read(text, "position").is_ok_and(|fields| read_position(&fields).is_ok())
}

fn is_activity(text: &str) -> bool {
    Fields::read(text, "activity").is_ok_and(|fields| read_activity(&fields).is_ok())
}

fn is_asset(text: &str) -> bool {
    Fields::read(text, "asset").is_ok_and(|fields| read_asset(&fields).is_ok())
}

fn is_clock(text: &str) -> bool {
    let now = "2026-11-24T15:00:00Z".parse().unwrap();
    Fields::read(text, "clock").is_ok_and(|fields| read_clock_offset_ms(&fields, now).is_ok())
}

/// The fields without which, and those with another word in them with which, `reads` says no.
fn stops(text: &str, reads: fn(&str) -> bool) -> (Vec<String>, Vec<String>) {
    assert!(reads(text), "{text}");
    let whole: Value = serde_json::from_str(text).unwrap();
    let names: Vec<String> = whole.as_object().unwrap().keys().cloned().collect();
    let with = |change: &dyn Fn(&mut serde_json::Map<String, Value>)| {
        let mut changed = whole.clone();
        change(changed.as_object_mut().unwrap());
        reads(&changed.to_string())
    };
    assert!(with(&|fields| drop(fields.insert("of_tomorrow".to_owned(), json!({"new": [1]})))));
    let (mut missing, mut bent) = (Vec::new(), Vec::new());
    for name in names {
        // Null is as good as not there.
        if !with(&|fields| drop(fields.remove(&name)))
            || !with(&|fields| drop(fields.insert(name.clone(), Value::Null)))
        {
            missing.push(name.clone());
        }
        let words = [json!("a_word_of_tomorrow"), json!({"an": "object"}), json!([1, "two"]), json!(true)];
        if words.iter().any(|word| !with(&|fields| drop(fields.insert(name.clone(), word.clone())))) {
            bent.push(name);
        }
    }
    (missing, bent)
}

#[test]
fn nothing_but_what_is_needed_stops_a_reading() {
    let needs = |text: &str, reads: fn(&str) -> bool, missing: &[&str], bent: &[&str]| {
        let found = stops(text, reads);
        assert_eq!(found.0, missing, "fields that must be there");
        assert_eq!(found.1, bent, "fields that must be what they are");
    };
    let order = ["id", "symbol", "qty", "filled_qty", "side", "status"];
    // An unknown status counts in full, and is none that stops.
    needs(ORDER, is_order, &order, &["id", "symbol", "qty", "filled_qty", "side", "status"]);
    needs(ACCOUNT, is_account, &[], &[]);
    needs(POSITION, is_position, &["symbol", "qty"], &["symbol", "qty"]);
    let activity = ["id", "transaction_time", "price", "qty", "side", "symbol", "order_id"];
    needs(ACTIVITY, is_activity, &activity, &activity);
    needs(ASSET, is_asset, &["symbol"], &["symbol"]);
    needs(CLOCK, is_clock, &["timestamp"], &["timestamp"]);
}

/// What happened is never guessed: without its numbers the stream's word asks for a look, and never fails.
#[test]
fn every_update_is_read_whatever_is_bent_in_it() {
    let order: Value = serde_json::from_str(ORDER).unwrap();
    let update = json!({"event": "fill", "timestamp": "2026-11-24T15:00:00Z", "execution_id": "8f1d", "event_id": "01",
        "price": "600.12", "qty": "4", "position_qty": "4", "order": order});
    for (name, _) in update.as_object().unwrap() {
        for word in [Value::Null, json!("a_word_of_tomorrow"), json!([]), json!(7)] {
            let mut bent = update.clone();
            bent[name] = word;
            let frame = json!({"stream": "trade_updates", "data": bent}).to_string();
            let heard = read_frame(&frame).unwrap();
            let Heard::Update(update) = heard else { continue };
            assert!(matches!(update.what, What::Filled(_) | What::Unclear(_)), "{name}: {update:?}");
        }
    }
}

#[test]
fn market_data_of_tomorrow_stop_nothing() {
    let quote = json!({"T": "q", "S": "SPY", "bp": 1, "bs": 2, "ap": 3, "as": 4, "t": "2026-11-24T15:00:00Z", "c": ["R"], "z": "B"});
    for (name, _) in quote.as_object().unwrap() {
        for word in [Value::Null, json!("x"), json!({}), json!(true)] {
            let mut bent = quote.clone();
            bent[name] = word;
            let frame = json!([bent, quote]).to_string();
            assert_eq!(read_data(&frame).unwrap().len(), 2, "{frame}");
        }
    }
    assert!(read_bars(r#"{"bars":{"SPY":7},"next_page_token":{}}"#, None, 60_000).is_ok());
    assert!(read_snapshots(r#"{"SPY":null,"IBM":7}"#).is_ok());
}
