//! What an instance is shown of its bar and of the account: read by getters, so that a number that no
//! script asks for costs nothing.

use std::cell::Cell;
use std::rc::Rc;

use boa_engine::object::{FunctionObjectBuilder, JsObject};
use boa_engine::property::PropertyDescriptor;
use boa_engine::{Context, Finalize, JsResult, JsString, JsValue, NativeFunction, Trace};

use crate::domain::at::At;
use crate::domain::calendar;
use crate::domain::calendar::Session;
use crate::domain::day::TradingDay;
use crate::domain::strategy::StrategyView;
use crate::strategy::child::toolbox::Numbers;

const MILLIS_PER_MINUTE: i64 = 60_000;

/// A trading day with its session and the instants it lies between.
#[derive(Debug, Clone, Copy)]
struct Known {
    day: TradingDay,
    session: Option<Session>,
    begins: At,
    ends: At,
}

/// The day of the last instant that was asked about: days are far longer than bars.
#[derive(Debug, Default)]
pub(super) struct Days(Cell<Option<Known>>);

impl Days {
    /// The trading day of an instant.
    pub(super) fn of(&self, at: At) -> TradingDay {
        self.known(at).day
    }

    fn known(&self, at: At) -> Known {
        if let Some(known) = self.0.get().filter(|known| known.begins <= at && at < known.ends) {
            return known;
        }
        let day = TradingDay::of(at);
        let (begins, ends) = (day.at_time(0, 0), day.next().at_time(0, 0));
        let known = Known { day, session: calendar::session(day), begins, ends };
        self.0.set(Some(known));
        known
    }
}

/// What is shown at the moment; nothing before the first event.
#[derive(Debug, Default)]
pub(super) struct Shown {
    now_ms: Cell<i64>,
    view: Cell<Option<StrategyView>>,
    bar: Cell<Option<(i64, Numbers)>>,
    days: Rc<Days>,
}

impl Shown {
    /// Nothing yet; `days` may be shared with other instances.
    pub(super) fn new(days: Rc<Days>) -> Rc<Self> {
        Rc::new(Self { days, ..Self::default() })
    }

    /// Shows the account at an event.
    pub(super) fn show_view(&self, now_ms: i64, view: StrategyView) {
        self.now_ms.set(now_ms);
        self.view.set(Some(view));
    }

    /// Shows a bar that began at `start_ms`.
    pub(super) fn show_bar(&self, start_ms: i64, numbers: Numbers) {
        self.bar.set(Some((start_ms, numbers)));
    }

    fn of_view(&self, read: impl Fn(&StrategyView) -> JsValue, before: JsValue) -> JsValue {
        self.view.get().map_or(before, |view| read(&view))
    }

    fn of_bar(&self, read: impl Fn(&Numbers) -> f64) -> JsValue {
        self.bar.get().map_or(0.0, |(_, numbers)| read(&numbers)).into()
    }

    fn minutes(&self, read: impl Fn(&Session, At) -> i64) -> JsValue {
        let at = At::from_millis(self.now_ms.get());
        let session = self.view.get().and_then(|_| self.days.known(at).session);
        session.map_or(f64::NAN, |session| read(&session, at) as f64 / MILLIS_PER_MINUTE as f64).into()
    }

    fn day(&self) -> JsValue {
        let at = At::from_millis(self.now_ms.get());
        let day = self.view.get().map_or_else(String::new, |_| self.days.of(at).to_string());
        JsString::from(day).into()
    }
}

type Read = fn(&Shown) -> JsValue;

/// The parts of what is shown, with the names of their numbers.
pub(super) const BAR: [(&str, Read); 6] = [
    ("time", |shown| shown.bar.get().map_or(0, |(start_ms, _)| start_ms).into()),
    ("open", |shown| shown.of_bar(|bar| bar.open)),
    ("high", |shown| shown.of_bar(|bar| bar.high)),
    ("low", |shown| shown.of_bar(|bar| bar.low)),
    ("close", |shown| shown.of_bar(|bar| bar.close)),
    ("volume", |shown| shown.of_bar(|bar| bar.volume)),
];
/// Of `ctx` itself.
pub(super) const ACCOUNT: [(&str, Read); 3] = [
    ("time", |shown| shown.now_ms.get().into()),
    ("cash", |shown| shown.of_view(|view| view.cash.to_f64().into(), 0.into())),
    ("equity", |shown| shown.of_view(|view| view.equity.to_f64().into(), 0.into())),
];
/// Of `ctx.position`.
pub(super) const POSITION: [(&str, Read); 4] = [
    ("qty", |shown| shown.of_view(|view| view.position_qty.to_f64().into(), 0.into())),
    ("avgPrice", |shown| shown.of_view(|view| view.avg_price.to_f64().into(), 0.into())),
    ("unrealized", |shown| shown.of_view(|view| view.unrealized.to_f64().into(), 0.into())),
    ("stop", |shown| {
        let stop = shown.view.get().and_then(|view| view.stop);
        stop.map_or_else(JsValue::null, |stop| stop.to_f64().into())
    }),
];
/// Of `ctx.session`.
pub(super) const SESSION: [(&str, Read); 4] = [
    ("phase", |shown| JsString::from(shown.view.get().map_or("closed", |view| view.phase.word())).into()),
    ("day", Shown::day),
    ("minutesSinceOpen", |shown| shown.minutes(|session, at| at.millis_since(session.open))),
    ("minutesToClose", |shown| shown.minutes(|session, at| session.close.millis_since(at))),
];

/// What a getter holds.
#[derive(Debug, Clone, Trace, Finalize)]
struct Handle(#[unsafe_ignore_trace] Rc<Shown>);

/// Makes the named properties of `object` read what is shown. They cannot be overwritten: what the host
/// says stands.
pub(super) fn attach(
    object: &JsObject,
    parts: &[(&str, Read)],
    shown: &Rc<Shown>,
    context: &mut Context,
) -> JsResult<()> {
    for (name, read) in parts {
        let (name, read) = (JsString::from(*name), *read);
        let get = NativeFunction::from_copy_closure_with_captures(
            move |_, _, shown: &Handle, _| Ok(read(&shown.0)),
            Handle(Rc::clone(shown)),
        );
        let get = FunctionObjectBuilder::new(context.realm(), get).name(name.clone()).build();
        let property = PropertyDescriptor::builder().get(get).enumerable(true).configurable(false);
        object.define_property_or_throw(name, property.build(), context)?;
    }
    Ok(())
}
