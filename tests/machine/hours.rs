//! Seeded hours of anything: a market that jumps, a trader who does what comes to mind, a line that breaks.
//! After every step the exchange's own truth is looked at, and at the end the laws read the journal.

use std::collections::BTreeSet;
use std::path::Path;

use hardstop::domain::at::At;
use hardstop::domain::qty::Qty;
use hardstop::domain::side::Side;
use hardstop::domain::venue::VenueOrder;
use hardstop::engine::memory::Memory;
use hardstop::exchange::faults::{Faults, RequestFaults};
use hardstop::exchange::settings::Settings as ExchangeSettings;
use hardstop::journal::verify::verify;
use hardstop::journal::writer::Journal;
use hardstop::risk::state::TradingState;

use crate::tape::Player;
use crate::{Scene, ten_o_clock};

const SEEDS: u64 = 200;
const STEPS: u32 = 60;

/// Splitmix64, by Vigna: <https://prng.di.unimi.it/splitmix64.c>.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, below: u64) -> u64 {
        self.next() % below
    }

    fn one_of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[usize::try_from(self.below(all.len() as u64)).unwrap()]
    }

    /// Half of the hours have a whole line; the others break one thing or all of it.
    fn faults(&mut self) -> Faults {
        let mut often = |most| if self.below(2) == 0 { 0 } else { u32::try_from(self.below(most)).unwrap() };
        let request = |often: &mut dyn FnMut(u64) -> u32| RequestFaults {
            refused: often(150),
            timeout_before: often(150),
            timeout_after: often(150),
        };
        let (submit, cancel) = (request(&mut often), request(&mut often));
        Faults {
            lost: often(300),
            late: often(400),
            late_ms: often(20_000),
            doubled: often(400),
            reordered: often(400),
            submit,
            cancel,
        }
    }
}

/// An hour, and what the exchange showed at its last look.
struct Hour {
    player: Player,
    cents: u64,
    position: Qty,
    known: BTreeSet<String>,
}

impl Hour {
    fn step(&mut self, dice: &mut Dice) -> String {
        let near = |cents: u64, dice: &mut Dice, range: u64| {
            let cents = cents + dice.below(range) - range / 2;
            format!("{}.{:02}", cents / 100, cents % 100)
        };
        let words = match dice.below(20) {
            0..6 => {
                let jump = if dice.below(12) == 0 { 1_000 } else { 60 };
                self.cents = (self.cents + dice.below(jump) - jump / 2).clamp(4_000, 20_000);
                format!("quote {}.{:02}", self.cents / 100, self.cents % 100)
            }
            6 => dice
                .one_of(&["quote 101 100", "quote 0 100", "quote 50 150", "feed silent", "feed back"])
                .to_owned(),
            7..12 => {
                let side = dice.one_of(&["buy", "sell"]);
                let shares = 1 + dice.below(120);
                let limit = near(self.cents, dice, 200);
                let stop = if side == "buy" { self.cents - 300 } else { self.cents + 300 };
                let stop = near(stop, dice, 100);
                match dice.below(4) {
                    0 => format!("{side} {shares} stop {stop}"),
                    1 => format!("{side} {shares} limit {limit}"),
                    _ => format!("{side} {shares} limit {limit} stop {stop}"),
                }
            }
            12 => dice.one_of(&["close", "cancel all", "close"]).to_owned(),
            13 => dice.one_of(&["kill", "rearm", "rearm", "rearm"]).to_owned(),
            14 => dice.one_of(&["journal down", "journal back", "venue silent", "journal back"]).to_owned(),
            _ => format!("wait {}", dice.one_of(&["1", "3", "11", "40", "61"])),
        };
        self.player.play(&words);
        words
    }

    /// Looks at what truly stands.
    fn look(&mut self, was_halted: bool) -> Result<(), String> {
        let truth = self.player.scene.market.truth(At::from_nanos(i64::MAX));
        let position = truth.positions.first().map_or(Qty::ZERO, |position| position.qty);
        let crossed = self.position.is_positive() && position.is_negative()
            || self.position.is_negative() && position.is_positive();
        if crossed {
            return Err(format!("a position went through zero: {} became {position}", self.position));
        }
        let exit = if position.is_negative() { Side::Buy } else { Side::Sell };
        let rest = |order: &VenueOrder| order.request.qty.minus(order.filled).unwrap().nanos();
        let exits: i64 = truth.open_orders.iter().filter(|order| order.request.side == exit).map(rest).sum();
        if !position.is_zero() && exits > position.abs().nanos() {
            return Err(format!(
                "exits and stops are more than the {position} held: {:?}",
                truth.open_orders
            ));
        }
        let mut ids = BTreeSet::new();
        for order in &truth.open_orders {
            if !ids.insert(order.request.id.to_string()) {
                return Err(format!("{} stands twice", order.request.id));
            }
            let opens = position.is_zero() || order.request.side != exit;
            if was_halted && opens && !self.known.contains(order.request.id.as_str()) {
                return Err(format!("an opening order came while it was halted: {order:?}"));
            }
        }
        self.known.extend(ids);
        self.position = position;
        Ok(())
    }
}

fn hour(seed: u64, ledger: &Path) -> Result<(), String> {
    let mut dice = Dice(seed);
    let faults = if dice.below(2) == 0 { Faults::default() } else { dice.faults() };
    let settings = ExchangeSettings { faults, seed, ..ExchangeSettings::default() };
    let (journal, _) = Journal::open(ledger, ten_o_clock()).unwrap();
    let scene = Scene::with(settings, Memory::default(), journal);
    let player = Player { scene, heard: 0 };
    let mut hour = Hour { player, cents: 10_000, position: Qty::ZERO, known: BTreeSet::new() };
    let mut played = Vec::new();
    for _ in 0..STEPS {
        let was_halted = hour.player.scene.snapshot().state == TradingState::Halted;
        played.push(hour.step(&mut dice));
        hour.look(was_halted && played.last().is_none_or(|words| words != "rearm"))
            .map_err(|fault| format!("{fault}\nplayed: {played:#?}"))?;
    }
    // Three readings of the venue, and both have the same account.
    for words in ["journal back", "feed back", "wait 61", "wait 61", "wait 61"] {
        hour.player.play(words);
        hour.look(false)?;
    }
    let own = hour.player.scene.position();
    if own != hour.position {
        return Err(format!("{own} here, {} at the exchange\nplayed: {played:#?}", hour.position));
    }
    drop(hour);
    let verdict = verify(ledger).unwrap();
    if verdict.is_clean() {
        Ok(())
    } else {
        Err(format!("{:?} {:?}\nplayed: {played:#?}", verdict.chain, verdict.laws))
    }
}

#[test]
fn seeded_hours_of_anything_break_no_law() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hours");
    let _none_before = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let failed: Vec<String> = (1..=SEEDS)
        .filter_map(|seed| {
            let fault = hour(seed, &folder.join(format!("{seed}.db"))).err()?;
            Some(format!("seed {seed}: {fault}"))
        })
        .collect();
    assert!(failed.is_empty(), "{} of {SEEDS}: {}", failed.len(), failed.join("\n"));
}
