//! The rows: a name, a setup, a result, and a part of the message.

use super::End::{Started, Status};
use super::{Row, Setup, by_keys, by_prefix, filled};
use crate::harness::Run;
use ssm_stub::{
    After, Certificate, Corruption, Denial, Fault, KmsDenial, OnConnect, Parameter, Policy, Stub,
};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

fn once(fault: impl Into<Fault>) -> Setup {
    let stub = filled(Stub::start());
    stub.fault(fault);
    by_prefix(stub)
}

fn second_page(fault: Fault) -> Setup {
    let stub = filled(Stub::start());
    stub.fault(Fault::None);
    stub.fault(fault);
    by_prefix(stub)
}

/// A temporary failure of every attempt, until a short timeout.
fn always(fault: impl Into<Fault>) -> Setup {
    let stub = filled(Stub::start());
    stub.always(fault);
    let setup = by_prefix(stub);
    Setup {
        run: setup.run.args("--timeout 2s"),
        ..setup
    }
}

fn keys(fault: impl Into<Fault>) -> Setup {
    let stub = filled(Stub::start());
    stub.fault(fault);
    by_keys(stub)
}

/// An error that must not be retried.
fn permanent(fault: impl Into<Fault>) -> Setup {
    let stub = filled(Stub::start());
    stub.always(fault);
    by_prefix(stub)
}

fn client(code: &str, message: &str) -> Setup {
    permanent(Fault::client(code, message))
}

fn denied(action: &str, denial: impl Into<Denial>) -> Setup {
    let stub = filled(Stub::start());
    stub.deny(action, "*", denial);
    by_prefix(stub)
}

fn kms(denial: KmsDenial) -> Setup {
    let stub = filled(Stub::start());
    stub.deny_kms("/f/*", denial);
    by_prefix(stub)
}

fn tls(stub: Stub) -> Setup {
    let stub = filled(stub);
    let setup = by_prefix(stub);
    let bundle = setup.run.home().join("ca.pem");
    std::fs::write(&bundle, setup.stub.as_ref().expect("a stub").ca_pem()).expect("a bundle");
    Setup {
        run: setup.run.env("AWS_CA_BUNDLE", bundle),
        ..setup
    }
}

fn without_stub(url: &str, words: &str) -> Setup {
    Setup {
        stub: None,
        run: Run::against(url).args("-p /f --timeout 2s").args(words),
    }
}

fn bundle(text: &str) -> Setup {
    let setup = tls(Stub::builder().tls().start());
    std::fs::write(setup.run.home().join("ca.pem"), text).expect("a bundle");
    setup
}

fn corrupted(corruption: Corruption) -> Setup {
    once(Fault::Corrupted(corruption))
}

fn corrupted_keys(corruption: Corruption) -> Setup {
    keys(Fault::Corrupted(corruption))
}

fn environment(name: &str, value: &str) -> Setup {
    let setup = by_prefix(filled(Stub::start()));
    Setup {
        run: setup.run.env(name, value),
        ..setup
    }
}

/// A server that answers each ClientHello with the alert `protocol_version`, as servers that only support
/// TLS 1.1 do (RFC 5246, 7.2.2).
fn tls11_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(&[21, 3, 2, 0, 2, 2, 70]);
        }
    });
    format!("https://localhost:{port}")
}

/// More parameters than fit into an environment.
fn too_large() -> Setup {
    let setup = by_prefix(filled(Stub::start()));
    let stub = setup.stub.as_ref().expect("a stub");
    for n in 0..30 {
        let value = "canary".repeat(20_000);
        stub.put(Parameter::secure(&format!("/f/big{n}"), &value));
    }
    setup
}

/// A profile with a credential process: this shell script.
fn process(script: &str) -> Setup {
    let setup = by_prefix(filled(Stub::start()));
    let home = setup.run.home();
    crate::harness::script(&home.join("give"), script);
    let config = home.join("config");
    std::fs::write(&config, "[default]\ncredential_process = ./give\n").expect("a file");
    let run = setup.run.unset("AWS_ACCESS_KEY_ID");
    Setup {
        run: run.env("AWS_CONFIG_FILE", config).args("--timeout 2s"),
        ..setup
    }
}

