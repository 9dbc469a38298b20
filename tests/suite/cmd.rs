//! The case files in `tests/cmd`: arguments and environment of a run, and its expected output and
//! status. `TRYCMD=overwrite cargo test --test suite cmd::` updates what they expect.

use crate::harness::binary;
use crate::support::project;
use std::path::{Path, PathBuf};

#[test]
fn every_case_file_gives_the_expected_output_and_status() {
    let home = tempfile::tempdir().expect("a directory for the test");
    trycmd::TestCases::new()
        .default_bin_path(binary())
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", home.path().to_str().expect("UTF-8"))
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_REGION", "eu-west-1")
        .case("tests/cmd/*/*.toml");
}

/// trycmd doesn't compare an output that a case file leaves out.
#[test]
fn every_case_file_states_its_environment_output_and_status() {
    for path in case_files(&project("tests/cmd")) {
        let text = std::fs::read_to_string(&path).expect("a case file");
        for line in ["env.inherit = false", "status.code = ", "stdout = ", "stderr = "] {
            let has = text.lines().any(|found| found.starts_with(line));
            assert!(has, "{}: no line `{line}`", path.display());
        }
    }
}

fn case_files(directory: &Path) -> Vec<PathBuf> {
    let directories = std::fs::read_dir(directory).expect("the directory of case files");
    let files = directories.flat_map(|entry| {
        let path = entry.expect("an entry").path();
        std::fs::read_dir(path).expect("a directory of case files")
    });
    files
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect()
}
