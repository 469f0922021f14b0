//! How many addresses of each kind a user may have, and how many a holder keeps.

use std::ops::RangeInclusive;

use identity_core::policy::{By, DangerousPolicy, LimitPolicy};
use identity_core::{Channel, NewAddress, NewUser, Policy, PrimaryPolicy, Refusal, User, UserRecord};

use crate::kit::{Person, email, given, given_under, phone};

fn limited(limits: RangeInclusive<usize>) -> Policy {
    let primary = PrimaryPolicy::builder().last_verified(By::Anyone).build().unwrap();
    let limits = LimitPolicy::default().with(Channel::Email, limits).unwrap();
    Policy::default().with_limit(limits).with_primary(primary)
}

fn emails(person: &Person) -> Vec<&str> {
    person.user.emails().entries().iter().map(|entry| entry.address.as_str()).collect()
}

#[test]
fn nobody_adds_more_addresses_of_a_kind_than_the_policy_allows() {
    let mut ada = given_under(limited(0..=2));
    let (full, b) = (Refusal::TooMany(Channel::Email), email("b@example.com"));
    let a = ada.add_verified(email("a@example.com"));
    let pending = ada.add(b.clone()).done();
    assert_eq!(ada.add(email("c@example.com")).refused(), full);
    let by_staff = ada.admin(|user, context| user.add(&NewAddress::from(email("c@example.com")).verified(), context));
    assert_eq!(by_staff.refused(), full);
    ada.add(phone("+441514960453")).done();
    ada.remove(pending).done();
    ada.add(email("c@example.com")).done();
    assert_eq!(ada.add(b.clone()).refused(), full, "a removed address makes room for one");
    ada.remove(a).done();
    ada.add(b).done();
    let addresses = ["a@x.example", "b@x.example", "c@x.example"].map(|text| NewAddress::from(email(text))).to_vec();
    let new = NewUser { addresses, ..NewUser::default() };
    assert_eq!(ada.admin(|_, context| User::create(&new, context)).refused(), full);
}

#[test]
fn with_a_most_of_one_an_address_changes_by_replacement() {
    let mut ada = given_under(limited(0..=1));
    let a = ada.add_verified(email("a@example.com"));
    assert_eq!(ada.add(email("b@example.com")).refused(), Refusal::TooMany(Channel::Email));
    ada.replace(a, email("b@example.com")).done();
    let c = ada.replace(a, email("c@example.com")).done();
    assert_eq!(emails(&ada), ["a@example.com", "c@example.com"]);
    assert_eq!(ada.add(email("d@example.com")).refused(), Refusal::TooMany(Channel::Email));
    let d = ada.replace(c, email("d@example.com")).done();
    ada.start(d).done();
    ada.right(d).then(&["verified", "replaced", "primary_changed"]);
    assert_eq!(emails(&ada), ["d@example.com"]);
    ada.admin(|user, context| user.replace(d, &NewAddress::from(email("e@example.com")).verified(), context)).done();
    assert_eq!(emails(&ada), ["e@example.com"]);
}

#[test]
fn a_replacement_whose_address_went_counts_as_one_of_its_own() {
    let mut ada = given_under(limited(0..=1));
    let a = ada.add_verified(email("a@example.com"));
    ada.replace(a, email("b@example.com")).done();
    ada.remove(a).done();
    assert_eq!(ada.add(email("c@example.com")).refused(), Refusal::TooMany(Channel::Email));
}

#[test]
fn a_holder_keeps_as_many_verified_addresses_of_a_kind_as_the_policy_says() {
    let mut ada = given_under(limited(2..=50));
    let [a, b, c] = ["a@example.com", "b@example.com", "c@example.com"].map(|text| ada.add_verified(email(text)));
    let open = ada.add(email("open@example.com")).done();
    let number = ada.add_verified(phone("+441514960453"));
    ada.remove(a).done();
    assert_eq!(ada.remove(b).refused(), Refusal::TooFew(Channel::Email));
    ada.remove(open).done();
    ada.remove(number).done();
    ada.replace(b, email("d@example.com")).done();
    ada.admin(|user, context| user.remove(b, context)).done();
    assert_eq!(ada.remove(c).refused(), Refusal::TooFew(Channel::Email), "also of fewer");
}

#[test]
fn users_who_have_more_or_fewer_stay_as_they_are() {
    let mut ada = given();
    let ids = ["a@example.com", "b@example.com", "c@example.com"].map(|text| ada.add_verified(email(text)));
    ada.bench.policy = limited(1..=1);
    ada.replace(ids[0], email("d@example.com")).done();
    ada.remove(ids[1]).done();
    let record = UserRecord::from(&ada.user);
    ada.admin(|_, context| User::import(&record, context)).done();
}

#[test]
fn limits_that_contradict_each_other_do_not_build() {
    for (limits, least, most) in [(0..=0, 0, 0), (0..=51, 0, 51), (RangeInclusive::new(3, 2), 3, 2)] {
        assert_eq!(LimitPolicy::default().with(Channel::Phone, limits), Err(DangerousPolicy::Limits { least, most }));
    }
    assert_eq!(LimitPolicy::default().with(Channel::Phone, 0..=50), Ok(LimitPolicy::default()));
    assert_eq!(limited(1..=1).limit().of(Channel::Phone), 0..=50);
}
