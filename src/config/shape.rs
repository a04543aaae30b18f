use crate::config::fault::Fault;

/// Words that name what belongs into the key store.
const WORDS: [&str; 9] = [
    "secret",
    "password",
    "passphrase",
    "passwd",
    "apikey",
    "apitoken",
    "accesstoken",
    "privatekey",
    "keyid",
];

const REFUSAL: &str = "this looks like a key or a password, which no config may hold (it is not repeated here); \
take the line out, and treat the key as seen by others: make a new one at the broker";

/// Every line that holds something shaped like a key or a password. The value is never repeated.
pub(super) fn faults(text: &str) -> Vec<Fault> {
    let numbered = text.lines().enumerate().map(|(index, line)| (index.saturating_add(1), line));
    let bad = numbered.filter(|(_, line)| names_a_secret(line) || holds_a_key(line));
    bad.map(|(line, _)| fault(line)).collect()
}

/// The fault of a line that holds one.
pub(super) fn fault(line: usize) -> Fault {
    Fault { line, says: REFUSAL.to_owned() }
}

/// Whether a word before `=`, `:` or within `[…]` names a secret, in a comment too.
fn names_a_secret(line: &str) -> bool {
    let named = |part: &str| {
        let flat: String = part.chars().filter(char::is_ascii_alphanumeric).collect();
        let flat = flat.to_ascii_lowercase();
        WORDS.iter().any(|word| flat.contains(word))
    };
    let mut before = line;
    let mut found = line.trim_start().starts_with('[') && named(line);
    while let Some((rest, _)) = before.rsplit_once(['=', ':']) {
        let key = rest.rsplit([',', '{', '=', ':']).next().unwrap_or(rest);
        found = found || named(key);
        before = rest;
    }
    found
}

/// Whether the text holds a run of characters that only a key looks like.
pub(super) fn holds_a_key(text: &str) -> bool {
    let word = |letter: char| !(letter.is_ascii_alphanumeric() || "+/_-=".contains(letter));
    text.split(word).any(|run| {
        let plain = |part: &str| is_key_id(part) || is_long_random(part);
        plain(run) || run.split(['=', '-', '_', '/']).any(plain)
    })
}

/// Alpaca's key ids: PK, AK or CK and at least 16 more capitals and digits.
fn is_key_id(run: &str) -> bool {
    let prefixed = ["PK", "AK", "CK"].iter().any(|prefix| run.starts_with(prefix));
    prefixed && run.len() >= 18 && run.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// Base64 or hex of at least 32 characters.
fn is_long_random(run: &str) -> bool {
    if run.len() < 32 {
        return false;
    }
    let digits = run.bytes().any(|byte| byte.is_ascii_digit());
    let kinds: Vec<u8> = run.bytes().map(kind_of).collect();
    // Six in ten neighbours differ in kind where the characters are drawn by chance; in words and
    // paths, even in those of capitals and numbers, hardly one in five does. The strokes of a path
    // do not count.
    let changes =
        kinds.windows(2).filter(|pair| pair.first() != pair.last() && !pair.contains(&OTHER)).count();
    let hex = run.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mixed = [0, 1, 2].iter().all(|kind| kinds.contains(kind)) && !kinds.contains(&OTHER);
    hex && digits || mixed || (digits && changes.saturating_mul(3) >= run.len())
}

/// Neither a digit nor a letter.
const OTHER: u8 = 3;

fn kind_of(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => 0,
        b'A'..=b'Z' => 1,
        b'a'..=b'z' => 2,
        _ => OTHER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, refused: bool) {
        let found = faults(&format!("\n{line}\n"));
        let lines: Vec<usize> = found.iter().map(|fault| fault.line).collect();
        assert_eq!(lines, if refused { vec![2] } else { vec![] }, "{line}");
        for fault in found {
            assert!(!fault.says.contains("PKABC") && !fault.says.contains("hunter2"), "{}", fault.says);
        }
    }

    #[test]
    fn what_looks_like_a_key_is_refused_wherever_it_stands() {
        check(r#"alpaca = "PKABCDEFGHIJ12345678""#, true);
        check(r#"x = "AK0123456789ABCDEFGH""#, true);
        check("# PKABCDEFGHIJ1234567890ABCD", true);
        check("key=PKABCDEFGHIJ12345678", true);
        check(r#"x = "aB3/dE5fG7+J9kL1mN3pQ5rS/U9vW1xY3zA5bC7==""#, true);
        check(r#"x = "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5bC7d""#, true);
        check(r#"x = "9f86d081884c7d659a2feaa0c55ad015""#, true);
        check(r#"password = "hunter2""#, true);
        check(r#"broker = { api-key = "hunter2" }"#, true);
        check(r#""API Secret" = "hunter2""#, true);
        check("# passphrase: hunter2", true);
        check("[secrets]", true);
    }

    #[test]
    fn what_a_config_holds_every_day_passes() {
        check(r#"file = "strategies/my_long_folder_name/opening_range_breakout.js""#, false);
        check(r#"file = "/Users/MyName/Trading2024/Strategies/RangeBreakout15/main""#, false);
        check("openings_per_minute_strategy = 10", false);
        check("# The keys live in the key store; no password stands here.", false);
        check(r#"symbols = ["PK", "AKAM"]"#, false);
        check("[[strategy]]", false);
    }
}
