//! A store in memory with one selected fault.

mod commits;
mod feed;
mod keys;
mod letters;
mod reads;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use identity_conformance::{Harness, Store};
use identity_core::{
    BudgetKind, Charge, Claim, ClaimKey, Message, MessageId, Recorded, Refund, Report, TenantId, Timestamp, UserKey,
};
use identity_memory::MemoryStore;
use identity_ports::{
    Backlog, Budgets, Changed, Commit, CommitError, Committed, Cursor, Directory, DirectoryPage, DirectoryQuery,
    EventFeed, FeedCursor, FeedError, FeedEvent, FeedPage, Found, Lease, LeaseId, Leased, ListQuery, Outbox, Page,
    Posted, Settled, Settlement, StoreError, Stored, UserRepository,
};

/// The fault of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// No fault.
    None,
    /// A commit that creates a user overwrites an existing one.
    CreateOverwrites,
    /// The id of an erased user is accepted as new.
    ErasedIdsAreNew,
    /// A commit succeeds whatever version was read.
    VersionsAreIgnored,
    /// Only the last event of a commit is kept.
    OneEventACommit,
    /// The typed form of an address is lost.
    TypedFormsAreLost,
    /// Times are stored in whole milliseconds.
    TimesAreCut,
    /// The hint of a challenge is lost.
    HintsAreLost,
    /// A release removes the claim of any user.
    ReleasesTouchAnybody,
    /// A claim that anybody holds is taken, verified or not.
    FirstComeHolds,
    /// The strength of a claim that the user holds does not change.
    StrengthIsKept,
    /// Claims are taken before others are released.
    ReleasedLast,
    /// The messages of a commit that conflicts are enqueued.
    ConflictsSend,
    /// A commit that finds a claim taken has already drawn from the budgets.
    TakenDraws,
    /// A commit that finds a budget exhausted has already taken its claims.
    ExhaustedClaims,
    /// A withheld message draws from its other budgets.
    WithheldDraws,
    /// A budget that should withhold refuses.
    WithholdingRefuses,
    /// Windows begin on the full minute.
    WindowsOnTheMinute,
    /// Others draw between the check of a budget and the draw.
    QuotasRace,
    /// Tenants whose names differ only in case are mixed up.
    TenantsFold,
    /// A lease holds nothing.
    LeasesHoldNothing,
    /// Others lease between the search for due messages and the mark on them.
    LeasesRace,
    /// Every attempt counts as the first one.
    AttemptsAreNotCounted,
    /// Any lease settles any message.
    AnyLeaseSettles,
    /// A retry is due at once.
    RetriesAreDueAtOnce,
    /// Messages that were sent or failed are counted as pending.
    BacklogsCountTheEnded,
    /// A message that failed is removed.
    FailedAreDropped,
    /// The younger message is leased first.
    YoungestFirst,
    /// Pages are made by offset instead of by position.
    PagesByOffset,
    /// A full page always promises another one.
    FullPagesPromise,
    /// A prefix is used as an SQL pattern.
    PrefixesArePatterns,
    /// A directory counts the users of its page.
    PagesAreCounted,
    /// A directory searches anywhere in a key.
    SearchesAnywhere,
    /// Unverified addresses are found first.
    UnverifiedFirst,
    /// 100 users are found for all keys together.
    HundredForAllKeys,
    /// A page of the history begins with the given number instead of after it.
    HistoryOverlaps,
    /// The events of an erased user are kept unchanged.
    ErasedEventsStay,
    /// The messages of an erased user are kept.
    ErasedMessagesStay,
    /// Nothing is left after a restart.
    RestartForgets,
    /// Codes are stored with the messages that carry them.
    CodesAreWritten,
    /// A username in the form of an address claims only the name.
    NamesClaimNames,
    /// The messages of a user are leased side by side.
    UsersAreNotInOrder,
    /// The provider for the next attempt is lost.
    ProvidersAreForgotten,
    /// An attempt that was not settled counts as one that was not accepted.
    UnsettledIsForgotten,
    /// The latest report counts, whatever was reported before.
    LastReportCounts,
    /// A report on a pending message changes nothing.
    ReportsDoNotEnd,
    /// A sent message is removed at once.
    SentIsDropped,
    /// Pruning removes more than requested.
    PrunesAhead,
    /// Messages with a void challenge are sent.
    NothingIsWithdrawn,
    /// Every charge draws one unit.
    ChargesAreOne,
    /// The charges of a commit itself are not drawn.
    OwnChargesAreFree,
    /// A budget that is only recorded withholds.
    RecordingWithholds,
    /// Withheld and recorded messages are not reported.
    NothingIsTold,
    /// A refund goes to whichever window is open.
    RefundsGoAnywhere,
    /// A refund has no effect.
    NothingIsRefunded,
    /// Tenants are told apart by their first 64 characters.
    TenantsAreCut,
    /// Users are told apart by the first 64 characters of their ids.
    UsersAreCut,
    /// Budgets are told apart by the first 16 characters of their names.
    BudgetsAreCut,
    /// The names of budgets are compared without case.
    BudgetsFold,
    /// The tenant, the kind and the name of a budget are joined without a separator.
    BudgetsAreJoined,
    /// Claim keys are compared after NFKC.
    ClaimsFold,
    /// A refused claim is named as its holder has it.
    TakenTellsTheHolders,
    /// A window begins anew when the clock steps back.
    ClocksMoveWindows,
    /// A withheld message begins windows.
    WithheldBegins,
    /// A charge of 0 is not judged.
    NothingAlwaysFits,
    /// A charge of 0 begins a window.
    NothingBegins,
    /// A charge of 0 gives its window another end.
    NothingMovesEnds,
    /// A window lasts as long as the charge that began it says.
    FirstLengthCounts,
    /// A refund goes by the end that the first draw gave the window.
    FirstEndsRefunds,
    /// A lease looks at the first 64 due messages only.
    LeasesScan64,
    /// A lease looks at four times as many due messages as it may take.
    LeasesScanFourTimes,
    /// Behind an unknown message, every message gets the outcome of the one before it.
    OutcomesShift,
    /// No lease outlasts a restart.
    LeasesAreForgotten,
    /// The clock of the worker ends leases.
    WorkersClocksCount,
    /// Messages whose lease ended unsettled are withdrawn.
    EndedLeasesAreWithdrawn,
    /// Addresses are compared as they were typed.
    SpellingsDiffer,
    /// A commit that only changes what was typed is not written.
    SpellingsAreNotWritten,
    /// A sent message keeps the provider of an earlier attempt.
    ProvidersStay,
    /// At most 1,000 events are read.
    HistoryIsCapped,
    /// At most 1,000 messages are listed.
    PostedIsCapped,
    /// At most 1,000 users are counted.
    TotalsAreCapped,
    /// Events above 400 KiB are lost.
    LargeEventsAreLost,
    /// The first 100 events of an erased user are stripped.
    HundredAreStripped,
    /// The first 100 messages of an erased user are removed.
    HundredAreRemoved,
    /// Of two users with one key the second is not found.
    SecondIsDropped,
    /// Users are found by a key of any rule.
    RulesAreIgnored,
    /// Users are found by a key that NFKC makes equal.
    FindFolds,
    /// Those who no longer have a key count among the 100 that are found.
    GoneTakePlaces,
    /// An ascending list goes on into the next tenant.
    AscendingGoesOn,
    /// A descending list goes on into the tenant before.
    DescendingGoesOn,
    /// A page has one user more than it may have.
    OneTooMany,
    /// A list with a prefix has the order of the creation.
    PrefixesByCreation,
    /// A directory compares ids without case.
    DirectoryFoldsIds,
    /// A directory reads its page and its total from two snapshots.
    DirectoryTears,
    /// A directory has no order when it searches.
    MatchesAreUnordered,
    /// The total of a page of no users is 0.
    NothingHasNoTotal,
    /// A user and the claims are read from two snapshots.
    LoadsTear,
    /// Claims are written in a later transaction.
    ClaimsComeLater,
    /// Budgets are drawn in a later transaction.
    BudgetsComeLater,
    /// Budgets are drawn in an earlier transaction.
    BudgetsComeEarly,
    /// A message of somebody who is no user is dropped.
    VisitorsAreDropped,
    /// A message that is enqueued again is a second one.
    EnqueuesAgain,
    /// Messages that no commit brings are kept apart from those of their users.
    EnqueuesApart,
    /// Others draw between the check of a draw and the draw.
    DrawsRace,
    /// A draw that is refused has drawn what stands before.
    RefusedDraws,
    /// A draw that is refused has given back what it was to give back.
    RefusedRefunds,
    /// A lease that is asked for again gets as many messages as its limit says.
    AgainIsCut,
    /// A lease that is asked for again gets what was reported on meanwhile.
    AgainShowsTheReported,
    /// A lease takes messages of tenants that it leaves out.
    NobodyIsLeftOut,
    /// Of messages with one id the first is kept, without a word.
    IdsAreUsedAgain,
    /// Claims come in the reverse order of their keys.
    ClaimsAreReversed,
    /// A key that is asked for twice is answered once.
    KeysAreFoundOnce,
    /// No user is listed under the empty prefix.
    EmptyPrefixesFindNobody,
    /// U+0000 is left out of the keys that are searched for.
    NulsAreIgnored,
    /// A claim with U+0000 is left out of its commit.
    NulsAreDropped,
    /// The feed is in the order of the times of the events.
    FeedIsByTime,
    /// The feed has the events of one tenant.
    FeedHasOneTenant,
    /// A page of the feed ends within a commit.
    FeedTearsCommits,
    /// The feed keeps the events of erased users as they were.
    FeedTellsOfTheErased,
    /// A position in the feed is drawn before the commit, which others may overtake.
    PositionsAreDrawnEarly,
    /// A page of no commits moves the cursor.
    EmptyPagesMove,
    /// A cursor of any store is taken.
    AnyCursorCounts,
    /// A cursor behind the last event waits for what will be there.
    CursorsMayBeAhead,
    /// The present is the beginning.
    NowIsTheStart,
    /// Readers of the feed hear only of commits after they began to wait.
    ReadersWakeLate,
    /// Of a commit of two users the first one is written.
    AlsoIsDropped,
    /// The version of the second user does not matter.
    AlsoIsUnchecked,
    /// The second user is written in a later transaction.
    AlsoComesLater,
    /// The second user is written first.
    AlsoComesFirst,
    /// The second user has budgets of its own.
    AlsoHasBudgets,
    /// Of two messages with one id the first user's is kept, without a word.
    AlsoUsesIdsAgain,
    /// The events of a second user who is erased are kept unchanged.
    AlsoIsNotStripped,
    /// Commits of two users in different orders lock each other out.
    OppositesDeadlock,
}

