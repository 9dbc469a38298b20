//! The command line, as clap reads it. What its settings mean is decided in `ssm_exec_core::config`.

mod arguments;
mod document;
mod generate;
pub(crate) mod hints;
mod schema;
mod usage;

use document::Document;
use generate::generate;

use arguments::Extent;
use clap::ArgMatches;
use clap::error::ErrorKind;
use ssm_exec_core::config::setting::{Kind, Setting};
use ssm_exec_core::config::{Layer, SETTINGS};
use ssm_exec_core::origin::Origin;
use std::ffi::OsString;

/// What the command line asks for.
#[derive(Debug)]
pub(crate) enum Action {
    /// Start this command, or the configuration's if it is empty.
    Launch(Vec<OsString>),
    /// Report; the command counts for the size of the environment.
    Check(Vec<OsString>),
    /// Print the policy.
    Policy,
    /// Write a configuration file to begin with.
    Init,
    /// Print this text.
    Print(Vec<u8>),
}

/// A command line, parsed.
#[derive(Debug)]
pub(crate) struct Invocation {
    /// What to do.
    pub(crate) action: Action,
    /// The settings that its options give.
    pub(crate) layer: Layer,
}

/// Parses a command line.
///
/// # Errors
/// What is wrong with it, in one sentence.
pub(crate) fn parse(arguments: &[OsString]) -> Result<Invocation, String> {
    // Building every option takes longer than the rest of the parse: what the line does not mention is
    // left out, until there is an error to explain or help to print.
    let matches = arguments::command(Extent::Mentioned(arguments))
        .try_get_matches_from(arguments)
        .or_else(|_| arguments::command(Extent::Full).try_get_matches_from(arguments));
    match matches {
        Ok(matches) => {
            let subcommand = matches.subcommand().map(|(_, matches)| matches);
            let mut levels = [Some(&matches), subcommand].into_iter().flatten();
            match levels.find_map(|matches| usage::one_hyphen(matches, arguments)) {
                Some(mistake) => Err(mistake),
                None => Ok(invocation(&matches)),
            }
        }
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
            ) =>
        {
            Ok(Invocation {
                action: Action::Print(error.render().to_string().into_bytes()),
                layer: Layer::default(),
            })
        }
        Err(error) => Err(usage::describe(&error, arguments)),
    }
}

fn invocation(root: &ArgMatches) -> Invocation {
    let (subcommand, matches) = root
        .subcommand()
        .map_or((None, root), |(name, matches)| (Some(name), matches));
    let action = match subcommand {
        Some(arguments::CHECK) => Action::Check(words(matches)),
        Some(arguments::POLICY) => Action::Policy,
        Some(arguments::INIT) => Action::Init,
        Some(arguments::COMPLETIONS) => {
            let document = matches.get_one::<Document>(arguments::DOCUMENT);
            Action::Print(document.map_or_else(Vec::new, |document| generate(*document)))
        }
        _ => Action::Launch(words(matches)),
    };
    let mut layer = Layer::default();
    read(root, &mut layer);
    if subcommand.is_some() {
        read(matches, &mut layer);
    }
    Invocation { action, layer }
}

fn words(matches: &ArgMatches) -> Vec<OsString> {
    matches
        .get_many::<OsString>(arguments::COMMAND)
        .into_iter()
        .flatten()
        .cloned()
        .collect()
}

/// Adds the options of one level: before the subcommand, or after it.
fn read(matches: &ArgMatches, layer: &mut Layer) {
    for setting in SETTINGS {
        if let Some(flag) = setting.flag {
            read_option(setting, flag, matches, layer);
        }
    }
}

fn read_option(setting: &Setting, flag: &'static str, matches: &ArgMatches, layer: &mut Layer) {
    let given = |id: &str| {
        let is_known = matches.try_contains_id(id).is_ok();
        is_known && matches.value_source(id) == Some(clap::parser::ValueSource::CommandLine)
    };
    let origin = Origin::Flag(flag);
    match setting.kind {
        Kind::Switch => {
            // Of an option and its negation, the last one counts.
            let place = |id: &'static str| given(id).then(|| (matches.index_of(id), id));
            let last = place(flag).max(setting.negation.and_then(place));
            if let Some((_, id)) = last {
                layer.set_switch(setting, id == flag, Origin::Flag(id));
            }
        }
        Kind::Constant(word) if given(flag) => layer.add_option(setting, word, &origin),
        Kind::Count(words) if given(flag) => {
            let count = usize::from(matches.get_count(flag)).clamp(1, words.len());
            layer.add_option(setting, words[count - 1], &origin);
        }
        _ if given(flag) => {
            for text in matches.get_many::<String>(flag).into_iter().flatten() {
                layer.add_option(setting, text, &origin);
            }
        }
        _ => {}
    }
}
