//! Credentials: the SDK's sources in the SDK's order, each asked by itself and before anything else, so that
//! an error names the source and its reason.

mod check;
mod container;
mod instance;
mod login;
mod process;
mod profile;
mod renewal;
mod request;
mod role;
mod source;
mod sso;
mod token_file;
mod web_identity;

pub(in crate::aws) use instance::region as region_of_instance;
pub(in crate::aws) use request::configured_url;
pub(in crate::aws) use role::with_credentials;
pub(super) use source::CredentialSource;
use source::Renewal;

use super::call::{Calls, Unanswered, Work};
use super::failure::{Failure, Retry};
use super::net::Transport;
use super::service_error::{Class, Service, ServiceError};
use super::shared_files::SharedFiles;
use crate::logging::debug;
use aws_config::SdkConfig;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError;
use check::SESSION_TOKENS;
use serde_json::Value;
use source::TokenFault;
use ssm_exec_core::aws_context::AwsContext;
use ssm_exec_core::code::Code;
use ssm_exec_core::config::Aws;
use ssm_exec_core::diagnostic::{Diagnostic, Help, Statement};
use ssm_exec_core::inherited::Inherited;
use ssm_exec_core::origin::Origin;
use ssm_exec_core::region::Region;
use ssm_exec_core::shared_config::Role;

const KEEP: &str = "sudo --preserve-env=AWS_PROFILE,AWS_REGION,AWS_CONTAINER_CREDENTIALS_RELATIVE_URI,AWS_CONTAINER_CREDENTIALS_FULL_URI ssm-exec …";

/// What credentials are made of, where no setting names them.
const PARTS: [&str; 3] = ["the access key ID", "the secret access key", "the session token"];

/// What the sources are asked with.
pub(super) struct Search<'a> {
    pub(super) aws: &'a Aws,
    pub(super) inherited: &'a Inherited<'a>,
    pub(super) files: &'a SharedFiles,
    pub(super) config: &'a ProviderConfig,
    pub(super) for_agents: ProviderConfig,
    /// What the SDK's clients are configured with.
    pub(super) sdk: &'a SdkConfig,
    pub(super) transport: &'a Transport,
    pub(super) region: &'a Region,
    pub(super) calls: &'a Calls,
}

/// What a source has.
enum Asked {
    Found(Credentials),
    Absent(Absence),
}

/// A source that is not configured.
struct Absence {
    why: String,
    /// What to do if it was meant to be.
    hint: Option<Help>,
    retry: Retry,
}

impl Absence {
    fn new(why: impl Into<String>) -> Self {
        Self { why: why.into(), hint: None, retry: Retry::No }
    }
}

/// A source that was asked, and what it gave.
type Outcome = Result<Credentials, Failure>;

