//! The page on which the reader of a notice undoes what it reports, without being signed in.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what is not there fails its test")]

use axum::body::Body;
use axum::http::{Method, Request};
use identity::{Email, UserId};
use identity_texts::LANGUAGES;

use crate::kit::{Answer, Host, host};

/// The link in the last notice to an address, as path and query.
fn link(host: &Host, to: &str, language: &str) -> String {
    let token = host.mailbox.disavowal(to).expect("a notice with a token");
    let tenant = host.identity.tenant();
    let url = host.texts.undo_links(tenant).expect("the brand has the page").undo_url(tenant, &token, language);
    url.strip_prefix("https://accounts.example.com").unwrap().to_owned()
}

async fn open(host: &Host, method: Method, link: &str) -> Answer {
    host.send(Request::builder().method(method).uri(link).body(Body::empty()).unwrap()).await
}

async fn press(host: &Host, link: &str) -> Answer {
    let (path, query) = link.split_once('?').unwrap();
    let request = Request::builder().method(Method::POST).uri(path);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    host.send(request.body(query.to_owned().into()).unwrap()).await
}

async fn emails(host: &Host, user: &UserId) -> usize {
    host.identity.account(user).get().await.unwrap().emails().entries().len()
}

#[tokio::test]
async fn the_page_says_what_was_changed_changes_nothing_when_it_is_shown_and_undoes_it_when_its_button_is_pressed() {
    let host = host();
    for language in LANGUAGES {
        let own = format!("own-{language}@example.com");
        let (user, _) = host.user(&own).await;
        let thief = Email::parse(&format!("thief-{language}@example.net")).unwrap();
        host.identity.account(&user).add(thief).await.unwrap();
        host.identity.deliver_due().await.unwrap();
        let link = link(&host, &own, language);
        for method in [Method::GET, Method::HEAD, Method::GET] {
            let page = open(&host, method.clone(), &link).await;
            assert_eq!((page.status, page.header("cache-control")), (200, "no-store"));
            assert_eq!(page.header("referrer-policy"), "no-referrer");
            let direction = if language == "ar" { "rtl" } else { "ltr" };
            if method == Method::GET {
                assert!(page.text.contains(&format!("<html lang=\"{language}\" dir=\"{direction}\">")));
                assert!(page.text.contains("t***@example.net") && page.text.contains("action=\"/account/undo\""));
                assert!(!page.text.contains("thief-") && !page.text.contains("<script"));
            }
            assert_eq!(emails(&host, &user).await, 2);
        }
        let done = press(&host, &link).await;
        assert_eq!((done.status, done.text.contains("<form")), (200, false), "{}", done.text);
        assert_eq!(emails(&host, &user).await, 1);
        // It works once, and the page says so instead of having a button.
        for again in [press(&host, &link).await, open(&host, Method::GET, &link).await] {
            assert_eq!((again.status, again.text.contains("<form")), (409, false), "{}", again.text);
        }
    }
}

#[tokio::test]
async fn what_is_no_link_of_this_host_undoes_nothing_and_says_so() {
    let host = host();
    let (user, _) = host.user("ada@example.com").await;
    host.identity.account(&user).add(Email::parse("thief@example.net").unwrap()).await.unwrap();
    host.identity.deliver_due().await.unwrap();
    let link = link(&host, "ada@example.com", "de");
    let other = link.replace("tenant=default", "tenant=another");
    let (start, token) = link.split_once("token=").unwrap();
    let flipped = if token.starts_with('A') { "B" } else { "A" };
    let forged = format!("{start}token={flipped}{}", &token[1..]);
    for (bad, status, said) in [
        ("/account/undo?", 400, "did not work"),
        ("/account/undo?tenant=default&token=%3Cscript%3E", 400, "did not work"),
        (other.as_str(), 400, "did not work"),
        (forged.as_str(), 403, "Dieser Link stammt nicht von uns"),
    ] {
        for page in [open(&host, Method::GET, bad).await, press(&host, bad).await] {
            assert_eq!(page.status, status, "{bad}");
            assert!(page.text.contains(said) && !page.text.contains("<script"), "{}", page.text);
        }
    }
    assert_eq!(emails(&host, &user).await, 2);
    // A link that verifies is none that undoes, and the other way round.
    let confirms = open(&host, Method::GET, &link.replace("/undo", "/link")).await;
    assert_eq!(confirms.status, 400);
}
