//! A run derived again: the same events into a fresh machine, the same frames into fresh processes of its
//! strategies, and every byte that comes out beside the one that was written down.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use serde::Serialize;

use crate::domain::intent::StrategyId;
use crate::domain::strategy::{Outcome, StrategyAnswer, StrategyCall};
use crate::engine::command::Command;
use crate::engine::event::{Event, StrategyHead};
use crate::engine::machine::Engine;
use crate::journal::history::{History, HistoryFault, Moment};
use crate::journal::row::{FRAME, Row, kind_of, record_body};
use crate::pump::assembly::onto_nothing;
use crate::strategy::host::{Sandbox, SpawnSettings};
use crate::strategy::source::StrategySource;

/// What a frame's second text is called.
const ANSWER: &str = "answer";
/// The frame of a call that ended well.
const DONE: &str = "done";
/// Of two texts that differ, so much is shown round the place.
const SHOWN_CHARS: usize = 60;

/// What a run was, derived again without a difference.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Rederived {
    /// Events that the machine was told again.
    pub events: u64,
    /// Rows of the machine that came out the same, byte for byte.
    pub rows: u64,
    /// Frames of strategies that went in and came out the same, byte for byte.
    pub frames: u64,
    /// Frames that cannot be compared: their process was ended by a limit, which is no work of the script's.
    pub frames_ended: u64,
    /// Whether the run is told to its end; else why not.
    pub stopped: Option<String>,
}

/// Where texts of strategies come from, by file and hash.
pub type Sources<'a> = &'a dyn Fn(&str, &str) -> Option<StrategySource>;

/// Derives a run again.
///
/// # Errors
/// The first difference, or what stands in the way, in words.
pub fn rederive(
    mut history: History<'_>,
    sources: Sources<'_>,
    executable: PathBuf,
) -> Result<Rederived, String> {
    let head = history.head().clone();
    let settings = head.settings.ok_or(
        "this run was written by a hardstop that did not keep its settings; runs of this one can be derived again",
    )?;
    let engine = onto_nothing(settings, head.limits, head.limits_version)?;
    let mut again = Again {
        engine,
        players: BTreeMap::new(),
        sources,
        executable,
        seed: head.seed,
        answers: BTreeMap::new(),
        found: Rederived::default(),
    };
    loop {
        let moment = match history.next_moment() {
            Ok(Some(moment)) => moment,
            Ok(None) => break,
            Err(fault @ HistoryFault::Emergency { .. }) => {
                again.found.stopped = Some(fault.to_string());
                return Ok(again.found);
            }
            Err(fault) => return Err(fault.to_string()),
        };
        let seq = moment.stamped.seq;
        match again.live(moment) {
            Ok(()) => {}
            // Ticks are on the tape before what came of them is in the journal.
            Err(Differs::Lacks(_)) if history.is_over().map_err(|fault| fault.to_string())? => {
                again.found.stopped =
                    Some(format!("the process ended before it wrote what came of event {seq}"));
                return Ok(again.found);
            }
            Err(Differs::Lacks(words) | Differs::Otherwise(words)) => return Err(words),
        }
    }
    if !history.ended_cleanly().map_err(|fault| fault.to_string())? {
        again.found.stopped = Some("the run has no end of its own: it was cut off, or still runs".to_owned());
    }
    Ok(again.found)
}

/// How what was derived is not what was written.
enum Differs {
    /// The journal ends before it.
    Lacks(String),
    /// In any other way.
    Otherwise(String),
}

impl From<String> for Differs {
    fn from(words: String) -> Self {
        Self::Otherwise(words)
    }
}

/// What a strategy's answer must be when the machine hears it.
enum Expected {
    /// The very one that came back from its process.
    Same(Box<StrategyAnswer>),
    /// That its process was ended: for this reason, and wishing for nothing.
    Ended(String),
}

struct Again<'a> {
    engine: Engine,
    players: BTreeMap<StrategyId, Sandbox>,
    sources: Sources<'a>,
    executable: PathBuf,
    seed: u64,
    /// Answers that the machine is about to hear, by strategy and call.
    answers: BTreeMap<(StrategyId, u64), Expected>,
    found: Rederived,
}

/// A frame as its row has it.
#[derive(Deserialize)]
struct Told {
    strategy: StrategyId,
    #[serde(rename = "in")]
    input: serde_json::Value,
    #[serde(rename = "out")]
    output: serde_json::Value,
    outcome: String,
}

