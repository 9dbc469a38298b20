//! What is worth knowing about an environment that can be built: settings without effect, defaults,
//! absent parameters, replaced variables. Holds names, never a value.

use super::{Provenance, Source};
use crate::config::{Unused, UnusedReason};
use crate::origin::{Given, Origin};
use crate::parameter::{Label, Prefix, ValueRef};
use crate::status::Status;
use crate::variable::{Glob, VariableName};
use std::fmt;
use std::path::PathBuf;

/// How important a notice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Most likely a mistake.
    Warning,
    /// Possibly intended.
    Note,
}

impl Level {
    /// The stable word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// A setting that holds patterns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    /// `only`
    Only,
    /// `exclude`
    Exclude,
    /// `keep`
    Keep,
    /// `drop`
    Drop,
}

/// One notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// A pattern that matches no name.
    Unmatched {
        /// The setting.
        filter: Filter,
        /// The pattern.
        glob: Given<Glob>,
        /// The same pattern in another case, if it would match.
        meant: Option<Glob>,
    },
    /// A rename of a variable that is not set.
    RenameWithoutSource {
        /// The old name.
        from: VariableName,
        /// Where it was given.
        origin: Origin,
    },
    /// A setting has no effect beside the others.
    Unused(Unused),
    /// A refused name is allowed, and nothing would have set it.
    AllowWithoutEffect {
        /// The name.
        name: Given<VariableName>,
    },
    /// The parameter does not exist, and its default was used.
    Default {
        /// The variable.
        name: VariableName,
        /// The parameter.
        param: ValueRef,
    },
    /// The parameter does not exist, and its default was not used, because another source has set the variable.
    UnusedDefault {
        /// The variable.
        name: VariableName,
        /// What has set it.
        by: Box<Provenance>,
        /// The parameter.
        param: ValueRef,
    },
    /// The parameter does not exist, and the variable was left out.
    Absent {
        /// The variable.
        name: VariableName,
        /// The parameter.
        param: ValueRef,
    },
    /// An optional prefix with nothing below it.
    EmptyPrefix {
        /// The prefix.
        prefix: Prefix,
    },
    /// An optional JSON object that does not exist.
    AbsentObject {
        /// The parameter.
        param: ValueRef,
    },
    /// A JSON object without a member that has a value.
    EmptyObject {
        /// The parameter.
        param: ValueRef,
    },
    /// A source with a filter that leaves nothing of it.
    NothingAdmitted {
        /// The source.
        source: Source,
    },
    /// The inherited variable was kept.
    Kept {
        /// The variable.
        name: VariableName,
        /// What would have set it.
        instead_of: Provenance,
    },
    /// A prefix or JSON object replaced a variable that an earlier one had set.
    Replaced {
        /// The variable.
        name: VariableName,
        /// What has set it.
        by: Provenance,
        /// What had set it before.
        earlier: Box<Provenance>,
    },
    /// A prefix or JSON object replaced an inherited variable that most programs read.
    CommonNameReplaced {
        /// The variable.
        name: VariableName,
        /// What has set it.
        by: Provenance,
    },
    /// A value that ends with a newline.
    TrailingNewline {
        /// The variable.
        name: VariableName,
        /// Where it comes from.
        provenance: Provenance,
    },
    /// A configuration file is in use.
    ConfigFile(PathBuf),
    /// A label that only some parameters below a prefix have.
    PartialLabel {
        /// The prefix.
        prefix: Prefix,
        /// The label.
        label: Label,
        /// How many parameters have the label.
        labelled: usize,
        /// How many there are.
        total: usize,
    },
}

impl Notice {
    /// How important it is.
    #[must_use]
    pub fn level(&self) -> Level {
        match self {
            Self::Unmatched {
                filter: Filter::Only,
                ..
            }
            | Self::RenameWithoutSource { .. }
            | Self::EmptyObject { .. }
            | Self::NothingAdmitted { .. } => Level::Warning,
            Self::Unused(unused) if unused.reason != UnusedReason::Trigger => Level::Warning,
            _ => Level::Note,
        }
    }

