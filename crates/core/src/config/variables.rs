//! The level of configuration that the environment gives: `SSM_EXEC_*`, and the SDK's own names.

use super::layer::{KeySpec, Layer, List, PathSpec};
use crate::config::ConfigError;
use crate::inherited::Inherited;
use crate::origin::{Given, Origin};

/// Every variable of our own, for the check of spelling.
pub const NAMES: &[&str] = &[
    "SSM_EXEC_ALLOW",
    "SSM_EXEC_ALLOW_HTTP",
    "SSM_EXEC_BASE64",
    "SSM_EXEC_CASE",
    "SSM_EXEC_CONFIG",
    "SSM_EXEC_DROP_AWS_CREDENTIALS",
    "SSM_EXEC_EXCLUDE",
    "SSM_EXEC_EXTERNAL_ID",
    "SSM_EXEC_FILE",
    "SSM_EXEC_JSON",
    "SSM_EXEC_KEEP",
    "SSM_EXEC_KEEP_EXISTING",
    "SSM_EXEC_KEY",
    "SSM_EXEC_LOG",
    "SSM_EXEC_LOG_FORMAT",
    "SSM_EXEC_NAME_PREFIX",
    "SSM_EXEC_NO_CONFIG",
    "SSM_EXEC_NO_REFS",
    "SSM_EXEC_ONLY",
    "SSM_EXEC_OPTIONAL_KEY",
    "SSM_EXEC_PREFIX",
    "SSM_EXEC_PRISTINE",
    "SSM_EXEC_REQUIRE",
    "SSM_EXEC_ROLE_ARN",
    "SSM_EXEC_SKIP",
    "SSM_EXEC_TIMEOUT",
];

/// Reads the level.
///
/// # Errors
/// For a variable of ours that there isn't, one that isn't UTF-8, and a switch that is neither on nor off.
pub fn read(inherited: &Inherited<'_>) -> Result<Layer, ConfigError> {
    for name in inherited.names_starting("SSM_EXEC_") {
        if !NAMES.contains(&name.as_str()) {
            return Err(ConfigError::UnknownVariable {
                nearest: super::nearest(&name, NAMES.iter().copied()),
                name,
            });
        }
    }
    let from = Variables(inherited);
    let mut keys = from.list("SSM_EXEC_KEY", |text| KeySpec::from_text(text, false))?;
    if let Some(optional) = from.list("SSM_EXEC_OPTIONAL_KEY", |text| {
        KeySpec::from_text(text, true)
    })? {
        keys.get_or_insert_default().extend(optional);
    }
    let ignore_endpoints = from.switch("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")?;
    let endpoint_url = match ignore_endpoints {
        Some(Given { value: true, .. }) => None,
        _ => from.first(&["AWS_ENDPOINT_URL_SSM", "AWS_ENDPOINT_URL"])?,
    };
    Ok(Layer {
        prefix: from.list("SSM_EXEC_PREFIX", tree)?,
        keys,
        json: from.list("SSM_EXEC_JSON", tree)?,
        files: from.list("SSM_EXEC_FILE", |text| KeySpec::from_text(text, false))?,
        no_refs: from.switch("SSM_EXEC_NO_REFS")?,
        require: from.list("SSM_EXEC_REQUIRE", str::to_owned)?,
        only: from.list("SSM_EXEC_ONLY", str::to_owned)?,
        exclude: from.list("SSM_EXEC_EXCLUDE", str::to_owned)?,
        name_prefix: from.first(&["SSM_EXEC_NAME_PREFIX"])?,
        case: from.first(&["SSM_EXEC_CASE"])?,
        base64: from.list("SSM_EXEC_BASE64", str::to_owned)?,
        pristine: from.switch("SSM_EXEC_PRISTINE")?,
        keep: from.list("SSM_EXEC_KEEP", str::to_owned)?,
        keep_existing: from.switch("SSM_EXEC_KEEP_EXISTING")?,
        allow: from.list("SSM_EXEC_ALLOW", str::to_owned)?,
        skip: from.switch("SSM_EXEC_SKIP")?,
        drop_aws_credentials: from.switch("SSM_EXEC_DROP_AWS_CREDENTIALS")?,
        region: from.first(&["AWS_REGION", "AWS_DEFAULT_REGION"])?,
        profile: from.first(&["AWS_PROFILE"])?,
        endpoint_url,
        allow_http: from.switch("SSM_EXEC_ALLOW_HTTP")?,
        role_arn: from.first(&["SSM_EXEC_ROLE_ARN"])?,
        external_id: from.first(&["SSM_EXEC_EXTERNAL_ID"])?,
        ca_bundle: from.first(&["AWS_CA_BUNDLE"])?,
        timeout: from.first(&["SSM_EXEC_TIMEOUT"])?,
        ..Layer::default()
    })
}

/// What stands below every level, where the place that we run in asks for it.
pub fn defaults(inherited: &Inherited<'_>) -> Layer {
    // Lambda ends an init phase after 10 s without a word: ours comes first.
    let is_lambda = inherited.get("AWS_LAMBDA_RUNTIME_API").is_some();
    Layer {
        timeout: is_lambda.then(|| Given::new("8s".to_owned(), Origin::Default)),
        ..Layer::default()
    }
}

/// A prefix or an object as one word.
pub fn tree(text: &str) -> PathSpec {
    PathSpec {
        text: text.to_owned(),
        ..PathSpec::default()
    }
}

struct Variables<'a>(&'a Inherited<'a>);

impl Variables<'_> {
    /// An empty variable counts as unset, as the AWS tools have it.
    fn text(&self, name: &'static str) -> Result<Option<&str>, ConfigError> {
        match self.0.get(name) {
            None | Some(b"") => Ok(None),
            Some(bytes) => std::str::from_utf8(bytes)
                .map(Some)
                .map_err(|_| ConfigError::invalid(Origin::Variable(name), "isn't UTF-8")),
        }
    }

    fn first(&self, names: &[&'static str]) -> Result<Option<Given<String>>, ConfigError> {
        for &name in names {
            if let Some(text) = self.text(name)? {
                return Ok(Some(Given::new(text.to_owned(), Origin::Variable(name))));
            }
        }
        Ok(None)
    }

    fn list<T>(
        &self,
        name: &'static str,
        read: impl Fn(&str) -> T,
    ) -> Result<List<T>, ConfigError> {
        Ok(self.text(name)?.map(|text| {
            text.split(|c: char| c == ',' || c.is_whitespace())
                .filter(|word| !word.is_empty())
                .map(|word| Given::new(read(word), Origin::Variable(name)))
                .collect()
        }))
    }

    fn switch(&self, name: &'static str) -> Result<Option<Given<bool>>, ConfigError> {
        let value = match self.text(name)?.map(str::to_ascii_lowercase).as_deref() {
            None => return Ok(None),
            Some("1" | "true" | "yes" | "on") => true,
            Some("0" | "false" | "no" | "off") => false,
            Some(other) => {
                return Err(ConfigError::invalid(
                    Origin::Variable(name),
                    format!("is `{other}`; it is a switch: `true` or `false`"),
                ));
            }
        };
        Ok(Some(Given::new(value, Origin::Variable(name))))
    }
}
