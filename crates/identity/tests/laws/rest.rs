//! What a user gives up rests before another user may have it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use identity::policy::RestPolicy;
use identity::sign_in::Login;
use identity::{
    Account, Code, CodeKeys, Confirmation, HolderError, Identity, NewUser, Policy, ProfileChange, PublicRefusal,
    Refusal, Timestamp, UserId, Username,
};
use identity_memory::MemoryStore;

use crate::kit::{CountedEntropy, HandClock, Host, Mailbox, address, keys, secs};
use crate::sign_in::Noted;

const EMAIL: &str = "ada@example.com";
const NUMBER: &str = "+441514960453";

fn days(days: u64) -> Duration {
    secs(days * 86_400)
}

impl Host {
    fn time(&self) -> Timestamp {
        use identity::system::Clock as _;
        self.clock.now()
    }

    /// Somebody new adds an address and answers its code.
    async fn takes(&self, text: &str) -> Result<Confirmation, PublicRefusal> {
        let account = self.account().await;
        let id = self.added(&account, text).await;
        self.answers(&account, id, text).await
    }

    async fn proves(&self, account: &Account, text: &str) -> Result<Confirmation, PublicRefusal> {
        // Another message may be asked for.
        self.clock.forward(secs(30));
        let id = self.added(account, text).await;
        self.answers(account, id, text).await
    }

    async fn answers(
        &self,
        account: &Account,
        id: identity::IdentifierId,
        text: &str,
    ) -> Result<Confirmation, PublicRefusal> {
        let code = self.mailbox.code(text).unwrap();
        match account.confirm(id, &code).await {
            Ok(receipt) => Ok(receipt.outcome),
            Err(HolderError::Refused(refusal)) => Err(refusal),
            Err(other) => panic!("{other}"),
        }
    }

    async fn id(&self, account: &Account, text: &str) -> identity::IdentifierId {
        let user = account.get().await.unwrap();
        user.identifiers().find(|entry| entry.address == address(text)).unwrap().id
    }
}

fn wrong() -> Code {
    Code::parse("wrong").unwrap()
}

fn name(text: &str) -> Username {
    Username::parse(text).unwrap()
}

#[tokio::test]
async fn c96_a_released_address_is_verified_by_another_user_when_its_rest_is_over() {
    for (text, other, rest) in [(EMAIL, "b@example.com", days(30)), (NUMBER, "+441514960454", days(45))] {
        for way in ["removed", "replaced", "erased"] {
            let host = Host::new();
            let staff = host.identity.admin("staff");
            let ada = host.identity.account(&host.user_with(&[text, "stays@example.com"]).await);
            let id = host.id(&ada, text).await;
            match way {
                "removed" => drop(ada.remove(id).await.unwrap()),
                "replaced" => {
                    let new = ada.replace(id, address(other)).await.unwrap().outcome;
                    ada.start_verification(new).await.unwrap();
                    host.identity.deliver_due().await.unwrap();
                    assert_eq!(host.answers(&ada, new, other).await, Ok(Confirmation::Verified));
                }
                _ => drop(staff.erase(ada.user()).await.unwrap()),
            }
            let until = host.time() + rest;
            let refused = Err(PublicRefusal::Resting { until });
            assert_eq!(host.takes(text).await, refused, "{text} {way}");
            host.clock.forward(rest - secs(1));
            let bob = host.account().await;
            let id = host.added(&bob, text).await;
            assert_eq!(host.answers(&bob, id, text).await, refused, "{text} {way}: a second before its end");
            host.clock.forward(secs(1));
            assert_eq!(host.answers(&bob, id, text).await, Ok(Confirmation::Verified), "{text} {way}: the same code");
        }
    }
}

#[tokio::test]
async fn a_later_release_rests_the_whole_time() {
    let host = Host::new();
    let ada = host.account().await;
    for _ in 0..3 {
        let id = host.verified(&ada, EMAIL).await;
        host.identity.admin("staff").remove(ada.user(), id).await.unwrap();
        host.clock.forward(days(20));
    }
    let until = host.time() + days(10);
    assert_eq!(host.takes(EMAIL).await, Err(PublicRefusal::Resting { until }));
    host.clock.forward(days(10));
    assert_eq!(host.takes(EMAIL).await, Ok(Confirmation::Verified));
}

