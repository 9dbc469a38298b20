//! Real texts of AWS, as users have quoted them in public issues and AWS in its documentation, with
//! their account numbers and names replaced.

use super::*;
use crate::aws::failure::{Failure, merge};
use crate::aws::service_error::Service;
use crate::aws::tests::{ROLE, answer, batch, below};

const PATH: &str = "arn:aws:ssm:eu-west-1:111122223333:parameter/org/api";
const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

fn denial(text: &str, request: Request) -> Refusal {
    let answer = answer(Service::ParameterStore, "AccessDeniedException", text);
    Refusal::new(answer, vec![request])
}

fn shown(text: &str, request: Request) -> String {
    denial(text, request).diagnostic(&AwsContext::default()).to_string()
}

/// The statements for it.
fn statements(text: &str, request: Request) -> Vec<String> {
    let diagnostic = denial(text, request).diagnostic(&AwsContext::default());
    let statements = diagnostic.subject.statements.iter();
    statements.map(|one| format!("{}: {}", one.belongs_to, one.statement)).collect()
}

fn denied(kind: PolicyKind, arn: Option<&str>) -> DenialCause {
    DenialCause::Denied(kind, arn.map(str::to_owned))
}

#[test]
fn every_cause_is_parsed_whatever_follows_it() {
    let scp = "arn:aws:organizations::987654321098:policy/o-abc/service_control_policy/p-xyz";
    let long_scp = format!("with an explicit deny in a service control policy: {scp}");
    let table = [
        // Until 2021 the text ended here.
        ("", DenialCause::NotAllowed(None)),
        (
            "because no identity-based policy allows the ssm:GetParametersByPath action",
            DenialCause::NotAllowed(Some(PolicyKind::Identity)),
        ),
        (
            "because no permissions boundary allows the ssm:GetParametersByPath action",
            DenialCause::NotAllowed(Some(PolicyKind::PermissionsBoundary)),
        ),
        (
            "because no session policy allows the ssm:GetParametersByPath action",
            DenialCause::NotAllowed(Some(PolicyKind::Session)),
        ),
        (
            "because no service control policy allows the ssm:GetParametersByPath action",
            DenialCause::NotAllowed(Some(PolicyKind::ServiceControl)),
        ),
        (
            "because no VPC endpoint policy allows the ssm:GetParametersByPath action",
            DenialCause::NotAllowed(Some(PolicyKind::VpcEndpoint)),
        ),
        ("with an explicit deny in an identity-based policy", denied(PolicyKind::Identity, None)),
        (
            "with an explicit deny in a permissions boundary",
            denied(PolicyKind::PermissionsBoundary, None),
        ),
        // So spelled in AWS's own examples.
        ("with an explicit deny in a sessions policy", denied(PolicyKind::Session, None)),
        (
            "with an explicit deny in a VPC endpoint policy transitively through a service control policy",
            denied(PolicyKind::VpcEndpoint, None),
        ),
        ("with an explicit deny", denied(PolicyKind::Other(String::new()), None)),
        ("with an explicit deny in the role trust policy", denied(PolicyKind::RoleTrust, None)),
        // Since 2026 the policy is named, inside an organisation.
        (&long_scp, denied(PolicyKind::ServiceControl, Some(scp))),
    ];
    for (end, cause) in table {
        let text = format!(
            "User: {ROLE} is not authorized to perform: ssm:GetParametersByPath on resource: {PATH} {end}"
        );
        let refusal = denial(text.trim_end(), below("/org/api"));
        assert_eq!(refusal.principal(), Some(ROLE), "{end}");
        assert_eq!(refusal.action, "ssm:GetParametersByPath", "{end}");
        assert_eq!(refusal.resources, [PATH], "{end}");
        assert_eq!(refusal.cause, cause, "{end}");
    }
}

