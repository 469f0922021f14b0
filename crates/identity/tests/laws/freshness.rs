//! Evidence is renewed by a proof.

use identity::policy::FreshnessPolicy;
use identity::sign_in::{Login, Proof};
use identity::{Account, HolderError, IdentifierId, Policy, PublicRefusal};

use crate::kit::{Host, address, secs};

const NUMBER: &str = "+441514960453";
const MONTH: u64 = 30 * 86_400;

fn host() -> Host {
    let freshness = FreshnessPolicy::default().with_purpose("payment", secs(MONTH)).unwrap();
    Host::new().with_policy(Policy::default().with_freshness(freshness))
}

/// Shows an address once more.
async fn shown(host: &Host, account: &Account, id: IdentifierId) -> Proof {
    let started = account.step_up(id).await.unwrap();
    host.identity.deliver_due().await.unwrap();
    account.confirm_step_up(&started.ticket, &host.mailbox.code(NUMBER).unwrap()).await.unwrap().unwrap()
}

#[tokio::test]
async fn an_address_stays_verified_while_it_is_shown_once_more() {
    let host = host();
    let account = host.account().await;
    let id = host.verified(&account, NUMBER).await;
    host.clock.forward(secs(MONTH + 1));
    assert!(!account.is_fresh(id, "payment").await.unwrap());
    let proof = shown(&host, &account, id).await;
    assert!(account.get().await.unwrap().identifier(id).unwrap().is_verified(), "meanwhile");
    assert!(!account.is_fresh(id, "payment").await.unwrap(), "a proof that nobody renews by changes nothing");
    host.clock.forward(secs(60));
    let renewed = proof.renew().await.unwrap();
    assert_eq!(renewed.outcome, id);
    assert!(account.is_fresh(id, "payment").await.unwrap());
    assert_eq!(renewed.user.identifier(id).unwrap().evidence().unwrap().at, proof.at(), "when it was shown");
    assert_eq!(proof.renew().await.unwrap().version, renewed.version, "a second time writes nothing");
    assert!(!account.is_fresh(id, "recovery").await.unwrap(), "a purpose that nobody named");
}

#[tokio::test]
async fn a_proof_renews_nothing_that_its_user_lost() {
    let host = host();
    let account = host.identity.account(&host.user_with(&[NUMBER, "ada@example.com"]).await);
    let id = account.get().await.unwrap().primary_phone().unwrap().id;
    let refusal = |answer: Result<_, HolderError>| answer.map(drop).unwrap_err().refusal().cloned();
    host.clock.forward(secs(60));
    let proof = shown(&host, &account, id).await;
    host.identity.admin("staff").mark_unverified(account.user(), id).await.unwrap();
    assert_eq!(refusal(proof.renew().await), Some(PublicRefusal::NotVerified));
    account.remove(id).await.unwrap();
    assert_eq!(refusal(proof.renew().await), Some(PublicRefusal::IdentifierNotFound));
    assert_eq!(account.is_fresh(id, "payment").await.unwrap_err().refusal(), Some(&PublicRefusal::IdentifierNotFound));
}

#[tokio::test]
async fn a_proof_of_a_sign_in_renews_too_and_that_of_a_stranger_nothing() {
    let host = host();
    let account = host.account().await;
    let id = host.verified(&account, NUMBER).await;
    host.clock.forward(secs(MONTH + 1));
    for (text, known) in [(NUMBER, true), ("new@example.com", false)] {
        let started = host.identity.sign_in().start(Login::from(address(text))).await.unwrap();
        host.identity.deliver_due().await.unwrap();
        let code = host.mailbox.code(text).unwrap();
        let proof = host.identity.sign_in().confirm(&started.ticket, &code).await.unwrap().unwrap();
        match proof.renew().await {
            Ok(receipt) => assert!(known && receipt.outcome == id),
            Err(error) => assert!(!known && error.refusal() == Some(&PublicRefusal::UserNotFound), "{error}"),
        }
    }
    assert!(account.is_fresh(id, "payment").await.unwrap());
}
