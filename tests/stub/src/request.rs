//! A request as the stub saw it: what tests look at.

use serde_json::Value;
use std::fmt;
use std::time::Instant;

/// What came of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A true answer, perhaps corrupted.
    Answered,
    /// A refusal: the HTTP status and the code.
    Failed(u16, String),
    /// A fault of the wire, or an answer that isn't the service's.
    Broken,
}

impl Outcome {
    /// The code of a refusal.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Failed(_, code) => Some(code),
            Self::Answered | Self::Broken => None,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Answered => "answered",
            Self::Failed(_, code) => code,
            Self::Broken => "broken",
        })
    }
}

/// A request that came.
#[derive(Debug, Clone)]
pub struct Request {
    /// `GetParameters` and so on.
    pub action: String,
    /// What was asked.
    pub body: Value,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The client's port: one for each connection.
    pub port: u16,
    /// When it came.
    pub time: Instant,
    /// What came of it.
    pub outcome: Outcome,
}

impl Request {
    /// A header's value.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The names in a `GetParameters` request.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        let list = self.body["Names"].as_array();
        list.into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect()
    }
}
