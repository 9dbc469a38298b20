//! The proxy variables: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, in upper or lower case.

use super::connection::ProxyName;
use super::local;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::uri::{Authority, Scheme};
use http::{HeaderValue, Uri};
use ipnet::IpNet;
use percent_encoding::percent_decode_str;
use ssm_exec_core::config::ConfigError;
use ssm_exec_core::endpoint::check_authority;
use ssm_exec_core::inherited::Inherited;
use ssm_exec_core::origin::Origin;

/// The proxies of the environment.
#[derive(Debug, Default)]
pub(super) struct Proxies {
    http: Option<Proxy>,
    https: Option<Proxy>,
    bypass: Vec<Bypass>,
}

/// One proxy.
#[derive(Clone)]
pub(super) struct Proxy {
    variable: &'static str,
    pub(super) tls: bool,
    pub(super) authority: Authority,
    pub(super) authorization: Option<HeaderValue>,
}

/// An entry of `NO_PROXY`.
#[derive(Debug, PartialEq)]
struct Bypass {
    hosts: Hosts,
    port: Option<u16>,
}

#[derive(Debug, PartialEq)]
enum Hosts {
    All,
    Network(IpNet),
    /// The domain and everything below it.
    Domain(String),
}

impl Proxies {
    /// # Errors
    /// For a variable whose proxy can't be used. Its value may contain a password, so it isn't shown.
    pub(super) fn from_environment(inherited: &Inherited<'_>) -> Result<Self, ConfigError> {
        let named = |upper, lower| {
            let find = |name| inherited.get(name).filter(|value| !value.is_empty());
            let found = find(upper).map(|value| (upper, value));
            let found = found.or_else(|| find(lower).map(|value| (lower, value)));
            found
                .map(|(variable, value)| Proxy::parse(variable, value))
                .transpose()
        };
        let all = named("ALL_PROXY", "all_proxy")?;
        // In a CGI program, HTTP_PROXY is set from the `Proxy` header of the request (httpoxy.org).
        let http = match inherited.get("REQUEST_METHOD") {
            Some(_) => named("http_proxy", "http_proxy")?,
            None => named("HTTP_PROXY", "http_proxy")?,
        };
        let bypass = ["NO_PROXY", "no_proxy"]
            .iter()
            .find_map(|name| inherited.text(name))
            .unwrap_or_default();
        Ok(Self {
            http: http.or_else(|| all.clone()),
            https: named("HTTPS_PROXY", "https_proxy")?.or(all),
            bypass: bypass
                .split([',', ' ', '\t', '\n'])
                .filter_map(Bypass::parse)
                .collect(),
        })
    }

    /// The proxy for this URL. Plain HTTP to this machine is never sent to a proxy.
    pub(super) fn find(&self, uri: &Uri) -> Option<&Proxy> {
        let host = uri.host()?;
        let is_https = uri.scheme() == Some(&Scheme::HTTPS);
        let proxy = match is_https {
            true => self.https.as_ref()?,
            false if local::is_on_link(host) => return None,
            false => self.http.as_ref()?,
        };
        let port = uri.port_u16().unwrap_or(if is_https { 443 } else { 80 });
        (!self.bypass.iter().any(|entry| entry.covers(host, port))).then_some(proxy)
    }
}

impl Proxy {
    fn parse(variable: &'static str, value: &[u8]) -> Result<Self, ConfigError> {
        let invalid =
            |reason: &str| ConfigError::invalid(Origin::Variable(variable), reason.to_owned());
        let form = "it must be http://HOST:PORT or https://HOST:PORT";
        let text = std::str::from_utf8(value)
            .ok()
            .map(str::trim)
            .ok_or_else(|| invalid(&format!("is not a proxy's URL: {form}")))?;
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            "socks" | "socks4" | "socks4a" | "socks5" | "socks5h" => {
                return Err(invalid(&format!("SOCKS proxies are not supported: {form}")));
            }
            _ => return Err(invalid(&format!("is not a proxy's URL: {form}"))),
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let (user, server) = match authority.rsplit_once('@') {
            Some((user, server)) => (Some(user), server),
            None => (None, authority),
        };
        let authority: Authority = server
            .parse()
            .ok()
            .filter(|authority: &Authority| check_authority(authority).is_ok())
            .ok_or_else(|| invalid(&format!("is not a proxy's URL: {form}")))?;
        Ok(Self {
            variable,
            tls,
            authority,
            authorization: user.map(basic),
        })
    }

