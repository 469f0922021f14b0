//! Laws of signing in: ports that fail in the middle of it.

use identity::HolderError;
use identity::sign_in::{Proof, SignInRequest, SignInStarted};
use identity_core::{
    Code, Email, IdentifierId, LinkToken, NewAddress, NewUser, Policy, ProofBy, SignInTicket, User, UserId, Username,
};

use crate::Harness;
use crate::kit::{Bench, Failing, key};

/// How a person asks for a code, and answers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Code,
    Link,
    Name,
    Stranger,
    StepUp,
}

impl Way {
    const ALL: [Self; 5] = [Self::Code, Self::Link, Self::Name, Self::Stranger, Self::StepUp];
}

/// A user with a verified address and a username, and an address that nobody has.
struct Visitor {
    user: UserId,
    verified: IdentifierId,
    email: Email,
    name: Username,
    stranger: Email,
}

impl Visitor {
    async fn new(bench: &Bench, number: u32) -> Self {
        // Nothing of the visitor before counts.
        bench.wait(100_000);
        let email = Email::parse(&format!("visitor{number}@example.com")).expect("an e-mail address");
        let name = Username::parse(&format!("visitor{number}")).expect("a username");
        let new = NewUser {
            addresses: vec![NewAddress::from(email.clone()).verified()],
            username: Some(name.clone()),
            ..NewUser::default()
        };
        let user = bench.identity.admin("host").create(new).await.expect("a user is created").outcome;
        let stored = bench.store.load(&key(user.as_str())).await.unwrap().expect("the user is there");
        let verified = stored.user.primary_email().expect("a primary address").id;
        let stranger = Email::parse(&format!("stranger{number}@example.com")).expect("an e-mail address");
        bench.identity.deliver_due().await.unwrap();
        Self { user, verified, email, name, stranger }
    }

    async fn start(&self, bench: &Bench, way: Way) -> Result<SignInStarted, HolderError> {
        let sign_in = bench.identity.sign_in();
        match way {
            Way::Code => sign_in.start(self.email.clone()).await,
            Way::Link => {
                let request = SignInRequest { by: ProofBy::Link, ..SignInRequest::default() };
                sign_in.start_with(self.email.clone(), &request).await
            }
            Way::Name => sign_in.start(self.name.clone()).await,
            Way::Stranger => sign_in.start(self.stranger.clone()).await,
            Way::StepUp => bench.identity.account(&self.user).step_up(self.verified).await,
        }
    }

    async fn answer(
        &self,
        bench: &Bench,
        way: Way,
        ticket: &SignInTicket,
        (code, link): &(Option<Code>, Option<LinkToken>),
    ) -> Result<Option<Proof>, HolderError> {
        let sign_in = bench.identity.sign_in();
        match way {
            Way::Link => sign_in.confirm_link(ticket, link.as_ref().expect("a link")).await,
            Way::StepUp => {
                let account = bench.identity.account(&self.user);
                account.confirm_step_up(ticket, code.as_ref().expect("a code")).await
            }
            _ => sign_in.confirm(ticket, code.as_ref().expect("a code")).await,
        }
    }

    /// Asks once more, when another message may go, and answers with what it brings. That must lead to a proof.
    async fn enters(&self, bench: &Bench, way: Way, place: &str) {
        bench.wait(31);
        let started = self.start(bench, way).await.unwrap_or_else(|error| panic!("{place}: who asks again: {error}"));
        let answer = bench.read_mail().await;
        let proof = self.answer(bench, way, &started.ticket, &answer).await.expect("an answer is judged");
        let proof = proof.unwrap_or_else(|| panic!("{place}: who asks again and answers right gets in"));
        assert_eq!(proof.user(), Some(&self.user).filter(|_| way != Way::Stranger), "{place}: as who they are");
        let again = self.answer(bench, way, &started.ticket, &answer).await;
        assert!(!matches!(again, Ok(Some(_))), "{place}: a code is used once");
    }
}

