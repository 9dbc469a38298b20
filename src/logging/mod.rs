//! Messages on stderr: our own events and no others, as text or as one JSON object a line.
//!
//! The allow-list is this subscriber itself: it takes events of our own target alone, so no version of
//! the SDK, of HTTP or of TLS can write into our log, whatever RUST_LOG says.

use ssm_exec_core::config::ConfigError;
use ssm_exec_core::inherited::Inherited;
use ssm_exec_core::origin::Origin;
use ssm_exec_core::status::Status;
pub mod progress;

use std::fmt::{self, Write as _};
use std::io::Write as _;
use std::sync::atomic::Ordering;
use tracing::field::{Field, Visit};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber, span};

/// How messages look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For machines: `level`, `message`, and for an error `status` and `kind`.
    Json,
}

/// What is told, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Logging {
    /// Nothing below this.
    pub level: Level,
    /// How it looks.
    pub format: Format,
}

impl Default for Logging {
    fn default() -> Self {
        Self {
            level: Level::WARN,
            format: Format::Text,
        }
    }
}

impl Logging {
    /// What the flags say, else the variables, else warnings as text.
    ///
    /// # Errors
    /// For a word that is no level or no format.
    pub fn read(
        verbose: u8,
        quiet: bool,
        format: Option<&str>,
        inherited: &Inherited<'_>,
    ) -> Result<Self, ConfigError> {
        let level = match (quiet, verbose, inherited.text("SSM_EXEC_LOG")) {
            (true, ..) => Level::ERROR,
            (_, 0, None) => Level::WARN,
            (_, 0, Some(word)) => parse_level(word)?,
            (_, 1, _) => Level::INFO,
            (_, 2, _) => Level::DEBUG,
            _ => Level::TRACE,
        };
        let variable = inherited
            .text("SSM_EXEC_LOG_FORMAT")
            .map(|word| (Origin::Variable("SSM_EXEC_LOG_FORMAT"), word));
        let format = match format
            .map(|word| (Origin::Flag("--log-format"), word))
            .or(variable)
        {
            None | Some((_, "text")) => Format::Text,
            Some((_, "json")) => Format::Json,
            Some((place, word)) => {
                return Err(ConfigError::invalid(
                    place,
                    format!("`{word}` is neither `text` nor `json`"),
                ));
            }
        };
        Ok(Self { level, format })
    }

    /// Whether errors alone are told.
    #[must_use]
    pub fn is_quiet(self) -> bool {
        self.level == Level::ERROR
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
            (Format::Text, "error" | "info") => format!("ssm-exec: {}", printable(message)),
            (Format::Text, level) => format!("ssm-exec: {level}: {}", printable(message)),
            (Format::Json, level) => {
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

fn parse_level(word: &str) -> Result<Level, ConfigError> {
    match word.to_ascii_lowercase().as_str() {
        "error" => Ok(Level::ERROR),
        "warn" => Ok(Level::WARN),
        "info" => Ok(Level::INFO),
        "debug" => Ok(Level::DEBUG),
        "trace" => Ok(Level::TRACE),
        _ => Err(ConfigError::invalid(
            Origin::Variable("SSM_EXEC_LOG"),
            format!("invalid log level `{word}` (expected error, warn, info, debug or trace)"),
        )),
    }
}

struct Stderr(Logging);

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
