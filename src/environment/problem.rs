//! What keeps an environment from being made. Holds names and reasons, never a value.

#![forbid(unsafe_code)]

use crate::json;
use crate::variable::VariableName;

/// One thing that is wrong. All of them are found before any is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// A parameter that isn't there.
    Missing {
        /// The parameter, with its selector and field.
        param: String,
        /// The variable that wants it.
        name: VariableName,
    },
    /// A prefix with nothing below it.
    NothingBelow {
        /// The prefix.
        prefix: String,
    },
    /// A required variable that is unset or empty.
    Required {
        /// The variable.
        name: VariableName,
        /// Whether it is set, to nothing.
        empty: bool,
    },
    /// A template whose variable isn't there.
    ComposedOfNothing {
        /// The composed variable.
        name: VariableName,
        /// What it is made of, and isn't there.
        part: String,
    },
    /// A reference that nobody may resolve, because of `--skip`.
    SkippedReference {
        /// The variable that holds it.
        name: VariableName,
    },
    /// Two parameters of one source for one variable.
    Collision {
        /// The variable.
        name: VariableName,
        /// Both parameters.
        params: [String; 2],
    },
    /// A path that makes a name with a digit at its front.
    Digit {
        /// The parameter.
        param: String,
        /// The name that it would make.
        name: String,
    },
    /// A name that steers a loader, a shell, a runtime.
    Refused {
        /// The variable.
        name: VariableName,
        /// The parameter.
        param: String,
        /// What the variable does.
        reason: &'static str,
    },
    /// A value that no environment can hold.
    Nul {
        /// The variable.
        name: VariableName,
        /// The parameter.
        param: String,
    },
    /// A value that isn't the JSON that was asked for.
    Json {
        /// The parameter.
        param: String,
        /// Why not.
        problem: json::Problem,
    },
    /// A value that isn't base64.
    Base64 {
        /// The variable.
        name: VariableName,
        /// The parameter.
        param: String,
    },
    /// One entry that is longer than the kernel takes.
    TooLong {
        /// The variable.
        name: VariableName,
        /// The parameter, if it came from one.
        param: String,
        /// The longest that the kernel takes, in bytes, `NAME=` included.
        limit: usize,
    },
    /// More in all than the kernel takes.
    TooMuch {
        /// How much it is, in bytes.
        total: usize,
        /// How much the kernel takes, in bytes.
        limit: usize,
        /// The largest variables.
        largest: Vec<VariableName>,
    },
    /// The kernel took less than it promises.
    KernelRefused,
}
