//! Threads whose work goes on when it dies of a panic. The panic's hook has pulled the kill by then; cancels, exits,
//! reads and the kill itself are needed more than ever.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

/// A fault that comes again at once is not tried again at once.
const REST_AFTER_DEATH: Duration = Duration::from_millis(500);

/// Does this work until it ends by itself. After a panic `died` hears of it and says whether the work begins anew: at
/// the end of a run it does not.
pub fn outlive(name: &str, mut works: impl FnMut(), mut died: impl FnMut() -> bool) {
    let mut lives = || {
        rehearsed(name);
        works();
    };
    while catch_unwind(AssertUnwindSafe(&mut lives)).is_err() && died() {
        std::thread::sleep(REST_AFTER_DEATH);
    }
}

/// The same on a thread of its own.
///
/// # Errors
/// The system's, when it has no room for another thread.
pub fn spawn(
    name: &str,
    works: impl FnMut() + Send + 'static,
    died: impl FnMut() -> bool + Send + 'static,
) -> io::Result<()> {
    let named = name.to_owned();
    let lives = move || outlive(&named, works, died);
    std::thread::Builder::new().name(name.to_owned()).spawn(lives).map(drop)
}

#[cfg(debug_assertions)]
static REHEARSED: std::sync::Mutex<(Vec<String>, String)> =
    std::sync::Mutex::new((Vec::new(), String::new()));

/// In a build for tests alone: each of these threads is to die once of a panic that says `words`.
#[cfg(debug_assertions)]
pub fn rehearse(names: Vec<String>, words: String) {
    *REHEARSED.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = (names, words);
}

/// Where a thread dies when its death is rehearsed; nothing in a release build.
///
/// # Panics
/// In a build for tests, once for every name that [`rehearse`] was told.
#[cfg_attr(debug_assertions, expect(clippy::panic, reason = "the panic is what is rehearsed"))]
pub fn rehearsed(name: &str) {
    #[cfg(debug_assertions)]
    {
        let mut to_die = REHEARSED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let before = to_die.0.len();
        to_die.0.retain(|one| one != name);
        let words = (before > to_die.0.len()).then(|| to_die.1.clone());
        drop(to_die);
        if let Some(words) = words {
            panic!("{name} holds {words}");
        }
    }
    #[cfg(not(debug_assertions))]
    let _ = name;
}
