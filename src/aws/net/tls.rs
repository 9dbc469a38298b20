//! The TLS configuration: webpki's verification of the server's certificate, given only the roots that its chain names,
//! and refusals that say why.

use super::certificate::{Certificate, display_name, sortable};
use super::failure::{Cause, CertificateProblem as Problem};
use super::post_quantum::X25519MlKem768;
use super::roots::{Anchors, Roots};
use crate::aws::date::rfc3339;
use crate::system_error::without_number;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{self, CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, SignatureScheme,
};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use webpki::{EndEntityCert, KeyUsage, VerifiedPath};

/// What a handshake offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyExchange {
    Classical,
    /// A post-quantum one first, with the share of X25519 beside it: a server without it needs no other ClientHello.
    Hybrid,
}

/// # Errors
/// When rustls refuses the configuration.
pub(super) fn client_config(roots: Roots, offer: KeyExchange) -> Result<ClientConfig, Error> {
    let mut provider = ring::default_provider();
    if offer == KeyExchange::Hybrid {
        provider.kx_groups.insert(0, &X25519MlKem768);
    }
    let provider = Arc::new(provider);
    let verifier = Verifier { roots, provider: Arc::clone(&provider), last: Mutex::default() };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

#[derive(Debug)]
struct Verifier {
    roots: Roots,
    provider: Arc<CryptoProvider>,
    /// The connections to one server have the same issuers.
    last: Mutex<(Vec<Vec<u8>>, Arc<Anchors>)>,
}

impl Verifier {
    fn verify(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), Problem> {
        let unreadable = |_| Problem::Other("it cannot be read".to_owned());
        let leaf = EndEntityCert::try_from(end_entity).map_err(unreadable)?;
        let above: Vec<EndEntityCert<'_>> = intermediates
            .iter()
            .filter_map(|certificate| EndEntityCert::try_from(certificate).ok())
            .collect();
        let chain = std::iter::once(&leaf).chain(&above);
        let issuers: Vec<Vec<u8>> = chain.map(|link| link.issuer().to_vec()).collect();
        let anchors = self.anchors(&issuers, now);
        // webpki ignores the key usage of an issuer.
        let may_issue = |path: &VerifiedPath<'_>| {
            let all = path.intermediate_certificates().all(|issuer| {
                Certificate::parse(&issuer.der()).is_some_and(|issuer| issuer.may_issue())
            });
            all.then_some(()).ok_or(webpki::Error::EndEntityUsedAsCa)
        };
        leaf.verify_for_usage(
            self.provider.signature_verification_algorithms.all,
            &anchors.usable,
            intermediates,
            now,
            KeyUsage::server_auth(),
            None,
            Some(&may_issue),
        )
        .and_then(|_| leaf.verify_is_valid_for_subject_name(name))
        .map_err(|error| {
            let root = issuers.last().map(Vec::as_slice).unwrap_or_default();
            problem(error, root, &anchors, now)
        })
    }

    /// The roots at which a chain with these issuers can end.
    fn anchors(&self, issuers: &[Vec<u8>], now: UnixTime) -> Arc<Anchors> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.0 != issuers {
            let anchors = self.roots.named(issuers, &sortable(&date(now)));
            *last = (issuers.to_vec(), Arc::new(anchors));
        }
        Arc::clone(&last.1)
    }
}

/// Why a certificate was refused whose chain should end at a root with this name.
fn problem(error: webpki::Error, root: &[u8], anchors: &Anchors, now: UnixTime) -> Problem {
    use webpki::Error;
    let here = format!("and this machine's time is {}", date(now));
    match error {
        Error::UnknownIssuer => {
            let issuer = display_name(root).map(|name| format!("\"{name}\""));
            let issuer = issuer.unwrap_or_else(|| "an unnamed issuer".to_owned());
            Problem::UnknownIssuer(match &anchors.unusable {
                Some(reason) => {
                    format!("it is issued by {issuer}, whose root certificate {reason}")
                }
                None => format!("it is issued by {issuer}, which is not trusted"),
            })
        }
        Error::CertNotValidYet { not_before, .. } => {
            Problem::NotValidYet(format!("it is not valid before {}, {here}", date(not_before)))
        }
        Error::CertExpired { not_after, .. } => {
            Problem::Other(format!("it expired at {}, {here}", date(not_after)))
        }
        Error::CertNotValidForName(names) => {
            // As webpki writes them: `DnsName("example.org")`.
            let inner = |name: &String| name.split('"').nth(1).unwrap_or(name).to_owned();
            let presented: Vec<String> = names.presented.iter().map(inner).collect();
            let presented = presented.join(", ");
            let expected = names.expected.to_str();
            Problem::Other(format!("it is for {}, not for {expected}", presented.escape_debug()))
        }
        Error::RequiredEkuNotFoundContext(_) => Problem::Other("it is not for servers".to_owned()),
        Error::EndEntityUsedAsCa => {
            Problem::Other("its issuer may not issue certificates".to_owned())
        }
        Error::InvalidSignatureForPublicKey => {
            Problem::Other("its signature is not its issuer's".to_owned())
        }
        error => Problem::Other(format!("it is not valid ({error})")),
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.verify(end_entity, intermediates, server_name, now);
        verified.map(|()| ServerCertVerified::assertion()).map_err(|problem| {
            let problem = OtherError(Arc::new(problem));
            Error::InvalidCertificate(CertificateError::Other(problem))
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        crypto::verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        crypto::verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.provider.signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}

/// Classifies an error of a handshake in which the server sent this first.
pub(super) fn cause(error: &io::Error, first: &[u8]) -> Cause {
    match error.get_ref().and_then(|error| error.downcast_ref()) {
        Some(Error::InvalidCertificate(CertificateError::Other(OtherError(problem))))
            if let Some(problem) = problem.downcast_ref::<Problem>() =>
        {
            Cause::Certificate(problem.clone())
        }
        Some(Error::InvalidMessage(_)) => Cause::NotTls(first.to_owned()),
        Some(Error::AlertReceived(alert)) => {
            Cause::Tls(format!("the server refuses the handshake ({alert:?})"))
        }
        Some(error) => Cause::Tls(error.to_string()),
        None => Cause::Lost(without_number(error)),
    }
}

/// Certificates can contain dates beyond the year 9999.
fn date(time: UnixTime) -> String {
    let seconds = time.as_secs();
    rfc3339(seconds).unwrap_or_else(|| format!("{seconds} seconds after 1970"))
}
