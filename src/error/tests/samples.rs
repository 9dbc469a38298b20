//! A sample of every error.

use crate::aws::tests as aws;
use crate::error::*;
use ssm_exec_core::config::{Config, ConfigFile, Meant, Place, Replaced};
use ssm_exec_core::env_reference::find_references;
use ssm_exec_core::environment::limits::{self, CommandSize};
use ssm_exec_core::environment::{Environment, assemble, missing};
use ssm_exec_core::fetched::{Fetched, FetchedParameter, ParameterType};
use ssm_exec_core::inherited::Inherited;
use ssm_exec_core::origin::Origin;
use ssm_exec_core::parameter::{ParameterRef, ValueRef};
use ssm_exec_core::region::Region;
use ssm_exec_core::secret::Secret;
use ssm_exec_core::variable::VariableName;
use std::collections::BTreeSet;

/// Makes the function that names a variant, and the list of all names: a new variant doesn't compile
/// until it is named, and the test fails until there is a sample of it.
macro_rules! variants {
    ($function:ident, $list:ident, $enum:ident: $($variant:ident)*) => {
        fn $function(error: &$enum) -> &'static str {
            match error { $($enum::$variant { .. } => stringify!($variant),)* }
        }
        const $list: &[&str] = &[$(stringify!($variant),)*];
    };
}

variants! { config_variant, CONFIG, ConfigError:
    Invalid Quoted UnknownVariable UnknownKey MisplacedKey Syntax UnsetInFile Unreadable Untrusted UnknownStage NoStage
    BadReference NearReference Collision DigitName Base64OfNothing NoSources SharedConfig UnknownProfile
}
fn name(text: &str) -> VariableName {
    VariableName::inherited(text)
}

pub(super) fn context() -> AwsContext {
    AwsContext {
        region: Region::parse("eu-west-1").ok(),
        endpoint: Some("ssm.eu-west-1.amazonaws.com".to_owned()),
        account: Some("111122223333".to_owned()),
        principal: Some("arn:aws:sts::111122223333:assumed-role/api/i-0abc".to_owned()),
        credentials: Some("the environment (AWS_ACCESS_KEY_ID=ASIAEXAMPLE)".to_owned()),
        unused: None,
    }
}

fn config_errors() -> Vec<ConfigError> {
    let file = || Origin::File {
        path: "/srv/ssm-exec.toml".into(),
        line: 3,
        key: "keys.A".to_owned(),
    };
    vec![
        ConfigError::invalid(Origin::Flag("--prefix"), "is odd"),
        ConfigError::Quoted {
            origin: Origin::Variable("AWS_SECRET_ACCESS_KEY"),
        },
        ConfigError::UnknownVariable {
            name: "SSM_EXEC_PREFX".to_owned(),
            meant: Meant::Similar("SSM_EXEC_PREFIX"),
        },
        ConfigError::UnknownVariable {
            name: "SSM_EXEC_REGION".to_owned(),
            meant: Meant::Variable {
                name: "AWS_REGION",
                value: None,
            },
        },
        ConfigError::UnknownKey {
            path: "/srv/ssm-exec.toml".into(),
            line: 2,
            key: "prefx".to_owned(),
            table: String::new(),
            nearest: Some("prefix".to_owned()),
        },
        ConfigError::MisplacedKey {
            path: "/srv/ssm-exec.toml".into(),
            line: 9,
            key: "timeout".to_owned(),
            found: Place::Table("keys".to_owned()),
            belongs: Place::TopLevel,
        },
        ConfigError::MisplacedKey {
            path: "/srv/ssm-exec.toml".into(),
            line: 1,
            key: "region".to_owned(),
            found: Place::TopLevel,
            belongs: Place::Table("aws".to_owned()),
        },
        ConfigError::Syntax {
            path: "/srv/ssm-exec.toml".into(),
            line: 2,
            reason: "expected `=`".to_owned(),
        },
        ConfigError::UnsetInFile {
            origin: file(),
            name: "STAGE".to_owned(),
        },
        ConfigError::Unreadable {
            origin: None,
            path: "/srv/ssm-exec.toml".into(),
            reason: "Permission denied".to_owned(),
        },
        ConfigError::Untrusted {
            path: "/srv/ssm-exec.toml".into(),
            reason: "is world-writable".to_owned(),
            remedy: "Remove that permission: `chmod o-w /srv/ssm-exec.toml`.".to_owned(),
        },
        ConfigError::BadReference {
            variable: "DB".to_owned(),
            error: ValueRef::parse("/a//b").expect_err("malformed"),
        },
        ConfigError::NearReference {
            variable: "DB".to_owned(),
        },
        ConfigError::Collision {
            origin: file(),
            name: name("A"),
            parameters: ["/a/1".to_owned(), "/a/2".to_owned()],
        },
        ConfigError::DigitName {
            origin: None,
            parameter: "/a/1".to_owned(),
            name: "1".to_owned(),
        },
        ConfigError::Base64OfNothing {
            origin: Origin::Flag("--base64"),
            name: name("A"),
            replaced: None,
        },
        ConfigError::Base64OfNothing {
            origin: Origin::Flag("--base64"),
            name: name("A"),
            replaced: Some(Box::new(Replaced {
                origin: Origin::File {
                    path: "ssm-exec.toml".into(),
                    line: 3,
                    key: "keys.A".to_owned(),
                },
                by: Origin::Flag("--key"),
            })),
        },
        ConfigError::NoSources {
            after_command: None,
        },
        ConfigError::NoSources {
            after_command: Some("--prefix"),
        },
        ConfigError::UnknownStage {
            origin: Origin::Flag("--stage"),
            name: "prd".to_owned(),
            path: Some("/srv/ssm-exec.toml".into()),
            known: vec!["dev".to_owned(), "prod".to_owned()],
        },
        ConfigError::NoStage {
            path: "/srv/ssm-exec.toml".into(),
            known: vec!["dev".to_owned(), "prod".to_owned()],
        },
        ConfigError::SharedConfig {
            path: "/home/ana/.aws/config".into(),
            line: 7,
            reason: "the line has no `=`".to_owned(),
        },
        ConfigError::UnknownProfile {
            origin: Origin::Variable("AWS_PROFILE"),
            name: "nobody".to_owned(),
            known: vec!["ci".to_owned(), "dev".to_owned()],
        },
        ConfigError::UnknownProfile {
            origin: Origin::Variable("AWS_PROFILE"),
            name: "nobody".to_owned(),
            known: Vec::new(),
        },
    ]
}

