//! The sessions of `aws login` and `aws sso login`: used while they live, renewed for the AWS CLI too, and never
//! spoiled.

use super::*;
use crate::no_secret_leaks::{opens_for_writing, traced};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::{Value, json};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

const LOGIN: &str = "[profile login]\nlogin_session = arn:aws:iam::111122223333:user/ana\nregion = eu-west-1\n\
    [profile role]\nrole_arn = arn:aws:iam::111122223333:role/api\nsource_profile = login\n";
/// The SHA-256 of the session.
const CACHE: &str =
    ".aws/login/cache/54b26e94961ade5aa4cd61f3deff3136c953a65099a948739052499a875d5095.json";
/// A key of the SDK's own tests.
const KEY: &str = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIBMB/RwQERsVoqWRQG4zK8CnaAa5dfrpbm+9tFdBh3z4oAoGCCqGSM49\nAwEHoUQDQgAEWb1VLi1EA2hJaTz4yYuxSELvY+1GAfL+8rUTCAdiFid87Bf6GY+s\n2+1RpqDv0RpZiDIMCrZrsAh+RK9S3QCaGA==\n-----END EC PRIVATE KEY-----\n";

pub(crate) fn seconds_from_now(seconds: u64) -> String {
    let time = SystemTime::now() + Duration::from_secs(seconds);
    humantime::format_rfc3339_seconds(time).to_string()
}

fn token_file(end: &str) -> Value {
    json!({
        "accessToken": {"accessKeyId": "ASIALOGIN", "secretAccessKey": "canary-login",
            "sessionToken": "canary-token-ASIALOGIN", "accountId": "111122223333", "expiresAt": end},
        "tokenType": "aws_sigv4", "refreshToken": "canary-refresh-1", "identityToken": "canary-identity",
        "clientId": "arn:aws:signin:::devtools/same-device", "dpopKey": KEY,
    })
}

/// A run with this profile, and the file of a session that ends then.
fn logged_in(stub: &Stub, profile: &str, end: &str) -> Run {
    with_login(without_credentials(stub), profile, end)
}

pub(crate) fn with_login(run: Run, profile: &str, end: &str) -> Run {
    let run = with_config(run, LOGIN).env("AWS_PROFILE", profile);
    write(&run, CACHE, &token_file(end).to_string());
    run
}

/// AWS Sign-In: a refresh token can be used once, with the proof of the key.
pub(crate) fn sign_in() -> HttpServer {
    let current = Mutex::new(1);
    HttpServer::start(move |seen| {
        let mut current = current.lock().expect("a number");
        let body: Value = serde_json::from_str(&seen.body).expect("JSON");
        if seen.line != "POST /v1/token"
            || body["refreshToken"] != format!("canary-refresh-{current}")
        {
            return status(400, r#"{"error":"TOKEN_EXPIRED","message":"The token was used"}"#);
        }
        *current += 1;
        let key = json!({"accessKeyId": "ASIARENEWED", "secretAccessKey": "canary-renewed", "sessionToken": "canary-token-ASIARENEWED"});
        let refresh = format!("canary-refresh-{current}");
        ok(json!({"accessToken": key, "tokenType": "aws_sigv4", "expiresIn": 900, "refreshToken": refresh}).to_string())
    })
}

fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).expect("the file");
    serde_json::from_str(&text).expect("JSON")
}

/// The names in the directory of a file.
fn beside(path: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(path.parent().expect("a directory")).expect("a directory");
    entries.map(|entry| entry.expect("an entry").path()).collect()
}

#[test]
fn a_fresh_login_is_used_as_it_is() {
    let (stub, server) = (stub(), sign_in());
    let run = logged_in(&stub, "login", &seconds_from_now(600));
    let run = run.env("AWS_ENDPOINT_URL_SIGNIN", server.url());
    assert_eq!(signer(&stub, run), session_signer("ASIALOGIN"));
    assert_eq!(server.lines(), [""; 0]);
}

