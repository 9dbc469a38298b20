//! AWS regions and the partitions that they belong to.
//!
//! A region that isn't in the table is valid if it is spelled as AWS spells regions, so that a new one
//! works on the day it opens. What is not spelled so can't be a region, and is refused at once: the
//! requests would be retried until the deadline against a host that doesn't exist.

use crate::diagnostic::Diagnostic;
use std::fmt;

/// A partition: regions that share accounts and a domain. From the table of AWS's SDKs
/// (`partitions.json`); a test of the binary holds it against the SDK.
#[derive(Debug, PartialEq, Eq)]
pub struct Partition {
    /// As in ARNs.
    pub id: &'static str,
    /// The domain of its endpoints.
    pub dns_suffix: &'static str,
    /// The domain of its endpoints with IPv6.
    pub dual_stack_suffix: &'static str,
    /// How its regions begin.
    start: &'static str,
    /// Its regions that are known.
    pub regions: &'static [&'static str],
}

/// All partitions. Longer beginnings stand before the shorter ones that they contain.
#[rustfmt::skip]
pub const PARTITIONS: &[Partition] = &[
    partition("aws-us-gov", ["amazonaws.com", "api.aws"], "us-gov-", &["us-gov-east-1", "us-gov-west-1"]),
    partition("aws-iso", ["c2s.ic.gov", "api.aws.ic.gov"], "us-iso-", &["us-iso-east-1", "us-iso-west-1"]),
    partition("aws-iso-b", ["sc2s.sgov.gov", "api.aws.scloud"], "us-isob-", &["us-isob-east-1", "us-isob-west-1"]),
    partition("aws-iso-e", ["cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"], "eu-isoe-", &["eu-isoe-west-1"]),
    partition("aws-iso-f", ["csp.hci.ic.gov", "api.aws.hci.ic.gov"], "us-isof-", &["us-isof-east-1", "us-isof-south-1"]),
    partition("aws-eusc", ["amazonaws.eu", "api.amazonwebservices.eu"], "eusc-", &["eusc-de-east-1"]),
    partition("aws-cn", ["amazonaws.com.cn", "api.amazonwebservices.com.cn"], "cn-", &["cn-north-1", "cn-northwest-1"]),
    partition("aws", ["amazonaws.com", "api.aws"], "", &[
        "af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1",
        "ap-south-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5",
        "ap-southeast-6", "ap-southeast-7", "ca-central-1", "ca-west-1", "eu-central-1", "eu-central-2", "eu-north-1",
        "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3", "il-central-1", "me-central-1", "me-south-1",
        "mx-central-1", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
    ]),
];

impl Partition {
    /// Whether a host is one of its endpoints.
    pub fn owns(&self, host: &str) -> bool {
        let is_below = |suffix| {
            let rest = host.strip_suffix(suffix);
            rest.is_some_and(|rest: &str| rest.ends_with('.'))
        };
        [self.dns_suffix, self.dual_stack_suffix].into_iter().any(is_below)
    }
}

const fn partition(
    id: &'static str,
    [dns_suffix, dual_stack_suffix]: [&'static str; 2],
    start: &'static str,
    regions: &'static [&'static str],
) -> Partition {
    Partition { id, dns_suffix, dual_stack_suffix, start, regions }
}

/// Parses a partition's name.
///
/// # Errors
/// When there is no such partition.
pub fn parse_partition(text: &str) -> Result<String, Diagnostic> {
    let mut known: Vec<&str> = PARTITIONS.iter().map(|partition| partition.id).collect();
    if known.contains(&text) {
        return Ok(text.to_owned());
    }
    known.sort_unstable();
    let message = format!("`{text}` is not an AWS partition");
    let correction = format!("The partitions are {}", known.join(", "));
    Err(Diagnostic::invalid(message, correction))
}

/// Regions of the partition `aws` that every account has; the others must be enabled first
/// (Account Management Reference Guide, "Enable or disable AWS Regions").
#[rustfmt::skip]
const ENABLED_BY_DEFAULT: &[&str] = &[
    "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2",
    "ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1",
    "us-east-2", "us-west-1", "us-west-2",
];

/// The words for a region's place in its area.
#[rustfmt::skip]
const DIRECTIONS: &[&str] = &[
    "central", "east", "north", "northeast", "northwest", "south", "southeast", "southwest", "west",
];

/// A region's code, such as `eu-west-1`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Region(String);

