//! The roots that TLS trusts: a person's bundle alone, else the system's, else those compiled in.
//! Each is checked here, since the SDK's client panics on a certificate that it can't use.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use ssm_exec_core::config::ConfigError;
use ssm_exec_core::origin::Origin;
use std::fs;
use std::path::{Path, PathBuf};

/// Where distributions keep all roots in one file; the directories beside them hold the same.
const SYSTEM: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/usr/local/share/certs/ca-root-nss.crt",
];

/// Certificates that can be trust anchors, as PEM.
#[derive(Debug, Clone)]
pub(super) struct Roots(Vec<u8>);

impl Roots {
    pub(super) fn into_pem(self) -> Vec<u8> {
        self.0
    }
}

/// A bundle that a person named: it must be good, and all of it.
pub(super) fn from_bundle(path: &Path, origin: &Origin) -> Result<Roots, ConfigError> {
    let wrong = |reason: String| ConfigError::CaBundle {
        origin: origin.clone(),
        path: path.to_owned(),
        reason,
    };
    let pem = fs::read(path).map_err(|error| wrong(error.to_string()))?;
    let certificates: Vec<CertificateDer<'_>> = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(|_| wrong("it isn't PEM".to_owned()))?;
    if certificates.is_empty() {
        return Err(wrong("there is no certificate in it".to_owned()));
    }
    for (at, certificate) in certificates.iter().enumerate() {
        if !is_anchor(certificate) {
            return Err(wrong(format!(
                "its certificate number {} can't be read",
                at + 1
            )));
        }
    }
    Ok(Roots(pem))
}

/// `SSL_CERT_FILE` and `SSL_CERT_DIR`, else the system's, else those compiled in.
pub(super) fn default() -> Roots {
    let named = [
        std::env::var_os("SSL_CERT_FILE").map(PathBuf::from),
        std::env::var_os("SSL_CERT_DIR").map(PathBuf::from),
    ];
    let usable = if named.iter().any(Option::is_some) {
        let all: Vec<Vec<u8>> = named.iter().flatten().map(|path| read_any(path)).collect();
        usable(all.concat())
    } else {
        SYSTEM.iter().find_map(|path| usable(fs::read(path).ok()?))
    };
    usable.unwrap_or_else(compiled_in)
}

/// A file, or all files of a directory, put together.
fn read_any(path: &Path) -> Vec<u8> {
    let Ok(entries) = fs::read_dir(path) else {
        return fs::read(path).unwrap_or_default();
    };
    let mut all = Vec::new();
    for entry in entries.flatten() {
        if let Ok(pem) = fs::read(entry.path()) {
            all.extend_from_slice(&pem);
            all.push(b'\n');
        }
    }
    all
}

/// What of a system's bundle can be used; one odd certificate among its hundred is no reason to stop.
fn usable(pem: Vec<u8>) -> Option<Roots> {
    let all: Vec<_> = CertificateDer::pem_slice_iter(&pem).collect();
    let is_good = |one: &Result<CertificateDer<'_>, _>| one.as_ref().is_ok_and(is_anchor);
    if !all.is_empty() && all.iter().all(is_good) {
        return Some(Roots(pem));
    }
    let good = all.into_iter().flatten().filter(is_anchor);
    let pem: Vec<u8> = good.flat_map(|certificate| to_pem(&certificate)).collect();
    (!pem.is_empty()).then_some(Roots(pem))
}

/// Mozilla's roots, for an image that has none.
fn compiled_in() -> Roots {
    Roots(
        webpki_root_certs::TLS_SERVER_ROOT_CERTS
            .iter()
            .flat_map(to_pem)
            .collect(),
    )
}

fn is_anchor(certificate: &CertificateDer<'_>) -> bool {
    rustls::RootCertStore::empty()
        .add(certificate.clone())
        .is_ok()
}

fn to_pem(certificate: &CertificateDer<'_>) -> Vec<u8> {
    format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        STANDARD.encode(certificate)
    )
    .into_bytes()
}
