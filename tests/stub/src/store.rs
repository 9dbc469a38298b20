//! The stored parameters and secrets, with their versions.

use crate::parameter::Parameter;
use crate::secret::{REFERENCE, Secret, SecretVersion};
use std::collections::BTreeMap;
use std::ops::Bound;

/// The number of versions that are kept.
const HISTORY: usize = 100;

/// One version of a parameter.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    pub(crate) number: i64,
    pub(crate) parameter: Parameter,
}

/// All parameters, by name without the leading slash: `/foo` and `foo` are the same.
#[derive(Debug, Default)]
pub(crate) struct Store {
    named: BTreeMap<String, Vec<Version>>,
    shared: BTreeMap<String, Vec<Version>>,
    secrets: BTreeMap<String, Vec<SecretVersion>>,
}

/// The name without its leading slash.
pub(crate) fn canonical(name: &str) -> &str {
    name.strip_prefix('/').unwrap_or(name)
}

impl Store {
    /// Adds a version.
    pub(crate) fn put(&mut self, parameter: Parameter) {
        if let Some(name) = parameter.name.strip_prefix(REFERENCE) {
            let secret = Secret::of(name, parameter.value);
            self.put_secret(parameter.labels.iter().fold(secret, |secret, stage| {
                if stage == "AWSCURRENT" { secret } else { secret.stage(stage) }
            }));
            return;
        }
        let versions = match &parameter.arn {
            Some(arn) => self.shared.entry(arn.clone()).or_default(),
            None => self.named.entry(canonical(&parameter.name).to_owned()).or_default(),
        };
        for version in versions.iter_mut() {
            version.parameter.labels.retain(|label| !parameter.labels.contains(label));
        }
        let number =
            parameter.version.unwrap_or_else(|| versions.last().map_or(1, |last| last.number + 1));
        versions.push(Version { number, parameter });
        if versions.len() > HISTORY {
            versions.remove(0);
        }
    }

    pub(crate) fn put_secret(&mut self, secret: Secret) {
        let versions = self.secrets.entry(secret.name.clone()).or_default();
        SecretVersion::push(versions, secret);
    }

    pub(crate) fn remove(&mut self, name: &str) {
        match name.strip_prefix(REFERENCE) {
            Some(secret) => drop(self.secrets.remove(secret)),
            None => drop(self.named.remove(canonical(name))),
        }
    }

    pub(crate) fn by_name(&self, name: &str) -> Option<&[Version]> {
        self.named.get(canonical(name)).map(Vec::as_slice)
    }

    pub(crate) fn by_arn(&self, arn: &str) -> Option<&[Version]> {
        self.shared.get(arn).map(Vec::as_slice)
    }

    pub(crate) fn secret(&self, name: &str) -> Option<&[SecretVersion]> {
        self.secrets.get(name).map(Vec::as_slice)
    }

    /// All parameters below a path, sorted by name. Public parameters are only found below their own
    /// paths.
    pub(crate) fn below<'a>(
        &'a self,
        path: &str,
        recursive: bool,
    ) -> impl Iterator<Item = &'a [Version]> + use<'a> {
        let path = path.trim_matches('/');
        let start = match path {
            "" => String::new(),
            path => format!("{path}/"),
        };
        let public = path == "aws" || path.starts_with("aws/");
        let from: Bound<&str> = Bound::Included(&start);
        self.named
            .range::<str, _>((from, Bound::Unbounded))
            .map_while(move |(name, versions)| {
                Some((name, name.strip_prefix(start.as_str())?, versions))
            })
            .filter(move |(name, rest, _)| {
                (recursive || !rest.contains('/')) && (public || !name.starts_with("aws/service/"))
            })
            .map(|(_, _, versions)| versions.as_slice())
    }
}

/// The version selected by a number or label; the latest by default.
pub(crate) fn select<'a>(versions: &'a [Version], selector: Option<&str>) -> Option<&'a Version> {
    match selector {
        None => versions.last(),
        Some(selector) => match selector.parse::<i64>() {
            Ok(number) => versions.iter().find(|version| version.number == number),
            Err(_) => labelled(versions, selector),
        },
    }
}

/// The version with a label.
pub(crate) fn labelled<'a>(versions: &'a [Version], label: &str) -> Option<&'a Version> {
    versions.iter().find(|version| version.parameter.labels.iter().any(|other| other == label))
}
