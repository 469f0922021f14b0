//! Every form of the pages with each of its fields missing, doubled, overlong and with its direction turned, and with fields that are
//! none of its own.
#![expect(clippy::unwrap_used, reason = "what cannot be made fails its test")]

use axum::body::Body;
use axum::http::Request;
use identity::{Email, NewAddress, UserId};

use crate::entering::{ADA, Browser};
use crate::kit::{Answer, Host, host};

type Fields = Vec<(String, String)>;

fn fields(good: &[(&str, &str)]) -> Fields {
    good.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// What is none of the form's own: it would make somebody else's, or more of it, if it were read.
fn with_foreign(good: &Fields) -> Fields {
    let foreign = [("user", "eve"), ("verified", "true"), ("primary", "true"), ("Do", "remove"), ("is_admin", "1")];
    [good.clone(), fields(&foreign)].concat()
}

/// The form with each of its fields in each wrong way: the name of the field, the way, the fields.
fn broken(good: &Fields) -> Vec<(String, &'static str, Fields)> {
    let mut all = Vec::new();
    for (at, (name, value)) in good.iter().enumerate() {
        let (first, second) = value.split_at(value.len() / 2);
        let mut with = |how, values: Vec<String>| {
            let mut fields = good.clone();
            fields.splice(at..=at, values.into_iter().map(|value| (name.clone(), value)));
            all.push((name.clone(), how, fields));
        };
        with("missing", vec![]);
        with("doubled", vec![value.clone(), value.clone()]);
        with("overlong", vec![format!("{value}{}", "a".repeat(3_000))]);
        with("turned", vec![format!("{first}\u{202e}{second}")]);
    }
    all
}

fn status(field: &str, how: &str) -> u16 {
    match (field, how) {
        ("token", "missing" | "overlong" | "turned") => 403,
        (_, "missing" | "doubled") | ("do", _) => 400,
        ("id", _) => 404,
        ("number", _) => 409,
        _ => 422,
    }
}

/// Marks of direction around or within a code are left out, as white space is.
fn is_read(field: &str, how: &str) -> bool {
    (field, how) == ("code", "turned")
}

fn of(fields: &Fields) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (&**name, &**value)).collect()
}

async fn verified(host: &Host, user: &UserId, address: &str) -> String {
    let new = NewAddress::from(Email::parse(address).unwrap()).verified();
    host.identity.admin("test").add(user, new).await.unwrap().outcome.to_string()
}

#[tokio::test]
async fn a_broken_form_of_the_account_page_is_one_sentence_and_the_whole_one_still_does_its_work() {
    let host = host();
    let (user, own) = host.user("ada@example.org").await;
    let (eve, _) = host.user("eve@example.org").await;
    let account = host.identity.account(&user);
    let second = verified(&host, &user, "second@example.org").await;
    let open = account.add(Email::parse("open@example.org").unwrap()).await.unwrap().outcome;
    account.start_verification(open).await.unwrap();
    let silent = account.add(Email::parse("silent@example.org").unwrap()).await.unwrap().outcome.to_string();
    host.identity.deliver_due().await.unwrap();
    let code = host.mailbox.code("open@example.org").unwrap();
    let (own, open) = (own.to_string(), open.to_string());
    let token = host.get(&user, "", "en").await.token().to_owned();
    let forms: [&[(&str, &str)]; 7] = [
        &[("do", "add"), ("address", "new@example.org")],
        &[("do", "confirm"), ("id", &open), ("code", code.reveal())],
        &[("do", "send"), ("id", &silent)],
        &[("do", "primary"), ("id", &second)],
        &[("do", "replace"), ("id", &own), ("address", "newer@example.org")],
        &[("do", "label"), ("id", &second), ("label", "Work")],
        &[("do", "remove"), ("id", &silent)],
    ];
    let forms = forms.map(|form| [fields(&[("token", &token)]), fields(form)].concat());
    let before = [account.get().await.unwrap(), host.identity.account(&eve).get().await.unwrap()];
    for form in &forms {
        for (field, how, fields) in broken(form).into_iter().filter(|(field, how, _)| !is_read(field, how)) {
            let answer = host.post_raw(&user, &of(&fields), "en").await;
            let told = (answer.status, answer.problems().len());
            assert_eq!(told, (status(&field, how), 1), "{field} {how} in {form:?}: {}", answer.text);
        }
    }
    let after = [account.get().await.unwrap(), host.identity.account(&eve).get().await.unwrap()];
    assert_eq!(before, after, "nothing was written");
    for form in &forms {
        let answer = host.post_raw(&user, &of(&with_foreign(form)), "en").await;
        assert_eq!(answer.status, 303, "{form:?}: {}", answer.text);
    }
    assert_eq!(host.identity.account(&eve).get().await.unwrap(), after[1]);
    let user = account.get().await.unwrap();
    let is_verified: Vec<_> = user.identifiers().map(|entry| (entry.address.as_str(), entry.is_verified())).collect();
    assert!(is_verified.contains(&("new@example.org", false)), "{is_verified:?}");
    assert!(is_verified.contains(&("open@example.org", true)), "{is_verified:?}");
    // What was changed is undone by a form of the same kind.
    let undoes = account.disavowals().await.unwrap();
    let number = undoes.first().unwrap().0.event().to_string();
    let form = fields(&[("token", &token), ("do", "undo"), ("id", &number)]);
    for (field, how, fields) in broken(&form) {
        // Without what to do it is the number that no address has.
        let field = match (&*field, how) {
            ("do", "doubled") => "do",
            ("do", _) => "id",
            ("id", _) => "number",
            (other, _) => other,
        };
        let how = if field == "id" { "foreign" } else { how };
        let answer = host.post_raw(account.user(), &of(&fields), "en").await;
        assert_eq!((answer.status, answer.problems().len()), (status(field, how), 1), "{field} {how}: {}", answer.text);
    }
    assert_eq!(account.get().await.unwrap(), user, "nothing was written");
    assert_eq!(host.post_raw(account.user(), &of(&with_foreign(&form)), "en").await.status, 200);
    assert_ne!(account.get().await.unwrap(), user);
}

