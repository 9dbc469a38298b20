//! What a running command has, without any value, and what a new start would change about it. Pure.

use crate::config::{Config, Delivery};
use crate::env_reference::EnvReference;
use crate::environment::Environment;
use crate::fetched::Fetched;
use crate::json;
use crate::parameter::{OnMissing, ValueRef};
use crate::plan;
use crate::template::Template;
use crate::variable::VariableName;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::collections::{BTreeMap, BTreeSet};

/// Bytes of a block of SHA-256, which is also the longest key that is used as it is (RFC 2104).
const BLOCK: usize = 64;
/// The key of the digests. Only one start and its watcher have it.
pub type Key = [u8; BLOCK];

/// What the command has, by the names of the variables.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents(BTreeMap<String, ContentDigest>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct ContentDigest {
    /// Of the name and the value, under a key: without it nothing can be learned from a digest.
    digest: u128,
    is_file: bool,
    /// The parameter that holds the value, or the place in it, if one does.
    source: Option<String>,
}

/// A variable whose parameter no longer exists.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Gone {
    pub variable: String,
    /// The parameter, or the place in it.
    pub param: String,
}

/// What a new start would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Nothing. What is optional and gone stays as it is.
    Nothing {
        /// What is optional and gone.
        gone: Vec<Gone>,
    },
    /// The values of these in-memory files, and nothing else.
    Files(BTreeSet<String>),
    /// Variables.
    Variables,
    /// It would take away what the command was given, or what it needs.
    Loss {
        /// What is gone.
        gone: Vec<Gone>,
        /// Whether other changes wait.
        others: bool,
    },
}

/// How much a variable matters.
#[derive(PartialEq)]
enum Need {
    Optional,
    Unstated,
    Required,
}

impl Contents {
    /// What an environment has.
    pub fn new(key: &Key, environment: &Environment<'_>) -> Self {
        let contents = environment.set.iter().map(|(name, setting)| {
            let value = setting.value.bytes();
            let mut mac = Hmac::<Sha256>::new(&(*key).into());
            mac.update(name.as_str().as_bytes());
            mac.update(&[0]);
            mac.update(value);
            // The hasher's buffer still has the end of the value. A whole block overwrites all of it.
            mac.update(&[0; BLOCK]);
            mac.update(&value.len().to_le_bytes());
            let mut half = [0; 16];
            half.copy_from_slice(&mac.finalize().into_bytes()[..16]);
            let is_fetched = setting.parameter.is_some();
            let source = setting.provenance.param().filter(|_| is_fetched);
            let content = ContentDigest {
                digest: u128::from_le_bytes(half),
                is_file: setting.delivery == Delivery::File,
                source: source.map(ToString::to_string),
            };
            (name.to_string(), content)
        });
        Self(contents.collect())
    }

    /// What `new` changes. `config` and the rest are what it was made from. What is gone, but need not
    /// keep the command from being started anew, is put into `new`, as the command still has it.
    pub fn change(
        &self,
        new: &mut Self,
        config: &Config,
        references: &[EnvReference],
        fetched: &Fetched,
    ) -> Change {
        let requests = plan::plan(&config.sources, references);
        let is_gone = |source: &str| {
            let Ok(param) = ValueRef::parse(source) else {
                return false;
            };
            // What the configuration no longer asks for isn't gone.
            let mut requests = requests.iter();
            requests.any(|request| request.includes(&param.parameter)) && !exists(&param, fetched)
        };
        let mut gone = Vec::new();
        for (variable, content) in &self.0 {
            if let Some(param) = content.source.clone().filter(|source| is_gone(source)) {
                let variable = variable.clone();
                gone.push(Gone { variable, param });
            }
        }
        let is_gone = |name: &String| gone.iter().any(|gone| gone.variable == *name);
        let names: BTreeSet<&String> = self.0.keys().chain(new.0.keys()).collect();
        let mut files = BTreeSet::new();
        let mut variables = false;
        for name in names.into_iter().filter(|name| !is_gone(name)) {
            match (self.0.get(name), new.0.get(name)) {
                (Some(old), Some(new))
                    if old.digest == new.digest && old.is_file == new.is_file => {}
                (Some(old), Some(new)) if old.is_file && new.is_file => {
                    files.insert(name.clone());
                }
                _ => variables = true,
            }
        }
        let need = |gone: &Gone| need(&gone.variable, config, references);
        let others = variables || !files.is_empty();
        let holds_back = gone.iter().any(|gone| match need(gone) {
            Need::Optional => false,
            Need::Unstated => !others,
            Need::Required => true,
        });
        if holds_back {
            return Change::Loss { gone, others };
        }
        for Gone { variable, .. } in &gone {
            new.0.insert(variable.clone(), self.0[variable].clone());
        }
        if variables {
            Change::Variables
        } else if files.is_empty() {
            Change::Nothing { gone }
        } else {
            Change::Files(files)
        }
    }

