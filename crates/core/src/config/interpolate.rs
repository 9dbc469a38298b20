//! `${NAME}` in the strings of the configuration file. Pure.

/// Why a string can't be filled.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unset {
    /// `${` without its `}`.
    Malformed,
    /// This variable isn't set, or is empty.
    Name(String),
}

/// Fills every `${NAME}`; `$${` stands for `${`; any other dollar sign is itself.
pub(super) fn interpolate<'a>(
    text: &str,
    value: impl Fn(&str) -> Option<&'a str>,
) -> Result<String, Unset> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        if rest[..at].ends_with('$') {
            out.push_str(&rest[..at]);
            out.push('{');
            rest = &rest[at + 2..];
            continue;
        }
        out.push_str(&rest[..at]);
        let (name, after) = rest[at + 2..].split_once('}').ok_or(Unset::Malformed)?;
        out.push_str(value(name).ok_or_else(|| Unset::Name(name.to_owned()))?);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_filled_and_escapes_kept() {
        let value = |name: &str| (name == "STAGE").then_some("prod");
        let filled = |text| interpolate(text, value);
        assert_eq!(filled("/org/${STAGE}/api"), Ok("/org/prod/api".into()));
        assert_eq!(filled("$${STAGE} $STAGE $"), Ok("${STAGE} $STAGE $".into()));
        assert_eq!(filled("${NOPE}"), Err(Unset::Name("NOPE".into())));
        assert_eq!(filled("${STAGE"), Err(Unset::Malformed));
    }
}
