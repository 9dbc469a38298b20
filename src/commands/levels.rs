//! The levels of configuration: the command line, the variables and the file, put over one another.

use crate::config_file;
use crate::error::Error;
use crate::logging::{Logger, info, warn};
use ssm_exec_core::config::{self, Config, ConfigFile, ConfigLocation, Layer};
use ssm_exec_core::diagnostic::Diagnostic;
use ssm_exec_core::inherited::Inherited;
use ssm_exec_core::origin::Given;
use std::path::{Path, PathBuf};

/// What the levels give.
pub(super) struct Levels {
    /// The command line over the variables.
    stronger: Layer,
    location: ConfigLocation,
    /// The file's path and text.
    file: Option<(PathBuf, String)>,
}

impl Levels {
    /// Reads the variables and finds the file. Messages are written as soon as it is known how.
    pub(super) fn read(
        options: Layer,
        inherited: &Inherited<'_>,
        logger: &mut Logger,
    ) -> Result<Self, Error> {
        let variables = config::read_variables(inherited)?;
        let location = match options.config_location()? {
            Some(location) => location,
            None => variables.config_location()?.unwrap_or(ConfigLocation::Nearest),
        };
        let stronger = options.over(variables);
        logger.configure(stronger.logging()?);
        Self::with_file(stronger, location)
    }

    /// Reads the variables only.
    pub(super) fn without_file(
        options: Layer,
        inherited: &Inherited<'_>,
        logger: &mut Logger,
    ) -> Result<Self, Error> {
        let stronger = options.over(config::read_variables(inherited)?);
        logger.configure(stronger.logging()?);
        Self::with_file(stronger, ConfigLocation::None)
    }

    fn with_file(stronger: Layer, location: ConfigLocation) -> Result<Self, Error> {
        Ok(Self { file: config_file::find_config_file(&location)?, stronger, location })
    }

    /// The configuration that a new start would have: from the file as it is now.
    pub(super) fn read_again(&self, inherited: &Inherited<'_>) -> Result<(Config, Self), Error> {
        let again = Self::with_file(self.stronger.clone(), self.location.clone())?;
        if let (Some((path, _)), None) = (&self.file, &again.file) {
            let message = format!("{} is gone, which the start used", path.display());
            let help = "Put it back, or restart the command without it";
            return Err(Diagnostic::invalid(message, help).path(path).into());
        }
        let (layer, ..) = again.merged(None, inherited)?;
        Ok((Config::resolve(layer, inherited)?, again))
    }

    /// The file that was read.
    pub(super) fn file(&self) -> Option<&Path> {
        self.file.as_ref().map(|(path, _)| path.as_path())
    }

    /// The file that an option or a variable names.
    pub(super) fn chosen_file(&self) -> Option<&Path> {
        self.stronger.config.as_ref().map(|given| Path::new(&given.value))
    }

    /// The stages of the file.
    pub(super) fn stages(&self, inherited: &Inherited<'_>) -> Result<Vec<String>, Error> {
        match &self.file {
            None => Ok(Vec::new()),
            Some((path, text)) => {
                let shown = config_file::shown(path);
                Ok(ConfigFile::parse(path, &shown, text, inherited)?.stages()?)
            }
        }
    }

    /// The configuration. `stage` is chosen in place of what the levels choose.
    pub(super) fn config(
        &self,
        stage: Option<&Given<String>>,
        inherited: &Inherited<'_>,
        logger: &mut Logger,
    ) -> Result<Config, Error> {
        let (layer, replaced, dropped) = self.merged(stage, inherited)?;
        logger.configure(layer.logging()?);
        logger.install();
        if let Some((path, _)) = &self.file {
            info!("configuration from {}", path.display());
            replaced.iter().for_each(|replaced| info!("{replaced}"));
        }
        for text in dropped {
            warn!("{text}");
        }
        Ok(Config::resolve(layer, inherited)?)
    }

    /// All levels in one, which lists of the file are replaced, and which keys are lost with them.
    fn merged(
        &self,
        stage: Option<&Given<String>>,
        inherited: &Inherited<'_>,
    ) -> Result<(Layer, Vec<String>, Vec<String>), Error> {
        let every_stage_is_checked = stage.is_some();
        let stage = stage.or(self.stronger.stage.as_ref());
        let layer = self.stronger.clone();
        let Some((path, text)) = &self.file else {
            config::refuse_stage(stage)?;
            return Ok((layer, Vec::new(), Vec::new()));
        };
        let shown = config_file::shown(path);
        let file = ConfigFile::parse(path, &shown, text, inherited)?;
        let mut dropped = Vec::new();
        if !every_stage_is_checked {
            self.check_other_stages(&file, stage, inherited)?;
        }
        let file = file.layer(stage)?;
        if !every_stage_is_checked {
            dropped = layer.dropped_keys(&file);
        }
        let lists = layer.replaced_lists(&file).into_iter();
        let replaced = lists.map(|(by, list)| format!("{by} replaces {list}"));
        let replaced = replaced.collect();
        let mut layer = layer.over(file);
        let directory = path.parent().unwrap_or(path);
        layer.read_templates(|path| config_file::read_template(&directory.join(path)))?;
        Ok((layer, replaced, dropped))
    }

    /// Refuses mistakes in the stages that are not chosen.
    fn check_other_stages(
        &self,
        file: &ConfigFile<'_>,
        stage: Option<&Given<String>>,
        inherited: &Inherited<'_>,
    ) -> Result<(), Diagnostic> {
        for (name, other) in file.other_stages(stage)? {
            let layer = self.stronger.clone().over(other);
            match Config::resolve(layer, inherited) {
                // What is wrong elsewhere is reported with the chosen stage.
                Err(error) if config::is_in_stage(&error, &name) => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}
