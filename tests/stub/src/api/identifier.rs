//! Identifiers in requests: a name, an ARN or a secret, with or without a selector.

use crate::api_error::ApiError;
use crate::secret::REFERENCE;
use crate::store::canonical;

/// A parsed identifier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identifier<'a> {
    /// Without surrounding spaces, which the service strips.
    pub(crate) text: &'a str,
    pub(crate) place: Location<'a>,
    pub(crate) selector: Option<&'a str>,
}

/// Where the parameter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Location<'a> {
    /// A name in this account, as requested.
    Name(&'a str),
    /// A name in this account, from an ARN.
    Own(&'a str),
    /// The ARN of a parameter in another account.
    Shared(&'a str),
    /// The name of a Secrets Manager secret.
    Secret(&'a str),
}

/// Why an identifier is invalid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Malformed {
    /// It contains a space.
    Space,
    /// It violates another rule for names.
    Rule,
    /// The selector of a secret is invalid.
    SecretSelector,
}

/// Observed.
const NAME_RULE: &str = "Parameter name: can't be prefixed with \"ssm\" (case-insensitive). If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_";
/// Observed, with these backslashes.
const PATH_RULE: &str = "The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward slash \"/\". It can't be prefixed with \\\"aws\\\" or \\\"ssm\\\" (case-insensitive). It must use only letters, numbers, or the following symbols: . (period), - (hyphen), _ (underscore). Special characters are not allowed. All sub-paths, if specified, must use the forward slash symbol \"/\". Valid example: /get/parameters2-/by1./path0_.";
/// Observed, with two spaces.
const SECRET_RULE: &str = "Invalid parameter name. Please use correct syntax for referencing a version/label  <name>:<version/label>";
/// The levels of a hierarchy, including the parameter.
pub(crate) const LEVELS: usize = 15;

impl Malformed {
    pub(crate) fn error(&self) -> ApiError {
        ApiError::validation(match self {
            Self::Space | Self::Rule => NAME_RULE,
            Self::SecretSelector => SECRET_RULE,
        })
    }
}

/// The error for an invalid path.
pub(crate) fn malformed_path() -> ApiError {
    ApiError::validation(PATH_RULE)
}

impl<'a> Identifier<'a> {
    pub(crate) fn parse(text: &'a str, region: &str, account: &str) -> Result<Self, Malformed> {
        let text = text.trim_matches(' ');
        if text.contains(' ') {
            return Err(Malformed::Space);
        }
        if let Some(secret) = text.strip_prefix(REFERENCE) {
            return Self::secret(text, secret);
        }
        let (bare, selector) = if text.starts_with("arn:") {
            let (at, _) = text.match_indices(':').nth(4).ok_or(Malformed::Rule)?;
            match text[at + 1..].split_once(':') {
                Some((resource, selector)) => (&text[..=at + resource.len()], Some(selector)),
                None => (text, None),
            }
        } else {
            match text.split_once(':') {
                Some((bare, selector)) => (bare, Some(selector)),
                None => (text, None),
            }
        };
        if let Some(selector) = selector {
            let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
            // 128 with the colon.
            if !(1..128).contains(&selector.len()) || !selector.chars().all(allowed) {
                return Err(Malformed::Rule);
            }
        }
        let place = if bare.starts_with("arn:") {
            Location::of_arn(bare, region, account)?
        } else {
            name(bare)?;
            Location::Name(bare)
        };
        Ok(Self { text, place, selector })
    }

    fn secret(text: &'a str, secret: &'a str) -> Result<Self, Malformed> {
        let (name, selector) = match secret.split_once(':') {
            Some((name, selector)) => (name, Some(selector)),
            None => (secret, None),
        };
        if selector.is_some_and(|selector| selector.is_empty() || selector.contains(':')) {
            return Err(Malformed::SecretSelector);
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || "/_+=.@-".contains(c);
        if name.is_empty() || !name.chars().all(allowed) {
            return Err(Malformed::Rule);
        }
        Ok(Self { text, place: Location::Secret(name), selector })
    }

    /// Identifiers with the same key refer to the same parameter and version.
    pub(crate) fn key(&self) -> (Location<'a>, Option<&'a str>) {
        match self.place {
            Location::Name(name) | Location::Own(name) => {
                (Location::Own(canonical(name)), self.selector)
            }
            place => (place, self.selector),
        }
    }
}

impl<'a> Location<'a> {
    fn of_arn(arn: &'a str, region: &str, account: &str) -> Result<Self, Malformed> {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let [_, partition, "ssm", place, owner, resource] = parts[..] else {
            return Err(Malformed::Rule);
        };
        let inner = resource.strip_prefix("parameter/").ok_or(Malformed::Rule)?;
        let public = owner.is_empty() && inner.starts_with("aws/service/");
        let digits = owner.len() == 12 && owner.chars().all(|c| c.is_ascii_digit());
        if !partition.starts_with("aws") || !(public || digits) {
            return Err(Malformed::Rule);
        }
        segments(inner)?;
        Ok(if place == region && (public || owner == account) {
            Self::Own(inner)
        } else {
            Self::Shared(arn)
        })
    }
}

/// Checks a name in this account.
pub(crate) fn name(name: &str) -> Result<(), Malformed> {
    let inner = canonical(name);
    if inner.contains('/') && !name.starts_with('/') {
        return Err(Malformed::Rule);
    }
    segments(inner)
}

fn segments(inner: &str) -> Result<(), Malformed> {
    let valid = !inner.is_empty()
        && !inner.starts_with('/')
        && !inner.contains("//")
        && inner.split('/').count() <= LEVELS
        && characters(inner);
    valid.then_some(()).ok_or(Malformed::Rule)
}

fn characters(inner: &str) -> bool {
    let reserved = inner.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("ssm"));
    !reserved && inner.chars().all(|c| c.is_ascii_alphanumeric() || "/_.-".contains(c))
}

/// Checks a path, which may end with a slash.
pub(crate) fn is_valid_path(path: &str) -> bool {
    let Some(inner) = path.strip_prefix('/') else {
        return false;
    };
    !path.contains("//")
        && characters(inner)
        && inner.trim_end_matches('/').split('/').count() <= LEVELS
}
