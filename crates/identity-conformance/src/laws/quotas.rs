//! Budgets.

use std::time::Duration;

use identity_core::policy::Budget;
use identity_core::{BudgetKind, Charge, MessageId, Timestamp, WhenExhausted};
use identity_ports::{CommitError, Outbox, UserRepository};

use crate::Harness;
use crate::kit::{
    NOW, Person, at, charge, create, key, key_in, letter, message_id, paid, put, queued, refusing, withholding,
};

/// Spends: a new user with a message that costs this.
async fn spend<S: UserRepository + Outbox>(
    store: &S,
    tenant: &str,
    number: u128,
    charges: Vec<Charge>,
) -> Result<(), CommitError> {
    let user = key_in(tenant, &format!("spender {number}"));
    let draft = create(&user, &Person::default());
    store.commit(draft.message(paid(letter(number, &user, NOW), charges)).0).await
}

async fn enqueued<S: Outbox>(store: &S) -> Vec<MessageId> {
    let mut ids: Vec<MessageId> = queued(store).await.into_iter().map(|leased| leased.message.id).collect();
    ids.sort();
    ids
}

/// A window begins with the first draw, ends its length later, and takes as many draws as the budget says; a refusal says when
/// the window ends.
pub async fn a_window_begins_with_the_first_draw(harness: &impl Harness) {
    let store = harness.open().await;
    let just_before = |time: Timestamp| time - Duration::from_micros(1);
    let mut number = 0;
    for (time, retry_at) in [
        (at(0), None),
        (at(50), None),
        (at(50), Some(at(60))),
        (just_before(at(60)), Some(at(60))),
        // The window of the first draw is over: this one begins another.
        (at(60), None),
        (just_before(at(120)), None),
        (just_before(at(120)), Some(at(120))),
        // Nothing happens for long; the next window begins when somebody draws.
        (at(500), None),
        (at(559), None),
        (at(559), Some(at(560))),
        (at(560), None),
    ] {
        number += 1;
        match (spend(&*store, "acme", number, vec![refusing("+49", 2, time)]).await, retry_at) {
            (Ok(()), None) => {}
            (Err(CommitError::Exhausted { kind: BudgetKind::Country, retry_at }), Some(expected)) => {
                assert_eq!(retry_at, expected, "there is room again when the window ends");
            }
            (other, expected) => panic!("at {time:?}: {expected:?} was expected, and it is {other:?}"),
        }
    }
}

/// Budgets are apart that differ in kind, in name or in tenant.
pub async fn budgets_are_apart(harness: &impl Harness) {
    use BudgetKind::{Address, AddressLong, Block, Country, Notices, Tenant};
    let store = harness.open().await;
    let budget = Budget::new(1, Duration::from_secs(60));
    let mut number = 0;
    for (round, refused) in [false, true].into_iter().enumerate() {
        for tenant in ["acme", "Acme", "globex"] {
            for quota in ["+49", "+4", "+490", "+49 ", "", "%", "\u{e9}", "e\u{301}"] {
                for kind in [Address, AddressLong, Block, Country, Tenant, Notices] {
                    number += 1;
                    let charge = charge(kind, quota, budget, NOW, WhenExhausted::Refuse);
                    let drawn = spend(&*store, tenant, number, vec![charge]).await;
                    let kinds = matches!(drawn, Err(CommitError::Exhausted { kind: used_up, .. }) if used_up == kind);
                    assert_eq!(kinds, refused, "round {round}, {tenant}, {kind:?}, {quota:?}: {drawn:?}");
                    assert!(drawn.is_ok() || kinds, "{drawn:?}");
                }
            }
        }
    }
}

/// A message that finds no room in a budget that withholds is not enqueued and draws nothing, from no budget; everything else
/// of its commit goes through.
pub async fn a_withheld_message_draws_nothing(harness: &impl Harness) {
    let store = harness.open().await;
    let ada = key("ada");
    spend(&*store, "acme", 1, vec![withholding("ada", 1, NOW)]).await.unwrap();
    let costs = || vec![refusing("+44", 2, NOW), withholding("ada", 1, NOW), withholding("other", 2, NOW)];
    let draft = create(&ada, &Person::default().attempts(5));
    let draft = draft.message(paid(letter(2, &ada, NOW), costs()));
    let stored = put(&*store, draft.message(paid(letter(3, &ada, NOW), vec![]))).await;
    assert_eq!(stored.user.sign_ins().attempts_count, 5, "the commit of a withheld message goes through");
    assert_eq!(enqueued(&*store).await, [1, 3].map(message_id), "the message is withheld, the one after it is not");
    // Both budgets beside the one that withheld have all of their room.
    for number in [4, 5] {
        let charges = vec![refusing("+44", 2, NOW), withholding("other", 2, NOW)];
        spend(&*store, "acme", number, charges).await.expect("nothing was drawn for the withheld message");
    }
    assert_eq!(enqueued(&*store).await, [1, 3, 4, 5].map(message_id), "nothing was drawn for the withheld message");
    // And the one that withheld has not been drawn beyond its limit: it opens when its window ends.
    spend(&*store, "acme", 6, vec![withholding("ada", 1, at(60))]).await.unwrap();
    assert_eq!(enqueued(&*store).await, [1, 3, 4, 5, 6].map(message_id), "the window ends when it ends");
}

/// A budget that refuses is heard even where another one of the same message withholds: otherwise a success would tell that
/// strangers had used that one up.
pub async fn a_refusal_goes_before_withholding(harness: &impl Harness) {
    let store = harness.open().await;
    let [refuses, withholds] = [refusing("+44", 1, NOW), withholding("ada", 1, NOW)];
    spend(&*store, "acme", 1, vec![refuses.clone(), withholds.clone()]).await.unwrap();
    for charges in [vec![refuses.clone(), withholds.clone()], vec![withholds, refuses]] {
        let drawn = spend(&*store, "acme", 2, charges).await;
        assert!(matches!(drawn, Err(CommitError::Exhausted { kind: BudgetKind::Country, .. })), "{drawn:?}");
    }
}

/// Messages of one commit draw one after the other.
pub async fn messages_draw_in_their_order(harness: &impl Harness) {
    let store = harness.open().await;
    let ada = key("ada");
    let mut draft = create(&ada, &Person::default());
    for number in 1..=4 {
        draft = draft.message(paid(letter(number, &ada, NOW), vec![withholding("ada", 2, NOW)]));
    }
    put(&*store, draft).await;
    assert_eq!(enqueued(&*store).await, [1, 2].map(message_id), "the first two have room");
    let bob = key("bob");
    let draft = (5..=7).fold(create(&bob, &Person::default()), |draft, number| {
        draft.message(paid(letter(number, &bob, NOW), vec![refusing("+44", 2, NOW)]))
    });
    let drawn = store.commit(draft.0).await;
    assert!(matches!(drawn, Err(CommitError::Exhausted { .. })), "the third of one commit has no room: {drawn:?}");
}

/// Budgets outlive the process.
pub async fn budgets_survive_a_restart(harness: &impl Harness) {
    let store = harness.open().await;
    spend(&*store, "acme", 1, vec![refusing("+44", 1, NOW)]).await.unwrap();
    let store = harness.restart(store).await;
    let drawn = spend(&*store, "acme", 2, vec![refusing("+44", 1, at(59))]).await;
    assert!(matches!(drawn, Err(CommitError::Exhausted { retry_at, .. }) if retry_at == at(60)), "{drawn:?}");
}
