//! Where SSM is, when it isn't where the region says. Parsed by the type that the HTTP client dials with,
//! so that the rule for plain HTTP judges the host that is connected to.

use crate::diagnostic::{Diagnostic, Help};
use crate::origin::Origin;
use http::Uri;
use http::uri::Authority;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// An `http` or `https` URL with a host, and without a user or a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint(Uri);

impl Endpoint {
    /// Parses a URL.
    ///
    /// # Errors
    /// When nothing could be connected to. A password is not quoted.
    pub fn parse(url: &str) -> Result<Self, Diagnostic> {
        if url.split(['/', '?', '#']).nth(2).is_some_and(|authority| authority.contains('@')) {
            let message = "has a user or a password in it, which no endpoint takes";
            return Err(Diagnostic::invalid(message, "Remove them from the URL"));
        }
        let invalid = |reason: &str| {
            let form = "Write it as `https://HOST` or `https://HOST:PORT`";
            Diagnostic::invalid(format!("`{url}` {reason}"), form)
        };
        if !url.contains("://") {
            let authority = url.split('/').next().unwrap_or(url).parse::<Authority>();
            let is_local = authority.is_ok_and(|it| is_loopback(bare(it.host())));
            return Err(match is_local {
                true => Diagnostic::invalid(
                    format!("`{url}` has no scheme"),
                    format!("Write `http://{url}`"),
                ),
                false => invalid("has no scheme"),
            });
        }
        let uri: Uri = url.parse().map_err(|_| invalid("is not a URL"))?;
        if !matches!(uri.scheme_str(), Some("https" | "http")) {
            return Err(invalid("is neither `https://` nor `http://`"));
        }
        match uri.authority().map(check_authority) {
            Some(Ok(())) => Ok(Self(uri)),
            Some(Err(reason)) => Err(invalid(reason)),
            None => Err(invalid("names no host")),
        }
    }

    /// Whether secrets would go to another machine in clear.
    pub fn is_plain_and_remote(&self) -> bool {
        self.0.scheme_str() == Some("http") && !is_loopback(self.host())
    }

    /// It, as an HTTP client takes it.
    pub fn uri(&self) -> &Uri {
        &self.0
    }

    /// The host, without the brackets of an IPv6 address.
    pub fn host(&self) -> &str {
        bare(self.0.host().unwrap_or_default())
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.to_string().trim_end_matches('/'))
    }
}

/// Checks the host and the port of a URL. `http` accepts `[]x` as a host, and drops a port that is not a
/// 16-bit number, so that the default port would be used instead.
///
/// # Errors
/// When nothing could be connected to; the text is the rest of a sentence about the URL.
pub fn check_authority(authority: &Authority) -> Result<(), &'static str> {
    let host = authority.host();
    if host.is_empty() {
        return Err("names no host");
    }
    if host.starts_with('[') {
        if bare(host).parse::<Ipv6Addr>().is_err() {
            return Err("has an invalid IPv6 address");
        }
    } else if !is_host_name(host) {
        return Err("has an invalid host name");
    }
    let rest = server(authority).strip_prefix(host).unwrap_or_default();
    match rest.strip_prefix(':') {
        None if rest.is_empty() => Ok(()),
        // An empty port is the default one (RFC 3986, 3.2.3).
        Some("") => Ok(()),
        Some(_) if authority.port_u16().is_some_and(|port| port != 0) => Ok(()),
        _ => Err("has an invalid port"),
    }
}

/// The host and the port as written, without a user and a password.
pub fn server(authority: &Authority) -> &str {
    let text = authority.as_str();
    text.rsplit_once('@').map_or(text, |(_, server)| server)
}

