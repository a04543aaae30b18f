use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use crate::domain::secret::Secret;

/// What stands in a secret's place.
pub const REDACTED: &[u8] = b"[redacted]";

/// A shorter text is in too much else: taking it out would tell where it was.
pub const BYTES_MIN: usize = 8;

/// A key's id keeps so many characters at its end.
const SHOWN: usize = 4;

/// Takes secrets out of what is about to be written, in every spelling that a log comes upon: as it is, in JSON's
/// and in a URL's escapes, in base64 of both alphabets at each of its three alignments, in hex, and as a list of
/// numbers. Each call is looked at by itself, so a line must come whole. The spellings are wiped when they go.
pub struct Scrubber {
    /// The longest first, so that of two that fit the one goes which leaves nothing over.
    spellings: Vec<Zeroizing<Vec<u8>>>,
    /// Whether any spelling begins with this byte.
    begins: [bool; 256],
}

impl Scrubber {
    /// For these secrets. One that is shorter than [`BYTES_MIN`] is left out.
    #[must_use]
    pub fn new(secrets: &[&Secret]) -> Self {
        let mut spellings = Vec::new();
        for secret in secrets.iter().map(|secret| secret.expose()).filter(|text| text.len() >= BYTES_MIN) {
            spell(secret, &mut spellings);
        }
        spellings.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        spellings.dedup();
        let mut begins = [false; 256];
        for first in spellings.iter().filter_map(|spelling| spelling.first()) {
            begins[usize::from(*first)] = true;
        }
        Self { spellings, begins }
    }

    /// The text without the secrets, [`REDACTED`] in their place; the text itself where there are none in it.
    #[must_use]
    pub fn scrub<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        let mut clean: Option<Vec<u8>> = None;
        let (mut done, mut place) = (0, 0);
        while place < text.len() {
            let Some(length) = self.found_at(&text[place..]) else {
                place += 1;
                continue;
            };
            let clean = clean.get_or_insert_with(|| Vec::with_capacity(text.len()));
            clean.extend_from_slice(&text[done..place]);
            clean.extend_from_slice(REDACTED);
            place += length;
            done = place;
        }
        match clean {
            None => Cow::Borrowed(text),
            Some(mut clean) => {
                clean.extend_from_slice(&text[done..]);
                Cow::Owned(clean)
            }
        }
    }

    fn found_at(&self, text: &[u8]) -> Option<usize> {
        let begins = text.first().is_some_and(|first| self.begins[usize::from(*first)]);
        let mut spellings = self.spellings.iter().filter(|_| begins);
        spellings.find(|spelling| text.starts_with(spelling)).map(|spelling| spelling.len())
    }
}

/// A key's id as it may be shown: its last four characters, and of a short one nothing.
#[must_use]
pub fn masked(text: &str) -> String {
    let count = text.chars().count();
    let shown = if count >= 2 * SHOWN { SHOWN } else { 0 };
    std::iter::once('…').chain(text.chars().skip(count - shown)).collect()
}

fn spell(secret: &str, spellings: &mut Vec<Zeroizing<Vec<u8>>>) {
    let bytes = secret.as_bytes();
    let mut add = |spelling: Vec<u8>| spellings.push(Zeroizing::new(spelling));
    add(bytes.to_vec());
    if let Ok(json) = serde_json::to_vec(secret) {
        let json = Zeroizing::new(json);
        add(json[1..json.len() - 1].to_vec());
    }
    for upper in [true, false] {
        add(bytes.iter().flat_map(|byte| hex(*byte, upper)).collect());
        add(bytes.iter().flat_map(|byte| in_url(*byte, upper)).collect());
    }
    let mut list = Vec::with_capacity(bytes.len() * 5);
    for (index, byte) in bytes.iter().enumerate() {
        let comma: &[u8] = if index == 0 { b"" } else { b", " };
        list.extend_from_slice(comma);
        list.extend_from_slice(byte.to_string().as_bytes());
    }
    add(list);
    for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
        // By itself, to its last letter; what pads it may stay behind.
        let alone = Zeroizing::new(engine.encode(bytes));
        for padding in ["", "=", "=="] {
            add([alone.as_bytes(), padding.as_bytes()].concat());
        }
        for before in 0..3 {
            // Inside of a longer text the letters at both ends are shared with what stands there.
            let mut shifted = Zeroizing::new(vec![0; before]);
            shifted.reserve_exact(bytes.len());
            shifted.extend_from_slice(bytes);
            let whole = Zeroizing::new(engine.encode(shifted.as_slice()));
            let (first, last) = ((before * 8).div_ceil(6), (before + bytes.len()) * 8 / 6);
            add(whole.as_bytes()[first..last].to_vec());
        }
    }
}

