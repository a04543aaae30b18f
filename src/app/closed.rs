//! The first thing a process does: it closes itself to others of the same machine.

use nix::sys::stat::{Mode, umask};

/// Files of this process are the trader's alone, it leaves no core behind, and no other process of
/// the trader can read its memory. What the system does not offer is left undone.
pub fn close_to_others() {
    umask(Mode::from_bits_truncate(0o077));
    let _not_offered = rlimit::Resource::CORE.set(0, 0);
    #[cfg(target_os = "linux")]
    let _not_offered = nix::sys::prctl::set_dumpable(false);
}
