//! Laws of budgets.

use std::time::Duration;

use identity_core::policy::Budget;
use identity_core::{BudgetKind, Charge, Exhausted, MessageId, Refund, Timestamp, WhenExhausted};
use identity_ports::{CommitError, Committed};

use crate::kit::{
    NOW, Person, at, change, charge, create, key, key_in, letter, message_id, paid, put, queued, refusing, withholding,
};
use crate::{Harness, Store};

/// Spends from budgets: creates a user with a message that has these charges.
async fn spend(store: &dyn Store, tenant: &str, number: u128, charges: Vec<Charge>) -> Result<Committed, CommitError> {
    let user = key_in(tenant, &format!("spender {number}"));
    let draft = create(&user, &Person::default());
    store.commit(draft.message(paid(letter(number, &user, NOW), charges)).0).await
}

async fn enqueued(store: &dyn Store) -> Vec<MessageId> {
    let mut ids: Vec<MessageId> = queued(store).await.into_iter().map(|leased| leased.message.id).collect();
    ids.sort();
    ids
}

/// A window begins with the first draw, ends after its length, and allows as many draws as the budget says. A refusal
/// says when the window ends.
pub async fn a_window_begins_with_the_first_draw(harness: &dyn Harness) {
    let store = harness.open().await;
    let just_before = |time: Timestamp| time - Duration::from_micros(1);
    let mut number = 0;
    for (time, retry_at) in [
        (at(0), None),
        (at(50), None),
        (at(50), Some(at(60))),
        (just_before(at(60)), Some(at(60))),
        // The window of the first draw has ended, so this draw begins another.
        (at(60), None),
        (just_before(at(120)), None),
        (just_before(at(120)), Some(at(120))),
        // After a long time without draws, the next draw begins the next window.
        (at(500), None),
        (at(559), None),
        (at(559), Some(at(560))),
        (at(560), None),
        // The clock stepped back: the window stays where it is.
        (at(500), None),
        (at(500), Some(at(620))),
        (just_before(at(620)), Some(at(620))),
        (at(620), None),
    ] {
        number += 1;
        match (spend(&*store, "acme", number, vec![refusing("+49", 2, time)]).await, retry_at) {
            (Ok(_), None) => {}
            (Err(CommitError::Exhausted(Exhausted { kind: BudgetKind::Country, retry_at, .. })), Some(expected)) => {
                assert_eq!(retry_at, expected, "the refusal says when the window ends");
            }
            (other, expected) => panic!("at {time:?}: {expected:?} was expected, but the result is {other:?}"),
        }
    }
}

/// How long a window lasts is up to the charge that looks at it, whoever began it; a refund goes by the end that the last draw
/// left. A draw that is withheld begins no window.
pub async fn a_window_lasts_as_long_as_its_last_charge_says(harness: &dyn Harness) {
    let store = harness.open().await;
    let mut number = 0;
    let mut draw = async |quota: &str, window: u64, limit, time| {
        number += 1;
        let budget = Budget::new(limit, Duration::from_secs(window));
        spend(&*store, "acme", number, vec![charge(BudgetKind::Country, quota, budget, time, WhenExhausted::Refuse)])
            .await
    };
    draw("+49", 60, 1, at(0)).await.expect("the first draw fits");
    let refused = draw("+49", 3_600, 1, at(70)).await;
    let ends =
        matches!(refused, Err(CommitError::Exhausted(Exhausted { drawn: 1, retry_at, .. })) if retry_at == at(3_600));
    assert!(ends, "a window lasts as long as the budget of the charge that looks at it says: {refused:?}");
    let drawn = draw("+49", 60, 1, at(70)).await;
    assert!(drawn.is_ok(), "a window lasts as long as the budget of the charge that looks at it says: {drawn:?}");
    for (quota, first, last, given_back) in [("+44", 3_600, 60, false), ("+33", 60, 3_600, true)] {
        for (window, time) in [(first, at(0)), (last, at(10))] {
            draw(quota, window, 2, time).await.expect("two draws fit");
        }
        let user = key(&format!("refunded {quota}"));
        let mut draft = create(&user, &Person::default());
        draft.0.refunds.push(Refund { kind: BudgetKind::Country, quota: quota.to_owned(), amount: 2, at: at(70) });
        put(&*store, draft).await;
        let drawn = draw(quota, last, 1, at(20)).await;
        assert_eq!(
            drawn.is_ok(),
            given_back,
            "a refund goes by the end that the last draw left to the window: {drawn:?}"
        );
    }
    // The first budget has no room at all, so the second one is not drawn either.
    let charges = vec![withholding("nothing", 0, at(10)), refusing("+1", 1, at(10)), recording("any", 9, at(10))];
    let told = spend(&*store, "acme", 1_000, charges).await.expect("a message is withheld").exhausted;
    assert_eq!(told.len(), 1, "{told:?}");
    draw("+1", 60, 1, at(50)).await.expect("nothing was drawn");
    let refused = draw("+1", 60, 1, at(75)).await;
    let ends = matches!(refused, Err(CommitError::Exhausted(Exhausted { retry_at, .. })) if retry_at == at(110));
    assert!(ends, "a draw that is withheld begins no window: {refused:?}");
}

