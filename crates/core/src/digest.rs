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
