//! How each rule is written, shown and reported.

use super::*;

/// Every rule, as the file writes it; how a table shows it; a value that breaks it; and what is said then.
#[test]
fn each_rule_is_shown_written_and_reported_in_its_words() {
    for (rules, words, value, violation) in [
        ("", "text", "", "must not be empty"),
        ("type = \"integer\"", "integer", "x", "must be an integer"),
        (
            "type = \"integer\", min = 1, max = 10",
            "integer (1 to 10)",
            "11",
            "must be within the limits: 1 to 10",
        ),
        (
            "type = \"integer\", min = -3",
            "integer (at least -3)",
            "-4",
            "must be within the limits: at least -3",
        ),
        ("type = \"number\"", "number", "x", "must be a number"),
        (
            "type = \"number\", max = 0.5",
            "number (at most 0.5)",
            "0.6",
            "must be within the limits: at most 0.5",
        ),
        (
            "type = \"boolean\"",
            "boolean",
            "x",
            "must be a boolean (true, false, 1, 0, yes, no, on or off)",
        ),
        ("type = \"port\"", "port", "0", "must be a port (1 to 65535)"),
        ("type = \"url\"", "url", "x", "must be a URL"),
        (
            "type = \"url\", schemes = [\"http\", \"https\"]",
            "url (http, https)",
            "ftp://h",
            "must be a URL with the scheme `http`, `https`",
        ),
        ("type = \"json\"", "json", "x", "must be valid JSON"),
        ("type = \"base64\"", "base64", "!", "must be valid Base64"),
        ("type = \"pem\"", "pem", "x", "must be one or more whole PEM blocks"),
        (
            "type = \"pem\", label = [\"PUBLIC KEY\"]",
            "pem (PUBLIC KEY)",
            "-----BEGIN A-----\nYWJj\n-----END A-----\n",
            "must be PEM with the label `PUBLIC KEY`",
        ),
        ("type = \"uuid\"", "uuid", "x", "must be a UUID"),
        ("pattern = \"[a-z]+\"", "text; matches [a-z]+", "A", "must match the pattern `[a-z]+`"),
        ("one_of = [\"a\", \"b\"]", "text; one of a, b", "c", "must be one of `a`, `b`"),
        ("min_length = 2", "text; at least 2 characters", "c", "must have at least 2 characters"),
        ("max_length = 1", "text; at most 1 character", "cd", "must have at most 1 character"),
        (
            "secure = true",
            "text; secure",
            "x",
            "must be a SecureString, and the parameter is a StringList",
        ),
        ("optional = true", "text; optional", "", "must not be empty"),
        ("max_age = \"90d\"", "text; not older than 90d", "", "must not be empty"),
        ("description = \"why\"", "text", "", "must not be empty"),
    ] {
        let rule = rule(rules);
        assert_eq!(rule.words().join("; "), words, "{rules}");
        let braces = if rules.is_empty() { "{}".to_owned() } else { format!("{{ {rules} }}") };
        assert_eq!(rule.to_toml(), braces);
        let mut found = rule.violations(value.as_bytes());
        found.extend(rule.insecure(Some(ParameterType::StringList)));
        assert_eq!(found, [violation], "{rules}");
    }
}