/// Budgets are separate when they differ in kind, in name or in tenant.
pub async fn budgets_are_separate(harness: &dyn Harness) {
    let store = harness.open().await;
    let budget = Budget::new(1, Duration::from_secs(60));
    let mut number = 0;
    for (round, refused) in [false, true].into_iter().enumerate() {
        for tenant in ["acme", "globex"] {
            for quota in ["+49", ""] {
                for kind in BudgetKind::ALL {
                    number += 1;
                    let charge = charge(kind, quota, budget, NOW, WhenExhausted::Refuse);
                    let drawn = spend(&*store, tenant, number, vec![charge]).await;
                    let kinds = matches!(drawn, Err(CommitError::Exhausted(Exhausted { kind: used_up, .. })) if used_up == kind);
                    assert_eq!(kinds, refused, "round {round}, {tenant}, {kind:?}, {quota:?}: {drawn:?}");
                    assert!(drawn.is_ok() || kinds, "{drawn:?}");
                }
            }
        }
    }
}

/// A message that does not fit into a budget that withholds is not enqueued and draws from no budget. Everything else
/// in its commit is written.
pub async fn a_withheld_message_draws_nothing(harness: &dyn Harness) {
    let store = harness.open().await;
    let ada = key("ada");
    spend(&*store, "acme", 1, vec![withholding("ada", 1, NOW)]).await.unwrap();
    let costs = || vec![refusing("+44", 2, NOW), withholding("ada", 1, NOW), withholding("other", 2, NOW)];
    let draft = create(&ada, &Person::default().attempts(5));
    let draft = draft.message(paid(letter(2, &ada, NOW), costs()));
    let stored = put(&*store, draft.message(paid(letter(3, &ada, NOW), vec![]))).await;
    assert_eq!(Person::counted(&stored.user), 5, "the commit of a withheld message is written");
    assert_eq!(enqueued(&*store).await, [1, 3].map(message_id), "the message is withheld, but the one after it is not");
    // Nothing was drawn from the two budgets beside the one that withheld.
    for number in [4, 5] {
        let charges = vec![refusing("+44", 2, NOW), withholding("other", 2, NOW)];
        spend(&*store, "acme", number, charges).await.expect("nothing was drawn for the withheld message");
    }
    assert_eq!(enqueued(&*store).await, [1, 3, 4, 5].map(message_id), "nothing was drawn for the withheld message");
    // The budget that withheld was not drawn beyond its limit either: it has room again when its window ends.
    spend(&*store, "acme", 6, vec![withholding("ada", 1, at(60))]).await.unwrap();
    assert_eq!(
        enqueued(&*store).await,
        [1, 3, 4, 5, 6].map(message_id),
        "the budget has room again when its window ends"
    );
}

