//! Reading what a script hands in, without running a line of the script: own data properties alone.
//!
//! A getter, a proxy or a `toString` would run the script's code in the middle of the host's; here each
//! of them is refused in words instead.

use boa_engine::property::PropertyKey;
use boa_engine::{Context, JsNativeError, JsObject, JsResult, JsString, JsValue};
use serde_json::Value;

use crate::domain::outside::{blanked, steers};
use crate::strategy::child::lines::LineHandle;

/// How deep a manifest may nest, and how many fields an object in it may have.
const DEPTH_MAX: usize = 6;
const FIELDS_MAX: usize = 128;
const TEXT_BYTES_MAX: usize = 16 * 1024;

/// A `TypeError` in the script, with these words.
pub(super) fn refuse<T>(words: impl Into<String>) -> JsResult<T> {
    Err(JsNativeError::typ().with_message(words.into()).into())
}

/// The own fields of a plain object or array, each as a plain value.
pub(super) fn fields(value: &JsValue, what: &str, context: &mut Context) -> JsResult<Vec<(String, JsValue)>> {
    // Plain objects and arrays have no code of their own behind their fields; a Proxy has.
    let Some(object) = value.as_object().filter(|object| object.is_ordinary() || object.is_array()) else {
        return refuse(format!("{what} is {}; hand in a plain object", kind(value)));
    };
    let keys = object.own_property_keys(context)?;
    if keys.len() > FIELDS_MAX {
        return refuse(format!("{what} has more than {FIELDS_MAX} fields"));
    }
    let borrowed = object.borrow();
    let mut found = Vec::with_capacity(keys.len());
    for key in keys {
        let name = match &key {
            PropertyKey::String(name) => name.to_std_string_lossy(),
            PropertyKey::Index(index) => index.get().to_string(),
            PropertyKey::Symbol(_) => return refuse(format!("{what} has a field named by a Symbol")),
        };
        let Some(property) = borrowed.properties().get(&key) else { continue };
        let Some(value) = property.value() else {
            return refuse(format!("{what}.{name} is a getter; hand in the value itself"));
        };
        found.push((name, value.clone()));
    }
    Ok(found)
}

/// The own data property `name`; `None` where there is none or where it is a getter.
pub(super) fn own_value(object: &JsObject, name: &str) -> Option<JsValue> {
    let key = PropertyKey::from(JsString::from(name));
    object.borrow().properties().get(&key).and_then(|property| property.value().cloned())
}

/// A finite number, or an indicator's finite value.
pub(super) fn number(value: &JsValue, what: &str) -> JsResult<f64> {
    let number = match value.as_number() {
        Some(number) => number,
        None => match value.as_object().and_then(|object| LineHandle::read(&object)) {
            Some(number) => number,
            None => return refuse(format!("{what} is a number, and not {}", kind(value))),
        },
    };
    if number.is_finite() {
        return Ok(number);
    }
    refuse(format!("{what} is {}; it must be a finite number", js_number(number)))
}

/// A text of at most `chars_max` characters, without control characters.
pub(super) fn text(value: &JsValue, what: &str, chars_max: usize) -> JsResult<String> {
    let Some(text) = value.as_string() else {
        return refuse(format!("{what} is a text, and not {}", kind(value)));
    };
    if text.len() > chars_max {
        return refuse(format!("{what} has {} characters, at most {chars_max}", text.len()));
    }
    let text = text.to_std_string_lossy();
    if text.contains(steers) {
        return refuse(format!("{what} holds a control character"));
    }
    Ok(text)
}

/// What kind of value it is, in a word.
pub(super) fn kind(value: &JsValue) -> &'static str {
    match value {
        value if value.is_undefined() => "undefined",
        value if value.is_null() => "null",
        value if value.is_boolean() => "true or false",
        value if value.is_number() => "a number",
        value if value.is_string() => "a text",
        value if value.is_symbol() => "a Symbol",
        value if value.is_bigint() => "a BigInt",
        value if value.as_callable().is_some() => "a function",
        _ => "an object",
    }
}

/// Copies a plain value: texts, numbers, booleans, and objects and arrays of them.
pub(super) fn copy(value: &JsValue, what: &str, depth: usize, context: &mut Context) -> JsResult<Value> {
    if depth > DEPTH_MAX {
        return refuse(format!("{what} nests deeper than {DEPTH_MAX}"));
    }
    if value.is_null() {
        return Ok(Value::Null);
    }
    if let Some(yes) = value.as_boolean() {
        return Ok(Value::Bool(yes));
    }
    if value.is_number() {
        let number = number(value, what)?;
        // A whole number stays one, so that `api: 1` reads as 1 and not as 1.0.
        if number.fract() == 0.0 && number.abs() < 9e15 {
            return Ok(Value::from(number as i64));
        }
        return Ok(Value::from(number));
    }
    if value.is_string() {
        return text(value, what, TEXT_BYTES_MAX).map(Value::String);
    }
    if value.as_object().is_none() {
        return refuse(format!("{what} cannot be {}", kind(value)));
    }
    let deeper = depth.saturating_add(1);
    let fields = fields(value, what, context)?;
    if value.as_object().is_some_and(|object| object.is_array()) {
        let mut items = Vec::new();
        for (name, item) in fields.iter().filter(|(name, _)| name != "length") {
            items.push(copy(item, &format!("{what}[{name}]"), deeper, context)?);
        }
        return Ok(Value::Array(items));
    }
    let mut map = serde_json::Map::new();
    for (name, field) in fields.iter().filter(|(_, field)| !field.is_undefined()) {
        map.insert(name.clone(), copy(field, &format!("{what}.{name}"), deeper, context)?);
    }
    Ok(Value::Object(map))
}

/// What a log line shows of a value: plain values as they are, everything else by its kind.
pub(super) fn shown(value: &JsValue) -> String {
    if let Some(text) = value.as_string() {
        return blanked(&text.to_std_string_lossy()).into_owned();
    }
    if let Some(object) = value.as_object() {
        return match LineHandle::read(&object) {
            Some(number) => js_number(number),
            None => format!("[{}]", kind(value)),
        };
    }
    match value.as_number() {
        Some(number) => js_number(number),
        // A symbol's description is the script's own text too.
        None => blanked(&value.display().to_string()).into_owned(),
    }
}

fn js_number(number: f64) -> String {
    JsValue::from(number).display().to_string()
}

/// The name of a thrown error's kind, by its prototypes' own data properties.
pub(super) fn error_name(object: &JsObject) -> String {
    let mut at = object.prototype();
    for _ in 0..4 {
        let Some(prototype) = at else { break };
        if let Some(name) = own_value(&prototype, "name").and_then(|name| name.as_string()) {
            return name.to_std_string_lossy();
        }
        at = prototype.prototype();
    }
    "Error".to_owned()
}
