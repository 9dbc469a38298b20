//! `ssm-exec check`: everything but the start, and a report.

use super::output;
use super::resolve::{Resolved, Session};
use crate::aws::Read;
use crate::error::{Error, Incomplete};
use ssm_exec_core::aws_context::AwsContext;
use ssm_exec_core::config::{FingerprintOptions, ReportFormat};
use ssm_exec_core::diagnostic::Diagnostic;
use ssm_exec_core::environment;
use ssm_exec_core::environment::notice::Notice;
use ssm_exec_core::fetched::Fetched;
use ssm_exec_core::fingerprint::Fingerprint;
use ssm_exec_core::plan;
use ssm_exec_core::report::Report;
use ssm_exec_core::revision::Revisions;
use std::time::SystemTime;
use tracing::{error, warn};

/// Reports, and ends with 0, with the status of what would keep the command from starting, or with 1
/// when a parameter is too old.
pub(super) fn run(session: &Session<'_>) -> Result<u8, Error> {
    let mut printed = false;
    let outcome = check(session, &mut printed);
    if let (Err(error), false) = (&outcome, printed) {
        print_failure(session.config.check.format, error)?;
    }
    outcome
}

/// What a reader of JSON gets where there is no report: one object, with the problem.
pub(super) fn print_failure(format: ReportFormat, error: &Error) -> Result<(), Error> {
    match format {
        ReportFormat::Json => output::print(Report::failure(&error.to_string()).as_bytes()),
        _ => Ok(()),
    }
}

/// Resolves everything, also for a command that is not found: the report shows the rest, too.
pub(super) fn resolve<'a>(session: &Session<'a>) -> Result<(Resolved<'a>, Option<Error>), Error> {
    let (command, not_found) = match session.command() {
        Ok(command) => (command, None),
        Err(error) => (None, Some(error.into())),
    };
    Ok((session.resolve(command.as_ref())?, not_found))
}

/// The report on what was resolved, and why the command can't be started, if it can't.
pub(super) fn make_report(
    session: &Session<'_>,
    resolved: &mut Resolved<'_>,
    not_found: Option<&Error>,
) -> (Report, Option<Error>) {
    let options = &session.config.check;
    if options.identity
        && let Err(reason) = resolved.identify()
    {
        warn!("--identity: the caller is unknown: {reason}");
    }
    let incomplete = resolved.incomplete().map(Error::from);
    let mut report = Report::new(
        &session.config,
        &resolved.environment,
        resolved.fetched.as_ref(),
        options.max_age,
        options.unused,
        SystemTime::now(),
    );
    report.asked = incomplete.as_ref().map_or_else(
        || resolved.context(),
        |incomplete| incomplete.context.clone(),
    );
    if let Some(incomplete) = &incomplete {
        report.problems = lines(incomplete);
    }
    report
        .problems
        .extend(not_found.into_iter().flat_map(lines));
    (report, incomplete)
}

fn lines(error: &Error) -> Vec<String> {
    error.diagnostics().iter().map(Diagnostic::line).collect()
}

fn check(session: &Session<'_>, printed: &mut bool) -> Result<u8, Error> {
    let options = &session.config.check;
    if let Some(fingerprint) = &options.fingerprint {
        return compare(session, fingerprint);
    }
    let (mut resolved, not_found) = resolve(session)?;
    if let Some(fetched) = &resolved.fetched
        && resolved.failures.is_empty()
    {
        let notices = session.partial_labels(fetched);
        resolved.environment.notices.extend(notices);
    }
    let file = session.config_file.clone();
    let notices = &mut resolved.environment.notices;
    notices.extend(file.map(Notice::ConfigFile));
    let (mut report, incomplete) = make_report(session, &mut resolved, not_found.as_ref());
    if let (Some(watch), Some(fetched)) = (&session.config.watch, &resolved.fetched) {
        report.watch = Some(session.watch_cost(watch, fetched)?);
    }
    let terminal = output::terminal(session.inherited);
    *printed = true;
    output::print(
        report
            .render(options.format, &session.config, terminal)
            .as_bytes(),
    )?;
    match (incomplete, not_found) {
        (Some(incomplete), not_found) => {
            if let Some(error) = not_found {
                error!("{error}");
            }
            return Err(incomplete);
        }
        (None, Some(error)) => return Err(error),
        (None, None) => {}
    }
    match too_old(&report) {
        None => Ok(0),
        Some(text) => {
            error!("{text}");
            Ok(1)
        }
    }
}

/// The message for the parameters that exceed their maximum age, if there are any.
pub(super) fn too_old(report: &Report) -> Option<String> {
    let names: Vec<&str> = report.stale().map(|row| row.variable.as_str()).collect();
    match names.as_slice() {
        [] => None,
        [one] => Some(format!("1 parameter exceeds its maximum age: {one}")),
        many => Some(format!(
            "{} parameters exceed their maximum age: {}",
            many.len(),
            many.join(", ")
        )),
    }
}

/// Prints the fingerprint, and ends with 1 if it is not the one that it is compared with. Reads no value,
/// except those of Secrets Manager.
fn compare(session: &Session<'_>, options: &FingerprintOptions) -> Result<u8, Error> {
    let references = session.references()?;
    let fetch = session.fetch(&references, Read::Versions)?;
    let (fetched, failures, context) = match fetch {
        Some(fetch) => {
            let context = fetch.session.context().clone();
            (fetch.fetched, fetch.failures, context)
        }
        None => (Fetched::default(), Vec::new(), AwsContext::default()),
    };
    let sources = &session.config.sources;
    let mut problems = Vec::new();
    if session.config.skip.is_none() && failures.is_empty() {
        problems = environment::missing(sources, &references, &fetched);
    }
    if !problems.is_empty() || !failures.is_empty() {
        return Err(Incomplete {
            failures,
            problems,
            context,
            ..Incomplete::default()
        }
        .into());
    }
    let revisions = Revisions::new(&plan::plan(sources, &references), &fetched);
    let settings = std::iter::once(options.settings.clone());
    let references = references.iter().map(|reference| format!("{reference:?}"));
    // The same names in another Region or account have other values.
    let arns = fetched.arns().into_iter().map(str::to_owned);
    let texts = settings.chain(references).chain(revisions.texts());
    let fingerprint = Fingerprint::of(texts.chain(arns));
    if options.print {
        output::print(format!("{fingerprint}\n").as_bytes())?;
    }
    match &options.since {
        Some(since) if *since != fingerprint => {
            warn!(
                "the configuration or a parameter has changed; the fingerprint is now {fingerprint}"
            );
            Ok(1)
        }
        _ => Ok(0),
    }
}
