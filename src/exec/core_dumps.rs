//! What of this process others may look into: core dumps and debuggers.

use super::refused;
use crate::logging::{debug, warn};
use nix::sys::resource::{Resource, setrlimit};
use ssm_exec_core::diagnostic::{Diagnostic, Help};
use std::fs;

/// Keeps core dumps and other processes of the same user out: every subcommand has credentials in its
/// environment. `execve` by itself gives the command the ordinary state again. A refusal, as a strict system call filter
/// may give, is no reason not to start: it is a warning.
pub fn disable() {
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
/// [`disable`], after which only root may write to our /proc.
///
/// # Errors
/// When the limit cannot be 1, and cores go to such a handler.
#[expect(
    clippy::disallowed_methods,
    reason = "a setting of the kernel for this process, not a file"
)]
pub fn prevent() -> Result<(), Diagnostic> {
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
    fs::read("/proc/sys/kernel/core_pattern")
        .map_or(true, |pattern| pattern.starts_with(b"|") || pattern.starts_with(b"@"))
}
