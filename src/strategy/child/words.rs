//! What was thrown, in words and with its place, without running a line of the script.

use boa_engine::builtins::error::Error;
use boa_engine::object::JsObject;
use boa_engine::{Context, EngineError, JsError, JsValue, RuntimeLimitError};

use crate::domain::outside::blanked;
use crate::strategy::child::bag;

const WORDS_CHARS_MAX: usize = 500;

/// One sentence: the kind, the message, and file, line and column where they are known.
pub(super) fn of(error: &JsError, stack_getter: &JsObject, context: &mut Context) -> String {
    if let Some(thrown) = error.as_opaque() {
        return bounded(&of_thrown(thrown, stack_getter, context));
    }
    // What the engine itself raised: its trace names functions and places, and no value of the script's.
    let place = place(&error.to_string());
    let words = match (error.as_engine(), error.as_native()) {
        (Some(engine), _) => of_limit(engine),
        (None, Some(native)) => format!("{}: {}", native.kind(), native.message()),
        (None, None) => "the script failed".to_owned(),
    };
    bounded(&format!("{words}{place}"))
}

fn of_limit(error: &EngineError) -> String {
    match error {
        EngineError::RuntimeLimit(RuntimeLimitError::LoopIteration) => {
            "loop limit: one loop turned more than a million times".to_owned()
        }
        EngineError::RuntimeLimit(RuntimeLimitError::Recursion) => {
            "recursion limit: functions call each other too deeply".to_owned()
        }
        EngineError::RuntimeLimit(RuntimeLimitError::StackSize) => {
            "stack limit: one call holds too many values".to_owned()
        }
        other => other.to_string(),
    }
}

fn of_thrown(thrown: &JsValue, stack_getter: &JsObject, context: &mut Context) -> String {
    let Some(object) = thrown.as_object() else {
        return format!("the script threw {}: {}", bag::kind(thrown), bag::shown(thrown));
    };
    if !object.is::<Error>() {
        return "the script threw an object that is no Error".to_owned();
    }
    let message = bag::own_value(&object, "message").filter(JsValue::is_string);
    let message = message.map(|message| bag::shown(&message)).unwrap_or_default();
    // The native getter of the engine, which reads a slot that no script can reach.
    let stack = stack_getter.call(&object.clone().into(), &[], context);
    let stack = stack.ok().and_then(|stack| stack.as_string()).map(|stack| stack.to_std_string_lossy());
    format!("{}: {message}{}", bag::error_name(&object), place(&stack.unwrap_or_default()))
}

/// ` (file:line:column, in function)` of the innermost line of a trace that lies in the script.
fn place(trace: &str) -> String {
    let own = trace.lines().filter_map(|line| line.trim_start().strip_prefix("at "));
    for line in own {
        let Some((function, rest)) = line.rsplit_once(" (") else { continue };
        let Some(position) = rest.strip_suffix(')') else { continue };
        let is_place = position.rsplit(':').take(2).all(|part| part.parse::<u32>().is_ok());
        if is_place
            && position.contains(':')
            && !position.starts_with("native")
            && !position.starts_with("host/")
        {
            return match function {
                "<main>" | "" => format!(" ({position})"),
                function => format!(" ({position}, in {function})"),
            };
        }
    }
    String::new()
}

fn bounded(text: &str) -> String {
    let begins: String = text.chars().take(WORDS_CHARS_MAX).collect();
    blanked(&begins).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_the_innermost_line_of_the_script_itself() {
        let trace = "TypeError: x\n    at refill (host/prelude.js:3:4)\n    at buy (native)\n    \
                     at onBar (sma.js:12:5)\n    at <main> (sma.js:1:1)";
        assert_eq!(place(trace), " (sma.js:12:5, in onBar)");
        assert_eq!(place("TypeError: x (y)\n    at <main> (sma.js:1:9)"), " (sma.js:1:9)");
        assert_eq!(place("TypeError: x"), "");
    }
}
