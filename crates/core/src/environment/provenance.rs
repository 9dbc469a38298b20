//! Where the value of a variable comes from.

use crate::parameter::ValueRef;
use crate::variable::VariableName;
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

/// What a parameter was fetched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requester {
    /// A key or a file, for one variable.
    Variable(VariableName),
    /// A reference in an inherited variable.
    Reference(VariableName),
    /// The members of a JSON object.
    Object,
    /// No variable: its change announces that of others.
    Trigger,
}

impl Requester {
    /// The variable, where there is one.
    pub fn variable(&self) -> Option<&VariableName> {
        match self {
            Self::Variable(name) | Self::Reference(name) => Some(name),
            Self::Object | Self::Trigger => None,
        }
    }
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
