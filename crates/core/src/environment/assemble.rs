//! Applies the sources in order of precedence, then the rules for the whole environment.

use super::filters::Filters;
use super::inherit::kept_entries;
use super::notice::Notice;
use super::problem::Problem;
use super::{Environment, Provenance, Requester, Setting, Source, Value, denylist};
use crate::config::{Config, Encoding, KeySource, ObjectSource, PrefixSource, Rules};
use crate::contract::Contract;
use crate::env_reference::EnvReference;
use crate::fetched::{Fetched, FetchedParameter};
use crate::inherited::Inherited;
use crate::json;
use crate::parameter::{OnMissing, ValueRef};
use crate::secret::Secret;
use crate::variable::{Naming, VariableName};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::CStr;
use std::rc::Rc;

/// Builds the environment. Without `fetched`, nothing was fetched (`--skip`).
#[must_use]
pub fn assemble<'e>(
    config: &Config,
    inherited: &Inherited<'e>,
    references: &[EnvReference],
    fetched: Option<&Fetched>,
) -> Environment<'e> {
    let keys = config.sources.keys.iter();
    let keys = keys.map(|key| (&key.name, &key.param, &key.absence));
    let named = references
        .iter()
        .map(|reference| (&reference.name, &reference.param, &reference.absence));
    let mut assembler = Assembler {
        rules: &config.rules,
        contract: &config.contract,
        inherited,
        fetched,
        explicit: keys
            .chain(named)
            .filter(|(_, param, absence)| **absence == OnMissing::Fail || may_exist(fetched, param))
            .map(|(name, ..)| name)
            .collect(),
        base: kept_entries(&config.rules, inherited),
        absent_source: false,
        filters: Filters::new(config, inherited, fetched.is_some()),
        environment: Environment::default(),
    };
    for unused in &config.without_effect {
        assembler.notice(Notice::Unused(unused.clone()));
    }
    for source in &config.sources.prefixes {
        assembler.prefix(source);
    }
    for source in &config.sources.objects {
        assembler.object(source);
    }
    for key in &config.sources.keys {
        assembler.key(key);
    }
    for reference in references {
        assembler.reference(reference);
    }
    assembler.compose();
    assembler.rename();
    assembler.finish()
}

fn may_exist(fetched: Option<&Fetched>, param: &ValueRef) -> bool {
    let Some(fetched) = fetched else { return false };
    match (fetched.get(&param.parameter), &param.field) {
        (None, _) => fetched.is_unknown(&param.parameter),
        (Some(_), None) => true,
        (Some(parameter), Some(field)) => !matches!(
            json::field(parameter.value.expose(), field),
            Err(json::Problem::Absent { .. })
        ),
    }
}

pub(super) struct Assembler<'a, 'e> {
    pub(super) rules: &'a Rules,
    pub(super) contract: &'a Contract,
    pub(super) inherited: &'a Inherited<'e>,
    pub(super) fetched: Option<&'a Fetched>,
    /// The names that a key, a file or a reference sets. One that is optional and absent sets nothing.
    explicit: BTreeSet<&'a VariableName>,
    pub(super) base: Vec<(&'e [u8], &'e CStr)>,
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

/// The answer for one parameter, or a place in it.
enum Found {
    Value(Value, Rc<FetchedParameter>),
    Default(Value),
    Absent,
}

impl<'e> Assembler<'_, 'e> {
    pub(super) fn notice(&mut self, notice: Notice) {
        self.environment.notices.push(notice);
    }

    pub(super) fn problem(&mut self, problem: Problem) {
        self.environment.problems.push(problem);
    }

    fn prefix(&mut self, source: &PrefixSource) {
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
        let prefix = source.prefix.clone();
        match (candidates.is_empty(), source.optional) {
            (true, true) => {
                self.absent_source = true;
                return self.notice(Notice::EmptyPrefix { prefix });
            }
            (true, false) => return self.problem(Problem::NothingBelow { prefix }),
            (false, _) => {}
        }
        let admitted = self.source(&source.naming, candidates, Provenance::Prefix);
        if !admitted {
            self.nothing_admitted(&source.naming, Source::Prefix(prefix));
        }
    }

