//! Sends one request of the plan, page after page, matches each parameter of the response to the name that requested
//! it, and says what Parameter Store's errors mean.

use super::call::{Calls, Unanswered, Work};
use super::credentials::{self, CredentialSource};
use super::date::system_time;
use super::failure::{Failure, Retry, Scope, internal};
use super::net::ResponseLimit;
use super::refusal::{self, Refusal};
use super::service_error::{Class, Service, ServiceError};
use aws_sdk_ssm::error::SdkError;
use aws_sdk_ssm::operation::get_parameters::GetParametersOutput;
use aws_sdk_ssm::operation::get_parameters_by_path::{
    GetParametersByPathError, GetParametersByPathOutput,
};
use aws_sdk_ssm::types::{
    Parameter as SdkParameter, ParameterStringFilter, ParameterType as SdkType,
};
use ssm_exec_core::arn::Arn;
use ssm_exec_core::aws_context::region_option;
use ssm_exec_core::code::Code;
use ssm_exec_core::diagnostic::{Diagnostic, Help};
use ssm_exec_core::fetched::{FetchedParameter, ParameterType, spelled_alike};
use ssm_exec_core::parameter::{ParameterId, ParameterRef, Prefix, Selector, Version};
use ssm_exec_core::plan::Request;
use ssm_exec_core::region::Region;
use ssm_exec_core::secret::Secret;
use std::collections::HashSet;
use std::sync::Arc;

/// What all requests share.
pub(super) struct ParameterStore {
    pub(super) client: aws_sdk_ssm::Client,
    pub(super) region: Option<Region>,
    /// Where the credentials come from.
    pub(super) source: Option<CredentialSource>,
    pub(super) calls: Arc<Calls>,
    /// Whether values are decrypted.
    pub(super) decrypt: bool,
    /// The most that may be below one prefix.
    pub(super) max_parameters: usize,
}

#[rustfmt::skip]
const KMS_THROTTLED: &[(&str, &str)] = &[
    ("All users of KMS in this account and Region share its quota, which the higher throughput of Parameter Store does not change", ""),
    ("See it, and have it raised", "aws service-quotas list-service-quotas --service-code kms --query \"Quotas[?contains(QuotaName,'symmetric')]\"{region}"),
    ("Or raise `--timeout`", ""),
];
#[rustfmt::skip]
const PATHS_THROTTLED: &[(&str, &str)] = &[
    ("All readers of Parameter Store in this account and Region share 40 requests a second", ""),
    ("Higher throughput covers only requests by name: name the parameters with `--key` (`ssm-exec check --format toml` prints them)", ""),
    HIGHER_THROUGHPUT,
    ("Or raise `--timeout`", ""),
];
#[rustfmt::skip]
const NAMES_THROTTLED: &[(&str, &str)] = &[
    ("All readers of Parameter Store in this account and Region share 40 requests a second, unless higher throughput is enabled", ""),
    HIGHER_THROUGHPUT,
    ("Or raise `--timeout`", ""),
];
#[rustfmt::skip]
const HIGHER_THROUGHPUT: (&str, &str) =
    ("Enable higher throughput", "aws ssm update-service-setting --setting-id /ssm/parameter-store/high-throughput-enabled --setting-value true{region}");

const CREATING: &str = "is creating";
/// Of keys that no policy makes usable (KMS Developer Guide, "Key states of AWS KMS keys").
const KEY_STATES: &[&str] =
    &[CREATING, "is pending import", "is pending replica deletion", "is unavailable"];
#[rustfmt::skip]
const SEE_KEY: &[(&str, &str)] =
    &[("See its state, and what it waits for", "aws kms describe-key --key-id {key}{region}")];
#[rustfmt::skip]
const FIND_PARAMETERS: &[(&str, &str)] = &[
    ("Find the parameters that it encrypted", "aws ssm describe-parameters --parameter-filters Key=KeyId,Values={key} --query 'Parameters[].Name'{region}"),
];

/// The response to ten Secrets Manager references: 64 KB each, contained twice and escaped twice.
const SECRETS: ResponseLimit = ResponseLimit(16 << 20);
/// The most pages of a prefix: pages may be empty, but they must end.
const PAGES: usize = 10_000;

