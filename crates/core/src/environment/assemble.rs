//! Applies the sources in order of precedence, then the rules for the whole environment.

use super::filters::{self, Filters};
use super::inherit::kept_entries;
use super::missing::missing;
use super::{Environment, Provenance, Requester, SetVariable, Value, denylist};
use crate::code::Code;
use crate::config::{Config, Encoding, KeySource, ObjectSource, PrefixSource};
use crate::decode;
use crate::diagnostic::{Diagnostic, Severity};
use crate::env_reference::EnvReference;
use crate::fetched::{Answer, Fetched, FetchedParameter};
use crate::inherited::Inherited;
use crate::json;
use crate::parameter::{OnMissing, ValueRef};
use crate::placeholder;
use crate::secret::Secret;
use crate::variable::{Naming, VariableName};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::CStr;
use std::rc::Rc;

/// Builds the environment. Without `fetched`, nothing was fetched (`--skip`).
pub fn assemble<'e>(
    config: &Config,
    inherited: &Inherited<'e>,
    references: &[EnvReference],
    fetched: Option<&Fetched>,
) -> Environment<'e> {
    let sources = &config.sources;
    let mut assembler = Assembler {
        config,
        inherited,
        fetched,
        explicit: BTreeSet::new(),
        base: kept_entries(&config.rules, inherited),
        unknown: BTreeSet::new(),
        unknown_source: false,
        absent_source: false,
        filters: Filters::default(),
        environment: Environment {
            diagnostics: config.without_effect.clone(),
            missing: fetched.map_or_else(Vec::new, |it| missing(sources, references, it)),
            ..Environment::default()
        },
    };
    // Before the prefixes, which must not set what a key or a reference decides.
    let keys: Vec<_> = sources.keys.iter().map(|key| assembler.find_key(key)).collect();
    let named = references.iter();
    let named: Vec<_> = named.map(|reference| assembler.find_reference(reference)).collect();
    for source in &sources.prefixes {
        assembler.prefix(source);
    }
    for source in &sources.objects {
        assembler.object(source);
    }
    for (key, found) in sources.keys.iter().zip(keys) {
        let provenance = Provenance::Key(key.param.clone());
        assembler.set_found(&key.name, found, provenance, |setting| SetVariable {
            delivery: key.delivery,
            max_age: key.max_age,
            ..setting
        });
    }
    for (reference, found) in references.iter().zip(named) {
        // The variable holds a reference, not a value: its text must never reach the command.
        assembler.drop_inherited(&reference.name);
        let provenance = Provenance::Reference(reference.param.clone());
        assembler.set_found(&reference.name, found, provenance, |setting| setting);
    }
    assembler.compose();
    assembler.rename();
    assembler.finish()
}

pub(super) struct Assembler<'a, 'e> {
    pub(super) config: &'a Config,
    pub(super) inherited: &'a Inherited<'e>,
    pub(super) fetched: Option<&'a Fetched>,
    /// The names that a key, a file or a reference decides. One that is optional and absent does not.
    pub(super) explicit: BTreeSet<&'a VariableName>,
    pub(super) base: Vec<(&'e [u8], &'e CStr)>,
    /// The names of keys and references of which nothing is known, since their requests failed.
    unknown: BTreeSet<&'a VariableName>,
    /// Whether that holds for a prefix or a JSON object, which may set any variable.
    pub(super) unknown_source: bool,
    /// Whether an optional prefix or JSON object has nothing.
    pub(super) absent_source: bool,
    pub(super) filters: Filters<'a>,
    pub(super) environment: Environment<'e>,
}

/// One value below a prefix or in a JSON object, before it has a name.
struct Candidate<'p> {
    /// What its name is made from.
    path: &'p str,
    param: ValueRef,
    value: Value,
    parameter: Option<Rc<FetchedParameter>>,
}

/// What there is for one variable or one JSON object.
enum Found {
    Value(Value, Rc<FetchedParameter>),
    Default(Value),
    /// Nothing, and it is optional.
    Absent,
    /// Nothing is known, since the request failed.
    Unknown,
    /// Nothing, and that is reported.
    Reported,
}

