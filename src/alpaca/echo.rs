use std::borrow::Cow;

/// What stands where a host said one of our keys back to us.
const TAKEN_OUT: &str = "[redacted]";
/// No key of Alpaca's is shorter; a shorter text may stand in what a host says by itself.
const BYTES_MIN: usize = 12;

/// What a host said, without our own keys in it: a proxy or a careless host says back what it was sent, and its words
/// come to stand in the journal, which keeps them for ever.
pub(super) fn without_keys<'a, 'k>(said: &'a str, keys: impl Iterator<Item = &'k str>) -> Cow<'a, str> {
    let mut clean = Cow::Borrowed(said);
    for key in keys.filter(|key| key.len() >= BYTES_MIN) {
        if clean.contains(key) {
            clean = Cow::Owned(clean.replace(key, TAKEN_OUT));
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_a_host_says_back_is_taken_out_wherever_it_stands() {
        let keys = ["PKCANARY0123", "a-secret-canary", "short"];
        let clean = |said| without_keys(said, keys.into_iter());
        let said = r#"{"message":"no key PKCANARY0123 with a-secret-canary; a-secret-canary is short"}"#;
        let expected = r#"{"message":"no key [redacted] with [redacted]; [redacted] is short"}"#;
        assert_eq!(clean(said), expected);
        assert!(matches!(clean("{}"), Cow::Borrowed("{}")));
    }
}
