//! What follows the sources: composed and renamed variables, requirements, notes.

use super::assemble::Assembler;
use super::filters::{self, unmatched};
use super::inherit;
use super::limits;
use super::{Environment, Provenance, SetVariable, Value};
use crate::code::Code;
use crate::config::{Composed, Delivery, Rename};
use crate::diagnostic::{Diagnostic, Severity};
use crate::env_reference::{self, SCHEME};
use crate::origin::Origin;
use crate::secret::Secret;
use crate::template::FillError;
use crate::variable::{Glob, VariableName};

impl<'e> Assembler<'_, 'e> {
    pub(super) fn compose(&mut self) {
        let config = self.config;
        // Parts that are dropped in the end count too: templates of templates can double without end.
        let mut room = limits::MOST;
        for composed in &config.rules.compose {
            let limit = match composed.delivery {
                Delivery::Variable => room.min(limits::LONGEST - 1),
                Delivery::File => room,
            };
            match composed.template.fill(limit, |name| self.lookup(name)) {
                Ok(mut value) => {
                    room -= value.len();
                    let value = Secret::from_bytes(std::mem::take(&mut *value));
                    let setting = SetVariable {
                        delivery: composed.delivery,
                        ..SetVariable::new(Value::Made(value), Provenance::Composed)
                    };
                    self.set(composed.name.clone(), setting);
                }
                Err(FillError::Unfit { variable, reason, filter }) => {
                    let message = format!(
                        "{} cannot be composed, since the value of {variable} {reason}, which the filter `{}` does not take",
                        composed.name,
                        filter.word()
                    );
                    let problem = Diagnostic::new(Code::ComposePartNotText, message);
                    self.report(problem.variables([&composed.name]));
                }
                Err(FillError::TooLong) => {
                    let message = format!(
                        "{} cannot be composed, since it would be longer than {limit} bytes",
                        composed.name
                    );
                    let problem = Diagnostic::new(Code::TooLarge, message);
                    self.report(problem.variables([&composed.name]));
                }
                Err(FillError::Unset(_)) => {
                    let problems = self.unset_parts(composed);
                    self.environment.diagnostics.extend(problems);
                }
            }
        }
    }

    /// The parts of a template that have no value, unless it is told elsewhere why.
    fn unset_parts(&self, composed: &Composed) -> Vec<Diagnostic> {
        let mut parts: Vec<&str> = composed.template.variables().collect();
        parts.sort_unstable();
        parts.dedup();
        let unset = parts.into_iter().filter(|part| self.lookup(part).is_none());
        let problems = unset.filter_map(|part| {
            let (reason, help) = self.why_no_part(part, &composed.name)?;
            let message = format!("{} cannot be composed, since {part} {reason}", composed.name);
            let problem = Diagnostic::new(Code::ComposePartUnset, message).own_help(help);
            Some(problem.variables([&composed.name]))
        });
        problems.collect()
    }

    /// Why a part of a template has no value, and what to do about it if not what is usual. It may exist, but
    /// not yet.
    fn why_no_part(&self, part: &str, of: &VariableName) -> Option<(String, Option<String>)> {
        let name = VariableName::inherited(part);
        let rules = &self.config.rules;
        let mut renames = rules.rename.iter();
        if let Some(Rename { from, .. }) = renames.find(|rename| rename.to == name) {
            let reason =
                format!("is the name that {from} gets by `[rename]`, after variables are composed");
            return Some((reason, Some(format!("Write `${{{from}}}`"))));
        }
        // Another part that is composed too has a problem of its own.
        let is_composed = name != *of && rules.compose.iter().any(|one| one.name == name);
        if is_composed || self.is_explained(&name) {
            return None;
        }
        if let Some((reason, help)) = self.why_unset(&name) {
            return Some((reason, Some(help)));
        }
        Some(match self.environment.similar(&name) {
            Some(other) => (format!("is not set; did you mean `{other}`, which is set?"), None),
            None => ("is not set by any source".to_owned(), None),
        })
    }

    /// Why a variable that could be set is not, and what to do about it.
    pub(super) fn why_unset(&self, name: &VariableName) -> Option<(String, String)> {
        let (rules, environment) = (&self.config.rules, &self.environment);
        let is_inherited = self.inherited.get(name.as_str()).is_some();
        let option = inherit::withheld(rules, name.as_str().as_bytes());
        if let Some(option) = option.filter(|_| is_inherited) {
            let help = match option {
                "--pristine" => format!("Add `--keep {name}`"),
                _ => format!("Run without `{option}`"),
            };
            return Some((format!("is left out by `{option}`"), help));
        }
        let mut drop = rules.drop.iter();
        let dropped = drop.find(|glob| {
            let is_there = is_inherited || environment.dropped.contains_key(name);
            is_there && glob.value.matches(name.as_str())
        });
        let dropped = dropped.map(filters::shown);
        if let Some(pattern) = dropped.or_else(|| self.filters.excluding(name)) {
            return Some((format!("is left out by {pattern}"), "Correct the pattern".to_owned()));
        }
        let is_renamed = |setting: &SetVariable| setting.renamed_from.as_ref() == Some(name);
        if let Some((to, _)) = environment.set.iter().find(|(_, setting)| is_renamed(setting)) {
            let reason = format!("gets the name {to} by `[rename]`");
            return Some((reason, format!("Write {to} in its place, or do not rename it")));
        }
        let absent = environment.absent.get(name).filter(|_| self.fetched.is_some())?;
        let reason = format!("has no value: the optional {absent} does not exist");
        Some((reason, "Create it, or give it a default".to_owned()))
    }

    /// A variable after the sources.
    fn lookup(&self, name: &str) -> Option<&[u8]> {
        match self.environment.set.get(&VariableName::inherited(name)) {
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
        let config = self.config;
        let mut renamed = Vec::new();
        for Rename { from, to, origin } in &config.rules.rename {
            match self.take(from) {
                Some(setting) => renamed.push((from, to, setting)),
                // Without the values, or without an optional one, there may be nothing to rename.
                None if self.fetched.is_none()
                    || self.absent_source
                    || self.environment.absent.contains_key(from)
                    || self.is_explained(from) => {}
                None => {
                    let message = format!("there is no variable {from} to rename");
                    self.report(Diagnostic::warning(message).at(origin.clone()));
                }
            }
        }
        for (from, to, setting) in renamed {
            if let Some(other) = self.environment.set.get(to) {
                if let Some(earlier) = &other.renamed_from {
                    let message = format!(
                        "{to} is set twice: `[rename]` gives {earlier} and {from} this name"
                    );
                    let help = "Give one of them another name";
                    let problem = Diagnostic::with_help(Code::Collision, message, [help]);
                    let problem = problem.variables([to]).parameters(other.provenance.param());
                    self.report(problem);
                    continue;
                }
                let message = format!(
                    "{to} is set twice: `[rename]` gives {from} this name, and {} sets it too",
                    other.provenance
                );
                let help = "Or leave out one of them with `--exclude`";
                let problem = Diagnostic::new(Code::Collision, message).help(help);
                let problem = problem.variables([to]).parameters(other.provenance.param());
                self.report(problem);
                continue;
            }
            self.set(to.clone(), SetVariable { renamed_from: Some(from.clone()), ..setting });
        }
    }

    /// Removes a variable, whether a source set it or it is inherited.
    fn take(&mut self, name: &VariableName) -> Option<SetVariable> {
        let setting = self.environment.set.remove(name).or_else(|| {
            let value = Secret::from_bytes(self.lookup(name.as_str())?.to_vec());
            Some(SetVariable::new(Value::Made(value), Provenance::Inherited))
        });
        self.drop_inherited(name);
        setting
    }

    /// Reports the patterns and allowed names without effect. Of what was not fetched, nothing is known.
    fn report_without_effect(&mut self) {
        let rules = &self.config.rules;
        let filters = &self.filters;
        let is_known = self.fetched.is_some() && !self.unknown_source;
        let mut diagnostics = Vec::new();
        if is_known {
            diagnostics.extend(filters.unmatched());
            let names = self.names();
            let is_match = |glob: &Glob| names.iter().any(|name| glob.matches(name));
            let drops = rules.drop.iter().filter(|_| !self.absent_source);
            let what = "variable; nothing was dropped";
            let severity = Severity::Warning;
            diagnostics.extend(drops.filter_map(|glob| unmatched(glob, what, severity, is_match)));
        }
        for diagnostic in &mut diagnostics {
            // Another stage may have what a pattern for all stages matches.
            let is_shared = match &diagnostic.origin {
                Some(Origin::File { key, .. }) => {
                    self.config.has_stage && !key.starts_with("stage.")
                }
                _ => false,
            };
            if is_shared {
                diagnostic.severity = Severity::Note;
            }
        }
        let inherited: Vec<_> = self.inherited.entries().collect();
        let is_kept = |glob: &Glob| inherited.iter().any(|(name, _)| inherit::is_match(glob, name));
        let keeps = rules.pristine.iter().flatten();
        let what = "inherited variable; nothing was kept";
        diagnostics.extend(keeps.filter_map(|glob| unmatched(glob, what, Severity::Note, is_kept)));
        let allow =
            rules.allow.iter().filter(|name| is_known && !filters.allowed.contains(&name.value));
        diagnostics.extend(allow.map(|name| {
            let message =
                format!("no prefix or JSON object would set {}, or it is not refused", name.value);
            Diagnostic::note(message).at(name.origin.clone())
        }));
        self.environment.diagnostics.extend(diagnostics);
    }

    /// Reports inherited references that nothing resolves: those in variables that `--pristine` leaves out and nothing
    /// else sets, and those inside a longer value.
    fn report_references(&mut self) {
        if !self.config.sources.references {
            return;
        }
        let (rules, set) = (&self.config.rules, &self.environment.set);
        let text = |name| String::from_utf8_lossy(name);
        let left_out = env_reference::values(self.inherited.entries()).filter(|(name, value)| {
            let is_dropped = || rules.drop.iter().any(|glob| glob.value.matches(&text(name)));
            value.starts_with(SCHEME)
                && inherit::withheld(rules, name) == Some("--pristine")
                && !is_dropped()
                && !set.contains_key(&VariableName::inherited(&text(name)))
        });
        let left_out = left_out.map(|(name, _)| {
            let help = format!("Add `--keep {}`", text(name));
            (text(name), "holds a reference, and `--pristine` leaves it out", help)
        });
        let is_inside = |value: &[u8]| value.windows(SCHEME.len()).skip(1).any(|it| it == SCHEME);
        let embedded = env_reference::values(self.base.iter().copied());
        let embedded = embedded.filter(|(_, value)| is_inside(value)).map(|(name, _)| {
            let help = "Fetch the parameter with a variable of its own, and put both together in `[compose]`";
            (text(name), "contains `ssm://`, and only a whole value is resolved", help.to_owned())
        });
        let warnings = left_out.chain(embedded).map(|(name, what, help)| {
            Diagnostic::warning(format!("{name} {what}"))
                .help(help)
                .help(env_reference::not_meant())
                .variables([name])
        });
        self.environment.diagnostics.extend(warnings.collect::<Vec<_>>());
    }

    /// Every name that `drop` may have been meant for.
    fn names(&self) -> Vec<String> {
        let environment = &self.environment;
        let set = environment.set.keys().chain(environment.absent.keys());
        let all = set.chain(self.explicit.iter().copied());
        let inherited = self.base.iter().map(|(name, _)| String::from_utf8_lossy(name));
        all.map(ToString::to_string).chain(inherited.map(String::from)).collect()
    }

    pub(super) fn finish(mut self) -> Environment<'e> {
        self.report_without_effect();
        let drop = &self.config.rules.drop;
        let drops = |name: &str| drop.iter().any(|glob| glob.value.matches(name));
        let environment = &mut self.environment;
        environment.set.retain(|name, setting| {
            let drops = drops(name.as_str());
            if drops {
                let provenance = setting.provenance.clone();
                environment.dropped.insert(name.clone(), provenance);
            }
            !drops
        });
        let set = &environment.set;
        self.base.retain(|(name, _)| {
            let name = String::from_utf8_lossy(name);
            !drops(&name) && !set.contains_key(&VariableName::inherited(&name))
        });
        environment.inherited = self.base.iter().map(|(_, entry)| *entry).collect();
        for (name, setting) in &mut environment.set {
            let rule = self.config.contract.rules.get(name);
            setting.max_age = setting.max_age.or(rule.and_then(|rule| rule.max_age));
        }
        self.report_references();
        self.verify();
        let notes = notes(&self.environment, self.fetched.is_some());
        let environment = &mut self.environment;
        environment.diagnostics.extend(notes);
        environment.absent.retain(|name, _| !environment.set.contains_key(name));
        self.environment
    }
}

