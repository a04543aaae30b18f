use crate::domain::at::At;
use crate::domain::fill::Fill;
use crate::domain::id::ClientOrderId;
use crate::domain::market::{Bar, Quote, Tick, Trade};
use crate::domain::order::{OrderKind, OrderStatus, TimeInForce};
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::domain::venue::{Leg, ReportKind, VenueAnswer, VenueRequest};
use crate::exchange::settings::{Costs, Settings};
use crate::exchange::venue::Exchange;

/// An exchange, and short words to talk to it; minutes count from 09:30 of Monday, 2013-10-07.
pub(in crate::exchange) struct Floor {
    pub(in crate::exchange) exchange: Exchange,
}

pub(in crate::exchange) fn spy() -> Symbol {
    "SPY".parse().unwrap()
}

pub(in crate::exchange) fn id(text: &str) -> ClientOrderId {
    text.parse().unwrap()
}

pub(in crate::exchange) fn price(text: &str) -> Price {
    text.parse().unwrap()
}

pub(in crate::exchange) fn minute(minutes: i64) -> At {
    "2013-10-07T13:30:00Z".parse::<At>().unwrap().plus_seconds(minutes * 60)
}

/// `buy 100`, `sell 100 limit 10`, `buy 100 stop 10`, `buy 100 stop 10 limit 11`; good till cancelled.
pub(in crate::exchange) fn order(name: &str, text: &str) -> VenueRequest {
    let words: Vec<&str> = text.split(' ').collect();
    let kind = match words[2..] {
        [] => OrderKind::Market,
        ["limit", limit] => OrderKind::Limit { limit: price(limit) },
        ["stop", stop] => OrderKind::Stop { stop: price(stop) },
        ["stop", stop, "limit", limit] => OrderKind::StopLimit { stop: price(stop), limit: price(limit) },
        _ => panic!("{text}"),
    };
    VenueRequest {
        id: id(name),
        symbol: spy(),
        side: if words[0] == "buy" { Side::Buy } else { Side::Sell },
        qty: words[1].parse().unwrap(),
        kind,
        tif: TimeInForce::Gtc,
        stop_loss: None,
        take_profit: None,
        one_cancels: None,
    }
}

/// An order with a stop and a target, `-` for none; they are named `…-stop` and `…-target`.
pub(in crate::exchange) fn bracket(name: &str, text: &str, stop: &str, target: &str) -> VenueRequest {
    let leg = |end: &str, text: &str| Leg { id: id(&format!("{name}-{end}")), price: price(text) };
    let stop_loss = (stop != "-").then(|| leg("stop", stop));
    let take_profit = (target != "-").then(|| leg("target", target));
    VenueRequest { stop_loss, take_profit, ..order(name, text) }
}

pub(in crate::exchange) fn day(request: &VenueRequest) -> VenueRequest {
    VenueRequest { tif: TimeInForce::Day, ..*request }
}

pub(in crate::exchange) fn ioc(request: &VenueRequest) -> VenueRequest {
    VenueRequest { tif: TimeInForce::Ioc, ..*request }
}

/// The defaults, without slippage.
pub(in crate::exchange) fn quiet() -> Settings {
    Settings { costs: Costs { slippage_bps: 0, ..Costs::default() }, ..Settings::default() }
}

pub(in crate::exchange) fn bars_only() -> Settings {
    Settings { bars_only: true, costs: Costs::none(), ..Settings::default() }
}

/// What has filled at the end of some acts on an open market.
pub(in crate::exchange) fn check(name: &str, act: impl FnOnce(&mut Floor), expected: &[&str]) {
    let mut floor = Floor::open();
    act(&mut floor);
    assert_eq!(floor.filled(), expected, "{name}");
}

impl Floor {
    pub(in crate::exchange) fn new(settings: Settings) -> Self {
        Self { exchange: Exchange::new(settings) }
    }

    /// An open market with a last price of 100 and no quote.
    pub(in crate::exchange) fn open() -> Self {
        let mut floor = Self::new(quiet());
        floor.bar(0, "100 100 100 100", 10_000);
        floor
    }

