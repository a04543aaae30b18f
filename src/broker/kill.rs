use std::time::Duration;

use crate::broker::errands::Errands;
use crate::broker::kill_file::KillFile;
use crate::broker::latch::{KillLatch, Pull};
use crate::broker::outcome::{KillOutcome, Outcomes};
use crate::broker::venue::{Readings, Venue};
use crate::broker::work::Work;
use crate::domain::at::At;
use crate::domain::id::InstallId;
use crate::domain::mode::Mode;
use crate::risk::token::KillWarrant;

/// How long the KILL file may take before its absence is told.
const FILE_WITHIN: Duration = Duration::from_millis(20);

/// A connection that was not used for so many naps is used once, so that it stays.
const NAPS_UNTIL_COLD: u32 = 150;
const NAPS_UNTIL_TRIED_AGAIN: u32 = 25;

/// How long the task sleeps before it looks whether it is to end.
const NAP: Duration = Duration::from_millis(200);

/// The kill task. It holds the gate's one warrant and its own way to the venue, and judges by the
/// venue's words alone; pump, engine, journal and database may all be dead.
#[derive(Debug)]
pub struct KillTask {
    venue: Venue,
    latch: KillLatch,
    outcomes: Outcomes,
    errands: Errands,
    /// The trip that the errands belong to.
    tripped_at: Option<At>,
    readings: Readings,
    // Held, not read: whoever has the warrant may cancel and reduce, and there is one.
    _warrant: KillWarrant,
}

/// Whose ids the kill's own orders carry. Their numbers come from a block far above every count of
/// orders: the instant of the pull in microseconds, so that it needs no journal to be new.
#[derive(Debug, Clone, Copy)]
pub struct KillIds {
    /// Where orders go.
    pub mode: Mode,
    /// This installation.
    pub install: InstallId,
}

impl KillTask {
    pub(super) fn new(venue: Venue, latch: KillLatch, warrant: KillWarrant) -> Self {
        let (outcomes, errands) = (Outcomes::default(), Errands::default());
        let (tripped_at, readings) = (None, venue.readings());
        Self { venue, latch, outcomes, errands, tripped_at, readings, _warrant: warrant }
    }

    /// What became of the last pull, kept for whoever asks.
    #[must_use]
    pub fn outcomes(&self) -> Outcomes {
        self.outcomes.clone()
    }

    /// Answers a pull that waits, at once and on the caller's thread: for a venue whose clock the caller moves,
    /// where waiting between two looks brings nothing new. `None` where no pull waits.
    pub fn answer_waiting(&mut self, ids: KillIds) -> Option<KillOutcome> {
        (self.readings.first_ms, self.readings.last_ms) = (0, 0);
        self.answer_here(ids)
    }

    /// Answers a pull that waits on the caller's thread, in the venue's own time. `None` where no pull waits.
    pub fn answer_here(&mut self, ids: KillIds) -> Option<KillOutcome> {
        let pull = self.latch.wait(self.latch.answered(), Duration::ZERO)?;
        let outcome = self.answer(pull, ids);
        self.latch.note_answered(outcome.pull.number);
        Some(outcome)
    }

    /// Waits for pulls and answers each, until `stop` says so; to be run on a thread of its own. The
    /// KILL file is raised beside it, so that a disk that hangs holds nothing up. `told` must not
    /// block.
    pub fn run(
        &mut self,
        ids: KillIds,
        file: Option<&KillFile>,
        told: impl Fn(KillOutcome),
        stop: impl Fn() -> bool,
    ) {
        let (mut seen, mut naps) = (0, 0_u32);
        let mut shut = Shut { is_owed: self.latch.is_tripped(), wait_naps: 0 };
        loop {
            // A pull that came with the end is still answered.
            let patience = if stop() { Duration::ZERO } else { NAP };
            let Some(pull) = self.latch.wait(seen, patience) else {
                if patience.is_zero() {
                    return;
                }
                naps = naps.saturating_add(1);
                if naps >= NAPS_UNTIL_COLD {
                    naps = 0;
                    self.venue.keep_warm();
                }
                self.open_the_venue_again(&mut shut);
                continue;
            };
            (naps, shut) = (0, Shut { is_owed: true, wait_naps: 0 });
            seen = pull.number;
            let raised = file.map(|file| file.raise_aside(&pull.by));
            let mut outcome = self.answer(pull, ids);
            match raised.map(|raised| raised.recv_timeout(FILE_WITHIN)) {
                None | Some(Ok(Ok(()))) => {}
                Some(Ok(Err(fault))) => {
                    outcome.words.push(format!("the kill may not outlive a restart: {fault}"));
                }
                Some(Err(_)) => outcome.words.push("the KILL file is not on disk yet".to_owned()),
            }
            let number = outcome.pull.number;
            // The machine hears first, and a re-arm passes before the asker is told: whoever was told of
            // a kill may ask for either the next moment.
            told(outcome.clone());
            self.latch.note_answered(number);
            self.outcomes.put(outcome);
        }
    }

