//! What is said of everything that is missing, and what the rest of the program asks of an environment.

use super::*;
use crate::parameter::ValueRef;
use crate::region::Region;
use crate::status::Status;

fn name(text: &str) -> VariableName {
    VariableName::inherited(text)
}

fn param(text: &str) -> ValueRef {
    ValueRef::parse(text).expect(text)
}

fn missing_for(requester: Requester, text: &str) -> Missing {
    Missing::Parameter(Box::new(param(text)), requester)
}

pub(super) fn below(path: &str) -> Missing {
    Missing::Prefix(Prefix::parse(path).expect(path))
}

fn messages(missing: &[Missing], existing: &[&str], region: bool, account: bool) -> Vec<String> {
    let context = AwsContext {
        region: region.then(|| Region::parse("eu-west-1").expect("a region")),
        account: account.then(|| "111122223333".to_owned()),
        ..AwsContext::default()
    };
    let existing: Vec<ParameterRef> = existing.iter().map(|text| param(text).parameter).collect();
    let diagnostics = missing::diagnostics(missing, &context, &existing);
    diagnostics.iter().map(ToString::to_string).collect()
}

const CORRECT: &str =
    "help: Check the account and the Region (`--profile`, `--region`), then correct";

#[test]
fn absent_parameters_are_one_message_with_where_to_look() {
    let missing = [
        missing_for(Requester::Variable(name("A")), "/a/b/x"),
        missing_for(Requester::Object, "/a/b/y:2"),
        missing_for(Requester::Trigger, "key"),
        missing_for(Requester::Variable(name("D")), "/d"),
        missing_for(Requester::Variable(name("E")), "/e/x"),
        missing_for(Requester::Variable(name("F")), "/f/x"),
    ];
    assert_eq!(
        messages(&missing, &[], true, true),
        [format!(
            "6 parameters do not exist in eu-west-1 of account 111122223333
  /a/b/x (for A)
  /a/b/y:2 (for --json)
  key (for --trigger)
  /d (for D)
  /e/x (for E)
  /f/x (for F)
  {CORRECT} the name, or create the parameter
  help: Or make it optional with `--optional-key`, or `optional = true` in ssm-exec.toml
  help: See what exists:
    aws ssm get-parameters-by-path --path / --query 'Parameters[].Name' --region eu-west-1
  help: See what exists:
    aws ssm get-parameters-by-path --path /a/b --recursive --query 'Parameters[].Name' --region eu-west-1
  help: See what exists:
    aws ssm get-parameters-by-path --path /e --recursive --query 'Parameters[].Name' --region eu-west-1"
        )]
    );
    // No option makes these optional.
    assert_eq!(
        messages(&missing[2..3], &[], false, false),
        [format!(
            "1 parameter does not exist: key (for --trigger)
  {CORRECT} the name, or create the parameter
  help: See what exists:
    aws ssm get-parameters-by-path --path / --query 'Parameters[].Name'"
        )]
    );
    assert_eq!(messages(&[], &[], true, true), [""; 0]);
}

#[test]
fn how_a_parameter_becomes_optional_depends_on_what_asked_for_it() {
    let optional = |requesters: &[Requester]| {
        let missing = |requester: &Requester| missing_for(requester.clone(), "/a/b/x");
        let missing: Vec<Missing> = requesters.iter().map(missing).collect();
        let message = messages(&missing, &[], false, false).remove(0);
        let (_, rest) = message.split_once("make it optional ")?;
        rest.lines().next().map(str::to_owned)
    };
    let key = Requester::Variable(name("A"));
    let reference = Requester::Reference(name("B"));
    for (requesters, how) in [
        (&[reference.clone()][..], Some("with `?optional` at the end of the reference")),
        (
            &[key, reference],
            Some(
                "with `--optional-key`, `optional = true` in ssm-exec.toml, or `?optional` at the end of a reference",
            ),
        ),
        (&[Requester::Object], None),
    ] {
        assert_eq!(optional(requesters).as_deref(), how);
    }
}

