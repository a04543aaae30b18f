use std::fmt::Write as _;

use crate::domain::at::At;
use crate::report::figures::grouped;
use crate::report::timeline::Timeline;

/// The width of every picture, in the picture's own units.
pub(super) const WIDTH: f64 = 900.0;
/// Room for the labels of the values, and for half a date.
const LEFT: f64 = 78.0;
const RIGHT: f64 = 42.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 26.0;
/// Lines across a picture, at most about.
const LINES: f64 = 7.0;
/// Dates below a picture, at most.
const DATES_MAX: usize = 8;
/// A date takes so much room.
const DATE_WIDTH: f64 = 76.0;

/// A picture under way: values upwards between two of them, instants to the right.
#[derive(Debug)]
pub(super) struct Chart<'line> {
    line: &'line Timeline,
    height: f64,
    low: f64,
    high: f64,
    body: String,
}

impl<'line> Chart<'line> {
    /// A picture of this height for these values; where they are all alike they lie in its middle.
    pub(super) fn new(line: &'line Timeline, height: f64, values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = values
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        let (low, high) = match (low.is_finite(), high - low) {
            (false, _) => (0.0, 1.0),
            (true, span) if span > 0.0 => (low, high),
            (true, _) => (low - low.abs().mul_add(0.01, 0.5), high + high.abs().mul_add(0.01, 0.5)),
        };
        Self { line, height, low, high, body: String::new() }
    }

    /// How far right an instant lies.
    pub(super) fn x(&self, at: At) -> f64 {
        LEFT + self.line.place(at) * (WIDTH - LEFT - RIGHT)
    }

    /// How far down a value lies.
    pub(super) fn y(&self, value: f64) -> f64 {
        let part = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        self.height - BOTTOM - part * (self.height - TOP - BOTTOM)
    }

    /// The lines across with their values, each written by `label` with its places, and the dates below.
    pub(super) fn axes(&mut self, label: impl Fn(&str) -> String) {
        let (step, places) = step_of((self.high - self.low) / LINES);
        let first = (self.low / step).ceil() as i64;
        let last = (self.high / step).floor() as i64;
        for number in first..=last {
            let value = number as f64 * step;
            let y = number_text(self.y(value));
            let text = label(&format!("{value:.places$}"));
            let _ = write!(
                self.body,
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{}\" y1=\"{y}\" y2=\"{y}\"/><text x=\"{}\" y=\"{}\" \
                 text-anchor=\"end\">{text}</text>",
                WIDTH - RIGHT,
                LEFT - 6.0,
                number_text(self.y(value) + 4.0),
            );
        }
        self.dates();
    }

    fn dates(&mut self) {
        let days = self.line.days();
        let every = days.len().div_ceil(DATES_MAX).max(1);
        let mut free_from = 0.0;
        for (at, day) in days.iter().step_by(every) {
            let x = self.x(*at);
            if x < free_from {
                continue;
            }
            free_from = x + DATE_WIDTH;
            let (x, y) = (number_text(x), self.height - BOTTOM);
            let _ = write!(
                self.body,
                "<line class=\"grid\" x1=\"{x}\" x2=\"{x}\" y1=\"{y}\" y2=\"{}\"/><text x=\"{x}\" y=\"{}\" \
                 text-anchor=\"middle\">{day}</text>",
                y + 4.0,
                y + 18.0
            );
        }
    }

    /// Adds a form.
    pub(super) fn draw(&mut self, form: &str) {
        self.body.push_str(form);
    }

    /// A line through these points.
    pub(super) fn path(&self, points: impl Iterator<Item = (At, f64)>) -> String {
        let mut path = String::new();
        for (at, value) in points {
            let word = if path.is_empty() { 'M' } else { 'L' };
            let _ = write!(path, "{word}{} {}", number_text(self.x(at)), number_text(self.y(value)));
        }
        path
    }

    /// The picture; `title` is what a reader hears who does not see it, and is HTML already.
    pub(super) fn finish(self, title: &str) -> String {
        picture(self.height, title, &self.body)
    }
}

/// A picture of this height around its forms.
pub(super) fn picture(height: f64, title: &str, body: &str) -> String {
    format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{title}\"><title>{title}</title>{body}</svg>"
    )
}

/// A place in a picture, to a tenth.
pub(super) fn number_text(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

/// The next of 1, 2 and 5 times a power of ten that is no less than `least`, and the places it needs.
pub(super) fn step_of(least: f64) -> (f64, usize) {
    let power = least.max(1e-9).log10().floor();
    let unit = 10_f64.powf(power);
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * unit).find(|step| *step >= least);
    let step = step.unwrap_or(unit * 10.0);
    let places = if step >= 1.0 { 0 } else { (-step.log10()).ceil() as usize };
    (step, places)
}

/// Dollars on an axis.
pub(super) fn dollars(number: &str) -> String {
    grouped(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round_and_never_finer_than_asked() {
        for (least, step, places) in [
            (0.3, 0.5, 1),
            (1.0, 1.0, 0),
            (17.0, 20.0, 0),
            (0.02, 0.02, 2),
            (600.0, 1000.0, 0),
            (0.011, 0.02, 2),
        ] {
            let found = step_of(least);
            assert!((found.0 - step).abs() < 1e-9, "{least}: {found:?}");
            assert_eq!(found.1, places, "{least}");
        }
    }

    #[test]
    fn everything_lies_in_the_picture_and_alike_values_in_its_middle() {
        let start = At::from_seconds(1_381_152_600);
        let line = Timeline::over((0..9).map(|minute| start.plus_seconds(60 * minute)));
        let chart = Chart::new(&line, 200.0, [5.0, -3.0].into_iter());
        assert_eq!((chart.y(5.0), chart.y(-3.0), chart.y(99.0)), (TOP, 200.0 - BOTTOM, TOP));
        assert_eq!((chart.x(start), chart.x(start.plus_seconds(9_999))), (LEFT, WIDTH - RIGHT));
        let flat = Chart::new(&line, 200.0, [100.0, 100.0].into_iter());
        assert!((flat.y(100.0) - f64::midpoint(TOP, 200.0 - BOTTOM)).abs() < 1e-9);
    }
}
