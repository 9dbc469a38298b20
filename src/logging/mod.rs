//! Messages on stderr: our own events and no others, as text or as one JSON object a line.
//!
//! The allow-list is this subscriber itself: it takes events of our own target alone, so no version of
//! the SDK, of HTTP or of TLS can write into our log, whatever RUST_LOG says.

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
use tracing::field::{Field, Visit};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber, span};

/// When the start must be over, once that is known.
static DEADLINE: OnceLock<Instant> = OnceLock::new();
/// For how many milliseconds messages have waited since the last that did not have to.
static WAITED: AtomicU64 = AtomicU64::new(0);
/// Whether messages are JSON, for those that are written in a signal's handler or by a panic.
static JSON: AtomicBool = AtomicBool::new(false);

/// Whether stderr is the journal, for the same.
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
    level: Level,
    format: LogFormat,
    colour: bool,
}

impl Logger {
    /// Warnings and errors as text, in colour where stderr is a terminal. `NO_COLOR` (no-color.org)
    /// counts when it is not empty.
    #[must_use]
    pub fn for_stderr(inherited: &Inherited<'_>) -> Self {
        let journal = inherited.text("JOURNAL_STREAM");
        JOURNAL.store(journal.is_some_and(stderr::is), Ordering::Relaxed);
        Self {
            level: Level::WARN,
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
        self.level = match logging.level {
            LogLevel::Error => Level::ERROR,
            LogLevel::Warn => Level::WARN,
            LogLevel::Info => Level::INFO,
            LogLevel::Debug => Level::DEBUG,
            LogLevel::Trace => Level::TRACE,
        };
    }

    /// Makes these the rules for the whole process.
    pub fn install(self) {
        JSON.store(self.format == LogFormat::Json, Ordering::Relaxed);
        // A second subscriber would be a bug of ours with no harm in it.
        let _ = tracing::subscriber::set_global_default(Stderr(self));
    }

    /// Reports why the command was not started.
    /// `fields` are the other members of a JSON message.
    pub fn failure(self, lines: &[String], status: Status, fields: Value) {
        self.write("error", lines, Some((status, fields)));
    }

    /// The level before a text. What is normal has none.
    fn label(self, level: &str) -> &'static str {
        match (level, self.colour) {
            ("error", false) => "error: ",
            ("error", true) => "\x1b[1;31merror:\x1b[0m ",
            ("warn", false) => "warning: ",
            ("warn", true) => "\x1b[1;33mwarning:\x1b[0m ",
            ("debug", _) => "debug: ",
            ("trace", _) => "trace: ",
            _ => "",
        }
    }

    /// The name comes first, since a container's log mixes programs. Further lines are indented.
    fn text(self, level: &str, lines: &[String]) -> String {
        let lines: Vec<_> = lines.iter().map(|line| escape::line(line)).collect();
        format!("ssm-exec: {}{}", self.label(level), lines.join("\n  "))
    }

    fn write(self, level: &str, lines: &[String], failure: Option<(Status, Value)>) {
        let is_failure = failure.is_some();
        let mut line = match self.format {
            LogFormat::Text => self.text(level, lines),
            LogFormat::Json => json(level, lines, failure),
        };
        if JOURNAL.load(Ordering::Relaxed) {
            line = with_priority(level, &line);
        }
        line.push('\n');
        // A full or closed stderr changes nothing about the launch.
        let began = Instant::now();
        let until = if is_failure {
            until_deadline()
        } else {
            began + patience()
        };
        progress::clear(until);
        if stderr::write_until(line.as_bytes(), until) {
            let waited = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            let before = WAITED.load(Ordering::Relaxed);
            WAITED.store(
                if waited == 0 {
                    0
                } else {
                    before.saturating_add(waited)
                },
                Ordering::Relaxed,
            );
        } else {
            WAITED.store(u64::MAX, Ordering::Relaxed);
        }
    }
}

/// Tells the journal how grave a message is, in each of its lines (sd-daemon(3)). What is normal needs no prefix.
fn with_priority(level: &str, text: &str) -> String {
    let prefix = match level {
        "error" => "<3>",
        "warn" => "<4>",
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
    DEADLINE
        .get()
        .map_or(left, |it| left.min(until_deadline(it) / 10))
}

/// Bounds the time that messages wait for their reader.
pub(crate) fn set_deadline(deadline: Instant) {
    // Called once.
    let _ = DEADLINE.set(deadline);
}

/// A failure is what the reader needs most, so it waits as long as the start may take.
fn until_deadline() -> Instant {
    let soonest = Instant::now() + WAIT;
    DEADLINE
        .get()
        .map_or(soonest, |&deadline| soonest.max(deadline))
}

/// Writes one message and ends the process. Safe in a signal's handler, and without memory.
pub(crate) fn final_message(message: fmt::Arguments<'_>, kind: &str, status: u8) -> ! {
    let mut line = [0_u8; 512];
    let mut rest = &mut line[..];
    // What doesn't fit is cut off.
    let priority = if JOURNAL.load(Ordering::Relaxed) {
        "<3>"
    } else {
        ""
    };
    let _ = rest.write_all(priority.as_bytes());
    let _ = match JSON.load(Ordering::Relaxed) {
        true => write!(
            rest,
            r#"{{"kind":"{kind}","level":"error","message":"{message}","program":"ssm-exec","status":{status}}}"#
        ),
        false => write!(rest, "ssm-exec: error: {message}"),
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

struct Stderr(Logger);

fn is_ours(metadata: &Metadata<'_>) -> bool {
    metadata.is_event()
        && (metadata.target() == "ssm_exec" || metadata.target().starts_with("ssm_exec::"))
}

impl Subscriber for Stderr {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.enabled(metadata) {
            Interest::always()
        } else {
            Interest::never()
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        is_ours(metadata) && *metadata.level() <= self.0.level
    }

    fn event(&self, event: &Event<'_>) {
        let mut lines = Lines(vec![String::new()]);
        event.record(&mut lines);
        let level = event.metadata().level().as_str().to_ascii_lowercase();
        self.0.write(&level, &lines.0, None);
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

/// The lines of a message, for the field `lines` of an event.
pub(crate) fn lines(lines: &[String]) -> String {
    let lines: Vec<_> = lines.iter().map(|line| escape::line(line)).collect();
    lines.join("\n")
}

/// The text of an event, and its lines. We record no other fields.
struct Lines(Vec<String>);

impl Visit for Lines {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            "message" => {
                self.0[0] = format!("{value:?}");
            }
            // Escaped, so that no line breaks but ours are in them.
            "lines" => {
                let lines = format!("{value:?}");
                self.0.extend(lines.lines().map(str::to_owned));
            }
            _ => {}
        }
    }
}
