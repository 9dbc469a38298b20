//! From what the levels give to a valid configuration.

use super::given::{each, on, parse_one, parsed, parsed_given, parsed_one, parsed_or};
use super::layer::{List, One, Pair};
use super::settings::{Layer, LogFormat, LogLevel};
use super::unused::Unused;
use super::{
    Aws, Config, ConfigError, ConfigLocation, Logging, MAX_PARAMETERS, PolicyOptions, Rename,
    Rules, Sources, aws, check, compose, duration, sources, watch,
};
use crate::contract::{Contract, ContractSpec, Rule};
use crate::inherited::Inherited;
use crate::origin::Given;
use crate::variable::{Case, Glob, Naming, VariableName};
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
    pub fn resolve(layer: Layer, inherited: &Inherited<'_>) -> Result<Self, ConfigError> {
        let logging = layer.logging()?;
        let without_effect = Unused::among(&layer);
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
            strict,
            drop,
            compose: composed,
            rename,
            watch,
            on_change,
            on_file_change,
            settle,
            trigger,
            region,
            profile,
            endpoint_url,
            allow_http,
            role_arn,
            external_id,
            ca_bundle,
            timeout,
            max_parameters,
            command,
            format,
            fingerprint,
            unchanged_since,
            max_age,
            unused,
            identity,
            account,
            partition,
            kms_key,
            // Used before there is a configuration.
            config: _,
            no_config: _,
            all_stages: _,
            stage: _,
            default_stage,
            log: _,
            log_format: _,
        } = layer;
        let naming = Naming {
            prefix: name_prefix
                .as_ref()
                .map_or(Ok(String::new()), sources::name_prefix)?,
            case: parsed_or(case, Case::parse, Case::Upper)?,
            only: parsed_given(only, Glob::parse)?,
            exclude: parsed_given(exclude, Glob::parse)?,
        };
        let keep = parsed_given(keep, Glob::parse)?;
        let pristine = on(pristine);
        if let (false, Some(glob)) = (pristine, keep.first()) {
            return Err(ConfigError::invalid(
                glob.origin.clone(),
                format!(
                    "`{}` has no effect without `--pristine`: the command inherits everything",
                    glob.value.as_str()
                ),
            ));
        }
        let allow_http = on(allow_http);
        let is_lambda = inherited
            .get("AWS_LAMBDA_RUNTIME_API")
            .is_some_and(|address| !address.is_empty());
        let default_timeout = match is_lambda {
            true => LAMBDA_TIMEOUT,
            false => TIMEOUT,
        };
        let skip = skip.filter(|given| given.value).map(|given| given.origin);
        let settings = watch::Settings {
            every: watch,
            on_change,
            on_file_change,
            settle,
            trigger,
        };
        // Nothing is fetched with `--skip`, so there is nothing to follow.
        let watch =
            watch::resolve(settings, is_lambda && skip.is_none())?.filter(|_| skip.is_none());
        Ok(Self {
            sources: Sources {
                prefixes: each(prefix, |given| sources::prefix(given, &naming))?,
                objects: each(json, |given| sources::object(given, &naming))?,
                keys: sources::keys(keys, files, base64, &naming)?,
                references: !on(no_refs),
                trigger: watch.as_ref().and_then(|watch| watch.trigger.clone()),
            },
            rules: Rules {
                pristine: pristine.then_some(keep),
                keep_existing: on(keep_existing),
                drop_aws_credentials: on(drop_aws_credentials),
                allow: parsed_given(allow, VariableName::parse)?,
                require: parsed(require, VariableName::parse)?,
                compose: compose::resolve(composed.unwrap_or_default())?,
                rename: each(rename, renamed)?,
                drop: parsed_given(drop, Glob::parse)?,
            },
            contract: self::contract(contract, closed)?,
            aws: Aws {
                region: region.map(aws::region).transpose()?,
                profile,
                endpoint: endpoint_url
                    .map(|url| aws::endpoint(url, allow_http))
                    .transpose()?,
                role_arn: role_arn.map(aws::role).transpose()?,
                external_id: external_id.map(|given| given.value),
                ca_bundle: ca_bundle.map(path).transpose()?,
                allow_http,
            },
            timeout: timeout.map_or(Ok(default_timeout), time_limit)?,
            max_parameters: parsed_or(max_parameters, count, MAX_PARAMETERS)?,
            skip,
            no_core: on(no_core),
            strict: on(strict),
            has_stage: default_stage.is_some(),
            without_effect,
            watch,
            command: command
                .into_iter()
                .flatten()
                .map(|word| OsString::from(word.value))
                .collect(),
            logging,
            check: check::Settings {
                format,
                max_age,
                unused,
                identity,
                fingerprint,
                unchanged_since,
            }
            .resolve()?,
            policy: PolicyOptions {
                account: account.map(aws::account).transpose()?,
                partition: partition.map(aws::partition).transpose()?,
                kms_key: kms_key.map(aws::kms_key).transpose()?,
            },
        })
    }
}

