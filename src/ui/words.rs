use crate::domain::intent::Intent;
use crate::domain::mode::Mode;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::engine::snapshot::{AdjustView, OrderView, PositionView};
use crate::risk::decision::Check;
use crate::risk::refusal::{Code, Refusal};
use crate::ui::keys::{Action, Keys};
use crate::ui::model::Model;
use crate::ui::ticket::Ticket;

/// The hint that is in sight at every size.
pub const KILL_HINT: &str = "KILL ▸ Ctrl-\\ or F12";
/// The same, where there is less room.
pub const KILL_HINT_SHORT: &str = "KILL Ctrl-\\";
/// The smallest screens say so.
pub const ENLARGE: &str = "enlarge the window for more";

/// The window could not keep up with the keys.
pub const KEYS_DROPPED: &str = "keys came faster than they could be taken; some were thrown away";
/// The mouse was taken.
pub(super) const MOUSE_TAKEN: &str = "the mouse chooses and scrolls; Shift marks text";
/// The mouse was left to the terminal.
pub(super) const MOUSE_LEFT: &str = "the mouse is the terminal's again";
/// A difference with the venue that waits for the trader's word.
pub(super) fn adjust(adjust: &AdjustView) -> String {
    let AdjustView { number, difference } = adjust;
    let because = difference.because.as_deref().map_or_else(String::new, |because| format!(", {because}"));
    let journal = difference.journal.map_or_else(|| "?".to_owned(), |qty| qty.to_string());
    format!(
        "{number}: {} is {journal} by the journal, {} here, {} at the venue{because}",
        difference.symbol, difference.engine, difference.broker
    )
}

/// Pasted where no text is typed.
pub const PASTE_IGNORED: &str = "a paste outside of a text field does nothing; open : first";
/// Signs too fast for fingers.
pub const BURST_IGNORED: &str = "keys that come this fast are taken for a paste and ignored";
/// Keys meant for what the overlay covers.
pub const HIDE_FIRST: &str = "Esc hides the kill's report; : takes commands";
/// The ticket's number without a ticket.
pub const NO_TICKET: &str = "no ticket is open";
/// No room for a ticket.
pub const TICKET_NEEDS_ROOM: &str = "a ticket needs 80×24; use : buy SYMBOL QTY --limit PRICE";
/// The badge of a run that is watched again, whatever it traded.
pub const REPLAY: &str = "REPLAY";
/// Nothing chosen.
pub const SELECT_AN_ORDER: &str = "choose an order first: Tab to Open orders, then j or k";
/// Nothing chosen.
pub const SELECT_A_POSITION: &str = "choose a position first: Tab to Positions, then j or k";
/// Nothing chosen.
pub const SELECT_A_STRATEGY: &str = "choose a strategy first: Tab to Strategies, then j or k";
/// Nothing chosen.
pub const SELECT_A_SYMBOL: &str = "choose a symbol first: / and its name";
/// Nothing to close.
pub const NOTHING_OPEN: &str = "no position is open";
/// No stop to change.
pub const NO_STOP_TO_EDIT: &str = "choose a position whose stop works at the venue first";
/// Ctrl-Z with something at stake.
pub const NO_SUSPEND: &str =
    "not into the background while positions or orders stand: nobody would watch them; q asks what to do";
/// A confirm that was turned down.
pub const NOT_DONE: &str = "not done";
/// An answer without words.
pub const DONE: &str = "done";
/// Enter right after another key.
pub const HASTY_ENTER: &str =
    "Enter came with the key before it, as in a paste: nothing was sent; press it again";
/// No size passes.
pub const NOTHING_PASSES: &str = "not one share would pass; the preview says which limit binds";
/// The largest size needs a price and a quantity to start from.
pub const SIZE_NEEDS_PREVIEW: &str = "type a price and any quantity first; then = fills in the largest";
/// The machine has too few bars for a stop of its own.
pub const TYPE_A_STOP: &str = "type a Stop: there are too few bars for an automatic one";
/// The preview lags behind the fields.
pub const NOT_JUDGED_YET: &str =
    "the gate has not answered for these figures yet; it judges again when it is sent";
/// Outside the regular session.
pub const OUT_OF_HOURS: &str = "the exchange is not in its regular session";
/// Far off the market.
pub const FAR_FROM_MARKET: &str = "its price is more than 2% away from the market";
/// What opens or changes a position in live is reviewed first.
pub const BY_THE_TICKET: &str =
    "with real money an order goes through the ticket (b, s, r): nothing was sent";
