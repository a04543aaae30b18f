use std::collections::VecDeque;
use std::io::{self, BufWriter, IsTerminal, Stdout, Write};
use std::mem::ManuallyDrop;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::read;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use ratatui::crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use ratatui::crossterm::{execute, queue};
use ratatui::layout::Rect;

use crate::app::chord::{Chord, Press};
use crate::app::clock::{self, Stopwatch};
use crate::app::keyboard::{Input, Keyboard};
use crate::app::note::Note;
use crate::broker::latch::KillCause;
use crate::broker::latch::KillLatch;
use crate::ui::model::Model;
use crate::ui::theme::Depth;
use crate::ui::view;

/// A key that is held down repeats at least this often.
const REPEAT_WITHIN: Duration = Duration::from_millis(100);
/// A paste or a sequence of which nothing more came for so long has no end.
const UNFINISHED_FOR: Duration = Duration::from_millis(500);

/// Presses and wheel (1000), told in numbers (1006).
const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1006h";
const MOUSE_OFF: &[u8] = b"\x1b[?1006l\x1b[?1000l";

/// Whether the terminal is ours at the moment.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal while it is ours; given back when this goes, however it goes.
pub struct Screen {
    /// Never dropped: its drop would print to a terminal that may be gone, which is a panic, and would write
    /// what is left of a picture onto the terminal that was given back.
    terminal: ManuallyDrop<Terminal<CrosstermBackend<BufWriter<Stdout>>>>,
}

/// Whether there is a terminal on both sides.
pub fn is_there() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// Columns and rows.
///
/// # Errors
/// Where the terminal does not say.
pub fn size() -> io::Result<(u16, u16)> {
    ratatui::crossterm::terminal::size()
}

/// Whether the terminal's own control keys are where everybody has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ControlKeys {
    /// Ctrl-\\ sends QUIT.
    pub quit_is_usual: bool,
    /// Ctrl-C sends INT.
    pub interrupt_is_usual: bool,
}

/// The control keys of the terminal on stdin; nothing where it does not say.
pub fn control_keys() -> Option<ControlKeys> {
    use nix::sys::termios::{LocalFlags, SpecialCharacterIndices, tcgetattr};
    let modes = tcgetattr(io::stdin()).ok()?;
    let makes_signals = modes.local_flags.contains(LocalFlags::ISIG);
    let is = |place: SpecialCharacterIndices, byte: u8| {
        makes_signals && modes.control_chars.get(place as usize) == Some(&byte)
    };
    Some(ControlKeys {
        quit_is_usual: is(SpecialCharacterIndices::VQUIT, 0x1c),
        interrupt_is_usual: is(SpecialCharacterIndices::VINTR, 0x03),
    })
}

/// How many colours the terminal shows, by what its environment says of it.
pub fn depth(read: impl Fn(&str) -> Option<String>) -> Depth {
    let term = read("TERM").unwrap_or_default();
    let colours = read("COLORTERM").unwrap_or_default();
    // https://no-color.org: present and not empty means none.
    if read("NO_COLOR").is_some_and(|value| !value.is_empty()) || term == "dumb" {
        Depth::None
    } else if colours == "truecolor" || colours == "24bit" {
        Depth::True
    } else if term.contains("256color") || term.starts_with("tmux") || term.starts_with("screen") {
        Depth::Indexed
    } else {
        Depth::Sixteen
    }
}

