//! c64 and after: who may call, and what they may ask for.

use serde_json::{Value, json};
use zitadel_api::AccessTokens;
use zitadel_api::wire::{SERVICE, SetPhoneRequest};

use crate::kit::{ADAS, Host, OTHER, PHONE, framed};

#[tokio::test]
async fn c64_without_a_good_token_nothing_is_read() {
    let host = Host::with_ada().await;
    let before = host.state().await;
    for (sent, id) in [
        (None, None),
        (Some(""), None),
        (Some("root-token"), Some("AUTH-toLo1")),
        (Some("Basic root-token"), Some("AUTH-toLo1")),
        (Some("Bearer "), Some("AUTH-toLo1")),
        (Some("Bearer root-toke"), Some("AUTH-7fs1e")),
        (Some("Bearer root-tokenn"), Some("AUTH-7fs1e")),
        (Some("Bearer ROOT-TOKEN"), Some("AUTH-7fs1e")),
        (Some("Bearer root"), Some("AUTH-7fs1e")),
    ] {
        // A path, a body and a media type that are no good are not what the answer is about.
        for (path, media_type, body) in [
            ("/v2/users/ada/phone", "application/json", "{nonsense"),
            ("/v2/users/ada/phone/verify", "application/json", "{}"),
            ("/v2/users/ada/phone", "text/plain", ""),
            (&format!("/{SERVICE}/SetPhone"), "application/json", "{nonsense"),
        ] {
            let mut headers = vec![("content-type", media_type)];
            headers.extend(sent.map(|sent| ("authorization", sent)));
            let answer = host.raw("POST", path, &headers, body).await;
            assert_eq!(answer.header("www-authenticate"), "Bearer");
            let error = answer.of(401);
            match id {
                None => assert_eq!(error["message"], "auth header missing"),
                Some(id) => assert!(error["message"].as_str().unwrap().ends_with(&format!("({id})")), "{error}"),
            }
        }
        for media_type in ["application/grpc", "application/grpc-web", "application/grpc-web-text"] {
            let mut headers = vec![("content-type", media_type)];
            headers.extend(sent.map(|sent| ("authorization", sent)));
            let answer = host.raw("POST", &format!("/{SERVICE}/SetPhone"), &headers, "nonsense").await;
            assert_eq!(answer.grpc_status().0, 16);
        }
    }
    let twice = [("authorization", "Bearer root-token"), ("authorization", "Bearer ada-token")];
    assert_eq!(host.raw("GET", "/v2/users/ada", &twice, "").await.refused(401), "AUTH-toLo1");
    let scheme = [("authorization", "bearer root-token")];
    host.raw("GET", "/v2/users/ada", &scheme, "").await.of(200);
    assert_eq!(host.state().await, before);
}

#[tokio::test(start_paused = true)]
async fn c64_a_body_that_never_comes_is_not_waited_for() {
    let host = Host::with_ada().await;
    let start = tokio::time::Instant::now();
    let never = || axum::body::Body::new(http_body_util::StreamBody::new(Never));
    let json = [("content-type", "application/json")];
    assert_eq!(host.raw("POST", "/v2/users/ada/phone", &json, never()).await.status, 401);
    let grpc = [("content-type", "application/grpc"), ("authorization", "Bearer no")];
    assert_eq!(host.raw("POST", &format!("/{SERVICE}/SetPhone"), &grpc, never()).await.grpc_status().0, 16);
    assert!(start.elapsed().as_secs() < 1, "the time of a body is 30 s: {:?}", start.elapsed());
}

pub(crate) struct Never;

impl futures_core::Stream for Never {
    type Item = Result<http_body::Frame<axum::body::Bytes>, std::convert::Infallible>;

    fn poll_next(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Pending
    }
}

#[tokio::test]
async fn a_users_own_token_sets_resends_verifies_removes_and_reads_its_own() {
    let host = Host::with_ada().await;
    let own = async |method: &str, path: &str, body: Option<Value>| {
        host.rest(ADAS, method, &format!("/v2/users/ada{path}"), body).await.of(200)
    };
    own("POST", "/phone", Some(json!({"phone": PHONE, "sendCode": {}}))).await;
    own("POST", "/email", Some(json!({"email": "new@example.com", "sendCode": {}}))).await;
    host.pass(31);
    own("POST", "/phone/resend", None).await;
    own("POST", "/email/resend", Some(json!({"sendCode": {}}))).await;
    host.pass(31);
    own("POST", "/email/send", None).await;
    let (phone, email) = (host.code(PHONE).await, host.code("new@example.com").await);
    own("POST", "/phone/verify", Some(json!({"verificationCode": phone}))).await;
    own("POST", "/email/verify", Some(json!({"verificationCode": email}))).await;
    own("GET", "", None).await;
    own("DELETE", "/phone", None).await;
}

