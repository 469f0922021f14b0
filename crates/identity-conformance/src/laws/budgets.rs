//! Laws of the budgets beside those of a commit.

use std::sync::Arc;

use identity::Identity;
use identity::policy::SharedPolicy;
use identity_core::policy::Budget;
use identity_core::{Charge, Exhausted, NewUser, Phone, Policy, Refund, TenantId};
use identity_ports::{Budgets, CommitError};

use super::races::race;
use crate::kit::{Bench, NOW, at, refusing};
use crate::{Harness, Store};

fn tenant() -> TenantId {
    TenantId::shared()
}

fn back(charge: &Charge) -> Refund {
    Refund { kind: charge.kind, quota: charge.quota.clone(), amount: charge.amount, at: charge.at }
}

/// How much is drawn of a budget of 10, found out by drawing the rest of it.
async fn rest(budgets: &dyn Store, quota: &str, time: identity_core::Timestamp) -> u64 {
    let mut left = 0;
    while budgets.draw(&tenant(), &[], &[refusing(quota, 10, time)]).await.is_ok() {
        left += 1;
        assert!(left <= 10, "a budget of 10 ends");
    }
    left
}

/// Of many draws at once, as many succeed as the budget covers.
pub async fn shared_budgets_are_exact_under_a_race(harness: &dyn Harness) {
    let drawn = race(harness, 64, |store, _| async move {
        let both = [refusing("own", 10, NOW), refusing("common", 40, NOW)];
        store.draw(&tenant(), &[], &both).await
    })
    .await;
    assert_eq!(drawn.iter().filter(|drawn| drawn.is_ok()).count(), 10, "ten of sixty-four draws fit");
    let refused = |drawn: &&Result<(), CommitError>| matches!(drawn, Err(CommitError::Exhausted(_)));
    assert_eq!(drawn.iter().filter(refused).count(), 54, "the others are told so: {drawn:?}");
}

/// A draw that is refused draws from none of its budgets, and says which one had no room.
pub async fn a_refused_draw_draws_nothing(harness: &dyn Harness) {
    let store = harness.open().await;
    for _ in 0..3 {
        store.draw(&tenant(), &[], &[refusing("full", 3, NOW)]).await.expect("there is room");
    }
    for _ in 0..5 {
        let both = [refusing("open", 10, NOW), refusing("full", 3, at(1))];
        let refused = store.draw(&tenant(), &[], &both).await;
        let Err(CommitError::Exhausted(Exhausted { quota, drawn, limit, retry_at, .. })) = refused else {
            panic!("the second budget has no room: {refused:?}")
        };
        assert_eq!((quota.as_str(), drawn, limit, retry_at), ("full", 3, 3, at(60)), "the numbers of that budget");
    }
    assert_eq!(rest(&*store, "open", NOW).await, 10, "nothing was drawn");
    let mut dear = refusing("dear", 10, NOW);
    dear.amount = 11;
    assert!(store.draw(&tenant(), &[], &[dear]).await.is_err(), "an amount above the limit never fits");
    assert_eq!(rest(&*store, "dear", NOW).await, 10, "nothing was drawn");
}

/// A draw that is refused gives nothing back either; what one that fits gives back, it may draw at once.
pub async fn a_refused_draw_gives_nothing_back(harness: &dyn Harness) {
    let store = harness.open().await;
    let full = [refusing("full", 10, NOW)];
    assert_eq!(rest(&*store, "full", NOW).await, 10, "the budget is drawn to its end");
    store.draw(&tenant(), &[], &[refusing("used", 1, NOW)]).await.expect("there is room");
    for _ in 0..2 {
        let refused = store.draw(&tenant(), &[back(&full[0])], &[refusing("used", 1, at(1))]).await;
        assert!(matches!(refused, Err(CommitError::Exhausted(_))), "there is no room: {refused:?}");
    }
    assert_eq!(rest(&*store, "full", NOW).await, 0, "a draw that is refused gives nothing back");
    let two = Charge { amount: 2, ..full[0].clone() };
    assert!(store.draw(&tenant(), &[back(&full[0])], &[two]).await.is_err(), "there is room for one");
    assert_eq!(rest(&*store, "full", NOW).await, 0, "nor to the budget that it is to draw from");
    store.draw(&tenant(), &[back(&full[0])], &full).await.expect("what is given back is drawn at once");
    assert_eq!(rest(&*store, "full", NOW).await, 0, "what is given back is drawn once");
}

/// A window begins with its first draw and takes back what is given back, also across a restart; tenants are separate.
pub async fn a_shared_window_begins_with_its_first_draw(harness: &dyn Harness) {
    let store = harness.open().await;
    let (first, other) = (refusing("one", 10, at(30)), TenantId::parse("acme").expect("a tenant's name"));
    store.draw(&tenant(), &[], std::slice::from_ref(&first)).await.expect("there is room");
    store.draw(&other, &[], &[refusing("one", 1, at(30))]).await.expect("another tenant has budgets of its own");
    let store = harness.restart(store).await;
    assert_eq!(rest(&*store, "one", at(89)).await, 9, "one was drawn");
    store.draw(&tenant(), &[back(&first), back(&first)], &[]).await.expect("it is given back");
    assert_eq!(rest(&*store, "one", at(89)).await, 2, "two were given back");
    assert_eq!(rest(&*store, "one", at(90)).await, 10, "the next window is whole");
    store.draw(&tenant(), &[back(&first)], &[]).await.expect("it is given back");
    assert_eq!(rest(&*store, "one", at(149)).await, 0, "nothing is given back to a window that is over");
    let long = Charge { budget: Budget::new(u64::MAX, std::time::Duration::MAX), amount: u64::MAX, ..first };
    for _ in 0..2 {
        store.draw(&tenant(), &[], &[Charge { quota: "long".to_owned(), ..long.clone() }]).await.ok();
    }
}

/// Fifty tenants that send to one number at once send as many texts as the budget of all tenants allows.
pub async fn many_tenants_at_once_keep_to_the_shared_budget(harness: &dyn Harness) {
    let store = harness.open().await;
    let bench = Bench::new(store.clone(), Policy::default());
    let identity = bench.identity.clone().with_shared_budgets(store, SharedPolicy::default());
    let (victim, other) = ("+441514960453", "+441514970453");
    let mut accounts = Vec::new();
    for number in 0..50 {
        let tenant: Identity = identity.for_tenant(TenantId::parse(&format!("tenant {number}")).unwrap());
        let user = tenant.admin("host").create(NewUser::default()).await.unwrap().outcome;
        let account = tenant.account(&user);
        let to = |text: &str| Phone::from_e164(text).expect("a phone number");
        let id = account.add(to(victim)).await.unwrap().outcome;
        let beside = account.add(to(other)).await.unwrap().outcome;
        accounts.push((account, id, beside));
    }
    let accounts = Arc::new(accounts);
    let started = race(harness, 50, |_, number| {
        let accounts = Arc::clone(&accounts);
        async move {
            let (account, id, _) = &accounts[usize::try_from(number).unwrap()];
            account.start_verification(*id).await
        }
    })
    .await;
    assert!(started.iter().all(Result::is_ok), "nobody learns of the budget: {started:?}");
    identity.deliver_due().await.unwrap();
    let sent = |to: &str| bench.letters().iter().filter(|letter| letter.message.to.as_str() == to).count();
    assert_eq!(sent(victim), 20, "texts of all tenants together");
    let (account, _, beside) = &accounts[0];
    account.start_verification(*beside).await.unwrap();
    identity.deliver_due().await.unwrap();
    assert_eq!(sent(other), 1, "another number has a budget of its own");
}
