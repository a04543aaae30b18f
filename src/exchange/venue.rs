use std::collections::BTreeMap;

use crate::domain::at::At;
use crate::domain::calendar::Auctions;
use crate::domain::decimal::Overflow;
use crate::domain::fill::Fill;
use crate::domain::id::ClientOrderId;
use crate::domain::market::{Bar, Quote, Tick};
use crate::domain::money::Money;
use crate::domain::order::TimeInForce;
use crate::domain::price::Price;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::symbol::Symbol;
use crate::domain::venue::{
    MarketNews, ReportKind, VenueAccount, VenueAnswer, VenueOrder, VenueReport, VenueRequest, VenueState,
};
use crate::exchange::book::Book;
use crate::exchange::clearing::Clearing;
use crate::exchange::faults::{Faults, Way};
use crate::exchange::held::{Held, Place};
use crate::exchange::register::{Known, Register};
use crate::exchange::sessions::{Hours, Sessions};
use crate::exchange::settings::Settings;

/// The embedded exchange. The same calls give the same fills, reports and ids, byte for byte.
///
/// Its time is the latest instant it was told. Where a quote and its bar become known at the same
/// instant, hand it the quote first: orders that answer the bar then meet the newer quote.
#[derive(Debug)]
pub struct Exchange {
    pub(super) settings: Settings,
    pub(super) books: BTreeMap<Symbol, Book>,
    pub(super) clearing: Clearing,
    known: Register,
    sessions: Sessions,
    last_equity: Money,
    any_queued: bool,
    news: Vec<MarketNews>,
    /// Executions that are kept and had happened by the last close.
    executed: usize,
}

