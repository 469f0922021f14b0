//! A store with a fault of one's choice, around the one in memory that has none.

mod commits;
mod letters;
mod reads;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use identity_conformance::Harness;
use identity_core::{BudgetKind, ClaimKey, MessageId, Recorded, Report, TenantId, Timestamp, UserKey};
use identity_memory::MemoryStore;
use identity_ports::{
    Commit, CommitError, Committed, Cursor, DeadLetter, Directory, DirectoryPage, DirectoryQuery, Found, Lease,
    LeaseId, Leased, ListQuery, Outbox, Page, Posted, Settled, StoreError, Stored, UserRepository,
};

/// What is wrong with the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// A user that is to be created overwrites the one that is there.
    CreateOverwrites,
    /// The id of an erased user is taken as new.
    ErasedIdsAreNew,
    /// Whatever version was read, the commit goes through.
    VersionsAreIgnored,
    /// Of the events of a commit the last one is kept.
    OneEventACommit,
    /// What was typed is forgotten.
    TypedFormsAreLost,
    /// Times are kept in whole milliseconds.
    TimesAreCut,
    /// The hint of a challenge is forgotten.
    HintsAreLost,
    /// A release gives up whoever's claim it is.
    ReleasesTouchAnybody,
    /// A claim is taken, verified or not, once anybody holds it.
    FirstComeHolds,
    /// The strength of a claim that the user holds stays.
    StrengthIsKept,
    /// Claims are taken first and released then.
    ReleasedLast,
    /// The messages of a commit that conflicts are sent.
    ConflictsSend,
    /// A commit that finds a claim taken has drawn from the budgets.
    TakenDraws,
    /// A commit that finds a budget used up has taken its claims.
    ExhaustedClaims,
    /// A withheld message draws from its other budgets.
    WithheldDraws,
    /// A budget that withholds refuses.
    WithholdingRefuses,
    /// Windows begin on the full minute.
    WindowsOnTheMinute,
    /// Between the look into a budget and the draw others draw.
    QuotasRace,
    /// Names of tenants are one whatever their case.
    TenantsFold,
    /// A lease holds nothing.
    LeasesHoldNothing,
    /// Between the look for due messages and the mark on them others look.
    LeasesRace,
    /// Every attempt is the first one.
    AttemptsAreNotCounted,
    /// Any lease settles.
    AnyLeaseSettles,
    /// A retry is due at once.
    RetriesAreDueAtOnce,
    /// A message that failed is dropped.
    FailedAreDropped,
    /// The younger message goes first.
    YoungestFirst,
    /// Pages are counted, not marked by a place.
    PagesByOffset,
    /// A full page always promises another one.
    FullPagesPromise,
    /// The beginning of a key is a pattern of SQL's.
    PrefixesArePatterns,
    /// A directory counts the users of its page.
    PagesAreCounted,
    /// A directory finds what is anywhere in a key.
    SearchesAnywhere,
    /// Those who are not verified are found first.
    UnverifiedFirst,
    /// 100 are found for all keys together.
    HundredForAllKeys,
    /// The history begins with the number that was given.
    HistoryOverlaps,
    /// The events of an erased user are kept as they were.
    ErasedEventsStay,
    /// The messages of an erased user stay.
    ErasedMessagesStay,
    /// After a restart there is nothing.
    RestartForgets,
    /// Codes are written down with the messages that carry them.
    CodesAreWritten,
    /// A username that reads as an address claims the name alone.
    NamesClaimNames,
    /// A user's messages are leased side by side.
    UsersAreNotInOrder,
    /// The provider that was noted for the next attempt is forgotten.
    ProvidersAreForgotten,
    /// An attempt that was not settled is taken for one that did not come to anything.
    UnsettledIsForgotten,
    /// The last report counts, whatever was reported before.
    LastReportCounts,
    /// A report on a message on its way changes nothing.
    ReportsDoNotEnd,
    /// What was sent goes at once.
    SentIsDropped,
    /// Pruning removes more than it is asked for.
    PrunesAhead,
    /// What is void is sent all the same.
    NothingIsWithdrawn,
    /// Every charge is one.
    ChargesAreOne,
    /// A budget that is only watched withholds.
    RecordingWithholds,
    /// Nobody is told what was withheld or recorded.
    NothingIsTold,
    /// What is given back is given to whatever window is open.
    RefundsGoAnywhere,
    /// Nothing is given back.
    NothingIsRefunded,
}

pub(crate) struct FaultyStore {
    inner: MemoryStore,
    fault: Fault,
    notes: Arc<Mutex<Notes>>,
}