/// Tries with every call of a port failing, one at a time and in both ways, until a call is not reached any more.
async fn each(bench: &Bench, number: &mut u32, trial: impl AsyncFn(Visitor, Failing, usize) -> bool) {
    for how in [Failing::Before, Failing::After] {
        for call in 1.. {
            *number += 1;
            let failed = trial(Visitor::new(bench, *number).await, how, call).await;
            if !failed {
                assert!(call > 1, "a port is called");
                break;
            }
            assert!(call < 100, "it comes to an end");
        }
    }
}

/// Whichever call of a port fails while somebody signs in, while the code of a username is sent on, or while somebody shows an address once more: what was acknowledged is sent, once; a
/// code is used once; and whoever asks again gets in (OWASP ASVS 5.0, 2.3.3).
pub async fn c48_a_sign_in_is_all_or_nothing(harness: &dyn Harness) {
    let bench = Bench::new(harness.open().await, Policy::default());
    let mut number = 0;
    for way in Way::ALL {
        each(&bench, &mut number, async |visitor, how, call| {
            let place = format!("starting by {way:?}, call {call} failing {how:?}");
            let before = bench.letters().len();
            bench.fail(call, how);
            let started = visitor.start(&bench, way).await;
            let failed = bench.mend();
            bench.identity.deliver_due().await.unwrap();
            let sent = bench.letters().len() - before;
            assert!(sent <= 1, "{place}: {sent} messages were sent");
            assert!(started.is_err() || sent == 1, "{place}: what was acknowledged is sent");
            visitor.enters(&bench, way, &place).await;
            failed
        })
        .await;
        each(&bench, &mut number, async |visitor, how, call| {
            let place = format!("answering by {way:?}, call {call} failing {how:?}");
            let ticket = visitor.start(&bench, way).await.expect("nothing fails").ticket;
            let answer = bench.read_mail().await;
            bench.fail(call, how);
            let first = visitor.answer(&bench, way, &ticket, &answer).await;
            let failed = bench.mend();
            assert!(!matches!(first, Ok(None)), "{place}: a right answer is not called wrong");
            let second = visitor.answer(&bench, way, &ticket, &answer).await;
            let proofs = [&first, &second].into_iter().filter(|answer| matches!(answer, Ok(Some(_)))).count();
            assert!(proofs <= 1, "{place}: a code is used once");
            assert!(proofs == 1 || how == Failing::After, "{place}: a code that was not used can be used: {second:?}");
            visitor.enters(&bench, way, &place).await;
            failed
        })
        .await;
    }
    each(&bench, &mut number, async |visitor, how, call| {
        let place = format!("sending on, call {call} failing {how:?}");
        visitor.start(&bench, Way::Name).await.expect("nothing fails");
        let before = bench.letters().len();
        bench.fail(call, how);
        let _ = bench.identity.deliver_due().await;
        let failed = bench.mend();
        // Its lease ends.
        bench.wait(200);
        bench.identity.deliver_due().await.unwrap();
        assert!(bench.letters().len() > before, "{place}: what was acknowledged is sent");
        visitor.enters(&bench, Way::Name, &place).await;
        failed
    })
    .await;
}

