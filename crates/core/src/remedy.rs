//! What to do about a failure: sentences, of which some end with a command.

/// Sentences that say what to do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remedy(Vec<Sentence>);

/// A sentence without its full stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sentence {
    /// All of it, or what it says of the command that it ends with.
    pub(crate) text: String,
    /// The command at its end, without the colon and the backquotes.
    pub(crate) command: Option<String>,
}

impl Remedy {
    /// Parses a template. `{name}` is a placeholder for [`Self::fill`] or [`Self::replace`].
    #[must_use]
    pub fn new(template: &'static str) -> Self {
        Self(sentences(template).map(Sentence::new).collect())
    }

    /// Fills `{name}`. A value stays as it is: it makes no sentence, no command and no other placeholder.
    #[must_use]
    pub fn fill(mut self, values: &[(&str, &str)]) -> Self {
        for sentence in &mut self.0 {
            sentence.text = fill(&sentence.text, values);
            sentence.command = sentence.command.as_ref().map(|it| fill(it, values));
        }
        self
    }

    /// Puts another remedy in the place of the sentence `{name}`.
    #[must_use]
    pub fn replace(mut self, name: &str, other: Self) -> Self {
        let placeholder = format!("{{{name}}}");
        let at = self.0.iter().position(|it| it.text == placeholder);
        if let Some(at) = at {
            self.0.splice(at..=at, other.0);
        }
        self
    }

    pub(crate) fn into_sentences(self) -> Vec<Sentence> {
        self.0
    }
}

impl Sentence {
    fn new(text: &str) -> Self {
        let with_command = text.split_once(": `").and_then(|(what, rest)| {
            let command = rest.strip_suffix('`')?;
            (!command.contains('`')).then_some((what, command))
        });
        match with_command {
            Some((what, command)) => Self {
                text: what.to_owned(),
                command: Some(command.to_owned()),
            },
            None => Self {
                text: text.to_owned(),
                command: None,
            },
        }
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

fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let value = after.split_once('}').and_then(|(name, left)| {
            let (_, value) = values.iter().find(|(known, _)| *known == name)?;
            Some((value, left))
        });
        rest = match value {
            Some((value, left)) => {
                text.push_str(value);
                left
            }
            None => {
                text.push('{');
                after
            }
        };
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Message;

    fn shown(remedy: Remedy) -> String {
        Message::new("it failed").remedy(remedy).to_string()
    }

    #[test]
    fn a_template_is_divided_into_sentences_and_commands() {
        let remedy = Remedy::new("Do `a. b`. Then this: `c. d`. Or `e`: `f` now. Or wait.");
        let sentence = |text: &str, command: Option<&str>| Sentence {
            text: text.to_owned(),
            command: command.map(str::to_owned),
        };
        assert_eq!(
            remedy.into_sentences(),
            [
                sentence("Do `a. b`", None),
                sentence("Then this", Some("c. d")),
                sentence("Or `e`: `f` now", None),
                sentence("Or wait", None),
            ]
        );
        assert_eq!(Remedy::new(""), Remedy::default());
    }

    #[test]
    fn placeholders_are_filled() {
        let remedy = Remedy::new("Enable {what}: `enable {key}{region}`.").fill(&[
            ("what", "it"),
            ("key", "K"),
            ("region", " --region r"),
        ]);
        assert_eq!(shown(remedy), "it failed. Enable it: `enable K --region r`");
    }

    #[test]
    fn a_value_is_neither_divided_nor_filled() {
        let remedy = |value| Remedy::new("Correct {a}. Or run: `b {a}`.").fill(&[("a", value)]);
        for value in ["x. y", "`x", "x: `y`", "{a}", "{", "}", ""] {
            assert_eq!(
                shown(remedy(value)),
                format!("it failed. Correct {value}. Or run: `b {value}`")
            );
        }
    }

    #[test]
    fn what_is_not_filled_stays() {
        let template = "Get `{ \"a\": [{}] }` and {other}";
        let remedy = Remedy::new(template).fill(&[("a", "x")]);
        assert_eq!(shown(remedy), format!("it failed. {template}"));
    }

    #[test]
    fn a_remedy_takes_the_place_of_a_sentence() {
        let renewal = Remedy::new("Renew {key}: `r`. Or wait").fill(&[("key", "{renewal}")]);
        let remedy = Remedy::new("Copy it. {renewal}. Or ask.").replace("renewal", renewal);
        assert_eq!(
            shown(remedy),
            "it failed. Copy it. Renew {renewal}: `r`. Or wait. Or ask"
        );
    }
}
