//! A command line, read once from left to right: what it asks for, and the settings that its options give.
//! Options are those of the table of settings; clap's definition, made from the same table, serves the help, the
//! completions and the man page.

use super::{Action, Document, Subcommand, Task, Words, definition, hints};
use ssm_exec_core::code::Code;
use ssm_exec_core::config::setting::{Kind, Setting};
use ssm_exec_core::config::{Layer, SETTINGS};
use ssm_exec_core::diagnostic::{Diagnostic, Help};
use ssm_exec_core::origin::Origin;
use std::ffi::OsString;
use std::slice;

/// A command line that was read.
#[derive(Debug)]
pub(crate) struct CommandLine {
    /// What to do, or the first mistake.
    pub(crate) action: Result<Action, Diagnostic>,
    /// What its options give. Those after a mistake count too: they can say how it is reported.
    pub(crate) layer: Layer,
}

/// Reads a command line.
pub(crate) fn read(arguments: &[OsString]) -> CommandLine {
    let mut reader = LineReader::new(arguments.get(1..).unwrap_or_default());
    let command = reader.options();
    let action = reader.action(command);
    CommandLine { action: reader.mistake.map_or(action, Err), layer: reader.layer }
}

/// What was read, up to the command.
pub(super) struct LineReader<'a> {
    /// The words that are left.
    words: slice::Iter<'a, OsString>,
    pub(super) subcommand: Option<Subcommand>,
    document: Option<Document>,
    /// The help or the version.
    printed: Option<String>,
    /// The option that the line ends with, without its value.
    pub(super) pending: Option<&'static Setting>,
    /// The last option, if its value was a word of its own, and the value.
    last: Option<(&'static str, String)>,
    verbosity: usize,
    pub(super) layer: Layer,
    /// The first one.
    mistake: Option<Diagnostic>,
}

impl<'a> LineReader<'a> {
    pub(super) fn new(words: &'a [OsString]) -> Self {
        Self {
            words: words.iter(),
            subcommand: None,
            document: None,
            printed: None,
            pending: None,
            last: None,
            verbosity: 0,
            layer: Layer::default(),
            mistake: None,
        }
    }

    /// Reads up to the command, and returns it.
    pub(super) fn options(&mut self) -> Words {
        while self.printed.is_none()
            && let Some(word) = self.words.next()
        {
            let text = word.to_string_lossy();
            if text == "--" {
                return Words::Separated(self.words.as_slice().to_vec());
            } else if text.starts_with('-') && text != "-" {
                match word.to_str() {
                    Some(text) => self.option(text),
                    None => self.refuse(not_utf8()),
                }
            } else if let Some(subcommand) = self.subcommand {
                self.argument(subcommand, &text);
            } else if let Ok(subcommand) = Subcommand::parse(&text) {
                self.subcommand = Some(subcommand);
            } else {
                let words = std::iter::once(word).chain(self.words.as_slice());
                return Words::Bare { words: words.cloned().collect(), after: self.last.take() };
            }
        }
        Words::Bare { words: Vec::new(), after: None }
    }

    fn action(&mut self, command: Words) -> Result<Action, Diagnostic> {
        if let Some(text) = self.printed.take() {
            return Ok(Action::Print(text.into_bytes()));
        }
        match (self.subcommand, command.all()) {
            (None, _) => Ok(Action::Run(Task::Launch, command)),
            (Some(Subcommand::Check), _) => Ok(Action::Run(Task::Check, command)),
            (Some(Subcommand::Completions), [_, ..]) => {
                Ok(Action::Complete(command.all().to_vec()))
            }
            (Some(other), [word, ..]) => Err(hints::stray(other, &word.to_string_lossy())),
            (Some(Subcommand::Policy), []) => Ok(Action::Run(Task::Policy, command)),
            (Some(Subcommand::Init), []) => Ok(Action::Run(Task::Init, command)),
            (Some(Subcommand::Completions), []) => match self.document {
                Some(document) => Ok(Action::Print(document.text())),
                None => Err(hints::usage(
                    "completions needs to know what to print".to_owned(),
                    &format!("Choose one of {}", Document::WORDS.join(", ")),
                )),
            },
        }
    }