/// What a fault has to remember.
#[derive(Default)]
struct Notes {
    draws: HashMap<(BudgetKind, String), u64>,
    offsets: BTreeMap<(TenantId, Cursor), usize>,
    events: HashMap<UserKey, Vec<Recorded>>,
    messages: Vec<identity_core::Message>,
    holders: HashMap<MessageId, LeaseId>,
    shadows: u64,
    arrived: u64,
    written: Vec<u8>,
}

pub(crate) struct FaultyHarness {
    store: MemoryStore,
    fault: Fault,
    notes: Arc<Mutex<Notes>>,
}

impl FaultyHarness {
    pub(crate) fn new(fault: Fault) -> Self {
        Self { store: MemoryStore::new(), fault, notes: Arc::default() }
    }
}

#[async_trait]
impl Harness for FaultyHarness {
    type Store = FaultyStore;

    async fn open(&self) -> Arc<FaultyStore> {
        Arc::new(FaultyStore { inner: self.store.clone(), fault: self.fault, notes: Arc::clone(&self.notes) })
    }

    async fn restart(&self, store: Arc<FaultyStore>) -> Arc<FaultyStore> {
        if self.fault == Fault::RestartForgets {
            return Arc::new(FaultyStore {
                inner: MemoryStore::new(),
                fault: self.fault,
                notes: Arc::clone(&self.notes),
            });
        }
        store
    }

    async fn bytes_at_rest(&self) -> Vec<u8> {
        let mut bytes = self.store.dump().unwrap();
        bytes.extend(&self.notes.lock().unwrap().written);
        bytes
    }
}

#[async_trait]
impl UserRepository for FaultyStore {
    async fn load(&self, key: &UserKey) -> Result<Option<Stored>, StoreError> {
        self.inner.load(&self.key(key)).await
    }

    async fn find(&self, tenant: &TenantId, keys: &[ClaimKey]) -> Result<Vec<Found>, StoreError> {
        self.faulty_find(&self.tenant(tenant), keys).await
    }

    async fn list(&self, tenant: &TenantId, query: &ListQuery) -> Result<Page, StoreError> {
        self.faulty_list(&self.tenant(tenant), query).await
    }

    async fn history(&self, key: &UserKey, after: u64, limit: usize) -> Result<Vec<Recorded>, StoreError> {
        self.faulty_history(&self.key(key), after, limit).await
    }

    async fn commit(&self, commit: Commit) -> Result<Committed, CommitError> {
        self.faulty_commit(commit).await
    }
}

#[async_trait]
impl Directory for FaultyStore {
    async fn browse(&self, tenant: &TenantId, query: &DirectoryQuery) -> Result<DirectoryPage, StoreError> {
        self.faulty_browse(&self.tenant(tenant), query).await
    }
}

#[async_trait]
impl Outbox for FaultyStore {
    async fn lease(&self, lease: Lease) -> Result<Vec<Leased>, StoreError> {
        self.faulty_lease(lease).await
    }

    async fn settle(&self, lease: LeaseId, settled: Vec<Settled>) -> Result<usize, StoreError> {
        self.faulty_settle(lease, settled).await
    }

    async fn report(&self, message: MessageId, report: &Report) -> Result<Option<Posted>, StoreError> {
        self.faulty_report(message, report).await
    }

    async fn message(&self, message: MessageId) -> Result<Option<Posted>, StoreError> {
        self.inner.message(message).await
    }

    async fn posted(&self, key: &UserKey, after: Option<MessageId>, limit: usize) -> Result<Vec<Posted>, StoreError> {
        self.faulty_posted(key, after, limit).await
    }

    async fn prune(&self, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        self.faulty_prune(before, limit).await
    }

    async fn dead_letters(
        &self,
        tenant: &TenantId,
        after: Option<MessageId>,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, StoreError> {
        self.inner.dead_letters(&self.tenant(tenant), after, limit).await
    }
}

impl FaultyStore {
    fn tenant(&self, tenant: &TenantId) -> TenantId {
        if self.fault == Fault::TenantsFold {
            TenantId::parse(&tenant.as_str().to_lowercase()).unwrap()
        } else {
            tenant.clone()
        }
    }

    /// Waits until six have come this far, or until nobody else seems to come: a race that is lost every time.
    async fn dawdle(&self) {
        let together = {
            let mut notes = self.notes.lock().unwrap();
            notes.arrived += 1;
            notes.arrived.next_multiple_of(6)
        };
        for _ in 0..20_000 {
            if self.notes.lock().unwrap().arrived >= together {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    fn key(&self, key: &UserKey) -> UserKey {
        UserKey { tenant: self.tenant(&key.tenant), user: key.user.clone() }
    }
}
