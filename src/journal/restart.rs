//! What one process leaves to the next, as tests.

use std::path::Path;

use crate::domain::day::TradingDay;
use crate::domain::id::ClientOrderId;
use crate::domain::intent::{Origin, StrategyId};
use crate::domain::mode::Mode;
use crate::domain::money::Money;
use crate::domain::order::OrderStatus;
use crate::domain::passport::Passport;
use crate::domain::qty::Qty;
use crate::domain::side::Side;
use crate::domain::venue::{Leg, VenueRequest};
use crate::engine::event::{Act, Event, Stamped, StrategyHead};
use crate::engine::memory::Memory;
use crate::engine::own_book::OwnFill;
use crate::engine::record::Record;
use crate::engine::restraint::Restraint;
use crate::journal::export::{csv, json};
use crate::journal::fold::Folder as Fold;
use crate::journal::reader::{Reader, View};
use crate::journal::testing::{
    Folder, at, end, fill, halt, head, id, kill_report, one_of_each, order, request, status, trade,
};
use crate::journal::verify::verify;
use crate::journal::writer::Journal;
use crate::risk::loss::{Confirmation, Latched};
use crate::risk::order::Role;
use crate::risk::state::TradingState;

fn remembered(path: &Path) -> Memory {
    Reader::open(path).unwrap().memory().unwrap()
}

fn operator(act: Act) -> Event {
    Event::Operator(act)
}

/// After every row, a process that starts there knows exactly what the rows so far say.
#[test]
fn every_prefix_of_a_run_folds_to_what_was_written() {
    let folder = Folder::new("prefix");
    let path = folder.file("a.db");
    let (mut journal, empty) = Journal::open(&path, at(0)).unwrap();
    assert_eq!(empty, Memory::default());
    journal.begin_run(&head(Mode::Sim), at(0)).unwrap();
    trade(&mut journal, "abc123", 0, 1, 1, 0);
    for record in one_of_each() {
        journal.record(9, at(9), &record).unwrap();
    }
    journal.event(&Stamped { seq: 10, at: at(10), event: Event::Killed(kill_report()) }).unwrap();
    journal.end_run(&end(), at(11)).unwrap();
    drop(journal);

    let mut rows = Vec::new();
    Reader::open(&path)
        .unwrap()
        .each_row(0, |row| {
            rows.push(row);
            true
        })
        .unwrap();
    let prefix = folder.file("prefix.db");
    for length in 0..=rows.len() {
        for beside in ["prefix.db", "prefix.db-wal", "prefix.db-shm", "prefix.audit.head", "prefix.emergency"]
        {
            drop(std::fs::remove_file(folder.file(beside)));
        }
        drop(Journal::open(&prefix, at(0)).unwrap());
        let connection = rusqlite::Connection::open(&prefix).unwrap();
        let copy = format!(
            "ATTACH '{}' AS whole; INSERT INTO record SELECT * FROM whole.record WHERE row <= {length} ORDER BY row",
            path.display()
        );
        connection.execute_batch(&copy).unwrap();
        drop(connection);
        let mut fold = Fold::default();
        rows[..length].iter().for_each(|row| fold.add(row).unwrap());
        let (_, memory) = Journal::open(&prefix, at(0)).unwrap();
        assert_eq!(memory, fold.finish(), "after {length} rows");
    }
    let memory = remembered(&path);
    assert!(memory.resumed && !memory.unclean && memory.killed.is_some());
    assert_eq!((memory.fills.len(), memory.last_order_seq, memory.adjusts.len()), (2, 1, 1));
}

#[test]
fn live_orders_keep_their_last_state_and_ended_ones_are_gone() {
    let folder = Folder::new("live");
    let path = folder.file("a.db");
    let (mut journal, _) = Journal::open(&path, at(0)).unwrap();
    journal.begin_run(&head(Mode::Sim), at(0)).unwrap();
    let ids: Vec<ClientOrderId> = [12, 3, 7].map(|seq| id("abc123", seq)).to_vec();
    for id in &ids {
        journal.record(1, at(1), &order(*id, Side::Buy, 10, Role::Opening)).unwrap();
    }
    journal.record(2, at(2), &status(ids[0], OrderStatus::Canceled, 0)).unwrap();
    journal.record(2, at(2), &status(ids[1], OrderStatus::Working, 0)).unwrap();
    // The end came between the fill's row and the order's.
    journal.record(3, at(3), &fill(ids[1], "e1", 4, 4, 0)).unwrap();
    journal.commit().unwrap();
    let memory = remembered(&path);
    let live: Vec<_> =
        memory.live_orders.iter().map(|order| (order.request.id, order.status, order.filled)).collect();
    assert_eq!(
        live,
        [(ids[1], OrderStatus::Working, Qty::shares(4)), (ids[2], OrderStatus::Intent, Qty::ZERO)]
    );
    assert_eq!(memory.last_order_seq, 12);
}

