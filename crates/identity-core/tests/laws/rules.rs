//! The rules for primary addresses, claims and replacements.

use identity_core::policy::{By, Election, Succession};
use identity_core::{
    Actor, Channel, Claim, ClaimChanges, ClaimKey, ClaimKind, ClaimPolicy, Fate, MAX_IDENTIFIERS, Method, NewAddress,
    NewUser, Policy, PrimaryPolicy, Purpose, Refusal, Strength, User, UserId, UserRecord, Username,
};

use crate::kit::{Bench, Person, email, given, given_under, kinds, phone, staff};

fn primary(ada: &Person) -> Option<String> {
    ada.user.primary_email().map(|entry| entry.address.to_string())
}

fn under(policy: PrimaryPolicy) -> Person {
    given_under(Policy::default().with_primary(policy))
}

#[test]
fn c42_an_unverified_address_grants_nothing() {
    let mut eve = given();
    let mail = eve.pending(email("victim@example.com"));
    assert!(eve.user.claims(ClaimPolicy::default()).is_empty());
    assert!(eve.user.primary_email().is_none());
    assert_eq!(eve.holder(|user, context| user.set_primary(mail, context)).refused(), Refusal::NotVerified);
    let by_admin = eve.admin(|user, context| user.set_primary(mail, context));
    assert_eq!(by_admin.refused(), Refusal::NotVerified);
    // The victim verifies the address with an account of their own, and Eve's account does not prevent it.
    let mut victim = given();
    let own = victim.pending(email("victim@example.com"));
    let before = victim.user.clone();
    victim.right(own).done();
    let changes = ClaimChanges::between(&[], Some(&before), Some(&victim.user), &Policy::default());
    let key = email("victim@example.com").claim_key();
    assert_eq!(changes.take, [Claim { key, strength: Strength::Verified }]);
    // Eve's later actions do not affect the victim's claim either.
    let before = eve.user.clone();
    eve.remove(mail).done();
    let changes = ClaimChanges::between(&[], Some(&before), Some(&eve.user), &Policy::default());
    assert_eq!(changes, ClaimChanges::default());
}

#[test]
fn c42_an_address_that_loses_its_verification_loses_what_it_granted() {
    let mut ada = given();
    let mail = ada.add_verified(email("ada@example.com"));
    let key = email("ada@example.com").claim_key();
    let held = [Claim { key: key.clone(), strength: Strength::Verified }];
    let before = ada.user.clone();
    ada.admin(|user, context| user.mark_unverified(mail, context)).then(&["unverified", "primary_changed"]);
    assert!(ada.user.primary_email().is_none() && ada.user.claims(ClaimPolicy::default()).is_empty());
    let changes = ClaimChanges::between(&held, Some(&before), Some(&ada.user), &Policy::default());
    assert_eq!(changes, ClaimChanges { take: Vec::new(), release: vec![key.clone()] });
    // Under `All` the address is still claimed, as unverified.
    let changes =
        ClaimChanges::between(&held, Some(&before), Some(&ada.user), &Policy::default().with_claim(ClaimPolicy::All));
    let weaker = vec![Claim { key, strength: Strength::Unverified }];
    assert_eq!(changes, ClaimChanges { take: weaker, release: Vec::new() });
}

