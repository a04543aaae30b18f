//! Scenario tapes: what happens to the machine, step by step, and what must be seen of it. Each file of
//! `tests/tapes/` is named after what once broke, for us or for the users of another system.

use std::collections::BTreeSet;
use std::path::PathBuf;

use hardstop::domain::at::At;
use hardstop::domain::intent::{Intent, Origin};
use hardstop::domain::market::{Quote, Tick};
use hardstop::domain::order::{OrderKind, TimeInForce};
use hardstop::domain::qty::Qty;
use hardstop::domain::side::Side;
use hardstop::domain::venue::{VenueAnswer, VenueRequest};
use hardstop::engine::event::{Act, Event, KillReport};
use hardstop::engine::record::Record;
use hardstop::engine::snapshot::Snapshot;
use hardstop::exchange::faults::Faults;
use hardstop::risk::state::TradingState;
use serde::Deserialize;

use crate::{Scene, price, symbol};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tape {
    /// What broke, and where it is told.
    broke: String,
    /// How often the line to the venue breaks, each in a thousand.
    #[serde(default)]
    faults: Faults,
    step: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    /// What happens, in the words of [`Player::play`].
    play: String,
    /// What must be seen after it, in the words of [`Player::check`].
    #[serde(default)]
    see: Vec<String>,
}

pub struct Player {
    pub scene: Scene,
    /// How much was heard before the step.
    pub heard: usize,
}

impl Player {
    pub fn play(&mut self, words: &str) {
        self.heard = self.scene.ear.0.lock().unwrap().len();
        let words: Vec<&str> = words.split(' ').collect();
        let act = |act| Event::Operator(act);
        match words[..] {
            ["quote", bid] => self.scene.quote(bid),
            ["quote", bid, ask] => self.quote(bid, ask),
            ["replace", qty, limit] => self.replace(qty, limit),
            ["foreign", side, qty] => self.foreign(side, qty),
            ["until", at] => self.until(at),
            ["split", new, old] => self.split(new, old),
            ["acknowledge", number] => {
                let (number, reason) = (number.parse().unwrap(), "seen".to_owned());
                self.scene.turn(act(Act::AcknowledgeAdjust { number, reason }));
            }
            ["wait", seconds] => self.scene.wait(seconds.parse().unwrap()),
            ["measure"] => self.measure(),
            ["again", side, ref terms @ ..] => {
                self.scene.ticket -= 1;
                self.order(side, terms);
            }
            [side @ ("buy" | "sell"), ref terms @ ..] => self.order(side, terms),
            ["close"] => self.scene.turn(act(Act::Close(None))),
            ["cancel", "all"] => self.scene.turn(act(Act::CancelAll(None))),
            ["cancel", "stop"] => {
                let snapshot = self.scene.snapshot();
                let stop = snapshot.open_orders.iter().find(|order| order.kind.stop().is_some()).unwrap();
                self.scene.turn(act(Act::Cancel(stop.id)));
            }
            ["kill"] => self.kill(),
            ["rearm"] => self.scene.turn(act(Act::Rearm { reason: "seen".to_owned() })),
            ["feed", state] => {
                let fresh = state == "back";
                self.scene.turn(Event::Feed { fresh, silent_ms: 31_000 });
            }
            ["journal", state] => self.scene.turn(Event::Journal { writable: state == "back" }),
            ["venue", "silent"] => self.scene.turn(Event::VenueSilent("no answer".to_owned())),
            _ => panic!("no step is played so: {words:?}"),
        }
    }

    fn order(&mut self, side: &str, terms: &[&str]) {
        let (qty, terms) = terms.split_first().unwrap();
        let after = |name: &str| terms.chunks(2).find(|pair| pair[0] == name).map(|pair| pair[1]);
        let intent = Intent {
            origin: Origin::Operator,
            symbol: symbol(),
            side: if side == "buy" { Side::Buy } else { Side::Sell },
            qty: qty.parse().unwrap(),
            kind: after("limit").map_or(OrderKind::Market, |limit| OrderKind::Limit { limit: price(limit) }),
            tif: after("tif").map_or(TimeInForce::Day, |tif| tif.parse().unwrap()),
            stop_loss: after("stop").map(price),
            take_profit: after("target").map(price),
            trail: after("trail").map(|trail| trail.parse().unwrap()),
        };
        self.scene.submit(intent);
    }

