//! What is said of a proxy that fails, or refuses a tunnel.

use super::super::proxy::Proxy;
use super::super::server::Server;
use super::server::at_server;
use super::{
    Cause, Explanation, RefusedTunnel, Step, certificate, client_certificate, in_brackets, quoted,
    without_network,
};
use crate::system_error::without_number;
use ssm_exec_core::code::Code;
use ssm_exec_core::diagnostic::Help;

/// A proxy that can't be reached, or refuses a tunnel to a server.
pub(super) fn at_proxy(cause: Cause, proxy: &Proxy, server: &Server) -> Explanation {
    use Code::{Tls, Unreachable};
    let variable = proxy.variable;
    let bypass = Help::text(format!("Or bypass the proxy with `NO_PROXY={}`", server.host));
    let unreached = |reason: String| {
        (
            Unreachable,
            format!("{proxy} could not be reached: {reason}"),
            vec![Help::text(format!("Correct {variable}")), bypass.clone()],
        )
    };
    let plain = |kept: &str| {
        let user = if proxy.authorization.is_some() { "USER:PASSWORD@" } else { "" };
        let url = format!("http://{user}{}", proxy.server);
        Help::command(format!("Set {variable}{kept}"), format!("export {variable}={url}"))
    };
    match cause {
        Cause::Lookup(problem) => unreached(problem.of(&proxy.server.host)),
        Cause::Connect(_, error) => unreached(without_number(&error) + without_network(&error)),
        Cause::Silent(step, limit) => unreached(match step {
            Step::Connect => format!("it did not accept a connection within {limit:?}"),
            _ => format!("it did not answer within {limit:?}"),
        }),
        Cause::NotTls(_) if proxy.server.tls => {
            (Tls, format!("{proxy} does not speak TLS"), vec![plain(" with http://")])
        }
        Cause::Lost(reason) => {
            let ended = format!("it ended the connection{}", in_brackets(&reason));
            let (code, text, mut help) = unreached(ended);
            if proxy.server.tls {
                help.push(plain(", if it does not speak TLS"));
            }
            (code, text, help)
        }
        Cause::NotHttp => unreached("its response is not HTTP".to_owned()),
        Cause::Tls(reason) => unreached(reason),
        Cause::Certificate(problem) => certificate(problem, &proxy.to_string()),
        Cause::ClientCertificate => client_certificate(&proxy.to_string()),
        Cause::Tunnel(refused) => refused_tunnel(refused, proxy, server, bypass),
        Cause::NoTunnel(first) => (
            Unreachable,
            format!("{proxy} opens no tunnel to {server}, but says {}", quoted(&first)),
            vec![Help::text("Log in to it, if it asks for that"), bypass],
        ),
        other => at_server(other, server, None),
    }
}

fn refused_tunnel(
    refused: RefusedTunnel,
    proxy: &Proxy,
    server: &Server,
    bypass: Help,
) -> Explanation {
    let Proxy { variable, user, authorization, .. } = proxy;
    let RefusedTunnel { status, words, schemes } = refused;
    let words = words.map(|words| format!(": {words}")).unwrap_or_default();
    let is_basic = schemes.is_empty() || schemes.iter().any(|it| it.eq_ignore_ascii_case("basic"));
    let example = format!("export {variable}=http://USER:PASSWORD@{}", proxy.server);
    match status {
        407 if !is_basic => (
            Code::Proxy,
            format!(
                "{proxy} asks for {} (HTTP 407), and ssm-exec knows only Basic",
                schemes.join(" or ")
            ),
            vec![
                Help::text("Use a proxy that takes a user and a password, or one that translates"),
                bypass,
            ],
        ),
        407 if authorization.is_some() => {
            let whom = match user {
                Some(user) => format!("the user `{user}` and its password"),
                None => "the user".to_owned(),
            };
            let help = Help::text(format!(
                "Correct them in {variable}. Special characters are percent-encoded"
            ));
            (Code::Proxy, format!("{proxy} does not accept {whom} (HTTP 407)"), vec![help])
        }
        407 => (
            Code::Proxy,
            format!("{proxy} asks for a user and a password (HTTP 407), to connect to {server}"),
            vec![Help::command("Set them", example)],
        ),
        404 | 405 | 501 => (
            Code::Proxy,
            format!("{proxy} is no proxy (HTTP {status} to CONNECT{words})"),
            vec![Help::text(format!("Correct {variable}")), bypass],
        ),
        403 => (
            Code::Proxy,
            format!("{proxy} forbids {server} (HTTP 403{words})"),
            vec![Help::text("Allow the host in the proxy"), bypass],
        ),
        _ if words.contains("DNS") => (
            Code::Unreachable,
            format!("{proxy} cannot look up {} (HTTP {status}{words})", server.host),
            vec![Help::text("Correct the DNS of the proxy"), bypass],
        ),
        _ => (
            Code::Unreachable,
            format!("{proxy} cannot connect to {server} (HTTP {status}{words})"),
            vec![Help::text("See the log of the proxy"), bypass],
        ),
    }
}