#[test]
fn c42_a_holder_cannot_attest_an_address() {
    let mut ada = given();
    let mail = ada.pending(email("ada@example.com"));
    let (sent, record) = (ada.news[0].message.clone(), UserRecord::from(&ada.user));
    for new in
        [NewAddress::from(email("b@example.com")).verified(), NewAddress::from(email("b@example.com")).unrestricted()]
    {
        let added = ada.holder(|user, context| user.add(&new, context));
        assert_eq!(added.refused(), Refusal::AdministratorOnly);
        let replaced = ada.holder(|user, context| user.replace(mail, &new, context));
        assert_eq!(replaced.refused(), Refusal::AdministratorOnly);
    }
    let refused = [
        ada.holder(|user, context| user.mark_verified(mail, None, context)).refused(),
        ada.holder(|user, context| user.mark_unverified(mail, context)).refused(),
        ada.holder(|user, context| user.clear_attempts(mail, context)).refused(),
        ada.holder(|user, context| user.disable(context)).refused(),
        ada.holder(|user, context| user.enable(context)).refused(),
        ada.holder(|user, context| user.erase(context)).refused(),
        ada.holder(|user, context| user.change_profile(&identity_core::ProfileChange::default(), context)).refused(),
        ada.holder(|user, context| user.report(&Default::default(), context)).refused(),
        ada.holder(|user, context| user.issue_code(mail, context)).refused(),
        ada.holder(|user, context| user.mark_deliverable(mail, context)).refused(),
        ada.holder(|user, context| user.note_fate(&sent, Fate::NotTaken, context)).refused(),
        ada.holder(|user, context| user.update_claims(context)).refused(),
        ada.bench.on(&Actor::Holder, |context| given().user.merge(&ada.user, &[], context)).unwrap_err(),
        ada.bench.on(&Actor::Holder, |context| User::import(&record, context)).unwrap_err(),
        ada.bench.on(&Actor::Holder, |context| User::create(&NewUser::default(), context)).unwrap_err(),
    ];
    assert!(refused.iter().all(|refusal| *refusal == Refusal::AdministratorOnly), "{refused:?}");
    assert_eq!(kinds(&ada.history), ["created", "added", "verification_started"]);
    // Every decision that asks for an administrator is among them; `add` and `replace` ask in one place. Whoever contests an
    // address is asked in the laws of contests.
    let decisions = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/decide")).unwrap();
    let text = |file: std::io::Result<std::fs::DirEntry>| std::fs::read_to_string(file.unwrap().path()).unwrap();
    let asking: usize = decisions.map(|file| text(file).matches("context.administrator()?").count()).sum();
    assert_eq!(asking, refused.len() + 2, "a decision is not tried here");
}

#[test]
fn c52_to_verify_and_to_make_primary_are_idempotent() {
    let mut ada = given();
    let a = ada.add_verified(email("a@example.com"));
    let b = ada.add(email("b@example.com")).done();
    ada.admin(|user, context| user.mark_verified(b, Some("a letter"), context)).then(&["verified"]);
    let before = ada.user.clone();
    ada.pass(1_000);
    ada.admin(|user, context| user.mark_verified(b, Some("another letter"), context)).then(&[]);
    ada.holder(|user, context| user.set_primary(a, context)).then(&[]);
    ada.admin(|user, context| user.set_primary(a, context)).then(&[]);
    assert_eq!(ada.user, before);
    let verified = before.identifier(b).unwrap().verified().unwrap();
    assert_eq!((verified.by, verified.source.as_deref()), (Method::Administrator, Some("a letter")));
    ada.admin(|user, context| user.mark_unverified(b, context)).then(&["unverified"]);
    ada.admin(|user, context| user.mark_unverified(b, context)).then(&[]);
    ada.admin(|user, context| user.clear_attempts(b, context)).then(&[]);
}

#[test]
fn c52_the_first_verified_is_primary_and_the_oldest_verified_succeeds() {
    let mut ada = given();
    let a = ada.pending(email("a@example.com"));
    ada.pass(1);
    let b = ada.pending(email("b@example.com"));
    ada.pass(1);
    let c = ada.pending(email("c@example.com"));
    assert_eq!(primary(&ada), None, "no address is primary");
    // The order of time is not that of the ids.
    assert!(a < b && b < c);
    for id in [c, b, a] {
        ada.pass(1);
        ada.right(id).done();
    }
    assert_eq!(primary(&ada).as_deref(), Some("c@example.com"));
    ada.remove(c).then(&["removed", "primary_changed"]);
    assert_eq!(primary(&ada).as_deref(), Some("b@example.com"), "b was verified before a");
    ada.admin(|user, context| user.mark_unverified(b, context)).then(&["unverified", "primary_changed"]);
    assert_eq!(primary(&ada).as_deref(), Some("a@example.com"));
    ada.remove(b).then(&["removed"]);
    let last = ada.remove(a);
    assert_eq!(last.refused(), Refusal::LastVerified);
    ada.admin(|user, context| user.remove(a, context)).then(&["removed", "primary_changed"]);
    assert_eq!(primary(&ada), None);
}

