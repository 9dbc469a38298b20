//! Words in messages: suggestions for those that are not known, numbers of things, and lists.

use crate::diagnostic::Diagnostic;
use std::fmt::Display;

/// `1 parameter`, `3 parameters`
pub fn count<N: Copy + Display + PartialEq + From<u8>>(number: N, noun: &str) -> String {
    let plural = if number == N::from(1) { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// The first of some items, and how many more there are: `a, b and 7 more`.
pub fn first_of(most: usize, items: &[impl Display]) -> String {
    let first: Vec<String> = items.iter().take(most).map(ToString::to_string).collect();
    match items.len().saturating_sub(most) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

/// The known word that was probably meant, whatever its case.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_ascii_lowercase();
    let likeness = |known: &str| strsim::jaro_winkler(&word, &known.to_ascii_lowercase());
    known
        .map(|candidate| (likeness(candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.85)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

/// Words of other tools, and ours.
#[rustfmt::skip]
const MEANT: &[(&[&str], &str)] = &[
    (&["path", "paths", "prefixes"], "prefix"),
    (&["param", "parameter", "parameters", "env", "environment", "variables", "vars", "secret", "secrets"], "keys"),
    (&["path", "name", "key", "parameter", "from", "secret"], "param"),
    (&["param", "name", "prefix", "parameter"], "path"),
    (&["stages", "environments", "profiles"], "stage"),
    (&["cmd", "entrypoint", "exec", "run"], "command"),
    (&["interval", "period", "watch"], "every"),
    (&["signal", "kill_signal"], "on_change"),
    (&["log_level", "level"], "log"),
    (&["uri"], "url"),
    (&["string", "str"], "text"),
];

/// Our word for one of another tool, if it is known, or else the [`nearest`].
pub fn meant<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let known: Vec<&str> = known.collect();
    let mut rows =
        MEANT.iter().filter(|(typed, _)| typed.iter().any(|it| it.eq_ignore_ascii_case(word)));
    let ours = |(_, ours): &(&[&str], &str)| {
        known.iter().find(|known| known.eq_ignore_ascii_case(ours)).copied()
    };
    rows.find_map(ours).or_else(|| nearest(word, known.iter().copied()))
}

/// The known word that differs by one letter, or in the order of two. Stricter than [`nearest`], for a word that may
/// be correct as it is.
pub fn misspelled<'a>(word: &str, mut known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known.find(|candidate| strsim::osa_distance(word, candidate) == 1)
}

/// The error for a word that is none of those that a setting takes.
pub fn unknown_word(word: &str, known: &[&str]) -> Diagnostic {
    let list: Vec<String> = known.iter().map(|word| format!("`{word}`")).collect();
    let words = match list.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => list.concat(),
    };
    let correction = match meant(word, known.iter().copied()) {
        Some(nearest) => format!("Correct it: did you mean `{nearest}`?"),
        None if known.len() > 1 => "Choose one of them".to_owned(),
        None => format!("Use {words}"),
    };
    Diagnostic::invalid(format!("`{word}` is not {words}"), correction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_similar_word_is_suggested() {
        let known = ["region", "profile", "timeout"];
        for (word, suggested) in [
            ("regoin", Some("region")),
            ("profiles", Some("profile")),
            ("REGION", Some("region")),
            ("rules", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, known.into_iter()), suggested, "{word}");
        }
    }

    #[test]
    fn one_letter_may_be_wrong() {
        for (word, meant) in [
            ("chekc", Some("check")),
            ("chck", Some("check")),
            ("checks", Some("check")),
            ("polify", Some("policy")),
            ("check", None),
            ("chkc", None),
            ("checkmate", None),
        ] {
            let known = ["check", "policy"].into_iter();
            assert_eq!(misspelled(word, known), meant, "{word}");
        }
    }

    #[test]
    fn the_words_that_a_setting_takes_are_listed() {
        for (known, text) in [
            (&["one"][..], "`texts` is not `one`\n  help: Use `one`"),
            (&["one", "two"], "`texts` is not `one` or `two`\n  help: Choose one of them"),
            (
                &["one", "text"],
                "`texts` is not `one` or `text`\n  help: Correct it: did you mean `text`?",
            ),
            (&["one", "path"], "`texts` is not `one` or `path`\n  help: Choose one of them"),
        ] {
            assert_eq!(unknown_word("texts", known).to_string(), text);
        }
    }
}
