//! Problems and notices that only follow from a failed request: nothing is known of what it would have
//! returned.

use super::notice::{Filter, Notice};
use super::problem::PartAbsence;
use super::{Environment, Problem};
use crate::config::Config;
use crate::contract::Violation;
use crate::env_reference::EnvReference;
use crate::fetched::Fetched;

impl Environment<'_> {
    /// Removes the problems and notices that the failed requests explain.
    pub fn drop_consequences(
        &mut self,
        config: &Config,
        references: &[EnvReference],
        fetched: &Fetched,
    ) {
        if !fetched.is_incomplete() {
            return;
        }
        let sources = &config.sources;
        let mut prefixes = sources.prefixes.iter();
        // A failed prefix or JSON object may have set any variable.
        let any_name = prefixes.any(|source| fetched.is_unknown_below(&source.prefix))
            || sources
                .objects
                .iter()
                .any(|object| fetched.is_unknown(&object.param.parameter));
        let is_unknown = |name: &str| {
            let keys = sources.keys.iter().map(|key| (&key.name, &key.param));
            let references = references
                .iter()
                .map(|reference| (&reference.name, &reference.param));
            keys.chain(references)
                .any(|(key, param)| key.as_str() == name && fetched.is_unknown(&param.parameter))
        };
        self.problems.retain(|problem| match problem {
            Problem::Missing { param, .. } => !fetched.is_unknown(&param.parameter),
            Problem::NothingBelow { prefix } => !fetched.is_unknown_below(prefix),
            Problem::Contract {
                name,
                violation: Violation::Unset,
                ..
            }
            | Problem::Required { name, .. } => !any_name && !is_unknown(name.as_str()),
            Problem::ComposePartUnset {
                part,
                reason: PartAbsence::NotSet,
                ..
            } => !any_name && !is_unknown(part),
            _ => true,
        });
        self.notices.retain(|notice| match notice {
            Notice::Default { param, .. }
            | Notice::UnusedDefault { param, .. }
            | Notice::Absent { param, .. }
            | Notice::AbsentObject { param } => !fetched.is_unknown(&param.parameter),
            Notice::EmptyPrefix { prefix } => !fetched.is_unknown_below(prefix),
            Notice::Unmatched {
                filter: Filter::Only | Filter::Exclude | Filter::Drop,
                ..
            }
            | Notice::AllowWithoutEffect { .. } => !any_name,
            Notice::RenameWithoutSource { from, .. } => !any_name && !is_unknown(from.as_str()),
            _ => true,
        });
    }
}
