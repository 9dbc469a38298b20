//! Sends one request of the plan, page after page, and matches each parameter of the response to the name
//! that requested it.

use super::classify::{Failure, PermanentError, classify};
use super::credential_source::CredentialSource;
use super::date::system_time;
use super::error::{FetchError, TransientError};
use super::net::ResponseLimit;
use super::retry::RetryBudget;
use aws_sdk_ssm::config::http::HttpResponse;
use aws_sdk_ssm::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ssm::operation::get_parameters::GetParametersOutput;
use aws_sdk_ssm::operation::get_parameters_by_path::GetParametersByPathOutput;
use aws_sdk_ssm::types::{
    Parameter as SdkParameter, ParameterStringFilter, ParameterType as SdkType,
};
use ssm_exec_core::fetched::{FetchedParameter, ParameterType, spelled_alike};
use ssm_exec_core::parameter::{ParameterId, ParameterRef, Prefix, Selector, Version};
use ssm_exec_core::plan::Request;
use ssm_exec_core::region::Region;
use ssm_exec_core::secret::Secret;
use std::collections::HashSet;
use std::sync::Arc;

/// What all requests share.
pub(super) struct Connection {
    pub(super) ssm: aws_sdk_ssm::Client,
    /// The endpoint, for messages.
    pub(super) endpoint: String,
    pub(super) region: Option<Region>,
    /// Where the credentials come from.
    pub(super) source: Option<CredentialSource>,
    pub(super) budget: Arc<RetryBudget>,
    /// Whether values are decrypted.
    pub(super) decrypt: bool,
    /// The most that may be below one prefix.
    pub(super) max_parameters: usize,
}

/// The response to ten Secrets Manager references: 64 KB each, contained twice and escaped twice.
const SECRETS: ResponseLimit = ResponseLimit(16 << 20);
/// The most pages of a prefix: pages may be empty, but they must end.
const PAGES: usize = 10_000;

/// The response to one request.
pub(super) enum Answer {
    /// With the number of its pages.
    Below(Prefix, Vec<FetchedParameter>, usize),
    Named(Vec<(ParameterRef, FetchedParameter)>),
}

/// Sends a request until it is answered, or can't be.
pub(super) async fn send(
    connection: Arc<Connection>,
    request: &Request,
) -> Result<Answer, FetchError> {
    let outcome = match request {
        Request::Below(prefix) => {
            let found = below(&connection, request, prefix).await;
            found.map(|(parameters, pages)| Answer::Below(prefix.clone(), parameters, pages))
        }
        Request::Batch(names) => batch(&connection, request, names).await.map(Answer::Named),
    };
    outcome.map_err(|error| match error {
        FetchError::BadCredentials { source, answer, .. } => FetchError::BadCredentials {
            source,
            opt_in: connection.region.clone().filter(Region::is_opt_in),
            answer,
        },
        error => error,
    })
}

impl Connection {
    /// A name that DNS doesn't know isn't looked up again, if the region is probably misspelled.
    fn classify<E>(&self, error: &SdkError<E, HttpResponse>) -> Failure
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        match classify(error, &self.endpoint) {
            Failure::Transient {
                error: TransientError::Connection(error),
                at_least,
            } => match (&error.unknown_host, self.region.as_ref()) {
                (Some(_), Some(region)) if let Some(correction) = region.correction() => {
                    Failure::Permanent(PermanentError::Other(FetchError::UnknownRegion {
                        region: region.clone(),
                        correction,
                        error,
                    }))
                }
                _ => Failure::Transient {
                    error: TransientError::Connection(error),
                    at_least,
                },
            },
            failure => failure,
        }
    }
}