#[tokio::test]
async fn who_held_it_before_gets_it_back_at_once() {
    let host = Host::new();
    let staff = host.identity.admin("staff");
    let born = host.user_with(&[EMAIL, "stays@example.com"]).await;
    let ada = host.identity.account(&born);
    let removed = host.id(&ada, EMAIL).await;
    ada.remove(removed).await.unwrap();
    assert_eq!(host.proves(&ada, EMAIL).await, Ok(Confirmation::Verified));
    // Many events later, and as an imported user.
    let id = host.id(&ada, EMAIL).await;
    ada.remove(id).await.unwrap();
    for number in 0..1_100 {
        let claims = serde_json::Map::from_iter([("n".to_owned(), number.into())]);
        staff.change_profile(&born, &ProfileChange { claims, ..ProfileChange::default() }).await.unwrap();
    }
    assert_eq!(host.proves(&ada, EMAIL).await, Ok(Confirmation::Verified), "however long ago");
    let grace = host.user_with(&[NUMBER, "grace@example.com"]).await;
    let record = identity::import::UserRecord::from(&*staff.get(&grace).await.unwrap());
    staff.erase(&grace).await.unwrap();
    let moved = identity::import::UserRecord { id: UserId::parse("moved").unwrap(), ..record };
    staff.import(vec![moved]).await.unwrap();
    let moved = host.identity.account(&UserId::parse("moved").unwrap());
    let id = host.id(&moved, NUMBER).await;
    moved.remove(id).await.unwrap();
    assert_eq!(host.proves(&moved, NUMBER).await, Ok(Confirmation::Verified));
}

#[tokio::test]
async fn an_administrator_does_not_wait_and_what_is_unverified_does_not_rest() {
    let host = Host::new();
    let staff = host.identity.admin("staff");
    let ada = host.user_with(&[EMAIL, NUMBER]).await;
    let account = host.identity.account(&ada);
    account.remove(host.id(&account, NUMBER).await).await.unwrap();
    let bob = host.user_with(&[NUMBER]).await;
    assert_eq!(staff.get(&bob).await.unwrap().primary_phone().map(|entry| entry.is_verified()), Some(true));
    staff.mark_unverified(&ada, host.id(&account, EMAIL).await).await.unwrap();
    assert_eq!(host.takes(EMAIL).await, Ok(Confirmation::Verified), "staff handed it on");
}

#[tokio::test]
async fn a_username_that_rests_is_taken_to_everybody_but_its_former_user() {
    let host = Host::new();
    let (ada, bob) = (host.account().await, host.account().await);
    ada.set_username(&name("ada")).await.unwrap();
    ada.set_username(&name("lovelace")).await.unwrap();
    let taken = |answer: Result<_, HolderError>| answer.map(drop).unwrap_err().refusal().cloned();
    assert_eq!(taken(bob.set_username(&name("lovelace")).await), Some(PublicRefusal::UsernameTaken), "it is Ada's");
    assert_eq!(taken(bob.set_username(&name("Ada")).await), Some(PublicRefusal::UsernameTaken), "it rests");
    ada.set_username(&name("ada")).await.unwrap();
    ada.remove_username().await.unwrap();
    host.clock.forward(days(90) - secs(1));
    assert_eq!(taken(bob.set_username(&name("ada")).await), Some(PublicRefusal::UsernameTaken));
    host.identity.admin("staff").set_username(bob.user(), &name("ada"), None).await.unwrap();
    assert_eq!(bob.get().await.unwrap().username().map(|entry| entry.username.as_str().to_owned()), Some("ada".into()));
    bob.remove_username().await.unwrap();
    host.clock.forward(days(90));
    host.account().await.set_username(&name("ada")).await.unwrap();
}

#[tokio::test]
async fn nobody_is_created_by_a_proof_of_an_address_that_rests() {
    let host = Host::new();
    let ada = host.identity.account(&host.user_with(&[EMAIL, "stays@example.com"]).await);
    ada.remove(host.id(&ada, EMAIL).await).await.unwrap();
    ada.set_username(&name("ada")).await.unwrap();
    ada.remove_username().await.unwrap();
    let proof = async |text: &str| {
        let sign_in = host.identity.sign_in();
        let started = sign_in.start(Login::from(address(text))).await.unwrap();
        host.identity.deliver_due().await.unwrap();
        sign_in.confirm(&started.ticket, &host.mailbox.code(text).unwrap()).await.unwrap().unwrap()
    };
    let resting = |answer: Result<_, HolderError>| answer.map(drop).unwrap_err().refusal().cloned();
    let until = host.time() + days(30);
    let refused = proof(EMAIL).await.find_or_create(NewUser::default()).await;
    assert_eq!(resting(refused), Some(PublicRefusal::Resting { until }));
    let named = NewUser { username: Some(name("ada")), ..NewUser::default() };
    let refused = proof("new@example.com").await.find_or_create(named).await;
    assert_eq!(resting(refused), Some(PublicRefusal::UsernameTaken));
    assert!(proof("new@example.com").await.find_or_create(NewUser::default()).await.unwrap().is_new);
    host.clock.forward(days(30));
    assert!(proof(EMAIL).await.find_or_create(NewUser::default()).await.unwrap().is_new);
}

