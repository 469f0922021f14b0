use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::programs::{program, programs, run};
use crate::supervised::{Supervised, log, signal};
use crate::{Database, USER, free_port, home, wait_for};

/// The settings of a cluster.
#[derive(Debug, Clone, Default)]
pub struct Builder {
    fsync: bool,
    settings: Vec<(String, String)>,
    hba: Option<String>,
    files: Vec<(String, String)>,
}

impl Builder {
    /// Sets whether the server waits for the disk. Default: no; what a killed server wrote is still in the memory of the machine.
    #[must_use]
    pub fn fsync(mut self, fsync: bool) -> Self {
        self.fsync = fsync;
        self
    }

    /// Adds a line to `postgresql.conf`; the value is quoted.
    #[must_use]
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the whole `pg_hba.conf`, in place of one that trusts every local client. The first line that matches decides; the
    /// superuser [`USER`] must be able to log in through the socket without a password.
    #[must_use]
    pub fn hba(mut self, lines: &str) -> Self {
        self.hba = Some(lines.to_owned());
        self
    }

    /// Adds a file to the data folder that only the server may read, such as a certificate or its key.
    #[must_use]
    pub fn file(mut self, name: &str, text: &str) -> Self {
        self.files.push((name.to_owned(), text.to_owned()));
        self
    }

    /// Creates the cluster and starts it.
    #[must_use]
    pub fn start(self) -> Cluster {
        let folder = home::folder();
        let data = folder.join("data");
        let mut initdb = program("initdb");
        initdb.args(["--no-sync", "--no-instructions", "--auth=trust", "--encoding=UTF8", "--locale=C"]);
        run(initdb.arg(format!("--username={USER}")).arg("--pgdata").arg(&data));
        if let Some(hba) = &self.hba {
            home::write(&data.join("pg_hba.conf"), hba);
        }
        for (name, text) in &self.files {
            home::write(&data.join(name), text);
        }
        let sync = if self.fsync { "on" } else { "off" };
        let mut conf = format!(
            "fsync = {sync}\nfull_page_writes = {sync}\nlisten_addresses = '127.0.0.1'\nmax_connections = 400\n\
             max_wal_senders = 8\nwal_keep_size = '64MB'\nlog_line_prefix = '%m [%p] '\n"
        );
        for (name, value) in &self.settings {
            writeln!(conf, "{name} = '{}'", value.replace('\'', "''")).expect("a string takes text");
        }
        home::write(&data.join("postgresql.conf"), &conf);
        Cluster::serve(folder, None)
    }
}

/// A PostgreSQL server with its own data. It ends when it is dropped, or when this process ends.
#[derive(Debug)]
pub struct Cluster {
    folder: PathBuf,
    port: u16,
    server: Supervised,
}

