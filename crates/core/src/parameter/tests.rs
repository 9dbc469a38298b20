//! Names, ARNs, selectors, prefixes and fields: what is read, what is refused, and that both agree.

use super::*;
use proptest::prelude::*;

fn shown(text: &str) -> String {
    ValueRef::parse(text).expect(text).to_string()
}

#[test]
fn a_name_of_one_segment_is_the_same_with_and_without_its_slash() {
    let name = |text| ParameterRef::parse(text).expect("a name");
    assert_eq!(name("/key:3"), name("key:3"));
    assert_eq!(name("/key:3").to_request(), "key:3");
    assert_eq!(name("/key:3").to_string(), "/key:3");
}

/// What a text is refused with.
fn refused<T: std::fmt::Debug>(parsed: Result<T, Diagnostic>) -> String {
    let error = parsed.expect_err("refused");
    assert_eq!(error.help.len(), 1, "{error}");
    error.message
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
        assert_eq!(shown(text), canonical);
    }
}

#[test]
fn what_aws_could_not_have_is_refused_with_the_reason() {
    for (text, reason) in [
        ("/", "has an empty segment"),
        ("//", "ends with a slash"),
        ("/a//b", "has an empty segment"),
        ("/a/", "ends with a slash"),
        ("a/b", "has more than one segment and does not begin with a slash"),
        ("/a b", "contains ' ', which no parameter's name has"),
        ("/a\u{a0}b", "contains '\\u{a0}', which no parameter's name has"),
        ("/a*", "contains '*', which no parameter's name has"),
        ("/a?", "contains '?', which no parameter's name has"),
        ("/a=/b", "contains '=', which no parameter's name has"),
        ("/a;/b", "contains ';', which no parameter's name has"),
        ("/ä", "contains 'ä', which no parameter's name has"),
        ("/a:", "ends with a colon"),
        ("/a:0", "asks for version 0, which no parameter has"),
        (
            "/a:99999999999999999999",
            "asks for version 99999999999999999999, which no parameter has",
        ),
        ("/a:1x", "has the label `1x`, but no label begins with a digit, `aws` or `ssm`"),
        ("/a:awsx", "has the label `awsx`, but no label begins with a digit, `aws` or `ssm`"),
        ("/a:SSM", "has the label `SSM`, but no label begins with a digit, `aws` or `ssm`"),
        ("/a:b c", "has the selector `b c`, which is neither a version nor a label"),
        ("A:/a", "has a colon in place of `=`"),
        ("/a:/usr/bin", "has a path after the colon"),
        ("A:", "ends with a colon"),
        ("{\"A\"", "contains '{', which no parameter's name has"),
        ("/a?optional", "contains '?', which no parameter's name has"),
        ("/a#", "ends with `#`"),
        ("/a#/~2", "has `~2` in its JSON Pointer"),
        ("arn:aws:ssm", "is not a complete ARN"),
        ("arn:x:ssm:eu-west-1:111122223333:parameter/a", "has no AWS partition"),
        ("arn:aws:s3:::x", "is not the ARN of an SSM parameter"),
        ("arn:aws:ssm::111122223333:parameter/a", "has no Region"),
        ("arn:aws:ssm:eu-west-1:1:parameter/a", "has no 12-digit account ID"),
        ("arn:aws:ssm:eu-west-1::parameter/a", "has no 12-digit account ID"),
        ("arn:aws:ssm:eu-west-1:1:parameter/aws/service/a", "has no 12-digit account ID"),
        ("arn:aws:ssm:eu-west-1:111122223333:document/a", "has no `parameter/NAME`"),
        ("/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16", "has more than the 15 levels that AWS allows"),
        ("/aws/reference/secretsmanager/", "names no secret"),
        ("/aws/reference/secretsmanager/a b", "contains ' ', which no secret's name has"),
        ("/aws/reference/secretsmanager/a:", "has an invalid selector"),
        ("/aws/reference/secretsmanager/a:b c", "has an invalid selector"),
        ("ssm:///a", "begins with `ssm://`, which is for values of variables"),
    ] {
        assert_eq!(refused(ValueRef::parse(text)), format!("`{text}` {reason}"));
    }
    assert_eq!(refused(ValueRef::parse("")), "the parameter's name is empty");
    let long = format!("/a:{}", "a".repeat(101));
    let message = refused(ValueRef::parse(&long));
    assert!(message.ends_with("…` has a label of 101 characters; AWS allows 100"));
    let arn = "arn:aws:ssm:eu-west-1:111122223333:parameter/a//b";
    assert_eq!(refused(ValueRef::parse(arn)), "`/a//b` has an empty segment");
}