#[test]
fn order_numbers_set_aside_for_the_kill_are_never_used_again() {
    let folder = Folder::new("reserve");
    let path = folder.file("a.db");
    let (mut journal, mut memory) = Journal::open(&path, at(0)).unwrap();
    journal.begin_run(&head(Mode::Sim), at(0)).unwrap();
    let block = journal.reserve_order_numbers(&mut memory, 100, at(0)).unwrap();
    assert_eq!((block, memory.last_order_seq), (1..=100, 100));
    drop(journal);
    assert_eq!(remembered(&path).last_order_seq, 100);
}

/// A kill stays through restarts until the trader's own row; a day's latch stays for its day.
#[test]
fn only_the_trader_clears_a_kill() {
    let folder = Folder::new("kill");
    let path = folder.file("a.db");
    let (mut journal, _) = Journal::open(&path, at(0)).unwrap();
    journal.begin_run(&head(Mode::Sim), at(0)).unwrap();
    let mut after = |record: Record| {
        journal.record(1, at(1), &record).unwrap();
        journal.commit().unwrap();
        remembered(&path)
    };
    assert_eq!(after(Record::Kill(kill_report())).killed.as_deref(), Some("kill by the chord"));
    assert!(after(halt(TradingState::Halted, Origin::Operator)).killed.is_some(), "a word while halted");
    assert!(after(halt(TradingState::Active, Origin::Engine)).killed.is_some());
    assert_eq!(after(halt(TradingState::Active, Origin::Operator)).killed, None);
    let day = "2013-10-07".parse().unwrap();
    let latched = Latched {
        day,
        at: at(1),
        loss: Money::dollars(2_000),
        limit: Money::dollars(2_000),
        by: Confirmation::Broker,
    };
    let latch = Record::Halt {
        state: TradingState::ReduceOnly,
        latched: Some(latched),
        reason: String::new(),
        by: Origin::Engine,
    };
    assert_eq!(after(latch).loss_latched, Some(day));
    assert_eq!(after(halt(TradingState::Active, Origin::Operator)).loss_latched, Some(day));
}

/// Quitting and starting again does not acknowledge what nobody acknowledged.
#[test]
fn an_unclean_end_waits_for_the_traders_word_through_clean_ones() {
    let folder = Folder::new("unclean");
    let path = folder.file("a.db");
    let unclean = |clean_end: bool, act: Option<Act>| {
        let (mut journal, memory) = Journal::open(&path, at(0)).unwrap();
        journal.begin_run(&head(Mode::Sim), at(0)).unwrap();
        if let Some(act) = act {
            journal.event(&Stamped { seq: 1, at: at(1), event: operator(act) }).unwrap();
        }
        journal.commit().unwrap();
        if clean_end {
            journal.end_run(&end(), at(2)).unwrap();
        }
        memory.unclean
    };
    assert!(!unclean(false, None));
    assert!(unclean(true, None));
    assert!(unclean(true, Some(Act::AcknowledgeUnclean { reason: "looked".to_owned() })));
    assert!(!unclean(true, None));
}

