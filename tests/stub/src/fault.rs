//! What goes wrong with one request: faults of the service, of its answer, and of the wire.

use crate::bend::Bend;
use crate::refusal::Refusal;
use std::time::Duration;

/// What happens after the bytes of a broken answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// The connection is closed as usual.
    Close,
    /// It is reset.
    Reset,
    /// Nothing more comes.
    Stall,
}

/// One thing that goes wrong with one request.
#[derive(Debug, Clone)]
pub enum Fault {
    /// No fault: for scripts in which a later request fails, and for [`Self::header`].
    None,
    /// The service refuses.
    Refusal(Refusal),
    /// An answer of one's own: status, content type, body.
    Answer(u16, &'static str, Vec<u8>),
    /// The true answer, bent out of shape.
    Bent(Bend),
    /// Bytes on the wire in place of the answer.
    Raw(Vec<u8>, After),
    /// The true answer up to half of its body.
    Half(After),
    /// The true answer with a Content-Length that is so much off; then the connection is closed.
    Length(isize),
    /// No answer at all.
    Stall,
    /// The answer comes late.
    Slow(Duration),
    /// A fault with headers of its own.
    With(Box<Fault>, Vec<(&'static str, String)>),
}

impl Fault {
    /// HTTP 400 `ThrottlingException`, as the service throttles.
    #[must_use]
    pub fn throttle() -> Self {
        Self::Refusal(Refusal::throttled())
    }

    /// HTTP 500 `InternalServerError`.
    #[must_use]
    pub fn internal() -> Self {
        Self::Refusal(Refusal::internal())
    }

    /// A client error with a text.
    #[must_use]
    pub fn client(code: &str, message: &str) -> Self {
        Self::Refusal(Refusal::client(code, message))
    }

    /// A status with a body that SSM wouldn't send, as of a gateway in between.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::Answer(
            status,
            "text/html",
            b"<html><body>Bad gateway</body></html>".to_vec(),
        )
    }

    /// A page of HTML with status 200, as of a captive portal.
    #[must_use]
    pub fn html() -> Self {
        Self::status(200)
    }

    /// Status 200 and nothing else.
    #[must_use]
    pub fn empty() -> Self {
        Self::json("")
    }

    /// A JSON body in place of the answer.
    #[must_use]
    pub fn json(body: &str) -> Self {
        Self::Answer(200, crate::server::JSON, body.as_bytes().to_vec())
    }

    /// The connection is closed without an answer.
    #[must_use]
    pub fn close() -> Self {
        Self::Raw(Vec::new(), After::Close)
    }

    /// The connection is reset without an answer.
    #[must_use]
    pub fn reset() -> Self {
        Self::Raw(Vec::new(), After::Reset)
    }

    /// The answer ends in the middle of its headers.
    #[must_use]
    pub fn half_headers(after: After) -> Self {
        Self::Raw(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-js".to_vec(),
            after,
        )
    }

    /// A chunked body whose second chunk has no length.
    #[must_use]
    pub fn chunked_garbage() -> Self {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
        Self::Raw(
            format!("{head}5\r\n{{\"Par\r\nzz!\r\ngarbage\r\n").into_bytes(),
            After::Close,
        )
    }

    /// Says that the body is compressed, which it isn't.
    #[must_use]
    pub fn gzip() -> Self {
        Self::None.header("content-encoding", "gzip")
    }

    /// The same with one header more, such as `retry-after`. Faults of raw bytes have none.
    #[must_use]
    pub fn header(self, name: &'static str, value: &str) -> Self {
        match self {
            Self::With(fault, mut headers) => {
                headers.push((name, value.to_owned()));
                Self::With(fault, headers)
            }
            fault => Self::With(Box::new(fault), vec![(name, value.to_owned())]),
        }
    }

    /// Without its headers, and those.
    pub(crate) fn split(self) -> (Self, Vec<(&'static str, String)>) {
        match self {
            Self::With(fault, headers) => (*fault, headers),
            fault => (fault, Vec::new()),
        }
    }
}

impl From<Bend> for Fault {
    fn from(bend: Bend) -> Self {
        Self::Bent(bend)
    }
}
