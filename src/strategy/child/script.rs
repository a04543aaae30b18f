//! The script itself: what it says about itself, its instances, and one event after another.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

use boa_engine::builtins::promise::PromiseState;
use boa_engine::object::builtins::JsArray;
use boa_engine::object::{FunctionObjectBuilder, JsObject, ObjectInitializer};
use boa_engine::property::{Attribute, PropertyDescriptor};
use boa_engine::{Context, JsError, JsResult, JsString, JsValue, NativeFunction, Source, js_string};
use serde_json::Value;

use crate::domain::at::At;
use crate::domain::strategy::StrategyCall;
use crate::domain::strategy::StrategyEvent;
use crate::domain::symbol::Symbol;
use crate::strategy::child::bag;
use crate::strategy::child::bag::refuse;
use crate::strategy::child::engine;
use crate::strategy::child::lines;
use crate::strategy::child::natives;
use crate::strategy::child::runtime::Part;
use crate::strategy::child::runtime::Runtime;
use crate::strategy::child::shown;
use crate::strategy::child::shown::{Days, Shown};
use crate::strategy::child::timers::Timer;
use crate::strategy::child::toolbox::Numbers;
use crate::strategy::child::words;
use crate::strategy::frame::LOG_BYTES_MAX;
use crate::strategy::manifest::Manifest;
use crate::strategy::manifest::ParamValue;

const PRELUDE: &str = include_str!("prelude.js");
/// The names of the handlers, `init` among them.
const HANDLERS: [&str; 6] = ["init", "onBar", "onOrder", "onFill", "onSession", "onStop"];

/// What the script handed to `strategy({…})`.
struct Definition {
    object: JsObject,
    manifest: Manifest,
    handlers: BTreeMap<String, JsObject>,
}

type Slot = Rc<RefCell<Option<Definition>>>;

/// One symbol's instance.
struct Instance {
    symbol: Symbol,
    /// Its state, the `this` of every handler.
    this: JsValue,
    ctx: JsValue,
    /// What `onBar` is handed: the same two objects with every bar.
    bar_and_ctx: [JsValue; 2],
    shown: Rc<Shown>,
}

/// A loaded script.
pub(super) struct Script {
    context: Context,
    runtime: Rc<Runtime>,
    stack_getter: JsObject,
    definition: Rc<Definition>,
    instances: Vec<Rc<Instance>>,
    days: Rc<Days>,
}

impl Script {
    /// Runs the script's top level and takes what it says about itself.
    pub(super) fn load(runtime: Rc<Runtime>, file: &str, source: &str) -> Result<Self, String> {
        let start = || -> JsResult<(Context, JsObject)> {
            let mut context = engine::context(&runtime)?;
            let getter = engine::stack_getter(&mut context)?;
            Ok((context, getter))
        };
        let (mut context, stack_getter) = start().map_err(|error| error.to_string())?;
        let slot = Slot::default();
        let outcome = offer_strategy(&slot, &mut context)
            .and_then(|()| context.eval(Source::from_bytes(source).with_path(Path::new(file))))
            .and_then(|_| engine::run_jobs(&mut context));
        if let Err(error) = outcome {
            let words = words::of(&error, &stack_getter, &mut context);
            // A mistake of syntax has a line and a column, and no function that would name the file.
            return Err(if words.contains(file) { words } else { format!("{words} ({file})") });
        }
        let Some(definition) = slot.take() else {
            return Err(format!("{file} never calls strategy({{…}}), and so says nothing about itself"));
        };
        let (definition, instances, days) = (Rc::new(definition), Vec::new(), Rc::default());
        let mut script = Self { context, runtime, stack_getter, definition, instances, days };
        script.unhandled()?;
        Ok(script)
    }

    /// What it says about itself.
    pub(super) fn manifest(&self) -> &Manifest {
        &self.definition.manifest
    }

