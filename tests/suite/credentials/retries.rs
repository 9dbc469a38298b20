//! Whatever is asked for credentials is asked again while it fails temporarily, until the time limit.

use super::*;
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Whom a run asks for credentials, how it answers, and whose credentials these are.
pub(super) struct Source {
    pub(super) name: &'static str,
    run: fn(Run, String) -> Run,
    pub(super) answer: fn(&HttpRequest) -> Reply,
    pub(super) key: &'static str,
}

const SOURCES: &[Source] = &[
    Source {
        name: "the role",
        run: |run, url| with_role(with_environment_keys(run)).env("AWS_ENDPOINT_URL_STS", url),
        answer: assumed,
        key: "ASIAROLE",
    },
    Source {
        name: "the profile `role`",
        run: |run, url| {
            let run = profiles(run).args("--profile role");
            run.env("AWS_ENDPOINT_URL_STS", url)
        },
        answer: assumed,
        key: "ASIAROLE",
    },
    Source {
        name: "the web identity",
        run: |run, url| with_web_identity(run).env("AWS_ENDPOINT_URL_STS", url),
        answer: assumed,
        key: "ASIAROLE",
    },
    Source {
        name: "the profile `sso`",
        run: |run, url| {
            let run = with_sso(run, SSO_SESSION, "2099-01-01T00:00:00Z");
            run.env("AWS_ENDPOINT_URL_SSO", url)
        },
        answer: |_| ok(ROLE_CREDENTIALS),
        key: "ASIASSO",
    },
    Source {
        name: "the container's agent",
        run: |run, url| run.env("AWS_CONTAINER_CREDENTIALS_FULL_URI", url),
        answer: |_| json("ASIAPOD"),
        key: "ASIAPOD",
    },
    Source {
        name: "the instance metadata service",
        run: |run, url| {
            let run = run.unset("AWS_EC2_METADATA_DISABLED");
            run.env("AWS_EC2_METADATA_SERVICE_ENDPOINT", url)
        },
        answer: instance,
        key: "ASIAINSTANCE",
    },
];

impl Source {
    pub(super) fn run(&self, stub: &Stub, url: String) -> Run {
        (self.run)(without_credentials(stub), url)
    }
}

/// Tests all sources at once: most of the time they wait.
pub(super) fn each_source(test: impl Fn(&Source) + Sync) {
    std::thread::scope(|scope| {
        for source in SOURCES {
            scope.spawn(|| test(source));
        }
    });
}

/// A source that fails so a few times.
fn failing(times: usize, source: &Source, reply: fn() -> Reply) -> HttpServer {
    let (seen, answer) = (AtomicUsize::new(0), source.answer);
    HttpServer::start(move |request| match seen.fetch_add(1, Ordering::Relaxed) {
        at if at < times => reply(),
        _ => answer(request),
    })
}

