//! Money, breakers, recorded budgets, and what a refusal tells to whom.

use std::collections::HashMap;
use std::time::Duration;

use identity_core::policy::{Budget, Conversion, DisavowalPolicy, Mailboxes, Prices};
use identity_core::{
    BudgetKind, Charge, DangerousPolicy, DeliveryState, Exhausted, Fate, NoticeKind, Outgoing, Policy, Refund, Report,
    SendPolicy, Timestamp, UndeliverableReason, WhenExhausted, charges, refunds,
};

use crate::kit::{Person, email, given, given_under, phone, secs};

const HOUR: Duration = Duration::from_secs(3_600);
const MILLION: u64 = 1_000_000;

/// The budgets, as the contract of a commit describes them.
#[derive(Default)]
struct Budgets(HashMap<(BudgetKind, String), (Timestamp, Timestamp, u64)>);

impl Budgets {
    fn commit(&mut self, outgoing: &[Outgoing], refunds: &[Refund]) -> Result<usize, Exhausted> {
        for refund in refunds {
            let window = self.0.get_mut(&(refund.kind, refund.quota.clone()));
            if let Some((_, _, drawn)) = window.filter(|(began, ends, _)| *began <= refund.at && refund.at < *ends) {
                *drawn = drawn.saturating_sub(refund.amount);
            }
        }
        let mut enqueued = 0;
        for Outgoing { charges, .. } in outgoing {
            let mut withheld = false;
            for charge in charges {
                let (_, ends, drawn) = self.window(charge);
                if drawn + charge.amount > charge.budget.limit {
                    match charge.when_exhausted {
                        WhenExhausted::Refuse => return Err(Exhausted::of(charge, drawn, ends)),
                        WhenExhausted::Withhold => withheld = true,
                        WhenExhausted::Record => {}
                    }
                }
            }
            if !withheld {
                enqueued += 1;
                for charge in charges {
                    let (began, ends, drawn) = self.window(charge);
                    let window = (began, ends, drawn + charge.amount);
                    self.0.insert((charge.kind, charge.quota.clone()), window);
                }
            }
        }
        Ok(enqueued)
    }

    fn window(&self, charge: &Charge) -> (Timestamp, Timestamp, u64) {
        let open = self.0.get(&(charge.kind, charge.quota.clone())).copied();
        let open = open.filter(|(began, ..)| charge.at < *began + charge.budget.window);
        let (began, _, drawn) = open.unwrap_or((charge.at, charge.at, 0));
        (began, began + charge.budget.window, drawn)
    }
}

fn under(send: SendPolicy) -> Policy {
    Policy::default().with_send(send)
}

/// A new user requests a code to a number far from all others at this time. Returns the user and whether the code is sent.
fn ask(policy: &Policy, budgets: &mut Budgets, at: u64, number: u64) -> (Person, Result<usize, Exhausted>) {
    let mut person = given_under(policy.clone());
    person.pass(at);
    let line = person.add(phone(&format!("+4474{:08}", 10_000_000 + number * 100))).done();
    person.start(line).done();
    let answer = budgets.commit(&person.news, &[]);
    (person, answer)
}

/// The user enters the code, and the budgets get back the share of the breaker.
fn confirm(mut person: Person, budgets: &mut Budgets) {
    let line = person.user.phones().entries().first().unwrap().id;
    let before = person.user.clone();
    let confirmed = person.right(line);
    let back =
        person.bench.on(&identity_core::Actor::Holder, |context| refunds(Some(&before), &confirmed.events, context));
    budgets.commit(&[], &back).unwrap();
}

