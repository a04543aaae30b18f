//! `ctx.ta`: indicators as native objects that read as numbers.

use std::rc::Rc;

use boa_engine::object::{FunctionObjectBuilder, ObjectInitializer};
use boa_engine::property::Attribute;
use boa_engine::{
    Context, Finalize, JsData, JsObject, JsResult, JsString, JsSymbol, JsValue, NativeFunction, Trace,
    js_string,
};

use crate::indicators::atr::Atr;
use crate::indicators::atr::TrueRange;
use crate::indicators::bbands::Bollinger;
use crate::indicators::ema::Ema;
use crate::indicators::extremes::Highest;
use crate::indicators::extremes::Lowest;
use crate::indicators::macd::Macd;
use crate::indicators::rma::Rma;
use crate::indicators::rsi::Rsi;
use crate::indicators::sma::Sma;
use crate::indicators::stdev::Stdev;
use crate::indicators::stoch::Stoch;
use crate::indicators::vwap::Vwap;
use crate::indicators::wma::Wma;
use crate::strategy::child::bag;
use crate::strategy::child::bag::refuse;
use crate::strategy::child::runtime::Part;
use crate::strategy::child::runtime::Runtime;
use crate::strategy::child::toolbox::Field;
use crate::strategy::child::toolbox::Input;
use crate::strategy::child::toolbox::LENGTH_MAX;
use crate::strategy::child::toolbox::Line;
use crate::strategy::child::toolbox::Reading;
use crate::strategy::child::toolbox::Tool;

const NAMES: [&str; 15] = [
    "source", "sma", "ema", "rma", "wma", "rsi", "stdev", "highest", "lowest", "atr", "tr", "vwap", "macd",
    "bbands", "stoch",
];

/// The native side of an indicator's object.
#[derive(Debug, Trace, Finalize, JsData)]
pub(super) struct LineHandle(#[unsafe_ignore_trace] Reading);

impl LineHandle {
    /// The line's values, where `object` is an indicator.
    pub(super) fn line(object: &JsObject) -> Option<Line> {
        object.downcast_ref::<Self>().map(|handle| handle.0.get())
    }

    /// The line's value on the newest bar, where `object` is an indicator.
    pub(super) fn read(object: &JsObject) -> Option<f64> {
        Self::line(object).map(|line| line.now)
    }

    fn share(object: &JsObject) -> Option<Reading> {
        object.downcast_ref::<Self>().map(|handle| Rc::clone(&handle.0))
    }
}

/// The prototype of all indicators: what makes them read as numbers.
pub(super) fn prototype(context: &mut Context) -> JsObject {
    let now = NativeFunction::from_fn_ptr(|this, _, _| of(this).map(|line| line.now.into()));
    let before = NativeFunction::from_fn_ptr(|this, _, _| of(this).map(|line| line.before.into()));
    let realm = context.realm().clone();
    let getter = |function: &NativeFunction| FunctionObjectBuilder::new(&realm, function.clone()).build();
    let fixed = Attribute::NON_ENUMERABLE;
    ObjectInitializer::new(context)
        .function(now.clone(), js_string!("valueOf"), 0)
        .function(now.clone(), JsSymbol::to_primitive(), 1)
        .accessor(js_string!("value"), Some(getter(&now)), None, fixed)
        .accessor(js_string!("before"), Some(getter(&before)), None, fixed)
        .build()
}

fn of(this: &JsValue) -> JsResult<Line> {
    match this.as_object().and_then(|object| LineHandle::line(&object)) {
        Some(line) => Ok(line),
        None => refuse("this is no indicator"),
    }
}

/// The `ta` object of instance `index`.
pub(super) fn ta(index: usize, prototype: &JsObject, context: &mut Context) -> JsObject {
    let mut object = ObjectInitializer::new(context);
    for (number, name) in NAMES.into_iter().enumerate() {
        let make = NativeFunction::from_copy_closure_with_captures(
            move |_, arguments, prototype: &JsObject, context| {
                make(index, NAMES.get(number).unwrap_or(&""), arguments, prototype, context)
            },
            prototype.clone(),
        );
        object.function(make, JsString::from(name), 1);
    }
    object.build()
}

fn make(
    index: usize,
    name: &str,
    arguments: &[JsValue],
    prototype: &JsObject,
    context: &mut Context,
) -> JsResult<JsValue> {
    let runtime = Runtime::of(context)?;
    if runtime.part.get() != Part::Init(index) {
        return refuse(format!("ta.{name} is made in init alone: this.{name} = ctx.ta.{name}(…)"));
    }
    let tool = tool(name, &Arguments { name, values: arguments })?;
    let names = tool.lines();
    let added = match runtime.tools.borrow_mut().get_mut(index) {
        Some(tools) => tools.add(tool),
        None => Err("there is no such instance".to_owned()),
    };
    let lines = match added {
        Ok(lines) => lines,
        Err(words) => return refuse(format!("ta.{name}: {words}")),
    };
    let handles: Vec<JsObject> = lines
        .into_iter()
        .map(|line| JsObject::from_proto_and_data(Some(prototype.clone()), LineHandle(line)))
        .collect();
    if let [only] = handles.as_slice() {
        return Ok(only.clone().into());
    }
    let mut object = ObjectInitializer::new(context);
    for (name, handle) in names.iter().zip(handles) {
        object.property(JsString::from(*name), handle, Attribute::READONLY | Attribute::ENUMERABLE);
    }
    Ok(object.build().into())
}

struct Arguments<'call> {
    name: &'call str,
    values: &'call [JsValue],
}

