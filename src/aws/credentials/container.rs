//! The agent of ECS, of EKS or another, which gives credentials over HTTP.

use super::check::{self, Spaces};
use super::{Absence, Asked, CredentialSource, Search, allowed_by, explained, failed, refused};
use crate::aws::call::Unanswered;
use crate::aws::failure::{Failure, Retry};
use crate::aws::refusal::Refusal;
use crate::aws::service_error::{Class, Service, ServiceError};
use aws_config::ecs::EcsCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use serde_json::json;
use ssm_exec_core::arn::Arn;
use ssm_exec_core::code::Code;
use ssm_exec_core::diagnostic::{Diagnostic, Help};
use std::path::Path;

const RELATIVE: &str = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
const FULL: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
const TOKEN: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
const TOKEN_FILE: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";

/// Of the EKS Pod Identity Agent (Amazon EKS User Guide, "Understand how EKS Pod Identity works").
const EKS_AGENT: [&str; 2] = ["169.254.170.23", "fd00:ec2::23"];
const AGENT_PODS: (&str, &str) = (
    "See whether the EKS Pod Identity Agent runs on this pod's node",
    "kubectl --namespace kube-system get pods --selector app.kubernetes.io/name=eks-pod-identity-agent --output wide",
);
/// What the agent of EKS does for a pod.
const OF_NODE: &str = "eks-auth:AssumeRoleForPodIdentity";
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
                unanswered => {
                    let token = self.agent_token();
                    explained(source, unanswered, |answer| meaning(source, &answer, is_eks, token))
                }
            }
        };
        let found = self.provided(source, Service::Agent, || provider(&self.for_agents), explain);
        found.await.map(Asked::Found)
    }

    /// What has the token for the agent, if there is one.
    fn agent_token(&self) -> Option<String> {
        let file = self.inherited.text(TOKEN_FILE);
        let file = file.map(|path| format!("the token in {path} ({TOKEN_FILE})"));
        file.or_else(|| self.inherited.text(TOKEN).map(|_| TOKEN.to_owned()))
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
        Diagnostic::new(Code::CredentialSourceFailed, text).help(help)
    }
}

/// What an agent's refusal means. Its role may have no permission yet, or the pod no association.
fn meaning(
    source: &CredentialSource,
    answer: &ServiceError,
    is_eks: bool,
    token: Option<String>,
) -> Failure {
    let failure = refused(source, answer);
    let code = answer.exchange.code.as_deref();
    if answer.exchange.status == 404 {
        let failure = match is_eks || code == Some("ResourceNotFoundException") {
            true => failure.helped(Help::all(&[ASSOCIATIONS])),
            false => failure,
        };
        return failure.later();
    }
    if answer.text.contains(OF_NODE) {
        return denied_to_node(failure, answer).later();
    }
    if answer.text.contains("EKS does not have permissions") {
        let statement = json!({
            "Effect": "Allow",
            "Principal": { "Service": "pods.eks.amazonaws.com" },
            "Action": ["sts:AssumeRole", "sts:TagSession"],
        });
        return allowed_by(failure, "the trust policy of the pod's role", statement).later();
    }
    let is_of_token = answer.class == Class::Expired
        || answer.exchange.status == 401
        || answer.text.to_ascii_lowercase().contains("token");
    match token {
        Some(token) if is_of_token => failure.helped(vec![
            Help::text(format!("Check {token}: it is not the one that the agent expects")),
            Help::command("In EKS, restart the pod, which renews it", "kubectl delete pod NAME"),
        ]),
        _ => failure.retried(Retry::later_if(answer.class == Class::Denied)),
    }
}

/// The agent asks with the role of the pod's node.
fn denied_to_node(failure: Failure, answer: &ServiceError) -> Failure {
    let refusal = Refusal::new(answer.clone(), Vec::new());
    let user = refusal.principal().and_then(Arn::parse);
    let role = user.as_ref().and_then(Arn::role_name).unwrap_or("ROLE");
    let partition = user.as_ref().map_or("aws", |user| &user.partition);
    let statement = json!({ "Effect": "Allow", "Action": OF_NODE, "Resource": "*" });
    let mut failure = allowed_by(
        failure,
        &format!("the policies of the role of the pod's node, {role}"),
        statement,
    );
    failure.diagnostic.help.push(Help::command(
        "Or attach AWS's policy for nodes, which has it",
        format!("aws iam attach-role-policy --role-name {role} --policy-arn arn:{partition}:iam::aws:policy/AmazonEKSWorkerNodePolicy"),
    ));
    failure
}

/// The SDK's own retries need something that sleeps, and without one there are none.
pub(super) fn provider(config: &ProviderConfig) -> EcsCredentialsProvider {
    EcsCredentialsProvider::builder().configure(config).build()
}
