use crate::engine::event::Act;
use crate::ui::hidden::Hidden;
use crate::ui::model::WhoField;
use crate::ui::msg::Asker;
use crate::ui::review::ReviewAsks;
use crate::ui::wizard::WizardAsks;

/// What is to be done after a message. `app` does it; the window only asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// The trader asks the machine; the answer goes to whoever asked.
    Act(Asker, Act),
    /// A line of the palette, in the shell's grammar.
    Command(String),
    /// The wizard has something done.
    Wizard(Asker, WizardAsks),
    /// A strategy's file is read or approved.
    Review(ReviewAsks),
    /// The trader shows who he is, to have this done.
    Trusted(Asker, Trusted, Wish),
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

/// What is done for nobody but the trader himself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trusted {
    /// Live may open positions.
    Arm,
    /// Trade again after a kill.
    Rearm,
    /// The window shows everything again.
    Unlock,
}

/// What the trader typed to show who he is. Nothing of it is on a screen or in a log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wish {
    /// The last letters of the account's number.
    pub account: Hidden,
    /// The vault's passphrase.
    pub passphrase: Hidden,
    /// The second factor's code.
    pub code: Hidden,
    /// Why, in his own words.
    pub reason: String,
}

impl Wish {
    /// A field of the form.
    pub const fn field(&self, field: WhoField) -> &Hidden {
        match field {
            WhoField::Account => &self.account,
            WhoField::Passphrase => &self.passphrase,
            WhoField::Code => &self.code,
        }
    }

    /// The same, to type into.
    pub const fn field_mut(&mut self, field: WhoField) -> &mut Hidden {
        match field {
            WhoField::Account => &mut self.account,
            WhoField::Passphrase => &mut self.passphrase,
            WhoField::Code => &mut self.code,
        }
    }
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
