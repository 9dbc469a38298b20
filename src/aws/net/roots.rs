//! The root certificates that are trusted: only the configured bundle, or else the system's, or else those
//! compiled in. A configured bundle that can't be used is an error, never a reason to trust other roots.
//! A system has about 140 roots and a connection needs one, so a root is only decoded when the server's chain names it.
// Reads bundles of certificates.
#![allow(clippy::disallowed_methods)]

use super::certificate::Certificate;
use crate::exec::refused_file;
use crate::system_error::without_number;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use memchr::memchr;
use memchr::memmem::Finder;
use nix::fcntl::OFlag;
use rustls::pki_types::{CertificateDer, TrustAnchor};
use ssm_exec_core::code::Code;
use ssm_exec_core::diagnostic::Diagnostic;
use ssm_exec_core::inherited::Inherited;
use ssm_exec_core::origin::Origin;
use std::ffi::OsStr;
use std::fmt;
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

const FILE: &str = "SSL_CERT_FILE";
const DIRECTORIES: &str = "SSL_CERT_DIR";
const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
const END: &[u8] = b"-----END CERTIFICATE-----";
const WITHOUT: &str = "there is no certificate in it";

/// Where the trusted roots come from.
#[derive(Debug)]
pub(super) enum TlsRoots {
    /// The bundle of `--ca-bundle` or `AWS_CA_BUNDLE`: each certificate can be read.
    Bundle(Arc<RootBundle>),
    /// The paths in `SSL_CERT_FILE` and `SSL_CERT_DIR`.
    Environment(Vec<NamedPath>),
    /// The system's bundle, or else those compiled in.
    System,
}

/// A path, and the variable that names it.
#[derive(Debug)]
pub(super) struct NamedPath {
    variable: &'static str,
    path: PathBuf,
}

/// The trusted roots.
#[derive(Debug)]
pub(super) enum Roots {
    /// Mozilla's, for images without a bundle.
    CompiledIn,
    Encoded(Arc<RootBundle>),
}

/// The roots at which a chain can end.
#[derive(Debug, Default)]
pub(super) struct Anchors {
    pub(super) usable: Vec<TrustAnchor<'static>>,
    /// Why another one is not used, as the rest of a sentence about it.
    pub(super) unusable: Option<String>,
}

impl Roots {
    /// Those that have one of these subjects (DER) and can issue certificates of servers now.
    pub(super) fn named(&self, names: &[Vec<u8>], now: &str) -> Anchors {
        match self {
            Self::Encoded(bundle) => bundle.named(names, now),
            Self::CompiledIn => {
                let roots = webpki_roots::TLS_SERVER_ROOTS.iter();
                let is_named = |root: &&TrustAnchor<'_>| has_name(root, names);
                Anchors { usable: roots.filter(is_named).cloned().collect(), unusable: None }
            }
        }
    }
}

fn has_name(root: &TrustAnchor<'_>, names: &[Vec<u8>]) -> bool {
    names.iter().any(|name| root.subject.as_ref() == name)
}

impl TlsRoots {
    /// # Errors
    /// When the bundle can't be used.
    pub(super) fn bundle(path: &Path, origin: &Origin) -> Result<Self, Diagnostic> {
        let invalid = |reason: &str| unusable(path, origin, reason);
        let pem = read(path).map_err(|error| unreadable(path, origin, &error))?;
        let bundle = RootBundle(pem);
        let is_unreadable = |certificate: Encoded| certificate.anchor().is_none();
        let unreadable = bundle.certificates().position(is_unreadable);
        match unreadable {
            Some(at) => {
                let reason = format!("its certificate number {} cannot be read", at + 1);
                Err(invalid(&reason))
            }
            None if !bundle.is_usable() => Err(invalid(WITHOUT)),
            None => Ok(Self::Bundle(Arc::new(bundle))),
        }
    }

    /// `SSL_CERT_FILE` and `SSL_CERT_DIR` if they are set, or else the system's.
    pub(super) fn from_environment(inherited: &Inherited<'_>) -> Self {
        let named = |variable: &'static str, separator: &'static [u8]| {
            let value = inherited.get(variable).unwrap_or_default();
            value.split(|byte| separator.contains(byte)).filter(|path| !path.is_empty()).map(
                move |path| NamedPath { variable, path: PathBuf::from(OsStr::from_bytes(path)) },
            )
        };
        let named: Vec<_> = named(FILE, b"").chain(named(DIRECTORIES, b":")).collect();
        match named.is_empty() {
            true => Self::System,
            false => Self::Environment(named),
        }
    }

