//! The level of configuration that `ssm-exec.toml` gives: text in, layers out. The file is found and
//! read elsewhere.

use super::ConfigError;
use super::reader::{File, Unset, Value, join};
use super::settings::Layer;
use crate::escape;
use crate::inherited::Inherited;
use std::path::Path;
use toml::Spanned;
use toml::de::DeTable;

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
        let stages = self.document.get_ref().get(STAGE);
        if let Some(value) = stages
            && let Some(name) = value.get_ref().as_str()
        {
            return Err(ConfigError::invalid(
                self.file.origin(STAGE, &value.span()),
                format!(
                    "is a TOML string (expected a table). To choose a stage, write `default_stage = {}`",
                    escape::quoted(name)
                ),
            ));
        }
        let tables = stages
            .map(|value| self.file.as_table(STAGE, value))
            .transpose()?;
        Ok(tables
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.get_ref().as_ref(), value)))
    }
}
