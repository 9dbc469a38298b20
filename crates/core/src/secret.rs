//! Values that must leave no trace: no `Display`, a `Debug` that shows nothing, wiped when dropped.

use std::fmt;
use zeroize::Zeroizing;

/// A value from Parameter Store. It can be read, and nothing else.
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes the value over, without a copy.
    pub fn new(value: String) -> Self {
        Self(Zeroizing::new(value.into_bytes()))
    }

    /// Takes bytes over, without a copy.
    pub fn from_bytes(value: Vec<u8>) -> Self {
        Self(Zeroizing::new(value))
    }

    /// The bytes themselves: for the environment block and for what is made from them.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_shows_nothing_of_the_value() {
        let secret = Secret::new("canary".to_owned());
        assert_eq!(format!("{secret:?}"), "Secret");
        assert_eq!(secret.expose(), b"canary");
    }
}