impl Cluster {
    /// The cluster that all tests of this process share, without fsync.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        SHARED.get_or_init(|| Self::builder().start())
    }

    /// The settings of a cluster for one test.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Starts a server on the data of the folder, at this port or at a free one.
    fn serve(folder: PathBuf, port: Option<u16>) -> Self {
        let data = folder.join("data");
        for _ in 0..5 {
            let port = port.unwrap_or_else(free_port);
            let ready = data.join("postmaster.pid");
            let _ = std::fs::remove_file(&ready);
            let mut command: Vec<OsString> = vec![programs().join("postgres").into(), "-D".into(), (&data).into()];
            command.extend(["-p".into(), port.to_string().into(), "-k".into(), (&folder).into()]);
            let mut server = Supervised::start(&folder, "-QUIT", command);
            // The eighth line is the server's state, as `pg_ctl` reads it.
            let started = wait_for("the server to start", 60, || {
                let state = std::fs::read_to_string(&ready).unwrap_or_default();
                let ready = state.lines().nth(7).is_some_and(|state| state.trim() == "ready");
                ready.then_some(true).or_else(|| (!server.runs()).then_some(false))
            });
            if started {
                return Self { folder, port, server };
            }
            server.end(true);
            let said = log(&folder);
            assert!(said.contains("Address already in use"), "the server ended while it started: {said}");
        }
        panic!("others take every port before the server can");
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The folder of the server's socket.
    #[must_use]
    pub fn socket_folder(&self) -> &Path {
        &self.folder
    }

    /// The folder of the server's data.
    #[must_use]
    pub fn data_folder(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Everything that the server has logged.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).expect("the server's log")
    }

    /// A new and empty database.
    pub fn database(&self) -> Database {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("create database {name}"));
        self.named(&name)
    }

    /// An existing database.
    #[must_use]
    pub fn named(&self, name: &str) -> Database {
        Database { name: name.to_owned(), port: self.port, socket: self.folder.clone() }
    }

    /// Runs SQL in a database as the superuser, and returns the rows: one per line, columns separated by `|`.
    pub fn sql(&self, database: &str, sql: &str) -> String {
        self.named(database).sql(sql)
    }

    /// Starts a standby of this server. From now on this server acknowledges a commit only when both have it.
    #[must_use]
    pub fn standby(&self) -> Self {
        self.follower(None)
    }

    /// Starts a standby at the port of a server that has ended, so that clients find it at the address they know.
    #[must_use]
    pub fn standby_at(&self, port: u16) -> Self {
        self.follower(Some(port))
    }

    fn follower(&self, port: Option<u16>) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("standby_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let folder = home::folder();
        let mut backup = program("pg_basebackup");
        backup.args(["--no-sync", "--checkpoint=fast", "--wal-method=stream", "--write-recovery-conf"]);
        backup.arg("--pgdata").arg(folder.join("data"));
        let primary = format!("host={} port={} user={USER} application_name={name}", self.folder.display(), self.port);
        run(backup.arg("--dbname").arg(primary));
        // Settings of this server's that the copy must not have.
        let own = folder.join("data/postgresql.auto.conf");
        let copied = std::fs::read_to_string(&own).expect("its settings");
        let kept: Vec<&str> = copied.lines().filter(|line| !line.starts_with("synchronous_standby_names")).collect();
        home::write(&own, &(kept.join("\n") + "\n"));
        let standby = Self::serve(folder, port);
        self.sql("postgres", &format!("alter system set synchronous_standby_names = '{name}'"));
        self.sql("postgres", "select pg_reload_conf()");
        let state = format!("select sync_state from pg_stat_replication where application_name = '{name}'");
        wait_for("the standby to follow", 30, || (self.sql("postgres", &state) == "sync").then_some(()));
        standby
    }

    /// Promotes a standby to primary. It acknowledges commits alone until it gets a standby.
    pub fn promote(&self) {
        self.sql("postgres", "select pg_promote()");
        wait_for("the promotion", 30, || (self.sql("postgres", "select pg_is_in_recovery()") == "f").then_some(()));
    }

    /// Kills the server and all its processes with `kill -9`.
    pub fn kill(&mut self) {
        self.server.kill();
    }

    /// Stops the server and all its processes with `SIGSTOP` until the returned value is dropped: connections stay open, and get
    /// no answer.
    #[must_use]
    pub fn pause(&self) -> Paused {
        let mut stopped = Vec::new();
        loop {
            let family = self.server.family();
            signal("-STOP", &family);
            // The kernel's list of children is whole only while none of them ends: it leaves others out meanwhile (proc(5)).
            if family == stopped {
                return Paused(family);
            }
            stopped = family;
        }
    }

    /// The server's process.
    #[must_use]
    pub const fn pid(&self) -> u32 {
        self.server.pid()
    }
}

/// A server that is stopped. It continues when this is dropped.
#[derive(Debug)]
pub struct Paused(Vec<u32>);

impl Drop for Paused {
    fn drop(&mut self) {
        signal("-CONT", &self.0);
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.server.end(false);
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
