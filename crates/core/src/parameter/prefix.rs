//! Paths below which all parameters are fetched.

use super::name::{SECRETS, check_segments, is_public};
use super::reference::refuse_scheme;
use super::{Label, ParameterId, ParameterRef, malformed};
use crate::diagnostic::Diagnostic;
use std::fmt;

/// A path whose parameters are taken, by whole segments, and perhaps only in the labelled version.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Prefix {
    path: String,
    label: Option<Label>,
}

impl Prefix {
    /// Reads `/PATH` or `/PATH:LABEL`; a trailing slash is ignored.
    ///
    /// # Errors
    /// When the path is malformed, or has a version, which a path cannot have.
    pub fn parse(text: &str) -> Result<Self, Diagnostic> {
        refuse_scheme(text)?;
        let is_version =
            |version: &str| !version.is_empty() && version.bytes().all(|b| b.is_ascii_digit());
        let (path, label) = match text.split_once(':') {
            Some(_) if text.starts_with("arn:") => {
                let correction = "A prefix is a path of this account, such as `/org/service`";
                let reason = "is an ARN, which no prefix can be";
                return Err(malformed(text, reason, correction));
            }
            Some((_, version)) if is_version(version) => {
                let correction = "Use a label, such as `/org/service:blue`";
                let reason = "has a version, which no prefix can have";
                return Err(malformed(text, reason, correction));
            }
            Some((path, label)) => (path, Some(Label::parse(text, label)?)),
            None => (text, None),
        };
        if path.is_empty() {
            let correction = "Write a path, such as `/org/service`";
            return Err(Diagnostic::invalid("the prefix is empty", correction));
        }
        if ["null", "undefined", "None"].contains(&path) {
            let correction = "Correct what sets it: it has no value for the prefix";
            return Err(malformed(text, "is no path", correction));
        }
        if !path.starts_with('/') {
            check_segments(text, path.trim_end_matches('/'))?;
            let correction = format!("Write `/{text}`");
            return Err(malformed(text, "does not begin with a slash", correction));
        }
        if path.starts_with(SECRETS.trim_end_matches('/')) {
            let reason = "cannot be a prefix: secrets of Secrets Manager are fetched one by one";
            return Err(malformed(text, reason, "Use `--key` or `--json`"));
        }
        // A trailing slash would go into the IAM resource, which policies do not have.
        let trimmed = path.strip_suffix('/').unwrap_or(path);
        if !trimmed.is_empty() {
            check_segments(text, &trimmed[1..])?;
        }
        let path = if trimmed.is_empty() { "/" } else { trimmed };
        Ok(Self { path: path.to_owned(), label })
    }

    /// The path as it is sent: no slash at its end, unless it is the root.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The pattern that matches every parameter below it, without the label: `/a/*`.
    pub fn pattern(&self) -> String {
        format!("{}/*", self.path.trim_end_matches('/'))
    }

    /// The label that chooses the version of each parameter.
    pub fn label(&self) -> Option<&Label> {
        self.label.as_ref()
    }

    /// What of `name` lies below this path, if it does: whole segments only.
    pub fn relative<'a>(&self, name: &'a str) -> Option<&'a str> {
        if self.path == "/" {
            return Some(name.strip_prefix('/').unwrap_or(name));
        }
        name.strip_prefix(self.path.as_str())?.strip_prefix('/').filter(|rest| !rest.is_empty())
    }

    /// Whether AWS publishes the parameters below it. They are not below `/` or `/aws`.
    pub fn is_public(&self) -> bool {
        is_public(&self.path)
    }

    /// Whether every parameter of `other` is also below this prefix.
    pub fn covers(&self, other: &Self) -> bool {
        self.label == other.label
            && self.is_public() == other.is_public()
            && (self.path == other.path || self.relative(&other.path).is_some())
    }

    /// Whether this prefix includes that parameter in that version.
    pub fn includes(&self, parameter: &ParameterRef) -> bool {
        let ParameterId::Name(name) = &parameter.subject else {
            return false;
        };
        self.label.is_none()
            && parameter.selector.is_none()
            && !name.is_secret_reference()
            && self.is_public() == name.is_public()
            && self.relative(name.as_str()).is_some()
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        self.label.iter().try_for_each(|label| write!(f, ":{label}"))
    }
}
