//! Linux: Landlock, two stacked seccomp filters, resource limits, and a timer of CPU time.

use std::collections::BTreeMap;

use landlock::{ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetStatus, Scope};
use nix::libc;
use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SigEvent, SigSet, SigevNotify, Signal};
use nix::sys::time::{TimeSpec, TimeValLike};
use nix::sys::timer::{Expiration, Timer, TimerSetTimeFlags};
use nix::time::{ClockId, clock_gettime};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, apply_filter_all_threads,
};

use crate::strategy::frame::Level;

/// Address space is only the backstop of the capped allocator: thread stacks and arenas reserve far
/// more of it than they ever touch.
const ADDRESS_SPACE_BYTES: u64 = 2 * 1024 * 1024 * 1024;
const OPEN_FILES: u64 = 16;

/// What a running engine needs besides its pipes: its memory, its clock of CPU time, and the way out.
const ALLOWED: [i64; 21] = [
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_futex,
    libc::SYS_clock_gettime,
    libc::SYS_timer_settime,
    libc::SYS_timer_delete,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_sched_yield,
    libc::SYS_restart_syscall,
    libc::SYS_getrandom,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_close,
    libc::SYS_fstat,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

/// What the C library asks in passing and lives without: an answer of EACCES, where the kill of the
/// first filter alone would take good scripts with it (`free()` opens a file below /proc).
const ANSWERED_NO: [i64; 9] = [
    libc::SYS_openat,
    libc::SYS_readlinkat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_sched_getaffinity,
    libc::SYS_prlimit64,
    libc::SYS_sysinfo,
    libc::SYS_ioctl,
    libc::SYS_faccessat,
];

#[cfg(target_arch = "x86_64")]
const ANSWERED_NO_OLD: [i64; 5] =
    [libc::SYS_open, libc::SYS_readlink, libc::SYS_stat, libc::SYS_lstat, libc::SYS_access];
#[cfg(not(target_arch = "x86_64"))]
const ANSWERED_NO_OLD: [i64; 0] = [];

/// The layers that hold for the whole process or are inherited by its threads; to be called on the
/// first thread before any other is started. Returns what could not be put on, in words.
pub(super) fn enter_process() -> Vec<String> {
    let mut missing = Vec::new();
    let mut note = |layer: &str, outcome: Result<(), String>| {
        if let Err(words) = outcome {
            missing.push(format!("{layer}: {words}"));
        }
    };
    // A mask is inherited from whoever started the program: a blocked signal would disarm the timer.
    note("signal mask", SigSet::empty().thread_set_mask().map_err(words));
    note("no_new_privs", prctl::set_no_new_privs().map_err(words));
    note("dumpable", prctl::set_dumpable(false).map_err(words));
    for (name, resource, limit) in [
        ("address space", Resource::RLIMIT_AS, ADDRESS_SPACE_BYTES),
        ("core size", Resource::RLIMIT_CORE, 0),
        ("file size", Resource::RLIMIT_FSIZE, 0),
        ("open files", Resource::RLIMIT_NOFILE, OPEN_FILES),
    ] {
        note(name, setrlimit(resource, limit, limit).map_err(words));
    }
    note("landlock", restrict_by_landlock());
    missing
}

/// The layers that must come after the last thread was started, for all threads at once.
pub(super) fn enter_threads() -> Vec<String> {
    let mut missing = Vec::new();
    // The gentler filter first: once the killing one stands, installing another is itself forbidden.
    for (name, program) in [("seccomp answers", answering_filter()), ("seccomp kills", killing_filter())] {
        let outcome = program.and_then(|program| apply_filter_all_threads(&program).map_err(words));
        if let Err(words) = outcome {
            missing.push(format!("{name}: {words}"));
        }
    }
    missing
}

/// Full only with every layer; without seccomp there is nothing between a script and the system.
pub(super) fn level(missing: &[String]) -> Level {
    if missing.is_empty() {
        Level::Full
    } else if missing.iter().any(|layer| layer.starts_with("seccomp kills")) {
        Level::None
    } else {
        Level::Partial
    }
}

fn words(fault: impl std::fmt::Display) -> String {
    fault.to_string()
}

fn restrict_by_landlock() -> Result<(), String> {
    // The sixth ABI is the first that also fences signals and abstract sockets in.
    let abi = ABI::V6;
    let status = Ruleset::default()
        .handle_access(AccessFs::from_all(abi))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(abi)))
        .and_then(|rules| rules.scope(Scope::from_all(abi)))
        .and_then(Ruleset::create)
        .and_then(landlock::RulesetCreated::restrict_self)
        .map_err(words)?;
    match status.ruleset {
        RulesetStatus::FullyEnforced if status.no_new_privs => Ok(()),
        RulesetStatus::FullyEnforced => Err("without no_new_privs".to_owned()),
        RulesetStatus::PartiallyEnforced => Err("this kernel enforces only a part of it".to_owned()),
        RulesetStatus::NotEnforced => Err("this kernel does not have it".to_owned()),
    }
}

