//! What a configuration means: its levels merged and parsed, so that nothing downstream checks again. Knows no AWS type and no secret.

mod aws;
mod check;
mod choice;
mod compose;
pub mod duration;
mod entries;
mod file;
mod given;
mod interpolate;
pub mod layer;
mod misplaced;
mod reader;
mod resolve;
pub mod setting;
mod settings;
mod sources;
mod stage;
mod texts;
mod unknown_variable;
mod unused;
mod variables;
mod watch;

pub use check::{CheckOptions, FingerprintOptions, refuse_beside_all_stages};
pub use file::ConfigFile;
pub use settings::{Layer, LogFormat, LogLevel, PostQuantum, ReportFormat, SETTINGS};
pub use stage::{is_in_stage, refuse_stage};
pub(crate) use variables::{QUOTES, carriage_return};
pub use variables::{log_format, read_variables, refuse_quotes};
pub use watch::{ChangeSignal, Watch};

use crate::arn::Arn;
use crate::contract::Contract;
use crate::diagnostic::Diagnostic;
use crate::endpoint::Endpoint;
use crate::kms_key::KmsKey;
use crate::origin::{Given, Origin};
use crate::parameter::{OnMissing, ParameterRef, Prefix, ValueRef};
use crate::reason::Reason;
use crate::region::Region;
use crate::template::Template;
use crate::variable::{Glob, Naming, VariableName};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// The maximum number of parameters below a prefix, unless configured.
pub const MAX_PARAMETERS: usize = 10_000;

/// A valid configuration.
#[derive(Debug, Clone)]
pub struct Config {
    pub sources: Sources,
    /// Rules for the final environment.
    pub rules: Rules,
    /// What the variables must be.
    pub contract: Contract,
    pub aws: Aws,
    /// The time limit for everything before `execve`.
    pub timeout: Duration,
    /// For so long, what AWS may only need time for is asked for again.
    pub wait: Duration,
    /// The maximum number of parameters below a prefix.
    pub max_parameters: usize,
    /// Where it was given that fetching is skipped, if it is.
    pub skip: Option<Origin>,
    /// The command dumps no core.
    pub no_core: bool,
    pub strict: bool,
    /// Whether a stage of the file was chosen.
    pub has_stage: bool,
    /// The settings that have no effect beside the others.
    pub without_effect: Vec<Diagnostic>,
    /// The file's command, for when the command line has none.
    pub command: Vec<OsString>,
    /// How the running command follows changed parameters, if it does.
    pub watch: Option<Watch>,
    pub logging: Logging,
    /// Options of `check`.
    pub check: CheckOptions,
    /// Options of `policy`.
    pub policy: PolicyOptions,
}

/// How messages are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Logging {
    /// Messages below this level are dropped.
    pub level: LogLevel,
    /// Text or JSON.
    pub format: LogFormat,
}

/// Options of `policy`.
#[derive(Debug, Clone)]
pub struct PolicyOptions {
    /// Twelve digits; the caller's account if absent.
    pub account: Option<String>,
    /// The region's partition if absent.
    pub partition: Option<String>,
    /// The key that encrypts the parameters.
    pub kms_key: Option<KmsKey>,
}

/// Which configuration file is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigLocation {
    /// No file.
    None,
    /// This file, which must exist; its owner does not matter.
    File(Given<PathBuf>),
    /// `ssm-exec.toml` in the working directory or its nearest ancestor.
    Nearest,
}

/// The sources of values.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// In the order given.
    pub prefixes: Vec<PrefixSource>,
    /// In the order given.
    pub objects: Vec<ObjectSource>,
    pub keys: Vec<KeySource>,
    /// Whether `ssm://` in the inherited environment is resolved.
    pub references: bool,
    /// The parameter whose change announces that of all others; it sets no variable.
    pub trigger: Option<ParameterRef>,
}

/// Every parameter below a path.
#[derive(Debug, Clone)]
pub struct PrefixSource {
    pub prefix: Prefix,
    /// Whether it may have no parameters.
    pub optional: bool,
    /// How variable names are made from it.
    pub naming: Naming,
}

/// A JSON object whose members become variables.
#[derive(Debug, Clone)]
pub struct ObjectSource {
    pub param: ValueRef,
    /// Whether it may be missing.
    pub optional: bool,
    /// How variable names are made from it.
    pub naming: Naming,
}

