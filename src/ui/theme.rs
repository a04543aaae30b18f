use std::str::FromStr;

use ratatui::style::{Color, Modifier, Style};

use crate::ui::rgb;

/// The colours of the screen, by what they mean. A sign, an arrow or a word says the same without
/// them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    /// Its name.
    pub name: ThemeName,
    /// How many colours it was made for.
    pub depth: Depth,
    /// Plain text.
    pub text: Style,
    /// What matters less.
    pub dim: Style,
    /// Titles and what is in focus.
    pub accent: Style,
    /// Gains, and buying.
    pub up: Style,
    /// Losses, and selling.
    pub down: Style,
    /// What must be acted on.
    pub danger: Style,
    /// What may come to matter.
    pub warning: Style,
    /// The badge of sim.
    pub sim: Style,
    /// The badge of paper.
    pub paper: Style,
    /// The badge of live.
    pub live: Style,
    /// The bands that say halted and reduce-only.
    pub band: Style,
    /// The row that actions apply to.
    pub selected: Style,
    /// Frames of panes.
    pub border: Style,
}

/// The sets to choose from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ThemeName {
    /// Colours of Okabe and Ito, which colour-blind eyes tell apart.
    #[default]
    Okabe,
    /// Green gains, red losses.
    Classic,
    /// Red gains, green losses, as in East Asia.
    RedUp,
    /// The strongest differences.
    HighContrast,
    /// No colour at all.
    Mono,
    /// The sixteen colours of old terminals.
    Ansi16,
}

/// How many colours the terminal shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Every one.
    True,
    /// 256.
    Indexed,
    /// Sixteen.
    Sixteen,
    /// None.
    None,
}

/// No theme has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no theme; write okabe, classic, red-up, high-contrast, mono or ansi16")]
pub struct ThemeFault(String);

impl ThemeName {
    /// Every set.
    pub const ALL: [Self; 6] =
        [Self::Okabe, Self::Classic, Self::RedUp, Self::HighContrast, Self::Mono, Self::Ansi16];

    /// Its name.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Okabe => "okabe",
            Self::Classic => "classic",
            Self::RedUp => "red-up",
            Self::HighContrast => "high-contrast",
            Self::Mono => "mono",
            Self::Ansi16 => "ansi16",
        }
    }
}

impl FromStr for ThemeName {
    type Err = ThemeFault;

    fn from_str(text: &str) -> Result<Self, ThemeFault> {
        Self::ALL.into_iter().find(|name| name.word() == text).ok_or_else(|| ThemeFault(text.to_owned()))
    }
}