    /// A word after a subcommand that is no option.
    fn argument(&mut self, subcommand: Subcommand, word: &str) {
        if subcommand != Subcommand::Completions || self.document.is_some() {
            return self.refuse(hints::stray(subcommand, word));
        }
        match Document::parse(word) {
            Ok(document) => self.document = Some(document),
            Err(error) => {
                let message = format!("completions: {}", error.message);
                let code = Code::Usage;
                self.refuse(Diagnostic { code, message, ..error });
            }
        }
    }

    fn option(&mut self, word: &str) {
        self.last = None;
        let name = word.split('=').next().unwrap_or(word);
        if !name.starts_with("--") && !hints::is_long_with_one_hyphen(name) {
            return self.short_options(&word[1..]);
        }
        match (name, self.find(name)) {
            ("--help", _) => self.printed = Some(definition::long_help(self.subcommand)),
            ("--version", _) => self.printed = Some(definition::version()),
            (_, Some(setting)) => self.set(setting, name, word.get(name.len() + 1..)),
            (_, None) => self.refuse(hints::unknown_option(name)),
        }
    }

    /// Each letter is an option. What follows one that takes a value is the value: `-vkA=/a`.
    fn short_options(&mut self, letters: &str) {
        let mut letters = letters.chars();
        while let Some(letter) = letters.next() {
            let name = format!("-{letter}");
            match (letter, self.find(&name)) {
                ('h', _) => self.printed = Some(definition::short_help(self.subcommand)),
                ('V', _) => self.printed = Some(definition::version()),
                (_, Some(setting)) => {
                    let value = Some(letters.as_str());
                    let value = value.filter(|rest| setting.takes_value() && !rest.is_empty());
                    let is_last = value.is_some();
                    let value = value.map(|value| value.strip_prefix('=').unwrap_or(value));
                    self.set(setting, setting.flag.unwrap_or(""), value);
                    if is_last {
                        return;
                    }
                }
                (_, None) => return self.refuse(hints::unknown_option(&name)),
            }
        }
    }

    /// The setting of an option that can be given here.
    pub(super) fn find(&self, name: &str) -> Option<&'static Setting> {
        self.settings().find(|setting| setting.is_option(name))
    }

    /// The settings whose options can be given here.
    pub(super) fn settings(&self) -> impl Iterator<Item = &'static Setting> {
        let own = self.subcommand;
        SETTINGS.iter().filter(move |it| it.taken_by.is_none() || it.taken_by == own)
    }

    /// Sets what an option means. Its value is attached to it, or is the next word.
    fn set(&mut self, setting: &'static Setting, name: &str, attached: Option<&str>) {
        let is_negation = setting.negation == Some(name);
        let flag = if is_negation { setting.negation } else { setting.flag };
        let origin = Origin::Flag(flag.unwrap_or_default());
        if setting.takes_value() && !is_negation {
            match attached.map_or_else(|| self.value(setting, name), |it| Ok(it.to_owned())) {
                Ok(value) => {
                    let next = self.words.as_slice().first().and_then(|word| word.to_str());
                    if let Some(mistake) = hints::for_blank(name, &value, next) {
                        self.refuse(mistake);
                    }
                    if let Some(mistake) = hints::for_characters(&value) {
                        self.refuse(mistake);
                    }
                    self.layer.add_option(setting, &value, &origin);
                }
                Err(mistake) => self.refuse(mistake),
            }
            return;
        }
        if let Some(value) = attached {
            let what = format!("`{name}` takes no value, but got `{value}`");
            return self.refuse(hints::usage(what, "Leave the value out"));
        }
        match setting.kind {
            Kind::Switch => self.layer.set_switch(setting, !is_negation, origin),
            _ if is_negation => self.layer.add_option(setting, "off", &origin),
            // Which one is meant is unknown.
            _ if matches!(&self.layer.log, Some(given) if given.origin != origin) => {
                let what = "`--quiet` cannot be used together with `--verbose`".to_owned();
                self.refuse(hints::usage(what, "Leave one of them out"));
            }
            Kind::Count(words) => {
                let word = words[self.verbosity.min(words.len() - 1)];
                self.verbosity += 1;
                self.layer.add_option(setting, word, &origin);
            }
            _ => self.layer.add_option(setting, setting.word().unwrap_or(""), &origin),
        }
    }

    /// The next word, as the value of an option.
    fn value(&mut self, setting: &'static Setting, name: &str) -> Result<String, Diagnostic> {
        let next = self.words.as_slice().first();
        if next.is_none() {
            self.pending = Some(setting);
        }
        let Some(next) = next.filter(|word| *word != "--") else {
            return Err(hints::no_value(setting, name, self.subcommand));
        };
        let value = next.to_str().ok_or_else(not_utf8)?;
        let begins_a_number = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
        let is_number = matches!(setting.kind, Kind::Number | Kind::Duration)
            && value.strip_prefix('-').is_some_and(begins_a_number);
        // No number is below zero: that is what is said of it.
        if value.starts_with('-') && value != "-" && !is_number {
            let mut mistake = hints::no_value(setting, name, self.subcommand);
            mistake.message += &format!(", and `{value}` begins with a dash, as an option does");
            if self.find(value).is_none() {
                mistake.help = vec![Help::text(format!(
                    "A value that begins with a dash is written `{name}={value}`"
                ))];
            }
            return Err(mistake);
        }
        self.words.next();
        self.last = setting.flag.map(|flag| (flag, value.to_owned()));
        Ok(value.to_owned())
    }

    fn refuse(&mut self, mistake: Diagnostic) {
        self.mistake.get_or_insert(mistake);
    }
}

