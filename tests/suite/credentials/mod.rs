//! Each credentials provider with its real protocol: which credentials sign the request, and which error a
//! failing provider gives.

mod as_whom;
mod choice;
mod connect_ahead;
mod files;
mod link_local;
mod retries;
pub(crate) mod sessions;

use crate::harness::*;
use crate::support::moto::Moto;
use ssm_stub::http_server::*;
use ssm_stub::{Parameter, Stub};
use std::path::PathBuf;

/// The credentials that signed a request: the access key, and the session token, if any.
#[derive(Debug, PartialEq, Eq)]
struct Signer {
    key: String,
    token: Option<String>,
}

impl Signer {
    fn new(key: &str, token: &str) -> Self {
        Self { key: key.to_owned(), token: (!token.is_empty()).then(|| token.to_owned()) }
    }
}

/// An endpoint with one parameter.
fn stub() -> Stub {
    let stub = Stub::start();
    stub.put(Parameter::secure("/c/a", "canary-a"));
    stub
}

/// A run with endpoint and region, and without credentials.
fn without_credentials(stub: &Stub) -> Run {
    Run::bare()
        .env("AWS_ENDPOINT_URL_SSM", stub.url())
        .env("AWS_REGION", "eu-west-1")
        .args("-k A=/c/a")
}

/// Keys in the environment, used to request other credentials.
fn with_environment_keys(run: Run) -> Run {
    run.env("AWS_ACCESS_KEY_ID", "AKIDBASE").env("AWS_SECRET_ACCESS_KEY", "canary-base-secret")
}

/// Fetches the parameter, and returns the credentials that signed the request.
fn signer(stub: &Stub, run: Run) -> Signer {
    run.environment().has(&[("A", "canary-a")]);
    let request = stub.requests().pop().expect("a request");
    let authorization = request.header("authorization").expect("a signature");
    Signer::new(
        access_key(authorization),
        request.header("x-amz-security-token").unwrap_or_default(),
    )
}

/// The access key, the first part of the credential scope.
fn access_key(authorization: &str) -> &str {
    let (_, scope) = authorization.split_once("Credential=").expect("a scope");
    scope.split('/').next().expect("an access key")
}

/// Writes a file below the home directory.
fn write(run: &Run, path: &str, text: &str) {
    let path = run.home().join(path);
    std::fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
    std::fs::write(path, text).expect("a file");
}

/// A run with an `~/.aws/config`.
fn with_config(run: Run, text: &str) -> Run {
    write(&run, ".aws/config", text);
    run
}

#[test]
fn environment_credentials_are_used_with_and_without_a_session_token() {
    let stub = stub();
    let run = || {
        without_credentials(&stub)
            .env("AWS_ACCESS_KEY_ID", "AKIDVARIABLE")
            .env("AWS_SECRET_ACCESS_KEY", "canary-secret")
    };
    assert_eq!(signer(&stub, run()), Signer::new("AKIDVARIABLE", ""));
    let with_session = run().env("AWS_SESSION_TOKEN", "canary-session");
    assert_eq!(signer(&stub, with_session), Signer::new("AKIDVARIABLE", "canary-session"));
}

/// Three profiles.
const PROFILES: &str = "
    [default]
    aws_access_key_id = AKIDDEFAULT
    aws_secret_access_key = canary-default
    [profile dev]
    aws_access_key_id = AKIDDEV
    aws_secret_access_key = canary-dev
    aws_session_token = canary-dev-session
    [profile role]
    role_arn = arn:aws:iam::111122223333:role/api
    external_id = canary-external
    source_profile = dev
";

/// Removes the indentation, which would make a line continue the previous one.
fn profiles(run: Run) -> Run {
    with_config(run, &PROFILES.replace("\n    ", "\n"))
}

#[test]
fn profiles_are_selected_by_flag_by_variable_and_by_default() {
    let stub = stub();
    let run = || profiles(without_credentials(&stub));
    let dev = Signer::new("AKIDDEV", "canary-dev-session");
    assert_eq!(signer(&stub, run()), Signer::new("AKIDDEFAULT", ""));
    assert_eq!(signer(&stub, run().env("AWS_PROFILE", "dev")), dev);
    assert_eq!(signer(&stub, run().args("--profile dev")), dev);
    // As with the AWS CLI, keys in the environment override AWS_PROFILE, and a flag overrides them.
    let both = || with_environment_keys(run().env("AWS_PROFILE", "dev"));
    assert_eq!(signer(&stub, both()), Signer::new("AKIDBASE", ""));
    assert_eq!(signer(&stub, both().args("--profile dev")), dev);
}

