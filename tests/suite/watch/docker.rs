//! A watcher in containers, with as few privileges as possible.

use super::{in_parallel, stub};
use crate::support::docker::*;
use crate::support::*;
use ssm_stub::{Parameter, Stub};
use std::sync::OnceLock;

const LOCKED: &str =
    "--network host --read-only --cap-drop ALL --security-opt no-new-privileges --user 65532";

const DOCKERFILE: &str = "FROM scratch
COPY busybox /bin/busybox
COPY ssm-exec /ssm-exec
ENTRYPOINT [\"/ssm-exec\"]
";

/// Ends on SIGTERM, as services do.
const SERVER: &str = "trap 'exit 0' TERM
echo \"up with $PASSWORD\"
while :; do /bin/busybox sleep 3600 & wait; done";

/// Built once, and removed when the tests end.
fn image() -> &'static str {
    static IMAGE: OnceLock<(String, std::process::Child)> = OnceLock::new();
    &IMAGE
        .get_or_init(|| {
            let name = unique_name("watch");
            let remover = run_at_exit(&format!("docker rmi -f {name}"));
            let files = [("busybox", busybox()), ("ssm-exec", static_binary())];
            build_image(&name, DOCKERFILE, &files, &[]);
            (name, remover)
        })
        .0
}

fn start(stub: &Stub, flags: &str, command: &[&str]) -> Container {
    let container = Container(unique_name("watch"));
    let mut run = docker(&format!("run --detach {LOCKED} {flags} --name"));
    run.arg(&container.0);
    for setting in [
        format!("AWS_ENDPOINT_URL_SSM={}", stub.url()),
        "AWS_REGION=eu-west-1".to_owned(),
        "AWS_ACCESS_KEY_ID=AKIDEXAMPLE".to_owned(),
        "AWS_SECRET_ACCESS_KEY=key".to_owned(),
        "SSM_EXEC_PREFIX=/watch".to_owned(),
        "SSM_EXEC_WATCH=1s".to_owned(),
        "SSM_EXEC_SETTLE=0s".to_owned(),
    ] {
        run.arg("--env").arg(setting);
    }
    run.arg(image()).arg("/bin/busybox").args(command);
    succeeds(&mut run);
    container
}

fn expect_in_log(container: &Container, words: &str) {
    eventually(words, || {
        let log = container.command("logs").output().expect("docker");
        text(&log).contains(words)
    });
}

fn rotate(stub: &Stub) {
    stub.put(Parameter::secure("/watch/password", "canary-two"));
}

#[test]
#[ignore = "needs a Docker engine: ./tests/run provides it"]
fn restart_always_starts_it_again_with_the_new_value() {
    for flags in ["--restart always", "--restart always --init"] {
        let stub = stub();
        let container = start(&stub, flags, &["sh", "-c", SERVER]);
        expect_in_log(&container, "up with canary-one");
        rotate(&stub);
        expect_in_log(&container, "/watch/password 1 -> 2: sending SIGTERM");
        expect_in_log(&container, "up with canary-two");
        let count = succeeds(&mut container.command("inspect --format={{.RestartCount}}"));
        assert_eq!(count.trim(), "1", "{flags}");
    }
}

#[test]
#[ignore = "needs a Docker engine: ./tests/run provides it"]
fn with_an_init_a_command_without_a_handler_ends() {
    let stub = stub();
    let container = start(&stub, "--init", &["sleep", "3600"]);
    eventually("it has started", || !stub.requests().is_empty());
    rotate(&stub);
    assert_eq!(container.status(), "143");
}

#[test]
#[ignore = "needs a Docker engine: ./tests/run provides it"]
fn as_process_1_without_a_handler_the_log_names_the_remedy() {
    let stub = stub();
    let container = start(&stub, "", &["sleep", "3600"]);
    eventually("it polls", || stub.requests().len() > 1);
    rotate(&stub);
    expect_in_log(&container, "has no handler for SIGTERM");
    expect_in_log(&container, "`--init`");
}

#[test]
#[ignore = "needs a Docker engine: ./tests/run provides it"]
fn exit_statuses_of_process_1_pass_unchanged() {
    let stub = stub();
    // `as_process_1` tries all of them.
    let statuses = [0, 1, 2, 64, 75, 77, 125, 126, 127, 128, 137, 143, 255];
    in_parallel(statuses.len(), |n| {
        let status = statuses[n];
        let container = start(&stub, "", &["sh", "-c", &format!("exit {status}")]);
        assert_eq!(container.status(), status.to_string());
    });
}

#[test]
#[ignore = "needs a Docker engine: ./tests/run provides it"]
fn with_an_init_deadly_signals_give_the_container_the_same_status_as_without_a_wrapper() {
    let stub = stub();
    // All but those that stop, continue or are ignored; 32 and 33 belong to the C library.
    let deadly: Vec<usize> =
        (1..32).filter(|signal| ![17, 18, 19, 20, 21, 22, 23, 28].contains(signal)).collect();
    in_parallel(deadly.len(), |n| {
        let signal = deadly[n];
        let script = format!("ulimit -c 0; kill -{signal} $$; exit 7");
        let wrapped = start(&stub, "--init", &["sh", "-c", &script]).status();
        let mut bare = docker("run --rm --init --network none --entrypoint /bin/busybox");
        bare.arg(image()).args(["sh", "-c", &script]);
        let bare = bare.status().expect("docker").code();
        assert_eq!(Some(wrapped), bare.map(|status| status.to_string()));
        // busybox's shell ignores SIGQUIT.
        let expected = if signal == 3 { 7 } else { 128 + signal };
        assert_eq!(bare, i32::try_from(expected).ok());
    });
}
