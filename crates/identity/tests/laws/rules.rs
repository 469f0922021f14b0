//! Laws that need more than one user, or a whole host.

use identity::Identity;
use identity_memory::MemoryStore;

use crate::kit::{HandClock, Host, Mailbox, address, keys, secs};
use identity::address::ClaimKind;
use identity::delivery::{DeliveryState, Report};
use identity::directory::ListQuery;
use identity::import::{Imported, UserRecord};
use identity::policy::By;
use identity::policy::{ClaimPolicy, PrimaryPolicy};
use identity::user::JsonObject;
use identity::{
    Code, Confirmation, Content, Error, NewAddress, NewUser, NoticeKind, Policy, Profile, ProofBy, PublicRefusal,
    Refusal, TenantId, Timestamp, UserId, Username, Verification,
};

fn wrong() -> Code {
    Code::parse("wrong").unwrap()
}

fn refusal<T: std::fmt::Debug, R: std::fmt::Debug>(result: Result<T, Error<R>>) -> R {
    match result.unwrap_err() {
        Error::Refused(refusal) => refusal,
        other => panic!("{other:?} is no refusal"),
    }
}

#[tokio::test]
async fn the_first_verified_address_is_primary_and_a_login_name() {
    let host = Host::new();
    let account = host.account().await;
    let phone = host.verified(&account, "+441514960453").await;
    let user = account.get().await.unwrap();
    assert_eq!(user.primary_phone().unwrap().id, phone);
    assert_eq!(host.identity.resolve("+44 1514 960453").await.unwrap().as_ref(), Some(account.user()));
    assert_eq!(host.identity.resolve("+441514960454").await.unwrap(), None);
}

#[tokio::test]
async fn c06_a_code_works_once() {
    let host = Host::new();
    let account = host.account().await;
    let id = host.added(&account, "ada@example.com").await;
    let code = host.mailbox.code("ada@example.com").unwrap();
    assert_eq!(account.confirm(id, &code).await.unwrap().outcome, Confirmation::Verified);
    assert_eq!(refusal(account.confirm(id, &code).await), PublicRefusal::AlreadyVerified);
    host.identity.admin("staff").mark_unverified(account.user(), id).await.unwrap();
    assert_eq!(refusal(account.confirm(id, &code).await), PublicRefusal::NoChallenge);
}

#[tokio::test]
async fn a_link_verifies_and_ends_the_code_of_the_same_challenge() {
    let host = Host::new();
    let account = host.account().await;
    let id = account.add(address("ada@example.com")).await.unwrap().outcome;
    let either = Verification { proof: ProofBy::Either, ..Verification::default() };
    account.start_verification_with(id, &either).await.unwrap();
    host.identity.deliver_due().await.unwrap();
    let (code, link) = (host.mailbox.code("ada@example.com").unwrap(), host.mailbox.link("ada@example.com").unwrap());
    let link = identity::LinkToken::parse(&link.reveal()).unwrap();
    let other = host.account().await;
    assert_eq!(refusal(other.confirm_link(&link).await), PublicRefusal::IdentifierNotFound);
    assert_eq!(account.confirm_link(&link).await.unwrap().outcome, Confirmation::Verified);
    assert_eq!(refusal(account.confirm(id, &code).await), PublicRefusal::AlreadyVerified);
}

#[tokio::test]
async fn c17_a_clock_that_steps_back_never_revives_a_code() {
    for back in [secs(3_600), secs(300), secs(1)] {
        let host = Host::new();
        let account = host.account().await;
        let id = host.added(&account, "+441514960453").await;
        let code = host.mailbox.code("+441514960453").unwrap();
        host.clock.forward(secs(600));
        assert_eq!(refusal(account.confirm(id, &code).await), PublicRefusal::Expired);
        host.clock.step(-i64::try_from(back.as_micros()).unwrap());
        assert_eq!(refusal(account.confirm(id, &code).await), PublicRefusal::Expired, "{back:?}");
    }
}

