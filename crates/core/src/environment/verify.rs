//! What the final environment must satisfy: requirements, the contract, no NUL bytes.

use super::assemble::Assembler;
use super::{Provenance, SetVariable};
use crate::code::Code;
use crate::config::Delivery;
use crate::diagnostic::{Diagnostic, Help};
use crate::variable::VariableName;
use crate::words::count;

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
        self.report_unexpected();
    }

    /// A variable that is required and unset or empty.
    fn unmet(&self, name: &VariableName) -> Option<Diagnostic> {
        let lack = match self.environment.value(name) {
            Some([]) => "is empty".to_owned(),
            Some(_) => return None,
            None if self.is_explained(name) => return None,
            None => {
                if let Some((reason, help)) = self.why_unset(name) {
                    let message = format!("{name} is required, but {reason}");
                    let help = [help.into(), "Or do not require it".into()];
                    return Some(lacking(message, help).variables([name]));
                }
                match self.environment.similar(name) {
                    Some(other) => format!("is not set; did you mean `{other}`, which is set?"),
                    None => "is not set".to_owned(),
                }
            }
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
                None => found.push(self.unset(name)),
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
        ruled.filter(|(_, found)| !found.is_empty()).collect()
    }

    /// How one breaks it that is not set.
    fn unset(&self, name: &VariableName) -> Violation {
        if let Some((reason, help)) = self.why_unset(name) {
            return (format!("must be set, but {reason}"), Some(help.into()));
        }
        let help = match self.environment.similar(name) {
            Some(other) => format!("Is `{other}` meant, which is set?"),
            None => "Set it".to_owned(),
        };
        ("must be set".to_owned(), Some(help.into()))
    }

    /// Reports all variables that a closed contract does not have.
    fn report_unexpected(&mut self) {
        let contract = &self.config.contract;
        let set = self.environment.set.iter().filter(|(name, setting)| {
            contract.closed && setting.is_found() && !contract.rules.contains_key(*name)
        });
        let unexpected: Vec<_> =
            set.map(|(name, setting)| (name.clone(), setting.provenance.clone())).collect();
        let verb = match unexpected.len() {
            0 => return,
            1 => "is",
            _ => "are",
        };
        let what = count(unexpected.len(), "variable");
        let message = format!("{what} {verb} not in the contract, which is closed");
        let names: Vec<&str> = unexpected.iter().map(|(name, _)| name.as_str()).collect();
        let list: Vec<String> =
            unexpected.iter().map(|(name, from)| format!("{name} ({from})")).collect();
        let help = format!(
            "Add what belongs to it to `[contract]`, and leave out the rest: `--exclude {}`",
            names.join(",")
        );
        let problem = Diagnostic::with_help(Code::Contract, message, [help]).list(&list);
        let params = unexpected.iter().filter_map(|(_, from)| from.param());
        let problem = problem.variables(names).parameters(params);
        self.report(problem);
        let words = "is not in the contract, which is closed";
        let violations = &mut self.environment.violations;
        violations.extend(unexpected.into_iter().map(|(name, _)| (name, vec![words.to_owned()])));
    }

    fn violated(&self, name: &VariableName, (words, help): &Violation) -> Diagnostic {
        let setting = self.environment.set.get(name);
        let provenance = setting.map(|setting| &setting.provenance);
        let from = provenance.map_or_else(String::new, source);
        let message = format!("{name}{from} breaks the contract: it {words}");
        let help = help.clone().into_iter();
        let problem = match self.environment.value(name) {
            Some(_) => help.fold(Diagnostic::new(Code::Contract, message), Diagnostic::help),
            None => {
                let optional = "Or give it `optional = true` in `[contract]`";
                lacking(message, help.chain([optional.into()]))
            }
        };
        problem.variables([name]).parameters(provenance.and_then(Provenance::param))
    }
}

/// A variable that is not set, and why.
fn lacking(message: String, help: impl IntoIterator<Item = Help>) -> Diagnostic {
    Diagnostic::with_help(Code::Required, message, help)
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
