//! A private CA and a server certificate, generated for each stub.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use std::sync::Arc;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::{ServerConfig, crypto, version};

/// The certificate of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certificate {
    /// Valid, for `localhost`, 127.0.0.1 and ::1.
    Good,
    /// It has expired.
    Expired,
    /// It is for another host.
    WrongName,
}

/// The configuration of the server, and the PEM of its CA.
pub(crate) fn make(certificate: Certificate, only_tls12: bool) -> (Arc<ServerConfig>, String) {
    let mut ca = CertificateParams::new(Vec::new()).expect("no names");
    // With a distinct name: OpenSSL treats a certificate with its own name as issuer as self-signed.
    ca.distinguished_name
        .push(DnType::CommonName, "ssm-stub CA");
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let ca = CertifiedIssuer::self_signed(ca, KeyPair::generate().expect("a key")).expect("a CA");
    let names = match certificate {
        Certificate::WrongName => vec!["elsewhere.example".to_owned()],
        _ => ["localhost", "127.0.0.1", "::1"]
            .map(str::to_owned)
            .to_vec(),
    };
    let mut server = CertificateParams::new(names).expect("valid names");
    if certificate == Certificate::Expired {
        server.not_before = date_time_ymd(2020, 1, 1);
        server.not_after = date_time_ymd(2021, 1, 1);
    }
    let key = KeyPair::generate().expect("a key");
    let signed = server.signed_by(&key, &ca).expect("a certificate");
    let versions: &[_] = if only_tls12 {
        &[&version::TLS12]
    } else {
        &[&version::TLS13, &version::TLS12]
    };
    let config = ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_protocol_versions(versions)
        .expect("known versions")
        .with_no_client_auth()
        .with_single_cert(
            vec![signed.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).expect("a key in PKCS #8"),
        )
        .expect("a matching key");
    (Arc::new(config), ca.pem())
}