/// The response to one request.
pub(super) enum Answered {
    /// With the number of its pages.
    Below(Prefix, Vec<FetchedParameter>, usize),
    Named(Vec<(ParameterRef, FetchedParameter)>),
}

/// Sends a request until it is answered, or can't be.
pub(super) async fn send(
    store: Arc<ParameterStore>,
    request: &Request,
) -> Result<Answered, Failure> {
    match request {
        Request::Below(prefix) => {
            let found = below(&store, request, prefix).await;
            found.map(|(parameters, pages)| Answered::Below(prefix.clone(), parameters, pages))
        }
        Request::Batch(names) => batch(&store, request, names).await.map(Answered::Named),
    }
}

/// All pages of a prefix. When a token has expired, they are fetched again from the first.
async fn below(
    store: &ParameterStore,
    request: &Request,
    prefix: &Prefix,
) -> Result<(Vec<FetchedParameter>, usize), Failure> {
    let invalid = |reason: &str| Err(invalid_response(request, reason));
    let filter = label_filter(prefix)?;
    let limit = store.max_parameters;
    let mut attempts = store.calls.attempts(Work::Fetch(request.clone()));
    'again: loop {
        let mut parameters = Vec::new();
        let mut token: Option<String> = None;
        let mut seen = HashSet::new();
        loop {
            let page = loop {
                let page = page(store, prefix, filter.clone(), token.clone());
                match attempts.once(Service::ParameterStore, page).await {
                    Ok(page) => break page,
                    Err(unanswered) => {
                        let has_expired = matches!(&unanswered, Unanswered::Error(answer) if answer.class == Class::Page);
                        attempts.wait_after(store.explain(request, unanswered)).await?;
                        if has_expired && token.is_some() {
                            continue 'again;
                        }
                    }
                }
            };
            // An empty page has an empty list.
            let Some(found) = page.parameters else {
                return invalid("it has no list of parameters");
            };
            for parameter in found {
                let parameter = read(parameter, request)?;
                if prefix.relative(&parameter.name).is_none() {
                    return invalid(&format!("{} is not below that prefix", parameter.name));
                }
                parameters.push(parameter);
            }
            if parameters.len() > limit {
                let text = format!("{request} has more than {limit} parameters");
                return Err(about(request, Diagnostic::new(Code::TooManyParameters, text)));
            }
            if seen.len() >= limit.max(PAGES) {
                return invalid("its pages do not end");
            }
            // The last page has no token; elsewhere in the API it has an empty one.
            token = page.next_token.filter(|token| !token.is_empty());
            match &token {
                None => return Ok((parameters, seen.len() + 1)),
                Some(token) if !seen.insert(token.clone()) => {
                    return invalid("the token of its next page came a second time");
                }
                Some(_) => {}
            }
        }
    }
}

async fn page(
    store: &ParameterStore,
    prefix: &Prefix,
    filter: Option<Vec<ParameterStringFilter>>,
    token: Option<String>,
) -> Result<GetParametersByPathOutput, SdkError<GetParametersByPathError>> {
    let call = store.client.get_parameters_by_path().path(prefix.path());
    call.recursive(true)
        .with_decryption(store.decrypt)
        .max_results(10)
        .set_parameter_filters(filter)
        .set_next_token(token)
        .send()
        .await
}

/// Without its filter, a labelled prefix would return the latest versions.
fn label_filter(prefix: &Prefix) -> Result<Option<Vec<ParameterStringFilter>>, Failure> {
    let Some(label) = prefix.label() else {
        return Ok(None);
    };
    let filter = ParameterStringFilter::builder()
        .key("Label")
        .option("Equals")
        .values(label.as_str())
        .build();
    filter.map(|filter| Some(vec![filter])).map_err(internal)
}

/// One batch of names.
async fn batch(
    store: &ParameterStore,
    request: &Request,
    names: &[ParameterRef],
) -> Result<Vec<(ParameterRef, FetchedParameter)>, Failure> {
    let has_secrets = names.iter().any(|name| name.name().is_secret_reference());
    let longest = match has_secrets {
        true => SECRETS,
        false => ResponseLimit::default(),
    };
    let attempt = || {
        let call = store
            .client
            .get_parameters()
            .set_names(Some(names.iter().map(ParameterRef::to_request).collect()))
            // Without it, Secrets Manager's secrets are not found (integration-ps-secretsmanager).
            .with_decryption(store.decrypt || has_secrets);
        let call = call.customize().mutate_request(move |request| {
            request.add_extension(longest);
        });
        call.send()
    };
    let explain = |unanswered| store.explain(request, unanswered);
    let work = Work::Fetch(request.clone());
    let output = store.calls.ask(work, Service::ParameterStore, attempt, explain);
    matched(names, output.await?, request)
}

