//! Why a command can't be executed, in a shell's statuses.

use super::Status;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

/// Why the command can't be executed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandError {
    /// No such file, or no such name in PATH.
    NotFound {
        /// As it was given.
        command: OsString,
        /// Whether PATH was searched.
        searched: bool,
    },
    /// There, and can't be executed.
    NotExecutable {
        /// The file.
        path: PathBuf,
        /// Why not, as the rest of a sentence.
        reason: String,
    },
    /// The file is there; what it wants to be run by isn't.
    NoInterpreter {
        /// The file.
        path: PathBuf,
    },
    /// A name or an argument with a NUL byte: only from a configuration file.
    Nul,
}

impl CommandError {
    pub(super) fn status(&self) -> Status {
        match self {
            Self::NotFound { .. } | Self::NoInterpreter { .. } => Status::NOT_FOUND,
            Self::NotExecutable { .. } => Status::NOT_EXECUTABLE,
            Self::Nul => Status::CONFIG,
        }
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound { command, searched: true } => write!(
                f,
                "the command `{}` isn't in PATH; nothing was fetched",
                command.display()
            ),
            Self::NotFound { command, searched: false } => {
                write!(f, "there is no command `{}`; nothing was fetched", command.display())
            }
            Self::NotExecutable { path, reason } => {
                write!(f, "the command {} can't be executed: {reason}", path.display())
            }
            Self::NoInterpreter { path } => write!(
                f,
                "the command {} is there, but what runs it isn't: the interpreter after its `#!` (look for a carriage return at the end of that line), or the loader that the binary was linked for",
                path.display()
            ),
            Self::Nul => f.write_str("the command or one of its arguments has a NUL byte in it, which no program can be given"),
        }
    }
}
