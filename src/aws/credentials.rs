//! Credentials: the SDK's sources in the SDK's order, each asked by itself and before anything else, so that
//! an error names the source and its reason.

use super::credential_check::{self as check, Spaces};
use super::credential_error::{Absence, CredentialCause, CredentialError, reason};
use super::credential_process;
use super::credential_source::CredentialSource;
use super::error::{FetchError, Throttle, TransientError};
use super::retry::RetryBudget;
use super::shared_files::{self, SharedFiles};
use aws_config::SdkConfig;
use aws_config::ecs::EcsCredentialsProvider;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::imds::credentials::ImdsCredentialsProvider;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::web_identity_token::WebIdentityTokenCredentialsProvider;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ssm_exec_core::arn::Arn;
use ssm_exec_core::config::Aws;
use ssm_exec_core::inherited::Inherited;
use ssm_exec_core::origin::Origin;
use ssm_exec_core::region::Region;
use ssm_exec_core::shared_config::{Base, SharedConfig};
use std::path::Path;
use tracing::debug;

const TOKEN_FILE: &str = "AWS_WEB_IDENTITY_TOKEN_FILE";
const AGENT_TOKEN_FILE: &str = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE";

/// Credentials and where they come from.
pub(super) struct Found {
    pub(super) credentials: Credentials,
    pub(super) source: CredentialSource,
}

/// What the sources are asked with.
pub(super) struct Search<'a> {
    pub(super) aws: &'a Aws,
    pub(super) inherited: &'a Inherited<'a>,
    pub(super) files: &'a SharedFiles,
    pub(super) config: &'a ProviderConfig,
    pub(super) region: &'a Region,
    pub(super) budget: &'a RetryBudget,
}