/// A budget that refuses does so even when another budget of the same message withholds. Otherwise a success would
/// reveal that strangers used the other budget up.
pub async fn a_refusing_charge_wins_over_a_withholding_one(harness: &dyn Harness) {
    let store = harness.open().await;
    let [refuses, withholds] = [refusing("+44", 1, NOW), withholding("ada", 1, NOW)];
    spend(&*store, "acme", 1, vec![refuses.clone(), withholds.clone()]).await.unwrap();
    for charges in [vec![refuses.clone(), withholds.clone()], vec![withholds, refuses]] {
        let drawn = spend(&*store, "acme", 2, charges).await;
        assert!(matches!(drawn, Err(CommitError::Exhausted(Exhausted { kind: BudgetKind::Country, .. }))), "{drawn:?}");
    }
}

/// The messages of one commit draw one after the other.
pub async fn messages_draw_in_their_order(harness: &dyn Harness) {
    let store = harness.open().await;
    let ada = key("ada");
    let mut draft = create(&ada, &Person::default());
    for number in 1..=4 {
        draft = draft.message(paid(letter(number, &ada, NOW), vec![withholding("ada", 2, NOW)]));
    }
    put(&*store, draft).await;
    assert_eq!(enqueued(&*store).await, [1, 2].map(message_id), "the first two messages fit");
    let bob = key("bob");
    let draft = (5..=7).fold(create(&bob, &Person::default()), |draft, number| {
        draft.message(paid(letter(number, &bob, NOW), vec![refusing("+44", 2, NOW)]))
    });
    let drawn = store.commit(draft.0).await;
    assert!(matches!(drawn, Err(CommitError::Exhausted(_))), "the third message of one commit does not fit: {drawn:?}");
}

/// What a withheld message would have drawn is left for the next message of its commit, and for everybody after the
/// last one.
pub async fn a_withheld_message_leaves_its_share_to_others(harness: &dyn Harness) {
    let store = harness.open().await;
    spend(&*store, "acme", 1, vec![withholding("ada", 1, NOW)]).await.unwrap();
    let user = key("ada");
    let held = |number| paid(letter(number, &user, NOW), vec![refusing("+49", 3, NOW), withholding("ada", 1, NOW)]);
    let sent = |number| paid(letter(number, &user, NOW), vec![refusing("+49", 3, NOW)]);
    let draft = create(&user, &Person::default());
    let draft = draft.message(held(2)).message(held(3)).message(sent(4)).message(held(5)).message(sent(6));
    store.commit(draft.message(held(7)).0).await.expect("two of three units are drawn");
    assert_eq!(enqueued(&*store).await, [1, 4, 6].map(message_id));
    spend(&*store, "acme", 8, vec![refusing("+49", 3, NOW)]).await.expect("the third unit is left");
    let drawn = spend(&*store, "acme", 9, vec![refusing("+49", 3, NOW)]).await;
    assert!(matches!(drawn, Err(CommitError::Exhausted(Exhausted { drawn: 3, .. }))), "{drawn:?}");
}

/// Budgets are kept across a restart.
pub async fn budgets_survive_a_restart(harness: &dyn Harness) {
    let store = harness.open().await;
    spend(&*store, "acme", 1, vec![refusing("+44", 1, NOW)]).await.unwrap();
    let store = harness.restart(store).await;
    let drawn = spend(&*store, "acme", 2, vec![refusing("+44", 1, at(59))]).await;
    assert!(
        matches!(drawn, Err(CommitError::Exhausted(Exhausted { retry_at, .. })) if retry_at == at(60)),
        "{drawn:?}"
    );
}

fn amount(charge: Charge, amount: u64) -> Charge {
    Charge { amount, ..charge }
}

fn recording(quota: &str, limit: u64, at: Timestamp) -> Charge {
    charge(BudgetKind::TenantMoney, quota, Budget::new(limit, Duration::from_secs(60)), at, WhenExhausted::Record)
}

