//! Whoever reads a notice undoes the change that it reports, without being signed in.

use identity::disavowal::{DisavowToken, Undone};
use identity::history::Recorded;
use identity::{
    CodeKeys, Content, Error, HolderError, Identity, NewAddress, NoticeKind, PublicRefusal, TenantId, UserId,
};
use identity_memory::MemoryStore;

use crate::kit::{HandClock, Host, Mailbox, address, keys, secs};

const ADA: &str = "ada@example.com";
const THIEF: &str = "thief@example.com";

fn refusal<T: std::fmt::Debug>(result: Result<T, HolderError>) -> PublicRefusal {
    match result.unwrap_err() {
        Error::Refused(refusal) => refusal,
        other => panic!("{other:?} is no refusal"),
    }
}

/// Ada, whose address somebody else replaced by their own, and the link that she got.
async fn replaced(host: &Host) -> (UserId, DisavowToken) {
    let ada = host.user_with(&[ADA]).await;
    host.replace_primary(&ada, THIEF).await;
    let token = host.mailbox.disavowal(ADA).unwrap();
    (ada, DisavowToken::parse(&token.reveal()).unwrap())
}

async fn history(host: &Host, user: &UserId) -> Vec<Recorded> {
    host.identity.admin("staff").history(user, 0, 10_000).await.unwrap()
}

async fn primary(identity: &Identity, user: &UserId) -> String {
    identity.account(user).get().await.unwrap().primary_email().unwrap().address.to_string()
}

#[tokio::test]
async fn what_a_thief_replaced_is_undone_without_signing_in_and_both_sides_are_told() {
    let host = Host::new();
    let (ada, token) = replaced(&host).await;
    let told = host.identity.disavowal(&token).await.unwrap();
    assert_eq!((told.change, &told.about), (NoticeKind::Replaced, &address(THIEF)));
    assert_eq!(primary(&host.identity, &ada).await, THIEF, "to look at it changes nothing");
    host.clock.forward(secs(3_600));
    host.mailbox.clear();
    let receipt = host.identity.disavow(&token).await.unwrap();
    assert_eq!(receipt.outcome, told);
    assert!(receipt.outcome.since < receipt.at, "sessions since then may be somebody else's");
    assert_eq!(primary(&host.identity, &ada).await, ADA);
    assert_eq!(host.identity.resolve(THIEF).await.unwrap(), None);
    assert_eq!(host.identity.resolve(ADA).await.unwrap().as_ref(), Some(&ada));
    host.identity.deliver_due().await.unwrap();
    let mut told: Vec<String> = host.mailbox.messages().iter().map(|message| message.to.to_string()).collect();
    told.sort_unstable();
    assert_eq!(told, [ADA, THIEF]);
    for notice in host.mailbox.notices() {
        assert!(matches!(notice.message.content, Content::Notice { what: NoticeKind::Undone, .. }));
        assert!(notice.disavowal.is_none(), "an undone change is contested with an administrator");
    }
    // It is in the record, and works once.
    assert!(history(&host, &ada).await.iter().any(|recorded| recorded.event.change.kind() == "disavowed"));
    assert_eq!(refusal(host.identity.disavow(&token).await), PublicRefusal::DisavowalUsed);
    assert_eq!(refusal(host.identity.disavowal(&token).await), PublicRefusal::DisavowalUsed);
}

#[tokio::test]
async fn a_bad_link_is_refused_with_its_own_code_and_changes_nothing() {
    let host = Host::new();
    let (ada, token) = replaced(&host).await;
    let number = token.event();
    let made =
        |keys: &CodeKeys, tenant: &str, user: &UserId| keys.disavowal(&TenantId::parse(tenant).unwrap(), user, number);
    let version = history(&host, &ada).await.len();
    let other = CodeKeys::parse(&format!("other:{}", "a5".repeat(32))).unwrap();
    let forger = CodeKeys::parse(&format!("test:{}", "a5".repeat(32))).unwrap();
    let nobody = UserId::parse("nobody").unwrap();
    for (bad, expected) in [
        (made(&forger, "default", &ada), PublicRefusal::DisavowalForged),
        (made(&keys(), "another", &ada), PublicRefusal::DisavowalForged),
        (made(&forger, "default", &nobody), PublicRefusal::DisavowalForged),
        (made(&other, "default", &ada), PublicRefusal::DisavowalKeyGone),
        (made(&keys(), "default", &nobody), PublicRefusal::UserNotFound),
    ] {
        assert_eq!(refusal(host.identity.disavowal(&bad).await), expected);
        assert_eq!(refusal(host.identity.disavow(&bad).await), expected);
    }
    // In the other tenant it looks forged too.
    let elsewhere = host.identity.for_tenant(TenantId::parse("another").unwrap());
    assert_eq!(refusal(elsewhere.disavow(&token).await), PublicRefusal::DisavowalForged);
    let staff = host.identity.admin("staff");
    staff.disable(&ada).await.unwrap();
    assert_eq!(refusal(host.identity.disavow(&token).await), PublicRefusal::Disabled);
    staff.enable(&ada).await.unwrap();
    host.clock.forward(secs(7 * 86_400));
    assert_eq!(refusal(host.identity.disavow(&token).await), PublicRefusal::DisavowalOver);
    assert_eq!(primary(&host.identity, &ada).await, THIEF);
    assert_eq!(history(&host, &ada).await.len(), version + 2, "disabled and enabled, and nothing else");
    staff.erase(&ada).await.unwrap();
    assert_eq!(refusal(host.identity.disavow(&token).await), PublicRefusal::UserNotFound);
}

