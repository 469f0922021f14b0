//! Laws of commits of two users.

use std::future::poll_fn;
use std::task::Poll;

use identity::{Error, HolderError};
use identity_core::{
    BudgetKind, Charge, Claim, ClaimKey, Email, Event, NewAddress, NewUser, Policy, PublicRefusal, Refund, Strength,
    User, UserKey, Version, WhenExhausted,
};
use identity_ports::{CommitError, Committed, Expected, FeedCursor, StoreError, Stored};

use super::races::race;
use crate::kit::{
    Bench, Draft, Person, Sight, at, change, create, erase, key, letter, look, mail_key, message_id, paid, put, queued,
    refusing, verified,
};
use crate::{Harness, Store};

use Strength::{Unverified, Verified};

/// The address of which each user is given one.
fn mail(name: &str) -> ClaimKey {
    mail_key(&format!("{name}@example.com"))
}

/// A user with an address and the claim on it, and a message.
async fn populate(store: &dyn Store, names: &[&str]) {
    for (number, name) in (1..).zip(names) {
        let person = Person::default().email(number, &format!("{name}@example.com"), verified());
        let letter = letter(number, &key(name), at(0));
        put(store, create(&key(name), &person).take(&mail(name), Verified).message(paid(letter, vec![]))).await;
    }
}

async fn stored(store: &dyn Store, name: &str) -> Stored {
    store.load(&key(name)).await.unwrap().expect("the user is there")
}

/// A change of a user that counts one more.
async fn counted(store: &dyn Store, name: &str) -> Draft {
    let stored = stored(store, name).await;
    let person = Person::of(&stored.user);
    change(&key(name), &stored, &person.attempts(Person::counted(&stored.user) + 1))
}

async fn held(store: &dyn Store, name: &str) -> Vec<ClaimKey> {
    stored(store, name).await.claims.into_iter().map(|claim| claim.key).collect()
}

async fn sight(store: &dyn Store) -> Sight {
    let names = ["ada", "bob", "carl", "new"];
    look(store, &names.map(key), &names.map(mail)).await
}

/// A part of each kind: another time, a claim to take and one to release, events, and messages with a charge.
fn everything(draft: Draft, number: u128) -> Draft {
    let user = draft.0.key.clone();
    let [taken, lost] = [mail_key(&format!("part.{number}@example.com")), mail(user.user.as_str())];
    let charges = vec![refusing("of both", 10, at(1))];
    draft.take(&taken, Verified).release(&lost).message(paid(letter(100 + number, &user, at(1)), charges))
}

async fn refused(store: &dyn Store, draft: Draft, because: &str, is: impl Fn(&CommitError) -> bool) {
    let before = sight(store).await;
    match store.commit(draft.0).await {
        Err(error) if is(&error) => {}
        other => panic!("{because}: {other:?}"),
    }
    assert_eq!(sight(store).await, before, "{because}, and neither part leaves a trace");
}

/// A commit of two users conflicts when either of them is not in the state that it expects, or both are not, and leaves no trace of
/// either.
pub async fn a_commit_of_two_conflicts_when_either_is_stale(harness: &dyn Harness) {
    let store = harness.open().await;
    let store = &*store;
    populate(store, &["ada", "bob"]).await;
    let fresh = async |name, number| everything(counted(store, name).await, number);
    let stale = async |name, number| fresh(name, number).await.expecting(7);
    let new = |name: &str| everything(create(&key(name), &Person::default()), 3);
    let is_conflict = |error: &CommitError| matches!(error, CommitError::Conflict);
    for (first, second, because) in [
        (stale("ada", 1).await, fresh("bob", 2).await, "the first of two users is judged"),
        (fresh("ada", 1).await, stale("bob", 2).await, "the second of two users is judged"),
        (stale("ada", 1).await, stale("bob", 2).await, "both of two users are judged"),
        (new("ada"), fresh("bob", 2).await, "the first of two users may have to be absent"),
        (fresh("ada", 1).await, new("bob"), "the second of two users may have to be absent"),
        (new("new"), stale("bob", 2).await, "a creation goes with a stale change"),
        (
            fresh("ada", 1).await,
            everything(change(&key("new"), &self::stored(store, "bob").await, &Person::default()), 2),
            "the second of two users may have to be there",
        ),
    ] {
        refused(store, first.also(second), because, is_conflict).await;
    }
    // The versions of both are judged before anything else of either.
    let greedy = fresh("ada", 1).await.take(&mail("bob"), Unverified);
    refused(store, greedy.also(stale("bob", 2).await), "versions are judged before claims", is_conflict).await;
    // The budget is untouched: there is room for nine more, and for the tenth.
    for number in 0..10 {
        let user = key(&format!("prober {number}"));
        let message = paid(letter(200 + number, &user, at(2)), vec![refusing("of both", 10, at(2))]);
        let drawn = store.commit(create(&user, &Person::default()).message(message).0).await;
        assert!(drawn.is_ok(), "a refused commit of two draws nothing: {drawn:?}");
    }
}

