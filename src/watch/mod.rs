//! The watcher: a small process beside the command, not above it, that sends a signal when parameters
//! have changed. Linux only.
//!
//! It is forked before the first secret is fetched, so its memory never holds one. What it has to know
//! about the start comes through a socket that closes on `execve`: names, versions, keyed digests, and the
//! descriptors of files that are written while the command runs. Everything that touches a value happens in
//! short-lived forks of it.

#[cfg(target_os = "linux")]
mod command;
#[cfg(target_os = "linux")]
mod detach;
#[cfg(target_os = "linux")]
mod fork;
#[cfg(target_os = "linux")]
mod live;
mod message;
mod schedule;
#[cfg(target_os = "linux")]
mod socket;
#[cfg(target_os = "linux")]
mod start;
#[cfg(target_os = "linux")]
mod title;
mod told;
#[cfg(target_os = "linux")]
mod watcher;

pub(crate) use message::{Delivered, LiveFile, Poll, Rehearsal};
pub(crate) use schedule::Settled;
pub(crate) use told::Told;

use crate::exec::refused;
use nix::errno::Errno;
use rustls::crypto::ring;
use ssm_exec_core::contents::Key;
use ssm_exec_core::diagnostic::Diagnostic;
use ssm_exec_core::revision::Revisions;
use std::time::Duration;

#[cfg(target_os = "linux")]
pub(crate) use start::{Handover, start};

/// What the watcher does in forks of its own.
pub(crate) trait ForkedWork: Sync {
    /// How long requests may take.
    fn time_limit(&self) -> Duration;
    /// Asks for versions and compares them with what was delivered.
    fn poll(&self, look: &Look<'_>) -> Poll;
    /// Resolves everything as a start would. Returns the new contents of in-memory files where nothing else
    /// has changed, by the names of their variables.
    fn rehearse(&self, look: &Look<'_>) -> (Rehearsal, Vec<NewContent>);
}

/// The content of an in-memory file, by its variable.
pub(crate) type NewContent = (String, Vec<u8>);

/// What a fork has to know.
pub(crate) struct Look<'a> {
    /// What the command has.
    pub(crate) delivered: &'a Delivered,
    /// What the last poll saw.
    pub(crate) seen: &'a Revisions,
    /// What a rehearsal must find to act on it.
    pub(crate) settled: Settled<'a>,
    /// The failures that need no message.
    pub(crate) failures: &'a Told,
    /// The mistakes that need no message; `None` where none is reported.
    pub(crate) mistakes: Option<&'a Told>,
}

/// A key that can't be guessed.
///
/// # Errors
/// When the system has no random numbers.
pub(crate) fn new_key() -> Result<Key, Diagnostic> {
    let mut key = [0; size_of::<Key>()];
    let random = ring::default_provider().secure_random;
    let filled = random.fill(&mut key);
    filled.map_err(|_| refused("random numbers", "getrandom", Errno::EIO))?;
    Ok(key)
}

/// Where there is no watcher.
#[cfg(not(target_os = "linux"))]
pub(crate) enum Handover {}

#[cfg(not(target_os = "linux"))]
impl Handover {
    pub(crate) fn send<T>(&self, _delivered: &Delivered, _files: Vec<T>) -> Result<(), Diagnostic> {
        match *self {}
    }
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn start(
    _watch: &ssm_exec_core::config::Watch,
    _work: &impl ForkedWork,
) -> Result<Handover, Diagnostic> {
    Err(refused("`--watch`, which needs Linux", "pidfd_open", Errno::ENOSYS))
}
