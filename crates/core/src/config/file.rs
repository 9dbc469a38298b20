//! The level of configuration that `ssm-exec.toml` gives. Text in, a layer out: the file itself is
//! found and read elsewhere.

use super::interpolate::{Unset, interpolate};
use super::layer::{KeySpec, Layer, List, PathSpec};
use crate::config::ConfigError;
use crate::inherited::Inherited;
use crate::origin::{Given, Origin};
use std::ops::Range;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

type Value<'i> = Spanned<DeValue<'i>>;

const TOP: &[&str] = &[
    "allow",
    "allow_http",
    "aws",
    "base64",
    "case",
    "command",
    "compose",
    "drop",
    "drop_aws_credentials",
    "exclude",
    "files",
    "json",
    "keep",
    "keep_existing",
    "keys",
    "name_prefix",
    "no_refs",
    "only",
    "prefix",
    "pristine",
    "rename",
    "require",
    "skip",
    "timeout",
];
const AWS: &[&str] = &[
    "ca_bundle",
    "endpoint_url",
    "external_id",
    "profile",
    "region",
    "role_arn",
];
const PREFIX: &[&str] = &["case", "exclude", "name_prefix", "only", "optional", "path"];
const JSON: &[&str] = &[
    "case",
    "exclude",
    "name_prefix",
    "only",
    "optional",
    "param",
];
const SINGLE: &[&str] = &["default", "encoding", "max_age", "optional", "param"];

/// Reads the text of a configuration file. `path` is for messages.
///
/// # Errors
/// For what isn't TOML, an unknown key, a value of the wrong type, an unset `${NAME}`: each with its line.
pub fn read(path: &Path, text: &str, inherited: &Inherited<'_>) -> Result<Layer, ConfigError> {
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
    let top = Table::new(&file, "", document.get_ref(), TOP)?;
    let aws = top.table("aws", AWS)?;
    Ok(Layer {
        command: top
            .get("command")
            .map(|(key, value)| file.words(&key, value))
            .transpose()?
            .map(plain),
        prefix: top.trees("prefix", "path")?,
        keys: top.keys("keys")?,
        json: top.trees("json", "param")?,
        files: top.keys("files")?,
        no_refs: top.switch("no_refs")?,
        require: top.list("require")?,
        only: top.list("only")?,
        exclude: top.list("exclude")?,
        name_prefix: top.string("name_prefix")?,
        case: top.string("case")?,
        base64: top.list("base64")?,
        pristine: top.switch("pristine")?,
        keep: top.list("keep")?,
        keep_existing: top.switch("keep_existing")?,
        allow: top.list("allow")?,
        skip: top.switch("skip")?,
        drop_aws_credentials: top.switch("drop_aws_credentials")?,
        allow_http: top.switch("allow_http")?,
        timeout: top.string("timeout")?,
        compose: top.pairs("compose", false)?,
        rename: top.pairs("rename", true)?,
        drop: top.list("drop")?,
        region: aws.string("region")?,
        profile: aws.string("profile")?,
        endpoint_url: aws.string("endpoint_url")?,
        role_arn: aws.string("role_arn")?,
        external_id: aws.string("external_id")?,
        ca_bundle: aws.string("ca_bundle")?,
    })
}

