//! Faults of one request: API errors, corrupted responses, and broken connections.

use crate::api_error::ApiError;
use crate::corruption::Corruption;
use std::time::Duration;

/// What happens after the bytes of a broken response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// The connection is closed as usual.
    Close,
    /// It is reset.
    Reset,
    /// It stays open, and nothing more is sent.
    Stall,
}

/// What goes wrong with one request.
#[derive(Debug, Clone)]
pub enum Fault {
    /// No fault, for scripts in which only a later request fails, and for [`Self::header`].
    None,
    /// An error of the API.
    Error(ApiError),
    /// A custom response: status, content type, body.
    Response(u16, &'static str, Vec<u8>),
    /// The regular response, corrupted.
    Corrupted(Corruption),
    /// Raw bytes in place of the response.
    Raw(Vec<u8>, After),
    /// The regular response up to half of its body.
    TruncatedBody(After),
    /// The regular response with a Content-Length that is wrong by this much; then the connection is closed.
    WrongLength(isize),
    /// A body of this length with status 200, generated while it is sent.
    LargeBody(u64),
    /// A body without an end.
    EndlessBody,
    /// A body without an end, of which a byte is sent after each pause.
    SlowBody(Duration),
    /// No response.
    NoResponse,
    /// The regular response after this time.
    Delay(Duration),
    /// A fault with additional headers.
    WithHeaders(Box<Fault>, Vec<(&'static str, String)>),
}

impl Fault {
    /// HTTP 400 `ThrottlingException`, as the service sends it.
    #[must_use]
    pub fn throttle() -> Self {
        Self::Error(ApiError::throttled())
    }

    /// HTTP 500 `InternalServerError`.
    #[must_use]
    pub fn internal() -> Self {
        Self::Error(ApiError::internal())
    }

    /// A client error with a message.
    #[must_use]
    pub fn client(code: &str, message: &str) -> Self {
        Self::Error(ApiError::client(code, message))
    }

    /// A status with an HTML body, as sent by a gateway.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::Response(status, "text/html", b"<html><body>Bad gateway</body></html>".to_vec())
    }

    /// An HTML page with status 200, as sent by a captive portal.
    #[must_use]
    pub fn html() -> Self {
        Self::status(200)
    }

    /// Status 200 with an empty body.
    #[must_use]
    pub fn empty() -> Self {
        Self::json("")
    }

    /// A JSON body in place of the regular response.
    #[must_use]
    pub fn json(body: &str) -> Self {
        Self::Response(200, crate::server::JSON, body.as_bytes().to_vec())
    }

    /// The connection is closed without a response.
    #[must_use]
    pub fn close() -> Self {
        Self::Raw(Vec::new(), After::Close)
    }

    /// The connection is reset without a response.
    #[must_use]
    pub fn reset() -> Self {
        Self::Raw(Vec::new(), After::Reset)
    }

    /// The response ends in the middle of its headers.
    #[must_use]
    pub fn half_headers(after: After) -> Self {
        Self::Raw(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-js".to_vec(), after)
    }

    /// A chunked body whose second chunk has no length.
    #[must_use]
    pub fn chunked_garbage() -> Self {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
        Self::Raw(format!("{head}5\r\n{{\"Par\r\nzz!\r\ngarbage\r\n").into_bytes(), After::Close)
    }

    /// A `content-encoding: gzip` header on a body that isn't compressed.
    #[must_use]
    pub fn gzip() -> Self {
        Self::None.header("content-encoding", "gzip")
    }

    /// Adds a header, such as `retry-after`. Has no effect on faults that send raw bytes.
    #[must_use]
    pub fn header(self, name: &'static str, value: &str) -> Self {
        match self {
            Self::WithHeaders(fault, mut headers) => {
                headers.push((name, value.to_owned()));
                Self::WithHeaders(fault, headers)
            }
            fault => Self::WithHeaders(Box::new(fault), vec![(name, value.to_owned())]),
        }
    }

    /// Splits the additional headers off.
    pub(crate) fn split(self) -> (Self, Vec<(&'static str, String)>) {
        match self {
            Self::WithHeaders(fault, headers) => (*fault, headers),
            fault => (fault, Vec::new()),
        }
    }
}

impl From<Corruption> for Fault {
    fn from(corruption: Corruption) -> Self {
        Self::Corrupted(corruption)
    }
}