/// Whether the locale writes UTF-8; where it does not, only ASCII is drawn.
pub fn speaks_utf8(read: impl Fn(&str) -> Option<String>) -> bool {
    let set = |name: &str| read(name).filter(|value| !value.is_empty());
    let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG")).unwrap_or_default();
    let locale = locale.to_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

impl Screen {
    /// Takes the terminal: raw, on its other screen, without a cursor.
    ///
    /// # Errors
    /// Where it cannot be taken; it is then as it was.
    pub fn take() -> io::Result<Self> {
        enter()?;
        let terminal =
            Terminal::new(CrosstermBackend::new(BufWriter::with_capacity(64 * 1024, io::stdout())));
        terminal.map(|terminal| Self { terminal: ManuallyDrop::new(terminal) }).inspect_err(|_| give_back())
    }

    /// Paints the model, all of it at once: the terminal shows no half-drawn screen.
    ///
    /// # Errors
    /// Where the terminal is gone.
    pub fn draw(&mut self, model: &Model) -> io::Result<()> {
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        self.terminal.draw(|frame| {
            let area = frame.area();
            view::draw(model, area, frame.buffer_mut());
        })?;
        queue!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
        Write::flush(self.terminal.backend_mut())
    }

    /// Forgets what was painted, so that the next painting is a whole one.
    ///
    /// # Errors
    /// Where the terminal is gone.
    pub fn forget(&mut self) -> io::Result<()> {
        // The library's own `clear` asks the terminal where its cursor is, and the answer would have to come
        // through the thread that reads the keys. This clears too, and asks nothing.
        let size = self.terminal.size()?;
        self.terminal.resize(Rect::new(0, 0, size.width, size.height))
    }

    /// Takes the terminal again after it was given back.
    ///
    /// # Errors
    /// Where it cannot be taken.
    pub fn retake(&mut self) -> io::Result<()> {
        enter()?;
        self.forget()
    }

    /// Asks the terminal for presses of the mouse and turns of its wheel, or for none. Moves are not asked
    /// for: they are many, and mean nothing here.
    pub fn take_mouse(&mut self, taken: bool) {
        let out = self.terminal.backend_mut();
        // A terminal that is gone is found out by the next painting.
        let _gone = out.write_all(if taken { MOUSE_ON } else { MOUSE_OFF }).and_then(|()| Write::flush(out));
    }

    /// Text onto the clipboard of the terminal (OSC 52).
    ///
    /// # Errors
    /// Where the terminal is gone.
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        let out = self.terminal.backend_mut();
        write!(out, "\x1b]52;c;{}\x07", base64(text.as_bytes()))?;
        Write::flush(out)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

fn enter() -> io::Result<()> {
    TAKEN.store(true, Ordering::SeqCst);
    enable_raw_mode()?;
    let entered = execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste, Hide);
    entered.inspect_err(|_| give_back())
}

/// Gives the terminal back as it was. Once is enough, twice does no harm, and a terminal that is gone
/// is no fault.
pub fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let _gone = io::stdout().write_all(MOUSE_OFF);
        let _gone =
            execute!(io::stdout(), EndSynchronizedUpdate, DisableBracketedPaste, LeaveAlternateScreen, Show);
        let _gone = disable_raw_mode();
    }
}

/// Gives back what can be given back to a terminal that takes no more bytes: its modes.
pub fn give_back_modes() {
    let _gone = disable_raw_mode();
}

/// Listens to the terminal on a thread of its own. The kill chord is acted on here, before anything
/// else is asked: neither a popup, nor a text field, nor a screen that hangs stands before it.
///
/// # Errors
/// When there is no thread to be had.
pub fn listen(
    latch: KillLatch,
    notes: SyncSender<Note>,
    since: Arc<Stopwatch>,
    dropped: Arc<AtomicBool>,
) -> Result<(), String> {
    let listens = move || {
        let mut ear = Ear { keyboard: Keyboard::default(), heard: VecDeque::new(), since };
        let mut chord = Chord::default();
        loop {
            let note = match ear.next() {
                Err(fault) => {
                    // A window that is lost is not traded without: the run ends in order.
                    let _window_gone = notes.send(Note::Gone(fault.to_string()));
                    return;
                }
                Ok((Input::Kill, at_ms)) => {
                    pull(&latch, &mut chord, at_ms, &mut ear);
                    Note::Kill
                }
                Ok((Input::Key(key), at_ms)) => Note::Key(key, at_ms),
                Ok((Input::Paste(text), _)) => Note::Paste(text),
                Ok((Input::Mouse(does, column, row), _)) => Note::Mouse(does, column, row),
            };
            // A window that does not keep up loses keys, never the kill: this thread waits for nobody.
            match notes.try_send(note) {
                Ok(()) => {}
                Err(TrySendError::Full(_)) => dropped.store(true, Ordering::SeqCst),
                Err(TrySendError::Disconnected(_)) => return,
            }
        }
    };
    let thread = std::thread::Builder::new().name("input".to_owned()).spawn(listens);
    thread.map(drop).map_err(|fault| format!("no thread for the keys: {fault}"))
}

/// The keys of the terminal on stdin, each with when it was read.
struct Ear {
    keyboard: Keyboard,
    heard: VecDeque<(Input, u64)>,
    since: Arc<Stopwatch>,
}