/// A charge draws its amount, up to the limit and not beyond. A charge that does not fit draws nothing.
pub async fn a_charge_draws_its_amount(harness: &dyn Harness) {
    let store = harness.open().await;
    let million = 1_000_000;
    for (number, (cost, has_room)) in
        (1..).zip([(400_000, true), (700_000, false), (600_000, true), (0, true), (1, false), (u64::MAX, false)])
    {
        let drawn = spend(&*store, "acme", number, vec![amount(refusing("+49", million, NOW), cost)]).await;
        match drawn {
            Ok(_) => assert!(has_room, "{cost} is more than the budget has left"),
            Err(CommitError::Exhausted(Exhausted { amount, limit, .. })) => {
                assert!(!has_room, "a charge of {cost} fits");
                assert_eq!((amount, limit), (cost, million));
            }
            other => panic!("{other:?}"),
        }
    }
    let large = i64::MAX.unsigned_abs();
    for (number, has_room) in [(7, true), (8, true), (9, false)] {
        let drawn = spend(&*store, "acme", number, vec![amount(refusing("+44", large - 1, NOW), large / 2)]).await;
        assert_eq!(drawn.is_ok(), has_room, "{drawn:?}");
    }
}

/// A charge of the budget in which something rests.
fn resting(amount: u64, limit: u64, window: u64, at: Timestamp) -> Charge {
    let budget = Budget::new(limit, Duration::from_secs(window));
    Charge { amount, ..charge(BudgetKind::Rest, "token", budget, at, WhenExhausted::Refuse) }
}

/// Creates a user by a commit that has these charges itself.
async fn pay(store: &dyn Store, number: u128, charges: Vec<Charge>) -> Result<Committed, CommitError> {
    let draft = create(&key(&format!("payer {number}")), &Person::default());
    store.commit(charges.into_iter().fold(draft, crate::kit::Draft::charge).0).await
}

/// A charge of 0 asks whether a budget has room: it is judged like any other, draws nothing, begins no window and changes none.
pub async fn a_charge_of_nothing_asks_and_writes_nothing(harness: &dyn Harness) {
    let store = harness.open().await;
    let tenant = key("ada").tenant;
    let mut number = 0;
    let mut commit = async |charges: Vec<Charge>| {
        number += 1;
        pay(&*store, number, charges).await
    };
    let told = |answer: Result<Committed, CommitError>, drawn, retry_at| match answer {
        Err(CommitError::Exhausted(told)) => {
            assert_eq!((told.drawn, told.amount, told.retry_at), (drawn, 0, retry_at), "a charge of 0 began no window");
        }
        other => panic!("a charge of 0 is judged: {other:?}"),
    };
    commit(vec![resting(0, 0, 60, at(0))]).await.expect("nothing is drawn");
    store.draw(&tenant, &[], &[resting(0, 0, 60, at(10))]).await.expect("nothing is drawn");
    commit(vec![resting(1, 1, 60, at(30))]).await.expect("a charge of 0 draws nothing");
    told(commit(vec![resting(0, 0, 60, at(50))]).await, 1, at(90));
    told(commit(vec![resting(0, 0, 60, at(89))]).await, 1, at(90));
    told(store.draw(&tenant, &[], &[resting(0, 0, 60, at(89))]).await.map(|()| Committed::default()), 1, at(90));
    commit(vec![resting(0, 1, 60, at(89))]).await.expect("as much is drawn as may be");
    commit(vec![resting(0, 1, 3_600, at(89))]).await.expect("as much is drawn as may be");
    let mut draft = create(&key("refunded"), &Person::default());
    draft.0.refunds.push(Refund { kind: BudgetKind::Rest, quota: "token".to_owned(), amount: 1, at: at(95) });
    put(&*store, draft).await;
    let still = commit(vec![resting(0, 0, 3_600, at(89))]).await;
    assert!(matches!(still, Err(CommitError::Exhausted(_))), "a charge of 0 moves no end of a window: {still:?}");
    commit(vec![resting(0, 0, 60, at(90))]).await.expect("the window is over");
    commit(vec![resting(1, 1, 60, at(100))]).await.expect("the window is over");
    told(commit(vec![resting(0, 0, 60, at(159))]).await, 1, at(160));
    // Before and after a draw of the same commit.
    let both = vec![resting(0, 0, 60, at(200)), resting(1, 1, 60, at(200)), resting(0, 1, 60, at(200))];
    commit(both).await.expect("nothing is drawn before, and one after");
    told(commit(vec![resting(1, 9, 60, at(210)), resting(0, 1, 60, at(210))]).await, 2, at(260));
    let messages = vec![resting(0, 0, 60, at(210))];
    told(spend(&*store, "acme", 1, messages).await, 1, at(260));
}

