//! The flight that the store sends, as a script of `pgbench`'s: the text of its statement is read in the server's log.

use std::fmt::Write as _;
use std::process::Command;
use std::time::Duration;

use postgres_testbed::{Cluster, Database, USER, programs};
use tempfile::NamedTempFile;

use crate::commits::set;

/// A number that stands in no statement but for the user.
const SENTINEL: u64 = 987_654_321_012_345;

/// A script that does what a store did.
pub(crate) struct Pgbench(NamedTempFile);

impl Pgbench {
    /// Lets the store do it once for a user of this number, and makes of it a script that does it for any.
    pub(crate) fn like(cluster: &Cluster, database: &Database, once: impl FnOnce(u64)) -> Self {
        set(cluster, database, "set log_statement = 'all'");
        once(SENTINEL);
        set(cluster, database, "reset log_statement");
        let log = cluster.log();
        let lines: Vec<&str> = log.lines().collect();
        let at = lines.iter().rposition(|line| line.contains(": -- Commits of one tenant"));
        let at = at.unwrap_or_else(|| panic!("the statement is not in the log: {log}"));
        // The lines of a text that follow its first one begin with a tab.
        let more = lines.iter().skip(at + 1).take_while(|line| line.starts_with('\t'));
        let text: Vec<&str> = more.copied().collect();
        let values = lines.get(at + 1 + text.len()).and_then(|line| line.split_once("parameters: ")).unwrap().1;
        let file = NamedTempFile::new().unwrap();
        let commit = with_values(&text.join("\n"), &parameters(values));
        // The claim of each user is a key of its own, as is the store's.
        let hold = "SELECT set_config('identity.held', coalesce(string_agg(h.n::text, ','), ''), true) \
                    FROM (SELECT k.n FROM unnest(ARRAY[1]::int8[], ARRAY[:n]::int8[]) AS k(n, key) \
                    GROUP BY k.n HAVING bool_and(pg_try_advisory_xact_lock(k.key))) h";
        let script = format!(
            "\\set n random(1, 999999999999989)\n\\startpipeline\nBEGIN ISOLATION LEVEL READ COMMITTED;\n{hold};\n{commit};\n\
             COMMIT;\n\\endpipeline\n"
        );
        assert!(script.matches(":n").count() > 4, "the user is in it: {script}");
        std::fs::write(file.path(), script).unwrap();
        Self(file)
    }

    /// Transactions a second.
    pub(crate) fn run(&self, database: &Database, clients: usize, time: Duration) -> f64 {
        let mut pgbench = Command::new(programs().join("pgbench"));
        pgbench.args(["-n", "-M", "prepared", "-j", "2", "-h", "127.0.0.1", "-U", USER, "-p"]);
        pgbench.arg(database.port().to_string()).args(["-c", &clients.to_string(), "-T", &time.as_secs().to_string()]);
        let ran = pgbench.arg("-f").arg(self.0.path()).arg(database.name()).output().unwrap();
        let said = String::from_utf8(ran.stdout).unwrap();
        let tps = said.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
        let failed = said.lines().find(|line| line.starts_with("number of failed transactions"));
        assert!(failed.is_none_or(|line| line.contains(": 0 ")), "{said}");
        tps.unwrap_or_else(|| panic!("{said}{}", String::from_utf8_lossy(&ran.stderr)))
    }
}

/// The values of `$1 = '..', $2 = NULL, ..`, in their order.
fn parameters(text: &str) -> Vec<Option<String>> {
    let mut values = Vec::new();
    let mut rest = text;
    while let Some((_, value)) = rest.split_once(" = ") {
        if let Some(after) = value.strip_prefix("NULL") {
            values.push(None);
            rest = after;
            continue;
        }
        let mut inner = String::new();
        let mut characters = value.char_indices().skip(1).peekable();
        rest = "";
        while let Some((at, character)) = characters.next() {
            if character != '\'' {
                inner.push(character);
            } else if characters.next_if(|(_, next)| *next == '\'').is_some() {
                inner.push('\'');
            } else {
                rest = value.get(at + 1..).unwrap();
                break;
            }
        }
        values.push(Some(inner));
    }
    values
}

/// The text, without its comments and with its parameters in place.
fn with_values(text: &str, values: &[Option<String>]) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("--")).collect();
    let text = lines.join("\n");
    let mut script = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once('$') {
        let digits = after.find(|character: char| !character.is_ascii_digit()).unwrap();
        let (number, after) = after.split_at(digits);
        let value = values.get(number.parse::<usize>().unwrap() - 1).unwrap().as_deref().unwrap();
        if value.starts_with('{') && value.ends_with('}') {
            let elements: Vec<String> = elements(value).into_iter().map(expression).collect();
            let _ = write!(script, "{before}ARRAY[{}]", elements.join(", "));
        } else {
            let _ = write!(script, "{before}{}", expression(Some(value.to_owned())));
        }
        rest = after;
    }
    script + rest
}

/// The elements of `{a,"b c",NULL}`.
fn elements(array: &str) -> Vec<Option<String>> {
    let inner = array.strip_prefix('{').and_then(|array| array.strip_suffix('}')).unwrap();
    if inner.is_empty() {
        return Vec::new();
    }
    let mut elements = Vec::new();
    let (mut element, mut quoted, mut was_quoted) = (String::new(), false, false);
    let mut characters = inner.chars();
    loop {
        match characters.next() {
            Some('"') => (quoted, was_quoted) = (!quoted, true),
            Some('\\') => element.extend(characters.next()),
            Some(character) if quoted || character != ',' => element.push(character),
            end => {
                let element = std::mem::take(&mut element);
                let null = !was_quoted && element == "NULL";
                elements.push((!null).then_some(element));
                was_quoted = false;
                if end.is_none() {
                    return elements;
                }
            }
        }
    }
}

/// A value as SQL, with the script's own number in place of the sentinel. A colon would begin a variable.
fn expression(value: Option<String>) -> String {
    let Some(value) = value else { return "NULL".to_owned() };
    let sentinel = SENTINEL.to_string();
    let parts = value.split(&sentinel).map(|part| {
        let part = part.replace('\\', "\\\\").replace('\'', "''").replace(':', "\\x3a");
        format!("E'{part}'")
    });
    let parts: Vec<String> = parts.collect();
    if parts.len() == 1 { parts.concat() } else { format!("({})", parts.join(" || :n || ")) }
}
