//! Errors that AWS returned, as it put them.

use std::fmt;

/// An error that AWS returned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceError {
    /// Its code.
    pub code: String,
    /// Its message.
    pub text: String,
    /// The ID of the request.
    pub request_id: Option<String>,
}

/// Code and message in one line, for brackets.
impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.text.split_whitespace().collect();
        match words.join(" ").trim_end_matches('.') {
            "" => f.write_str(&self.code),
            text => write!(f, "{}: {text}", self.code),
        }
    }
}
