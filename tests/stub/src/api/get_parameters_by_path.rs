//! `GetParametersByPath`: pages, tokens and filters.

use super::identifier::{is_valid_path, malformed_path};
use super::{flag, missing_member};
use crate::Kind;
use crate::account::Account;
use crate::api_error::ApiError;
use crate::store::{Version, labelled};
use crate::variants::Variant;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

impl Account {
    pub(crate) fn by_path(&self, body: &Value) -> Result<Value, ApiError> {
        const ACTION: &str = "GetParametersByPath";
        let path = body["Path"].as_str().ok_or_else(|| missing_member("path"))?.trim_matches(' ');
        let size = page_size(&body["MaxResults"])?;
        if !is_valid_path(path) {
            self.authorise_malformed(ACTION)?;
            return Err(malformed_path());
        }
        // Only the path is authorised, including a trailing slash.
        self.access.check("ssm:GetParametersByPath", &self.arn(path))?;
        let filters = Filter::parse_all(&body["ParameterFilters"])?;
        let recursive = flag(&body["Recursive"])?;
        let decrypt = flag(&body["WithDecryption"])?;
        let (start, empties) = match body["NextToken"].as_str() {
            None => (0, 0),
            Some(token) => read_token(path, token).ok_or_else(|| {
                ApiError::client("InvalidNextToken", "The specified token isn't valid.")
            })?,
        };
        if empties < self.empty_pages {
            let token = write_token(path, start, empties + 1);
            return Ok(json!({ "Parameters": [], "NextToken": token }));
        }
        let size = self.page_size.map_or(size, |short| short.min(size));
        let mut rest = self
            .store
            .below(path, recursive)
            .filter_map(|versions| Filter::choose(&filters, versions))
            .skip(start);
        let mut page = Vec::with_capacity(size);
        for version in rest.by_ref().take(size) {
            let selector = if self.variants.contains(&Variant::LabelSelector) {
                Filter::label_of(&filters, version)
            } else {
                None
            };
            page.push(self.to_json(version, &version.parameter.name, selector, decrypt)?);
        }
        let shown = page.len();
        let mut response = json!({ "Parameters": page });
        if rest.next().is_some() {
            response["NextToken"] = write_token(path, start + shown, 0).into();
        }
        Ok(response)
    }
}

fn page_size(requested: &Value) -> Result<usize, ApiError> {
    let bound = |size: &Value, rule: &str| {
        let rule = format!("Member must have value {rule}");
        Err(ApiError::constraint(&size.to_string(), "maxResults", &rule))
    };
    match requested {
        Value::Null => Ok(10),
        size => match size.as_i64() {
            Some(n @ 1..=10) => Ok(usize::try_from(n).expect("one to ten")),
            Some(..1) => bound(size, "greater than or equal to 1"),
            Some(_) => bound(size, "less than or equal to 10"),
            None => Err(ApiError::bare("SerializationException")),
        },
    }
}

enum By {
    Kind,
    KeyId,
    Label,
}

struct Filter<'a> {
    key: By,
    begins: bool,
    values: Vec<&'a str>,
}

impl<'a> Filter<'a> {
    fn parse_all(filters: &'a Value) -> Result<Vec<Self>, ApiError> {
        match filters {
            Value::Null => Ok(Vec::new()),
            Value::Array(filters) => filters.iter().map(Self::parse).collect(),
            _ => Err(ApiError::bare("SerializationException")),
        }
    }

    fn parse(filter: &'a Value) -> Result<Self, ApiError> {
        let name = filter["Key"].as_str().unwrap_or_default();
        let key = match name {
            "Type" => By::Kind,
            "KeyId" => By::KeyId,
            "Label" => By::Label,
            // Modelled without a message.
            _ => return Err(ApiError::bare("InvalidFilterKey")),
        };
        let begins = match (filter["Option"].as_str(), &key) {
            (None | Some("Equals"), _) => false,
            (Some("BeginsWith"), By::Kind | By::KeyId) => true,
            (Some(option), _) => {
                // The message of moto; that of AWS is unknown.
                let text = format!("The following filter option is not valid: {option}.");
                return Err(ApiError::client("InvalidFilterOption", text));
            }
        };
        let values: Vec<&str> =
            filter["Values"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if values.is_empty() {
            let text =
                format!("The following filter values are missing : null for filter key {name}");
            return Err(ApiError::client("InvalidFilterValue", text));
        }
        if values.len() > 50 {
            let rule = "Member must have length less than or equal to 50";
            return Err(ApiError::constraint("values", "parameterFilters", rule));
        }
        let unknown = |value: &&&str| value.parse::<Kind>().is_err();
        if matches!(key, By::Kind)
            && !begins
            && let Some(value) = values.iter().find(unknown)
        {
            let text = format!(
                "The following filter value is not valid: {value}. Valid values include: [String, StringList, SecureString]."
            );
            return Err(ApiError::client("InvalidFilterValue", text));
        }
        Ok(Self { key, begins, values })
    }

    /// The latest or the labelled version, if all filters accept it.
    fn choose<'v>(filters: &[Self], versions: &'v [Version]) -> Option<&'v Version> {
        let label = filters.iter().find(|filter| matches!(filter.key, By::Label));
        let version = match label {
            None => versions.last(),
            Some(label) => label.values.iter().find_map(|value| labelled(versions, value)),
        }?;
        filters.iter().all(|filter| filter.accepts(version)).then_some(version)
    }

    fn label_of(filters: &[Self], version: &'a Version) -> Option<&'a str> {
        filters
            .iter()
            .filter(|filter| matches!(filter.key, By::Label))
            .flat_map(|filter| &filter.values)
            .find_map(|value| {
                let mut labels = version.parameter.labels.iter();
                labels.find(|label| label == value).map(String::as_str)
            })
    }

    fn accepts(&self, version: &Version) -> bool {
        let parameter = &version.parameter;
        let is = |value: &&str, text: &str| {
            if self.begins { text.starts_with(value) } else { text == *value }
        };
        self.values.iter().any(|value| match self.key {
            By::Kind => is(value, parameter.kind.name()),
            By::KeyId => is(value, &parameter.key_id) && parameter.kind == Kind::SecureString,
            By::Label => parameter.labels.iter().any(|label| is(value, label)),
        })
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
