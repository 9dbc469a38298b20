//! `--file`: the path works in the command and its children, after a change of user, and each time from
//! the start; where it cannot, the command is not started.

use crate::harness::*;
use nix::sys::resource::{Resource, setrlimit};
use nix::unistd::{Gid, Uid, geteuid, setgid, setuid};
use ssm_stub::{Parameter, Stub};
use std::os::unix::process::CommandExt;
use std::process::{Command, Output};

const VALUE: &str = "canary-key\nline 2\n";

fn stub() -> Stub {
    let stub = Stub::start();
    stub.put(Parameter::secure("/file/key", VALUE));
    stub
}

fn command(stub: &Stub, words: &[&str]) -> (Command, tempfile::TempDir) {
    let run = Run::against(&stub.url()).args("--file F=/file/key --");
    words.iter().fold(run, Run::arg).command()
}

fn run(words: &[&str]) -> Output {
    command(&stub(), words).0.output().expect("the binary starts")
}

/// The command printed the value this many times, and nothing else.
fn expect_values(output: &Output, times: usize) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {stderr}", output.status);
    assert_eq!(String::from_utf8_lossy(&output.stdout), VALUE.repeat(times), "{stderr}");
}

fn as_user(command: &mut Command, user: u32) {
    let change = move || {
        setgid(Gid::from_raw(user))?;
        setuid(Uid::from_raw(user))?;
        Ok(())
    };
    // SAFETY: setgid(2) and setuid(2) are system calls on the state of this process.
    #[allow(unsafe_code)]
    unsafe {
        command.pre_exec(change)
    };
}

const PYTHON: &str = "
import os, subprocess
path = os.environ['F']
for _ in range(2):
    print(open(path).read(), end='', flush=True)
    subprocess.run(['cat', path], check=True)
    subprocess.run('sh -c \"cat $F\"', shell=True, close_fds=True, check=True)
";

#[test]
fn children_that_close_other_descriptors_can_read_it() {
    expect_values(&run(&["python3", "-c", PYTHON]), 6);
}

#[test]
#[ignore = "needs Node.js"]
fn children_of_node_can_read_it() {
    let script = "
        const { spawnSync } = require('child_process');
        process.stdout.write(require('fs').readFileSync(process.env.F));
        const child = spawnSync('cat', [process.env.F]);
        process.stdout.write(child.stdout);
        process.stderr.write(child.stderr);
    ";
    expect_values(&run(&["node", "-e", script]), 2);
}

#[test]
fn scripts_can_use_low_descriptors_and_read_it_from_the_start_each_time() {
    let script = "
        exec 3</dev/null 4</dev/null 5</dev/null 9</dev/null
        exec 6<$F
        head -n 1 $F
        tail -n +2 $F
        cat <&6
        (sh -c 'cat $F')
        bash -c 'cat <(cat $F)'
    ";
    expect_values(&run(&["sh", "-c", script]), 4);
}

#[test]
fn as_an_ordinary_user_it_is_like_a_key_file() {
    let stub = stub();
    for script in [
        &["python3", "-c", PYTHON][..],
        &["sh", "-c", "stat -Lc %a $F >&2; for n in 1 2 3 4 5 6; do cat $F; done"],
    ] {
        let (mut command, _home) = command(&stub, script);
        command.current_dir("/");
        if geteuid().is_root() {
            as_user(&mut command, 65534);
        }
        let output = command.output().expect("the binary starts");
        expect_values(&output, 6);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.is_empty() || stderr == "400\n", "{stderr}");
    }
}

#[test]
fn as_root_it_can_be_read_after_a_change_of_the_user() {
    let script = "
        cat $F
        sh -c 'cat $F'
        python3 -c \"import os, subprocess; subprocess.run(['cat', os.environ['F']])\"
    ";
    let setpriv = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    expect_values(&run(&[&setpriv[..], &["sh", "-c", script]].concat()), 3);
    let in_the_process = "
import os
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
for _ in range(2):
    print(open(os.environ['F']).read(), end='')
";
    expect_values(&run(&["python3", "-c", in_the_process]), 2);
}

#[test]
fn as_root_in_a_pid_namespace_with_the_proc_of_another_it_has_its_number_there() {
    let stub = stub();
    let (inner, _home) = command(&stub, &["sh", "-c", "cat $F; sh -c 'cat $F'"]);
    let output = through("unshare", &["--pid", "--fork"], &inner).output();
    expect_values(&output.expect("a command"), 2);
}

fn expect_refusal(output: &Output, reason: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(71), "{stderr}");
    assert!(stderr.contains(reason) && stderr.contains("--file"), "{stderr}");
    assert!(output.stdout.is_empty());
}

#[test]
fn over_the_limit_on_files_the_command_is_not_started() {
    let stub = stub();
    let (mut command, _home) = command(&stub, &["echo", "started"]);
    let set = || Ok(setrlimit(Resource::RLIMIT_FSIZE, 4, 4)?);
    // SAFETY: setrlimit(2) is a system call on the state of this process.
    #[allow(unsafe_code)]
    unsafe {
        command.pre_exec(set)
    };
    expect_refusal(&command.output().expect("the binary starts"), "ulimit -f");
}

#[test]
fn as_root_without_proc_the_command_is_not_started() {
    let stub = stub();
    let (inner, _home) = command(&stub, &["echo", "started"]);
    let hide = "mount -t tmpfs none /proc && exec \"$0\" \"$@\"";
    let output =
        through("unshare", &["--mount", "sh", "-c", hide], &inner).output().expect("a command");
    expect_refusal(&output, "/proc is not mounted");
}
