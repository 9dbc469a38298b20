//! `${…}` in texts: found once for the configuration file and for templates.

/// A part of a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece<'t> {
    /// As it is.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_and_escapes_are_distinguished() {
        use Piece::{Placeholder, Text};
        for (text, pieces) in [
            ("", vec![]),
            ("a", vec![Text("a")]),
            ("${A}", vec![Placeholder("A")]),
            (
                "a${A}b${B|url}",
                vec![Text("a"), Placeholder("A"), Text("b"), Placeholder("B|url")],
            ),
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
