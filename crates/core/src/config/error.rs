//! Mistakes in what was asked for.

use crate::origin::Origin;
use crate::parameter::Malformed;
use crate::status::Status;
use crate::variable::VariableName;
use std::fmt;
use std::path::PathBuf;

/// A mistake in the file, a variable or an option's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigError {
    /// A setting whose value makes no sense.
    Invalid {
        /// Where it was given.
        origin: Origin,
        /// What is wrong, as the rest of a sentence.
        reason: String,
    },
    /// An `SSM_EXEC_*` variable that there isn't.
    UnknownVariable {
        /// The variable.
        name: String,
        /// The one that was probably meant.
        nearest: Option<&'static str>,
    },
    /// A stage that the file does not have.
    UnknownStage {
        /// Where it was chosen.
        origin: Origin,
        /// The stage.
        name: String,
        /// The file, if there is one.
        path: Option<PathBuf>,
        /// The stages that it has.
        known: Vec<String>,
    },
    /// The file has stages, and none is chosen.
    NoStage {
        /// The file.
        path: PathBuf,
        /// The stages that it has.
        known: Vec<String>,
    },
    /// A key that the file doesn't have.
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// The key.
        key: String,
        /// The table it stands in; empty at the top.
        table: String,
        /// The one that was probably meant.
        nearest: Option<String>,
    },
    /// Not TOML.
    Syntax {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What the parser says.
        reason: String,
    },
    /// `${NAME}` in the file, and NAME isn't set.
    UnsetInFile {
        /// Where.
        origin: Origin,
        /// The variable.
        name: String,
    },
    /// The file can't be read.
    Unreadable {
        /// Where it was named, if it was.
        origin: Option<Origin>,
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The file was found, not named, and another could have written it.
    Untrusted {
        /// The file.
        path: PathBuf,
        /// Why not, as the rest of a sentence.
        reason: String,
    },
    /// A reference in the environment that is malformed.
    BadReference {
        /// The variable that holds it.
        variable: String,
        /// What is wrong.
        error: Malformed,
    },
    /// A value that is almost a reference: the command would get its text.
    NearReference {
        /// The variable that holds it.
        variable: String,
    },
    /// Two keys or files of one name.
    Collision {
        /// Where the second was given.
        origin: Origin,
        /// The variable.
        name: VariableName,
        /// Both parameters.
        parameters: [String; 2],
    },
    /// A name that would begin with a digit.
    DigitName {
        /// Where it was given.
        origin: Option<Origin>,
        /// The parameter.
        parameter: String,
        /// The name that it would make.
        name: String,
    },
    /// `--base64` names no key or file.
    Base64OfNothing {
        /// Where it was given.
        origin: Origin,
        /// The variable.
        name: VariableName,
    },
    /// Nothing says what to fetch.
    NoSources,
    /// A bundle of certificates that can't be used.
    CaBundle {
        /// Where it was given.
        origin: Origin,
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// A profile that the shared files don't have.
    UnknownProfile {
        /// Where it was given.
        origin: Origin,
        /// The profile.
        name: String,
        /// Those that there are.
        known: Vec<String>,
    },
}

impl ConfigError {
    /// Depends on where the setting was given: the command line, or a variable or the file.
    #[must_use]
    pub fn status(&self) -> Status {
        let origin = match self {
            Self::Invalid { origin, .. }
            | Self::Collision { origin, .. }
            | Self::Base64OfNothing { origin, .. }
            | Self::UnknownStage { origin, .. }
            | Self::CaBundle { origin, .. }
            | Self::UnknownProfile { origin, .. } => Some(origin),
            Self::DigitName { origin, .. } | Self::Unreadable { origin, .. } => origin.as_ref(),
            _ => None,
        };
        origin.map_or(Status::Config, Origin::status)
    }

    /// A setting whose value makes no sense.
    pub fn invalid(origin: Origin, reason: impl Into<String>) -> Self {
        Self::Invalid {
            origin,
            reason: reason.into(),
        }
    }

    /// A parameter or prefix that makes no sense.
    #[must_use]
    pub fn malformed(origin: Origin, error: &Malformed) -> Self {
        Self::invalid(origin, error.to_string())
    }
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest
        .map(|nearest| format!("; did you mean `{nearest}`?"))
        .unwrap_or_default()
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid { origin, reason } => write!(f, "{origin}: {reason}"),
            Self::UnknownVariable { name, nearest } => {
                let hint = did_you_mean(*nearest);
                write!(f, "the environment has {name}, which ssm-exec doesn't know{hint}")
            }
            Self::UnknownStage { origin, name, path: None, .. } => write!(
                f,
                "{origin}: there is no stage `{name}`, since no configuration file was found"
            ),
            Self::UnknownStage { origin, name, path: Some(path), known } => {
                write!(f, "{origin}: {} has no stage `{name}`", path.display())?;
                match known.as_slice() {
                    [] => f.write_str(", nor any other"),
                    known => write!(f, "; its stages are {}", known.join(", ")),
                }
            }
            Self::NoStage { path, known } => write!(
                f,
                "{} has stages ({}), and none is chosen; choose one with `--stage NAME`, or set `default_stage` in the file",
                path.display(),
                known.join(", ")
            ),
            Self::UnknownKey { path, line, key, table, nearest } => {
                let hint = did_you_mean(nearest.as_deref());
                let place = if table.is_empty() { String::new() } else { format!(" in `{table}`") };
                write!(f, "{}, line {line}: unknown key `{key}`{place}{hint}", path.display())
            }
            Self::Syntax { path, line, reason } => {
                let reason: Vec<&str> = reason.split_whitespace().collect();
                write!(f, "{}, line {line}: not valid TOML: {}", path.display(), reason.join(" "))
            }
            Self::UnsetInFile { origin, name } => write!(
                f,
                "{origin}: `${{{name}}}` can't be filled, since {name} is not set (or empty) in the environment; set it, e.g. `{name}=… ssm-exec …`"
            ),
            Self::Unreadable { path, reason, .. } => write!(f, "can't read {}: {reason}", path.display()),
            Self::Untrusted { path, reason } => write!(
                f,
                "found {0}, but it {reason}, and it would decide what runs with your secrets: nothing was started; if you trust it, name it with `--config {0}`, else use `--no-config`",
                path.display()
            ),
            Self::BadReference { variable, error } => write!(
                f,
                "the variable {variable} holds a reference that makes no sense: {error}; if it isn't meant for ssm-exec, use `--no-refs`"
            ),
            Self::NearReference { variable } => write!(
                f,
                "the variable {variable} holds something that looks like a reference but does not begin with `ssm://`: write ssm://PARAM in small letters, without quotes or blanks before it (`docker --env-file` keeps quotes); if it isn't meant for ssm-exec, use `--no-refs`"
            ),
            Self::Collision { name, parameters: [one, other], .. } => write!(
                f,
                "{name} is asked for twice, as `{one}` and as `{other}`; give one of them another name: NAME=PARAM"
            ),
            Self::DigitName { origin, parameter, name } => {
                if let Some(origin) = origin {
                    write!(f, "{origin}: ")?;
                }
                write!(
                    f,
                    "`{parameter}` would become the variable `{name}`, which begins with a digit; name it yourself, `NAME={parameter}`, or put something before it with `--name-prefix TEXT`"
                )
            }
            Self::Base64OfNothing { name, .. } => write!(
                f,
                "`--base64 {name}` names no key and no file; it decodes the value of one `--key {name}=PARAM` or `--file {name}=PARAM`"
            ),
            Self::NoSources => f.write_str(
                "nothing says which parameters to fetch: give `--prefix /org/service`, `--key NAME=/org/service/key`, a variable with `ssm:///org/service/key`, or an ssm-exec.toml; to start the command without any, `--skip`",
            ),
            Self::CaBundle { origin, path, reason } => {
                write!(f, "{origin}: the CA bundle {} can't be used: {reason}", path.display())
            }
            Self::UnknownProfile { origin, name, known } => {
                write!(f, "{origin}: there is no profile `{name}` in the AWS configuration files")?;
                match known.as_slice() {
                    [] => f.write_str(", which have none at all; `aws configure sso` makes one"),
                    known => write!(f, "; there are {}", known.join(", ")),
                }
            }
        }
    }
}
