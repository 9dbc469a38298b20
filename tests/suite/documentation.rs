//! Parts of the documentation that are made from the program. `SSM_EXEC_BLESS=1 cargo test --test suite
//! documentation::` writes them anew.

use crate::harness::Run;
use ssm_exec_core::code::Code;
use ssm_exec_core::config::SETTINGS;
use ssm_exec_core::config::setting::{Group, Setting};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// The options in the README.
const MOST_USED: [&str; 10] = [
    "--prefix",
    "--key",
    "--json",
    "--file",
    "--require",
    "--stage",
    "--watch",
    "--skip",
    "--profile",
    "--timeout",
];

/// Compares what stands between two markers of a file with what is made, or writes it.
fn check_block(path: &str, name: &str, made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let text = std::fs::read_to_string(&path).expect("the file");
    let (begin, end) = (format!("<!-- begin {name} -->\n"), format!("<!-- end {name} -->"));
    let (before, rest) = text.split_once(&begin).expect("a marker of the beginning");
    let (kept, after) = rest.split_once(&end).expect("a marker of the end");
    if std::env::var_os("SSM_EXEC_BLESS").is_some() {
        let text = format!("{before}{begin}{made}{end}{after}");
        std::fs::write(&path, text).expect("the file");
    } else {
        assert_eq!(kept, made, "{}: out of date, see this test's file", path.display());
    }
}

/// docs/troubleshooting.md: every code, with the help that its messages end with.
#[test]
fn the_table_of_codes_is_up_to_date() {
    let mut made = String::from("| code | status | cause | help |\n| --- | --- | --- | --- |\n");
    for code in Code::ALL {
        let help = code.help().iter().map(|(text, command)| {
            let command = match *command {
                "" => String::new(),
                command => format!(": `{command}`"),
            };
            format!("{}{}.", cell(text), cell(&command))
        });
        let help: Vec<String> = help.collect();
        let help = match help.as_slice() {
            [] => "The message says what to do.".to_owned(),
            help => help.join(" ").replace("?.", "?"),
        };
        let (word, status) = (code.word(), code.status().code());
        let _ = writeln!(made, "| `{word}` | {status} | {} | {help} |", code.cause());
    }
    check_block("docs/troubleshooting.md", "codes", &made);
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn flags(row: &Setting) -> String {
    let Some(flag) = row.flag else {
        return String::new();
    };
    let short = row.short.map(|short| format!("-{short}, ")).unwrap_or_default();
    let value = match row.takes_value() {
        true => format!(" {}", row.value_name),
        false => String::new(),
    };
    format!("`{short}{flag}{value}`")
}

fn code(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}

#[test]
fn the_schema_of_the_file_is_up_to_date_and_describes_the_examples() {
    let made = Run::bare().args("completions schema").run().text();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ssm-exec.schema.json");
    if std::env::var_os("SSM_EXEC_BLESS").is_some() {
        std::fs::write(&path, &made).expect("the file");
    }
    assert_eq!(std::fs::read_to_string(&path).expect("the file"), made);
    let schema: serde_json::Value = serde_json::from_str(&made).expect("JSON");
    for setting in SETTINGS {
        if let Some(key) = setting.key {
            let pointer = format!("/properties/{}", key.replace('.', "/properties/"));
            assert!(schema.pointer(&pointer).is_some(), "{pointer}");
        }
    }
}

#[test]
fn the_tables_of_options_are_up_to_date() {
    let mut short = String::from("| option | variables | meaning |\n| --- | --- | --- |\n");
    for flag in MOST_USED {
        let row = SETTINGS.iter().find(|row| row.flag == Some(flag));
        let row = row.expect("an option");
        let (flags, variables) = (cell(&flags(row)), code(row.variables));
        let _ = writeln!(short, "| {flags} | {variables} | {} |", cell(row.help));
    }
    check_block("README.md", "options", &short);

    let mut full = String::new();
    for &heading in Group::WORDS {
        let rows = || SETTINGS.iter().filter(|row| row.group.word() == heading);
        let heading = match heading {
            "Options" => "Options of subcommands",
            heading => heading,
        };
        let _ = writeln!(full, "### {heading}\n");
        full.push_str("| option | variables | key in the file | meaning | default |\n| --- | --- | --- | --- | --- |\n");
        for row in rows() {
            let of = row.taken_by.map(|own| format!("`{}`: ", own.word())).unwrap_or_default();
            let _ = writeln!(
                full,
                "| {} | {} | {} | {of}{}. {} | {} |",
                cell(&flags(row)),
                code(row.variables),
                row.key.map(|key| format!("`{key}`")).unwrap_or_default(),
                cell(row.help),
                cell(row.details),
                row.default.unwrap_or_default(),
            );
        }
        full.push('\n');
    }
    check_block("docs/configuration.md", "settings", &full);
}

/// The Markdown files of the project that people read.
fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["", "docs", "benches", "deploy/lambda", "tests/suite/faults"];
    let files =
        folders.iter().flat_map(|folder| std::fs::read_dir(root.join(folder)).expect("a folder"));
    let paths = files.map(|entry| entry.expect("an entry").path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect()
}

/// The anchors of a page's headings, as GitHub and mdBook make them.
fn anchors(page: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(page).expect("a page");
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| {
        let words = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = |letter: &char| letter.is_alphanumeric() || " -_".contains(*letter);
        words.chars().filter(kept).collect::<String>().replace(' ', "-")
    };
    headings.map(anchor).collect()
}

#[test]
fn every_link_leads_to_a_file_and_an_anchor() {
    let mut dead = Vec::new();
    for page in pages() {
        let text = std::fs::read_to_string(&page).expect("a page");
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.contains("://") {
                continue;
            }
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = match path {
                "" => page.clone(),
                path => page.with_file_name(path),
            };
            let found = anchor.is_empty() || anchors(&target).iter().any(|known| known == anchor);
            if !target.exists() || !found {
                dead.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(dead.is_empty(), "{}", dead.join("\n"));
}

#[test]
fn the_readme_is_short_and_pages_are_few() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).expect("the file");
    assert!(readme.lines().count() <= 120, "{}", readme.lines().count());
    // The decisions are for contributors.
    let docs = pages().into_iter().filter(|page| {
        page.parent() == Some(&root.join("docs")) && !page.ends_with("decisions.md")
    });
    assert!(docs.count() <= 15);
}

#[test]
fn the_tests_that_the_security_ledger_names_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("SECURITY.md")).expect("the file");
    let words = text.split('`').skip(1).step_by(2);
    let tests: Vec<(&str, &str)> = words.filter_map(|word| word.split_once("::")).collect();
    assert!(tests.len() > 20, "{tests:?}");
    for (file, test) in tests {
        if (file, test) == ("file", "test") {
            continue;
        }
        let path = root.join("tests/suite").join(file).with_extension("rs");
        let source = std::fs::read_to_string(&path).expect(file);
        assert!(source.contains(&format!("fn {test}(")), "{file}::{test} does not exist");
    }
}
