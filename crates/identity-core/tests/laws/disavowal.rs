//! Whoever reads a notice can undo the change that it reports.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use identity_core::policy::{By, DisavowalPolicy};
use identity_core::{
    Change, CodeKeys, DangerousPolicy, DisavowError, DisavowToken, IdentifierId, NewAddress, NoticeKind, Policy,
    PrimaryPolicy, PublicRefusal, Recorded, Refusal, TenantId, Undone, User, UserId,
};

use crate::kit::{Person, When, email, given, given_under, phone, secs, staff};

const DAY: u64 = 86_400;

impl Person {
    pub(crate) fn recorded(&self) -> Vec<Recorded> {
        (1..).zip(self.history.iter().cloned()).map(|(number, event)| Recorded { number, event }).collect()
    }

    pub(crate) fn disavow(&mut self, token: &DisavowToken) -> When<Undone> {
        let history = self.recorded();
        self.holder(|user, context| user.disavow(&history, token, context))
    }

    /// The token of the latest notice of this kind to this address.
    pub(crate) fn token(&self, to: &str, what: NoticeKind) -> DisavowToken {
        let of_it = |message: &&identity_core::Message| {
            message.to.as_str() == to
                && matches!(&message.content, identity_core::Content::Notice { what: w, .. } if *w == what)
        };
        let message = self.post.iter().rev().map(|outgoing| &outgoing.message).find(of_it).unwrap();
        message.disavowal(&self.bench.keys).unwrap()
    }

    /// Verifies an address with its code.
    fn prove(&mut self, id: IdentifierId) {
        self.start(id).done();
        self.right(id).done();
    }

