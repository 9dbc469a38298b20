//! Makes the final environment: names, precedence, refusals, requirements. Pure: what was inherited
//! and what was fetched goes in, entries and problems come out.

pub mod denylist;
pub mod limits;
pub mod problem;

use crate::config::{Config, Delivery, Encoding, KeySource, ObjectSource, PrefixSource, Rules};
use crate::env_reference::EnvReference;
use crate::fetched::{Fetched, FetchedParameter};
use crate::inherited::Inherited;
use crate::json;
use crate::parameter::OnMissing;
use crate::parameter::ValueRef;
use crate::secret::Secret;
use crate::variable::{Naming, VariableName};
use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use problem::Problem;
use std::collections::BTreeMap;
use std::ffi::CStr;
use std::rc::Rc;
use std::time::Duration;

/// What `--drop-aws-credentials` keeps from the command, beside `SSM_EXEC_*`.
const CREDENTIALS: &[&str] = &[
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
];

/// Padding may be there or not, as tools differ.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The kind of source that brought a variable, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// All below a path.
    Prefix,
    /// A member of a JSON object.
    Object,
    /// A key parameter in the variable.
    Key,
    /// A key parameter in a memory file.
    File,
    /// A reference in the inherited environment.
    Reference,
    /// Made from others.
    Composed,
}

/// A value, borrowed from what was fetched where it is taken as it is.
#[derive(Debug)]
pub enum Value {
    /// As it was fetched.
    Fetched(Rc<FetchedParameter>),
    /// Made here.
    Made(Secret),
}

impl Value {
    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Fetched(parameter) => parameter.value.expose(),
            Self::Made(secret) => secret.expose(),
        }
    }
}

/// A variable that we set, and where it came from.
#[derive(Debug)]
pub struct Setting {
    /// Its value; of a file, what is in the file.
    pub value: Value,
    /// How the command receives it.
    pub delivery: Delivery,
    /// What kind of source brought it.
    pub source: Source,
    /// The parameter as it was asked for; a template's variable otherwise.
    pub param: String,
    /// What the service told of it; nothing for a default.
    pub parameter: Option<Rc<FetchedParameter>>,
    /// The oldest it may be.
    pub max_age: Option<Duration>,
    /// Whether the command would have inherited another value.
    pub overrides: bool,
}

/// The environment to be.
#[derive(Debug, Default)]
pub struct Environment<'e> {
    /// What is passed on untouched.
    pub inherited: Vec<&'e CStr>,
    /// What we set.
    pub set: BTreeMap<VariableName, Setting>,
    /// All that keeps the command from starting.
    pub problems: Vec<Problem>,
}

impl Environment<'_> {
    /// Adds what is wrong with its size, once nothing else is. See [`limits::check`].
    pub fn check_size(&mut self, arguments: usize, stack: u64) {
        if self.problems.is_empty() {
            self.problems = limits::check(self, arguments, stack);
        }
    }
}

/// Makes the environment. Without `fetched`, nobody was asked (`--skip`).
#[must_use]
pub fn assemble<'e>(
    config: &Config,
    inherited: &Inherited<'e>,
    references: &[EnvReference],
    fetched: Option<&Fetched>,
) -> Environment<'e> {
    let mut assembler = Assembler {
        rules: &config.rules,
        fetched,
        base: base(&config.rules, inherited),
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

/// Whether a variable is inherited at all.
#[must_use]
pub fn is_kept(rules: &Rules, name: &[u8]) -> bool {
    let text = String::from_utf8_lossy(name);
    let credential = CREDENTIALS.contains(&&*text) || text.starts_with("SSM_EXEC_");
    match &rules.pristine {
        Some(keep) if !keep.iter().any(|glob| glob.matches(&text)) => false,
        _ => !(rules.drop_aws_credentials && credential),
    }
}

/// Entries by name; of odd ones, and of a name that occurs twice, every one.
fn base<'e>(rules: &Rules, inherited: &Inherited<'e>) -> Vec<(&'e [u8], &'e CStr)> {
    inherited
        .entries()
        .filter(|(name, _)| is_kept(rules, name))
        .collect()
}

struct Assembler<'a, 'e> {
    rules: &'a Rules,
    fetched: Option<&'a Fetched>,
    base: Vec<(&'e [u8], &'e CStr)>,
    environment: Environment<'e>,
}

