//! Laws of contested ownership: two users of whom each changes in the commit of the other.

use identity_core::{
    Confirmation, ContestAnswer, ContestPolicy, Email, NewAddress, NewUser, Policy, PublicRefusal, UserId,
};

use super::codes::at_once;
use super::failures::contest;
use crate::Harness;
use crate::kit::{Bench, key};

fn mail(number: usize) -> Email {
    Email::parse(&format!("contested{number}@example.com")).expect("an address")
}

async fn owner(bench: &Bench, number: usize) -> UserId {
    let addresses = vec![NewAddress::from(mail(number)).verified()];
    let new = NewUser { id: Some(key(&format!("owner {number}")).user), addresses, ..NewUser::default() };
    bench.identity.admin("host").create(new).await.expect("a user is created").outcome
}

/// A contest that both users and the staff end at once, each in another way, ends once: in one commit of both users, after which
/// one of them has the address, or none when it was given up.
pub async fn c96_a_contest_raced_by_both_sides_ends_once_with_one_owner(harness: &dyn Harness) {
    let bench = Bench::new(harness.open().await, Policy::default());
    for round in 0..8 {
        let (ada, bob) = (owner(&bench, round).await, key(&format!("other {round}")).user);
        let open = contest(&bench, &ada, &bob, mail(round)).await;
        let id = bench.identity.account(&bob).get().await.expect("a user").contest().expect("the other half").0.id;
        let answers = at_once(4, |number| {
            let (identity, ada, bob) = (bench.identity.clone(), ada.clone(), bob.clone());
            async move {
                match number {
                    0 => identity.account(&ada).answer_contest(open, ContestAnswer::Agree).await.is_ok(),
                    1 => identity.account(&ada).answer_contest(open, ContestAnswer::Object).await.is_ok(),
                    2 => identity.admin("staff").decide_contest(open, ContestAnswer::Agree).await.is_ok(),
                    _ => identity.account(&bob).remove(id).await.is_ok(),
                }
            }
        })
        .await;
        assert!(answers[..3].iter().filter(|is_ok| **is_ok).count() <= 1, "it ends once: {answers:?}");
        let mut owners = 0;
        for user in [&ada, &bob] {
            let stored = bench.store.load(&key(user.as_str())).await.expect("it is read").expect("a user");
            assert!(stored.user.contest().is_none(), "no half is left open: {answers:?}");
            let ended = bench.store.history(&key(user.as_str()), 0, 1_000).await.expect("it is read");
            let ended = ended.iter().filter(|recorded| recorded.event.change.kind() == "contest_ended").count();
            assert_eq!(ended, 1, "both ended it together: {answers:?}");
            let verified = stored.user.identifiers().filter(|entry| entry.is_verified()).count();
            assert_eq!(stored.claims.len(), verified, "the claim is where the address is");
            owners += verified;
        }
        let removed_after_transfer = answers[3] && (answers[0] || answers[2]);
        assert!(owners == 1 || (owners == 0 && removed_after_transfer), "{owners} owners: {answers:?}");
    }
}

/// Of several users who prove the address of another one at once, one contests it, and the others are refused.
pub async fn one_of_many_concurrent_contests_is_opened(harness: &dyn Harness) {
    let bench = Bench::new(harness.open().await, Policy::default());
    let policy = Policy::default().with_contest(ContestPolicy::administrator());
    let identity = bench.identity.clone().with_policy(policy);
    let ada = owner(&bench, 0).await;
    let mut others = Vec::new();
    for number in 0..8 {
        let new = NewUser { id: Some(key(&format!("other {number}")).user), ..NewUser::default() };
        let user = identity.admin("host").create(new).await.expect("a user is created").outcome;
        let id = identity.account(&user).add(mail(0)).await.expect("it is added").outcome;
        let code = identity.admin("host").issue_code(&user, id).await.expect("a code is issued").outcome.code;
        others.push((user, id, code));
    }
    let answers = at_once(8, |number| {
        let (user, id, code) = others[number].clone();
        let account = identity.account(&user);
        async move { account.confirm(id, &code).await.map(|receipt| receipt.outcome) }
    })
    .await;
    let is_opened = |answer: &&Result<Confirmation, _>| matches!(answer, Ok(Confirmation::Contested));
    assert_eq!(answers.iter().filter(is_opened).count(), 1, "{answers:?}");
    let is_refused =
        |answer: &&Result<_, _>| matches!(answer, Err(identity::Error::Refused(PublicRefusal::Unavailable)));
    assert_eq!(answers.iter().filter(is_refused).count(), 7, "{answers:?}");
    let owner = bench.store.load(&key(ada.as_str())).await.expect("it is read").expect("a user");
    let with = owner.user.contest().expect("a contest").1.with.clone().expect("the other user");
    assert!(others.iter().any(|(user, ..)| *user == with));
}
