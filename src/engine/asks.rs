//! Openings that wait for the trader's yes: a strategy whose passport asks sends none by itself.

use std::collections::BTreeMap;

use crate::domain::at::At;
use crate::domain::id::ClientOrderId;
use crate::domain::intent::{Intent, Origin, StrategyId};
use crate::domain::order::{OrderKind, OrderStatus};
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::strategy::StrategyEvent;
use crate::engine::machine::Engine;
use crate::engine::record::Record;
use crate::engine::snapshot::AskView;
use crate::engine::strategies::Running;
use crate::risk::decision::Decision;
use crate::risk::passport::OwnBook;
use crate::risk::situation::Situation;

/// A question waits at most this long, however long the strategy's bars are.
const WAIT_MS_MAX: i64 = 300_000;
/// A question is about a bar: after this many more of them it is about nothing any more.
const BARS: i64 = 2;

/// One opening that waits for the trader.
#[derive(Debug, Clone)]
struct Ask {
    strategy: StrategyId,
    /// The id under which the strategy hears what became of it.
    id: ClientOrderId,
    intent: Intent,
    tag: Option<String>,
    asked_at: At,
    until: At,
}

/// The questions that wait. They end with the process: none is answered that was asked of a market of before.
#[derive(Debug, Default)]
pub(super) struct Asks {
    waiting: BTreeMap<u64, Ask>,
}

impl Asks {
    /// When the next of them ends by itself.
    pub(super) fn next_end(&self) -> Option<At> {
        self.waiting.values().map(|ask| ask.until).min()
    }
}

impl Engine {
    /// An opening of a strategy whose passport asks waits for the trader; everything else is placed. What the gate
    /// would refuse anyway is refused at once, and asked of nobody.
    pub(super) fn place_or_ask(&mut self, id: StrategyId, intent: Intent, tag: Option<String>) {
        let asks = self.strategies.get(id).is_some_and(|strategy| strategy.head.passport.asks);
        if !asks {
            return self.place(intent, tag);
        }
        let decision = self.gate.judge(&intent, &self.with_a_yes(&intent), self.now);
        if !decision.is_approved() || decision.reducing {
            return self.place(intent, tag);
        }
        let same = |ask: &Ask| {
            ask.strategy == id && ask.intent.symbol == intent.symbol && ask.intent.side == intent.side
        };
        let order = self.next_id();
        if let Some((number, _)) = self.asks.waiting.iter().find(|(_, ask)| same(ask)) {
            let words = format!("question {number} about the same still waits");
            self.tell_ask(id, "not asked again", words.clone());
            return self.tell_refusal(&intent, order, words);
        }
        let timeframe_ms = self.strategies.get(id).map_or(0, |strategy| strategy.head.timeframe_ms);
        let until = self.now.plus_millis(timeframe_ms.saturating_mul(BARS).clamp(1, WAIT_MS_MAX));
        let number = order.seq().unwrap_or(0);
        let seconds = until.millis_since(self.now).checked_div(1_000).unwrap_or(0);
        let detail = format!("question {number}: {}, for {seconds} s", words_of(&intent));
        self.tell_ask(id, "asks", detail);
        let ask = Ask { strategy: id, id: order, intent, tag, asked_at: self.now, until };
        self.asks.waiting.insert(number, ask);
    }

    /// The trader's answer. What may go is judged anew: the market and the account have moved on.
    pub(super) fn answer_ask(&mut self, number: u64, yes: bool, qty: Option<Qty>, limit: Option<Price>) {
        let Some(ask) = self.asks.waiting.remove(&number) else {
            let words = format!("no question {number} waits; `hardstop strategy asks` lists those that do");
            return self.alert(words);
        };
        if !yes {
            self.tell_ask(ask.strategy, "rejected", format!("question {number}, by the trader"));
            return self.tell_refusal(&ask.intent, ask.id, "rejected by the trader".to_owned());
        }
        let kind = limit.map_or(ask.intent.kind, |limit| OrderKind::Limit { limit });
        let intent = Intent { qty: qty.unwrap_or(ask.intent.qty), kind, ..ask.intent };
        let detail = format!("question {number}: {}, by the trader", words_of(&intent));
        self.tell_ask(ask.strategy, "approved", detail);
        let situation = self.with_a_yes(&intent);
        if self.gate.judge(&intent, &situation, self.now).reducing {
            // What it was to open is there on the other side by now: it goes the way of exits.
            return self.place(intent, ask.tag);
        }
        self.admit(intent, ask.tag, &situation);
    }

