//! The contract: what each variable of the final environment must be, whatever its source. Pure; a
//! violation names the rule, never the value, its length or a part of it.

mod parse;
mod pattern;
mod spec;
mod toml;
mod type_name;
mod value_type;
mod violation;

pub use parse::RuleError;
pub use pattern::Pattern;
pub use spec::{ContractSpec, RULES, RuleValue};
pub use type_name::TypeName;
pub use value_type::ValueType;
pub use violation::Violation;

use crate::config::duration;
use crate::fetched::ParameterType;
use crate::origin::Origin;
use crate::variable::VariableName;
use std::collections::BTreeMap;
use std::time::Duration;

/// What the variables must be.
#[derive(Debug, Clone, Default)]
pub struct Contract {
    /// The rules by variable.
    pub rules: BTreeMap<VariableName, Rule>,
    /// Whether a prefix or a JSON object may only set variables that have rules.
    pub closed: bool,
}

/// What one variable must be.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// What the value is.
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
    /// What it is for.
    pub description: Option<String>,
    /// The maximum age of the parameter.
    pub max_age: Option<Duration>,
    /// Where it was given.
    pub origin: Origin,
}

impl Rule {
    /// Every way in which a value, and the type of the parameter that holds it, breaks the rule.
    #[must_use]
    pub fn violations(&self, value: &[u8], stored_as: Option<ParameterType>) -> Vec<Violation> {
        let mut violations = self.value_violations(value);
        if let (true, Some(kind @ (ParameterType::String | ParameterType::StringList))) =
            (self.secure, stored_as)
        {
            violations.push(Violation::NotSecure(kind));
        }
        violations
    }

    fn value_violations(&self, value: &[u8]) -> Vec<Violation> {
        if value.is_empty() {
            return vec![Violation::Empty];
        }
        let mut violations: Vec<Violation> = self.value_type.violation(value).into_iter().collect();
        let text = std::str::from_utf8(value);
        if let Some(pattern) = &self.pattern
            && !text.is_ok_and(|text| pattern.matches(text))
        {
            violations.push(Violation::Pattern(pattern.as_str().to_owned()));
        }
        if !self.one_of.is_empty() && !self.one_of.iter().any(|word| word.as_bytes() == value) {
            violations.push(Violation::OneOf(self.one_of.clone()));
        }
        let length = text.map_or(value.len(), |text| text.chars().count());
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        if let Some(min) = self.min_length.filter(|min| length < *min) {
            violations.push(Violation::MinLength(min));
        }
        if let Some(max) = self.max_length.filter(|max| length > *max) {
            violations.push(Violation::MaxLength(max));
        }
        violations
    }

    /// The rules in words, for a table: the type, then what else holds.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let pattern = self.pattern.as_ref();
        let rules = [
            pattern.map(|pattern| format!("matches {}", pattern.as_str())),
            (!self.one_of.is_empty()).then(|| format!("one of {}", self.one_of.join(", "))),
            self.min_length
                .map(|min| format!("at least {}", violation::characters(min))),
            self.max_length
                .map(|max| format!("at most {}", violation::characters(max))),
            self.secure.then(|| "secure".to_owned()),
            self.optional.then(|| "optional".to_owned()),
            self.max_age
                .map(|age| format!("not older than {}", duration::written(age))),
        ];
        let value_type = std::iter::once(self.value_type.words());
        value_type.chain(rules.into_iter().flatten()).collect()
    }
}

#[cfg(test)]
mod tests;
