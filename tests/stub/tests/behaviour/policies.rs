//! Denials by IAM and KMS, and the form of errors.

use crate::client::*;
use ssm_stub::{Denial, KmsDenial, Parameter, Policy, Stub, Variant};

const MANY: &str = "GetParameters";
const ACCOUNT: &str = "arn:aws:ssm:eu-west-1:111122223333";

fn denied(denial: impl Into<Denial>) -> String {
    let stub = Stub::builder().principal("arn:aws:iam::1:user/x").start();
    stub.deny("GetParameter*", "*:parameter/p/*", denial);
    let (code, text) = failure(&stub, MANY, &by_names(&["/ok", "/p/a", "/p/b"]));
    assert_eq!(code, "AccessDeniedException");
    text
}

#[test]
fn each_denial_has_the_message_of_the_service() {
    let start = format!(
        "User: arn:aws:iam::1:user/x is not authorized to perform: ssm:GetParameters on resource: {ACCOUNT}:parameter/p/a"
    );
    let policy = "arn:aws:organizations::9:policy/o-1/service_control_policy/p-1";
    for (denial, end) in [
        (Denial::Old, String::new()),
        (Denial::default(), " because no identity-based policy allows the ssm:GetParameters action".into()),
        (Denial::Explicit(Policy::Identity), " with an explicit deny in an identity-based policy".into()),
        (Denial::ExplicitBy(Policy::ServiceControl, policy.into()), format!(" with an explicit deny in a service control policy: {policy}")),
        (Denial::VpcEndpointThroughScp, " with an explicit deny in a VPC endpoint policy transitively through a service control policy".into()),
    ] {
        assert_eq!(denied(denial), format!("{start}{end}"));
    }
    assert_eq!(denied("no {action}"), "no ssm:GetParameters");
}

#[test]
fn an_invalid_name_is_denied_on_all_resources_for_a_restricted_principal() {
    let stub = Stub::start();
    stub.deny("GetParameters", "*:parameter/other", Denial::Explicit(Policy::Session));
    assert_eq!(failure(&stub, MANY, &by_names(&["a/b"])).0, "ValidationException");
    stub.deny("GetParameters", "*:parameter/other", Denial::default());
    let (code, text) = failure(&stub, MANY, &by_names(&["a/b"]));
    assert_eq!(code, "AccessDeniedException");
    assert!(text.contains(&format!("on resource: {ACCOUNT}:* because")), "{text}");
}

#[test]
fn only_the_path_is_authorised_including_a_trailing_slash() {
    let stub = Stub::start();
    stub.put(Parameter::string("/p/a", "x"));
    stub.deny("*", "*:parameter/p/*", Denial::default());
    assert_eq!(each(&call(&stub, "GetParametersByPath", &by_path("/p")), "Name"), ["/p/a"]);
    let (_, text) = failure(&stub, "GetParametersByPath", &by_path("/p/"));
    assert!(text.contains(&format!("{ACCOUNT}:parameter/p/ because")), "{text}");
}

#[test]
fn a_value_that_cannot_be_decrypted_fails_the_request() {
    for (denial, code, part) in [
        (KmsDenial::Old, "AccessDeniedException", "The ciphertext refers to a customer master key"),
        (
            KmsDenial::New,
            "AccessDeniedException",
            "kms:Decrypt on resource: arn:aws:kms:eu-west-1:111122223333:key/k1 because no resource-based",
        ),
        (KmsDenial::KeyDisabled, "InvalidKeyId", "key/k1 is pending deletion."),
        (KmsDenial::NotShared, "InvalidKeyId", "Invalid keyId."),
    ] {
        let stub = Stub::start();
        stub.put(Parameter::secure("/k/a", "x").key_id("k1"));
        stub.put(Parameter::string("/k/b", "x"));
        stub.deny_kms("/k/*", denial);
        for (action, body) in
            [(MANY, by_names(&["/k/a", "/k/b"])), ("GetParametersByPath", by_path("/k"))]
        {
            let (got, text) = failure(&stub, action, &body);
            assert_eq!(got, code);
            assert!(text.contains(part), "{text}");
        }
        call(&stub, MANY, &by_names(&["/k/b"]));
        call(&stub, MANY, &serde_json::json!({ "Names": ["/k/a"] }));
    }
}

#[test]
fn variants_change_the_form_of_errors() {
    let stub = Stub::start();
    let plain = send(&stub, MANY, &by_names(&["a/b"]));
    assert!(plain.body.contains("\"message\"") && !plain.head.contains("x-amzn-errortype"));
    assert!(plain.head.contains("\r\nx-amzn-requestid: ") && plain.head.contains("\r\ndate: "));
    assert!(plain.head.contains("\r\ncontent-type: application/x-amz-json-1.1\r\n"));
    stub.set_variants(&[Variant::CapitalMessage, Variant::ErrorTypeHeader]);
    let other = send(&stub, MANY, &by_names(&["a/b"]));
    assert!(other.body.contains("\"Message\""));
    assert!(other.head.contains("\r\nx-amzn-errortype: validationexception\r\n"));
}
