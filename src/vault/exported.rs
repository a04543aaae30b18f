use std::io::{self, Read as _, Write};

use age::secrecy::SecretString;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::domain::secret::{Keys, Secret};
use crate::vault::passphrase::Passphrase;

/// scrypt's work for a file that leaves the machine: 2^18 rounds, about a second.
const WORK_FACTOR: u8 = 18;
/// More than four times that is not done for a file that somebody handed us.
const WORK_FACTOR_MAX: u8 = 20;

const TEXT_BYTES_MAX: usize = 64 * 1024;
const PLAIN_BYTES_MAX: usize = 8 * 1024;

/// Why keys were not carried over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ExportFault {
    /// The keys cannot be sealed.
    #[error("these keys cannot be exported: an id or a secret with a line's end in it, or far too long")]
    Keys,
    /// The text is no such file.
    #[error("this is no file of exported keys: it begins with -----BEGIN AGE ENCRYPTED FILE-----")]
    NoFile,
    /// It asks for too much work.
    #[error(
        "this file asks for more work than 2^{WORK_FACTOR_MAX} rounds of scrypt; hardstop writes 2^{WORK_FACTOR}, so it is none of its files"
    )]
    Greedy,
    /// It does not open.
    #[error("the passphrase is wrong, or the file was changed")]
    WrongOrChanged,
    /// It opened, and there are no keys in it.
    #[error("the file opened, and there is no pair of keys in it: two lines, the id and the secret")]
    NoKeys,
}

/// Seals a pair of keys under a passphrase of its own: a text in age's armour, which `age -d` opens as well. What
/// is inside are two lines, the id and the secret, as `--keys-stdin` reads them.
///
/// # Errors
/// [`ExportFault::Keys`] for keys that are no two lines.
pub fn export(keys: &Keys, passphrase: &Passphrase) -> Result<String, ExportFault> {
    let (id, secret) = (keys.id.expose(), keys.secret.expose());
    if id.len() + secret.len() + 2 > PLAIN_BYTES_MAX {
        return Err(ExportFault::Keys);
    }
    let mut plain = Zeroizing::new(String::with_capacity(PLAIN_BYTES_MAX));
    for line in [id, secret] {
        plain.push_str(line);
        plain.push('\n');
    }
    // What would not come back as it is here is not sent on its way.
    if pair(&plain) != Some((id, secret)) {
        return Err(ExportFault::Keys);
    }
    let mut recipient = age::scrypt::Recipient::new(words(passphrase));
    recipient.set_work_factor(WORK_FACTOR);
    age::encrypt_and_armor(&recipient, plain.as_bytes()).map_err(|_| ExportFault::Keys)
}

/// Opens what [`export`] sealed, here or with `age -p -a`.
///
/// # Errors
/// The text is no such file, asks for too much work, does not open, or holds no pair of keys.
pub fn import(text: &str, passphrase: &Passphrase) -> Result<Keys, ExportFault> {
    let text = text.trim();
    if text.len() > TEXT_BYTES_MAX || !text.starts_with("-----BEGIN AGE ENCRYPTED FILE-----") {
        return Err(ExportFault::NoFile);
    }
    let armour = age::armor::ArmoredReader::new(text.as_bytes());
    let decryptor = age::Decryptor::new_buffered(armour).map_err(|_| ExportFault::WrongOrChanged)?;
    if !decryptor.is_scrypt() {
        return Err(ExportFault::NoFile);
    }
    let mut identity = age::scrypt::Identity::new(words(passphrase));
    identity.set_max_work_factor(WORK_FACTOR_MAX);
    let opened = decryptor.decrypt(std::iter::once(&identity as &dyn age::Identity));
    let reader = opened.map_err(|fault| match fault {
        age::DecryptError::ExcessiveWork { .. } => ExportFault::Greedy,
        _ => ExportFault::WrongOrChanged,
    })?;
    let mut plain = Zeroizing::new(Vec::with_capacity(PLAIN_BYTES_MAX + 1));
    let most = PLAIN_BYTES_MAX as u64 + 1;
    reader.take(most).read_to_end(&mut plain).map_err(|_| ExportFault::WrongOrChanged)?;
    let plain = str::from_utf8(&plain).ok().filter(|plain| plain.len() <= PLAIN_BYTES_MAX);
    let (id, secret) = plain.and_then(pair).ok_or(ExportFault::NoKeys)?;
    Ok(Keys { id: Secret::new(id.to_owned()), secret: Secret::new(secret.to_owned()) })
}

