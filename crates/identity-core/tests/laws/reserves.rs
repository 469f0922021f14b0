//! The reserve of an address: who has a standing, and what the reserve pays for.

use identity_core::policy::{Budget, SendPolicy};
use identity_core::record::{IdentifierRecord, VerifiedRecord};
use identity_core::{
    BudgetKind, Charge, Funding, IdentifierId, Policy, Recorded, Standing, User, UserId, UserRecord, WhenExhausted,
    asks_for, charges,
};

use crate::kit::{Bench, Person, email, given, given_under, phone, secs, staff};

fn standing(person: &Person, id: IdentifierId) -> Option<Standing> {
    person.user.standing(id, &person.recorded())
}

#[test]
fn a_user_has_a_standing_by_what_is_verified_or_was() {
    let mut ada = given();
    let mail = ada.pending(email("ada@example.com"));
    assert_eq!(standing(&ada, mail), None, "a stranger");
    ada.right(mail).done();
    assert_eq!(standing(&ada, mail), Some(Standing::HeldVerified));
    ada.admin(|user, context| user.mark_unverified(mail, context)).done();
    assert_eq!(standing(&ada, mail), Some(Standing::HeldVerified), "as long as the history says so");
    let line = ada.add(phone("+441514960453")).done();
    assert_eq!(standing(&ada, line), None, "the other address is not verified any more");
    ada.add_verified(email("b@example.com"));
    assert_eq!(standing(&ada, line), Some(Standing::ProvesAnother));
    let held = ada.user.standing(mail, &[]);
    assert_eq!(held, Some(Standing::ProvesAnother), "what the history does not show was not held");
}

#[test]
fn an_import_gives_a_standing_for_the_addresses_that_it_brings_verified() {
    let mut bench = Bench::new(Policy::default());
    let verified =
        IdentifierRecord { verified: Some(VerifiedRecord::default()), ..IdentifierRecord::new("a@example.com") };
    let record = UserRecord {
        emails: vec![verified, IdentifierRecord::new("b@example.com")],
        ..UserRecord::new(UserId::parse("ada").unwrap(), bench.now)
    };
    let imported = bench.on(&staff(), |context| User::import(&record, context)).unwrap();
    let user = User::from_events(&imported.events).unwrap();
    let history: Vec<Recorded> = (1..).zip(imported.events).map(|(number, event)| Recorded { number, event }).collect();
    let [verified, unverified] = user.emails().entries() else { unreachable!("two addresses were imported") };
    assert_eq!(user.standing(verified.id, &history), Some(Standing::HeldVerified));
    assert_eq!(user.standing(unverified.id, &history), Some(Standing::ProvesAnother));
}

#[test]
fn events_ask_for_the_address_of_a_code_or_of_an_answer() {
    let mut ada = given();
    let asked = |ada: &Person, from: usize| asks_for(&ada.recorded()[from..]);
    let steps: [fn(&mut Person, IdentifierId); 4] = [
        |ada, id| {
            ada.start(id).done();
        },
        |ada, id| {
            ada.pass(60);
            ada.start(id).then(&["code_resent"]);
        },
        |ada, id| {
            ada.wrong(id).done();
        },
        |ada, id| {
            ada.right(id).done();
        },
    ];
    let other = ada.add(email("other@example.com")).done();
    let id = ada.add(email("ada@example.com")).done();
    assert_eq!(asked(&ada, 0), None, "nothing was asked for: {other}");
    for step in steps {
        let from = ada.history.len();
        step(&mut ada, id);
        assert_eq!(asked(&ada, from), Some(id), "{:?}", ada.history[from].change.kind());
    }
}

/// The charges for a code and for a wrong guess of it.
fn drawn(policy: Policy, funding: Funding) -> [Vec<Charge>; 2] {
    let mut ada = given_under(policy);
    ada.bench.funding = funding;
    let line = ada.pending(phone("+441514960453"));
    let code = ada.news.first().unwrap().charges.clone();
    let before = ada.user.clone();
    let wrong = ada.wrong(line);
    let guess = ada.bench.on(&identity_core::Actor::Holder, |context| charges(Some(&before), &wrong.events, context));
    [code, guess]
}

#[test]
fn the_reserve_pays_beyond_what_strangers_share_and_limits_instead() {
    let day = Budget::new(50, secs(86_400));
    let send = || SendPolicy::builder().tenant(Some(day)).country(Some(day));
    let policy = Policy::default().with_send(send().build().unwrap());
    let [shared_code, shared_guess] = drawn(policy.clone(), Funding::Shared);
    let refuses = |charge: &Charge| charge.when_exhausted == WhenExhausted::Refuse;
    assert!(shared_code.iter().chain(&shared_guess).all(refuses));
    for (standing, most) in [(Standing::HeldVerified, None), (Standing::ProvesAnother, Some(3))] {
        let [code, guess] = drawn(policy.clone(), Funding::Reserve(standing));
        // A code draws once per user and window, and may be answered as often as any other.
        for (paid, shared, each) in [(code, &shared_code, 1), (guess, &shared_guess, 5)] {
            let (usual, reserve) = paid.split_at(shared.len());
            for (charge, shared) in usual.iter().zip(shared) {
                assert_eq!((charge.kind, &charge.quota, charge.amount), (shared.kind, &shared.quota, shared.amount));
                let beyond = charge.kind.is_shared() || charge.kind == BudgetKind::Guesses;
                let expected = if beyond { WhenExhausted::Record } else { WhenExhausted::Refuse };
                assert_eq!(charge.when_exhausted, expected, "{:?}", charge.kind);
            }
            let limits: Vec<_> = reserve.iter().map(|charge| (charge.budget.limit, charge.budget.window)).collect();
            let expected = [Some(each), most.map(|most| most * each)].into_iter().flatten();
            assert_eq!(limits, expected.map(|limit| (limit, secs(86_400))).collect::<Vec<_>>(), "{standing:?}");
            assert!(reserve.iter().all(|charge| charge.kind == BudgetKind::Reserve && charge.amount == 1));
            assert!(reserve.iter().all(refuses), "the reserve has an end");
        }
    }
    let none = Policy::default().with_send(send().reserve(None).build().unwrap());
    let without = drawn(none, Funding::Reserve(Standing::HeldVerified));
    assert_eq!(without, [shared_code, shared_guess], "where there is none it pays nothing");
}

#[test]
fn a_code_and_a_guess_and_every_user_draw_reserves_of_their_own() {
    let [code, guess] = drawn(Policy::default(), Funding::Reserve(Standing::ProvesAnother));
    let reserves = code.iter().chain(&guess).filter(|charge| charge.kind == BudgetKind::Reserve);
    let mut quotas: Vec<&String> = reserves.map(|charge| &charge.quota).collect();
    quotas.sort_unstable();
    quotas.dedup();
    assert_eq!(quotas.len(), 4, "the user's and the address's, for codes and for guesses");
}
