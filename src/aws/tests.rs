//! What each error means, from the answers that servers give.

use super::call::Unanswered;
use super::credentials::CredentialSource;
use super::credentials::tests::*;
use super::net::Exchange;
use super::service_error::{Service, ServiceError};
use super::*;
use ssm_exec_core::parameter::{ParameterRef, Prefix};

pub(super) const ROLE: &str = "arn:aws:sts::111122223333:assumed-role/api/i-0abc";
const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// An error of a service with status 400.
pub(super) fn answer(service: Service, code: &str, message: &str) -> ServiceError {
    let exchange = Exchange {
        server: "sts.example".to_owned(),
        status: 400,
        code: Some(code.to_owned()),
        message: Some(message.to_owned()),
        request_id: Some("7a9f2c1e-0000-4000-8000-6b1d5b1d5b1d".to_owned()),
        ..Exchange::default()
    };
    ServiceError::new(service, exchange)
}

/// A response of this status, without an error of AWS.
fn status(service: Service, status: u16) -> ServiceError {
    let exchange = Exchange { status, ..Exchange::default() };
    ServiceError::new(service, exchange)
}

pub(super) fn below(path: &str) -> Request {
    Request::Below(Prefix::parse(path).expect("a prefix"))
}

pub(crate) fn batch(names: &str) -> Request {
    let parse = |name| ParameterRef::parse(name).expect("a parameter");
    Request::Batch(names.split_whitespace().map(parse).collect())
}

fn store(region: &str, source: CredentialSource) -> ParameterStore {
    let config = aws_sdk_ssm::Config::builder()
        .behavior_version(aws_sdk_ssm::config::BehaviorVersion::latest())
        .build();
    ParameterStore {
        client: aws_sdk_ssm::Client::from_conf(config),
        region: Region::parse(region).ok(),
        source: Some(source),
        calls: Arc::new(calls()),
        decrypt: true,
        max_parameters: MAX_PARAMETERS,
    }
}

fn calls() -> Calls {
    let timeout = Duration::from_secs(30);
    Calls::new(Instant::now() + timeout, timeout, true, Clock::default())
}

/// A denial of Parameter Store.
// Made in place by most callers.
#[allow(clippy::needless_pass_by_value)]
pub(crate) fn denied(text: &str, request: Request) -> Failure {
    let answer = answer(Service::ParameterStore, "AccessDeniedException", text);
    store("eu-west-1", environment()).explain(&request, Unanswered::Error(answer))
}

/// One failure of each kind, without those of the network.
pub(crate) fn samples() -> Vec<Failure> {
    let ssm = |source: CredentialSource, region: &str, request: &Request, answer: ServiceError| {
        store(region, source).explain(request, Unanswered::Error(answer))
    };
    let error = |code: &str, message: &str| answer(Service::ParameterStore, code, message);
    let of = |request: &Request, code: &str, message: &str| {
        ssm(environment(), "eu-west-1", request, error(code, message))
    };
    let (prefix, name) = (below("/org/api"), batch("/org/api/db"));
    let secret = batch("/aws/reference/secretsmanager/prod/db");
    let refused = |end: &str| {
        let path = "arn:aws:ssm:eu-west-1:111122223333:parameter/org/api";
        let text = format!(
            "User: {ROLE} is not authorized to perform: ssm:GetParametersByPath on resource: {path} {end}"
        );
        denied(&text, prefix.clone())
    };
    let allows = |kind: &str| {
        refused(&format!("because no {kind} allows the ssm:GetParametersByPath action"))
    };
    let denies = |kind: &str| refused(&format!("with an explicit deny in {kind}"));
    let kms = |text: &str, code: &str| {
        format!("{text} (Service: AWSKMS; Status Code: 400; Error Code: {code}; Proxy: null)")
    };
    let on_key = |end: &str| {
        kms(
            &format!(
                "User: {ROLE} is not authorized to perform: kms:Decrypt on resource: {KEY} {end}"
            ),
            "AccessDeniedException",
        )
    };
    let key = |text: &str, code: &str| of(&name, "InvalidKeyId", &kms(text, code));
    let invalid = "The security token included in the request is invalid.";
    let mut samples = vec![
        ssm::no_region(),
        internal("x"),
        calls().exhausted(Some(&prefix)),
        allows("identity-based policy"),
        allows("permissions boundary"),
        allows("session policy"),
        allows("service control policy"),
        allows("VPC endpoint policy"),
        denies(
            "a service control policy: arn:aws:organizations::987654321098:policy/o-abc/service_control_policy/p-xyz",
        ),
        denies("a service control policy"),
        denies("an identity-based policy"),
        denies(
            "an identity-based policy: arn:aws:iam::111122223333:policy/No. Go to https://us-east-1.console.aws.amazon.com/iam/home?region=us-east-1#/authorization-details/abc123 for complete details",
        ),
        denies("a permissions boundary"),
        denies("a session policy"),
        denies("a VPC endpoint policy"),
        denied(
            &on_key("because no resource-based policy allows the kms:Decrypt action"),
            batch("/org/api/db:3"),
        ),
        denied(
            &on_key("because no identity-based policy allows the kms:Decrypt action"),
            name.clone(),
        ),
        denied(&on_key("with an explicit deny in a resource-based policy"), name.clone()),
        denied(
            "The ciphertext refers to a customer master key that does not exist",
            prefix.clone(),
        ),
        denied(
            &format!(
                "User: {ROLE} is not authorized to perform: ssm:GetParameters on resource: arn:aws:ssm:eu-west-1:111122223333:* because no identity-based policy allows the ssm:GetParameters action"
            ),
            name.clone(),
        ),
        denied("Not for you", prefix.clone()),
        of(&secret, "ValidationException", "Secrets Manager can't find the specified secret."),
        of(
            &secret,
            "ValidationException",
            "An error occurred while calling one AWS dependency service.",
        ),
        of(&secret, "ValidationException", "Invalid Request to Secrets Manager"),
        key(&format!("{KEY} is pending deletion."), "KMSInvalidStateException"),
        key(&format!("{KEY} is disabled."), "DisabledException"),
        key(&format!("Key '{KEY}' does not exist"), "NotFoundException"),
        of(&name, "InvalidKeyId", "Invalid keyId."),
        of(&name, "ParameterNotFound", ""),
        of(&name, "ValidationException", "Bad name"),
        of(&prefix, "ThrottlingException", "Rate exceeded"),
        of(&name, "ThrottlingException", "Rate exceeded"),
        of(&name, "ThrottlingException", &kms("You have exceeded the rate", "ThrottlingException")),
        of(&name, "InternalServerError", "oops"),
        of(&name, "RequestTimeTooSkewed", "x"),
        ssm(environment(), "eu-west-1", &name, status(Service::ParameterStore, 503)),
        ssm(environment(), "eu-west-1", &name, status(Service::ParameterStore, 403)),
        of(&name, "ExpiredTokenException", "The security token included in the request is expired"),
        ssm(hiding(), "eu-west-1", &name, error("ExpiredTokenException", "It is expired")),
        ssm(profile(), "eu-west-1", &name, error("InvalidSignatureException", "It does not match")),
        ssm(
            CredentialSource::Instance,
            "eu-west-1",
            &name,
            error("UnrecognizedClientException", invalid),
        ),
        ssm(environment(), "af-south-1", &name, error("UnrecognizedClientException", invalid)),
        ssm(environment(), "cn-north-1", &name, error("UnrecognizedClientException", invalid)),
    ];
    samples.extend(credential_samples());
    samples
}
