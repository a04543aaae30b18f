use crate::risk::refusal::Code;

/// What the trader can do now about a refusal, in a sentence for the shell and the window.
#[must_use]
pub const fn remedy(code: Code) -> &'static str {
    match code {
        Code::Malformed => {
            "look at the quantity, the prices and their sides; ext takes limits alone, an auction no stop, a trail \
             no target and whole shares"
        }
        Code::Halted => "everything is halted; close positions yourself, or `hardstop rearm --reason TEXT`",
        Code::CrossesZero => {
            "it could go through zero; close the position first, then open the other side, and cancel what faces it"
        }
        Code::SelfTrade => {
            "an order of yours stands on the other side, and the venue would refuse it; cancel that one, or send a \
             day or gtc order that takes its stop along"
        }
        Code::NoEquity => "the account is not known yet; wait for the first reading of the venue",
        Code::DailyLossReached => "the day's loss is at its limit; positions can only be made smaller",
        Code::ReduceOnly => "the day has ended for openings; positions can only be made smaller",
        Code::Disarmed => "live is not armed",
        Code::NotReady => "wait until the cause is gone; `hardstop status` tells it, and what to acknowledge",
        Code::StrategyStopped => {
            "the strategy is paused or stopped; `hardstop strategy resume N` lets it go on"
        }
        Code::Passport => "the strategy was not granted this; approve it anew with what it may do",
        Code::CoolDown => "a pause after losses is running; `hardstop status` tells until when",
        Code::MarketClosed => {
            "it opens in the regular session; opg from 19:00 to 09:28, cls until ten minutes before the close, ext \
             where limits.extended_hours allows it"
        }
        Code::SymbolHalted => {
            "the symbol is halted, or a difference or a split of it waits for `hardstop acknowledge NUMBER`"
        }
        Code::NotTradable => {
            "the venue does not trade it so: not at all, not short, or not in parts of a share; a symbol that came up just \
             now is asked after: try again in a few seconds"
        }
        Code::NoPrice => "there is no usable quote; wait for one, or look at the feed",
        Code::StaleQuote => "the quote is too old; wait for a new one, or look at the feed",
        Code::PriceCollar => "the limit is far from the market; bring it nearer",
        Code::Duplicate => {
            "the same order went out a moment ago; wait a little and send it again if you mean it"
        }
        Code::Rate => "too many openings within a minute; wait",
        Code::OrderLimit | Code::PositionLimit | Code::GrossLimit | Code::HeatLimit => {
            "make it smaller: max_qty is the most that passes"
        }
        Code::QtyLimit => "it is a large part of the symbol's volume; make it smaller",
        Code::BuyingPower => "the broker lends no more; make it smaller, or close something",
        Code::NoStop => {
            "give it --stop-loss PRICE or --trail; a short takes its stop along as a day or gtc order, and a \
             position whose stop is missing takes no more"
        }
    }
}
