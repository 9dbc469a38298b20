//! A role that is assumed with other credentials.
// Reads the name of the host.
#![allow(clippy::disallowed_methods)]

use super::{CredentialSource, Outcome, Search, explained, failed, refused};
use crate::aws::answer::{Answer, Class, Service};
use crate::aws::call::Work;
use crate::aws::failure::{Failure, Scope};
use crate::aws::refusal::Refusal;
use aws_config::SdkConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_credential_types::provider::ProvideCredentials;
use ssm_exec_core::arn::Arn;
use ssm_exec_core::diagnostic::Help;
use std::fs;

impl Search<'_> {
    /// Credentials of this role, by those that were found.
    pub(in crate::aws) async fn assume(
        &self,
        role: &Arn,
        base: CredentialSource,
        config: &SdkConfig,
    ) -> (CredentialSource, Outcome) {
        let source = CredentialSource::Role {
            arn: role.clone(),
            base: Box::new(base),
            with_external_id: self.aws.external_id.is_some(),
        };
        let name = match self.session_name() {
            Ok(name) => name,
            Err(error) => {
                let failure = failed(&source, error);
                return (source, Err(failure));
            }
        };
        let mut provider = AssumeRoleProvider::builder(role.to_string())
            .session_name(name)
            .configure(config);
        if let Some(id) = &self.aws.external_id {
            provider = provider.external_id(id);
        }
        let provider = provider.build().await;
        let explain = |unanswered| {
            explained(&source, unanswered, |answer| {
                self.role_denied(&source, Some(role), answer)
            })
        };
        let work = Work::Credentials(source.clone());
        let attempt = || provider.provide_credentials();
        let outcome = self
            .calls
            .ask(work, Some(Service::Sts), attempt, explain)
            .await;
        (source, outcome)
    }

    /// What it means that STS does not give a role.
    pub(super) fn role_denied(
        &self,
        source: &CredentialSource,
        role: Option<&Arn>,
        answer: Answer,
    ) -> Failure {
        match answer.class {
            Class::Denied => {
                let with_external_id = self.aws.external_id.is_some();
                Failure::from(Refusal::of_role(answer, role, with_external_id))
                    .of(Scope::Everything)
            }
            Class::Expired | Class::Unknown | Class::Signature => {
                let (base, role) = match source {
                    CredentialSource::Role { base, arn, .. } => {
                        (&**base, format!("the role {arn}"))
                    }
                    source => (source, "its role".to_owned()),
                };
                let mut failure = self.rejected(base, &answer);
                let text = format!("They are used to assume {role}; the role is not the problem");
                failure.diagnostic.help.insert(0, Help::text(text));
                failure
            }
            _ if answer.exchange.code.as_deref() == Some("RegionDisabledException") => {
                let activate =
                    format!("Activate STS for {} in IAM's account settings", self.region);
                refused(source, &answer).helped(vec![
                    Help::text(activate),
                    Help::command(
                        "Or use another Region's",
                        "export AWS_ENDPOINT_URL_STS=https://sts.us-east-1.amazonaws.com",
                    ),
                ])
            }
            _ => refused(source, &answer),
        }
    }
}

/// `ssm-exec-HOST`, which tells the tasks of a fleet apart.
pub(super) fn default_session() -> String {
    session_on(&fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default())
}

/// In the characters that IAM allows, and not too long for it.
fn session_on(host: &str) -> String {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    let host = host.trim().chars();
    let host: String = host.map(|c| if is_allowed(c) { c } else { '-' }).collect();
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
