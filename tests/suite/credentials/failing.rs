//! Each source that fails, in its own way: nothing is started, nobody else is asked, and the message
//! names the source and the next step.

use super::*;
use std::sync::Mutex;

/// A run whose credentials fail, and what they are asked of.
struct Scene {
    run: Run,
    _server: Option<StandIn>,
}

fn alone(run: Run) -> Scene {
    Scene { run, _server: None }
}

/// With a server, whose address a variable holds.
fn asking(run: Run, variable: &str, server: StandIn) -> Scene {
    Scene {
        run: run.env(variable, server.url()),
        _server: Some(server),
    }
}

const CONTAINER: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
const STS: &str = "AWS_ENDPOINT_URL_STS";
const SSO: &str = "AWS_ENDPOINT_URL_SSO";
const METADATA: &str = "AWS_EC2_METADATA_SERVICE_ENDPOINT";

fn always(code: u16, body: &'static str) -> StandIn {
    StandIn::start(move |_| status(code, body))
}

/// Nobody is there.
const NOWHERE: &str = "http://127.0.0.1:1";

fn process(run: Run, body: &str) -> Scene {
    let run = with_config(run, "[default]\ncredential_process = ./give\n");
    script(&run.home().join("give"), &format!("#!/bin/sh\n{body}\n"));
    alone(run)
}

fn instance(run: Run, server: StandIn) -> Scene {
    asking(run.unset("AWS_EC2_METADATA_DISABLED"), METADATA, server)
}

/// A metadata service that gives its token, and says this of the rest.
fn knowing(answer: impl Fn(&str) -> Answer + Send + Sync + 'static) -> StandIn {
    StandIn::start(move |seen| match seen.line.as_str() {
        TOKEN => token(),
        line => answer(line),
    })
}

fn refusal(code: &str, text: &str) -> StandIn {
    let body = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{text}</Message></Error></ErrorResponse>"
    );
    StandIn::start(move |_| status(403, &body))
}

fn denied() -> StandIn {
    refusal(
        "AccessDenied",
        "User x is not authorized to perform sts:AssumeRole",
    )
}

const EXPIRED: &str = "2020-01-01T00:00:00Z";
const LATER: &str = "2099-01-01T00:00:00Z";

