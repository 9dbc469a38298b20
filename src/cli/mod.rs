//! The command line, as clap reads it. What it means is told in `config`.

mod generate;
pub(crate) mod hints;

use crate::config_file::ConfigLocation;
use crate::error::Error;
use clap::error::ErrorKind;
use clap::{ArgAction, Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use ssm_exec_core::config::layer::{KeySpec, Layer, List};
use ssm_exec_core::config::variables::tree;
use ssm_exec_core::origin::{Given, Origin};
use std::ffi::OsString;
use std::mem::ManuallyDrop;
use std::path::PathBuf;

const TEMPLATE: &str = "\
{about}

{usage-heading} {usage}

The two most common uses:
  ssm-exec --prefix /org/api -- ./server     every parameter below /org/api
  ssm-exec --key DATABASE_URL=/org/api/db/url -- ./server

{all-args}{after-help}";

const AFTER: &str = "\
Every option can also be a variable (SSM_EXEC_PREFIX, …; lists by commas or white
space) or a key of ssm-exec.toml (prefix = [\"/org/api\"]). The command line beats
the variables, which beat the file; a list replaces the weaker list. PARAM is a
name or an ARN, then :VERSION or :LABEL, then #FIELD of a JSON value. Without
--no-refs, NAME=ssm://PARAM in the environment is resolved, too.

Exit status: the command's own. If it wasn't started: 64 usage, 78 configuration,
66 a parameter is missing, 65 an unusable value, 77 access denied, 75 try again
later, 126/127 the command can't be executed/isn't found, 128+N signal N.";

/// Start a program with its parameters from AWS SSM Parameter Store in its environment, and nowhere else.
#[derive(Debug, Parser)]
#[command(
    name = "ssm-exec",
    version,
    help_template = TEMPLATE,
    after_help = AFTER,
    override_usage = "ssm-exec [OPTIONS] [--] COMMAND [ARG]...\n       ssm-exec check [OPTIONS]\n       ssm-exec policy [OPTIONS]\n       ssm-exec completions SHELL",
    max_term_width = 80,
    disable_help_subcommand = true,
    args_override_self = true,
    args_conflicts_with_subcommands = false,
    subcommand_negates_reqs = true,
)]
struct Arguments {
    #[command(flatten)]
    options: Options,

    #[command(subcommand)]
    action: Option<Verb>,

    /// The program to start, and its arguments
    #[arg(value_name = "COMMAND", trailing_var_arg = true, allow_hyphen_values = false, num_args = 0..)]
    command: Vec<OsString>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Resolve everything, start nothing, and report: the deploy gate
    Check(CheckOptions),
    /// Print the least IAM policy that this configuration needs
    Policy(PolicyOptions),
    /// Print completions for a shell, or the man page
    Completions {
        /// For what
        kind: generate::Kind,
    },
}

/// Options of `check` alone.
#[derive(Debug, Clone, Args, Default, PartialEq, Eq)]
pub(crate) struct CheckOptions {
    /// Fail (status 1) for parameters that were not changed since, such as 90d
    #[arg(long, value_name = "DURATION")]
    pub max_age: Option<String>,
    /// List what is below a prefix and nothing asks for by name
    #[arg(long)]
    pub unused: bool,
    /// table, json, markdown or toml
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: String,
}

/// Options of `policy` alone.
#[derive(Debug, Clone, Args, Default, PartialEq, Eq)]
pub(crate) struct PolicyOptions {
    /// The account of the parameters; without, the caller's own
    #[arg(long, value_name = "ID")]
    pub account: Option<String>,
    /// The partition: aws, aws-cn or aws-us-gov; without, the region's
    #[arg(long, value_name = "NAME")]
    pub partition: Option<String>,
    /// The KMS key (ARN or id) that encrypts the parameters
    #[arg(long, value_name = "KEY")]
    pub kms_key: Option<String>,
}

