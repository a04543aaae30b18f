/// Lines that differ beyond this many are shown as taken out and put in whole: the table below
/// grows with their square.
const LINES_MAX: usize = 3_000;

/// The lines that changed from `old` to `new`: each with `-`, `+` or a space before it, and three
/// unchanged ones around every change. Empty when nothing changed.
#[must_use]
pub fn diff(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let edits = edits(&old, &new);
    let changed: Vec<bool> = edits.iter().map(|(mark, _)| *mark != ' ').collect();
    let near = |at: usize| changed[at.saturating_sub(3)..(at + 4).min(changed.len())].contains(&true);
    let mut out = String::new();
    let mut gap = false;
    for (at, (mark, line)) in edits.iter().enumerate() {
        if near(at) {
            if gap {
                out.push_str("…\n");
            }
            out.extend([mark.to_string().as_str(), " ", line, "\n"]);
        }
        gap = !near(at);
    }
    out
}

fn edits<'t>(old: &[&'t str], new: &[&'t str]) -> Vec<(char, &'t str)> {
    let same =
        |pairs: &mut dyn Iterator<Item = (&&'t str, &&'t str)>| pairs.take_while(|(a, b)| a == b).count();
    let head = same(&mut old.iter().zip(new));
    let tail = same(&mut old[head..].iter().rev().zip(new[head..].iter().rev()));
    let (middle_old, middle_new) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    let mut edits: Vec<(char, &str)> = old[..head].iter().map(|line| (' ', *line)).collect();
    if middle_old.len().max(middle_new.len()) > LINES_MAX {
        edits.extend(middle_old.iter().map(|line| ('-', *line)));
        edits.extend(middle_new.iter().map(|line| ('+', *line)));
    } else {
        walk(middle_old, middle_new, &mut edits);
    }
    edits.extend(old[old.len() - tail..].iter().map(|line| (' ', *line)));
    edits
}

/// Along the longest common subsequence of lines (Wagner and Fischer, 1974).
fn walk<'t>(old: &[&'t str], new: &[&'t str], edits: &mut Vec<(char, &'t str)>) {
    // `common[i][j]` is how many lines the rests from `i` and `j` have in common.
    let mut common = vec![vec![0_u16; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i][j] = if old[i] == new[j] {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            edits.push((' ', old[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || (i < old.len() && common[i + 1][j] >= common[i][j + 1]) {
            edits.push(('-', old[i]));
            i += 1;
        } else {
            edits.push(('+', new[j]));
            j += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(old: &str, new: &str, expect: &str) {
        assert_eq!(diff(&old.replace(' ', "\n"), &new.replace(' ', "\n")), expect);
    }

    #[test]
    fn changes_are_shown_with_what_stands_around_them() {
        check("a b c", "a b c", "");
        check("a b c", "a x c", "  a\n- b\n+ x\n  c\n");
        check("", "a", "+ a\n");
        check("a b c d e f g h i j", "a b c d e f g h i x", "…\n  g\n  h\n  i\n- j\n+ x\n");
        check(
            "x b c d e f g h i j",
            "y b c d e f g h i k",
            "- x\n+ y\n  b\n  c\n  d\n…\n  g\n  h\n  i\n- j\n+ k\n",
        );
    }
}
