use std::net::TcpStream;
use std::process::{Child, Command, ExitStatus, Stdio};

use serde_json::Value;

use crate::Log;

/// A host's process that listens, until it is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    /// The lines that it wrote to standard error.
    pub log: Log,
    /// The lines that it printed to standard output.
    pub printed: Log,
    /// The address that it listens on, such as `127.0.0.1:40123`.
    pub address: String,
}

impl Process {
    /// Starts a host that logs in JSON, and waits until it listens.
    ///
    /// # Panics
    /// When it ends before.
    #[must_use]
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let log = Log::of(child.stderr.take().unwrap());
        let printed = Log::of(child.stdout.take().unwrap());
        let listening: Value = serde_json::from_str(&log.line_with(&["listening"])).unwrap();
        let address = listening.get("address").and_then(Value::as_str).unwrap().to_owned();
        Self { child, log, printed, address }
    }

    /// The beginning of its URLs, without a slash at the end.
    #[must_use]
    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The number of the process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it at once, as `kill -9` does, or a machine that loses power.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop with SIGTERM.
    pub fn terminate(&self) {
        self.signal("TERM");
    }

    /// Ends it with SIGKILL while others still use it; [`wait`](Self::wait) is not called.
    pub fn kill_under_load(&self) {
        self.signal("KILL");
    }

    /// Waits until nobody can connect to it any more: a host that was asked to stop says so a moment before it is so.
    ///
    /// # Panics
    /// When connections are taken for good.
    pub fn takes_no_more_connections(&self) {
        let taken = (0..10_000).take_while(|_| {
            std::thread::yield_now();
            TcpStream::connect(&self.address).is_ok()
        });
        assert!(taken.count() < 10_000, "{} still takes connections", self.address);
    }

    /// Waits until it has ended.
    pub fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    fn signal(&self, name: &str) {
        // By the shell's built-in: the standard library sends SIGKILL alone.
        let told = Command::new("sh").arg("-c").arg(format!("kill -{name} {}", self.child.id())).status();
        assert!(told.unwrap().success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
