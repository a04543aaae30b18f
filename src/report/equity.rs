use crate::domain::at::At;
use crate::domain::money::Money;
use crate::report::chart::{Chart, dollars};
use crate::report::figures::ratio;
use crate::report::timeline::Timeline;

const EQUITY_HEIGHT: f64 = 260.0;
const FALL_HEIGHT: f64 = 140.0;

/// The equity, and below it by how much it lay under its highest so far.
pub(super) fn pictures(points: &[(At, Money)]) -> String {
    if points.is_empty() {
        return "<p>There was no equity to draw.</p>".to_owned();
    }
    let line = Timeline::over(points.iter().map(|(at, _)| *at));
    let equity: Vec<(At, f64)> = points.iter().map(|(at, equity)| (*at, equity.to_f64())).collect();
    let mut chart = Chart::new(&line, EQUITY_HEIGHT, equity.iter().map(|(_, value)| *value));
    chart.axes(dollars);
    let path = chart.path(equity.iter().copied());
    chart.draw(&format!("<path class=\"curve\" d=\"{path}\"/>"));
    let falls = falls(&equity);
    // The line of no fall is part of the picture even where the equity only fell.
    let values = falls.iter().map(|(_, value)| *value).chain([0.0]);
    let mut below = Chart::new(&line, FALL_HEIGHT, values);
    below.axes(|percent| format!("{} %", dollars(percent)));
    let ends = [falls.first(), falls.last()].map(|end| end.map_or(At::default(), |(at, _)| *at));
    let around = [(ends[0], 0.0)].into_iter().chain(falls.iter().copied()).chain([(ends[1], 0.0)]);
    let area = below.path(around);
    below.draw(&format!("<path class=\"fall\" d=\"{area}Z\"/>"));
    let deepest = falls.iter().map(|(_, value)| *value).fold(0.0, f64::min);
    let worst = format!("Fall from the highest equity so far, at worst {} %", ratio(deepest, 2));
    format!(
        "<figure>{}<figcaption>Equity in dollars.</figcaption></figure>\
         <figure>{}<figcaption>{worst}.</figcaption></figure>",
        chart.finish("Equity in dollars over time"),
        below.finish(&worst)
    )
}

/// How far each value lies under the highest so far, in per cent: zero or less.
fn falls(equity: &[(At, f64)]) -> Vec<(At, f64)> {
    let mut peak = f64::NEG_INFINITY;
    let fall = |(at, value): &(At, f64)| {
        peak = peak.max(*value);
        (*at, if peak > 0.0 { (value / peak - 1.0) * 100.0 } else { 0.0 })
    };
    equity.iter().map(fall).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fall_is_measured_from_the_highest_so_far() {
        let at = At::from_seconds;
        let found = falls(&[(at(0), 100.0), (at(60), 80.0), (at(120), 200.0), (at(180), 150.0)]);
        let percents: Vec<f64> = found.iter().map(|(_, value)| value.round()).collect();
        assert_eq!(percents, [0.0, -20.0, 0.0, -25.0]);
    }
}
