//! How the command is started, and which requests a start sends.

use crate::harness::*;
use ssm_stub::{Fault, Parameter, Secret, Stub, When};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

fn stub() -> Stub {
    let stub = Stub::start();
    stub.put(Parameter::secure("/l/a", "canary-a"));
    stub
}

#[test]
fn the_command_keeps_the_process_id_and_returns_its_own_status() {
    let stub = stub();
    let (mut command, _home) =
        Run::against(&stub.url()).args("-p /l sh -c").arg("echo $$; exit 37").command();
    let child = command.stdout(std::process::Stdio::piped()).spawn().expect("starts");
    let id = child.id();
    let output = child.wait_with_output().expect("ends");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), id.to_string());
    assert_eq!(output.status.code(), Some(37));
}

#[test]
fn arguments_and_variables_need_not_be_utf8() {
    let stub = stub();
    let odd = OsStr::from_bytes(b"\xff\xfe=\n");
    let outcome = Run::against(&stub.url()).env("ODD", odd).args("-p /l printf %s").arg(odd).run();
    assert_eq!(outcome.stdout, odd.as_bytes());
    let environment = Run::against(&stub.url()).env("ODD", odd).args("-p /l").environment();
    assert_eq!(environment.bytes("ODD"), Some(odd.as_bytes()));
}

#[test]
fn a_command_named_like_a_subcommand_can_follow_two_dashes() {
    let run = Run::bare();
    script(&run.home().join("check"), "#!/bin/sh\necho I am the command\n");
    let path = run.home().to_owned();
    let outcome = run.env("PATH", path).args("--skip -- check --prefix").run();
    assert_eq!(outcome.text(), "I am the command\n");
}

#[test]
fn options_after_the_command_are_passed_to_it() {
    let outcome = Run::bare().args("--skip echo --prefix -v --help -- x").run();
    assert_eq!(outcome.text(), "--prefix -v --help -- x\n");
}

#[test]
fn a_script_without_an_interpreter_line_is_run_by_the_shell() {
    let run = Run::bare();
    script(&run.home().join("plain"), "echo from sh $1\n");
    let path = run.home().join("plain");
    assert_eq!(run.args("--skip").arg(path).arg("one").run().text(), "from sh one\n");
}

/// The header of an ELF program: 64 bits, little-endian.
fn elf(machine: u8) -> Vec<u8> {
    let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
    bytes.resize(64, 0);
    bytes[16] = 2;
    bytes[18] = machine;
    bytes
}

#[test]
fn only_text_is_run_by_the_shell() {
    let stub = stub();
    let here = format!("this machine is {}", std::env::consts::ARCH);
    let line = b"\necho $A >ran; touch ran\n";
    // The machines are ones for which no emulator is registered: ARC and the Motorola 68000.
    let files: [(&str, Vec<u8>, &[&str]); 7] = [
        ("other-machine", elf(45), &["machine 45", &here, "docker build --platform"]),
        ("other-machine-with-text", [&elf(4)[..], line].concat(), &["machine 4)", &here]),
        ("elf-with-text", [b"\x7fELF", &line[..]].concat(), &["damaged or incomplete"]),
        ("windows", [b"MZ\x90\0\x03", &line[..]].concat(), &["does not execute"]),
        ("wasm", [b"\0asm\x01\0\0\0", &line[..]].concat(), &["does not execute"]),
        ("nul-in-the-first-line", [b"echo \0", &line[..]].concat(), &["does not execute"]),
        ("script", [b"#!./windows", &line[..]].concat(), &["./windows"]),
    ];
    for (name, _, says) in &files {
        let run = Run::against(&stub.url());
        let home = run.home().to_owned();
        for (name, bytes, _) in &files {
            script(&home.join(name), "");
            std::fs::write(home.join(name), bytes).expect("a file");
        }
        let (mut command, _home) = run.args("-p /l --").arg(format!("./{name}")).command();
        let output = command.output().expect("the binary starts");
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(126), "{name}: {message}");
        for part in *says {
            assert!(message.contains(part), "{name}: {message}");
        }
        assert!(!home.join("ran").exists(), "{name} was run");
    }
}

