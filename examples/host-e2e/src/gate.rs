use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A proxy between a host and its store that a test opens and closes.
#[derive(Debug)]
pub struct Gate {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

/// What happens to connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passage {
    /// They reach the store.
    Open,
    /// They are closed at once.
    Closed,
    /// They are accepted and never answered, as behind a firewall that drops packets.
    Silent,
}

#[derive(Debug)]
struct State {
    passage: Passage,
    connections: Vec<TcpStream>,
}

impl Gate {
    /// A gate to a port of loopback, open.
    ///
    /// # Panics
    /// When there is no port for it.
    #[must_use]
    pub fn to(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State { passage: Passage::Open, connections: Vec::new() }));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                let mut state = shared.lock().unwrap();
                match state.passage {
                    Passage::Closed => {}
                    Passage::Silent => state.connections.push(client),
                    Passage::Open => {
                        let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else { continue };
                        copy(&client, &server);
                        copy(&server, &client);
                        state.connections.extend([client, server]);
                    }
                }
            }
        });
        Self { address, state }
    }

    /// The port on 127.0.0.1 where the host connects.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.address.port()
    }

    /// Closes every connection, and treats new ones like this from now on.
    ///
    /// # Panics
    /// When another thread panicked in here.
    pub fn set(&self, passage: Passage) {
        let mut state = self.state.lock().unwrap();
        state.passage = passage;
        for connection in state.connections.drain(..) {
            // The other side may have closed it.
            let _ = connection.shutdown(Shutdown::Both);
        }
    }
}

/// Carries bytes from one connection to another until either is closed.
fn copy(from: &TcpStream, to: &TcpStream) {
    let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
    std::thread::spawn(move || {
        let mut buffer = vec![0; 65_536];
        while let Ok(read @ 1..) = from.read(&mut buffer) {
            let Some(bytes) = buffer.get(..read) else { break };
            if to.write_all(bytes).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
    });
}
