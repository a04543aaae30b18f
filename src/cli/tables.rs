//! What the text tables show of a view: the columns a trader needs, on eighty columns where they fit.
//! Every field stays in `--json` and `--csv`; no figure is ever cut.

use serde_json::{Value, json};

/// The rows of a view as its table shows them; other views are shown as they are.
pub(super) fn shaped(view: &str, rows: &[Value]) -> Vec<Value> {
    let shape: fn(&Value) -> Value = match view {
        "orders" | "open_orders" => order,
        "fills" => fill,
        "positions" => position,
        "adjusts" => adjust,
        "decisions" | "refusals" => decision,
        _ => return rows.to_vec(),
    };
    rows.iter().map(|row| if row.is_object() { shape(row) } else { row.clone() }).collect()
}

fn order(row: &Value) -> Value {
    let mut shown = timed(row);
    shown["id"] = first(row, &["id", "order_id"]);
    shown["symbol"] = first(row, &["symbol"]);
    shown["side"] = first(row, &["side"]);
    shown["filled"] = json!(format!("{}/{}", words(row, &["filled"]), words(row, &["qty"])));
    shown["price"] = json!(price(row));
    shown["status"] = first(row, &["status"]);
    shown["origin"] = json!(origin(row));
    shown
}

/// A difference from its three sides.
fn adjust(row: &Value) -> Value {
    json!({
        "number": first(row, &["number"]), "symbol": first(row, &["symbol"]), "journal": first(row, &["journal"]),
        "here": first(row, &["engine"]), "venue": first(row, &["broker"]), "because": first(row, &["because"]),
    })
}

fn position(row: &Value) -> Value {
    let mut shown = json!({});
    for name in ["symbol", "qty", "avg_price", "mark", "unrealized", "stop"] {
        shown[name] = first(row, &[name]);
    }
    let (covered, held) = (words(row, &["protected_qty"]), words(row, &["qty"]));
    shown["covered"] = json!(format!("{covered}/{}", held.trim_start_matches('-')));
    let ms = row.get("naked_ms").and_then(Value::as_i64).unwrap_or(0);
    // What an older journal tells has none of it.
    shown["bare_s"] =
        row.get("naked_ms").map_or(Value::Null, |_| json!(format!("{}.{}", ms / 1_000, ms % 1_000 / 100)));
    shown["bare"] = first(row, &["naked"]);
    shown
}

fn fill(row: &Value) -> Value {
    let mut shown = timed(row);
    for name in ["symbol", "side", "qty", "price", "fee", "position", "order_id"] {
        shown[name] = first(row, &[name]);
    }
    shown
}

fn decision(row: &Value) -> Value {
    let mut shown = timed(row);
    for name in ["symbol", "side", "qty"] {
        shown[name] = first(row, &[name]);
    }
    shown["price"] = json!(price(row));
    shown["origin"] = json!(origin(row));
    let refusal = words(row, &["refusal"]);
    shown["answer"] =
        if refusal.is_empty() || refusal == "-" { first(row, &["decision"]) } else { json!(refusal) };
    shown
}

/// A row that begins with its minute, where the view has instants: the year and the seconds stay in `--json`.
fn timed(row: &Value) -> Value {
    match row.get("at").and_then(Value::as_str).and_then(|at| at.get(5..16)) {
        Some(minute) => json!({ "UTC": minute.replace('T', " ") }),
        None => json!({}),
    }
}

/// `market`, `limit 168.05`, `stop 166.2`, or both of a stop limit.
fn price(row: &Value) -> String {
    let named = |name: &str, keys: &[&str]| {
        let price = words(row, keys);
        (price != "-").then(|| format!("{name} {price}"))
    };
    if let Some(trail) = named("trail", &["trail"]) {
        return format!("{trail} now {}", words(row, &["stop", "stop_price"]));
    }
    let prices = [named("stop", &["stop", "stop_price"]), named("limit", &["limit", "limit_price"])];
    let prices: Vec<String> = prices.into_iter().flatten().collect();
    if prices.is_empty() { words(row, &["type"]) } else { prices.join(" ") }
}

/// The journal's own word for who asked holds the number of a strategy as JSON.
fn origin(row: &Value) -> String {
    let written = words(row, &["origin"]);
    let parsed = serde_json::from_str::<Value>(&written).ok();
    let number = parsed.as_ref().and_then(|origin| origin.get("strategy"));
    number.map_or(written, |number| format!("strategy {number}"))
}

fn first(row: &Value, keys: &[&str]) -> Value {
    keys.iter().find_map(|key| row.get(*key)).cloned().unwrap_or(Value::Null)
}