    /// The addresses, each with `+` when it is verified and `*` when it is primary.
    pub(crate) fn has(&self) -> String {
        let shown = |user: &User| {
            let of = user.identifiers().map(|entry| {
                let primary = user.book(entry.address.channel()).is_primary(entry.id);
                let marks = [("+", entry.is_verified()), ("*", primary)].map(|(mark, is)| if is { mark } else { "" });
                format!("{}{}", entry.address, marks.concat())
            });
            of.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(User::from_events(&self.history).as_ref(), Some(&self.user), "the events are the user");
        shown(&self.user)
    }

    fn told(&self) -> Vec<(String, NoticeKind)> {
        self.notices().into_iter().map(|(to, what, _)| (to, what)).collect()
    }
}

/// Ada with a verified primary address, and its id.
fn ada_with(address: &str) -> (Person, IdentifierId) {
    let mut ada = given();
    let id = ada.add(email(address)).done();
    ada.prove(id);
    ada.pass(DAY);
    (ada, id)
}

fn undone(to: &str) -> (String, NoticeKind) {
    (to.to_owned(), NoticeKind::Undone)
}

#[test]
fn an_added_address_goes_and_everybody_hears_of_it_once_without_another_link() {
    let (mut ada, _) = ada_with("a@example.com");
    let thief = ada.pending(email("t@example.com"));
    let token = ada.token("a@example.com", NoticeKind::Added);
    let since = ada.bench.now;
    ada.pass(60);
    ada.right(thief).done();
    ada.pass(60);
    let answer = ada.disavow(&token).then(&["disavowed", "removed"]);
    let about = email("t@example.com");
    assert_eq!(answer, Undone { change: NoticeKind::Added, about, since, contested: false });
    assert_eq!(ada.has(), "a@example.com+*");
    assert_eq!(ada.told(), [undone("a@example.com"), undone("t@example.com")]);
    assert!(ada.news.iter().all(|outgoing| outgoing.message.disavowal(&ada.bench.keys).is_none()));
}

#[test]
fn a_change_that_is_pending_is_stopped() {
    let (mut ada, a) = ada_with("a@example.com");
    let new = ada.replace(a, email("t@example.com")).done();
    ada.start(new).done();
    let token = ada.token("a@example.com", NoticeKind::Added);
    ada.disavow(&token).then(&["disavowed", "removed"]);
    assert_eq!(ada.has(), "a@example.com+*");
    assert_eq!(ada.right(new).refused(), Refusal::IdentifierNotFound);
}

#[test]
fn a_replaced_address_comes_back_with_its_id_its_evidence_and_its_place() {
    let (mut ada, a) = ada_with("a@example.com");
    let evidence = ada.entry(a).verified().cloned();
    let new = ada.replace(a, email("t@example.com")).done();
    ada.pass(60);
    ada.prove(new);
    let token = ada.token("a@example.com", NoticeKind::Replaced);
    ada.pass(60);
    let answer = ada.disavow(&token).then(&["disavowed", "removed", "added", "verified", "primary_changed"]);
    assert_eq!((answer.change, answer.about), (NoticeKind::Replaced, email("t@example.com")));
    assert_eq!((ada.has().as_str(), ada.entry(a).verified().cloned()), ("a@example.com+*", evidence));
    assert_eq!(ada.told(), [undone("a@example.com"), undone("t@example.com")]);
    assert!(ada.news.iter().all(|outgoing| !outgoing.charges.is_empty()), "notices have budgets");
}

#[test]
fn a_removed_address_comes_back_and_takes_the_place_of_an_unverified_twin_but_not_of_a_verified_one() {
    let (mut ada, a) = ada_with("a@example.com");
    let b = ada.pending(email("b@example.com"));
    ada.right(b).done();
    ada.pass(60);
    ada.remove(a).done();
    let token = ada.token("a@example.com", NoticeKind::Removed);
    assert_eq!(ada.has(), "b@example.com+*");
    ada.add(email("A@example.com")).done();
    ada.disavow(&token).done();
    assert_eq!(ada.has(), "a@example.com+* b@example.com+");
    ada.remove(a).done();
    let token = ada.token("a@example.com", NoticeKind::Removed);
    let twin = ada.add(email("A@example.com")).done();
    ada.pass(60);
    ada.prove(twin);
    assert_eq!(ada.disavow(&token).refused(), Refusal::NothingToUndo);
}

#[test]
fn nobody_keeps_an_address_from_coming_back_by_adding_others() {
    let (mut ada, a) = ada_with("a@example.com");
    let b = ada.pending(email("b@example.com"));
    ada.right(b).done();
    ada.remove(a).done();
    let token = ada.token("a@example.com", NoticeKind::Removed);
    ada.pass(2 * DAY);
    for number in 0..49 {
        ada.add(email(&format!("t{number}@example.com"))).done();
    }
    assert_eq!(ada.add(email("more@example.com")).refused().code(), "too_many_identifiers");
    ada.disavow(&token).done();
    assert!(ada.user.identifier(a).unwrap().is_verified() && ada.user.emails().entries().len() == 50);
    let (mut bob, a) = ada_with("a@example.com");
    let b = bob.pending(email("b@example.com"));
    bob.right(b).done();
    bob.remove(a).done();
    let token = bob.token("a@example.com", NoticeKind::Removed);
    for number in 0..49 {
        bob.add_verified(email(&format!("b{number}@example.com")));
    }
    assert_eq!(bob.disavow(&token).refused().code(), "too_many_identifiers");
}

#[test]
fn a_verification_is_taken_back_only_while_its_evidence_stands() {
    let (mut ada, _) = ada_with("a@example.com");
    let thief = ada.pending(email("t@example.com"));
    ada.right(thief).done();
    let token = ada.token("a@example.com", NoticeKind::Verified);
    ada.holder(|user, context| user.set_primary(thief, context)).done();
    ada.disavow(&token).then(&["disavowed", "unverified", "primary_changed"]);
    assert_eq!(ada.has(), "a@example.com+* t@example.com");
    ada.pass(60);
    ada.prove(thief);
    let token = ada.token("a@example.com", NoticeKind::Verified);
    ada.admin(|user, context| user.mark_unverified(thief, context)).done();
    ada.admin(|user, context| user.mark_verified(thief, None, context)).done();
    assert_eq!(ada.disavow(&token).refused(), Refusal::NothingToUndo, "staff vouches for it");
}

#[test]
fn evidence_that_was_taken_back_does_not_return_with_its_address() {
    let (mut ada, a) = ada_with("a@example.com");
    let thief = ada.pending(email("t@example.com"));
    ada.right(thief).done();
    ada.remove(thief).done();
    let verified = ada.token("a@example.com", NoticeKind::Verified);
    let removed = ada.token("t@example.com", NoticeKind::Removed);
    ada.disavow(&verified).then(&["disavowed"]);
    assert_eq!(ada.told(), [], "nothing changed that anybody would see");
    assert_eq!(ada.disavow(&removed).refused(), Refusal::NothingToUndo);
    assert_eq!(ada.user.identifiers().map(|entry| entry.id).collect::<Vec<_>>(), [a]);
}

#[test]
fn another_address_is_primary_again_only_if_that_very_change_stands() {
    let (mut ada, a) = ada_with("a@example.com");
    let b = ada.pending(email("b@example.com"));
    ada.right(b).done();
    ada.holder(|user, context| user.set_primary(b, context)).done();
    let token = ada.token("a@example.com", NoticeKind::MadePrimary);
    let early = ada.user.clone();
    ada.disavow(&token).then(&["disavowed", "primary_changed"]);
    assert_eq!(ada.has(), "a@example.com+* b@example.com+");
    assert_eq!(ada.told(), [undone("a@example.com"), undone("b@example.com")]);
    ada.holder(|user, context| user.set_primary(b, context)).done();
    let token = ada.token("a@example.com", NoticeKind::MadePrimary);
    ada.holder(|user, context| user.set_primary(a, context)).done();
    ada.holder(|user, context| user.set_primary(b, context)).done();
    assert_eq!(ada.disavow(&token).refused(), Refusal::NothingToUndo);
    assert_eq!(ada.user.emails().primary().map(|entry| entry.id), early.emails().primary().map(|entry| entry.id));
}

#[test]
fn what_became_primary_while_an_address_was_away_gives_way_to_it() {
    let (mut ada, a) = ada_with("a@example.com");
    let thief = ada.pending(email("t@example.com"));
    ada.right(thief).done();
    let more = ada.pending(email("u@example.com"));
    ada.right(more).done();
    ada.holder(|user, context| user.set_primary(thief, context)).done();
    let crowned = ada.token("a@example.com", NoticeKind::MadePrimary);
    ada.remove(a).done();
    let removed = ada.token("a@example.com", NoticeKind::Removed);
    ada.disavow(&crowned).done();
    assert_eq!(ada.has(), "t@example.com+ u@example.com+*", "it is not the primary one any more");
    ada.holder(|user, context| user.set_primary(more, context)).done();
    ada.disavow(&removed).done();
    assert_eq!(ada.has(), "a@example.com+* t@example.com+ u@example.com+");
    // Where there is no other it stays for now.
    let (mut bob, a) = ada_with("a@example.com");
    let thief = bob.pending(email("t@example.com"));
    bob.right(thief).done();
    bob.holder(|user, context| user.set_primary(thief, context)).done();
    let crowned = bob.token("a@example.com", NoticeKind::MadePrimary);
    bob.remove(a).done();
    let removed = bob.token("a@example.com", NoticeKind::Removed);
    bob.disavow(&crowned).then(&["disavowed"]);
    assert_eq!((bob.has().as_str(), bob.told().len()), ("t@example.com+*", 0));
    bob.disavow(&removed).done();
    assert_eq!(bob.has(), "a@example.com+* t@example.com+");
}

#[test]
fn what_an_administrator_did_is_undone_only_if_the_policy_says_so() {
    let (mut ada, a) = ada_with("a@example.com");
    let b = ada.pending(email("b@example.com"));
    ada.right(b).done();
    ada.admin(|user, context| user.mark_unverified(a, context)).done();
    assert!(ada.news.iter().all(|outgoing| outgoing.message.disavowal(&ada.bench.keys).is_none()));
    let number = 1 + ada.history.iter().position(|event| matches!(event.change, Change::Unverified { .. })).unwrap();
    let token = ada.bench.keys.disavowal(&ada.bench.tenant, ada.user.id(), number as u64);
    assert_eq!(ada.disavow(&token).refused(), Refusal::AdministratorOnly);
    ada.bench.policy = Policy::default().with_disavowal(DisavowalPolicy::default().with_administrators(true));
    ada.disavow(&token).then(&["disavowed", "verified", "primary_changed"]);
    assert_eq!(ada.has(), "a@example.com+* b@example.com+");
    assert_eq!(
        (ada.post.iter().filter(|o| o.message.to.as_str() == "a@example.com").count() > 0, ada.told().len()),
        (true, 2)
    );
    // Evidence that came back was judged and paid for when it was first given.
    let judged = ada.bench.on(&staff(), |context| {
        let events = &ada.history[ada.history.len() - 3..];
        (
            identity_core::charges(Some(&ada.user), events, context),
            identity_core::refunds(Some(&ada.user), events, context),
        )
    });
    assert_eq!(judged, (Vec::new(), Vec::new()));
    ada.admin(|user, context| user.mark_unverified(a, context)).done();
    let token = ada.token("b@example.com", NoticeKind::Unverified);
    ada.admin(|user, context| user.mark_verified(a, None, context)).done();
    assert_eq!(ada.disavow(&token).refused(), Refusal::NothingToUndo);
}

#[test]
fn evidence_comes_back_only_if_it_was_taken_by_the_undone_change() {
    let (mut ada, a) = ada_with("a@example.com");
    ada.bench.policy = Policy::default().with_disavowal(DisavowalPolicy::default().with_administrators(true));
    let b = ada.pending(email("b@example.com"));
    ada.right(b).done();
    ada.admin(|user, context| user.mark_unverified(a, context)).done();
    let [first, later] = [60, 120].map(|time| {
        ada.pass(time);
        let token = ada.token("b@example.com", NoticeKind::Unverified);
        ada.admin(|user, context| user.mark_verified(a, None, context)).done();
        ada.admin(|user, context| user.mark_unverified(a, context)).done();
        token
    });
    for token in [first, later] {
        assert_eq!(ada.disavow(&token).refused(), Refusal::NothingToUndo, "it was given and taken again since");
    }
    let last = ada.token("b@example.com", NoticeKind::Unverified);
    ada.disavow(&last).done();
    assert!(ada.entry(a).is_verified());
}

#[test]
fn staff_that_put_another_address_in_its_place_is_not_overruled() {
    let (mut ada, a) = ada_with("a@example.com");
    let thief = ada.replace(a, email("t@example.com")).done();
    ada.prove(thief);
    let token = ada.token("a@example.com", NoticeKind::Replaced);
    let new = NewAddress::from(email("new@example.com")).verified();
    ada.admin(|user, context| user.replace(thief, &new, context)).done();
    ada.disavow(&token).done();
    assert_eq!(ada.has(), "a@example.com+* new@example.com+");
    // The same with the switch: the whole change of the administrator is undone, with the address that it took along.
    let (mut bob, a) = ada_with("a@example.com");
    bob.bench.policy = Policy::default().with_disavowal(DisavowalPolicy::default().with_administrators(true));
    let typo = bob.replace(a, email("typo@example.com")).done();
    bob.admin(|user, context| user.replace(typo, &new, context)).done();
    let token = bob.token("a@example.com", NoticeKind::Replaced);
    bob.disavow(&token).done();
    assert_eq!(bob.has(), "a@example.com+*");
}

#[test]
fn what_nobody_but_a_disavowed_address_was_told_of_goes_with_it() {
    let (mut ada, a) = ada_with("a@example.com");
    ada.add_verified(phone("+441514960453"));
    let thief = ada.replace(a, email("t@example.com")).done();
    ada.prove(thief);
    let token = ada.token("a@example.com", NoticeKind::Replaced);
    let hidden = ada.pending(email("hidden@example.com"));
    ada.right(hidden).done();
    let staffs = ada.add_verified(email("staff@example.com"));
    ada.disavow(&token).done();
    assert_eq!(ada.has(), "+441514960453+* a@example.com+* staff@example.com+");
    assert!(ada.user.identifier(staffs).is_some());
    let (mut eve, a) = ada_with("a@example.com");
    eve.add_verified(phone("+441514960453"));
    eve.remove(a).done();
    let token = eve.token("a@example.com", NoticeKind::Removed);
    eve.pending(email("hidden@example.com"));
    eve.disavow(&token).done();
    assert_eq!(eve.has(), "+441514960453+* a@example.com+*", "numbers do not hear of what is added");
    // Whoever else heard of an address could disavow it.
    let (mut bob, a) = ada_with("a@example.com");
    let own = bob.pending(email("own@example.com"));
    bob.right(own).done();
    let thief = bob.replace(a, email("t@example.com")).done();
    bob.prove(thief);
    let token = bob.token("a@example.com", NoticeKind::Replaced);
    bob.pending(email("c@example.com"));
    bob.disavow(&token).done();
    assert_eq!(bob.has(), "a@example.com+* c@example.com own@example.com+");
}

/// The steps of a chain: A is replaced by B, B by C, each by way of an unverified address.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Step {
    Ask(usize),
    Prove(usize),
    /// Disavows the replacement of this number by the notice that asked, or by the one that was carried out.
    Disavow(usize, NoticeKind),
}

