//! What webpki doesn't tell of a certificate: its dates, what it may be used for, and the name of its issuer (RFC 5280).

/// A part of a certificate as DER: its tag and its content.
type Part<'a> = (u8, &'a [u8]);

const SEQUENCE: u8 = 0x30;
const EXTENSIONS: u8 = 0xa3;
const UTC_TIME: u8 = 0x17;
/// `keyCertSign`, in the first byte of the bits of a KeyUsage.
const KEY_CERT_SIGN: u8 = 0x04;
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 19];
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 15];
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 37];
/// `serverAuth` and `anyExtendedKeyUsage`.
const FOR_SERVERS: [&[u8]; 2] = [&[0x2b, 6, 1, 5, 5, 7, 3, 1], &[0x55, 0x1d, 37, 0]];
const COMMON_NAME: &[u8] = &[0x55, 4, 3];
const ORGANIZATION: &[u8] = &[0x55, 4, 10];

/// What a certificate says of itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Certificate<'a> {
    /// As `YYYYMMDDHHMMSSZ`, which sorts as the times do.
    not_before: String,
    pub(super) not_after: String,
    extensions: &'a [u8],
}

impl<'a> Certificate<'a> {
    /// `None` for what isn't a certificate.
    pub(super) fn parse(der: &'a [u8]) -> Option<Self> {
        let ((_, certificate), _) = part(der)?;
        let ((_, signed), _) = part(certificate)?;
        let mut parts = parts(signed).skip_while(|(tag, _)| *tag != SEQUENCE);
        // The algorithm and the issuer come first; the subject and its key after.
        let (_, validity) = parts.nth(2)?;
        let mut times = self::parts(validity).map(time);
        let (not_before, not_after) = (times.next()??, times.next()??);
        let extensions = parts.find(|(tag, _)| *tag == EXTENSIONS);
        Some(Self {
            not_before,
            not_after,
            extensions: extensions.and_then(|(_, list)| part(list)).map_or(&[], |(list, _)| list.1),
        })
    }

    /// Why it can't issue certificates of servers, at a time in its own form.
    pub(super) fn unusable(&self, now: &str) -> Option<String> {
        if now > self.not_after.as_str() {
            return Some(format!("expired at {}", shown(&self.not_after)));
        }
        if now < self.not_before.as_str() {
            return Some(format!("is not valid before {}", shown(&self.not_before)));
        }
        let usages = self.extension(EXTENDED_KEY_USAGE).and_then(part);
        let is_for_servers = usages.is_none_or(|((_, usages), _)| {
            parts(usages).any(|(_, usage)| FOR_SERVERS.contains(&usage))
        });
        match (self.may_issue(), is_for_servers) {
            (false, _) => Some("may not issue certificates".to_owned()),
            (_, false) => Some("is not for servers".to_owned()),
            _ => None,
        }
    }

    /// Whether it is a CA. What says nothing of it may be one: certificates of version 1 can't.
    pub(super) fn may_issue(&self) -> bool {
        let constraints = self.extension(BASIC_CONSTRAINTS).and_then(part);
        let is_ca = constraints.is_none_or(|((_, content), _)| content.starts_with(&[1, 1, 0xff]));
        // The content of a bit string begins with the number of its unused bits.
        let usage = self.extension(KEY_USAGE).and_then(part);
        let signs = usage.is_none_or(|((_, bits), _)| {
            bits.get(1).is_some_and(|first| first & KEY_CERT_SIGN != 0)
        });
        is_ca && signs
    }

    fn extension(&self, id: &[u8]) -> Option<&'a [u8]> {
        let mut all = parts(self.extensions).map(|(_, extension)| parts(extension));
        // Its last part is its value, after the flag that says whether it is critical.
        all.find_map(|mut extension| (extension.next()?.1 == id).then(|| extension.last())?)
            .map(|(_, value)| value)
    }
}

