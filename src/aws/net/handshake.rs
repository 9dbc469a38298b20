//! TLS handshakes: which key exchange they offer, and when one without the post-quantum one is tried.

use super::failure::{Cause, Step, within};
use super::proxy::Proxy;
use super::roots::TlsRoots;
use super::server::Server;
use super::socket::{Socket, Stream};
use super::tls::{self, KeyExchange};
use crate::logging::{debug, warn};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, NamedGroup};
use ssm_exec_core::config::PostQuantum;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::OnceCell;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// The TLS of a run.
#[derive(Debug)]
pub(super) struct Tls {
    roots: TlsRoots,
    post_quantum: PostQuantum,
    /// Whether a connection without a post-quantum key exchange is worth a warning.
    warns: bool,
    hybrid: OnceLock<Arc<ClientConfig>>,
    classical: OnceLock<Arc<ClientConfig>>,
    /// Whether a connection succeeded without a post-quantum key exchange, after one with it had got no answer.
    succeeds_without: OnceCell<bool>,
}

/// What failed, and whether at the proxy.
pub(super) struct Failed {
    pub(super) cause: Cause,
    pub(super) proxy: Option<Proxy>,
    /// Whether nothing came after a ClientHello that could be repeated without a post-quantum key exchange.
    pub(super) is_unanswered: bool,
}

impl From<Cause> for Failed {
    fn from(cause: Cause) -> Self {
        Self { cause, proxy: None, is_unanswered: false }
    }
}

impl Tls {
    pub(super) fn new(roots: TlsRoots, post_quantum: PostQuantum, warns: bool) -> Self {
        Self {
            roots,
            post_quantum,
            warns,
            hybrid: OnceLock::new(),
            classical: OnceLock::new(),
            succeeds_without: OnceCell::new(),
        }
    }

    /// What the next handshake with a server offers.
    pub(super) fn offer(&self) -> KeyExchange {
        match (self.post_quantum, self.succeeds_without.get()) {
            (PostQuantum::Off, _) | (_, Some(true)) => KeyExchange::Classical,
            _ => KeyExchange::Hybrid,
        }
    }

    /// Whether connections without a post-quantum key exchange succeed, by one attempt a run. While it is under way, the
    /// others wait for it.
    pub(super) async fn succeeds_without(
        &self,
        server: &Server,
        attempt: impl Future<Output = bool>,
    ) -> bool {
        let told = async {
            let succeeds = attempt.await;
            if succeeds && self.warns {
                warn!(
                    "{server} answers only without a post-quantum key exchange, so this run uses none; find what drops large TLS handshakes on the way, or use `--post-quantum off`"
                );
            }
            succeeds
        };
        *self.succeeds_without.get_or_init(|| told).await
    }

    /// Speaks TLS with a server that has it.
    pub(super) async fn secure<S: Stream + 'static>(
        &self,
        stream: Socket<S>,
        server: &Server,
        offer: KeyExchange,
        limit: Option<Duration>,
    ) -> Result<Box<dyn Stream>, Failed> {
        if !server.tls {
            return Ok(Box::new(stream));
        }
        let config = self.config(offer)?;
        let name = ServerName::try_from(server.host.clone())
            .map_err(|_| Cause::Url(server.to_string(), "has an invalid host name"))?;
        let first = stream.first();
        let silent = |limit| Cause::Silent(Step::Handshake, limit);
        let mut handshake = pin!(within(limit, silent, async {
            let connected = TlsConnector::from(config).connect(name, stream).await;
            connected.map_err(|error| tls::cause(&error, first.get().map_or(&[], Vec::as_slice)))
        }));
        let can_fall_back = offer == KeyExchange::Hybrid
            && self.post_quantum == PostQuantum::Prefer
            && !self.succeeds_without.initialized();
        let connected = match limit.filter(|_| can_fall_back) {
            None => handshake.await,
            Some(limit) => match timeout(limit / 2, &mut handshake).await {
                Ok(connected) => connected,
                Err(_) if first.get().is_none() => Err(silent(limit)),
                Err(_) => handshake.await,
            },
        };
        let stream = connected.map_err(|cause| Failed {
            is_unanswered: can_fall_back
                && first.get().is_none()
                && matches!(cause, Cause::Lost(_) | Cause::Silent(..)),
            ..cause.into()
        })?;
        let group = stream.get_ref().1.negotiated_key_exchange_group();
        let group = group.map(rustls::crypto::SupportedKxGroup::name);
        if let Some(group) = group {
            debug!("TLS with {server}, keys by {group:?}");
        }
        if self.post_quantum == PostQuantum::Require
            && offer == KeyExchange::Hybrid
            && group != Some(NamedGroup::X25519MLKEM768)
        {
            return Err(Cause::NotPostQuantum.into());
        }
        Ok(Box::new(stream))
    }

    fn config(&self, offer: KeyExchange) -> Result<Arc<ClientConfig>, Cause> {
        let config = match offer {
            KeyExchange::Hybrid => &self.hybrid,
            KeyExchange::Classical => &self.classical,
        };
        if let Some(config) = config.get() {
            return Ok(Arc::clone(config));
        }
        let roots = self.roots.load();
        let roots = roots.map_err(|error| Cause::Roots(Box::new(error)))?;
        let made = tls::client_config(roots, offer);
        let made = made.map_err(|error| Cause::Tls(error.to_string()))?;
        Ok(Arc::clone(config.get_or_init(|| Arc::new(made))))
    }
}
