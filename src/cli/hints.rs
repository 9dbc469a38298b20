//! Words of other tools, and what to use here.

use super::arguments::{CHECK, COMPLETIONS, INIT, POLICY};
use ssm_exec_core::config::SETTINGS;
use ssm_exec_core::config::setting::{Group, Scope};
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
        &["-with-decryption", "--with-decryption"],
        "values are always decrypted; leave it out",
    ),
    (
        &["-no-fail", "--no-fail"],
        "use `--optional-key [NAME=]PARAM` or `ssm://PARAM?optional` for a parameter that may be missing",
    ),
    (
        &["-template"],
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

/// What to use for another tool's option.
pub(super) fn for_option(name: &str) -> Option<&'static str> {
    OPTIONS
        .iter()
        .find(|(names, _)| names.contains(&name))
        .map(|(_, hint)| *hint)
}

/// The long option that was written with one hyphen.
pub(super) fn with_two_hyphens(name: &str) -> Option<&'static str> {
    let long = name.strip_prefix('-').filter(|long| long.len() > 1)?;
    let mut flags = SETTINGS.iter().flat_map(|row| [row.flag, row.negation]);
    flags.find_map(|flag| flag.filter(|flag| flag.strip_prefix("--") == Some(long)))
}

/// The subcommand that an option belongs to, if it does not belong to all.
pub(super) fn subcommand_of(option: &str) -> Option<&'static str> {
    let mut settings = SETTINGS.iter();
    let setting = settings.find(|setting| setting.flag == Some(option))?;
    match setting.scope {
        Scope::All => None,
        Scope::Check => Some(CHECK),
        Scope::Policy => Some(POLICY),
    }
}

/// What to use for a command that does not exist, if it is a misspelled subcommand or another tool's.
fn for_command(name: &OsString) -> Option<String> {
    let name = name.to_str()?;
    let subcommands = [CHECK, POLICY, INIT, COMPLETIONS];
    if let Some(meant) = words::misspelled(name, subcommands.into_iter()) {
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
pub(super) fn for_dash(name: &str) -> Option<String> {
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
        [CHECK, POLICY, INIT, COMPLETIONS].contains(&name).then(|| {
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
