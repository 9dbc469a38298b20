//! `GetParametersByPath`: segments, pages, tokens and filters.

use crate::client::*;
use serde_json::{Value, json};
use ssm_stub::{Parameter, Stub, Variant};

const ACTION: &str = "GetParametersByPath";

fn names(stub: &Stub, body: &Value) -> Vec<Value> {
    each(&call(stub, ACTION, body), "Name")
}

#[test]
fn a_path_matches_whole_segments() {
    let stub = Stub::start();
    for name in ["/a/b", "/a/b/c", "/a/b/c/d", "/a/bc", "root", "/aws/service/x/y"] {
        stub.put(Parameter::string(name, "x"));
    }
    let shared = "arn:aws:ssm:eu-west-1:444455556666:parameter/a/b/s";
    stub.put(Parameter::string("/a/b/s", "x").shared(shared));
    stub.put_secret("x", "y");
    assert_eq!(names(&stub, &by_path("/a/b")), ["/a/b/c", "/a/b/c/d"]);
    assert_eq!(names(&stub, &by_path("/a/b/")), ["/a/b/c", "/a/b/c/d"]);
    assert_eq!(names(&stub, &json!({ "Path": "/a/b" })), ["/a/b/c"]);
    assert_eq!(names(&stub, &json!({ "Path": "/" })), ["root"]);
    assert_eq!(names(&stub, &by_path("/")).len(), 5);
    assert_eq!(names(&stub, &by_path("/aws/service")), ["/aws/service/x/y"]);
    assert!(names(&stub, &by_path("/nothing")).is_empty());
    assert!(names(&stub, &by_path("/a/b/c/d")).is_empty(), "the path itself is never returned");
}

#[test]
fn invalid_paths_sizes_and_tokens_are_rejected() {
    let stub = Stub::start();
    let deep = "/x".repeat(16);
    for path in ["a/b", "/a:1", "/a//b", "//", "/ssm/x", "/a*", &deep] {
        let (code, text) = failure(&stub, ACTION, &by_path(path));
        assert_eq!(code, "ValidationException", "{path}");
        assert!(text.contains(r#"prefixed with \"aws\" or \"ssm\""#), "{text}");
    }
    for (size, rule) in [(0, "greater than or equal to 1"), (11, "less than or equal to 10")] {
        let (code, text) = failure(&stub, ACTION, &json!({ "Path": "/a", "MaxResults": size }));
        assert_eq!(code, "ValidationException");
        assert!(text.ends_with(rule), "{text}");
    }
    let (code, _) = failure(&stub, ACTION, &json!({ "Path": "/a", "NextToken": "x" }));
    assert_eq!(code, "InvalidNextToken");
}

/// The sizes of all pages.
fn pages(stub: &Stub, path: &str) -> Vec<usize> {
    let (mut sizes, mut token) = (Vec::new(), Value::Null);
    loop {
        let mut body = by_path(path);
        if !token.is_null() {
            body["NextToken"] = token;
        }
        let page = call(stub, ACTION, &body);
        sizes.push(each(&page, "Name").len());
        assert!(sizes.len() < 100, "endless pages");
        token = page["NextToken"].clone();
        if token.is_null() {
            return sizes;
        }
    }
}

#[test]
fn pages_can_be_full_short_or_empty() {
    let fill = |stub: Stub, count| {
        for n in 0..count {
            stub.put(Parameter::string(&format!("/p/{n:03}"), "x"));
        }
        stub
    };
    assert_eq!(pages(&fill(Stub::start(), 25), "/p"), [10, 10, 5]);
    assert_eq!(pages(&fill(Stub::start(), 20), "/p"), [10, 10], "no token on the last page");
    let stub = fill(Stub::builder().page_size(3).start(), 7);
    assert_eq!(pages(&stub, "/p"), [3, 3, 1]);
    let stub = fill(Stub::builder().empty_pages(1).start(), 15);
    assert_eq!(pages(&stub, "/p"), [0, 10, 0, 5]);
    let token = call(&stub, ACTION, &by_path("/p"))["NextToken"].clone();
    let elsewhere = json!({ "Path": "/q", "NextToken": token });
    assert_eq!(failure(&stub, ACTION, &elsewhere).0, "InvalidNextToken");
}

#[test]
fn filters_select_by_label_type_and_key() {
    let filtered = |key: &str, option: &str, values: &[&str]| json!({ "Path": "/f", "ParameterFilters": [{ "Key": key, "Option": option, "Values": values }] });
    let stub = Stub::start();
    stub.put(Parameter::secure("/f/a", "old").label("blue"));
    stub.put(Parameter::secure("/f/a", "new").key_id("alias/mine"));
    stub.put(Parameter::string("/f/b", "x"));
    let response = call(&stub, ACTION, &filtered("Label", "Equals", &["blue"]));
    assert_eq!(each(&response, "Version"), [1], "the labelled version, even if it is older");
    assert_eq!(each(&response, "Selector"), [Value::Null]);
    assert_eq!(names(&stub, &filtered("Type", "Equals", &["String"])), ["/f/b"]);
    assert_eq!(names(&stub, &filtered("Type", "BeginsWith", &["S"])), ["/f/a", "/f/b"]);
    assert_eq!(names(&stub, &filtered("KeyId", "Equals", &["alias/mine"])), ["/f/a"]);
    for (code, filter) in [
        ("InvalidFilterKey", filtered("Name", "Equals", &["a"])),
        ("InvalidFilterOption", filtered("Label", "BeginsWith", &["a"])),
        ("InvalidFilterValue", filtered("Type", "Equals", &[])),
        ("InvalidFilterValue", filtered("Type", "Equals", &["Text"])),
    ] {
        assert_eq!(failure(&stub, ACTION, &filter).0, code);
    }
    stub.set_variants(&[Variant::LabelSelector]);
    let response = call(&stub, ACTION, &filtered("Label", "Equals", &["blue"]));
    assert_eq!(each(&response, "Selector"), [":blue"]);
}
