//! `${NAME}` and `${NAME:-default}` in the strings of the configuration file.

use crate::diagnostic::Diagnostic;
use crate::inherited::Inherited;
use crate::placeholder::{self, Piece, Unclosed};

/// What becomes of `${NAME}` where NAME is not set.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Unset {
    Refused,
    Empty,
}

/// Fills every `${NAME}` and `${NAME:-default}`; a variable that is empty counts as unset, as in a shell.
/// A default is only text.
pub(super) fn interpolate(
    text: &str,
    inherited: &Inherited<'_>,
    unset: Unset,
) -> Result<String, Diagnostic> {
    let pieces = placeholder::parse(text).map_err(|Unclosed| {
        Diagnostic::invalid("has `${` without its `}`", "Write `$${` for a literal `${`")
    })?;
    let mut filled = String::with_capacity(text.len());
    for piece in pieces {
        match piece {
            Piece::Text(text) => filled.push_str(text),
            Piece::Placeholder(inside) => filled.push_str(value(inside, inherited, unset)?),
        }
    }
    Ok(filled)
}

fn value<'t>(
    inside: &'t str,
    inherited: &Inherited<'t>,
    unset: Unset,
) -> Result<&'t str, Diagnostic> {
    let (name, default) = match inside.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (inside, None),
    };
    if !is_name(name) || default.is_some_and(|default| default.contains("${")) {
        return Err(Diagnostic::invalid(
            format!("has `${{{inside}}}`, which is neither a name nor a name with a default"),
            "Write `${NAME}` or `${NAME:-default}`, or `$${` for a literal `${`",
        ));
    }
    let not_replaced = |why: &str, correction: String| {
        Diagnostic::invalid(format!("`${{{name}}}` cannot be replaced: {why}"), correction)
    };
    let value = std::str::from_utf8(inherited.get(name).unwrap_or_default()).map_err(|_| {
        not_replaced(&format!("the value of {name} is not UTF-8"), format!("Set {name} to text"))
    })?;
    match default {
        _ if !value.is_empty() || unset == Unset::Empty && default.is_none() => Ok(value),
        Some(default) => Ok(default),
        None => {
            let correction = format!("Set it, or write `${{{name}:-default}}`");
            Err(not_replaced(&format!("{name} is unset or empty"), correction))
        }
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str, unset: Unset) -> Result<String, String> {
        let inherited = Inherited::new(vec![c"STAGE=prod", c"EMPTY=", c"BYTES=\xff"]);
        interpolate(text, &inherited, unset).map_err(|error| error.to_string())
    }

    #[test]
    fn names_are_filled_and_escapes_kept() {
        for (text, value) in [
            ("/org/${STAGE}/api", "/org/prod/api"),
            ("$${STAGE} $STAGE $", "${STAGE} $STAGE $"),
            ("${STAGE:-dev}", "prod"),
            ("/${NOPE:-dev}/x", "/dev/x"),
            ("/${EMPTY:-dev}/x", "/dev/x"),
            ("${NOPE:-}", ""),
            ("${NOPE:-a:-b}", "a:-b"),
        ] {
            for unset in [Unset::Refused, Unset::Empty] {
                assert_eq!(filled(text, unset), Ok(value.to_owned()));
            }
        }
        assert_eq!(filled("/${NOPE}/x", Unset::Empty), Ok("//x".to_owned()));
    }

    #[test]
    fn what_cannot_be_filled_is_refused_with_the_reason() {
        let unset = "cannot be replaced: NOPE is unset or empty\n  help: Set it, or write `${NOPE:-default}`";
        let bytes =
            "cannot be replaced: the value of BYTES is not UTF-8\n  help: Set BYTES to text";
        let form = "which is neither a name nor a name with a default\n  help: Write `${NAME}` or `${NAME:-default}`, or `$${` for a literal `${`";
        for (text, reason) in [
            ("${NOPE}", format!("`${{NOPE}}` {unset}")),
            // What is set is not replaced by a default.
            ("${BYTES}", format!("`${{BYTES}}` {bytes}")),
            ("${BYTES:-x}", format!("`${{BYTES}}` {bytes}")),
            ("${STAGE-dev}", format!("has `${{STAGE-dev}}`, {form}")),
            ("${STAGE:?}", format!("has `${{STAGE:?}}`, {form}")),
            ("${}", format!("has `${{}}`, {form}")),
            ("${1A}", format!("has `${{1A}}`, {form}")),
            ("${A B}", format!("has `${{A B}}`, {form}")),
            ("${:-x}", format!("has `${{:-x}}`, {form}")),
        ] {
            assert_eq!(filled(text, Unset::Refused), Err(reason));
        }
        let unclosed = filled("${STAGE", Unset::Refused).expect_err("unclosed");
        assert!(unclosed.starts_with("has `${` without its `}`"), "{unclosed}");
    }
}
