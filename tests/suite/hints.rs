//! The mistakes that newcomers make: each answer teaches the right line.

use crate::harness::*;

#[test]
fn each_answer_teaches() {
    for (words, status, says) in [
        (
            "run --prefix /a -- ./server",
            64,
            "there is no `run`: `ssm-exec [OPTIONS] -- COMMAND`",
        ),
        ("exec my-service -- ./server", 64, "there is no `exec`"),
        ("--path /a -- ./server", 64, "`--prefix PATH`"),
        ("--parameter X=/a -- ./server", 64, "`--key [NAME=]PARAM`"),
        ("--parameters X=/a -- ./server", 64, "`--key [NAME=]PARAM`"),
        ("--name /a -- ./server", 64, "`--key [NAME=]PARAM`"),
        ("-with-decryption -- ./server", 64, "always decrypted"),
        ("--with-decryption -- ./server", 64, "always decrypted"),
        ("--no-fail -- ./server", 64, "`--optional-key"),
        ("--strict -- ./server", 64, "always an error"),
        ("--recursive -p /a -- ./server", 64, "always recursive"),
        (
            "--secret my-secret -- ./server",
            64,
            "/aws/reference/secretsmanager/NAME",
        ),
        ("--env-file .env -- ./server", 64, "ssm-exec.toml"),
        (
            "-p org/api -- ./server",
            78,
            "must begin with a slash: `/org/api`",
        ),
        ("-k /org/api/db=DB -- ./server", 78, "write DB=/org/api/db"),
        ("-k DB:/org/api/db -- ./server", 78, "write DB=/org/api/db"),
        (
            "-k DB=ssm:///org/api/db -- ./server",
            78,
            "without `ssm://`",
        ),
        ("-p /org/api/* -- ./server", 78, "no wildcards"),
        ("-p /org/api", 64, "write it after the options"),
        (
            "-p /org/api --region=EU-WEST-1 -- ./server",
            78,
            "isn't a region such as `eu-west-1`",
        ),
    ] {
        let outcome = Run::bare().env("AWS_REGION", "eu-west-1").args(words).run();
        assert_eq!(outcome.status, status, "{words}: {}", outcome.stderr);
        outcome.says(&[says]);
    }
    let spaced = Run::bare()
        .env("AWS_REGION", "eu-west-1")
        .env("SSM_EXEC_KEY", "A=/a; B=/b")
        .args("-- ./server")
        .fails(78);
    spaced.says(&["SSM_EXEC_KEY", "commas or white space"]);
}

#[test]
fn a_command_that_looks_like_a_verb_is_told_so_only_when_it_is_not_there() {
    let run = Run::bare();
    script(&run.home().join("run"), "#!/bin/sh\necho ran\n");
    let path = run.home().to_owned();
    assert_eq!(
        run.env("PATH", path).args("--skip run").run().text(),
        "ran\n"
    );
}

#[test]
fn help_fits_a_terminal_and_shows_the_common_uses_first() {
    for flag in ["-h", "--help", "check --help", "policy --help"] {
        let text = Run::bare().args(flag).run().text();
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{flag}: {line}");
        }
    }
    let short = Run::bare().arg("-h").run().text();
    let at = |part: &str| {
        short
            .find(part)
            .unwrap_or_else(|| panic!("{part} in {short}"))
    };
    assert!(at("ssm-exec --prefix /org/api -- ./server") < at("--prefix <"));
    assert!(at("--key DATABASE_URL") < at("--prefix <"));
}

#[test]
fn the_man_page_and_the_completions_are_of_this_command_line() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    for (words, path) in [
        ("completions bash", "completions/ssm-exec.bash"),
        ("completions zsh", "completions/_ssm-exec"),
        ("completions fish", "completions/ssm-exec.fish"),
        ("completions man", "docs/ssm-exec.1"),
    ] {
        let made = Run::bare().args(words).run();
        assert_eq!(made.status, 0);
        let path = root.join(path);
        if std::env::var_os("SSM_EXEC_BLESS").is_some() {
            std::fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
            std::fs::write(&path, &made.stdout).expect("the file");
        }
        let kept = std::fs::read(&path).expect("the file");
        assert!(
            kept == made.stdout,
            "SSM_EXEC_BLESS=1 cargo test man_page writes {}",
            path.display()
        );
    }
}
