//! The subcommands, and what they share: the configuration and one way to resolve it.

mod all_stages;
mod check;
mod command;
mod init;
mod launch;
mod levels;
mod output;
mod policy;
mod resolve;
mod watch;

use crate::cli::{self, Action, CommandLine, Words};
use crate::error::{Error, usage};
use crate::exec::process;
use crate::logging::{self, Logger};
use levels::Levels;
use resolve::Session;
use ssm_exec_core::config::{self, Config, Layer, LogFormat, ReportFormat};
use ssm_exec_core::inherited::Inherited;
use ssm_exec_core::origin::Given;
use std::ffi::OsString;
use std::path::Path;
use std::time::Instant;

/// Reads the command line, the variables and the file, and runs the subcommand.
///
/// # Errors
/// Everything that keeps the command from being started.
pub(crate) fn run(
    arguments: &[OsString],
    inherited: &Inherited<'_>,
    started: Instant,
    logger: &mut Logger,
) -> Result<u8, Error> {
    let CommandLine {
        action,
        layer: options,
    } = cli::read(arguments);
    // Before anything can fail: errors are reported in the format that was asked for.
    if let Some(format) =
        chosen(&options.log_format, LogFormat::parse).or_else(|| config::log_format(inherited))
    {
        logger.set_format(format);
    }
    process::refuse_raised_privileges()?;
    let as_json = chosen(&options.format, ReportFormat::parse) == Some(ReportFormat::Json);
    let action = reported(action.map_err(usage), as_json)?;
    if let Action::Print(text) = action {
        process::disable_core_dumps();
        return output::print(&text).map(|()| 0);
    }
    let called_as = arguments.first().cloned().unwrap_or_default();
    if let Action::Check(words) = &action
        && options.all_stages.as_ref().is_some_and(|given| given.value)
    {
        process::disable_core_dumps();
        let checked = all_stages::run(options, inherited, logger, &called_as, words);
        return reported(checked, as_json);
    }
    let found = configuration(&action, options, inherited, logger);
    let (levels, config) = reported(found, as_json)?;
    let session = Session {
        config,
        config_file: levels.file().map(Path::to_owned),
        inherited,
        called_as,
        words: match &action {
            Action::Launch(words) => words.clone(),
            Action::Check(words) => Words::Separated(words.clone()),
            Action::Policy | Action::Init | Action::Print(_) => Words::Bare(Vec::new()),
        },
        started,
    };
    logging::set_deadline(started + session.config.timeout);
    if session.config.no_core && matches!(action, Action::Launch(_)) {
        process::prevent_core_dumps()?;
    }
    process::disable_core_dumps();
    match action {
        Action::Launch(_) => launch::run(&session).map(|never| match never {}),
        Action::Check(_) => check::run(&session),
        Action::Policy => policy::run(&session),
        Action::Init => init::run(session, levels.chosen_file()),
        Action::Print(_) => Ok(0),
    }
}

/// What an option chooses, if it is valid.
fn chosen<T>(given: &Option<Given<String>>, parse: fn(&str) -> Result<T, String>) -> Option<T> {
    given.as_ref().and_then(|given| parse(&given.value).ok())
}

/// Prints the failure of a `check` for a reader of JSON, who gets an object in any case.
fn reported<T>(outcome: Result<T, Error>, as_json: bool) -> Result<T, Error> {
    if let (Err(error), true) = (&outcome, as_json) {
        check::print_failure(ReportFormat::Json, error)?;
    }
    outcome
}

/// The levels that a subcommand reads, and what they mean together.
fn configuration(
    action: &Action,
    options: Layer,
    inherited: &Inherited<'_>,
    logger: &mut Logger,
) -> Result<(Levels, Config), Error> {
    let levels = match action {
        Action::Init => Levels::without_file(options, inherited, logger)?,
        _ => Levels::read(options, inherited, logger)?,
    };
    let config = levels.config(None, inherited, logger)?;
    Ok((levels, config))
}