/// What is worth knowing about the variables themselves. Without `fetched`, absence means nothing.
fn notes(environment: &Environment<'_>, fetched: bool) -> Vec<Diagnostic> {
    let mut notes = Vec::new();
    let mut note = |name: &VariableName, provenance: &Provenance, message: String| {
        let note = Diagnostic::note(message).variables([name]);
        notes.push(note.parameters(provenance.param()));
    };
    for (name, provenance) in environment.absent.iter().filter(|_| fetched) {
        let other = environment.set.get(name).map(|setting| setting.provenance.to_string());
        let inherited = || environment.value(name).map(|_| Provenance::Inherited.to_string());
        let what = match other.or_else(inherited) {
            Some(other) => format!("comes from {other}"),
            None => "is absent".to_owned(),
        };
        note(name, provenance, format!("{name} {what}, since {provenance} does not exist"));
    }
    for (name, provenance) in &environment.kept {
        let message = format!("{name} keeps its inherited value instead of {provenance}");
        note(name, provenance, message);
    }
    for (name, setting) in &environment.set {
        let provenance = &setting.provenance;
        if name.as_str().contains(['-', '.']) {
            let message = format!("no shell can read `{name}`: the name has `-` or `.`");
            note(name, provenance, message);
        }
        if setting.is_default {
            if fetched {
                let message = format!("{name} has its default, since {provenance} does not exist");
                note(name, provenance, message);
            }
            continue;
        }
        if let (true, Some(earlier)) = (setting.is_found(), &setting.replaces) {
            let message = format!("{name} comes from {provenance}, which replaces {earlier}");
            note(name, provenance, message);
        }
        if setting.is_found() && setting.overrides && is_common(name) {
            let message = format!(
                "{name} comes from {provenance}; many programs read this variable, and the inherited value is replaced"
            );
            note(name, provenance, message);
        }
        if setting.delivery == Delivery::Variable && setting.value.bytes().ends_with(b"\n") {
            let message = format!(
                "the value of {name} from {provenance} ends with a newline, which is often an accident of `echo`"
            );
            note(name, provenance, message);
        }
    }
    notes
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
