//! Builds the final environment: names, precedence, refusals, requirements. Pure: what was inherited
//! and what was fetched goes in, entries and problems come out.

mod assemble;
pub mod denylist;
mod inherit;
pub mod limits;
pub mod problem;
mod provenance;
mod value;

pub use assemble::assemble;
pub use inherit::is_kept;
pub use provenance::{Provenance, Requester};
pub use value::{Setting, Value};

use crate::variable::VariableName;
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
    /// Everything that prevents a start.
    pub problems: Vec<Problem>,
}

impl Environment<'_> {
    /// Adds the problems with its size, if there are no others. See [`limits::check`].
    pub fn check_size(&mut self, arguments: usize, stack: u64) {
        if self.problems.is_empty() {
            self.problems = limits::check(self, arguments, stack);
        }
    }
}

#[cfg(test)]
mod tests;