#[derive(Debug, Args)]
struct Options {
    /// Every parameter below PATH, recursively; repeatable
    #[arg(
        short,
        long,
        value_name = "PATH[:LABEL]",
        global = true,
        help_heading = "Sources"
    )]
    prefix: Vec<String>,
    /// One parameter; repeatable. Without NAME, it is made from the last segment
    ///
    /// PARAM is a name or an ARN, then `:VERSION` or `:LABEL`, then `#FIELD`, a member
    /// or a JSON Pointer into a JSON value.
    #[arg(
        short,
        long,
        value_name = "[NAME=]PARAM",
        global = true,
        help_heading = "Sources"
    )]
    key: Vec<String>,
    /// The same, and it may be missing
    #[arg(
        long,
        value_name = "[NAME=]PARAM",
        global = true,
        help_heading = "Sources"
    )]
    optional_key: Vec<String>,
    /// A parameter that holds a JSON object: each member becomes a variable
    #[arg(long, value_name = "PARAM", global = true, help_heading = "Sources")]
    json: Vec<String>,
    /// A value in a sealed memory file; NAME holds its path
    #[arg(
        long,
        value_name = "NAME=PARAM",
        global = true,
        help_heading = "Sources"
    )]
    file: Vec<String>,
    /// Decode the value of this key or file from base64
    #[arg(long, value_name = "NAME", global = true, help_heading = "Sources")]
    base64: Vec<String>,
    /// Don't resolve `ssm://PARAM` in inherited variables
    #[arg(long, global = true, help_heading = "Sources")]
    no_refs: bool,
    /// Start without asking SSM, where there is no AWS; defaults apply
    #[arg(long, global = true, help_heading = "Sources")]
    skip: bool,

    /// Of prefixes and JSON objects, take only names that match
    #[arg(long, value_name = "GLOB", global = true, help_heading = "Names")]
    only: Vec<String>,
    /// Of prefixes and JSON objects, leave names out that match
    #[arg(long, value_name = "GLOB", global = true, help_heading = "Names")]
    exclude: Vec<String>,
    /// Put TEXT before names made from paths
    #[arg(long, value_name = "TEXT", global = true, help_heading = "Names")]
    name_prefix: Option<String>,
    /// Case of names made from paths: upper (the default) or keep
    #[arg(long, value_name = "CASE", global = true, help_heading = "Names")]
    case: Option<String>,
    /// Let a prefix or JSON object set this name, which is refused otherwise
    #[arg(long, value_name = "NAME", global = true, help_heading = "Names")]
    allow: Vec<String>,

    /// Refuse to start unless NAME is set and not empty
    #[arg(long, value_name = "NAME", global = true, help_heading = "Environment")]
    require: Vec<String>,
    /// Start from an empty environment
    #[arg(long, global = true, help_heading = "Environment")]
    pristine: bool,
    /// With --pristine, inherit names that match
    #[arg(long, value_name = "GLOB", global = true, help_heading = "Environment")]
    keep: Vec<String>,
    /// A variable that is already set wins over SSM
    #[arg(long, global = true, help_heading = "Environment")]
    keep_existing: bool,
    /// Keep AWS keys and SSM_EXEC_* from the command
    #[arg(long, global = true, help_heading = "Environment")]
    drop_aws_credentials: bool,

    /// The region [AWS_REGION]
    #[arg(long, value_name = "REGION", global = true, help_heading = "AWS")]
    region: Option<String>,
    /// The profile of the shared configuration files [AWS_PROFILE]
    #[arg(long, value_name = "NAME", global = true, help_heading = "AWS")]
    profile: Option<String>,
    /// Another endpoint for SSM [AWS_ENDPOINT_URL_SSM]
    #[arg(long, value_name = "URL", global = true, help_heading = "AWS")]
    endpoint_url: Option<String>,
    /// Let that endpoint be plain http on another machine
    #[arg(long, global = true, help_heading = "AWS")]
    allow_http: bool,
    /// Assume this role
    #[arg(long, value_name = "ARN", global = true, help_heading = "AWS")]
    role_arn: Option<String>,
    /// The external id that the role's trust policy asks for
    #[arg(long, value_name = "ID", global = true, help_heading = "AWS")]
    external_id: Option<String>,
    /// Trust these roots alone, PEM [AWS_CA_BUNDLE]
    #[arg(long, value_name = "FILE", global = true, help_heading = "AWS")]
    ca_bundle: Option<String>,
    /// Everything up to the start, retries included; 30s by default, 8s on Lambda
    #[arg(long, value_name = "DURATION", global = true, help_heading = "AWS")]
    timeout: Option<String>,

    /// This file, and not the nearest ssm-exec.toml
    #[arg(
        long,
        value_name = "FILE",
        global = true,
        help_heading = "General",
        conflicts_with = "no_config"
    )]
    config: Option<PathBuf>,
    /// Look for no file
    #[arg(long, global = true, help_heading = "General")]
    no_config: bool,
    /// Tell more (twice: each step); never a value
    #[arg(short, action = ArgAction::Count, global = true, help_heading = "General")]
    verbose: u8,
    /// Tell errors alone
    #[arg(short, global = true, help_heading = "General")]
    quiet: bool,
    /// Messages as text or json [SSM_EXEC_LOG_FORMAT]
    #[arg(long, value_name = "FORMAT", global = true, help_heading = "General")]
    log_format: Option<String>,
}

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Action {
    /// Start the command.
    Launch(Vec<OsString>),
    /// Report.
    Check(CheckOptions),
    /// Print the policy.
    Policy(PolicyOptions),
    /// Print this text, and end well.
    Print(Vec<u8>),
}

/// The command line, taken apart.
#[derive(Debug)]
pub(crate) struct Invocation {
    /// What is to be done.
    pub action: Action,
    /// What the flags set.
    pub layer: Layer,
    /// `-v`, counted.
    pub verbose: u8,
    /// `-q`
    pub quiet: bool,
    /// `--log-format`
    pub log_format: Option<String>,
    /// `--config` and `--no-config`
    pub config: Option<ConfigLocation>,
}