/// A commit of two users creates one and changes the other, whichever comes first, and writes all parts of both.
pub async fn a_commit_of_two_creates_one_and_changes_the_other(harness: &dyn Harness) {
    let store = harness.open().await;
    let store = &*store;
    for [old, new] in [["ada", "new"], ["bob", "carl"]] {
        populate(store, &[old]).await;
        let draft = everything(counted(store, old).await, 1);
        let person = Person::default().email(9, &format!("{new}@example.com"), verified());
        let creation = create(&key(new), &person).take(&mail(new), Verified);
        let creation = creation.message(paid(letter(109, &key(new), at(1)), vec![]));
        let expected = [&draft, &creation].map(|part| (part.0.key.clone(), part.0.after.clone(), part.0.version()));
        let written = if old == "ada" { draft.also(creation) } else { creation.also(draft) };
        store.commit(written.0).await.expect("a commit of two without an obstacle is written");
        for (key, after, version) in expected {
            let stored = store.load(&key).await.unwrap();
            let stored = stored.expect("both users of a commit are written");
            assert_eq!((Some(&stored.user), stored.version), (after.as_ref(), version), "each user as it is after");
            let history = store.history(&key, 0, 10).await.unwrap();
            assert_eq!(Version(history.len() as u64), version, "each user has its events");
        }
        let part = mail_key("part.1@example.com");
        assert_eq!((held(store, old).await, held(store, new).await), (vec![part], vec![mail(new)]));
        let found = store.find(&key(new).tenant, &[mail(new)]).await.unwrap();
        assert_eq!(found.len(), 1, "each user is found");
        let sent: Vec<_> = queued(store).await.into_iter().map(|posted| posted.message.id).collect();
        assert_eq!(sent, [1, 101, 109].map(message_id), "each user's messages are enqueued");
        for name in [old, new] {
            store.commit(erase(&key(name), &self::stored(store, name).await).0).await.unwrap();
        }
    }
}

/// Two users of one commit release their claims before either takes one: they exchange claims, hand one over, and a stronger claim
/// takes from the other what it would take from anybody. A claim that the other keeps is taken.
pub async fn two_users_exchange_claims_in_one_commit(harness: &dyn Harness) {
    let store = harness.open().await;
    let store = &*store;
    populate(store, &["ada", "bob"]).await;
    let [ada, bob] = [mail("ada"), mail("bob")];
    let part = async |name: &str, lost: &ClaimKey, taken: &ClaimKey| {
        counted(store, name).await.release(lost).take(taken, Verified)
    };
    let exchanged = part("ada", &ada, &bob).await.also(part("bob", &bob, &ada).await);
    store.commit(exchanged.0).await.expect("claims are released before others are taken, of both users");
    assert_eq!((held(store, "ada").await, held(store, "bob").await), (vec![bob.clone()], vec![ada.clone()]));
    // One claim is handed over, in either direction.
    let handed = counted(store, "ada").await.take(&ada, Verified).also(counted(store, "bob").await.release(&ada));
    store.commit(handed.0).await.expect("the first user takes what the second one releases");
    assert_eq!((held(store, "ada").await, held(store, "bob").await), (vec![ada.clone(), bob.clone()], vec![]));
    let handed = counted(store, "ada").await.release(&ada).also(counted(store, "bob").await.take(&ada, Unverified));
    store.commit(handed.0).await.expect("the second user takes what the first one releases");
    assert_eq!((held(store, "ada").await, held(store, "bob").await), (vec![bob.clone()], vec![ada.clone()]));
    // What bob holds without proof passes to ada, in whatever place she is.
    let taken = part("ada", &bob, &ada).await.also(counted(store, "bob").await.take(&bob, Unverified));
    store.commit(taken.0).await.expect("a verified claim wins over the other user's");
    assert_eq!((held(store, "ada").await, held(store, "bob").await), (vec![ada.clone()], vec![bob.clone()]));
    let taken = counted(store, "bob").await.also(counted(store, "ada").await.take(&bob, Verified));
    store.commit(taken.0).await.expect("a verified claim wins over the other user's");
    assert_eq!((held(store, "ada").await, held(store, "bob").await), (vec![ada.clone(), bob.clone()], vec![]));
    let kept = counted(store, "bob").await.take(&ada, Verified).also(counted(store, "ada").await);
    let is_taken = |error: &CommitError| matches!(error, CommitError::Taken(claim) if claim.key == ada);
    refused(store, kept, "a claim that the other user keeps is taken", is_taken).await;
}