#[test]
fn c52_each_kind_has_a_primary_of_its_own() {
    let mut ada = given();
    let mail = ada.add_verified(email("a@example.com"));
    let line = ada.add_verified(phone("+441514960453"));
    assert!(ada.user.emails().is_primary(mail) && ada.user.phones().is_primary(line));
    ada.remove(mail).done();
    assert!(ada.user.primary_email().is_none() && ada.user.phones().is_primary(line));
}

#[test]
fn nobody_is_elected_and_nobody_succeeds_when_the_policy_says_so() {
    let policy = PrimaryPolicy::builder().election(Election::Nobody).succession(Succession::Nobody);
    let mut ada = under(policy.build().unwrap());
    let a = ada.add_verified(email("a@example.com"));
    ada.add_verified(email("b@example.com"));
    assert_eq!(primary(&ada), None);
    ada.holder(|user, context| user.set_primary(a, context)).then(&["primary_changed"]);
    ada.remove(a).then(&["removed", "primary_changed"]);
    assert_eq!(primary(&ada), None);
}

#[test]
fn only_those_whom_the_policy_names_may_remove_the_last_verified_address() {
    for (by, holder, admin) in [(By::Anyone, true, true), (By::Administrator, false, true), (By::Nobody, false, false)]
    {
        for (actor, may) in [(Actor::Holder, holder), (staff(), admin)] {
            let mut ada = under(PrimaryPolicy::builder().last_verified(by).build().unwrap());
            let mail = ada.add_verified(email("a@example.com"));
            let open = ada.add(email("b@example.com")).done();
            let removed = ada.act(&actor, |user, context| user.remove(mail, context));
            assert_eq!(removed.result, if may { Ok(()) } else { Err(Refusal::LastVerified) }, "{by:?} {actor:?}");
            ada.act(&actor, |user, context| user.remove(open, context)).done();
        }
    }
    // The last verified address is counted over both kinds: a phone number is enough.
    let mut ada = given();
    let mail = ada.add_verified(email("a@example.com"));
    ada.add_verified(phone("+441514960453"));
    ada.remove(mail).done();
}

#[test]
fn an_administrator_may_make_an_unverified_address_primary_if_the_policy_says_so() {
    let mut ada = under(PrimaryPolicy::builder().unverified(By::Administrator).build().unwrap());
    let open = ada.add(email("open@example.com")).done();
    assert_eq!(ada.holder(|user, context| user.set_primary(open, context)).refused(), Refusal::NotVerified);
    ada.admin(|user, context| user.set_primary(open, context)).then(&["primary_changed"]);
    assert!(
        ada.user.claims(ClaimPolicy::default()).is_empty(),
        "a primary address that is not verified claims nothing"
    );
    // It stays primary when another one is verified.
    ada.add_verified(email("b@example.com"));
    assert!(ada.user.emails().is_primary(open));
}

#[test]
fn the_old_address_stays_verified_and_primary_until_the_new_one_is_verified() {
    let mut ada = given();
    let old = ada.add_verified(email("old@example.com"));
    ada.pass(1);
    ada.add_verified(email("other@example.com"));
    let new = ada.replace(old, email("new@example.com")).then(&["added"]);
    assert!(ada.entry(old).is_verified() && ada.user.emails().is_primary(old));
    assert_eq!(ada.entry(new).replaces, Some(old));
    ada.start(new).done();
    assert_eq!(ada.challenge(new).purpose, Purpose::Replacement);
    ada.right(new).then(&["verified", "replaced", "primary_changed"]);
    assert!(ada.user.identifier(old).is_none() && ada.user.emails().is_primary(new));
    assert_eq!(ada.entry(new).replaces, None);
}