fn interleavings() -> Vec<Vec<Step>> {
    let base = [Step::Ask(0), Step::Prove(0), Step::Ask(1), Step::Prove(1)];
    let mut all = vec![base.to_vec()];
    for link in [0, 1] {
        let mut more = Vec::new();
        for way in &all {
            for (kind, after) in [(NoticeKind::Added, Step::Ask(link)), (NoticeKind::Replaced, Step::Prove(link))] {
                let first = way.iter().position(|step| *step == after).unwrap() + 1;
                more.extend((first..=way.len()).map(|place| {
                    let mut way = way.clone();
                    way.insert(place, Step::Disavow(link, kind));
                    way
                }));
            }
        }
        all.extend(more);
    }
    all
}

#[test]
fn a_chain_of_replacements_is_undone_to_the_right_address_in_every_order_at_every_moment() {
    let names = ["a@example.com", "b@example.com", "c@example.com"];
    let ways = interleavings();
    let twice = ways.iter().filter(|way| way.len() == 6).count();
    assert_eq!((ways.len(), twice), (38, 27));
    for way in ways {
        let (mut ada, first) = ada_with(names[0]);
        let mut ids = [Some(first), None, None];
        let mut disavowed = [false; 2];
        let mut asked = [false; 2];
        let mut proved = [false; 2];
        for step in &way {
            ada.pass(120);
            match *step {
                Step::Ask(link) => {
                    let old = ids[link].filter(|old| ada.user.identifier(*old).is_some());
                    let Some(old) = old else { continue };
                    ids[link + 1] = Some(ada.replace(old, email(names[link + 1])).done());
                    asked[link] = true;
                }
                Step::Prove(link) => {
                    let new = ids[link + 1].filter(|new| ada.user.identifier(*new).is_some());
                    let Some(new) = new else { continue };
                    ada.prove(new);
                    proved[link] = true;
                }
                Step::Disavow(link, kind) => {
                    let happened = if kind == NoticeKind::Added { asked[link] } else { proved[link] };
                    if !happened {
                        continue;
                    }
                    let before = ada.user.clone();
                    let told = ada.token(names[link], kind);
                    let result = ada.disavow(&told);
                    let over = link == 1 && disavowed[0];
                    if over {
                        assert_eq!(result.refused(), Refusal::NothingToUndo, "{way:?}");
                        assert_eq!(ada.user, before);
                        continue;
                    }
                    result.done();
                    disavowed[link] = true;
                    // Both sides hear of it, each once, and nobody else.
                    let verified = |user: &User| {
                        let all = user.identifiers().filter(|entry| entry.is_verified());
                        all.map(|entry| undone(entry.address.as_str())).collect::<Vec<_>>()
                    };
                    let mut both: Vec<_> = verified(&before).into_iter().chain(verified(&ada.user)).collect();
                    both.sort_by(|a, b| a.0.cmp(&b.0));
                    both.dedup();
                    assert_eq!(ada.told(), both, "{way:?}");
                    assert_eq!(ada.disavow(&told).refused(), Refusal::DisavowalUsed);
                }
            }
        }
        let expected = if disavowed[0] || !proved[0] {
            names[0]
        } else if disavowed[1] || !proved[1] {
            names[1]
        } else {
            names[2]
        };
        // The replacement that was not carried out and not disavowed is not among these ways.
        assert_eq!(ada.has(), format!("{expected}+*"), "{way:?}");
    }
}

