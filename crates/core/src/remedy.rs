//! What to do about a failure whose type is not a [`Diagnostic`](crate::diagnostic::Diagnostic) yet.

use crate::code::Code;
use crate::diagnostic::{Diagnostic, Help};

/// Sentences that say what to do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remedy(Vec<Help>);

impl Remedy {
    /// Parses a template. `{name}` is a placeholder for [`Self::fill`] or [`Self::replace`].
    #[must_use]
    pub fn new(template: &'static str) -> Self {
        Self(sentences(template).map(sentence).collect())
    }

    /// The help of a code.
    #[must_use]
    pub fn of(code: Code) -> Self {
        Self(Diagnostic::new(code, "").help)
    }

    /// Fills `{name}`.
    #[must_use]
    pub fn fill(self, values: &[(&str, &str)]) -> Self {
        Self(
            Diagnostic::with_help(Code::Internal, "", self.0)
                .fill(values)
                .help,
        )
    }

    /// Puts another remedy in the place of the sentence `{name}`.
    #[must_use]
    pub fn replace(mut self, name: &str, other: Self) -> Self {
        let placeholder = format!("{{{name}}}");
        if let Some(at) = self.0.iter().position(|it| it.text == placeholder) {
            self.0.splice(at..=at, other.0);
        }
        self
    }

    /// This and another.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    pub(crate) fn into_help(self) -> Vec<Help> {
        self.0
    }
}

fn sentence(text: &str) -> Help {
    let with_command = text.split_once(": `").and_then(|(what, rest)| {
        let command = rest.strip_suffix('`')?;
        (!command.contains('`')).then_some((what, command))
    });
    match with_command {
        Some((what, command)) => Help::command(what, command),
        None => Help::text(text),
    }
}

/// The sentences of a template. What is in backquotes is not divided.
fn sentences(template: &str) -> impl Iterator<Item = &str> {
    let mut in_backquotes = false;
    let mut rest = template.strip_suffix('.').unwrap_or(template);
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = rest.bytes().enumerate().position(|(at, byte)| {
            in_backquotes ^= byte == b'`';
            !in_backquotes && rest[at..].starts_with(". ")
        });
        let (sentence, left) = match end {
            Some(end) => (&rest[..end], &rest[end + 2..]),
            None => (rest, ""),
        };
        rest = left;
        Some(sentence)
    })
}
