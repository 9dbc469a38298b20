//! Every way to fail before `execve`, its exit status and its words. Holds names, places and reasons;
//! never a value, and no type of the AWS SDK.

#![forbid(unsafe_code)]

mod command;
mod config;
mod denial;
mod fetch;
mod problems;
mod source;

pub use command::CommandError;
pub use config::ConfigError;
pub use denial::Denial;
pub use fetch::{FetchError, Weather};
pub use source::CredentialSource;

use crate::environment::problem::Problem;
use std::fmt;

/// Why the command was not started.
#[derive(Debug, Clone, PartialEq)]
pub enum Error {
    /// The command line.
    Usage(String),
    /// The file, a variable, what they ask for.
    Config(ConfigError),
    /// The environment can't be made from what there is.
    Environment(Vec<Problem>),
    /// The parameters can't be fetched.
    Fetch(FetchError),
    /// The command can't be executed.
    Command(CommandError),
    /// A bug in ssm-exec.
    Internal(String),
}

/// One problem by itself, as a sentence.
#[must_use]
pub fn problem_sentence(problem: &Problem) -> String {
    problems::Sentence(problem).to_string()
}

/// An exit status of sysexits(3) or of the shells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status(pub u8);

impl Status {
    /// `EX_USAGE`
    pub const USAGE: Self = Self(64);
    /// `EX_DATAERR`
    pub const UNUSABLE: Self = Self(65);
    /// `EX_NOINPUT`
    pub const MISSING: Self = Self(66);
    /// `EX_SOFTWARE`
    pub const INTERNAL: Self = Self(70);
    /// `EX_TEMPFAIL`
    pub const TRY_LATER: Self = Self(75);
    /// `EX_NOPERM`
    pub const DENIED: Self = Self(77);
    /// `EX_CONFIG`
    pub const CONFIG: Self = Self(78);
    /// The command can't be executed.
    pub const NOT_EXECUTABLE: Self = Self(126);
    /// The command isn't found.
    pub const NOT_FOUND: Self = Self(127);

    /// The stable word for `--log-format json`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::USAGE => "usage",
            Self::UNUSABLE => "unusable",
            Self::MISSING => "missing",
            Self::TRY_LATER => "try-later",
            Self::DENIED => "denied",
            Self::CONFIG => "config",
            Self::NOT_EXECUTABLE => "not-executable",
            Self::NOT_FOUND => "not-found",
            _ => "internal",
        }
    }
}

impl Error {
    /// The status that the process ends with.
    #[must_use]
    pub fn status(&self) -> Status {
        match self {
            Self::Usage(_) => Status::USAGE,
            Self::Config(_) => Status::CONFIG,
            Self::Environment(problems) => problems::status(problems),
            Self::Fetch(error) => error.status(),
            Self::Command(error) => error.status(),
            Self::Internal(_) => Status::INTERNAL,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(text) => f.write_str(text),
            Self::Config(error) => error.fmt(f),
            Self::Environment(problems) => problems::describe(problems, f),
            Self::Fetch(error) => error.fmt(f),
            Self::Command(error) => error.fmt(f),
            Self::Internal(text) => {
                write!(f, "this is a bug in ssm-exec, please report it: {text}")
            }
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
