//! A test bench: a clock moved by hand, counted seeds, a key, a policy, and users on whom decisions are made.

use std::fmt::Debug;
use std::time::Duration;

use identity_core::{
    Actor, Address, Answer, Challenge, Code, CodeKeys, Confirmation, Content, Context, Decision, Email, Event, Funding,
    Identifier, IdentifierId, KeyId, LinkToken, NewAddress, NewUser, NoticeKind, Outgoing, Phone, Policy, ProofBy,
    Refusal, Seed, Started, TenantId, Timestamp, User, UserId, Verification, Version, messages,
};

pub(crate) fn email(text: &str) -> Address {
    Email::parse(text).unwrap().into()
}

pub(crate) fn phone(text: &str) -> Address {
    Phone::parse(text).unwrap().into()
}

pub(crate) fn code(text: &str) -> Code {
    Code::parse(text).unwrap()
}

pub(crate) fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

pub(crate) fn kinds(events: &[Event]) -> Vec<&'static str> {
    events.iter().map(|event| event.change.kind()).collect()
}

pub(crate) fn staff() -> Actor {
    Actor::Administrator("staff".into())
}

/// The context of a test: everything but the user.
pub(crate) struct Bench {
    pub(crate) now: Timestamp,
    pub(crate) policy: Policy,
    pub(crate) keys: CodeKeys,
    pub(crate) tenant: TenantId,
    /// What pays for a code.
    pub(crate) funding: Funding,
    seeds: u64,
}

impl Bench {
    pub(crate) fn new(policy: Policy) -> Self {
        Self {
            now: Timestamp::from_secs(1_700_000_000),
            policy,
            keys: CodeKeys::new(KeyId::parse("test").unwrap(), &[7; 32]).unwrap(),
            tenant: TenantId::default(),
            funding: Funding::Shared,
            seeds: 0,
        }
    }

    pub(crate) fn on<R>(&mut self, actor: &Actor, decide: impl FnOnce(&Context<'_>) -> R) -> R {
        self.seeds += 1;
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&self.seeds.to_be_bytes());
        let seed = Seed::new(bytes);
        decide(&Context {
            now: self.now,
            seed: &seed,
            tenant: &self.tenant,
            policy: &self.policy,
            keys: &self.keys,
            actor,
            funding: self.funding,
            heeds_rest: !actor.is_administrator(),
            rival: None,
        })
    }
}

/// A user with the events and messages so far.
pub(crate) struct Person {
    pub(crate) bench: Bench,
    pub(crate) user: User,
    pub(crate) history: Vec<Event>,
    /// All messages so far; `news` holds those of the last decision.
    pub(crate) post: Vec<Outgoing>,
    pub(crate) news: Vec<Outgoing>,
}

/// A new user under the default policy.
pub(crate) fn given() -> Person {
    given_under(Policy::default())
}

pub(crate) fn given_under(policy: Policy) -> Person {
    let mut bench = Bench::new(policy);
    let new = NewUser { id: Some(UserId::parse("ada").unwrap()), ..NewUser::default() };
    let created = bench.on(&staff(), |context| User::create(&new, context)).unwrap();
    let user = User::from_events(&created.events).unwrap();
    Person { bench, user, history: created.events, post: Vec::new(), news: Vec::new() }
}

/// The result of a decision.
#[must_use]
pub(crate) struct When<T> {
    pub(crate) result: Result<T, Refusal>,
    pub(crate) events: Vec<Event>,
}

impl<T: Debug> When<T> {
    /// Asserts that the decision was accepted with events of these kinds, and returns its outcome.
    #[track_caller]
    pub(crate) fn then(self, expected: &[&str]) -> T {
        let outcome = self.result.unwrap();
        assert_eq!(kinds(&self.events), expected);
        outcome
    }

    #[track_caller]
    pub(crate) fn done(self) -> T {
        self.result.unwrap()
    }

    #[track_caller]
    pub(crate) fn refused(self) -> Refusal {
        self.result.unwrap_err()
    }
}

type Decided<T> = Result<Decision<T>, Refusal>;

