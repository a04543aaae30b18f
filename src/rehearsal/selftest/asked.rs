use std::collections::BTreeSet;

use crate::domain::id::ClientOrderId;
use crate::domain::intent::{Intent, Origin};
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::engine::event::{Act, Event};

/// Who asked for what in the event that runs: an opening that nobody asks for just now is an exit that waited
/// and became one.
#[derive(Debug, Default)]
pub(super) struct Asked {
    ticket: Option<(Symbol, Side)>,
    strategy_answers: bool,
    replaced: BTreeSet<ClientOrderId>,
    /// What an order that was to be replaced may still become, much later.
    replacing: BTreeSet<(Symbol, Side)>,
    /// An order of somebody else was to be replaced: what it trades is not known here.
    anything: bool,
}

impl Asked {
    /// The next event begins; `of` tells what an order trades.
    pub(super) fn event(&mut self, event: &Event, of: impl Fn(ClientOrderId) -> Option<(Symbol, Side)>) {
        self.ticket = None;
        self.strategy_answers = false;
        match event {
            Event::Operator(Act::Submit { intent, .. }) => self.ticket = Some((intent.symbol, intent.side)),
            Event::Operator(Act::Replace { order, .. }) if self.replaced.insert(*order) => {
                let what = of(*order);
                self.anything |= what.is_none();
                self.replacing.extend(what);
            }
            Event::StrategyAnswered { .. } => self.strategy_answers = true,
            _ => {}
        }
    }

    /// Whether somebody asks for this opening now, or asked to put it in another's place.
    pub(super) fn is_wanted(&self, intent: &Intent) -> bool {
        let what = (intent.symbol, intent.side);
        let now = match intent.origin {
            Origin::Operator => self.ticket == Some(what),
            Origin::Strategy(_) => self.strategy_answers,
            Origin::Engine | Origin::Kill => false,
        };
        now || self.anything || self.replacing.contains(&what)
    }
}
