//! The native functions behind `ctx`: they collect what the script wishes and read what it may see.

use boa_engine::object::{JsObject, ObjectInitializer};
use boa_engine::{Context, JsResult, JsString, JsValue, NativeFunction};

use crate::domain::side::Side;
use crate::domain::strategy::Plot;
use crate::domain::strategy::Wish;
use crate::domain::symbol::Symbol;
use crate::indicators::cross;
use crate::strategy::child::bag;
use crate::strategy::child::bag::refuse;
use crate::strategy::child::lines::LineHandle;
use crate::strategy::child::runtime::Part;
use crate::strategy::child::runtime::Runtime;
use crate::strategy::child::timers;
use crate::strategy::child::timers::{TIMERS_MAX, Timer};
use crate::strategy::child::toolbox::Field;
use crate::strategy::child::toolbox::HISTORY_BARS;
use crate::strategy::child::toolbox::Line;
use crate::strategy::child::wishes;
use crate::strategy::frame::PLOT_NAME_CHARS_MAX;

const LOG_VALUES_MAX: usize = 32;
/// What is drawn fits its billionths.
const PLOT_LIMIT: f64 = 1e9;

/// Everything the prelude takes its functions from, for instance `index` of `symbol`.
pub(super) fn host(index: usize, symbol: Symbol, context: &mut Context) -> JsObject {
    let mut object = ObjectInitializer::new(context);
    for (name, side) in [("buy", Side::Buy), ("sell", Side::Sell)] {
        let wish = move |_: &JsValue, arguments: &[JsValue], context: &mut Context| {
            let options = arguments.first().cloned().unwrap_or_default();
            let wish = wishes::trade(side, symbol.as_str(), &options, context);
            take(index, wish, context)
        };
        object.function(NativeFunction::from_copy_closure(wish), JsString::from(name), 1);
    }
    let close = move |_: &JsValue, arguments: &[JsValue], context: &mut Context| {
        let wish = wishes::close(symbol.as_str(), arguments.first(), context);
        take(index, wish, context)
    };
    let cancel = move |_: &JsValue, arguments: &[JsValue], context: &mut Context| {
        let wish = wishes::cancel(symbol.as_str(), arguments.first(), context);
        take(index, wish, context)
    };
    let tighten = move |_: &JsValue, arguments: &[JsValue], context: &mut Context| {
        let wish = wishes::tighten(symbol.as_str(), arguments.first(), context);
        take(index, wish, context)
    };
    object.function(NativeFunction::from_copy_closure(tighten), JsString::from("tighten"), 1);
    object.function(NativeFunction::from_copy_closure(close), JsString::from("closePosition"), 1);
    object.function(NativeFunction::from_copy_closure(cancel), JsString::from("cancel"), 1);
    for (name, field) in Field::HISTORY {
        let read = move |_: &JsValue, arguments: &[JsValue], context: &mut Context| {
            history(index, field, arguments, context)
        };
        object.function(NativeFunction::from_copy_closure(read), JsString::from(name), 1);
    }
    for (name, field, lowest) in [("highest", Field::High, false), ("lowest", Field::Low, true)] {
        let read = move |_: &JsValue, arguments: &[JsValue], context: &mut Context| {
            extreme(index, field, lowest, arguments, context)
        };
        object.function(NativeFunction::from_copy_closure(read), JsString::from(name), 1);
    }
    object.function(NativeFunction::from_fn_ptr(crossover), JsString::from("crossover"), 2);
    object.function(NativeFunction::from_fn_ptr(crossunder), JsString::from("crossunder"), 2);
    object.function(NativeFunction::from_fn_ptr(log), JsString::from("log"), 1);
    let every =
        move |_: &JsValue, arguments: &[JsValue], context: &mut Context| every(index, arguments, context);
    object.function(NativeFunction::from_copy_closure(every), JsString::from("every"), 2);
    let plot =
        move |_: &JsValue, arguments: &[JsValue], context: &mut Context| plot(index, arguments, context);
    object.function(NativeFunction::from_copy_closure(plot), JsString::from("plot"), 2);
    object.build()
}

/// Takes the wish, or fails the event for good.
fn take(index: usize, wish: JsResult<Wish>, context: &Context) -> JsResult<JsValue> {
    let runtime = Runtime::of(context)?;
    runtime.relieve();
    match wish {
        Ok(wish) => done(&runtime, runtime.wish(index, wish)),
        Err(error) => {
            runtime.breach(
                error.as_native().map_or("an order that could not be read", |native| native.message()),
            );
            Err(error)
        }
    }
}

fn done(runtime: &Runtime, outcome: Result<(), String>) -> JsResult<JsValue> {
    match outcome {
        Ok(()) => Ok(JsValue::undefined()),
        Err(words) => {
            runtime.breach(&words);
            refuse(words)
        }
    }
}

fn whole(arguments: &[JsValue], what: &str, least: f64, default: Option<usize>) -> JsResult<usize> {
    let value = match (arguments.first().filter(|value| !value.is_undefined()), default) {
        (None, Some(default)) => return Ok(default),
        (value, _) => value.cloned().unwrap_or_default(),
    };
    let number = bag::number(&value, what)?;
    if number.fract() != 0.0 || number < least || number > HISTORY_BARS as f64 {
        return refuse(format!("{what} is {number}; it is a whole number from {least} to {HISTORY_BARS}"));
    }
    Ok(number as usize)
}

