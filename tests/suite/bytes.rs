//! Any text without NUL bytes is passed to the command unchanged, from every kind of source.

use crate::harness::*;
use proptest::prelude::*;
use ssm_stub::{Parameter, Stub};

/// All of Unicode, with more of the characters that shells, env files and JSON treat specially.
fn value() -> impl Strategy<Value = String> {
    let special = prop::sample::select(vec![
        '\n', '\r', '\t', '"', '\'', '\\', '$', '=', '`', ' ', '\u{7f}', '\u{feff}', '{', '}',
    ]);
    let any = any::<char>().prop_filter("the environment cannot contain NUL", |&c| c != '\0');
    prop::collection::vec(prop_oneof![1 => special, 2 => any], 1..200)
        .prop_map(|chars| chars.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_passed_unchanged(text in value()) {
        let stub = Stub::start();
        stub.put(Parameter::secure("/bytes/p/prefix", &text));
        stub.put(Parameter::secure("/bytes/one", &text));
        stub.put(Parameter::secure("/bytes/json", &serde_json::json!({ "member": text, "object": text }).to_string()));
        stub.put_secret("bytes", &text);
        let run = Run::against(&stub.url())
            .file(
                "prefix = \"/bytes/p\"\njson = { param = \"/bytes/json\", only = [\"OBJECT\"] }\n\
                 [keys]\nKEY = \"/bytes/one\"\nMEMBER = \"/bytes/json#/member\"\nSECRET = \"/aws/reference/secretsmanager/bytes\"\n\
                 [files]\nFILE = \"/bytes/one\"\n[compose]\nCOMPOSED = \"<${PREFIX}>\"\n",
            )
            .env("REFERENCE", "ssm:///bytes/one");
        let outcome = run.args("-- sh -c").arg("env -0; cat \"$FILE\"").run();
        prop_assert_eq!(outcome.status, 0, "{}", outcome.stderr);
        let end: usize = outcome.stdout.iter().rposition(|&byte| byte == 0).expect("the end of the environment") + 1;
        prop_assert_eq!(&outcome.stdout[end..], text.as_bytes(), "the file");
        let arrived = Environment::parse(&outcome.stdout[..end]);
        for name in ["PREFIX", "OBJECT", "KEY", "MEMBER", "SECRET", "REFERENCE"] {
            prop_assert_eq!(arrived.bytes(name), Some(text.as_bytes()), "{}", name);
        }
        let composed = format!("<{text}>");
        prop_assert_eq!(arrived.get("COMPOSED"), Some(composed.as_str()));
    }
}
