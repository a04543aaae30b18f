use crate::domain::id::ClientOrderId;
use crate::domain::intent::{Intent, Origin};
use crate::domain::money::Money;
use crate::domain::order::{OrderKind, TimeInForce};
use crate::domain::pct::Pct;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::domain::trail::Trail;
use crate::ui::line::Line;
use crate::ui::seen::{MarketView, Seen};

/// The order ticket: what the trader is about to ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Minted when the ticket opened, and anew after a refusal: two presses of Enter are one order.
    pub number: u64,
    /// The order it changes, where it changes one.
    pub replaces: Option<ClientOrderId>,
    /// What is traded.
    pub symbol: Line,
    /// Buy or sell.
    pub side: Side,
    /// At which kind of price.
    pub kind: Kind,
    /// How long.
    pub tif: TimeInForce,
    /// Shares `50`, cash `$5000`, or risk `1%` of equity.
    pub qty: Line,
    /// The limit.
    pub limit: Line,
    /// The price that sets it off.
    pub trigger: Line,
    /// The protective stop: a price, or `2%` away from the entry. Empty: the gate's own, by ATR.
    pub stop_loss: Line,
    /// The target: a price, or `1.5R`.
    pub target: Line,
    /// Where the cursor stands.
    pub field: Field,
    /// Whether it was sent and not answered yet.
    pub sent: bool,
    /// What the machine said to it last.
    pub words: Vec<String>,
    /// When it was refused, by the window's clock; a key that bounces must not ask again.
    pub refused_ms: Option<u64>,
}

/// At which kind of price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Whatever is there.
    Market,
    /// At the limit or better.
    Limit,
    /// At market, once the trigger is met.
    Stop,
    /// At the limit, once the trigger is met.
    StopLimit,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Limit, Self::Market, Self::Stop, Self::StopLimit];

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Market => "MARKET",
            Self::Limit => "LIMIT",
            Self::Stop => "STOP",
            Self::StopLimit => "STOP-LIMIT",
        }
    }

    const fn has_limit(self) -> bool {
        matches!(self, Self::Limit | Self::StopLimit)
    }

    const fn has_trigger(self) -> bool {
        matches!(self, Self::Stop | Self::StopLimit)
    }
}

/// The fields of the ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// What is traded.
    Symbol,
    /// Buy or sell.
    Side,
    /// At which kind of price.
    Kind,
    /// How long.
    Tif,
    /// How much.
    Qty,
    /// The limit.
    Limit,
    /// What sets it off.
    Trigger,
    /// The protective stop.
    StopLoss,
    /// The target.
    Target,
}

impl Field {
    const ALL: [Self; 9] = [
        Self::Qty,
        Self::Limit,
        Self::Trigger,
        Self::StopLoss,
        Self::Target,
        Self::Symbol,
        Self::Side,
        Self::Kind,
        Self::Tif,
    ];
}

/// What comes after `now` in a round.
fn after<T: Copy + PartialEq>(all: &[T], now: T, forward: bool) -> T {
    let at = all.iter().position(|one| *one == now).unwrap_or(0);
    let next = if forward { at + 1 } else { at + all.len() - 1 };
    all[next % all.len()]
}

impl Ticket {
    /// A ticket for `symbol`, its limit at the price that would trade at once.
    pub fn open(number: u64, side: Side, market: Option<&MarketView>, symbol: Option<Symbol>) -> Self {
        let price = market.and_then(|market| {
            if side == Side::Buy { market.ask.or(market.last) } else { market.bid.or(market.last) }
        });
        Self {
            number,
            replaces: None,
            symbol: Line::new(symbol.as_ref().map_or("", Symbol::as_str)),
            side,
            kind: Kind::Limit,
            tif: TimeInForce::Day,
            qty: Line::default(),
            limit: Line::new(&price.map(|price| price.to_string()).unwrap_or_default()),
            trigger: Line::default(),
            stop_loss: Line::default(),
            target: Line::default(),
            field: Field::Qty,
            sent: false,
            words: Vec::new(),
            refused_ms: None,
        }
    }

    /// The line that is being typed into, where the field is one.
    pub fn line(&mut self) -> Option<&mut Line> {
        match self.field {
            Field::Symbol => Some(&mut self.symbol),
            Field::Qty => Some(&mut self.qty),
            Field::Limit => Some(&mut self.limit),
            Field::Trigger => Some(&mut self.trigger),
            Field::StopLoss => Some(&mut self.stop_loss),
            Field::Target => Some(&mut self.target),
            Field::Side | Field::Kind | Field::Tif => None,
        }
    }

