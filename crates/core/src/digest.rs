//! A keyed digest of an environment, by which two are compared without keeping a value. Pure.

use crate::environment::Environment;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Bytes of a digest.
pub const DIGEST: usize = 32;
/// Bytes of a block of SHA-256, which is also the longest key that is used as it is (RFC 2104).
pub const BLOCK: usize = 64;

/// A digest of all values under a key that no other process has: equal digests mean equal environments,
/// and without the key nothing can be learned from one.
#[must_use]
pub fn digest(key: &[u8; BLOCK], environment: &Environment<'_>) -> [u8; DIGEST] {
    let mut mac = Hmac::<Sha256>::new(&(*key).into());
    for (name, setting) in &environment.set {
        let value = setting.value.bytes();
        mac.update(name.as_str().as_bytes());
        mac.update(&[0, setting.delivery as u8]);
        mac.update(&value.len().to_le_bytes());
        mac.update(value);
    }
    // The hasher's buffer still has the end of the last value. A whole block overwrites all of it.
    mac.update(&[0; BLOCK]);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, parse_file};
    use crate::environment::assemble;
    use crate::inherited::Inherited;

    /// The digest of the variables that a file composes.
    fn of(key: u8, compose: &str) -> [u8; DIGEST] {
        let inherited = Inherited::default();
        let text = format!("[compose]\n{compose}");
        let layer = parse_file("t.toml".as_ref(), &text, &inherited).expect("valid");
        let config = Config::resolve(layer, &inherited).expect("valid");
        digest(&[key; BLOCK], &assemble(&config, &inherited, &[], None))
    }

    #[test]
    fn a_digest_depends_on_the_key_on_every_name_and_on_every_value() {
        let one = of(1, "A = \"x\"\nB = \"y\"");
        assert_eq!(one, of(1, "B = \"y\"\nA = \"x\""));
        for other in [
            of(2, "A = \"x\"\nB = \"y\""),
            of(1, "A = \"x\"\nC = \"y\""),
            of(1, "A = \"x\"\nB = \"z\""),
            of(1, "A = \"x\""),
            of(1, "A = \"xy\"\nB = \"\""),
        ] {
            assert_ne!(one, other);
        }
    }
}
