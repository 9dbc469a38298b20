//! The metadata service of EC2.
// Reads what the machine calls itself.
#![allow(clippy::disallowed_methods)]

use super::{
    Absence, Asked, CONFIGURATION, CredentialSource, Search, allowed_by, explained, refused,
};
use crate::aws::call::{Calls, Unanswered, Work};
use crate::aws::failure::Failure;
use crate::aws::service_error::{Service, ServiceError};
use aws_config::imds::{self, credentials::ImdsCredentialsProvider};
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};
use serde_json::json;
use ssm_exec_core::code::Code;
use ssm_exec_core::diagnostic::{Diagnostic, Help};
use ssm_exec_core::inherited::Inherited;
use std::cell::Cell;

const ENDPOINT: &str = "AWS_EC2_METADATA_SERVICE_ENDPOINT";
const ROLES: &str = "/latest/meta-data/iam/security-credentials/";
const DISABLED: &str = "AWS_EC2_METADATA_DISABLED";
/// Files that name EC2 on its instances, and how they begin: with Nitro, and with Xen
/// (docs.aws.amazon.com/AWSEC2/latest/UserGuide/identify_ec2_instances.html).
const EC2: [(&str, &str); 2] =
    [("/sys/class/dmi/id/sys_vendor", "Amazon EC2"), ("/sys/hypervisor/uuid", "ec2")];
/// The service's responses expire after one network hop, and a container's network is another.
const HOP_LIMIT: &str =
    "aws ec2 modify-instance-metadata-options --http-put-response-hop-limit 2 --instance-id ID";

/// After so many attempts without an answer, another one does not help.
const SILENT: u32 = 3;

const ATTACH: &str =
    "aws ec2 associate-iam-instance-profile --instance-id ID --iam-instance-profile Name=NAME";

impl Search<'_> {
    pub(super) async fn instance(&self, source: &CredentialSource) -> Result<Asked, Failure> {
        if is_disabled(self.inherited) {
            let why = format!("disabled by {DISABLED}");
            return Ok(Asked::Absent(Absence::new(why)));
        }
        let service = Service::Metadata;
        let explain = explain(source, self.inherited);
        let found = self.provided(source, service, || provider(self.config), explain);
        match found.await {
            Ok(credentials) => Ok(Asked::Found(credentials)),
            Err(failure) if failure.diagnostic.code == Code::NoCredentials => {
                let Diagnostic { message, help, .. } = failure.diagnostic;
                Ok(Asked::Absent(Absence {
                    why: message,
                    hint: help.into_iter().next(),
                    retry: failure.retry,
                }))
            }
            Err(failure) => Err(failure),
        }
    }
}

/// The Region of this instance, if it is one.
///
/// # Errors
/// When the metadata service fails until the deadline.
pub(in crate::aws) async fn region(
    inherited: &Inherited<'_>,
    config: &ProviderConfig,
    calls: &Calls,
) -> Result<Option<String>, Failure> {
    if is_disabled(inherited) {
        return Ok(None);
    }
    let client = client(config);
    let attempt = || client.get("/latest/meta-data/placement/region");
    let explain = explain(&CredentialSource::Instance, inherited);
    let region = calls.ask(Work::Region, Service::Metadata, attempt, explain);
    match region.await {
        Ok(region) => Ok(Some(region.into())),
        Err(failure) if failure.is_transient() => Err(failure),
        Err(_) => Ok(None),
    }
}

/// What each attempt to ask means. On a busy instance an answer may be late, but not again and again.
fn explain<'a>(
    source: &'a CredentialSource,
    inherited: &'a Inherited<'_>,
) -> impl Fn(Unanswered) -> Failure + 'a {
    let silent = Cell::new(0);
    move |unanswered| match unanswered {
        Unanswered::Unreached(error)
            if error.is_silent && silent.replace(silent.get() + 1) + 1 < SILENT =>
        {
            error.into()
        }
        unanswered => meaning(source, inherited, unanswered),
    }
}

