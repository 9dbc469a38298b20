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

use crate::cli::{self, Action, Invocation};
use crate::error::Error;
use crate::exec::process;
use crate::logging::{self, Logger};
use levels::Levels;
use resolve::Session;
use ssm_exec_core::config::{self, Config, Layer, ReportFormat};
use ssm_exec_core::inherited::Inherited;
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
    process::refuse_raised_privileges()?;
    // So that a mistake in the command line is reported in the format that the variables ask for.
    if let Ok(variables) = config::read_variables(inherited)
        && let Ok(logging) = variables.logging()
    {
        logger.configure(logging);
    }
    let Invocation {
        action,
        layer: options,
    } = cli::parse(arguments).map_err(Error::Usage)?;
    if let Action::Print(text) = action {
        process::disable_core_dumps();
        return output::print(&text).map(|()| 0);
    }
    let called_as = arguments.first().cloned().unwrap_or_default();
    let as_json = options
        .format
        .as_ref()
        .is_some_and(|given| given.value == ReportFormat::Json.word());
    let reported = |error| match as_json {
        true => check::print_failure(ReportFormat::Json, &error).and(Err(error)),
        false => Err(error),
    };
    if let Action::Check(words) = &action
        && options.all_stages.as_ref().is_some_and(|given| given.value)
    {
        process::disable_core_dumps();
        return all_stages::run(options, inherited, logger, &called_as, words).or_else(reported);
    }
    let (levels, config) = match configuration(&action, options, inherited, logger) {
        Ok(found) => found,
        Err(error) => return reported(error),
    };
    let session = Session {
        config,
        config_file: levels.file().map(Path::to_owned),
        inherited,
        called_as,
        words: match &action {
            Action::Launch(words) | Action::Check(words) => words.clone(),
            Action::Policy | Action::Init | Action::Print(_) => Vec::new(),
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
