//! Which variables a report shows, beside those that are set.

use super::row::{ContractStatus, Row, State};
use crate::config::Config;
use crate::contract::Violation;
use crate::environment::problem::Problem;
use crate::environment::{Environment, Provenance, Requester};
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
    for problem in &environment.problems {
        let Problem::Missing { param, requester } = problem else {
            continue;
        };
        let (name, provenance) = match requester {
            Requester::Variable(name) => (name, Provenance::Key(param.clone())),
            Requester::Reference(name) => (name, Provenance::Reference(param.clone())),
            Requester::Object | Requester::Trigger => continue,
        };
        unset.insert(name, (Some(provenance), State::Missing));
    }
    // Names that are expected: a source may have been meant to set those that are only inherited.
    let expected = config.rules.require.iter().map(|name| (name, false));
    let rules = config.contract.rules.iter();
    let expected = expected.chain(rules.map(|(name, rule)| (name, rule.optional)));
    for (name, optional) in expected {
        unset
            .entry(name)
            .or_insert_with(|| match environment.value(name) {
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
    let problems = environment.problems.iter();
    let violations: Vec<Violation> = problems
        .filter_map(|problem| match problem {
            Problem::Contract {
                name: violated,
                violation,
                ..
            } if violated == name => Some(violation.clone()),
            _ => None,
        })
        .collect();
    let rule = config.contract.rules.get(name);
    match (violations.first(), rule) {
        (Some(Violation::Unexpected), _) => ContractStatus::Unexpected,
        (Some(_), _) => ContractStatus::Violated(violations),
        (None, None) => ContractStatus::None,
        (None, Some(rule)) if rule.optional || environment.value(name).is_some() => {
            ContractStatus::Met
        }
        // Another problem has said that it is missing.
        (None, Some(_)) => ContractStatus::Violated(vec![Violation::Unset]),
    }
}