#[test]
fn a_statement_is_printed_only_where_it_would_help() {
    let statement = |text: &str| statements(text, below("/org/api"));
    let text = |action: &str, resource: &str, end: &str| {
        format!("User: {ROLE} is not authorized to perform: {action} on resource: {resource} {end}")
    };
    assert_eq!(
        statement(&text(
            "ssm:GetParametersByPath",
            PATH,
            "because no identity-based policy allows the ssm:GetParametersByPath action"
        )),
        [
            r#"the policies of the role api: {"Action":"ssm:GetParametersByPath","Effect":"Allow","Resource":"arn:aws:ssm:eu-west-1:111122223333:parameter/org/api"}"#
        ]
    );
    let none: [&str; 0] = [];
    let deny = "with an explicit deny in an identity-based policy";
    assert_eq!(statement(&text("ssm:GetParameters", PATH, deny)), none);
    // What AWS says of a malformed name: no policy would help.
    let anything = "arn:aws:ssm:eu-west-1:111122223333:*";
    assert_eq!(
        statement(&text(
            "ssm:GetParameters",
            anything,
            "because no identity-based policy allows the ssm:GetParameters action"
        )),
        none
    );
    assert_eq!(statement("Access denied by a proxy"), none);
}

#[test]
fn a_kms_denial_prints_a_condition_on_the_parameters_without_their_selectors() {
    // As SSM passes KMS's text on, with what the Java client behind it adds.
    let kms = format!(
        "User: {ROLE} is not authorized to perform: kms:Decrypt on resource: {KEY} because no resource-based policy allows the kms:Decrypt action (Service: AWSKMS; Status Code: 400; Error Code: AccessDeniedException; Request ID: 6a3a2e5e-0000-4000-8000-000000000000; Proxy: null)"
    );
    let shown = shown(&kms, batch("/org/api/db:3 /org/api/url:blue"));
    for words in [
        "no resource-based policy allows kms:Decrypt with the key of /org/api/db:3, /org/api/url:blue",
        "Add this to the policy of the key",
        r#""Principal":{"AWS":"arn:aws:iam::111122223333:role/api"},"Resource":"*""#,
        r#""StringEquals":{"kms:EncryptionContext:PARAMETER_ARN":["arn:aws:ssm:eu-west-1:111122223333:parameter/org/api/db","arn:aws:ssm:eu-west-1:111122223333:parameter/org/api/url"]}"#,
    ] {
        assert!(shown.contains(words), "no {words:?} in {shown}");
    }
    assert!(!shown.contains("Request ID"), "{shown}");
}

#[test]
fn kms_texts_that_name_no_key_are_known() {
    let old = "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access. (Service: AWSKMS; Status Code: 400; Error Code: AccessDeniedException; Request ID: 0; Proxy: null)";
    let newer = format!(
        "User: {ROLE} is not authorized to perform: kms:Decrypt on the resource associated with this ciphertext because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access"
    );
    for text in [old, &newer] {
        let denial = denial(text, below("/org/api"));
        assert_eq!(denial.cause, DenialCause::UnnamedKey, "{text}");
    }
}

#[test]
fn other_partitions_and_federated_callers_are_parsed() {
    for (principal, resource) in [
        (
            "arn:aws-us-gov:iam::111122223333:user/deploy",
            "arn:aws-us-gov:ssm:us-gov-west-1:111122223333:parameter/a",
        ),
        (
            "arn:aws-cn:sts::111122223333:federated-user/bob",
            "arn:aws-cn:ssm:cn-north-1:111122223333:parameter/a",
        ),
        (
            "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Dev_0123456789abcdef/ana@example.com",
            "arn:aws:ssm:us-east-1::parameter/aws/service/ami",
        ),
    ] {
        let text = format!(
            "User: {principal} is not authorized to perform: ssm:GetParameters on resource: {resource} because no identity-based policy allows the ssm:GetParameters action"
        );
        let shown = shown(&text, batch("/x/a"));
        assert!(
            shown.contains("access denied: no identity-based policy allows ssm:GetParameters on /")
                && shown.contains(resource),
            "{shown}"
        );
    }
}

