//! The table of settings. One row says everything about an option: how it is written on the command
//! line, in a variable and in the file, and what the help says of it. The command line's parser, the
//! readers of variables and of the file, the layers, the help, the man page, the completions and the
//! tables in the documentation are made from it.
//!
//! To add a setting: add its row, and use its field in `resolve.rs`, which does not compile until then.

use super::layer::{KeySpec, LayerField, List, One, Pair, PathSpec, Slot};
use super::setting::{Group, Kind, Setting, Subcommand};
use crate::contract::ContractSpec;
use crate::origin::Origin;
use crate::variable::Case;

macro_rules! settings {
    ($($(#[$doc:meta])* $field:ident: $type:ty = [$($row:expr),+ $(,)?];)+) => {
        /// What one level of configuration gives. What it does not mention is `None`.
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct Layer { $($(#[$doc])* pub $field: $type,)+ }

        /// Every row of the table.
        pub const SETTINGS: &[Setting] = &[$($(Setting { field: stringify!($field), ..$row },)+)+];

        impl Layer {
            /// Overrides a weaker level: of what both give, this one's applies.
            pub fn over(self, weaker: Self) -> Self {
                Self { $($field: self.$field.or(weaker.$field),)+ }
            }

            /// The lists of a weaker level that this one replaces: where each was given.
            pub fn replaced_lists<'a>(&'a self, weaker: &'a Self) -> Vec<(&'a Origin, &'a Origin)> {
                let pairs = [$((self.$field.list_origin(), weaker.$field.list_origin()),)+];
                pairs.into_iter().filter_map(|(by, replaced)| by.zip(replaced)).collect()
            }

            /// Overrides the rest of a file with a stage: as [`Self::over`], but tables merge by name.
            pub fn merged_over(self, weaker: Self) -> Self {
                Self { $($field: self.$field.merged_over(weaker.$field),)+ }
            }

            /// The field that a setting is written to.
            pub(super) fn slot(&mut self, setting: &Setting) -> Option<Slot<'_>> {
                match setting.field {
                    $(stringify!($field) => Some(self.$field.slot()),)+
                    _ => None,
                }
            }
        }
    };
}

/// A switch: its option with the negation, its variables and its key.
macro_rules! switch {
    ($group:ident, $flag:literal, [$($variable:literal),*], $key:expr, $help:literal) => {
        Setting {
            flag: Some(concat!("--", $flag)),
            negation: Some(concat!("--no-", $flag)),
            variables: &[$($variable),*],
            key: $key,
            ..Setting::new(Kind::Switch, Group::$group, $help)
        }
    };
}

/// An option with a value, its variables and its key.
macro_rules! valued {
    ($kind:expr, $group:ident, $flag:literal $value:literal, [$($variable:literal),*], $key:expr, $help:literal) => {
        Setting {
            flag: Some(concat!("--", $flag)),
            value_name: $value,
            variables: &[$($variable),*],
            key: $key,
            ..Setting::new($kind, Group::$group, $help)
        }
    };
}

/// An option of one subcommand.
macro_rules! own {
    ($subcommand:ident, $kind:expr, $flag:literal $value:literal, $help:literal) => {
        Setting {
            flag: Some(concat!("--", $flag)),
            value_name: $value,
            taken_by: Some(Subcommand::$subcommand),
            ..Setting::new($kind, Group::Command, $help)
        }
    };
}

/// What only the file has.
macro_rules! keyed {
    ($kind:expr, $group:ident, $key:literal $value:literal, $help:literal) => {
        Setting { key: Some($key), value_name: $value, ..Setting::new($kind, Group::$group, $help) }
    };
}

crate::choice! {
    /// Which messages are written.
    pub enum LogLevel {
        /// Why the command was not started.
        Error = "error",
        /// Settings that had no effect, and long waits.
        Warn = "warn",
        /// What was taken from where.
        Info = "info",
        /// Each step.
        Debug = "debug",
        /// Everything.
        Trace = "trace",
    }
}

crate::choice! {
    /// How messages are written.
    pub enum LogFormat {
        /// For people.
        Text = "text",
        /// One JSON object a line; docs/troubleshooting.md has the fields.
        Json = "json",
    }
}

crate::choice! {
    /// How `check` reports.
    pub enum ReportFormat {
        /// For people.
        Table = "table",
        /// For machines; docs/check.md has the fields.
        Json = "json",
        /// For a contract that is committed.
        Markdown = "markdown",
        /// A configuration file that names each parameter.
        Toml = "toml",
    }
}

crate::choice! {
    /// Whether TLS 1.3 agrees on its keys with a method that a quantum computer does not break either.
    #[derive(Default)]
    pub enum PostQuantum {
        /// Where the server can.
        #[default]
        Prefer = "prefer",
        /// A server that cannot is refused.
        Require = "require",
        /// Never.
        Off = "off",
    }
}

settings! {
    /// `--prefix`
    prefix: List<PathSpec> = [Setting {
        short: Some('p'),
        details: "Only whole path segments match: /org/api does not include /org/api-v2. With :LABEL, each parameter's labelled version is fetched. A prefix without parameters is an error, unless ssm-exec.toml marks it optional.",
        ..valued!(Kind::Paths("path"), Sources, "prefix" "PATH[:LABEL]", ["SSM_EXEC_PREFIX"], Some("prefix"), "Fetch every parameter below PATH, recursively; repeatable")
    }];

    /// `--key` and `--optional-key`: one list
    keys: List<KeySpec> = [
        Setting {
            short: Some('k'),
            details: "PARAM is a name or an ARN, then :VERSION or :LABEL, then #FIELD, a member of a JSON value or a JSON Pointer into it. Without NAME, the variable is named after the last segment of the path.",
            ..valued!(Kind::Keys { optional: false }, Sources, "key" "[NAME=]PARAM", ["SSM_EXEC_KEY"], Some("keys"), "Fetch one parameter; repeatable")
        },
        Setting {
            details: "The variable is left out if the parameter does not exist.",
            ..valued!(Kind::Keys { optional: true }, Sources, "optional-key" "[NAME=]PARAM", ["SSM_EXEC_OPTIONAL_KEY"], None, "Fetch one parameter that may be missing; repeatable")
        },
    ];

    /// `--json`
    json: List<PathSpec> = [Setting {
        details: "Strings are taken without their quotes, other values as they are written. Members that are null are left out.",
        ..valued!(Kind::Paths("param"), Sources, "json" "PARAM", ["SSM_EXEC_JSON"], Some("json"), "Make a variable of each member of a JSON object; repeatable")
    }];

    /// `--file`
    files: List<KeySpec> = [Setting {
        details: "For keys, certificates and values that contain NUL bytes or are too long for a variable. In ssm-exec.toml, a template makes a file of several values.",
        ..valued!(Kind::Keys { optional: false }, Sources, "file" "NAME=PARAM", ["SSM_EXEC_FILE"], Some("files"), "Put a value in an in-memory file, and its path in NAME; repeatable")
    }];

    /// `--base64`
    base64: List<String> = [
        valued!(Kind::List, Sources, "base64" "NAME", ["SSM_EXEC_BASE64"], Some("base64"), "Decode the value of this key or file from Base64; repeatable")
    ];

    /// `--no-refs`
    no_refs: One<bool> = [Setting {
        negation: Some("--refs"),
        details: "By default, NAME=ssm://PARAM in the environment is replaced by the parameter's value; #FIELD may follow, and after it ?optional or ?default=TEXT.",
        ..switch!(Sources, "no-refs", ["SSM_EXEC_NO_REFS"], Some("no_refs"), "Do not resolve ssm://PARAM in inherited variables")
    }];

    /// `--skip`
    skip: One<bool> = [Setting {
        details: "Defaults apply, optional parameters are left out, and required variables are still checked. Needs no Region and no credentials.",
        ..switch!(Sources, "skip", ["SSM_EXEC_SKIP"], Some("skip"), "Start the command without fetching from SSM")
    }];

    /// `--only`
    only: List<String> = [
        valued!(Kind::List, Names, "only" "GLOB", ["SSM_EXEC_ONLY"], Some("only"), "Only take names that match GLOB from prefixes and JSON objects")
    ];

    /// `--exclude`
    exclude: List<String> = [
        valued!(Kind::List, Names, "exclude" "GLOB", ["SSM_EXEC_EXCLUDE"], Some("exclude"), "Leave out names that match GLOB from prefixes and JSON objects")
    ];

    /// `--name-prefix`
    name_prefix: One<String> = [
        valued!(Kind::Text, Names, "name-prefix" "TEXT", ["SSM_EXEC_NAME_PREFIX"], Some("name_prefix"), "Prefix names made from paths with TEXT")
    ];

    /// `--case`
    case: One<String> = [Setting {
        default: Some("upper"),
        ..valued!(Kind::Choice(Case::WORDS), Names, "case" "CASE", ["SSM_EXEC_CASE"], Some("case"), "Case of names made from paths")
    }];

    /// `--allow`
    allow: List<String> = [Setting {
        details: "These names control the dynamic loader, a shell, a language runtime or the AWS SDK. --key NAME=PARAM sets them without --allow.",
        ..valued!(Kind::List, Names, "allow" "NAME", ["SSM_EXEC_ALLOW"], Some("allow"), "Allow prefixes and JSON objects to set NAME, which is refused by default")
    }];

    /// `--require`
    require: List<String> = [
        valued!(Kind::List, Environment, "require" "NAME", ["SSM_EXEC_REQUIRE"], Some("require"), "Refuse to start unless NAME is set and not empty")
    ];

    /// `[contract]`, which only the file has
    contract: List<ContractSpec> = [Setting {
        details: "docs/contract.md has the rules. A variable that breaks one is an error that names the rule, never the value.",
        ..keyed!(Kind::Contract, Environment, "contract" "RULES", "What each variable must be: NAME = { type = \"url\", secure = true }")
    }];

    /// `--closed`
    closed: One<bool> = [
        switch!(Environment, "closed", ["SSM_EXEC_CLOSED"], Some("closed"), "Refuse variables of prefixes and JSON objects that the contract does not name")
    ];

    /// `--pristine`
    pristine: One<bool> = [
        switch!(Environment, "pristine", ["SSM_EXEC_PRISTINE"], Some("pristine"), "Start from an empty environment")
    ];

    /// `--keep`
    keep: List<String> = [
        valued!(Kind::List, Environment, "keep" "GLOB", ["SSM_EXEC_KEEP"], Some("keep"), "With --pristine, inherit matching names")
    ];

    /// `--keep-existing`
    keep_existing: One<bool> = [
        switch!(Environment, "keep-existing", ["SSM_EXEC_KEEP_EXISTING"], Some("keep_existing"), "Do not replace variables that are already set")
    ];

    /// `--strict`
    strict: One<bool> = [Setting {
        details: "A warning is about a setting that had no effect, such as a pattern of --only that matches no name.",
        ..switch!(Environment, "strict", ["SSM_EXEC_STRICT"], Some("strict"), "Treat warnings about settings as errors")
    }];

    /// `--drop-aws-credentials`
    drop_aws_credentials: One<bool> = [
        Setting {
            details: "Profiles, roles, token files and the container's credential endpoint are dropped too. The instance metadata service and ~/.aws stay.",
            ..switch!(Environment, "drop-aws-credentials", ["SSM_EXEC_DROP_AWS_CREDENTIALS"], Some("drop_aws_credentials"), "Do not pass AWS credentials and SSM_EXEC_* to the command")
        }
    ];

    /// `--no-core`
    no_core: One<bool> = [Setting {
        negation: Some("--core"),
        details: "A core dump contains the environment, and systemd-coredump reads it even where the core limit is 0. Sets the core limit to 1 and the core dump filter to 0, for the command and its children.",
        ..switch!(Environment, "no-core", ["SSM_EXEC_NO_CORE"], Some("no_core"), "Do not let the command dump core")
    }];

    /// `--allow-snapshot`
    allow_snapshot: One<bool> = [Setting {
        details: "Without it, a function with SnapStart does not start: the snapshot would contain the secrets, as they were when it was published.",
        ..switch!(Environment, "allow-snapshot", ["SSM_EXEC_ALLOW_SNAPSHOT"], Some("allow_snapshot"), "Allow Lambda to store the secrets in a snapshot (SnapStart)")
    }];

    /// `drop`, which only the file has
    drop: List<String> = [
        keyed!(Kind::List, Environment, "drop" "GLOB", "Leave these variables out of the final environment, such as the parts of composed ones")
    ];

    /// `[compose]`, which only the file has
    compose: List<Pair> = [
        keyed!(Kind::Pairs { interpolated: false }, Environment, "compose" "TEMPLATE", "Compose variables from others: NAME = \"${OTHER|url}\"; filters are url, json, yaml, xml, shell, pgpass and base64")
    ];

    /// `[rename]`, which only the file has
    rename: List<Pair> = [
        keyed!(Kind::Pairs { interpolated: true }, Environment, "rename" "NAME", "Rename variables: OLD = \"NEW\"")
    ];

    /// `--watch`
    watch: One<String> = [Setting {
        negation: Some("--no-watch"),
        details: "A small process beside the command asks for the versions of the parameters at this interval. At least 1s; `off` switches it off. It needs Linux 5.3, and does not work on Lambda.",
        ..valued!(Kind::Duration, Rotation, "watch" "DURATION", ["SSM_EXEC_WATCH"], Some("watch.every"), "Send a signal to the command when its parameters have changed")
    }];

    /// `--on-change`
    on_change: One<String> = [Setting {
        details: "With TERM, whatever started the command starts it again. The variables of a running process cannot change: a reload brings no new value.",
        default: Some("TERM"),
        ..valued!(Kind::Text, Rotation, "on-change" "SIGNAL", ["SSM_EXEC_ON_CHANGE"], Some("watch.on_change"), "The signal that --watch sends")
    }];

    /// `--on-file-change`
    on_file_change: One<String> = [Setting {
        details: "The in-memory files are written again, and the command gets this signal, such as HUP, to read them. Where a variable has changed too, or the command has no handler for it, --on-change follows.",
        ..valued!(Kind::Text, Rotation, "on-file-change" "SIGNAL", ["SSM_EXEC_ON_FILE_CHANGE"], Some("watch.on_file_change"), "The signal that --watch sends when only values of --file have changed")
    }];

    /// `--settle`
    settle: One<String> = [Setting {
        details: "The same new values must be found twice, this far apart, so that a user and a password that are rotated in turn are one change.",
        default: Some("30s"),
        ..valued!(Kind::Duration, Rotation, "settle" "DURATION", ["SSM_EXEC_SETTLE"], Some("watch.settle"), "How long parameters must stay the same before --watch sends its signal")
    }];

    /// `--trigger`
    trigger: One<String> = [Setting {
        details: "The rotation writes this parameter last. A change to it takes effect at once, without --settle.",
        ..valued!(Kind::Text, Rotation, "trigger" "PARAM", ["SSM_EXEC_TRIGGER"], Some("watch.trigger"), "Watch this parameter only")
    }];

    /// `--region`
    region: One<String> = [
        valued!(Kind::Text, Aws, "region" "REGION", ["AWS_REGION", "AWS_DEFAULT_REGION"], Some("aws.region"), "The AWS Region of the parameters")
    ];

    /// `--profile`
    profile: One<String> = [Setting {
        details: "The option takes precedence over credentials in the environment; the variable and the file do not, as in the AWS CLI.",
        ..valued!(Kind::Text, Aws, "profile" "NAME", ["AWS_DEFAULT_PROFILE", "AWS_PROFILE"], Some("aws.profile"), "The profile of the shared AWS configuration files")
    }];

    /// `--endpoint-url`
    endpoint_url: One<String> = [Setting {
        variables_ignored_by: Some("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"),
        ..valued!(Kind::Text, Aws, "endpoint-url" "URL", ["AWS_ENDPOINT_URL_SSM", "AWS_ENDPOINT_URL"], Some("aws.endpoint_url"), "Send SSM requests to this endpoint")
    }];

    /// `--allow-http`
    allow_http: One<bool> = [
        switch!(Aws, "allow-http", ["SSM_EXEC_ALLOW_HTTP"], Some("allow_http"), "Allow plain HTTP to an endpoint on another machine")
    ];

    /// `--role-arn`
    role_arn: One<String> = [
        valued!(Kind::Text, Aws, "role-arn" "ARN", ["SSM_EXEC_ROLE_ARN"], Some("aws.role_arn"), "Assume this role first")
    ];

    /// `--external-id`
    external_id: One<String> = [
        valued!(Kind::Text, Aws, "external-id" "ID", ["SSM_EXEC_EXTERNAL_ID"], Some("aws.external_id"), "The external ID that the role's trust policy requires")
    ];

    /// `--reason`
    reason: One<String> = [Setting {
        details: "Up to 50 letters, digits and -._+#, such as a ticket, and never a secret: it is in the user agent of each request.",
        ..valued!(Kind::Text, Aws, "reason" "TEXT", ["SSM_EXEC_REASON"], Some("aws.reason"), "Why the parameters are read, for CloudTrail")
    }];

    /// `use_fips`, which no option sets
    use_fips: One<bool> = [Setting {
        variables: &["AWS_USE_FIPS_ENDPOINT"],
        key: Some("aws.use_fips"),
        details: "`use_fips_endpoint` of the profile too. Parameter Store has some in the United States and Canada only, and the cryptography of ssm-exec itself is not a validated module.",
        ..Setting::new(Kind::Switch, Group::Aws, "Use AWS's endpoints with validated cryptography (FIPS 140)")
    }];

    /// `use_dualstack`, which no option sets
    use_dualstack: One<bool> = [Setting {
        variables: &["AWS_USE_DUALSTACK_ENDPOINT"],
        key: Some("aws.use_dualstack"),
        details: "`use_dualstack_endpoint` of the profile too. A machine without IPv4 needs them.",
        ..Setting::new(Kind::Switch, Group::Aws, "Use AWS's endpoints that have IPv6 as well as IPv4")
    }];

    /// `--ca-bundle`
    ca_bundle: One<String> = [
        valued!(Kind::Text, Aws, "ca-bundle" "FILE", ["AWS_CA_BUNDLE"], Some("aws.ca_bundle"), "Trust only the root certificates in this PEM file")
    ];

    /// `--post-quantum`
    post_quantum: One<String> = [Setting {
        details: "With X25519MLKEM768, what is recorded today cannot be decrypted by a quantum computer later. `require` refuses a server without it.",
        default: Some("prefer"),
        ..valued!(Kind::Choice(PostQuantum::WORDS), Aws, "post-quantum" "WHEN", ["SSM_EXEC_POST_QUANTUM"], Some("aws.post_quantum"), "When TLS uses a post-quantum key exchange")
    }];

    /// `--timeout`
    timeout: One<String> = [Setting {
        default: Some("30s; 8s on Lambda"),
        ..valued!(Kind::Duration, Aws, "timeout" "DURATION", ["SSM_EXEC_TIMEOUT"], Some("timeout"), "Time limit for everything before the start, retries included")
    }];

    /// `--wait`
    wait: One<String> = [Setting {
        details: "A denial, a missing parameter and unknown credentials may only need time, and are asked for again every few seconds, each attempt within --timeout. An explicit deny ends at once.",
        ..valued!(Kind::Duration, Aws, "wait" "DURATION", ["SSM_EXEC_WAIT"], Some("wait"), "Wait so long for access and parameters that are not there yet")
    }];

    /// `--max-parameters`
    max_parameters: One<String> = [Setting {
        default: Some("10000"),
        ..valued!(Kind::Number, Aws, "max-parameters" "N", ["SSM_EXEC_MAX_PARAMETERS"], Some("max_parameters"), "Fail if a prefix has more than N parameters")
    }];

    /// `command`, which only the file has
    command: List<String> = [
        keyed!(Kind::Words, General, "command" "COMMAND", "The command to start when the command line has none")
    ];

    /// `--config`
    config: One<String> = [Setting {
        details: "Without it, ssm-exec.toml in the working directory or the nearest ancestor is used, if it belongs to you or root.",
        ..valued!(Kind::Text, General, "config" "FILE", ["SSM_EXEC_CONFIG"], None, "Use this configuration file")
    }];

    /// `--no-config`
    no_config: One<bool> = [Setting {
        negation: None,
        ..switch!(General, "no-config", ["SSM_EXEC_NO_CONFIG"], None, "Do not load a configuration file")
    }];

    /// `--stage`
    stage: One<String> = [Setting {
        default: Some("`default_stage` of the file"),
        details: "Its table [stage.NAME] overrides the rest of the file: lists replace, tables merge by name.",
        ..valued!(Kind::Text, General, "stage" "NAME", ["SSM_EXEC_STAGE"], None, "Use this stage of the configuration file")
    }];

    /// `default_stage`, which only the file has
    default_stage: One<String> = [
        keyed!(Kind::Text, General, "default_stage" "NAME", "The stage that applies where none is chosen")
    ];

    /// `--verbose`, `--quiet` and the log level
    log: One<String> = [
        Setting {
            variables: &["SSM_EXEC_LOG"],
            key: Some("log"),
            value_name: "LEVEL",
            default: Some("warn"),
            ..Setting::new(Kind::Choice(LogLevel::WORDS), Group::General, "Which messages are written to stderr; never a value")
        },
        Setting {
            flag: Some("--verbose"),
            short: Some('v'),
            ..Setting::new(Kind::Count(&["info", "debug", "trace"]), Group::General, "Increase verbosity; repeatable")
        },
        Setting {
            flag: Some("--quiet"),
            short: Some('q'),
            ..Setting::new(Kind::Constant("error"), Group::General, "Only print errors")
        },
    ];

    /// `--log-format`
    log_format: One<String> = [Setting {
        default: Some("text"),
        ..valued!(Kind::Choice(LogFormat::WORDS), General, "log-format" "FORMAT", ["SSM_EXEC_LOG_FORMAT"], Some("log_format"), "Format of messages")
    }];

    /// `check --format`
    format: One<String> = [Setting {
        default: Some("table"),
        ..own!(Check, Kind::Choice(ReportFormat::WORDS), "format" "FORMAT", "Format of the report")
    }];

    /// `check --fingerprint`
    fingerprint: One<bool> = [Setting {
        details: "One SHA-256 of the settings, the names and the versions; no value is read, except from Secrets Manager, whose secrets have no versions here.",
        ..own!(Check, Kind::Switch, "fingerprint" "", "Print a fingerprint of the configuration and the versions of its parameters")
    }];

    /// `check --unchanged-since`
    unchanged_since: One<String> = [
        own!(Check, Kind::Text, "unchanged-since" "FINGERPRINT", "Exit with 0 if the fingerprint is still this one, else with 1")
    ];

    /// `check --max-age`
    max_age: One<String> = [
        own!(Check, Kind::Duration, "max-age" "DURATION", "Fail with status 1 if a parameter has not changed for longer than DURATION, such as 90d")
    ];

    /// `check --unused`
    unused: One<bool> = [
        own!(Check, Kind::Switch, "unused" "", "List parameters below a prefix that no key and no required variable names")
    ];

    /// `check --identity`
    identity: One<bool> = [Setting {
        details: "One request to STS, which needs no permission. Without it, the report names the account and the role only where they are known, or after a failure.",
        ..own!(Check, Kind::Switch, "identity" "", "Ask STS for the account and the ARN of the caller, and report them")
    }];

    /// `check --processes`
    processes: One<String> = [
        own!(Check, Kind::Number, "processes" "N", "Report how long the quota keeps N processes that start at once")
    ];

    /// `check --all-stages`
    all_stages: One<bool> = [
        own!(Check, Kind::Switch, "all-stages" "", "Check every stage, with a report for each")
    ];

    /// `policy --account`
    account: One<String> = [Setting {
        default: Some("the caller's"),
        ..own!(Policy, Kind::Text, "account" "ID", "The account ID of the parameters")
    }];

    /// `policy --partition`
    partition: One<String> = [Setting {
        default: Some("the Region's"),
        ..own!(Policy, Kind::Text, "partition" "NAME", "The partition, such as aws, aws-cn or aws-us-gov")
    }];

    /// `policy --kms-key`
    kms_key: One<String> = [
        own!(Policy, Kind::Text, "kms-key" "KEY", "The ID or ARN of the KMS key that encrypts the parameters")
    ];
}

#[cfg(test)]
mod tests;