    /// One pull: cancels what opens, closes positions where that was asked, and reads the venue until
    /// it shows nothing more that should be gone, or a newer pull asks for more.
    pub fn answer(&mut self, pull: Pull, ids: KillIds) -> KillOutcome {
        if self.tripped_at != Some(pull.tripped_at) {
            self.errands = Errands::default();
            self.tripped_at = Some(pull.tripped_at);
        }
        let mut work = Work::new(&self.venue, &mut self.errands, &pull, ids);
        for reading in 0..self.readings.most {
            std::thread::sleep(self.readings.wait_before(reading));
            if work.look_and_act() || self.latch.pulls() > pull.number {
                break;
            }
        }
        // Last of all, and only where nothing is left to close: the venue would turn away an exit too.
        let shut = (work.is_flat() && self.latch.is_tripped()).then(|| self.venue.suspend(true));
        let mut outcome = work.outcome(pull);
        if let Some(Err(said)) = shut {
            outcome.words.push(format!(
                "everything is closed, but the venue could not be told to take no orders any more: {said}"
            ));
        }
        outcome
    }

    /// Once the trader has re-armed, the venue takes orders again; asked again until it is known to.
    fn open_the_venue_again(&self, shut: &mut Shut) {
        if !shut.is_owed || self.latch.is_tripped() {
            return;
        }
        if shut.wait_naps > 0 {
            shut.wait_naps -= 1;
            return;
        }
        match self.venue.suspend(false) {
            Ok(()) => shut.is_owed = false,
            Err(said) => {
                shut.wait_naps = NAPS_UNTIL_TRIED_AGAIN;
                tracing::warn!(%said, "the venue could not be told to take orders again; it is tried again");
            }
        }
    }
}

/// Whether the venue may have been told to take no orders, and in how many naps it is asked to take them again.
struct Shut {
    is_owed: bool,
    wait_naps: u32,
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::broker::latch::KillCause;
    use crate::broker::script::{NOW, Script, bracket, id, limit, market, stop};
    use crate::broker::venue::unpoisoned;
    use crate::domain::qty::Qty;
    use crate::domain::side::Side;
    use crate::domain::venue::{KillAsked, VenueAnswer, VenueOrder};
    use crate::risk::gate::Gate;
    use crate::risk::limits::Limits;

    const IDS: fn() -> KillIds = || KillIds { mode: Mode::Sim, install: "abcdef".parse().unwrap() };

    /// A kill task on a scripted venue, and the venue.
    struct Desk {
        task: KillTask,
        latch: KillLatch,
        script: Arc<Mutex<Script>>,
    }

    fn desk(positions: &[(&str, i32)], open: &[VenueOrder]) -> Desk {
        let positions = positions.iter().map(|(name, shares)| (name.parse().unwrap(), Qty::shares(*shares)));
        let script = Script { positions: positions.collect(), open: open.to_vec(), ..Script::default() };
        let (script, latch) = (Arc::new(Mutex::new(script)), KillLatch::default());
        let warrant = Gate::open(Limits::default(), String::new()).0.kill_warrant().unwrap();
        let mut task = KillTask::new(Venue::Scripted(Arc::clone(&script)), latch.clone(), warrant);
        (task.readings.first_ms, task.readings.last_ms) = (1, 1);
        Desk { task, latch, script }
    }

    impl Desk {
        fn kill(&mut self, flatten: bool) -> KillOutcome {
            self.kill_at(flatten, NOW)
        }

        fn kill_at(&mut self, flatten: bool, at: At) -> KillOutcome {
            let number = self.latch.trip(&KillCause::Shell { flatten }, at);
            let pull = self.latch.wait(number - 1, Duration::ZERO).unwrap();
            self.task.answer(pull, IDS())
        }

