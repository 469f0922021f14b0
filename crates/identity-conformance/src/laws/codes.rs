//! Laws of codes, from the request to the answer.

use std::sync::Arc;

use identity::store::Store;
use identity::{Error, HolderError, Identity};
use identity_core::{
    Code, Confirmation, Email, IdentifierId, NewAddress, NewUser, Phone, Policy, ProofBy, PublicRefusal, Refusal,
    RestPolicy, UserId, Username, Verification, VerificationPolicy,
};
use tokio::sync::Barrier;

use crate::Harness;
use crate::kit::{Bench, code_keys, key};

async fn ada(identity: &Identity, name: &str) -> UserId {
    let new = NewUser { id: Some(key(name).user), ..NewUser::default() };
    identity.admin("host").create(new).await.expect("a user is created").outcome
}

fn phone() -> Phone {
    Phone::from_e164("+441514960453").expect("a phone number")
}

fn refused<T: std::fmt::Debug>(answer: Result<T, HolderError>, refusal: &PublicRefusal, because: &str) {
    match answer {
        Err(Error::Refused(refused)) => assert_eq!(refused, *refusal, "{because}"),
        other => panic!("{because}: {other:?}"),
    }
}

async fn how_often(store: &dyn Store, user: &UserId, kind: &str) -> usize {
    let history = store.history(&key(user.as_str()), 0, 10_000).await.unwrap();
    history.iter().filter(|recorded| recorded.event.change.kind() == kind).count()
}

/// A code works once, also across a restart (OWASP ASVS 5.0, 6.5.1).
pub async fn c06_a_code_works_once(harness: &dyn Harness) {
    let mut bench = Bench::new(harness.open().await, Policy::default());
    let user = ada(&bench.identity, "ada").await;
    let id = bench.identity.account(&user).add(phone()).await.unwrap().outcome;
    bench.identity.account(&user).start_verification(id).await.unwrap();
    let code = bench.read_mail().await.0.expect("a code");
    let store = harness.restart(Arc::clone(&bench.store)).await;
    bench = Bench::new(store.clone(), Policy::default());
    let answer = bench.identity.account(&user).confirm(id, &code).await.unwrap().outcome;
    assert_eq!(answer, Confirmation::Verified, "a code still works after a restart");
    let again = bench.identity.account(&user).confirm(id, &code).await;
    refused(again, &PublicRefusal::AlreadyVerified, "a code does not work twice");
    let store = harness.restart(Arc::clone(&bench.store)).await;
    bench = Bench::new(store.clone(), Policy::default());
    let again = bench.identity.account(&user).confirm(id, &code).await;
    refused(again, &PublicRefusal::AlreadyVerified, "nor after a restart");
    bench.identity.admin("staff").mark_unverified(&user, id).await.unwrap();
    let again = bench.identity.account(&user).confirm(id, &code).await;
    refused(again, &PublicRefusal::NoChallenge, "nor when the address is no longer verified");
    assert_eq!(how_often(&*bench.store, &user, "verified").await, 1);
}

/// No code and no link is stored, whatever happens (OWASP ASVS 5.0, 6.5.2).
pub async fn c13_no_code_is_at_rest(harness: &dyn Harness) {
    // A code of twenty symbols does not occur by chance.
    for (name, verification) in
        [("ada", VerificationPolicy::builder().letters(20)), ("bob", VerificationPolicy::builder().digits(20))]
    {
        // Both have one number, one after the other.
        let policy = Policy::default().with_rest(RestPolicy::none());
        let policy = policy.with_verification(verification.build().expect("a safe policy"));
        let bench = Bench::new(harness.open().await, policy);
        let user = ada(&bench.identity, name).await;
        let (account, admin) = (bench.identity.account(&user), bench.identity.admin("staff"));
        let address = format!("{name}.canary@example.com");
        let mail = account.add(Email::parse(&address).unwrap()).await.unwrap().outcome;
        let phone = account.add(phone()).await.unwrap().outcome;
        let mut secrets = Vec::new();
        account.start_verification(phone).await.unwrap();
        absent(harness, &secrets, &address).await;
        let first = bench.read_mail().await.0.expect("a code");
        secrets.push(first.reveal().to_owned());
        absent(harness, &secrets, &address).await;
        bench.wait(60);
        account.start_verification(phone).await.unwrap();
        absent(harness, &secrets, &address).await;
        bench.identity.deliver_due().await.unwrap();
        let wrong = Code::parse("B0B0B0").unwrap();
        assert!(matches!(account.confirm(phone, &wrong).await.unwrap().outcome, Confirmation::Rejected { .. }));
        absent(harness, &secrets, &address).await;
        let either = Verification { proof: ProofBy::Either, ..Verification::default() };
        account.start_verification_with(mail, &either).await.unwrap();
        let (code, link) = bench.read_mail().await;
        let link = link.expect("a link").reveal();
        secrets.push(code.expect("a code").reveal().to_owned());
        // The end of a token is the part that cannot be guessed.
        secrets.push(link[link.len().saturating_sub(22)..].to_owned());
        secrets.push(link);
        absent(harness, &secrets, &address).await;
        let issued = admin.issue_code(&user, mail).await.unwrap().outcome.code;
        secrets.push(issued.reveal().to_owned());
        absent(harness, &secrets, &address).await;
        assert_eq!(account.confirm(phone, &first).await.unwrap().outcome, Confirmation::Verified);
        assert_eq!(account.confirm(mail, &issued).await.unwrap().outcome, Confirmation::Verified);
        absent(harness, &secrets, &address).await;
        admin.remove(&user, phone).await.unwrap();
        absent(harness, &secrets, &address).await;
    }
}

