//! The packages built by `./package`, installed into a clean Debian and run there, and the crate that
//! `cargo publish` would upload.

use crate::support::docker::*;
use crate::support::*;
use std::path::Path;
use std::process::Command;

/// Builds packages from the static binary of the tests, which compiles faster than a release.
fn package(dist: &Path) -> String {
    // Fails here with the compiler's message if the binary can't be built.
    static_binary();
    let mut package = Command::new(project("package"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CARGO_")) {
        // The variables that cargo sets for a test would make build scripts run again.
        if name != "CARGO_HOME" {
            package.env_remove(name);
        }
    }
    package.env("PROFILE", "static-test").env("DIST", dist);
    succeeds(&mut package)
}

#[test]
#[ignore = "needs dpkg-deb, zip and a Docker engine: ./tests/run provides them"]
fn packages_are_reproducible_and_install_into_a_clean_debian() {
    let dist = tempfile::tempdir().expect("a directory for the test");
    let again = tempfile::tempdir().expect("a directory for the test");
    assert_eq!(package(dist.path()), package(again.path()));
    succeeds(
        Command::new("sha256sum")
            .args(["--check", "--strict", "sha256sums"])
            .current_dir(dist.path()),
    );
    let script = "set -e
        dpkg -i /dist/*.deb >/dev/null
        dpkg --verify ssm-exec
        ssm-exec --version
        ssm-exec --skip -q -- echo started
        ls /usr/lib/systemd/system/ssm-exec@.service /usr/share/bash-completion/completions/ssm-exec
        cd /usr/share/doc/ssm-exec && ls THIRD-PARTY-LICENSES examples/notify.conf examples/strict.conf examples/low-port.conf && cd /
        dpkg --purge ssm-exec >/dev/null
        test ! -e /usr/bin/ssm-exec";
    let volume = format!("{}:/dist:ro", dist.path().display());
    let said = succeeds(docker("run --rm --network none --volume").args([
        &volume,
        crate::systemd::IMAGE,
        "sh",
        "-c",
        script,
    ]));
    let version = concat!("ssm-exec ", env!("CARGO_PKG_VERSION"), "\nstarted\n");
    assert!(said.starts_with(version), "{said}");
    bill_of_materials(dist.path());
    licences(dist.path());
    layer(dist.path());
    rpm(dist.path());
}

/// Contains the same files as the Debian package, and a binary that runs.
fn rpm(dist: &Path) {
    let version = env!("CARGO_PKG_VERSION");
    let file = dist.join(format!("ssm-exec-{version}-1.x86_64.rpm"));
    let root = tempfile::tempdir().expect("a directory for the test");
    let mut unpack = Command::new("sh");
    unpack
        .args(["-c", "rpm2cpio \"$0\" | cpio --quiet -idm"])
        .arg(&file)
        .current_dir(root.path());
    succeeds(&mut unpack);
    let told = succeeds(Command::new(root.path().join("usr/bin/ssm-exec")).arg("--version"));
    assert_eq!(told, format!("ssm-exec {version}\n"));
    for path in [
        "usr/lib/systemd/system/ssm-exec@.service",
        "usr/share/man/man1/ssm-exec.1.gz",
        "usr/share/zsh/site-functions/_ssm-exec",
        "usr/share/doc/ssm-exec/THIRD-PARTY-LICENSES",
    ] {
        assert!(root.path().join(path).exists(), "no {path}");
    }
    let scripts = succeeds(Command::new("rpm").args(["-qp", "--scripts"]).arg(&file));
    assert_eq!(scripts, "");
}

/// The names of the crates in the bill of materials.
fn components(dist: &Path) -> Vec<String> {
    let version = env!("CARGO_PKG_VERSION");
    let file = dist.join(format!("ssm-exec-{version}-x86_64.cdx.json"));
    let text = std::fs::read_to_string(file).expect("a bill of materials");
    let bill: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let components = bill["components"].as_array().expect("components").iter();
    components
        .filter_map(|component| component["name"].as_str())
        .map(str::to_owned)
        .collect()
}

/// Every crate in the bill of materials is named with its licence.
fn licences(dist: &Path) {
    let version = env!("CARGO_PKG_VERSION");
    let name = format!("ssm-exec-{version}-x86_64-linux");
    let mut extract = Command::new("tar");
    extract
        .args(["-xzOf", &format!("{name}.tar.gz")])
        .arg(format!("{name}/THIRD-PARTY-LICENSES"))
        .current_dir(dist);
    let text = succeeds(&mut extract);
    for crate_name in components(dist) {
        let is_named =
            |line: &str| line.starts_with(&format!("{crate_name} ")) && line.ends_with(')');
        let is_ours = crate_name == "ssm-exec-core";
        assert!(is_ours || text.lines().any(is_named), "no {crate_name}");
    }
    for words in [
        "Permission is hereby granted, free of charge",
        "Apache License",
        "GNU C library",
    ] {
        assert!(text.contains(words), "no {words}");
    }
}

fn bill_of_materials(dist: &Path) {
    let names = components(dist);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert!(names.contains(&"aws-sdk-ssm") && names.contains(&"rustls"));
    // Neither dependencies of tests nor procedural macros are in the binary.
    assert!(!names.contains(&"proptest") && !names.contains(&"clap_derive"));
}

fn layer(dist: &Path) {
    let listed = succeeds(
        Command::new("unzip")
            .args(["-Z", "ssm-exec-lambda-layer-x86_64.zip"])
            .current_dir(dist),
    );
    let executable = |line: &str| line.starts_with("-rwxr-xr-x") && line.ends_with(" ssm-exec");
    assert!(listed.lines().any(executable), "{listed}");
    let licences = |line: &str| line.ends_with(" share/doc/ssm-exec/THIRD-PARTY-LICENSES");
    assert!(listed.lines().any(licences), "{listed}");
}

#[test]
#[ignore = "needs the crates' index: ./tests/run provides it"]
fn the_published_crate_contains_only_what_it_needs() {
    let mut list = Command::new(env!("CARGO"));
    list.args(["package", "--list", "--allow-dirty", "--quiet"])
        .current_dir(project("."));
    let listed = succeeds(&mut list);
    for wanted in ["src/main.rs", "README.md", "LICENSE", "Cargo.lock"] {
        assert!(listed.lines().any(|line| line == wanted), "no {wanted}");
    }
    for unwanted in [
        "tests/",
        "docker/",
        "deploy/",
        "examples/",
        "package",
        ".ci/",
        ".github/",
    ] {
        assert!(
            !listed.lines().any(|line| line.starts_with(unwanted)),
            "{unwanted} in {listed}"
        );
    }
    // Not compiled here: the release workflow does that.
    let target = tempfile::tempdir().expect("a directory for the test");
    let mut publish = Command::new(env!("CARGO"));
    publish
        .args([
            "publish",
            "--workspace",
            "--dry-run",
            "--no-verify",
            "--allow-dirty",
        ])
        .env("CARGO_TARGET_DIR", target.path())
        .current_dir(project("."));
    succeeds(&mut publish);
}
