//! A private CA and a server certificate, generated for each stub.

use rcgen::{
    BasicConstraints, Certificate as Issued, CertificateParams, CertifiedIssuer, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use std::sync::Arc;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio_rustls::rustls::{HandshakeKind, ServerConfig, ServerConnection, crypto, version};

/// The certificate of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certificate {
    /// Valid, for `localhost`, 127.0.0.1 and ::1.
    Good,
    /// Valid, and issued by an intermediate CA that the server sends along.
    Intermediate,
    /// It has expired.
    Expired,
    /// It will be valid later.
    NotValidYet,
    /// It is for another host.
    WrongName,
    /// It is only for clients.
    ClientOnly,
    /// It is for no host.
    Nameless,
    /// It is signed with its own key.
    SelfSigned,
    /// It is signed with its own key, and a CA's: as `openssl req -x509` makes it.
    SelfSignedCa,
    /// Its issuer has the name of the CA, and another key.
    Impostor,
    /// Its issuer has a certificate of the CA, and is no CA.
    IssuedByNoCa,
    /// Its issuer is a CA that may not sign certificates.
    IssuedWithoutCertSign,
    /// The CA has expired.
    ExpiredCa,
    /// The CA is for electronic mail.
    CaForMail,
    /// The CA may not sign certificates.
    CaWithoutCertSign,
    /// What the server sends is no certificate.
    Unreadable,
}

/// What the server speaks.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Protocol {
    Any,
    Tls12,
    /// The key exchange P-256 only.
    P256,
}

/// How a TLS handshake of a client ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handshake {
    /// The key exchange, such as `X25519`.
    pub group: String,
    /// Whether the client's first message had no share for it, so that it had to send another one.
    pub needed_another_hello: bool,
}

impl Handshake {
    pub(crate) fn of(connection: &ServerConnection) -> Self {
        let group = connection.negotiated_key_exchange_group();
        let kind = connection.handshake_kind();
        Self {
            group: group.map_or_else(String::new, |group| format!("{:?}", group.name())),
            needed_another_hello: kind == Some(HandshakeKind::FullWithHelloRetryRequest),
        }
    }
}

/// The configuration of the server, and the PEM of its CA.
pub(crate) fn make(certificate: Certificate, protocol: Protocol) -> (Arc<ServerConfig>, String) {
    let ca = ca(certificate);
    let key = KeyPair::generate().expect("a key");
    let server = server(certificate);
    let signed = |issuer: &CertifiedIssuer<'_, KeyPair>| {
        let signed: Issued = server.signed_by(&key, issuer).expect("a certificate");
        signed.der().clone()
    };
    let chain: Vec<CertificateDer<'static>> = match certificate {
        Certificate::SelfSigned | Certificate::SelfSignedCa => {
            vec![server.self_signed(&key).expect("a certificate").der().clone()]
        }
        // The trusted one is still `ca`.
        Certificate::Impostor => vec![signed(&self::ca(certificate))],
        Certificate::Unreadable => vec![CertificateDer::from(b"no certificate".to_vec())],
        Certificate::Intermediate
        | Certificate::IssuedByNoCa
        | Certificate::IssuedWithoutCertSign => {
            let issuer_key = KeyPair::generate().expect("a key");
            let issuer = CertifiedIssuer::signed_by(intermediate(certificate), issuer_key, &ca)
                .expect("a certificate");
            vec![signed(&issuer), issuer.der().clone()]
        }
        _ => vec![signed(&ca)],
    };
    let versions: &[_] = match protocol {
        Protocol::Tls12 => &[&version::TLS12],
        Protocol::Any | Protocol::P256 => &[&version::TLS13, &version::TLS12],
    };
    let mut provider = crypto::ring::default_provider();
    if let Protocol::P256 = protocol {
        provider.kx_groups = vec![crypto::ring::kx_group::SECP256R1];
    }
    let config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(versions)
        .expect("known versions")
        .with_no_client_auth();
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key in PKCS #8");
    let key = crypto::ring::sign::any_supported_type(&key).expect("a key");
    // Whether the certificate has this key is for the client to find out.
    let certified = SingleCertAndKey::from(CertifiedKey::new(chain, key));
    let config = config.with_cert_resolver(Arc::new(certified));
    (Arc::new(config), ca.pem())
}

fn ca(certificate: Certificate) -> CertifiedIssuer<'static, KeyPair> {
    let mut ca = CertificateParams::new(Vec::new()).expect("no names");
    // With a distinct name: OpenSSL treats a certificate with its own name as issuer as self-signed.
    ca.distinguished_name.push(DnType::CommonName, "ssm-stub CA");
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    match certificate {
        Certificate::ExpiredCa => {
            ca.not_before = date_time_ymd(2020, 1, 1);
            ca.not_after = date_time_ymd(2021, 1, 1);
        }
        Certificate::CaForMail => {
            ca.extended_key_usages = vec![ExtendedKeyUsagePurpose::EmailProtection];
        }
        Certificate::CaWithoutCertSign => ca.key_usages = vec![KeyUsagePurpose::CrlSign],
        _ => {}
    }
    CertifiedIssuer::self_signed(ca, KeyPair::generate().expect("a key")).expect("a CA")
}

fn intermediate(certificate: Certificate) -> CertificateParams {
    let mut intermediate = CertificateParams::new(Vec::new()).expect("no names");
    intermediate.distinguished_name.push(DnType::CommonName, "ssm-stub intermediate");
    if certificate != Certificate::IssuedByNoCa {
        intermediate.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        intermediate.key_usages = vec![match certificate {
            Certificate::Intermediate => KeyUsagePurpose::KeyCertSign,
            _ => KeyUsagePurpose::CrlSign,
        }];
    }
    intermediate
}

fn server(certificate: Certificate) -> CertificateParams {
    let names = match certificate {
        Certificate::WrongName => vec!["elsewhere.example".to_owned()],
        Certificate::Nameless => Vec::new(),
        _ => ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec(),
    };
    let mut server = CertificateParams::new(names).expect("valid names");
    match certificate {
        Certificate::Expired => {
            server.not_before = date_time_ymd(2020, 1, 1);
            server.not_after = date_time_ymd(2021, 1, 1);
        }
        Certificate::SelfSignedCa => server.is_ca = IsCa::Ca(BasicConstraints::Unconstrained),
        Certificate::NotValidYet => server.not_before = date_time_ymd(2090, 1, 1),
        Certificate::ClientOnly => {
            server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        }
        _ => {}
    }
    server
}
