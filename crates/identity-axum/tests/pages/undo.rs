//! The page on which the reader of a notice undoes what it reports, without being signed in.
#![expect(clippy::unwrap_used, reason = "what is not there fails its test")]

use axum::body::Body;
use axum::http::{Method, Request};
use identity::{Email, UserId};
use identity_texts::LANGUAGES;

use crate::kit::{Answer, Host, host};

/// The link in the last notice to an address, as path and query, for a page in this language.
fn link(host: &Host, to: &str, language: &str) -> String {
    host.undo_link(to).replace("lang=en", &format!("lang={language}"))
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

/// The numbers of the changes that the account page offers to undo.
fn offered(page: &Answer) -> Vec<&str> {
    let forms = page.text.split("name=\"do\" value=\"undo\"").skip(1);
    forms.map(|form| form.split_once("name=\"id\" value=\"").unwrap().1.split_once('"').unwrap().0).collect()
}

#[tokio::test]
async fn the_account_page_lists_what_can_be_undone_and_each_button_undoes_one_change() {
    let host = host();
    for language in LANGUAGES {
        let (user, _) = host.user(&format!("own-{language}@example.com")).await;
        assert_eq!(offered(&host.get(&user, "", language).await).len(), 0, "administrators are not undone");
        for name in ["thief", "other"] {
            let address = Email::parse(&format!("{name}-{language}@example.net")).unwrap();
            host.identity.account(&user).add(address).await.unwrap();
        }
        let page = host.get(&user, "", language).await;
        let [newest, oldest] = offered(&page)[..] else { panic!("two changes: {}", page.text) };
        let (_, list) = page.text.split_once(&format!("id=\"change-{newest}\"")).unwrap();
        let (first, second) = list.split_once(&format!("id=\"change-{oldest}\"")).expect("the newest comes first");
        assert!(first.contains("o***@example.net") && second.contains("t***@example.net"), "{list}");
        // Without the token of the page nothing is undone, and neither is what the page does not list.
        for (token, id, status) in [("", oldest, 403), (page.token(), "1", 409), (page.token(), "x", 409)] {
            let refused = host.post_raw(&user, &[("token", token), ("do", "undo"), ("id", id)], language).await;
            assert_eq!((refused.status, refused.problems().len()), (status, 1), "{}", refused.text);
            assert_eq!(emails(&host, &user).await, 3);
        }
        let undo = [("token", page.token()), ("do", "undo"), ("id", oldest)];
        let done = host.post_raw(&user, &undo, language).await;
        assert!(done.status == 200 && done.text.contains("role=\"status\""), "{}", done.text);
        assert_eq!(offered(&done), [newest], "what is undone cannot be undone once more");
        assert!(!done.text.contains(&format!("thief-{language}")), "{}", done.text);
        assert_eq!(host.post_raw(&user, &undo, language).await.status, 409, "a form that is sent twice");
        assert_eq!(emails(&host, &user).await, 2);
        // Another user's page has another token, and none of these changes.
        let (eve, _) = host.user(&format!("eve-{language}@example.com")).await;
        let answer = host.post(&eve, &[("do", "undo"), ("id", newest)]).await;
        assert_eq!((answer.status, emails(&host, &user).await), (409, 2));
    }
}

#[tokio::test]
async fn the_account_page_offers_nothing_when_the_time_is_over_and_no_address_of_a_page_says_that_it_was_undone() {
    let host = host();
    let (user, _) = host.user("ada@example.com").await;
    host.identity.account(&user).add(Email::parse("thief@example.net").unwrap()).await.unwrap();
    let page = host.get(&user, "?done=undone", "en").await;
    assert!(offered(&page).len() == 1 && !page.text.contains("role=\"status\""), "{}", page.text);
    host.clock.forward(std::time::Duration::from_secs(7 * 86_400));
    assert_eq!(offered(&host.get(&user, "", "en").await).len(), 0);
}
