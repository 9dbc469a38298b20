//! `${NAME}` and `${NAME:-default}` in the strings of the configuration file.

use crate::placeholder::{self, Piece, Unclosed};

/// Why a string cannot be filled.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum InterpolationError {
    /// `${` without its `}`.
    Unclosed,
    /// What stands between the braces is neither a name nor a name with a default. A default is only text.
    Unsupported(String),
    /// This variable is not set, or is empty, and there is no default.
    Unset(String),
    /// This variable is set, but is not UTF-8.
    NotText(String),
}

/// A value that is not UTF-8.
#[derive(Debug)]
pub(super) struct NotText;

/// Fills every `${NAME}` and `${NAME:-default}`; a variable that is empty counts as unset, as in a shell.
pub(super) fn interpolate<'a>(
    text: &str,
    value: impl Fn(&str) -> Result<Option<&'a str>, NotText>,
) -> Result<String, InterpolationError> {
    let pieces = placeholder::parse(text).map_err(|Unclosed| InterpolationError::Unclosed)?;
    let mut filled = String::with_capacity(text.len());
    for piece in pieces {
        match piece {
            Piece::Text(text) => filled.push_str(text),
            Piece::Placeholder(inside) => {
                let (name, default) = match inside.split_once(":-") {
                    Some((name, default)) => (name, Some(default)),
                    None => (inside, None),
                };
                if !is_name(name) || default.is_some_and(|default| default.contains("${")) {
                    return Err(InterpolationError::Unsupported(inside.to_owned()));
                }
                let text = value(name)
                    .map_err(|NotText| InterpolationError::NotText(name.to_owned()))?
                    .or(default)
                    .ok_or_else(|| InterpolationError::Unset(name.to_owned()))?;
                filled.push_str(text);
            }
        }
    }
    Ok(filled)
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_filled_and_escapes_kept() {
        let value = |name: &str| match name {
            "BYTES" => Err(NotText),
            name => Ok((name == "STAGE").then_some("prod")),
        };
        let filled = |text| interpolate(text, value);
        assert_eq!(filled("/org/${STAGE}/api"), Ok("/org/prod/api".into()));
        assert_eq!(filled("$${STAGE} $STAGE $"), Ok("${STAGE} $STAGE $".into()));
        assert_eq!(
            filled("${NOPE}"),
            Err(InterpolationError::Unset("NOPE".into()))
        );
        assert_eq!(filled("${STAGE"), Err(InterpolationError::Unclosed));
        // What is set is not replaced by a default.
        for text in ["${BYTES}", "${BYTES:-x}"] {
            let error = InterpolationError::NotText("BYTES".into());
            assert_eq!(filled(text), Err(error));
        }
    }

    #[test]
    fn a_default_is_taken_for_a_variable_that_is_not_set() {
        let value = |name: &str| match name {
            "BYTES" => Err(NotText),
            name => Ok((name == "STAGE").then_some("prod")),
        };
        let filled = |text| interpolate(text, value);
        assert_eq!(filled("${STAGE:-dev}"), Ok("prod".into()));
        assert_eq!(filled("/${NOPE:-dev}/x"), Ok("/dev/x".into()));
        assert_eq!(filled("${NOPE:-}"), Ok(String::new()));
        assert_eq!(filled("${NOPE:-a:-b}"), Ok("a:-b".into()));
        for text in ["STAGE-dev", "STAGE:?", "", "1A", "A B", ":-x"] {
            let whole = format!("${{{text}}}");
            assert_eq!(
                interpolate(&whole, value),
                Err(InterpolationError::Unsupported(text.into()))
            );
        }
    }
}
