//! The entries of the configuration file that are more than one text: sources, and tables whose keys are the
//! names of variables.

use super::layer::{Content, KeySpec, PathSpec, TemplateSpec};
use super::misplaced;
use super::reader::{Reader, STRING, STRING_OR_TABLE, TomlValue};
use super::setting::{Setting, join};
use crate::contract::{ContractSpec, RuleValue};
use crate::diagnostic::Diagnostic;
use crate::origin::{Given, Origin};
use toml::de::DeValue;

/// The keys of a table in `prefix` or `json`, beside the one that names the path or the parameter.
const PATH_KEYS: &[&str] = &["case", "exclude", "name_prefix", "only", "optional"];
/// The keys of a table in `[keys]` or `[files]`.
const KEY_KEYS: &[&str] =
    &["default", "encoding", "max_age", "optional", "param", "template", "template_file"];

impl Reader<'_> {
    /// `"/path"`, `["/a", { path = "/b", … }]` or one such table.
    pub(super) fn paths(
        &self,
        key: &str,
        value: &TomlValue<'_>,
        path_key: &str,
    ) -> Result<Vec<Given<PathSpec>>, Diagnostic> {
        match value.get_ref() {
            DeValue::Array(items) => {
                items.iter().map(|item| self.path(key, item, path_key)).collect()
            }
            _ => Ok(vec![self.path(key, value, path_key)?]),
        }
    }

    fn path(
        &self,
        key: &str,
        value: &TomlValue<'_>,
        path_key: &str,
    ) -> Result<Given<PathSpec>, Diagnostic> {
        let origin = self.origin(key, &value.span());
        let DeValue::Table(entries) = value.get_ref() else {
            let text = self.text(key, value, STRING_OR_TABLE)?.value;
            return Ok(Given::new(PathSpec::from_text(&text), origin));
        };
        let mut spec = PathSpec::default();
        let mut text = None;
        for (name, value) in entries {
            let path = join(key, name.get_ref());
            let string = || self.text(&path, value, STRING);
            match name.get_ref().as_ref() {
                name if name == path_key => text = Some(string()?.value),
                "optional" => spec.optional = self.switch(&path, value)?.value,
                "only" => spec.naming.only = Some(self.words(&path, value)?),
                "exclude" => spec.naming.exclude = Some(self.words(&path, value)?),
                "name_prefix" => spec.naming.name_prefix = Some(string()?),
                "case" => spec.naming.case = Some(string()?),
                _ => {
                    let known = PATH_KEYS.iter().copied().chain([path_key]);
                    return Err(self.unknown_key(key, name, known));
                }
            }
        }
        match text {
            Some(text) => Ok(Given::new(PathSpec { text, ..spec }, origin)),
            None => Err(lacks(origin, path_key)),
        }
    }

    /// A table whose keys are names: `NAME = …`.
    pub(super) fn named<T>(
        &self,
        setting: &Setting,
        key: &str,
        value: &TomlValue<'_>,
        form: &str,
        read: impl Fn(&Self, &str, &str, &TomlValue<'_>) -> Result<Given<T>, Diagnostic>,
    ) -> Result<Vec<Given<T>>, Diagnostic> {
        let DeValue::Table(entries) = value.get_ref() else {
            let example = format!("[{{key}}]`, and below it `NAME = {form}");
            return Err(self.wrong_type(key, value, ("a table", &example)));
        };
        entries
            .iter()
            .map(|(name, value)| {
                let root = key.strip_suffix(setting.key.unwrap_or_default()).unwrap_or(key);
                self.refuse_misplaced(key, root.trim_end_matches('.'), name, |meant| {
                    misplaced::is_meant(meant, setting.kind, value.get_ref())
                })?;
                read(self, &join(key, name.get_ref()), name.get_ref(), value)
            })
            .collect()
    }

    /// `NAME = "PARAM"`, `NAME = { param = "PARAM", … }`, `NAME = { template = "TEMPLATE" }` or
    /// `NAME = { template_file = "PATH" }`.
    pub(super) fn key(
        &self,
        key: &str,
        variable: &str,
        value: &TomlValue<'_>,
    ) -> Result<Given<KeySpec>, Diagnostic> {
        let origin = self.origin(key, &value.span());
        let mut spec = KeySpec { name: Some(variable.to_owned()), ..KeySpec::default() };
        let DeValue::Table(entries) = value.get_ref() else {
            spec.content = Content::Param(self.text(key, value, STRING_OR_TABLE)?.value);
            return Ok(Given::new(spec, origin));
        };
        let mut content = None;
        for (name, value) in entries {
            let path = join(key, name.get_ref());
            let text = || self.text(&path, value, STRING).map(|given| given.value);
            match name.get_ref().as_ref() {
                "param" => content = Some(Content::Param(text()?)),
                "template" => {
                    let (path, text) = (None, self.raw(&path, value)?);
                    content = Some(Content::Template(TemplateSpec { path, text }));
                }
                "template_file" => {
                    let (path, text) = (Some(text()?), String::new());
                    content = Some(Content::Template(TemplateSpec { path, text }));
                }
                "optional" => spec.optional = self.switch(&path, value)?.value,
                "default" => spec.default = Some(text()?),
                "encoding" => spec.encoding = Some(text()?),
                "max_age" => spec.max_age = Some(text()?),
                _ => return Err(self.unknown_key(key, name, KEY_KEYS.iter().copied())),
            }
        }
        match content {
            Some(Content::Template(_)) if entries.len() > 1 => {
                let message = "has a template, and another key beside it";
                let correction = "A template is alone: optional values and defaults belong to its variables, in `[keys]`";
                Err(Diagnostic::invalid(message, correction).at(origin))
            }
            Some(content) => Ok(Given::new(KeySpec { content, ..spec }, origin)),
            None => Err(lacks(origin, "param")),
        }
    }

    /// `NAME = { type = "TYPE", … }`
    pub(super) fn rules(
        &self,
        key: &str,
        variable: &str,
        value: &TomlValue<'_>,
    ) -> Result<Given<ContractSpec>, Diagnostic> {
        let origin = self.origin(key, &value.span());
        let mut rules = Vec::new();
        for (name, value) in self.as_table(key, value, "{name} = { type = \"text\" }")? {
            let path = join(key, name.get_ref());
            let origin = self.origin(&path, &value.span());
            let rule = match value.get_ref() {
                DeValue::String(_) => RuleValue::Text(self.text(&path, value, STRING)?.value),
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

    /// `NAME = "TEXT"`
    pub(super) fn pair(
        &self,
        key: &str,
        name: &str,
        value: &TomlValue<'_>,
    ) -> Result<Given<(String, String)>, Diagnostic> {
        let Given { value, origin } = self.text(key, value, STRING)?;
        Ok(Given::new((name.to_owned(), value), origin))
    }

    /// `NAME = "TEMPLATE"`, whose `${…}` is not the file's.
    pub(super) fn template(
        &self,
        key: &str,
        name: &str,
        value: &TomlValue<'_>,
    ) -> Result<Given<(String, String)>, Diagnostic> {
        let text = self.raw(key, value)?;
        let origin = self.origin(key, &value.span());
        Ok(Given::new((name.to_owned(), text), origin))
    }

    /// A string as it is.
    fn raw(&self, key: &str, value: &TomlValue<'_>) -> Result<String, Diagnostic> {
        let text = value.get_ref().as_str().map(str::to_owned);
        text.ok_or_else(|| self.wrong_type(key, value, STRING))
    }
}

/// The error for a table without the one key that it must have.
fn lacks(origin: Origin, key: &str) -> Diagnostic {
    Diagnostic::invalid(format!("has no `{key}`"), format!("Add `{key} = \"…\"`")).at(origin)
}

fn plain(words: Vec<Given<String>>) -> Vec<String> {
    words.into_iter().map(|word| word.value).collect()
}
