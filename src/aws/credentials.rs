//! Credentials: the SDK's chain, asked source by source and before anything else, so that each can say
//! in its own name why it has none.

use super::classify::{chain, connection_error};
use super::credential_source::CredentialSource as Source;
use super::error::FetchError;
use aws_config::SdkConfig;
use aws_config::ecs::EcsCredentialsProvider;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::imds::client::error::ImdsError;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::web_identity_token::WebIdentityTokenCredentialsProvider;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials};
use aws_sdk_ssm::config::http::HttpResponse;
use aws_sdk_ssm::error::{ConnectorError, ProvideErrorMetadata, SdkError};
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_sdk_sts::operation::assume_role_with_web_identity::AssumeRoleWithWebIdentityError;
use ssm_exec_core::config::Aws;
use ssm_exec_core::inherited::Inherited;
use ssm_exec_core::origin::Origin;
use std::error::Error;
use tracing::debug;

/// The first credentials that there are. A source that isn't set up is passed over, and one that
/// fails ends the search.
pub(super) async fn find(
    aws: &Aws,
    inherited: &Inherited<'_>,
    config: &ProviderConfig,
) -> Result<Credentials, FetchError> {
    let mut looked_at = Vec::new();
    for source in sources(aws) {
        debug!("asking {source} for credentials");
        match ask(&source, config).await {
            Ok(credentials) => return Ok(credentials),
            Err(error @ CredentialsError::CredentialsNotLoaded(_)) if !is_refused(&error) => {
                let absence = absence(&source, inherited, &error);
                looked_at.push(format!("{source} ({absence})"));
            }
            Err(error) => return Err(failure(aws, source, &error)),
        }
    }
    Err(FetchError::NoCredentials {
        reason: format!("looked at {}", looked_at.join(", ")),
    })
}

/// Credentials of this role, by those that are configured.
pub(super) async fn assume(
    aws: &Aws,
    role: &str,
    config: &SdkConfig,
) -> Result<Credentials, FetchError> {
    let mut provider = AssumeRoleProvider::builder(role)
        .session_name("ssm-exec")
        .configure(config);
    if let Some(id) = &aws.external_id {
        provider = provider.external_id(id);
    }
    let answer = provider.build().await.provide_credentials().await;
    answer.map_err(|error| failure(aws, Source::Role(role.to_owned()), &error))
}

/// In the SDK's order. An explicit profile is meant, whatever else there is: so does the AWS CLI take
/// it.
fn sources(aws: &Aws) -> Vec<Source> {
    let given = aws.profile.as_ref();
    let name = given.map_or("default", |given| given.value.as_str());
    let profile = Source::Profile(name.to_owned());
    if given.is_some_and(|given| matches!(given.origin, Origin::Flag(_))) {
        return vec![profile];
    }
    vec![
        Source::Environment,
        profile,
        Source::WebIdentity,
        Source::Container,
        Source::Instance,
    ]
}

async fn ask(source: &Source, config: &ProviderConfig) -> provider::Result {
    match source {
        Source::Environment => {
            let provider = EnvironmentVariableCredentialsProvider::new();
            provider.provide_credentials().await
        }
        Source::Profile(name) => {
            let builder = ProfileFileCredentialsProvider::builder().profile_name(name);
            builder
                .configure(config)
                .build()
                .provide_credentials()
                .await
        }
        Source::WebIdentity => {
            let builder = WebIdentityTokenCredentialsProvider::builder();
            builder
                .configure(config)
                .build()
                .provide_credentials()
                .await
        }
        Source::Container => {
            let builder = EcsCredentialsProvider::builder();
            builder
                .configure(config)
                .build()
                .provide_credentials()
                .await
        }
        Source::Instance => {
            let builder = ImdsCredentialsProvider::builder();
            builder
                .configure(config)
                .build()
                .provide_credentials()
                .await
        }
        Source::Role(_) => unreachable!("a role is assumed with what the others give"),
    }
}

/// Whether the connection that a source needs is one that will always be refused.
fn is_refused(error: &CredentialsError) -> bool {
    connection_error(error).is_some_and(|error| !error.cause.is_transient())
}

