use std::time::Duration;

use identity_texts::Kind;

use crate::kit::{LANGUAGES, builder, corpus, email, notice, notice_with, phone, texts};

#[test]
fn every_mail_in_every_language_has_what_it_is_for_and_nothing_unfilled() {
    let texts = texts();
    let ada = email("ada@example.org");
    for language in LANGUAGES {
        for kind in Kind::ALL {
            for about in [email("other@example.net"), phone()] {
                let notice = notice(kind, &ada, &about, Some(language));
                let mail = texts.mail(&notice).unwrap();
                assert_eq!(mail.language, language);
                let html_start = format!("<!doctype html>\n<html lang=\"{language}\" dir=\"");
                assert!(mail.html.starts_with(&html_start), "{}", mail.html);
                let code = notice.code.as_ref().map(|code| code.reveal().to_owned());
                let token = notice.link.as_ref().map(identity_core::LinkToken::reveal);
                for body in [&mail.text, &mail.html] {
                    assert!(!body.contains(['{', '}']) || body.contains("{}"), "{language} {kind:?}: {body}");
                    assert!(code.iter().chain(&token).all(|value| body.contains(value.as_str())), "{kind:?}: {body}");
                    assert!(!body.contains("other@") && !body.contains("+441514960453"), "the other address is masked");
                    assert_eq!(kind.is_notice(), body.contains("o***@example.net") || body.contains("+44******0453"));
                }
                assert!(
                    !mail.subject.contains(code.as_deref().unwrap_or("no code")),
                    "a subject shows on locked screens"
                );
                assert!(!mail.html.contains("src=") && !mail.html.contains("@import") && !mail.html.contains("url("));
            }
        }
    }
}

#[test]
fn the_language_is_the_one_that_comes_nearest() {
    let texts = builder().fallback("fr").build().unwrap();
    let ada = email("ada@example.org");
    for (locale, language) in [
        (Some("de-AT"), "de"),
        (Some("ar-EG"), "ar"),
        (Some("ja_JP"), "ja"),
        (Some("EN-us"), "en"),
        (Some("es-419"), "es"),
        (Some("pt-BR"), "fr"),
        (Some("not a language"), "fr"),
        (Some(""), "fr"),
        (None, "fr"),
    ] {
        assert_eq!(texts.mail(&notice(Kind::Code, &ada, &ada, locale)).unwrap().language, language, "{locale:?}");
    }
}

#[test]
fn a_text_from_right_to_left_says_so_and_keeps_numbers_in_order() {
    let mail = texts().mail(&notice(Kind::Removed, &email("ada@example.org"), &phone(), Some("ar"))).unwrap();
    assert!(mail.html.contains("<html lang=\"ar\" dir=\"rtl\">") && mail.html.contains("text-align:right"));
    assert!(mail.html.contains("\u{2068}+44******0453\u{2069}") && mail.text.contains("\u{2068}+44******0453\u{2069}"));
    let english = texts().mail(&notice(Kind::Removed, &email("ada@example.org"), &phone(), Some("en"))).unwrap();
    assert!(english.html.contains("dir=\"ltr\"") && english.html.is_ascii());
}

#[test]
fn expiry_and_plurals_are_as_the_language_has_them() {
    let texts = texts();
    let ada = email("ada@example.org");
    for (language, seconds, said) in [
        ("en", 60, "valid for 1 minute."),
        ("en", 595, "valid for 10 minutes."),
        ("en", 86_400, "valid for 24 hours."),
        ("de", 60, "Gültig für 1 Minute."),
        ("de", 3_600, "Gültig für 1 Stunde."),
        ("de", 259_200, "Gültig für 3 Tage."),
        ("fr", 60, "Valable pendant 1 minute."),
        ("fr", 600, "Valable pendant 10 minutes."),
        ("es", 172_800, "Válido durante 2 días."),
        ("ja", 600, "有効期間は10分間です。"),
        ("ar", 60, "صالح لمدة دقيقة واحدة."),
        ("ar", 120, "صالح لمدة دقيقتين."),
        ("ar", 180, "صالح لمدة 3 دقائق."),
        ("ar", 660, "صالح لمدة 11 دقيقة."),
        ("ar", 6_000, "صالح لمدة 100 دقيقة."),
    ] {
        let mail =
            texts.mail(&notice_with(Kind::Code, &ada, &ada, Some(language), Duration::from_secs(seconds))).unwrap();
        assert!(mail.text.contains(said), "{language} {seconds}: {}", mail.text);
    }
}

#[test]
fn a_notice_says_when_in_the_way_of_the_language() {
    let texts = texts();
    for (language, said) in [
        ("en", "21 November 2026, 05:24 UTC"),
        ("de", "21. November 2026, 05:24 UTC"),
        ("fr", "21 novembre 2026 à 05:24 UTC"),
        ("es", "21 de noviembre de 2026, 05:24 UTC"),
        ("ja", "2026年11月21日 05:24(UTC)"),
        ("ar", "21 نوفمبر 2026، الساعة 05:24 بالتوقيت العالمي"),
    ] {
        let mail = texts.mail(&notice(Kind::Added, &email("ada@example.org"), &phone(), Some(language))).unwrap();
        assert!(mail.text.contains(said), "{language}: {}", mail.text);
    }
}

#[test]
fn c26_no_value_breaks_out_of_its_place() {
    let Some(corpus) = corpus("blns.json") else { return };
    let naughty: Vec<String> = serde_json::from_str(&corpus).unwrap();
    let mut tried = 0;
    for text in &naughty {
        // A brand's name is the one value that somebody types freely: what is taken comes out escaped and on one line.
        let brand = identity_texts::Brand::new(text.as_str(), crate::kit::brand_links());
        if let Ok(texts) = identity_texts::Texts::builder(brand, crate::kit::Standing).build() {
            let mail = texts.mail(&notice(Kind::Added, &email("ada@example.org"), &phone(), Some("en"))).unwrap();
            assert!(!mail.subject.chars().any(char::is_control));
            for tag in ["<script", "<img", "<svg", "<iframe", "<a href=\"\\"] {
                assert!(!mail.html.to_lowercase().contains(tag), "{text}");
            }
            tried += 1;
        }
        // The local part of an address, masked, is the other.
        if let Ok(about) = identity_core::Email::parse(&format!("{text}@example.net")) {
            let mail =
                texts().mail(&notice(Kind::Added, &email("ada@example.org"), &about.into(), Some("en"))).unwrap();
            assert!(!mail.html.to_lowercase().contains("<script") && mail.html.contains("***@example.net"));
            tried += 1;
        }
        // A locale that is no language is nobody's language.
        assert!(texts().mail(&notice(Kind::Code, &email("ada@example.org"), &phone(), Some(text))).is_ok());
    }
    assert!(tried > 50, "{tried} of {}", naughty.len());
}

#[test]
fn what_is_in_a_mail_does_not_print() {
    let notice = notice(Kind::CodeAndLink, &email("ada@example.org"), &phone(), None);
    let printed = format!("{:?}", texts().mail(&notice).unwrap());
    assert!(!printed.contains(notice.code.as_ref().unwrap().reveal()));
    assert!(!printed.contains(&notice.link.as_ref().unwrap().reveal()));
}
