//! Every way to fail before `execve`: the sum of what the rooms report, with its exit status.

use crate::aws::FetchError;
use crate::exec::CommandError;
use ssm_exec_core::config::ConfigError;
use ssm_exec_core::environment::problem::{self, Problem};
use ssm_exec_core::status::Status;
use std::fmt;

/// Why the command was not started.
#[derive(Debug, Clone, PartialEq)]
pub enum Error {
    /// The command line.
    Usage(String),
    /// A setting of the command line, a variable or the file.
    Config(ConfigError),
    /// The environment cannot be built from what was fetched.
    Environment(Vec<Problem>),
    /// The parameters cannot be fetched.
    Fetch(FetchError),
    /// The command cannot be executed.
    Command(CommandError),
    /// Stdout cannot be written to.
    Output {
        /// The system's reason.
        reason: String,
    },
}

impl Error {
    /// The status that the process ends with.
    #[must_use]
    pub fn status(&self) -> Status {
        match self {
            Self::Usage(_) => Status::Usage,
            Self::Config(error) => error.status(),
            Self::Environment(problems) => problem::status(problems),
            Self::Fetch(error) => error.status(),
            Self::Command(error) => error.status(),
            Self::Output { .. } => Status::System,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(text) => f.write_str(text),
            Self::Config(error) => error.fmt(f),
            Self::Environment(problems) => problem::describe(problems, f),
            Self::Fetch(error) => error.fmt(f),
            Self::Command(error) => error.fmt(f),
            Self::Output { reason } => write!(f, "cannot write to stdout: {reason}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl From<FetchError> for Error {
    fn from(error: FetchError) -> Self {
        Self::Fetch(error)
    }
}

impl From<CommandError> for Error {
    fn from(error: CommandError) -> Self {
        Self::Command(error)
    }
}

#[cfg(test)]
mod tests;
