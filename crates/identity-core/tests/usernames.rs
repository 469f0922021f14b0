//! The laws of usernames, numbered as in the checklist.

#[path = "kit/corpora.rs"]
mod corpora;
#[path = "kit/naughty.rs"]
mod naughty;
#[path = "kit/twins.rs"]
mod twins;

use std::collections::HashSet;
use std::time::{Duration, Instant};

use identity_core::address::{CharacterError, ClaimKind, Username, UsernameError};
use proptest::prelude::*;

use corpora::corpus;
use naughty::naughty;
use twins::ascii_twins;

fn parse(text: &str) -> Username {
    Username::parse(text).unwrap_or_else(|error| unreachable!("{text:?}: {error}"))
}

#[test]
fn a_username_has_1_to_200_characters_in_nfc() {
    assert_eq!(Username::parse(""), Err(UsernameError::Empty));
    assert!(Username::parse("a").is_ok());
    for letter in ["a", "\u{E9}", "e\u{301}", "\u{65E5}", "\u{1F347}"] {
        assert!(Username::parse(&letter.repeat(200)).is_ok(), "{letter}");
        assert_eq!(Username::parse(&letter.repeat(201)), Err(UsernameError::TooLong), "{letter}");
    }
    // U+1D15E is excluded from composition: two characters in NFC.
    assert_eq!(Username::parse(&"\u{1D15E}".repeat(100)).unwrap().as_str().len(), 800);
    assert_eq!(Username::parse(&"\u{1D15E}".repeat(101)), Err(UsernameError::TooLong));
}

#[test]
fn c21_the_key_rule_holds() {
    for (typed, canonical, claim) in [
        ("ada", "ada", "ada"),
        ("Ada.Lovelace", "Ada.Lovelace", "ada.lovelace"),
        ("E\u{301}va", "\u{C9}va", "\u{C9}va"),
        ("\u{C9}VA", "\u{C9}VA", "\u{C9}va"),
        ("T\u{308}", "T\u{308}", "\u{1E97}"),
        ("\u{130}stanbul", "\u{130}stanbul", "\u{130}stanbul"),
        ("\u{FF21}da", "\u{FF21}da", "\u{FF21}da"),
        ("ADA@Example.com", "ADA@Example.com", "ada@example.com"),
        ("\u{1F347}", "\u{1F347}", "\u{1F347}"),
    ] {
        let name = parse(typed);
        assert_eq!((name.typed(), name.as_str()), (typed, canonical));
        let key = name.claim_key();
        assert_eq!((key.kind(), key.rule(), key.as_str()), (ClaimKind::Username, 1, claim));
    }
    let set: HashSet<Username> = ["\u{E9}", "e\u{301}", "E\u{301}"].map(parse).into();
    assert_eq!(set.len(), 2);
}

#[test]
fn what_cannot_be_seen_or_has_no_meaning_is_refused() {
    for (text, reason) in [
        (" a", CharacterError::WhiteSpace),
        ("a ", CharacterError::WhiteSpace),
        ("a b", CharacterError::WhiteSpace),
        ("a\tb", CharacterError::WhiteSpace),
        ("a\u{3000}b", CharacterError::WhiteSpace),
        ("a\0b", CharacterError::Control),
        ("a\u{7F}", CharacterError::Control),
        ("a\u{9C}", CharacterError::Control),
        ("a\u{200B}b", CharacterError::Invisible),
        ("a\u{202E}b", CharacterError::Invisible),
        ("a\u{2066}b", CharacterError::Invisible),
        ("\u{FEFF}a", CharacterError::Invisible),
        ("a\u{AD}b", CharacterError::Invisible),
        ("\u{3164}", CharacterError::Invisible),
        ("\u{E000}", CharacterError::Unassigned),
        ("\u{10FFFF}", CharacterError::Unassigned),
        ("\u{212A}im", CharacterError::AsciiTwin),
        ("\u{301}a", CharacterError::LeadingMark),
    ] {
        assert_eq!(Username::parse(text), Err(UsernameError::Character(reason)), "{text:?}");
    }
}

#[test]
fn c24_no_character_outside_ascii_makes_the_key_of_an_ascii_username() {
    let twins = ascii_twins();
    assert!(twins.len() >= 1391, "{}", twins.len());
    for (c, _) in twins {
        for (before, after) in [("", ""), ("a", "b"), ("A", "Z")] {
            if let Ok(name) = Username::parse(&format!("{before}{c}{after}")) {
                assert!(!name.claim_key().as_str().is_ascii(), "U+{:04X}", u32::from(c));
                assert!(name.as_str().contains(c), "U+{:04X}", u32::from(c));
            }
        }
    }
}

#[test]
fn c25_one_value_is_one_username() {
    for json in [r#"["a","b"]"#, r#"["a"]"#, r#"{"name":"a"}"#, "null", "1", "\"\"", r#""a\nb""#, r#""a b""#] {
        assert!(serde_json::from_str::<Username>(json).is_err(), "{json}");
    }
}

