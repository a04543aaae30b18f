use std::fmt::Write as _;

use crate::ledger::statistics::r_multiple;
use crate::ledger::trade::Trade;
use crate::report::chart::{WIDTH, number_text, picture, step_of};
use crate::report::figures::{MINUS, ratio};

const HEIGHT: f64 = 220.0;
const TOP: f64 = 22.0;
const BOTTOM: f64 = 30.0;
const SIDE: f64 = 42.0;
/// Bars of the histogram, at most.
const BUCKETS_MAX: i64 = 24;
/// How wide a bar may be, in R: the first that gives few enough bars.
const WIDTHS: [f64; 9] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 25.0];
/// A multiple beyond this many bars of the widest kind counts as standing there: a stop of a cent gives thousands.
const FAR: i64 = BUCKETS_MAX / 2;

/// How often trades made what lies from `from` up to, and without, `to`; in R.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bucket {
    from: f64,
    to: f64,
    count: usize,
}

/// Which bucket of this width holds a value. Ratios such as 0.3 lie a hair below the edge that they are.
fn number(value: f64, width: f64) -> i64 {
    (value / width + 1e-9).floor() as i64
}

fn ends(multiples: &[f64]) -> Option<(f64, f64)> {
    let low = multiples.iter().copied().reduce(f64::min)?;
    Some((low, multiples.iter().copied().fold(low, f64::max)))
}

/// The first width that gives few enough bars; `None` where even the widest gives too many.
fn width_for(multiples: &[f64]) -> Option<f64> {
    let (low, high) = ends(multiples)?;
    WIDTHS.into_iter().find(|width| number(high, *width) - number(low, *width) < BUCKETS_MAX)
}

/// The multiples in buckets of one width that meets zero, none left out between the first and the last.
fn buckets(multiples: &[f64]) -> Vec<Bucket> {
    let Some((low, high)) = ends(multiples) else { return Vec::new() };
    let found = width_for(multiples);
    let width = found.unwrap_or(WIDTHS[WIDTHS.len() - 1]);
    let place = |value: f64| match found {
        Some(_) => number(value, width),
        None => number(value, width).clamp(-FAR, FAR - 1),
    };
    let bucket = |number: i64| Bucket {
        from: number as f64 * width,
        to: (number + 1) as f64 * width,
        count: multiples.iter().filter(|value| place(**value) == number).count(),
    };
    (place(low)..=place(high)).map(bucket).collect()
}

/// What closed trades made in units of their risk, as bars.
pub(super) fn histogram(trades: &[Trade]) -> String {
    let closed: Vec<&Trade> = trades.iter().filter(|trade| trade.closed_at.is_some()).collect();
    let multiples: Vec<f64> = closed.iter().filter_map(|trade| r_multiple(trade)).collect();
    if multiples.is_empty() {
        return "<p>No trade ended that had a stop to measure it by.</p>".to_owned();
    }
    let without = closed.len() - multiples.len();
    let far = FAR as f64 * WIDTHS[WIDTHS.len() - 1];
    let beyond = match width_for(&multiples) {
        Some(_) => String::new(),
        None => format!(" What lies beyond {far} R stands at the end."),
    };
    let left_out =
        if without > 0 { format!(" {without} closed without a stop are left out.") } else { String::new() };
    format!(
        "<figure>{}<figcaption>Closed trades by their R multiple: +1 R made as much as the first stop would have \
         lost. The line stands at zero.{beyond}{left_out}</figcaption></figure>",
        bars(&buckets(&multiples))
    )
}

