//! Builds the final environment: names, precedence, refusals, requirements. Pure: what was inherited
//! and what was fetched goes in, entries and problems come out.

mod assemble;
pub mod denylist;
mod filters;
mod finish;
mod incomplete;
mod inherit;
pub mod limits;
mod missing;
pub mod notice;
pub mod problem;
pub mod problem_message;
mod problem_text;
mod provenance;
mod value;
mod verify;

pub use assemble::assemble;
pub use inherit::{Withheld, is_kept};
pub use missing::{missing, missing_trigger};
pub use provenance::{Provenance, Requester, Source};
pub use value::{Setting, Value};

use crate::variable::VariableName;
use limits::CommandSize;
use notice::{Level, Notice};
use problem::Problem;
use std::collections::BTreeMap;
use std::ffi::CStr;

/// The environment that the command will receive.
#[derive(Debug, Default)]
pub struct Environment<'e> {
    /// Entries that are passed on unchanged.
    pub inherited: Vec<&'e CStr>,
    /// Variables that are set.
    pub set: BTreeMap<VariableName, Setting>,
    /// Variables that are not set because their optional parameter does not exist.
    pub absent: BTreeMap<VariableName, Provenance>,
    /// Variables that keep their inherited value instead of what a source would have set.
    pub kept: BTreeMap<VariableName, Provenance>,
    /// Variables that a source set, and that `drop` leaves out.
    pub dropped: BTreeMap<VariableName, Provenance>,
    /// Everything that prevents a start.
    pub problems: Vec<Problem>,
    /// What is worth knowing.
    pub notices: Vec<Notice>,
}

impl Environment<'_> {
    /// Makes every warning a problem (`--strict`).
    pub fn refuse_warnings(&mut self) {
        let (warnings, notes) = std::mem::take(&mut self.notices)
            .into_iter()
            .partition(|notice| notice.level() == Level::Warning);
        self.notices = notes;
        let warnings: Vec<Notice> = warnings;
        let problems = warnings.into_iter().map(Box::new).map(Problem::Warning);
        self.problems.extend(problems);
    }

    /// The value that a variable will have; of a file, the content.
    #[must_use]
    pub fn value(&self, name: &VariableName) -> Option<&[u8]> {
        match self.set.get(name) {
            Some(setting) => Some(setting.value.bytes()),
            None => self.inherited.iter().find_map(|entry| {
                let rest = entry.to_bytes().strip_prefix(name.as_str().as_bytes())?;
                rest.strip_prefix(b"=")
            }),
        }
    }

    /// A variable that is set and has the same name in another case.
    fn in_other_case(&self, name: &VariableName) -> Option<VariableName> {
        let inherited = self.inherited.iter().filter_map(|entry| {
            let name = entry.to_bytes().split(|&byte| byte == b'=').next()?;
            std::str::from_utf8(name).ok()
        });
        let mut names = self.set.keys().map(VariableName::as_str).chain(inherited);
        names
            .find(|set| set.eq_ignore_ascii_case(name.as_str()))
            .map(VariableName::inherited)
    }

    /// Adds the problems with its size, if there are no others. See [`limits::check`].
    pub fn check_size(&mut self, command: Option<&CommandSize>, stack: u64) {
        if self.problems.is_empty() {
            self.problems = limits::check(self, command, stack);
        }
    }
}

#[cfg(test)]
mod tests;
