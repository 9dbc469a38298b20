//! Credentials that can't be right, found before they are sent: half of a pair of keys, two keys that are swapped, or a
//! stray character such as the newline that `echo … | base64` leaves in a Kubernetes secret.
// Reads the files that hold a token.
#![allow(clippy::disallowed_methods)]

use crate::system_error::without_number;
use aws_credential_types::Credentials;
use ssm_exec_core::code::Code;
use ssm_exec_core::diagnostic::Diagnostic;
use ssm_exec_core::endpoint::Endpoint;
use ssm_exec_core::inherited::Inherited;
use ssm_exec_core::shared_config::{SESSION_NAME, is_session_name};
use std::path::Path;

const AGENT_PATH: &str = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
const AGENT_URL: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
const KEY_ID: &str = "AWS_ACCESS_KEY_ID";
const SECRET: &str = "AWS_SECRET_ACCESS_KEY";
/// The older name first, as in the AWS CLI.
pub(super) const SESSION_TOKENS: [&str; 2] = ["AWS_SECURITY_TOKEN", "AWS_SESSION_TOKEN"];

/// Whether a text may contain spaces, except at its beginning and end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spaces {
    Allowed,
    Forbidden,
}

/// Whether a variable is set to more than white space.
fn is_set(inherited: &Inherited<'_>, name: &str) -> bool {
    let value = inherited.get(name).unwrap_or_default();
    !value.trim_ascii().is_empty()
}

/// One of two variables is missing.
pub(super) fn half(has: &str, lacks: &str) -> Diagnostic {
    let text = format!("{has} is set and {lacks} is not");
    Diagnostic::new(Code::IncompleteCredentials, text).fill(&[("has", has), ("lacks", lacks)])
}

/// Checks the keys in the environment.
pub(super) fn environment(inherited: &Inherited<'_>) -> Result<(), Diagnostic> {
    match (is_set(inherited, KEY_ID), is_set(inherited, SECRET)) {
        (true, false) => return Err(half(KEY_ID, SECRET)),
        (false, true) => return Err(half(SECRET, KEY_ID)),
        (false, false) => return Ok(()),
        (true, true) => {}
    }
    [KEY_ID, SECRET]
        .iter()
        .chain(&SESSION_TOKENS)
        .try_for_each(|name| variable(inherited, name))?;
    let text = |name| inherited.text(name).unwrap_or_default();
    pair([KEY_ID, SECRET], text(KEY_ID), text(SECRET))
}

/// Checks the variables of a web identity.
pub(super) fn web_identity(inherited: &Inherited<'_>) -> Result<(), Diagnostic> {
    let name = "AWS_ROLE_SESSION_NAME";
    ["AWS_ROLE_ARN", name].iter().try_for_each(|name| variable(inherited, name))?;
    match inherited.text(name) {
        Some(value) if !is_session_name(value) => {
            let text = format!("{name} is not {SESSION_NAME}");
            Err(malformed(text, "Correct it"))
        }
        _ => Ok(()),
    }
}

/// Checks the URL of a container's agent, at which the SDK panics without a scheme, and its token. That is
/// sent as a header, where a space may be.
pub(super) fn container(inherited: &Inherited<'_>) -> Result<(), Diagnostic> {
    let url = inherited.text(AGENT_URL).unwrap_or_default();
    let is_used = inherited.text(AGENT_PATH).is_none() && !url.is_empty();
    if let (true, Err(error)) = (is_used, Endpoint::parse(url)) {
        let message = format!("{AGENT_URL}: {}", error.message);
        let code = Code::CredentialSourceFailed;
        return Err(Diagnostic { code, message, ..error });
    }
    let name = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
    let token = inherited.get(name).unwrap_or_default();
    check(name, token, Spaces::Allowed)
}

fn malformed(text: String, help: &str) -> Diagnostic {
    Diagnostic::with_help(Code::MalformedCredentials, text, [help])
}

fn variable(inherited: &Inherited<'_>, name: &str) -> Result<(), Diagnostic> {
    let value = inherited.get(name).unwrap_or_default();
    check(name, value, Spaces::Forbidden)
}

/// The token in a file. One that can't be read, or is empty, has this code. STS takes none with a newline, which is in
/// a file that a shell wrote, so it is left out as by the AWS CLI. The SDK reads an agent's token itself.
pub(super) fn token_file(
    path: &Path,
    variable: &str,
    spaces: Spaces,
    unreadable: Code,
) -> Result<String, Diagnostic> {
    let place = format!("{} ({variable})", path.display());
    let error = |what: &str| {
        let error = Diagnostic::new(unreadable, format!("{place} {what}"));
        match error.help.is_empty() {
            true => error.help(format!("Correct {variable}, or the file")),
            false => error.fill(&[("setting", variable)]),
        }
    };
    let bytes = std::fs::read(path)
        .map_err(|reason| error(&format!("cannot be read: {}", without_number(&reason))))?;
    let token = match spaces {
        Spaces::Forbidden => bytes.trim_ascii(),
        Spaces::Allowed => &bytes,
    };
    if token.trim_ascii().is_empty() {
        return Err(error("is empty"));
    }
    check(&place, token, spaces)?;
    Ok(token.iter().copied().map(char::from).collect())
}