const fn row(name: &'static str, setup: fn() -> Setup, end: super::End, says: &'static str) -> Row {
    Row {
        name,
        setup,
        end,
        says,
    }
}

pub const ROWS: &[Row] = &[
    // Connections.
    row(
        "connection refused",
        || without_stub("http://127.0.0.1:1", ""),
        Status(75),
        "Connection refused",
    ),
    row(
        "unknown host name",
        || without_stub("https://ssm.invalid", ""),
        Status(75),
        "ssm.invalid",
    ),
    row(
        "no response to connection attempts",
        || without_stub("https://192.0.2.1", ""),
        Status(75),
        "2s",
    ),
    row(
        "nothing listens on the IPv6 address of a host, and the endpoint on its IPv4 address",
        || {
            let stub = filled(Stub::start());
            let url = format!("http://localhost:{}", stub.port());
            let run = Run::against(&url).args("-p /f");
            Setup {
                stub: Some(stub),
                run,
            }
        },
        Started,
        "",
    ),
    row(
        "connection closed without a response, once",
        || once(Fault::close()),
        Started,
        "",
    ),
    row(
        "connection closed without a response, always",
        || always(Fault::close()),
        Status(75),
        "/f/*",
    ),
    row(
        "connection reset before the headers, once",
        || once(Fault::reset()),
        Started,
        "",
    ),
    row(
        "connection reset within the headers, once",
        || once(Fault::half_headers(After::Reset)),
        Started,
        "",
    ),
    row(
        "connection closed within the headers, once",
        || once(Fault::half_headers(After::Close)),
        Started,
        "",
    ),
    row(
        "half a body, then the connection is closed, once",
        || once(Fault::TruncatedBody(After::Close)),
        Started,
        "",
    ),
    row(
        "half a body, then the connection is reset, once",
        || once(Fault::TruncatedBody(After::Reset)),
        Started,
        "",
    ),
    row(
        "half a body on the second page, once",
        || second_page(Fault::TruncatedBody(After::Close)),
        Started,
        "",
    ),
    row(
        "half a body, then the connection is closed, always",
        || always(Fault::TruncatedBody(After::Close)),
        Status(75),
        "tries … cut off",
    ),
    row(
        "a body longer than its Content-Length, once",
        || once(Fault::WrongLength(-7)),
        Started,
        "",
    ),
    row(
        "a body shorter than its Content-Length, once",
        || once(Fault::WrongLength(7)),
        Started,
        "",
    ),
    row(
        "invalid chunked encoding, once",
        || once(Fault::chunked_garbage()),
        Started,
        "",
    ),
    row(
        "no response, always",
        || always(Fault::NoResponse),
        Status(75),
        "2s",
    ),
    row(
        "headers that stall, always",
        || always(Fault::half_headers(After::Stall)),
        Status(75),
        "2s",
    ),
    row(
        "a body that stalls, always",
        || always(Fault::TruncatedBody(After::Stall)),
        Status(75),
        "2s",
    ),
    row(
        "a late response",
        || once(Fault::Delay(Duration::from_millis(300))),
        Started,
        "",
    ),
    row(
        "connections reset at once, always",
        || {
            let setup = always(Fault::None);
            setup
                .stub
                .as_ref()
                .expect("a stub")
                .on_connect(OnConnect::Reset);
            setup
        },
        Status(75),
        "/f/*",
    ),
    // Responses that aren't from SSM.
    row(
        "500 without a code, once",
        || once(Fault::status(500)),
        Started,
        "",
    ),
    row(
        "502 from a gateway, once",
        || once(Fault::status(502)),
        Started,
        "",
    ),
    row(
        "503 from a gateway, once",
        || once(Fault::status(503)),
        Started,
        "",
    ),
    row(
        "504 from a gateway, once",
        || once(Fault::status(504)),
        Started,
        "",
    ),
    row(
        "500 without a code, always",
        || always(Fault::status(500)),
        Status(75),
        "HTTP 500",
    ),
    row(
        "502 from a gateway, always",
        || always(Fault::status(502)),
        Status(75),
        "HTTP 502",
    ),
    row(
        "503 from a gateway, always",
        || always(Fault::status(503)),
        Status(75),
        "HTTP 503",
    ),
    row(
        "504 from a gateway, always",
        || always(Fault::status(504)),
        Status(75),
        "HTTP 504",
    ),
    row(
        "InternalServerError, once",
        || once(Fault::internal()),
        Started,
        "",
    ),
    row(
        "InternalServerError, always",
        || always(Fault::internal()),
        Status(75),
        "InternalServerError",
    ),
    row(
        "HTML with status 200, once",
        || once(Fault::html()),
        Started,
        "",
    ),
    row(
        "HTML with status 200, always",
        || always(Fault::html()),
        Status(75),
        "wasn't what SSM sends",
    ),
    row(
        "an empty body with status 200, always",
        || always(Fault::empty()),
        Status(75),
        "/f/*",
    ),
    row(
        "JSON without the list of parameters",
        || permanent(Fault::json("{}")),
        Status(75),
        "no list of parameters",
    ),
    row(
        "a last-modified date beyond the year 9999",
        || {
            always(Fault::json(
                r#"{"Parameters":[{"Name":"/f/k0","Value":"canary-0","LastModifiedDate":253402300800}]}"#,
            ))
        },
        Status(75),
        "the last-modified date of /f/k0 is out of range",
    ),
    row(
        "a list of numbers instead of parameters",
        || always(Fault::json(r#"{"Parameters":[1]}"#)),
        Status(75),
        "wasn't what SSM sends",
    ),
    row(
        "Content-Encoding: gzip on an uncompressed body, once",
        || once(Fault::gzip()),
        Started,
        "",
    ),
    // Throttling.
    row(
        "ThrottlingException, once",
        || once(Fault::throttle()),
        Started,
        "again in",
    ),
    row(
        "ThrottlingException, always",
        || always(Fault::throttle()),
        Status(75),
        "high-throughput-enabled",
    ),
    row(
        "RequestLimitExceeded, always",
        || always(Fault::client("RequestLimitExceeded", "x")),
        Status(75),
        "RequestLimitExceeded",
    ),
    row(
        "TooManyRequestsException, always",
        || always(Fault::client("TooManyRequestsException", "x")),
        Status(75),
        "TooManyRequestsException",
    ),
    row(
        "429 without a code, always",
        || always(Fault::Response(429, "text/plain", Vec::new())),
        Status(75),
        "HTTP 429",
    ),
    row(
        "429 with Retry-After: 1, once",
        || once(Fault::Response(429, "text/plain", Vec::new()).header("retry-after", "1")),
        Started,
        "again in",
    ),
    row(
        "503 with Retry-After beyond the timeout",
        || always(Fault::status(503).header("retry-after", "60")),
        Status(75),
        "1 try",
    ),
    // Invalid responses.
    row(
        "a parameter without a value",
        || corrupted(Corruption::NoValue),
        Status(65),
        "without a value",
    ),
    row(
        "a parameter that is not below the prefix",
        || corrupted(Corruption::Unrequested),
        Status(75),
        "/unrequested/parameter",
    ),
    row(
        "a parameter that was not requested, with keys",
        || corrupted_keys(Corruption::Unrequested),
        Status(75),
        "/unrequested/parameter",
    ),
    row(
        "a key that is neither returned nor invalid",
        || corrupted_keys(Corruption::Omitted),
        Status(75),
        "/f/k0",
    ),
    row(
        "every key is invalid",
        || corrupted_keys(Corruption::AllInvalid),
        Status(66),
        "/f/k0",
    ),
    row(
        "a page token that repeats",
        || permanent(Fault::Corrupted(Corruption::Token("again".to_owned()))),
        Status(75),
        "token",
    ),
    row(
        "an expired page token, once",
        || second_page(Fault::client("InvalidNextToken", "x")),
        Started,
        "",
    ),
    row(
        "1,000 empty pages",
        || by_prefix(filled(Stub::builder().empty_pages(500).start())),
        Started,
        "",
    ),
    row(
        "a page of 1,000 parameters",
        || {
            let parameter = |n| {
                format!(
                    r#"{{"Name":"/f/k{n}","Type":"SecureString","Value":"canary-{n}","Version":1}}"#
                )
            };
            let all: Vec<String> = (0..1_000).map(parameter).collect();
            let body = format!(r#"{{"Parameters":[{}]}}"#, all.join(","));
            once(Fault::Response(
                200,
                "application/x-amz-json-1.1",
                body.into(),
            ))
        },
        Started,
        "",
    ),
    row(
        "endless pages",
        || permanent(Corruption::EndlessPages),
        Status(78),
        "10000 … --max-parameters",
    ),
    row(
        "a body of 1 GiB",
        || permanent(Fault::LargeBody(1 << 30)),
        Status(75),
        "2097152",
    ),
    row(
        "a body without an end",
        || permanent(Fault::EndlessBody),
        Status(75),
        "2097152",
    ),
    row(
        "a body without an end, sent slowly",
        || always(Fault::SlowBody(Duration::from_millis(10))),
        Status(75),
        "2s",
    ),
    row(
        "pages of two parameters",
        || by_prefix(filled(Stub::builder().page_size(2).start())),
        Started,
        "",
    ),
    // Denials.
    row(
        "access to the path denied, no policy allows it",
        || denied("GetParametersByPath", Denial::Implicit(Policy::Identity)),
        Status(77),
        r#"add to the caller's policy: {"Action":"ssm:GetParametersByPath""#,
    ),
    row(
        "access to the path denied, older message",
        || denied("GetParametersByPath", Denial::Old),
        Status(77),
        "ssm:GetParametersByPath",
    ),
    row(
        "access denied explicitly by a service control policy",
        || {
            denied(
                "GetParametersByPath",
                Denial::ExplicitBy(
                    Policy::ServiceControl,
                    "arn:aws:organizations::111122223333:policy/o-1/service_control_policy/p-1"
                        .to_owned(),
                ),
            )
        },
        Status(77),
        "service_control_policy/p-1",
    ),
    row(
        "access denied by a permissions boundary",
        || denied("GetParametersByPath", Denial::Implicit(Policy::Boundary)),
        Status(77),
        "permissions boundary",
    ),
    row(
        "access denied by a VPC endpoint policy",
        || denied("GetParametersByPath", Denial::Implicit(Policy::VpcEndpoint)),
        Status(77),
        "VPC endpoint policy",
    ),
    row(
        "access denied with an unknown message",
        || {
            denied(
                "GetParametersByPath",
                Denial::Text("Not for you".to_owned()),
            )
        },
        Status(77),
        "Not for you",
    ),
    row(
        "access to one of many keys denied",
        || {
            let stub = filled(Stub::start());
            stub.deny(
                "GetParameters",
                "*parameter/f/k3",
                Denial::Implicit(Policy::Identity),
            );
            by_keys(stub)
        },
        Status(77),
        "parameter/f/k3",
    ),
    row(
        "access denied, and another key is missing",
        || {
            let setup = denied("GetParametersByPath", Denial::Implicit(Policy::Identity));
            Setup {
                run: setup.run.args("-k A=/nope"),
                ..setup
            }
        },
        Status(77),
        "ssm:GetParametersByPath",
    ),
    row(
        "kms:Decrypt denied, older message",
        || kms(KmsDenial::Old),
        Status(77),
        "kms:Decrypt",
    ),
    row(
        "kms:Decrypt denied, newer message",
        || kms(KmsDenial::New),
        Status(77),
        "kms:EncryptionContext:PARAMETER_ARN",
    ),
    row(
        "the KMS key is pending deletion",
        || kms(KmsDenial::KeyDisabled),
        Status(77),
        "cancel its deletion",
    ),
    row(
        "the KMS key of another account is not shared",
        || kms(KmsDenial::NotShared),
        Status(77),
        "shared",
    ),
    row(
        "access to a secret denied",
        || {
            let setup = by_prefix(filled(Stub::start()));
            let stub = setup.stub.as_ref().expect("a stub");
            stub.put_secret("db", "canary");
            stub.deny(
                "secretsmanager:GetSecretValue",
                "*",
                Denial::Implicit(Policy::Identity),
            );
            Setup {
                run: setup.run.args("-k S=/aws/reference/secretsmanager/db"),
                ..setup
            }
        },
        Status(77),
        "secretsmanager:GetSecretValue",
    ),
    // Credentials.
    row(
        "ExpiredTokenException",
        || {
            client(
                "ExpiredTokenException",
                "The security token included in the request is expired",
            )
        },
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
    row(
        "a wrong clock, always",
        || client("RequestTimeTooSkewed", "x"),
        Status(77),
        "clock",
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
            let run = setup.run.unset("AWS_ACCESS_KEY_ID");
            let agent = "http://127.0.0.1:1/";
            Setup {
                run: run.env("AWS_CONTAINER_CREDENTIALS_FULL_URI", agent),
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
    row(
        "an empty profile",
        || environment("AWS_PROFILE", ""),
        Started,
        "",
    ),
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
        "FIPS with a custom endpoint",
        || environment("AWS_USE_FIPS_ENDPOINT", "true"),
        Status(78),
        "FIPS",
    ),
    // Errors of the request.
    row(
        "ValidationException",
        || client("ValidationException", "x"),
        Status(78),
        "ValidationException",
    ),
    row(
        "ParameterNotFound without a text",
        || permanent(Fault::Error(ssm_stub::ApiError::bare("ParameterNotFound"))),
        Status(78),
        "ParameterNotFound",
    ),
    row(
        "ParameterVersionNotFound",
        || client("ParameterVersionNotFound", "could not find version 2"),
        Status(78),
        "could not find version 2",
    ),
    row(
        "UnknownOperationException",
        || client("UnknownOperationException", ""),
        Status(78),
        "UnknownOperationException",
    ),
    // TLS.
    row(
        "TLS with a CA bundle",
        || tls(Stub::builder().tls().start()),
        Started,
        "",
    ),
    row(
        "TLS 1.2 only",
        || tls(Stub::builder().tls12().start()),
        Started,
        "",
    ),
    row(
        "TLS with an unknown CA",
        || by_prefix(filled(Stub::builder().tls().start())),
        Status(78),
        "issued by \"ssm-stub CA\", which isn't trusted",
    ),
    row(
        "TLS with a certificate for another host",
        || tls(Stub::builder().certificate(Certificate::WrongName).start()),
        Status(78),
        "can't be trusted: it is for elsewhere.example, not for localhost",
    ),
    row(
        "TLS with an expired certificate",
        || tls(Stub::builder().certificate(Certificate::Expired).start()),
        Status(78),
        "can't be trusted: it expired at 2021-01-01T00:00:00Z",
    ),
    row(
        "a TLS handshake that stalls",
        || {
            let setup = tls(Stub::builder().tls().start());
            setup
                .stub
                .as_ref()
                .expect("a stub")
                .on_connect(OnConnect::Stall);
            Setup {
                run: setup.run.args("--timeout 2s"),
                ..setup
            }
        },
        Status(75),
        "2s",
    ),
    row(
        "TLS to a plain HTTP server",
        || {
            let stub = filled(Stub::start());
            let url = format!("https://localhost:{}", stub.port());
            Setup {
                run: Run::against(&url).args("-p /f"),
                stub: Some(stub),
            }
        },
        Status(75),
        "must speak TLS 1.2 or 1.3",
    ),
    row(
        "TLS 1.1 only",
        || without_stub(&tls11_server(), "--timeout 30s"),
        Status(75),
        "ProtocolVersion",
    ),
    row(
        "a CA bundle that isn't PEM",
        || bundle("canary garbage"),
        Status(78),
        "ca.pem",
    ),
    row(
        "a CA bundle with an invalid certificate",
        || bundle("-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n"),
        Status(78),
        "certificate number 1",
    ),
    // The environment.
    row(
        "a value that is too long for a variable",
        || {
            let setup = by_prefix(filled(Stub::start()));
            setup
                .stub
                .as_ref()
                .expect("a stub")
                .put(Parameter::secure("/f/big", &"canary".repeat(30_000)));
            setup
        },
        Status(65),
        "131071",
    ),
    row(
        "values that exceed the size of the environment",
        too_large,
        Status(65),
        "2097152",
    ),
    row(
        "a value with a NUL byte",
        || {
            let setup = by_prefix(filled(Stub::start()));
            setup
                .stub
                .as_ref()
                .expect("a stub")
                .put(Parameter::secure("/f/nul", "canary\0"));
            setup
        },
        Status(65),
        "NUL byte",
    ),
];
