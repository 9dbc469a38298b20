//! Precedence between every pair of sources, and what each rule does to the rest.

mod effects;
mod incomplete;
mod messages;
mod problems;
mod sizes;

use super::*;
use crate::aws_context::AwsContext;
use crate::config::{Config, Layer};
use crate::fetched::{Fetched, FetchedParameter, spelled_alike};
use crate::inherited::Inherited;
use crate::origin::Origin;
use crate::parameter::{ParameterRef, Prefix};
use crate::plan::plan;
use crate::request::Request;
use crate::secret::Secret;

/// Sources of the one variable X, weakest first. Each brings its own name as the value.
const SOURCES: &[&str] =
    &["inherited", "first prefix", "second prefix", "json", "key", "reference", "composed"];

fn parameter(name: &str, value: &str) -> FetchedParameter {
    FetchedParameter {
        name: name.to_owned(),
        value: Secret::new(value.to_owned()),
        kind: None,
        version: None,
        modified: None,
        arn: None,
    }
}

/// X as it comes out when just these sources bring it.
fn winner(present: &[&str], keep_existing: bool) -> Option<String> {
    let has = |source| present.contains(&source);
    let mut toml = format!("keep_existing = {keep_existing}\n");
    let mut fetched = Fetched::default();
    let mut below = |path: &str, value: &str| {
        fetched.add_below(
            Prefix::parse(path).expect("a prefix"),
            vec![parameter(&format!("{path}/x"), value)],
        );
    };
    let prefixes: Vec<&str> = [("first prefix", "/p1"), ("second prefix", "/p2")]
        .into_iter()
        .filter(|(source, _)| has(source))
        .inspect(|(source, path)| below(path, source))
        .map(|(_, path)| path)
        .collect();
    toml += &format!("prefix = {prefixes:?}\n");
    let mut named = |name: &str, value: &str| {
        fetched.add_named(ParameterRef::parse(name).expect("a parameter"), parameter(name, value));
    };
    named("/j", r#"{"x": "json"}"#);
    named("/k", "key");
    named("/r", "reference");
    if has("json") {
        toml += "json = \"/j\"\n";
    }
    if has("key") {
        toml += "[keys]\nX = \"/k\"\n";
    }
    if has("composed") {
        toml += "[compose]\nX = \"composed\"\n";
    }
    let mut entries = Vec::new();
    if has("reference") {
        entries.push(c"X=ssm:///r");
    } else if has("inherited") {
        entries.push(c"X=inherited");
    }
    let inherited = Inherited::new(entries);
    let layer = crate::config::ConfigFile::parse("t.toml".as_ref(), "t.toml", &toml, &inherited)
        .and_then(|file| file.layer(None))
        .expect("a valid file");
    let config = Config::resolve(layer, &inherited).expect("a valid configuration");
    let references =
        crate::env_reference::find_references(&inherited, |_| true).expect("valid references");
    let environment = assemble(&config, &inherited, &references, Some(&fetched));
    assert_eq!(environment.errors().count(), 0);
    let set = environment.set.get(&VariableName::inherited("X"));
    let value = set.map(|setting| String::from_utf8_lossy(setting.value.bytes()).into_owned());
    value.or_else(|| {
        let entry = environment.inherited.first()?;
        Some(entry.to_string_lossy().strip_prefix("X=")?.to_owned())
    })
}

#[test]
fn of_every_pair_of_sources_the_later_wins() {
    for (at, weaker) in SOURCES.iter().enumerate() {
        for stronger in &SOURCES[at + 1..] {
            assert_eq!(
                winner(&[weaker, stronger], false).as_deref(),
                Some(*stronger),
                "{weaker} against {stronger}"
            );
        }
    }
}

#[test]
fn with_keep_existing_what_was_inherited_wins_over_all_but_its_own_reference() {
    for stronger in &SOURCES[1..] {
        let expected = if *stronger == "reference" { "reference" } else { "inherited" };
        assert_eq!(
            winner(&["inherited", stronger], true).as_deref(),
            Some(expected),
            "against {stronger}"
        );
    }
}

#[test]
fn a_variable_that_occurs_twice_is_replaced_altogether() {
    let inherited = Inherited::new(vec![c"X=1", c"ODD", c"X=2", c"=C:=\\"]);
    let mut fetched = Fetched::default();
    fetched.add_named(ParameterRef::parse("/x").expect("valid"), parameter("/x", "3"));
    let layer = crate::config::parse_file("t.toml".as_ref(), "[keys]\nX = \"/x\"", &inherited)
        .expect("valid");
    let config = Config::resolve(layer, &inherited).expect("valid");
    let environment = assemble(&config, &inherited, &[], Some(&fetched));
    assert_eq!(environment.inherited, [c"ODD", c"=C:=\\"]);
}

#[test]
fn nothing_is_lost_when_nothing_is_asked() {
    let inherited = Inherited::new(vec![c"A=1", c"B="]);
    let config = Config::resolve(Layer::default(), &Inherited::default()).expect("valid");
    let environment = assemble(&config, &inherited, &[], None);
    assert_eq!(environment.inherited.len(), 2);
    assert!(environment.set.is_empty() && environment.is_complete());
}

/// A file, what is inherited and what exists, with the environment that follows.
#[derive(Default)]
struct Case {
    file: &'static str,
    inherited: &'static [&'static CStr],
    /// `None` where nothing is fetched.
    parameters: Option<&'static [(&'static str, &'static str)]>,
    /// The requests that fail.
    failed: &'static [&'static str],
    environment: &'static [&'static str],
    notices: &'static [&'static str],
    problems: &'static [&'static str],
}