        fn with(&self, change: impl FnOnce(&mut Script)) {
            change(&mut unpoisoned(&self.script));
        }

        /// Signed shares and kinds of what the kill sent.
        fn sent(&self) -> Vec<(i64, &'static str)> {
            let script = unpoisoned(&self.script);
            let sent = |request: &crate::domain::venue::VenueRequest| {
                (request.qty.signed(request.side).nanos() / 1_000_000_000, request.kind.word())
            };
            script.sent.iter().map(sent).collect()
        }

        fn open(&self) -> Vec<u64> {
            unpoisoned(&self.script).open.iter().filter_map(|order| order.request.id.seq()).collect()
        }
    }

    #[test]
    fn the_first_press_cancels_openings_and_keeps_what_protects() {
        let orders = [stop(1, "A", -100), limit(2, "A", 20), limit(3, "B", -10)];
        let mut desk = desk(&[("A", 100)], &orders);
        let outcome = desk.kill(false);
        assert!(outcome.confirmed && outcome.words.is_empty(), "{outcome:?}");
        assert_eq!((outcome.cancelled, outcome.flattened), (2, 0));
        assert_eq!((desk.open(), desk.sent()), (vec![1], vec![]));
    }

    #[test]
    fn flattening_closes_by_the_venues_quantities_and_knows_no_list_of_its_own() {
        let orders = [stop(1, "A", -100), limit(2, "C", 5)];
        let mut desk = desk(&[("A", 137), ("B", -40)], &orders);
        let outcome = desk.kill(true);
        assert!(outcome.confirmed, "{outcome:?}");
        assert_eq!((outcome.cancelled, outcome.flattened), (2, 2));
        let mut sent = desk.sent();
        sent.sort_unstable();
        assert_eq!(sent, [(-137, "market"), (40, "market")]);
        assert!(desk.open().is_empty() && unpoisoned(&desk.script).positions.is_empty());
        let told: Vec<_> = outcome.deeds.iter().map(|deed| deed.asked.clone()).collect();
        for request in &unpoisoned(&desk.script).sent {
            assert!(request.id.as_str().starts_with("hs-sabcdef-131007-1381"));
            assert!(told.contains(&KillAsked::Submit { request: *request, answer: VenueAnswer::Taken }));
        }
        let cancels = told.iter().filter(|asked| matches!(asked, KillAsked::Cancel(_)));
        assert_eq!((cancels.count(), told.len()), (2, 4), "each once");
    }

    #[test]
    fn a_second_press_goes_on_from_the_first() {
        let mut desk = desk(&[("A", 100)], &[stop(1, "A", -100), limit(2, "A", 20)]);
        assert_eq!(desk.kill(false).cancelled, 1);
        let outcome = desk.kill(true);
        assert!(outcome.confirmed);
        assert_eq!((outcome.cancelled, outcome.flattened), (1, 1));
        assert_eq!(outcome.deeds.len(), 3, "what the first press did is told again: its report may be lost");
    }

    #[test]
    fn a_stop_that_went_down_with_its_bracket_is_put_back_for_what_is_held() {
        let mut desk = desk(&[("A", 40)], &[bracket(1, "A", 100, 40), stop(9, "A", -40)]);
        desk.with(|script| script.group_goes = true);
        let outcome = desk.kill(false);
        assert!(outcome.confirmed, "{outcome:?}");
        assert_eq!(desk.sent(), [(-40, "stop")]);
        let script = unpoisoned(&desk.script);
        let back = script.open.first().unwrap().request;
        assert_eq!((back.kind, back.side), (stop(9, "A", -40).request.kind, Side::Sell));
    }

    #[test]
    fn a_stop_larger_than_the_position_is_cut_down_to_it() {
        let mut desk = desk(&[("A", 60)], &[stop(1, "A", -100)]);
        assert!(desk.kill(false).confirmed);
        assert_eq!(desk.sent(), [(-60, "stop")]);
    }

    #[test]
    fn a_stop_that_cannot_be_put_back_is_no_success() {
        let mut desk = desk(&[("A", 60)], &[stop(1, "A", -100)]);
        desk.with(|script| script.refuses = Some("account is restricted"));
        let outcome = desk.kill(false);
        assert!(!outcome.confirmed);
        assert!(outcome.words.iter().any(|words| words.contains("account is restricted")), "{outcome:?}");
    }

