//! The packages built by `./package`, installed into a clean Debian and run there, and the crate that
//! `cargo publish` would upload.

use super::shipped_binary;
use crate::support::docker::*;
use crate::support::*;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock};

/// `./package` has one directory for its work.
static PACKAGE: Mutex<()> = Mutex::new(());

fn package(sources: &Path, dist: &Path, architectures: &str) {
    let mut package = Command::new(sources.join("package"));
    package
        .env("DIST", dist)
        .env("ARCHITECTURES", architectures)
        .env("SOURCE_DATE_EPOCH", "1700000000");
    succeeds(&mut package);
}

/// The packages of the architectures that this machine can build for. They are made once, and removed when the tests end.
pub fn packages() -> &'static Path {
    static MADE: OnceLock<(PathBuf, std::process::Child)> = OnceLock::new();
    &MADE
        .get_or_init(|| {
            // Fails here with the compiler's message if the binary can't be built.
            shipped_binary();
            let dist = tempfile::tempdir().expect("a directory").keep();
            let remover = run_at_exit(&format!("rm -r {}", dist.display()));
            let architectures = match has_arm64() {
                true => "x86_64 aarch64",
                false => "x86_64",
            };
            let _alone = PACKAGE.lock().expect("no panic");
            package(&project("."), &dist, architectures);
            (dist, remover)
        })
        .0
}

fn has_arm64() -> bool {
    let compiler = Command::new("aarch64-linux-gnu-gcc").arg("--version").output();
    compiler.is_ok_and(|output| output.status.success())
}

