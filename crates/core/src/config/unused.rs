//! Settings that are valid, and have no effect beside the other settings.

use super::layer::first;
use super::settings::Layer;
use crate::diagnostic::Diagnostic;
use crate::origin::Origin;

/// A setting without effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unused {
    /// Where it was given.
    pub origin: Origin,
    /// Why it has no effect.
    pub reason: UnusedReason,
}

/// Why a setting has no effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnusedReason {
    /// It applies to prefixes and JSON objects, and there is none.
    NoPrefix,
    /// It is for a role that is assumed, and none is.
    NoRole,
    /// A trigger needs no settling.
    Trigger,
}

impl Unused {
    /// The settings without effect, in the order of the list of settings.
    pub(super) fn among(layer: &Layer) -> Vec<Self> {
        let named = first(&layer.prefix).or(first(&layer.json)).is_some();
        let origins = [
            first(&layer.only),
            first(&layer.exclude),
            layer.name_prefix.as_ref().map(|given| &given.origin),
            layer.case.as_ref().map(|given| &given.origin),
        ];
        let naming = origins.into_iter().flatten().filter(|_| !named);
        let role = layer
            .external_id
            .iter()
            .filter(|_| layer.role_arn.is_none());
        let settle = layer
            .settle
            .iter()
            .filter(|_| layer.watch.is_some() && layer.trigger.is_some());
        let naming = naming.map(|origin| (origin, UnusedReason::NoPrefix));
        let role = role.map(|given| (&given.origin, UnusedReason::NoRole));
        let settle = settle.map(|given| (&given.origin, UnusedReason::Trigger));
        naming
            .chain(role)
            .chain(settle)
            .map(|(origin, reason)| Self {
                origin: origin.clone(),
                reason,
            })
            .collect()
    }
}

impl Unused {
    /// What to say of it.
    #[must_use]
    pub fn diagnostic(&self) -> Diagnostic {
        let why = match self.reason {
            UnusedReason::NoPrefix => "there is no prefix and no JSON object",
            UnusedReason::NoRole => "no role is assumed (`--role-arn`)",
            UnusedReason::Trigger => "a change of the trigger counts immediately",
        };
        let message = format!("has no effect, since {why}");
        let diagnostic = match self.reason {
            UnusedReason::Trigger => Diagnostic::note(message),
            UnusedReason::NoPrefix | UnusedReason::NoRole => Diagnostic::warning(message),
        };
        diagnostic.at(self.origin.clone())
    }
}