#[test]
fn a_link_is_good_until_the_window_is_over_and_72_h_at_least_for_the_last_verified_address() {
    let hour = DisavowalPolicy::default().with_window(secs(3_600)).unwrap();
    let cases = [
        (DisavowalPolicy::default(), NoticeKind::Added, 7 * DAY),
        (DisavowalPolicy::default(), NoticeKind::Replaced, 7 * DAY),
        (hour, NoticeKind::Added, 3_600),
        (hour, NoticeKind::Replaced, 3 * DAY),
    ];
    for (policy, kind, window) in cases {
        for (wait, is_over) in [(window - 1, false), (window, true)] {
            let (mut ada, a) = ada_with("a@example.com");
            ada.bench.policy = Policy::default().with_disavowal(policy);
            let new = ada.replace(a, email("t@example.com")).done();
            ada.start(new).done();
            if kind == NoticeKind::Replaced {
                ada.right(new).done();
            }
            let token = ada.token("a@example.com", kind);
            let before = ada.user.clone();
            ada.pass(wait);
            let result = ada.disavow(&token);
            if is_over {
                assert_eq!((result.refused(), &ada.user), (Refusal::DisavowalOver, &before), "{kind:?}");
            } else {
                result.done();
            }
        }
    }
    // A policy may let holders remove their last one.
    let anyone = PrimaryPolicy::builder().last_verified(By::Anyone).build().unwrap();
    for (wait, is_over) in [(3 * DAY - 1, false), (3 * DAY, true)] {
        let (mut ada, a) = ada_with("a@example.com");
        ada.bench.policy = Policy::default().with_disavowal(hour).with_primary(anyone.clone());
        ada.remove(a).done();
        let token = ada.token("a@example.com", NoticeKind::Removed);
        ada.pass(wait);
        assert_eq!(ada.disavow(&token).result.err(), is_over.then_some(Refusal::DisavowalOver));
    }
    // With another verified address it was not the last one.
    let (mut ada, a) = ada_with("a@example.com");
    ada.bench.policy = Policy::default().with_disavowal(hour);
    let b = ada.pending(email("b@example.com"));
    ada.right(b).done();
    ada.remove(a).done();
    let token = ada.token("a@example.com", NoticeKind::Removed);
    ada.pass(3_600);
    assert_eq!(ada.disavow(&token).refused(), Refusal::DisavowalOver);
}

