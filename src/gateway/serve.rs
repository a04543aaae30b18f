use std::collections::VecDeque;
use std::io;
use std::net::TcpListener;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{FromRequestParts, Query as Decoded, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use tokio::sync::broadcast;

use crate::domain::at::At;
use crate::domain::market::Tick;
use crate::gateway::codec::Codec;
use crate::gateway::faults::{Dice, Fate, Faults};
use crate::gateway::query::Query;
use crate::gateway::reply::Reply;
use crate::gateway::streams;
use crate::gateway::tape::{News, Tape};
use crate::gateway::world::{Call, World};

/// The largest body that is read.
const BODY_MAX: usize = 1 << 20;
/// How many frames a stream may be behind before it is ended.
const BEHIND_MAX: usize = 4_096;
/// How long the market sleeps at most before it looks at the clock again.
const NAP: Duration = Duration::from_millis(20);

/// The exchange's time: what it is, and how long until an instant comes.
pub trait Pace: Send + Sync {
    /// The instant by now.
    fn now(&self) -> At;
    /// How long until `at`.
    fn until(&self, at: At) -> Duration;
    /// How many times as fast as the wall's it runs, as a number in words.
    fn speed(&self) -> String {
        "1".to_owned()
    }
}

/// Everything that an exchange needs to serve.
pub struct Plan {
    /// Where it listens.
    pub listener: TcpListener,
    /// The key id and secret of each account, in the accounts' order.
    pub keys: Vec<(String, String)>,
    /// The exchange with its accounts.
    pub world: World,
    /// The market, in the order of time.
    pub ticks: Box<dyn Iterator<Item = Tick> + Send>,
    /// Its time.
    pub pace: Arc<dyn Pace>,
    /// How it fails on purpose.
    pub faults: Faults,
}

pub(super) struct Shared {
    world: Mutex<World>,
    keys: Vec<(String, String)>,
    pace: Arc<dyn Pace>,
    began: At,
    dice: Mutex<Dice>,
    recent: Mutex<Vec<VecDeque<At>>>,
    /// How many requests came in so far: each has an id, as at Alpaca.
    requests: AtomicU64,
    pub(super) orders: broadcast::Sender<(usize, Arc<str>)>,
    pub(super) data: broadcast::Sender<Arc<[News]>>,
}

/// Serves until `is_over` says so.
///
/// # Errors
/// Why the listener cannot be served.
pub fn serve(plan: Plan, is_over: impl Fn() -> bool + Send + Sync + 'static) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    plan.listener.set_nonblocking(true)?;
    let accounts = plan.keys.len();
    let mut world = plan.world;
    world.skew_ms = plan.faults.clock_skew_ms;
    world.speed = plan.pace.speed();
    let tape = Tape::of(plan.ticks, &plan.faults, plan.pace.now());
    let shared = Arc::new(Shared {
        world: Mutex::new(world),
        keys: plan.keys,
        began: plan.pace.now(),
        pace: plan.pace,
        dice: Mutex::new(Dice::of(plan.faults)),
        recent: Mutex::new(vec![VecDeque::new(); accounts]),
        requests: AtomicU64::new(0),
        orders: broadcast::channel(BEHIND_MAX).0,
        data: broadcast::channel(BEHIND_MAX).0,
    });
    runtime.block_on(async move {
        let listener = tokio::net::TcpListener::from_std(plan.listener)?;
        let market = tokio::spawn(run_market(Arc::clone(&shared), tape));
        let app = Router::new().fallback(any).with_state(shared);
        let over = async move {
            while !is_over() {
                tokio::time::sleep(NAP).await;
            }
        };
        tokio::select! {
            served = async { axum::serve(listener, app).await } => served?,
            () = over => {}
        }
        market.abort();
        Ok(())
    })
}

/// The market moves as time passes; when the data are over, time goes on without it.
async fn run_market(shared: Arc<Shared>, mut tape: Tape) {
    loop {
        let now = shared.pace.now();
        let batch = tape.take_until(now);
        {
            let mut world = shared.world();
            for news in &batch {
                world.hear(news);
            }
            world.advance(now);
            shared.tell_events(&mut world);
        }
        if !batch.is_empty() {
            // Nobody may be listening.
            let _listeners = shared.data.send(batch.into());
        }
        let nap = tape.next_at().map_or(NAP, |at| shared.pace.until(at)).min(NAP);
        tokio::time::sleep(nap.max(Duration::from_millis(1))).await;
    }
}

impl Shared {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn dice(&self) -> MutexGuard<'_, Dice> {
        self.dice.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands on what the streams of orders have to tell.
    fn tell_events(&self, world: &mut World) {
        for (account, event) in world.take_events() {
            // Nobody may be listening.
            let _listeners = self.orders.send((account, event.to_string().into()));
        }
    }

    /// The account of a pair of keys.
    pub(super) fn account_of(&self, key: &str, secret: &str) -> Option<usize> {
        let since_began_ms = self.pace.now().millis_since(self.began);
        if self.dice().refuses_keys(since_began_ms) {
            return None;
        }
        self.keys.iter().position(|(id, own)| id == key && own == secret)
    }

    fn answer(&self, account: usize, call: &Call<'_>) -> Reply {
        let cancelled = call.path.strip_prefix("/v2/orders/").filter(|_| call.method == "DELETE");
        let too_late = cancelled.filter(|_| self.dice().is_late_cancel());
        let (mut world, now) = (self.world(), self.pace.now());
        if let Some(venue_id) = too_late {
            world.fill_before_cancel(account, venue_id, now);
        }
        let reply = world.answer(account, call, now);
        self.tell_events(&mut world);
        reply
    }

    /// Whether the account has used up its minute.
    fn is_too_many(&self, account: usize) -> bool {
        let most = self.dice().faults().requests.most_per_minute;
        let Ok(most) = usize::try_from(most) else { return false };
        let now = self.pace.now();
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(recent) = recent.get_mut(account).filter(|_| most > 0) else { return false };
        recent.retain(|at| now.millis_since(*at) < 60_000);
        recent.push_back(now);
        recent.len() > most
    }
}

/// The keys of a request, from its headers.
fn keys_of(headers: &HeaderMap) -> Option<(&str, &str)> {
    let of = |name: &str| headers.get(name)?.to_str().ok();
    Some((of("APCA-API-KEY-ID")?, of("APCA-API-SECRET-KEY")?))
}

async fn any(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let number = shared.requests.fetch_add(1, Ordering::Relaxed) + 1;
    let mut response = answered(shared, request).await;
    if let Ok(id) = HeaderValue::from_str(&format!("{number:032x}")) {
        response.headers_mut().insert("x-request-id", id);
    }
    response
}

async fn answered(shared: Arc<Shared>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    if path == "/stream" || matches!(path.as_str(), "/v2/iex" | "/v2/sip" | "/v2/test" | "/v2/delayed_sip") {
        return upgrade(shared, &mut parts, path == "/stream").await;
    }
    let account = match keys_of(&parts.headers) {
        // So says Alpaca's front door, which is no JSON.
        None => return page(StatusCode::UNAUTHORIZED, "<html><h1>401 Authorization Required</h1></html>"),
        Some((key, secret)) => shared.account_of(key, secret),
    };
    let Some(account) = account else {
        return written(Reply { status: 401, body: Some(serde_json::json!({ "message": "unauthorized." })) });
    };
    let Ok(bytes) = to_bytes(body, BODY_MAX).await else {
        return written(Reply::fault(413, 41_310_000, "the body is too large"));
    };
    let text = String::from_utf8_lossy(&bytes);
    let decoded = Decoded::<Vec<(String, String)>>::from_request_parts(&mut parts, &()).await;
    let query = Query::of(decoded.map(|decoded| decoded.0).unwrap_or_default());
    let call = Call { method: parts.method.as_str(), path: &path, query, body: &text };
    respond(&shared, account, &call).await
}

/// Answers, or fails on purpose.
async fn respond(shared: &Shared, account: usize, call: &Call<'_>) -> Response {
    let fate = if shared.is_too_many(account) { Fate::TooMany } else { shared.dice().of_request() };
    match fate {
        Fate::TooMany => return written(Reply::fault(429, 42_910_000, "rate limit exceeded")),
        Fate::FailsBefore => return page(StatusCode::SERVICE_UNAVAILABLE, ""),
        Fate::Slow(millis) => tokio::time::sleep(Duration::from_millis(u64::from(millis))).await,
        _ => {}
    }
    let mut reply = shared.answer(account, call);
    match fate {
        Fate::FailsAfter => page(StatusCode::GATEWAY_TIMEOUT, ""),
        Fate::Page => page(StatusCode::BAD_GATEWAY, "<html><h1>502 Bad Gateway</h1></html>"),
        Fate::Cut => cut(),
        Fate::MissingField | Fate::AddedField => {
            if let Some(body) = &mut reply.body {
                shared.dice().bend(fate, body);
            }
            written(reply)
        }
        _ => written(reply),
    }
}

async fn upgrade(shared: Arc<Shared>, parts: &mut Parts, to_orders: bool) -> Response {
    let packs = parts.headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/msgpack");
    let codec = if packs { Codec::MessagePack } else { Codec::Json };
    let account = keys_of(&parts.headers).and_then(|(key, secret)| shared.account_of(key, secret));
    match WebSocketUpgrade::from_request_parts(parts, &()).await {
        Err(_) => page(StatusCode::BAD_REQUEST, "this path is a stream; ask for it as one"),
        Ok(upgrade) if to_orders => upgrade.on_upgrade(move |socket| streams::orders(socket, shared, codec)),
        Ok(upgrade) => upgrade.on_upgrade(move |socket| streams::data(socket, shared, codec, account)),
    }
}

fn written(reply: Reply) -> Response {
    let body = reply.body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    response
}

fn page(status: StatusCode, text: &'static str) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("text/html"));
    response
}

/// An answer that breaks off before its first byte of a body: the connection ends with it.
fn cut() -> Response {
    let broken = futures_of_nothing();
    let mut response = Response::new(broken);
    response.headers_mut().insert(header::CONTENT_LENGTH, header::HeaderValue::from_static("1000"));
    response
}

fn futures_of_nothing() -> Body {
    let none = futures_util::stream::once(async {
        Err::<Vec<u8>, io::Error>(io::ErrorKind::ConnectionReset.into())
    });
    Body::from_stream(none)
}