    fn object(&mut self, source: &ObjectSource) {
        let on_missing = if source.optional {
            OnMissing::Omit
        } else {
            OnMissing::Fail
        };
        let found = self.find(&Requester::Object, &source.param, &on_missing);
        let (object, parameter) = match found {
            Some(Found::Value(object, parameter)) => (object, parameter),
            Some(_) if self.fetched.is_some() => {
                let param = source.param.clone();
                self.absent_source = true;
                return self.notice(Notice::AbsentObject { param });
            }
            _ => return,
        };
        let members = match json::members(object.bytes()) {
            Ok(members) => members,
            Err(problem) => {
                return self.problem(Problem::Json {
                    param: source.param.clone(),
                    requester: Requester::Object,
                    problem,
                });
            }
        };
        let names: Vec<String>;
        let values: Vec<Secret>;
        (names, values) = members.into_iter().unzip();
        let candidates = names.iter().zip(values).map(|(name, value)| Candidate {
            path: name,
            param: source.param.member(name),
            value: Value::Made(value),
            parameter: Some(Rc::clone(&parameter)),
        });
        let candidates: Vec<_> = candidates.collect();
        if candidates.is_empty() {
            let param = source.param.clone();
            return self.notice(Notice::EmptyObject { param });
        }
        let admitted = self.source(&source.naming, candidates, Provenance::Object);
        if !admitted {
            self.nothing_admitted(&source.naming, Source::Object(source.param.clone()));
        }
    }

    /// Filters that leave nothing of a source: with `only`, a mistake that must not start the command.
    fn nothing_admitted(&mut self, naming: &Naming, source: Source) {
        if naming.only.is_empty() {
            return self.notice(Notice::NothingAdmitted { source });
        }
        self.problem(Problem::NothingAdmitted {
            source,
            meant: self.filters.in_other_case(&naming.only),
            only: naming.only.clone(),
        });
    }

    /// Names the values of one source and sets those that the filters admit, if there are any.
    fn source(
        &mut self,
        naming: &Naming,
        candidates: Vec<Candidate<'_>>,
        provenance: fn(ValueRef) -> Provenance,
    ) -> bool {
        let mut named: BTreeMap<VariableName, Vec<Candidate<'_>>> = BTreeMap::new();
        let mut admitted = false;
        for candidate in candidates {
            let name = naming.name(candidate.path);
            let shown = match &name {
                Ok(name) => name.clone(),
                Err(name) => VariableName::inherited(name),
            };
            self.filters.see(naming, shown.as_str());
            if !naming.admits(&shown) {
                continue;
            }
            admitted = true;
            match name {
                Ok(name) => named.entry(name).or_default().push(candidate),
                Err(name) => self.problem(Problem::Digit {
                    param: candidate.param,
                    name,
                }),
            }
        }
        for (name, mut candidates) in named {
            if candidates.len() > 1 {
                // A key for that very name decides which value it has.
                if !self.explicit.contains(&name) {
                    let params = candidates.into_iter().map(|candidate| candidate.param);
                    let params = params.collect();
                    self.problem(Problem::Collision { name, params });
                }
                continue;
            }
            let Some(candidate) = candidates.pop() else {
                continue;
            };
            match denylist::reason(&name) {
                Some(_) if self.explicit.contains(&name) => {}
                Some(reason) if !self.filters.allows(&name) => {
                    self.problem(Problem::Refused {
                        name,
                        param: candidate.param,
                        reason,
                    });
                }
                _ => self.set(
                    name,
                    Setting {
                        parameter: candidate.parameter,
                        ..Setting::new(candidate.value, provenance(candidate.param))
                    },
                ),
            }
        }
        admitted
    }

    fn key(&mut self, key: &KeySource) {
        let requester = Requester::Variable(key.name.clone());
        let Some(mut found) = self.find(&requester, &key.param, &key.absence) else {
            return;
        };
        // A default is not encoded.
        if let (Found::Value(value, parameter), Encoding::Base64) = (&found, key.encoding) {
            found = match value.decode_base64() {
                Some(decoded) => Found::Value(decoded, Rc::clone(parameter)),
                None => {
                    return self.problem(Problem::Base64 {
                        name: key.name.clone(),
                        param: key.param.clone(),
                    });
                }
            };
        }
        let provenance = Provenance::Key(key.param.clone());
        self.set_found(&key.name, found, provenance, |setting| Setting {
            delivery: key.delivery,
            max_age: key.max_age,
            ..setting
        });
    }

