//! Which configuration files are read, and which are not: of whom, of what kind, how large.

use crate::harness::*;
use nix::fcntl::{RenameFlags, renameat2};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use std::fs;
use std::os::unix::fs::{chown, symlink};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

const OURS: &str = "command = [\"echo\", \"ours\"]\nskip = true\n";
const THEIRS: &str = "command = [\"echo\", \"theirs\"]\nskip = true\n";
const STRANGER: u32 = 65_534;

fn give_away(path: &Path) {
    nix::unistd::fchownat(
        nix::fcntl::AT_FDCWD,
        path,
        Some(nix::unistd::Uid::from_raw(STRANGER)),
        None,
        nix::fcntl::AtFlags::AT_SYMLINK_NOFOLLOW,
    )
    .expect("given away");
}

#[test]
fn what_is_no_regular_file_is_refused_without_waiting() {
    for (kind, says) in [
        ("fifo", "not a regular file"),
        ("device", "not a regular file"),
        ("directory", "is a directory"),
        ("large", "larger than 1 MiB"),
    ] {
        let make = |path: &Path| match kind {
            "fifo" => mkfifo(path, Mode::S_IRWXU).expect("a FIFO"),
            "device" => symlink("/dev/zero", path).expect("a link"),
            "directory" => fs::create_dir(path).expect("a directory"),
            _ => {
                let comment = format!("#{}\n", "x".repeat(1023));
                fs::write(path, comment.repeat(1025)).expect("a file");
            }
        };
        let found = Run::bare();
        make(&found.home().join("ssm-exec.toml"));
        found.fails(78).says(&[says, "ssm-exec.toml"]);
        let named = Run::bare();
        let path = named.home().join("named.toml");
        make(&path);
        named.arg("--config").arg(&path).fails(64).says(&[says, "named.toml"]);
        let by_variable = Run::bare();
        let path = by_variable.home().join("named.toml");
        make(&path);
        by_variable.env("SSM_EXEC_CONFIG", &path).fails(78).says(&[says]);
    }
}

#[test]
fn a_link_to_a_file_of_ones_own_is_followed() {
    let run = Run::bare();
    fs::write(run.home().join("real.toml"), OURS).expect("a file");
    symlink("real.toml", run.home().join("ssm-exec.toml")).expect("a link");
    assert_eq!(run.run().text(), "ours\n");
}

#[test]
fn as_root_a_link_of_another_user_is_refused() {
    let run = Run::bare();
    fs::write(run.home().join("real.toml"), OURS).expect("a file");
    let link = run.home().join("ssm-exec.toml");
    symlink("real.toml", &link).expect("a link");
    give_away(&link);
    run.fails(78).says(&["belongs to another user (uid 65534)"]);
}

/// Whoever owns one of the links decides what the others lead to.
#[test]
fn as_root_every_link_on_the_way_to_the_file_is_checked() {
    let run = Run::bare();
    let home = run.home().to_owned();
    fs::write(home.join("real.toml"), OURS).expect("a file");
    fs::create_dir(home.join("sub")).expect("a directory");
    symlink("sub/second", home.join("ssm-exec.toml")).expect("a link");
    symlink("../real.toml", home.join("sub/second")).expect("a link");
    let (mut command, _home) = run.command();
    assert_eq!(command.output().expect("it starts").stdout, b"ours\n");
    give_away(&home.join("sub/second"));
    let output = command.output().expect("it starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(78), "{stderr}");
    assert!(stderr.contains("belongs to another user (uid 65534)"), "{stderr}");
}

#[test]
fn links_that_lead_to_one_another_end() {
    let run = Run::bare();
    symlink("ssm-exec.toml", run.home().join("ssm-exec.toml")).expect("a link");
    run.fails(78).says(&["cannot read", "symbolic links"]);
}

#[test]
fn a_file_that_is_not_utf8_is_refused_with_the_line() {
    let run = Run::bare();
    let text = b"# one\n# two\nprefix = \"/\xff\"\n";
    fs::write(run.home().join("ssm-exec.toml"), text).expect("a file");
    run.fails(78).says(&["ssm-exec.toml", "line 3 is not UTF-8"]);
}

/// Somebody who may write to the directory exchanges the files while they are checked.
#[test]
fn as_root_no_file_of_another_user_takes_the_place_of_the_one_that_was_checked() {
    for is_link in [false, true] {
        let run = Run::bare();
        let home = run.home().to_owned();
        let (ours, theirs) = (home.join("ssm-exec.toml"), home.join("theirs.toml"));
        if is_link {
            fs::write(home.join("a"), OURS).expect("a file");
            symlink("a", &ours).expect("a link");
            // A file of ours that was never meant as a configuration.
            fs::write(home.join("b"), THEIRS).expect("a file");
            symlink("b", &theirs).expect("a link");
            give_away(&theirs);
        } else {
            fs::write(&ours, OURS).expect("a file");
            fs::write(&theirs, THEIRS).expect("a file");
            chown(&theirs, Some(STRANGER), None).expect("given away");
        }
        let (mut command, _home) = run.command();
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let here = nix::fcntl::AT_FDCWD;
                    renameat2(here, &ours, here, &theirs, RenameFlags::RENAME_EXCHANGE)
                        .expect("exchanged");
                }
            });
            let mut started = 0;
            for _ in 0..100 {
                let output = command.output().expect("the binary starts");
                assert_ne!(output.stdout, b"theirs\n");
                started += usize::from(output.stdout == b"ours\n");
            }
            done.store(true, Ordering::Relaxed);
            assert!(started > 0, "none was started");
        });
    }
}

#[test]
fn as_root_in_a_user_namespace_the_overflow_user_owns_nothing() {
    let run = Run::bare().file(OURS);
    chown(run.home().join("ssm-exec.toml"), Some(1_000), None).expect("given away");
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(run.home(), open).expect("its mode");
    let (inner, home) = run.command();
    // Without a map, everybody is the overflow user: ssm-exec and the owner of the file.
    let mut outer = Command::new("unshare");
    outer
        .args(["--user", "sh", "-c", "cd \"$1\" && exec \"$0\""])
        .arg(inner.get_program())
        .arg(home.path());
    outer.env_clear();
    for (name, value) in inner.get_envs() {
        outer.env(name, value.expect("a value"));
    }
    let output = outer.output().expect("unshare");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(78), "{stderr}");
    assert!(stderr.contains("one that this user namespace doesn't map"), "{stderr}");
}