#[test]
fn a_missing_interpreter_and_a_missing_file_have_different_errors() {
    let run = Run::bare();
    script(&run.home().join("bad"), "#!/no/such/interpreter\n");
    let path = run.home().join("bad");
    let outcome = run.args("--skip -q").arg(path).run();
    assert_eq!(outcome.status, 127);
    outcome.says(&[
        "cannot be executed: its interpreter /no/such/interpreter does not exist",
        "correct the first line",
    ]);
}

#[test]
fn an_interpreter_that_is_not_executable_is_named() {
    for (name, reason) in
        [("plain", "it has no execute permission"), ("", "it is not a regular file")]
    {
        let run = Run::bare();
        let interpreter = run.home().join(name);
        if !name.is_empty() {
            std::fs::write(&interpreter, "#!/bin/sh\n").expect("a file");
        }
        let path = run.home().join("script");
        script(&path, &format!("#!{}\n", interpreter.display()));
        let outcome = run.args("--skip -q").arg(path).run();
        assert_eq!(outcome.status, 126, "{}", outcome.stderr);
        let named = format!("the interpreter {} of ", interpreter.display());
        outcome.says(&[&named, reason]);
    }
}

#[test]
fn what_a_program_needs_and_does_not_find_is_named() {
    let loader = elf_with_loader("/lib/ld-none.so.1");
    let files: [(&str, &[u8], &[&str]); 4] = [
        (
            "crlf",
            b"#!/bin/sh\r\necho\r\n",
            &["Its first line ends with a carriage return", "sed -i 's/\\r$//'"],
        ),
        (
            "outer",
            b"#!inner\n",
            &["its interpreter /no/such/one does not exist", "the first line of inner"],
        ),
        ("inner", b"#!/no/such/one\n", &["/no/such/one does not exist"]),
        (
            "other-libc",
            &loader,
            &["its dynamic loader /lib/ld-none.so.1 does not exist", "glibc or musl"],
        ),
    ];
    for (name, _, says) in &files {
        let run = Run::bare().args("--skip -q --");
        for (name, bytes, _) in &files {
            let path = run.home().join(name);
            script(&path, "");
            std::fs::write(path, bytes).expect("a file");
        }
        let path = if *name == "outer" { "./outer".into() } else { run.home().join(name) };
        let outcome = run.arg(path).run();
        assert_eq!(outcome.status, 127, "{name}: {}", outcome.stderr);
        outcome.says(says);
    }
}

/// A program for this machine with this dynamic loader: a header, one segment, and the loader's path.
fn elf_with_loader(loader: &str) -> Vec<u8> {
    let machine = if cfg!(target_arch = "x86_64") { 62 } else { 183 };
    let mut bytes = elf(machine);
    let length = u64::try_from(loader.len() + 1).expect("a length");
    bytes[16] = 3;
    bytes[20] = 1;
    bytes[32] = 64;
    bytes[52] = 64;
    bytes[54] = 56;
    bytes[56] = 1;
    bytes.extend([3, 0, 0, 0, 4, 0, 0, 0]);
    for field in [120, 0, 0, length, length, 1_u64] {
        bytes.extend(field.to_le_bytes());
    }
    bytes.extend(loader.as_bytes());
    bytes.push(0);
    bytes
}

