//! The definition of the command line for clap, made from the table of settings.

use super::Document;
use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, Command};
use ssm_exec_core::config::SETTINGS;
use ssm_exec_core::config::setting::{Group, Kind, Setting, Subcommand};

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

/// The options of `-h`.
#[rustfmt::skip]
const COMMON: &[&str] = &[
    "--prefix", "--key", "--json", "--file", "--only", "--require", "--pristine", "--watch", "--region", "--profile",
    "--stage", "--verbose",
];

const AFTER_HELP: &str = "\
Options can also be given as environment variables and in ssm-exec.toml. The
command line overrides the variables, which override the file. A list is
replaced as a whole.

Exit status: that of the command once it has started. Before: 64 usage,
78 configuration, 66 a parameter is missing, 65 unusable value, 77 access
denied, 75 try again later, 71 refused by the system, 70 bug in ssm-exec,
126/127 the command cannot be executed/is not found, 128+N signal N.";

/// The text of `--help`.
pub(super) fn long_help(subcommand: Option<Subcommand>) -> String {
    of(subcommand).render_long_help().to_string()
}

/// The text of `-h`: one screen, without the groups.
pub(super) fn short_help(subcommand: Option<Subcommand>) -> String {
    let mut command = of(subcommand).mut_args(|arg| arg.help_heading(None));
    command.render_help().to_string()
}

/// The text of `--version`.
pub(super) fn version() -> String {
    command().render_version()
}

fn of(subcommand: Option<Subcommand>) -> Command {
    let mut command = command();
    command.build();
    let found = subcommand.and_then(|it| command.find_subcommand(it.word()));
    found.cloned().unwrap_or(command)
}

/// The definition.
pub(super) fn command() -> Command {
    Command::new("ssm-exec")
        .version(env!("CARGO_PKG_VERSION"))
        .about(ABOUT)
        .override_usage(USAGE)
        .help_template(TEMPLATE)
        .after_long_help(AFTER_HELP)
        .max_term_width(80)
        .disable_help_subcommand(true)
        .args(options(None))
        .arg(words("The program to start, and its arguments").trailing_var_arg(true))
        .subcommands([
            Command::new(Subcommand::Check.word())
                .about("Resolve everything, start nothing, and report")
                .args(options(None))
                .args(options(Some(Subcommand::Check)))
                .arg(
                    words("The program to look up; its arguments count towards the size of the environment")
                        .last(true),
                ),
            Command::new(Subcommand::Policy.word())
                .about("Print the least-privilege IAM policy for this configuration")
                .args(options(None))
                .args(options(Some(Subcommand::Policy))),
            Command::new(Subcommand::Init.word())
                .about("Write an ssm-exec.toml to begin with: the names and types below a prefix, never a value")
                .args(options(None)),
            Command::new(Subcommand::Completions.word())
                .about("Print completions for a shell, the man page, or the schema of ssm-exec.toml")
                .arg(
                    Arg::new("SHELL")
                        .help("The shell, `man` or `schema`")
                        .required(true)
                        .value_parser(PossibleValuesParser::new(Document::WORDS)),
                ),
        ])
        .mut_subcommands(|subcommand| {
            let name = subcommand.get_name().to_owned();
            subcommand.override_usage(usage(&name))
        })
}

/// A subcommand's line of the usage.
fn usage(subcommand: &str) -> &'static str {
    let mut lines = USAGE.lines().map(str::trim);
    let is_of = |line: &&str| line.split(' ').nth(1) == Some(subcommand);
    lines.find(is_of).unwrap_or(USAGE)
}

/// The command to start and its arguments.
fn words(help: &'static str) -> Arg {
    Arg::new("COMMAND").help(help).num_args(0..).hide_short_help(true)
}

pub(super) fn options(taken_by: Option<Subcommand>) -> impl Iterator<Item = Arg> {
    let settings = SETTINGS.iter().filter(move |setting| setting.taken_by == taken_by);
    settings.flat_map(|setting| option(setting).into_iter().chain(negation(setting)))
}

fn option(setting: &'static Setting) -> Option<Arg> {
    let flag = setting.flag?;
    let is_common = COMMON.contains(&flag) || setting.taken_by.is_some();
    let mut arg = Arg::new(flag)
        .long(long(flag))
        .action(action(setting))
        .help_heading(heading(setting))
        .help(setting.help)
        .long_help(long_text(setting))
        .hide_short_help(!is_common);
    if let Some(short) = setting.short {
        arg = arg.short(short);
    }
    if setting.takes_value() {
        arg = arg.value_name(setting.value_name);
    }
    Some(arg)
}

/// The option that switches another one off. It is in no help: `--no-X` is a rule of its own.
fn negation(setting: &'static Setting) -> Option<Arg> {
    let flag = setting.negation?;
    Some(Arg::new(flag).long(long(flag)).action(ArgAction::SetTrue).hide(true))
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

/// What it does, its words, its default, its variables and its details.
fn long_text(setting: &Setting) -> String {
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
    let mut text = setting.help.to_owned();
    if !notes.is_empty() {
        text += &format!(" [{}]", notes.join("; "));
    }
    if !setting.details.is_empty() {
        text += &format!("\n{}", setting.details);
    }
    text
}

fn heading(setting: &Setting) -> &'static str {
    match (setting.group, setting.taken_by) {
        (Group::Command, Some(Subcommand::Check)) => "Options of check",
        (Group::Command, Some(Subcommand::Policy)) => "Options of policy",
        (group, _) => group.word(),
    }
}
