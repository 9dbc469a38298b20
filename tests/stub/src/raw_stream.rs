//! A stream that can send raw bytes in place of what hyper writes.

use crate::fault::After;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// What to send in place of the next response: set by the service, taken by the stream, which then
/// discards what hyper writes.
pub(crate) type Hijack = Arc<Mutex<Option<(Vec<u8>, After)>>>;

pub(crate) struct RawStream<S> {
    stream: S,
    hijack: Hijack,
    raw: Option<(Vec<u8>, After, usize)>,
}

impl<S> RawStream<S> {
    pub(crate) fn new(stream: S, hijack: Hijack) -> Self {
        Self { stream, hijack, raw: None }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for RawStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

/// A stream that can be reset on close, which discards unsent bytes.
pub(crate) trait Reset {
    fn reset_on_close(&self);
}

impl Reset for TcpStream {
    fn reset_on_close(&self) {
        let _ = self.set_zero_linger();
    }
}

impl Reset for TlsStream<TcpStream> {
    fn reset_on_close(&self) {
        let _ = self.get_ref().0.set_zero_linger();
    }
}

impl<S: AsyncWrite + Reset + Unpin> AsyncWrite for RawStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if this.raw.is_none() {
            let taken = this.hijack.lock().expect("not poisoned").take();
            this.raw = taken.map(|(bytes, after)| (bytes, after, 0));
        }
        let Some((raw, after, written)) = &mut this.raw else {
            return Pin::new(&mut this.stream).poll_write(context, bytes);
        };
        while *written < raw.len() {
            match Pin::new(&mut this.stream).poll_write(context, &raw[*written..]) {
                Poll::Ready(Ok(more)) => *written += more,
                other => return other,
            }
        }
        match Pin::new(&mut this.stream).poll_flush(context) {
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            Poll::Pending => return Poll::Pending,
        }
        match after {
            // The task is never woken again: the connection stays open.
            After::Stall => Poll::Pending,
            After::Close => Poll::Ready(Err(io::Error::from(io::ErrorKind::ConnectionAborted))),
            After::Reset => {
                this.stream.reset_on_close();
                Poll::Ready(Err(io::Error::from(io::ErrorKind::ConnectionReset)))
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
