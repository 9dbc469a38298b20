//! The text of every error, with its code and status. A text is part of the interface: the snapshot shows
//! what changes.

mod samples;

use super::*;
use crate::aws::tests::{batch, denied};
use samples::{all, context};
use std::collections::BTreeSet;
use std::fmt::Write;

#[test]
fn the_text_of_every_error_is_recorded() {
    let mut text = String::new();
    for error in all() {
        let (code, status) = (error.code().word(), error.status().code());
        let _ = writeln!(text, "[{code} {status}]\n{error}\n");
    }
    insta::assert_snapshot!(text);
}

#[test]
fn every_code_of_a_failed_start_has_an_error() {
    let mut codes: BTreeSet<Code> = all().iter().map(Error::code).collect();
    // These need a server, a proxy, a file or a profile: the faults and the cases of the suite have them.
    codes.extend([
        Code::CaBundle,
        Code::CertificateTime,
        Code::InvalidResponse,
        Code::LoginExpired,
        Code::MalformedCredentials,
        Code::MfaRequired,
        Code::NoValue,
        Code::PlainHttp,
        Code::Proxy,
        Code::SsoExpired,
        Code::SsoRoleDenied,
        Code::System,
        Code::Tls,
        Code::TooManyParameters,
        Code::UnknownRegion,
        Code::Unreachable,
        Code::WebIdentityAudience,
        Code::WebIdentityFile,
        // The tests of launching have these.
        Code::CommandNotFound,
        Code::CommandNotExecutable,
        Code::InvalidCommand,
        Code::CaBundle,
        // The watcher has this.
        Code::Removed,
        // The tests of the fingerprint have this.
        Code::FingerprintVersion,
    ]);
    // The tests of settings and of files have these.
    codes.extend([
        Code::InvalidSetting,
        Code::UnknownSetting,
        Code::InvalidStage,
        Code::InvalidFile,
        Code::UntrustedFile,
        Code::CaBundle,
        Code::UnknownProfile,
        Code::InvalidAwsFile,
        Code::NoSources,
        // The tests of the watcher have this.
        Code::Removed,
    ]);
    let missing: Vec<_> = Code::ALL.iter().filter(|code| !codes.contains(code)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn json_messages_have_every_field_of_the_documentation() {
    let fields = usage("x".to_owned()).fields();
    let names: Vec<&String> = fields.as_object().expect("an object").keys().collect();
    assert_eq!(
        names,
        [
            "account",
            "action",
            "awsCode",
            "awsMessage",
            "code",
            "credentials",
            "endpoint",
            "parameters",
            "principal",
            "problems",
            "region",
            "requestId",
            "resources",
            "statements"
        ]
    );
    let denial = "User: arn:aws:sts::111122223333:assumed-role/api/i is not authorized to perform: ssm:GetParameters on resource: arn:aws:ssm:eu-west-1:111122223333:parameter/a/b because no identity-based policy allows the ssm:GetParameters action";
    let fields = Error::from((denied(denial, batch("/a/b")), context())).fields();
    insta::assert_snapshot!(format!("{fields:#}"));
}

#[test]
fn of_several_problems_the_gravest_gives_the_status_and_all_are_reported() {
    let codes = [Code::CommandNotFound, Code::Nul, Code::Missing, Code::InvalidName];
    for (count, status) in
        [(4, Status::Config), (3, Status::Missing), (2, Status::Unusable), (0, Status::Internal)]
    {
        let codes = &codes[..count];
        let problems = codes.iter().map(|code| Diagnostic::new(*code, code.word()));
        let error = Error::new(problems.collect(), context());
        assert_eq!(error.status(), status);
        let text = error.to_string();
        assert!(codes.iter().all(|code| text.contains(code.word())), "{text}");
    }
}

#[test]
fn what_a_report_has_is_not_said_again() {
    let problem = |text| Diagnostic::new(Code::Missing, text);
    let error = |problems| Error::new(problems, context()).in_report();
    let one = error(vec![problem("/a")]);
    assert_eq!(one.to_string(), "the command would not start: the report has 1 problem");
    let two = error(vec![problem("/a"), problem("/b")]);
    assert_eq!(two.to_string(), "the command would not start: the report has 2 problems");
    assert_eq!(two.fields()["problems"][1]["message"], "/b");
}
