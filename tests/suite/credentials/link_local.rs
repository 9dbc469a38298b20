//! The link-local addresses of AWS, in a network namespace of its own.

use super::*;
use nix::sched::{CloneFlags, unshare};
use std::process::Command;

fn ip(words: &str) {
    let status = Command::new("ip").args(words.split(' ')).status();
    assert!(status.expect("ip(8)").success(), "ip {words}");
}

/// The network namespace of a thread is inherited by its children, and kept by its sockets.
fn in_a_network_with(address: &str, test: impl FnOnce() + Send) {
    std::thread::scope(|scope| {
        let there = scope.spawn(|| {
            unshare(CloneFlags::CLONE_NEWNET).expect("a network of its own");
            ip("link set lo up");
            ip(&format!("address add {address} dev lo"));
            test();
        });
        if let Err(panic) = there.join() {
            std::panic::resume_unwind(panic);
        }
    });
}

#[test]
#[ignore = "needs root, for a network of its own: ./tests/run provides it"]
fn an_ecs_task_uses_the_relative_uri() {
    in_a_network_with("169.254.170.2/32", || {
        let stub = stub();
        let agent = HttpServer::start_at("169.254.170.2:80", |_| json("ASIATASK"));
        let run = without_credentials(&stub)
            .env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/role?id=1");
        assert_eq!(signer(&stub, run), session_signer("ASIATASK"));
        assert_eq!(agent.lines(), ["GET /v2/role?id=1"]);
    });
}

#[test]
#[ignore = "needs root, for a network of its own: ./tests/run provides it"]
fn an_eks_pod_uses_the_agent_over_ipv4_and_ipv6() {
    // `nodad`: an IPv6 address would only be usable after duplicate address detection.
    for (address, host) in
        [("169.254.170.23/32", "169.254.170.23"), ("fd00:ec2::23/128 nodad", "[fd00:ec2::23]")]
    {
        in_a_network_with(address, || {
            let stub = stub();
            let _agent = agent(&format!("{host}:80"), "ASIAEKS");
            let uri = format!("http://{host}/v1/credentials");
            let run = with_token(without_credentials(&stub))
                .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", uri);
            assert_eq!(signer(&stub, run), session_signer("ASIAEKS"));
        });
    }
}

#[test]
#[ignore = "needs root, for a network of its own: ./tests/run provides it"]
fn an_instance_uses_the_default_metadata_address() {
    in_a_network_with("169.254.169.254/32", || {
        let stub = stub();
        let _metadata = metadata("169.254.169.254:80");
        assert_eq!(signer(&stub, on_an_instance(&stub)), session_signer("ASIAINSTANCE"));
    });
}
