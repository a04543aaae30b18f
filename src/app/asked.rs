use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::app::control::{Reply, Request};
use crate::app::hot_reload::Reload;
use crate::engine::event::Act;
use crate::journal::change::Change;
use crate::ui::seen::{Look, Seen};

/// The way back of an answer; whoever asked may be gone.
pub type Back<T> = Box<dyn FnOnce(T) + Send>;

/// What the machine can be asked by others, with the way back.
pub enum Asked {
    /// Nothing: something has come in from elsewhere, and is waited for no longer. The flag says
    /// that it was told and not taken yet: it is told once.
    Wake(Arc<AtomicBool>),
    /// The shell, or the window's palette: a line of JSON.
    Shell(Request, Back<Reply>),
    /// The window: something to be done.
    Act(Act, Back<Reply>),
    /// Something about who may do what is to be written down.
    Noted(Change),
    /// Something that the trader should know, in words.
    Notice(String),
    /// A strategy whose text the trader has approved takes its seat anew.
    Reload(Box<Reload>),
    /// Somebody touched a key.
    Hand,
    /// The window: to be shown.
    Look(Look, Back<Box<Seen>>),
}
