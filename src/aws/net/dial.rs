//! Opens connections: DNS, TCP, the proxy, TLS. Every connection of this program is opened here, so plain
//! HTTP to another machine is refused here too, whatever setting its URL comes from.

use super::dns::Lookups;
use super::endpoints::Endpoints;
use super::exchange::{BODY, tag};
use super::failure::{Cause, ConnectionError, RefusedTunnel, Step, is_system_refusal, within};
use super::handshake::{Failed, Tls};
use super::proxy::{Proxies, Proxy};
use super::server::{Server, is_local_address};
use super::socket::{Socket, Stream};
use super::tls::{self, KeyExchange};
use crate::logging::debug;
use http::{Method, Request, header};
use http_body_util::{BodyExt, Collected, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// The delay before the next address is tried (RFC 8305, section 5).
const NEXT_ADDRESS: Duration = Duration::from_millis(250);

/// An open connection.
pub(super) struct Dialed {
    pub(super) stream: Box<dyn Stream>,
    /// A proxy that takes absolute URLs, if requests are not addressed to the server.
    pub(super) proxy: Option<Proxy>,
}

/// The settings for opening connections.
#[derive(Debug)]
pub(super) struct Dialer {
    pub(super) proxies: Proxies,
    pub(super) tls: Tls,
    pub(super) allow_http: bool,
    pub(super) endpoints: Endpoints,
    pub(super) lookups: Lookups,
}

impl Dialer {
    /// What failed at this server.
    pub(super) fn error(&self, cause: Cause, server: &Server) -> ConnectionError {
        ConnectionError::new(cause, server, None, self.endpoints.origin(server))
    }

    /// Opens a connection to this server. No step takes longer than `limit`.
    pub(super) async fn dial(
        &self,
        server: &Server,
        limit: Option<Duration>,
    ) -> Result<Dialed, ConnectionError> {
        let opened = self.open_or_fall_back(server, limit).await;
        opened.map_err(|Failed { cause, proxy, .. }| {
            ConnectionError::new(cause, server, proxy.as_ref(), self.endpoints.origin(server))
        })
    }

    /// Some boxes in between drop a ClientHello that needs two packets. So, once a run, where nothing answers one with a
    /// post-quantum key exchange, another attempt goes without.
    async fn open_or_fall_back(
        &self,
        server: &Server,
        limit: Option<Duration>,
    ) -> Result<Dialed, Failed> {
        let failed = match self.open(server, self.tls.offer(), limit).await {
            Err(failed) if failed.is_unanswered => failed,
            opened => return opened,
        };
        // The first attempt has taken the other half.
        let limit = limit.map(|limit| limit / 2);
        let without = || self.open(server, KeyExchange::Classical, limit);
        let mut second = None;
        let attempt = async { second.insert(without().await).is_ok() };
        let succeeds = self.tls.succeeds_without(server, attempt).await;
        match second {
            // Together they have waited for as long as the first one says.
            Some(Err(Failed { cause: Cause::Silent(..), .. })) => Err(failed),
            Some(opened) => opened,
            None if succeeds => without().await,
            None => Err(failed),
        }
    }

    async fn open(
        &self,
        server: &Server,
        offer: KeyExchange,
        limit: Option<Duration>,
    ) -> Result<Dialed, Failed> {
        let is_local_only = !server.tls && !self.allow_http;
        if is_local_only && !server.is_local() {
            return Err(Cause::PlainHttp.into());
        }
        if let Some(proxy) = self.proxies.find(server) {
            debug!("connecting to {server} through {proxy}");
            return self.through(proxy, server, offer, limit).await;
        }
        let addresses = self.lookups.addresses(server, limit).await?;
        debug!("connecting to {server} at {addresses:?}");
        if is_local_only && !addresses.iter().all(|to| is_local_address(to.ip())) {
            return Err(Cause::PlainHttp.into());
        }
        let stream = connect(&addresses, limit).await?;
        Ok(Dialed { stream: self.tls.secure(stream, server, offer, limit).await?, proxy: None })
    }

    /// Connects by a proxy: through a tunnel for HTTPS, to the proxy itself for plain HTTP.
    async fn through(
        &self,
        proxy: &Proxy,
        server: &Server,
        offer: KeyExchange,
        limit: Option<Duration>,
    ) -> Result<Dialed, Failed> {
        let at_proxy = |failed| Failed { proxy: Some(proxy.clone()), ..failed };
        let reach = async {
            let addresses = self.lookups.addresses(&proxy.server, limit).await?;
            let stream = connect(&addresses, limit).await?;
            // Within it, the secrets have a TLS of their own.
            let classical = KeyExchange::Classical;
            let secured = self.tls.secure(stream, &proxy.server, classical, limit);
            secured.await
        };
        let stream = reach.await.map_err(at_proxy)?;
        if !server.tls {
            return Ok(Dialed { stream, proxy: Some(proxy.clone()) });
        }
        let silent = |limit| Cause::Silent(Step::Handshake, limit);
        let tunnel = within(limit, silent, tunnel(stream, proxy, server)).await;
        let tunnel = tunnel.map_err(|cause| at_proxy(cause.into()))?;
        let tunnel = Socket::new(tunnel);
        let stream = self.tls.secure(tunnel, server, offer, limit).await;
        let stream = stream.map_err(|failed| match failed.cause {
            // A login page, in the place of a tunnel. HTTP may come from its end.
            Cause::NotTls(first) if !first.starts_with(b"HTTP/") => {
                at_proxy(Cause::NoTunnel(first).into())
            }
            _ => failed,
        })?;
        Ok(Dialed { stream, proxy: None })
    }
}

/// Connects to the first address that accepts (RFC 8305, simplified).
async fn connect(
    addresses: &[SocketAddr],
    limit: Option<Duration>,
) -> Result<Socket<TcpStream>, Cause> {
    let race = async {
        let mut waiting = addresses.iter().copied();
        let mut running = JoinSet::new();
        let mut failed = Cause::Lost("it has no address".to_owned());
        loop {
            if let Some(address) = waiting.next() {
                running.spawn(async move { (address.ip(), TcpStream::connect(address).await) });
            } else if running.is_empty() {
                return Err(failed);
            }
            let next = match waiting.len() {
                0 => running.join_next().await,
                _ => tokio::time::timeout(NEXT_ADDRESS, running.join_next())
                    .await
                    .unwrap_or_default(),
            };
            match next {
                Some(Ok((_, Ok(stream)))) => return Ok(stream),
                Some(Ok((_, Err(error)))) if is_system_refusal(&error) => {
                    failed = Cause::System("a socket", error.into());
                }
                Some(Ok((address, Err(error)))) => failed = Cause::Connect(address, error.into()),
                Some(Err(_)) | None => {}
            }
        }
    };
    let stream = within(limit, |limit| Cause::Silent(Step::Connect, limit), race).await?;
    // A request is written as a whole, so Nagle's algorithm would only delay it.
    let _ = stream.set_nodelay(true);
    Ok(Socket::new(stream))
}

/// Asks a proxy for a tunnel (RFC 9110, 9.3.6).
async fn tunnel(
    stream: Box<dyn Stream>,
    proxy: &Proxy,
    server: &Server,
) -> Result<TokioIo<Upgraded>, Cause> {
    let lost = |error: hyper::Error| lost(&error);
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(lost)?;
    tokio::spawn(connection.with_upgrades());
    let to = server.to_string();
    let mut request = Request::builder().method(Method::CONNECT).uri(&to).header(header::HOST, &to);
    if let Some(authorization) = &proxy.authorization {
        request = request.header(header::PROXY_AUTHORIZATION, authorization);
    }
    let request = request.body(Empty::<Bytes>::new()).expect("a host and a port of a URL");
    let response = sender.send_request(request).await.map_err(lost)?;
    if response.status().is_success() {
        let upgraded = hyper::upgrade::on(response).await.map_err(lost)?;
        return Ok(TokioIo::new(upgraded));
    }
    let (head, body) = response.into_parts();
    let body = Limited::new(body, BODY).collect().await;
    let body = body.map(Collected::to_bytes).unwrap_or_default();
    // Squid's own reason, such as `ERR_DNS_FAIL 0`.
    let squid = head.headers.get("x-squid-error").and_then(|it| it.to_str().ok());
    let squid = squid.and_then(|reason| reason.split(' ').next()).map(str::to_owned);
    let schemes = head.headers.get_all(header::PROXY_AUTHENTICATE).iter();
    let schemes = schemes.filter_map(|scheme| scheme.to_str().ok()?.split(' ').next());
    Err(Cause::Tunnel(RefusedTunnel {
        status: head.status.as_u16(),
        words: squid.or_else(|| tag(&String::from_utf8_lossy(&body), "title")),
        schemes: schemes.map(str::to_owned).collect(),
    }))
}

/// What ended a connection. The deepest reason is the system's or that of TLS, where there is one.
pub(super) fn lost(error: &hyper::Error) -> Cause {
    if error.is_parse() {
        return Cause::NotHttp;
    }
    let mut deepest: &(dyn std::error::Error + 'static) = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    let error = deepest.downcast_ref();
    error.map_or_else(|| Cause::Lost(String::new()), tls::lost)
}
