use zeroize::Zeroizing;

use crate::alpaca::echo::without_keys;
use crate::alpaca::hosts::Hosts;
use crate::alpaca::stream::{Protocol, Verdict, keep};
use crate::domain::secret::{Keys, Secret};
use crate::wire::login::{TRADE_UPDATES, listen_to_orders, login_to_orders};
use crate::wire::update::{Heard, Update, read_frame};

/// What the stream of orders tells.
#[derive(Debug)]
pub enum OrdersSaid {
    /// It is authorised and listens: from here on nothing is missed, and what was before must be read.
    Up,
    /// It is lost, and is being opened again: what happens meanwhile is missed.
    Down(String),
    /// Something happened to an order.
    Update(Box<Update>),
    /// Something was said that cannot be read: it may have been about an order.
    Unclear(String),
}

struct Orders<'a, S> {
    keys: &'a Keys,
    is_mute: &'a dyn Fn() -> bool,
    stands: bool,
    waiting: Vec<Zeroizing<String>>,
    told: S,
}

/// Follows the orders of an account until `is_over` says so, on the thread that calls it. `seed` spreads the
/// waits between two tries; `told` must not block for long. `is_mute` says once that the stream has told nothing of
/// what it should have told long ago: it is then opened anew.
pub fn follow_orders(
    hosts: &Hosts,
    keys: &Keys,
    seed: u64,
    told: impl FnMut(OrdersSaid),
    is_mute: &dyn Fn() -> bool,
    is_over: &dyn Fn() -> bool,
) {
    let url = format!("{}/stream", hosts.orders_stream());
    keep(&url, &mut Orders { keys, is_mute, stands: false, waiting: Vec::new(), told }, seed, is_over);
}

impl<S: FnMut(OrdersSaid)> Protocol for Orders<'_, S> {
    fn connected(&mut self) {
        let login = login_to_orders(self.keys.id.expose(), self.keys.secret.expose());
        (self.waiting, self.stands) = (vec![Zeroizing::new(login)], false);
    }

    fn next_words(&mut self) -> Option<Zeroizing<String>> {
        self.waiting.pop()
    }

    fn take(&mut self, frame: &str) -> Verdict {
        let frame = without_keys(frame, [&self.keys.id, &self.keys.secret].into_iter().map(Secret::expose));
        match read_frame(&frame) {
            Ok(Heard::Authorized(true)) => {
                self.waiting.push(Zeroizing::new(listen_to_orders()));
                Verdict::GoOn
            }
            Ok(Heard::Authorized(false)) => {
                Verdict::Refused("the stream of orders does not accept the keys; set them anew".to_owned())
            }
            Ok(Heard::Listening(streams)) if streams.iter().any(|stream| stream == TRADE_UPDATES) => {
                // It says so again whenever it is asked.
                if !std::mem::replace(&mut self.stands, true) {
                    (self.told)(OrdersSaid::Up);
                }
                Verdict::Stands
            }
            Ok(Heard::Listening(_)) => Verdict::Lost("the host does not tell of orders".to_owned()),
            Ok(Heard::Update(update)) => {
                (self.told)(OrdersSaid::Update(update));
                Verdict::GoOn
            }
            Ok(Heard::Other(word)) => {
                (self.told)(OrdersSaid::Unclear(word));
                Verdict::GoOn
            }
            Err(fault) => {
                (self.told)(OrdersSaid::Unclear(fault.to_string()));
                Verdict::GoOn
            }
        }
    }

    fn turn_passed(&mut self) -> Option<String> {
        (self.is_mute)().then(|| "it tells nothing of orders that the venue has".to_owned())
    }

    fn question(&mut self) -> String {
        listen_to_orders()
    }

    fn lost(&mut self, words: &str) {
        (self.told)(OrdersSaid::Down(words.to_owned()));
    }
}
