//! From what the levels give to a valid configuration.

use super::given::{count, each, on, parse, parse_each, parse_one, parse_text};
use super::layer::{Content, List, NamingSpec, One, Pair, TemplateSpec};
use super::settings::{Layer, LogFormat, LogLevel, PostQuantum};
use super::{
    Aws, CheckOptions, Config, ConfigLocation, KeySource, Logging, MAX_PARAMETERS, PolicyOptions,
    Rename, Rules, Sources, aws, compose, duration, sources, unused, watch,
};
use crate::contract::{Contract, ContractSpec, Rule};
use crate::diagnostic::Diagnostic;
use crate::inherited::Inherited;
use crate::kms_key::KmsKey;
use crate::origin::{Given, Origin};
use crate::parameter::OnMissing;
use crate::reason::Reason;
use crate::region::{Region, parse_partition};
use crate::variable::{Glob, VariableName};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// The time limit where nothing else is configured.
const TIMEOUT: Duration = Duration::from_secs(30);
/// On Lambda, which ends a silent init phase after 10 s: ours must come first.
const LAMBDA_TIMEOUT: Duration = Duration::from_secs(8);
/// A longer one means the same, and would overflow what the clock can represent.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

impl Config {
    /// Parses the merged levels.
    ///
    /// # Errors
    /// The first setting that cannot be used, with the place where it was given.
    pub fn resolve(layer: Layer, inherited: &Inherited<'_>) -> Result<Self, Diagnostic> {
        let logging = layer.logging()?;
        let check = CheckOptions::resolve(&layer)?;
        let without_effect = unused::find(&layer);
        let is_lambda =
            inherited.get("AWS_LAMBDA_RUNTIME_API").is_some_and(|address| !address.is_empty());
        let is_skipped = on(layer.skip.clone());
        // Nothing is fetched with `--skip`, so there is nothing to follow.
        let watch = watch::resolve(&layer, is_lambda && !is_skipped)?.filter(|_| !is_skipped);
        // Every field by name: a setting that is not used here does not compile.
        let Layer {
            prefix,
            keys,
            json,
            files,
            base64,
            no_refs,
            skip,
            only,
            exclude,
            name_prefix,
            case,
            allow,
            require,
            contract,
            closed,
            pristine,
            keep,
            keep_existing,
            drop_aws_credentials,
            no_core,
            allow_snapshot,
            strict,
            drop,
            compose: composed,
            rename,
            region,
            profile,
            endpoint_url,
            allow_http,
            role_arn,
            external_id,
            reason,
            use_fips,
            use_dualstack,
            ca_bundle,
            post_quantum,
            timeout,
            wait,
            max_parameters,
            command,
            account,
            partition,
            kms_key,
            // In `watch.rs`.
            watch: _,
            on_change: _,
            on_file_change: _,
            settle: _,
            trigger: _,
            // In `check.rs`.
            format: _,
            fingerprint: _,
            unchanged_since: _,
            max_age: _,
            unused: _,
            identity: _,
            processes: _,
            // Used before there is a configuration.
            config: _,
            no_config: _,
            all_stages: _,
            stage: _,
            default_stage,
            log: _,
            log_format: _,
        } = layer;
        let names = NamingSpec { only, exclude, name_prefix, case };
        let naming = names.clone().parse()?;
        let keep = parse_each(keep, Glob::parse)?;
        let pristine = on(pristine);
        if let (false, Some(glob)) = (pristine, keep.first()) {
            let pristine = match glob.origin {
                Origin::File { .. } => "pristine = true",
                _ => "--pristine",
            };
            let message = format!("`{}` has no effect without `{pristine}`", glob.value.as_str());
            let correction =
                format!("Add `{pristine}`, or remove it: the command inherits everything");
            return Err(Diagnostic::invalid(message, correction).at(glob.origin.clone()));
        }
        let allow_http = on(allow_http);
        let default_timeout = if is_lambda { LAMBDA_TIMEOUT } else { TIMEOUT };
        let skip = skip.filter(|given| given.value).map(|given| given.origin);
        if skip.is_none() && !on(allow_snapshot) {
            refuse_snapshot(inherited)?;
        }
        let composed_files = compose::files(&files)?;
        let sources = Sources {
            prefixes: each(prefix, |given| sources::prefix(given, &names))?,
            objects: each(json, |given| sources::object(given, &names))?,
            keys: sources::keys(keys, files, base64, &naming)?,
            references: !on(no_refs),
            trigger: watch.as_ref().and_then(|watch| watch.trigger.clone()),
        };
        let rules = Rules {
            pristine: pristine.then_some(keep),
            keep_existing: on(keep_existing),
            drop_aws_credentials: on(drop_aws_credentials),
            allow: parse_each(allow, VariableName::parse)?,
            require: each(require, |name| {
                parse_text(&name.value, &name.origin, VariableName::parse)
            })?,
            compose: compose::resolve(composed, composed_files, &sources.keys)?,
            rename: each(rename, renamed)?,
            drop: parse_each(drop, Glob::parse)?,
        };
        let contract = self::contract(contract, closed)?;
        check_defaults(&sources.keys, &rules, &contract)?;
        Ok(Self {
            sources,
            rules,
            contract,
            aws: Aws {
                region: region.map(|given| parse(given, Region::parse)).transpose()?,
                profile,
                endpoint: endpoint_url.map(|url| aws::endpoint(url, allow_http)).transpose()?,
                role_arn: role_arn.map(|given| parse(given, aws::role)).transpose()?,
                external_id: external_id.map(|given| given.value),
                reason: parse_one(reason, Reason::parse)?,
                use_fips: use_fips.map(|given| given.value),
                use_dualstack: use_dualstack.map(|given| given.value),
                ca_bundle: ca_bundle.map(path).transpose()?,
                allow_http,
                post_quantum: parse_one(post_quantum, PostQuantum::parse)?.unwrap_or_default(),
            },
            timeout: timeout.map_or(Ok(default_timeout), time_limit)?,
            wait: wait.map_or(Ok(Duration::ZERO), |given| waiting(given, is_lambda))?,
            max_parameters: parse_one(max_parameters, count)?.unwrap_or(MAX_PARAMETERS),
            skip,
            no_core: on(no_core),
            strict: on(strict),
            has_stage: default_stage.is_some(),
            without_effect,
            watch,
            command: command.into_iter().flatten().map(|word| OsString::from(word.value)).collect(),
            logging,
            check,
            policy: PolicyOptions {
                account: parse_one(account, aws::account)?,
                partition: parse_one(partition, parse_partition)?,
                kms_key: parse_one(kms_key, KmsKey::parse)?,
            },
        })
    }
}