    /// # Errors
    /// When a configured file or directory is missing or contains no certificate.
    pub(super) fn load(&self) -> Result<Roots, Diagnostic> {
        match self {
            Self::Bundle(bundle) => Ok(Roots::Encoded(Arc::clone(bundle))),
            Self::Environment(named) => {
                from_named(named).map(|bundle| Roots::Encoded(Arc::new(bundle)))
            }
            Self::System => {
                let system = SYSTEM
                    .iter()
                    .filter_map(|path| read(Path::new(path)).ok())
                    .map(RootBundle)
                    .find(RootBundle::is_usable);
                Ok(system.map_or(Roots::CompiledIn, |system| Roots::Encoded(Arc::new(system))))
            }
        }
    }
}

fn from_named(named: &[NamedPath]) -> Result<RootBundle, Diagnostic> {
    let mut all = RootBundle::default();
    let invalid = |entry: &NamedPath, reason: &str| {
        unusable(&entry.path, &Origin::Variable(entry.variable), reason)
    };
    for entry in named {
        let is_file = entry.variable == FILE;
        let pem = match is_file {
            true => read(&entry.path),
            false => read_all(&entry.path),
        };
        let origin = Origin::Variable(entry.variable);
        let bundle = RootBundle(pem.map_err(|error| unreadable(&entry.path, &origin, &error))?);
        if is_file && !bundle.is_usable() {
            return Err(invalid(entry, WITHOUT));
        }
        all.append(bundle);
    }
    // A directory may be empty if another path has certificates.
    match named.first() {
        Some(entry) if !all.is_usable() => Err(invalid(entry, WITHOUT)),
        _ => Ok(all),
    }
}

/// A configured path that can't be read.
fn unreadable(path: &Path, origin: &Origin, error: &io::Error) -> Diagnostic {
    refused_file(path, error).unwrap_or_else(|| unusable(path, origin, &without_number(error)))
}

/// A configured path that can't be used.
fn unusable(path: &Path, origin: &Origin, reason: &str) -> Diagnostic {
    let text = format!("cannot use the CA bundle {}: {reason}", path.display());
    let help = match origin {
        Origin::Variable(name) => format!("Correct {name}, or unset it to use the system's roots"),
        _ => "Correct it, or leave it out to use the system's roots".to_owned(),
    };
    let mut error = Diagnostic::with_help(Code::CaBundle, text, [help]);
    error.subject.path = Some(path.to_owned());
    error.at(origin.clone())
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
        true => Err(io::Error::other(format!("it is larger than {} MiB", LARGEST >> 20))),
        false => Ok(content),
    }
}

/// Certificates as PEM (RFC 7468). Text between them is ignored.
#[derive(Default)]
pub(super) struct RootBundle(Vec<u8>);

impl RootBundle {
    fn append(&mut self, mut other: Self) {
        self.0.push(b'\n');
        self.0.append(&mut other.0);
    }

    /// Whether it contains a certificate.
    fn is_usable(&self) -> bool {
        let mut certificates = self.certificates();
        certificates.any(|certificate| certificate.anchor().is_some())
    }

    /// The roots with one of these distinguished names (DER), without those that are invalid. The encoded text is
    /// searched, so that only these are decoded.
    fn named(&self, names: &[Vec<u8>], now: &str) -> Anchors {
        let encoded: Vec<String> = names.iter().flat_map(|name| in_base64(name)).collect();
        let finders: Vec<Finder<'_>> = encoded.iter().map(Finder::new).collect();
        let mut anchors = Anchors::default();
        for certificate in self.certificates() {
            let is_likely = |finder: &Finder<'_>| finder.find(&certificate.0).is_some();
            if finders.iter().any(is_likely)
                && let Some((root, der)) = certificate.anchor()
                && has_name(&root, names)
            {
                let unusable = Certificate::parse(&der).and_then(|root| root.unusable(now));
                match unusable {
                    None => anchors.usable.push(root),
                    reason => anchors.unusable = reason,
                }
            }
        }
        anchors
    }

    fn certificates(&self) -> impl Iterator<Item = Encoded> {
        let (begin, end) = (Finder::new(BEGIN), Finder::new(END));
        let mut rest = self.0.as_slice();
        std::iter::from_fn(move || {
            let start = begin.find(rest)? + BEGIN.len();
            rest = &rest[start..];
            // Without an end marker the rest is not valid base64, so decoding fails.
            let end = end.find(rest).unwrap_or(rest.len());
            let (body, after) = rest.split_at(end);
            rest = after;
            Some(Encoded::new(body))
        })
    }
}

