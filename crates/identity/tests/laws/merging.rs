//! Laws of merging two users.

use std::sync::{Arc, Mutex};

use identity::store::Commit;
use identity::user::MergeConflict;
use identity::{NewUser, PublicRefusal, Refusal, UserId};
use identity_memory::MemoryStore;
use identity_ports::UserRepository as _;

use crate::kit::{Host, address};

#[tokio::test]
async fn a_merged_user_is_the_one_that_it_became() {
    let host = Host::new();
    let admin = host.identity.admin("desk");
    let [a, b, c] =
        [host.user().await, host.user_with(&["b@example.com"]).await, host.user_with(&["c@example.com"]).await];
    let open = host.added(&host.identity.account(&b), "open@example.com").await;
    assert_eq!(admin.merge(&a, &b, &[]).await.unwrap().outcome, []);
    let conflicts = admin.merge_conflicts(&b, &c).await.unwrap();
    assert_eq!(conflicts, [MergeConflict::Primary(identity::Channel::Email)]);
    let kept = admin.merge(&b, &c, &[]).await.unwrap();
    assert_eq!(
        (kept.outcome, kept.user.id()),
        (conflicts.clone(), &c),
        "nothing happens unless conflicts are accepted"
    );
    assert_eq!(admin.get(&b).await.unwrap().id(), &b);
    let receipt = admin.merge(&b, &c, &conflicts).await.unwrap();
    assert_eq!((receipt.outcome, receipt.user.id()), (vec![], &c));

    for gone in [&a, &b] {
        assert_eq!(admin.get(gone).await.unwrap().id(), &c, "an id of a merged user means the other one, however far");
        let account = host.identity.account(gone);
        assert_eq!(account.get().await.unwrap().id(), &c, "also for its holder");
        let added = account.add(address(&format!("{gone}@example.com"))).await.unwrap();
        assert_eq!(added.user.id(), &c, "also for changes");
        let id = added.user.emails().verified().next().unwrap().id;
        let ticket = account.step_up(id).await.unwrap().ticket;
        host.identity.deliver_due().await.unwrap();
        let proof = account.confirm_step_up(&ticket, &host.mailbox.code("c@example.com").unwrap()).await.unwrap();
        assert_eq!(proof.unwrap().user(), Some(&c), "also for proofs");
        assert!(!account.is_fresh(id, "payment").await.unwrap(), "also for questions");
        host.clock.forward(crate::kit::secs(3_600));
        let again = admin.create(NewUser { id: Some(gone.clone()), ..NewUser::default() }).await.unwrap_err();
        assert!(matches!(again, identity::Error::Refused(Refusal::UserExists)), "the id is not used again: {again:?}");
    }
    assert_eq!(
        host.identity.resolve("b@example.com").await.unwrap(),
        Some(c.clone()),
        "the address is the other one's"
    );
    let found = admin.find(&address("b@example.com")).await.unwrap();
    assert_eq!(found.iter().map(|found| &found.user).collect::<Vec<_>>(), [&c]);
    assert_eq!(admin.get(&c).await.unwrap().identifier(open).unwrap().challenge(), None, "open challenges are dropped");
    let same = admin.merge(&a, &c, &[]).await.unwrap_err();
    assert!(matches!(same, identity::Error::Refused(Refusal::Unchanged)), "they are one already: {same:?}");

    // Whoever they became is erased with all of them.
    admin.erase(&c).await.unwrap();
    for gone in [&a, &b, &UserId::parse("nobody").unwrap()] {
        let refused = host.identity.account(gone).get().await.unwrap_err();
        assert!(matches!(refused, identity::HolderError::Refused(PublicRefusal::UserNotFound)), "{refused:?}");
    }
}

#[tokio::test]
async fn a_merge_is_one_commit_and_begins_anew_on_a_conflict() {
    let (host, store) = (Host::new(), MemoryStore::new());
    let identity = identity::Identity::new(store.clone(), host.mailbox.clone(), crate::kit::keys());
    let admin = identity.admin("desk");
    let [from, into] = [admin.create(NewUser::default()).await, admin.create(NewUser::default()).await];
    let [from, into] = [from.unwrap().outcome, into.unwrap().outcome];
    admin.add(&from, identity::NewAddress::from(address("a@example.com")).verified()).await.unwrap();
    let written: Arc<Mutex<Vec<Commit>>> = Arc::default();
    let (kept, meddler, other) = (Arc::clone(&written), admin.clone(), from.clone());
    let noting = identity.with_commit(move |commit: Commit| {
        let (kept, meddler, other, store) = (Arc::clone(&kept), meddler.clone(), other.clone(), store.clone());
        async move {
            let first = {
                let mut kept = kept.lock().unwrap();
                kept.push(commit.clone());
                kept.len() == 1
            };
            if first {
                let name = identity::Username::parse("meddled").unwrap();
                meddler.set_username(&other, &name, None).await.unwrap();
            }
            store.commit(commit).await
        }
    });
    noting.admin("desk").merge(&from, &into, &[]).await.unwrap();
    let written = std::mem::take(&mut *written.lock().unwrap());
    let users: Vec<Vec<&UserId>> =
        written.iter().map(|commit| commit.parts().map(|part| &part.key.user).collect()).collect();
    assert_eq!(users, vec![vec![&into, &from]; 2], "each try is one commit of both, and the first one conflicts");
    let history = admin.history(&from, 0, 10).await.unwrap();
    let kinds: Vec<&str> = history.iter().map(|recorded| recorded.event.change.kind()).collect();
    assert_eq!(kinds.last(), Some(&"merged_into"));
    assert!(kinds.iter().rev().skip(1).all(|kind| *kind == "stripped"), "nothing else is left: {kinds:?}");
}

#[tokio::test]
async fn a_link_that_a_merged_user_was_sent_undoes_nothing_of_the_other_one() {
    let host = Host::new();
    let admin = host.identity.admin("desk");
    let [from, into] = [host.user_with(&["a@example.com"]).await, host.user_with(&["b@example.com"]).await];
    host.identity.account(&from).add(address("thief@example.com")).await.unwrap();
    host.identity.deliver_due().await.unwrap();
    let token = host.mailbox.disavowal("a@example.com").unwrap();
    assert_eq!(host.identity.disavowal(&token).await.unwrap().change, identity::NoticeKind::Added);
    admin.merge(&from, &into, &admin.merge_conflicts(&from, &into).await.unwrap()).await.unwrap();
    let before = admin.get(&into).await.unwrap();
    for refused in [host.identity.disavow(&token).await.map(drop), host.identity.disavowal(&token).await.map(drop)] {
        let refused = refused.unwrap_err();
        assert!(matches!(refused, identity::HolderError::Refused(PublicRefusal::UserNotFound)), "{refused:?}");
    }
    assert_eq!(admin.get(&into).await.unwrap(), before);
}