#[test]
fn an_address_that_is_not_primary_is_replaced_by_one_that_is_not() {
    let mut ada = given();
    ada.add_verified(email("a@example.com"));
    let old = ada.add_verified(email("old@example.com"));
    let new = ada.replace(old, email("new@example.com")).done();
    ada.start(new).done();
    ada.right(new).then(&["verified", "replaced"]);
    assert_eq!(primary(&ada).as_deref(), Some("a@example.com"));
}

#[test]
fn a_verified_replacement_of_an_address_that_is_not_primary_is_not_primary_either() {
    let mut ada = given();
    ada.add_verified(email("a@example.com"));
    let old = ada.add_verified(email("old@example.com"));
    let new = NewAddress::from(email("new@example.com")).verified();
    ada.admin(|user, context| user.replace(old, &new, context)).then(&["added", "verified", "replaced"]);
    assert_eq!(primary(&ada).as_deref(), Some("a@example.com"));
}

#[test]
fn an_unverified_primary_is_succeeded_when_it_is_replaced_and_stays_when_its_code_is_void() {
    let mut ada = under(PrimaryPolicy::builder().unverified(By::Administrator).build().unwrap());
    ada.add_verified(email("a@example.com"));
    let open = ada.pending(email("open@example.com"));
    ada.admin(|user, context| user.set_primary(open, context)).then(&["primary_changed"]);
    // It was not verified before, so nothing is lost.
    ada.admin(|user, context| user.mark_unverified(open, context)).then(&["unverified"]);
    assert_eq!(primary(&ada).as_deref(), Some("open@example.com"));
    ada.replace(open, email("new@example.com")).then(&["added", "removed", "primary_changed"]);
    assert_eq!(primary(&ada).as_deref(), Some("a@example.com"));
}

#[test]
fn an_administrators_verification_completes_a_replacement() {
    let mut ada = given();
    let old = ada.add_verified(email("old@example.com"));
    let new = ada.replace(old, email("new@example.com")).done();
    ada.admin(|user, context| user.mark_verified(new, None, context)).then(&[
        "verified",
        "replaced",
        "primary_changed",
    ]);
    assert_eq!(primary(&ada).as_deref(), Some("new@example.com"));
}

#[test]
fn an_unverified_address_is_replaced_at_once() {
    let mut ada = given();
    let old = ada.pending(email("typo@example.com"));
    let new = ada.replace(old, email("ada@example.com")).then(&["added", "removed"]);
    assert!(ada.user.identifier(old).is_none());
    assert_eq!(ada.entry(new).replaces, None);
    ada.start(new).done();
    ada.right(new).then(&["verified", "primary_changed"]);
}

#[test]
fn a_verified_replacement_is_elected_where_no_address_is_primary() {
    let mut ada = given();
    let old = ada.pending(email("typo@example.com"));
    let new = NewAddress::from(email("ada@example.com")).verified();
    let new = ada.admin(|user, context| user.replace(old, &new, context));
    new.then(&["added", "verified", "replaced", "primary_changed"]);
    assert_eq!(primary(&ada).as_deref(), Some("ada@example.com"));
}

#[test]
fn a_replacement_asked_for_again_starts_over() {
    let mut ada = given();
    let old = ada.add_verified(email("old@example.com"));
    let first = ada.replace(old, email("first@example.com")).done();
    ada.start(first).done();
    let code = ada.code(first);
    for again in ["second@example.com", "first@example.com", "FIRST@example.com"] {
        let under_way = ada.user.emails().entries()[1].id;
        let next = ada.replace(old, email(again)).then(&["removed", "added"]);
        assert!(ada.user.identifier(under_way).is_none());
        assert_eq!(ada.entry(next).replaces, Some(old));
        assert_eq!(ada.answer(next, &code).refused(), Refusal::NoChallenge);
    }
    assert_eq!(ada.user.emails().entries().len(), 2);
}

