//! Polls and rehearsals behind something that drops a large ClientHello.

use super::{fill, watch_run};
use crate::harness::*;
use crate::support::middlebox::{Large, Middlebox};
use crate::support::relay::How;
use ssm_stub::{Parameter, Stub};

#[test]
fn polls_and_rehearsals_go_on_without_it_and_only_the_start_warns() {
    let stub = fill(Stub::builder().tls().start());
    let middlebox = Middlebox::before(stub.port(), Large::Breaks(How::Reset));
    let run = Run::against(&format!("https://localhost:{}", middlebox.port()));
    std::fs::write(run.home().join("ca.pem"), stub.ca_pem()).expect("a file");
    let watched = watch_run(run.args("-p /watch --settle 0s --ca-bundle ca.pem"));
    watched.stdout.wait_for("started with one");
    stub.put(Parameter::string("/watch/user-name", "two"));
    watched.stdout.wait_for("got TERM");
    let (status, _, stderr) = watched.finish();
    assert_eq!(status.code(), Some(0));
    for (line, says) in stderr.iter().zip(["interval", "this run uses none", "sending SIGTERM"]) {
        assert!(line.contains(says), "{stderr:#?}");
    }
    assert_eq!(stderr.len(), 3, "{stderr:#?}");
}
