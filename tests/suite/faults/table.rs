//! The rows. A row is a name, a world, an end, and words of the message.

use super::End::{Started, Status};
use super::{Row, Scene, by_keys, filled, over};
use crate::harness::Run;
use ssm_stub::{
    After, Certificate, Corruption, Denial, Fault, KmsDenial, OnConnect, Parameter, Policy, Stub,
};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

fn once(fault: impl Into<Fault>) -> Scene {
    let stub = filled(Stub::start());
    stub.fault(fault);
    over(stub)
}

fn second_page(fault: Fault) -> Scene {
    let stub = filled(Stub::start());
    stub.fault(Fault::None);
    stub.fault(fault);
    over(stub)
}

fn always(fault: impl Into<Fault>) -> Scene {
    let stub = filled(Stub::start());
    stub.always(fault);
    let scene = over(stub);
    Scene {
        run: scene.run.args("--timeout 900ms"),
        ..scene
    }
}

fn keys(fault: impl Into<Fault>) -> Scene {
    let stub = filled(Stub::start());
    stub.fault(fault);
    by_keys(stub)
}

fn client(code: &str, message: &str) -> Scene {
    always(Fault::client(code, message))
}

fn denied(action: &str, denial: impl Into<Denial>) -> Scene {
    let stub = filled(Stub::start());
    stub.deny(action, "*", denial);
    over(stub)
}

fn kms(denial: KmsDenial) -> Scene {
    let stub = filled(Stub::start());
    stub.deny_kms("/f/*", denial);
    over(stub)
}

fn tls(stub: Stub) -> Scene {
    let stub = filled(stub);
    let scene = over(stub);
    let bundle = scene.run.home().join("ca.pem");
    std::fs::write(&bundle, scene.stub.as_ref().expect("a stub").ca_pem()).expect("a bundle");
    Scene {
        run: scene.run.env("AWS_CA_BUNDLE", bundle),
        ..scene
    }
}

fn nowhere(url: &str, words: &str) -> Scene {
    Scene {
        stub: None,
        run: Run::against(url).args("-p /f --timeout 900ms").args(words),
    }
}

fn bundle(text: &str) -> Scene {
    let scene = tls(Stub::builder().tls().start());
    std::fs::write(scene.run.home().join("ca.pem"), text).expect("a bundle");
    scene
}

fn corrupted(corruption: Corruption) -> Scene {
    once(Fault::Corrupted(corruption))
}

fn corrupted_keys(corruption: Corruption) -> Scene {
    keys(Fault::Corrupted(corruption))
}

fn environment(name: &str, value: &str) -> Scene {
    let scene = over(filled(Stub::start()));
    Scene {
        run: scene.run.env(name, value),
        ..scene
    }
}

