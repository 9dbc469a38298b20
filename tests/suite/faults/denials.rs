//! Denials of IAM and KMS.

use super::End::Status;
use super::setup::{Row, Setup, by_keys, by_prefix, filled, row};
use ssm_stub::{Denial, KmsDenial, Policy, Stub};

fn denied(action: &str, denial: impl Into<Denial>) -> Setup {
    let stub = filled(Stub::start());
    stub.deny(action, "*", denial);
    by_prefix(stub)
}

fn kms(denial: KmsDenial) -> Setup {
    let stub = filled(Stub::start());
    stub.deny_kms("/f/*", denial);
    by_prefix(stub)
}

pub const ROWS: &[Row] = &[
    row(
        "access to the path denied, no policy allows it",
        || denied("GetParametersByPath", Denial::Implicit(Policy::Identity)),
        Status(77),
        r#"{"Action":"ssm:GetParametersByPath","Effect":"Allow""#,
    ),
    row(
        "access to the path denied, older message",
        || denied("GetParametersByPath", Denial::Old),
        Status(77),
        "ssm:GetParametersByPath",
    ),
    row(
        "access denied explicitly by a service control policy",
        || {
            denied(
                "GetParametersByPath",
                Denial::ExplicitBy(
                    Policy::ServiceControl,
                    "arn:aws:organizations::111122223333:policy/o-1/service_control_policy/p-1"
                        .to_owned(),
                ),
            )
        },
        Status(77),
        "service_control_policy/p-1",
    ),
    row(
        "access denied by a permissions boundary",
        || denied("GetParametersByPath", Denial::Implicit(Policy::Boundary)),
        Status(77),
        "permissions boundary",
    ),
    row(
        "access denied by a VPC endpoint policy",
        || denied("GetParametersByPath", Denial::Implicit(Policy::VpcEndpoint)),
        Status(77),
        "VPC endpoint policy",
    ),
    row(
        "access denied with an unknown message",
        || denied("GetParametersByPath", Denial::Text("Not for you".to_owned())),
        Status(77),
        "Not for you",
    ),
    row(
        "access to one of many keys denied",
        || {
            let stub = filled(Stub::start());
            stub.deny("GetParameters", "*parameter/f/k3", Denial::Implicit(Policy::Identity));
            by_keys(stub)
        },
        Status(77),
        "parameter/f/k3",
    ),
    row(
        "access denied, and another key is missing",
        || {
            let setup = denied("GetParametersByPath", Denial::Implicit(Policy::Identity));
            Setup { run: setup.run.args("-k A=/nope"), ..setup }
        },
        Status(77),
        "ssm:GetParametersByPath",
    ),
    row("kms:Decrypt denied, older message", || kms(KmsDenial::Old), Status(77), "kms:Decrypt"),
    row(
        "kms:Decrypt denied, newer message",
        || kms(KmsDenial::New),
        Status(77),
        "kms:EncryptionContext:PARAMETER_ARN",
    ),
    row(
        "the KMS key is pending deletion",
        || kms(KmsDenial::KeyDisabled),
        Status(77),
        "aws kms cancel-key-deletion",
    ),
    row(
        "the KMS key of another account is not shared",
        || kms(KmsDenial::NotShared),
        Status(77),
        "shared",
    ),
    row(
        "access to a secret denied",
        || {
            let setup = by_prefix(filled(Stub::start()));
            let stub = setup.stub.as_ref().expect("a stub");
            stub.put_secret("db", "canary");
            stub.deny("secretsmanager:GetSecretValue", "*", Denial::Implicit(Policy::Identity));
            Setup { run: setup.run.args("-k S=/aws/reference/secretsmanager/db"), ..setup }
        },
        Status(77),
        "secretsmanager:GetSecretValue",
    ),
];