#[test]
fn the_credentials_file_is_used_and_its_path_can_be_set() {
    let stub = stub();
    let text = "[default]\naws_access_key_id = AKIDFILE\naws_secret_access_key = canary-file\n";
    let run = without_credentials(&stub);
    write(&run, ".aws/credentials", text);
    assert_eq!(signer(&stub, run), Signer::new("AKIDFILE", ""));
    let run = without_credentials(&stub).env("AWS_SHARED_CREDENTIALS_FILE", "elsewhere");
    write(&run, "elsewhere", text);
    assert_eq!(signer(&stub, run), Signer::new("AKIDFILE", ""));
}

#[test]
fn a_credential_process_is_run() {
    let stub = stub();
    let run = with_config(
        without_credentials(&stub),
        "[default]\ncredential_process = ./give --for 'a b'\n",
    );
    script(
        &run.home().join("give"),
        r#"#!/bin/sh
[ "$1-$2" = "--for-a b" ] && echo '{"Version":1,"AccessKeyId":"AKIDPROCESS","SecretAccessKey":"canary-process","SessionToken":"canary-process-session","Expiration":"2099-01-01T00:00:00Z"}'
"#,
    );
    assert_eq!(signer(&stub, run), Signer::new("AKIDPROCESS", "canary-process-session"));
}

/// An STS that assumes every role.
fn sts() -> HttpServer {
    HttpServer::start(assumed)
}

fn assumed(seen: &HttpRequest) -> Reply {
    let action = if seen.body.starts_with("Action=AssumeRoleWithWebIdentity&") {
        "AssumeRoleWithWebIdentity"
    } else {
        "AssumeRole"
    };
    ok(format!(
        "<{action}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{action}Result>\
         <AssumedRoleUser><AssumedRoleId>AROA:x</AssumedRoleId><Arn>arn:aws:sts::111122223333:assumed-role/api/x</Arn></AssumedRoleUser>\
         <Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>canary-role</SecretAccessKey>\
         <SessionToken>canary-role-session</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>\
         </{action}Result></{action}Response>"
    ))
}

fn role() -> Signer {
    Signer::new("ASIAROLE", "canary-role-session")
}

/// Asserts that STS received one request with these parts, signed with this key or unsigned.
fn expect_assume_role(sts: &HttpServer, by: Option<&str>, parts: &[&str]) {
    let [request] = <[HttpRequest; 1]>::try_from(sts.requests()).expect("one request");
    assert_eq!(request.header("authorization").map(access_key), by);
    for part in parts {
        assert!(request.body.split('&').any(|pair| pair == *part), "{part}: {}", request.body);
    }
}

const ROLE_PART: &str = "RoleArn=arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fapi";

#[test]
fn a_profile_assumes_a_role_with_its_source_profile() {
    for chosen in ["AWS_PROFILE", "--profile"] {
        let (stub, sts) = (stub(), sts());
        let run = profiles(without_credentials(&stub)).env("AWS_ENDPOINT_URL_STS", sts.url());
        let run = match chosen {
            "--profile" => run.args("--profile role"),
            variable => run.env(variable, "role"),
        };
        assert_eq!(signer(&stub, run), role(), "{chosen}");
        let parts = ["Action=AssumeRole", ROLE_PART, "ExternalId=canary-external"];
        expect_assume_role(&sts, Some("AKIDDEV"), &parts);
    }
}

#[test]
fn a_profile_can_set_the_credential_source_and_the_sts_endpoint() {
    for (source, by) in [("Environment", "AKIDBASE"), ("EcsContainer", "ASIAPOD")] {
        let (stub, sts, agent) = (stub(), sts(), agent("127.0.0.1:0", "ASIAPOD"));
        let config = format!(
            "[profile other]\nrole_arn = arn:aws:iam::111122223333:role/api\n\
             credential_source = {source}\nservices = local\n\
             [services local]\nsts =\n  endpoint_url = {}\n",
            sts.url()
        );
        let run =
            with_token(with_config(with_environment_keys(without_credentials(&stub)), &config))
                .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", agent.url())
                .args("--profile other");
        assert_eq!(signer(&stub, run), role(), "{source}");
        expect_assume_role(&sts, Some(by), &[ROLE_PART]);
    }
}

