//! What was asked for: the three levels put over one another and parsed, so that nothing downstream
//! checks again. Knows no AWS type and no secret.

pub mod duration;
mod error;
pub mod file;
mod interpolate;
pub mod layer;
pub mod variables;

use crate::origin::{Given, Origin};
use crate::parameter::{OnMissing, ParameterRef, Prefix, ValueRef};
use crate::template::Template;
use crate::variable::{Case, Glob, Naming, VariableName};
pub use error::ConfigError;
pub use layer::Layer;
use layer::{KeySpec, List, PathSpec};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// How long all may take where nobody says.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A valid configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where values come from.
    pub sources: Sources,
    /// What becomes of the environment.
    pub rules: Rules,
    /// Who asks, and where.
    pub aws: Aws,
    /// Everything up to `execve`.
    pub timeout: Duration,
    /// Ask nobody.
    pub skip: bool,
    /// The file's command, for when the command line has none.
    pub command: Vec<OsString>,
}

/// Everything that brings values.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// In the order given.
    pub prefixes: Vec<PrefixSource>,
    /// In the order given.
    pub objects: Vec<ObjectSource>,
    /// Keys and files.
    pub keys: Vec<KeySource>,
    /// Whether `ssm://` in the inherited environment is resolved.
    pub references: bool,
}

/// All below a path.
#[derive(Debug, Clone)]
pub struct PrefixSource {
    /// The path.
    pub prefix: Prefix,
    /// It may yield nothing.
    pub optional: bool,
    /// How its names are made.
    pub naming: Naming,
}

/// A JSON object whose members become variables.
#[derive(Debug, Clone)]
pub struct ObjectSource {
    /// Where the object is.
    pub param: ValueRef,
    /// It may be missing.
    pub optional: bool,
    /// How its names are made.
    pub naming: Naming,
}

/// One value for one variable.
#[derive(Debug, Clone)]
pub struct KeySource {
    /// The variable.
    pub name: VariableName,
    /// Where its value is.
    pub param: ValueRef,
    /// What happens when it isn't there.
    pub absence: OnMissing,
    /// How it is stored.
    pub encoding: Encoding,
    /// How the command receives it.
    pub delivery: Delivery,
    /// The oldest it may be, where it has a limit of its own.
    pub max_age: Option<Duration>,
    /// Where it was asked for.
    pub origin: Origin,
}

/// How a value is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// As it is.
    Plain,
    /// In base64, as binary values are.
    Base64,
}

/// How the command receives a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// In the variable.
    Variable,
    /// In a sealed memory file, whose path is in the variable.
    File,
}

/// What becomes of the environment.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// What the command inherits: all, or what matches.
    pub pristine: Option<Vec<Glob>>,
    /// A variable that is already set wins.
    pub keep_existing: bool,
    /// The command doesn't inherit credentials and our own variables.
    pub drop_aws_credentials: bool,
    /// Refused names that are wanted all the same.
    pub allow: Vec<VariableName>,
    /// Must be set and not empty.
    pub require: Vec<VariableName>,
    /// Made from others.
    pub compose: Vec<Composed>,
    /// From, to.
    pub rename: Vec<(VariableName, VariableName)>,
    /// Left out at the end.
    pub drop: Vec<Glob>,
}

/// A variable made from others.
#[derive(Debug, Clone)]
pub struct Composed {
    /// The variable.
    pub name: VariableName,
    /// Texts and the variables between them.
    pub template: Template,
    /// Where it was asked for.
    pub origin: Origin,
}

/// Who asks, and where.
#[derive(Debug, Clone, Default)]
pub struct Aws {
    /// The region, as far as flags, variables and the file tell.
    pub region: Option<Given<String>>,
    /// The profile of the shared configuration files.
    pub profile: Option<Given<String>>,
    /// Where SSM is.
    pub endpoint: Option<Endpoint>,
    /// The role to assume.
    pub role_arn: Option<Given<String>>,
    /// What that role's trust policy asks for.
    pub external_id: Option<String>,
    /// The only roots to trust.
    pub ca_bundle: Option<Given<PathBuf>>,
}

