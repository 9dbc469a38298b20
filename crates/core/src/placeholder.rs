//! `${…}` in texts: found once for the configuration file and for templates.

/// A part of a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece<'t> {
    Text(&'t str),
    /// What stands between `${` and `}`.
    Placeholder(&'t str),
}

/// `${` without its `}`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unclosed;

/// Takes a text apart. `$${` is a literal `${`; any other dollar sign is itself.
pub(crate) fn parse(text: &str) -> Result<Vec<Piece<'_>>, Unclosed> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, from) = rest.split_at(at);
        if before.ends_with('$') {
            // The first dollar sign escapes the second, which is left out.
            pieces.push(Piece::Text(before));
            pieces.push(Piece::Text("{"));
            rest = &from[2..];
            continue;
        }
        let (inside, after) = from[2..].split_once('}').ok_or(Unclosed)?;
        pieces.push(Piece::Text(before));
        pieces.push(Piece::Placeholder(inside));
        rest = after;
    }
    pieces.push(Piece::Text(rest));
    pieces.retain(|piece| *piece != Piece::Text(""));
    Ok(pieces)
}

/// What is written as `ssm://PARAM`.
pub(crate) const REFERENCE: &str = "an `ssm://` reference";

/// What a text has that other programs, or we elsewhere, would replace, if it has something. Variables in capitals
/// only: `pa$word` is none.
pub(crate) fn other_form(text: &str) -> Option<&'static str> {
    let is_name = |name: &str| {
        let is_part = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        name.contains(|c: char| c.is_ascii_uppercase())
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.chars().all(is_part)
    };
    if text.contains("ssm://") {
        return Some(REFERENCE);
    }
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut dollars = text.split('$').skip(1);
    if dollars.any(|rest| is_name(rest.split(|c| !is_word(c)).next().unwrap_or_default())) {
        return Some("a variable in the form `$NAME`");
    }
    let mut braces = text.split("{{").skip(1);
    let has_braces = braces.any(|rest| {
        let inside = rest.split_once("}}");
        inside.is_some_and(|(inside, _)| is_name(inside.trim()))
    });
    has_braces.then_some("a variable in the form `{{NAME}}`")
}

/// The same, also in our own form, where that isn't replaced either.
pub(crate) fn any_form(text: &str) -> Option<&'static str> {
    other_form(text).or(text.contains("${").then_some("a variable in the form `${NAME}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOLLAR: &str = "a variable in the form `$NAME`";
    const BRACES: &str = "a variable in the form `{{NAME}}`";

    #[test]
    fn the_forms_of_other_programs_are_found() {
        for (text, form) in [
            ("a:$DB_HOST/b", Some(DOLLAR)),
            ("$A", Some(DOLLAR)),
            ("{{DB_HOST}}", Some(BRACES)),
            ("a {{ DB_HOST }} b", Some(BRACES)),
            ("postgres://ssm:///org/db", Some(REFERENCE)),
            ("${DB_HOST} $${DB_HOST}", None),
            ("pa$word $1A $(A) $ A $Ab US$", None),
            ("{{ item }} {{DB_HOST {A}", None),
        ] {
            assert_eq!(other_form(text), form, "{text}");
        }
    }

    #[test]
    fn placeholders_and_escapes_are_distinguished() {
        use Piece::{Placeholder, Text};
        for (text, pieces) in [
            ("", vec![]),
            ("a", vec![Text("a")]),
            ("${A}", vec![Placeholder("A")]),
            ("a${A}b${B|url}", vec![Text("a"), Placeholder("A"), Text("b"), Placeholder("B|url")]),
            ("$${A}", vec![Text("$"), Text("{"), Text("A}")]),
            ("$ $A ${", vec![]),
        ] {
            match parse(text) {
                Ok(parsed) => assert_eq!(parsed, pieces, "{text}"),
                Err(Unclosed) => assert!(text.ends_with("${"), "{text}"),
            }
        }
    }
}
