//! How a variable name is made from a path or a JSON member.

use super::{Glob, VariableName};
use crate::diagnostic::Diagnostic;
use crate::origin::Given;

crate::choice! {
    /// The case of names made from paths.
    #[derive(Default)]
    pub enum Case {
        /// `db/url` becomes `DB_URL`.
        #[default]
        Upper = "upper",
        /// `db/url` becomes `db_url`.
        Keep = "keep",
    }
}

/// How names are made from paths and JSON members, and which of them are taken.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Naming {
    /// Put before each name.
    pub prefix: String,
    /// Upper case or as it stands.
    pub case: Case,
    /// Only names that match one of these; all when empty.
    pub only: Vec<Given<Glob>>,
    /// Never names that match one of these.
    pub exclude: Vec<Given<Glob>>,
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
        Ok(VariableName::inherited(&name))
    }

    /// Reads a prefix for names: what a name made from a path may consist of.
    ///
    /// # Errors
    /// When a name could not begin with it.
    pub fn parse_prefix(text: &str) -> Result<String, Diagnostic> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if text.starts_with(|c: char| c.is_ascii_digit()) {
            let correction = format!("Begin it with a letter or `_`, as in `_{text}`");
            let message = format!("`{text}` begins with a digit");
            return Err(Diagnostic::invalid(message, correction));
        }
        match text.chars().find(|&c| !allowed(c)) {
            None => Ok(text.to_owned()),
            Some(c) => Err(Diagnostic::invalid(
                format!("`{text}` contains {c:?}, which no name made from a path has"),
                format!(
                    "Use letters, digits and `_`, as in `{}`",
                    text.replace(|c| !allowed(c), "_")
                ),
            )),
        }
    }

    /// Whether the filters let a name through.
    pub fn admits(&self, name: &VariableName) -> bool {
        let matches = |globs: &[Given<Glob>]| {
            globs.iter().any(|glob| self.is_match(&glob.value, name.as_str()))
        };
        (self.only.is_empty() || matches(&self.only)) && !matches(&self.exclude)
    }

    /// Whether a filter matches a name, with or without the prefix that all names get.
    pub fn is_match(&self, glob: &Glob, name: &str) -> bool {
        let bare = || name.strip_prefix(&self.prefix);
        glob.matches(name)
            || (!self.prefix.is_empty() && bare().is_some_and(|bare| glob.matches(bare)))
    }
}
