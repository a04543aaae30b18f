use ratatui::buffer::Buffer;

/// Leaves no cell outside ASCII: each sign becomes the nearest one that every terminal has.
pub fn to_ascii(buf: &mut Buffer) {
    for cell in &mut buf.content {
        if !cell.symbol().is_ascii() {
            let near = cell.symbol().chars().next().map_or(' ', nearest);
            cell.set_char(near);
        }
    }
}

fn nearest(sign: char) -> char {
    match sign {
        '─' | '━' | '═' | '–' | '—' | '┄' | '╌' | '┈' => '-',
        '│' | '┃' | '║' | '╽' | '╿' | '▕' | '▏' => '|',
        '▘' => '\'',
        '▖' => '.',
        '┊' | '╎' => ':',
        '┌' | '┐' | '└' | '┘' | '├' | '┤' | '┬' | '┴' | '┼' | '┏' | '┓' | '┗' | '┛' | '┣' | '┫' | '╔'
        | '╗' | '╚' | '╝' | '╠' | '╣' | '╪' => '+',
        '╷' | '╻' | '▁' | '▂' => '.',
        '╵' | '╹' => '\'',
        '█' | '▉' | '▊' | '▇' | '▆' => '#',
        '▋' | '▌' | '▍' | '▎' | '▅' | '▄' | '▃' => '=',
        '▲' | '↑' => '^',
        '▼' | '↓' => 'v',
        '▶' | '▸' | '→' | '›' | '»' => '>',
        '◂' | '◀' | '←' | '‹' => '<',
        '●' | '◆' | '•' => '*',
        '○' | '◇' => 'o',
        '◊' => '&',
        '·' => '.',
        '…' | '∙' => '~',
        '×' | '✗' | '✕' => 'x',
        '✓' => 'v',
        '≥' => '>',
        '≤' => '<',
        '−' => '-',
        '±' => '+',
        _ => '?',
    }
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;

    use super::*;

    #[test]
    fn no_cell_stays_outside_ascii() {
        let mut buf = Buffer::with_lines(["┃█▏▲▼●→…×é界", "plain  -12.40"]);
        to_ascii(&mut buf);
        assert!(buf.content.iter().all(|cell| cell.symbol().is_ascii()));
        let mut expect = Buffer::empty(Rect::new(0, 0, 1, 1));
        expect.set_string(0, 0, "|", ratatui::style::Style::new());
        assert_eq!(buf[(0, 0)].symbol(), expect[(0, 0)].symbol());
        assert_eq!(buf[(7, 1)].symbol(), "-");
    }
}
