//! One SHA-256 that says whether a start would deliver something else: other names, sources, versions or
//! texts. Pure; never over a value that was fetched.

use crate::config::{Config, Delivery, Encoding};
use crate::diagnostic::Diagnostic;
use crate::env_reference::EnvReference;
use crate::fetched::Fetched;
use crate::origin::Given;
use crate::parameter::OnMissing;
use crate::plan;
use crate::revision::Revisions;
use crate::variable::{Glob, Naming};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fmt;

/// Hexadecimal digits of SHA-256.
const HEX: usize = 64;
/// What is hashed, and how. It changes with everything below.
const VERSION: &str = "v1";

/// A fingerprint: its version, and a SHA-256 in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// Reads one, also of another version.
    ///
    /// # Errors
    /// For another text.
    pub fn parse(text: &str) -> Result<Self, Diagnostic> {
        let (version, digits) = text.split_once(':').unwrap_or(("", text));
        let number = version.strip_prefix('v').unwrap_or_default();
        let is_version = version.is_empty() || number.parse::<u32>().is_ok();
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_version && is_hex && digits.len() == HEX {
            return Ok(Self(text.to_ascii_lowercase()));
        }
        let message = format!("`{text}` is not a fingerprint");
        let correction =
            "Give `v1:` and 64 hexadecimal digits, as `ssm-exec check --fingerprint` prints them";
        Err(Diagnostic::invalid(message, correction))
    }

    /// Whether it was made as this version of ssm-exec makes one.
    pub fn is_comparable(&self) -> bool {
        self.0.split(':').next() == Some(VERSION)
    }

    /// The fingerprint of what a start would deliver.
    pub fn new(config: &Config, references: &[EnvReference], fetched: &Fetched) -> Self {
        let revisions = Revisions::new(&plan::plan(&config.sources, references), fetched);
        let mut hash = Sha256::new();
        let settings = settings(config, references).into_iter();
        // The same names in another Region or account have other values.
        let arns = fetched.arns().into_iter().map(|arn| json!(["arn", arn]));
        for line in settings.chain(revisions.lines()).chain(arns) {
            hash.update(line.to_string());
            hash.update("\n");
        }
        let digest = hash.finalize();
        let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Self(format!("{VERSION}:{digits}"))
    }
}

/// The settings that decide what is delivered, one a line. Sources are in the order in which they apply, all
/// else is sorted.
fn settings(config: &Config, references: &[EnvReference]) -> Vec<Value> {
    let (sources, rules) = (&config.sources, &config.rules);
    let mut lines = Vec::new();
    for source in &sources.prefixes {
        let (prefix, naming) = (source.prefix.to_string(), naming(&source.naming));
        lines.push(json!(["prefix", prefix, source.optional, naming]));
    }
    for source in &sources.objects {
        let (param, naming) = (source.param.to_string(), naming(&source.naming));
        lines.push(json!(["json", param, source.optional, naming]));
    }
    let keys = sources.keys.iter().map(|key| {
        let is_file = key.delivery == Delivery::File;
        let is_base64 = key.encoding == Encoding::Base64;
        let (name, param) = (key.name.as_str(), key.param.to_string());
        json!(["key", name, param, missing(&key.absence), is_file, is_base64])
    });
    let references = references.iter().map(|one| {
        let (name, param) = (one.name.as_str(), one.param.to_string());
        json!(["reference", name, param, missing(&one.absence)])
    });
    let composed = rules.compose.iter().map(|one| {
        let what = match one.delivery {
            Delivery::Variable => "compose",
            Delivery::File => "template",
        };
        json!([what, one.name.as_str(), one.template.to_string()])
    });
    let renamed =
        rules.rename.iter().map(|one| json!(["rename", one.from.as_str(), one.to.as_str()]));
    let rest = [
        json!(["drop", globs(&rules.drop)]),
        json!(["pristine", rules.pristine.as_ref().map(|keep| globs(keep))]),
        json!(["keep_existing", rules.keep_existing]),
        json!(["drop_aws_credentials", rules.drop_aws_credentials]),
        json!(["skip", config.skip.is_some()]),
    ];
    let named = keys.chain(references).chain(composed).chain(renamed).chain(rest);
    let mut named: Vec<Value> = named.collect();
    named.sort_by_key(ToString::to_string);
    lines.extend(named);
    lines
}

fn naming(naming: &Naming) -> Value {
    let case = naming.case.word();
    json!([naming.prefix, case, globs(&naming.only), globs(&naming.exclude)])
}

fn globs(list: &[Given<Glob>]) -> Vec<&str> {
    let mut globs: Vec<&str> = list.iter().map(|glob| glob.value.as_str()).collect();
    globs.sort_unstable();
    globs.dedup();
    globs
}