impl Exchange {
    /// An exchange with an account of `settings.cash` and nothing else.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            books: BTreeMap::new(),
            clearing: Clearing::new(&settings),
            known: Register::default(),
            sessions: Sessions::new(settings.sessions),
            last_equity: settings.cash,
            any_queued: false,
            news: Vec::new(),
            executed: 0,
            settings,
        }
    }

    /// Takes an order. [`VenueAnswer::Refused`] is final and leaves no trace; after
    /// [`VenueAnswer::Unknown`] only [`Exchange::state`] tells whether it arrived.
    ///
    /// `Accepted` is reported when it is taken, `Working` when it is in the book: at once while the
    /// session runs, else at the open. A leg is reported when its order's first fill wakes it.
    pub fn submit(&mut self, request: &VenueRequest, at: At) -> VenueAnswer {
        self.advance(at);
        let way = self.clearing.line.way_of_submit();
        match way {
            Way::TimeoutBefore => return VenueAnswer::Unknown(self.clearing.line.no_answer()),
            Way::Refused => {
                return VenueAnswer::Refused("the venue is busy; nothing was taken; try again".to_owned());
            }
            Way::TimeoutAfter | Way::Clear => {}
        }
        let checked = self.check(request);
        if checked.is_ok() {
            self.take(request);
        }
        match (way, checked) {
            (Way::TimeoutAfter, _) => VenueAnswer::Unknown(self.clearing.line.no_answer()),
            (_, Ok(())) => VenueAnswer::Taken,
            (_, Err(words)) => VenueAnswer::Refused(words),
        }
    }

    /// Cancels an order at once. An order takes its sleeping legs with it, and one of a pair the other.
    pub fn cancel(&mut self, id: ClientOrderId, at: At) -> VenueAnswer {
        self.advance(at);
        let way = self.clearing.line.way_of_cancel();
        match way {
            Way::TimeoutBefore => return VenueAnswer::Unknown(self.clearing.line.no_answer()),
            Way::Refused => {
                return VenueAnswer::Refused(
                    "the venue is busy; nothing was cancelled; try again".to_owned(),
                );
            }
            Way::TimeoutAfter | Way::Clear => {}
        }
        let done = self.cancel_live(id);
        if done.is_err() && self.known.get(id).is_some() {
            self.clearing.line.note("cancel came after the order's end");
        }
        match (way, done) {
            (Way::Clear, Ok(())) => VenueAnswer::Taken,
            (Way::Clear, Err(words)) => VenueAnswer::Refused(words),
            (_, done) => {
                if let (Err(words), true) = (done, self.known.get(id).is_some()) {
                    self.clearing.report(id, ReportKind::CancelRejected(words));
                }
                VenueAnswer::Unknown(self.clearing.line.no_answer())
            }
        }
    }

    /// An order fills whole at its own price, a moment before a cancel of it arrives: the race that every program
    /// loses one day. Only what is in an open book can; the shares that filled.
    pub fn fill_before_cancel(&mut self, id: ClientOrderId, at: At) -> Qty {
        self.advance(at);
        let hours = self.sessions.hours_of_arrival(self.clearing.now);
        let Some(Known::Live(symbol)) = self.known.get(id) else { return Qty::ZERO };
        let Some(book) = self.books.get_mut(symbol).filter(|book| !book.halted) else { return Qty::ZERO };
        let Some(index) = book.index_of(id) else { return Qty::ZERO };
        let Some(held) = book
            .live
            .get(index)
            .filter(|held| held.works() && held.place == Place::Booked && held.trades_in(hours))
        else {
            return Qty::ZERO;
        };
        let own = held.request.kind.limit().or(held.request.kind.stop());
        let Some(price) = own.or(book.last) else { return Qty::ZERO };
        let filled = book.fill(index, price, Qty::LARGEST, &mut self.clearing);
        self.known.sweep(book);
        filled
    }

    /// Cancels every live order, without faults.
    pub fn cancel_all(&mut self, at: At) {
        self.advance(at);
        for book in self.books.values_mut() {
            for index in 0..book.live.len() {
                if book.live.get(index).is_some_and(Held::works) {
                    book.cancel(index, &mut self.clearing);
                }
            }
            self.known.sweep(book);
        }
    }

    /// The market moves: its tick fills what it reaches, by [`crate::exchange::fills::FILL_MODEL`].
    pub fn on_tick(&mut self, tick: &Tick) {
        match tick {
            // What a bar fills happened after it began, whatever the sessions did since.
            Tick::Bar(bar) => self.close_sessions(bar.start, true),
            Tick::Quote(_) | Tick::Trade(_) if self.settings.bars_only => {}
            Tick::Quote(_) | Tick::Trade(_) => self.close_sessions(tick.at(), false),
        }
        self.clearing.now = self.clearing.now.max(tick.at());
        self.open_session();
        let symbol = tick.symbol();
        let book = self.books.entry(symbol).or_default();
        book.hear(tick, &self.clearing);
        if book.live.is_empty() {
            return;
        }
        let hours = self.sessions.hours(tick.at());
        match tick {
            Tick::Bar(bar) => self.match_bar(bar),
            Tick::Quote(_) | Tick::Trade(_) if self.settings.bars_only || hours == Hours::Shut => {}
            Tick::Quote(_) => book.meet_quote(hours, &mut self.clearing),
            Tick::Trade(trade) => {
                book.meet_trade(trade, hours, self.settings.quote_age_max_ms, &mut self.clearing);
            }
        }
        if !matches!(tick, Tick::Bar(_))
            && hours == Hours::Regular
            && let Some(book) = self.books.get_mut(&symbol)
        {
            book.trail(tick);
        }
        if let Some(book) = self.books.get_mut(&symbol) {
            self.known.sweep(book);
        }
    }

    /// Time passes: sessions open and close, DAY orders expire, delayed reports become due.
    pub fn advance(&mut self, now: At) {
        if !self.settings.bars_only {
            self.close_sessions(now, false);
        }
        self.clearing.now = self.clearing.now.max(now);
        self.open_session();
    }

    /// The reports that have arrived by now, in the order of their arrival; each is given once.
    pub fn take_reports(&mut self) -> Vec<VenueReport> {
        self.clearing.line.arrived(self.clearing.now)
    }

    /// A symbol stops or resumes trading; its orders rest meanwhile and can be cancelled.
    pub fn set_halted(&mut self, symbol: Symbol, halted: bool) {
        let book = self.books.entry(symbol).or_default();
        if book.halted != halted {
            book.halted = halted;
            self.news.push(MarketNews::Halted(symbol, halted));
        }
    }

    /// What was said about symbols since the last time, taken out.
    pub fn take_news(&mut self) -> Vec<MarketNews> {
        std::mem::take(&mut self.news)
    }

    /// Money comes in, or goes out below zero.
    ///
    /// # Errors
    /// [`Overflow`] beyond the range of numbers; then nothing has moved.
    pub fn deposit(&mut self, amount: Money) -> Result<(), Overflow> {
        self.clearing.account.cash = self.clearing.account.cash.plus(amount)?;
        Ok(())
    }

    /// The truth, as a reconcile reads it: no fault touches it. Open orders are those that
    /// are awake; a sleeping leg is listed once its order's first fill has woken it. Closed ones are
    /// those of `ask_ids` that ended. Executions are those at or after `fills_since`.
    #[must_use]
    pub fn state(&self, fills_since: At, ask_ids: &[ClientOrderId]) -> VenueState {
        let ended = |id: &ClientOrderId| match self.known.get(*id)? {
            Known::Ended(order) => Some((**order).clone()),
            Known::Live(_) | Known::Gone => None,
        };
        let awake = self.books.values().flat_map(|book| &book.live).filter(|held| held.works());
        let first = self.clearing.fills.partition_point(|fill| fill.at < fills_since);
        VenueState {
            at: self.clearing.now,
            account: self.account(),
            positions: self.clearing.account.positions(),
            open_orders: awake.map(Held::listed).collect(),
            closed_orders: ask_ids.iter().filter_map(ended).collect(),
            fills: self.clearing.fills.get(first..).unwrap_or_default().to_vec(),
        }
    }

    /// The same as the line to the program gives it.
    ///
    /// # Errors
    /// Why nobody answered, in words.
    pub fn read(&mut self, fills_since: At, ask_ids: &[ClientOrderId]) -> Result<VenueState, String> {
        match self.clearing.line.is_silent() {
            Some(words) => Err(words),
            None => Ok(self.state(fills_since, ask_ids)),
        }
    }

    /// From here on the line to the program breaks so.
    pub fn break_line(&mut self, faults: Faults) {
        self.clearing.line.breaks(faults);
    }

    /// The stream to the program is cut: reports on their way are lost.
    pub fn cut_line(&mut self) {
        self.clearing.line.cut();
    }

    /// What broke on the line so far, and how often.
    #[must_use]
    pub fn line_faults(&self) -> &BTreeMap<&'static str, u64> {
        self.clearing.line.happened()
    }

    /// A split: `new` shares for `old` ones. Every order of the symbol is cancelled, as most venues do; the
    /// position is counted anew and costs what it did.
    ///
    /// # Errors
    /// [`Overflow`] beyond the range of numbers; then nothing has changed.
    pub fn split(&mut self, symbol: Symbol, new: u32, old: u32) -> Result<(), Overflow> {
        let last =
            self.last_price(symbol).map(|last| last.scaled(i64::from(old), i64::from(new))).transpose()?;
        self.clearing.account.split(symbol, new, old)?;
        self.news.push(MarketNews::CorporateAction(symbol, format!("a split, {new} for {old}")));
        let Some(book) = self.books.get_mut(&symbol) else { return Ok(()) };
        book.last = last;
        // A quote of before is of another share.
        book.quote = None;
        for index in 0..book.live.len() {
            if book.live.get(index).is_some_and(Held::works) {
                book.cancel(index, &mut self.clearing);
            }
        }
        self.known.sweep(book);
        Ok(())
    }

    /// Lets go of what had ended by the close before, and of its executions: their ids stay taken, and that is all.
    fn let_the_past_go(&mut self) {
        self.known.let_the_past_go();
        let executed = self.executed.min(self.clearing.fills.len());
        self.clearing.fills.drain(..executed);
        self.executed = self.clearing.fills.len();
    }

    /// The order of this id, where it ever arrived and was not let go; legs included.
    #[must_use]
    pub fn order(&self, id: ClientOrderId) -> Option<VenueOrder> {
        match self.known.get(id)? {
            Known::Live(symbol) => self.books.get(symbol)?.get(id).map(Held::listed),
            Known::Ended(order) => Some((**order).clone()),
            Known::Gone => None,
        }
    }

    /// The shares of a position that no order holds.
    #[must_use]
    pub fn available(&self, symbol: Symbol) -> Qty {
        let position = self.clearing.account.qty(symbol);
        let closing = if position.is_negative() { Side::Buy } else { Side::Sell };
        let book = self.books.get(&symbol);
        book.map_or(position.abs(), |book| book.free_shares(position, closing, None)).at_least_zero()
    }

    /// The last quote of a symbol.
    #[must_use]
    pub fn quote(&self, symbol: Symbol) -> Option<Quote> {
        self.books.get(&symbol)?.quote
    }

    /// Every execution so far that was not let go, oldest first.
    #[must_use]
    pub fn fills(&self) -> &[Fill] {
        &self.clearing.fills
    }

    /// The account at the exchange's own marks: the last trade or close of each symbol.
    #[must_use]
    pub fn account(&self) -> VenueAccount {
        VenueAccount {
            equity: self.equity().unwrap_or(Money::ZERO),
            last_equity: self.last_equity,
            cash: self.clearing.account.cash,
            // Beyond the range of numbers nothing may be bought.
            buying_power: self.buying_power().unwrap_or(Money::ZERO).at_least_zero(),
        }
    }

    fn equity(&self) -> Result<Money, Overflow> {
        self.clearing.account.equity(|symbol| self.last_price(symbol))
    }

    /// The last trade or close of a symbol.
    #[must_use]
    pub fn last_price(&self, symbol: Symbol) -> Option<Price> {
        self.books.get(&symbol)?.last
    }

    /// The multiple of equity, less the worth of all positions and of what live orders would open.
    pub(super) fn buying_power(&self) -> Result<Money, Overflow> {
        let multiple = i128::from(self.settings.buying_power_multiple);
        let most = self.equity()?.scaled_up(multiple, 1)?;
        let gross = self.clearing.account.gross(|symbol| self.last_price(symbol))?;
        let mut pending = Money::ZERO;
        for (symbol, book) in &self.books {
            let position = self.clearing.account.qty(*symbol);
            for (held, qty) in book.claims().filter(|(held, _)| held.opens(position)) {
                pending = pending.plus(book.cost_price(&held.request).times(qty))?;
            }
        }
        most.minus(gross)?.minus(pending)
    }

    pub(super) fn is_known(&self, id: ClientOrderId) -> bool {
        self.known.get(id).is_some()
    }

    fn take(&mut self, request: &VenueRequest) {
        let now = self.clearing.now;
        let ends_at = match request.tif {
            _ if self.settings.bars_only => None,
            TimeInForce::Day => self.sessions.day_order_ends(now),
            TimeInForce::Ext => self.sessions.extended_order_ends(now),
            _ => None,
        };
        let not_before = (request.tif == TimeInForce::Opg).then(|| self.sessions.next_open(now));
        let book = self.books.entry(request.symbol).or_default();
        if let Some(other) = request.one_cancels.and_then(|id| book.index_of(id))
            && let Some(other) = book.live.get_mut(other)
        {
            other.sibling = Some(request.id);
        }
        let held = Held { not_before, ..Held::new(request, now, ends_at) };
        let stop = request.stop_loss.map(|leg| Held::leg(&held, leg, true, request.take_profit));
        let target = request.take_profit.map(|leg| Held::leg(&held, leg, false, request.stop_loss));
        let index = book.live.len();
        for held in std::iter::once(held).chain(stop).chain(target) {
            self.known.take(held.request.id, request.symbol);
            book.live.push(held);
        }
        book.begin_to_trail(index);
        self.clearing.report(request.id, ReportKind::Accepted);
        let hours = self.sessions.hours_of_arrival(now);
        if self.settings.bars_only {
            book.open_all(&mut self.clearing);
        } else {
            book.open_queued(hours, &mut self.clearing);
        }
        self.any_queued |= book.has_queued();
        let meets =
            book.live.get(index).is_some_and(|held| held.place == Place::Booked && held.trades_in(hours));
        if meets && !self.settings.bars_only && !book.halted {
            book.meet_arrival(index, self.settings.quote_age_max_ms, &mut self.clearing);
        } else if request.tif.is_immediate() && !self.settings.bars_only {
            book.cancel(index, &mut self.clearing);
        }
        self.known.sweep(book);
    }

    fn cancel_live(&mut self, id: ClientOrderId) -> Result<(), String> {
        let symbol = match self.known.get(id) {
            None => return Err(format!("order not found for {id}")),
            Some(Known::Ended(order)) => {
                return Err(format!("order is already in \"{}\" state", order.status.word()));
            }
            Some(Known::Gone) => return Err("order ended long ago".to_owned()),
            Some(Known::Live(symbol)) => *symbol,
        };
        let Some(book) = self.books.get_mut(&symbol) else { return Err(format!("order not found for {id}")) };
        if let Some(index) = book.index_of(id) {
            book.cancel(index, &mut self.clearing);
        }
        self.known.sweep(book);
        Ok(())
    }

    fn match_bar(&mut self, bar: &Bar) {
        let Some(close) = self.sessions.close_of_bar(bar) else { return self.match_extended_bar(bar) };
        let late_close = self.sessions.extended_order_ends(bar.start);
        let Some(book) = self.books.get_mut(&bar.symbol) else { return };
        // A daily bar says that its session opened, without a tick at the open.
        book.open_queued(Hours::Regular, &mut self.clearing);
        if self.settings.bars_only && self.settings.sessions {
            book.bind_to_session(bar, TimeInForce::Day, close);
            if let Some(late_close) = late_close {
                book.bind_to_session(bar, TimeInForce::Ext, late_close);
            }
        }
        book.meet_bar(bar, Hours::Regular, &mut self.clearing);
        book.trail(&Tick::Bar(*bar));
        if self.settings.bars_only && bar.end >= close {
            book.meet_close(close, &mut self.clearing);
            // A DAY order ends here and not with the first bar of the next session: what takes the place of a stop
            // must stand before that bar begins.
            book.expire(close, &mut self.clearing);
        }
    }

    /// Orders for all hours meet a bar of early or late trading.
    fn match_extended_bar(&mut self, bar: &Bar) {
        if !self.sessions.is_extended_bar(bar) {
            return;
        }
        let late_close = self.sessions.extended_order_ends(bar.start);
        let Some(book) = self.books.get_mut(&bar.symbol) else { return };
        book.open_queued(Hours::Extended, &mut self.clearing);
        if let (Some(late_close), true) = (late_close, self.settings.bars_only) {
            book.bind_to_session(bar, TimeInForce::Ext, late_close);
        }
        book.meet_bar(bar, Hours::Extended, &mut self.clearing);
    }

    /// Ends the sessions that closed before `now`: the closing auction is held, yesterday's equity is fixed,
    /// orders for a day expire.
    fn close_sessions(&mut self, now: At, inclusive: bool) {
        while let Some(close) = self.sessions.closed_by(now, inclusive) {
            for book in self.books.values_mut() {
                book.meet_close(close, &mut self.clearing);
            }
            self.last_equity = self.equity().unwrap_or(self.last_equity);
            self.expire(close);
            if self.settings.lets_the_past_go {
                self.let_the_past_go();
            }
        }
        if self.sessions.late_over(now) {
            self.expire(now);
        }
    }

    fn expire(&mut self, now: At) {
        for book in self.books.values_mut() {
            book.expire(now, &mut self.clearing);
            self.known.sweep(book);
        }
    }

    fn open_session(&mut self) {
        if !self.any_queued {
            return;
        }
        let hours = self.sessions.hours_of_arrival(self.clearing.now);
        if hours != Hours::Shut {
            for book in self.books.values_mut() {
                book.open_queued(hours, &mut self.clearing);
            }
            self.any_queued = self.books.values().any(Book::has_queued);
        }
    }

    /// Which auctions take orders now.
    pub(super) fn auctions(&self) -> Auctions {
        if self.settings.bars_only { Auctions::BOTH } else { self.sessions.auctions(self.clearing.now) }
    }
}
