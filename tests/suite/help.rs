//! Help, completions and the man page.

use crate::harness::*;

#[test]
fn a_command_named_like_a_verb_is_started_if_it_exists() {
    let run = Run::bare();
    script(&run.home().join("run"), "#!/bin/sh\necho ran\n");
    let path = run.home().to_owned();
    assert_eq!(
        run.env("PATH", path).args("--skip run").run().text(),
        "ran\n"
    );
}

#[test]
fn help_fits_80_columns_and_begins_with_examples() {
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
fn the_man_page_and_the_completions_are_up_to_date() {
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