/// A claim that a third user holds refuses a commit of two, whichever of them takes it, and neither part leaves a trace.
pub async fn a_claim_of_a_third_user_refuses_both(harness: &dyn Harness) {
    let store = harness.open().await;
    let store = &*store;
    populate(store, &["ada", "bob", "carl"]).await;
    for strength in [Unverified, Verified] {
        let claim = Claim { key: mail("carl"), strength };
        let is_taken = |error: &CommitError| matches!(error, CommitError::Taken(taken) if *taken == claim);
        for taker in [0, 1] {
            let mut parts = [everything(counted(store, "ada").await, 1), everything(counted(store, "bob").await, 2)];
            parts[taker].0.claims.take.push(claim.clone());
            let [first, second] = parts;
            refused(store, first.also(second), "a third user's claim is taken", is_taken).await;
        }
    }
}

/// The first user's refunds, charges and messages come before the second one's, in budgets that both draw from. A budget that
/// refuses either of them refuses both, and the answer lists what was exhausted in that order.
pub async fn two_users_draw_one_after_the_other(harness: &dyn Harness) {
    let store = harness.open().await;
    let store = &*store;
    populate(store, &["ada", "bob"]).await;
    let paying = async |name: &str, limit, number| {
        let message = letter(number, &key(name), at(1));
        counted(store, name).await.message(paid(message, vec![refusing("of both", limit, at(1))]))
    };
    let is_exhausted = |error: &CommitError| matches!(error, CommitError::Exhausted(told) if told.drawn == 1);
    let greedy = paying("ada", 1, 11).await.also(paying("bob", 1, 12).await);
    refused(store, greedy, "the second user finds drawn what the first one draws", is_exhausted).await;
    store.commit(paying("ada", 2, 11).await.also(paying("bob", 2, 12).await).0).await.expect("there is room for both");
    let is_exhausted = |error: &CommitError| matches!(error, CommitError::Exhausted(told) if told.drawn == 2);
    let poor = everything(counted(store, "bob").await, 2);
    let greedy = paying("ada", 2, 13).await.also(poor);
    refused(store, greedy, "a budget refuses the first", is_exhausted).await;
    let poor = everything(counted(store, "ada").await, 1);
    let mut greedy = paying("bob", 3, 14).await;
    greedy.0.charges.push(refusing("of both", 2, at(1)));
    let is_exhausted =
        |error: &CommitError| matches!(error, CommitError::Exhausted(told) if told.limit == 2 && told.drawn == 3);
    refused(store, poor.also(greedy), "a budget refuses the second", is_exhausted).await;

    // What the first user gives back is there for the second; what is only recorded is told in the order of the users.
    let mut giving = counted(store, "ada").await;
    giving.0.refunds.push(Refund { kind: BudgetKind::Country, quota: "of both".to_owned(), amount: 2, at: at(1) });
    store.commit(giving.also(paying("bob", 1, 15).await).0).await.expect("a refund comes before what the other draws");
    let recorded = |limit| Charge { when_exhausted: WhenExhausted::Record, ..refusing("of both", limit, at(1)) };
    let both = counted(store, "bob").await.charge(recorded(0)).also(counted(store, "ada").await.charge(recorded(1)));
    let Committed { exhausted } = store.commit(both.0).await.unwrap();
    let told: Vec<_> = exhausted.iter().map(|told| (told.limit, told.drawn)).collect();
    assert_eq!(told, [(0, 1), (1, 2)], "what was exhausted is told in the order of the users");
}

