#![expect(clippy::unwrap_used, reason = "what cannot be made fails its test")]

use identity_core::{LinkToken, TenantId};
use identity_texts::{Answer, Kind, LinkBaseError, Links, Page};

use crate::kit::{LANGUAGES, corpus, email, naughty, notice, phone, texts};

fn token() -> LinkToken {
    notice(Kind::Link, &email("ada@example.org"), &phone(), None).link.unwrap()
}

#[test]
fn a_base_is_https_or_this_machine_and_nothing_more_than_host_and_path() {
    for good in [
        "https://example.com",
        "https://example.com:8443/a/b",
        "http://localhost:1",
        "http://127.0.0.1",
        "http://[::1]:8080",
    ] {
        assert!(Links::new(good).is_ok(), "{good}");
    }
    for (bad, error) in [
        ("", LinkBaseError::NotAUrl(String::new())),
        ("example.com", LinkBaseError::NotAUrl("example.com".into())),
        ("http://example.com", LinkBaseError::NotHttps("http://example.com".into())),
        ("http://localhost.example.com", LinkBaseError::NotHttps("http://localhost.example.com".into())),
        ("http://10.0.0.1", LinkBaseError::NotHttps("http://10.0.0.1".into())),
        ("ftp://example.com", LinkBaseError::NotHttps("ftp://example.com".into())),
        ("javascript:alert(1)", LinkBaseError::NotAUrl("javascript:alert(1)".into())),
        ("https://user@example.com", LinkBaseError::TooMuch("https://user@example.com".into())),
        ("https://example.com/?a=b", LinkBaseError::TooMuch("https://example.com/?a=b".into())),
        ("https://example.com/#a", LinkBaseError::TooMuch("https://example.com/#a".into())),
    ] {
        assert_eq!(Links::new(bad), Err(error), "{bad}");
    }
}

#[test]
fn a_link_is_read_back_as_it_was_made() {
    let links = Links::new("https://example.com/confirm").unwrap();
    for tenant in ["default", "a-b_c", "tenant.1"] {
        let tenant = TenantId::parse(tenant).unwrap();
        let url = links.url(&tenant, &token(), "de");
        let query = url.strip_prefix("https://example.com/confirm?").expect("it begins with the base");
        let read = Links::parse(query).unwrap();
        assert_eq!((&read.tenant, read.token.reveal()), (&tenant, token().reveal()));
        assert_eq!(read.language.as_deref(), Some("de"));
    }
}

#[test]
fn c25_what_is_not_one_link_is_none() {
    let good = format!("tenant=default&token={}", token().reveal());
    assert!(Links::parse(&good).is_ok());
    for bad in [
        String::new(),
        "tenant=default".to_owned(),
        format!("token={}", token().reveal()),
        format!("{good}&token={}", token().reveal()),
        format!("{good}&tenant=other"),
        format!("{good}&lang=de&lang=fr"),
        "tenant=default&token=<script>".to_owned(),
        format!("{good}{}", "a".repeat(5_000)),
    ] {
        assert!(Links::parse(&bad).is_err(), "{bad}");
    }
    for text in naughty() {
        assert!(Links::parse(&text).is_err(), "{text}");
    }
}

#[test]
#[ignore = "reads the folder that IDENTITY_CORPORA names"]
fn corpora_c25_no_naughty_string_is_a_link() {
    for text in serde_json::from_str::<Vec<String>>(&corpus("blns.json")).unwrap() {
        assert!(Links::parse(&text).is_err(), "{text}");
    }
}

#[test]
fn the_page_asks_in_the_language_of_the_message_and_posts_what_it_was_asked_with() {
    let texts = texts();
    let links = Links::new("https://example.com/confirm").unwrap();
    for language in LANGUAGES {
        let url = links.url(&TenantId::default(), &token(), language);
        let request = Links::parse(url.split_once('?').unwrap().1).unwrap();
        let page = texts.ask_page(&request, &email("ada@example.org")).unwrap();
        assert_eq!(page.status, 200);
        assert!(page.html.contains(&format!("<html lang=\"{language}\"")));
        assert!(page.html.contains("<form method=\"post\" action=\"/confirm\">"), "{}", page.html);
        assert!(page.html.contains(&format!("name=\"token\" value=\"{}\"", token().reveal())));
        assert!(!page.html.contains("<script"));
        for answer in Answer::ALL {
            let page = texts.answer_page(&request.tenant, request.language.as_deref(), answer).unwrap();
            assert!(page.html.contains(&format!("<html lang=\"{language}\"")) && !page.html.contains("<form"));
            assert!(!page.html.contains(&token().reveal()));
        }
    }
}

#[test]
fn the_page_names_the_address_that_its_button_confirms_and_masks_it() {
    let texts = texts();
    let links = Links::new("https://example.com/confirm").unwrap();
    for language in LANGUAGES {
        let url = links.url(&TenantId::default(), &token(), language);
        let request = Links::parse(url.split_once('?').unwrap().1).unwrap();
        for (address, named) in [(email("ada@example.org"), "a***@example.org"), (phone(), "+44******0453")] {
            let page = texts.ask_page(&request, &address).unwrap().html;
            let heading = page.split_once("<h1>").and_then(|(_, rest)| rest.split_once("</h1>")).unwrap().0;
            assert!(heading.contains(named), "{language}: {heading}");
            assert!(!page.contains(address.as_str()), "{language}");
        }
    }
}

#[test]
fn the_page_is_not_kept_not_told_and_not_found() {
    let header = |name| Page::HEADERS.iter().find(|(header, _)| *header == name).map(|(_, value)| *value);
    assert_eq!(header("cache-control"), Some("no-store"));
    assert_eq!(header("referrer-policy"), Some("no-referrer"));
    assert!(header("x-robots-tag").unwrap().contains("noindex"));
    assert!(header("content-security-policy").unwrap().contains("frame-ancestors 'none'"));
}

#[test]
fn c63_a_link_begins_with_the_configured_base_whatever_the_tenant_is_called() {
    let links = Links::new("https://example.com/confirm").unwrap();
    for name in ["evil.example", "a@b", "..", "x&token=y", "#", "https://evil.example/"] {
        if let Ok(tenant) = TenantId::parse(name) {
            let url = links.url(&tenant, &token(), "en");
            assert!(url.starts_with("https://example.com/confirm?"), "{url}");
            assert_eq!(Links::parse(url.split_once('?').unwrap().1).unwrap().tenant, tenant);
        }
    }
}