#[test]
fn where_nothing_can_be_undone_no_notice_has_a_link_and_an_old_one_is_refused() {
    let (mut ada, _) = ada_with("a@example.com");
    ada.add(email("t@example.com")).done();
    let token = ada.token("a@example.com", NoticeKind::Added);
    ada.bench.policy = Policy::default().with_disavowal(DisavowalPolicy::off());
    assert_eq!(ada.disavow(&token).refused(), Refusal::DisavowalOver);
    ada.add(email("u@example.com")).done();
    assert!(!ada.news.is_empty() && ada.news.iter().all(|o| o.message.disavowal(&ada.bench.keys).is_none()));
}

#[test]
fn a_link_that_is_not_right_changes_nothing_and_each_has_its_own_code() {
    let (mut ada, _) = ada_with("a@example.com");
    let thief = ada.add(email("t@example.com")).done();
    let token = ada.token("a@example.com", NoticeKind::Added);
    let before = ada.user.clone();
    let [old, other] = ["5a", "a5"].map(|byte| CodeKeys::parse(&format!("key{byte}:{}", byte.repeat(32))).unwrap());
    let both = CodeKeys::parse(&format!("keya5:{},key5a:{}", "a5".repeat(32), "5a".repeat(32))).unwrap();
    let made = |keys: &CodeKeys, tenant: &str, user: &str, event| {
        keys.disavowal(&TenantId::parse(tenant).unwrap(), &UserId::parse(user).unwrap(), event)
    };
    ada.bench.keys = old.clone();
    let tenant = ada.bench.tenant.to_string();
    let number = token.event();
    let forged = Refusal::DisavowalForged;
    let same_name = CodeKeys::parse(&format!("key5a:{}", "77".repeat(32))).unwrap();
    for (bad, refusal) in [
        (made(&same_name, &tenant, "ada", number), forged.clone()),
        (made(&old, "another", "ada", number), forged.clone()),
        (made(&old, &tenant, "bob", number), forged.clone()),
        (made(&old, &tenant, "ada", 0), forged.clone()),
        (made(&old, &tenant, "ada", u64::MAX), forged.clone()),
        (made(&old, &tenant, "ada", 1), Refusal::NothingToUndo),
        (made(&other, &tenant, "ada", number), Refusal::DisavowalKeyGone),
        (token, Refusal::DisavowalKeyGone),
    ] {
        assert_eq!(ada.disavow(&bad).refused(), refusal);
        assert_eq!(ada.user, before);
    }
    // A key that is no longer the current one still proves what it made.
    let early = made(&old, &tenant, "ada", number);
    ada.bench.keys = both;
    ada.admin(User::disable).done();
    assert_eq!(ada.disavow(&early).refused(), Refusal::Disabled);
    ada.admin(User::enable).done();
    ada.disavow(&early).then(&["disavowed", "removed"]);
    assert!(ada.user.identifier(thief).is_none());
    let after = ada.user.clone();
    assert_eq!(ada.disavow(&early).refused(), Refusal::DisavowalUsed);
    assert_eq!((&ada.user, Refusal::DisavowalUsed.public()), (&after, PublicRefusal::DisavowalUsed));
}

