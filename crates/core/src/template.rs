//! Templates of composed variables: `postgres://${DB_USER}:${DB_PASSWORD|url}@${DB_HOST}/app`. Pure.

use crate::diagnostic::Diagnostic;
use crate::placeholder::{self, Piece, Unclosed};
use crate::variable::VariableName;
use crate::words::unknown_word;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use std::fmt;
use zeroize::Zeroizing;

/// RFC 3986's unreserved characters stay; all else is encoded, so that a value fits any part of a URL.
const URL: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// What is done to a value before it is put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Filter {
    Url,
    Json,
    Base64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Variable { name: String, filters: Vec<Filter> },
}

/// Why a template cannot be filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FillError<'t> {
    /// This variable is not set.
    Unset(&'t str),
    /// This variable is not UTF-8, and `json` takes text only.
    NotText(&'t str),
    /// The result would be longer than it may be.
    TooLong,
}

/// Texts and the variables between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Part>);

impl Template {
    /// Reads a template. `$${` is a literal `${`.
    ///
    /// # Errors
    /// When it could not be filled.
    pub fn parse(text: &str) -> Result<Self, Diagnostic> {
        let pieces = placeholder::parse(text).map_err(|Unclosed| {
            let message = "the template has `${` without its `}`";
            Diagnostic::invalid(message, "Write `$${` for a literal `${`")
        })?;
        let parts = pieces.into_iter().map(|piece| match piece {
            Piece::Text(text) => Ok(Part::Text(text.to_owned())),
            Piece::Placeholder(inside) => variable(inside),
        });
        parts.collect::<Result<_, _>>().map(Self)
    }

    /// The variables that it is made from.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Variable { name, .. } => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// Fills it, up to so many bytes. `value` is asked for each variable.
    ///
    /// # Errors
    /// The first variable without a value, or with one that a filter does not take; a result that is too long.
    pub fn fill<'a>(
        &self,
        limit: usize,
        value: impl Fn(&str) -> Option<&'a [u8]>,
    ) -> Result<Zeroizing<Vec<u8>>, FillError<'_>> {
        let mut out = Zeroizing::new(Vec::new());
        let mut add = |bytes: &[u8]| {
            if bytes.len() > limit - out.len() {
                return Err(FillError::TooLong);
            }
            out.extend_from_slice(bytes);
            Ok(())
        };
        for part in &self.0 {
            match part {
                Part::Text(text) => add(text.as_bytes())?,
                Part::Variable { name, filters } => {
                    let value = value(name).ok_or(FillError::Unset(name))?;
                    let mut filled = Zeroizing::new(value.to_vec());
                    for filter in filters {
                        // Several filters in a row can double it too.
                        if filled.len() > limit {
                            return Err(FillError::TooLong);
                        }
                        filled = filter.apply(&filled).ok_or(FillError::NotText(name))?;
                    }
                    add(&filled)?;
                }
            }
        }
        Ok(out)
    }
}

/// Its one form, for a fingerprint: variables in braces, and a literal brace twice.
impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|part| match part {
            Part::Text(text) => f.write_str(&text.replace('{', "{{")),
            Part::Variable { name, filters } => {
                write!(f, "{{{name}")?;
                filters
                    .iter()
                    .try_for_each(|filter| write!(f, "|{}", filter.word()))?;
                f.write_str("}")
            }
        })
    }
}

fn variable(inside: &str) -> Result<Part, Diagnostic> {
    let mut words = inside.split('|').map(str::trim);
    let name = words.next().unwrap_or_default();
    if name.contains(":-") {
        let message = format!("`${{{inside}}}` has a default, which no template has");
        let correction = "Give the variable a `default` in `[keys]`";
        return Err(Diagnostic::invalid(message, correction));
    }
    VariableName::parse(name)?;
    let filters = words.map(Filter::parse).collect::<Result<_, _>>()?;
    Ok(Part::Variable {
        name: name.to_owned(),
        filters,
    })
}

impl Filter {
    fn word(self) -> &'static str {
        match self {
            Self::Url => "url",
            Self::Json => "json",
            Self::Base64 => "base64",
        }
    }

    fn parse(text: &str) -> Result<Self, Diagnostic> {
        match text {
            "url" => Ok(Self::Url),
            "json" => Ok(Self::Json),
            "base64" => Ok(Self::Base64),
            _ => Err(unknown_word(text, &["url", "json", "base64"])),
        }
    }

    /// `url` percent-encodes; `json` escapes for the inside of a JSON string, and takes text only;
    /// `base64` is the standard alphabet, padded.
    fn apply(self, value: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        Some(Zeroizing::new(match self {
            Self::Url => percent_encode(value, URL).to_string().into_bytes(),
            Self::Base64 => STANDARD.encode(value).into_bytes(),
            Self::Json => {
                let mut quoted = serde_json::to_vec(std::str::from_utf8(value).ok()?).ok()?;
                quoted.pop();
                quoted.drain(..1);
                quoted
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(text: &str) -> String {
        let value = |name: &str| match name {
            "USER" => Some("app".as_bytes()),
            "BYTES" => Some(&b"\xff"[..]),
            "PASSWORD" => Some("p@ss/w\"ö %".as_bytes()),
            _ => None,
        };
        let template = Template::parse(text).expect("a template");
        let filled = template.fill(100, value).map(|bytes| bytes.to_vec());
        match filled {
            Ok(bytes) => String::from_utf8(bytes).expect("UTF-8"),
            Err(error) => format!("{error:?}"),
        }
    }

    #[test]
    fn values_are_put_in_through_their_filters() {
        assert_eq!(
            fill("postgres://${USER}:${PASSWORD|url}@h/d"),
            "postgres://app:p%40ss%2Fw%22%C3%B6%20%25@h/d"
        );
        assert_eq!(
            fill("{\"p\":\"${PASSWORD | json}\"}"),
            "{\"p\":\"p@ss/w\\\"ö %\"}"
        );
        assert_eq!(fill("${PASSWORD|base64}"), "cEBzcy93IsO2ICU=");
        assert_eq!(fill("${USER|base64|url}"), "YXBw");
        assert_eq!(fill("$${USER} $ ${USER}$"), "${USER} $ app$");
        assert_eq!(fill("${NOPE}"), "Unset(\"NOPE\")");
        assert_eq!(fill("${BYTES|url}-${BYTES|base64|json}"), "%FF-/w==");
        assert_eq!(fill("${BYTES|json}"), "NotText(\"BYTES\")");
        assert_eq!(fill(&"${USER}".repeat(33)).len(), 99);
        for long in [
            "${USER}".repeat(34),
            format!("${{USER{}}}", "|base64".repeat(20)),
        ] {
            assert_eq!(fill(&long), "TooLong");
        }
    }

    #[test]
    fn mistakes_are_reported() {
        for (text, reason) in [
            ("${A", "without its `}`"),
            ("${}", "the name of a variable is empty"),
            ("${A|upper}", "`upper` is not `url`, `json` or `base64`"),
            ("${A:-d}", "`${A:-d}` has a default, which no template has"),
            ("${A:d}", "`A:d` contains ':'"),
            ("${A B}", "`A B` contains ' '"),
            ("${1A}", "`1A` does not begin with a letter or `_`"),
            ("${/a|url}", "`/a` is a parameter"),
        ] {
            let message = Template::parse(text).expect_err(text).message;
            assert!(message.contains(reason), "{text}: {message}");
        }
    }
}
