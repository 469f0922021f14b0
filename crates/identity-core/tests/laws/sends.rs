//! Messages: what is sent, to whom, and what it costs.

use std::collections::HashMap;
use std::sync::Arc;

use identity_core::policy::{Budget, Restriction};
use identity_core::record::ImportProblem;
use identity_core::{
    BudgetKind, Channel, ClaimKind, Content, DangerousPolicy, Funding, IdentifierId, JsonError, NewAddress, NoticeKind,
    NoticePolicy, Outgoing, Policy, PublicRefusal, Refusal, RefusalKind, RestrictionPolicy, SendLimit, SendPolicy,
    Started, Timestamp, WhenExhausted,
};

use crate::kit::{Person, email, given, given_under, phone, secs};

/// The budgets, as the contract of `UserRepository::commit` describes them.
#[derive(Default, Clone)]
struct Quotas(HashMap<(BudgetKind, String), (Timestamp, u64)>);

#[derive(Debug, PartialEq)]
struct Exhausted(BudgetKind, Timestamp);

impl Quotas {
    /// The messages that are enqueued, or the budget that refuses the whole commit.
    fn commit(&mut self, outgoing: &[Outgoing]) -> Result<usize, Exhausted> {
        let mut after = self.clone();
        let mut enqueued = 0;
        'messages: for Outgoing { charges, .. } in outgoing {
            let mut drawn = after.clone();
            for charge in charges {
                let draws = drawn.0.entry((charge.kind, charge.quota.clone())).or_insert((charge.at, 0));
                if charge.at >= draws.0 + charge.budget.window {
                    *draws = (charge.at, 0);
                }
                if draws.1 + charge.amount > charge.budget.limit {
                    match charge.when_exhausted {
                        WhenExhausted::Withhold => continue 'messages,
                        WhenExhausted::Record => {}
                        WhenExhausted::Refuse => return Err(Exhausted(charge.kind, draws.0 + charge.budget.window)),
                    }
                }
                draws.1 += charge.amount;
            }
            after = drawn;
            enqueued += 1;
        }
        *self = after;
        Ok(enqueued)
    }
}

/// Asks for a code as the use cases do: what a budget that strangers share has no room for is decided once more, withheld.
fn ask(
    person: &mut Person,
    id: IdentifierId,
    quotas: &mut Quotas,
) -> (Result<Started, Refusal>, Result<usize, Exhausted>) {
    let (before, events, post) = (person.user.clone(), person.history.len(), person.post.len());
    let started = person.start(id).result;
    match quotas.commit(&person.news) {
        Err(Exhausted(kind, _)) if kind.is_shared() => {
            person.user = before;
            person.history.truncate(events);
            person.post.truncate(post);
            person.bench.funding = Funding::Withheld;
            let started = person.start(id).result;
            person.bench.funding = Funding::Shared;
            (started, quotas.commit(&person.news))
        }
        committed => (started, committed),
    }
}

/// A policy under which phone numbers are notified of everything.
fn talkative() -> Policy {
    let notice = NoticePolicy::builder().tell(Channel::Phone, NoticeKind::ALL).build().unwrap();
    Policy::default().with_notice(notice)
}

#[test]
fn c51_adding_tells_every_other_verified_address() {
    let mut ada = given_under(talkative());
    ada.add_verified(email("a@example.com"));
    ada.add_verified(phone("+441514960453"));
    ada.add(email("unverified@example.com")).done();
    ada.add(email("new@example.com")).done();
    let told = |to: &str| (to.to_owned(), NoticeKind::Added, "new@example.com".to_owned());
    assert_eq!(ada.notices(), [told("+441514960453"), told("a@example.com")]);
}