/// A failing port never signs anybody in: a wrong answer proves nothing, and a user who is created by a proof is there as a whole,
/// once, with the address verified, or not at all (OWASP ASVS 5.0, 16.5.3).
pub async fn c49_a_failing_port_never_signs_in(harness: &dyn Harness) {
    let bench = Bench::new(harness.open().await, Policy::default());
    let mut number = 0;
    for way in Way::ALL {
        each(&bench, &mut number, async |visitor, how, call| {
            let ticket = visitor.start(&bench, way).await.expect("nothing fails").ticket;
            let (code, link) = bench.read_mail().await;
            let wrong = |code: &Code| Code::parse(if code.reveal() == "000000" { "000001" } else { "000000" }).unwrap();
            // The link of somebody else.
            let other = bench.identity.for_tenant(identity_core::TenantId::parse("globex").unwrap());
            let request = SignInRequest { by: ProofBy::Link, ..SignInRequest::default() };
            other.sign_in().start_with(visitor.email.clone(), &request).await.expect("nothing fails");
            let others = bench.read_mail().await.1.filter(|_| link.is_some());
            bench.fail(call, how);
            let answer = visitor.answer(&bench, way, &ticket, &(code.as_ref().map(wrong), others)).await;
            let failed = bench.mend();
            let place = format!("{way:?}, call {call} failing {how:?}");
            assert!(!matches!(answer, Ok(Some(_))), "{place}: a wrong answer proves nothing");
            let right = visitor.answer(&bench, way, &ticket, &(code, link)).await;
            assert!(matches!(right, Ok(Some(_))), "{place}: one wrong answer harms nobody: {right:?}");
            failed
        })
        .await;
    }
    each(&bench, &mut number, async |visitor, how, call| {
        let ticket = visitor.start(&bench, Way::Stranger).await.expect("nothing fails").ticket;
        let answer = bench.read_mail().await;
        let proof = visitor.answer(&bench, Way::Stranger, &ticket, &answer).await;
        let proof = proof.expect("nothing fails").expect("the answer is right");
        bench.fail(call, how);
        let first = proof.find_or_create(NewUser::default()).await;
        let failed = bench.mend();
        let place = format!("creating, call {call} failing {how:?}");
        let keys = [visitor.stranger.claim_key()];
        let found = bench.store.find(bench.identity.tenant(), &keys).await.unwrap();
        assert!(found.len() <= 1 && found.iter().all(|found| found.verified), "{place}: one user, or none: {found:?}");
        assert!(!found.is_empty() || first.is_err(), "{place}: a success was reported, but nobody is there");
        assert!(found.is_empty() || first.is_ok() || how == Failing::After, "{place}: created although nothing was");
        let second = proof.find_or_create(NewUser::default()).await.expect("nothing fails");
        assert_eq!(second.is_new, found.is_empty(), "{place}: who is there is found");
        let key = key(second.user.as_str());
        let stored = bench.store.load(&key).await.unwrap().expect("the user is there");
        let events: Vec<_> = bench.store.history(&key, 0, 100).await.unwrap();
        let events: Vec<_> = events.into_iter().map(|recorded| recorded.event).collect();
        assert_eq!(User::from_events(&events).as_ref(), Some(&*stored.user), "the user is the result of its events");
        let verified = stored.user.identifiers().filter(|entry| entry.is_verified()).count();
        assert_eq!((verified, stored.claims.len()), (1, 1), "{place}: the address is verified, and the user's own");
        failed
    })
    .await;
    each(&bench, &mut number, async |visitor, how, call| {
        // The evidence is older than the proof.
        bench.wait(60);
        let ticket = visitor.start(&bench, Way::StepUp).await.expect("nothing fails").ticket;
        let answer = bench.read_mail().await;
        let proof = visitor.answer(&bench, Way::StepUp, &ticket, &answer).await;
        let proof = proof.expect("nothing fails").expect("the answer is right");
        let shown = async || {
            let stored = bench.store.load(&key(visitor.user.as_str())).await.unwrap().expect("the user is there");
            let at = stored.user.identifier(visitor.verified).and_then(|entry| Some(entry.verified()?.at));
            (stored.version.0, at.expect("the address is verified"))
        };
        let before = shown().await;
        bench.fail(call, how);
        let first = proof.renew().await;
        let failed = bench.mend();
        let place = format!("renewing, call {call} failing {how:?}");
        let (version, at) = shown().await;
        let renewed = (version, at) == (before.0 + 1, proof.at());
        assert!(renewed || (version, at) == before, "{place}: the evidence is the new one or the old one");
        assert!(renewed || first.is_err(), "{place}: a success was reported, but the evidence is the old one");
        proof.renew().await.expect("nothing fails");
        assert_eq!(shown().await, (before.0 + 1, proof.at()), "{place}: it is renewed once");
        failed
    })
    .await;
}

/// The calls that are tried here.
#[cfg(test)]
pub(super) const CALLS: &[&str] = &[
    "account.confirm_step_up",
    "account.step_up",
    "proof.find_or_create",
    "proof.renew",
    "signin.confirm",
    "signin.confirm_link",
    "signin.start",
    "signin.start_with",
];
