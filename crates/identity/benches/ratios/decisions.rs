//! The rules by themselves: no store, nothing to wait for.

use std::hint::black_box;
use std::sync::Arc;

use hmac::{Hmac, KeyInit as _, Mac as _};
use identity::history::Actor;
use identity::rules::{Answer, Context, Decision, Seed, messages};
use identity::store::ClaimChanges;
use identity::system::{Clock as _, Entropy as _, OsEntropy, SystemClock};
use identity::{
    Code, CodeKeys, Confirmation, Email, NewAddress, NewUser, Phone, Policy, Refusal, TenantId, User, UserId,
    Verification, Version,
};
use sha2::Sha256;

use crate::flow::{self, derive};
use crate::measure::{in_turns, nanos_each};
use crate::people::Person;
use crate::table::{Row, Target, Unit};

pub(crate) fn rows() -> Vec<Row> {
    let rules = Rules::new();
    let (user, code) = rules.waiting(&Person { email: "ada@example.com".into(), phone: "+441514960453".into() });
    let seed = OsEntropy.seed().unwrap();
    let context = rules.context(&seed, &Actor::Holder);
    let phone = user.phones().entries().first().unwrap().id;
    let confirm = |_| {
        let decision = black_box(&user).confirm(phone, Answer::Code(black_box(&code)), &context).unwrap();
        assert_eq!(black_box(decision).outcome, Confirmation::Verified);
    };
    // As many bytes as a code is bound to: label, tenant, user, identifier, address, purpose, nonce, each with its length.
    let bound = 7 * 8 + 16 + 7 + 36 + 16 + 13 + 12 + 16 + 4;
    let keyed = Hmac::<Sha256>::new_from_slice(&[0x5a; 32]).unwrap();
    let bytes = vec![7; bound];
    let hmac = |_| {
        black_box(black_box(&keyed).clone().chain_update(black_box(&bytes)).finalize());
    };
    vec![Row {
        what: "one decision: confirm of a right code".to_owned(),
        than: format!("HMAC-SHA256 of {bound} bytes, keyed before"),
        unit: Unit::Time,
        pair: in_turns(15, || nanos_each(50_000, confirm), || nanos_each(50_000, hmac)),
        target: Target::Nanos(3_000.0),
    }]
}

/// What every decision may know.
pub(crate) struct Rules {
    tenant: TenantId,
    policy: Policy,
    keys: CodeKeys,
}

impl Rules {
    pub(crate) fn new() -> Self {
        Self { tenant: TenantId::default(), policy: flow::policy(), keys: flow::keys() }
    }

    fn context<'a>(&'a self, seed: &'a Seed, actor: &'a Actor) -> Context<'a> {
        let Self { tenant, policy, keys } = self;
        let heeds_rest = !actor.is_administrator();
        let (now, funding) = (SystemClock.now(), identity_core::Funding::Shared);
        Context { now, seed, tenant, policy, keys, actor, funding, heeds_rest, rival: None }
    }

    /// One intent as the use cases carry it out, up to what would be committed.
    fn decide<T>(
        &self,
        actor: &Actor,
        before: Option<&Arc<User>>,
        decide: impl FnOnce(&Context<'_>) -> Result<Decision<T>, Refusal>,
    ) -> (Arc<User>, T) {
        let seed = OsEntropy.seed().unwrap();
        let context = self.context(&seed, actor);
        let decision = decide(&context).unwrap();
        let after = match before {
            Some(user) => user.after(&decision.events),
            None => User::from_events(&decision.events),
        };
        let after = Arc::new(after.unwrap());
        let before = before.map(|user| &**user);
        black_box(ClaimChanges::between(&[], before, Some(&after), &self.policy));
        black_box(messages(Version(0), before, Some(&after), &decision.events, &context));
        (after, decision.outcome)
    }

    /// A user whose phone has a challenge out, and its code.
    fn waiting(&self, person: &Person) -> (Arc<User>, Code) {
        let staff = Actor::Administrator("signup".into());
        let new = NewUser { addresses: vec![Email::parse(&person.email).unwrap().into()], ..NewUser::default() };
        let (user, _): (_, UserId) = self.decide(&staff, None, |context| User::create(&new, context));
        let phone = NewAddress::from(Phone::from_e164(&person.phone).unwrap());
        let (user, phone) = self.decide(&Actor::Holder, Some(&user), |context| user.add(&phone, context));
        let request = Verification::default();
        let (user, _) =
            self.decide(&Actor::Holder, Some(&user), |context| user.start_verification(phone, &request, context));
        let code = derive(&self.keys, &self.tenant, &user, phone);
        (user, code)
    }

    /// The flow, without a store.
    pub(crate) fn flow(&self, person: &Person) -> Arc<User> {
        let (user, code) = self.waiting(person);
        let email = user.emails().entries().first().unwrap().id;
        let phone = user.phones().entries().first().unwrap().id;
        let (user, outcome) =
            self.decide(&Actor::Holder, Some(&user), |context| user.confirm(phone, Answer::Code(&code), context));
        assert_eq!(outcome, Confirmation::Verified);
        let staff = Actor::Administrator("signup".into());
        let (user, ()) = self.decide(&staff, Some(&user), |context| user.mark_verified(email, None, context));
        let (user, ()) = self.decide(&Actor::Holder, Some(&user), |context| user.set_primary(phone, context));
        user
    }
}
