//! What each type and each rule takes, and that no message tells a part of a value.

mod words;

use super::*;
use crate::config::{Config, parse_file};
use crate::diagnostic::Diagnostic;
use crate::inherited::Inherited;
use proptest::prelude::*;

fn contract(text: &str) -> Result<Contract, Diagnostic> {
    let inherited = Inherited::default();
    let layer = parse_file("t.toml".as_ref(), text, &inherited)?;
    Config::resolve(layer, &inherited).map(|config| config.contract)
}

fn rule(rules: &str) -> Rule {
    let contract = contract(&format!("[contract]\nX = {{ {rules} }}")).expect(rules);
    contract.rules.into_values().next().expect("a rule")
}

/// What an input that makes no sense is refused with.
fn refused(text: &str) -> String {
    contract(text).expect_err(text).to_string()
}

#[test]
fn each_rule_takes_and_refuses() {
    for (rules, taken, refused) in [
        ("", vec!["x", " ", "0"], vec![""]),
        (
            "type = \"integer\"",
            vec!["0", "-12", "+7", "007", "9223372036854775807"],
            vec![
                "",
                " 1",
                "1 ",
                "1.0",
                "1e3",
                "0x1f",
                "1_000",
                "-",
                "--1",
                "9223372036854775808",
                "٣",
            ],
        ),
        ("type = \"integer\", min = 1, max = 10", vec!["1", "10", "+5"], vec!["0", "11", "-5"]),
        (
            "type = \"number\"",
            vec!["0", "-1.5", "+.5", "1e3", "2.5E-7", "10"],
            vec!["inf", "NaN", "1,5", "1.2.3", " 1", "1e999", "0x1p3", ".", "e"],
        ),
        ("type = \"number\", min = 0.5, max = 2", vec!["0.5", "2", "1e0"], vec!["0.49", "2.01"]),
        (
            "type = \"boolean\"",
            vec!["true", "false", "1", "0", "yes", "no", "on", "off"],
            vec!["y", "enabled", "2", " true", "true\n"],
        ),
        (
            "type = \"port\"",
            vec!["1", "80", "65535"],
            vec!["0", "65536", "-1", "+80", "080", "http", "80 ", "80.0"],
        ),
        (
            "type = \"url\"",
            vec![
                "https://example.com",
                "postgres://app:p%40ss@db:5432/app?sslmode=require",
                "redis://localhost/0",
                "mongodb://u:p@a:27017,b:27017/db",
                "postgres:///app",
                "http://[::1]:8080/x",
                "https://user@example.com#fragment",
            ],
            vec![
                "example.com",
                "mailto:a@b",
                "localhost:8080/x?u=http://y",
                "//x?u=http://y",
                "1a://b",
                "https://",
                "https:///path",
                "https:/example.com",
                " https://example.com",
                "https://example.com\n",
                "https://exa mple.com",
                "https:\\\\example.com",
                "https://example.com:70000",
                "https://example.com:x",
                "://x",
                "1http://x",
                "mongodb://a,,b/db",
                "\"https://example.com\"",
            ],
        ),
        (
            "type = \"url\", schemes = [\"postgres\", \"postgresql\"]",
            vec!["postgres://h/d", "POSTGRESQL://h/d"],
            vec!["mysql://h/d", "https://h", "postgres:h"],
        ),
        (
            "type = \"json\"",
            vec!["{}", "[1, null]", "\"x\"", "1e3", " {\"a\": 1}\n"],
            vec!["", "{", "{'a': 1}", "nope", "{} {}", "{\"a\": 1,}"],
        ),
        (
            "type = \"base64\"",
            vec!["YQ==", "YQ", "YWJj\nYWJj\n", "+/+/"],
            vec!["YQ===", "-_-_", "a", "====", " "],
        ),
        (
            "type = \"uuid\"",
            vec!["123e4567-e89b-12d3-a456-426614174000", "123E4567-E89B-12D3-A456-426614174000"],
            vec![
                "123e4567e89b12d3a456426614174000",
                "{123e4567-e89b-12d3-a456-426614174000}",
                "urn:uuid:123e4567-e89b-12d3-a456-426614174000",
                "123e4567-e89b-12d3-a456-42661417400g",
                "x",
            ],
        ),
        (
            "pattern = \"sk_live_[A-Za-z0-9]{4,}\"",
            vec!["sk_live_abcd", "sk_live_abcd1"],
            vec!["sk_live_abc", "xsk_live_abcd", "sk_live_abcd\n", "sk_test_abcd"],
        ),
        ("pattern = \"a|ab\"", vec!["a", "ab"], vec!["abc", "ba", "a\nab"]),
        ("pattern = \"(?i)yes\"", vec!["YES", "yes"], vec!["yess"]),
        (
            "one_of = [\"debug\", \"info\"]",
            vec!["debug", "info"],
            vec!["Debug", "warn", "debug ", ""],
        ),
        ("min_length = 3", vec!["abc", "äöü"], vec!["ab", "äö"]),
        ("max_length = 3", vec!["abc", "äöü", "a"], vec!["abcd", ""]),
    ] {
        let rule = rule(rules);
        for value in taken {
            let found = rule.violations(value.as_bytes());
            assert_eq!(found, [""; 0], "{rules}: {value:?}");
        }
        for value in refused {
            let found = rule.violations(value.as_bytes());
            assert!(!found.is_empty(), "{rules}: {value:?}");
        }
    }
}

