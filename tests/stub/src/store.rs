//! The parameters that the stub has: versions, labels, secrets, and what may not be read.

use std::collections::BTreeMap;

/// A parameter to put.
#[derive(Debug, Clone)]
pub struct Parameter {
    pub(crate) name: String,
    pub(crate) value: Option<String>,
    pub(crate) kind: &'static str,
    pub(crate) labels: Vec<String>,
    pub(crate) modified: f64,
    pub(crate) arn: Option<String>,
}

impl Parameter {
    fn new(kind: &'static str, name: &str, value: &str) -> Self {
        Self {
            name: name.to_owned(),
            value: Some(value.to_owned()),
            kind,
            labels: Vec::new(),
            modified: 1_700_000_000.25,
            arn: None,
        }
    }

    /// A `String`.
    #[must_use]
    pub fn string(name: &str, value: &str) -> Self {
        Self::new("String", name, value)
    }

    /// A `SecureString`.
    #[must_use]
    pub fn secure(name: &str, value: &str) -> Self {
        Self::new("SecureString", name, value)
    }

    /// A `StringList`.
    #[must_use]
    pub fn list(name: &str, value: &str) -> Self {
        Self::new("StringList", name, value)
    }

    /// Labels this version; an older version of the same label loses it.
    #[must_use]
    pub fn label(mut self, label: &str) -> Self {
        self.labels.push(label.to_owned());
        self
    }

    /// When it was last changed, in seconds since the epoch.
    #[must_use]
    pub fn modified(mut self, seconds: f64) -> Self {
        self.modified = seconds;
        self
    }

    /// Shared from another account: found by this ARN alone.
    #[must_use]
    pub fn shared(mut self, arn: &str) -> Self {
        self.arn = Some(arn.to_owned());
        self
    }

    /// Answered without a value, as a binary secret is.
    #[must_use]
    pub fn without_value(mut self) -> Self {
        self.value = None;
        self
    }
}

/// One version of a parameter.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    pub(crate) number: i64,
    pub(crate) parameter: Parameter,
}

/// All parameters, by name without the leading slash: `/foo` and `foo` are one (facts §1.2).
#[derive(Debug, Default)]
pub(crate) struct Store {
    named: BTreeMap<String, Vec<Version>>,
    shared: BTreeMap<String, Vec<Version>>,
}

pub(crate) fn canonical(name: &str) -> &str {
    name.strip_prefix('/').unwrap_or(name)
}

impl Store {
    pub(crate) fn put(&mut self, parameter: Parameter) {
        let versions = match &parameter.arn {
            Some(arn) => self.shared.entry(arn.clone()).or_default(),
            None => self
                .named
                .entry(canonical(&parameter.name).to_owned())
                .or_default(),
        };
        for version in versions.iter_mut() {
            version
                .parameter
                .labels
                .retain(|label| !parameter.labels.contains(label));
        }
        let number = i64::try_from(versions.len()).expect("few versions") + 1;
        versions.push(Version { number, parameter });
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.named.remove(canonical(name));
    }

    pub(crate) fn by_name(&self, name: &str) -> Option<&[Version]> {
        self.named.get(canonical(name)).map(Vec::as_slice)
    }

    pub(crate) fn by_arn(&self, arn: &str) -> Option<&[Version]> {
        self.shared.get(arn).map(Vec::as_slice)
    }

    /// All below a path, by whole segments; secrets aren't (facts §5).
    pub(crate) fn below<'a>(
        &'a self,
        path: &'a str,
        recursive: bool,
    ) -> impl Iterator<Item = &'a [Version]> {
        let path = path.trim_matches('/');
        self.named
            .iter()
            .filter(move |(name, _)| {
                let rest = if path.is_empty() {
                    Some(name.as_str())
                } else {
                    name.strip_prefix(path)
                        .and_then(|rest| rest.strip_prefix('/'))
                };
                rest.is_some_and(|rest| {
                    (recursive || !rest.contains('/')) && !name.starts_with("aws/reference/")
                })
            })
            .map(|(_, versions)| versions.as_slice())
    }
}

/// The version that a selector chooses; the latest without.
pub(crate) fn select<'a>(versions: &'a [Version], selector: Option<&str>) -> Option<&'a Version> {
    match selector {
        None => versions.last(),
        Some(selector) => versions.iter().find(|version| {
            version.number.to_string() == selector
                || version
                    .parameter
                    .labels
                    .iter()
                    .any(|label| label == selector)
        }),
    }
}