impl Case {
    fn check(&self) {
        let built = self.build();
        let set = built.set.iter().map(|(name, setting)| {
            let value = String::from_utf8_lossy(setting.value.bytes()).into_owned();
            format!("{name}={value}")
        });
        let inherited = built.inherited.iter();
        let inherited = inherited.map(|entry| entry.to_string_lossy().into_owned());
        let environment: Vec<String> = set.chain(inherited).collect();
        let notices: Vec<String> = built.notices().map(Diagnostic::line).collect();
        let missing = built.missing.iter().flat_map(|one| {
            missing::diagnostics(std::slice::from_ref(one), &AwsContext::default(), &[])
        });
        let problems: Vec<Diagnostic> = missing.chain(built.errors().cloned()).collect();
        for problem in &problems {
            let text = problem.to_string();
            assert!(!problem.help.is_empty(), "no help: {text}");
            for placeholder in ["{name}", "{param}", "{region}", "{start}"] {
                assert!(!text.contains(placeholder), "not filled: {text}");
            }
        }
        let problems: Vec<String> = problems.iter().map(Diagnostic::line).collect();
        assert_eq!(environment, self.environment, "{}", self.file);
        assert_eq!(notices, self.notices, "{}", self.file);
        assert_eq!(problems, self.problems, "{}", self.file);
    }

    fn build(&self) -> Environment<'static> {
        let inherited = Inherited::new(self.inherited.to_vec());
        let layer = crate::config::parse_file("t.toml".as_ref(), self.file, &inherited);
        let layer = layer.expect(self.file);
        let config = Config::resolve(layer, &inherited).expect(self.file);
        let references =
            crate::env_reference::find_references(&inherited, |name| is_kept(&config.rules, name));
        let references = references.expect(self.file);
        let fetched = self.parameters.map(|parameters| {
            let requests = plan(&config.sources, &references);
            answer(&requests, parameters, self.failed)
        });
        assemble(&config, &inherited, &references, fetched.as_ref())
    }
}

/// What Parameter Store answers when these parameters exist and these requests fail.
fn answer(requests: &[Request], parameters: &[(&str, &str)], failed: &[&str]) -> Fetched {
    let mut fetched = Fetched::default();
    for request in requests {
        match request {
            request if failed.contains(&request.to_string().as_str()) => {
                fetched.add_failed(request.clone());
            }
            Request::Below(prefix) => {
                let below = parameters.iter();
                let below = below.filter(|(name, _)| prefix.relative(name).is_some());
                let below = below.map(|(name, value)| parameter(name, value));
                fetched.add_below(prefix.clone(), below.collect());
            }
            Request::Batch(names) => {
                for asked in names {
                    let same =
                        |(name, _): &&(&str, &str)| spelled_alike(name, asked.name().as_str());
                    if let Some((name, value)) = parameters.iter().find(same) {
                        fetched.add_named(asked.clone(), parameter(name, value));
                    }
                }
            }
        }
    }
    fetched
}

/// The environment that a file makes of what was fetched and inherited.
fn assembled<'e>(
    toml: &str,
    inherited: &Inherited<'e>,
    below: &[(&str, &str)],
    named: &[(&str, &str)],
) -> Environment<'e> {
    let mut fetched = Fetched::default();
    let below = below.iter().map(|(name, value)| parameter(name, value));
    fetched.add_below(Prefix::parse("/p").expect("a prefix"), below.collect());
    for (name, value) in named {
        let asked = ParameterRef::parse(name).expect("a parameter");
        fetched.add_named(asked, parameter(name, value));
    }
    let layer = crate::config::parse_file("t.toml".as_ref(), toml, inherited).expect(toml);
    let config = Config::resolve(layer, inherited).expect(toml);
    let references =
        crate::env_reference::find_references(inherited, |_| true).expect("valid references");
    assemble(&config, inherited, &references, Some(&fetched))
}

fn text(environment: &Environment<'_>, name: &str) -> Option<String> {
    let setting = environment.set.get(&VariableName::inherited(name))?;
    Some(String::from_utf8_lossy(setting.value.bytes()).into_owned())
}

#[test]
fn a_rename_obeys_keep_existing() {
    let inherited = Inherited::new(vec![c"NEW=inherited"]);
    let toml = "keep_existing = true\nprefix = \"/p\"\n[rename]\nOLD = \"NEW\"";
    let environment = assembled(toml, &inherited, &[("/p/old", "fetched")], &[]);
    assert_eq!(environment.errors().count(), 0);
    assert!(environment.set.is_empty());
    assert_eq!(environment.inherited, [c"NEW=inherited"]);
}