fn words(row: &Value, keys: &[&str]) -> String {
    match first(row, keys) {
        Value::Null => "-".to_owned(),
        Value::String(text) => text,
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::print::lines;

    const WIDTH: usize = 80;

    fn check(view: &str, row: &Value, expect: &str) {
        let table = lines(&shaped(view, std::slice::from_ref(row)));
        assert!(table.iter().all(|line| line.chars().count() <= WIDTH), "{table:?}");
        assert_eq!(table[1].split_whitespace().collect::<Vec<_>>().join(" "), expect);
    }

    #[test]
    fn an_order_of_the_journal_fits_eighty_columns_with_its_id_and_prices_whole() {
        let row = json!({
            "row": "12", "run": "1", "seq": "7", "at": "2013-10-07T13:31:00Z", "order_id": "hs-sabc123-131007-12",
            "symbol": "SPY", "side": "sell", "qty": "44", "type": "stop", "limit_price": null,
            "stop_price": "166.2051", "tif": "day", "role": "protective", "origin": "{\"strategy\":1}",
            "parent": null, "status": "working", "filled": "0", "reason": null,
        });
        let expect = "10-07 13:31 hs-sabc123-131007-12 SPY sell 0/44 stop 166.2051 working strategy 1";
        let table = lines(&shaped("orders", std::slice::from_ref(&row)));
        assert_eq!(table[1].split_whitespace().collect::<Vec<_>>().join(" "), expect);
        let mine = json!({
            "at": "2013-10-07T13:31:00Z", "order_id": "hs-sabc123-131007-12", "symbol": "SPY", "side": "buy",
            "qty": "44", "type": "limit", "limit_price": "168.05", "filled": "44", "status": "filled",
            "origin": "operator",
        });
        let expect = "10-07 13:31 hs-sabc123-131007-12 SPY buy 44/44 limit 168.05 filled operator";
        check("orders", &mine, expect);
    }

    #[test]
    fn an_order_of_a_running_instance_has_the_same_columns_without_the_time() {
        let row = json!({
            "id": "hs-sabc123-131007-12", "symbol": "SPY", "side": "buy", "type": "stop_limit", "qty": "44",
            "filled": "10", "limit": "168.05", "stop": "168", "status": "partial", "origin": "operator",
        });
        let expect = "hs-sabc123-131007-12 SPY buy 10/44 stop 168 limit 168.05 partial operator";
        check("open_orders", &row, expect);
    }

    #[test]
    fn a_position_tells_how_much_of_it_is_covered_and_for_how_long_it_was_not() {
        let row = json!({
            "symbol": "SPY", "qty": "-100", "avg_price": "168.05", "mark": "168.11", "unrealized": "-6.00",
            "stop": "170.05", "protected_qty": "60", "naked_ms": 12_345, "naked": "6724.40", "naked_most": "16811.00",
        });
        check("positions", &row, "SPY -100 168.05 168.11 -6.00 170.05 60/100 12.3 6724.40");
    }

    #[test]
    fn a_trailing_stop_shows_its_distance_and_where_it_stands() {
        let row = json!({
            "id": "hs-sabc123-131007-12", "symbol": "SPY", "side": "sell", "type": "trailing_stop", "qty": "44",
            "filled": "0", "limit": null, "stop": "164.68", "trail": "2%", "status": "working", "origin": "engine",
        });
        check("open_orders", &row, "hs-sabc123-131007-12 SPY sell 0/44 trail 2% now 164.68 working engine");
    }

    #[test]
    fn fills_and_decisions_fit_and_a_refusal_keeps_its_numbers() {
        let fill = json!({
            "row": "1", "at": "2013-10-07T13:31:00Z", "execution": "hs-sabc123-131007-12-1",
            "order_id": "hs-sabc123-131007-12", "symbol": "SPY", "side": "buy", "qty": "44", "price": "168.05",
            "fee": "0.44", "position": "44", "avg_price": "168.05", "cash": "92605.36",
        });
        check("fills", &fill, "10-07 13:31 SPY buy 44 168.05 0.44 44 hs-sabc123-131007-12");
        let approved = json!({
            "at": "2013-10-07T13:31:00Z", "decision": "approved", "refusal": "", "origin": "operator",
            "symbol": "SPY", "side": "buy", "qty": "44", "type": "market",
        });
        check("decisions", &approved, "10-07 13:31 SPY buy 44 market operator approved");
        let refusal = "POSITION_LIMIT exposure=10200.00 limit=10000.00 max_qty=16";
        let refused = json!({ "at": "2013-10-07T13:31:00Z", "decision": "refused", "refusal": refusal });
        assert!(lines(&shaped("decisions", &[refused]))[1].ends_with(refusal), "never cut");
    }
}