#[tokio::test]
async fn an_address_that_belongs_to_somebody_else_by_now_does_not_come_back() {
    let host = Host::new();
    let (ada, token) = replaced(&host).await;
    let bob = host.user_with(&[ADA]).await;
    assert_eq!(refusal(host.identity.disavow(&token).await), PublicRefusal::TakenSince);
    assert_eq!((primary(&host.identity, &ada).await, primary(&host.identity, &bob).await), (THIEF.into(), ADA.into()));
}

#[tokio::test]
async fn a_link_from_before_a_rotation_works_as_long_as_its_key_is_configured() {
    let (store, clock, mailbox) = (MemoryStore::new(), HandClock::default(), Mailbox::default());
    let host = |keys: &str| {
        let keys = CodeKeys::parse(keys).unwrap();
        Identity::new(store.clone(), mailbox.clone(), keys).with_clock(clock.clone())
    };
    let [old, new] = ["5a", "a5"].map(|byte| format!("key{byte}:{}", byte.repeat(32)));
    let before = host(&old);
    let addresses = vec![NewAddress::from(address(ADA)).verified()];
    let user = identity::NewUser { addresses, ..identity::NewUser::default() };
    let ada = before.admin("test").create(user).await.unwrap().outcome;
    before.account(&ada).add(address(THIEF)).await.unwrap();
    before.deliver_due().await.unwrap();
    let token = mailbox.disavowal(ADA).unwrap();
    assert_eq!(refusal(host(&new).disavow(&token).await), PublicRefusal::DisavowalKeyGone);
    let Undone { change, .. } = host(&format!("{new},{old}")).disavow(&token).await.unwrap().outcome;
    assert_eq!(change, NoticeKind::Added);
}

#[tokio::test]
async fn a_long_history_is_read_whole() {
    let host = Host::new();
    let (ada, token) = replaced(&host).await;
    let staff = host.identity.admin("staff");
    for number in 0..400 {
        let report = |_: &_| [("number".to_owned(), number.into())].into_iter().collect();
        staff.report(&ada, report).await.unwrap();
    }
    assert!(history(&host, &ada).await.len() > 256);
    host.identity.disavow(&token).await.unwrap();
    assert_eq!(primary(&host.identity, &ada).await, ADA);
    assert_eq!(refusal(host.identity.disavow(&token).await), PublicRefusal::DisavowalUsed, "also at the end of it");
}

#[tokio::test]
async fn what_is_listed_for_the_user_is_what_notices_offer_and_can_still_be_undone() {
    let (mut listed_at_all, mut undone) = (0, 0);
    for seed in 0..150_u64 {
        let host = Host::new();
        let account = host.identity.account(&host.user_with(&[ADA, "+441514960453"]).await);
        assert!(account.disavowals().await.unwrap().is_empty(), "what an administrator did is not undone");
        let mut state = seed;
        let mut dice = |sides: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap() % sides
        };
        for step in 0..12 {
            host.clock.forward(secs(if dice(2) == 0 { 1 } else { 86_401 }));
            let ids: Vec<_> = account.get().await.unwrap().identifiers().map(|entry| entry.id).collect();
            let id = ids[dice(ids.len())];
            let new = address(&format!("new{step}@example.com"));
            // What the rules refuse changes nothing.
            match dice(6) {
                0 => drop(account.add(new).await),
                1 => drop(account.set_primary(id).await),
                2 => drop(account.remove(id).await),
                3 => drop(account.replace(id, new).await),
                4 => {
                    if account.start_verification(id).await.is_ok() {
                        host.identity.deliver_due().await.unwrap();
                        let to = account.get().await.unwrap().identifier(id).unwrap().address.to_string();
                        if let Some(code) = host.mailbox.code(&to) {
                            drop(account.confirm(id, &code).await);
                        }
                    }
                }
                _ => {
                    let listed = account.disavowals().await.unwrap();
                    if let Some((token, what)) = listed.get(dice(listed.len().max(1))) {
                        assert_eq!(host.identity.disavow(token).await.unwrap().outcome, *what);
                        let left = account.disavowals().await.unwrap();
                        assert!(left.iter().all(|(other, _)| other.event() != token.event()), "it is undone once");
                        undone += 1;
                    }
                }
            }
            host.identity.deliver_due().await.unwrap();
            let listed = account.disavowals().await.unwrap();
            assert!(listed.is_sorted_by_key(|(token, _)| std::cmp::Reverse(token.event())), "the newest comes first");
            for (token, what) in &listed {
                assert_eq!(host.identity.disavowal(token).await.unwrap(), *what, "seed {seed}, step {step}");
            }
            listed_at_all += listed.len();
            for token in host.mailbox.notices().iter().filter_map(|notice| notice.disavowal.as_ref()) {
                let Ok(offered) = host.identity.disavowal(token).await else { continue };
                let is_listed = listed.iter().any(|(_, what)| what.since == offered.since);
                assert!(is_listed, "seed {seed}, step {step}: {offered:?} is not in {listed:?}");
            }
        }
    }
    assert!(listed_at_all > 1_000 && undone > 50, "{listed_at_all} listed, {undone} undone");
}