/// All pages of a prefix. When a token has expired, they are fetched again from the first.
async fn below(
    connection: &Connection,
    request: &Request,
    prefix: &Prefix,
) -> Result<(Vec<FetchedParameter>, usize), FetchError> {
    let invalid = |reason: &str| Err(invalid_response(request, reason));
    let mut attempts = connection
        .budget
        .attempts(request, connection.source.as_ref());
    let limit = connection.max_parameters;
    'again: loop {
        let mut parameters = Vec::new();
        let mut token: Option<String> = None;
        let mut seen = HashSet::new();
        loop {
            let page = loop {
                match page(connection, prefix, token.clone()).await {
                    Ok(page) => break page,
                    Err(failure) => {
                        let expired = failure.is_expired_token() && token.is_some();
                        attempts.wait_after(failure).await?;
                        if expired {
                            continue 'again;
                        }
                    }
                }
            };
            attempts.succeeded();
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
                return Err(FetchError::TooMany {
                    request: request.clone(),
                    limit,
                });
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
    connection: &Connection,
    prefix: &Prefix,
    token: Option<String>,
) -> Result<GetParametersByPathOutput, Failure> {
    connection
        .ssm
        .get_parameters_by_path()
        .path(prefix.path())
        .recursive(true)
        .with_decryption(connection.decrypt)
        .max_results(10)
        .set_parameter_filters(label_filter(prefix)?)
        .set_next_token(token)
        .send()
        .await
        .map_err(|error| connection.classify(&error))
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
    match filter {
        Ok(filter) => Ok(Some(vec![filter])),
        Err(error) => Err(Failure::Permanent(PermanentError::Other(
            FetchError::Internal(format!("the filter for a label cannot be built: {error}")),
        ))),
    }
}

/// One batch of names.
async fn batch(
    connection: &Connection,
    request: &Request,
    names: &[ParameterRef],
) -> Result<Vec<(ParameterRef, FetchedParameter)>, FetchError> {
    let has_secrets = names.iter().any(|name| name.name().is_secret_reference());
    let longest = match has_secrets {
        true => SECRETS,
        false => ResponseLimit::default(),
    };
    let mut attempts = connection
        .budget
        .attempts(request, connection.source.as_ref());
    let output = loop {
        let call = connection
            .ssm
            .get_parameters()
            .set_names(Some(names.iter().map(ParameterRef::to_request).collect()))
            // Without it, Secrets Manager's secrets are not found (integration-ps-secretsmanager).
            .with_decryption(connection.decrypt || has_secrets);
        let call = call.customize().mutate_request(move |request| {
            request.add_extension(longest);
        });
        match call.send().await {
            Ok(output) => break output,
            Err(error) => {
                let failure = connection.classify(&error);
                attempts.wait_after(failure.for_names(names)).await?;
            }
        }
    };
    attempts.succeeded();
    matched(names, output, request)
}

/// Gives each parameter to the one name that requested it: a batch never has a parameter twice.
fn matched(
    names: &[ParameterRef],
    output: GetParametersOutput,
    request: &Request,
) -> Result<Vec<(ParameterRef, FetchedParameter)>, FetchError> {
    let invalid = |reason: String| invalid_response(request, &reason);
    let mut waiting = names.to_vec();
    let mut answers = Vec::with_capacity(waiting.len());
    for parameter in output.parameters.unwrap_or_default() {
        let parameter = read(parameter, request)?;
        let at = waiting
            .iter()
            .position(|name| answers_to(&parameter, name))
            .ok_or_else(|| {
                invalid(format!(
                    "{} was not requested, or came twice",
                    parameter.name
                ))
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
fn read(parameter: SdkParameter, request: &Request) -> Result<FetchedParameter, FetchError> {
    let Some(name) = parameter.name else {
        return Err(invalid_response(
            request,
            "it has a parameter without a name",
        ));
    };
    let Some(value) = parameter.value else {
        return Err(FetchError::NoValue { parameter: name });
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

fn invalid_response(request: &Request, reason: &str) -> FetchError {
    FetchError::InvalidResponse {
        request: request.clone(),
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// We don't print one. Should that change, this tells what would be printed.
    #[test]
    fn the_sdks_debug_of_a_parameter_keeps_its_value() {
        let parameter = SdkParameter::builder()
            .name("/a")
            .value("canary-value")
            .build();
        let shown = format!("{parameter:?}");
        assert!(shown.contains("/a") && !shown.contains("canary"), "{shown}");
    }
}
