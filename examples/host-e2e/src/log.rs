use std::io::{BufRead as _, BufReader, Read};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// The longest wait for a line.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a process writes, line by line, as it comes.
#[derive(Debug, Clone, Default)]
pub struct Log(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    more: Condvar,
}

#[derive(Debug, Default)]
struct State {
    lines: Vec<String>,
    ended: bool,
}

impl Log {
    /// Reads from `source` to its end, on a thread of its own.
    pub fn of(source: impl Read + Send + 'static) -> Self {
        let log = Self::default();
        let shared = Arc::clone(&log.0);
        std::thread::spawn(move || {
            for line in BufReader::new(source).lines() {
                shared.state.lock().unwrap().lines.push(line.unwrap());
                shared.more.notify_all();
            }
            shared.state.lock().unwrap().ended = true;
            shared.more.notify_all();
        });
        log
    }

    /// Waits for the first line that has all of `texts` in it.
    ///
    /// # Panics
    /// When the process ends without one, or is silent for a minute.
    #[must_use]
    pub fn line_with(&self, texts: &[&str]) -> String {
        self.lines_with(texts, 1).remove(0)
    }

    /// Waits until `count` lines have all of `texts` in them, and gives those.
    ///
    /// # Panics
    /// When the process ends before, or is silent for a minute.
    #[must_use]
    pub fn lines_with(&self, texts: &[&str], count: usize) -> Vec<String> {
        let mut state = self.0.state.lock().unwrap();
        loop {
            let found = state.lines.iter().filter(|line| texts.iter().all(|text| line.contains(text)));
            let found: Vec<String> = found.take(count).cloned().collect();
            if found.len() == count {
                return found;
            }
            assert!(!state.ended, "the process ended before it logged {texts:?} {count} times: {:#?}", state.lines);
            let (later, waited) = self.0.more.wait_timeout(state, PATIENCE).unwrap();
            assert!(!waited.timed_out(), "nothing was logged for {PATIENCE:?}, and no {texts:?}: {:#?}", later.lines);
            state = later;
        }
    }

    /// The lines so far.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.0.state.lock().unwrap().lines.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_waited_for_and_found_by_all_of_its_texts() {
        let (reader, mut writer) = std::io::pipe().unwrap();
        let log = Log::of(reader);
        let waiting = std::thread::spawn({
            let log = log.clone();
            move || log.lines_with(&["code", "ada"], 2)
        });
        std::io::Write::write_all(&mut writer, b"code bob\ncode ada 1\nada\ncode ada 2\n").unwrap();
        assert_eq!(waiting.join().unwrap(), ["code ada 1", "code ada 2"]);
    }

    #[test]
    #[should_panic(expected = "ended before it logged [\"ada\"] 1 times")]
    fn waiting_ends_with_the_process() {
        let _ = Log::of(&b"bob\n"[..]).line_with(&["ada"]);
    }
}