/// Gives each parameter to the one name that requested it: a batch never has a parameter twice.
fn matched(
    names: &[ParameterRef],
    output: GetParametersOutput,
    request: &Request,
) -> Result<Vec<(ParameterRef, FetchedParameter)>, Failure> {
    let invalid = |reason: String| invalid_response(request, &reason);
    let mut waiting = names.to_vec();
    let mut answers = Vec::with_capacity(waiting.len());
    for parameter in output.parameters.unwrap_or_default() {
        let parameter = read(parameter, request)?;
        let at = waiting.iter().position(|name| answers_to(&parameter, name)).ok_or_else(|| {
            invalid(format!("{} was not requested, or came twice", parameter.name))
        })?;
        answers.push((waiting.swap_remove(at), parameter));
    }
    for name in output.invalid_parameters.unwrap_or_default() {
        waiting.retain(|requested| !is_named(requested, &name));
    }
    match waiting.first() {
        None => Ok(answers),
        Some(name) => Err(invalid(format!(
            "{name} is neither among the parameters nor among the invalid names"
        ))),
    }
}

fn answers_to(parameter: &FetchedParameter, requested: &ParameterRef) -> bool {
    let version = match requested.selector {
        Some(Selector::Version(version)) => parameter.version == Some(version),
        _ => true,
    };
    version && is_parameter(&parameter.name, parameter.arn.as_deref(), requested)
}

/// Whether a parameter in a response is the requested one, in whatever version. `Name` has no selector, and the spelling
/// of the request; a shared parameter is identified by its ARN.
pub(super) fn is_parameter(name: &str, arn: Option<&str>, requested: &ParameterRef) -> bool {
    // Emulators answer a secret's reference by the secret's own name.
    let by_name = spelled_alike(name, requested.name().as_str())
        || requested.name().secret_name() == Some(name);
    let by_arn = matches!(&requested.subject, ParameterId::Arn(id) if arn == Some(id.as_str()));
    by_name || by_arn
}

fn is_named(requested: &ParameterRef, invalid: &str) -> bool {
    spelled_alike(&requested.to_string(), invalid.trim())
}

/// Takes the value out of the SDK's type. The rest of it, `SourceResult` with a secret's second copy
/// included, is dropped here and wiped by the allocator.
fn read(parameter: SdkParameter, request: &Request) -> Result<FetchedParameter, Failure> {
    let Some(name) = parameter.name else {
        return Err(invalid_response(request, "it has a parameter without a name"));
    };
    let Some(value) = parameter.value else {
        let text = format!(
            "{name} came without a value: Parameter Store does not return binary secrets of Secrets Manager"
        );
        let failure = Failure::from(Diagnostic::new(Code::NoValue, text).parameters([name]));
        return Err(failure.of(Scope::OneRequest));
    };
    let modified = parameter
        .last_modified_date
        .map(|date| {
            system_time(&date).ok_or_else(|| {
                let reason = format!("the last-modified date of {name} is out of range");
                invalid_response(request, &reason)
            })
        })
        .transpose()?;
    Ok(FetchedParameter {
        value: Secret::new(value),
        kind: parameter.r#type.as_ref().and_then(parameter_type),
        version: u64::try_from(parameter.version).ok().and_then(Version::new),
        modified,
        arn: parameter.arn,
        name,
    })
}

fn parameter_type(kind: &SdkType) -> Option<ParameterType> {
    match kind {
        SdkType::String => Some(ParameterType::String),
        SdkType::StringList => Some(ParameterType::StringList),
        SdkType::SecureString => Some(ParameterType::SecureString),
        _ => None,
    }
}

fn invalid_response(request: &Request, reason: &str) -> Failure {
    let text = format!("invalid response for {request}: {reason}");
    about(request, Diagnostic::new(Code::InvalidResponse, text))
}