    /// Makes one instance for each symbol and runs its `init`; `before` is called before each.
    pub(super) fn start(
        &mut self,
        symbols: &[Symbol],
        wanted: &BTreeMap<String, ParamValue>,
        mut before: impl FnMut() -> Result<(), String>,
    ) -> Result<Vec<String>, String> {
        let params = self.manifest().settle(wanted)?;
        let prelude = Source::from_bytes(PRELUDE).with_path(Path::new("host/prelude.js"));
        let prelude = self.context.eval(prelude).map_err(|error| self.words(&error))?;
        let indicator = lines::prototype(&mut self.context);
        let mut logs = Vec::new();
        for (index, symbol) in symbols.iter().enumerate() {
            before()?;
            self.runtime.tools.borrow_mut().push(crate::strategy::child::toolbox::Toolbox::default());
            let made = self.instance(index, *symbol, symbols, &params, &prelude, &indicator);
            let instance = Rc::new(made.map_err(|error| self.words(&error))?);
            self.instances.push(Rc::clone(&instance));
            self.runtime.part.set(Part::Init(index));
            let outcome = self.handle(&instance, "init", std::slice::from_ref(&instance.ctx));
            let mut spoken = self.runtime.take().logs;
            // Bounded for all instances together as for one event, so that the answer fits its frame.
            if logs.iter().chain(&spoken).map(String::len).sum::<usize>() <= LOG_BYTES_MAX {
                logs.append(&mut spoken);
            }
            outcome.map_err(|words| format!("init for {symbol}: {words}"))?;
        }
        Ok(logs)
    }

    /// Hands one event to the instance it is for. `Err` is why it failed, in words.
    pub(super) fn call(&mut self, call: &StrategyCall) -> Result<(), String> {
        let found = self.instances.iter().position(|instance| instance.symbol == call.symbol);
        let Some(index) = found else { return Err(format!("{} was not granted", call.symbol)) };
        let warm_up = matches!(call.event, StrategyEvent::Bar { warm_up: true, .. });
        self.runtime.part.set(if warm_up { Part::WarmUp(index) } else { Part::Event(index) });
        if let Some(at) = time_of(&call.event) {
            self.runtime.now_millis.set(at.millis());
        }
        let Some(instance) = self.instances.get(index).cloned() else {
            return Err("no such instance".to_owned());
        };
        instance.shown.show_view(self.runtime.now_millis.get(), call.view);
        if let StrategyEvent::Bar { bar, .. } = &call.event {
            let numbers = Numbers::of(bar, self.days.of(bar.start));
            if let Some(tools) = self.runtime.tools.borrow_mut().get_mut(index) {
                tools.update(numbers);
            }
            instance.shown.show_bar(bar.start.millis(), numbers);
            self.handle(&instance, "onBar", &instance.bar_and_ctx)?;
            return self.run_timers(index, &instance, bar.end);
        }
        let (handler, mut arguments) = self.told(&call.event);
        arguments.push(instance.ctx.clone());
        self.handle(&instance, handler, &arguments)
    }

    /// Calls what is due with this bar, after `onBar` has seen it.
    fn run_timers(&mut self, index: usize, instance: &Instance, end: At) -> Result<(), String> {
        let is_due = |timer: &mut Timer| timer.index == index && timer.is_due(end, &self.days);
        let due: Vec<JsObject> = (self.runtime.timers.borrow_mut().iter_mut())
            .filter_map(|timer| is_due(timer).then(|| timer.function.clone()))
            .collect();
        for function in due {
            self.run(instance, "every", &function, std::slice::from_ref(&instance.ctx))?;
        }
        Ok(())
    }

    fn words(&mut self, error: &JsError) -> String {
        words::of(error, &self.stack_getter, &mut self.context)
    }

