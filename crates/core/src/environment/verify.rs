//! What the final environment must satisfy: requirements, the contract, no NUL bytes.

use super::problem::{Lack, Problem};
use super::{Environment, Provenance};
use crate::config::{Delivery, Rules};
use crate::contract::{Contract, Violation};
use crate::variable::VariableName;

/// Everything that the environment does not satisfy.
pub(super) fn verify(
    environment: &Environment<'_>,
    rules: &Rules,
    contract: &Contract,
) -> Vec<Problem> {
    let mut problems: Vec<Problem> = rules
        .require
        .iter()
        .filter_map(|name| {
            let lack = match environment.value(name) {
                Some([]) => Lack::Empty,
                Some(_) => return None,
                None => environment
                    .in_other_case(name)
                    .map_or(Lack::Unset, Lack::OtherCase),
            };
            Some(Problem::Required {
                name: name.clone(),
                lack,
            })
        })
        .collect();
    for (name, setting) in &environment.set {
        if setting.delivery == Delivery::Variable && setting.value.bytes().contains(&0) {
            problems.push(Problem::Nul {
                name: name.clone(),
                provenance: setting.provenance.clone(),
            });
        }
    }
    let reported = |name: &VariableName| {
        let mut all = environment.problems.iter().chain(&problems);
        all.any(|problem| problem.variable() == Some(name))
    };
    let mut violations = Vec::new();
    for (name, rule) in &contract.rules {
        let setting = environment.set.get(name);
        let found = match environment.value(name) {
            Some(value) => {
                let stored_as = setting.and_then(|setting| setting.parameter.as_ref()?.kind);
                rule.violations(value, stored_as)
            }
            // What is missing for a reason already reported needs no second report.
            None if rule.optional || reported(name) => Vec::new(),
            None => vec![Violation::Unset],
        };
        violations.extend(found.into_iter().map(|violation| {
            let provenance = setting.map(|setting| setting.provenance.clone());
            violated(name, provenance, violation)
        }));
    }
    for (name, setting) in &environment.set {
        let is_found = matches!(
            setting.provenance,
            Provenance::Prefix(_) | Provenance::Object(_)
        );
        if contract.closed && is_found && !contract.rules.contains_key(name) {
            let provenance = Some(setting.provenance.clone());
            violations.push(violated(name, provenance, Violation::Unexpected));
        }
    }
    problems.extend(violations);
    problems
}

fn violated(name: &VariableName, provenance: Option<Provenance>, violation: Violation) -> Problem {
    Problem::Contract {
        name: name.clone(),
        provenance,
        violation,
    }
}