impl Layer {
    /// Reads the templates that are in files of their own.
    ///
    /// # Errors
    /// When `read` cannot read one.
    pub fn read_templates(
        &mut self,
        read: impl Fn(&str) -> Result<String, Diagnostic>,
    ) -> Result<(), Diagnostic> {
        for Given { value, origin } in self.files.iter_mut().flatten() {
            if let Content::Template(TemplateSpec { path: Some(path), text }) = &mut value.content {
                *text = read(path).map_err(|error| error.at(origin.clone()))?;
            }
        }
        Ok(())
    }

    /// How messages are written, as far as this level tells.
    ///
    /// # Errors
    /// For a word that is no level or no format.
    pub fn logging(&self) -> Result<Logging, Diagnostic> {
        let format = parse_one(self.log_format.clone(), LogFormat::parse)?;
        Ok(Logging {
            level: parse_one(self.log.clone(), LogLevel::parse)?.unwrap_or(LogLevel::Warn),
            format: format.unwrap_or(LogFormat::Text),
        })
    }

    /// Which configuration file this level asks for, if it does.
    ///
    /// # Errors
    /// When it asks for one and for none.
    pub fn config_location(&self) -> Result<Option<ConfigLocation>, Diagnostic> {
        let none = self.no_config.as_ref().filter(|given| given.value);
        match (&self.config, none) {
            (Some(_), Some(none)) => {
                let message = "cannot be used together with a configuration file";
                let error = Diagnostic::invalid(message, "Choose one of them");
                Err(error.at(none.origin.clone()))
            }
            (Some(given), None) => Ok(Some(ConfigLocation::File(path(given.clone())?))),
            (None, Some(_)) => Ok(Some(ConfigLocation::None)),
            (None, None) => Ok(None),
        }
    }
}