/// A server that answers each greeting with the alert `protocol_version`, as those do that know no
/// newer one than TLS 1.1 (RFC 5246, 7.2.2). Its thread ends with the tests.
fn refusing_tls() -> String {
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

/// Parameters below the prefix that no environment has room for.
fn too_much() -> Scene {
    let scene = over(filled(Stub::start()));
    let stub = scene.stub.as_ref().expect("a stub");
    for n in 0..30 {
        let value = "canary".repeat(20_000);
        stub.put(Parameter::secure(&format!("/f/big{n}"), &value));
    }
    scene
}

/// A profile whose credentials come from this shell script.
fn process(script: &str) -> Scene {
    let scene = over(filled(Stub::start()));
    let home = scene.run.home();
    crate::harness::script(&home.join("give"), script);
    let config = home.join("config");
    std::fs::write(&config, "[default]\ncredential_process = ./give\n").expect("a file");
    let run = scene.run.unset("AWS_ACCESS_KEY_ID");
    Scene {
        run: run.env("AWS_CONFIG_FILE", config).args("--timeout 900ms"),
        ..scene
    }
}

const fn row(what: &'static str, world: fn() -> Scene, end: super::End, says: &'static str) -> Row {
    Row {
        what,
        world,
        end,
        says,
    }
}

pub const ROWS: &[Row] = &[
    // The wire.
    row(
        "connection refused",
        || nowhere("http://127.0.0.1:1", ""),
        Status(75),
        "Connection refused",
    ),
    row(
        "a name that DNS doesn't know",
        || nowhere("https://ssm.invalid", ""),
        Status(75),
        "ssm.invalid failed",
    ),
    row(
        "an address that never answers",
        || nowhere("https://192.0.2.1", ""),
        Status(75),
        "within 900ms",
    ),
    row(
        "no one at IPv6's address of a name, and the endpoint at IPv4's",
        || {
            let stub = filled(Stub::start());
            let url = format!("http://localhost:{}", stub.port());
            let run = Run::against(&url).args("-p /f --timeout 3s");
            Scene {
                stub: Some(stub),
                run,
            }
        },
        Started,
        "",
    ),
    row(
        "connection closed without an answer, once",
        || once(Fault::close()),
        Started,
        "",
    ),
    row(
        "connection closed without an answer, for ever",
        || always(Fault::close()),
        Status(75),
        "couldn't fetch /f/*",
    ),
    row(
        "connection reset before the headers, once",
        || once(Fault::reset()),
        Started,
        "",
    ),
    row(
        "connection reset in the headers, once",
        || once(Fault::half_headers(After::Reset)),
        Started,
        "",
    ),
    row(
        "connection closed in the headers, once",
        || once(Fault::half_headers(After::Close)),
        Started,
        "",
    ),
    row(
        "half a body, then a close, once",
        || once(Fault::TruncatedBody(After::Close)),
        Started,
        "",
    ),
    row(
        "half a body, then a reset, once",
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
        "half a body for ever",
        || always(Fault::TruncatedBody(After::Close)),
        Status(75),
        "in ",
    ),
    row(
        "a body longer than its length, once",
        || once(Fault::WrongLength(-7)),
        Started,
        "",
    ),
    row(
        "a body shorter than its length, once",
        || once(Fault::WrongLength(7)),
        Started,
        "",
    ),
    row(
        "chunked garbage, once",
        || once(Fault::chunked_garbage()),
        Started,
        "",
    ),
    row(
        "no answer, for ever",
        || always(Fault::NoResponse),
        Status(75),
        "the time was up (900ms)",
    ),
    row(
        "headers that stop half-way, for ever",
        || always(Fault::half_headers(After::Stall)),
        Status(75),
        "900ms",
    ),
    row(
        "a body that stops half-way, for ever",
        || always(Fault::TruncatedBody(After::Stall)),
        Status(75),
        "900ms",
    ),
    row(
        "an answer that comes late",
        || once(Fault::Delay(Duration::from_millis(300))),
        Started,
        "",
    ),
    row(
        "connections that are reset at once, for ever",
        || {
            let scene = always(Fault::None);
            scene
                .stub
                .as_ref()
                .expect("a stub")
                .on_connect(OnConnect::Reset);
            scene
        },
        Status(75),
        "couldn't fetch",
    ),
    // What isn't SSM.
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
        "500 for ever",
        || always(Fault::status(500)),
        Status(75),
        "HTTP 500",
    ),
    row(
        "502 for ever",
        || always(Fault::status(502)),
        Status(75),
        "HTTP 502",
    ),
    row(
        "503 for ever",
        || always(Fault::status(503)),
        Status(75),
        "HTTP 503",
    ),
    row(
        "504 for ever",
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
        "InternalServerError, for ever",
        || always(Fault::internal()),
        Status(75),
        "InternalServerError (HTTP 500)",
    ),
    row(
        "HTML with status 200, once",
        || once(Fault::html()),
        Started,
        "",
    ),
    row(
        "HTML with status 200, for ever",
        || always(Fault::html()),
        Status(75),
        "wasn't what SSM sends",
    ),
    row(
        "an empty 200, for ever",
        || always(Fault::empty()),
        Status(75),
        "/f/*",
    ),
    row(
        "JSON without the list of parameters",
        || always(Fault::json("{}")),
        Status(75),
        "no list of parameters",
    ),
    row(
        "a list of numbers",
        || always(Fault::json(r#"{"Parameters":[1]}"#)),
        Status(75),
        "wasn't what SSM sends",
    ),
    row(
        "a body that says it is compressed and isn't",
        || once(Fault::gzip()),
        Started,
        "",
    ),
    // Throttles.
    row(
        "ThrottlingException, once",
        || {
            let scene = once(Fault::throttle());
            Scene {
                run: scene.run.args("--timeout 9s"),
                ..scene
            }
        },
        Started,
        "asked for again in",
    ),
    row(
        "ThrottlingException, for ever",
        || always(Fault::throttle()),
        Status(75),
        "high-throughput-enabled",
    ),
    row(
        "RequestLimitExceeded, for ever",
        || client("RequestLimitExceeded", "x"),
        Status(75),
        "throttled it (RequestLimitExceeded)",
    ),
    row(
        "TooManyRequestsException, for ever",
        || client("TooManyRequestsException", "x"),
        Status(75),
        "throttled it (TooManyRequestsException)",
    ),
    row(
        "429 without a code, for ever",
        || always(Fault::Response(429, "text/plain", Vec::new())),
        Status(75),
        "throttled it (HTTP 429)",
    ),
    row(
        "429 with Retry-After: 1, once",
        || {
            let scene =
                once(Fault::Response(429, "text/plain", Vec::new()).header("retry-after", "1"));
            Scene {
                run: scene.run.args("--timeout 9s"),
                ..scene
            }
        },
        Started,
        "asked for again in",
    ),
    row(
        "503 with Retry-After beyond the deadline",
        || always(Fault::status(503).header("retry-after", "60")),
        Status(75),
        "in 1 try",
    ),
    // Answers that can't be relied on.
    row(
        "a parameter without a value",
        || corrupted(Corruption::NoValue),
        Status(65),
        "came without a value",
    ),
    row(
        "a parameter that isn't below the prefix",
        || corrupted(Corruption::Unrequested),
        Status(75),
        "/unrequested/parameter isn't below",
    ),
    row(
        "a parameter that nobody asked for, among keys",
        || corrupted_keys(Corruption::Unrequested),
        Status(75),
        "was not asked for",
    ),
    row(
        "a key that is neither found nor invalid",
        || corrupted_keys(Corruption::Omitted),
        Status(75),
        "neither among the parameters nor",
    ),
    row(
        "every key invalid",
        || corrupted_keys(Corruption::AllInvalid),
        Status(66),
        "don't exist: /f/k",
    ),
    row(
        "a token that repeats",
        || always(Fault::Corrupted(Corruption::Token("again".to_owned()))),
        Status(75),
        "",
    ),
    row(
        "a token that has expired, once",
        || second_page(Fault::client("InvalidNextToken", "x")),
        Started,
        "",
    ),
    row(
        "1,000 empty pages",
        || over(filled(Stub::builder().empty_pages(500).start())),
        Started,
        "",
    ),
    row(
        "a page of 1,000",
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
        "pages of two",
        || over(filled(Stub::builder().page_size(2).start())),
        Started,
        "",
    ),
    // Denials.
    row(
        "denied by path, nothing allows it",
        || denied("GetParametersByPath", Denial::Implicit(Policy::Identity)),
        Status(77),
        r#"add to the caller's policy: {"Action":"ssm:GetParametersByPath""#,
    ),
    row(
        "denied by path, old text",
        || denied("GetParametersByPath", Denial::Old),
        Status(77),
        "ssm:GetParametersByPath",
    ),
    row(
        "denied by an explicit deny of a service control policy",
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
        "a service control policy (arn:aws:organizations::111122223333:policy/o-1/service_control_policy/p-1) denies it explicitly",
    ),
    row(
        "denied by a permissions boundary",
        || denied("GetParametersByPath", Denial::Implicit(Policy::Boundary)),
        Status(77),
        "add to the permissions boundary",
    ),
    row(
        "denied by a VPC endpoint's policy",
        || denied("GetParametersByPath", Denial::Implicit(Policy::VpcEndpoint)),
        Status(77),
        "add to the VPC endpoint policy",
    ),
    row(
        "denied in a form that isn't known",
        || {
            denied(
                "GetParametersByPath",
                Denial::Text("Not for you".to_owned()),
            )
        },
        Status(77),
        "AWS denied access to /f/*: Not for you",
    ),
    row(
        "denied on some keys of many",
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
        "denied, and an absent key besides",
        || {
            let scene = denied("GetParametersByPath", Denial::Implicit(Policy::Identity));
            Scene {
                run: scene.run.args("-k A=/nope"),
                ..scene
            }
        },
        Status(77),
        "ssm:GetParametersByPath",
    ),
    row(
        "kms:Decrypt denied, old text",
        || kms(KmsDenial::Old),
        Status(77),
        "the KMS key doesn't exist in this region, or",
    ),
    row(
        "kms:Decrypt denied, new text",
        || kms(KmsDenial::New),
        Status(77),
        "kms:EncryptionContext:PARAMETER_ARN",
    ),
    row(
        "the KMS key is disabled",
        || kms(KmsDenial::KeyDisabled),
        Status(77),
        "cancel its deletion",
    ),
    row(
        "the KMS key of another account is not shared",
        || kms(KmsDenial::NotShared),
        Status(77),
        "must be shared",
    ),
    row(
        "a secret that may not be read",
        || {
            let scene = over(filled(Stub::start()));
            let stub = scene.stub.as_ref().expect("a stub");
            stub.put_secret("db", "canary");
            stub.deny(
                "secretsmanager:GetSecretValue",
                "*",
                Denial::Implicit(Policy::Identity),
            );
            Scene {
                run: scene.run.args("-k S=/aws/reference/secretsmanager/db"),
                ..scene
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
        "a clock that is wrong, told by the service's own date, once",
        || {
            let stub = filled(Stub::builder().clock_ahead(3_600).start());
            stub.fault(Fault::client(
                "InvalidSignatureException",
                "Signature expired: 20180920T174101Z is now earlier than 20180920T174504Z",
            ));
            over(stub)
        },
        Started,
        "",
    ),
    row(
        "a clock that is wrong, for ever",
        || client("RequestTimeTooSkewed", "x"),
        Status(77),
        "clock is wrong",
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
        "a credential process that never ends",
        || process("#!/bin/sh\nexec sleep 2\n"),
        Status(75),
        "the time was up (900ms) while region and credentials were looked for",
    ),
    row(
        "a container's agent that isn't there",
        || {
            let scene = over(filled(Stub::start()));
            let run = scene.run.unset("AWS_ACCESS_KEY_ID");
            let agent = "http://127.0.0.1:1/";
            Scene {
                run: run.env("AWS_CONTAINER_CREDENTIALS_FULL_URI", agent),
                ..scene
            }
        },
        Status(75),
        "from the container's agent",
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
        "FIPS and an endpoint of one's own",
        || environment("AWS_USE_FIPS_ENDPOINT", "true"),
        Status(78),
        "FIPS",
    ),
    // The request itself.
    row(
        "ValidationException",
        || client("ValidationException", "x"),
        Status(78),
        "ValidationException",
    ),
    row(
        "ParameterNotFound without a text",
        || always(Fault::Error(ssm_stub::ApiError::bare("ParameterNotFound"))),
        Status(78),
        "ParameterNotFound: without a text",
    ),
    row(
        "ParameterVersionNotFound",
        || client("ParameterVersionNotFound", "could not find version 2"),
        Status(78),
        "could not find version 2",
    ),
    row(
        "an action that isn't there",
        || client("UnknownOperationException", ""),
        Status(78),
        "UnknownOperationException",
    ),
    // TLS.
    row(
        "TLS, with the CA named",
        || tls(Stub::builder().tls().start()),
        Started,
        "",
    ),
    row(
        "TLS 1.2 alone",
        || tls(Stub::builder().tls12().start()),
        Started,
        "",
    ),
    row(
        "TLS, an unknown CA",
        || over(filled(Stub::builder().tls().start())),
        Status(75),
        "--ca-bundle FILE",
    ),
    row(
        "TLS, a certificate for another name",
        || tls(Stub::builder().certificate(Certificate::WrongName).start()),
        Status(75),
        "can't be trusted",
    ),
    row(
        "TLS, an expired certificate",
        || tls(Stub::builder().certificate(Certificate::Expired).start()),
        Status(75),
        "can't be trusted",
    ),
    row(
        "TLS, a handshake that stalls",
        || {
            let scene = tls(Stub::builder().tls().start());
            scene
                .stub
                .as_ref()
                .expect("a stub")
                .on_connect(OnConnect::Stall);
            Scene {
                run: scene.run.args("--timeout 900ms"),
                ..scene
            }
        },
        Status(75),
        "900ms",
    ),
    row(
        "TLS spoken to a plain server",
        || {
            let stub = filled(Stub::start());
            let url = format!("https://localhost:{}", stub.port());
            Scene {
                run: Run::against(&url).args("-p /f --timeout 900ms"),
                stub: Some(stub),
            }
        },
        Status(75),
        "must speak TLS 1.2 or 1.3",
    ),
    row(
        "TLS 1.1 alone",
        || nowhere(&refusing_tls(), ""),
        Status(75),
        "ProtocolVersion",
    ),
    row(
        "a CA bundle that isn't PEM",
        || bundle("canary garbage"),
        Status(78),
        "there is no certificate in it",
    ),
    row(
        "a CA bundle with a broken certificate",
        || bundle("-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n"),
        Status(78),
        "certificate number 1 can't be read",
    ),
    // The environment.
    row(
        "a value that is too long for a variable",
        || {
            let scene = over(filled(Stub::start()));
            scene
                .stub
                .as_ref()
                .expect("a stub")
                .put(Parameter::secure("/f/big", &"canary".repeat(30_000)));
            scene
        },
        Status(65),
        "longer than the 131071 bytes",
    ),
    row(
        "values that are too much in all",
        too_much,
        Status(65),
        "the kernel takes 2097152",
    ),
    row(
        "a value with a NUL byte",
        || {
            let scene = over(filled(Stub::start()));
            scene
                .stub
                .as_ref()
                .expect("a stub")
                .put(Parameter::secure("/f/nul", "canary\0"));
            scene
        },
        Status(65),
        "NUL byte",
    ),
];
