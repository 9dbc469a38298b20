//! A message to a person: one paragraph, and lines for what must be copied or is too long for a sentence.

use crate::remedy::{Remedy, Sentence};
use std::fmt;

/// A list is part of a sentence up to this length; a longer one becomes lines.
const LISTED: usize = 3;
/// The same for a command, in bytes.
const COMMAND: usize = 60;

/// A message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Message {
    /// What failed, why, and what to do.
    pub text: String,
    /// Names, statements and commands, one a line.
    pub lines: Vec<String>,
}

impl Message {
    /// A message of one paragraph.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            lines: Vec::new(),
        }
    }

    /// Adds a line.
    #[must_use]
    pub fn line(mut self, line: impl Into<String>) -> Self {
        self.lines.push(line.into());
        self
    }

    /// Names some items after the text: in the sentence if they are few, else one a line.
    #[must_use]
    pub fn list(mut self, items: &[String]) -> Self {
        if items.len() <= LISTED {
            self.text.push_str(": ");
            self.text.push_str(&items.join(", "));
        } else {
            self.lines.extend(items.iter().cloned());
        }
        self
    }

    /// Adds what to do. A long command becomes a line that can be copied, and so does what follows it.
    #[must_use]
    pub fn remedy(mut self, remedy: Remedy) -> Self {
        let mut has_line = false;
        for Sentence { text, command } in remedy.into_sentences() {
            let is_long = command.as_ref().is_some_and(|it| it.len() > COMMAND);
            let text = match command {
                Some(command) if is_long => format!("{text}: {command}"),
                Some(command) => format!("{text}: `{command}`"),
                None => text,
            };
            has_line |= is_long;
            self = match has_line {
                true => self.line(text),
                false => self.sentence(&text),
            };
        }
        self
    }

    /// Adds a sentence to the paragraph.
    #[must_use]
    pub fn sentence(mut self, text: &str) -> Self {
        if !text.is_empty() {
            self.text.push_str(". ");
            self.text.push_str(text);
        }
        self
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        self.lines
            .iter()
            .try_for_each(|line| write!(f, "\n  {line}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_command_and_what_follows_it_become_lines() {
        let remedy = Remedy::new("Do this: `{short}`. Or run: `{long}`. Or that: `b`. Or wait.");
        let (longest, long) = ("x".repeat(COMMAND), "y".repeat(COMMAND + 1));
        let remedy = remedy.fill(&[("short", &longest), ("long", &long)]);
        let message = Message::new("it failed").remedy(remedy);
        assert_eq!(message.text, format!("it failed. Do this: `{longest}`"));
        let lines = [&format!("Or run: {long}"), "Or that: `b`", "Or wait"];
        assert_eq!(message.lines, lines);
    }

    #[test]
    fn a_command_that_is_short_or_in_the_middle_stays_in_its_sentence() {
        let longest = "x".repeat(COMMAND);
        for (template, sentence) in [
            ("Run: `{longest}`", format!("Run: `{longest}`")),
            (
                "Run: `{longest}x` or `y`",
                format!("Run: `{longest}x` or `y`"),
            ),
            ("Run: `{longest}x` now", format!("Run: `{longest}x` now")),
        ] {
            let remedy = Remedy::new(template).fill(&[("longest", &longest)]);
            let message = Message::new("it failed").remedy(remedy);
            assert_eq!(message.to_string(), format!("it failed. {sentence}"));
        }
    }

    #[test]
    fn a_message_is_a_paragraph_and_lines() {
        let names: Vec<String> = ["/a", "/b", "/c", "/d"].map(str::to_owned).to_vec();
        for (message, text) in [
            (Message::new("it failed"), "it failed"),
            (
                Message::new("missing").list(&names[..3]).sentence("Add it"),
                "missing: /a, /b, /c. Add it",
            ),
            (
                Message::new("missing").sentence("").list(&names),
                "missing\n  /a\n  /b\n  /c\n  /d",
            ),
            (
                Message::new("denied").line("one").line("two"),
                "denied\n  one\n  two",
            ),
        ] {
            assert_eq!(message.to_string(), text);
        }
    }
}
