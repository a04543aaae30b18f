use std::fmt::Write as _;

use crate::domain::at::At;
use crate::domain::symbol::Symbol;
use crate::ledger::trade::Trade;
use crate::report::equity;
use crate::report::facts::{Facts, Figures};
use crate::report::figures::{change_pct, grouped, ratio};
use crate::report::histogram::histogram;
use crate::report::months;
use crate::report::prices::picture_of;
use crate::report::style::STYLE;
use crate::report::terms::sentences;
use crate::report::text::escape;
use crate::report::trades;

/// The page that tells these facts: HTML that stands by itself, with no script and nothing to fetch, which its
/// own policy forbids as well. The same facts give the same bytes.
#[must_use]
pub fn page(facts: &Facts) -> String {
    let title = format!("{} {}", escape(&facts.strategy), escape(&facts.version));
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}: backtest</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n\
         <p class=\"note\">A backtest by {}.</p>\n",
        escape(&facts.program)
    );
    if let Some(reason) = &facts.stopped {
        let reason = escape(reason);
        let _ = writeln!(
            out,
            "<p class=\"stopped\"><b>The strategy was stopped before the end:</b> {reason}</p>"
        );
    }
    section(&mut out, "What was run", &head(facts));
    section(&mut out, "Figures", &figures(&facts.figures, &facts.trades));
    section(&mut out, "Equity", &equity::pictures(&facts.equity));
    section(&mut out, "Returns by month", &months::table(&facts.months));
    section(&mut out, "R multiples", &histogram(&facts.trades));
    let pictures: String = facts.closes.iter().map(|closes| picture_of(closes, &facts.trades)).collect();
    section(&mut out, "Prices and trades", &format!("{pictures}{THINNED}"));
    section(&mut out, "What the gate refused", &refusals(facts));
    let terms: String =
        sentences(&facts.terms).iter().map(|said| format!("<li>{}</li>\n", escape(said))).collect();
    section(&mut out, "How orders were filled", &format!("<ul>\n{terms}</ul>"));
    section(&mut out, "Trades", &trades::table(&facts.trades));
    out.push_str("</body>\n</html>\n");
    out
}

const THINNED: &str = "<p class=\"note\">Long lines are thinned for drawing; of each stretch the lowest and the highest \
    point stay, and every figure is counted over all bars. Nights and weekends are drawn narrow. Dates are New \
    York's.</p>";

fn section(out: &mut String, title: &str, body: &str) {
    let _ = writeln!(out, "<section>\n<h2>{title}</h2>\n{body}\n</section>");
}

/// Every figure under the name that the shell's JSON gives it; `data` holds it in full.
fn figures(figures: &Figures, trades: &[Trade]) -> String {
    let closed: Vec<&Trade> = trades.iter().filter(|trade| trade.closed_at.is_some()).collect();
    let wins = closed.iter().filter(|trade| trade.pnl.is_positive()).count();
    let counted = |count: u64| (count.to_string(), grouped(&count.to_string()));
    let money = |amount: &String| (amount.clone(), format!("{} $", grouped(amount)));
    let some = |value: Option<f64>| {
        value.map_or_else(|| (String::new(), "none".to_owned()), |value| (value.to_string(), ratio(value, 2)))
    };
    let deepest = ratio(-figures.max_drawdown_pct, 2);
    let rows = [
        ("return_pct", "Return", (figures.return_pct.to_string(), change_pct(figures.return_pct))),
        (
            "max_drawdown_pct",
            "Largest fall from a peak",
            (figures.max_drawdown_pct.to_string(), format!("{deepest} %")),
        ),
        ("sharpe", "Sharpe ratio, daily, annualised", some(figures.sharpe)),
        ("profit_factor", "Gains over losses", some(figures.profit_factor)),
        ("expectancy_r", "Mean R multiple", some(figures.expectancy_r)),
        ("trades", "Closed trades", counted(figures.trades)),
        ("wins", "Of these with a profit", counted(wins as u64)),
        ("cash", "Cash at the beginning", money(&figures.cash)),
        ("final_equity", "Equity at the end", money(&figures.final_equity)),
        ("fees", "Fees", money(&figures.fees)),
        ("orders", "Orders sent, protective ones too", counted(figures.orders)),
        ("fills", "Executions", counted(figures.fills)),
        ("bars", "Bars", counted(figures.bars)),
    ];
    let row = |(name, label, (exact, shown)): &(&str, &str, (String, String))| {
        format!(
            "<tr><th>{label}</th><td class=\"n\"><data id=\"{name}\" value=\"{}\">{}</data></td></tr>\n",
            escape(exact),
            escape(shown)
        )
    };
    format!("<table><tbody>\n{}</tbody></table>", rows.iter().map(row).collect::<String>())
}

