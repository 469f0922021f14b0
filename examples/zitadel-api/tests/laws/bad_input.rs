//! c62: bad input gets an error in the dialect that it is written in, never a fault of the server, and nothing is written.

use axum::body::Body;
use proptest::prelude::{Just, Strategy as _, any, prop_oneof};
use serde_json::{Value, json};
use zitadel_api::wire::{GetUserByIdRequest, SERVICE, SetPhoneRequest};

use crate::kit::{Answer, Host, PHONE, ROOT, base64, framed};
use crate::permissions::Never;

const MAX: usize = 65_536;

fn set_phone() -> Vec<u8> {
    framed(&SetPhoneRequest { user_id: "ada".into(), phone: PHONE.into(), verification: None })
}

/// A failure in the dialect of the media type: its code, and the HTTP status where the dialect has one.
fn failed(media_type: &str, answer: &Answer) -> (i32, u16) {
    if media_type.starts_with("application/grpc") {
        let (code, text) = answer.grpc_status();
        assert!(!text.is_empty());
        return (code, answer.status);
    }
    let error = answer.json();
    assert_eq!(answer.header("content-type"), "application/json");
    assert!(error["message"].as_str().is_some_and(|text| !text.is_empty()), "{error}");
    let code = match &error["code"] {
        Value::String(name) if name == "invalid_argument" => 3,
        Value::String(name) if name == "resource_exhausted" => 8,
        Value::String(name) if name == "unimplemented" => 12,
        Value::Number(number) => i32::try_from(number.as_i64().unwrap()).unwrap(),
        other => panic!("{other}"),
    };
    (code, answer.status)
}

#[tokio::test]
async fn frames_that_are_cut_short_or_are_none() {
    let host = Host::with_ada().await;
    let before = host.state().await;
    let whole = set_phone();
    let mut bodies: Vec<Vec<u8>> = (0..whole.len()).map(|length| whole[..length].to_vec()).collect();
    bodies.push([whole.clone(), whole.clone()].concat());
    bodies.push([whole.clone(), vec![0]].concat());
    bodies.push(vec![0, 0xff, 0xff, 0xff, 0xff]);
    bodies.push([&[2][..], &whole[1..]].concat());
    bodies.push([&[0x80][..], &whole[1..]].concat());
    // Not a message: a field of the wrong wire type, a length beyond the end, text that is not UTF-8, groups without end.
    for message in [&[0x08, 0x01][..], &[0x0a, 0x7f, b'a'], &[0x0a, 0x02, 0xff, 0xfe], &[0x0b; 200], &[0xff; 12]] {
        let mut frame = vec![0, 0, 0, 0, u8::try_from(message.len()).unwrap()];
        frame.extend_from_slice(message);
        bodies.push(frame);
    }
    for body in bodies {
        for media_type in ["application/grpc", "application/grpc-web", "application/grpc-web-text"] {
            let sent = if media_type.ends_with("text") { base64(&body).into_bytes() } else { body.clone() };
            let answer = host.rpc("SetPhone", media_type, sent).await;
            let (code, _) = failed(media_type, &answer);
            assert!(matches!(code, 3 | 8), "{media_type} {body:02x?}: {code}");
        }
    }
    let compressed = [&[1][..], &whole[1..]].concat();
    let answer = host.rpc("SetPhone", "application/grpc", compressed).await;
    assert_eq!(answer.grpc_status().0, 12, "compressed");
    for text in ["a", "====", "AAAA=", "AAAAA", "\u{fffd}", "AA\nAA"] {
        let answer = host.rpc("SetPhone", "application/grpc-web-text", text).await;
        assert_eq!(answer.grpc_status().0, 3, "{text}: not base64");
    }
    assert_eq!(host.state().await, before);
}

#[tokio::test]
async fn base64_may_come_in_pieces_with_padding_of_their_own() {
    let host = Host::with_ada().await;
    let request = framed(&GetUserByIdRequest { user_id: "ada".into() });
    let pieces: String = request.chunks(5).map(base64).collect();
    assert!(pieces.trim_end_matches('=').contains('='));
    assert_eq!(host.rpc("GetUserByID", "application/grpc-web-text", pieces).await.grpc_status().0, 0);
}

