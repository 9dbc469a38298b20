//! The agent of ECS, of EKS or another, which gives credentials over HTTP.

use super::check::{self, Spaces};
use super::{Absence, Asked, CredentialSource, Search, explained, failed, refused};
use crate::aws::answer::{Answer, Class, Service};
use crate::aws::failure::Failure;
use aws_config::ecs::EcsCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use ssm_exec_core::code::Code;
use std::path::Path;

const RELATIVE: &str = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
const FULL: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
const TOKEN_FILE: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";

impl Search<'_> {
    pub(super) async fn container(&self, source: &CredentialSource) -> Result<Asked, Failure> {
        if [RELATIVE, FULL]
            .iter()
            .all(|name| self.inherited.text(name).is_none())
        {
            return Ok(Asked::Absent(Absence::new("not configured")));
        }
        let unreadable = Code::CredentialSourceFailed;
        check::container(self.inherited)
            .and_then(|()| match self.inherited.text(TOKEN_FILE) {
                Some(path) => {
                    check::token_file(Path::new(path), TOKEN_FILE, Spaces::Allowed, unreadable)
                }
                None => Ok(()),
            })
            .map_err(|error| failed(source, error))?;
        // The role may have no permission yet, or the pod no association.
        let is_early = |answer: &Answer| {
            answer.class == Class::Denied
                || answer.exchange.status == 404
                || answer.text.contains("AccessDeniedException")
        };
        let explain = |unanswered| {
            explained(source, unanswered, |answer| {
                let failure = refused(source, &answer);
                match is_early(&answer) {
                    true => failure.later(),
                    false => failure,
                }
            })
        };
        let found = self.provided(
            source,
            Some(Service::Agent),
            || provider(&self.for_agents),
            explain,
        );
        found.await.map(Asked::Found)
    }
}

/// The SDK's own retries need something that sleeps, and without one there are none.
pub(super) fn provider(config: &ProviderConfig) -> EcsCredentialsProvider {
    EcsCredentialsProvider::builder().configure(config).build()
}