#[test]
fn c51_verifying_tells_every_other_verified_address() {
    for by_admin in [false, true] {
        let mut ada = given_under(talkative());
        ada.add_verified(email("a@example.com"));
        ada.add_verified(phone("+441514960453"));
        let new = ada.pending(email("new@example.com"));
        if by_admin {
            ada.admin(|user, context| user.mark_verified(new, None, context)).done();
        } else {
            ada.right(new).done();
        }
        let told = |to: &str| (to.to_owned(), NoticeKind::Verified, "new@example.com".to_owned());
        assert_eq!(ada.notices(), [told("+441514960453"), told("a@example.com")]);
        // Verifying again changes nothing and sends no notice.
        ada.admin(|user, context| user.mark_verified(new, None, context)).then(&[]);
        assert_eq!(ada.notices(), []);
    }
}

#[test]
fn c51_promoting_tells_every_other_verified_address() {
    let mut ada = given_under(talkative());
    ada.add_verified(email("a@example.com"));
    let b = ada.add_verified(email("b@example.com"));
    ada.add_verified(phone("+441514960453"));
    ada.holder(|user, context| user.set_primary(b, context)).then(&["primary_changed"]);
    let told = |to: &str| (to.to_owned(), NoticeKind::MadePrimary, "b@example.com".to_owned());
    assert_eq!(ada.notices(), [told("+441514960453"), told("a@example.com")]);
    ada.holder(|user, context| user.set_primary(b, context)).then(&[]);
    assert_eq!(ada.notices(), []);
}

#[test]
fn c51_removing_tells_every_verified_address_the_removed_one_included() {
    let mut ada = given();
    let a = ada.add_verified(email("a@example.com"));
    ada.pass(1);
    ada.add_verified(email("b@example.com"));
    ada.add_verified(phone("+441514960453"));
    ada.remove(a).then(&["removed", "primary_changed"]);
    let told = |to: &str| (to.to_owned(), NoticeKind::Removed, "a@example.com".to_owned());
    assert_eq!(ada.notices(), [told("+441514960453"), told("a@example.com"), told("b@example.com")]);
}

#[test]
fn c51_replacing_tells_every_other_verified_address_the_old_one_included() {
    let mut ada = given_under(talkative());
    let a = ada.add_verified(email("a@example.com"));
    ada.add_verified(phone("+441514960453"));
    let new = ada.replace(a, email("new@example.com")).done();
    let told = |to: &str, what| (to.to_owned(), what, "new@example.com".to_owned());
    let added = [told("+441514960453", NoticeKind::Added), told("a@example.com", NoticeKind::Added)];
    assert_eq!(ada.notices(), added);
    ada.start(new).done();
    assert_eq!(ada.notices(), [], "a code is sent to no other address");
    ada.right(new).done();
    let replaced = [told("+441514960453", NoticeKind::Replaced), told("a@example.com", NoticeKind::Replaced)];
    assert_eq!(ada.notices(), replaced);
}

#[test]
fn c51_an_administrators_replacement_tells_the_old_address() {
    let mut ada = given();
    let a = ada.add_verified(email("a@example.com"));
    let new = NewAddress::from(email("new@example.com")).verified();
    ada.admin(|user, context| user.replace(a, &new, context)).then(&[
        "added",
        "verified",
        "replaced",
        "primary_changed",
    ]);
    let told = |what| ("a@example.com".to_owned(), what, "new@example.com".to_owned());
    assert_eq!(ada.notices(), [told(NoticeKind::Replaced)]);
}

#[test]
fn c51_no_address_is_notified_of_its_own_change_and_no_unverified_address_of_any() {
    let mut ada = given();
    let only = ada.pending(email("only@example.com"));
    ada.right(only).done();
    assert_eq!(ada.notices(), []);
    ada.add(email("unverified@example.com")).done();
    ada.add(phone("+441514960453")).done();
    for outgoing in &ada.post {
        let to = outgoing.message.to.as_str();
        match &outgoing.message.content {
            Content::Notice { about, .. } => assert!(to == "only@example.com" && about.as_str() != to, "{to}"),
            _ => assert_eq!(to, "only@example.com"),
        }
    }
}