/// Checks what a source returned: key ID, secret and session token, which are called so.
pub(super) fn credentials(
    credentials: &Credentials,
    [id, secret, token]: [&str; 3],
) -> Result<(), Diagnostic> {
    let parts = [
        (id, credentials.access_key_id()),
        (secret, credentials.secret_access_key()),
        (token, credentials.session_token().unwrap_or_default()),
    ];
    for (place, text) in parts {
        if let [first @ (b'"' | b'\''), .., last] = text.as_bytes()
            && first == last
        {
            let text = format!("{place} is enclosed in quotation marks");
            return Err(malformed(text, "Remove them"));
        }
        check(place, text.as_bytes(), Spaces::Forbidden)?;
    }
    pair([id, secret], credentials.access_key_id(), credentials.secret_access_key())
}

/// An access key ID and its secret. AWS's error quotes the former, so a secret in its place must not be sent. Emulators
/// take almost any text: only what is sure is refused.
fn pair([id_name, secret_name]: [&str; 2], id: &str, secret: &str) -> Result<(), Diagnostic> {
    let is_id = |text: &str| {
        text.len() == 20
            && ["AKIA", "ASIA"].iter().any(|start| text.starts_with(start))
            && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    };
    if is_id(secret) || id.len() == 40 || id.contains(['/', '+', '=']) {
        let help = format!(
            "An access key ID begins with AKIA or ASIA and has 20 characters; {secret_name} is the longer one"
        );
        return Err(malformed(format!("{id_name} and {secret_name} are swapped"), &help));
    }
    match id.find(|c: char| c.is_ascii_punctuation() && !"_-.,:@".contains(c)) {
        Some(at) => {
            let text = format!(
                "{id_name} has `{}` in it, and an access key ID has only letters and digits",
                &id[at..=at]
            );
            let help = "Write the ID itself: nothing has replaced a placeholder, or removed quotation marks";
            Err(malformed(text, help))
        }
        None => Ok(()),
    }
}

fn check(place: &str, bytes: &[u8], spaces: Spaces) -> Result<(), Diagnostic> {
    let last = bytes.len().saturating_sub(1);
    let stray = bytes.iter().enumerate().find(|&(at, &byte)| {
        let is_inner_space = byte == b' ' && at != 0 && at != last;
        !(byte.is_ascii_graphic() || is_inner_space && spaces == Spaces::Allowed)
    });
    let Some((at, &byte)) = stray else {
        return Ok(());
    };
    let what = match byte {
        b'\n' => "a newline".to_owned(),
        b'\r' => "a carriage return".to_owned(),
        b' ' => "a space".to_owned(),
        b'\t' => "a tab".to_owned(),
        128.. => "a character that is not ASCII".to_owned(),
        byte => format!("the control character 0x{byte:02x}"),
    };
    let at_end = bytes[at..].iter().all(u8::is_ascii_whitespace);
    let position = match at {
        _ if at_end => "at its end",
        0 => "at its beginning",
        _ => "in it",
    };
    let text = format!("{place} has {what} {position}");
    Err(Diagnostic::new(Code::MalformedCredentials, text).fill(&[("place", place)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stray_characters_are_named_with_their_place() {
        let found = |bytes: &[u8]| match check("KEY", bytes, Spaces::Allowed) {
            Err(diagnostic) => diagnostic.message,
            Ok(()) => "nothing".to_owned(),
        };
        for (bytes, character) in [
            (&b"AKIA\n"[..], "KEY has a newline at its end"),
            (b"AKIA\r\n", "KEY has a carriage return at its end"),
            (b" AKIA", "KEY has a space at its beginning"),
            (b"AK\tIA", "KEY has a tab in it"),
            (b"AK\x07IA", "KEY has the control character 0x07 in it"),
            (b"AK\xc3\xa9", "KEY has a character that is not ASCII in it"),
            (b"Bearer token", "nothing"),
            (b"AKIA/+=", "nothing"),
            (b"", "nothing"),
        ] {
            assert_eq!(found(bytes), character);
        }
    }

    #[test]
    fn keys_are_refused_only_where_they_are_surely_wrong() {
        let secret = "canary/canary/canary/canary/canary/canar";
        for (id, secret, error) in [
            ("AKIAQWERTYUIOPASDFGH", secret, None),
            ("test", "test", None),
            ("canary-id.1", "canary-secret", None),
            (secret, "AKIAQWERTYUIOPASDFGH", Some("ID and SECRET are swapped")),
            (secret, "canary", Some("ID and SECRET are swapped")),
            ("canary", "ASIAQWERTYUIOPASDFGH", Some("ID and SECRET are swapped")),
            ("${canary}", secret, Some("ID has `$` in it")),
            ("<canary>", secret, Some("ID has `<` in it")),
        ] {
            let found = pair(["ID", "SECRET"], id, secret).err().map(|error| error.message);
            let is_expected = match (error, &found) {
                (Some(error), Some(found)) => found.starts_with(error) && !found.contains("canary"),
                (error, found) => error.is_none() && found.is_none(),
            };
            assert!(is_expected, "{id}: {found:?}");
        }
    }
}
