//! The root certificates that TLS trusts: only the bundle that a person names, else the system's, else
//! those compiled in. A person's bundle that can't be used is an error, never a reason to trust others.
// Reads bundles of certificates.
#![allow(clippy::disallowed_methods)]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use memchr::{memchr, memmem};
use nix::fcntl::OFlag;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use ssm_exec_core::config::ConfigError;
use ssm_exec_core::inherited::Inherited;
use ssm_exec_core::origin::Origin;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
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
/// Forty times the largest bundle that a distribution has.
const LARGEST: u64 = 8 << 20;

const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
const END: &[u8] = b"-----END CERTIFICATE-----";

/// Which roots to trust, before they are needed.
#[derive(Debug)]
pub(super) enum TlsRoots {
    /// Of a bundle that is named to this program: all of it must be good.
    Bundle(RootCertStore),
    /// Of the files and directories that other tools read too, by the variables that name them.
    Environment(Vec<(&'static str, PathBuf)>),
    /// The system's, else those compiled in.
    System,
}

impl TlsRoots {
    /// # Errors
    /// When the bundle can't be used.
    pub(super) fn bundle(path: &Path, origin: &Origin) -> Result<Self, ConfigError> {
        let invalid = |reason: String| ConfigError::CaBundle {
            origin: origin.clone(),
            path: path.to_owned(),
            reason,
        };
        let pem = read(path).map_err(|error| invalid(error.to_string()))?;
        let mut roots = RootCertStore::empty();
        for (at, certificate) in certificates(&pem).enumerate() {
            let added = certificate.map(|certificate| roots.add(certificate));
            if !matches!(added, Some(Ok(()))) {
                return Err(invalid(format!(
                    "its certificate number {} can't be read",
                    at + 1
                )));
            }
        }
        if roots.is_empty() {
            return Err(invalid("there is no certificate in it".to_owned()));
        }
        Ok(Self::Bundle(roots))
    }

    /// `SSL_CERT_FILE` and `SSL_CERT_DIR`, which OpenSSL made common, or the system's.
    pub(super) fn from_environment(inherited: &Inherited<'_>) -> Self {
        let paths = |name: &'static str| {
            let value = inherited.get(name).unwrap_or_default();
            let is_list = name == "SSL_CERT_DIR";
            value
                .split(move |byte| is_list && *byte == b':')
                .filter(|path| !path.is_empty())
                .map(move |path| (name, PathBuf::from(OsStr::from_bytes(path))))
        };
        let named: Vec<_> = paths("SSL_CERT_FILE")
            .chain(paths("SSL_CERT_DIR"))
            .collect();
        match named.is_empty() {
            true => Self::System,
            false => Self::Environment(named),
        }
    }

    /// # Errors
    /// When a file or directory that is named is missing, or there is no certificate in any.
    pub(super) fn load(&self) -> Result<RootCertStore, ConfigError> {
        match self {
            Self::Bundle(roots) => Ok(roots.clone()),
            Self::Environment(named) => from_named(named),
            Self::System => {
                let system = SYSTEM
                    .iter()
                    .filter_map(|path| read(Path::new(path)).ok())
                    .map(|pem| usable(&pem))
                    .find(|roots| !roots.is_empty());
                Ok(system.unwrap_or_else(compiled_in))
            }
        }
    }
}

fn from_named(named: &[(&'static str, PathBuf)]) -> Result<RootCertStore, ConfigError> {
    let mut roots = RootCertStore::empty();
    let invalid =
        |(variable, path): &(&'static str, PathBuf), reason: String| ConfigError::CaBundle {
            origin: Origin::Variable(variable),
            path: path.clone(),
            reason,
        };
    for entry in named {
        let pem = match entry.0 {
            "SSL_CERT_DIR" => read_all(&entry.1),
            _ => read(&entry.1),
        };
        let pem = pem.map_err(|error| invalid(entry, error.to_string()))?;
        let found = usable(&pem);
        if found.is_empty() && entry.0 == "SSL_CERT_FILE" {
            return Err(invalid(entry, "there is no certificate in it".to_owned()));
        }
        roots.extend(found.roots);
    }
    match named.first() {
        Some(entry) if roots.is_empty() => {
            Err(invalid(entry, "there is no certificate in it".to_owned()))
        }
        _ => Ok(roots),
    }
}

/// What of a bundle can be used; one odd certificate among its hundred is no reason to stop.
fn usable(pem: &[u8]) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(pem).flatten() {
        let _ = roots.add(certificate);
    }
    roots
}

/// Mozilla's roots, for an image that has none.
fn compiled_in() -> RootCertStore {
    webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect()
}

/// A regular file: anything else could block, or never end.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::options()
        .read(true)
        .custom_flags(OFlag::O_NONBLOCK.bits())
        .open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    if metadata.len() > LARGEST {
        return Err(io::Error::other(format!(
            "it is larger than {} MiB",
            LARGEST >> 20
        )));
    }
    let mut content = Vec::with_capacity(metadata.len() as usize + 1);
    file.take(LARGEST).read_to_end(&mut content)?;
    Ok(content)
}

/// All regular files of a directory.
fn read_all(path: &Path) -> io::Result<Vec<u8>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(path)? {
        if let Ok(pem) = read(&entry?.path())
            && all.len() + pem.len() <= LARGEST as usize
        {
            all.extend_from_slice(&pem);
            all.push(b'\n');
        }
    }
    Ok(all)
}

/// The certificates of a PEM file (RFC 7468), each `None` if it isn't base64 or has no end. What stands
/// between them is commentary.
fn certificates(pem: &[u8]) -> impl Iterator<Item = Option<CertificateDer<'static>>> {
    let mut rest = pem;
    std::iter::from_fn(move || {
        let begin = memmem::find(rest, BEGIN)? + BEGIN.len();
        rest = &rest[begin..];
        let Some(end) = memmem::find(rest, END) else {
            rest = &[];
            return Some(None);
        };
        let body = &rest[..end];
        rest = &rest[end + END.len()..];
        Some(
            STANDARD
                .decode(unwrapped(body))
                .ok()
                .map(CertificateDer::from),
        )
    })
}

/// Base64 without its line ends.
fn unwrapped(mut body: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(body.len());
    while let Some(end) = memchr(b'\n', body) {
        text.extend_from_slice(body[..end].trim_ascii());
        body = &body[end + 1..];
    }
    text.extend_from_slice(body.trim_ascii());
    text
}
