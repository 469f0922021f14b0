#![expect(clippy::unwrap_used, reason = "what cannot be made fails its test")]

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use identity::UserId;
use identity_texts::LANGUAGES;

use crate::kit::{Host, form, host};

/// The id of an address of a user.
async fn id(host: &Host, user: &UserId, address: &str) -> String {
    let user = host.identity.account(user).get().await.unwrap();
    let entry = user.identifiers().find(|entry| entry.address.as_str() == address);
    entry.unwrap().id.to_string()
}

async fn code(host: &Host, address: &str) -> String {
    host.identity.deliver_due().await.unwrap();
    host.mailbox.code(address).unwrap().reveal().to_owned()
}

#[tokio::test]
async fn a_person_adds_verifies_makes_primary_replaces_and_removes() {
    let host = host();
    let (user, first) = host.user("ada@example.org").await;
    let first = first.to_string();

    let page = host.follow(&user, &[("do", "add"), ("address", "new@example.com")]).await;
    assert!(page.text.contains("We sent a code to this address. This is valid for 10 minutes."), "{}", page.text);
    let id = id(&host, &user, "new@example.com").await;
    let code = code(&host, "new@example.com").await;
    let page = host.follow(&user, &[("do", "confirm"), ("id", &id), ("code", &code)]).await;
    assert!(page.text.contains("role=\"status\">The address is confirmed."), "{}", page.text);

    let page = host.follow(&user, &[("do", "primary"), ("id", &id)]).await;
    assert!(page.text.contains("role=\"status\">This address is the primary one now."), "{}", page.text);

    let page = host.follow(&user, &[("do", "replace"), ("id", &id), ("address", "newer@example.com")]).await;
    assert!(page.text.contains("Once it is confirmed, it replaces <bdi dir=\"ltr\">new@example.com"), "{}", page.text);
    let newer = self::id(&host, &user, "newer@example.com").await;
    let code = self::code(&host, "newer@example.com").await;
    host.follow(&user, &[("do", "confirm"), ("id", &newer), ("code", &code)]).await;

    let page = host.follow(&user, &[("do", "remove"), ("id", &first)]).await;
    assert!(page.text.contains("role=\"status\">The address was removed."), "{}", page.text);
    let user = host.identity.account(&user).get().await.unwrap();
    let addresses: Vec<&str> = user.identifiers().map(|entry| entry.address.as_str()).collect();
    assert_eq!(addresses, ["newer@example.com"]);
    assert_eq!(user.primary_email().unwrap().id.to_string(), newer);
}

#[tokio::test]
async fn a_label_is_set_shown_as_text_of_either_direction_and_taken_away() {
    let host = host();
    let (user, id) = host.user("ada@example.org").await;
    let id = id.to_string();
    for (typed, shown) in [("  My  work ", "My work"), ("عمل", "عمل"), ("<b>&", "&lt;b&gt;&amp;")] {
        let page = host.follow(&user, &[("do", "label"), ("id", &id), ("label", typed)]).await;
        assert!(page.text.contains("role=\"status\">The name was saved."), "{}", page.text);
        assert!(page.text.contains(&format!("dir=\"auto\" maxlength=\"40\" autocomplete=\"off\" value=\"{shown}\"")));
        for page in [page, host.get(&user, "", "en").await] {
            assert!(page.text.contains(&format!("<bdi>{shown}</bdi>")), "{}", page.text);
        }
    }
    let page = host.follow(&user, &[("do", "label"), ("id", &id), ("label", " ")]).await;
    assert!(!page.text.contains("<bdi>") && !page.text.contains("role=\"status\""), "{}", page.text);
    assert_eq!(host.identity.account(&user).get().await.unwrap().identifiers().next().unwrap().label, None);
}

#[tokio::test]
async fn a_phone_is_added_in_the_same_field_and_verified() {
    let host = host();
    let (user, _) = host.user("ada@example.org").await;
    host.follow(&user, &[("do", "add"), ("address", "+44 1514 960453")]).await;
    let id = id(&host, &user, "+441514960453").await;
    let code = code(&host, "+441514960453").await;
    let page = host.follow(&user, &[("do", "confirm"), ("id", &id), ("code", &format!(" {code} "))]).await;
    assert!(page.text.contains("The address is confirmed."), "{}", page.text);
}

