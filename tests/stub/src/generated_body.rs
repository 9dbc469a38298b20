//! Bodies that are generated while they are sent: larger than memory, or without an end.

use hyper::body::{Body, Bytes, Frame, SizeHint};
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Sleep, sleep};

/// The beginning of a regular response: the rest of the body is one long value.
const START: &[u8] =
    br#"{"Parameters":[{"Name":"/generated","Type":"String","Version":1,"Value":""#;
/// How much is sent at once.
const CHUNK: Bytes = Bytes::from_static(&[b'x'; 64 * 1024]);

/// A body that is sent in chunks until it has its length, if it has one.
pub(crate) struct GeneratedBody {
    next: Bytes,
    left: Option<u64>,
    /// Sends a byte at a time, with this pause before each.
    pause: Option<Duration>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl GeneratedBody {
    pub(crate) fn new(length: Option<u64>, pause: Option<Duration>) -> Self {
        Self {
            next: Bytes::from_static(START),
            left: length,
            pause,
            sleep: pause.map(|pause| Box::pin(sleep(pause))),
        }
    }

    fn chunk(&self) -> Bytes {
        let size = if self.pause.is_some() { 1 } else { CHUNK.len() };
        CHUNK.slice(..size)
    }
}

impl Body for GeneratedBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left == Some(0) {
            return Poll::Ready(None);
        }
        if let Some(waiting) = &mut self.sleep {
            ready!(waiting.as_mut().poll(context));
            self.sleep = self.pause.map(|pause| Box::pin(sleep(pause)));
        }
        let chunk = self.chunk();
        let mut data = std::mem::replace(&mut self.next, chunk);
        if let Some(left) = &mut self.left {
            data.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
            *left -= data.len() as u64;
        }
        Poll::Ready(Some(Ok(Frame::data(data))))
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map_or_else(SizeHint::new, SizeHint::with_exact)
    }
}
