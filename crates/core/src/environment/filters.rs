//! Which patterns and allowed names had an effect.

use crate::code::Code;
use crate::diagnostic::{Diagnostic, Severity};
use crate::origin::Given;
use crate::variable::{Glob, Naming, VariableName};

/// The names that the patterns of sources were matched against.
#[derive(Debug, Default)]
pub(super) struct Filters<'a> {
    seen: Vec<(&'a Naming, Vec<VariableName>)>,
    /// Allowed names that would have been refused.
    pub(super) allowed: Vec<VariableName>,
}

impl<'a> Filters<'a> {
    pub(super) fn see(&mut self, naming: &'a Naming, names: Vec<VariableName>) {
        self.seen.push((naming, names));
    }

    /// Whether a refused name is allowed.
    pub(super) fn allows(&mut self, allow: &[Given<VariableName>], name: &VariableName) -> bool {
        let allows = allow.iter().any(|allowed| allowed.value == *name);
        if allows {
            self.allowed.push(name.clone());
        }
        allows
    }
}

/// Filters that leave nothing of a source: with `only`, a mistake that must not start the command.
pub(super) fn nothing_admitted(naming: &Naming, names: &[VariableName], what: &str) -> Diagnostic {
    let Some(first) = naming.only.first() else {
        let message = format!("`exclude` leaves out every variable of {what}");
        return Diagnostic {
            severity: Severity::Warning,
            ..Diagnostic::new(Code::NothingAdmitted, message)
        };
    };
    let globs = naming.only.iter().map(|glob| &glob.value);
    let is_match = |glob: &Glob| matches_any(naming, glob, names);
    if let (true, Some(exclude)) = (globs.clone().any(is_match), naming.exclude.first()) {
        let message = format!("this leaves out every variable of {what} that `only` takes");
        return Diagnostic::new(Code::NothingAdmitted, message).at(exclude.origin.clone());
    }
    let meant = globs.clone().filter_map(|glob| in_other_case(glob, is_match));
    let meant = did_you_mean(&meant.collect::<Vec<_>>());
    let patterns: Vec<&str> = globs.map(Glob::as_str).collect();
    let verb = if patterns.len() == 1 { "matches" } else { "match" };
    let patterns = patterns.join("`, `");
    let message = format!("`{patterns}` {verb} no variable of {what}{meant}");
    Diagnostic::new(Code::NothingAdmitted, message).at(first.origin.clone())
}

/// What to say of a pattern that matches nothing: a warning if it would in another case.
pub(super) fn unmatched(
    glob: &Given<Glob>,
    what: &str,
    severity: Severity,
    is_match: impl Fn(&Glob) -> bool,
) -> Option<Diagnostic> {
    if is_match(&glob.value) {
        return None;
    }
    let meant = did_you_mean(in_other_case(&glob.value, is_match).as_slice());
    let message = format!("`{}` matches no {what}{meant}", glob.value.as_str());
    let severity = if meant.is_empty() { severity } else { Severity::Warning };
    Some(Diagnostic { severity, ..Diagnostic::warning(message).at(glob.origin.clone()) })
}

fn matches_any(naming: &Naming, glob: &Glob, names: &[VariableName]) -> bool {
    names.iter().any(|name| naming.is_match(glob, name.as_str()))
}

/// The same pattern in upper or lower case, if that matches.
fn in_other_case(glob: &Glob, is_match: impl Fn(&Glob) -> bool) -> Option<Glob> {
    glob.in_other_case().into_iter().find(is_match)
}

/// A pattern, and where it was given.
pub(super) fn shown(glob: &Given<Glob>) -> String {
    format!("`{}` of {}", glob.value.as_str(), glob.origin)
}

fn did_you_mean(meant: &[Glob]) -> String {
    let meant: Vec<&str> = meant.iter().map(Glob::as_str).collect();
    match meant.as_slice() {
        [] => String::new(),
        meant => format!("; did you mean `{}`?", meant.join("`, `")),
    }
}

impl Filters<'_> {
    /// What keeps a source from setting a variable.
    pub(super) fn excluding(&self, name: &VariableName) -> Option<String> {
        let seen = self.seen.iter().filter(|(_, names)| names.contains(name));
        let mut refusing = seen.map(|(naming, _)| *naming).filter(|naming| !naming.admits(name));
        refusing.find_map(|naming| {
            let mut exclude = naming.exclude.iter();
            let excludes = exclude.find(|glob| naming.is_match(&glob.value, name.as_str()));
            let only = || naming.only.first().map(|glob| glob.origin.to_string());
            excludes.map(shown).or_else(only)
        })
    }

    /// The patterns of sources that match no name.
    pub(super) fn unmatched(&self) -> Vec<Diagnostic> {
        let what = "variable of a prefix or a JSON object";
        let mut found = self.unmatched_of(|naming| &naming.only, what);
        let what = "variable of a prefix or a JSON object; nothing was excluded";
        found.extend(self.unmatched_of(|naming| &naming.exclude, what));
        found
    }

    fn unmatched_of(&self, of: fn(&Naming) -> &[Given<Glob>], what: &str) -> Vec<Diagnostic> {
        let mut globs: Vec<&Given<Glob>> = Vec::new();
        let admitted = |(naming, names): &&(&Naming, Vec<VariableName>)| {
            names.iter().any(|name| naming.admits(name))
        };
        // That nothing is left of a source is reported elsewhere.
        for glob in self.seen.iter().filter(admitted).flat_map(|(naming, _)| of(naming)) {
            // Sources without filters of their own share those for all.
            if !globs.contains(&glob) {
                globs.push(glob);
            }
        }
        let found = globs.into_iter().filter_map(|glob| {
            let seen = self.seen.iter();
            let own = seen.filter(|(naming, _)| of(naming).contains(glob));
            unmatched(glob, what, Severity::Warning, |glob| {
                let mut own = own.clone();
                own.any(|(naming, names)| matches_any(naming, glob, names))
            })
        });
        found.collect()
    }
}