#[tokio::test]
async fn c42_an_unverified_address_grants_nothing() {
    let host = Host::new();
    // The attacker is first, and has the victim's address unverified.
    let attacker = host.account().await;
    let squatted = host.added(&attacker, "victim@example.com").await;
    assert_eq!(host.identity.resolve("victim@example.com").await.unwrap(), None);
    assert_eq!(refusal(attacker.set_primary(squatted).await), PublicRefusal::NotVerified);
    assert_eq!(attacker.get().await.unwrap().primary_email(), None);
    // It blocks nobody ...
    let victim = host.account().await;
    host.verified(&victim, "victim@example.com").await;
    assert_eq!(host.identity.resolve("victim@example.com").await.unwrap().as_ref(), Some(victim.user()));
    // ... and a late right answer gets the attacker nothing either.
    let code = host.mailbox.code("victim@example.com").unwrap();
    let late = attacker.confirm(squatted, &code).await.map(|receipt| receipt.outcome);
    assert!(!matches!(late, Ok(Confirmation::Verified)), "another user's code verified an address");
    assert!(!attacker.get().await.unwrap().identifier(squatted).unwrap().is_verified());
}

#[tokio::test]
async fn c46_a_username_that_is_somebodys_verified_address_is_refused_and_the_other_way_round() {
    let host = Host::new();
    let admin = host.identity.admin("staff");
    let ada = host.user_with(&["ada@example.com", "+441514960453"]).await;
    let grace = host.user().await;
    for name in ["ada@example.com", "ADA@example.com", "+441514960453"] {
        let name = Username::parse(name).unwrap();
        assert_eq!(refusal(host.identity.account(&grace).set_username(&name).await), PublicRefusal::UsernameIsAddress);
        let refused = refusal(admin.set_username(&grace, &name, None).await);
        assert!(matches!(refused, Refusal::Taken(_)), "{refused:?}");
        // The owner may bear their own address as a name.
        admin.set_username(&ada, &name, None).await.unwrap();
    }
    let name = Username::parse("grace@example.com").unwrap();
    admin.set_username(&grace, &name, None).await.unwrap();
    let id = admin.add(&ada, address("grace@example.com")).await.unwrap().outcome;
    assert_eq!(refusal(admin.mark_verified(&ada, id).await), Refusal::Taken(ClaimKind::Email));
    assert_eq!(host.identity.resolve("grace@example.com").await.unwrap(), Some(grace));
}

#[tokio::test]
async fn c47_counters_hang_on_the_identifier_not_on_who_asks() {
    let host = Host::new();
    let user = host.account().await;
    let id = host.added(&user, "ada@example.com").await;
    let mut compared = 0;
    // A thousand origins are a thousand handles: none of them brings tries of its own.
    for _ in 0..1_000 {
        let origin = host.identity.clone().account(user.user());
        compared += usize::from(origin.confirm(id, &wrong()).await.is_ok());
    }
    assert_eq!(compared, 5);
}

/// Everything that a person can do with an address without proving it, and all that is answered: outcomes, refusals, times,
/// versions and the user.
async fn answers_about(host: &Host, text: &str) -> Vec<String> {
    let account = host.account().await;
    let mut answers = Vec::new();
    let mut note = |answer: &dyn std::fmt::Debug| answers.push(format!("{answer:?}"));
    let added = account.add(address(text)).await;
    note(&added);
    note(&account.add(address(text)).await.map(|receipt| receipt.outcome));
    let id = added.unwrap().outcome;
    for proof in [ProofBy::Code, ProofBy::Link, ProofBy::Either, ProofBy::Issued] {
        for _ in 0..12 {
            let started = Verification { proof, ..Verification::default() };
            note(&account.start_verification_with(id, &started).await);
            note(&account.confirm(id, &wrong()).await);
            host.clock.forward(secs(20));
        }
        note(&host.identity.deliver_due().await);
        host.clock.forward(secs(600));
    }
    note(&account.start_verification(id).await);
    note(&account.set_primary(id).await);
    note(&account.set_username(&Username::parse(text).unwrap()).await);
    let replaced = account.replace(id, address(&text.replace('x', "z").replace("0453", "0459"))).await;
    note(&replaced);
    note(&account.replace(replaced.unwrap().outcome, address(text)).await);
    for entry in account.get().await.unwrap().identifiers() {
        note(&account.remove(entry.id).await);
    }
    note(&account.add(address(text)).await);
    note(&account.get().await);
    note(&host.mailbox.messages());
    answers
}