    #[test]
    fn a_stop_that_filled_meanwhile_is_not_put_back() {
        let mut desk = desk(&[("A", 100)], &[stop(1, "A", -60)]);
        desk.kill(false);
        desk.with(|script| {
            let mut filled = script.open.remove(0);
            filled.status = crate::domain::order::OrderStatus::Filled;
            script.closed.push(filled);
            script.positions.insert("A".parse().unwrap(), Qty::shares(40));
        });
        assert!(desk.kill(false).confirmed);
        assert_eq!(desk.sent(), []);
    }

    #[test]
    fn a_new_trip_knows_nothing_of_stops_that_an_older_one_took_down() {
        let mut desk = desk(&[("A", 60)], &[stop(1, "A", -100)]);
        desk.kill(false);
        desk.latch.note_answered(1);
        desk.latch.rearm(crate::broker::latch::TypedRearm::typed("seen", &desk.latch).unwrap()).unwrap();
        desk.with(|script| script.open.clear());
        assert!(desk.kill_at(false, NOW.plus_seconds(60)).confirmed);
        assert_eq!(desk.sent(), [(-60, "stop")], "the trader took it away since");
    }

    #[test]
    fn what_cannot_be_cancelled_is_left_and_said() {
        let mut desk = desk(&[("A", 100)], &[limit(1, "A", 20), stop(2, "A", -100)]);
        desk.with(|script| script.stubborn.extend([id(1)]));
        let outcome = desk.kill(false);
        assert!(!outcome.confirmed);
        assert_eq!((outcome.cancelled, outcome.left_orders), (0, vec![id(1)]));
        let outcome = desk.kill(true);
        assert!(!outcome.confirmed);
        assert_eq!(outcome.left_positions, ["A".parse().unwrap()]);
        assert_eq!(desk.sent(), [], "shares that an order may hold are not sold a second time");
    }

    #[test]
    fn a_venue_that_cannot_be_read_is_no_success() {
        let mut desk = desk(&[("A", 100)], &[]);
        desk.with(|script| script.silent = true);
        let outcome = desk.kill(true);
        assert!(!outcome.confirmed && outcome.words[0].contains("no route"), "{outcome:?}");
    }

    #[test]
    fn a_venue_whose_lists_cannot_be_had_is_told_to_close_everything_by_itself_and_only_to_flatten() {
        let mut desk = desk(&[("A", 100)], &[stop(1, "A", -100)]);
        desk.with(|script| script.silent = true);
        assert!(!desk.kill(false).confirmed);
        assert_eq!(desk.open(), [1], "its stop protects");
        assert_eq!(unpoisoned(&desk.script).closed_all, 0);
        let outcome = desk.kill(true);
        assert!(!outcome.confirmed, "nobody has seen that it is flat: {outcome:?}");
        assert!(outcome.words.iter().any(|words| words.contains("by its own numbers")), "{outcome:?}");
        assert!(unpoisoned(&desk.script).closed_all >= 1);
        desk.with(|script| script.silent = false);
        assert!(desk.kill(true).confirmed);
    }

    #[test]
    fn an_order_that_timed_out_goes_again_under_its_own_id_alone() {
        for arrived in [false, true] {
            let mut desk = desk(&[("A", 100)], &[]);
            desk.with(|script| {
                script.timeouts = vec![arrived];
                script.queues = arrived;
            });
            let outcome = desk.kill(true);
            assert_eq!(outcome.confirmed, !arrived, "{outcome:?}");
            let script = unpoisoned(&desk.script);
            let ids: std::collections::BTreeSet<_> = script.sent.iter().map(|request| request.id).collect();
            assert_eq!((ids.len(), script.sent.len()), (1, if arrived { 1 } else { 2 }));
        }
    }

    #[test]
    fn an_unknown_close_larger_than_what_is_held_since_is_not_sent_again() {
        let mut desk = desk(&[("A", 100)], &[]);
        desk.with(|script| script.timeouts = vec![false; 8]);
        desk.kill(true);
        desk.with(|script| {
            script.timeouts.clear();
            script.positions.insert("A".parse().unwrap(), Qty::shares(60));
        });
        let sent = desk.sent().len();
        let outcome = desk.kill(true);
        assert!(!outcome.confirmed);
        assert_eq!(desk.sent().len(), sent, "100 could still arrive, and 60 beside it would go short");
    }

