//! The root certificates that are trusted: only the configured bundle, or else the system's, or else those
//! compiled in. A configured bundle that can't be used is an error, never a reason to trust other roots.
// Reads bundles of certificates.
#![allow(clippy::disallowed_methods)]

use super::root_bundle::RootBundle;
use nix::fcntl::OFlag;
use rustls::RootCertStore;
use ssm_exec_core::config::ConfigError;
use ssm_exec_core::inherited::Inherited;
use ssm_exec_core::origin::Origin;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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

/// Where the trusted roots come from.
#[derive(Debug)]
pub(super) enum TlsRoots {
    /// The bundle of `--ca-bundle` or `AWS_CA_BUNDLE`: each certificate must be valid.
    Bundle(Arc<RootCertStore>),
    /// The paths in `SSL_CERT_FILE` and `SSL_CERT_DIR`.
    Environment(Vec<NamedPath>),
    /// The system's bundle, or else those compiled in.
    System,
}

/// A path, and the variable that names it.
#[derive(Debug)]
pub(super) struct NamedPath {
    variable: Variable,
    path: PathBuf,
}

#[derive(Debug, Clone, Copy)]
enum Variable {
    File,
    Directories,
}

impl Variable {
    fn name(self) -> &'static str {
        match self {
            Self::File => "SSL_CERT_FILE",
            Self::Directories => "SSL_CERT_DIR",
        }
    }
}

/// The trusted roots.
#[derive(Debug)]
pub(super) enum Roots {
    /// Parsed.
    Parsed(Arc<RootCertStore>),
    /// As PEM.
    Encoded(RootBundle),
}

impl Roots {
    /// At least the roots that have one of these subjects (DER).
    pub(super) fn named(&self, names: &[&[u8]]) -> Arc<RootCertStore> {
        match self {
            Self::Parsed(roots) => Arc::clone(roots),
            Self::Encoded(bundle) => Arc::new(bundle.named(names)),
        }
    }
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
        let roots = RootBundle::new(pem)
            .all()
            .map_err(|number| invalid(format!("its certificate number {number} cannot be read")))?;
        match roots.is_empty() {
            true => Err(invalid("there is no certificate in it".to_owned())),
            false => Ok(Self::Bundle(Arc::new(roots))),
        }
    }

    /// `SSL_CERT_FILE` and `SSL_CERT_DIR` if they are set, or else the system's.
    pub(super) fn from_environment(inherited: &Inherited<'_>) -> Self {
        let paths = |variable: Variable| {
            let value = inherited.get(variable.name()).unwrap_or_default();
            value
                .split(move |byte| matches!((variable, byte), (Variable::Directories, b':')))
                .filter(|path| !path.is_empty())
                .map(move |path| NamedPath {
                    variable,
                    path: PathBuf::from(OsStr::from_bytes(path)),
                })
        };
        let named: Vec<_> = paths(Variable::File)
            .chain(paths(Variable::Directories))
            .collect();
        match named.is_empty() {
            true => Self::System,
            false => Self::Environment(named),
        }
    }

    /// # Errors
    /// When a configured file or directory is missing or contains no certificate.
    pub(super) fn load(&self) -> Result<Roots, ConfigError> {
        match self {
            Self::Bundle(roots) => Ok(Roots::Parsed(Arc::clone(roots))),
            Self::Environment(named) => from_named(named).map(Roots::Encoded),
            Self::System => {
                let system = SYSTEM
                    .iter()
                    .filter_map(|path| read(Path::new(path)).ok())
                    .map(RootBundle::new)
                    .find(RootBundle::is_usable);
                Ok(system.map_or_else(compiled_in, Roots::Encoded))
            }
        }
    }
}

fn from_named(named: &[NamedPath]) -> Result<RootBundle, ConfigError> {
    let mut all = RootBundle::default();
    let invalid = |named: &NamedPath, reason: String| ConfigError::CaBundle {
        origin: Origin::Variable(named.variable.name()),
        path: named.path.clone(),
        reason,
    };
    let without = || "there is no certificate in it".to_owned();
    for entry in named {
        let pem = match entry.variable {
            Variable::File => read(&entry.path),
            Variable::Directories => read_all(&entry.path),
        };
        let bundle = RootBundle::new(pem.map_err(|error| invalid(entry, error.to_string()))?);
        if matches!(entry.variable, Variable::File) && !bundle.is_usable() {
            return Err(invalid(entry, without()));
        }
        all.append(bundle);
    }
    // A directory may be empty if another path has certificates.
    match named.first() {
        Some(entry) if !all.is_usable() => Err(invalid(entry, without())),
        _ => Ok(all),
    }
}

/// Mozilla's roots, for images without a bundle.
fn compiled_in() -> Roots {
    let roots = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
    Roots::Parsed(Arc::new(roots))
}

/// Reads a regular file: anything else could block or never end.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::options()
        .read(true)
        .custom_flags((OFlag::O_NONBLOCK | OFlag::O_NOCTTY).bits())
        .open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut content = Vec::with_capacity(metadata.len().min(LARGEST) as usize + 1);
    file.take(LARGEST + 1).read_to_end(&mut content)?;
    check_size(content)
}

/// All regular files of a directory.
fn read_all(path: &Path) -> io::Result<Vec<u8>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(path)? {
        if let Ok(pem) = read(&entry?.path()) {
            all.extend_from_slice(&pem);
            all.push(b'\n');
            all = check_size(all)?;
        }
    }
    Ok(all)
}

fn check_size(content: Vec<u8>) -> io::Result<Vec<u8>> {
    match content.len() as u64 > LARGEST {
        true => Err(io::Error::other(format!(
            "it is larger than {} MiB",
            LARGEST >> 20
        ))),
        false => Ok(content),
    }
}
