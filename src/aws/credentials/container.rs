//! The agent of ECS, of EKS or another, which gives credentials over HTTP.

use super::check::{self, Spaces};
use super::{Absence, Asked, CredentialSource, Search, explained, failed, refused};
use crate::aws::call::Unanswered;
use crate::aws::failure::Failure;
use crate::aws::service_error::{Class, Service, ServiceError};
use aws_config::ecs::EcsCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use serde_json::json;
use ssm_exec_core::code::Code;
use ssm_exec_core::diagnostic::{Diagnostic, Help, Statement};
use std::path::Path;

const RELATIVE: &str = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
const FULL: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
const TOKEN_FILE: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";

/// Of the EKS Pod Identity Agent (Amazon EKS User Guide, "Understand how EKS Pod Identity works").
const EKS_AGENT: [&str; 2] = ["169.254.170.23", "fd00:ec2::23"];
const AGENT_PODS: (&str, &str) = (
    "See whether the EKS Pod Identity Agent runs on this pod's node",
    "kubectl --namespace kube-system get pods --selector app.kubernetes.io/name=eks-pod-identity-agent --output wide",
);
const ASSOCIATIONS: (&str, &str) = (
    "See whether the pod's service account has an association",
    "aws eks list-pod-identity-associations --cluster-name CLUSTER",
);

impl Search<'_> {
    pub(super) async fn container(&self, source: &CredentialSource) -> Result<Asked, Failure> {
        if [RELATIVE, FULL].iter().all(|name| self.inherited.text(name).is_none()) {
            return Ok(Asked::Absent(Absence::new("not configured")));
        }
        let unreadable = Code::CredentialSourceFailed;
        check::container(self.inherited)
            .and_then(|()| match self.inherited.text(TOKEN_FILE) {
                Some(path) => {
                    check::token_file(Path::new(path), TOKEN_FILE, Spaces::Allowed, unreadable)
                        .map(drop)
                }
                None => Ok(()),
            })
            .map_err(|error| failed(source, error))?;
        let url = self.inherited.text(FULL).unwrap_or_default();
        let is_eks = EKS_AGENT.iter().any(|address| url.contains(address));
        let explain = |mut unanswered| {
            if let (Unanswered::Unreached(error), true) = (&mut unanswered, is_eks) {
                error.diagnostic.help = Help::all(&[AGENT_PODS]);
            }
            match unanswered {
                Unanswered::NotSent(_) => failed(source, self.no_agent()),
                unanswered => explained(source, unanswered, |answer| meaning(source, &answer)),
            }
        };
        let found = self.provided(source, Service::Agent, || provider(&self.for_agents), explain);
        found.await.map(Asked::Found)
    }

    /// The SDK asks no agent of another machine without TLS.
    fn no_agent(&self) -> Diagnostic {
        let (name, url, help) = match self.inherited.text(RELATIVE) {
            Some(path) => (RELATIVE, path, "Write a path, which begins with a slash"),
            None => (
                FULL,
                self.inherited.text(FULL).unwrap_or_default(),
                "Use https, or http to a loopback address, 169.254.170.2 or 169.254.170.23",
            ),
        };
        let text = format!("{name}: `{url}` leads to no agent of this machine");
        Diagnostic::with_help(Code::CredentialSourceFailed, text, [help])
    }
}

/// What an agent's refusal means. Its role may have no permission yet, or the pod no association.
fn meaning(source: &CredentialSource, answer: &ServiceError) -> Failure {
    let failure = refused(source, answer);
    if answer.exchange.status == 404 {
        return failure.helped(Help::all(&[ASSOCIATIONS])).later();
    }
    if answer.class != Class::Denied {
        return failure;
    }
    if !answer.text.contains("EKS does not have permissions") {
        return failure.later();
    }
    let statement = json!({
        "Effect": "Allow",
        "Principal": { "Service": "pods.eks.amazonaws.com" },
        "Action": ["sts:AssumeRole", "sts:TagSession"],
    });
    let belongs_to = "the trust policy of the pod's role".to_owned();
    let help = Help::command(format!("Add this to {belongs_to}"), statement.to_string());
    let mut failure = failure.helped(vec![help]);
    failure.diagnostic.subject.statements = vec![Statement { belongs_to, statement }];
    failure.later()
}

/// The SDK's own retries need something that sleeps, and without one there are none.
pub(super) fn provider(config: &ProviderConfig) -> EcsCredentialsProvider {
    EcsCredentialsProvider::builder().configure(config).build()
}
