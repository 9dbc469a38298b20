//! What prevents the environment from being built. Holds names and reasons, never a value.

use super::notice::Notice;
use super::{Provenance, Requester, Source, Withheld};
use crate::code::Code;
use crate::contract::Violation;
use crate::json;
use crate::origin::Given;
use crate::parameter::{Prefix, ValueRef};
use crate::status::Status;
use crate::variable::{Glob, VariableName};
use std::fmt;

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