#[tokio::test]
async fn c50_a_person_cannot_learn_whether_an_address_is_somebody_elses() {
    for text in ["x@example.com", "+441514960453"] {
        let mut told = Vec::new();
        for others in [["y@example.com", "+441514960450"], ["x@example.com", "+441514960453"]] {
            let host = Host::new();
            host.user_with(&others).await;
            told.push(answers_about(&host, text).await);
        }
        let (free, taken) = (&told[0], &told[1]);
        for (number, (free, taken)) in free.iter().zip(taken).enumerate() {
            assert_eq!(free, taken, "answer {number} about {text}");
        }
        let heard = |what: &str| free.iter().filter(|answer| answer.contains(what)).count();
        for what in ["Rejected", "TooSoon", "TooManyFailures", "Duplicate", "NotVerified", "UsernameIsAddress"] {
            assert!(heard(what) > 0, "{what} is among the answers");
        }
    }
}

#[tokio::test]
async fn c50_strangers_sends_to_an_address_neither_refuse_nor_delay_a_person() {
    let quiet = Host::new();
    let busy = Host::new();
    for _ in 0..5 {
        let stranger = busy.account().await;
        busy.added(&stranger, "x@example.com").await;
    }
    let mut answers = Vec::new();
    for host in [&quiet, &busy] {
        let account = host.account().await;
        let id = account.add(address("x@example.com")).await.unwrap().outcome;
        answers.push(account.start_verification(id).await.unwrap().outcome);
        host.mailbox.clear();
        host.identity.deliver_due().await.unwrap();
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(
        (quiet.mailbox.messages().len(), busy.mailbox.messages().len()),
        (1, 0),
        "what is not paid for is withheld"
    );
}

#[tokio::test]
async fn c50_a_taken_address_looks_like_a_restricted_one() {
    let host = Host::new().with_policy(Policy::default().with_claim(ClaimPolicy::All));
    host.user_with(&["x@example.com"]).await;
    let account = host.account().await;
    let taken = refusal(account.add(address("x@example.com")).await);
    assert_eq!(taken, PublicRefusal::Unavailable);
    // A premium-rate number, which the default restrictions keep out.
    let restricted = refusal(account.add(address("+449012345678")).await);
    assert_eq!(restricted, PublicRefusal::Unavailable);
    // An administrator is told which.
    let admin = host.identity.admin("staff");
    let taken = refusal(admin.add(account.user(), address("x@example.com")).await);
    assert_eq!(taken, Refusal::Taken(ClaimKind::Email));
    let restricted = refusal(admin.add(account.user(), address("+449012345678")).await);
    assert!(matches!(restricted, Refusal::Restricted(_)), "{restricted:?}");
}

#[tokio::test]
async fn c88_the_holders_road_does_not_show_the_private_data_of_a_profile() {
    let host = Host::new();
    let data = |text: &str| JsonObject::new([("plan".to_owned(), text.into())].into_iter().collect()).unwrap().into();
    let profile = Profile { claims: data("claim"), public_data: data("public"), private_data: data("private") };
    let admin = host.identity.admin("staff");
    let user = admin.create(NewUser { profile: profile.clone(), ..NewUser::default() }).await.unwrap().outcome;
    let account = host.identity.account(&user);
    let added = account.add(address("ada@example.com")).await.unwrap();
    let started = account.start_verification(added.outcome).await.unwrap();
    let replaced = account.replace(added.outcome, address("eve@example.com")).await.unwrap();
    let shown = Profile { private_data: std::sync::Arc::default(), ..profile.clone() };
    for seen in [added.user, started.user, replaced.user, account.get().await.unwrap()] {
        assert_eq!(*seen.profile(), shown);
    }
    assert_eq!(*admin.get(&user).await.unwrap().profile(), profile, "it is not lost by the holder's changes");
}

#[tokio::test]
async fn c51_every_other_verified_address_is_told() {
    let host = Host::new();
    let user = host.user_with(&["one@example.com", "two@example.com", "+441514960453"]).await;
    let account = host.identity.account(&user);
    let told = async |what: NoticeKind, about: &str| {
        host.identity.deliver_due().await.unwrap();
        let of = |content: &Content| matches!(content, Content::Notice { what: w, about: a, .. } if *w == what && a.as_str() == about);
        let mut to: Vec<String> =
            host.mailbox.messages().iter().filter(|m| of(&m.content)).map(|m| m.to.to_string()).collect();
        to.sort();
        host.mailbox.clear();
        to
    };
    let mails = ["one@example.com", "two@example.com"];
    let id = account.add(address("new@example.com")).await.unwrap().outcome;
    assert_eq!(told(NoticeKind::Added, "new@example.com").await, mails);
    account.start_verification(id).await.unwrap();
    host.identity.deliver_due().await.unwrap();
    let code = host.mailbox.code("new@example.com").unwrap();
    account.confirm(id, &code).await.unwrap();
    assert_eq!(told(NoticeKind::Verified, "new@example.com").await, mails);
    account.set_primary(id).await.unwrap();
    assert_eq!(told(NoticeKind::MadePrimary, "new@example.com").await, mails);
    account.remove(id).await.unwrap();
    let everybody = ["+441514960453", "new@example.com", "one@example.com", "two@example.com"];
    assert_eq!(told(NoticeKind::Removed, "new@example.com").await, everybody, "losses go by text message too");
    // A replacement tells the address that goes, too.
    let old = account.get().await.unwrap().emails().entries()[0].id;
    let id = account.replace(old, identity::Email::parse("next@example.com").unwrap()).await.unwrap().outcome;
    account.start_verification(id).await.unwrap();
    host.identity.deliver_due().await.unwrap();
    let code = host.mailbox.code("next@example.com").unwrap();
    account.confirm(id, &code).await.unwrap();
    let three = ["+441514960453", "one@example.com", "two@example.com"];
    assert_eq!(told(NoticeKind::Replaced, "next@example.com").await, three);
}

#[tokio::test]
async fn c54_adjacent_numbers_get_no_more_than_the_budget() {
    let host = Host::new();
    let mut accepted = 0;
    for number in 0..1_000 {
        let account = host.account().await;
        // Ten blocks of a hundred numbers each.
        let id = account.add(address(&format!("+44151496{number:04}"))).await;
        let Ok(id) = id else { continue };
        accepted += usize::from(account.start_verification(id.outcome).await.is_ok());
    }
    host.identity.deliver_due().await.unwrap();
    assert_eq!(accepted, 1_000, "nobody learns of the budget");
    assert_eq!(host.mailbox.messages().len(), 10 * 20, "20 an hour to 100 adjacent numbers");
}

#[tokio::test]
async fn c52_verify_and_primary_write_nothing_when_there_is_nothing_to_change() {
    let host = Host::new();
    let admin = host.identity.admin("staff");
    let user = host.user_with(&["ada@example.com"]).await;
    let before = admin.get(&user).await.unwrap();
    let id = before.primary_email().unwrap().id;
    host.clock.forward(secs(60));
    for _ in 0..2 {
        let again = admin.mark_verified(&user, id).await.unwrap();
        assert_eq!(*again.user, *before);
        let again = admin.set_primary(&user, id).await.unwrap();
        assert_eq!(*again.user, *before);
        assert_eq!(admin.enable(&user).await.unwrap().version, again.version);
    }
    assert_eq!(admin.history(&user, 0, 100).await.unwrap().len() as u64, 4);
}

#[tokio::test]
async fn the_last_verified_address_goes_on_an_administrators_word_only() {
    let host = Host::new();
    let user = host.user_with(&["ada@example.com"]).await;
    let id = host.identity.account(&user).get().await.unwrap().primary_email().unwrap().id;
    assert_eq!(refusal(host.identity.account(&user).remove(id).await), PublicRefusal::LastVerified);
    host.identity.admin("staff").remove(&user, id).await.unwrap();
    let nobody = PrimaryPolicy::builder().last_verified(By::Nobody).build().unwrap();
    let strict = Host::new().with_policy(Policy::default().with_primary(nobody));
    let user = strict.user_with(&["ada@example.com"]).await;
    let id = strict.identity.account(&user).get().await.unwrap().primary_email().unwrap().id;
    assert_eq!(refusal(strict.identity.admin("staff").remove(&user, id).await), Refusal::LastVerified);
}

#[tokio::test]
async fn a_disabled_users_own_road_is_closed_and_the_administrators_is_not() {
    let host = Host::new();
    let account = host.account().await;
    let admin = host.identity.admin("staff");
    let id = host.added(&account, "ada@example.com").await;
    admin.disable(account.user()).await.unwrap();
    let code = host.mailbox.code("ada@example.com").unwrap();
    assert_eq!(refusal(account.confirm(id, &code).await), PublicRefusal::Disabled);
    assert_eq!(refusal(account.add(address("b@example.com")).await), PublicRefusal::Disabled);
    admin.mark_verified(account.user(), id).await.unwrap();
    admin.enable(account.user()).await.unwrap();
    account.add(address("b@example.com")).await.unwrap();
}

#[tokio::test]
async fn tenants_know_nothing_of_each_other() {
    let host = Host::new();
    let other = host.identity.for_tenant(TenantId::parse("other").unwrap());
    let user = host.user_with(&["ada@example.com"]).await;
    assert_eq!(other.resolve("ada@example.com").await.unwrap(), None);
    assert_eq!(refusal(other.account(&user).get().await), PublicRefusal::UserNotFound);
    // The same id and the same address there are another user's.
    let new = NewUser {
        id: Some(user.clone()),
        addresses: vec![NewAddress::from(address("ada@example.com")).verified()],
        ..NewUser::default()
    };
    other.admin("staff").create(new).await.unwrap();
    let all = ListQuery { order: identity::directory::ListOrder::Created, after: None, limit: 10, prefix: None };
    assert_eq!(host.identity.admin("staff").list(&all).await.unwrap().users.len(), 1);
}

#[tokio::test]
async fn a_user_id_is_never_used_again() {
    let host = Host::new();
    let admin = host.identity.admin("staff");
    let new = || NewUser { id: Some(UserId::parse("ada").unwrap()), ..NewUser::default() };
    let ada = admin.create(new()).await.unwrap().outcome;
    assert_eq!(refusal(admin.create(new()).await), Refusal::UserExists);
    admin.erase(&ada).await.unwrap();
    assert_eq!(refusal(admin.create(new()).await), Refusal::UserExists);
}

#[tokio::test]
async fn erasing_leaves_who_and_when_and_nothing_personal() {
    let host = Host::new();
    let admin = host.identity.admin("staff");
    let account = host.account().await;
    host.verified(&account, "ada@example.com").await;
    admin.erase(account.user()).await.unwrap();
    assert_eq!(refusal(account.get().await), PublicRefusal::UserNotFound);
    let history = admin.history(account.user(), 0, 100).await.unwrap();
    assert!(history.len() >= 5, "{history:?}");
    assert!(!serde_json::to_string(&history).unwrap().contains("example"), "{history:?}");
    // The address is free again when it has rested.
    host.clock.forward(secs(30 * 86_400));
    let next = host.account().await;
    host.verified(&next, "ada@example.com").await;
}

#[tokio::test]
async fn replace_keeps_the_old_one_verified_and_primary_until_the_new_one_is() {
    let host = Host::new();
    let user = host.user_with(&["old@example.com"]).await;
    let account = host.identity.account(&user);
    let old = account.get().await.unwrap().primary_email().unwrap().id;
    let new = account.replace(old, identity::Email::parse("new@example.com").unwrap()).await.unwrap().outcome;
    account.start_verification(new).await.unwrap();
    host.identity.deliver_due().await.unwrap();
    let meanwhile = account.get().await.unwrap();
    assert_eq!(meanwhile.primary_email().unwrap().id, old);
    assert_eq!(host.identity.resolve("old@example.com").await.unwrap().as_ref(), Some(&user));
    account.confirm(new, &host.mailbox.code("new@example.com").unwrap()).await.unwrap();
    let after = account.get().await.unwrap();
    assert_eq!(after.primary_email().unwrap().id, new);
    assert_eq!(after.emails().entries().len(), 1);
    assert_eq!(host.identity.resolve("old@example.com").await.unwrap(), None);
}

#[tokio::test]
async fn under_all_a_verified_claim_takes_the_place_of_an_unverified_one() {
    let host = Host::new().with_policy(Policy::default().with_claim(ClaimPolicy::All));
    let squatter = host.account().await;
    squatter.add(address("x@example.com")).await.unwrap();
    let admin = host.identity.admin("staff");
    let owner = host.user().await;
    let refused = refusal(host.identity.account(&owner).add(address("x@example.com")).await);
    assert_eq!(refused, PublicRefusal::Unavailable);
    admin.add(&owner, NewAddress::from(address("x@example.com")).verified()).await.unwrap();
    assert_eq!(host.identity.resolve("x@example.com").await.unwrap(), Some(owner));
    // The one who lost the claim can still be changed.
    squatter.add(address("y@example.com")).await.unwrap();
}

#[tokio::test]
async fn under_none_a_shared_login_name_finds_nobody() {
    let host = Host::new().with_policy(Policy::default().with_claim(ClaimPolicy::None));
    let first = host.user_with(&["family@example.com"]).await;
    assert_eq!(host.identity.resolve("family@example.com").await.unwrap(), Some(first));
    host.user_with(&["family@example.com"]).await;
    assert_eq!(host.identity.resolve("family@example.com").await.unwrap(), None);
}

#[tokio::test]
async fn every_event_names_on_whose_word_it_happened() {
    let host = Host::new();
    let account = host.account().await;
    host.verified(&account, "ada@example.com").await;
    host.identity.admin("grace").disable(account.user()).await.unwrap();
    let history = host.identity.admin("x").history(account.user(), 0, 100).await.unwrap();
    let actors: Vec<_> =
        history.iter().map(|recorded| (recorded.event.change.kind(), recorded.event.actor.clone())).collect();
    let staff = |name: &str| identity::history::Actor::Administrator(name.into());
    assert_eq!(actors.first(), Some(&("created", staff("test"))));
    assert_eq!(actors[1], ("added", identity::history::Actor::Holder));
    assert_eq!(actors.last(), Some(&("disabled", staff("grace"))));
    let numbers: Vec<_> = history.iter().map(|recorded| recorded.number).collect();
    assert_eq!(numbers, (1..=history.len() as u64).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_actor_whose_name_no_event_can_keep_changes_nothing() {
    let host = Host::new();
    let account = host.account().await;
    let (user, id) = (account.user(), host.verified(&account, "ada@example.com").await);
    let ticket = keys().ticket(uuid::Uuid::nil().into());
    let report = Report::new(DeliveryState::Accepted, Timestamp::from_secs(0));
    let before = host.identity.admin("x").history(user, 0, 100).await.unwrap();
    for (name, code) in [("x".repeat(801), "too_large"), ("a\0".to_owned(), "nul")] {
        let admin = host.identity.admin(name);
        assert_eq!(refusal(admin.create(NewUser::default()).await).code(), code);
        assert_eq!(refusal(admin.mark_unverified(user, id).await).code(), code);
        assert_eq!(refusal(admin.update_claims(None, 10).await).code(), code);
        assert_eq!(refusal(admin.report_delivery(&ticket, &report).await).code(), code);
        let record = admin.export(None, 10).await.unwrap().records.remove(0);
        let new = UserRecord { id: UserId::parse("new").unwrap(), emails: Vec::new(), ..record };
        let imported = admin.import(vec![new]).await.unwrap();
        assert!(matches!(&imported[..], [Imported::Refused(refusal)] if refusal.code() == code), "{imported:?}");
    }
    assert_eq!(host.identity.admin("x").history(user, 0, 100).await.unwrap(), before);
    assert_eq!(host.identity.admin("x").export(None, 10).await.unwrap().records.len(), 1);
}

#[tokio::test]
async fn events_stand_in_the_order_of_their_times_when_clocks_differ() {
    let (store, clock) = (MemoryStore::new(), HandClock::default());
    let process = |clock: HandClock| Identity::new(store.clone(), Mailbox::default(), keys()).with_clock(clock);
    let (ahead, behind) = (process(clock.clone()), process(HandClock::default()));
    clock.forward(secs(30));
    let user = ahead.admin("staff").create(NewUser::default()).await.unwrap().outcome;
    behind.admin("staff").disable(&user).await.unwrap();
    let times: Vec<_> =
        ahead.admin("staff").history(&user, 0, 10).await.unwrap().into_iter().map(|r| r.event.at).collect();
    assert_eq!(times.len(), 2);
    assert!(times.is_sorted(), "{times:?}");
}

#[tokio::test]
async fn a_link_is_nobody_elses_even_where_two_users_have_the_same_identifier_id() {
    let host = Host::new();
    let record = |user: &str| -> identity::import::UserRecord {
        let id = "6cec8047-6149-4d9b-8d99-91c83c22a9dc";
        let email = format!(r#"{{"id":"{id}","address":"{user}@example.com"}}"#);
        serde_json::from_str(&format!(r#"{{"id":"{user}","created_at":1,"updated_at":1,"emails":[{email}]}}"#)).unwrap()
    };
    host.identity.admin("import").import(vec![record("ada"), record("eve")]).await.unwrap();
    let account = |user: &str| host.identity.account(&UserId::parse(user).unwrap());
    let id = account("ada").get().await.unwrap().emails().entries()[0].id;
    let link = Verification { proof: ProofBy::Link, ..Verification::default() };
    for user in ["ada", "eve"] {
        account(user).start_verification_with(id, &link).await.unwrap();
    }
    host.identity.deliver_due().await.unwrap();
    let token = host.mailbox.link("ada@example.com").unwrap();
    assert_eq!(refusal(account("eve").confirm_link(&token).await), PublicRefusal::IdentifierNotFound);
    assert_eq!(account("ada").confirm_link(&token).await.unwrap().outcome, Confirmation::Verified);
}

#[tokio::test]
async fn futures_of_both_roads_can_be_spawned() {
    let host = Host::new();
    let account = host.account().await;
    let handle = account.clone();
    let id = tokio::spawn(async move { handle.add(address("ada@example.com")).await }).await.unwrap().unwrap().outcome;
    let (admin, user) = (host.identity.admin("staff"), account.user().clone());
    tokio::spawn(async move { admin.mark_verified(&user, id).await }).await.unwrap().unwrap();
    let identity = host.identity.clone();
    tokio::spawn(async move { identity.deliver_due().await }).await.unwrap().unwrap();
}