/// Why a source was passed over.
fn absence(source: &Source, inherited: &Inherited<'_>, error: &CredentialsError) -> String {
    let text = reason(error);
    match source {
        Source::Environment => {
            let mut keys = vec!["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
            keys.retain(|key| inherited.text(key).is_none_or(|key| key.trim().is_empty()));
            format!("without {}", keys.join(" and "))
        }
        Source::Instance if text.contains("received 404") => "the instance has no role".to_owned(),
        // Its packets have too few hops to live when a container's network is one of them.
        Source::Instance if text.contains("read timeout") => "it sends no token: a container on EC2 needs a hop limit of 2, `aws ec2 modify-instance-metadata-options --http-put-response-hop-limit 2 --instance-id ID`".to_owned(),
        _ => text,
    }
}

fn failure(aws: &Aws, source: Source, error: &CredentialsError) -> FetchError {
    if let Some(error) = connection_error(error) {
        let error = Box::new(error);
        return FetchError::SourceUnreachable { source, error };
    }
    let reason = reason(error);
    if is_sso_session(&reason) {
        return FetchError::SsoExpired {
            profile: aws.profile.as_ref().map(|given| given.value.clone()),
        };
    }
    FetchError::SourceFailed {
        source,
        reason,
        may_pass: may_pass(error),
    }
}

/// Whether the source was out of reach, or failed by itself: what an agent does that starts later.
fn may_pass(error: &CredentialsError) -> bool {
    let mut here: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = here {
        let status = of_sdk::<AssumeRoleError>(error)
            .or_else(|| of_sdk::<AssumeRoleWithWebIdentityError>(error))
            .or_else(|| match error.downcast_ref::<ImdsError>()? {
                ImdsError::ErrorResponse(answer) => Some(answer.response().status().as_u16()),
                _ => None,
            });
        let unreached = error
            .downcast_ref::<ConnectorError>()
            .is_some_and(|error| error.is_io() || error.is_timeout());
        if unreached || status.is_some_and(|status| status == 429 || status >= 500) {
            return true;
        }
        // The agent's status has no type.
        if error.to_string().contains("StatusCode(5") {
            return true;
        }
        here = error.source();
    }
    false
}

/// The status of a service's answer.
fn of_sdk<E: Error + 'static>(error: &(dyn Error + 'static)) -> Option<u16> {
    let response = error
        .downcast_ref::<SdkError<E, HttpResponse>>()?
        .raw_response()?;
    Some(response.status().as_u16())
}

/// The SSO provider's errors are private types.
fn is_sso_session(text: &str) -> bool {
    text.contains("SSO token has expired")
        || text.contains("cached SSO token")
        || text.contains("Session token not found or invalid")
        || (text.contains("failed to read") && text.contains("/sso/cache/"))
}

/// What a provider says in one line, without the SDK's words around it, and without an answer's body.
fn reason(error: &CredentialsError) -> String {
    let mut source = error.source();
    // A profile's provider wraps those of its parts.
    while let Some(error) = source.and_then(|error| error.downcast_ref::<CredentialsError>()) {
        source = error.source();
    }
    let mut here = source;
    while let Some(error) = here {
        if let Some(text) = of_sts::<AssumeRoleError>(error)
            .or_else(|| of_sts::<AssumeRoleWithWebIdentityError>(error))
            .or_else(|| of_metadata(error))
        {
            return text;
        }
        here = error.source();
    }
    let text = source.map_or("nothing there".to_owned(), chain);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What STS answered, if that is what went wrong.
fn of_sts<E>(error: &(dyn Error + 'static)) -> Option<String>
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let response = match error.downcast_ref::<SdkError<E, HttpResponse>>()? {
        SdkError::ServiceError(service) => match (service.err().code(), service.err().message()) {
            (Some(code), text) => {
                return Some(format!("STS says {code}: {}", text.unwrap_or("no more")));
            }
            (None, _) => service.raw(),
        },
        SdkError::ResponseError(response) => response.raw(),
        unreached => {
            return Some(format!(
                "STS can't be reached, check its endpoint, the route (VPC endpoint, NAT) and the proxy variables ({})",
                chain(unreached)
            ));
        }
    };
    Some(format!("STS answered with HTTP {}", response.status()))
}

/// The SDK's own words would quote the body.
fn of_metadata(error: &(dyn Error + 'static)) -> Option<String> {
    match error.downcast_ref::<ImdsError>()? {
        ImdsError::ErrorResponse(answer) => Some(format!(
            "it answered with HTTP {}",
            answer.response().status()
        )),
        _ => None,
    }
}
