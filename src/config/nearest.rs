/// The known word nearest to `word`, if one is near enough to be what was meant.
pub(super) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    // Beyond a third of the letters it is another word, and a wrong hint costs more than none.
    let most = word.chars().count().div_ceil(3).min(6);
    let measured = known.into_iter().map(|candidate| (distance(word, candidate), candidate));
    measured.filter(|(steps, _)| *steps <= most).min().map(|(_, candidate)| candidate)
}

/// Letters to insert, delete or change (Levenshtein 1966), row by row.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut above: Vec<usize> = (0..=to.len()).collect();
    for (index, letter) in from.chars().enumerate() {
        let mut left = index.saturating_add(1);
        let mut row = vec![left];
        for (other, pair) in to.iter().zip(above.windows(2)) {
            let (corner, up) = match pair {
                [corner, up] => (*corner, *up),
                _ => continue,
            };
            let change = corner.saturating_add(usize::from(letter != *other));
            left = change.min(up.saturating_add(1)).min(left.saturating_add(1));
            row.push(left);
        }
        above = row;
    }
    above.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_recognised_and_another_word_is_not() {
        let known = ["limits.max_heat_pct", "limits.max_gross_pct", "sim.cash"];
        assert_eq!(nearest("limits.max_heat_pc", known), Some("limits.max_heat_pct"));
        assert_eq!(nearest("limits.max_heat", known), Some("limits.max_heat_pct"));
        assert_eq!(nearest("sim.cahs", known), Some("sim.cash"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
