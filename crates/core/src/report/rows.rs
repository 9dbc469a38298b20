//! Which variables a report shows, beside those that are set.

use super::row::{ContractStatus, Row, State};
use crate::config::Config;
use crate::environment::missing::Missing;
use crate::environment::{Environment, Provenance};
use crate::variable::VariableName;
use std::collections::BTreeMap;

/// Variables that no source sets: absent, kept, only inherited, missing.
pub(super) fn unset(config: &Config, environment: &Environment<'_>) -> Vec<Row> {
    let mut unset: BTreeMap<&VariableName, (Option<Provenance>, State)> = BTreeMap::new();
    for (name, provenance) in &environment.absent {
        unset.insert(name, (Some(provenance.clone()), State::Absent));
    }
    for (name, provenance) in &environment.kept {
        unset.insert(name, (Some(provenance.clone()), State::Inherited));
    }
    for (name, provenance) in environment.missing.iter().filter_map(Missing::variable) {
        unset.insert(name, (Some(provenance), State::Missing));
    }
    // Names that are expected: a source may have been meant to set those that are only inherited.
    let expected = config.rules.require.iter().map(|name| (name, false));
    let rules = config.contract.rules.iter();
    let expected = expected.chain(rules.map(|(name, rule)| (name, rule.optional)));
    for (name, optional) in expected {
        unset.entry(name).or_insert_with(|| match environment.value(name) {
            Some(_) => (Some(Provenance::Inherited), State::Inherited),
            None if optional => (None, State::Absent),
            None => (None, State::Missing),
        });
    }
    unset
        .into_iter()
        .filter(|(name, _)| !environment.set.contains_key(name))
        .map(|(name, (provenance, state))| Row::without_value(name, provenance, state))
        .collect()
}

/// What the contract says of a variable.
pub(super) fn contract_status(
    config: &Config,
    environment: &Environment<'_>,
    name: &VariableName,
) -> ContractStatus {
    let violations = environment.violations.get(name);
    let rule = config.contract.rules.get(name);
    match (violations, rule) {
        (Some(violations), Some(_)) => ContractStatus::Violated(violations.clone()),
        (Some(_), None) => ContractStatus::Unexpected,
        (None, None) => ContractStatus::None,
        (None, Some(rule)) if rule.optional || environment.value(name).is_some() => {
            ContractStatus::Met
        }
        // Another problem says why it is missing.
        (None, Some(_)) => ContractStatus::Violated(vec!["must be set".to_owned()]),
    }
}
