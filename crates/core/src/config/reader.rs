//! Reads the tables of the configuration file by the table of settings. Each error has its line.

use super::ConfigError;
use super::interpolate::{InterpolationError, NotText, interpolate};
use super::layer::Slot;
use super::misplaced::{self, Place};
use super::setting::{Kind, Setting};
use super::settings::{Layer, SETTINGS};
use crate::escape;
use crate::inherited::Inherited;
use crate::origin::{Given, Origin};
use std::borrow::Cow;
use std::ops::Range;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

pub(super) type Value<'i> = Spanned<DeValue<'i>>;
pub(super) type Name<'i> = Spanned<Cow<'i, str>>;

/// What becomes of `${NAME}` where NAME is not set.
#[derive(Clone, Copy)]
pub(super) enum Unset {
    Refused,
    Empty,
}

/// The file's text, and what a message about it needs.
#[derive(Clone, Copy)]
pub(super) struct File<'a> {
    pub(super) path: &'a Path,
    pub(super) text: &'a str,
    pub(super) inherited: &'a Inherited<'a>,
    pub(super) unset: Unset,
}

impl File<'_> {
    pub(super) fn line(&self, span: &Range<usize>) -> usize {
        let before = &self.text.as_bytes()[..span.start.min(self.text.len())];
        before.iter().filter(|&&b| b == b'\n').count() + 1
    }

    pub(super) fn origin(&self, key: &str, span: &Range<usize>) -> Origin {
        Origin::File {
            path: self.path.to_owned(),
            line: self.line(span),
            key: key.to_owned(),
        }
    }

    /// Reads a table of settings: the whole file, a stage, or one such as `[aws]`. `path` is its
    /// name in the file, `table` its name in the table of settings.
    pub(super) fn table<'t, 'v: 't>(
        &self,
        path: &str,
        table: &str,
        entries: impl Iterator<Item = (&'t Name<'v>, &'t Value<'v>)>,
        layer: &mut Layer,
    ) -> Result<(), ConfigError> {
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
                return Err(self.unknown_key(path, name, names_below(table)));
            }
        }
        Ok(())
    }

    pub(super) fn as_table<'v, 't>(
        &self,
        key: &str,
        value: &'t Value<'v>,
    ) -> Result<&'t DeTable<'v>, ConfigError> {
        match value.get_ref() {
            DeValue::Table(entries) => Ok(entries),
            _ => Err(self.wrong_type(key, value, "a table")),
        }
    }

    /// The error for a table of settings that is another value, such as `watch = "5m"`.
    fn not_a_table(&self, path: &str, table: &str, value: &Value<'_>) -> ConfigError {
        let option = format!("--{table}");
        let named = SETTINGS.iter().find(|row| row.flag == Some(&option));
        let name = named.and_then(|row| row.key?.strip_prefix(table)?.strip_prefix('.'));
        let below = match (name, value.get_ref().as_str()) {
            (Some(name), Some(text)) => format!("`{name} = {}`", escape::quoted(text)),
            _ => "its settings".to_owned(),
        };
        let found = value.get_ref().type_str();
        ConfigError::invalid(
            self.origin(path, &value.span()),
            format!("is a TOML {found} (expected a table). Write `[{path}]`, and below it {below}"),
        )
    }

    /// Refuses a key that is in the table `path`, and is that of a setting in another table. `root` is the
    /// name of the stage, if it is in one.
    pub(super) fn refuse_misplaced(
        &self,
        path: &str,
        root: &str,
        name: &Name<'_>,
        is_meant: impl Fn(&Setting) -> bool,
    ) -> Result<(), ConfigError> {
        match misplaced::setting(name.get_ref()) {
            Some((setting, table)) if is_meant(setting) => Err(ConfigError::MisplacedKey {
                path: self.path.to_owned(),
                line: self.line(&name.span()),
                key: name.get_ref().to_string(),
                found: Place::of(path),
                belongs: Place::of(
                    match table {
                        "" => root.to_owned(),
                        table => join(root, table),
                    }
                    .as_str(),
                ),
            }),
            _ => Ok(()),
        }
    }

    fn setting(
        &self,
        setting: &Setting,
        key: &str,
        value: &Value<'_>,
        layer: &mut Layer,
    ) -> Result<(), ConfigError> {
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
                *slot =
                    Some(
                        self.named(setting, key, value, "\"PARAM\"", |key, name, value| {
                            self.key(key, name, value)
                        })?,
                    );
            }
            Some(Slot::Contract(slot)) => {
                *slot = Some(self.named(
                    setting,
                    key,
                    value,
                    "{ type = \"TYPE\", … }",
                    |key, name, value| self.rules(key, name, value),
                )?);
            }
            Some(Slot::Pairs(slot)) => {
                let interpolated = setting.kind == Kind::Pairs { interpolated: true };
                *slot = Some(
                    self.named(setting, key, value, "\"TEXT\"", |key, name, value| {
                        self.pair(key, name, value, interpolated)
                    })?,
                );
            }
            None => {}
        }
        Ok(())
    }

    pub(super) fn switch(&self, key: &str, value: &Value<'_>) -> Result<Given<bool>, ConfigError> {
        match value.get_ref().as_bool() {
            Some(on) => Ok(Given::new(on, self.origin(key, &value.span()))),
            None => Err(self.wrong_type(key, value, "`true` or `false`")),
        }
    }

    /// A string, with `${NAME}` filled from the inherited environment.
    pub(super) fn text(
        &self,
        key: &str,
        value: &Value<'_>,
        expected: &str,
    ) -> Result<Given<String>, ConfigError> {
        let Some(text) = value.get_ref().as_str() else {
            return Err(self.wrong_type(key, value, expected));
        };
        let origin = self.origin(key, &value.span());
        match interpolate(text, |name| {
            let value = std::str::from_utf8(self.inherited.get(name).unwrap_or_default());
            let value = value.map_err(|_| NotText)?;
            Ok(match self.unset {
                Unset::Refused => Some(value).filter(|value| !value.is_empty()),
                Unset::Empty => Some(value),
            })
        }) {
            Ok(text) => Ok(Given::new(text, origin)),
            Err(InterpolationError::Unclosed) => Err(ConfigError::invalid(
                origin,
                "has `${` without its `}`; a dollar sign before a brace is written `$${`",
            )),
            Err(InterpolationError::Unsupported(inside)) => Err(ConfigError::invalid(
                origin,
                format!(
                    "has `${{{inside}}}`; write `${{NAME}}` or `${{NAME:-default}}`, or `$${{` for a literal `${{`"
                ),
            )),
            Err(InterpolationError::NotText(name)) => Err(ConfigError::invalid(
                origin,
                format!("`${{{name}}}` cannot be replaced, since the value of {name} is not UTF-8"),
            )),
            Err(InterpolationError::Unset(name)) => Err(ConfigError::UnsetInFile { origin, name }),
        }
    }

    /// A list of strings; one string is a list of one.
    pub(super) fn list(
        &self,
        key: &str,
        value: &Value<'_>,
    ) -> Result<Vec<Given<String>>, ConfigError> {
        match value.get_ref() {
            DeValue::Array(items) => items
                .iter()
                .map(|item| self.text(key, item, "a list of strings"))
                .collect(),
            _ => Ok(vec![self.text(
                key,
                value,
                "a string or a list of strings",
            )?]),
        }
    }

    pub(super) fn lacks(origin: Origin, key: &str) -> ConfigError {
        ConfigError::invalid(origin, format!("has no `{key}`"))
    }

    pub(super) fn wrong_type(&self, key: &str, value: &Value<'_>, expected: &str) -> ConfigError {
        let found = value.get_ref().type_str();
        let is_duration = SETTINGS
            .iter()
            .any(|row| row.kind == Kind::Duration && row.key == Some(key));
        let hint = match value.get_ref() {
            DeValue::Integer(number) if is_duration => {
                format!("; a duration has a unit: `\"{number}s\"`")
            }
            _ => String::new(),
        };
        ConfigError::invalid(
            self.origin(key, &value.span()),
            format!("is a TOML {found} (expected {expected}){hint}"),
        )
    }

    pub(super) fn unknown_key<'k>(
        &self,
        table: &str,
        key: &Name<'_>,
        known: impl Iterator<Item = &'k str>,
    ) -> ConfigError {
        ConfigError::UnknownKey {
            path: self.path.to_owned(),
            line: self.line(&key.span()),
            key: key.get_ref().to_string(),
            table: table.to_owned(),
            nearest: meant(key.get_ref(), known.collect()).map(str::to_owned),
        }
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
    meant
        .copied()
        .or_else(|| super::nearest(key, known.into_iter()))
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
