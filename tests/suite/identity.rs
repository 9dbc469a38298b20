//! `check --identity`: the account and the caller, asked of STS.

use crate::harness::*;
use ssm_stub::http_server::*;
use ssm_stub::{Parameter, Stub};

const CALLER: &str = "arn:aws:sts::111122223333:assumed-role/api/i-0123456789abcdef0";

fn stub() -> Stub {
    let stub = Stub::start();
    stub.put(Parameter::secure("/identity/A", "canary-identity"));
    stub
}

fn sts(code: u16, element: &str) -> HttpServer {
    let body = element.to_owned();
    HttpServer::start(move |_| status(code, &body))
}

fn named() -> HttpServer {
    sts(
        200,
        &format!(
            "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult><Arn>{CALLER}</Arn><UserId>x</UserId><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
        ),
    )
}

fn check(stub: &Stub, sts: &HttpServer, words: &str) -> Outcome {
    Run::against(&stub.url())
        .env("AWS_ENDPOINT_URL_STS", sts.url())
        .args("check -p /identity")
        .args(words)
        .run()
}

#[test]
fn the_report_names_the_caller_and_asks_only_if_it_should() {
    let (stub, sts) = (stub(), named());
    let without = check(&stub, &sts, "");
    // The account is in the ARNs of the parameters.
    assert!(without.text().contains("account 111122223333"), "{}", without.text());
    assert!(!without.text().contains("caller"), "{}", without.text());
    assert!(sts.requests().is_empty());

    let with = check(&stub, &sts, "--identity");
    assert_eq!((with.status, with.stderr.as_str()), (0, ""));
    let asked = format!("account 111122223333, caller {CALLER}");
    assert!(with.text().contains(&asked), "{}", with.text());
    assert_eq!(sts.requests().len(), 1);

    let json = check(&stub, &sts, "--identity --format json").text();
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["asked"]["account"], "111122223333");
    assert_eq!(json["asked"]["principal"], CALLER);
}

#[test]
fn a_caller_who_stays_unknown_is_reported_and_does_not_fail_the_check() {
    let refused = sts(
        400,
        "<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code><Message>x</Message></Error></ErrorResponse>",
    );
    let stub = stub();
    let outcome = check(&stub, &refused, "--identity");
    assert_eq!(outcome.status, 0);
    outcome.says(&["warning: --identity: the caller is unknown", "ExpiredToken"]);

    // The message of a failure would ask too.
    let asked = refused.requests().len();
    let failed = check(&stub, &refused, "--identity -k B=/identity/missing");
    assert_eq!(failed.status, 66);
    assert_eq!(refused.requests().len(), asked + 1);

    let skipped = check(&stub, &refused, "--identity --skip");
    assert_eq!(skipped.status, 0);
    let text = "--identity: the caller is unknown: with --skip, AWS is not asked";
    assert!(skipped.stderr.contains(text), "{}", skipped.stderr);

    // Without an endpoint of STS, a stand-in for SSM must not lead to a request to AWS.
    let outcome = Run::against(&stub.url()).args("check -p /identity --identity").run();
    assert_eq!(outcome.status, 0);
    outcome.says(&["--identity", "AWS_ENDPOINT_URL_STS"]);
}

/// `policy` needs the account, unless it is given.
#[test]
fn the_status_of_policy_without_an_account_says_whether_it_may_help_to_try_again() {
    let policy = |sts: &str| {
        Run::against("http://127.0.0.1:1")
            .env("AWS_ENDPOINT_URL_STS", sts)
            .args("policy -q --timeout 3s -p /identity")
    };
    let error = |code: &str| {
        let body = format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>x</Message></Error></ErrorResponse>"
        );
        sts(400, &body)
    };
    let (throttled, refused) = (error("Throttling"), error("InvalidClientTokenId"));
    for (sts, status, text) in [
        ("http://127.0.0.1:1", 75, "could not connect to 127.0.0.1:1 (Connection refused)"),
        (
            &*throttled.url(),
            75,
            "throttled: STS limits the rate of requests (Throttling: x); could not ask it who the caller is within 3s",
        ),
        (
            &*refused.url(),
            77,
            "unknown access key from the environment (AWS_ACCESS_KEY_ID=AKIDEXAMPLE) (InvalidClientTokenId: x)",
        ),
    ] {
        let outcome = policy(sts).run();
        assert_eq!(outcome.status, status, "{}", outcome.stderr);
        outcome.says(&[text, "With `--account ID` and `--region REGION`, no request is needed"]);
    }
}

#[test]
fn options_of_the_report_are_refused_with_a_fingerprint() {
    let (stub, sts) = (stub(), named());
    for option in ["--identity", "--unused", "--max-age 3d", "--format json", "--format table"] {
        for fingerprint in ["--fingerprint", "--unchanged-since 0123"] {
            let outcome = check(&stub, &sts, &format!("{option} {fingerprint}"));
            assert_eq!(outcome.status, 64, "{option} {fingerprint}");
            let name = option.split(' ').next().unwrap_or_default();
            outcome.says(&[name, "has no effect with `--fingerprint`"]);
        }
    }
}
