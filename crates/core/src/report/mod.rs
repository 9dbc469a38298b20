//! What `check` tells: rows, problems, ages, what nobody asks for. Pure; holds names and dates, never
//! a value, nor its length.

mod json;
mod keys;
mod markdown;
mod table;

use crate::config::{Config, ReportFormat};
use crate::environment::{Environment, Source};
use crate::fetched::{Fetched, ParameterType};
use crate::origin::Origin;
use crate::parameter::Version;
use std::time::{Duration, SystemTime};

/// More below one prefix, and explicit keys are read with fewer requests.
const MANY: usize = 10;

/// What the terminal can show.
#[derive(Debug, Clone, Copy, Default)]
pub struct Terminal {
    /// Columns; no limit in a pipe.
    pub width: Option<usize>,
    /// Whether colour is wanted.
    pub colour: bool,
}

/// One variable.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its name.
    pub variable: String,
    /// The parameter as it was asked for.
    pub parameter: String,
    /// What the service has; nothing for a default and for what is composed.
    pub version: Option<Version>,
    /// Whether a version or label was asked for, rather than the latest.
    pub pinned: bool,
    /// Its type.
    pub kind: Option<ParameterType>,
    /// When it was last changed.
    pub modified: Option<SystemTime>,
    /// How long ago that is.
    pub age: Option<Duration>,
    /// What brought it.
    pub source: &'static str,
    /// Whether it replaces an inherited value.
    pub overrides: bool,
    /// Whether it is older than it may be.
    pub stale: bool,
}

/// All that is told.
#[derive(Debug, Default)]
pub struct Report {
    /// By name.
    pub rows: Vec<Row>,
    /// What keeps the command from starting.
    pub problems: Vec<String>,
    /// Below a prefix, and nothing names them.
    pub unused: Option<Vec<String>>,
    /// What could be better.
    pub hints: Vec<String>,
}

impl Report {
    /// Makes the report. `unused` says whether those are wanted.
    #[must_use]
    pub fn new(
        config: &Config,
        environment: &Environment<'_>,
        fetched: Option<&Fetched>,
        max_age: Option<Duration>,
        unused: bool,
        now: SystemTime,
    ) -> Self {
        let rows = environment
            .set
            .iter()
            .map(|(name, setting)| {
                let modified = setting
                    .parameter
                    .as_ref()
                    .and_then(|parameter| parameter.modified);
                let age = modified.map(|modified| now.duration_since(modified).unwrap_or_default());
                let limit = setting.max_age.or(max_age);
                Row {
                    variable: name.to_string(),
                    parameter: setting.param.clone(),
                    version: setting
                        .parameter
                        .as_ref()
                        .and_then(|parameter| parameter.version),
                    pinned: is_pinned(&setting.param),
                    kind: setting
                        .parameter
                        .as_ref()
                        .and_then(|parameter| parameter.kind),
                    modified,
                    age,
                    source: word(setting.source),
                    overrides: setting.overrides,
                    stale: age.zip(limit).is_some_and(|(age, limit)| age > limit),
                }
            })
            .collect();
        Self {
            rows,
            problems: environment
                .problems
                .iter()
                .map(ToString::to_string)
                .collect(),
            unused: unused.then(|| find_unused(config, fetched)),
            hints: hints(config, fetched),
        }
    }

    /// The variables that are older than they may be.
    pub fn stale(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.stale)
    }

    /// The report as text.
    #[must_use]
    pub fn render(&self, format: ReportFormat, config: &Config, terminal: Terminal) -> String {
        match format {
            ReportFormat::Table => table::render(self, terminal),
            ReportFormat::Json => json::render(self),
            ReportFormat::Markdown => markdown::render(self),
            ReportFormat::Toml => keys::render(self, config),
        }
    }
}

/// A selector stands after the name; an ARN has colons of its own.
fn is_pinned(param: &str) -> bool {
    let bare = param.split('#').next().unwrap_or_default();
    bare.matches(':').count() > if bare.starts_with("arn:") { 5 } else { 0 }
}

fn word(source: Source) -> &'static str {
    match source {
        Source::Prefix => "prefix",
        Source::Object => "json",
        Source::Key => "key",
        Source::File => "file",
        Source::Reference => "reference",
        Source::Composed => "composed",
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
        for (relative, parameter) in fetched
            .into_iter()
            .flat_map(|fetched| fetched.below(&source.prefix))
        {
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
                "{count} parameters are below {}: as explicit keys they take batches side by side instead of page after page, under a quota that can be raised, and no new parameter slips in unseen; `ssm-exec check --format toml` prints them",
                source.prefix
            ));
        }
    }
    let from_file = |origin: &Origin| matches!(origin, Origin::File { .. });
    if config
        .aws
        .endpoint
        .as_ref()
        .is_some_and(|endpoint| from_file(&endpoint.origin))
    {
        hints.push(
            "the endpoint comes from the configuration file: is that meant beyond this machine?"
                .to_owned(),
        );
    }
    hints
}
