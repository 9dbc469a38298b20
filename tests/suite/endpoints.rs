//! Endpoint and proxy variables.

use crate::harness::*;
use ssm_stub::http_server::*;
use ssm_stub::{Parameter, Stub};

fn filled(stub: Stub) -> Stub {
    stub.put(Parameter::secure("/e/a", "canary-a"));
    stub
}

/// A run over TLS that trusts the stub's CA.
fn over_tls(stub: &Stub) -> Run {
    let run = Run::against(&stub.url()).args("-p /e");
    let bundle = run.home().join("ca.pem");
    std::fs::write(&bundle, stub.ca_pem()).expect("a bundle");
    run.env("AWS_CA_BUNDLE", bundle)
}

/// A proxy that tunnels every connection to the stub.
fn proxy(stub: &Stub) -> HttpServer {
    let port = stub.port();
    HttpServer::start(move |_| Reply::Tunnel(port))
}

#[test]
fn proxy_variables_are_used_with_their_credentials() {
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
        let stub = filled(Stub::builder().tls().start());
        let proxy = proxy(&stub);
        let url = proxy.url().replace("//", "//user:canary-proxy@");
        let environment = over_tls(&stub).env(variable, url).environment();
        environment.has(&[("A", "canary-a")]);
        let [seen] = <[HttpRequest; 1]>::try_from(proxy.requests()).expect("one connection");
        assert_eq!(seen.line, format!("CONNECT localhost:{}", stub.port()));
        // Base64 of `user:canary-proxy`.
        let authorization = seen.header("proxy-authorization");
        assert_eq!(authorization, Some("Basic dXNlcjpjYW5hcnktcHJveHk="));
    }
}

#[test]
fn no_proxy_hosts_are_connected_to_directly() {
    for names in ["localhost", "example.org,localhost", "*"] {
        let stub = filled(Stub::builder().tls().start());
        let proxy = proxy(&stub);
        let run = over_tls(&stub).env("HTTPS_PROXY", proxy.url());
        run.env("NO_PROXY", names).environment().has(&[("A", "canary-a")]);
        assert_eq!(proxy.lines(), [""; 0], "{names}");
    }
}

/// The host that a run without an endpoint connects to, as seen by a proxy that refuses everything.
fn host(run: Run) -> String {
    let proxy = HttpServer::start(|_| status(502, "canary"));
    run.unset("AWS_ENDPOINT_URL_SSM")
        .env("HTTPS_PROXY", proxy.url())
        .args("-p /e -q --timeout 3s")
        .fails(75)
        .says(&["could not fetch /e/*", "(from HTTPS_PROXY)"]);
    let mut lines = proxy.lines();
    lines.dedup();
    assert_eq!(lines.len(), 1, "{lines:?}");
    lines.remove(0)
}

#[test]
fn fips_and_dual_stack_of_the_file_and_of_the_profile_select_the_host() {
    let profile = "[default]\nuse_fips_endpoint = true\nuse_dualstack_endpoint = true\n";
    for (file, profile, variable, expected) in [
        ("[aws]\nuse_fips = true\n", "", "", "ssm-fips.eu-west-1.amazonaws.com"),
        ("[aws]\nuse_dualstack = true\n", "", "", "ssm.eu-west-1.api.aws"),
        ("", profile, "", "ssm-fips.eu-west-1.api.aws"),
        ("[aws]\nuse_fips = false\n", profile, "", "ssm.eu-west-1.api.aws"),
        ("[aws]\nuse_fips = true\n", "", "false", "ssm.eu-west-1.amazonaws.com"),
    ] {
        let run = Run::against("").file(file).env("AWS_USE_FIPS_ENDPOINT", variable);
        std::fs::create_dir(run.home().join(".aws")).expect("a directory");
        std::fs::write(run.home().join(".aws/config"), profile).expect("a file");
        assert_eq!(host(run), format!("CONNECT {expected}:443"), "{file}{profile}{variable}");
    }
}

#[test]
fn region_fips_and_dual_stack_select_the_host() {
    let settings: &[(&[(&str, &str)], &str)] = &[
        (&[], "ssm.eu-west-1.amazonaws.com"),
        (&[("AWS_USE_FIPS_ENDPOINT", "true")], "ssm-fips.eu-west-1.amazonaws.com"),
        (&[("AWS_USE_DUALSTACK_ENDPOINT", "true")], "ssm.eu-west-1.api.aws"),
        (
            &[("AWS_USE_FIPS_ENDPOINT", "true"), ("AWS_USE_DUALSTACK_ENDPOINT", "true")],
            "ssm-fips.eu-west-1.api.aws",
        ),
        (&[("AWS_REGION", "cn-north-1")], "ssm.cn-north-1.amazonaws.com.cn"),
    ];
    std::thread::scope(|scope| {
        for (variables, expected) in settings {
            scope.spawn(move || {
                let run = variables
                    .iter()
                    .fold(Run::against(""), |run, (name, value)| run.env(name, value));
                assert_eq!(host(run), format!("CONNECT {expected}:443"));
            });
        }
    });
}

#[test]
fn the_ssm_endpoint_variable_overrides_the_global_one() {
    let (ours, all) = (filled(Stub::start()), filled(Stub::start()));
    let run = || Run::against(&ours.url()).env("AWS_ENDPOINT_URL", all.url()).args("-p /e");
    run().environment().has(&[("A", "canary-a")]);
    assert_eq!((ours.requests().len(), all.requests().len()), (1, 0));
    let run = run().unset("AWS_ENDPOINT_URL_SSM");
    run.environment().has(&[("A", "canary-a")]);
    assert_eq!((ours.requests().len(), all.requests().len()), (1, 1));
}
