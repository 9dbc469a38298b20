//! Requests to Parameter Store.

use crate::parameter::{ParameterRef, Prefix};
use crate::words::first_of;
use std::fmt;

/// A list of names in a sentence is no longer than this.
const NAMED: usize = 3;

/// A whole prefix, page after page, or one batch of names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// `GetParametersByPath`
    Below(Prefix),
    /// `GetParameters`: at most ten, no parameter twice.
    Batch(Vec<ParameterRef>),
}

impl Request {
    /// Whether a parameter is among what it fetches.
    pub fn includes(&self, parameter: &ParameterRef) -> bool {
        match self {
            Self::Below(prefix) => prefix.includes(parameter),
            Self::Batch(names) => names.contains(parameter),
        }
    }

    /// The names, or the pattern that stands for them.
    pub fn names(&self) -> Vec<String> {
        match self {
            Self::Below(prefix) => vec![prefix.pattern()],
            Self::Batch(names) => names.iter().map(ToString::to_string).collect(),
        }
    }
}

/// What it fetches, for a sentence: `/a/*`, `/a, /b`, `/a, /b, /c and 7 more`.
impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Below(prefix) => f.write_str(&prefix.pattern()),
            Self::Batch(names) => f.write_str(&first_of(NAMED, names)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_shown_by_what_it_fetches() {
        let prefix = Prefix::parse("/a/b:blue").expect("a prefix");
        assert_eq!(Request::Below(prefix).to_string(), "/a/b/*");
        let names = ["/a/1", "/a/2:3", "key", "/a/4", "/a/5"];
        let names = names.map(|name| ParameterRef::parse(name).expect(name));
        for (count, expected) in
            [(1, "/a/1"), (3, "/a/1, /a/2:3, key"), (5, "/a/1, /a/2:3, key and 2 more")]
        {
            assert_eq!(Request::Batch(names[..count].to_vec()).to_string(), expected);
        }
    }
}
