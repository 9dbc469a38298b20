//! The command line. What its settings mean is decided in `ssm_exec_core::config`.

mod complete;
mod definition;
mod generate;
pub(crate) mod hints;
mod line;
mod schema;

pub(crate) use complete::candidates;
pub(crate) use line::{CommandLine, read};

use ssm_exec_core::config::setting::Subcommand;
use std::ffi::OsString;

ssm_exec_core::choice! {
    /// What `completions` prints.
    enum Document {
        Bash = "bash",
        Zsh = "zsh",
        Fish = "fish",
        Man = "man",
        /// The JSON Schema of ssm-exec.toml.
        Schema = "schema",
    }
}

/// What the command line asks for.
#[derive(Debug)]
pub(crate) enum Action {
    /// Read the configuration, and do this for a command: the configuration's if there are no words.
    Run(Task, Words),
    /// Print what can follow these words of an unfinished line.
    Complete(Vec<OsString>),
    Print(Vec<u8>),
}

/// What is done with a configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    Launch,
    /// Report; the command counts for the size of the environment.
    Check,
    Policy,
    /// Write a configuration file to begin with.
    Init,
}

/// The command to start and its arguments.
#[derive(Debug, Clone)]
pub(crate) enum Words {
    /// The first one can be meant as a subcommand, or as a value of the option before it.
    Bare {
        words: Vec<OsString>,
        /// That option, and the value that it has.
        after: Option<(&'static str, String)>,
    },
    /// They follow `--`, after which there are no subcommands.
    Separated(Vec<OsString>),
}

impl Words {
    /// All of them.
    pub(crate) fn all(&self) -> &[OsString] {
        match self {
            Self::Bare { words, .. } | Self::Separated(words) => words,
        }
    }
}
