//! One world, from its script to its end.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use identity::delivery::{Message, MessageId, PostState, Posted};
use identity::directory::Stored;
use identity::history::{Change, FeedCursor, FeedEvent, Recorded};
use identity::rules::Seed;
use identity::sign_in::SignInTicket;
use identity::store::{Outbox as _, UserKey, UserRepository as _};
use identity::system::{Clock as _, Entropy, EntropyError};
use identity::testing::HandClock;
use identity::user::Purpose;
use identity::{Address, Confirmation, Content, IdentifierId, Identity, Policy, TenantId};
use identity_memory::MemoryStore;

use super::acts::{Says, Told};
use super::bugs::Bug;
use super::model::{Broken, Facts, Held, Model, Name, hold, name};
use super::people::{ADDRESSES, address, is_name, keys, policies, tenant};
use super::port::{Port, Shared};
use super::post::{Answered, Provider};
use super::script::{Act, Dice, Fault, Mark, Road, Script, Step, TENANTS};
use super::turns::together;

/// What became of a world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// A number that two runs of one script have in common.
    pub digest: u64,
    /// The law that does not hold, with the step after which it does not.
    pub broken: Option<(usize, Broken)>,
    /// What happened at least once.
    pub reached: BTreeSet<String>,
}

/// Runs a world, with a bug that is planted or without one.
///
/// # Panics
/// When no runtime can be built.
#[must_use]
pub fn run(script: &Script, bug: Option<Bug>) -> Ran {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime of one thread");
    let mut world = World::new(script.seed, bug);
    let mut at = 0;
    let lived = catch_unwind(AssertUnwindSafe(|| {
        runtime.block_on(async {
            for (number, step) in script.steps.iter().enumerate() {
                at = number;
                world.step(number, step).await?;
            }
            world.end(script.steps.len()).await
        })
    }));
    let lived = lived.unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().cloned();
        let said = said.or_else(|| panic.downcast_ref::<&str>().map(|said| (*said).to_owned()));
        hold("nothing panics", false, || said.unwrap_or_default())
    });
    Ran { digest: world.digest.finish(), broken: lived.err().map(|broken| (at, broken)), reached: world.reached }
}

/// Randomness that the seed of the world determines.
#[derive(Clone)]
struct Seeds(u64, Arc<AtomicU64>);

impl Entropy for Seeds {
    fn seed(&self) -> Result<Seed, EntropyError> {
        let mut dice = Dice::new(self.0 ^ self.1.fetch_add(1, Ordering::SeqCst).wrapping_mul(0xd134_2543_de82_ef95));
        let mut bytes = [0; 32];
        bytes.chunks_exact_mut(8).for_each(|chunk| chunk.copy_from_slice(&dice.number().to_le_bytes()));
        Ok(Seed::new(bytes))
    }
}

/// A process of the host's service.
pub(super) struct Process {
    pub(super) identity: Identity,
    alive: Arc<AtomicBool>,
    keys: u8,
}

pub(super) struct World {
    pub(super) clock: HandClock,
    pub(super) provider: Provider,
    pub(super) processes: [Process; 2],
    pub(super) model: Model,
    pub(super) facts: Facts,
    /// The tickets of visitors, with what they typed, and those of users who are asked once more.
    pub(super) tickets: HashMap<u8, (u8, Option<Address>, SignInTicket)>,
    pub(super) step_ups: HashMap<u8, SignInTicket>,
    /// Answers of the present step, by visitor or user.
    pub(super) answers: Vec<(u8, String)>,
    /// Codes that administrators were given.
    pub(super) issued: Vec<(UserKey, IdentifierId, String)>,
    shared: Arc<Shared>,
    policies: [Policy; 3],
    seeds: Seeds,
    cursor: FeedCursor,
    /// How many messages of the provider were looked at.
    looked: usize,
    ranks: BTreeMap<MessageId, u8>,
    digest: DefaultHasher,
    reached: BTreeSet<String>,
}

