#![expect(clippy::unwrap_used, reason = "what cannot be made fails its test")]

use std::sync::Arc;
use std::time::Duration;

use axum::response::IntoResponse as _;
use http_body_util::BodyExt as _;
use identity::address::{ClaimKind, Label};
use identity::delivery::{DeliveryState, Report};
use identity::spend::SendLimit;
use identity::user::JsonObject;
use identity::{
    CodeKeys, Email, Error, HolderError, NewAddress, NewUser, Profile, PublicRefusal, Refusal, StoreError, Timestamp,
    Verification,
};
use identity_axum::{Problem, UserView};
use serde_json::{Value, json};

use crate::kit::host;

async fn told(problem: Problem) -> (u16, String, Value) {
    let response = problem.into_response();
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let wait = response.headers().get("retry-after").map_or("", |wait| wait.to_str().unwrap()).to_owned();
    let status = response.status().as_u16();
    (status, wait, serde_json::from_slice(&response.into_body().collect().await.unwrap().to_bytes()).unwrap())
}

#[tokio::test]
async fn a_refusal_is_a_problem_with_its_slug_and_status() {
    for (refusal, status, code) in [
        (PublicRefusal::UserNotFound, 404, "user_not_found"),
        (PublicRefusal::Duplicate, 409, "duplicate"),
        (PublicRefusal::Unavailable, 403, "unavailable"),
        (PublicRefusal::Disabled, 403, "disabled"),
        (PublicRefusal::TooManyFailures { retry_at: None }, 403, "too_many_failures"),
        (PublicRefusal::Life, 422, "life"),
    ] {
        let (sent, wait, body) = told(refusal.clone().into()).await;
        assert_eq!((sent, wait.as_str()), (status, ""));
        let title = body["title"].clone();
        assert!(title.as_str().is_some_and(|title| !title.is_empty()));
        let detail = refusal.to_string();
        assert_eq!(body, json!({ "type": code, "code": code, "title": title, "status": status, "detail": detail }));
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_a_problem_with_its_slug() {
    let typed = "ada\u{202e}@example.org";
    let errors: [(Problem, &str); 4] = [
        (Email::parse(typed).unwrap_err().into(), Email::parse(typed).unwrap_err().code()),
        (identity::Address::parse("0151", None).unwrap_err().into(), "phone_missing_plus"),
        (identity::Code::parse("").unwrap_err().into(), "code_empty"),
        (identity::UserId::parse("").unwrap_err().into(), "id_empty"),
    ];
    for (problem, code) in errors {
        let (status, _, body) = told(problem).await;
        assert_eq!((status, &body["type"], &body["code"]), (422, &json!(code), &json!(code)));
        assert!(!body["detail"].as_str().unwrap().contains("ada"), "{body}");
    }
}

#[tokio::test]
async fn a_wait_is_said_in_whole_seconds_rounded_up() {
    let now = Timestamp::from_secs(1_800_000_000);
    for (micros, said) in [(0, "0"), (1, "1"), (999_999, "1"), (1_000_000, "1"), (29_000_001, "30")] {
        let retry_at = now + Duration::from_micros(micros);
        let (status, wait, body) = told(Problem::refused(&PublicRefusal::TooSoon { retry_at }, now)).await;
        assert_eq!((status, wait.as_str()), (429, said));
        assert_eq!(body["retry_after"].to_string(), said);
    }
    let past = PublicRefusal::TooManyFailures { retry_at: Some(now - Duration::from_secs(5)) };
    assert_eq!(told(Problem::refused(&past, now)).await.1, "0");
}

#[tokio::test]
async fn what_is_private_does_not_leave() {
    let limit = SendLimit::Shared(Arc::new(identity::spend::Exhausted {
        kind: identity::spend::BudgetKind::Tenant,
        quota: "secret".to_owned(),
        limit: 4_242,
        drawn: 4_711,
        amount: 1,
        window: Duration::from_secs(60),
        retry_at: Timestamp::from_secs(1),
        effect: identity::spend::WhenExhausted::Refuse,
    }));
    let retry_at = Timestamp::from_secs(1);
    for error in [
        Error::from(Refusal::Taken(ClaimKind::Email)),
        Refusal::Taken(ClaimKind::Mailbox).into(),
        Refusal::TooSoon { retry_at, limit }.into(),
        Error::Store(StoreError::Corrupt { table: "users", key: "secret".into(), reason: "secret".into() }),
        Error::Store(StoreError::failed("secret")),
        Error::Store(StoreError::unavailable("secret")),
        Error::Store(StoreError::NotOurs("secret".into())),
    ] {
        let said = told(error.clone().into()).await;
        let text = format!("{said:?}");
        for word in ["secret", "4711", "4,711", "4242", "taken", "mailbox", "users", "another user"] {
            assert!(!text.contains(word), "{error}: {text}");
        }
        let holder: HolderError = error.public();
        assert_eq!(said, told(holder.into()).await, "both roads answer alike");
    }
    let unavailable = told(Error::<Refusal>::Contended.into()).await;
    assert_eq!((unavailable.0, unavailable.1.as_str()), (503, "1"));
    assert_eq!(told(Error::<Refusal>::Store(StoreError::NotOurs("x".into())).into()).await.0, 500);
}

#[tokio::test]
async fn a_view_says_how_the_user_and_each_address_stand() {
    let host = host();
    let (user, ada) = host.user("ada@example.org").await;
    let (account, admin) = (host.identity.account(&user), host.identity.admin("test"));
    let mail = |text: &str| Email::parse(text).unwrap();
    let open = account.add(mail("open@example.org")).await.unwrap().outcome;
    account.start_verification(open).await.unwrap();
    let posted = admin.posted(&user, None, 10).await.unwrap();
    let posted = posted.iter().find(|posted| posted.message.to.as_str() == "open@example.org").unwrap();
    let ticket = CodeKeys::parse(&"5a".repeat(32)).unwrap().ticket(posted.message.id);
    let bounced = Report::new(DeliveryState::Bounced, posted.message.created_at);
    admin.report_delivery(&ticket, &bounced).await.unwrap();
    account.replace(ada, mail("new@example.org")).await.unwrap();
    account.set_label(open, Some(Label::parse("Open").unwrap())).await.unwrap();
    for disabled in [false, true] {
        if disabled {
            admin.disable(&user).await.unwrap();
        }
        let view = serde_json::to_value(UserView::from(&*admin.get(&user).await.unwrap())).unwrap();
        assert_eq!(view["disabled"], json!(disabled));
        let cells = ["address", "status", "primary", "undeliverable", "replaces", "label"];
        let row = |entry: &Value| Value::from(cells.map(|cell| entry[cell].clone()).to_vec());
        let rows: Vec<Value> = view["emails"].as_array().unwrap().iter().map(row).collect();
        let expected = [
            json!(["ada@example.org", "verified", true, false, null, null]),
            json!(["open@example.org", "pending", false, true, null, "Open"]),
            json!(["new@example.org", "unverified", false, false, ada.to_string(), null]),
        ];
        assert_eq!(rows, expected);
    }
}

#[tokio::test]
async fn a_view_has_the_public_fields_and_no_other() {
    let host = host();
    let object = |text: &str| Arc::new(JsonObject::new(json!({ text: text }).as_object().unwrap().clone()).unwrap());
    let profile =
        Profile { claims: object("claim"), public_data: object("public"), private_data: object("private-secret") };
    let admin = host.identity.admin("test-secret");
    let user = admin.create(NewUser { profile, ..NewUser::default() }).await.unwrap().outcome;
    let new = NewAddress::from(Email::parse("ada@example.org").unwrap()).verified();
    let new = new.with_source("source-secret").with_verified_source("vouching-secret").unrestricted();
    admin.add(&user, new).await.unwrap();
    let open = admin.add(&user, Email::parse("open@example.org").unwrap()).await.unwrap().outcome;
    let request = Verification { hint: Some("hint-secret".into()), ..Verification::default() };
    host.identity.account(&user).start_verification_with(open, &request).await.unwrap();
    // As an administrator reads it: with everything in it.
    let stored = admin.get(&user).await.unwrap();
    assert!(format!("{stored:?}").contains("hint-secret") && format!("{stored:?}").contains("source-secret"));
    let view = serde_json::to_value(UserView::from(&*stored)).unwrap();
    assert!(!view.to_string().contains("secret"), "{view}");
    let names = |value: &Value| value.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>().join(" ");
    assert_eq!(names(&view), "claims created_at disabled emails id phones public_data updated_at username");
    assert_eq!(
        names(&view["emails"][0]),
        "added_at address channel id label primary replaces status undeliverable verified_at"
    );
    assert_eq!(view["claims"], json!({ "claim": "claim" }));
    assert_eq!((&view["emails"][0]["status"], &view["emails"][1]["status"]), (&json!("verified"), &json!("pending")));
    assert_eq!(view["created_at"], "2027-01-15T08:00:00Z");
}

#[cfg(feature = "utoipa")]
#[test]
fn the_schemas_name_the_fields_that_are_written() {
    use utoipa::OpenApi as _;

    #[derive(utoipa::OpenApi)]
    #[openapi(components(schemas(UserView, identity_axum::IdentifierView, Problem)))]
    struct Api;

    let document = serde_json::to_value(Api::openapi()).unwrap();
    let schemas = &document["components"]["schemas"];
    let names = |name: &str| schemas[name]["properties"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names("Problem"), ["code", "detail", "retry_after", "status", "title", "type"]);
    assert_eq!(
        names("UserView").join(" "),
        "claims created_at disabled emails id phones public_data updated_at username"
    );
    assert_eq!(schemas["IdentifierView"]["properties"]["id"]["format"], "uuid");
    assert_eq!(schemas["UserView"]["properties"]["created_at"]["format"], "date-time");
}