impl Search<'_> {
    /// The first credentials that there are. A source that isn't configured is passed over, and one that
    /// fails ends the search: another one would be somebody else.
    pub(super) async fn find(&self) -> Result<Found, FetchError> {
        let mut absent = Vec::new();
        for source in self.sources() {
            debug!("asking {source} for credentials");
            match self.ask(&source).await? {
                Ok(credentials) => {
                    check::credentials(&credentials).map_err(|cause| failed(&source, cause))?;
                    return Ok(Found {
                        credentials,
                        source,
                    });
                }
                Err(absence) => absent.push((source, absence)),
            }
        }
        Err(FetchError::NoCredentials { absent })
    }

    /// In the SDK's order. As for the AWS CLI, a profile of the command line is stronger than the keys in
    /// the environment, and any other is weaker.
    fn sources(&self) -> Vec<CredentialSource> {
        let given = self.aws.profile.as_ref();
        let name = given.map_or("default", |given| given.value.as_str());
        let profile = CredentialSource::Profile(name.to_owned());
        if given.is_some_and(|given| matches!(given.origin, Origin::Flag(_))) {
            return vec![
                profile,
                CredentialSource::Container,
                CredentialSource::Instance,
            ];
        }
        let key_id = self.inherited.text("AWS_ACCESS_KEY_ID");
        vec![
            CredentialSource::environment(
                key_id,
                self.inherited.text("AWS_SESSION_TOKEN").is_some(),
                given,
            ),
            profile,
            CredentialSource::WebIdentity,
            CredentialSource::Container,
            CredentialSource::Instance,
        ]
    }

    async fn ask(
        &self,
        source: &CredentialSource,
    ) -> Result<Result<Credentials, Absence>, FetchError> {
        match source {
            CredentialSource::Environment { .. } => {
                check::environment(self.inherited).map_err(|cause| failed(source, cause))?;
                let provider = EnvironmentVariableCredentialsProvider::new();
                self.outcome(source, &provider).await
            }
            CredentialSource::Profile(name) => self.profile(source, name).await,
            CredentialSource::WebIdentity => self.web_identity(source).await,
            CredentialSource::Container => {
                check::container(self.inherited).map_err(|cause| failed(source, cause))?;
                if let Some(path) = self.inherited.text(AGENT_TOKEN_FILE) {
                    check::token_file(Path::new(path), AGENT_TOKEN_FILE, Spaces::Allowed).map_err(
                        |cause| match cause {
                            CredentialCause::TokenFile { path, reason, .. } => {
                                let path = path.display();
                                let reason =
                                    format!("{path} ({AGENT_TOKEN_FILE}) cannot be read: {reason}");
                                failed(source, other(reason))
                            }
                            cause => failed(source, cause),
                        },
                    )?;
                }
                let provider = EcsCredentialsProvider::builder().configure(self.config);
                self.outcome(source, &provider.build()).await
            }
            CredentialSource::Instance => {
                let provider = ImdsCredentialsProvider::builder().configure(self.config);
                self.outcome(source, &provider.build()).await
            }
            CredentialSource::Role { .. } => Err(FetchError::Internal(
                "a role is assumed after the search".to_owned(),
            )),
        }
    }

    /// A profile that says how to get credentials must give them; one that doesn't leaves that to others.
    async fn profile(
        &self,
        source: &CredentialSource,
        name: &str,
    ) -> Result<Result<Credentials, Absence>, FetchError> {
        let shared = &self.files.config;
        let base = shared.credential_base(name).map_err(|error| {
            let reason = format!(
                "the profile `{name}` cannot give credentials, and no other source is tried: {error}"
            );
            self.files.error(error.at(), &reason)
        })?;
        let mut with_keys = None;
        match base {
            None => {
                let reason = match shared.profile(name) {
                    Some(_) => "it has none",
                    None => "it does not exist",
                };
                return Ok(Err(Absence::Other(reason.to_owned())));
            }
            Some(Base::Process(profile, command)) => {
                debug!("running the `credential_process` of the profile `{profile}`");
                let process = credential_process::run(command.value());
                let keys = process.await.map_err(|reason| {
                    let reason = format!("its `credential_process` failed: {reason}");
                    failed(source, other(reason))
                })?;
                check::credentials(&keys).map_err(|cause| failed(source, cause))?;
                let mut config = shared.clone();
                config.set_keys(
                    profile,
                    keys.access_key_id(),
                    keys.secret_access_key(),
                    keys.session_token(),
                );
                with_keys = Some(config);
            }
            Some(Base::WebIdentity(file)) => {
                check::token_file(
                    Path::new(file),
                    "web_identity_token_file",
                    Spaces::Forbidden,
                )
                .map_err(|cause| failed(source, cause))?;
            }
            Some(Base::Login) => {
                return Err(failed(
                    source,
                    other("it has `login_session`, which ssm-exec does not support. `aws configure export-credentials` prints its credentials".to_owned()),
                ));
            }
            Some(Base::Named("Environment")) => {
                check::environment(self.inherited).map_err(|cause| failed(source, cause))?;
            }
            Some(Base::Named("EcsContainer")) => {
                check::container(self.inherited).map_err(|cause| failed(source, cause))?;
            }
            Some(_) => {}
        }
        let config = with_keys.as_ref().unwrap_or(shared);
        let provider = ProfileFileCredentialsProvider::builder()
            .profile_files(shared_files::for_sdk(config))
            .profile_name(SharedConfig::sdk_name(name))
            .configure(self.config)
            .build();
        match self.outcome(source, &provider).await? {
            Ok(credentials) => Ok(Ok(credentials)),
            Err(absence) => Err(failed(source, other(absence.to_string()))),
        }
    }

    async fn web_identity(
        &self,
        source: &CredentialSource,
    ) -> Result<Result<Credentials, Absence>, FetchError> {
        if let Some(path) = self.inherited.text(TOKEN_FILE) {
            if self.inherited.text("AWS_ROLE_ARN").is_none() {
                let (has, lacks) = (TOKEN_FILE, "AWS_ROLE_ARN");
                return Err(failed(source, CredentialCause::Half { has, lacks }));
            }
            check::web_identity(self.inherited)
                .and_then(|()| check::token_file(Path::new(path), TOKEN_FILE, Spaces::Forbidden))
                .map_err(|cause| failed(source, cause))?;
        }
        let provider = WebIdentityTokenCredentialsProvider::builder().configure(self.config);
        self.outcome(source, &provider.build()).await
    }

    /// Asks a provider, and again while it fails temporarily.
    async fn outcome(
        &self,
        source: &CredentialSource,
        provider: &impl ProvideCredentials,
    ) -> Result<Result<Credentials, Absence>, FetchError> {
        let error = match self.retried(source, provider).await? {
            Ok(credentials) => return Ok(Ok(credentials)),
            Err(error) => error,
        };
        if let CredentialsError::CredentialsNotLoaded(_) = &error
            && !is_refused(&error)
        {
            return Ok(Err(absence(source, &error)));
        }
        let cause = self.with_details(source, CredentialCause::of(&error));
        Err(failed(source, cause))
    }

    async fn retried(
        &self,
        source: &CredentialSource,
        provider: &impl ProvideCredentials,
    ) -> Result<provider::Result, FetchError> {
        let mut attempts = self.budget.credential_attempts(source);
        loop {
            let outcome = provider.provide_credentials().await;
            let error = match &outcome {
                Err(CredentialsError::CredentialsNotLoaded(_)) | Ok(_) => None,
                Err(error) => transient(CredentialCause::of(error)),
            };
            match error {
                Some(error @ TransientError::Throttled(_)) => attempts.wait_after(error).await?,
                // The SDK's client for the metadata service has retries of its own.
                Some(error) if *source != CredentialSource::Instance && attempts.is_again() => {
                    attempts.wait_after(error).await?;
                }
                _ => {
                    attempts.ended();
                    return Ok(outcome);
                }
            }
        }
    }

    /// What the profile, the token and the region say about a refusal.
    fn with_details(&self, source: &CredentialSource, cause: CredentialCause) -> CredentialCause {
        let profile = match source {
            CredentialSource::Profile(name) => self.files.config.profile(name),
            _ => None,
        };
        let setting = |key| profile.and_then(|profile| profile.value(key));
        match (cause, source) {
            (CredentialCause::RoleDenied { answer, .. }, CredentialSource::Profile(name)) => {
                match self.files.config.mfa_serial(name) {
                    Some(serial) => CredentialCause::Mfa {
                        serial: serial.to_owned(),
                    },
                    None => CredentialCause::RoleDenied {
                        answer,
                        role: setting("role_arn").and_then(Arn::parse),
                    },
                }
            }
            (CredentialCause::RoleDenied { answer, .. }, CredentialSource::Role { arn, .. }) => {
                CredentialCause::RoleDenied {
                    answer,
                    role: Some(arn.clone()),
                }
            }
            (CredentialCause::BaseRejected { answer, .. }, _) => CredentialCause::BaseRejected {
                answer,
                opt_in: self.opt_in_region(),
            },
            (CredentialCause::SsoRoleDenied { .. }, _) => CredentialCause::SsoRoleDenied {
                role: setting("sso_role_name").map(str::to_owned),
                account: setting("sso_account_id").map(str::to_owned),
            },
            (CredentialCause::TokenExpired { answer, .. }, _) => CredentialCause::TokenExpired {
                answer,
                file: self
                    .token_file(setting)
                    .map(|(path, variable)| format!("{path} ({variable})")),
            },
            (CredentialCause::TokenDenied { answer, .. }, _) => {
                let role = setting("role_arn").or_else(|| self.inherited.text("AWS_ROLE_ARN"));
                let file = self.token_file(setting);
                CredentialCause::TokenDenied {
                    answer,
                    claims: file.and_then(|(path, _)| claims(Path::new(path))),
                    role: role.and_then(Arn::parse),
                }
            }
            (cause, _) => cause,
        }
    }

    /// The file with the web identity token, and the setting that names it.
    fn token_file<'b>(
        &'b self,
        setting: impl Fn(&'static str) -> Option<&'b str>,
    ) -> Option<(&'b str, &'static str)> {
        let of_profile = "web_identity_token_file";
        setting(of_profile)
            .map(|path| (path, of_profile))
            .or_else(|| Some((self.inherited.text(TOKEN_FILE)?, TOKEN_FILE)))
    }

    /// The region, if accounts must enable it.
    fn opt_in_region(&self) -> Option<Region> {
        self.region.is_opt_in().then(|| self.region.clone())
    }

    /// Credentials of this role, by those that were found.
    pub(super) async fn assume(
        &self,
        role: &Arn,
        base: CredentialSource,
        config: &SdkConfig,
    ) -> Result<Found, FetchError> {
        let mut provider = AssumeRoleProvider::builder(role.to_string())
            .session_name("ssm-exec")
            .configure(config);
        if let Some(id) = &self.aws.external_id {
            provider = provider.external_id(id);
        }
        let source = CredentialSource::Role {
            arn: role.clone(),
            base: Box::new(base),
            with_external_id: self.aws.external_id.is_some(),
        };
        let provider = provider.build().await;
        match self.retried(&source, &provider).await? {
            Ok(credentials) => Ok(Found {
                credentials,
                source,
            }),
            Err(error) => {
                let cause = self.with_details(&source, CredentialCause::of(&error));
                Err(failed(&source, cause))
            }
        }
    }
}

