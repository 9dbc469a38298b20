//! Files of the SDK that block or have no end: refused, or bounded by `--timeout`.

use super::*;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

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
            run.args("--region eu-west-1 -p /files -- true")
                .fails(78)
                .says(&[name, reason]);
        }
    }
}

#[test]
fn a_cached_token_that_blocks_is_bounded_by_the_timeout() {
    for words in ["check -p /files", "policy -p /files", "-p /files -- true"] {
        let run = with_sso(Run::bare(), SSO_SESSION, "2099-01-01T00:00:00Z");
        let cached = run
            .home()
            .join(format!(".aws/sso/cache/{}.json", SSO_SESSION.1));
        std::fs::remove_file(&cached).expect("a token");
        mkfifo(&cached, Mode::S_IRWXU).expect("a FIFO");
        let run = run.env("SSM_EXEC_TIMEOUT", "500ms");
        let outcome = run.args("--region eu-west-1").args(words).run();
        assert_eq!(outcome.status, 75, "{words}: {}", outcome.stderr);
        outcome.says(&["timed out after 500ms", "~/.aws"]);
    }
}
