//! Laws of refusals: a refused commit leaves no trace.

use identity_core::{ClaimKey, Strength, UserKey};
use identity_ports::CommitError;

use crate::kit::{
    Draft, Person, Sight, at, change, create, erase, key, letter, look, mail_key, paid, put, refusing, verified,
    withholding,
};
use crate::{Harness, Store};

const LIMIT: u64 = 3;

fn keys() -> Vec<UserKey> {
    ["ada", "bob", "new"].map(key).to_vec()
}

fn addresses() -> Vec<ClaimKey> {
    ["ada@example.com", "bob@example.com", "new@example.com", "weak@example.com"].map(mail_key).to_vec()
}

/// Two users with claims, one message each, and one draw from each budget.
async fn populate(store: &dyn Store) {
    for (number, name) in (1..).zip(["ada", "bob"]) {
        let user = key(name);
        let address = format!("{name}@example.com");
        let draft = create(&user, &Person::default().email(number, &address, verified()).primary(number));
        let charges = vec![refusing(&format!("of {name}"), LIMIT, at(0)), withholding(name, LIMIT, at(0))];
        let draft = draft.take(&mail_key(&address), Strength::Verified);
        put(store, draft.message(paid(letter(number, &user, at(0)), charges))).await;
    }
    let bob = store.load(&key("bob")).await.unwrap().unwrap();
    let draft =
        change(&key("bob"), &bob, &Person::of(&bob.user)).take(&mail_key("weak@example.com"), Strength::Unverified);
    put(store, draft).await;
}

/// A commit with a part of every kind: another address, another time, claims to take and to release, and two messages
/// with charges.
fn everything(draft: Draft, user: &UserKey) -> Draft {
    let message = |number| letter(number, user, at(1));
    let charges = || vec![refusing("of ada", LIMIT, at(1)), withholding("ada", LIMIT, at(1))];
    draft
        .take(&mail_key("new@example.com"), Strength::Verified)
        .take(&mail_key("weak@example.com"), Strength::Verified)
        .release(&mail_key("ada@example.com"))
        .message(paid(message(101), charges()))
        .message(paid(message(102), charges()))
}

fn person() -> Person {
    Person::default().email(9, "new@example.com", verified()).updated(at(1)).username(8, "new").attempts(9)
}

async fn sight(store: &dyn Store) -> Sight {
    look(store, &keys(), &addresses()).await
}

/// Asserts that the budgets are as [`populate`] left them: they allow two more draws each, and no third.
async fn budgets_are_untouched(store: &dyn Store) {
    let draw = |number: u128, charge| {
        let user = key(&format!("prober {number}"));
        let draft = create(&user, &Person::default());
        draft.message(paid(letter(200 + number, &user, at(2)), vec![charge]))
    };
    for (base, quota) in [(0, "of ada"), (10, "of bob")] {
        for number in 1..u128::from(LIMIT) {
            let drawn = store.commit(draw(base + number, refusing(quota, LIMIT, at(2))).0).await;
            assert!(drawn.is_ok(), "a refused commit draws nothing from a budget: {drawn:?}");
        }
        let drawn = store.commit(draw(base + 9, refusing(quota, LIMIT, at(2))).0).await;
        assert!(matches!(drawn, Err(CommitError::Exhausted(_))), "a refused commit gives nothing back: {drawn:?}");
    }
    for number in 21..=23 {
        put(store, draw(number, withholding("ada", LIMIT, at(2)))).await;
    }
    let ids: Vec<_> = crate::kit::queued(store).await.into_iter().map(|leased| leased.message.id).collect();
    let enqueued = (221..=223).map(crate::kit::message_id).filter(|id| ids.contains(id)).count();
    assert_eq!(enqueued, 2, "a refused commit draws nothing from a budget that withholds");
}

async fn no_trace(store: &dyn Store, drafts: Vec<Draft>, refused: fn(&CommitError) -> bool) {
    let before = sight(store).await;
    for draft in drafts {
        match store.commit(draft.0).await {
            Err(error) if refused(&error) => {}
            other => panic!("the commit should have been refused for another reason: {other:?}"),
        }
        assert_eq!(sight(store).await, before, "a refused commit leaves a trace");
    }
    budgets_are_untouched(store).await;
}

/// A commit that conflicts leaves no trace in any table.
pub async fn a_conflict_leaves_no_trace(harness: &dyn Harness) {
    let store = harness.open().await;
    populate(&*store).await;
    let ada = store.load(&key("ada")).await.unwrap().unwrap();
    let drafts = vec![
        everything(create(&key("ada"), &person()), &key("ada")),
        everything(change(&key("ada"), &ada, &person()).expecting(7), &key("ada")),
        everything(change(&key("ada"), &ada, &person()).expecting(0), &key("ada")),
        everything(change(&key("new"), &ada, &person()), &key("new")),
        erase(&key("ada"), &ada).expecting(7),
        erase(&key("new"), &ada),
    ];
    no_trace(&*store, drafts, |error| matches!(error, CommitError::Conflict)).await;
}

/// A commit that finds a claim taken leaves no trace in any table.
pub async fn a_taken_claim_leaves_no_trace(harness: &dyn Harness) {
    let store = harness.open().await;
    populate(&*store).await;
    let ada = store.load(&key("ada")).await.unwrap().unwrap();
    let taken = mail_key("bob@example.com");
    let drafts = vec![
        everything(change(&key("ada"), &ada, &person()), &key("ada")).take(&taken, Strength::Verified),
        everything(change(&key("ada"), &ada, &person()), &key("ada")).take(&taken, Strength::Unverified),
        everything(create(&key("new"), &person()), &key("new")).take(&taken, Strength::Verified),
    ];
    no_trace(&*store, drafts, |error| matches!(error, CommitError::Taken(_))).await;
}

/// A commit that finds a budget exhausted leaves no trace in any table.
pub async fn an_exhausted_budget_leaves_no_trace(harness: &dyn Harness) {
    let store = harness.open().await;
    populate(&*store).await;
    let ada = store.load(&key("ada")).await.unwrap().unwrap();
    // The earlier messages fit into the budget; the last one does not.
    let too_much = |draft: Draft, user| {
        let user = key(user);
        let last =
            paid(letter(103, &user, at(1)), vec![withholding("ada", LIMIT, at(1)), refusing("of bob", 1, at(1))]);
        everything(draft, &user).message(last)
    };
    let drafts =
        vec![too_much(change(&key("ada"), &ada, &person()), "ada"), too_much(create(&key("new"), &person()), "new")];
    no_trace(&*store, drafts, |error| matches!(error, CommitError::Exhausted(_))).await;
}

/// When a commit could be refused for several reasons, the version is judged first, then the claims, then the budgets.
pub async fn refusals_follow_their_order(harness: &dyn Harness) {
    let store = harness.open().await;
    populate(&*store).await;
    let ada = store.load(&key("ada")).await.unwrap().unwrap();
    let poor = |draft: Draft| draft.message(paid(letter(300, &key("ada"), at(1)), vec![refusing("of bob", 1, at(1))]));
    let greedy = |draft: Draft| draft.take(&mail_key("bob@example.com"), Strength::Verified);
    let all = greedy(poor(change(&key("ada"), &ada, &person()).expecting(9)));
    let refused = store.commit(all.0).await;
    assert!(matches!(refused, Err(CommitError::Conflict)), "the version is judged first: {refused:?}");
    let two = greedy(poor(change(&key("ada"), &ada, &person())));
    let refused = store.commit(two.0).await;
    assert!(matches!(refused, Err(CommitError::Taken(_))), "claims are judged before budgets: {refused:?}");
}