const fn hex(hex: u32) -> Color {
    Color::Rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

const VERMILLION: Color = hex(0x00D5_5E00);
const YELLOW: Color = hex(0x00F0_E442);
const BLUE: Color = hex(0x0000_72B2);
const GREY: Color = hex(0x008A_8A8A);
const WHITE: Color = hex(0x00FF_FFFF);
// A bluish green and an orange-ish red: plain ones become one colour to the commonest colour-blind eye.
const CLASSIC_GREEN: Color = hex(0x0035_C79A);
const CLASSIC_RED: Color = hex(0x00E0_482E);
const BLACK: Color = hex(0x0000_0000);

const fn ink(color: Color) -> Style {
    Style::new().fg(color)
}

const fn plate(text: Color, ground: Color) -> Style {
    Style::new().fg(text).bg(ground).add_modifier(Modifier::BOLD)
}

impl Theme {
    /// A set, as far as the terminal can show it.
    pub fn of(name: ThemeName, depth: Depth) -> Self {
        let theme = match (name, depth) {
            (ThemeName::Mono, _) | (_, Depth::None) => return Self { name, depth, ..Self::mono() },
            (ThemeName::Ansi16, _) | (_, Depth::Sixteen) => return Self { name, depth, ..Self::ansi16() },
            (ThemeName::Okabe, _) => Self::colours(hex(0x0056_B4E9), hex(0x00E6_9F00)),
            (ThemeName::Classic, _) => Self::colours(CLASSIC_GREEN, CLASSIC_RED),
            (ThemeName::RedUp, _) => Self::colours(CLASSIC_RED, CLASSIC_GREEN),
            (ThemeName::HighContrast, _) => Self {
                dim: ink(hex(0x00C8_C8C8)),
                border: ink(WHITE),
                ..Self::colours(hex(0x0000_FFFF), hex(0x00FF_FF00))
            },
        };
        let theme = if depth == Depth::Indexed { theme.each(indexed) } else { theme };
        Self { name, depth, ..theme }
    }

    const fn colours(up: Color, down: Color) -> Self {
        Self {
            name: ThemeName::Okabe,
            depth: Depth::True,
            text: Style::new(),
            dim: ink(GREY),
            accent: ink(hex(0x009A_D1F5)).add_modifier(Modifier::BOLD),
            up: ink(up),
            down: ink(down),
            danger: ink(VERMILLION).add_modifier(Modifier::BOLD),
            warning: ink(YELLOW),
            sim: plate(BLACK, hex(0x00B0_B0B0)),
            paper: plate(WHITE, BLUE),
            live: plate(WHITE, VERMILLION),
            band: plate(BLACK, YELLOW),
            selected: Style::new().add_modifier(Modifier::REVERSED),
            border: ink(hex(0x0060_6060)),
        }
    }

    const fn mono() -> Self {
        let plain = Style::new();
        let bold = plain.add_modifier(Modifier::BOLD);
        let reversed = plain.add_modifier(Modifier::REVERSED);
        Self {
            name: ThemeName::Mono,
            depth: Depth::None,
            text: plain,
            dim: plain.add_modifier(Modifier::DIM),
            accent: bold,
            up: plain,
            down: plain,
            danger: bold,
            warning: bold,
            sim: reversed,
            paper: reversed,
            live: reversed.add_modifier(Modifier::BOLD),
            band: reversed,
            selected: reversed,
            border: plain,
        }
    }

    const fn ansi16() -> Self {
        Self {
            name: ThemeName::Ansi16,
            depth: Depth::Sixteen,
            text: Style::new(),
            dim: ink(Color::DarkGray),
            accent: ink(Color::LightCyan).add_modifier(Modifier::BOLD),
            up: ink(Color::LightCyan),
            down: ink(Color::LightYellow),
            danger: ink(Color::LightRed).add_modifier(Modifier::BOLD),
            warning: ink(Color::Yellow),
            sim: plate(Color::Black, Color::Gray),
            paper: plate(Color::White, Color::Blue),
            live: plate(Color::White, Color::Red),
            band: plate(Color::Black, Color::Yellow),
            selected: Style::new().add_modifier(Modifier::REVERSED),
            border: ink(Color::DarkGray),
        }
    }

    /// The same meanings in other colours.
    fn each(self, change: impl Fn(Color) -> Color) -> Self {
        let change = |style: Style| Style { fg: style.fg.map(&change), bg: style.bg.map(&change), ..style };
        Self {
            name: self.name,
            depth: self.depth,
            text: change(self.text),
            dim: change(self.dim),
            accent: change(self.accent),
            up: change(self.up),
            down: change(self.down),
            danger: change(self.danger),
            warning: change(self.warning),
            sim: change(self.sim),
            paper: change(self.paper),
            live: change(self.live),
            band: change(self.band),
            selected: change(self.selected),
            border: change(self.border),
        }
    }
}

/// The nearest of the 256 colours' cube (6×6×6 levels of xterm) and its ramp of greys.
fn indexed(color: Color) -> Color {
    let Color::Rgb(red, green, blue) = color else { return color };
    let distance = |a: [u8; 3]| {
        let square = |x: u8, y: u8| u32::from(x.abs_diff(y)).pow(2);
        square(a[0], red) + square(a[1], green) + square(a[2], blue)
    };
    let nearest = (16..=255_u8).min_by_key(|index| distance(rgb::indexed(*index)));
    nearest.map_or(color, Color::Indexed)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Matrix = [[f64; 3]; 3];

    /// What eyes without the red, green or blue cone see of linear RGB: Machado, Oliveira and Fernandes,
    /// "A Physiologically-based Model for Simulation of Color Vision Deficiency", 2009, severity 1.0.
    const EYES: [(&str, Matrix); 4] = [
        ("all cones", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
        (
            "protanopia",
            [
                [0.152_286, 1.052_583, -0.204_868],
                [0.114_503, 0.786_281, 0.099_216],
                [-0.003_882, -0.048_116, 1.051_998],
            ],
        ),
        (
            "deuteranopia",
            [
                [0.367_322, 0.860_646, -0.227_968],
                [0.280_085, 0.672_501, 0.047_413],
                [-0.011_820, 0.042_940, 0.968_881],
            ],
        ),
        (
            "tritanopia",
            [
                [1.255_528, -0.076_749, -0.178_779],
                [-0.078_411, 0.930_809, 0.147_602],
                [0.004_733, 0.691_367, 0.303_900],
            ],
        ),
    ];

    fn times(matrix: &Matrix, vector: [f64; 3]) -> [f64; 3] {
        matrix.map(|row| row.iter().zip(vector).map(|(a, b)| a * b).sum())
    }

    /// CIE 1976 L*a*b* of an sRGB colour (IEC 61966-2-1, white D65) as the given eye sees it.
    fn lab(color: [u8; 3], eye: &Matrix) -> [f64; 3] {
        const TO_XYZ: Matrix = [
            [0.412_456_4, 0.357_576_1, 0.180_437_5],
            [0.212_672_9, 0.715_152_2, 0.072_175_0],
            [0.019_333_9, 0.119_192_0, 0.950_304_1],
        ];
        let linear = color.map(|part| {
            let share = f64::from(part) / 255.0;
            if share <= 0.040_45 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        });
        let seen = times(eye, linear).map(|part| part.clamp(0.0, 1.0));
        let [x, y, z] = times(&TO_XYZ, seen);
        let curve = |share: f64| {
            if share > 216.0 / 24_389.0 { share.cbrt() } else { (24_389.0 / 27.0 * share + 16.0) / 116.0 }
        };
        let (x, y, z) = (curve(x / 0.950_47), curve(y), curve(z / 1.088_83));
        [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
    }

    /// ΔE*ab of 1976; about 2 is the least that is noticed at all.
    fn apart(one: Color, other: Color, eye: &Matrix) -> f64 {
        let [one, other] = [one, other].map(|color| lab(rgb::of(color).unwrap(), eye));
        one.iter().zip(other).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
    }

    #[test]
    fn the_measure_is_the_published_one() {
        // Lindbloom's calculator: sRGB red is L* 53.24, a* 80.09, b* 67.20.
        let red = lab([255, 0, 0], &EYES[0].1);
        for (part, expect) in red.iter().zip([53.24, 80.09, 67.20]) {
            assert!((part - expect).abs() < 0.02, "{red:?}");
        }
        // The very pair that this test is here to keep out.
        let plain = apart(Color::Indexed(35), Color::Indexed(167), &EYES[2].1);
        assert!(plain < 10.0, "{plain}");
    }

    #[test]
    fn gains_and_losses_stay_apart_in_every_eye() {
        for name in ThemeName::ALL.into_iter().filter(|name| *name != ThemeName::Mono) {
            for depth in [Depth::True, Depth::Indexed, Depth::Sixteen] {
                let theme = Theme::of(name, depth);
                let (up, down) = (theme.up.fg.unwrap(), theme.down.fg.unwrap());
                for (eye, matrix) in &EYES {
                    let distance = apart(up, down, matrix);
                    assert!(distance >= 25.0, "{} {depth:?} {eye}: {distance:.1}", name.word());
                }
            }
        }
    }

    #[test]
    fn mono_has_no_colour_at_all() {
        for theme in [Theme::of(ThemeName::Mono, Depth::True), Theme::of(ThemeName::Okabe, Depth::None)] {
            let all = [
                theme.text,
                theme.dim,
                theme.accent,
                theme.up,
                theme.down,
                theme.danger,
                theme.warning,
                theme.sim,
                theme.paper,
                theme.live,
                theme.band,
                theme.selected,
                theme.border,
            ];
            assert!(all.iter().all(|style| style.fg.is_none() && style.bg.is_none()), "{theme:?}");
        }
    }
}
