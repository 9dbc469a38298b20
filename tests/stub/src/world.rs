//! The account that answers: its parameters, its policies, and which action does what.

use crate::access::Access;
use crate::knobs::Knobs;
use crate::name::{Malformed, Place, Wanted};
use crate::refusal::Refusal;
use crate::secret::REFERENCE;
use crate::store::{Store, Version, canonical};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::hash::{DefaultHasher, Hash, Hasher};

/// An account in a region.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) access: Access,
    pub(crate) knobs: Knobs,
    pub(crate) page_size: Option<usize>,
    pub(crate) empty_pages: usize,
}

impl World {
    pub(crate) fn answer(&mut self, action: &str, body: &Value) -> Result<Value, Refusal> {
        if !body.is_object() {
            return Err(Refusal::bare("SerializationException"));
        }
        match action {
            "GetParameters" => self.get_parameters(body),
            "GetParametersByPath" => self.by_path(body),
            "GetParameter" => self.get_parameter(body),
            "PutParameter" => self.put_parameter(body),
            _ => Err(Refusal::bare("UnknownOperationException")),
        }
    }

    /// The ARN of a name: one slash, and no account in that of a public parameter.
    pub(crate) fn arn(&self, name: &str) -> String {
        let name = canonical(name);
        let account = if name.starts_with("aws/service/") {
            ""
        } else {
            self.account.as_str()
        };
        format!("arn:aws:ssm:{}:{account}:parameter/{name}", self.region)
    }

    pub(crate) fn secret_arn(&self, name: &str) -> String {
        format!(
            "arn:aws:secretsmanager:{}:{}:secret:{name}-AbCdEf",
            self.region, self.account
        )
    }

    fn key_arn(&self, key: &str) -> String {
        match key {
            "alias/aws/ssm" => self.key_arn("0a1b2c3d-0000-4000-8000-5e6f7a8b9c0d"),
            arn if arn.starts_with("arn:") => arn.to_owned(),
            key => format!("arn:aws:kms:{}:{}:key/{key}", self.region, self.account),
        }
    }

    pub(crate) fn parse<'a>(&self, text: &'a str) -> Result<Wanted<'a>, Malformed> {
        Wanted::parse(text, &self.region, &self.account)
    }

    pub(crate) fn authorise(&self, action: &str, wanted: &Wanted<'_>) -> Result<(), Refusal> {
        let resource = match wanted.place {
            Place::Name(name) | Place::Own(name) => self.arn(name),
            Place::Shared(arn) => arn.to_owned(),
            Place::Secret(name) => self.arn(&format!("{REFERENCE}{name}")),
        };
        self.access.check(&format!("ssm:{action}"), &resource)
    }

    /// What no ARN can be made of is authorised on everything.
    pub(crate) fn authorise_malformed(&self, action: &str) -> Result<(), Refusal> {
        let everything = format!("arn:aws:ssm:{}:{}:*", self.region, self.account);
        self.access
            .check_everything(&format!("ssm:{action}"), &everything)
    }

    /// All versions at a place that isn't a secret's.
    pub(crate) fn versions(&self, place: Place<'_>) -> Option<&[Version]> {
        match place {
            Place::Name(name) | Place::Own(name) => self.store.by_name(name),
            Place::Shared(arn) => self.store.by_arn(arn),
            Place::Secret(_) => None,
        }
    }

    /// A version as the wire has it: Name as it was asked for, Selector with its colon, ARN without
    /// it.
    pub(crate) fn shown(
        &self,
        version: &Version,
        name: &str,
        selector: Option<&str>,
        decrypt: bool,
    ) -> Result<Value, Refusal> {
        let parameter = &version.parameter;
        let secure = parameter.kind == crate::Kind::SecureString;
        if decrypt && secure {
            self.access
                .check_key(&parameter.name, &self.key_arn(&parameter.key_id))?;
        }
        let arn = parameter.arn.clone();
        let mut shown = json!({
            "Name": name,
            "Type": parameter.kind.name(),
            "Version": version.number,
            "LastModifiedDate": parameter.modified,
            "ARN": arn.unwrap_or_else(|| self.arn(&parameter.name)),
            "DataType": parameter.data_type,
        });
        if let Some(value) = &parameter.value {
            shown["Value"] = if decrypt || !secure {
                value.as_str().into()
            } else {
                ciphertext(version, value).into()
            };
        }
        if let Some(selector) = selector {
            shown["Selector"] = format!(":{selector}").into();
        }
        Ok(shown)
    }
}

/// Looks like KMS's, `AQICAH…`, and has nothing of the value in it but its length.
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
