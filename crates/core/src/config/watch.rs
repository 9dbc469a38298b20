//! Settings of the watcher, which sends a signal to the running command when its parameters have changed.

use super::duration;
use super::given::{parse_one, parse_text};
use super::layer::place;
use super::settings::Layer;
use super::sources::refuse_name;
use super::texts::parse_switch;
use crate::diagnostic::Diagnostic;
use crate::origin::{Given, Origin};
use crate::parameter::{ParameterRef, Selector};
use crate::words::unknown_word;
use std::fmt;
use std::time::Duration;

/// The shortest interval.
const SHORTEST: Duration = Duration::from_secs(1);
/// Below this, the number of requests is worth a warning.
const FREQUENT: Duration = Duration::from_secs(30);
/// A longer interval means the same, and would overflow what the clock can represent.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);
/// How long parameters must stay the same, where nothing else is configured.
const SETTLE: Duration = Duration::from_secs(30);

/// How the running command follows changed parameters.
#[derive(Debug, Clone)]
pub struct Watch {
    /// The interval of the polls.
    pub every: Duration,
    /// What the command receives.
    pub on_change: ChangeSignal,
    /// What it receives where only in-memory files have changed: then they are written while it runs.
    pub on_file_change: Option<ChangeSignal>,
    /// How long parameters must stay the same before the signal.
    pub settle: Duration,
    /// The only parameter that is polled, instead of all of them.
    pub trigger: Option<ParameterRef>,
    /// Where the interval was given.
    pub origin: Origin,
}

impl Watch {
    /// Whether the interval is so short that its cost is worth a warning.
    pub fn is_frequent(&self) -> bool {
        self.every < FREQUENT
    }

    /// The error for a configuration whose parameters can't change.
    pub fn nothing_to_follow(&self) -> Diagnostic {
        Diagnostic::invalid(
            "there is nothing to watch: every parameter is pinned to a version, so none can change",
            "Leave the version out, or use a label",
        )
        .at(self.origin.clone())
    }
}

/// A signal that asks a program to end or to reload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangeSignal(&'static str);

/// Names and numbers on Linux (signal(7)) of the signals that programs handle as requests.
const REQUESTS: &[(&str, u8)] = &[
    ("HUP", 1),
    ("INT", 2),
    ("QUIT", 3),
    ("ABRT", 6),
    ("USR1", 10),
    ("USR2", 12),
    ("ALRM", 14),
    ("TERM", 15),
    ("CONT", 18),
    ("URG", 23),
    ("WINCH", 28),
    ("IO", 29),
    ("PWR", 30),
];
const KILL: (&str, u8) = ("KILL", 9);
const STOPPING: &[(&str, u8)] = &[("STOP", 19), ("TSTP", 20), ("TTIN", 21), ("TTOU", 22)];

impl ChangeSignal {
    /// What is sent if nothing else is configured.
    pub const TERM: Self = Self("TERM");

    /// Reads a name, with or without `SIG`, or a number.
    ///
    /// # Errors
    /// For another text, and for a signal that neither ends nor reloads a program.
    pub fn parse(text: &str) -> Result<Self, Diagnostic> {
        let upper = text.to_ascii_uppercase();
        let name = upper.strip_prefix("SIG").unwrap_or(&upper);
        let is_meant = |&(known, number): &(&str, u8)| name == known || name == number.to_string();
        if is_meant(&KILL) {
            let message = format!("`{text}` ends a program before it can finish its work");
            return Err(Diagnostic::invalid(message, "Use `TERM`"));
        }
        if STOPPING.iter().any(&is_meant) {
            let message = format!("`{text}` suspends a program, which neither ends nor reloads it");
            let correction = "Use `TERM`, or `HUP` to reload";
            return Err(Diagnostic::invalid(message, correction));
        }
        let known = REQUESTS.iter().find(|&signal| is_meant(signal));
        known
            .map(|&(name, _)| Self(name))
            .ok_or_else(|| unknown_word(name, &Self::names().collect::<Vec<_>>()))
    }