#[test]
fn a_login_that_ends_is_renewed_and_the_file_replaced() {
    for end in [seconds_from_now(240), "2020-01-01T00:00:00Z".to_owned()] {
        let (stub, server) = (stub(), sign_in());
        let run = logged_in(&stub, "login", &end).env("AWS_ENDPOINT_URL_SIGNIN", server.url());
        let path = run.home().join(CACHE);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("a file");
        let before = read(&path);
        let (mut command, _home) = run.args("-- true").command();
        let output = command.output().expect("starts");
        assert!(output.status.success(), "{output:?}");

        let mut after = read(&path);
        let renewed = after["accessToken"].clone();
        assert_eq!(renewed["accessKeyId"], "ASIARENEWED");
        assert_eq!(renewed["secretAccessKey"], "canary-renewed");
        assert_eq!(renewed["sessionToken"], "canary-token-ASIARENEWED");
        assert_eq!(renewed["accountId"], "111122223333");
        let end = renewed["expiresAt"].as_str().expect("a time");
        assert!(
            end > seconds_from_now(600).as_str() && end <= seconds_from_now(900).as_str(),
            "{end}"
        );
        assert_eq!(after["refreshToken"], "canary-refresh-2");
        // All else is kept.
        after["accessToken"] = before["accessToken"].clone();
        after["refreshToken"] = before["refreshToken"].clone();
        assert_eq!(after, before);
        let mode = std::fs::metadata(&path).expect("the file").mode();
        assert_eq!(mode & 0o7777, 0o600);
        assert_eq!(beside(&path), [path]);
    }
}

#[test]
fn the_renewal_of_a_login_proves_possession_of_its_key() {
    let (stub, server) = (stub(), sign_in());
    let run = logged_in(&stub, "login", "2020-01-01T00:00:00Z");
    let run = run.env("AWS_ENDPOINT_URL_SIGNIN", server.url());
    assert_eq!(signer(&stub, run), session_signer("ASIARENEWED"));
    let [request] = <[HttpRequest; 1]>::try_from(server.requests()).expect("one request");
    assert_eq!(request.header("authorization"), None);
    let body: Value = serde_json::from_str(&request.body).expect("JSON");
    assert_eq!(
        body,
        json!({"clientId": "arn:aws:signin:::devtools/same-device", "grantType": "refresh_token", "refreshToken": "canary-refresh-1"})
    );
    let proof = request.header("dpop").expect("a proof");
    let (text, signature) = proof.rsplit_once('.').expect("three parts");
    let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).expect("Base64");
    let parts: Vec<Value> =
        text.split('.').map(|part| serde_json::from_slice(&decoded(part)).expect("JSON")).collect();
    let [header, claims] = <[Value; 2]>::try_from(parts).expect("two parts");
    // As the SDK's own test has the key.
    let jwk = json!({"kty": "EC", "crv": "P-256", "x": "Wb1VLi1EA2hJaTz4yYuxSELvY-1GAfL-8rUTCAdiFic", "y": "fOwX-hmPrNvtUaag79EaWYgyDAq2a7AIfkSvUt0Amhg"});
    assert_eq!(header, json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk}));
    assert_eq!(claims["htm"], "POST");
    assert_eq!(claims["htu"], format!("{}/v1/token", server.url()));
    assert!(claims["jti"].as_str().is_some_and(|id| id.len() >= 16));
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    assert!(claims["iat"].as_u64().is_some_and(|time| now.as_secs() - time < 60));
    let point = |name: &str| decoded(jwk[name].as_str().expect("a coordinate"));
    let key = [vec![4], point("x"), point("y")].concat();
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key)
        .verify(text.as_bytes(), &decoded(signature))
        .expect("a valid signature");
}

#[test]
fn a_role_is_assumed_with_a_login() {
    let (stub, sts) = (stub(), sts());
    let run = logged_in(&stub, "role", "2099-01-01T00:00:00Z");
    let run = run.env("AWS_ENDPOINT_URL_STS", sts.url());
    assert_eq!(signer(&stub, run), role());
    expect_assume_role(&sts, Some("ASIALOGIN"), &[ROLE_PART]);
}

