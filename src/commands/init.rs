//! `ssm-exec init`: a configuration file to begin with.

use super::output;
use super::resolve::Invocation;
use crate::aws::Read;
use crate::config_file;
use crate::error::{Error, usage};
use ssm_exec_core::config::{Layer, Rules, Sources};
use ssm_exec_core::diagnostic::Diagnostic;
use ssm_exec_core::origin::Origin;
use ssm_exec_core::report::{self, Report};
use ssm_exec_core::status::Status;
use ssm_exec_core::words::count;
use std::path::Path;
use std::time::SystemTime;

/// Refuses options of which nothing would be in the file.
pub(super) fn refuse_options(options: &Layer) -> Result<(), Diagnostic> {
    let lists = options.replaced_lists(options).into_iter().map(|(origin, _)| origin);
    let is_written =
        |origin: &Origin| matches!(origin, Origin::Flag("--prefix" | "--only" | "--exclude"));
    let lists = lists.filter(|origin| !is_written(origin));
    let switches = [&options.pristine, &options.keep_existing, &options.drop_aws_credentials];
    let switches = switches.into_iter().flatten().filter(|given| given.value);
    let others = switches.map(|given| &given.origin);
    let others = others.chain(options.watch.iter().map(|given| &given.origin));
    match lists.chain(others).next() {
        Some(origin) => {
            let message = "is not written by `init`, which begins a file with prefixes";
            let correction = "Leave it out, and add it to the file";
            Err(Diagnostic::invalid(message, correction).at(origin.clone()))
        }
        None => Ok(()),
    }
}

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
    let mut resolved = session.resolve(None, Read::Values)?;
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
    let option = path.map_or_else(String::new, |path| format!(" --config {}", path.display()));
    let path = config_file::create_config_file(path, &text)?;
    let variables = count(report.rows.len(), "variable");
    let next = format!(
        "Wrote {} with {variables}. Next: read it, try it with `ssm-exec check{option}`, then start the command with `ssm-exec{option} -- COMMAND`.\n",
        path.display()
    );
    output::print(next.as_bytes())?;
    Ok(0)
}
