//! Messages for several problems, statuses, and what the rest of the program asks of an environment.

use super::notice::Notice;
use super::*;
use crate::aws_context::AwsContext;
use crate::contract::Violation;
use crate::parameter::ValueRef;
use crate::region::Region;
use crate::status::Status;

fn name(text: &str) -> VariableName {
    VariableName::inherited(text)
}

fn param(text: &str) -> ValueRef {
    ValueRef::parse(text).expect(text)
}

fn missing_for(requester: Requester, text: &str) -> Problem {
    Problem::Missing {
        param: param(text),
        requester,
    }
}

fn below(path: &str) -> Problem {
    Problem::NothingBelow {
        prefix: Prefix::parse(path).expect(path),
    }
}

fn messages(problems: &[Problem], existing: &[&str], region: bool, account: bool) -> Vec<String> {
    let context = AwsContext {
        region: region.then(|| Region::parse("eu-west-1").expect("a region")),
        account: account.then(|| "111122223333".to_owned()),
        ..AwsContext::default()
    };
    let existing: Vec<ParameterRef> = existing.iter().map(|text| param(text).parameter).collect();
    let messages = problem_message::diagnostics(problems, &context, &existing);
    messages.iter().map(ToString::to_string).collect()
}

#[test]
fn absent_parameters_are_one_message_with_where_to_look() {
    let problems = [
        Problem::SkippedReference { name: name("S") },
        missing_for(Requester::Variable(name("A")), "/a/b/x"),
        missing_for(Requester::Object, "/a/b/y:2"),
        missing_for(Requester::Trigger, "key"),
        missing_for(Requester::Variable(name("D")), "/d"),
        missing_for(Requester::Variable(name("E")), "/e/x"),
        missing_for(Requester::Variable(name("F")), "/f/x"),
    ];
    assert_eq!(
        messages(&problems, &[], true, true),
        [
            "6 parameters do not exist in eu-west-1 of account 111122223333\n\
\x20 /a/b/x (for A)\n\
\x20 /a/b/y:2 (for --json)\n\
\x20 key (for --trigger)\n\
\x20 /d (for D)\n\
\x20 /e/x (for E)\n\
\x20 /f/x (for F)\n\
\x20 help: Are the account and the Region the intended ones (`--profile`, `--region`)? If so, correct the name, create the parameter, or make it optional with `--optional-key`, or `optional = true` in ssm-exec.toml\n\
\x20 help: See what exists:\n    aws ssm get-parameters-by-path --path / --query 'Parameters[].Name' --region eu-west-1\n\
\x20 help: See what exists:\n    aws ssm get-parameters-by-path --path /a/b --recursive --query 'Parameters[].Name' --region eu-west-1\n\
\x20 help: See what exists:\n    aws ssm get-parameters-by-path --path /e --recursive --query 'Parameters[].Name' --region eu-west-1",
            "S holds an ssm:// reference that `--skip` leaves unresolved, and the command must not get its text. Give it `?default=TEXT` or `?optional`, or unset it"
        ]
    );
    assert_eq!(
        messages(&problems[1..2], &[], true, false),
        [
            "1 parameter does not exist in eu-west-1: /a/b/x (for A)\n  help: Are the account and the Region the intended ones (`--profile`, `--region`)? If so, correct the name, create the parameter, or make it optional with `--optional-key`, or `optional = true` in ssm-exec.toml\n\
\x20 help: See what exists:\n    aws ssm get-parameters-by-path --path /a/b --recursive --query 'Parameters[].Name' --region eu-west-1"
        ]
    );
    // No option makes these optional.
    assert_eq!(
        messages(&problems[3..4], &[], false, false),
        [
            "1 parameter does not exist: key (for --trigger)\n  help: Are the account and the Region the intended ones (`--profile`, `--region`)? If so, correct the name, or create the parameter\n\
\x20 help: See what exists:\n    aws ssm get-parameters-by-path --path / --query 'Parameters[].Name'"
        ]
    );
    assert_eq!(messages(&[], &[], true, true), [""; 0]);
}

