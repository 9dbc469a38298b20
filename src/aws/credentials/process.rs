//! Runs a profile's `credential_process`. The SDK's runner would give it our standard input, fail where the
//! parent ignores SIGCHLD, and leave it running at the deadline.
// Starts the process that a profile names.
#![allow(clippy::disallowed_methods)]

use crate::aws::date::iso8601;
use crate::exec::children::{ProcessGroup, Waitable};
use aws_credential_types::Credentials;
use serde_json::Value;
use std::io::Read;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, Output, Stdio};
use std::time::SystemTime;

/// More is not the JSON object that is expected.
const LONGEST_OUTPUT: u64 = 256 * 1024;

/// Runs the command in a shell, as the AWS CLI and the SDKs do, and parses its output.
///
/// # Errors
/// When it can't be run, fails, or prints something else; the text is the rest of a sentence, and quotes
/// the last line of its standard error: where a program says more, it ends with the reason.
pub(super) async fn run(command: &str) -> Result<Credentials, String> {
    let _children = Waitable::new();
    let child = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .map_err(|error| format!("`sh` cannot be started: {error}"))?;
    let group = ProcessGroup::of(child.id());
    let output = tokio::task::spawn_blocking(move || wait(child))
        .await
        .map_err(|_| "it cannot be waited for".to_owned())?
        .map_err(|error| format!("its output cannot be read: {error}"))?;
    group.has_ended();
    if !output.status.success() {
        return Err(failure(&output));
    }
    parse(&output.stdout)
}

/// Reads both streams, so that neither fills and stops the command.
fn wait(mut child: Child) -> std::io::Result<Output> {
    let stderr = child.stderr.take();
    let errors = std::thread::spawn(move || {
        let mut text = Vec::new();
        if let Some(mut stderr) = stderr {
            let _ = (&mut stderr).take(LONGEST_OUTPUT).read_to_end(&mut text);
            let _ = std::io::copy(&mut stderr, &mut std::io::sink());
        }
        text
    });
    let mut stdout = Vec::new();
    if let Some(output) = child.stdout.take() {
        output.take(LONGEST_OUTPUT).read_to_end(&mut stdout)?;
    }
    let status = child.wait()?;
    Ok(Output { status, stdout, stderr: errors.join().unwrap_or_default() })
}

fn failure(output: &Output) -> String {
    let how = match (output.status.code(), output.status.signal()) {
        (Some(code), _) => format!("it ended with status {code}"),
        (None, Some(signal)) => format!("it was killed by signal {signal}"),
        (None, None) => "it failed".to_owned(),
    };
    let text = String::from_utf8_lossy(&output.stderr);
    match text.lines().rfind(|line| !line.trim().is_empty()) {
        Some(line) => format!("{how} (standard error: {})", line.trim().escape_debug()),
        None => how,
    }
}

/// The output's format is documented in "Sourcing credentials with an external process" of the AWS CLI.
fn parse(output: &[u8]) -> Result<Credentials, String> {
    if output.trim_ascii().is_empty() {
        return Err("it printed nothing".to_owned());
    }
    let Ok(Value::Object(object)) = serde_json::from_slice(output) else {
        return Err("its output is invalid JSON".to_owned());
    };
    let member = |name: &str| {
        let found = object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value)
    };
    let text = |name: &str| member(name).and_then(Value::as_str);
    let required = |name: &str| text(name).ok_or_else(|| format!("its output has no `{name}`"));
    if member("Version").and_then(Value::as_u64) != Some(1) {
        return Err("its output has no `Version` 1".to_owned());
    }
    let expiry = match text("Expiration") {
        None => None,
        Some(time) => {
            Some(iso8601(time).ok_or("its output has an `Expiration` that is not a date")?)
        }
    };
    if expiry.is_some_and(|expiry| expiry <= SystemTime::now()) {
        return Err("it returned credentials that have expired".to_owned());
    }
    Ok(Credentials::new(
        required("AccessKeyId")?,
        required("SecretAccessKey")?,
        text("SessionToken").map(str::to_owned),
        expiry,
        "credential_process",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::ExitStatus;

    #[test]
    fn only_whole_credentials_are_accepted() {
        for (output, error) in [
            (" \n", "printed nothing"),
            ("canary", "invalid JSON"),
            ("[]", "invalid JSON"),
            (r#"{"AccessKeyId":"a","SecretAccessKey":"canary"}"#, "`Version`"),
            (r#"{"Version":2,"AccessKeyId":"a","SecretAccessKey":"canary"}"#, "`Version`"),
            (r#"{"Version":1,"SecretAccessKey":"canary"}"#, "`AccessKeyId`"),
            (r#"{"Version":1,"AccessKeyId":"a"}"#, "`SecretAccessKey`"),
            (
                r#"{"Version":1,"AccessKeyId":"a","SecretAccessKey":"canary","Expiration":"2020-01-01T00:00:00Z"}"#,
                "expired",
            ),
            (
                r#"{"Version":1,"AccessKeyId":"a","SecretAccessKey":"canary","Expiration":"soon"}"#,
                "not a date",
            ),
        ] {
            let text = parse(output.as_bytes()).expect_err(output);
            assert!(text.contains(error) && !text.contains("canary"), "{output}: {text}");
        }
    }

    #[test]
    fn a_standard_error_is_quoted_by_its_last_line_and_escaped() {
        let output = Output {
            status: ExitStatus::from_raw(1 << 8),
            stdout: Vec::new(),
            stderr: b"\nTraceback:\n\x1b[31mlog in\n\n".to_vec(),
        };
        let text = failure(&output);
        assert_eq!(text, r"it ended with status 1 (standard error: \u{1b}[31mlog in)");
    }
}