    /// The names of all, without `SIG`.
    pub fn names() -> impl Iterator<Item = &'static str> {
        REQUESTS.iter().map(|&(name, _)| name)
    }

    /// The name without `SIG`.
    pub fn name(self) -> &'static str {
        self.0
    }

    /// Whether it asks a program to end, whatever handles it.
    pub fn ends(self) -> bool {
        ["TERM", "INT", "QUIT", "ABRT"].contains(&self.0)
    }
}

/// The name, with `SIG`.
impl fmt::Display for ChangeSignal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SIG{}", self.0)
    }
}

/// Whether it is a word for off, which overrides the interval of a weaker level.
pub(super) fn is_off(text: &str) -> bool {
    parse_switch(text) == Ok(false)
}

/// Parses the settings of the watcher, if it is asked for.
pub(super) fn resolve(given: &Layer, is_lambda: bool) -> Result<Option<Watch>, Diagnostic> {
    let on_change = parse_one(given.on_change.clone(), ChangeSignal::parse)?;
    let on_file_change = parse_one(given.on_file_change.clone(), ChangeSignal::parse)?;
    let settle = given.settle.as_ref().map(parse_duration).transpose()?;
    let trigger = given.trigger.as_ref().map(parse_trigger).transpose()?;
    let Some(Given { value: text, origin }) = &given.watch else {
        let unused = [&given.on_change, &given.on_file_change, &given.settle, &given.trigger];
        return match unused.into_iter().find_map(place) {
            Some(unused) => {
                let every = match unused {
                    Origin::File { .. } => "every = \"5m\"",
                    _ => "--watch 5m",
                };
                let message = "has no effect, since nothing is watched";
                let correction = format!("Add `{every}`, or remove it");
                Err(Diagnostic::invalid(message, correction).at(unused.clone()))
            }
            None => Ok(None),
        };
    };
    if is_off(text) {
        return Ok(None);
    }
    let interval = parse_text(text, origin, duration::parse)?.min(LONGEST);
    if interval < SHORTEST {
        let message = format!("`{text}` is too short: requests cost quota");
        let help = "The shortest interval is `1s`, and `off` switches it off";
        return Err(Diagnostic::invalid(message, help).at(origin.clone()));
    }
    if is_lambda {
        let message = "does not work on Lambda, which freezes a sandbox between invocations";
        let help = "Compare `ssm-exec check --fingerprint` in a pipeline instead";
        return Err(Diagnostic::invalid(message, help).at(origin.clone()));
    }
    Ok(Some(Watch {
        every: interval,
        on_change: on_change.unwrap_or(ChangeSignal::TERM),
        on_file_change,
        settle: settle.unwrap_or(SETTLE),
        trigger,
        origin: origin.clone(),
    }))
}

fn parse_duration(given: &Given<String>) -> Result<Duration, Diagnostic> {
    parse_text(&given.value, &given.origin, duration::parse).map(|time| time.min(LONGEST))
}

fn parse_trigger(given: &Given<String>) -> Result<ParameterRef, Diagnostic> {
    refuse_name(&given.value, &given.origin)?;
    let parameter = parse_text(&given.value, &given.origin, ParameterRef::parse)?;
    match parameter.selector {
        Some(Selector::Version(version)) => {
            let message =
                format!("`{}` never changes: it is pinned to version {version}", given.value);
            let correction = "Leave the version out";
            Err(Diagnostic::invalid(message, correction).at(given.origin.clone()))
        }
        _ => Ok(parameter),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_have_names_and_numbers() {
        for (text, name) in
            [("TERM", "SIGTERM"), ("sighup", "SIGHUP"), ("usr1", "SIGUSR1"), ("15", "SIGTERM")]
        {
            assert_eq!(
                ChangeSignal::parse(text).map(|signal| signal.to_string()),
                Ok(name.to_owned())
            );
        }
    }

    #[test]
    fn a_signal_that_neither_ends_nor_reloads_is_refused() {
        for (text, reason) in [
            ("KILL", "before it can finish"),
            ("9", "before it can finish"),
            ("SIGSTOP", "suspends"),
            ("tstp", "suspends"),
            ("SEGV", "is not `HUP`"),
            ("TERN", "Correct it: did you mean `TERM`?"),
            ("", "is not `HUP`"),
            ("0", "is not `HUP`"),
        ] {
            let error = ChangeSignal::parse(text).expect_err(text).to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
