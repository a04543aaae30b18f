use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;

use crate::domain::market::Tick;
use crate::domain::symbol::Symbol;
use crate::gateway::codec::{Codec, pack, unpack};
use crate::gateway::faults::Lot;
use crate::gateway::serve::Shared;
use crate::gateway::tape::News;
use crate::wire::login::{Spoken, TRADE_UPDATES, Wishes};
use crate::wire::told::{write_halt, write_tick};

/// One client of the stream of orders, until it leaves.
pub(super) async fn orders(mut socket: WebSocket, shared: Arc<Shared>, codec: Codec) {
    let mut events = shared.orders.subscribe();
    let (mut account, mut listens, mut sender) = (None, false, Sender::new(codec, true));
    loop {
        tokio::select! {
            said = socket.recv() => {
                let Some(Ok(message)) = said else { return };
                let Some(text) = text_of(&message) else { continue };
                let answer = match Spoken::read(&text) {
                    Spoken::Login { key, secret } => {
                        account = shared.account_of(&key, &secret);
                        let status = if account.is_some() { "authorized" } else { "unauthorized" };
                        json!({"stream": "authorization", "data": {"status": status, "action": "authenticate"}})
                    }
                    Spoken::Listen(_) if account.is_none() => {
                        json!({"stream": "authorization", "data": {"status": "unauthorized", "action": "listen"}})
                    }
                    Spoken::Listen(streams) => {
                        listens = streams.iter().any(|stream| stream == TRADE_UPDATES);
                        let streams = if listens { vec![TRADE_UPDATES] } else { Vec::new() };
                        json!({"stream": "listening", "data": {"streams": streams}})
                    }
                    _ => continue,
                };
                if socket.send(written(&answer, codec, true)).await.is_err() {
                    return;
                }
            }
            event = events.recv() => match event {
                Ok((of, text)) if listens && account == Some(of) => {
                    let Ok(frame) = serde_json::from_str::<Value>(&text) else { continue };
                    if sender.send(&mut socket, &shared, frame).await.is_err() {
                        return;
                    }
                }
                Ok(_) => {}
                // It reads too slowly: what it missed is missed, and it is better told by an end.
                Err(RecvError::Lagged(_) | RecvError::Closed) => return,
            },
        }
    }
}

/// One client of the stream of market data, until it leaves.
pub(super) async fn data(mut socket: WebSocket, shared: Arc<Shared>, codec: Codec, account: Option<usize>) {
    let mut ticks = shared.data.subscribe();
    let (mut known, mut wishes, mut sender) =
        (account.is_some(), Wishes::default(), Sender::new(codec, false));
    let mut flood = Flood::of(shared.dice().faults().data.flood);
    let mut greetings = vec![json!([{"T": "success", "msg": "connected"}])];
    if known {
        greetings.push(json!([{"T": "success", "msg": "authenticated"}]));
    }
    for greeting in &greetings {
        if socket.send(written(greeting, codec, false)).await.is_err() {
            return;
        }
    }
    loop {
        tokio::select! {
            said = socket.recv() => {
                let Some(Ok(message)) = said else { return };
                let Some(text) = text_of(&message) else { continue };
                let answer = match Spoken::read(&text) {
                    Spoken::Login { .. } if known => fault(403, "already authenticated"),
                    Spoken::Login { key, secret } => {
                        known = shared.account_of(&key, &secret).is_some();
                        if known { json!([{"T": "success", "msg": "authenticated"}]) } else { fault(402, "auth failed") }
                    }
                    Spoken::Subscribe(_) | Spoken::Unsubscribe(_) if !known => fault(401, "not authenticated"),
                    Spoken::Subscribe(more) => {
                        wishes.add(more);
                        subscription(&wishes)
                    }
                    Spoken::Unsubscribe(less) => {
                        wishes.take(&less);
                        subscription(&wishes)
                    }
                    Spoken::Listen(_) | Spoken::Other => fault(400, "invalid syntax"),
                };
                if socket.send(written(&answer, codec, false)).await.is_err() {
                    return;
                }
            }
            frame = flood.next() => {
                if sender.send(&mut socket, &shared, frame).await.is_err() {
                    return;
                }
            }
            batch = ticks.recv() => match batch {
                Ok(batch) => {
                    let wanted: Vec<&News> = batch.iter().filter(|news| wishes.wants(news)).collect();
                    flood.note(&wanted);
                    let frame: Vec<Value> = wanted.into_iter().filter_map(told).collect();
                    if !frame.is_empty() && sender.send(&mut socket, &shared, Value::Array(frame)).await.is_err() {
                        return;
                    }
                }
                Err(RecvError::Lagged(_)) => {
                    let _leaves = socket.send(written(&fault(407, "slow client"), codec, false)).await;
                    return;
                }
                Err(RecvError::Closed) => return,
            },
        }
    }
}

/// How often a flood is sent.
const FLOOD_EVERY: Duration = Duration::from_millis(10);

/// The last quotes again and again, so many a second.
struct Flood {
    per_frame: usize,
    last: BTreeMap<Symbol, Tick>,
    clock: tokio::time::Interval,
}

