//! The level of configuration that `ssm-exec.toml` gives: text in, layers out. The file is found and
//! read elsewhere.

use super::interpolate::Unset;
use super::reader::{Reader, STAGE, TomlValue};
use super::setting::join;
use super::settings::Layer;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::escape;
use crate::inherited::Inherited;
use std::ops::Range;
use std::path::Path;
use toml::Spanned;
use toml::de::DeTable;

/// A configuration file that is TOML.
pub struct ConfigFile<'a> {
    reader: Reader<'a>,
    document: Spanned<DeTable<'a>>,
}

impl<'a> ConfigFile<'a> {
    /// Parses the text. `path` is for messages, which show it as `shown`.
    ///
    /// # Errors
    /// For what is not TOML.
    pub fn parse(
        path: &'a Path,
        shown: &'a str,
        text: &'a str,
        inherited: &'a Inherited<'a>,
    ) -> Result<Self, Diagnostic> {
        let reader = Reader::new(path, shown, text, inherited);
        let document = DeTable::parse(text).map_err(|error| {
            let span = error.span().unwrap_or_default();
            let (line, column) = reader.position(span.start, text);
            let (reason, help) = reason(error.message(), text, span);
            let message = format!("{shown}, line {line}, column {column}: not valid TOML{reason}");
            let error = Diagnostic::new(Code::InvalidFile, message).own_help(help).path(path);
            match other_format(text) {
                Some(format) => error.help(format!("It is {format}, and ssm-exec reads TOML")),
                None => error,
            }
        })?;
        Ok(Self { reader, document })
    }

    /// The file's path.
    pub(super) fn path(&self) -> &Path {
        self.reader.path
    }

    /// The path as messages have it.
    pub(super) fn shown(&self) -> &str {
        self.reader.shown
    }

    /// The settings outside any stage.
    ///
    /// # Errors
    /// For an unknown key, a value of the wrong type, an unset `${NAME}`; each with its line.
    pub fn base(&self) -> Result<Layer, Diagnostic> {
        let mut layer = Layer::default();
        let entries = self.document.get_ref().iter();
        let entries = entries.filter(|(name, _)| name.get_ref() != STAGE);
        self.reader.table("", "", entries, &mut layer)?;
        Ok(layer)
    }

    /// The names of the stages, sorted.
    ///
    /// # Errors
    /// When `stage` is not a table of tables.
    pub fn stages(&self) -> Result<Vec<String>, Diagnostic> {
        let mut names = Vec::new();
        for (name, value) in self.stage_tables()? {
            self.reader.as_table(&join(STAGE, name), value, "[{key}]")?;
            names.push(name.to_owned());
        }
        names.sort();
        Ok(names)
    }

    /// The settings of one stage.
    ///
    /// # Errors
    /// As [`Self::base`].
    pub(super) fn stage(&self, name: &str) -> Result<Layer, Diagnostic> {
        self.read_stage(&self.reader, name)
    }

    /// Whether a stage that is not used has mistakes, unset variables aside.
    pub(super) fn check_stage(&self, name: &str) -> Result<(), Diagnostic> {
        let reader = Reader { unset: Unset::Empty, ..self.reader.clone() };
        self.read_stage(&reader, name).map(|_| ())
    }

    fn read_stage(&self, reader: &Reader<'_>, name: &str) -> Result<Layer, Diagnostic> {
        let mut layer = Layer::default();
        for (_, value) in self.stage_tables()?.filter(|(key, _)| *key == name) {
            let path = join(STAGE, name);
            let entries = reader.as_table(&path, value, "[{key}]")?;
            for forbidden in [STAGE, "default_stage"] {
                if let Some((key, _)) = entries.get_key_value(forbidden) {
                    let origin = reader.origin(&join(&path, forbidden), &key.span());
                    let message = "a stage cannot have this key";
                    let correction = format!("Move `{forbidden}` out of `[{path}]`");
                    return Err(Diagnostic::invalid(message, correction).at(origin));
                }
            }
            reader.table(&path, "", entries.iter(), &mut layer)?;
        }
        Ok(layer)
    }

