//! Opens connections: DNS, TCP, the proxy, TLS. Every connection of this program is opened here, so plain
//! HTTP to another machine is refused here too, whatever setting its URL comes from.

use super::connection::{ConnectionError, ConnectionFailure as Failure, Step, host_and_port};
use super::error_chain::without_number;
use super::local;
use super::proxy::{Proxies, Proxy};
use super::tls;
use super::tls_roots::TlsRoots;
use http::uri::Scheme;
use http::{HeaderValue, Method, Request, StatusCode, Uri, header};
use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use ssm_exec_core::endpoint::{bare, check_authority, server};
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tracing::debug;

/// The delay before the next address is tried (RFC 8305, section 5).
const NEXT_ADDRESS: Duration = Duration::from_millis(250);

/// How much of a text in the place of TLS a message shows.
const FIRST: usize = 60;

/// A connection, whatever it is made of.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A stream below TLS or HTTP. It never raises SIGPIPE, whose disposition is the command's: the standard library writes
/// by `send` with MSG_NOSIGNAL, but `writev` takes no flags, so buffers are written one by one.
struct Socket<S> {
    stream: S,
    /// The first bytes that came, for the message about a server that doesn't speak TLS.
    first: Vec<u8>,
}

impl<S> Socket<S> {
    fn new(stream: S) -> Self {
        Self {
            stream,
            first: Vec::new(),
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Socket<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if self.first.is_empty() {
            let came = buffer.filled();
            self.first.extend(&came[..came.len().min(FIRST)]);
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

/// An open connection.
pub(super) struct Dialed {
    pub(super) stream: Box<dyn Stream>,
    pub(super) route: Route,
}

/// To whom requests on a connection are addressed.
#[derive(Debug)]
pub(super) enum Route {
    /// To the server, also through a tunnel.
    Direct,
    /// To a proxy, as absolute URLs.
    Proxy {
        /// Its `Proxy-Authorization`, if it needs one.
        authorization: Option<HeaderValue>,
    },
}

/// The settings for opening connections.
#[derive(Debug)]
pub(super) struct Dialer {
    proxies: Proxies,
    roots: TlsRoots,
    tls: OnceLock<Result<Arc<rustls::ClientConfig>, String>>,
    allow_http: bool,
}

impl Dialer {
    pub(super) fn new(proxies: Proxies, roots: TlsRoots, allow_http: bool) -> Self {
        Self {
            proxies,
            roots,
            tls: OnceLock::new(),
            allow_http,
        }
    }

    /// Opens a connection for requests to this URL. No step takes longer than `limit`.
    pub(super) async fn dial(
        &self,
        uri: &Uri,
        limit: Option<Duration>,
    ) -> Result<Dialed, ConnectionError> {
        let target = Target::of(uri);
        let opened = match uri
            .authority()
            .map_or(Err("names no host"), check_authority)
        {
            Ok(()) => self.open(uri, &target, limit).await,
            Err(reason) => Err(Failure::Url {
                server: uri
                    .authority()
                    .map_or_else(String::new, |to| server(to).to_owned()),
                reason,
            }),
        };
        opened.map_err(|cause| target.error(cause))
    }

    async fn open(
        &self,
        uri: &Uri,
        target: &Target,
        limit: Option<Duration>,
    ) -> Result<Dialed, Failure> {
        let is_local_only = !target.tls && !self.allow_http;
        if is_local_only && !local::is_local(&target.host) {
            return Err(Failure::PlainHttp);
        }
        if let Some(proxy) = self.proxies.find(uri) {
            debug!("connecting to {} through {}", target.host, proxy.name());
            return self.through(proxy, target, limit).await;
        }
        let addresses = lookup(&target.host, target.port, limit).await?;
        debug!("connecting to {} at {addresses:?}", target.host);
        if is_local_only && !addresses.iter().all(|to| local::is_local_address(to.ip())) {
            return Err(Failure::PlainHttp);
        }
        let stream = connect(&addresses, limit).await?;
        Ok(Dialed {
            stream: match target.tls {
                true => self.handshake(stream, &target.host, limit).await?,
                false => Box::new(stream),
            },
            route: Route::Direct,
        })
    }

    /// Connects by a proxy: through a tunnel for HTTPS, to the proxy itself for plain HTTP.
    async fn through(
        &self,
        proxy: &Proxy,
        target: &Target,
        limit: Option<Duration>,
    ) -> Result<Dialed, Failure> {
        let host = proxy.authority.host();
        let reach = async {
            let addresses = lookup(host, proxy.port(), limit).await?;
            let stream = connect(&addresses, limit).await?;
            match proxy.tls {
                true => self.handshake(stream, host, limit).await,
                false => Ok(Box::new(stream) as Box<dyn Stream>),
            }
        };
        let stream = reach.await.map_err(|failure| at_proxy(proxy, failure))?;
        if !target.tls {
            return Ok(Dialed {
                stream,
                route: Route::Proxy {
                    authorization: proxy.authorization.clone(),
                },
            });
        }
        let tunnel = within(limit, Step::Handshake, async {
            let opened = tunnel(stream, proxy, target).await;
            opened.map_err(|error| match error {
                TunnelError::Status(status) => Failure::ProxyStatus {
                    proxy: proxy.name(),
                    status: status.as_u16(),
                },
                TunnelError::Broken(error) => Failure::Lost(without_number(&error)),
            })
        });
        let stream = tunnel.await.map_err(|failure| at_proxy(proxy, failure))?;
        Ok(Dialed {
            stream: self.handshake(stream, &target.host, limit).await?,
            route: Route::Direct,
        })
    }

    async fn handshake<S: Stream + 'static>(
        &self,
        stream: Socket<S>,
        host: &str,
        limit: Option<Duration>,
    ) -> Result<Box<dyn Stream>, Failure> {
        let config = self.tls.get_or_init(|| {
            let roots = self.roots.load().map_err(|error| error.to_string())?;
            tls::client_config(roots).map(Arc::new)
        });
        let config = config.clone().map_err(Failure::Roots)?;
        let name = ServerName::try_from(bare(host).to_owned())
            .map_err(|_| Failure::Lookup("it is not a host name".to_owned()))?;
        within(limit, Step::Handshake, async {
            let stream = TlsConnector::from(config).connect(name, stream);
            let stream = stream.into_fallible().await;
            stream.map_err(|(error, stream)| tls::failure(&error, &stream.first))
        })
        .await
        .map(|stream| Box::new(stream) as Box<dyn Stream>)
    }
}

/// A failure to reach a proxy names the proxy. One of this machine stays as it is.
fn at_proxy(proxy: &Proxy, failure: Failure) -> Failure {
    let reason = match failure {
        Failure::Certificate(problem) => {
            return Failure::ProxyCertificate {
                proxy: proxy.name(),
                problem,
            };
        }
        Failure::Lookup(reason)
        | Failure::Connect { reason, .. }
        | Failure::Handshake(reason)
        | Failure::NotTls(reason)
        | Failure::Lost(reason) => reason,
        Failure::NoResponse { limit, .. } => format!("no response within {limit:?}"),
        other => return other,
    };
    Failure::Proxy {
        proxy: proxy.name(),
        reason,
    }
}

/// Where a request goes.
#[derive(Debug, PartialEq, Eq)]
struct Target {
    tls: bool,
    host: String,
    port: u16,
}

impl Target {
    fn of(uri: &Uri) -> Self {
        let tls = uri.scheme() == Some(&Scheme::HTTPS);
        Self {
            tls,
            host: bare(uri.host().unwrap_or_default()).to_owned(),
            port: uri.port_u16().unwrap_or(if tls { 443 } else { 80 }),
        }
    }

    fn error(&self, cause: Failure) -> ConnectionError {
        ConnectionError {
            host: self.host.clone(),
            port: self.port,
            cause,
        }
    }
}

/// What failed at this URL.
pub(super) fn error(uri: &Uri, cause: Failure) -> ConnectionError {
    Target::of(uri).error(cause)
}

async fn within<T>(
    limit: Option<Duration>,
    step: Step,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    match limit {
        None => work.await,
        Some(limit) => tokio::time::timeout(limit, work)
            .await
            .unwrap_or(Err(Failure::NoResponse { step, limit })),
    }
}

/// The addresses of a host. The system's resolver blocks, so it runs in a thread of its own. The runtime's
/// thread pool would panic where the process may not start another thread.
async fn lookup(
    host: &str,
    port: u16,
    limit: Option<Duration>,
) -> Result<Vec<SocketAddr>, Failure> {
    if let Some(address) = local::address(host) {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let (answer, found) = oneshot::channel();
    let name = host.to_owned();
    std::thread::Builder::new()
        .name("dns".to_owned())
        .spawn(move || {
            let addresses = (name.as_str(), port).to_socket_addrs();
            let _ = answer.send(addresses.map(Vec::from_iter));
        })
        .map_err(|error| Failure::System(format!("no thread for DNS ({error})")))?;
    within(limit, Step::Lookup, async {
        match found.await {
            Ok(Ok(addresses)) if !addresses.is_empty() => Ok(addresses),
            Ok(Err(error)) if is_system_refusal(&error) => {
                Err(Failure::System(format!("no answer from DNS ({error})")))
            }
            Ok(Err(error)) => Err(Failure::Lookup(error.to_string())),
            _ => Err(Failure::Lookup("it has no address".to_owned())),
        }
    })
    .await
}

/// Connects to the first address that accepts (RFC 8305, simplified).
async fn connect(
    addresses: &[SocketAddr],
    limit: Option<Duration>,
) -> Result<Socket<TcpStream>, Failure> {
    let race = async {
        let mut waiting = addresses.iter().copied();
        let mut running = JoinSet::new();
        let mut failed = None;
        loop {
            if let Some(address) = waiting.next() {
                running.spawn(async move { (address.ip(), TcpStream::connect(address).await) });
            } else if running.is_empty() {
                return Err(
                    failed.unwrap_or_else(|| Failure::Lookup("it has no address".to_owned()))
                );
            }
            let next = match waiting.len() {
                0 => running.join_next().await,
                _ => tokio::time::timeout(NEXT_ADDRESS, running.join_next())
                    .await
                    .unwrap_or_default(),
            };
            match next {
                Some(Ok((_, Ok(stream)))) => return Ok(stream),
                Some(Ok((address, Err(error)))) => failed = Some(not_connected(address, &error)),
                Some(Err(_)) | None => {}
            }
        }
    };
    let stream = within(limit, Step::Connect, race).await?;
    // A request is written as a whole, so Nagle's algorithm would only delay it.
    let _ = stream.set_nodelay(true);
    Ok(Socket::new(stream))
}

fn not_connected(address: IpAddr, error: &io::Error) -> Failure {
    match is_system_refusal(error) {
        true => Failure::System(format!("no socket ({error})")),
        false => Failure::Connect {
            address: Some(address),
            reason: without_number(error),
        },
    }
}

/// Whether this system refused it, by a limit, a system call filter or a firewall of its own, rather
/// than the network or the other side.
fn is_system_refusal(error: &io::Error) -> bool {
    use nix::errno::Errno;
    matches!(
        error.raw_os_error().map(Errno::from_raw),
        Some(
            Errno::EMFILE
                | Errno::ENFILE
                | Errno::ENOMEM
                | Errno::ENOBUFS
                | Errno::EPERM
                | Errno::EACCES
                | Errno::ENOSYS
                | Errno::EAFNOSUPPORT
        )
    )
}

enum TunnelError {
    Status(StatusCode),
    Broken(hyper::Error),
}

/// Asks a proxy for a tunnel (RFC 9110, 9.3.6).
async fn tunnel(
    stream: Box<dyn Stream>,
    proxy: &Proxy,
    target: &Target,
) -> Result<Socket<TokioIo<Upgraded>>, TunnelError> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(TunnelError::Broken)?;
    tokio::spawn(connection.with_upgrades());
    let server = host_and_port(&target.host, target.port);
    let mut request = Request::builder()
        .method(Method::CONNECT)
        .uri(&server)
        .header(header::HOST, &server);
    if let Some(authorization) = &proxy.authorization {
        request = request.header(header::PROXY_AUTHORIZATION, authorization);
    }
    let request = request
        .body(Empty::<Bytes>::new())
        .expect("a host and a port of a URL");
    let response = sender
        .send_request(request)
        .await
        .map_err(TunnelError::Broken)?;
    if !response.status().is_success() {
        return Err(TunnelError::Status(response.status()));
    }
    let upgraded = hyper::upgrade::on(response)
        .await
        .map_err(TunnelError::Broken)?;
    Ok(Socket::new(TokioIo::new(upgraded)))
}