#[test]
fn c51_a_policy_may_silence_a_channel_but_not_every_channel_for_removals() {
    use NoticeKind::{Added, ContestEnded, Contested, MadePrimary, Removed, Replaced, Unverified, Verified};
    let quiet = NoticePolicy::builder().silence(Channel::Phone, [Added, Verified, MadePrimary]).build().unwrap();
    let mut ada = given_under(Policy::default().with_notice(quiet));
    let a = ada.add_verified(email("a@example.com"));
    ada.add_verified(phone("+441514960453"));
    let told = |to: &str, what, about: &str| (to.to_owned(), what, about.to_owned());
    let b = ada.pending(email("b@example.com"));
    assert_eq!(ada.notices(), []);
    ada.right(b).done();
    assert_eq!(ada.notices(), [told("a@example.com", Verified, "b@example.com")], "the phone is not notified");
    ada.holder(|user, context| user.set_primary(b, context)).done();
    assert_eq!(ada.notices(), [told("a@example.com", MadePrimary, "b@example.com")]);
    ada.remove(a).done();
    let removed = ["+441514960453", "a@example.com", "b@example.com"].map(|to| told(to, Removed, "a@example.com"));
    assert_eq!(ada.notices(), removed, "the phone is still notified of removals");
    for what in [Removed, Replaced, Unverified, Contested] {
        let silent = NoticePolicy::builder().silence(Channel::Email, [what]).silence(Channel::Phone, [what]).build();
        assert_eq!(silent, Err(DangerousPolicy::Silence(what)));
    }
    let most = NoticePolicy::builder().silence(Channel::Phone, NoticeKind::ALL);
    let most = most.silence(Channel::Email, [Added, Verified, MadePrimary, ContestEnded]).build().unwrap();
    for what in NoticeKind::ALL {
        assert_eq!(most.tells(Channel::Email, what), what.is_loss());
        assert!(!most.tells(Channel::Phone, what) && talkative().notice().tells(Channel::Phone, what));
    }
}

#[test]
fn a_message_goes_to_the_address_it_was_decided_for() {
    let mut ada = given();
    let mail = ada.pending(email("ada@example.com"));
    let [outgoing] = &ada.news[..] else { panic!("{:?}", ada.news) };
    let message = &outgoing.message;
    assert_eq!(message.to.as_str(), "ada@example.com");
    assert_eq!((message.created_at, message.expires_at), (ada.bench.now, ada.bench.now + secs(600)));
    let text = serde_json::to_string(message).unwrap();
    let back: identity_core::Message = serde_json::from_str(&text).unwrap();
    assert_eq!(&back, message);
    assert_eq!(back.code(&ada.bench.keys).unwrap().reveal(), ada.code(mail).reveal());
    assert!(back.link(&ada.bench.keys).is_none(), "a challenge by code has no link");
}

#[test]
fn message_ids_of_one_decision_differ() {
    let mut ada = given_under(talkative());
    for number in 0..8 {
        ada.add_verified(email(&format!("a{number}@example.com")));
    }
    let removed = ada.user.emails().entries()[0].id;
    ada.remove(removed).done();
    let mut ids: Vec<_> = ada.news.iter().map(|outgoing| outgoing.message.id).collect();
    assert_eq!(ids.len(), 8);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 8);
}

fn pump(policy: Policy, per_person: usize) -> (usize, usize) {
    // 1,000 adjacent numbers in 10 blocks of 100, each requested by a new user within one hour.
    let mut quotas = Quotas::default();
    let (mut asked, mut sent) = (0, 0);
    for number in 0..1_000 / per_person {
        let mut person = given_under(policy.clone());
        for line in 0..per_person {
            let line = person.add(phone(&format!("+447400123{:03}", number * per_person + line))).done();
            asked += 1;
            sent += ask(&mut person, line, &mut quotas).1.unwrap();
        }
    }
    (asked, sent)
}

