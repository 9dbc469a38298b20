//! A message to a person: one paragraph, and lines for what must be copied or is too long for a sentence.

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

    /// Adds what to do. A sentence that ends with a long command, in backquotes after a colon, becomes a line
    /// that can be copied, and so does what follows it.
    #[must_use]
    pub fn remedy(self, text: &str) -> Self {
        let mut has_line = false;
        sentences(text)
            .into_iter()
            .fold(self, |message, sentence| match long_command(sentence) {
                Some((what, command)) => {
                    has_line = true;
                    message.line(format!("{what}: {command}"))
                }
                None if has_line => message.line(sentence),
                None => message.sentence(sentence),
            })
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

/// What a sentence says of the command that it ends with, and the command, if that is long.
fn long_command(sentence: &str) -> Option<(&str, &str)> {
    let (what, rest) = sentence.split_once(": `")?;
    let command = rest.strip_suffix('`')?;
    (command.len() > COMMAND && !command.contains('`')).then_some((what, command))
}

/// The sentences of a text without their full stops. What is in backquotes is not divided.
fn sentences(text: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    let mut start = 0;
    for (at, _) in text.match_indices(". ") {
        if text[..at].matches('`').count().is_multiple_of(2) {
            sentences.push(&text[start..at]);
            start = at + 2;
        }
    }
    sentences.push(text[start..].trim_end_matches('.'));
    sentences
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
    fn a_remedy_is_divided_into_sentences_and_lines_to_copy() {
        let long = "x".repeat(COMMAND + 1);
        let text = format!("Do `a. b`. Then this: `short`. Or run: `{long}`. Or wait.");
        let message = Message::new("it failed").remedy(&text);
        assert_eq!(message.text, "it failed. Do `a. b`. Then this: `short`");
        assert_eq!(
            message.lines,
            [format!("Or run: {long}"), "Or wait".to_owned()]
        );
    }

    #[test]
    fn a_command_that_is_short_or_in_the_middle_stays_in_its_sentence() {
        let longest = "x".repeat(COMMAND);
        for sentence in [
            format!("Run: `{longest}`"),
            format!("Run: `{longest}x` or `y`"),
            format!("Run: `{longest}x` now"),
        ] {
            let message = Message::new("it failed").remedy(&sentence);
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
