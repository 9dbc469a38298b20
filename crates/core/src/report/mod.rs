//! What `check` reports: variables, problems, ages, unused parameters. Pure; holds names and dates, never
//! a value, nor its length.

mod json;
mod markdown;
mod row;
mod rows;
mod start_cost;
mod table;
mod toml;

pub use row::{ContractStatus, Row, State};
pub use start_cost::StartCost;
pub use toml::starter_file;

use crate::aws_context::AwsContext;
use crate::config::{Config, ReportFormat};
use crate::contract::Contract;
use crate::diagnostic::Diagnostic;
use crate::environment::{Environment, Provenance};
use crate::escape;
use crate::fetched::Fetched;
use crate::origin::Origin;
use crate::variable::VariableName;
use crate::words::count;
use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, SystemTime};

/// More below one prefix, and explicit keys are read with fewer requests.
const MANY: usize = 10;

/// What the terminal can show.
#[derive(Debug, Clone, Copy, Default)]
pub struct Terminal {
    /// Columns; no limit in a pipe.
    pub width: Option<usize>,
    pub colour: bool,
}

/// The whole report.
#[derive(Debug, Default)]
pub struct Report {
    /// By name.
    pub rows: Vec<Row>,
    /// The parts of composed variables that are then left out, each with where its value comes from.
    pub parts: BTreeMap<VariableName, Provenance>,
    /// What keeps the command from starting.
    pub problems: Vec<Diagnostic>,
    /// Parameters below a prefix that no key, requirement or filter names.
    pub unused: Option<Vec<String>>,
    /// What is worth knowing about the environment.
    pub notices: Vec<Diagnostic>,
    /// Where AWS was asked, and as whom.
    pub asked: AwsContext,
    /// What could be better.
    pub hints: Vec<String>,
    /// What `--watch` costs.
    pub watch: Option<WatchCost>,
    /// What a simultaneous start of many processes costs.
    pub start: Option<StartCost>,
    /// The rules for the variables.
    pub contract: Contract,
}

/// What the watcher of one process costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WatchCost {
    /// The requests of a poll.
    pub requests: usize,
    /// The interval of the polls.
    pub every: Duration,
}

impl fmt::Display for WatchCost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let requests = count(self.requests, "request");
        let every = humantime::format_duration(self.every);
        write!(f, "watch: {requests} every {every} for each process")
    }
}

impl Report {
    /// Makes the report.
    pub fn new(
        config: &Config,
        environment: &Environment<'_>,
        fetched: Option<&Fetched>,
        now: SystemTime,
    ) -> Self {
        let options = &config.check;
        let set = environment.set.iter();
        let set = set.map(|(name, setting)| Row::new(name, setting, options.max_age, now));
        let mut rows: Vec<Row> = set.collect();
        rows.extend(rows::unset(config, environment));
        for row in &mut rows {
            row.contract = rows::contract_status(config, environment, &row.variable);
        }
        rows.sort_by(|a, b| a.variable.cmp(&b.variable));
        let composed = &config.rules.compose;
        let is_part = |name: &VariableName| {
            let mut parts = composed.iter().flat_map(|one| one.template.variables());
            parts.any(|part| part == name.as_str())
        };
        let mut parts = environment.dropped.clone();
        parts.retain(|name, _| is_part(name));
        Self {
            rows,
            parts,
            notices: environment.notices().cloned().collect(),
            unused: options.unused.then(|| find_unused(config, fetched)),
            hints: hints(config, fetched),
            contract: config.contract.clone(),
            ..Self::default()
        }
    }

    /// A report without anything but problems.
    pub fn of_problems(problems: &[Diagnostic]) -> Self {
        Self { problems: problems.to_vec(), ..Self::default() }
    }

    /// The report as a JSON object.
    pub fn to_json(&self) -> String {
        json::render(self)
    }

    /// The variables that are older than their maximum age.
    pub fn stale(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.stale)
    }

    /// The report as text.
    pub fn render(&self, format: ReportFormat, config: &Config, terminal: Terminal) -> String {
        match format {
            ReportFormat::Table => table::render(self, terminal),
            ReportFormat::Json => self.to_json(),
            ReportFormat::Markdown => markdown::render(self),
            ReportFormat::Toml => toml::render(self, config),
        }
    }
}

/// The reports of all stages in turn, each under its name. A TOML file is about one stage, so tables take its
/// place.
pub fn render_stages(
    stages: &[(String, Report)],
    format: ReportFormat,
    terminal: Terminal,
) -> String {
    let texts = stages.iter().map(|(name, report)| match format {
        ReportFormat::Markdown => {
            let name = escape::markdown_text(name);
            format!("## {name}\n\n{}", markdown::render(report))
        }
        _ => {
            let heading = format!("Stage {}", escape::line(name));
            let heading = table::paint(terminal, "1", &heading);
            format!("{heading}\n\n{}", table::render(report, terminal))
        }
    });
    match format {
        ReportFormat::Json => json::render_stages(stages),
        _ => texts.collect::<Vec<_>>().join("\n"),
    }
}

/// The day, as `2026-01-31`.
fn day(time: SystemTime) -> String {
    let mut text = humantime::format_rfc3339_seconds(time).to_string();
    text.truncate(10);
    text
}

fn days(age: Duration) -> u64 {
    age.as_secs() / 86_400
}

/// Below the prefixes, and neither a key, nor `require`, nor `only` names them.
fn find_unused(config: &Config, fetched: Option<&Fetched>) -> Vec<String> {
    let named = |path: &str| {
        let mut parameters = config.sources.parameters();
        parameters.any(|parameter| parameter.subject.as_str() == path)
    };
    let mut unused = Vec::new();
    for source in &config.sources.prefixes {
        let below = fetched.into_iter();
        let below = below.flat_map(|fetched| fetched.below(&source.prefix));
        for (relative, parameter) in below {
            let wanted = source.naming.name(relative).is_ok_and(|name| {
                config.rules.require.contains(&name)
                    || (!source.naming.only.is_empty() && source.naming.admits(&name))
            });
            if !wanted && !named(&parameter.name) {
                unused.push(parameter.name.clone());
            }
        }
    }
    unused
}

fn hints(config: &Config, fetched: Option<&Fetched>) -> Vec<String> {
    let mut hints = Vec::new();
    for source in &config.sources.prefixes {
        let count = fetched.map_or(0, |fetched| fetched.below(&source.prefix).count());
        if count > MANY {
            hints.push(format!(
                "{count} parameters are below {}: explicit keys are fetched in parallel batches instead of page by page, their quota can be raised, and a new parameter is not added unnoticed; `ssm-exec check --format toml` prints them",
                source.prefix
            ));
        }
    }
    let from_file = |origin: &Origin| matches!(origin, Origin::File { .. });
    let endpoint = config.aws.endpoint.as_ref();
    if endpoint.is_some_and(|endpoint| from_file(&endpoint.origin)) {
        hints.push(
            "the endpoint comes from the configuration file: is it also right on other machines?"
                .to_owned(),
        );
    }
    hints
}

#[cfg(test)]
mod tests;