#[test]
fn pem_blocks_must_be_whole_and_have_an_allowed_label() {
    let block = |label: &str| format!("-----BEGIN {label}-----\nYWJjZGVm\n-----END {label}-----\n");
    let (key, certificate) = (block("PRIVATE KEY"), block("CERTIFICATE"));
    let any = rule("type = \"pem\"");
    let only_key = rule("type = \"pem\", label = \"PRIVATE KEY\"");
    for value in [&key, &certificate, &format!("{key}{certificate}")] {
        assert_eq!(any.violations(value.as_bytes()), [""; 0], "{value}");
    }
    assert_eq!(only_key.violations(key.as_bytes()), [""; 0]);
    let both = format!("{key}{certificate}");
    for value in [certificate.as_str(), both.as_str()] {
        let found = only_key.violations(value.as_bytes());
        assert_eq!(found, ["must be PEM with the label `PRIVATE KEY`"]);
    }
    let cut = &both[..both.len() - 20];
    for value in [
        "x",
        cut,
        "-----BEGIN PRIVATE KEY-----\n!!\n-----END PRIVATE KEY-----\n",
        "-----BEGIN PRIVATE KEY-----\nYWJj\n-----END CERTIFICATE-----\n",
        &key.replace('\n', " "),
        &key.replace('\n', "\\n"),
    ] {
        assert!(!any.violations(value.as_bytes()).is_empty(), "{value:?}");
    }
}

#[test]
fn a_pattern_may_end_with_a_comment() {
    let rule = rule("pattern = '(?x) [a-z]+ # letters'");
    assert!(rule.violations(b"abc").is_empty());
    assert!(!rule.violations(b"abc1").is_empty());
    assert!(!rule.violations(b"abc\n").is_empty());
}

#[test]
fn rules_with_other_patterns_are_other_rules() {
    let pattern = |text| Pattern::parse(text).expect("a pattern");
    assert_eq!(pattern("a"), pattern("a"));
    assert_ne!(pattern("a"), pattern("b"));
}

#[test]
fn a_secure_variable_must_be_a_secure_string() {
    let rule = rule("secure = true");
    for (kind, is_met) in [
        (Some(ParameterType::SecureString), true),
        (Some(ParameterType::String), false),
        (Some(ParameterType::StringList), false),
        (None, true),
    ] {
        assert_eq!(rule.insecure(kind).is_none(), is_met, "{kind:?}");
    }
}

#[test]
fn every_broken_rule_is_reported() {
    let rule = rule("type = \"integer\", pattern = \"[0-9]+\", one_of = [\"1\"], max_length = 2");
    let found = rule.violations(b"abc");
    assert_eq!(found.len(), 4, "{found:?}");
}

#[test]
fn a_value_that_is_not_utf8_breaks_every_rule_for_text() {
    for rules in ["type = \"json\"", "type = \"url\"", "pattern = \".*\""] {
        assert!(!rule(rules).violations(b"\xff\xfe").is_empty(), "{rules}");
    }
    assert_eq!(rule("max_length = 2").violations(b"\xff\xfe"), [""; 0]);
}

