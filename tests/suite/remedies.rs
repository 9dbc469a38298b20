//! Each failure names cause, subject and the next command, and where and as whom AWS was asked: the wording
//! may change, these parts may not. A row is a failure as AWS puts it.

use crate::harness::*;
use ssm_stub::http_server::*;
use ssm_stub::{Denial, Fault, KmsDenial, Parameter, Policy, Stub};

const CALLER: &str = "arn:aws:sts::111122223333:assumed-role/api/i-0123456789abcdef0";

struct Case {
    what: &'static str,
    prepare: fn(&Stub),
    arguments: &'static str,
    status: i32,
    cause: &'static str,
    subject: &'static str,
    command: &'static str,
}

fn deny(stub: &Stub, denial: Denial) {
    stub.deny("GetParametersByPath", "*", denial);
}

fn client(stub: &Stub, code: &str, text: &str) {
    stub.always(Fault::client(code, text));
}

const CASES: &[Case] = &[
    Case {
        what: "1: the identity policy lacks ssm:GetParametersByPath",
        prepare: |stub| deny(stub, Denial::Implicit(Policy::Identity)),
        arguments: "-p /r",
        status: 77,
        cause: "no identity-based policy allows it",
        subject: "parameter/r",
        command: r#"{"Action":"ssm:GetParametersByPath","Effect":"Allow","Resource":"arn:aws:ssm:eu-west-1:111122223333:parameter/r"}"#,
    },
    Case {
        what: "2: a service control policy denies explicitly",
        prepare: |stub| deny(stub, Denial::Explicit(Policy::ServiceControl)),
        arguments: "-p /r",
        status: 77,
        cause: "a service control policy denies it explicitly",
        subject: "parameter/r",
        command: "aws organizations list-policies-for-target --filter SERVICE_CONTROL_POLICY --target-id 111122223333",
    },
    Case {
        what: "3: a permissions boundary",
        prepare: |stub| deny(stub, Denial::Implicit(Policy::Boundary)),
        arguments: "-p /r",
        status: 77,
        cause: "no permissions boundary allows it",
        subject: "parameter/r",
        command: "Add the statement to the permissions boundary",
    },
    Case {
        what: "3.vpce: a VPC endpoint's policy",
        prepare: |stub| deny(stub, Denial::Implicit(Policy::VpcEndpoint)),
        arguments: "-p /r",
        status: 77,
        cause: "no VPC endpoint policy allows it",
        subject: "parameter/r",
        command: "aws ec2 describe-vpc-endpoints",
    },
    Case {
        what: "4: KMS denies in its old text",
        prepare: |stub| stub.deny_kms("/r/*", KmsDenial::Old),
        arguments: "-p /r",
        status: 77,
        cause: "the KMS key does not exist in this region, or the caller may not use it",
        subject: "/r/*",
        command: "aws ssm describe-parameters --parameter-filters Key=Path,Option=Recursive,Values=/r --query 'Parameters[].[Name,KeyId]' --output text --region eu-west-1",
    },
    Case {
        what: "4.new: KMS denies in its new text",
        prepare: |stub| stub.deny_kms("/r/*", KmsDenial::New),
        arguments: "-p /r",
        status: 77,
        cause: "no resource-based policy allows it",
        subject: "The key encrypts /r/*",
        command: r#""Principal":{"AWS":"arn:aws:iam::111122223333:role/api"}"#,
    },
    Case {
        what: "5: the key is pending deletion",
        prepare: |stub| stub.deny_kms("/r/*", KmsDenial::KeyDisabled),
        arguments: "-p /r",
        status: 77,
        cause: "is pending deletion",
        subject: "/r/*",
        command: "aws kms cancel-key-deletion --key-id arn:aws:kms:",
    },
    Case {
        what: "7: the session token has expired",
        prepare: |stub| {
            client(
                stub,
                "ExpiredTokenException",
                "The security token included in the request is expired",
            )
        },
        arguments: "-p /r",
        status: 77,
        cause: "they have expired",
        subject: "the environment (AWS_ACCESS_KEY_ID=AKIDEXAMPLE)",
        command: "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN",
    },
    Case {
        what: "8: the secret key is wrong",
        prepare: |stub| {
            client(
                stub,
                "InvalidSignatureException",
                "The request signature we calculated does not match the signature you provided.",
            )
        },
        arguments: "-p /r",
        status: 77,
        cause: "the secret access key does not belong to the access key ID",
        subject: "AWS_ACCESS_KEY_ID=AKIDEXAMPLE",
        command: "unset AWS_ACCESS_KEY_ID",
    },
    Case {
        what: "9: the access key is unknown",
        prepare: |stub| {
            client(
                stub,
                "UnrecognizedClientException",
                "The security token included in the request is invalid.",
            )
        },
        arguments: "-p /r",
        status: 77,
        cause: "it does not know the access key",
        subject: "AWS_ACCESS_KEY_ID=AKIDEXAMPLE",
        command: "unset AWS_ACCESS_KEY_ID",
    },
    Case {
        what: "13: a misspelled parameter",
        prepare: |_| {},
        arguments: "-k URL=/r/db/ulr",
        status: 66,
        cause: "1 parameter does not exist in eu-west-1",
        subject: "/r/db/ulr (for URL)",
        command: "aws ssm get-parameters-by-path --path /r/db --recursive --query 'Parameters[].Name' --region eu-west-1",
    },
    Case {
        what: "13.version: a version that does not exist",
        prepare: |_| {},
        arguments: "-k URL=/r/a:3",
        status: 66,
        cause: "exists in eu-west-1, but has no version 3",
        subject: "/r/a:3 (for URL)",
        command: "aws ssm get-parameter-history --name /r/a",
    },
    Case {
        what: "14: a misspelled prefix",
        prepare: |_| {},
        arguments: "-p /s/api",
        status: 66,
        cause: "there is nothing below the prefix",
        subject: "/s/api",
        command: "aws ssm describe-parameters --parameter-filters Key=Name,Option=Contains,Values=s ",
    },
    Case {
        what: "18: throttled throughout, by path",
        prepare: |stub| stub.always(Fault::throttle()),
        arguments: "-p /r --timeout 900ms",
        status: 75,
        cause: "AWS throttled it",
        subject: "/r/*",
        command: "ssm-exec check --format toml",
    },
    Case {
        what: "22: some keys of a batch are denied",
        prepare: |stub| {
            for name in ["a", "c"] {
                let resource = format!("*parameter/r/{name}");
                stub.deny(
                    "GetParameters",
                    &resource,
                    Denial::Implicit(Policy::Identity),
                );
            }
        },
        arguments: "-k A=/r/a -k B=/r/b -k C=/r/c -k D=/r/absent",
        status: 77,
        cause: "no identity-based policy allows it",
        subject: "/r/absent (for D)",
        command: r#""Resource":["arn:aws:ssm:eu-west-1:111122223333:parameter/r/a","arn:aws:ssm:eu-west-1:111122223333:parameter/r/c"]"#,
    },
    Case {
        what: "22.prefix: two prefixes are denied",
        prepare: |stub| deny(stub, Denial::Implicit(Policy::Identity)),
        arguments: "-p /r -p /s -r WANTED",
        status: 77,
        cause: "no identity-based policy allows it",
        subject: "on 2 resources",
        command: r#""Resource":["arn:aws:ssm:eu-west-1:111122223333:parameter/r","arn:aws:ssm:eu-west-1:111122223333:parameter/s"]"#,
    },
];

