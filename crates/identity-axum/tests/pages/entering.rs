//! The page that signs in.
#![expect(clippy::unwrap_used, reason = "what cannot be made fails its test")]

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use identity::Policy;
use identity::policy::{SignInPolicy, Unknown};
use identity_texts::LANGUAGES;

use crate::kit::{Answer, Host, host};

pub(crate) const ADA: &str = "ada@example.com";

/// A browser with its cookie.
pub(crate) struct Browser<'a> {
    host: &'a Host,
    pub(crate) cookie: String,
    language: &'static str,
}

impl<'a> Browser<'a> {
    pub(crate) fn of(host: &'a Host) -> Self {
        Self { host, cookie: String::new(), language: "en" }
    }

    async fn get(&self, path: &str) -> Answer {
        let request = Request::builder().uri(path).header("accept-language", self.language);
        self.host.send(request.header("cookie", &self.cookie).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post_from(&mut self, site: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post(path).header("accept-language", self.language).header("cookie", &self.cookie);
        let request =
            request.header("content-type", "application/x-www-form-urlencoded").header("sec-fetch-site", site);
        let answer = self.host.send(request.body(body.into()).unwrap()).await;
        if let Some((pair, _)) = answer.header("set-cookie").split_once(';') {
            self.cookie = format!("theme=dark; {pair}");
        }
        answer
    }

    pub(crate) async fn post(&mut self, fields: &[(&str, &str)]) -> Answer {
        self.post_from("same-origin", "/sign-in", fields).await
    }

    pub(crate) async fn start(&mut self, address: &str) -> Answer {
        self.post(&[("do", "start"), ("address", address)]).await
    }

    pub(crate) async fn confirm(&mut self, code: &str) -> Answer {
        self.post(&[("do", "confirm"), ("address", ADA), ("code", code)]).await
    }
}

pub(crate) async fn code(host: &Host) -> String {
    host.identity.deliver_due().await.unwrap();
    host.mailbox.code(ADA).unwrap().reveal().to_owned()
}

#[tokio::test]
async fn whoever_is_new_signs_up_by_code_and_the_next_time_is_the_same_user() {
    let host = host();
    let mut browser = Browser { language: "de-AT, en;q=0.5", ..Browser::of(&host) };
    let mut seen = Vec::new();
    for is_new in [true, false] {
        let page = browser.start(ADA).await;
        assert_eq!(page.status, 200);
        assert!(page.text.contains("ist ein Code unterwegs"), "{}", page.text);
        let code = code(&host).await;
        let answer = browser.confirm(&code).await;
        let told: Vec<&str> = answer.text.split(' ').collect();
        assert_eq!(told.get(1..), Some(&[if is_new { "true" } else { "false" }, ADA][..]), "{}", answer.text);
        seen.push(identity::UserId::parse(told.first().unwrap()).unwrap());
        host.clock.forward(Duration::from_secs(60));
    }
    assert_eq!(seen.first(), seen.last());
    let user = host.identity.account(seen.first().unwrap()).get().await.unwrap();
    assert_eq!(user.profile().locale(), Some("de"), "messages to a new user are in the language of the browser");
    assert!(user.primary_email().unwrap().is_verified());
}

#[tokio::test]
async fn a_link_signs_in_by_its_button_in_the_browser_that_asked_for_it_and_nowhere_else() {
    let host = host();
    let mut browser = Browser::of(&host);
    browser.start(ADA).await;
    host.identity.deliver_due().await.unwrap();
    let link = host.link(ADA);
    assert!(link.starts_with("/sign-in/link?"), "{link}");
    let (_, query) = link.split_once('?').unwrap();
    let fields: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();

    // To be shown is not to be pressed.
    let page = browser.get(&link).await;
    assert!(
        page.text.contains("action=\"/sign-in/link\"") && page.text.contains("<button>Sign in</button>"),
        "{}",
        page.text
    );
    assert_eq!(page.header("set-cookie"), "");
    let mut other = Browser::of(&host);
    let elsewhere = other.post_from("same-origin", "/sign-in/link", &fields).await;
    assert_eq!(elsewhere.status, 400, "another browser");
    assert!(elsewhere.text.contains("in that browser, or enter the code there"), "{}", elsewhere.text);
    let mut away = Browser { cookie: browser.cookie.clone(), ..Browser::of(&host) };
    assert_eq!(away.post_from("cross-site", "/sign-in/link", &fields).await.status, 400, "another site");
    let answer = browser.post_from("same-origin", "/sign-in/link", &fields).await;
    assert!(answer.text.ends_with(&format!(" true {ADA}")), "{}", answer.text);
    assert!(answer.header("set-cookie").contains("Max-Age=0"));
    browser.cookie = away.cookie;
    assert_eq!(browser.post_from("same-origin", "/sign-in/link", &fields).await.status, 400, "it works once");
    for nothing in ["/sign-in/link", "/sign-in/link?token=x&tenant=default"] {
        assert_eq!(browser.get(nothing).await.status, 400);
    }
}

#[tokio::test]
async fn a_code_signs_nobody_in_without_the_cookie_of_its_browser_and_works_once() {
    let host = host();
    let mut browser = Browser::of(&host);
    let page = browser.start(ADA).await;
    let cookie = page.header("set-cookie").to_owned();
    assert!(cookie.starts_with("__Host-sign-in="), "{cookie}");
    assert!(cookie.ends_with("; Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure"), "{cookie}");
    assert!(!page.text.contains(cookie.split(['=', ';']).nth(1).unwrap()), "the ticket is in the cookie alone");
    let code = code(&host).await;
    let mut other = Browser::of(&host);
    let refused = other.confirm(&code).await;
    assert_eq!((refused.status, refused.problems().len()), (409, 1), "{:?}", refused.problems());
    let cookie = browser.cookie.clone();
    let entered = browser.confirm(&code).await;
    assert!(entered.text.ends_with(ADA));
    assert!(entered.header("set-cookie").starts_with("__Host-sign-in=; Path=/; Max-Age=0;"));
    browser.cookie = cookie;
    assert_eq!(browser.confirm(&code).await.status, 409);
}

#[tokio::test]
async fn the_answers_are_the_same_for_an_address_that_is_known_and_one_that_is_not() {
    let host = host();
    host.user("known@example.com").await;
    let mut pages = Vec::new();
    for address in ["known@example.com", "other@example.com"] {
        let mut browser = Browser::of(&host);
        let started = browser.start(address).await;
        let wrong = browser.post(&[("do", "confirm"), ("address", address), ("code", "000000")]).await;
        let cookie = started.header("set-cookie").len();
        let same = |text: &str| text.replace(address, "ADDRESS");
        pages.push((started.status, same(&started.text), cookie, wrong.status, same(&wrong.text)));
    }
    assert_eq!(pages.first(), pages.last());
}

#[tokio::test]
async fn wrong_codes_are_said_and_after_five_the_person_starts_again() {
    let host = host();
    let mut browser = Browser::of(&host);
    browser.start(ADA).await;
    let right = code(&host).await;
    let wrong = if right == "111111" { "222222" } else { "111111" };
    for _ in 0..5 {
        let answer = browser.confirm(wrong).await;
        assert_eq!((answer.status, answer.problems()), (422, vec!["This code is not right."]));
        assert!(answer.text.contains("name=\"code\""), "{}", answer.text);
    }
    let answer = browser.confirm(&right).await;
    assert_eq!(
        (answer.status, answer.problems()),
        (409, vec!["This code cannot be used any more. Ask for a new one."])
    );
}

#[tokio::test]
async fn a_form_of_another_site_does_nothing_and_what_it_has_is_not_shown() {
    let host = host();
    let mut browser = Browser::of(&host);
    let start = [("do", "start"), ("address", ADA)];
    for site in ["cross-site", "same-site"] {
        let answer = browser.post_from(site, "/sign-in", &start).await;
        assert_eq!((answer.status, answer.problems().len(), answer.header("set-cookie")), (403, 1, ""));
        assert!(!answer.text.contains(ADA), "{}", answer.text);
    }
    assert_eq!(host.identity.deliver_due().await.unwrap().sent, 0);
    browser.start(ADA).await;
    let code = code(&host).await;
    let confirm = [("do", "confirm"), ("address", ADA), ("code", &code)];
    assert_eq!(browser.post_from("cross-site", "/sign-in", &confirm).await.status, 403);
    assert_eq!(host.identity.resolve(ADA).await.unwrap(), None);
}

#[tokio::test]
async fn bad_input_at_the_sign_in_is_one_sentence_in_every_language_and_stays_in_the_field() {
    let host = host();
    let long = format!("{}@example.com", "a".repeat(3_000));
    let huge = "a".repeat(20_000);
    let (start, confirm) = (("do", "start"), ("do", "confirm"));
    let forms: [(u16, &[(&str, &str)]); 12] = [
        (400, &[]),
        (400, &[("do", "start")]),
        (400, &[("address", ADA)]),
        (400, &[("do", "dance"), ("address", ADA)]),
        (400, &[start, start, ("address", ADA)]),
        (400, &[start, ("address", ADA), ("address", "eve@example.com")]),
        (422, &[start, ("address", "nobody")]),
        (422, &[start, ("address", "<b>&\"'@example.com")]),
        (422, &[start, ("address", "ada@\u{202e}example.com")]),
        (422, &[start, ("address", &long)]),
        (413, &[start, ("address", &huge)]),
        (400, &[confirm, ("address", ADA)]),
    ];
    for language in LANGUAGES {
        let mut browser = Browser { language, ..Browser::of(&host) };
        for (status, fields) in forms {
            let answer = browser.post(fields).await;
            assert_eq!((answer.status, answer.problems().len()), (status, 1), "{language} {fields:?}");
            assert!(answer.text.contains(&format!("<html lang=\"{language}\"")));
            let typed = fields.iter().find(|(name, _)| *name == "address").map_or("", |(_, typed)| typed);
            if status == 422 && typed.len() < 100 {
                let escaped = typed.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
                let escaped = escaped.replace('"', "&quot;").replace('\'', "&#39;");
                assert!(answer.text.contains(&format!("value=\"{escaped}\"")), "{}", answer.text);
            }
        }
        let answer = browser.confirm(" ").await;
        assert_eq!((answer.status, answer.problems().len()), (422, 1), "{language}");
    }
    assert_eq!(host.identity.deliver_due().await.unwrap().sent, 0);
}

#[tokio::test]
async fn the_page_runs_no_script_is_not_kept_and_says_whether_one_can_sign_up() {
    let host = host();
    let browser = Browser::of(&host);
    let page = browser.get("/sign-in").await;
    assert!(page.text.contains("<h1>Sign up or sign in</h1>"), "{}", page.text);
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"), "{policy}");
    assert_eq!((page.header("cache-control"), page.header("referrer-policy")), ("no-store", "no-referrer"));

    let closed = Policy::default().with_sign_in(SignInPolicy::default().with_unknown(Unknown::Decoy));
    let _ = host.identity.clone().with_policy(closed);
    assert!(browser.get("/sign-in").await.text.contains("<h1>Sign in</h1>"));
    let mut browser = browser;
    assert_eq!(browser.start(ADA).await.status, 200);
    assert_eq!(host.identity.deliver_due().await.unwrap().sent, 0, "a stranger gets nothing");
}

#[tokio::test]
async fn who_is_disabled_gets_the_answer_of_a_wrong_code() {
    let host = host();
    let (user, _) = host.user(ADA).await;
    let mut browser = Browser::of(&host);
    browser.start(ADA).await;
    let code = code(&host).await;
    host.identity.admin("test").disable(&user).await.unwrap();
    let answer = browser.confirm(&code).await;
    assert_eq!((answer.status, answer.problems()), (422, vec!["This code is not right."]));
}

#[tokio::test]
async fn the_handler_of_the_host_is_of_use_to_nobody_else() {
    let host = host();
    assert_eq!(Browser::of(&host).get("/by-itself").await.status, 500);
}
