use std::collections::HashSet;
use std::error::Error;
use std::mem::take;

use identity::import::{Imported, UserRecord};
use identity::{Accepted, Admin, Notice, Notifier, NotifyError};
use tokio::runtime::Runtime;

/// The number of users that are handed to the store together.
const BATCH: usize = 1_000;

/// An import sends no message.
pub(crate) struct Nobody;

#[identity::async_trait]
impl Notifier for Nobody {
    async fn notify(&self, _: &Notice) -> Result<Accepted, NotifyError> {
        Err(NotifyError::permanent("the import does not send messages"))
    }
}

/// The reason why a row cannot be a user.
pub(crate) type Reason = String;

/// How many rows became users.
#[derive(Default)]
pub(crate) struct Done {
    pub(crate) new: u64,
    pub(crate) there: u64,
    pub(crate) left: u64,
}

/// Takes the rows of the other system in batches, and reports those that do not become users.
pub(crate) struct Import {
    admin: Admin,
    runtime: Runtime,
    names: Vec<String>,
    records: Vec<UserRecord>,
    /// Letters and digits of the addresses and usernames in the batch.
    seen: HashSet<String>,
    done: Done,
}

impl Import {
    pub(crate) fn new(admin: Admin, runtime: Runtime) -> Self {
        Self { admin, runtime, names: Vec::new(), records: Vec::new(), seen: HashSet::new(), done: Done::default() }
    }

    /// Takes a row, whose name the report will use: its key, and nothing personal.
    pub(crate) fn row(&mut self, name: String, record: Result<UserRecord, Reason>) -> Result<(), Box<dyn Error>> {
        match record {
            Ok(record) => {
                // A batch is imported at once. Of two users with one address the first is to keep it, so it goes ahead.
                let texts = texts(&record);
                if texts.iter().any(|text| self.seen.contains(text)) {
                    self.flush()?;
                }
                self.seen.extend(texts);
                self.names.push(name);
                self.records.push(record);
            }
            Err(reason) => self.leave(&name, &reason),
        }
        if self.records.len() >= BATCH { self.flush() } else { Ok(()) }
    }

    pub(crate) fn finish(mut self) -> Result<Done, Box<dyn Error>> {
        self.flush()?;
        Ok(self.done)
    }

    fn flush(&mut self) -> Result<(), Box<dyn Error>> {
        self.seen.clear();
        let outcomes = self.runtime.block_on(self.admin.import(take(&mut self.records)))?;
        for (name, outcome) in take(&mut self.names).into_iter().zip(outcomes) {
            match outcome {
                Imported::New => self.done.new += 1,
                Imported::AlreadyThere => self.done.there += 1,
                Imported::Refused(refusal) => self.leave(&name, &refusal.to_string()),
                other => self.leave(&name, &format!("{other:?}")),
            }
        }
        Ok(())
    }

    fn leave(&mut self, name: &str, reason: &str) {
        self.done.left += 1;
        println!("not imported: {name}: {reason}");
    }
}

fn texts(record: &UserRecord) -> Vec<String> {
    let addresses = record.emails.iter().chain(&record.phones).map(|entry| entry.address.0.as_str());
    let all = addresses.chain(record.username.as_ref().map(|entry| entry.username.as_str()));
    all.map(|text| text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()).collect()
}
