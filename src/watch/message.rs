//! What the processes of a watcher tell each other, as JSON. Nothing here is a value.

use serde::{Deserialize, Serialize};
use ssm_exec_core::contents::Contents;
use ssm_exec_core::revision::Revisions;

/// What the command has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Delivered {
    pub(crate) contents: Contents,
    pub(crate) revisions: Revisions,
}

/// An in-memory file that is written again while the command runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LiveFile {
    pub(crate) name: String,
    /// The path that the command has.
    pub(crate) path: String,
}

/// What tells one failure from another. The process that has failed writes the message.
pub(crate) type FailureId = u64;

/// The result of a poll.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Poll {
    /// The revisions are those that the command was given.
    Unchanged,
    /// These are others.
    Changed(Revisions),
    /// It could not be found out. `None` where nobody is told.
    Failed(Option<FailureId>),
}

/// The result of a rehearsal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Rehearsal {
    /// The command has what a new start would give it.
    Same(Delivered),
    /// A new start would give it this, which must be found once more.
    Unsettled(Contents),
    /// A new start would give it something else.
    Changed {
        delivered: Delivered,
        changes: String,
        /// Whether in-memory files are written while the command runs. It is said before it is done.
        live: bool,
    },
    /// A new start would fail, or take something away.
    Broken(FailureId),
    /// It could not be found out. `None` where nobody is told.
    Failed(Option<FailureId>),
}
