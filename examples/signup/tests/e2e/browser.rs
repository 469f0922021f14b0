//! A headless Chromium, driven through the package `puppeteer-core` from npm.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a browser that does not start fails its test"
)]

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use host_e2e::npm_folder;
use serde_json::Value;

pub(crate) struct Browser {
    child: Child,
    /// Until the end.
    say: Option<ChildStdin>,
    hear: Lines<BufReader<ChildStdout>>,
}

impl Browser {
    pub(crate) fn start() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("signup-browser");
        npm_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("e2e"), &folder);
        let chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
        let chromium = chromium.into_iter().find(|program| Path::new(program).exists());
        let chromium = chromium.expect("this test needs Chromium: on Debian `apt-get install chromium`");
        let mut node = Command::new("node");
        node.current_dir(&folder).args(["browser.js", chromium]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = node.spawn().unwrap();
        let say = child.stdin.take();
        let mut hear = BufReader::new(child.stdout.take().unwrap()).lines();
        assert_eq!(hear.next().expect("the browser starts").unwrap(), "ready");
        Self { child, say, hear }
    }

    /// Does one thing.
    fn act(&mut self, action: &[&str]) -> Value {
        writeln!(self.say.as_mut().unwrap(), "{}", serde_json::to_string(action).unwrap()).unwrap();
        let said: Value = serde_json::from_str(&self.hear.next().unwrap().unwrap()).unwrap();
        match said.get("error") {
            Some(error) => panic!("{}", error.as_str().unwrap()),
            None => said.get("done").unwrap().clone(),
        }
    }

    pub(crate) fn open(&mut self, url: &str) {
        self.act(&["open", url]);
    }

    pub(crate) fn fill(&mut self, selector: &str, text: &str) {
        self.act(&["fill", selector, text]);
    }

    /// Presses the button or the link with this text, and waits for the next page.
    pub(crate) fn press(&mut self, text: &str) {
        self.act(&["press", text]);
    }

    /// Presses the first of these, and waits for the next page.
    pub(crate) fn press_first(&mut self, selector: &str) {
        self.act(&["press_first", selector]);
    }

    pub(crate) fn unfold(&mut self, text: &str) {
        self.act(&["unfold", text]);
    }

    /// Asserts that the page has this text.
    pub(crate) fn reads(&mut self, text: &str) {
        let page = self.act(&["text"]);
        assert!(page.as_str().unwrap().contains(text), "{text:?} is not on the page: {page:#}");
    }

    pub(crate) fn reads_nothing_of(&mut self, text: &str) {
        let page = self.act(&["text"]);
        assert!(!page.as_str().unwrap().contains(text), "{text:?} is on the page: {page:#}");
    }

    /// The cookie of the session; `None` when there is none.
    pub(crate) fn session(&mut self) -> Option<String> {
        self.act(&["session"]).as_str().map(str::to_owned)
    }

    /// Has the cookie of another session.
    pub(crate) fn become_session(&mut self, session: &str) {
        self.act(&["become", session]);
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver ends the browser when its input ends.
        self.say.take();
        let _ = self.child.wait();
    }
}