/// Two installations at different hours of the wall clock: the same run, the same hash; and the file
/// gives the same as the writer.
#[test]
fn a_runs_hash_is_that_of_its_input_alone() {
    let folder = Folder::new("hash");
    let hash = |name: &str, install: &str, first_order: u64, start: i64, mode: Mode| {
        let path = folder.file(name);
        let (mut journal, _) = Journal::open(&path, at(0)).unwrap();
        let mut run = head(mode);
        run.started_at = at(start);
        journal.begin_run(&run, at(start)).unwrap();
        trade(&mut journal, install, first_order * 5, first_order, start, 0);
        let written = journal.journal_hash();
        journal.end_run(&end(), at(start + 20)).unwrap();
        assert_eq!(journal.journal_hash(), written, "a clean end adds nothing");
        assert_eq!(verify(&path).unwrap().runs.last().unwrap().journal_hash, written);
        written
    };
    let first = hash("one.db", "abc123", 1, 10, Mode::Paper);
    assert_eq!(first, hash("two.db", "zzz999", 40, 5_000, Mode::Paper));
    assert_eq!(first, hash("two.db", "zzz999", 50, 6_000, Mode::Paper), "a second run on the same ledger");
    let mut memory_only = Journal::in_memory().unwrap();
    memory_only.begin_run(&head(Mode::Paper), at(0)).unwrap();
    trade(&mut memory_only, "abc123", 0, 1, 10, 0);
    assert_eq!(memory_only.journal_hash(), first);
    memory_only.event(&Stamped { seq: 99, at: at(99), event: Event::Clock }).unwrap();
    assert_ne!(memory_only.journal_hash(), first);
}

#[test]
fn every_view_opens_and_reads_what_was_written() {
    let folder = Folder::new("views");
    let path = folder.file("a.db");
    let (mut journal, _) = Journal::open(&path, at(0)).unwrap();
    journal.begin_run(&head(Mode::Sim), at(0)).unwrap();
    for record in one_of_each() {
        journal.record(9, at(9), &record).unwrap();
    }
    trade(&mut journal, "abc123", 9, 2, 10, 0);
    journal.commit().unwrap();
    let reader = Reader::open(&path).unwrap();
    for view in View::ALL {
        let table = reader.view(view).unwrap();
        assert!(!table.rows.is_empty(), "{view:?}");
        let named = table.rows.iter().flat_map(|row| row.iter().skip(4)).any(Option::is_some);
        assert!(named, "{view:?} shows nothing but its rows' places");
    }
    let orders = csv(&reader.view(View::Orders).unwrap());
    let line = orders.lines().find(|line| line.contains("hs-sabc123-131007-2")).unwrap();
    assert!(line.contains("SPY,buy,10,limit,100,,day,opening,operator,,partial,4,"), "{line}");
    let refusals = json(&reader.view(View::Refusals).unwrap());
    assert_eq!(refusals.as_array().unwrap().len(), 1);
    assert_eq!(refusals[0]["refusal"], "POSITION_LIMIT exposure=20000.00 limit=10000.00");
    assert_eq!(refusals[0]["at"], "2013-10-07T13:30:11Z");
}

#[test]
fn a_backup_is_whole_and_takes_no_others_place() {
    let folder = Folder::new("backup");
    let path = folder.file("a.db");
    let (mut journal, _) = Journal::open(&path, at(0)).unwrap();
    journal.begin_run(&head(Mode::Sim), at(0)).unwrap();
    trade(&mut journal, "abc123", 0, 1, 1, 0);
    journal.commit().unwrap();
    let copy = folder.file("copy.db");
    let reader = Reader::open(&path).unwrap();
    reader.backup(&copy).unwrap();
    assert_eq!(verify(&copy).unwrap().head, verify(&path).unwrap().head);
    assert!(reader.backup(&copy).unwrap_err().to_string().contains("exists already; name a new file"));
    let absent = Reader::open(&folder.file("none.db")).err().unwrap().to_string();
    assert!(
        absent.contains("there is no journal at") && absent.contains("`hardstop run` makes one"),
        "{absent}"
    );
}

