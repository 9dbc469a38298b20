//! The command line, as clap reads it. What its settings mean is decided in `ssm_exec_core::config`.

mod arguments;
mod document;
mod early;
mod generate;
pub(crate) mod hints;
mod schema;
mod usage;

use document::Document;
pub(crate) use early::Early;
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
    Launch(Words),
    /// Report; the command counts for the size of the environment.
    Check(Vec<OsString>),
    /// Print the policy.
    Policy,
    /// Write a configuration file to begin with.
    Init,
    /// Print this text.
    Print(Vec<u8>),
}

/// The command to start and its arguments.
#[derive(Debug, Clone)]
pub(crate) enum Words {
    /// The first one can be meant as a subcommand.
    Bare(Vec<OsString>),
    /// They follow `--`, after which there are no subcommands.
    Separated(Vec<OsString>),
}

impl Words {
    /// All of them.
    pub(crate) fn all(&self) -> &[OsString] {
        match self {
            Self::Bare(words) | Self::Separated(words) => words,
        }
    }
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
            refuse_contradiction(&matches)?;
            let subcommand = matches.subcommand().map(|(_, matches)| matches);
            let mut levels = [Some(&matches), subcommand].into_iter().flatten();
            match levels.find_map(|matches| usage::one_hyphen(matches, arguments)) {
                Some(mistake) => Err(mistake),
                None => Ok(invocation(&matches, arguments)),
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

/// Two options for one level: which one is meant is unknown.
fn refuse_contradiction(root: &ArgMatches) -> Result<(), String> {
    let levels = [Some(root), root.subcommand().map(|(_, matches)| matches)];
    let is_given = |flag: &str| {
        let mut levels = levels.iter().flatten();
        levels.any(|matches| given(matches, flag))
    };
    if is_given("--quiet") && is_given("--verbose") {
        return Err(
            "`--quiet` cannot be used together with `--verbose`; see `ssm-exec --help`".to_owned(),
        );
    }
    Ok(())
}

fn invocation(root: &ArgMatches, arguments: &[OsString]) -> Invocation {
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
        _ => Action::Launch(launch_words(words(matches), arguments)),
    };
    let mut layer = Layer::default();
    read(root, &mut layer);
    if subcommand.is_some() {
        read(matches, &mut layer);
    }
    Invocation { action, layer }
}

/// The command is the end of the command line, so that what comes before it tells how it was given.
fn launch_words(words: Vec<OsString>, arguments: &[OsString]) -> Words {
    let before = arguments.len() - words.len();
    match before.checked_sub(1).and_then(|at| arguments.get(at)) {
        Some(word) if word == "--" => Words::Separated(words),
        _ => Words::Bare(words),
    }
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

/// Whether an option was given on this level. One that the line does not mention is not defined.
fn given(matches: &ArgMatches, id: &str) -> bool {
    let is_known = matches.try_contains_id(id).is_ok();
    is_known && matches.value_source(id) == Some(clap::parser::ValueSource::CommandLine)
}

fn read_option(setting: &Setting, flag: &'static str, matches: &ArgMatches, layer: &mut Layer) {
    let given = |id: &str| given(matches, id);
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
