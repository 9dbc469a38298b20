//! Each outside crate has few doors into the program: this holds the others shut.

use std::fs;
use std::path::{Path, PathBuf};

const DOORS: &[(&str, &[&str])] = &[
    ("aws_", &["ssm/"]),
    ("rustls::", &["ssm/"]),
    ("tokio::", &["ssm/"]),
    ("clap", &["cli.rs", "cli/"]),
    ("nix::", &["launch/", "memory/", "config/find.rs"]),
    (
        "std::fs",
        &["config/find.rs", "launch/lookup.rs", "ssm/roots.rs"],
    ),
    ("std::net::Tcp", &[]),
    ("std::process::Command", &[]),
    ("env::var", &["ssm/roots.rs", "ssm/transport.rs"]),
];

#[test]
fn outside_crates_come_in_by_their_own_doors_alone() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut looked_at = 0;
    for path in files(&source) {
        let room = path
            .strip_prefix(&source)
            .expect("below src")
            .to_string_lossy()
            .into_owned();
        if room.ends_with("tests.rs") {
            continue;
        }
        looked_at += 1;
        let text = fs::read_to_string(&path).expect("a source file");
        let code: String = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .collect::<Vec<_>>()
            .join("\n");
        for (word, doors) in DOORS {
            let uses = code.contains(&format!("use {word}")) || code.contains(&format!(" {word}"));
            let open = doors.iter().any(|door| room.starts_with(door));
            assert!(!uses || open, "{room} uses {word}: its doors are {doors:?}");
        }
    }
    assert!(looked_at > 30, "the sources were found");
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory)
        .expect("a directory")
        .map(|entry| entry.expect("an entry").path());
    entries
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}