impl Search<'_> {
    /// The first credentials that there are. A source that isn't configured is passed over, and one that
    /// fails ends the search: another one would be somebody else. `context` has the one that is asked.
    pub(super) async fn find(
        &self,
        context: &mut AwsContext,
    ) -> Result<(CredentialSource, Credentials), Failure> {
        let mut absent = Vec::new();
        for source in self.sources() {
            debug!("asking {source} for credentials");
            // Before it answers: it may not until the deadline.
            (context.credentials, context.unused) = (Some(source.to_string()), source.unused());
            let credentials = match self.ask(&source).await? {
                Asked::Found(credentials) => credentials,
                Asked::Absent(absence) => {
                    (context.credentials, context.unused) = (None, None);
                    absent.push((source, absence));
                    continue;
                }
            };
            check::credentials(&credentials, PARTS).map_err(|error| failed(&source, error))?;
            return Ok((source, credentials));
        }
        let under_sudo = self.inherited.text("SUDO_COMMAND").is_some();
        Err(no_credentials(&absent, self.files.missed(), under_sudo))
    }

    /// In the AWS CLI's order. A profile of the command line is stronger than all variables. Any other is weaker than
    /// keys, and than a web identity, unless it assumes a role.
    fn sources(&self) -> Vec<CredentialSource> {
        let given = self.aws.profile.as_ref();
        let name = self.aws.profile_name();
        let profile = CredentialSource::Profile {
            name: name.to_owned(),
            renewal: self.renewal(name),
            place: self.files.place(self.files.config.first_of_credentials(name)),
        };
        let mut sources = if self.is_named() {
            vec![profile]
        } else {
            let token = SESSION_TOKENS.iter().find_map(|name| self.inherited.text(name));
            let key_id = self.inherited.text("AWS_ACCESS_KEY_ID");
            let environment = CredentialSource::environment(key_id, token.is_some(), given);
            match self.files.config.assumes_role(name) {
                true => vec![environment, profile, CredentialSource::WebIdentity],
                false => vec![environment, CredentialSource::WebIdentity, profile],
            }
        };
        sources.extend([CredentialSource::Container, CredentialSource::Instance]);
        sources
    }

    /// Whether the command line names it.
    fn is_named(&self) -> bool {
        let given = self.aws.profile.as_ref();
        given.is_some_and(|given| matches!(given.origin, Origin::Flag(_)))
    }

    /// A setting of the profile that was chosen.
    fn profile_setting(&self, key: &str) -> Option<&str> {
        let profile = self.files.config.profile(self.aws.profile_name());
        profile.and_then(|profile| profile.value(key))
    }

    /// By which CloudTrail knows what a role does.
    fn session_name(&self, source: &CredentialSource, role: &Role<'_>) -> Result<String, Failure> {
        check::web_identity(self.inherited).map_err(|error| failed(source, error))?;
        let named = role
            .session_name
            .or_else(|| self.inherited.text("AWS_ROLE_SESSION_NAME"))
            .or_else(|| self.profile_setting("role_session_name"));
        Ok(named.map_or_else(role::default_session, str::to_owned))
    }

    async fn ask(&self, source: &CredentialSource) -> Result<Asked, Failure> {
        match source {
            CredentialSource::Environment { .. } => self.environment(source),
            CredentialSource::Profile { name, .. } => self.profile(source, name).await,
            CredentialSource::WebIdentity => self.web_identity(source).await,
            CredentialSource::Container => self.container(source).await,
            CredentialSource::Instance => self.instance(source).await,
            CredentialSource::Role { .. } => {
                Err(super::failure::internal("a role is assumed after the search"))
            }
        }
    }

    fn environment(&self, source: &CredentialSource) -> Result<Asked, Failure> {
        check::environment(self.inherited).map_err(|error| failed(source, error))?;
        let text = |name| self.inherited.text(name).map(str::to_owned);
        let keys = text("AWS_ACCESS_KEY_ID").zip(text("AWS_SECRET_ACCESS_KEY"));
        Ok(match keys {
            Some((id, secret)) => {
                let token = SESSION_TOKENS.iter().find_map(|name| text(name));
                Asked::Found(Credentials::new(id, secret, token, None, "environment"))
            }
            None => {
                Asked::Absent(Absence::new("without AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"))
            }
        })
    }

    /// Asks a provider of the SDK, a new one for each attempt: they keep what failed.
    async fn provided<P: ProvideCredentials>(
        &self,
        source: &CredentialSource,
        service: Service,
        provider: impl Fn() -> P,
        explain: impl Fn(Unanswered) -> Failure,
    ) -> Outcome {
        let work = Work::Credentials(source.clone());
        let attempt = || {
            let provider = provider();
            async move { provider.provide_credentials().await }
        };
        self.calls.ask::<_, CredentialsError, _>(work, service, attempt, explain).await
    }

    /// The region, and what it says about a refusal.
    fn rejected(&self, source: &CredentialSource, answer: &ServiceError) -> Failure {
        rejected(answer, Some(source), Some(self.region))
    }
}

/// A source that gives no credentials, for this reason.
fn failed(source: &CredentialSource, mut diagnostic: Diagnostic) -> Failure {
    let message = diagnostic.message.trim_end_matches('.');
    let whom = match source.to_string() {
        named if message.contains(&named) => "it".to_owned(),
        unnamed => unnamed,
    };
    diagnostic.message = format!("{message}; no AWS credentials from {whom}");
    if diagnostic.help.is_empty() {
        diagnostic.help.push(source.check());
    }
    diagnostic.into()
}

