//! References to Secrets Manager.

use crate::client::*;
use serde_json::{Value, json};
use ssm_stub::{Denial, Secret, Stub};

const REFERENCE: &str = "/aws/reference/secretsmanager";

fn at(name: &str) -> String {
    format!("{REFERENCE}/{name}")
}

/// The only parameter returned for a name.
fn get(stub: &Stub, name: &str) -> Value {
    call(stub, "GetParameters", &by_names(&[name]))["Parameters"][0].clone()
}

#[test]
fn a_secret_is_returned_in_its_own_form() {
    let stub = Stub::start();
    stub.put_secret_version(Secret::string("db/main", "old").version_id("id-1"));
    stub.put_secret_version(Secret::string("db/main", "a='b'").version_id("id-2").created(0.0));
    let one = get(&stub, &at("db/main"));
    assert_eq!(one["Name"], at("db/main"));
    assert_eq!((&one["Version"], &one["Type"]), (&json!(0), &json!("SecureString")));
    assert_eq!(one["ARN"], "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db/main-AbCdEf");
    assert!(one.get("DataType").is_none() && one.get("Selector").is_none());
    let source = one["SourceResult"].as_str().expect("a string");
    assert!(source.contains(r"a\u003d\u0027b\u0027"), "{source}");
    let source: Value = serde_json::from_str(source).expect("JSON");
    assert_eq!(source["secretString"], "a='b'");
    assert_eq!(source["createdDate"], "Jan 1, 1970, 12:00:00 AM");
    for selector in ["AWSPREVIOUS", "id-1"] {
        let name = at(&format!("db/main:{selector}"));
        let one = get(&stub, &name);
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
fn missing_secrets_and_invalid_selectors_are_invalid() {
    let stub = Stub::start();
    stub.put_secret("s", "x");
    let [missing, stage, malformed] = [at("none"), at("s:NONE"), at("s:a:b")];
    let response = call(&stub, "GetParameters", &by_names(&[&missing, &stage, &at("s")]));
    assert_eq!(response["InvalidParameters"], json!([missing, stage]));
    let response = call(&stub, "GetParameters", &by_names(&[&malformed]));
    assert_eq!(response["InvalidParameters"], json!([malformed]));
    let response = call(&stub, "GetParameters", &json!({ "Names": [at("s")] }));
    assert_eq!(response["InvalidParameters"], json!([at("s")]), "without decryption");
}

#[test]
fn a_denied_secret_fails_the_request_and_is_not_named() {
    let stub = Stub::start();
    stub.put(ssm_stub::Parameter::string("/a", "x"));
    stub.deny("secretsmanager:GetSecretValue", "*:secret:s-*", Denial::default());
    let (code, text) = failure(&stub, "GetParameters", &by_names(&["/a", &at("s")]));
    assert_eq!(code, "ValidationException");
    assert_eq!(text, "An error occurred while calling one AWS dependency service.");
}

#[test]
fn a_secret_scheduled_for_deletion_fails_the_request() {
    let stub = Stub::start();
    stub.put_secret_version(Secret::string("gone", "x").deleted());
    let (code, text) = failure(&stub, "GetParameters", &by_names(&[&at("gone")]));
    assert_eq!(code, "ValidationException");
    assert_eq!(text, "Invalid Request to Secrets Manager");
}