#[test]
fn the_remedy_for_an_absent_parameter_fits_what_asked_for_it() {
    let remedy = |requesters: &[Requester]| {
        let missing = |requester: &Requester| missing_for(requester.clone(), "/a/b/x");
        let problems: Vec<Problem> = requesters.iter().map(missing).collect();
        let message = messages(&problems, &[], false, false).remove(0);
        let (_, rest) = message.split_once("If so, ").expect("a remedy");
        rest.lines().next().unwrap_or_default().to_owned()
    };
    let key = Requester::Variable(name("A"));
    let reference = Requester::Reference(name("B"));
    let optional = "correct the name, create the parameter, or make it optional with";
    assert_eq!(
        remedy(std::slice::from_ref(&reference)),
        format!("{optional} `?optional` at the end of the reference")
    );
    assert_eq!(
        remedy(&[key, reference]),
        format!(
            "{optional} `--optional-key`, `optional = true` in ssm-exec.toml, or `?optional` at the end of a reference"
        )
    );
    assert_eq!(
        remedy(&[Requester::Object]),
        "correct the name, or create the parameter"
    );
}

#[test]
fn a_version_that_does_not_exist_is_a_message_of_its_own() {
    let problems = [
        missing_for(Requester::Variable(name("A")), "/a/b:3"),
        missing_for(Requester::Variable(name("B")), "/a/b:blue#x"),
    ];
    assert_eq!(
        messages(&problems, &["/a/b:3", "/a/b:blue"], false, true),
        [
            "/a/b exists, but has no version 3: /a/b:3 (for A)\n  help: Correct what follows the colon\n\
\x20 help: See its versions:\n    aws ssm get-parameter-history --name /a/b --query 'Parameters[].[Version,Labels]' --output text",
            "/a/b exists, but has no version with the label `blue`: /a/b:blue#x (for B)\n  help: Correct what follows the colon\n\
\x20 help: See its versions:\n    aws ssm get-parameter-history --name /a/b --query 'Parameters[].[Version,Labels]' --output text\n\
\x20 help: Or label a version:\n    aws ssm label-parameter-version --name /a/b --labels blue --parameter-version VERSION"
        ]
    );
}

#[test]
fn an_empty_prefix_is_a_message_with_where_to_look() {
    let message = |path: &str| messages(&[below(path)], &[], true, true).remove(0);
    assert_eq!(
        message("/org/api"),
        "there is nothing below the prefix /org/api in eu-west-1 of account 111122223333\n  help: Are the account and the Region the intended ones (`--profile`, `--region`)? If so, correct the path, or mark the prefix `optional` in ssm-exec.toml. A parameter of exactly that name is not below it: give it with `--key`\n\
\x20 help: See what exists:\n    aws ssm describe-parameters --parameter-filters Key=Name,Option=Contains,Values=org --query 'Parameters[].Name' --region eu-west-1"
    );
    assert_eq!(
        message("/org/api:blue"),
        "no parameter below the prefix /org/api has the label `blue` in eu-west-1 of account 111122223333\n  help: Are the account and the Region the intended ones (`--profile`, `--region`)? If so, correct the path or the label, label a version of each parameter, or mark the prefix `optional` in ssm-exec.toml. A parameter of exactly that name is not below it: give it with `--key`\n\
\x20 help: See what exists:\n    aws ssm describe-parameters --parameter-filters Key=Name,Option=Contains,Values=org --query 'Parameters[].Name' --region eu-west-1"
    );
}

#[test]
fn an_arn_of_another_region_is_a_message_of_its_own() {
    let arn = |region| format!("arn:aws:ssm:{region}:111122223333:parameter/db");
    let missing = |region| missing_for(Requester::Variable(name("DB")), &arn(region));
    let problems = [missing("us-east-1"), missing("eu-west-1")];
    let texts = messages(&problems, &[], true, false);
    assert!(
        texts[0].starts_with("1 parameter does not exist in eu-west-1: arn:aws:ssm:eu-west-1:")
    );
    assert_eq!(
        texts[1],
        "arn:aws:ssm:us-east-1:111122223333:parameter/db (for DB) cannot be fetched in eu-west-1: its ARN is of the region us-east-1\n  help: Use `--region us-east-1`, or the ARN of a parameter in the region that is asked"
    );
    // Nothing is known without the region.
    assert_eq!(messages(&problems, &[], false, false).len(), 1);
}

#[test]
fn the_status_is_that_of_the_configuration_then_of_what_is_missing() {
    let value = || Problem::Base64 {
        name: name("A"),
        param: param("/a"),
    };
    let config = || Problem::SkippedReference { name: name("A") };
    for (problems, status) in [
        (vec![value(), below("/p"), config()], Status::Config),
        (vec![value(), below("/p"), value()], Status::Missing),
        (vec![value()], Status::Unusable),
        (vec![], Status::Internal),
    ] {
        assert_eq!(problem::status(&problems), status, "{problems:?}");
    }
}

