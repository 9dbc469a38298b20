//! Types of values. docs/contract.md says what each takes.

use super::type_name::TypeName;
use crate::decode;
use serde::de::IgnoredAny;
use std::fmt::Display;
use url::Url;

/// The words for a truth value.
const BOOLEANS: &[&[u8]] = &[b"true", b"false", b"1", b"0", b"yes", b"no", b"on", b"off"];

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub enum ValueType {
    /// Any text that is not empty.
    Text,
    Integer {
        min: Option<i64>,
        max: Option<i64>,
    },
    Number {
        min: Option<f64>,
        max: Option<f64>,
    },
    Boolean,
    Port,
    Url {
        /// The only schemes that are allowed, if there are any here.
        schemes: Vec<String>,
    },
    Json,
    Base64,
    Pem {
        /// The only labels that are allowed, if there are any here.
        labels: Vec<String>,
    },
    Uuid,
}

impl ValueType {
    /// The type's name.
    pub fn name(&self) -> TypeName {
        match self {
            Self::Text => TypeName::Text,
            Self::Integer { .. } => TypeName::Integer,
            Self::Number { .. } => TypeName::Number,
            Self::Boolean => TypeName::Boolean,
            Self::Port => TypeName::Port,
            Self::Url { .. } => TypeName::Url,
            Self::Json => TypeName::Json,
            Self::Base64 => TypeName::Base64,
            Self::Pem { .. } => TypeName::Pem,
            Self::Uuid => TypeName::Uuid,
        }
    }

    /// The type and its limits, for a table.
    pub(super) fn words(&self) -> String {
        let range = match self {
            Self::Integer { min, max } => range(min.as_ref(), max.as_ref()),
            Self::Number { min, max } => range(min.as_ref(), max.as_ref()),
            Self::Url { schemes } => schemes.join(", "),
            Self::Pem { labels } => labels.join(", "),
            _ => String::new(),
        };
        let name = self.name().word();
        match range.as_str() {
            "" => name.to_owned(),
            range => format!("{name} ({range})"),
        }
    }

    /// The lengths of the shortest and of the longest value, in characters, as far as they are known.
    pub(super) fn lengths(&self) -> (u64, Option<u64>) {
        match self {
            Self::Boolean | Self::Port => (1, Some(5)),
            Self::Uuid => (36, Some(36)),
            Self::Base64 => (2, None),
            // `a://`, and the lines of BEGIN and END without a label.
            Self::Url { .. } => (4, None),
            Self::Pem { .. } => (30, None),
            Self::Text | Self::Integer { .. } | Self::Number { .. } | Self::Json => (1, None),
        }
    }

    /// Every value, if there are few.
    pub(super) fn values(&self) -> Option<Box<dyn Iterator<Item = String>>> {
        match self {
            Self::Boolean => {
                let words = BOOLEANS.iter().map(|word| String::from_utf8_lossy(word).into_owned());
                Some(Box::new(words))
            }
            Self::Port => Some(Box::new((1..=u16::MAX).map(|port| port.to_string()))),
            _ => None,
        }
    }

    /// Whether this can be the scheme of a URL (RFC 3986, 3.1).
    pub(super) fn is_scheme(text: &str) -> bool {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(allowed)
    }

    /// How a value, which is not empty, is not of this type.
    pub(super) fn violation(&self, value: &[u8]) -> Option<String> {
        let text = std::str::from_utf8(value).ok();
        let is = |holds: bool, what: &str| (!holds).then(|| format!("must be {what}"));
        match self {
            Self::Text => None,
            Self::Integer { min, max } => match text.and_then(integer) {
                None => is(false, "an integer"),
                Some(number) => out_of_range(&number, min.as_ref(), max.as_ref()),
            },
            Self::Number { min, max } => match text.and_then(number) {
                None => is(false, "a number"),
                Some(number) => out_of_range(&number, min.as_ref(), max.as_ref()),
            },
            Self::Boolean => {
                is(BOOLEANS.contains(&value), "a boolean (true, false, 1, 0, yes, no, on or off)")
            }
            Self::Port => is(text.is_some_and(is_port), "a port (1 to 65535)"),
            Self::Url { schemes } => match text.and_then(scheme) {
                None => is(false, "a URL"),
                Some(scheme) => is(
                    schemes.is_empty() || schemes.contains(&scheme),
                    &format!("a URL with the scheme {}", list(schemes)),
                ),
            },
            Self::Json => is(serde_json::from_slice::<IgnoredAny>(value).is_ok(), "valid JSON"),
            Self::Base64 => is(is_base64(value), "valid Base64"),
            Self::Pem { labels } => match text.and_then(pem_labels) {
                None => is(false, "one or more whole PEM blocks"),
                Some(found) => is(
                    labels.is_empty() || found.iter().all(|one| labels.contains(one)),
                    &format!("PEM with the label {}", list(labels)),
                ),
            },
            Self::Uuid => is(text.is_some_and(is_uuid), "a UUID"),
        }
    }
}