#[tokio::test]
async fn a_rest_outlives_a_rotation_of_keys_as_long_as_its_key_is_configured() {
    let [old, new] = [format!("old:{}", "5a".repeat(32)), format!("new:{}", "a5".repeat(32))];
    let (store, clock, mailbox) = (MemoryStore::new(), HandClock::default(), Mailbox::default());
    let host = |keys: &str| Host {
        identity: Identity::new(store.clone(), mailbox.clone(), CodeKeys::parse(keys).unwrap())
            .with_clock(clock.clone())
            .with_entropy(CountedEntropy::default()),
        clock: clock.clone(),
        mailbox: mailbox.clone(),
    };
    let first = host(&old);
    let ada = first.identity.account(&first.user_with(&[EMAIL, "stays@example.com"]).await);
    ada.remove(first.id(&ada, EMAIL).await).await.unwrap();
    clock.forward(secs(1));
    let rotated = host(&format!("{new},{old}"));
    assert!(matches!(rotated.takes(EMAIL).await, Err(PublicRefusal::Resting { .. })));
    clock.forward(secs(1));
    assert_eq!(host(&new).takes(EMAIL).await, Ok(Confirmation::Verified), "without its key nobody knows of it");
}

/// What somebody hears, and what a store is asked, who adds an address, asks for a code and guesses.
async fn heard(rests: bool) -> Vec<String> {
    let (clock, calls) = (HandClock::default(), Arc::new(Mutex::new(Vec::new())));
    let store = Noted(MemoryStore::new(), Arc::clone(&calls), Arc::default());
    let identity = Identity::new(store, Mailbox::default(), keys())
        .with_clock(clock.clone())
        .with_entropy(CountedEntropy::default());
    let host = Host { identity, clock, mailbox: Mailbox::default() };
    let (ada, bob) = (host.user_with(&[EMAIL, "stays@example.com"]).await, host.account().await);
    let ada = host.identity.account(&ada);
    let other = host.id(&ada, "stays@example.com").await;
    ada.remove(if rests { host.id(&ada, EMAIL).await } else { other }).await.unwrap();
    if !rests {
        let staff = host.identity.admin("staff");
        staff.mark_unverified(ada.user(), host.id(&ada, EMAIL).await).await.unwrap();
    }
    calls.lock().unwrap().clear();
    let id = bob.add(address(EMAIL)).await.unwrap().outcome;
    let mut heard = Vec::new();
    for _ in 0..9 {
        heard.push(format!("{:?}", bob.start_verification(id).await.map(|receipt| receipt.outcome)));
        heard.push(format!("{:?}", bob.confirm(id, &wrong()).await.map(|receipt| receipt.outcome)));
        heard.push(format!("{:?}", bob.get().await.unwrap().identifiers().count()));
        host.clock.forward(secs(40));
    }
    heard.append(&mut calls.lock().unwrap());
    heard
}

#[tokio::test]
async fn c96_who_proves_nothing_learns_nothing_of_a_rest() {
    let [free, resting] = [heard(false).await, heard(true).await];
    assert!(free.iter().any(|what| what.contains("Rejected")) && free.iter().any(|what| what.contains("commit")));
    assert!(free.iter().all(|what| !what.contains("rest\"")), "nothing is asked: {free:?}");
    assert_eq!(free, resting, "the same answers by the same calls");
}

#[tokio::test]
async fn a_policy_switches_rests_off_and_staff_is_told_why() {
    let none = Policy::default().with_rest(RestPolicy::none());
    let host = Host::new().with_policy(none);
    let ada = host.identity.account(&host.user_with(&[EMAIL, "stays@example.com"]).await);
    ada.remove(host.id(&ada, EMAIL).await).await.unwrap();
    assert_eq!(host.takes(EMAIL).await, Ok(Confirmation::Verified));
    let until = Timestamp::from_secs(1_700_000_000);
    let refusal = Refusal::Resting { kind: address(EMAIL).claim_key().kind(), until };
    assert_eq!((refusal.code(), refusal.retry_at()), ("resting", Some(until)));
}