/// A copy of the sources, with the compiled dependencies. The program itself is compiled there.
fn copy_of_the_sources() -> tempfile::TempDir {
    let copy = tempfile::tempdir().expect("a directory for the test");
    let script = "set -e
        tar -c --exclude=./target --exclude=./fuzz --exclude=./.git . | tar -C \"$0\" -xm
        mkdir -p \"$0/target/x86_64-unknown-linux-musl\"
        cp -a target/release \"$0/target/\"
        cp -a target/x86_64-unknown-linux-musl/release \"$0/target/x86_64-unknown-linux-musl/\"
        ln -s \"$PWD/target/tools\" \"$0/target/tools\"
        cd \"$0/target/x86_64-unknown-linux-musl/release\"
        rm -r ssm-exec deps/*ssm_exec* .fingerprint/ssm-exec-*";
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).arg(copy.path()).current_dir(project("."));
    succeeds(&mut shell);
    copy
}

/// The files of a directory, each with its sum.
fn sums(dist: &Path) -> Vec<String> {
    let sums = std::fs::read_to_string(dist.join("sha256sums")).expect("the sums");
    sums.lines().map(str::to_owned).collect()
}

#[test]
#[ignore = "needs the packagers, their linters and a Docker engine: ./tests/run provides them"]
fn packages_are_reproducible_and_install_into_a_clean_debian() {
    let dist = packages();
    let again = tempfile::tempdir().expect("a directory for the test");
    package(copy_of_the_sources().path(), again.path(), "x86_64");
    let made = sums(dist);
    assert_eq!(sums(again.path()).len(), 6);
    for sum in sums(again.path()) {
        // The image contains as many architectures as were built.
        let image = has_arm64() && sum.ends_with("-image.tar");
        assert!(image || made.contains(&sum), "{sum} is not among {made:?}");
    }
    if has_arm64() {
        assert_eq!(made.len(), 11);
    }
    succeeds(
        Command::new("sha256sum").args(["--check", "--strict", "sha256sums"]).current_dir(dist),
    );
    lint(dist);
    let script = "set -e
        dpkg -i /dist/*_amd64.deb >/dev/null
        dpkg --verify ssm-exec
        ssm-exec --version
        ssm-exec --skip -q -- echo started
        ls /usr/lib/systemd/system/ssm-exec@.service /usr/share/bash-completion/completions/ssm-exec
        cd /usr/share/doc/ssm-exec && ls THIRD-PARTY-LICENSES examples/notify.conf examples/strict.conf examples/low-port.conf && cd /
        dpkg --purge ssm-exec >/dev/null
        test ! -e /usr/bin/ssm-exec";
    let volume = format!("{}:/dist:ro", dist.display());
    let said = succeeds(docker("run --rm --network none --volume").args([
        &volume,
        crate::systemd::IMAGE,
        "sh",
        "-c",
        script,
    ]));
    let version = concat!("ssm-exec ", env!("CARGO_PKG_VERSION"), "\nstarted\n");
    assert!(said.starts_with(version), "{said}");
    bill_of_materials(dist);
    licences(dist);
    layer(dist);
    rpm(dist);
}

/// lintian and rpmlint find nothing in the packages of any architecture.
fn lint(dist: &Path) {
    let shell = |script: &str| {
        let mut shell = Command::new("sh");
        shell.args(["-c", script]).arg(project("packaging/rpmlint.toml"));
        succeeds(shell.current_dir(dist))
    };
    assert_eq!(shell("lintian --fail-on error,warning,info -- *.deb"), "");
    let said = shell("rpmlint --config \"$0\" -- *.rpm");
    assert!(said.contains("0 errors, 0 warnings"), "{said}");
}

#[test]
#[ignore = "needs the packagers: ./tests/run provides them"]
fn what_cannot_be_packaged_is_named_and_the_rest_is_made() {
    shipped_binary();
    let dist = tempfile::tempdir().expect("a directory for the test");
    let programs = tempfile::tempdir().expect("a directory for the test");
    // As if zip were not installed, and with a cargo-generate-rpm that fails.
    let path = std::env::var("PATH").expect("a PATH");
    for directory in path.split(':') {
        for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
            let link = programs.path().join(entry.file_name());
            let absent = ["zip", "cargo-generate-rpm"].map(OsStr::new);
            // Of two with the same name the first is found, and a link to nothing is not.
            if !absent.contains(&entry.file_name().as_os_str()) && entry.path().exists() {
                let _ = std::os::unix::fs::symlink(entry.path(), link);
            }
        }
    }
    let failing = programs.path().join("cargo-generate-rpm");
    crate::harness::script(&failing, "#!/bin/sh\necho 'no space left' >&2\nexit 3\n");
    let mut package = Command::new(project("package"));
    package.env("PATH", programs.path()).env("DIST", dist.path()).env("ARCHITECTURES", "x86_64");
    let alone = PACKAGE.lock().expect("no panic");
    let output = package.output().expect("a shell");
    drop(alone);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let stderr = String::from_utf8_lossy(&output.stderr);
    let named = "package: not made:
  rpm for x86_64: no space left
  layer for x86_64: zip is not installed
";
    assert_eq!(stderr, named);
    let version = env!("CARGO_PKG_VERSION");
    for file in [
        format!("ssm-exec_{version}-1_amd64.deb"),
        format!("ssm-exec-{version}-x86_64-linux.tar.gz"),
        format!("ssm-exec-{version}-x86_64.cdx.json"),
        format!("ssm-exec-{version}-image.tar"),
        "sha256sums".to_owned(),
    ] {
        assert!(dist.path().join(&file).exists(), "no {file}");
    }
}

/// Contains the same files as the Debian package, and a binary that runs.
fn rpm(dist: &Path) {
    let version = env!("CARGO_PKG_VERSION");
    let file = dist.join(format!("ssm-exec-{version}-1.x86_64.rpm"));
    let root = tempfile::tempdir().expect("a directory for the test");
    let mut unpack = Command::new("sh");
    unpack.args(["-c", "rpm2cpio \"$0\" | cpio --quiet -idm"]).arg(&file).current_dir(root.path());
    succeeds(&mut unpack);
    let told = succeeds(Command::new(root.path().join("usr/bin/ssm-exec")).arg("--version"));
    assert_eq!(told, format!("ssm-exec {version}\n"));
    for path in [
        "usr/lib/systemd/system/ssm-exec@.service",
        "usr/share/man/man1/ssm-exec.1.gz",
        "usr/share/zsh/site-functions/_ssm-exec",
        "usr/share/licenses/ssm-exec/THIRD-PARTY-LICENSES",
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
    components.filter_map(|component| component["name"].as_str()).map(str::to_owned).collect()
}

/// The crates that are named with their licences are those of the bill of materials.
fn licences(dist: &Path) {
    let version = env!("CARGO_PKG_VERSION");
    let name = format!("ssm-exec-{version}-x86_64-linux");
    let mut extract = Command::new("tar");
    extract
        .args(["-xzOf", &format!("{name}.tar.gz")])
        .arg(format!("{name}/THIRD-PARTY-LICENSES"))
        .current_dir(dist);
    let text = succeeds(&mut extract);
    let (_, list) = text.split_once("that each states\n").expect("a list");
    let list = list.lines().skip(2).take_while(|line| !line.is_empty());
    let listed: Vec<&str> = list.filter_map(|line| line.split(' ').next()).collect();
    let components = components(dist);
    for name in ["aws-sdk-ssm", "rustls", "ring"] {
        assert!(listed.contains(&name), "no {name}");
    }
    for name in listed {
        assert!(components.iter().any(|known| known == name), "{name}");
    }
    for words in
        ["Permission is hereby granted, free of charge", "Apache License", "The musl C library"]
    {
        assert!(text.contains(words), "no {words}");
    }
}

fn bill_of_materials(dist: &Path) {
    let names = components(dist);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert!(names.contains(&"aws-sdk-ssm") && names.contains(&"rustls"));
    // Dependencies of tests are not in the binary.
    assert!(!names.contains(&"proptest") && !names.contains(&"insta"));
}

fn layer(dist: &Path) {
    let listed = succeeds(
        Command::new("unzip").args(["-Z", "ssm-exec-lambda-layer-x86_64.zip"]).current_dir(dist),
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
    list.args(["package", "--list", "--allow-dirty", "--quiet"]).current_dir(project("."));
    let listed = succeeds(&mut list);
    for wanted in ["src/main.rs", "README.md", "LICENSE", "Cargo.lock"] {
        assert!(listed.lines().any(|line| line == wanted), "no {wanted}");
    }
    for unwanted in ["tests/", "docker/", "deploy/", "examples/", "package", ".ci/", ".github/"] {
        assert!(!listed.lines().any(|line| line.starts_with(unwanted)), "{unwanted} in {listed}");
    }
    // Not compiled here: the release workflow does that.
    let target = tempfile::tempdir().expect("a directory for the test");
    let mut publish = Command::new(env!("CARGO"));
    publish
        .args(["publish", "--workspace", "--dry-run", "--no-verify", "--allow-dirty"])
        .env("CARGO_TARGET_DIR", target.path())
        .current_dir(project("."));
    succeeds(&mut publish);
}
