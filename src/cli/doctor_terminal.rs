//! What `hardstop doctor` says of the terminal: whether the window can open here, and how it will look.
//!
//! Nothing of the terminal's contents is read, and of its environment only the words that say what it
//! is.

use crate::app::terminal::{self, ControlKeys};
use crate::cli::doctor::Look;
use crate::ui::layout::Size;
use crate::ui::theme::Depth;

const NAME: &str = "terminal";

/// Every look at the terminal. `read` gives a variable of the environment.
pub(super) fn looks(read: impl Fn(&str) -> Option<String> + Copy) -> Vec<Look> {
    let is_there = terminal::is_there();
    let mut looks = vec![if is_there {
        of_size(terminal::size().ok())
    } else {
        Look::note(NAME, "none on stdin and stdout: the window needs one, `hardstop run --headless` does not")
    }];
    looks.push(of_colours(read));
    looks.push(of_signs(read));
    looks.extend(of_multiplexer(read));
    looks.push(of_keys(if is_there { terminal::control_keys() } else { None }));
    looks
}

fn of_size(size: Option<(u16, u16)>) -> Look {
    let Some((columns, rows)) = size else {
        return Look::wanting(NAME, "it does not say its size; the window cannot open in it");
    };
    let (shape, is_small) = match Size::of(columns, rows) {
        Size::Full => ("everything at once", false),
        Size::Columns => ("two columns; 160x40 shows everything", false),
        Size::Tabs => ("one screen at a time, with tabs; 120x36 shows two columns", false),
        Size::Small => ("status, positions and the kill's hint only; 80x24 shows every screen", true),
        Size::Tiny => ("status and the kill's hint only; 80x24 shows every screen", true),
    };
    let says = format!("{columns}x{rows}: {shape}");
    if is_small { Look::note(NAME, says) } else { Look::ok(NAME, says) }
}

fn of_colours(read: impl Fn(&str) -> Option<String> + Copy) -> Look {
    let term = read("TERM").filter(|term| is_plain(term)).unwrap_or_else(|| "not set".to_owned());
    let colours = match terminal::depth(read) {
        Depth::True => "every colour",
        Depth::Indexed => "256 colours (COLORTERM=truecolor says that there are more)",
        Depth::Sixteen => "16 colours, so the theme is ansi16",
        Depth::None => "no colours, so the theme is mono",
    };
    Look::ok("colours", format!("TERM {term}: {colours}"))
}

/// Names of terminals are short and plain; anything else is not repeated.
fn is_plain(term: &str) -> bool {
    !term.is_empty()
        && term.len() <= 40
        && term.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.+".contains(&byte))
}

fn of_signs(read: impl Fn(&str) -> Option<String>) -> Look {
    if terminal::speaks_utf8(read) {
        Look::ok("signs", "the locale is UTF-8: candles and frames are drawn; --ascii goes without")
    } else {
        Look::note("signs", "the locale is not UTF-8, so only ASCII is drawn; LANG=C.UTF-8 brings the rest")
    }
}

fn of_multiplexer(read: impl Fn(&str) -> Option<String>) -> Option<Look> {
    let is_set = |name: &str| read(name).is_some_and(|value| !value.is_empty());
    let which = if is_set("TMUX") {
        "tmux"
    } else if is_set("STY") {
        "screen"
    } else {
        return None;
    };
    let says =
        format!("inside {which}: what is detached goes on trading; keys that {which} takes do not arrive");
    Some(Look::note("inside", says))
}

/// The window reads Ctrl-\ as a key of its own. Without a window the terminal makes a signal of it.
fn of_keys(keys: Option<ControlKeys>) -> Look {
    let kill = "Ctrl-\\ stops in the window, and so does F12 where the desktop does not keep it";
    match keys {
        None => Look::ok("kill keys", kill),
        Some(ControlKeys { quit_is_usual: true, interrupt_is_usual: true }) => Look::ok(
            "kill keys",
            format!("{kill}; without a window Ctrl-\\ (QUIT) does, and Ctrl-C ends the run"),
        ),
        Some(keys) => {
            let mut moved = Vec::new();
            if !keys.quit_is_usual {
                moved.push("QUIT is not Ctrl-\\");
            }
            if !keys.interrupt_is_usual {
                moved.push("INTR is not Ctrl-C");
            }
            let moved = moved.join(", ");
            Look::note("kill keys", format!("{kill}; here {moved}, so without a window use `hardstop kill`"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(vars: &[(&str, &str)]) -> String {
        let read =
            |name: &str| vars.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let all = [of_colours(read), of_signs(read)].into_iter().chain(of_multiplexer(read));
        all.map(|look| look.says).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_terminal_is_described_and_nothing_that_could_be_secret_is_repeated() {
        for (vars, words) in [
            (
                &[("TERM", "xterm-256color"), ("COLORTERM", "truecolor"), ("LANG", "C.UTF-8")][..],
                "every colour",
            ),
            (&[("TERM", "linux"), ("LANG", "C")], "only ASCII is drawn"),
            (&[("TERM", "tmux-256color"), ("TMUX", "/tmp/x,1,0")], "inside tmux"),
            (&[("TERM", "screen"), ("STY", "1.tty")], "inside screen"),
            (&[("TERM", "xterm"), ("NO_COLOR", "1")], "theme is mono"),
            (&[], "TERM not set"),
        ] {
            assert!(said(vars).contains(words), "{vars:?}: {}", said(vars));
        }
        let secret = said(&[("TERM", "a secret in the wrong place"), ("TMUX", "/home/name/socket")]);
        assert!(!secret.contains("secret") && !secret.contains("name"), "{secret}");
    }

    #[test]
    fn a_size_says_what_has_room_in_it() {
        for (size, words) in [
            (Some((200, 50)), "200x50: everything"),
            (Some((120, 36)), "two columns"),
            (Some((80, 24)), "with tabs"),
            (Some((60, 16)), "positions and the kill's hint only"),
            (Some((30, 8)), "status and the kill's hint only"),
            (None, "does not say its size"),
        ] {
            assert!(of_size(size).says.contains(words), "{size:?}");
        }
        let moved = of_keys(Some(ControlKeys { quit_is_usual: false, interrupt_is_usual: true })).says;
        assert!(moved.contains("QUIT is not") && !moved.contains("INTR"), "{moved}");
    }
}