fn history(index: usize, field: Field, arguments: &[JsValue], context: &Context) -> JsResult<JsValue> {
    let age = whole(arguments, "history: age in bars", 0.0, Some(0))?;
    let runtime = Runtime::of(context)?;
    let tools = runtime.tools.borrow();
    Ok(tools.get(index).map_or(f64::NAN, |tools| tools.history(field, age)).into())
}

fn extreme(
    index: usize,
    field: Field,
    lowest: bool,
    arguments: &[JsValue],
    context: &Context,
) -> JsResult<JsValue> {
    let length = whole(arguments, "length in bars", 1.0, None)?;
    let source = match arguments.get(1).filter(|value| !value.is_undefined()) {
        None => field,
        Some(name) => match Field::named(&bag::text(name, "source", 16)?) {
            Ok(field) => field,
            Err(words) => return refuse(words),
        },
    };
    let runtime = Runtime::of(context)?;
    let tools = runtime.tools.borrow();
    Ok(tools.get(index).map_or(f64::NAN, |tools| tools.extreme(source, length, lowest)).into())
}

fn crossover(_: &JsValue, arguments: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    let (a, b) = pair(arguments, "crossover")?;
    Ok(cross::crossover(a.before, b.before, a.now, b.now).into())
}

fn crossunder(_: &JsValue, arguments: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    let (a, b) = pair(arguments, "crossunder")?;
    Ok(cross::crossunder(a.before, b.before, a.now, b.now).into())
}

/// An indicator against another, or against a fixed level.
fn pair(arguments: &[JsValue], call: &str) -> JsResult<(Line, Line)> {
    let [Some(first), Some(second)] = [arguments.first(), arguments.get(1)] else {
        return refuse(format!("{call} takes two arguments"));
    };
    let line = |value: &JsValue| value.as_object().and_then(|object| LineHandle::line(&object));
    let Some(a) = line(first) else {
        // The value of a plain number one bar ago is unknown; taking it as fixed would invent crossings.
        return refuse(format!(
            "{call}: the first argument is an indicator; for the price itself make \
             this.price = ctx.ta.source(\"close\") in init"
        ));
    };
    if let Some(b) = line(second) {
        return Ok((a, b));
    }
    let level = bag::number(second, &format!("{call}: the second argument"))?;
    Ok((a, Line { now: level, before: level }))
}

fn log(_: &JsValue, arguments: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    if arguments.len() > LOG_VALUES_MAX {
        return refuse(format!("log takes at most {LOG_VALUES_MAX} values"));
    }
    let runtime = Runtime::of(context)?;
    runtime.relieve();
    let shown: Vec<String> = arguments.iter().map(bag::shown).collect();
    done(&runtime, runtime.log(shown.join(" ")))
}

fn every(index: usize, arguments: &[JsValue], context: &Context) -> JsResult<JsValue> {
    let runtime = Runtime::of(context)?;
    if runtime.part.get() != Part::Init(index) {
        return refuse("every is asked for in init alone: ctx.every(\"5m\", ctx => { … })");
    }
    let span = bag::text(arguments.first().unwrap_or(&JsValue::undefined()), "every: the span", 16)?;
    let minutes = match timers::minutes(&span) {
        Ok(minutes) => minutes,
        Err(words) => return refuse(format!("every: {words}")),
    };
    let Some(function) = arguments.get(1).and_then(JsValue::as_callable) else {
        return refuse("every takes a span and a function: ctx.every(\"5m\", ctx => { … })");
    };
    let mut all = runtime.timers.borrow_mut();
    if all.iter().filter(|timer| timer.index == index).count() >= TIMERS_MAX {
        return refuse(format!("more than {TIMERS_MAX} timers"));
    }
    all.push(Timer::new(index, function, minutes));
    Ok(JsValue::undefined())
}

fn plot(index: usize, arguments: &[JsValue], context: &Context) -> JsResult<JsValue> {
    let runtime = Runtime::of(context)?;
    let absent = JsValue::undefined();
    let name = bag::text(arguments.first().unwrap_or(&absent), "plot: the name", PLOT_NAME_CHARS_MAX)?;
    if name.is_empty() {
        return refuse("plot: the name is empty");
    }
    let value = arguments.get(1).unwrap_or(&absent);
    let number = match value.as_number() {
        Some(number) => number,
        None => match value.as_object().and_then(|object| LineHandle::read(&object)) {
            Some(number) => number,
            None => return refuse(format!("plot: {name} is a number, and not {}", bag::kind(value))),
        },
    };
    // An indicator that is not warm has nothing to draw yet.
    if number.is_nan() {
        return Ok(absent);
    }
    if number.abs() >= PLOT_LIMIT {
        return refuse(format!("plot: {name} is {number}; what is drawn lies within ±{PLOT_LIMIT}"));
    }
    done(&runtime, runtime.plot(index, Plot { name, nanos: (number * 1e9).round() as i64 }))
}