#[tokio::test]
async fn what_is_an_administrators_and_who_is_somebody_else_is_403() {
    let host = Host::with_ada().await;
    host.add("bob", "bob@example.com").await;
    host.post("/v2/users/ada/phone", json!({"phone": PHONE})).await.of(200);
    host.post("/v2/users/bob/phone", json!({"phone": OTHER})).await.of(200);
    host.post("/v2/users/bob/email", json!({"email": "bob2@example.com"})).await.of(200);
    host.pass(31);
    let before = host.state().await;
    let human = json!({"profile": {"givenName": "A", "familyName": "B"}, "email": {"email": "else@example.com"}});
    for (method, path, body) in [
        ("POST", "ada/phone", json!({"phone": "+441514960455", "returnCode": {}})),
        ("POST", "ada/phone", json!({"phone": "+441514960455", "isVerified": true})),
        ("POST", "ada/phone/resend", json!({"returnCode": {}})),
        ("POST", "ada/email", json!({"email": "new@example.com", "returnCode": {}})),
        ("POST", "ada/email", json!({"email": "new@example.com", "isVerified": true})),
        ("POST", "ada/email", json!({"email": "no address", "isVerified": true})),
        ("POST", "ada/email/resend", json!({"returnCode": {}})),
        ("POST", "ada/email/send", json!({"returnCode": {}})),
        ("POST", "human", human),
        ("GET", "bob", Value::Null),
        ("GET", "nobody", Value::Null),
        ("POST", "bob/phone", json!({"phone": "+441514960455"})),
        ("POST", "bob/phone", json!({"phone": "no number"})),
        ("POST", "bob/phone/resend", json!({})),
        ("POST", "bob/phone/verify", json!({"verificationCode": "123456"})),
        ("DELETE", "bob/phone", Value::Null),
        ("POST", "bob/email", json!({"email": "new@example.com"})),
        ("POST", "bob/email/resend", json!({})),
        ("POST", "bob/email/send", json!({})),
        ("POST", "bob/email/verify", json!({"verificationCode": "123456"})),
        ("POST", "nobody/phone/resend", json!({})),
    ] {
        let body = (!body.is_null()).then_some(body);
        let answer = host.rest(ADAS, method, &format!("/v2/users/{path}"), body.clone()).await;
        assert_eq!(answer.refused(403), "AUTH-AWfge", "{method} {path} {body:?}");
    }
    // The path says whom it is about, not the body.
    let answer = host.rest(ADAS, "POST", "/v2/users/bob/phone/resend", json!({"userId": "ada"})).await;
    assert_eq!(answer.refused(403), "AUTH-AWfge");
    assert_eq!(host.state().await, before);
}

#[tokio::test]
async fn a_call_for_another_organization_is_refused_in_every_dialect() {
    let host = Host::with_ada().await;
    let bearer = format!("Bearer {}", crate::kit::ROOT);
    let call = async |path: &str, media_type: &str, organizations: &[&str], body: Vec<u8>| {
        let mut headers = vec![("authorization", bearer.as_str()), ("content-type", media_type)];
        headers.extend(organizations.iter().map(|named| ("x-zitadel-orgid", *named)));
        host.raw("POST", path, &headers, body).await
    };
    let frame = framed(&SetPhoneRequest { user_id: "ada".into(), phone: PHONE.into(), verification: None });
    let json = json!({"userId": "ada", "phone": PHONE}).to_string().into_bytes();
    let rpc = format!("/{SERVICE}/SetPhone");
    let before = host.state().await;
    for organizations in [&["another"][..], &["69629023906488335"], &["69629023906488334", "another"]] {
        let rest = call("/v2/users/ada/phone", "application/json", organizations, json.clone()).await;
        assert_eq!(rest.refused(403), "AUTH-AWfge");
        assert_eq!(
            call(&rpc, "application/json", organizations, json.clone()).await.of(403)["code"],
            "permission_denied"
        );
        for media_type in ["application/grpc", "application/grpc-web"] {
            assert_eq!(call(&rpc, media_type, organizations, frame.clone()).await.grpc_status().0, 7, "{media_type}");
        }
    }
    assert_eq!(host.state().await, before);
    for organizations in [&["69629023906488334"][..], &[""]] {
        let read = json!({"userId": "ada"}).to_string().into_bytes();
        call(&format!("/{SERVICE}/GetUserByID"), "application/json", organizations, read).await.of(200);
    }
}

#[tokio::test]
async fn an_administrators_name_is_the_actor_of_events() {
    let host = Host::with_ada().await;
    host.rest(ADAS, "POST", "/v2/users/ada/phone", json!({"phone": PHONE})).await.of(200);
    let ada = identity::UserId::parse("ada").unwrap();
    let history = host.identity.admin("test").history(&ada, 0, 100).await.unwrap();
    let actors: Vec<_> = history.iter().map(|recorded| format!("{:?}", recorded.event.actor)).collect();
    assert!(actors.first().unwrap().contains("root"), "{actors:?}");
    assert!(actors.last().unwrap().contains("Holder"), "{actors:?}");
}

#[test]
fn c64_tokens_do_not_print_and_a_list_that_is_none_is_refused() {
    let tokens =
        AccessTokens::parse("root-secret:admin,\n own-secret:user:ada:with:colons\tx:admin:night-shift").unwrap();
    assert!(!format!("{tokens:?}").contains("secret"));
    assert!(!format!("{tokens:?}").contains("ada"), "nor users' ids: {tokens:?}");
    assert!(format!("{tokens:?}").contains("night-shift"));
    let ids = format!(
        "{:?}",
        tokens
            .holder("own-secret")
            .map(|caller| matches!(caller, zitadel_api::Caller::User(id) if id.as_str() == "ada:with:colons"))
    );
    assert_eq!(ids, "Some(true)");
    for bad in [
        "",
        " , ",
        "secret",
        "secret:",
        "secret:root",
        ":admin",
        "secret:user:",
        "secret:user",
        "a:admin,secret:admin:",
        "secret:admin,secret:user:ada",
    ] {
        let error = AccessTokens::parse(bad).unwrap_err();
        assert!(!error.to_string().contains("secret"), "{bad}: {error}");
    }
}
