//! `GetParameter` and `GetParameters`: spellings, selectors, ARNs, limits, and what is missing.

use crate::client::*;
use serde_json::json;
use ssm_stub::{Duplicates, MalformedName, MissingLabel, Parameter, Stub};

const MANY: &str = "GetParameters";
const ONE: &str = "GetParameter";

#[test]
fn answers_are_sorted_and_name_what_is_invalid_as_it_was_asked_for() {
    let stub = Stub::start();
    stub.put(Parameter::string("/b", "2"));
    stub.put(Parameter::list("a", "1,2").modified(12.5));
    let answer = call(&stub, MANY, &by_names(&["/b", " /c:7 ", "/a"]));
    assert_eq!(
        each(&answer, "Name"),
        ["/a", "/b"],
        "the spelling asked for"
    );
    assert_eq!(answer["InvalidParameters"], json!(["/c:7"]));
    assert_eq!(
        answer["Parameters"][0],
        json!({
            "Name": "/a", "Type": "StringList", "Value": "1,2", "Version": 1, "LastModifiedDate": 12.5,
            "ARN": "arn:aws:ssm:eu-west-1:111122223333:parameter/a", "DataType": "text",
        })
    );
    let answer = call(&stub, MANY, &by_names(&["a"]));
    assert_eq!(answer["InvalidParameters"], json!([]), "always there");
}

#[test]
fn selectors_choose_versions_and_labels() {
    let stub = Stub::start();
    stub.put(Parameter::secure("/a/b", "one").label("blue"));
    stub.put(Parameter::secure("/a/b", "two"));
    stub.put(Parameter::secure("/a/b", "nine").version(9));
    let answer = call(&stub, MANY, &by_names(&["/a/b", "/a/b:2", "/a/b:blue"]));
    assert_eq!(each(&answer, "Value"), ["nine", "two", "one"]);
    assert_eq!(each(&answer, "Name"), ["/a/b", "/a/b", "/a/b"]);
    assert_eq!(
        each(&answer, "Selector"),
        [json!(null), json!(":2"), json!(":blue")]
    );
    assert_eq!(each(&answer, "Version"), [9, 2, 1]);
    let arn = "arn:aws:ssm:eu-west-1:111122223333:parameter/a/b";
    assert_eq!(each(&answer, "ARN"), [arn, arn, arn]);
    stub.put(Parameter::secure("/a/b", "ten").label("blue"));
    let moved = call(&stub, ONE, &by_name("/a/b:blue"));
    assert_eq!(moved["Parameter"]["Value"], "ten", "a label moves");
}

#[test]
fn arns_are_found_here_and_in_other_accounts() {
    let shared = "arn:aws:ssm:eu-west-1:444455556666:parameter/s/x";
    let stub = Stub::start();
    stub.put(Parameter::string("/a/b", "own"));
    stub.put(Parameter::string("/s/x", "shared").shared(shared));
    stub.put(Parameter::string("/aws/service/ami", "public"));
    let own = "arn:aws:ssm:eu-west-1:111122223333:parameter/a/b:1";
    let answer = call(&stub, ONE, &by_name(own));
    assert_eq!(answer["Parameter"]["Name"], "/a/b");
    assert_eq!(answer["Parameter"]["Selector"], ":1");
    let answer = call(
        &stub,
        MANY,
        &by_names(&[shared, "/aws/service/ami", "/s/x"]),
    );
    assert_eq!(each(&answer, "Name"), ["/aws/service/ami", "/s/x"]);
    let public = "arn:aws:ssm:eu-west-1::parameter/aws/service/ami";
    assert_eq!(each(&answer, "ARN"), [public, shared]);
    assert_eq!(
        answer["InvalidParameters"],
        json!(["/s/x"]),
        "by its ARN alone"
    );
}

