//! `GetParameters`: names, selectors, ARNs, limits, and missing parameters.

use crate::client::*;
use serde_json::json;
use ssm_stub::{Parameter, Stub};

const MANY: &str = "GetParameters";

#[test]
fn parameters_are_sorted_and_invalid_names_are_returned_as_requested() {
    let stub = Stub::start();
    stub.put(Parameter::string("/b", "2"));
    stub.put(Parameter::list("a", "1,2").modified(12.5));
    let response = call(&stub, MANY, &by_names(&["/b", " /c:7 ", "/a"]));
    assert_eq!(each(&response, "Name"), ["/a", "/b"], "names as requested");
    assert_eq!(response["InvalidParameters"], json!(["/c:7"]));
    assert_eq!(
        response["Parameters"][0],
        json!({
            "Name": "/a", "Type": "StringList", "Value": "1,2", "Version": 1, "LastModifiedDate": 12.5,
            "ARN": "arn:aws:ssm:eu-west-1:111122223333:parameter/a", "DataType": "text",
        })
    );
    let response = call(&stub, MANY, &by_names(&["a"]));
    assert_eq!(response["InvalidParameters"], json!([]), "never omitted");
}

#[test]
fn selectors_select_versions_and_labels() {
    let stub = Stub::start();
    stub.put(Parameter::secure("/a/b", "one").label("blue"));
    stub.put(Parameter::secure("/a/b", "two"));
    stub.put(Parameter::secure("/a/b", "nine").version(9));
    let response = call(&stub, MANY, &by_names(&["/a/b", "/a/b:2", "/a/b:blue"]));
    assert_eq!(each(&response, "Value"), ["nine", "two", "one"]);
    assert_eq!(each(&response, "Name"), ["/a/b", "/a/b", "/a/b"]);
    assert_eq!(each(&response, "Selector"), [json!(null), json!(":2"), json!(":blue")]);
    assert_eq!(each(&response, "Version"), [9, 2, 1]);
    let arn = "arn:aws:ssm:eu-west-1:111122223333:parameter/a/b";
    assert_eq!(each(&response, "ARN"), [arn, arn, arn]);
    stub.put(Parameter::secure("/a/b", "ten").label("blue"));
    let moved = call(&stub, MANY, &by_names(&["/a/b:blue"]));
    assert_eq!(each(&moved, "Value"), ["ten"], "a label moves");
}

#[test]
fn arns_of_this_and_of_other_accounts_are_supported() {
    let shared = "arn:aws:ssm:eu-west-1:444455556666:parameter/s/x";
    let stub = Stub::start();
    stub.put(Parameter::string("/a/b", "own"));
    stub.put(Parameter::string("/s/x", "shared").shared(shared));
    stub.put(Parameter::string("/aws/service/ami", "public"));
    let own = "arn:aws:ssm:eu-west-1:111122223333:parameter/a/b:1";
    let response = call(&stub, MANY, &by_names(&[own]));
    assert_eq!(each(&response, "Name"), ["/a/b"]);
    assert_eq!(each(&response, "Selector"), [":1"]);
    let response = call(&stub, MANY, &by_names(&[shared, "/aws/service/ami", "/s/x"]));
    assert_eq!(each(&response, "Name"), ["/aws/service/ami", "/s/x"]);
    let public = "arn:aws:ssm:eu-west-1::parameter/aws/service/ami";
    assert_eq!(each(&response, "ARN"), [public, shared]);
    assert_eq!(response["InvalidParameters"], json!(["/s/x"]), "only by its ARN");
}

#[test]
fn limits_are_enforced_with_the_messages_of_the_service() {
    let stub = Stub::start();
    let eleven = by_names(&["/a"; 11]);
    let (code, text) = failure(&stub, MANY, &eleven);
    assert_eq!(code, "ValidationException");
    assert!(text.ends_with("/a]' at 'names' failed to satisfy constraint: Member must have length less than or equal to 10"));
    let (code, text) = failure(&stub, MANY, &by_names(&[]));
    assert_eq!(code, "ValidationException");
    assert!(text.starts_with("1 validation error detected: Value '[]' at 'names'"));
    let (_, text) = failure(&stub, MANY, &by_names(&[""]));
    assert!(text.contains("Member must satisfy constraint: ["), "{text}");
    let deep = "/x".repeat(16);
    for name in ["a/b", "/a//b", "//", "/a!", "/a b", "/a:", "/a:b:c", "ssm-x", "/SSM/x", &deep] {
        let (code, text) = failure(&stub, MANY, &by_names(&["/ok", name]));
        assert_eq!(code, "ValidationException", "{name}");
        assert!(text.starts_with("Parameter name: can't be prefixed"), "{text}");
    }
    assert_eq!(failure(&stub, "ListThings", &json!({})).0, "UnknownOperationException");
}

#[test]
fn a_secure_string_is_ciphertext_without_decryption() {
    let stub = Stub::start();
    stub.put(Parameter::secure("/a", "the-value"));
    stub.put(Parameter::string("/b", "").without_value());
    let response = call(&stub, MANY, &json!({ "Names": ["/a", "/b"] }));
    let value = response["Parameters"][0]["Value"].as_str().expect("a value");
    assert!(value.starts_with("AQIC") && value.len() > 100, "{value}");
    assert!(response["Parameters"][1].get("Value").is_none());
}

#[test]
fn missing_parameters_versions_and_labels_are_invalid() {
    let stub = Stub::start();
    stub.put(Parameter::string("/a", "x"));
    let names = ["/a:2", "/a:blue", "/b"];
    let response = call(&stub, MANY, &by_names(&names));
    assert_eq!(response["InvalidParameters"], json!(names));
}

#[test]
fn the_same_parameter_twice_is_rejected() {
    let stub = Stub::start();
    stub.put(Parameter::string("/a", "x"));
    let (code, text) = failure(&stub, MANY, &by_names(&["/a", "a"]));
    assert_eq!(code, "ValidationException");
    assert!(text.contains("Duplicate"), "{text}");
}
