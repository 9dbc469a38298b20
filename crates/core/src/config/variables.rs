//! The level of configuration that the environment gives: `SSM_EXEC_*`, and the SDK's own names.

use super::given::parse_text;
use super::reader::unknown;
use super::setting::{Kind, Setting};
use super::settings::{Layer, LogFormat, SETTINGS};
use super::texts::parse_switch;
use super::unknown_variable::{PREFIX, correction, known};
use crate::diagnostic::{Diagnostic, Help};
use crate::inherited::{Inherited, ROUND};
use crate::origin::Origin;

/// Reads the level. An empty variable counts as unset, as for the AWS tools.
///
/// # Errors
/// For an unknown `SSM_EXEC_*` variable, one that is not UTF-8 or that a file of variables has spoilt, and a
/// switch that is neither on nor off.
pub fn read_variables(inherited: &Inherited<'_>) -> Result<Layer, Diagnostic> {
    for (name, entry) in inherited.entries() {
        let is_empty = entry.to_bytes().len() == name.len() + 1;
        let name = String::from_utf8_lossy(name);
        if name.starts_with(PREFIX) && !is_empty && !is_known(&name) {
            let error = unknown(format!("{name}: unknown variable"), Some(correction(&name)));
            return Err(error.variables([name]));
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
pub fn log_format(inherited: &Inherited<'_>) -> Option<LogFormat> {
    LogFormat::parse(inherited.text("SSM_EXEC_LOG_FORMAT")?).ok()
}

/// The first of a setting's variables that is set.
fn first_set<'e>(
    setting: &Setting,
    inherited: &Inherited<'e>,
) -> Result<Option<(&'static str, &'e str)>, Diagnostic> {
    if let Some(name) = setting.variables_ignored_by
        && let Some(text) = text(name, Kind::Switch, inherited)?
        && parse_text(text, &Origin::Variable(name), parse_switch)?
    {
        return Ok(None);
    }
    for &name in setting.variables {
        if let Some(text) = text(name, setting.kind, inherited)? {
            return Ok(Some((name, text)));
        }
    }
    Ok(None)
}

fn text<'e>(
    name: &'static str,
    kind: Kind,
    inherited: &Inherited<'e>,
) -> Result<Option<&'e str>, Diagnostic> {
    refuse_quotes(name, inherited)?;
    let at = |error: Diagnostic| error.at(Origin::Variable(name));
    match inherited.get(name) {
        None | Some(b"") => Ok(None),
        Some(bytes) if bytes.ends_with(b"\r") && !kind.is_list() => Err(at(carriage_return())),
        Some(bytes) => std::str::from_utf8(bytes)
            .map(Some)
            .map_err(|_| at(Diagnostic::invalid("is not UTF-8", format!("Set {name} to text")))),
    }
}

/// The error for a value that ends with a carriage return. White space ends a word of a list.
pub(crate) fn carriage_return() -> Diagnostic {
    Diagnostic::invalid(
        "ends with a carriage return, as from a file with CRLF line ends",
        Help::command("Convert the file", r"sed -i 's/\r$//' .env"),
    )
}

/// Refuses a variable whose value is in quotes. The value is not shown: it may be a secret.
///
/// # Errors
/// When it is.
pub fn refuse_quotes(name: &'static str, inherited: &Inherited<'_>) -> Result<(), Diagnostic> {
    match inherited.get(name) {
        Some([first @ (b'"' | b'\''), .., last]) if first == last => {
            let message = "the value is enclosed in quotation marks";
            let correction = format!("Remove them: {QUOTES}");
            Err(Diagnostic::invalid(message, correction).at(Origin::Variable(name)))
        }
        _ => Ok(()),
    }
}

/// Who keeps quotation marks that a shell would remove.
pub(crate) const QUOTES: &str = "`docker run --env-file` passes them on";

/// Ours, also what counts rounds, what Dockerfiles call the version that they install, and what Kubernetes sets.
fn is_known(name: &str) -> bool {
    ["SSM_EXEC_VERSION", ROUND].contains(&name)
        || known().any(|known| known == name)
        || is_service_link(name)
}

/// Whether Kubernetes sets it in every pod beside a service whose name begins with `ssm-exec` (Kubernetes
/// documentation, "Service: Environment variables"): `…_SERVICE_HOST`, `…_PORT_80_TCP_ADDR`, ….
fn is_service_link(name: &str) -> bool {
    let words: Vec<&str> = name.split('_').skip(2).collect();
    let is_number = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit());
    let is_link = |words: &[&str]| match words {
        ["SERVICE", "HOST"] | ["SERVICE", "PORT", ..] | ["PORT"] => true,
        ["PORT", number, "TCP" | "UDP" | "SCTP", rest @ ..] => {
            is_number(number) && matches!(rest, [] | ["ADDR" | "PORT" | "PROTO"])
        }
        _ => false,
    };
    (0..words.len()).any(|at| is_link(&words[at..]))
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
            "SSM_EXEC_DEMO_SERVICE_HOST",
            "SSM_EXEC_DEMO_SERVICE_PORT_HTTPS",
            "SSM_EXEC_DEMO_API_PORT",
            "SSM_EXEC_DEMO_PORT_8080_TCP_ADDR",
        ] {
            assert!(is_service_link(name), "{name}");
        }
        for name in [
            "SSM_EXEC_VERSION",
            "SSM_EXEC_PORTS",
            "SSM_EXEC_PORT_X_TCP",
            "SSM_EXEC_SERVICE",
            "SSM_EXEC_DEMO_PORT_X_TCP",
            "SSM_EXEC_DEMO_SERVICE",
            "SSM_EXEC_PORT_80",
        ] {
            assert!(!is_service_link(name), "{name}");
        }
    }

    #[test]
    fn quotes_are_a_pair_around_the_whole_value() {
        let refused = |entry| refuse_quotes("A", &Inherited::new(vec![entry])).is_err();
        for quoted in [c"A=\"/acme/api\"", c"A='/acme/api'", c"A=\"\"", c"A=\"B=/a\",\"C=/b\""] {
            assert!(refused(quoted), "{quoted:?}");
        }
        for other in [c"A=/acme", c"A=\"", c"A=\"/acme", c"A=/acme'", c"A=\"/acme'", c"A="] {
            assert!(!refused(other), "{other:?}");
        }
    }

    #[test]
    fn the_message_names_the_variable_and_not_its_value() {
        let inherited = Inherited::new(vec![c"AWS_SECRET_ACCESS_KEY=\"canary\""]);
        assert_eq!(refuse_quotes("AWS_REGION", &inherited), Ok(()));
        let error = refuse_quotes("AWS_SECRET_ACCESS_KEY", &inherited).expect_err("quoted");
        assert_eq!(
            error.to_string(),
            "AWS_SECRET_ACCESS_KEY: the value is enclosed in quotation marks\n  help: Remove them: `docker run --env-file` passes them on"
        );
    }
}