#[derive(Clone)]
pub(crate) struct FaultyStore {
    inner: MemoryStore,
    fault: Fault,
    notes: Arc<Mutex<Notes>>,
}

/// The state that a fault needs.
#[derive(Default)]
struct Notes {
    draws: HashMap<(BudgetKind, String), u64>,
    offsets: BTreeMap<(TenantId, Cursor), usize>,
    events: HashMap<UserKey, Vec<Recorded>>,
    messages: Vec<identity_core::Message>,
    holders: HashMap<MessageId, LeaseId>,
    tenants: BTreeSet<TenantId>,
    /// How many users no longer have a key.
    gone: HashMap<ClaimKey, usize>,
    /// The claims of users whose commits are not finished.
    late: HashMap<UserKey, Vec<Claim>>,
    /// The leases that had ended before the time of the tests.
    ended: HashMap<MessageId, LeaseId>,
    joined: HashMap<String, String>,
    windows: HashMap<(BudgetKind, String), keys::First>,
    /// The latest draw from a budget, and how often the time went back.
    steps: HashMap<(BudgetKind, String), (Timestamp, u64)>,
    /// The feed as this store tells it: commits by their positions.
    feed: BTreeMap<u64, Vec<FeedEvent>>,
    drawn: u64,
    /// The ids of the messages that commits brought.
    ids: BTreeSet<MessageId>,
    shadows: u64,
    /// The first user of each commit of two that is on its way.
    pairs: Vec<UserKey>,
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
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(FaultyStore { inner: self.store.clone(), fault: self.fault, notes: Arc::clone(&self.notes) })
    }

    async fn restart(&self, store: Arc<dyn Store>) -> Arc<dyn Store> {
        if self.fault == Fault::RestartForgets {
            return Arc::new(FaultyStore {
                inner: MemoryStore::new(),
                fault: self.fault,
                notes: Arc::clone(&self.notes),
            });
        }
        if self.fault == Fault::LeasesAreForgotten {
            let holders = std::mem::take(&mut self.notes.lock().unwrap().holders);
            for (id, lease) in holders {
                let outcome = Settlement::Release { due_at: identity_conformance::kit::NOW };
                self.store.settle(lease, vec![Settled { id, outcome }]).await.unwrap();
            }
        }
        store
    }

    async fn bytes_at_rest(&self) -> Vec<u8> {
        let mut bytes = self.store.dump().unwrap();
        bytes.extend(&self.notes.lock().unwrap().written);
        bytes
    }

    fn is_in_memory(&self) -> bool {
        true
    }
}

