//! The filters of templates: how a value is written, so that the format around it reads the same value. Pure.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use zeroize::Zeroizing;

/// RFC 3986's unreserved characters stay; all else is encoded, so that a value fits any part of a URL.
const URL: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

crate::choice! {
    /// What is done to a value before it is put in.
    pub enum Filter {
        /// A part of a URL.
        Url = "url",
        /// The inside of a JSON string.
        Json = "json",
        /// A YAML string, with its quotation marks.
        Yaml = "yaml",
        /// Text or the value of an attribute in XML 1.0.
        Xml = "xml",
        /// A word of a POSIX shell, with its quotation marks.
        Shell = "shell",
        /// A field of libpq's password file.
        Pgpass = "pgpass",
        /// The standard alphabet, padded.
        Base64 = "base64",
    }
}

impl Filter {
    /// The value as the format has it.
    ///
    /// # Errors
    /// Why the format cannot have it, to follow "the value".
    pub(super) fn apply(self, value: &[u8]) -> Result<Zeroizing<Vec<u8>>, &'static str> {
        let text = || std::str::from_utf8(value).map_err(|_| "is not UTF-8");
        let refuse = |unwanted: fn(u8) -> bool, reason| {
            let mut bytes = value.iter();
            bytes.all(|&byte| !unwanted(byte)).then_some(()).ok_or(reason)
        };
        Ok(Zeroizing::new(match self {
            Self::Url => percent_encode(value, URL).to_string().into_bytes(),
            Self::Base64 => STANDARD.encode(value).into_bytes(),
            Self::Json => {
                let quoted = Zeroizing::new(json(text()?));
                quoted[1..quoted.len() - 1].as_bytes().to_vec()
            }
            Self::Yaml => yaml(&json(text()?)).into_bytes(),
            Self::Xml => {
                text()?;
                let is_control = |b: u8| b.is_ascii_control() && !b"\t\n\r\x7f".contains(&b);
                refuse(is_control, "contains a control character")?;
                // A parser turns white space in an attribute into blanks, and CR into LF.
                escape(value, |byte| match byte {
                    b'&' => "&amp;",
                    b'<' => "&lt;",
                    b'>' => "&gt;",
                    b'"' => "&quot;",
                    b'\'' => "&apos;",
                    b'\t' => "&#9;",
                    b'\n' => "&#10;",
                    b'\r' => "&#13;",
                    _ => "",
                })
            }
            Self::Shell => {
                refuse(|b| b == 0, "contains a NUL byte")?;
                let inside = escape(value, |byte| if byte == b'\'' { r"'\''" } else { "" });
                [b"'", inside.as_slice(), b"'"].concat()
            }
            Self::Pgpass => {
                // A line is an entry.
                refuse(|b| b"\0\n\r".contains(&b), "has more than one line")?;
                escape(value, |byte| match byte {
                    b'\\' => r"\\",
                    b':' => r"\:",
                    _ => "",
                })
            }
        }))
    }
}

fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A JSON string is one of YAML, but for characters that YAML calls not printable or a line break.
fn yaml(json: &str) -> String {
    let is_plain = |c: char| {
        !matches!(
            c,
            '\x7f'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        )
    };
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if is_plain(c) { out.push(c) } else { out += &format!("\\u{:04x}", u32::from(c)) }
    }
    out
}

/// Replaces bytes, those that have a replacement.
fn escape(value: &[u8], replacement: impl Fn(u8) -> &'static str) -> Vec<u8> {
    let mut escaped = Vec::with_capacity(value.len());
    for &byte in value {
        match replacement(byte) {
            "" => escaped.push(byte),
            text => escaped.extend_from_slice(text.as_bytes()),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_has_its_own_spelling() {
        use Filter::{Base64, Json, Pgpass, Shell, Url, Xml, Yaml};
        let hostile = "a'\"\\:&<>\n${B} ö\u{85}";
        for (filter, written) in [
            (Url, "a%27%22%5C%3A%26%3C%3E%0A%24%7BB%7D%20%C3%B6%C2%85"),
            (Json, "a'\\\"\\\\:&<>\\n${B} ö\u{85}"),
            (Yaml, "\"a'\\\"\\\\:&<>\\n${B} ö\\u0085\""),
            (Xml, "a&apos;&quot;\\:&amp;&lt;&gt;&#10;${B} ö\u{85}"),
            (Shell, "'a'\\''\"\\:&<>\n${B} ö\u{85}'"),
            (Base64, "YSciXDomPD4KJHtCfSDDtsKF"),
        ] {
            let result = filter.apply(hostile.as_bytes());
            let result = result.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            assert_eq!(result, Ok(written.to_owned()));
        }
        let line = Pgpass.apply(b"a\\:*#'\xff").map(|bytes| bytes.to_vec());
        assert_eq!(line, Ok(b"a\\\\\\:*#'\xff".to_vec()));
    }

    #[test]
    fn what_a_format_cannot_have_is_refused() {
        for (filter, value, reason) in [
            (Filter::Json, &b"\xff"[..], "is not UTF-8"),
            (Filter::Yaml, b"\xff", "is not UTF-8"),
            (Filter::Xml, b"\xff", "is not UTF-8"),
            (Filter::Xml, b"\x1b", "contains a control character"),
            (Filter::Shell, b"\0", "contains a NUL byte"),
            (Filter::Pgpass, b"a\n*", "has more than one line"),
            (Filter::Pgpass, b"a\r", "has more than one line"),
        ] {
            let refused = filter.apply(value).expect_err(reason);
            assert_eq!(refused, reason, "{filter:?}");
        }
    }
}
