//! One variable of a report.

use crate::config::Delivery;
use crate::environment::{Provenance, Setting};
use crate::fetched::ParameterType;
use crate::parameter::Version;
use crate::variable::VariableName;
use std::time::{Duration, SystemTime};

/// Whether and how a variable is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// To what its source holds.
    Set,
    /// To its default: the parameter does not exist.
    Default,
    /// Not at all: the optional parameter does not exist.
    Absent,
    /// By the inherited environment.
    Inherited,
}

impl State {
    /// The stable word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Default => "default",
            Self::Absent => "absent",
            Self::Inherited => "inherited",
        }
    }
}

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
    /// Whether and how it is set.
    pub state: State,
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
    /// What had set it before, if another source had.
    pub replaces: Option<Provenance>,
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
            state: match setting.is_default {
                true => State::Default,
                false => State::Set,
            },
            replaces: setting.replaces.clone(),
            version: parameter.and_then(|parameter| parameter.version),
            kind: parameter.and_then(|parameter| parameter.kind),
            modified,
            age,
            overrides: setting.overrides,
            stale: age.zip(limit).is_some_and(|(age, limit)| age > limit),
        }
    }

    /// A variable that no source sets.
    pub(super) fn without_value(name: &VariableName, provenance: Provenance, state: State) -> Self {
        Self {
            variable: name.clone(),
            provenance,
            delivery: Delivery::Variable,
            renamed_from: None,
            state,
            version: None,
            kind: None,
            modified: None,
            age: None,
            overrides: false,
            replaces: None,
            stale: false,
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
            _ if self.state == State::Inherited => "inherited",
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
        let replaces = self.replaces.as_ref();
        [
            remark(self.state == State::Default, "default"),
            remark(self.state == State::Absent, "absent"),
            remark(
                self.state == State::Inherited && self.provenance.param().is_some(),
                "kept",
            ),
            renamed.map(|from| format!("renamed from {from}")),
            remark(self.overrides, "overrides"),
            replaces.map(|earlier| format!("replaces {earlier}")),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}
