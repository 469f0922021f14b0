//! The laws of e-mail addresses over texts that nobody thought of.

use identity_core::address::Email;
use proptest::prelude::*;

/// What may not reach a notifier inside an address, in any of its forms.
fn is_clean(email: &Email) -> bool {
    let clean = |text: &str| !text.chars().any(|c| c.is_control() || c.is_whitespace());
    clean(email.as_str()) && clean(email.typed()) && clean(email.claim_key().as_str()) && clean(&email.unicode_domain())
}

/// Text out of the pieces that addresses and attacks on them are made of.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]{1,12}",
        "[a-z0-9-]{1,10}\\.[a-z]{2,5}",
        Just("@".to_owned()),
        Just(".".to_owned()),
        Just("xn--".to_owned()),
        "[\u{80}-\u{24F}\u{300}-\u{45F}\u{5D0}-\u{5F4}\u{660}-\u{6F9}]{1,4}",
        "[\u{1E00}-\u{1FFF}\u{2000}-\u{206F}\u{2100}-\u{21FF}\u{3000}-\u{30FF}\u{FB00}-\u{FFFF}]{1,4}",
        "\\PC{1,4}",
        any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

/// Text that is an address more often than not.
fn likely() -> impl Strategy<Value = String> {
    let local = "[a-zA-Z0-9+_\u{C0}-\u{17F}\u{300}-\u{308}\u{1E00}-\u{1EFF}\u{400}-\u{45F}\u{FF21}-\u{FF5A}]{1,14}";
    let label = "[a-zA-Z\u{E0}-\u{F6}\u{430}-\u{44F}\u{3042}-\u{3093}\u{5D0}-\u{5EA}]{1,8}";
    (local, proptest::collection::vec(label, 2..4)).prop_map(|(local, labels)| format!("{local}@{}", labels.join(".")))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn c26_no_text_panics_or_smuggles(text in prop_oneof![any::<String>(), pieces(), likely()]) {
        if let Ok(email) = Email::parse(&text) {
            prop_assert!(is_clean(&email));
            prop_assert_eq!(email.as_str().matches('@').count(), 1);
            prop_assert!(email.domain().bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.')));
            prop_assert!(email.local_part().len() <= 64 && email.as_str().len() <= 254);
            let _ = (email.is_confusable(), email.skeleton());
        }
        let _ = Email::restore(&text, &text);
    }

    #[test]
    fn c27_the_canonical_form_is_idempotent(text in prop_oneof![pieces(), likely()]) {
        if let Ok(email) = Email::parse(&text) {
            let again = Email::parse(email.as_str());
            prop_assert_eq!(again.as_ref().map(Email::as_str), Ok(email.as_str()));
            prop_assert_eq!(again.map(|e| e.claim_key()), Ok(email.claim_key()));
            let key = email.claim_key();
            let of_key = Email::parse(key.as_str());
            prop_assert_eq!(of_key.as_ref().map(Email::as_str), Ok(key.as_str()));
            prop_assert_eq!(of_key.map(|e| e.claim_key()), Ok(key));
            let readable = format!("{}@{}", email.local_part(), email.unicode_domain());
            prop_assert_eq!(Email::parse(&readable), Ok(email));
        }
    }

    #[test]
    fn c27_serde_display_and_storage_round_trip(text in likely()) {
        if let Ok(email) = Email::parse(&text) {
            let json = serde_json::to_string(&email).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Email>(&json).unwrap(), &email);
            prop_assert_eq!(&email.to_string().parse::<Email>().unwrap(), &email);
            let restored = Email::restore(email.as_str(), email.typed()).unwrap();
            prop_assert_eq!(restored.typed(), text.as_str());
            prop_assert_eq!(restored, email);
        }
    }

    #[test]
    fn c87_the_key_of_a_mailbox_is_an_address_of_that_mailbox(text in prop_oneof![pieces(), likely()]) {
        if let Ok(email) = Email::parse(&text) {
            let key = email.mailbox_key();
            let plain = Email::parse(key.as_str());
            prop_assert_eq!(plain.as_ref().map(Email::mailbox_key), Ok(key.clone()));
            let variant = format!("{}+tag@{}", email.local_part(), email.domain());
            if let Ok(variant) = Email::parse(&variant) {
                prop_assert_eq!(variant.mailbox_key(), key);
            }
        }
    }

    #[test]
    fn c24_a_key_is_ascii_only_where_the_local_part_was(text in prop_oneof![pieces(), likely()]) {
        if let Ok(email) = Email::parse(&text) {
            let typed = text.split('@').next().unwrap_or_default();
            prop_assert_eq!(typed.is_ascii(), email.claim_key().as_str().is_ascii());
        }
    }
}

#[test]
fn the_strategies_make_addresses() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let made = (0..500)
        .filter(|_| {
            let tree = likely().new_tree(&mut runner).unwrap();
            Email::parse(&proptest::strategy::ValueTree::current(&tree)).is_ok()
        })
        .count();
    assert!(made > 50, "{made} of 500");
}