/// What an attempt to ask means. With the code `no-credentials` it says why nothing is there, and what to do if it was
/// meant to be.
fn meaning(
    source: &CredentialSource,
    inherited: &Inherited<'_>,
    unanswered: Unanswered,
) -> Failure {
    let absent = |why: &str, hint: Option<Help>| -> Failure {
        Diagnostic::with_help(Code::NoCredentials, why, hint).into()
    };
    match unanswered {
        // Its responses are beyond their limit of hops.
        Unanswered::Unreached(error) if error.is_silent => {
            let hint = Help::command("In a container on EC2 it needs a hop limit of 2", HOP_LIMIT);
            absent("did not answer", Some(hint))
        }
        Unanswered::Unreached(error)
            if error.is_transient && (inherited.text(ENDPOINT).is_some() || is_ec2()) =>
        {
            error.into()
        }
        Unanswered::Unreached(error) if error.is_transient => {
            absent(&error.diagnostic.message, None)
        }
        Unanswered::Error(answer) if answer.exchange.status == 404 => {
            let hint = Help::command("Give the instance a role", ATTACH);
            absent("has no role for this instance", Some(hint)).later()
        }
        Unanswered::Error(answer) if is_elsewhere(&answer) => absent("is not that of EC2", None),
        Unanswered::NotUnderstood(_, ref reason)
            if reason.contains("AssumeRoleUnauthorizedAccess") =>
        {
            let failure = explained(source, unanswered, |answer| refused(source, &answer));
            let statement = json!({
                "Effect": "Allow",
                "Principal": { "Service": "ec2.amazonaws.com" },
                "Action": "sts:AssumeRole",
            });
            allowed_by(failure, "the trust policy of the instance's role", statement).later()
        }
        unanswered => explained(source, unanswered, |answer| {
            let mut failure = refused(source, &answer);
            if answer.exchange.status == 403 {
                let message = &mut failure.diagnostic.message;
                *message = format!("IMDS is disabled on this instance: {message}");
            }
            failure
        }),
    }
}

/// Whether another cloud's metadata service answers, which has no tokens as EC2's: Azure's refuses the request, and
/// Google's the method or the header.
fn is_elsewhere(answer: &ServiceError) -> bool {
    let exchange = &answer.exchange;
    let is_google = exchange.software.as_deref() == Some("Metadata Server for VM");
    let is_azure = answer.text.contains("metadata header");
    is_google || is_azure || exchange.status == 405
}

fn is_disabled(inherited: &Inherited<'_>) -> bool {
    let disabled = inherited.text(DISABLED).unwrap_or_default();
    disabled.eq_ignore_ascii_case("true")
}

/// Without retries of its own.
fn client(config: &ProviderConfig) -> imds::Client {
    let client = imds::Client::builder().configure(config);
    client.max_attempts(1).build()
}

pub(super) fn provider(config: &ProviderConfig) -> Instance {
    Instance(config.clone())
}

/// The SDK's provider, which panics at a role's name that is no part of a URL.
#[derive(Debug)]
pub(super) struct Instance(ProviderConfig);

impl ProvideCredentials for Instance {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            let client = client(&self.0);
            let role = client.get(ROLES).await;
            let role = String::from(role.map_err(CredentialsError::provider_error)?);
            let role = role.trim_end();
            if !role.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err(CredentialsError::provider_error(format!(
                    "{CONFIGURATION}that the role has a name with a space or a control character"
                )));
            }
            let provider = ImdsCredentialsProvider::builder().configure(&self.0);
            let provider = provider.imds_client(client).profile(role).build();
            provider.provide_credentials().await
        })
    }
}

fn is_ec2() -> bool {
    let is_named =
        |(file, name)| std::fs::read_to_string(file).is_ok_and(|text| text.starts_with(name));
    EC2.into_iter().any(is_named)
}
