use crate::risk::refusal::Code;

impl Code {
    /// What the trader can do now, in a sentence for the shell and the window.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::Malformed => {
                "look at the quantity, the prices and their sides; ext takes limits alone, an auction no stop, a trail \
                 no target and whole shares"
            }
            Self::Halted => {
                "everything is halted; close positions yourself, or `hardstop rearm --reason TEXT`"
            }
            Self::CrossesZero => {
                "it could go through zero; close the position first, then open the other side, and cancel what faces it"
            }
            Self::SelfTrade => {
                "an order of yours stands on the other side, and the venue would refuse it; cancel that one, or send a \
                 day or gtc order that takes its stop along"
            }
            Self::NoEquity => "the account is not known yet; wait for the first reading of the venue",
            Self::DailyLossReached => "the day's loss is at its limit; positions can only be made smaller",
            Self::ReduceOnly => "the day has ended for openings; positions can only be made smaller",
            Self::Disarmed => "arm first: `hardstop arm`",
            Self::NotReady => {
                "wait until the cause is gone; `hardstop status` tells it, and what to acknowledge"
            }
            Self::StrategyStopped => {
                "the strategy is paused or stopped; `hardstop strategy resume N` lets it go on"
            }
            Self::Passport => "the strategy was not granted this; approve it anew with what it may do",
            Self::CoolDown => "a pause after losses is running; `hardstop status` tells until when",
            Self::MarketClosed => {
                "it opens in the regular session; opg from 19:00 to 09:28, cls until ten minutes before the close, ext \
                 where limits.extended_hours allows it"
            }
            Self::SymbolHalted => {
                "the symbol is halted, or a difference or a split of it waits for `hardstop acknowledge NUMBER`"
            }
            Self::NotTradable => {
                "the venue does not trade it so: not at all, not short, or not in parts of a share"
            }
            Self::NoPrice => "there is no usable quote; wait for one, or look at the feed",
            Self::StaleQuote => "the quote is too old; wait for a new one, or look at the feed",
            Self::PriceCollar => "the limit is far from the market; bring it nearer",
            Self::Duplicate => "the same order went out a moment ago; wait two seconds if you mean it",
            Self::Rate => "too many openings within a minute; wait",
            Self::OrderLimit | Self::PositionLimit | Self::GrossLimit | Self::HeatLimit => {
                "make it smaller: max_qty is the most that passes"
            }
            Self::QtyLimit => "it is a large part of the symbol's volume; make it smaller",
            Self::BuyingPower => "the broker lends no more; make it smaller, or close something",
            Self::NoStop => {
                "give it --stop-loss PRICE or --trail; a short takes its stop along as a day or gtc order, and a \
                 position whose stop is missing takes no more"
            }
        }
    }
}
