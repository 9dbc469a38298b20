//! Precedence between every pair of sources, and what each rule does to the rest.

use super::*;
use crate::config::Layer;
use crate::parameter::{ParameterRef, Prefix};

/// Sources of the one variable X, weakest first. Each brings its own name as the value.
const SOURCES: &[&str] = &[
    "inherited",
    "first prefix",
    "second prefix",
    "json",
    "key",
    "reference",
    "composed",
];

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
        fetched.add_named(
            ParameterRef::parse(name).expect("a parameter"),
            parameter(name, value),
        );
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
    let layer =
        crate::config::parse_file("t.toml".as_ref(), &toml, &inherited).expect("a valid file");
    let config = Config::resolve(layer, &inherited).expect("a valid configuration");
    let references =
        crate::env_reference::find_references(&inherited, |_| true).expect("valid references");
    let environment = assemble(&config, &inherited, &references, Some(&fetched));
    assert_eq!(environment.problems, []);
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
        let expected = if *stronger == "reference" {
            "reference"
        } else {
            "inherited"
        };
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
    fetched.add_named(
        ParameterRef::parse("/x").expect("valid"),
        parameter("/x", "3"),
    );
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
    assert!(environment.set.is_empty() && environment.problems.is_empty());
}