impl Person {
    pub(crate) fn act<T>(&mut self, actor: &Actor, decide: impl FnOnce(&User, &Context<'_>) -> Decided<T>) -> When<T> {
        self.news.clear();
        let (user, read) = (&self.user, self.history.len() as u64);
        let decided = self.bench.on(actor, |context| {
            let decision = decide(user, context)?;
            let after = user.after(&decision.events);
            let news = messages(Version(read), Some(user), after.as_ref(), &decision.events, context);
            Ok((decision, after, news))
        });
        match decided {
            Ok((decision, after, news)) => {
                self.user = after.unwrap_or_else(|| self.user.clone());
                self.history.extend(decision.events.iter().cloned());
                self.post.extend(news.iter().cloned());
                self.news = news;
                When { result: Ok(decision.outcome), events: decision.events }
            }
            Err(refusal) => When { result: Err(refusal), events: Vec::new() },
        }
    }

    pub(crate) fn holder<T>(&mut self, decide: impl FnOnce(&User, &Context<'_>) -> Decided<T>) -> When<T> {
        self.act(&Actor::Holder, decide)
    }

    pub(crate) fn admin<T>(&mut self, decide: impl FnOnce(&User, &Context<'_>) -> Decided<T>) -> When<T> {
        self.act(&staff(), decide)
    }

    pub(crate) fn pass(&mut self, time: u64) {
        self.bench.now = self.bench.now + secs(time);
    }

    pub(crate) fn step_back(&mut self, time: u64) {
        self.bench.now = self.bench.now - secs(time);
    }

    pub(crate) fn add(&mut self, address: Address) -> When<IdentifierId> {
        self.holder(|user, context| user.add(&address.into(), context))
    }

    pub(crate) fn add_verified(&mut self, address: Address) -> IdentifierId {
        self.admin(|user, context| user.add(&NewAddress::from(address).verified(), context)).done()
    }

    pub(crate) fn replace(&mut self, old: IdentifierId, address: Address) -> When<IdentifierId> {
        self.holder(|user, context| user.replace(old, &address.into(), context))
    }

    pub(crate) fn remove(&mut self, id: IdentifierId) -> When<()> {
        self.holder(|user, context| user.remove(id, context))
    }

    pub(crate) fn start(&mut self, id: IdentifierId) -> When<Started> {
        self.start_by(id, ProofBy::Code)
    }

    pub(crate) fn start_by(&mut self, id: IdentifierId, proof: ProofBy) -> When<Started> {
        let request = Verification { proof, ..Verification::default() };
        self.holder(|user, context| user.start_verification(id, &request, context))
    }

    /// An address that was added and sent a code.
    pub(crate) fn pending(&mut self, address: Address) -> IdentifierId {
        let id = self.add(address).done();
        self.start(id).done();
        id
    }

    pub(crate) fn answer(&mut self, id: IdentifierId, code: &Code) -> When<Confirmation> {
        self.holder(|user, context| user.confirm(id, Answer::Code(code), context))
    }

    pub(crate) fn open(&mut self, id: IdentifierId, link: &LinkToken) -> When<Confirmation> {
        self.holder(|user, context| user.confirm(id, Answer::Link(link), context))
    }

    /// The code that the latest message to this address carries.
    pub(crate) fn code(&self, id: IdentifierId) -> Code {
        self.challenge_message(id).code(&self.bench.keys).unwrap()
    }

    pub(crate) fn link(&self, id: IdentifierId) -> LinkToken {
        self.challenge_message(id).link(&self.bench.keys).unwrap()
    }

    fn challenge_message(&self, wanted: IdentifierId) -> &identity_core::Message {
        let of_it = |outgoing: &&Outgoing| match &outgoing.message.content {
            Content::Challenge { identifier, .. } => *identifier == wanted,
            _ => false,
        };
        &self.post.iter().rev().find(of_it).unwrap().message
    }

    pub(crate) fn right(&mut self, id: IdentifierId) -> When<Confirmation> {
        let code = self.code(id);
        self.answer(id, &code)
    }

    /// A code that differs from the right one in its first symbol.
    pub(crate) fn wrong(&mut self, id: IdentifierId) -> When<Confirmation> {
        let right = self.code(id).reveal().to_owned();
        let first = if right.starts_with('1') { "2" } else { "1" };
        self.answer(id, &code(&format!("{first}{}", &right[1..])))
    }

    pub(crate) fn entry(&self, id: IdentifierId) -> &Identifier {
        self.user.identifier(id).unwrap()
    }

    pub(crate) fn challenge(&self, id: IdentifierId) -> &Challenge {
        self.entry(id).challenge().unwrap()
    }

    /// The notices of the last decision, each with its recipient, kind and subject, in a sorted order.
    pub(crate) fn notices(&self) -> Vec<(String, NoticeKind, String)> {
        let notice = |outgoing: &Outgoing| match &outgoing.message.content {
            Content::Notice { what, about, .. } => Some((outgoing.message.to.to_string(), *what, about.to_string())),
            _ => None,
        };
        let mut notices: Vec<_> = self.news.iter().filter_map(notice).collect();
        notices.sort_by_key(|(to, what, about)| (to.clone(), format!("{what:?}"), about.clone()));
        notices
    }
}
