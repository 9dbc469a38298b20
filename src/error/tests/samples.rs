//! A sample of every error.

use crate::aws::tests as aws;
use crate::error::*;
use ssm_exec_core::config::{Config, ConfigFile};
use ssm_exec_core::env_reference::find_references;
use ssm_exec_core::environment::limits::{self, CommandSize};
use ssm_exec_core::environment::{Environment, assemble, missing};
use ssm_exec_core::fetched::{Fetched, FetchedParameter, ParameterType};
use ssm_exec_core::inherited::Inherited;
use ssm_exec_core::parameter::ParameterRef;
use ssm_exec_core::region::Region;
use ssm_exec_core::secret::Secret;

pub(super) fn context() -> AwsContext {
    AwsContext {
        region: Region::parse("eu-west-1").ok(),
        endpoint: Some("ssm.eu-west-1.amazonaws.com".to_owned()),
        account: Some("111122223333".to_owned()),
        principal: Some("arn:aws:sts::111122223333:assumed-role/api/i-0abc".to_owned()),
        credentials: Some("the environment (AWS_ACCESS_KEY_ID=ASIAEXAMPLE)".to_owned()),
        unused: None,
        waited: None,
    }
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
    let layer = ConfigFile::parse("t.toml".as_ref(), "t.toml", FILE, &inherited)
        .and_then(|file| file.layer(None))
        .expect("a valid file");
    let config = Config::resolve(layer, &inherited).expect("a valid configuration");
    let mut fetched = Fetched::default();
    for (prefix, names) in [
        (
            "/org/api",
            &["/org/api/1st", "/org/api/a", "/org/api/b-c", "/org/api/b/c", "/org/api/path"][..],
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
    environment.fill_region(&context());
    environment.refuse_warnings();
    let mut problems = missing::diagnostics(&environment.missing, &context(), &[]);
    problems.extend(environment.errors().cloned());
    let references = find_references(&inherited, |_| true).expect("a reference");
    let skipped = assemble(&config, &inherited, &references, None);
    problems.extend(skipped.errors().filter(|it| it.code == Code::SkippedReference).cloned());
    let command = CommandSize { file: 1, arguments: vec![1, 200_000] };
    problems.extend(limits::check(&Environment::default(), Some(&command), u64::MAX));
    for (size, stack) in [(140_000, 0), (7_000_000, u64::MAX)] {
        let command = CommandSize { file: size, arguments: vec![1] };
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

pub(super) fn all() -> Vec<Error> {
    let mut all = vec![
        usage("x".to_owned()),
        Diagnostic::new(Code::NoCommand, "there is no command to start").into(),
    ];
    all.extend(aws::samples().into_iter().map(|failure| Error::from((failure, context()))));
    let problems = problems().into_iter();
    all.extend(problems.map(|problem| Error::new(vec![problem], context())));
    all
}