#[tokio::test]
async fn c101_a_message_of_64_kib_is_read_and_a_larger_one_is_not() {
    let host = Host::with_ada().await;
    let before = host.state().await;
    // The phone number is much too long: a message that is read says so.
    let phone = "1".repeat(MAX - 9);
    let request = SetPhoneRequest { user_id: "ada".into(), phone, verification: None };
    let whole = framed(&request);
    assert_eq!(whole.len(), MAX + 5);
    let larger = framed(&SetPhoneRequest { phone: format!("{}1", request.phone), ..request });
    for (media_type, text) in
        [("application/grpc", false), ("application/grpc-web", false), ("application/grpc-web-text", true)]
    {
        let body = |frame: &[u8]| if text { base64(frame).into_bytes() } else { frame.to_vec() };
        let (code, said) = host.rpc("SetPhone", media_type, body(&whole)).await.grpc_status();
        assert_eq!((code, said.starts_with("invalid SetPhoneRequest.Phone")), (3, true), "{media_type}: {said}");
        let (code, said) = host.rpc("SetPhone", media_type, body(&larger)).await.grpc_status();
        assert_eq!((code, said.contains("65536")), (8, true), "{media_type}: {said}");
        // A frame that says it is larger is not waited for.
        let claims = [0, 0x00, 0x01, 0x00, 0x01, 0x0a];
        assert_eq!(host.rpc("SetPhone", media_type, body(&claims)).await.grpc_status().0, 8, "{media_type}");
    }
    let json = |bytes: usize| format!(r#"{{"x":"{}"}}"#, "1".repeat(bytes - 8));
    assert_eq!(json(MAX).len(), MAX);
    let answer = host.rest_text("POST", "/v2/users/ada/phone", json(MAX)).await;
    assert!(answer.of(400)["message"].as_str().unwrap().starts_with("invalid SetPhoneRequest.Phone"));
    for answer in [
        host.rest_text("POST", "/v2/users/ada/phone", json(MAX + 1)).await,
        host.rpc("SetPhone", "application/json", json(MAX + 1)).await,
        host.rpc("SetPhone", "application/proto", vec![0; MAX + 1]).await,
        // It says so first, and is not waited for.
        host.declared("application/json", "/v2/users/ada/phone", MAX + 1).await,
        host.declared("application/json", &format!("/{SERVICE}/SetPhone"), MAX + 1).await,
    ] {
        assert_eq!(failed("application/json", &answer), (8, 413));
    }
    assert_eq!(host.state().await, before);
}

impl Host {
    async fn rest_text(&self, method: &str, path: &str, body: impl Into<Body>) -> Answer {
        let bearer = format!("Bearer {ROOT}");
        self.raw(method, path, &[("authorization", &bearer), ("content-type", "application/json")], body).await
    }

    async fn declared(&self, media_type: &str, path: &str, length: usize) -> Answer {
        let (bearer, length) = (format!("Bearer {ROOT}"), length.to_string());
        let headers = [("authorization", bearer.as_str()), ("content-type", media_type), ("content-length", &length)];
        self.raw("POST", path, &headers, never()).await
    }
}

fn never() -> Body {
    Body::new(http_body_util::StreamBody::new(Never))
}

#[tokio::test]
async fn the_largest_request_that_the_rules_of_fields_let_through_is_read() {
    let host = Host::with_ada().await;
    // A character of four bytes, written as JSON can write it at its longest: twelve.
    let longest = |runes: usize| format!("\"{}\"", r"\ud83d\ude00".repeat(runes));
    let text = longest(200);
    let body = format!(
        r#"{{"userId":{text},"username":{text},"organization":{{"orgId":{text}}},"profile":{{"givenName":{text},
        "familyName":{text},"nickName":{text},"displayName":{text},"preferredLanguage":{},"gender":"GENDER_DIVERSE"}},
        "email":{{"email":{text},"sendCode":{{"urlTemplate":{text}}}}},"phone":{{"phone":{text},"sendCode":{{}}}}}}"#,
        longest(10)
    );
    assert!(body.len() < MAX / 2, "{}", body.len());
    for answer in [
        host.rest_text("POST", "/v2/users/human", body.clone()).await,
        host.rpc("AddHumanUser", "application/json", body).await,
    ] {
        // The organization is another one: the rules of fields have been passed.
        assert_eq!(answer.of(403)["message"], "No matching permissions found (AUTH-AWfge)");
    }
}

