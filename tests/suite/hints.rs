//! What people type, and what they are told that they mean. Each row is a command line, the status, and what the help
//! says.

use crate::harness::*;

/// Words of the command line, its status, and a part of the help.
const TYPED: &[(&[&str], i32, &str)] = &[
    // A path without its option.
    (&["/org/api", "--", "env"], 64, "`ssm-exec --prefix /org/api -- COMMAND`"),
    (&["org/api", "--", "env"], 64, "`ssm-exec --prefix /org/api -- COMMAND`"),
    (&["--key", "DB", "/org/x", "--", "env"], 64, "`--key DB=/org/x`"),
    (&["-k", "DB", "/org/x"], 64, "`--key DB=/org/x`"),
    (&["--prefix", "/a", "/b", "--", "env"], 64, "`--prefix /a --prefix /b`"),
    (&["--key", "A=/a", "/b", "--", "env"], 64, "`--key A=/a --key /b`"),
    (&["DB=/org/db", "--", "env"], 64, "`ssm-exec --key DB=/org/db -- COMMAND`"),
    (
        &["arn:aws:ssm:eu-west-1:111122223333:parameter/a", "env"],
        64,
        "`ssm-exec --key NAME=arn:aws:ssm:",
    ),
    (&["ssm:///org/db", "env"], 64, "`NAME=ssm:///org/db ssm-exec -- COMMAND`"),
    (&["init", "/org/api"], 64, "`ssm-exec init --prefix /org/api`"),
    (&["check", "/org/api"], 64, "`ssm-exec check --prefix /org/api`"),
    // Blanks and commas.
    (&["--key", "DB", "=", "/org/x"], 64, "`--key DB=PARAM`"),
    (&["--only", "A", "B", "-p", "/a"], 64, "`--only A,B`"),
    (&["--key=", "/org/x", "--", "env"], 64, "`--key /org/x`"),
    (&["--key", "DB=", "/org/x", "--", "env"], 64, "`--key DB=/org/x`"),
    // What a shell does.
    (&["--skip", "FOO=canary", "env"], 64, "`FOO=… ssm-exec …`"),
    (&["--skip", "--", "FOO=canary", "env"], 64, "`-- env FOO=… COMMAND`"),
    (&["--skip", "cd", "/tmp"], 127, "`-- sh -c 'cd … && exec ./server'`"),
    (&["--skip", "--", "export", "A=canary"], 127, "`-- sh -c 'export … && exec ./server'`"),
    (&["--skip", "source", "env.sh"], 127, "`-- sh -c '. … && exec ./server'`"),
    (&["--skip", "--", "$COMMAND"], 64, "`-- sh -c '$COMMAND'`"),
    (&["--skip", "sh -c true"], 127, "`-- sh -c true`"),
    (&["--skip", "A=1 ./server"], 127, "`-- sh -c 'A=1 ./server'`"),
    // What editors make of hyphens and quotation marks.
    (&["--skip", "—", "env"], 64, "Write `--`"),
    (&["--skip", "–", "env"], 64, "Write `--`"),
    (&["—skip", "env"], 64, "Write `--skip`"),
    (&["check", "–prefix", "/a"], 64, "Write `--prefix`"),
    (&["−p", "/a"], 64, "Write `-p`"),
    (&["--skip", "“env”"], 64, "Write `env`"),
    (&["--prefix", "“/org/api”", "env"], 64, "Write `/org/api`"),
    (&["--key=“A=/a”", "env"], 64, "Write `A=/a`"),
    // Options with one hyphen, and those of other tools.
    (&["-version"], 64, "Did you mean `--version`?"),
    (&["-help"], 64, "Did you mean `--help`?"),
    (&["-prefix", "/a", "env"], 64, "Did you mean `--prefix`?"),
    (&["-key=A=/a", "env"], 64, "Did you mean `--key`?"),
    (&["--prefx", "/a", "env"], 64, "Did you mean `--prefix`?"),
    (&["--path", "/a", "env"], 64, "`--prefix PATH`"),
    (&["--env-file", ".env", "env"], 64, "Values that are not secret"),
    (&["--dry-run", "env"], 64, "`ssm-exec check`"),
    (&["check", "-o", "json"], 64, "`ssm-exec check --format"),
    (&["check", "--json"], 64, "`ssm-exec check --format json`"),
    (&["check", "--json", "-p", "/a"], 64, "`ssm-exec check --format json`"),
    (&["--format", "json", "check"], 64, "`ssm-exec check --format`"),
    (&["--timeout", "-5s", "env"], 64, "Write it as `30s`"),
    // Words of other tools.
    (&["run", "env"], 64, "Write the command itself"),
    (&["exec", "service", "--", "env"], 64, "Write the command itself"),
    (&["version"], 64, "`ssm-exec --version`"),
    (&["doctor"], 64, "`ssm-exec check`"),
    (&["validate"], 64, "`ssm-exec check`"),
    (&["config"], 64, "`ssm-exec init --prefix PATH`"),
    (&["get-parameters-by-path", "--path", "/a"], 64, "`ssm-exec --prefix PATH`"),
    (&["list", "/a"], 64, "`ssm-exec check`"),
    (&["put", "/a", "b"], 64, "`aws ssm put-parameter`"),
    (&["completion", "bash"], 64, "`ssm-exec completions"),
    // Near the subcommands.
    (&["chekc"], 64, "Did you mean `ssm-exec check`?"),
    (&["Check"], 64, "Did you mean `ssm-exec check`?"),
    (&["polcy"], 64, "Did you mean `ssm-exec policy`?"),
    (&["--", "check"], 64, "`ssm-exec check`"),
    (&["--", "--prefix", "/a", "env"], 64, "before the `--`"),
    // Files.
    (&["check", "x.toml"], 64, "`ssm-exec check --config x.toml`"),
    (&["other.toml", "--", "env"], 64, "`--config other.toml`"),
];