impl Flood {
    fn of(per_second: u32) -> Self {
        let frames = 100;
        let per_frame = usize::try_from(per_second).unwrap_or(0) / frames;
        Self { per_frame, last: BTreeMap::new(), clock: tokio::time::interval(FLOOD_EVERY) }
    }

    fn note(&mut self, told: &[&News]) {
        for news in told.iter().filter(|_| self.per_frame > 0) {
            if let News::Tick(tick @ Tick::Quote(quote)) = news {
                self.last.insert(quote.symbol, *tick);
            }
        }
    }

    /// The next frame, once it is due; without a flood there is none.
    async fn next(&mut self) -> Value {
        loop {
            if self.per_frame == 0 {
                std::future::pending::<()>().await;
            }
            self.clock.tick().await;
            if !self.last.is_empty() {
                return self.last.values().cycle().take(self.per_frame).map(write_tick).collect();
            }
        }
    }
}

/// What a client is told of it; of a split nothing, as at Alpaca: its prices are others from then on.
fn told(news: &News) -> Option<Value> {
    match news {
        News::Tick(tick) => Some(write_tick(tick)),
        News::Halted(symbol, halted, at) => Some(write_halt(*symbol, *halted, *at)),
        News::Split(_, _) => None,
    }
}

fn fault(code: u32, words: &str) -> Value {
    json!([{"T": "error", "code": code, "msg": words}])
}

fn subscription(wishes: &Wishes) -> Value {
    json!([{
        "T": "subscription",
        "trades": wishes.trades, "quotes": wishes.quotes, "bars": wishes.bars,
        "updatedBars": wishes.updated_bars, "dailyBars": wishes.daily_bars,
        "statuses": wishes.statuses, "lulds": wishes.lulds,
        "corrections": wishes.trades, "cancelErrors": wishes.trades,
    }])
}

fn text_of(message: &Message) -> Option<String> {
    match message {
        Message::Text(text) => Some(text.to_string()),
        // JSON in a binary frame is as good; what is no JSON is packed.
        Message::Binary(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) if text.trim_start().starts_with('{') => Some(text.to_owned()),
            _ => unpack(bytes),
        },
        Message::Ping(_) | Message::Pong(_) | Message::Close(_) => None,
    }
}

fn written(frame: &Value, codec: Codec, binary: bool) -> Message {
    match (codec, binary) {
        (Codec::MessagePack, _) => Message::Binary(pack(frame).into()),
        (Codec::Json, true) => Message::Binary(frame.to_string().into_bytes().into()),
        (Codec::Json, false) => Message::Text(frame.to_string().into()),
    }
}

/// Sends frames as the faults will have it.
struct Sender {
    codec: Codec,
    of_orders: bool,
    mute: bool,
    behind: Option<Value>,
}

impl Sender {
    fn new(codec: Codec, of_orders: bool) -> Self {
        Self { codec, of_orders, mute: false, behind: None }
    }

    async fn send(
        &mut self,
        socket: &mut WebSocket,
        shared: &Shared,
        frame: Value,
    ) -> Result<(), axum::Error> {
        let lot = shared.dice().of_message(self.of_orders);
        self.mute |= lot == Lot::Mute;
        let behind = self.behind.take();
        let frames = match lot {
            _ if self.mute => return Ok(()),
            Lot::Closed => {
                return Err(axum::Error::new(std::io::Error::from(std::io::ErrorKind::ConnectionReset)));
            }
            Lot::Dropped => Vec::new(),
            Lot::Doubled => vec![frame.clone(), frame],
            Lot::Swapped => {
                self.behind = Some(frame);
                Vec::new()
            }
            Lot::Fine | Lot::Mute => vec![frame],
        };
        for frame in frames.into_iter().chain(behind) {
            socket.send(written(&frame, self.codec, self.of_orders)).await?;
        }
        Ok(())
    }
}

impl Wishes {
    fn lists(&mut self) -> [&mut Vec<String>; 7] {
        [
            &mut self.trades,
            &mut self.quotes,
            &mut self.bars,
            &mut self.updated_bars,
            &mut self.daily_bars,
            &mut self.statuses,
            &mut self.lulds,
        ]
    }

    fn add(&mut self, mut more: Self) {
        for (own, more) in self.lists().into_iter().zip(more.lists()) {
            own.append(more);
            own.sort();
            own.dedup();
        }
    }

    fn take(&mut self, less: &Self) {
        let mut less = less.clone();
        for (own, less) in self.lists().into_iter().zip(less.lists()) {
            own.retain(|symbol| !less.contains(symbol));
        }
    }

    fn wants(&self, news: &News) -> bool {
        let (list, of) = match news {
            News::Tick(Tick::Quote(quote)) => (&self.quotes, quote.symbol),
            News::Tick(Tick::Trade(trade)) => (&self.trades, trade.symbol),
            News::Tick(Tick::Bar(bar)) => (&self.bars, bar.symbol),
            News::Halted(symbol, _, _) => (&self.statuses, *symbol),
            News::Split(_, _) => return false,
        };
        list.iter().any(|symbol| symbol == "*" || symbol == of.as_str())
    }
}
