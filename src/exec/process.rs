//! This process: its stack, its privileges and its end.

use nix::sys::resource::{Resource, getrlimit};
use ssm_exec_core::code::Code;
use ssm_exec_core::diagnostic::Diagnostic;

/// The soft limit of the stack, in bytes, which bounds what `execve` takes.
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
        ["Remove these bits or capabilities from the file"],
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
