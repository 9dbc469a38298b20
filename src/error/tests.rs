//! The words of every error, and its status. A text is part of the interface: change it here first.

use super::*;
use crate::aws::{CredentialSource, Denial, TransientError};
use ssm_exec_core::environment::{Provenance, Requester};
use ssm_exec_core::origin::Origin;
use ssm_exec_core::parameter::{Prefix, ValueRef};
use ssm_exec_core::plan::Request;
use ssm_exec_core::variable::VariableName;
use std::time::Duration;

fn name(text: &str) -> VariableName {
    VariableName::inherited(text)
}

fn param(text: &str) -> ValueRef {
    ValueRef::parse(text).expect("a parameter")
}

#[test]
fn each_error_has_its_status_and_says_what_to_do() {
    let fetch = |error| Error::Fetch(error);
    let problem = |problem| Error::Environment(vec![problem]);
    let below = || Request::Below(Prefix::parse("/a").expect("a prefix"));
    let unavailable = |error| FetchError::Unavailable {
        request: below(),
        error,
        attempts: 7,
        throttled: 5,
        timeout: Duration::from_secs(30),
    };
    let denial = "User: arn:aws:sts::111122223333:assumed-role/app/i-1 is not authorized to perform: ssm:GetParametersByPath on resource: arn:aws:ssm:eu-west-1:111122223333:parameter/a because no identity-based policy allows the ssm:GetParametersByPath action";
    let table = [
        (Error::Usage("x".to_owned()), 64, "x"),
        (ConfigError::NoSources.into(), 78, "--prefix /org/service"),
        (
            ConfigError::invalid(Origin::Flag("--prefix"), "is odd").into(),
            64,
            "--prefix: is odd",
        ),
        (
            CommandError::RaisedPrivileges.into(),
            78,
            "take those bits off",
        ),
        (
            problem(Problem::Missing {
                param: param("/o/a"),
                requester: Requester::Variable(name("A")),
            }),
            66,
            "1 parameter doesn't exist: /o/a (for A); create it",
        ),
        (
            problem(Problem::NothingBelow {
                prefix: Prefix::parse("/a").expect("a prefix"),
            }),
            66,
            "`optional` in ssm-exec.toml",
        ),
        (
            problem(Problem::Required {
                name: name("A"),
                empty: true,
            }),
            66,
            "A is required and is empty",
        ),
        (
            problem(Problem::ComposePartUnset {
                name: name("A"),
                part: "B".to_owned(),
            }),
            66,
            "B is not set by any source",
        ),
        (
            problem(Problem::Nul {
                name: name("A"),
                provenance: Provenance::Key(param("/o/a")),
            }),
            65,
            "--file A=/o/a",
        ),
        (CommandError::TooLarge.into(), 65, "E2BIG"),
        (
            problem(Problem::Collision {
                name: name("A"),
                params: vec![param("/o/a"), param("/o/b")],
            }),
            78,
            "/o/a and /o/b all become",
        ),
        (
            problem(Problem::Refused {
                name: name("PATH"),
                param: param("/o/path"),
                reason: "decides",
            }),
            78,
            "--allow PATH",
        ),
        (fetch(FetchError::NoRegion), 78, "--region eu-west-1"),
        (
            fetch(FetchError::NoCredentials {
                reason: "none".to_owned(),
            }),
            77,
            "AWS_PROFILE",
        ),
        (
            fetch(FetchError::SourceFailed {
                source: CredentialSource::Container,
                reason: "no.".to_owned(),
                may_pass: false,
            }),
            77,
            "no AWS credentials from the container's agent: no; check the role",
        ),
        (
            fetch(FetchError::SourceFailed {
                source: CredentialSource::Instance,
                reason: "it answered with HTTP 500".to_owned(),
                may_pass: true,
            }),
            75,
            "HTTP 500; check the instance's role",
        ),
        (
            fetch(FetchError::SsoExpired {
                profile: Some("dev".to_owned()),
            }),
            77,
            "aws sso login --profile dev",
        ),
        (
            fetch(FetchError::Denied(Box::new(Denial::parse(denial, below())))),
            77,
            r#"add to the caller's policy: {"Action":"ssm:GetParametersByPath","Effect":"Allow","Resource":"arn:aws:ssm:eu-west-1:111122223333:parameter/a"}"#,
        ),
        (
            fetch(FetchError::NoValue {
                parameter: "/a".to_owned(),
            }),
            65,
            "store it as base64",
        ),
        (
            fetch(unavailable(TransientError::Throttled(
                "ThrottlingException".to_owned(),
            ))),
            75,
            "high-throughput-enabled",
        ),
        (
            fetch(unavailable(TransientError::Service(503, None))),
            75,
            "HTTP 503",
        ),
        (
            fetch(unavailable(TransientError::Network(
                "the connection failed".to_owned(),
            ))),
            75,
            "in 7 tries: the last time, the connection failed",
        ),
        (
            CommandError::NotFound {
                command: "srv".into(),
                searched: true,
            }
            .into(),
            127,
            "`srv` isn't in PATH",
        ),
        (
            CommandError::NotExecutable {
                path: "/srv".into(),
                reason: "no".to_owned(),
            }
            .into(),
            126,
            "/srv can't be executed: no",
        ),
        (
            CommandError::NoInterpreter {
                path: "/srv".into(),
            }
            .into(),
            127,
            "carriage return",
        ),
        (
            FetchError::Internal("x".to_owned()).into(),
            70,
            "please report it: x",
        ),
    ];
    for (error, status, says) in table {
        let text = error.to_string();
        assert_eq!(error.status().code(), status, "{text}");
        assert!(text.contains(says), "no {says:?} in: {text}");
        assert!(!text.contains('\n'), "one paragraph: {text}");
    }
}

#[test]
fn of_several_problems_the_gravest_gives_the_status_and_all_are_told() {
    let error = Error::Environment(vec![
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
    ]);
    assert_eq!(error.status(), Status::Config);
    for part in ["/o/n", "/o/m (for M)", "--name-prefix"] {
        assert!(error.to_string().contains(part), "{part}");
    }
}
