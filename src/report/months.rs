use std::fmt::Write as _;

use crate::ledger::months::Month;
use crate::report::figures::{change_pct, growth_pct};

const NAMES: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Returns by month, a row a year; the last column is the whole year, or what there is of it.
pub(super) fn table(months: &[Month]) -> String {
    if months.is_empty() {
        return "<p>No month has a close.</p>".to_owned();
    }
    let heads: String = NAMES.iter().map(|name| format!("<th class=\"n\">{name}</th>")).collect();
    let mut out = format!(
        "<div class=\"wide\"><table id=\"months\"><thead><tr><th>Year</th>{heads}<th class=\"n\">Year</th></tr></thead><tbody>"
    );
    for year in months.chunk_by(|one, next| one.year == next.year) {
        let _ = write!(out, "<tr><th>{}</th>", year.first().map_or(0, |month| month.year));
        for number in 1..=12_i8 {
            let month = year.iter().find(|month| month.month == number);
            out.push_str(&cell(month.map(|month| growth_pct(month.start.to_f64(), month.end.to_f64()))));
        }
        let whole = year.first().zip(year.last());
        out.push_str(&cell(whole.map(|(first, last)| growth_pct(first.start.to_f64(), last.end.to_f64()))));
        out.push_str("</tr>");
    }
    out.push_str("</tbody></table></div>");
    out
}

fn cell(percent: Option<f64>) -> String {
    let Some(percent) = percent else { return "<td class=\"n\"></td>".to_owned() };
    let shown = change_pct(percent);
    let class = if shown.starts_with('+') {
        " good"
    } else if shown.starts_with('0') {
        ""
    } else {
        " bad"
    };
    format!("<td class=\"n{class}\">{shown}</td>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::Money;
    use crate::ledger::months::months;

    /// 100 → 110 in October, → 99 in December; → 108.90 in January.
    #[test]
    fn a_known_curve_gives_its_months_and_its_years() {
        let closes = [("2013-10-31", 110), ("2013-12-31", 99), ("2014-01-02", 198)];
        let closes: Vec<_> =
            closes.iter().map(|(day, usd)| (day.parse().unwrap(), Money::dollars(*usd))).collect();
        let table = table(&months(Money::dollars(100), &closes));
        let rows: Vec<Vec<&str>> = table
            .split("<tr>")
            .skip(2)
            .map(|row| {
                row.split("<td class=\"n").skip(1).map(|cell| cell.split_once('>').unwrap().1).collect()
            })
            .collect();
        let shown = |row: usize, column: usize| rows[row][column].split('<').next().unwrap();
        assert_eq!(
            (shown(0, 8), shown(0, 9), shown(0, 10), shown(0, 11)),
            ("", "+10.00 %", "", "\u{2212}10.00 %")
        );
        assert_eq!((shown(0, 12), shown(1, 0), shown(1, 12)), ("\u{2212}1.00 %", "+100.00 %", "+100.00 %"));
        assert_eq!(rows.len(), 2);
    }
}
