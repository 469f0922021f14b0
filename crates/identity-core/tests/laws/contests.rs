//! Laws of contested ownership: somebody proves an address that is verified with another user.
#![expect(clippy::indexing_slicing, reason = "there are two users and two addresses, and each is named by its number")]

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use identity_core::policy::{By, ContestPolicy, FreshnessPolicy, PrimaryPolicy};
use identity_core::{
    Actor, Answer, BudgetKind, ClaimPolicy, Commit, Content, ContestAnswer, ContestOutcome, Context, Decision,
    DisavowToken, Event, IdentifierId, NewAddress, NewUser, NoticeKind, Planned, Policy, Recorded, Refusal, Rival,
    Stored, Timestamp, User, UserId, UserKey, Version, plan, stored,
};

use crate::kit::{Bench, email, kinds, secs, staff};

const DAY: u64 = 86_400;
const MAILS: [&str; 2] = ["ada@example.com", "bob@example.com"];

/// Two users of one tenant with their claims, as a store keeps them, and everything that was written.
#[derive(Clone)]
struct World {
    users: [Option<Stored>; 2],
    now: Timestamp,
    written: Vec<Commit>,
}

type Decided<T> = Result<Decision<T>, Refusal>;

impl World {
    fn new(bench: &mut Bench) -> Self {
        let mut users = ["ada", "bob"].map(|name| {
            let new = NewUser { id: Some(UserId::parse(name).unwrap()), ..NewUser::default() };
            let events = bench.on(&staff(), |context| User::create(&new, context)).unwrap().events;
            let user = Arc::new(User::from_events(&events).unwrap());
            Some(Stored { user, version: Version(events.len() as u64), claims: Vec::new() })
        });
        users.iter_mut().flatten().for_each(|stored| stored.claims.clear());
        Self { users, now: bench.now, written: Vec::new() }
    }

    fn user(&self, who: usize) -> &User {
        &self.users[who].as_ref().unwrap().user
    }

    fn id(&self, who: usize, mail: usize) -> Option<IdentifierId> {
        let user = &self.users[who].as_ref()?.user;
        user.identifiers().find(|entry| entry.address == email(MAILS[mail])).map(|entry| entry.id)
    }

    fn number(user: &UserId) -> usize {
        usize::from(user.as_str() == "bob")
    }

