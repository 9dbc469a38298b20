//! Sends one request of the plan, page after page, and matches what comes back to what was asked.

use super::classify::{Failure, classify};
use super::error::FetchError;
use super::retry::RetryBudget;
use super::session::Client;
use aws_sdk_ssm::operation::get_parameters::GetParametersOutput;
use aws_sdk_ssm::operation::get_parameters_by_path::GetParametersByPathOutput;
use aws_sdk_ssm::types::{Parameter as SdkParameter, ParameterStringFilter};
use ssm_exec_core::fetched::{FetchedParameter, spelled_alike};
use ssm_exec_core::parameter::{ParameterId, ParameterRef, Prefix, Selector};
use ssm_exec_core::plan::Request;
use ssm_exec_core::secret::Secret;
use std::collections::HashSet;
use std::sync::Arc;

/// What all requests share.
pub(super) struct Connection {
    pub(super) client: Client,
    pub(super) patience: Arc<RetryBudget>,
}

/// What one request brought.
pub(super) enum Answer {
    Below(Prefix, Vec<FetchedParameter>),
    Named(Vec<(ParameterRef, FetchedParameter)>),
}

/// Sends a request until it is answered, or can't be.
pub(super) async fn send(session: Arc<Connection>, request: Request) -> Result<Answer, FetchError> {
    match request {
        Request::Below(prefix) => {
            let parameters = below(&session, &prefix).await?;
            Ok(Answer::Below(prefix, parameters))
        }
        Request::Batch(names) => batch(&session, names).await.map(Answer::Named),
    }
}

/// All pages of a prefix. A token that has expired starts them again.
async fn below(session: &Connection, prefix: &Prefix) -> Result<Vec<FetchedParameter>, FetchError> {
    let asked = format!("{}/*", prefix.path().trim_end_matches('/'));
    let mut effort = session.patience.effort(asked.clone());
    'again: loop {
        let mut parameters = Vec::new();
        let mut token: Option<String> = None;
        let mut seen = HashSet::new();
        loop {
            let page = loop {
                match page(session, prefix, token.clone()).await {
                    Ok(page) => break page,
                    Err(failure) => {
                        let expired = failure.is_expired_token() && token.is_some();
                        effort.wait_after(failure).await?;
                        if expired {
                            continue 'again;
                        }
                    }
                }
            };
            effort.succeeded();
            // An answer without the list is no empty page: AWS sends `[]`.
            let Some(found) = page.parameters else {
                return Err(bad(&asked, "it has no list of parameters"));
            };
            for parameter in found {
                let parameter = read(parameter, &asked)?;
                if prefix.relative(&parameter.name).is_none() {
                    return Err(bad(
                        &asked,
                        &format!("{} isn't below that prefix", parameter.name),
                    ));
                }
                parameters.push(parameter);
            }
            // The end is a missing token; elsewhere in the API it is an empty one.
            token = page.next_token.filter(|token| !token.is_empty());
            match &token {
                None => return Ok(parameters),
                Some(token) if !seen.insert(token.clone()) => {
                    return Err(bad(&asked, "the token of its next page came a second time"));
                }
                Some(_) => {}
            }
        }
    }
}

async fn page(
    session: &Connection,
    prefix: &Prefix,
    token: Option<String>,
) -> Result<GetParametersByPathOutput, Failure> {
    let filter = prefix.label().map(|label| {
        ParameterStringFilter::builder()
            .key("Label")
            .option("Equals")
            .values(label.as_str())
            .build()
    });
    let filter = filter.transpose().ok().flatten();
    session
        .client
        .ssm
        .get_parameters_by_path()
        .path(prefix.path())
        .recursive(true)
        .with_decryption(true)
        .max_results(10)
        .set_parameter_filters(filter.map(|filter| vec![filter]))
        .set_next_token(token)
        .send()
        .await
        .map_err(|error| classify(&error, &session.client))
}

/// One batch of names.
async fn batch(
    session: &Connection,
    names: Vec<ParameterRef>,
) -> Result<Vec<(ParameterRef, FetchedParameter)>, FetchError> {
    let asked = names
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ");
    let mut effort = session.patience.effort(asked.clone());
    let output = loop {
        let request = session
            .client
            .ssm
            .get_parameters()
            .set_names(Some(names.iter().map(ToString::to_string).collect()))
            .with_decryption(true);
        match request.send().await {
            Ok(output) => break output,
            Err(error) => {
                let failure = classify(&error, &session.client);
                effort.wait_after(failure.for_names(&names)).await?;
            }
        }
    };
    effort.succeeded();
    matched(names, output, &asked)
}

/// Gives each answer to the one name that asked for it: a batch never has a parameter twice.
fn matched(
    names: Vec<ParameterRef>,
    output: GetParametersOutput,
    asked: &str,
) -> Result<Vec<(ParameterRef, FetchedParameter)>, FetchError> {
    let mut waiting = names;
    let mut answers = Vec::with_capacity(waiting.len());
    for parameter in output.parameters.unwrap_or_default() {
        let parameter = read(parameter, asked)?;
        let Some(at) = waiting.iter().position(|name| answers_to(&parameter, name)) else {
            return Err(bad(
                asked,
                &format!("{} was not asked for, or came twice", parameter.name),
            ));
        };
        answers.push((waiting.swap_remove(at), parameter));
    }
    for invalid in output.invalid_parameters.unwrap_or_default() {
        waiting.retain(|name| !is_named(name, &invalid));
    }
    match waiting.first() {
        None => Ok(answers),
        Some(name) => Err(bad(
            asked,
            &format!("{name} is neither among the parameters nor among the invalid names"),
        )),
    }
}

/// `Name` comes bare, in the spelling of the request; of a shared parameter only the ARN is sure.
fn answers_to(parameter: &FetchedParameter, asked: &ParameterRef) -> bool {
    // Emulators answer a secret's reference by the secret's own name.
    let by_name = spelled_alike(&parameter.name, asked.name().as_str())
        || asked.name().secret_name() == Some(parameter.name.as_str());
    let by_arn = matches!(&asked.subject, ParameterId::Arn(arn) if parameter.arn.as_deref() == Some(arn.as_str()));
    let version = match asked.selector {
        Some(Selector::Version(version)) => {
            i64::try_from(version).is_ok_and(|version| version == parameter.version)
        }
        _ => true,
    };
    (by_name || by_arn) && version
}

fn is_named(asked: &ParameterRef, invalid: &str) -> bool {
    spelled_alike(&asked.to_string(), invalid.trim())
}

/// Takes the value out of the SDK's type. The rest of it, `SourceResult` with a secret's second copy
/// included, is dropped here and wiped by the allocator.
fn read(parameter: SdkParameter, asked: &str) -> Result<FetchedParameter, FetchError> {
    let Some(name) = parameter.name else {
        return Err(bad(asked, "it has a parameter without a name"));
    };
    let Some(value) = parameter.value else {
        return Err(FetchError::NoValue { parameter: name });
    };
    Ok(FetchedParameter {
        value: Secret::new(value),
        kind: parameter
            .r#type
            .map(|kind| kind.as_str().to_owned())
            .unwrap_or_default(),
        version: parameter.version,
        modified: parameter.last_modified_date.map(|date| date.as_secs_f64()),
        arn: parameter.arn,
        name,
    })
}

fn bad(asked: &str, reason: &str) -> FetchError {
    FetchError::BadAnswer {
        asked: asked.to_owned(),
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nothing of ours prints one. Should that change, this says what a print would tell.
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
