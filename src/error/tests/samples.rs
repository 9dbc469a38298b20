//! A sample of every error.

use crate::aws::{
    Absence, ConnectionError, CredentialCause, CredentialError, CredentialSource, Denial,
    ServiceError, Throttle, TransientError, UnknownCaller,
};
use crate::error::*;
use ssm_exec_core::arn::Arn;
use ssm_exec_core::config::{Config, ConfigFile};
use ssm_exec_core::env_reference::find_references;
use ssm_exec_core::environment::limits::{self, CommandSize};
use ssm_exec_core::environment::{Environment, assemble, missing};
use ssm_exec_core::fetched::{Fetched, FetchedParameter, ParameterType};
use ssm_exec_core::inherited::Inherited;
use ssm_exec_core::origin::{Given, Origin};
use ssm_exec_core::parameter::{ParameterRef, Prefix};
use ssm_exec_core::region::Region;
use ssm_exec_core::secret::Secret;
use std::collections::BTreeSet;
use std::time::Duration;

/// Makes the function that names a variant, and the list of all names: a new variant doesn't compile
/// until it is named, and the test fails until there is a sample of it.
macro_rules! variants {
    ($function:ident, $list:ident, $enum:ident: $($variant:ident)*) => {
        fn $function(error: &$enum) -> &'static str {
            match error { $($enum::$variant { .. } => stringify!($variant),)* }
        }
        const $list: &[&str] = &[$(stringify!($variant),)*];
    };
}

variants! { fetch_variant, FETCH, FetchError:
    NoRegion UnknownRegion Config System Internal NoCredentials UnknownCaller Credentials BadCredentials
    ClockSkew Denied Secret Key Rejected InvalidResponse ForeignResponse NoValue Unavailable TimedOut TooMany Connection
}
variants! { credential_variant, CREDENTIAL, CredentialCause:
    Half Stray SsoExpired SsoRoleDenied Mfa TokenFile TokenExpired NoOidcProvider TokenDenied RoleDenied
    BaseRejected Throttled Unreachable Other
}
fn prefix() -> Prefix {
    Prefix::parse("/org/api").expect("a prefix")
}

fn below() -> Request {
    Request::Below(prefix())
}

pub(super) fn batch(names: &str) -> Request {
    let parse = |name| ParameterRef::parse(name).expect("a parameter");
    Request::Batch(names.split_whitespace().map(parse).collect())
}

fn answer(code: &str, text: &str) -> ServiceError {
    ServiceError {
        code: code.to_owned(),
        text: text.to_owned(),
        request_id: Some("7a9f2c1e-0000-4000-8000-6b1d5b1d5b1d".to_owned()),
    }
}

pub(super) fn context() -> AwsContext {
    AwsContext {
        region: Region::parse("eu-west-1").ok(),
        endpoint: Some("ssm.eu-west-1.amazonaws.com".to_owned()),
        account: Some("111122223333".to_owned()),
        principal: Some("arn:aws:sts::111122223333:assumed-role/api/i-0abc".to_owned()),
        credentials: Some("the environment (AWS_ACCESS_KEY_ID=ASIAEXAMPLE)".to_owned()),
        unused: None,
    }
}

fn environment() -> CredentialSource {
    CredentialSource::Environment {
        key_id: Some("ASIAEXAMPLE".to_owned()),
        session_token: true,
        overrides: None,
    }
}

fn hiding() -> CredentialSource {
    let origin = Origin::Variable("AWS_PROFILE");
    CredentialSource::Environment {
        key_id: Some("ASIAEXAMPLE".to_owned()),
        session_token: true,
        overrides: Some(Given::new("dev".to_owned(), origin)),
    }
}

fn profile() -> CredentialSource {
    CredentialSource::Profile("ci".to_owned())
}

fn role_arn() -> Arn {
    Arn::parse("arn:aws:iam::444455556666:role/reader").expect("an ARN")
}

fn role() -> CredentialSource {
    CredentialSource::Role {
        arn: role_arn(),
        base: Box::new(environment()),
        with_external_id: false,
    }
}

fn connection() -> Box<ConnectionError> {
    Box::new(ConnectionError {
        diagnostic: Diagnostic::new(Code::Unreachable, "DNS: no such name"),
        is_transient: true,
        unknown_host: Some("ssm.ue-west-1.amazonaws.com".to_owned()),
    })
}

pub(super) fn denied(text: &str, request: Request) -> FetchError {
    FetchError::Denied(Box::new(Denial::new(
        answer("AccessDeniedException", text),
        request,
    )))
}

