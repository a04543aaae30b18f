use serde_json::{Value, json};

use crate::domain::at::At;
use crate::domain::fill::Fill;
use crate::domain::market::{Bar, Quote, Tick, Trade};
use crate::domain::money::Money;
use crate::domain::order::{OrderKind, TimeInForce};
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::domain::trail::Trail;
use crate::domain::venue::{AssetFlags, VenueAccount, VenueOrder, VenuePosition};
use crate::wire::request::Class;
use crate::wire::status::write_status;

/// An order that is about to be told, with everything a venue knows of it beside what every venue shares.
#[derive(Debug, Clone)]
pub struct OrderTold {
    /// The venue's own id.
    pub venue_id: String,
    /// The asset's id.
    pub asset_id: String,
    /// The client's id as it gave it, which may be longer than one of ours.
    pub client_id: String,
    /// The order, its state and what it filled.
    pub order: VenueOrder,
    /// How it and its legs stand together.
    pub class: Class,
    /// Dollars' worth instead of shares, where it was asked for so.
    pub notional: Option<Price>,
    /// The average price of what filled.
    pub avg_price: Option<Price>,
    /// Whether it waits for another order's fill.
    pub sleeps: bool,
    /// When it was taken.
    pub submitted_at: At,
    /// When it last changed.
    pub updated_at: At,
    /// When it filled in full.
    pub filled_at: Option<At>,
    /// When it was cancelled.
    pub canceled_at: Option<At>,
    /// When its time ended.
    pub expired_at: Option<At>,
    /// When another took its place.
    pub replaced_at: Option<At>,
    /// The order in whose place it stands.
    pub replaces: Option<String>,
    /// The order that stands in its place.
    pub replaced_by: Option<String>,
    /// Its legs.
    pub legs: Vec<OrderTold>,
}

impl OrderTold {
    /// The order in Alpaca's words, its legs inside where `nested`.
    pub fn write(&self, nested: bool) -> Value {
        let request = &self.order.request;
        let extended = request.tif == TimeInForce::Ext;
        let status = match (self.replaced_by.is_some(), self.sleeps) {
            (true, _) => "replaced",
            (false, true) => "held",
            (false, false) => write_status(self.order.status),
        };
        let class = if self.class == Class::Simple { "simple" } else { self.class.word() };
        let (trail_price, trail_percent) = match request.kind.trail() {
            Some(Trail::Amount(amount)) => (Some(amount), None),
            Some(Trail::Percent(percent)) => (None, Some(percent)),
            None => (None, None),
        };
        let legs = if nested && !self.legs.is_empty() {
            let leg = |leg: &Self| {
                let mut told = leg.write(false);
                // A leg has none of its own, not even none.
                told.as_object_mut().map(|fields| fields.remove("legs"));
                told
            };
            Value::Array(self.legs.iter().map(leg).collect())
        } else {
            Value::Null
        };
        let kind = request.kind.word();
        let tif = if extended { TimeInForce::Day.word() } else { request.tif.word() };
        json!({
            "id": self.venue_id,
            "client_order_id": self.client_id,
            "created_at": self.submitted_at,
            "updated_at": self.updated_at,
            "submitted_at": self.submitted_at,
            "filled_at": self.filled_at,
            "expired_at": self.expired_at,
            "canceled_at": self.canceled_at,
            "failed_at": null,
            "replaced_at": self.replaced_at,
            "replaced_by": self.replaced_by,
            "replaces": self.replaces,
            "asset_id": self.asset_id,
            "symbol": request.symbol,
            "asset_class": "us_equity",
            "notional": self.notional,
            "qty": self.notional.is_none().then_some(request.qty),
            "filled_qty": self.order.filled,
            "filled_avg_price": self.avg_price,
            "order_class": class,
            "order_type": kind,
            "type": kind,
            "side": request.side.word(),
            "time_in_force": tif,
            "limit_price": request.kind.limit(),
            "stop_price": stop_told(request.kind),
            "trail_price": trail_price,
            "trail_percent": trail_percent,
            "hwm": best_seen(request.side, request.kind),
            "status": status,
            "extended_hours": extended,
            "legs": legs,
        })
    }
}

fn stop_told(kind: OrderKind) -> Option<Price> {
    kind.stop().filter(|stop| stop.is_positive())
}

/// The market's best price that a trailing stop has seen: what lies its trail away from its trigger.
fn best_seen(side: Side, kind: OrderKind) -> Option<Price> {
    let (stop, trail) = (stop_told(kind)?, kind.trail()?);
    let Trail::Amount(amount) = trail else { return None };
    match side {
        Side::Sell => stop.plus(amount).ok(),
        Side::Buy => stop.minus(amount).ok(),
    }
}