/// The clock is set back at most so far in all: beyond a day the library takes the clock for wrong before.
const FARTHEST: Duration = Duration::from_secs(72_000);

impl World {
    fn new(seed: u64, bug: Option<Bug>) -> Self {
        let clock = HandClock::default();
        let policies = policies().expect("policies that build");
        let shared = Shared::new(MemoryStore::new().with_clock(clock.clone()), bug);
        let provider = Provider { desk: Arc::default(), clock: clock.clone(), alive: Arc::new(AtomicBool::new(true)) };
        let seeds = Seeds(seed, Arc::default());
        let mut model = Model::new(policies.clone());
        // A username may read as an address.
        (0..ADDRESSES)
            .map(address)
            .filter(|address| is_name(address.as_str()))
            .for_each(|address| model.visited(&address));
        let process = || Process::new(&shared, &provider, &clock, &seeds, &policies, 0);
        Self {
            processes: [process(), process()],
            model,
            facts: Facts::default(),
            tickets: HashMap::new(),
            step_ups: HashMap::new(),
            answers: Vec::new(),
            issued: Vec::new(),
            cursor: FeedCursor::START,
            looked: 0,
            ranks: BTreeMap::new(),
            digest: DefaultHasher::new(),
            reached: BTreeSet::new(),
            clock,
            provider,
            shared,
            policies,
            seeds,
        }
    }

    pub(super) fn set_clock(&mut self, secs: i32) {
        let back = Duration::from_secs(if secs < 0 { secs.unsigned_abs().into() } else { 0 });
        if self.facts.set_back + back > FARTHEST {
            return;
        }
        if !back.is_zero() {
            self.facts.set_back += back;
            self.model.windows += 1;
        }
        self.clock.step(i64::from(secs) * 1_000_000);
    }

    pub(super) fn restart(&mut self, process: usize, keys: Option<u8>) {
        self.processes[process].alive.store(false, Ordering::SeqCst);
        let keys = match keys {
            Some(keys @ 1..=3) => {
                // Budgets have other names under another first key.
                self.model.windows += 2;
                keys
            }
            Some(_) => 0,
            None => self.processes[process].keys,
        };
        self.processes[process] =
            Process::new(&self.shared, &self.provider, &self.clock, &self.seeds, &self.policies, keys);
    }

    fn note(&mut self, what: &str, which: &str) {
        which.hash(&mut self.digest);
        let name = format!("{what} {which}");
        if !self.reached.contains(&name) {
            self.reached.insert(name);
        }
    }

    async fn step(&mut self, number: usize, step: &Step) -> Held {
        self.facts.step = number;
        self.facts.attempts.clear();
        self.facts.calm = step.fault == Fault::None;
        self.answers.clear();
        self.model.begin();
        let first = usize::from(step.process % 2);
        let place = |nth: usize| (first + nth) % 2;
        let mut begun: Vec<Act> = Vec::new();
        let mut works = Vec::new();
        let mut whose = Vec::new();
        let opens: Vec<_> = step.acts.iter().map(|act| self.open(*act)).collect();
        let mut before = Vec::new();
        // Time passes and processes begin anew before anybody calls them.
        let calls = |act: &Act| !matches!(act, Act::Wait(_) | Act::Set(_) | Act::Restart(_));
        for act in step.acts.iter().filter(|act| !calls(act)) {
            let _ = self.begin(*act, first);
        }
        for (nth, act) in step.acts.iter().enumerate().filter(|(_, act)| calls(act)) {
            if let Some(work) = self.begin(*act, place(nth)) {
                begun.push(*act);
                works.push(work);
                whose.push(place(nth));
                before.push(opens[nth]);
            }
        }
        self.facts.passed = self.clock.monotonic();
        let sole = works.len() == 1;
        let (leaves, ends) = match step.fault {
            Fault::Leave(turn) => (Some(turn), None),
            Fault::Kill(turn) => (None, Some(turn)),
            _ => (None, None),
        };
        let waits = works.len() > 1 || leaves.is_some() || ends.is_some();
        self.shared.expect(step.fault, waits);
        let alive = Arc::clone(&self.processes[first].alive);
        let told = together(works, step.order, |turn, nth| {
            if ends.is_some_and(|end| turn >= end) {
                alive.store(false, Ordering::SeqCst);
                return whose[nth] == first;
            }
            nth == 0 && leaves.is_some_and(|end| turn >= end)
        })
        .await;
        if ends.is_some() {
            self.restart(first, None);
        }
        let spawns = |act: &Act| matches!(act, Act::Deliver(_) | Act::Work(_) | Act::Import(..));
        if begun.iter().any(spawns) {
            // What goes on in the background comes to its end.
            tokio::time::sleep(Duration::from_secs(200)).await;
        }
        self.shared.expect(Fault::None, false);
        self.look(&begun, &told, &before, sole).await
    }

