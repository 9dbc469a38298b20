//! Help, completions and the man page.

use crate::harness::*;
use ssm_exec_core::config::SETTINGS;
use ssm_exec_core::config::setting::Setting;

#[test]
fn a_command_named_like_a_verb_is_started_if_it_exists() {
    let run = Run::bare();
    script(&run.home().join("run"), "#!/bin/sh\necho ran\n");
    let path = run.home().to_owned();
    assert_eq!(run.env("PATH", path).args("--skip run").run().text(), "ran\n");
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
    let at = |part: &str| short.find(part).unwrap_or_else(|| panic!("{part} in {short}"));
    assert!(at("ssm-exec --prefix /org/api -- ./server") < at("--prefix <"));
    assert!(at("--key DATABASE_URL") < at("--prefix <"));
}

#[test]
fn the_short_help_is_one_screen_and_the_long_one_has_every_option() {
    for subcommand in ["", "check", "policy", "init", "completions"] {
        let help = |flag: &str| Run::bare().args(subcommand).arg(flag).run().text();
        let lines = help("-h").lines().count();
        assert!(lines <= 50, "{subcommand}: {lines} lines");
        let long = help("--help");
        let is_here = |setting: &&Setting| match setting.taken_by {
            None => subcommand != "completions",
            Some(own) => subcommand == own.word(),
        };
        for flag in SETTINGS.iter().filter(is_here).filter_map(|setting| setting.flag) {
            assert!(long.contains(flag), "{subcommand}: {flag} in {long}");
        }
    }
}

fn print(words: &str) -> String {
    let outcome = Run::bare().args("completions").args(words).run();
    assert_eq!(outcome.status, 0, "{words}: {}", outcome.stderr);
    outcome.text()
}

#[test]
fn completions_and_the_man_page_have_every_option() {
    let candidates = ["-- --", "-- check --", "-- policy --"].map(print).concat();
    let man = print("man").replace("\\-", "-");
    for setting in SETTINGS {
        if let Some(flag) = setting.flag {
            let line = format!("{flag}\t{}\n", setting.help);
            assert!(candidates.contains(&line), "{line} in {candidates}");
            assert!(man.contains(flag), "{flag} in {man}");
        }
        for variable in setting.variables {
            assert!(man.contains(variable), "{variable} in {man}");
        }
    }
    for section in ["SYNOPSIS", "ENVIRONMENT", "FILES", "EXIT STATUS"] {
        assert!(man.contains(&format!(".SH {section}")), "{section}");
    }
}

#[test]
fn every_switch_can_be_negated_and_the_last_one_counts() {
    let switches = SETTINGS.iter().filter(|setting| !setting.takes_value());
    for setting in switches {
        let (Some(flag), Some(negation)) = (setting.flag, setting.negation) else {
            continue;
        };
        for words in [
            format!("{flag} {negation} --skip -- true"),
            format!("{negation} {flag} --skip -- true"),
        ] {
            // `--closed` needs a contract.
            let contract = "[contract]\nX = { optional = true }\n";
            let outcome = Run::bare().file(contract).args(&words).run();
            assert_eq!(outcome.status, 0, "{words}: {}", outcome.stderr);
        }
    }
    let skip = |words: &str| Run::bare().env("SSM_EXEC_SKIP", "1").args(words).run().status;
    assert_eq!(skip("--no-skip -- true"), 78);
    assert_eq!(skip("--no-skip --skip -- true"), 0);
    assert_eq!(skip("--skip --no-skip -- true"), 78);
}