/// A commit of two users has no two messages with one id, and none with an id that an earlier message of either user has.
pub async fn an_id_of_a_message_is_used_once_by_two(harness: &dyn Harness) {
    let store = harness.open().await;
    let store = &*store;
    populate(store, &["ada", "bob"]).await;
    let is_failed = |error: &CommitError| matches!(error, CommitError::Store(StoreError::Failed(_)));
    for [first, second] in [[11, 11], [11, 2], [1, 12]] {
        let part =
            async |name, number| counted(store, name).await.message(paid(letter(number, &key(name), at(1)), vec![]));
        let both = part("ada", first).await.also(part("bob", second).await);
        refused(store, both, "an id of a message is used once", is_failed).await;
    }
}

/// One user is erased and the other one changed in one commit, in either order: the other takes what the erased one held, also when
/// the commit does not release it by name, and nothing personal is left of the erased one alone.
pub async fn one_is_erased_and_the_other_changed_in_one_commit(harness: &dyn Harness) {
    let store = harness.open().await;
    let store = &*store;
    for [gone, left] in [["ada", "bob"], ["new", "carl"]] {
        populate(store, &[gone, left]).await;
        let mut erased = erase(&key(gone), &self::stored(store, gone).await);
        erased.0.claims.release.clear();
        let heir = counted(store, left).await.take(&mail(gone), Verified);
        let heir = heir.message(paid(letter(11, &key(left), at(1)), vec![]));
        let both = if gone == "ada" { erased.also(heir) } else { heir.also(erased) };
        store.commit(both.0).await.expect("one user takes what the other one, who is erased, held");
        assert_eq!(store.load(&key(gone)).await.unwrap(), None, "the erased user is gone");
        let history = store.history(&key(gone), 0, 10).await.unwrap();
        let is_stripped = |event: &Event| *event == event.clone().stripped();
        assert!(history.iter().all(|recorded| is_stripped(&recorded.event)), "the events of the erased are stripped");
        assert_eq!(history.len(), 2, "the events of the erased stay in their number");
        let history = store.history(&key(left), 0, 10).await.unwrap();
        assert!(!history.iter().any(|recorded| is_stripped(&recorded.event)), "the events of the other are whole");
        let mut both = [mail(gone), mail(left)];
        both.sort();
        assert_eq!(held(store, left).await, both, "the other user holds the claim");
        let sent: Vec<_> = queued(store).await.into_iter().map(|posted| posted.message.id).collect();
        assert_eq!(sent, [2, 11].map(message_id), "the messages of the erased user are gone, and no others");
        store.commit(erase(&key(left), &self::stored(store, left).await).0).await.unwrap();
    }
}

/// The feed has the events of both users of a commit, those of each in their order.
pub async fn the_feed_has_the_events_of_two(harness: &dyn Harness) {
    let store = harness.open().await;
    let store = &*store;
    populate(store, &["ada", "bob"]).await;
    let start = store.events_after(FeedCursor::NOW, 10).await.unwrap().next;
    let both = counted(store, "ada").await.also(counted(store, "bob").await);
    let written: Vec<_> =
        both.0.parts().flat_map(|part| part.events.iter().map(|event| (part.key.clone(), event.clone()))).collect();
    store.commit(both.0).await.unwrap();
    let (mut cursor, mut read) = (start, Vec::new());
    loop {
        let page = store.events_after(cursor, 1).await.unwrap();
        cursor = page.next;
        if page.events.is_empty() {
            break;
        }
        read.extend(page.events.into_iter().map(|event| (event.key, event.recorded)));
    }
    read.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(read, written, "the feed has the events of both users of a commit");
}