    /// Forgets what the in-memory files hold, where that is no longer certain.
    pub fn forget_files(&mut self) {
        for content in self.0.values_mut().filter(|content| content.is_file) {
            content.digest = 0;
        }
    }
}

fn exists(param: &ValueRef, fetched: &Fetched) -> bool {
    let parameter = fetched.get(&param.parameter);
    parameter.is_some_and(|parameter| {
        let field = param.field.as_ref();
        field.is_none_or(|field| json::field(parameter.value.expose(), field).is_ok())
    })
}

fn need(variable: &str, config: &Config, references: &[EnvReference]) -> Need {
    let rules = &config.rules;
    let is_it = |name: &VariableName| name.as_str() == variable;
    let has_part = |template: &Template| template.variables().any(|part| part == variable);
    let mut contract = config.contract.rules.iter();
    if rules.require.iter().any(is_it)
        || rules.compose.iter().any(|one| has_part(&one.template))
        || contract.any(|(name, rule)| is_it(name) && !rule.optional)
    {
        return Need::Required;
    }
    let keys = config.sources.keys.iter();
    let keys = keys.map(|key| (&key.name, &key.absence));
    let references = references.iter();
    let mut named = keys.chain(references.map(|one| (&one.name, &one.absence)));
    match named.find(|(name, _)| is_it(name)) {
        Some((_, OnMissing::Fail)) => Need::Required,
        Some(_) => Need::Optional,
        None => Need::Unstated,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse_file;
    use crate::environment::assemble;
    use crate::fetched::FetchedParameter;
    use crate::inherited::Inherited;
    use crate::parameter::Prefix;
    use crate::secret::Secret;

    const CONFIG: &str = r#"
prefix = ["/a"]
json = ["/j"]
require = ["REQUIRED"]
[keys]
OPTIONAL = { param = "/k", optional = true }
DEFAULT = { param = "/d", default = "x" }
[files]
FILE = "/f"
[compose]
WHOLE = "${PART}"
[contract]
RULED = { optional = true }
"#;

    fn fetched(values: &str) -> Fetched {
        let mut fetched = Fetched::default();
        let parameter = |(name, value): (&str, &str)| FetchedParameter {
            name: name.to_owned(),
            value: Secret::new(value.to_owned()),
            kind: None,
            version: None,
            modified: None,
            arn: None,
        };
        let pairs = values.split_whitespace().filter_map(|pair| pair.split_once('='));
        let (below, named): (Vec<_>, Vec<_>) = pairs.partition(|(name, _)| name.starts_with("/a/"));
        let below = below.into_iter().map(parameter).collect();
        fetched.add_below(Prefix::parse("/a").expect("a prefix"), below);
        for pair in named {
            let asked = crate::parameter::ParameterRef::parse(pair.0).expect("a name");
            fetched.add_named(asked, parameter(pair));
        }
        fetched
    }

    fn contents(key: u8, config: &Config, fetched: &Fetched) -> Contents {
        let inherited = Inherited::default();
        Contents::new(&[key; BLOCK], &assemble(config, &inherited, &[], Some(fetched)))
    }

    fn config(text: &str) -> Config {
        let inherited = Inherited::default();
        let layer = parse_file("t.toml".as_ref(), text, &inherited).expect("valid");
        Config::resolve(layer, &inherited).expect("valid")
    }

    /// What changes from one set of values to another, under configurations of their own.
    fn change_of(texts: [&str; 2], values: [&str; 2]) -> Change {
        let old = contents(1, &config(texts[0]), &fetched(values[0]));
        let (config, fetched) = (config(texts[1]), fetched(values[1]));
        let mut new = contents(1, &config, &fetched);
        old.change(&mut new, &config, &[], &fetched)
    }

    fn change(old: &str, new: &str) -> String {
        match change_of([CONFIG, CONFIG], [old, new]) {
            Change::Nothing { gone } if gone.is_empty() => "nothing".to_owned(),
            Change::Nothing { gone } => format!("nothing, without {}", gone[0].param),
            Change::Files(files) => format!("files {files:?}"),
            Change::Variables => "variables".to_owned(),
            Change::Loss { gone, others } => format!("loss of {}, {others}", gone[0].param),
        }
    }

    #[test]
    fn a_digest_depends_on_the_key_on_the_name_and_on_the_value() {
        let config = config("prefix = [\"/a\"]");
        let one = contents(1, &config, &fetched("/a/a=x /a/b=y"));
        assert_eq!(one, contents(1, &config, &fetched("/a/b=y /a/a=x")));
        for other in [
            contents(2, &config, &fetched("/a/a=x /a/b=y")),
            contents(1, &config, &fetched("/a/a=x /a/c=y")),
            contents(1, &config, &fetched("/a/a=x /a/b=z")),
            contents(1, &config, &fetched("/a/a=x")),
        ] {
            assert_ne!(one, other);
        }
        let same = contents(1, &config, &fetched("/a/a=x /a/b=x"));
        let digests: Vec<u128> = same.0.values().map(|content| content.digest).collect();
        assert_ne!(digests[0], digests[1], "equal values can't be seen");
    }

    #[test]
    fn a_change_is_of_variables_or_of_files_only() {
        let all = r#"/a/x=1 /j={"m":"1"} /f=1"#;
        for (new, expected) in [
            (all, "nothing"),
            (r#"/a/x=2 /j={"m":"1"} /f=1"#, "variables"),
            (r#"/a/x=1 /j={"m":"2"} /f=1"#, "variables"),
            (r#"/a/x=1 /a/y=1 /j={"m":"1"} /f=1"#, "variables"),
            (r#"/a/x=1 /j={"m":"1"} /f=2"#, r#"files {"FILE"}"#),
            (r#"/a/x=2 /j={"m":"1"} /f=2"#, "variables"),
        ] {
            assert_eq!(change(all, new), expected, "{new}");
        }
    }

    #[test]
    fn what_is_gone_holds_a_start_back_unless_it_is_optional_or_others_change() {
        for (old, new, expected) in [
            ("/a/x=1 /a/y=1", "/a/x=1", "loss of /a/y, false"),
            ("/a/x=1 /a/y=1", "/a/x=2", "variables"),
            ("/a/x=1 /a/required=1", "/a/x=2", "loss of /a/required, true"),
            ("/a/x=1 /a/part=1", "/a/x=2", "loss of /a/part, true"),
            ("/a/x=1 /a/ruled=1", "/a/x=2", "variables"),
            ("/a/x=1 /f=1", "/a/x=2", "loss of /f, true"),
            ("/a/x=1 /k=1", "/a/x=1", "nothing, without /k"),
            ("/a/x=1 /k=1", "/a/x=2", "variables"),
            ("/a/x=1 /d=1", "/a/x=1", "nothing, without /d"),
            (r#"/j={"m":"1","n":"1"}"#, r#"/j={"m":"1"}"#, "loss of /j#n, false"),
            (r#"/j={"m":"1","n":"1"}"#, r#"/j={"m":"1","n":null}"#, "loss of /j#n, false"),
            (r#"/j={"m":"1","n":"1"}"#, r#"/j={"m":"2"}"#, "variables"),
            ("/a/x=1 /f=1 /k=1", "/a/x=1 /f=2", r#"files {"FILE"}"#),
        ] {
            assert_eq!(change(old, new), expected, "{old} -> {new}");
        }
    }

    #[test]
    fn what_is_optional_and_gone_stays_what_the_command_has() {
        let (old, new) = ("/a/x=1 /k=1", "/a/x=1");
        let config = config(CONFIG);
        let mut current = contents(1, &config, &fetched(old));
        let fetched = fetched(new);
        for _ in 0..2 {
            let mut new = contents(1, &config, &fetched);
            let change = current.change(&mut new, &config, &[], &fetched);
            assert!(matches!(&change, Change::Nothing { gone } if gone.len() == 1));
            assert_eq!(new, current);
            current = new;
        }
    }

    #[test]
    fn an_entry_that_is_no_longer_in_the_file_is_not_gone() {
        for (old, new) in [
            ("prefix = [\"/a\"]\n[files]\nFILE = \"/f\"", "prefix = [\"/a\"]"),
            ("prefix = [\"/a\"]", "prefix = [\"/a\"]\nexclude = [\"X\"]"),
            ("prefix = [\"/a\"]", "[files]\nFILE = \"/f\""),
        ] {
            let values = ["/a/x=1 /f=1", "/a/x=1 /f=1"];
            assert_eq!(change_of([old, new], values), Change::Variables, "{new}");
        }
    }

    #[test]
    fn files_that_may_hold_anything_are_written_again() {
        let (config, fetched) = (config(CONFIG), fetched("/a/x=1 /f=1"));
        let mut current = contents(1, &config, &fetched);
        current.forget_files();
        let mut new = contents(1, &config, &fetched);
        let change = current.change(&mut new, &config, &[], &fetched);
        assert_eq!(change, Change::Files(["FILE".to_owned()].into()));
    }
}
