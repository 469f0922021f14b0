//! Laws of the reserve that strangers cannot use up.

use identity_core::{Confirmation, Email, IdentifierId, NewAddress, NewUser, Policy, UserId};

use super::codes::at_once;
use crate::Harness;
use crate::kit::{Bench, key};

const VICTIM: &str = "victim@example.com";

/// Of 32 users who prove another address and ask for one address at once, whose budgets strangers have used up, as many
/// draw as its reserve allows, each of them once; and a user who held the address verified draws besides.
pub async fn a_reserve_is_drawn_exactly_under_a_race(harness: &dyn Harness) {
    let bench = Bench::new(harness.open().await, Policy::default());
    let identity = &bench.identity;
    let asker = async |name: String, verified: &[&str]| -> (UserId, IdentifierId) {
        let addresses = verified.iter().map(|text| NewAddress::from(Email::parse(text).unwrap()).verified()).collect();
        let new = NewUser { id: Some(key(&name).user), addresses, ..NewUser::default() };
        let user = identity.admin("host").create(new).await.expect("a user is created").outcome;
        let id = identity.account(&user).add(Email::parse(VICTIM).unwrap()).await.expect("it is added").outcome;
        (user, id)
    };
    let new = NewUser { id: Some(key("holder").user), ..NewUser::default() };
    let holder = identity.admin("host").create(new).await.expect("a user is created").outcome;
    let held = identity.account(&holder).add(Email::parse(VICTIM).unwrap()).await.expect("it is added").outcome;
    identity.admin("host").mark_verified(&holder, held).await.expect("it is marked");
    identity.admin("host").mark_unverified(&holder, held).await.expect("it is marked");
    for number in 0..6 {
        let (user, id) = asker(format!("stranger {number}"), &[]).await;
        identity.account(&user).start_verification(id).await.expect("nobody learns of the budget");
    }
    identity.deliver_due().await.expect("it delivers");
    let coded = || bench.letters().into_iter().filter(|letter| letter.code.is_some());
    assert_eq!(coded().count(), 5, "strangers use up the budget");
    let mut askers = Vec::new();
    for number in 0..32 {
        askers.push(asker(format!("known {number}"), &[&format!("own{number}@example.org")]).await);
    }
    // Twice each, at once.
    let answers = at_once(64, |number| {
        let (user, id) = &askers[number % 32];
        let (account, id) = (identity.account(user), *id);
        async move { account.start_verification(id).await }
    })
    .await;
    assert!(answers.iter().filter(|answer| answer.is_ok()).count() >= 32, "nobody learns of the reserve: {answers:?}");
    identity.deliver_due().await.expect("it delivers");
    let drawn: Vec<_> = coded().skip(5).map(|letter| letter.message.key.user.clone()).collect();
    assert_eq!(drawn.len(), 3, "the reserve allows three codes: {drawn:?}");
    assert!(!drawn.contains(&holder));
    identity.account(&holder).start_verification(held).await.expect("a start");
    let code = bench.read_mail().await.0.expect("a code");
    let answer = identity.account(&holder).confirm(held, &code).await.expect("it is judged").outcome;
    assert_eq!(answer, Confirmation::Verified, "the holder's code is sent");
}
