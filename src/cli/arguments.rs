//! The definition of the command line for clap, made from the table of settings.

use super::document::Document;
use clap::builder::{OsStringValueParser, PossibleValuesParser, TypedValueParser};
use clap::{Arg, ArgAction, Command};
use ssm_exec_core::config::SETTINGS;
use ssm_exec_core::config::setting::{Group, Kind, Scope, Setting};
use std::ffi::OsString;

pub(super) const CHECK: &str = "check";
pub(super) const POLICY: &str = "policy";
pub(super) const INIT: &str = "init";
pub(super) const COMPLETIONS: &str = "completions";
/// The command to start and its arguments.
pub(super) const COMMAND: &str = "COMMAND";
/// What `completions` prints.
pub(super) const DOCUMENT: &str = "SHELL";

const ABOUT: &str =
    "Start a program with parameters from AWS SSM Parameter Store in its environment";

const USAGE: &str = "ssm-exec [OPTIONS] [--] COMMAND [ARG]...
       ssm-exec check [OPTIONS] [-- COMMAND [ARG]...]
       ssm-exec policy [OPTIONS]
       ssm-exec init --prefix PATH [OPTIONS]
       ssm-exec completions SHELL";

const TEMPLATE: &str = "\
{about}

{usage-heading} {usage}

Examples:
  ssm-exec --prefix /org/api -- ./server     Every parameter below /org/api
  ssm-exec --key DATABASE_URL=/org/api/db/url -- ./server
  ssm-exec check --prefix /org/api           What the command would get

{all-args}{after-help}";

const AFTER_HELP: &str = "\
Options can also be given as environment variables and in ssm-exec.toml. The
command line overrides the variables, which override the file. A list is
replaced as a whole.

Exit status: that of the command once it has started. Before: 64 usage,
78 configuration, 66 a parameter is missing, 65 unusable value, 77 access
denied, 75 try again later, 71 refused by the system, 70 bug in ssm-exec,
126/127 the command cannot be executed/is not found, 128+N signal N.";

/// The man page's synopsis.
pub(super) const SYNOPSIS: &str = r".SH SYNOPSIS
.B ssm\-exec
[\fIOPTIONS\fR] [\-\-] \fICOMMAND\fR [\fIARG\fR]...
.br
.B ssm\-exec check
[\fIOPTIONS\fR] [\-\- \fICOMMAND\fR [\fIARG\fR]...]
.br
.B ssm\-exec policy
[\fIOPTIONS\fR]
.br
.B ssm\-exec init
\-\-prefix \fIPATH\fR [\fIOPTIONS\fR]
.br
.B ssm\-exec completions
\fISHELL\fR
";

/// The man page's last sections.
pub(super) const MAN_SECTIONS: &str = r".SH FILES
.TP
.I ssm\-exec.toml
The configuration file, in the working directory or its nearest ancestor.
.TP
.I ~/.aws/config, ~/.aws/credentials
Profiles, as for the AWS CLI.
.SH EXIT STATUS
Once the command has started, the status is its own. Before:
.TP
.B 64
Usage: the command line.
.TP
.B 65
A value that cannot be used.
.TP
.B 66
A parameter, or a required variable, is missing.
.TP
.B 70
A bug in ssm\-exec.
.TP
.B 71
The system refused what a start needs.
.TP
.B 75
Try again later: throttled, unreachable, a server error, a timeout.
.TP
.B 77
Access denied, or no valid credentials.
.TP
.B 78
Configuration: the file or a variable.
.TP
.B 126, 127
The command cannot be executed, or is not found.
.TP
.B 128+N
Signal N arrived before the start.
.SH SEE ALSO
.BR env (1),
.BR execve (2),
.BR sysexits.h (3head)
";

/// Which options are built.
#[derive(Clone, Copy)]
pub(super) enum Extent<'a> {
    /// Those that this command line mentions, without help.
    Mentioned(&'a [OsString]),
    /// All of them, with help.
    Full,
}

impl Extent<'_> {
    fn is_full(self) -> bool {
        matches!(self, Self::Full)
    }

    fn includes_subcommand(self, name: &str) -> bool {
        match self {
            Self::Mentioned(arguments) => arguments.iter().any(|word| word == name),
            Self::Full => true,
        }
    }

    fn includes(self, flag: &str, short: Option<char>) -> bool {
        let Self::Mentioned(arguments) = self else {
            return true;
        };
        arguments.iter().any(|word| {
            let word = word.as_encoded_bytes();
            let long = word.strip_prefix(flag.as_bytes());
            let is_long = long.is_some_and(|rest| rest.is_empty() || rest[0] == b'=');
            let is_short = short.is_some_and(|short| {
                word.starts_with(b"-") && word.iter().any(|&byte| char::from(byte) == short)
            });
            is_long || is_short
        })
    }
}