/// Variants of one mailbox as a holder adds them, with the number of codes that reach it within ten minutes.
fn sent_to(policy: &Policy, variants: impl Iterator<Item = String>) -> usize {
    let mut budgets = Budgets::default();
    let mut sent = 0;
    for variant in variants {
        let mut person = given_under(policy.clone());
        let mail = person.add(email(&variant)).done();
        person.start(mail).done();
        sent += budgets.commit(&person.news, &[]).unwrap_or(0);
        // A message goes to the address as it was typed, whatever shares its budget.
        assert!(person.news.iter().all(|outgoing| outgoing.message.to.as_str() == variant), "{variant}");
    }
    sent
}

#[test]
fn c87_variants_of_one_mailbox_share_its_budgets() {
    let shared = Policy::default();
    assert_eq!(sent_to(&shared, (0..50).map(|n| format!("victim+{n}@gmail.com"))), 5);
    assert_eq!(sent_to(&shared, (0..50).map(|n| format!("victim+{n}@example.com"))), 5);
    let before_the_tag = (0..50).map(|n| format!("victim{}+{n}@example.com", if n % 2 == 0 { "" } else { "." }));
    assert_eq!(sent_to(&shared, before_the_tag), 5, "a dot before the tag is no other mailbox");
    let dotted = (1..7).flat_map(|at| {
        let (before, after) = "victims".split_at(at);
        [format!("{before}.{after}@gmail.com"), format!("{before}.{after}@googlemail.com")]
    });
    assert_eq!(sent_to(&shared, dotted), 5);
    let people = |domain: &str| (0..20).map(|n| format!("person{n}@{domain}")).collect::<Vec<_>>().into_iter();
    assert_eq!(sent_to(&shared, people("gmail.com")), 20, "every mailbox has budgets of its own");
    let dots = ["a.bc@example.com", "ab.c@example.com", "abc@example.com"].map(str::to_owned).into_iter();
    let one = Budget::new(1, HOUR);
    let single = under(SendPolicy::builder().address(one, one).build().unwrap());
    assert_eq!(sent_to(&single, dots), 3, "elsewhere dots distinguish mailboxes");
    let distinct = under(SendPolicy::builder().mailboxes(Mailboxes::Distinct).build().unwrap());
    assert_eq!(sent_to(&distinct, (0..50).map(|n| format!("victim+{n}@gmail.com"))), 50);
}

#[test]
fn c87_guesses_are_counted_for_each_address() {
    let judged = |address: &str| {
        let mut person = given_under(Policy::default());
        let mail = person.add(email(address)).done();
        person.start(mail).done();
        let before = person.user.clone();
        let answered = person.wrong(mail);
        let holder = identity_core::Actor::Holder;
        person.bench.on(&holder, |context| charges(Some(&before), &answered.events, context))[0].quota.clone()
    };
    assert_eq!(judged("Ada+1@gmail.com"), judged("ada+1@gmail.com"));
    assert_ne!(judged("ada+1@gmail.com"), judged("ada+2@gmail.com"));
}

#[test]
fn money_is_budgeted_by_country_and_by_tenant_at_its_price() {
    let prices = Prices::new(50_000).with_country(44, 200_000).with_email(100);
    let send = SendPolicy::builder()
        .prices(prices)
        .country_money(Some(Budget::new(MILLION, HOUR)))
        .tenant_money(Some(Budget::new(10 * MILLION, HOUR)))
        .build()
        .unwrap();
    let policy = under(send);
    let mut budgets = Budgets::default();
    for number in 0..5 {
        assert_eq!(ask(&policy, &mut budgets, 0, number).1, Ok(1), "five codes at 0.20 are 1.00");
    }
    let (person, refused) = ask(&policy, &mut budgets, 60, 5);
    let told = refused.unwrap_err();
    assert_eq!(told.kind, BudgetKind::CountryMoney);
    assert_eq!((told.quota.as_str(), told.drawn, told.limit, told.amount), ("+44", MILLION, MILLION, 200_000));
    assert_eq!((told.window, told.effect), (HOUR, WhenExhausted::Refuse));
    assert_eq!(told.retry_at, person.bench.now - secs(60) + HOUR, "the refusal names the end of the window");
    assert!(
        told.to_string().contains("`country_money` of +44 has 1000000 of 1000000 units per 3600 s drawn"),
        "{told}"
    );
    assert_eq!(ask(&policy, &mut budgets, 3_600, 5).1, Ok(1));
    // An e-mail costs its own price, which only the tenant's money budget pays.
    let mut person = given_under(policy);
    let mail = person.add(email("ada@example.com")).done();
    person.start(mail).done();
    let money: Vec<(BudgetKind, u64)> =
        person.news[0].charges.iter().map(|charge| (charge.kind, charge.amount)).collect();
    assert_eq!(money[..1], [(BudgetKind::TenantMoney, 100)]);
    // A message without a price costs nothing.
    let free =
        SendPolicy::builder().prices(Prices::new(0).with_country(49, 1)).tenant_money(Some(Budget::new(1, HOUR)));
    let (person, _) = ask(&under(free.build().unwrap()), &mut Budgets::default(), 0, 1);
    assert!(person.news[0].charges.iter().all(|charge| charge.kind != BudgetKind::TenantMoney));
}