/// One value for one variable.
#[derive(Debug, Clone)]
pub struct KeySource {
    pub name: VariableName,
    pub param: ValueRef,
    /// What happens when it does not exist.
    pub absence: OnMissing,
    /// How the value is encoded.
    pub encoding: Encoding,
    /// How the command receives it.
    pub delivery: Delivery,
    /// Its maximum age, if it has one of its own.
    pub max_age: Option<Duration>,
    pub origin: Origin,
}

/// How a value is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Not at all.
    Plain,
    /// In Base64, for binary values.
    Base64,
}

/// How the command receives a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// In the variable.
    Variable,
    /// In a sealed memory file, whose path is in the variable.
    File,
}

/// Rules for the final environment.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// With `--pristine`, the patterns of names that are inherited.
    pub pristine: Option<Vec<Given<Glob>>>,
    /// Whether variables that are already set are kept.
    pub keep_existing: bool,
    /// Whether AWS credentials and `SSM_EXEC_*` are removed.
    pub drop_aws_credentials: bool,
    /// Names that are allowed although the denylist has them.
    pub allow: Vec<Given<VariableName>>,
    /// Names that must be set and not empty.
    pub require: Vec<VariableName>,
    /// Variables and files composed from variables.
    pub compose: Vec<Composed>,
    /// Variables that get another name.
    pub rename: Vec<Rename>,
    /// Patterns of names that are removed at the end.
    pub drop: Vec<Given<Glob>>,
}

/// A variable that gets another name.
#[derive(Debug, Clone)]
pub struct Rename {
    pub from: VariableName,
    pub to: VariableName,
    pub origin: Origin,
}

/// A variable or a file made from variables.
#[derive(Debug, Clone)]
pub struct Composed {
    pub name: VariableName,
    /// Texts and the variables between them.
    pub template: Template,
    /// How the command receives it.
    pub delivery: Delivery,
    pub origin: Origin,
}

/// AWS session settings.
#[derive(Debug, Clone, Default)]
pub struct Aws {
    /// The region, if an option, a variable or the file has it.
    pub region: Option<Given<Region>>,
    /// The profile of the shared configuration files.
    pub profile: Option<Given<String>>,
    /// Where SSM is, if not where the region says.
    pub endpoint: Option<Given<Endpoint>>,
    pub role_arn: Option<Given<Arn>>,
    /// The external ID in that role's trust policy.
    pub external_id: Option<String>,
    /// Why the parameters are read.
    pub reason: Option<Reason>,
    /// Whether AWS's FIPS endpoints are used, if anything but the profile says so.
    pub use_fips: Option<bool>,
    /// The same of those with IPv6.
    pub use_dualstack: Option<bool>,
    /// The only root certificates that are trusted.
    pub ca_bundle: Option<Given<PathBuf>>,
    /// Whether secrets may travel over plain HTTP to another machine.
    pub allow_http: bool,
    /// Whether TLS uses a post-quantum key exchange.
    pub post_quantum: PostQuantum,
}

impl Aws {
    /// The profile that was chosen, or else that of the AWS CLI.
    pub fn profile_name(&self) -> &str {
        self.profile.as_ref().map_or("default", |given| given.value.as_str())
    }
}

impl Sources {
    /// Whether nothing at all is asked for.
    pub fn are_empty(&self) -> bool {
        self.prefixes.is_empty() && self.objects.is_empty() && self.keys.is_empty()
    }

    /// Every parameter that is asked for by its own name, references aside.
    pub fn parameters(&self) -> impl Iterator<Item = &ParameterRef> {
        let keys = self.keys.iter().map(|key| &key.param.parameter);
        keys.chain(self.objects.iter().map(|object| &object.param.parameter)).chain(&self.trigger)
    }
}

/// A file without a chosen stage.
#[cfg(test)]
pub(crate) fn parse_file(
    path: &std::path::Path,
    text: &str,
    inherited: &crate::inherited::Inherited<'_>,
) -> Result<Layer, Diagnostic> {
    ConfigFile::parse(path, &path.to_string_lossy(), text, inherited)?.layer(None)
}

#[cfg(test)]
mod tests;