async fn absent(harness: &dyn Harness, secrets: &[String], canary: &str) {
    let bytes = harness.bytes_at_rest().await.to_ascii_uppercase();
    let bytes = String::from_utf8_lossy(&bytes);
    let contains = |text: &str| bytes.contains(&text.to_ascii_uppercase());
    assert!(contains(canary), "the bytes at rest contain the content of this store");
    for secret in secrets {
        assert!(!contains(secret), "a code or a link is stored");
    }
}

/// Runs an answer many times in parallel and returns all results.
pub(super) async fn at_once<F, T>(times: usize, answer: impl Fn(usize) -> F) -> Vec<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let barrier = Arc::new(Barrier::new(times));
    let running: Vec<_> = (0..times)
        .map(|number| {
            let (barrier, answer) = (Arc::clone(&barrier), answer(number));
            tokio::spawn(async move {
                barrier.wait().await;
                answer.await
            })
        })
        .collect();
    let mut answers = Vec::new();
    for handle in running {
        answers.push(handle.await.expect("no task panics"));
    }
    answers
}

async fn challenged(bench: &Bench) -> (UserId, IdentifierId, Code) {
    let user = ada(&bench.identity, "ada").await;
    let id = bench.identity.account(&user).add(phone()).await.unwrap().outcome;
    bench.identity.account(&user).start_verification(id).await.unwrap();
    let code = bench.read_mail().await.0.expect("a code");
    (user, id, code)
}

/// Of 256 parallel guesses, no more are judged than the challenge accepts (OWASP ASVS 5.0, 2.3.4).
pub async fn c44_parallel_guesses_are_counted_exactly(harness: &dyn Harness) {
    let bench = Bench::new(harness.open().await, Policy::default());
    let (user, id, code) = challenged(&bench).await;
    let wrong: Vec<Code> = (0..257)
        .map(|number| format!("{number:06}"))
        .filter(|guess| guess != code.reveal())
        .map(|guess| Code::parse(&guess).unwrap())
        .take(256)
        .collect();
    let answers = at_once(256, |number| {
        let (account, guess) = (bench.identity.account(&user), wrong[number].clone());
        async move { account.confirm(id, &guess).await }
    })
    .await;
    let mut judged = 0;
    for answer in answers {
        match answer {
            Ok(receipt) => {
                assert!(matches!(receipt.outcome, Confirmation::Rejected { .. }), "a wrong code is never right");
                judged += 1;
            }
            Err(Error::Refused(_) | Error::Contended) => {}
            Err(other) => panic!("a guess is judged or refused: {other}"),
        }
    }
    let tries = usize::from(bench.identity.policy().verification().tries());
    assert!(judged <= tries, "{judged} of 256 guesses were judged, but the challenge accepts {tries}");
    assert_eq!(
        how_often(&*bench.store, &user, "answer_rejected").await,
        judged,
        "every judged guess is in the history"
    );
    let stored = bench.store.load(&key("ada")).await.unwrap().unwrap();
    let failed = stored.user.identifier(id).and_then(|entry| entry.challenge()).map(|challenge| challenge.failed);
    assert_eq!(failed.map(usize::from), Some(judged), "every judged guess is counted");
    assert_eq!(judged, tries, "the challenge accepts no more guesses");
    let late = bench.identity.account(&user).confirm(id, &code).await;
    assert!(matches!(late, Err(Error::Refused(_))), "a locked challenge refuses even the right code: {late:?}");
}

