use std::fmt::Write as _;

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};

use crate::ui::ink::width_of;
use crate::ui::model::Model;
use crate::ui::rgb;
use crate::ui::view;

/// A cell's width and height, and where a letter stands in it, in the picture's own units. A cell is no
/// higher than the font's line, so that lines of box drawing meet.
const CELL: (u32, u32) = (9, 17);
const BASELINE: u32 = 14;
const FONT_SIZE: u32 = 15;
const GROUND: [u8; 3] = [0x12, 0x14, 0x18];
const LETTERS: [u8; 3] = [0xD8, 0xD8, 0xD8];

/// How a run of cells looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Look {
    letters: [u8; 3],
    ground: [u8; 3],
    modifier: Modifier,
}

impl Look {
    fn of(cell: &Cell) -> Self {
        let (fg, bg) = (colour(cell.fg, LETTERS), colour(cell.bg, GROUND));
        let reversed = cell.modifier.contains(Modifier::REVERSED);
        let (letters, ground) = if reversed { (bg, fg) } else { (fg, bg) };
        let letters = if cell.modifier.contains(Modifier::HIDDEN) { ground } else { letters };
        Self { letters, ground, modifier: cell.modifier }
    }
}

fn colour(color: Color, own: [u8; 3]) -> [u8; 3] {
    rgb::of(color).unwrap_or(own)
}

/// One stretch of a row that is drawn at once.
struct Run {
    look: Look,
    ascii: bool,
    column: u32,
    columns: u32,
    text: String,
}

/// A picture of the window as it would be painted.
pub fn of(model: &Model) -> String {
    let mut buf = Buffer::empty(Rect::new(0, 0, model.size.0, model.size.1));
    let area = buf.area;
    view::draw(model, area, &mut buf);
    svg(&buf)
}

/// A picture of a screen as an SVG document that stands by itself: the same screen, the same bytes.
///
/// Each stretch of one style is one `<text>` whose `textLength` holds it to its columns, whatever
/// width the reader's font has. What lies outside ASCII is a stretch of its own, because it often
/// comes from another font.
pub fn svg(buf: &Buffer) -> String {
    let (width, height) = (u32::from(buf.area.width) * CELL.0, u32::from(buf.area.height) * CELL.1);
    let mut out = String::new();
    // Writing into a String cannot fail.
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" font-size=\"{FONT_SIZE}\" \
         font-family=\"'DejaVu Sans Mono','Cascadia Mono',Menlo,Consolas,monospace\">"
    );
    let _ = writeln!(out, "<rect width=\"{width}\" height=\"{height}\" fill=\"{}\"/>", hex(GROUND));
    for row in 0..buf.area.height {
        let runs = runs(buf, row);
        let top = u32::from(row) * CELL.1;
        for run in &runs {
            ground(&mut out, run, top);
        }
        for run in &runs {
            letters(&mut out, run, top);
        }
    }
    out.push_str("</svg>\n");
    out
}

fn runs(buf: &Buffer, row: u16) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut column = 0;
    while column < buf.area.width {
        let Some(cell) = buf.cell((buf.area.x + column, buf.area.y + row)) else { break };
        // The cell behind a wide sign belongs to it.
        let columns = width_of(cell.symbol()).clamp(1, buf.area.width - column);
        let (look, ascii) = (Look::of(cell), cell.symbol().is_ascii());
        match runs.last_mut() {
            Some(run) if run.look == look && run.ascii == ascii => {
                run.text.push_str(cell.symbol());
                run.columns += u32::from(columns);
            }
            _ => runs.push(Run {
                look,
                ascii,
                column: u32::from(column),
                columns: u32::from(columns),
                text: cell.symbol().to_owned(),
            }),
        }
        column += columns;
    }
    runs
}

fn ground(out: &mut String, run: &Run, top: u32) {
    if run.look.ground != GROUND {
        let (x, width) = (run.column * CELL.0, run.columns * CELL.0);
        let _ = writeln!(
            out,
            "<rect x=\"{x}\" y=\"{top}\" width=\"{width}\" height=\"{}\" fill=\"{}\"/>",
            CELL.1,
            hex(run.look.ground)
        );
    }
}

fn letters(out: &mut String, run: &Run, top: u32) {
    let bare = !run.look.modifier.contains(Modifier::UNDERLINED);
    // Blanks at the ends draw nothing, and readers of SVG do not agree on them.
    let text = if bare { run.text.trim_matches(' ') } else { &run.text };
    if text.is_empty() {
        return;
    }
    let before = run.text.len() - if bare { run.text.trim_start_matches(' ').len() } else { run.text.len() };
    let cut = run.text.len() - text.len();
    // Only blanks were cut, each of one byte and one column.
    let column = run.column + u32::try_from(before).unwrap_or(0);
    let columns = run.columns.saturating_sub(u32::try_from(cut).unwrap_or(0));
    let _ = write!(
        out,
        "<text x=\"{}\" y=\"{}\" textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\" xml:space=\"preserve\" fill=\"{}\"",
        column * CELL.0,
        top + BASELINE,
        columns * CELL.0,
        hex(run.look.letters)
    );
    for (modifier, attribute) in [
        (Modifier::BOLD, " font-weight=\"bold\""),
        (Modifier::DIM, " fill-opacity=\"0.6\""),
        (Modifier::ITALIC, " font-style=\"italic\""),
        (Modifier::UNDERLINED, " text-decoration=\"underline\""),
    ] {
        if run.look.modifier.contains(modifier) {
            out.push_str(attribute);
        }
    }
    let _ = writeln!(out, ">{}</text>", escaped(text));
}

