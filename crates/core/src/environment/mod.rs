//! Builds the final environment: names, precedence, refusals, requirements. Pure: what was inherited
//! and what was fetched goes in, entries and problems come out.

mod assemble;
pub mod denylist;
mod filters;
mod finish;
mod inherit;
pub mod limits;
pub mod missing;
mod provenance;
mod value;
mod verify;

pub use assemble::assemble;
pub use inherit::is_kept;
pub use provenance::{Provenance, Requester};
pub use value::{SetVariable, Value};

use crate::aws_context::AwsContext;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Help, Severity, fill};
use crate::variable::VariableName;
use limits::CommandSize;
use missing::Missing;
use std::collections::BTreeMap;
use std::ffi::CStr;

/// The environment that the command will receive.
#[derive(Debug, Default)]
pub struct Environment<'e> {
    /// Entries that are passed on unchanged.
    pub inherited: Vec<&'e CStr>,
    pub set: BTreeMap<VariableName, SetVariable>,
    /// Variables that are not set because their optional parameter does not exist.
    pub absent: BTreeMap<VariableName, Provenance>,
    /// Variables that keep their inherited value instead of what a source would have set.
    pub kept: BTreeMap<VariableName, Provenance>,
    /// Variables that a source set, and that `drop` leaves out.
    pub dropped: BTreeMap<VariableName, Provenance>,
    /// Parameters and prefixes that do not exist, and must.
    pub missing: Vec<Missing>,
    /// How variables break the contract.
    pub violations: BTreeMap<VariableName, Vec<String>>,
    /// What else prevents a start, and what is worth knowing.
    pub diagnostics: Vec<Diagnostic>,
}

impl Environment<'_> {
    /// What prevents a start, beside what is missing.
    pub fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        let all = self.diagnostics.iter();
        all.filter(|it| it.severity == Severity::Error)
    }

    /// What does not.
    pub fn notices(&self) -> impl Iterator<Item = &Diagnostic> {
        let all = self.diagnostics.iter();
        all.filter(|it| it.severity != Severity::Error)
    }

    /// Whether the command can be started with it.
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty() && self.errors().next().is_none()
    }

    /// Whether it is known to be faulty for a variable.
    pub(crate) fn has_error(&self, name: &VariableName) -> bool {
        let mut missing = self.missing.iter().filter_map(Missing::variable);
        let concerns = |it: &Diagnostic| it.subject.variables.iter().any(|it| it == name.as_str());
        missing.any(|(missing, _)| missing == name) || self.errors().any(concerns)
    }

    /// Makes every warning an error (`--strict`). The last one says so.
    pub fn refuse_warnings(&mut self) {
        let mut last = None;
        let all = self.diagnostics.iter_mut();
        for warning in all.filter(|it| it.severity == Severity::Warning) {
            warning.severity = Severity::Error;
            last = Some(warning);
        }
        if let Some(last) = last {
            last.help.extend(Help::all(Code::Warning.help()));
        }
    }

    /// Names the Region in the commands that help, once it is known.
    pub fn fill_region(&mut self, context: &AwsContext) {
        let region = context.region_option();
        for diagnostic in &mut self.diagnostics {
            for command in diagnostic.help.iter_mut().filter_map(|it| it.command.as_mut()) {
                *command = fill(command, &[("region", &region)]);
            }
        }
    }

    /// The value that a variable will have; of a file, the content.
    pub fn value(&self, name: &VariableName) -> Option<&[u8]> {
        match self.set.get(name) {
            Some(setting) => Some(setting.value.bytes()),
            None => self.inherited.iter().find_map(|entry| {
                let rest = entry.to_bytes().strip_prefix(name.as_str().as_bytes())?;
                rest.strip_prefix(b"=")
            }),
        }
    }

    /// A variable that is set, and whose name differs in its case or in a letter.
    fn similar(&self, name: &VariableName) -> Option<VariableName> {
        let inherited = self.inherited.iter().filter_map(|entry| {
            let name = entry.to_bytes().split(|&byte| byte == b'=').next()?;
            std::str::from_utf8(name).ok()
        });
        let names = self.set.keys().map(VariableName::as_str).chain(inherited);
        let upper = |name: &str| name.to_ascii_uppercase();
        let distance = |set: &str| strsim::osa_distance(&upper(set), &upper(name.as_str()));
        let nearest = names.map(|set| (distance(set), set)).min();
        nearest
            .filter(|(distance, _)| *distance <= usize::from(name.as_str().len() > 3))
            .map(|(_, set)| VariableName::inherited(set))
    }

    /// Adds the problems with its size, if there are no others. See [`limits::check`].
    pub fn check_size(&mut self, command: Option<&CommandSize>, stack: u64) {
        if self.is_complete() {
            let problems = limits::check(self, command, stack);
            self.diagnostics.extend(problems);
        }
    }
}

#[cfg(test)]
mod tests;