#[test]
fn a_login_that_has_ended_names_the_profile_to_log_in_with() {
    for profile in ["login", "role"] {
        let (stub, server) = (
            stub(),
            HttpServer::start(|_| status(400, r#"{"error":"TOKEN_EXPIRED","message":"canary"}"#)),
        );
        let run = logged_in(&stub, profile, "2020-01-01T00:00:00Z")
            .env("AWS_ENDPOINT_URL_SIGNIN", server.url());
        let path = run.home().join(CACHE);
        let (mut command, _home) = run.args("-- true").command();
        let output = command.output().expect("starts");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(77), "{stderr}");
        assert!(stderr.contains("the session of `aws login` has expired"), "{stderr}");
        assert!(stderr.contains("TOKEN_EXPIRED"), "{stderr}");
        assert!(stderr.contains("aws login --profile login\n"), "{stderr}");
        assert_eq!(read(&path), token_file("2020-01-01T00:00:00Z"));
        assert_eq!(beside(&path), [path]);
        assert_eq!(server.lines(), ["POST /v1/token"]);
    }
}

#[test]
fn a_login_that_is_absent_or_foreign_names_the_profile_to_log_in_with() {
    let stub = stub();
    let foreign = json!({"accessToken": "canary", "expiresAt": "2099-01-01T00:00:00Z"}).to_string();
    let other_key = token_file("2020-01-01T00:00:00Z").to_string().replace("MHcCAQEE", "MHcCAQAA");
    for (content, says) in [
        (None, "or there is none"),
        (Some("canary"), "invalid JSON"),
        (Some(&foreign), "or there is none"),
        (Some(&other_key), "or there is none"),
    ] {
        let run = with_config(without_credentials(&stub), LOGIN).args("--profile role");
        if let Some(content) = content {
            write(&run, CACHE, content);
        }
        run.fails(77).says(&[says, "aws login --profile login"]);
    }
}

#[test]
fn a_permission_that_a_renewal_lacks_is_named() {
    let stub = stub();
    let server = HttpServer::start(|_| {
        status(403, r#"{"error":"INSUFFICIENT_PERMISSIONS","message":"not allowed"}"#)
    });
    logged_in(&stub, "login", "2020-01-01T00:00:00Z")
        .env("AWS_ENDPOINT_URL_SIGNIN", server.url())
        .fails(77)
        .says(&["not allowed", "signin:CreateOAuth2Token"]);
}

#[test]
fn a_login_that_still_lives_is_used_when_it_cannot_be_renewed() {
    let stub = stub();
    let server = HttpServer::start(|_| status(500, "canary"));
    let run = logged_in(&stub, "login", &seconds_from_now(240));
    let run = run.env("AWS_ENDPOINT_URL_SIGNIN", server.url());
    assert_eq!(signer(&stub, run), session_signer("ASIALOGIN"));
    assert_eq!(server.lines(), ["POST /v1/token"]);
}

/// As in the SDK's rules of endpoints.
#[test]
fn the_region_fips_and_dual_stack_select_the_hosts_of_sessions() {
    const FIPS: (&str, &str) = ("AWS_USE_FIPS_ENDPOINT", "true");
    const DUAL_STACK: (&str, &str) = ("AWS_USE_DUALSTACK_ENDPOINT", "true");
    let stub = stub();
    for (login, variables, host) in [
        (true, &[][..], "eu-west-1.signin.aws.amazon.com"),
        (true, &[FIPS], "signin-fips.eu-west-1.amazonaws.com"),
        (true, &[DUAL_STACK], "signin.eu-west-1.api.aws"),
        (true, &[("AWS_REGION", "cn-north-1")], "cn-north-1.signin.amazonaws.cn"),
        (
            true,
            &[("AWS_REGION", "us-gov-west-1"), FIPS],
            "us-gov-west-1.signin-fips.amazonaws-us-gov.com",
        ),
        (
            true,
            &[("AWS_REGION", "us-gov-west-1"), FIPS, DUAL_STACK],
            "signin-fips.us-gov-west-1.api.aws",
        ),
        (false, &[], "portal.sso.eu-west-1.amazonaws.com"),
        (false, &[FIPS], "portal.sso-fips.eu-west-1.amazonaws.com"),
        (false, &[FIPS, DUAL_STACK], "portal.sso-fips.eu-west-1.api.aws"),
    ] {
        let proxy = HttpServer::start(|_| status(403, "canary"));
        let run = match login {
            true => logged_in(&stub, "login", "2020-01-01T00:00:00Z"),
            false => with_sso(without_credentials(&stub), SSO_SESSION, "2099-01-01T00:00:00Z"),
        };
        let run = variables.iter().fold(run, |run, (name, value)| run.env(name, value));
        let outcome = run.env("HTTPS_PROXY", proxy.url()).fails(78);
        outcome.says(&["HTTPS_PROXY"]);
        assert_eq!(proxy.lines(), [format!("CONNECT {host}:443")], "{variables:?}");
    }
}

#[test]
fn starts_at_the_same_time_renew_a_login_once() {
    let (stub, server) = (stub(), sign_in());
    let run = logged_in(&stub, "login", "2020-01-01T00:00:00Z");
    let run = run.env("AWS_ENDPOINT_URL_SIGNIN", server.url());
    let (mut command, _home) = run.args("-- true").command();
    let starts: Vec<_> = (0..4).map(|_| command.spawn().expect("starts")).collect();
    for mut start in starts {
        assert!(start.wait().expect("ends").success());
    }
    assert_eq!(server.lines(), ["POST /v1/token"]);
}

/// As in a container with a home directory that belongs to somebody else.
#[test]
#[ignore = "needs root, to run as another user: ./tests/run provides it"]
fn a_session_is_not_renewed_where_its_file_cannot_be_replaced() {
    let stub = stub();
    for (end, status) in [(seconds_from_now(240), 0), ("2020-01-01T00:00:00Z".to_owned(), 77)] {
        let server = sign_in();
        let run = logged_in(&stub, "login", &end).env("AWS_ENDPOINT_URL_SIGNIN", server.url());
        let everyone = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(run.home(), everyone).expect("a directory");
        let outcome = run.with_user(65_534).args("-- true").run();
        assert_eq!(outcome.status, status, "{}", outcome.stderr);
        if status != 0 {
            outcome.says(&[
                "must be renewed",
                "cannot be replaced: Permission denied",
                "aws login --profile login",
            ]);
        }
        assert_eq!(server.lines(), [""; 0]);
    }
}

#[test]
#[ignore = "needs root, to own the file of another user: ./tests/run provides it"]
fn a_renewed_session_belongs_to_whom_it_belonged() {
    let (stub, server) = (stub(), sign_in());
    let run = logged_in(&stub, "login", "2020-01-01T00:00:00Z");
    let run = run.env("AWS_ENDPOINT_URL_SIGNIN", server.url());
    let path = run.home().join(CACHE);
    std::os::unix::fs::chown(&path, Some(65_534), Some(65_534)).expect("a file");
    let (mut command, _home) = run.args("-- true").command();
    assert!(command.status().expect("starts").success());
    assert_eq!(read(&path)["refreshToken"], "canary-refresh-2");
    let owner = std::fs::metadata(&path).expect("the file");
    assert_eq!((owner.uid(), owner.gid()), (65_534, 65_534));
}

#[test]
#[ignore = "needs strace, and root to trace a process that hides its memory: ./tests/run provides both"]
fn a_renewed_session_is_written_to_its_own_file_only() {
    let (stub, server) = (stub(), sign_in());
    let run = logged_in(&stub, "login", "2020-01-01T00:00:00Z");
    let run = run.env("AWS_ENDPOINT_URL_SIGNIN", server.url());
    let file = run.home().join(CACHE).display().to_string();
    let calls = traced(run.args("-- true"));
    let opened: Vec<&String> = calls.iter().filter(|line| opens_for_writing(line)).collect();
    let new = format!("\"{}", file.trim_end_matches("json"));
    let [opened] = opened[..] else { panic!("one file is opened for writing: {opened:?}") };
    assert!(
        opened.contains(&new) && opened.contains("O_EXCL") && opened.contains("0600"),
        "{opened}"
    );
    let renamed: Vec<&String> = calls.iter().filter(|line| line.contains("rename")).collect();
    let [renamed] = renamed[..] else { panic!("one file is renamed: {renamed:?}") };
    assert!(renamed.contains(&new) && renamed.contains(&format!("\"{file}\"")), "{renamed}");
}

#[test]
fn a_renewed_sso_token_is_kept_in_its_file() {
    let stub = stub();
    let portal = HttpServer::start(|_| ok(ROLE_CREDENTIALS));
    let oidc = HttpServer::start(|_| {
        ok(
            r#"{"accessToken":"canary-fresh","expiresIn":3600,"tokenType":"Bearer","refreshToken":"canary-refresh-2"}"#,
        )
    });
    let (run, path) = with_expired_sso(&stub, &portal, &oidc);
    let (mut command, _home) = run.args("-- true").command();
    assert!(command.status().expect("starts").success());
    let mut after = read(&path);
    let end = after["expiresAt"].take();
    assert!(end.as_str().is_some_and(|end| end > seconds_from_now(3000).as_str()), "{end}");
    let mut expected: Value = serde_json::from_str(&refreshable("")).expect("JSON");
    expected["expiresAt"] = Value::Null;
    expected["accessToken"] = "canary-fresh".into();
    expected["refreshToken"] = "canary-refresh-2".into();
    assert_eq!(after, expected);
    let mode = std::fs::metadata(&path).expect("the file").mode();
    assert_eq!(mode & 0o7777, 0o600);
    assert_eq!(beside(&path), [path]);
}