#[test]
fn a_problem_names_its_variable() {
    let in_object = missing_for(Requester::Object, "/a");
    for (problem, variable) in [
        (missing_for(Requester::Variable(name("A")), "/a"), Some("A")),
        (Problem::SkippedReference { name: name("B") }, Some("B")),
        (in_object, None),
        (below("/p"), None),
    ] {
        let found = problem.variable().map(VariableName::as_str);
        assert_eq!(found, variable, "{problem:?}");
    }
}

#[test]
fn strict_makes_problems_of_warnings_and_leaves_the_notes() {
    let mut environment = Case {
        file: "prefix = \"/p\"\nexclude = [\"NOPE\"]\n[rename]\nA = \"B\"",
        parameters: Some(&[("/p/x", "1")]),
        ..Case::default()
    }
    .build();
    let levels: Vec<&str> = environment
        .notices
        .iter()
        .map(|notice| notice.level().word())
        .collect();
    assert_eq!(levels, ["warning", "note"]);
    environment.refuse_warnings();
    assert_eq!(environment.notices.len(), 1);
    assert_eq!(environment.notices[0].level(), Level::Note);
    let problems: Vec<String> = environment
        .problems
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        problems,
        [
            "t.toml, line 4, `rename.A`: there is no variable A to rename (an error because of --strict)"
        ]
    );
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
    for (variable, value) in [
        ("A", Some(&b"fetched"[..])),
        ("B", Some(b"x=y")),
        ("ALONE", None),
        ("NOPE", None),
    ] {
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
        assert_eq!(
            provenance.param().is_some(),
            text.starts_with('/'),
            "{text}"
        );
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
    let inherited = Inherited::new(vec![
        c"X=ssm:///x",
        c"Y=ssm:///y?optional",
        c"Z=ssm:///here",
    ]);
    let layer = crate::config::parse_file("t.toml".as_ref(), file, &inherited).expect("a file");
    let config = Config::resolve(layer, &inherited).expect("a configuration");
    let references = crate::env_reference::find_references(&inherited, |_| true).expect("valid");
    let requests = plan(&config.sources, &references);
    let found = |parameters: &[(&str, &str)]| -> Vec<String> {
        let fetched = answer(&requests, parameters, &[]);
        let problems = missing(&config.sources, &references, &fetched);
        problems.iter().map(ToString::to_string).collect()
    };
    let empty = below("/q").to_string();
    assert_eq!(
        found(&[("/p/a", ""), ("/here", "")]),
        [
            empty.as_str(),
            "/o (for --json) does not exist",
            "/a (for A) does not exist",
            "/x (for X) does not exist",
            "/t (for --trigger) does not exist",
        ]
    );
    let all = ["/p/a", "/q/a", "/o", "/here", "/a", "/x", "/t"].map(|name| (name, ""));
    assert_eq!(found(&all), [""; 0]);
}

#[test]
fn a_problem_tells_its_parameters() {
    let source = || Source::Prefix(Prefix::parse("/p").expect("a prefix"));
    let key = || Provenance::Key(param("/k"));
    for (problem, parameters) in [
        (missing_for(Requester::Object, "/a#b"), &["/a#b"][..]),
        (below("/p"), &["/p/*"]),
        (
            Problem::NothingAdmitted {
                source: source(),
                only: Vec::new(),
                meant: Vec::new(),
            },
            &["/p/*"],
        ),
        (
            Problem::NothingAdmitted {
                source: Source::Object(param("/o#x")),
                only: Vec::new(),
                meant: Vec::new(),
            },
            &["/o#x"],
        ),
        (
            Problem::Warning(Box::new(Notice::NothingAdmitted { source: source() })),
            &["/p/*"],
        ),
        (
            Problem::Contract {
                name: name("A"),
                provenance: Some(key()),
                violation: Violation::Empty,
            },
            &["/k"],
        ),
        (
            Problem::RenameCollision {
                from: name("A"),
                to: name("B"),
                other: key(),
            },
            &["/k"],
        ),
        (Problem::SkippedReference { name: name("S") }, &[]),
    ] {
        assert_eq!(problem.parameters(), parameters, "{problem}");
    }
}
