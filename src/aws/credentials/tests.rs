//! What the errors of the sources mean.

use super::*;
use crate::aws::refusal::Refusal;
use crate::aws::service_error::Service;
use crate::aws::tests::{ROLE, answer};
use ssm_exec_core::arn::Arn;
use ssm_exec_core::origin::Given;

pub(in crate::aws) fn environment() -> CredentialSource {
    CredentialSource::environment(Some("ASIAEXAMPLE"), true, None)
}

/// Keys that hide a profile.
pub(in crate::aws) fn hiding() -> CredentialSource {
    let profile = Given::new("dev".to_owned(), Origin::Variable("AWS_PROFILE"));
    CredentialSource::environment(Some("ASIAEXAMPLE"), true, Some(&profile))
}

pub(in crate::aws) fn profile() -> CredentialSource {
    CredentialSource::Profile {
        name: "ci".to_owned(),
        renewal: Renewal::Other,
        place: "/home/ana/.aws/config, line 2".to_owned(),
    }
}

/// One failure of each kind.
pub(in crate::aws) fn credential_samples() -> Vec<Failure> {
    let role = Arn::parse("arn:aws:iam::444455556666:role/reader").expect("an ARN");
    let broken = |text: &str| Diagnostic::new(Code::CredentialSourceFailed, text);
    let sts = |code: &str, text: &str| answer(Service::Sts, code, text);
    let token = |code: &str, text: &str| {
        let file = ("/token", "AWS_WEB_IDENTITY_TOKEN_FILE");
        web_identity::meaning(
            &CredentialSource::WebIdentity,
            &sts(code, text),
            file,
            &role.to_string(),
        )
    };
    let assume = |end: &str| {
        let text = format!(
            "User: {ROLE} is not authorized to perform: sts:AssumeRole on resource: {role}{end}"
        );
        Failure::from(Refusal::of_role(sts("AccessDenied", &text), Some(&role), false))
    };
    vec![
        no_credentials(
            &[
                (environment(), Absence::new("without AWS_ACCESS_KEY_ID")),
                (CredentialSource::Instance, Absence::new("has no role for this instance")),
            ],
            None,
            false,
        ),
        failed(&environment(), check::half("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")),
        failed(&CredentialSource::WebIdentity, broken("odd")),
        failed(&CredentialSource::Container, broken("odd")),
        failed(&CredentialSource::Instance, broken("odd")),
        failed(&profile(), broken("odd")),
        refused(
            &CredentialSource::Container,
            &answer(Service::Agent, "AccessDeniedException", "no"),
        ),
        token("ExpiredTokenException", "Token expired: current date/time"),
        token(
            "InvalidIdentityToken",
            "No OpenIDConnect provider found in your account for https://issuer.",
        ),
        token("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"),
        assume(""),
        assume(" because no identity-based policy allows the sts:AssumeRole action"),
        assume(" because no resource-based policy allows the sts:AssumeRole action"),
        explained(&profile(), Unanswered::Error(sts("Throttling", "Rate exceeded")), |answer| {
            refused(&profile(), &answer)
        }),
        explained(
            &CredentialSource::Container,
            Unanswered::Error(answer(Service::Agent, "InternalFailure", "busy")),
            |answer| refused(&CredentialSource::Container, &answer),
        ),
    ]
}
