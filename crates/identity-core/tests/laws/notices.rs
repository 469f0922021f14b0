//! c85 and c86: who is told what, once, and from which budget.

use identity_core::policy::{Budget, Conversion, Prices};
use identity_core::{
    BudgetKind, Channel, Charge, NewAddress, NoticeKind, NoticePolicy, Outgoing, Policy, Refusal, SendPolicy,
    WhenExhausted,
};

use crate::kit::{Person, email, given, given_under, phone, secs};

type Told = (String, NoticeKind, String);

fn told(to: &str, what: NoticeKind, about: &str) -> Told {
    (to.to_owned(), what, about.to_owned())
}

/// The budgets of the notices of the last decision that went to this address.
fn budgets(person: &Person, to: &str) -> Vec<(BudgetKind, String, WhenExhausted)> {
    let to = |outgoing: &&Outgoing| outgoing.message.to.as_str() == to;
    let charges = person.news.iter().filter(to).flat_map(|outgoing| &outgoing.charges);
    charges.map(|charge| (charge.kind, charge.quota.clone(), charge.when_exhausted)).collect()
}

#[test]
fn a_notice_is_worth_sending_for_a_day_and_has_an_id_of_its_own() {
    let mut ada = given();
    ada.add_verified(email("a@example.com"));
    ada.add_verified(email("b@example.com"));
    let id = ada.add(email("c@example.com")).done();
    let messages: Vec<_> = ada.news.iter().map(|outgoing| outgoing.message.clone()).collect();
    let [first, second] = &messages[..] else { panic!("{messages:?}") };
    assert!(messages.iter().all(|message| message.expires_at == ada.bench.now + secs(86_400)));
    let ids = [first.id.to_string(), second.id.to_string(), id.to_string()];
    assert!(ids[0] != ids[1] && ids[0] != ids[2] && ids[1] != ids[2], "{ids:?}");
}

#[test]
fn a_kind_that_is_told_again_leaves_the_others_silent() {
    let [added, verified] = [NoticeKind::Added, NoticeKind::Verified];
    let policy = NoticePolicy::builder().silence(Channel::Email, [added, verified]).tell(Channel::Email, [added]);
    let policy = policy.build().unwrap();
    assert!(policy.tells(Channel::Email, added) && !policy.tells(Channel::Email, verified));
}

#[test]
fn an_owner_is_notified_once_per_decision_of_what_matters_most() {
    use NoticeKind::{Added, MadePrimary, Removed, Replaced, Unverified};
    // The first e-mail address of somebody who has a number: verified and primary are one notice.
    let everything = NoticePolicy::builder().tell(Channel::Phone, NoticeKind::ALL).build().unwrap();
    let mut ada = given_under(Policy::default().with_notice(everything));
    ada.add_verified(phone("+441514960453"));
    let a = ada.pending(email("a@example.com"));
    ada.right(a).then(&["verified", "primary_changed"]);
    assert_eq!(ada.notices(), [told("+441514960453", MadePrimary, "a@example.com")]);
    // An administrator adds a verified one: added, verified, and nothing else changes.
    let b = ada.add_verified(email("b@example.com"));
    let verified = |to: &str| told(to, NoticeKind::Verified, "b@example.com");
    assert_eq!(ada.notices(), [verified("+441514960453"), verified("a@example.com")]);
    // The primary one is no longer verified, and another one succeeds it.
    ada.admin(|user, context| user.mark_unverified(a, context)).then(&["unverified", "primary_changed"]);
    let unverified = |to: &str| told(to, Unverified, "a@example.com");
    let all = [unverified("+441514960453"), unverified("a@example.com"), unverified("b@example.com")];
    assert_eq!(ada.notices(), all, "the address itself hears of it");
    // An administrator replaces a verified one, over a replacement that was under way.
    ada.replace(b, email("typo@example.com")).done();
    assert_eq!(ada.notices(), ["+441514960453", "b@example.com"].map(|to| told(to, Added, "typo@example.com")));
    let new = NewAddress::from(email("new@example.com")).verified();
    ada.admin(|user, context| user.replace(b, &new, context)).done();
    assert_eq!(ada.notices(), ["+441514960453", "b@example.com"].map(|to| told(to, Replaced, "new@example.com")));
    // One that is not primary goes, and hears of it.
    let c = ada.add_verified(email("c@example.com"));
    ada.remove(c).then(&["removed"]);
    let gone = ["+441514960453", "c@example.com", "new@example.com"].map(|to| told(to, Removed, "c@example.com"));
    assert_eq!(ada.notices(), gone);
    // The last one of all is told too.
    let last = ada.user.phones().entries()[0].id;
    let new = ada.user.emails().primary().unwrap().id;
    ada.admin(|user, context| user.remove(new, context)).done();
    ada.admin(|user, context| user.remove(last, context)).done();
    assert_eq!(ada.notices(), [told("+441514960453", Removed, "+441514960453")]);
}

