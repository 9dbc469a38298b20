//! What was fetched, without the values: the revision of each parameter, and what is different in a newer
//! one. Pure.

use crate::fetched::{Fetched, FetchedParameter};
use crate::parameter::{ParameterRef, Version};
use crate::plan::Request;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// One revision of a parameter. A deleted and recreated parameter begins with version 1 again, so the
/// date counts too; a secret of Secrets Manager has only the date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    version: Option<u64>,
    /// Since the epoch.
    modified: Option<Duration>,
}

impl Revision {
    fn of(parameter: &FetchedParameter) -> Self {
        let since = |time: SystemTime| time.duration_since(UNIX_EPOCH).ok();
        Self {
            version: parameter.version.map(Version::get),
            modified: parameter.modified.and_then(since),
        }
    }
}

/// The revision of each parameter, by the name that it was requested by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revisions(BTreeMap<String, Revision>);

impl Revisions {
    /// The revisions that these requests returned. A missing parameter has none.
    pub fn new(requests: &[Request], fetched: &Fetched) -> Self {
        let mut all = BTreeMap::new();
        for request in requests {
            match request {
                Request::Below(prefix) => {
                    for (_, parameter) in fetched.below(prefix) {
                        let label = prefix.label();
                        let label = label.map_or(String::new(), |label| format!(":{label}"));
                        let name = format!("{}{label}", parameter.name);
                        all.insert(name, Revision::of(parameter));
                    }
                }
                Request::Batch(names) => {
                    for name in names {
                        if let Some(parameter) = fetched.get(name) {
                            all.insert(name.to_request(), Revision::of(parameter));
                        }
                    }
                }
            }
        }
        Self(all)
    }

    /// For a fingerprint: each name, its version and its date.
    pub fn lines(&self) -> impl Iterator<Item = Value> {
        self.0.iter().map(|(name, revision)| {
            let date = revision.modified.map(|date| (date.as_secs(), date.subsec_nanos()));
            json!(["parameter", name, revision.version, date])
        })
    }

    /// What is different in `newer`, in the order of the names.
    pub fn changes(&self, newer: &Self) -> Vec<RevisionChange> {
        let names = self.0.keys().chain(newer.0.keys());
        let names: BTreeSet<&String> = names.collect();
        names
            .into_iter()
            .filter_map(|name| {
                let (from, to) = (self.0.get(name), newer.0.get(name));
                (from != to).then(|| RevisionChange {
                    name: name.clone(),
                    from: from.copied(),
                    to: to.copied(),
                })
            })
            .collect()
    }

    /// What the next poll is compared with: of what the polls ask for, these where a start asks for it
    /// too, else what the last poll has seen. The file may ask for something else by now.
    pub fn kept_for(&self, polled: &[Request], started: &[Request], seen: &Self) -> Self {
        let asks = |requests: &[Request], name: &str| {
            let parameter = ParameterRef::parse(name);
            parameter.is_ok_and(|parameter| requests.iter().any(|r| r.includes(&parameter)))
        };
        let own = self.0.iter().filter(|(name, _)| asks(polled, name));
        let others = seen.0.iter().filter(|(name, _)| !asks(started, name));
        let all = own.chain(others);
        Self(all.map(|(name, revision)| (name.clone(), *revision)).collect())
    }

    /// The revision of this parameter, if it has one.
    pub fn only(&self, parameter: &ParameterRef) -> Self {
        let found = self.0.get_key_value(&parameter.to_request());
        Self(found.map(|(name, revision)| (name.clone(), *revision)).into_iter().collect())
    }
}

/// A parameter that has another revision than before: `/a/b 3 -> 4`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevisionChange {
    name: String,
    from: Option<Revision>,
    to: Option<Revision>,
}

impl RevisionChange {
    /// Whether it is one of this parameter, or of the one that a place is in.
    pub fn is_of(&self, param: &str) -> bool {
        param.split('#').next() == Some(&self.name)
    }
}

impl fmt::Display for RevisionChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        match (self.from, self.to) {
            (None, _) => f.write_str(" added"),
            (_, None) => f.write_str(" removed"),
            (Some(from), Some(to)) => match (from.version, to.version) {
                (Some(from), Some(to)) if from != to => write!(f, " {from} -> {to}"),
                _ => f.write_str(" changed"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameter::Prefix;
    use crate::secret::Secret;

    fn fetched(parameters: &[(&str, u64)]) -> (Vec<Request>, Fetched) {
        let prefix = Prefix::parse("/a").expect("a prefix");
        let requests = vec![Request::Below(prefix.clone())];
        let parameters = parameters.iter().map(|&(name, version)| FetchedParameter {
            name: name.to_owned(),
            value: Secret::new("canary".to_owned()),
            kind: None,
            version: Version::new(version),
            modified: None,
            arn: None,
        });
        let mut fetched = Fetched::default();
        fetched.add_below(prefix, parameters.collect());
        (requests, fetched)
    }

    fn revisions(parameters: &[(&str, u64)]) -> Revisions {
        let (requests, fetched) = fetched(parameters);
        Revisions::new(&requests, &fetched)
    }

    #[test]
    fn changes_name_the_parameter_and_both_versions() {
        let old = revisions(&[("/a/same", 1), ("/a/up", 3), ("/a/gone", 1)]);
        let new = revisions(&[("/a/same", 1), ("/a/up", 4), ("/a/new", 1)]);
        let changes = old.changes(&new);
        let changes: Vec<String> = changes.iter().map(ToString::to_string).collect();
        assert_eq!(changes, ["/a/gone removed", "/a/new added", "/a/up 3 -> 4"]);
        assert_eq!(old.changes(&old), []);
    }

    #[test]
    fn one_parameter_is_found_however_it_is_written() {
        let only = |all: &Revisions, name| all.only(&ParameterRef::parse(name).expect("a name"));
        let all = revisions(&[("/a/up", 3), ("/a/same", 1)]);
        assert_eq!(only(&all, "/a/up"), revisions(&[("/a/up", 3)]));
        assert_eq!(only(&all, "/a/new"), Revisions::default());
        let top = revisions(&[("top", 1)]);
        assert_eq!(only(&top, "/top"), top);
        assert_eq!(only(&top, "top"), top);
    }

    #[test]
    fn polls_keep_to_what_they_ask_for_though_the_file_asks_for_something_else() {
        let batch = |name| Request::Batch(vec![ParameterRef::parse(name).expect("a name")]);
        let of = |all: &[(&str, u64)]| {
            let revision = |version| Revision { version: Some(version), modified: None };
            let all = all.iter().map(|&(name, version)| (name.to_owned(), revision(version)));
            Revisions(all.collect())
        };
        let polled = [Request::Below(Prefix::parse("/a").expect("a prefix"))];
        let seen = of(&[("/a/both", 1), ("/a/old", 2)]);
        let started = of(&[("/a/both", 3), ("/b/new", 4)]);
        let kept = started.kept_for(&polled, &[batch("/a/both"), batch("/b/new")], &seen);
        assert_eq!(kept, of(&[("/a/both", 3), ("/a/old", 2)]));
        let kept = started.kept_for(&polled, &polled, &seen);
        assert_eq!(kept, of(&[("/a/both", 3)]));
    }

    #[test]
    fn a_recreated_parameter_is_a_change_though_its_version_is_the_same() {
        let revision =
            |seconds| Revision { version: Some(1), modified: Some(Duration::from_secs(seconds)) };
        let all = |seconds| Revisions([("/a".to_owned(), revision(seconds))].into());
        let changes = all(1).changes(&all(2));
        assert_eq!(changes[0].to_string(), "/a changed");
    }
}
