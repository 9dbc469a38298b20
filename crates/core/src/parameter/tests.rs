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

/// What a text is refused with.
fn refused<T: std::fmt::Debug>(parsed: Result<T, Malformed>) -> String {
    parsed.expect_err("refused").to_string()
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
fn what_aws_could_not_have_is_refused_with_the_reason() {
    let label = "a".repeat(101);
    let too_long = format!("/a:{label}");
    for (text, reason) in [
        ("", "is empty (expected a parameter name)"),
        ("/", "has an empty segment"),
        (
            "//",
            "ends with a slash; use `--prefix` for every parameter below a path",
        ),
        ("/a//b", "has an empty segment"),
        (
            "/a/",
            "ends with a slash; use `--prefix` for every parameter below a path",
        ),
        (
            "a/b",
            "must begin with a slash, since it has more than one segment: `/a/b`",
        ),
        (
            "/a b",
            "contains white space, which is not allowed in a parameter name",
        ),
        (
            "/a\u{a0}b",
            "contains white space, which is not allowed in a parameter name",
        ),
        (
            "/a*",
            "contains `*`, and parameters have no wildcards; use `--prefix PATH` for every parameter below a path, and `--only GLOB` to filter",
        ),
        (
            "/a?",
            "contains `?`, and parameters have no wildcards; use `--prefix PATH` for every parameter below a path, and `--only GLOB` to filter",
        ),
        (
            "/a=/b",
            "contains '='; a parameter name consists of letters, digits, `_`, `.`, `-` and `/`",
        ),
        (
            "/a;/b",
            "contains `;`; separate a list by commas or white space",
        ),
        (
            "/ä",
            "contains 'ä'; a parameter name consists of letters, digits, `_`, `.`, `-` and `/`",
        ),
        ("/a:", "ends with a colon; a version or a label must follow"),
        ("/a:0", "asks for version 0; the first version is 1"),
        (
            "/a:1x",
            "has the label `1x`; a label cannot begin with a digit, `aws` or `ssm`",
        ),
        (
            "/a:awsx",
            "has the label `awsx`; a label cannot begin with a digit, `aws` or `ssm`",
        ),
        (
            "/a:SSM",
            "has the label `SSM`; a label cannot begin with a digit, `aws` or `ssm`",
        ),
        (
            "/a:b c",
            "has the selector `b c`, which is neither a version (digits) nor a label (letters, digits, `_`, `.`, `-`)",
        ),
        ("A:/a", "has a colon in place of `=`: write A=/a"),
        (
            &too_long,
            "has a label of 101 characters; a label has at most 100",
        ),
        (
            "/a#",
            "ends with `#`; the name of a member or a JSON Pointer must follow",
        ),
        (
            "/a#/~2",
            "has `~2` in its JSON Pointer; write `~0` for `~` and `~1` for a slash in a name",
        ),
        (
            "arn:aws:ssm",
            "is not a complete ARN: `arn:PARTITION:ssm:REGION:ACCOUNT:parameter/NAME`",
        ),
        (
            "arn:x:ssm:eu-west-1:111122223333:parameter/a",
            "has no AWS partition (`aws`, `aws-cn`, `aws-us-gov`)",
        ),
        (
            "arn:aws:s3:::x",
            "is not the ARN of an SSM parameter; a secret of Secrets Manager is `/aws/reference/secretsmanager/NAME`",
        ),
        ("arn:aws:ssm::111122223333:parameter/a", "has no Region"),
        (
            "arn:aws:ssm:eu-west-1:1:parameter/a",
            "has no 12-digit account ID",
        ),
        (
            "arn:aws:ssm:eu-west-1::parameter/a",
            "has no 12-digit account ID",
        ),
        (
            "arn:aws:ssm:eu-west-1:1:parameter/aws/service/a",
            "has no 12-digit account ID",
        ),
        (
            "arn:aws:ssm:eu-west-1:111122223333:document/a",
            "has no `parameter/NAME`",
        ),
        (
            "arn:aws:ssm:eu-west-1:111122223333:parameter/a//b",
            "has an empty segment",
        ),
        (
            "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16",
            "has more than the 15 levels that AWS allows",
        ),
        (
            "/aws/reference/secretsmanager/",
            "has no secret name after `/aws/reference/secretsmanager/`",
        ),
        (
            "/aws/reference/secretsmanager/a b",
            "contains ' ', which is not allowed in the name of a secret",
        ),
        (
            "/aws/reference/secretsmanager/a:",
            "has a selector that is neither a staging label nor a version ID of a secret",
        ),
        (
            "/aws/reference/secretsmanager/a:b c",
            "has a selector that is neither a staging label nor a version ID of a secret",
        ),
        (
            "ssm:///a",
            "begins with `ssm://`, which is for values of variables; write `/a`",
        ),
    ] {
        assert_eq!(refused(ValueRef::parse(text)), format!("`{text}` {reason}"));
    }
}

#[test]
fn prefixes_that_are_none_are_refused_with_the_reason() {
    for (text, reason) in [
        ("", "is empty (expected a path)"),
        ("a", "must begin with a slash: `/a`"),
        ("a/b:blue", "must begin with a slash: `/a/b:blue`"),
        ("/a//b", "has an empty segment"),
        (
            "/a b",
            "contains white space, which is not allowed in a path",
        ),
        (
            "/a:1",
            "asks for a version of a prefix; a prefix can only have a label, such as `/org/service:blue`",
        ),
        ("/a:", "ends with a colon; a version or a label must follow"),
        (
            "/aws/reference/secretsmanager",
            "cannot be a prefix; secrets of Secrets Manager are fetched one by one, with `--key` or `--json`",
        ),
        (
            "arn:aws:ssm:x:y:parameter/z",
            "is an ARN; a prefix is a path of this account, such as `/org/service`",
        ),
    ] {
        assert_eq!(refused(Prefix::parse(text)), format!("`{text}` {reason}"));
    }
}

#[test]
fn the_longest_names_depths_and_selectors_are_read_and_longer_ones_are_not() {
    let secret = "/aws/reference/secretsmanager/db";
    for (text, longer) in [
        (format!("/{}", "a".repeat(2047)), "a"),
        ("/a".repeat(15), "/a"),
        (format!("/a:{}", "b".repeat(100)), "b"),
        (format!("{secret}:{}", "b".repeat(128)), "b"),
    ] {
        assert!(ValueRef::parse(&text).is_ok(), "{text}");
        assert!(ValueRef::parse(&format!("{text}{longer}")).is_err());
    }
    let name = format!("/{}", "a".repeat(2048));
    assert_eq!(
        refused(ParameterName::parse(&name)),
        format!(
            "`/{}…` is 2049 characters long; AWS allows 2048",
            "a".repeat(39)
        )
    );
}

#[test]
fn the_parts_of_a_parameter_are_shown() {
    for (text, last_word, is_pinned, is_fixed) in [
        ("/a/b", "b", false, false),
        ("key", "key", false, false),
        ("/a/b:3#/x/y", "y", true, true),
        ("/a/b:blue#x", "x", true, false),
        ("/aws/reference/secretsmanager/p/db", "db", false, false),
        (
            "/aws/reference/secretsmanager/db:AWSPREVIOUS",
            "db",
            true,
            false,
        ),
        // A secret's version has a UUID; so may a label of a parameter look.
        (
            "/aws/reference/secretsmanager/db:123e4567-e89b-12d3-a456-42661417400F",
            "db",
            true,
            true,
        ),
        (
            "/aws/reference/secretsmanager/db:123e4567-e89b-12d3-a456-42661417400g",
            "db",
            true,
            false,
        ),
        (
            "/aws/reference/secretsmanager/db:123e4567e89b12d3a45642661417400f",
            "db",
            true,
            false,
        ),
        (
            "/a/b:a23e4567-e89b-12d3-a456-42661417400f",
            "b",
            true,
            false,
        ),
        (
            "arn:aws:ssm:eu-west-1:111122223333:parameter/a/b:7",
            "b",
            true,
            true,
        ),
    ] {
        let value = ValueRef::parse(text).expect(text);
        assert_eq!(value.last_word(), last_word, "{text}");
        assert_eq!(value.is_pinned(), is_pinned, "{text}");
        assert_eq!(value.parameter.is_fixed(), is_fixed, "{text}");
    }
}

#[test]
fn names_of_secrets_and_of_public_parameters_are_recognised() {
    for (text, secret, is_public) in [
        ("/a/b", None, false),
        ("/aws/service/ami/latest", None, true),
        ("/aws/reference/secretsmanager/p/db", Some("p/db"), false),
    ] {
        let name = ParameterName::parse(text).expect(text);
        assert_eq!(name.secret_name(), secret, "{text}");
        assert_eq!(name.is_public(), is_public, "{text}");
        assert_eq!(name.to_string(), text);
    }
}

#[test]
fn names_that_the_service_returned_are_in_the_canonical_spelling() {
    for (returned, canonical) in [
        ("/foo", "foo"),
        ("foo", "foo"),
        ("/arn", "/arn"),
        ("/a/b", "/a/b"),
    ] {
        assert_eq!(ValueRef::returned(returned, None).to_string(), canonical);
    }
    let prefix = Prefix::parse("/a:blue").expect("a prefix");
    let labelled = ValueRef::returned("/a/b", prefix.label());
    assert_eq!(labelled.to_string(), "/a/b:blue");
    assert_eq!(prefix.label().map(Label::as_str), Some("blue"));
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
    assert!(api.includes(&db("/omneuro/api/db")));
    assert!(!api.includes(&db("/omneuro/api/db:1")));
    assert!(!prefix("/omneuro/api:blue").includes(&db("/omneuro/api/db")));
    // Those that AWS publishes are below a path of AWS only.
    let ami = db("/aws/service/ami/x");
    for outside in ["/", "/aws"] {
        assert!(!prefix(outside).includes(&ami), "{outside}");
        assert!(
            !prefix(outside).covers(&prefix("/aws/service")),
            "{outside}"
        );
        assert!(!prefix(outside).is_public(), "{outside}");
    }
    for inside in ["/aws/service", "/aws/service/ami"] {
        assert!(prefix(inside).includes(&ami), "{inside}");
        assert!(prefix("/aws/service").covers(&prefix(inside)), "{inside}");
    }
    assert!(prefix("/").includes(&db("/aws/services/x")));
    for (text, path, pattern) in [
        ("/", "/", "/*"),
        ("/a/b/", "/a/b", "/a/b/*"),
        ("/a:blue", "/a", "/a/*"),
    ] {
        assert_eq!(prefix(text).path(), path);
        assert_eq!(prefix(text).pattern(), pattern);
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