fn refusals(facts: &Facts) -> String {
    if facts.refusals.is_empty() {
        return "<p>Nothing was refused.</p>".to_owned();
    }
    let row = |code: &str, count: u64, meaning: &str| {
        format!(
            "<tr><th>{}</th><td class=\"n\">{}</td><td>{}</td></tr>\n",
            escape(code),
            grouped(&count.to_string()),
            escape(meaning)
        )
    };
    let rows: String = facts.refusals.iter().map(|told| row(&told.code, told.count, &told.meaning)).collect();
    format!(
        "<table id=\"refusals\"><thead><tr><th>Code</th><th class=\"n\">Times</th><th>It means</th></tr></thead><tbody>\n\
         {rows}</tbody></table>"
    )
}

/// Everything that it takes to run it again.
fn head(facts: &Facts) -> String {
    let instant = |at: Option<At>| at.map_or("none".to_owned(), |at| at.to_string());
    let symbols: Vec<&str> = facts.symbols.iter().map(Symbol::as_str).collect();
    let params: Vec<String> = facts.params.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    let rows = [
        ("Strategy", facts.strategy.clone()),
        ("Version", facts.version.clone()),
        ("sha256 of the source", facts.sha256.clone()),
        ("Settings", if params.is_empty() { "none".to_owned() } else { params.join(", ") }),
        ("Symbols", symbols.join(", ")),
        ("First bar begins", instant(facts.from)),
        ("Last bar ends", instant(facts.to)),
        ("Bars", grouped(&facts.figures.bars.to_string())),
        ("Seed", facts.seed.to_string()),
        ("Hash of the journal", facts.journal_hash.clone()),
        ("Sandbox", facts.sandbox.clone()),
        ("Program", facts.program.clone()),
    ];
    let rows: String = rows
        .iter()
        .map(|(name, value)| format!("<tr><th>{name}</th><td class=\"code\">{}</td></tr>\n", escape(value)))
        .collect();
    format!("<table id=\"run\"><tbody>\n{rows}</tbody></table>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::Money;
    use crate::domain::pct::Pct;
    use crate::domain::price::Price;
    use crate::domain::qty::Qty;
    use crate::domain::side::Side;
    use crate::ledger::months::Month;
    use crate::report::facts::{Closes, Refused, Terms};

    const HOSTILE: &str = "</title><script>alert('x')</script>\"onload=\u{202e}";

    fn trade(minute: i64, side: Side, exit: Option<&str>) -> Trade {
        let at = |minute: i64| At::from_seconds(1_381_152_600 + 60 * minute);
        Trade {
            symbol: "SPY".parse().unwrap(),
            side,
            opened_at: at(minute),
            closed_at: exit.map(|_| at(minute + 5)),
            qty: Qty::shares(10),
            entry_worth: Money::dollars(1000),
            entry: "100".parse().unwrap(),
            exit: exit.map(|exit| exit.parse().unwrap()),
            pnl: Money::dollars(-12),
            fees: Money::ZERO,
            risk: Some(Money::dollars(20)),
            mae: Money::dollars(-15),
            mfe: Money::dollars(3),
            tag: Some(HOSTILE.to_owned()),
        }
    }

    fn facts() -> Facts {
        let at = |minute: i64| At::from_seconds(1_381_152_600 + 60 * minute);
        let equity =
            (0..50).map(|minute| (at(minute), Money::dollars(100_000 - 3 * i32::try_from(minute).unwrap())));
        let closes =
            (0..50).map(|minute| (at(minute), Price::from_cents(10_000 - i32::try_from(minute).unwrap())));
        Facts {
            program: "hardstop 0.0.0".to_owned(),
            strategy: HOSTILE.to_owned(),
            version: HOSTILE.to_owned(),
            sha256: "ab".repeat(32),
            params: vec![(HOSTILE.to_owned(), HOSTILE.to_owned())],
            symbols: vec!["SPY".parse().unwrap()],
            from: Some(at(0)),
            to: Some(at(50)),
            seed: 7,
            journal_hash: "cd".repeat(32),
            sandbox: "full".to_owned(),
            figures: Figures {
                return_pct: -0.147,
                max_drawdown_pct: 0.147,
                cash: "100000.00".to_owned(),
                final_equity: "99853.00".to_owned(),
                ..Figures::default()
            },
            stopped: Some(HOSTILE.to_owned()),
            refusals: vec![Refused { code: HOSTILE.to_owned(), meaning: HOSTILE.to_owned(), count: 1_234 }],
            equity: equity.collect(),
            months: vec![Month {
                year: 2013,
                month: 10,
                start: Money::dollars(100),
                end: Money::dollars(99),
            }],
            closes: vec![Closes { symbol: "SPY".parse().unwrap(), points: closes.collect() }],
            trades: vec![trade(3, Side::Buy, Some("98.8")), trade(20, Side::Sell, None)],
            terms: Terms {
                bars_only: true,
                costs_none: false,
                splits: false,
                regular_session_only: true,
                fee_per_share: Price::ZERO,
                fee_pct: Pct::default(),
                slippage_bps: 1,
                volume_share_pct: Some(Pct::whole(10)),
            },
        }
    }

    #[test]
    fn nothing_that_a_script_says_becomes_markup_and_nothing_is_fetched() {
        let page = page(&facts());
        assert_eq!(page.matches("&lt;script&gt;alert(&#39;x&#39;)").count(), 13, "every place that shows it");
        for word in
            ["<script", "</title><s", "\"onload", "http:", "https:", "url(", "@import", "<link", "<img"]
        {
            assert!(!page.contains(word), "{word}");
        }
        assert!(!page.contains('\u{202e}'));
    }

    #[test]
    fn the_same_facts_give_the_same_bytes_and_every_tag_that_opens_closes() {
        let page = page(&facts());
        assert_eq!(page, super::page(&facts()));
        for tag in ["section", "table", "tr", "td", "th", "svg", "figure", "text", "div", "ul", "li", "p"] {
            let opened =
                page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
            assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
        }
        assert!(page.contains("\u{2212}0.15 %") && page.contains("1,234"));
    }

    /// Every x and y of every picture, its paths' too, lies in its view box.
    #[test]
    fn no_picture_draws_outside_of_itself() {
        let page = page(&facts());
        let mut seen = 0;
        for picture in page.split("<svg viewBox=\"0 0 ").skip(1) {
            let size = picture.split('"').next().unwrap();
            let (width, height) = size.split_once(' ').unwrap();
            let picture = picture.split("</svg>").next().unwrap();
            for (names, most) in
                [([" x=", " x1=", " x2=", " cx="], width), ([" y=", " y1=", " y2=", " cy="], height)]
            {
                let most: f64 = most.parse().unwrap();
                for part in names.into_iter().flat_map(|name| picture.split(name).skip(1)) {
                    let value: f64 = part.split('"').nth(1).unwrap().parse().unwrap();
                    assert!((0.0..=most).contains(&value), "{value} of {most}");
                    seen += 1;
                }
            }
            for path in picture.split(" d=\"").skip(1) {
                let path = path.split('"').next().unwrap().trim_start_matches('M').trim_end_matches('Z');
                for point in path.split('L') {
                    let (x, y) = point.split_once(' ').unwrap();
                    let (x, y): (f64, f64) = (x.parse().unwrap(), y.parse().unwrap());
                    assert!((0.0..=width.parse().unwrap()).contains(&x), "{point}");
                    assert!((0.0..=height.parse().unwrap()).contains(&y), "{point}");
                    seen += 1;
                }
            }
        }
        assert!(seen > 200, "{seen} places prove nothing");
        assert_eq!(page.matches("class=\"stop\"").count(), 2);
        assert_eq!((page.matches("class=\"buy\"").count(), page.matches("class=\"sell\"").count()), (1, 1));
    }

    #[test]
    fn a_run_without_anything_is_a_page_too() {
        let nothing = Facts {
            equity: Vec::new(),
            months: Vec::new(),
            closes: Vec::new(),
            trades: Vec::new(),
            refusals: Vec::new(),
            params: Vec::new(),
            stopped: None,
            ..facts()
        };
        let page = page(&nothing);
        for words in ["There was no trade", "Nothing was refused", "no equity to draw", "No month"] {
            assert!(page.contains(words), "{words}");
        }
    }
}