#[test]
fn limits_are_refused_in_the_services_words() {
    let stub = Stub::start();
    let eleven = by_names(&["/a"; 11]);
    let (code, text) = refusal(&stub, MANY, &eleven);
    assert_eq!(code, "ValidationException");
    assert!(text.ends_with("/a]' at 'names' failed to satisfy constraint: Member must have length less than or equal to 10"));
    let (code, text) = refusal(&stub, MANY, &by_names(&[]));
    assert_eq!(code, "ValidationException");
    assert!(text.starts_with("1 validation error detected: Value '[]' at 'names'"));
    let (_, text) = refusal(&stub, MANY, &by_names(&[""]));
    assert!(text.contains("Member must satisfy constraint: ["), "{text}");
    let deep = "/x".repeat(16);
    for name in [
        "a/b", "/a//b", "//", "/a!", "/a b", "/a:", "/a:b:c", "ssm-x", "/SSM/x", &deep,
    ] {
        for (action, body) in [(ONE, by_name(name)), (MANY, by_names(&["/ok", name]))] {
            let (code, text) = refusal(&stub, action, &body);
            assert_eq!(code, "ValidationException", "{name}");
            assert!(
                text.starts_with("Parameter name: can't be prefixed"),
                "{text}"
            );
        }
    }
    assert_eq!(
        refusal(&stub, "ListThings", &json!({})).0,
        "UnknownOperationException"
    );
}

#[test]
fn what_is_missing_is_told_in_five_ways() {
    let stub = Stub::start();
    stub.put(Parameter::string("/a", "x"));
    let answer = send(&stub, ONE, &by_name("/b"));
    assert_eq!(answer.status, 400);
    assert_eq!(answer.body, r#"{"__type":"ParameterNotFound"}"#);
    assert_eq!(
        refusal(&stub, ONE, &by_name("/a:2")),
        (
            "ParameterVersionNotFound".into(),
            "Systems Manager could not find version 2 of /a. Verify the version and try again."
                .into()
        )
    );
    let label = refusal(&stub, ONE, &by_name("/a:blue"));
    assert_eq!(label, ("ParameterNotFound".into(), String::new()));
    let answer = call(&stub, MANY, &by_names(&["/a:2", "/a:blue", "/b"]));
    assert_eq!(
        answer["InvalidParameters"],
        json!(["/a:2", "/a:blue", "/b"])
    );
    let stub = Stub::builder()
        .missing_label(MissingLabel::VersionNotFound)
        .start();
    stub.put(Parameter::string("/a", "x"));
    assert_eq!(
        refusal(&stub, ONE, &by_name("/a:blue")).0,
        "ParameterVersionNotFound"
    );
}

#[test]
fn what_nobody_knows_is_a_knob() {
    let twice = by_names(&["/a", "a"]);
    for (variant, count) in [(Duplicates::Once, 1), (Duplicates::Twice, 2)] {
        let stub = Stub::builder().duplicates(variant).start();
        stub.put(Parameter::string("/a", "x"));
        assert_eq!(each(&call(&stub, MANY, &twice), "Value").len(), count);
    }
    let stub = Stub::builder().duplicates(Duplicates::Reject).start();
    assert_eq!(refusal(&stub, MANY, &twice).0, "ValidationException");
    let stub = Stub::builder()
        .malformed_name(MalformedName::Invalid)
        .start();
    let answer = call(&stub, MANY, &by_names(&["a/b"]));
    assert_eq!(answer["InvalidParameters"], json!(["a/b"]));
    assert_eq!(
        refusal(&stub, MANY, &by_names(&["/a b"])).0,
        "ValidationException"
    );
}

#[test]
fn undecrypted_a_secure_string_is_ciphertext() {
    let stub = Stub::start();
    stub.put(Parameter::secure("/a", "the-value"));
    stub.missing_value("/b");
    let answer = call(&stub, MANY, &json!({ "Names": ["/a", "/b"] }));
    let value = answer["Parameters"][0]["Value"].as_str().expect("a value");
    assert!(value.starts_with("AQIC") && value.len() > 100, "{value}");
    assert!(answer["Parameters"][1].get("Value").is_none());
}

#[test]
fn what_is_put_over_the_wire_can_be_read() {
    let stub = Stub::start();
    let put = |body| send(&stub, "PutParameter", &body);
    let body = json!({ "Name": "/p/a", "Value": "1", "Type": "SecureString" });
    assert_eq!(put(body.clone()).json()["Version"], 1);
    assert_eq!(put(body).json()["__type"], "ParameterAlreadyExists");
    let body = json!({ "Name": "/p/a", "Value": "2", "Overwrite": true });
    assert_eq!(put(body).json()["Version"], 2);
    let one = call(&stub, ONE, &by_name("/p/a"));
    assert_eq!(
        (&one["Parameter"]["Type"], &one["Parameter"]["Value"]),
        (&json!("SecureString"), &json!("2"))
    );
    let body = json!({ "Name": "/aws/x", "Value": "2", "Type": "String" });
    assert_eq!(
        put(body).json()["message"],
        "No access to reserved parameter name: /aws/x."
    );
}
