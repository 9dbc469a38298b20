//! Short-lived forks of the watcher: what they fetch is gone with them.
#![allow(unsafe_code)]

use super::command::Running;
use super::handover::{read_to_end, write_all};
use crate::exec::process;
use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};

/// Runs `work` in a fork, and returns the bytes that it returns; none if it failed. `None` if the command
/// has ended meanwhile.
pub(super) fn run(command: &Running, work: impl FnOnce() -> Vec<u8>) -> Option<Vec<u8>> {
    let flags = SockFlag::SOCK_CLOEXEC;
    let pair = socketpair(AddressFamily::Unix, SockType::Stream, None, flags);
    let Ok((ours, theirs)) = pair else {
        return Some(Vec::new());
    };
    // SAFETY: the watcher has one thread, so the child may do whatever it may.
    match unsafe { fork() } {
        Err(_) => Some(Vec::new()),
        Ok(ForkResult::Child) => {
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
            wait_for(child);
            result
        }
    }
}

fn wait_for(child: Pid) {
    while waitpid(child, None) == Err(Errno::EINTR) {}
}