/// Where SSM is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The URL.
    pub url: String,
    /// Whether it was given by a flag or the file, rather than by the SDK's own variables.
    pub origin: Origin,
}

impl Config {
    /// Parses what was given.
    ///
    /// # Errors
    /// The first thing that makes no sense, with the place where it was given.
    pub fn resolve(layer: Layer) -> Result<Self, ConfigError> {
        let naming = Naming {
            prefix: name_prefix(layer.name_prefix.as_ref())?,
            case: case(layer.case.as_ref())?,
            only: parsed(layer.only, Glob::parse)?,
            exclude: parsed(layer.exclude, Glob::parse)?,
        };
        let base64 = each(layer.base64, |given| {
            let name = parse_one(&given.value, &given.origin, VariableName::parse)?;
            Ok(Given::new(name, given.origin))
        })?;
        let mut keys = read_keys(layer.keys, Delivery::Variable, &naming)?;
        keys.extend(read_keys(layer.files, Delivery::File, &naming)?);
        for Given {
            value: name,
            origin,
        } in base64
        {
            let mut named: Vec<_> = keys.iter_mut().filter(|key| key.name == name).collect();
            if named.is_empty() {
                return Err(ConfigError::Base64OfNothing { origin, name });
            }
            named
                .iter_mut()
                .for_each(|key| key.encoding = Encoding::Base64);
        }
        check_unique(&keys)?;
        let sources = Sources {
            prefixes: each(layer.prefix, |given| read_prefix(given, &naming))?,
            objects: each(layer.json, |given| read_object(given, &naming))?,
            keys,
            references: !on(layer.no_refs.as_ref()),
        };
        let keep = parsed(layer.keep, Glob::parse)?;
        let rules = Rules {
            pristine: on(layer.pristine.as_ref()).then_some(keep),
            keep_existing: on(layer.keep_existing.as_ref()),
            drop_aws_credentials: on(layer.drop_aws_credentials.as_ref()),
            allow: parsed(layer.allow, VariableName::parse)?,
            require: parsed(layer.require, VariableName::parse)?,
            compose: each(layer.compose, read_composed)?,
            rename: each(layer.rename, read_rename)?,
            drop: parsed(layer.drop, Glob::parse)?,
        };
        let allow_http = on(layer.allow_http.as_ref());
        Ok(Self {
            sources,
            rules,
            aws: Aws {
                region: layer.region.map(check_region).transpose()?,
                profile: layer.profile,
                endpoint: layer
                    .endpoint_url
                    .map(|url| read_endpoint(url, allow_http))
                    .transpose()?,
                role_arn: layer.role_arn.map(check_role).transpose()?,
                external_id: layer.external_id.map(|given| given.value),
                ca_bundle: layer
                    .ca_bundle
                    .map(|given| Given::new(PathBuf::from(given.value), given.origin)),
            },
            timeout: layer.timeout.map_or(Ok(TIMEOUT), read_timeout)?,
            skip: on(layer.skip.as_ref()),
            command: layer
                .command
                .into_iter()
                .flatten()
                .map(OsString::from)
                .collect(),
        })
    }
}

