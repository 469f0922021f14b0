//! What a person is told of refusals and of entries that cannot be read.
#![expect(clippy::unwrap_used, reason = "what cannot be made fails its test")]

use std::collections::BTreeSet;
use std::time::Duration;

use identity_core::address::{CharacterError, LabelError, UnknownRegion};
use identity_core::{
    Address, Channel, Code, CodeError, EmailError, KeyError, LinkError, LinkToken, PhoneError, PublicRefusal, TenantId,
    Timestamp, UsernameError,
};
use identity_texts::BuildError;

use crate::kit::{LANGUAGES, NOW, builder, texts};

fn refusals(retry_at: Timestamp) -> Vec<PublicRefusal> {
    let (what, limit) = ("the locale", "800 bytes");
    vec![
        PublicRefusal::UserNotFound,
        PublicRefusal::IdentifierNotFound,
        PublicRefusal::Duplicate,
        PublicRefusal::Unchanged,
        PublicRefusal::Unavailable,
        PublicRefusal::UsernameTaken,
        PublicRefusal::Resting { until: retry_at },
        PublicRefusal::AlreadyVerified,
        PublicRefusal::NoChallenge,
        PublicRefusal::Expired,
        PublicRefusal::TooManyFailures { retry_at: None },
        PublicRefusal::TooManyFailures { retry_at: Some(retry_at) },
        PublicRefusal::TooSoon { retry_at },
        PublicRefusal::KeyGone,
        PublicRefusal::NotVerified,
        PublicRefusal::DisavowalForged,
        PublicRefusal::DisavowalKeyGone,
        PublicRefusal::DisavowalUsed,
        PublicRefusal::DisavowalOver,
        PublicRefusal::NothingToUndo,
        PublicRefusal::TakenSince,
        PublicRefusal::Contested,
        PublicRefusal::NoContest,
        PublicRefusal::LastVerified,
        PublicRefusal::AdministratorOnly,
        PublicRefusal::Disabled,
        PublicRefusal::TooMany(Channel::Email),
        PublicRefusal::TooMany(Channel::Phone),
        PublicRefusal::TooFew(Channel::Email),
        PublicRefusal::TooFew(Channel::Phone),
        PublicRefusal::UsernameIsAddress,
        PublicRefusal::TooLarge { what, limit },
        PublicRefusal::Nul { what },
        PublicRefusal::Life,
    ]
}

/// Every sentence in a language.
fn sentences(language: &str) -> Vec<(&'static str, String)> {
    let (texts, tenant) = (texts(), TenantId::default());
    let entries = [
        EmailError::CODES,
        CharacterError::CODES,
        PhoneError::CODES,
        UnknownRegion::CODES,
        UsernameError::CODES,
        LabelError::CODES,
        CodeError::CODES,
        LinkError::CODES,
    ];
    let refusals = refusals(NOW + Duration::from_secs(90));
    let told =
        refusals.iter().map(|refusal| (refusal.code(), texts.refusal(&tenant, Some(language), refusal).unwrap()));
    let read =
        entries.into_iter().flatten().map(|code| (*code, texts.parse_error(&tenant, Some(language), code).unwrap()));
    told.chain(read).collect()
}

#[test]
fn every_refusal_and_every_entry_that_cannot_be_read_has_a_sentence_in_every_language() {
    let known: BTreeSet<&str> = refusals(NOW).iter().map(PublicRefusal::code).collect();
    assert_eq!(known, PublicRefusal::CODES.iter().copied().collect(), "this test knows every refusal");
    // What only the host can have done wrong is told without a detail, as what stores and keys say.
    let hosts = ["life", "email_stored", "username_stored"];
    let mut all = BTreeSet::new();
    for language in LANGUAGES {
        let other = texts().parse_error(&TenantId::default(), Some(language), "no such slug").unwrap();
        for (code, sentence) in sentences(language) {
            assert_eq!(sentence == other, hosts.contains(&code), "{language} {code}: {sentence}");
            assert!(
                all.insert((code, sentence.clone())) || code.starts_with("too_many"),
                "{language} {code}: {sentence}"
            );
        }
    }
}

#[test]
fn a_sentence_is_short_complete_and_has_no_technical_word() {
    let technical = [
        "{",
        "}",
        "_",
        "U+",
        "UTF",
        "ASCII",
        "octet",
        "byte",
        "token",
        "label",
        "domain",
        "challenge",
        "null",
        "tenant",
        "locale",
    ];
    for language in LANGUAGES {
        for (code, sentence) in sentences(language) {
            assert!((5..=160).contains(&sentence.chars().count()), "{language} {code}: {sentence}");
            assert!(sentence.ends_with(['.', '。']), "{language} {code}: {sentence}");
            let found = technical.iter().find(|word| sentence.to_lowercase().contains(&word.to_lowercase()));
            assert_eq!(found, None, "{language} {code}: {sentence}");
        }
    }
}