fn not_utf8() -> Diagnostic {
    Diagnostic::new(Code::Usage, "an option's value is not UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;
    use ssm_exec_core::origin::Given;

    fn read_line(line: &str) -> CommandLine {
        let words = format!("ssm-exec {line}");
        let words: Vec<OsString> = words.split_whitespace().map(OsString::from).collect();
        read(&words)
    }

    #[test]
    fn the_formats_are_found_around_mistakes() {
        let json = Some("json");
        for (line, log, report) in [
            ("--log-format json --bogus", json, None),
            ("--bogus --log-format=json", json, None),
            ("-x --log-format=json", json, None),
            ("--log-format=text --log-format json", json, None),
            ("-k --log-format json", json, None),
            ("-k A=/a --log-format json", json, None),
            ("-vvkA=/a --log-format json", json, None),
            ("-vk A=/a --log-format json", json, None),
            ("--log-format", None, None),
            ("srv --log-format json", None, None),
            ("-- --log-format json", None, None),
            ("check --format json", None, json),
            ("--log-format json check --bogus --format=json", json, json),
            ("policy --format json", None, None),
            ("check -- --format json", None, None),
        ] {
            let layer = read_line(line).layer;
            let text = |given: &Option<Given<String>>| given.as_ref().map(|it| it.value.clone());
            assert_eq!(text(&layer.log_format).as_deref(), log, "{line}");
            assert_eq!(text(&layer.format).as_deref(), report, "{line}");
        }
    }

    #[test]
    fn the_command_begins_at_the_first_word_that_is_no_option() {
        for (line, command) in [
            ("srv -v --help", &["srv", "-v", "--help"][..]),
            ("-k /a srv -- x", &["srv", "--", "x"]),
            ("-k=/a -- check -v", &["check", "-v"]),
            ("-v -", &["-"]),
            ("-v --", &[]),
        ] {
            let Ok(Action::Run(Task::Launch, words)) = read_line(line).action else {
                panic!("{line}");
            };
            assert_eq!(words.all(), command, "{line}");
        }
    }

    /// What the help says can be typed, and what completions offer, is what is read here.
    #[test]
    fn every_option_of_the_definition_for_clap_is_read_in_the_same_way() {
        for setting in SETTINGS {
            let subcommand = setting.taken_by.map_or("", Subcommand::word);
            let value = match setting.kind {
                Kind::Choice(words) => words[0],
                _ => "1",
            };
            let short = setting.short.map(|short| format!("-{short}"));
            let names = [setting.flag, setting.negation, short.as_deref()];
            for name in names.into_iter().flatten() {
                // A negation never takes a value.
                let takes_value = setting.takes_value() && setting.negation != Some(name);
                let lines = if takes_value {
                    [format!("{name} {value}"), format!("{name}={value}")]
                } else {
                    [name.to_owned(), format!("{name} {name}")]
                };
                for line in lines {
                    let line = format!("ssm-exec {subcommand} {line}");
                    let ours =
                        read(&line.split_whitespace().map(OsString::from).collect::<Vec<_>>());
                    assert!(ours.action.is_ok(), "{line}: {:?}", ours.action);
                    assert_ne!(ours.layer, Layer::default(), "{line}");
                    let clap = definition::command().args_override_self(true);
                    let theirs = clap.try_get_matches_from(line.split_whitespace());
                    assert!(theirs.is_ok(), "{line}: {theirs:?}");
                }
            }
        }
    }
}
