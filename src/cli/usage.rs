//! What is wrong with a command line, in one sentence.

use super::arguments::{CHECK, COMPLETIONS, INIT};
use super::early::Early;
use super::hints;
use clap::ArgMatches;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use ssm_exec_core::config::SETTINGS;
use std::ffi::OsString;

/// Describes clap's error by its kind and its context.
pub(super) fn describe(error: &clap::Error, arguments: &[OsString]) -> String {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => Some(texts.join("`, `")),
        _ => None,
    };
    let argument = context(ContextKind::InvalidArg).unwrap_or_default();
    let value = context(ContextKind::InvalidValue).unwrap_or_default();
    let what = match error.kind() {
        ErrorKind::UnknownArgument => {
            if !argument.starts_with('-') {
                if let Some(hint) = hints::for_dash(&argument) {
                    return hint;
                }
                // Its value was taken for a word of its own.
                return match longs_with_one_hyphen(arguments).next() {
                    Some((word, flag)) => unknown_option(word, Some(flag)),
                    None => stray(&argument, arguments),
                };
            }
            let word = written(&argument, arguments);
            if let Some((option, value)) = value_with_dash(&argument, arguments) {
                return format!(
                    "`{option}` needs a value, and `{value}` begins with a dash, as an option does. A value that begins with a dash is written `{option}={value}`"
                );
            }
            if let Some(flag) = hints::with_two_hyphens(&word) {
                return unknown_option(&word, Some(flag));
            }
            if let Some(hint) = hints::for_dash(&word) {
                return hint;
            }
            if let Some(hint) = hints::for_option(&word) {
                return format!("unknown option `{word}`: {hint}");
            }
            if let Some(subcommand) = hints::subcommand_of(&word) {
                return format!(
                    "unknown option `{word}`: it is an option of `ssm-exec {subcommand}`, and is given after `{subcommand}`"
                );
            }
            return unknown_option(&word, context(ContextKind::SuggestedArg).as_deref());
        }
        ErrorKind::InvalidValue if value.is_empty() => format!("`{argument}` needs a value"),
        ErrorKind::InvalidValue => {
            let expected = context(ContextKind::ValidValue).unwrap_or_default();
            let near = context(ContextKind::SuggestedValue)
                .map(|near| format!("; did you mean `{near}`?"))
                .unwrap_or_default();
            format!("`{value}` is not valid for {argument} (expected `{expected}`){near}")
        }
        ErrorKind::TooManyValues => format!("`{argument}` takes no value, but got `{value}`"),
        ErrorKind::MissingRequiredArgument => format!("{argument} is missing"),
        ErrorKind::ArgumentConflict => {
            let other = context(ContextKind::PriorArg).unwrap_or_default();
            format!("`{argument}` cannot be used together with `{other}`")
        }
        ErrorKind::InvalidUtf8 => "an option's value is not UTF-8".to_owned(),
        kind => kind.as_str().unwrap_or("invalid arguments").to_owned(),
    };
    see_help(&what)
}

fn unknown_option(word: &str, near: Option<&str>) -> String {
    see_help(&match near {
        Some(near) => format!("unknown option `{word}`; did you mean `{near}`?"),
        None => format!("unknown option `{word}`"),
    })
}

fn see_help(what: &str) -> String {
    format!("{what}; see `ssm-exec --help`")
}

/// A word that is no option, where only options are expected.
fn stray(word: &str, arguments: &[OsString]) -> String {
    match Early::read(arguments).subcommand {
        Some(CHECK) => format!(
            "`{word}` is not an option. The command follows `--`: `ssm-exec check [OPTIONS] -- {word}`"
        ),
        Some(INIT) if word.starts_with('/') => {
            format!("`{word}` is not an option. Write `ssm-exec init --prefix {word}`")
        }
        Some(COMPLETIONS) => {
            format!("`{word}` is one word too many: completions prints one text at a time")
        }
        Some(subcommand) => {
            format!("`{word}` is not an option, and {subcommand} takes nothing else. Leave it out")
        }
        None => format!("`{word}` is not an option; see `ssm-exec --help`"),
    }
}

/// An option that takes a value, and the word after it that begins with a dash.
fn value_with_dash<'a>(
    argument: &str,
    arguments: &'a [OsString],
) -> Option<(&'static str, &'a str)> {
    arguments.windows(2).find_map(|pair| {
        let [option, value] = pair else { return None };
        let (option, value) = option.to_str().zip(value.to_str())?;
        let setting = SETTINGS.iter().find(|setting| setting.is_option(option))?;
        (value.starts_with(argument) && setting.takes_value())
            .then_some(setting.flag?)
            .map(|flag| (flag, value))
    })
}

/// Describes a long option with one hyphen, of which clap took the end for the value of a short one:
/// `-prefix` is `-p refix`.
pub(super) fn one_hyphen(matches: &ArgMatches, arguments: &[OsString]) -> Option<String> {
    let is_value = |&(word, flag): &(&str, &str)| {
        let values = matches.try_get_many::<String>(flag).ok().flatten();
        let mut values = values.into_iter().flatten();
        values.any(|value| word.get(2..) == Some(option_name(value)))
    };
    let mistake = longs_with_one_hyphen(arguments).find(is_value);
    mistake.map(|(word, flag)| unknown_option(word, Some(flag)))
}

/// The words before `--` that are long options with one hyphen, each with the option.
fn longs_with_one_hyphen(arguments: &[OsString]) -> impl Iterator<Item = (&str, &'static str)> {
    let words = arguments.iter().filter_map(|word| word.to_str());
    let words = words.take_while(|word| *word != "--").map(option_name);
    words.filter_map(|word| Some((word, hints::with_two_hyphens(word)?)))
}

/// An option without the value that follows it after `=`.
fn option_name(word: &str) -> &str {
    word.split('=').next().unwrap_or(word)
}

/// The option as it was written: clap takes `-with-decryption` for a row of one-letter options.
fn written(argument: &str, arguments: &[OsString]) -> String {
    let name = option_name(argument);
    if name.starts_with("--") {
        return name.to_owned();
    }
    let mut options = arguments
        .iter()
        .skip(1)
        .filter_map(|word| word.to_str())
        .take_while(|word| *word != "--");
    // A word that no option takes may follow one of which clap took the end for the value.
    let mut pairs = options.clone().zip(options.clone().skip(1));
    let before =
        pairs.find(|(option, next)| *next == argument && hints::with_two_hyphens(option).is_some());
    if let Some((option, _)) = before {
        return option.to_owned();
    }
    if !name.starts_with('-') {
        return name.to_owned();
    }
    let whole = options
        .find(|word| {
            word.starts_with('-') && !word.starts_with("--") && word[1..].contains(&name[1..])
        })
        .unwrap_or(name);
    let whole = option_name(whole);
    if hints::for_option(whole).is_some() || hints::with_two_hyphens(whole).is_some() {
        whole.to_owned()
    } else {
        name.to_owned()
    }
}
