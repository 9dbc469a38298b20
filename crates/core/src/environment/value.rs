//! A variable that is set, and its value.

use super::provenance::Provenance;
use crate::config::Delivery;
use crate::fetched::FetchedParameter;
use crate::secret::Secret;
use crate::variable::VariableName;
use std::rc::Rc;
use std::time::Duration;

/// A value. One that is used as it was fetched is shared, not copied.
#[derive(Debug)]
pub enum Value {
    /// As it was fetched.
    Fetched(Rc<FetchedParameter>),
    /// Decoded, composed, or taken from a part of a parameter.
    Made(Secret),
}

impl Value {
    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Fetched(parameter) => parameter.value.expose(),
            Self::Made(secret) => secret.expose(),
        }
    }
}

/// A variable that is set, and where its value comes from.
#[derive(Debug)]
pub struct SetVariable {
    /// Its value; of a file, the content.
    pub value: Value,
    /// How the command receives it.
    pub delivery: Delivery,
    /// Where the value comes from.
    pub provenance: Provenance,
    /// The name that it had before `[rename]`.
    pub renamed_from: Option<VariableName>,
    /// The parameter that was fetched; `None` for a default and for what no parameter holds.
    pub parameter: Option<Rc<FetchedParameter>>,
    /// Whether the parameter is missing and the configured default was used.
    pub is_default: bool,
    /// The maximum age, where the variable has its own.
    pub max_age: Option<Duration>,
    /// Whether it replaces an inherited value.
    pub overrides: bool,
    /// What had set the variable before, if another source had.
    pub replaces: Option<Provenance>,
}

impl SetVariable {
    pub(super) fn new(value: Value, provenance: Provenance) -> Self {
        Self {
            value,
            delivery: Delivery::Variable,
            provenance,
            renamed_from: None,
            parameter: None,
            is_default: false,
            max_age: None,
            overrides: false,
            replaces: None,
        }
    }
    /// Whether a prefix or a JSON object sets it: nobody wrote its name.
    pub(crate) fn is_found(&self) -> bool {
        matches!(self.provenance, Provenance::Prefix(_) | Provenance::Object(_))
    }
}
