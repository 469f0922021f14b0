//! Policies: the defaults are safe, and a dangerous policy does not build and says why.

use std::time::Duration;

use identity_core::policy::{
    Budget, By, DisposableDomains, Election, Mode, Resend, SharedPolicy, Succession, VerificationPolicyBuilder,
};
use identity_core::{
    Address, Alphabet, BudgetKind, ClaimPolicy, CodeFormat, DangerousPolicy, NewAddress, NumberType, Policy,
    PrimaryPolicy, Refusal, Restriction, RestrictionPolicy, SendPolicy, VerificationPolicy,
};

use crate::kit::{email, given_under, phone, secs};

#[test]
fn the_defaults_are_as_documented() {
    let policy = Policy::default();
    let primary = policy.primary();
    assert_eq!(
        (primary.unverified(), primary.election(), primary.succession(), primary.last_verified()),
        (By::Nobody, Election::FirstVerified, Succession::OldestVerified, By::Administrator)
    );
    assert_eq!(policy.claim(), ClaimPolicy::Verified);
    let codes = policy.verification();
    assert_eq!((codes.format().length(), codes.tries(), codes.resend()), (6, 5, Resend::SameCode));
    assert_eq!((codes.failures_a_day(), codes.failures_in_a_row()), (20, 100));
    assert_eq!((codes.resend_wait(), codes.sends_per_window(), codes.window()), (secs(30), 5, secs(600)));
    assert_eq!(
        (codes.sends_a_day(), codes.guesses(), codes.resend_percent()),
        (10, Budget::new(100, secs(86_400)), 50)
    );
    let send = policy.send();
    assert_eq!(*send.address(), [Budget::new(5, secs(600)), Budget::new(10, secs(86_400))]);
    assert_eq!(send.block(), Some(Budget::new(20, secs(3_600))));
    assert_eq!((send.country(), send.tenant(), send.notices()), (None, None, Budget::new(20, secs(86_400))));
    assert_eq!(
        (send.loss_notices(), send.reserve()),
        (Budget::new(20, secs(86_400)), Some(Budget::new(3, secs(86_400))))
    );
    assert_eq!((send.country_money(), send.tenant_money(), send.conversion()), (None, None, None));
}

#[test]
fn a_primary_policy_that_lets_a_holder_name_somebody_elses_address_does_not_build() {
    let refused = PrimaryPolicy::builder().unverified(By::Anyone).build();
    assert_eq!(refused, Err(DangerousPolicy::UnverifiedPrimary));
    for by in [By::Nobody, By::Administrator] {
        assert_eq!(PrimaryPolicy::builder().unverified(by).build().unwrap().unverified(), by);
    }
    for last in [By::Nobody, By::Administrator, By::Anyone] {
        let policy = PrimaryPolicy::builder().last_verified(last).election(Election::Nobody);
        let policy = policy.succession(Succession::Nobody).build().unwrap();
        assert_eq!(
            (policy.last_verified(), policy.election(), policy.succession()),
            (last, Election::Nobody, Succession::Nobody)
        );
    }
}

#[test]
fn a_verification_policy_without_limits_does_not_build() {
    let zero = |what: &str, refused: Result<VerificationPolicy, DangerousPolicy>| {
        assert!(matches!(refused, Err(DangerousPolicy::Zero(_))), "{what}");
    };
    let builder = VerificationPolicy::builder;
    zero("e-mail life", builder().email_life(Duration::ZERO).build());
    zero("phone life", builder().phone_life(Duration::ZERO).build());
    zero("tries", builder().tries(0).build());
    zero("failures a day", builder().failures(0, 100).build());
    zero("failures in a row", builder().failures(20, 0).build());
    zero("sends in the window", builder().sends(0, secs(600), 10).build());
    zero("sends a day", builder().sends(5, secs(600), 0).build());
    zero("the window", builder().sends(5, Duration::ZERO, 10).build());
    for (per_window, window, a_day) in [(101, 600, 10), (5, 600, 101), (5, 86_401, 10), (5, u64::MAX, 10)] {
        let refused = builder().sends(per_window, secs(window), a_day).build();
        assert_eq!(refused, Err(DangerousPolicy::UnlimitedSends), "{per_window} in {window} s, {a_day} a day");
    }
    assert!(builder().sends(100, secs(86_400), 100).build().is_ok());
}

