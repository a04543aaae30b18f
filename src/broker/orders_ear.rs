use std::sync::Arc;

use crate::alpaca::orders_stream::OrdersSaid;
use crate::broker::line::Shared;

/// Where the stream of orders is told to the door.
#[derive(Clone)]
pub struct OrdersEar(Arc<Shared>);

impl OrdersEar {
    pub(super) const fn of(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    /// Whether the venue's budget has room for a request that can wait and that somebody else makes; it is then
    /// counted.
    #[must_use]
    pub fn may_ask(&self) -> bool {
        self.0.may_ask()
    }

    /// What another client of the same account has last heard of its keys: nothing where they are taken.
    pub fn note_keys(&self, refusal: Option<String>) {
        self.0.remote.account.note_keys(refusal);
    }

    /// Whether the broker does not take the keys: whoever can do without asks nothing then.
    #[must_use]
    pub fn keys_are_refused(&self) -> bool {
        self.0.remote.account.keys_are_refused()
    }

    /// Whether the stream has told nothing of what it should have told long ago. Said once.
    #[must_use]
    pub fn is_mute(&self) -> bool {
        self.0.is_mute()
    }

    /// Takes in what the stream said.
    pub fn hear(&self, said: OrdersSaid) {
        match said {
            OrdersSaid::Up => self.0.stream(true, String::new()),
            OrdersSaid::Down(words) => self.0.stream(false, words),
            OrdersSaid::Update(update) => self.0.update(*update),
            OrdersSaid::Unclear(words) => self.0.unclear(words),
        }
    }
}
