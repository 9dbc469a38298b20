//! The words for what keeps an environment from being made: all of it in one paragraph.

use super::Status;
use crate::environment::problem::Problem;
use crate::json;
use std::fmt::{self, Write};

/// A mistake in the configuration outweighs a missing parameter, which outweighs a bad value.
pub(super) fn status(problems: &[Problem]) -> Status {
    let of = |problem: &Problem| match problem {
        Problem::Collision { .. }
        | Problem::Digit { .. }
        | Problem::Refused { .. }
        | Problem::SkippedReference { .. } => (0, Status::CONFIG),
        Problem::Missing { .. }
        | Problem::NothingBelow { .. }
        | Problem::Required { .. }
        | Problem::ComposedOfNothing { .. } => (1, Status::MISSING),
        Problem::Nul { .. }
        | Problem::Json { .. }
        | Problem::Base64 { .. }
        | Problem::TooLong { .. }
        | Problem::TooMuch { .. }
        | Problem::KernelRefused => (2, Status::UNUSABLE),
    };
    problems
        .iter()
        .map(of)
        .min_by_key(|(rank, _)| *rank)
        .map_or(Status::INTERNAL, |(_, status)| status)
}

/// Missing parameters are told together, since they are mended together; the rest one by one.
pub(super) fn describe(problems: &[Problem], f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
        let (what, mending) = if missing.len() == 1 {
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
            "{what}: {}; {mending} with `--optional-key`",
            missing.join(", ")
        )?;
        separator = "; ";
    }
    for problem in problems
        .iter()
        .filter(|problem| !matches!(problem, Problem::Missing { .. }))
    {
        write!(f, "{separator}{}", Sentence(problem))?;
        separator = "; ";
    }
    Ok(())
}

/// One problem by itself.
pub(crate) struct Sentence<'a>(pub(crate) &'a Problem);

impl fmt::Display for Sentence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
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
                write!(f, "{name} can't be composed, since {part} is not set by any source")
            }
            Problem::SkippedReference { name } => write!(
                f,
                "{name} holds an ssm:// reference that `--skip` leaves unresolved, and the command must not get its text: give it `?default=TEXT` or `?optional`, or unset it"
            ),
            Problem::Collision { name, params: [one, other] } => write!(
                f,
                "{one} and {other} both become the variable {name}; rename one, exclude one, or fetch it with `--key NAME=PARAM`"
            ),
            Problem::Digit { param, name } => write!(
                f,
                "{param} would become the variable `{name}`, which begins with a digit; put something before it with `--name-prefix TEXT`, or leave it out with `--exclude '{name}'`"
            ),
            Problem::Refused { name, param, reason } => write!(
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
                    json::Problem::NotText => f.write_str("has a string in it that is no valid text (half a surrogate pair)"),
                }
            }
            Problem::Base64 { name, param } => {
                write!(f, "the value of {param} (for {name}) isn't base64")
            }
            Problem::TooLong { name, param, limit } => write!(
                f,
                "{name}, from {param}, is longer than the {limit} bytes that the kernel takes for one variable; take it as a file with `--file {name}={param}`"
            ),
            Problem::KernelRefused => f.write_str(
                "the kernel finds the environment and the arguments too large together (E2BIG); take large values as files with `--file`",
            ),
            Problem::TooMuch { total, limit, largest } => {
                write!(f, "the environment would be {total} bytes, and the kernel takes {limit} with this stack limit; the largest variables are ")?;
                let mut names = largest.iter();
                if let Some(first) = names.next() {
                    f.write_str(first.as_str())?;
                }
                names.try_for_each(|name| write!(f, ", {name}"))?;
                f.write_char(';')?;
                f.write_str(" take them as files with `--file`, or raise the limit with `ulimit -s`")
            }
        }
    }
}