/// The common name, or else the organization, of a distinguished name.
pub(super) fn display_name(name: &[u8]) -> Option<String> {
    let attribute = |id: &[u8]| {
        let attributes = parts(name).flat_map(|(_, set)| parts(set));
        let mut attributes = attributes.map(|(_, attribute)| parts(attribute));
        attributes
            .find_map(|mut attribute| (attribute.next()?.1 == id).then(|| attribute.next())?)
    };
    let (_, text) = attribute(COMMON_NAME).or_else(|| attribute(ORGANIZATION))?;
    let text = String::from_utf8_lossy(&text[..text.len().min(64)]);
    Some(text.escape_debug().to_string())
}

/// This time in the form of the dates.
pub(super) fn sortable(rfc3339: &str) -> String {
    rfc3339.chars().filter(|c| !"-:T".contains(*c)).collect()
}

fn shown(time: &str) -> String {
    match time.get(..8) {
        Some(date) => format!("{}-{}-{}", &date[..4], &date[4..6], &date[6..]),
        None => time.to_owned(),
    }
}

fn time((tag, text): Part<'_>) -> Option<String> {
    let text = std::str::from_utf8(text).ok().filter(|text| text.is_ascii())?;
    Some(match tag {
        UTC_TIME if text < "50" => format!("20{text}"),
        UTC_TIME => format!("19{text}"),
        _ => text.to_owned(),
    })
}

/// The parts of a sequence, up to the first that isn't DER.
fn parts(mut rest: &[u8]) -> impl Iterator<Item = Part<'_>> {
    std::iter::from_fn(move || {
        let (first, after) = part(rest)?;
        rest = after;
        Some(first)
    })
}

/// The first part, and what follows it.
fn part(der: &[u8]) -> Option<(Part<'_>, &[u8])> {
    let (&[tag, length], mut rest) = der.split_first_chunk()?;
    let length = match length {
        length @ 0..0x80 => usize::from(length),
        // A certificate is at most 64 KB long.
        long => {
            let (bytes, after) = rest.split_at_checked(usize::from(long & 0x7f))?;
            rest = after;
            (bytes.len() <= 3)
                .then(|| bytes.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)))?
        }
    };
    let (content, after) = rest.split_at_checked(length)?;
    Some(((tag, content), after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_public_root_may_issue_certificates_of_servers() {
        for root in webpki_root_certs::TLS_SERVER_ROOT_CERTS {
            let parsed = Certificate::parse(root).expect("a certificate");
            assert_eq!(parsed.unusable("20261130000000Z"), None, "{}", parsed.not_after);
            assert!(parsed.not_after.starts_with("20"), "{}", parsed.not_after);
        }
    }

    #[test]
    fn the_common_name_or_the_organization_is_shown_escaped() {
        let attribute = |kind: u8, text: &[u8]| {
            let part = |tag: u8, content: &[u8]| {
                let length = u8::try_from(content.len()).expect("short");
                [&[tag, length], content].concat()
            };
            let attribute = [part(6, &[0x55, 4, kind]), part(0x0c, text)].concat();
            part(0x31, &part(SEQUENCE, &attribute))
        };
        let (organization, name) = (attribute(10, b"Corp"), attribute(3, b"Root\x1b[31m"));
        assert_eq!(display_name(&organization).as_deref(), Some("Corp"));
        let both = [organization, name].concat();
        assert_eq!(display_name(&both).as_deref(), Some("Root\\u{1b}[31m"));
        assert_eq!(display_name(b""), None);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_a_certificate_or_not(
            at in 0..1_000_usize,
            byte: u8,
            cut in 0..1_200_usize,
        ) {
            let mut der = webpki_root_certs::TLS_SERVER_ROOT_CERTS[0].to_vec();
            let length = der.len();
            der[at % length] = byte;
            der.truncate(cut);
            if let Some(certificate) = Certificate::parse(&der) {
                certificate.unusable("20261130000000Z");
            }
            display_name(&der);
        }
    }
}
