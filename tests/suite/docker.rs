//! Images built from `docker/` by a real Docker engine, and run with as few privileges as possible.
//!
//! No registry is needed: the static binary of the tests replaces the build stage, and busybox on
//! `scratch` replaces the base image.

use crate::support::docker::*;
use crate::support::*;
use ssm_stub::{Parameter, Stub};
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

const LOCKED: &str = "--network host --read-only --cap-drop ALL --security-opt no-new-privileges";

/// A server that prints when it is up, and exits on SIGTERM as services do.
const SERVER: &str = "#!/bin/sh
trap 'exit 143' TERM
echo up
while :; do sleep 3600 & wait; done
";

struct Images {
    plain: String,
    app: String,
    init: String,
}

/// Built once, and removed when the tests end.
fn images() -> &'static Images {
    static IMAGES: OnceLock<(Images, std::process::Child)> = OnceLock::new();
    &IMAGES
        .get_or_init(|| {
            let (base, plain, app, init) = (
                unique_name("base"),
                unique_name("plain"),
                unique_name("app"),
                unique_name("init"),
            );
            let remover = run_at_exit(&format!("docker rmi -f {init} {app} {plain} {base}"));
            build_base(&base);
            build_image(
                &plain,
                &without_compiling(&read("docker/Dockerfile")),
                &[("ssm-exec", static_binary())],
                &[],
            );
            let directory = tempfile::tempdir().expect("a directory for the test");
            let server = directory.path().join("server");
            crate::harness::script(&server, SERVER);
            let arguments = [
                "--build-arg".to_owned(),
                format!("BASE={base}"),
                "--build-arg".to_owned(),
                format!("SSM_EXEC={plain}"),
            ];
            let arguments = arguments.each_ref().map(String::as_str);
            let files: &[(&str, &Path)] = &[("server", &server)];
            build_image(&app, &read("docker/Dockerfile.app"), files, &arguments);
            build_image(&init, &read("docker/Dockerfile.init"), &[], &arguments);
            (Images { plain, app, init }, remover)
        })
        .0
}

fn read(path: &str) -> String {
    std::fs::read_to_string(project(path)).expect("a file of the repository")
}

/// The last stage, with the binary taken from the build context instead of the first stage.
fn without_compiling(dockerfile: &str) -> String {
    let at = dockerfile.rfind("FROM scratch").expect("a last stage");
    let copy = "COPY --from=build /out/ssm-exec";
    assert!(dockerfile[at..].contains(copy), "{dockerfile}");
    dockerfile[at..].replace(copy, "COPY ssm-exec")
}

/// An image of busybox, with links for the tools of a usual base image.
fn build_base(name: &str) {
    let root = tempfile::tempdir().expect("a directory for the test");
    let bin = root.path().join("bin");
    std::fs::create_dir(&bin).expect("a directory");
    std::fs::copy(busybox(), bin.join("busybox")).expect("a copy");
    for tool in ["sh", "sleep", "env", "cat", "cp", "ls", "tr", "wget"] {
        std::os::unix::fs::symlink("busybox", bin.join(tool)).expect("a link");
    }
    let mut pipe = Command::new("sh");
    pipe.args(["-c", "tar -C \"$0\" -c . | docker import - \"$1\""]).arg(root.path()).arg(name);
    succeeds(&mut pipe);
}

fn stub() -> Stub {
    let stub = Stub::start();
    stub.put(Parameter::secure("/d/password", "canary-d"));
    stub
}

/// `docker run` with region, credentials and configuration.
fn run(stub: &Stub, flags: &str, image: &str, command: &[&str]) -> Command {
    let mut run = docker(&format!("run {LOCKED} {flags}"));
    for setting in [
        format!("AWS_ENDPOINT_URL_SSM={}", stub.url()),
        "AWS_REGION=eu-west-1".to_owned(),
        "AWS_ACCESS_KEY_ID=AKIDEXAMPLE".to_owned(),
        "AWS_SECRET_ACCESS_KEY=key".to_owned(),
        "AWS_EC2_METADATA_DISABLED=true".to_owned(),
        "SSM_EXEC_PREFIX=/d".to_owned(),
    ] {
        run.arg("--env").arg(setting);
    }
    run.arg(image).args(command);
    run
}

fn start(stub: &Stub, image: &str, command: &[&str]) -> Container {
    let container = Container(unique_name("run"));
    let flags = format!("--detach --name {}", container.0);
    succeeds(&mut run(stub, &flags, image, command));
    container
}

