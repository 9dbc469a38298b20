//! Errors in settings.

use super::misplaced::Place;
use super::unknown_variable::Meant;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::message::Message;
use crate::origin::Origin;
use crate::parameter::Malformed;
use crate::quotes;
use crate::status::Status;
use crate::variable::VariableName;
use std::fmt;
use std::path::PathBuf;

/// An error in an option, a variable or the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigError {
    /// A setting with an invalid value.
    Invalid {
        /// Where it was given.
        origin: Origin,
        /// What is wrong, as the rest of a sentence.
        reason: String,
    },
    /// A variable whose value is in quotes.
    Quoted {
        /// The variable.
        origin: Origin,
    },
    /// An unknown `SSM_EXEC_*` variable.
    UnknownVariable {
        /// The variable.
        name: String,
        /// What it was most likely meant to be.
        meant: Meant,
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
        /// Its table; empty at the top level.
        table: String,
        /// A known name that is similar.
        nearest: Option<String>,
    },
    /// A setting in a table of the file that is not its own.
    MisplacedKey {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// The setting's key.
        key: String,
        /// Where it is.
        found: Place,
        /// Where it belongs.
        belongs: Place,
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
        /// What to do, as a sentence; may be empty.
        remedy: String,
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
        /// The key of that name that a stronger level replaced, if one did.
        replaced: Option<Box<Replaced>>,
    },
    /// No source is configured.
    NoSources {
        /// An option that gives sources, and is among the arguments of the command.
        after_command: Option<&'static str>,
    },
    /// A shared AWS configuration file that can't be used.
    SharedConfig {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong, as a sentence.
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

/// A key of the file that is not used, because a stronger level gives keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaced {
    /// Where it was given.
    pub origin: Origin,
    /// Where the keys were given that replace it.
    pub by: Origin,
}

impl ConfigError {
    /// Depends on where the setting was given: the command line, or a variable or the file.
    #[must_use]
    pub fn status(&self) -> Status {
        self.origin().map_or(Status::Config, Origin::status)
    }

    /// Where the setting was given.
    pub(super) fn origin(&self) -> Option<&Origin> {
        match self {
            Self::Invalid { origin, .. }
            | Self::Quoted { origin }
            | Self::Collision { origin, .. }
            | Self::Base64OfNothing { origin, .. }
            | Self::UnknownStage { origin, .. }
            | Self::UnknownProfile { origin, .. } => Some(origin),
            Self::DigitName { origin, .. } | Self::Unreadable { origin, .. } => origin.as_ref(),
            _ => None,
        }
    }