    /// Whether the field has a meaning for this kind of order.
    pub fn has(&self, field: Field) -> bool {
        match field {
            Field::Limit => self.kind.has_limit(),
            Field::Trigger => self.kind.has_trigger(),
            Field::StopLoss | Field::Target | Field::Symbol | Field::Side | Field::Kind | Field::Tif => {
                self.replaces.is_none()
            }
            Field::Qty => true,
        }
    }

    /// Goes to the next field that has a meaning, or to the one before.
    pub fn step(&mut self, forward: bool) {
        for _ in 0..Field::ALL.len() {
            self.field = after(&Field::ALL, self.field, forward);
            if self.has(self.field) {
                return;
            }
        }
    }

    /// Turns a field that offers a choice.
    pub fn turn(&mut self, forward: bool) {
        match self.field {
            Field::Side => self.side = if self.side == Side::Buy { Side::Sell } else { Side::Buy },
            Field::Kind => self.kind = after(&Kind::ALL, self.kind, forward),
            Field::Tif => self.tif = after(&TimeInForce::ALL, self.tif, forward),
            _ => {}
        }
    }

    /// The symbol, once it is one.
    pub fn symbol(&self) -> Option<Symbol> {
        self.symbol.text().trim().to_uppercase().parse().ok()
    }

    /// What the gate would be asked.
    ///
    /// # Errors
    /// What is missing or wrong, in words that say what to type.
    pub fn intent(&self, seen: &Seen) -> Result<Intent, String> {
        let symbol = self.symbol().ok_or("type a symbol")?;
        let market = seen.markets.iter().find(|market| market.symbol == symbol);
        let market = market.ok_or_else(|| format!("the feed has no {symbol}"))?;
        let kind = self.order_kind()?;
        let entry = self.entry(kind, market);
        let stop_loss = self.protective(entry)?;
        let qty = self.shares(seen, entry, stop_loss)?;
        let take_profit = self.take_profit(entry, stop_loss)?;
        let origin = Origin::Operator;
        let trail = self.trail()?;
        let side = self.side;
        Ok(Intent { origin, symbol, side, qty, kind, tif: self.tif, stop_loss, take_profit, trail })
    }

    fn order_kind(&self) -> Result<OrderKind, String> {
        let limit = || price(&self.limit, "a limit price");
        let trigger = || price(&self.trigger, "the price that sets the order off");
        Ok(match self.kind {
            Kind::Market => OrderKind::Market,
            Kind::Limit => OrderKind::Limit { limit: limit()? },
            Kind::Stop => OrderKind::Stop { stop: trigger()? },
            Kind::StopLimit => OrderKind::StopLimit { stop: trigger()?, limit: limit()? },
        })
    }

    /// The price that the position would be entered at.
    fn entry(&self, kind: OrderKind, market: &MarketView) -> Option<Price> {
        let at_once = if self.side == Side::Buy { market.ask } else { market.bid };
        kind.limit().or(kind.stop()).or(at_once).or(market.last)
    }

    /// How the stop is to follow the market, where a `t` before it says that it shall.
    fn trail(&self) -> Result<Option<Trail>, String> {
        let text = self.stop_loss.text();
        let Some(distance) = text.trim().strip_prefix(['t', 'T']) else { return Ok(None) };
        let trail = distance.trim().parse();
        trail.map(Some).map_err(|_| format!("stop {text:?}: type t2% or t1.50 for a stop that trails"))
    }

    fn protective(&self, entry: Option<Price>) -> Result<Option<Price>, String> {
        let text = self.stop_loss.text();
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        if let Some(trail) = self.trail()? {
            let entry = entry.ok_or("a stop that trails needs a price to start from")?;
            return Ok(trail.behind(self.side.opposite(), entry));
        }
        let Some(percent) = text.strip_suffix('%') else {
            return price(&self.stop_loss, "the stop's price, as 165.20, 2% or t2% to trail").map(Some);
        };
        let hundredths = hundredths(percent.trim_start_matches('-'))
            .ok_or_else(|| format!("stop {text:?}: type a price, or a percentage as 2%"))?;
        let entry = entry.ok_or("a stop in percent needs a price to start from")?;
        let away = entry.scaled(hundredths, 10_000).map_err(|fault| fault.to_string())?;
        let stop = if self.side == Side::Buy { entry.minus(away) } else { entry.plus(away) };
        let stop = stop.map_err(|fault| fault.to_string())?;
        Ok(Some(if self.side == Side::Buy { stop.grid_down() } else { stop.grid_up() }))
    }