/// Takes a command line apart.
///
/// # Errors
/// For anything that clap doesn't understand, in one paragraph.
pub(crate) fn parse(arguments: &[OsString]) -> Result<Invocation, Error> {
    // Never dropped: it is fifty options, and the process becomes another one.
    let mut command = ManuallyDrop::new(Arguments::command());
    let parsed = command
        .try_get_matches_from_mut(arguments)
        .and_then(|mut matches| Arguments::from_arg_matches_mut(&mut matches));
    match parsed {
        Ok(arguments) => Ok(invocation(arguments)),
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
            ) =>
        {
            Ok(Invocation {
                action: Action::Print(error.render().to_string().into_bytes()),
                layer: Layer::default(),
                verbose: 0,
                quiet: false,
                log_format: None,
                config: Some(ConfigLocation::None),
            })
        }
        Err(error) => Err(Error::Usage(one_paragraph(
            &error,
            hints::for_options(arguments),
        ))),
    }
}

/// clap's words without its layout: the error, its tip, and where to read on.
fn one_paragraph(error: &clap::Error, hint: Option<&str>) -> String {
    let text = error.render().to_string();
    let text = text.split("\n\nUsage:").next().unwrap_or(&text);
    let text = text
        .split("\n\nFor more information")
        .next()
        .unwrap_or(text);
    let words: Vec<&str> = text
        .trim_start_matches("error: ")
        .split_whitespace()
        .collect();
    let words = words.join(" ");
    match hint {
        // What another tool's word means here is more than the likeliest spelling.
        Some(hint) => {
            let what = words.split(" tip: ").next().unwrap_or_default();
            format!("{what}: {hint}")
        }
        None => format!(
            "{}; `ssm-exec --help` tells the options",
            words.replace(" tip: ", "; ")
        ),
    }
}

fn invocation(arguments: Arguments) -> Invocation {
    let Arguments {
        options,
        action,
        command,
    } = arguments;
    let action = match action {
        None => Action::Launch(command),
        Some(Verb::Check(check)) => Action::Check(check),
        Some(Verb::Policy(policy)) => Action::Policy(policy),
        Some(Verb::Completions { kind }) => Action::Print(generate::generate(kind)),
    };
    let config = match (&options.config, options.no_config) {
        (Some(path), _) => Some(ConfigLocation::File(path.clone())),
        (None, true) => Some(ConfigLocation::None),
        (None, false) => None,
    };
    Invocation {
        action,
        config,
        verbose: options.verbose,
        quiet: options.quiet,
        log_format: options.log_format.clone(),
        layer: layer(options),
    }
}

fn layer(options: Options) -> Layer {
    let single = |optional| move |text: String| KeySpec::from_text(&text, optional);
    let mut keys = list("--key", options.key, single(false));
    if let Some(optional) = list("--optional-key", options.optional_key, single(true)) {
        keys.get_or_insert_default().extend(optional);
    }
    Layer {
        prefix: list("--prefix", options.prefix, |text| tree(&text)),
        keys,
        json: list("--json", options.json, |text| tree(&text)),
        files: list("--file", options.file, single(false)),
        no_refs: switch("--no-refs", options.no_refs),
        require: list("--require", options.require, |text| text),
        only: list("--only", options.only, |text| text),
        exclude: list("--exclude", options.exclude, |text| text),
        name_prefix: text("--name-prefix", options.name_prefix),
        case: text("--case", options.case),
        base64: list("--base64", options.base64, |text| text),
        pristine: switch("--pristine", options.pristine),
        keep: list("--keep", options.keep, |text| text),
        keep_existing: switch("--keep-existing", options.keep_existing),
        allow: list("--allow", options.allow, |text| text),
        skip: switch("--skip", options.skip),
        drop_aws_credentials: switch("--drop-aws-credentials", options.drop_aws_credentials),
        region: text("--region", options.region),
        profile: text("--profile", options.profile),
        endpoint_url: text("--endpoint-url", options.endpoint_url),
        allow_http: switch("--allow-http", options.allow_http),
        role_arn: text("--role-arn", options.role_arn),
        external_id: text("--external-id", options.external_id),
        ca_bundle: text("--ca-bundle", options.ca_bundle),
        timeout: text("--timeout", options.timeout),
        ..Layer::default()
    }
}

fn list<T>(flag: &'static str, texts: Vec<String>, read: impl Fn(String) -> T) -> List<T> {
    let given = |text| Given::new(read(text), Origin::Flag(flag));
    (!texts.is_empty()).then(|| texts.into_iter().map(given).collect())
}

fn text(flag: &'static str, text: Option<String>) -> Option<Given<String>> {
    text.map(|text| Given::new(text, Origin::Flag(flag)))
}

fn switch(flag: &'static str, on: bool) -> Option<Given<bool>> {
    on.then(|| Given::new(true, Origin::Flag(flag)))
}