#[test]
fn contracts_that_make_no_sense_are_refused_with_their_line() {
    for (text, line, parts) in [
        ("[contract]\nX = { type = \"prot\" }", 2, "`prot`|Correct it: did you mean `port`"),
        ("[contract]\nX = { typo = \"port\" }", 2, "`typo`|Correct it: did you mean `type`"),
        ("[contract]\nX = { type = \"integer\", min = 2, max = 1 }", 2, "`min` is 2|`max`, 1"),
        ("[contract]\nX = { type = \"number\", min = 2.5, max = 1 }", 2, "`min` is 2.5"),
        ("[contract]\nX = { type = \"number\", min = \"1\" }", 2, "`min` must be a finite number"),
        ("[contract]\nX = { type = \"number\", min = nan }", 2, "`min` must be a finite number"),
        ("[contract]\nX = { type = \"number\", max = -inf }", 2, "`max` must be a finite number"),
        ("[contract]\nX = { type = \"number\", max = 1e999 }", 2, "`max` must be a finite number"),
        ("[contract]\nX = { min_length = 2, max_length = 1 }", 2, "`min_length` is 2"),
        ("[contract]\nX = { max_length = 0 }", 2, "`max_length` is 0"),
        ("[contract]\nX = { min_length = -1 }", 2, "`min_length`"),
        ("[contract]\nX = { one_of = [] }", 2, "`one_of` is empty"),
        ("[contract]\nX = { one_of = [\"\"] }", 2, "must not be empty"),
        (
            "[contract]\nX = { type = \"port\", one_of = [\"http\"] }",
            2,
            "`http`|another rule forbids",
        ),
        ("[contract]\nX = { pattern = \"[\" }", 2, "`[`|not a valid pattern"),
        ("[contract]\nX = { pattern = \"a)|(b\" }", 2, "not a valid pattern"),
        ("[contract]\nX = { pattern = 1 }", 2, "`pattern` must be a string"),
        ("[contract]\nX = { secure = \"yes\" }", 2, "`secure` must be `true` or `false`"),
        ("[contract]\nX = { type = \"integer\", min = 1.5 }", 2, "`min` must be a whole number"),
        ("[contract]\nX = { min = 1 }", 2, "`min` does not apply to the type `text`"),
        ("[contract]\nX = { type = \"port\", schemes = [\"a\"] }", 2, "`schemes` does not apply"),
        (
            "[contract]\nX = { type = \"url\", schemes = [\"https://\"] }",
            2,
            "`https://` is no value of `schemes`",
        ),
        ("[contract]\nX = { type = \"url\", schemes = [] }", 2, "`schemes` is empty"),
        ("[contract]\nX = { type = \"url\", schemes = [\"\"] }", 2, "`` is no value of `schemes`"),
        ("[contract]\nX = { type = \"url\", schemes = [\"1a\"] }", 2, "`1a` is no value"),
        (
            "[contract]\nX = { type = \"pem\", label = [\"KEY\", \"\"] }",
            2,
            "`` is no value of `label`",
        ),
        ("[contract]\nX = { pattern = \"\" }", 2, "the pattern is empty"),
        (
            "[contract]\nX = { type = \"port\", pattern = \"[a-z]+\" }",
            2,
            "`[a-z]+` matches no port",
        ),
        (
            "[contract]\nX = { type = \"boolean\", pattern = \"TRUE|FALSE\" }",
            2,
            "matches no boolean",
        ),
        (
            "[contract]\nX = { type = \"uuid\", min_length = 40 }",
            2,
            "`min_length` is 40, but no uuid is that long",
        ),
        (
            "[contract]\nX = { type = \"uuid\", max_length = 35 }",
            2,
            "`max_length` is 35, but no uuid is shorter than 36",
        ),
        ("[contract]\nX = { type = \"port\", min_length = 6 }", 2, "no port is that long"),
        ("[contract]\nX = { max_age = \"90\" }", 2, "`90`|unit"),
        ("[contract]\nX = { max_age = \"0s\" }", 2, "`0s` is no age"),
        ("[contract]\n\"1X\" = {}", 2, "`1X` does not begin with a letter"),
        ("[contract]\nX = \"port\"", 2, "table"),
        ("closed = true", 1, "`closed`|needs a `[contract]`"),
        ("closed = true\n[contract]", 1, "needs a `[contract]`"),
        ("[contract]\nX = {\n type = \"url\",\n schemes = 1 }", 4, "`schemes` must be a list"),
    ] {
        let message = refused(text);
        assert!(message.contains(&format!("line {line},")), "{text}: {message}");
        for part in parts.split('|') {
            assert!(message.contains(part), "{text}: no {part:?} in {message}");
        }
        assert_eq!(contract(text).expect_err(text).status().code(), 78);
    }
}

/// Rules over values that share no three characters with what the messages say.
const RULES_FOR_ALL: &[&str] = &[
    "type = \"integer\", min = 1, max = 2",
    "type = \"number\", max = 2",
    "type = \"boolean\"",
    "type = \"port\"",
    "type = \"url\", schemes = [\"https\"]",
    "type = \"json\"",
    "type = \"base64\"",
    "type = \"pem\", label = \"CERTIFICATE\"",
    "type = \"uuid\"",
    "pattern = \"[a-z]+\", one_of = [\"verbose\"], min_length = 7, max_length = 9, secure = true",
];

proptest! {
    #[test]
    fn no_message_has_a_part_of_the_value(value in "[QZ#%&@0-9]{3,40}", at in 0..RULES_FOR_ALL.len()) {
        let rule = rule(RULES_FOR_ALL[at]);
        let shown = rule.violations(value.as_bytes()).join(" ").replace("65535", "");
        let bytes: Vec<char> = value.chars().collect();
        for part in bytes.windows(3) {
            let part: String = part.iter().collect();
            prop_assert!(!shown.contains(&part), "{} in {}", part, shown);
        }
    }

    #[test]
    fn no_value_makes_a_rule_panic(value in proptest::collection::vec(any::<u8>(), 0..80), at in 0..RULES_FOR_ALL.len()) {
        let _ = rule(RULES_FOR_ALL[at]).violations(&value);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,20}", number in any::<i64>()) {
        let text = text.replace(['"', '\\', '$'], "");
        for rules in ["type", "pattern", "max_age", "one_of", "schemes", "label", "min", "description"] {
            let _ = contract(&format!("[contract]\nX = {{ {rules} = \"{text}\" }}"));
            let _ = contract(&format!("[contract]\nX = {{ type = \"number\", {rules} = {number} }}"));
        }
    }
}
