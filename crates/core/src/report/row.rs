//! One variable of a report.

use crate::config::Delivery;
use crate::environment::{Provenance, Setting};
use crate::fetched::ParameterType;
use crate::parameter::Version;
use crate::variable::VariableName;
use std::time::{Duration, SystemTime};

/// One variable.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its name.
    pub variable: VariableName,
    /// Where its value comes from.
    pub provenance: Provenance,
    /// How the command receives it.
    pub delivery: Delivery,
    /// The name that it had before `[rename]`.
    pub renamed_from: Option<VariableName>,
    /// Whether the parameter is missing and the default was used.
    pub is_default: bool,
    /// The version that was fetched; none for a default and for what no parameter holds.
    pub version: Option<Version>,
    /// Its type.
    pub kind: Option<ParameterType>,
    /// When it was last changed.
    pub modified: Option<SystemTime>,
    /// How long ago that is.
    pub age: Option<Duration>,
    /// Whether it replaces an inherited value.
    pub overrides: bool,
    /// Whether it is older than its maximum age.
    pub stale: bool,
}

impl Row {
    pub(super) fn new(
        name: &VariableName,
        setting: &Setting,
        max_age: Option<Duration>,
        now: SystemTime,
    ) -> Self {
        let parameter = setting.parameter.as_ref();
        let modified = parameter.and_then(|parameter| parameter.modified);
        let age = modified.map(|modified| now.duration_since(modified).unwrap_or_default());
        let limit = setting.max_age.or(max_age);
        Self {
            variable: name.clone(),
            provenance: setting.provenance.clone(),
            delivery: setting.delivery,
            renamed_from: setting.renamed_from.clone(),
            is_default: setting.is_default,
            version: parameter.and_then(|parameter| parameter.version),
            kind: parameter.and_then(|parameter| parameter.kind),
            modified,
            age,
            overrides: setting.overrides,
            stale: age.zip(limit).is_some_and(|(age, limit)| age > limit),
        }
    }

    /// The parameter with its selector and field; empty where there is none.
    pub(super) fn parameter(&self) -> String {
        self.provenance
            .param()
            .map(ToString::to_string)
            .unwrap_or_default()
    }

    /// The stable word for the source.
    pub(super) fn source(&self) -> &'static str {
        match (&self.provenance, self.delivery) {
            (_, Delivery::File) => "file",
            (Provenance::Prefix(_), _) => "prefix",
            (Provenance::Object(_), _) => "json",
            (Provenance::Key(_), _) => "key",
            (Provenance::Reference(_), _) => "reference",
            (Provenance::Composed, _) => "composed",
            (Provenance::Inherited, _) => "inherited",
        }
    }

    /// What is to be said of it besides its source.
    pub(super) fn remarks(&self) -> Vec<String> {
        let remark = |is: bool, word: &str| is.then(|| word.to_owned());
        let renamed = self.renamed_from.as_ref();
        [
            remark(self.is_default, "default"),
            renamed.map(|from| format!("renamed from {from}")),
            remark(self.overrides, "overrides"),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}
