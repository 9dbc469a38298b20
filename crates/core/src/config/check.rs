//! The options of `check`.

use super::duration;
use super::given::{count, on, parse_one};
use super::layer::{One, place};
use super::settings::{Layer, ReportFormat};
use crate::diagnostic::Diagnostic;
use crate::fingerprint::Fingerprint;
use crate::origin::{Given, Origin};
use std::time::Duration;

/// Options of `check`.
#[derive(Debug, Clone)]
pub struct CheckOptions {
    pub format: ReportFormat,
    /// The maximum age of every parameter.
    pub max_age: Option<Duration>,
    /// Whether unused parameters are listed.
    pub unused: bool,
    /// Whether STS is asked for the caller.
    pub identity: bool,
    /// How many processes start at once, if their time is reported.
    pub processes: Option<usize>,
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

/// Refuses the options of `check` that have no effect on the report of all stages.
///
/// # Errors
/// When one of them was given.
pub fn refuse_beside_all_stages(options: &Layer) -> Result<(), Diagnostic> {
    let is_toml = |given: &&Given<String>| given.value == ReportFormat::Toml.word();
    refuse(
        [
            switched_on(&options.unused),
            switched_on(&options.identity),
            switched_on(&options.fingerprint),
            place(&options.unchanged_since),
            options.format.as_ref().filter(is_toml).map(|given| &given.origin),
        ],
        "has no effect with `--all-stages`, which shows which variable is set in which stage",
        "Check one stage with `--stage NAME`",
    )
}

/// The first option that was given.
fn refuse<const N: usize>(
    origins: [Option<&Origin>; N],
    message: &str,
    correction: &str,
) -> Result<(), Diagnostic> {
    match origins.into_iter().flatten().next() {
        Some(origin) => Err(Diagnostic::invalid(message, correction).at(origin.clone())),
        None => Ok(()),
    }
}

fn switched_on(given: &One<bool>) -> Option<&Origin> {
    given.as_ref().filter(|given| given.value).map(|given| &given.origin)
}

impl CheckOptions {
    pub(super) fn resolve(layer: &Layer) -> Result<Self, Diagnostic> {
        let fingerprint = match (&layer.fingerprint, &layer.unchanged_since) {
            (None, None) => None,
            (print, since) => {
                refuse(
                    [
                        place(&layer.format),
                        place(&layer.max_age),
                        switched_on(&layer.unused),
                        switched_on(&layer.identity),
                        place(&layer.processes),
                    ],
                    "has no effect with `--fingerprint` and `--unchanged-since`, which print no report",
                    "Leave it out, or run `ssm-exec check` once more for the report",
                )?;
                Some(FingerprintOptions {
                    print: on(print.clone()),
                    since: parse_one(since.clone(), Fingerprint::parse)?,
                })
            }
        };
        let format = parse_one(layer.format.clone(), ReportFormat::parse)?;
        Ok(Self {
            format: format.unwrap_or(ReportFormat::Table),
            max_age: parse_one(layer.max_age.clone(), duration::parse_age)?,
            unused: on(layer.unused.clone()),
            identity: on(layer.identity.clone()),
            processes: parse_one(layer.processes.clone(), count)?,
            fingerprint,
        })
    }
}