    /// The opening order that rests, as another.
    fn replace(&mut self, qty: &str, limit: &str) {
        let snapshot = self.scene.snapshot();
        let order = snapshot.open_orders.iter().find(|order| order.kind.limit().is_some()).unwrap().id;
        let (qty, limit) = (Some(qty.parse().unwrap()), Some(price(limit)));
        self.scene.turn(Event::Operator(Act::Replace { order, qty, limit, stop: None }));
    }

    /// Somebody else trades on the account, past this program.
    fn foreign(&mut self, side: &str, qty: &str) {
        let request = VenueRequest {
            id: "other-1".parse().unwrap(),
            symbol: symbol(),
            side: if side == "buy" { Side::Buy } else { Side::Sell },
            qty: qty.parse().unwrap(),
            kind: OrderKind::Market,
            tif: TimeInForce::Day,
            stop_loss: None,
            take_profit: None,
            one_cancels: None,
        };
        assert_eq!(self.scene.market.foreign(&request, self.scene.now), VenueAnswer::Taken);
        self.scene.turn(Event::Clock);
    }

    /// A split at the venue; the machine hears of it with the next event.
    fn split(&mut self, new: &str, old: &str) {
        self.scene.market.split(symbol(), new.parse().unwrap(), old.parse().unwrap()).unwrap();
        self.scene.turn(Event::Clock);
    }

    /// Waits until an instant, quarter by quarter, and nothing moves meanwhile.
    fn until(&mut self, at: &str) {
        let at: At = at.parse().unwrap();
        while self.scene.now < at {
            let left = at.millis_since(self.scene.now) / 1_000;
            self.scene.wait(left.min(900));
        }
    }

    fn quote(&mut self, bid: &str, ask: &str) {
        let size = Qty::shares(100_000);
        let (bid, ask, at) = (price(bid), price(ask), self.scene.now);
        let quote = Quote { symbol: symbol(), bid, bid_qty: size, ask, ask_qty: size, at };
        self.scene.turn(Event::Tick(Tick::Quote(quote)));
    }

    fn measure(&mut self) {
        for _ in 0..16 {
            self.scene.measured_bar();
        }
    }

    fn kill(&mut self) {
        let report = KillReport {
            tripped_at: self.scene.now,
            by: "the tape".to_owned(),
            flatten: false,
            cancelled: 0,
            flattened: 0,
            left_orders: Vec::new(),
            left_positions: Vec::new(),
            confirmed: true,
            deeds: Vec::new(),
        };
        self.scene.turn(Event::Killed(report));
    }

    fn refusals(&self) -> Vec<String> {
        let heard = self.scene.ear.0.lock().unwrap();
        let new = heard.iter().skip(self.heard);
        new.filter_map(|record| match record {
            Record::Decision { refusal, .. } if !refusal.is_empty() => Some(refusal.clone()),
            _ => None,
        })
        .collect()
    }

    fn said(&self) -> Vec<String> {
        let heard = self.scene.ear.0.lock().unwrap();
        let new = heard.iter().skip(self.heard);
        new.filter_map(|record| if let Record::Alert(words) = record { Some(words.clone()) } else { None })
            .collect()
    }

