//! The service of the manual's page "An afternoon": as short as the page says, and the same on both databases.
#![expect(clippy::unwrap_used, reason = "what is not there fails its test")]

use std::io::{BufRead as _, BufReader, Lines};
use std::net::TcpListener;
use std::process::{Child, ChildStdout, Command, Stdio};

use postgres_testbed::Cluster;

use crate::browser::Browser;

const SOURCE: &str = include_str!("../../src/bin/afternoon.rs");
const PAGE: &str = include_str!("../../../../crates/identity/src/manual/an_afternoon.md");

/// What nobody has used, to be listened to by a process that tells nobody where it listens.
fn free() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

struct Afternoon {
    process: Child,
    printed: Lines<BufReader<ChildStdout>>,
}

impl Afternoon {
    /// The code of the next message to this address.
    fn code(&mut self, to: &str) -> String {
        let mut codes = self
            .printed
            .by_ref()
            .map(Result::unwrap)
            .filter(|line| line.contains(&format!("[not sent] To {to}: your code is ")));
        codes.next().unwrap().rsplit(' ').next().unwrap().to_owned()
    }
}

impl Drop for Afternoon {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn the_service_of_an_afternoon_has_at_most_120_lines_and_is_on_its_page() {
    assert!(PAGE.contains(&format!("```rust,ignore\n{SOURCE}```\n")));
    assert!(SOURCE.lines().count() <= 120);
    assert!(SOURCE.lines().all(|line| line.chars().count() <= 120), "rustfmt leaves long texts alone");
}

#[test]
fn the_service_of_an_afternoon_signs_up_and_in_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    goes_through(&format!("sqlite:{}", folder.path().join("afternoon.db").display()));
}

#[test]
fn the_service_of_an_afternoon_signs_up_and_in_on_postgres() {
    let database = Cluster::shared().database();
    goes_through(&database.url());
    assert_eq!(database.sql("select plan from members"), "free", "one sign-up is one row");
}

fn goes_through(database: &str) {
    let address = free();
    let mut command = Command::new(env!("CARGO_BIN_EXE_afternoon"));
    command.env_clear().env("DATABASE_URL", database).env("IDENTITY_KEY", "5a".repeat(32)).env("LISTEN", &address);
    let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut printed = BufReader::new(process.stdout.take().unwrap()).lines();
    let listening = printed.by_ref().map(Result::unwrap).find(|line| line.contains("listening"));
    assert!(listening.unwrap().contains(&address));
    let mut afternoon = Afternoon { process, printed };

    let mut browser = Browser::start();
    for _ in 0..2 {
        browser.open(&format!("http://{address}/"));
        browser.reads("Sign up or sign in");
        browser.fill("#address", "ada@example.com");
        browser.press("Send a code");
        browser.fill("#code", &afternoon.code("ada@example.com"));
        browser.press("Sign in");
        browser.reads("Hello, ada@example.com");
        browser.reads("Your plan is free.");
        browser.press("Your addresses");
        browser.reads("Confirmed · Primary");
        browser.open(&format!("http://{address}/"));
        browser.press("Sign out");
    }
    browser.reads("Sign up or sign in");
    drop(browser);
    let id = afternoon.process.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    assert!(afternoon.process.wait().unwrap().success(), "it stops when it is told to");
}
