//! Messages on stderr: our own events and no others, as text or as one JSON object a line.
//!
//! The allow-list is this subscriber itself: it takes events of our own target alone, so no version of
//! the SDK, of HTTP or of TLS can write into our log, whatever RUST_LOG says.

pub mod progress;

use ssm_exec_core::config::{LogFormat, LogLevel, Logging};
use ssm_exec_core::status::Status;
use std::fmt::{self, Write as _};
use std::io::Write as _;
use std::sync::atomic::Ordering;
use tracing::field::{Field, Visit};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber, span};

/// Writes messages of a level and above, in a format.
#[derive(Debug, Clone, Copy)]
pub struct Logger {
    level: Level,
    format: LogFormat,
}

impl Default for Logger {
    fn default() -> Self {
        Self {
            level: Level::WARN,
            format: LogFormat::Text,
        }
    }
}

impl Logger {
    /// As it is configured.
    #[must_use]
    pub fn new(logging: Logging) -> Self {
        let level = match logging.level {
            LogLevel::Error => Level::ERROR,
            LogLevel::Warn => Level::WARN,
            LogLevel::Info => Level::INFO,
            LogLevel::Debug => Level::DEBUG,
            LogLevel::Trace => Level::TRACE,
        };
        Self {
            level,
            format: logging.format,
        }
    }

    /// Makes these the rules for the whole process.
    pub fn install(self) {
        // A second subscriber would be a bug of ours with no harm in it.
        let _ = tracing::subscriber::set_global_default(Stderr(self));
    }

    /// Tells why the command was not started.
    pub fn failure(self, message: &str, status: Status) {
        self.line("error", message, Some((status.code(), status.word())));
    }

    fn line(self, level: &str, message: &str, failure: Option<(u8, &str)>) {
        let mut line = match (self.format, level) {
            (LogFormat::Text, "error" | "info") => format!("ssm-exec: {}", printable(message)),
            (LogFormat::Text, level) => format!("ssm-exec: {level}: {}", printable(message)),
            (LogFormat::Json, level) => {
                let mut object = serde_json::json!({ "level": level, "message": message, "program": "ssm-exec" });
                if let Some((status, kind)) = failure {
                    object["status"] = status.into();
                    object["kind"] = kind.into();
                }
                object.to_string()
            }
        };
        line.push('\n');
        if progress::SHOWN.load(Ordering::Relaxed) {
            let _ = std::io::stderr().write_all(progress::ERASE);
        }
        // A full or closed stderr changes nothing about the launch.
        let _ = std::io::stderr().write_all(line.as_bytes());
    }
}

/// One line, whatever others wrote, AWS or whoever set a variable; nor may it steer the terminal.
fn printable(message: &str) -> String {
    let mut out = String::with_capacity(message.len());
    for c in message.chars() {
        match c {
            c if c.is_control() => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
    out
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
        let mut message = Message(String::new());
        event.record(&mut message);
        self.0.line(
            &event.metadata().level().as_str().to_ascii_lowercase(),
            &message.0,
            None,
        );
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

/// The text of an event. We record no other fields.
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            let _ = write!(self.0, "{value:?}");
        }
    }
}