/// Of many parallel commits that create the same user together with another one, one succeeds, and the others leave nothing of
/// either.
pub async fn one_of_many_concurrent_creations_of_two_succeeds(harness: &dyn Harness) {
    for is_first in [true, false] {
        let name = move |number: u128| key(&format!("{is_first} {number:02}"));
        let shared = name(99);
        let results = race(harness, 12, |store, number| {
            let [own, same] = [&name(number), &shared].map(|key| create(key, &Person::default()));
            let both = if is_first { own.also(same) } else { same.also(own) };
            async move { store.commit(both.0).await }
        })
        .await;
        let conflicts = results.iter().filter(|result| matches!(result, Err(CommitError::Conflict))).count();
        assert_eq!(conflicts, 11, "exactly one commit creates the user, and the others conflict: {results:?}");
        let store = harness.open().await;
        for (number, result) in (0..).zip(&results) {
            let is_there = store.load(&name(number)).await.unwrap().is_some();
            assert_eq!(is_there, result.is_ok(), "a creation that conflicts creates nobody else");
        }
    }
}

/// Commits of the same two users, named in either order, and of one of them alone, race without any other refusal than a conflict,
/// and none is lost.
pub async fn no_update_of_two_is_lost(harness: &dyn Harness) {
    const TASKS: u128 = 6;
    const EACH: u64 = 6;
    let store = harness.open().await;
    populate(&*store, &["ada", "bob"]).await;
    race(harness, TASKS, |store, task| async move {
        for turn in 0..EACH {
            for tries in 0.. {
                assert!(tries < 10_000, "a commit of two succeeds in the end");
                let [ada, bob] = [counted(&*store, "ada").await, counted(&*store, "bob").await];
                // Deciding takes a while, in which others commit.
                for _ in 0..10 {
                    tokio::task::yield_now().await;
                }
                let draft = match (u128::from(turn) + task) % 3 {
                    0 => ada.also(bob),
                    1 => bob.also(ada),
                    _ => ada,
                };
                match store.commit(draft.0).await {
                    Ok(_) => break,
                    Err(CommitError::Conflict) => tokio::task::yield_now().await,
                    Err(other) => panic!("only a conflict was expected: {other}"),
                }
            }
        }
    })
    .await;
    let total = u64::try_from(TASKS).unwrap() * EACH;
    for (name, expected) in [("ada", total), ("bob", total * 2 / 3)] {
        let stored = stored(&*store, name).await;
        assert_eq!(Person::counted(&stored.user), expected, "every acknowledged update of two counts: {name}");
        assert_eq!(stored.version, Version(expected + 1));
    }
}