#[test]
fn a_corrected_replacement_still_removes_the_old_address() {
    let mut ada = given();
    let old = ada.add_verified(email("old@example.com"));
    let typo = ada.replace(old, email("typo@example.com")).done();
    let new = ada.replace(typo, email("new@example.com")).then(&["added", "removed"]);
    assert_eq!(ada.entry(new).replaces, Some(old), "it takes over the replacement");
    ada.start(new).done();
    ada.right(new).then(&["verified", "replaced", "primary_changed"]);
    assert_eq!(primary(&ada).as_deref(), Some("new@example.com"));
    assert_eq!(ada.user.emails().entries().len(), 1);
}

#[test]
fn an_administrators_verified_replacement_of_a_replacement_ends_both() {
    let mut ada = given();
    let old = ada.add_verified(email("old@example.com"));
    let typo = ada.replace(old, email("typo@example.com")).done();
    let new = NewAddress::from(email("new@example.com")).verified();
    ada.admin(|user, context| user.replace(typo, &new, context)).done();
    assert_eq!(ada.user.emails().entries().len(), 1);
    assert_eq!(primary(&ada).as_deref(), Some("new@example.com"));
}

#[test]
fn a_replacement_of_a_removed_address_is_an_ordinary_address() {
    let mut ada = given();
    let old = ada.add_verified(email("old@example.com"));
    ada.pass(1);
    ada.add_verified(email("other@example.com"));
    let new = ada.replace(old, email("new@example.com")).done();
    ada.start(new).done();
    ada.remove(old).done();
    assert_eq!(ada.entry(new).replaces, None);
    // The open challenge can still be answered.
    ada.right(new).then(&["verified"]);
    assert_eq!(primary(&ada).as_deref(), Some("other@example.com"));
}

#[test]
fn a_removed_replacement_leaves_the_old_address_unchanged() {
    let mut ada = given();
    let old = ada.add_verified(email("old@example.com"));
    let new = ada.replace(old, email("new@example.com")).done();
    ada.remove(new).then(&["removed"]);
    assert!(ada.entry(old).is_verified() && ada.user.emails().is_primary(old));
}

#[test]
fn a_replacement_is_another_address_of_the_same_kind() {
    let mut ada = given();
    let mail = ada.add_verified(email("ada@example.com"));
    ada.add(email("b@example.com")).done();
    assert_eq!(ada.replace(mail, phone("+441514960453")).refused(), Refusal::IdentifierNotFound);
    assert_eq!(ada.replace(mail, email("ADA@example.com")).refused(), Refusal::Unchanged);
    assert_eq!(ada.replace(mail, email("B@example.com")).refused(), Refusal::Duplicate);
    let gone = ada.add(email("c@example.com")).done();
    ada.remove(gone).done();
    assert_eq!(ada.replace(gone, email("d@example.com")).refused(), Refusal::IdentifierNotFound);
}

#[test]
fn a_user_has_an_address_once_and_50_of_a_kind_at_most() {
    let mut ada = given();
    ada.add(email("a0@example.com")).done();
    assert_eq!(ada.add(email("A0@EXAMPLE.com")).refused(), Refusal::Duplicate);
    for number in 1..MAX_IDENTIFIERS {
        ada.add(email(&format!("a{number}@example.com"))).done();
    }
    assert_eq!(ada.add(email("b@example.com")).refused(), Refusal::TooMany(Channel::Email));
    let verified = NewAddress::from(email("b@example.com")).verified();
    let by_admin = ada.admin(|user, context| user.add(&verified, context));
    assert_eq!(by_admin.refused(), Refusal::TooMany(Channel::Email));
    ada.add(phone("+441514960453")).done();
    // An address that replaces another one at once has room.
    let first = ada.user.emails().entries()[0].id;
    let second = ada.replace(first, email("b@example.com")).done();
    // An address that waits for its verification has none.
    ada.admin(|user, context| user.mark_verified(second, None, context)).done();
    assert_eq!(ada.replace(second, email("c@example.com")).refused(), Refusal::TooMany(Channel::Email));
}

