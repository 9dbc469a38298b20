//! The text of a failure whose type is not a [`Diagnostic`](crate::diagnostic::Diagnostic) yet.

use crate::code::Code;
use crate::diagnostic::{Diagnostic, Help};
use crate::origin::Origin;
use crate::remedy::Remedy;
use std::fmt;

/// A message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Message {
    /// What failed and why.
    pub text: String,
    /// Names, one a line.
    pub lines: Vec<String>,
    help: Vec<Help>,
}

impl Message {
    /// A message of one paragraph.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    /// Adds a line: a statement or a command belongs to the sentence before it.
    #[must_use]
    pub fn line(mut self, line: impl Into<String>) -> Self {
        let line = line.into();
        if line.starts_with('{')
            && let Some(help) = self.help.last_mut()
        {
            help.text = help.text.trim_end_matches(':').to_owned();
            help.command = Some(line);
        } else if let Some((text, command)) = line.split_once(": aws ") {
            self.help
                .push(Help::command(text, format!("aws {command}")));
        } else {
            self.help.push(Help::text(line));
        }
        self
    }

    /// Names some items after the text: in the sentence if they are few, else one a line.
    #[must_use]
    pub fn list(mut self, items: &[String]) -> Self {
        if items.len() <= 3 {
            self.text.push_str(": ");
            self.text.push_str(&items.join(", "));
        } else {
            self.lines.extend(items.iter().cloned());
        }
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn remedy(mut self, remedy: Remedy) -> Self {
        self.help.extend(remedy.into_help());
        self
    }

    /// Adds what a diagnostic says to do.
    #[must_use]
    pub fn help(mut self, diagnostic: &Diagnostic) -> Self {
        self.help.extend(diagnostic.help.iter().cloned());
        self
    }

    /// Adds a sentence that says what to do.
    #[must_use]
    pub fn sentence(mut self, text: &str) -> Self {
        if !text.is_empty() {
            self.help.push(Help::text(text));
        }
        self
    }

    /// The diagnostic.
    #[must_use]
    pub fn diagnostic(self, code: Code) -> Diagnostic {
        Diagnostic {
            list: self.lines,
            ..Diagnostic::with_help(code, self.text, self.help)
        }
    }
}

impl Message {
    /// The diagnostic for a setting: its message begins with the origin, which is printed anyway.
    #[must_use]
    pub fn diagnostic_at(mut self, code: Code, origin: Option<&Origin>) -> Diagnostic {
        let prefix = origin.map(|origin| format!("{origin}: "));
        if let Some(rest) = prefix.and_then(|it| self.text.strip_prefix(&it).map(str::to_owned)) {
            self.text = rest;
        }
        Diagnostic {
            origin: origin.cloned(),
            ..self.diagnostic(code)
        }
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.clone().diagnostic(Code::Internal).fmt(f)
    }
}
