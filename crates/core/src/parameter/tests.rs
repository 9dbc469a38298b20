//! Names, ARNs, selectors, prefixes and fields: what is read, what is refused, and that both agree.

use super::*;
use proptest::prelude::*;

fn shown(text: &str) -> Result<String, String> {
    ValueRef::parse(text)
        .map(|param| param.to_string())
        .map_err(|error| error.reason)
}

#[test]
fn a_name_of_one_segment_is_the_same_with_and_without_its_slash() {
    let name = |text| ParameterRef::parse(text).expect("a name");
    assert_eq!(name("/key:3"), name("key:3"));
    assert_eq!(name("/key:3").to_request(), "key:3");
    assert_eq!(name("/key:3").to_string(), "/key:3");
}

#[test]
fn every_form_is_read() {
    for (text, canonical) in [
        ("/omneuro/api/db", "/omneuro/api/db"),
        ("/omneuro/api/db:3", "/omneuro/api/db:3"),
        ("/omneuro/api/db:blue", "/omneuro/api/db:blue"),
        ("legacy.app.secret", "legacy.app.secret"),
        ("/key", "/key"),
        ("key", "key"),
        ("arn", "/arn"),
        ("/arn:blue", "/arn:blue"),
        ("/a/b#user", "/a/b#user"),
        ("/a/b:2#/x/0/y~1z", "/a/b:2#/x/0/y~1z"),
        (
            "/aws/reference/secretsmanager/prod/db@x#password",
            "/aws/reference/secretsmanager/prod/db@x#password",
        ),
        (
            "/aws/reference/secretsmanager/db:AWSPREVIOUS",
            "/aws/reference/secretsmanager/db:AWSPREVIOUS",
        ),
        (
            "arn:aws:ssm:eu-west-1:111122223333:parameter/shared/db:7",
            "arn:aws:ssm:eu-west-1:111122223333:parameter/shared/db:7",
        ),
        (
            "arn:aws:ssm:us-east-1::parameter/aws/service/ami/latest",
            "arn:aws:ssm:us-east-1::parameter/aws/service/ami/latest",
        ),
    ] {
        assert_eq!(shown(text), Ok(canonical.to_owned()));
    }
}

#[test]
fn what_aws_could_not_have_is_refused() {
    for text in [
        "",
        "/",
        "//",
        "/a//b",
        "/a/",
        "a/b",
        "/a b",
        "/a*",
        "/ä",
        "/a:",
        "/a:0",
        "/a:1x",
        "/a:awsx",
        "/a:b c",
        "/a#",
        "/a#/~2",
        "arn:aws:ssm:eu-west-1:1:parameter/a",
        "arn:aws:s3:::x",
        "arn:aws:ssm::111122223333:parameter/a",
        "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16",
        "/aws/reference/secretsmanager/",
        "ssm:///a",
    ] {
        assert!(shown(text).is_err(), "{text}");
    }
    assert!(shown(&format!("/{}", "a".repeat(3_000))).is_err());
}

#[test]
fn one_parameter_in_two_spellings_is_one() {
    assert_eq!(ParameterRef::parse("/foo"), ParameterRef::parse("foo"));
    assert_ne!(ParameterRef::parse("/foo/a"), ParameterRef::parse("/Foo/a"));
}

#[test]
fn prefixes_match_whole_segments() {
    let prefix = |text| Prefix::parse(text).expect("a prefix");
    let api = prefix("/omneuro/api/");
    assert_eq!(api.to_string(), "/omneuro/api");
    assert_eq!(api.relative("/omneuro/api/db/url"), Some("db/url"));
    assert_eq!(api.relative("/omneuro/api-v2/url"), None);
    assert_eq!(api.relative("/omneuro/api"), None);
    assert_eq!(prefix("/").relative("plain"), Some("plain"));
    assert!(prefix("/omneuro").covers(&api) && !api.covers(&prefix("/omneuro")));
    assert!(!prefix("/omneuro:blue").covers(&api));
    let db = |text| ParameterRef::parse(text).expect("a parameter");
    assert!(api.brings(&db("/omneuro/api/db")));
    assert!(!api.brings(&db("/omneuro/api/db:1")));
    assert!(!prefix("/omneuro/api:blue").brings(&db("/omneuro/api/db")));
    for text in [
        "",
        "a",
        "a/b",
        "/a//b",
        "/a:1",
        "/a:",
        "/aws/reference/secretsmanager",
        "arn:aws:ssm:x:y:parameter/z",
    ] {
        assert!(Prefix::parse(text).is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn what_is_shown_is_read_again(text in "/?[a-z0-9._-]{1,6}(/[a-z0-9._-]{1,6}){0,3}(:[a-z0-9]{1,4})?(#/?[a-z~01/]{1,5})?") {
        if let Ok(param) = ValueRef::parse(&text) {
            prop_assert_eq!(ValueRef::parse(&param.to_string()), Ok(param));
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,40}") {
        let _ = ValueRef::parse(&text);
        let _ = Prefix::parse(&text);
        let _ = ValueRef::parse(&format!("arn:aws:ssm:{text}"));
    }
}