impl<'a, 'e> Assembler<'a, 'e> {
    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.environment.diagnostics.push(diagnostic);
    }

    /// Whether it is told elsewhere why a variable is not set, or not known yet.
    pub(super) fn is_explained(&self, name: &VariableName) -> bool {
        self.unknown_source || self.unknown.contains(name) || self.environment.has_error(name)
    }

    fn prefix(&mut self, source: &'a PrefixSource) {
        let Some(fetched) = self.fetched else { return };
        let below = fetched.below(&source.prefix);
        let candidates: Vec<_> = below
            .map(|(path, parameter)| Candidate {
                path,
                param: ValueRef::returned(&parameter.name, source.prefix.label()),
                value: Value::Fetched(Rc::clone(parameter)),
                parameter: Some(Rc::clone(parameter)),
            })
            .collect();
        if !candidates.is_empty() {
            let (what, pattern) =
                (format!("the prefix {}", source.prefix), source.prefix.pattern());
            self.source(&source.naming, candidates, Provenance::Prefix, &what, &pattern);
        } else if fetched.is_unknown_below(&source.prefix) {
            self.unknown_source = true;
        } else if source.optional {
            self.absent_source = true;
            let message = format!("there is nothing below the optional prefix {}", source.prefix);
            self.report(Diagnostic::note(message).parameters([source.prefix.pattern()]));
        }
    }

    fn object(&mut self, source: &'a ObjectSource) {
        let on_missing = if source.optional { OnMissing::Omit } else { OnMissing::Fail };
        let param = &source.param;
        let (object, parameter) = match self.find(&Requester::Object, param, &on_missing) {
            Found::Value(object, parameter) => (object, parameter),
            Found::Absent if self.fetched.is_some() => {
                self.absent_source = true;
                let message = format!("the optional JSON object {param} does not exist");
                return self.report(Diagnostic::note(message).parameters([param]));
            }
            Found::Unknown => {
                self.unknown_source = true;
                return;
            }
            _ => return,
        };
        let members = match json::members(object.bytes()) {
            Ok(members) => members,
            Err(fault) => {
                let message = format!("{param} (for --json) {}", fault.reason);
                let help = format!("Or use the value as it is, with `--key NAME={param}`");
                let problem = Diagnostic::new(Code::Json, message).help(help);
                return self.report(problem.parameters([param]));
            }
        };
        let names: Vec<String>;
        let values: Vec<Secret>;
        (names, values) = members.into_iter().unzip();
        let candidates = names.iter().zip(values).map(|(name, value)| Candidate {
            path: name,
            param: param.member(name),
            value: Value::Made(value),
            parameter: Some(Rc::clone(&parameter)),
        });
        let candidates: Vec<_> = candidates.collect();
        if candidates.is_empty() {
            let message = format!("no member of the JSON object {param} has a value");
            return self.report(Diagnostic {
                severity: Severity::Warning,
                ..Diagnostic::new(Code::Json, message).parameters([param])
            });
        }
        let (what, pattern) = (format!("the JSON object {param}"), param.to_string());
        self.source(&source.naming, candidates, Provenance::Object, &what, &pattern);
    }

    /// Names the values of one source and sets those that the filters admit.
    fn source(
        &mut self,
        naming: &'a Naming,
        candidates: Vec<Candidate<'_>>,
        provenance: fn(ValueRef) -> Provenance,
        what: &str,
        pattern: &str,
    ) {
        let mut named: BTreeMap<VariableName, Vec<Candidate<'_>>> = BTreeMap::new();
        let mut names = Vec::new();
        let mut admitted = false;
        for candidate in candidates {
            let name = naming.name(candidate.path);
            let shown = match &name {
                Ok(name) => name.clone(),
                Err(name) => VariableName::inherited(name),
            };
            let admits = naming.admits(&shown);
            admitted |= admits;
            names.push(shown);
            match name {
                _ if !admits => {}
                Ok(name) => named.entry(name).or_default().push(candidate),
                Err(name) => {
                    let param = candidate.param;
                    let message = format!(
                        "{param} would become the variable `{name}`, which begins with a digit"
                    );
                    let problem = Diagnostic::new(Code::InvalidName, message).parameters([param]);
                    self.report(problem.fill(&[("name", &name)]));
                }
            }
        }
        if !admitted {
            let problem = filters::nothing_admitted(naming, &names, what);
            self.report(problem.parameters([pattern]));
        }
        self.filters.see(naming, names);
        for (name, mut candidates) in named {
            if candidates.len() > 1 {
                // A key for that very name decides which value it has.
                if !self.explicit.contains(&name) {
                    self.report(collision(&name, &candidates));
                }
                continue;
            }
            let Some(candidate) = candidates.pop() else {
                continue;
            };
            let reason = denylist::reason(&name).filter(|_| !self.explicit.contains(&name));
            if let Some(reason) = reason
                && !self.filters.allows(&self.config.rules.allow, &name)
            {
                let param = candidate.param;
                let message = format!("{param} would set {name}, which {reason}");
                let problem = Diagnostic::new(Code::RefusedName, message).parameters([param]);
                let values = [("name", name.as_str())];
                self.report(problem.fill(&values).variables([name]));
                continue;
            }
            let setting = SetVariable::new(candidate.value, provenance(candidate.param));
            let parameter = candidate.parameter;
            self.set(name, SetVariable { parameter, ..setting });
        }
    }

    fn find_key(&mut self, key: &'a KeySource) -> Found {
        let requester = Requester::Variable(key.name.clone());
        let mut found = self.find(&requester, &key.param, &key.absence);
        // A default is not encoded.
        if let (Found::Value(value, parameter), Encoding::Base64) = (&found, key.encoding) {
            found = match decode::base64(value.bytes()) {
                Some(decoded) => {
                    let decoded = Value::Made(Secret::from_bytes(decoded));
                    Found::Value(decoded, Rc::clone(parameter))
                }
                None => {
                    let message =
                        format!("the value of {} (for {}) is not Base64", key.param, key.name);
                    let problem =
                        Diagnostic::new(Code::Base64, message).fill(&[("name", key.name.as_str())]);
                    self.report(problem.variables([&key.name]).parameters([&key.param]));
                    Found::Reported
                }
            };
        }
        self.decide(&key.name, found)
    }

    fn find_reference(&mut self, reference: &'a EnvReference) -> Found {
        let EnvReference { name, param, absence } = reference;
        if self.fetched.is_none() && *absence == OnMissing::Fail {
            let message = format!(
                "{name} holds an ssm:// reference that `--skip` leaves unresolved, and the command must not get its text"
            );
            self.report(Diagnostic::new(Code::SkippedReference, message).variables([name]));
            return Found::Reported;
        }
        if let OnMissing::Default(text) = absence
            && let Some(form) = placeholder::any_form(text)
        {
            let message = format!("the default of {name} has {form}, which nothing replaces");
            let help = "Write its value, or the default with `${NAME}` in `[keys]`";
            self.report(Diagnostic::warning(message).help(help).variables([name]));
        }
        let requester = Requester::Reference(name.clone());
        let found = self.find(&requester, param, absence);
        self.decide(name, found)
    }

    /// Notes whether a key or a reference decides what its variable is.
    fn decide(&mut self, name: &'a VariableName, found: Found) -> Found {
        match found {
            Found::Absent | Found::Default(_) => return found,
            Found::Unknown => _ = self.unknown.insert(name),
            Found::Value(..) | Found::Reported => {}
        }
        self.explicit.insert(name);
        found
    }

    /// Sets a variable to what was found. One that is absent leaves what a weaker source set.
    fn set_found(
        &mut self,
        name: &VariableName,
        found: Found,
        provenance: Provenance,
        with_options: impl FnOnce(SetVariable) -> SetVariable,
    ) {
        let setting = match found {
            Found::Value(value, parameter) => {
                SetVariable { parameter: Some(parameter), ..SetVariable::new(value, provenance) }
            }
            Found::Default(value) => {
                SetVariable { is_default: true, ..SetVariable::new(value, provenance) }
            }
            Found::Absent => {
                self.environment.absent.insert(name.clone(), provenance);
                return;
            }
            Found::Unknown | Found::Reported => return,
        };
        self.set(name.clone(), with_options(setting));
    }

    /// The value of a parameter or of a place in it, or its substitute.
    fn find(&mut self, requester: &Requester, param: &ValueRef, on_missing: &OnMissing) -> Found {
        let fault = match self.fetched.map(|it| it.answer(&param.parameter)) {
            Some(Answer::Unknown) => return Found::Unknown,
            Some(Answer::Found(parameter)) => {
                let value = match &param.field {
                    None => Ok(Value::Fetched(Rc::clone(parameter))),
                    Some(field) => json::field(parameter.value.expose(), field).map(Value::Made),
                };
                match value {
                    Ok(value) => return Found::Value(value, Rc::clone(parameter)),
                    Err(fault) => Some(fault),
                }
            }
            Some(Answer::Absent) | None => None,
        };
        let prevents = |fault: &json::Fault| !fault.is_absent || *on_missing == OnMissing::Fail;
        if let Some(fault) = fault.filter(prevents) {
            self.report(unusable(requester, param, &fault));
            return Found::Reported;
        }
        match on_missing {
            OnMissing::Default(text) => Found::Default(Value::Made(Secret::new(text.clone()))),
            OnMissing::Omit => Found::Absent,
            OnMissing::Fail if self.fetched.is_none() => Found::Absent,
            // It is among what is missing.
            OnMissing::Fail => Found::Reported,
        }
    }

    pub(super) fn is_inherited(&self, name: &VariableName) -> bool {
        self.base.iter().any(|(inherited, _)| *inherited == name.as_str().as_bytes())
    }

    pub(super) fn drop_inherited(&mut self, name: &VariableName) {
        self.base.retain(|(inherited, _)| *inherited != name.as_str().as_bytes());
    }

    /// The only writer: a later source replaces an earlier one; an inherited value is replaced unless
    /// `keep_existing` is on. A default replaces neither a fetched nor an inherited value.
    pub(super) fn set(&mut self, name: VariableName, mut setting: SetVariable) {
        let earlier = self.environment.set.get(&name);
        if let (true, Some(earlier)) = (setting.is_default, earlier.filter(|s| !s.is_default)) {
            if let Some(param) = setting.provenance.param() {
                let by = &earlier.provenance;
                let message = format!(
                    "{name} comes from {by} instead of its default, although {param} does not exist"
                );
                self.report(Diagnostic::note(message).variables([name]).parameters([param]));
            }
            return;
        }
        setting.overrides = self.is_inherited(&name);
        if setting.overrides && (self.config.rules.keep_existing || setting.is_default) {
            self.environment.kept.insert(name, setting.provenance);
            return;
        }
        self.environment.kept.remove(&name);
        setting.replaces = self.environment.set.remove(&name).map(|earlier| earlier.provenance);
        self.environment.set.insert(name, setting);
    }
}

