//! The contract: what each variable of the final environment must be, whatever its source. Pure; a
//! violation is the rule in words, never the value, its length or a part of it.

mod parse;
mod pattern;
mod spec;
mod toml;
mod type_name;
mod value_type;

pub use pattern::Pattern;
pub use spec::{ContractSpec, RULES, RuleValue};
pub use type_name::TypeName;
pub use value_type::ValueType;
pub(crate) use value_type::is_uuid;

use crate::config::duration;
use crate::fetched::ParameterType;
use crate::origin::Origin;
use crate::variable::VariableName;
use crate::words::count;
use std::collections::BTreeMap;
use std::time::Duration;

/// What the variables must be.
#[derive(Debug, Clone, Default)]
pub struct Contract {
    pub rules: BTreeMap<VariableName, Rule>,
    /// Whether a prefix or a JSON object may only set variables that have rules.
    pub closed: bool,
}

/// What one variable must be.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    pub value_type: ValueType,
    /// What the whole value must match.
    pub pattern: Option<Pattern>,
    /// The only values that are allowed, if there are any here.
    pub one_of: Vec<String>,
    /// In characters.
    pub min_length: Option<u64>,
    /// In characters.
    pub max_length: Option<u64>,
    /// Whether the parameter must be a `SecureString`.
    pub secure: bool,
    /// Whether it may be unset.
    pub optional: bool,
    pub description: Option<String>,
    /// The maximum age of the parameter.
    pub max_age: Option<Duration>,
    pub origin: Origin,
}

impl Rule {
    /// Every way in which a value breaks the rule, as the rest of a sentence that begins with the variable.
    pub fn violations(&self, value: &[u8]) -> Vec<String> {
        if value.is_empty() {
            return vec!["must not be empty".to_owned()];
        }
        let mut violations: Vec<String> = self.value_type.violation(value).into_iter().collect();
        let text = std::str::from_utf8(value);
        if let Some(pattern) = &self.pattern
            && !text.is_ok_and(|text| pattern.matches(text))
        {
            violations.push(format!("must match the pattern `{}`", pattern.as_str()));
        }
        if !self.one_of.is_empty() && !self.one_of.iter().any(|word| word.as_bytes() == value) {
            violations.push(format!("must be one of {}", value_type::list(&self.one_of)));
        }
        let length = text.map_or(value.len(), |text| text.chars().count());
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        if let Some(min) = self.min_length.filter(|min| length < *min) {
            violations.push(format!("must have at least {}", count(min, "character")));
        }
        if let Some(max) = self.max_length.filter(|max| length > *max) {
            violations.push(format!("must have at most {}", count(max, "character")));
        }
        violations
    }

    /// The same for the type of the parameter that holds the value.
    pub fn insecure(&self, stored_as: Option<ParameterType>) -> Option<String> {
        let kind = stored_as.filter(|kind| self.secure && *kind != ParameterType::SecureString)?;
        let kind = kind.word();
        Some(format!("must be a SecureString, and the parameter is a {kind}"))
    }

    /// The rules in words, for a table: the type, then what else holds.
    pub fn words(&self) -> Vec<String> {
        let pattern = self.pattern.as_ref();
        let rules = [
            pattern.map(|pattern| format!("matches {}", pattern.as_str())),
            (!self.one_of.is_empty()).then(|| format!("one of {}", self.one_of.join(", "))),
            self.min_length.map(|min| format!("at least {}", count(min, "character"))),
            self.max_length.map(|max| format!("at most {}", count(max, "character"))),
            self.secure.then(|| "secure".to_owned()),
            self.optional.then(|| "optional".to_owned()),
            self.max_age.map(|age| format!("not older than {}", duration::written(age))),
        ];
        let value_type = std::iter::once(self.value_type.words());
        value_type.chain(rules.into_iter().flatten()).collect()
    }
}

#[cfg(test)]
mod tests;
