//! Prefixes, JSON objects, keys and files, parsed.

use super::error::Replaced;
use super::given::{each, parse_one};
use super::layer::{KeySpec, List, PathSpec, first};
use super::settings::Layer;
use super::{ConfigError, Delivery, Encoding, KeySource, ObjectSource, PrefixSource, duration};
use crate::origin::{Given, Origin};
use crate::parameter::{OnMissing, Prefix, ValueRef};
use crate::variable::{Case, Glob, Naming, VariableName};

/// The text before names that are made from paths.
pub(super) fn name_prefix(given: &Given<String>) -> Result<String, ConfigError> {
    parse_one(&given.value, &given.origin, Naming::parse_prefix)
}

/// The naming rules for all sources, with those of one source over them.
fn own_naming(spec: &PathSpec, origin: &Origin, all: &Naming) -> Result<Naming, ConfigError> {
    let globs = |own: &Option<Vec<String>>, all: &[Given<Glob>]| match own {
        None => Ok(all.to_vec()),
        Some(texts) => texts
            .iter()
            .map(|text| {
                let glob = parse_one(text, origin, Glob::parse)?;
                Ok(Given::new(glob, origin.clone()))
            })
            .collect(),
    };
    let given = |text: &String| Given::new(text.clone(), origin.clone());
    Ok(Naming {
        prefix: match &spec.name_prefix {
            Some(own) => name_prefix(&given(own))?,
            None => all.prefix.clone(),
        },
        case: match &spec.case {
            Some(own) => parse_one(own, origin, Case::parse)?,
            None => all.case,
        },
        only: globs(&spec.only, &all.only)?,
        exclude: globs(&spec.exclude, &all.exclude)?,
    })
}

pub(super) fn prefix(given: Given<PathSpec>, naming: &Naming) -> Result<PrefixSource, ConfigError> {
    let Given {
        value: spec,
        origin,
    } = given;
    refuse_name(&spec.text, &origin)?;
    Ok(PrefixSource {
        naming: own_naming(&spec, &origin, naming)?,
        optional: spec.optional,
        prefix: Prefix::parse(&spec.text)
            .map_err(|error| ConfigError::malformed(origin, &error))?,
    })
}

pub(super) fn object(given: Given<PathSpec>, naming: &Naming) -> Result<ObjectSource, ConfigError> {
    let Given {
        value: spec,
        origin,
    } = given;
    refuse_name(&spec.text, &origin)?;
    Ok(ObjectSource {
        naming: own_naming(&spec, &origin, naming)?,
        optional: spec.optional,
        param: value_ref(&spec.text, origin)?,
    })
}

/// A prefix, a JSON object and a trigger have no name of their own.
pub(super) fn refuse_name(text: &str, origin: &Origin) -> Result<(), ConfigError> {
    match text.split_once('=') {
        Some((_, param)) if param.starts_with('/') || param.starts_with("arn:") => {
            Err(ConfigError::invalid(
                origin.clone(),
                format!(
                    "`{text}` begins with the name of a variable, which has no meaning here; write `{param}`"
                ),
            ))
        }
        _ => Ok(()),
    }
}

fn value_ref(text: &str, origin: Origin) -> Result<ValueRef, ConfigError> {
    ValueRef::parse(text).map_err(|error| ConfigError::malformed(origin, &error))
}

/// Keys and files, with those decoded that `base64` names.
pub(super) fn keys(
    keys: List<KeySpec>,
    files: List<KeySpec>,
    base64: List<String>,
    naming: &Naming,
) -> Result<Vec<KeySource>, ConfigError> {
    let mut all = each(keys, |given| key(given, Delivery::Variable, naming))?;
    all.extend(each(files, |given| key(given, Delivery::File, naming))?);
    for Given { value, origin } in base64.into_iter().flatten() {
        let name = parse_one(&value, &origin, VariableName::parse)?;
        let mut found = false;
        for key in all.iter_mut().filter(|key| key.name == name) {
            key.encoding = Encoding::Base64;
            found = true;
        }
        if !found {
            return Err(ConfigError::Base64OfNothing {
                origin,
                name,
                replaced: None,
            });
        }
    }
    check_unique(&all)?;
    Ok(all)
}

/// Adds to an error in the levels together what replaced a key of the file, if something did.
#[must_use]
pub fn explain(error: ConfigError, stronger: &Layer, file: &Layer) -> ConfigError {
    match error {
        ConfigError::Base64OfNothing { origin, name, .. } => ConfigError::Base64OfNothing {
            replaced: replaced_key(&name, stronger, file).map(Box::new),
            origin,
            name,
        },
        other => other,
    }
}

fn replaced_key(name: &VariableName, stronger: &Layer, file: &Layer) -> Option<Replaced> {
    let lists = [(&stronger.keys, &file.keys), (&stronger.files, &file.files)];
    lists.into_iter().find_map(|(stronger, weaker)| {
        let mut keys = weaker.iter().flatten();
        let key = keys.find(|key| key.value.name.as_deref() == Some(name.as_str()))?;
        Some(Replaced {
            origin: key.origin.clone(),
            by: first(stronger)?.clone(),
        })
    })
}

fn key(
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
            format!("`{}` has no variable name; write NAME={0}", spec.param),
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
                "`{name}={}` has the parameter before the name; write {}={name}",
                spec.param, spec.param
            ),
        ));
    }
    let name = spec
        .name
        .as_deref()
        .map(|name| parse_one(name, &origin, VariableName::parse))
        .transpose()?;
    let param = value_ref(&spec.param, origin.clone())?;
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
                format!("`{other}` is not valid as an encoding (expected `base64`)"),
            ));
        }
    };
    let max_age = spec
        .max_age
        .map(|text| parse_one(&text, &origin, duration::parse_age))
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

/// Two keys of one name are a mistake: which one is meant is unknown.
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
