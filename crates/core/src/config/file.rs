//! The level of configuration that `ssm-exec.toml` gives: text in, layers out. The file is found and
//! read elsewhere.

use super::ConfigError;
use super::interpolate::{InterpolationError, interpolate};
use super::layer::{KeySpec, PathSpec, Slot};
use super::setting::{Kind, Setting};
use super::settings::{Layer, SETTINGS};
use crate::inherited::Inherited;
use crate::origin::{Given, Origin};
use std::ops::Range;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

type Value<'i> = Spanned<DeValue<'i>>;

/// The keys of a table in `prefix` or `json`, beside the one that names the path or the parameter.
const PATH_KEYS: &[&str] = &["case", "exclude", "name_prefix", "only", "optional"];
/// The keys of a table in `[keys]` or `[files]`.
const KEY_KEYS: &[&str] = &["default", "encoding", "max_age", "optional", "param"];

/// Reads the text of a configuration file. `path` is for messages.
///
/// # Errors
/// For what is not TOML, an unknown key, a value of the wrong type, an unset `${NAME}`; each with its line.
pub fn parse_file(
    path: &Path,
    text: &str,
    inherited: &Inherited<'_>,
) -> Result<Layer, ConfigError> {
    let file = File {
        path,
        text,
        inherited,
    };
    let document = DeTable::parse(text).map_err(|error| ConfigError::Syntax {
        path: path.to_owned(),
        line: file.line(&error.span().unwrap_or_default()),
        reason: error.message().to_owned(),
    })?;
    let mut layer = Layer::default();
    file.table("", document.get_ref(), &mut layer)?;
    Ok(layer)
}

struct File<'a> {
    path: &'a Path,
    text: &'a str,
    inherited: &'a Inherited<'a>,
}

