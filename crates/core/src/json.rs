//! Takes members out of JSON values, as they were written. Errors name a place, never a value:
//! serde's own messages quote what they found, so they are not shown.

use crate::parameter::Field;
use crate::secret::Secret;
use crate::words::first_of;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// As many members of an object as a message lists.
const LISTED: usize = 10;

/// Why there is no value to take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The rest of a sentence that begins with the parameter.
    pub reason: String,
    /// Whether the JSON is valid, and has nothing at the place.
    pub is_absent: bool,
}

impl Fault {
    fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), is_absent: false }
    }

    fn absent(reason: String) -> Self {
        Self { reason, is_absent: true }
    }

    fn syntax(error: &serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        Self::new(format!("is not valid JSON at line {line}, column {column}"))
    }
}

/// The value at a place.
///
/// # Errors
/// When the text isn't JSON, or has nothing there.
pub fn field(text: &[u8], field: &Field) -> Result<Secret, Fault> {
    let mut here = parse(text)?;
    for token in field.tokens() {
        here = step(here, token)?;
    }
    render(here)?.ok_or_else(|| Fault::absent(format!("exists, but `{field}` in its JSON is null")))
}

/// The members of the object that the text is, by name. Those that are null are left out.
///
/// # Errors
/// When the text isn't JSON, or is no object.
pub fn members(text: &[u8]) -> Result<Vec<(String, Secret)>, Fault> {
    // A text that does not even begin like an object is better told as that than as invalid JSON.
    if !text.trim_ascii_start().starts_with(b"{") {
        return Err(Fault::new("is not a JSON object"));
    }
    let mut all = Vec::new();
    for (name, value) in object(parse(text)?)? {
        if let Some(value) = render(value.get())? {
            all.push((name, value));
        }
    }
    Ok(all)
}

fn parse(text: &[u8]) -> Result<&str, Fault> {
    let raw: &RawValue = serde_json::from_slice(text).map_err(|error| Fault::syntax(&error))?;
    Ok(raw.get())
}

/// The members of valid JSON that is an object.
fn object(json: &str) -> Result<BTreeMap<String, &RawValue>, Fault> {
    serde_json::from_str(json).map_err(|_| half_a_pair())
}

/// A string that is no text.
fn half_a_pair() -> Fault {
    Fault::new("contains a string that is not valid Unicode (half a surrogate pair)")
}

fn step<'a>(json: &'a str, token: &str) -> Result<&'a str, Fault> {
    let (found, members) = match json.as_bytes().first() {
        Some(b'[') => {
            // RFC 6901: digits without a leading zero.
            let index: Option<usize> = (token == "0" || !token.starts_with(['0', '+']))
                .then(|| token.parse().ok())
                .flatten();
            let items: Vec<&RawValue> =
                serde_json::from_str(json).map_err(|error| Fault::syntax(&error))?;
            (index.and_then(|at| items.get(at).copied()), Vec::new())
        }
        Some(b'{') => {
            let members = object(json)?;
            (members.get(token).copied(), members.into_keys().collect())
        }
        _ => (None, Vec::new()),
    };
    found.map(RawValue::get).ok_or_else(|| no_member(token, &members))
}

fn no_member(token: &str, members: &[String]) -> Fault {
    let others = match first_of(LISTED, members).as_str() {
        "" => String::new(),
        members => format!(" (it has {members})"),
    };
    Fault::absent(format!("exists, but its JSON has no member `{token}`{others}"))
}

/// Strings by their text, numbers and booleans as written, objects and arrays compact, null as nothing.
fn render(json: &str) -> Result<Option<Secret>, Fault> {
    Ok(match json.as_bytes().first() {
        Some(b'"') => {
            let text: String = serde_json::from_str(json).map_err(|_| half_a_pair())?;
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

    fn take(json: &str, path: &str) -> Result<String, Fault> {
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
        for path in ["nope", "/hosts/2", "/hosts/00", "/hosts/-", "/hosts/+1", "/port/x", "/user/0"]
        {
            assert!(take(DB, path).is_err_and(|fault| fault.is_absent), "{path}");
        }
        for (json, path, reason) in [
            ("\"text\"", "x", "exists, but its JSON has no member `x`"),
            (DB, "/hosts/1/x", "exists, but its JSON has no member `x` (it has n)"),
            (r#"{"b":null,"a":1}"#, "b", "exists, but `#b` in its JSON is null"),
            (r#"{"a":[null]}"#, "/a/0", "exists, but `#/a/0` in its JSON is null"),
        ] {
            assert_eq!(take(json, path), Err(Fault::absent(reason.to_owned())));
        }
    }

    #[test]
    fn only_the_place_of_invalid_json_is_reported() {
        let reason = |fault: Fault| (!fault.is_absent).then_some(fault.reason);
        let taken = |json| take(json, "a").map_err(reason);
        let place = "is not valid JSON at line 2, column 7";
        assert_eq!(taken("{\n \"a\": hunter2}"), Err(Some(place.to_owned())));
        let text = taken(r#"{"a": "\ud800"}"#).expect_err("no text");
        assert!(text.is_some_and(|text| text.contains("half a surrogate pair")));
        for json in ["[1]", "info", ""] {
            let found = members(json.as_bytes()).map(|_| ()).map_err(reason);
            assert_eq!(found, Err(Some("is not a JSON object".to_owned())));
        }
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
