use clap::Args;

use crate::domain::money::Money;
use crate::domain::passport::{Hours, Passport, Sides};
use crate::domain::qty::Qty;
use crate::domain::symbol::Symbol;

/// What the trader grants less than a script asks for.
#[derive(Debug, Args)]
pub struct PassportArgs {
    /// The symbols it may open, and no others.
    #[arg(long, value_name = "SYMBOL", value_delimiter = ',')]
    pub symbols: Vec<Symbol>,
    /// It may only buy to open.
    #[arg(long, conflicts_with = "short_only")]
    pub long_only: bool,
    /// It may only sell to open.
    #[arg(long)]
    pub short_only: bool,
    /// The most shares of one symbol.
    #[arg(long, value_name = "QTY")]
    pub max_qty: Option<Qty>,
    /// The most dollars of one symbol.
    #[arg(long, value_name = "USD")]
    pub max_usd: Option<Money>,
    /// Opening orders within a minute.
    #[arg(long, value_name = "N")]
    pub orders_per_minute: Option<u32>,
    /// When it may open, by New York's clock, such as 09:35-15:45.
    #[arg(long, value_name = "HH:MM-HH:MM")]
    pub hours: Option<Hours>,
    /// What it may lose in a day before it opens nothing more, in dollars.
    #[arg(long, value_name = "USD")]
    pub max_day_loss: Option<Money>,
    /// Ask me before each of its openings.
    #[arg(long)]
    pub ask: bool,
}

impl PassportArgs {
    /// What was typed, as a passport.
    pub(super) fn passport(&self) -> Passport {
        Passport {
            symbols: self.symbols.clone(),
            sides: match (self.long_only, self.short_only) {
                (true, _) => Sides::Long,
                (_, true) => Sides::Short,
                _ => Sides::Both,
            },
            max_qty: self.max_qty,
            max_usd: self.max_usd,
            orders_per_minute: self.orders_per_minute,
            hours: self.hours,
            max_day_loss_usd: self.max_day_loss,
            asks: self.ask,
        }
    }
}
