//! Role, endpoint and account, checked.

use super::given::parse;
use crate::arn::{Arn, is_account};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Help};
use crate::endpoint::{Endpoint, without};
use crate::origin::Given;

pub(super) fn account(text: &str) -> Result<String, Diagnostic> {
    if is_account(text) {
        return Ok(text.to_owned());
    }
    let command = "aws sts get-caller-identity --query Account --output text";
    let message = format!("`{text}` is not a 12-digit account ID");
    Err(Diagnostic::invalid(message, Help::command("See it", command)))
}

pub(super) fn role(text: &str) -> Result<Arn, Diagnostic> {
    Arn::of_role(text).ok_or_else(|| {
        Diagnostic::invalid(
            format!("`{text}` is not the ARN of a role"),
            "Write it as `arn:aws:iam::ACCOUNT:role/NAME`",
        )
    })
}

/// Secrets go over plain HTTP to this machine only, unless another is allowed.
pub(super) fn endpoint(
    given: Given<String>,
    allow_http: bool,
) -> Result<Given<Endpoint>, Diagnostic> {
    let url = given.value.clone();
    let endpoint = parse(given, Endpoint::parse)?;
    if endpoint.value.is_plain_and_remote() && !allow_http {
        let message = format!("`{url}` would send secrets over plain HTTP to another machine");
        let mut error = Diagnostic::new(Code::PlainHttp, message);
        error.help.extend(without(&endpoint.origin));
        return Err(error.at(endpoint.origin));
    }
    Ok(endpoint)
}
