//! A box between the client and a server, such as a firewall, and what it does with a ClientHello that is larger than
//! those were before post-quantum key exchanges.

use super::relay::{How, break_off};
use std::io::{Read, Write, copy};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// The record with a ClientHello of X25519 has some 250 bytes, one with X25519MLKEM768 some 1,500.
pub const LARGE: usize = 1_000;

#[derive(Debug, Clone, Copy)]
pub enum Large {
    Passes,
    /// It arrives in two segments.
    Splits,
    Breaks(How),
}

/// A port of this machine.
pub struct Middlebox {
    port: u16,
    hellos: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Middlebox {
    /// Before a port of this machine.
    pub fn before(port: u16, large: Large) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let middlebox = Self {
            port: listener.local_addr().expect("an address").port(),
            hellos: Arc::default(),
        };
        let hellos = Arc::clone(&middlebox.hellos);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let hellos = Arc::clone(&hellos);
                std::thread::spawn(move || forward(client, port, large, &hellos));
            }
        });
        middlebox
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The records with the ClientHellos so far.
    pub fn hellos(&self) -> Vec<Vec<u8>> {
        self.hellos.lock().expect("not poisoned").clone()
    }
}

fn forward(mut client: TcpStream, port: u16, large: Large, hellos: &Mutex<Vec<Vec<u8>>>) {
    let Ok(hello) = record(&mut client) else {
        return;
    };
    hellos.lock().expect("not poisoned").push(hello.clone());
    let half = match large {
        Large::Breaks(how) if hello.len() > LARGE => return break_off(client, how),
        Large::Splits => hello.len() / 2,
        _ => hello.len(),
    };
    let mut server = TcpStream::connect(("127.0.0.1", port)).expect("a server");
    server.set_nodelay(true).expect("a socket");
    // The kernel sends each write at once, and what the server reads in between is its own affair.
    server.write_all(&hello[..half]).expect("the first half");
    server.write_all(&hello[half..]).expect("the second half");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let _ = copy(&mut &client, &mut &server);
            let _ = server.shutdown(Shutdown::Write);
        });
        let _ = copy(&mut &server, &mut &client);
        let _ = client.shutdown(Shutdown::Both);
    });
}

/// A record of TLS.
fn record(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut record = vec![0; 5];
    stream.read_exact(&mut record)?;
    let length = usize::from(u16::from_be_bytes([record[3], record[4]]));
    record.resize(5 + length, 0);
    stream.read_exact(&mut record[5..])?;
    Ok(record)
}