fn path(given: Given<String>) -> Result<Given<PathBuf>, Diagnostic> {
    parse(given, |text| match text {
        "" => Err(Diagnostic::invalid("the path is empty", "Write the path of a file")),
        text => Ok(PathBuf::from(text)),
    })
}

fn contract(list: List<ContractSpec>, closed: One<bool>) -> Result<Contract, Diagnostic> {
    let rules = each(list, |given| {
        let Given { value: spec, origin } = given;
        let name = parse_text(&spec.name, &origin, VariableName::parse)?;
        Ok((name, Rule::parse(spec, origin)?))
    })?;
    match closed {
        Some(closed) if closed.value && rules.is_empty() => {
            let message = "needs a `[contract]`: without one, no variable would be allowed";
            let correction = "Write it in ssm-exec.toml, or leave `closed` out";
            Err(Diagnostic::invalid(message, correction).at(closed.origin))
        }
        closed => Ok(Contract { rules: rules.into_iter().collect(), closed: on(closed) }),
    }
}

/// Refuses a default that the contract forbids: it would prevent the start on the day that it is used.
fn check_defaults(
    keys: &[KeySource],
    rules: &Rules,
    contract: &Contract,
) -> Result<(), Diagnostic> {
    for key in keys {
        let OnMissing::Default(text) = &key.absence else {
            continue;
        };
        let mut renames = rules.rename.iter();
        let name =
            renames.find(|rename| rename.from == key.name).map_or(&key.name, |rename| &rename.to);
        // A template makes another value of it.
        let is_composed = rules.compose.iter().any(|composed| composed.name == *name);
        let rule = contract.rules.get(name).filter(|_| !is_composed);
        let violations = rule.map(|rule| rule.violations(text.as_bytes()));
        if let Some(violation) = violations.unwrap_or_default().first() {
            let message = format!("the default of {name} breaks the contract: it {violation}");
            let correction = "Correct the default, or the rule in `[contract]`";
            let error = Diagnostic::invalid(message, correction).variables([name]);
            return Err(error.at(key.origin.clone()));
        }
    }
    Ok(())
}

/// A snapshot of Lambda keeps the values of its moment for every later sandbox, and is stored
/// (docs.aws.amazon.com/lambda/latest/dg/snapstart.html).
fn refuse_snapshot(inherited: &Inherited<'_>) -> Result<(), Diagnostic> {
    let variable = "AWS_LAMBDA_INITIALIZATION_TYPE";
    if inherited.get(variable) != Some(b"snap-start") {
        return Ok(());
    }
    let message = "SnapStart would store the secrets in a snapshot, and every sandbox would get them as they are now";
    let help = "Switch SnapStart off, or let the function fetch its secrets after the restore";
    let error = Diagnostic::invalid(message, help)
        .help("To start with them all the same, use `--allow-snapshot`");
    Err(error.at(Origin::Variable(variable)))
}

fn renamed(given: Given<Pair>) -> Result<Rename, Diagnostic> {
    let Given { value: (from, to), origin } = given;
    Ok(Rename {
        from: parse_text(&from, &origin, VariableName::parse)?,
        to: parse_text(&to, &origin, VariableName::parse)?,
        origin,
    })
}

/// Lambda ends the start of a sandbox after 10 seconds, and tries again by itself.
fn waiting(given: Given<String>, is_lambda: bool) -> Result<Duration, Diagnostic> {
    let wait = parse_text(&given.value, &given.origin, |text| match watch::is_off(text) {
        true => Ok(Duration::ZERO),
        false => duration::parse(text),
    })?;
    if is_lambda && !wait.is_zero() {
        let message = "on Lambda there is no time to wait";
        let correction = "Remove it there, or set SSM_EXEC_WAIT=0s";
        return Err(Diagnostic::invalid(message, correction).at(given.origin));
    }
    Ok(wait.min(LONGEST_TIMEOUT))
}

fn time_limit(given: Given<String>) -> Result<Duration, Diagnostic> {
    let timeout = parse_text(&given.value, &given.origin, duration::parse)?;
    if timeout.is_zero() {
        let message = format!("`{}` leaves no time for any request", given.value);
        let correction = "Write one such as `30s`, or use `--skip` to start without fetching";
        return Err(Diagnostic::invalid(message, correction).at(given.origin));
    }
    Ok(timeout.min(LONGEST_TIMEOUT))
}
