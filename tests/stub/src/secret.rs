//! Secrets Manager secrets, as Parameter Store serves them under `/aws/reference/secretsmanager/`.

use serde_json::{Value, json};

/// The prefix of references.
pub(crate) const REFERENCE: &str = "/aws/reference/secretsmanager/";

/// A secret to create, or a new version of an existing one, which becomes `AWSCURRENT`.
#[derive(Debug, Clone)]
pub struct Secret {
    pub(crate) name: String,
    pub(crate) value: Option<String>,
    pub(crate) stages: Vec<String>,
    pub(crate) version_id: Option<String>,
    pub(crate) created: f64,
    pub(crate) deleted: bool,
}

impl Secret {
    /// A secret with a string value.
    #[must_use]
    pub fn string(name: &str, value: &str) -> Self {
        Self::of(name, Some(value.to_owned()))
    }

    /// A binary secret, which Parameter Store returns without a value.
    #[must_use]
    pub fn binary(name: &str) -> Self {
        Self::of(name, None)
    }

    pub(crate) fn of(name: &str, value: Option<String>) -> Self {
        Self {
            name: name.to_owned(),
            value,
            stages: Vec::new(),
            version_id: None,
            created: 1_700_000_000.5,
            deleted: false,
        }
    }

    /// The stage; the default is `AWSCURRENT`.
    #[must_use]
    pub fn stage(mut self, stage: &str) -> Self {
        self.stages.push(stage.to_owned());
        self
    }

    /// The version ID; the default is generated.
    #[must_use]
    pub fn version_id(mut self, id: &str) -> Self {
        self.version_id = Some(id.to_owned());
        self
    }

    /// When this version was created, in seconds since the epoch.
    #[must_use]
    pub fn created(mut self, seconds: f64) -> Self {
        self.created = seconds;
        self
    }

    /// Marks it as scheduled for deletion.
    #[must_use]
    pub fn deleted(mut self) -> Self {
        self.deleted = true;
        self
    }
}

/// One version of a secret.
#[derive(Debug, Clone)]
pub(crate) struct SecretVersion {
    pub(crate) id: String,
    pub(crate) secret: Secret,
}

impl SecretVersion {
    /// Adds a version, and moves stages as Secrets Manager does.
    pub(crate) fn push(versions: &mut Vec<Self>, mut secret: Secret) {
        if secret.stages.is_empty() {
            secret.stages.push("AWSCURRENT".to_owned());
        }
        let replaced = secret.stages.iter().any(|stage| stage == "AWSCURRENT");
        for version in versions.iter_mut() {
            let stages = &mut version.secret.stages;
            if replaced {
                stages.retain(|stage| stage != "AWSPREVIOUS");
                for stage in stages.iter_mut().filter(|stage| *stage == "AWSCURRENT") {
                    "AWSPREVIOUS".clone_into(stage);
                }
            }
            stages.retain(|stage| !secret.stages.contains(stage));
        }
        let id = secret
            .version_id
            .clone()
            .unwrap_or_else(|| format!("a1b2c3d4-0000-4000-8000-{:012}", versions.len() + 1));
        versions.push(Self { id, secret });
    }

    /// The version selected by a stage or an ID; the current one by default.
    pub(crate) fn select<'a>(versions: &'a [Self], selector: Option<&str>) -> Option<&'a Self> {
        let selector = selector.unwrap_or("AWSCURRENT");
        versions.iter().find(|version| {
            version.id == selector || version.secret.stages.iter().any(|stage| stage == selector)
        })
    }

    /// The JSON of a parameter: version 0, no `DataType`, and the secret once more in `SourceResult`.
    pub(crate) fn to_json(&self, arn: &str, selector: Option<&str>) -> Value {
        let secret = &self.secret;
        let mut source = json!({
            "ARN": arn,
            "name": secret.name,
            "versionId": self.id,
            "versionStages": secret.stages,
            "createdDate": crate::date::gson_date(secret.created),
        });
        let mut parameter = json!({
            "Name": format!("{REFERENCE}{}", secret.name),
            "Type": "SecureString",
            "Version": 0,
            "LastModifiedDate": secret.created,
            "ARN": arn,
        });
        if let Some(value) = &secret.value {
            source["secretString"] = value.as_str().into();
            parameter["Value"] = value.as_str().into();
        }
        // Gson escapes characters of HTML.
        let source = source
            .to_string()
            .replace('=', "\\u003d")
            .replace('\'', "\\u0027")
            .replace('<', "\\u003c")
            .replace('>', "\\u003e")
            .replace('&', "\\u0026");
        parameter["SourceResult"] = source.into();
        if let Some(selector) = selector {
            parameter["Selector"] = format!(":{selector}").into();
        }
        parameter
    }
}
