use crate::domain::money::Money;
use crate::domain::order::{OrderKind, TimeInForce};
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::venue::VenueRequest;
use crate::exchange::book::Book;
use crate::exchange::held::{Held, opens};
use crate::exchange::venue::Exchange;

impl Exchange {
    /// Whether an order may be taken; else Alpaca's words, or words as it would use.
    pub(super) fn check(&self, request: &VenueRequest) -> Result<(), String> {
        let listed = self.settings.symbols.is_empty() || self.settings.symbols.contains(&request.symbol);
        if !listed {
            return Err(format!("asset not found for {}", request.symbol));
        }
        self.check_ids(request)?;
        check_prices(request)?;
        check_class(request)?;
        self.check_hours(request)?;
        check_bracket(request)?;
        let unheard = Book::default();
        let book = self.books.get(&request.symbol).unwrap_or(&unheard);
        check_pair(request, book)?;
        self.check_claims(request, book)
    }

    /// Which orders the auctions take now. Where bars are the only clock an order is its bar's, whenever it came.
    fn check_hours(&self, request: &VenueRequest) -> Result<(), String> {
        let takes = self.auctions();
        match request.tif {
            TimeInForce::Opg if !takes.opening => {
                Err("opg orders are taken from 19:00 until two minutes before the open".to_owned())
            }
            TimeInForce::Cls if !takes.closing => {
                Err("cls orders are taken from 19:00 until ten minutes before the close".to_owned())
            }
            _ => Ok(()),
        }
    }

    fn check_ids(&self, request: &VenueRequest) -> Result<(), String> {
        let [stop, target] = [request.stop_loss, request.take_profit].map(|leg| leg.map(|leg| leg.id));
        let own = Some(request.id);
        let repeats = stop == own || target == own || (stop.is_some() && stop == target);
        if repeats || [own, stop, target].into_iter().flatten().any(|id| self.is_known(id)) {
            return Err("client_order_id must be unique".to_owned());
        }
        Ok(())
    }

    /// What an order may claim of the account's shares and of its money.
    fn check_claims(&self, request: &VenueRequest, book: &Book) -> Result<(), String> {
        let position = self.clearing.account.qty(request.symbol);
        if !opens(request.side, position) {
            let available = book.free_shares(position, request.side, request.one_cancels);
            if request.qty > available {
                let asked = request.qty;
                return Err(format!(
                    "insufficient qty available for order (requested: {asked}, available: {available})"
                ));
            }
            if request.stop_loss.is_some() || request.take_profit.is_some() {
                return Err("bracket orders must be entry orders".to_owned());
            }
            return Ok(());
        }
        let meets = |held: &Held| held.works() && held.request.side != request.side;
        if position.is_zero() && book.live.iter().any(meets) {
            // Whichever filled first, the other could take the position through zero.
            return Err("potential wash trade detected. use complex orders".to_owned());
        }
        if request.side == Side::Sell && !self.settings.shorts {
            return Err("account is not allowed to short".to_owned());
        }
        if request.side == Side::Sell && !request.qty.is_whole() {
            return Err("fractional orders cannot be sold short".to_owned());
        }
        let cost = book.cost_price(request).times(request.qty);
        if cost > self.power_beside(request, book) {
            return Err("insufficient buying power".to_owned());
        }
        Ok(())
    }

    /// What may be bought, where the other of a pair counts no longer: the larger of them will.
    fn power_beside(&self, request: &VenueRequest, book: &Book) -> Money {
        let power = self.buying_power().unwrap_or(Money::ZERO);
        let other = request.one_cancels.and_then(|id| book.get(id));
        let freed = other.map(|other| book.cost_price(&other.request).times(other.capacity()));
        power.plus(freed.unwrap_or(Money::ZERO)).unwrap_or(power)
    }
}

