//! The line to Alpaca against an exchange on loopback that speaks like it, and against hosts that lie.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may stop at the first surprise")]

/// What both venues keep.
mod contract;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use hardstop::alpaca::client::Client;
use hardstop::alpaca::hosts::{Account, Hosts};
use hardstop::domain::at::At;
use hardstop::domain::market::{Quote, Tick};
use hardstop::domain::order::{OrderKind, OrderStatus, TimeInForce};
use hardstop::domain::price::Price;
use hardstop::domain::qty::Qty;
use hardstop::domain::secret::{Keys, Secret};
use hardstop::domain::side::Side;
use hardstop::domain::symbol::Symbol;
use hardstop::domain::venue::{AssetFlags, Leg, VenueAnswer, VenueRequest};
use hardstop::exchange::settings::Settings;
use hardstop::gateway::faults::{Faults, RequestFaults};
use hardstop::gateway::serve::{Pace, Plan, serve};
use hardstop::gateway::world::World;
use hardstop::wire::activity::Activity;

/// Monday 2013-10-07, 10:00 in New York: a clock that stands still, so that nothing depends on how fast a test is.
const NOW: At = At::from_seconds(1_381_154_400);
const CANARY: &str = "canary-that-must-never-leave";

struct Still;

impl Pace for Still {
    fn now(&self) -> At {
        NOW
    }

    fn until(&self, _at: At) -> Duration {
        Duration::from_millis(1)
    }
}

fn spy() -> Symbol {
    "SPY".parse().unwrap()
}

fn quote(symbol: Symbol) -> Tick {
    let (bid, ask, size) = (Price::from_cents(10_000), Price::from_cents(10_001), Qty::shares(1_000_000));
    Tick::Quote(Quote { symbol, bid, bid_qty: size, ask, ask_qty: size, at: NOW })
}

fn keys() -> Keys {
    Keys { id: Secret::new("rehearsal".to_owned()), secret: Secret::new(CANARY.to_owned()) }
}

/// An exchange of its own for each test, and a client of it.
struct Desk {
    client: Client,
    over: Arc<AtomicBool>,
    served: Option<JoinHandle<()>>,
    next: AtomicU32,
}

