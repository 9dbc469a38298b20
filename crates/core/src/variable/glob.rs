//! Patterns over variable names.

use crate::diagnostic::Diagnostic;

/// A pattern over names: `*`, `?`, `[…]`, `{a,b}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob(String);

impl Glob {
    /// Reads a pattern.
    ///
    /// # Errors
    /// When it could match no name.
    pub fn parse(text: &str) -> Result<Self, Diagnostic> {
        let balanced = |open, close| text.matches(open).count() == text.matches(close).count();
        let message = if text.is_empty() {
            "the pattern is empty".to_owned()
        } else if text.contains('/') {
            format!("the pattern `{text}` contains a slash, which no variable's name has")
        } else if text.contains(char::is_whitespace) {
            format!("the pattern `{text}` contains white space, which no variable's name has")
        } else if !balanced('[', ']') || !balanced('{', '}') {
            format!("the pattern `{text}` has an unclosed bracket")
        } else {
            return Ok(Self(text.to_owned()));
        };
        let correction = "A pattern matches the names of variables, not paths: `DB_*`, `{DB,LOG}_*`, `KEY_[0-9]`";
        Err(Diagnostic::invalid(message, correction))
    }

    /// Whether the pattern matches the whole name.
    pub fn matches(&self, name: &str) -> bool {
        fast_glob::glob_match(&self.0, name)
    }

    /// The same pattern in upper and in lower case.
    pub fn in_other_case(&self) -> [Self; 2] {
        [Self(self.0.to_ascii_uppercase()), Self(self.0.to_ascii_lowercase())]
    }

    /// The pattern's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