#[test]
fn taking_away_a_challenge_tells_nobody() {
    let mut ada = given();
    ada.add_verified(email("a@example.com"));
    let open = ada.pending(email("b@example.com"));
    ada.admin(|user, context| user.mark_unverified(open, context)).then(&["unverified"]);
    assert_eq!(ada.notices(), []);
}

#[test]
fn c86_text_messages_tell_losses_by_default_and_the_rest_only_if_the_policy_says_so() {
    let mut ada = given();
    ada.add_verified(phone("+441514960453"));
    let a = ada.add_verified(email("a@example.com"));
    let b = ada.add_verified(email("b@example.com"));
    ada.holder(|user, context| user.set_primary(b, context)).done();
    let open = ada.pending(email("c@example.com"));
    ada.remove(open).done();
    let dropped = ["a@example.com", "b@example.com"].map(|to| told(to, NoticeKind::Removed, "c@example.com"));
    assert_eq!(ada.notices(), dropped, "whoever did not hear that it came does not hear that it went");
    let texts = |person: &Person| {
        let texts = person.post.iter().filter(|outgoing| outgoing.message.to.channel() == Channel::Phone);
        texts.count()
    };
    assert_eq!(texts(&ada), 0);
    ada.remove(a).done();
    assert_eq!(texts(&ada), 1);
}

#[test]
fn c86_a_notice_by_text_message_draws_what_a_code_draws() {
    let hour = secs(3_600);
    let send = SendPolicy::builder()
        .country(Some(Budget::new(9, hour)))
        .conversion(Some(Conversion::new(50, 9, hour)))
        .prices(Prices::new(10))
        .country_money(Some(Budget::new(100, hour)))
        .tenant_money(Some(Budget::new(100, hour)))
        .tenant(Some(Budget::new(9, hour)))
        .build()
        .unwrap();
    let notice = NoticePolicy::builder().tell(Channel::Phone, NoticeKind::ALL).build().unwrap();
    let mut ada = given_under(Policy::default().with_send(send).with_notice(notice));
    let line = ada.pending(phone("+441514960453"));
    let of_code: Vec<_> = ada.news[0].charges.iter().map(|charge| (charge.kind, charge.quota.clone())).collect();
    ada.right(line).done();
    let own = [BudgetKind::Address, BudgetKind::AddressLong];
    let shared: Vec<_> = of_code.into_iter().filter(|(kind, _)| !own.contains(kind)).collect();
    assert_eq!(shared.len(), 6);
    let mail = ada.add_verified(email("a@example.com"));
    let drawn = |person: &Person| {
        let all = budgets(person, "+441514960453").into_iter();
        all.skip(1).map(|(kind, quota, _)| (kind, quota)).collect::<Vec<_>>()
    };
    assert_eq!(drawn(&ada), shared);
    assert!(budgets(&ada, "+441514960453").iter().all(|(.., when)| *when == WhenExhausted::Withhold));
    ada.add_verified(email("b@example.com"));
    ada.remove(mail).done();
    assert_eq!(drawn(&ada), shared, "a loss pays as well");
    for (kind, _, when) in budgets(&ada, "+441514960453") {
        let expected = if kind == BudgetKind::Block { WhenExhausted::Record } else { WhenExhausted::Withhold };
        assert_eq!(when, expected, "{kind:?}: neighbours do not silence a loss");
    }
    let mails = budgets(&ada, "b@example.com");
    assert_eq!(mails.len(), 1, "a mail draws its own budget alone: {mails:?}");
}

/// The charges of the last decision's message to this address.
fn charged(person: &Person, to: &str) -> Vec<Charge> {
    let to = person.news.iter().find(|outgoing| outgoing.message.to.as_str() == to);
    to.map(|outgoing| outgoing.charges.clone()).unwrap_or_default()
}