#[test]
fn absent_secrets_are_a_message_of_their_own() {
    let secret = |name| format!("/aws/reference/secretsmanager/{name}");
    let missing = [
        missing_for(Requester::Variable(name("A")), &secret("prod/db")),
        missing_for(Requester::Object, &secret("prod/x:AWSPREVIOUS")),
    ];
    let help = "
  help: Correct its name, or create it
  help: See what exists:
    aws secretsmanager list-secrets --query 'SecretList[].Name' --region eu-west-1";
    assert_eq!(
        messages(&missing[..1], &[], true, false),
        [format!("1 secret of Secrets Manager does not exist in eu-west-1: prod/db (for A){help}")]
    );
    assert_eq!(
        messages(&missing, &[], true, false),
        [format!(
            "2 secrets of Secrets Manager do not exist in eu-west-1: prod/db (for A), prod/x (for --json){help}"
        )]
    );
}

#[test]
fn a_version_that_does_not_exist_is_a_message_of_its_own() {
    let missing = [
        missing_for(Requester::Variable(name("A")), "/a/b:3"),
        missing_for(Requester::Variable(name("B")), "/a/b:blue#x"),
    ];
    let help = "
  help: Correct what follows the colon. See its versions:
    aws ssm get-parameter-history --name /a/b --query 'Parameters[].[Version,Labels]' --output text";
    assert_eq!(
        messages(&missing, &["/a/b:3", "/a/b:blue"], false, true),
        [
            format!("/a/b has no version 3: /a/b:3 (for A){help}"),
            format!(
                "/a/b has no version with the label `blue`: /a/b:blue#x (for B){help}
  help: Or label its latest version:
    aws ssm label-parameter-version --name /a/b --labels blue"
            )
        ]
    );
}

#[test]
fn an_empty_prefix_is_a_message_with_where_to_look() {
    let message = |path: &str| messages(&[below(path)], &[], true, true).remove(0);
    assert_eq!(
        message("/org/api"),
        format!(
            "there is nothing below the prefix /org/api in eu-west-1 of account 111122223333
  {CORRECT} the path, or mark the prefix `optional` in ssm-exec.toml
  help: A parameter of exactly that name is not below it: give it with `--key`
  help: See what exists:
    aws ssm describe-parameters --parameter-filters Key=Name,Option=Contains,Values=org --query 'Parameters[].Name' --region eu-west-1"
        )
    );
    assert_eq!(
        message("/org/api:blue"),
        "no parameter below the prefix /org/api has the label `blue` in eu-west-1 of account 111122223333
  help: Correct the path or the label. See what is below it:
    aws ssm get-parameters-by-path --path /org/api --recursive --query 'Parameters[].[Name,Version]' --output text --region eu-west-1
  help: Or label a version of each parameter:
    aws ssm label-parameter-version --name NAME --labels blue --region eu-west-1
  help: Or mark the prefix `optional` in ssm-exec.toml"
    );
}

#[test]
fn an_arn_of_another_region_is_a_message_of_its_own() {
    let arn = |region| format!("arn:aws:ssm:{region}:111122223333:parameter/db");
    let missing = |region| missing_for(Requester::Variable(name("DB")), &arn(region));
    let missing = [missing("us-east-1"), missing("eu-west-1")];
    let texts = messages(&missing, &[], true, false);
    assert!(
        texts[0].starts_with("1 parameter does not exist in eu-west-1: arn:aws:ssm:eu-west-1:")
    );
    assert_eq!(
        texts[1],
        "arn:aws:ssm:us-east-1:111122223333:parameter/db (for DB) cannot be fetched in eu-west-1: its ARN is of the region us-east-1
  help: Use `--region us-east-1`, or the ARN of a parameter in the region that is asked"
    );
    // Nothing is known without the region.
    assert_eq!(messages(&missing, &[], false, false).len(), 1);
}

#[test]
fn strict_makes_errors_of_warnings_and_leaves_the_notes() {
    let mut environment = Case {
        file: "prefix = \"/p\"\nallow = [\"NOPE\"]\n[rename]\nA = \"B\"",
        parameters: Some(&[("/p/x", "1")]),
        ..Case::default()
    }
    .build();
    let severities = |environment: &Environment<'_>| {
        let all = environment.diagnostics.iter();
        all.map(|it| it.severity).collect::<Vec<_>>()
    };
    assert_eq!(severities(&environment), [Severity::Warning, Severity::Note]);
    assert!(environment.is_complete());
    environment.refuse_warnings();
    assert_eq!(severities(&environment), [Severity::Error, Severity::Note]);
    let error = environment.errors().next().expect("an error");
    assert_eq!((error.code, error.status()), (Code::Warning, Status::Config));
    assert_eq!(
        error.to_string(),
        "t.toml, line 4, `rename.A`: there is no variable A to rename\n  help: Correct it, or run without `--strict`"
    );
}

