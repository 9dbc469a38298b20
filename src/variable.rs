//! The names of variables: what may be one, and how one is made from a parameter's path.
//! Pure; knows nothing of values.

#![forbid(unsafe_code)]

use std::fmt;

/// The name of an environment variable: a letter or `_`, then letters, digits, `_`, `.` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VariableName(String);

impl VariableName {
    /// Reads a name that a person wrote.
    ///
    /// # Errors
    /// The reason, fit to follow the text in a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
        if text.is_empty() {
            Err("is empty where a variable's name is wanted".to_owned())
        } else if text.starts_with('/') {
            Err(
                "looks like a parameter where a variable's name is wanted: write NAME=PARAM"
                    .to_owned(),
            )
        } else if text.starts_with(|c: char| c.is_ascii_digit()) {
            Err("begins with a digit; a variable's name begins with a letter or `_`".to_owned())
        } else if let Some(c) = text.chars().find(|&c| !allowed(c)) {
            Err(format!(
                "has {c:?} in it; a variable's name is made of letters, digits and `_`"
            ))
        } else if text.starts_with(['.', '-']) {
            Err("doesn't begin with a letter or `_`".to_owned())
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

/// How the letters of a path go into a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Case {
    /// `db/url` becomes `DB_URL`.
    #[default]
    Upper,
    /// `db/url` becomes `db_url`.
    Keep,
}

/// How names are made from paths and JSON members, and which of them are taken.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Naming {
    /// Put before each name.
    pub prefix: String,
    /// Upper case or as it stands.
    pub case: Case,
    /// Only names that match one of these; all when empty.
    pub only: Vec<Glob>,
    /// Never names that match one of these.
    pub exclude: Vec<Glob>,
}

impl Naming {
    /// Makes a name of a relative path or a member: every character that a name can't have becomes `_`.
    ///
    /// # Errors
    /// The text, when it would begin with a digit.
    pub fn name(&self, relative: &str) -> Result<VariableName, String> {
        let mut name = self.prefix.clone();
        name.extend(relative.chars().map(|c| match (c, self.case) {
            (c, Case::Upper) if c.is_ascii_alphanumeric() => c.to_ascii_uppercase(),
            (c, Case::Keep) if c.is_ascii_alphanumeric() => c,
            _ => '_',
        }));
        if name.is_empty() {
            name.push('_');
        }
        if name.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(name);
        }
        Ok(VariableName(name))
    }

    /// Whether the filters let a name through.
    #[must_use]
    pub fn admits(&self, name: &VariableName) -> bool {
        (self.only.is_empty() || self.only.iter().any(|glob| glob.matches(name.as_str())))
            && !self.exclude.iter().any(|glob| glob.matches(name.as_str()))
    }
}

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
            Err(
                "is a pattern over paths; it must be one over variables' names, such as `DB_*`"
                    .to_owned(),
            )
        } else if !balanced('[', ']') || !balanced('{', '}') {
            Err("is a pattern with an unclosed bracket".to_owned())
        } else {
            Ok(Self(text.to_owned()))
        }
    }

    /// Whether the pattern matches the whole name.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        glob_match::glob_match(&self.0, name)
    }

    /// The pattern's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests;
