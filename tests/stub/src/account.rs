//! The account behind the endpoint: its parameters and its policies.

use crate::access::Access;
use crate::api::identifier::{Identifier, Location, Malformed};
use crate::api_error::ApiError;
use crate::secret::REFERENCE;
use crate::store::{Store, Version, canonical};
use crate::variants::Variant;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::hash::{DefaultHasher, Hash, Hasher};

/// An account in a region.
#[derive(Debug, Default)]
pub(crate) struct Account {
    pub(crate) store: Store,
    pub(crate) id: String,
    pub(crate) region: String,
    pub(crate) access: Access,
    pub(crate) variants: Vec<Variant>,
    pub(crate) page_size: Option<usize>,
    pub(crate) empty_pages: usize,
}

impl Account {
    /// The ARN of a name; that of a public parameter has no account.
    pub(crate) fn arn(&self, name: &str) -> String {
        let name = canonical(name);
        let account = if name.starts_with("aws/service/") { "" } else { self.id.as_str() };
        format!("arn:aws:ssm:{}:{account}:parameter/{name}", self.region)
    }

    pub(crate) fn secret_arn(&self, name: &str) -> String {
        format!("arn:aws:secretsmanager:{}:{}:secret:{name}-AbCdEf", self.region, self.id)
    }

    fn key_arn(&self, key: &str) -> String {
        match key {
            "alias/aws/ssm" => self.key_arn("0a1b2c3d-0000-4000-8000-5e6f7a8b9c0d"),
            arn if arn.starts_with("arn:") => arn.to_owned(),
            key => format!("arn:aws:kms:{}:{}:key/{key}", self.region, self.id),
        }
    }

    pub(crate) fn parse<'a>(&self, text: &'a str) -> Result<Identifier<'a>, Malformed> {
        Identifier::parse(text, &self.region, &self.id)
    }

    pub(crate) fn authorise(
        &self,
        action: &str,
        identifier: &Identifier<'_>,
    ) -> Result<(), ApiError> {
        let resource = match identifier.place {
            Location::Name(name) | Location::Own(name) => self.arn(name),
            Location::Shared(arn) => arn.to_owned(),
            Location::Secret(name) => self.arn(&format!("{REFERENCE}{name}")),
        };
        self.access.check(&format!("ssm:{action}"), &resource)
    }

    /// Names of which no ARN can be made are authorised on all resources.
    pub(crate) fn authorise_malformed(&self, action: &str) -> Result<(), ApiError> {
        let everything = format!("arn:aws:ssm:{}:{}:*", self.region, self.id);
        self.access.check_everything(&format!("ssm:{action}"), &everything)
    }

    /// All versions of a parameter, which isn't a secret.
    pub(crate) fn versions(&self, place: Location<'_>) -> Option<&[Version]> {
        match place {
            Location::Name(name) | Location::Own(name) => self.store.by_name(name),
            Location::Shared(arn) => self.store.by_arn(arn),
            Location::Secret(_) => None,
        }
    }

    /// A version as JSON: the requested name, the selector with its colon, the ARN without a selector.
    pub(crate) fn to_json(
        &self,
        version: &Version,
        name: &str,
        selector: Option<&str>,
        decrypt: bool,
    ) -> Result<Value, ApiError> {
        let parameter = &version.parameter;
        let secure = parameter.kind == crate::Kind::SecureString;
        if decrypt && secure {
            self.access.check_key(&parameter.name, &self.key_arn(&parameter.key_id))?;
        }
        let arn = parameter.arn.clone();
        let mut parameter_json = json!({
            "Name": name,
            "Type": parameter.kind.name(),
            "Version": version.number,
            "LastModifiedDate": parameter.modified,
            "ARN": arn.unwrap_or_else(|| self.arn(&parameter.name)),
            "DataType": parameter.data_type,
        });
        if let Some(value) = &parameter.value {
            parameter_json["Value"] = if decrypt || !secure {
                value.as_str().into()
            } else {
                ciphertext(version, value).into()
            };
        }
        if let Some(selector) = selector {
            parameter_json["Selector"] = format!(":{selector}").into();
        }
        Ok(parameter_json)
    }
}

/// Resembles a ciphertext of KMS, `AQICAH…`, and contains nothing of the value except its length.
fn ciphertext(version: &Version, value: &str) -> String {
    let mut bytes = vec![1, 2, 2, 0, 0x78];
    let mut hasher = DefaultHasher::new();
    (&version.parameter.name, version.number).hash(&mut hasher);
    while bytes.len() < value.len() + 100 {
        bytes.len().hash(&mut hasher);
        bytes.extend(hasher.finish().to_be_bytes());
    }
    STANDARD.encode(bytes)
}