impl File<'_> {
    fn line(&self, span: &Range<usize>) -> usize {
        let before = &self.text.as_bytes()[..span.start.min(self.text.len())];
        before.iter().filter(|&&b| b == b'\n').count() + 1
    }

    fn origin(&self, key: &str, span: &Range<usize>) -> Origin {
        Origin::File {
            path: self.path.to_owned(),
            line: self.line(span),
            key: key.to_owned(),
        }
    }

    /// Reads a table of settings: the whole file, or one such as `[aws]`.
    fn table(
        &self,
        path: &str,
        entries: &DeTable<'_>,
        layer: &mut Layer,
    ) -> Result<(), ConfigError> {
        for (name, value) in entries {
            let key = join(path, name.get_ref());
            if let Some(setting) = SETTINGS.iter().find(|row| row.key == Some(&key)) {
                self.setting(setting, &key, value, layer)?;
            } else if names_below(&key).next().is_none() {
                return Err(self.unknown_key(path, name, names_below(path)));
            } else if let DeValue::Table(entries) = value.get_ref() {
                self.table(&key, entries, layer)?;
            } else {
                return Err(self.wrong_type(&key, value, "a table"));
            }
        }
        Ok(())
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
            Some(Slot::Text(slot)) => *slot = Some(self.text(key, value, "a string")?),
            Some(Slot::List(slot)) => *slot = Some(self.list(key, value)?),
            Some(Slot::Paths(slot)) => {
                let path_key = match setting.kind {
                    Kind::Paths(path_key) => path_key,
                    _ => "path",
                };
                *slot = Some(self.paths(key, value, path_key)?);
            }
            Some(Slot::Keys(slot)) => {
                *slot = Some(self.named(key, value, "\"PARAM\"", |key, name, value| {
                    self.key(key, name, value)
                })?);
            }
            Some(Slot::Pairs(slot)) => {
                let interpolated = setting.kind == Kind::Pairs { interpolated: true };
                *slot = Some(self.named(key, value, "\"TEXT\"", |key, name, value| {
                    self.pair(key, name, value, interpolated)
                })?);
            }
            None => {}
        }
        Ok(())
    }

    fn switch(&self, key: &str, value: &Value<'_>) -> Result<Given<bool>, ConfigError> {
        match value.get_ref().as_bool() {
            Some(on) => Ok(Given::new(on, self.origin(key, &value.span()))),
            None => Err(self.wrong_type(key, value, "`true` or `false`")),
        }
    }

    /// A string, with `${NAME}` filled from the inherited environment.
    fn text(
        &self,
        key: &str,
        value: &Value<'_>,
        expected: &str,
    ) -> Result<Given<String>, ConfigError> {
        let Some(text) = value.get_ref().as_str() else {
            return Err(self.wrong_type(key, value, expected));
        };
        let origin = self.origin(key, &value.span());
        match interpolate(text, |name| self.inherited.text(name)) {
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
            Err(InterpolationError::Unset(name)) => Err(ConfigError::UnsetInFile { origin, name }),
        }
    }

    /// A list of strings; one string is a list of one.
    fn list(&self, key: &str, value: &Value<'_>) -> Result<Vec<Given<String>>, ConfigError> {
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

    /// `"/path"`, `["/a", { path = "/b", … }]` or one such table.
    fn paths(
        &self,
        key: &str,
        value: &Value<'_>,
        path_key: &str,
    ) -> Result<Vec<Given<PathSpec>>, ConfigError> {
        match value.get_ref() {
            DeValue::Array(items) => items
                .iter()
                .map(|item| self.path(key, item, path_key))
                .collect(),
            _ => Ok(vec![self.path(key, value, path_key)?]),
        }
    }

    fn path(
        &self,
        key: &str,
        value: &Value<'_>,
        path_key: &str,
    ) -> Result<Given<PathSpec>, ConfigError> {
        let origin = self.origin(key, &value.span());
        let DeValue::Table(entries) = value.get_ref() else {
            let text = self.text(key, value, "a string or a table")?.value;
            return Ok(Given::new(PathSpec::from_text(&text), origin));
        };
        let mut spec = PathSpec::default();
        let mut text = None;
        for (name, value) in entries {
            let path = join(key, name.get_ref());
            let string = || self.text(&path, value, "a string").map(|given| given.value);
            match name.get_ref().as_ref() {
                name if name == path_key => text = Some(string()?),
                "optional" => spec.optional = self.switch(&path, value)?.value,
                "only" => spec.only = Some(plain(self.list(&path, value)?)),
                "exclude" => spec.exclude = Some(plain(self.list(&path, value)?)),
                "name_prefix" => spec.name_prefix = Some(string()?),
                "case" => spec.case = Some(string()?),
                _ => {
                    let known = PATH_KEYS.iter().copied().chain([path_key]);
                    return Err(self.unknown_key(key, name, known));
                }
            }
        }
        match text {
            Some(text) => Ok(Given::new(PathSpec { text, ..spec }, origin)),
            None => Err(Self::lacks(origin, path_key)),
        }
    }

    /// A table whose keys are names: `NAME = …`.
    fn named<T>(
        &self,
        key: &str,
        value: &Value<'_>,
        form: &str,
        read: impl Fn(&str, &str, &Value<'_>) -> Result<Given<T>, ConfigError>,
    ) -> Result<Vec<Given<T>>, ConfigError> {
        let DeValue::Table(entries) = value.get_ref() else {
            return Err(self.wrong_type(key, value, &format!("a table of NAME = {form}")));
        };
        entries
            .iter()
            .map(|(name, value)| read(&join(key, name.get_ref()), name.get_ref(), value))
            .collect()
    }

    /// `NAME = "PARAM"` or `NAME = { param = "PARAM", … }`.
    fn key(
        &self,
        key: &str,
        variable: &str,
        value: &Value<'_>,
    ) -> Result<Given<KeySpec>, ConfigError> {
        let origin = self.origin(key, &value.span());
        let mut spec = KeySpec {
            name: Some(variable.to_owned()),
            ..KeySpec::default()
        };
        let DeValue::Table(entries) = value.get_ref() else {
            spec.param = self.text(key, value, "a string or a table")?.value;
            return Ok(Given::new(spec, origin));
        };
        let mut param = None;
        for (name, value) in entries {
            let path = join(key, name.get_ref());
            let text = || self.text(&path, value, "a string").map(|given| given.value);
            match name.get_ref().as_ref() {
                "param" => param = Some(text()?),
                "optional" => spec.optional = self.switch(&path, value)?.value,
                "default" => spec.default = Some(text()?),
                "encoding" => spec.encoding = Some(text()?),
                "max_age" => spec.max_age = Some(text()?),
                _ => return Err(self.unknown_key(key, name, KEY_KEYS.iter().copied())),
            }
        }
        match param {
            Some(param) => Ok(Given::new(KeySpec { param, ..spec }, origin)),
            None => Err(Self::lacks(origin, "param")),
        }
    }

    /// `NAME = "TEXT"`. A template's `${…}` is not the file's.
    fn pair(
        &self,
        key: &str,
        name: &str,
        value: &Value<'_>,
        interpolated: bool,
    ) -> Result<Given<(String, String)>, ConfigError> {
        let text = match value.get_ref().as_str() {
            Some(text) if !interpolated => text.to_owned(),
            _ => self.text(key, value, "a string")?.value,
        };
        let origin = self.origin(key, &value.span());
        Ok(Given::new((name.to_owned(), text), origin))
    }

    fn lacks(origin: Origin, key: &str) -> ConfigError {
        ConfigError::invalid(origin, format!("has no `{key}`"))
    }

    fn wrong_type(&self, key: &str, value: &Value<'_>, expected: &str) -> ConfigError {
        let found = value.get_ref().type_str();
        ConfigError::invalid(
            self.origin(key, &value.span()),
            format!("is a TOML {found} (expected {expected})"),
        )
    }

    fn unknown_key<'k>(
        &self,
        table: &str,
        key: &Spanned<std::borrow::Cow<'_, str>>,
        known: impl Iterator<Item = &'k str>,
    ) -> ConfigError {
        ConfigError::UnknownKey {
            path: self.path.to_owned(),
            line: self.line(&key.span()),
            key: key.get_ref().to_string(),
            table: table.to_owned(),
            nearest: super::nearest(key.get_ref(), known).map(str::to_owned),
        }
    }
}

fn plain(words: Vec<Given<String>>) -> Vec<String> {
    words.into_iter().map(|word| word.value).collect()
}

fn join(path: &str, name: &str) -> String {
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
