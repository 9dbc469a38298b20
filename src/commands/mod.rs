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
mod wait;
mod watch;

use crate::cli::{self, Action, CommandLine, Task};
use crate::error::Error;
use crate::exec::{core_dumps, process};
use crate::logging::{self, Logger};
use levels::Levels;
use resolve::Invocation;
use ssm_exec_core::config::{self, Config, Layer, LogFormat, ReportFormat};
use ssm_exec_core::diagnostic::Diagnostic;
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
    let CommandLine { action, layer: options } = cli::read(arguments);
    // Before anything can fail: errors are reported in the format that was asked for.
    if let Some(format) =
        chosen(&options.log_format, LogFormat::parse).or_else(|| config::log_format(inherited))
    {
        logger.set_format(format);
    }
    process::refuse_raised_privileges()?;
    let as_json = chosen(&options.format, ReportFormat::parse) == Some(ReportFormat::Json);
    let (task, words) = match reported(action.map_err(Error::from), as_json)? {
        Action::Run(task, words) => (task, words),
        Action::Print(text) => {
            core_dumps::disable();
            return output::print(&text).map(|()| 0);
        }
        Action::Complete(words) => {
            core_dumps::disable();
            let stages = |options: &Layer| stages(options, inherited, logger).unwrap_or_default();
            let lines = cli::candidates(&words, stages).into_iter();
            let text: String = lines.map(|line| line + "\n").collect();
            return output::print(text.as_bytes()).map(|()| 0);
        }
    };
    let called_as = arguments.first().cloned().unwrap_or_default();
    if task == Task::Check && options.all_stages.as_ref().is_some_and(|given| given.value) {
        core_dumps::disable();
        let checked = all_stages::run(options, inherited, logger, &called_as, words.all());
        return reported(checked, as_json);
    }
    let found = configuration(task, options, inherited, logger);
    let (levels, config) = reported(found, as_json)?;
    let session = Invocation {
        config,
        config_file: levels.file().map(Path::to_owned),
        inherited,
        called_as,
        words,
        task,
        started,
    };
    logging::set_deadline(started + session.config.timeout + session.config.wait);
    if session.config.no_core && task == Task::Launch {
        core_dumps::prevent()?;
    }
    core_dumps::disable();
    match task {
        Task::Launch => launch::run(&session, &levels).map(|never| match never {}),
        Task::Check => reported(check::run(&session), as_json),
        Task::Policy => policy::run(&session),
        Task::Init => init::run(session, levels.chosen_file()),
    }
}

/// The stages of the file that these options choose.
fn stages(
    options: &Layer,
    inherited: &Inherited<'_>,
    logger: &mut Logger,
) -> Result<Vec<String>, Error> {
    Levels::read(options.clone(), inherited, logger)?.stages(inherited)
}

/// What an option chooses, if it is valid.
fn chosen<T>(given: &Option<Given<String>>, parse: fn(&str) -> Result<T, Diagnostic>) -> Option<T> {
    given.as_ref().and_then(|given| parse(&given.value).ok())
}

/// Prints the failure of a `check` for a reader of JSON, who gets an object in any case.
fn reported<T>(outcome: Result<T, Error>, as_json: bool) -> Result<T, Error> {
    if let Err(error) = &outcome
        && as_json
        && !error.is_in_report()
    {
        check::print_failure(error)?;
    }
    outcome
}

/// The levels that a subcommand reads, and what they mean together.
fn configuration(
    task: Task,
    options: Layer,
    inherited: &Inherited<'_>,
    logger: &mut Logger,
) -> Result<(Levels, Config), Error> {
    if task == Task::Init {
        init::refuse_options(&options)?;
    }
    let levels = match task {
        Task::Init => Levels::without_file(options, inherited, logger)?,
        _ => Levels::read(options, inherited, logger)?,
    };
    let config = levels.config(None, inherited, logger)?;
    Ok((levels, config))
}
