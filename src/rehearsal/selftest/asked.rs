use std::collections::BTreeMap;

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
    /// Orders that another was to take the place of, with what they trade; of somebody else's that is not
    /// known here.
    replaced: BTreeMap<ClientOrderId, Option<(Symbol, Side)>>,
    /// The order that the event that runs asks to replace.
    gives_way: Option<ClientOrderId>,
}

impl Asked {
    /// The next event begins; `of` tells what an order trades.
    pub(super) fn event(&mut self, event: &Event, of: impl Fn(ClientOrderId) -> Option<(Symbol, Side)>) {
        self.ticket = None;
        self.strategy_answers = false;
        self.gives_way = None;
        match event {
            Event::Operator(Act::Submit { intent, .. }) => self.ticket = Some((intent.symbol, intent.side)),
            Event::Operator(Act::Replace { order, .. }) => {
                self.gives_way = Some(*order);
                self.replaced.entry(*order).or_insert_with(|| of(*order));
            }
            Event::StrategyAnswered { .. } => self.strategy_answers = true,
            _ => {}
        }
    }

    /// Whether somebody asks for this opening now, or asked to put it in the place of an order that has ended
    /// since.
    pub(super) fn is_wanted(&self, intent: &Intent, has_ended: impl Fn(ClientOrderId) -> bool) -> bool {
        let what = (intent.symbol, intent.side);
        let now = match intent.origin {
            Origin::Operator => self.ticket == Some(what),
            Origin::Strategy(_) => self.strategy_answers,
            Origin::Engine | Origin::Kill => false,
        };
        let mut may_become =
            self.replaced.iter().filter(|(_, traded)| traded.is_none_or(|traded| traded == what));
        now || may_become.any(|(id, _)| has_ended(*id))
    }

    /// The order in whose place this one would stand beside it, where the event that runs asks to replace it.
    pub(super) fn gives_way_to(&self, intent: &Intent) -> Option<ClientOrderId> {
        let id = self.gives_way?;
        let what = (intent.symbol, intent.side);
        let traded = self.replaced.get(&id).copied().flatten();
        (intent.origin == Origin::Operator && traded == Some(what)).then_some(id)
    }
}
