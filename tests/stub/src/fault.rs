//! What goes wrong, and when: faults of the service, and faults of the wire.

use crate::answer::Refusal;
use std::collections::VecDeque;
use std::time::Duration;

/// What happens after raw bytes.
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
    /// The service refuses, with headers of its own.
    Refusal(Refusal, Vec<(&'static str, String)>),
    /// An answer of one's own: status, content type, body.
    Answer(u16, &'static str, Vec<u8>),
    /// Bytes on the wire in place of the answer.
    Raw(Vec<u8>, After),
    /// No answer at all.
    Stall,
    /// The answer comes late.
    Slow(Duration),
    /// No fault: for scripts in which a later request fails.
    None,
}

impl Fault {
    /// HTTP 400 `ThrottlingException`, as the service throttles.
    #[must_use]
    pub fn throttle() -> Self {
        Self::Refusal(
            Refusal::client("ThrottlingException", "Rate exceeded"),
            Vec::new(),
        )
    }

    /// A client error with a text.
    #[must_use]
    pub fn client(code: &str, message: &str) -> Self {
        Self::Refusal(Refusal::client(code, message), Vec::new())
    }

    /// A status without a body that SSM would send.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::Answer(
            status,
            "text/html",
            b"<html><body>Bad gateway</body></html>".to_vec(),
        )
    }

    /// A JSON body in place of the answer.
    #[must_use]
    pub fn json(body: &str) -> Self {
        Self::Answer(200, "application/x-amz-json-1.1", body.as_bytes().to_vec())
    }
}

/// Which requests fail.
#[derive(Debug, Default)]
pub(crate) struct Script {
    next: VecDeque<Fault>,
    always: Option<Fault>,
}

impl Script {
    pub(crate) fn push(&mut self, fault: Fault) {
        self.next.push_back(fault);
    }

    pub(crate) fn always(&mut self, fault: Fault) {
        self.always = Some(fault);
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn take(&mut self) -> Option<Fault> {
        self.next.pop_front().or_else(|| self.always.clone())
    }
}