/// The account. `held` are what long and short positions are worth; the short ones below zero.
pub fn write_account(
    id: &str,
    number: &str,
    account: &VenueAccount,
    held: (Money, Money),
    multiple: u32,
) -> Value {
    let (long, short) = held;
    let worth = long.plus(short).unwrap_or(Money::ZERO);
    let exact = |money: Money| money.exact();
    json!({
        "id": id,
        "account_number": number,
        "status": "ACTIVE",
        "crypto_status": "INACTIVE",
        "currency": "USD",
        "cash": exact(account.cash),
        "equity": exact(account.equity),
        "last_equity": exact(account.last_equity),
        "portfolio_value": exact(account.equity),
        "buying_power": exact(account.buying_power),
        "regt_buying_power": exact(account.buying_power),
        "effective_buying_power": exact(account.buying_power),
        "non_marginable_buying_power": exact(account.cash.at_least_zero()),
        "options_buying_power": "0",
        "long_market_value": exact(long),
        "short_market_value": exact(short),
        "position_market_value": exact(worth),
        "initial_margin": "0",
        "maintenance_margin": "0",
        "last_maintenance_margin": "0",
        "sma": "0",
        "accrued_fees": "0",
        "multiplier": multiple.to_string(),
        "trading_blocked": false,
        "transfers_blocked": false,
        "account_blocked": false,
        "trade_suspended_by_user": false,
        "shorting_enabled": true,
    })
}

/// A position at `mark`; of the shares, `available` are held by no order.
pub fn write_position(asset_id: &str, position: &VenuePosition, mark: Price, available: Qty) -> Value {
    let shares = position.qty.abs();
    let (worth, cost) = (mark.times(position.qty), position.avg_price.times(position.qty));
    let gain = worth.minus(cost).unwrap_or(Money::ZERO);
    let part = |of: Money, whole: Money| {
        let whole = whole.abs();
        if whole.is_zero() { 0.0 } else { of.to_f64() / whole.to_f64() }
    };
    let gained = format!("{:.6}", part(gain, cost));
    json!({
        "asset_id": asset_id,
        "symbol": position.symbol,
        "exchange": "NASDAQ",
        "asset_class": "us_equity",
        "asset_marginable": true,
        "qty": position.qty,
        "qty_available": available,
        "avg_entry_price": position.avg_price,
        "side": if position.qty.is_negative() { "short" } else { "long" },
        "market_value": worth.exact(),
        "cost_basis": cost.exact(),
        "unrealized_pl": gain.exact(),
        "unrealized_plpc": gained,
        "unrealized_intraday_pl": gain.exact(),
        "unrealized_intraday_plpc": gained,
        "current_price": mark,
        "lastday_price": mark,
        "change_today": if shares.is_zero() { "0" } else { "0.0" },
    })
}

/// An execution as the account's history tells it.
pub fn write_activity(fill: &Fill, venue_order: &str, whole: Qty, filled: Qty, execution: &str) -> Value {
    let left = whole.minus(filled).unwrap_or(Qty::ZERO).at_least_zero();
    let stamp: String = fill.at.to_string().chars().filter(char::is_ascii_digit).take(17).collect();
    json!({
        "id": format!("{stamp:0<17}::{execution}"),
        "activity_type": "FILL",
        "type": if left.is_zero() { "fill" } else { "partial_fill" },
        "transaction_time": fill.at,
        "price": fill.price,
        "qty": fill.qty,
        "side": fill.side.word(),
        "symbol": fill.symbol,
        "leaves_qty": left,
        "cum_qty": filled,
        "order_id": venue_order,
        "order_status": if left.is_zero() { "filled" } else { "partially_filled" },
    })
}

/// What a symbol can do.
pub fn write_asset(id: &str, symbol: Symbol, flags: AssetFlags) -> Value {
    json!({
        "id": id,
        "class": "us_equity",
        "exchange": "NASDAQ",
        "symbol": symbol,
        "name": format!("{symbol} of the embedded exchange"),
        "status": if flags.tradable { "active" } else { "inactive" },
        "tradable": flags.tradable,
        "marginable": true,
        "shortable": flags.shortable,
        "fractionable": flags.fractionable,
        // Dying, and still needed by the official library for Python.
        "easy_to_borrow": flags.shortable,
        "borrow_status": if flags.shortable { "easy_to_borrow" } else { "hard_to_borrow" },
        "maintenance_margin_requirement": 30,
        "margin_requirement_long": "30",
        "margin_requirement_short": "30",
        "attributes": [],
    })
}