#[async_trait]
impl UserRepository for FaultyStore {
    async fn load(&self, key: &UserKey) -> Result<Option<Stored>, StoreError> {
        self.faulty_load(&self.key(key)).await
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
        self.feeding(commit).await
    }
}

#[async_trait]
impl EventFeed for FaultyStore {
    async fn events_after(&self, cursor: FeedCursor, limit: usize) -> Result<FeedPage, FeedError> {
        self.faulty_feed(cursor, limit).await
    }

    fn changed(&self) -> Changed {
        let inner = self.inner.clone();
        match self.fault {
            Fault::ReadersWakeLate => Box::pin(async move { inner.changed().await }),
            _ => inner.changed(),
        }
    }
}

#[async_trait]
impl Directory for FaultyStore {
    async fn browse(&self, tenant: &TenantId, query: &DirectoryQuery) -> Result<DirectoryPage, StoreError> {
        self.faulty_browse(&self.tenant(tenant), query).await
    }
}

#[async_trait]
impl Budgets for FaultyStore {
    async fn draw(&self, tenant: &TenantId, refunds: &[Refund], charges: &[Charge]) -> Result<(), CommitError> {
        self.faulty_draw(tenant, refunds, charges).await
    }
}

#[async_trait]
impl Outbox for FaultyStore {
    async fn enqueue(&self, message: Message) -> Result<(), StoreError> {
        self.faulty_enqueue(message).await
    }

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
    ) -> Result<Vec<Posted>, StoreError> {
        self.inner.dead_letters(&self.tenant(tenant), after, limit).await
    }

    async fn backlog(&self) -> Result<Backlog, StoreError> {
        self.faulty_backlog().await
    }
}

impl FaultyStore {
    /// Lets others go on for a while.
    async fn pause(&self) {
        for _ in 0..200 {
            tokio::task::yield_now().await;
        }
    }

    /// Waits until six tasks have come this far, or until no other seems to come, so that a race is lost every time.
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
}
