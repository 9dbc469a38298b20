//! Where a setting was given, so that an error can point at it.

use crate::status::Status;
use std::fmt;
use std::path::PathBuf;

/// Where a setting was given, so that an error can point at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// An option of the command line.
    Flag(&'static str),
    Variable(&'static str),
    /// A key of the configuration file.
    File {
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// The key's dotted path.
        key: String,
    },
    /// Nobody gave it.
    Default,
}

impl Origin {
    /// The status of a fault in a setting that was given here.
    pub fn status(&self) -> Status {
        match self {
            Self::Flag(_) => Status::Usage,
            Self::Variable(_) | Self::File { .. } | Self::Default => Status::Config,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => f.write_str(flag),
            Self::Variable(name) => f.write_str(name),
            Self::File { path, line, key } => write!(f, "{}, line {line}, `{key}`", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A setting and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given<T> {
    pub value: T,
    pub origin: Origin,
}

impl<T> Given<T> {
    /// Notes where a setting came from.
    pub fn new(value: T, origin: Origin) -> Self {
        Self { value, origin }
    }
}
