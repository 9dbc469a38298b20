//! `GetParameter` and `GetParameters`: the actions that are told names.

use super::identifier::{Identifier, Location, Malformed};
use super::{flag, missing_member};
use crate::account::Account;
use crate::api_error::ApiError;
use crate::secret::{REFERENCE, SecretVersion};
use crate::store::select;
use crate::variants::{Duplicates, MalformedName, MissingLabel};
use serde_json::{Value, json};
use std::collections::HashSet;

impl Account {
    pub(crate) fn get_parameters(&self, body: &Value) -> Result<Value, ApiError> {
        const ACTION: &str = "GetParameters";
        let names = strings(&body["Names"])?;
        let decrypt = flag(&body["WithDecryption"])?;
        check_names(&names)?;
        let mut wanted = Vec::new();
        let mut invalid = Vec::new();
        for text in &names {
            match self.parse(text) {
                Ok(name) => wanted.push(name),
                // Documented to list the reference; the other mistakes are a variant's.
                Err(Malformed::SecretSelector) => invalid.push(text.trim()),
                Err(malformed) => {
                    self.authorise_malformed(ACTION)?;
                    if malformed == Malformed::Space
                        || self.variants.malformed_name == MalformedName::Failed
                    {
                        return Err(malformed.refusal());
                    }
                    invalid.push(text.trim());
                }
            }
        }
        // One denial fails the call, and is the only one named.
        for name in &wanted {
            self.authorise(ACTION, name)?;
        }
        let mut seen = HashSet::new();
        let mut found = Vec::new();
        for name in &wanted {
            if !seen.insert(name.key()) {
                match self.variants.duplicates {
                    Duplicates::Once => continue,
                    Duplicates::Twice => {}
                    Duplicates::Reject => {
                        let text = format!("Duplicate parameter name: {}", name.text);
                        return Err(ApiError::validation(text));
                    }
                }
            }
            match self.find(name, decrypt)? {
                Some(parameter) => found.push(parameter),
                None => invalid.push(name.text),
            }
        }
        found.sort_by(|a, b| {
            let key = |parameter: &Value| {
                let text = |key: &str| parameter[key].as_str().map(str::to_owned);
                (text("Name"), text("Selector"))
            };
            key(a).cmp(&key(b))
        });
        Ok(json!({ "Parameters": found, "InvalidParameters": invalid }))
    }

    pub(crate) fn get_parameter(&self, body: &Value) -> Result<Value, ApiError> {
        const ACTION: &str = "GetParameter";
        let text = body["Name"]
            .as_str()
            .ok_or_else(|| missing_member("name"))?;
        let decrypt = flag(&body["WithDecryption"])?;
        if text.is_empty() || text.len() > 2048 {
            return Err(ApiError::constraint(text, "name", LENGTHS));
        }
        let name = match self.parse(text) {
            Ok(name) => name,
            Err(malformed) => {
                self.authorise_malformed(ACTION)?;
                return Err(malformed.refusal());
            }
        };
        self.authorise(ACTION, &name)?;
        if matches!(name.place, Location::Secret(_)) && !decrypt {
            return Err(ApiError::validation(
                "WithDecryption flag must be True for retrieving a Secret Manager secret.",
            ));
        }
        match self.find(&name, decrypt)? {
            Some(parameter) => Ok(json!({ "Parameter": parameter })),
            None => Err(self.not_found(&name)),
        }
    }

    fn find(&self, wanted: &Identifier<'_>, decrypt: bool) -> Result<Option<Value>, ApiError> {
        if let Location::Secret(name) = wanted.place {
            return if decrypt {
                self.secret(name, wanted.selector)
            } else {
                Ok(None)
            };
        }
        let versions = self.versions(wanted.place);
        versions
            .and_then(|versions| select(versions, wanted.selector))
            .map(|version| {
                let name = match wanted.place {
                    Location::Name(name) => name,
                    _ => &version.parameter.name,
                };
                self.shown(version, name, wanted.selector, decrypt)
            })
            .transpose()
    }

    /// Failed, a secret fails the whole call as a validation error, be it there or not.
    fn secret(&self, name: &str, selector: Option<&str>) -> Result<Option<Value>, ApiError> {
        let arn = self.secret_arn(name);
        self.access
            .check("secretsmanager:GetSecretValue", &arn)
            .map_err(|_| {
                ApiError::validation("An error occurred while calling one AWS dependency service.")
            })?;
        let version = self
            .store
            .secret(name)
            .and_then(|versions| SecretVersion::select(versions, selector));
        let Some(version) = version else {
            return Ok(None);
        };
        if version.secret.deleted {
            return Err(ApiError::validation("Invalid Request to Secrets Manager"));
        }
        Ok(Some(version.shown(&arn, selector)))
    }

    /// The ways in which `GetParameter` misses.
    fn not_found(&self, wanted: &Identifier<'_>) -> ApiError {
        const VERSION: &str = "ParameterVersionNotFound";
        let missing = ApiError::bare("ParameterNotFound");
        match (wanted.place, wanted.selector) {
            (Location::Secret(name), selector) => {
                // Without its slash, and with Java's `null` for no selector.
                let reference = REFERENCE.trim_start_matches('/');
                let selector = selector.map_or("null".to_owned(), |text| format!(":{text}"));
                ApiError::client(
                    "ParameterNotFound",
                    format!(
                        "An error occurred (ParameterNotFound) when referencing Secrets Manager: Secret {reference}{name}{selector} not found."
                    ),
                )
            }
            (place, Some(selector)) if self.versions(place).is_some() => {
                let name = wanted.text.rsplit_once(':').map_or("", |(name, _)| name);
                if selector.parse::<i64>().is_ok() {
                    return ApiError::client(
                        VERSION,
                        format!(
                            "Systems Manager could not find version {selector} of {name}. Verify the version and try again."
                        ),
                    );
                }
                match self.variants.missing_label {
                    MissingLabel::NotFound => missing,
                    MissingLabel::VersionNotFound => ApiError::client(
                        VERSION,
                        format!(
                            "Systems Manager could not find label {selector} of {name}. Verify the label and try again."
                        ),
                    ),
                }
            }
            _ => missing,
        }
    }
}

/// As one string-list member is described by its own constraint (observed).
const LENGTHS: &str = "Member must satisfy constraint: [Member must have length less than or equal to 2048, Member must have length greater than or equal to 1]";

fn check_names(names: &[&str]) -> Result<(), ApiError> {
    let all = || format!("[{}]", names.join(", "));
    if names.is_empty() {
        let rule = "Member must have length greater than or equal to 1";
        return Err(ApiError::constraint(&all(), "names", rule));
    }
    if names.len() > 10 {
        let rule = "Member must have length less than or equal to 10";
        return Err(ApiError::constraint(&all(), "names", rule));
    }
    if names
        .iter()
        .any(|name| name.is_empty() || name.len() > 2048)
    {
        return Err(ApiError::constraint(&all(), "names", LENGTHS));
    }
    Ok(())
}

fn strings(list: &Value) -> Result<Vec<&str>, ApiError> {
    match list {
        Value::Null => Err(missing_member("names")),
        Value::Array(items) => items
            .iter()
            .map(|item| {
                item.as_str()
                    .ok_or_else(|| ApiError::bare("SerializationException"))
            })
            .collect(),
        _ => Err(ApiError::bare("SerializationException")),
    }
}