/// A URL's host without the brackets of an IPv6 address.
pub fn bare(host: &str) -> &str {
    let inner = host.strip_prefix('[');
    inner.and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

/// Letters, digits, `-` and `_` in labels of at most 63 bytes; the last one may be empty.
fn is_host_name(host: &str) -> bool {
    let is_label = |label: &str| {
        matches!(label.len(), 1..=63)
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let name = host.strip_suffix('.').unwrap_or(host);
    name.len() <= 253 && name.split('.').all(is_label)
}

/// How to use AWS's endpoint in the place of the one that was given there.
pub fn without(origin: &Origin) -> Option<Help> {
    match origin {
        Origin::Variable(name) => {
            Some(Help::command("To use AWS's endpoint, unset it", format!("unset {name}")))
        }
        Origin::Flag(_) => Some(Help::text("To use AWS's endpoint, leave the option out")),
        Origin::File { key, .. } => {
            Some(Help::text(format!("To use AWS's endpoint, remove `{key}`")))
        }
        Origin::Default => None,
    }
}

/// Whether a host is this machine.
pub fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.to_ascii_lowercase().ends_with(".localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_printed_without_a_final_slash() {
        for (url, shown) in [
            ("https://ssm.example", "https://ssm.example"),
            ("http://127.0.0.1:4566/", "http://127.0.0.1:4566"),
            ("https://[::1]:8443/ssm", "https://[::1]:8443/ssm"),
        ] {
            assert_eq!(Endpoint::parse(url).expect(url).to_string(), shown);
        }
    }

    #[test]
    fn what_cannot_be_connected_to_is_refused() {
        for (url, reason) in [
            ("ssm.example", "`ssm.example` has no scheme"),
            ("ftp://ssm.example", "`ftp://ssm.example` is neither `https://` nor `http://`"),
            (
                "https://user:canary@ssm.example",
                "has a user or a password in it, which no endpoint takes",
            ),
        ] {
            assert_eq!(Endpoint::parse(url).expect_err(url).message, reason);
        }
        for url in ["https:///path", "http://a b", "http://a%20b", "http://[::1"] {
            assert!(Endpoint::parse(url).is_err(), "{url}");
        }
    }

    #[test]
    fn this_machine_needs_no_encryption() {
        for url in ["localhost:4566", "127.0.0.1:4566/", "[::1]:4566", "localhost"] {
            let error = Endpoint::parse(url).expect_err(url).to_string();
            assert!(error.ends_with(&format!("Write `http://{url}`")), "{error}");
        }
        for url in ["ssm.example:443", "", ":", "a b"] {
            let error = Endpoint::parse(url).expect_err(url).to_string();
            assert!(error.ends_with("`https://HOST:PORT`"), "{error}");
        }
    }

    #[test]
    fn a_url_has_a_valid_host_and_a_valid_port() {
        let long = format!("http://{}.example", "a".repeat(64));
        for (url, reason) in [
            ("https://:443", "names no host"),
            ("http://[]", "has an invalid IPv6 address"),
            ("http://[]oln", "has an invalid IPv6 address"),
            ("http://[::1%25lo]:80", "has an invalid IPv6 address"),
            ("http://[127.0.0.1]", "has an invalid IPv6 address"),
            ("http://[::1]oln", "has an invalid port"),
            ("https://[::1]x:443", "has an invalid port"),
            ("https://[::1]:x:443", "is not a URL"),
            ("http://localhost:99999", "has an invalid port"),
            ("http://localhost:0", "has an invalid port"),
            ("http://localhost:80x", "has an invalid port"),
            ("http://localhost:-1/path", "has an invalid port"),
            ("http://a..example", "has an invalid host name"),
            ("http://.example", "has an invalid host name"),
            ("http://.", "has an invalid host name"),
            ("http://a$b", "has an invalid host name"),
            (long.as_str(), "has an invalid host name"),
        ] {
            let expected = format!("`{url}` {reason}");
            assert_eq!(Endpoint::parse(url).expect_err(url).message, expected);
        }
        for url in [
            "http://localhost:",
            "http://localhost:65535/path?query",
            "http://[::1]:1",
            "http://[fd00:ec2::254]",
            "https://ssm.eu-west-1.amazonaws.com.",
            "https://my_host.internal",
            "https://vpce-0a-1b.ssm.eu-west-1.vpce.amazonaws.com",
        ] {
            assert!(Endpoint::parse(url).is_ok(), "{url}");
        }
    }

    #[test]
    fn plain_http_is_for_this_machine() {
        let plain = |url| Endpoint::parse(url).expect("a URL").is_plain_and_remote();
        for url in [
            "http://localhost",
            "http://x.LOCALHOST:1",
            "http://127.1.2.3",
            "http://[::1]:1",
            "https://ssm.example",
        ] {
            assert!(!plain(url), "{url}");
        }
        for url in [
            "http://ssm.example",
            "http://localhost.example",
            "http://[::2]",
            "http://127.0.0.1.example",
            "HTTP://ssm.example",
        ] {
            assert!(plain(url), "{url}");
        }
    }
}