impl Ear {
    fn next(&mut self) -> io::Result<(Input, u64)> {
        loop {
            if let Some(heard) = self.heard.pop_front() {
                return Ok(heard);
            }
            let patience = self.keyboard.waits().then_some(UNFINISHED_FOR);
            if !self.hear(patience)? {
                let at_ms = self.now_ms();
                self.heard.extend(self.keyboard.give_up().into_iter().map(|input| (input, at_ms)));
            }
        }
    }

    /// Whether the chord is the next thing that comes, within `patience`.
    fn hears_the_chord(&mut self, patience: Duration) -> bool {
        if self.heard.is_empty() {
            // What goes wrong here goes wrong again with the next reading, and is said there.
            let _said_there = self.hear(Some(patience));
        }
        matches!(self.heard.front(), Some((Input::Kill, _)))
    }

    /// Takes in what there is; `false` when nothing came within `patience`.
    fn hear(&mut self, patience: Option<Duration>) -> io::Result<bool> {
        let stdin = io::stdin();
        let timeout = patience.map_or(PollTimeout::NONE, |patience| {
            PollTimeout::try_from(patience).unwrap_or(PollTimeout::MAX)
        });
        let mut there = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
        match poll(&mut there, timeout) {
            Err(Errno::EINTR) => return Ok(true),
            Err(fault) => return Err(fault.into()),
            Ok(0) => return Ok(false),
            Ok(_) => {}
        }
        let mut bytes = [0_u8; 4_096];
        match read(stdin.as_fd(), &mut bytes) {
            Err(Errno::EINTR | Errno::EAGAIN) => {}
            Err(fault) => return Err(fault.into()),
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(length) => {
                let inputs = self.keyboard.take(bytes.get(..length).unwrap_or_default());
                let at_ms = self.now_ms();
                self.heard.extend(inputs.into_iter().map(|input| (input, at_ms)));
            }
        }
        Ok(true)
    }

    fn now_ms(&self) -> u64 {
        (self.since.seconds() * 1_000.0) as u64
    }
}

/// The chord. Where a second press could as well be a repeat of a key that is held down, the repeats that
/// would follow it are waited for: a tenth of a second, and for flattening only.
fn pull(latch: &KillLatch, chord: &mut Chord, at_ms: u64, ear: &mut Ear) {
    let at = clock::now();
    let held = match chord.pressed(at_ms) {
        // What is not halted is halted at once, also by a key that stayed down over a re-arm.
        _ if !latch.is_tripped() => false,
        Press::Counts => false,
        Press::Held => true,
        Press::Unclear => ear.hears_the_chord(REPEAT_WITHIN),
    };
    if held {
        latch.note_held(at);
    } else {
        latch.trip(&KillCause::Window, at);
    }
}

/// RFC 4648, with padding: what OSC 52 takes.
fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for three in bytes.chunks(3) {
        let at = |index: usize| u32::from(three.get(index).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..4 {
            let sign = SIGNS[(bits >> (18 - 6 * place)) as usize & 63];
            out.push(if place <= three.len() { char::from(sign) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<'a>(vars: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
        |name| vars.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    }

    #[test]
    fn colours_are_as_many_as_the_terminal_says() {
        for (vars, depth_of) in [
            (&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")][..], Depth::True),
            (&[("TERM", "xterm-256color")], Depth::Indexed),
            (&[("TERM", "screen")], Depth::Indexed),
            (&[("TERM", "vt100")], Depth::Sixteen),
            (&[("TERM", "xterm-256color"), ("NO_COLOR", "1")], Depth::None),
            (&[("TERM", "xterm-256color"), ("NO_COLOR", "")], Depth::Indexed),
            (&[("TERM", "dumb")], Depth::None),
        ] {
            assert_eq!(depth(with(vars)), depth_of, "{vars:?}");
        }
    }

    #[test]
    fn only_ascii_is_drawn_where_the_locale_is_not_utf8() {
        for (vars, speaks) in [
            (&[("LANG", "en_US.UTF-8")][..], true),
            (&[("LC_ALL", "C"), ("LANG", "en_US.UTF-8")], false),
            (&[("LC_ALL", ""), ("LC_CTYPE", "C.utf8")], true),
            (&[], false),
        ] {
            assert_eq!(speaks_utf8(with(vars)), speaks, "{vars:?}");
        }
    }

    #[test]
    fn the_clipboard_is_told_in_the_published_way() {
        for (text, sent) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(text.as_bytes()), sent);
        }
    }
}
