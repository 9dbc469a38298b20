//! One variable of a report.

use crate::config::Delivery;
use crate::environment::{Provenance, SetVariable};
use crate::fetched::ParameterType;
use crate::parameter::{ValueRef, Version};
use crate::variable::VariableName;
use std::time::{Duration, SystemTime};

crate::choice! {
    /// Whether and how a variable is set.
    pub enum State {
        /// To what its source holds.
        Set = "set",
        /// To its default: the parameter does not exist.
        Default = "default",
        /// Not at all: the optional parameter does not exist.
        Absent = "absent",
        /// Not at all, though it must be.
        Missing = "missing",
        /// By the inherited environment.
        Inherited = "inherited",
    }
}

/// One variable.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub variable: VariableName,
    /// Where its value comes from, or would come from.
    pub provenance: Option<Provenance>,
    /// How the command receives it.
    pub delivery: Delivery,
    /// The name that it had before `[rename]`.
    pub renamed_from: Option<VariableName>,
    /// Whether and how it is set.
    pub state: State,
    /// The version that was fetched; none for a default and for what no parameter holds.
    pub version: Option<Version>,
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
    /// What the contract says of it.
    pub contract: ContractStatus,
}

/// What the contract says of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContractStatus {
    /// Nothing.
    None,
    /// It keeps its rules.
    Met,
    /// It breaks these.
    Violated(Vec<String>),
    /// The contract is closed and does not name it.
    Unexpected,
}

impl ContractStatus {
    /// The stable word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Met => "met",
            Self::Violated(_) => "violated",
            Self::Unexpected => "unexpected",
        }
    }
}

impl Row {
    pub(super) fn new(
        name: &VariableName,
        setting: &SetVariable,
        max_age: Option<Duration>,
        now: SystemTime,
    ) -> Self {
        let parameter = setting.parameter.as_ref();
        let modified = parameter.and_then(|parameter| parameter.modified);
        let age = modified.map(|modified| now.duration_since(modified).unwrap_or_default());
        let limit = setting.max_age.or(max_age);
        let state = if setting.is_default { State::Default } else { State::Set };
        Self {
            delivery: setting.delivery,
            renamed_from: setting.renamed_from.clone(),
            version: parameter.and_then(|parameter| parameter.version),
            kind: parameter.and_then(|parameter| parameter.kind),
            modified,
            age,
            overrides: setting.overrides,
            replaces: setting.replaces.clone(),
            stale: age.zip(limit).is_some_and(|(age, limit)| age > limit),
            ..Self::without_value(name, Some(setting.provenance.clone()), state)
        }
    }

    /// A variable that no source sets.
    pub(super) fn without_value(
        name: &VariableName,
        provenance: Option<Provenance>,
        state: State,
    ) -> Self {
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
            contract: ContractStatus::None,
        }
    }

    /// The parameter with its selector and field, where there is one.
    pub(super) fn param(&self) -> Option<&ValueRef> {
        self.provenance.as_ref()?.param()
    }

    /// The same as text; empty where there is none.
    pub(super) fn parameter(&self) -> String {
        self.param().map(ToString::to_string).unwrap_or_default()
    }

    /// Whether a version or a label was asked for, rather than the latest version.
    pub(super) fn is_pinned(&self) -> bool {
        self.param().is_some_and(ValueRef::is_pinned)
    }

    /// The stable word for the source.
    pub(super) fn source(&self) -> &'static str {
        match (&self.provenance, self.delivery) {
            _ if self.state == State::Inherited => "inherited",
            (None, _) => "none",
            (_, Delivery::File) => "file",
            (Some(Provenance::Prefix(_)), _) => "prefix",
            (Some(Provenance::Object(_)), _) => "json",
            (Some(Provenance::Key(_)), _) => "key",
            (Some(Provenance::Reference(_)), _) => "reference",
            (Some(Provenance::Composed), _) => "composed",
            (Some(Provenance::Inherited), _) => "inherited",
        }
    }

    /// What is to be said of it besides its source.
    pub(super) fn remarks(&self) -> Vec<String> {
        let remark = |is: bool, word: &str| is.then(|| word.to_owned());
        let renamed = self.renamed_from.as_ref();
        let replaces = self.replaces.as_ref();
        let is_document = self.delivery == Delivery::File && self.param().is_none();
        [
            remark(is_document, "composed"),
            remark(self.state == State::Default, "default"),
            remark(self.state == State::Absent, "absent"),
            remark(self.state == State::Missing, "missing"),
            remark(self.state == State::Inherited && self.param().is_some(), "kept"),
            renamed.map(|from| format!("renamed from {from}")),
            remark(self.overrides, "overrides"),
            replaces.map(|earlier| format!("replaces {earlier}")),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}