    pub(super) fn port(&self) -> u16 {
        self.authority
            .port_u16()
            .unwrap_or(if self.tls { 443 } else { 80 })
    }

    /// Its URL without user and password.
    pub(super) fn name(&self) -> ProxyName {
        let scheme = if self.tls { "https" } else { "http" };
        ProxyName {
            url: format!("{scheme}://{}", self.authority),
            variable: self.variable,
        }
    }
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.name().fmt(f)
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

impl Bypass {
    fn parse(entry: &str) -> Option<Self> {
        let entry = entry.trim();
        if let Some(network) = network(entry) {
            return Some(Self {
                hosts: Hosts::Network(network),
                port: None,
            });
        }
        let (host, port) = match entry.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse().ok()?)),
            None => (entry, None),
        };
        let hosts = match host.trim_start_matches('*') {
            "" if host.is_empty() => return None,
            "" => Hosts::All,
            host => network(host).map_or_else(
                || Hosts::Domain(host.trim_matches('.').to_ascii_lowercase()),
                Hosts::Network,
            ),
        };
        Some(Self { hosts, port })
    }

    fn covers(&self, host: &str, port: u16) -> bool {
        if self.port.is_some_and(|only| only != port) {
            return false;
        }
        match &self.hosts {
            Hosts::All => true,
            Hosts::Network(network) => {
                local::address(host).is_some_and(|address| network.contains(&address))
            }
            Hosts::Domain(domain) => {
                let host = host.trim_end_matches('.').to_ascii_lowercase();
                host.strip_suffix(domain.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            }
        }
    }
}

/// An address, in brackets or not, or a network in CIDR notation.
fn network(text: &str) -> Option<IpNet> {
    let address = local::address(text).map(IpNet::from);
    address.or_else(|| text.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(entries: &[&'static std::ffi::CStr]) -> Result<Proxies, ConfigError> {
        Proxies::from_environment(&Inherited::new(entries.to_vec()))
    }

    fn carries(proxies: &Proxies, url: &str) -> bool {
        proxies.find(&url.parse().expect("a URL")).is_some()
    }

    #[test]
    fn no_proxy_takes_domains_wildcards_addresses_networks_and_ports() {
        let table: &[(&'static std::ffi::CStr, &str, bool)] = &[
            (c"NO_PROXY=*", "https://ssm.eu-west-1.amazonaws.com", false),
            (
                c"NO_PROXY=*.amazonaws.com",
                "https://ssm.eu-west-1.amazonaws.com",
                false,
            ),
            (
                c"NO_PROXY=.amazonaws.com",
                "https://SSM.eu-west-1.AMAZONAWS.com",
                false,
            ),
            (
                c"no_proxy=amazonaws.com",
                "https://ssm.eu-west-1.amazonaws.com",
                false,
            ),
            (
                c"NO_PROXY=*.amazonaws.com.cn",
                "https://ssm.eu-west-1.amazonaws.com",
                true,
            ),
            (
                c"NO_PROXY=zonaws.com",
                "https://ssm.eu-west-1.amazonaws.com",
                true,
            ),
            (
                c"NO_PROXY=a.b, *.amazonaws.com c.d",
                "https://ssm.eu-west-1.amazonaws.com",
                false,
            ),
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
        assert_eq!(proxy.name().url, "http://proxy:3128");
        assert_eq!(
            proxy.authorization.expect("credentials"),
            "Basic dXNlcjpwQHNz"
        );
    }

    #[test]
    fn http_proxy_is_not_read_in_a_cgi_program() {
        let entries = [c"HTTP_PROXY=http://evil", c"REQUEST_METHOD=GET"];
        assert!(!carries(
            &proxies(&entries).expect("none"),
            "http://ssm.example"
        ));
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
