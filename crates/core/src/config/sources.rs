//! Prefixes, JSON objects, keys and files, parsed.

use super::given::{each, parse_one, parse_text};
use super::layer::{KeySpec, List, PathSpec};
use super::{Delivery, Encoding, KeySource, ObjectSource, PrefixSource, duration};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::origin::{Given, Origin};
use crate::parameter::{OnMissing, Prefix, ValueRef};
use crate::variable::{Case, Glob, Naming, VariableName};
use crate::words::unknown_word;
use std::collections::HashMap;

/// The naming rules for all sources, with those of one source over them.
fn own_naming(spec: &PathSpec, origin: &Origin, all: &Naming) -> Result<Naming, Diagnostic> {
    let globs = |own: &Option<Vec<String>>, all: &[Given<Glob>]| match own {
        None => Ok(all.to_vec()),
        Some(texts) => texts
            .iter()
            .map(|text| {
                let glob = parse_text(text, origin, Glob::parse)?;
                Ok(Given::new(glob, origin.clone()))
            })
            .collect(),
    };
    let given = |text: &Option<String>| {
        let text = text.clone();
        text.map(|text| Given::new(text, origin.clone()))
    };
    let prefix = parse_one(given(&spec.name_prefix), Naming::parse_prefix)?;
    Ok(Naming {
        prefix: prefix.unwrap_or_else(|| all.prefix.clone()),
        case: parse_one(given(&spec.case), Case::parse)?.unwrap_or(all.case),
        only: globs(&spec.only, &all.only)?,
        exclude: globs(&spec.exclude, &all.exclude)?,
    })
}

pub(super) fn prefix(given: Given<PathSpec>, naming: &Naming) -> Result<PrefixSource, Diagnostic> {
    let (spec, origin) = (given.value, given.origin);
    refuse_name(&spec.text, &origin)?;
    Ok(PrefixSource {
        naming: own_naming(&spec, &origin, naming)?,
        optional: spec.optional,
        prefix: parse_text(&spec.text, &origin, Prefix::parse)?,
    })
}

pub(super) fn object(given: Given<PathSpec>, naming: &Naming) -> Result<ObjectSource, Diagnostic> {
    let (spec, origin) = (given.value, given.origin);
    refuse_name(&spec.text, &origin)?;
    Ok(ObjectSource {
        naming: own_naming(&spec, &origin, naming)?,
        optional: spec.optional,
        param: parse_text(&spec.text, &origin, ValueRef::parse)?,
    })
}

/// A prefix, a JSON object and a trigger have no name of their own.
pub(super) fn refuse_name(text: &str, origin: &Origin) -> Result<(), Diagnostic> {
    match text.split_once('=') {
        Some((name, param)) if is_parameter(param) => {
            let message = format!("`{name}=` names a variable, which has no meaning here");
            Err(Diagnostic::invalid(message, format!("Write `{param}`")).at(origin.clone()))
        }
        _ => Ok(()),
    }
}

fn is_parameter(text: &str) -> bool {
    text.starts_with('/') || text.starts_with("arn:")
}

/// Keys and files, with those decoded that `base64` names; a file with a template is no source. Two of one
/// name are a mistake: which one is meant is unknown.
pub(super) fn keys(
    keys: List<KeySpec>,
    files: List<KeySpec>,
    base64: List<String>,
    naming: &Naming,
) -> Result<Vec<KeySource>, Diagnostic> {
    let mut all = each(keys, |given| key(given, Delivery::Variable, naming))?;
    let files = files.map(|mut files| {
        files.retain(|file| file.value.param().is_some());
        files
    });
    all.extend(each(files, |given| key(given, Delivery::File, naming))?);
    let mut places = HashMap::with_capacity(all.len());
    for (at, key) in all.iter().enumerate() {
        if let Some(earlier) = places.insert(key.name.clone(), at) {
            let earlier: &KeySource = &all[earlier];
            let message = format!(
                "{} is given twice, as `{}` and as `{}`",
                key.name, earlier.param, key.param
            );
            let help = "Give one of them another name, NAME=PARAM, or remove it";
            let error = Diagnostic::with_help(Code::Collision, message, [help]);
            let parameters = [&earlier.param.parameter, &key.param.parameter];
            let error = error.variables([&key.name]).parameters(parameters);
            return Err(error.at(key.origin.clone()));
        }
    }
    for Given { value, origin } in base64.into_iter().flatten() {
        let name = parse_text(&value, &origin, VariableName::parse)?;
        let Some(&at) = places.get(&name) else {
            let message = format!("there is no key and no file {name} to decode from Base64");
            let correction =
                format!("Add `--key {name}=PARAM` or `--file {name}=PARAM`, or remove {name} here");
            return Err(Diagnostic::invalid(message, correction).at(origin));
        };
        all[at].encoding = Encoding::Base64;
    }
    Ok(all)
}

fn key(
    given: Given<KeySpec>,
    delivery: Delivery,
    naming: &Naming,
) -> Result<KeySource, Diagnostic> {
    let (spec, origin) = (given.value, given.origin);
    let invalid = |message: String, correction: String| {
        Diagnostic::invalid(message, correction).at(origin.clone())
    };
    let Some(param) = spec.param() else {
        let message = "a variable has no template in `[keys]`";
        let correction = "Write it in `[compose]`, or in `[files]` for a file".to_owned();
        return Err(invalid(message.to_owned(), correction));
    };
    if spec.name.is_none() && delivery == Delivery::File {
        let message = format!("`{param}` has no variable's name");
        return Err(invalid(message, format!("Write `NAME={param}`")));
    }
    if let Some(name) = spec.name.as_deref().filter(|name| is_parameter(name)) {
        let message = format!("`{name}={param}` has the parameter before the name");
        return Err(invalid(message, format!("Write `{param}={name}`")));
    }
    let name = spec.name.as_deref();
    let name = name.map(|name| parse_text(name, &origin, VariableName::parse));
    let name = name.transpose()?;
    let param = parse_text(param, &origin, ValueRef::parse)?;
    let name = match name {
        Some(name) => name,
        None => naming.name(param.last_word()).map_err(|name| {
            let message =
                format!("`{param}` would become the variable `{name}`, which begins with a digit");
            let help = format!("Give it a name, `NAME={param}`, or use `--name-prefix TEXT`");
            Diagnostic::with_help(Code::InvalidName, message, [help]).at(origin.clone())
        })?,
    };
    let given = |text: Option<String>| text.map(|text| Given::new(text, origin.clone()));
    let encoding = parse_one(given(spec.encoding), |text| match text {
        "base64" => Ok(Encoding::Base64),
        other => Err(unknown_word(other, &["base64"])),
    })?;
    Ok(KeySource {
        name,
        param,
        absence: match (spec.default, spec.optional) {
            (Some(text), _) => OnMissing::Default(text),
            (None, true) => OnMissing::Omit,
            (None, false) => OnMissing::Fail,
        },
        encoding: encoding.unwrap_or(Encoding::Plain),
        delivery,
        max_age: parse_one(given(spec.max_age), duration::parse_age)?,
        origin,
    })
}
