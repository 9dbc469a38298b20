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

use crate::diagnostic::Diagnostic;

/// Longer texts are cut in messages, so that what is wrong with them stays in sight.
const SHOWN: usize = 60;

/// The error for a text that names no parameter: what is wrong with it, and how to correct it.
fn malformed(text: &str, reason: &str, correction: impl Into<String>) -> Diagnostic {
    let mut shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    Diagnostic::invalid(format!("`{shown}` {reason}"), correction.into())
}

#[cfg(test)]
mod tests;
