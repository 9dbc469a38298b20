//! A PEM bundle of root certificates. A system has about 140 and a connection needs one, so a root is only
//! decoded when the server's chain names it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use memchr::memchr;
use memchr::memmem::Finder;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use std::fmt;

const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
const END: &[u8] = b"-----END CERTIFICATE-----";

/// Certificates as PEM (RFC 7468). Text between them is ignored.
#[derive(Default)]
pub(super) struct RootBundle(Vec<u8>);

impl RootBundle {
    pub(super) fn new(pem: Vec<u8>) -> Self {
        Self(pem)
    }

    pub(super) fn append(&mut self, mut other: Self) {
        match self.0.is_empty() {
            true => *self = other,
            false => {
                self.0.push(b'\n');
                self.0.append(&mut other.0);
            }
        }
    }

    /// Whether it contains a valid certificate.
    pub(super) fn is_usable(&self) -> bool {
        let mut certificates = self.certificates();
        certificates.any(|certificate| is_root(certificate.decode().as_ref()))
    }

    /// Parses all certificates.
    ///
    /// # Errors
    /// The number of the first invalid one, counted from 1.
    pub(super) fn all(&self) -> Result<RootCertStore, usize> {
        let mut roots = RootCertStore::empty();
        for (at, certificate) in self.certificates().enumerate() {
            match certificate.decode().map(|root| roots.add(root)) {
                Some(Ok(())) => {}
                _ => return Err(at + 1),
            }
        }
        Ok(roots)
    }

    /// The roots that contain one of these distinguished names (DER), without those that are invalid. The
    /// encoded text is searched, so that only these are decoded.
    pub(super) fn named(&self, names: &[&[u8]]) -> RootCertStore {
        let encoded: Vec<String> = names.iter().flat_map(|name| in_base64(name)).collect();
        let finders: Vec<Finder<'_>> = encoded.iter().map(Finder::new).collect();
        let mut roots = RootCertStore::empty();
        for certificate in self.certificates() {
            if finders
                .iter()
                .any(|finder| finder.find(&certificate.0).is_some())
                && let Some(root) = certificate.decode()
            {
                let _ = roots.add(root);
            }
        }
        roots
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

    fn decode(&self) -> Option<CertificateDer<'static>> {
        STANDARD.decode(&self.0).ok().map(CertificateDer::from)
    }
}

fn is_root(certificate: Option<&CertificateDer<'_>>) -> bool {
    certificate.is_some_and(|certificate| webpki::anchor_from_trusted_cert(certificate).is_ok())
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

    fn mozilla() -> RootBundle {
        let pem = webpki_root_certs::TLS_SERVER_ROOT_CERTS
            .iter()
            .flat_map(|root| {
                let text = STANDARD.encode(root);
                let lines: Vec<&str> = text
                    .as_bytes()
                    .chunks(64)
                    .filter_map(|line| std::str::from_utf8(line).ok())
                    .collect();
                let lines = lines.join("\n");
                format!(
                    "# A root\n-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n"
                )
                .into_bytes()
            });
        RootBundle::new(pem.collect())
    }

    #[test]
    fn every_root_is_found_by_its_name_and_others_are_not() {
        let bundle = mozilla();
        let all = bundle.all().expect("a good bundle");
        assert!(all.len() > 100, "{}", all.len());
        for root in &all.roots {
            let found = bundle.named(&[root.subject.as_ref()]);
            assert!(found.roots.contains(root));
            assert!(found.len() < 10, "{}", found.len());
        }
        assert!(bundle.named(&[b"no certificate has this name"]).is_empty());
        assert!(bundle.named(&[]).is_empty());
    }

    #[test]
    fn a_certificate_is_found_however_its_lines_are_wrapped() {
        let bundle = mozilla();
        let all = bundle.all().expect("a good bundle");
        let der = bundle.certificates().find_map(|one| one.decode());
        let text = STANDARD.encode(der.expect("a certificate"));
        for (width, end) in [(64, "\n"), (76, "\r\n"), (31, "\n"), (1 << 20, "")] {
            let lines: Vec<&str> = text
                .as_bytes()
                .chunks(width)
                .filter_map(|line| std::str::from_utf8(line).ok())
                .collect();
            let pem = format!(
                "# comment\n-----BEGIN CERTIFICATE-----{end}{}{end}-----END CERTIFICATE-----{end}",
                lines.join(end)
            );
            let found = RootBundle::new(pem.into_bytes()).named(&[all.roots[0].subject.as_ref()]);
            assert_eq!(found.roots, all.roots[..1], "{width}");
        }
    }

    #[test]
    fn what_is_no_certificate_is_numbered_or_left_out() {
        let broken = b"-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n";
        let mut pem = mozilla().0;
        let count = mozilla().all().expect("a good bundle").len();
        pem.extend_from_slice(broken);
        let bundle = RootBundle::new(pem);
        assert_eq!(bundle.all().map(|roots| roots.len()), Err(count + 1));
        assert!(bundle.is_usable());
        for text in [
            &broken[..],
            b"",
            b"text",
            b"-----BEGIN CERTIFICATE-----\nQUJD",
            b"-----BEGIN PRIVATE KEY-----\nQUJD\n-----END PRIVATE KEY-----\n",
        ] {
            assert!(!RootBundle::new(text.to_vec()).is_usable());
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_searched_and_parsed(
            parts in proptest::collection::vec("-----(BEGIN|END) CERTIFICATE-----|[A-Za-z0-9+/=\\r\\n -]{0,80}", 0..8),
            name in proptest::collection::vec(proptest::num::u8::ANY, 0..40),
        ) {
            let bundle = RootBundle::new(parts.concat().into_bytes());
            bundle.named(&[&name]);
            let _ = bundle.all();
            bundle.is_usable();
        }
    }
}
