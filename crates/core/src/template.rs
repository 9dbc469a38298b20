//! Templates of composed variables and files: `postgres://${DB_USER}:${DB_PASSWORD|url}@${DB_HOST}/app`. Pure.

mod filter;

pub use filter::Filter;

use crate::diagnostic::Diagnostic;
use crate::placeholder::{self, Piece, Unclosed};
use crate::variable::VariableName;
use std::fmt;
use zeroize::Zeroizing;

#[derive(Debug, Clone, PartialEq, Eq)]
enum TemplatePart {
    Text(String),
    Variable { name: String, filters: Vec<Filter> },
}

/// Why a template cannot be filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FillError<'t> {
    /// This variable is not set.
    Unset(&'t str),
    /// A filter cannot write the value of this variable.
    Unfit {
        variable: &'t str,
        /// Why not, to follow "the value".
        reason: &'static str,
        filter: Filter,
    },
    /// The result would be longer than it may be.
    TooLong,
}

/// Texts and the variables between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<TemplatePart>);

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
        let mut line = 1;
        let parts = pieces.into_iter().map(|piece| match piece {
            Piece::Text(part) => {
                line += part.matches('\n').count();
                Ok(TemplatePart::Text(part.to_owned()))
            }
            Piece::Placeholder(inside) => variable(inside).map_err(|mut error| {
                if text.contains('\n') {
                    error.message = format!("line {line} of the template: {}", error.message);
                }
                error
            }),
        });
        parts.collect::<Result<_, _>>().map(Self)
    }

    /// The variables that it is made from.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            TemplatePart::Variable { name, .. } => Some(name.as_str()),
            TemplatePart::Text(_) => None,
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
                TemplatePart::Text(text) => add(text.as_bytes())?,
                TemplatePart::Variable { name, filters } => {
                    let value = value(name).ok_or(FillError::Unset(name))?;
                    let mut filled = Zeroizing::new(value.to_vec());
                    for filter in filters {
                        // Several filters in a row can double it too.
                        if filled.len() > limit {
                            return Err(FillError::TooLong);
                        }
                        filled = filter.apply(&filled).map_err(|reason| FillError::Unfit {
                            variable: name,
                            reason,
                            filter: *filter,
                        })?;
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
            TemplatePart::Text(text) => f.write_str(&text.replace('{', "{{")),
            TemplatePart::Variable { name, filters } => {
                write!(f, "{{{name}")?;
                filters.iter().try_for_each(|filter| write!(f, "|{}", filter.word()))?;
                f.write_str("}")
            }
        })
    }
}

fn variable(inside: &str) -> Result<TemplatePart, Diagnostic> {
    let mut words = inside.split('|').map(str::trim);
    let name = words.next().unwrap_or_default();
    if name.contains(":-") {
        let message = format!("`${{{inside}}}` has a default, which no template has");
        let correction = "Give the variable a `default` in `[keys]`";
        return Err(Diagnostic::invalid(message, correction));
    }
    VariableName::parse(name)?;
    let filters = words.map(Filter::parse).collect::<Result<_, _>>()?;
    Ok(TemplatePart::Variable { name: name.to_owned(), filters })
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
        assert_eq!(fill("{\"p\":\"${PASSWORD | json}\"}"), "{\"p\":\"p@ss/w\\\"ö %\"}");
        assert_eq!(fill("${PASSWORD|base64}"), "cEBzcy93IsO2ICU=");
        assert_eq!(fill("${USER|base64|url}"), "YXBw");
        assert_eq!(fill("$${USER} $ ${USER}$"), "${USER} $ app$");
        assert_eq!(fill("${NOPE}"), "Unset(\"NOPE\")");
        assert_eq!(fill("${BYTES|url}-${BYTES|base64|json}"), "%FF-/w==");
        assert_eq!(
            fill("${BYTES|json}"),
            "Unfit { variable: \"BYTES\", reason: \"is not UTF-8\", filter: Json }"
        );
        assert_eq!(fill(&"${USER}".repeat(33)).len(), 99);
        for long in ["${USER}".repeat(34), format!("${{USER{}}}", "|base64".repeat(20))] {
            assert_eq!(fill(&long), "TooLong");
        }
    }

    #[test]
    fn mistakes_are_reported() {
        for (text, reason) in [
            ("${A", "without its `}`"),
            ("${}", "the name of a variable is empty"),
            ("${A|upper}", "`upper` is not `url`, `json`, `yaml`"),
            ("${A:-d}", "`${A:-d}` has a default, which no template has"),
            ("${A:d}", "`A:d` contains ':'"),
            ("${A B}", "`A B` contains ' '"),
            ("${1A}", "`1A` does not begin with a letter or `_`"),
            ("${/a|url}", "`/a` is a parameter"),
            ("a\n$${b}\n${}", "line 3 of the template: the name of"),
        ] {
            let message = Template::parse(text).expect_err(text).message;
            assert!(message.contains(reason), "{text}: {message}");
        }
    }
}
