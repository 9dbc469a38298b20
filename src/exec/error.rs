//! Why a command can't be executed, in a shell's statuses.

use ssm_exec_core::code::Code;
use ssm_exec_core::status::Status;
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
    /// The kernel refused the size of arguments and environment (`E2BIG`).
    TooLarge,
    /// The system refused something that the start needs.
    System {
        /// What was refused.
        what: String,
        /// The system's reason.
        reason: String,
    },
    /// Started with more privileges than the caller has.
    RaisedPrivileges,
}

impl CommandError {
    /// The status that the process ends with.
    #[must_use]
    pub fn status(&self) -> Status {
        match self {
            Self::NotFound { .. } | Self::NoInterpreter { .. } => Status::NotFound,
            Self::NotExecutable { .. } => Status::NotExecutable,
            Self::Nul | Self::RaisedPrivileges => Status::Config,
            Self::TooLarge => Status::Unusable,
            Self::System { .. } => Status::System,
        }
    }
}

impl CommandError {
    /// The code for machines.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::NotFound { .. } | Self::NoInterpreter { .. } => Code::CommandNotFound,
            Self::NotExecutable { .. } => Code::CommandNotExecutable,
            Self::Nul | Self::RaisedPrivileges => Code::InvalidCommand,
            Self::TooLarge => Code::TooLarge,
            Self::System { .. } => Code::System,
        }
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound { command, searched: true } => write!(
                f,
                "the command `{}` is not in PATH; nothing was fetched",
                command.display()
            ),
            Self::NotFound { command, searched: false } => {
                write!(f, "there is no command `{}`; nothing was fetched", command.display())
            }
            Self::NotExecutable { path, reason } => {
                write!(f, "the command {} cannot be executed: {reason}", path.display())
            }
            Self::NoInterpreter { path } => write!(
                f,
                "the command {} is there, but what runs it is not: the interpreter after its `#!` (look for a carriage return at the end of that line), or the loader that the binary was linked for",
                path.display()
            ),
            Self::TooLarge => f.write_str(
                "the kernel finds the environment and the arguments too large together (E2BIG); take large values as files with `--file`",
            ),
            Self::System { what, reason } => write!(f, "the system refused {what}: {reason}"),
            Self::RaisedPrivileges => f.write_str(
                "ssm-exec was started with more privileges than its caller has (set-user-ID, set-group-ID or file capabilities); the caller's environment would decide what runs with them, so it refuses: take those bits off the file",
            ),
            Self::Nul => f.write_str("the command or one of its arguments has a NUL byte in it, which no program can be given"),
        }
    }
}