fn missing(on_missing: &OnMissing) -> Value {
    match on_missing {
        OnMissing::Fail => json!("fail"),
        OnMissing::Omit => json!("omit"),
        OnMissing::Default(text) => json!(["default", text]),
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse_file;
    use crate::fetched::FetchedParameter;
    use crate::inherited::Inherited;
    use crate::parameter::{ParameterRef, Prefix, Version};
    use crate::secret::Secret;
    use std::time::{Duration, UNIX_EPOCH};

    fn fetched(version: u64) -> Fetched {
        let parameter = |name: &str| FetchedParameter {
            name: name.to_owned(),
            value: Secret::new("canary".to_owned()),
            kind: None,
            version: Version::new(version),
            modified: Some(UNIX_EPOCH + Duration::from_secs(1_700_000_000)),
            arn: Some(format!("arn:aws:ssm:eu-west-1:111122223333:parameter{name}")),
        };
        let mut fetched = Fetched::default();
        let prefix = Prefix::parse("/a").expect("a prefix");
        fetched.add_below(prefix, vec![parameter("/a/x")]);
        let name = ParameterRef::parse("/k").expect("a name");
        fetched.add_named(name, parameter("/k"));
        fetched
    }

    fn of(text: &str) -> String {
        let inherited = Inherited::default();
        let layer = parse_file("t.toml".as_ref(), text, &inherited).expect(text);
        let config = Config::resolve(layer, &inherited).expect(text);
        Fingerprint::new(&config, &[], &fetched(1)).to_string()
    }

    #[test]
    fn ten_configurations_have_the_fingerprints_that_they_always_had() {
        let all: Vec<String> = [
            "prefix = \"/a\"",
            "prefix = \"/a\"\ncase = \"keep\"",
            "prefix = \"/a\"\nonly = [\"X*\", \"Y\"]\nname_prefix = \"P_\"",
            "[keys]\nK = \"/k\"",
            "[keys]\nK = { param = \"/k\", default = \"d\" }",
            "[keys]\nK = { param = \"/k\", optional = true, encoding = \"base64\" }",
            "[files]\nK = \"/k\"",
            "prefix = \"/a\"\ndrop = [\"X\"]\n[compose]\nC = \"${X|url}-{\"",
            "prefix = \"/a\"\n[rename]\nX = \"Y\"",
            "json = { param = \"/k#m\", optional = true }\npristine = true\nkeep = [\"H*\"]",
        ]
        .into_iter()
        .map(of)
        .collect();
        assert_eq!(all, PINNED);
    }

    #[test]
    fn what_delivers_the_same_has_the_same_fingerprint() {
        for (one, same) in [
            ("prefix = \"/a\"", "prefix = \"/a/\""),
            ("prefix = \"/a\"", "prefix = \"/a\"\nstrict = true\nno_core = true\ntimeout = \"7s\""),
            (
                "[keys]\nK = \"/k\"",
                "[keys]\nK = \"/k\"\n[contract]\nK = {}\n[watch]\nevery = \"5m\"",
            ),
            ("[keys]\nK = \"/k\"\nL = \"/a/x\"", "[keys]\nL = \"/a/x\"\nK = \"/k\""),
            ("prefix = \"/a\"\nonly = [\"X\", \"Y\"]", "prefix = \"/a\"\nonly = [\"Y\", \"X\"]"),
            ("[keys]\nK = \"/k\"", "case = \"keep\"\n[keys]\nK = \"/k\""),
        ] {
            assert_eq!(of(one), of(same), "{same}");
        }
        let inherited = Inherited::default();
        let layer = parse_file("t.toml".as_ref(), "prefix = \"/a\"", &inherited).expect("valid");
        let config = Config::resolve(layer, &inherited).expect("valid");
        let at = |version| Fingerprint::new(&config, &[], &fetched(version));
        assert_ne!(at(1), at(2));
    }

    #[test]
    fn only_a_fingerprint_of_this_version_can_be_compared() {
        let digits = "0123456789abcdef".repeat(4);
        for (text, comparable) in [
            (format!("v1:{digits}"), Some(true)),
            (format!("v1:{}", digits.to_uppercase()), Some(true)),
            (format!("v2:{digits}"), Some(false)),
            (digits.clone(), Some(false)),
            (format!("x1:{digits}"), None),
            (format!("v1:{digits}0"), None),
            ("v1:".to_owned(), None),
            (String::new(), None),
        ] {
            let parsed = Fingerprint::parse(&text);
            assert_eq!(parsed.ok().map(|one| one.is_comparable()), comparable, "{text}");
        }
    }

    const PINNED: [&str; 10] = [
        "v1:f7e3053629fa368774b6c113e50a1f1f1110db14cecfb84888027471ff25809f",
        "v1:757eab1b36b75516b075fe84bbc333ddfa6d184aefb9bbde789af9049bdb4c5e",
        "v1:7cd230ed6e7451dc8158c58b00e3397e1dc0831eed65dde02e9d3576edd46aea",
        "v1:1da0aa269e51f5967a10bfc81aceb1f6af4a998698227921a17f7aa7292a658a",
        "v1:4843e4ce08f89c1f2ab3b6c07b7022f6bd331ab77bfcb3e19071bc400a0e06dd",
        "v1:f262a84c5375df861c7fa08fa31a6143d99242571ebe0b0135a6d5c7d002ba68",
        "v1:dd5a466956ffaaf5d74394ec2ccebc1f659b911cbf8ce7715709684a60c3fe6b",
        "v1:d97c8d88acb1ccc0aa6a24e66f02876a58b1a6a795cdb33d9ded5f418f1cd5bd",
        "v1:ff7a797d99cfb8f623372ae9221f4dfcc10ec86c90890d2b3e82dc370bbd6c7d",
        "v1:c73ba578d8a604369b618e66bd047d63f7959c6e9c01b340511948061938ba67",
    ];
}
