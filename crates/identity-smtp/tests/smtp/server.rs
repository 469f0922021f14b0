//! The mail server: aiosmtpd, pinned, in an environment of its own below the target folder.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a server that does not start fails its test"
)]

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use identity_smtp::SmtpServer;
use serde_json::Value;

const AIOSMTPD: &str = "aiosmtpd==1.4.6";

fn must_run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| {
        panic!("{command:?}: {error}. This test needs Python 3.10 or later: on Debian `apt-get install python3-venv`")
    });
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{command:?}\n{text}\n{}", String::from_utf8_lossy(&output.stderr));
}

/// Python with aiosmtpd; made once, whoever comes first.
fn python() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("aiosmtpd");
    let lock = File::create(folder.with_extension("lock")).unwrap();
    lock.lock().unwrap();
    let made = folder.join("made");
    if fs::read_to_string(&made).ok().as_deref() != Some(AIOSMTPD) {
        must_run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder));
        must_run(Command::new(folder.join("bin/pip")).args(["install", "--quiet", AIOSMTPD]));
        fs::write(&made, AIOSMTPD).unwrap();
    }
    folder.join("bin/python")
}

/// A server that runs, and what it takes.
pub(crate) struct Server {
    pub(crate) port: u16,
    pub(crate) certificate: Vec<u8>,
    mails: Receiver<Value>,
    child: Child,
    _stdin: ChildStdin,
    _folder: tempfile::TempDir,
}

impl Server {
    /// One with STARTTLS, which it insists on, and AUTH.
    pub(crate) fn start() -> Self {
        Self::with(true, true)
    }

    pub(crate) fn with(tls: bool, utf8: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned(), "localhost".to_owned()]).unwrap();
        let (certificate, key) = (folder.path().join("certificate.pem"), folder.path().join("key.pem"));
        fs::write(&certificate, made.cert.pem()).unwrap();
        fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/identity-smtp/tests/smtp/server.py");
        let mut command = Command::new(python());
        command.arg(script);
        if tls {
            command.args([&certificate, &key])
        } else {
            command.args(["-", "-"])
        };
        command.arg(if utf8 { "utf8" } else { "ascii" });
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let stdin = child.stdin.take().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let hello: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        let (sender, mails) = channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let _ = sender.send(serde_json::from_str(&line).unwrap());
            }
        });
        let port = u16::try_from(hello["port"].as_u64().unwrap()).unwrap();
        Self { port, certificate: made.cert.pem().into_bytes(), mails, child, _stdin: stdin, _folder: folder }
    }

    /// How it is reached, signed in.
    pub(crate) fn reached(&self) -> SmtpServer {
        SmtpServer::on_this_machine(self.port)
            .with_root_certificate(&self.certificate)
            .unwrap()
            .with_credentials("mailer", "p@ss")
    }

    /// The next mail that it took.
    pub(crate) fn mail(&self) -> Value {
        self.mails.recv_timeout(Duration::from_secs(20)).expect("the server takes a mail")
    }

    /// Whether it took no other.
    pub(crate) fn took_nothing_else(&self) -> bool {
        self.mails.try_recv().is_err()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
