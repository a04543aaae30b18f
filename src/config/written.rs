use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::fault::{Fault, shown};
use crate::config::shape;

/// The array of tables that lists strategies; everything else is single settings.
const STRATEGY: &str = "strategy";

/// A file as it was written: every setting under its full name, and the entries of `[[strategy]]`.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) settings: BTreeMap<String, Entry>,
    pub(super) strategies: Vec<Entry>,
}

/// A value with the line of its key.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) line: usize,
    pub(super) value: Value,
}

/// A value whose digits are still those of the file: none passes through a float.
#[derive(Debug)]
pub(super) enum Value {
    Text(String),
    Number(String),
    Flag(bool),
    List(Vec<Entry>),
    Table(BTreeMap<String, Entry>),
    /// A date, or a number in another base: nothing that any key asks for.
    Other(&'static str),
}

impl Value {
    /// The value as it may be repeated in a sentence.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Text(text) => format!("{:?}", shown(text)),
            Self::Number(digits) => shown(digits),
            Self::Flag(on) => on.to_string(),
            Self::List(_) => "[…]".to_owned(),
            Self::Table(_) => "{…}".to_owned(),
            Self::Other(kind) => (*kind).to_owned(),
        }
    }
}

impl Written {
    /// Gives every key that stands outside of any section the name of `section`.
    pub(super) fn put_under(&mut self, section: &str) {
        let settings = std::mem::take(&mut self.settings).into_iter();
        let named = |key: String| if key.contains('.') { key } else { format!("{section}.{key}") };
        self.settings = settings.map(|(key, entry)| (named(key), entry)).collect();
    }
}

/// Reads a file into its entries, with everything that is wrong as TOML.
///
/// A file that holds something shaped like a key says only that: any other sentence might repeat it.
pub(super) fn read(text: &str) -> (Written, Vec<Fault>) {
    let secrets = shape::faults(text);
    if !secrets.is_empty() {
        return (Written::default(), secrets);
    }
    let lines = Lines(text);
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        let fault = |error: toml::de::Error| Fault {
            line: error.span().map_or(0, |span| lines.of(span.start)),
            says: format!("this is not TOML: {}; see config.example.toml for the form", error.message()),
        };
        return (Written::default(), errors.into_iter().map(fault).collect());
    }
    let mut written = Written::default();
    let mut faults = Vec::new();
    flatten(&lines, "", table.get_ref(), &mut written, &mut faults);
    let hidden = written.settings.values().chain(&written.strategies).flat_map(secret_lines);
    let secrets: Vec<Fault> = hidden.map(shape::fault).collect();
    if secrets.is_empty() { (written, faults) } else { (Written::default(), secrets) }
}

struct Lines<'t>(&'t str);

impl Lines<'_> {
    /// The line of a byte's place, counted from 1.
    fn of(&self, place: usize) -> usize {
        // A place is always on the border of a character; beyond the end is the last line.
        self.0.get(..place).unwrap_or(self.0).matches('\n').count().saturating_add(1)
    }
}

fn flatten(lines: &Lines<'_>, under: &str, table: &DeTable<'_>, out: &mut Written, faults: &mut Vec<Fault>) {
    for (key, value) in table {
        let name =
            if under.is_empty() { key.get_ref().to_string() } else { format!("{under}.{}", key.get_ref()) };
        let line = lines.of(key.span().start);
        match value.get_ref() {
            DeValue::Array(list) if name == STRATEGY => {
                out.strategies =
                    list.iter().map(|item| entry(lines, lines.of(item.span().start), item)).collect();
            }
            _ if name == STRATEGY => {
                faults.push(Fault {
                    line,
                    says: "write [[strategy]], with two brackets: there can be several".to_owned(),
                });
            }
            DeValue::Table(inner) => flatten(lines, &name, inner, out, faults),
            _ => {
                out.settings.insert(name, entry(lines, line, value));
            }
        }
    }
}

fn entry(lines: &Lines<'_>, line: usize, value: &Spanned<DeValue<'_>>) -> Entry {
    let value = match value.get_ref() {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Value::Number(number.as_str().to_owned()),
        DeValue::Integer(_) => Value::Other("a number in another base than ten"),
        DeValue::Float(number) => Value::Number(number.as_str().to_owned()),
        DeValue::Boolean(on) => Value::Flag(*on),
        DeValue::Datetime(_) => Value::Other("a date"),
        DeValue::Array(list) => {
            Value::List(list.iter().map(|item| entry(lines, lines.of(item.span().start), item)).collect())
        }
        DeValue::Table(table) => {
            let inner = table.iter().map(|(key, value)| {
                (key.get_ref().to_string(), entry(lines, lines.of(key.span().start), value))
            });
            Value::Table(inner.collect())
        }
    };
    Entry { line, value }
}

/// Lines whose text is a key only once TOML's escapes are resolved.
fn secret_lines(entry: &Entry) -> Vec<usize> {
    match &entry.value {
        Value::Text(text) if shape::holds_a_key(text) => vec![entry.line],
        Value::List(items) => items.iter().flat_map(secret_lines).collect(),
        Value::Table(inner) => inner.values().flat_map(secret_lines).collect(),
        Value::Text(_) | Value::Number(_) | Value::Flag(_) | Value::Other(_) => Vec::new(),
    }
}