fn no_control_character_is_smuggled(texts: &[String]) {
    assert!(texts.len() > 500);
    for name in texts.iter().filter_map(|text| Username::parse(text).ok()) {
        assert!(!name.as_str().chars().any(|c| c.is_control() || c.is_whitespace()));
    }
}

#[test]
fn c26_naughty_strings_never_smuggle_a_control_character() {
    no_control_character_is_smuggled(&naughty());
}

#[test]
#[ignore = "reads the folder that IDENTITY_CORPORA names"]
fn corpora_c26_naughty_strings_never_smuggle_a_control_character() {
    no_control_character_is_smuggled(&serde_json::from_str::<Vec<String>>(&corpus("blns.json")).unwrap());
}

#[test]
fn c31_a_mixed_script_username_is_flagged_and_never_merged() {
    let (latin, mixed) = (parse("paypal"), parse("p\u{430}ypal"));
    assert!(!latin.is_confusable() && mixed.script_flags().mixed_script && mixed.script_flags().ascii_lookalike);
    assert_ne!(latin.claim_key(), mixed.claim_key());
    assert_eq!(latin.skeleton(), mixed.skeleton());
    assert!(!parse("\u{44E}\u{437}\u{435}\u{440}").is_confusable());
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the law is about time: the least of five runs")]
fn c32_length_is_checked_before_any_normalisation() {
    for unit in ["a", "e\u{301}", "\u{1D15E}", "\u{300}"] {
        let text = unit.repeat((1 << 20) / unit.len());
        let least = (0..5)
            .map(|_| {
                let start = Instant::now();
                assert_eq!(Username::parse(&text), Err(UsernameError::TooLong));
                start.elapsed()
            })
            .min();
        assert!(least < Some(Duration::from_millis(1)), "{least:?}");
    }
}

#[test]
fn c46_names_that_read_as_an_address_are_told() {
    for name in [
        "ada@example.com",
        "@ada",
        "a@",
        "ada\u{FF20}example.com",
        "ada\u{FE6B}example",
        "+4",
        "+441514960453",
        "+44-1514-960453",
        "(+44)1514960453",
        "\u{FF0B}44",
        "00441514960453",
        "123456",
        "0151.496-0453",
        "(0151)4960453",
        "(0151)\u{2013}4960453",
        "\u{661}\u{662}\u{663}\u{664}\u{665}\u{666}",
        "\u{FF11}\u{FF12}\u{FF13}\u{FF14}\u{FF15}\u{FF16}",
        "tel:123",
        "TEL:+44-1514",
    ] {
        assert!(parse(name).looks_like_address(), "{name}");
    }
    for name in
        ["ada", "12345", "r2d2", "ada1234567", "+ada", "+", "-", "1-2-3", "12345a6", "tel:ada", "c++", "1+2+3+4+5+6"]
    {
        assert!(!parse(name).looks_like_address(), "{name}");
    }
}

#[test]
fn a_stored_username_outlives_the_rules_it_was_read_by() {
    let name = parse("E\u{301}va");
    let restored = Username::restore(name.as_str(), name.typed()).unwrap();
    assert_eq!((restored.as_str(), restored.typed()), (name.as_str(), name.typed()));
    assert_eq!(Username::restore("a b", "a b").unwrap().as_str(), "a b");
    let long = "a".repeat(5000);
    for (canonical, typed) in
        [("", "a"), ("a", ""), ("a\n", "a"), ("a", "a\0"), (long.as_str(), "a"), ("a", long.as_str())]
    {
        assert_eq!(Username::restore(canonical, typed), Err(UsernameError::Stored));
    }
}

#[test]
fn debug_and_errors_do_not_show_the_name() {
    assert_eq!(format!("{:?}", parse("ada.lovelace")), "a***");
    let error = Username::parse("canary canary").unwrap_err();
    assert!(!format!("{error} {error:?}").contains("canary"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn c27_the_canonical_form_is_idempotent_and_round_trips(
        text in prop_oneof![any::<String>(), "[A-Za-z0-9@.+\u{C0}-\u{17F}\u{300}-\u{308}\u{1E00}-\u{1FFF}]{1,20}"]
    ) {
        if let Ok(name) = Username::parse(&text) {
            prop_assert_eq!(name.typed(), text.as_str());
            let again = parse(name.as_str());
            prop_assert_eq!(&again, &name);
            prop_assert_eq!(again.claim_key(), name.claim_key());
            let of_key = parse(name.claim_key().as_str());
            prop_assert_eq!(of_key.claim_key(), name.claim_key());
            let json = serde_json::to_string(&name).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Username>(&json).unwrap(), &name);
            prop_assert_eq!(&name.to_string().parse::<Username>().unwrap(), &name);
            prop_assert_eq!(text.is_ascii(), name.claim_key().as_str().is_ascii());
            let _ = (name.looks_like_address(), name.is_confusable(), name.skeleton());
        }
        let _ = Username::restore(&text, &text);
    }
}