/// What the machine counts towards a restraint is counted by its rows too: a process that dies after the
/// fourth reject leaves four to the next one.
#[test]
fn restraints_and_what_counts_towards_them_outlive_a_process() {
    let folder = Folder::new("restraints");
    let path = folder.file("a.db");
    let (mut journal, _) = Journal::open(&path, at(0)).unwrap();
    journal.begin_run(&head(Mode::Sim), at(0)).unwrap();
    let loaded = StrategyHead {
        id: StrategyId(1),
        name: "eager".to_owned(),
        sha256: "00".to_owned(),
        symbols: Vec::new(),
        timeframe_ms: 60_000,
        warmup_bars: 0,
        protects: false,
        passport: Passport::default(),
        file: String::new(),
        params: String::new(),
        handlers: Vec::new(),
    };
    journal.event(&Stamped { seq: 1, at: at(1), event: Event::StrategyLoaded(Box::new(loaded)) }).unwrap();
    for (symbol, halted) in [("SPY", true), ("AAPL", true), ("AAPL", false)] {
        let event = Event::SymbolHalted { symbol: symbol.parse().unwrap(), halted };
        journal.event(&Stamped { seq: 1, at: at(1), event }).unwrap();
    }
    let own = |seq| {
        let parent = None;
        let (request, origin) = (request(id("abc123", seq), Side::Buy, 1), Origin::Strategy(StrategyId(1)));
        Record::Order { request, role: Role::Opening, origin, parent }
    };
    let mut write = |seconds: i64, record: &Record| journal.record(2, at(seconds), record).unwrap();
    for seq in 1..=4 {
        write(2, &own(seq));
        write(3, &status(id("abc123", seq), OrderStatus::Rejected, 0));
    }
    write(4, &own(5));
    write(5, &fill(id("abc123", 5), "e1", 1, 1, 99_000));
    write(5, &status(id("abc123", 5), OrderStatus::Filled, 1));
    let restraint = |what: Restraint, holds| Record::Restraint {
        what,
        holds,
        reason: "words".to_owned(),
        by: Origin::Engine,
    };
    let until = at(300);
    write(6, &restraint(Restraint::CoolDown { until }, true));
    write(7, &restraint(Restraint::RejectStorm, true));
    write(8, &restraint(Restraint::Strategy("eager".to_owned()), true));
    write(9, &restraint(Restraint::Strategy("other".to_owned()), true));
    write(9, &restraint(Restraint::Strategy("other".to_owned()), false));
    journal.commit().unwrap();
    drop(journal);
    let memory = remembered(&path);
    assert_eq!(memory.halted, ["SPY".parse().unwrap()].into());
    let mut known = memory.restraints;
    assert_eq!(known.rejects(Some("eager")), (4, 4));
    assert_eq!(known.count_opening(at(10), "eager", id("abc123", 6)), 2);
    assert_eq!(known.cool_down_until, Some(until));
    assert!(known.reject_storm.is_some());
    assert_eq!(known.disabled.keys().collect::<Vec<_>>(), ["eager"]);
}

/// What fills did to strategies' own books: the last word on what they hold, and the sum of what they earned.
#[test]
fn the_books_of_strategies_outlive_a_process() {
    let folder = Folder::new("books");
    let path = folder.file("a.db");
    let (mut journal, _) = Journal::open(&path, at(0)).unwrap();
    journal.begin_run(&head(Mode::Sim), at(0)).unwrap();
    let day = |days: i64| at(days * 86_400);
    let rows = [(0, "SPY", 10, "0"), (0, "SPY", 4, "-6.5"), (1, "T", -3, "0"), (1, "SPY", 0, "2")];
    for (place, (days, symbol, qty, realized)) in rows.into_iter().enumerate() {
        let Record::Fill { mut fill, position, avg_price, cash, .. } =
            fill(id("abc123", 1), &format!("e{place}"), 1, 1, 99_000)
        else {
            panic!("a fill is a fill");
        };
        (fill.symbol, fill.at) = (symbol.parse().unwrap(), day(days));
        let own = OwnFill {
            strategy: "eager".to_owned(),
            qty: Qty::shares(qty),
            avg_price: "100".parse().unwrap(),
            realized: realized.parse().unwrap(),
        };
        let record = Record::Fill { fill, position, avg_price, cash, own: vec![own] };
        journal.record(2, day(days), &record).unwrap();
    }
    journal.commit().unwrap();
    drop(journal);
    let memory = remembered(&path);
    let [book] = memory.books.as_slice() else { panic!("{:?}", memory.books) };
    assert_eq!(book.positions, [("T".parse().unwrap(), Qty::shares(-3), "100".parse().unwrap())]);
    assert_eq!((book.strategy.as_str(), book.realized.to_string().as_str()), ("eager", "-4.50"));
    assert_eq!(book.day, Some((TradingDay::of(day(1)), "2".parse().unwrap())));
}