fn answering_filter() -> Result<BpfProgram, String> {
    let rules = ANSWERED_NO.iter().chain(&ANSWERED_NO_OLD).map(|call| (*call, Vec::new())).collect();
    let no = SeccompAction::Errno(libc::EACCES.unsigned_abs());
    compile(rules, SeccompAction::Allow, no)
}

fn killing_filter() -> Result<BpfProgram, String> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        ALLOWED.iter().chain(&ANSWERED_NO).chain(&ANSWERED_NO_OLD).map(|call| (*call, Vec::new())).collect();
    let never_executable = argument(2, SeccompCmpOp::MaskedEq(libc::PROT_EXEC.unsigned_abs().into()), 0)?;
    rules.insert(libc::SYS_mmap, vec![never_executable.clone()]);
    rules.insert(libc::SYS_mprotect, vec![never_executable]);
    // Only its own three pipes, each in its own direction, should the program ever leak a descriptor.
    rules.insert(libc::SYS_read, vec![argument(0, SeccompCmpOp::Eq, 0)?]);
    rules.insert(libc::SYS_write, vec![argument(0, SeccompCmpOp::Eq, 1)?, argument(0, SeccompCmpOp::Eq, 2)?]);
    // Abort raises a signal in its own process; no other process may be reached by one.
    let itself = u64::from(std::process::id());
    rules.insert(libc::SYS_tgkill, vec![argument(0, SeccompCmpOp::Eq, itself)?]);
    compile(rules, SeccompAction::KillProcess, SeccompAction::Allow)
}

fn argument(index: u8, operator: SeccompCmpOp, value: u64) -> Result<SeccompRule, String> {
    let condition = SeccompCondition::new(index, SeccompCmpArgLen::Qword, operator, value).map_err(words)?;
    SeccompRule::new(vec![condition]).map_err(words)
}

fn compile(
    rules: BTreeMap<i64, Vec<SeccompRule>>,
    otherwise: SeccompAction,
    on_match: SeccompAction,
) -> Result<BpfProgram, String> {
    let machine = if cfg!(target_arch = "x86_64") {
        TargetArch::x86_64
    } else if cfg!(target_arch = "aarch64") {
        TargetArch::aarch64
    } else if cfg!(target_arch = "riscv64") {
        TargetArch::riscv64
    } else {
        return Err("no filter can be written for this machine".to_owned());
    };
    let filter = SeccompFilter::new(rules, otherwise, on_match, machine).map_err(words)?;
    BpfProgram::try_from(filter).map_err(words)
}

/// CPU time of the whole process: a budget that ends it, and a meter.
pub(super) struct CpuClock(Timer);

impl CpuClock {
    /// A clock without a budget; must be made before the filters stand.
    pub(super) fn new() -> Result<Self, String> {
        // The signal's default action ends the process; nothing of the script's can run in between.
        let signal = SigevNotify::SigevSignal { signal: Signal::SIGXCPU, si_value: 0 };
        let timer = Timer::new(ClockId::CLOCK_PROCESS_CPUTIME_ID, SigEvent::new(signal));
        timer.map(Self).map_err(words)
    }

    /// From now on the process may use `millis` of CPU time before it is ended.
    pub(super) fn arm(&mut self, millis: u32) -> Result<(), String> {
        let span = Expiration::OneShot(TimeSpec::milliseconds(i64::from(millis)));
        self.0.set(span, TimerSetTimeFlags::empty()).map_err(words)
    }

    /// CPU time used so far by the calling thread, which is the only one that works, in microseconds.
    ///
    /// The process's own clock is read coarsely by the kernel while a timer is armed on it.
    pub(super) fn used_us() -> u64 {
        let used = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map(|time| time.num_microseconds());
        used.ok().and_then(|used| u64::try_from(used).ok()).unwrap_or(0)
    }
}