/// What fails, the status, and what the message says.
type Row = (&'static str, fn(Run) -> Scene, i32, &'static [&'static str]);

const ROWS: &[Row] = &[
    (
        "nothing at all",
        alone,
        77,
        &[
            "the environment (without AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)",
            "the profile `default`",
            "the web identity",
            "the container's agent",
            "the instance metadata service",
            "set AWS_PROFILE",
        ],
    ),
    (
        "half of the keys",
        |run| alone(run.env("AWS_ACCESS_KEY_ID", "AKIDHALF")),
        77,
        &["the environment (without AWS_SECRET_ACCESS_KEY)"],
    ),
    (
        "a profile that isn't there, by the flag",
        |run| alone(profiles(run).args("--profile nobody")),
        64,
        &["--profile", "no profile `nobody`", "default, dev, role"],
    ),
    (
        "a profile that isn't there, by the variable",
        |run| alone(profiles(run).env("AWS_PROFILE", "nobody")),
        78,
        &["AWS_PROFILE", "no profile `nobody`", "default, dev, role"],
    ),
    (
        "a profile with nothing in it",
        |run| alone(with_config(run, "[profile empty]\noutput = json\n").args("--profile empty")),
        77,
        &["the profile `empty` (nothing there)", "set AWS_PROFILE"],
    ),
    (
        "a profile with half of the keys",
        |run| {
            alone(with_config(
                run,
                "[default]\naws_access_key_id = AKIDHALF\n",
            ))
        },
        77,
        &[
            "from the profile `default`",
            "missing aws_secret_access_key",
            "aws sts get-caller-identity --profile default",
        ],
    ),
    (
        "a source profile that isn't there",
        |run| {
            alone(with_config(
                run,
                "[default]\nrole_arn = arn:aws:iam::111122223333:role/api\nsource_profile = gone\n",
            ))
        },
        77,
        &["the profile `default` (profile `gone` was not defined"],
    ),
    (
        "a profile that isn't one",
        |run| alone(with_config(run, "canary\n")),
        77,
        &["from the profile `default`", "could not parse profile file"],
    ),
    (
        "a profile whose role STS denies",
        |run| asking(profiles(run).args("--profile role"), STS, denied()),
        77,
        &[
            "from the profile `role`",
            "STS says AccessDenied: User x is not",
            "--profile role`",
        ],
    ),
    (
        "a process that fails",
        |run| process(run, "echo log in >&2; echo first >&2; exit 1"),
        77,
        &[
            "from the profile `default`: Error retrieving credentials",
            "exit status: 1",
            "log in first",
            "--profile default`",
        ],
    ),
    (
        "a process that isn't there",
        |run| alone(with_config(run, "[default]\ncredential_process = ./gone\n")),
        77,
        &["from the profile `default`", "./gone: not found"],
    ),
    (
        "a process that prints garbage",
        |run| process(run, "echo canary"),
        77,
        &["external process", "invalid JSON"],
    ),
    (
        "a process that prints half of the keys",
        |run| process(run, r#"echo '{"Version":1,"SecretAccessKey":"canary"}'"#),
        77,
        &["external process", "`AccessKeyId`"],
    ),
    (
        "an SSO session that is over",
        |run| alone(with_sso(run, SSO_SESSION, EXPIRED)),
        77,
        &[
            "SSO session has expired",
            "run `aws sso login --profile sso`",
        ],
    ),
    (
        "an SSO session that is over, in the older form",
        |run| {
            let body = r#"{"__type":"UnauthorizedException","message":"Session token not found or invalid"}"#;
            asking(with_sso(run, SSO_LEGACY, EXPIRED), SSO, always(401, body))
        },
        77,
        &[
            "SSO session has expired",
            "run `aws sso login --profile sso`",
        ],
    ),
    (
        "an SSO session that was never begun",
        |run| alone(with_config(run, SSO_SESSION.0).args("--profile sso")),
        77,
        &[
            "SSO session has expired",
            "run `aws sso login --profile sso`",
        ],
    ),
    (
        "an SSO session that was never begun, in the older form",
        |run| alone(with_config(run, SSO_LEGACY.0).args("--profile sso")),
        77,
        &[
            "SSO session has expired",
            "run `aws sso login --profile sso`",
        ],
    ),
    (
        "an SSO session without the role",
        |run| {
            let body = r#"{"__type":"ForbiddenException","message":"No access"}"#;
            asking(with_sso(run, SSO_SESSION, LATER), SSO, always(403, body))
        },
        77,
        &["from the profile `sso`", "No access", "--profile sso`"],
    ),
    (
        "a web identity that STS denies",
        |run| asking(with_web_identity(run), STS, denied()),
        77,
        &[
            "from the web identity: STS says AccessDenied: User x",
            "the trust policy of AWS_ROLE_ARN",
        ],
    ),
    (
        "a web identity that is too old",
        |run| {
            let server = refusal("ExpiredTokenException", "Token expired: current date/time");
            asking(with_web_identity(run), STS, server)
        },
        77,
        &["from the web identity: STS says ExpiredTokenException: Token expired"],
    ),
    (
        "a web identity whose file isn't there",
        |run| alone(with_web_identity(run).env("AWS_WEB_IDENTITY_TOKEN_FILE", "gone")),
        77,
        &[
            "from the web identity: No such file",
            "AWS_WEB_IDENTITY_TOKEN_FILE must be readable",
        ],
    ),
    (
        "a web identity without a role",
        |run| alone(with_web_identity(run).unset("AWS_ROLE_ARN")),
        77,
        &["the web identity (AWS_ROLE_ARN environment variable must be set)"],
    ),
    (
        "a web identity and no STS",
        |run| alone(with_web_identity(run).env(STS, NOWHERE)),
        75,
        &[
            "from the web identity: STS can't be reached",
            "VPC endpoint",
        ],
    ),
    (
        "a role that STS denies",
        |run| asking(with_role(with_environment_keys(run)), STS, denied()),
        77,
        &[
            "from the role arn:aws:iam::111122223333:role/api: STS says AccessDenied: User x",
            "its trust policy must allow the caller",
            "`--external-id`",
        ],
    ),
    (
        "a role with nothing to assume it by",
        |run| alone(with_role(run)),
        77,
        &["looked at the environment", "set AWS_PROFILE"],
    ),
    (
        "a role, and an STS that isn't one",
        |run| {
            asking(
                with_role(with_environment_keys(run)),
                STS,
                always(200, "<html>canary</html>"),
            )
        },
        77,
        &["role/api: STS answered with HTTP 200"],
    ),
    (
        "an agent that fails",
        |run| asking(run, CONTAINER, always(500, "canary")),
        75,
        &[
            "from the container's agent",
            "500",
            "the role of the task or the pod",
        ],
    ),
    (
        "an agent that refuses",
        |run| asking(with_token(run), CONTAINER, always(401, "canary")),
        77,
        &["from the container's agent", "401"],
    ),
    (
        "an agent that says why not",
        |run| {
            let body = r#"{"Code":"AccessDenied","Message":"no role"}"#;
            asking(run, CONTAINER, always(200, body))
        },
        77,
        &["from the container's agent", "[AccessDenied]: no role"],
    ),
    (
        "an agent that isn't there",
        |run| alone(run.env(CONTAINER, NOWHERE)),
        75,
        &["from the container's agent", "Connection refused"],
    ),
    (
        "an agent on another machine",
        |run| alone(run.env(CONTAINER, "http://192.0.2.1/")),
        77,
        &["from the container's agent", "http://192.0.2.1/"],
    ),
    (
        "an agent's token that isn't there",
        |run| {
            let run = run.env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "gone");
            asking(run, CONTAINER, always(200, ""))
        },
        77,
        &[
            "from the container's agent: No such file",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        ],
    ),
    (
        "an agent's token with a line's end",
        |run| {
            let run = with_token(run);
            write(&run, "agent-token", "canary\n");
            asking(run, CONTAINER, always(200, ""))
        },
        77,
        &[
            "from the container's agent: the auth token could not be used",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        ],
    ),
    (
        "an instance without a role",
        |run| instance(run, knowing(|_| status(404, "canary"))),
        77,
        &[
            "the instance metadata service (the instance has no role)",
            "or instance a role",
        ],
    ),
    (
        "an instance whose role may not be assumed",
        |run| {
            let body =
                r#"{"Code":"AssumeRoleUnauthorizedAccess","Message":"EC2 cannot assume it"}"#;
            instance(
                run,
                knowing(move |line| match line.strip_prefix(ROLES) {
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
        |run| instance(run, knowing(|_| status(500, "canary"))),
        75,
        &["from the instance metadata service: it answered with HTTP 500"],
    ),
    (
        "a metadata service that is switched off",
        |run| instance(run, always(403, "canary")),
        77,
        &[
            "from the instance metadata service",
            "IMDS is disabled",
            "its metadata options",
        ],
    ),
    (
        "a metadata service out of reach",
        |run| instance(run, StandIn::start(|_| Answer::Hang)),
        77,
        &[
            "the instance metadata service",
            "a hop limit of 2",
            "--http-put-response-hop-limit 2",
        ],
    ),
    (
        "a metadata service out of reach, which was to tell the region",
        |run| instance(run.unset("AWS_REGION"), StandIn::start(|_| Answer::Hang)),
        78,
        &["no AWS region", "the instance metadata", "a hop limit of 2"],
    ),
];

/// None of them lasts until the timeout, which would be status 75.
fn play((what, prepare, status, says): &Row) {
    let stub = stub();
    let Scene { run, _server } = prepare(without_credentials(&stub));
    let mut outcome = run.fails(*status);
    outcome.shown = (*what).to_owned();
    outcome.says(says);
    assert_eq!(stub.requests().len(), 0, "{what}: SSM was asked");
}

#[test]
fn every_failing_source_is_named_in_the_error() {
    let waiting = Mutex::new(ROWS.iter());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let next = || waiting.lock().expect("no panic holds it").next();
                while let Some(row) = next() {
                    play(row);
                }
            });
        }
    });
}

#[test]
fn a_source_that_never_answers_runs_into_the_timeout() {
    let stub = stub();
    let agent = StandIn::start(|_| Answer::Hang);
    let run = without_credentials(&stub).env(CONTAINER, agent.url());
    run.args("--timeout 1s")
        .fails(75)
        .says(&["(1s) while region and credentials were looked for", "-vv"]);
}

#[test]
fn an_untrusted_certificate_of_a_source_is_reported() {
    let (stub, private) = (stub(), Stub::builder().tls().start());
    let run = with_web_identity(without_credentials(&stub)).env(STS, private.url());
    run.fails(75).says(&[
        "the certificate of the server that the web identity needs can't be trusted",
        "--ca-bundle FILE",
    ]);
}
