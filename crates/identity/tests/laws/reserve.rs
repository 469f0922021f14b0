//! What strangers cannot use up: the reserve of an address.

use identity::policy::{Budget, Prices, SendPolicy, VerificationPolicy};
use identity::{
    Account, Code, Confirmation, HolderError, IdentifierId, Policy, PublicRefusal, Receipt, Refusal, Started, UserId,
    Verification,
};

use crate::kit::{Host, address, secs};

const VICTIM: &str = "victim@example.com";
const NUMBER: &str = "+441514960453";

/// Strangers with fresh accounts ask for codes to an address, often enough to use up all of its budgets.
async fn crowd(host: &Host, text: &str) {
    for turn in 0..30 {
        if turn % 5 == 0 {
            host.clock.forward(secs(600));
        }
        let stranger = host.account().await;
        host.added(&stranger, text).await;
    }
    host.mailbox.clear();
}

/// A user who adds the address, with these verified ones.
async fn asker(host: &Host, verified: &[&str], text: &str) -> (Account, IdentifierId) {
    let account = host.identity.account(&host.user_with(verified).await);
    let id = account.add(address(text)).await.unwrap().outcome;
    (account, id)
}

/// Whether a start sends a message to this address.
async fn sends(host: &Host, account: &Account, id: IdentifierId, to: &str) -> bool {
    started(host, account.start_verification(id).await, to).await
}

async fn started(host: &Host, answer: Result<Receipt<Started>, HolderError>, to: &str) -> bool {
    let started = answer.unwrap().outcome;
    assert_eq!(started.expires_at.since(host.identity_now()), secs(600), "the answer is that of every start");
    host.mailbox.clear();
    host.identity.deliver_due().await.unwrap();
    host.mailbox.messages().iter().any(|message| message.to.as_str() == to)
}

impl Host {
    fn identity_now(&self) -> identity::Timestamp {
        use identity::system::Clock as _;
        self.clock.now()
    }
}

#[tokio::test]
async fn a_user_who_proves_another_address_gets_a_code_whatever_strangers_did() {
    for text in [VICTIM, NUMBER] {
        let host = Host::new();
        crowd(&host, text).await;
        let (stranger, id) = asker(&host, &[], text).await;
        assert!(!sends(&host, &stranger, id, text).await, "{text}: the budgets are used up");
        let (owner, id) = asker(&host, &["owner@example.com"], text).await;
        assert!(sends(&host, &owner, id, text).await, "{text}: the owner's first code is sent");
        let code = host.mailbox.code(text).unwrap();
        assert_eq!(owner.confirm(id, &code).await.unwrap().outcome, Confirmation::Verified);
    }
}

#[tokio::test]
async fn numbers_beside_it_do_not_keep_a_code_from_an_owner() {
    let host = Host::new();
    for number in 0..30 {
        let neighbour = host.account().await;
        host.added(&neighbour, &format!("+44151496046{}", number % 10)).await;
        host.added(&neighbour, &format!("+44151496047{}", number % 10)).await;
    }
    let (stranger, id) = asker(&host, &[], "+441514960499").await;
    assert!(!sends(&host, &stranger, id, "+441514960499").await, "the block is used up");
    let (owner, id) = asker(&host, &["owner@example.com"], "+441514960499").await;
    assert!(sends(&host, &owner, id, "+441514960499").await);
}

#[tokio::test]
async fn a_user_draws_once_a_window_from_the_reserve_of_an_address() {
    let host = Host::new();
    crowd(&host, VICTIM).await;
    let (owner, id) = asker(&host, &["owner@example.com"], VICTIM).await;
    let mut sent = 0;
    for _ in 0..9 {
        sent += usize::from(sends(&host, &owner, id, VICTIM).await);
        host.clock.forward(secs(1_200));
    }
    assert_eq!(sent, 1);
    // A variant of the mailbox is the same address, and to add it again is no new turn.
    owner.remove(id).await.unwrap();
    let variant = owner.add(address("victim+1@example.com")).await.unwrap().outcome;
    assert!(!sends(&host, &owner, variant, "victim+1@example.com").await);
    // Another address has a reserve of its own.
    crowd(&host, "other@example.org").await;
    let other = owner.add(address("other@example.org")).await.unwrap().outcome;
    assert!(sends(&host, &owner, other, "other@example.org").await);
}

