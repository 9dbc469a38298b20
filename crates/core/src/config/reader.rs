//! Reads the tables of the configuration file by the table of settings. Each error has its line.

use super::interpolate::{Unset, interpolate};
use super::layer::Slot;
use super::misplaced;
use super::setting::{Kind, Setting, join};
use super::settings::{Layer, SETTINGS};
use super::texts::outside_braces;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::escape;
use crate::inherited::Inherited;
use crate::origin::{Given, Origin};
use crate::toml_text;
use crate::words::meant;
use std::borrow::Cow;
use std::ops::Range;
use std::path::Path;
use std::rc::Rc;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The table of stages.
pub(super) const STAGE: &str = "stage";

pub(super) type TomlValue<'i> = Spanned<DeValue<'i>>;
pub(super) type TomlName<'i> = Spanned<Cow<'i, str>>;

/// What a value must be, and how that is written: `{name}` and `{key}` are those of the value.
pub(super) type Expected<'e> = (&'e str, &'e str);

pub(super) const STRING: Expected<'_> = ("a string", "{name} = \"…\"");
pub(super) const STRING_OR_TABLE: Expected<'_> = ("a string or a table", STRING.1);
const NUMBER: Expected<'_> = ("a number", "{name} = 1000");
const LIST: Expected<'_> = ("a list of strings", "{name} = [\"…\", \"…\"]");
const STRING_OR_LIST: Expected<'_> = ("a string or a list of strings", LIST.1);

