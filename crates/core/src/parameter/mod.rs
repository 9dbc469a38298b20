//! What identifies a parameter: names, ARNs, selectors, prefixes and JSON fields. Each type can only
//! be made by parsing. Pure; knows the rules for names as AWS documents them.

mod arn;
mod field;
mod name;
mod prefix;
mod reference;
mod selector;

pub use arn::ParameterArn;
pub use field::Field;
pub use name::ParameterName;
pub use prefix::Prefix;
pub use reference::{OnMissing, ParameterId, ParameterRef, ValueRef};
pub use selector::{Label, Selector, Version};

use std::fmt;

/// Why a text names no parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// What was given, as far as it matters.
    pub text: String,
    /// What is wrong with it, and the correction where there is one.
    pub reason: String,
}

impl Malformed {
    fn new(text: &str, reason: impl Into<String>) -> Self {
        Self {
            text: text.to_owned(),
            reason: reason.into(),
        }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.text, self.reason)
    }
}

#[cfg(test)]
mod tests;