/// A value on its way, with where it came from.
struct Found {
    value: Value,
    parameter: Option<Rc<FetchedParameter>>,
}

impl<'e> Assembler<'_, 'e> {
    fn problem(&mut self, problem: Problem) {
        self.environment.problems.push(problem);
    }

    fn prefix(&mut self, source: &PrefixSource) {
        let Some(fetched) = self.fetched else { return };
        let mut names = BTreeMap::new();
        let mut yielded = false;
        for (relative, parameter) in fetched.below(&source.prefix) {
            yielded = true;
            let param = parameter.name.clone();
            if let Some(name) = self.name(&source.naming, relative, &param, &mut names) {
                self.set(
                    name,
                    Value::Fetched(Rc::clone(parameter)),
                    Source::Prefix,
                    param,
                    Some(Rc::clone(parameter)),
                );
            }
        }
        if !yielded && !source.optional {
            self.problem(Problem::NothingBelow {
                prefix: source.prefix.to_string(),
            });
        }
    }

    fn object(&mut self, source: &ObjectSource) {
        let absence = if source.optional {
            OnMissing::Omit
        } else {
            OnMissing::Fail
        };
        let label = VariableName::inherited("--json");
        let Some(found) = self.find(&label, &source.param, &absence) else {
            return;
        };
        let members = match json::members(found.value.bytes()) {
            Ok(members) => members,
            Err(problem) => {
                return self.problem(Problem::Json {
                    param: source.param.to_string(),
                    problem,
                });
            }
        };
        let mut names = BTreeMap::new();
        for (member, value) in members {
            let joint = if source.param.field.is_some() {
                "/"
            } else {
                "#"
            };
            let param = format!("{}{joint}{member}", source.param);
            if let Some(name) = self.name(&source.naming, &member, &param, &mut names) {
                self.set(
                    name,
                    Value::Made(value),
                    Source::Object,
                    param,
                    found.parameter.clone(),
                );
            }
        }
    }

    /// The name that a path or a member makes, if it is taken and may be set. Within one source,
    /// `names` knows which parameter made which.
    fn name(
        &mut self,
        naming: &Naming,
        relative: &str,
        param: &str,
        names: &mut BTreeMap<VariableName, String>,
    ) -> Option<VariableName> {
        let name = match naming.name(relative) {
            Ok(name) if naming.admits(&name) => name,
            Ok(_) => return None,
            Err(name) if !naming.admits(&VariableName::inherited(&name)) => return None,
            Err(name) => {
                self.problem(Problem::Digit {
                    param: param.to_owned(),
                    name,
                });
                return None;
            }
        };
        if let Some(earlier) = names.insert(name.clone(), param.to_owned()) {
            self.problem(Problem::Collision {
                name,
                params: [earlier, param.to_owned()],
            });
            return None;
        }
        match denylist::reason(&name) {
            Some(reason) if !self.rules.allow.contains(&name) => {
                self.problem(Problem::Refused {
                    name,
                    param: param.to_owned(),
                    reason,
                });
                None
            }
            _ => Some(name),
        }
    }

    fn key(&mut self, key: &KeySource) {
        let Some(found) = self.find(&key.name, &key.param, &key.absence) else {
            return;
        };
        let param = key.param.to_string();
        let value = match key.encoding {
            // A default is written as it is meant.
            Encoding::Base64 if found.parameter.is_some() => match decode(found.value.bytes()) {
                Some(decoded) => Value::Made(decoded),
                None => {
                    return self.problem(Problem::Base64 {
                        name: key.name.clone(),
                        param,
                    });
                }
            },
            _ => found.value,
        };
        let source = match key.delivery {
            Delivery::Variable => Source::Key,
            Delivery::File => Source::File,
        };
        self.set(key.name.clone(), value, source, param, found.parameter);
        if let Some(setting) = self.environment.set.get_mut(&key.name) {
            setting.max_age = key.max_age;
        }
    }

    fn reference(&mut self, reference: &EnvReference) {
        // The variable holds a reference and not a value: whatever becomes of it, that text must go.
        self.base
            .retain(|(name, _)| *name != reference.name.as_str().as_bytes());
        if self.fetched.is_none() && reference.absence == OnMissing::Fail {
            return self.problem(Problem::SkippedReference {
                name: reference.name.clone(),
            });
        }
        // An optional one that isn't there leaves what a weaker source brought.
        if let Some(found) = self.find(&reference.name, &reference.param, &reference.absence) {
            let param = reference.param.to_string();
            self.set(
                reference.name.clone(),
                found.value,
                Source::Reference,
                param,
                found.parameter,
            );
        }
    }

    /// The value of a parameter or of a place in it, or what stands for it.
    fn find(
        &mut self,
        name: &VariableName,
        param: &ValueRef,
        absence: &OnMissing,
    ) -> Option<Found> {
        let parameter = self
            .fetched
            .and_then(|fetched| fetched.get(&param.parameter))
            .cloned();
        let value = match (&parameter, &param.field) {
            (None, _) => None,
            (Some(parameter), None) => Some(Value::Fetched(Rc::clone(parameter))),
            (Some(parameter), Some(field)) => match json::field(parameter.value.expose(), field) {
                Ok(value) => Some(Value::Made(value)),
                Err(json::Problem::Absent) => None,
                Err(problem) => {
                    self.problem(Problem::Json {
                        param: param.to_string(),
                        problem,
                    });
                    return None;
                }
            },
        };
        match (value, absence) {
            (Some(value), _) => Some(Found { value, parameter }),
            (None, OnMissing::Default(text)) => Some(Found {
                value: Value::Made(Secret::new(text.clone())),
                parameter: None,
            }),
            (None, OnMissing::Fail) if self.fetched.is_some() => {
                self.problem(Problem::Missing {
                    param: param.to_string(),
                    name: name.clone(),
                });
                None
            }
            (None, _) => None,
        }
    }

    fn is_inherited(&self, name: &VariableName) -> bool {
        self.base
            .iter()
            .any(|(inherited, _)| *inherited == name.as_str().as_bytes())
    }

    /// Later wins over earlier; what was there before wins over all, if that is the rule.
    fn set(
        &mut self,
        name: VariableName,
        value: Value,
        source: Source,
        param: String,
        parameter: Option<Rc<FetchedParameter>>,
    ) {
        let overrides = self.is_inherited(&name);
        if overrides && self.rules.keep_existing {
            return;
        }
        let delivery = if source == Source::File {
            Delivery::File
        } else {
            Delivery::Variable
        };
        let setting = Setting {
            value,
            delivery,
            source,
            param,
            parameter,
            max_age: None,
            overrides,
        };
        self.environment.set.insert(name, setting);
    }

    fn compose(&mut self) {
        let rules = self.rules;
        // A part that is missing for a reason already told needs no second complaint.
        let told = !self.environment.problems.is_empty();
        for composed in &rules.compose {
            match composed.template.fill(|name| self.lookup(name)) {
                Some(mut value) => {
                    let value = Secret::from_bytes(std::mem::take(&mut *value));
                    self.set(
                        composed.name.clone(),
                        Value::Made(value),
                        Source::Composed,
                        "compose".to_owned(),
                        None,
                    );
                }
                None if told => {}
                None => {
                    let missing = composed
                        .template
                        .variables()
                        .find(|name| self.lookup(name).is_none());
                    let part = missing.unwrap_or_default().to_owned();
                    self.problem(Problem::ComposedOfNothing {
                        name: composed.name.clone(),
                        part,
                    });
                }
            }
        }
    }

    /// A variable as the sources left it. A file's path isn't known yet: it can't be a part.
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

    fn rename(&mut self) {
        for (from, to) in &self.rules.rename {
            if let Some(setting) = self.environment.set.remove(from) {
                self.environment.set.insert(to.clone(), setting);
            } else if let Some(value) = self
                .lookup(from.as_str())
                .map(|value| Secret::from_bytes(value.to_vec()))
            {
                self.base
                    .retain(|(name, _)| *name != from.as_str().as_bytes());
                self.set(
                    to.clone(),
                    Value::Made(value),
                    Source::Composed,
                    format!("rename of {from}"),
                    None,
                );
            }
        }
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
                    param: setting.param.clone(),
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

/// White space is no part of base64, and tools wrap lines.
fn decode(text: &[u8]) -> Option<Secret> {
    let mut bare = zeroize::Zeroizing::new(text.to_vec());
    bare.retain(|byte| !byte.is_ascii_whitespace());
    BASE64.decode(&*bare).ok().map(Secret::from_bytes)
}

#[cfg(test)]
mod tests;
