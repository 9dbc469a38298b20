//! Names of environment variables.

use std::fmt;

/// The name of an environment variable: a letter or `_`, then letters, digits, `_`, `.` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VariableName(String);

impl VariableName {
    /// Reads a name from a setting.
    ///
    /// # Errors
    /// The reason, fit to follow the text in a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        if text.is_empty() {
            Err("is empty (expected a variable name)".to_owned())
        } else if text.starts_with('/') {
            Err("looks like a parameter (expected a variable name)".to_owned())
        } else if text.starts_with(|c: char| c.is_ascii_digit()) {
            Err("begins with a digit; a variable name begins with a letter or `_`".to_owned())
        } else if text.contains(char::is_whitespace) {
            Err("contains white space; write NAME=PARAM without blanks".to_owned())
        } else if let Some(c) = text.chars().find(|&c| !allowed(c)) {
            Err(format!(
                "contains {c:?}; a variable name consists of letters, digits and `_`"
            ))
        } else if text.starts_with(['.', '-']) {
            Err("does not begin with a letter or `_`".to_owned())
        } else {
            Ok(Self(text.to_owned()))
        }
    }

    /// Takes over a name that the environment already has, whatever it looks like.
    #[must_use]
    pub fn inherited(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The name's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for VariableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
