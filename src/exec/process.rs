//! What of this process others may look into: core dumps and debuggers.

use super::refused;
use crate::logging::{debug, warn};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use ssm_exec_core::code::Code;
use ssm_exec_core::diagnostic::{Diagnostic, Help};
use std::fs;

/// Keeps core dumps and other processes of the same user out: every subcommand has credentials in its
/// environment. `execve` by itself gives the command the ordinary state again. A refusal, as a strict system call filter
/// may give, is no reason not to start: it is a warning.
pub fn disable_core_dumps() {
    #[cfg(target_os = "linux")]
    if let Err(error) = nix::sys::prctl::set_dumpable(false) {
        warn!(
            "the system refused prctl(PR_SET_DUMPABLE): {}. Until the command starts, a core dump or another process of this user can read the values",
            error.desc()
        );
    }
}

/// Lets this process, the command and its children dump no core. A limit of 0 does not stop a handler in
/// a pipe, which reads the environment from /proc; 1 does (core(5)). Must come before
/// [`disable_core_dumps`], after which only root may write to our /proc.
///
/// # Errors
/// When the limit cannot be 1, and cores go to such a handler.
#[expect(
    clippy::disallowed_methods,
    reason = "a setting of the kernel for this process, not a file"
)]
pub fn prevent_core_dumps() -> Result<(), Diagnostic> {
    // What a debugger or a handler that doesn't look at the limit would still save. Without /proc there
    // is no such filter to set.
    if let Err(error) = fs::write("/proc/self/coredump_filter", "0") {
        debug!("the core dump filter cannot be set: {error}");
    }
    match setrlimit(Resource::RLIMIT_CORE, 1, 1) {
        Err(error) if is_core_dump_handled() => {
            let mut refused = refused("--no-core: a core limit of 1", "setrlimit", error);
            refused.help = vec![Help::text(
                "Raise the hard limit to at least 1 (`ulimit -c`, LimitCORE=1, `docker run --ulimit core=1`): with 0, the handler in /proc/sys/kernel/core_pattern still reads the environment",
            )];
            Err(refused)
        }
        _ => Ok(()),
    }
}

/// Whether cores are sent to a program, by a pipe or a socket, instead of a file.
#[expect(clippy::disallowed_methods, reason = "a setting of the kernel")]
fn is_core_dump_handled() -> bool {
    fs::read("/proc/sys/kernel/core_pattern").map_or(true, |pattern| {
        pattern.starts_with(b"|") || pattern.starts_with(b"@")
    })
}

/// The soft limit of the stack, in bytes, which bounds what `execve` takes.
#[must_use]
pub fn stack_limit() -> u64 {
    getrlimit(Resource::RLIMIT_STACK).map_or(8 * 1024 * 1024, |(soft, _)| soft)
}

/// Refuses to run with more privileges than the caller has: the caller's environment would decide what
/// is fetched and run with them (getauxval(3), `AT_SECURE`).
///
/// # Errors
/// When that is so.
pub fn refuse_raised_privileges() -> Result<(), Diagnostic> {
    let same_user = nix::unistd::getuid() == nix::unistd::geteuid();
    let same_group = nix::unistd::getgid() == nix::unistd::getegid();
    if same_user && same_group && !is_secure_execution() {
        return Ok(());
    }
    Err(Diagnostic::with_help(
        Code::InvalidCommand,
        "ssm-exec was started with more privileges than its caller has (set-user-ID, set-group-ID or file capabilities), and the caller's environment would decide what runs with them",
        vec![Help::text(
            "Remove these bits or capabilities from the file",
        )],
    ))
}

#[cfg(target_os = "linux")]
#[allow(unsafe_code)]
fn is_secure_execution() -> bool {
    // SAFETY: getauxval(3) reads the process's own auxiliary vector, and has no preconditions.
    unsafe { nix::libc::getauxval(nix::libc::AT_SECURE) != 0 }
}

#[cfg(not(target_os = "linux"))]
fn is_secure_execution() -> bool {
    false
}

/// Ends the process at once, from a signal's handler too: nothing is half done that would have to be
/// undone, and the kernel wipes pages before it gives them to anyone else.
#[allow(unsafe_code)]
pub(crate) fn end(status: u8) -> ! {
    // SAFETY: _exit(2) is async-signal-safe and has no preconditions.
    unsafe { nix::libc::_exit(i32::from(status)) }
}