impl Region {
    /// Parses a region's code.
    ///
    /// # Errors
    /// When it isn't spelled as a region.
    pub fn parse(text: &str) -> Result<Self, Diagnostic> {
        if is_spelled_as_a_region(text) {
            return Ok(Self(text.to_owned()));
        }
        // `eu-west-1a` and its like are what instances show as their place.
        let zone = text.strip_suffix(|c: char| c.is_ascii_lowercase());
        if let Some(region) = zone.filter(|zone| is_spelled_as_a_region(zone)) {
            let message = format!("`{text}` is an availability zone, not a Region");
            let correction = format!("Correct it: did you mean `{region}`?");
            return Err(Diagnostic::invalid(message, correction));
        }
        let correction = match nearest(text) {
            Some(region) => format!("Correct it: did you mean `{region}`?"),
            None => "Write a Region's code, such as `eu-west-1`".to_owned(),
        };
        let message = format!("`{text}` is not an AWS Region");
        Err(Diagnostic::invalid(message, correction))
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The partition that it belongs to.
    pub fn partition(&self) -> &'static Partition {
        let mut all = PARTITIONS.iter();
        // The last one's beginning is empty, so one is always found.
        all.find(|partition| self.0.starts_with(partition.start))
            .unwrap_or(&PARTITIONS[PARTITIONS.len() - 1])
    }

    /// The name of a service's VPC endpoint service: its domain, reversed. In China only some have that one (aws-cdk,
    /// `vpc-endpoint.ts`), of these STS.
    pub fn vpc_endpoint_service(&self, service: &str) -> String {
        let partition = self.partition();
        let domain = match partition.id {
            "aws-cn" if service != "sts" => "amazonaws.com",
            _ => partition.dns_suffix,
        };
        let reversed: Vec<&str> = domain.rsplit('.').collect();
        format!("{}.{self}.{service}", reversed.join("."))
    }

    /// Whether an account may have to enable it first.
    pub fn is_opt_in(&self) -> bool {
        self.partition().id == "aws" && !ENABLED_BY_DEFAULT.contains(&self.as_str())
    }

    /// The known region that was probably meant, if this one isn't known.
    pub fn correction(&self) -> Option<&'static str> {
        known().all(|region| region != self.0).then(|| nearest(&self.0))?
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `AREA-DIRECTION-NUMBER`, perhaps with more words in the area: `us-gov-west-1`, `eusc-de-east-1`.
fn is_spelled_as_a_region(text: &str) -> bool {
    let mut words = text.rsplit('-');
    let number = words.next().unwrap_or_default();
    let direction = words.next().unwrap_or_default();
    let area: Vec<&str> = words.collect();
    // The longest until now is `isob`. A code becomes part of a host name, which has a limit.
    let is_word =
        |word: &&str| matches!(word.len(), 1..=8) && word.bytes().all(|b| b.is_ascii_lowercase());
    matches!(number.len(), 1..=2)
        && number.bytes().all(|b| b.is_ascii_digit())
        && !number.starts_with('0')
        && DIRECTIONS.contains(&direction)
        && matches!(area.len(), 1..=2)
        && area.iter().all(is_word)
        && area.last().is_some_and(|word| matches!(word.len(), 2 | 4))
}

fn known() -> impl Iterator<Item = &'static str> {
    PARTITIONS.iter().flat_map(|partition| partition.regions.iter().copied())
}