#[tokio::test]
async fn accounts_with_an_address_of_their_own_get_no_more_than_the_reserve() {
    let host = Host::new();
    crowd(&host, VICTIM).await;
    let mut sent = 0;
    for number in 0..20 {
        let (account, id) = asker(&host, &[&format!("account{number}@evil.example")], VICTIM).await;
        for _ in 0..3 {
            sent += usize::from(sends(&host, &account, id, VICTIM).await);
            host.clock.forward(secs(600));
        }
    }
    assert_eq!(sent, 3, "the reserve is a budget too");
}

#[tokio::test]
async fn nobody_uses_up_the_reserve_of_a_user_who_held_the_address_verified() {
    let host = Host::new();
    let admin = host.identity.admin("staff");
    // By a code, on an administrator's word, and from the first on.
    let by_code = host.account().await;
    let id = host.verified(&by_code, VICTIM).await;
    let mut holders: Vec<(UserId, IdentifierId)> = vec![(by_code.user().clone(), id)];
    let told = host.user().await;
    let id = admin.add(&told, address("told@example.com")).await.unwrap().outcome;
    admin.mark_verified(&told, id).await.unwrap();
    holders.push((told, id));
    let born = host.user_with(&["born@example.com"]).await;
    let id = host.identity.account(&born).get().await.unwrap().primary_email().unwrap().id;
    holders.push((born, id));
    for (user, id) in holders {
        let account = host.identity.account(&user);
        let text = account.get().await.unwrap().identifier(id).unwrap().address.to_string();
        admin.mark_unverified(&user, id).await.unwrap();
        crowd(&host, &text).await;
        for number in 0..5 {
            let (account, id) = asker(&host, &[&format!("{number}{text}")], &text).await;
            assert_eq!(sends(&host, &account, id, &text).await, number < 3);
        }
        assert!(sends(&host, &account, id, &text).await, "{text}");
        let code = host.mailbox.code(&text).unwrap();
        assert_eq!(account.confirm(id, &code).await.unwrap().outcome, Confirmation::Verified);
    }
}

#[tokio::test]
async fn an_imported_holder_has_a_reserve_too() {
    let host = Host::new();
    let admin = host.identity.admin("staff");
    let ada = host.user_with(&[VICTIM]).await;
    let records = admin.export(None, 10).await.unwrap().records;
    let other = Host::new();
    let admin = other.identity.admin("staff");
    admin.import(records).await.unwrap();
    let id = other.identity.account(&ada).get().await.unwrap().primary_email().unwrap().id;
    admin.mark_unverified(&ada, id).await.unwrap();
    crowd(&other, VICTIM).await;
    assert!(sends(&other, &other.identity.account(&ada), id, VICTIM).await);
}

#[tokio::test]
async fn an_administrator_draws_from_the_reserve_for_a_user_who_is_no_stranger() {
    let host = Host::new();
    crowd(&host, VICTIM).await;
    let admin = host.identity.admin("staff");
    let (stranger, id) = asker(&host, &[], VICTIM).await;
    let refused = admin.start_verification(stranger.user(), id, &Verification::default()).await.unwrap_err();
    assert!(matches!(refused.refusal(), Some(Refusal::TooSoon { .. })), "{refused:?}");
    let (owner, id) = asker(&host, &["owner@example.com"], VICTIM).await;
    admin.start_verification(owner.user(), id, &Verification::default()).await.unwrap();
    host.identity.deliver_due().await.unwrap();
    assert_eq!(owner.confirm(id, &host.mailbox.code(VICTIM).unwrap()).await.unwrap().outcome, Confirmation::Verified);
}

