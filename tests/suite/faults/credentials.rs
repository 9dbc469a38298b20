//! Credentials, the clock and the configuration of the SDK.

use super::End::{Started, Status};
use super::setup::{Row, Setup, by_keys, by_prefix, client, filled, permanent, row};
use ssm_stub::{Fault, Stub};

fn environment(name: &str, value: &str) -> Setup {
    let setup = by_prefix(filled(Stub::start()));
    Setup { run: setup.run.env(name, value), ..setup }
}

/// A request whose time is never right, by the server's date.
fn skewed(date: &str) -> Setup {
    permanent(Fault::client("RequestTimeTooSkewed", "x").header("date", date))
}

/// A profile with a credential process: this shell script.
fn process(script: &str) -> Setup {
    let setup = by_prefix(filled(Stub::start()));
    let home = setup.run.home();
    crate::harness::script(&home.join("give"), script);
    let config = home.join("config");
    std::fs::write(&config, "[default]\ncredential_process = ./give\n").expect("a file");
    let run = setup.run.unset("AWS_ACCESS_KEY_ID").unset("AWS_SECRET_ACCESS_KEY");
    Setup { run: run.env("AWS_CONFIG_FILE", config).args("--timeout 2s"), ..setup }
}

pub const ROWS: &[Row] = &[
    row(
        "ExpiredTokenException",
        || client("ExpiredTokenException", "The security token included in the request is expired"),
        Status(77),
        "ExpiredTokenException",
    ),
    row(
        "UnrecognizedClientException",
        || {
            client(
                "UnrecognizedClientException",
                "The security token included in the request is invalid.",
            )
        },
        Status(77),
        "UnrecognizedClientException",
    ),
    row(
        "InvalidSignatureException",
        || {
            client(
                "InvalidSignatureException",
                "The request signature we calculated does not match",
            )
        },
        Status(77),
        "InvalidSignatureException",
    ),
    row(
        "a clock that is 10 minutes slow",
        || by_prefix(filled(Stub::builder().clock_ahead(600).start())),
        Started,
        "",
    ),
    row(
        "a clock that is an hour fast",
        || by_prefix(filled(Stub::builder().clock_ahead(-3_600).start())),
        Started,
        "",
    ),
    row(
        "a clock that is 10 minutes slow, with two requests at once",
        || by_keys(filled(Stub::builder().clock_ahead(600).start())),
        Started,
        "",
    ),
    row("a wrong clock, always", || client("RequestTimeTooSkewed", "x"), Status(77), "clock"),
    row(
        "a wrong clock, and a server's date of the year 1013",
        || skewed("Thu, 24 Nov 1013 10:00:00 GMT"),
        Status(77),
        "clock",
    ),
    row(
        "a wrong clock, and a server's date of the year 9999",
        || skewed("Fri, 31 Dec 9999 23:59:59 GMT"),
        Status(77),
        "clock",
    ),
    row(
        "a wrong clock, and a server's date of the year 10000",
        || skewed("Sat, 01 Jan 10000 00:00:00 GMT"),
        Status(77),
        "clock",
    ),
    row(
        "a control byte in the access key",
        || environment("AWS_ACCESS_KEY_ID", "AKID\u{1}EXAMPLE"),
        Status(77),
        "AWS_ACCESS_KEY_ID",
    ),
    row(
        "an empty secret key",
        || environment("AWS_SECRET_ACCESS_KEY", ""),
        Status(77),
        "no AWS credentials",
    ),
    row(
        "a credential process that fails",
        || process("#!/bin/sh\necho no ticket >&2; exit 1\n"),
        Status(77),
        "no ticket",
    ),
    row(
        "a credential process that never exits",
        || process("#!/bin/sh\nexec sleep 60\n"),
        Status(75),
        "2s",
    ),
    row(
        "a container credentials agent that is down",
        || {
            let setup = by_prefix(filled(Stub::start()));
            let run = setup.run.unset("AWS_ACCESS_KEY_ID").unset("AWS_SECRET_ACCESS_KEY");
            let agent = "http://127.0.0.1:1/";
            Setup {
                run: run.env("AWS_CONTAINER_CREDENTIALS_FULL_URI", agent).args("--timeout 2s"),
                ..setup
            }
        },
        Status(75),
        "container",
    ),
    row(
        "an unknown profile",
        || environment("AWS_PROFILE", "nobody"),
        Status(78),
        "no profile `nobody`",
    ),
    row("an empty profile", || environment("AWS_PROFILE", ""), Started, ""),
    row(
        "AWS_RETRY_MODE=legacy, at which the SDK panics",
        || environment("AWS_RETRY_MODE", "legacy"),
        Started,
        "",
    ),
    row(
        "AWS_MAX_ATTEMPTS=0, at which the SDK panics",
        || environment("AWS_MAX_ATTEMPTS", "0"),
        Started,
        "",
    ),
    row(
        "an endpoint whose port is none",
        || environment("AWS_ENDPOINT_URL_SSM", "http://127.0.0.1:99999"),
        Status(78),
        "has an invalid port",
    ),
    row(
        "an endpoint whose host is none",
        || environment("AWS_ENDPOINT_URL_SSM", "http://[]localhost"),
        Status(78),
        "has an invalid IPv6 address",
    ),
    row(
        "FIPS with a custom endpoint",
        || environment("AWS_USE_FIPS_ENDPOINT", "true"),
        Status(78),
        "FIPS",
    ),
];