/// No strategy asks.
pub const NOTHING_ASKS: &str = "no opening waits for your yes";
/// No question is chosen.
pub const CHOOSE_A_QUESTION: &str = "choose a question first: j or k";
/// What keys do in the queue.
pub const QUEUE_KEYS: &str = "Enter yes · n no · digits another quantity · l another limit · Esc hides";
/// What keys do in the queue before a question is chosen.
pub const QUEUE_CHOOSE: &str = "j and k choose · Esc hides";
/// A script is being read.
pub const READING: &str = "reading …";
/// How a script is approved.
pub const TYPE_APPROVE: &str = "type approve and Enter, for sim and paper; Esc leaves it:";
/// A script that needs no approval, or gets none here.
pub const READ_ONLY: &str = "j k PgUp PgDn scroll · Esc back";
/// What a script's text stands under.
pub const THE_SCRIPT: &str = "the script:";
/// What a changed script's lines stand under.
pub const WHAT_CHANGED: &str = "what changed since it was approved:";
/// A word that the palette of live does not know.
pub const NOT_IN_LIVE: &str = "that is no command of this window in live; the shell has more";
/// A field of a form is empty.
pub const FILL_EVERY_FIELD: &str = "fill every field; Esc leaves it";
/// The word that opens a window behind which no money is.
pub const TYPE_UNLOCK: &str = "type unlock, and Enter";
/// The wizard was left before its end.
pub const WIZARD_LEFT: &str = "nothing was written; w begins again";
/// One of a pair of keys is missing.
pub const BOTH_KEYS: &str = "both the id and the secret, or neither";
/// The kill was not pulled on its page.
pub const PULL_IT_ONCE: &str =
    "press Ctrl-\\ once: whoever never pulled it looks for the key when it matters";
/// A window that hides what is the trader's own.
pub const LOCKED: &str = "LOCKED";
/// The window shows everything again.
pub const UNLOCKED: &str = "unlocked";
/// A line that came in one breath with the key that opened the palette.
pub const HASTY_COMMAND: &str = "this came as a paste does: nothing was sent; read it and press Enter again";
/// A confirm on a screen that cannot show it.
pub const TOO_SMALL_TO_CONFIRM: &str = "enlarge to confirm; Esc leaves it";
/// The end of the run on the smallest screens.
pub const QUIT_SHORT: &str = "y ends, Esc goes on";
/// The second press on the smallest screens.
pub const KILL_AGAIN_SHORT: &str = "Ctrl-\\ again: flatten all";
/// An order that is made larger.
pub const LARGER_THAN_BEFORE: &str = "it asks for more than the order that it changes";
/// Live that is not armed.
pub const DISARMED: &str = "DISARMED: nothing opens; exits and the kill go on.  :arm arms";
/// Live that is armed.
pub const ARMED: &str = "ARMED: REAL MONEY.  :disarm --reason TEXT  ends it";
/// The machine died.
pub const ENGINE_DOWN: &str = "ENGINE DOWN";
/// What is left when the machine died.
pub const ENGINE_DOWN_ADVICE: &str = "Ctrl-\\ twice closes every position; no order is handled any more";
/// Before the machine's first word.
pub const STARTING: &str = "starting: reading the journal …";

/// The badge's word.
pub const fn badge(mode: Mode) -> &'static str {
    match mode {
        Mode::Sim => "SIM",
        Mode::Paper => "PAPER",
        Mode::Live => "LIVE",
    }
}

/// What a limit is called, by the code that refuses at it.
pub const fn limit_name(code: Code) -> &'static str {
    match code {
        Code::PositionLimit => "Position",
        Code::GrossLimit => "Gross",
        Code::HeatLimit => "Heat",
        Code::OrderLimit => "Order value",
        Code::BuyingPower => "Buying pw",
        Code::DailyLossReached => "Day loss",
        other => other.word(),
    }
}

/// Whether an order is a stop that protects the position of its symbol.
pub fn protects(order: &OrderView, model: &Model) -> bool {
    let position = model
        .seen
        .as_ref()
        .and_then(|seen| seen.snapshot.positions.iter().find(|position| position.symbol == order.symbol));
    let closes = position.is_some_and(|position| {
        if position.qty.is_positive() { order.side == Side::Sell } else { order.side == Side::Buy }
    });
    closes && order.kind.stop().is_some()
}

/// An order is to be cancelled.
pub fn cancel_order(order: &OrderView, model: &Model) -> Vec<String> {
    if !protects(order, model) {
        let (side, rest) = (order.side.word(), order.qty.minus(order.filled).unwrap_or(order.qty));
        return vec![format!("Cancel the order to {side} {rest} {}?", order.symbol)];
    }
    let stop = order.kind.stop().map(|price| price.to_string()).unwrap_or_default();
    vec![
        format!("Cancel the protective stop of {} at {stop}?", order.symbol),
        "The machine places it again unless you close the position.".to_owned(),
    ]
}

