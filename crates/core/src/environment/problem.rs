//! What prevents the environment from being built. Holds names and reasons, never a value.

use super::notice::Notice;
use super::{Provenance, Requester, Source, Withheld};
use crate::code::Code;
use crate::contract::Violation;
use crate::json;
use crate::origin::Given;
use crate::parameter::{Field, Prefix, ValueRef};
use crate::status::Status;
use crate::variable::{Glob, VariableName};
use std::fmt;

/// As many members of a JSON object as a message lists.
const LISTED_MEMBERS: usize = 10;

/// One problem. All of them are found before any is reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// A parameter that does not exist.
    Missing {
        /// The parameter, with its selector and field.
        param: ValueRef,
        /// What it was fetched for.
        requester: Requester,
    },
    /// A prefix with nothing below it.
    NothingBelow {
        /// The prefix.
        prefix: Prefix,
    },
    /// A prefix or a JSON object of which `only` admits nothing.
    NothingAdmitted {
        /// The source.
        source: Source,
        /// The patterns.
        only: Vec<Given<Glob>>,
        /// Those in another case that would admit something.
        meant: Vec<Glob>,
    },
    /// A warning, where warnings are errors.
    Warning(Box<Notice>),
    /// A required variable that is unset or empty.
    Required {
        /// The variable.
        name: VariableName,
        /// How it is lacking.
        lack: Lack,
    },
    /// A template with a variable that is not set.
    ComposePartUnset {
        /// The composed variable.
        name: VariableName,
        /// The part that has no value.
        part: String,
        /// Why it has none.
        reason: PartAbsence,
    },
    /// A template whose filter takes text, and a variable that is none.
    ComposePartNotText {
        /// The composed variable.
        name: VariableName,
        /// The part that is not UTF-8.
        part: String,
    },
    /// A reference that `--skip` leaves unresolved.
    SkippedReference {
        /// The variable that holds it.
        name: VariableName,
    },
    /// Several parameters of one source for one variable.
    Collision {
        /// The variable.
        name: VariableName,
        /// The parameters.
        params: Vec<ValueRef>,
    },
    /// A new name that another source has set.
    RenameCollision {
        /// The old name.
        from: VariableName,
        /// The new name.
        to: VariableName,
        /// What has set it.
        other: Provenance,
    },
    /// A path that makes a name that begins with a digit.
    Digit {
        /// The parameter.
        param: ValueRef,
        /// The name that it would make.
        name: String,
    },
    /// A name that controls a loader, a shell, a runtime.
    Refused {
        /// The variable.
        name: VariableName,
        /// The parameter.
        param: ValueRef,
        /// What the variable does.
        reason: &'static str,
    },
    /// A value that no environment can hold.
    Nul {
        /// The variable.
        name: VariableName,
        /// Where the value comes from.
        provenance: Provenance,
    },
    /// A value that isn't the JSON that the configuration expects.
    Json {
        /// The parameter, with its field.
        param: ValueRef,
        /// What it was fetched for.
        requester: Requester,
        /// Why not.
        problem: json::Problem,
    },
    /// A variable that breaks a rule of the contract.
    Contract {
        /// The variable.
        name: VariableName,
        /// Where the value comes from, if a source set it.
        provenance: Option<Provenance>,
        /// The rule.
        violation: Violation,
    },
    /// A value that isn't base64.
    Base64 {
        /// The variable.
        name: VariableName,
        /// The parameter.
        param: ValueRef,
    },
    /// One entry that is longer than the kernel allows.
    TooLong {
        /// The variable.
        name: VariableName,
        /// Where the value comes from.
        provenance: Provenance,
        /// The longest that the kernel allows, in bytes, `NAME=` included.
        limit: usize,
    },
    /// An argument of the command that is longer than the kernel allows.
    ArgumentTooLong {
        /// Its place after the command's name, counted from 1; 0 is the name.
        number: usize,
        /// The longest that the kernel allows, in bytes.
        limit: usize,
    },
    /// More in all than the kernel allows.
    TooMuch {
        /// The total, in bytes.
        total: usize,
        /// What the kernel allows.
        ceiling: Ceiling,
        /// The largest variables.
        largest: Vec<VariableName>,
    },
}

/// Why a part of a template has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartAbsence {
    /// Nothing sets it.
    NotSet,
    /// It is a file, whose path is not known before the start.
    File,
    /// Another variable gets this name, after variables are composed.
    Renamed {
        /// The name that it has before.
        from: VariableName,
    },
    /// It is set, and the command does not inherit it.
    Withheld(Withheld),
}

/// What the kernel allows in all, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ceiling {
    /// It depends on the limit of the stack, which can be raised.
    Stack(usize),
    /// No limit of the stack raises it.
    Kernel(usize),
}

/// How a required variable is lacking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lack {
    /// It is not set.
    Unset,
    /// It is not set, and this one is, whose name is the same in another case.
    OtherCase(VariableName),
    /// It is set, but empty.
    Empty,
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unset | Self::OtherCase(_) => "is not set",
            Self::Empty => "is empty",
        })
    }
}

