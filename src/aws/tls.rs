//! The TLS configuration: rustls with its own certificate verification, which is given only the roots that
//! the server's chain names, and an error that names an unknown issuer.

use super::connection::{CertificateProblem, ConnectionFailure as Failure};
use super::date::rfc3339;
use super::error_chain::without_number;
use super::tls_roots::Roots;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{self, CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, SignatureScheme,
};
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex};
use webpki::EndEntityCert;

/// # Errors
/// When rustls refuses the configuration.
pub(super) fn client_config(roots: Roots) -> Result<ClientConfig, String> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Verifier {
        roots,
        provider: Arc::clone(&provider),
        last: Mutex::new(None),
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let mut config = builder
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Verifies with rustls's own verifier and the roots at which the chain can end: a root whose subject isn't
/// the issuer of one of its certificates can't be its end. Adds the issuer's name to the error.
#[derive(Debug)]
struct Verifier {
    roots: Roots,
    provider: Arc<CryptoProvider>,
    /// The connections to one server have the same issuers.
    last: Mutex<Option<ForIssuers>>,
}

/// rustls's verifier, and the issuers whose roots it has.
#[derive(Debug)]
struct ForIssuers {
    issuers: Vec<Vec<u8>>,
    verifier: Arc<WebPkiServerVerifier>,
}

impl Verifier {
    /// rustls's verifier for chains with these issuers; `None` if there is no root for them.
    fn for_issuers(&self, issuers: &[&[u8]]) -> Option<Arc<WebPkiServerVerifier>> {
        let mut last = self.last.lock().ok()?;
        if let Some(last) = &*last
            && last.issuers == issuers
        {
            return Some(Arc::clone(&last.verifier));
        }
        let roots = self.roots.named(issuers);
        let provider = Arc::clone(&self.provider);
        let verifier = WebPkiServerVerifier::builder_with_provider(roots, provider)
            .build()
            .ok()?;
        *last = Some(ForIssuers {
            issuers: issuers.iter().map(|issuer| issuer.to_vec()).collect(),
            verifier: Arc::clone(&verifier),
        });
        Some(verifier)
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let chain: Vec<EndEntityCert<'_>> = std::iter::once(end_entity)
            .chain(intermediates)
            .filter_map(|certificate| EndEntityCert::try_from(certificate).ok())
            .collect();
        let issuers: Vec<&[u8]> = chain
            .iter()
            .map(|certificate| certificate.issuer())
            .collect();
        let unknown = Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let judged = match self.for_issuers(&issuers) {
            Some(verifier) => verifier.verify_server_cert(
                end_entity,
                intermediates,
                server_name,
                ocsp_response,
                now,
            ),
            None => Err(unknown.clone()),
        };
        judged.map_err(|error| match error == unknown {
            true => {
                let issuer = UnknownIssuer(issuers.last().copied().and_then(display_name));
                Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(issuer))))
            }
            false => error,
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

/// The issuer at the end of a chain for which there is no root.
#[derive(Debug)]
struct UnknownIssuer(Option<String>);

impl fmt::Display for UnknownIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unknown issuer")
    }
}

impl std::error::Error for UnknownIssuer {}

/// Classifies an error of the handshake, in which the server sent this first. A plain HTTP server stays one; any other
/// text may come from something in between.
pub(super) fn failure(error: &io::Error, first: &[u8]) -> Failure {
    match error.get_ref().and_then(|error| error.downcast_ref()) {
        Some(Error::InvalidMessage(_)) if !first.starts_with(b"HTTP/") => {
            let text = String::from_utf8_lossy(first);
            Failure::NotTls(text.trim().escape_debug().to_string())
        }
        Some(Error::InvalidCertificate(problem)) => {
            Failure::Certificate(certificate_problem(problem))
        }
        Some(error) => Failure::Handshake(error.to_string()),
        None => Failure::Lost(without_number(error)),
    }
}

fn certificate_problem(problem: &CertificateError) -> CertificateProblem {
    match problem {
        CertificateError::Other(OtherError(error)) => match error.downcast_ref() {
            Some(UnknownIssuer(issuer)) => CertificateProblem::UnknownIssuer {
                issuer: issuer.clone(),
            },
            None => CertificateProblem::Other(problem.to_string()),
        },
        CertificateError::NotValidYetContext { not_before, .. } => {
            CertificateProblem::NotValidYet(format!("it is not valid before {}", date(*not_before)))
        }
        CertificateError::NotValidYet => CertificateProblem::NotValidYet(problem.to_string()),
        CertificateError::ExpiredContext { not_after, .. } => {
            CertificateProblem::Other(format!("it expired at {}", date(*not_after)))
        }
        CertificateError::NotValidForNameContext {
            expected,
            presented,
        } => {
            let names: Vec<&str> = presented.iter().map(|name| inner(name)).collect();
            let names = names.join(", ");
            CertificateProblem::Other(format!(
                "it is for {}, not for {}",
                names.escape_debug(),
                expected.to_str()
            ))
        }
        _ => CertificateProblem::Other(problem.to_string()),
    }
}

/// A name as rustls writes it, `DnsName("example.org")`, without its type.
fn inner(name: &str) -> &str {
    name.split('"').nth(1).unwrap_or(name)
}

/// Certificates can contain dates beyond the year 9999.
fn date(time: UnixTime) -> String {
    let seconds = time.as_secs();
    rfc3339(seconds).unwrap_or_else(|| format!("{seconds} seconds after 1970"))
}

/// The common name, or else the organization, of a distinguished name.
fn display_name(name: &[u8]) -> Option<String> {
    let found = attribute(name, 3).or_else(|| attribute(name, 10))?;
    let text = String::from_utf8_lossy(found);
    Some(text.escape_debug().to_string())
}

/// The value of the attribute `2.5.4.KIND` in a distinguished name.
fn attribute(name: &[u8], kind: u8) -> Option<&[u8]> {
    let oid = [0x06, 0x03, 0x55, 0x04, kind];
    let at = name.windows(oid.len()).position(|part| part == oid)?;
    // After the tag of the string type comes the length; long forms (128 bytes and more) are ignored.
    let (_, value) = name.get(at + oid.len()..)?.split_first()?;
    let (length, value) = value.split_first()?;
    value
        .get(..usize::from(*length).min(64))
        .filter(|_| *length < 128)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_common_name_or_the_organization_is_shown_escaped() {
        let attribute = |kind: u8, text: &[u8]| {
            let length = u8::try_from(text.len()).expect("a short text");
            [&[0x06, 0x03, 0x55, 0x04, kind, 0x0c, length], text].concat()
        };
        let (organization, name) = (attribute(10, b"Corp"), attribute(3, b"Root\x1b[31m"));
        assert_eq!(display_name(&organization).as_deref(), Some("Corp"));
        let both = [organization, name].concat();
        assert_eq!(display_name(&both).as_deref(), Some("Root\\u{1b}[31m"));
        assert_eq!(display_name(b""), None);
    }

    proptest::proptest! {
        #[test]
        fn any_name_can_be_shown(
            start in proptest::collection::vec(proptest::num::u8::ANY, 0..8),
            end in proptest::collection::vec(proptest::num::u8::ANY, 0..80),
        ) {
            display_name(&[&start, &[0x06, 0x03, 0x55, 0x04, 0x03][..], &end].concat());
        }

        #[test]
        fn any_date_can_be_shown(seconds: u64) {
            date(UnixTime::since_unix_epoch(Duration::from_secs(seconds)));
        }
    }
}
