//! Laws of contested ownership, through the use cases.

use identity::contest::{ContestAnswer, ContestId, ContestOutcome};
use identity::disavowal::DisavowToken;
use identity::policy::ContestPolicy;
use identity::{
    Account, Confirmation, Error, HolderError, IdentifierId, NoticeKind, Policy, PublicRefusal, Refusal, UserId,
};

use crate::kit::{Host, address, secs};

const ADA: &str = "ada@example.com";
const OTHER: &str = "ada@example.org";
const DAY: u64 = 86_400;

fn host(contest: ContestPolicy) -> Host {
    Host::new().with_policy(Policy::default().with_contest(contest))
}

fn asking() -> ContestPolicy {
    ContestPolicy::ask_owner(secs(7 * DAY)).unwrap()
}

/// Ada with two addresses, and Bob, who proved the first one of them.
struct Contested {
    host: Host,
    ada: Account,
    bob: Account,
    id: IdentifierId,
    outcome: Result<Confirmation, HolderError>,
}

impl Contested {
    async fn new(contest: ContestPolicy) -> Self {
        let host = host(contest);
        let ada = host.identity.account(&host.user_with(&[ADA, OTHER]).await);
        let bob = host.account().await;
        let id = host.added(&bob, ADA).await;
        let outcome = bob.confirm(id, &host.mailbox.code(ADA).unwrap()).await.map(|receipt| receipt.outcome);
        host.identity.deliver_due().await.unwrap();
        Self { host, ada, bob, id, outcome }
    }

    async fn contest(&self) -> Option<ContestId> {
        self.ada.get().await.unwrap().contest().map(|(_, open)| open.id)
    }

    /// Who signs in with the contested address, after asserting that no contest is open.
    async fn owner(&self) -> Option<UserId> {
        for account in [&self.ada, &self.bob] {
            if let Ok(user) = account.get().await {
                assert_eq!(user.contest(), None);
            }
        }
        self.host.identity.resolve(ADA).await.unwrap()
    }
}

fn public<T: std::fmt::Debug>(result: Result<T, HolderError>) -> PublicRefusal {
    match result.unwrap_err() {
        Error::Refused(refusal) => refusal,
        other => panic!("{other:?} is no refusal"),
    }
}

#[tokio::test]
async fn without_a_policy_whoever_proves_the_address_of_another_user_is_refused() {
    let it = Contested::new(ContestPolicy::default()).await;
    assert_eq!(public(it.outcome), PublicRefusal::Unavailable);
    assert_eq!(it.ada.get().await.unwrap().contest(), None);
}

#[tokio::test]
async fn the_owner_is_asked_and_either_answer_ends_the_contest() {
    for (answer, outcome) in
        [(ContestAnswer::Agree, ContestOutcome::Transferred), (ContestAnswer::Object, ContestOutcome::Kept)]
    {
        let it = Contested::new(asking()).await;
        assert!(matches!(it.outcome, Ok(Confirmation::Contested)));
        assert_eq!(it.host.identity.resolve(ADA).await.unwrap().as_ref(), Some(it.ada.user()), "nothing changed yet");
        assert_eq!(public(it.bob.start_verification(it.id).await), PublicRefusal::Contested);
        let contest = it.contest().await.unwrap();
        let theirs = it.bob.get().await.unwrap();
        assert_eq!(theirs.contest().map(|(_, half)| (half.id, half.with.clone())), Some((contest, None)));
        assert_eq!(public(it.bob.answer_contest(contest, answer).await), PublicRefusal::AdministratorOnly);
        assert_eq!(it.ada.answer_contest(contest, answer).await.unwrap().outcome, outcome);
        let owner = if answer == ContestAnswer::Agree { it.bob.user() } else { it.ada.user() };
        assert_eq!(it.owner().await.as_ref(), Some(owner));
        assert_eq!(public(it.ada.answer_contest(contest, answer).await), PublicRefusal::NoContest);
    }
}

#[tokio::test]
async fn the_link_of_a_notice_objects_without_signing_in() {
    let it = Contested::new(asking()).await;
    // Both addresses of Ada hear of it, as the next holder of a number reads one of them.
    let token = it.host.mailbox.disavowal(OTHER).unwrap();
    assert!(it.host.mailbox.disavowal(ADA).is_some());
    let token = DisavowToken::parse(&token.reveal()).unwrap();
    let told = it.host.identity.disavowal(&token).await.unwrap();
    assert_eq!((told.change, &told.about), (NoticeKind::Contested, &address(ADA)));
    assert!(it.contest().await.is_some(), "to look at it changes nothing");
    it.host.identity.disavow(&token).await.unwrap();
    assert_eq!(it.owner().await.as_ref(), Some(it.ada.user()));
    assert_eq!(public(it.host.identity.disavow(&token).await), PublicRefusal::NothingToUndo);
}

