use crate::engine::event::Act;
use crate::ui::msg::Asker;

/// What is to be done after a message. `app` does it; the window only asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// The trader asks the machine; the answer goes to whoever asked.
    Act(Asker, Act),
    /// A line of the palette, in the shell's grammar.
    Command(String),
    /// Text onto the clipboard, by the terminal's own means (OSC 52).
    Copy(String),
    /// Everything is painted anew.
    Redraw,
    /// The mouse is taken, or left to the terminal.
    Mouse(bool),
    /// The process steps into the background.
    Suspend,
    /// The run ends in order.
    Quit(Leave),
}

/// What is done with what stands before the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// Stops at the venue stay, and so do orders.
    KeepAll,
    /// Orders that open are cancelled first; protective stops stay.
    CancelOpenings,
    /// The kill closes every position first.
    Flatten,
}