/// Of 64 parallel right answers, exactly one succeeds.
pub async fn c45_one_of_many_right_codes_succeeds(harness: &dyn Harness) {
    let bench = Bench::new(harness.open().await, Policy::default());
    let (user, id, code) = challenged(&bench).await;
    let answers = at_once(64, |_| {
        let (account, code) = (bench.identity.account(&user), code.clone());
        async move { account.confirm(id, &code).await }
    })
    .await;
    let mut won = 0;
    for answer in answers {
        match answer {
            Ok(receipt) => {
                assert_eq!(receipt.outcome, Confirmation::Verified, "a right code is never wrong");
                won += 1;
            }
            Err(Error::Refused(_) | Error::Contended) => {}
            Err(other) => panic!("an answer is judged or refused: {other}"),
        }
    }
    assert_eq!(won, 1, "exactly one answer succeeds");
    assert_eq!(how_often(&*bench.store, &user, "verified").await, 1, "the verification is in the history once");
}

/// A username in the form of an address and that address belong to the same user, whoever comes first, also in a race.
pub async fn c46_a_username_is_never_another_users_address(harness: &dyn Harness) {
    let bench = Bench::new(harness.open().await, Policy::default());
    let admin = bench.identity.admin("staff");
    for round in 0..16 {
        let text = if round % 2 == 0 { format!("a{round}@example.com") } else { format!("+4415149604{round:02}") };
        let [eve, bob] =
            [ada(&bench.identity, &format!("eve {round}")).await, ada(&bench.identity, &format!("bob {round}")).await];
        let new = match Email::parse(&text) {
            Ok(email) => NewAddress::from(identity_core::Address::from(email)),
            Err(_) => NewAddress::from(identity_core::Address::from(Phone::from_e164(&text).unwrap())),
        };
        // Bob verifies the address by its code, or an administrator vouches for it.
        let pending = if round < 8 {
            let account = bench.identity.account(&bob);
            let id = account.add(new.address.clone()).await.unwrap().outcome;
            account.start_verification(id).await.unwrap();
            Some((id, bench.read_mail().await.0.expect("a code")))
        } else {
            None
        };
        let answers = at_once(2, |number| {
            let (identity, eve, bob, pending) = (bench.identity.clone(), eve.clone(), bob.clone(), pending.clone());
            let (name, new) = (Username::parse(&text).unwrap(), new.clone());
            async move {
                let admin = identity.admin("staff");
                match pending {
                    _ if number == 0 => admin.set_username(&eve, &name, None).await.map(|_| ()).map_err(Error::public),
                    Some((id, code)) => identity.account(&bob).confirm(id, &code).await.map(|_| ()),
                    None => admin.add(&bob, new.verified()).await.map(|_| ()).map_err(Error::public),
                }
            }
        })
        .await;
        let won: Vec<bool> = answers.iter().map(Result::is_ok).collect();
        assert_eq!(won.iter().filter(|won| **won).count(), 1, "exactly one of them has {text}: {answers:?}");
        let lost = answers.into_iter().find_map(Result::err).unwrap();
        let taken = matches!(lost, Error::Refused(PublicRefusal::Unavailable | PublicRefusal::UsernameTaken));
        assert!(taken, "for the other user it is taken: {lost:?}");
        // Later attempts are refused as well.
        let late = match (won[0], &pending) {
            (true, Some((id, _))) => admin.mark_verified(&bob, *id).await.map(|_| ()),
            (true, None) => admin.add(&bob, new.verified()).await.map(|_| ()),
            (false, _) => admin.set_username(&eve, &Username::parse(&text).unwrap(), None).await.map(|_| ()),
        };
        assert!(matches!(late, Err(Error::Refused(Refusal::Taken(_)))), "{late:?}");
    }
}

/// A user who added an address and asked for its code, and the address's id.
async fn asker(identity: &Identity, name: &str, address: &str) -> (UserId, IdentifierId) {
    let user = ada(identity, name).await;
    let id = identity.account(&user).add(Email::parse(address).unwrap()).await.unwrap().outcome;
    identity.account(&user).start_verification(id).await.unwrap();
    (user, id)
}

