//! The options of `check`.

use super::given::{on, parse_one, parsed_or};
use super::layer::One;
use super::settings::{Layer, ReportFormat};
use super::{ConfigError, duration};
use crate::fingerprint::Fingerprint;
use crate::origin::Origin;
use std::time::Duration;

/// Options of `check`.
#[derive(Debug, Clone)]
pub struct CheckOptions {
    /// How it reports.
    pub format: ReportFormat,
    /// The maximum age of every parameter.
    pub max_age: Option<Duration>,
    /// Whether unused parameters are listed.
    pub unused: bool,
    /// Whether STS is asked for the caller.
    pub identity: bool,
    /// The fingerprint that is printed or compared instead of a report, if one is.
    pub fingerprint: Option<FingerprintOptions>,
}

/// What `check` does with the fingerprint.
#[derive(Debug, Clone)]
pub struct FingerprintOptions {
    /// Whether it is printed.
    pub print: bool,
    /// The one that it is compared with.
    pub since: Option<Fingerprint>,
}

/// The settings as they were given.
pub(super) struct Settings {
    pub(super) format: One<String>,
    pub(super) max_age: One<String>,
    pub(super) unused: One<bool>,
    pub(super) identity: One<bool>,
    pub(super) fingerprint: One<bool>,
    pub(super) unchanged_since: One<String>,
}

/// Refuses the options of `check` that have no effect on the report of all stages.
///
/// # Errors
/// When one of them was given.
pub fn refuse_beside_all_stages(options: &Layer) -> Result<(), ConfigError> {
    let switches = [&options.unused, &options.identity, &options.fingerprint];
    let switches = switches.into_iter().flatten();
    let switches = switches
        .filter(|given| given.value)
        .map(|given| &given.origin);
    let since = options.unchanged_since.iter().map(|given| &given.origin);
    let format = options
        .format
        .iter()
        .filter(|given| given.value == ReportFormat::Toml.word());
    let mut origins = switches
        .chain(since)
        .chain(format.map(|given| &given.origin));
    match origins.next() {
        Some(origin) => Err(ConfigError::invalid(
            origin.clone(),
            "has no effect with `--all-stages`, which shows which variable is set in which stage; check one stage with `--stage NAME`",
        )),
        None => Ok(()),
    }
}

impl Settings {
    /// Where an option was given that only affects a report.
    fn report_only(&self) -> Option<&Origin> {
        let words = [&self.format, &self.max_age].into_iter().flatten();
        let switches = [&self.unused, &self.identity];
        let switches = switches.into_iter().flatten();
        let mut origins = words
            .map(|given| &given.origin)
            .chain(switches.map(|given| &given.origin));
        origins.next()
    }

    pub(super) fn resolve(self) -> Result<CheckOptions, ConfigError> {
        let is_wanted = self.fingerprint.is_some() || self.unchanged_since.is_some();
        if is_wanted && let Some(origin) = self.report_only() {
            return Err(ConfigError::invalid(
                origin.clone(),
                "has no effect with `--fingerprint` and `--unchanged-since`, which print no report",
            ));
        }
        let since = self
            .unchanged_since
            .map(|given| parse_one(&given.value, &given.origin, Fingerprint::parse))
            .transpose()?;
        Ok(CheckOptions {
            format: parsed_or(self.format, ReportFormat::parse, ReportFormat::Table)?,
            max_age: self
                .max_age
                .map(|given| parse_one(&given.value, &given.origin, duration::parse_age))
                .transpose()?,
            unused: on(self.unused),
            identity: on(self.identity),
            fingerprint: is_wanted.then(|| FingerprintOptions {
                print: on(self.fingerprint),
                since,
            }),
        })
    }
}
