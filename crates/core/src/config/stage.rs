//! Stages: tables of the file that lie over the rest of it.

use super::ConfigError;
use super::file::{ConfigFile, STAGE};
use super::reader::join;
use super::settings::Layer;
use crate::origin::{Given, Origin};

impl ConfigFile<'_> {
    /// The file's level with the chosen stage over the rest. Without a choice, `default_stage` applies.
    ///
    /// # Errors
    /// For an unknown stage; when the file has stages and none is chosen; and for what
    /// [`ConfigFile::base`] refuses.
    pub fn layer(&self, chosen: Option<&Given<String>>) -> Result<Layer, ConfigError> {
        let base = self.base()?;
        let known = self.stages()?;
        let chosen = chosen.or(base.default_stage.as_ref());
        let Some(chosen) = chosen else {
            if known.is_empty() {
                return Ok(base);
            }
            return Err(ConfigError::NoStage {
                path: self.path().to_owned(),
                known,
            });
        };
        if !known.contains(&chosen.value) {
            return Err(ConfigError::UnknownStage {
                origin: chosen.origin.clone(),
                name: chosen.value.clone(),
                path: Some(self.path().to_owned()),
                known,
            });
        }
        // A mistake in another stage is found now, not on the day that it is used.
        for other in known.iter().filter(|name| **name != chosen.value) {
            self.check_stage(other)?;
        }
        Ok(Layer {
            default_stage: Some(chosen.clone()),
            ..self.stage(&chosen.value)?.merged_over(base)
        })
    }

    /// The levels of the stages that are not chosen, as far as their variables are set.
    ///
    /// # Errors
    /// For what [`ConfigFile::base`] refuses.
    pub fn other_stages(
        &self,
        chosen: Option<&Given<String>>,
    ) -> Result<Vec<(String, Layer)>, ConfigError> {
        let known = self.stages()?;
        if known.is_empty() {
            return Ok(Vec::new());
        }
        let base = self.base()?;
        let chosen = chosen.or(base.default_stage.as_ref());
        let others = known.into_iter();
        let others = others.filter(|name| chosen.is_none_or(|chosen| chosen.value != *name));
        Ok(others
            .filter_map(|name| {
                let layer = self.stage(&name).ok()?.merged_over(base.clone());
                Some((name, layer))
            })
            .collect())
    }
}

impl ConfigError {
    /// Whether the setting was given in this stage of the file.
    #[must_use]
    pub fn is_in_stage(&self, name: &str) -> bool {
        let path = join(STAGE, name);
        self.origin().is_some_and(|origin| match origin {
            Origin::File { key, .. } => {
                let rest = key.strip_prefix(&path);
                rest.is_some_and(|rest| rest.starts_with('.'))
            }
            Origin::Flag(_) | Origin::Variable(_) | Origin::Default => false,
        })
    }
}

/// Refuses a stage that was chosen where there is no file to have it.
///
/// # Errors
/// When one was chosen.
pub fn refuse_stage(chosen: Option<&Given<String>>) -> Result<(), ConfigError> {
    match chosen {
        None => Ok(()),
        Some(Given { value, origin }) => Err(ConfigError::UnknownStage {
            origin: origin.clone(),
            name: value.clone(),
            path: None,
            known: Vec::new(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inherited::Inherited;
    use std::path::Path;

    const FILE: &str = r#"
default_stage = "dev"
prefix = "/org/shared"
require = ["A", "B"]
[keys]
A = "/org/a"
B = "/org/b"
[stage.dev]
skip = true
[stage.prod]
prefix = ["/org/prod"]
aws.profile = "prod"
[stage.prod.keys]
B = "/org/prod/b"
C = "/org/prod/c"
"#;

    fn layer(text: &str, stage: Option<&str>) -> Result<Layer, ConfigError> {
        let inherited = Inherited::default();
        let chosen = stage.map(|name| Given::new(name.to_owned(), Origin::Flag("--stage")));
        ConfigFile::parse(Path::new("t.toml"), text, &inherited)
            .and_then(|file| file.layer(chosen.as_ref()))
    }

    #[test]
    fn a_stage_replaces_lists_and_merges_tables() {
        let layer = layer(FILE, Some("prod")).expect("a stage");
        let prefixes: Vec<_> = layer
            .prefix
            .into_iter()
            .flatten()
            .map(|p| p.value.text)
            .collect();
        assert_eq!(prefixes, ["/org/prod"]);
        let mut keys: Vec<_> = layer
            .keys
            .into_iter()
            .flatten()
            .map(|k| k.value.param)
            .collect();
        keys.sort();
        assert_eq!(keys, ["/org/a", "/org/prod/b", "/org/prod/c"]);
        assert_eq!(layer.require.map(|list| list.len()), Some(2));
        let profile = layer.profile.expect("a profile");
        assert_eq!(profile.value, "prod");
        assert_eq!(
            profile.origin.to_string(),
            "t.toml, line 12, `stage.prod.aws.profile`"
        );
        assert_eq!(layer.skip, None);
    }

    #[test]
    fn the_default_stage_applies_where_none_is_chosen() {
        let layer = layer(FILE, None).expect("a stage");
        assert!(layer.skip.is_some_and(|given| given.value));
    }

    #[test]
    fn mistakes_name_the_stages_or_the_line() {
        let error = |text: &str, stage| layer(text, stage).expect_err(text).to_string();
        assert!(error(FILE, Some("prd")).contains("Its stages are: dev, prod"));
        let none = FILE.replace("default_stage", "# ");
        assert!(error(&none, None).contains("`--stage NAME`"));
        assert!(error("prefix = \"/a\"", Some("prod")).contains("It has no stages"));
        for (text, expected) in [
            (
                "[stage.a]\n[stage.a.stage.b]\nskip = true",
                "line 2, `stage.a.stage`: a stage cannot contain stages",
            ),
            (
                "[stage.a]\ndefault_stage = \"a\"",
                "line 2, `stage.a.default_stage`",
            ),
            (
                "[stage.a]\nskipp = true",
                "line 2: unknown key `skipp` in `stage.a`; did you mean `skip`?",
            ),
            (
                "stage = \"a\"",
                "line 1, `stage`: is a TOML string (expected a table). To choose a stage, write `default_stage = \"a\"`",
            ),
            ("stage = 1", "line 1, `stage`: is a TOML integer"),
            ("[stage]\na = 1", "line 2, `stage.a`: is a TOML integer"),
        ] {
            let message = error(text, Some("a"));
            assert!(message.contains(expected), "{message}");
        }
        let other = "[stage.a]\n[stage.b]\nskipp = true";
        assert!(error(other, Some("a")).contains("unknown key `skipp` in `stage.b`"));
    }

    #[test]
    fn a_stage_without_a_file_is_refused() {
        assert_eq!(refuse_stage(None), Ok(()));
        let chosen = Given::new("prod".to_owned(), Origin::Flag("--stage"));
        let error = refuse_stage(Some(&chosen)).expect_err("no file");
        assert_eq!(
            error.to_string(),
            "--stage: there is no stage `prod`, since no configuration file was found"
        );
    }

    #[test]
    fn variables_of_other_stages_need_not_be_set() {
        let text = "[stage.a]\nskip = true\n[stage.b]\nprefix = \"/${NOPE}/x\"";
        assert!(layer(text, Some("a")).is_ok());
        assert!(
            layer(text, Some("b"))
                .expect_err("unset")
                .to_string()
                .contains("NOPE")
        );
    }
}
