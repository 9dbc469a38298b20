//! Applies the sources in order of precedence, then the rules for the whole environment.

use super::inherit::kept_entries;
use super::problem::Problem;
use super::{Environment, Provenance, Requester, Setting, Value, denylist};
use crate::config::{Config, Delivery, Encoding, KeySource, ObjectSource, PrefixSource, Rules};
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
    let keys = config.sources.keys.iter().map(|key| &key.name);
    let mut assembler = Assembler {
        rules: &config.rules,
        fetched,
        explicit: keys
            .chain(references.iter().map(|reference| &reference.name))
            .collect(),
        base: kept_entries(&config.rules, inherited),
        environment: Environment::default(),
    };
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

struct Assembler<'a, 'e> {
    rules: &'a Rules,
    fetched: Option<&'a Fetched>,
    /// The names that a key, a file or a reference sets.
    explicit: BTreeSet<&'a VariableName>,
    base: Vec<(&'e [u8], &'e CStr)>,
    environment: Environment<'e>,
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
    fn problem(&mut self, problem: Problem) {
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
        if candidates.is_empty() && !source.optional {
            self.problem(Problem::NothingBelow {
                prefix: source.prefix.clone(),
            });
        }
        self.source(&source.naming, candidates, Provenance::Prefix);
    }

