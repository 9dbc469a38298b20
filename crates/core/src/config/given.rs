//! Texts with their origin, parsed: an error points at the place where the text was given.

use super::layer::{List, One};
use crate::diagnostic::Diagnostic;
use crate::origin::{Given, Origin};

pub(super) fn parse_text<T>(
    text: &str,
    origin: &Origin,
    parse: impl Fn(&str) -> Result<T, Diagnostic>,
) -> Result<T, Diagnostic> {
    parse(text).map_err(|error| error.at(origin.clone()))
}

pub(super) fn parse<T>(
    given: Given<String>,
    parse: impl Fn(&str) -> Result<T, Diagnostic>,
) -> Result<Given<T>, Diagnostic> {
    let value = parse_text(&given.value, &given.origin, parse)?;
    Ok(Given::new(value, given.origin))
}

/// The value of a setting that may be absent, without its origin.
pub(super) fn parse_one<T>(
    given: One<String>,
    parse: impl Fn(&str) -> Result<T, Diagnostic>,
) -> Result<Option<T>, Diagnostic> {
    given.map(|given| parse_text(&given.value, &given.origin, parse)).transpose()
}

pub(super) fn each<T, U>(
    list: List<T>,
    parse: impl Fn(Given<T>) -> Result<U, Diagnostic>,
) -> Result<Vec<U>, Diagnostic> {
    list.into_iter().flatten().map(parse).collect()
}

pub(super) fn parse_each<T>(
    list: List<String>,
    parse: impl Fn(&str) -> Result<T, Diagnostic>,
) -> Result<Vec<Given<T>>, Diagnostic> {
    each(list, |given| self::parse(given, &parse))
}

pub(super) fn count(text: &str) -> Result<usize, Diagnostic> {
    let count = text.parse().ok().filter(|&count| count > 0);
    let message = || format!("`{text}` is not a number of at least 1");
    count.ok_or_else(|| Diagnostic::invalid(message(), "Write a number, such as `10000`"))
}

pub(super) fn on(given: One<bool>) -> bool {
    given.is_some_and(|given| given.value)
}