#[test]
fn a_send_policy_without_budgets_for_addresses_does_not_build() {
    let good = Budget::new(5, secs(600));
    for empty in [Budget::new(0, secs(600)), Budget::new(5, Duration::ZERO)] {
        for builder in [
            SendPolicy::builder().address(empty, good),
            SendPolicy::builder().address(good, empty),
            SendPolicy::builder().block(Some(empty)),
            SendPolicy::builder().country(Some(empty)),
            SendPolicy::builder().tenant(Some(empty)),
            SendPolicy::builder().notices(empty),
            SendPolicy::builder().loss_notices(empty),
            SendPolicy::builder().reserve(Some(empty)),
            SendPolicy::builder().country_money(Some(empty)),
            SendPolicy::builder().tenant_money(Some(empty)),
        ] {
            assert_eq!(builder.build(), Err(DangerousPolicy::Zero("a budget")));
        }
    }
    for open in [Budget::new(101, secs(600)), Budget::new(5, secs(59)), Budget::new(u64::MAX, secs(600))] {
        for builder in [
            SendPolicy::builder().address(open, good),
            SendPolicy::builder().address(good, open),
            SendPolicy::builder().notices(open),
            SendPolicy::builder().loss_notices(open),
            SendPolicy::builder().reserve(Some(open)),
        ] {
            assert_eq!(builder.build(), Err(DangerousPolicy::UnlimitedSends));
        }
        // Blocks, countries and tenants may have larger budgets.
        let wide = SendPolicy::builder().block(Some(open)).country(Some(open)).tenant(Some(open)).build().unwrap();
        assert_eq!((wide.block(), wide.country(), wide.tenant()), (Some(open), Some(open), Some(open)));
    }
    let edge = Budget::new(100, secs(60));
    let widest = SendPolicy::builder().address(edge, edge).notices(edge).loss_notices(edge).reserve(Some(edge));
    let widest = widest.build().unwrap();
    assert_eq!(
        (*widest.address(), widest.notices(), widest.loss_notices(), widest.reserve()),
        ([edge; 2], edge, edge, Some(edge))
    );
    for kind in BudgetKind::ALL {
        let of_one = ["address", "address_long", "notices", "loss_notices", "reserve"].contains(&kind.as_str());
        let recorded = SendPolicy::builder().record_only([kind]).build();
        assert_eq!(recorded.is_err(), of_one, "{kind:?}");
        assert!(recorded.is_err() || recorded.is_ok_and(|policy| policy.is_recorded(kind)));
    }
    assert_eq!(SendPolicy::builder().block(None).build().unwrap().block(), None);
    assert_eq!(SendPolicy::builder().build().unwrap(), SendPolicy::default());
}

#[test]
fn a_policy_of_all_tenants_without_budgets_does_not_build() {
    let (day, hour) = (secs(86_400), secs(3_600));
    let policy = SharedPolicy::default();
    assert_eq!((policy.address(), policy.block()), (Budget::new(20, day), Some(Budget::new(60, hour))));
    for empty in [Budget::new(0, day), Budget::new(20, Duration::ZERO)] {
        for builder in [SharedPolicy::builder().address(empty), SharedPolicy::builder().block(Some(empty))] {
            assert_eq!(builder.build(), Err(DangerousPolicy::Zero("a budget")));
        }
    }
    let tight = SharedPolicy::builder().address(Budget::new(1, hour)).block(Some(Budget::new(2, day))).build().unwrap();
    assert_eq!((tight.address(), tight.block()), (Budget::new(1, hour), Some(Budget::new(2, day))));
    assert_eq!(SharedPolicy::builder().block(None).build().unwrap().block(), None);
}

