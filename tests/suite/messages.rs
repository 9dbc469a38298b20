//! The form of messages, measured over all that are recorded: the snapshot of errors and the case files.
//! The figures may only fall.

use std::path::Path;

/// Errors in which the cause is not complete within the first 100 characters.
const LATE: usize = 2;
/// Errors without help.
const WITHOUT_HELP: usize = 0;
/// Errors with words of a library.
const LIBRARY: usize = 0;
/// Places that give help of their own, instead of that of their code.
const OWN_HELP: usize = 27;

/// Words of libraries, which say nothing to a reader.
const WORDS_OF_LIBRARIES: &[&str] = &[
    "(os error",
    "Err(",
    "Error at offset",
    "InvalidContentType",
    "Non-success status",
    "ProfileFile provider",
    "Some(",
    "StatusCode(",
    "dispatch failure",
    "failed to lookup address",
    "unhandled error",
];

/// The recorded errors, without the program's name.
fn recorded() -> Vec<String> {
    let snapshot = root().join(
        "src/error/snapshots/ssm_exec__error__tests__the_text_of_every_error_is_recorded.snap",
    );
    let snapshot = std::fs::read_to_string(snapshot).expect("the snapshot");
    let errors = snapshot.split("\n\n").filter_map(|block| {
        let (code, text) = block.split_once('\n')?;
        (code.contains('[') || code.starts_with("---")).then(|| text.to_owned())
    });
    let mut all: Vec<String> = errors.collect();
    for directory in std::fs::read_dir(root().join("tests/cmd")).expect("the cases") {
        let files = std::fs::read_dir(directory.expect("an entry").path()).expect("cases");
        for file in files {
            let path = file.expect("an entry").path();
            // Beside the cases are the directories that they run in.
            if path.extension().is_none_or(|extension| extension != "toml") {
                continue;
            }
            let text = std::fs::read_to_string(path).expect("a case");
            let case: serde_json::Value = toml::from_str(&text).expect("a case");
            let stderr = case["stderr"].as_str().unwrap_or_default();
            all.extend(stderr.strip_prefix("ssm-exec: error: ").map(str::to_owned));
        }
    }
    all
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Asserts that no more than this is left to be done.
fn at_most<T: std::fmt::Debug>(most: usize, found: &[T]) {
    assert!(found.len() <= most, "{} of {most}: {found:#?}", found.len());
}

#[test]
fn the_cause_is_complete_within_the_first_hundred_characters() {
    let is_late = |text: &String| {
        let line = text.lines().next().unwrap_or_default();
        let start: String = line.chars().take(100).skip(20).collect();
        let ends = [": ", "; ", ". ", ", ", " ("];
        line.chars().count() > 100 && !ends.iter().any(|end| start.contains(end))
    };
    let late: Vec<_> = recorded().into_iter().filter(is_late).collect();
    at_most(LATE, &late);
}

#[test]
fn every_error_has_help() {
    let without = |text: &String| !text.contains("\n  help: ");
    let without: Vec<_> = recorded().into_iter().filter(without).collect();
    at_most(WITHOUT_HELP, &without);
}

#[test]
fn no_error_says_anything_twice() {
    let is_double = |text: &String| {
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        // A sentence may introduce several commands.
        let twice = |line: &&str| {
            line.len() > 11
                && !line.ends_with(':')
                && lines.iter().filter(|other| other.contains(*line)).count() > 1
        };
        lines.iter().any(twice)
    };
    at_most(0, &recorded().into_iter().filter(is_double).collect::<Vec<_>>());
}

#[test]
fn no_error_has_words_of_a_library() {
    let has_any = |text: &String| WORDS_OF_LIBRARIES.iter().any(|word| text.contains(word));
    let found: Vec<_> = recorded().into_iter().filter(has_any).collect();
    at_most(LIBRARY, &found);
}

#[test]
fn few_places_give_help_of_their_own() {
    let mut places = Vec::new();
    let mut directories = vec![root().join("src"), root().join("crates/core/src")];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            let skipped = ["diagnostic", "tests"];
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            if skipped.contains(&&*name) {
                continue;
            }
            if path.is_dir() {
                directories.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let lines = text.lines().enumerate();
            let own = lines.filter(|(_, line)| {
                line.contains("Diagnostic::with_help(") || line.contains(".own_help(")
            });
            places.extend(own.map(|(at, _)| format!("{}:{}", path.display(), at + 1)));
        }
    }
    at_most(OWN_HELP, &places);
}
