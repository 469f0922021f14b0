//! The link in a notice with which its reader undoes what it reports, and the page that it opens.
#![expect(clippy::unwrap_used, reason = "what cannot be made fails its test")]

use identity_core::{DisavowToken, NoticeKind, TenantId, Undone};
use identity_texts::{Kind, Links, Texts};

use crate::kit::{LANGUAGES, NOW, Standing, brand, email, notice, phone, texts};

fn with_links() -> Texts {
    let brand = brand().with_undo_links(Links::new("https://example.com/undo").unwrap());
    Texts::builder(brand, Standing).build().unwrap()
}

fn token() -> DisavowToken {
    notice(Kind::Removed, &email("ada@example.org"), &phone(), None).disavowal.unwrap()
}

fn notices() -> impl Iterator<Item = Kind> {
    Kind::ALL.into_iter().filter(|kind| kind.is_notice())
}

#[test]
fn a_notice_has_its_link_where_the_host_has_the_page_and_else_it_is_as_it_was() {
    let (with, without) = (with_links(), texts());
    let ada = email("ada@example.org");
    for (language, kind) in LANGUAGES.iter().flat_map(|language| notices().map(move |kind| (*language, kind))) {
        let about = email("lovelace@example.net");
        let (to_mail, to_phone) =
            (notice(kind, &ada, &about, Some(language)), notice(kind, &phone(), &about, Some(language)));
        let url = |texts: &Texts| {
            let links = texts.undo_links(&TenantId::default());
            links.map(|links| links.undo_url(&TenantId::default(), &token(), language))
        };
        let plain = without.mail(&to_mail).unwrap();
        assert!(url(&without).is_none() && !plain.text.contains("token="), "{}", plain.text);
        let [mail, sms] = [with.mail(&to_mail).unwrap().text, with.sms(&to_phone).unwrap().text];
        let html = with.mail(&to_mail).unwrap().html;
        let url = url(&with).unwrap();
        if matches!(kind, Kind::Undone | Kind::ContestEnded) {
            // What was undone or decided is contested with an administrator.
            assert!(!mail.contains("token=") && !sms.contains("token="));
            assert_eq!(mail, plain.text);
            continue;
        }
        assert!(mail.contains(&format!("\n{url}\n")), "{mail}");
        assert!(html.contains(&format!("href=\"{}\"", url.replace('&', "&amp;"))), "{html}");
        assert_eq!(sms, format!("{}\n{url}", without.sms(&to_phone).unwrap().text));
        // Without the link and its sentence it is the mail of a host that has none.
        let sentence = mail.split("\n\n").find(|part| part.contains(&url)).unwrap();
        assert_eq!(mail.replace(&format!("\n\n{sentence}"), ""), plain.text, "{language} {kind:?}");
    }
}

#[test]
fn the_page_says_what_was_changed_and_posts_what_it_was_asked_with() {
    let texts = with_links();
    for (language, kind) in LANGUAGES.iter().flat_map(|language| notices().map(move |kind| (*language, kind))) {
        let links = texts.undo_links(&TenantId::default()).unwrap();
        let url = links.undo_url(&TenantId::default(), &token(), language);
        let request = Links::parse_undo(url.split_once('?').unwrap().1).unwrap();
        assert_eq!((request.token.reveal(), request.language.as_deref()), (token().reveal(), Some(language)));
        let change = NoticeKind::ALL.into_iter().find(|what| what.as_str().replace('_', "-") == kind.slug()).unwrap();
        for (about, named) in [(email("eve@example.org"), "e***@example.org"), (phone(), "+44******0453")] {
            let page = texts
                .undo_page(&request, &Undone { change, about: about.clone(), since: NOW, contested: false })
                .unwrap();
            assert_eq!(page.status, 200);
            let direction = if language == "ar" { "rtl" } else { "ltr" };
            assert!(page.html.contains(&format!("<html lang=\"{language}\" dir=\"{direction}\"")), "{}", page.html);
            assert!(page.html.contains("<form method=\"post\" action=\"/undo\">"), "{}", page.html);
            assert!(page.html.contains(&format!("name=\"token\" value=\"{}\"", token().reveal())));
            assert!(page.html.contains(named) && !page.html.contains(about.as_str()) && !page.html.contains("<script"));
        }
    }
}

#[test]
fn a_link_of_one_kind_is_none_of_the_other() {
    let links = Links::new("https://example.com/undo").unwrap();
    let verifies = notice(Kind::Link, &email("ada@example.org"), &phone(), None).link.unwrap();
    let url = links.url(&TenantId::default(), &verifies, "en");
    assert!(Links::parse_undo(url.split_once('?').unwrap().1).is_err());
    for bad in ["", "tenant=default", "token=x", "tenant=default&token=x", "tenant=default&token=x&token=x"] {
        assert!(Links::parse_undo(bad).is_err(), "{bad}");
    }
}
