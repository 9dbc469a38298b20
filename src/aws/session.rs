//! Region, credentials and endpoint: the SDK's default chain, with the corners of that chain taken care of.

use super::call::{Calls, Clock, Unanswered, Work};
use super::credentials::{self, CredentialSource, Search, with_credentials};
use super::failure::{Failure, Retry};
use super::net::Transport;
use super::service_error::{Class, Service, ServiceError};
use super::shared_files::{self, SharedFiles};
use super::ssm::{is_parameter, no_region};
use crate::logging::info;
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, ConfigLoader, SdkConfig};
use aws_sdk_ssm::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_sdk_ssm::config::retry::RetryConfig;
use aws_sdk_ssm::config::timeout::TimeoutConfig;
use aws_types::sdk_ua_metadata::FrameworkMetadata;
use ssm_exec_core::aws_context::AwsContext;
use ssm_exec_core::code::Code;
use ssm_exec_core::config::{Aws, Config};
use ssm_exec_core::diagnostic::{Diagnostic, Help};
use ssm_exec_core::endpoint::Endpoint;
use ssm_exec_core::inherited::Inherited;
use ssm_exec_core::origin::Given;
use ssm_exec_core::parameter::ParameterRef;
use ssm_exec_core::plan::{BATCH, Request};
use ssm_exec_core::region::Region;
use ssm_exec_core::shared_config::{FileKind, SharedConfig};
use std::borrow::Cow;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// One step of a connection: DNS, TCP, TLS. The SDK's own default.
const CONNECT: Duration = Duration::from_millis(3_100);
/// From the request to the end of its answer.
const ANSWER: Duration = Duration::from_secs(10);
/// How long a failed run waits for STS to name the caller.
const IDENTIFY: Duration = Duration::from_secs(2);

/// What the SDK needs to talk to any service, as this run is configured.
pub(super) struct Sdk {
    shared: SdkConfig,
    pub(super) region: Region,
    pub(super) source: CredentialSource,
    endpoint: Option<Endpoint>,
    clock: Clock,
    /// Whether STS is where Parameter Store is: a test endpoint says nothing about AWS's callers.
    has_sts: bool,
}

impl Sdk {
    /// Finds region and credentials, and tells `context` what it finds. The connection that a start needs for `requests` is
    /// opened meanwhile.
    ///
    /// # Errors
    /// When there is no region or no credentials, or a setting can't be used.
    pub(super) async fn open(
        config: &Config,
        inherited: &Inherited<'_>,
        requests: &[Request],
        calls: &Calls,
        context: &mut AwsContext,
    ) -> Result<Self, Failure> {
        let files = SharedFiles::read(inherited)?;
        let aws = with_ca_bundle(&config.aws, &files);
        let aws = aws.as_ref();
        let transport = Transport::new(aws, inherited, files.endpoints(), calls.is_start())?;
        check_profile(aws, &files)?;
        let region = find_region(aws, inherited, &files, &transport, calls).await?;
        context.region = Some(region.clone());
        let clock = calls.clock();
        let shared = loader(&transport, &files.config, aws)
            .region(aws_config::Region::new(region.to_string()))
            .timeout_config(timeouts(config.timeout))
            .time_source(clock.clone())
            .no_credentials()
            .load()
            .await;
        let endpoint = endpoint(aws, &shared, &region).await;
        if let Some(endpoint) = &endpoint
            && calls.is_start()
            && !requests.is_empty()
        {
            let limit = shared.timeout_config().and_then(TimeoutConfig::connect_timeout);
            transport.connect_ahead(endpoint, limit);
        }
        let host = endpoint.map(|endpoint| endpoint.host().to_owned());
        context.endpoint.clone_from(&host);
        let search = Search {
            aws,
            inherited,
            files: &files,
            config: &provider_config(&transport).with_time_source(clock.clone()),
            sdk: &shared,
            transport: &transport,
            for_agents: ProviderConfig::empty()
                .with_http_client(transport.clone())
                .with_time_source(clock.clone()),
            region: &region,
            calls,
        };
        let (mut source, mut found) = search.find(context).await?;
        if let Some(role) = &aws.role_arn {
            (source, found) = search.assume(&role.value, source, found).await?;
            context.credentials = Some(source.to_string());
        }
        let unused = context.unused.as_ref();
        info!(
            "Region {region}, credentials from {source}{}",
            unused.map(|text| format!(", {text}")).unwrap_or_default()
        );
        let of_aws = host.is_some_and(|host| region.partition().owns(&host));
        Ok(Self {
            has_sts: of_aws || credentials::configured_url(&shared, "STS").is_some(),
            endpoint: aws.endpoint.as_ref().map(|given| given.value.clone()),
            clock,
            shared: with_credentials(&shared, found),
            region,
            source,
        })
    }