    fn reference(&mut self, reference: &EnvReference) {
        // The variable holds a reference, not a value: its text must never reach the command.
        self.drop_inherited(&reference.name);
        if self.fetched.is_none() && reference.absence == OnMissing::Fail {
            return self.problem(Problem::SkippedReference {
                name: reference.name.clone(),
            });
        }
        let requester = Requester::Reference(reference.name.clone());
        if let Some(found) = self.find(&requester, &reference.param, &reference.absence) {
            let provenance = Provenance::Reference(reference.param.clone());
            self.set_found(&reference.name, found, provenance, |setting| setting);
        }
    }

    /// Sets a variable to what was found. One that is absent leaves what a weaker source set.
    fn set_found(
        &mut self,
        name: &VariableName,
        found: Found,
        provenance: Provenance,
        with_options: impl FnOnce(Setting) -> Setting,
    ) {
        let setting = match found {
            Found::Value(value, parameter) => Setting {
                parameter: Some(parameter),
                ..Setting::new(value, provenance)
            },
            Found::Default(value) => Setting {
                is_default: true,
                ..Setting::new(value, provenance)
            },
            Found::Absent => {
                self.environment.absent.insert(name.clone(), provenance);
                return;
            }
        };
        self.set(name.clone(), with_options(setting));
    }

    /// The value of a parameter or of a place in it, or its substitute. `None` after a problem.
    fn find(
        &mut self,
        requester: &Requester,
        param: &ValueRef,
        on_missing: &OnMissing,
    ) -> Option<Found> {
        let parameter = self
            .fetched
            .and_then(|fetched| fetched.get(&param.parameter))
            .cloned();
        let mut absence = None;
        if let Some(parameter) = parameter {
            let Some(field) = &param.field else {
                return Some(Found::Value(
                    Value::Fetched(Rc::clone(&parameter)),
                    parameter,
                ));
            };
            match json::field(parameter.value.expose(), field) {
                Ok(value) => return Some(Found::Value(Value::Made(value), parameter)),
                Err(problem @ (json::Problem::Absent { .. } | json::Problem::Null)) => {
                    absence = Some(problem);
                }
                Err(problem) => {
                    self.problem(Problem::Json {
                        param: param.clone(),
                        requester: requester.clone(),
                        problem,
                    });
                    return None;
                }
            }
        }
        match (on_missing, absence) {
            (OnMissing::Default(text), _) => {
                Some(Found::Default(Value::Made(Secret::new(text.clone()))))
            }
            (OnMissing::Omit, _) => Some(Found::Absent),
            (OnMissing::Fail, _) if self.fetched.is_none() => Some(Found::Absent),
            (OnMissing::Fail, Some(problem)) => {
                self.problem(Problem::Json {
                    param: param.clone(),
                    requester: requester.clone(),
                    problem,
                });
                None
            }
            (OnMissing::Fail, None) => {
                self.problem(Problem::Missing {
                    param: param.clone(),
                    requester: requester.clone(),
                });
                None
            }
        }
    }

    pub(super) fn is_inherited(&self, name: &VariableName) -> bool {
        self.base
            .iter()
            .any(|(inherited, _)| *inherited == name.as_str().as_bytes())
    }

    pub(super) fn drop_inherited(&mut self, name: &VariableName) {
        self.base
            .retain(|(inherited, _)| *inherited != name.as_str().as_bytes());
    }

    /// The only writer: a later source replaces an earlier one; an inherited value is replaced unless
    /// `keep_existing` is on. A default replaces neither a fetched nor an inherited value.
    pub(super) fn set(&mut self, name: VariableName, mut setting: Setting) {
        let earlier = self.environment.set.get(&name);
        if let (true, Some(earlier)) = (setting.is_default, earlier.filter(|s| !s.is_default)) {
            let by = Box::new(earlier.provenance.clone());
            let param = setting.provenance.param().cloned();
            self.environment
                .notices
                .extend(param.map(|param| Notice::UnusedDefault { name, by, param }));
            return;
        }
        setting.overrides = self.is_inherited(&name);
        if setting.overrides && (self.rules.keep_existing || setting.is_default) {
            self.environment.kept.insert(name, setting.provenance);
            return;
        }
        self.environment.kept.remove(&name);
        setting.replaces = self
            .environment
            .set
            .remove(&name)
            .map(|earlier| earlier.provenance);
        self.environment.set.insert(name, setting);
    }
}