#[test]
fn a_changed_username_keeps_its_id() {
    let name = |text: &str| Username::parse(text).unwrap();
    let mut ada = given();
    let first = ada.holder(|user, context| user.set_username(&name("ada"), None, context)).then(&["username_set"]);
    ada.holder(|user, context| user.set_username(&name("ada"), None, context)).then(&[]);
    let second = ada.holder(|user, context| user.set_username(&name("Ada"), Some("form"), context)).done();
    assert_eq!(first, second);
    let entry = ada.user.username().unwrap();
    assert_eq!((entry.username.as_str(), entry.source.as_deref()), ("Ada", Some("form")));
    ada.holder(|user, context| user.remove_username(context)).then(&["username_removed"]);
    assert_eq!(ada.holder(|user, context| user.remove_username(context)).refused(), Refusal::IdentifierNotFound);
}

#[test]
fn only_an_administrator_may_set_a_username_in_address_form_and_it_claims_the_address() {
    let name = |text: &str| Username::parse(text).unwrap();
    for (text, address) in [("bob@Example.com", email("bob@example.com")), ("+441514960453", phone("+441514960453"))] {
        let mut ada = given();
        let refused = ada.holder(|user, context| user.set_username(&name(text), None, context));
        assert_eq!(refused.refused(), Refusal::UsernameIsAddress);
        ada.admin(|user, context| user.set_username(&name(text), None, context)).done();
        for policy in [ClaimPolicy::Verified, ClaimPolicy::All, ClaimPolicy::None] {
            let claims = ada.user.claims(policy);
            assert_eq!(claims.get(&address.claim_key()), Some(&Strength::Verified), "{text}");
            assert_eq!(claims.get(&name(text).claim_key()), Some(&Strength::Verified), "{text}");
        }
    }
}

#[test]
fn a_claim_policy_says_what_belongs_to_one_user_alone() {
    let mut ada = given();
    ada.add_verified(email("a@example.com"));
    ada.add(email("b@example.com")).done();
    let of = |policy| ada.user.claims(policy).into_values().collect::<Vec<_>>();
    assert_eq!(of(ClaimPolicy::Verified), [Strength::Verified]);
    assert_eq!(of(ClaimPolicy::All), [Strength::Verified, Strength::Unverified]);
    assert_eq!(of(ClaimPolicy::None), []);
}

#[test]
fn only_claims_that_a_decision_brings_are_taken() {
    let mut ada = given();
    ada.add_verified(email("a@example.com"));
    let before = ada.user.clone();
    let mail = ada.pending(email("b@example.com"));
    ada.right(mail).done();
    // a had no claim until now, because the policy was another one; it is not claimed along with b.
    let changes = ClaimChanges::between(&[], Some(&before), Some(&ada.user), &Policy::default());
    let b = Claim { key: email("b@example.com").claim_key(), strength: Strength::Verified };
    assert_eq!(changes, ClaimChanges { take: vec![b.clone()], release: Vec::new() });
    // An erased user releases every claim.
    let changes = ClaimChanges::between(std::slice::from_ref(&b), Some(&ada.user), None, &Policy::default());
    assert_eq!(changes, ClaimChanges { take: Vec::new(), release: vec![b.key] });
}

#[test]
fn a_new_user_has_everything_that_the_request_names() {
    let mut bench = Bench::new(Policy::default());
    let new = NewUser {
        id: None,
        username: Some(Username::parse("ada").unwrap()),
        addresses: vec![
            NewAddress::from(email("open@example.com")).with_source("import"),
            NewAddress::from(email("ada@example.com")).verified().with_verified_source("desk"),
            phone("+441514960453").into(),
        ],
        profile: identity_core::Profile::default(),
        source: Some("signup".into()),
    };
    let created = bench.on(&staff(), |context| User::create(&new, context)).unwrap();
    let user = User::from_events(&created.events).unwrap();
    assert_eq!(user.id(), &created.outcome);
    assert_eq!(user.username().unwrap().source.as_deref(), Some("signup"));
    let [open, ada] = user.emails().entries() else { panic!("{user:?}") };
    assert_eq!((open.source.as_deref(), ada.source.as_deref()), (Some("import"), Some("signup")));
    assert_eq!(ada.verified().unwrap().source.as_deref(), Some("desk"));
    assert!(user.emails().is_primary(ada.id) && user.phones().primary().is_none());
    let mut ids: Vec<_> =
        user.identifiers().map(|entry| entry.id).chain(user.username().map(|entry| entry.id)).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 4);
    let twice = NewUser { addresses: vec![email("a@example.com").into(), email("A@example.com").into()], ..new };
    let refused = bench.on(&staff(), |context| User::create(&twice, context));
    assert_eq!(refused.unwrap_err(), Refusal::Duplicate);
}

