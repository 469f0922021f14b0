use std::ffi::OsString;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::{home, wait_for};

/// Runs a server until it is told to end, or until the test has ended, however that happens: the shell reads from a pipe that
/// closes with the last process that holds it, which is the test.
const SCRIPT: &str = r#"
folder="$1"; signal="$2"; shift 2
"$@" >> "$folder/log" 2>&1 < /dev/null &
server=$!
echo $server > "$folder/server.pid.new" && mv "$folder/server.pid.new" "$folder/server.pid"
read -r word
kill "$signal" $server 2>/dev/null
wait $server
[ "$word" = keep ] || rm -rf "$folder"
"#;

/// A server under a shell that outlives this process for as long as it takes to stop the server and to remove its folder.
#[derive(Debug)]
pub(crate) struct Supervised {
    shell: Child,
    pid: u32,
}

impl Supervised {
    /// The signal is the one that ends this server at once.
    pub(crate) fn start(folder: &Path, signal: &str, command: impl IntoIterator<Item = OsString>) -> Self {
        let noted = folder.join("server.pid");
        let _ = std::fs::remove_file(&noted);
        let mut shell = home::as_server_user("/bin/sh");
        shell.args(["-c", SCRIPT, "sh"]).arg(folder).arg(signal).args(command);
        let shell = shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let shell = shell.spawn().expect("/bin/sh starts");
        let pid = wait_for("the server's process", 20, || std::fs::read_to_string(&noted).ok()?.trim().parse().ok());
        Self { shell, pid }
    }

    pub(crate) const fn pid(&self) -> u32 {
        self.pid
    }

    /// Whether the server still runs: `kill -0` asks.
    pub(crate) fn runs(&self) -> bool {
        signal("-0", &[self.pid])
    }

    /// Ends the server at once, keeps or removes its folder, and waits for both.
    pub(crate) fn end(&mut self, keep: bool) {
        if let Some(mut pipe) = self.shell.stdin.take() {
            let _ = pipe.write_all(if keep { b"keep\n" } else { b"\n" });
        }
        let _ = self.shell.wait();
    }

    /// Kills the server and all its children at once with `kill -9`. The folder stays.
    pub(crate) fn kill(&mut self) {
        signal("-9", &self.family());
        self.end(true);
    }

    /// The server and its children.
    pub(crate) fn family(&self) -> Vec<u32> {
        let children = std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", self.pid)).unwrap_or_default();
        let children = children.split_whitespace().filter_map(|pid| pid.parse().ok());
        std::iter::once(self.pid).chain(children).collect()
    }
}

impl Drop for Supervised {
    fn drop(&mut self) {
        self.end(false);
    }
}

/// Sends a signal, and returns whether the processes exist.
pub(crate) fn signal(signal: &str, pids: &[u32]) -> bool {
    let mut kill = Command::new("/bin/sh");
    kill.args(["-c", "kill \"$@\"", "sh", signal]).args(pids.iter().map(u32::to_string));
    kill.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// The end of a server's log.
pub(crate) fn log(folder: &Path) -> String {
    let mut text = Vec::new();
    if let Ok(mut file) = File::open(folder.join("log")) {
        let _ = std::io::Read::read_to_end(&mut file, &mut text);
    }
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}