impl Desk {
    fn new(faults: Faults) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let over = Arc::new(AtomicBool::new(false));
        let plan = Plan {
            listener,
            keys: vec![("rehearsal".to_owned(), CANARY.to_owned())],
            world: World::new(1, &Settings::default()),
            ticks: Box::new([quote(spy())].into_iter()),
            pace: Arc::new(Still),
            faults,
        };
        let flag = Arc::clone(&over);
        let served = std::thread::spawn(move || serve(plan, move || flag.load(Ordering::SeqCst)).unwrap());
        let client = Client::new(Hosts::at(Account::Paper, &base).unwrap(), &keys()).unwrap();
        let desk = Self { client, over, served: Some(served), next: AtomicU32::new(10) };
        // The market's first quote is there once the symbol is known.
        for _ in 0..200 {
            if desk.client.asset(spy()).is_ok_and(|flags| flags.tradable) {
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        desk
    }

    fn request(&self, side: Side, shares: i32, kind: OrderKind) -> VenueRequest {
        let number = self.next.fetch_add(3, Ordering::SeqCst);
        VenueRequest {
            id: format!("hs-pabc123-131007-{number}").parse().unwrap(),
            symbol: spy(),
            side,
            qty: Qty::shares(shares),
            kind,
            tif: TimeInForce::Day,
            stop_loss: None,
            take_profit: None,
            one_cancels: None,
        }
    }

    fn limit(&self, shares: i32, cents: i32) -> VenueRequest {
        self.request(Side::Buy, shares, OrderKind::Limit { limit: Price::from_cents(cents) })
    }

    fn fills(&self) -> usize {
        let activities = self.client.activities_since(NOW.plus_seconds(-60)).unwrap();
        activities.iter().filter(|activity| matches!(activity, Activity::Filled(_))).count()
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        if let Some(served) = self.served.take() {
            let _ended = served.join();
        }
    }
}

fn is_refused(answer: &VenueAnswer, part: &str) -> bool {
    matches!(answer, VenueAnswer::Refused(words) if words.contains(part))
}

#[test]
fn case_01_the_account_is_read_to_the_cent() {
    let account = Desk::new(Faults::default()).client.account().unwrap();
    assert_eq!(
        (account.number.as_str(), account.account.equity.to_string()),
        ("HS0000001", "100000.00".to_owned())
    );
    assert_eq!(account.blocked, None);
}

#[test]
fn case_02_the_clock_s_offset_is_what_it_is() {
    let desk = Desk::new(Faults { clock_skew_ms: -7_000, ..Faults::default() });
    assert_eq!(desk.client.clock(|| NOW).map(|clock| clock.offset_ms), Ok(-7_000));
}

#[test]
fn case_03_a_symbol_that_is_not_known_can_do_nothing() {
    let desk = Desk::new(Faults::default());
    assert_eq!(desk.client.asset("NOPE".parse().unwrap()), Ok(AssetFlags::NONE));
    assert_eq!(desk.client.asset(spy()), Ok(AssetFlags::ALL));
}

#[test]
fn case_04_an_order_that_rests_is_listed_as_it_was_asked_for() {
    let desk = Desk::new(Faults::default());
    let request = desk.limit(10, 9_000);
    assert_eq!(desk.client.submit(&request).0, VenueAnswer::Taken);
    let open = desk.client.open_orders().unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!((open[0].request, open[0].status), (request, OrderStatus::Working));
}

#[test]
fn case_05_a_market_order_fills_once_and_its_execution_names_it() {
    let desk = Desk::new(Faults::default());
    let request = desk.request(Side::Buy, 10, OrderKind::Market);
    let (answer, order) = desk.client.submit(&request);
    assert_eq!(answer, VenueAnswer::Taken);
    let known = desk.client.order_of_client(request.id.as_str()).unwrap().unwrap();
    assert_eq!(
        (known.status, known.filled, &known.venue_id),
        (OrderStatus::Filled, request.qty, &order.unwrap().venue_id)
    );
    let activities = desk.client.activities_since(NOW.plus_seconds(-60)).unwrap();
    let [Activity::Filled(execution)] = &activities[..] else { panic!("{activities:?}") };
    assert_eq!((&execution.order, execution.qty), (&known.venue_id, request.qty));
    assert_eq!(desk.client.positions().unwrap()[0].qty, request.qty);
}

#[test]
fn case_06_the_same_id_twice_is_one_order_and_no_refusal() {
    let desk = Desk::new(Faults::default());
    let request = desk.limit(10, 9_000);
    desk.client.submit(&request);
    let (answer, _) = desk.client.submit(&request);
    assert!(matches!(&answer, VenueAnswer::Unknown(words) if words.contains("must be unique")), "{answer:?}");
    assert_eq!(desk.client.open_orders().unwrap().len(), 1);
}

#[test]
fn case_07_a_bracket_s_legs_carry_our_ids_asleep_and_awake() {
    let desk = Desk::new(Faults::default());
    let mut request = desk.request(Side::Buy, 10, OrderKind::Market);
    let (stop, target) = (request.id.stop_leg().unwrap(), request.id.target_leg().unwrap());
    request.stop_loss = Some(Leg { id: stop, price: Price::from_cents(9_500) });
    request.take_profit = Some(Leg { id: target, price: Price::from_cents(11_000) });
    assert_eq!(desk.client.submit(&request).0, VenueAnswer::Taken);
    let order = desk.client.order_of_client(request.id.as_str()).unwrap().unwrap();
    assert!(order.has_family && order.legs.is_empty(), "by a client's id no leg is told");
    let order = desk.client.order(&order.venue_id).unwrap().unwrap();
    let ids: Vec<_> = order.legs.iter().map(|leg| leg.request.id).collect();
    assert_eq!(ids, [stop, target]);
    assert!(order.legs.iter().all(|leg| leg.status == OrderStatus::Working), "{order:?}");
}

#[test]
fn case_08_a_cancel_ends_an_order_and_one_too_late_is_a_refusal() {
    let desk = Desk::new(Faults::default());
    let (_, order) = desk.client.submit(&desk.limit(10, 9_000));
    let id = order.unwrap().venue_id;
    assert_eq!(desk.client.cancel(&id), VenueAnswer::Taken);
    assert_eq!(desk.client.order(&id).unwrap().unwrap().status, OrderStatus::Canceled);
    assert!(is_refused(&desk.client.cancel(&id), "already in"));
    assert!(is_refused(&desk.client.cancel(&"no-such-id".parse().unwrap()), "order not found"));
}

#[test]
fn case_09_what_the_venue_refuses_says_why() {
    let desk = Desk::new(Faults::default());
    assert!(is_refused(&desk.client.submit(&desk.limit(100_000, 9_000)).0, "insufficient buying power"));
    let fine = desk.request(Side::Buy, 1, OrderKind::Limit { limit: "9.12345".parse().unwrap() });
    assert!(is_refused(&desk.client.submit(&fine).0, "sub-penny"));
    assert_eq!(desk.client.order_of_client(fine.id.as_str()), Ok(None), "it leaves no trace");
}

#[test]
fn case_10_shares_that_are_held_are_not_sold_twice() {
    let desk = Desk::new(Faults::default());
    desk.client.submit(&desk.request(Side::Buy, 10, OrderKind::Market));
    let stop = desk.request(Side::Sell, 10, OrderKind::Stop { stop: Price::from_cents(9_000) });
    assert_eq!(desk.client.submit(&stop).0, VenueAnswer::Taken);
    assert!(is_refused(
        &desk.client.submit(&desk.request(Side::Sell, 10, OrderKind::Market)).0,
        "insufficient qty"
    ));
}

#[test]
fn case_11_an_account_that_is_suspended_takes_no_order() {
    let desk = Desk::new(Faults::default());
    desk.client.suspend(true).unwrap();
    assert!(is_refused(&desk.client.submit(&desk.limit(1, 9_000)).0, "rejected by user request"));
    assert!(desk.client.account().unwrap().blocked.is_some());
    desk.client.suspend(false).unwrap();
    assert_eq!(desk.client.submit(&desk.limit(1, 9_000)).0, VenueAnswer::Taken);
}

/// What nobody answered for may have happened, and is never taken for a refusal.
#[test]
fn case_12_an_answer_that_is_lost_leaves_the_order_unknown_and_its_id_tells() {
    let ways: [(&str, RequestFaults); 4] = [
        ("504", RequestFaults { fails_after: 1_000, ..RequestFaults::default() }),
        ("a page", RequestFaults { page: 1_000, ..RequestFaults::default() }),
        ("a cut", RequestFaults { cut: 1_000, ..RequestFaults::default() }),
        ("429", RequestFaults { too_many: 1_000, ..RequestFaults::default() }),
    ];
    for (name, requests) in ways {
        let desk = Desk::new(Faults { requests, ..Faults::default() });
        let (answer, order) = desk.client.submit(&desk.limit(10, 9_000));
        assert!(matches!(answer, VenueAnswer::Unknown(_)) && order.is_none(), "{name}: {answer:?}");
    }
}

#[test]
fn case_13_nobody_listening_is_known_not_to_have_been_reached() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let hosts = Hosts::at(Account::Paper, &format!("http://{free}")).unwrap();
    let desk = Desk::new(Faults::default());
    let client = Client::new(hosts, &keys()).unwrap();
    assert!(is_refused(&client.submit(&desk.limit(1, 9_000)).0, "nobody listens"));
}