/// Words in quotes, separated by commas.
pub(super) fn list(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}

fn range<T: Display>(min: Option<&T>, max: Option<&T>) -> String {
    match (min, max) {
        (Some(min), Some(max)) => format!("{min} to {max}"),
        (Some(min), None) => format!("at least {min}"),
        (None, Some(max)) => format!("at most {max}"),
        (None, None) => String::new(),
    }
}

fn out_of_range<T: PartialOrd + Display>(
    number: &T,
    min: Option<&T>,
    max: Option<&T>,
) -> Option<String> {
    let is_within = min.is_none_or(|min| number >= min) && max.is_none_or(|max| number <= max);
    (!is_within).then(|| format!("must be within the limits: {}", range(min, max)))
}

/// A sign, then digits, within 64 bits.
fn integer(text: &str) -> Option<i64> {
    text.parse().ok()
}

/// Digits with an optional sign, fraction and exponent; no infinity and no NaN.
fn number(text: &str) -> Option<f64> {
    let is_decimal = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    let number: f64 = is_decimal.then(|| text.parse().ok()).flatten()?;
    number.is_finite().then_some(number)
}

/// 1 to 65535, without a sign or leading zeros.
fn is_port(text: &str) -> bool {
    !text.starts_with(['+', '0']) && text.parse::<u16>().is_ok()
}

/// The scheme of a URL with `://`. The parser of the URL standard corrects what it can: what it would
/// correct, such as blanks and backslashes, is refused here, since other parsers would not.
fn scheme(text: &str) -> Option<String> {
    let is_plain = |c: char| !c.is_whitespace() && !c.is_control() && c != '\\';
    let (scheme, rest) = text.split_once("://")?;
    if !text.chars().all(is_plain) || !ValueType::is_scheme(scheme) {
        return None;
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let (user, hosts) = match authority.rsplit_once('@') {
        Some((user, hosts)) => (format!("{user}@"), hosts),
        None => (String::new(), authority),
    };
    // Databases are reached by URLs with several hosts: `mongodb://a:27017,b:27017/db`.
    for host in hosts.split(',') {
        let url = Url::parse(&format!("{scheme}://{user}{host}{path}")).ok()?;
        // The standard takes a host from the path where there is none.
        if host.is_empty() && (url.has_host() || !user.is_empty() || hosts.contains(',')) {
            return None;
        }
    }
    Some(scheme.to_ascii_lowercase())
}

/// White space is ignored, and padding is optional, as for `--base64`.
fn is_base64(value: &[u8]) -> bool {
    let decoded = decode::base64(value).map(zeroize::Zeroizing::new);
    decoded.is_some_and(|decoded| !decoded.is_empty())
}

/// The labels of PEM blocks, if there is at least one and every one is whole, on lines of its own.
fn pem_labels(text: &str) -> Option<Vec<String>> {
    let blocks = ::pem::parse_many(text).ok()?;
    let is_marker = |line: &str| {
        ["-----BEGIN ", "-----END "].iter().any(|start| {
            line.strip_prefix(start)
                .and_then(|rest| rest.strip_suffix("-----"))
                .is_some_and(|label| !label.contains('-'))
        })
    };
    let markers = text.lines().filter(|line| line.contains("-----"));
    let mut count = 0;
    for line in markers {
        if !is_marker(line.trim_end()) {
            return None;
        }
        count += 1;
    }
    let is_whole = !blocks.is_empty()
        && count == 2 * blocks.len()
        && blocks.iter().all(|block| !block.contents().is_empty());
    is_whole.then(|| blocks.iter().map(|block| block.tag().to_owned()).collect())
}

/// Five groups of hexadecimal digits between hyphens.
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36 && uuid::Uuid::try_parse(text).is_ok()
}
