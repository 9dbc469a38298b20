//! What keeps an environment from being made. Holds names and reasons, never a value.

use crate::json;
use crate::status::Status;
use crate::variable::VariableName;
use std::fmt::{self, Write};

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
}

/// A mistake in the configuration outweighs a missing parameter, which outweighs a bad value.
pub fn status(problems: &[Problem]) -> Status {
    let of = |problem: &Problem| match problem {
        Problem::Collision { .. }
        | Problem::Digit { .. }
        | Problem::Refused { .. }
        | Problem::SkippedReference { .. } => (0, Status::Config),
        Problem::Missing { .. }
        | Problem::NothingBelow { .. }
        | Problem::Required { .. }
        | Problem::ComposedOfNothing { .. } => (1, Status::Missing),
        Problem::Nul { .. }
        | Problem::Json { .. }
        | Problem::Base64 { .. }
        | Problem::TooLong { .. }
        | Problem::TooMuch { .. } => (2, Status::Unusable),
    };
    problems
        .iter()
        .map(of)
        .min_by_key(|(rank, _)| *rank)
        .map_or(Status::Internal, |(_, status)| status)
}

/// Missing parameters are told together, since they are mended together; the rest one by one.
pub fn describe(problems: &[Problem], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let missing: Vec<String> = problems
        .iter()
        .filter_map(|problem| match problem {
            Problem::Missing { param, name } if name.as_str() == "--json" => {
                Some(format!("{param} (for --json)"))
            }
            Problem::Missing { param, name } => Some(format!("{param} (for {name})")),
            _ => None,
        })
        .collect();
    let mut separator = "";
    if !missing.is_empty() {
        let (what, remedy) = if missing.len() == 1 {
            (
                "1 parameter doesn't exist".to_owned(),
                "create it, correct its name, the account or the region, or make it optional",
            )
        } else {
            (
                format!("{} parameters don't exist", missing.len()),
                "create them, correct the names, the account or the region, or make them optional",
            )
        };
        write!(
            f,
            "{what}: {}; {remedy} with `--optional-key`",
            missing.join(", ")
        )?;
        separator = "; ";
    }
    for problem in problems
        .iter()
        .filter(|problem| !matches!(problem, Problem::Missing { .. }))
    {
        write!(f, "{separator}{problem}")?;
        separator = "; ";
    }
    Ok(())
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Missing { param, name } => write!(f, "{param} (for {name}) doesn't exist"),
            Problem::NothingBelow { prefix } => write!(
                f,
                "there is nothing below the prefix {prefix}: check the path, the account and the region (a parameter of exactly that name doesn't count: `--key` takes one), or mark the prefix `optional` in ssm-exec.toml"
            ),
            Problem::Required { name, empty } => {
                let state = if *empty { "is empty" } else { "is not set" };
                write!(f, "{name} is required and {state} in the final environment")
            }
            Problem::ComposedOfNothing { name, part } => {
                write!(
                    f,
                    "{name} can't be composed, since {part} is not set by any source"
                )
            }
            Problem::SkippedReference { name } => write!(
                f,
                "{name} holds an ssm:// reference that `--skip` leaves unresolved, and the command must not get its text: give it `?default=TEXT` or `?optional`, or unset it"
            ),
            Problem::Collision {
                name,
                params: [one, other],
            } => write!(
                f,
                "{one} and {other} both become the variable {name}; rename one, exclude one, or fetch it with `--key NAME=PARAM`"
            ),
            Problem::Digit { param, name } => write!(
                f,
                "{param} would become the variable `{name}`, which begins with a digit; put something before it with `--name-prefix TEXT`, or leave it out with `--exclude '{name}'`"
            ),
            Problem::Refused {
                name,
                param,
                reason,
            } => write!(
                f,
                "{param} would set {name}, which {reason}, so that no prefix or JSON object may set it; if that is meant, `--allow {name}`, else `--exclude {name}`"
            ),
            Problem::Nul { name, param } => write!(
                f,
                "the value of {param} has a NUL byte in it, which no environment can hold; take it as a file with `--file {name}={param}`"
            ),
            Problem::Json { param, problem } => {
                write!(f, "{param} ")?;
                match problem {
                    json::Problem::Syntax { line, column } => {
                        write!(f, "isn't valid JSON at line {line}, column {column}")
                    }
                    json::Problem::NotAnObject => f.write_str("isn't a JSON object"),
                    json::Problem::Absent => f.write_str("has no such member"),
                    json::Problem::NotText => f.write_str(
                        "has a string in it that is no valid text (half a surrogate pair)",
                    ),
                }
            }
            Problem::Base64 { name, param } => {
                write!(f, "the value of {param} (for {name}) isn't base64")
            }
            Problem::TooLong { name, param, limit } => write!(
                f,
                "{name}, from {param}, is longer than the {limit} bytes that the kernel takes for one variable; take it as a file with `--file {name}={param}`"
            ),
            Problem::TooMuch {
                total,
                limit,
                largest,
            } => {
                write!(
                    f,
                    "the environment would be {total} bytes, and the kernel takes {limit} with this stack limit; the largest variables are "
                )?;
                let mut names = largest.iter();
                if let Some(first) = names.next() {
                    f.write_str(first.as_str())?;
                }
                names.try_for_each(|name| write!(f, ", {name}"))?;
                f.write_char(';')?;
                f.write_str(
                    " take them as files with `--file`, or raise the limit with `ulimit -s`",
                )
            }
        }
    }
}
