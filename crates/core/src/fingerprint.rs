//! One SHA-256 that says whether a configuration or the versions of its parameters have changed. Pure.

use sha2::{Digest, Sha256};
use std::fmt;

/// Hexadecimal digits of SHA-256.
const HEX: usize = 64;

/// A SHA-256 of a configuration and of the revisions of its parameters, in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// Reads one.
    ///
    /// # Errors
    /// The reason, fit to follow the text in a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        match is_hex && text.len() == HEX {
            true => Ok(Self(text.to_ascii_lowercase())),
            false => Err("is not a fingerprint: 64 hexadecimal digits, as `ssm-exec check --fingerprint` prints them".to_owned()),
        }
    }

    /// The fingerprint of these texts. Where one ends and the next begins counts too.
    #[must_use]
    pub fn of(texts: impl IntoIterator<Item = String>) -> Self {
        let mut hash = Sha256::new();
        for text in texts {
            hash.update(text.len().to_le_bytes());
            hash.update(text);
        }
        let digest = hash.finalize();
        Self(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_depends_on_every_text_and_its_limits() {
        let of = |texts: &[&str]| Fingerprint::of(texts.iter().map(|&text| text.to_owned()));
        assert_eq!(of(&["a", "b"]), of(&["a", "b"]));
        assert_ne!(of(&["a", "b"]), of(&["ab"]));
        assert_ne!(of(&["a", "b"]), of(&["a", "c"]));
    }

    #[test]
    fn only_64_hexadecimal_digits_are_a_fingerprint() {
        let one = Fingerprint::of([]);
        assert_eq!(Fingerprint::parse(&one.to_string()), Ok(one.clone()));
        assert_eq!(Fingerprint::parse(&one.to_string().to_uppercase()), Ok(one));
        for wrong in ["", "abc", &"g".repeat(64)] {
            assert!(Fingerprint::parse(wrong).is_err(), "{wrong}");
        }
    }
}