/// For a charge of no length every window is over: it begins another, whatever is open, and a charge after it gives that one its
/// length. When the clock stepped back, the window stays where it is.
pub async fn a_charge_of_no_length_begins_its_window_anew(harness: &dyn Harness) {
    let store = harness.open().await;
    let just_before = |time: Timestamp| time - Duration::from_micros(1);
    for (number, (time, until)) in (0..).zip([(0, 60), (30, 90), (89, 149), (120, 180), (100, 180), (500, 560)]) {
        let anew = [0, 60].map(|window| resting(1, u64::MAX, window, at(time)));
        pay(&*store, number * 10, anew.to_vec()).await.expect("everything has room");
        let asked = pay(&*store, number * 10 + 1, vec![resting(0, 0, 60, just_before(at(until)))]).await;
        let Err(CommitError::Exhausted(told)) = asked else {
            panic!("the window of the draw at {time} lasts until {until}: {asked:?}")
        };
        assert_eq!(told.retry_at, at(until), "the window of the draw at {time}");
    }
    pay(&*store, 100, vec![resting(0, 0, 60, at(560))]).await.expect("the window is over");
}

/// A budget that is only recorded is drawn beyond its limit, lets the message pass, and is reported with its numbers.
pub async fn a_recorded_budget_lets_every_message_pass_and_reports_it(harness: &dyn Harness) {
    let store = harness.open().await;
    let mut told = Vec::new();
    for number in 1..=4 {
        let charges = vec![refusing("+49", 9, NOW), amount(recording("acme", 5, NOW), 2)];
        told.push(spend(&*store, "acme", number, charges).await.unwrap().exhausted);
    }
    assert_eq!(enqueued(&*store).await, [1, 2, 3, 4].map(message_id), "every message is sent");
    let beyond = |drawn| Exhausted {
        kind: BudgetKind::TenantMoney,
        quota: "acme".to_owned(),
        limit: 5,
        drawn,
        amount: 2,
        window: Duration::from_secs(60),
        retry_at: at(60),
        effect: WhenExhausted::Record,
    };
    assert_eq!(told, [vec![], vec![], vec![beyond(4)], vec![beyond(6)]], "a message beyond the limit is reported");
    // An amount that cannot grow any further stays where it is.
    let most = i64::MAX.unsigned_abs();
    for number in 5..=7 {
        spend(&*store, "acme", number, vec![amount(recording("acme", 5, at(60)), most)]).await.unwrap();
    }
    let told = spend(&*store, "acme", 8, vec![recording("acme", 5, at(60))]).await.unwrap().exhausted;
    assert_eq!(told[0].drawn, most);
}

/// A withheld message reports every budget that withheld it, with its numbers, and no other. A refusal reports the
/// budget that refused.
pub async fn a_withheld_message_reports_every_exhausted_budget(harness: &dyn Harness) {
    let store = harness.open().await;
    let costs = || vec![recording("acme", 1, NOW), withholding("ada", 1, NOW), withholding("block", 1, NOW)];
    assert_eq!(spend(&*store, "acme", 1, costs()).await.unwrap(), Committed::default(), "all charges fit");
    let told = spend(&*store, "acme", 2, costs()).await.unwrap().exhausted;
    let names: Vec<(&str, u64, u64, u64, WhenExhausted)> =
        told.iter().map(|told| (told.quota.as_str(), told.drawn, told.limit, told.amount, told.effect)).collect();
    assert_eq!(names, [("ada", 1, 1, 1, WhenExhausted::Withhold), ("block", 1, 1, 1, WhenExhausted::Withhold)]);
    assert!(told.iter().all(|told| told.retry_at == at(60) && told.window == Duration::from_secs(60)));
    // Two messages of one commit are reported separately.
    let user = key("ada");
    let draft = create(&user, &Person::default());
    let draft = draft.message(paid(letter(3, &user, NOW), vec![recording("acme", 1, NOW)]));
    let draft = draft.message(paid(letter(4, &user, NOW), vec![withholding("ada", 1, NOW)]));
    let told = store.commit(draft.0).await.unwrap().exhausted;
    assert_eq!(
        told.iter().map(|told| told.effect).collect::<Vec<_>>(),
        [WhenExhausted::Record, WhenExhausted::Withhold]
    );
    spend(&*store, "acme", 5, vec![refusing("+49", 1, NOW)]).await.unwrap();
    let refused = spend(&*store, "acme", 6, vec![withholding("ada", 1, NOW), refusing("+49", 1, NOW)]).await;
    let Err(CommitError::Exhausted(told)) = refused else { panic!("{refused:?}") };
    assert_eq!((told.kind, told.quota.as_str(), told.drawn), (BudgetKind::Country, "+49", 1));
    assert_eq!((told.limit, told.amount, told.effect), (1, 1, WhenExhausted::Refuse));
    assert_eq!((told.retry_at, told.window), (at(60), Duration::from_secs(60)));
}

