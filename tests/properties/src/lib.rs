//! Properties of all parsers, for any bytes. The fuzz targets run them on libFuzzer's inputs
//! (`cargo +nightly fuzz run NAME`), the tests on proptest's.

// A violated property panics, which a fuzzer detects.
#![allow(clippy::missing_panics_doc)]

#[cfg(feature = "responses")]
mod responses;

#[cfg(feature = "responses")]
pub use responses::responses;
use serde_json::Value;
use ssm_exec_core::arn::Arn;
use ssm_exec_core::config::{Config, ConfigFile, duration, read_variables};
use ssm_exec_core::contract::Rule;
use ssm_exec_core::endpoint::{Endpoint, is_loopback};
use ssm_exec_core::env_reference;
use ssm_exec_core::environment::denylist;
use ssm_exec_core::inherited::Inherited;
use ssm_exec_core::json;
use ssm_exec_core::origin::{Given, Origin};
use ssm_exec_core::parameter::{ParameterRef, Prefix, ValueRef};
use ssm_exec_core::plan::{BATCH, Request, plan};
use ssm_exec_core::region::Region;
use ssm_exec_core::template::{FillError, Template};
use ssm_exec_core::variable::{Case, Glob, Naming, VariableName};
use std::collections::HashSet;
use std::ffi::CString;
use std::path::Path;

/// Parameters, prefixes and references: an accepted value is printed as it was parsed.
pub fn parameters(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match ValueRef::parse(text) {
        Ok(param) => {
            assert_eq!(ValueRef::parse(&param.to_string()).as_ref(), Ok(&param));
            assert!(!param.last_word().contains('/') || param.field.is_some());
        }
        Err(error) => assert!(!error.message.is_empty()),
    }
    match Prefix::parse(text) {
        Ok(prefix) => {
            assert_eq!(Prefix::parse(&prefix.to_string()).as_ref(), Ok(&prefix));
            assert!(prefix.covers(&prefix));
            assert_eq!(prefix.relative(prefix.path()).unwrap_or(""), "");
            let below = format!("{}/a", prefix.path().trim_end_matches('/'));
            assert_eq!(prefix.relative(&below), Some("a"));
        }
        Err(error) => assert!(!error.message.is_empty()),
    }
    match (env_reference::parse(text), text.split_once('?')) {
        (Ok((param, _)), None) => assert_eq!(ValueRef::parse(text), Ok(param)),
        (Ok((param, _)), Some((before, _))) => assert_eq!(ValueRef::parse(before), Ok(param)),
        // A default may be a secret: no message contains it.
        (Err(error), Some((_, option))) if option.starts_with("default=") => {
            let elsewhere = text.matches(option).count() > 1;
            assert!(elsewhere || !error.message.contains(option));
        }
        (Err(_), _) => {}
    }
}