#[tokio::test]
async fn what_is_no_json_or_of_the_wrong_type() {
    let host = Host::with_ada().await;
    let before = host.state().await;
    let deep = format!("{{\"phone\":\"{PHONE}\",\"x\":{}", "[".repeat(60_000));
    let bodies: Vec<Vec<u8>> = vec![
        b"{".to_vec(),
        b"nonsense".to_vec(),
        b"phone=%2B441514960453".to_vec(),
        b"null".to_vec(),
        b"[]".to_vec(),
        b"\"+441514960453\"".to_vec(),
        format!("{{\"phone\":\"{PHONE}\"}}x").into_bytes(),
        format!("{{\"phone\":\"{PHONE}\"}}{{}}").into_bytes(),
        format!("{{\"phone\":\"{PHONE}\",}}").into_bytes(),
        format!("{{\"phone\":[\"{PHONE}\"]}}").into_bytes(),
        b"{\"phone\":441514960453}".to_vec(),
        b"{\"phone\":{\"phone\":\"x\"}}".to_vec(),
        format!("{{\"phone\":\"{PHONE}\",\"sendCode\":true}}").into_bytes(),
        format!("{{\"phone\":\"{PHONE}\",\"isVerified\":\"true\"}}").into_bytes(),
        format!("{{\"phone\":\"{PHONE}\",\"isVerified\":1}}").into_bytes(),
        b"{\"phone\":\"\xff\xfe\"}".to_vec(),
        b"\xff\xfe\x00".to_vec(),
        b"{\"phone\":\"\x01\"}".to_vec(),
        b"{\"phone\":\"\\ud800\"}".to_vec(),
        deep.into_bytes(),
    ];
    for body in bodies {
        let shown = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
        let rest = host.rest_text("POST", "/v2/users/ada/phone", body.clone()).await;
        assert_eq!(failed("application/json", &rest), (3, 400), "{shown}");
        let text = String::from_utf8_lossy(&rest.body).into_owned();
        assert!(!text.contains("441514960453"), "what was sent is not said again: {text}");
        let connect = host.rpc("SetPhone", "application/json", body).await;
        assert_eq!(failed("application/json", &connect), (3, 400), "{shown}");
    }
    assert_eq!(host.state().await, before);
}