#[test]
fn c54_1000_adjacent_numbers_get_no_more_messages_than_their_budget() {
    assert_eq!(pump(Policy::default(), 1), (1_000, 200));
    assert_eq!(pump(Policy::default(), 40), (1_000, 200));
    let tight = SendPolicy::builder().block(Some(Budget::new(1, secs(3_600)))).build().unwrap();
    assert_eq!(pump(Policy::default().with_send(tight), 1), (1_000, 10));
    let open = SendPolicy::builder().block(None).build().unwrap();
    assert_eq!(pump(Policy::default().with_send(open), 1), (1_000, 1_000));
}

#[test]
fn c54_notices_to_adjacent_numbers_draw_the_budget_of_codes() {
    // Owners of 1,000 adjacent numbers, half of whom are told something and half of whom ask for a code.
    let mut quotas = Quotas::default();
    let mut sent = 0;
    for number in 0..1_000 {
        let mut person = given_under(talkative());
        let line = phone(&format!("+447400123{number:03}"));
        if number % 2 == 0 {
            person.add_verified(line);
            person.add_verified(email(&format!("a{number}@example.com")));
            sent += quotas.commit(&person.news).unwrap();
        } else {
            let line = person.add(line).done();
            sent += ask(&mut person, line, &mut quotas).1.unwrap();
        }
    }
    assert_eq!(sent, 200, "20 an hour to 100 adjacent numbers, whatever the text says");
    // What an owner is told of a loss draws the same budgets, and the limit of a country or a tenant binds it too.
    let limit = SendPolicy::builder().country(Some(Budget::new(7, secs(3_600)))).build().unwrap();
    let (mut quotas, mut sent) = (Quotas::default(), 0);
    for number in 0..1_000 {
        let mut person = given_under(Policy::default().with_send(limit.clone()));
        person.add_verified(phone(&format!("+447400123{number:03}")));
        let mail = person.add_verified(email(&format!("a{number}@example.com")));
        person.remove(mail).done();
        person.news.retain(|outgoing| outgoing.message.to.channel() == Channel::Phone);
        assert_eq!(person.news.len(), 1, "the owner is told by text message");
        sent += quotas.commit(&person.news).unwrap();
    }
    assert_eq!(sent, 7);
}

#[test]
fn c54_a_country_and_a_tenant_can_have_budgets_too() {
    for (policy, kind) in [
        (SendPolicy::builder().country(Some(Budget::new(3, secs(600)))), BudgetKind::Country),
        (SendPolicy::builder().tenant(Some(Budget::new(3, secs(600)))), BudgetKind::Tenant),
    ] {
        let policy = Policy::default().with_send(policy.build().unwrap());
        let mut quotas = Quotas::default();
        let mut start = |number: u32| {
            let mut person = given_under(policy.clone());
            // The numbers are far apart, so that no block is shared.
            let line = person.add(phone(&format!("+44740012{:04}", number * 100))).done();
            person.start(line).done();
            (quotas.commit(&person.news), person.bench.now)
        };
        for number in 0..3 {
            assert_eq!(start(number).0, Ok(1));
        }
        let (refused, now) = start(3);
        assert_eq!(refused, Err(Exhausted(kind, now + secs(600))), "the refusal names the end of the window");
    }
}

#[test]
fn c11_strangers_together_send_no_more_to_an_address_than_its_budget() {
    let mut quotas = Quotas::default();
    let sent: usize = (0..100)
        .map(|_| {
            let mut person = given();
            let mail = person.add(email("victim@example.com")).done();
            ask(&mut person, mail, &mut quotas).1.unwrap()
        })
        .sum();
    assert_eq!(sent, 5);
}

#[test]
fn c50_a_holder_cannot_see_that_strangers_used_up_a_budget() {
    // The answers to the same calls are equal with unused budgets and with budgets that others used up.
    let calls = |quotas: &mut Quotas| {
        let mut ada = given();
        let line = ada.add(phone("+447400123456")).done();
        let mut answers = Vec::new();
        for _ in 0..4 {
            let (started, committed) = ask(&mut ada, line, quotas);
            answers.push(format!("{started:?}"));
            assert!(committed.is_ok(), "a holder is not refused because of strangers");
            ada.pass(30);
        }
        answers
    };
    let mut used_up = Quotas::default();
    for _ in 0..100 {
        for line in ["+447400123456", "+447400123499"] {
            let mut stranger = given();
            let line = stranger.add(phone(line)).done();
            ask(&mut stranger, line, &mut used_up).1.unwrap();
        }
    }
    let before = used_up.0.clone();
    assert_eq!(calls(&mut used_up), calls(&mut Quotas::default()));
    assert_eq!(used_up.0, before, "a withheld message costs nothing");
}