#[test]
fn the_breaker_trips_when_hardly_anybody_confirms_and_opens_again_with_the_next_window() {
    let conversion = Conversion::new(25, 20, HOUR);
    let policy = under(SendPolicy::builder().conversion(Some(conversion)).build().unwrap());
    // Nobody confirms: 20 codes are sent, and no more before the hour ends.
    let mut budgets = Budgets::default();
    let pumped =
        |budgets: &mut Budgets, at| (0..1_000).filter(|number| ask(&policy, budgets, at, *number).1.is_ok()).count();
    assert_eq!(pumped(&mut budgets, 0), 20);
    let told = ask(&policy, &mut budgets, 10, 7).1.unwrap_err();
    assert_eq!(
        (told.kind, told.quota.as_str(), told.drawn, told.limit),
        (BudgetKind::Conversion, "+44", 20_000, 20_000)
    );
    assert_eq!(pumped(&mut budgets, 3_600), 20, "the next window allows as many");
    // Every third code is confirmed, which is more than a quarter, so the breaker never trips.
    let mut budgets = Budgets::default();
    for number in 0..2_000 {
        let (person, answer) = ask(&policy, &mut budgets, number, number);
        assert_eq!(answer, Ok(1), "code {number}");
        if number % 3 == 0 {
            confirm(person, &mut budgets);
        }
    }
    // Every tenth code is confirmed, so the breaker trips soon after its sample.
    let mut budgets = Budgets::default();
    let mut sent = 0;
    for number in 0..1_000 {
        let (person, answer) = ask(&policy, &mut budgets, number, number);
        sent += usize::from(answer.is_ok());
        if answer.is_ok() && sent % 10 == 0 {
            confirm(person, &mut budgets);
        }
    }
    assert!((20..=40).contains(&sent), "{sent} went out");
    // Confirmations before the window give no credit.
    let mut budgets = Budgets::default();
    for number in 0..500 {
        let (person, _) = ask(&policy, &mut budgets, 0, number);
        confirm(person, &mut budgets);
    }
    assert_eq!(pumped(&mut budgets, 1), 20);
}

#[test]
fn a_breaker_of_one_country_leaves_the_others_alone() {
    let policy = under(SendPolicy::builder().conversion(Some(Conversion::new(50, 3, HOUR))).build().unwrap());
    let mut budgets = Budgets::default();
    assert_eq!((0..10).filter(|number| ask(&policy, &mut budgets, 0, *number).1.is_ok()).count(), 3);
    let mut person = given_under(policy);
    let line = person.add(phone("+4915112345678")).done();
    person.start(line).done();
    assert_eq!(budgets.commit(&person.news, &[]), Ok(1));
    // An e-mail belongs to no country.
    let mail = person.add(email("ada@example.com")).done();
    person.start(mail).done();
    assert!(person.news[0].charges.iter().all(|charge| charge.kind != BudgetKind::Conversion));
}

