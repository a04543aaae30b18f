use crate::app::control::Reply;
use crate::app::machine::RunResult;
use crate::ui::key::Key;
use crate::ui::msg::{Asker, Mouse};
use crate::ui::review::ScriptView;
use crate::ui::seen::Seen;

/// What reaches the window from other threads.
#[derive(Debug)]
pub enum Note {
    /// A key was pressed, when, by the window's clock in milliseconds.
    Key(Key, u64),
    /// Text was pasted.
    Paste(String),
    /// The mouse did something, where.
    Mouse(Mouse, u16, u16),
    /// The terminal has another size.
    Resized(u16, u16),
    /// The kill was pulled, or its task has answered.
    Kill,
    /// The machine turned since it was last looked at.
    Turned,
    /// The machine as it was asked to be shown.
    Seen(Box<Seen>),
    /// An answer to something asked.
    Answered(Asker, Reply),
    /// A strategy's script, as it was asked for.
    Script(Box<ScriptView>),
    /// The terminal is gone: why.
    Gone(String),
    /// The process was told to step into the background.
    Suspend,
    /// The process goes on after it stood still.
    Continued,
    /// The machine died: why.
    Died(String),
    /// The run ended in order, or could not begin.
    Ended(Result<RunResult, String>),
}