    /// The open challenge that an act is about.
    fn open(&self, act: Act) -> Option<Name> {
        let Act::Confirm(user, place, _) = act else { return None };
        let key = self.key(user);
        self.model.open(&key, self.model.id_of(&key, &address(place))?)
    }

    /// Looks at everything that a step may have changed.
    async fn look(&mut self, acts: &[Act], told: &[Option<Told>], opens: &[Option<Name>], sole: bool) -> Held {
        let facts = std::mem::take(&mut self.facts);
        let held = self.look_with(acts, told, opens, sole, &facts).await;
        self.facts = facts;
        held
    }

    async fn look_with(
        &mut self,
        acts: &[Act],
        told: &[Option<Told>],
        opens: &[Option<Name>],
        sole: bool,
        facts: &Facts,
    ) -> Held {
        let shared = Arc::clone(&self.shared);
        let mut touched: BTreeSet<UserKey> = BTreeSet::new();
        let keys: Vec<Option<UserKey>> = acts.iter().map(|act| self.subject(*act)).collect();
        let ids: Vec<Option<IdentifierId>> =
            acts.iter().zip(&keys).map(|(act, key)| self.meant(*act, key.as_ref())).collect();
        loop {
            let page = shared.events_after(self.cursor, 1).await.expect("the feed is read");
            self.cursor = page.next;
            if page.events.is_empty() {
                break;
            }
            let mut commits: BTreeMap<UserKey, Vec<Recorded>> = BTreeMap::new();
            for FeedEvent { key, recorded } in page.events {
                self.note("event", recorded.event.change.kind());
                (recorded.number, recorded.event.at.as_micros()).hash(&mut self.digest);
                commits.entry(key).or_default().push(recorded);
            }
            // Who was merged is judged as it was before.
            let goes =
                |events: &[Recorded]| events.iter().any(|it| matches!(it.event.change, Change::MergedInto { .. }));
            let mut commits: Vec<_> = commits.into_iter().collect();
            commits.sort_by_key(|(_, events)| goes(events));
            for (key, events) in commits {
                self.model.committed(&key, &events, facts)?;
                touched.insert(key);
            }
        }
        self.sent(&touched, facts).await?;
        let tenants: BTreeSet<TenantId> = touched.iter().map(|key| key.tenant.clone()).collect();
        tenants.iter().try_for_each(|tenant| self.model.owners(tenant))?;
        self.model.counted(facts)?;
        for (nth, act) in acts.iter().enumerate() {
            let Some(told) = &told[nth] else { continue };
            self.note("answer", told.answer);
            if let Some(key) = &keys[nth] {
                self.acknowledged(*act, key, told, (sole, facts), touched.contains(key)).await?;
            }
            self.said(*act, told, (keys[nth].as_ref(), ids[nth], opens[nth]), (sole, facts)).await?;
        }
        Ok(())
    }

