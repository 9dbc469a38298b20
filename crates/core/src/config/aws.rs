//! Region, role and endpoint, checked.

use super::{ConfigError, Endpoint};
use crate::origin::{Given, Origin};

pub(super) fn check_account(given: Given<String>) -> Result<String, ConfigError> {
    if given.value.len() == 12 && given.value.bytes().all(|digit| digit.is_ascii_digit()) {
        return Ok(given.value);
    }
    let reason = format!("`{}` is not a 12-digit account ID", given.value);
    Err(ConfigError::invalid(given.origin, reason))
}

pub(super) fn check_region(given: Given<String>) -> Result<Given<String>, ConfigError> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if given.value.is_empty() || !given.value.chars().all(allowed) {
        let reason = format!("`{}` isn't a region such as `eu-west-1`", given.value);
        return Err(ConfigError::invalid(given.origin, reason));
    }
    Ok(given)
}

pub(super) fn check_role(given: Given<String>) -> Result<Given<String>, ConfigError> {
    let parts: Vec<&str> = given.value.splitn(6, ':').collect();
    match parts[..] {
        ["arn", _, "iam", "", _, role] if role.starts_with("role/") => Ok(given),
        _ => {
            let reason = format!(
                "`{}` isn't a role's ARN: `arn:aws:iam::ACCOUNT:role/NAME`",
                given.value
            );
            Err(ConfigError::invalid(given.origin, reason))
        }
    }
}

/// Plain HTTP is for this machine only, unless it is allowed.
pub(super) fn endpoint(given: Given<String>, allow_http: bool) -> Result<Endpoint, ConfigError> {
    let Given { value: url, origin } = given;
    let invalid =
        |reason: String| ConfigError::invalid(origin.clone(), format!("`{url}` {reason}"));
    let Some((scheme, rest)) = url.split_once("://") else {
        return Err(invalid("has no scheme; write `https://HOST`".to_owned()));
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err(invalid_endpoint(
            &origin,
            "contains a user name or a password, which an endpoint cannot have",
        ));
    }
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    if host.is_empty() {
        return Err(invalid("has no host".to_owned()));
    }
    match scheme {
        "https" => {}
        "http" if allow_http || is_loopback(host) => {}
        "http" => {
            return Err(invalid(
                "would send secrets over plain HTTP to another machine; use https, or allow it with `--allow-http`".to_owned(),
            ));
        }
        _ => return Err(invalid("is neither `https://` nor `http://`".to_owned())),
    }
    Ok(Endpoint { url, origin })
}

/// The URL isn't shown: it has a password in it.
fn invalid_endpoint(origin: &Origin, reason: &str) -> ConfigError {
    ConfigError::invalid(origin.clone(), reason)
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host.ends_with(".localhost")
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}
