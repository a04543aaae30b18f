//! `hardstop screenshot`: the window's own painting of a fixed state, so that the pictures of the
//! manual cannot lie.

use std::path::Path;
use std::str::FromStr;

use crate::cli::args::ScreenshotArgs;
use crate::cli::exit::Failure;
use crate::ui::fixture;
use crate::ui::model::{Model, Popup, Screen};
use crate::ui::svg;
use crate::ui::theme::{Depth, Theme};

/// More is no terminal, and a picture that no page shows.
const SIDE_MAX: u16 = 500;

/// Columns and rows of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PictureSize(u16, u16);

/// The text is no size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a size is columns x rows, each 1 to {SIDE_MAX}, such as 200x50")]
pub struct SizeFault;

impl FromStr for PictureSize {
    type Err = SizeFault;

    fn from_str(text: &str) -> Result<Self, SizeFault> {
        let (columns, rows) = text.split_once(['x', '×']).ok_or(SizeFault)?;
        let side = |text: &str| text.parse().ok().filter(|side| (1..=SIDE_MAX).contains(side));
        Ok(Self(side(columns).ok_or(SizeFault)?, side(rows).ok_or(SizeFault)?))
    }
}

/// What is in sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Picture {
    /// A screen on a quiet day.
    Screen(Screen),
    /// What every key does.
    Help,
    /// An order about to be sent, with the gate's word on it.
    Ticket,
    /// After the kill's first press.
    Halted,
}

/// No picture has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no screen is called {0:?}; write {known}", known = names().join(", "))]
pub struct PictureFault(String);

/// The pictures that are no screen of their own.
const OTHERS: [(&str, Picture); 3] =
    [("help", Picture::Help), ("ticket", Picture::Ticket), ("halted", Picture::Halted)];

fn names() -> Vec<String> {
    let screens = Screen::ALL.map(|screen| screen.word().to_lowercase());
    screens.into_iter().chain(OTHERS.map(|(name, _)| name.to_owned())).collect()
}

impl FromStr for Picture {
    type Err = PictureFault;

    fn from_str(text: &str) -> Result<Self, PictureFault> {
        let screen = Screen::ALL.into_iter().find(|screen| screen.word().to_lowercase() == text);
        let other = OTHERS.iter().find(|(name, _)| *name == text).map(|(_, picture)| *picture);
        screen.map(Self::Screen).or(other).ok_or_else(|| PictureFault(text.to_owned()))
    }
}

pub(super) fn run(args: &ScreenshotArgs) -> Result<u8, Failure> {
    write(&args.svg, &svg::of(&model(args)))?;
    Ok(0)
}

fn model(args: &ScreenshotArgs) -> Model {
    let PictureSize(columns, rows) = args.size;
    let (size, theme) = ((columns, rows), Theme::of(args.theme, Depth::True));
    match args.screen {
        Picture::Ticket => fixture::model_with_ticket(size, theme, args.ascii),
        Picture::Halted => fixture::model_halted(size, theme, args.ascii),
        Picture::Help => {
            let mut model = fixture::model(size, theme, args.ascii);
            model.popup = Some(Popup::Help(0));
            model
        }
        Picture::Screen(screen) => {
            let mut model = fixture::model(size, theme, args.ascii);
            model.screen = screen;
            model
        }
    }
}

fn write(file: &Path, picture: &str) -> Result<(), Failure> {
    let wrote = std::fs::write(file, picture);
    wrote.map_err(|fault| {
        Failure::from(format!("{}: {fault}; name a file that can be written", file.display()))
    })
}