/// `docker stop` kills a container that does not end within the time; the exit status shows whether it did.
fn stops_by_itself(container: &Container) {
    succeeds(&mut container.command("stop --time=60"));
    assert_eq!(container.status(), "143");
}

#[test]
#[ignore = "needs a Docker engine: ./tests/run provides it"]
fn the_image_contains_only_the_binary_and_runs_as_an_unprivileged_user() {
    let image = &images().plain;
    let version = succeeds(docker(&format!("run --rm {LOCKED}")).args([image, "--version"]));
    assert_eq!(version.trim(), concat!("ssm-exec ", env!("CARGO_PKG_VERSION")));
    let shown = succeeds(
        docker("inspect --format")
            .args(["{{.Config.User}} {{json .Config.Entrypoint}} {{len .RootFS.Layers}}", image]),
    );
    assert_eq!(shown.trim(), r#"65532:65532 ["/ssm-exec"] 1"#);
}

#[test]
#[ignore = "needs a Docker engine: ./tests/run provides it"]
fn the_command_is_process_1_and_stops_on_sigterm() {
    let stub = stub();
    let app = start(&stub, &images().app, &["/app/server"]);
    app.wait_for_line("up");
    let first = succeeds(&mut app.command("exec cat /proc/1/cmdline"));
    assert_eq!(first.replace('\0', " ").trim(), "/bin/sh /app/server");
    stops_by_itself(&app);
}

#[test]
#[ignore = "needs a Docker engine: ./tests/run provides it"]
fn docker_stop_ends_a_fetch() {
    let stub = stub();
    stub.hold();
    let app = start(&stub, &images().app, &["/app/server"]);
    stub.wait_for_requests(1);
    stops_by_itself(&app);
    let logs = text(&app.command("logs").output().expect("docker"));
    assert!(!logs.contains("up\n"), "{logs}");
}

#[test]
#[ignore = "needs a Docker engine: ./tests/run provides it"]
fn the_value_is_visible_to_the_command_only() {
    let stub = stub();
    let images = images();
    // The command prints the value in capitals, to show that it has it.
    let shell = "echo $PASSWORD | tr a-z A-Z; exec /app/server";
    let app = start(&stub, &images.app, &["sh", "-c", shell]);
    app.wait_for_line("CANARY-D");
    app.wait_for_line("up");
    for words in ["inspect", "logs", "top", "diff", "exec env"] {
        let shown = text(&app.command(words).output().expect("docker"));
        assert!(!shown.contains("canary"), "docker {words}: {shown}");
    }
    let changes = succeeds(&mut app.command("diff"));
    assert!(changes.is_empty(), "on the writable layer: {changes}");
    for words in ["history --no-trunc", "inspect"] {
        let shown = succeeds(docker(words).arg(&images.app));
        assert!(!shown.contains("canary"), "docker {words}: {shown}");
    }
}

#[test]
#[ignore = "needs a Docker engine: ./tests/run provides it"]
fn a_failure_is_logged_and_sets_the_exit_status() {
    let stub = Stub::start();
    let app = start(&stub, &images().app, &["/app/server"]);
    assert_eq!(app.status(), "66");
    let logs = text(&app.command("logs").output().expect("docker"));
    assert!(logs.contains("/d"), "{logs}");
}

/// Sources only: after the tests, `target` has gigabytes.
#[test]
#[ignore = "needs a Docker engine: ./tests/run provides it"]
fn the_build_context_has_what_is_compiled_and_nothing_else() {
    let directory = tempfile::tempdir().expect("a directory for the test");
    let dockerfile = directory.path().join("Dockerfile");
    write(&dockerfile, "FROM scratch\nCOPY . /\nCMD [\"/none\"]\n");
    let image = unique_name("context");
    let mut build = docker("build --quiet --force-rm --tag");
    build.env("DOCKER_BUILDKIT", "0").arg(&image).arg("--file");
    succeeds(build.arg(&dockerfile).arg(project(".")));
    let container = Container(unique_name("context"));
    succeeds(docker("create --name").args([&container.0, &image]));
    let mut list = Command::new("sh");
    list.args(["-c", "docker export \"$0\" | tar -tv"]);
    let listed = succeeds(list.arg(&container.0));
    drop(container);
    succeeds(docker("rmi --force").arg(&image));
    let has = |path: &str| listed.lines().any(|line| line.ends_with(path));
    for path in ["Cargo.lock", "src/main.rs", "packaging/binary"] {
        assert!(has(&format!(" {path}")), "no {path}");
    }
    assert!(!has(" target/") && !has(" .git/"), "{listed}");
    let sizes = listed.lines().filter_map(|line| line.split_whitespace().nth(2));
    let size: u64 = sizes.filter_map(|size| size.parse::<u64>().ok()).sum();
    assert!(size < 5_000_000, "{size} bytes");
}

/// The gate of docs/docker.md: the same image, with another command.
#[test]
#[ignore = "needs a Docker engine: ./tests/run provides it"]
fn the_command_check_is_the_gate_before_a_deployment() {
    let stub = stub();
    let gate = run(&stub, "--rm", &images().app, &["check"]).output();
    let gate = gate.expect("docker");
    assert!(gate.status.success(), "{}", text(&gate));
    assert!(text(&gate).contains("/d/password"), "{}", text(&gate));
    let empty = Stub::start();
    let gate = run(&empty, "--rm", &images().app, &["check"]).output();
    assert_eq!(gate.expect("docker").status.code(), Some(66));
}

#[test]
#[ignore = "needs a Docker engine: ./tests/run provides it"]
fn it_runs_with_no_locked_memory_and_little_cpu() {
    let stub = stub();
    let flags = "--rm --ulimit memlock=0 --cpus 0.1 --memory 64m";
    let shown = succeeds(&mut run(&stub, flags, &images().app, &["sh", "-c", "echo $PASSWORD"]));
    assert_eq!(shown.trim(), "canary-d");
}

#[test]
#[ignore = "needs a Docker engine: ./tests/run provides it"]
fn an_init_container_installs_the_binary_into_a_volume() {
    let stub = stub();
    let images = images();
    let directory = tempfile::tempdir().expect("a directory for the test");
    std::os::unix::fs::chown(directory.path(), Some(65532), Some(65532)).expect("root");
    let volume = format!("{}:/ssm-exec-bin", directory.path().display());
    succeeds(docker(&format!("run --rm {LOCKED} --volume")).args([&volume, &images.init]));
    let flags = format!("--rm --entrypoint /ssm-exec-bin/ssm-exec --volume {volume}:ro");
    // The image without its entry point, in place of one that doesn't contain the binary.
    let shown = succeeds(&mut run(&stub, &flags, &images.app, &["sh", "-c", "echo $PASSWORD"]));
    assert_eq!(shown.trim(), "canary-d");
}

/// An image with moto's server and the AWS CLI, as used by the demo.
fn demo_image(entry: &str) -> String {
    let name = unique_name("demo");
    let dockerfile = format!("FROM ssm-exec-tests-demo\nENTRYPOINT {entry}\n");
    build_image(&name, &dockerfile, &[], &[]);
    name
}

#[test]
#[ignore = "needs a Docker engine with Compose, moto and the AWS CLI: ./tests/run provides them"]
fn the_demo_prints_the_origin_of_its_variable() {
    let moto = demo_image(r#"["python3", "-m", "moto.server", "-H", "0.0.0.0", "-p", "5000"]"#);
    let cli = demo_image(r#"["python3", "-m", "awscli"]"#);
    let directory = tempfile::tempdir().expect("a directory for the test");
    // Compose builds no image if it exists.
    let own = directory.path().join("own.yaml");
    let app = &images().plain;
    write(&own, &format!("services: {{ app: {{ image: \"{app}\" }} }}\n"));
    let program = match docker("compose version").output() {
        Ok(output) if output.status.success() => "docker compose",
        _ => "docker-compose",
    };
    let demo = project("docker/compose.yaml");
    let compose = format!(
        "{program} --project-name {} --file {} --file {}",
        unique_name("demo"),
        demo.display(),
        own.display()
    );
    let all = |words: &str| {
        let mut shell = Command::new("sh");
        shell
            .args(["-c", &format!("{compose} {words}")])
            .env("MOTO_IMAGE", &moto)
            .env("AWS_CLI_IMAGE", &cli);
        shell
    };
    let ran = all("run --rm app").output().expect("a shell");
    let _ = all("down --volumes").output();
    let _ = docker("rmi --force").args([&moto, &cli]).output();
    let shown = text(&ran);
    for words in
        ["GREETING comes from /demo/greeting", concat!("ssm-exec ", env!("CARGO_PKG_VERSION"))]
    {
        assert!(shown.contains(words), "no {words:?} in {shown}");
    }
    assert!(!shown.contains("hello from"), "{shown}");
}
