//! Versions and labels.

use super::{ParameterName, malformed};
use crate::diagnostic::Diagnostic;
use std::fmt;
use std::num::NonZeroU64;

/// The number of a parameter's version, from 1. A secret of Secrets Manager has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version(NonZeroU64);

impl Version {
    /// `None` for 0, which is not a version.
    pub fn new(number: u64) -> Option<Self> {
        NonZeroU64::new(number).map(Self)
    }

    /// The number.
    pub fn get(self) -> u64 {
        self.0.get()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Which version of a parameter.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Selector {
    /// `:3`
    Version(Version),
    /// `:blue`; of a secret, a staging label or a version's id.
    Label(Label),
}

impl Selector {
    /// Parses the selector of a parameter. Secrets of Secrets Manager have selectors of their own.
    pub(super) fn parse(
        whole: &str,
        text: &str,
        parameter: &ParameterName,
    ) -> Result<Self, Diagnostic> {
        if parameter.is_secret_reference() {
            let allowed = |c: char| c.is_ascii_alphanumeric() || "/_+=.@-".contains(c);
            if text.is_empty() || text.len() > 128 || !text.chars().all(allowed) {
                let reason = "has an invalid selector";
                let correction = "After the name of a secret comes a staging label or a version ID";
                return Err(malformed(whole, reason, correction));
            }
            return Ok(Self::Label(Label(text.to_owned())));
        }
        if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
            let version = text.parse().ok().and_then(Version::new);
            return version.map(Self::Version).ok_or_else(|| {
                let reason = format!("asks for version {text}, which no parameter has");
                malformed(whole, &reason, "Versions begin with 1; leave it out for the latest")
            });
        }
        let (name, _) = whole.split_once(':').unwrap_or_default();
        let is_name = !name.contains('/');
        if text.starts_with('/') && is_name {
            let correction = format!("Write `{name}={text}`");
            return Err(malformed(whole, "has a colon in place of `=`", correction));
        }
        if text.starts_with('/') {
            let correction = "One value is one parameter: join several in `[compose]`";
            return Err(malformed(whole, "has a path after the colon", correction));
        }
        if text.is_empty() && is_name {
            let correction = format!("For a variable, write `{name}=PARAM`, without blanks");
            return Err(malformed(whole, "ends with a colon", correction));
        }
        Label::parse(whole, text).map(Self::Label)
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => write!(f, ":{version}"),
            Self::Label(label) => write!(f, ":{label}"),
        }
    }
}

/// A label: up to 100 of `[A-Za-z0-9_.-]`, not beginning with a digit, `aws` or `ssm`
/// (API_LabelParameterVersion).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Label(String);

const MAX_LENGTH: usize = 100;

impl Label {
    pub(super) fn parse(whole: &str, text: &str) -> Result<Self, Diagnostic> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        let reserved = text.get(..3).is_some_and(|start| {
            start.eq_ignore_ascii_case("aws") || start.eq_ignore_ascii_case("ssm")
        });
        let reason = if text.is_empty() {
            "ends with a colon".to_owned()
        } else if text.len() > MAX_LENGTH {
            format!("has a label of {} characters; AWS allows {MAX_LENGTH}", text.len())
        } else if !text.chars().all(allowed) {
            format!("has the selector `{text}`, which is neither a version nor a label")
        } else if text.starts_with(|c: char| c.is_ascii_digit()) || reserved {
            format!("has the label `{text}`, but no label begins with a digit, `aws` or `ssm`")
        } else {
            return Ok(Self(text.to_owned()));
        };
        let form =
            "After the colon comes a version (digits) or a label (letters, digits, `_`, `.`, `-`)";
        Err(malformed(whole, &reason, form))
    }

    /// The label's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
