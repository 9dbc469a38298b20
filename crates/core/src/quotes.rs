//! Values that are still in the quotation marks that a shell would have removed.

/// Who keeps them, for the message.
pub(crate) const KEPT: &str = "`docker run --env-file` keeps quotes";

/// Whether a value begins and ends with the same quotation mark.
#[must_use]
pub(crate) fn are_around(value: &[u8]) -> bool {
    matches!(value, [first @ (b'"' | b'\''), .., last] if first == last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_a_pair_around_the_whole_value() {
        for quoted in ["\"/acme/api\"", "'/acme/api'", "\"\"", "\"A=/a\",\"B=/b\""] {
            assert!(are_around(quoted.as_bytes()), "{quoted}");
        }
        for other in [
            "/acme/api",
            "\"",
            "\"/acme/api",
            "/acme/api'",
            "\"/acme/api'",
            "",
        ] {
            assert!(!are_around(other.as_bytes()), "{other}");
        }
    }
}
