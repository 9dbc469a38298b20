//! Values that an environment cannot hold.

use super::End::Status;
use super::setup::{Row, Setup, by_prefix, filled, row};
use ssm_stub::{Parameter, Stub};

/// More parameters than fit into an environment.
fn too_large() -> Setup {
    let setup = by_prefix(filled(Stub::start()));
    let stub = setup.stub.as_ref().expect("a stub");
    for n in 0..30 {
        let value = "canary".repeat(20_000);
        stub.put(Parameter::secure(&format!("/f/big{n}"), &value));
    }
    setup
}

pub const ROWS: &[Row] = &[
    row(
        "a value that is too long for a variable",
        || {
            let setup = by_prefix(filled(Stub::start()));
            setup
                .stub
                .as_ref()
                .expect("a stub")
                .put(Parameter::secure("/f/big", &"canary".repeat(30_000)));
            setup
        },
        Status(65),
        "131071",
    ),
    row("values that exceed the size of the environment", too_large, Status(65), "2097152"),
    row(
        "a value with a NUL byte",
        || {
            let setup = by_prefix(filled(Stub::start()));
            setup.stub.as_ref().expect("a stub").put(Parameter::secure("/f/nul", "canary\0"));
            setup
        },
        Status(65),
        "NUL byte",
    ),
];