/// `ssm-exec.toml`: an accepted file can be planned, in batches that the API accepts.
pub fn config(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let inherited = Inherited::new(vec![c"STAGE=prod", c"EMPTY=", c"odd"]);
    let file = ConfigFile::parse(Path::new("ssm-exec.toml"), "ssm-exec.toml", text, &inherited);
    let stages = file.as_ref().map_or(Ok(Vec::new()), ConfigFile::stages);
    let stage = stages.ok().and_then(|mut stages| stages.pop());
    let chosen = stage.map(|name| Given::new(name, Origin::Flag("--stage")));
    let read = file.and_then(|file| file.layer(chosen.as_ref()));
    let config = match read.and_then(|layer| Config::resolve(layer, &inherited)) {
        Ok(config) => config,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    // A prefix does not contain the parameter at its own path, so a key may have the same name.
    let (mut prefixes, mut requested) = (HashSet::new(), HashSet::new());
    for request in plan(&config.sources, &[]) {
        match request {
            Request::Below(prefix) => assert!(prefixes.insert(prefix.to_string())),
            Request::Batch(names) => {
                assert!((1..=BATCH).contains(&names.len()));
                let subjects: HashSet<_> = names.iter().map(ParameterRef::name).collect();
                let by_arn = names.iter().any(|name| name.to_string().starts_with("arn:"));
                assert!(by_arn || subjects.len() == names.len());
                assert!(names.iter().all(|name| requested.insert(name.to_request())));
            }
        }
    }
}

/// A rule of the contract and a value: the rule is printed as it was parsed, and no violation contains the
/// value.
pub fn contracts(data: &[u8]) {
    let at = data.iter().position(|&byte| byte == 0);
    let (rule, value) = data.split_at(at.unwrap_or(data.len()));
    let value = value.strip_prefix(b"\0").unwrap_or(value);
    let Ok(text) = std::str::from_utf8(rule) else {
        return;
    };
    let Some(rule) = rule_of(text) else { return };
    let printed = rule.to_toml();
    assert_eq!(rule_of(&printed).as_ref(), Some(&rule), "{printed}");
    let violations = rule.violations(value);
    assert_eq!(rule.violations(value), violations);
    if let Ok(value) = std::str::from_utf8(value)
        && value.starts_with("canary")
        && !text.contains("canary")
    {
        assert!(violations.iter().all(|found| !found.contains(value)));
    }
}

/// The rule that a configuration file with this text has.
fn rule_of(text: &str) -> Option<Rule> {
    let text = format!("prefix = \"/p\"\n[contract]\nX = {text}");
    let inherited = Inherited::default();
    let file =
        ConfigFile::parse(Path::new("ssm-exec.toml"), "ssm-exec.toml", &text, &inherited).ok()?;
    let config = Config::resolve(file.layer(None).ok()?, &inherited).ok()?;
    config.contract.rules.into_values().next()
}

/// ARNs, regions and endpoints: an accepted value is printed as it was parsed, and plain HTTP only goes to
/// this machine.
pub fn identifiers(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Some(arn) = Arn::parse(text) {
        assert_eq!(arn.to_string(), text);
        let principal = arn.as_policy_principal();
        assert_eq!(Arn::parse(&principal.to_string()), Some(principal));
    }
    match Region::parse(text) {
        Ok(region) => {
            assert_eq!(region.as_str(), text);
            // It becomes part of a host name.
            let is_label = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(text.chars().all(is_label) && text.len() < 64);
            assert!(!region.partition().dns_suffix.is_empty());
        }
        Err(error) => assert!(!error.message.is_empty()),
    }
    match Endpoint::parse(text) {
        Ok(endpoint) => {
            let printed = endpoint.to_string();
            let again = Endpoint::parse(&printed).map(|endpoint| endpoint.to_string());
            assert_eq!(again.as_ref(), Ok(&printed));
            assert!(!endpoint.host().is_empty());
            let https = printed.starts_with("https://");
            assert!(https || endpoint.is_plain_and_remote() || is_loopback(endpoint.host()));
        }
        Err(error) => {
            let authority = text.split(['/', '?', '#']).nth(2).unwrap_or_default();
            let password = authority.rsplit_once('@').map(|(user, _)| user);
            // libFuzzer finds other users that are words of our own messages.
            assert!(!password.is_some_and(|user| user.contains("canary") && error.to_string().contains(user)));
        }
    }
}

/// The environment, as entries ended by zero bytes: an accepted one can be planned.
pub fn variables(data: &[u8]) {
    let entries: Vec<CString> =
        data.split(|&byte| byte == 0).filter_map(|entry| CString::new(entry).ok()).collect();
    let inherited = Inherited::new(entries.iter().map(CString::as_c_str).collect());
    let config = read_variables(&inherited).and_then(|layer| Config::resolve(layer, &inherited));
    let references = env_reference::find_references(&inherited, |_| true);
    match (config, references) {
        (Ok(config), Ok(references)) => drop(plan(&config.sources, &references)),
        (Err(error), _) | (_, Err(error)) => assert!(!error.to_string().is_empty()),
    }
}

/// Names derived from paths, filters, templates: a derived name is a valid name.
pub fn names(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let mut parts = text.split('\0');
    let mut next = || parts.next().unwrap_or_default();
    let (relative, prefix, pattern, template) = (next(), next(), next(), next());
    let prefix = Naming::parse_prefix(prefix).unwrap_or_default();
    let glob = Glob::parse(pattern);
    for case in [Case::Upper, Case::Keep] {
        let naming = Naming {
            prefix: prefix.clone(),
            case,
            only: glob.iter().map(|glob| Given::new(glob.clone(), Origin::Default)).collect(),
            exclude: Vec::new(),
        };
        match naming.name(relative) {
            Ok(name) => {
                assert_eq!(VariableName::parse(name.as_str()).as_ref(), Ok(&name));
                let _ = naming.admits(&name);
                let _ = denylist::reason(&name);
            }
            Err(name) => assert!(name.starts_with(|c: char| c.is_ascii_digit())),
        }
    }
    if let Ok(template) = Template::parse(template) {
        let value = b"\xffvalue";
        let filled = template.fill(usize::MAX, |_| Some(value));
        assert!(!matches!(filled, Err(FillError::Unset(_))));
        let empty = template.variables().next().is_none();
        assert_eq!(template.fill(usize::MAX, |_| None).is_ok(), empty);
    }
}

/// Fields of JSON values: the result is what serde finds there.
pub fn fields(data: &[u8]) {
    let at = data.iter().position(|&byte| byte == 0);
    let (field, document) = data.split_at(at.unwrap_or(0));
    let document = document.strip_prefix(b"\0").unwrap_or(document);
    // serde rejects numbers that no float can hold; we never parse numbers.
    let whole: Option<Value> = serde_json::from_slice(document).ok();
    if let (Ok(members), Some(whole)) = (json::members(document), &whole) {
        let object = whole.as_object();
        let object = object.expect("members of an object");
        let there = object.values().filter(|value| !value.is_null()).count();
        assert_eq!(members.len(), there);
        for (name, value) in members {
            same(value.expose(), &object[&name]);
        }
    }
    let Ok(field) = std::str::from_utf8(field) else {
        return;
    };
    let Some(field) = ValueRef::parse(&format!("/p#{field}")).ok().and_then(|param| param.field)
    else {
        return;
    };
    if let (Ok(value), Some(mut here)) = (json::field(document, &field), whole.as_ref()) {
        for token in field.tokens() {
            here = match here {
                Value::Array(items) => &items[token.parse::<usize>().expect("an index")],
                object => &object[token],
            };
        }
        same(value.expose(), here);
    }
}

fn same(taken: &[u8], there: &Value) {
    match there {
        Value::String(text) => assert_eq!(taken, text.as_bytes()),
        other => {
            // A part may contain an unpaired surrogate, and numbers stay as written.
            if let Ok(taken) = serde_json::from_slice::<Value>(taken) {
                assert_eq!(&taken, other);
            }
        }
    }
}

/// Durations: a printed duration parses to the same value.
pub fn durations(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match duration::parse(text) {
        Ok(read) => {
            let written = humantime::format_duration(read).to_string();
            assert_eq!(duration::parse(&written), Ok(read));
        }
        Err(error) => assert!(!error.message.is_empty()),
    }
}