    fn check(&self, words: &str, at: &str) {
        let snapshot = self.scene.snapshot();
        let (name, rest) = words.split_once(' ').unwrap();
        let refusals = self.refusals();
        let number = || rest.parse::<usize>().unwrap();
        match name {
            "position" => assert_eq!(self.scene.position(), rest.parse().unwrap(), "{at}"),
            "protected" => assert_eq!(protected(&snapshot), rest.parse().unwrap(), "{at}"),
            "live" => assert_eq!(snapshot.open_orders.len(), number(), "{at}: {:?}", snapshot.open_orders),
            "limit" => {
                let limits: BTreeSet<String> =
                    snapshot.open_orders.iter().filter_map(|o| Some(o.kind.limit()?.to_string())).collect();
                assert!(limits.contains(rest), "{at}: {limits:?}");
            }
            "kind" => {
                let all: Vec<&str> = snapshot.open_orders.iter().map(|order| order.kind.word()).collect();
                assert!(all.contains(&rest), "{at}: {all:?}");
            }
            "trigger" => {
                let stops = snapshot.open_orders.iter().filter_map(|order| order.kind.stop());
                let stops: Vec<String> = stops.map(|stop| stop.to_string()).collect();
                assert_eq!(stops, [rest], "{at}");
            }
            "naked" => {
                let naked = snapshot.positions[0].naked;
                assert_eq!(format!("{} s, {} now", naked.ms / 1_000, naked.now.unwrap()), rest, "{at}");
            }
            "differs" => {
                let adjusts = snapshot.adjusts.iter().map(|adjust| {
                    let found = &adjust.difference;
                    let journal = found.journal.unwrap();
                    format!(
                        "{} journal {journal} here {} there {}",
                        adjust.number, found.engine, found.broker
                    )
                });
                assert_eq!(adjusts.collect::<Vec<_>>(), [rest], "{at}");
            }
            "status" => {
                let all: Vec<&str> = snapshot.open_orders.iter().map(|order| order.status.word()).collect();
                assert!(all.contains(&rest), "{at}: {all:?}");
            }
            "sent" => assert_eq!(self.scene.sent(), number(), "{at}"),
            "refused" => {
                assert!(refusals.iter().any(|refusal| refusal.starts_with(rest)), "{at}: {refusals:?}");
            }
            "passes" => assert_eq!(refusals, Vec::<String>::new(), "{at}"),
            "says" => {
                let said = self.said();
                assert!(said.iter().any(|words| words.contains(rest)), "{at}: {said:?}");
            }
            "state" => {
                let state = match snapshot.state {
                    TradingState::Active => "active",
                    TradingState::ReduceOnly => "reduce_only",
                    TradingState::Halted => "halted",
                };
                assert_eq!(state, rest, "{at}: {:?}", snapshot.halt_reason);
            }
            _ => self.check_sum(name, rest, at, &snapshot),
        }
    }

    fn check_sum(&self, name: &str, rest: &str, at: &str, snapshot: &Snapshot) {
        match name {
            "loss" => {
                let loss = snapshot.account.day_loss.map(|loss| loss.to_string());
                assert_eq!(loss.as_deref(), Some(rest), "{at}");
            }
            "exposure" => {
                let exposure = self.scene.pump.engine().exposure(symbol()).map(|sum| sum.to_string());
                assert_eq!(exposure.as_deref(), Some(rest), "{at}");
            }
            "heat" => {
                assert_eq!(snapshot.account.heat.map(|heat| heat.to_string()).as_deref(), Some(rest), "{at}");
            }
            _ => panic!("{at}: nothing is seen so: {name}"),
        }
    }
}

fn protected(snapshot: &Snapshot) -> Qty {
    snapshot.positions.first().map_or(Qty::ZERO, |position| position.protected_qty)
}

#[test]
fn every_tape_shows_what_it_must() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/tapes");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 25, "{} tapes are left", files.len());
    let failed: Vec<String> = files.into_iter().filter_map(fails).collect();
    assert_eq!(failed, Vec::<String>::new(), "what each of them lacks is printed above");
}

/// The tape's name, where it does not show what it must.
fn fails(file: PathBuf) -> Option<String> {
    let name = file.file_stem().unwrap().to_string_lossy().into_owned();
    let tape: Tape = toml::from_str(&std::fs::read_to_string(&file).unwrap())
        .unwrap_or_else(|fault| panic!("{name}: {fault}"));
    assert!(!tape.broke.is_empty(), "{name} says what broke");
    let seen: usize = tape.step.iter().map(|step| step.see.len()).sum();
    assert!(seen > 0, "{name} sees nothing");
    let shows = || {
        let mut player = Player { scene: Scene::faulty(tape.faults), heard: 0 };
        for (number, step) in tape.step.iter().enumerate() {
            player.play(&step.play);
            for see in &step.see {
                player.check(see, &format!("{name}, step {} ({}), {see}", number + 1, step.play));
            }
        }
    };
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(shows)).is_err().then_some(name.clone())
}
