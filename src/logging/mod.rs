//! Messages on stderr: our own events and no others, as text or as one JSON object a line.
//!
//! Those of the SDK, of HTTP and of TLS are not even compiled (`max_level_off` in Cargo.toml).

pub mod progress;
pub(crate) mod stderr;

use crate::exec::process;
use serde_json::Value;
use ssm_exec_core::config::{LogFormat, LogLevel, Logging};
use ssm_exec_core::escape;
use ssm_exec_core::inherited::Inherited;
use ssm_exec_core::status::Status;
use std::fmt;
use std::io::{IsTerminal, Write as _};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Whose rules hold for the whole process.
static LOGGER: OnceLock<Logger> = OnceLock::new();
/// When the start must be over, once that is known.
static DEADLINE: OnceLock<Instant> = OnceLock::new();
/// For how many milliseconds messages have waited since the last that did not have to.
static WAITED: AtomicU64 = AtomicU64::new(0);
/// Whether stderr is the journal, for messages that are written in a signal's handler or by a panic.
static JOURNAL: AtomicBool = AtomicBool::new(false);

/// How long a failure waits for a reader, if not until the deadline.
const WAIT: Duration = Duration::from_secs(1);
/// How long all other messages wait together: what they take is missing to the start.
const PATIENCE: Duration = Duration::from_millis(100);
/// How long a final message waits: the process was asked to end.
const FINAL_WAIT: Duration = Duration::from_millis(100);

/// Writes messages of a level and above, in a format.
#[derive(Debug, Clone, Copy)]
pub struct Logger {
    level: LogLevel,
    format: LogFormat,
    colour: bool,
}

impl Logger {
    /// Warnings and errors as text, in colour where stderr is a terminal. `NO_COLOR` (no-color.org)
    /// counts when it is not empty.
    pub fn for_stderr(inherited: &Inherited<'_>) -> Self {
        let journal = inherited.text("JOURNAL_STREAM");
        JOURNAL.store(journal.is_some_and(stderr::is), Ordering::Relaxed);
        Self {
            level: LogLevel::Warn,
            format: LogFormat::Text,
            colour: std::io::stderr().is_terminal() && inherited.text("NO_COLOR").is_none(),
        }
    }

    /// Sets the format alone, before it is known whether the configuration is valid.
    pub(crate) fn set_format(&mut self, format: LogFormat) {
        self.format = format;
    }

    /// Takes over what is configured.
    pub fn configure(&mut self, logging: Logging) {
        self.format = logging.format;
        self.level = logging.level;
    }

    /// Makes these the rules for the whole process.
    pub fn install(self) {
        // A second one would be a bug of ours with no harm in it.
        let _ = LOGGER.set(self);
    }

    /// Reports why the command was not started.
    /// `fields` are the other members of a JSON message.
    pub fn failure(self, lines: &[String], status: Status, fields: Value) {
        self.write(LogLevel::Error, lines, Some((status, fields)));
    }

    /// The level before a text. What is normal has none.
    fn label(self, level: LogLevel) -> &'static str {
        match (level, self.colour) {
            (LogLevel::Error, false) => "error: ",
            (LogLevel::Error, true) => "\x1b[1;31merror:\x1b[0m ",
            (LogLevel::Warn, false) => "warning: ",
            (LogLevel::Warn, true) => "\x1b[1;33mwarning:\x1b[0m ",
            (LogLevel::Info, _) => "",
            (LogLevel::Debug, _) => "debug: ",
            (LogLevel::Trace, _) => "trace: ",
        }
    }

    /// The name comes first, since a container's log mixes programs. Further lines are indented.
    fn text(self, level: LogLevel, lines: &[String]) -> String {
        let lines: Vec<_> = lines.iter().map(|line| escape::line(line)).collect();
        format!("ssm-exec: {}{}", self.label(level), lines.join("\n  "))
    }

    fn write(self, level: LogLevel, lines: &[String], failure: Option<(Status, Value)>) {
        let is_failure = failure.is_some();
        let mut line = match self.format {
            LogFormat::Text => self.text(level, lines),
            LogFormat::Json => json(level.word(), lines, failure),
        };
        if JOURNAL.load(Ordering::Relaxed) {
            line = with_priority(level, &line);
        }
        line.push('\n');
        // A full or closed stderr changes nothing about the launch.
        let began = Instant::now();
        let until = if is_failure { until_deadline() } else { began + patience() };
        progress::clear(until);
        let is_written = stderr::write_until(line.as_bytes(), until);
        let waited = match u64::try_from(began.elapsed().as_millis()) {
            Ok(waited) if is_written => waited,
            _ => u64::MAX,
        };
        let before = match waited {
            0 => 0,
            _ => WAITED.load(Ordering::Relaxed),
        };
        WAITED.store(before.saturating_add(waited), Ordering::Relaxed);
    }
}