    #[test]
    fn outside_of_the_session_a_close_is_queued_once_and_said() {
        let mut desk = desk(&[("A", 100)], &[stop(1, "A", -100)]);
        let evening = NOW.plus_seconds(12 * 3_600);
        desk.with(|script| (script.queues, script.at) = (true, Some(evening)));
        for _ in 0..2 {
            let outcome = desk.kill(true);
            assert!(!outcome.confirmed);
            assert!(outcome.words.iter().any(|words| words.contains("queued")), "{outcome:?}");
        }
        assert_eq!(desk.sent(), [(-100, "market")]);
    }

    #[test]
    fn somebody_elses_close_counts_and_only_the_rest_is_closed() {
        let mut desk = desk(&[("A", 100)], &[market(1, "A", -70)]);
        desk.kill(true);
        assert_eq!(desk.sent(), [(-30, "market")]);
    }

    #[test]
    fn a_refused_close_is_tried_again_but_not_for_ever() {
        let mut desk = desk(&[("A", 100)], &[]);
        desk.with(|script| script.refuses = Some("insufficient qty available"));
        let outcome = desk.kill(true);
        assert!(!outcome.confirmed);
        assert!((2..=8).contains(&desk.sent().len()), "{:?}", desk.sent());
        assert!(outcome.words.iter().any(|words| words.contains("insufficient qty")), "{outcome:?}");
    }

    #[test]
    fn the_task_needs_nothing_but_its_latch_and_a_newer_pull_cuts_an_older_one_short() {
        let Desk { mut task, latch, script } = desk(&[("A", 100)], &[limit(1, "A", 20)]);
        task.readings = Venue::Scripted(Arc::default()).readings();
        unpoisoned(&script).stubborn.insert(id(1));
        let poisons = Arc::clone(&script);
        let died = std::thread::spawn(move || {
            let _venue = poisons.lock();
            panic!("the pump dies on purpose, with the venue in its hands");
        });
        assert!(died.join().is_err());
        let (outcomes, stop) = (task.outcomes(), std::sync::atomic::AtomicBool::new(false));
        std::thread::scope(|scope| {
            scope.spawn(|| task.run(IDS(), None, drop, || stop.load(std::sync::atomic::Ordering::SeqCst)));
            let first = latch.trip(&KillCause::Window, NOW);
            std::thread::sleep(Duration::from_millis(60));
            unpoisoned(&script).stubborn.clear();
            let second = latch.trip(&KillCause::Window, NOW.plus_millis(300));
            let outcome = outcomes.wait(second, Duration::from_millis(1_500));
            // The task ends before anything here may fail, else the scope would wait for it.
            stop.store(true, std::sync::atomic::Ordering::SeqCst);
            let outcome = outcome.unwrap();
            assert!(second > first && outcome.confirmed && outcome.pull.flatten, "{outcome:?}");
        });
        assert!(unpoisoned(&script).positions.is_empty());
    }

    #[test]
    fn a_hundred_presses_in_a_row_are_answered_once() {
        let Desk { mut task, latch, .. } = desk(&[("A", 100)], &[stop(1, "A", -100)]);
        (0..100).for_each(|press| {
            latch.trip(&KillCause::Window, NOW.plus_millis(press * 20));
        });
        let told = Mutex::new(Vec::new());
        task.run(IDS(), None, |outcome| unpoisoned(&told).push(outcome.pull.flatten), || true);
        assert_eq!(*unpoisoned(&told), [false]);
    }

    /// Whether it arrived is not known: it goes again under the same id, of which the venue takes one alone.
    #[test]
    fn a_kill_that_dies_while_it_sends_sends_the_same_order_again_and_no_other_beside_it() {
        let mut desk = desk(&[("A", 100)], &[]);
        desk.with(|script| script.deadly = 1);
        let died = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| desk.kill(true)));
        assert!(died.is_err() && desk.sent() == [(-100, "market")]);
        desk.with(|script| script.deadly = 0);
        let outcome = desk.kill(true);
        assert!(outcome.confirmed, "{outcome:?}");
        let mut ids: Vec<_> = unpoisoned(&desk.script).sent.iter().map(|request| request.id).collect();
        ids.dedup();
        assert_eq!((ids.len(), desk.sent().len()), (1, 2));
    }
}