#[test]
fn c50_budgets_of_an_address_come_last_so_that_a_refusal_of_another_one_hides_nothing() {
    let charges = |person: &Person| {
        let charges = person.news.iter().flat_map(|outgoing| &outgoing.charges);
        charges.map(|charge| (charge.kind, charge.when_exhausted)).collect::<Vec<_>>()
    };
    let budget = Some(Budget::new(9, secs(600)));
    let send = SendPolicy::builder().country(budget).tenant(budget).build().unwrap();
    let mut ada = given_under(Policy::default().with_send(send));
    let line = ada.add(phone("+447400123456")).done();
    ada.start(line).done();
    use BudgetKind::{Address, AddressLong, Block, Country, Tenant};
    let expected = [Country, Tenant, Address, AddressLong, Block].map(|kind| (kind, WhenExhausted::Refuse));
    assert_eq!(charges(&ada), expected);
    ada.pass(30);
    ada.admin(|user, context| user.start_verification(line, &identity_core::Verification::default(), context)).done();
    assert_eq!(charges(&ada), expected);
}

#[test]
fn quotas_are_kept_under_pseudonyms() {
    let mut ada = given();
    ada.add_verified(email("told@example.com"));
    ada.pending(phone("+447400123456"));
    let mut count = 0;
    for charge in ada.post.iter().flat_map(|outgoing| &outgoing.charges) {
        assert!(charge.quota.len() == 32 && charge.quota.bytes().all(|byte| byte.is_ascii_hexdigit()), "{charge:?}");
        count += 1;
    }
    assert_eq!(count, 4, "a notice of the new number, and address, long address and block of the code");
}

fn every_refusal() -> Vec<Refusal> {
    let at = Timestamp::from_secs(1_700_000_000);
    let mut all = vec![
        Refusal::UserNotFound,
        Refusal::UserExists,
        Refusal::IdentifierNotFound,
        Refusal::Duplicate,
        Refusal::Unchanged,
        Refusal::Taken(ClaimKind::Email),
        Refusal::Taken(ClaimKind::Phone),
        Refusal::Taken(ClaimKind::Username),
        Refusal::Resting { kind: ClaimKind::Email, until: at },
        Refusal::Resting { kind: ClaimKind::Username, until: at },
        Refusal::AlreadyVerified,
        Refusal::NoChallenge,
        Refusal::Expired,
        Refusal::TooManyFailures { retry_at: None },
        Refusal::TooManyFailures { retry_at: Some(at) },
        Refusal::KeyGone,
        Refusal::NotVerified,
        Refusal::LastVerified,
        Refusal::AdministratorOnly,
        Refusal::Disabled,
        Refusal::TooMany(Channel::Email),
        Refusal::TooFew(Channel::Email),
        Refusal::UsernameIsAddress,
        Refusal::Json(JsonError::TooLarge),
        Refusal::Json(JsonError::TooDeep),
        Refusal::Json(JsonError::Nul),
        Refusal::Nul { what: "hint" },
        Refusal::TicketForged,
        Refusal::DisavowalForged,
        Refusal::DisavowalKeyGone,
        Refusal::DisavowalUsed,
        Refusal::DisavowalOver,
        Refusal::NothingToUndo,
        Refusal::TakenSince(ClaimKind::Email),
        Refusal::SourceWithoutVerified,
        Refusal::TooLarge { what: "hint", limit: "2,048 bytes" },
        Refusal::Life,
        Refusal::Import(ImportProblem::Twice),
    ];
    let restrictions = [
        Restriction::Address,
        Restriction::Domain,
        Restriction::Prefix,
        Restriction::Country,
        Restriction::NumberType,
        Restriction::Disposable,
        Restriction::NotAllowed,
    ];
    all.extend(restrictions.map(Refusal::Restricted));
    let kinds = BudgetKind::ALL.map(|kind| {
        Arc::new(identity_core::Exhausted {
            kind,
            quota: "+49".to_owned(),
            limit: 7,
            drawn: 6,
            amount: 2,
            window: secs(600),
            retry_at: at,
            effect: WhenExhausted::Refuse,
        })
    });
    let limits = [SendLimit::ResendWait, SendLimit::Window, SendLimit::Day];
    let limits = limits.into_iter().chain(kinds.map(SendLimit::Shared));
    all.extend(limits.map(|limit| Refusal::TooSoon { retry_at: at, limit }));
    all
}