/// Every opening order of a symbol is to be cancelled.
pub fn cancel_symbol(symbol: Symbol) -> Vec<String> {
    vec![format!("Cancel every opening order of {symbol}?"), "Its protective stops stay.".to_owned()]
}

/// A position is to be closed.
pub fn close(position: &PositionView) -> Vec<String> {
    vec![
        format!("Close {} {} at market?", position.symbol, position.qty),
        "Its stops are released first, and what they no longer protect is sold or bought back.".to_owned(),
    ]
}

/// Every position is to be closed.
pub fn flatten(count: usize) -> Vec<String> {
    vec![format!("Close all {count} positions at market?"), "Strategies go on running.".to_owned()]
}

/// A strategy is to go on with real money.
pub fn resume(name: &str) -> Vec<String> {
    vec![format!("Let {name} go on with real money?")]
}

/// How many openings wait for the trader.
pub fn waiting(count: usize) -> String {
    match count {
        0 => "no opening waits".to_owned(),
        1 => "1 opening waits for your yes".to_owned(),
        count => format!("{count} openings wait for your yes"),
    }
}

/// A question that was chosen ended by itself.
pub fn question_over(number: u64) -> String {
    format!("question {number} is over: nobody answered in time, or it was answered elsewhere")
}

/// A strategy's opening is to go with real money.
pub fn asked_by(name: &str, intent: &Intent) -> String {
    let (side, qty, symbol) = (intent.side.word(), intent.qty, intent.symbol);
    let at = intent.kind.limit().map_or_else(|| "at market".to_owned(), |limit| format!("limit {limit}"));
    let stop = intent.stop_loss.map_or_else(String::new, |stop| format!(", stop {stop}"));
    format!("Let {name} {side} {qty} {symbol} {at}{stop}?")
}

/// A check that uses more than half of its limit.
pub fn takes_much(check: &Check) -> String {
    format!("{} {} of {}: more than half of the limit", limit_name(check.code), check.value, check.limit)
}

/// The gate would refuse.
pub fn not_sent(refusal: &Refusal) -> String {
    format!("not sent: {refusal}")
}

/// What the ticket is about to ask for.
pub fn asked(ticket: &Ticket) -> String {
    let verb = match (ticket.replaces, ticket.side) {
        (Some(_), _) => "Change the order to",
        (None, Side::Buy) => "Buy",
        (None, Side::Sell) => "Sell",
    };
    let mut text = format!("{verb} {} {}", ticket.qty.text(), ticket.symbol.text());
    for (name, line, shown) in [
        ("limit", &ticket.limit, ticket.has(crate::ui::ticket::Field::Limit)),
        ("trigger", &ticket.trigger, ticket.has(crate::ui::ticket::Field::Trigger)),
        ("stop", &ticket.stop_loss, true),
        ("target", &ticket.target, true),
    ] {
        if shown && !line.is_empty() {
            text.push_str(&format!(", {name} {}", line.text()));
        }
    }
    text.push('?');
    text
}

/// No further price comes.
pub fn data_ended(data: &str) -> String {
    format!("THE DATA IS OVER: q ends, and the next start begins a new ledger ({data})")
}

/// How to go on from a first look at the window.
pub fn first_look(keys: &Keys) -> String {
    let (help, wizard, buy) = (keys.of(Action::Help), keys.of(Action::Wizard), keys.of(Action::Buy));
    format!("{help} help · {wizard} wizard · {buy} buys · Ctrl-\\ stops")
}

/// The last run ended without saying so.
pub const AFTER_UNCLEAN: &str =
    "the last run ended unclean: look at positions and orders, then :acknowledge unclean --reason TEXT";

/// Why no position may be opened yet, and what to do.
pub fn not_ready(cause: &str) -> String {
    let advice = match cause {
        "unclean_start" => "look at positions and orders, then :acknowledge unclean --reason TEXT",
        "keys" => {
            "the broker does not take the keys; look at its own page now, then set them anew and start again"
        }
        "reconcile" => "the venue's state is being read",
        "stream" => "the line that tells of orders is lost, and is being opened again",
        "clock" => "this machine's clock is off the venue's, or could not be compared: set it by NTP",
        "journal" => "rows cannot be written: free some disk space",
        "feed" => "the market's data is not fresh",
        _ => "`hardstop status` tells more",
    };
    format!("NO OPENINGS ({cause}): {advice}")
}
