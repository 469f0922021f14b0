//! c87: how many users of a tenant may hold verified addresses of one mailbox, through the use cases.

use std::fmt::Debug;

use identity::address::ClaimKind;
use identity::policy::{MailboxLimit, Mode};
use identity::{Account, Code, Confirmation, HolderError, IdentifierId, Policy, PublicRefusal, Receipt, Refusal};

use crate::kit::{Host, address};

fn limited(users: u8, mode: Mode) -> Policy {
    Policy::default().with_mailbox_limit(Some(MailboxLimit::new(users, mode).unwrap()))
}

/// A new user tries to verify this variant of Ada's mailbox. The code is issued, because the variants share a budget for sends.
async fn verify(host: &Host, number: u64) -> (Account, IdentifierId, Result<Receipt<Confirmation>, HolderError>) {
    let account = host.account().await;
    let id = account.add(address(&format!("ada+{number}@example.com"))).await.unwrap().outcome;
    let issued = host.identity.admin("desk").issue_code(account.user(), id).await.unwrap().outcome;
    let answer = account.confirm(id, &issued.code).await;
    (account, id, answer)
}

fn is_verified(answer: &Result<Receipt<Confirmation>, HolderError>) -> bool {
    matches!(answer, Ok(receipt) if receipt.outcome == Confirmation::Verified)
}

fn is_unavailable<T: Debug>(answer: &Result<T, HolderError>) -> bool {
    matches!(answer, Err(HolderError::Refused(PublicRefusal::Unavailable)))
}

#[tokio::test]
async fn c87_as_many_users_verify_addresses_of_a_mailbox_as_the_limit_says() {
    for users in [1, 2, 5] {
        let host = Host::new().with_policy(limited(users, Mode::Refuse));
        let desk = host.identity.admin("desk");
        let mut holders = Vec::new();
        for number in 0..7 {
            let (account, id, answer) = verify(&host, number).await;
            if number < u64::from(users) {
                assert!(is_verified(&answer), "{users}: user {number}: {answer:?}");
                holders.push((account, id));
            } else {
                assert!(is_unavailable(&answer), "{users}: user {number}: {answer:?}");
                let told = desk.mark_verified(account.user(), id).await;
                let taken = matches!(&told, Err(identity::Error::Refused(Refusal::Taken(ClaimKind::Mailbox))));
                assert!(taken, "an administrator is told which: {told:?}");
            }
        }
        // Every holder may have more variants, and another mailbox is free.
        for (account, _) in &holders {
            let variant = address(&format!("Ada+{}@example.com", account.user()));
            desk.add(account.user(), identity::NewAddress::from(variant).verified()).await.unwrap();
        }
        host.user_with(&["ada+0@example.org"]).await;
        // One of them leaves, wherever its slot is, and one comes.
        let (leaves, id) = &holders[holders.len() / 2];
        desk.remove(leaves.user(), *id).await.unwrap();
        assert!(is_unavailable(&verify(&host, 10).await.2), "another variant is left");
        desk.erase(leaves.user()).await.unwrap();
        assert!(is_verified(&verify(&host, 11).await.2));
        assert!(is_unavailable(&verify(&host, 12).await.2));
    }
}

#[tokio::test]
async fn c87_without_a_limit_or_with_one_that_only_records_everybody_verifies() {
    for policy in [Policy::default(), limited(2, Mode::Record)] {
        let host = Host::new().with_policy(policy);
        for number in 0..5 {
            let (.., answer) = verify(&host, number).await;
            assert!(is_verified(&answer), "user {number}: {answer:?}");
        }
    }
}