#[test]
fn an_unknown_message_is_printed_on_one_line() {
    for (text, expected) in [
        (
            "No access to reserved parameter name: /aws/x.",
            "access denied to /x/a: No access to reserved parameter name: /aws/x (AccessDeniedException)",
        ),
        (
            "User: x is not authorized to perform: ssm:GetParameters",
            "access denied to /x/a: User: x is not authorized to perform: ssm:GetParameters (AccessDeniedException)",
        ),
        ("two\n  lines", "access denied to /x/a: two lines (AccessDeniedException)"),
    ] {
        let shown = shown(text, batch("/x/a"));
        assert_eq!(shown.lines().next(), Some(expected));
    }
}

#[test]
fn the_policies_to_change_are_named() {
    let of = |principal: &str| {
        let text = format!(
            "User: {principal} is not authorized to perform: ssm:GetParameters on resource: {PATH} because no identity-based policy allows the ssm:GetParameters action"
        );
        shown(&text, batch("/x/a"))
    };
    for (principal, policies) in [
        (ROLE, "the policies of the role api"),
        ("arn:aws:iam::111122223333:user/team/ana", "the policies of the user ana"),
        (
            "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_My_Dev_0123456789abcdef/ana",
            "the permission set My_Dev in IAM Identity Center",
        ),
        ("x", "the caller's policies"),
    ] {
        assert!(of(principal).contains(policies), "{}", of(principal));
    }
}

#[test]
fn statements_for_the_policy_of_a_resource_name_their_principal() {
    let text = |end: &str| {
        format!(
            "User: {ROLE} is not authorized to perform: ssm:GetParametersByPath on resource: {PATH} {end}"
        )
    };
    let endpoint = shown(
        &text("because no VPC endpoint policy allows the ssm:GetParametersByPath action"),
        below("/org/api"),
    );
    assert!(endpoint.contains(r#""Principal":"*""#), "{endpoint}");
    assert!(
        endpoint.contains("describe-vpc-endpoints")
            && endpoint.contains("com.amazonaws.eu-west-1.ssm"),
        "{endpoint}"
    );
    let shared = shown(
        "User: arn:aws:sts::444455556666:assumed-role/api/i is not authorized to perform: ssm:GetParameters on resource: arn:aws:ssm:eu-west-1:111122223333:parameter/x/a because no resource-based policy allows the ssm:GetParameters action",
        batch("/x/a"),
    );
    assert!(
        shared.contains("aws ram create-resource-share --name ssm-exec --resource-arns arn:aws:ssm:eu-west-1:111122223333:parameter/x/a --principals 444455556666"),
        "{shared}"
    );
}

#[test]
fn denials_that_differ_in_their_resources_become_one() {
    let on = |name: &str| {
        let text = format!(
            "User: {ROLE} is not authorized to perform: ssm:GetParameters on resource: arn:aws:ssm:eu-west-1:111122223333:parameter{name} because no identity-based policy allows the ssm:GetParameters action"
        );
        denial(&text, batch(name))
    };
    let mut failures: Vec<Failure> =
        vec![on("/x/b").into(), denial("No", batch("/x/c")).into(), on("/x/a").into()];
    merge(&mut failures);
    let [both, last] = failures.as_slice() else {
        panic!("{failures:?}");
    };
    let context = AwsContext::default();
    assert!(last.diagnostic(&context).message.contains("access denied to /x/c: No"));
    let both = both.diagnostic(&context);
    assert!(both.message.contains("on /x/a, /x/b"), "{}", both.message);
    assert_eq!(
        both.subject.statements[0].statement.to_string(),
        r#"{"Action":"ssm:GetParameters","Effect":"Allow","Resource":["arn:aws:ssm:eu-west-1:111122223333:parameter/x/a","arn:aws:ssm:eu-west-1:111122223333:parameter/x/b"]}"#
    );
}