/// The definition.
pub(super) fn command(extent: Extent<'_>) -> Command {
    let mut command = Command::new("ssm-exec")
        .version(env!("CARGO_PKG_VERSION"))
        .override_usage(USAGE)
        .max_term_width(80)
        .disable_help_subcommand(true)
        .args_override_self(true)
        .args(options(Scope::All, extent))
        .arg(
            Arg::new(COMMAND)
                .value_name("COMMAND")
                .help("The program to start, and its arguments")
                .value_parser(OsStringValueParser::new())
                .num_args(0..)
                .trailing_var_arg(true),
        )
        .subcommands(subcommands(extent));
    if extent.is_full() {
        command = command
            .about(ABOUT)
            .help_template(TEMPLATE)
            .after_help(AFTER_HELP);
    }
    command
}

fn subcommands(extent: Extent<'_>) -> [Command; 4] {
    let check = Command::new(CHECK)
        .about("Resolve everything, start nothing, and report")
        .args(options_of(CHECK, extent))
        .args(options(Scope::Check, extent))
        .arg(
            Arg::new(COMMAND)
                .value_name("COMMAND")
                .help("The program whose arguments count towards the size of the environment")
                .value_parser(OsStringValueParser::new())
                .num_args(0..)
                .last(true),
        );
    let policy = Command::new(POLICY)
        .about("Print the least-privilege IAM policy for this configuration")
        .args(options_of(POLICY, extent))
        .args(options(Scope::Policy, extent));
    let init = Command::new(INIT)
        .about(
            "Write an ssm-exec.toml to begin with: the names and types below a prefix, never a value",
        )
        .args(options_of(INIT, extent));
    let completions = Command::new(COMPLETIONS)
        .about("Print completions for a shell, the man page, or the schema of ssm-exec.toml")
        .args(options_of(COMPLETIONS, extent))
        .arg(
            Arg::new(DOCUMENT)
                .help("The shell, `man` or `schema`")
                .required(true)
                .value_parser(
                    PossibleValuesParser::new(Document::WORDS)
                        .try_map(|word| Document::parse(&word)),
                ),
        );
    [check, policy, init, completions]
}

/// The options for all, of a subcommand that the line mentions. They are added to each: clap's global
/// arguments would drop what was given before the subcommand if it is given after it too.
fn options_of(subcommand: &str, extent: Extent<'_>) -> impl Iterator<Item = Arg> {
    extent
        .includes_subcommand(subcommand)
        .then(|| options(Scope::All, extent))
        .into_iter()
        .flatten()
}

fn options(scope: Scope, extent: Extent<'_>) -> impl Iterator<Item = Arg> {
    SETTINGS
        .iter()
        .filter(move |setting| setting.scope == scope)
        .flat_map(move |setting| {
            option(setting, extent)
                .into_iter()
                .chain(negation(setting, extent))
        })
}

fn option(setting: &'static Setting, extent: Extent<'_>) -> Option<Arg> {
    let flag = setting
        .flag
        .filter(|flag| extent.includes(flag, setting.short))?;
    let mut arg = Arg::new(flag).long(long(flag)).action(action(setting));
    if let Some(short) = setting.short {
        arg = arg.short(short);
    }
    if setting.takes_value() {
        arg = arg.value_name(setting.value_name);
    }
    if !extent.is_full() {
        return Some(arg);
    }
    if let Kind::Choice(words) = setting.kind {
        arg = arg
            .value_parser(PossibleValuesParser::new(words))
            .hide_possible_values(true);
    }
    let help = short_help(setting);
    if !setting.details.is_empty() {
        arg = arg.long_help(format!("{help}\n\n{}", setting.details));
    }
    Some(arg.help(help).help_heading(heading(setting)))
}

/// The option that switches another one off. It is in no help: `--no-X` is a rule of its own.
fn negation(setting: &'static Setting, extent: Extent<'_>) -> Option<Arg> {
    let flag = setting
        .negation
        .filter(|flag| extent.includes(flag, None))?;
    Some(
        Arg::new(flag)
            .long(long(flag))
            .action(ArgAction::SetTrue)
            .hide(true),
    )
}

fn long(flag: &'static str) -> &'static str {
    flag.trim_start_matches('-')
}

fn action(setting: &Setting) -> ArgAction {
    match setting.kind {
        Kind::Switch | Kind::Constant(_) => ArgAction::SetTrue,
        Kind::Count(_) => ArgAction::Count,
        Kind::Text | Kind::Number | Kind::Duration | Kind::Choice(_) => ArgAction::Set,
        Kind::List
        | Kind::Paths(_)
        | Kind::Keys { .. }
        | Kind::Contract
        | Kind::Words
        | Kind::Pairs { .. } => ArgAction::Append,
    }
}

/// One line: what it does, its words, its default, its variables.
fn short_help(setting: &Setting) -> String {
    let mut notes = Vec::new();
    if let Kind::Choice(words) = setting.kind {
        notes.push(words.join(", "));
    }
    if let Some(default) = setting.default {
        notes.push(format!("default: {default}"));
    }
    if !setting.variables.is_empty() {
        notes.push(format!("env: {}", setting.variables.join(", ")));
    }
    match notes.as_slice() {
        [] => setting.help.to_owned(),
        notes => format!("{} [{}]", setting.help, notes.join("; ")),
    }
}

fn heading(setting: &Setting) -> &'static str {
    match (setting.group, setting.scope) {
        (Group::Command, Scope::Check) => "Options of check",
        (Group::Command, Scope::Policy) => "Options of policy",
        (group, _) => group.heading(),
    }
}