#[test]
fn as_root_a_mount_and_a_mode_that_forbid_execution_are_named() {
    let mounted = |options: &str| {
        let run = Run::bare().args("--skip -q -- ./mount/program");
        std::fs::create_dir(run.home().join("mount")).expect("a directory");
        let (command, home) = run.command();
        let script = format!(
            "mount -t tmpfs -o {options} none mount && printf '#!/bin/sh\n' >mount/program && chmod $1 mount/program && shift && exec setpriv --reuid 65534 --regid 65534 --clear-groups \"$@\""
        );
        (command, home, script)
    };
    for (options, mode, says) in [
        ("noexec", "755", &["/mount is mounted with `noexec`", "mount -o remount,exec "][..]),
        ("exec", "644", &["it has no execute permission", "chmod +x ./mount/program"]),
        ("exec", "700", &["its mode is 700 and its owner 0:0, and this is 65534:65534"]),
        ("mode=700", "755", &["permission denied on the directory ./mount"]),
    ] {
        let (command, home, script) = mounted(options);
        let mut inside = std::process::Command::new("unshare");
        inside
            .args(["--mount", "sh", "-c", &script, "sh", mode])
            .arg(command.get_program())
            .args(command.get_args());
        inside.env_clear().env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin").current_dir(home.path());
        let open = std::process::Command::new("chmod").arg("755").arg(home.path()).status();
        assert!(open.expect("chmod").success());
        let output = inside.output().expect("unshare starts");
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(126), "{options} {mode}: {message}");
        for part in says {
            assert!(message.contains(part), "{options} {mode}: {message}");
        }
    }
}

#[test]
fn skip_sends_no_request_and_never_passes_references_on() {
    let run = || Run::bare().args("--skip -p /a -k B=/b");
    let outcome =
        run().env("D", "ssm:///d?default=dd").env("O", "ssm:///o?optional").args("-- env -0").run();
    assert!(outcome.stderr.contains("nothing was fetched from SSM"), "{}", outcome.stderr);
    let from_variable = Run::bare().args("-p /a -- true").env("SSM_EXEC_SKIP", "1");
    from_variable.run().says(&["warning: SSM_EXEC_SKIP: nothing was fetched from SSM"]);
    Environment::parse(&outcome.stdout).has(&[("D", "dd")]).lacks(&["O", "B"]);
    let outcome = run().env("DB", "ssm:///db").fails(78);
    assert!(outcome.stderr.contains("DB holds an ssm:// reference"), "{}", outcome.stderr);
    assert_eq!(run().args("--require B").fails(66).status, 66);
}

#[test]
fn the_user_agent_contains_name_and_version() {
    let stub = stub();
    Run::against(&stub.url()).args("-p /l").environment();
    let agent = stub.requests()[0].header("user-agent").expect("a user agent").to_owned();
    assert!(agent.contains(concat!("ssm-exec/", env!("CARGO_PKG_VERSION"))), "{agent}");
}

#[test]
fn the_user_agent_contains_the_reason() {
    for (arguments, variable, file) in [
        ("--reason INC-4711", "", ""),
        ("", "INC-4711", ""),
        ("", "", "[aws]\nreason = \"INC-4711\"\n"),
    ] {
        let stub = stub();
        let run = Run::against(&stub.url()).args("-p /l").file(file);
        run.args(arguments).env("SSM_EXEC_REASON", variable).environment();
        let request = stub.requests().pop().expect("a request");
        let agent = request.header("user-agent").unwrap_or_default();
        assert!(agent.contains(" lib/reason/INC-4711"), "{agent}");
    }
    let stub = stub();
    let run = Run::against(&stub.url()).args("-p /l");
    let outcome = run.args("--reason").arg("canary canary").fails(64);
    outcome.says(&["--reason", "the reason is not 1 to 50 letters"]);
}

#[test]
fn the_fewest_requests_are_sent() {
    let stub = Stub::start();
    for n in 0..25 {
        stub.put(Parameter::secure(&format!("/f/k{n}"), "canary"));
        stub.put(Parameter::secure(&format!("/g/k{n}"), "canary"));
    }
    // Nested prefixes, keys below a prefix, and the same parameter under two names.
    let run = Run::against(&stub.url()).args("-p /f -p /f/ -k X=/f/k1 -k Y=/f/k2");
    run.environment().has(&[("K3", "canary"), ("X", "canary")]);
    assert_eq!(stub.requests().len(), 3, "three pages of ten");
    let keys: String = (0..25).map(|n| format!("K{n}=/g/k{n},L{n}=/g/k{n} ")).collect();
    Run::against(&stub.url()).env("SSM_EXEC_KEY", keys).environment();
    assert_eq!(stub.requests().len(), 6, "three batches of ten");
}

