//! Why values are read: an incident, a ticket. It travels in the user agent, so that CloudTrail has it.

use crate::diagnostic::Diagnostic;

/// In the characters of a token (RFC 9110), since it is a part of a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason(String);

/// AWS asks for user agents that are not long.
const LONGEST: usize = 50;

impl Reason {
    /// # Errors
    /// When it is too long, or can't be in a header. The text isn't shown: somebody may have taken it for a place for
    /// secrets.
    pub fn parse(text: &str) -> Result<Self, Diagnostic> {
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        if (1..=LONGEST).contains(&text.len()) && text.chars().all(is_allowed) {
            return Ok(Self(text.to_owned()));
        }
        let message = format!("the reason is not 1 to {LONGEST} letters, digits and `-._+#`");
        let correction = "Write a short word for it, such as `INC-4711`";
        Err(Diagnostic::invalid(message, correction))
    }

    /// As it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_header_can_hold_is_a_reason() {
        for text in ["INC-4711", "x", "a.b_c+d#5", &"r".repeat(50)] {
            assert_eq!(Reason::parse(text).map(|reason| reason.0).as_deref(), Ok(text));
        }
        for text in
            ["", "canary canary", "canary\n", "canary/1", "canary(1)", "caf\u{e9}", &"r".repeat(51)]
        {
            let error = Reason::parse(text).expect_err(text);
            assert!(!error.message.contains("canary"), "{}", error.message);
        }
    }
}