fn plain(words: Vec<Given<String>>) -> Vec<String> {
    words.into_iter().map(|word| word.value).collect()
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

    fn wrong_type(&self, key: &str, value: &Value<'_>, wanted: &str) -> ConfigError {
        let reason = format!(
            "is a TOML {}; {wanted} is wanted",
            value.get_ref().type_str()
        );
        ConfigError::invalid(self.origin(key, &value.span()), reason)
    }

    fn text(
        &self,
        key: &str,
        value: &Value<'_>,
        wanted: &str,
    ) -> Result<Given<String>, ConfigError> {
        let Some(text) = value.get_ref().as_str() else {
            return Err(self.wrong_type(key, value, wanted));
        };
        let origin = self.origin(key, &value.span());
        match interpolate(text, |name| self.inherited.text(name)) {
            Ok(text) => Ok(Given::new(text, origin)),
            Err(Unset::Malformed) => Err(ConfigError::invalid(
                origin,
                "has `${` without its `}`; a dollar sign before a brace is written `$${`",
            )),
            Err(Unset::Name(name)) => Err(ConfigError::UnsetInFile { origin, name }),
        }
    }

    fn words(&self, key: &str, value: &Value<'_>) -> Result<Vec<Given<String>>, ConfigError> {
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
}

/// A table whose keys have all been found to exist.
struct Table<'a> {
    file: &'a File<'a>,
    path: &'a str,
    entries: Option<&'a DeTable<'a>>,
}

