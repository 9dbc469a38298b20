//! References to a parameter in one version, and to a value inside it.

use super::{Field, Label, ParameterArn, ParameterName, Selector, malformed};
use crate::contract::is_uuid;
use crate::diagnostic::Diagnostic;
use std::fmt;

/// What a request names: a parameter of this account, or one by its ARN.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ParameterId {
    /// By name, in the account and region of the caller.
    Name(ParameterName),
    /// By ARN, perhaps shared from another account.
    Arn(ParameterArn),
}

impl ParameterId {
    /// As it is sent in `Names`.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Name(name) => name.as_str(),
            Self::Arn(arn) => arn.as_str(),
        }
    }

    /// The parameter's name, wherever it lives.
    pub fn name(&self) -> &ParameterName {
        match self {
            Self::Name(name) => name,
            Self::Arn(arn) => arn.name(),
        }
    }
}

impl fmt::Display for ParameterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => name.fmt(f),
            Self::Arn(arn) => f.write_str(arn.as_str()),
        }
    }
}

/// One parameter in one version: what is sent to the API.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ParameterRef {
    pub subject: ParameterId,
    /// Which version of it; the latest if absent.
    pub selector: Option<Selector>,
}

impl ParameterRef {
    /// Reads `NAME`, `NAME:SELECTOR`, `ARN` or `ARN:SELECTOR`.
    ///
    /// # Errors
    /// When it is none of these.
    pub fn parse(text: &str) -> Result<Self, Diagnostic> {
        refuse_scheme(text)?;
        let is_arn = text.starts_with("arn:");
        // An ARN has five colons of its own.
        let colon = text.match_indices(':').nth(if is_arn { 5 } else { 0 });
        let (subject, selector) = match colon {
            Some((at, _)) => (&text[..at], Some(&text[at + 1..])),
            None => (text, None),
        };
        let subject = if is_arn {
            ParameterId::Arn(ParameterArn::parse(subject)?)
        } else {
            ParameterId::Name(ParameterName::parse(subject)?)
        };
        let selector = selector.map(|it| Selector::parse(text, it, subject.name()));
        Ok(Self { selector: selector.transpose()?, subject })
    }

    /// The parameter's name, wherever it lives.
    pub fn name(&self) -> &ParameterName {
        self.subject.name()
    }

    /// As it is sent in `Names`.
    pub fn to_request(&self) -> String {
        let mut text = self.subject.as_str().to_owned();
        if let Some(selector) = &self.selector {
            text.push_str(&selector.to_string());
        }
        text
    }

    /// Whether it names one version, whose value never changes. A label can be moved.
    pub fn is_fixed(&self) -> bool {
        match &self.selector {
            Some(Selector::Version(_)) => true,
            Some(Selector::Label(label)) => {
                // Secrets Manager's version IDs are UUIDs (API_GetSecretValue, `VersionId`).
                self.name().is_secret_reference() && is_uuid(label.as_str())
            }
            None => false,
        }
    }
}

impl fmt::Display for ParameterRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.subject.fmt(f)?;
        self.selector.iter().try_for_each(|s| s.fmt(f))
    }
}

/// References begin with `ssm://`, settings do not.
pub(super) fn refuse_scheme(text: &str) -> Result<(), Diagnostic> {
    match text.strip_prefix("ssm://") {
        None => Ok(()),
        Some(bare) => Err(malformed(
            text,
            "begins with `ssm://`, which is for values of variables",
            format!("Write `/{}`", bare.trim_start_matches('/')),
        )),
    }
}

/// A value: a parameter, or a place inside its JSON.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ValueRef {
    /// What is fetched.
    pub parameter: ParameterRef,
    /// The part of it that is used; the whole value if absent.
    pub field: Option<Field>,
}

impl ValueRef {
    /// Reads `PARAMETER` or `PARAMETER#FIELD`.
    ///
    /// # Errors
    /// When the parameter or the field is malformed.
    pub fn parse(text: &str) -> Result<Self, Diagnostic> {
        let (parameter, field) = match text.split_once('#') {
            Some((parameter, field)) => (parameter, Some(Field::parse(text, field)?)),
            None => (text, None),
        };
        Ok(Self { parameter: ParameterRef::parse(parameter)?, field })
    }

    /// A whole parameter by the name that the service returned, in the version that a label selects.
    pub fn returned(name: &str, label: Option<&Label>) -> Self {
        Self {
            parameter: ParameterRef {
                subject: ParameterId::Name(ParameterName::returned(name)),
                selector: label.cloned().map(Selector::Label),
            },
            field: None,
        }
    }

    /// A member of the JSON object that this value is.
    pub fn member(&self, name: &str) -> Self {
        Self {
            parameter: self.parameter.clone(),
            field: Some(Field::child(self.field.as_ref(), name)),
        }
    }

    /// Whether a version or a label was asked for, rather than the latest version.
    pub fn is_pinned(&self) -> bool {
        self.parameter.selector.is_some()
    }

    /// The word that a variable's name is made from where none was given.
    pub fn last_word(&self) -> &str {
        match &self.field {
            Some(field) => field.last(),
            None => self.parameter.name().last_segment(),
        }
    }
}

impl fmt::Display for ValueRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parameter.fmt(f)?;
        self.field.iter().try_for_each(|field| field.fmt(f))
    }
}

/// What happens when a parameter does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnMissing {
    /// The command is not started.
    Fail,
    /// The variable is left out.
    Omit,
    /// This text is used instead.
    Default(String),
}