#[tokio::test]
async fn the_delivery_loop_transfers_at_the_deadline_and_not_before() {
    let it = Contested::new(asking()).await;
    it.host.clock.forward(secs(7 * DAY - 1));
    it.host.identity.deliver_due().await.unwrap();
    assert!(it.contest().await.is_some(), "the owner has a second left");
    it.host.clock.forward(secs(1));
    it.host.identity.deliver_due().await.unwrap();
    assert_eq!(it.owner().await.as_ref(), Some(it.bob.user()));
    it.host.identity.deliver_due().await.unwrap();
    let history = it.host.identity.admin("staff").history(it.ada.user(), 0, 1_000).await.unwrap();
    let ended = history.iter().filter(|recorded| recorded.event.change.kind() == "contest_ended").count();
    assert_eq!(ended, 1, "it is carried out once");
}

#[tokio::test]
async fn administrators_list_contests_with_both_users_and_decide_them() {
    for (answer, transfers) in [(ContestAnswer::Agree, true), (ContestAnswer::Object, false)] {
        let it = Contested::new(ContestPolicy::administrator()).await;
        let staff = it.host.identity.admin("staff");
        let page = staff.contests(None, 10).await.unwrap();
        let [owner] = page.users.as_slice() else { panic!("{page:?}") };
        let (_, open) = owner.user.contest().unwrap();
        assert_eq!((owner.user.id(), open.with.as_ref()), (it.ada.user(), Some(it.bob.user())));
        staff.decide_contest(open.id, answer).await.unwrap();
        assert_eq!(it.owner().await.as_ref(), Some(if transfers { it.bob.user() } else { it.ada.user() }));
        assert_eq!(staff.contests(None, 10).await.unwrap().users, []);
        let again = staff.decide_contest(open.id, answer).await;
        assert!(matches!(again, Err(Error::Refused(Refusal::NoContest))), "{again:?}");
    }
}

#[tokio::test]
async fn a_workforce_directory_transfers_at_once() {
    let it = Contested::new(ContestPolicy::transfer_now()).await;
    assert!(matches!(it.outcome, Ok(Confirmation::Verified)));
    assert_eq!(it.owner().await.as_ref(), Some(it.bob.user()));
    let left = it.ada.get().await.unwrap();
    assert_eq!(left.primary_email().unwrap().address, address(OTHER), "the other address takes its place");
    assert!(it.host.mailbox.disavowal(OTHER).is_none(), "users do not undo what the directory says");
}

#[tokio::test]
async fn whatever_takes_a_side_away_ends_the_contest() {
    for (bobs, end) in
        [(true, "owner removes"), (true, "owner erased"), (false, "other removes"), (false, "other erased")]
    {
        let it = Contested::new(ContestPolicy::administrator()).await;
        let staff = it.host.identity.admin("staff");
        let adas = it.ada.get().await.unwrap().contest().unwrap().0.id;
        match end {
            "owner removes" => drop(it.ada.remove(adas).await.unwrap()),
            "owner erased" => drop(staff.erase(it.ada.user()).await.unwrap()),
            "other removes" => drop(it.bob.remove(it.id).await.unwrap()),
            _ => drop(staff.erase(it.bob.user()).await.unwrap()),
        }
        assert_eq!(it.owner().await.as_ref(), Some(if bobs { it.bob.user() } else { it.ada.user() }), "{end}");
    }
}

#[tokio::test]
async fn an_undone_change_whose_address_somebody_else_has_by_now_says_so_and_is_contested() {
    let host = host(asking());
    let ada = host.identity.account(&host.user_with(&[ADA, OTHER]).await);
    let id = ada.get().await.unwrap().primary_email().unwrap().id;
    ada.remove(id).await.unwrap();
    host.identity.deliver_due().await.unwrap();
    let token = host.mailbox.disavowal(OTHER).unwrap();
    let bob = host.user_with(&[ADA]).await;
    assert!(host.identity.disavow(&token).await.unwrap().outcome.contested);
    assert_eq!(host.identity.resolve(ADA).await.unwrap().as_ref(), Some(&bob), "nothing changed yet");
    let owner = host.identity.account(&bob);
    let contest = owner.get().await.unwrap().contest().unwrap().1.id;
    owner.answer_contest(contest, ContestAnswer::Agree).await.unwrap();
    assert_eq!(host.identity.resolve(ADA).await.unwrap().as_ref(), Some(ada.user()));
    assert_eq!(ada.get().await.unwrap().identifier(id).map(|entry| entry.is_verified()), Some(true));
}
