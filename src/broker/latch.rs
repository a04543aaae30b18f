use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::broker::fault::BrokerFault;
use crate::domain::at::At;

/// The latch's one word: two levels below, and the count of pulls above them.
const TRIPPED: u64 = 1;
const FLATTEN: u64 = 2;
const ONE_PULL: u64 = 4;

/// A press this soon after the last one is a key that is held, or that bounced.
const HELD_KEY_MS: i64 = 250;

/// The kill latch: one atomic operation, and the door is shut to everything that opens.
#[derive(Debug, Clone, Default)]
pub struct KillLatch(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    word: AtomicU64,
    /// The number of the last pull that the kill task has answered.
    answered: AtomicU64,
    last: Mutex<Last>,
    wake: Condvar,
}

#[derive(Debug, Default)]
struct Last {
    by: String,
    at: At,
    tripped_at: At,
    pressed_at: Option<At>,
    /// Whether the trader was told that the next press flattens.
    offered: bool,
    /// Whether nothing but the kill of an earlier process holds the latch.
    restored: bool,
}

/// Who pulled the kill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KillCause {
    /// The chord in the window. A second press, at least 250 ms after the one before, flattens.
    Window,
    /// `hardstop kill`; asking twice checks twice and flattens only where that was asked.
    Shell {
        /// Whether positions are to be closed.
        flatten: bool,
    },
    /// SIGQUIT.
    Signal,
    /// A KILL file in the state folder.
    File,
    /// A part of the program died, in words.
    Fault(String),
    /// A kill of an earlier process, in its words, that nobody has re-armed since.
    Restored(String),
}

/// One pull of the kill, as its task sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pull {
    /// Its number within this process.
    pub number: u64,
    /// Who pulled, in words.
    pub by: String,
    /// When it was pulled.
    pub at: At,
    /// When the latch tripped: the first pull since the last re-arm.
    pub tripped_at: At,
    /// Whether positions are to be closed too.
    pub flatten: bool,
}

/// That the trader typed a re-arm, with a reason.
#[derive(Debug)]
#[must_use = "it opens nothing by itself"]
pub struct TypedRearm {
    pulls_seen: u64,
}

impl KillCause {
    /// The cause in words, for the journal and the trader.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Window => "the window's kill key".to_owned(),
            Self::Shell { flatten: false } => "hardstop kill".to_owned(),
            Self::Shell { flatten: true } => "hardstop kill --flatten".to_owned(),
            Self::Signal => "SIGQUIT".to_owned(),
            Self::File => "a KILL file in the state folder".to_owned(),
            Self::Fault(words) => format!("a fault: {words}"),
            Self::Restored(words) => format!("an earlier kill ({words})"),
        }
    }
}

impl TypedRearm {
    /// What the trader typed; taken down before the machine is asked, so that a pull which comes
    /// meanwhile is not undone by it.
    ///
    /// # Errors
    /// [`BrokerFault::NoReason`] without a reason, [`BrokerFault::KillAtWork`] while the last pull is
    /// not answered.
    pub fn typed(reason: &str, latch: &KillLatch) -> Result<Self, BrokerFault> {
        if reason.trim().is_empty() {
            return Err(BrokerFault::NoReason);
        }
        let pulls_seen = latch.pulls();
        if latch.answered() < pulls_seen {
            return Err(BrokerFault::KillAtWork);
        }
        Ok(Self { pulls_seen })
    }
}

impl KillLatch {
    /// Shuts the door, and wakes the kill task. The number of the pull that answers this one; a key
    /// that is held is no pull of its own. What asked for flattening is never taken back by less.
    pub fn trip(&self, cause: &KillCause, at: At) -> u64 {
        // This comes first: whatever the lock below waits for, nothing opens from here on.
        let before = self.0.word.fetch_or(TRIPPED, Ordering::SeqCst);
        let mut last = self.last();
        // An offer of before a re-arm was about another kill.
        last.offered &= before & TRIPPED != 0;
        let held = *cause == KillCause::Window && last.is_held_key(at);
        let offered = last.pressed_at.is_some() || last.offered;
        // An open door is shut by a first press, whatever was offered before it was opened.
        let second = *cause == KillCause::Window && offered && !held && before & TRIPPED != 0;
        if *cause == KillCause::Window {
            last.pressed_at = Some(at);
        }
        if held {
            return pulls_of(self.0.word.fetch_or(TRIPPED, Ordering::SeqCst));
        }
        let flatten = second || matches!(cause, KillCause::Shell { flatten: true });
        if pulls_of(before) == 0 || before & TRIPPED == 0 {
            last.tripped_at = at;
        }
        last.by = cause.words();
        last.at = at;
        last.restored = matches!(cause, KillCause::Restored(_));
        let level = if flatten { TRIPPED | FLATTEN } else { TRIPPED };
        // The level is set again with the count: a re-arm may have stood between the two.
        let counted = |word: u64| Some(word.saturating_add(ONE_PULL) | level);
        let word = self.0.word.fetch_update(Ordering::SeqCst, Ordering::SeqCst, counted);
        drop(last);
        self.0.wake.notify_all();
        pulls_of(word.unwrap_or_else(|word| word)).saturating_add(1)
    }