    fn stage_tables(&self) -> Result<impl Iterator<Item = (&str, &TomlValue<'a>)>, Diagnostic> {
        let stages = self.document.get_ref().get(STAGE);
        if let Some(value) = stages
            && let Some(name) = value.get_ref().as_str()
        {
            let name = escape::quoted(name);
            let correction = format!("To choose a stage, write `default_stage = {name}`");
            let error = Diagnostic::invalid("is a TOML string, not a table of stages", correction);
            return Err(error.at(self.reader.origin(STAGE, &value.span())));
        }
        let tables =
            stages.map(|value| self.reader.as_table(STAGE, value, "[stage.NAME]")).transpose()?;
        Ok(tables.into_iter().flatten().map(|(name, value)| (name.get_ref().as_ref(), value)))
    }
}

/// What is most often wrong with TOML: how the parser's message begins, what it is, and what to write.
#[rustfmt::skip]
const MISTAKES: &[(&str, &str, &str)] = &[
    ("string values must be quoted", "a text has no quotation marks", "Write it as `name = \"text\"`"),
    ("invalid basic string, expected `\"`", "a string is not closed", "Write `\"` where the text ends"),
    ("invalid literal string, expected `'`", "a string is not closed", "Write `'` where the text ends"),
    ("key with no value", "a name has no value", "Write it as `name = \"text\"`"),
    ("invalid boolean", "a text has no quotation marks", "Write `true` or `false`, or a text as `name = \"text\"`"),
    ("missing comma", "a list has neither a comma nor its `]` here", "Write it as `[\"text\", \"text\"]`"),
    ("unclosed array", "a list is not closed", "Write `]` where it ends"),
    ("unclosed table", "the name of a table is not closed", "Write it as `[name]`"),
    ("invalid unquoted key", "a name has a character that none has", "Names have letters, digits, `_` and `-`"),
    ("missing escaped value", "a string has a `\\` that escapes nothing", "Write `\\\\`, or the text in single quotation marks"),
    ("unexpected key or value", "the line goes on after its value", "Write one setting on each line"),
];

/// What to add about a place that is not TOML, and what to write.
fn reason(message: &str, text: &str, place: Range<usize>) -> (String, Option<&'static str>) {
    let rest = text.get(place.start..).unwrap_or_default();
    let known = MISTAKES.iter().find(|(start, ..)| message.starts_with(start));
    match rest.chars().next() {
        Some('“' | '”' | '„' | '‘' | '’') => {
            let reason = ": it has typographic quotation marks";
            (reason.to_owned(), Some("Write `\"` in their place"))
        }
        _ if message.starts_with("duplicate key") => {
            let name = text.get(place).unwrap_or_default();
            (format!(": `{name}` is there twice"), Some("Write it once"))
        }
        None | Some('\n' | '\r') if message.starts_with("string values") => {
            (": a value is missing".to_owned(), None)
        }
        _ => known.map_or_else(Default::default, |(_, reason, help)| {
            (format!(": {reason}"), Some(*help))
        }),
    }
}

/// What a file that isn't TOML is, by its first line.
fn other_format(text: &str) -> Option<&'static str> {
    let mut lines = text.lines().map(str::trim);
    let first = lines.find(|line| !line.is_empty() && !line.starts_with('#'))?;
    let first = first.strip_prefix("export ").unwrap_or(first);
    let is_end = |c: char| !(c.is_ascii_alphanumeric() || "_-".contains(c));
    let (name, rest) = first.split_at(first.find(is_end).unwrap_or(first.len()));
    let is_variable = !name.is_empty() && !name.contains(|c: char| c.is_ascii_lowercase());
    match rest {
        _ if first.starts_with('{') => Some("JSON"),
        _ if first == "---" || rest == ":" || rest.starts_with(": ") => Some("YAML"),
        _ if is_variable && rest.starts_with('=') => Some("a file of variables"),
        _ => None,
    }
}
