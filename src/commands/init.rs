//! `ssm-exec init`: a configuration file to begin with.

use super::output;
use super::resolve::Invocation;
use crate::config_file;
use crate::error::{Error, usage};
use ssm_exec_core::config::{Rules, Sources};
use ssm_exec_core::diagnostic::Diagnostic;
use ssm_exec_core::report::{self, Report};
use ssm_exec_core::status::Status;
use ssm_exec_core::words::count;
use std::path::Path;
use std::time::SystemTime;

/// Reads what is below the prefixes and writes the file to `path`, else to the working directory.
pub(super) fn run(mut session: Invocation<'_>, path: Option<&Path>) -> Result<u8, Error> {
    // Other sources and rules would be about variables that the file does not mention.
    let prefixes = std::mem::take(&mut session.config.sources.prefixes);
    session.config.sources = Sources { prefixes, ..Sources::default() };
    session.config.rules = Rules::default();
    session.config.skip = None;
    if session.config.sources.prefixes.is_empty() {
        return Err(usage(
            "init needs a prefix to begin with: `ssm-exec init --prefix /org/service`".to_owned(),
        ));
    }
    // Before anything is fetched.
    config_file::ensure_no_config_file(path)?;
    let mut resolved = session.resolve(None)?;
    // Other problems are for the file's reader to solve.
    let errors: Vec<_> = resolved.environment.errors().cloned().collect();
    let is_missing = |it: &Diagnostic| it.status() == Status::Missing;
    resolved.environment.diagnostics.retain(is_missing);
    if let Some(error) = resolved.error() {
        return Err(error);
    }
    let mut report = Report::new(
        &session.config,
        &resolved.environment,
        resolved.fetched.as_ref(),
        SystemTime::now(),
    );
    report.problems = errors;
    let text = report::starter_file(&report, &session.config);
    let path = config_file::create_config_file(path, &text)?;
    let variables = count(report.rows.len(), "variable");
    let next = format!(
        "Wrote {} with {variables}. Next: read it, try it with `ssm-exec check`, then start the command with `ssm-exec -- COMMAND`.\n",
        path.display()
    );
    output::print(next.as_bytes())?;
    Ok(0)
}
