//! Output, in one place: stdout is data, stderr is words, and a reader who left is no fault.

use std::io::{self, Write};

use crate::app::redaction;
use crate::cli::tables;
use crate::domain::outside::escaped;

/// What a narrow window holds.
const WIDTH: usize = 80;

/// A view: whole for `--json`, else as the table that its name asks for.
pub(super) fn view(name: &str, shown: &serde_json::Value, json: bool) {
    match shown {
        serde_json::Value::Array(rows) if !json => {
            value(&serde_json::Value::Array(tables::shaped(name, rows)), false);
        }
        _ => value(shown, json),
    }
}

/// What text of several lines is made of. All else that steers a terminal is written as its number, whoever's text it
/// is: within JSON that is the same text.
const KEPT: [char; 2] = ['\n', '\t'];

/// Data, as a line on stdout.
pub(super) fn data(text: &str) {
    let _reader_gone = writeln!(io::stdout().lock(), "{}", escaped(text, &KEPT));
}

/// Words, as a line on stderr, without what this process holds as a secret.
pub(super) fn words(text: &str) {
    let clean = redaction::scrubbed(text);
    let _reader_gone = writeln!(io::stderr().lock(), "hardstop: {}", escaped(&clean, &KEPT));
}

/// A JSON value: whole for `--json`, else as a table for eyes.
pub(super) fn value(value: &serde_json::Value, json: bool) {
    if json {
        data(&value.to_string());
        return;
    }
    match value {
        serde_json::Value::Null => {}
        serde_json::Value::Array(rows) if rows.is_empty() => data("none"),
        serde_json::Value::Array(rows) => table(rows),
        serde_json::Value::Object(fields) => {
            let width = fields.keys().map(String::len).max().unwrap_or(0);
            for (name, field) in fields.iter().filter(|(name, field)| *name != "schema" && !field.is_array())
            {
                data(&format!("{name:width$}  {}", cell(field)));
            }
            for (name, rows) in fields.iter().filter_map(|(name, field)| Some((name, field.as_array()?))) {
                if !rows.is_empty() {
                    data(&format!("\n{}", name.replace('_', " ")));
                    table(&tables::shaped(name, rows));
                }
            }
        }
        other => data(&cell(other)),
    }
}

/// Rows of objects, each column as wide as its widest cell: no figure is ever cut.
fn table(rows: &[serde_json::Value]) {
    for line in lines(rows) {
        data(&line);
    }
}

/// The lines of a table.
pub(super) fn lines(rows: &[serde_json::Value]) -> Vec<String> {
    let mut names: Vec<&String> = Vec::new();
    for (name, cell) in rows.iter().filter_map(|row| row.as_object()).flatten() {
        // Lists within a row (the checks of a decision) are for `--json` and `--dry-run`.
        if !cell.is_array() && !names.contains(&name) {
            names.push(name);
        }
    }
    if names.is_empty() {
        return rows.iter().map(cell).collect();
    }
    let cells = |row: &serde_json::Value| -> Vec<String> {
        names.iter().map(|name| row.get(name.as_str()).map_or_else(String::new, cell)).collect()
    };
    let body: Vec<Vec<String>> = rows.iter().map(cells).collect();
    let head: Vec<String> = names.iter().map(|name| (*name).clone()).collect();
    let width = |column: usize| {
        body.iter()
            .chain(std::iter::once(&head))
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
    };
    let widths: Vec<usize> = (0..names.len()).map(|column| width(column).unwrap_or(0)).collect();
    let whole: usize = widths.iter().sum();
    // Two spaces read better, and one is better than a line that wraps.
    let between = if whole + 2 * names.len().saturating_sub(1) > WIDTH { " " } else { "  " };
    let line = |row: &Vec<String>| {
        let padded = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:>width$}"));
        padded.collect::<Vec<_>>().join(between).trim_end().to_owned()
    };
    std::iter::once(&head).chain(&body).map(line).collect()
}

fn cell(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => "-".to_owned(),
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Object(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(name, field)| format!("{name} {}", cell(field))).collect();
            fields.join(", ")
        }
        other => other.to_string(),
    }
}