    /// An open market in which 100 shares are held, bought at 100.
    pub(in crate::exchange) fn long() -> Self {
        let mut floor = Self::open();
        floor.take(1, &order("entry", "buy 100"));
        floor.bar(1, "100 100 100 100", 10_000);
        floor.told();
        floor
    }

    pub(in crate::exchange) fn submit(&mut self, at: i64, request: &VenueRequest) -> VenueAnswer {
        self.exchange.submit(request, minute(at))
    }

    pub(in crate::exchange) fn take(&mut self, at: i64, request: &VenueRequest) {
        assert_eq!(self.submit(at, request), VenueAnswer::Taken, "{}", request.id);
    }

    pub(in crate::exchange) fn refused(&mut self, at: i64, request: &VenueRequest, words: &str) {
        let known = self.exchange.order(request.id);
        match self.submit(at, request) {
            VenueAnswer::Refused(said) => assert!(said.contains(words), "{said:?} lacks {words:?}"),
            other => panic!("{} {other:?}, not refused: {words}", request.id),
        }
        assert_eq!(self.exchange.order(request.id), known, "a refused order leaves no trace");
    }

    /// A bar of the minute `start`, as `open high low close`.
    pub(in crate::exchange) fn bar(&mut self, start: i64, prices: &str, volume: i32) {
        self.span(minute(start), minute(start + 1), prices, volume);
    }

    pub(in crate::exchange) fn span(&mut self, start: At, end: At, prices: &str, volume: i32) {
        let prices: Vec<Price> = prices.split(' ').map(price).collect();
        let (open, high, low, close) = (prices[0], prices[1], prices[2], prices[3]);
        let volume = Qty::shares(volume);
        let bar = Bar { symbol: spy(), start, end, open, high, low, close, volume };
        self.exchange.on_tick(&Tick::Bar(bar));
    }

    pub(in crate::exchange) fn quote(&mut self, at: i64, bid: &str, ask: &str, size: i32) {
        let (bid, ask, size) = (price(bid), price(ask), Qty::shares(size));
        let quote = Quote { symbol: spy(), bid, bid_qty: size, ask, ask_qty: size, at: minute(at) };
        self.exchange.on_tick(&Tick::Quote(quote));
    }

    pub(in crate::exchange) fn trade(&mut self, at: i64, text: &str, shares: i32) {
        let trade = Trade { symbol: spy(), price: price(text), qty: Qty::shares(shares), at: minute(at) };
        self.exchange.on_tick(&Tick::Trade(trade));
    }

    /// What was reported since the last time, a word or two each.
    pub(in crate::exchange) fn told(&mut self) -> Vec<String> {
        let words = |kind: ReportKind| match kind {
            ReportKind::Accepted => "accepted".to_owned(),
            ReportKind::Working => "working".to_owned(),
            ReportKind::Rejected(_) => "rejected".to_owned(),
            ReportKind::Filled(fill) => format!("{}@{}", fill.qty, fill.price),
            ReportKind::Canceled => "canceled".to_owned(),
            ReportKind::Expired => "expired".to_owned(),
            ReportKind::CancelRejected(_) => "cancel rejected".to_owned(),
        };
        let reports = self.exchange.take_reports();
        reports.into_iter().map(|report| format!("{} {}", report.order, words(report.kind))).collect()
    }

    /// The fills so far, as `order qty@price`.
    pub(in crate::exchange) fn filled(&self) -> Vec<String> {
        let words = |fill: &Fill| format!("{} {}@{}", fill.order, fill.qty, fill.price);
        self.exchange.fills().iter().map(words).collect()
    }

    pub(in crate::exchange) fn status(&self, name: &str) -> OrderStatus {
        self.exchange.order(id(name)).unwrap().status
    }

    pub(in crate::exchange) fn position(&self) -> Qty {
        let state = self.exchange.state(minute(0), &[]);
        state.positions.first().map_or(Qty::ZERO, |position| position.qty)
    }
}