    /// The exit status where it counts as an error: that of a fault in the setting.
    #[must_use]
    pub fn status(&self) -> Status {
        match self {
            Self::Unmatched { glob, .. } => glob.origin.status(),
            Self::RenameWithoutSource { origin, .. } => origin.status(),
            Self::Unused(unused) => unused.origin.status(),
            Self::AllowWithoutEffect { name } => name.origin.status(),
            Self::NothingAdmitted { .. }
            | Self::Default { .. }
            | Self::UnusedDefault { .. }
            | Self::Absent { .. }
            | Self::EmptyPrefix { .. }
            | Self::AbsentObject { .. }
            | Self::EmptyObject { .. }
            | Self::PartialLabel { .. } => Status::Missing,
            Self::ConfigFile(_)
            | Self::Kept { .. }
            | Self::Replaced { .. }
            | Self::CommonNameReplaced { .. }
            | Self::TrailingNewline { .. } => Status::Config,
        }
    }
}

impl Notice {
    /// Where the setting was given that it is about.
    #[must_use]
    pub fn origin(&self) -> Option<&Origin> {
        match self {
            Self::Unmatched { glob, .. } => Some(&glob.origin),
            Self::RenameWithoutSource { origin, .. } => Some(origin),
            Self::Unused(unused) => Some(&unused.origin),
            Self::AllowWithoutEffect { name } => Some(&name.origin),
            _ => None,
        }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unmatched {
                filter,
                glob,
                meant,
            } => {
                let Given { value, origin } = glob;
                let what = match filter {
                    Filter::Only => "no variable of a prefix or a JSON object",
                    Filter::Exclude => {
                        "no variable of a prefix or a JSON object; nothing was excluded"
                    }
                    Filter::Keep => "no inherited variable; nothing was kept",
                    Filter::Drop => "no variable; nothing was dropped",
                };
                write!(f, "{origin}: `{}` matches {what}", value.as_str())?;
                match meant {
                    Some(meant) => write!(f, "; did you mean `{}`?", meant.as_str()),
                    None => Ok(()),
                }
            }
            Self::RenameWithoutSource { from, origin } => {
                write!(f, "{origin}: there is no variable {from} to rename")
            }
            Self::Unused(unused) => unused.fmt(f),
            Self::AllowWithoutEffect { name } => write!(
                f,
                "{}: no prefix or JSON object would set {}, or it is not refused",
                name.origin, name.value
            ),
            Self::Default { name, param } => {
                write!(f, "{name} has its default, since {param} does not exist")
            }
            Self::UnusedDefault { name, by, param } => write!(
                f,
                "{name} comes from {by} instead of its default, although {param} does not exist"
            ),
            Self::Absent { name, param } => {
                write!(f, "{name} is absent, since {param} does not exist")
            }
            Self::EmptyPrefix { prefix } => {
                write!(f, "there is nothing below the optional prefix {prefix}")
            }
            Self::AbsentObject { param } => {
                write!(f, "the optional JSON object {param} does not exist")
            }
            Self::EmptyObject { param } => {
                write!(f, "no member of the JSON object {param} has a value")
            }
            Self::NothingAdmitted { source } => {
                write!(f, "`exclude` leaves out every variable of {source}")
            }
            Self::Kept { name, instead_of } => {
                write!(
                    f,
                    "{name} keeps its inherited value instead of {instead_of}"
                )
            }
            Self::Replaced { name, by, earlier } => {
                write!(f, "{name} comes from {by}, which replaces {earlier}")
            }
            Self::CommonNameReplaced { name, by } => write!(
                f,
                "{name} comes from {by}; many programs read this variable, and the inherited value is replaced"
            ),
            Self::TrailingNewline { name, provenance } => write!(
                f,
                "the value of {name} from {provenance} ends with a newline, which is often an accident of `echo`"
            ),
            Self::ConfigFile(path) => {
                write!(f, "the configuration file is {}", path.display())
            }
            Self::PartialLabel {
                prefix,
                label,
                labelled,
                total,
            } => write!(
                f,
                "{labelled} of {total} parameters below {} have the label {label}",
                prefix.path()
            ),
        }
    }
}