/// A challenge whose message a budget withheld verifies nothing, also across a restart, and is answered as every other.
pub async fn c80_a_withheld_challenge_verifies_nothing(harness: &dyn Harness) {
    let bench = Bench::new(harness.open().await, Policy::default());
    let mut askers = Vec::new();
    for number in 0..12 {
        askers.push(asker(&bench.identity, &format!("asker {number}"), "victim@example.com").await);
    }
    bench.identity.deliver_due().await.unwrap();
    let letters = bench.letters();
    assert_eq!(letters.len(), 5, "as many letters go as the address takes");
    let store = harness.restart(Arc::clone(&bench.store)).await;
    let bench = Bench::new(store.clone(), Policy::default());
    let (keys, tenant) = (code_keys(), key("ada").tenant);
    for (number, (user, id)) in askers.iter().enumerate() {
        let stored = store.load(&key(user.as_str())).await.unwrap().unwrap();
        let challenge = stored.user.identifier(*id).and_then(|entry| entry.challenge()).unwrap();
        assert_eq!(challenge.is_decoy(), number >= 5, "{user}: what was not sent is a decoy");
        let binding = identity_core::Binding {
            key: keys.current(),
            tenant: &tenant,
            user,
            identifier: *id,
            address: "victim@example.com",
            purpose: challenge.purpose,
            nonce: &challenge.nonce,
        };
        let guess = keys.code(&binding, challenge.format).unwrap();
        if challenge.is_decoy() {
            let answer = bench.identity.account(user).confirm(*id, &guess).await.unwrap().outcome;
            assert_eq!(answer, Confirmation::Rejected { attempts_left: 4 }, "{user}: no answer is right");
            assert_eq!(how_often(&*store, user, "answer_rejected").await, 1, "and it is counted");
        } else {
            assert!(letters.iter().any(|letter| letter.code.as_ref().map(Code::reveal) == Some(guess.reveal())));
        }
    }
    // When there is room again, a decoy gives its place to a challenge that is sent.
    bench.wait(599);
    let (user, id) = &askers[11];
    bench.wait(1);
    bench.identity.account(user).start_verification(*id).await.unwrap();
    let code = code_of(&bench, user).await;
    let answer = bench.identity.account(user).confirm(*id, &code).await.unwrap().outcome;
    assert_eq!(answer, Confirmation::Verified);
}

/// The last code that was sent to a user.
async fn code_of(bench: &Bench, user: &UserId) -> Code {
    bench.identity.deliver_due().await.unwrap();
    let letters = bench.letters().into_iter().rev();
    letters.filter(|letter| letter.message.key.user == *user).find_map(|letter| letter.code).expect("a code")
}

/// Of 256 guesses at one address at once, from 64 users, 100 are judged, and on that day no other, not even a right one.
pub async fn c81_guesses_at_one_address_are_bounded_exactly(harness: &dyn Harness) {
    let bench = Bench::new(harness.open().await, Policy::default());
    let (owner, owned) = asker(&bench.identity, "owner", "victim@example.com").await;
    let code = code_of(&bench, &owner).await;
    let mut askers = Vec::new();
    for number in 0..64 {
        askers.push(asker(&bench.identity, &format!("guesser {number}"), "victim@example.com").await);
    }
    let wrong = Code::parse("no").unwrap();
    let answers = at_once(256, |number| {
        let (user, id) = &askers[number % 64];
        let (account, id, guess) = (bench.identity.account(user), *id, wrong.clone());
        async move { account.confirm(id, &guess).await }
    })
    .await;
    let mut judged = 0;
    for answer in answers {
        match answer {
            Ok(receipt) => {
                assert!(matches!(receipt.outcome, Confirmation::Rejected { .. }), "a wrong code is never right");
                judged += 1;
            }
            Err(Error::Refused(PublicRefusal::TooManyFailures { .. }) | Error::Contended) => {}
            Err(other) => panic!("a guess is judged or refused: {other}"),
        }
    }
    assert!(judged <= 100, "{judged} of 256 guesses at one address were judged");
    let mut recorded = 0;
    for (user, _) in &askers {
        recorded += how_often(&*bench.store, user, "answer_rejected").await;
    }
    assert_eq!(recorded, judged, "each one is in a history");
    // Those who met too often to be judged leave room for others.
    for (user, id) in &askers {
        judged += usize::from(bench.identity.account(user).confirm(*id, &wrong).await.is_ok());
    }
    assert_eq!(judged, 100, "all of the budget can be used");
    let late = bench.identity.account(&owner).confirm(owned, &code).await;
    let retry_at = Some(crate::kit::at(86_400));
    refused(late, &PublicRefusal::TooManyFailures { retry_at }, "then not even the right code is judged");
    assert_eq!(how_often(&*bench.store, &owner, "verified").await, 0, "and nothing is written");
    // Another address has guesses of its own, and this one has them again a day later.
    let (user, id) = asker(&bench.identity, "neighbour", "other@example.com").await;
    let code = code_of(&bench, &user).await;
    assert_eq!(bench.identity.account(&user).confirm(id, &code).await.unwrap().outcome, Confirmation::Verified);
    bench.wait(86_400);
    bench.identity.account(&owner).start_verification(owned).await.unwrap();
    let code = code_of(&bench, &owner).await;
    assert_eq!(bench.identity.account(&owner).confirm(owned, &code).await.unwrap().outcome, Confirmation::Verified);
}