#[test]
fn c85_a_number_is_told_of_its_own_loss_beyond_the_budgets_of_the_host_but_not_without_end() {
    let hour = secs(3_600);
    for (limit, price, beyond) in [(1_000_000, 100_000, 2_000_000), (50_000_000, 100_000, 55_000_000)] {
        let send = SendPolicy::builder()
            .prices(Prices::new(price))
            .country(Some(Budget::new(limit / price, hour)))
            .country_money(Some(Budget::new(limit, hour)))
            .tenant_money(Some(Budget::new(limit, hour)))
            .tenant(Some(Budget::new(limit / price, hour)))
            .build()
            .unwrap();
        let mut ada = given_under(Policy::default().with_send(send));
        let [own, other] = ["+441514960453", "+441514960999"];
        let line = ada.add_verified(phone(own));
        ada.add_verified(phone(other));
        let code = ada.pending(phone("+441514960111"));
        let of_code = charged(&ada, "+441514960111");
        ada.remove(code).done();
        ada.remove(line).done();
        let (own, other) = (charged(&ada, own), charged(&ada, other));
        assert_eq!((own[0].kind, other[0].kind), (BudgetKind::LossNotices, BudgetKind::LossNotices));
        let of_host = |charge: &&Charge| {
            use BudgetKind::{Country, CountryMoney, Tenant, TenantMoney};
            matches!(charge.kind, Country | CountryMoney | Tenant | TenantMoney)
        };
        for charge in of_code.iter().filter(of_host) {
            let same = |charges: &[Charge]| {
                let found = charges.iter().find(|other| (other.kind, &other.quota) == (charge.kind, &charge.quota));
                found.map(|found| (found.amount, found.budget.limit, found.budget.window, found.when_exhausted))
            };
            let withhold = WhenExhausted::Withhold;
            let unit = if charge.amount == 1 { price } else { 1 };
            let room = Some((charge.amount, beyond / unit, hour, withhold));
            assert_eq!(same(&own), room, "{:?}: nothing but such notices draws what lies beyond", charge.kind);
            assert_eq!(same(&other), Some((charge.amount, charge.budget.limit, hour, withhold)), "{:?}", charge.kind);
        }
        assert_eq!(of_code.iter().filter(of_host).count(), 4);
    }
}

#[test]
fn c85_noise_does_not_draw_what_losses_are_paid_from() {
    let mut ada = given();
    let own = ada.add_verified(email("owner@example.com"));
    // A thief makes noise: adds, removes, verifies, promotes.
    let mut noise = Vec::new();
    for number in 0..12 {
        let id = ada.pending(email(&format!("thief{number}@example.com")));
        noise.extend(budgets(&ada, "owner@example.com"));
        if number % 2 == 0 {
            ada.right(id).done();
            noise.extend(budgets(&ada, "owner@example.com"));
            ada.holder(|user, context| user.set_primary(id, context)).done();
        } else {
            ada.remove(id).done();
        }
        noise.extend(budgets(&ada, "owner@example.com"));
    }
    assert!(noise.iter().all(|(kind, ..)| *kind == BudgetKind::Notices), "{noise:?}");
    // Of verified addresses that come and go the owner hears from another budget.
    let thief = ada.user.emails().entries().last().unwrap().id;
    ada.remove(thief).done();
    let [(kind, others, _)] = &budgets(&ada, "owner@example.com")[..] else { panic!("one charge") };
    assert_eq!(*kind, BudgetKind::LossNotices);
    // The owner's address goes: what pays for that paid for nothing else.
    let new = ada.replace(own, email("last@example.com")).done();
    ada.pass(86_400);
    ada.start(new).done();
    ada.right(new).done();
    assert!(ada.notices().contains(&told("owner@example.com", NoticeKind::Replaced, "last@example.com")));
    let [(kind, quota, when)] = &budgets(&ada, "owner@example.com")[..] else { panic!("one charge") };
    assert_eq!((*kind, *when), (BudgetKind::LossNotices, WhenExhausted::Withhold));
    assert!(quota != others && noise.iter().all(|(_, other, _)| other != quota));
}

#[test]
fn a_source_of_a_verification_without_a_verification_is_refused() {
    let mut ada = given();
    let new = NewAddress::from(email("a@example.com")).with_verified_source("desk");
    let refused = Refusal::SourceWithoutVerified;
    assert_eq!(ada.admin(|user, context| user.add(&new, context)).refused(), refused);
    let old = ada.add_verified(email("b@example.com"));
    assert_eq!(ada.admin(|user, context| user.replace(old, &new, context)).refused(), refused);
    assert_eq!(refused.kind(), identity_core::RefusalKind::Invalid);
    ada.admin(|user, context| user.add(&new.clone().verified(), context)).done();
}