impl Problem {
    /// The code for machines.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Missing { .. } => Code::Missing,
            Self::NothingBelow { .. } => Code::NothingBelowPrefix,
            Self::NothingAdmitted { .. } => Code::NothingAdmitted,
            Self::Warning(_) => Code::Warning,
            Self::Required { .. } => Code::Required,
            Self::ComposePartUnset { .. } => Code::ComposePartUnset,
            Self::ComposePartNotText { .. } => Code::ComposePartNotText,
            Self::SkippedReference { .. } => Code::SkippedReference,
            Self::Collision { .. } | Self::RenameCollision { .. } => Code::Collision,
            Self::Digit { .. } => Code::InvalidName,
            Self::Refused { .. } => Code::RefusedName,
            Self::Nul { .. } => Code::Nul,
            Self::Json { .. } => Code::Json,
            Self::Contract {
                violation: Violation::Unset,
                ..
            } => Code::Required,
            Self::Contract { .. } => Code::Contract,
            Self::Base64 { .. } => Code::Base64,
            Self::TooLong { .. } | Self::ArgumentTooLong { .. } | Self::TooMuch { .. } => {
                Code::TooLarge
            }
        }
    }

    /// The status, if this is the only problem.
    #[must_use]
    pub fn status(&self) -> Status {
        match self {
            Self::Collision { .. }
            | Self::RenameCollision { .. }
            | Self::Digit { .. }
            | Self::Refused { .. }
            | Self::SkippedReference { .. } => Status::Config,
            Self::Warning(notice) => notice.status(),
            Self::Missing { .. }
            | Self::NothingBelow { .. }
            | Self::NothingAdmitted { .. }
            | Self::Contract {
                violation: Violation::Unset,
                ..
            }
            | Self::Required { .. }
            | Self::ComposePartUnset { .. } => Status::Missing,
            Self::Nul { .. }
            | Self::Json { .. }
            | Self::Contract { .. }
            | Self::ComposePartNotText { .. }
            | Self::Base64 { .. }
            | Self::TooLong { .. }
            | Self::ArgumentTooLong { .. }
            | Self::TooMuch { .. } => Status::Unusable,
        }
    }
}

impl Problem {
    /// The variable that has the problem, if it is one.
    #[must_use]
    pub fn variable(&self) -> Option<&VariableName> {
        match self {
            Self::Missing { requester, .. } | Self::Json { requester, .. } => match requester {
                Requester::Variable(name) | Requester::Reference(name) => Some(name),
                Requester::Object | Requester::Trigger => None,
            },
            Self::Required { name, .. }
            | Self::ComposePartUnset { name, .. }
            | Self::ComposePartNotText { name, .. }
            | Self::SkippedReference { name }
            | Self::Collision { name, .. }
            | Self::RenameCollision { to: name, .. }
            | Self::Refused { name, .. }
            | Self::Nul { name, .. }
            | Self::Contract { name, .. }
            | Self::Base64 { name, .. }
            | Self::TooLong { name, .. } => Some(name),
            Self::NothingBelow { .. }
            | Self::NothingAdmitted { .. }
            | Self::Warning(_)
            | Self::Digit { .. }
            | Self::ArgumentTooLong { .. }
            | Self::TooMuch { .. } => None,
        }
    }
}

impl Problem {
    /// The parameters and the patterns of prefixes that the message is about.
    #[must_use]
    pub fn parameters(&self) -> Vec<String> {
        let of = |provenance: &Provenance| provenance.param().map(ToString::to_string);
        match self {
            Self::Missing { param, .. }
            | Self::Digit { param, .. }
            | Self::Refused { param, .. }
            | Self::Json { param, .. }
            | Self::Base64 { param, .. } => vec![param.to_string()],
            Self::NothingBelow { prefix } => vec![prefix.pattern()],
            Self::NothingAdmitted { source, .. } => vec![source.pattern()],
            Self::Warning(notice) => match &**notice {
                Notice::NothingAdmitted { source } => vec![source.pattern()],
                _ => Vec::new(),
            },
            Self::Collision { params, .. } => params.iter().map(ToString::to_string).collect(),
            Self::RenameCollision { other, .. } => of(other).into_iter().collect(),
            Self::Nul { provenance, .. } | Self::TooLong { provenance, .. } => {
                of(provenance).into_iter().collect()
            }
            Self::Contract { provenance, .. } => {
                provenance.as_ref().and_then(of).into_iter().collect()
            }
            Self::Required { .. }
            | Self::ComposePartUnset { .. }
            | Self::ComposePartNotText { .. }
            | Self::SkippedReference { .. }
            | Self::ArgumentTooLong { .. }
            | Self::TooMuch { .. } => Vec::new(),
        }
    }
}

/// The status for all problems: an error in the configuration comes before a missing parameter, which
/// comes before an unusable value.
pub fn status(problems: &[Problem]) -> Status {
    let rank = |status: &Status| match status {
        Status::Missing => 1,
        Status::Unusable => 2,
        _ => 0,
    };
    problems
        .iter()
        .map(Problem::status)
        .min_by_key(rank)
        .unwrap_or(Status::Internal)
}

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
