//! Stages: tables of the file that lie over the rest of it.

use super::file::ConfigFile;
use super::reader::STAGE;
use super::setting::join;
use super::settings::Layer;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::origin::{Given, Origin};
use crate::words::nearest;

impl ConfigFile<'_> {
    /// The file's level with the chosen stage over the rest. Without a choice, `default_stage` applies.
    ///
    /// # Errors
    /// For an unknown stage; when the file has stages and none is chosen; and for what
    /// [`ConfigFile::base`] refuses.
    pub fn layer(&self, chosen: Option<&Given<String>>) -> Result<Layer, Diagnostic> {
        let base = self.base()?;
        let known = self.stages()?;
        let path = self.shown();
        let Some(chosen) = chosen.or(base.default_stage.as_ref()) else {
            if known.is_empty() {
                return Ok(base);
            }
            let message = format!("no stage is chosen, and {path} has");
            let error = Diagnostic::new(Code::InvalidStage, message);
            return Err(error.list(&known).path(self.path()));
        };
        let (stage, origin) = (&chosen.value, &chosen.origin);
        if known.is_empty() {
            let message = format!("there is no stage `{stage}`: {path} has no stages");
            let help = format!("Write it as `[stage.{stage}]`, or choose none");
            return Err(no_stage(message, help, origin));
        }
        if !known.contains(stage) {
            let message = match origin {
                Origin::File { .. } => format!("there is no stage `{stage}`, and the file has"),
                _ => format!("there is no stage `{stage}` in {path}, which has"),
            };
            let help = match nearest(stage, known.iter().map(String::as_str)) {
                Some(nearest) => format!("Correct it: did you mean `{nearest}`?"),
                None => format!("Choose one of them, or add `[stage.{stage}]`"),
            };
            return Err(no_stage(message, help, origin).list(&known));
        }
        // A mistake in another stage is found now, not on the day that it is used.
        for other in known.iter().filter(|name| *name != stage) {
            self.check_stage(other)?;
        }
        Ok(Layer { default_stage: Some(chosen.clone()), ..self.stage(stage)?.merged_over(base) })
    }

    /// The levels of the stages that are not chosen, as far as their variables are set.
    ///
    /// # Errors
    /// For what [`ConfigFile::base`] refuses.
    pub fn other_stages(
        &self,
        chosen: Option<&Given<String>>,
    ) -> Result<Vec<(String, Layer)>, Diagnostic> {
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

/// Whether an error is about a setting of this stage of the file.
pub fn is_in_stage(error: &Diagnostic, name: &str) -> bool {
    let Some(Origin::File { key, .. }) = &error.origin else {
        return false;
    };
    let rest = key.strip_prefix(&join(STAGE, name));
    rest.is_some_and(|rest| rest.starts_with('.'))
}

/// Refuses a stage that was chosen where there is no file to have it.
///
/// # Errors
/// When one was chosen.
pub fn refuse_stage(chosen: Option<&Given<String>>) -> Result<(), Diagnostic> {
    let Some(Given { value, origin }) = chosen else {
        return Ok(());
    };
    let message = format!("there is no stage `{value}`, since no configuration file was found");
    let help = "Name the file with `--config FILE`".to_owned();
    Err(no_stage(message, help, origin))
}

fn no_stage(message: String, help: String, origin: &Origin) -> Diagnostic {
    Diagnostic::with_help(Code::InvalidStage, message, [help]).at(origin.clone())
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

    fn layer(text: &str, stage: Option<&str>) -> Result<Layer, Diagnostic> {
        let inherited = Inherited::default();
        let chosen = stage.map(|name| Given::new(name.to_owned(), Origin::Flag("--stage")));
        ConfigFile::parse(Path::new("t.toml"), "t.toml", text, &inherited)
            .and_then(|file| file.layer(chosen.as_ref()))
    }

    #[test]
    fn a_stage_replaces_lists_and_merges_tables() {
        let layer = layer(FILE, Some("prod")).expect("a stage");
        let prefixes: Vec<_> = layer.prefix.into_iter().flatten().map(|p| p.value.text).collect();
        assert_eq!(prefixes, ["/org/prod"]);
        let mut keys: Vec<_> = layer
            .keys
            .into_iter()
            .flatten()
            .filter_map(|k| k.value.param().map(str::to_owned))
            .collect();
        keys.sort();
        assert_eq!(keys, ["/org/a", "/org/prod/b", "/org/prod/c"]);
        assert_eq!(layer.require.map(|list| list.len()), Some(2));
        let profile = layer.profile.expect("a profile");
        assert_eq!(profile.value, "prod");
        assert_eq!(profile.origin.to_string(), "t.toml, line 12, `stage.prod.aws.profile`");
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
        let choose = "\n  help: Choose one with `--stage NAME`, or set `default_stage` in the file";
        let unknown = "--stage: there is no stage `prd` in t.toml, which has: dev, prod";
        let near = "\n  help: Correct it: did you mean `prod`?";
        assert_eq!(error(FILE, Some("prd")), format!("{unknown}{near}"));
        let add = |name| format!("\n  help: Choose one of them, or add `[stage.{name}]`");
        let other = "default_stage = \"x\"\n[stage.a]";
        let unknown = "t.toml, line 1, `default_stage`: there is no stage `x`, and the file has: a";
        assert_eq!(error(other, None), format!("{unknown}{}", add("x")));
        let four = "[stage]\na = {}\nb = {}\nc = {}\nd = {}";
        let unknown = "--stage: there is no stage `x` in t.toml, which has\n  a\n  b\n  c\n  d";
        assert_eq!(error(four, Some("x")), format!("{unknown}{}", add("x")));
        let none = FILE.replace("default_stage", "# ");
        let unchosen = "no stage is chosen, and t.toml has: dev, prod";
        assert_eq!(error(&none, None), format!("{unchosen}{choose}"));
        assert_eq!(
            error("prefix = \"/a\"", Some("prod")),
            "--stage: there is no stage `prod`: t.toml has no stages\n  help: Write it as `[stage.prod]`, or choose none"
        );
        for (text, expected) in [
            (
                "[stage.a]\n[stage.a.stage.b]\nskip = true",
                "t.toml, line 2, `stage.a.stage`: a stage cannot have this key\n  help: Move `stage` out of `[stage.a]`",
            ),
            (
                "[stage.a]\ndefault_stage = \"a\"",
                "t.toml, line 2, `stage.a.default_stage`: a stage cannot have this key\n  help: Move `default_stage` out of `[stage.a]`",
            ),
            (
                "[stage.a]\nskipp = true",
                "t.toml, line 2, `stage.a.skipp`: unknown key `skipp`\n  help: Correct it: did you mean `skip`?",
            ),
            (
                "stage = \"a\"",
                "t.toml, line 1, `stage`: is a TOML string, not a table of stages\n  help: To choose a stage, write `default_stage = \"a\"`",
            ),
            (
                "stage = 1",
                "t.toml, line 1, `stage`: is a TOML integer, not a table\n  help: Write `[stage.NAME]`",
            ),
            (
                "[stage]\na = 1",
                "t.toml, line 2, `stage.a`: is a TOML integer, not a table\n  help: Write `[stage.a]`",
            ),
            (
                "[stage.a]\n[stage.b]\nskipp = true",
                "t.toml, line 3, `stage.b.skipp`: unknown key `skipp`\n  help: Correct it: did you mean `skip`?",
            ),
        ] {
            assert_eq!(error(text, Some("a")), expected);
        }
    }

    #[test]
    fn a_stage_without_a_file_is_refused() {
        assert_eq!(refuse_stage(None), Ok(()));
        let chosen = Given::new("prod".to_owned(), Origin::Flag("--stage"));
        let error = refuse_stage(Some(&chosen)).expect_err("no file");
        assert_eq!(
            error.to_string(),
            "--stage: there is no stage `prod`, since no configuration file was found\n  help: Name the file with `--config FILE`"
        );
    }

    #[test]
    fn variables_of_other_stages_need_not_be_set() {
        let text = "[stage.a]\nskip = true\n[stage.b]\nprefix = \"/${NOPE}/x\"";
        assert!(layer(text, Some("a")).is_ok());
        assert!(layer(text, Some("b")).expect_err("unset").to_string().contains("NOPE"));
    }
}
