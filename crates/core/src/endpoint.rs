//! Where SSM is, when it isn't where the region says. Parsed by the type that the HTTP client dials with,
//! so that the rule for plain HTTP judges the host that is connected to.

use http::Uri;
use std::fmt;
use std::net::IpAddr;

/// An `http` or `https` URL with a host, and without a user or a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint(Uri);

impl Endpoint {
    /// Parses a URL.
    ///
    /// # Errors
    /// When nothing could be connected to; the text is a sentence that doesn't quote a password.
    pub fn parse(url: &str) -> Result<Self, String> {
        if url
            .split(['/', '?', '#'])
            .nth(2)
            .is_some_and(|authority| authority.contains('@'))
        {
            return Err("has a user or a password in it, which no endpoint takes".to_owned());
        }
        let invalid = |reason: &str| format!("`{url}` {reason}");
        if !url.contains("://") {
            return Err(invalid("has no scheme: write `https://HOST`"));
        }
        let uri: Uri = url
            .parse()
            .map_err(|error| invalid(&format!("is not a URL: {error}")))?;
        if !matches!(uri.scheme_str(), Some("https" | "http")) {
            return Err(invalid("is neither `https://` nor `http://`"));
        }
        if uri.host().is_none_or(str::is_empty) {
            return Err(invalid("names no host"));
        }
        Ok(Self(uri))
    }

    /// Whether secrets would go to another machine in clear.
    #[must_use]
    pub fn is_plain_and_remote(&self) -> bool {
        self.0.scheme_str() == Some("http") && !is_loopback(self.host())
    }

    /// The host, without the brackets of an IPv6 address.
    #[must_use]
    pub fn host(&self) -> &str {
        let host = self.0.host().unwrap_or_default();
        host.trim_start_matches('[').trim_end_matches(']')
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.to_string().trim_end_matches('/'))
    }
}

/// Whether a host is this machine.
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.to_ascii_lowercase().ends_with(".localhost")
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
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
            assert_eq!(
                Endpoint::parse(url).map(|url| url.to_string()).as_deref(),
                Ok(shown)
            );
        }
    }

    #[test]
    fn what_cannot_be_connected_to_is_refused() {
        for (url, reason) in [
            (
                "ssm.example",
                "`ssm.example` has no scheme: write `https://HOST`",
            ),
            (
                "ftp://ssm.example",
                "`ftp://ssm.example` is neither `https://` nor `http://`",
            ),
            (
                "https://user:canary@ssm.example",
                "has a user or a password in it, which no endpoint takes",
            ),
        ] {
            assert_eq!(Endpoint::parse(url), Err(reason.to_owned()), "{url}");
        }
        for url in [
            "https://",
            "https:///path",
            "https://:443",
            "http://a b",
            "http://[::1",
        ] {
            assert!(Endpoint::parse(url).is_err(), "{url}");
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