impl Layer {
    /// How messages are written, as far as this level tells.
    ///
    /// # Errors
    /// For a word that is no level or no format.
    pub fn logging(&self) -> Result<Logging, ConfigError> {
        Ok(Logging {
            level: parsed_or(self.log.clone(), LogLevel::parse, LogLevel::Warn)?,
            format: parsed_or(self.log_format.clone(), LogFormat::parse, LogFormat::Text)?,
        })
    }

    /// Which configuration file this level asks for, if it does.
    ///
    /// # Errors
    /// When it asks for one and for none.
    pub fn config_location(&self) -> Result<Option<ConfigLocation>, ConfigError> {
        match (&self.config, &self.no_config) {
            (
                Some(_),
                Some(Given {
                    value: true,
                    origin,
                }),
            ) => Err(ConfigError::invalid(
                origin.clone(),
                "cannot be used together with a configuration file",
            )),
            (Some(given), _) => Ok(Some(ConfigLocation::File(path(given.clone())?))),
            (None, Some(Given { value: true, .. })) => Ok(Some(ConfigLocation::None)),
            (None, _) => Ok(None),
        }
    }
}

fn path(given: Given<String>) -> Result<Given<PathBuf>, ConfigError> {
    let parse = |text: &str| match text {
        "" => Err("is empty (expected the path of a file)".to_owned()),
        text => Ok(PathBuf::from(text)),
    };
    parsed_one(given, parse)
}

fn contract(list: List<ContractSpec>, closed: One<bool>) -> Result<Contract, ConfigError> {
    let rules = each(list, |given| {
        let Given {
            value: spec,
            origin,
        } = given;
        let name = parse_one(&spec.name, &origin, VariableName::parse)?;
        let rule = Rule::parse(spec, origin)
            .map_err(|error| ConfigError::invalid(error.origin, error.reason))?;
        Ok((name, rule))
    })?;
    match closed {
        Some(Given {
            value: true,
            origin,
        }) if rules.is_empty() => Err(ConfigError::invalid(
            origin,
            "needs a `[contract]` in ssm-exec.toml: without one, no variable would be allowed",
        )),
        closed => Ok(Contract {
            rules: rules.into_iter().collect(),
            closed: on(closed),
        }),
    }
}

fn renamed(given: Given<Pair>) -> Result<Rename, ConfigError> {
    let Given {
        value: (from, to),
        origin,
    } = given;
    Ok(Rename {
        from: parse_one(&from, &origin, VariableName::parse)?,
        to: parse_one(&to, &origin, VariableName::parse)?,
        origin,
    })
}

fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if count > 0 => Ok(count),
        _ => Err("is not a number of at least 1".to_owned()),
    }
}

fn time_limit(given: Given<String>) -> Result<Duration, ConfigError> {
    let timeout = parse_one(&given.value, &given.origin, duration::parse)?;
    if timeout.is_zero() {
        return Err(ConfigError::invalid(
            given.origin,
            format!(
                "`{}` leaves no time for any request; use `--skip` to start without fetching",
                given.value
            ),
        ));
    }
    Ok(timeout.min(LONGEST_TIMEOUT))
}