    fn shares(&self, seen: &Seen, entry: Option<Price>, stop: Option<Price>) -> Result<Qty, String> {
        let text = self.qty.text();
        let text = text.trim();
        if text.is_empty() {
            return Err("type a quantity: 50 shares, $5000, or 1% of equity at risk".to_owned());
        }
        let wrong = || format!("quantity {text:?}: type 50, $5000 or 1%");
        let none = || "that buys less than one share".to_owned();
        let qty = if let Some(cash) = text.strip_prefix('$') {
            let cash: Money = cash.trim().parse().map_err(|_| wrong())?;
            let entry = entry.ok_or("cash needs a price to be turned into shares")?;
            cash.shares_at(entry).ok_or_else(none)?.whole_part()
        } else if let Some(percent) = text.strip_suffix('%') {
            let share: Pct = percent.trim().parse().map_err(|_| wrong())?;
            let equity = seen.snapshot.account.equity.ok_or("equity is not known yet")?;
            let entry = entry.ok_or("risk needs a price to be turned into shares")?;
            let stop = stop.ok_or("risk in percent needs a stop: type one")?;
            let risk = if entry > stop { entry.minus(stop) } else { stop.minus(entry) };
            let risk = risk.map_err(|fault| fault.to_string())?;
            // Rounded down: what the trader risks is never more than what was typed.
            let cash = equity.percent_down(share).map_err(|fault| fault.to_string())?;
            cash.shares_at(risk).ok_or_else(none)?.whole_part()
        } else {
            text.parse().map_err(|_| wrong())?
        };
        if qty.is_positive() { Ok(qty) } else { Err(none()) }
    }

    fn take_profit(&self, entry: Option<Price>, stop: Option<Price>) -> Result<Option<Price>, String> {
        let text = self.target.text();
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let Some(multiple) = text.strip_suffix(['R', 'r']) else {
            return price(&self.target, "the target's price, as 171.50 or 1.5R").map(Some);
        };
        let hundredths =
            hundredths(multiple).ok_or_else(|| format!("target {text:?}: type a price, or 1.5R"))?;
        let (entry, stop) = entry.zip(stop).ok_or("a target in R needs a price and a stop")?;
        let away = entry.minus(stop).and_then(|risk| risk.scaled(hundredths, 100));
        let target = away.and_then(|away| entry.plus(away)).map_err(|fault| fault.to_string())?;
        Ok(Some(if self.side == Side::Buy { target.grid_up() } else { target.grid_down() }))
    }
}

fn price(line: &Line, what: &str) -> Result<Price, String> {
    let text = line.text();
    text.trim().parse().ok().filter(|price: &Price| price.is_positive()).ok_or_else(|| {
        if text.trim().is_empty() { format!("type {what}") } else { format!("{:?} is no price", text.trim()) }
    })
}

