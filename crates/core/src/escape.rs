//! Names and texts from outside, made safe to show: a member of a JSON object, AWS's message or a
//! variable may contain characters that control a terminal, reverse what it shows or begin a line.

use std::borrow::Cow;

/// C0, DEL and C1 controls, line and paragraph separators, and what changes the direction of text.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{2028}' | '\u{2029}'
            // Marks, embeddings and overrides, isolates (Unicode's Bidi_Control).
            | '\u{061c}' | '\u{200e}' | '\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}')
}

/// For a terminal, in one line: `\n`, `\u{1b}`.
pub fn line(text: &str) -> Cow<'_, str> {
    escaped(text, is_unsafe, |c| c.escape_default().to_string())
}

/// For a cell of a Markdown table: as code, where nothing in it ends the code or the cell.
pub fn markdown_cell(text: &str) -> String {
    let text = line(text);
    if !text.contains(['`', '|', '\\']) {
        return format!("`{text}`");
    }
    let mut out = String::new();
    for c in text.chars() {
        if c.is_ascii_punctuation() {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// For running text in Markdown: code stays code, and no HTML begins.
pub fn markdown_text(text: &str) -> String {
    line(text).replace('<', "&lt;")
}

/// A string that JSON and TOML read back as this text.
pub fn quoted(text: &str) -> String {
    json(&serde_json::Value::from(text).to_string()).into_owned()
}

/// A JSON document in which a serialiser left characters that a terminal interprets. They are in strings:
/// outside strings there are only its own line breaks.
pub fn json(document: &str) -> Cow<'_, str> {
    let is_left = |c| is_unsafe(c) && c != '\n';
    // Everything unsafe has at most four digits.
    escaped(document, is_left, |c| format!("\\u{:04x}", u32::from(c)))
}

/// A text in which some characters are written in another way.
fn escaped(
    text: &str,
    is_meant: impl Fn(char) -> bool,
    write: impl Fn(char) -> String,
) -> Cow<'_, str> {
    if !text.contains(&is_meant) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_meant(c) {
            out += &write(c);
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// One of each kind.
    const UNSAFE: &str = "\u{0}\u{7}\t\n\r\u{1b}\u{7f}\u{85}\u{9b}\u{61c}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202e}\u{2066}\u{2069}";

    #[test]
    fn a_line_has_no_character_that_controls_a_terminal() {
        assert_eq!(
            line("a\u{1b}[2J\nb\u{202e}c\u{9b}é🦀\\"),
            "a\\u{1b}[2J\\nb\\u{202e}c\\u{9b}é🦀\\"
        );
        assert!(!line(UNSAFE).contains(is_unsafe));
        assert!(matches!(line("žluťoučký kůň"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_markdown_cell_stays_in_its_cell() {
        for (text, expected) in [
            ("DB_URL", "`DB_URL`"),
            ("a<b>", "`a<b>`"),
            ("a|b", r"a\|b"),
            ("a`b_c*", r"a\`b\_c\*"),
            (r"a\|b", r"a\\\|b"),
            ("a\n| b |", r"a\\n\| b \|"),
        ] {
            assert_eq!(markdown_cell(text), expected, "{text}");
        }
        assert_eq!(markdown_text("<img> `--key`\n- x"), "&lt;img> `--key`\\n- x");
    }

    proptest! {
        #[test]
        fn a_quoted_text_is_read_back_by_json_and_toml(text in "\\PC*|[\u{0}-\u{ff}\u{2000}-\u{2070}\"\\\\]*") {
            let quoted = quoted(&text);
            prop_assert!(!quoted.contains(is_unsafe), "{}", quoted);
            let value: serde_json::Value = serde_json::from_str(&quoted).expect("JSON");
            prop_assert_eq!(value.as_str(), Some(text.as_str()));
            let table: toml::Table = format!("x = {quoted}").parse().expect("TOML");
            prop_assert_eq!(table["x"].as_str(), Some(text.as_str()));
        }

        #[test]
        fn an_escaped_json_document_means_the_same(text in "\\PC*|[\u{0}-\u{ff}\u{2000}-\u{2070}]*") {
            let value = serde_json::json!({ text.clone(): [text] });
            let document = format!("{value:#}\n");
            let escaped = json(&document);
            prop_assert!(!escaped.replace('\n', "").contains(is_unsafe), "{}", escaped);
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped).expect("JSON"), value);
        }
    }
}