/// A process ends between the end of a stop and the next one's row: where it was meant to lie is known.
#[test]
fn where_the_stop_of_what_is_held_belongs_outlives_a_process() {
    let folder = Folder::new("stop-plans");
    let path = folder.file("a.db");
    let (mut journal, _) = Journal::open(&path, at(0)).unwrap();
    journal.begin_run(&head(Mode::Sim), at(0)).unwrap();
    let (opening, stop) = (id("abc123", 1), id("abc123", 4));
    let leg = Leg { id: id("abc123", 2), price: "95".parse().unwrap() };
    let request = VenueRequest { stop_loss: Some(leg), ..request(opening, Side::Buy, 10) };
    let (role, origin) = (Role::Opening, Origin::Operator);
    let mut write = |record: &Record| journal.record(2, at(1), record).unwrap();
    write(&Record::Order { request, role, origin, parent: None });
    write(&fill(opening, "e1", 10, 10, 99_000));
    let plan = |path: &Path| remembered(path).stop_plans;
    journal.commit().unwrap();
    assert_eq!(plan(&path), [("SPY".parse().unwrap(), "95".parse().unwrap())]);
    let mut write = |record: &Record| journal.record(2, at(1), record).unwrap();
    let kind = crate::domain::order::OrderKind::Stop { stop: "97".parse().unwrap() };
    let tighter = VenueRequest { id: stop, side: Side::Sell, kind, stop_loss: None, ..request };
    write(&Record::Order { request: tighter, role: Role::Protective, origin: Origin::Engine, parent: None });
    write(&status(stop, OrderStatus::Acked, 0));
    journal.commit().unwrap();
    assert_eq!(plan(&path), [("SPY".parse().unwrap(), "95".parse().unwrap())], "no venue has it yet");
    let mut write = |record: &Record| journal.record(2, at(1), record).unwrap();
    write(&status(stop, OrderStatus::Working, 0));
    write(&status(stop, OrderStatus::Canceled, 0));
    journal.commit().unwrap();
    assert_eq!(plan(&path), [("SPY".parse().unwrap(), "97".parse().unwrap())]);
    let mut write = |record: &Record| journal.record(2, at(1), record).unwrap();
    write(&fill(opening, "e2", 10, 0, 99_000));
    journal.commit().unwrap();
    assert_eq!(plan(&path), [], "what is not held needs no stop");
}

/// Another share, or another count of them that the trader took: where the stop lay says nothing any more.
#[test]
fn where_a_stop_lay_before_a_split_is_forgotten() {
    let symbol = "SPY".parse().unwrap();
    let action = || {
        let what = "a split, 2 for 1".to_owned();
        Stamped { seq: 3, at: at(2), event: Event::CorporateAction { symbol, what } }
    };
    let taken = |broker: i32| Record::Adjust {
        number: 1,
        symbol,
        engine: Qty::shares(10),
        broker: Qty::shares(broker),
        avg_price: None,
        because: None,
        acknowledged: Some("seen".to_owned()),
        own: Vec::new(),
    };
    for (name, told, broker, plans) in
        [("told", true, 10, 0), ("other", false, 20, 0), ("same", false, 10, 1)]
    {
        let folder = Folder::new(&format!("split-{name}"));
        let path = folder.file("a.db");
        let (mut journal, _) = Journal::open(&path, at(0)).unwrap();
        journal.begin_run(&head(Mode::Sim), at(0)).unwrap();
        let opening = id("abc123", 1);
        let leg = Leg { id: id("abc123", 2), price: "95".parse().unwrap() };
        let request = VenueRequest { stop_loss: Some(leg), ..request(opening, Side::Buy, 10) };
        let (role, origin) = (Role::Opening, Origin::Operator);
        journal.record(1, at(1), &Record::Order { request, role, origin, parent: None }).unwrap();
        journal.record(2, at(1), &fill(opening, "e1", 10, 10, 99_000)).unwrap();
        if told {
            journal.event(&action()).unwrap();
        }
        journal.record(4, at(3), &taken(broker)).unwrap();
        journal.commit().unwrap();
        drop(journal);
        assert_eq!(remembered(&path).stop_plans.len(), plans, "{name}");
    }
}