    fn instance(
        &mut self,
        index: usize,
        symbol: Symbol,
        symbols: &[Symbol],
        params: &BTreeMap<String, ParamValue>,
        prelude: &JsValue,
        indicator: &JsObject,
    ) -> JsResult<Instance> {
        let context = &mut self.context;
        let ta = lines::ta(index, indicator, context);
        let host = natives::host(index, symbol, context);
        let text = |symbol: &Symbol| JsValue::from(JsString::from(symbol.as_str()));
        let symbols = JsArray::from_iter(symbols.iter().map(text), context);
        let params = frozen_params(params, context);
        let arguments = [text(&symbol), symbols.into(), params.into(), ta.into(), host.into()];
        let Some(build) = prelude.as_callable() else { return refuse("the prelude is no function") };
        let parts = build.call(&JsValue::undefined(), &arguments, context)?;
        let Some(parts) = parts.as_object() else { return refuse("the prelude gave no object") };
        let part = |name: &str| -> JsResult<JsObject> {
            match bag::own_value(&parts, name).and_then(|value| value.as_object()) {
                Some(object) => Ok(object),
                None => refuse(format!("the prelude gave no {name}")),
            }
        };
        let (bar, ctx, position, session) = (part("bar")?, part("ctx")?, part("position")?, part("session")?);
        let shown = Shown::new(Rc::clone(&self.days));
        shown::attach(&bar, &shown::BAR, &shown, context)?;
        shown::attach(&ctx, &shown::ACCOUNT, &shown, context)?;
        shown::attach(&position, &shown::POSITION, &shown, context)?;
        shown::attach(&session, &shown::SESSION, &shown, context)?;
        let state = JsObject::with_object_proto(context.intrinsics());
        state.set_prototype(Some(self.definition.object.clone()));
        let ctx = JsValue::from(ctx);
        Ok(Instance { symbol, this: state.into(), bar_and_ctx: [bar.into(), ctx.clone()], ctx, shown })
    }

    /// The handler of what happened, and what it is told of it. A bar is told by its own object alone.
    fn told(&mut self, event: &StrategyEvent) -> (&'static str, Vec<JsValue>) {
        let context = &mut self.context;
        match event {
            StrategyEvent::Bar { .. } => ("onBar", Vec::new()),
            StrategyEvent::Order { id, status, reason, at: _ } => {
                let reason = reason.as_deref().map_or_else(JsValue::null, |text| JsString::from(text).into());
                let order = object(
                    &[("id", js(id.as_str())), ("status", js(status.word())), ("reason", reason)],
                    context,
                );
                ("onOrder", vec![order])
            }
            StrategyEvent::Fill(fill) => {
                let fields = [
                    ("id", js(fill.order.as_str())),
                    ("symbol", js(fill.symbol.as_str())),
                    ("side", js(fill.side.word())),
                    ("qty", fill.qty.to_f64().into()),
                    ("price", fill.price.to_f64().into()),
                    ("fee", fill.fee.to_f64().into()),
                    ("time", fill.at.millis().into()),
                ];
                ("onFill", vec![object(&fields, context)])
            }
            StrategyEvent::Session { open, at } => {
                let fields = [("open", JsValue::from(*open)), ("time", at.millis().into())];
                ("onSession", vec![object(&fields, context)])
            }
            StrategyEvent::Stop => ("onStop", Vec::new()),
        }
    }

    /// Runs one handler to its very end: what it returns, and what its promises left behind.
    fn handle(&mut self, instance: &Instance, handler: &str, arguments: &[JsValue]) -> Result<(), String> {
        let definition = Rc::clone(&self.definition);
        let Some(function) = definition.handlers.get(handler) else { return Ok(()) };
        self.run(instance, handler, function, arguments)
    }

    fn run(
        &mut self,
        instance: &Instance,
        what: &str,
        function: &JsObject,
        arguments: &[JsValue],
    ) -> Result<(), String> {
        // What an earlier event left behind when it failed is no fault of this one.
        self.runtime.rejected.take();
        let outcome = function.call(&instance.this, arguments, &mut self.context);
        let outcome = outcome.and_then(|value| engine::run_jobs(&mut self.context).map(|()| value));
        let value = outcome.map_err(|error| self.words(&error))?;
        if let Some(promise) = value.as_promise()
            && promise.state() == PromiseState::Pending
        {
            return Err(format!("{what} awaits something that never comes"));
        }
        self.unhandled()?;
        match self.runtime.breached() {
            Some(words) => Err(format!("{words} (the script caught this, and the event fails all the same)")),
            None => Ok(()),
        }
    }

