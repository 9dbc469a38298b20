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
use ssm_exec_core::config::ChangeSignal;
use ssm_exec_core::diagnostic::Diagnostic;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::str::FromStr;
use std::time::{Duration, Instant};

/// A process that became the command, or is about to.
pub(super) struct Running {
    pub(super) descriptor: OwnedFd,
    pub(super) process: Pid,
}

/// What a process does with a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reception {
    /// It has a handler, or blocks the signal to take it by sigwait(3) or signalfd(2).
    Taken,
    /// The default action, which ends it.
    Ends,
    /// It ignores it, or the default action is to.
    Ignored,
    /// It is process 1 and shows no handler: the kernel drops the signal (pid_namespaces(7)), unless it
    /// waits for it by sigwait(3), which can't be seen.
    Unseen,
    /// /proc doesn't tell.
    Unknown,
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
        Ok(Self { descriptor, process })
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
    pub(super) fn send(&self, signal: ChangeSignal) -> nix::Result<()> {
        // SAFETY: pidfd_send_signal(2) with a null pointer sends what kill(2) would.
        let result = unsafe {
            libc::syscall(
                libc::SYS_pidfd_send_signal,
                self.descriptor.as_raw_fd(),
                number(signal) as libc::c_int,
                std::ptr::null::<libc::siginfo_t>(),
                0,
            )
        };
        Errno::result(result).map(drop)
    }

    /// What the process will do with a signal, as far as /proc tells.
    pub(super) fn reception(&self, signal: ChangeSignal) -> Reception {
        let mut status = self.status();
        for _ in 0..LOOKS {
            if !blocks_all(&status) || self.ends_within(LOOK_AGAIN) {
                break;
            }
            status = self.status();
        }
        let is_process_1 = self.process == Pid::from_raw(1);
        reception(number(signal), is_process_1, &status)
    }

    /// What /proc has of it; nothing if it can't be read.
    fn status(&self) -> String {
        let read = |path: String| std::fs::read_to_string(path).ok();
        let information = read(format!("/proc/self/fdinfo/{}", self.descriptor.as_raw_fd()));
        // /proc may be that of another PID namespace, where the process has another number.
        let process = information.and_then(|text| field(&text, "Pid:").map(str::to_owned));
        let status = process.and_then(|process| read(format!("/proc/{process}/status")));
        status.unwrap_or_default()
    }
}

/// The table of signals has those of Linux only.
fn number(signal: ChangeSignal) -> Signal {
    Signal::from_str(&signal.to_string()).unwrap_or(Signal::SIGTERM)
}

fn reception(signal: Signal, is_process_1: bool, status: &str) -> Reception {
    let bit = (signal as libc::c_int - 1).cast_unsigned();
    let has = |name: &str| mask(status, name).is_some_and(|mask| mask >> bit & 1 == 1);
    if mask(status, "SigCgt:").is_none() {
        return Reception::Unknown;
    }
    // One that is blocked waits for the process even where it is ignored.
    if has("SigCgt:") || has("SigBlk:") {
        return Reception::Taken;
    }
    match signal {
        _ if has("SigIgn:") => Reception::Ignored,
        Signal::SIGCONT | Signal::SIGURG | Signal::SIGWINCH => Reception::Ignored,
        _ if is_process_1 => Reception::Unseen,
        _ => Reception::Ends,
    }
}

/// The C library blocks every signal for a moment when it starts a thread or a process: that is no wish to take one.
fn blocks_all(status: &str) -> bool {
    mask(status, "SigBlk:").is_some_and(|mask| mask & EVERY_SIGNAL == EVERY_SIGNAL)
}

/// A set of signals of /proc.
fn mask(status: &str, name: &str) -> Option<u64> {
    u64::from_str_radix(field(status, name)?, 16).ok()
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next_back()
}

/// 1 to 31, without SIGKILL and SIGSTOP, which no process blocks.
const EVERY_SIGNAL: u64 = 0x7ffb_feff;

/// How often the signals of a process that blocks all of them are read again, and after how long.
const LOOKS: u32 = 10;
const LOOK_AGAIN: Duration = Duration::from_millis(10);

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
    fn a_signal_is_taken_ignored_or_ends_the_process() {
        // HUP ignored, QUIT ignored and blocked, USR1 handled, ALRM blocked.
        let status = "Name:\tx\nSigBlk:\t0000000000002004\nSigIgn:\t0000000000000005\nSigCgt:\t0000000000000200\n";
        for (signal, process_1, other) in [
            (Signal::SIGHUP, Reception::Ignored, Reception::Ignored),
            (Signal::SIGQUIT, Reception::Taken, Reception::Taken),
            (Signal::SIGUSR1, Reception::Taken, Reception::Taken),
            (Signal::SIGALRM, Reception::Taken, Reception::Taken),
            (Signal::SIGTERM, Reception::Unseen, Reception::Ends),
            (Signal::SIGWINCH, Reception::Ignored, Reception::Ignored),
        ] {
            assert_eq!(reception(signal, true, status), process_1, "{signal}");
            assert_eq!(reception(signal, false, status), other, "{signal}");
            assert_eq!(reception(signal, true, ""), Reception::Unknown);
        }
    }

    #[test]
    fn one_blocked_signal_is_a_wish_and_all_are_a_moment_of_the_c_library() {
        for (blocked, all) in [
            ("0000000000000000", false),
            ("0000000000004001", false),
            // By the C library, and by sigfillset(3).
            ("fffffffffffbfeff", true),
            ("fffffffe7ffbfeff", true),
            ("fffffffe7ffbfefe", false),
        ] {
            assert_eq!(blocks_all(&format!("SigBlk:\t{blocked}\n")), all, "{blocked}");
        }
        assert!(!blocks_all(""));
    }

    #[test]
    fn this_process_has_not_ended() {
        let running = Running::this_process().expect("Linux 5.3");
        assert!(!running.ends_within(Duration::from_millis(1)));
        let term = ChangeSignal::parse("TERM").expect("a signal");
        assert_eq!(running.reception(term), Reception::Ends);
    }
}
