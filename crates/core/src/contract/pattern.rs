//! Patterns over whole values. The library matches in linear time, whatever the pattern.

use crate::diagnostic::Diagnostic;
use regex_lite::Regex;

/// A regular expression that the whole value must match.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    anchored: Regex,
}

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// When it is none, or empty: no value may be empty.
    pub fn parse(text: &str) -> Result<Self, Diagnostic> {
        if text.is_empty() {
            let message = "the pattern is empty, so that no value would be allowed";
            return Err(Diagnostic::invalid(message, "Remove it"));
        }
        // By itself first: `a)|(b` would be valid only between the parentheses of the anchored one.
        let compiled = Regex::new(text).and_then(|_| {
            // With `(?x)`, a comment at the end would contain the parenthesis: a line break ends it.
            Regex::new(&format!(r"\A(?:{text})\z"))
                .or_else(|_| Regex::new(&format!("\\A(?:{text}\n)\\z")))
        });
        let anchored = compiled.map_err(|error| {
            let message = format!("`{text}` is not a valid pattern: {error}");
            let help = "It has the syntax of Rust's `regex`, without Unicode classes";
            Diagnostic::invalid(message, help)
        })?;
        Ok(Self { text: text.to_owned(), anchored })
    }

    /// Whether the whole text matches.
    pub fn matches(&self, text: &str) -> bool {
        self.anchored.is_match(text)
    }

    /// The pattern's text.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}