/// A JSON value without what is to be used of it.
fn unusable(requester: &Requester, param: &ValueRef, fault: &json::Fault) -> Diagnostic {
    let whole = param.parameter.to_string();
    let what = if fault.is_absent { &whole } else { &param.to_string() };
    let message = format!("{what} (for {requester}) {}", fault.reason);
    let mut problem = Diagnostic::new(Code::Json, message);
    if !fault.is_absent {
        let help = match requester {
            Requester::Variable(name) => format!("`--key {name}={whole}`"),
            // It would decide against a key.
            Requester::Reference(name) => format!("`{name}=ssm://{whole}`"),
            Requester::Object | Requester::Trigger => String::new(),
        };
        problem
            .help
            .extend((!help.is_empty()).then(|| format!("Or use the whole value: {help}").into()));
    }
    problem.variables(requester.variable()).parameters([param])
}

/// Several parameters of one source for one variable.
fn collision(name: &VariableName, candidates: &[Candidate<'_>]) -> Diagnostic {
    let params: Vec<String> = candidates.iter().map(|one| one.param.to_string()).collect();
    let all = if params.len() == 2 { "both" } else { "all" };
    let message = format!("{} {all} become the variable {name}", params.join(" and "));
    let (first, other) = (&params[0], &params[1]);
    let help = format!(
        "For example with `--key {name}={first}`, and `--key NAME={other}` if that is needed too"
    );
    Diagnostic::new(Code::Collision, message).help(help).variables([name]).parameters(params)
}
