use std::path::PathBuf;

use crate::supervised::{Supervised, log};
use crate::{Cluster, USER, free_port, home, wait_for};

/// How long a client keeps a connection to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pooling {
    /// For one transaction: the next one may run on another connection, on which no statement is prepared.
    Transaction,
    /// As long as it is connected.
    Session,
}

/// A pooler in front of a cluster. It ends when it is dropped, or when this process ends.
#[derive(Debug)]
pub struct Pgbouncer {
    port: u16,
    folder: PathBuf,
    server: Supervised,
}

impl Pgbouncer {
    /// Starts a pooler with this many connections to each database.
    #[must_use]
    pub fn start(cluster: &Cluster, pooling: Pooling, connections: usize) -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
        let program = folders.map(|folder| folder.join("pgbouncer")).find(|program| program.is_file());
        let program = program.unwrap_or_else(|| {
            panic!("pgbouncer is neither in PATH nor in /usr/sbin; on Debian: apt-get install pgbouncer")
        });
        let mode = match pooling {
            Pooling::Transaction => "transaction",
            Pooling::Session => "session",
        };
        for _ in 0..5 {
            let (folder, port) = (home::folder(), free_port());
            let conf = format!(
                "[databases]\n* = host=127.0.0.1 port={} user={USER}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
                 listen_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = {mode}\n\
                 default_pool_size = {connections}\nmax_client_conn = 1000\nserver_round_robin = 1\n\
                 server_idle_timeout = 5\n",
                cluster.port()
            );
            home::write(&folder.join("pgbouncer.ini"), &conf);
            let server = Supervised::start(&folder, "-KILL", [(&program).into(), folder.join("pgbouncer.ini").into()]);
            let started = wait_for("pgbouncer to start", 20, || {
                let there = std::net::TcpStream::connect(("127.0.0.1", port)).is_ok();
                there.then_some(true).or_else(|| (!server.runs()).then_some(false))
            });
            if started {
                return Self { port, folder, server };
            }
            let said = log(&folder);
            drop(server);
            assert!(said.contains("use"), "pgbouncer ended while it started: {said}");
        }
        panic!("others take every port before pgbouncer can");
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Pgbouncer {
    fn drop(&mut self) {
        self.server.end(false);
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