    /// Looks at the messages and the users that were touched.
    async fn sent(&mut self, touched: &BTreeSet<UserKey>, facts: &Facts) -> Held {
        let shared = Arc::clone(&self.shared);
        let mut messages = Vec::new();
        for key in touched {
            let posted = shared.store.posted(key, None, 1_000).await.expect("the store reads");
            let stored = shared.store.load(key).await.expect("the store reads");
            let history = shared.history(key, 0, 100_000).await.expect("the store reads");
            self.model.posted(&posted);
            self.model.stored(key, stored.as_ref(), &history, &posted)?;
            messages.extend(posted.into_iter().map(|posted| posted.message));
        }
        let handed = self.provider.desk().handed[self.looked..].to_vec();
        self.looked += handed.len();
        for handed in &handed {
            (handed.message.id, handed.answered).hash(&mut self.digest);
            self.note("handed", &format!("{:?}", handed.answered));
            if handed.uncertain > 0 {
                self.note("handed", "again in doubt");
            }
            if !messages.iter().any(|message| message.id == handed.message.id) {
                self.model.seen(&handed.message);
                messages.push((*handed.message).clone());
            }
            self.model.handed(handed, facts)?;
        }
        self.model.kept(&messages)?;
        for handed in handed
            .iter()
            .filter(|handed| facts.calm && matches!(handed.answered, Answered::Transient | Answered::Unknown))
        {
            let there = shared.store.message(handed.message.id).await.expect("the store reads");
            if there.as_ref().is_some_and(|posted| posted.state() == PostState::DeadLetter) {
                self.note("post", "dead letter");
            }
            let at = self.clock.now() + facts.set_back;
            hold("no message is lost", there.is_some() || self.model.may_be_gone(&handed.message, at), || {
                format!("{} is gone", handed.message.id)
            })?;
        }
        Ok(())
    }

    /// The user whom an act is about.
    fn subject(&self, act: Act) -> Option<UserKey> {
        match act {
            Act::Create(user, _, _, 0..=9)
            | Act::Add(_, user, ..)
            | Act::Start(_, user, ..)
            | Act::Confirm(user, ..)
            | Act::Open(user, ..)
            | Act::Issue(user, _)
            | Act::Mark(user, ..)
            | Act::Primary(_, user, _)
            | Act::Label(_, user, ..)
            | Act::Replace(_, user, ..)
            | Act::Remove(_, user, _)
            | Act::Name(_, user, _)
            | Act::Unname(_, user)
            | Act::Profile(user, _)
            | Act::Report(user, _)
            | Act::Switch(user, _)
            | Act::Erase(user)
            | Act::Merge(_, user, _)
            | Act::Import(user, ..) => Some(self.key(user)),
            _ => None,
        }
    }

    fn meant(&self, act: Act, key: Option<&UserKey>) -> Option<IdentifierId> {
        match act {
            Act::Confirm(_, place, _) | Act::Issue(_, place) | Act::Mark(_, place, _) | Act::Start(_, _, place, _) => {
                self.model.id_of(key?, &address(place))
            }
            _ => None,
        }
    }

    /// What was acknowledged is there, and what was refused left nothing.
    async fn acknowledged(
        &mut self,
        act: Act,
        key: &UserKey,
        told: &Told,
        (sole, facts): (bool, &Facts),
        touched: bool,
    ) -> Held {
        let stored: Option<Stored> = self.shared.store.load(key).await.expect("the store reads");
        if sole && facts.calm {
            let known = !matches!(told.answer, "contended" | "store");
            hold("a call alone succeeds or is refused", known, || format!("{act:?}: {}", told.answer))?;
            hold("a refusal writes nothing", told.answer == "ok" || !touched, || format!("{act:?}: {}", told.answer))?;
        }
        let decided = self.shared.bug.is_none_or(|bug| !bug.is_of_decisions());
        if let (Some((user, version, _)), true) = (&told.receipt, decided) {
            let erased = self.model.people.get(key).is_some_and(|person| person.erased);
            let there = stored.as_ref().is_some_and(|stored| {
                stored.version > *version || (stored.version == *version && stored.user == *user)
            });
            hold("an acknowledged change is there", there || erased, || format!("{act:?} at version {}", version.0))?;
        }
        if let (Act::Erase(_), "ok") = (act, told.answer) {
            hold("an erased user is gone", stored.is_none(), || key.user.to_string())?;
        }
        Ok(())
    }