fn stub() -> Stub {
    let stub = Stub::start();
    for name in ["a", "b", "c"] {
        stub.put(Parameter::secure(&format!("/r/{name}"), "canary"));
    }
    stub
}

#[test]
fn every_failure_names_cause_subject_and_command() {
    for case in CASES {
        let stub = stub();
        (case.prepare)(&stub);
        let arguments = case.arguments.replace(" -r ", " --require ");
        let mut outcome = Run::against(&stub.url())
            .args(&arguments)
            .fails(case.status);
        outcome.shown = case.what.to_owned();
        outcome.says(&[
            case.cause,
            case.subject,
            case.command,
            "egion eu-west-1 (127.0.0.1)",
        ]);
    }
}

/// STS that names the caller, or answers with an error.
fn sts(status_code: u16, body: &str) -> HttpServer {
    let body = body.to_owned();
    HttpServer::start(move |_| status(status_code, &body))
}

const IDENTITY: &str = "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult><Arn>arn:aws:sts::111122223333:assumed-role/api/i-0123456789abcdef0</Arn><UserId>x</UserId><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";

#[test]
fn a_missing_parameter_is_told_with_account_and_caller_in_text_and_json() {
    let stub = stub();
    let sts = sts(200, IDENTITY);
    let run = || {
        Run::against(&stub.url())
            .env("AWS_ENDPOINT_URL_STS", sts.url())
            .args("-k URL=/r/ulr")
    };
    run().fails(66).says(&[
        "in eu-west-1 of account 111122223333",
        &format!("caller {CALLER}"),
    ]);
    let outcome = run().args("--log-format json").fails(66);
    let message: serde_json::Value = serde_json::from_str(&outcome.stderr).expect("JSON");
    for (field, value) in [
        ("code", "missing"),
        ("region", "eu-west-1"),
        ("account", "111122223333"),
        ("principal", CALLER),
        ("endpoint", "127.0.0.1"),
    ] {
        assert_eq!(message[field], value, "{field}: {message}");
    }
    assert_eq!(message["parameters"], serde_json::json!(["/r/ulr"]));
}

