//! The contract as the file gives it: rules by name, each with its place.

use crate::origin::Given;

/// The names of the rules.
pub const RULES: &[&str] = &[
    "description",
    "label",
    "max",
    "max_age",
    "max_length",
    "min",
    "min_length",
    "one_of",
    "optional",
    "pattern",
    "schemes",
    "secure",
    "type",
];

/// The value of one rule, by its type in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleValue {
    Text(String),
    Texts(Vec<String>),
    /// A whole number, as it is written.
    Integer(String),
    /// Another number, as it is written.
    Float(String),
    /// `true` or `false`.
    Switch(bool),
    /// Something else, which no rule takes.
    Other,
}

/// The rules for one variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractSpec {
    pub name: String,
    /// The rules, each with its name.
    pub rules: Vec<(String, Given<RuleValue>)>,
}