fn bars(buckets: &[Bucket]) -> String {
    let most = buckets.iter().map(|bucket| bucket.count).max().unwrap_or(1).max(1) as f64;
    let wide = (WIDTH - 2.0 * SIDE) / buckets.len() as f64;
    let ground = HEIGHT - BOTTOM;
    let (_, places) = step_of(buckets.first().map_or(1.0, |bucket| bucket.to - bucket.from));
    let places = if places == 0 { 0 } else { 2 };
    let mut body = String::new();
    for (number, bucket) in buckets.iter().enumerate() {
        let x = number as f64 * wide + SIDE;
        let tall = bucket.count as f64 / most * (ground - TOP);
        let lost = if bucket.from < 0.0 { " lost" } else { "" };
        if bucket.count > 0 {
            let _ = write!(
                body,
                "<rect class=\"bar{lost}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/><text x=\"{}\" y=\"{}\" \
                 text-anchor=\"middle\">{}</text>",
                number_text(x + 1.0),
                number_text(ground - tall),
                number_text(wide - 2.0),
                number_text(tall),
                number_text(x + wide / 2.0),
                number_text(ground - tall - 5.0),
                bucket.count
            );
        }
        // The names of edges need room: of many, every other one is written, and the last always.
        let every = buckets.len() / 13 + 1;
        if number % every == 0 && (every == 1 || number + 1 < buckets.len()) {
            body.push_str(&edge(x, bucket.from, places));
        }
        if bucket.from.abs() < 1e-9 {
            let x = number_text(x);
            let _ = write!(body, "<line class=\"exit\" x1=\"{x}\" x2=\"{x}\" y1=\"{TOP}\" y2=\"{ground}\"/>");
        }
    }
    if let Some(last) = buckets.last() {
        body.push_str(&edge(WIDTH - SIDE, last.to, places));
    }
    let _ = write!(
        body,
        "<line class=\"grid\" x1=\"{SIDE}\" x2=\"{}\" y1=\"{ground}\" y2=\"{ground}\"/>",
        WIDTH - SIDE
    );
    picture(HEIGHT, "How often trades made which multiple of their risk", &body)
}

fn edge(x: f64, value: f64, places: usize) -> String {
    let shown = ratio(value, places);
    let plus = if value > 1e-9 && !shown.starts_with(MINUS) { "+" } else { "" };
    format!(
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{plus}{shown} R</text>",
        number_text(x),
        number_text(HEIGHT - BOTTOM + 18.0)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(multiples: &[f64]) -> Vec<(String, usize)> {
        buckets(multiples).iter().map(|bucket| (format!("{:.2}", bucket.from), bucket.count)).collect()
    }

    #[test]
    fn an_edge_belongs_to_the_bucket_above_it_and_none_is_left_out() {
        let row = |cells: &[(&str, usize)]| -> Vec<(String, usize)> {
            cells.iter().map(|(from, count)| ((*from).to_owned(), *count)).collect()
        };
        let found = counts(&[-1.0, -1.0, -0.4, 0.0, 0.3, 0.35, 5.0]);
        assert_eq!(found[0], ("-1.00".to_owned(), 2));
        assert_eq!((found[1].1, found[2].1), (1, 2 + 1), "half an R each: −0.4 below zero, the rest above");
        assert_eq!(found.iter().map(|(_, count)| count).sum::<usize>(), 7);
        assert_eq!(counts(&[0.3, 0.1 + 0.2, 0.31]), row(&[("0.30", 3)]));
        assert_eq!(counts(&[-0.05, 0.05]), row(&[("-0.05", 1), ("0.00", 0), ("0.05", 1)]));
        assert!(counts(&[]).is_empty());
    }

    #[test]
    fn a_multiple_of_thousands_takes_no_more_bars_than_there_are() {
        let found = counts(&[-40_000.0, 0.5, 90_000.0]);
        assert_eq!(found.len(), usize::try_from(BUCKETS_MAX).unwrap());
        assert_eq!((found[0].1, found[found.len() - 1].1), (1, 1));
        assert_eq!(found.iter().map(|(_, count)| count).sum::<usize>(), 3);
    }

    #[test]
    fn bars_stay_in_the_picture() {
        let drawn = bars(&buckets(&[-1.0, 2.0, 2.1]));
        assert!(drawn.contains("\u{2212}1.00 R") || drawn.contains("\u{2212}1 R"), "{drawn}");
        for part in drawn.split(" y=\"").skip(1) {
            let y: f64 = part.split('"').next().unwrap().parse().unwrap();
            assert!((0.0..=HEIGHT).contains(&y));
        }
    }
}