#[tokio::test]
async fn strangers_guesses_do_not_keep_an_owner_from_answering() {
    let verification = VerificationPolicy::builder().guesses(10).build().unwrap();
    let host = Host::new().with_policy(Policy::default().with_verification(verification));
    let wrong = Code::parse("wrong").unwrap();
    let (owner, owned) = asker(&host, &["owner@example.com"], VICTIM).await;
    assert!(sends(&host, &owner, owned, VICTIM).await);
    let code = host.mailbox.code(VICTIM).unwrap();
    let guess = async |verified: &[&str]| {
        let (account, id) = asker(&host, verified, VICTIM).await;
        account.start_verification(id).await.unwrap();
        let mut judged = 0;
        for _ in 0..5 {
            match account.confirm(id, &wrong).await {
                Ok(_) => judged += 1,
                Err(error) => {
                    let kept = error.refusal().unwrap();
                    assert!(matches!(kept, PublicRefusal::TooManyFailures { .. }), "{kept:?}");
                }
            }
        }
        judged
    };
    let mut judged = 0;
    for _ in 0..20 {
        judged += guess(&[]).await;
    }
    assert_eq!(judged, 10, "strangers have the budget and no more");
    for number in 0..2 {
        judged += guess(&[&format!("account{number}@evil.example")]).await;
    }
    assert_eq!(owner.confirm(owned, &code).await.unwrap().outcome, Confirmation::Verified);
    for number in 0..20 {
        judged += guess(&[&format!("other{number}@evil.example")]).await;
    }
    assert_eq!(judged, 10 + 3 * 5 - 1, "of three codes with five answers each, one answer was the owner's");
}

#[tokio::test]
async fn without_a_reserve_strangers_decide() {
    let none = SendPolicy::builder().reserve(None).build().unwrap();
    let host = Host::new().with_policy(Policy::default().with_send(none));
    crowd(&host, VICTIM).await;
    let (owner, id) = asker(&host, &["owner@example.com"], VICTIM).await;
    assert!(!sends(&host, &owner, id, VICTIM).await);
}

#[tokio::test]
async fn the_other_budgets_bind_the_reserve() {
    let send = SendPolicy::builder().country(Some(Budget::new(12, secs(864_000)))).build().unwrap();
    let host = Host::new().with_policy(Policy::default().with_send(send));
    crowd(&host, NUMBER).await;
    for (number, sent) in [(1, true), (2, true), (3, false)] {
        let (owner, id) = asker(&host, &[&format!("owner{number}@example.com")], NUMBER).await;
        match owner.start_verification(id).await {
            Ok(answer) => assert!(sent && answer.outcome.expires_at > host.identity_now(), "{number}"),
            Err(error) => {
                assert!(!sent && matches!(error.refusal(), Some(PublicRefusal::TooSoon { .. })), "{number}: {error}");
            }
        }
    }
}

#[tokio::test]
async fn c85_an_owner_of_numbers_alone_is_told_of_a_loss_when_the_hosts_money_is_used_up() {
    let money = Some(Budget::new(1_000_000, secs(86_400)));
    let send = SendPolicy::builder().prices(Prices::new(100_000)).tenant_money(money).build().unwrap();
    let host = Host::new().with_policy(Policy::default().with_send(send));
    let number = |at: u64| format!("+4474{:08}", 10_000_000 + at * 100);
    let told = async || {
        host.identity.deliver_due().await.unwrap();
        let told: Vec<_> = host.mailbox.messages().iter().map(|message| message.to.to_string()).collect();
        host.mailbox.clear();
        told
    };
    for at in 0..12 {
        let stranger = host.account().await;
        let id = stranger.add(address(&number(at))).await.unwrap().outcome;
        assert_eq!(stranger.start_verification(id).await.is_ok(), at < 10, "ten codes cost what there is");
    }
    assert_eq!(told().await.len(), 10);
    let lose = async |own: &str, other: &str| {
        let user = host.user_with(&[own, other]).await;
        let id = host.identity.admin("test").get(&user).await.unwrap().phones().entries()[0].id;
        host.identity.account(&user).remove(id).await.unwrap();
    };
    lose(NUMBER, "+441514970453").await;
    assert_eq!(told().await, [NUMBER], "the number that was lost hears of it");
    // Whatever others lose, the money has an end.
    for at in 20..40 {
        lose(&number(at), &number(at + 20)).await;
    }
    assert_eq!(told().await.len(), 9);
}