#[test]
fn what_is_typed_by_mistake_is_told_as_it_is_meant() {
    for (words, status, help) in TYPED {
        let run = words.iter().fold(Run::bare(), Run::arg);
        let outcome = run.run();
        assert_eq!(outcome.status, *status, "{words:?}: {}", outcome.stderr);
        let line = outcome.stderr.lines().find(|line| line.starts_with("  help: "));
        let line = line.unwrap_or_else(|| panic!("{words:?}: no help in {}", outcome.stderr));
        assert!(line.contains(help), "{words:?}: {line}");
    }
}

/// What the message says of a value, of whatever is typed in place of a path.
#[test]
fn a_value_that_is_no_path_is_told_what_is_wrong_with_it() {
    for (words, says) in [
        (&["--prefix", "/a,/b"][..], "give several parameters one by one"),
        (&["--prefix", "/a /b"], "give several parameters one by one"),
        (&["--key", "A=/a,B=/b"], "give several parameters one by one"),
        (&["--prefix", "/org/$STAGE/api"], "No shell replaced it"),
        (&["--prefix", "ssm://org/x"], "Write `/org/x`"),
        (&["--key", "A=ssm://org/x"], "Write `/org/x`"),
        (&["--key", "DB = /org/x"], "without blanks"),
    ] {
        let run = words.iter().fold(Run::bare(), Run::arg).args("-- env");
        let outcome = run.run();
        assert_eq!(outcome.status, 64, "{words:?}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(says), "{words:?}: {}", outcome.stderr);
    }
}

#[test]
fn what_is_written_into_the_file_by_mistake_is_told_as_it_is_meant() {
    for (file, says) in [
        ("path = \"/a\"", "did you mean `prefix`?"),
        ("parameters = [\"/a\"]", "did you mean `keys`?"),
        ("prefix = \"/a\"\n[env]\nA = \"/b\"", "did you mean `keys`?"),
        ("prefix = \"/a\"\n[stages.dev]\nprefix = \"/b\"", "did you mean `stage`?"),
        ("prefix = \"/a\"\n[watch]\nevery = 300", "A duration has a unit: `\"300s\"`"),
        ("prefix = \"/a\"\ntimeout = 30", "A duration has a unit: `\"30s\"`"),
        ("prefix = \"/a/$STAGE/b\"", "write `${NAME}`"),
    ] {
        let outcome = Run::bare().file(file).args("-- env").run();
        assert_eq!(outcome.status, 78, "{file}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(says), "{file}: {}", outcome.stderr);
    }
}

#[test]
fn without_a_command_the_place_of_the_start_says_what_is_meant() {
    let run = Run::bare().args("-p /a");
    std::fs::write(run.home().join("ssm_exec.toml"), "").expect("a file");
    let outcome = run.run();
    assert_eq!(outcome.status, 64);
    outcome.says(&["There is ssm_exec.toml here", "No value is printed"]);
}

#[test]
fn without_a_source_the_file_that_was_read_or_is_called_nearly_so_is_named() {
    let run = Run::bare().args("-- true");
    std::fs::write(run.home().join(".ssm-exec.yaml"), "").expect("a file");
    let near = "There is .ssm-exec.yaml here";
    run.fails(78).says(&["no source of parameters", near]);
    let run = Run::bare().file("command = [\"true\"]\n");
    run.fails(78).says(&["no source of parameters is configured, and ", "/ssm-exec.toml has none"]);
}

#[test]
fn a_file_in_another_format_is_told_from_toml() {
    for (name, text, says) in [
        ("c.yaml", "prefix: /org/api\n", "It is YAML"),
        ("c.json", "{\"prefix\": \"/org/api\"}", "It is JSON"),
        ("ssm-exec.toml", "# ours\n\nkeys:\n  A: /a\n", "It is YAML"),
        ("prod", "---\nprefix: /org/api\n", "It is YAML"),
        (".env", "A=postgres://x\n", "It is a file of variables"),
        (".env.local", "export A=x\n", "It is a file of variables"),
    ] {
        let run = Run::bare().args("--config").arg(name).args("-- env");
        std::fs::write(run.home().join(name), text).expect("a file");
        let outcome = run.run();
        assert_eq!(outcome.status, 78, "{}", outcome.stderr);
        outcome.says(&[says, "ssm-exec reads TOML"]);
    }
}

#[test]
fn a_name_of_the_contract_that_is_nearly_set_is_named() {
    let stub = ssm_stub::Stub::start();
    stub.put(ssm_stub::Parameter::secure("/near/db-url", "canary-near"));
    let run = Run::against(&stub.url()).file("[keys]\nDB_URL = \"/near/db-url\"\n\"db-url\" = \"/near/db-url\"\n[contract]\nDB_ULR = {}\n");
    let outcome = run.args("check").run();
    assert_eq!(outcome.status, 66);
    let report = outcome.text();
    assert!(report.contains("Is `DB_URL` meant"), "{report}");
    assert!(report.contains("no shell can read `db-url`"), "{report}");
}
