//! Starts the watcher, and tells it what was delivered, by a socket whose end tells it that `execve`
//! happened, or that it never will.

use super::command::Running;
use super::detach::detach;
use super::live::Live;
use super::message::{Delivered, LiveFile};
use super::socket::{self, Received};
use super::watcher::Watcher;
use super::{ForkedWork, title};
use crate::exec::refused;
use nix::errno::Errno;
use ssm_exec_core::config::Watch;
use ssm_exec_core::diagnostic::Diagnostic;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

/// The end of the process that becomes the command. It closes on `execve`.
pub(crate) struct Handover {
    socket: OwnedFd,
}

/// Starts the watcher of this process, which is about to become the command.
///
/// # Errors
/// When the system refuses a process or a descriptor, or doesn't know those of processes.
pub(crate) fn start(watch: &Watch, work: &impl ForkedWork) -> Result<Handover, Diagnostic> {
    let command = Running::this_process()?;
    let pair = socket::pair();
    let (ours, theirs) =
        pair.map_err(|error| refused("a socket for --watch", "socketpair", error))?;
    let kept = [command.descriptor.as_raw_fd(), theirs.as_raw_fd()];
    // Before the start, so that nothing finds the watcher by the command's arguments.
    let process = command.process;
    let prepare = || title::set(process);
    detach(&kept, prepare, move || {
        let is_ready = nix::unistd::write(&theirs, &[0]).is_ok();
        if let (true, Some((delivered, files))) = (is_ready, receive(&theirs, &command)) {
            let live = watch.on_file_change.map(|signal| Live { signal, files });
            Watcher::new(watch, work, &command, live, delivered).run();
        }
    })?;
    let handover = Handover { socket: ours };
    handover.await_watcher()?;
    Ok(handover)
}

fn receive(socket: &OwnedFd, command: &Running) -> Option<(Delivered, Vec<(LiveFile, OwnedFd)>)> {
    let Received::Message(text, descriptors) = socket::receive(socket, command, None) else {
        return None;
    };
    let (delivered, files): (Delivered, Vec<LiveFile>) = serde_json::from_slice(&text).ok()?;
    Some((delivered, files.into_iter().zip(descriptors).collect()))
}

impl Handover {
    fn await_watcher(&self) -> Result<(), Diagnostic> {
        let mut ready = [0];
        loop {
            match nix::unistd::read(&self.socket, &mut ready) {
                Ok(0) => return Err(ended(Errno::EPIPE)),
                Ok(_) => return Ok(()),
                Err(Errno::EINTR) => {}
                Err(error) => return Err(ended(error)),
            }
        }
    }

    /// Tells the watcher what the command gets. The socket stays open until `execve`.
    ///
    /// # Errors
    /// When the watcher is gone.
    pub(crate) fn send(
        &self,
        delivered: &Delivered,
        files: Vec<(LiveFile, RawFd)>,
    ) -> Result<(), Diagnostic> {
        let (files, descriptors): (Vec<_>, Vec<_>) = files.into_iter().unzip();
        socket::send(&self.socket, &(delivered, files), &descriptors).map_err(ended)
    }
}

fn ended(error: Errno) -> Diagnostic {
    let what =
        "the watcher of --watch, which ended early (look at the limits of processes and memory)";
    refused(what, "send", error)
}
