//! The oracle: a Python program in an environment of its own below the target folder.
//!
//! `IDENTITY_ORACLE_PYTHON` names another interpreter: one that has the packages of `requirements.txt`, and those of
//! `plans.txt` in the folder `plans-9.0.33` of its environment.
#![expect(clippy::unwrap_used, clippy::panic, reason = "an oracle that cannot be asked fails its test")]

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// The version of the plans that the library carries, and a later one.
pub(crate) const PLANS: &str = "9.0.33";
pub(crate) const LATER_PLANS: &str = "9.0.43";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle")
}

fn must_run(command: &mut Command, remedy: &str) {
    let output = command.output().unwrap_or_else(|error| panic!("cannot run {command:?} ({error}): {remedy}"));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{command:?} failed: {remedy}\n{text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// The interpreter; the first test that asks makes its environment, the others wait.
fn python() -> PathBuf {
    if let Some(named) = std::env::var_os("IDENTITY_ORACLE_PYTHON") {
        return named.into();
    }
    let environment = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("oracle-venv");
    let lock = File::create(environment.with_extension("lock")).unwrap();
    lock.lock().unwrap();
    let lists = [folder().join("requirements.txt"), folder().join("plans.txt")];
    let wanted = lists.each_ref().map(|list| fs::read_to_string(list).unwrap()).concat();
    let made = environment.join("made");
    if fs::read_to_string(&made).ok().as_deref() != Some(wanted.as_str()) {
        must_run(
            Command::new("python3").args(["-m", "venv", "--clear"]).arg(&environment),
            "the tests need Python 3.10 or later with venv; on Debian, apt-get install python3-venv",
        );
        for (list, target) in lists.iter().zip([None, Some(environment.join(format!("plans-{PLANS}")))]) {
            let mut pip = Command::new(environment.join("bin/pip"));
            pip.args(["install", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"]);
            pip.arg("--requirement").arg(list);
            if let Some(target) = target {
                pip.arg("--target").arg(target);
            }
            must_run(
                &mut pip,
                "the tests need a Python package index once; without one, name an interpreter that has the packages \
                 of tests/oracle in IDENTITY_ORACLE_PYTHON",
            );
        }
        fs::write(&made, wanted).unwrap();
    }
    environment.join("bin/python")
}

/// The oracle's answers to the requests, in their order; numbers are judged by the plans of the version `plans`.
pub(crate) fn ask(plans: &str, requests: &[Value]) -> Vec<Value> {
    let mut command = Command::new(python());
    command.arg(folder().join("oracle.py")).arg(plans);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot run {command:?} ({error}): correct IDENTITY_ORACLE_PYTHON"));
    let mut stdin = child.stdin.take().unwrap();
    let lines: String = requests.iter().map(|request| format!("{request}\n")).collect();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = child.wait_with_output().unwrap();
    // An oracle that ended early has closed the pipe; its own words say more than that error.
    let _ = writer.join().unwrap();
    assert!(output.status.success(), "the oracle failed:\n{}", String::from_utf8_lossy(&output.stderr));
    let answers: Vec<Value> =
        serde_json::Deserializer::from_slice(&output.stdout).into_iter().map(Result::unwrap).collect();
    assert_eq!(answers.len(), requests.len());
    answers
}