impl fmt::Debug for RootBundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RootBundle({} bytes)", self.0.len())
    }
}

/// The base64 of one certificate without line breaks.
struct Encoded(Vec<u8>);

impl Encoded {
    fn new(mut body: &[u8]) -> Self {
        let mut text = Vec::with_capacity(body.len());
        while let Some(end) = memchr(b'\n', body) {
            text.extend_from_slice(body[..end].trim_ascii());
            body = &body[end + 1..];
        }
        text.extend_from_slice(body.trim_ascii());
        Self(text)
    }

    /// Decoded, if it is a certificate.
    fn anchor(&self) -> Option<(TrustAnchor<'static>, CertificateDer<'static>)> {
        let der = CertificateDer::from(STANDARD.decode(&self.0).ok()?);
        let root = webpki::anchor_from_trusted_cert(&der).ok()?.to_owned();
        Some((root, der))
    }
}

/// The base64 of these bytes for each of the three positions in a group of three bytes at which they can
/// start, without the groups that they share with other bytes. One of the three occurs in the base64 of
/// anything that contains these bytes.
fn in_base64(bytes: &[u8]) -> [String; 3] {
    [0, 1, 2].map(|skipped| {
        let whole = bytes.get(skipped..).unwrap_or_default();
        STANDARD.encode(&whole[..whole.len() / 3 * 3])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    const NOW: &str = "20261130000000Z";

    fn pem(der: &[u8], width: usize, end: &str) -> String {
        let text = STANDARD.encode(der);
        let mut pem = format!("# A root\n-----BEGIN CERTIFICATE-----{end}");
        for line in text.as_bytes().chunks(width) {
            let _ = write!(pem, "{}{end}", String::from_utf8_lossy(line));
        }
        pem + "-----END CERTIFICATE-----" + end
    }

    fn mozilla() -> RootBundle {
        let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
        let all: Vec<String> = roots.map(|root| pem(root, 64, "\n")).collect();
        RootBundle(all.concat().into_bytes())
    }

    fn subject(anchor: &TrustAnchor<'_>) -> Vec<u8> {
        anchor.subject.to_vec()
    }

    #[test]
    fn every_root_is_found_by_its_name_and_others_are_not() {
        let bundle = mozilla();
        let all: Vec<_> = bundle.certificates().filter_map(|one| one.anchor()).collect();
        assert!(all.len() > 100, "{}", all.len());
        for (root, _) in &all {
            let found = bundle.named(&[subject(root)], NOW);
            assert!(found.usable.contains(root), "{:?}", found.unusable);
            assert!(found.usable.len() < 10);
        }
        let none = bundle.named(&[b"no certificate has this name".to_vec()], NOW);
        assert!(none.usable.is_empty() && none.unusable.is_none());
        assert!(bundle.named(&[], NOW).usable.is_empty());
        let later = bundle.named(&[subject(&all[0].0)], "20991130000000Z");
        assert!(later.usable.is_empty());
        assert!(later.unusable.is_some_and(|reason| reason.starts_with("expired at 20")));
    }

    #[test]
    fn a_certificate_is_found_however_its_lines_are_wrapped() {
        let (root, der) = mozilla().certificates().find_map(|one| one.anchor()).expect("one");
        for (width, end) in [(64, "\n"), (76, "\r\n"), (31, "\n"), (1 << 20, "")] {
            let bundle = RootBundle(pem(&der, width, end).into_bytes());
            let found = bundle.named(&[subject(&root)], NOW);
            assert_eq!(found.usable, std::slice::from_ref(&root), "{width}");
        }
    }

    #[test]
    fn what_is_no_certificate_is_left_out() {
        let broken = "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n";
        let mut bundle = mozilla();
        bundle.append(RootBundle(broken.into()));
        assert!(bundle.is_usable());
        for text in [
            broken,
            "",
            "text",
            "-----BEGIN CERTIFICATE-----\nQUJD",
            "-----BEGIN PRIVATE KEY-----\nQUJD\n-----END PRIVATE KEY-----\n",
        ] {
            assert!(!RootBundle(text.into()).is_usable());
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_searched_and_parsed(
            parts in proptest::collection::vec("-----(BEGIN|END) CERTIFICATE-----|[A-Za-z0-9+/=\\r\\n -]{0,80}", 0..8),
            name in proptest::collection::vec(proptest::num::u8::ANY, 0..40),
        ) {
            let bundle = RootBundle(parts.concat().into_bytes());
            bundle.named(&[name], NOW);
            bundle.is_usable();
        }
    }
}