    /// The client for Parameter Store.
    pub(super) fn ssm(&self) -> aws_sdk_ssm::Client {
        let mut builder = aws_sdk_ssm::config::Builder::from(&self.shared);
        if let Some(endpoint) = &self.endpoint {
            builder = builder.endpoint_url(endpoint.to_string());
        }
        aws_sdk_ssm::Client::from_conf(builder.build())
    }

    /// Asks STS who the caller is, which needs no permission: the account, and the ARN.
    ///
    /// # Errors
    /// When STS doesn't say.
    pub(super) async fn caller(&self, calls: &Calls) -> Result<(String, Option<String>), Failure> {
        let sts = aws_sdk_sts::Client::new(&self.shared);
        let attempt = || sts.get_caller_identity().send();
        let explain = |unanswered| match unanswered {
            Unanswered::Unreached(error) => error.into(),
            Unanswered::Error(answer) => self.unnamed(&answer),
            Unanswered::NotUnderstood(answer, _) => {
                let status = answer.exchange.status;
                without_caller(&format!("HTTP {status}, and not what STS sends"))
                    .retried(Retry::SOON)
            }
            Unanswered::NotSent(reason) => without_caller(&reason),
        };
        let answer = calls.ask(Work::Caller, Service::Sts, attempt, explain).await?;
        let account = answer.account.ok_or_else(|| without_caller("it has no account"))?;
        Ok((account, answer.arn))
    }

    /// An error of STS to who the caller is.
    fn unnamed(&self, answer: &ServiceError) -> Failure {
        match answer.class {
            Class::Expired | Class::Unknown | Class::Signature => {
                credentials::rejected(answer, Some(&self.source), Some(&self.region))
            }
            _ => Failure::temporary(answer).unwrap_or_else(|| {
                let text = format!("STS does not say who the caller is ({answer})");
                answer.diagnostic(Code::CredentialSourceFailed, text).into()
            }),
        }
    }

    /// Which of these parameters exist in another version. Their values aren't decrypted.
    pub(super) async fn existing(&self, parameters: &[ParameterRef]) -> Vec<ParameterRef> {
        let mut existing = Vec::new();
        for batch in parameters.chunks(BATCH) {
            let mut names: Vec<String> =
                batch.iter().map(|parameter| parameter.subject.as_str().to_owned()).collect();
            names.sort();
            names.dedup();
            let call = self.ssm().get_parameters().set_names(Some(names)).send();
            let Ok(Ok(output)) = tokio::time::timeout(IDENTIFY, call).await else {
                return existing;
            };
            let found = output.parameters.unwrap_or_default();
            existing.extend(
                batch
                    .iter()
                    .filter(|parameter| {
                        found.iter().any(|found| {
                            let name = found.name.as_deref().unwrap_or_default();
                            is_parameter(name, found.arn.as_deref(), parameter)
                        })
                    })
                    .cloned(),
            );
        }
        existing
    }

    /// Tells `context` who the caller is, if STS says so in time.
    ///
    /// # Errors
    /// Why that remains unknown.
    pub(super) async fn identify(&self, context: &mut AwsContext) -> Result<(), String> {
        if context.principal.is_some() {
            return Ok(());
        }
        if !self.has_sts {
            return Err("the endpoint is not one of AWS's, and no STS endpoint is configured (AWS_ENDPOINT_URL_STS)".to_owned());
        }
        let deadline = Instant::now() + IDENTIFY;
        let calls = Calls::new(deadline, IDENTIFY, true, self.clock.clone());
        let caller = tokio::time::timeout_at(deadline.into(), self.caller(&calls)).await;
        let caller = caller.unwrap_or_else(|_| Err(calls.exhausted(None)));
        let (account, arn) = caller.map_err(|failure| failure.diagnostic.message)?;
        context.account = Some(account);
        context.principal = arn;
        Ok(())
    }
}

fn without_caller(reason: &str) -> Failure {
    Diagnostic::new(
        Code::InvalidResponse,
        format!("invalid response of STS to who the caller is: {reason}"),
    )
    .into()
}

/// A step ends a little before the run's own time limit, so that the message can say which one it was. The SDK itself
/// has no limit for an answer.
fn timeouts(timeout: Duration) -> TimeoutConfig {
    let limit = |limit: Duration| limit.min(timeout.mul_f64(0.9));
    let timeouts = TimeoutConfig::builder().connect_timeout(limit(CONNECT));
    timeouts.read_timeout(limit(ANSWER)).build()
}

/// The profile's bundle, where nothing else names one.
fn with_ca_bundle<'a>(aws: &'a Aws, files: &SharedFiles) -> Cow<'a, Aws> {
    let section = files.config.profile(aws.profile_name());
    match section.and_then(|section| section.get("ca_bundle")) {
        Some(setting) if aws.ca_bundle.is_none() => {
            let origin = files.origin(setting, "ca_bundle");
            let bundle = Some(Given::new(PathBuf::from(setting.value()), origin));
            Cow::Owned(Aws { ca_bundle: bundle, ..aws.clone() })
        }
        _ => Cow::Borrowed(aws),
    }
}

