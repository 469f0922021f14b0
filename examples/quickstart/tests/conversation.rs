//! The program as a person, or a pipe, meets it.
#![expect(
    clippy::unwrap_used,
    reason = "what fails here is a test; clippy exempts test functions, but not the functions that they share"
)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};

/// The program, running.
struct Run {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    told: String,
}

impl Run {
    fn on(file: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_quickstart"))
            .arg(file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self { child, input, output, told: String::new() }
    }

    fn type_line(&mut self, line: &str) {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
    }

    /// Reads until this is told, and gives what came since the last time.
    fn hear(&mut self, what: &str) -> String {
        let mut heard = Vec::new();
        loop {
            let mut byte = [0];
            assert_eq!(self.output.read(&mut byte).unwrap(), 1, "it ended before it told {what:?}: {:?}", self.told);
            heard.push(byte[0]);
            let text = String::from_utf8_lossy(&heard);
            if text.ends_with(what) {
                let text = text.into_owned();
                self.told.push_str(&text);
                return text;
            }
        }
    }

    /// Types an address and gives the code that would have been sent to it.
    fn asks_code(&mut self, address: &str) -> String {
        self.type_line(address);
        self.hear("Your code is ");
        let mut code = String::new();
        self.output.read_line(&mut code).unwrap();
        self.hear("Code (");
        code.trim().to_owned()
    }

    fn end(mut self) -> (String, ExitStatus) {
        drop(self.input.take());
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).unwrap();
        (rest, self.child.wait().unwrap())
    }
}

const WRONG: &str = "000000x";

#[test]
fn a_new_person_ends_verified_and_primary_and_is_found_tomorrow() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("identity.db");
    let mut run = Run::on(&file);
    run.hear("A new database");
    let code = run.asks_code("  Ada@Example.com ");
    run.type_line(&code);
    run.hear("Right: it is verified.");
    let (rest, status) = run.end();
    assert!(rest.contains("email: Ada@example.com (verified, primary)"), "{rest}");
    assert!(status.success());

    // Tomorrow, with a phone number as a person types it.
    let mut run = Run::on(&file);
    run.hear("users in it");
    run.type_line("ada@example.com");
    run.hear("Welcome back");
    let code = run.asks_code("+44 (1514) 960-453");
    run.type_line(&code);
    run.hear("Right: it is verified.");
    run.type_line("");
    let (rest, status) = run.end();
    assert!(rest.contains("email: Ada@example.com (verified, primary)"), "{rest}");
    assert!(rest.contains("phone: +441514960453 (verified, primary)"), "{rest}");
    assert!(status.success());
}

#[test]
fn wrong_codes_typing_errors_and_a_too_early_resend_each_get_their_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = Run::on(&folder.path().join("identity.db"));
    for typo in ["ada@", "@example.com", "12345", "+44 1514 96045x", "ada@example..com"] {
        run.type_line(typo);
        run.hear("That cannot be used: ");
    }
    let code = run.asks_code("ada@example.com");
    run.type_line("again");
    assert!(run.hear("(in ").contains("ask again later"));
    run.type_line("123456789012345678901");
    run.hear("That is not a code: a code has at most 20 characters");
    run.type_line(WRONG);
    run.hear("Wrong; 4 tries left.");
    run.type_line(&code);
    run.hear("Right: it is verified.");
    run.type_line("ada@example.com");
    run.hear("ada@example.com is verified already.");
    assert!(run.end().1.success());
}

#[test]
fn the_last_try_gets_its_sentence_and_so_does_asking_again_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = Run::on(&folder.path().join("identity.db"));
    run.asks_code("ada@example.com");
    for left in ["4", "3", "2", "1"] {
        run.type_line(WRONG);
        run.hear(&format!("Wrong; {left} tries left."));
    }
    run.type_line(WRONG);
    run.hear("Wrong, and that was the last try for this code.");
    run.type_line("ada@example.com");
    run.hear("too many wrong codes; wait before the next try (in 10 min)");
    let (rest, status) = run.end();
    assert!(rest.contains("email: ada@example.com (unverified)"), "{rest}");
    assert!(status.success());
}

#[test]
fn an_address_that_is_taken_gets_its_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("identity.db");
    for address in ["ada@example.com", "grace@example.com"] {
        let mut run = Run::on(&file);
        let code = run.asks_code(address);
        run.type_line(&code);
        run.hear("Right: it is verified.");
        run.end();
    }
    let mut run = Run::on(&file);
    run.type_line("grace@example.com");
    run.hear("Welcome back");
    // Nobody learns that it is somebody else's before they have shown that they read its messages.
    let code = run.asks_code("ada@example.com");
    run.type_line(&code);
    run.hear("That did not work: this address cannot be used here; use another one.");
    let (rest, _) = run.end();
    assert!(rest.contains("email: grace@example.com (verified, primary)"), "{rest}");
    assert!(rest.contains("email: ada@example.com (unverified)"), "{rest}");
}

#[test]
fn the_end_of_the_input_gets_its_sentence_wherever_it_comes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("identity.db");
    let (told, status) = Run::on(&file).end();
    assert!(told.contains("Nobody was added."), "{told}");
    assert!(status.success());
    let mut run = Run::on(&file);
    run.asks_code("ada@example.com");
    let (told, status) = run.end();
    assert!(told.contains("The input ended before the code. Nothing is lost"), "{told}");
    assert!(status.success());
}

#[test]
fn no_input_makes_it_panic() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = Run::on(&folder.path().join("identity.db"));
    let mut input = run.input.take().unwrap();
    // In a thread of its own: the program answers while it reads.
    let typing = std::thread::spawn(move || {
        input.write_all(&[0xff, 0xfe, b'\n', 0, b'\n']).unwrap();
        input.write_all(&vec![b'9'; 1 << 20]).unwrap();
        input.write_all(b"@\n").unwrap();
    });
    let (told, status) = run.end();
    typing.join().unwrap();
    assert!(status.success(), "{told}");
}

#[test]
fn a_wrong_argument_says_so_and_creates_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["--hlep"][..], &["a.db", "b.db"]] {
        let output =
            Command::new(env!("CARGO_BIN_EXE_quickstart")).args(arguments).current_dir(&folder).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains("Usage:"));
    }
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
}

#[test]
fn a_file_that_is_no_database_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("letter.txt");
    let letter = "Dear Ada,\n".repeat(1_000);
    std::fs::write(&file, &letter).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_quickstart")).arg(&file).stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("letter.txt"), "{told}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), letter);
}