fn fetch_errors() -> Vec<FetchError> {
    let role_principal = "arn:aws:sts::111122223333:assumed-role/api/i-0abc";
    let refusal = |end: &str| {
        format!(
            "User: {role_principal} is not authorized to perform: ssm:GetParametersByPath on resource: arn:aws:ssm:eu-west-1:111122223333:parameter/org/api {end}"
        )
    };
    let unavailable = |work: Work, error| FetchError::Unavailable {
        work,
        error,
        attempts: 7,
        throttled: 5,
        timeout: Duration::from_secs(30),
    };
    let throttled =
        || TransientError::Throttled(Throttle::ParameterStore("ThrottlingException".to_owned()));
    let throttled_by_sts =
        |code, text| TransientError::Throttled(Throttle::Sts(answer(code, text)));
    let bad = |source, opt_in: Option<&str>, code, text| FetchError::BadCredentials {
        source: Some(source),
        opt_in: opt_in.and_then(|region| Region::parse(region).ok()),
        answer: answer(code, text),
    };
    let secret = "/aws/reference/secretsmanager/prod/db";
    let key = |text: &str| FetchError::Key {
        request: below(),
        answer: answer("InvalidKeyId", text),
    };
    let kms = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    vec![
        FetchError::NoRegion,
        FetchError::UnknownRegion {
            region: Region::parse("ue-west-1").expect("a region"),
            correction: "eu-west-1",
            error: connection(),
        },
        FetchError::Config(Diagnostic::new(Code::NoSources, "x")),
        FetchError::System {
            what: "the asynchronous runtime",
            reason: "Too many open files".to_owned(),
        },
        FetchError::Internal("x".to_owned()),
        FetchError::NoCredentials {
            absent: vec![
                (
                    environment(),
                    Absence::Other("without AWS_ACCESS_KEY_ID".to_owned()),
                ),
                (
                    CredentialSource::Instance,
                    Absence::Other("the instance has no role".to_owned()),
                ),
            ],
        },
        FetchError::NoCredentials {
            absent: vec![
                (
                    environment(),
                    Absence::Other("without AWS_ACCESS_KEY_ID".to_owned()),
                ),
                (CredentialSource::Instance, Absence::NoAnswer),
            ],
        },
        FetchError::UnknownCaller(UnknownCaller::Unreachable),
        bad(
            environment(),
            None,
            "ExpiredTokenException",
            "The security token included in the request is expired",
        ),
        bad(
            hiding(),
            None,
            "ExpiredTokenException",
            "The security token included in the request is expired",
        ),
        bad(
            profile(),
            None,
            "InvalidSignatureException",
            "The request signature we calculated does not match",
        ),
        bad(
            CredentialSource::Instance,
            None,
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        ),
        bad(
            environment(),
            Some("af-south-1"),
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        ),
        FetchError::ClockSkew {
            text: "this machine's clock is 10m behind AWS's (06:29:29Z here, 06:39:29Z there)"
                .to_owned(),
        },
        denied(
            &refusal("because no identity-based policy allows the ssm:GetParametersByPath action"),
            below(),
        ),
        denied(
            &refusal("because no permissions boundary allows the ssm:GetParametersByPath action"),
            below(),
        ),
        denied(
            &refusal("because no session policy allows the ssm:GetParametersByPath action"),
            below(),
        ),
        denied(
            &refusal("because no service control policy allows the ssm:GetParametersByPath action"),
            below(),
        ),
        denied(
            &refusal("because no VPC endpoint policy allows the ssm:GetParametersByPath action"),
            below(),
        ),
        denied(
            &refusal(
                "with an explicit deny in a service control policy: arn:aws:organizations::987654321098:policy/o-abc/service_control_policy/p-xyz",
            ),
            below(),
        ),
        denied(
            &refusal("with an explicit deny in an identity-based policy"),
            below(),
        ),
        denied(
            &refusal("with an explicit deny in a permissions boundary"),
            below(),
        ),
        denied(
            &refusal("with an explicit deny in a VPC endpoint policy"),
            below(),
        ),
        denied(
            &format!(
                "User: {role_principal} is not authorized to perform: kms:Decrypt on resource: {kms} because no resource-based policy allows the kms:Decrypt action"
            ),
            batch("/org/api/db:3"),
        ),
        denied(
            &format!(
                "User: {role_principal} is not authorized to perform: kms:Decrypt on resource: {kms} with an explicit deny in a resource-based policy"
            ),
            batch("/org/api/db"),
        ),
        denied(
            "The ciphertext refers to a customer master key that does not exist",
            below(),
        ),
        denied(
            &format!(
                "User: {role_principal} is not authorized to perform: ssm:GetParameters on resource: arn:aws:ssm:eu-west-1:111122223333:* because no identity-based policy allows the ssm:GetParameters action"
            ),
            batch("/org/api/db"),
        ),
        denied("Not for you", below()),
        FetchError::Secret {
            request: batch("/aws/reference/secretsmanager/prod/gone"),
            answer: answer(
                "ValidationException",
                "Secrets Manager can't find the specified secret.",
            ),
        },
        FetchError::Secret {
            request: batch(secret),
            answer: answer(
                "ValidationException",
                "An error occurred while calling one AWS dependency service.",
            ),
        },
        FetchError::Secret {
            request: batch(secret),
            answer: answer("ValidationException", "Invalid Request to Secrets Manager"),
        },
        key(&format!(
            "{kms} is pending deletion. (Service: AWSKMS; Status Code: 400)"
        )),
        key(&format!(
            "{kms} is disabled. (Service: AWSKMS; Status Code: 400)"
        )),
        key("Invalid keyId."),
        FetchError::Rejected {
            request: batch("/org/api/db"),
            answer: answer("ValidationException", "Too odd."),
        },
        FetchError::InvalidResponse {
            request: below(),
            reason: "it has no list of parameters".to_owned(),
        },
        FetchError::ForeignResponse {
            request: below(),
            status: 403,
        },
        FetchError::NoValue {
            parameter: secret.to_owned(),
        },
        unavailable(Work::Fetch(below()), throttled()),
        unavailable(Work::Fetch(batch("/a/1 /a/2 /a/3 /a/4 /a/5")), throttled()),
        unavailable(
            Work::Credentials(role()),
            throttled_by_sts("Throttling", "Rate exceeded"),
        ),
        unavailable(
            Work::Credentials(profile()),
            throttled_by_sts("ThrottlingException", ""),
        ),
        unavailable(Work::Fetch(below()), TransientError::Service(503, None)),
        unavailable(
            Work::Fetch(below()),
            TransientError::Service(500, Some("InternalServerError".to_owned())),
        ),
        unavailable(
            Work::Fetch(below()),
            TransientError::Network("the connection failed".to_owned()),
        ),
        unavailable(
            Work::Fetch(below()),
            TransientError::Connection(connection()),
        ),
        FetchError::TimedOut {
            stage: "fetching /org/api/*".to_owned(),
            timeout: Duration::from_secs(30),
        },
        FetchError::TooMany {
            request: below(),
            limit: 10_000,
        },
        FetchError::Connection(connection()),
    ]
}

