//! The first thing a process does, whichever of ours it is: it closes itself to others of the same machine.
//!
//! Weaker elsewhere: only Linux is told that no other process of the same user may read our memory. On macOS there
//! are the files' modes and no core, and a debugger of the same user still gets in.

use nix::sys::stat::{Mode, umask};

/// Files of this process are the trader's alone, it leaves no core behind, and on Linux no other process of the
/// trader can read its memory or its environment. What the system does not offer is left undone. From here on what
/// lies below `/proc/self` belongs to root: nothing of ours reads there.
pub fn close_to_others() {
    umask(Mode::from_bits_truncate(0o077));
    let _not_offered = rlimit::Resource::CORE.set(0, 0);
    #[cfg(target_os = "linux")]
    let _not_offered = nix::sys::prctl::set_dumpable(false);
}

/// What of it holds for this process, by the system's own word.
///
/// # Errors
/// What does not hold, in words.
pub fn seen() -> Result<String, String> {
    let core = rlimit::Resource::CORE.get().map_err(|fault| format!("the system does not say: {fault}"))?;
    if core != (0, 0) {
        return Err("a core could be left behind".to_owned());
    }
    #[cfg(target_os = "linux")]
    return match nix::sys::prctl::get_dumpable() {
        Ok(false) => Ok("no core, and closed to other processes of this user".to_owned()),
        _ => Err("other processes of this user can read its memory".to_owned()),
    };
    #[cfg(not(target_os = "linux"))]
    Ok("no core; whether others can read its memory is up to this system".to_owned())
}
