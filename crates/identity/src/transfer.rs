use std::sync::Arc;

use identity_core::{Refusal, User, UserId, UserRecord};
use identity_ports::{Cursor, ListOrder, ListQuery};
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use crate::{Admin, Error};

/// The outcome of the import of one user.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Imported {
    /// The user was imported.
    New,
    /// A user with this id exists, and was not changed. A repeated import has this outcome.
    AlreadyThere,
    /// A user with this id was erased, so the id is not used again.
    Erased,
    /// The rules do not allow the record. Nothing was written.
    Refused(Refusal),
}

/// A page of an export.
#[derive(Debug, Clone)]
pub struct Exported {
    /// The records of the users.
    pub records: Vec<UserRecord>,
    /// The position of the next page; `None` after the last one.
    pub next: Option<Cursor>,
}

/// The number of users that are imported concurrently, so that a store can write several in one transaction.
const AT_ONCE: usize = 64;

impl Admin {
    /// Imports a batch of users of another system, with their ids, times and statuses, checked by the same rules as other
    /// users; needs tokio. Each record succeeds or fails on its own; the outcomes are in the order of the batch. Repeating a
    /// batch changes nothing. The records of a batch are imported concurrently: of two that claim the same address, either may
    /// get it.
    ///
    /// No message is sent.
    ///
    /// # Errors
    /// [`Error::NoRuntime`] without tokio. [`Error::Store`] when the store fails, [`Error::Entropy`] when the source of
    /// randomness does. Users that were imported
    /// until then stay, and the batch can be repeated.
    pub async fn import(&self, batch: Vec<UserRecord>) -> Result<Vec<Imported>, Error> {
        let runtime = Handle::try_current().map_err(|_| Error::NoRuntime)?;
        let mut answers: Vec<Option<Imported>> = vec![None; batch.len()];
        let mut tasks = JoinSet::new();
        let mut batch = batch.into_iter().enumerate();
        loop {
            while tasks.len() < AT_ONCE
                && let Some((index, record)) = batch.next()
            {
                let admin = self.clone();
                tasks.spawn_on(async move { (index, admin.import_one(&record).await) }, &runtime);
            }
            let Some(joined) = tasks.join_next().await else { break };
            let (index, answer) = joined.map_err(identity_ports::StoreError::failed)?;
            if let Some(place) = answers.get_mut(index) {
                *place = Some(answer?);
            }
        }
        Ok(answers.into_iter().flatten().collect())
    }

    async fn import_one(&self, record: &UserRecord) -> Result<Imported, Error> {
        let key_of = |_: &()| self.identity.key(&record.id);
        let answer =
            self.identity.begin("admin.import", key_of, &self.actor, false, |context| User::import(record, context));
        match answer.await {
            Ok(_) => Ok(Imported::New),
            Err(Error::Refused(Refusal::UserExists)) => self.is_there(&record.id).await,
            // A user that is there already holds its addresses: it is no refusal to find them taken by itself.
            Err(Error::Refused(refusal)) => match self.is_there(&record.id).await? {
                Imported::AlreadyThere => Ok(Imported::AlreadyThere),
                _ => Ok(Imported::Refused(refusal)),
            },
            Err(error) => Err(error),
        }
    }

    async fn is_there(&self, user: &UserId) -> Result<Imported, Error> {
        let stored = self.identity.parts.store.load(&self.identity.key(user)).await?;
        Ok(stored.map_or(Imported::Erased, |_| Imported::AlreadyThere))
    }

    /// A page of users for another system, in the order of their creation, at most 1,000 per page. Open challenges are not
    /// exported.
    ///
    /// # Errors
    /// [`Error::Store`] when the store fails.
    pub async fn export(&self, after: Option<Cursor>, limit: usize) -> Result<Exported, Error> {
        let page = self.list(&ListQuery { order: ListOrder::Created, after, limit, prefix: None }).await?;
        let records = page.users.iter().map(|stored| UserRecord::from(Arc::as_ref(&stored.user))).collect();
        Ok(Exported { records, next: page.next })
    }
}
