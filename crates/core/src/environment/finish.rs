//! What follows the sources: composed and renamed variables, requirements, notes.

use super::assemble::Assembler;
use super::inherit;
use super::notice::Notice;
use super::problem::{PartAbsence, Problem};
use super::verify::verify;
use super::{Environment, Provenance, Setting, Value};
use crate::config::{Delivery, Rename};
use crate::secret::Secret;
use crate::template::FillError;
use crate::variable::VariableName;

impl<'e> Assembler<'_, 'e> {
    pub(super) fn compose(&mut self) {
        let rules = self.rules;
        // A part that is missing for a reason already reported needs no second report.
        let reported = !self.environment.problems.is_empty();
        for composed in &rules.compose {
            match composed.template.fill(|name| self.lookup(name)) {
                Ok(mut value) => {
                    let value = Secret::from_bytes(std::mem::take(&mut *value));
                    let setting = Setting::new(Value::Made(value), Provenance::Composed);
                    self.set(composed.name.clone(), setting);
                }
                Err(FillError::NotText(part)) => self.problem(Problem::ComposePartNotText {
                    name: composed.name.clone(),
                    part: part.to_owned(),
                }),
                Err(FillError::Unset(part)) => {
                    let reason = self.why_unset(part);
                    // A part that is composed too has a problem of its own.
                    let is_composed = rules.compose.iter().any(|one| one.name.as_str() == part);
                    let reported = reported || is_composed;
                    if !reported || reason != PartAbsence::NotSet {
                        self.problem(Problem::ComposePartUnset {
                            name: composed.name.clone(),
                            part: part.to_owned(),
                            reason,
                        });
                    }
                }
            }
        }
    }

    /// Why a part of a template has no value: it may exist, but not yet, or not any more.
    fn why_unset(&self, part: &str) -> PartAbsence {
        let name = VariableName::inherited(part);
        let mut renames = self.rules.rename.iter();
        if self.environment.set.contains_key(&name) {
            PartAbsence::File
        } else if let Some(rename) = renames.find(|rename| rename.to == name) {
            PartAbsence::Renamed {
                from: rename.from.clone(),
            }
        } else if let (Some(_), Some(rule)) = (
            self.inherited.get(part),
            inherit::withheld(self.rules, part.as_bytes()),
        ) {
            PartAbsence::Withheld(rule)
        } else {
            PartAbsence::NotSet
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
    pub(super) fn rename(&mut self) {
        let rules = self.rules;
        let mut renamed = Vec::new();
        for Rename { from, to, origin } in &rules.rename {
            match self.take(from) {
                Some(setting) => renamed.push((from, to, setting)),
                // Without the values, or without an optional one, there may be nothing to rename.
                None if self.fetched.is_none()
                    || self.absent_source
                    || self.environment.absent.contains_key(from) => {}
                None => self.notice(Notice::RenameWithoutSource {
                    from: from.clone(),
                    origin: origin.clone(),
                }),
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

    pub(super) fn finish(mut self) -> Environment<'e> {
        let (filters, environment) = (&mut self.filters, &mut self.environment);
        environment.set.retain(|name, setting| {
            let drops = filters.drops(name.as_str());
            if drops {
                let provenance = setting.provenance.clone();
                environment.dropped.insert(name.clone(), provenance);
            }
            !drops
        });
        self.base
            .retain(|(name, _)| !filters.drops(&String::from_utf8_lossy(name)));
        let set = &self.environment.set;
        self.base.retain(|(name, _)| {
            std::str::from_utf8(name).map_or(true, |name| {
                !set.contains_key(&VariableName::inherited(name))
            })
        });
        self.environment.inherited = self.base.iter().map(|(_, entry)| *entry).collect();
        self.environment
            .absent
            .retain(|name, _| !set.contains_key(name));
        for (name, setting) in &mut self.environment.set {
            let rule = self.contract.rules.get(name);
            setting.max_age = setting.max_age.or(rule.and_then(|rule| rule.max_age));
        }
        let problems = verify(&self.environment, self.rules, self.contract);
        self.environment.problems.extend(problems);
        let notices = std::mem::take(&mut self.filters).notices();
        self.environment.notices.extend(notices);
        notes(&mut self.environment, self.fetched.is_some());
        self.environment
    }
}

/// What is worth knowing about the variables themselves. Without `fetched`, absence means nothing.
fn notes(environment: &mut Environment<'_>, fetched: bool) {
    let mut notes = Vec::new();
    let absent = environment.absent.iter().filter(|_| fetched);
    notes.extend(absent.filter_map(|(name, provenance)| {
        let (name, param) = (name.clone(), provenance.param()?.clone());
        Some(Notice::Absent { name, param })
    }));
    notes.extend(
        environment
            .kept
            .iter()
            .map(|(name, provenance)| Notice::Kept {
                name: name.clone(),
                instead_of: provenance.clone(),
            }),
    );
    for (name, setting) in &environment.set {
        let (name, provenance) = (name.clone(), setting.provenance.clone());
        if setting.is_default {
            let param = provenance.param().filter(|_| fetched).cloned();
            notes.extend(param.map(|param| Notice::Default { name, param }));
            continue;
        }
        let is_found = matches!(provenance, Provenance::Prefix(_) | Provenance::Object(_));
        if let (true, Some(earlier)) = (is_found, setting.replaces.clone()) {
            notes.push(Notice::Replaced {
                name: name.clone(),
                by: provenance.clone(),
                earlier: Box::new(earlier),
            });
        }
        if is_found && setting.overrides && is_common(&name) {
            let (name, by) = (name.clone(), provenance.clone());
            notes.push(Notice::CommonNameReplaced { name, by });
        }
        if setting.delivery == Delivery::Variable && setting.value.bytes().ends_with(b"\n") {
            notes.push(Notice::TrailingNewline { name, provenance });
        }
    }
    environment.notices.extend(notes);
}

/// Variables of the session that most programs read; those that run code are refused elsewhere.
fn is_common(name: &VariableName) -> bool {
    let name = name.as_str();
    name.starts_with("LC_")
        || [
            "DISPLAY", "HOME", "HOSTNAME", "LANG", "LANGUAGE", "LOGNAME", "MAIL", "OLDPWD", "PWD",
            "SHELL", "SHLVL", "TERM", "TZ", "USER", "USERNAME",
        ]
        .contains(&name)
}
