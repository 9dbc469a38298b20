//! Leaves a process behind that is no child of ours, has a session of its own and no descriptor but
//! stderr and those that it is given.
#![allow(unsafe_code)]
// /proc lists the descriptors where close_range(2) is missing.
#![allow(clippy::disallowed_methods)]

use crate::exec::{process, refused, stdio};
use nix::errno::Errno;
use nix::libc;
use nix::sys::signal::{SigHandler, SigSet, SigmaskHow, Signal, signal, sigprocmask};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork, setsid};
use ssm_exec_core::diagnostic::Diagnostic;
use std::os::fd::RawFd;

/// The first descriptor after the standard streams.
const AFTER_STDERR: u32 = 3;

/// Runs `work` in a process that outlives this one's `execve`. When this returns, `prepare` has been run
/// for it. Must be called while there is one thread.
pub(super) fn detach(
    kept: &[RawFd],
    prepare: impl FnOnce(),
    work: impl FnOnce(),
) -> Result<(), Diagnostic> {
    // Not dumpable from its first instruction: a fork inherits it.
    process::disable_core_dumps();
    let refused = |error: Errno| refused("a process for --watch", "clone", error);
    match fork_silently().map_err(refused)? {
        None => {
            let second = setsid().and_then(|_| {
                reset_inherited(kept);
                prepare();
                // SAFETY: there is one thread, so the child may do whatever this process may.
                unsafe { fork() }
            });
            match second {
                Ok(ForkResult::Child) => {
                    work();
                    process::end(0)
                }
                Ok(ForkResult::Parent { .. }) => process::end(0),
                Err(error) => process::end(u8::try_from(error as i32).unwrap_or(1)),
            }
        }
        Some(child) => match wait_for(child).map_err(refused)? {
            WaitStatus::Exited(_, 0) => Ok(()),
            WaitStatus::Exited(_, error) => Err(refused(Errno::from_raw(error))),
            _ => Err(refused(Errno::EINTR)),
        },
    }
}

/// A fork whose end raises no SIGCHLD: where that is blocked, it would be pending when the command starts.
fn fork_silently() -> nix::Result<Option<Pid>> {
    // SAFETY: without flags, clone(2) is fork(2) with no signal for its end. There is one thread, so the
    // child may do whatever this process may.
    let process = unsafe { libc::syscall(libc::SYS_clone, 0, 0, 0, 0, 0) };
    let process = Errno::result(process)?;
    let process = libc::pid_t::try_from(process).map_err(|_| Errno::EOVERFLOW)?;
    Ok((process != 0).then(|| Pid::from_raw(process)))
}

fn wait_for(child: Pid) -> nix::Result<WaitStatus> {
    loop {
        // A child that raises no SIGCHLD is a "clone" child to waitpid(2).
        match waitpid(child, Some(WaitPidFlag::__WCLONE)) {
            Err(Errno::EINTR) => {}
            other => return other,
        }
    }
}

/// Closes the inherited descriptors, and sets signals to their defaults.
fn reset_inherited(kept: &[RawFd]) {
    close_all_but(kept);
    stdio::reserve_closed_descriptors();
    for number in Signal::iterator() {
        // Fails for SIGKILL and SIGSTOP, which have no other action.
        // SAFETY: the default action is no code of ours.
        let _ = unsafe { signal(number, SigHandler::SigDfl) };
    }
    let _ = sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None);
}

/// Closes stdin, stdout and everything above stderr, but these.
fn close_all_but(kept: &[RawFd]) {
    let mut kept: Vec<u32> = kept
        .iter()
        .filter_map(|&kept| u32::try_from(kept).ok())
        .collect();
    kept.sort_unstable();
    close_range(0, 1);
    let mut next = AFTER_STDERR;
    for number in kept {
        if number > next {
            close_range(next, number - 1);
        }
        next = next.max(number + 1);
    }
    close_range(next, u32::MAX);
}

fn close_range(first: u32, last: u32) {
    // SAFETY: nothing in this process uses a descriptor of this range any more.
    let result = unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
    if Errno::result(result).is_ok() {
        return;
    }
    // The kernel is older than 5.9, or a filter doesn't know the call.
    let listed = std::fs::read_dir("/proc/self/fd").map(|entries| {
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        names
            .filter_map(|name| name.parse::<u32>().ok())
            .collect::<Vec<_>>()
    });
    let open = listed.unwrap_or_else(|_| (first..last.min(1024) + 1).collect());
    for number in open {
        if (first..=last).contains(&number) {
            // SAFETY: as above. One that is not open changes nothing.
            let _ = unsafe { libc::close(number.cast_signed()) };
        }
    }
}