/// A commit of two users becomes visible as one, and one whose caller went away is written whole or not at all.
pub async fn a_commit_of_two_is_whole_whatever_becomes_of_its_caller(harness: &dyn Harness) {
    let store = harness.open().await;
    populate(&*store, &["ada", "bob"]).await;
    let version = async |user: &UserKey| store.load(user).await.unwrap().expect("the user is there").version;
    let whole = async |[ada, bob]: [Version; 2]| {
        // Whoever sees one part, sees the other one afterwards.
        let mut seen = Vec::new();
        for (user, expected) in [("ada", ada), ("bob", bob), ("ada", ada)] {
            seen.push(version(&key(user)).await >= expected);
        }
        assert!(seen.is_sorted(), "a commit of two is whole: {seen:?}");
    };
    for turn in 0..40 {
        // A commit whose caller went away may be written between the two loads.
        let both = loop {
            let both = counted(&*store, "ada").await.also(counted(&*store, "bob").await);
            if both.0.expected == Expected::At(version(&key("ada")).await) {
                break both;
            }
        };
        let versions = [both.0.version(), both.0.also.as_ref().unwrap().version()];
        let mut writing = store.commit(both.0);
        // Every other caller goes away in the middle.
        for polls in 0.. {
            let polled = poll_fn(|context| Poll::Ready(writing.as_mut().poll(context))).await;
            whole(versions).await;
            if polled.is_ready() || (turn % 2 == 0 && polls == turn) {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(writing);
        whole(versions).await;
    }
    assert!(version(&key("ada")).await > Version(1), "a commit whose caller waits is written");
}

/// A merge of two users races confirms, removals and merges of either: each address has one owner in the end, who holds the claim on
/// it, nobody who is gone is found, and what was confirmed is verified.
pub async fn c96_a_merge_that_races_leaves_one_owner_of_each_address(harness: &dyn Harness) {
    for turn in 0..6_u32 {
        let place = harness.open().await;
        let bench = Bench::new(place, Policy::default());
        let admin = bench.identity.admin("staff");
        let names = ["from", "into"].map(|name| format!("{name} {turn}"));
        let mails = ["a", "b", "c"].map(|name| format!("{name}{turn}@example.com"));
        let parse = |text: &str| Email::parse(text).unwrap();
        for (name, text) in names.iter().zip(&mails) {
            let addresses = vec![NewAddress::from(identity::Address::from(parse(text))).verified()];
            admin.create(NewUser { id: Some(key(name).user), addresses, ..NewUser::default() }).await.unwrap();
        }
        let [from, into] = [0, 1].map(|at| key(&names[at]).user);
        let asks = bench.identity.account(if turn % 2 == 0 { &from } else { &into });
        let id = asks.add(parse(&mails[2])).await.unwrap().outcome;
        asks.start_verification(id).await.unwrap();
        let code = bench.read_mail().await.0.expect("a code");
        let results = race(harness, 4, |store, number| {
            let identity = Bench::new(store, Policy::default()).identity;
            let (from, into, asks, code) = (from.clone(), into.clone(), asks.user().clone(), code.clone());
            async move {
                let admin = identity.admin("staff");
                // A confirm in between may bring a conflict that the dry run did not see: then nothing is merged.
                let merge = async |from, into| {
                    let mut conflicts = admin.merge_conflicts(from, into).await?;
                    loop {
                        let found = admin.merge(from, into, &conflicts).await?.outcome;
                        if found.is_empty() {
                            return Ok(());
                        }
                        conflicts.extend(found);
                    }
                };
                match number {
                    0 => merge(&from, &into).await.map_err(Error::public),
                    1 => merge(&into, &from).await.map_err(Error::public),
                    _ => identity.account(&asks).confirm(id, &code).await.map(drop),
                }
            }
        })
        .await;
        let merged = results[..2].iter().filter(|result| result.is_ok()).count();
        assert_eq!(merged, 1, "one of two merges is carried out, and the other finds one user: {results:?}");
        let store = harness.open().await;
        let mut there = Vec::new();
        for name in &names {
            there.extend(store.load(&key(name)).await.unwrap());
        }
        let [Stored { user, claims, .. }] = there.as_slice() else { panic!("one user is left: {there:?}") };
        let keys = mails.each_ref().map(|text| mail_key(text));
        let found = store.find(&key("x").tenant, &keys).await.unwrap();
        assert!(found.iter().all(|found| found.user == *user.id()), "nobody who is gone is found: {found:?}");
        let confirmed = results[2..].iter().any(Result::is_ok);
        let has = |user: &User, key: &ClaimKey| {
            user.identifiers().find(|entry| entry.address.claim_key() == *key).map(|entry| entry.is_verified())
        };
        let expected = [Some(true), Some(true), Some(confirmed)];
        assert_eq!(keys.each_ref().map(|key| has(user, key)), expected, "no address is lost: {results:?}");
        let verified = keys.iter().zip(expected).filter(|(_, verified)| *verified == Some(true));
        let verified: Vec<_> = verified.map(|(key, _)| key.clone()).collect();
        let claimed: Vec<_> = claims.iter().map(|claim| claim.key.clone()).collect();
        assert_eq!(claimed, verified, "the owner holds the claims");
        let is_expected = |error: &HolderError| {
            let expected = [PublicRefusal::NoChallenge, PublicRefusal::AlreadyVerified];
            matches!(error, HolderError::Refused(refusal) if expected.contains(refusal))
        };
        let late = results[2..].iter().filter_map(|result| result.as_ref().err());
        assert!(late.clone().all(is_expected), "the code works or finds no challenge: {results:?}");
    }
}