#[test]
fn c50_no_public_refusal_reveals_whether_an_address_is_somebody_elses() {
    let hidden = Refusal::Taken(ClaimKind::Email).public();
    assert_eq!((hidden.kind(), hidden.code(), hidden.retry_at()), (RefusalKind::NotAllowed, "unavailable", None));
    let waits = Refusal::TooSoon { retry_at: Timestamp::from_secs(1_700_000_000), limit: SendLimit::ResendWait };
    for refusal in every_refusal() {
        let public = refusal.public();
        match &refusal {
            Refusal::Taken(ClaimKind::Email | ClaimKind::Phone) | Refusal::Restricted(_) => {
                assert_eq!(public, hidden, "{refusal:?}");
            }
            // Every limit on sends looks like a limit of the holder's own.
            Refusal::TooSoon { .. } => assert_eq!(public, waits.public(), "{refusal:?}"),
            // A username is public, because its holder signs in with it.
            Refusal::Taken(ClaimKind::Username) | Refusal::Resting { kind: ClaimKind::Username, .. } => {
                assert_eq!(public, PublicRefusal::UsernameTaken, "{refusal:?}");
            }
            // Only who has just proved the address is told.
            Refusal::Resting { until, .. } => assert_eq!(public, PublicRefusal::Resting { until: *until }),
            // Whoever has the link read the messages of a user who had the address.
            Refusal::TakenSince(_) => assert_eq!(public, PublicRefusal::TakenSince),
            // No call of a holder is refused for these.
            Refusal::UserExists
            | Refusal::SourceWithoutVerified
            | Refusal::Json(_)
            | Refusal::TicketForged
            | Refusal::Import(_) => assert_eq!(public, PublicRefusal::AdministratorOnly),
            _ => {
                assert_eq!((public.kind(), public.code()), (refusal.kind(), refusal.code()));
                assert_eq!((public.to_string(), public.retry_at()), (refusal.to_string(), refusal.retry_at()));
                for word in ["another user", "belongs", "somebody", "taken"] {
                    let own = matches!(refusal, Refusal::UsernameIsAddress);
                    assert!(own || !public.to_string().contains(word), "{public:?}");
                }
            }
        }
        assert!(!public.to_string().contains("restriction"), "{public:?}");
    }
}

#[test]
fn every_refusal_has_a_slug_of_its_own() {
    let mut slugs: Vec<_> = every_refusal().iter().map(Refusal::code).collect();
    assert!(slugs.iter().all(|slug| slug.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')));
    slugs.sort_unstable();
    slugs.dedup();
    assert_eq!(slugs.len(), 38);
}

#[test]
fn c50_a_restricted_address_and_a_taken_one_are_the_same_to_a_holder_of_the_core_too() {
    let policy = RestrictionPolicy::builder().block_domain("example.com").build().unwrap();
    let mut ada = given_under(Policy::default().with_restriction(policy));
    let restricted = ada.add(email("ada@example.com")).refused();
    assert_eq!(restricted.public(), Refusal::Taken(ClaimKind::Email).public());
    assert_ne!(restricted, Refusal::Taken(ClaimKind::Email), "an administrator is told which");
}