#[tokio::test]
async fn c87_a_taken_mailbox_is_answered_as_a_taken_address_is() {
    let mut told = Vec::new();
    for text in ["ada@example.com", "ada+1@example.com"] {
        let host = Host::new().with_policy(limited(1, Mode::Refuse));
        host.user_with(&["ada@example.com"]).await;
        let account = host.account().await;
        let mut answers = Vec::new();
        let id = account.add(address(text)).await.unwrap().outcome;
        answers.push(format!("{:?}", account.start_verification(id).await.map(|receipt| receipt.outcome)));
        host.identity.deliver_due().await.unwrap();
        let sent: Vec<_> = host.mailbox.messages().iter().map(|message| message.to.to_string()).collect();
        assert_eq!(sent, [text], "messages go to the address as it was typed");
        let code = host.mailbox.code(text).unwrap();
        for code in [&Code::parse("wrong").unwrap(), &code, &code] {
            answers.push(format!("{:?}", account.confirm(id, code).await.map(|receipt| receipt.outcome)));
        }
        let user = account.get().await.unwrap();
        let entry = user.identifier(id).unwrap();
        answers.push(format!("{:?} {:?} {}", entry.attempts, entry.is_verified(), user.updated_at().as_micros()));
        told.push(answers);
    }
    assert_eq!(told[0], told[1]);
    assert!(told[0][2].contains("Unavailable"), "{told:?}");
}

#[tokio::test]
async fn c87_users_of_a_mailbox_are_exact_under_a_race() {
    let host = Host::new().with_policy(limited(3, Mode::Refuse));
    let tasks: Vec<_> = (0..16)
        .map(|number| {
            let identity = host.identity.clone();
            tokio::spawn(async move {
                let new = identity::NewAddress::from(address(&format!("ada+{number}@example.com"))).verified();
                let new = identity::NewUser { addresses: vec![new], ..identity::NewUser::default() };
                identity.admin("signup").create(new).await
            })
        })
        .collect();
    let mut created = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(_) => created += 1,
            Err(identity::Error::Refused(Refusal::Taken(ClaimKind::Mailbox))) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(created, 3);
}

#[tokio::test]
async fn c87_slots_follow_a_change_of_the_limit_by_the_pass_that_reports_who_exceeds_it() {
    let host = Host::new();
    let mut users = Vec::new();
    for number in 0..4 {
        host.clock.forward(crate::kit::secs(1));
        let (account, _, answer) = verify(&host, number).await;
        assert!(is_verified(&answer));
        users.push(account.user().clone());
    }
    let pass = async |policy: Policy| {
        let admin = host.identity.clone().with_policy(policy).admin("policy");
        let pass = admin.update_claims(None, 1_000).await.unwrap();
        let conflicts = pass.conflicts.iter().map(|conflict| {
            assert_eq!(conflict.key.slot(), Some(("ada@example.com", 1)), "they are reported by mailbox");
            users.iter().position(|user| *user == conflict.user).unwrap()
        });
        (pass.changed, conflicts.collect::<Vec<_>>())
    };
    for mode in [Mode::Record, Mode::Refuse] {
        assert_eq!(pass(limited(2, mode)).await, (if mode == Mode::Record { 2 } else { 0 }, vec![2, 3]), "{mode:?}");
    }
    assert_eq!(pass(limited(2, Mode::Refuse)).await, (0, vec![2, 3]), "what is done is not done again");
    assert!(is_unavailable(&verify(&host, 5).await.2));
    assert_eq!(pass(limited(4, Mode::Refuse)).await, (2, vec![]));
    assert!(is_unavailable(&verify(&host, 6).await.2), "all four have a slot now");
    // Under a smaller limit the third and the fourth have none, and whoever leaves makes room for one of them.
    assert_eq!(pass(limited(2, Mode::Refuse)).await, (2, vec![2, 3]));
    host.identity.admin("desk").erase(&users[0]).await.unwrap();
    assert_eq!(pass(limited(2, Mode::Refuse)).await, (1, vec![3]));
    assert_eq!(pass(Policy::default()).await, (2, vec![]), "without a limit nobody holds a slot");
    assert!(is_verified(&verify(&host, 7).await.2));
}