#[test]
fn a_restriction_that_its_list_cannot_hold_does_not_build() {
    let builder = RestrictionPolicy::builder;
    for (what, refused) in [
        ("address", builder().allow_address("ada").build()),
        ("address", builder().block_address("ada@").build()),
        ("address", builder().block_address("01514 960453").build()),
        ("address", builder().block_address("+44 1514 960453").build()),
        ("domain", builder().allow_domain("").build()),
        ("domain", builder().block_domain("exa mple.com").build()),
        ("domain", builder().block_domain("ada@example.com").build()),
        ("domain", builder().block_domain("*.example.com").build()),
        ("prefix", builder().allow_prefix("4420").build()),
        ("prefix", builder().block_prefix("+").build()),
        ("prefix", builder().block_prefix("+44 20").build()),
        ("prefix", builder().block_prefix("+1234567890123456").build()),
        ("country", builder().allow_country("GBR").build()),
        ("country", builder().block_country("XX").build()),
        ("country", builder().block_country("").build()),
        ("domain", builder().block_domain("a b").block_prefix("+44").block_country("XX").build()),
    ] {
        let refused = refused.unwrap_err();
        let DangerousPolicy::Entry { what: named, .. } = &refused else { panic!("{refused:?}") };
        assert!(named.contains(what) || what == "address" && named.contains("E.164"), "{refused}");
    }
}

fn verdict(policy: &RestrictionPolicy, address: &Address) -> Option<Restriction> {
    policy.restricts(address)
}

#[test]
fn block_lists_keep_out_what_they_name_and_nothing_else() {
    let policy = RestrictionPolicy::builder()
        .block_address("Eve@example.com")
        .block_address("+441514960453")
        .block_domain("b\u{FC}cher.example")
        .block_domain(".test")
        .block_prefix("+3361")
        .block_country("DE")
        .build()
        .unwrap();
    for (text, expected) in [
        ("eve@EXAMPLE.com", Some(Restriction::Address)),
        ("eve@mail.example.com", None),
        ("a@xn--bcher-kva.example", Some(Restriction::Domain)),
        ("a@shop.b\u{FC}cher.example", Some(Restriction::Domain)),
        ("a@notxn--bcher-kva.example", None),
        ("a@anything.test", Some(Restriction::Domain)),
        ("a@test.example.com", None),
    ] {
        let Ok(parsed) = identity_core::Email::parse(text) else { continue };
        assert_eq!(verdict(&policy, &parsed.into()), expected, "{text}");
    }
    for (text, expected) in [
        ("+441514960453", Some(Restriction::Address)),
        ("+441514960454", None),
        ("+33612345678", Some(Restriction::Prefix)),
        ("+33756789012", None),
        ("+4915123456789", Some(Restriction::Country)),
    ] {
        assert_eq!(verdict(&policy, &phone(text)), expected, "{text}");
    }
}

#[test]
fn an_email_address_that_begins_with_a_plus_sign_is_listed_as_an_email_address() {
    let blocked = RestrictionPolicy::builder().block_address("+spam@example.com").build().unwrap();
    assert_eq!(verdict(&blocked, &email("+SPAM@example.com")), Some(Restriction::Address));
    assert_eq!(verdict(&blocked, &email("spam@example.com")), None);
    let allowed = RestrictionPolicy::builder().allow_address("+44@example.com").build().unwrap();
    assert_eq!(verdict(&allowed, &email("+44@example.com")), None);
    assert_eq!(verdict(&allowed, &email("ada@example.com")), Some(Restriction::NotAllowed));
    assert_eq!(verdict(&allowed, &phone("+441514960453")), None, "there is no allow list for phones here");
}

