//! A refusal in the service's own words: what an error is before it goes on the wire.
//! "Facts" in this crate's comments is the collection of what the service was seen to do.

/// A refusal: HTTP status, `__type` and text. `None` is no text at all, as for `ParameterNotFound`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// HTTP status.
    pub status: u16,
    /// `__type`, bare.
    pub code: String,
    /// The text, if there is one.
    pub message: Option<String>,
}

impl ApiError {
    /// A client error: HTTP 400, as all of SSM's are.
    #[must_use]
    pub fn client(code: &str, message: impl Into<String>) -> Self {
        Self {
            message: Some(message.into()),
            ..Self::bare(code)
        }
    }

    /// A client error without a text.
    #[must_use]
    pub fn bare(code: &str) -> Self {
        Self {
            status: 400,
            code: code.to_owned(),
            message: None,
        }
    }

    /// `ThrottlingException`, as the service throttles.
    #[must_use]
    pub fn throttled() -> Self {
        Self::client("ThrottlingException", "Rate exceeded")
    }

    /// `InternalServerError`, the one modelled error that isn't a 400.
    #[must_use]
    pub fn internal() -> Self {
        Self {
            status: 500,
            ..Self::client("InternalServerError", "An internal error occurred.")
        }
    }

    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::client("ValidationException", message)
    }

    /// One violated constraint of the API's model, worded as the front end words it.
    pub(crate) fn constraint(value: &str, member: &str, rule: &str) -> Self {
        Self::validation(format!(
            "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {rule}"
        ))
    }
}
