//! The words of a problem: what is wrong, and what to do about it.

use super::problem::{Ceiling, Lack, PartAbsence, Problem};
use super::{Provenance, Requester, Withheld};
use crate::json;
use crate::parameter::{Field, ValueRef};
use crate::variable::{Glob, VariableName};
use std::fmt;

/// As many members of a JSON object as a message lists.
const LISTED_MEMBERS: usize = 10;

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { param, requester } => {
                write!(f, "{param} (for {requester}) does not exist")
            }
            Self::NothingBelow { prefix } => match prefix.label() {
                Some(label) => write!(
                    f,
                    "no parameter below the prefix {} has the label `{label}`",
                    prefix.path()
                ),
                None => write!(f, "there is nothing below the prefix {prefix}"),
            },
            Self::NothingAdmitted {
                source,
                only,
                meant,
            } => {
                let patterns: Vec<&str> = only.iter().map(|glob| glob.value.as_str()).collect();
                let origin = only.first().map(|glob| &glob.origin);
                let origin = origin.map_or(String::new(), |origin| format!("{origin}: "));
                let (verb, advice) = match patterns.as_slice() {
                    [_, _, ..] => ("match", "Correct the patterns: they are"),
                    _ => ("matches", "Correct the pattern: it is"),
                };
                write!(
                    f,
                    "{origin}`{}` {verb} no variable of {source}, so none would be set from it. {advice} matched against the name of the variable, not the path",
                    patterns.join("`, `")
                )?;
                let meant: Vec<&str> = meant.iter().map(Glob::as_str).collect();
                match meant.as_slice() {
                    [] => Ok(()),
                    meant => write!(f, "; did you mean `{}`?", meant.join("`, `")),
                }
            }
            Self::Warning(notice) => write!(f, "{notice} (an error because of --strict)"),
            Self::Required { name, lack } => {
                write!(
                    f,
                    "{name} is required and {lack} in the final environment. "
                )?;
                match lack {
                    Lack::OtherCase(set) => write!(f, "{set} is set: write `{set}` in `require`"),
                    Lack::Unset | Lack::Empty => f.write_str("Set it, or correct `require`"),
                }
            }
            Self::ComposePartUnset { name, part, reason } => {
                write!(f, "{name} cannot be composed, since {part} ")?;
                match reason {
                    PartAbsence::NotSet => {
                        f.write_str("is not set by any source. Set it, or correct `[compose]`")
                    }
                    PartAbsence::File => f.write_str(
                        "is a file, and the path of a file is not known before the start. Take the value as a variable with `[keys]`",
                    ),
                    PartAbsence::Renamed { from } => write!(
                        f,
                        "is the name that {from} gets by `[rename]`, after variables are composed. Write `${{{from}}}`"
                    ),
                    PartAbsence::Withheld(Withheld::Pristine) => write!(
                        f,
                        "is set, but `--pristine` leaves it out. Add `--keep {part}`"
                    ),
                    PartAbsence::Withheld(Withheld::Credential) => f.write_str(
                        "is set, but `--drop-aws-credentials` leaves it out. Correct `[compose]`, or run without `--drop-aws-credentials`",
                    ),
                }
            }
            Self::ComposePartNotText { name, part } => write!(
                f,
                "{name} cannot be composed, since the value of {part} is not UTF-8, which the filter `json` needs. Use the filter `base64`, or correct the value"
            ),
            Self::SkippedReference { name } => write!(
                f,
                "{name} holds an ssm:// reference that `--skip` leaves unresolved, and the command must not get its text. Give it `?default=TEXT` or `?optional`, or unset it"
            ),
            Self::Collision { name, params } => {
                let params: Vec<String> = params.iter().map(ToString::to_string).collect();
                let (first, other) = match params.as_slice() {
                    [first, other, ..] => (first.as_str(), other.as_str()),
                    _ => ("PARAM", "PARAM"),
                };
                let all = if params.len() == 2 { "both" } else { "all" };
                write!(
                    f,
                    "{} {all} become the variable {name}. Choose one of them with `--key {name}={first}`. If you need another one too, give it a name of its own: `--key NAME={other}`",
                    params.join(" and "),
                )
            }
            Self::RenameCollision { from, to, other } => write!(
                f,
                "[rename] gives {from} the name {to}, but {to} is already set from {other}. Choose another name, or exclude one of them with `--exclude`"
            ),
            Self::Digit { param, name } => write!(
                f,
                "{param} would become the variable `{name}`, which begins with a digit. Prefix the name with `--name-prefix TEXT`, or leave it out with `--exclude '{name}'`"
            ),
            Self::Refused {
                name,
                param,
                reason,
            } => write!(
                f,
                "{param} would set {name}, which {reason}, so no prefix or JSON object may set it. If you want it, use `--allow {name}`, otherwise `--exclude {name}`"
            ),
            Self::Nul { name, provenance } => {
                let source = source(provenance);
                write!(
                    f,
                    "the value of {name}{source} contains a NUL byte, which a variable cannot contain"
                )?;
                as_file(f, name, provenance)
            }
            Self::Json {
                param,
                requester,
                problem,
            } => json_problem(f, param, requester, problem),
            Self::Contract {
                name,
                provenance,
                violation,
            } => {
                let source = provenance.as_ref().map_or(String::new(), source);
                write!(
                    f,
                    "{name}{source} breaks the contract: it {violation}. Correct the value, or the rule in `[contract]`"
                )
            }
            Self::Base64 { name, param } => {
                write!(
                    f,
                    "the value of {param} (for {name}) is not Base64. Correct it, or remove `--base64`"
                )
            }
            Self::TooLong {
                name,
                provenance,
                limit,
            } => {
                let source = source(provenance);
                write!(
                    f,
                    "{name}{source} is longer than the {limit} bytes that the kernel allows for one variable"
                )?;
                as_file(f, name, provenance)
            }
            Self::ArgumentTooLong { number, limit } => write!(
                f,
                "argument {number} of the command is longer than the {limit} bytes that the kernel allows for one argument. Pass the text in a file or on stdin"
            ),
            Self::TooMuch {
                total,
                ceiling,
                largest,
            } => {
                let (allows, remedy) = match ceiling {
                    Ceiling::Stack(limit) => (
                        format!("allows {limit} with this stack limit"),
                        "raise the limit with `ulimit -s`",
                    ),
                    Ceiling::Kernel(limit) => (
                        format!("allows at most {limit}, with any stack limit"),
                        "shorten the arguments of the command",
                    ),
                };
                write!(
                    f,
                    "the environment and the arguments would be {total} bytes, and the kernel {allows}. "
                )?;
                match largest.as_slice() {
                    [] => write!(f, "Pass long arguments in a file or on stdin, or {remedy}"),
                    largest => {
                        let largest: Vec<&str> = largest.iter().map(VariableName::as_str).collect();
                        write!(
                            f,
                            "The largest variables are {}. Pass them as files with `--file`, or {remedy}",
                            largest.join(", ")
                        )
                    }
                }
            }
        }
    }
}

