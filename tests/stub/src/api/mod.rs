//! The actions of the API: their parameters, checks and responses.

mod get_parameters;
mod get_parameters_by_path;
pub(crate) mod identifier;

use crate::account::Account;
use crate::api_error::ApiError;
use serde_json::Value;

impl Account {
    pub(crate) fn handle(&self, action: &str, body: &Value) -> Result<Value, ApiError> {
        if !body.is_object() {
            return Err(ApiError::bare("SerializationException"));
        }
        match action {
            "GetParameters" => self.get_parameters(body),
            "GetParametersByPath" => self.by_path(body),
            _ => Err(ApiError::bare("UnknownOperationException")),
        }
    }
}

pub(crate) fn missing_member(member: &str) -> ApiError {
    ApiError::constraint("null", member, "Member must not be null")
}

pub(crate) fn flag(value: &Value) -> Result<bool, ApiError> {
    match value {
        Value::Null => Ok(false),
        Value::Bool(flag) => Ok(*flag),
        _ => Err(ApiError::bare("SerializationException")),
    }
}