/// What a reader of the file needs beside its tables.
#[derive(Clone)]
pub(super) struct Reader<'a> {
    pub(super) path: &'a Path,
    /// The path as messages have it.
    pub(super) shown: &'a str,
    pub(super) inherited: &'a Inherited<'a>,
    pub(super) unset: Unset,
    /// Where each line begins.
    pub(super) lines: Rc<[usize]>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        path: &'a Path,
        shown: &'a str,
        text: &str,
        inherited: &'a Inherited<'a>,
    ) -> Self {
        let ends = text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            path,
            shown,
            inherited,
            unset: Unset::Refused,
            lines: std::iter::once(0).chain(ends).collect(),
        }
    }

    /// The line and the column of a byte, counted from 1.
    pub(super) fn position(&self, at: usize, text: &str) -> (usize, usize) {
        let line = self.line(at);
        let before = text.get(self.lines[line - 1]..at).unwrap_or_default();
        (line, before.chars().count() + 1)
    }

    fn line(&self, at: usize) -> usize {
        self.lines.partition_point(|&start| start <= at)
    }

    pub(super) fn origin(&self, key: &str, span: &Range<usize>) -> Origin {
        Origin::File {
            path: self.path.to_owned(),
            shown: self.shown.to_owned(),
            line: self.line(span.start),
            key: key.to_owned(),
        }
    }

    /// Reads a table of settings: the whole file, a stage, or one such as `[aws]`. `path` is its
    /// name in the file, `table` its name in the table of settings.
    pub(super) fn table<'t, 'v: 't>(
        &self,
        path: &str,
        table: &str,
        entries: impl Iterator<Item = (&'t TomlName<'v>, &'t TomlValue<'v>)>,
        layer: &mut Layer,
    ) -> Result<(), Diagnostic> {
        for (name, value) in entries {
            let path_of_value = join(path, name.get_ref());
            let key = join(table, name.get_ref());
            if let Some(setting) = SETTINGS.iter().find(|row| row.key == Some(&key)) {
                self.setting(setting, &path_of_value, value, layer)?;
            } else if names_below(&key).next().is_some() {
                let DeValue::Table(entries) = value.get_ref() else {
                    return Err(self.not_a_table(&path_of_value, &key, value));
                };
                self.table(&path_of_value, &key, entries.iter(), layer)?;
            } else {
                let root = path.strip_suffix(table).unwrap_or(path);
                self.refuse_misplaced(path, root.trim_end_matches('.'), name, |_| {
                    !matches!(value.get_ref(), DeValue::Table(_))
                })?;
                let stage = (table.is_empty() && path.is_empty()).then_some(STAGE);
                let known = names_below(table).chain(stage);
                return Err(self.unknown_key(path, name, known));
            }
        }
        Ok(())
    }

    pub(super) fn as_table<'v, 't>(
        &self,
        key: &str,
        value: &'t TomlValue<'v>,
        example: &str,
    ) -> Result<&'t DeTable<'v>, Diagnostic> {
        match value.get_ref() {
            DeValue::Table(entries) => Ok(entries),
            _ => Err(self.wrong_type(key, value, ("a table", example))),
        }
    }

    /// The error for a table of settings that is another value, such as `watch = "5m"`.
    fn not_a_table(&self, path: &str, table: &str, value: &TomlValue<'_>) -> Diagnostic {
        let option = format!("--{table}");
        let named = SETTINGS.iter().find(|row| row.flag == Some(&option));
        let name = named.and_then(|row| row.key?.strip_prefix(table)?.strip_prefix('.'));
        let below = match (name, value.get_ref().as_str()) {
            (Some(name), Some(text)) => format!("`{name} = {}`", escape::quoted(text)),
            _ => "its settings".to_owned(),
        };
        let message = format!("is a TOML {}, not a table", value.get_ref().type_str());
        Diagnostic::invalid(message, format!("Write `[{path}]`, and below it {below}"))
            .at(self.origin(path, &value.span()))
    }

    /// Refuses a key that is in the table `path`, and is that of a setting in another table. `root` is the
    /// name of the stage, if it is in one.
    pub(super) fn refuse_misplaced(
        &self,
        path: &str,
        root: &str,
        name: &TomlName<'_>,
        is_meant: impl Fn(&Setting) -> bool,
    ) -> Result<(), Diagnostic> {
        let Some((_, table)) = misplaced::setting(name.get_ref()).filter(|(row, _)| is_meant(row))
        else {
            return Ok(());
        };
        let key = name.get_ref();
        let [message, correction] = misplaced::described(path, root, key, table);
        let origin = self.origin(&join(path, key), &name.span());
        Err(unknown(message, Some(correction)).at(origin))
    }

    fn setting(
        &self,
        setting: &Setting,
        key: &str,
        value: &TomlValue<'_>,
        layer: &mut Layer,
    ) -> Result<(), Diagnostic> {
        match layer.slot(setting) {
            Some(Slot::Switch(slot)) => *slot = Some(self.switch(key, value)?),
            Some(Slot::Text(slot)) => {
                *slot = Some(match (setting.kind, value.get_ref()) {
                    (Kind::Number, DeValue::Integer(number)) => {
                        Given::new(number.to_string(), self.origin(key, &value.span()))
                    }
                    (Kind::Number, _) => self.text(key, value, NUMBER)?,
                    _ => self.text(key, value, STRING)?,
                });
            }
            Some(Slot::List(slot)) => {
                *slot = Some(match setting.kind {
                    Kind::List => self.words(key, value)?,
                    _ => self.list(key, value)?,
                });
            }
            Some(Slot::Paths(slot)) => {
                let path_key = match setting.kind {
                    Kind::Paths(path_key) => path_key,
                    _ => "path",
                };
                *slot = Some(self.paths(key, value, path_key)?);
            }
            Some(Slot::Keys(slot)) => {
                let form = "\"PARAM\"";
                *slot = Some(self.named(setting, key, value, form, Self::key)?);
            }
            Some(Slot::Contract(slot)) => {
                let form = "{ type = \"TYPE\", … }";
                *slot = Some(self.named(setting, key, value, form, Self::rules)?);
            }
            Some(Slot::Pairs(slot)) => {
                let form = "\"TEXT\"";
                *slot = Some(match setting.kind {
                    Kind::Pairs { interpolated: true } => {
                        self.named(setting, key, value, form, Self::pair)?
                    }
                    _ => self.named(setting, key, value, form, Self::template)?,
                });
            }
            None => {}
        }
        Ok(())
    }

    pub(super) fn switch(
        &self,
        key: &str,
        value: &TomlValue<'_>,
    ) -> Result<Given<bool>, Diagnostic> {
        match value.get_ref().as_bool() {
            Some(on) => Ok(Given::new(on, self.origin(key, &value.span()))),
            None => Err(self.wrong_type(key, value, ("`true` or `false`", "{name} = true"))),
        }
    }

    /// A string, with `${NAME}` filled from the inherited environment.
    pub(super) fn text(
        &self,
        key: &str,
        value: &TomlValue<'_>,
        expected: Expected<'_>,
    ) -> Result<Given<String>, Diagnostic> {
        let Some(text) = value.get_ref().as_str() else {
            let (what, example) = expected;
            let example = match value.get_ref() {
                DeValue::Integer(number) if example == STRING.1 => {
                    example.replace('…', &number.to_string())
                }
                DeValue::Boolean(on) if example == STRING.1 => {
                    example.replace('…', &on.to_string())
                }
                _ => example.to_owned(),
            };
            return Err(self.wrong_type(key, value, (what, &example)));
        };
        let origin = self.origin(key, &value.span());
        match interpolate(text, self.inherited, self.unset) {
            Ok(text) => Ok(Given::new(text, origin)),
            Err(error) => Err(error.at(origin)),
        }
    }

    /// A list of strings; one string is a list of one.
    pub(super) fn list(
        &self,
        key: &str,
        value: &TomlValue<'_>,
    ) -> Result<Vec<Given<String>>, Diagnostic> {
        match value.get_ref() {
            DeValue::Array(items) => items.iter().map(|item| self.text(key, item, LIST)).collect(),
            _ => Ok(vec![self.text(key, value, STRING_OR_LIST)?]),
        }
    }

    /// A list of names or patterns. A comma separates none here, as it does in an option.
    pub(super) fn words(
        &self,
        key: &str,
        value: &TomlValue<'_>,
    ) -> Result<Vec<Given<String>>, Diagnostic> {
        let words = self.list(key, value)?;
        for Given { value: text, origin } in &words {
            let parts = outside_braces(text, |c| c == ',');
            if text.contains(',') && parts != [text.trim()] {
                let message = format!("`{text}` has a comma, which separates nothing in a string");
                let correction = format!("Write a list of strings: `{}`", toml_text::list(parts));
                return Err(Diagnostic::invalid(message, correction).at(origin.clone()));
            }
        }
        Ok(words)
    }

    pub(super) fn wrong_type(
        &self,
        key: &str,
        value: &TomlValue<'_>,
        (expected, example): Expected<'_>,
    ) -> Diagnostic {
        let message = format!("is a TOML {}, not {expected}", value.get_ref().type_str());
        let is_duration = |row: &Setting| row.kind == Kind::Duration && row.key == Some(key);
        let name = key.rsplit('.').next().unwrap_or(key);
        let correction = match value.get_ref() {
            DeValue::Integer(number) if SETTINGS.iter().any(is_duration) => {
                format!("A duration has a unit: `\"{number}s\"`")
            }
            _ => format!("Write `{}`", example.replace("{name}", name).replace("{key}", key)),
        };
        Diagnostic::invalid(message, correction).at(self.origin(key, &value.span()))
    }

    pub(super) fn unknown_key<'k>(
        &self,
        table: &str,
        key: &TomlName<'_>,
        known: impl Iterator<Item = &'k str>,
    ) -> Diagnostic {
        let origin = self.origin(&join(table, key.get_ref()), &key.span());
        let known: Vec<&str> = known.collect();
        let key = key.get_ref().as_ref();
        let message = format!("unknown key `{key}`");
        let mut elsewhere = ELSEWHERE.iter().filter(|_| known.contains(&"optional"));
        let elsewhere = elsewhere.find(|(typed, _)| typed.contains(&key));
        let correction = elsewhere.map(|(_, help)| (*help).to_owned()).or_else(|| {
            let meant = meant(key, known.into_iter())?;
            Some(format!("Correct it: did you mean `{meant}`?"))
        });
        unknown(message, correction).at(origin)
    }
}

/// The error for an unknown name of a setting, or one in the wrong place.
pub(super) fn unknown(message: String, correction: Option<String>) -> Diagnostic {
    Diagnostic::new(Code::UnknownSetting, message).own_help(correction)
}

/// What is written in another place than in a key of a source.
#[rustfmt::skip]
const ELSEWHERE: &[(&[&str], &str)] = &[
    (&["version", "label", "selector", "tag"], "Write it after the parameter: `/org/key:3`, `/org/key:blue`"),
    (&["field", "json_key", "json", "member"], "Write it after the parameter: `/org/key#field`"),
    (&["required", "mandatory"], "Remove it: a parameter must exist, unless it has `optional = true`"),
];

/// The names that a table of settings has: those of settings, and of tables of settings.
fn names_below(table: &str) -> impl Iterator<Item = &'static str> {
    SETTINGS
        .iter()
        .filter_map(|setting| setting.key)
        .filter_map(move |key| match table {
            "" => Some(key),
            table => key.strip_prefix(table)?.strip_prefix('.'),
        })
        .map(|rest| rest.split('.').next().unwrap_or(rest))
}