fn hex(byte: u8, upper: bool) -> [u8; 2] {
    let digits: &[u8; 16] = if upper { b"0123456789ABCDEF" } else { b"0123456789abcdef" };
    [digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]]
}

/// As a URL spells it: what is neither letter, digit nor one of four signs becomes its number.
fn in_url(byte: u8, upper: bool) -> Vec<u8> {
    if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
        return vec![byte];
    }
    let [high, low] = hex(byte, upper);
    vec![b'%', high, low]
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};

    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    /// With everything in it that is spelt in another way somewhere.
    const CANARY: &str = "ca>na?ry/\"sec\u{fe}ret+7";

    fn scrubbed(text: &[u8]) -> Vec<u8> {
        Scrubber::new(&[&secret("another-secret"), &secret(CANARY)]).scrub(text).into_owned()
    }

    /// A run of letters of the spelling that is longer than what alignment leaves at the ends.
    fn leaves_something(clean: &[u8], spelling: &[u8]) -> bool {
        spelling.windows(6).any(|part| clean.windows(6).any(|found| found == part))
    }

    #[test]
    fn every_spelling_of_a_secret_goes() {
        let bytes = CANARY.as_bytes();
        let hex_of = |upper| bytes.iter().flat_map(|byte| hex(*byte, upper)).collect::<Vec<u8>>();
        let json = serde_json::to_string(CANARY).unwrap();
        let spellings = [
            bytes.to_vec(),
            json.trim_matches('"').as_bytes().to_vec(),
            STANDARD.encode(bytes).into_bytes(),
            STANDARD_NO_PAD.encode(bytes).into_bytes(),
            URL_SAFE.encode(bytes).into_bytes(),
            URL_SAFE_NO_PAD.encode(bytes).into_bytes(),
            hex_of(true),
            hex_of(false),
            b"ca%3Ena%3Fry%2F%22sec%C3%BEret%2B7".to_vec(),
            b"ca%3ena%3fry%2f%22sec%c3%beret%2b7".to_vec(),
            format!("{bytes:?}").trim_matches(['[', ']']).as_bytes().to_vec(),
        ];
        for spelling in &spellings {
            let text = [b"before ", spelling.as_slice(), b" after"].concat();
            let clean = scrubbed(&text);
            assert_eq!(clean, b"before [redacted] after", "{}", String::from_utf8_lossy(spelling));
            let twice = [spelling.as_slice(), b"|", spelling.as_slice()].concat();
            assert_eq!(scrubbed(&twice), b"[redacted]|[redacted]");
        }
    }

    #[test]
    fn base64_of_something_that_holds_the_secret_is_found_at_every_alignment() {
        for before in 0..7 {
            for after in 0..4 {
                let whole = ["x".repeat(before).as_bytes(), CANARY.as_bytes(), &vec![b'y'; after]].concat();
                for text in [STANDARD.encode(&whole), URL_SAFE_NO_PAD.encode(&whole)] {
                    let clean = scrubbed(text.as_bytes());
                    assert!(clean.windows(REDACTED.len()).any(|part| part == REDACTED), "{before} {after}");
                    let bare = STANDARD_NO_PAD.encode(CANARY);
                    assert!(!leaves_something(
                        &clean,
                        &text.as_bytes()[before * 4 / 3 + 2..][..bare.len() - 4]
                    ));
                }
            }
        }
    }

    #[test]
    fn what_holds_no_secret_is_handed_back_as_it_is() {
        let scrubber = Scrubber::new(&[&secret(CANARY), &secret("short")]);
        for text in ["", "c", "nothing of it, and short", &CANARY[..CANARY.len() - 1]] {
            let clean = scrubber.scrub(text.as_bytes());
            assert!(matches!(clean, Cow::Borrowed(same) if same == text.as_bytes()));
        }
        assert_eq!(&*Scrubber::new(&[]).scrub(b"anything"), b"anything");
    }

    #[test]
    fn of_two_secrets_in_one_the_longer_goes() {
        let scrubber = Scrubber::new(&[&secret("12345678"), &secret("1234567890")]);
        assert_eq!(&*scrubber.scrub(b"a1234567890b"), b"a[redacted]b");
        assert_eq!(&*scrubber.scrub(b"a123456789b"), b"a[redacted]9b");
    }

    #[test]
    fn an_id_is_shown_by_its_end() {
        let shown = ["PKABCDEF1234", "éééé1234", "1234567", ""].map(masked);
        assert_eq!(shown, ["…1234", "…1234", "…", "…"]);
    }
}
