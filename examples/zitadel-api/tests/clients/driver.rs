//! A client that somebody else wrote, in a process of its own: it gets a call a line, and gives an answer a line.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use host_e2e::{must_run, npm_folder, python_environment};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout};

/// A call that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Driver {
    // Ended when it is dropped.
    _process: Child,
    calls: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Driver {
    pub(crate) fn start(command: Command) -> Self {
        let mut command = tokio::process::Command::from(command);
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let (calls, answers) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        Self { _process: process, calls, answers: BufReader::new(answers).lines() }
    }

    pub(crate) async fn call(&mut self, step: &Value) -> Value {
        self.calls.write_all(format!("{step}\n").as_bytes()).await.unwrap();
        let answer = tokio::time::timeout(PATIENCE, self.answers.next_line()).await;
        let answer = answer.unwrap_or_else(|_| panic!("no answer for {PATIENCE:?}: {step}"));
        // What the client itself failed with is on standard error by now.
        let answer = answer.unwrap().unwrap_or_else(|| panic!("the client gave up: {step}"));
        serde_json::from_str(&answer).unwrap()
    }
}

fn e2e(part: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("e2e").join(part)
}

/// Where clients are installed.
fn installed(part: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("zitadel-api-{part}"))
}

/// npm's `@zitadel/client`, over `grpc` or `grpc-web`.
pub(crate) fn node(transport: &str, base: &str) -> Command {
    let folder = installed("node");
    npm_folder(&e2e("node"), &folder);
    let mut node = Command::new("node");
    node.current_dir(&folder).args(["driver.js", transport, base]);
    node
}

/// PyPI's `zitadel-client`.
pub(crate) fn python(base: &str) -> Command {
    let requirements = std::fs::read_to_string(e2e("python").join("requirements.txt")).unwrap();
    let mut python = Command::new(python_environment(&requirements, &installed("python")).join("python"));
    python.arg(e2e("python").join("driver.py")).arg(base);
    python
}

/// The crate `zitadel`, a package of its own: it is built here, as the others are installed.
pub(crate) fn rust(base: &str) -> Command {
    let target = installed("rust");
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--locked", "--target-dir"]).arg(&target).current_dir(e2e("rust"));
    must_run(&mut build);
    let mut rust = Command::new(target.join("debug/zitadel-api-e2e"));
    rust.arg(base);
    rust
}
