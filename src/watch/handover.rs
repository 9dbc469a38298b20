//! The socket by which the watcher learns what was delivered, and by whose end that `execve` happened, or
//! that it never will.

use super::command::{LONGEST_POLL, Running, timeout};
use super::message::Delivered;
use crate::exec::refused;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::socket::{
    AddressFamily, MsgFlags, Shutdown, SockFlag, SockType, send, shutdown, socketpair,
};
use ssm_exec_core::diagnostic::Diagnostic;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

/// The end of the process that becomes the command. It closes on `execve`.
pub(crate) struct Handover {
    descriptor: OwnedFd,
}

/// The watcher's end.
pub(super) struct Received {
    pub(super) descriptor: OwnedFd,
}

pub(super) fn channel() -> Result<(Handover, Received), Diagnostic> {
    // Not a pipe: a write to a socket can be told not to raise SIGPIPE, whose disposition is the command's.
    let flags = SockFlag::SOCK_CLOEXEC;
    let pair = socketpair(AddressFamily::Unix, SockType::Stream, None, flags);
    let (ours, theirs) =
        pair.map_err(|error| refused("a socket for --watch", "socketpair", error))?;
    Ok((
        Handover { descriptor: ours },
        Received { descriptor: theirs },
    ))
}

impl Handover {
    /// Tells the watcher what the command gets. The socket stays open until `execve`.
    ///
    /// # Errors
    /// When the watcher is gone.
    pub(crate) fn send(&self, delivered: &Delivered) -> Result<(), Diagnostic> {
        write_all(&self.descriptor, &delivered.to_bytes()).map_err(|error| {
            let what = "the watcher of --watch, which ended early (look at the limits of processes and memory)";
            refused(what, "clone", error)
        })
    }
}

/// Writes everything, without SIGPIPE.
pub(super) fn write_all(socket: &OwnedFd, mut bytes: &[u8]) -> nix::Result<()> {
    while !bytes.is_empty() {
        match send(socket.as_raw_fd(), bytes, MsgFlags::MSG_NOSIGNAL) {
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

impl Received {
    /// Waits for the start. `None` if the process ended before.
    pub(super) fn wait(self, command: &Running) -> Option<Delivered> {
        // Nothing is ever sent back.
        let _ = shutdown(self.descriptor.as_raw_fd(), Shutdown::Write);
        let bytes = read_to_end(&self.descriptor, command)?;
        Delivered::from_bytes(&bytes)
    }
}

/// Reads until the other end is closed, or the command has ended: then there is no result.
pub(super) fn read_to_end(socket: &OwnedFd, command: &Running) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let mut descriptors = [
            PollFd::new(socket.as_fd(), PollFlags::POLLIN),
            PollFd::new(command.descriptor.as_fd(), PollFlags::POLLIN),
        ];
        match poll(&mut descriptors, timeout(LONGEST_POLL)) {
            Ok(0) | Err(Errno::EINTR) => continue,
            Ok(_) => {}
            Err(_) => return None,
        }
        if descriptors[1].any().unwrap_or(true) {
            return None;
        }
        match nix::unistd::read(socket, &mut buffer) {
            Ok(0) => return Some(all),
            Ok(read) => all.extend_from_slice(buffer.get(..read).unwrap_or_default()),
            Err(Errno::EINTR | Errno::EAGAIN) => {}
            Err(_) => return None,
        }
    }
}