#[test]
fn names_that_aws_keeps_for_itself_are_refused() {
    for text in ["ssm", "/ssm/api/db/url", "/SSM/a", "Ssm-x", "awsx", "/Aws/a", "/aws-x/a"] {
        let message =
            format!("`{text}` is a reserved name: no parameter's name begins with `ssm` or `aws`");
        assert_eq!(refused(ValueRef::parse(text)), message);
        if text.starts_with('/') {
            assert_eq!(refused(Prefix::parse(text)), message);
        }
    }
    let shared = "arn:aws:ssm:eu-west-1:111122223333:parameter/ssm/a";
    assert!(refused(ValueRef::parse(shared)).contains("`/ssm/a` is a reserved name"));
    for text in ["/aws/service/ami/x", "/aws/x", "/a/ssm", "/ss/m", "as"] {
        assert!(ValueRef::parse(text).is_ok(), "{text}");
    }
    assert!(Prefix::parse("/aws/service").is_ok());
}

#[test]
fn prefixes_that_are_none_are_refused_with_the_reason() {
    for (text, reason) in [
        ("a", "does not begin with a slash"),
        ("a/b:blue", "does not begin with a slash"),
        ("/a//b", "has an empty segment"),
        ("/a b", "contains ' ', which no parameter's name has"),
        (" /a", "contains ' ', which no parameter's name has"),
        ("\"/a\"", "contains '\"', which no parameter's name has"),
        ("[\"/a\"]", "contains '[', which no parameter's name has"),
        ("${PREFIX}", "contains '$', which no parameter's name has"),
        ("null", "is no path"),
        ("/a:1", "has a version, which no prefix can have"),
        ("/a:", "ends with a colon"),
        (
            "/aws/reference/secretsmanager",
            "cannot be a prefix: secrets of Secrets Manager are fetched one by one",
        ),
        ("arn:aws:ssm:x:y:parameter/z", "is an ARN, which no prefix can be"),
    ] {
        assert_eq!(refused(Prefix::parse(text)), format!("`{text}` {reason}"));
    }
    assert_eq!(refused(Prefix::parse("")), "the prefix is empty");
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
        format!("`/{}…` is 2049 characters long; AWS allows 2048", "a".repeat(59))
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
        ("/aws/reference/secretsmanager/db:AWSPREVIOUS", "db", true, false),
        // A secret's version has a UUID; so may a label of a parameter look.
        ("/aws/reference/secretsmanager/db:123e4567-e89b-12d3-a456-42661417400F", "db", true, true),
        (
            "/aws/reference/secretsmanager/db:123e4567-e89b-12d3-a456-42661417400g",
            "db",
            true,
            false,
        ),
        ("/aws/reference/secretsmanager/db:123e4567e89b12d3a45642661417400f", "db", true, false),
        ("/a/b:a23e4567-e89b-12d3-a456-42661417400f", "b", true, false),
        ("arn:aws:ssm:eu-west-1:111122223333:parameter/a/b:7", "b", true, true),
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
    for (returned, canonical) in
        [("/foo", "foo"), ("foo", "foo"), ("/arn", "/arn"), ("/a/b", "/a/b")]
    {
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
        assert!(!prefix(outside).covers(&prefix("/aws/service")), "{outside}");
        assert!(!prefix(outside).is_public(), "{outside}");
    }
    for inside in ["/aws/service", "/aws/service/ami"] {
        assert!(prefix(inside).includes(&ami), "{inside}");
        assert!(prefix("/aws/service").covers(&prefix(inside)), "{inside}");
    }
    assert!(prefix("/").includes(&db("/aws/services/x")));
    for (text, path, pattern) in
        [("/", "/", "/*"), ("/a/b/", "/a/b", "/a/b/*"), ("/a:blue", "/a", "/a/*")]
    {
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
