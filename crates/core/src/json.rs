//! Takes members out of JSON values, as they were written. Errors name a place, never a value:
//! serde's own messages quote what they found, so they are not shown.

use crate::parameter::Field;
use crate::secret::Secret;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Why there is no value to take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// Not JSON, from here on.
    Syntax {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// Something other than an object where an object is expected.
    NotAnObject,
    /// The value there is null.
    Null,
    /// No such member.
    Absent {
        /// The names in the innermost object that was reached.
        members: Vec<String>,
    },
    /// A string that is no text: half a surrogate pair.
    NotText,
}

/// The value at a place.
///
/// # Errors
/// When the text isn't JSON, or has nothing there.
pub fn field(text: &[u8], field: &Field) -> Result<Secret, Problem> {
    let mut here = parse(text)?;
    for token in field.tokens() {
        here = step(here, token)?;
    }
    render(here)?.ok_or(Problem::Null)
}

fn absent(parent: &str) -> Problem {
    let members = object(parent).unwrap_or_default().into_keys().collect();
    Problem::Absent { members }
}

/// The members of the object that the text is, by name. Those that are null are left out.
///
/// # Errors
/// When the text isn't JSON, or is no object.
pub fn members(text: &[u8]) -> Result<Vec<(String, Secret)>, Problem> {
    // A text that does not even begin like an object is better told as that than as invalid JSON.
    if !text.trim_ascii_start().starts_with(b"{") {
        return Err(Problem::NotAnObject);
    }
    let mut all = Vec::new();
    for (name, value) in object(parse(text)?)? {
        if let Some(value) = render(value.get())? {
            all.push((name, value));
        }
    }
    Ok(all)
}

fn parse(text: &[u8]) -> Result<&str, Problem> {
    let raw: &RawValue = serde_json::from_slice(text).map_err(|error| syntax(&error))?;
    Ok(raw.get())
}

fn syntax(error: &serde_json::Error) -> Problem {
    Problem::Syntax {
        line: error.line(),
        column: error.column(),
    }
}

fn object(json: &str) -> Result<BTreeMap<String, &RawValue>, Problem> {
    if !json.starts_with('{') {
        return Err(Problem::NotAnObject);
    }
    serde_json::from_str(json).map_err(|_| Problem::NotText)
}

fn step<'a>(json: &'a str, token: &str) -> Result<&'a str, Problem> {
    if json.starts_with('[') {
        // RFC 6901: digits without a leading zero.
        let index: Option<usize> = (token == "0" || !token.starts_with(['0', '+']))
            .then(|| token.parse().ok())
            .flatten();
        let items: Vec<&RawValue> = serde_json::from_str(json).map_err(|error| syntax(&error))?;
        return index
            .and_then(|at| items.get(at))
            .map(|raw| raw.get())
            .ok_or_else(|| absent(json));
    }
    match object(json) {
        Ok(members) => members
            .get(token)
            .map(|raw| raw.get())
            .ok_or_else(|| absent(json)),
        Err(Problem::NotAnObject) => Err(absent(json)),
        Err(problem) => Err(problem),
    }
}

/// Strings by their text, numbers and booleans as written, objects and arrays compact, null as nothing.
fn render(json: &str) -> Result<Option<Secret>, Problem> {
    Ok(match json.as_bytes().first() {
        Some(b'"') => {
            let text: String = serde_json::from_str(json).map_err(|_| Problem::NotText)?;
            Some(Secret::new(text))
        }
        Some(b'n') => None,
        Some(b'{' | b'[') => Some(compact(json)),
        _ => Some(Secret::new(json.to_owned())),
    })
}