#[test]
fn short_and_empty_pages_do_not_end_pagination() {
    let stub = Stub::builder().page_size(3).empty_pages(2).start();
    for n in 0..10 {
        stub.put(Parameter::secure(&format!("/s/k{n}"), "canary"));
    }
    assert_eq!(Run::against(&stub.url()).args("-p /s").environment().names().len(), 10);
}

#[test]
fn secrets_manager_references_support_stages_and_are_decrypted() {
    let stub = Stub::start();
    stub.put_secret_version(Secret::string("prod/db", "canary-previous"));
    stub.put_secret_version(Secret::string("prod/db", "canary-current"));
    Run::against(&stub.url())
        .args("-k NOW=/aws/reference/secretsmanager/prod/db")
        .args("-k BEFORE=/aws/reference/secretsmanager/prod/db:AWSPREVIOUS")
        .environment()
        .has(&[("NOW", "canary-current"), ("BEFORE", "canary-previous")]);
    stub.put_secret_version(Secret::binary("prod/key"));
    Run::against(&stub.url())
        .args("-k K=/aws/reference/secretsmanager/prod/key")
        .fails(65)
        .says(&["Store it as Base64"]);
}

#[test]
fn parameters_shared_by_another_account_are_fetched_by_arn() {
    let stub = Stub::start();
    let arn = "arn:aws:ssm:eu-west-1:999988887777:parameter/shared/db";
    stub.put(Parameter::secure("/shared/db", "canary-shared").shared(arn));
    stub.put(Parameter::secure("/own/db", "canary-own"));
    stub.put(Parameter::string("/aws/service/ami", "canary-public"));
    Run::against(&stub.url())
        .arg("-k")
        .arg(format!("SHARED={arn}"))
        .args(
            "-k OWN=arn:aws:ssm:eu-west-1:111122223333:parameter/own/db:1 -k AMI=/aws/service/ami",
        )
        .environment()
        .has(&[("SHARED", "canary-shared"), ("OWN", "canary-own"), ("AMI", "canary-public")]);
    // It exists, but not in this version.
    Run::against(&stub.url())
        .arg("-k")
        .arg(format!("SHARED={arn}:7"))
        .args("-- true")
        .fails(66)
        .says(&["has no version 7"]);
}

#[test]
fn a_command_that_is_removed_during_the_fetch_is_reported_as_such() {
    let stub = Stub::start();
    stub.put(Parameter::secure("/launch/a", "canary-a"));
    stub.hold();
    let directory = tempfile::tempdir().expect("a directory for the test");
    let program = directory.path().join("program");
    script(&program, "#!/bin/sh\n");
    let run = Run::against(&stub.url()).args("-p /launch --").arg(&program);
    std::thread::scope(|scope| {
        let run = scope.spawn(|| run.run());
        stub.wait_for_requests(1);
        std::fs::remove_file(&program).expect("the program");
        stub.release();
        let outcome = run.join().expect("no panic");
        assert_eq!(outcome.status, 127, "{}", outcome.stderr);
        outcome.says(&["was removed while the parameters were fetched"]);
    });
}

