//! Rows and their setups.

use super::End;
use crate::harness::Run;
use ssm_stub::{Fault, Parameter, Stub};

/// A fault and its result.
pub struct Row {
    /// The name of the fault.
    pub name: &'static str,
    /// Sets the fault up.
    pub setup: fn() -> Setup,
    /// The result of the run.
    pub end: End,
    /// Parts of the message, separated by ` … `.
    pub says: &'static str,
}

/// An endpoint, if there is one, and a run against it.
pub struct Setup {
    pub stub: Option<Stub>,
    pub run: Run,
}

/// The number of parameters below `/f`: two pages.
pub const COUNT: usize = 15;

pub fn filled(stub: Stub) -> Stub {
    for n in 0..COUNT {
        stub.put(Parameter::secure(&format!("/f/k{n}"), &format!("canary-{n}")));
    }
    stub
}

/// A run with the prefix `/f`.
pub fn by_prefix(stub: Stub) -> Setup {
    let run = Run::against(&stub.url()).args("-p /f");
    Setup { stub: Some(stub), run }
}

/// A run with keys for two batches.
pub fn by_keys(stub: Stub) -> Setup {
    let keys: String = (0..COUNT).map(|n| format!("K{n}=/f/k{n} ")).collect();
    let run = Run::against(&stub.url()).env("SSM_EXEC_KEY", keys);
    Setup { stub: Some(stub), run }
}

pub const fn row(name: &'static str, setup: fn() -> Setup, end: End, says: &'static str) -> Row {
    Row { name, setup, end, says }
}

pub fn once(fault: impl Into<Fault>) -> Setup {
    let stub = filled(Stub::start());
    stub.fault(fault);
    by_prefix(stub)
}

pub fn second_page(fault: Fault) -> Setup {
    let stub = filled(Stub::start());
    stub.fault(Fault::None);
    stub.fault(fault);
    by_prefix(stub)
}

/// A temporary failure of every attempt, until a short timeout.
pub fn always(fault: impl Into<Fault>) -> Setup {
    let stub = filled(Stub::start());
    stub.always(fault);
    let setup = by_prefix(stub);
    Setup { run: setup.run.args("--timeout 2s"), ..setup }
}

/// An error that must not be retried.
pub fn permanent(fault: impl Into<Fault>) -> Setup {
    let stub = filled(Stub::start());
    stub.always(fault);
    by_prefix(stub)
}

pub fn client(code: &str, message: &str) -> Setup {
    permanent(Fault::client(code, message))
}

pub fn without_stub(url: &str, words: &str) -> Setup {
    Setup { stub: None, run: Run::against(url).args("-p /f --timeout 2s").args(words) }
}
