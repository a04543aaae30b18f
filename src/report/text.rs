use crate::domain::outside::blanked;

/// A text from outside as HTML shows it, letter by letter, in an element or between quotes: nothing in it
/// opens a tag, ends an attribute or turns the line's direction round.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in blanked(text).chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_hostile_name_is_markup() {
        let hostile = "</title><script src='x'>\"&\u{202e}\n";
        assert_eq!(escape(hostile), "&lt;/title&gt;&lt;script src=&#39;x&#39;&gt;&quot;&amp;  ");
        assert_eq!(escape("SMA cross, größer"), "SMA cross, größer");
    }
}