/// An event of the stream of orders. `fill` are the numbers of an execution and the position after it.
pub fn write_update(event: &str, at: At, order: Value, fill: Option<(&Fill, &str, Qty)>) -> Value {
    let mut data = json!({ "event": event, "timestamp": at, "at": at, "order": order });
    if let (Some((fill, execution, position)), Some(data)) = (fill, data.as_object_mut()) {
        let added = json!({
            "execution_id": execution,
            "price": fill.price,
            "qty": fill.qty,
            "position_qty": position,
        });
        data.extend(added.as_object().cloned().unwrap_or_default());
    }
    json!({ "stream": "trade_updates", "data": data })
}

/// A number of market data: those are JSON numbers on the wire.
fn number(text: &str) -> Value {
    text.parse::<serde_json::Number>().map_or(Value::Null, Value::Number)
}

/// What the market did, as a message of the data stream.
pub fn write_tick(tick: &Tick) -> Value {
    let mut message = match tick {
        Tick::Quote(quote) => write_quote(quote),
        Tick::Trade(trade) => write_trade(trade),
        Tick::Bar(bar) => write_bar(bar),
    };
    let kind = match tick {
        Tick::Quote(_) => "q",
        Tick::Trade(_) => "t",
        Tick::Bar(_) => "b",
    };
    if let Some(message) = message.as_object_mut() {
        message.insert("T".to_owned(), json!(kind));
        message.insert("S".to_owned(), json!(tick.symbol()));
    }
    message
}

/// A symbol stops trading, or trades again, as a message of the data stream.
pub fn write_halt(symbol: Symbol, halted: bool, at: At) -> Value {
    let (code, words, why, reason) = if halted {
        ("H", "Trading Halt", "T12", "Trading Halted; For Information Requested by NASDAQ")
    } else {
        ("T", "Trading Resumption", "", "")
    };
    json!({ "T": "s", "S": symbol, "sc": code, "sm": words, "rc": why, "rm": reason, "t": at, "z": "C" })
}

/// A quote without its symbol.
pub fn write_quote(quote: &Quote) -> Value {
    json!({
        "t": quote.at, "ax": "V", "ap": number(&quote.ask.to_string()), "as": number(&quote.ask_qty.to_string()),
        "bx": "V", "bp": number(&quote.bid.to_string()), "bs": number(&quote.bid_qty.to_string()),
        "c": ["R"], "z": "B",
    })
}

/// A trade without its symbol.
pub fn write_trade(trade: &Trade) -> Value {
    json!({
        "t": trade.at, "x": "V", "p": number(&trade.price.to_string()), "s": number(&trade.qty.to_string()),
        "i": trade.at.nanos(), "c": ["@"], "z": "B",
    })
}

