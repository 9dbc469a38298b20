//! Names of environment variables.

use crate::diagnostic::Diagnostic;
use std::fmt;

/// The name of an environment variable: a letter or `_`, then letters, digits, `_`, `.` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VariableName(String);

impl VariableName {
    /// Reads a name from a setting.
    ///
    /// # Errors
    /// When no variable should have it.
    pub fn parse(text: &str) -> Result<Self, Diagnostic> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        let message = if text.is_empty() {
            "the name of a variable is empty".to_owned()
        } else if text.starts_with('/') {
            format!("`{text}` is a parameter, not the name of a variable")
        } else if let Some(c) = text.chars().find(|&c| !allowed(c)) {
            format!("`{text}` contains {c:?}, which no variable's name should have")
        } else if !text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            format!("`{text}` does not begin with a letter or `_`")
        } else {
            return Ok(Self(text.to_owned()));
        };
        let correction =
            "A variable's name has letters, digits and `_`, without blanks, such as `DB_URL`";
        Err(Diagnostic::invalid(message, correction))
    }

    /// Takes over a name that the environment already has, whatever it looks like.
    pub fn inherited(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VariableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
