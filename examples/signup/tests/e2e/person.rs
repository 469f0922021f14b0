//! A person with a browser, a mailbox and a telephone, in front of the service.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what is not there fails its test")]

use std::process::Command;

use host_e2e::Process;
use tempfile::TempDir;

use crate::browser::Browser;
use crate::mail_server::Server;

pub(crate) struct Person {
    pub(crate) browser: Browser,
    pub(crate) process: Process,
    mails: Server,
    codes_by_phone: usize,
    _folder: TempDir,
}

impl Person {
    /// Starts the service on a database, or on the one that it has when it is told none.
    pub(crate) fn before(database: Option<&str>, staff: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mails = Server::with(false, true);
        let mut signup = Command::new(env!("CARGO_BIN_EXE_signup"));
        signup.env_clear().current_dir(&folder).env("LISTEN", "127.0.0.1:0").env("LOG", "json");
        signup.env("IDENTITY_KEY", "5a".repeat(32)).env("STAFF", staff);
        signup.env("SMTP_URL", format!("smtp://127.0.0.1:{}", mails.port));
        if let Some(url) = database {
            signup.env("DATABASE_URL", url);
        }
        let process = Process::start(&mut signup);
        Self { browser: Browser::start(), process, mails, codes_by_phone: 0, _folder: folder }
    }

    pub(crate) fn open(&mut self, path: &str) {
        let url = format!("{}{path}", self.process.base());
        self.browser.open(&url);
    }

    /// The code of the next mail to this address that has one. Mails without one are news.
    pub(crate) fn code_by_mail(&self, to: &str) -> String {
        self.line_by_mail(to, |line| line.len() == 6 && line.bytes().all(|byte| byte.is_ascii_digit()))
    }

    /// The link of the next mail to this address that has one.
    pub(crate) fn link_by_mail(&self, to: &str) -> String {
        self.line_by_mail(to, |line| line.starts_with("http://"))
    }

    fn line_by_mail(&self, to: &str, is_it: impl Fn(&str) -> bool) -> String {
        loop {
            let mail = self.mails.mail();
            let line = mail["text"].as_str().unwrap().lines().map(str::trim).find(|line| is_it(line));
            if let Some(line) = line.filter(|_| mail["to"][0] == to) {
                return line.to_owned();
            }
        }
    }

    /// The next code to this number. Nobody sends text messages here, so the service prints it.
    pub(crate) fn code_by_phone(&mut self, to: &str) -> String {
        self.codes_by_phone += 1;
        let lines = self.process.printed.lines_with(&[to, "code is "], self.codes_by_phone);
        lines.last().unwrap().rsplit(' ').next().unwrap().to_owned()
    }

    /// Types an address.
    pub(crate) fn asks_for_a_code(&mut self, address: &str) {
        self.open("/sign-in");
        self.browser.fill("#address", address);
        self.browser.press("Send a code");
    }

    pub(crate) fn types_the_code(&mut self, code: &str) {
        self.browser.fill("#code", code);
        self.browser.press("Sign in");
    }

    /// Adds an address on the account page.
    pub(crate) fn adds(&mut self, address: &str) {
        self.browser.fill("#add", address);
        self.browser.press("Add");
    }

    /// Types a code on the page of an address.
    pub(crate) fn confirms(&mut self, code: &str) {
        self.browser.fill("#confirm", code);
        self.browser.press("Confirm");
    }

    /// Says their name.
    pub(crate) fn is_called(&mut self, name: &str) {
        self.browser.fill("#name", name);
        self.browser.press("Save");
    }
}

/// A code that this one is not.
pub(crate) fn not(code: &str) -> &'static str {
    if code == "111111" { "222222" } else { "111111" }
}