/// A failure that concerns this request alone.
fn about(request: &Request, diagnostic: Diagnostic) -> Failure {
    Failure::from(diagnostic.parameters(request.names())).of(Scope::OneRequest)
}

impl ParameterStore {
    /// What it means that a request got no answer.
    pub(super) fn explain(&self, request: &Request, unanswered: Unanswered) -> Failure {
        match unanswered {
            Unanswered::Unreached(error) => match &error.unknown_host {
                Some(host) => self.unknown(host).unwrap_or_else(|| error.into()),
                None => error.into(),
            },
            Unanswered::Error(answer) => self.meaning(request, answer),
            Unanswered::NotUnderstood(answer, _) => {
                let failure = invalid_response(request, &answer.unexpected());
                failure.of(Scope::Everything).retried(Retry::SOON)
            }
            Unanswered::NotSent(reason) => {
                let text = format!("the request for {request} cannot be sent: {reason}");
                Diagnostic::new(Code::RequestRejected, text).parameters(request.names()).into()
            }
        }
    }

    /// A host that DNS doesn't know isn't looked up again if the reason is known.
    fn unknown(&self, host: &str) -> Option<Failure> {
        let region = self.region.as_ref()?;
        if let Some(correction) = region.correction() {
            let text = format!("no AWS Region `{region}`: DNS has no address for {host}");
            let diagnostic = Diagnostic::new(Code::UnknownRegion, text);
            return Some(diagnostic.fill(&[("region", correction)]).into());
        }
        host.starts_with("ssm-fips.").then(|| {
            let text = format!(
                "Parameter Store has no FIPS endpoint in {region} (DNS has no address for {host})"
            );
            let help = Help::text(
                "Unset AWS_USE_FIPS_ENDPOINT, `aws.use_fips` of the file or `use_fips_endpoint` of the profile",
            );
            Diagnostic::with_help(Code::UnknownRegion, text, [help]).into()
        })
    }

    fn meaning(&self, request: &Request, answer: ServiceError) -> Failure {
        if answer.is_anonymous() {
            let mut failure = Failure::foreign(&answer);
            failure.diagnostic.message.push_str(&format!(", for {request}"));
            failure.diagnostic = failure.diagnostic.parameters(request.names());
            return failure;
        }
        if let Some(mut failure) = Failure::temporary(&answer) {
            if answer.class == Class::Throttled {
                let lines = match (answer.service, request) {
                    (Service::Kms, _) => KMS_THROTTLED,
                    (Service::SecretsManager, _) => Code::Throttled.help(),
                    (_, Request::Below(_)) => PATHS_THROTTLED,
                    (_, Request::Batch(_)) => NAMES_THROTTLED,
                };
                failure = failure.helped(Help::all(lines));
                let region = region_option(self.region.as_ref());
                failure.diagnostic = failure.diagnostic.fill(&[("region", &region)]);
            }
            return failure;
        }
        let mut diagnostic = match answer.class {
            Class::Denied
                if answer.service == Service::SecretsManager
                    && !answer.text.contains("not authorized") =>
            {
                return Refusal::of_secrets(answer, request.clone()).into();
            }
            Class::Denied => return Refusal::new(answer, vec![request.clone()]).into(),
            // So, without a word more, where the key is another account's.
            Class::Key if answer.text == "Invalid keyId" && is_shared(request) => {
                return Refusal::new(answer, vec![request.clone()]).into();
            }
            Class::Expired | Class::Unknown | Class::Signature => {
                return credentials::rejected(&answer, self.source.as_ref(), self.region.as_ref());
            }
            Class::Key => self.key(request, &answer),
            Class::Missing => {
                let text = format!("parameter not found: {request} ({answer})");
                answer.diagnostic(Code::Missing, text)
            }
            _ => match refusal::secrets(request).as_slice() {
                [] => {
                    let text = format!("AWS rejects the request for {request} ({answer})");
                    let mut diagnostic = answer.diagnostic(Code::RequestRejected, text);
                    if answer.text.is_empty() {
                        diagnostic.help = Help::all(Code::ForeignResponse.help());
                    }
                    diagnostic
                }
                names => match self.secret(names, &answer) {
                    Some(diagnostic) => diagnostic,
                    None => return Refusal::of_secrets(answer, request.clone()).into(),
                },
            },
        };
        diagnostic.subject.parameters = request.names();
        let may_pass = matches!(diagnostic.code, Code::Missing | Code::SecretMissing)
            || answer.class == Class::Key && answer.text.contains(CREATING);
        let failure = Failure::from(diagnostic).of(Scope::OneName);
        failure.retried(Retry::later_if(may_pass))
    }

