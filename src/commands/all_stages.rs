//! `ssm-exec check --all-stages`: the report of every stage of the file.

use super::check as check_command;
use super::levels::Levels;
use super::output;
use super::resolve::Invocation;
use crate::cli::{Task, Words};
use crate::error::{Error, usage};
use crate::logging::{Logger, error};
use ssm_exec_core::config::{self, Layer, ReportFormat};
use ssm_exec_core::inherited::Inherited;
use ssm_exec_core::origin::{Given, Origin};
use ssm_exec_core::report::{self, Report};
use ssm_exec_core::status::Status;
use std::ffi::{OsStr, OsString};
use std::time::Instant;

/// Checks each stage, prints the reports, and ends with the status of the first stage that has one, or with 1 if a
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
    let mut format = ReportFormat::Table;
    let mut broken = Vec::new();
    let mut too_old = Vec::new();
    for name in names {
        let chosen = Given::new(name.clone(), Origin::Flag("--all-stages"));
        let config = levels.config(Some(&chosen), inherited, logger);
        let checked = config.and_then(|config| {
            format = config.check.format;
            check_command::make_report(&Invocation {
                config,
                config_file: None,
                inherited,
                called_as: called_as.to_owned(),
                words: Words::Separated(words.to_vec()),
                task: Task::Check,
                // Each stage has the whole time limit.
                started: Instant::now(),
            })
        });
        let (report, error) = checked.unwrap_or_else(|error| {
            let report = Report::of_problems(error.diagnostics());
            (report, Some(error))
        });
        if let Some(error) = error {
            first = first.or(Some(error.status()));
            broken.push(name.clone());
        }
        let text = check_command::too_old(&report);
        too_old.extend(text.map(|text| format!("stage {name}: {text}")));
        stages.push((name, report));
    }
    let terminal = output::terminal(inherited);
    output::print(report::render_stages(&stages, format, terminal).as_bytes())?;
    if !broken.is_empty() {
        error!("the command would not start in {}: the report has the problems", broken.join(", "));
    }
    for text in &too_old {
        error!("{text}");
    }
    let stale = u8::from(!too_old.is_empty());
    Ok(first.map_or(stale, Status::code))
}