    fn object(&mut self, source: &ObjectSource) {
        let on_missing = if source.optional {
            OnMissing::Omit
        } else {
            OnMissing::Fail
        };
        let found = self.find(&Requester::Object, &source.param, &on_missing);
        let Some(Found::Value(object, parameter)) = found else {
            return;
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
        self.source(&source.naming, candidates.collect(), Provenance::Object);
    }

    /// Names the values of one source and sets those that the filters admit.
    fn source(
        &mut self,
        naming: &Naming,
        candidates: Vec<Candidate<'_>>,
        provenance: fn(ValueRef) -> Provenance,
    ) {
        let mut named: BTreeMap<VariableName, Vec<Candidate<'_>>> = BTreeMap::new();
        for candidate in candidates {
            match naming.name(candidate.path) {
                Ok(name) if naming.admits(&name) => named.entry(name).or_default().push(candidate),
                Err(name) if naming.admits(&VariableName::inherited(&name)) => {
                    self.problem(Problem::Digit {
                        param: candidate.param,
                        name,
                    });
                }
                _ => {}
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
                Some(reason) if !self.rules.allow.contains(&name) => {
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
        if let Some(setting) = setting(found, Provenance::Key(key.param.clone())) {
            self.set(
                key.name.clone(),
                Setting {
                    delivery: key.delivery,
                    max_age: key.max_age,
                    ..setting
                },
            );
        }
    }

    fn reference(&mut self, reference: &EnvReference) {
        // The variable holds a reference, not a value: its text must never reach the command.
        self.drop_inherited(&reference.name);
        if self.fetched.is_none() && reference.absence == OnMissing::Fail {
            return self.problem(Problem::SkippedReference {
                name: reference.name.clone(),
            });
        }
        let requester = Requester::Variable(reference.name.clone());
        let found = self.find(&requester, &reference.param, &reference.absence);
        // An optional one that is absent leaves what a weaker source set.
        let provenance = Provenance::Reference(reference.param.clone());
        if let Some(setting) = found.and_then(|found| setting(found, provenance)) {
            self.set(reference.name.clone(), setting);
        }
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
        let mut members = None;
        if let Some(parameter) = parameter {
            let Some(field) = &param.field else {
                return Some(Found::Value(
                    Value::Fetched(Rc::clone(&parameter)),
                    parameter,
                ));
            };
            match json::field(parameter.value.expose(), field) {
                Ok(value) => return Some(Found::Value(Value::Made(value), parameter)),
                Err(json::Problem::Absent { members: names }) => members = Some(names),
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
        match (on_missing, members) {
            (OnMissing::Default(text), _) => {
                Some(Found::Default(Value::Made(Secret::new(text.clone()))))
            }
            (OnMissing::Omit, _) => Some(Found::Absent),
            (OnMissing::Fail, _) if self.fetched.is_none() => Some(Found::Absent),
            (OnMissing::Fail, Some(members)) => {
                self.problem(Problem::Json {
                    param: param.clone(),
                    requester: requester.clone(),
                    problem: json::Problem::Absent { members },
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

    fn is_inherited(&self, name: &VariableName) -> bool {
        self.base
            .iter()
            .any(|(inherited, _)| *inherited == name.as_str().as_bytes())
    }

    fn drop_inherited(&mut self, name: &VariableName) {
        self.base
            .retain(|(inherited, _)| *inherited != name.as_str().as_bytes());
    }

    /// The only writer: a later source replaces an earlier one; an inherited value is replaced unless
    /// `keep_existing` is on.
    fn set(&mut self, name: VariableName, mut setting: Setting) {
        setting.overrides = self.is_inherited(&name);
        if setting.overrides && (self.rules.keep_existing || setting.is_default) {
            return;
        }
        self.environment.set.insert(name, setting);
    }

    fn compose(&mut self) {
        let rules = self.rules;
        // A part that is missing for a reason already reported needs no second report.
        let reported = !self.environment.problems.is_empty();
        for composed in &rules.compose {
            match composed.template.fill(|name| self.lookup(name)) {
                Some(mut value) => {
                    let value = Secret::from_bytes(std::mem::take(&mut *value));
                    let setting = Setting::new(Value::Made(value), Provenance::Composed);
                    self.set(composed.name.clone(), setting);
                }
                None if reported => {}
                None => {
                    let missing = composed
                        .template
                        .variables()
                        .find(|name| self.lookup(name).is_none());
                    let part = missing.unwrap_or_default().to_owned();
                    self.problem(Problem::ComposePartUnset {
                        name: composed.name.clone(),
                        part,
                    });
                }
            }
        }
    }

    /// A variable after the sources. The path of a file isn't known yet, so it can't be a part.
    fn lookup(&self, name: &str) -> Option<&[u8]> {
        match self.environment.set.get(&VariableName::inherited(name)) {
            Some(setting) if setting.delivery == Delivery::File => None,
            Some(setting) => Some(setting.value.bytes()),
            None => self
                .base
                .iter()
                .find(|(inherited, _)| *inherited == name.as_bytes())
                .and_then(|(inherited, entry)| entry.to_bytes().get(inherited.len() + 1..)),
        }
    }

    /// All at once, so that two variables can exchange their names.
    fn rename(&mut self) {
        let rules = self.rules;
        let mut renamed = Vec::new();
        for (from, to) in &rules.rename {
            if let Some(setting) = self.take(from) {
                renamed.push((from, to, setting));
            }
        }
        for (from, to, setting) in renamed {
            if let Some(other) = self.environment.set.get(to) {
                let problem = Problem::RenameCollision {
                    from: from.clone(),
                    to: to.clone(),
                    other: other.provenance.clone(),
                };
                self.problem(problem);
                continue;
            }
            self.set(
                to.clone(),
                Setting {
                    renamed_from: Some(from.clone()),
                    ..setting
                },
            );
        }
    }

    /// Removes a variable, whether a source set it or it is inherited.
    fn take(&mut self, name: &VariableName) -> Option<Setting> {
        let setting = self.environment.set.remove(name).or_else(|| {
            let value = Secret::from_bytes(self.lookup(name.as_str())?.to_vec());
            Some(Setting::new(Value::Made(value), Provenance::Inherited))
        });
        self.drop_inherited(name);
        setting
    }

    fn finish(mut self) -> Environment<'e> {
        let dropped = |name: &str| self.rules.drop.iter().any(|glob| glob.matches(name));
        self.environment
            .set
            .retain(|name, _| !dropped(name.as_str()));
        self.base
            .retain(|(name, _)| !dropped(&String::from_utf8_lossy(name)));
        let required = self.rules.require.iter().filter_map(|name| {
            let set = self
                .environment
                .set
                .get(name)
                .map(|setting| setting.value.bytes().is_empty());
            match set.or_else(|| self.lookup(name.as_str()).map(<[u8]>::is_empty)) {
                Some(false) => None,
                other => Some(Problem::Required {
                    name: name.clone(),
                    empty: other.is_some(),
                }),
            }
        });
        let mut problems: Vec<Problem> = required.collect();
        for (name, setting) in &self.environment.set {
            if setting.delivery == Delivery::Variable && setting.value.bytes().contains(&0) {
                problems.push(Problem::Nul {
                    name: name.clone(),
                    provenance: setting.provenance.clone(),
                });
            }
        }
        self.environment.problems.extend(problems);
        let set = &self.environment.set;
        self.base.retain(|(name, _)| {
            std::str::from_utf8(name).map_or(true, |name| {
                !set.contains_key(&VariableName::inherited(name))
            })
        });
        self.environment.inherited = self.base.iter().map(|(_, entry)| *entry).collect();
        self.environment
    }
}

/// A variable for what was found, unless nothing was.
fn setting(found: Found, provenance: Provenance) -> Option<Setting> {
    match found {
        Found::Value(value, parameter) => Some(Setting {
            parameter: Some(parameter),
            ..Setting::new(value, provenance)
        }),
        Found::Default(value) => Some(Setting {
            is_default: true,
            ..Setting::new(value, provenance)
        }),
        Found::Absent => None,
    }
}
