//! How a value breaks a rule.

use super::type_name::TypeName;
use crate::fetched::ParameterType;
use std::fmt;

/// How a value breaks a rule. Holds the rule, never the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Violation {
    /// It is not set.
    Unset,
    /// It is set, but empty.
    Empty,
    /// It is not of this type.
    Type(TypeName),
    /// A number that is not within the limits.
    Range(String),
    /// A URL with another scheme.
    Schemes(Vec<String>),
    /// A PEM block with another label.
    Labels(Vec<String>),
    /// It does not match the pattern.
    Pattern(String),
    /// It is none of these.
    OneOf(Vec<String>),
    /// It is shorter.
    MinLength(u64),
    /// It is longer.
    MaxLength(u64),
    /// It must be a `SecureString`.
    NotSecure(ParameterType),
    /// The contract is closed and does not name it.
    Unexpected,
}

/// Words in quotes, separated by commas.
fn list(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}

/// A length in words.
pub(super) fn characters(count: u64) -> String {
    match count {
        1 => "1 character".to_owned(),
        count => format!("{count} characters"),
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unset => f.write_str("must be set"),
            Self::Empty => f.write_str("must not be empty"),
            Self::Type(name) => {
                let what = match name {
                    TypeName::Integer => "an integer",
                    TypeName::Number => "a number",
                    TypeName::Boolean => "a boolean (true, false, 1, 0, yes, no, on or off)",
                    TypeName::Port => "a port (1 to 65535)",
                    TypeName::Url => "a URL",
                    TypeName::Json => "valid JSON",
                    TypeName::Base64 => "valid Base64",
                    TypeName::Pem => "one or more whole PEM blocks",
                    TypeName::Uuid => "a UUID",
                    TypeName::Text => "text",
                };
                write!(f, "must be {what}")
            }
            Self::Range(range) => write!(f, "must be within the limits: {range}"),
            Self::Schemes(schemes) => write!(f, "must be a URL with the scheme {}", list(schemes)),
            Self::Labels(labels) => write!(f, "must be PEM with the label {}", list(labels)),
            Self::Pattern(pattern) => write!(f, "must match the pattern `{pattern}`"),
            Self::OneOf(words) => write!(f, "must be one of {}", list(words)),
            Self::MinLength(min) => write!(f, "must have at least {}", characters(*min)),
            Self::MaxLength(max) => write!(f, "must have at most {}", characters(*max)),
            Self::NotSecure(kind) => write!(
                f,
                "must be a SecureString, and the parameter is a {kind}: write it again with `aws ssm put-parameter --type SecureString --overwrite`"
            ),
            Self::Unexpected => f.write_str("is not in the contract, which is closed"),
        }
    }
}
