//! The proxy variables: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, in upper or lower case.

use super::server::Server;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::uri::Authority;
use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::Matcher;
use percent_encoding::percent_decode_str;
use ssm_exec_core::code::Code;
use ssm_exec_core::diagnostic::{Diagnostic, Help};
use ssm_exec_core::endpoint::{bare, check_authority};
use ssm_exec_core::inherited::Inherited;
use ssm_exec_core::origin::Origin;
use std::fmt;
use std::net::IpAddr;

/// The proxies of the environment.
#[derive(Debug, Default)]
pub(super) struct Proxies {
    http: Option<Proxy>,
    https: Option<Proxy>,
    no_proxy: String,
}

/// One proxy.
#[derive(Clone)]
pub(super) struct Proxy {
    pub(super) server: Server,
    pub(super) variable: &'static str,
    /// As whom it is asked, if with a password.
    pub(super) user: Option<String>,
    pub(super) authorization: Option<HeaderValue>,
}

impl Proxies {
    /// # Errors
    /// For a variable whose proxy can't be used. Its value may contain a password, so it isn't shown.
    pub(super) fn from_environment(inherited: &Inherited<'_>) -> Result<Self, Diagnostic> {
        let named = |upper, lower| {
            let find = |name| inherited.get(name).filter(|value| !value.is_empty());
            let found = find(upper).map(|value| (upper, value));
            let found = found.or_else(|| find(lower).map(|value| (lower, value)));
            found.map(|(variable, value)| Proxy::parse(variable, value)).transpose()
        };
        let all = named("ALL_PROXY", "all_proxy")?;
        // In a CGI program, HTTP_PROXY is set from the `Proxy` header of the request (httpoxy.org).
        let http = match inherited.get("REQUEST_METHOD") {
            Some(_) => named("http_proxy", "http_proxy")?,
            None => named("HTTP_PROXY", "http_proxy")?,
        };
        let bypass = ["NO_PROXY", "no_proxy"];
        Ok(Self {
            http: http.or_else(|| all.clone()),
            https: named("HTTPS_PROXY", "https_proxy")?.or(all),
            no_proxy: bypass
                .iter()
                .find_map(|name| inherited.text(name))
                .unwrap_or_default()
                .to_owned(),
        })
    }

    /// The proxy for this server. Plain HTTP to this machine is never sent to a proxy.
    pub(super) fn find(&self, server: &Server) -> Option<&Proxy> {
        let proxy = match server.tls {
            true => self.https.as_ref()?,
            false if server.is_on_link() => return None,
            false => self.http.as_ref()?,
        };
        (!self.is_bypassed(server)).then_some(proxy)
    }

    /// By the entries for this port, as curl understands them. Addresses match `*` too.
    fn is_bypassed(&self, server: &Server) -> bool {
        let entries = self.no_proxy.split([',', ' ', '\t', '\n']);
        let entries: Vec<&str> = entries.filter_map(|entry| for_port(entry, server.port)).collect();
        let host = match server.address() {
            Some(IpAddr::V6(address)) => format!("[{address}]"),
            _ => server.host.trim_end_matches('.').to_owned(),
        };
        let asked = Uri::builder().scheme("http").authority(host.as_str()).path_and_query("/");
        entries.contains(&"*")
            || asked.build().is_ok_and(|uri| {
                let matcher = Matcher::builder().http("http://proxy").no(entries.join(","));
                matcher.build().intercept(&uri).is_none()
            })
    }
}

/// An entry of `NO_PROXY` without its port, if it has this one or none: `*.example.org` is everything below, and the
/// domain itself.
fn for_port(entry: &str, port: u16) -> Option<&str> {
    let host = match entry.rsplit_once(':') {
        // Colons are in IPv6 addresses too.
        Some((host, only)) if !host.contains(':') || host.ends_with(']') => {
            (only.parse() == Ok(port)).then_some(host)?
        }
        _ => entry,
    };
    match bare(host) {
        "*" => Some("*"),
        host => Some(host.trim_start_matches('*').trim_end_matches('.')),
    }
}

/// What ends the host and the port of a URL.
const DELIMITERS: [char; 3] = ['/', '?', '#'];

