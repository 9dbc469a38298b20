//! Failing credentials sources: the command is not started, no other source is used, and the message names
//! the source and the remedy.

use super::*;
use std::sync::Mutex;

/// A run whose credentials fail, and the server that provides them.
struct Setup {
    run: Run,
    _server: Option<HttpServer>,
}

fn without_server(run: Run) -> Setup {
    Setup { run, _server: None }
}

/// With a server whose URL is passed in a variable.
fn with_server(run: Run, variable: &str, server: HttpServer) -> Setup {
    Setup {
        run: run.env(variable, server.url()),
        _server: Some(server),
    }
}

const CONTAINER: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
const STS: &str = "AWS_ENDPOINT_URL_STS";
const SSO: &str = "AWS_ENDPOINT_URL_SSO";
const METADATA: &str = "AWS_EC2_METADATA_SERVICE_ENDPOINT";

fn always(code: u16, body: &'static str) -> HttpServer {
    HttpServer::start(move |_| status(code, body))
}

/// Nothing listens there.
const NOWHERE: &str = "http://127.0.0.1:1";

/// Another machine.
const ELSEWHERE: &str = "http://aws.invalid";

fn process(run: Run, body: &str) -> Setup {
    let run = with_config(run, "[default]\ncredential_process = ./give\n");
    script(&run.home().join("give"), &format!("#!/bin/sh\n{body}\n"));
    without_server(run)
}

fn instance(run: Run, server: HttpServer) -> Setup {
    with_server(run.unset("AWS_EC2_METADATA_DISABLED"), METADATA, server)
}

/// A metadata service that provides its session token, and answers other requests like this.
fn with_session_token(answer: impl Fn(&str) -> Reply + Send + Sync + 'static) -> HttpServer {
    HttpServer::start(move |seen| match seen.line.as_str() {
        TOKEN => token(),
        line => answer(line),
    })
}

fn sts_error(code: &str, text: &str) -> HttpServer {
    let body = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{text}</Message></Error></ErrorResponse>"
    );
    HttpServer::start(move |_| status(403, body.as_str()))
}

fn denied() -> HttpServer {
    sts_error(
        "AccessDenied",
        "User x is not authorized to perform sts:AssumeRole",
    )
}

const EXPIRED: &str = "2020-01-01T00:00:00Z";
const LATER: &str = "2099-01-01T00:00:00Z";

