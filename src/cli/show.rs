//! Views: of the running instance, else of the newest ledger.

use serde_json::Value;

use crate::app::client;
use crate::app::control::Request;
use crate::app::ledgers::latest;
use crate::app::paths::Paths;
use crate::cli::args::ShowArgs;
use crate::cli::exit::{Exit, Failure};
use crate::cli::print;
use crate::cli::recall::Recall;
use crate::journal::export;
use crate::journal::reader::{Reader, Table, View};

/// A view that the machine answers; without one, what the newest ledger last said.
pub(super) fn live(
    paths: &Paths,
    name: &str,
    args: &ShowArgs,
    recalled: impl Fn(&Recall) -> Value,
) -> Result<u8, Failure> {
    if let Some(exit) = answered(paths, name, args)? {
        return Ok(exit);
    }
    let out = recalled(&Recall::of(&open(paths)?, paths)?);
    print::words("no instance runs; this is the journal's last word");
    shown(name, &out, args);
    Ok(0)
}

/// The orders of the running instance, else every order of the newest ledger.
pub(super) fn orders(paths: &Paths, args: &ShowArgs) -> Result<u8, Failure> {
    match answered(paths, "orders", args)? {
        Some(exit) => Ok(exit),
        None => recorded(paths, View::Orders, args),
    }
}

/// Prints what the running instance answers; `None` when none runs.
fn answered(paths: &Paths, name: &str, args: &ShowArgs) -> Result<Option<u8>, Failure> {
    let request = Request { cmd: name.to_owned(), args: Value::Null };
    let Some(reply) = client::ask(&paths.socket, &request)? else { return Ok(None) };
    reply.words.iter().for_each(|words| print::words(words));
    shown(name, &reply.out, args);
    Ok(Some(reply.exit))
}

fn shown(name: &str, out: &Value, args: &ShowArgs) {
    if args.csv {
        print::data(export::csv(&table_of(out)).trim_end());
    } else {
        print::view(name, out, args.json);
    }
}

/// A view of the newest ledger.
pub(super) fn recorded(paths: &Paths, view: View, args: &ShowArgs) -> Result<u8, Failure> {
    let table = open(paths)?.view(view).map_err(|fault| fault.to_string())?;
    if args.csv {
        print::data(export::csv(&table).trim_end());
    } else {
        print::view(view.word(), &export::json(&table), args.json);
    }
    Ok(0)
}

/// The newest ledger, to read.
pub(super) fn open(paths: &Paths) -> Result<Reader, Failure> {
    let ledger = latest(&paths.data).ok_or_else(|| {
        Failure::new(Exit::NotRunning, "no running instance and no journal yet; start with `hardstop run`")
    })?;
    Ok(Reader::open(&ledger.journal).map_err(|fault| fault.to_string())?)
}

/// A list of objects as a table; anything else as one row.
fn table_of(value: &Value) -> Table {
    let rows: Vec<&Value> = value.as_array().map_or_else(|| vec![value], |rows| rows.iter().collect());
    let header: Vec<String> = rows
        .first()
        .and_then(|row| row.as_object())
        .map(|row| row.keys().cloned().collect())
        .unwrap_or_default();
    let cell = |row: &Value, name: &String| match row.get(name) {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(other) => Some(other.to_string()),
    };
    let rows = rows.iter().map(|row| header.iter().map(|name| cell(row, name)).collect()).collect();
    Table { header, rows }
}
