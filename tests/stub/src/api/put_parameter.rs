//! `PutParameter`: enough of it to write through the endpoint what one then reads.

use super::identifier::{LEVELS, name as check};
use super::{flag, missing_member};
use crate::Kind;
use crate::account::Account;
use crate::api_error::ApiError;
use crate::parameter::Parameter;
use crate::store::canonical;
use serde_json::{Value, json};

/// Reported by the service's own text.
const LONGEST: usize = 32_768;

impl Account {
    pub(crate) fn put_parameter(&mut self, body: &Value) -> Result<Value, ApiError> {
        let member = |key: &str, name: &str| body[key].as_str().ok_or_else(|| missing_member(name));
        let (name, value) = (member("Name", "name")?, member("Value", "value")?);
        let kind = body["Type"].as_str();
        let kind = kind.map(str::parse::<Kind>).transpose();
        let Ok(kind) = kind else {
            let rule = "Member must satisfy enum value set: [SecureString, StringList, String]";
            return Err(ApiError::constraint(
                body["Type"].as_str().unwrap_or_default(),
                "type",
                rule,
            ));
        };
        self.check_new(name, value)?;
        let last = self
            .store
            .by_name(name)
            .and_then(<[_]>::last)
            .map(|version| version.parameter.kind);
        if last.is_some() && !flag(&body["Overwrite"])? {
            return Err(ApiError::client(
                "ParameterAlreadyExists",
                "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
            ));
        }
        let kind = kind.or(last).ok_or_else(|| missing_member("type"))?;
        let mut parameter = Parameter::new(kind, name, value);
        if let Some(key) = body["KeyId"].as_str() {
            parameter = parameter.key_id(key);
        }
        if let Some(data_type) = body["DataType"].as_str() {
            parameter = parameter.data_type(data_type);
        }
        let version = self.store.put(parameter);
        Ok(json!({ "Version": version, "Tier": "Standard" }))
    }

    fn check_new(&self, name: &str, value: &str) -> Result<(), ApiError> {
        self.access.check("ssm:PutParameter", &self.arn(name))?;
        let inner = canonical(name);
        if inner.contains('/') && !name.starts_with('/') {
            return Err(ApiError::validation(
                "Parameter name must be a fully qualified name.",
            ));
        }
        if inner.split('/').count() > LEVELS {
            return Err(ApiError::client(
                "HierarchyLevelLimitExceededException",
                "A hierarchy can have a maximum of 15 levels.",
            ));
        }
        if inner == "aws" || inner.starts_with("aws/") {
            return Err(ApiError::client(
                "AccessDeniedException",
                format!("No access to reserved parameter name: {name}."),
            ));
        }
        check(name).map_err(|malformed| malformed.refusal())?;
        if value.len() > LONGEST {
            let rule = "Member must have length less than or equal to 32768";
            return Err(ApiError::validation(format!(
                "1 validation error detected: Value at 'value' failed to satisfy constraint: {rule}"
            )));
        }
        Ok(())
    }
}