/// Half of all answers lack a field or have one more: nothing stops.
#[test]
fn case_14_fields_that_go_and_come_stop_nothing() {
    for requests in [
        RequestFaults { missing_field: 1_000, ..RequestFaults::default() },
        RequestFaults { added_field: 1_000, ..RequestFaults::default() },
    ] {
        for seed in 0..20 {
            let desk = Desk::new(Faults { seed, requests: requests.clone(), ..Faults::default() });
            assert_eq!(
                desk.client.submit(&desk.request(Side::Buy, 10, OrderKind::Market)).0,
                VenueAnswer::Taken
            );
            assert_eq!(desk.client.submit(&desk.limit(5, 9_000)).0, VenueAnswer::Taken);
            assert_eq!(desk.client.open_orders().unwrap().len(), 1, "seed {seed}");
            assert_eq!((desk.client.positions().unwrap().len(), desk.fills()), (1, 1), "seed {seed}");
            desk.client.account().unwrap();
        }
    }
}

/// A host that answers every connection with the same words, and keeps what it was sent.
fn liar(answer: String) -> (String, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&heard);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
            let mut bytes = [0; 4_096];
            while let Ok(count @ 1..) = stream.read(&mut bytes) {
                kept.lock().unwrap().extend_from_slice(&bytes[..count]);
                if kept.lock().unwrap().windows(4).any(|four| four == b"\r\n\r\n") {
                    break;
                }
            }
            let _told = stream.write_all(answer.as_bytes());
        }
    });
    (address, heard)
}