#[test]
fn in_arabic_everything_runs_from_right_to_left() {
    let is_arabic = |c: &char| matches!(c, '\u{600}'..='\u{6ff}');
    for (code, sentence) in sentences("ar") {
        assert!(
            sentence.chars().next().is_some_and(|c| is_arabic(&c)),
            "{code} begins with an Arabic letter: {sentence}"
        );
        let foreign = sentence.chars().find(|c| c.is_alphabetic() && !is_arabic(c));
        assert_eq!(foreign, None, "{code}: a Latin word would turn the sentence around: {sentence}");
    }
}

#[test]
fn a_wait_is_said_with_the_plurals_of_the_language_and_never_too_short() {
    let said = |language, seconds| {
        let retry_at = NOW + Duration::from_secs(seconds);
        texts().refusal(&TenantId::default(), Some(language), &PublicRefusal::TooSoon { retry_at }).unwrap()
    };
    for (language, seconds, part) in [
        ("en", 0, "Wait 1 minute, then"),
        ("en", 60, "Wait 1 minute, then"),
        ("en", 61, "Wait 2 minutes, then"),
        ("en", 3_600, "Wait 1 hour, then"),
        ("en", 10_801, "Wait 4 hours, then"),
        ("en", 172_801, "Wait 3 days, then"),
        ("de", 30, "Warten Sie 1 Minute und"),
        ("de", 7_200, "Warten Sie 2 Stunden und"),
        ("fr", 1, "Attendez 1 minute,"),
        ("fr", 180, "Attendez 3 minutes,"),
        ("es", 86_400, "Espere 24 horas y"),
        ("es", 172_800, "Espere 2 días y"),
        ("ja", 180, "3分間待って"),
        ("ar", 60, "انتظر دقيقة واحدة ثم"),
        ("ar", 120, "انتظر دقيقتين ثم"),
        ("ar", 180, "انتظر 3 دقائق ثم"),
        ("ar", 660, "انتظر 11 دقيقة ثم"),
    ] {
        assert!(said(language, seconds).contains(part), "{language} {seconds}: {}", said(language, seconds));
    }
    let micro = PublicRefusal::TooSoon { retry_at: NOW + Duration::from_micros(60_000_001) };
    let told = texts().refusal(&TenantId::default(), Some("en"), &micro).unwrap();
    assert!(told.contains("2 minutes"), "{told}");
}

#[test]
fn what_the_parsers_say_has_its_sentence_and_what_a_key_says_is_not_for_a_person() {
    let say = |code| texts().parse_error(&TenantId::default(), Some("en"), code).unwrap();
    let address = |text| say(Address::parse(text, None).unwrap_err().code());
    assert_eq!(address("ada@"), "Check the part of the e-mail address after the @ sign.");
    assert_eq!(address("ada @example.com"), "Remove the spaces.");
    assert_eq!(address("0151"), "Begin the phone number with + and the country code.");
    assert_eq!(say(Code::parse("").unwrap_err().code()), "Enter the code from the message.");
    assert!(say(LinkToken::parse("").unwrap_err().code()).starts_with("This link is not complete."));
    assert_eq!(say(KeyError::NotHex.code()), "Something went wrong. Please try again later.");
}

#[test]
fn a_problem_of_the_host_is_said_in_its_own_string_or_else_in_its_detail_and_never_put_off() {
    let own = builder().strings("en", "error-bad-time = Enter a date.").strings("de", "error-closed = Geschlossen.");
    let own = own.build().unwrap();
    let page = |language, code, detail| {
        let page = own.problem_page(&TenantId::default(), Some(language), 422, code, detail, None).unwrap();
        assert_eq!(page.status, 422);
        page.html.rsplit_once("</h1>\n<p>").unwrap().1.split_once("</p>").unwrap().0.to_owned()
    };
    assert_eq!(page("en", "bad_time", "no date"), "Enter a date.");
    assert_eq!(page("fr", "bad_time", "no date"), "Enter a date.", "the fallback's");
    assert_eq!(page("de", "closed", "we are closed"), "Geschlossen.");
    assert_eq!(page("en", "closed", "we are closed"), "we are closed", "only another language has the string");
    assert_eq!(page("en", "no_such_row", "<b>none</b>\u{202e}"), "&lt;b&gt;none&lt;/b&gt; ");
    assert_eq!(page("en", "duplicate", "no"), "This address is already in your account.");
    for within in ["internal", "unavailable_now"] {
        assert_eq!(page("en", within, "the disk is full"), "Something went wrong. Please try again later.");
    }
    let lacks = builder().strings("en", "error-bad-time = { $nobody }").build().unwrap_err();
    assert!(matches!(lacks, BuildError::Render { .. }), "{lacks}");
}

#[test]
fn a_host_says_it_differently_and_a_sentence_that_lacks_something_is_an_error_at_start() {
    let texts = builder().strings("en", "error-unavailable = Not here.").build().unwrap();
    let said = texts.refusal(&TenantId::default(), Some("en"), &PublicRefusal::Unavailable).unwrap();
    assert_eq!(said, "Not here.");
    for language in LANGUAGES {
        for name in ["error-too-soon", "error-too-many-failures-wait", "error-phone-letters", "error-other"] {
            let error = builder().strings(language, format!("{name} = {{ $nobody }}")).build().unwrap_err();
            assert!(matches!(error, BuildError::Render { .. }), "{language} {name}: {error}");
        }
    }
}