    /// Changes a user as the use cases do: a decision ends the other half of a contest in the same commit, and one whose commit
    /// meets the claim of the other user is made once more and contests it.
    fn change<T>(
        &mut self,
        bench: &mut Bench,
        who: usize,
        actor: &Actor,
        decide: impl Fn(&User, &Context<'_>) -> Decided<T>,
    ) -> Result<T, Refusal> {
        let stored = self.users[who].clone().ok_or(Refusal::UserNotFound)?;
        bench.now = self.now;
        let (first, outcome, end) = bench.on(actor, |context| {
            let Decision { mut events, outcome } = decide(&stored.user, context)?;
            let end = stored.user.ends_contest(&mut events, context);
            Ok::<_, Refusal>((self.planned(who, &stored, events, context), outcome, end))
        })?;
        let Some(mut commit) = first else { return Ok(outcome) };
        if let Some(end) = &end {
            commit = self.with(bench, commit, Self::number(&end.with), |user, context| {
                Some(user.follow_contest(end, context).events)
            })?;
        }
        let Err(taken) = self.write(commit) else { return Ok(outcome) };
        if actor.is_administrator() || !bench.policy.contest().opens() {
            return Err(taken.0);
        }
        let (owner, claim) = (1 - who, taken.1);
        let owner_id = self.user(owner).id().clone();
        let rival = Rival { owner: &owner_id, key: &claim };
        let (events, outcome, commit) = bench.on(actor, |context| {
            let context = Context { rival: Some(rival), ..*context };
            let Decision { events, outcome } = decide(&stored.user, &context)?;
            Ok::<_, Refusal>((events.clone(), outcome, self.planned(who, &stored, events, &context).unwrap()))
        })?;
        let commit = self.with(bench, commit, owner, |user, context| {
            let context = Context { rival: Some(rival), ..*context };
            Some(user.contested_by(&stored.user, &events, &context)?.events)
        });
        self.write(commit.map_err(|_| taken.0)?).map_err(|(refusal, _)| refusal)?;
        Ok(outcome)
    }

    fn planned(&self, who: usize, stored: &Stored, events: Vec<Event>, context: &Context<'_>) -> Option<Commit> {
        let key = UserKey { tenant: context.tenant.clone(), user: stored.user.id().clone() };
        assert_eq!(who, Self::number(&key.user));
        plan(&key, Some(stored), Decision { events, outcome: () }, context).unwrap().commit
    }

    /// The commit with what is decided of the other user; refused where nothing is.
    fn with(
        &self,
        bench: &mut Bench,
        commit: Commit,
        other: usize,
        decide: impl Fn(&User, &Context<'_>) -> Option<Vec<Event>>,
    ) -> Result<Commit, Refusal> {
        let Some(stored) = &self.users[other] else { return Ok(commit) };
        let actor = Actor::contest();
        bench.on(&actor, |context| {
            let events = decide(&stored.user, context).ok_or(Refusal::Contested)?;
            let planned =
                |commit| Planned { commit, user: Arc::clone(&stored.user), version: stored.version, outcome: () };
            let also = planned(self.planned(other, stored, events, context));
            Ok(planned(Some(commit)).with(also, context).commit.unwrap())
        })
    }

    /// Writes a commit, or refuses what another user holds. What one part releases the other one may take.
    fn write(&mut self, commit: Commit) -> Result<(), (Refusal, identity_core::ClaimKey)> {
        assert_eq!(commit.check(), Ok(()));
        let mut users = self.users.clone();
        for part in commit.parts() {
            let who = Self::number(&part.key.user);
            let held = users[who].take().unwrap();
            assert_eq!(identity_core::Expected::At(held.version), part.expected);
            users[who] = part.after.as_ref().map(|user| {
                let claims = part.claims.clone().applied_to(held.claims);
                Stored { user: Arc::clone(user), version: part.version(), claims }
            });
        }
        let held = |who: usize| users[who].iter().flat_map(|stored| &stored.claims);
        if let Some(twice) = held(0).find(|claim| held(1).any(|other| other.key == claim.key)) {
            return Err((Refusal::from(twice), twice.key.clone()));
        }
        self.users = users;
        self.written.push(commit);
        Ok(())
    }

    fn add(&mut self, bench: &mut Bench, who: usize, mail: usize) -> Result<IdentifierId, Refusal> {
        let new = NewAddress::from(email(MAILS[mail]));
        self.change(bench, who, &Actor::Holder, |user, context| user.add(&new, context))
    }

    /// Proves an address with a code.
    fn prove(&mut self, bench: &mut Bench, who: usize, mail: usize) -> Result<identity_core::Confirmation, Refusal> {
        let id = self.id(who, mail).ok_or(Refusal::IdentifierNotFound)?;
        let issued = self.change(bench, who, &staff(), |user, context| user.issue_code(id, context))?;
        self.change(bench, who, &Actor::Holder, |user, context| user.confirm(id, Answer::Code(&issued.code), context))
    }

    /// Ada has the first address verified, and Bob proved it.
    fn contested(bench: &mut Bench) -> Self {
        let mut world = Self::new(bench);
        for who in [0, 1] {
            world.add(bench, who, 0).unwrap();
            world.now = world.now + secs(5);
            world.prove(bench, who, 0).unwrap();
        }
        world
    }

    fn answer(
        &mut self,
        bench: &mut Bench,
        who: usize,
        actor: &Actor,
        answer: ContestAnswer,
    ) -> Result<ContestOutcome, Refusal> {
        let open = self.users[who].as_ref().and_then(|stored| Some(stored.user.contest()?.1.id));
        let open = open.ok_or(Refusal::NoContest)?;
        self.change(bench, who, actor, |user, context| user.answer_contest(open, answer, context))
    }

    fn is_verified(&self, who: usize, mail: usize) -> bool {
        self.id(who, mail).is_some_and(|id| self.user(who).identifier(id).unwrap().is_verified())
    }

    /// The kinds of the events that the last commit wrote of each user, the one who decided first.
    fn kinds(&self) -> Vec<(&str, Vec<&'static str>)> {
        let kinds = |part: &'_ Commit| {
            let events: Vec<Event> = part.events.iter().map(|recorded| recorded.event.clone()).collect();
            kinds(&events)
        };
        self.written.last().unwrap().parts().map(|part| (part.key.user.as_str(), kinds(part))).collect()
    }

    /// Who was told what by the last commit.
    fn told(&self) -> Vec<(String, NoticeKind)> {
        let messages = self.written.last().unwrap().parts().flat_map(|part| &part.messages);
        let notice = |outgoing: &identity_core::Outgoing| match &outgoing.message.content {
            Content::Notice { what, .. } => Some((outgoing.message.to.to_string(), *what)),
            _ => None,
        };
        messages.filter_map(notice).collect()
    }

    /// What decides what may come next, without times and ids.
    fn shape(&self) -> String {
        let mut shape = String::new();
        for stored in &self.users {
            let Some(user) = stored.as_ref().map(|stored| &stored.user) else {
                shape.push_str("gone;");
                continue;
            };
            let first = user.identifiers().filter_map(|entry| entry.verified()).map(|verified| verified.at).min();
            for entry in user.identifiers() {
                let replaces = entry.replaces.and_then(|id| user.identifier(id)).map(|old| old.address.to_string());
                let contest = entry.contest.as_ref().map(|open| (open.is_of_owner(), open.until.is_some()));
                let status = match entry.verified() {
                    Some(verified) => format!("verified {}", Some(verified.at) == first),
                    None => format!("pending {}", entry.challenge().is_some()),
                };
                let primary = user.emails().is_primary(entry.id);
                shape.push_str(&format!("{} {status} {primary} {replaces:?} {contest:?},", entry.address));
            }
            shape.push(';');
        }
        shape
    }

    /// Asserts that nothing has two owners, and that the halves of a contest fit together.
    fn check(&self) {
        for mail in [0, 1] {
            assert!(!(self.is_verified(0, mail) && self.is_verified(1, mail)), "two owners: {}", self.shape());
        }
        for (who, stored) in self.users.iter().enumerate() {
            let Some(stored) = stored else { continue };
            let needed = stored.user.claims(ClaimPolicy::Verified);
            assert!(stored.claims.iter().map(|claim| &claim.key).eq(needed.keys()), "claims: {}", self.shape());
            let Some((entry, open)) = stored.user.contest() else { continue };
            assert_eq!(entry.is_verified(), open.is_of_owner(), "{}", self.shape());
            let other = self.users[1 - who].as_ref().and_then(|other| other.user.contest());
            let (theirs, half) = other.unwrap_or_else(|| panic!("a contest without an end: {}", self.shape()));
            assert_eq!((half.id, &theirs.address, half.is_of_owner()), (open.id, &entry.address, !open.is_of_owner()));
            assert_eq!(open.with.as_ref().map(Self::number), Some(1 - who));
        }
    }
}

fn policy(contest: ContestPolicy) -> Policy {
    let primary = PrimaryPolicy::builder().last_verified(By::Anyone).build().unwrap();
    Policy::default().with_contest(contest).with_primary(primary)
}

fn asking() -> ContestPolicy {
    ContestPolicy::ask_owner(secs(DAY)).unwrap()
}

fn bench(contest: ContestPolicy) -> Bench {
    Bench::new(policy(contest))
}

#[derive(Debug, Clone, Copy)]
enum Act {
    Add(usize),
    Prove(usize),
    Remove(usize),
    Replace(usize),
    Unverify(usize),
    Attest(usize),
    Answer(ContestAnswer),
    Decide(ContestAnswer),
    Lapse,
    Erase,
}

/// The acts that end a contest, whoever of the two they are done to.
const ENDS: [Act; 4] =
    [Act::Decide(ContestAnswer::Agree), Act::Decide(ContestAnswer::Object), Act::Erase, Act::Remove(9)];

impl Act {
    fn all() -> Vec<Self> {
        let each = (0..2).flat_map(|mail| {
            [Self::Add(mail), Self::Prove(mail), Self::Remove(mail), Self::Replace(mail), Self::Unverify(mail)]
        });
        let answers = [ContestAnswer::Agree, ContestAnswer::Object].into_iter();
        let answers = answers.flat_map(|answer| [Self::Answer(answer), Self::Decide(answer)]);
        each.chain((0..2).map(Self::Attest)).chain(answers).chain([Self::Lapse, Self::Erase]).collect()
    }

