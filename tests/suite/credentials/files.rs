//! Files of the SDK that block or have no end: refused, or bounded by `--timeout`.

use super::*;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use std::os::unix::fs::PermissionsExt;

#[test]
fn a_fifo_device_or_directory_is_refused_where_a_variable_names_it() {
    for variable in [
        "AWS_CONFIG_FILE",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    ] {
        for kind in ["fifo", "/dev/zero", "/tmp"] {
            let run = Run::bare();
            let fifo = run.home().join("fifo");
            mkfifo(&fifo, Mode::S_IRWXU).expect("a FIFO");
            let path = if kind == "fifo" { fifo } else { kind.into() };
            run.env(variable, path)
                .args("--region eu-west-1 -p /files")
                .fails(78)
                .says(&[variable, "not a regular file"]);
        }
    }
}

#[test]
fn profile_files_without_an_end_are_refused_before_they_are_read() {
    for name in [".aws/config", ".aws/credentials"] {
        for (kind, reason) in [
            ("fifo", "not a regular file"),
            ("device", "not a regular file"),
            ("large", "larger than 4 MiB"),
        ] {
            let run = Run::bare();
            let path = run.home().join(name);
            std::fs::create_dir(run.home().join(".aws")).expect("a directory");
            match kind {
                "fifo" => mkfifo(&path, Mode::S_IRWXU).expect("a FIFO"),
                "device" => std::os::unix::fs::symlink("/dev/zero", &path).expect("a link"),
                _ => {
                    let file = std::fs::File::create(&path).expect("a file");
                    file.set_len(1 << 30).expect("a sparse file");
                }
            }
            run.args("--region eu-west-1 -p /files -- true").fails(78).says(&[name, reason]);
        }
    }
}

#[test]
fn a_token_that_blocks_is_bounded_by_the_timeout() {
    let config = "[default]\nrole_arn = arn:aws:iam::111122223333:role/api\nweb_identity_token_file = fifo\n";
    for words in ["check -p /files", "policy -p /files", "-p /files -- true"] {
        let run = super::with_config(Run::bare(), config);
        mkfifo(&run.home().join("fifo"), Mode::S_IRWXU).expect("a FIFO");
        let run = run.env("SSM_EXEC_TIMEOUT", "500ms");
        let outcome = run.args("--region eu-west-1").args(words).run();
        assert_eq!(outcome.status, 75, "{words}: {}", outcome.stderr);
        outcome.says(&["timed out after 500ms", "~/.aws"]);
    }
}

#[test]
fn a_cached_token_that_is_no_regular_file_is_refused() {
    let run = with_sso(Run::bare(), SSO_SESSION, "2099-01-01T00:00:00Z");
    let cached = format!(".aws/sso/cache/{}.json", SSO_SESSION.1);
    let cached = run.home().join(cached);
    std::fs::remove_file(&cached).expect("a token");
    mkfifo(&cached, Mode::S_IRWXU).expect("a FIFO");
    run.args("--region eu-west-1 -p /files")
        .fails(77)
        .says(&["not a regular file", "aws sso login --profile sso"]);
}

const PROFILE: &str =
    "[default]\naws_access_key_id = AKIDFILE\naws_secret_access_key = canary-file\n";

#[test]
fn a_named_file_that_is_not_there_is_an_error_where_nothing_else_gives_credentials() {
    let stub = super::stub();
    for variable in ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"] {
        let run = || super::without_credentials(&stub).env(variable, "/gone/file");
        let reason = format!("/gone/file ({variable}) does not exist");
        run().fails(77).says(&[&format!("no AWS credentials: {reason}, and no source has any")]);
        run().args("--profile dev").fails(64).says(&[
            "there is no profile `dev`",
            "no profiles:",
            &reason,
            "does not exist",
        ]);
        // A note, where other credentials are found.
        let outcome = super::with_environment_keys(run()).args("-v -- true").run();
        assert_eq!(outcome.status, 0, "{}", outcome.stderr);
        assert!(outcome.stderr.contains(&reason), "{}", outcome.stderr);
        let outcome = super::with_environment_keys(run()).args("-- true").run();
        assert_eq!(outcome.stderr, "");
        let (other, path) = match variable {
            "AWS_CONFIG_FILE" => ("dev", ".aws/credentials"),
            _ => ("profile dev", ".aws/config"),
        };
        let run = run().args("--profile prod");
        super::write(&run, path, &PROFILE.replace("default", other));
        run.fails(64).says(&["there is no profile `prod`", ": dev", &reason]);
    }
}

#[test]
#[ignore = "needs root, to run as another user: ./tests/run provides it"]
fn a_file_of_another_user_is_named_with_the_reason() {
    let stub = super::stub();
    for arguments in ["-- true", "--profile default -- true"] {
        let run = super::without_credentials(&stub).args(arguments);
        super::write(&run, ".aws/credentials", PROFILE);
        let path = run.home().join(".aws/credentials");
        let mode = |mode| std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(&path, mode(0o600)).expect("a file");
        std::fs::set_permissions(run.home(), mode(0o755)).expect("a directory");
        let outcome = run.with_user(65_534).run();
        outcome.says(&[path.to_str().expect("UTF-8"), "cannot be read: Permission denied"]);
        assert!(matches!(outcome.status, 64 | 77), "{}", outcome.stderr);
    }
}