fn check_prices(request: &VenueRequest) -> Result<(), String> {
    if !request.qty.is_positive() || request.qty > Qty::LARGEST {
        return Err("qty must be > 0".to_owned());
    }
    let named = [
        ("limit_price", request.kind.limit()),
        ("stop_price", request.kind.stop()),
        ("stop_loss.stop_price", request.stop_loss.map(|leg| leg.price)),
        ("take_profit.limit_price", request.take_profit.map(|leg| leg.price)),
    ];
    for (name, price) in named {
        let Some(price) = price else { continue };
        if !price.is_positive() {
            return Err(format!("{name} must be > 0"));
        }
        if price.grid_down() != price {
            return Err(format!(
                "invalid {name} {price}. sub-penny increment does not fulfill minimum pricing criteria"
            ));
        }
    }
    Ok(())
}

/// What classes of order go with which time in force and which quantities.
fn check_class(request: &VenueRequest) -> Result<(), String> {
    let simple =
        request.stop_loss.is_none() && request.take_profit.is_none() && request.one_cancels.is_none();
    if !simple && !request.tif.carries_legs() {
        return Err("complex orders must be day or gtc".to_owned());
    }
    if request.tif == TimeInForce::Ext && !matches!(request.kind, OrderKind::Limit { .. }) {
        return Err("extended hours order must be day limit orders".to_owned());
    }
    let auction = matches!(request.tif, TimeInForce::Opg | TimeInForce::Cls);
    if auction && request.kind.stop().is_some() {
        return Err("orders for an auction must be market or limit orders".to_owned());
    }
    if request.kind.trail().is_some() {
        if !simple || !request.tif.carries_legs() {
            return Err("trailing stop orders must be simple day or gtc orders".to_owned());
        }
        if !request.qty.is_whole() {
            return Err("fractional orders must be market, limit, stop, or stop_limit orders".to_owned());
        }
    }
    if request.qty.is_whole() {
        return Ok(());
    }
    if !simple {
        return Err("fractional orders must be simple orders".to_owned());
    }
    if request.tif == TimeInForce::Day {
        Ok(())
    } else {
        Err("fractional orders must be DAY orders".to_owned())
    }
}

/// A stop must lie behind its entry, a target before it.
fn check_bracket(request: &VenueRequest) -> Result<(), String> {
    let base = match request.kind {
        OrderKind::Market => None,
        OrderKind::Limit { limit } | OrderKind::StopLimit { limit, .. } => Some(limit),
        OrderKind::Stop { stop } | OrderKind::TrailingStop { stop, .. } => Some(stop),
    };
    let stop = request.stop_loss.map(|leg| leg.price);
    let target = request.take_profit.map(|leg| leg.price);
    let rises = |low: Option<Price>, high: Option<Price>| {
        let (Some(low), Some(high)) = (low, high) else { return true };
        match request.side {
            Side::Buy => low < high,
            Side::Sell => low > high,
        }
    };
    if !rises(stop, base) {
        let (word, stop, base) = (beyond(request.side), stop.unwrap_or_default(), base.unwrap_or_default());
        return Err(format!("stop_loss.stop_price {stop} must be {word} base_price {base}"));
    }
    if !rises(base, target) || !rises(stop, target) {
        let than = base.or(stop).unwrap_or_default();
        let (word, target) = (beyond(request.side.opposite()), target.unwrap_or_default());
        return Err(format!("take_profit.limit_price {target} must be {word} {than}"));
    }
    Ok(())
}

const fn beyond(side: Side) -> &'static str {
    match side {
        Side::Buy => "less than",
        Side::Sell => "greater than",
    }
}

/// Two orders of a pair have one symbol and one side, and no third.
fn check_pair(request: &VenueRequest, book: &Book) -> Result<(), String> {
    let Some(other) = request.one_cancels else { return Ok(()) };
    match book.get(other).filter(|held| held.works()) {
        None => Err(format!("one_cancels: no live order {other} of {}", request.symbol)),
        Some(held) if held.request.side != request.side => {
            Err(format!("one_cancels: order {other} is on the other side"))
        }
        Some(held) if held.sibling.is_some() => Err(format!("one_cancels: order {other} belongs to a pair")),
        Some(_) => Ok(()),
    }
}