#[test]
fn c54_exceeding_a_recorded_budget_is_reported_and_budgets_per_address_are_always_enforced() {
    let watched = [BudgetKind::Block, BudgetKind::Country, BudgetKind::Conversion, BudgetKind::Tenant];
    let send = SendPolicy::builder()
        .country(Some(Budget::new(3, HOUR)))
        .tenant(Some(Budget::new(3, HOUR)))
        .conversion(Some(Conversion::new(50, 3, HOUR)));
    let policy = under(send.clone().record_only(watched).build().unwrap());
    let mut budgets = Budgets::default();
    for number in 0..1_000 {
        assert_eq!(ask(&policy, &mut budgets, 0, number).1, Ok(1), "every message is sent");
    }
    let (person, _) = ask(&policy, &mut budgets, 0, 1_000);
    let of = |kind| person.news[0].charges.iter().find(|charge| charge.kind == kind).unwrap().when_exhausted;
    assert!(watched.into_iter().all(|kind| of(kind) == WhenExhausted::Record));
    assert_eq!(of(BudgetKind::Address), WhenExhausted::Refuse, "an address keeps its budget");
    for kind in [BudgetKind::Address, BudgetKind::AddressLong, BudgetKind::Notices] {
        assert_eq!(send.clone().record_only([kind]).build(), Err(DangerousPolicy::UnlimitedSends));
    }
}

#[test]
fn a_policy_of_money_or_ratios_that_makes_no_sense_does_not_build() {
    let builder = SendPolicy::builder;
    let money = |limit| Some(Budget::new(limit, HOUR));
    let none = builder().country_money(money(5)).build();
    assert_eq!(none, Err(DangerousPolicy::Money { budget: 5, price: 0 }), "nothing has a price");
    let poor =
        builder().prices(Prices::new(7).with_country(1, 9)).country_money(money(10)).tenant_money(money(8)).build();
    assert_eq!(poor, Err(DangerousPolicy::Money { budget: 8, price: 9 }), "the budget does not pay for one message");
    assert_eq!(builder().prices(Prices::new(7)).tenant_money(money(0)).build(), Err(DangerousPolicy::Zero("a budget")));
    assert!(builder().prices(Prices::new(7)).tenant_money(money(7)).build().is_ok());
    for (percent, sample, window) in [(0, 10, HOUR), (101, 10, HOUR), (50, 0, HOUR), (50, 10, Duration::ZERO)] {
        let refused = builder().conversion(Some(Conversion::new(percent, sample, window))).build();
        assert_eq!(refused, Err(DangerousPolicy::Conversion { percent }));
    }
    let built = builder().conversion(Some(Conversion::new(1, 1, HOUR))).build().unwrap();
    assert_eq!(built.conversion(), Some(Conversion::new(1, 1, HOUR)));
}

