//! Steps of the release workflow, run from its text: the image of both architectures, and its way into a registry.

use crate::support::docker::*;
use crate::support::registry::Registry;
use crate::support::*;
use std::path::Path;
use std::process::Command;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The script of the step with this name.
fn step(name: &str) -> String {
    let workflow = std::fs::read_to_string(project(".github/workflows/release.yml"));
    let workflow = workflow.expect("a workflow");
    let (_, step) =
        workflow.split_once(&format!("- name: {name}\n")).expect("a step with this name");
    let (_, script) = step.split_once("run: |\n").expect("a script");
    let lines = script.lines().map_while(|line| line.strip_prefix("          "));
    lines.map(|line| format!("{line}\n")).collect()
}

/// The step as GitHub runs it, in a checkout with the packages in `dist`.
fn run(name: &str, checkout: &Path, registry: &Registry) -> Command {
    let mut bash = Command::new("bash");
    bash.args(["-e", "-c", &step(name)])
        .current_dir(checkout)
        .env("GITHUB_REF_NAME", format!("v{VERSION}"))
        .env("GITHUB_OUTPUT", checkout.join("outputs"))
        .env("RUNNER_TEMP", checkout)
        .env("SOURCE_DATE_EPOCH", "1700000000")
        // With the capitals that the name of a repository may have.
        .env("IMAGE", format!("{}/Tests/ssm-exec", registry.address()))
        .env("HOME", registry.home());
    bash
}

/// An image that was pulled, removed when dropped.
struct Pulled(String);

impl Drop for Pulled {
    fn drop(&mut self) {
        let _ = docker("rmi --force").arg(&self.0).output();
    }
}

#[test]
#[ignore = "needs the packagers, a cross toolchain, a Docker engine and a registry: ./tests/run provides them"]
fn the_image_of_both_architectures_is_pushed_and_starts() {
    let packages = super::package::packages();
    let registry = Registry::start();
    let checkout = tempfile::tempdir().expect("a directory for the test");
    let dist = checkout.path().join("dist");
    std::fs::create_dir(&dist).expect("a directory");
    for name in ["packaging", "docker"] {
        std::os::unix::fs::symlink(project(name), checkout.path().join(name)).expect("a link");
    }
    for architecture in ["x86_64", "aarch64"] {
        let name = format!("ssm-exec-{VERSION}-{architecture}-linux.tar.gz");
        std::fs::copy(packages.join(&name), dist.join(&name)).expect("a copy");
    }
    succeeds(&mut run("the image of both architectures", checkout.path(), &registry));
    let image = format!("ssm-exec-{VERSION}-image.tar");
    let [made, packaged] = [&dist, packages].map(|directory| std::fs::read(directory.join(&image)));
    assert!(made.expect("an image") == packaged.expect("an image"), "not that of ./package");

    let mut push = run("push the image", checkout.path(), &registry);
    succeeds(&mut push);
    let again = push.output().expect("bash");
    assert!(!again.status.success(), "a version was pushed twice");
    assert!(text(&again).contains("exists"), "{}", text(&again));
    let outputs = std::fs::read_to_string(checkout.path().join("outputs")).expect("outputs");
    let name = format!("{}/tests/ssm-exec", registry.address());
    let digest =
        outputs.strip_prefix(&format!("name={name}\ndigest=")).expect("a name and a digest");
    let pulled = Pulled(format!("{name}@{}", digest.trim_end()));
    // By tag and by digest, as the machine's own architecture and as the other one.
    succeeds(docker("pull --quiet").arg(&pulled.0));
    let version = format!("ssm-exec {VERSION}\n");
    let flags = "--rm --network none --read-only --cap-drop ALL";
    assert_eq!(succeeds(docker(&format!("run {flags}")).args([&pulled.0, "--version"])), version);
    let shown = "{{.Os}} {{.Architecture}} {{.Config.User}} {{json .Config.Entrypoint}} {{len .RootFS.Layers}}";
    let inspect = |image: &str| succeeds(docker("inspect --format").args([shown, image]));
    assert_eq!(inspect(&pulled.0), "linux amd64 65532:65532 [\"/ssm-exec\"] 1\n");

    let pulled = Pulled(format!("{name}:{VERSION}"));
    succeeds(docker("pull --quiet --platform linux/arm64").arg(&pulled.0));
    assert_eq!(inspect(&pulled.0), "linux arm64 65532:65532 [\"/ssm-exec\"] 1\n");
    // With the emulator from outside, which is static too.
    let emulator = succeeds(Command::new("sh").args(["-c", "command -v qemu-aarch64-static"]));
    let volume = format!("{}:/emulator:ro", emulator.trim_end());
    let mut emulated = docker(&format!(
        "run {flags} --platform linux/arm64 --volume {volume} --entrypoint /emulator"
    ));
    assert_eq!(succeeds(emulated.args([&pulled.0, "/ssm-exec", "--version"])), version);
}
