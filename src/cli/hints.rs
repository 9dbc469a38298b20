//! Words of other tools, and what to use here.

use super::Subcommand;
use ssm_exec_core::config::SETTINGS;
use ssm_exec_core::config::setting::Group;
use ssm_exec_core::words;
use std::ffi::OsString;

/// Options of other tools.
const OPTIONS: &[(&[&str], &str)] = &[
    (
        &["--path", "--paths"],
        "use `--prefix PATH` for every parameter below a path",
    ),
    (
        &["--parameter", "--parameters", "--name", "--names"],
        "use `--key [NAME=]PARAM` for one parameter",
    ),
    (
        &["--with-decryption"],
        "values are always decrypted; leave it out",
    ),
    (
        &["--no-fail"],
        "use `--optional-key [NAME=]PARAM` or `ssm://PARAM?optional` for a parameter that may be missing",
    ),
    (
        &["--template"],
        "references begin with `ssm://`; `[compose]` in ssm-exec.toml has templates",
    ),
    (
        &["--recursive"],
        "a prefix is always recursive; leave it out",
    ),
    (
        &["--secret", "--secrets", "--secret-id"],
        "use `--key NAME=/aws/reference/secretsmanager/NAME` for a secret of Secrets Manager, or `--json` for all its members",
    ),
    (
        &["--env", "--env-file"],
        "values that are not secret belong in the environment; settings of ssm-exec in ssm-exec.toml",
    ),
    (
        &["--output"],
        "use `ssm-exec check --format table|json|markdown|toml` for a report; values go to the command's environment only",
    ),
    (
        &["--upcase"],
        "names are upper case by default; `--case keep` keeps the case",
    ),
    (
        &["--dry-run"],
        "use `ssm-exec check`, which resolves everything and starts nothing",
    ),
];

/// Subcommands of other tools that start a program.
const STARTING: &[&str] = &["run", "exec", "start", "env"];
/// Subcommands of other tools that show something.
const SHOWING: &[&str] = &[
    "list", "ls", "export", "get", "read", "print", "show", "dry-run", "help",
];

/// Whether a word with one hyphen is meant to be a long option: one of ours, or another tool's.
pub(super) fn is_long_with_one_hyphen(name: &str) -> bool {
    let long = format!("-{name}");
    name.len() > 2 && (is_option(&long) || for_option(&long).is_some())
}

fn is_option(name: &str) -> bool {
    name == "--version" || flags().any(|flag| flag == name)
}

fn flags() -> impl Iterator<Item = &'static str> {
    SETTINGS
        .iter()
        .flat_map(|row| [row.flag, row.negation])
        .flatten()
}

/// What to use for another tool's option.
fn for_option(name: &str) -> Option<&'static str> {
    let mut hints = OPTIONS.iter();
    hints.find_map(|(names, hint)| names.contains(&name).then_some(*hint))
}

/// Describes an option that does not exist, or not here.
pub(super) fn unknown_option(name: &str) -> String {
    let long = format!("--{}", name.trim_start_matches('-'));
    if let Some(hint) = for_option(&long) {
        return format!("unknown option `{name}`: {hint}");
    }
    if let Some(setting) = SETTINGS.iter().find(|row| row.flag == Some(name))
        && let Some(subcommand) = Subcommand::of(setting.scope)
    {
        let subcommand = subcommand.word();
        return format!(
            "unknown option `{name}`: it is an option of `ssm-exec {subcommand}`, and is given after `{subcommand}`"
        );
    }
    let near = match is_option(&long) {
        true => Some(long.as_str()),
        false => words::nearest(name, flags()),
    };
    see_help(&match near {
        Some(near) => format!("unknown option `{name}`; did you mean `{near}`?"),
        None => format!("unknown option `{name}`"),
    })
}

pub(super) fn see_help(what: &str) -> String {
    format!("{what}; see `ssm-exec --help`")
}