#[test]
fn a_message_that_no_provider_accepted_is_refunded_in_full_and_may_be_requested_again_at_once() {
    for fate in [Fate::NotTaken, Fate::Undeliverable(UndeliverableReason::Refused)] {
        let send = SendPolicy::builder()
            .country(Some(Budget::new(9, HOUR)))
            .conversion(Some(Conversion::new(50, 9, HOUR)))
            .prices(Prices::new(10))
            .country_money(Some(Budget::new(100, HOUR)))
            .tenant_money(Some(Budget::new(100, HOUR)))
            .tenant(Some(Budget::new(9, HOUR)))
            .build()
            .unwrap();
        let mut ada = given_under(under(send));
        let line = ada.pending(phone("+447400123456"));
        let mut budgets = Budgets::default();
        budgets.commit(&ada.news, &[]).unwrap();
        let message = ada.news[0].message.clone();
        let charges = ada.news[0].charges.clone();
        assert_eq!(charges.len(), 8, "every budget was drawn from: {charges:?}");
        assert!(ada.start(line).result.is_err(), "the next message has to wait");
        ada.pass(5);
        let before = ada.user.clone();
        let noted = ada.admin(|user, context| user.note_fate(&message, fate, context));
        let back = ada.bench.on(&crate::kit::staff(), |context| refunds(Some(&before), &noted.events, context));
        noted.then(&["delivery_failed"]);
        budgets.commit(&[], &back).unwrap();
        assert!(budgets.0.values().all(|(.., drawn)| *drawn == 0), "every charge is given back: {:?}", budgets.0);
        let known = ada.entry(line).undeliverable;
        assert_eq!(known.is_some(), fate != Fate::NotTaken, "{known:?}");
        // A repeated outcome changes nothing and gives nothing back.
        ada.admin(|user, context| user.note_fate(&message, fate, context)).then(&[]);
        ada.start(line).then(&["code_resent"]);
        // A newer message that arrives makes the address reachable again; an older one does not.
        ada.admin(|user, context| user.note_fate(&message, Fate::Arrived, context)).then(&[]);
        let next = ada.news.clone();
        assert!(next.is_empty());
    }
}

#[test]
fn c54_an_accepted_message_stays_paid_for_whatever_became_of_it() {
    for why in [UndeliverableReason::Bounced, UndeliverableReason::Complained] {
        let mut ada = given();
        let line = ada.pending(phone("+447400123456"));
        let message = ada.news[0].message.clone();
        ada.pass(5);
        let before = ada.user.clone();
        let noted = ada.admin(|user, context| user.note_fate(&message, Fate::Undeliverable(why), context));
        let back = ada.bench.on(&crate::kit::staff(), |context| refunds(Some(&before), &noted.events, context));
        noted.then(&["delivery_failed"]);
        assert_eq!(back, []);
        // A repeated report changes nothing.
        ada.admin(|user, context| user.note_fate(&message, Fate::Undeliverable(why), context)).then(&[]);
        assert_eq!(ada.entry(line).undeliverable.unwrap().times, 1);
        // A recipient who complains got the message, and its send counts; after a bounce the next one may be requested.
        assert_eq!(ada.start(line).result.is_ok(), why == UndeliverableReason::Bounced);
    }
    // A code that was entered has arrived, so a later bounce of it gives nothing back.
    let mut ada = given();
    let line = ada.pending(phone("+447400123456"));
    let message = ada.news[0].message.clone();
    ada.right(line).done();
    let bounced = Fate::Undeliverable(UndeliverableReason::Bounced);
    ada.admin(|user, context| user.note_fate(&message, bounced, context)).then(&[]);
    assert_eq!(Fate::of(DeliveryState::Failed), None);
}

#[test]
fn a_message_made_when_its_address_was_marked_does_not_make_it_reachable() {
    let mut ada = given();
    let line = ada.pending(phone("+447400123456"));
    let message = ada.news[0].message.clone();
    let bounced = Fate::Undeliverable(UndeliverableReason::Bounced);
    ada.admin(|user, context| user.note_fate(&message, bounced, context)).then(&["delivery_failed"]);
    assert_eq!(ada.entry(line).undeliverable.unwrap().at, message.created_at, "no time has passed");
    ada.admin(|user, context| user.note_fate(&message, Fate::Arrived, context)).then(&[]);
    assert!(ada.entry(line).undeliverable.is_some());
}