#[test]
fn it_does_not_start_itself_for_ever() {
    let stub = stub();
    let itself = |run: Run, name: &str| {
        let path = run.home().join(name);
        std::os::unix::fs::symlink(binary(), path).expect("a link");
        run
    };
    for (file, words) in [
        ("command = [\"./itself\"]", "-p /l"),
        ("command = [\"./itself\", \"-p\", \"/l\"]", "-p /l"),
        ("", "-p /l -- ./itself -p /l"),
    ] {
        let outcome = itself(Run::against(&stub.url()), "itself").file(file).args(words).run();
        assert_eq!(outcome.status, 78, "{file} {words}: {}", outcome.stderr);
        outcome.says(&["./itself is ssm-exec, and would start itself for ever"]);
    }
    let run =
        itself(Run::against(&stub.url()), "bootstrap").env("_HANDLER", "bootstrap").args("-p /l");
    let task = run.home().to_owned();
    let run = run.env("LAMBDA_TASK_ROOT", &task);
    let (mut command, _home) = run.command_of(std::process::Command::new(task.join("bootstrap")));
    let output = command.output().expect("the binary starts");
    assert_eq!(output.status.code(), Some(78), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(stub.requests().len(), 0, "nothing is fetched");
    let nested =
        itself(Run::against(&stub.url()), "itself").args("-p /l -- ./itself -k X=/l/a -- sh -c");
    assert_eq!(nested.arg("echo $A $X").run().text(), "canary-a canary-a\n");
}

/// Runs `ssm-exec` with a file whose command is `./a`, beside these scripts. `SELF` is the program.
fn among_scripts(stub: &Stub, scripts: &[(&str, &str)]) -> Outcome {
    let run = Run::against(&stub.url()).file("prefix = \"/l\"\ncommand = [\"./a\"]\n");
    for (name, text) in scripts {
        let text = text.replace("SELF", &binary().display().to_string());
        let path = run.home().join(name);
        match text.strip_prefix("link to ") {
            Some(target) => std::os::unix::fs::symlink(target, path).expect("a link"),
            None => script(&path, &text),
        }
    }
    run.run()
}

#[test]
fn it_does_not_start_itself_for_ever_by_way_of_scripts() {
    for scripts in [
        &[("a", "#!/bin/sh\nexec SELF\n")][..],
        &[("a", "exec SELF\n")],
        &[("a", "#!/bin/sh\nexec env PATH=$PATH SELF -- sh ./a\n")],
        &[("a", "#!/bin/sh\nexec SELF -- sh -c 'exec SELF'\n")],
        &[("a", "#!/bin/sh\nexec SELF -- nice -n 1 sh -c 'cd . && exec ./a'\n")],
        &[("a", "#!/bin/sh\nexec SELF -- ./b\n"), ("b", "#!/bin/sh\nexec SELF\n")],
        &[("a", "link to b"), ("b", "#!/bin/sh\nexec SELF -- ./a\n")],
        // A process for each round.
        &[("a", "#!/bin/sh\nSELF\nexit $?\n")],
    ] {
        let stub = stub();
        // So that a loop has an end.
        stub.fault_when(When::nth(40), Fault::client("AccessDeniedException", "x"));
        let outcome = among_scripts(&stub, scripts);
        assert_eq!(outcome.status, 78, "{scripts:?}: {}", outcome.stderr);
        outcome.says(&["starts ssm-exec again, and would do so for ever"]);
        assert!(stub.requests().len() <= 10, "{scripts:?}");
    }
}

#[test]
fn a_script_may_start_it_again_as_often_as_it_ends() {
    let stub = stub();
    let again =
        "#!/bin/sh\nfor n in 1 2 3 4 5 6 7 8 9 10 11 12; do SELF -- ./b; done\nexec SELF -- ./b\n";
    let nested = "#!/bin/sh\n[ -n \"$N\" ] || N=1 exec SELF -- ./b\nexec SELF -- sh -c 'echo $A'\n";
    let outcome = among_scripts(&stub, &[("a", again), ("b", nested)]);
    assert_eq!(outcome.text(), "canary-a\n".repeat(13));
}

#[test]
fn only_scripts_get_the_variable_that_counts_rounds() {
    let stub = stub();
    let environment = Run::against(&stub.url()).args("-p /l").environment();
    assert_eq!(environment.get("SSM_EXEC_ROUND"), None);
    for words in ["printenv", "sh -c printenv", "env A=/etc/ssm-exec/a.conf"] {
        let outcome = Run::against(&stub.url()).args("-p /l --").args(words).run();
        assert!(!outcome.text().contains("SSM_EXEC_ROUND"), "{words}");
    }
    let show = "#!/bin/sh\necho script $SSM_EXEC_ROUND\nexec SELF -- ENV\n";
    let env = "sh -c 'echo program $SSM_EXEC_ROUND'";
    let outcome = among_scripts(&stub, &[("a", &show.replace("ENV", env))]);
    let lines: Vec<_> = outcome.text().lines().map(str::to_owned).collect();
    assert!(lines[0].starts_with("script ") && lines[0].contains(":1:"), "{lines:?}");
    assert_eq!(lines[1], "program");
}