#[test]
fn case_15_a_redirect_takes_no_header_and_no_body_anywhere() {
    for status in ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let (elsewhere, heard_elsewhere) = liar("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}".to_owned());
        let redirect = format!(
            "HTTP/1.1 {status}\r\nlocation: http://{elsewhere}/v2/orders\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        );
        let (first, heard) = liar(redirect);
        let client =
            Client::new(Hosts::at(Account::Paper, &format!("http://{first}")).unwrap(), &keys()).unwrap();
        let desk = Desk::new(Faults::default());
        let (answer, _) = client.submit(&desk.limit(1, 9_000));
        assert!(matches!(answer, VenueAnswer::Unknown(_)), "{status}: {answer:?}");
        assert!(client.account().is_err());
        std::thread::sleep(Duration::from_millis(50));
        assert!(heard_elsewhere.lock().unwrap().is_empty(), "{status}: something was sent elsewhere");
        let sent = String::from_utf8_lossy(&heard.lock().unwrap()).into_owned();
        assert!(sent.contains(CANARY), "the first host is the one that is meant");
    }
}

#[test]
fn case_16_no_fault_s_words_hold_a_key() {
    let (first, _) = liar("HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n{\"broken".to_owned());
    let client =
        Client::new(Hosts::at(Account::Paper, &format!("http://{first}")).unwrap(), &keys()).unwrap();
    let desk = Desk::new(Faults::default());
    let words = [
        format!("{:?}", client.account()),
        format!("{:?}", client.positions()),
        format!("{:?}", client.submit(&desk.limit(1, 9_000))),
        format!("{:?}", client.clock(|| NOW)),
    ];
    assert!(words.iter().all(|words| !words.contains(CANARY)), "{words:?}");
    // A host that says back what it was sent, as a no and as an answer; and moves a cursor with it.
    for status in ["403 Forbidden", "200 OK"] {
        let body = format!("{{\"message\":\"\\u001b[2J no such key: {CANARY}\",\"symbol\":\"{CANARY}\"}}");
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        let (parrot, _) = liar(answer);
        let client =
            Client::new(Hosts::at(Account::Paper, &format!("http://{parrot}")).unwrap(), &keys()).unwrap();
        let words = [
            format!("{:?}", client.submit(&desk.limit(1, 9_000))),
            format!("{:?}", client.account()),
            format!("{:?}", client.positions()),
        ];
        assert!(words.iter().all(|words| !words.contains(CANARY)), "{words:?}");
        assert!(words.iter().all(|words| !words.contains("u{1b}")), "{words:?}");
        assert!(status == "200 OK" || words[0].contains("no such key: [redacted]"), "{words:?}");
    }
    let wrong = Keys { id: Secret::new("nobody".to_owned()), secret: Secret::new(CANARY.to_owned()) };
    let stranger = Client::new(desk.client.hosts().clone(), &wrong).unwrap();
    let (answer, _) = stranger.submit(&desk.limit(1, 9_000));
    assert!(is_refused(&answer, "unauthorized"), "{answer:?}");
}
