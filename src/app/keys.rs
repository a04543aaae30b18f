use std::io::{BufRead, IsTerminal, Read};

use zeroize::Zeroizing;

use crate::alpaca::hosts::Account;
use crate::domain::secret::{Keys, Secret};

/// A line with a key is never longer.
const BYTES_MAX: u64 = 4_096;

/// Two lines of stdin: the key's id, and the secret.
///
/// # Errors
/// What is missing, in words that hold nothing of what was read.
pub fn from_lines(input: impl Read, account: Account) -> Result<Keys, String> {
    let mut input = std::io::BufReader::new(input.take(BYTES_MAX));
    let mut line = |what: &str| {
        let mut text = Zeroizing::new(String::new());
        let read = input.read_line(&mut text);
        read.map_err(|_| format!("the {what} could not be read from stdin; it must be plain text"))?;
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(format!("--keys-stdin needs two lines: the {what} is missing"));
        }
        Ok(Secret::new(trimmed.to_owned()))
    };
    let keys = Keys { id: line("key's id")?, secret: line("secret")? };
    fits(&keys, account)?;
    Ok(keys)
}

/// Asks for both on the terminal, unseen.
///
/// # Errors
/// Where there is no terminal, or nothing was typed.
pub fn asked_for(account: Account) -> Result<Keys, String> {
    if !std::io::stdin().is_terminal() {
        return Err(
            "the keys are asked for on a terminal, and stdin is none; --keys-stdin reads them from it"
                .to_owned(),
        );
    }
    let slot = word(account);
    let ask = |what: &str| {
        let typed = rpassword::prompt_password(format!("Alpaca {slot} {what} (not shown): "));
        let typed = Zeroizing::new(typed.map_err(|fault| format!("the {what} could not be read: {fault}"))?);
        let trimmed = typed.trim();
        if trimmed.is_empty() {
            return Err(format!("no {what} was typed; nothing is started"));
        }
        Ok(Secret::new(trimmed.to_owned()))
    };
    let keys = Keys { id: ask("key id")?, secret: ask("secret")? };
    fits(&keys, account)?;
    Ok(keys)
}

const fn word(account: Account) -> &'static str {
    match account {
        Account::Paper => "paper",
        Account::Live => "live",
    }
}

/// Keys of the other account are refused before anything is sent anywhere: Alpaca's begin with PK for paper and
/// with AK for live. Whether others fit the account answers.
fn fits(keys: &Keys, account: Account) -> Result<(), String> {
    let of = |prefix: &str| keys.id.expose().starts_with(prefix);
    match account {
        Account::Live if of("PK") => {
            Err("this is a paper key, and real money was asked for; use the live account's key".to_owned())
        }
        Account::Paper if of("AK") => Err(
            "this is a live key, and paper was asked for; use the paper account's key. A live key is never needed here"
                .to_owned(),
        ),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, account: Account) -> Result<(String, String), String> {
        let keys = from_lines(text.as_bytes(), account)?;
        Ok((keys.id.expose().to_owned(), keys.secret.expose().to_owned()))
    }

    #[test]
    fn two_lines_are_the_id_and_the_secret() {
        let expected = Ok(("an-id".to_owned(), "a secret".to_owned()));
        assert_eq!(read("an-id\r\na secret\n", Account::Paper), expected);
        assert_eq!(read("an-id\n a secret", Account::Paper), expected);
        for short in ["", "\n", "an-id", "an-id\n\n"] {
            let refused = read(short, Account::Paper).unwrap_err();
            assert!(refused.contains("two lines") && !refused.contains("an-id"), "{refused}");
        }
    }

    #[test]
    fn a_key_of_the_other_account_is_refused_and_not_said_again() {
        let refused = read("PKSOMETHING\nx\n", Account::Live).unwrap_err();
        assert!(refused.contains("paper key") && !refused.contains("SOMETHING"), "{refused}");
        let refused = read("AKSOMETHING\nx\n", Account::Paper).unwrap_err();
        assert!(refused.contains("live key") && !refused.contains("SOMETHING"), "{refused}");
        assert!(read("PKSOMETHING\nx\n", Account::Paper).is_ok());
    }
}
