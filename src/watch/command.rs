//! The command as the watcher sees it: a descriptor of its process, which stays the same process across
//! `execve` and is never another one, whatever becomes of its number (pidfd_open(2)).
#![allow(unsafe_code)]
// /proc says whether the command handles a signal.
#![allow(clippy::disallowed_methods)]

use crate::exec::refused;
use nix::errno::Errno;
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use nix::unistd::{Pid, getpid};
use ssm_exec_core::diagnostic::Diagnostic;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::time::{Duration, Instant};

/// A process that became the command, or is about to.
pub(super) struct Running {
    pub(super) descriptor: OwnedFd,
    pub(super) process: Pid,
}

/// What a process does with a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reception {
    /// A handler, or the default action.
    Delivered,
    /// It ignores it.
    Ignored,
    /// It is process 1 and has no handler: the kernel drops it (pid_namespaces(7)).
    Dropped,
}

impl Running {
    /// This process.
    pub(super) fn this_process() -> Result<Self, Diagnostic> {
        let process = getpid();
        // SAFETY: pidfd_open(2) takes two integers.
        let number = unsafe { libc::syscall(libc::SYS_pidfd_open, process.as_raw(), 0) };
        let number = Errno::result(number)
            .and_then(|number| i32::try_from(number).map_err(|_| Errno::EBADF));
        let number = number.map_err(|error| {
            let what = "a descriptor of this process, which --watch needs (Linux 5.3)";
            refused(what, "pidfd_open", error)
        })?;
        // SAFETY: the kernel has just opened it for us. It closes on `execve` by itself.
        let descriptor = unsafe { OwnedFd::from_raw_fd(number) };
        Ok(Self {
            descriptor,
            process,
        })
    }

    /// Waits until the process ends, but not longer than this. Returns whether it has ended.
    pub(super) fn ends_within(&self, time: Duration) -> bool {
        let until = Instant::now() + time;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let mut descriptors = [PollFd::new(self.descriptor.as_fd(), PollFlags::POLLIN)];
            match poll(&mut descriptors, timeout(left)) {
                Ok(0) if left <= LONGEST_POLL => return false,
                Ok(0) | Err(Errno::EINTR) => {}
                // A failure that does not pass would otherwise keep us for ever.
                Ok(_) | Err(_) => return true,
            }
        }
    }

    /// Sends a signal. Never to another process that has got its number since.
    pub(super) fn send(&self, signal: Signal) -> nix::Result<()> {
        // SAFETY: pidfd_send_signal(2) with a null pointer sends what kill(2) would.
        let result = unsafe {
            libc::syscall(
                libc::SYS_pidfd_send_signal,
                self.descriptor.as_raw_fd(),
                signal as libc::c_int,
                std::ptr::null::<libc::siginfo_t>(),
                0,
            )
        };
        Errno::result(result).map(drop)
    }

    /// What the process will do with a signal, as far as /proc tells.
    pub(super) fn reception(&self, signal: Signal) -> Reception {
        let information = format!("/proc/self/fdinfo/{}", self.descriptor.as_raw_fd());
        let Ok(information) = std::fs::read_to_string(information) else {
            return Reception::Delivered;
        };
        // /proc may be that of another PID namespace, where the process has another number.
        let Some(process) = field(&information, "Pid:") else {
            return Reception::Delivered;
        };
        let Ok(status) = std::fs::read_to_string(format!("/proc/{process}/status")) else {
            return Reception::Delivered;
        };
        reception(signal, self.process == Pid::from_raw(1), &status)
    }
}

fn reception(signal: Signal, is_process_1: bool, status: &str) -> Reception {
    let has = |name: &str| {
        let mask = field(status, name).and_then(|mask| u64::from_str_radix(mask, 16).ok());
        let bit = (signal as libc::c_int - 1).cast_unsigned();
        mask.is_some_and(|mask| mask >> bit & 1 == 1)
    };
    let is_known = field(status, "SigCgt:").is_some();
    if has("SigIgn:") {
        Reception::Ignored
    } else if is_process_1 && is_known && !has("SigCgt:") {
        Reception::Dropped
    } else {
        Reception::Delivered
    }
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next_back()
}

/// As much as one call can wait for.
pub(super) const LONGEST_POLL: Duration = Duration::from_secs(24 * 60 * 60);

/// Rounded up, so that a wait is never too short.
pub(super) fn timeout(left: Duration) -> PollTimeout {
    let left = left.min(LONGEST_POLL) + Duration::from_micros(999);
    PollTimeout::try_from(left.as_millis()).unwrap_or(PollTimeout::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn process_1_without_a_handler_gets_no_signal() {
        let status = "Name:\tx\nSigIgn:\t0000000000000001\nSigCgt:\t0000000000000200\n";
        let of = |signal, is_process_1| reception(signal, is_process_1, status);
        assert_eq!(of(Signal::SIGTERM, true), Reception::Dropped);
        assert_eq!(of(Signal::SIGTERM, false), Reception::Delivered);
        assert_eq!(of(Signal::SIGUSR1, true), Reception::Delivered);
        assert_eq!(of(Signal::SIGHUP, false), Reception::Ignored);
        assert_eq!(reception(Signal::SIGTERM, true, ""), Reception::Delivered);
    }

    #[test]
    fn this_process_has_not_ended() {
        let running = Running::this_process().expect("Linux 5.3");
        assert!(!running.ends_within(Duration::from_millis(1)));
        assert_eq!(running.reception(Signal::SIGURG), Reception::Delivered);
    }
}
