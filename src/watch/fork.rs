//! Short-lived forks of the watcher: what they fetch is gone with them.
#![allow(unsafe_code)]

use super::command::Running;
use super::handover::{read_to_end, write_all};
use crate::exec::process;
use crate::panic;
use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};
use std::fmt;
use tracing::warn;

/// Runs `work` in a fork, and returns the bytes that it returns; none if it failed. `None` if the command
/// has ended meanwhile. If `report`, what the fork cannot say of itself is logged, and so is a panic in it.
pub(super) fn run(
    command: &Running,
    report: bool,
    work: impl FnOnce() -> Vec<u8>,
) -> Option<Vec<u8>> {
    let failed = |why: fmt::Arguments<'_>| {
        if report {
            warn!("--watch could not look for changes, and goes on trying: {why}");
        }
        Some(Vec::new())
    };
    let flags = SockFlag::SOCK_CLOEXEC;
    let pair = socketpair(AddressFamily::Unix, SockType::Stream, None, flags);
    let (ours, theirs) = match pair {
        Ok(pair) => pair,
        Err(error) => {
            return failed(format_args!(
                "the system refused a socket: {}",
                error.desc()
            ));
        }
    };
    // SAFETY: the watcher has one thread, so the child may do whatever it may.
    match unsafe { fork() } {
        Err(error) => failed(format_args!(
            "the system refused a process: {}",
            error.desc()
        )),
        Ok(ForkResult::Child) => {
            if !report {
                panic::end_silently();
            }
            // When the watcher ends, so does its fork.
            let _ = prctl::set_pdeathsig(Signal::SIGKILL);
            // The watcher may have read enough, or be gone.
            let _ = write_all(&theirs, &work());
            process::end(0)
        }
        Ok(ForkResult::Parent { child }) => {
            drop(theirs);
            let result = read_to_end(&ours, command);
            if result.is_none() {
                let _ = kill(child, Signal::SIGKILL);
            }
            let Ok(WaitStatus::Signaled(_, signal, _)) = wait_for(child) else {
                return result;
            };
            let reason = match (signal, &result) {
                // A supervisor that stops the unit sends it to the watcher too.
                (Signal::SIGTERM, _) | (_, None) => return result,
                (Signal::SIGKILL, _) => ", as the kernel does where memory is short",
                _ => "",
            };
            failed(format_args!("{signal} ended its process{reason}"))
        }
    }
}

fn wait_for(child: Pid) -> nix::Result<WaitStatus> {
    loop {
        match waitpid(child, None) {
            Err(Errno::EINTR) => {}
            ended => return ended,
        }
    }
}