#[test]
fn the_older_name_of_a_session_token_is_used_for_a_role_too() {
    let (stub, sts) = (stub(), sts());
    let config = "[profile other]\nrole_arn = arn:aws:iam::111122223333:role/api\ncredential_source = Environment\n";
    let run = with_config(with_environment_keys(without_credentials(&stub)), config)
        .env("AWS_SECURITY_TOKEN", "canary-older-token")
        .env("AWS_ENDPOINT_URL_STS", sts.url())
        .args("--profile other");
    assert_eq!(signer(&stub, run), role());
    let [request] = <[HttpRequest; 1]>::try_from(sts.requests()).expect("one request");
    assert_eq!(request.header("x-amz-security-token"), Some("canary-older-token"));
}

#[test]
fn each_role_of_a_chain_is_assumed_with_the_one_before_and_a_refusal_names_its_own() {
    let stub = stub();
    let config = "[profile last]\nrole_arn = arn:aws:iam::111122223333:role/last\nsource_profile = first\n\
                  [profile first]\nrole_arn = arn:aws:iam::111122223333:role/api\nsource_profile = keys\n\
                  [profile keys]\naws_access_key_id = AKIDKEYS\naws_secret_access_key = canary-keys\n";
    for denied in ["last", "api"] {
        let sts = HttpServer::start(move |seen| {
            if !seen.body.contains(&format!("role%2F{denied}&")) {
                return assumed(seen);
            }
            let error = format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User: arn:aws:iam::111122223333:user/me is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::111122223333:role/{denied}</Message></Error></ErrorResponse>"
            );
            status(403, error)
        });
        let run = with_config(without_credentials(&stub), config)
            .env("AWS_ENDPOINT_URL_STS", sts.url())
            .args("--profile last");
        let outcome = run.fails(77);
        outcome.says(&[&format!("no policy allows sts:AssumeRole on the role {denied} of")]);
        let by: Vec<Option<String>> = sts
            .requests()
            .iter()
            .filter(|seen| seen.body.starts_with("Action=AssumeRole&"))
            .map(|seen| seen.header("authorization").map(|it| access_key(it).to_owned()))
            .collect();
        let by: Vec<&str> = by.iter().flatten().map(String::as_str).collect();
        match denied {
            "api" => assert_eq!(by, ["AKIDKEYS"]),
            _ => assert_eq!(by, ["AKIDKEYS", "ASIAROLE"]),
        }
    }
}

#[test]
fn a_credential_source_that_has_none_is_named_with_its_reason() {
    let stub = stub();
    for (source, reason) in [
        ("Environment", "gives none: the environment (without AWS_ACCESS_KEY_ID"),
        (
            "Ec2InstanceMetadata",
            "the instance metadata service (disabled by AWS_EC2_METADATA_DISABLED)",
        ),
        ("EcsContainer", "the container's agent (not configured)"),
    ] {
        let config = format!(
            "[profile other]\nrole_arn = arn:aws:iam::111122223333:role/api\ncredential_source = {source}\n"
        );
        let run = with_config(without_credentials(&stub), &config)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .args("--profile other");
        run.fails(77).says(&[reason, "`other`"]);
    }
}

fn with_role(run: Run) -> Run {
    run.args("--role-arn arn:aws:iam::111122223333:role/api --external-id canary-external")
}

#[test]
fn role_arn_is_assumed_with_the_default_credentials() {
    let (stub, sts) = (stub(), sts());
    let run = with_role(with_environment_keys(without_credentials(&stub)))
        .env("AWS_ENDPOINT_URL_STS", sts.url());
    assert_eq!(signer(&stub, run), role());
    let parts = [ROLE_PART, "ExternalId=canary-external"];
    expect_assume_role(&sts, Some("AKIDBASE"), &parts);
}

fn with_web_identity(run: Run) -> Run {
    write(&run, "token", "canary-web-identity");
    run.env("AWS_WEB_IDENTITY_TOKEN_FILE", "token")
        .env("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/api")
        .env("AWS_ROLE_SESSION_NAME", "pod")
}

#[test]
fn a_web_identity_token_is_exchanged_without_a_signature() {
    let (stub, sts) = (stub(), sts());
    let run = with_web_identity(without_credentials(&stub)).env("AWS_ENDPOINT_URL_STS", sts.url());
    // As `echo` writes it.
    write(&run, "token", "canary-web-identity\n");
    assert_eq!(signer(&stub, run), role());
    let parts = [ROLE_PART, "WebIdentityToken=canary-web-identity", "RoleSessionName=pod"];
    expect_assume_role(&sts, None, &parts);
}

