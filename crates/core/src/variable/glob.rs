//! Patterns over variable names.

/// A pattern over names: `*`, `?`, `[…]`, `{a,b}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob(String);

impl Glob {
    /// Reads a pattern.
    ///
    /// # Errors
    /// The reason, fit to follow the text in a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let balanced = |open, close| text.matches(open).count() == text.matches(close).count();
        if text.is_empty() {
            Err("is an empty pattern".to_owned())
        } else if text.contains('/') {
            Err("contains a slash; patterns match names of variables, such as `DB_*`".to_owned())
        } else if text.contains(char::is_whitespace) {
            Err("contains white space, which no name has".to_owned())
        } else if !balanced('[', ']') || !balanced('{', '}') {
            Err("has an unclosed bracket".to_owned())
        } else {
            Ok(Self(text.to_owned()))
        }
    }

    /// Whether the pattern matches the whole name.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        fast_glob::glob_match(&self.0, name)
    }

    /// The same pattern in upper and in lower case.
    #[must_use]
    pub fn in_other_case(&self) -> [Self; 2] {
        [
            Self(self.0.to_ascii_uppercase()),
            Self(self.0.to_ascii_lowercase()),
        ]
    }

    /// The pattern's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
