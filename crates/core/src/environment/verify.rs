//! What the final environment must satisfy: requirements, the contract, no NUL bytes.

use super::assemble::Assembler;
use super::{Provenance, SetVariable};
use crate::code::Code;
use crate::config::Delivery;
use crate::diagnostic::{Diagnostic, Help};
use crate::variable::VariableName;

/// How a variable breaks the contract: the rest of a sentence that begins with the variable, and what else helps.
type Violation = (String, Option<Help>);

impl Assembler<'_, '_> {
    /// Reports everything that the environment does not satisfy.
    pub(super) fn verify(&mut self) {
        let rules = self.config.rules.require.iter();
        let required = rules.filter_map(|name| self.unmet(name));
        let set = self.environment.set.iter();
        let problems: Vec<_> = required.chain(set.filter_map(nul)).collect();
        self.environment.diagnostics.extend(problems);
        for (name, violations) in self.violations() {
            for violation in &violations {
                let problem = self.violated(&name, violation);
                self.report(problem);
            }
            let words = violations.into_iter().map(|(words, _)| words).collect();
            self.environment.violations.insert(name, words);
        }
    }

    /// A variable that is required and unset or empty.
    fn unmet(&self, name: &VariableName) -> Option<Diagnostic> {
        let lack = match self.environment.value(name) {
            Some([]) => "is empty".to_owned(),
            Some(_) => return None,
            None if self.is_explained(name) => return None,
            None => match self.environment.similar(name) {
                Some(other) => format!("is not set; did you mean `{other}`, which is set?"),
                None => "is not set".to_owned(),
            },
        };
        let message = format!("{name} is required and {lack}");
        Some(Diagnostic::new(Code::Required, message).variables([name]))
    }

    /// How variables break the contract, with what else helps.
    fn violations(&self) -> Vec<(VariableName, Vec<Violation>)> {
        let (contract, environment) = (&self.config.contract, &self.environment);
        let ruled = contract.rules.iter().map(|(name, rule)| {
            let setting = environment.set.get(name);
            let mut found = Vec::new();
            match environment.value(name) {
                Some(value) => {
                    found.extend(rule.violations(value).into_iter().map(|it| (it, None)));
                }
                None if rule.optional || self.is_explained(name) => {}
                None => {
                    let similar = environment.similar(name);
                    let help = similar.map(|it| format!("Is `{it}` meant, which is set?").into());
                    found.push(("must be set".to_owned(), help));
                }
            }
            let parameter = setting.and_then(|setting| setting.parameter.as_ref());
            if let Some(parameter) = parameter
                && let Some(violation) = rule.insecure(parameter.kind)
            {
                let command = format!(
                    "aws ssm put-parameter --name {} --type SecureString --overwrite --value file:///dev/stdin{{region}}",
                    parameter.name
                );
                let help = Help::command("Or write it again as a SecureString", command);
                found.push((violation, Some(help)));
            }
            (name.clone(), found)
        });
        let is_unexpected = |(name, setting): &(&VariableName, &SetVariable)| {
            contract.closed && setting.is_found() && !contract.rules.contains_key(name)
        };
        let unexpected = environment.set.iter().filter(is_unexpected).map(|(name, _)| {
            let words = "is not in the contract, which is closed".to_owned();
            (name.clone(), vec![(words, None)])
        });
        ruled.chain(unexpected).filter(|(_, found)| !found.is_empty()).collect()
    }

    fn violated(&self, name: &VariableName, (words, help): &Violation) -> Diagnostic {
        let setting = self.environment.set.get(name);
        let provenance = setting.map(|setting| &setting.provenance);
        let from = provenance.map_or_else(String::new, source);
        let message = format!("{name}{from} breaks the contract: it {words}");
        let code = match self.environment.value(name) {
            Some(_) => Code::Contract,
            None => Code::Required,
        };
        let mut problem = Diagnostic::new(code, message);
        problem.help.extend(help.clone());
        problem.variables([name]).parameters(provenance.and_then(Provenance::param))
    }
}

/// A value that no variable can hold.
fn nul((name, setting): (&VariableName, &SetVariable)) -> Option<Diagnostic> {
    if setting.delivery == Delivery::File || !setting.value.bytes().contains(&0) {
        return None;
    }
    let message = format!("the value of {name}{} contains a NUL byte", source(&setting.provenance));
    Some(about(Diagnostic::new(Code::Nul, message), name, &setting.provenance))
}

/// `, from PARAM,` where a parameter is the source.
pub(super) fn source(provenance: &Provenance) -> String {
    let param = provenance.param();
    param.map_or_else(String::new, |param| format!(", from {param},"))
}

/// Fills the help with a variable and the parameter of its value, which the diagnostic concerns.
pub(super) fn about(
    problem: Diagnostic,
    name: &VariableName,
    provenance: &Provenance,
) -> Diagnostic {
    let param = provenance.param();
    let text = param.map_or_else(|| "PARAM".to_owned(), ToString::to_string);
    problem.fill(&[("name", name.as_str()), ("param", &text)]).variables([name]).parameters(param)
}
