//! Where the value of a variable comes from.

use crate::parameter::{Prefix, ValueRef};
use std::fmt;

/// Where the value of a variable comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Provenance {
    /// A parameter below a prefix.
    Prefix(ValueRef),
    /// A member of a JSON object.
    Object(ValueRef),
    /// A key, in the variable or in a memory file.
    Key(ValueRef),
    /// A reference in the inherited environment.
    Reference(ValueRef),
    /// A template over other variables.
    Composed,
    /// The inherited environment, under another name.
    Inherited,
}

impl Provenance {
    /// The parameter, where there is one.
    #[must_use]
    pub fn param(&self) -> Option<&ValueRef> {
        match self {
            Self::Prefix(param)
            | Self::Object(param)
            | Self::Key(param)
            | Self::Reference(param) => Some(param),
            Self::Composed | Self::Inherited => None,
        }
    }
}

impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prefix(param)
            | Self::Object(param)
            | Self::Key(param)
            | Self::Reference(param) => param.fmt(f),
            Self::Composed => f.write_str("[compose]"),
            Self::Inherited => f.write_str("the inherited environment"),
        }
    }
}

/// A source of several variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The parameters below a prefix.
    Prefix(Prefix),
    /// The members of a JSON object.
    Object(ValueRef),
}

impl Source {
    /// The parameters, as a pattern or a reference.
    #[must_use]
    pub fn pattern(&self) -> String {
        match self {
            Self::Prefix(prefix) => prefix.pattern(),
            Self::Object(param) => param.to_string(),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prefix(prefix) => write!(f, "the prefix {prefix}"),
            Self::Object(param) => write!(f, "the JSON object {param}"),
        }
    }
}

/// What a parameter was fetched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requester {
    /// A key or a file, for one variable.
    Variable(crate::variable::VariableName),
    /// A reference in an inherited variable.
    Reference(crate::variable::VariableName),
    /// The members of a JSON object.
    Object,
    /// No variable: its change announces that of others.
    Trigger,
}

impl fmt::Display for Requester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) | Self::Reference(name) => name.fmt(f),
            Self::Object => f.write_str("--json"),
            Self::Trigger => f.write_str("--trigger"),
        }
    }
}
