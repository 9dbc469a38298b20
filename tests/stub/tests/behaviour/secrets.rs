//! Secrets of Secrets Manager, by reference.

use crate::client::*;
use serde_json::{Value, json};
use ssm_stub::{Denial, Secret, Stub};

const REFERENCE: &str = "/aws/reference/secretsmanager";

fn at(name: &str) -> String {
    format!("{REFERENCE}/{name}")
}

#[test]
fn a_secret_has_its_own_form() {
    let stub = Stub::start();
    stub.put_secret_version(Secret::string("db/main", "old").version_id("id-1"));
    stub.put_secret_version(
        Secret::string("db/main", "a='b'")
            .version_id("id-2")
            .created(0.0),
    );
    let one = call(&stub, "GetParameter", &by_name(&at("db/main")))["Parameter"].clone();
    assert_eq!(one["Name"], at("db/main"));
    assert_eq!(
        (&one["Version"], &one["Type"]),
        (&json!(0), &json!("SecureString"))
    );
    assert_eq!(
        one["ARN"],
        "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db/main-AbCdEf"
    );
    assert!(one.get("DataType").is_none() && one.get("Selector").is_none());
    let source = one["SourceResult"].as_str().expect("a string");
    assert!(source.contains(r"a\u003d\u0027b\u0027"), "{source}");
    let source: Value = serde_json::from_str(source).expect("JSON");
    assert_eq!(source["secretString"], "a='b'");
    assert_eq!(source["createdDate"], "Jan 1, 1970, 12:00:00 AM");
    for selector in ["AWSPREVIOUS", "id-1"] {
        let name = at(&format!("db/main:{selector}"));
        let one = call(&stub, "GetParameter", &by_name(&name))["Parameter"].clone();
        assert_eq!(
            (&one["Value"], &one["Selector"]),
            (&json!("old"), &json!(format!(":{selector}")))
        );
        assert_eq!(one["Name"], at("db/main"));
    }
    stub.put_secret_version(Secret::binary("bin"));
    let many = call(&stub, "GetParameters", &by_names(&[&at("bin")]));
    assert!(many["Parameters"][0].get("Value").is_none());
}

#[test]
fn a_batch_lists_what_it_cannot_have() {
    let stub = Stub::start();
    stub.put_secret("s", "x");
    let [missing, stage, malformed] = [at("none"), at("s:NONE"), at("s:a:b")];
    let answer = call(
        &stub,
        "GetParameters",
        &by_names(&[&missing, &stage, &at("s")]),
    );
    assert_eq!(answer["InvalidParameters"], json!([missing, stage]));
    let answer = call(&stub, "GetParameters", &by_names(&[&malformed]));
    assert_eq!(answer["InvalidParameters"], json!([malformed]));
    let answer = call(&stub, "GetParameters", &json!({ "Names": [at("s")] }));
    assert_eq!(answer["InvalidParameters"], json!([at("s")]), "undecrypted");
}

#[test]
fn a_single_one_is_refused_in_words() {
    let stub = Stub::start();
    stub.put_secret_version(Secret::string("gone", "x").deleted());
    let missing = |end: &str| {
        format!(
            "An error occurred (ParameterNotFound) when referencing Secrets Manager: Secret aws/reference/secretsmanager/{end} not found."
        )
    };
    for (name, code, text) in [
        ("none", "ParameterNotFound", missing("nonenull")),
        ("none:X", "ParameterNotFound", missing("none:X")),
        ("gone", "ValidationException", "Invalid Request to Secrets Manager".into()),
        ("x:", "ValidationException", "Invalid parameter name. Please use correct syntax for referencing a version/label  <name>:<version/label>".into()),
    ] {
        assert_eq!(refusal(&stub, "GetParameter", &by_name(&at(name))), (code.into(), text));
    }
    let (_, text) = refusal(&stub, "GetParameter", &json!({ "Name": at("none") }));
    assert_eq!(
        text,
        "WithDecryption flag must be True for retrieving a Secret Manager secret."
    );
}

#[test]
fn a_secret_that_may_not_be_read_fails_its_batch_and_is_not_named() {
    let stub = Stub::start();
    stub.put(ssm_stub::Parameter::string("/a", "x"));
    stub.deny(
        "secretsmanager:GetSecretValue",
        "*:secret:s-*",
        Denial::default(),
    );
    let (code, text) = refusal(&stub, "GetParameters", &by_names(&["/a", &at("s")]));
    assert_eq!(code, "ValidationException");
    assert_eq!(
        text,
        "An error occurred while calling one AWS dependency service."
    );
}