/// What an attempt to ask a source means, except for the errors that are the source's own.
fn explained(
    source: &CredentialSource,
    unanswered: Unanswered,
    meaning: impl FnOnce(ServiceError) -> Failure,
) -> Failure {
    let broken = |text: String| failed(source, Diagnostic::new(Code::CredentialSourceFailed, text));
    match unanswered {
        Unanswered::Unreached(error) if error.is_transient => error.into(),
        Unanswered::Unreached(error) => failed(source, error.diagnostic),
        Unanswered::Error(answer) if answer.is_anonymous() => {
            let failure = Failure::foreign(&answer);
            match failure.is_transient() {
                true => failure,
                false => failed(source, failure.diagnostic),
            }
        }
        Unanswered::Error(answer) => match Failure::temporary(&answer) {
            Some(mut failure) => {
                if failure.diagnostic.help.is_empty() {
                    failure.diagnostic.help.push(source.check());
                }
                failure
            }
            None => meaning(answer),
        },
        Unanswered::NotUnderstood(answer, _) if answer.is_anonymous() => {
            let text = format!("invalid response: {}", answer.unexpected());
            let mut diagnostic = Diagnostic::new(Code::InvalidResponse, text);
            diagnostic.subject.host = Some(answer.exchange.server);
            let help = Help::all(Code::ForeignResponse.help());
            Failure::from(diagnostic).retried(Retry::SOON).helped(help)
        }
        Unanswered::NotUnderstood(answer, reason) => {
            let ServiceError { service, exchange, .. } = answer;
            broken(match said(&reason) {
                Some(text) => format!("{service} says {text}"),
                None => format!(
                    "{service} answered with HTTP {}, and not with credentials",
                    exchange.status
                ),
            })
        }
        Unanswered::NotSent(reason) => broken(reason),
    }
}

/// An error that a source answered with, and that has no meaning of its own.
fn refused(source: &CredentialSource, answer: &ServiceError) -> Failure {
    let service = answer.service;
    let text = match answer.exchange.code {
        Some(_) => format!("{service} says {answer} (HTTP {})", answer.exchange.status),
        None => format!("{service} answered {answer}"),
    };
    failed(source, answer.diagnostic(Code::CredentialSourceFailed, text))
}

/// With the statement that would allow it, and the policy that it belongs to.
fn allowed_by(failure: Failure, belongs_to: &str, statement: Value) -> Failure {
    let help = Help::command(format!("Add this to {belongs_to}"), statement.to_string());
    let mut failure = failure.helped(vec![help]);
    let belongs_to = belongs_to.to_owned();
    failure.diagnostic.subject.statements = vec![Statement { belongs_to, statement }];
    failure
}

/// Before a text of the metadata service, as the SDK has it.
const CONFIGURATION: &str = "Incorrect IMDS/IAM configuration: ";

/// The error in an answer that the SDK took for one: `failed to load credentials [Code]: text`, or without the signs.
fn said(reason: &str) -> Option<String> {
    let starts =
        ["failed to load credentials ", "Error retrieving credentials from IMDS: ", CONFIGURATION];
    let (_, said) = starts.iter().find_map(|start| reason.split_once(start))?;
    let said = said.split(" Hint: ").next()?;
    Some(match said.split_once(' ') {
        Some((code, text)) if code.starts_with(|c: char| c == '[' || c.is_ascii_uppercase()) => {
            format!("{}: {text}", code.trim_matches(['[', ']', ':']))
        }
        _ => said.to_owned(),
    })
}