/// Tells the journal how grave a message is, in each of its lines (sd-daemon(3)). What is normal needs no prefix.
fn with_priority(level: LogLevel, text: &str) -> String {
    let prefix = match level {
        LogLevel::Error => "<3>",
        LogLevel::Warn => "<4>",
        _ => return text.to_owned(),
    };
    let lines: Vec<String> = text.lines().map(|line| format!("{prefix}{line}")).collect();
    lines.join("\n")
}

/// How long a message may wait now: what is left of the time for all, and at most a tenth of the time for the start.
fn patience() -> Duration {
    let waited = Duration::from_millis(WAITED.load(Ordering::Relaxed));
    let left = PATIENCE.saturating_sub(waited);
    let until_deadline = |it: &Instant| it.saturating_duration_since(Instant::now());
    DEADLINE.get().map_or(left, |it| left.min(until_deadline(it) / 10))
}

/// Bounds the time that messages wait for their reader.
pub(crate) fn set_deadline(deadline: Instant) {
    // Called once.
    let _ = DEADLINE.set(deadline);
}

/// A failure is what the reader needs most, so it waits as long as the start may take.
fn until_deadline() -> Instant {
    let soonest = Instant::now() + WAIT;
    DEADLINE.get().map_or(soonest, |&deadline| soonest.max(deadline))
}

/// Writes one message and ends the process. Safe in a signal's handler, and without memory.
pub(crate) fn final_message(message: fmt::Arguments<'_>, kind: &str, status: u8) -> ! {
    let mut line = [0_u8; 512];
    let mut rest = &mut line[..];
    // What doesn't fit is cut off.
    let priority = if JOURNAL.load(Ordering::Relaxed) { "<3>" } else { "" };
    let _ = rest.write_all(priority.as_bytes());
    let _ = match LOGGER.get().map(|logger| logger.format) {
        Some(LogFormat::Json) => write!(
            rest,
            r#"{{"kind":"{kind}","level":"error","message":"{message}","program":"ssm-exec","status":{status}}}"#
        ),
        _ => write!(rest, "ssm-exec: error: {message}"),
    };
    let _ = rest.write_all(b"\n");
    let unused = rest.len();
    let written = line.len() - unused;
    let until = Instant::now() + FINAL_WAIT;
    progress::clear(until);
    stderr::write_until(line.get(..written).unwrap_or_default(), until);
    process::end(status)
}

/// One object a line (docs/troubleshooting.md).
fn json(level: &str, lines: &[String], failure: Option<(Status, Value)>) -> String {
    let mut object =
        serde_json::json!({ "level": level, "message": lines.join("\n  "), "program": "ssm-exec" });
    if let Some((status, fields)) = failure {
        object["status"] = status.code().into();
        object["kind"] = status.word().into();
        if let (Some(object), Value::Object(fields)) = (object.as_object_mut(), fields) {
            object.extend(fields);
        }
    }
    escape::json(&object.to_string()).into_owned()
}

/// An event, and the further lines of its message.
pub(crate) fn event(level: LogLevel, message: fmt::Arguments<'_>, lines: &[String]) {
    if let Some(logger) = LOGGER.get().filter(|logger| level <= logger.level) {
        let message = [message.to_string()].into_iter();
        // Escaped, so that no line breaks but ours are in them.
        let lines = lines.iter().map(|line| escape::line(line).into_owned());
        logger.write(level, &message.chain(lines).collect::<Vec<_>>(), None);
    }
}

/// The macros `NAME!("TEXT")` and `NAME!(LINES; "TEXT")` of a level.
macro_rules! events {
    ($dollar:tt $($name:ident as $export:ident = $level:ident,)+) => {$(
        macro_rules! $name {
            ($dollar lines:expr; $dollar($dollar text:tt)+) => {
                $crate::logging::event(ssm_exec_core::config::LogLevel::$level, format_args!($dollar($dollar text)+), $dollar lines)
            };
            ($dollar($dollar text:tt)+) => { $crate::logging::$export!(&[]; $dollar($dollar text)+) };
        }
        pub(crate) use $name as $export;
    )+};
}

// `warn` alone would be an attribute of the compiler.
events!($ debug_event as debug = Debug, info_event as info = Info, warn_event as warn = Warn, error_event as error = Error,);