    /// The code for machines.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Invalid { .. }
            | Self::Quoted { .. }
            | Self::UnsetInFile { .. }
            | Self::BadReference { .. }
            | Self::NearReference { .. }
            | Self::Base64OfNothing { .. } => Code::InvalidSetting,
            Self::UnknownVariable { .. } | Self::UnknownKey { .. } | Self::MisplacedKey { .. } => {
                Code::UnknownSetting
            }
            Self::UnknownStage { .. } | Self::NoStage { .. } => Code::InvalidStage,
            Self::Syntax { .. } | Self::Unreadable { .. } => Code::InvalidFile,
            Self::Untrusted { .. } => Code::UntrustedFile,
            Self::Collision { .. } => Code::Collision,
            Self::DigitName { .. } => Code::InvalidName,
            Self::NoSources { .. } => Code::NoSources,
            Self::SharedConfig { .. } => Code::InvalidAwsFile,
            Self::UnknownProfile { .. } => Code::UnknownProfile,
        }
    }

    /// A setting with an invalid value.
    pub fn invalid(origin: Origin, reason: impl Into<String>) -> Self {
        Self::Invalid {
            origin,
            reason: reason.into(),
        }
    }

    /// For the report: the origin is printed before the message.
    #[must_use]
    pub fn diagnostic(&self) -> Diagnostic {
        let message = match self.list() {
            Some((text, known)) => Message::new(text).list(known),
            None => Message::new(self.to_string()),
        };
        message.diagnostic_at(self.code(), self.origin())
    }

    /// The list that a message ends with, and what comes before it.
    fn list(&self) -> Option<(String, &[String])> {
        let (text, known) = match self {
            Self::UnknownStage {
                origin,
                name,
                path: Some(path),
                known,
            } => (
                format!(
                    "{origin}: {} has no stage `{name}`. Its stages are",
                    path.display()
                ),
                known,
            ),
            Self::UnknownProfile {
                origin,
                name,
                known,
            } => (
                format!(
                    "{origin}: there is no profile `{name}` in the AWS configuration files. Correct its name. The profiles are"
                ),
                known,
            ),
            _ => return None,
        };
        (!known.is_empty()).then_some((text, known))
    }

    /// A malformed parameter or prefix.
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
        if let Some((text, known)) = self.list() {
            return write!(f, "{text}: {}", known.join(", "));
        }
        match self {
            Self::Invalid { origin, reason } => write!(f, "{origin}: {reason}"),
            Self::Quoted { origin } => write!(
                f,
                "{origin}: has quotes around its value. Remove them: {}",
                quotes::KEPT
            ),
            Self::UnknownVariable { name, meant } => {
                write!(f, "{name}: unknown variable{meant}")
            }
            Self::UnknownStage { origin, name, path: None, .. } => write!(
                f,
                "{origin}: there is no stage `{name}`, since no configuration file was found"
            ),
            Self::UnknownStage { origin, name, path: Some(path), .. } => {
                write!(f, "{origin}: {} has no stage `{name}`. It has no stages", path.display())
            }
            Self::UnknownProfile { origin, name, .. } => write!(
                f,
                "{origin}: there is no profile `{name}` in the AWS configuration files, which have no profiles. Create one: `aws configure sso`"
            ),
            Self::NoStage { path, known } => write!(
                f,
                "{} has stages ({}), and none is chosen. Choose one with `--stage NAME`, or set `default_stage` in the file",
                path.display(),
                known.join(", ")
            ),
            Self::UnknownKey { path, line, key, table, nearest } => {
                let hint = did_you_mean(nearest.as_deref());
                let place = if table.is_empty() { String::new() } else { format!(" in `{table}`") };
                write!(f, "{}, line {line}: unknown key `{key}`{place}{hint}", path.display())
            }
            Self::MisplacedKey { path, line, key, found, belongs } => write!(
                f,
                "{}, line {line}: the setting `{key}` is {found}. Write it {}",
                path.display(),
                belongs.advice()
            ),
            Self::Syntax { path, line, reason } => {
                let reason: Vec<&str> = reason.split_whitespace().collect();
                write!(f, "{}, line {line}: not valid TOML: {}", path.display(), reason.join(" "))
            }
            Self::UnsetInFile { origin, name } => write!(
                f,
                "{origin}: `${{{name}}}` cannot be replaced, since {name} is unset or empty. Set it, or write `${{{name}:-default}}`"
            ),
            Self::Unreadable { path, reason, .. } => write!(f, "cannot read {}: {reason}", path.display()),
            Self::Untrusted {
                path,
                reason,
                remedy,
            } => {
                let path = path.display();
                let space = if remedy.is_empty() { "" } else { " " };
                write!(
                    f,
                    "refusing to use {path}: it {reason}, and it decides what is started with your secrets.{space}{remedy} If you trust it, pass `--config {path}` or set `SSM_EXEC_CONFIG={path}`. Otherwise pass `--no-config` or set `SSM_EXEC_NO_CONFIG=1`"
                )
            }
            Self::BadReference { variable, error } => write!(
                f,
                "the variable {variable} holds an invalid reference: {error}. If it is not meant for ssm-exec, use `--no-refs`"
            ),
            Self::NearReference { variable } => write!(
                f,
                "the variable {variable} looks like a reference but does not begin with `ssm://`. Write ssm://PARAM in lower case, without quotes or spaces around it ({}). If it is not meant for ssm-exec, use `--no-refs`",
                quotes::KEPT
            ),
            Self::Collision { name, parameters: [one, other], .. } => write!(
                f,
                "{name} is given twice, as `{one}` and as `{other}`. Give one of them another name: NAME=PARAM"
            ),
            Self::DigitName { origin, parameter, name } => {
                if let Some(origin) = origin {
                    write!(f, "{origin}: ")?;
                }
                write!(
                    f,
                    "`{parameter}` would become the variable `{name}`, which begins with a digit. Give it a name, `NAME={parameter}`, or use `--name-prefix TEXT`"
                )
            }
            Self::Base64OfNothing { name, replaced: Some(replaced), .. } => write!(
                f,
                "there is no key and no file {name} to decode from Base64, since {} replaces {}. Give {name} there too",
                replaced.by, replaced.origin
            ),
            Self::Base64OfNothing { name, .. } => write!(
                f,
                "there is no key and no file {name} to decode from Base64. Add `--key {name}=PARAM` or `--file {name}=PARAM`"
            ),
            Self::NoSources { after_command: Some(option) } => write!(
                f,
                "no source of parameters is configured. `{option}` is after the command, and is read as an argument of it. Write options of ssm-exec before the command: `ssm-exec {option} … -- COMMAND`"
            ),
            Self::NoSources { after_command: None } => f.write_str(
                "no source of parameters is configured. Use `--prefix /org/service`, `--key NAME=/org/service/key`, a variable such as `NAME=ssm:///org/service/key`, or an ssm-exec.toml. `--skip` starts the command without any",
            ),
            Self::SharedConfig { path, line, reason } => {
                write!(f, "{}, line {line}: {reason}", path.display())
            }
        }
    }
}
