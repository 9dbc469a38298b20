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
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError,
    SignatureScheme,
};
use ssm_exec_core::code::Code;
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
        let leaf = EndEntityCert::try_from(end_entity).map_err(|error| unreadable(&error))?;
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

const CHECK: &str = "Check the certificate, the host name of the endpoint and this machine's clock";
const TRUST: &str = "Behind a proxy that inspects TLS, or with a private CA, name the file of its root certificates with `--ca-bundle FILE`";
const SET_CLOCK: &str = "Set the clock, for example with `timedatectl set-ntp true`";
const ISSUE: &str = "Let that CA issue one for the server, and name the file of the CA's own certificate with `--ca-bundle FILE`";

fn unreadable(error: &webpki::Error) -> Problem {
    let reason = match error {
        webpki::Error::UnsupportedCertVersion => "it is an old one without host names (X.509 v1)",
        _ => "it cannot be read",
    };
    Problem { code: Code::Tls, reason: reason.to_owned(), help: CHECK }
}

/// Why a certificate was refused whose chain should end at a root with this name.
fn problem(error: webpki::Error, root: &[u8], anchors: &Anchors, now: UnixTime) -> Problem {
    use webpki::Error;
    let here = format!("and this machine's time is {}", date(now));
    let (code, reason, help) = match error {
        Error::UnknownIssuer => {
            let issuer = display_name(root).map(|name| format!("\"{name}\""));
            let issuer = issuer.unwrap_or_else(|| "an unnamed issuer".to_owned());
            let reason = match &anchors.unusable {
                Some(reason) => {
                    format!("it is issued by {issuer}, whose root certificate {reason}")
                }
                None => format!("it is issued by {issuer}, which is not trusted"),
            };
            (Code::Tls, reason, TRUST)
        }
        Error::CertNotValidYet { not_before, .. } => {
            let reason = format!("it is not valid before {}, {here}", date(not_before));
            (Code::CertificateTime, reason, SET_CLOCK)
        }
        Error::CertExpired { not_after, .. } => {
            (Code::Tls, format!("it expired at {}, {here}", date(not_after)), CHECK)
        }
        Error::CaUsedAsEndEntity => {
            (Code::Tls, "it is a CA's own, not a server's".to_owned(), ISSUE)
        }
        Error::CertNotValidForName(names) if names.presented.is_empty() => {
            (Code::Tls, "it has no host names (subjectAltName)".to_owned(), CHECK)
        }
        Error::CertNotValidForName(names) => {
            // As webpki writes them: `DnsName("example.org")`.
            let inner = |name: &String| name.split('"').nth(1).unwrap_or(name).to_owned();
            let presented: Vec<String> = names.presented.iter().map(inner).collect();
            let presented = presented.join(", ");
            let expected = names.expected.to_str();
            let presented = presented.escape_debug();
            (Code::Tls, format!("it is for {presented}, not for {expected}"), CHECK)
        }
        Error::RequiredEkuNotFoundContext(_) => {
            (Code::Tls, "it is not for servers".to_owned(), CHECK)
        }
        Error::EndEntityUsedAsCa => {
            (Code::Tls, "its issuer may not issue certificates".to_owned(), CHECK)
        }
        Error::InvalidSignatureForPublicKey => {
            (Code::Tls, "its signature is not its issuer's".to_owned(), CHECK)
        }
        error => (Code::Tls, format!("it is not valid ({error})"), CHECK),
    };
    Problem { code, reason, help }
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
        Some(Error::AlertReceived(AlertDescription::CertificateRequired)) => {
            Cause::ClientCertificate
        }
        Some(Error::AlertReceived(alert)) => {
            Cause::Tls(format!("the server refuses the handshake ({alert:?})"))
        }
        Some(error) => Cause::Tls(error.to_string()),
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            Cause::Lost("during the TLS handshake".to_owned())
        }
        None => Cause::Lost(without_number(error)),
    }
}

/// Classifies an error after the handshake. In TLS 1.3, a server refuses a client's certificate only then.
pub(super) fn lost(error: &io::Error) -> Cause {
    match error.get_ref().and_then(|error| error.downcast_ref()) {
        Some(Error::AlertReceived(AlertDescription::CertificateRequired)) => {
            Cause::ClientCertificate
        }
        Some(Error::AlertReceived(alert)) => Cause::Lost(format!("TLS alert {alert:?}")),
        _ if error.kind() == io::ErrorKind::UnexpectedEof => Cause::Lost(String::new()),
        _ => Cause::Lost(without_number(error)),
    }
}

/// Certificates can contain dates beyond the year 9999.
fn date(time: UnixTime) -> String {
    let seconds = time.as_secs();
    rfc3339(seconds).unwrap_or_else(|| format!("{seconds} seconds after 1970"))
}
