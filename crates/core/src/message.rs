//! A message to a person: one paragraph, and lines for what must be copied or is too long for a sentence.

use std::fmt;

/// A list is part of a sentence up to this length; a longer one becomes lines.
const LISTED: usize = 3;

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