    /// Whether the door is shut to openings.
    #[must_use]
    pub fn is_tripped(&self) -> bool {
        self.0.word.load(Ordering::SeqCst) & TRIPPED != 0
    }

    /// Whether positions are to be closed.
    #[must_use]
    pub fn wants_flat(&self) -> bool {
        self.0.word.load(Ordering::SeqCst) & FLATTEN != 0
    }

    /// Whether the kill is at work closing everything: until it is done, whatever else is sent would hold the
    /// shares that it closes, or close them twice.
    #[must_use]
    pub fn is_closing_all(&self) -> bool {
        self.wants_flat() && self.pulls() > self.answered()
    }

    /// How often the kill was pulled in this process.
    #[must_use]
    pub fn pulls(&self) -> u64 {
        pulls_of(self.0.word.load(Ordering::SeqCst))
    }

    /// The window shows that its next press flattens, whoever pulled first.
    ///
    /// A window that paints an old report just after a re-arm offers nothing.
    pub fn offer_flatten(&self) {
        let mut last = self.last();
        last.offered = self.is_tripped();
    }

    /// The window no longer shows it: its next press is a first one.
    pub fn withdraw_offer(&self) {
        let mut last = self.last();
        (last.offered, last.pressed_at) = (false, None);
    }

    /// The window's key is still down: no press of its own.
    pub fn note_held(&self, at: At) {
        self.last().pressed_at = Some(at);
    }

    /// Whether nothing but the kill of an earlier process holds the latch.
    #[must_use]
    pub fn is_restored(&self) -> bool {
        self.is_tripped() && self.last().restored
    }

    /// Opens the door again.
    ///
    /// # Errors
    /// [`BrokerFault::PulledMeanwhile`] when the kill was pulled after the trader typed; the latch then
    /// stays as it is.
    #[expect(clippy::needless_pass_by_value, reason = "what was typed once re-arms once")]
    pub fn rearm(&self, word: TypedRearm) -> Result<(), BrokerFault> {
        let TypedRearm { pulls_seen } = word;
        let mut last = self.last();
        let now = self.0.word.load(Ordering::SeqCst);
        if pulls_of(now) != pulls_seen {
            return Err(BrokerFault::PulledMeanwhile);
        }
        // Both levels go, and only if nobody has touched the word since it was read.
        let open = now & !(TRIPPED | FLATTEN);
        if self.0.word.compare_exchange(now, open, Ordering::SeqCst, Ordering::SeqCst).is_err() {
            return Err(BrokerFault::PulledMeanwhile);
        }
        (last.pressed_at, last.offered) = (None, false);
        Ok(())
    }