/// The known word that was probably meant.
#[must_use]
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    known
        .map(|candidate| (strsim::jaro_winkler(word, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate.to_owned())
}

fn on(given: Option<&Given<bool>>) -> bool {
    given.is_some_and(|given| given.value)
}

fn each<T, U>(
    list: List<T>,
    read: impl Fn(Given<T>) -> Result<U, ConfigError>,
) -> Result<Vec<U>, ConfigError> {
    list.unwrap_or_default().into_iter().map(read).collect()
}

fn parsed<T>(
    list: List<String>,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, ConfigError> {
    each(list, |given| parse_one(&given.value, &given.origin, &parse))
}

fn parse_one<T>(
    text: &str,
    origin: &Origin,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<T, ConfigError> {
    parse(text).map_err(|reason| ConfigError::invalid(origin.clone(), format!("`{text}` {reason}")))
}

fn name_prefix(given: Option<&Given<String>>) -> Result<String, ConfigError> {
    given.map_or(Ok(String::new()), |given| {
        parse_one(&given.value, &given.origin, VariableName::parse)
            .map(|name| name.as_str().to_owned())
    })
}

fn case(given: Option<&Given<String>>) -> Result<Case, ConfigError> {
    given.map_or(Ok(Case::default()), |given| {
        parse_one(&given.value, &given.origin, |text| match text {
            "upper" => Ok(Case::Upper),
            "keep" => Ok(Case::Keep),
            _ => Err("is neither `upper` nor `keep`".to_owned()),
        })
    })
}

/// The naming for all, with what one source has of its own put over it.
fn own_naming(spec: &PathSpec, origin: &Origin, all: &Naming) -> Result<Naming, ConfigError> {
    let globs = |own: &Option<Vec<String>>, all: &[Glob]| match own {
        None => Ok(all.to_vec()),
        Some(texts) => texts
            .iter()
            .map(|text| parse_one(text, origin, Glob::parse))
            .collect(),
    };
    let given = |text: &Option<String>| text.clone().map(|text| Given::new(text, origin.clone()));
    Ok(Naming {
        prefix: match given(&spec.name_prefix) {
            Some(own) if own.value.is_empty() => String::new(),
            Some(own) => name_prefix(Some(&own))?,
            None => all.prefix.clone(),
        },
        case: match given(&spec.case) {
            Some(own) => case(Some(&own))?,
            None => all.case,
        },
        only: globs(&spec.only, &all.only)?,
        exclude: globs(&spec.exclude, &all.exclude)?,
    })
}

fn read_prefix(given: Given<PathSpec>, naming: &Naming) -> Result<PrefixSource, ConfigError> {
    let Given {
        value: spec,
        origin,
    } = given;
    Ok(PrefixSource {
        naming: own_naming(&spec, &origin, naming)?,
        optional: spec.optional,
        prefix: Prefix::parse(&spec.text)
            .map_err(|error| ConfigError::malformed(origin, &error))?,
    })
}

fn read_object(given: Given<PathSpec>, naming: &Naming) -> Result<ObjectSource, ConfigError> {
    let Given {
        value: spec,
        origin,
    } = given;
    Ok(ObjectSource {
        naming: own_naming(&spec, &origin, naming)?,
        optional: spec.optional,
        param: read_param(&spec.text, origin)?,
    })
}

fn read_param(text: &str, origin: Origin) -> Result<ValueRef, ConfigError> {
    ValueRef::parse(text).map_err(|error| ConfigError::malformed(origin, &error))
}

fn read_keys(
    list: List<KeySpec>,
    delivery: Delivery,
    naming: &Naming,
) -> Result<Vec<KeySource>, ConfigError> {
    each(list, |given| read_single(given, delivery, naming))
}

fn read_single(
    given: Given<KeySpec>,
    delivery: Delivery,
    naming: &Naming,
) -> Result<KeySource, ConfigError> {
    let Given {
        value: spec,
        origin,
    } = given;
    if spec.name.is_none() && delivery == Delivery::File {
        return Err(ConfigError::invalid(
            origin,
            format!(
                "`{}` has no name for its variable: write NAME={0}",
                spec.param
            ),
        ));
    }
    if let Some(name) = spec
        .name
        .as_deref()
        .filter(|name| name.starts_with('/') || name.starts_with("arn:"))
    {
        return Err(ConfigError::invalid(
            origin,
            format!(
                "`{name}={}` has the parameter before the name: write {}={name}",
                spec.param, spec.param
            ),
        ));
    }
    let name = spec
        .name
        .as_deref()
        .map(|name| parse_one(name, &origin, VariableName::parse))
        .transpose()?;
    let param = read_param(&spec.param, origin.clone())?;
    let name = match name {
        Some(name) => name,
        None => naming
            .name(param.last_word())
            .map_err(|name| ConfigError::DigitName {
                origin: Some(origin.clone()),
                parameter: param.to_string(),
                name,
            })?,
    };
    let absence = match (spec.default, spec.optional) {
        (Some(text), _) => OnMissing::Default(text),
        (None, true) => OnMissing::Omit,
        (None, false) => OnMissing::Fail,
    };
    let encoding = match spec.encoding.as_deref() {
        None => Encoding::Plain,
        Some("base64") => Encoding::Base64,
        Some(other) => {
            return Err(ConfigError::invalid(
                origin,
                format!("has the encoding `{other}`; there is `base64` alone"),
            ));
        }
    };
    let max_age = spec
        .max_age
        .map(|text| parse_one(&text, &origin, duration::parse))
        .transpose()?;
    Ok(KeySource {
        name,
        param,
        absence,
        encoding,
        delivery,
        max_age,
        origin,
    })
}

/// Two keys of one name are a mistake: nobody can say which was meant.
fn check_unique(keys: &[KeySource]) -> Result<(), ConfigError> {
    for (at, key) in keys.iter().enumerate() {
        if let Some(earlier) = keys[..at].iter().find(|earlier| earlier.name == key.name) {
            return Err(ConfigError::Collision {
                origin: key.origin.clone(),
                name: key.name.clone(),
                parameters: [earlier.param.to_string(), key.param.to_string()],
            });
        }
    }
    Ok(())
}

fn read_composed(given: Given<(String, String)>) -> Result<Composed, ConfigError> {
    let Given {
        value: (name, text),
        origin,
    } = given;
    Ok(Composed {
        name: parse_one(&name, &origin, VariableName::parse)?,
        template: parse_one(&text, &origin, Template::parse)?,
        origin,
    })
}

fn read_rename(
    given: Given<(String, String)>,
) -> Result<(VariableName, VariableName), ConfigError> {
    let Given {
        value: (from, to),
        origin,
    } = given;
    Ok((
        parse_one(&from, &origin, VariableName::parse)?,
        parse_one(&to, &origin, VariableName::parse)?,
    ))
}

fn read_timeout(given: Given<String>) -> Result<Duration, ConfigError> {
    let timeout = parse_one(&given.value, &given.origin, duration::parse)?;
    if timeout.is_zero() {
        return Err(ConfigError::invalid(
            given.origin,
            "`0` leaves no time for anything; write `--skip` to ask nobody",
        ));
    }
    Ok(timeout)
}

fn check_region(given: Given<String>) -> Result<Given<String>, ConfigError> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if given.value.is_empty() || !given.value.chars().all(allowed) {
        let reason = format!("`{}` isn't a region such as `eu-west-1`", given.value);
        return Err(ConfigError::invalid(given.origin, reason));
    }
    Ok(given)
}

fn check_role(given: Given<String>) -> Result<Given<String>, ConfigError> {
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

/// Secrets go over plain HTTP to this machine only, unless a person says otherwise.
fn read_endpoint(given: Given<String>, allow_http: bool) -> Result<Endpoint, ConfigError> {
    let Given { value: url, origin } = given;
    let invalid =
        |reason: String| ConfigError::invalid(origin.clone(), format!("`{url}` {reason}"));
    let Some((scheme, rest)) = url.split_once("://") else {
        return Err(invalid("has no scheme: write `https://HOST`".to_owned()));
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err(invalid_endpoint(
            &origin,
            "has a user or a password in it, which no endpoint takes",
        ));
    }
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    if host.is_empty() {
        return Err(invalid("names no host".to_owned()));
    }
    match scheme {
        "https" => {}
        "http" if allow_http || is_loopback(host) => {}
        "http" => {
            return Err(invalid(
                "would send secrets over plain HTTP to another machine; use https, or say `--allow-http`".to_owned(),
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

impl Sources {
    /// Whether nothing at all is asked for.
    #[must_use]
    pub fn are_empty(&self) -> bool {
        self.prefixes.is_empty() && self.objects.is_empty() && self.keys.is_empty()
    }

    /// Every parameter that is asked for by its own name, references aside.
    pub fn parameters(&self) -> impl Iterator<Item = &ParameterRef> {
        let keys = self.keys.iter().map(|key| &key.param.parameter);
        keys.chain(self.objects.iter().map(|object| &object.param.parameter))
    }
}
