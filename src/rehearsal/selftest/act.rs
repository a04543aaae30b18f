/// One thing that happens in a seed's day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Act {
    /// The market moves.
    Quote,
    /// A quote that no market should have: crossed, zero, wide, huge.
    OddQuote,
    /// A trade at some price.
    Trade,
    /// A few seconds pass.
    Wait,
    /// Minutes pass, with their quotes and bars.
    Minutes,
    /// The trader asks for an order.
    Order,
    /// The trader asks for what is no order, or far too much of one.
    OddOrder,
    /// The last ticket again, or its twin under a new number.
    Again,
    /// An order is replaced.
    Replace,
    /// One order is cancelled.
    Cancel,
    /// Every opening order is cancelled.
    CancelAll,
    /// A position is closed, or all.
    Close,
    /// A position is closed while the venue hears no cancel and the market jumps over its stop.
    Race,
    /// The kill is pulled, sometimes to flatten.
    Kill,
    /// The trader re-arms.
    Rearm,
    /// The trader acknowledges whatever waits.
    Acknowledge,
    /// A strategy is paused.
    Pause,
    /// A strategy goes on.
    Resume,
    /// The feed falls silent, or comes back.
    Feed,
    /// The journal takes no rows.
    JournalDown,
    /// It does again.
    JournalBack,
    /// A symbol stops trading.
    Halt,
    /// Every symbol trades again.
    Trades,
    /// The venue changes what it does with a symbol.
    Asset,
    /// It does everything with every symbol.
    AssetsFine,
    /// The venue's clock is off.
    ClockOff,
    /// It fits again.
    ClockFits,
    /// The stream is cut.
    StreamGap,
    /// The process ends, cleanly or not, and starts again.
    Restart,
    /// Somebody else trades on the account.
    Foreign,
    /// A symbol splits.
    Split,
    /// The day ends, and the next session comes.
    NextSession,
}

impl Act {
    /// What it is called in the table.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Quote => "quote",
            Self::OddQuote => "odd quote",
            Self::Trade => "trade",
            Self::Wait => "seconds",
            Self::Minutes => "minutes",
            Self::Order => "order",
            Self::OddOrder => "odd order",
            Self::Again => "again",
            Self::Replace => "replace",
            Self::Cancel => "cancel",
            Self::CancelAll => "cancel all",
            Self::Close => "close",
            Self::Race => "close beside a gap",
            Self::Kill => "kill",
            Self::Rearm => "re-arm",
            Self::Acknowledge => "acknowledge",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Feed => "feed silent or back",
            Self::JournalDown => "journal full",
            Self::JournalBack => "journal back",
            Self::Halt => "halt",
            Self::Trades => "resumption",
            Self::Asset => "asset flags",
            Self::AssetsFine => "asset flags clear",
            Self::ClockOff => "clock off",
            Self::ClockFits => "clock fits",
            Self::StreamGap => "stream gap",
            Self::Restart => "restart",
            Self::Foreign => "somebody else's order",
            Self::Split => "split",
            Self::NextSession => "next session",
        }
    }
}
