//! What AWS answers: actions, limits and refusals, in its own words. The sources are the API's
//! reference and what was seen on the wire; "facts" below is the collection this was made from.

use crate::store::{Parameter, Store, Version, canonical, select};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::collections::HashSet;

/// A refusal: HTTP status, `__type` and text. `None` is no text at all, as for `ParameterNotFound`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// `__type`, bare.
    pub code: String,
    /// The text, if there is one.
    pub message: Option<String>,
}

impl Refusal {
    /// A client error: HTTP 400, as all of SSM's are.
    #[must_use]
    pub fn client(code: &str, message: impl Into<String>) -> Self {
        Self {
            status: 400,
            code: code.to_owned(),
            message: Some(message.into()),
        }
    }
}

/// Who may not read what.
#[derive(Debug, Clone)]
pub(crate) struct Denied {
    pub(crate) action: String,
    pub(crate) resource: String,
    pub(crate) text: String,
}

/// What is fixed for a stub's life, and what is denied.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) denied: Vec<Denied>,
    pub(crate) undecryptable: Vec<(String, Refusal)>,
    pub(crate) page_size: Option<usize>,
    pub(crate) empty_pages: usize,
}

const NAME_RULE: &str = "Parameter name: can't be prefixed with \"ssm\" (case-insensitive). If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_";
const PATH_RULE: &str = "The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward slash \"/\". It can't be prefixed with \\\"aws\\\" or \\\"ssm\\\" (case-insensitive). It must use only letters, numbers, or the following symbols: . (period), - (hyphen), _ (underscore). Special characters are not allowed. All sub-paths, if specified, must use the forward slash symbol \"/\". Valid example: /get/parameters2-/by1./path0_.";

fn validation(message: impl Into<String>) -> Refusal {
    Refusal::client("ValidationException", message)
}

impl World {
    pub(crate) fn answer(&mut self, action: &str, body: &Value) -> Result<Value, Refusal> {
        match action {
            "GetParameters" => self.get_parameters(body),
            "GetParametersByPath" => self.by_path(body),
            "GetParameter" => self.get_parameter(body),
            "PutParameter" => self.put_parameter(body),
            _ => Err(Refusal {
                status: 400,
                code: "UnknownOperationException".to_owned(),
                message: None,
            }),
        }
    }

    fn arn(&self, name: &str) -> String {
        let account = if name.starts_with("/aws/service/") {
            ""
        } else {
            self.account.as_str()
        };
        format!(
            "arn:aws:ssm:{}:{account}:parameter/{}",
            self.region,
            canonical(name)
        )
    }

    fn authorise(&self, action: &str, resource: &str) -> Result<(), Refusal> {
        let denied = self.denied.iter().find(|denied| {
            denied.action == action
                && match denied.resource.strip_suffix('*') {
                    Some(start) => resource.starts_with(start),
                    None => denied.resource == resource,
                }
        });
        match denied {
            None => Ok(()),
            Some(denied) => {
                let text = denied
                    .text
                    .replace("{action}", &format!("ssm:{action}"))
                    .replace("{resource}", resource);
                Err(Refusal::client("AccessDeniedException", text))
            }
        }
    }

    fn check_name(&self, action: &str, name: &str) -> Result<(), Refusal> {
        let inner = canonical(name);
        let secret = inner.starts_with("aws/reference/secretsmanager/");
        let symbols = if secret { "/_+=.@-" } else { "/_.-" };
        let allowed = |c: char| c.is_ascii_alphanumeric() || symbols.contains(c);
        let malformed = inner.is_empty()
            || inner.contains("//")
            || !inner.chars().all(allowed)
            || (inner.contains('/') && !name.starts_with('/'))
            || inner.split('/').count() > 15;
        if malformed {
            // A restricted principal is denied on `*` before the name is looked at (facts §1.6).
            self.authorise(
                action,
                &format!("arn:aws:ssm:{}:{}:*", self.region, self.account),
            )?;
            return Err(validation(NAME_RULE));
        }
        Ok(())
    }

    fn find(&self, requested: &str) -> (String, Option<String>, Option<&[Version]>) {
        let (bare, selector) = if requested.starts_with("arn:") {
            match requested.match_indices(':').nth(5) {
                Some((at, _)) => (&requested[..at], Some(requested[at + 1..].to_owned())),
                None => (requested, None),
            }
        } else {
            match requested.split_once(':') {
                Some((name, selector)) => (name, Some(selector.to_owned())),
                None => (requested, None),
            }
        };
        let own = format!("arn:aws:ssm:{}:{}:parameter/", self.region, self.account);
        match bare.strip_prefix(&own) {
            Some(name) => (format!("/{name}"), selector, self.store.by_name(name)),
            None if bare.starts_with("arn:") => {
                (bare.to_owned(), selector, self.store.by_arn(bare))
            }
            None => (bare.to_owned(), selector, self.store.by_name(bare)),
        }
    }