/// Seals whatever `write` writes under a passphrase of its own, onto `out`: a file that `age -d` opens.
///
/// # Errors
/// `out` or `write` fail; what was written until then does not open.
pub fn seal_into<W: Write>(
    out: W,
    passphrase: &Passphrase,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<W> {
    let mut recipient = age::scrypt::Recipient::new(words(passphrase));
    recipient.set_work_factor(WORK_FACTOR);
    let recipients = std::iter::once(&recipient as &dyn age::Recipient);
    let encryptor = age::Encryptor::with_recipients(recipients).map_err(io::Error::other)?;
    let mut sealed = encryptor.wrap_output(out)?;
    write(&mut sealed)?;
    sealed.finish()
}

/// Two lines that are not empty, and nothing behind them.
fn pair(plain: &str) -> Option<(&str, &str)> {
    let mut lines = plain.lines().map(str::trim);
    let pair = (lines.next()?, lines.next()?);
    (!pair.0.is_empty() && !pair.1.is_empty() && lines.all(str::is_empty)).then_some(pair)
}

fn words(passphrase: &Passphrase) -> SecretString {
    SecretString::from(passphrase.expose().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: &str = "a passphrase of its own";

    fn keys(id: &str, secret: &str) -> Keys {
        Keys { id: Secret::new(id.to_owned()), secret: Secret::new(secret.to_owned()) }
    }

    fn words(text: &str) -> Passphrase {
        Passphrase::new(text).unwrap()
    }

    fn refusal(text: &str, typed: &str) -> ExportFault {
        let fault = import(text, &words(typed)).err().unwrap();
        assert!(!format!("{fault} {fault:?}").contains("canary"), "{fault}");
        fault
    }

    fn sealed(plain: &[u8], work_factor: u8) -> String {
        let mut recipient = age::scrypt::Recipient::new(super::words(&words(WORDS)));
        recipient.set_work_factor(work_factor);
        age::encrypt_and_armor(&recipient, plain).unwrap()
    }

    #[test]
    fn exported_keys_come_back_with_their_passphrase_alone() {
        let text = export(&keys("AK1", "canary-secret"), &words(WORDS)).unwrap();
        assert!(text.starts_with("-----BEGIN AGE ENCRYPTED FILE-----\n") && !text.contains("canary"));
        for read in [text.clone(), format!("\n{}\n\n", text.replace('\n', "\r\n"))] {
            let found = import(&read, &words(WORDS)).unwrap();
            assert_eq!((found.id.expose(), found.secret.expose()), ("AK1", "canary-secret"));
        }
        assert_eq!(refusal(&text, "a passphrase of others"), ExportFault::WrongOrChanged);
        let middle = text.len() / 2;
        let mut changed = text.clone().into_bytes();
        changed[middle] = if changed[middle] == b'A' { b'B' } else { b'A' };
        assert_eq!(refusal(&String::from_utf8(changed).unwrap(), WORDS), ExportFault::WrongOrChanged);
        assert_eq!(refusal(&text[..middle], WORDS), ExportFault::WrongOrChanged);
    }

    #[test]
    fn what_is_no_export_is_refused_in_words() {
        for text in ["", "AK1\ncanary", &"x".repeat(TEXT_BYTES_MAX + 1)] {
            assert_eq!(refusal(text, WORDS), ExportFault::NoFile);
        }
        let to_a_key = age::encrypt_and_armor(&age::x25519::Identity::generate().to_public(), b"x").unwrap();
        assert_eq!(refusal(&to_a_key, WORDS), ExportFault::NoFile);
        for plain in
            [&b""[..], b"one", b"one\n\n", b"a\nb\nc\n", b"\xff\n\xff\n", &[b'a'; PLAIN_BYTES_MAX + 9]]
        {
            assert_eq!(refusal(&sealed(plain, 2), WORDS), ExportFault::NoKeys);
        }
        for (id, secret) in [("", "s"), ("i", ""), ("i", "a\nb"), ("i ", "s"), ("i", &"s".repeat(9_000))] {
            assert_eq!(export(&keys(id, secret), &words(WORDS)).err(), Some(ExportFault::Keys));
        }
    }

    #[test]
    fn a_file_that_asks_for_hours_of_work_is_refused_at_once() {
        let modest = sealed(b"id\nsecret\n", 2);
        assert!(import(&modest, &words(WORDS)).is_ok());
        // The header is no secret; another number in it is read before anything is proven.
        let mut armour = age::armor::ArmoredReader::new(modest.as_bytes());
        let mut bytes = Vec::new();
        armour.read_to_end(&mut bytes).unwrap();
        let place = bytes.windows(3).position(|part| part == b" 2\n").unwrap();
        bytes.splice(place..place + 3, *b" 21\n");
        let mut text = Vec::new();
        let format = age::armor::Format::AsciiArmor;
        let mut writer = age::armor::ArmoredWriter::wrap_output(&mut text, format).unwrap();
        std::io::Write::write_all(&mut writer, &bytes).unwrap();
        writer.finish().unwrap();
        assert_eq!(refusal(&String::from_utf8(text).unwrap(), WORDS), ExportFault::Greedy);
    }
}
