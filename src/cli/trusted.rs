use serde_json::Value;

use crate::app::client;
use crate::app::control::{Reply, Request};
use crate::app::keys::Typed;
use crate::app::paths::Paths;
use crate::cli::exit::{Exit, Failure};

/// Asks the running instance.
///
/// # Errors
/// [`Exit::NotRunning`] where none answers.
pub(super) fn ask(paths: &Paths, cmd: &str, args: Value) -> Result<Reply, Failure> {
    client::ask(&paths.socket, &Request { cmd: cmd.to_owned(), args })?.ok_or_else(|| {
        Failure::new(Exit::NotRunning, "no running instance answers; start one with `hardstop run`")
    })
}

/// Where secrets are typed.
pub(super) fn typed(stdin: bool) -> Typed {
    if stdin { Typed::of_stdin() } else { Typed::of_the_terminal() }
}

/// Puts the passphrase, and the second factor's code where one is asked for, into a request.
///
/// # Errors
/// Nothing was typed.
pub(super) fn add_who_asks(
    args: &mut Value,
    asks_for_a_code: bool,
    typed: &mut Typed,
) -> Result<(), Failure> {
    let no = |words: String| Failure::new(Exit::Keys, words);
    args["passphrase"] = typed.secret("vault's passphrase").map_err(no)?.expose().into();
    if asks_for_a_code {
        args["code"] = typed.secret("code of the second factor").map_err(no)?.expose().into();
    }
    Ok(())
}