fn hex([red, green, blue]: [u8; 3]) -> String {
    format!("#{red:02X}{green:02X}{blue:02X}")
}

/// Text as XML has it. Control signs are no XML at all, however they are written.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            letter if letter.is_control() => out.push(' '),
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use ratatui::style::Style;

    use super::*;

    fn picture(width: u16, parts: &[(u16, &str, Style)]) -> String {
        let mut buf = Buffer::empty(Rect::new(0, 0, width, 1));
        for (x, text, style) in parts {
            buf.set_string(*x, 0, text, *style);
        }
        assert_eq!(svg(&buf), svg(&buf.clone()), "the same screen, the same bytes");
        svg(&buf)
    }

    fn check(width: u16, parts: &[(u16, &str, Style)], expect: &[&str]) {
        let picture = picture(width, parts);
        let drawn: Vec<&str> = picture.lines().skip(2).take_while(|line| *line != "</svg>").collect();
        assert_eq!(drawn, expect);
    }

    const TEXT: &str = "lengthAdjust=\"spacingAndGlyphs\" xml:space=\"preserve\"";

    #[test]
    fn what_xml_takes_for_its_own_is_escaped() {
        check(
            12,
            &[(1, "a<b>&\"c'\u{7}", Style::new())],
            &[&format!(
                "<text x=\"9\" y=\"14\" textLength=\"72\" {TEXT} fill=\"#D8D8D8\">a&lt;b&gt;&amp;&quot;c&apos;</text>"
            )],
        );
        assert_eq!(escaped("a\u{1b}b"), "a b");
    }

    #[test]
    fn colours_reversal_weight_and_columns_are_kept() {
        let live = Style::new().fg(Color::White).bg(Color::Rgb(0xD5, 0x5E, 0)).add_modifier(Modifier::BOLD);
        let chosen = Style::new().fg(Color::Indexed(67)).add_modifier(Modifier::REVERSED | Modifier::DIM);
        check(
            12,
            &[(0, " LIVE ", live), (6, "-1", chosen), (8, "┃┃", Style::new())],
            &[
                "<rect x=\"0\" y=\"0\" width=\"54\" height=\"17\" fill=\"#D55E00\"/>",
                "<rect x=\"54\" y=\"0\" width=\"18\" height=\"17\" fill=\"#5F87AF\"/>",
                &format!(
                    "<text x=\"9\" y=\"14\" textLength=\"36\" {TEXT} fill=\"#FFFFFF\" font-weight=\"bold\">LIVE</text>"
                ),
                &format!(
                    "<text x=\"54\" y=\"14\" textLength=\"18\" {TEXT} fill=\"#121418\" fill-opacity=\"0.6\">-1</text>"
                ),
                &format!("<text x=\"72\" y=\"14\" textLength=\"18\" {TEXT} fill=\"#D8D8D8\">┃┃</text>"),
            ],
        );
    }

    #[test]
    fn what_looks_otherwise_is_drawn_by_itself() {
        let (bold, band) =
            (Style::new().add_modifier(Modifier::BOLD), Style::new().bg(Color::Rgb(0, 0, 255)));
        let text = |x: u32, rest: &str| {
            format!("<text x=\"{x}\" y=\"14\" textLength=\"9\" {TEXT} fill=\"#D8D8D8\"{rest}</text>")
        };
        check(
            3,
            &[(0, "a", Style::new()), (1, "b", bold), (2, "c", band)],
            &[
                "<rect x=\"18\" y=\"0\" width=\"9\" height=\"17\" fill=\"#0000FF\"/>",
                &text(0, ">a"),
                &text(9, " font-weight=\"bold\">b"),
                &text(18, ">c"),
            ],
        );
    }

    #[test]
    fn a_wide_sign_takes_its_two_columns_and_an_empty_screen_is_a_picture_too() {
        check(
            6,
            &[(1, "界x", Style::new())],
            &[
                &format!("<text x=\"9\" y=\"14\" textLength=\"18\" {TEXT} fill=\"#D8D8D8\">界</text>"),
                &format!("<text x=\"27\" y=\"14\" textLength=\"9\" {TEXT} fill=\"#D8D8D8\">x</text>"),
            ],
        );
        let empty = svg(&Buffer::empty(Rect::default()));
        assert!(empty.starts_with("<svg ") && empty.ends_with("</svg>\n"), "{empty}");
    }
}