/// Uses moto's STS.
fn on_moto(prepare: fn(Run) -> Run) {
    let stub = stub();
    let run = prepare(without_credentials(&stub)).env("AWS_ENDPOINT_URL_STS", Moto::shared().url());
    let signer = signer(&stub, run);
    assert!(signer.key.starts_with("ASIA"), "{signer:?}");
    assert!(signer.token.is_some(), "{signer:?}");
}

#[test]
#[ignore = "needs moto's server: ./tests/run installs it"]
fn moto_assumes_the_role_of_a_profile() {
    on_moto(|run| profiles(run).args("--profile role"));
}

#[test]
#[ignore = "needs moto's server: ./tests/run installs it"]
fn moto_assumes_the_role_of_the_flag() {
    on_moto(|run| with_role(with_environment_keys(run)));
}

#[test]
#[ignore = "needs moto's server: ./tests/run installs it"]
fn moto_accepts_a_web_identity() {
    on_moto(with_web_identity);
}

/// The names of cache files are the SHA-1 of the session name, or of the start URL in the legacy format.
const SSO_SESSION: (&str, &str) = (
    "[profile sso]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = reader\n\
     [sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://corp.awsapps.com/start\n",
    "ee0bfd2552fbd840c02cc48b6e823320543c450f",
);
const SSO_LEGACY: (&str, &str) = (
    "[profile sso]\nsso_account_id = 111122223333\nsso_role_name = reader\n\
     sso_region = eu-west-1\nsso_start_url = https://corp.awsapps.com/start\n",
    "a51746d4aa793ae07b25e90c3a5db96fc7832bd7",
);

