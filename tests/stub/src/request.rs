//! Recorded requests.

use serde_json::Value;
use std::fmt;
use std::time::Instant;

/// The result of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A regular response, perhaps corrupted.
    Answered,
    /// An error of the API: the HTTP status and the code.
    Failed(u16, String),
    /// A broken connection, or a custom response.
    Broken,
}

impl Outcome {
    /// The code of an error.
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

/// A recorded request.
#[derive(Debug, Clone)]
pub struct Request {
    /// The action, e.g. `GetParameters`.
    pub action: String,
    /// The body.
    pub body: Value,
    /// The headers, with names in lower case.
    pub headers: Vec<(String, String)>,
    /// The client's port, which differs for each connection.
    pub port: u16,
    /// When it arrived.
    pub time: Instant,
    /// Its result.
    pub outcome: Outcome,
}

impl Request {
    /// The value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The names in a `GetParameters` request.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        let list = self.body["Names"].as_array();
        list.into_iter().flatten().filter_map(Value::as_str).collect()
    }
}