#[tokio::test]
async fn a_link_asks_on_get_and_confirms_on_post_and_nobody_has_to_be_signed_in() {
    let host = host();
    let (user, _) = host.user("ada@example.org").await;
    host.follow(&user, &[("do", "add"), ("address", "new@example.com")]).await;
    host.identity.deliver_due().await.unwrap();
    let token = host.mailbox.link("new@example.com").unwrap().reveal();
    let link = format!("tenant=default&lang=de&token={token}");
    for _ in 0..2 {
        let get = Request::get(format!("/account/link?{link}")).body(Body::empty()).unwrap();
        let page = host.send(get).await;
        assert_eq!(page.status, 200);
        assert!(
            page.text.contains("n***@example.com") && page.text.contains("action=\"/account/link\""),
            "{}",
            page.text
        );
    }
    let post = |link: String| {
        let request = Request::post("/account/link").header("content-type", "application/x-www-form-urlencoded");
        host.send(request.body(link.into()).unwrap())
    };
    assert_eq!(post(link.replace("tenant=default", "tenant=other")).await.status, 400);
    assert_eq!(post(link.clone()).await.status, 200);
    assert_eq!(post(link).await.status, 400, "it works once");
    let user = host.identity.account(&user).get().await.unwrap();
    assert!(user.identifiers().all(identity::Identifier::is_verified));
}