fn failed(source: &CredentialSource, cause: CredentialCause) -> FetchError {
    FetchError::Credentials(Box::new(CredentialError {
        source: source.clone(),
        cause,
    }))
}

/// The failure, if another attempt may succeed.
fn transient(cause: CredentialCause) -> Option<TransientError> {
    match cause {
        CredentialCause::Throttled { answer } => {
            Some(TransientError::Throttled(Throttle::Sts(answer)))
        }
        CredentialCause::Unreachable(error) if error.is_transient => {
            Some(TransientError::Connection(error))
        }
        CredentialCause::Other {
            reason,
            is_transient: true,
        } => Some(TransientError::Network(reason)),
        _ => None,
    }
}

fn other(reason: String) -> CredentialCause {
    CredentialCause::Other {
        reason,
        is_transient: false,
    }
}

/// Whether the connection that a source needs is one that will always be refused.
fn is_refused(error: &CredentialsError) -> bool {
    match CredentialCause::of(error) {
        CredentialCause::Unreachable(error) => !error.is_transient,
        _ => false,
    }
}

/// Why a source has no credentials.
fn absence(source: &CredentialSource, error: &CredentialsError) -> Absence {
    let text = reason(error);
    let reason = match source {
        CredentialSource::Environment { .. } => {
            "without AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        }
        CredentialSource::Container if text.contains("ECS provider not configured") => {
            "not configured"
        }
        CredentialSource::WebIdentity if text.contains("AWS_WEB_IDENTITY_TOKEN_FILE") => {
            "not configured"
        }
        CredentialSource::Instance if text.contains("AWS_EC2_METADATA_DISABLED") => {
            "disabled by AWS_EC2_METADATA_DISABLED"
        }
        CredentialSource::Instance if text.contains("received 404") => "the instance has no role",
        CredentialSource::Instance if text.contains("read timeout") => return Absence::NoAnswer,
        _ => return Absence::Other(text),
    };
    Absence::Other(reason.to_owned())
}

/// Issuer, subject and audience of a token. They aren't secret: a trust policy names them.
// Reads the file that the variable names.
#[allow(clippy::disallowed_methods)]
fn claims(path: &Path) -> Option<String> {
    let token = std::fs::read_to_string(path).ok()?;
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: serde_json::Value = serde_json::from_slice(&payload).ok()?;
    let text = |name: &str| claims[name].as_str().map(str::to_owned);
    let audience = text("aud").or_else(|| claims["aud"][0].as_str().map(str::to_owned));
    Some(format!(
        "issuer {}, subject {}, audience {}",
        text("iss")?,
        text("sub")?,
        audience?
    ))
}
