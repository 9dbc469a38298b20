//! The watcher: a small process beside the command, not above it, that sends a signal when parameters
//! have changed. Linux only.
//!
//! It is forked twice before the first secret is fetched, so its memory never holds one. What it has to
//! know about the start comes through a socket that closes on `execve`: names, versions and a keyed
//! digest. Everything that touches a value happens in short-lived forks of it.

#[cfg(target_os = "linux")]
mod command;
#[cfg(target_os = "linux")]
mod detach;
#[cfg(target_os = "linux")]
mod fork;
#[cfg(target_os = "linux")]
mod handover;
mod message;
mod schedule;
#[cfg(target_os = "linux")]
mod title;
#[cfg(target_os = "linux")]
mod watcher;

pub(crate) use message::{Delivered, Poll, Rehearsal};

use crate::exec::refused;
use nix::errno::Errno;
use rustls::crypto::ring;
use ssm_exec_core::config::Watch;
use ssm_exec_core::diagnostic::Diagnostic;
use ssm_exec_core::digest::BLOCK;

#[cfg(target_os = "linux")]
pub(crate) use handover::Handover;
#[cfg(target_os = "linux")]
use std::os::fd::AsRawFd;

/// The key of the digests. Only one start and its watcher have it.
pub(crate) type Key = [u8; BLOCK];

/// What the watcher does in forks of its own.
pub(crate) trait Work {
    /// Asks for versions and compares them with what was delivered. Failures are logged if `report`.
    fn poll(&self, delivered: &Delivered, report: bool) -> Poll;
    /// Resolves everything as a start would. `settled` is what the polls have seen, if they see all.
    fn rehearse(
        &self,
        delivered: &Delivered,
        settled: Option<&[u8]>,
        reports: Reports,
    ) -> Rehearsal;
}

/// What is worth a message: it has not been reported for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reports {
    /// A failure that may be over at the next attempt.
    pub(crate) failure: bool,
    /// A mistake, with which the command would not start.
    pub(crate) mistake: bool,
}

/// A key that can't be guessed.
///
/// # Errors
/// When the system has no random numbers.
pub(crate) fn new_key() -> Result<Key, Diagnostic> {
    let mut key = [0; BLOCK];
    let random = ring::default_provider().secure_random;
    random
        .fill(&mut key)
        .map_err(|_| refused("random numbers", "getrandom", Errno::EIO))?;
    Ok(key)
}

/// Starts the watcher of this process, which is about to become the command.
///
/// # Errors
/// When the system refuses a process or a descriptor, or doesn't know those of processes.
#[cfg(target_os = "linux")]
pub(crate) fn start(watch: &Watch, work: &impl Work) -> Result<Handover, Diagnostic> {
    let command = command::Running::this_process()?;
    let (handover, received) = handover::channel()?;
    let kept = [
        command.descriptor.as_raw_fd(),
        received.descriptor.as_raw_fd(),
    ];
    // Before the start, so that nothing finds the watcher by the command's arguments.
    let prepare = || title::set(command.process);
    detach::detach(&kept, prepare, || {
        watcher::run(watch, work, &command, received);
    })?;
    Ok(handover)
}

/// Where there is no watcher.
#[cfg(not(target_os = "linux"))]
pub(crate) enum Handover {}

#[cfg(not(target_os = "linux"))]
impl Handover {
    pub(crate) fn send(&self, _delivered: &Delivered) -> Result<(), Diagnostic> {
        match *self {}
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn start(_watch: &Watch, _work: &impl Work) -> Result<Handover, Diagnostic> {
    Err(refused(
        "`--watch`, which needs Linux",
        "pidfd_open",
        Errno::ENOTSUP,
    ))
}