#[test]
fn a_finding_is_news_for_another_reason_or_a_newer_message() {
    let [bounced, complained] =
        [UndeliverableReason::Bounced, UndeliverableReason::Complained].map(Fate::Undeliverable);
    let mut ada = given();
    let mail = ada.add_verified(email("ada@example.com"));
    let notice = |ada: &mut Person, added: &str| {
        ada.pass(1);
        ada.add(email(added)).done();
        ada.news[0].message.clone()
    };
    let first = notice(&mut ada, "b@example.com");
    let note = |ada: &mut Person, message, fate, expected: &[&str]| {
        ada.admin(|user, context| user.note_fate(message, fate, context)).then(expected);
    };
    note(&mut ada, &first, bounced, &["delivery_failed"]);
    note(&mut ada, &first, bounced, &[]);
    note(&mut ada, &first, complained, &["delivery_failed"]);
    let second = notice(&mut ada, "c@example.com");
    note(&mut ada, &second, complained, &["delivery_failed"]);
    assert_eq!(ada.entry(mail).undeliverable.unwrap().times, 3);
}

#[test]
fn a_refusal_in_doubt_of_a_code_that_was_entered_marks_nothing() {
    let mut ada = given();
    let mail = ada.pending(email("ada@example.com"));
    let message = ada.news[0].message.clone();
    ada.right(mail).done();
    ada.admin(|user, context| user.note_fate(&message, Fate::RefusedInDoubt, context)).then(&[]);
}

#[test]
fn a_report_replaces_one_of_a_lower_rank_alone() {
    use DeliveryState::{Accepted, Bounced, Complained, Delivered, Failed};
    let ranks = [vec![Accepted], vec![Delivered], vec![Failed, Bounced], vec![Complained]];
    let states = || (0_usize..).zip(&ranks).flat_map(|(rank, states)| states.iter().map(move |state| (rank, *state)));
    let at = |secs| Timestamp::from_secs(1_700_000_000_i64 + secs);
    for (known_rank, known) in states() {
        for (rank, state) in states() {
            for time in [0, 1, 2] {
                let goes_before = Report::new(state, at(time)).goes_before(Some(&Report::new(known, at(1))));
                assert_eq!(goes_before, rank > known_rank, "{state:?} after {known:?}");
            }
        }
        assert!(Report::new(known, at(0)).goes_before(None));
    }
}

#[test]
fn what_costs_nothing_draws_no_money() {
    let send = SendPolicy::builder()
        .prices(Prices::new(0).with_country(49, 10))
        .country_money(Some(Budget::new(100, HOUR)))
        .tenant_money(Some(Budget::new(100, HOUR)))
        .build()
        .unwrap();
    for (number, price) in [("+447400123456", None), ("+4915123456789", Some(10))] {
        let mut ada = given_under(under(send.clone()));
        ada.pending(phone(number));
        for kind in [BudgetKind::CountryMoney, BudgetKind::TenantMoney] {
            let of_kind = |charge: &&Charge| charge.kind == kind;
            assert_eq!(ada.news[0].charges.iter().find(of_kind).map(|charge| charge.amount), price, "{number}");
        }
    }
}

#[test]
fn a_share_of_the_breaker_comes_back_for_an_answer_and_for_nobodys_word() {
    let send = SendPolicy::builder().conversion(Some(Conversion::new(50, 9, HOUR))).build().unwrap();
    let disavowal = DisavowalPolicy::default().with_administrators(true);
    let mut ada = given_under(under(send).with_disavowal(disavowal));
    ada.add_verified(email("ada@example.com"));
    let mut line = None;
    for (by_code, shares) in [(true, 1), (false, 0)] {
        let number = ada.pending(phone(if by_code { "+447400123456" } else { "+447400123457" }));
        let before = ada.user.clone();
        let events = if by_code {
            ada.right(number).events
        } else {
            ada.admin(|user, context| user.mark_verified(number, None, context)).events
        };
        let back = ada.bench.on(&crate::kit::staff(), |context| refunds(Some(&before), &events, context));
        assert_eq!(back.len(), shares, "{events:?}");
        line = line.or(Some(number));
    }
    // Evidence that an undone change brings back was given before.
    ada.pass(60);
    ada.admin(|user, context| user.mark_unverified(line.unwrap(), context)).done();
    let token = ada.token("ada@example.com", NoticeKind::Unverified);
    let before = ada.user.clone();
    let undone = ada.disavow(&token);
    let back = ada.bench.on(&crate::kit::staff(), |context| refunds(Some(&before), &undone.events, context));
    assert!(ada.entry(line.unwrap()).is_verified());
    assert_eq!(back, []);
}

