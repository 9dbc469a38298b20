//! Ways to install that the project describes but does not build: the setup action, the Homebrew formula, the Nix flake,
//! `cargo binstall`.

use crate::harness::{BINARY, script};
use crate::support::*;
use ssm_stub::{Parameter, Stub};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The script of a step of action.yml.
fn step(name: &str) -> String {
    let action = std::fs::read_to_string(project("action.yml")).expect("action.yml");
    let (_, step) = action.split_once(&format!("- name: {name}\n")).expect("a step with this name");
    let (_, script) = step.split_once("run: |").expect("a script");
    let lines = script.lines().skip(1);
    let lines = lines.map_while(|line| line.strip_prefix("        "));
    lines.map(|line| format!("{line}\n")).collect()
}

/// A runner, with a `gh` that has one release and says whether its files are attested.
struct Runner {
    directory: TempDir,
}

impl Runner {
    fn new() -> Self {
        let runner = Self { directory: tempfile::tempdir().expect("a directory for the test") };
        let name = format!("ssm-exec-{VERSION}-{}-linux", std::env::consts::ARCH);
        let release = runner.path("release");
        script(
            &runner.path("bin/gh"),
            "#!/bin/sh\ncase $1 in\nrelease) cp \"$RELEASE\"/* . ;;\nattestation) exit \"$ATTESTED\" ;;\nesac\n",
        );
        // In place of the binary, which takes seconds to compress.
        script(
            &runner.path(&format!("release/{name}/ssm-exec")),
            &format!("#!/bin/sh\nexec {BINARY} \"$@\"\n"),
        );
        let pack =
            format!("tar -czf {name}.tar.gz {name} && rm -r {name} && sha256sum * >sha256sums");
        succeeds(Command::new("sh").args(["-ec", &pack]).current_dir(release));
        runner
    }

    fn path(&self, name: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        path
    }

    /// A step as GitHub runs it.
    fn step(&self, name: &str, variables: &[(&str, &str)]) -> Output {
        let mut bash = Command::new("bash");
        bash.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", &step(name)])
            .current_dir(self.directory.path())
            .env_clear()
            .env(
                "PATH",
                format!("{}:{}:/usr/bin:/bin", self.path("bin").display(), self.added().trim()),
            )
            .env("RUNNER_TEMP", self.path("temporary"))
            .env("GITHUB_PATH", self.path("added"))
            .env("RELEASE", self.path("release"))
            .env("ATTESTED", "0")
            .env("REPOSITORY", "OWNER/ssm-exec")
            .env("VERSION", VERSION)
            .env("SHA256", "")
            .envs(variables.iter().copied());
        bash.output().expect("bash")
    }

    /// What the step has added to PATH.
    fn added(&self) -> String {
        std::fs::read_to_string(self.path("added")).unwrap_or_default()
    }
}

#[test]
fn the_setup_action_installs_and_is_the_gate() {
    let runner = Runner::new();
    let installed = runner.step("install", &[]);
    assert!(installed.status.success(), "{}", text(&installed));
    assert!(text(&installed).contains(&format!("ssm-exec {VERSION}")));

    let stub = Stub::start();
    stub.put(Parameter::secure("/org/api/db url", "canary"));
    stub.put(Parameter::secure("/org/api/log", "canary"));
    let url = stub.url();
    let check = |arguments: &str| {
        let output = runner.step(
            "check",
            &[
                ("CHECK", arguments),
                ("AWS_ENDPOINT_URL", &url),
                ("AWS_REGION", "eu-west-1"),
                ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
                ("AWS_SECRET_ACCESS_KEY", "canary-credential-key"),
            ],
        );
        assert!(!text(&output).contains("canary"), "{}", text(&output));
        output.status.code()
    };
    // One argument a line, as a block of YAML ends: with a newline or without.
    assert_eq!(check("--prefix\n/org/api\n--require\nLOG\n--\ntrue\n"), Some(0));
    assert_eq!(check("--prefix\n/org/api\n--require\nLOG"), Some(0));
    assert_eq!(check("--key\nA=/org/api/none"), Some(66));
}

#[test]
fn the_setup_action_refuses_what_is_not_the_release() {
    let other = "0".repeat(64);
    let cases: [(&str, &[(&str, &str)]); 3] = [
        ("another checksum", &[("SHA256", &other)]),
        ("no attestation", &[("ATTESTED", "1")]),
        ("another version", &[("VERSION", "9.9.9")]),
    ];
    for (case, variables) in cases {
        let runner = Runner::new();
        let output = runner.step("install", variables);
        assert!(!output.status.success(), "{case}: {}", text(&output));
        assert_eq!(runner.added(), "", "{case}");
    }
    let runner = Runner::new();
    let sums = runner.path("release/sha256sums");
    let tampered = std::fs::read_to_string(&sums).expect("checksums").replace(['0', '1'], "2");
    write(&sums, &tampered);
    assert!(!runner.step("install", &[]).status.success());
    assert_eq!(runner.added(), "");
}

/// Cargo.toml, as `cargo binstall` reads it.
fn manifest() -> toml::Table {
    let text = std::fs::read_to_string(project("Cargo.toml")).expect("Cargo.toml");
    text.parse().expect("TOML")
}