fn credential_errors() -> Vec<CredentialError> {
    let of = |source, cause| CredentialError { source, cause };
    let denied = "User: arn:aws:sts::111122223333:assumed-role/api/i-0abc is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::444455556666:role/reader";
    let web = || CredentialSource::WebIdentity;
    vec![
        of(environment(), CredentialCause::Half { has: "AWS_ACCESS_KEY_ID", lacks: "AWS_SECRET_ACCESS_KEY" }),
        of(environment(), CredentialCause::Stray { place: "AWS_SECRET_ACCESS_KEY".to_owned(), character: "a newline at its end".to_owned() }),
        of(profile(), CredentialCause::SsoExpired),
        of(profile(), CredentialCause::SsoRoleDenied { role: Some("Dev".to_owned()), account: Some("111122223333".to_owned()) }),
        of(profile(), CredentialCause::SsoRoleDenied { role: None, account: None }),
        of(profile(), CredentialCause::Mfa { serial: "arn:aws:iam::111122223333:mfa/ana".to_owned() }),
        of(web(), CredentialCause::TokenFile {
            path: "/var/run/secrets/token".into(),
            variable: "AWS_WEB_IDENTITY_TOKEN_FILE".to_owned(),
            reason: "No such file or directory".to_owned(),
        }),
        of(web(), CredentialCause::TokenExpired { answer: answer("ExpiredTokenException", "Token expired: current date/time"), file: Some("/token (AWS_WEB_IDENTITY_TOKEN_FILE)".to_owned()) }),
        of(web(), CredentialCause::NoOidcProvider {
            answer: answer("InvalidIdentityToken", "No OpenIDConnect provider found in your account for https://oidc.example/id/ABC"),
            issuer: Some("https://oidc.example/id/ABC".to_owned()),
        }),
        of(web(), CredentialCause::TokenDenied {
            answer: answer("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"),
            claims: Some("issuer https://oidc.example/id/ABC, subject system:serviceaccount:ns:api, audience sts.amazonaws.com".to_owned()),
            role: Some(role_arn()),
        }),
        of(role(), CredentialCause::RoleDenied { answer: answer("AccessDenied", denied), role: Some(role_arn()) }),
        of(profile(), CredentialCause::RoleDenied { answer: answer("AccessDenied", denied), role: None }),
        of(role(), CredentialCause::BaseRejected { answer: answer("ExpiredToken", "The security token included in the request is expired"), opt_in: None }),
        of(role(), CredentialCause::BaseRejected { answer: answer("InvalidClientTokenId", "The security token included in the request is invalid"), opt_in: Region::parse("af-south-1").ok() }),
        of(role(), CredentialCause::Throttled { answer: answer("Throttling", "Rate exceeded") }),
        of(web(), CredentialCause::Unreachable(connection())),
        of(environment(), CredentialCause::Other { reason: "odd".to_owned(), is_transient: false }),
        of(profile(), CredentialCause::Other { reason: "odd".to_owned(), is_transient: false }),
        of(web(), CredentialCause::Other { reason: "odd".to_owned(), is_transient: false }),
        of(CredentialSource::Container, CredentialCause::Other { reason: "it answered with HTTP 500".to_owned(), is_transient: true }),
        of(CredentialSource::Instance, CredentialCause::Other { reason: "odd".to_owned(), is_transient: false }),
        of(role(), CredentialCause::Other { reason: "odd".to_owned(), is_transient: false }),
    ]
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
OF_FILE = "${FILE}"
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
    let layer = ConfigFile::parse("t.toml".as_ref(), FILE, &inherited)
        .and_then(|file| file.layer(None))
        .expect("a valid file");
    let config = Config::resolve(layer, &inherited).expect("a valid configuration");
    let mut fetched = Fetched::default();
    for (prefix, names) in [
        (
            "/org/api",
            &[
                "/org/api/1st",
                "/org/api/a",
                "/org/api/b-c",
                "/org/api/b/c",
                "/org/api/path",
            ][..],
        ),
        ("/org/none", &[]),
        ("/org/blue:live", &[]),
        ("/org/other", &["/org/other/x"]),
    ] {
        let below = names.iter().map(|name| parameter(name, "text"));
        fetched.add_below(Prefix::parse(prefix).expect("a prefix"), below.collect());
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
    environment.refuse_warnings();
    let mut problems = missing::diagnostics(&environment.missing, &context(), &[]);
    problems.extend(environment.errors().cloned());
    let references = find_references(&inherited, |_| true).expect("a reference");
    let skipped = assemble(&config, &inherited, &references, None);
    problems.extend(
        skipped
            .errors()
            .filter(|it| it.code == Code::SkippedReference)
            .cloned(),
    );
    let command = CommandSize {
        file: 1,
        arguments: vec![1, 200_000],
    };
    problems.extend(limits::check(
        &Environment::default(),
        Some(&command),
        u64::MAX,
    ));
    for (size, stack) in [(140_000, 0), (7_000_000, u64::MAX)] {
        let command = CommandSize {
            file: size,
            arguments: vec![1],
        };
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

fn complete<T>(samples: &[T], variant: impl Fn(&T) -> &'static str, all: &[&str]) {
    let sampled: BTreeSet<&str> = samples.iter().map(variant).collect();
    let missing: Vec<_> = all
        .iter()
        .filter(|name| !sampled.contains(**name))
        .collect();
    assert!(missing.is_empty(), "no sample of {missing:?}");
}

pub(super) fn all() -> Vec<Error> {
    let credentials = credential_errors();
    complete(
        &credentials,
        |error| credential_variant(&error.cause),
        CREDENTIAL,
    );
    let mut fetch = fetch_errors();
    fetch.extend(
        credentials
            .into_iter()
            .map(|error| FetchError::Credentials(Box::new(error))),
    );
    complete(&fetch, fetch_variant, FETCH);
    let mut all = vec![
        usage("x".to_owned()),
        Diagnostic::new(Code::NoCommand, "there is no command to start").into(),
    ];
    all.extend(
        fetch
            .into_iter()
            .map(|error| Error::from((error, context()))),
    );
    let problems = problems().into_iter();
    all.extend(problems.map(|problem| Error::new(vec![problem], context())));
    all
}
