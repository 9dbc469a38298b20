//! The level of configuration that the environment gives: `SSM_EXEC_*`, and the SDK's own names.

use super::ConfigError;
use super::setting::Setting;
use super::settings::{Layer, LogFormat, SETTINGS};
use super::texts::parse_switch;
use super::unknown_variable::{Meant, PREFIX, known};
use crate::inherited::Inherited;
use crate::origin::Origin;
use crate::quotes;

/// Reads the level.
///
/// # Errors
/// For an unknown `SSM_EXEC_*` variable, one that is not UTF-8 or is in quotes, and a switch that is neither on nor off.
pub fn read_variables(inherited: &Inherited<'_>) -> Result<Layer, ConfigError> {
    for name in inherited.names_starting(PREFIX) {
        if !is_known(&name) && !is_service_link(&name) {
            return Err(ConfigError::UnknownVariable {
                meant: Meant::by(&name),
                name,
            });
        }
    }
    let mut layer = Layer::default();
    for setting in SETTINGS {
        if let Some((name, text)) = first_set(setting, inherited)? {
            layer.set_variable(setting, text, &Origin::Variable(name))?;
        }
    }
    Ok(layer)
}

/// The format of messages that the environment asks for, whatever else is invalid in it.
#[must_use]
pub fn log_format(inherited: &Inherited<'_>) -> Option<LogFormat> {
    LogFormat::parse(inherited.text("SSM_EXEC_LOG_FORMAT")?).ok()
}

/// The first of a setting's variables that is set.
fn first_set<'e>(
    setting: &Setting,
    inherited: &Inherited<'e>,
) -> Result<Option<(&'static str, &'e str)>, ConfigError> {
    if let Some(name) = setting.variables_ignored_by
        && let Some(text) = text(name, inherited)?
        && parse_switch(text, &Origin::Variable(name))?
    {
        return Ok(None);
    }
    for &name in setting.variables {
        if let Some(text) = text(name, inherited)? {
            return Ok(Some((name, text)));
        }
    }
    Ok(None)
}

/// An empty variable counts as unset, as for the AWS tools.
fn text<'e>(name: &'static str, inherited: &Inherited<'e>) -> Result<Option<&'e str>, ConfigError> {
    refuse_quotes(name, inherited)?;
    match inherited.get(name) {
        None | Some(b"") => Ok(None),
        Some(bytes) => std::str::from_utf8(bytes)
            .map(Some)
            .map_err(|_| ConfigError::invalid(Origin::Variable(name), "is not UTF-8")),
    }
}

/// Refuses a variable whose value is in quotes. The value is not shown: it may be a secret.
///
/// # Errors
/// When it is.
pub fn refuse_quotes(name: &'static str, inherited: &Inherited<'_>) -> Result<(), ConfigError> {
    match inherited.get(name).is_some_and(quotes::are_around) {
        true => Err(ConfigError::Quoted {
            origin: Origin::Variable(name),
        }),
        false => Ok(()),
    }
}

fn is_known(name: &str) -> bool {
    known().any(|known| known == name)
}

/// Whether Kubernetes sets it in every pod beside a service called `ssm-exec` (Kubernetes
/// documentation, "Service: Environment variables"): `…_SERVICE_HOST`, `…_PORT_80_TCP_ADDR`, ….
fn is_service_link(name: &str) -> bool {
    let Some(rest) = name.strip_prefix(PREFIX) else {
        return false;
    };
    if rest == "SERVICE_HOST" || rest == "PORT" {
        return true;
    }
    if let Some(port) = rest.strip_prefix("SERVICE_PORT") {
        return port.is_empty() || port.starts_with('_');
    }
    let Some((number, rest)) = rest
        .strip_prefix("PORT_")
        .and_then(|rest| rest.split_once('_'))
    else {
        return false;
    };
    let protocol = ["TCP", "UDP", "SCTP"]
        .iter()
        .find_map(|protocol| rest.strip_prefix(protocol));
    number.bytes().all(|byte| byte.is_ascii_digit())
        && matches!(protocol, Some("" | "_ADDR" | "_PORT" | "_PROTO"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn service_links_of_kubernetes_are_recognised() {
        for name in [
            "SSM_EXEC_SERVICE_HOST",
            "SSM_EXEC_SERVICE_PORT",
            "SSM_EXEC_SERVICE_PORT_HTTPS",
            "SSM_EXEC_PORT",
            "SSM_EXEC_PORT_80_TCP",
            "SSM_EXEC_PORT_53_UDP_ADDR",
            "SSM_EXEC_PORT_80_TCP_PROTO",
        ] {
            assert!(is_service_link(name), "{name}");
        }
        for name in [
            "SSM_EXEC_VERSION",
            "SSM_EXEC_PORTS",
            "SSM_EXEC_PORT_X_TCP",
            "SSM_EXEC_SERVICE",
        ] {
            assert!(!is_service_link(name), "{name}");
        }
    }

    #[test]
    fn the_message_names_the_variable_and_not_its_value() {
        let inherited = Inherited::new(vec![c"AWS_SECRET_ACCESS_KEY=\"canary\""]);
        assert_eq!(refuse_quotes("AWS_REGION", &inherited), Ok(()));
        let error = refuse_quotes("AWS_SECRET_ACCESS_KEY", &inherited).expect_err("quoted");
        assert_eq!(
            error.to_string(),
            "AWS_SECRET_ACCESS_KEY: has quotes around its value. Remove them: `docker run --env-file` keeps quotes"
        );
    }
}