/// The failure, the status, and parts of the message.
type Row = (&'static str, fn(Run) -> Setup, i32, &'static [&'static str]);

const ROWS: &[Row] = &[
    (
        "no source",
        without_server,
        77,
        &[
            "the environment (without AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)",
            "the profile `default`",
            "the web identity",
            "the container's agent",
            "the instance metadata service",
            "Set AWS_PROFILE",
        ],
    ),
    (
        "an access key without its secret",
        |run| without_server(run.env("AWS_ACCESS_KEY_ID", "AKIDHALF")),
        77,
        &[
            "AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not",
            "Set AWS_SECRET_ACCESS_KEY too",
        ],
    ),
    (
        "a missing profile, from the flag",
        |run| without_server(profiles(run).args("--profile nobody")),
        64,
        &["--profile", "no profile `nobody`", "default, dev, role"],
    ),
    (
        "a missing profile, from the variable",
        |run| without_server(profiles(run).env("AWS_PROFILE", "nobody")),
        78,
        &["AWS_PROFILE", "no profile `nobody`", "default, dev, role"],
    ),
    (
        "a profile without credentials",
        |run| {
            without_server(
                with_config(run, "[profile empty]\noutput = json\n").args("--profile empty"),
            )
        },
        77,
        &["the profile `empty` (it has none)", "Set AWS_PROFILE"],
    ),
    (
        "a profile with an access key only",
        |run| {
            without_server(with_config(
                run,
                "[default]\naws_access_key_id = AKIDHALF\n",
            ))
        },
        78,
        &[
            ".aws/config, line 2: the profile `default` cannot give credentials",
            "has `aws_access_key_id` and no `aws_secret_access_key`",
        ],
    ),
    (
        "a missing source profile",
        |run| {
            without_server(with_config(
                run,
                "[default]\nrole_arn = arn:aws:iam::111122223333:role/api\nsource_profile = gone\n",
            ))
        },
        78,
        &[
            ".aws/config, line 3: the profile `default` cannot give credentials",
            "no profile `gone`",
        ],
    ),
    (
        "an invalid configuration file",
        |run| without_server(with_config(run, "canary\n")),
        78,
        &[".aws/config, line 1: the line stands before the first section"],
    ),
    (
        "a profile whose role STS denies",
        |run| with_server(profiles(run).args("--profile role"), STS, denied()),
        77,
        &[
            "from the profile `role`",
            "STS says AccessDenied: User x is not",
            "aws iam get-role --role-name api",
        ],
    ),
    (
        "a credential process that fails",
        |run| process(run, "echo log in >&2; echo first >&2; exit 1"),
        77,
        &[
            "from the profile `default`: its `credential_process` failed",
            "exit status: 1",
            "standard error: log in)",
            "--profile default`",
        ],
    ),
    (
        "a missing credential process",
        |run| without_server(with_config(run, "[default]\ncredential_process = ./gone\n")),
        77,
        &["from the profile `default`", "./gone: not found"],
    ),
    (
        "a credential process that prints invalid JSON",
        |run| process(run, "echo canary"),
        77,
        &["`credential_process` failed", "invalid JSON"],
    ),
    (
        "a credential process that prints no access key",
        |run| process(run, r#"echo '{"Version":1,"SecretAccessKey":"canary"}'"#),
        77,
        &["`credential_process` failed", "`AccessKeyId`"],
    ),
    (
        "an expired SSO session",
        |run| without_server(with_sso(run, SSO_SESSION, EXPIRED)),
        77,
        &[
            "SSO session has expired",
            "Log in: `aws sso login --profile sso`",
        ],
    ),
    (
        "an expired SSO session, legacy format",
        |run| {
            let body = r#"{"__type":"UnauthorizedException","message":"Session token not found or invalid"}"#;
            with_server(with_sso(run, SSO_LEGACY, EXPIRED), SSO, always(401, body))
        },
        77,
        &[
            "SSO session has expired",
            "Log in: `aws sso login --profile sso`",
        ],
    ),
    (
        "an SSO session without a login",
        |run| without_server(with_config(run, SSO_SESSION.0).args("--profile sso")),
        77,
        &[
            "SSO session has expired",
            "Log in: `aws sso login --profile sso`",
        ],
    ),
    (
        "an SSO session without a login, legacy format",
        |run| without_server(with_config(run, SSO_LEGACY.0).args("--profile sso")),
        77,
        &[
            "SSO session has expired",
            "Log in: `aws sso login --profile sso`",
        ],
    ),
    (
        "an SSO session without access to the role",
        |run| {
            let body = r#"{"__type":"ForbiddenException","message":"No access"}"#;
            with_server(with_sso(run, SSO_SESSION, LATER), SSO, always(403, body))
        },
        77,
        &["from the profile `sso`", "No access", "sso_role_name"],
    ),
    (
        "a web identity that STS denies",
        |run| with_server(with_web_identity(run), STS, denied()),
        77,
        &[
            "from the web identity: the trust policy of AWS_ROLE_ARN does not allow this token",
            "STS says AccessDenied: User x",
            "--query Role.AssumeRolePolicyDocument",
        ],
    ),
    (
        "an expired web identity token",
        |run| {
            let server = sts_error("ExpiredTokenException", "Token expired: current date/time");
            with_server(with_web_identity(run), STS, server)
        },
        77,
        &[
            "from the web identity: the token in AWS_WEB_IDENTITY_TOKEN_FILE has expired",
            "ExpiredTokenException: Token expired",
        ],
    ),
    (
        "a missing web identity token file",
        |run| without_server(with_web_identity(run).env("AWS_WEB_IDENTITY_TOKEN_FILE", "gone")),
        77,
        &[
            "from the web identity: gone (AWS_WEB_IDENTITY_TOKEN_FILE) cannot be read: No such file",
            "eks.amazonaws.com/role-arn",
        ],
    ),
    (
        "a web identity without a role",
        |run| without_server(with_web_identity(run).unset("AWS_ROLE_ARN")),
        77,
        &["AWS_WEB_IDENTITY_TOKEN_FILE is set and AWS_ROLE_ARN is not"],
    ),
    (
        "a web identity with an unreachable STS",
        |run| without_server(with_web_identity(run).env(STS, NOWHERE)),
        75,
        &[
            "from the web identity: STS cannot be reached: could not connect to 127.0.0.1:1",
            "VPC endpoint",
        ],
    ),
    (
        "a web identity with STS over plain HTTP on another machine",
        |run| without_server(with_web_identity(run).env(STS, ELSEWHERE)),
        78,
        &["from the web identity: http://aws.invalid:80 would receive secrets over plain HTTP"],
    ),
    (
        "an SSO session with a portal over plain HTTP on another machine",
        |run| without_server(with_sso(run, SSO_SESSION, LATER).env(SSO, ELSEWHERE)),
        78,
        &["from the profile `sso`: http://aws.invalid:80 would receive secrets over plain HTTP"],
    ),
    (
        "a metadata service over plain HTTP on another machine",
        |run| {
            without_server(
                run.unset("AWS_EC2_METADATA_DISABLED")
                    .env(METADATA, ELSEWHERE),
            )
        },
        78,
        &["http://aws.invalid:80 would receive secrets over plain HTTP"],
    ),
    (
        "a role that STS denies",
        |run| with_server(with_role(with_environment_keys(run)), STS, denied()),
        77,
        &[
            "from the role arn:aws:iam::111122223333:role/api",
            "STS says AccessDenied: User x",
            "Add to the role's trust policy:",
            "`--external-id ID`",
        ],
    ),
    (
        "a role without credentials to assume it",
        |run| without_server(with_role(run)),
        77,
        &["looked at the environment", "Set AWS_PROFILE"],
    ),
    (
        "a role with an invalid response from STS",
        |run| {
            with_server(
                with_role(with_environment_keys(run)),
                STS,
                always(200, "<html>canary</html>"),
            )
        },
        77,
        &[
            "role/api, assumed with the environment",
            "STS answered with HTTP 200",
        ],
    ),
    (
        "a container agent that fails",
        |run| with_server(run, CONTAINER, always(500, "canary")),
        75,
        &[
            "from the container's agent",
            "500",
            "the role of the task or the pod",
        ],
    ),
    (
        "a container agent that denies access",
        |run| with_server(with_token(run), CONTAINER, always(401, "canary")),
        77,
        &["from the container's agent", "401"],
    ),
    (
        "a container agent that returns an error",
        |run| {
            let body = r#"{"Code":"AccessDenied","Message":"no role"}"#;
            with_server(run, CONTAINER, always(200, body))
        },
        77,
        &["from the container's agent", "[AccessDenied]: no role"],
    ),
    (
        "a container agent that is down",
        |run| without_server(run.env(CONTAINER, NOWHERE)),
        75,
        &["from the container's agent", "Connection refused"],
    ),
    (
        "a container agent without a scheme",
        |run| without_server(run.env(CONTAINER, "localhost:1")),
        77,
        &[
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            "localhost:1",
            "scheme",
        ],
    ),
    (
        "a profile that uses a container agent without a scheme",
        |run| {
            let config = "[default]\nrole_arn = arn:aws:iam::111122223333:role/api\n\
                          credential_source = EcsContainer\n";
            without_server(with_config(run, config).env(CONTAINER, "localhost:1"))
        },
        77,
        &["profile `default`", "localhost:1", "scheme"],
    ),
    (
        "a container agent on another host",
        |run| without_server(run.env(CONTAINER, "http://192.0.2.1/")),
        77,
        &["from the container's agent", "http://192.0.2.1/"],
    ),
    (
        "a missing container agent token file",
        |run| {
            let run = run.env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "gone");
            with_server(run, CONTAINER, always(200, ""))
        },
        77,
        &[
            "from the container's agent: gone (AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE) cannot be read: No such file",
        ],
    ),
    (
        "a container agent token with a newline",
        |run| {
            let run = with_token(run);
            write(&run, "agent-token", "canary\n");
            with_server(run, CONTAINER, always(200, ""))
        },
        77,
        &[
            "from the container's agent: agent-token (AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE) has a newline at its end",
        ],
    ),
    (
        "an instance without a role",
        |run| instance(run, with_session_token(|_| status(404, "canary"))),
        77,
        &[
            "the instance metadata service (the instance has no role)",
            "or instance a role",
        ],
    ),
    (
        "an instance whose role cannot be assumed",
        |run| {
            let body =
                r#"{"Code":"AssumeRoleUnauthorizedAccess","Message":"EC2 cannot assume it"}"#;
            instance(
                run,
                with_session_token(move |line| match line.strip_prefix(ROLES) {
                    Some("") => ok("reader"),
                    _ => ok(body),
                }),
            )
        },
        77,
        &[
            "from the instance metadata service",
            "EC2 cannot assume it",
            "the instance's role",
        ],
    ),
    (
        "a metadata service that fails",
        |run| instance(run, with_session_token(|_| status(500, "canary"))),
        75,
        &["from the instance metadata service: it answered with HTTP 500"],
    ),
    (
        "a disabled metadata service",
        |run| instance(run, always(403, "canary")),
        77,
        &[
            "from the instance metadata service",
            "IMDS is disabled",
            "its metadata options",
        ],
    ),
    (
        "an unreachable metadata service",
        |run| instance(run, HttpServer::start(|_| Reply::Hang)),
        77,
        &[
            "the instance metadata service",
            "a hop limit of 2",
            "--http-put-response-hop-limit 2",
        ],
    ),
    (
        "an unreachable metadata service, without a region",
        |run| instance(run.unset("AWS_REGION"), HttpServer::start(|_| Reply::Hang)),
        78,
        &["no AWS region", "the instance metadata", "a hop limit of 2"],
    ),
];

/// None of them lasts until the timeout, which would give status 75.
fn check_row((what, prepare, status, says): &Row) {
    let stub = stub();
    let Setup { run, _server } = prepare(without_credentials(&stub));
    let mut outcome = run.fails(*status);
    outcome.shown = (*what).to_owned();
    outcome.says(says);
    assert_eq!(
        stub.requests().len(),
        0,
        "{what}: a request was sent to SSM"
    );
}

#[test]
fn every_failing_source_is_named_in_the_error() {
    let waiting = Mutex::new(ROWS.iter());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let next = || waiting.lock().expect("not poisoned").next();
                while let Some(row) = next() {
                    check_row(row);
                }
            });
        }
    });
}

#[test]
fn a_source_that_never_answers_runs_into_the_timeout() {
    let stub = stub();
    let agent = HttpServer::start(|_| Reply::Hang);
    let run = without_credentials(&stub).env(CONTAINER, agent.url());
    run.args("--timeout 1s")
        .fails(75)
        .says(&["after 1s while looking for region and credentials", "-vv"]);
}

#[test]
fn an_untrusted_certificate_of_a_source_is_reported() {
    let (stub, private) = (stub(), Stub::builder().tls().start());
    let run = with_web_identity(without_credentials(&stub)).env(STS, private.url());
    run.fails(78).says(&[
        "no AWS credentials from the web identity: the certificate of localhost:",
        "issued by \"ssm-stub CA\", which is not trusted",
        "--ca-bundle FILE",
    ]);
}
