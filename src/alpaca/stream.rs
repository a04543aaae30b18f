use std::time::Duration;

use crate::alpaca::backoff::Backoff;
use crate::alpaca::contacted;
use crate::alpaca::socket::Socket;

/// One turn of waiting for a frame.
const PATIENCE: Duration = Duration::from_millis(250);
/// Turns of a minute.
pub(super) const TURNS_OF_A_MINUTE: u32 = 240;
/// Turns without a frame after which the host is asked to say something, and after which it is given up. A ping
/// would only show that the line is there; this shows that the program behind it answers.
const TURNS_UNTIL_ASKED: u32 = 60;
const TURNS_UNTIL_LOST: u32 = 100;
/// Turns within which a stream has to be logged in.
const TURNS_TO_LOG_IN: u32 = 40;
/// Turns after which a stream has stood long enough to forget the losses before it.
const TURNS_STOOD: u32 = 120;

/// What a protocol makes of a frame.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing but to go on.
    GoOn,
    /// It is logged in, and listens.
    Stands,
    /// It cannot go on: connect again.
    Lost(String),
    /// The host says no, and asking again will hardly change that.
    Refused(String),
}

/// How one kind of stream is spoken.
pub(super) trait Protocol {
    /// A connection was made.
    fn connected(&mut self);

    /// What is to be said now, frame by frame. It may hold a secret.
    fn next_words(&mut self) -> Option<zeroize::Zeroizing<String>>;

    /// What the host said.
    fn take(&mut self, frame: &str) -> Verdict;

    /// A turn passed in which nothing came: why the stream is taken for lost although it answers, where it is. A
    /// stream that answers questions and tells nothing is as good as none.
    fn turn_passed(&mut self) -> Option<String>;

    /// What makes the host answer where it has been silent.
    fn question(&mut self) -> String;

    /// It is lost, or could not be had; why.
    fn lost(&mut self, words: &str);
}

/// Keeps a stream until `is_over` says so: whenever it is lost it is opened again, after a while.
pub(super) fn keep(url: &str, protocol: &mut impl Protocol, seed: u64, is_over: &dyn Fn() -> bool) {
    let mut backoff = Backoff::new(seed);
    while !is_over() {
        contacted::note(url);
        let end = match Socket::open(url, PATIENCE) {
            Ok(socket) => converse(socket, protocol, &mut backoff, is_over),
            Err(words) => Verdict::Lost(words),
        };
        let wait_ms = match &end {
            Verdict::Lost(words) => {
                protocol.lost(words);
                backoff.lost()
            }
            Verdict::Refused(words) => {
                protocol.lost(words);
                backoff.refused()
            }
            Verdict::GoOn | Verdict::Stands => return,
        };
        let mut waited_ms = 0;
        while waited_ms < wait_ms && !is_over() {
            std::thread::sleep(Duration::from_millis(50));
            waited_ms += 50;
        }
    }
}

/// One connection, from its first word to its end.
fn converse(
    mut socket: Socket,
    protocol: &mut impl Protocol,
    backoff: &mut Backoff,
    is_over: &dyn Fn() -> bool,
) -> Verdict {
    protocol.connected();
    let (mut stands, mut silent, mut asked, mut quiet_turns) = (false, 0_u32, false, 0_u32);
    while !is_over() {
        while let Some(words) = protocol.next_words() {
            if let Err(words) = socket.say(&words) {
                return Verdict::Lost(words);
            }
        }
        let frame = match socket.hear() {
            Ok(frame) => frame,
            Err(words) => return Verdict::Lost(words),
        };
        let Some(frame) = frame else {
            silent = silent.saturating_add(1);
            quiet_turns = quiet_turns.saturating_add(1);
            if stands && quiet_turns == TURNS_STOOD {
                backoff.stood();
            }
            if let Some(words) = protocol.turn_passed() {
                return Verdict::Lost(words);
            }
            if !stands && quiet_turns >= TURNS_TO_LOG_IN {
                return Verdict::Lost("the host did not let us in within ten seconds".to_owned());
            }
            if silent >= TURNS_UNTIL_LOST {
                return Verdict::Lost("the host has gone silent".to_owned());
            }
            if silent >= TURNS_UNTIL_ASKED && !asked {
                asked = true;
                if let Err(words) = socket.say(&protocol.question()) {
                    return Verdict::Lost(words);
                }
            }
            continue;
        };
        (silent, asked) = (0, false);
        match protocol.take(&frame) {
            Verdict::GoOn => {}
            Verdict::Stands => stands = true,
            end => return end,
        }
    }
    Verdict::GoOn
}
