use nix::unistd::Uid;

use crate::domain::mode::Mode;

/// Refuses root where an account is at stake, but for whoever says that it is meant: in a container there is often
/// nobody else. Nothing but the start of a run asks this: a kill or a look at the account is never refused to anybody.
///
/// # Errors
/// Why, and what to do instead.
pub fn refuse_root(mode: Mode, is_meant: bool) -> Result<(), String> {
    judge(mode, Uid::effective().is_root(), is_meant)
}

fn judge(mode: Mode, is_root: bool, is_meant: bool) -> Result<(), String> {
    if mode == Mode::Sim || !is_root || is_meant {
        return Ok(());
    }
    Err("an account is not traded as root: a fault in anything that comes in from outside would have the whole \
         machine in its hands, and files would be root's that are yours; start it as a user without rights, or say \
         `hardstop run --as-root` where there is nobody else, as in a container"
        .to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_is_refused_where_an_account_is_at_stake_unless_it_is_meant() {
        for mode in [Mode::Paper, Mode::Live] {
            let refused = judge(mode, true, false).unwrap_err();
            assert!(refused.contains("--as-root") && refused.contains("whole machine"), "{refused}");
            assert_eq!(judge(mode, true, true), Ok(()));
            assert_eq!(judge(mode, false, false), Ok(()));
        }
        assert_eq!(judge(Mode::Sim, true, false), Ok(()));
    }
}