#[tokio::test]
async fn a_field_that_comes_twice_is_refused_in_any_spelling() {
    let host = Host::with_ada().await;
    let before = host.state().await;
    for (method, path, body, field) in [
        ("SetPhone", "ada/phone", r#"{"phone":"+441514960453","phone":"+441514960453"}"#, "phone"),
        ("SetPhone", "ada/phone", r#"{"phone":"+441514960453","sendCode":{},"send_code":{}}"#, "sendCode"),
        ("SetPhone", "ada/phone", r#"{"phone":"+441514960453","userId":"ada","user_id":"ada"}"#, "userId"),
        ("SetPhone", "ada/phone", r#"{"phone":"+441514960453","is_verified":true,"isVerified":null}"#, "isVerified"),
        ("VerifyPhone", "ada/phone/verify", r#"{"verificationCode":"1","verification_code":"2"}"#, "verificationCode"),
        (
            "SetEmail",
            "ada/email",
            r#"{"email":"new@example.com","sendCode":{"urlTemplate":"https://a.example","url_template":"https://b.example"}}"#,
            "urlTemplate",
        ),
    ] {
        for answer in [
            host.rest_text("POST", &format!("/v2/users/{path}"), body).await,
            host.rpc(method, "application/json", body).await,
        ] {
            assert_eq!(failed("application/json", &answer), (3, 400), "{body}");
            let text = answer.json()["message"].as_str().unwrap().to_owned();
            assert!(text.contains(&format!("field {field} comes twice")), "{text}");
        }
    }
    for body in [
        r#"{"phone":"+441514960453","sendCode":{},"returnCode":{}}"#,
        r#"{"phone":"+441514960453","returnCode":{},"isVerified":true}"#,
    ] {
        let answer = host.rest_text("POST", "/v2/users/ada/phone", body).await;
        assert_eq!(failed("application/json", &answer), (3, 400), "{body}");
    }
    assert_eq!(host.state().await, before);
}

#[tokio::test]
async fn a_media_type_that_is_not_read() {
    let host = Host::with_ada().await;
    let before = host.state().await;
    let bearer = format!("Bearer {ROOT}");
    let body = json!({"phone": PHONE}).to_string();
    for media_type in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", ""]
    {
        let headers = [("authorization", bearer.as_str()), ("content-type", media_type)];
        for path in ["/v2/users/ada/phone".to_owned(), format!("/{SERVICE}/SetPhone")] {
            let answer = host.raw("POST", &path, &headers, body.clone()).await;
            assert_eq!(failed("application/json", &answer), (3, 415), "{path} {media_type}");
        }
    }
    for media_type in ["application/grpc+json", "application/grpc-web+thrift"] {
        assert_eq!(host.rpc("SetPhone", media_type, set_phone()).await.grpc_status().0, 3, "{media_type}");
    }
    for media_type in ["application/json", "application/proto"] {
        let headers = [("authorization", bearer.as_str()), ("content-type", media_type), ("content-encoding", "gzip")];
        let answer = host.raw("POST", &format!("/{SERVICE}/SetPhone"), &headers, body.clone()).await;
        assert_eq!(failed("application/json", &answer), (12, 415), "{media_type}");
    }
    assert_eq!(host.state().await, before);
}

#[tokio::test]
async fn a_path_or_method_that_is_not_there() {
    let host = Host::with_ada().await;
    for path in
        ["/", "/v2", "/v2/users/ada/nothing", "/v2/users/ada/phone/verify/more", "/v3/users/ada", "/V2/users/ada"]
    {
        assert_eq!(
            host.rest(ROOT, "GET", path, None).await.of(404),
            json!({"code": 5, "message": "Not Found"}),
            "{path}"
        );
    }
    for (method, path) in [
        ("GET", "/v2/users/ada/phone"),
        ("PUT", "/v2/users/ada/phone"),
        ("PATCH", "/v2/users/ada"),
        ("DELETE", "/v2/users/ada/email"),
        ("GET", "/zitadel.user.v2.UserService/SetPhone"),
    ] {
        let answer = host.rest(ROOT, method, path, None).await;
        assert_eq!(answer.of(405), json!({"code": 12, "message": "Method Not Allowed"}), "{method} {path}");
    }
    for method in ["SetPhones", "setPhone", "SetPhone/", "ListUsers", "CreateUser"] {
        for media_type in ["application/grpc", "application/grpc-web", "application/grpc-web-text"] {
            let answer = host.rpc(method, media_type, set_phone()).await;
            assert_eq!(answer.grpc_status(), (12, "there is no such method".into()), "{method}");
        }
        let answer = host.rpc(method, "application/json", "{}").await;
        assert_eq!(answer.of(404)["code"], "unimplemented", "{method}");
    }
    let headers = [("content-type", "application/grpc")];
    let answer = host.raw("POST", "/zitadel.user.v1.UserService/SetPhone", &headers, set_phone()).await;
    assert_eq!(answer.grpc_status().0, 12, "nor such a service");
}

#[tokio::test]
async fn a_path_that_is_not_utf8() {
    let host = Host::with_ada().await;
    let answer = host.post("/v2/users/%ff%fe/phone/verify", json!({"verificationCode": "1"})).await;
    assert_eq!(failed("application/json", &answer), (3, 400));
    let answer = host.post("/v2/users/%00/phone/verify", json!({"verificationCode": "1"})).await;
    assert_eq!(answer.refused(404), "COMMAND-ieJ2e");
}

/// Bodies at random: bytes, a frame around bytes, and a good message with a byte changed.
fn anything() -> impl proptest::strategy::Strategy<Value = Vec<u8>> {
    let bytes = || proptest::collection::vec(any::<u8>(), 0..200);
    let frame = bytes().prop_map(|bytes| {
        let mut frame = vec![0, 0, 0, 0, u8::try_from(bytes.len()).unwrap()];
        frame.extend(bytes);
        frame
    });
    let good = prop_oneof![
        Just(set_phone()),
        Just(br#"{"userId":"ada","phone":"+441514960453","sendCode":{},"verificationCode":"123456"}"#.to_vec()),
        Just(base64(&set_phone()).into_bytes()),
    ];
    let bent = (good, any::<proptest::sample::Index>(), any::<u8>()).prop_map(|(mut body, place, byte)| {
        let place = place.index(body.len());
        body[place] = byte;
        body
    });
    prop_oneof![bytes(), frame, bent]
}

#[test]
fn no_body_is_a_fault_of_the_server() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let host = runtime.block_on(Host::with_ada());
    const METHODS: [&str; 6] =
        ["SetPhone", "SetEmail", "VerifyPhone", "ResendEmailCode", "AddHumanUser", "GetUserByID"];
    let strategy = (
        anything(),
        proptest::sample::select(METHODS.as_slice()),
        proptest::sample::select(
            [
                "application/json",
                "application/proto",
                "application/grpc",
                "application/grpc-web",
                "application/grpc-web-text",
            ]
            .as_slice(),
        ),
    );
    let config = proptest::test_runner::Config { cases: 2_000, failure_persistence: None, ..Default::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let outcome = runner.run(&strategy, |(body, method, media_type)| {
        let answer = runtime.block_on(host.rpc(method, media_type, body));
        if media_type.starts_with("application/grpc") {
            let (code, _) = answer.grpc_status();
            proptest::prop_assert!(matches!(code, 0 | 3 | 5 | 6 | 8 | 9 | 12), "{code}");
        } else {
            proptest::prop_assert!(answer.status < 500, "{}", answer.status);
        }
        Ok(())
    });
    outcome.unwrap();
}