    /// What the answers say.
    async fn said(
        &mut self,
        act: Act,
        told: &Told,
        (key, id, open): (Option<&UserKey>, Option<IdentifierId>, Option<Name>),
        (sole, facts): (bool, &Facts),
    ) -> Held {
        let at = told.receipt.as_ref().map(|(.., at)| *at);
        match (&told.says, act, key, id) {
            (Says::Judged(judged), Act::Confirm(..), Some(key), Some(id)) => {
                let wrong = matches!(judged, Confirmation::Rejected { .. });
                self.note("judged", if wrong { "wrong" } else { "right" });
                let open = open.filter(|open| sole && !wrong || self.model.open(key, id) == Some(*open));
                let at = at.unwrap_or_else(|| self.clock.now());
                self.model.told_judged(key, id, open, wrong, (at, facts.passed))?;
            }
            (Says::Issued(code), Act::Issue(..), Some(key), Some(id)) => {
                self.model.issued(key, id, code);
                self.issued.push((key.clone(), id, code.clone()));
            }
            (Says::Ticket(ticket), Act::SignIn(visitor, number, place, _), ..) => {
                self.tickets.insert(visitor, (number, Some(address(place)), ticket.clone()));
            }
            (Says::Ticket(ticket), Act::SignInName(visitor, number, _), ..) => {
                self.tickets.insert(visitor, (number, None, ticket.clone()));
            }
            (Says::Ticket(ticket), Act::StepUp(user, _), ..) => drop(self.step_ups.insert(user, ticket.clone())),
            (Says::Proof(None), Act::Answer(visitor, ..), ..) => {
                if let Some((number, _, ticket)) = self.tickets.get(&visitor) {
                    let text = self.answers.iter().find(|(of, _)| *of == visitor).map(|(_, text)| text.len());
                    // A link is not counted.
                    if text.is_some_and(|length| length < 20) {
                        self.model.ticket_wrong(&tenant(*number), ticket.as_str())?;
                    }
                }
            }
            (Says::Proof(Some(proof)) | Says::SignedIn(proof, _), Act::Answer(who, ..) | Act::Again(who, _), ..) => {
                self.note("proof", proof.purpose().as_str());
                let handed = self.provider.desk().handed.clone();
                // Somebody may give two answers at once, and does not learn which of them was the right one.
                let texts: Vec<_> = self.answers.iter().filter(|(of, _)| *of == who).map(|(_, text)| &**text).collect();
                let signs_in = proof.purpose() == Purpose::SignIn;
                let created = matches!(act, Act::Answer(.., true));
                let claim = (proof.address(), proof.user());
                self.model.proved(
                    proof.tenant(),
                    claim,
                    (&texts, proof.purpose()),
                    &handed,
                    (facts, sole && signs_in && !created),
                )?;
                if let Says::SignedIn(_, user) = &told.says
                    && sole
                {
                    self.note("proof", "signed in");
                    let key = UserKey { tenant: proof.tenant().clone(), user: user.clone() };
                    let has = self.model.people.get(&key).is_some_and(|person| person.has_verified(proof.address()));
                    hold("who signs in has the address verified", has, || user.to_string())?;
                }
            }
            (Says::Found(found), Act::Look(number, place), ..) => {
                for user in found {
                    let key = UserKey { tenant: tenant(number), user: user.clone() };
                    let has = self.model.id_of(&key, &address(place)).is_some();
                    hold("who is found has the address in that tenant", has || !sole, || user.to_string())?;
                }
            }
            (Says::Merged(left), Act::Merge(..), Some(key), _) => {
                self.note("merge", if left.is_empty() { "done" } else { "in conflict" });
                if sole && left.is_empty() {
                    let admin = self.processes[0].identity.for_tenant(key.tenant.clone()).admin("staff");
                    for gone in self.model.merged_into(key) {
                        let found = admin.get(&gone.user).await.map(|user| user.id().clone());
                        let is_it = found.as_ref().is_ok_and(|found| *found == key.user);
                        hold("the id of a merged user means the other one", is_it, || {
                            format!("{} and not {}: {found:?}", gone.user, key.user)
                        })?;
                    }
                }
            }
            (Says::Rank(Some(rank)), Act::Callback(nth, _), ..) if sole => {
                let handed = self.provider.desk().handed.iter().rev().nth(nth.into()).map(|handed| handed.message.id);
                if let Some(id) = handed {
                    let known = self.ranks.insert(id, *rank);
                    hold("a report does not go back", known.is_none_or(|known| known <= *rank), || id.to_string())?;
                }
            }
            _ => {}
        }
        let calm = sole && facts.calm && told.answer == "ok";
        if let (Act::Mark(.., Mark::Unverified), true, Some(key), Some(id)) = (act, calm, key, id) {
            self.model.ended(key, id, facts.step);
        }
        if let (Act::Start(road, ..), true, Some(key), Some((user, ..))) = (act, calm, key, &told.receipt) {
            let posted: Vec<Posted> = self.shared.store.posted(key, None, 1_000).await.expect("the store reads");
            let open = id.and_then(|id| user.identifier(id)?.challenge());
            let named = open.zip(id).map(|(open, id)| name(key, id, open));
            let is_there = posted.iter().any(|posted| is_named(&posted.message, named));
            if !is_there {
                self.note("post", "withheld");
                let withheld = road == Road::Holder && open.is_some_and(|open| open.is_decoy());
                hold("a code that is asked for is enqueued", withheld || self.was_handed(named), || {
                    key.user.to_string()
                })?;
            }
        }
        Ok(())
    }

