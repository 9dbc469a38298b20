//! The sockets between the command's process, the watcher and its forks: one message each, which ends
//! when the other end is closed.

use super::command::{LONGEST_POLL, Running, timeout};
use nix::cmsg_space;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::socket::{
    AddressFamily, ControlMessage, ControlMessageOwned, MsgFlags, SockFlag, SockType, recvmsg,
    sendmsg, socketpair,
};
use serde::Serialize;
use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::{Duration, Instant};

/// One call takes 253 (SCM_MAX_FD).
const DESCRIPTORS: usize = 200;

/// Not a pipe: a write to a socket can be told not to raise SIGPIPE, whose disposition is the command's.
pub(super) fn pair() -> nix::Result<(OwnedFd, OwnedFd)> {
    let flags = SockFlag::SOCK_CLOEXEC;
    socketpair(AddressFamily::Unix, SockType::Stream, None, flags)
}

/// Sends a message, and descriptors with its first bytes.
pub(super) fn send(
    socket: &OwnedFd,
    message: &impl Serialize,
    descriptors: &[RawFd],
) -> nix::Result<()> {
    let text = serde_json::to_vec(message).map_err(|_| Errno::EINVAL)?;
    let mut bytes = text.as_slice();
    let mut parts = descriptors.chunks(DESCRIPTORS).peekable();
    while !bytes.is_empty() {
        let part = parts.peek().copied();
        // A byte for each part but the last, so that there are enough.
        let length = part.map_or(bytes.len(), |_| 1);
        let rights = part.map(ControlMessage::ScmRights);
        let data = [IoSlice::new(&bytes[..length])];
        let flags = MsgFlags::MSG_NOSIGNAL;
        match sendmsg::<()>(socket.as_raw_fd(), &data, rights.as_slice(), flags, None) {
            Ok(sent) => {
                bytes = bytes.get(sent..).unwrap_or_default();
                parts.next();
            }
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// What was received.
pub(super) enum Received {
    /// Everything until the end.
    Message(Vec<u8>, Vec<OwnedFd>),
    /// Nothing more came in time.
    Late,
    Failed(Errno),
    CommandEnded,
}

/// Receives until the other end is closed.
#[allow(unsafe_code)]
pub(super) fn receive(socket: &OwnedFd, command: &Running, limit: Option<Duration>) -> Received {
    let until = limit.map(|limit| Instant::now() + limit);
    let (mut text, mut descriptors) = (Vec::new(), Vec::new());
    let mut buffer = [0; 4096];
    let mut control = cmsg_space!([RawFd; DESCRIPTORS]);
    loop {
        let left =
            until.map_or(LONGEST_POLL, |until| until.saturating_duration_since(Instant::now()));
        let mut watched = [
            PollFd::new(socket.as_fd(), PollFlags::POLLIN),
            PollFd::new(command.descriptor.as_fd(), PollFlags::POLLIN),
        ];
        match poll(&mut watched, timeout(left)) {
            Ok(0) if until.is_some_and(|until| Instant::now() >= until) => return Received::Late,
            Ok(0) | Err(Errno::EINTR) => continue,
            Ok(_) => {}
            Err(error) => return Received::Failed(error),
        }
        if watched[1].any().unwrap_or(true) {
            return Received::CommandEnded;
        }
        let mut data = [IoSliceMut::new(&mut buffer)];
        let flags = MsgFlags::MSG_CMSG_CLOEXEC;
        let received = recvmsg::<()>(socket.as_raw_fd(), &mut data, Some(&mut control), flags);
        let received = match received {
            Ok(received) => received,
            Err(Errno::EINTR | Errno::EAGAIN) => continue,
            Err(error) => return Received::Failed(error),
        };
        for message in received.cmsgs().into_iter().flatten() {
            if let ControlMessageOwned::ScmRights(numbers) = message {
                // SAFETY: the kernel has just opened them for us.
                descriptors.extend(numbers.into_iter().map(|n| unsafe { OwnedFd::from_raw_fd(n) }));
            }
        }
        let length = received.bytes;
        if length == 0 {
            return Received::Message(text, descriptors);
        }
        text.extend_from_slice(buffer.get(..length).unwrap_or_default());
    }
}