#[test]
fn an_address_is_undeliverable_until_it_is_verified_reached_or_cleared() {
    let bounced = Fate::Undeliverable(UndeliverableReason::Bounced);
    let mut ada = given();
    let mail = ada.pending(email("ada@example.com"));
    let first = ada.news[0].message.clone();
    ada.pass(10);
    ada.admin(|user, context| user.note_fate(&first, bounced, context)).then(&["delivery_failed"]);
    let known = ada.entry(mail).undeliverable.unwrap();
    assert_eq!((known.why, known.at, known.times), (UndeliverableReason::Bounced, ada.bench.now, 1));
    // An older message that arrives does not make the address reachable; a newer one does.
    ada.admin(|user, context| user.note_fate(&first, Fate::Arrived, context)).then(&[]);
    ada.pass(30);
    ada.start(mail).done();
    let second = ada.news[0].message.clone();
    ada.admin(|user, context| user.note_fate(&second, Fate::Arrived, context)).then(&["delivery_restored"]);
    assert_eq!(ada.entry(mail).undeliverable, None);
    // A recipient who complains got the message, so its send still counts.
    let complained = Fate::Undeliverable(UndeliverableReason::Complained);
    let sent = ada.entry(mail).attempts.sent_at.clone();
    ada.admin(|user, context| user.note_fate(&second, complained, context)).then(&["delivery_failed"]);
    assert_eq!(ada.entry(mail).attempts.sent_at, sent);
    ada.admin(|user, context| user.mark_deliverable(mail, context)).then(&["delivery_restored"]);
    ada.admin(|user, context| user.mark_deliverable(mail, context)).then(&[]);
    ada.admin(|user, context| user.note_fate(&second, complained, context)).done();
    // Somebody who entered the code is reachable, whatever is reported on it afterwards.
    ada.right(mail).done();
    assert_eq!(ada.entry(mail).undeliverable, None);
    ada.pass(1);
    ada.admin(|user, context| user.note_fate(&second, bounced, context)).done();
    assert_eq!(ada.entry(mail).undeliverable, None);
    // A bounced notice marks a verified address as well.
    ada.pass(1);
    ada.add(email("new@example.com")).done();
    let notice = ada.news[0].message.clone();
    ada.admin(|user, context| user.note_fate(&notice, bounced, context)).then(&["delivery_failed"]);
    assert!(ada.entry(mail).undeliverable.is_some());
    ada.holder(|user, context| user.note_fate(&notice, bounced, context)).refused();
    // A report on a removed address changes nothing.
    ada.admin(|user, context| user.remove(mail, context)).done();
    ada.admin(|user, context| user.note_fate(&notice, bounced, context)).then(&[]);
}

#[test]
fn repeated_permanently_refused_sends_count_in_the_end() {
    let mut ada = given();
    let line = ada.add(phone("+447400123456")).done();
    let refused = Fate::Undeliverable(UndeliverableReason::Refused);
    for _ in 0..10 {
        ada.start(line).done();
        let message = ada.news[0].message.clone();
        ada.admin(|user, context| user.note_fate(&message, refused, context)).then(&["delivery_failed"]);
        assert!(ada.entry(line).attempts.sent_at.is_empty(), "the next message may be requested at once");
        ada.pass(1);
    }
    ada.start(line).done();
    let message = ada.news[0].message.clone();
    ada.admin(|user, context| user.note_fate(&message, refused, context)).done();
    assert_eq!(ada.entry(line).attempts.sent_at.len(), 1, "after repeated failures the send counts");
}
