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
        /// The path as messages have it.
        shown: String,
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

    /// Whether what was given here is of a stronger level than what was given there.
    pub fn overrides(&self, other: &Self) -> bool {
        let strength = |origin: &Self| match origin {
            Self::Flag(_) => 4,
            Self::Variable(_) => 3,
            Self::File { key, .. } if key.starts_with("stage.") => 2,
            Self::File { .. } => 1,
            Self::Default => 0,
        };
        strength(self) > strength(other)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => f.write_str(flag),
            Self::Variable(name) => f.write_str(name),
            Self::File { shown, line, key, .. } => write!(f, "{shown}, line {line}, `{key}`"),
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
