use crate::domain::money::Money;
use crate::domain::outside::steers;
use crate::journal::reader::Table;

/// The table as CSV: numbers as they are written, no control characters, and no cell that a
/// spreadsheet would run.
#[must_use]
pub fn csv(table: &Table) -> String {
    let mut out = line(table.header.iter().map(String::as_str));
    for row in &table.rows {
        out.push_str(&line(row.iter().map(|cell| cell.as_deref().unwrap_or(""))));
    }
    out
}

fn line<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    let mut out = cells.map(quoted).collect::<Vec<_>>().join(",");
    out.push('\n');
    out
}

fn quoted(cell: &str) -> String {
    let clean = clean(cell);
    // A formula begins with one of these, also behind blanks. Our own numbers may begin with a minus.
    let runs = clean.trim_start().starts_with(['=', '+', '-', '@']) && clean.parse::<Money>().is_err();
    let clean = if runs { format!("'{clean}") } else { clean };
    if clean.contains([',', '"']) { format!("\"{}\"", clean.replace('"', "\"\"")) } else { clean }
}

/// Without control characters and without the marks that turn a line's direction round: text from
/// outside must not steer a terminal.
fn clean(text: &str) -> String {
    text.chars().filter(|letter| !steers(*letter)).collect()
}

/// The table as JSON: a list with one object a row, every value a text or null.
#[must_use]
pub fn json(table: &Table) -> serde_json::Value {
    let object = |row: &Vec<Option<String>>| {
        let value = |cell: &Option<String>| serde_json::json!(cell.as_deref().map(clean));
        serde_json::Value::Object(table.header.iter().cloned().zip(row.iter().map(value)).collect())
    };
    table.rows.iter().map(object).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_run_by_a_spreadsheet_and_a_minus_sign_stays() {
        let cells = ["=1+1", "-12.40", "-2+3", " @x", "a,\"b\"", "x\u{1b}[31m", "\t=1", "\u{202e}x"];
        let row: Vec<_> = cells.map(|cell| Some(cell.to_owned())).into_iter().chain([None]).collect();
        let header = ["a", "b", "c", "d", "e", "f", "g", "h", "i"].map(str::to_owned).to_vec();
        let table = Table { header, rows: vec![row] };
        let expected = "a,b,c,d,e,f,g,h,i\n'=1+1,-12.40,'-2+3,' @x,\"a,\"\"b\"\"\",x[31m,'=1,x,\n";
        assert_eq!(csv(&table), expected);
        let json = json(&table);
        assert_eq!((json[0]["b"].as_str(), json[0]["f"].as_str()), (Some("-12.40"), Some("x[31m")));
        assert!(json[0]["i"].is_null());
    }
}
