//! Forwards connections to a server, and breaks them at a step, without knowing what is in them.

use nix::libc::linger;
use nix::sys::socket::{setsockopt, sockopt::Linger};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// When a connection breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The client has sent its first bytes, and nothing has answered: within the TLS handshake.
    Hello,
    /// The server's first bytes have arrived: the client is about to send a request.
    Handshake,
    /// The request, or what comes before it, was sent and has not arrived.
    Request,
    /// The server has answered the first request: between two pages.
    Answer,
}

/// How a connection breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// RST.
    Reset,
    /// FIN, and what comes later is answered with RST. Over TLS it lacks `close_notify`.
    Close,
    /// FIN, and what comes later is read.
    HalfClose,
    /// Nothing is sent until the client gives up.
    Silence,
    /// A text in the place of the protocol, as of another service, then as `Close`.
    Text(&'static str),
}

/// Which connections break, and how.
#[derive(Debug, Clone, Copy)]
pub struct Break {
    pub step: Step,
    pub how: How,
    /// The number of connections that are forwarded before.
    pub after: usize,
    /// The number of connections that break; those that follow are forwarded.
    pub connections: usize,
}

/// A port of this machine.
pub struct Relay {
    port: u16,
    script: Arc<Mutex<Option<Break>>>,
}

impl Relay {
    /// Forwards to a port. `answered` counts the requests that its server has answered.
    pub fn to(port: u16, answered: impl Fn() -> usize + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let relay = Self {
            port: listener.local_addr().expect("an address").port(),
            script: Arc::default(),
        };
        let script = Arc::clone(&relay.script);
        let answered = Arc::new(answered);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let next = match &mut *script.lock().expect("not poisoned") {
                    Some(script) if script.after > 0 => {
                        script.after -= 1;
                        None
                    }
                    Some(script) if script.connections > 0 => {
                        script.connections -= 1;
                        Some(*script)
                    }
                    _ => None,
                };
                let answered = Arc::clone(&answered);
                std::thread::spawn(move || forward(client, port, next, &*answered));
            }
        });
        relay
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Breaks the next connections so.
    pub fn breaks(&self, next: impl Into<Option<Break>>) {
        *self.script.lock().expect("not poisoned") = next.into();
    }
}

fn forward(mut client: TcpStream, port: u16, next: Option<Break>, answered: &dyn Fn() -> usize) {
    let breaks = |step| next.filter(|next| next.step == step).map(|next| next.how);
    let before = answered();
    let first = chunk(&mut client);
    if let Some(how) = breaks(Step::Hello) {
        return break_off(client, how);
    }
    let mut server = TcpStream::connect(("127.0.0.1", port)).expect("a server");
    let _ = server.set_nodelay(true);
    let _ = client.set_nodelay(true);
    if server.write_all(&first).is_err() {
        return;
    }
    let reply = chunk(&mut server);
    if client.write_all(&reply).is_err() {
        return;
    }
    let at_once = breaks(Step::Answer).filter(|_| answered() > before);
    if let Some(how) = breaks(Step::Handshake).or(at_once) {
        return break_off(client, how);
    }
    if let Some(how) = breaks(Step::Request) {
        let _ = chunk(&mut client);
        return break_off(client, how);
    }
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let (mut from, mut to) = (&client, &server);
            let _ = std::io::copy(&mut from, &mut to);
            let _ = server.shutdown(Shutdown::Write);
        });
        let (mut from, mut to) = (&server, &client);
        let mut buffer = vec![0; 1 << 16];
        while let Ok(length @ 1..) = from.read(&mut buffer)
            && to.write_all(&buffer[..length]).is_ok()
        {
            if breaks(Step::Answer).is_some() && answered() > before {
                // Wakes the other thread, and sends nothing.
                let _ = client.shutdown(Shutdown::Read);
                let _ = server.shutdown(Shutdown::Both);
                return;
            }
        }
        let _ = client.shutdown(Shutdown::Both);
    });
    if let Some(how) = breaks(Step::Answer) {
        break_off(client, how);
    }
}

fn chunk(stream: &mut TcpStream) -> Vec<u8> {
    let mut buffer = vec![0; 1 << 16];
    let length = stream.read(&mut buffer).unwrap_or_default();
    buffer.truncate(length);
    buffer
}

pub fn break_off(mut client: TcpStream, how: How) {
    match how {
        How::Reset => {
            let at_once = linger { l_onoff: 1, l_linger: 0 };
            setsockopt(&client, Linger, &at_once).expect("a socket");
        }
        How::Close => {}
        How::HalfClose => {
            let _ = client.shutdown(Shutdown::Write);
            let _ = std::io::copy(&mut client, &mut std::io::sink());
        }
        How::Silence => {
            let _ = std::io::copy(&mut client, &mut std::io::sink());
        }
        How::Text(text) => {
            let _ = client.write_all(text.as_bytes());
        }
    }
}
