//! Reads the tables of the configuration file by the table of settings. Each error has its line.

use super::interpolate::{Unset, interpolate};
use super::layer::Slot;
use super::misplaced;
use super::setting::{Kind, Setting};
use super::settings::{Layer, SETTINGS};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::escape;
use crate::inherited::Inherited;
use crate::origin::{Given, Origin};
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

/// What a reader of the file needs beside its tables.
#[derive(Clone)]
pub(super) struct Reader<'a> {
    pub(super) path: &'a Path,
    pub(super) inherited: &'a Inherited<'a>,
    pub(super) unset: Unset,
    /// Where each line begins.
    pub(super) lines: Rc<[usize]>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(path: &'a Path, text: &str, inherited: &'a Inherited<'a>) -> Self {
        let ends = text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            path,
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
    ) -> Result<&'t DeTable<'v>, Diagnostic> {
        match value.get_ref() {
            DeValue::Table(entries) => Ok(entries),
            _ => Err(self.wrong_type(key, value, "a table")),
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
        let belongs = match table {
            "" => root.to_owned(),
            table => join(root, table),
        };
        let message = match path {
            "" => format!("the setting `{key}` is at the top level"),
            path => format!("the setting `{key}` is in `[{path}]`"),
        };
        let correction = match belongs.as_str() {
            "" => "Write it above the first `[table]`".to_owned(),
            belongs => format!("Write it in `[{belongs}]`"),
        };
        let origin = self.origin(&join(path, key), &name.span());
        Err(Diagnostic::with_help(Code::UnknownSetting, message, [correction]).at(origin))
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
                    (Kind::Number, _) => self.text(key, value, "a number")?,
                    _ => self.text(key, value, "a string")?,
                });
            }
            Some(Slot::List(slot)) => *slot = Some(self.list(key, value)?),
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
            None => Err(self.wrong_type(key, value, "`true` or `false`")),
        }
    }

    /// A string, with `${NAME}` filled from the inherited environment.
    pub(super) fn text(
        &self,
        key: &str,
        value: &TomlValue<'_>,
        expected: &str,
    ) -> Result<Given<String>, Diagnostic> {
        let Some(text) = value.get_ref().as_str() else {
            return Err(self.wrong_type(key, value, expected));
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
            DeValue::Array(items) => {
                items.iter().map(|item| self.text(key, item, "a list of strings")).collect()
            }
            _ => Ok(vec![self.text(key, value, "a string or a list of strings")?]),
        }
    }

    pub(super) fn wrong_type(
        &self,
        key: &str,
        value: &TomlValue<'_>,
        expected: &str,
    ) -> Diagnostic {
        let message = format!("is a TOML {}, not {expected}", value.get_ref().type_str());
        let is_duration = |row: &Setting| row.kind == Kind::Duration && row.key == Some(key);
        let correction = match value.get_ref() {
            DeValue::Integer(number) if SETTINGS.iter().any(is_duration) => {
                format!("A duration has a unit: `\"{number}s\"`")
            }
            _ => format!("Write {expected}"),
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
        unknown(format!("unknown key `{}`", key.get_ref()), meant(key.get_ref(), known.collect()))
            .at(origin)
    }
}

/// The error for an unknown name of a setting.
pub(super) fn unknown(message: String, nearest: Option<&str>) -> Diagnostic {
    match nearest {
        Some(nearest) => {
            let correction = format!("Correct it: did you mean `{nearest}`?");
            Diagnostic::with_help(Code::UnknownSetting, message, [correction])
        }
        None => Diagnostic::new(Code::UnknownSetting, message),
    }
}

/// Keys of other tools' files, and ours.
#[rustfmt::skip]
const MEANT: &[(&[&str], &str)] = &[
    (&["path", "paths", "prefixes"], "prefix"),
    (&["param", "parameter", "parameters", "env", "environment", "variables", "vars", "secret", "secrets"], "keys"),
    (&["stages", "environments", "profiles"], "stage"),
    (&["cmd", "entrypoint", "exec", "run"], "command"),
    (&["interval", "period", "watch"], "every"),
];

/// The key that is most likely meant, of those that can be there.
fn meant<'k>(key: &str, known: Vec<&'k str>) -> Option<&'k str> {
    let meant = MEANT.iter().find(|(typed, _)| typed.contains(&key));
    let meant = meant.and_then(|(_, meant)| known.iter().find(|it| *it == meant));
    meant.copied().or_else(|| super::nearest(key, known.into_iter()))
}

pub(super) fn join(path: &str, name: &str) -> String {
    match path {
        "" => name.to_owned(),
        path => format!("{path}.{name}"),
    }
}

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