#[test]
fn nobody_is_asked_who_the_caller_is_on_the_way_to_a_start() {
    let stub = stub();
    let sts = sts(200, IDENTITY);
    Run::against(&stub.url())
        .env("AWS_ENDPOINT_URL_STS", sts.url())
        .args("-p /r")
        .environment();
    assert!(sts.requests().is_empty());
}

fn sts_error(code: &str, text: &str) -> String {
    format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{text}</Message></Error></ErrorResponse>"
    )
}

#[test]
fn errors_of_sts_are_told_apart() {
    let denied = format!(
        "User: {CALLER} is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::444455556666:role/reader"
    );
    for (code, text, status, parts) in [
        (
            "ExpiredToken",
            "The security token included in the request is expired",
            77,
            ["the role is not at fault", "unset AWS_ACCESS_KEY_ID"],
        ),
        (
            "InvalidClientTokenId",
            "The security token included in the request is invalid",
            77,
            ["the role is not at fault", "unset AWS_ACCESS_KEY_ID"],
        ),
        (
            "AccessDenied",
            denied.as_str(),
            77,
            [
                r#""Principal":{"AWS":"arn:aws:iam::111122223333:role/api"}"#,
                "aws iam get-role --role-name reader",
            ],
        ),
        (
            "Throttling",
            "Rate exceeded",
            75,
            [
                "could not assume the role arn:aws:iam::444455556666:role/reader within 5s",
                "Throttling: Rate exceeded",
            ],
        ),
    ] {
        let stub = stub();
        let sts = sts(400, &sts_error(code, text));
        Run::against(&stub.url())
            .env("AWS_ENDPOINT_URL_STS", sts.url())
            .args("-p /r --timeout 5s -q --role-arn arn:aws:iam::444455556666:role/reader")
            .fails(status)
            .says(&parts);
    }
}

#[test]
fn a_region_that_accounts_must_enable_is_named() {
    let stub = stub();
    client(
        &stub,
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
    );
    Run::against(&stub.url())
        .env("AWS_REGION", "af-south-1")
        .args("-p /r")
        .fails(77)
        .says(&[
            "has not enabled this region",
            "aws account get-region-opt-status --region-name af-south-1",
        ]);
}

#[test]
fn check_prints_one_json_object_after_a_denial_too() {
    let stub = stub();
    deny(&stub, Denial::Implicit(Policy::Identity));
    let outcome = Run::against(&stub.url())
        .args("check -p /r --format json")
        .run();
    assert_eq!(outcome.status, 77, "{}", outcome.stderr);
    let report: serde_json::Value = serde_json::from_str(&outcome.text()).expect("JSON");
    assert_eq!(report["asked"]["region"], "eu-west-1");
    assert_eq!(report["asked"]["account"], "111122223333");
    assert!(
        report["problems"][0]
            .as_str()
            .is_some_and(|text| text.contains("AWS denied")),
        "{report}"
    );
}
