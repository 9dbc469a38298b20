//! The level of configuration that `ssm-exec.toml` gives: text in, layers out. The file is found and
//! read elsewhere.

use super::ConfigError;
use super::interpolate::{InterpolationError, NotText, interpolate};
use super::layer::{KeySpec, PathSpec, Slot};
use super::setting::{Kind, Setting};
use super::settings::{Layer, SETTINGS};
use crate::contract::{ContractSpec, RuleValue};
use crate::inherited::Inherited;
use crate::origin::{Given, Origin};
use std::borrow::Cow;
use std::ops::Range;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

type Value<'i> = Spanned<DeValue<'i>>;
type Name<'i> = Spanned<Cow<'i, str>>;

/// The keys of a table in `prefix` or `json`, beside the one that names the path or the parameter.
const PATH_KEYS: &[&str] = &["case", "exclude", "name_prefix", "only", "optional"];
/// The keys of a table in `[keys]` or `[files]`.
const KEY_KEYS: &[&str] = &["default", "encoding", "max_age", "optional", "param"];

/// The table of stages.
pub(super) const STAGE: &str = "stage";

/// A configuration file that is TOML.
pub struct ConfigFile<'a> {
    file: File<'a>,
    document: Spanned<DeTable<'a>>,
}

impl<'a> ConfigFile<'a> {
    /// Parses the text. `path` is for messages.
    ///
    /// # Errors
    /// For what is not TOML.
    pub fn parse(
        path: &'a Path,
        text: &'a str,
        inherited: &'a Inherited<'a>,
    ) -> Result<Self, ConfigError> {
        let file = File {
            path,
            text,
            inherited,
            unset: Unset::Refused,
        };
        let document = DeTable::parse(text).map_err(|error| ConfigError::Syntax {
            path: path.to_owned(),
            line: file.line(&error.span().unwrap_or_default()),
            reason: error.message().to_owned(),
        })?;
        Ok(Self { file, document })
    }

    /// The file's path.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.file.path
    }

    /// The settings outside any stage.
    ///
    /// # Errors
    /// For an unknown key, a value of the wrong type, an unset `${NAME}`; each with its line.
    pub fn base(&self) -> Result<Layer, ConfigError> {
        let mut layer = Layer::default();
        let entries = self.document.get_ref().iter();
        self.file.table(
            "",
            "",
            entries.filter(|(name, _)| name.get_ref() != STAGE),
            &mut layer,
        )?;
        Ok(layer)
    }

    /// The names of the stages, sorted.
    ///
    /// # Errors
    /// When `stage` is not a table of tables.
    pub fn stages(&self) -> Result<Vec<String>, ConfigError> {
        let mut names = Vec::new();
        for (name, value) in self.stage_tables()? {
            self.file.as_table(&join(STAGE, name), value)?;
            names.push(name.to_owned());
        }
        names.sort();
        Ok(names)
    }

    /// The settings of one stage.
    ///
    /// # Errors
    /// As [`Self::base`].
    pub(super) fn stage(&self, name: &str) -> Result<Layer, ConfigError> {
        self.read_stage(&self.file, name)
    }

    /// Whether a stage that is not used has mistakes, unset variables aside.
    pub(super) fn check_stage(&self, name: &str) -> Result<(), ConfigError> {
        let file = File {
            unset: Unset::Empty,
            ..self.file
        };
        self.read_stage(&file, name).map(|_| ())
    }

    fn read_stage(&self, file: &File<'_>, name: &str) -> Result<Layer, ConfigError> {
        let mut layer = Layer::default();
        for (_, value) in self.stage_tables()?.filter(|(key, _)| *key == name) {
            let path = join(STAGE, name);
            let entries = file.as_table(&path, value)?;
            for forbidden in [STAGE, "default_stage"] {
                if let Some((key, _)) = entries.iter().find(|(key, _)| key.get_ref() == forbidden) {
                    return Err(ConfigError::invalid(
                        file.origin(&join(&path, forbidden), &key.span()),
                        match forbidden {
                            STAGE => "a stage cannot contain stages",
                            _ => "belongs outside the stages",
                        },
                    ));
                }
            }
            file.table(&path, "", entries.iter(), &mut layer)?;
        }
        Ok(layer)
    }

    fn stage_tables(&self) -> Result<impl Iterator<Item = (&str, &Value<'a>)>, ConfigError> {
        let tables = self
            .document
            .get_ref()
            .get(STAGE)
            .map(|value| self.file.as_table(STAGE, value))
            .transpose()?;
        Ok(tables
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.get_ref().as_ref(), value)))
    }
}

/// What becomes of `${NAME}` where NAME is not set.
#[derive(Clone, Copy)]
enum Unset {
    Refused,
    Empty,
}

#[derive(Clone, Copy)]
struct File<'a> {
    path: &'a Path,
    text: &'a str,
    inherited: &'a Inherited<'a>,
    unset: Unset,
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

    /// Reads a table of settings: the whole file, a stage, or one such as `[aws]`. `path` is its
    /// name in the file, `table` its name in the table of settings.
    fn table<'t, 'v: 't>(
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
                let entries = self.as_table(&path_of_value, value)?;
                self.table(&path_of_value, &key, entries.iter(), layer)?;
            } else {
                return Err(self.unknown_key(path, name, names_below(table)));
            }
        }
        Ok(())
    }

    fn as_table<'v, 't>(
        &self,
        key: &str,
        value: &'t Value<'v>,
    ) -> Result<&'t DeTable<'v>, ConfigError> {
        match value.get_ref() {
            DeValue::Table(entries) => Ok(entries),
            _ => Err(self.wrong_type(key, value, "a table")),
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
                *slot = Some(self.named(key, value, "\"PARAM\"", |key, name, value| {
                    self.key(key, name, value)
                })?);
            }
            Some(Slot::Contract(slot)) => {
                *slot = Some(self.named(
                    key,
                    value,
                    "{ type = \"TYPE\", … }",
                    |key, name, value| self.rules(key, name, value),
                )?);
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
                format!("`${{{name}}}` cannot be filled, since the value of {name} is not UTF-8"),
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

    /// `NAME = { type = "TYPE", … }`
    fn rules(
        &self,
        key: &str,
        variable: &str,
        value: &Value<'_>,
    ) -> Result<Given<ContractSpec>, ConfigError> {
        let origin = self.origin(key, &value.span());
        let mut rules = Vec::new();
        for (name, value) in self.as_table(key, value)? {
            let path = join(key, name.get_ref());
            let origin = self.origin(&path, &value.span());
            let rule = match value.get_ref() {
                DeValue::String(_) => RuleValue::Text(self.text(&path, value, "a string")?.value),
                DeValue::Array(_) => RuleValue::Texts(plain(self.list(&path, value)?)),
                DeValue::Integer(number) => RuleValue::Integer(number.to_string()),
                DeValue::Float(number) => RuleValue::Float(number.to_string()),
                DeValue::Boolean(on) => RuleValue::Switch(*on),
                _ => RuleValue::Other,
            };
            rules.push((name.get_ref().to_string(), Given::new(rule, origin)));
        }
        let name = variable.to_owned();
        Ok(Given::new(ContractSpec { name, rules }, origin))
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
        key: &Name<'_>,
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