/// A run with an SSO profile, and a cached token that expires then.
fn with_sso(run: Run, (config, cache): (&str, &str), expires: &str) -> Run {
    let run = with_config(run, config).env("AWS_PROFILE", "sso");
    write(
        &run,
        &format!(".aws/sso/cache/{cache}.json"),
        &format!(r#"{{"accessToken":"canary-sso-token","expiresAt":"{expires}"}}"#),
    );
    run
}

const ROLE_CREDENTIALS: &str = r#"{"roleCredentials":{"accessKeyId":"ASIASSO","secretAccessKey":"canary-sso","sessionToken":"canary-sso-session","expiration":4070908800000}}"#;

#[test]
fn an_sso_session_provides_role_credentials() {
    for kind in [SSO_SESSION, SSO_LEGACY] {
        let stub = stub();
        let portal = HttpServer::start(|_| ok(ROLE_CREDENTIALS));
        let run = with_sso(without_credentials(&stub), kind, "2099-01-01T00:00:00Z")
            .env("AWS_ENDPOINT_URL_SSO", portal.url());
        assert_eq!(signer(&stub, run), Signer::new("ASIASSO", "canary-sso-session"));
        let seen = portal.requests();
        assert_eq!(
            portal.lines(),
            ["GET /federation/credentials?role_name=reader&account_id=111122223333"]
        );
        assert_eq!(seen[0].header("x-amz-sso_bearer_token"), Some("canary-sso-token"));
    }
}

/// A token that can be renewed.
fn refreshable(end: &str) -> String {
    format!(
        r#"{{"accessToken":"canary-old","expiresAt":"{end}","clientId":"client","clientSecret":"canary-client","refreshToken":"canary-refresh","registrationExpiresAt":"2099-01-01T00:00:00Z"}}"#
    )
}

/// A run with an SSO session that has expired and can be renewed, and the path of its token.
fn with_expired_sso(stub: &Stub, portal: &HttpServer, oidc: &HttpServer) -> (Run, PathBuf) {
    let expired = "2020-01-01T00:00:00Z";
    let run = with_sso(without_credentials(stub), SSO_SESSION, expired)
        .env("AWS_ENDPOINT_URL_SSO", portal.url())
        .env("AWS_ENDPOINT_URL_SSO_OIDC", oidc.url());
    let cache = format!(".aws/sso/cache/{}.json", SSO_SESSION.1);
    write(&run, &cache, &refreshable(expired));
    let path = run.home().join(cache);
    (run, path)
}

#[test]
fn an_expired_sso_session_is_refreshed() {
    let stub = stub();
    let portal = HttpServer::start(|seen| match seen.header("x-amz-sso_bearer_token") {
        Some("canary-fresh") => ok(ROLE_CREDENTIALS),
        _ => status(401, "canary"),
    });
    let oidc = HttpServer::start(|_| {
        ok(r#"{"accessToken":"canary-fresh","expiresIn":3600,"tokenType":"Bearer"}"#)
    });
    let (run, _) = with_expired_sso(&stub, &portal, &oidc);
    assert_eq!(signer(&stub, run), Signer::new("ASIASSO", "canary-sso-session"));
    let [renewal] = <[HttpRequest; 1]>::try_from(oidc.requests()).expect("one renewal");
    assert_eq!(renewal.line, "POST /token");
    assert!(renewal.body.contains(r#""refreshToken":"canary-refresh""#));
}

/// Credentials in the format shared by ECS, EKS and the instance metadata service.
fn json(key: &str) -> Reply {
    ok(format!(
        r#"{{"Code":"Success","Type":"AWS-HMAC","LastUpdated":"2026-01-01T00:00:00Z","AccessKeyId":"{key}","SecretAccessKey":"canary-{key}","Token":"canary-token-{key}","Expiration":"2099-01-01T00:00:00Z"}}"#
    ))
}

fn session_signer(key: &str) -> Signer {
    Signer::new(key, &format!("canary-token-{key}"))
}

/// A container credentials agent, which requires a token.
fn agent(address: &str, key: &'static str) -> HttpServer {
    HttpServer::start_at(address, move |seen| match seen.header("authorization") {
        Some("canary-agent-token") => json(key),
        _ => status(401, "canary-refused"),
    })
}

/// A run with the token in a file, as in EKS.
fn with_token(run: Run) -> Run {
    write(&run, "agent-token", "canary-agent-token");
    run.env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "agent-token")
}

#[test]
fn container_credentials_are_requested_with_the_token() {
    let with_plain_token =
        |run: Run| run.env("AWS_CONTAINER_AUTHORIZATION_TOKEN", "canary-agent-token");
    for with_token in [with_token, with_plain_token] {
        let (stub, agent) = (stub(), agent("127.0.0.1:0", "ASIAPOD"));
        let uri = agent.url() + "/v1/credentials";
        let run =
            with_token(without_credentials(&stub)).env("AWS_CONTAINER_CREDENTIALS_FULL_URI", uri);
        assert_eq!(signer(&stub, run), session_signer("ASIAPOD"));
        assert_eq!(agent.lines(), ["GET /v1/credentials"]);
    }
}

const METADATA_TOKEN: &str = "canary-metadata-token";

const TOKEN: &str = "PUT /latest/api/token";
const ROLES: &str = "GET /latest/meta-data/iam/security-credentials/";

/// The session token that the metadata service requires.
fn token() -> Reply {
    Reply::Response {
        status: 200,
        header: Some(("x-aws-ec2-metadata-token-ttl-seconds", "21600")),
        body: METADATA_TOKEN.to_owned(),
    }
}

/// The metadata service of an instance with a role.
fn metadata(address: &str) -> HttpServer {
    HttpServer::start_at(address, instance)
}

fn instance(seen: &HttpRequest) -> Reply {
    match seen.line.as_str() {
        TOKEN => token(),
        _ if seen.header("x-aws-ec2-metadata-token") != Some(METADATA_TOKEN) => {
            status(401, "canary")
        }
        "GET /latest/meta-data/placement/region" => ok("eu-west-1"),
        ROLES => ok("reader"),
        line if line.strip_prefix(ROLES) == Some("reader") => json("ASIAINSTANCE"),
        _ => status(404, "canary"),
    }
}

/// A run that uses the metadata service, and has no region.
fn on_an_instance(stub: &Stub) -> Run {
    without_credentials(stub).unset("AWS_EC2_METADATA_DISABLED").unset("AWS_REGION")
}

#[test]
fn an_instance_gets_region_and_credentials_from_the_metadata_service() {
    let (stub, metadata) = (stub(), metadata("127.0.0.1:0"));
    let run = on_an_instance(&stub).env("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.url());
    assert_eq!(signer(&stub, run), session_signer("ASIAINSTANCE"));
    let authorization = stub.requests()[0].header("authorization").map(str::to_owned);
    assert!(authorization.is_some_and(|text| text.contains("/eu-west-1/ssm/")));
    let lines = metadata.lines();
    assert_eq!(lines[0], TOKEN);
    assert!(lines.contains(&format!("{ROLES}reader")));
}
