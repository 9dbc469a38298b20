//! `ssm-exec check --all-stages`: every stage of the file, variable by variable.

use super::check as check_command;
use super::levels::Levels;
use super::output;
use super::resolve::Session;
use crate::cli::Words;
use crate::error::{Error, usage};
use crate::logging::Logger;
use ssm_exec_core::config::{self, Config, Layer, ReportFormat};
use ssm_exec_core::inherited::Inherited;
use ssm_exec_core::origin::{Given, Origin};
use ssm_exec_core::report::Report;
use ssm_exec_core::report::matrix::{self, StageReport};
use ssm_exec_core::status::Status;
use std::ffi::{OsStr, OsString};
use std::time::Instant;
use tracing::error;

/// Checks each stage, prints the matrix, and ends with the status of the first stage that has one, or with 1 if a
/// parameter of any stage is too old.
pub(super) fn run(
    options: Layer,
    inherited: &Inherited<'_>,
    logger: &mut Logger,
    called_as: &OsStr,
    words: &[OsString],
) -> Result<u8, Error> {
    config::refuse_beside_all_stages(&options)?;
    let levels = Levels::read(options, inherited, logger)?;
    let names = levels.stages(inherited)?;
    if names.is_empty() {
        return Err(usage(
            "--all-stages: the configuration has no stages; they are `[stage.NAME]` tables of ssm-exec.toml".to_owned(),
        ));
    }
    let mut stages = Vec::new();
    let mut first: Option<Status> = None;
    let mut too_old = Vec::new();
    let mut format = ReportFormat::Table;
    for name in names {
        let chosen = Given::new(name.clone(), Origin::Flag("--all-stages"));
        let checked = levels
            .config(Some(&chosen), inherited, logger)
            .and_then(|config| {
                format = config.check.format;
                check(config, inherited, called_as, words)
            });
        let (report, problems, status) = match checked {
            Ok((report, status)) => {
                let text = check_command::too_old(&report);
                too_old.extend(text.map(|text| format!("stage {name}: {text}")));
                let problems = report.problems.clone();
                (Some(report), problems, status)
            }
            Err(error) => (None, vec![error.to_string()], Some(error.status())),
        };
        first = first.or(status);
        stages.push(StageReport {
            stage: name,
            report,
            problems,
        });
    }
    let terminal = output::terminal(inherited);
    output::print(matrix::render(&stages, format, terminal).as_bytes())?;
    for text in &too_old {
        error!("{text}");
    }
    let stale = u8::from(!too_old.is_empty());
    Ok(first.map_or(stale, Status::code))
}

/// The report of one stage, and what it would end with.
fn check(
    config: Config,
    inherited: &Inherited<'_>,
    called_as: &OsStr,
    words: &[OsString],
) -> Result<(Report, Option<Status>), Error> {
    let session = Session {
        config,
        config_file: None,
        inherited,
        called_as: called_as.to_owned(),
        words: Words::Separated(words.to_vec()),
        // Each stage has the whole time limit.
        started: Instant::now(),
    };
    let (mut resolved, not_found) = check_command::resolve(&session)?;
    let (report, incomplete) =
        check_command::make_report(&session, &mut resolved, not_found.as_ref());
    let error = incomplete.or(not_found);
    Ok((report, error.map(|error| error.status())))
}