    /// Waits for a pull after number `seen`, for at most `patience`.
    pub fn wait(&self, seen: u64, patience: Duration) -> Option<Pull> {
        let waits = |_: &mut Last| self.pulls() <= seen;
        let waited = self.0.wake.wait_timeout_while(self.last(), patience, waits);
        let (last, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let number = self.pulls();
        (number > seen).then(|| Pull {
            number,
            by: last.by.clone(),
            at: last.at,
            tripped_at: last.tripped_at,
            flatten: self.wants_flat(),
        })
    }

    /// The number of the last pull that was answered.
    pub(super) fn answered(&self) -> u64 {
        self.0.answered.load(Ordering::SeqCst)
    }

    /// The kill task is done with a pull.
    pub(super) fn note_answered(&self, number: u64) {
        self.0.answered.fetch_max(number, Ordering::SeqCst);
    }

    fn last(&self) -> MutexGuard<'_, Last> {
        // A thread that died while it held the words must not keep the kill from working.
        self.0.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Last {
    /// A clock that was set back must not make every press look held.
    fn is_held_key(&self, at: At) -> bool {
        self.pressed_at.is_some_and(|pressed| at.millis_since(pressed).abs() < HELD_KEY_MS)
    }
}

const fn pulls_of(word: u64) -> u64 {
    word / ONE_PULL
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: At = At::from_seconds(1_381_154_400);

    fn press(latch: &KillLatch, millis: i64) -> (u64, bool) {
        (latch.trip(&KillCause::Window, T.plus_millis(millis)), latch.wants_flat())
    }

    #[test]
    fn a_held_key_is_one_press_and_a_second_press_flattens() {
        let latch = KillLatch::default();
        let held: Vec<_> = (0..100).map(|number| press(&latch, number * 30)).collect();
        assert!(held.iter().all(|pressed| *pressed == (1, false)), "{held:?}");
        assert_eq!(press(&latch, 2_970 + 249), (1, false));
        assert_eq!(press(&latch, 2_970 + 249 + 250), (2, true));
    }

    #[test]
    fn a_press_flattens_only_while_the_trader_is_told_that_it_does() {
        let latch = KillLatch::default();
        latch.trip(&KillCause::Signal, T);
        latch.offer_flatten();
        latch.withdraw_offer();
        assert_eq!(press(&latch, 10_000), (2, false), "the report was put away: a first press again");
        latch.withdraw_offer();
        latch.offer_flatten();
        assert_eq!(press(&latch, 20_000), (3, true), "the report is up");
    }

    #[test]
    fn an_offer_does_not_outlive_a_rearm() {
        let latch = KillLatch::default();
        latch.offer_flatten();
        assert_eq!(press(&latch, 0), (1, false));
    }

    #[test]
    fn a_key_that_stays_down_is_no_second_press() {
        let latch = KillLatch::default();
        assert_eq!(press(&latch, 0), (1, false));
        latch.note_held(T.plus_millis(660));
        assert_eq!(press(&latch, 690), (1, false));
        assert_eq!(press(&latch, 690 + 250), (2, true));
    }

    #[test]
    fn the_shell_asking_twice_does_not_flatten_and_less_never_takes_flattening_back() {
        let latch = KillLatch::default();
        assert_eq!(latch.trip(&KillCause::Shell { flatten: false }, T), 1);
        assert_eq!(latch.trip(&KillCause::Signal, T.plus_seconds(1)), 2);
        assert_eq!(press(&latch, 2_000), (3, false), "the window's first press after somebody else's");
        assert_eq!(latch.trip(&KillCause::Shell { flatten: true }, T.plus_seconds(3)), 4);
        latch.trip(&KillCause::File, T.plus_seconds(4));
        let pull = latch.wait(0, Duration::ZERO).unwrap();
        assert_eq!((pull.number, pull.flatten, pull.tripped_at), (5, true, T));
        assert_eq!(latch.wait(5, Duration::from_millis(1)), None);
    }

    #[test]
    fn a_rearm_needs_words_an_answered_kill_and_no_pull_in_between() {
        let latch = KillLatch::default();
        latch.trip(&KillCause::Signal, T);
        assert!(matches!(TypedRearm::typed(" ", &latch), Err(BrokerFault::NoReason)));
        let rearm = |latch: &KillLatch| latch.rearm(TypedRearm::typed("looked at it", latch)?);
        assert!(matches!(rearm(&latch), Err(BrokerFault::KillAtWork)));
        latch.note_answered(1);
        let early = TypedRearm::typed("looked at it", &latch).unwrap();
        latch.trip(&KillCause::Signal, T);
        latch.note_answered(2);
        assert!(matches!(latch.rearm(early), Err(BrokerFault::PulledMeanwhile)));
        assert!(latch.is_tripped());
        rearm(&latch).unwrap();
        assert!(!latch.is_tripped() && !latch.wants_flat());
        latch.offer_flatten();
        assert_eq!(press(&latch, 10), (3, false), "after a re-arm a press is the first again");
        assert_eq!(latch.wait(2, Duration::ZERO).unwrap().tripped_at, T.plus_millis(10));
    }

    #[test]
    fn a_thread_that_died_with_the_words_keeps_nobody_from_tripping() {
        let latch = KillLatch::default();
        let other = latch.clone();
        let died = std::thread::spawn(move || {
            let _words = other.last();
            panic!("on purpose");
        });
        assert!(died.join().is_err());
        assert_eq!(latch.trip(&KillCause::Fault("the pump".to_owned()), T), 1);
        assert_eq!(latch.wait(0, Duration::ZERO).unwrap().by, "a fault: the pump");
    }
}
