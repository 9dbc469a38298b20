//! `GetParameters`.

use super::identifier::{Identifier, Location, Malformed};
use super::{flag, missing_member};
use crate::account::Account;
use crate::api_error::ApiError;
use crate::secret::SecretVersion;
use crate::store::select;
use serde_json::{Value, json};
use std::collections::HashSet;

impl Account {
    pub(crate) fn get_parameters(&self, body: &Value) -> Result<Value, ApiError> {
        const ACTION: &str = "GetParameters";
        let names = strings(&body["Names"])?;
        let decrypt = flag(&body["WithDecryption"])?;
        check_names(&names)?;
        let mut identifiers = Vec::new();
        let mut invalid = Vec::new();
        for text in &names {
            match self.parse(text) {
                Ok(name) => identifiers.push(name),
                // Documented to be listed as invalid.
                Err(Malformed::SecretSelector) => invalid.push(text.trim()),
                Err(malformed) => {
                    self.authorise_malformed(ACTION)?;
                    return Err(malformed.error());
                }
            }
        }
        // A single denial fails the call, and only the first is named.
        for name in &identifiers {
            self.authorise(ACTION, name)?;
        }
        let mut seen = HashSet::new();
        let mut found = Vec::new();
        for name in &identifiers {
            if !seen.insert(name.key()) {
                let message = format!("Duplicate parameter name: {}", name.text);
                return Err(ApiError::validation(message));
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

    fn find(&self, identifier: &Identifier<'_>, decrypt: bool) -> Result<Option<Value>, ApiError> {
        if let Location::Secret(name) = identifier.place {
            return if decrypt { self.secret(name, identifier.selector) } else { Ok(None) };
        }
        let versions = self.versions(identifier.place);
        versions
            .and_then(|versions| select(versions, identifier.selector))
            .map(|version| {
                let name = match identifier.place {
                    Location::Name(name) => name,
                    _ => &version.parameter.name,
                };
                self.to_json(version, name, identifier.selector, decrypt)
            })
            .transpose()
    }

    /// A denied secret fails the whole call with a validation error, whether it exists or not.
    fn secret(&self, name: &str, selector: Option<&str>) -> Result<Option<Value>, ApiError> {
        let arn = self.secret_arn(name);
        self.access.check("secretsmanager:GetSecretValue", &arn).map_err(|_| {
            ApiError::validation("An error occurred while calling one AWS dependency service.")
        })?;
        let version =
            self.store.secret(name).and_then(|versions| SecretVersion::select(versions, selector));
        let Some(version) = version else {
            return Ok(None);
        };
        if version.secret.deleted {
            return Err(ApiError::validation("Invalid Request to Secrets Manager"));
        }
        Ok(Some(version.to_json(&arn, selector)))
    }
}

/// The observed constraint of a member of the list.
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
    if names.iter().any(|name| name.is_empty() || name.len() > 2048) {
        return Err(ApiError::constraint(&all(), "names", LENGTHS));
    }
    Ok(())
}

fn strings(list: &Value) -> Result<Vec<&str>, ApiError> {
    match list {
        Value::Null => Err(missing_member("names")),
        Value::Array(items) => items
            .iter()
            .map(|item| item.as_str().ok_or_else(|| ApiError::bare("SerializationException")))
            .collect(),
        _ => Err(ApiError::bare("SerializationException")),
    }
}