impl Arguments<'_> {
    fn at(&self, position: usize) -> Option<&JsValue> {
        self.values.get(position).filter(|value| !value.is_undefined())
    }

    fn length(&self, position: usize, default: Option<usize>) -> JsResult<usize> {
        let what = format!("ta.{}: length", self.name);
        let number = match (self.at(position), default) {
            (Some(value), _) => bag::number(value, &what)?,
            (None, Some(default)) => return Ok(default),
            (None, None) => return refuse(format!("{what} is missing")),
        };
        if number.fract() != 0.0 || number < 1.0 || number > LENGTH_MAX as f64 {
            return refuse(format!("{what} is {number}; it is a whole number from 1 to {LENGTH_MAX}"));
        }
        Ok(number as usize)
    }

    fn input(&self, position: usize, default: Field) -> JsResult<Input> {
        let Some(value) = self.at(position) else { return Ok(Input::Field(default)) };
        if let Some(line) = value.as_object().and_then(|object| LineHandle::share(&object)) {
            return Ok(Input::Line(line));
        }
        let what = format!("ta.{}: source", self.name);
        match Field::named(&bag::text(value, &what, 16)?) {
            Ok(field) => Ok(Input::Field(field)),
            Err(words) => refuse(format!("{what}: {words}")),
        }
    }

    fn width(&self, position: usize) -> JsResult<f64> {
        self.at(position).map_or(Ok(2.0), |value| bag::number(value, &format!("ta.{}: width", self.name)))
    }
}

fn tool(name: &str, given: &Arguments<'_>) -> JsResult<Tool> {
    let one = || given.length(0, None);
    let close = || given.input(1, Field::Close);
    Ok(match name {
        "source" => Tool::Source(given.input(0, Field::Close)?),
        "sma" => Tool::Sma(Sma::new(one()?), close()?),
        "ema" => Tool::Ema(Ema::new(one()?), close()?),
        "rma" => Tool::Rma(Rma::new(one()?), close()?),
        "wma" => Tool::Wma(Wma::new(one()?), close()?),
        "rsi" => Tool::Rsi(Rsi::new(one()?), close()?),
        "stdev" => Tool::Stdev(Stdev::new(one()?), close()?),
        "highest" => Tool::Highest(Highest::new(one()?), given.input(1, Field::High)?),
        "lowest" => Tool::Lowest(Lowest::new(one()?), given.input(1, Field::Low)?),
        "atr" => Tool::Atr(Atr::new(one()?)),
        "tr" => Tool::TrueRange(TrueRange::default()),
        "vwap" => Tool::Vwap(Vwap::default()),
        "macd" => {
            let [fast, slow, signal] =
                [given.length(0, Some(12))?, given.length(1, Some(26))?, given.length(2, Some(9))?];
            Tool::Macd(Macd::new(fast, slow, signal), given.input(3, Field::Close)?)
        }
        "bbands" => {
            let length = given.length(0, Some(20))?;
            Tool::Bollinger(Bollinger::new(length, given.width(1)?), given.input(2, Field::Close)?)
        }
        "stoch" => {
            let [length, k, d] =
                [given.length(0, Some(14))?, given.length(1, Some(1))?, given.length(2, Some(3))?];
            Tool::Stoch(Stoch::new(length, k, d))
        }
        _ => return refuse(format!("there is no ta.{name}")),
    })
}
