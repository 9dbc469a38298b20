//! Versions and labels.

use super::{Malformed, ParameterName};
use std::fmt;
use std::num::NonZeroU64;

/// The number of a parameter's version, from 1. A secret of Secrets Manager has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version(NonZeroU64);

impl Version {
    /// `None` for 0, which is not a version.
    #[must_use]
    pub fn new(number: u64) -> Option<Self> {
        NonZeroU64::new(number).map(Self)
    }

    /// The number.
    #[must_use]
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
    ) -> Result<Self, Malformed> {
        if parameter.is_secret_reference() {
            let allowed = |c: char| c.is_ascii_alphanumeric() || "/_+=.@-".contains(c);
            if text.is_empty() || text.len() > 128 || !text.chars().all(allowed) {
                return Err(Malformed::new(
                    whole,
                    "has a selector that is neither a staging label nor a version ID of a secret",
                ));
            }
            return Ok(Self::Label(Label(text.to_owned())));
        }
        if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
            return match text.parse().map(Version::new) {
                Ok(Some(version)) => Ok(Self::Version(version)),
                Ok(None) => Err(Malformed::new(
                    whole,
                    format!("asks for version {text}; the first version is 1"),
                )),
                Err(_) => Err(Malformed::new(
                    whole,
                    format!("asks for version {text}, which is larger than any version"),
                )),
            };
        }
        if text.starts_with('/') {
            let (name, _) = whole.split_once(':').unwrap_or_default();
            return Err(Malformed::new(
                whole,
                format!("has a colon in place of `=`: write {name}={text}"),
            ));
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
    pub(super) fn parse(whole: &str, text: &str) -> Result<Self, Malformed> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        let reserved = text.get(..3).is_some_and(|start| {
            start.eq_ignore_ascii_case("aws") || start.eq_ignore_ascii_case("ssm")
        });
        let reason = if text.is_empty() {
            "ends with a colon; a version or a label must follow".to_owned()
        } else if text.len() > MAX_LENGTH {
            format!(
                "has a label of {} characters; a label has at most {MAX_LENGTH}",
                text.len()
            )
        } else if !text.chars().all(allowed) {
            format!(
                "has the selector `{text}`, which is neither a version (digits) nor a label (letters, digits, `_`, `.`, `-`)"
            )
        } else if text.starts_with(|c: char| c.is_ascii_digit()) || reserved {
            format!("has the label `{text}`; a label cannot begin with a digit, `aws` or `ssm`")
        } else {
            return Ok(Self(text.to_owned()));
        };
        Err(Malformed::new(whole, reason))
    }

    /// The label's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