impl<'a> Table<'a> {
    fn new(
        file: &'a File<'a>,
        path: &'a str,
        entries: &'a DeTable<'a>,
        known: &'static [&'static str],
    ) -> Result<Self, ConfigError> {
        for key in entries.keys() {
            if !known.contains(&key.get_ref().as_ref()) {
                return Err(ConfigError::UnknownKey {
                    path: file.path.to_owned(),
                    line: file.line(&key.span()),
                    key: key.get_ref().to_string(),
                    table: path.to_owned(),
                    nearest: super::nearest(key.get_ref(), known.iter().copied()),
                });
            }
        }
        Ok(Self {
            file,
            path,
            entries: Some(entries),
        })
    }

    fn key(&self, name: &str) -> String {
        match self.path {
            "" => name.to_owned(),
            path => format!("{path}.{name}"),
        }
    }

    fn get(&self, name: &str) -> Option<(String, &'a Value<'a>)> {
        self.entries?.get(name).map(|value| (self.key(name), value))
    }

    fn table(&self, name: &'a str, known: &'static [&'static str]) -> Result<Self, ConfigError> {
        match self.get(name) {
            None => Ok(Self {
                file: self.file,
                path: name,
                entries: None,
            }),
            Some((key, value)) => match value.get_ref() {
                DeValue::Table(entries) => Table::new(self.file, name, entries, known),
                _ => Err(self.file.wrong_type(&key, value, "a table")),
            },
        }
    }

    fn string(&self, name: &str) -> Result<Option<Given<String>>, ConfigError> {
        self.get(name)
            .map(|(key, value)| self.file.text(&key, value, "a string"))
            .transpose()
    }

    fn switch(&self, name: &str) -> Result<Option<Given<bool>>, ConfigError> {
        self.get(name)
            .map(|(key, value)| match value.get_ref().as_bool() {
                Some(on) => Ok(Given::new(on, self.file.origin(&key, &value.span()))),
                None => Err(self.file.wrong_type(&key, value, "`true` or `false`")),
            })
            .transpose()
    }

    fn list(&self, name: &str) -> Result<List<String>, ConfigError> {
        self.get(name)
            .map(|(key, value)| self.file.words(&key, value))
            .transpose()
    }

    fn strings(&self, name: &str) -> Result<Option<Vec<String>>, ConfigError> {
        Ok(self.list(name)?.map(plain))
    }

    fn flag(&self, name: &str) -> Result<bool, ConfigError> {
        Ok(self.switch(name)?.is_some_and(|given| given.value))
    }

    /// `"/path"`, `["/a", { path = "/b", … }]` or one such table.
    fn trees(&self, name: &str, text_key: &'static str) -> Result<List<PathSpec>, ConfigError> {
        let Some((key, value)) = self.get(name) else {
            return Ok(None);
        };
        match value.get_ref() {
            DeValue::Array(items) => items
                .iter()
                .map(|item| self.tree(&key, item, text_key))
                .collect(),
            _ => self.tree(&key, value, text_key).map(|tree| vec![tree]),
        }
        .map(Some)
    }

    fn tree(
        &self,
        key: &str,
        value: &Value<'_>,
        text_key: &'static str,
    ) -> Result<Given<PathSpec>, ConfigError> {
        let origin = self.file.origin(key, &value.span());
        let DeValue::Table(entries) = value.get_ref() else {
            let text = self.file.text(key, value, "a string or a table")?;
            return Ok(Given::new(super::variables::tree(&text.value), origin));
        };
        let known = if text_key == "path" { PREFIX } else { JSON };
        let table = Table::new(self.file, key, entries, known)?;
        let Some(text) = table.string(text_key)? else {
            return Err(ConfigError::invalid(
                origin,
                format!("lacks its `{text_key}`"),
            ));
        };
        let spec = PathSpec {
            text: text.value,
            optional: table.flag("optional")?,
            only: table.strings("only")?,
            exclude: table.strings("exclude")?,
            name_prefix: table.string("name_prefix")?.map(|given| given.value),
            case: table.string("case")?.map(|given| given.value),
        };
        Ok(Given::new(spec, origin))
    }

    /// `[keys]` and `[files]`: `NAME = "PARAM"` or `NAME = { param = "PARAM", … }`.
    fn keys(&self, name: &str) -> Result<List<KeySpec>, ConfigError> {
        let Some((key, value)) = self.get(name) else {
            return Ok(None);
        };
        let DeValue::Table(entries) = value.get_ref() else {
            return Err(self
                .file
                .wrong_type(&key, value, "a table of NAME = \"PARAM\""));
        };
        entries
            .iter()
            .map(|(name, value)| {
                self.one_key(&format!("{key}.{}", name.get_ref()), name.get_ref(), value)
            })
            .collect::<Result<_, _>>()
            .map(Some)
    }

    fn one_key(
        &self,
        key: &str,
        name: &str,
        value: &Value<'_>,
    ) -> Result<Given<KeySpec>, ConfigError> {
        let origin = self.file.origin(key, &value.span());
        let name = Some(name.to_owned());
        let DeValue::Table(entries) = value.get_ref() else {
            let param = self.file.text(key, value, "a string or a table")?.value;
            return Ok(Given::new(
                KeySpec {
                    name,
                    param,
                    ..KeySpec::default()
                },
                origin,
            ));
        };
        let table = Table::new(self.file, key, entries, SINGLE)?;
        let Some(param) = table.string("param")? else {
            return Err(ConfigError::invalid(origin, "lacks its `param`"));
        };
        let spec = KeySpec {
            name,
            param: param.value,
            optional: table.flag("optional")?,
            default: table.string("default")?.map(|given| given.value),
            encoding: table.string("encoding")?.map(|given| given.value),
            max_age: table.string("max_age")?.map(|given| given.value),
        };
        Ok(Given::new(spec, origin))
    }

    /// `[compose]` and `[rename]`: `NAME = "TEXT"`. A template's `${…}` is not the file's.
    fn pairs(&self, name: &str, interpolated: bool) -> Result<List<(String, String)>, ConfigError> {
        let Some((key, value)) = self.get(name) else {
            return Ok(None);
        };
        let DeValue::Table(entries) = value.get_ref() else {
            return Err(self
                .file
                .wrong_type(&key, value, "a table of NAME = \"TEXT\""));
        };
        let pair = |(name, value): (&Spanned<_>, &Value<'_>)| {
            let name: &std::borrow::Cow<'_, str> = name.get_ref();
            let key = format!("{key}.{name}");
            let origin = self.file.origin(&key, &value.span());
            let text = match value.get_ref().as_str() {
                Some(text) if !interpolated => text.to_owned(),
                _ => self.file.text(&key, value, "a string")?.value,
            };
            Ok(Given::new((name.to_string(), text), origin))
        };
        entries.iter().map(pair).collect::<Result<_, _>>().map(Some)
    }
}
