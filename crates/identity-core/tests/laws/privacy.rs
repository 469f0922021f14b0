//! c15: what may reach a log shows no code, no key, no unmasked address. (What `Display` of an address shows is the
//! address: it is the value's own text, never part of an error.)

use std::fmt::Debug;
use std::sync::Arc;

use identity_core::record::{IdentifierRecord, Typed, VerifiedRecord};
use identity_core::{
    Address, Answer, Binding, Book, Change, Channel, Claim, ClaimChanges, Code, CodeFormat, CodeKeys, DangerousPolicy,
    Email, JsonObject, NewAddress, NewUser, Phone, Policy, Profile, ProfileChange, ProofBy, Purpose, RestrictionPolicy,
    Retired, Seed, SendPolicy, Strength, UserRecord, Username, Verification,
};
use serde_json::{Map, json};

use crate::kit::{email, given, phone, staff};

/// Parts of addresses, names and keys that must not be printed: all that a mask hides.
const HIDDEN: [&str; 9] = ["canary", "Canary", "CANARY", "400123", "7400", "636e6172", "07, 07", "7, 7, 7", "BwcHBwcH"];

#[track_caller]
fn silent(what: &str, value: &impl Debug) {
    for text in [format!("{value:?}"), format!("{value:#?}")] {
        for hidden in HIDDEN {
            assert!(!text.contains(hidden), "{what} shows {hidden}: {text}");
        }
    }
}

fn members() -> Map<String, serde_json::Value> {
    Map::from_iter([
        ("email".to_owned(), json!("ucanary@example.com")),
        ("phone_number".to_owned(), json!(["+447400123456"])),
    ])
}

#[test]
fn c15_no_value_shows_an_address_a_code_or_a_key() {
    let mail = email("Ucanary@example.com");
    let line = phone("+44 (0)7400 123456");
    let name = Username::parse("ucanary").unwrap();
    silent("Email", &Email::parse("ucanary@example.com").unwrap());
    silent("Phone", &Phone::parse("+447400123456").unwrap());
    silent("Address", &[&mail, &line]);
    silent("Username", &name);
    silent("ClaimKey", &[mail.claim_key(), line.claim_key(), name.claim_key()]);
    silent("Typed", &[Typed("ucanary@example.com".into()), Typed("+44 7400 123456".into()), Typed("ucanary".into())]);
    let claim = Claim { key: mail.claim_key(), strength: Strength::Verified };
    silent("Claim", &claim);
    silent("ClaimChanges", &ClaimChanges { take: vec![claim], release: vec![line.claim_key()] });
    silent("Retired", &Retired { key: line.claim_key(), attempts: Default::default() });
    silent("Code", &Code::parse("canary").unwrap());
    silent("Seed", &Seed::new([7; 32]));
    silent("Nonce", &identity_core::Nonce::from_bytes([7; 16]));
    silent("CodeKeys", &CodeKeys::parse(&"07".repeat(32)).unwrap());
    silent("NewAddress", &[NewAddress::from(mail.clone()), NewAddress::from(line.clone()).verified()]);
    let object = JsonObject::new(members()).unwrap();
    silent("JsonObject", &object);
    let profile = Profile { claims: Arc::new(object.clone()), ..Profile::default() };
    silent("Profile", &profile);
    let change = ProfileChange { claims: members(), public_data: members(), private_data: members() };
    silent("ProfileChange", &change);
    let new = NewUser { username: Some(name), addresses: vec![mail.clone().into()], profile, ..NewUser::default() };
    silent("NewUser", &new);
    silent("Reported", &identity_core::Reported { members: Arc::new(object) });
    let bench = given().bench;
    let user = identity_core::UserId::parse("u").unwrap();
    let binding = Binding {
        key: bench.keys.current(),
        tenant: &bench.tenant,
        user: &user,
        identifier: identity_core::IdentifierId::from_uuid(uuid::Uuid::nil()),
        address: "ucanary@example.com",
        purpose: Purpose::Verification,
        nonce: &identity_core::Nonce::from_bytes([7; 16]),
    };
    silent("Binding", &binding);
    silent("Binding", &Binding { address: "+447400123456", ..binding });
    let format = CodeFormat::new(6, identity_core::Alphabet::Digits).unwrap();
    let code = bench.keys.code(&binding, format).unwrap();
    assert_eq!(format!("{code:?} {:?}", bench.keys.link(&binding).unwrap()), "[redacted] [redacted]");
    assert_eq!(format!("{:?}", Answer::Code(&code)), "Code([redacted])");
}

#[test]
fn c15_no_policy_shows_the_addresses_on_its_lists() {
    let builder = RestrictionPolicy::builder()
        .block_address("ucanary@example.com")
        .block_address("+447400123456")
        .allow_address("ucanary@example.org");
    silent("RestrictionPolicyBuilder", &builder);
    let policy = builder.build().unwrap();
    silent("RestrictionPolicy", &policy);
    let policy = Policy::default().with_restriction(policy).with_send(SendPolicy::default());
    silent("Policy", &policy);
    let mut bench = crate::kit::Bench::new(policy);
    bench.on(&staff(), |context| silent("Context", context));
    for refused in [
        RestrictionPolicy::builder().block_domain("ucanary@example.com").build(),
        RestrictionPolicy::builder().block_prefix("+44 7400 123456").build(),
        RestrictionPolicy::builder().block_address("+44 7400 123456").build(),
    ] {
        let refused: DangerousPolicy = refused.unwrap_err();
        silent("DangerousPolicy", &refused);
        silent("DangerousPolicy", &format_args!("{refused}"));
    }
    // A misspelt entry that is not an address is shown, so that it can be found.
    let refused = RestrictionPolicy::builder().block_domain("exa mple.com").build().unwrap_err();
    assert!(refused.to_string().contains("exa mple.com"), "{refused}");
}