/// A refund is available again in the window that it was drawn in, and in no other. An amount never falls below zero,
/// and a refused commit gives nothing back.
pub async fn a_refund_goes_back_to_its_window(harness: &dyn Harness) {
    let store = harness.open().await;
    let stored = put(&*store, create(&key("ada"), &Person::default())).await;
    let refund =
        |quota: &str, amount, time| Refund { kind: BudgetKind::Country, quota: quota.to_owned(), amount, at: time };
    let draft = |refunds: Vec<Refund>| {
        let mut draft = change(&key("ada"), &stored, &Person::default());
        draft.0.refunds = refunds;
        draft
    };
    let mut number = 0;
    let mut draw = async |quota: &str, cost, time| {
        number += 1;
        spend(&*store, "acme", number, vec![amount(refusing(quota, 10, time), cost)]).await.is_ok()
    };
    for quota in ["+49", "+44"] {
        assert!(draw(quota, 10, at(0)).await && !draw(quota, 1, at(1)).await, "the budget is exhausted");
    }
    assert!(store.commit(draft(vec![refund("+49", 5, at(0))]).expecting(7).0).await.is_err());
    assert!(!draw("+49", 1, at(1)).await, "a refused commit gives nothing back");
    // Not to a window that had not begun or had ended, and not to another name, kind or tenant.
    let mut other_kind = refund("+49", 5, at(0));
    other_kind.kind = BudgetKind::Tenant;
    let just_before = at(0) - Duration::from_micros(1);
    let nowhere = vec![refund("+49", 5, just_before), refund("+49", 5, at(60)), refund("+4", 5, at(0)), other_kind];
    let mut version = store.commit(draft(nowhere).0).await.map(|_| 2).unwrap();
    assert!(!draw("+49", 1, at(1)).await, "a refund goes to no other budget");
    let mut give = async |refunds: Vec<Refund>| {
        store.commit(draft(refunds).expecting(version).0).await.unwrap();
        version += 1;
    };
    give(vec![refund("+49", 2, at(0)), refund("+49", 1, at(59))]).await;
    assert!(!draw("+49", 4, at(2)).await && draw("+49", 3, at(2)).await, "3 units are available again");
    assert!(!draw("+44", 1, at(2)).await, "a refund goes to no budget of another name");
    give(vec![refund("+49", u64::MAX, at(5))]).await;
    assert!(!draw("+49", 11, at(3)).await && draw("+49", 10, at(3)).await, "the amount drawn never falls below zero");
    give(vec![refund("+49", 8, at(5)), refund("+49", 8, at(5))]).await;
    assert!(!draw("+49", 11, at(3)).await && draw("+49", 10, at(3)).await, "several refunds never bring it below zero");
    // The next window is separate.
    assert!(draw("+49", 10, at(60)).await);
    give(vec![refund("+49", 10, at(59))]).await;
    assert!(!draw("+49", 1, at(61)).await, "a refund to an ended window has no effect");
    // The messages of a commit may draw what the same commit gives back.
    let mut both = draft(vec![refund("+49", 4, at(60))]);
    both = both.message(paid(letter(900, &key("ada"), at(61)), vec![amount(refusing("+49", 10, at(61)), 4)]));
    store.commit(both.expecting(version).0).await.expect("a refund can be drawn by the same commit");
    assert!(!draw("+49", 1, at(62)).await);
}

