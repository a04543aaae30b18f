use crate::cli::backtest::param;
use crate::domain::decimal::parse_nanos;
use crate::domain::price::Price;
use crate::rehearsal::sweep::Combination;
use crate::strategy::manifest::ParamValue;

/// Combinations of one sweep. More would say less: among so many one is always good by luck.
const COMBINATIONS_MAX: u128 = 10_000;
const FORMS: &str = "write name=first..last..step or name=a,b,c";

/// One setting with the values it takes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Axis {
    pub(super) name: String,
    values: Values,
}

#[derive(Debug, Clone, PartialEq)]
enum Values {
    /// From the first on, this many, so far apart; in billionths, so that 0.1..0.3..0.1 is three values.
    Steps {
        first: i64,
        step: i64,
        count: u64,
    },
    Listed(Vec<String>),
}

impl Axis {
    fn count(&self) -> u128 {
        match &self.values {
            Values::Steps { count, .. } => u128::from(*count),
            Values::Listed(list) => list.len() as u128,
        }
    }

    fn values(&self) -> Vec<ParamValue> {
        match &self.values {
            // As text, as if the trader had written each: a value means the same here and in --param.
            Values::Steps { first, step, count } => (0..*count)
                .map(|number| first + step * number as i64)
                .map(|nanos| param(&Price::from_nanos(nanos).to_string()))
                .collect(),
            Values::Listed(list) => list.iter().map(|value| param(value)).collect(),
        }
    }
}

/// Reads every `--sweep`, in order.
///
/// # Errors
/// The first that is none, with its place, its value and what to write; a name that comes twice.
pub(super) fn axes(written: &[String]) -> Result<Vec<Axis>, String> {
    let mut axes: Vec<Axis> = Vec::new();
    for text in written {
        let axis = axis(text).map_err(|words| format!("--sweep {text:?}: {words}"))?;
        if axes.iter().any(|other| other.name == axis.name) {
            return Err(format!(
                "--sweep {text:?}: {:?} is swept already; give all of its values at once",
                axis.name
            ));
        }
        axes.push(axis);
    }
    Ok(axes)
}

/// Every combination of the axes' values: the last axis changes with each, the first one slowest.
///
/// # Errors
/// More than 10,000, in words.
pub(super) fn combinations(axes: &[Axis]) -> Result<Vec<Combination>, String> {
    let all = axes.iter().fold(1_u128, |all, axis| all.saturating_mul(axis.count()));
    if all > COMBINATIONS_MAX {
        let counts: Vec<String> = axes.iter().map(|axis| format!("{} {}", axis.count(), axis.name)).collect();
        return Err(format!(
            "--sweep: {} are {all} combinations, at most {COMBINATIONS_MAX}; take wider steps or fewer settings",
            counts.join(" × ")
        ));
    }
    let mut combinations = vec![Combination::new()];
    for axis in axes {
        let values = axis.values();
        let with = |combination: &Combination, value: &ParamValue| {
            let mut combination = combination.clone();
            combination.insert(axis.name.clone(), value.clone());
            combination
        };
        combinations = combinations
            .iter()
            .flat_map(|combination| values.iter().map(move |value| with(combination, value)))
            .collect();
    }
    Ok(combinations)
}

fn axis(text: &str) -> Result<Axis, String> {
    let (name, values) = text.split_once('=').ok_or_else(|| format!("there is no \"=\"; {FORMS}"))?;
    if name.is_empty() {
        return Err(format!("there is no name before the \"=\"; {FORMS}"));
    }
    let values = if values.contains("..") { steps(values)? } else { list(values)? };
    Ok(Axis { name: name.to_owned(), values })
}

fn steps(text: &str) -> Result<Values, String> {
    let parts: Vec<&str> = text.split("..").collect();
    let [first, last, step] = parts[..] else {
        return Err(format!("{text:?} has {} parts, not three; {FORMS}", parts.len()));
    };
    let read = |place: &str, part: &str| {
        parse_nanos(part).map_err(|fault| format!("the {place} {part:?}: {fault}; {FORMS}"))
    };
    let (low, high) = (read("first value", first)?, read("last value", last)?);
    let wide = read("step", step)?;
    if wide <= 0 {
        return Err(format!("the step {step:?} is not above zero; write how far two values lie apart"));
    }
    if low > high {
        return Err(format!(
            "the first value {first:?} is above the last, {last:?}; write {last}..{first}..{step}"
        ));
    }
    // Both lie within 10^18 billionths, and their difference within an i64.
    Ok(Values::Steps { first: low, step: wide, count: (high.abs_diff(low)) / wide.unsigned_abs() + 1 })
}

