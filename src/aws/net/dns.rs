//! Addresses of host names by the system's resolver. It says little about a failure, so its name server is asked for the
//! reason then.
// Reads /etc/resolv.conf.
#![allow(clippy::disallowed_methods)]

use super::failure::{Cause, LookupError, NoAddress, is_system_refusal, within};
use super::server::Server;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs, UdpSocket};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::{OnceCell, oneshot};

const RESOLV_CONF: &str = "/etc/resolv.conf";
/// How long the name server may take to say why it has no address.
const PATIENCE: Duration = Duration::from_millis(500);
/// When the name server is asked though the resolver has not answered yet.
const SOON: Duration = Duration::from_millis(300);

type Found = Result<Vec<SocketAddr>, Cause>;

/// The lookups that are under way. Whoever needs the same address meanwhile gets the same answer.
#[derive(Debug, Default)]
pub(super) struct Lookups(Mutex<Vec<(Server, Weak<OnceCell<Found>>)>>);

impl Lookups {
    /// The addresses of a host.
    pub(super) async fn addresses(&self, server: &Server, limit: Option<Duration>) -> Found {
        match server.address() {
            Some(address) => Ok(vec![SocketAddr::new(address, server.port)]),
            None => {
                let answer = self.under_way(server);
                answer.get_or_init(|| lookup(server, limit)).await.clone()
            }
        }
    }

    fn under_way(&self, server: &Server) -> Arc<OnceCell<Found>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|(_, answer)| answer.strong_count() > 0);
        let same = all.iter().find(|(other, _)| other == server);
        same.and_then(|(_, answer)| answer.upgrade()).unwrap_or_else(|| {
            let answer = Arc::default();
            all.push((server.clone(), Arc::downgrade(&answer)));
            answer
        })
    }
}

async fn lookup(server: &Server, limit: Option<Duration>) -> Found {
    let port = server.port;
    // musl compares the names in /etc/hosts by their case.
    let name = server.host.to_ascii_lowercase();
    let silent = |limit| no_address(name_server(), LookupError::Silent(limit));
    within(limit, silent, async {
        let asked = name.clone();
        let mut found = in_thread(move || resolve(&name, port))?;
        if let Ok(found) = tokio::time::timeout(SOON, &mut found).await {
            return found.unwrap_or_else(|_| Ok(Vec::new()));
        }
        // musl waits for a server that fails or refuses as for one that is silent.
        let said = in_thread(move || name_server().map(|it| (it, ask(it, &asked))))?;
        match said.await {
            Ok(Some((server, Some(reason)))) if !matches!(reason, LookupError::Silent(_)) => {
                Err(no_address(Some(server), reason))
            }
            _ => found.await.unwrap_or_else(|_| Ok(Vec::new())),
        }
    })
    .await
}

/// The system's resolver blocks, so it runs in a thread of its own. The runtime's thread pool would panic where the
/// process may not start another thread.
fn in_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<oneshot::Receiver<T>, Cause> {
    let (answer, found) = oneshot::channel();
    std::thread::Builder::new()
        .name("dns".to_owned())
        .spawn(move || {
            let _ = answer.send(work());
        })
        .map_err(|error| Cause::System("a thread for DNS", error.into()))?;
    Ok(found)
}

fn no_address(server: Option<IpAddr>, reason: LookupError) -> Cause {
    Cause::Lookup(NoAddress { server, reason })
}

fn resolve(name: &str, port: u16) -> Found {
    let says = match (name, port).to_socket_addrs().map(Vec::from_iter) {
        Ok(addresses) if !addresses.is_empty() => return Ok(addresses),
        Ok(_) => "it has no address".to_owned(),
        Err(error) if is_system_refusal(&error) => {
            return Err(Cause::System("a socket for DNS", error.into()));
        }
        // After the words of the standard library.
        Err(error) => error.to_string().rsplit(": ").next().unwrap_or_default().to_owned(),
    };
    let server = name_server();
    let reason = match says.as_str() {
        // As glibc and as musl say it.
        "Name or service not known" | "Name does not resolve" => LookupError::NoSuchName,
        _ => server.and_then(|server| ask(server, name)).unwrap_or(LookupError::Other(says)),
    };
    Err(no_address(server, reason))
}

/// The first name server of the system.
fn name_server() -> Option<IpAddr> {
    let Ok(configuration) = std::fs::read_to_string(RESOLV_CONF) else {
        return None;
    };
    let servers = configuration.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        (words.next() == Some("nameserver")).then(|| words.next())?
    });
    // An address of a link has its interface behind a `%`, which no `IpAddr` takes.
    servers.filter_map(|server| server.parse().ok()).next()
}

/// Why a server has no address for a name; `None` if it has one.
fn ask(server: IpAddr, name: &str) -> Option<LookupError> {
    match query(server, name) {
        Ok(0) => None,
        Ok(3) => Some(LookupError::NoSuchName),
        Ok(code) => Some(LookupError::Code(code)),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            Some(LookupError::Silent(PATIENCE))
        }
        Err(error) => Some(LookupError::Unreachable(error.into())),
    }
}

/// The code of a server's response to the simplest query for an address (RFC 1035).
fn query(server: IpAddr, name: &str) -> io::Result<u8> {
    let id = fastrand::u16(..).to_be_bytes();
    // Recursion is desired, and there is one question.
    let mut query = vec![id[0], id[1], 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.trim_end_matches('.').split('.') {
        query.push(label.len() as u8);
        query.extend_from_slice(label.as_bytes());
    }
    // The root, the type A, the class IN.
    query.extend_from_slice(&[0, 0, 1, 0, 1]);
    let own: IpAddr = match server {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((own, 0))?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.connect((server, 53))?;
    socket.send(&query)?;
    let mut answer = [0; 512];
    let length = socket.recv(&mut answer)?;
    match answer[..length] {
        [a, b, _, flags, ..] if [a, b] == id => Ok(flags & 0x0f),
        _ => Err(io::Error::other("its answer is not one of DNS")),
    }
}