/// A decimal of at most two places as hundredths: `1.5` is 150. Nothing else, and nothing negative.
fn hundredths(text: &str) -> Option<i64> {
    let (whole, part) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || whole.len() > 6 || part.len() > 2 || !(part.is_empty() || digits(part)) {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    let part: i64 = format!("{part:0<2}").parse().ok()?;
    Some(whole * 100 + part).filter(|value| *value > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::fixture::seen;

    /// A ticket for SPY, whose bid is 166.20 and whose ask is 166.21, its fields as named.
    fn ticket(side: Side, fields: &[(Field, &str)]) -> Ticket {
        let seen = seen();
        let symbol = "SPY".parse().unwrap();
        let market = seen.markets.iter().find(|market| market.symbol == symbol);
        let mut ticket = Ticket::open(1, side, market, Some(symbol));
        for (field, text) in fields {
            ticket.field = *field;
            *ticket.line().unwrap() = Line::new(text);
        }
        ticket
    }

    /// Shares, the protective stop and the target, or the words.
    fn check(side: Side, fields: &[(Field, &str)], expect: Result<(&str, Option<&str>, Option<&str>), &str>) {
        let said = ticket(side, fields).intent(&seen()).map(|intent| {
            let text = |price: Option<Price>| price.map(|price| price.to_string());
            (intent.qty.to_string(), text(intent.stop_loss), text(intent.take_profit))
        });
        let expect = expect
            .map(|(qty, stop, target)| (qty.to_owned(), stop.map(str::to_owned), target.map(str::to_owned)))
            .map_err(str::to_owned);
        assert_eq!(said, expect, "{side:?} {fields:?}");
    }

    #[test]
    fn quantities_are_shares_cash_or_risk_and_never_rounded_up() {
        use Field::{Limit, Qty, StopLoss};
        check(Side::Buy, &[(Qty, "50")], Ok(("50", None, None)));
        check(Side::Buy, &[(Qty, " 50 ")], Ok(("50", None, None)));
        // 5,000 at 166.21 are 30.08 shares, at the bid of 166.20 as well.
        check(Side::Buy, &[(Qty, "$5000")], Ok(("30", None, None)));
        check(Side::Sell, &[(Qty, "$5000")], Ok(("30", None, None)));
        check(Side::Buy, &[(Qty, "$332.41"), (Limit, "166.21")], Ok(("1", None, None)));
        check(Side::Buy, &[(Qty, "$332.42"), (Limit, "166.21")], Ok(("2", None, None)));
        // 1% of 100,134.50 are 1,001.34; at 2.01 a share 498 and a rest.
        check(Side::Buy, &[(Qty, "1%"), (StopLoss, "164.20")], Ok(("498", Some("164.2"), None)));
        check(Side::Sell, &[(Qty, "1%"), (StopLoss, "168.20")], Ok(("500", Some("168.2"), None)));
    }

    #[test]
    fn stops_in_percent_and_targets_in_multiples_stand_on_the_right_side() {
        use Field::{Limit, Qty, StopLoss, Target};
        let fields = |stop, target| [(Qty, "5"), (Limit, "100"), (StopLoss, stop), (Target, target)];
        check(Side::Buy, &fields("2%", "1.5R"), Ok(("5", Some("98"), Some("103"))));
        check(Side::Buy, &fields("-2%", "1.5r"), Ok(("5", Some("98"), Some("103"))));
        check(Side::Sell, &fields("2%", "1.5R"), Ok(("5", Some("102"), Some("97"))));
        check(Side::Buy, &fields("98.50", "104"), Ok(("5", Some("98.5"), Some("104"))));
        check(Side::Buy, &fields("", "104"), Ok(("5", None, Some("104"))));
    }

    #[test]
    fn what_is_missing_or_wrong_is_said_in_words_that_help() {
        use Field::{Limit, Qty, StopLoss, Symbol, Target};
        for (fields, words) in [
            (&[(Symbol, "")][..], "type a symbol"),
            (&[(Symbol, "ZZZ")], "the feed has no ZZZ"),
            (&[(Limit, "")], "type a limit price"),
            (&[(Limit, "abc")], "\"abc\" is no price"),
            (&[(Limit, "-5")], "\"-5\" is no price"),
            (&[(Limit, "0")], "\"0\" is no price"),
            (&[(Qty, "")], "type a quantity: 50 shares, $5000, or 1% of equity at risk"),
            (&[(Qty, "many")], "quantity \"many\": type 50, $5000 or 1%"),
            (&[(Qty, "$x")], "quantity \"$x\": type 50, $5000 or 1%"),
            (&[(Qty, "0")], "that buys less than one share"),
            (&[(Qty, "-5")], "that buys less than one share"),
            (&[(Qty, "$10")], "that buys less than one share"),
            (&[(Qty, "1%")], "risk in percent needs a stop: type one"),
            (&[(Qty, "5"), (StopLoss, "2.555%")], "stop \"2.555%\": type a price, or a percentage as 2%"),
            (&[(Qty, "5"), (StopLoss, "near")], "\"near\" is no price"),
            (&[(Qty, "5"), (Target, "xR")], "target \"xR\": type a price, or 1.5R"),
            (&[(Qty, "5"), (Target, "2R")], "a target in R needs a price and a stop"),
            (&[(Qty, "5"), (Target, "away")], "\"away\" is no price"),
        ] {
            check(Side::Buy, fields, Err(words));
        }
        let mut unpriced = ticket(Side::Buy, &[(Qty, "5")]);
        unpriced.kind = Kind::Stop;
        assert_eq!(unpriced.intent(&seen()), Err("type the price that sets the order off".to_owned()));
    }

    #[test]
    fn fields_without_a_meaning_are_stepped_over() {
        let mut limit = ticket(Side::Buy, &[]);
        limit.field = Field::Limit;
        limit.step(true);
        assert_eq!(limit.field, Field::StopLoss, "a limit order has no trigger");
        limit.step(false);
        assert_eq!(limit.field, Field::Limit);
        limit.field = Field::Side;
        limit.turn(true);
        assert_eq!(limit.side, Side::Sell);
    }
}