/// A file with which nothing fits.
const FILE: &str = r#"
prefix = ["/org/api", "/org/none", "/org/blue:live", { path = "/org/other", only = ["nope"] }]
json = ["/org/list"]
require = ["REQUIRED"]
strict = true

[keys]
BASE64 = { param = "/org/odd", encoding = "base64" }
BYTES = "/org/bytes"
GONE = "/org/gone"
SECRET = "/aws/reference/secretsmanager/prod/db"
MEMBER = "/org/object#none"
NUL = "/org/nul"
PORT = "/org/text"
REFERENCED = "/org/text"

[files]
FILE = "/org/text"

[compose]
LATER = "${RENAMED}"
OF_FILE = "${FILE}"
OF_NOTHING = "${NOTHING}"
QUOTED = "${TEXT|json}"

[rename]
A = "RENAMED"
MEMBER2 = "OTHER"
REFERENCED = "RENAMED"

[contract]
PORT = { type = "port", secure = true }
"#;

/// What else prevents a start: every mistake in the sources, the rules and the values.
fn problems() -> Vec<Diagnostic> {
    let inherited = Inherited::new(vec![c"REF=ssm:///org/ref", c"TEXT=\xff"]);
    let layer = ConfigFile::parse("t.toml".as_ref(), FILE, &inherited)
        .and_then(|file| file.layer(None))
        .expect("a valid file");
    let config = Config::resolve(layer, &inherited).expect("a valid configuration");
    let mut fetched = Fetched::default();
    for (prefix, names) in [
        (
            "/org/api",
            &[
                "/org/api/1st",
                "/org/api/a",
                "/org/api/b-c",
                "/org/api/b/c",
                "/org/api/path",
            ][..],
        ),
        ("/org/none", &[]),
        ("/org/blue:live", &[]),
        ("/org/other", &["/org/other/x"]),
    ] {
        let below = names.iter().map(|name| parameter(name, "text"));
        fetched.add_below(
            ssm_exec_core::parameter::Prefix::parse(prefix).expect("a prefix"),
            below.collect(),
        );
    }
    for (name, value) in [
        ("/org/bytes", "\u{0}"),
        ("/org/list", "[]"),
        ("/org/nul", "\u{0}"),
        ("/org/odd", "!"),
        ("/org/object", "{}"),
        ("/org/text", "text"),
    ] {
        let asked = ParameterRef::parse(name).expect("a parameter");
        fetched.add_named(asked, parameter(name, value));
    }
    let mut environment = assemble(&config, &inherited, &[], Some(&fetched));
    environment.refuse_warnings();
    let mut problems = missing::diagnostics(&environment.missing, &context(), &[]);
    problems.extend(environment.errors().cloned());
    let references = find_references(&inherited, |_| true).expect("a reference");
    let skipped = assemble(&config, &inherited, &references, None);
    problems.extend(
        skipped
            .errors()
            .filter(|it| it.code == Code::SkippedReference)
            .cloned(),
    );
    let command = CommandSize {
        file: 1,
        arguments: vec![1, 200_000],
    };
    problems.extend(limits::check(
        &Environment::default(),
        Some(&command),
        u64::MAX,
    ));
    for (size, stack) in [(140_000, 0), (7_000_000, u64::MAX)] {
        let command = CommandSize {
            file: size,
            arguments: vec![1],
        };
        problems.extend(limits::check(&environment, Some(&command), stack));
    }
    problems
}

fn parameter(name: &str, value: &str) -> FetchedParameter {
    FetchedParameter {
        name: name.to_owned(),
        value: Secret::new(value.to_owned()),
        kind: Some(ParameterType::String),
        version: None,
        modified: None,
        arn: None,
    }
}

fn complete<T>(samples: &[T], variant: impl Fn(&T) -> &'static str, all: &[&str]) {
    let sampled: BTreeSet<&str> = samples.iter().map(variant).collect();
    let missing: Vec<_> = all
        .iter()
        .filter(|name| !sampled.contains(**name))
        .collect();
    assert!(missing.is_empty(), "no sample of {missing:?}");
}

pub(super) fn all() -> Vec<Error> {
    let config = config_errors();
    complete(&config, config_variant, CONFIG);
    let mut all = vec![
        usage("x".to_owned()),
        Diagnostic::new(Code::NoCommand, "there is no command to start").into(),
    ];
    all.extend(config.into_iter().map(Error::from));
    all.extend(
        aws::samples()
            .into_iter()
            .map(|failure| Error::from((failure, context()))),
    );
    let problems = problems().into_iter();
    all.extend(problems.map(|problem| Error::new(vec![problem], context())));
    all
}
