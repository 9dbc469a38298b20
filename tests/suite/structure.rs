//! The structure of the program: imports go one way, and no file imports itself through others.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A crate's module files by module path; a `tests` module is no part of the program.
fn modules(source: &Path) -> BTreeMap<Vec<String>, String> {
    let mut modules = BTreeMap::new();
    for path in rust_files(source) {
        let relative = path.strip_prefix(source).expect("below the source").with_extension("");
        let mut module: Vec<String> =
            relative.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        if module.last().is_some_and(|last| last == "mod" || last == "lib") {
            module.pop();
        }
        if module.iter().any(|part| part == "tests" || part == "main") {
            continue;
        }
        let text = fs::read_to_string(&path).expect("a source file");
        modules.insert(module, program_text(&text));
    }
    modules
}

/// The text without comments and without its inline tests.
fn program_text(text: &str) -> String {
    let before_tests = text.split("#[cfg(test)]\nmod tests").next().unwrap_or(text);
    before_tests
        .lines()
        .map(|line| line.split("//").next().unwrap_or(line))
        .collect::<Vec<_>>()
        .join("\n")
}

fn rust_files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).expect("a directory");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .flat_map(|path| match path.is_dir() {
            true => rust_files(&path),
            false => vec![path],
        })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

/// Every path that begins with `crate` or `super`, with groups such as `{a, b::c}` taken apart.
fn paths(module: &[String], is_root: bool, text: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (start, word) in [("crate::", "crate"), ("super::", "super")] {
        for (at, _) in text.match_indices(start) {
            let is_whole =
                !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
            if !is_whole {
                continue;
            }
            let base = match word {
                "crate" => Vec::new(),
                _ => {
                    let depth = module.len().saturating_sub(usize::from(!is_root));
                    module[..depth.min(module.len().saturating_sub(1))].to_vec()
                }
            };
            expand(&base, &text[at + start.len()..], &mut found);
        }
    }
    found
}

fn expand(base: &[String], rest: &str, found: &mut Vec<Vec<String>>) {
    let rest = rest.trim_start();
    if let Some(group) = rest.strip_prefix('{') {
        let mut depth = 1;
        let mut item = String::new();
        for c in group.chars() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            if depth == 0 || (depth == 1 && c == ',') {
                expand(base, &item, found);
                item.clear();
                if depth == 0 {
                    return;
                }
            } else {
                item.push(c);
            }
        }
        return;
    }
    let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
    let (name, rest) = rest.split_at(end);
    if name == "super" {
        let parent = base[..base.len().saturating_sub(1)].to_vec();
        if let Some(rest) = rest.strip_prefix("::") {
            expand(&parent, rest, found);
        }
        return;
    }
    if name.is_empty() {
        return;
    }
    let mut path = base.to_vec();
    if name != "self" {
        path.push(name.to_owned());
    }
    match rest.strip_prefix("::") {
        Some(rest) if !rest.starts_with('<') => expand(&path, rest, found),
        _ => found.push(path),
    }
}

/// What `pub use child::Name` in a module's file makes reachable under the module's own path.
fn re_exports(module: &[String], text: &str) -> BTreeMap<String, Vec<String>> {
    let mut names = BTreeMap::new();
    for part in text.split("pub").skip(1) {
        let part = part.trim_start_matches("(crate)").trim_start_matches("(super)").trim_start();
        let Some(path) = part.strip_prefix("use ") else {
            continue;
        };
        let mut found = Vec::new();
        expand(module, path.split(';').next().unwrap_or(path), &mut found);
        for path in found {
            if let Some(name) = path.last() {
                names.insert(name.clone(), path.clone());
            }
        }
    }
    names
}

fn arrows(modules: &BTreeMap<Vec<String>, String>) -> BTreeMap<Vec<String>, BTreeSet<Vec<String>>> {
    let exported: BTreeMap<_, _> =
        modules.iter().map(|(module, text)| (module.clone(), re_exports(module, text))).collect();
    let is_directory = |module: &Vec<String>| {
        modules.keys().any(|other| other.len() > module.len() && other.starts_with(module))
    };
    let mut arrows = BTreeMap::new();
    for (module, text) in modules {
        let mut to = BTreeSet::new();
        for mut path in paths(module, is_directory(module), text) {
            // A name that another module re-exports belongs to the file that defines it.
            for length in (0..path.len()).rev() {
                let (parent, rest) = path.split_at(length);
                if let Some(real) = exported.get(parent).and_then(|names| names.get(&rest[0])) {
                    path = real.clone();
                    break;
                }
            }
            let file = (0..=path.len())
                .rev()
                .map(|length| &path[..length])
                .find(|path| modules.contains_key(*path));
            if let Some(file) = file.filter(|file| *file != module.as_slice()) {
                to.insert(file.to_vec());
            }
        }
        arrows.insert(module.clone(), to);
    }
    arrows
}

fn reaches(
    arrows: &BTreeMap<Vec<String>, BTreeSet<Vec<String>>>,
    from: &[String],
    to: &[String],
) -> bool {
    let mut seen = BTreeSet::new();
    let mut next = vec![from.to_vec()];
    while let Some(here) = next.pop() {
        for module in arrows.get(&here).into_iter().flatten() {
            if module == to {
                return true;
            }
            if seen.insert(module.clone()) {
                next.push(module.clone());
            }
        }
    }
    false
}

#[test]
fn no_file_imports_itself_through_other_files() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (source, fewest) in [("crates/core/src", 30), ("src", 30)] {
        let modules = modules(&root.join(source));
        assert!(modules.len() >= fewest, "the files of {source} were found");
        let arrows = arrows(&modules);
        let count: usize = arrows.values().map(BTreeSet::len).sum();
        assert!(count >= fewest, "the imports of {source} were found: {count}");
        let circles: Vec<String> = modules
            .keys()
            .filter(|module| reaches(&arrows, module, module))
            .map(|module| {
                format!(
                    "{} -> {:?}",
                    module.join("::"),
                    arrows[module]
                        .iter()
                        .filter(|to| reaches(&arrows, to, module))
                        .map(|to| to.join("::"))
                        .collect::<Vec<_>>()
                )
            })
            .collect();
        assert!(circles.is_empty(), "{source} has a circle of files:\n{}", circles.join("\n"));
    }
}

#[test]
fn the_pure_crate_depends_on_nothing_that_does_io() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/core/Cargo.toml");
    let manifest = fs::read_to_string(manifest).expect("the manifest");
    for name in ["aws-", "tokio", "nix", "clap", "libc", "tracing"] {
        let is_dependency = manifest.lines().any(|line| line.starts_with(name));
        assert!(!is_dependency, "{name} in crates/core/Cargo.toml");
    }
}
