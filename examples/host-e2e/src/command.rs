use std::process::Command;

/// Runs a command to its end, and gives what it printed.
///
/// # Panics
/// When it cannot be started, with what to install, and when it fails.
pub fn must_run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}{}", advice(command)));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{command:?}\n{text}\n{}", String::from_utf8_lossy(&output.stderr));
    text
}

/// What to install when a program is missing.
pub(crate) fn advice(command: &Command) -> &'static str {
    match command.get_program().to_str() {
        Some("node" | "npm") => "; this test needs node 18 or later and npm: on Debian `apt-get install nodejs npm`",
        Some("python3") => "; this test needs Python 3.10 or later: on Debian `apt-get install python3-venv`",
        _ => "",
    }
}
