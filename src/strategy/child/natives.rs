//! The native functions behind `ctx`: they collect what the script wishes and read what it may see.

use boa_engine::object::{JsObject, ObjectInitializer};
use boa_engine::{Context, JsResult, JsString, JsValue, NativeFunction};

use crate::domain::side::Side;
use crate::domain::strategy::Wish;
use crate::domain::symbol::Symbol;
use crate::indicators::cross;
use crate::strategy::child::bag;
use crate::strategy::child::bag::refuse;
use crate::strategy::child::lines::LineHandle;
use crate::strategy::child::runtime::Runtime;
use crate::strategy::child::toolbox::Field;
use crate::strategy::child::toolbox::HISTORY_BARS;
use crate::strategy::child::toolbox::Line;
use crate::strategy::child::wishes;

const LOG_VALUES_MAX: usize = 32;

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
    for name in ["every", "plot"] {
        let absent = move |_: &JsValue, _: &[JsValue], _: &mut Context| -> JsResult<JsValue> {
            refuse(format!("ctx.{name} is not there yet"))
        };
        object.function(NativeFunction::from_copy_closure(absent), JsString::from(name), 2);
    }
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