#[test]
fn a_source_that_fails_temporarily_is_asked_again() {
    let failures: [(usize, fn() -> Reply); 3] = [
        (3, || status(503, "busy for a while")),
        (3, || status(500, r#"{"message":"unavailable"}"#)),
        (1, || {
            status(
                429,
                r#"{"__type":"TooManyRequestsException","message":"HTTP 429 Unknown Code"}"#,
            )
        }),
    ];
    each_source(|source| {
        for (times, reply) in failures {
            let (stub, server) = (stub(), failing(times, source, reply));
            let signer = signer(&stub, source.run(&stub, server.url()));
            assert_eq!(signer.key, source.key, "{}", source.name);
        }
    });
}

#[test]
fn a_source_behind_a_network_that_comes_up_late_is_waited_for() {
    each_source(|source| {
        let stub = stub();
        // An address of its own: no connection of another test takes the port in between.
        let at = SOURCES.iter().position(|it| it.name == source.name);
        let own = format!("127.0.77.{}:0", at.expect("a source") + 1);
        let listener = TcpListener::bind(own).expect("an address");
        let address = listener.local_addr().expect("an address").to_string();
        let run = source.run(&stub, format!("http://{address}"));
        std::thread::scope(|scope| {
            let signed = scope.spawn(|| signer(&stub, run));
            // Each of these attempts loses its connection, and the next ones are refused until the server is there.
            for _ in 0..4 {
                drop(listener.accept().expect("a connection"));
            }
            drop(listener);
            let _server = HttpServer::start_at(&address, source.answer);
            let signer = signed.join().expect("a start");
            assert_eq!(signer.key, source.key, "{}", source.name);
        });
    });
}

#[test]
fn a_metadata_service_that_does_not_answer_is_asked_three_times() {
    let instance = SOURCES.last().expect("a source");
    let (stub, late) = (stub(), failing(1, instance, || Reply::Hang));
    assert_eq!(signer(&stub, instance.run(&stub, late.url())).key, instance.key);
    let silent = HttpServer::start(|_| Reply::Hang);
    let outcome = instance.run(&stub, silent.url()).fails(77);
    outcome.says(&[instance.name, "did not answer", "hop limit of 2"]);
    assert_eq!(silent.requests().len(), 3);
}

#[test]
fn a_source_that_fails_throughout_is_an_error_for_which_it_may_help_to_try_again() {
    each_source(|source| {
        let stub = stub();
        let server = HttpServer::start(|_| status(503, r#"{"message":"unavailable"}"#));
        let run = source.run(&stub, server.url()).args("-q --timeout 2s");
        run.fails(75).says(&["failed (HTTP 503: unavailable)", "within 2s, in ", source.name]);
        assert!(server.requests().len() > 2, "{}", source.name);
    });
}

#[test]
fn a_source_that_refuses_is_asked_once() {
    each_source(|source| {
        let stub = stub();
        let server =
            HttpServer::start(|_| status(400, r#"{"code":"Odd","message":"no more of this"}"#));
        let outcome = source.run(&stub, server.url()).fails(77);
        outcome.says(&["Odd", "no more of this", source.name]);
        assert_eq!(server.requests().len(), 1, "{}", source.name);
    });
}

#[test]
fn a_source_that_has_no_credentials_yet_is_asked_again_with_wait() {
    let denied = || {
        status(
            403,
            "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>Not authorized to perform sts:AssumeRoleWithWebIdentity</Message></Error></ErrorResponse>",
        )
    };
    let early: [fn() -> Reply; 6] = [
        || {
            status(
                403,
                "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User: x is not authorized to perform: sts:AssumeRole on resource: y</Message></Error></ErrorResponse>",
            )
        },
        || {
            status(
                403,
                "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidClientTokenId</Code><Message>The security token included in the request is invalid</Message></Error></ErrorResponse>",
            )
        },
        denied,
        || status(503, "busy for a while"),
        || {
            status(
                400,
                "[6f2e]: (AccessDeniedException): Unauthorized Exception! EKS does not have permissions to assume the associated role., fault: client",
            )
        },
        || status(404, ""),
    ];
    std::thread::scope(|scope| {
        for (source, reply) in SOURCES.iter().zip(early) {
            scope.spawn(move || {
                // The metadata service gives its token first.
                let server = match source.name.contains("metadata") {
                    false => failing(1, source, reply),
                    true => {
                        let seen = AtomicUsize::new(0);
                        HttpServer::start(move |request| {
                            let is_role = request.line.contains("iam");
                            match is_role && seen.fetch_add(1, Ordering::Relaxed) == 0 {
                                true => reply(),
                                false => instance(request),
                            }
                        })
                    }
                };
                let stub = stub();
                let run = source.run(&stub, server.url()).args("--wait 60s");
                assert_eq!(signer(&stub, run).key, source.key, "{}", source.name);
            });
        }
    });
}

/// A service whose clock is this many seconds ahead, and which refuses other times as STS does.
fn with_another_time(ahead: i64) -> HttpServer {
    HttpServer::start(move |request| {
        let now = ssm_stub::amz_date_of(ahead);
        let signed = request.header("x-amz-date").expect("a signature");
        // Up to the minute: the next one is as good.
        let near = [ssm_stub::amz_date_of(ahead - 60), ssm_stub::amz_date_of(ahead + 60)];
        let is_near = near[0].as_str() <= signed && signed <= near[1].as_str();
        let (status, body) = match is_near {
            true => match assumed(request) {
                Reply::Response { status, body, .. } => (status, body),
                _ => unreachable!("a response"),
            },
            false => {
                let text =
                    format!("Signature expired: {signed} is now earlier than {now} (… - 5 min.)");
                (
                    403,
                    format!(
                        "<ErrorResponse><Error><Type>Sender</Type><Code>SignatureDoesNotMatch</Code><Message>{text}</Message></Error></ErrorResponse>"
                    ),
                )
            }
        };
        let date: &'static str = Box::leak(ssm_stub::http_date_of(ahead).into_boxed_str());
        Reply::Response { status, header: Some(("date", date)), body }
    })
}

#[test]
fn a_role_is_assumed_with_the_time_of_sts() {
    for ahead in [600, -3_600] {
        for source in &SOURCES[..2] {
            let (stub, server) = (stub(), with_another_time(ahead));
            let signer = signer(&stub, source.run(&stub, server.url()));
            assert_eq!(signer.key, source.key, "{}", source.name);
            assert_eq!(server.requests().len(), 2, "{}", source.name);
        }
    }
}

#[test]
fn the_region_of_an_instance_is_waited_for() {
    let stub = stub();
    let instance = SOURCES.last().expect("an instance");
    let server = failing(3, instance, || status(503, "busy for a while"));
    let run = instance.run(&stub, server.url()).unset("AWS_REGION");
    assert_eq!(signer(&stub, run).key, instance.key);
}
