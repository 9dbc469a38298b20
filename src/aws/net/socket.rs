//! What a connection reads from and writes to, below TLS and HTTP.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How much of a text in the place of TLS a message shows.
const FIRST: usize = 60;

/// A connection, whatever it is made of.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A stream below TLS or HTTP. It never raises SIGPIPE, whose disposition is the command's: the standard library writes
/// by `send` with MSG_NOSIGNAL, but `writev` takes no flags, so buffers are written one by one.
pub(super) struct Socket<S> {
    stream: S,
    first: First,
}

/// The first bytes that came, for the message about a server that doesn't speak TLS.
pub(super) type First = Arc<OnceLock<Vec<u8>>>;

impl<S> Socket<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, first: First::default() }
    }

    pub(super) fn first(&self) -> First {
        Arc::clone(&self.first)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Socket<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        let came = buffer.filled();
        if !came.is_empty() {
            let first = || came[..came.len().min(FIRST)].to_vec();
            self.first.get_or_init(first);
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Socket<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