#[test]
fn an_allow_list_binds_its_own_kind_and_yields_to_the_block_list() {
    let policy = RestrictionPolicy::builder()
        .allow_domain("example.com")
        .allow_address("boss@example.org")
        .block_address("eve@example.com")
        .build()
        .unwrap();
    assert_eq!(verdict(&policy, &email("ada@mail.example.com")), None);
    assert_eq!(verdict(&policy, &email("boss@example.org")), None);
    assert_eq!(verdict(&policy, &email("ada@example.org")), Some(Restriction::NotAllowed));
    assert_eq!(verdict(&policy, &email("eve@example.com")), Some(Restriction::Address));
    assert_eq!(verdict(&policy, &phone("+441514960453")), None, "there is no allow list for phones here");
    let policy = RestrictionPolicy::builder().allow_country("GB").allow_prefix("+336").build().unwrap();
    assert_eq!(verdict(&policy, &phone("+441514960453")), None);
    assert_eq!(verdict(&policy, &phone("+33612345678")), None);
    assert_eq!(verdict(&policy, &phone("+4915123456789")), Some(Restriction::NotAllowed));
    assert_eq!(verdict(&policy, &email("ada@example.org")), None);
    let [prefixes, countries] =
        [RestrictionPolicy::builder().allow_prefix("+336"), RestrictionPolicy::builder().allow_country("FR")];
    for policy in [prefixes.build().unwrap(), countries.build().unwrap()] {
        assert_eq!(verdict(&policy, &phone("+33612345678")), None);
        assert_eq!(verdict(&policy, &phone("+441514960453")), Some(Restriction::NotAllowed), "one list is enough");
    }
}

#[test]
fn an_entry_that_may_be_somebodys_address_is_not_repeated() {
    for (entry, shown) in [("+44151x", true), ("441514", true), ("4415149", false), ("+44 151 49604", false)] {
        let refused = RestrictionPolicy::builder().block_prefix(entry).build().unwrap_err();
        let DangerousPolicy::Entry { entry: named, .. } = refused else { panic!("{refused:?}") };
        assert_eq!(named == entry, shown, "{named}");
    }
}

#[test]
fn the_last_alphabet_and_length_of_a_code_count() {
    let format = |builder: VerificationPolicyBuilder| builder.build().unwrap().format();
    let builder = VerificationPolicy::builder;
    assert_eq!(format(builder().letters(8).digits(7)), CodeFormat::new(7, Alphabet::Digits).unwrap());
    assert_eq!(format(builder().digits(7).letters(8)), CodeFormat::new(8, Alphabet::Letters).unwrap());
}

#[test]
fn an_allow_list_of_whole_addresses_keeps_all_others_of_its_kind_out() {
    for (listed, other, of_the_other_kind) in [
        (email("boss@example.org"), email("ada@example.org"), phone("+441514960453")),
        (phone("+441514960453"), phone("+441514960454"), email("ada@example.org")),
    ] {
        let policy = RestrictionPolicy::builder().allow_address(listed.as_str()).build().unwrap();
        assert_eq!(verdict(&policy, &listed), None);
        assert_eq!(verdict(&policy, &other), Some(Restriction::NotAllowed));
        assert_eq!(verdict(&policy, &of_the_other_kind), None, "there is no allow list for this kind");
    }
}

#[test]
fn numbers_that_cost_money_or_reach_no_person_are_refused_by_default() {
    let policy = RestrictionPolicy::default();
    for (text, number_type, refused) in [
        ("+441514960453", NumberType::FixedLine, false),
        ("+447400123456", NumberType::Mobile, false),
        ("+449012345678", NumberType::PremiumRate, true),
        ("+39848123456", NumberType::SharedCost, true),
        ("+447640123456", NumberType::Pager, true),
        ("+445512345678", NumberType::Uan, true),
        ("+49177991234567", NumberType::Voicemail, true),
    ] {
        let address = phone(text);
        let Address::Phone(number) = &address else { panic!("{text}") };
        assert_eq!(number.number_type(), number_type, "{text}");
        assert_eq!(verdict(&policy, &address), refused.then_some(Restriction::NumberType), "{text}");
    }
    let open = RestrictionPolicy::builder().refuse_types(&[]).build().unwrap();
    assert_eq!(verdict(&open, &phone("+449012345678")), None);
}

#[test]
fn every_refusal_of_a_builder_says_what_to_do() {
    for refusal in [
        DangerousPolicy::WeakCode { bits: 16.6 },
        DangerousPolicy::CodeLength,
        DangerousPolicy::Failures(101),
        DangerousPolicy::Zero("a budget"),
        DangerousPolicy::PhoneLife,
        DangerousPolicy::EmailLife,
        DangerousPolicy::UnverifiedPrimary,
        DangerousPolicy::UnlimitedSends,
        DangerousPolicy::Entry { what: "domain", entry: "a b".to_owned() },
    ] {
        assert!(refusal.to_string().len() > 10, "{refusal:?}");
    }
}