impl Proxy {
    fn parse(variable: &'static str, value: &[u8]) -> Result<Self, Diagnostic> {
        let invalid = |reason: &str| {
            let help = Help::text("It must be http://HOST:PORT or https://HOST:PORT");
            Diagnostic::with_help(Code::InvalidSetting, reason, [help])
                .at(Origin::Variable(variable))
        };
        let text = std::str::from_utf8(value)
            .ok()
            .map(str::trim)
            .ok_or_else(|| invalid("it is not the URL of a proxy"))?;
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        if text.ends_with(".pac") || text.ends_with("/wpad.dat") {
            return Err(invalid("it names a PAC file, which ssm-exec does not run"));
        }
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            "socks" | "socks4" | "socks4a" | "socks5" | "socks5h" => {
                return Err(invalid("SOCKS proxies are not supported"));
            }
            _ => return Err(invalid("it is not the URL of a proxy")),
        };
        let (user, server) = match rest.rsplit_once('@') {
            Some((user, _)) if user.contains(DELIMITERS) => {
                let reason = "its user or its password has a `/`, a `?` or a `#`";
                let help = Help::text("Percent-encode them, as %2F, %3F and %23");
                return Err(Diagnostic { help: vec![help], ..invalid(reason) });
            }
            Some((user, server)) => (Some(user), server),
            None => (None, rest),
        };
        let server = server.split(DELIMITERS).next().unwrap_or_default();
        let authority: Authority = server
            .parse()
            .ok()
            .filter(|authority: &Authority| check_authority(authority).is_ok())
            .ok_or_else(|| invalid("it is not the URL of a proxy"))?;
        // Alone, it may be a token.
        let with_password = user.and_then(|user| user.split_once(':'));
        Ok(Self {
            server: Server::new(tls, &authority),
            variable,
            user: with_password.map(|(user, _)| user.to_owned()),
            authorization: user.map(basic),
        })
    }

    /// Its URL without user and password.
    pub(super) fn url(&self) -> String {
        let scheme = if self.server.tls { "https" } else { "http" };
        format!("{scheme}://{}", self.server)
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the proxy {} (from {})", self.url(), self.variable)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// `Authorization` for `USER[:PASSWORD]` as a URL has it.
fn basic(user: &str) -> HeaderValue {
    let (user, password) = user.split_once(':').unwrap_or((user, ""));
    let mut plain: Vec<u8> = percent_decode_str(user).collect();
    plain.push(b':');
    plain.extend(percent_decode_str(password));
    let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(plain)))
        .expect("base64 is made of visible characters");
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(entries: &[&'static std::ffi::CStr]) -> Result<Proxies, Diagnostic> {
        Proxies::from_environment(&Inherited::new(entries.to_vec()))
    }

    fn carries(proxies: &Proxies, url: &str) -> bool {
        let server = Server::of(&url.parse().expect("a URL")).expect("a host");
        proxies.find(&server).is_some()
    }

    #[test]
    fn no_proxy_takes_domains_wildcards_addresses_networks_and_ports() {
        let table: &[(&'static std::ffi::CStr, &str, bool)] = &[
            (c"NO_PROXY=*", "https://ssm.eu-west-1.amazonaws.com", false),
            (c"NO_PROXY=*.amazonaws.com", "https://ssm.eu-west-1.amazonaws.com", false),
            (c"NO_PROXY=.amazonaws.com", "https://SSM.eu-west-1.AMAZONAWS.com", false),
            (c"no_proxy=amazonaws.com", "https://ssm.eu-west-1.amazonaws.com", false),
            (c"NO_PROXY=*.amazonaws.com.cn", "https://ssm.eu-west-1.amazonaws.com", true),
            (c"NO_PROXY=zonaws.com", "https://ssm.eu-west-1.amazonaws.com", true),
            (c"NO_PROXY=a.b, *.amazonaws.com c.d", "https://ssm.eu-west-1.amazonaws.com", false),
            (
                c"NO_PROXY=ssm.eu-west-1.amazonaws.com:443",
                "https://ssm.eu-west-1.amazonaws.com",
                false,
            ),
            (
                c"NO_PROXY=ssm.eu-west-1.amazonaws.com:80",
                "https://ssm.eu-west-1.amazonaws.com",
                true,
            ),
            (c"NO_PROXY=10.0.0.0/8", "https://10.1.2.3:8443", false),
            (c"NO_PROXY=10.0.0.0/8", "https://11.1.2.3:8443", true),
            (c"NO_PROXY=[fd00::1]:8443", "https://[fd00::1]:8443", false),
            (c"NO_PROXY=fd00::1", "https://[fd00::1]:8443", false),
            (c"NO_PROXY=[fd00::1]", "https://[fd00::1]:8443", false),
            (c"NO_PROXY=[fd00::1]:443", "https://[fd00::1]:8443", true),
            (c"NO_PROXY=fd00::/8", "https://[fd00::1]:8443", false),
            (c"NO_PROXY=*", "https://10.1.2.3:8443", false),
            (c"NO_PROXY=10.1.2.3:443", "https://10.1.2.3", false),
            (c"NO_PROXY=amazonaws.com.", "https://ssm.eu-west-1.amazonaws.com.", false),
            (c"NO_PROXY=,", "https://ssm.eu-west-1.amazonaws.com", true),
        ];
        for (entry, url, expected) in table {
            let proxies = proxies(&[c"HTTPS_PROXY=http://proxy:3128", entry]).expect("a proxy");
            assert_eq!(carries(&proxies, url), *expected, "{entry:?} {url}");
        }
    }

    #[test]
    fn what_stays_on_this_machine_never_goes_to_a_proxy_in_clear() {
        let proxies = proxies(&[c"ALL_PROXY=http://proxy:3128"]).expect("a proxy");
        for url in [
            "http://localhost:4566",
            "http://127.0.0.1",
            "http://127.8.9.10:80/x",
            "http://[::1]:8080",
            "http://169.254.169.254/latest",
            "http://169.254.170.23/v1/credentials",
            "http://169.254.1.1",
            "http://[fd00:ec2::254]/latest",
        ] {
            assert!(!carries(&proxies, url), "{url}");
        }
        assert!(carries(&proxies, "http://ssm.example"));
        assert!(carries(&proxies, "https://localhost:8443"));
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_an_error_without_its_password() {
        for entry in [
            c"HTTPS_PROXY=socks5://user:canary@proxy:1080",
            c"https_proxy=socks5h://user:canary@proxy",
            c"ALL_PROXY=ftp://user:canary@proxy",
            c"HTTP_PROXY=http://user:canary@",
            c"HTTP_PROXY=http://user:canary@proxy:port",
            c"HTTP_PROXY=http://user:canary@proxy:99999",
            c"HTTP_PROXY=http://user:canary@[::1]x",
            c"HTTP_PROXY=http://user:canary@pro..xy:3128",
            c"HTTPS_PROXY=http://user:canary@pro xy:3128",
            c"HTTPS_PROXY=://",
            c"HTTPS_PROXY=http://svc:P@canary/1@proxy:3128",
            c"HTTPS_PROXY=http://svc:1234/canary@proxy:3128",
            c"HTTPS_PROXY=svc:1234?canary@proxy:3128",
            c"HTTPS_PROXY=http://svc:P@canary#1@proxy:3128",
            c"HTTPS_PROXY=http://canary/proxy.pac",
        ] {
            let error = proxies(&[entry]).expect_err("unusable").to_string();
            let variable = entry.to_str().expect("text").split('=').next();
            assert!(error.starts_with(variable.expect("a name")), "{error}");
            assert!(!error.contains("canary"), "{error}");
        }
    }

    #[test]
    fn a_password_may_be_percent_encoded_and_a_scheme_left_out() {
        let proxies = proxies(&[c"HTTPS_PROXY=user:p%40ss@proxy:3128/"]).expect("a proxy");
        let proxy = proxies.https.expect("one for https");
        assert_eq!(proxy.url(), "http://proxy:3128");
        assert_eq!(proxy.authorization.expect("credentials"), "Basic dXNlcjpwQHNz");
    }

    #[test]
    fn http_proxy_is_not_read_in_a_cgi_program() {
        let entries = [c"HTTP_PROXY=http://evil", c"REQUEST_METHOD=GET"];
        assert!(!carries(&proxies(&entries).expect("none"), "http://ssm.example"));
    }

    proptest::proptest! {
        #[test]
        fn any_value_is_used_or_refused_without_its_password(
            url in "(http://|socks5://|)([a-z:@%/.0-9\\[\\] -]{0,20}@)?[a-z:@%/.0-9\\[\\] -]{0,20}",
            bypass in "[a-z0-9*.,:/ \\[\\]-]{0,30}",
        ) {
            let entry = |text: String| std::ffi::CString::new(text).expect("no NUL");
            let url = entry(format!("HTTPS_PROXY={}", url.replace('@', "canary@")));
            let bypass = entry(format!("NO_PROXY={bypass}"));
            let entries = vec![url.as_c_str(), bypass.as_c_str()];
            match Proxies::from_environment(&Inherited::new(entries)) {
                Ok(proxies) => {
                    carries(&proxies, "https://ssm.eu-west-1.amazonaws.com");
                    carries(&proxies, "https://[fd00::1]:8443");
                    let shown = format!("{proxies:?}");
                    proptest::prop_assert!(!shown.contains("canary"), "{shown}");
                }
                Err(error) => proptest::prop_assert!(!error.to_string().contains("canary")),
            }
        }
    }
}