fn loader(transport: &Transport, files: &SharedConfig, aws: &Aws) -> ConfigLoader {
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(transport.clone())
        // Our own retries go on until the deadline; the SDK's would give up, or wait 18 s a try. Set, or
        // AWS_RETRY_MODE=legacy and AWS_MAX_ATTEMPTS=0 panic inside `load`.
        .retry_config(RetryConfig::disabled())
        // Ours holds for all services, and for the role that is assumed.
        .disable_clock_skew_correction(true)
        .profile_files(shared_files::for_sdk(files))
        .framework_metadata(user_agent("ssm-exec", env!("CARGO_PKG_VERSION")));
    if let Some(reason) = &aws.reason {
        loader = loader.framework_metadata(user_agent("reason", reason.as_str()));
    }
    if let Some(use_fips) = aws.use_fips {
        loader = loader.use_fips(use_fips);
    }
    if let Some(use_dualstack) = aws.use_dualstack {
        loader = loader.use_dual_stack(use_dualstack);
    }
    match &aws.profile {
        Some(given) => loader.profile_name(SharedConfig::sdk_name(&given.value)),
        None => loader,
    }
}

/// So that CloudTrail tells these reads from others.
fn user_agent(name: &'static str, value: &str) -> FrameworkMetadata {
    FrameworkMetadata::new(name, Some(value.to_owned()))
        .expect("name and value are made of token characters")
}

/// Where Parameter Store's requests go.
async fn endpoint(aws: &Aws, shared: &SdkConfig, region: &Region) -> Option<Endpoint> {
    if let Some(Given { value, .. }) = &aws.endpoint {
        return Some(value.clone());
    }
    let configured = credentials::configured_url(shared, "SSM");
    let url = match configured {
        Some(url) => url,
        None => {
            let parameters = Params::builder()
                .region(region.to_string())
                .use_fips(shared.use_fips().unwrap_or_default())
                .use_dual_stack(shared.use_dual_stack().unwrap_or_default())
                .build()
                .ok()?;
            let resolver = DefaultResolver::new();
            let resolved = resolver.resolve_endpoint(&parameters).await.ok()?;
            resolved.url().to_owned()
        }
    };
    Endpoint::parse(&url).ok()
}

fn provider_config(transport: &Transport) -> ProviderConfig {
    ProviderConfig::without_region().with_http_client(transport.clone())
}

/// The region that is given, else the profile's, else the instance's.
async fn find_region(
    aws: &Aws,
    inherited: &Inherited<'_>,
    files: &SharedFiles,
    transport: &Transport,
    calls: &Calls,
) -> Result<Region, Failure> {
    if let Some(given) = &aws.region {
        return Ok(given.value.clone());
    }
    let section = files.config.profile(aws.profile_name());
    if let Some(setting) = section.and_then(|section| section.get("region")) {
        let region = Region::parse(setting.value());
        return region.map_err(|error| error.at(files.origin(setting, "region")).into());
    }
    let config = provider_config(transport);
    let region = credentials::region_of_instance(inherited, &config, calls).await?;
    Region::parse(&region.ok_or_else(no_region)?).map_err(|_| no_region())
}

/// To the SDK an unknown profile is no error: it goes on to other credentials.
fn check_profile(aws: &Aws, files: &SharedFiles) -> Result<(), Diagnostic> {
    let Some(given) = &aws.profile else {
        return files.check_services("default");
    };
    if files.config.profile(&given.value).is_some() {
        return files.check_services(&given.value);
    }
    let name = &given.value;
    let known: Vec<String> = files.config.profiles().map(str::to_owned).collect();
    let message =
        format!("there is no profile `{name}` in the AWS configuration files, which have");
    if known.is_empty() && files.lacks_home() {
        let message = format!(
            "HOME is not set, and the profile `{name}` is looked for in ~/.aws/config and ~/.aws/credentials"
        );
        let help = [
            "Set HOME, or AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE",
            "In a systemd unit, set `User=`, or `Environment=HOME=/root`",
        ];
        return Err(
            Diagnostic::with_help(Code::UnknownProfile, message, help).at(given.origin.clone())
        );
    }
    let mut error = if known.is_empty() {
        let message = message + " no profiles";
        Diagnostic::new(Code::UnknownProfile, message).list(&files.unread())
    } else {
        let mut error = Diagnostic::new(Code::UnknownProfile, message).list(&known);
        error.help.extend(files.missed().map(Help::text));
        error
    };
    if files.config.lacks_the_word_profile(name) {
        let path = files.path(FileKind::Config).display();
        let text = format!("In {path}, write `[profile {name}]` in place of `[{name}]`");
        error.help.insert(0, Help::text(text));
    }
    if files.config.profile(&format!("profile {name}")).is_some() {
        let path = files.path(FileKind::Credentials).display();
        let text = format!("In {path}, write `[{name}]` in place of `[profile {name}]`");
        error.help.insert(0, Help::text(text));
    }
    Err(error.fill(&[("name", name)]).at(given.origin.clone()))
}