fn list(text: &str) -> Result<Values, String> {
    let list: Vec<String> = text.split(',').map(str::to_owned).collect();
    for (place, value) in list.iter().enumerate() {
        let number = place + 1;
        if value.is_empty() {
            return Err(format!("value {number} is empty; {FORMS}"));
        }
        if list[..place].iter().any(|before| param(before) == param(value)) {
            return Err(format!("value {number}, {value:?}, is there already; leave it out"));
        }
    }
    Ok(Values::Listed(list))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(written: &[&str]) -> Vec<String> {
        let written: Vec<String> = written.iter().map(|text| (*text).to_owned()).collect();
        let all = combinations(&axes(&written).unwrap()).unwrap();
        let row = |combination: &Combination| {
            combination.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
        };
        all.iter().map(row).collect()
    }

    fn refusal(written: &[&str]) -> String {
        let written: Vec<String> = written.iter().map(|text| (*text).to_owned()).collect();
        axes(&written).and_then(|axes| combinations(&axes).map(|_| ())).unwrap_err()
    }

    #[test]
    fn decimal_steps_are_exact_and_never_pass_the_last() {
        assert_eq!(shown(&["x=0.1..0.3..0.1"]), ["x=0.1", "x=0.2", "x=0.3"]);
        assert_eq!(shown(&["x=-1..1..0.75"]), ["x=-1", "x=-0.25", "x=0.5"]);
        assert_eq!(shown(&["x=5..5..1"]), ["x=5"]);
        // By adding 0.1 to a float a hundred times, the last would be missed.
        let hundred = shown(&["x=0.1..10..0.1"]);
        assert_eq!((hundred.len(), hundred[99].as_str()), (100, "x=10"));
    }

    #[test]
    fn the_last_axis_changes_first_and_lists_keep_their_order() {
        assert_eq!(
            shown(&["a=2,1", "side=long,short", "on=true"]),
            [
                "a=2 on=true side=long",
                "a=2 on=true side=short",
                "a=1 on=true side=long",
                "a=1 on=true side=short"
            ]
        );
    }

    #[test]
    fn bad_grammar_is_refused_with_place_value_and_remedy() {
        for (written, words) in [
            ("fast", "there is no \"=\"; write name=first..last..step"),
            ("=1..2..1", "no name before"),
            ("fast=", "value 1 is empty"),
            ("fast=1,,2", "value 2 is empty"),
            ("fast=1,2,1.0", "value 3, \"1.0\", is there already"),
            ("fast=5..15", "\"5..15\" has 2 parts, not three"),
            ("fast=5..15..5..1", "4 parts"),
            ("fast=5..x..1", "the last value \"x\": it is not a plain decimal"),
            ("fast=1e3..2..1", "the first value \"1e3\""),
            ("fast=1..2..0", "the step \"0\" is not above zero"),
            ("fast=1..2..-1", "the step \"-1\" is not above zero"),
            ("fast=1..2..0.0000000001", "more than 9 digits after the point"),
            ("fast=15..5..5", "the first value \"15\" is above the last, \"5\"; write 5..15..5"),
        ] {
            let said = refusal(&[written]);
            assert!(said.starts_with(&format!("--sweep {written:?}: ")) && said.contains(words), "{said}");
        }
        assert!(refusal(&["a=1,2", "a=3"]).contains("\"a\" is swept already"));
    }

    #[test]
    fn too_many_are_refused_before_they_are_counted_out() {
        let said = refusal(&["a=1..101..1", "b=1..100..1"]);
        assert!(said.contains("101 a × 100 b are 10100 combinations, at most 10000"), "{said}");
        let widest = "-999999999..999999999..0.000000001";
        let said = refusal(&[&format!("a={widest}"), &format!("b={widest}"), &format!("c={widest}")]);
        assert!(said.contains("at most 10000; take wider steps"), "{said}");
        assert_eq!(shown(&["a=1..100..1", "b=1..100..1"]).len(), 10_000);
    }
}