#[test]
fn texts_of_the_host_are_bounded() {
    let mut ada = given();
    let (fits, long) = ("s".repeat(800), "s".repeat(801));
    let id = UserId::parse("bob").unwrap();
    let mail = ada.add(email("a@example.com")).done();
    for (text, ok) in [(&fits, true), (&long, false)] {
        let new = || NewAddress::from(email("b@example.com"));
        let user = NewUser { id: Some(id.clone()), source: Some(text.as_str().into()), ..NewUser::default() };
        let results = [
            ada.bench.on(&staff(), |context| ada.user.add(&new().with_source(text), context)).map(|_| ()),
            ada.bench
                .on(&staff(), |context| ada.user.add(&new().verified().with_verified_source(text), context))
                .map(|_| ()),
            ada.bench.on(&staff(), |context| ada.user.replace(mail, &new().with_source(text), context)).map(|_| ()),
            ada.bench.on(&staff(), |context| ada.user.mark_verified(mail, Some(text), context)).map(|_| ()),
            ada.bench.on(&staff(), |context| {
                ada.user.set_username(&Username::parse("ada").unwrap(), Some(text), context).map(|_| ())
            }),
            ada.bench.on(&staff(), |context| User::create(&user, context)).map(|_| ()),
        ];
        for result in results {
            match ok {
                true => assert_eq!(result, Ok(())),
                false => assert!(matches!(result, Err(Refusal::TooLarge { .. })), "{result:?}"),
            }
        }
    }
}

#[test]
fn c83_a_claim_of_another_rule_is_kept_until_the_pass_or_an_erasure() {
    let mut ada = given();
    ada.add_verified(email("ada@example.com"));
    let claim =
        |rule, text: &str| Claim { key: ClaimKey::new(ClaimKind::Email, rule, text), strength: Strength::Verified };
    let held = [claim(0, "old"), claim(1, "ada@example.com"), claim(1, "gone@example.com"), claim(2, "new")];
    let between = |after| ClaimChanges::between(&held, Some(&ada.user), after, &Policy::default());
    let keys = |changes: &ClaimChanges| changes.release.iter().map(|key| key.as_str().to_owned()).collect::<Vec<_>>();
    assert_eq!(keys(&between(Some(&ada.user))), ["gone@example.com"], "this program cannot tell what the others are");
    assert_eq!(
        keys(&between(None)),
        ["old", "ada@example.com", "gone@example.com", "new"],
        "an erasure leaves nothing"
    );
    let needed = ClaimChanges::needed(&held, &ada.user, &Policy::default());
    assert_eq!(keys(&needed), ["old", "gone@example.com"], "a claim of a later rule belongs to a newer program");
    assert!(needed.take.is_empty());
    let needed = ClaimChanges::needed(&[], &ada.user, &Policy::default());
    assert_eq!(needed.take, [claim(1, "ada@example.com")]);
    assert!(ClaimChanges::needed(&needed.take, &ada.user, &Policy::default()).is_empty());
}

#[test]
fn an_administrators_name_has_at_most_800_bytes_and_no_nul() {
    let named = |name: String| Actor::Administrator(name.into()).check();
    assert_eq!((named("a".repeat(800)), Actor::Holder.check()), (Ok(()), Ok(())));
    assert_eq!(named("a".repeat(801)), Err(Refusal::TooLarge { what: "the actor", limit: "800 bytes" }));
    assert_eq!(named("a\0b".to_owned()), Err(Refusal::Nul { what: "the actor" }));
}
