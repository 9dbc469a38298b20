//! The snippets of README and docs, run from the text itself.
//!
//! Every code block is fenced and names its language. A `sh` block runs as a script, with the endpoint of
//! the test, the page's `# ssm-exec.toml` if it has one, and stand-ins for the programs that it starts; `norun="REASON"`
//! after the language says why a block can't run here. A `toml` block must load, a `json` block must parse.
//! Pages that write parameters run against moto.

use crate::harness::binary;
use crate::support::moto::Moto;
use crate::support::*;
use ssm_stub::{Fault, Parameter, Stub};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::SystemTime;
use tempfile::TempDir;

/// Their blocks change an account, with the AWS CLI. Each page has a Region of its own.
const ON_MOTO: [(&str, &str); 2] =
    [("docs/start.md", "eu-west-1"), ("docs/dotenv.md", "eu-central-1")];

/// Programs that a snippet starts besides ssm-exec, and that do nothing here.
const PROGRAMS: &[&str] = &[
    "server",
    "cargo",
    "chamber",
    "ssm-env",
    "aws-env",
    "secrets-init",
    "secretspec",
    "fnox",
    "doppler",
    "op",
    "sops",
    "roll-out",
    "aws",
    "node",
    "git",
    "kubectl",
];

const PEM: &str = "-----BEGIN PRIVATE KEY-----\nY2FuYXJ5\n-----END PRIVATE KEY-----\n";

