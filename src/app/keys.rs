use std::io::{BufRead, BufReader, IsTerminal, Read, Write};

use zeroize::Zeroizing;

use crate::alpaca::hosts::Account;
use crate::app::redaction;
use crate::domain::secret::{Keys, Secret};

/// A line with a secret is never longer.
const BYTES_MAX: u64 = 4_096;

/// Where secrets are typed: never in an argument, the environment or a file.
pub struct Typed(From);

enum From {
    /// Asked for one by one, unseen.
    Terminal,
    /// A line each, in the order in which the terminal would ask.
    Lines(Box<dyn BufRead>),
}

impl Typed {
    /// They are asked for on the terminal.
    pub fn of_the_terminal() -> Self {
        Self(From::Terminal)
    }

    /// They are lines of stdin.
    pub fn of_stdin() -> Self {
        Self::of_lines(std::io::stdin())
    }

    fn of_lines(input: impl Read + 'static) -> Self {
        // A byte at a time: what stands behind the lines that are asked for is nobody's business.
        Self(From::Lines(Box::new(BufReader::with_capacity(1, input))))
    }

    /// The next secret.
    ///
    /// # Errors
    /// Where there is no terminal, or nothing was typed; in words that hold nothing of what was read.
    pub fn secret(&mut self, what: &str) -> Result<Secret, String> {
        let typed = match &mut self.0 {
            From::Terminal => {
                needs_terminal(what)?;
                let typed = rpassword::prompt_password(format!("{what} (not shown): "));
                Zeroizing::new(typed.map_err(|fault| format!("the {what} could not be read: {fault}"))?)
            }
            From::Lines(lines) => line(lines, what)?,
        };
        let trimmed = typed.trim();
        if trimmed.is_empty() {
            return Err(format!("no {what} was typed; nothing was done"));
        }
        let secret = Secret::new(trimmed.to_owned());
        redaction::hold(&[&secret]);
        Ok(secret)
    }

    /// The next words that are no secret.
    ///
    /// # Errors
    /// As [`Typed::secret`].
    pub fn words(&mut self, question: &str) -> Result<String, String> {
        match &mut self.0 {
            From::Terminal => {
                needs_terminal(question)?;
                let fail = |fault: std::io::Error| format!("it could not be asked: {fault}");
                write!(std::io::stderr(), "{question}: ").map_err(fail)?;
                let mut answer = String::new();
                std::io::stdin().read_line(&mut answer).map_err(fail)?;
                Ok(answer.trim().to_owned())
            }
            From::Lines(lines) => line(lines, question).map(|line| line.trim().to_owned()),
        }
    }
}

fn needs_terminal(what: &str) -> Result<(), String> {
    if std::io::stdin().is_terminal() {
        return Ok(());
    }
    Err(format!(
        "{what}: it is asked for on a terminal, and stdin is none; a flag that ends in stdin reads it from there"
    ))
}

fn line(lines: &mut Box<dyn BufRead>, what: &str) -> Result<Zeroizing<String>, String> {
    let mut text = Zeroizing::new(String::new());
    let read = lines.take(BYTES_MAX).read_line(&mut text);
    match read {
        Err(_) => Err(format!("the {what} could not be read from stdin; it must be plain text")),
        Ok(0) => Err(format!("stdin ends before the {what}: it needs a line of its own")),
        Ok(_) => Ok(text),
    }
}

/// Both keys: the id, and the secret.
///
/// # Errors
/// What is missing, or that they are those of the other account.
pub fn asked_for(account: Account, typed: &mut Typed) -> Result<Keys, String> {
    let slot = word(account);
    let keys = Keys {
        id: typed.secret(&format!("Alpaca {slot} key id"))?,
        secret: typed.secret(&format!("Alpaca {slot} secret"))?,
    };
    fits(&keys, account)?;
    Ok(keys)
}

/// paper or live.
pub const fn word(account: Account) -> &'static str {
    match account {
        Account::Paper => "paper",
        Account::Live => "live",
    }
}

/// Keys of the other account are refused before anything is sent anywhere: Alpaca's begin with PK for paper and
/// with AK for live. Whether others fit the account answers.
///
/// # Errors
/// Whose they are, and not what they are.
pub fn fits(keys: &Keys, account: Account) -> Result<(), String> {
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

    fn read(text: &'static str, account: Account) -> Result<(String, String), String> {
        let keys = asked_for(account, &mut Typed::of_lines(text.as_bytes()))?;
        Ok((keys.id.expose().to_owned(), keys.secret.expose().to_owned()))
    }

    #[test]
    fn two_lines_are_the_id_and_the_secret() {
        let expected = Ok(("an-id".to_owned(), "a secret".to_owned()));
        assert_eq!(read("an-id\r\na secret\n", Account::Paper), expected);
        assert_eq!(read("an-id\n a secret", Account::Paper), expected);
        for short in ["", "\n", "an-id", "an-id\n\n"] {
            let refused = read(short, Account::Paper).unwrap_err();
            assert!(!refused.contains("an-id"), "{refused}");
        }
    }

    #[test]
    fn lines_are_taken_one_by_one_and_the_rest_is_left() {
        let mut typed = Typed::of_lines(&b"one\ntwo\nthree\n"[..]);
        assert_eq!(typed.secret("first").unwrap().expose(), "one");
        assert_eq!(typed.words("second").unwrap(), "two");
        assert_eq!(typed.secret("third").unwrap().expose(), "three");
        assert!(typed.secret("fourth").err().unwrap().contains("stdin ends before the fourth"));
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