/// No source has any.
fn no_credentials(
    absent: &[(CredentialSource, Absence)],
    missed: Option<String>,
    under_sudo: bool,
) -> Failure {
    // Of a container on EC2 only this matters, whatever else has none.
    let hint = absent
        .iter()
        .find_map(|(source, absence)| Some((source, &absence.why, absence.hint.as_ref()?)));
    let mut diagnostic = match hint {
        Some((source, why, _)) => Diagnostic::new(
            Code::NoCredentials,
            format!("no AWS credentials: {source} {why}, and no other source is configured"),
        ),
        None => {
            let looked_at =
                absent.iter().map(|(source, absence)| format!("{source} ({})", absence.why));
            let looked_at: Vec<String> = looked_at.collect();
            let missed = missed.map(|missed| format!("{missed}, and "));
            let text =
                format!("no AWS credentials: {}no source has any", missed.unwrap_or_default());
            Diagnostic::new(Code::NoCredentials, text).list(&looked_at)
        }
    };
    let sudo =
        under_sudo.then(|| Help::command("sudo has removed AWS's variables: keep them", KEEP));
    let first = hint.map(|(_, _, hint)| hint.clone()).into_iter().chain(sudo);
    diagnostic.help.splice(0..0, first);
    let is_early = |(_, absence): &(_, Absence)| absence.retry == Retry::Later;
    Failure::from(diagnostic).retried(Retry::later_if(absent.iter().any(is_early)))
}

/// Credentials that AWS does not accept.
pub(super) fn rejected(
    answer: &ServiceError,
    source: Option<&CredentialSource>,
    region: Option<&Region>,
) -> Failure {
    let from = source.map(|source| format!(" from {source}")).unwrap_or_default();
    let fault = source.and_then(CredentialSource::token_fault);
    let (code, what) = match (answer.class, fault) {
        (Class::Signature, _) if answer.text.contains("should be scoped to a valid region") => {
            return of_another_region(answer, region);
        }
        (Class::Signature, _) => (
            Code::SignatureMismatch,
            format!("the secret access key{from} does not belong to the access key ID"),
        ),
        (_, Some((TokenFault::Missing, setting))) => (
            Code::CredentialsUnknown,
            format!("{setting} is not set, and the access key{from} is a temporary one"),
        ),
        (_, Some((TokenFault::Needless, setting))) => (
            Code::CredentialsUnknown,
            format!(
                "{setting} is set, and the access key{from} is a long-term one, which has none"
            ),
        ),
        (Class::Expired, None) => (Code::CredentialsExpired, format!("expired credentials{from}")),
        _ => match region {
            Some(region) if region.is_opt_in() => (
                Code::RegionNotEnabled,
                format!("the account has not enabled {region}, or the credentials{from} are wrong"),
            ),
            Some(region) if region.partition().id != "aws" => (
                Code::CredentialsUnknown,
                format!("unknown access key{from}, or one of another partition than {region}"),
            ),
            _ => (Code::CredentialsUnknown, format!("unknown access key{from}")),
        },
    };
    let mut diagnostic = answer.diagnostic(code, format!("{what} ({answer})"));
    if let Some(region) = region {
        diagnostic = diagnostic.fill(&[("region", region.as_str())]);
        if region.partition().id != "aws" && code == Code::CredentialsUnknown {
            let partition = region.partition().id;
            let text = format!("{region} takes keys of the partition {partition} only");
            diagnostic = diagnostic.help(text);
        }
    }
    let renewal = source.map_or_else(|| vec![Help::text("Renew them")], CredentialSource::renewal);
    diagnostic.help.extend(renewal);
    let may_pass = !matches!(answer.class, Class::Expired | Class::Signature);
    Failure::from(diagnostic).retried(Retry::later_if(may_pass))
}

/// The endpoint takes no signature for the Region: the one that is configured is another's.
fn of_another_region(answer: &ServiceError, region: Option<&Region>) -> Failure {
    let server = &answer.exchange.server;
    let region = region.map_or("the Region", Region::as_str);
    let text = format!("{server} is no endpoint of {region} ({answer})");
    let help = match answer.service {
        Service::Sts => {
            "Correct AWS_ENDPOINT_URL_STS (or AWS_ENDPOINT_URL, or `endpoint_url`), or the Region"
        }
        _ => {
            "Correct the endpoint (`--endpoint-url`, AWS_ENDPOINT_URL_SSM, AWS_ENDPOINT_URL or `endpoint_url`), or the Region"
        }
    };
    let diagnostic = answer.diagnostic(Code::RequestRejected, text);
    Failure::from(diagnostic).helped(vec![Help::text(help)])
}

#[cfg(test)]
pub(super) mod tests;
