//! The text of every error, with its code and status. A text is part of the interface: the snapshot shows
//! what changes.

mod samples;

use super::*;
use samples::{all, batch, context, denied, incomplete, name, param};
use ssm_exec_core::environment::{Provenance, Requester};
use std::collections::BTreeSet;
use std::fmt::Write;

#[test]
fn the_text_of_every_error_is_recorded() {
    let mut text = String::new();
    for error in all() {
        let (code, status) = (error.code().word(), error.status().code());
        let _ = writeln!(text, "[{code} {status}]\n{error}\n");
    }
    insta::assert_snapshot!(text);
}

#[test]
fn every_code_of_a_failed_start_has_an_error() {
    let mut codes: BTreeSet<Code> = all().iter().map(Error::code).collect();
    // These need a server's certificate or a proxy: the tests of connections have them.
    codes.extend([
        Code::PlainHttp,
        Code::Proxy,
        Code::Tls,
        Code::CertificateTime,
        // The tests of launching have these.
        Code::CommandNotFound,
        Code::CommandNotExecutable,
        Code::InvalidCommand,
    ]);
    let missing: Vec<_> = Code::ALL
        .iter()
        .filter(|code| !codes.contains(code))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn json_messages_have_every_field_of_the_documentation() {
    let fields = usage("x".to_owned()).fields();
    let names: Vec<&String> = fields.as_object().expect("an object").keys().collect();
    assert_eq!(
        names,
        [
            "account",
            "action",
            "awsCode",
            "awsMessage",
            "code",
            "credentials",
            "endpoint",
            "parameters",
            "principal",
            "problems",
            "region",
            "requestId",
            "resources",
            "statements"
        ]
    );
    let denial = "User: arn:aws:sts::111122223333:assumed-role/api/i is not authorized to perform: ssm:GetParameters on resource: arn:aws:ssm:eu-west-1:111122223333:parameter/a/b because no identity-based policy allows the ssm:GetParameters action";
    let fields = incomplete(vec![denied(denial, batch("/a/b"))], Vec::new()).fields();
    insta::assert_snapshot!(format!("{fields:#}"));
}

#[test]
fn of_several_problems_the_gravest_gives_the_status_and_all_are_reported() {
    let error = incomplete(
        Vec::new(),
        vec![
            Problem::Nul {
                name: name("N"),
                provenance: Provenance::Key(param("/o/n")),
            },
            Problem::Missing {
                param: param("/o/m"),
                requester: Requester::Variable(name("M")),
            },
            Problem::Digit {
                param: param("/o/1"),
                name: "1".to_owned(),
            },
        ],
    );
    assert_eq!(error.status(), Status::Config);
    for part in ["/o/n", "/o/m (for M)", "--name-prefix"] {
        assert!(error.to_string().contains(part), "{part}: {error}");
    }
}

#[test]
fn a_parameter_that_exists_in_another_version_is_reported_separately() {
    let error = Error::from(Incomplete {
        problems: vec![Problem::Missing {
            param: param("/o/m:3"),
            requester: Requester::Variable(name("M")),
        }],
        existing: vec![ParameterRef::parse("/o/m:3").expect("a parameter")],
        context: context(),
        failures: Vec::new(),
    });
    assert_eq!(error.status(), Status::Missing);
    assert!(
        error
            .to_string()
            .contains("exists in eu-west-1 of account 111122223333, but has no version 3"),
        "{error}"
    );
}