    fn was_handed(&self, named: Option<Name>) -> bool {
        self.provider.desk().handed.iter().any(|handed| is_named(&handed.message, named))
    }

    /// What is left at the end.
    async fn end(&mut self, number: usize) -> Held {
        self.facts = Facts { step: number, calm: true, ..std::mem::take(&mut self.facts) };
        let dump = self.shared.store.dump().expect("the store is read");
        let dump = String::from_utf8_lossy(&dump);
        for text in self.model.forgotten() {
            hold("nothing of an erased user is left", !dump.contains(text), || text.to_owned())?;
        }
        for number in 0..TENANTS {
            self.model.owners(&tenant(number))?;
        }
        Ok(())
    }
}

fn is_named(message: &Message, named: Option<Name>) -> bool {
    let Content::Challenge { identifier, challenge } = &message.content else { return false };
    Some(name(&message.key, *identifier, challenge)) == named
}

impl Process {
    fn new(
        shared: &Arc<Shared>,
        provider: &Provider,
        clock: &HandClock,
        seeds: &Seeds,
        policies: &[Policy; 3],
        named: u8,
    ) -> Self {
        let port = Port::new(shared);
        let alive = Arc::clone(&port.alive);
        let provider = Provider { alive: Arc::clone(&alive), ..provider.clone() };
        let mut identity =
            Identity::new(port, provider, keys(named)).with_clock(clock.clone()).with_entropy(seeds.clone());
        for (number, policy) in (0..).zip(policies) {
            identity = identity.with_tenant_policy(tenant(number), policy.clone());
        }
        Self { identity, alive, keys: named }
    }
}
