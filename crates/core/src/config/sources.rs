//! Prefixes, JSON objects, keys and files, parsed.

use super::given::{each, parse_each, parse_one, parse_text};
use super::layer::{KeySpec, List, NamingSpec, PathSpec, first, place};
use super::{Delivery, Encoding, KeySource, ObjectSource, PrefixSource, duration};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::origin::{Given, Origin};
use crate::parameter::{OnMissing, Prefix, ValueRef};
use crate::toml_text;
use crate::variable::{Case, Glob, Naming, VariableName};
use crate::words::unknown_word;
use std::collections::HashMap;

impl NamingSpec {
    pub(super) fn parse(self) -> Result<Naming, Diagnostic> {
        Ok(Naming {
            prefix: parse_one(self.name_prefix, Naming::parse_prefix)?.unwrap_or_default(),
            case: parse_one(self.case, Case::parse)?.unwrap_or_default(),
            only: parse_each(self.only, Glob::parse)?,
            exclude: parse_each(self.exclude, Glob::parse)?,
        })
    }

    /// The rules of the source that was given at `origin`: its own, and for the rest those for all. Those of a
    /// stronger level override its own.
    fn over(self, origin: &Origin, all: &Self) -> Self {
        fn stronger<T: Clone>(own: Option<T>, all: &Option<T>, is_overridden: bool) -> Option<T> {
            own.filter(|_| !is_overridden).or_else(|| all.clone())
        }
        let by = |place: Option<&Origin>| place.is_some_and(|place| place.overrides(origin));
        Self {
            only: stronger(self.only, &all.only, by(first(&all.only))),
            exclude: stronger(self.exclude, &all.exclude, by(first(&all.exclude))),
            name_prefix: stronger(self.name_prefix, &all.name_prefix, by(place(&all.name_prefix))),
            case: stronger(self.case, &all.case, by(place(&all.case))),
        }
    }
}

fn naming(own: NamingSpec, origin: &Origin, all: &NamingSpec) -> Result<Naming, Diagnostic> {
    // A mistake in what is overridden is one all the same.
    own.clone().parse()?;
    own.over(origin, all).parse()
}

pub(super) fn prefix(given: Given<PathSpec>, all: &NamingSpec) -> Result<PrefixSource, Diagnostic> {
    let (spec, origin) = (given.value, given.origin);
    refuse_name(&spec.text, &origin)?;
    Ok(PrefixSource {
        naming: naming(spec.naming, &origin, all)?,
        optional: spec.optional,
        prefix: parse_text(&spec.text, &origin, Prefix::parse)?,
    })
}

pub(super) fn object(given: Given<PathSpec>, all: &NamingSpec) -> Result<ObjectSource, Diagnostic> {
    let (spec, origin) = (given.value, given.origin);
    refuse_name(&spec.text, &origin)?;
    Ok(ObjectSource {
        naming: naming(spec.naming, &origin, all)?,
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

/// How it is written where it was given.
fn assignment(name: &str, param: &str, origin: &Origin) -> String {
    match origin {
        Origin::File { .. } if is_parameter(name) => {
            format!("{} = {}", toml_text::string(name), toml_text::string(param))
        }
        Origin::File { .. } => format!("{name} = {}", toml_text::string(param)),
        _ => format!("{name}={param}"),
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
        let (reason, written) = match is_parameter(param) {
            false => ("has the parameter before the name", assignment(param, name, &origin)),
            true => ("has no variable's name", assignment("NAME", param, &origin)),
        };
        let why = match delivery {
            Delivery::File => ": the variable gets the path of an in-memory file",
            Delivery::Variable => "",
        };
        return Err(invalid(
            format!("`{}` {reason}", assignment(name, param, &origin)),
            format!("Write `{written}`{why}"),
        ));
    }
    // In a variable, a blank divides the words of a list.
    if let Some(name) = spec.name.as_deref()
        && (name.is_empty() || param.is_empty())
        && !matches!(origin, Origin::File { .. })
    {
        let reason = match (name, param) {
            ("", "") => "is a word of its own",
            ("", _) => "has no name before the `=`",
            _ => "has no parameter after the `=`",
        };
        let message = format!("`{name}={param}` {reason}");
        return Err(invalid(message, "Write `NAME=PARAM`, without blanks".to_owned()));
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
