//! The fewest requests, and none that the service would refuse.

use super::*;
use crate::config::layer::{KeySpec, PathSpec};
use crate::config::{Config, Layer};
use crate::origin::{Given, Origin};
use crate::parameter::OnMissing;
use crate::parameter::ValueRef;
use crate::variable::VariableName;
use proptest::prelude::*;

fn sources(prefixes: &[&str], keys: &[&str]) -> Sources {
    let given = |value| Given::new(value, Origin::Default);
    let layer = Layer {
        prefix: Some(
            prefixes
                .iter()
                .map(|text| Given::new(PathSpec::from_text(text), Origin::Default))
                .collect(),
        ),
        keys: Some(
            keys.iter()
                .enumerate()
                .map(|(n, key)| given(KeySpec::from_text(&format!("K{n}={key}"))))
                .collect(),
        ),
        ..Layer::default()
    };
    Config::resolve(layer, &crate::inherited::Inherited::default()).expect("valid").sources
}

fn requests(prefixes: &[&str], keys: &[&str]) -> Vec<Request> {
    plan(&sources(prefixes, keys), &[])
}

fn shown(requests: &[Request]) -> Vec<String> {
    let show = |request: &Request| match request {
        Request::Below(prefix) => format!("{prefix}/*"),
        Request::Batch(names) => {
            names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        }
    };
    requests.iter().map(show).collect()
}

#[test]
fn nothing_is_asked_twice() {
    assert_eq!(
        shown(&requests(&["/a", "/a/b", "/a/", "/c"], &["/a/x", "/d", "d", "/a/x:2"])),
        ["/a/*", "/c/*", "/a/x:2 d"]
    );
    assert_eq!(shown(&requests(&["/a/b", "/a"], &[])), ["/a/*"]);
    assert_eq!(shown(&requests(&["/a:blue", "/a"], &["/a/x"])), ["/a:blue/*", "/a/*"]);
}

#[test]
fn versions_of_one_parameter_go_apart_and_secrets_by_themselves() {
    let arn = "arn:aws:ssm:eu-west-1:111122223333:parameter/a";
    let secret = "/aws/reference/secretsmanager/s";
    assert_eq!(
        shown(&requests(&[], &["/a:1", "/a:2", "/b", arn, secret])),
        ["/a:1 /b", "/a:2", arn, secret]
    );
}

proptest! {
    #[test]
    fn batches_are_full_legal_and_complete(
        keys in proptest::collection::vec((0_u8..40, proptest::option::of(1_u8..4)), 1..80)
    ) {
        let texts: Vec<String> = keys
            .iter()
            .map(|(n, version)| format!("/p/k{n}{}", version.map(|v| format!(":{v}")).unwrap_or_default()))
            .collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let mut asked = Vec::new();
        for request in requests(&[], &texts) {
            let Request::Batch(names) = request else { panic!("no prefix was asked for") };
            prop_assert!((1..=BATCH).contains(&names.len()));
            let subjects: HashSet<_> = names.iter().map(|name| name.subject.clone()).collect();
            prop_assert_eq!(subjects.len(), names.len(), "a parameter twice in a batch");
            asked.extend(names);
        }
        let wanted: BTreeSet<ParameterRef> =
            texts.iter().map(|text| ParameterRef::parse(text).expect("valid")).collect();
        prop_assert_eq!(asked.len(), wanted.len());
        prop_assert_eq!(asked.into_iter().collect::<BTreeSet<_>>(), wanted);
    }
}

#[test]
fn references_are_planned_too() {
    let reference = EnvReference {
        name: VariableName::inherited("R"),
        param: ValueRef::parse("/r#x").expect("valid"),
        absence: OnMissing::Fail,
    };
    assert_eq!(shown(&plan(&Sources::default(), &[reference])), ["/r"]);
}

#[test]
fn of_equal_prefixes_the_first_counts() {
    assert_eq!(shown(&requests(&["/a", "/c", "/a/"], &[])), ["/a/*", "/c/*"]);
}

#[test]
fn versions_never_change_and_are_not_polled() {
    let secret = "/aws/reference/secretsmanager/s";
    for (prefixes, keys, polled) in [
        (&[][..], &["/a:1", "/b:2"][..], &[][..]),
        (&[], &["/a:1", "/b:label", "/c"], &["/b:label /c"]),
        (&["/p"], &["/a:1", secret, "/c"], &["/p/*", "/c", secret]),
    ] {
        let polled: Vec<String> = polled.iter().map(|&text| text.to_owned()).collect();
        let sources = sources(prefixes, keys);
        assert_eq!(shown(&plan_polls(&sources, &[])), polled);
        assert_eq!(can_change(&sources, &[]), !polled.is_empty(), "{keys:?}");
    }
    // What is left of two batches is one request.
    let pinned: Vec<String> = (10..19).map(|n| format!("/a{n}:1")).collect();
    let mut keys: Vec<&str> = pinned.iter().map(String::as_str).collect();
    keys.extend(["/b", "/c"]);
    let sources = sources(&[], &keys);
    assert_eq!(plan(&sources, &[]).len(), 2);
    assert_eq!(shown(&plan_polls(&sources, &[])), ["/b /c"]);
}

#[test]
fn a_trigger_alone_changes_no_value() {
    let trigger = ParameterRef::parse("/t").expect("valid");
    let sources = Sources { trigger: Some(trigger), ..sources(&[], &["/a:1"]) };
    assert!(!can_change(&sources, &[]));
}
