//! `ssm-exec check`: everything but the start, and a report.

use super::output;
use super::resolve::Invocation;
use crate::aws::Read;
use crate::error::Error;
use crate::logging::{error, warn};
use ssm_exec_core::aws_context::AwsContext;
use ssm_exec_core::code::Code;
use ssm_exec_core::config::{FingerprintOptions, ReportFormat};
use ssm_exec_core::diagnostic::Diagnostic;
use ssm_exec_core::environment::missing;
use ssm_exec_core::fetched::Fetched;
use ssm_exec_core::fingerprint::Fingerprint;
use ssm_exec_core::plan;
use ssm_exec_core::report::{Report, StartCost};
use std::time::SystemTime;

/// What a reader of JSON gets where there is no report: one object, with the problems.
pub(super) fn print_failure(error: &Error) -> Result<(), Error> {
    let report = Report::of_problems(error.diagnostics());
    output::print(report.to_json().as_bytes())
}

/// The report, and why the command can't be started, if it can't. It shows the rest also for a command that is
/// not found.
pub(super) fn make_report(session: &Invocation<'_>) -> Result<(Report, Option<Error>), Error> {
    let (command, not_found) = match session.command() {
        Ok(command) => (command, None),
        Err(error) => (None, Some(error.into())),
    };
    let mut resolved = session.resolve(command.as_ref(), Read::Values)?;
    if session.config.check.identity
        && let Err(reason) = resolved.identify()
    {
        warn!("--identity: the caller is unknown: {reason}");
    }
    let error = match (resolved.error(), not_found) {
        (Some(error), Some(not_found)) => Some(error.and(not_found)),
        (error, not_found) => error.or(not_found),
    };
    let fetched = resolved.fetched.as_ref();
    let mut report =
        Report::new(&session.config, &resolved.environment, fetched, SystemTime::now());
    report.asked = resolved.context();
    let problems = error.iter().flat_map(Error::diagnostics);
    report.problems = problems.cloned().collect();
    let file = session.config_file.iter();
    let file = file.map(|path| format!("the configuration file is {}", path.display()));
    report.notices.extend(file.map(Diagnostic::note));
    if let (Some(watch), Some(fetched)) = (&session.config.watch, fetched) {
        report.watch = Some(session.watch_cost(watch, fetched)?);
    }
    if let (Some(processes), Some(fetched)) = (session.config.check.processes, fetched) {
        let planned = plan::plan(&session.config.sources, &session.references()?);
        report.start = Some(StartCost::new(processes, &planned, fetched));
    }
    Ok((report, error))
}

/// Reports, and ends with 0, with the status of what would keep the command from starting, or with 1
/// when a parameter is too old.
pub(super) fn run(session: &Invocation<'_>) -> Result<u8, Error> {
    let options = &session.config.check;
    if let Some(fingerprint) = &options.fingerprint {
        return compare(session, fingerprint);
    }
    let (report, error) = make_report(session)?;
    let terminal = output::terminal(session.inherited);
    let text = report.render(options.format, &session.config, terminal);
    output::print(text.as_bytes())?;
    match (error, too_old(&report)) {
        // A TOML file has no place for problems.
        (Some(error), _) if options.format == ReportFormat::Toml => Err(error),
        (Some(error), _) => Err(error.in_report()),
        (None, Some(text)) => {
            error!("{text}");
            Ok(1)
        }
        (None, None) => Ok(0),
    }
}

/// The message for the parameters that exceed their maximum age, if there are any.
pub(super) fn too_old(report: &Report) -> Option<String> {
    let names: Vec<&str> = report.stale().map(|row| row.variable.as_str()).collect();
    match names.as_slice() {
        [] => None,
        [one] => Some(format!("1 parameter exceeds its maximum age: {one}")),
        many => {
            Some(format!("{} parameters exceed their maximum age: {}", many.len(), many.join(", ")))
        }
    }
}

/// Prints the fingerprint, and ends with 1 if it is not the one that it is compared with. Reads no value,
/// except those of Secrets Manager.
fn compare(session: &Invocation<'_>, options: &FingerprintOptions) -> Result<u8, Error> {
    let references = session.references()?;
    let fetch = session.fetch(&references, Read::Versions, session.started)?;
    let (fetched, failures, context) = match fetch {
        Some(fetch) => {
            let context = fetch.session.context().clone();
            (fetch.fetched, fetch.failures, context)
        }
        None => (Fetched::default(), Vec::new(), AwsContext::default()),
    };
    let sources = &session.config.sources;
    let failures = failures.iter().map(|failure| failure.diagnostic(&context));
    let mut problems: Vec<Diagnostic> = failures.collect();
    if session.config.skip.is_none() && problems.is_empty() {
        let missing = missing::missing(sources, &references, &fetched);
        problems = missing::diagnostics(&missing, &context, &[]);
    }
    if !problems.is_empty() {
        return Err(Error::new(problems, context));
    }
    let fingerprint = Fingerprint::new(&session.config, &references, &fetched);
    if options.print {
        output::print(format!("{fingerprint}\n").as_bytes())?;
    }
    match &options.since {
        Some(since) if !since.is_comparable() => {
            let message = format!(
                "the fingerprint {since} was made by another version of ssm-exec, and cannot be compared"
            );
            Err(Diagnostic::new(Code::FingerprintVersion, message).into())
        }
        Some(since) if *since != fingerprint => {
            warn!(
                "the configuration or a parameter has changed; the fingerprint is now {fingerprint}"
            );
            Ok(1)
        }
        _ => Ok(0),
    }
}