/// Leaves out the white space between tokens, and nothing else: numbers and order stay as written.
fn compact(json: &str) -> Secret {
    let mut out = Vec::with_capacity(json.len());
    let (mut in_string, mut escaped) = (false, false);
    for &byte in json.as_bytes() {
        if in_string {
            in_string = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
        } else if byte.is_ascii_whitespace() {
            continue;
        } else {
            in_string = byte == b'"';
        }
        out.push(byte);
    }
    Secret::from_bytes(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameter::ValueRef;
    use proptest::prelude::*;

    fn take(json: &str, path: &str) -> Result<String, Problem> {
        let param = ValueRef::parse(&format!("/p#{path}")).expect("a valid field");
        field(json.as_bytes(), &param.field.expect("a field"))
            .map(|secret| String::from_utf8(secret.expose().to_vec()).expect("UTF-8"))
    }

    const DB: &str = r#" {"user" : "a\"b\u00e9", "port": 5432, "exact": 1.50e+3, "big": 123456789012345678901234567890,
        "tls": true, "none": null, "hosts": [ "one" , {"n" : " x " } ], "a/b": {"~": "t"}, "": "empty"} "#;

    #[test]
    fn members_are_taken_as_they_were_written() {
        for (path, expected) in [
            ("user", "a\"bé"),
            ("port", "5432"),
            ("exact", "1.50e+3"),
            ("big", "123456789012345678901234567890"),
            ("tls", "true"),
            ("hosts", r#"["one",{"n":" x "}]"#),
            ("/hosts/0", "one"),
            ("/hosts/1/n", " x "),
            ("/a~1b/~0", "t"),
            ("a/b", r#"{"~":"t"}"#),
            ("/", "empty"),
        ] {
            assert_eq!(take(DB, path), Ok(expected.to_owned()), "{path}");
        }
    }

    #[test]
    fn what_is_not_there_is_absent() {
        for path in [
            "nope",
            "/hosts/2",
            "/hosts/00",
            "/hosts/-",
            "/hosts/+1",
            "/port/x",
            "/user/0",
        ] {
            let taken = take(DB, path);
            assert!(matches!(taken, Err(Problem::Absent { .. })), "{path}");
        }
        let members = |names: &[&str]| {
            let members = names.iter().map(ToString::to_string).collect();
            Err(Problem::Absent { members })
        };
        assert_eq!(take("\"text\"", "x"), members(&[]));
        assert_eq!(take(DB, "/hosts/1/x"), members(&["n"]));
        assert_eq!(take(r#"{"b":null,"a":1}"#, "b"), Err(Problem::Null));
        assert_eq!(take(r#"{"a":[null]}"#, "/a/0"), Err(Problem::Null));
    }

    #[test]
    fn only_the_place_of_invalid_json_is_reported() {
        assert_eq!(
            take("{\n \"a\": hunter2}", "a"),
            Err(Problem::Syntax { line: 2, column: 7 })
        );
        assert_eq!(take(r#"{"a": "\ud800"}"#, "a"), Err(Problem::NotText));
        assert_eq!(members(b"[1]").map(|_| ()), Err(Problem::NotAnObject));
        assert_eq!(members(b"info").map(|_| ()), Err(Problem::NotAnObject));
        assert_eq!(members(b"").map(|_| ()), Err(Problem::NotAnObject));
    }

    proptest! {
        #[test]
        fn any_text_comes_out_as_it_went_in(text in "\\PC*", name in "[a-z]{1,8}") {
            let json = serde_json::json!({ name.clone(): text.clone() }).to_string();
            prop_assert_eq!(take(&json, &name), Ok(text));
        }

        #[test]
        fn compacting_changes_no_meaning(text in "\\PC*", number in any::<i64>()) {
            let value = serde_json::json!({ "o": { "t": text, "n": [number, null, true] } });
            let pretty = serde_json::to_string_pretty(&value).expect("serialises");
            let compacted = take(&pretty, "o").expect("is there");
            prop_assert_eq!(compacted, value["o"].to_string());
        }

        #[test]
        fn nothing_panics(bytes in proptest::collection::vec(any::<u8>(), 0..64), path in "[a-z/~01]{1,6}") {
            if let Ok(param) = ValueRef::parse(&format!("/p#{path}")) {
                let _ = field(&bytes, &param.field.expect("a field"));
            }
            let _ = members(&bytes);
        }
    }
}