#[test]
fn cargo_binstall_finds_the_tarball_of_the_package_script() {
    let manifest = manifest();
    let linux =
        &manifest["package"]["metadata"]["binstall"]["overrides"]["cfg(target_os = \"linux\")"];
    let repository = manifest["workspace"]["package"]["repository"].as_str().expect("a text");
    let filled = |key: &str| {
        let mut text = linux[key].as_str().expect("a text").to_owned();
        for (name, value) in [
            ("repo", repository),
            ("name", "ssm-exec"),
            ("bin", "ssm-exec"),
            ("version", VERSION),
            ("target-arch", "x86_64"),
        ] {
            text = text.replace(&format!("{{ {name} }}"), value);
        }
        text
    };
    let package = std::fs::read_to_string(project("package")).expect("package");
    assert!(package.contains("name=\"ssm-exec-$version-$architecture-linux\""));
    let name = format!("ssm-exec-{VERSION}-x86_64-linux");
    assert_eq!(
        filled("pkg-url"),
        format!("{repository}/releases/download/v{VERSION}/{name}.tar.gz")
    );
    assert_eq!(filled("bin-dir"), format!("{name}/ssm-exec"));
}

/// What a formula may use of Homebrew, and a run of its two blocks.
const HOMEBREW: &str = r##"
class Formula
  def self.method_missing(name, *words, **more) = $said.push([name, *words, *more.values].join(" "))
  def self.test(&block) = define_method(:run_test, &block)
  def system(*words) = $said.push(words.join(" "))
  def std_cargo_args = %w[--locked --root prefix --path .]
  def bin = $bin
  def man1 = $bin
  def generate_completions_from_executable(program, *words, shells:)
    shells.each { |shell| Utils.safe_popen_read(program, *words, shell.to_s) }
  end
  def shell_output(command) = `#{command}`
  def assert_equal(one, other) = (raise "#{one.inspect}, #{other.inspect}" if one != other)
end
module Utils
  def self.safe_popen_read(*words)
    read = IO.popen(words.map(&:to_s), &:read)
    raise words.join(" ") unless $?.success? && !read.empty?
    read
  end
end
require "pathname"
$said = []
$bin = Pathname.new(ARGV[0])
eval(STDIN.read)
formula = SsmExec.new
formula.install
formula.run_test
puts $said
"##;

#[test]
#[ignore = "needs Ruby: ./tests/run installs it"]
fn the_homebrew_formula_installs_the_tag_and_passes_its_own_test() {
    let bin = tempfile::tempdir().expect("a directory for the test");
    std::os::unix::fs::symlink(BINARY, bin.path().join("ssm-exec")).expect("a link");
    let command = "\"$0\" | ruby -W -e \"$1\" \"$2\"";
    let mut ruby = Command::new("bash");
    ruby.env_remove("SSM_EXEC_BLESS")
        .env_remove("SSM_EXEC_TEST_PROGRAM")
        .args(["-o", "pipefail", "-c", command])
        .arg(project("packaging/homebrew"))
        .arg(HOMEBREW)
        .arg(bin.path());
    let said = succeeds(&mut ruby);
    let head = succeeds(Command::new("git").args(["rev-parse", "HEAD"]));
    let manifest = manifest();
    let repository = manifest["workspace"]["package"]["repository"].as_str().expect("a text");
    for line in [
        format!("url {repository}.git v{VERSION} {}", head.trim()),
        "license MIT".to_owned(),
        "cargo install --locked --root prefix --path .".to_owned(),
    ] {
        assert!(said.lines().any(|said| said == line), "{line}: {said}");
    }
    let page = std::fs::read_to_string(bin.path().join("ssm-exec.1")).expect("a man page");
    assert!(page.contains(".TH"), "{page}");
}

/// Evaluates the flake with nothing but a Nix interpreter.
#[test]
#[ignore = "needs Nix: ./tests/run installs it"]
fn the_nix_flake_builds_this_version_from_the_lock_file() {
    let nixpkgs = "{
        lib.genAttrs = names: f: builtins.listToAttrs (map (name: { inherit name; value = f name; }) names);
        legacyPackages.x86_64-linux = { installShellFiles = null; lib.licenses.mit = \"MIT\";
            stdenv.isLinux = true; pkgsStatic.rustPlatform.buildRustPackage = set: set; };
    }";
    let flake = project("packaging/flake.nix");
    let expression = format!(
        "let it = ((import {}).outputs {{ self = null; nixpkgs = {nixpkgs}; }}).packages.x86_64-linux.default; in
         [ it.pname it.version (toString it.src) (toString it.cargoLock.lockFile) it.meta.license it.postInstall ]",
        flake.display()
    );
    let mut nix = Command::new("nix-instantiate");
    nix.args(["--eval", "--strict", "--json", "--store", "dummy://", "--expr", &expression]);
    let found: Vec<String> = serde_json::from_str(&succeeds(&mut nix)).expect("JSON");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let lock = root.join("Cargo.lock");
    let expected =
        ["ssm-exec", VERSION, root.to_str().expect("UTF-8"), lock.to_str().expect("UTF-8"), "MIT"];
    assert_eq!(found[..5], expected);
    for shell in ["completions $shell", "completions man"] {
        assert!(found[5].contains(shell), "{shell}");
    }
}