/// What a commit itself costs is drawn before what its messages cost, from the same budgets, whatever becomes of the messages;
/// where there is no room, the whole commit is refused.
pub async fn a_commit_pays_for_itself_before_its_messages(harness: &dyn Harness) {
    let store = harness.open().await;
    let mut number = 0;
    let mut commit = async |own: Vec<Charge>, messages: Vec<Vec<Charge>>| {
        number += 1;
        let user = key(&format!("payer {number}"));
        let draft = own.into_iter().fold(create(&user, &Person::default()), crate::kit::Draft::charge);
        let draft = (0..).zip(messages).fold(draft, |draft, (place, charges)| {
            draft.message(paid(letter(number * 10 + place, &user, NOW), charges))
        });
        (store.commit(draft.0).await, user)
    };
    let (drawn, _) = commit(vec![refusing("+49", 2, NOW)], vec![]).await;
    assert_eq!(drawn.unwrap(), Committed::default(), "a commit without a message pays too");
    // Its own charge takes the last of it, and its message finds nothing left.
    let (drawn, user) = commit(vec![refusing("+49", 2, NOW)], vec![vec![refusing("+49", 2, NOW)]]).await;
    assert!(matches!(drawn, Err(CommitError::Exhausted(Exhausted { drawn: 2, .. }))), "there is no room: {drawn:?}");
    assert_eq!(store.load(&user).await.unwrap(), None, "nothing of it is written");
    let (drawn, _) = commit(vec![refusing("+49", 2, NOW)], vec![]).await;
    drawn.expect("nothing of it is drawn");
    let (drawn, user) = commit(vec![refusing("+44", 9, NOW), refusing("+49", 2, NOW)], vec![vec![]]).await;
    let Err(CommitError::Exhausted(told)) = drawn else { panic!("there is no room: {drawn:?}") };
    assert_eq!((told.quota.as_str(), told.drawn, told.limit, told.effect), ("+49", 2, 2, WhenExhausted::Refuse));
    assert_eq!((told.retry_at, told.window), (at(60), Duration::from_secs(60)));
    assert_eq!(store.load(&user).await.unwrap(), None);
    assert_eq!(enqueued(&*store).await, [], "and no message of it goes");
    // What withholds a message gives nothing of this back; what is watched is told before what the messages are told.
    let (drawn, _) = commit(
        vec![refusing("+33", 2, NOW), recording("acme", 0, NOW)],
        vec![vec![withholding("ada", 0, NOW), refusing("+33", 2, NOW)], vec![refusing("+33", 2, NOW)], vec![]],
    )
    .await;
    let told = drawn.unwrap().exhausted;
    let effects: Vec<(&str, WhenExhausted)> = told.iter().map(|told| (told.quota.as_str(), told.effect)).collect();
    assert_eq!(effects, [("acme", WhenExhausted::Record), ("ada", WhenExhausted::Withhold)]);
    assert_eq!(enqueued(&*store).await.len(), 2, "the second and the third");
    let (drawn, _) = commit(vec![refusing("+33", 2, NOW)], vec![]).await;
    assert!(matches!(drawn, Err(CommitError::Exhausted(_))), "both draws count: {drawn:?}");
    // Twice from one budget, and a message that is withheld between.
    let (drawn, _) =
        commit(vec![refusing("+1", 3, NOW), refusing("+1", 3, NOW)], vec![vec![withholding("ada", 0, NOW)]]).await;
    assert_eq!(drawn.unwrap().exhausted.len(), 1);
    for has_room in [true, false] {
        let (drawn, _) = commit(vec![refusing("+1", 3, NOW)], vec![]).await;
        assert_eq!(drawn.is_ok(), has_room, "{drawn:?}");
    }
    // There is nothing to withhold.
    let (drawn, user) = commit(vec![withholding("bob", 9, NOW)], vec![]).await;
    assert!(matches!(drawn, Err(CommitError::Store(_))), "{drawn:?}");
    assert_eq!(store.load(&user).await.unwrap(), None);
}