#[test]
fn what_a_problem_concerns_can_be_read_by_machines() {
    let file = r#"prefix = "/p"
json = { param = "/o#x", only = ["NOPE"] }
exclude = ["Z"]
[keys]
J = "/o#none"
[contract]
A = { type = "port" }
[rename]
B = "J2"
C = "J2""#;
    let environment = Case {
        file,
        parameters: Some(&[
            ("/p/a", "x"),
            ("/p/b", "1"),
            ("/p/c", "1"),
            ("/o", r#"{"x": {"m": "1"}}"#),
        ]),
        ..Case::default()
    }
    .build();
    let subjects: Vec<_> = environment
        .errors()
        .map(|it| (it.code, it.subject.variables.join(" "), it.subject.parameters.join(" ")))
        .collect();
    let expected = [
        (Code::Json, "J", "/o#none"),
        (Code::NothingAdmitted, "", "/o#x"),
        (Code::Collision, "J2", "/p/b"),
        (Code::Contract, "A", "/p/a"),
    ];
    let expected = expected.map(|(code, one, other)| (code, one.to_owned(), other.to_owned()));
    assert_eq!(subjects, expected);
    assert_eq!(environment.violations[&name("A")], ["must be a port (1 to 65535)"]);
}

#[test]
fn a_value_is_the_one_that_is_set_or_else_inherited() {
    let environment = Case {
        file: "prefix = \"/p\"",
        inherited: &[c"A=inherited", c"B=x=y", c"BB=other", c"ALONE"],
        parameters: Some(&[("/p/a", "fetched")]),
        ..Case::default()
    }
    .build();
    for (variable, value) in
        [("A", Some(&b"fetched"[..])), ("B", Some(b"x=y")), ("ALONE", None), ("NOPE", None)]
    {
        assert_eq!(environment.value(&name(variable)), value, "{variable}");
    }
}

#[test]
fn a_provenance_is_shown_by_its_parameter() {
    for (provenance, text) in [
        (Provenance::Prefix(param("/a:blue")), "/a:blue"),
        (Provenance::Key(param("/a:1#x")), "/a:1#x"),
        (Provenance::Reference(param("/a")), "/a"),
        (Provenance::Object(param("/a#x")), "/a#x"),
        (Provenance::Composed, "[compose]"),
        (Provenance::Inherited, "the inherited environment"),
    ] {
        assert_eq!(provenance.to_string(), text);
        assert_eq!(provenance.param().is_some(), text.starts_with('/'), "{text}");
    }
}

#[test]
fn every_required_parameter_that_does_not_exist_is_found_without_values() {
    let file = "prefix = [\"/p\", \"/q\", { path = \"/r\", optional = true }]
json = [\"/o\", \"/here\", { param = \"/n\", optional = true }]
watch = { every = \"1m\", trigger = \"/t\" }
[keys]
A = \"/a\"
B = { param = \"/b\", optional = true }
C = { param = \"/c\", default = \"c\" }
D = \"/here\"";
    let inherited = Inherited::new(vec![c"X=ssm:///x", c"Y=ssm:///y?optional", c"Z=ssm:///here"]);
    let layer = crate::config::parse_file("t.toml".as_ref(), file, &inherited).expect("a file");
    let config = Config::resolve(layer, &inherited).expect("a configuration");
    let references = crate::env_reference::find_references(&inherited, |_| true).expect("valid");
    let requests = plan(&config.sources, &references);
    let found = |parameters: &[(&str, &str)]| -> Vec<String> {
        let fetched = answer(&requests, parameters, &[]);
        let missing = missing::missing(&config.sources, &references, &fetched);
        missing.iter().map(|it| format!("{it:?}")).collect()
    };
    let missing = |requester, text: &str| format!("{:?}", missing_for(requester, text));
    assert_eq!(
        found(&[("/p/a", ""), ("/here", "")]),
        [
            format!("{:?}", below("/q")),
            missing(Requester::Object, "/o"),
            missing(Requester::Variable(name("A")), "/a"),
            missing(Requester::Reference(name("X")), "/x"),
            missing(Requester::Trigger, "/t"),
        ]
    );
    let all = ["/p/a", "/q/a", "/o", "/here", "/a", "/x", "/t"].map(|name| (name, ""));
    assert_eq!(found(&all), [""; 0]);
}
