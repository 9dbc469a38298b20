//! Errors of the API.

/// An error: HTTP status, code and message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// The HTTP status.
    pub status: u16,
    /// `__type`, without a namespace.
    pub code: String,
    /// The message. `ParameterNotFound` has none.
    pub message: Option<String>,
}

impl ApiError {
    /// A client error. SSM always sends them with HTTP 400.
    #[must_use]
    pub fn client(code: &str, message: impl Into<String>) -> Self {
        Self { message: Some(message.into()), ..Self::bare(code) }
    }

    /// A client error without a message.
    #[must_use]
    pub fn bare(code: &str) -> Self {
        Self { status: 400, code: code.to_owned(), message: None }
    }

    /// `ThrottlingException`, as the service sends it.
    #[must_use]
    pub fn throttled() -> Self {
        Self::client("ThrottlingException", "Rate exceeded")
    }

    /// `InternalServerError`, the only modelled error with HTTP 500.
    #[must_use]
    pub fn internal() -> Self {
        Self { status: 500, ..Self::client("InternalServerError", "An internal error occurred.") }
    }

    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::client("ValidationException", message)
    }

    /// A violated constraint of the API's model, with the message of the service.
    pub(crate) fn constraint(value: &str, member: &str, rule: &str) -> Self {
        Self::validation(format!(
            "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {rule}"
        ))
    }
}
