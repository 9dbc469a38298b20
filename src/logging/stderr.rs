//! Writes to stderr that never block for longer than they may: a reader that has stopped reading keeps
//! neither a start, nor a failure, nor the end by a signal waiting. What can't be written is dropped.
//!
//! O_NONBLOCK on the descriptor would do, but it belongs to the open file, which other processes share.
//! Everything here can run in a signal's handler: system calls and arithmetic, no lock, no allocation.
#![allow(unsafe_code)]

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, SigmaskHow, Signal, pthread_sigmask};
use nix::sys::socket::{MsgFlags, send};
use nix::sys::stat::{Mode, SFlag, fstat};
use nix::unistd::{isatty, write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

// SAFETY: `main` first calls `exec::stdio::reserve_closed_descriptors`, which ends the process unless 0 to 2 are open,
// and nothing closes 2.
const STDERR: BorrowedFd<'static> = unsafe { BorrowedFd::borrow_raw(2) };

/// Between two attempts to write to a full pipe, socket or terminal.
const PAUSE: Duration = Duration::from_millis(10);

/// Writes all of it, unless that takes longer than until this moment. Returns whether it did.
pub(crate) fn write_until(mut bytes: &[u8], until: Instant) -> bool {
    let output = StderrKind::find();
    let _blocked = SignalsBlocked::new(&[Signal::SIGPIPE, Signal::SIGXFSZ]);
    while !bytes.is_empty() {
        match output.write(bytes) {
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(Errno::EINTR) => {}
            Err(Errno::EAGAIN) => {
                let left = until.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    return false;
                }
                std::thread::sleep(left.min(PAUSE));
            }
            Err(_) => return false,
        }
    }
    true
}

/// Whether stderr is the file with this device and inode, as JOURNAL_STREAM names the journal's (systemd.exec(5)).
pub(crate) fn is(device_and_inode: &str) -> bool {
    fstat(STDERR).is_ok_and(|stat| device_and_inode == format!("{}:{}", stat.st_dev, stat.st_ino))
}

/// What stderr is, which decides how to write to it without blocking.
enum StderrKind {
    Pipe,
    Socket,
    /// The terminal, opened once more: O_NONBLOCK is set for this descriptor only.
    Terminal(OwnedFd),
    /// Written to when poll(2) says that there is room for this many bytes.
    Polled(usize),
}

impl StderrKind {
    fn find() -> Self {
        let mode = fstat(STDERR).map_or(0, |stat| stat.st_mode);
        let kind = SFlag::from_bits_truncate(mode) & SFlag::S_IFMT;
        if kind == SFlag::S_IFIFO {
            return Self::Pipe;
        }
        if kind == SFlag::S_IFSOCK {
            return Self::Socket;
        }
        if isatty(STDERR).unwrap_or(false) {
            let flags = OFlag::O_WRONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
            // A write to a terminal takes as long as all of it takes, so one that can't be opened
            // again, as after setuid(2), gets byte by byte.
            return open(c"/dev/fd/2", flags, Mode::empty())
                .map_or(Self::Polled(1), Self::Terminal);
        }
        Self::Polled(libc::PIPE_BUF)
    }

    /// Writes some of it, or fails with EAGAIN.
    fn write(&self, bytes: &[u8]) -> nix::Result<usize> {
        match self {
            Self::Pipe => match write_to_pipe(bytes) {
                // The kernel is older than 6.4, or a system call filter doesn't know the call.
                Err(Errno::EOPNOTSUPP | Errno::ENOSYS | Errno::EPERM | Errno::EINVAL) => {
                    write_polled(bytes, libc::PIPE_BUF)
                }
                other => other,
            },
            Self::Socket => send(STDERR.as_raw_fd(), bytes, MsgFlags::MSG_DONTWAIT),
            Self::Terminal(terminal) => write(terminal.as_fd(), bytes),
            Self::Polled(length) => write_polled(bytes, *length),
        }
    }
}

/// Between poll(2) and write(2) another process can take the room, and the write would block until the
/// pipe is read again. RWF_NOWAIT leaves no such gap.
#[cfg(target_os = "linux")]
fn write_to_pipe(bytes: &[u8]) -> nix::Result<usize> {
    let vector = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
    // SAFETY: `vector` and the bytes that it describes live until the call returns, and the call only reads them.
    let written = unsafe { libc::pwritev2(2, &raw const vector, 1, -1, libc::RWF_NOWAIT) };
    Errno::result(written).map(|written| usize::try_from(written).unwrap_or_default())
}

#[cfg(not(target_os = "linux"))]
fn write_to_pipe(_bytes: &[u8]) -> nix::Result<usize> {
    Err(Errno::ENOSYS)
}

fn write_polled(bytes: &[u8], length: usize) -> nix::Result<usize> {
    let mut descriptors = [PollFd::new(STDERR, PollFlags::POLLOUT)];
    if poll(&mut descriptors, PollTimeout::ZERO)? == 0 {
        return Err(Errno::EAGAIN);
    }
    write(STDERR, bytes.get(..length).unwrap_or(bytes))
}

/// Neither a pipe without a reader nor a file that has reached RLIMIT_FSIZE is a reason to end: while this lives,
/// their signals have no effect on this thread. The dispositions aren't touched, since the command inherits them.
pub(crate) struct SignalsBlocked {
    signals: &'static [Signal],
    before: SigSet,
}

impl SignalsBlocked {
    /// For signals that a write raises in the thread that writes.
    pub(crate) fn new(signals: &'static [Signal]) -> Self {
        let mut before = SigSet::empty();
        let raised = SigSet::from_iter(signals.iter().copied());
        // Fails for invalid arguments only.
        let _ = pthread_sigmask(SigmaskHow::SIG_BLOCK, Some(&raised), Some(&mut before));
        Self { signals, before }
    }
}

impl Drop for SignalsBlocked {
    fn drop(&mut self) {
        for &signal in self.signals {
            // One that was blocked before stays as it is, pending or not.
            if !self.before.contains(signal) && is_pending(signal) {
                // Takes the pending signal, so it doesn't wait.
                let _ = SigSet::from(signal).wait();
            }
        }
        let _ = pthread_sigmask(SigmaskHow::SIG_SETMASK, Some(&self.before), None);
    }
}

fn is_pending(signal: Signal) -> bool {
    let mut pending = std::mem::MaybeUninit::uninit();
    // SAFETY: sigpending(2) only writes to the set that the pointer is to, which is ours and large enough.
    if unsafe { libc::sigpending(pending.as_mut_ptr()) } != 0 {
        return false;
    }
    // SAFETY: sigpending(2) returned 0, so it has initialised the set; the call only reads it.
    unsafe { libc::sigismember(pending.as_ptr(), signal as libc::c_int) == 1 }
}