    fn on(self, world: &mut World, bench: &mut Bench, who: usize) -> Result<(), Refusal> {
        let id = |mail| world.id(who, mail).ok_or(Refusal::IdentifierNotFound);
        match self {
            Self::Add(mail) => world.add(bench, who, mail).map(drop),
            Self::Prove(mail) => world.prove(bench, who, mail).map(drop),
            Self::Remove(9) => {
                let id = world.user(who).contest().ok_or(Refusal::NoContest)?.0.id;
                world.change(bench, who, &Actor::Holder, |user, context| user.remove(id, context))
            }
            Self::Remove(mail) => {
                let id = id(mail)?;
                world.change(bench, who, &Actor::Holder, |user, context| user.remove(id, context))
            }
            Self::Replace(mail) => {
                let (id, new) = (id(mail)?, NewAddress::from(email(MAILS[1 - mail])));
                world.change(bench, who, &Actor::Holder, |user, context| user.replace(id, &new, context)).map(drop)
            }
            Self::Unverify(mail) => {
                let id = id(mail)?;
                world.change(bench, who, &staff(), |user, context| user.mark_unverified(id, context))
            }
            Self::Attest(mail) => {
                let id = id(mail)?;
                world.change(bench, who, &staff(), |user, context| user.mark_verified(id, None, context))
            }
            Self::Answer(answer) => world.answer(bench, who, &Actor::Holder, answer).map(drop),
            Self::Decide(answer) => world.answer(bench, who, &staff(), answer).map(drop),
            Self::Lapse => {
                let until = world.users[who].as_ref().and_then(|stored| stored.user.contest()?.1.until);
                world.now = until.ok_or(Refusal::NoContest)?;
                let id = world.user(who).contest().ok_or(Refusal::NoContest)?.0.id;
                world.change(bench, who, &Actor::Holder, |user, context| Ok(user.carry_out(id, context))).map(drop)
            }
            Self::Erase => world.change(bench, who, &staff(), User::erase),
        }
    }
}

/// Every state that two users with two addresses can reach, by whatever they and the staff do. The number of states is finite
/// because a state is told without its times and ids.
fn explored(contest: ContestPolicy) -> (usize, usize) {
    let mut bench = bench(contest);
    let first = World::new(&mut bench);
    let mut seen = BTreeSet::from([first.shape()]);
    let mut open = 0;
    let mut queue = VecDeque::from([first]);
    while let Some(mut world) = queue.pop_front() {
        world.written.clear();
        world.now = world.now + secs(1);
        if world.users.iter().flatten().any(|stored| stored.user.contest().is_some()) {
            open += 1;
            for (act, who) in ENDS.into_iter().flat_map(|act| [(act, 0), (act, 1)]) {
                let mut ended = world.clone();
                act.on(&mut ended, &mut bench, who).unwrap();
                let left = ended.users.iter().flatten().find_map(|stored| stored.user.contest());
                assert!(left.is_none(), "{act:?} of {who} leaves a contest: {}", world.shape());
            }
        }
        for (act, who) in Act::all().into_iter().flat_map(|act| [(act, 0), (act, 1)]) {
            let mut next = world.clone();
            let refused = act.on(&mut next, &mut bench, who).is_err();
            next.check();
            // An act in two steps may be refused in the second one.
            if (!refused || matches!(act, Act::Prove(_))) && seen.insert(next.shape()) {
                queue.push_back(next);
            }
        }
    }
    (seen.len(), open)
}

#[test]
fn c96_no_state_of_two_users_has_two_owners_or_a_contest_without_an_end() {
    for (name, contest, opens) in [
        ("ask", asking(), true),
        ("administrator", ContestPolicy::administrator(), true),
        ("transfer", ContestPolicy::transfer_now(), false),
        ("refuse", ContestPolicy::refuse(), false),
    ] {
        let (states, open) = explored(contest);
        println!("{name}: {states} states, {open} of them with an open contest");
        assert_eq!(open > 0, opens, "{name}");
        assert!(states > 100, "{name}: {states}");
    }
}

#[test]
fn a_contest_changes_nothing_but_that_both_have_their_half_and_the_owner_is_told() {
    let mut bench = bench(asking());
    let world = World::contested(&mut bench);
    assert_eq!(world.kinds(), [("bob", vec!["contest_opened"]), ("ada", vec!["contest_opened"])]);
    assert!(world.is_verified(0, 0) && !world.is_verified(1, 0));
    assert_eq!(world.told(), [(MAILS[0].to_owned(), NoticeKind::Contested)], "also at the address itself");
    let ((_, owner), (entry, half)) = (world.user(0).contest().unwrap(), world.user(1).contest().unwrap());
    assert_eq!((owner.until, half.until), (Some(world.now + secs(DAY)), owner.until));
    assert_eq!(entry.challenge(), None, "the challenge was answered");
    for who in [0, 1] {
        let holder = Arc::new(world.user(who).clone()).seen_by_holder();
        assert_eq!(holder.contest().unwrap().1.with, None, "nobody sees whom the other half belongs to");
        // Both halves are stored.
        let key = UserKey { tenant: bench.tenant.clone(), user: world.user(who).id().clone() };
        let record = stored::record(&key.tenant, world.user(who), Version(7));
        assert_eq!(&stored::read(&key, Version(7), &record, None).unwrap(), world.user(who));
    }
    // What was proved is judged once, and not again when the address changes hands.
    let guesses = |world: &World| -> usize {
        let parts = world.written.last().unwrap().parts();
        parts.flat_map(|part| &part.charges).filter(|charge| charge.kind == BudgetKind::Guesses).count()
    };
    assert_eq!(guesses(&world), 1);
    let mut agreed = world.clone();
    agreed.now = agreed.now + secs(1);
    agreed.answer(&mut bench, 0, &Actor::Holder, ContestAnswer::Agree).unwrap();
    assert_eq!(guesses(&agreed), 0);
    // A message for an address under contest is asked for in vain.
    let mut again = world;
    assert_eq!(again.prove(&mut bench, 1, 0).unwrap_err(), Refusal::Contested);
}

#[test]
fn the_owner_who_agrees_hands_the_address_over_with_the_evidence_of_the_other() {
    let mut bench = bench(asking());
    let mut world = World::contested(&mut bench);
    let proved = world.now;
    world.now = world.now + secs(60);
    let outcome = world.answer(&mut bench, 0, &Actor::Holder, ContestAnswer::Agree).unwrap();
    assert_eq!(outcome, ContestOutcome::Transferred);
    let bob = vec!["contest_ended", "verified", "primary_changed"];
    assert_eq!(world.kinds(), [("ada", vec!["contest_ended", "removed", "primary_changed"]), ("bob", bob)]);
    assert_eq!(world.told(), [(MAILS[0].to_owned(), NoticeKind::Removed)]);
    let entry = world.user(1).primary_email().unwrap();
    assert_eq!(entry.verified().unwrap().at, proved, "the evidence is as old as the proof");
    let rests = world.written.last().unwrap().parts().flat_map(|part| &part.charges);
    assert_eq!(rests.filter(|charge| charge.kind == BudgetKind::Rest).count(), 0, "what changes hands does not rest");
    assert_eq!(world.answer(&mut bench, 0, &Actor::Holder, ContestAnswer::Agree).unwrap_err(), Refusal::NoContest);
}

#[test]
fn the_owner_who_objects_keeps_the_address_and_only_the_owner_answers() {
    let mut bench = bench(asking());
    let world = World::contested(&mut bench);
    let mut other = world.clone();
    let refused = other.answer(&mut bench, 1, &Actor::Holder, ContestAnswer::Agree).unwrap_err();
    assert_eq!(refused, Refusal::AdministratorOnly, "nobody decides their own contest");
    let mut kept = world;
    kept.add(&mut bench, 0, 1).unwrap();
    kept.prove(&mut bench, 0, 1).unwrap();
    assert_eq!(kept.answer(&mut bench, 0, &Actor::Holder, ContestAnswer::Object).unwrap(), ContestOutcome::Kept);
    assert_eq!(kept.kinds(), [("ada", vec!["contest_ended"]), ("bob", vec!["contest_ended"])]);
    assert_eq!(kept.told(), [(MAILS[1].to_owned(), NoticeKind::ContestEnded)]);
    assert!(kept.is_verified(0, 0) && !kept.is_verified(1, 0));
    // The same person may prove it again, and both go through it once more.
    kept.prove(&mut bench, 1, 0).unwrap();
    assert!(kept.user(0).contest().is_some());
}

#[test]
fn silence_transfers_the_address_exactly_at_the_deadline() {
    let mut bench = bench(asking());
    let mut world = World::contested(&mut bench);
    let (entry, open) = world.user(0).contest().unwrap();
    let (id, until) = (entry.id, open.until.unwrap());
    let lapse = |world: &mut World, bench: &mut Bench| {
        world.change(bench, 0, &staff(), |user, context| Ok(user.carry_out(id, context))).unwrap();
    };
    world.now = Timestamp::from_micros(until.as_micros() - 1);
    lapse(&mut world, &mut bench);
    assert!(world.is_verified(0, 0), "not before");
    world.now = until;
    lapse(&mut world, &mut bench);
    assert!(!world.is_verified(0, 0) && world.is_verified(1, 0));
    let written = world.written.len();
    lapse(&mut world, &mut bench);
    assert_eq!(world.written.len(), written, "once");
    // A contest that waits for an administrator never lapses.
    bench.policy = policy(ContestPolicy::administrator());
    let mut world = World::contested(&mut bench);
    world.now = world.now + secs(400 * DAY);
    lapse(&mut world, &mut bench);
    assert!(world.is_verified(0, 0));
}

#[test]
fn the_link_of_the_notice_objects_as_long_as_the_contest_is_open() {
    let mut bench = bench(asking());
    let world = World::contested(&mut bench);
    let message = &world.written.last().unwrap().also.as_ref().unwrap().messages[0].message;
    let token: DisavowToken = message.disavowal(&bench.keys).unwrap();
    let history: Vec<Recorded> = {
        let parts = world.written.iter().flat_map(Commit::parts).filter(|part| part.key.user.as_str() == "ada");
        parts.flat_map(|part| part.events.clone()).collect()
    };
    let mut objected = world;
    let undone = objected
        .change(&mut bench, 0, &Actor::Holder, |user, context| user.disavow(&history, &token, context))
        .unwrap();
    assert_eq!((undone.change, undone.about), (NoticeKind::Contested, email(MAILS[0])));
    assert_eq!(objected.kinds(), [("ada", vec!["contest_ended"]), ("bob", vec!["contest_ended"])]);
    assert!(objected.is_verified(0, 0));
    let again = objected.change(&mut bench, 0, &Actor::Holder, |user, context| user.disavow(&history, &token, context));
    assert_eq!(again.unwrap_err(), Refusal::NothingToUndo);
}

#[test]
fn a_contest_ends_the_freshness_of_the_owners_evidence_until_it_is_renewed() {
    let mut bench = bench(asking());
    bench.policy =
        bench.policy.clone().with_freshness(FreshnessPolicy::default().with_purpose("pay", secs(DAY)).unwrap());
    let mut world = World::contested(&mut bench);
    let is_fresh = |world: &World, policy: &Policy| {
        let entry = world.user(0).primary_email().unwrap();
        entry.is_fresh("pay", policy.freshness(), world.now)
    };
    assert!(!is_fresh(&world, &bench.policy));
    world.answer(&mut bench, 0, &Actor::Holder, ContestAnswer::Object).unwrap();
    assert!(!is_fresh(&world, &bench.policy), "to object proves nothing");
    world.now = world.now + secs(1);
    let now = world.now;
    let address = email(MAILS[0]);
    world
        .change(&mut bench, 0, &Actor::Holder, |user, context| {
            user.renew(&address, identity_core::Method::Code, now, context)
        })
        .unwrap();
    assert!(is_fresh(&world, &bench.policy));
}

#[test]
fn an_owner_who_gives_the_address_up_leaves_it_to_who_proved_it() {
    for act in [Act::Remove(0), Act::Erase, Act::Unverify(0)] {
        let mut bench = bench(ContestPolicy::administrator());
        let mut world = World::contested(&mut bench);
        act.on(&mut world, &mut bench, 0).unwrap();
        assert!(world.is_verified(1, 0), "{act:?}");
    }
    for act in [Act::Remove(0), Act::Erase] {
        let mut bench = bench(asking());
        let mut world = World::contested(&mut bench);
        act.on(&mut world, &mut bench, 1).unwrap();
        assert!(world.is_verified(0, 0) && world.user(0).contest().is_none(), "{act:?} withdraws");
    }
}

#[test]
fn an_undone_change_whose_address_has_another_owner_by_now_is_contested() {
    let mut bench = bench(asking());
    let mut world = World::new(&mut bench);
    let history = |world: &World| -> Vec<Recorded> {
        let parts = world.written.iter().flat_map(Commit::parts).filter(|part| part.key.user.as_str() == "ada");
        let new = NewUser { id: Some(UserId::parse("ada").unwrap()), ..NewUser::default() };
        let mut created = Bench::new(Policy::default());
        let created = created.on(&staff(), |context| User::create(&new, context)).unwrap().events;
        let created = (1..).zip(created).map(|(number, event)| Recorded { number, event });
        created.chain(parts.flat_map(|part| part.events.clone())).collect()
    };
    world.add(&mut bench, 0, 0).unwrap();
    world.prove(&mut bench, 0, 0).unwrap();
    world.now = world.now + secs(5);
    Act::Remove(0).on(&mut world, &mut bench, 0).unwrap();
    let token = world.written.last().unwrap().messages[0].message.disavowal(&bench.keys).unwrap();
    // Where addresses do not rest, somebody else has it at once.
    world.add(&mut bench, 1, 0).unwrap();
    world.prove(&mut bench, 1, 0).unwrap();
    let past = history(&world);
    let undone =
        world.change(&mut bench, 0, &Actor::Holder, |user, context| user.disavow(&past, &token, context)).unwrap();
    assert!(undone.contested);
    assert!(world.is_verified(1, 0) && !world.is_verified(0, 0));
    assert_eq!(world.kinds()[0].1, ["disavowed", "added", "contest_opened"]);
    assert_eq!(world.user(1).contest().unwrap().1.with.as_ref(), Some(world.user(0).id()));
    world.answer(&mut bench, 1, &Actor::Holder, ContestAnswer::Agree).unwrap();
    assert!(world.is_verified(0, 0) && world.user(0).primary_email().is_some());
}
