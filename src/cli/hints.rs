//! Words that other tools have, and what takes their place here: the answer to an unknown option
//! teaches the right one.

use std::ffi::OsString;

/// An option's beginning, and what to say.
const OPTIONS: &[(&str, &str)] = &[
    ("--path", "all below a path is `--prefix PATH`"),
    ("--parameter", "one parameter is `--key [NAME=]PARAM`"),
    ("--name", "one parameter is `--key [NAME=]PARAM`"),
    (
        "-with-decryption",
        "values are always decrypted: leave it out",
    ),
    (
        "--with-decryption",
        "values are always decrypted: leave it out",
    ),
    (
        "-no-fail",
        "a parameter that may be missing is `--optional-key [NAME=]PARAM`, or `ssm://PARAM?optional`",
    ),
    (
        "--no-fail",
        "a parameter that may be missing is `--optional-key [NAME=]PARAM`, or `ssm://PARAM?optional`",
    ),
    (
        "-template",
        "values begin with `ssm://`; there are no templates but `[compose]` in ssm-exec.toml",
    ),
    (
        "--strict",
        "a missing parameter is always an error: leave it out",
    ),
    ("--recursive", "a prefix is always recursive: leave it out"),
    (
        "--secret",
        "a secret of Secrets Manager is `--key NAME=/aws/reference/secretsmanager/NAME`, or `--json` for all its members",
    ),
    (
        "--env",
        "settings that are no secrets go into ssm-exec.toml, or stay in the environment",
    ),
    (
        "--output",
        "nothing is printed: the values go to the command's environment; `ssm-exec check` reports names",
    ),
    (
        "--upcase",
        "names are upper case by default; `--case keep` keeps them",
    ),
];

/// Verbs of other tools, which have no place here.
const VERBS: &[&str] = &[
    "run", "exec", "start", "env", "export", "list", "read", "get", "help",
];

/// What to say of the options before the command, if one is another tool's.
pub(super) fn for_options(arguments: &[OsString]) -> Option<&'static str> {
    let words = arguments.iter().skip(1).filter_map(|word| word.to_str());
    let options = words.take_while(|word| *word != "--");
    options
        .filter(|word| word.starts_with('-'))
        .find_map(|word| OPTIONS.iter().find(|(start, _)| word.starts_with(start)))
        .map(|(_, hint)| *hint)
}

/// What to say of a command that isn't there, if it is another tool's verb.
#[must_use]
pub(crate) fn for_command(name: &OsString) -> Option<String> {
    let verb = VERBS.iter().find(|verb| name == **verb)?;
    Some(format!(
        "there is no `{verb}`: `ssm-exec [OPTIONS] -- COMMAND` starts a command by itself, e.g. `ssm-exec --prefix /org/service -- ./server` (and no program of that name is in PATH)"
    ))
}
