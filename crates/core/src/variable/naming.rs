//! How a variable name is made from a path or a JSON member.

use super::{Glob, VariableName};

crate::choice! {
    /// The case of names made from paths.
    pub enum Case {
        /// `db/url` becomes `DB_URL`.
        Upper = "upper",
        /// `db/url` becomes `db_url`.
        Keep = "keep",
    }
}

#[allow(clippy::derivable_impls)] // The macro writes the enum.
impl Default for Case {
    fn default() -> Self {
        Self::Upper
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
        Ok(VariableName::inherited(&name))
    }

    /// Whether the filters let a name through.
    #[must_use]
    pub fn admits(&self, name: &VariableName) -> bool {
        (self.only.is_empty() || self.only.iter().any(|glob| glob.matches(name.as_str())))
            && !self.exclude.iter().any(|glob| glob.matches(name.as_str()))
    }
}