#[test]
fn a_rename_replaces_an_inherited_variable_and_takes_the_old_name_away() {
    let inherited = Inherited::new(vec![c"NEW=inherited", c"OLD=inherited"]);
    let toml = "prefix = \"/p\"\n[rename]\nOLD = \"NEW\"";
    let environment = assembled(toml, &inherited, &[("/p/old", "fetched")], &[]);
    assert_eq!(text(&environment, "NEW").as_deref(), Some("fetched"));
    let setting = &environment.set[&VariableName::inherited("NEW")];
    assert!(setting.overrides);
    assert_eq!(setting.renamed_from, Some(VariableName::inherited("OLD")));
    assert!(environment.inherited.is_empty() && environment.set.len() == 1);
}

#[test]
fn a_rename_onto_a_name_that_another_source_set_is_a_collision() {
    let below = [("/p/a", "1"), ("/p/b", "2"), ("/p/c", "3")];
    for renames in ["A = \"B\"", "A = \"X\"\nB = \"X\""] {
        let toml = format!("prefix = \"/p\"\n[rename]\n{renames}");
        let environment = assembled(&toml, &Inherited::default(), &below, &[]);
        let codes: Vec<Code> = environment.errors().map(|it| it.code).collect();
        assert_eq!(codes, [Code::Collision], "{renames}");
    }
}

#[test]
fn two_variables_can_exchange_their_names() {
    let toml = "prefix = \"/p\"\n[rename]\nA = \"B\"\nB = \"A\"";
    let below = [("/p/a", "1"), ("/p/b", "2")];
    let environment = assembled(toml, &Inherited::default(), &below, &[]);
    assert_eq!(environment.errors().count(), 0);
    assert_eq!(text(&environment, "A").as_deref(), Some("2"));
    assert_eq!(text(&environment, "B").as_deref(), Some("1"));
}

#[test]
fn an_inherited_value_wins_over_a_default_but_not_over_a_parameter() {
    let inherited = Inherited::new(vec![c"A=inherited", c"B=inherited", c"EMPTY="]);
    let toml = "[keys]\nA = { param = \"/a\", default = \"d\" }\nB = { param = \"/b\", default = \"d\" }\nC = { param = \"/c\", default = \"d\" }\nEMPTY = { param = \"/e\", default = \"d\" }";
    let environment = assembled(toml, &inherited, &[], &[("/b", "fetched")]);
    assert_eq!(text(&environment, "A"), None);
    assert_eq!(text(&environment, "B").as_deref(), Some("fetched"));
    assert_eq!(text(&environment, "C").as_deref(), Some("d"));
    assert_eq!(text(&environment, "EMPTY"), None);
    assert_eq!(environment.inherited, [c"A=inherited", c"EMPTY="]);
}

#[test]
fn a_key_for_that_very_name_resolves_a_collision_and_a_refusal() {
    let below = [("/p/a-b", "1"), ("/p/a/b", "2"), ("/p/path", "3")];
    let toml = "prefix = \"/p\"\n[keys]\nA_B = \"/p/a/b\"\nPATH = \"/p/path\"";
    let environment = assembled(toml, &Inherited::default(), &below, &[]);
    assert_eq!(environment.errors().count(), 0);
    assert_eq!(text(&environment, "A_B").as_deref(), Some("2"));
    assert_eq!(text(&environment, "PATH").as_deref(), Some("3"));
    let other = "prefix = \"/p\"\nexclude = [\"PATH\"]\n[keys]\nOTHER = \"/p/a/b\"";
    let environment = assembled(other, &Inherited::default(), &below, &[]);
    let collisions: Vec<_> = environment.errors().collect();
    assert_eq!(collisions[0].code, Code::Collision);
    assert_eq!(collisions[0].subject.parameters, ["/p/a-b", "/p/a/b"]);
}

#[test]
fn a_label_of_a_prefix_and_a_member_of_an_object_are_part_of_the_parameter() {
    let mut fetched = Fetched::default();
    let prefix = Prefix::parse("/p:blue").expect("a prefix");
    fetched.add_below(prefix, vec![parameter("/p/a", "1")]);
    let object = ParameterRef::parse("/o").expect("a parameter");
    fetched.add_named(object, parameter("/o", r#"{"/x": "2", "y": {"z": "3"}}"#));
    let toml = "prefix = \"/p:blue\"\njson = [\"/o\", { param = \"/o#y\", name_prefix = \"N_\" }]";
    let layer = crate::config::parse_file("t.toml".as_ref(), toml, &Inherited::default());
    let config = Config::resolve(layer.expect("valid"), &Inherited::default()).expect("valid");
    let environment = assemble(&config, &Inherited::default(), &[], Some(&fetched));
    let params: Vec<String> =
        environment.set.values().map(|setting| setting.provenance.to_string()).collect();
    assert_eq!(params, ["/p/a:blue", "/o#/y/z", "/o#y", "/o#/~1x"]);
}