/// Every parameter that a page reads. The values are fit for any use: JSON in base64 would not be.
const PARAMETERS: &[(&str, &str)] = &[
    ("/org/api/db", r#"{"password":"canary"}"#),
    ("/org/api/db/url", "postgres://canary@db/app"),
    ("/org/api/generation", "1"),
    ("/org/api/log", "info"),
    ("/org/api/sentry", "https://canary@sentry/1"),
    ("/org/api/db/password", "canary"),
    ("/org/api/tls/certificate", PEM),
    ("/org/api/tls/generation", "1"),
    ("/org/api/tls/key", "Y2FuYXJ5"),
    ("/org/dev/api/db/host", "db"),
    ("/org/dev/api/db/password", "canary"),
    ("/org/dev/api/db/user", "api"),
    ("/org/dev/api/log", "info"),
    ("/org/api/stripe-key", "sk_live_canary000000000000000000"),
    ("/org/api/tls/pem", PEM),
    ("/org/shared/db", "canary"),
    ("/org/staging/api/log", "info"),
    ("/org/tools/github/token", "canary"),
];

struct Block {
    page: String,
    line: usize,
    language: String,
    /// What follows the language.
    attributes: String,
    text: String,
}

impl Block {
    fn place(&self) -> String {
        format!("{}:{}", self.page, self.line)
    }

    fn is_run(&self) -> bool {
        self.language == "sh" && !self.attributes.contains("norun=")
    }

    /// The file that the block's first line names.
    fn file_name(&self) -> Option<&str> {
        self.text.strip_prefix("# ")?.split([',', '\n']).next()
    }
}

fn pages() -> Vec<String> {
    let mut pages = vec!["README.md".to_owned(), "CONTRIBUTING.md".to_owned()];
    for entry in std::fs::read_dir(project("docs")).expect("docs") {
        let name = entry.expect("an entry").file_name();
        let name = name.to_str().expect("UTF-8");
        if Path::new(name).extension().is_some_and(|extension| extension == "md") {
            pages.push(format!("docs/{name}"));
        }
    }
    pages.sort();
    pages
}

fn blocks(page: &str) -> Vec<Block> {
    let text = std::fs::read_to_string(project(page)).expect("a page");
    let mut blocks = Vec::new();
    let mut open: Option<(Block, usize)> = None;
    for (index, line) in text.lines().enumerate() {
        let trimmed = line.trim_start();
        let indent = line.len() - trimmed.len();
        match (&mut open, trimmed.strip_prefix("```")) {
            (Some(_), Some(_)) => blocks.extend(open.take().map(|(block, _)| block)),
            (Some((block, indent)), None) => {
                block.text.push_str(line.get(*indent..).unwrap_or_default());
                block.text.push('\n');
            }
            (None, Some(info)) => {
                let (language, attributes) = info.split_once(' ').unwrap_or((info, ""));
                let block = Block {
                    page: page.to_owned(),
                    line: index + 1,
                    language: language.to_owned(),
                    attributes: attributes.to_owned(),
                    text: String::new(),
                };
                open = Some((block, indent));
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "{page}: a code block that does not end");
    blocks
}

/// A directory with stand-ins, and the settings of a person who followed the page so far.
struct Place {
    directory: TempDir,
    url: String,
    region: &'static str,
}

impl Place {
    fn new(url: String, region: &'static str, stand_ins: &[&str]) -> Self {
        let directory = tempfile::tempdir().expect("a directory for the test");
        let bin = directory.path().join("bin");
        std::fs::create_dir(&bin).expect("a directory");
        std::os::unix::fs::symlink(binary(), bin.join("ssm-exec")).expect("a link");
        for name in stand_ins {
            crate::harness::script(&bin.join(name), "#!/bin/sh\nexit 0\n");
            std::os::unix::fs::symlink(bin.join(name), directory.path().join(name))
                .expect("a link");
        }
        let service = directory.path().join("services/api");
        write(&service.join("ssm-exec.toml"), "prefix = [\"/org/api\"]\n");
        crate::harness::script(&service.join("roll-out"), "#!/bin/sh\nexit 0\n");
        // As an editor writes it.
        for name in ["password.txt", "new-password"] {
            write(&directory.path().join(name), "canary\n");
        }
        let deploy = directory.path().join("deploy");
        std::os::unix::fs::symlink(project("deploy"), deploy).expect("a link");
        Self { directory, url, region }
    }

    fn run(&self, program: &mut Command, path: &str) -> Output {
        program
            .current_dir(self.directory.path())
            .env_clear()
            .env("PATH", format!("{}/bin:{path}/usr/bin:/bin", self.directory.path().display()))
            .env("HOME", self.directory.path())
            .env("AWS_ENDPOINT_URL", &self.url)
            .env("AWS_REGION", self.region)
            .env("AWS_DEFAULT_REGION", self.region)
            .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "canary-credential-key")
            .env("STAGE", "dev")
            .output()
            .expect("it starts")
    }

    /// Runs a block, and describes its failure.
    fn failure(&self, block: &Block, path: &str) -> Option<String> {
        let output = match block.language.as_str() {
            "sh" if block.is_run() => {
                self.run(Command::new("sh").args(["-euc", &block.text, "sh", "api"]), path)
            }
            "toml" => {
                let name = block.file_name().unwrap_or("ssm-exec.toml");
                let file =
                    self.directory.path().join(Path::new(name).file_name().expect("a file name"));
                std::fs::write(&file, &block.text).expect("a file");
                let mut check = Command::new(binary());
                check.arg("check").arg("--config").arg(&file).args(["--", "true"]);
                self.run(&mut check, path)
            }
            _ => return None,
        };
        let shown = format!(
            "{} ends with {}:\n{}\n{}",
            block.place(),
            output.status,
            block.text,
            text(&output)
        );
        (!output.status.success()).then_some(shown)
    }
}

#[test]
fn every_code_block_names_a_language_and_can_be_read() {
    for block in pages().iter().flat_map(|page| blocks(page)) {
        let known = ["sh", "toml", "json", "yaml", "ini", "dockerfile", "text", "mermaid", "hcl"];
        assert!(
            known.contains(&block.language.as_str()),
            "{}: language {:?}",
            block.place(),
            block.language
        );
        let words = block.attributes.split([' ', '"', ':', ',']);
        for test in words.filter(|word| word.starts_with("tests/")) {
            assert!(project(test).exists(), "{}: no {test}", block.place());
        }
        if block.language == "json" {
            let parsed = serde_json::from_str::<serde_json::Value>(&block.text);
            assert!(parsed.is_ok(), "{}: {parsed:?}", block.place());
        }
    }
}

/// Otherwise a block would be neither found nor run.
#[test]
fn no_code_block_is_indented() {
    for page in pages() {
        let text = std::fs::read_to_string(project(&page)).expect("a page");
        let mut fenced = false;
        let mut after_blank = true;
        for (index, line) in text.lines().enumerate() {
            fenced ^= line.trim_start().starts_with("```");
            let indented = line.starts_with("    ") && !fenced && after_blank;
            assert!(!indented, "{page}:{}: an indented code block", index + 1);
            after_blank = line.is_empty();
        }
    }
}

#[test]
fn snippets_run_as_they_are() {
    let mut failures = Vec::new();
    for page in pages().iter().filter(|page| ON_MOTO.iter().all(|(other, _)| page != other)) {
        let stub = Stub::start();
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        for (name, value) in PARAMETERS {
            let changed = now.as_ref().expect("a time after 1970").as_secs_f64();
            stub.put(Parameter::secure(name, value).modified(changed));
        }
        let place = Place::new(stub.url(), "eu-west-1", PROGRAMS);
        let blocks = blocks(page);
        let named = |block: &&Block| block.file_name() == Some("ssm-exec.toml");
        let file = blocks.iter().find(named);
        write(
            &place.directory.path().join("ssm-exec.toml"),
            file.map_or("prefix = [\"/org/api\"]\n", |block| &block.text),
        );
        failures.extend(blocks.iter().filter_map(|block| place.failure(block, "")));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The script of docs/rotation.md, run again and again in one directory as a pipeline runs it.
#[test]
fn the_script_with_the_fingerprint_rolls_out_after_a_change_and_at_no_other_time() {
    let stub = Stub::start();
    let write_new_version = || stub.put(Parameter::secure("/org/api/db", "canary"));
    write_new_version();
    let place = Place::new(stub.url(), "eu-west-1", &[]);
    let file = |name: &str| place.directory.path().join(name);
    let content = |name: &str| std::fs::read_to_string(file(name)).unwrap_or_default();
    let kubectl = |status: u8| {
        let text = format!("#!/bin/sh\nprintf '%s\\n' \"$*\" >>rolled-out\nexit {status}\n");
        crate::harness::script(&file("bin/kubectl"), &text);
    };
    let blocks = blocks("docs/rotation.md");
    let named = |block: &&Block| block.text.contains("--unchanged-since");
    let script = &blocks.iter().find(named).expect("the script").text;
    let script = format!("export SSM_EXEC_TIMEOUT=1s\n{script}");
    // Its exit status, and how often it has rolled out so far.
    let run = || {
        let output = place.run(Command::new("sh").args(["-c", &script]), "");
        (output.status.code(), content("rolled-out").lines().count())
    };

    kubectl(0);
    stub.always(Fault::internal());
    assert_eq!(run(), (Some(75), 0), "a first run without an answer");
    assert!(!file("fingerprint").exists());
    stub.clear_faults();
    assert_eq!(run(), (Some(0), 0), "the first run");
    let first = content("fingerprint");
    let digest = first.trim().strip_prefix("v1:");
    assert_eq!(digest.map(str::len), Some(64), "{first}");
    assert_eq!(run(), (Some(0), 0), "no change");

    write_new_version();
    stub.always(Fault::internal());
    assert_eq!(run(), (Some(75), 0), "no answer");
    stub.clear_faults();
    kubectl(3);
    assert_eq!(run(), (Some(3), 1), "a roll-out that fails");
    assert_eq!(content("fingerprint"), first);
    kubectl(0);
    assert_eq!(run(), (Some(0), 2), "a change");
    let second = content("fingerprint");
    assert_ne!(second, first);
    let log = content("rolled-out");
    let (_, patch) = log.trim_end().rsplit_once(" -p ").expect("a patch");
    let patch: serde_json::Value = serde_json::from_str(patch).expect("JSON");
    let annotation = "/spec/template/metadata/annotations/ssm-exec~1fingerprint";
    assert_eq!(patch.pointer(annotation), Some(&second.trim().into()));
    assert_eq!(run(), (Some(0), 2), "no change");
    stub.remove("/org/api/db");
    assert_eq!(run(), (Some(66), 2), "nothing there");
    assert_eq!(content("fingerprint"), second);
}

#[test]
#[ignore = "needs moto and the AWS CLI: ./tests/run installs them"]
fn the_first_steps_run_on_moto_as_they_are() {
    let bin: PathBuf = project("target/venv/bin");
    assert!(bin.join("aws").exists(), "no AWS CLI: ./tests/run installs it");
    let path = format!("{}:", bin.display());
    let follow = |(page, region)| {
        let place = Place::new(Moto::shared().url(), region, &["server", "docker", "git"]);
        let failures: Vec<String> =
            blocks(page).iter().filter_map(|block| place.failure(block, &path)).collect();
        assert!(failures.is_empty(), "{}", failures.join("\n"));
        place
    };
    let [start, dotenv] = std::thread::scope(|scope| {
        let pages = ON_MOTO.map(|page| {
            scope.spawn({
                let follow = &follow;
                move || follow(page)
            })
        });
        pages.map(|page| page.join().expect("a page that runs"))
    });
    let run = |place: &Place, arguments: &[&str]| {
        let mut command = Command::new(binary());
        text(&place.run(command.args(arguments), &path))
    };
    let shown = run(&start, &["check", "-v", "--prefix", "/org/api"]);
    assert!(shown.contains("SMTP_PASSWORD"), "{shown}");
    assert!(!shown.contains("newline"), "{shown}");

    let printed = "printf '%s|' \"$DB_PASSWORD\" \"$STRIPE_KEY\" \"$LOG_LEVEL\" \"${PORT-}\" \"${SENTRY_DSN-}\"";
    let values = "correct horse battery staple|sk_live_0123456789abcdefghijklmn|info|||";
    assert_eq!(run(&dotenv, &["--", "sh", "-c", printed]), values);
    let shown = run(&dotenv, &["check"]);
    let of = |name: &str| shown.lines().find(|line| line.contains(name)).unwrap_or("");
    assert!(of("LOG_LEVEL").contains(" String "), "{shown}");
    assert!(of("STRIPE_KEY").contains(" SecureString "), "{shown}");
}