#[tokio::test]
async fn a_page_allows_its_own_style_and_forms_and_nothing_else_and_is_not_kept() {
    let host = host();
    let (user, id) = host.user("ada@example.org").await;
    for query in ["", &format!("?address={id}"), "/link?token=x"] {
        let page = host.get(&user, query, "en").await;
        let policy = page.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
        assert!(policy.ends_with("; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(page.header("cache-control"), "no-store");
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        for word in ["<script", "style=", "javascript:", " on"] {
            let (_, body) = page.text.split_once("<body>").unwrap();
            assert!(!body.split('<').any(|tag| tag.split('>').next().unwrap().contains(word)), "{word}");
        }
    }
}

#[tokio::test]
async fn the_page_is_in_the_language_of_the_client_and_has_the_brand() {
    let host = host();
    let (user, id) = host.user("ada@example.org").await;
    let mut titles = std::collections::BTreeSet::new();
    for language in LANGUAGES {
        let page = host.get(&user, "", &format!("xx, {language};q=0.5")).await;
        let direction = if language == "ar" { "rtl" } else { "ltr" };
        assert!(page.text.contains(&format!("<html lang=\"{language}\" dir=\"{direction}\">")), "{}", page.text);
        assert!(page.text.contains("R &amp; D") && page.text.contains("mailto:help@example.com"));
        titles.insert(page.text.split_once("<h1>").unwrap().1.split_once("</h1>").unwrap().0.to_owned());
        let about = host.get(&user, &format!("?address={id}"), language).await;
        assert!(about.text.contains("<h1><bdi dir=\"ltr\">ada@example.org</bdi></h1>"), "{}", about.text);
    }
    assert_eq!(titles.len(), LANGUAGES.len());
}

#[tokio::test]
async fn whoever_is_not_signed_in_gets_the_hosts_answer() {
    let host = host();
    for request in [Request::get("/account"), Request::post("/account")] {
        let answer = host.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!((answer.status, answer.text.as_str()), (401, ""));
    }
}

#[tokio::test]
async fn a_form_of_another_page_user_or_site_changes_nothing() {
    let host = host();
    let (user, _) = host.user("ada@example.org").await;
    let (other, _) = host.user("eve@example.org").await;
    let (own, foreign) = (host.get(&user, "", "en").await, host.get(&other, "", "en").await);
    let add = |token: &str| format!("token={token}&do=add&address=new%40example.com");
    let request = || form(&user);
    let refused = [
        (request(), add(foreign.token())),
        (request(), add("")),
        (request(), "do=add&address=new%40example.com".to_owned()),
        (request().header("sec-fetch-site", "cross-site"), add(own.token())),
        (request().header("sec-fetch-site", "same-site"), add(own.token())),
        (request().header("origin", "https://evil.example"), add(own.token())),
        (request().header("sec-fetch-site", "\u{e9}"), add(own.token())),
    ];
    for (number, (request, body)) in refused.into_iter().enumerate() {
        let answer = host.send(request.body(body.into()).unwrap()).await;
        assert_eq!((answer.status, answer.problems().len()), (403, 1), "{number}: {}", answer.text);
        // A page of another site does not choose what stands in the field, where the form has not our token.
        assert_eq!(answer.text.contains("new@example.com"), number >= 3, "{number}");
    }
    assert_eq!(host.identity.account(&user).get().await.unwrap().identifiers().count(), 1);
    for request in [
        request(),
        request().header("origin", "https://accounts.example.com"),
        request().header("origin", "null"),
        request().header("origin", "https://evil.example").header("sec-fetch-site", "same-origin"),
    ] {
        let answer = host.send(request.body("do=add&address=nobody&token=".to_owned().into()).unwrap()).await;
        assert_eq!(answer.status, 403);
        let answer = host.send(form(&user).body(add(own.token()).into()).unwrap()).await;
        assert!(matches!(answer.status, 303 | 409), "{}", answer.text);
    }
}

/// What a browser does not tell, or tells of a page without a referrer, chooses nothing; what the person opened themselves does.
#[tokio::test]
async fn a_form_whose_page_is_unknown_puts_nothing_into_the_field() {
    let host = host();
    let (user, _) = host.user("ada@example.org").await;
    let page = host.get(&user, "", "en").await;
    let add = |token: &str| format!("token={token}&do=add&address=new%40example.com");
    for (name, value, stays) in [
        ("origin", "null", false),
        ("accept", "*/*", false),
        ("origin", "http://", false),
        ("sec-fetch-site", "none", true),
        ("sec-fetch-site", "same-origin", true),
        ("origin", "https://accounts.example.com", true),
    ] {
        let request = form(&user).header(name, value);
        let answer = host.send(request.body(add("").into()).unwrap()).await;
        assert_eq!((answer.status, answer.text.contains("new@example.com")), (403, stays), "{name}: {value}");
    }
    let request = form(&user).header("sec-fetch-site", "none");
    let answer = host.send(request.body(add(page.token()).into()).unwrap()).await;
    assert_eq!(answer.status, 303, "what has our token is ours: {}", answer.text);
}

/// A link to an address that is not there any more asks nothing and confirms nothing.
#[tokio::test]
async fn a_link_whose_address_was_removed_is_said_to_be_of_no_use() {
    let host = host();
    let (user, _) = host.user("ada@example.org").await;
    host.follow(&user, &[("do", "add"), ("address", "new@example.com")]).await;
    host.identity.deliver_due().await.unwrap();
    let token = host.mailbox.link("new@example.com").unwrap().reveal();
    let id = id(&host, &user, "new@example.com").await;
    host.follow(&user, &[("do", "remove"), ("id", &id)]).await;
    let link = format!("tenant=default&lang=en&token={token}");
    let get = Request::get(format!("/account/link?{link}")).body(Body::empty()).unwrap();
    let post = Request::post("/account/link").header("content-type", "application/x-www-form-urlencoded");
    for request in [get, post.body(link.into()).unwrap()] {
        let answer = host.send(request).await;
        assert_eq!(answer.status, 400, "{}", answer.text);
        assert!(!answer.text.contains("<form"), "{}", answer.text);
    }
}

/// A form with a stale token that came from this host keeps what was typed, so that pressing the button again is enough.
#[tokio::test]
async fn what_was_typed_before_a_key_changed_is_still_in_the_field() {
    let host = host();
    let (user, _) = host.user("ada@example.org").await;
    let fields = [("token", "of an earlier key"), ("do", "add"), ("address", "new@example.com")];
    let answer = host.post_raw(&user, &fields, "en").await;
    assert_eq!(answer.status, 403);
    assert!(answer.text.contains("value=\"new@example.com\""), "{}", answer.text);
}

#[tokio::test]
async fn bad_input_is_said_in_a_sentence_changes_nothing_and_stays_in_the_field() {
    let host = host();
    let (user, own) = host.user("ada@example.org").await;
    let (_, foreign) = host.user("eve@example.org").await;
    let account = host.identity.account(&user);
    let pending = account.add(identity::Email::parse("open@example.org").unwrap()).await.unwrap().outcome;
    account.start_verification(pending).await.unwrap();
    let before = account.get().await.unwrap();
    let (own, foreign, pending) = (own.to_string(), foreign.to_string(), pending.to_string());
    let (own, foreign, pending) = (own.as_str(), foreign.as_str(), pending.as_str());
    let long = "a".repeat(3_000);
    let many = format!("{}@example.org", "b".repeat(300));
    let cases: Vec<(u16, Vec<(&str, &str)>)> = vec![
        // Missing.
        (400, vec![]),
        (400, vec![("do", "add")]),
        (400, vec![("do", "confirm"), ("id", pending)]),
        (400, vec![("do", "confirm"), ("code", "123456")]),
        (400, vec![("do", "send")]),
        (400, vec![("do", "primary")]),
        (400, vec![("do", "replace"), ("id", own)]),
        (400, vec![("do", "replace"), ("address", "x@example.org")]),
        (400, vec![("do", "label"), ("id", own)]),
        (400, vec![("do", "label"), ("label", "Work")]),
        (400, vec![("do", "remove")]),
        (400, vec![("do", "erase"), ("id", own)]),
        // Doubled.
        (400, vec![("do", "add"), ("address", "x@example.org"), ("address", "y@example.org")]),
        (400, vec![("do", "add"), ("do", "remove"), ("id", own), ("address", "x@example.org")]),
        (400, vec![("do", "remove"), ("id", own), ("id", pending)]),
        (400, vec![("do", "confirm"), ("id", pending), ("code", "1"), ("code", "2")]),
        (400, vec![("do", "label"), ("id", own), ("label", "Work"), ("label", "Work")]),
        // Empty, overlong, turned around, not an address.
        (422, vec![("do", "add"), ("address", "")]),
        (422, vec![("do", "add"), ("address", &long)]),
        (422, vec![("do", "add"), ("address", &many)]),
        (422, vec![("do", "add"), ("address", "ada\u{202e}gro.elpmaxe@example.org")]),
        (422, vec![("do", "add"), ("address", "a@example.org,b@example.org")]),
        (422, vec![("do", "add"), ("address", "\"><script>alert(1)</script>@example.org")]),
        (422, vec![("do", "add"), ("address", "0151 496 0453")]),
        (422, vec![("do", "add"), ("address", "x\0@example.org")]),
        (422, vec![("do", "replace"), ("id", own), ("address", "+44 1514 960453")]),
        (422, vec![("do", "replace"), ("id", own), ("address", "x\u{202e}@example.org")]),
        (422, vec![("do", "confirm"), ("id", pending), ("code", "")]),
        (422, vec![("do", "confirm"), ("id", pending), ("code", &long)]),
        (422, vec![("do", "label"), ("id", own), ("label", &long)]),
        (422, vec![("do", "label"), ("id", own), ("label", "\u{202e}kroW")]),
        (422, vec![("do", "label"), ("id", own), ("label", "a\nb")]),
        (422, vec![("do", "label"), ("id", own), ("label", "\"><script>alert(1)</script>\0")]),
        // Foreign, and of no address at all.
        (404, vec![("do", "send"), ("id", foreign)]),
        (404, vec![("do", "confirm"), ("id", foreign), ("code", "123456")]),
        (404, vec![("do", "primary"), ("id", foreign)]),
        (404, vec![("do", "replace"), ("id", foreign), ("address", "x@example.org")]),
        (404, vec![("do", "label"), ("id", foreign), ("label", "Work")]),
        (404, vec![("do", "remove"), ("id", foreign)]),
        (404, vec![("do", "remove"), ("id", "not an id")]),
        (404, vec![("do", "remove"), ("id", &long)]),
        // What the rules refuse.
        (409, vec![("do", "add"), ("address", "ada@example.org")]),
        (409, vec![("do", "replace"), ("id", own), ("address", "ada@example.org")]),
        (409, vec![("do", "send"), ("id", own)]),
        (409, vec![("do", "confirm"), ("id", own), ("code", "123456")]),
        (409, vec![("do", "primary"), ("id", pending)]),
        (403, vec![("do", "remove"), ("id", own)]),
        (429, vec![("do", "send"), ("id", pending)]),
    ];
    let token = host.get(&user, "", "en").await.token().to_owned();
    let mut english = std::collections::BTreeSet::new();
    for language in ["en", "ar", "de", "es", "fr", "ja"] {
        for (status, fields) in &cases {
            let sent = [&[("token", token.as_str())], fields.as_slice()].concat();
            let answer = host.post_raw(&user, &sent, language).await;
            assert_eq!(answer.status, *status, "{fields:?}: {}", answer.text);
            let problems = answer.problems();
            let [sentence] = problems.as_slice() else { panic!("{fields:?}: {problems:?}") };
            assert!(sentence.chars().count() > 8 && !sentence.contains('_'), "{fields:?}: {sentence}");
            assert!(language == "en" || !english.contains(*sentence), "{fields:?}: {sentence}");
            if language == "en" {
                english.insert((*sentence).to_owned());
            }
            assert!(answer.text.contains(&format!("<html lang=\"{language}\"")), "{fields:?}");
            assert!(!answer.text.contains("<script"), "{fields:?}");
            assert_eq!(answer.header("retry-after"), if *status == 429 { "30" } else { "" });
            let typed = fields.iter().find(|(name, _)| ["address", "code", "label"].contains(name));
            let has_field = fields.contains(&("do", "add"))
                || fields.iter().any(|(name, value)| *name == "id" && [own, pending].contains(value));
            let first = fields.first().map_or("", |(_, action)| *action);
            if let (Some((_, typed)), true) =
                (typed, has_field && !(first == "confirm" && fields.contains(&("id", own))))
            {
                let escaped =
                    typed.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;");
                assert!(
                    answer.text.contains(&format!("value=\"{escaped}\" aria-invalid")),
                    "{fields:?}: {}",
                    answer.text
                );
            }
        }
    }
    assert_eq!(account.get().await.unwrap(), before, "nothing was written");
}

#[tokio::test]
async fn a_wrong_code_says_how_many_tries_are_left_and_a_late_one_that_it_is_late() {
    let host = host();
    let (user, _) = host.user("ada@example.org").await;
    host.follow(&user, &[("do", "add"), ("address", "new@example.com")]).await;
    let id = id(&host, &user, "new@example.com").await;
    let code = code(&host, "new@example.com").await;
    let wrong = if code == "000000" { "111111" } else { "000000" };
    let answer = host.post(&user, &[("do", "confirm"), ("id", &id), ("code", wrong)]).await;
    assert_eq!((answer.status, answer.problems()), (422, vec!["This code is not right. Tries left: 4."]));
    host.clock.forward(Duration::from_secs(601));
    let answer = host.post(&user, &[("do", "confirm"), ("id", &id), ("code", &code)]).await;
    assert_eq!((answer.status, answer.problems().len()), (409, 1), "{}", answer.text);
    assert!(!answer.text.contains("name=\"code\""), "there is nothing to answer any more");
}

#[tokio::test]
async fn a_form_that_is_too_large_or_no_form_is_refused_on_the_page() {
    let host = host();
    let (user, _) = host.user("ada@example.org").await;
    let large = format!("do=add&address={}", "a".repeat(20_000));
    let answer = host.send(form(&user).body(large.into()).unwrap()).await;
    assert_eq!((answer.status, answer.problems()), (413, vec!["This is too long. Please type less."]));
    let mut request = form(&user).body(Body::from("{}")).unwrap();
    request.headers_mut().insert("content-type", "application/json".parse().unwrap());
    let answer = host.send(request).await;
    assert_eq!((answer.status, answer.problems().len()), (415, 1), "{}", answer.text);
    let answer = host.send(form(&user).body(vec![0xff, b'=', 0xfe, b'&', b'%', b'&', b'='].into()).unwrap()).await;
    assert_eq!((answer.status, answer.problems().len()), (403, 1), "{}", answer.text);
}

#[tokio::test]
async fn the_page_says_done_only_of_what_is_so() {
    let host = host();
    let (user, own) = host.user("ada@example.org").await;
    let (_, foreign) = host.user("eve@example.org").await;
    let open = host.identity.account(&user).add(identity::Email::parse("open@example.org").unwrap()).await.unwrap();
    let open = open.outcome;
    for query in [
        format!("?address={open}&done=verified"),
        format!("?address={open}&done=primary"),
        format!("?address={own}&done=removed"),
        format!("?address={own}&done=labelled"),
        "?done=removed".to_owned(),
        "?done=verified".to_owned(),
        "?done=nothing".to_owned(),
    ] {
        let page = host.get(&user, &query, "en").await;
        assert!(page.status == 200 && !page.text.contains("role=\"status\""), "{query}: {}", page.text);
    }
    for query in [format!("?address={foreign}"), "?address=x".to_owned(), format!("?address={foreign}&done=verified")] {
        let page = host.get(&user, &query, "en").await;
        assert_eq!((page.status, page.problems().len()), (404, 1), "{query}");
        assert!(!page.text.contains("eve@example.org"));
    }
}

/// The owner's own answers are the same, byte for byte, whether somebody else has the address verified or nobody has it.
#[tokio::test]
async fn the_page_does_not_tell_whether_an_address_is_somebody_elses() {
    let mut said = Vec::new();
    for taken in [true, false] {
        let host = host();
        let (user, _) = host.user("ada@example.org").await;
        if taken {
            host.user("eve@example.org").await;
        } else {
            host.user("bob@example.org").await;
        }
        let mut texts = Vec::new();
        let added = host.post(&user, &[("do", "add"), ("address", "eve@example.org")]).await;
        let id = id(&host, &user, "eve@example.org").await;
        texts.push(added.header("location").replace(&id, "ID"));
        host.clock.forward(Duration::from_secs(31));
        for fields in
            [[("do", "send"), ("code", "")], [("do", "confirm"), ("code", "12")], [("do", "primary"), ("code", "")]]
        {
            let answer = host.post(&user, &[fields.as_slice(), &[("id", id.as_str())]].concat()).await;
            let token = host.get(&user, "", "en").await.token().to_owned();
            let text = format!("{} {:?}\n{}", answer.status, answer.headers, answer.text);
            texts.push(text.replace(&id, "ID").replace(&token, "TOKEN"));
        }
        said.push(texts);
    }
    assert_eq!(said.first(), said.last());
}

#[tokio::test]
async fn a_store_that_fails_is_a_page_that_asks_to_try_again_later() {
    let mut store = identity::testing::MockStore::new();
    store.expect_load().returning(|_| Err(identity::StoreError::unavailable("not there")));
    let host = crate::kit::host_on(store);
    let user = UserId::parse("ada").unwrap();
    let page = host.get(&user, "", "fr").await;
    assert_eq!(page.status, 503);
    assert!(page.text.contains("Veuillez réessayer dans quelques minutes.") && !page.text.contains("not there"));
}

#[tokio::test]
async fn a_user_who_was_erased_has_no_page() {
    let host = host();
    let (user, _) = host.user("ada@example.org").await;
    host.identity.admin("test").erase(&user).await.unwrap();
    assert_eq!(host.get(&user, "", "en").await.status, 404);
}
