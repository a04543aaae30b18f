use crate::ui::effect::Trusted;
use crate::ui::key::Key;
use crate::ui::review::ScriptView;
use crate::ui::seen::Seen;

/// What can happen to the window.
#[derive(Debug, Clone)]
pub enum Msg {
    /// A key was pressed, when, by the window's clock. The kill chord never comes this way: it was
    /// acted on before.
    Key(Key, u64),
    /// Text was pasted.
    Paste(String),
    /// The mouse did something, where, in cells from the upper left.
    Mouse(Mouse, u16, u16),
    /// The terminal has another size: columns, rows.
    Resized(u16, u16),
    /// The machine showed itself.
    Seen(Box<Seen>),
    /// A strategy's script, as it was asked for.
    Script(Box<ScriptView>),
    /// An answer to something asked: the shell's exit code and its words.
    Answered {
        /// Who asked.
        asker: Asker,
        /// 0 when it was done.
        exit: u8,
        /// What is to be said.
        words: Vec<String>,
    },
    /// The kill, as its latch and its task show it.
    Kill(KillView),
    /// The wall clock went on: milliseconds since the window opened.
    Clock(u64),
    /// The machine died, in words.
    EngineDown(String),
    /// Keys were thrown away, because the window did not take them in time.
    KeysDropped,
    /// The process was told to step into the background.
    Suspend,
    /// The shell asks the window to hide what is the trader's own.
    Lock,
    /// What was typed is done for nobody but the trader himself: he is asked who he is. With his reason.
    AskWho(Trusted, String),
}

/// What a mouse does. None of it ever sends, changes or cancels an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mouse {
    /// A button was pressed.
    Press,
    /// The wheel was turned away from the hand.
    WheelUp,
    /// The wheel was turned towards the hand.
    WheelDown,
}

/// Which part of the window asked for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asker {
    /// The ticket of this number.
    Ticket(u64),
    /// The palette.
    Palette,
    /// A key.
    Key,
    /// The form in which the trader shows who he is.
    Who,
    /// The line that opens a locked window.
    Lock,
    /// The wizard.
    Wizard,
    /// A strategy's script.
    Review,
}

/// The kill, as its latch and its task show it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KillView {
    /// How often it was pulled in this process; a held key is no pull.
    pub pulls: u64,
    /// Whether the door is shut to openings.
    pub tripped: bool,
    /// Whether positions are to be closed too.
    pub flatten: bool,
    /// What the newest pull did, once its task has read the venue again.
    pub outcome: Option<KillDone>,
}

/// What a pull did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KillDone {
    /// Orders that opened, cancelled.
    pub cancelled: u32,
    /// Positions closed.
    pub flattened: u32,
    /// Orders that should be gone and are not.
    pub left_orders: Vec<String>,
    /// Positions still open after a flatten.
    pub left_positions: Vec<String>,
    /// Whether the venue's last reading shows nothing left that should be gone.
    pub confirmed: bool,
    /// What the trader must know.
    pub words: Vec<String>,
}