/// `, from PARAM,` where a parameter is the source.
fn source(provenance: &Provenance) -> String {
    provenance
        .param()
        .map(|param| format!(", from {param},"))
        .unwrap_or_default()
}

/// What a parameter's value can be instead of a variable.
fn as_file(
    f: &mut fmt::Formatter<'_>,
    name: &VariableName,
    provenance: &Provenance,
) -> fmt::Result {
    match provenance.param() {
        Some(param) => write!(f, ". Pass it as a file with `--file {name}={param}`"),
        None => Ok(()),
    }
}

fn json_problem(
    f: &mut fmt::Formatter<'_>,
    param: &ValueRef,
    requester: &Requester,
    problem: &json::Problem,
) -> fmt::Result {
    match problem {
        json::Problem::Syntax { line, column } => {
            write!(
                f,
                "{param} (for {requester}) is not valid JSON at line {line}, column {column}. Store JSON"
            )?;
            match (&param.field, requester) {
                (Some(_), Requester::Variable(name) | Requester::Reference(name)) => write!(
                    f,
                    ", or use the whole value: `--key {name}={}`",
                    param.parameter
                ),
                _ => Ok(()),
            }
        }
        json::Problem::NotAnObject => {
            write!(
                f,
                "{param} (for {requester}) is not a JSON object. Store an object, or use the value as it is: `--key NAME={param}`"
            )
        }
        json::Problem::NotText => write!(
            f,
            "{param} (for {requester}) contains a string that is not valid Unicode (half a surrogate pair)"
        ),
        json::Problem::Null => write!(
            f,
            "{} (for {requester}) exists, but `{}` in its JSON is null. Store a value there, or correct what follows the `#`",
            param.parameter,
            param
                .field
                .iter()
                .map(ToString::to_string)
                .collect::<String>()
        ),
        json::Problem::Absent { members } => {
            let member = param.field.as_ref().map(Field::last);
            write!(
                f,
                "{} (for {requester}) exists, but its JSON has no member `{}`",
                param.parameter,
                member.unwrap_or_default()
            )?;
            match members.as_slice() {
                [] => {}
                members if members.len() > LISTED_MEMBERS => {
                    let listed = members[..LISTED_MEMBERS].join(", ");
                    match members.len() - LISTED_MEMBERS {
                        1 => write!(f, " ({listed} and 1 other)")?,
                        others => write!(f, " ({listed} and {others} others)")?,
                    }
                }
                members => write!(f, " (it has {})", members.join(", "))?,
            }
            f.write_str(". Correct what follows the `#`")
        }
    }
}