    fn unhandled(&mut self) -> Result<(), String> {
        let rejected = self.runtime.rejected.take();
        let Some(first) = rejected.first() else { return Ok(()) };
        let state = JsValue::from(first.clone()).as_promise().map(|promise| promise.state());
        let Some(PromiseState::Rejected(reason)) = state else { return Ok(()) };
        Err(self.words(&JsError::from_opaque(reason)))
    }
}

fn js(text: &str) -> JsValue {
    JsString::from(text).into()
}

fn time_of(event: &StrategyEvent) -> Option<At> {
    match event {
        StrategyEvent::Bar { bar, .. } => Some(bar.end),
        StrategyEvent::Fill(fill) => Some(fill.at),
        StrategyEvent::Session { at, .. } | StrategyEvent::Order { at, .. } => Some(*at),
        StrategyEvent::Stop => None,
    }
}

fn object(fields: &[(&str, JsValue)], context: &mut Context) -> JsValue {
    let mut object = ObjectInitializer::new(context);
    for (name, value) in fields {
        object.property(JsString::from(*name), value.clone(), Attribute::all());
    }
    object.build().into()
}

fn frozen_params(params: &BTreeMap<String, ParamValue>, context: &mut Context) -> JsObject {
    let mut object = ObjectInitializer::new(context);
    for (name, value) in params {
        let value = match value {
            ParamValue::Bool(yes) => JsValue::from(*yes),
            ParamValue::Number(number) => JsValue::from(*number),
            ParamValue::Text(text) => js(text),
        };
        object.property(JsString::from(name.as_str()), value, Attribute::READONLY | Attribute::ENUMERABLE);
    }
    object.build()
}

/// The one global of the contract: takes the definition, once.
fn offer_strategy(slot: &Slot, context: &mut Context) -> JsResult<()> {
    context.insert_data(Rc::clone(slot));
    let take = NativeFunction::from_fn_ptr(|_, arguments, context| {
        let given = arguments.first().cloned().unwrap_or_default();
        let definition = define(&given, context)?;
        let Some(slot) = context.get_data::<Slot>() else { return refuse("the script has no host") };
        if slot.borrow().is_some() {
            return refuse("strategy({…}) is called once");
        }
        *slot.borrow_mut() = Some(definition);
        Ok(JsValue::undefined())
    });
    let function = FunctionObjectBuilder::new(context.realm(), take).name("strategy").length(1).build();
    // Neither to be overwritten nor deleted: what was approved is what is asked.
    let property = PropertyDescriptor::builder().value(function).writable(false).configurable(false);
    let global = context.global_object();
    global.define_property_or_throw(js_string!("strategy"), property.enumerable(false).build(), context)?;
    Ok(())
}

fn define(given: &JsValue, context: &mut Context) -> JsResult<Definition> {
    let mut handlers = BTreeMap::new();
    let mut said = serde_json::Map::new();
    for (name, value) in bag::fields(given, "strategy(…)", context)? {
        match value.as_callable() {
            Some(function) if HANDLERS.contains(&name.as_str()) => {
                handlers.insert(name, function);
            }
            Some(_) => {
                let known = HANDLERS.join(", ");
                return refuse(format!("strategy has no handler {name}; there are {known}"));
            }
            None if HANDLERS.contains(&name.as_str()) => {
                return refuse(format!("{name} is a function, and not {}", bag::kind(&value)));
            }
            None if name == "handlers" => return refuse("strategy has no field handlers"),
            None if value.is_undefined() => {}
            None => {
                let copied = bag::copy(&value, &name, 0, context)?;
                said.insert(name, copied);
            }
        }
    }
    let names: Vec<Value> = handlers.keys().map(|name| Value::from(name.as_str())).collect();
    said.insert("handlers".to_owned(), Value::Array(names));
    let manifest: Manifest = match serde_json::from_value(Value::Object(said)) {
        Ok(manifest) => manifest,
        Err(fault) => return refuse(format!("strategy: {fault}")),
    };
    if let Err(words) = manifest.check() {
        return refuse(format!("strategy: {words}"));
    }
    let Some(object) = given.as_object() else { return refuse("strategy takes an object") };
    Ok(Definition { object, manifest, handlers })
}
