//! Builds the client: region, credentials and endpoint by the SDK's default chain, with the corners
//! of that chain taken care of.

use super::error::FetchError;
use super::transport::Transport;
use super::{Identity, credentials};
use aws_config::imds::region::ImdsRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_ssm::config::retry::RetryConfig;
use aws_sdk_ssm::config::timeout::TimeoutConfig;
use aws_sdk_ssm::error::ProvideErrorMetadata;
use aws_types::os_shim_internal::{Env, Fs};
use aws_types::sdk_ua_metadata::FrameworkMetadata;
use ssm_exec_core::config::ConfigError;
use ssm_exec_core::config::{Aws, Config, Endpoint};
use ssm_exec_core::inherited::Inherited;
use ssm_exec_core::origin::Origin;
use std::time::Duration;
use tracing::debug;

/// One step of a connection: DNS, TCP, TLS. The SDK's own default.
const CONNECT: Duration = Duration::from_millis(3_100);
/// From the request to the end of its answer. The SDK itself has no such limit.
const ANSWER: Duration = Duration::from_secs(10);

/// The SDK's client, and what its errors are told with.
pub(super) struct Client {
    pub(super) ssm: aws_sdk_ssm::Client,
    pub(super) endpoint: String,
}

impl Client {
    /// One that was configured elsewhere.
    pub(super) fn given(ssm: aws_sdk_ssm::Client) -> Self {
        Self {
            ssm,
            endpoint: "the given client".to_owned(),
        }
    }
}

/// What the SDK needs to talk to any service, as this configuration has it.
struct Session {
    shared: SdkConfig,
    region: Region,
}

/// Finds region and credentials, and connects to nothing yet but what they need.
async fn foundation(config: &Config, inherited: &Inherited<'_>) -> Result<Session, FetchError> {
    let aws = &config.aws;
    let transport = Transport::new(aws, inherited)?;
    let profile = profile(aws);
    check_profile(aws).await?;
    let region = region(aws, &transport).await.ok_or(FetchError::NoRegion)?;
    let mut shared = loader(&transport, profile.as_deref())
        .region(region.clone())
        .no_credentials()
        .load()
        .await;
    let providers = for_providers(&transport, &shared);
    shared = with_credentials(
        &shared,
        credentials::find(aws, inherited, &providers).await?,
    );
    if let Some(role) = &aws.role_arn {
        let assumed = credentials::assume(aws, &role.value, &shared).await?;
        shared = with_credentials(&shared, assumed);
    }
    debug!("region {region}");
    Ok(Session { shared, region })
}

/// A step ends a little before the run's own time limit, so that the message can say which one it was.
fn step_limit(limit: Duration, timeout: Duration) -> Duration {
    limit.min(timeout.mul_f64(0.9))
}

fn profile(aws: &Aws) -> Option<String> {
    aws.profile.as_ref().map(|given| given.value.clone())
}

/// The account that the credentials belong to, by STS, and the region.
pub(super) async fn identity(
    config: &Config,
    inherited: &Inherited<'_>,
) -> Result<Identity, FetchError> {
    let Session { shared, region } = foundation(config, inherited).await?;
    let answer = aws_sdk_sts::Client::new(&shared)
        .get_caller_identity()
        .send()
        .await;
    let answer = answer.map_err(|error| FetchError::NoCredentials {
        reason: match error.as_service_error() {
            Some(error) => format!(
                "STS refused to say whose they are ({})",
                error.code().unwrap_or("no code")
            ),
            None => {
                "STS could not be asked whose they are (`--account ID` needs no one to be asked)"
                    .to_owned()
            }
        },
    })?;
    let account = answer.account.ok_or_else(|| FetchError::NoCredentials {
        reason: "STS returned no account for them".to_owned(),
    })?;
    Ok(Identity {
        account,
        region: region.to_string(),
    })
}

