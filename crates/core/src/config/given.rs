//! Texts with their origin, parsed: an error points at the place where the text was given.

use super::ConfigError;
use super::layer::{List, One};
use crate::origin::{Given, Origin};

pub(super) fn each<T, U>(
    list: List<T>,
    parse: impl Fn(Given<T>) -> Result<U, ConfigError>,
) -> Result<Vec<U>, ConfigError> {
    list.into_iter().flatten().map(parse).collect()
}

pub(super) fn parsed<T>(
    list: List<String>,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, ConfigError> {
    each(list, |given| parse_one(&given.value, &given.origin, &parse))
}

/// The same, each with its origin.
pub(super) fn parsed_given<T>(
    list: List<String>,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<Given<T>>, ConfigError> {
    each(list, |given| parsed_one(given, &parse))
}

/// One text, with its origin. The parser's error is the rest of a sentence about it.
pub(super) fn parsed_one<T>(
    given: Given<String>,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Given<T>, ConfigError> {
    let value = parse_one(&given.value, &given.origin, parse)?;
    Ok(Given::new(value, given.origin))
}

pub(super) fn parsed_or<T>(
    given: One<String>,
    parse: impl Fn(&str) -> Result<T, String>,
    default: T,
) -> Result<T, ConfigError> {
    given.map_or(Ok(default), |given| {
        parse_one(&given.value, &given.origin, parse)
    })
}

pub(super) fn parse_one<T>(
    text: &str,
    origin: &Origin,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<T, ConfigError> {
    parse(text).map_err(|reason| ConfigError::invalid(origin.clone(), format!("`{text}` {reason}")))
}

pub(super) fn on(given: One<bool>) -> bool {
    given.is_some_and(|given| given.value)
}
