//! Which credentials a run uses: those of the configured source, or none. A source that fails is an error, and no
//! other source is tried.

use super::*;
use crate::support::eventually;

const CHAIN: &str = "[profile a]\nrole_arn = arn:aws:iam::111122223333:role/api\nsource_profile = gone\n[profile plain]\nregion = eu-west-1\n";

/// An instance that gives credentials to anyone who asks.
fn with_instance(run: Run) -> (Run, HttpServer) {
    let server = HttpServer::start(|seen| match seen.line.as_str() {
        TOKEN => token(),
        line => match line.strip_prefix(ROLES) {
            Some("") => ok("reader"),
            _ => json("ASIAINSTANCE"),
        },
    });
    let run = run
        .unset("AWS_EC2_METADATA_DISABLED")
        .env("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url());
    (run, server)
}

#[test]
fn aws_default_profile_is_used_and_is_stronger_than_aws_profile() {
    let stub = stub();
    let dev = Signer::new("AKIDDEV", "canary-dev-session");
    let run = || profiles(without_credentials(&stub)).env("AWS_DEFAULT_PROFILE", "dev");
    assert_eq!(signer(&stub, run()), dev);
    assert_eq!(signer(&stub, run().env("AWS_PROFILE", "default")), dev);
}

#[test]
fn a_named_profile_that_cannot_give_credentials_ends_the_search() {
    let stub = stub();
    for run in [
        with_config(without_credentials(&stub), CHAIN).env("AWS_PROFILE", "a"),
        with_config(without_credentials(&stub), CHAIN).args("--profile a"),
        with_config(without_credentials(&stub), CHAIN).file("[aws]\nprofile = \"a\"\n"),
    ] {
        let (run, _server) = with_instance(run);
        run.fails(78).says(&[".aws/config, line 3", "profile `a`", "no profile `gone`"]);
    }
    assert_eq!(stub.requests().len(), 0);
}

#[test]
fn a_profile_with_only_a_region_leaves_credentials_to_the_instance() {
    let stub = stub();
    for run in [
        with_config(without_credentials(&stub), CHAIN).env("AWS_PROFILE", "plain"),
        with_config(without_credentials(&stub), CHAIN).args("--profile plain"),
    ] {
        let (run, _server) = with_instance(run);
        assert_eq!(signer(&stub, run), session_signer("ASIAINSTANCE"));
    }
}

#[test]
fn stray_characters_are_named_with_their_variable() {
    let stub = stub();
    let run = || with_environment_keys(without_credentials(&stub));
    for (variable, value, character) in [
        ("AWS_ACCESS_KEY_ID", "AKIDBASE\n", "a newline at its end"),
        ("AWS_SECRET_ACCESS_KEY", "canary\r\n", "a carriage return at its end"),
        ("AWS_SECRET_ACCESS_KEY", " canary", "a space at its beginning"),
        ("AWS_SESSION_TOKEN", "canary\tcanary", "a tab in it"),
    ] {
        run().env(variable, value).fails(77).says(&[variable, character]);
    }
    let run = with_web_identity(without_credentials(&stub));
    write(&run, "token", "canary\ncanary");
    run.fails(77).says(&["token (AWS_WEB_IDENTITY_TOKEN_FILE) has a newline in it"]);
    let run = with_web_identity(without_credentials(&stub)).env("AWS_ROLE_SESSION_NAME", "pod\n");
    run.fails(77).says(&["AWS_ROLE_SESSION_NAME has a newline"]);
}

#[test]
fn environment_keys_are_reported_with_the_profile_that_they_override() {
    let stub = stub();
    let run = with_environment_keys(profiles(without_credentials(&stub)))
        .file("[aws]\nprofile = \"dev\"\n")
        .args("-v -- true")
        .run();
    assert_eq!(run.status, 0, "{}", run.stderr);
    for words in [
        "credentials from the environment (AWS_ACCESS_KEY_ID=AKIDBASE)",
        "take precedence over the profile `dev`",
    ] {
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    }
}

#[test]
fn shared_files_are_read_as_the_aws_cli_reads_them() {
    let stub = stub();
    let keys = "aws_access_key_id = AKIDMAC\n  aws_secret_access_key = canary-mac\n";
    for config in [
        format!("  [profile \"My Mac\"]\n  {keys}"),
        "[profile \"My Mac\"] # mine\naws_secret_access_key = canary-mac\naws_access_key_id = AKIDMAC\n".to_owned(),
    ] {
        let run = with_config(without_credentials(&stub), &config).env("AWS_PROFILE", "My Mac");
        assert_eq!(signer(&stub, run), Signer::new("AKIDMAC", ""), "{config}");
    }
    for (bytes, reason) in [
        (&b"\xEF\xBB\xBF[default]\n"[..], "line 1: the line begins with a byte order mark"),
        (b"[default]\n# caf\xE9\n", "line 2: the line is not UTF-8"),
        (b"[default]\nregion\n", "line 2: the line has no `=`"),
    ] {
        let run = with_config(without_credentials(&stub), "");
        std::fs::write(run.home().join(".aws/config"), bytes).expect("a file");
        run.fails(78).says(&[".aws/config", reason]);
    }
}

#[test]
fn what_is_not_spelled_as_a_region_is_refused_at_once() {
    let stub = stub();
    let run = || with_environment_keys(without_credentials(&stub));
    for (region, says) in [
        ("-1", "`-1` is not an AWS Region"),
        ("eu-west-1a", "is an availability zone, not a Region"),
        ("eu-wset-1", "did you mean `eu-west-1`?"),
    ] {
        run().env("AWS_REGION", region).fails(78).says(&["AWS_REGION", says]);
    }
    let run = with_config(run().unset("AWS_REGION"), "[default]\nregion = \"eu-west-3\"\n");
    run.fails(78).says(&[".aws/config, line 2", "did you mean `eu-west-3`?"]);
    assert_eq!(stub.requests().len(), 0);
}

/// A run whose credentials come from this script.
fn with_process(stub: &Stub, body: &str) -> Run {
    let run = with_config(without_credentials(stub), "[default]\ncredential_process = ./give\n");
    script(&run.home().join("give"), &format!("#!/bin/sh\n{body}\n"));
    run
}

pub(super) const PRINT: &str =
    r#"echo '{"Version":1,"AccessKeyId":"AKIDPROCESS","SecretAccessKey":"canary-process"}'"#;

#[test]
fn a_credential_process_has_no_standard_input_and_works_with_sigchld_ignored() {
    let stub = stub();
    let run = with_process(&stub, &format!("[ -z \"$(cat)\" ] && {PRINT}")).args("-- cat");
    let (direct, home) = run.command();
    let mut command = through("/bin/sh", &["-c", "trap '' CHLD; exec \"$@\"", "sh"], &direct);
    command.current_dir(home.path()).stdin(std::fs::File::open("/etc/passwd").expect("a file"));
    let output = command.output().expect("starts");
    assert!(output.status.success(), "{output:?}");
    let passwd = std::fs::read("/etc/passwd").expect("a file");
    assert_eq!(output.stdout, passwd, "the command gets its standard input");
}

#[test]
fn a_credential_process_is_killed_with_its_children_at_the_deadline() {
    let stub = stub();
    for script in [
        "sleep 1000 & echo $! > pids; echo $$ >> pids; wait",
        // In sessions of their own.
        "setsid sleep 1000 & echo $! > pids; echo $$ >> pids; wait",
        "sh -c 'setsid sh -c \"echo \\$\\$ >pids; sleep 1000\"; true'",
    ] {
        killed_at_the_deadline(&stub, script);
    }
}

fn killed_at_the_deadline(stub: &Stub, script: &str) {
    let run = with_process(stub, script);
    let home = run.home().to_owned();
    let (mut command, _home) = run.args("--timeout 1s -- true").command();
    let output = command.output().expect("starts");
    assert_eq!(output.status.code(), Some(75), "{output:?}");
    let pids = std::fs::read_to_string(home.join("pids")).expect("the process ran");
    for pid in pids.lines() {
        eventually("the process is gone", || {
            let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            state.is_empty() || state.contains(") Z ")
        });
    }
}

#[test]
fn a_role_of_the_instance_whose_name_is_no_name_is_an_error_and_no_bug() {
    let stub = stub();
    for name in ["reader\nwriter", "reader\r\n\r\nHost: x", "a b"] {
        let server = HttpServer::start(move |seen| match seen.line.as_str() {
            TOKEN => token(),
            _ => ok(name),
        });
        without_credentials(&stub)
            .unset("AWS_EC2_METADATA_DISABLED")
            .env("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url())
            .fails(77)
            .says(&["the instance metadata service says that the role has a name with a space or a control character"]);
    }
}

#[test]
fn a_newline_after_the_name_of_the_instances_role_does_not_matter() {
    let stub = stub();
    let server = HttpServer::start(|seen| match seen.line.as_str() {
        ROLES => ok("reader\n"),
        _ => instance(seen),
    });
    let run = without_credentials(&stub)
        .unset("AWS_EC2_METADATA_DISABLED")
        .env("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.url());
    assert_eq!(signer(&stub, run), session_signer("ASIAINSTANCE"));
}

/// It is a part of the SDK's user agent.
#[test]
fn an_execution_environment_that_no_header_can_hold_is_left_out() {
    let stub = stub();
    for name in ["a\nb", "caf\u{e9}"] {
        let run = with_environment_keys(without_credentials(&stub)).env("AWS_EXECUTION_ENV", name);
        let environment = run.environment();
        environment.has(&[("A", "canary-a"), ("AWS_EXECUTION_ENV", name)]);
    }
    let run = with_environment_keys(without_credentials(&stub));
    run.env("AWS_EXECUTION_ENV", "AWS_ECS_FARGATE").environment();
    let request = stub.requests().pop().expect("a request");
    let agent = request.header("user-agent").unwrap_or_default().to_owned();
    let other = request.header("x-amz-user-agent").unwrap_or_default();
    assert!((agent + other).contains("exec-env/AWS_ECS_FARGATE"));
}

#[test]
fn the_expiry_of_a_credential_process_has_any_form_of_iso_8601() {
    let stub = stub();
    for end in [
        "2099-01-01T00:00:00+01:00",
        "2099-01-01T00:00Z",
        "20990101T000000Z",
        "2099-01-01 00:00:00.5-0800",
    ] {
        let print =
            PRINT.replace(r#""Version":1"#, &format!(r#""Version":1,"Expiration":"{end}""#));
        assert_eq!(
            signer(&stub, with_process(&stub, &print)),
            Signer::new("AKIDPROCESS", ""),
            "{end}"
        );
    }
}

#[test]
fn the_reason_is_in_each_request_to_aws_for_credentials() {
    let stub = stub();
    let (sts, sign_in) = (sts(), sessions::sign_in());
    let portal = HttpServer::start(|_| ok(ROLE_CREDENTIALS));
    let oidc = HttpServer::start(|_| ok(r#"{"accessToken":"canary-fresh","expiresIn":3600}"#));
    let ended = "2020-01-01T00:00:00Z";
    for run in [
        with_role(with_environment_keys(without_credentials(&stub))),
        with_web_identity(without_credentials(&stub)),
        profiles(without_credentials(&stub)).env("AWS_PROFILE", "role"),
        with_expired_sso(&stub, &portal, &oidc).0,
        sessions::with_login(without_credentials(&stub), "login", ended)
            .env("AWS_ENDPOINT_URL_SIGNIN", sign_in.url()),
    ] {
        let run = run.env("AWS_ENDPOINT_URL_STS", sts.url());
        run.args("--reason INC-4711").environment();
    }
    let servers = [(&sts, 3), (&sign_in, 1), (&portal, 1), (&oidc, 1)];
    for (server, count) in servers {
        let requests = server.requests();
        assert_eq!(requests.len(), count, "{:?}", server.lines());
        for request in requests {
            let agent = request.header("user-agent").unwrap_or_default();
            let names = concat!("lib/ssm-exec/", env!("CARGO_PKG_VERSION"), " lib/reason/INC-4711");
            assert!(agent.contains(names), "{}: {agent}", request.line);
        }
    }
}