    /// Ends what nobody answered in time, and what a strategy asked that does not run any more.
    pub(super) fn keep_asks(&mut self) {
        let runs =
            |id: StrategyId| self.strategies.get(id).is_some_and(|strategy| strategy.running == Running::Yes);
        let over = |ask: &Ask| match (runs(ask.strategy), ask.until <= self.now) {
            (false, _) => Some("the strategy does not run any more"),
            (true, true) => Some("nobody answered in time"),
            (true, false) => None,
        };
        let ended: Vec<(u64, &str)> =
            self.asks.waiting.iter().filter_map(|(number, ask)| Some((*number, over(ask)?))).collect();
        for (number, why) in ended {
            self.drop_ask(number, why);
        }
    }

    /// Ends every question.
    pub(super) fn drop_asks(&mut self, why: &str) {
        let numbers: Vec<u64> = self.asks.waiting.keys().copied().collect();
        for number in numbers {
            self.drop_ask(number, why);
        }
    }

    /// Ends the questions of a strategy that is loaded anew; what asked them hears no more of it.
    pub(super) fn drop_asks_of(&mut self, id: StrategyId, why: &str) {
        let own = self.asks.waiting.extract_if(.., |_, ask| ask.strategy == id);
        let numbers: Vec<u64> = own.map(|(number, _)| number).collect();
        for number in numbers {
            self.tell_ask(id, "expired", format!("question {number}: {why}"));
        }
    }

    fn drop_ask(&mut self, number: u64, why: &str) {
        let Some(ask) = self.asks.waiting.remove(&number) else { return };
        self.tell_ask(ask.strategy, "expired", format!("question {number}: {why}"));
        let (id, status, at) = (ask.id, OrderStatus::Refused, self.now);
        let event = StrategyEvent::Order { id, status, reason: Some(why.to_owned()), at };
        self.call_strategy(ask.strategy, ask.intent.symbol, event);
    }

    /// Judges a strategy's intent as it would be judged once the trader has said yes to it, minting nothing.
    pub fn what_if_yes(&self, intent: &Intent) -> Decision {
        self.gate.judge(intent, &self.with_a_yes(intent), self.now)
    }

    fn with_a_yes(&self, intent: &Intent) -> Situation {
        let situation = self.situation(intent);
        Situation { own: OwnBook { said_yes: true, ..situation.own }, ..situation }
    }

    fn tell_ask(&mut self, id: StrategyId, what: &str, detail: String) {
        self.record(Record::Strategy { id, what: what.to_owned(), detail });
    }

    /// The questions that wait, for eyes, oldest first.
    pub(super) fn ask_views(&self) -> Vec<AskView> {
        let view = |(number, ask): (&u64, &Ask)| AskView {
            number: *number,
            strategy: ask.strategy.0,
            name: self.strategies.get(ask.strategy).map_or_else(String::new, |known| known.head.name.clone()),
            intent: ask.intent,
            tag: ask.tag.clone(),
            asked_at: ask.asked_at,
            until: ask.until,
        };
        self.asks.waiting.iter().map(view).collect()
    }
}

/// An opening in a line.
fn words_of(intent: &Intent) -> String {
    debug_assert!(matches!(intent.origin, Origin::Strategy(_)));
    let limit =
        intent.kind.limit().map_or_else(|| "at the market".to_owned(), |limit| format!("limit {limit}"));
    let stop = intent.stop_loss.map_or_else(String::new, |stop| format!(", stop {stop}"));
    format!("{} {} {} {limit}{stop}", intent.side.word(), intent.qty, intent.symbol)
}
