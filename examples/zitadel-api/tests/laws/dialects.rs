//! One call, six ways to write it, one answer.

use axum::body::Body;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::prop_assert_eq;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use prost::Message as _;
use serde_json::json;
use zitadel_api::wire::{
    GetUserByIdRequest, GetUserByIdResponse, SERVICE, SetEmailRequest, SetPhoneRequest, SetPhoneResponse, UserState,
    VerifyEmailRequest, VerifyPhoneRequest, user,
};

use crate::kit::{Host, PHONE, ROOT, base64, framed};

fn ada() -> GetUserByIdRequest {
    GetUserByIdRequest { user_id: "ada".into() }
}

#[tokio::test]
async fn every_dialect_gives_the_same_user() {
    let host = Host::with_ada().await;
    host.post("/v2/users/ada/phone", json!({"phone": PHONE})).await.of(200);
    let grpc = host.rpc("GetUserByID", "application/grpc", framed(&ada())).await;
    assert_eq!(grpc.header("content-type"), "application/grpc");
    assert_eq!(grpc.trailers.get("grpc-status").unwrap(), "0", "in the trailers, not in the headers");
    assert!(!grpc.headers.contains_key("grpc-status"));
    let expected: GetUserByIdResponse = grpc.message();
    let expected_bytes = expected.encode_to_vec();

    for media_type in ["application/grpc+proto", "application/grpc-web", "application/grpc-web+proto"] {
        let answer = host.rpc("GetUserByID", media_type, framed(&ada())).await;
        assert!(answer.header("content-type").starts_with(media_type.trim_end_matches("+proto")), "{media_type}");
        assert_eq!(answer.message::<GetUserByIdResponse>().encode_to_vec(), expected_bytes, "{media_type}");
    }
    for media_type in ["application/grpc-web-text", "application/grpc-web-text+proto"] {
        let answer = host.rpc("GetUserByID", media_type, base64(&framed(&ada()))).await;
        assert_eq!(answer.header("content-type"), "application/grpc-web-text+proto");
        assert_eq!(answer.message::<GetUserByIdResponse>().encode_to_vec(), expected_bytes, "{media_type}");
    }
    let proto = host.rpc("GetUserByID", "application/proto", ada().encode_to_vec()).await;
    assert_eq!((proto.status, proto.header("content-type")), (200, "application/proto"));
    assert_eq!(proto.body, expected_bytes);

    let connect = host.rpc("GetUserByID", "application/json; charset=utf-8", r#"{"userId":"ada"}"#).await.of(200);
    assert_eq!(connect, host.ada().await, "Connect and REST have the same JSON");
    assert_eq!(
        connect,
        json!({
            "details": {
                "sequence": "8",
                "changeDate": "2024-11-22T16:27:04.996Z",
                "resourceOwner": "69629023906488334",
                "creationDate": "2024-11-22T16:27:04.996Z"
            },
            "user": {
                "userId": "ada",
                "details": {
                    "sequence": "8",
                    "changeDate": "2024-11-22T16:27:04.996Z",
                    "resourceOwner": "69629023906488334",
                    "creationDate": "2024-11-22T16:27:04.996Z"
                },
                "state": "USER_STATE_ACTIVE",
                "username": "ada",
                "loginNames": ["ada"],
                "preferredLoginName": "ada",
                "human": {
                    "profile": {"givenName": "Ada", "familyName": "Lovelace", "displayName": "Ada Lovelace"},
                    "email": {"email": "ada@example.com", "isVerified": true},
                    "phone": {"phone": PHONE}
                }
            }
        }),
        "the number of the last event as text, `isVerified: false` left out"
    );
    let seen = expected.user.unwrap();
    assert_eq!(seen.state, i32::from(UserState::Active));
    let Some(user::Type::Human(human)) = seen.r#type else { panic!("a human") };
    assert_eq!(human.phone.unwrap().phone, PHONE);
    assert_eq!(expected.details.unwrap().sequence, 8);
}

#[tokio::test]
async fn a_phone_that_is_not_there_is_an_empty_object() {
    let host = Host::with_ada().await;
    assert_eq!(host.ada().await["user"]["human"]["phone"], json!({}));
}

#[tokio::test]
async fn a_change_is_made_in_every_dialect() {
    let host = Host::new().await;
    for (number, media_type) in
        (0_u32..).zip(["application/grpc", "application/grpc-web", "application/grpc-web-text", "application/proto"])
    {
        let (id, phone) = (format!("user{number}"), format!("+44151496045{number}"));
        host.add(&id, &format!("{id}@example.com")).await;
        let request = SetPhoneRequest { user_id: id.clone(), phone: phone.clone(), verification: None };
        let body = match media_type {
            "application/proto" => Body::from(request.encode_to_vec()),
            "application/grpc-web-text" => Body::from(base64(&framed(&request))),
            _ => Body::from(framed(&request)),
        };
        let answer = host.rpc("SetPhone", media_type, body).await;
        let response = match media_type {
            "application/proto" => SetPhoneResponse::decode(answer.body).unwrap(),
            _ => answer.message(),
        };
        assert_eq!(response.verification_code, None);
        let user = host.rest(ROOT, "GET", &format!("/v2/users/{id}"), None).await.of(200);
        assert_eq!(user["user"]["human"]["phone"]["phone"], phone.as_str());
        assert_eq!(user["details"]["sequence"], response.details.unwrap().sequence.to_string());
        assert_eq!(host.code(&phone).await.len(), 6);
    }
}

#[tokio::test]
async fn both_spellings_of_a_name_are_read_and_unknown_members_are_not_looked_at() {
    let host = Host::with_ada().await;
    for body in [
        json!({"phone": PHONE, "sendCode": {}, "somethingNew": {"phone": [1, 2, {"phone": null}]}}),
        json!({"phone": "+441514960454", "send_code": {}, "user_id": "the path counts"}),
        json!({"phone": "+441514960455", "returnCode": {"more": 1}}),
        json!({"phone": "+441514960456", "return_code": {}, "send_code": null}),
        json!({"phone": "+441514960457", "is_verified": true}),
        json!({"phone": "+441514960458", "isVerified": true}),
    ] {
        let answer = host.post("/v2/users/ada/phone", body.clone()).await.of(200);
        let returned = body.get("returnCode").or_else(|| body.get("return_code")).is_some();
        assert_eq!(answer.get("verificationCode").is_some(), returned, "{body}: {answer}");
    }
    for body in [r#"{"userId":"ada","verificationCode":"1"}"#, r#"{"user_id":"ada","verification_code":"1"}"#] {
        let answer = host.rpc("VerifyEmail", "application/json", body).await.of(400);
        assert_eq!(answer["message"], "Code is invalid (COMMAND-eis9R)", "{body}");
    }
}

#[tokio::test]
async fn a_oneof_that_is_not_set_means_send_code() {
    let host = Host::with_ada().await;
    host.post("/v2/users/ada/phone", json!({"phone": PHONE})).await.of(200);
    host.post("/v2/users/ada/email", json!({"email": "new@example.com"})).await.of(200);
    assert_eq!(host.code(PHONE).await.len(), 6);
    assert_eq!(host.code("new@example.com").await.len(), 6);
    host.pass(31);
    let sends = async || host.sent().await.iter().filter(|(_, code, _)| code.is_some()).count();
    let before = sends().await;
    for path in ["phone/resend", "email/resend"] {
        host.post(&format!("/v2/users/ada/{path}"), None).await.of(200);
    }
    host.pass(31);
    host.post("/v2/users/ada/email/send", json!({})).await.of(200);
    assert_eq!(sends().await, before + 3);
}

#[tokio::test]
async fn every_method_is_there_under_both_paths() {
    let host = Host::new().await;
    for (method, rest) in [
        ("AddHumanUser", ("POST", "/v2/users/human")),
        ("GetUserByID", ("GET", "/v2/users/x")),
        ("SetEmail", ("POST", "/v2/users/x/email")),
        ("ResendEmailCode", ("POST", "/v2/users/x/email/resend")),
        ("SendEmailCode", ("POST", "/v2/users/x/email/send")),
        ("VerifyEmail", ("POST", "/v2/users/x/email/verify")),
        ("SetPhone", ("POST", "/v2/users/x/phone")),
        ("RemovePhone", ("DELETE", "/v2/users/x/phone")),
        ("ResendPhoneCode", ("POST", "/v2/users/x/phone/resend")),
        ("VerifyPhone", ("POST", "/v2/users/x/phone/verify")),
    ] {
        let (status, text) = host.rpc(method, "application/grpc", framed(&())).await.grpc_status();
        assert_eq!(status, 3, "{method}: a rule of the empty request's fields");
        assert!(text.starts_with(&format!("invalid {method}Request.")), "{method}: {text}");
        let answer = host.rest(ROOT, rest.0, rest.1, None).await;
        assert!(matches!(answer.json()["code"].as_i64(), Some(3 | 5)), "{method}: {}", answer.json());
        let answer =
            host.raw("POST", &format!("/{SERVICE}/{method}"), &[("content-type", "application/grpc")], "").await;
        assert_eq!(answer.grpc_status(), (16, "auth header missing".into()), "{method}");
    }
}

#[tokio::test]
async fn a_page_of_another_origin_may_call() {
    let host = Host::with_ada().await;
    let path = format!("/{SERVICE}/GetUserByID");
    let asked = [
        ("origin", "https://app.example.com"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization,content-type,x-grpc-web"),
    ];
    let allowed = host.raw("OPTIONS", &path, &asked, "").await;
    assert_eq!(allowed.status, 200);
    assert_eq!(allowed.header("access-control-allow-origin"), "*");
    assert_eq!(allowed.header("access-control-allow-headers"), "authorization,content-type,x-grpc-web");
    assert!(!allowed.headers.contains_key("access-control-allow-credentials"));
    let answer = host.rpc("GetUserByID", "application/grpc-web", framed(&ada())).await;
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert!(answer.header("access-control-expose-headers").contains("grpc-status-details-bin"));
}

/// Texts as callers send them, and texts as nobody should.
fn text() -> impl Strategy<Value = String> {
    let known =
        ["ada", "bob", "", "human", PHONE, "ada@example.com", "new@example.com", "123456", "+44", "a\nb", "ü@ü"];
    prop_oneof![
        proptest::sample::select(known.to_vec()).prop_map(str::to_owned),
        proptest::collection::vec(any::<char>(), 0..30).prop_map(String::from_iter),
        Just("x".repeat(201)),
    ]
}

#[test]
fn the_dialects_agree_on_every_request() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let host = runtime.block_on(Host::with_ada());
    let ask = async |method: &str, message: Vec<u8>, json: serde_json::Value| -> Result<(), TestCaseError> {
        let mut frame = vec![0];
        frame.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
        frame.extend_from_slice(&message);
        let (code, said) = host.rpc(method, "application/grpc", frame.clone()).await.grpc_status();
        for (media_type, body) in [
            ("application/grpc-web", Body::from(frame.clone())),
            ("application/grpc-web-text", Body::from(base64(&frame))),
        ] {
            prop_assert_eq!(&host.rpc(method, media_type, body).await.grpc_status(), &(code, said.clone()));
        }
        for (media_type, body) in
            [("application/proto", Body::from(message)), ("application/json", Body::from(json.to_string()))]
        {
            let answer = host.rpc(method, media_type, body).await;
            let http = match code {
                0 => 200,
                3 | 9 => 400,
                5 => 404,
                8 => 429,
                other => panic!("{other}: {said}"),
            };
            prop_assert_eq!(answer.status, http);
            if code != 0 {
                prop_assert_eq!(&answer.json()["message"], &json!(said));
            }
        }
        Ok(())
    };
    let methods = ["VerifyPhone", "VerifyEmail", "SetPhone", "SetEmail", "GetUserByID"];
    let strategy = (proptest::sample::select(methods.to_vec()), text(), text());
    let config = Config { cases: 300, failure_persistence: None, ..Config::default() };
    let outcome = TestRunner::new(config).run(&strategy, |(method, user, text)| {
        let user_id = user.clone();
        // A set that succeeds in one dialect is the same value again in the next: it is for a user who is not there.
        let (message, json) = match method {
            "VerifyPhone" => (
                VerifyPhoneRequest { user_id, verification_code: text.clone() }.encode_to_vec(),
                json!({"userId": user, "verificationCode": text}),
            ),
            "VerifyEmail" => (
                VerifyEmailRequest { user_id, verification_code: text.clone() }.encode_to_vec(),
                json!({"user_id": user, "verification_code": text}),
            ),
            "SetPhone" => (
                SetPhoneRequest { user_id: format!("nobody{user_id}"), phone: text.clone(), verification: None }
                    .encode_to_vec(),
                json!({"userId": format!("nobody{user}"), "phone": text}),
            ),
            "SetEmail" => (
                SetEmailRequest { user_id: format!("nobody{user_id}"), email: text.clone(), verification: None }
                    .encode_to_vec(),
                json!({"userId": format!("nobody{user}"), "email": text}),
            ),
            _ => (GetUserByIdRequest { user_id }.encode_to_vec(), json!({"userId": user})),
        };
        runtime.block_on(ask(method, message, json))
    });
    outcome.unwrap();
}
