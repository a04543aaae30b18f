use crate::domain::intent::Intent;
use crate::domain::order::OrderKind;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::engine::snapshot::AskView;
use crate::ui::line::Line;
use crate::ui::seen::Seen;

/// The openings that wait for the trader's yes, as they lie over the screen. A question is chosen by its number:
/// an answer never falls on its neighbour.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Queue {
    /// The chosen question; none once it was answered or is over, until the trader chooses again.
    pub chosen: Option<u64>,
    /// Since when it can be read, by the window's clock.
    pub since_ms: u64,
    /// Where digits go.
    pub field: QueueField,
    /// Another quantity than is asked for; as asked where it is empty.
    pub qty: Line,
    /// Another limit than is asked for; as asked where it is empty.
    pub limit: Line,
    /// What was answered from here, and may be shown once more before the machine has heard it.
    pub answered: Vec<u64>,
    /// What is to be said.
    pub words: Vec<String>,
}

/// What can be changed in a question before it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum QueueField {
    /// The quantity.
    #[default]
    Qty,
    /// The limit.
    Limit,
}

impl Queue {
    /// The queue with this question chosen, to be read from now on.
    pub fn with(chosen: Option<u64>, now_ms: u64) -> Self {
        Self { chosen, since_ms: now_ms, ..Self::default() }
    }

    /// What waits and was not answered from here, oldest first.
    pub fn waiting<'a>(&'a self, seen: &'a Seen) -> impl Iterator<Item = &'a AskView> {
        seen.snapshot.asks.iter().filter(|ask| !self.answered.contains(&ask.number))
    }

    /// The chosen question, while it waits.
    pub fn ask<'a>(&'a self, seen: &'a Seen) -> Option<&'a AskView> {
        let chosen = self.chosen?;
        self.waiting(seen).find(|ask| ask.number == chosen)
    }

    /// Chooses a question, or none. What was typed was about another one.
    pub fn choose(&mut self, number: Option<u64>) {
        (self.chosen, self.field) = (number, QueueField::Qty);
        (self.qty, self.limit) = (Line::default(), Line::default());
        self.words.clear();
    }

    /// Notes that a question was answered: nothing is chosen any more, so that a key that is held down answers one.
    pub fn answer(&mut self, number: u64) {
        self.choose(None);
        self.answered.push(number);
    }

    /// The line into which digits go.
    pub const fn line(&mut self) -> &mut Line {
        match self.field {
            QueueField::Qty => &mut self.qty,
            QueueField::Limit => &mut self.limit,
        }
    }

    /// What the trader asks for otherwise than the strategy.
    ///
    /// # Errors
    /// What cannot be read, in words.
    pub fn changes(&self) -> Result<(Option<Qty>, Option<Price>), String> {
        let typed = |line: &Line| Some(line.text().trim().to_owned()).filter(|text| !text.is_empty());
        let qty = match typed(&self.qty) {
            None => None,
            Some(text) => {
                let qty: Option<Qty> = text.parse().ok().filter(|qty: &Qty| qty.is_positive());
                Some(qty.ok_or_else(|| format!("{text} is no quantity"))?)
            }
        };
        let limit = match typed(&self.limit) {
            None => None,
            Some(text) => {
                let limit: Option<Price> = text.parse().ok().filter(|limit: &Price| limit.is_positive());
                Some(limit.ok_or_else(|| format!("{text} is no price"))?)
            }
        };
        Ok((qty, limit))
    }

    /// What would be sent for a question, with what the trader changed.
    ///
    /// # Errors
    /// What cannot be read, in words.
    pub fn intent(&self, ask: &AskView) -> Result<Intent, String> {
        let (qty, limit) = self.changes()?;
        let kind = limit.map_or(ask.intent.kind, |limit| OrderKind::Limit { limit });
        Ok(Intent { qty: qty.unwrap_or(ask.intent.qty), kind, ..ask.intent })
    }
}
