//! A child process that runs before the command: waited for whatever the parent does with SIGCHLD, and
//! ended with all of its process group when it isn't needed any more.

use nix::libc;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
use std::sync::atomic::{AtomicI32, Ordering};

/// The process group of the child that runs now, or 0.
static RUNNING: AtomicI32 = AtomicI32::new(0);

/// While it exists, children can be waited for: where SIGCHLD is ignored, the kernel discards their exit
/// statuses.
pub struct Waitable(Option<SigAction>);

impl Waitable {
    /// Sets SIGCHLD to its default.
    #[must_use]
    #[allow(unsafe_code)]
    pub fn new() -> Self {
        let default = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
        // SAFETY: no handler is installed, so nothing is called.
        Self(unsafe { sigaction(Signal::SIGCHLD, &default) }.ok())
    }
}

impl Default for Waitable {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Waitable {
    #[allow(unsafe_code)]
    fn drop(&mut self) {
        if let Some(found) = &self.0 {
            // SAFETY: the action is the one that was found.
            let _ = unsafe { sigaction(Signal::SIGCHLD, found) };
        }
    }
}

/// The process group of a child. Dropped before the child has ended, it kills the group.
pub struct ProcessGroup(());

impl ProcessGroup {
    /// For a child that leads its process group.
    #[must_use]
    pub fn of(child: u32) -> Self {
        RUNNING.store(i32::try_from(child).unwrap_or(0), Ordering::Relaxed);
        Self(())
    }

    /// Its leader has been waited for: the number may belong to another process soon.
    pub fn has_ended(self) {
        RUNNING.store(0, Ordering::Relaxed);
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        kill_running();
    }
}

/// Kills the process group that runs now, if there is one. Async-signal-safe.
#[allow(unsafe_code)]
pub fn kill_running() {
    let group = RUNNING.swap(0, Ordering::Relaxed);
    if group > 0 {
        // SAFETY: kill(2) is async-signal-safe and touches no memory of ours.
        unsafe { libc::kill(-group, libc::SIGKILL) };
    }
}
