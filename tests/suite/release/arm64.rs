//! The binary for arm64, in an emulator. `./tests/run --release` also runs the tests of this suite that depend on the
//! machine with it.

use crate::harness::*;
use crate::support::{project, succeeds, text};
use ssm_stub::{Parameter, Stub};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The binary, rebuilt if it is out of date.
fn binary() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        PathBuf::from(succeeds(Command::new(project("packaging/binary")).arg("aarch64")).trim_end())
    })
}

/// `env -0`, started by the emulated binary.
fn fetch(run: Run) -> Environment {
    let mut emulator = Command::new("qemu-aarch64-static");
    emulator.arg(binary());
    let (mut command, _home) = run.args("-- env -0").command_of(emulator);
    let output = command.output().expect("an emulator");
    assert!(output.status.success(), "{}", text(&output));
    Environment::parse(&output.stdout)
}

#[test]
#[ignore = "needs a cross toolchain and an emulator: ./tests/run provides them"]
fn the_binary_is_static_and_can_be_loaded_at_any_address() {
    let bytes = std::fs::read(binary()).expect("the binary");
    let number = |at: usize, size: usize| {
        let bytes = bytes[at..at + size].iter().rev();
        bytes.fold(0, |number, &byte| number << 8 | usize::from(byte))
    };
    assert_eq!(bytes[..6], *b"\x7fELF\x02\x01", "64 bits, little-endian");
    assert_eq!(number(0x10, 2), 3, "the type is ET_DYN");
    assert_eq!(number(0x12, 2), 183, "the machine is EM_AARCH64");
    let (start, size, count) = (number(0x20, 8), number(0x36, 2), number(0x38, 2));
    let types: Vec<usize> = (0..count).map(|header| number(start + header * size, 4)).collect();
    assert!(types.contains(&2), "PT_DYNAMIC relocates it");
    assert!(!types.contains(&3), "PT_INTERP would name a dynamic linker");
}

#[test]
#[ignore = "needs a cross toolchain and an emulator: ./tests/run provides them"]
fn it_fetches_over_http_and_over_tls() {
    for tls in [false, true] {
        let stub = match tls {
            false => Stub::start(),
            true => Stub::builder().tls().start(),
        };
        stub.put(Parameter::secure("/a/password", "canary-p"));
        let mut run = Run::against(&stub.url()).args("-p /a");
        if tls {
            let roots = run.home().join("ca.pem");
            std::fs::write(&roots, stub.ca_pem()).expect("a file");
            run = run.arg("--ca-bundle").arg(roots);
        }
        fetch(run).has(&[("PASSWORD", "canary-p")]);
    }
}