impl Again<'_> {
    fn live(&mut self, moment: Moment) -> Result<(), Differs> {
        self.found.events += 1;
        match &moment.stamped.event {
            Event::StrategyLoaded(head) => self.seat(head)?,
            Event::StrategyAnswered { id, answer } => self.heard(&moment, *id, answer)?,
            _ => {}
        }
        let mut rows = moment.caused.iter();
        for command in self.engine.step(&moment.stamped) {
            match command {
                Command::Record(record) => {
                    let body = record_body(&record).map_err(|fault| fault.to_string())?;
                    let row =
                        rows.next().ok_or_else(|| Differs::Lacks(lacks(&moment, kind_of(&record), &body)))?;
                    same(&moment, row, kind_of(&record), &row.body, &body)?;
                    self.found.rows += 1;
                }
                Command::RunStrategy(id, call) => {
                    let input = serde_json::to_string(&call).map_err(|fault| fault.to_string())?;
                    let row = rows.next().ok_or_else(|| Differs::Lacks(lacks(&moment, FRAME, &input)))?;
                    self.call(&moment, row, id, &call, &input)?;
                }
                Command::StopStrategy(id) => drop(self.players.remove(&id)),
                // What goes to a venue stands in the rows of orders; what came back is among the events.
                Command::Submit(_) | Command::Cancel(_) | Command::AskVenue(_) => {}
            }
        }
        match rows.next() {
            None => Ok(()),
            Some(row) => Err(format!(
                "event {}, row {}: the journal has a {} that the machine does not ask for: {}",
                moment.stamped.seq,
                row.row,
                row.kind,
                around(&row.body, 0)
            )
            .into()),
        }
    }

    /// What the machine was told a strategy answered is what came back from it, whole.
    fn heard(&mut self, moment: &Moment, id: StrategyId, answer: &StrategyAnswer) -> Result<(), String> {
        let good = match self.answers.remove(&(id, answer.seq)) {
            Some(Expected::Same(derived)) => *derived == *answer,
            Some(Expected::Ended(why)) => {
                let reason = match &answer.outcome {
                    Outcome::Failed { reason } | Outcome::Killed { reason } => Some(reason),
                    Outcome::Done => None,
                };
                reason == Some(&why) && answer.wishes.is_empty()
            }
            None => false,
        };
        if good {
            return Ok(());
        }
        Err(format!(
            "event {}: strategy {} is said to have answered call {} otherwise than it did",
            moment.stamped.seq, id.0, answer.seq
        ))
    }

    fn seat(&mut self, head: &StrategyHead) -> Result<(), String> {
        let source = (self.sources)(&head.file, &head.sha256).ok_or_else(|| {
            format!(
                "the text of {} with sha256 {} is not kept; its frames cannot be derived",
                head.name, head.sha256
            )
        })?;
        let params = if head.params.is_empty() { "{}" } else { head.params.as_str() };
        let settings = SpawnSettings {
            seed: self.seed,
            symbols: head.symbols.clone(),
            params: serde_json::from_str(params)
                .map_err(|fault| format!("the params of {}: {fault}", head.name))?,
            ..SpawnSettings::new(self.executable.clone(), &source.file, &source.text)
        };
        let player = Sandbox::spawn(&settings).map_err(|fault| format!("{}: {fault}", head.name))?;
        self.players.insert(head.id, player);
        Ok(())
    }

    fn call(
        &mut self,
        moment: &Moment,
        row: &Row,
        id: StrategyId,
        call: &StrategyCall,
        input: &str,
    ) -> Result<(), String> {
        let told: Told =
            serde_json::from_str(&row.body).map_err(|_| differs(moment, row, FRAME, &row.body, input))?;
        let text =
            |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if told.strategy != id {
            let (was, is) = (told.strategy.0, id.0);
            return Err(differs(moment, row, "call of strategy", &was.to_string(), &is.to_string()));
        }
        same(moment, row, FRAME, &text(&told.input), input)?;
        if told.outcome != DONE && text(&told.output).is_empty() {
            self.players.remove(&id);
            self.answers.insert((id, call.seq), Expected::Ended(told.outcome));
            self.found.frames_ended += 1;
            return Ok(());
        }
        let player = self.players.get_mut(&id).ok_or_else(|| {
            format!(
                "event {}, row {}: strategy {} answered and was not loaded",
                moment.stamped.seq, row.row, id.0
            )
        })?;
        let record = player.call(call);
        if let Outcome::Killed { reason } = &record.answer.outcome {
            return Err(format!(
                "event {}, row {}: the call ended well, and its replay was ended: {reason}",
                moment.stamped.seq, row.row
            ));
        }
        same(moment, row, ANSWER, &text(&told.output), &String::from_utf8_lossy(&record.output))?;
        self.answers.insert((id, call.seq), Expected::Same(Box::new(record.answer)));
        self.found.frames += 1;
        Ok(())
    }
}

fn lacks(moment: &Moment, kind: &str, body: &str) -> String {
    let seq = moment.stamped.seq;
    format!("event {seq}: the machine asks for a {kind} that the journal does not have: {}", around(body, 0))
}

/// Two texts of the same row, byte for byte.
fn same(moment: &Moment, row: &Row, kind: &str, told: &str, derived: &str) -> Result<(), String> {
    // Of a frame two texts are compared, each under its own name.
    let same_kind = row.kind == kind || (row.kind == FRAME && matches!(kind, FRAME | ANSWER));
    if same_kind && told == derived { Ok(()) } else { Err(differs(moment, row, kind, told, derived)) }
}

fn differs(moment: &Moment, row: &Row, kind: &str, told: &str, derived: &str) -> String {
    let place = told.bytes().zip(derived.bytes()).take_while(|(one, other)| one == other).count();
    format!(
        "event {}, row {} ({}): from byte {} of its {kind} on the journal has {:?}, and the machine says {:?}",
        moment.stamped.seq,
        row.row,
        row.kind,
        place + 1,
        around(told, place),
        around(derived, place)
    )
}

/// A text from a little before a place on.
fn around(text: &str, place: usize) -> String {
    let start =
        (0..=place.saturating_sub(SHOWN_CHARS / 4)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let rest = text.get(start..).unwrap_or_default();
    let shown: String = rest.chars().take(SHOWN_CHARS).collect();
    if shown.len() < rest.len() { format!("{shown}…") } else { shown }
}
