//! A role that is assumed with other credentials.
// Reads the name of the host.
#![allow(clippy::disallowed_methods)]

use super::{CredentialSource, Outcome, Search, explained, failed, refused};
use crate::aws::call::Work;
use crate::aws::failure::{Failure, Scope};
use crate::aws::refusal::Refusal;
use crate::aws::service_error::{Class, Service, ServiceError};
use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_sts::Client;
use ssm_exec_core::arn::Arn;
use ssm_exec_core::code::Code;
use ssm_exec_core::diagnostic::{Diagnostic, Help};
use ssm_exec_core::shared_config::{Role, is_in_session_name};
use std::fs;

impl Search<'_> {
    /// Credentials of the role that is configured, by those that were found.
    pub(in crate::aws) async fn assume(
        &self,
        role: &Arn,
        base: CredentialSource,
        credentials: Credentials,
    ) -> Result<(CredentialSource, Credentials), Failure> {
        let source = CredentialSource::Role { arn: role.clone(), base: Box::new(base) };
        let role = Role {
            arn: &role.to_string(),
            external_id: self.aws.external_id.as_deref(),
            ..Role::default()
        };
        let credentials = self.assume_role(&source, &role, credentials).await?;
        Ok((source, credentials))
    }

    /// Credentials of a role, by others.
    pub(super) async fn assume_role(
        &self,
        source: &CredentialSource,
        role: &Role<'_>,
        credentials: Credentials,
    ) -> Outcome {
        let name = self.session_name(source, role)?;
        let sts = Client::new(&with_credentials(self.sdk, credentials));
        let attempt = || {
            let request = sts.assume_role().role_arn(role.arn);
            let external_id = role.external_id.map(str::to_owned);
            let request = request.set_external_id(external_id);
            request.role_session_name(&name).send()
        };
        let explain = |unanswered| {
            explained(source, unanswered, |answer| self.role_denied(source, role, &answer))
        };
        let work = Work::Credentials(source.clone());
        let answer = self.calls.ask(work, Service::Sts, attempt, explain);
        of_sts(source, answer.await?.credentials)
    }

    /// What it means that STS does not give a role.
    fn role_denied(
        &self,
        source: &CredentialSource,
        role: &Role<'_>,
        answer: &ServiceError,
    ) -> Failure {
        let arn = Arn::parse(role.arn);
        match answer.class {
            Class::Denied => {
                let with_external_id = self.aws.external_id.is_some();
                let refusal = Refusal::of_role(answer.clone(), arn.as_ref(), with_external_id);
                match role.mfa_serial {
                    Some(serial) if !refusal.names_policy() => {
                        self.mfa_required(source, serial, answer)
                    }
                    _ => Failure::from(refusal).of(Scope::Everything),
                }
            }
            Class::Expired | Class::Unknown | Class::Signature => {
                let base = match source {
                    CredentialSource::Role { base, .. } => base,
                    source => source,
                };
                let role = arn.map_or("its role".to_owned(), |arn| format!("the role {arn}"));
                let mut failure = self.rejected(base, answer);
                if failure.diagnostic.code != Code::RequestRejected {
                    let text =
                        format!("They are used to assume {role}; the role is not the problem");
                    failure.diagnostic.help.insert(0, Help::text(text));
                }
                failure
            }
            _ => refused_by_sts(source, answer),
        }
    }

    fn mfa_required(
        &self,
        source: &CredentialSource,
        serial: &str,
        answer: &ServiceError,
    ) -> Failure {
        let text = format!(
            "the role asks for an MFA code (mfa_serial {serial}), which ssm-exec cannot ask for"
        );
        let diagnostic = answer.diagnostic(Code::MfaRequired, text);
        let mut diagnostic = diagnostic.fill(&[("profile", self.aws.profile_name())]);
        if self.is_named() {
            let help = "Then run without `--profile`, which is stronger than variables";
            diagnostic.help.push(Help::text(help));
        }
        failed(source, diagnostic)
    }
}

/// An error of STS that has no meaning of its own.
pub(super) fn refused_by_sts(source: &CredentialSource, answer: &ServiceError) -> Failure {
    let failure = refused(source, answer);
    let help = match answer.text.as_str() {
        text if text.contains("'roleSessionName'") => {
            "Correct the session's name: AWS_ROLE_SESSION_NAME, or `role_session_name` of the profile"
        }
        text if text.contains("'externalId'") => {
            "Correct the external ID: `--external-id`, or `external_id` of the profile"
        }
        _ if answer.exchange.code.as_deref() == Some("RegionDisabledException") => {
            "Activate STS for the Region in the account settings of IAM, or use another Region"
        }
        _ => return failure,
    };
    failure.helped(vec![Help::text(help)])
}

/// No run lasts so long that they would have to be renewed.
pub(in crate::aws) fn with_credentials(sdk: &SdkConfig, credentials: Credentials) -> SdkConfig {
    let provider = SharedCredentialsProvider::new(credentials);
    sdk.to_builder().credentials_provider(provider).build()
}

/// What STS gives, which the SDK does not promise to be there.
pub(super) fn of_sts(
    source: &CredentialSource,
    given: Option<aws_sdk_sts::types::Credentials>,
) -> Outcome {
    let given = given.ok_or_else(|| {
        let text = "STS answered without credentials";
        failed(source, Diagnostic::new(Code::CredentialSourceFailed, text))
    })?;
    Ok(Credentials::new(
        given.access_key_id,
        given.secret_access_key,
        Some(given.session_token),
        None,
        "STS",
    ))
}

/// `ssm-exec-HOST`, which tells the tasks of a fleet apart.
pub(super) fn default_session() -> String {
    session_on(&fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default())
}

/// In the characters that IAM allows, and not too long for it.
fn session_on(host: &str) -> String {
    let host = host.trim().chars();
    let host: String = host.map(|c| if is_in_session_name(c) { c } else { '-' }).collect();
    match format!("ssm-exec-{host}") {
        mut name if !host.is_empty() => {
            name.truncate(64);
            name
        }
        _ => "ssm-exec".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_session_is_one_that_iam_takes() {
        for (host, name) in [
            ("api-7d9f.eu\n", "ssm-exec-api-7d9f.eu".to_owned()),
            ("caf\u{e9} 1", "ssm-exec-caf--1".to_owned()),
            ("", "ssm-exec".to_owned()),
            (&"h".repeat(64), format!("ssm-exec-{}", "h".repeat(55))),
        ] {
            assert_eq!(session_on(host), name);
        }
    }
}