/// The known region with the fewest changed characters, if they are few.
fn nearest(text: &str) -> Option<&'static str> {
    // Comparing takes time in proportion to the length.
    if text.len() > 64 {
        return None;
    }
    let text = text.trim_matches(|c: char| !c.is_ascii_alphanumeric()).to_ascii_lowercase();
    let distance = |region: &str| strsim::osa_distance(&text, region);
    known().min_by_key(|region| distance(region)).filter(|region| distance(region) <= 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vpc_endpoint_service_begins_with_the_reversed_domain_except_most_of_china() {
        let region = |text| Region::parse(text).expect(text);
        for (name, service, expected) in [
            ("eu-west-1", "ssm", "com.amazonaws.eu-west-1.ssm"),
            ("us-gov-west-1", "sts", "com.amazonaws.us-gov-west-1.sts"),
            ("cn-north-1", "ssm", "com.amazonaws.cn-north-1.ssm"),
            ("cn-north-1", "sts", "cn.com.amazonaws.cn-north-1.sts"),
            ("us-iso-east-1", "kms", "gov.ic.c2s.us-iso-east-1.kms"),
        ] {
            assert_eq!(region(name).vpc_endpoint_service(service), expected);
        }
    }

    #[test]
    fn known_and_future_regions_are_accepted() {
        for text in known().chain(["eu-west-9", "ap-southeast-12", "zz-north-1", "us-isog-east-1"])
        {
            assert_eq!(Region::parse(text).expect(text).to_string(), text);
        }
    }

    #[test]
    fn what_is_not_spelled_as_a_region_is_refused_with_the_nearest_one() {
        let long = format!("au-{}-west-1", "m".repeat(64));
        for (text, nearest) in [
            ("\"eu-west-3\"", Some("eu-west-3")),
            ("'eu-west-3'", Some("eu-west-3")),
            (long.as_str(), None),
            ("eu-wset-1", Some("eu-west-1")),
            ("eu-west1", Some("eu-west-1")),
            ("eu-west", Some("eu-west-1")),
            ("EU-WEST-1", Some("eu-west-1")),
            ("eu_west_1", Some("eu-west-1")),
            ("eu-west-1 ", Some("eu-west-1")),
            ("eu-west-01", Some("eu-west-1")),
            ("e1-west-1", Some("eu-west-1")),
            ("eu--west-1", Some("eu-west-1")),
            ("-1", None),
            ("", None),
            ("Ireland", None),
            ("eu-west-1.evil.example", None),
        ] {
            let help = match nearest {
                Some(nearest) => format!("Correct it: did you mean `{nearest}`?"),
                None => "Write a Region's code, such as `eu-west-1`".to_owned(),
            };
            let message = format!("`{text}` is not an AWS Region\n  help: {help}");
            assert_eq!(Region::parse(text).expect_err(text).to_string(), message);
        }
        assert_eq!(
            Region::parse("eu-west-1a").expect_err("a zone").to_string(),
            "`eu-west-1a` is an availability zone, not a Region\n  help: Correct it: did you mean `eu-west-1`?"
        );
    }

    #[test]
    fn every_region_has_its_partition() {
        for (text, id) in [
            ("eu-west-1", "aws"),
            ("xx-west-1", "aws"),
            ("cn-north-1", "aws-cn"),
            ("us-gov-west-1", "aws-us-gov"),
            ("us-iso-east-1", "aws-iso"),
            ("us-isob-east-1", "aws-iso-b"),
            ("eu-isoe-west-1", "aws-iso-e"),
            ("us-isof-south-1", "aws-iso-f"),
            ("eusc-de-east-1", "aws-eusc"),
        ] {
            let region = Region::parse(text).expect("a region");
            assert_eq!(region.partition().id, id, "{text}");
        }
    }

    #[test]
    fn only_an_unknown_region_has_a_correction() {
        let correction = |text| Region::parse(text).expect("a region").correction();
        assert_eq!(correction("eu-west-1"), None);
        assert_eq!(correction("ue-west-1"), Some("eu-west-1"));
        assert_eq!(correction("zz-northeast-9"), None);
    }

    #[test]
    fn opt_in_regions_are_distinguished_from_the_others() {
        let is_opt_in = |text| Region::parse(text).expect("a region").is_opt_in();
        assert!(is_opt_in("af-south-1"));
        assert!(!is_opt_in("eu-west-1"));
        assert!(!is_opt_in("cn-north-1"));
    }

    #[test]
    fn an_unknown_partition_is_refused_with_the_list() {
        assert_eq!(parse_partition("aws-cn"), Ok("aws-cn".to_owned()));
        let error = parse_partition("AWS").expect_err("no partition").to_string();
        assert!(error.contains("aws, aws-cn, aws-eusc"), "{error}");
    }

    #[test]
    fn a_partition_owns_its_endpoints_with_and_without_ipv6() {
        for (region, host, is_owned) in [
            ("eu-west-1", "ssm.eu-west-1.amazonaws.com", true),
            ("eu-west-1", "ssm.eu-west-1.api.aws", true),
            ("eu-west-1", "ssm.example.com", false),
            ("eu-west-1", "notamazonaws.com", false),
            ("cn-north-1", "ssm.cn-north-1.amazonaws.com.cn", true),
            ("cn-north-1", "ssm.cn-north-1.api.amazonwebservices.com.cn", true),
        ] {
            let region = Region::parse(region).expect("a region");
            assert_eq!(region.partition().owns(host), is_owned, "{host}");
        }
    }
}