/// Builds the client for SSM.
pub(super) async fn connect(
    config: &Config,
    inherited: &Inherited<'_>,
) -> Result<Client, FetchError> {
    let Session { shared, region } = foundation(config, inherited).await?;
    let aws = &config.aws;
    let mut builder = aws_sdk_ssm::config::Builder::from(&shared)
        // Ours go on until the deadline; the SDK's would give up, or wait 18 s a try.
        .retry_config(RetryConfig::disabled())
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(step_limit(CONNECT, config.timeout))
                .read_timeout(step_limit(ANSWER, config.timeout))
                .build(),
        );
    if let Some(url) = our_endpoint(aws.endpoint.as_ref()) {
        builder = builder.endpoint_url(url);
    }
    let endpoint = match &aws.endpoint {
        Some(endpoint) => endpoint.url.clone(),
        None => format!("SSM in {region}"),
    };
    Ok(Client {
        ssm: aws_sdk_ssm::Client::from_conf(builder.build()),
        endpoint,
    })
}

fn loader(transport: &Transport, profile: Option<&str>) -> ConfigLoader {
    let loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(transport.clone())
        // Set, or AWS_RETRY_MODE=legacy and AWS_MAX_ATTEMPTS=0 panic inside `load`.
        .retry_config(RetryConfig::standard())
        .framework_metadata(user_agent());
    match profile {
        Some(name) => loader.profile_name(name),
        None => loader,
    }
}

/// So that CloudTrail tells these reads from others.
fn user_agent() -> FrameworkMetadata {
    FrameworkMetadata::new(
        "ssm-exec",
        Some(std::borrow::Cow::Borrowed(env!("CARGO_PKG_VERSION"))),
    )
    .expect("name and version are made of token characters")
}

/// Flags and the file go to SSM alone; what the SDK's own variables say it reads itself.
fn our_endpoint(endpoint: Option<&Endpoint>) -> Option<&str> {
    endpoint
        .filter(|endpoint| !matches!(endpoint.origin, Origin::Variable(_)))
        .map(|endpoint| endpoint.url.as_str())
}

/// What the SDK's loader would give to the providers of its own chain.
fn for_providers(transport: &Transport, shared: &SdkConfig) -> ProviderConfig {
    let mut config = provider_config(transport)
        .with_behavior_version(Some(BehaviorVersion::latest()))
        .with_region(shared.region().cloned())
        .with_use_fips(shared.use_fips())
        .with_use_dual_stack(shared.use_dual_stack());
    if let Some(retries) = shared.retry_config() {
        config = config.with_retry_config(retries.clone());
    }
    if let Some(timeouts) = shared.timeout_config() {
        config = config.with_timeout_config(timeouts.clone());
    }
    config
}

/// No run lasts so long that they would have to be renewed.
fn with_credentials(shared: &SdkConfig, credentials: Credentials) -> SdkConfig {
    let provider = SharedCredentialsProvider::new(credentials);
    shared.to_builder().credentials_provider(provider).build()
}

fn provider_config(transport: &Transport) -> ProviderConfig {
    ProviderConfig::without_region().with_http_client(transport.clone())
}

/// Flags, variables and the file were looked at; then the profile, then the instance.
async fn region(aws: &Aws, transport: &Transport) -> Option<Region> {
    if let Some(given) = &aws.region {
        return Some(Region::new(given.value.clone()));
    }
    let config = provider_config(transport);
    let mut profile = ProfileFileRegionProvider::builder().configure(&config);
    if let Some(given) = &aws.profile {
        profile = profile.profile_name(&given.value);
    }
    RegionProviderChain::first_try(profile.build())
        .or_else(ImdsRegionProvider::builder().configure(&config).build())
        .region()
        .await
        .filter(|region| !region.as_ref().is_empty())
}

/// To the SDK an unknown profile is no error: it goes on to other credentials.
async fn check_profile(aws: &Aws) -> Result<(), ConfigError> {
    let Some(given) = &aws.profile else {
        return Ok(());
    };
    let unknown = |known: Vec<String>| ConfigError::UnknownProfile {
        origin: given.origin.clone(),
        name: given.value.clone(),
        known,
    };
    match aws_config::profile::load(&Fs::real(), &Env::real(), &Default::default(), None).await {
        Ok(set) if set.get_profile(&given.value).is_some() => Ok(()),
        Ok(set) => {
            let mut known: Vec<String> = set.profiles().map(str::to_owned).collect();
            known.sort();
            Err(unknown(known))
        }
        Err(error) => {
            let reason = format!("the profile `{}` can't be read: {error}", given.value);
            Err(ConfigError::invalid(given.origin.clone(), reason))
        }
    }
}
