//! Files of the SDK that block or have no end: refused, or bounded by `--timeout`.

use crate::harness::*;
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
fn a_profile_file_that_blocks_is_bounded_by_the_timeout() {
    for words in ["check -p /files", "policy -p /files", "-p /files -- true"] {
        let run = Run::bare();
        std::fs::create_dir(run.home().join(".aws")).expect("a directory");
        mkfifo(&run.home().join(".aws/config"), Mode::S_IRWXU).expect("a FIFO");
        let outcome = run.env("SSM_EXEC_TIMEOUT", "500ms").args(words).run();
        assert_eq!(outcome.status, 75, "{words}: {}", outcome.stderr);
        outcome.says(&["timed out after 500ms", "~/.aws"]);
    }
}