    fn get_parameters(&self, body: &Value) -> Result<Value, Refusal> {
        let names: Vec<&str> = body["Names"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        if names.is_empty() || names.len() > 10 {
            let bound = if names.is_empty() {
                "greater than or equal to 1"
            } else {
                "less than or equal to 10"
            };
            return Err(validation(format!(
                "1 validation error detected: Value '[{}]' at 'names' failed to satisfy constraint: Member must have length {bound}",
                names.join(", ")
            )));
        }
        let decrypt = body["WithDecryption"].as_bool().unwrap_or(false);
        let mut seen = HashSet::new();
        let mut found = Vec::new();
        let mut invalid = Vec::new();
        for requested in names {
            // No document says what duplicates do: ours are a mistake of the client's.
            if !seen.insert(canonical(requested)) {
                return Err(validation(format!("Duplicate name: {requested}")));
            }
            let (name, selector, versions) = self.find(requested);
            if !name.starts_with("arn:") {
                self.check_name("GetParameters", &name)?;
            }
            let resource = if name.starts_with("arn:") {
                name.clone()
            } else {
                self.arn(&name)
            };
            self.authorise("GetParameters", &resource)?;
            if is_secret(&name) {
                self.secret_access(&name)?;
            }
            match versions.and_then(|versions| select(versions, selector.as_deref())) {
                Some(version) if decrypt || !is_secret(&name) => {
                    found.push(self.shown(version, &name, selector.as_deref(), decrypt)?);
                }
                _ => invalid.push(requested),
            }
        }
        found.sort_by_key(|parameter| parameter["Name"].as_str().map(str::to_owned));
        Ok(json!({ "Parameters": found, "InvalidParameters": invalid }))
    }

    /// Not to be read, a secret fails its batch as a validation error (facts §5).
    fn secret_access(&self, name: &str) -> Result<(), Refusal> {
        let secret = name.trim_start_matches("/aws/reference/secretsmanager/");
        let resource = format!(
            "arn:aws:secretsmanager:{}:{}:secret:{secret}",
            self.region, self.account
        );
        self.authorise("secretsmanager:GetSecretValue", &resource)
            .map_err(|_| validation("An error occurred while calling one AWS dependency service."))
    }

    fn get_parameter(&self, body: &Value) -> Result<Value, Refusal> {
        let requested = body["Name"].as_str().unwrap_or_default();
        let (name, selector, versions) = self.find(requested);
        self.check_name("GetParameter", &name)?;
        self.authorise("GetParameter", &self.arn(&name))?;
        let missing = Refusal {
            status: 400,
            code: "ParameterNotFound".to_owned(),
            message: None,
        };
        let version = versions
            .and_then(|versions| select(versions, selector.as_deref()))
            .ok_or(missing)?;
        let decrypt = body["WithDecryption"].as_bool().unwrap_or(false);
        Ok(json!({ "Parameter": self.shown(version, &name, selector.as_deref(), decrypt)? }))
    }

    fn put_parameter(&mut self, body: &Value) -> Result<Value, Refusal> {
        let name = body["Name"].as_str().unwrap_or_default();
        let value = body["Value"].as_str().unwrap_or_default();
        self.check_name("PutParameter", name)?;
        self.store.put(match body["Type"].as_str() {
            Some("SecureString") => Parameter::secure(name, value),
            Some("StringList") => Parameter::list(name, value),
            _ => Parameter::string(name, value),
        });
        Ok(
            json!({ "Version": self.store.by_name(name).map_or(0, <[Version]>::len), "Tier": "Standard" }),
        )
    }

    fn by_path(&self, body: &Value) -> Result<Value, Refusal> {
        let path = body["Path"].as_str().unwrap_or_default();
        let inner = path.strip_prefix('/').unwrap_or(path);
        let allowed = |c: char| c.is_ascii_alphanumeric() || "/_.-".contains(c);
        if !path.starts_with('/') || inner.contains("//") || !inner.chars().all(allowed) {
            self.authorise(
                "GetParametersByPath",
                &format!("arn:aws:ssm:{}:{}:*", self.region, self.account),
            )?;
            return Err(validation(PATH_RULE));
        }
        // The path alone is authorised, a slash at its end included (facts §2).
        let resource = format!(
            "arn:aws:ssm:{}:{}:parameter/{inner}",
            self.region, self.account
        );
        self.authorise("GetParametersByPath", &resource)?;
        let size = body["MaxResults"].as_u64().unwrap_or(10);
        if !(1..=10).contains(&size) {
            return Err(validation(format!(
                "1 validation error detected: Value '{size}' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 10"
            )));
        }
        let size = self
            .page_size
            .unwrap_or(usize::try_from(size).unwrap_or(10));
        let label = label_filter(body)?;
        let recursive = body["Recursive"].as_bool().unwrap_or(false);
        let decrypt = body["WithDecryption"].as_bool().unwrap_or(false);
        let all: Vec<&Version> = self
            .store
            .below(path, recursive)
            .filter_map(|versions| select(versions, label.as_deref()))
            .collect();
        let (start, empties) = match body["NextToken"].as_str() {
            None => (0, 0),
            Some(token) => read_token(path, token).ok_or_else(|| {
                Refusal::client("InvalidNextToken", "The specified token isn't valid.")
            })?,
        };
        if empties < self.empty_pages {
            return Ok(
                json!({ "Parameters": [], "NextToken": write_token(path, start, empties + 1) }),
            );
        }
        let page = all.iter().skip(start).take(size);
        let shown: Vec<Value> = page
            .map(|version| self.shown(version, &version.parameter.name, None, decrypt))
            .collect::<Result<_, _>>()?;
        let next = start + shown.len();
        let mut answer = json!({ "Parameters": shown });
        if next < all.len() {
            answer["NextToken"] = write_token(path, next, 0).into();
        }
        Ok(answer)
    }

    fn shown(
        &self,
        version: &Version,
        name: &str,
        selector: Option<&str>,
        decrypt: bool,
    ) -> Result<Value, Refusal> {
        let parameter = &version.parameter;
        let secret = is_secret(&parameter.name);
        if decrypt && parameter.kind == "SecureString" {
            let refusal = self
                .undecryptable
                .iter()
                .find(|(start, _)| name.starts_with(start));
            if let Some((_, refusal)) = refusal {
                return Err(refusal.clone());
            }
        }
        let name = if name.starts_with("arn:") {
            &parameter.name
        } else {
            name
        };
        let arn = match (&parameter.arn, secret) {
            (Some(arn), _) => arn.clone(),
            (None, true) => format!(
                "arn:aws:secretsmanager:{}:{}:secret:{}-AbCdEf",
                self.region,
                self.account,
                parameter
                    .name
                    .trim_start_matches("/aws/reference/secretsmanager/")
            ),
            (None, false) => self.arn(&parameter.name),
        };
        let mut shown = json!({
            "Name": name,
            "Type": parameter.kind,
            "Version": if secret { 0 } else { version.number },
            "LastModifiedDate": parameter.modified,
            "ARN": arn,
        });
        if let Some(value) = &parameter.value {
            // Undecrypted, a SecureString is KMS's ciphertext (facts §1.4).
            let plain = decrypt || parameter.kind != "SecureString";
            shown["Value"] = if plain {
                value.clone()
            } else {
                format!("AQICAHh{}", STANDARD.encode(name))
            }
            .into();
        }
        if secret {
            let source = json!({ "ARN": arn, "name": name, "secretString": parameter.value, "versionStages": ["AWSCURRENT"] });
            shown["SourceResult"] = source.to_string().into();
        } else {
            shown["DataType"] = "text".into();
        }
        if let Some(selector) = selector {
            shown["Selector"] = format!(":{selector}").into();
        }
        Ok(shown)
    }
}

fn is_secret(name: &str) -> bool {
    name.starts_with("/aws/reference/secretsmanager/")
}

fn label_filter(body: &Value) -> Result<Option<String>, Refusal> {
    let Some(filter) = body["ParameterFilters"]
        .as_array()
        .and_then(|filters| filters.first())
    else {
        return Ok(None);
    };
    match (
        filter["Key"].as_str(),
        filter["Option"].as_str().unwrap_or("Equals"),
    ) {
        (Some("Label"), "Equals") => Ok(filter["Values"][0].as_str().map(str::to_owned)),
        (Some("Label"), _) => Err(Refusal {
            status: 400,
            code: "InvalidFilterOption".to_owned(),
            message: None,
        }),
        _ => Err(Refusal {
            status: 400,
            code: "InvalidFilterKey".to_owned(),
            message: None,
        }),
    }
}

fn write_token(path: &str, start: usize, empties: usize) -> String {
    STANDARD.encode(format!("{start} {empties} {path}"))
}

fn read_token(path: &str, token: &str) -> Option<(usize, usize)> {
    let text = String::from_utf8(STANDARD.decode(token).ok()?).ok()?;
    let mut words = text.splitn(3, ' ');
    let place = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    (words.next()? == path).then_some(place)
}