#[test]
fn c15_a_user_and_everything_that_happens_to_it_are_masked() {
    let mut ada = given();
    let old = ada.add_verified(email("Ucanary@example.com"));
    let line = ada.add(phone("+44 (0)7400 123456")).done();
    let request = Verification { proof: ProofBy::Either, ..Verification::default() };
    ada.holder(|user, context| user.start_verification(line, &request, context)).done();
    let (code, link) = (ada.code(line), ada.link(line));
    let issued = ada.admin(|user, context| user.issue_code(line, context));
    silent("Issued", &issued.result);
    ada.wrong(line).done();
    ada.replace(old, email("ucanary2@example.com")).done();
    let name = Username::parse("ucanary").unwrap();
    ada.holder(|user, context| user.set_username(&name, None, context)).done();
    let change = ProfileChange { claims: members(), ..ProfileChange::default() };
    ada.admin(|user, context| user.change_profile(&change, context)).done();
    ada.remove(line).done();
    silent("User", &ada.user);
    silent("events", &ada.history);
    silent("messages", &ada.post);
    silent("claims", &ada.user.claims(Default::default()));
    silent("UserRecord", &UserRecord::from(&ada.user));
    let canonical = ada.user.identifiers().map(|entry| Typed(entry.address.as_str().to_owned())).collect();
    let imported = Change::Imported { record: Box::new(UserRecord::from(&ada.user)), canonical };
    silent("Imported", &imported);
    for text in [format!("{:?}", ada.history), format!("{:?}", ada.post), format!("{:?}", ada.user)] {
        assert!(!text.contains(code.reveal()) && !text.contains(&link.reveal()));
    }
    assert!(ada.user.retired().len() == 1 && format!("{:?}", ada.user).contains("u***@example.com"));
}

#[test]
fn c15_no_error_shows_what_was_given() {
    let long = format!("{}@example.com", "canary".repeat(60));
    for text in ["canary", "canary@", "@canary", "canary canary@example.com", "canary@-canary.com", &long] {
        if let Err(error) = Email::parse(text) {
            silent("EmailError", &(format!("{error}"), error));
        }
    }
    for text in ["7400123456", "+447400123456123456", "+447400CANARY", "tel:canary", "+44 7400 123456 ext 7"] {
        if let Err(error) = Phone::parse(text) {
            silent("PhoneError", &(format!("{error}"), error));
        }
    }
    for text in ["canary canary", "canary\u{0}", &"canary".repeat(100)] {
        let error = Username::parse(text).unwrap_err();
        silent("UsernameError", &(format!("{error}"), error));
    }
    for text in ["canary", "07070707", &format!("canary!:{}", "07".repeat(32)), &"canary".repeat(40)] {
        let error = CodeKeys::parse(text).unwrap_err();
        silent("KeyError", &(format!("{error}"), error));
    }
    let error = Code::parse(&"canary".repeat(10)).unwrap_err();
    silent("CodeError", &(format!("{error}"), error));
    let error = identity_core::LinkToken::parse("canary!").unwrap_err();
    silent("LinkError", &(format!("{error}"), error));
    silent("Inconsistent", &Address::restore(Channel::Email, "canary", "canary").unwrap_err());
    silent("Inconsistent", &Book::restore(Channel::Phone, vec![given_entry()], None).unwrap_err());
    let stored = r#"{"v":1,"at":1,"actor":"holder","change":{"type":"added","id":"00000000-0000-0000-0000-000000000000",
        "address":{"channel":"email","address":"canary","typed":"canary"}}}"#;
    let error = serde_json::from_str::<identity_core::Event>(stored).unwrap_err();
    silent("a damaged event", &(format!("{error}"), error));
}

fn given_entry() -> identity_core::Identifier {
    let mut ada = given();
    let id = ada.add(email("ucanary@example.com")).done();
    ada.entry(id).clone()
}

#[test]
fn c15_no_refusal_of_an_import_shows_the_address() {
    let mut ada = given();
    let record = |text: &str, primary| IdentifierRecord {
        id: None,
        address: Typed(text.to_owned()),
        primary,
        verified: Some(VerifiedRecord { at: None, by: None, source: None }),
        source: None,
        unrestricted: false,
        added_at: None,
        undeliverable: None,
        label: None,
    };
    let whole = UserRecord::from(&ada.user);
    for (emails, phones) in [
        (vec![record("canary canary", false)], vec![]),
        (vec![record("ucanary@example.com", true), record("u2canary@example.com", true)], vec![]),
        (vec![record("ucanary@example.com", false), record("UCANARY@example.com", false)], vec![]),
        (vec![], vec![record("07400 123456", false)]),
        (vec![], vec![record("+449012345678", false)]),
    ] {
        let record = UserRecord { emails, phones, ..whole.clone() };
        silent("UserRecord", &record);
        let refused = ada.bench.on(&staff(), |context| identity_core::User::import(&record, context)).unwrap_err();
        silent("Refusal", &refused);
        silent("Refusal", &format_args!("{refused}"));
        silent("PublicRefusal", &refused.public());
    }
}