#[tokio::test]
async fn a_broken_form_of_the_sign_in_is_one_sentence_and_costs_no_guess() {
    let host = host();
    let mut browser = Browser::of(&host);
    let start = fields(&[("do", "start"), ("address", ADA)]);
    for (field, how, fields) in broken(&start) {
        let answer = browser.post(&of(&fields)).await;
        assert_eq!((answer.status, answer.problems().len()), (status(&field, how), 1), "{field} {how}");
        assert_eq!(answer.header("set-cookie"), "", "{field} {how}");
    }
    assert_eq!(host.identity.deliver_due().await.unwrap().sent, 0);
    assert_eq!(browser.post(&of(&with_foreign(&start))).await.status, 200);
    host.identity.deliver_due().await.unwrap();
    let code = host.mailbox.code(ADA).unwrap();
    let confirm = fields(&[("do", "confirm"), ("address", ADA), ("code", code.reveal())]);
    for (field, how, fields) in broken(&confirm).into_iter().filter(|(field, how, _)| !is_read(field, how)) {
        // What the page shows again is not what is signed in.
        if field == "address" && !["missing", "doubled"].contains(&how) {
            continue;
        }
        let answer = browser.post(&of(&fields)).await;
        assert_eq!((answer.status, answer.problems().len()), (status(&field, how), 1), "{field} {how}");
    }
    let answer = browser.post(&of(&with_foreign(&confirm))).await;
    assert!(answer.text.ends_with(&format!(" true {ADA}")), "{}", answer.text);
}

/// The fields of a link.
fn of_link(link: &str) -> Fields {
    form_urlencoded::parse(link.split_once('?').unwrap().1.as_bytes()).into_owned().collect()
}

fn shown(answer: &Answer, status: u16, what: &str) {
    assert_eq!(answer.status, status, "{what}: {}", answer.text);
    assert_eq!(answer.text.matches("<form").count(), usize::from(status == 200), "{what}: {}", answer.text);
    let (_, body) = answer.text.split_once("<h1>").unwrap();
    assert!(body.contains("<p>"), "{what}: {}", answer.text);
}

#[tokio::test]
async fn a_broken_link_of_either_page_opens_nothing_and_the_whole_one_still_works() {
    let host = host();
    let (user, _) = host.user("ada@example.org").await;
    host.follow(&user, &[("do", "add"), ("address", "new@example.org")]).await;
    let mut browser = Browser::of(&host);
    browser.start(ADA).await;
    host.identity.deliver_due().await.unwrap();
    for (path, to) in [("/account/link", "new@example.org"), ("/sign-in/link", ADA)] {
        let good = of_link(&host.link(to));
        for (field, how, fields) in broken(&good) {
            let what = format!("{path}: {field} {how}");
            let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
            // The language is a wish: without one that is known the page is in another.
            let opens = field == "lang" && how != "doubled";
            let get = Request::get(format!("{path}?{query}")).body(Body::empty()).unwrap();
            shown(&host.send(get).await, if opens { 200 } else { 400 }, &what);
            if !opens {
                shown(&browser.post_from("same-origin", path, &of(&fields)).await, 400, &what);
            }
        }
        let answer = browser.post_from("same-origin", path, &of(&with_foreign(&good))).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        assert!(answer.text.contains("Your address is confirmed.") || answer.text.ends_with(&format!(" true {ADA}")));
    }
}
