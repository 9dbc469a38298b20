//! Region, role and endpoint, checked.

use super::ConfigError;
use super::given::parsed_one;
use crate::arn::{Arn, is_account};
use crate::endpoint::Endpoint;
use crate::kms_key::KmsKey;
use crate::origin::{Given, Origin};
use crate::region::{self, Region};

pub(super) fn account(given: Given<String>) -> Result<String, ConfigError> {
    let check = |text: &str| match is_account(text) {
        true => Ok(text.to_owned()),
        false => Err("is not a 12-digit account ID".to_owned()),
    };
    parsed_one(given, check).map(|given| given.value)
}

pub(super) fn partition(given: Given<String>) -> Result<String, ConfigError> {
    parsed_one(given, region::parse_partition).map(|given| given.value)
}

pub(super) fn kms_key(given: Given<String>) -> Result<KmsKey, ConfigError> {
    parsed_one(given, KmsKey::parse).map(|given| given.value)
}

pub(super) fn region(given: Given<String>) -> Result<Given<Region>, ConfigError> {
    parsed_one(given, Region::parse)
}

pub(super) fn role(given: Given<String>) -> Result<Given<Arn>, ConfigError> {
    parsed_one(given, |text| {
        Arn::parse(text)
            .filter(|arn| {
                arn.service == "iam" && arn.region.is_empty() && arn.role_name().is_some()
            })
            .ok_or_else(|| "is not a role's ARN: `arn:aws:iam::ACCOUNT:role/NAME`".to_owned())
    })
}

/// Secrets go over plain HTTP to this machine only, unless another is allowed.
pub(super) fn endpoint(
    given: Given<String>,
    allow_http: bool,
) -> Result<Given<Endpoint>, ConfigError> {
    let Given { value: url, origin } = given;
    let endpoint =
        Endpoint::parse(&url).map_err(|reason| ConfigError::invalid(origin.clone(), reason))?;
    if endpoint.is_plain_and_remote() && !allow_http {
        let unset = match &origin {
            Origin::Variable(name) => format!("`unset {name}` to use AWS's, "),
            _ => String::new(),
        };
        let reason = format!(
            "`{url}` would send secrets over plain HTTP to another machine. Use https, {unset}or allow it with `--allow-http`"
        );
        return Err(ConfigError::invalid(origin, reason));
    }
    Ok(Given::new(endpoint, origin))
}
