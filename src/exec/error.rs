//! Why a command can't be executed, in a shell's statuses.

use ssm_exec_core::code::Code;
use ssm_exec_core::status::Status;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

/// Where a command was looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Searched {
    /// In the directories of PATH.
    Path(OsString),
    /// At the path that was given, from this working directory.
    From(Option<PathBuf>),
}

/// What to correct about a command that was not found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Correction {
    /// Its name.
    Name,
    /// It is several words in one: how it is written as words.
    Words(String),
    /// The handler of a function on Lambda.
    Handler,
}

/// Why the command can't be executed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandError {
    /// No such file, or no such name in PATH.
    NotFound {
        /// As it was given.
        command: OsString,
        /// Where it was looked for.
        searched: Searched,
        /// What to correct.
        correction: Correction,
    },
    /// There before the fetch, and no longer.
    Removed {
        /// The file.
        path: PathBuf,
    },
    /// There, and can't be executed.
    NotExecutable {
        /// The file.
        path: PathBuf,
        /// Why not, as the rest of a sentence.
        reason: String,
    },
    /// The file exists, but its interpreter or dynamic loader does not.
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
            Self::NotFound { .. } | Self::Removed { .. } | Self::NoInterpreter { .. } => {
                Status::NotFound
            }
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
            Self::NotFound { .. } | Self::Removed { .. } | Self::NoInterpreter { .. } => {
                Code::CommandNotFound
            }
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
            Self::NotFound {
                command,
                searched,
                correction,
            } => {
                write_searched(f, command, searched)?;
                f.write_str(". ")?;
                write_correction(f, command, searched, correction)
            }
            Self::Removed { path } => write!(
                f,
                "the command {} was removed while the parameters were fetched",
                path.display()
            ),
            Self::NotExecutable { path, reason } => {
                write!(f, "the command {} cannot be executed: {reason}", path.display())
            }
            Self::NoInterpreter { path } => write!(
                f,
                "the command {} exists, but its interpreter or dynamic loader does not. In a script, look for a carriage return at the end of the `#!` line. A binary needs the C library that it was linked for, such as glibc or musl",
                path.display()
            ),
            Self::TooLarge => f.write_str(
                "the arguments and the environment together are larger than the kernel allows (E2BIG). Pass large values as files with `--file`",
            ),
            Self::System { what, reason } => write!(f, "the system refused {what}: {reason}"),
            Self::RaisedPrivileges => f.write_str(
                "ssm-exec was started with more privileges than its caller has (set-user-ID, set-group-ID or file capabilities). The caller's environment would decide what runs with them. Remove these bits or capabilities from the file",
            ),
            Self::Nul => f.write_str("the command or one of its arguments contains a NUL byte, which cannot be passed to a program"),
        }
    }
}

fn write_searched(f: &mut fmt::Formatter<'_>, command: &OsStr, searched: &Searched) -> fmt::Result {
    let command = command.display();
    match searched {
        Searched::Path(path) => {
            write!(
                f,
                "the command `{command}` is not in PATH ({})",
                path.display()
            )
        }
        Searched::From(None) => write!(f, "there is no command `{command}`"),
        Searched::From(Some(directory)) => {
            write!(
                f,
                "there is no command `{command}` in {}",
                directory.display()
            )
        }
    }
}

fn write_correction(
    f: &mut fmt::Formatter<'_>,
    command: &OsStr,
    searched: &Searched,
    correction: &Correction,
) -> fmt::Result {
    match (correction, searched) {
        (Correction::Name, Searched::Path(_)) => f.write_str("Correct its name or PATH"),
        (Correction::Name, Searched::From(_)) => {
            let parent = Path::new(command).parent();
            let parent = parent.filter(|parent| !parent.as_os_str().is_empty());
            let directory = parent.unwrap_or(Path::new("."));
            write!(f, "Correct its path: `ls -l {}`", directory.display())
        }
        (Correction::Words(words), _) => write!(
            f,
            "It has white space in it. If it is more than one word, write them separately: `{words}`"
        ),
        (Correction::Handler, _) => f.write_str(
            "It is the handler of the function (`_HANDLER`), which must be the name of the program in the deployment package",
        ),
    }
}