/// Describes a word that is no option, where only options are expected.
pub(super) fn stray(subcommand: Subcommand, word: &str) -> String {
    if let Some(hint) = for_dash(word) {
        return hint;
    }
    match subcommand {
        Subcommand::Check => format!(
            "`{word}` is not an option. The command follows `--`: `ssm-exec check [OPTIONS] -- {word}`"
        ),
        Subcommand::Init if word.starts_with('/') => {
            format!("`{word}` is not an option. Write `ssm-exec init --prefix {word}`")
        }
        Subcommand::Completions => {
            format!("`{word}` is one word too many: completions prints one text at a time")
        }
        Subcommand::Init | Subcommand::Policy => format!(
            "`{word}` is not an option, and {} takes nothing else. Leave it out",
            subcommand.word()
        ),
    }
}

/// What to use for a command that does not exist, if it is a misspelled subcommand or another tool's.
fn for_command(name: &OsString) -> Option<String> {
    let name = name.to_str()?;
    let subcommands = Subcommand::WORDS.iter().copied();
    if let Some(meant) = words::misspelled(name, subcommands) {
        return Some(format!(
            "`{name}` is neither a subcommand nor a program in PATH; did you mean `ssm-exec {meant}`?"
        ));
    }
    if STARTING.contains(&name) {
        return Some(format!(
            "`{name}` is neither a subcommand nor a program in PATH; write the command itself: `ssm-exec --prefix /org/service -- ./server`"
        ));
    }
    SHOWING.contains(&name).then(|| {
        format!(
            "`{name}` is neither a subcommand nor a program in PATH; `ssm-exec check` shows what the command would get, `ssm-exec --help` the options"
        )
    })
}

/// Characters that editors and web pages put in place of a hyphen.
const DASHES: &[char] = &[
    '\u{2010}', '\u{2011}', '\u{2012}', '\u{2013}', '\u{2014}', '\u{2015}', '\u{2212}',
];

/// What to write in place of an option that begins with another dash.
fn for_dash(name: &str) -> Option<String> {
    let option = name.trim_start_matches(DASHES).trim_start_matches('-');
    let hyphens = match option.chars().count() {
        0 => return None,
        1 => "-",
        _ => "--",
    };
    name.starts_with(DASHES).then(|| {
        format!("`{name}` begins with a dash that is not a hyphen. Write `{hyphens}{option}`")
    })
}

/// What was meant by a word after `--` that is no command: an option, or a subcommand.
pub(crate) fn for_separated_word(word: &OsString) -> Option<String> {
    let name = word.to_str()?;
    if name.starts_with('-') {
        return Some(format!(
            "`{name}` is after the `--`, where the command begins. Write options of ssm-exec before the `--`"
        ));
    }
    let dash = for_dash(name);
    dash.or_else(|| {
        Subcommand::parse(name).is_ok().then(|| {
            format!(
                "`{name}` is after the `--`, where the command begins, and there is no such program in PATH. For the subcommand, leave out the `--`: `ssm-exec {name}`"
            )
        })
    })
}

/// What was meant by a word without a `--` before it that is no command: an option that begins with another dash,
/// or a subcommand, misspelled or another tool's.
pub(crate) fn for_bare_word(word: &OsString) -> Option<String> {
    for_dash(word.to_str()?).or_else(|| for_command(word))
}

/// The option that gives sources, or the file that has them, if `word` is one. A short option is one only with
/// a parameter after it: other programs have `-p` too.
pub(crate) fn source_option(word: &str, next: Option<&str>) -> Option<&'static str> {
    let name = word.split('=').next().unwrap_or(word);
    let mut settings = SETTINGS
        .iter()
        .filter(|row| row.group == Group::Sources || row.field == "config");
    settings.find_map(|row| {
        let flag = row.flag?;
        let short = row.short.map(|short| format!("-{short}"));
        let is_short = short.as_deref() == Some(word)
            && next.is_some_and(|next| next.starts_with('/') || next.contains("=/"));
        (name == flag || is_short).then_some(flag)
    })
}