#[test]
fn a_list_of_disposable_domains_has_a_date_and_names_domains() {
    for date in ["2026-11-21", "2024-02-29", "2000-02-29", "0001-01-31", "2026-02-28"] {
        assert_eq!(DisposableDomains::new(date, ["trash.example"]).unwrap().date(), date);
    }
    let none = [
        "",
        "2026-11-31",
        "2026-13-01",
        "2026-00-10",
        "2025-02-29",
        "2026-02-30",
        "1900-02-29",
        "2026-11-00",
        "21.11.2026",
        "2026-1-21",
    ];
    for date in none.into_iter().chain(["2026-11-2\u{661}", "2026-11-211", "+026-11-21", "2026/11/21"]) {
        let refused = DisposableDomains::new(date, ["trash.example"]);
        assert!(matches!(&refused, Err(DangerousPolicy::Entry { what, .. }) if what.contains("date")), "{date}");
    }
    for domain in ["", "a b", "ada@example.com", "*.example.com"] {
        let refused = DisposableDomains::new("2026-11-21", ["trash.example", domain]);
        assert!(matches!(refused, Err(DangerousPolicy::Entry { what: "domain", .. })), "{domain}");
    }
}

#[test]
fn a_list_of_disposable_domains_refuses_or_records() {
    let list = || DisposableDomains::new("2026-11-21", ["Trash.example", ".b\u{FC}cher.example"]).unwrap();
    let with = |mode| RestrictionPolicy::builder().disposable(list(), mode).build().unwrap();
    let (refusing, recording) = (with(Mode::Refuse), with(Mode::Record));
    for (text, entry) in [
        ("a@trash.example", Some("trash.example")),
        ("a@MX.trash.EXAMPLE", Some("trash.example")),
        ("a@xn--bcher-kva.example", Some("b\u{FC}cher.example")),
        ("a@nottrash.example", None),
        ("a@example.com", None),
    ] {
        let address = email(text);
        let said = recording.disposable(&address);
        let same = |entry: &str, said: &str| entry == said || said.starts_with("xn--");
        assert!(said.as_ref().map(|listed| listed.entry).zip(entry).is_none_or(|(said, entry)| same(entry, said)));
        assert_eq!((said.is_some(), verdict(&recording, &address)), (entry.is_some(), None), "{text}");
        assert!(said.is_none_or(|listed| (listed.date, listed.mode) == ("2026-11-21", Mode::Record)), "{text}");
        assert_eq!(verdict(&refusing, &address), entry.map(|_| Restriction::Disposable), "{text}");
    }
    assert_eq!(verdict(&refusing, &phone("+441514960453")), None);
    // Nothing is listed by default, and a block list refuses whatever is only recorded.
    assert_eq!(RestrictionPolicy::default().disposable(&email("a@trash.example")), None);
    let both = RestrictionPolicy::builder().block_domain("trash.example").disposable(list(), Mode::Record);
    assert_eq!(verdict(&both.build().unwrap(), &email("a@trash.example")), Some(Restriction::Domain));
}

#[test]
fn a_holder_is_not_told_that_a_domain_is_listed_and_an_administrator_sets_the_list_aside() {
    let list = DisposableDomains::new("2026-11-21", ["trash.example"]).unwrap();
    let refusing = RestrictionPolicy::builder().disposable(list, Mode::Refuse).build().unwrap();
    let mut ada = given_under(Policy::default().with_restriction(refusing));
    let refused = ada.add(email("ada@trash.example")).refused();
    assert_eq!(refused, Refusal::Restricted(Restriction::Disposable));
    assert_eq!(refused.public(), identity_core::PublicRefusal::Unavailable);
    ada.admin(|user, context| user.add(&NewAddress::from(email("ada@trash.example")).unrestricted(), context)).done();
}