/// A bar without its symbol, stamped at its start.
pub fn write_bar(bar: &Bar) -> Value {
    json!({
        "t": bar.start, "o": number(&bar.open.to_string()), "h": number(&bar.high.to_string()),
        "l": number(&bar.low.to_string()), "c": number(&bar.close.to_string()),
        "v": number(&bar.volume.to_string()), "n": 1, "vw": number(&bar.close.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::order::OrderStatus;
    use crate::domain::venue::VenueRequest;
    use crate::wire::account::{WireAccount, read_asset, read_position};
    use crate::wire::activity::{Activity, read_activity};
    use crate::wire::data::{Heard as DataHeard, read_frame as read_data};
    use crate::wire::fields::Fields;
    use crate::wire::order::WireOrder;
    use crate::wire::update::{Heard, What, read_frame};

    fn at() -> At {
        "2026-11-24T15:00:00.5Z".parse().unwrap()
    }

    fn told(kind: OrderKind, status: OrderStatus) -> OrderTold {
        let request = VenueRequest {
            id: "hs-pabc123-261124-7".parse().unwrap(),
            symbol: "SPY".parse().unwrap(),
            side: Side::Sell,
            qty: Qty::shares(10),
            kind,
            tif: TimeInForce::Day,
            stop_loss: None,
            take_profit: None,
            one_cancels: None,
        };
        OrderTold {
            venue_id: "61e69015-8549-4bfd-b9c3-01e75843f47d".to_owned(),
            asset_id: "a1".to_owned(),
            client_id: request.id.to_string(),
            order: VenueOrder { request, status, filled: Qty::shares(3) },
            class: Class::Simple,
            notional: None,
            avg_price: Some("600.12".parse().unwrap()),
            sleeps: false,
            submitted_at: at(),
            updated_at: at(),
            filled_at: None,
            canceled_at: None,
            expired_at: None,
            replaced_at: None,
            replaces: None,
            replaced_by: None,
            legs: Vec::new(),
        }
    }

    fn read<T>(value: &Value, with: impl Fn(&Fields<'_>) -> T) -> T {
        let text = value.to_string();
        with(&Fields::read(&text, "test").unwrap())
    }

    #[test]
    fn an_order_is_told_as_it_is_read() {
        let price = |text: &str| text.parse::<Price>().unwrap();
        let trail = Trail::Amount(price("1.5"));
        for kind in [
            OrderKind::Market,
            OrderKind::Limit { limit: price("601") },
            OrderKind::Stop { stop: price("590") },
            OrderKind::StopLimit { stop: price("590"), limit: price("589") },
            OrderKind::TrailingStop { stop: price("598.5"), trail },
        ] {
            let told = told(kind, OrderStatus::Partial);
            let order = read(&told.write(true), WireOrder::read).unwrap();
            assert_eq!(order.listed(), told.order);
            assert_eq!((order.avg_price, order.submitted_at), (told.avg_price, Some(at())));
        }
        let mut parent = told(OrderKind::Market, OrderStatus::Working);
        let stop =
            OrderTold { sleeps: true, ..told(OrderKind::Stop { stop: price("590") }, OrderStatus::Acked) };
        parent.legs = vec![stop];
        let order = read(&parent.write(true), WireOrder::read).unwrap();
        assert_eq!(order.legs.len(), 1);
        assert!(order.legs[0].sleeps);
        assert_eq!(read(&parent.write(false), WireOrder::read).unwrap().legs.len(), 0);
    }

    #[test]
    fn account_position_asset_and_execution_are_told_as_they_are_read() {
        let dollars = Money::dollars;
        let (equity, last_equity, cash, power) = (dollars(100), dollars(99), dollars(-5), dollars(7));
        let account = VenueAccount { equity, last_equity, cash, buying_power: power };
        let value = write_account("id", "PA1", &account, (dollars(105), Money::ZERO), 2);
        assert_eq!(read(&value, WireAccount::read).unwrap().account, account);
        let symbol: Symbol = "SPY".parse().unwrap();
        let position =
            VenuePosition { symbol, qty: Qty::shares(-3), avg_price: "600.123456789".parse().unwrap() };
        let value = write_position("a", &position, "610".parse().unwrap(), Qty::ZERO);
        assert_eq!(read(&value, read_position).unwrap(), position);
        for flags in [AssetFlags::ALL, AssetFlags::NONE] {
            assert_eq!(read(&write_asset("a", symbol, flags), read_asset).unwrap(), (symbol, flags));
        }
        let fill = fill();
        let value = write_activity(&fill, "61e6", Qty::shares(10), Qty::shares(3), "8f1d");
        let Activity::Filled(told) = read(&value, read_activity).unwrap() else { panic!("{value}") };
        assert_eq!(
            (told.id.as_str(), told.qty, told.price, told.at),
            ("8f1d", fill.qty, fill.price, fill.at)
        );
    }

    fn fill() -> Fill {
        Fill {
            execution: "x1".to_owned(),
            order: "hs-pabc123-261124-7".parse().unwrap(),
            symbol: "SPY".parse().unwrap(),
            side: Side::Sell,
            qty: Qty::shares(3),
            price: "600.12".parse().unwrap(),
            fee: Money::ZERO,
            at: at(),
        }
    }

    #[test]
    fn an_event_is_told_as_it_is_read() {
        let order = told(OrderKind::Market, OrderStatus::Partial).write(true);
        let fill = fill();
        let text =
            write_update("partial_fill", at(), order, Some((&fill, "8f1d", Qty::shares(-3)))).to_string();
        let Heard::Update(update) = read_frame(&text).unwrap() else { panic!("{text}") };
        let What::Filled(execution) = update.what else { panic!("{text}") };
        assert_eq!((execution.id.as_str(), execution.qty), ("8f1d", fill.qty));
        assert_eq!(update.at, Some(at()));
    }

    #[test]
    fn the_market_is_told_as_it_is_read() {
        let symbol: Symbol = "SPY".parse().unwrap();
        let price = |text: &str| text.parse::<Price>().unwrap();
        let qty = Qty::shares(5);
        let quote =
            Quote { symbol, bid: price("600.1"), bid_qty: qty, ask: price("600.12"), ask_qty: qty, at: at() };
        let trade = Trade { symbol, price: price("600.123456789"), qty, at: at() };
        let (open, high, low, close) = (price("1"), price("2"), price("0.5"), price("1.5"));
        let bar =
            Bar { symbol, start: at(), end: at().plus_seconds(60), open, high, low, close, volume: qty };
        for tick in [Tick::Quote(quote), Tick::Trade(trade), Tick::Bar(bar)] {
            let frame = Value::Array(vec![write_tick(&tick)]).to_string();
            assert_eq!(read_data(&frame).unwrap(), [DataHeard::Tick(tick)], "{frame}");
        }
        for halted in [true, false] {
            let frame = Value::Array(vec![write_halt(symbol, halted, at())]).to_string();
            let heard = read_data(&frame).unwrap();
            assert!(
                matches!(heard[..], [DataHeard::Halted(of, is, _)] if of == symbol && is == halted),
                "{frame}"
            );
        }
    }
}