#[test]
fn a_token_reads_as_it_prints_and_shows_nothing_of_itself() {
    let keys = CodeKeys::parse(&"5a".repeat(32)).unwrap();
    let token = keys.disavowal(&TenantId::default(), &UserId::parse("ada ü").unwrap(), 1 << 40);
    let text = token.reveal();
    let again = DisavowToken::parse(&text).unwrap();
    assert_eq!((again.user(), again.event(), again.key()), (token.user(), 1 << 40, keys.current()));
    assert_eq!(keys.made(&TenantId::default(), &again), Some(true));
    assert_eq!((format!("{again:?}"), again.reveal()), ("[redacted]".to_owned(), text.clone()));
    for end in 0..text.len() {
        if let Ok(cut) = DisavowToken::parse(&text[..end]) {
            assert_eq!(keys.made(&TenantId::default(), &cut), Some(false), "the name of the user is proven too");
        }
    }
    let long = "A".repeat(2_049);
    for bad in ["", "x", "ö", "AAAA", &long, &text.replace('A', "+")] {
        assert!(matches!(DisavowToken::parse(bad), Err(DisavowError)), "{bad}");
    }
    for bit in 0..8 * 32 {
        let mut bytes = URL_SAFE_NO_PAD.decode(&text).unwrap();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let forged = DisavowToken::parse(&URL_SAFE_NO_PAD.encode(&bytes)).unwrap();
        assert_eq!(keys.made(&TenantId::default(), &forged), Some(false), "bit {bit}");
    }
}

#[test]
fn a_window_outside_an_hour_to_30_days_does_not_build() {
    for (time, builds) in [(0, false), (3_599, false), (3_600, true), (30 * DAY, true), (30 * DAY + 1, false)] {
        let built = DisavowalPolicy::default().with_window(secs(time));
        assert_eq!(built.is_ok(), builds, "{time}");
        assert!(builds || built == Err(DangerousPolicy::DisavowalWindow));
    }
    assert_eq!(given_under(Policy::default()).bench.policy.disavowal().window(), Some(secs(7 * DAY)));
}