    /// The KMS key of a parameter cannot be used.
    fn key(&self, request: &Request, answer: &ServiceError) -> Diagnostic {
        let region = region_option(self.region.as_ref());
        let parameter = match request {
            Request::Below(_) => format!("a parameter of {request}"),
            Request::Batch(_) => request.to_string(),
        };
        let name = match request {
            Request::Batch(names) if let [one] = names.as_slice() => one.name().as_str(),
            _ => "NAME",
        };
        let said = answer.exchange.code.clone().unwrap_or_default();
        let (code, state, said) = match answer.text.as_str() {
            text if text.contains("pending deletion") => {
                (Code::KmsKeyPendingDeletion, "is pending deletion", said)
            }
            text if text.contains("is disabled") => (Code::KmsKeyDisabled, "is disabled", said),
            text if text.contains("does not exist") => {
                (Code::KmsKeyDeleted, "does not exist any more: its value is lost", said)
            }
            text => match KEY_STATES.iter().find(|state| text.contains(**state)) {
                Some(state) => (Code::KmsKeyUnusable, *state, said),
                None => (Code::KmsKeyUnusable, "cannot be used", answer.to_string()),
            },
        };
        let key = key_in(&answer.text).unwrap_or_else(|| "KEY".to_owned());
        let text = format!("the KMS key of {parameter} {state} ({said})");
        let mut diagnostic = answer.diagnostic(code, text);
        if KEY_STATES.contains(&state) {
            diagnostic.help = Help::all(SEE_KEY);
        }
        if code == Code::KmsKeyDeleted && name == "NAME" {
            diagnostic.help.splice(0..0, Help::all(FIND_PARAMETERS));
        }
        diagnostic.fill(&[("key", &key), ("region", &region), ("name", name)])
    }

    /// A secret that cannot be read, if AWS says why.
    fn secret(&self, names: &[String], answer: &ServiceError) -> Option<Diagnostic> {
        let says = |words: &[&str]| words.iter().any(|words| answer.text.contains(words));
        let deleted =
            ["marked for deletion", "scheduled for deletion", "Invalid Request to Secrets Manager"];
        let (code, what) = match () {
            () if says(&deleted) => (Code::SecretDeleted, "secret scheduled for deletion"),
            () if says(&["not found", "can't find"]) => (Code::SecretMissing, "no such secret"),
            () => return None,
        };
        let text = format!("{what}: {} ({answer})", names.join(", "));
        let first = names.first().map_or("NAME", String::as_str);
        let region = region_option(self.region.as_ref());
        let diagnostic = answer.diagnostic(code, text);
        Some(diagnostic.fill(&[("secret", first), ("region", &region)]))
    }
}

/// Whether it names a parameter by its ARN, as one of another account is named.
fn is_shared(request: &Request) -> bool {
    match request {
        Request::Batch(names) => {
            names.iter().any(|name| matches!(name.subject, ParameterId::Arn(_)))
        }
        Request::Below(_) => false,
    }
}

/// The key that a text of KMS names.
fn key_in(text: &str) -> Option<String> {
    let words = text.split(|c: char| c.is_whitespace() || "'\"(),".contains(c));
    let mut arns = words.filter_map(Arn::parse);
    arns.find(|arn| arn.service == "kms").map(|arn| arn.to_string())
}

pub(super) fn no_region() -> Failure {
    let text = "no AWS Region: neither --region, AWS_REGION, AWS_DEFAULT_REGION, `[aws] region` in ssm-exec.toml, the profile nor the instance metadata (which needs a hop limit of 2 in a container) has one";
    Diagnostic::new(Code::NoRegion, text).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// We don't print one. Should that change, this tells what would be printed.
    #[test]
    fn the_sdks_debug_of_a_parameter_keeps_its_value() {
        let parameter = SdkParameter::builder().name("/a").value("canary-value").build();
        let shown = format!("{parameter:?}");
        assert!(shown.contains("/a") && !shown.contains("canary"), "{shown}");
    }
}
