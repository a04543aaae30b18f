use ratatui::style::Color;

/// Red, green and blue, 0 to 255, as xterm shows a colour by default; `None` for the terminal's own.
pub const fn of(color: Color) -> Option<[u8; 3]> {
    Some(match color {
        Color::Reset => return None,
        Color::Black => named(0),
        Color::Red => named(1),
        Color::Green => named(2),
        Color::Yellow => named(3),
        Color::Blue => named(4),
        Color::Magenta => named(5),
        Color::Cyan => named(6),
        Color::Gray => named(7),
        Color::DarkGray => named(8),
        Color::LightRed => named(9),
        Color::LightGreen => named(10),
        Color::LightYellow => named(11),
        Color::LightBlue => named(12),
        Color::LightMagenta => named(13),
        Color::LightCyan => named(14),
        Color::White => named(15),
        Color::Rgb(red, green, blue) => [red, green, blue],
        Color::Indexed(index) => indexed(index),
    })
}

/// The first sixteen of xterm's 256 colours (XTerm-col.ad).
const fn named(index: u8) -> [u8; 3] {
    match index {
        0 => [0, 0, 0],
        1 => [205, 0, 0],
        2 => [0, 205, 0],
        3 => [205, 205, 0],
        4 => [0, 0, 238],
        5 => [205, 0, 205],
        6 => [0, 205, 205],
        7 => [229, 229, 229],
        8 => [127, 127, 127],
        9 => [255, 0, 0],
        10 => [0, 255, 0],
        11 => [255, 255, 0],
        12 => [92, 92, 255],
        13 => [255, 0, 255],
        14 => [0, 255, 255],
        _ => [255, 255, 255],
    }
}

/// One of the 256: sixteen names, a cube of 6×6×6 levels, a ramp of greys (xterm's 256colres.pl).
pub const fn indexed(index: u8) -> [u8; 3] {
    const fn level(step: u8) -> u8 {
        if step == 0 { 0 } else { 55 + step * 40 }
    }
    match index {
        0..=15 => named(index),
        16..=231 => {
            let cube = index - 16;
            [level(cube / 36), level(cube / 6 % 6), level(cube % 6)]
        }
        232.. => [8 + (index - 232) * 10; 3],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_256_are_xterms() {
        for (index, expect) in [
            (1, [205, 0, 0]),
            (16, [0, 0, 0]),
            (67, [95, 135, 175]),
            (231, [255, 255, 255]),
            (232, [8, 8, 8]),
            (255, [238, 238, 238]),
        ] {
            assert_eq!(of(Color::Indexed(index)), Some(expect), "{index}");
        }
        assert_eq!((of(Color::Reset), of(Color::LightBlue)), (None, Some([92, 92, 255])));
    }
}
