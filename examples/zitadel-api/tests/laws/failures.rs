//! Every failure of the table, in every dialect: the code, the HTTP status, the id in the text and in the details.

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use prost::Message;
use serde_json::{Value, json};
use zitadel_api::wire::{
    AddHumanUserRequest, ErrorDetail, GetUserByIdRequest, RemovePhoneRequest, ResendEmailCodeRequest,
    ResendPhoneCodeRequest, SendEmailCodeRequest, SendEmailVerificationCode, SetEmailRequest, SetHumanEmail,
    SetHumanProfile, SetPhoneRequest, VerifyEmailRequest, VerifyPhoneRequest, rpc, set_email_request,
};

use crate::kit::{EMAIL, Host, OTHER, PHONE, ROOT, base64, error_detail, framed, not};

/// A call as each dialect writes it.
struct Call {
    method: &'static str,
    binary: Vec<u8>,
    framed: Vec<u8>,
    rest: (&'static str, &'static str),
    json: Value,
}

impl Call {
    fn new(method: &'static str, message: &impl Message, rest: (&'static str, &'static str), json: Value) -> Self {
        Self { method, binary: message.encode_to_vec(), framed: framed(message), rest, json }
    }

    fn set_phone(phone: &str) -> Self {
        let message = SetPhoneRequest { user_id: "ada".into(), phone: phone.into(), verification: None };
        let json = json!({"userId": "ada", "phone": phone});
        Self::new("SetPhone", &message, ("POST", "/v2/users/ada/phone"), json)
    }

    fn set_email(email: &str) -> Self {
        let message = SetEmailRequest { user_id: "ada".into(), email: email.into(), verification: None };
        let json = json!({"userId": "ada", "email": email});
        Self::new("SetEmail", &message, ("POST", "/v2/users/ada/email"), json)
    }

    fn verify_phone(user: &str, path: &'static str, code: &str) -> Self {
        let message = VerifyPhoneRequest { user_id: user.into(), verification_code: code.into() };
        let json = json!({"userId": user, "verificationCode": code});
        Self::new("VerifyPhone", &message, ("POST", path), json)
    }

    /// Fails, and says so in each dialect; what it changes is for the caller to know.
    async fn fails(&self, host: &Host, code: i32, http: u16, id: &str, text: &str) {
        let message = if id.is_empty() { text.to_owned() } else { format!("{text} ({id})") };
        let details = |status: &rpc::Status| {
            assert_eq!((status.code, &status.message), (code, &message), "{}", self.method);
            assert_eq!(error_detail(status), (id.to_owned(), text.to_owned()));
        };

        let (verb, path) = self.rest;
        let body = (verb != "GET").then(|| self.json.clone());
        let rest = host.rest(ROOT, verb, path, body).await.of(http);
        assert_eq!((&rest["code"], &rest["message"]), (&json!(code), &json!(message)));
        let detail = json!({"@type": "type.googleapis.com/zitadel.v1.ErrorDetail", "id": id, "message": text});
        let expected = if id.is_empty() { Value::Null } else { detail };
        assert_eq!(rest.pointer("/details/0").cloned().unwrap_or_default(), expected, "{message}");

        for (media_type, body) in [
            ("application/json", Body::from(self.json.to_string())),
            ("application/proto", Body::from(self.binary.clone())),
        ] {
            let connect = host.rpc(self.method, media_type, body).await.of(http);
            assert_eq!((&connect["code"], &connect["message"]), (&json!(connect_name(code)), &json!(message)));
            if id.is_empty() {
                assert_eq!(connect.get("details"), None);
            } else {
                assert_eq!(connect["details"][0]["type"], "zitadel.v1.ErrorDetail");
                let value = connect["details"][0]["value"].as_str().unwrap();
                let detail = ErrorDetail::decode(STANDARD_NO_PAD.decode(value).unwrap().as_slice()).unwrap();
                assert_eq!((detail.id.as_str(), detail.message.as_str()), (id, text));
            }
        }

        for (media_type, body) in [
            ("application/grpc", Body::from(self.framed.clone())),
            ("application/grpc-web", Body::from(self.framed.clone())),
            ("application/grpc-web-text", Body::from(base64(&self.framed))),
        ] {
            let answer = host.rpc(self.method, media_type, body).await;
            assert_eq!(answer.grpc_status(), (code, message.clone()), "{media_type}");
            if !id.is_empty() {
                details(&answer.grpc_details());
            }
        }
    }
}

fn connect_name(code: i32) -> &'static str {
    match code {
        3 => "invalid_argument",
        5 => "not_found",
        6 => "already_exists",
        7 => "permission_denied",
        8 => "resource_exhausted",
        9 => "failed_precondition",
        16 => "unauthenticated",
        other => panic!("{other} is in no table"),
    }
}

fn resend_phone() -> Call {
    let message = ResendPhoneCodeRequest { user_id: "ada".into(), verification: None };
    Call::new("ResendPhoneCode", &message, ("POST", "/v2/users/ada/phone/resend"), json!({"userId": "ada"}))
}

fn resend_email() -> Call {
    let message = ResendEmailCodeRequest { user_id: "ada".into(), verification: None };
    Call::new("ResendEmailCode", &message, ("POST", "/v2/users/ada/email/resend"), json!({"userId": "ada"}))
}

fn send_email() -> Call {
    let message = SendEmailCodeRequest { user_id: "ada".into(), verification: None };
    Call::new("SendEmailCode", &message, ("POST", "/v2/users/ada/email/send"), json!({"userId": "ada"}))
}

fn remove_phone() -> Call {
    let message = RemovePhoneRequest { user_id: "ada".into() };
    Call::new("RemovePhone", &message, ("DELETE", "/v2/users/ada/phone"), json!({"userId": "ada"}))
}

#[tokio::test]
async fn what_does_not_parse() {
    let host = Host::with_ada().await;
    let before = host.state().await;
    for (phone, id, text) in [
        (" ", "PHONE-Zt0NV", "Phone is empty"),
        ("nonsense", "PHONE-so0wa", "Phone is invalid"),
        ("+4400000", "PHONE-so0wa", "Phone is invalid"),
        ("079 123 45 67", "PHONE-so0wa", "Phone is invalid"),
    ] {
        Call::set_phone(phone).fails(&host, 3, 400, id, text).await;
    }
    for (email, id, text) in [
        ("nonsense", "EMAIL-599BI", "Email is invalid"),
        ("a@b@c.example", "EMAIL-599BI", "Email is invalid"),
        ("ada@example.com\r\nbcc: x@example.com", "EMAIL-599BI", "Email is invalid"),
    ] {
        Call::set_email(email).fails(&host, 3, 400, id, text).await;
    }
    let send = SendEmailVerificationCode { url_template: Some("https://example.com/{{.Password}}".into()) };
    let message = SetEmailRequest {
        user_id: "ada".into(),
        email: "new@example.com".into(),
        verification: Some(set_email_request::Verification::SendCode(send)),
    };
    let json = json!({
        "userId": "ada",
        "email": "new@example.com",
        "sendCode": {"urlTemplate": "https://example.com/{{.Password}}"}
    });
    let call = Call::new("SetEmail", &message, ("POST", "/v2/users/ada/email"), json);
    call.fails(&host, 3, 400, "DOMAIN-oGh5e", "URL Template is invalid").await;
    assert_eq!(host.state().await, before);
}

#[tokio::test]
async fn the_rules_of_fields_have_no_id_and_no_details() {
    let host = Host::with_ada().await;
    let text = "invalid VerifyPhoneRequest.VerificationCode: value length must be between 1 and 20 runes, inclusive";
    for code in [String::new(), "1".repeat(21)] {
        let call = Call::verify_phone("ada", "/v2/users/ada/phone/verify", &code);
        call.fails(&host, 3, 400, "", text).await;
    }
}

#[tokio::test]
async fn every_code_that_does_not_verify_gets_one_answer() {
    let host = Host::with_ada().await;
    let verify = |code: &str| Call::verify_phone("ada", "/v2/users/ada/phone/verify", code);
    let is_one = async |call: Call| call.fails(&host, 3, 400, "COMMAND-eis9R", "Code is invalid").await;
    is_one(verify("123456")).await; // there is no phone
    host.post("/v2/users/ada/phone", json!({"phone": PHONE, "returnCode": {}})).await.of(200);
    let code = host.post("/v2/users/ada/phone/resend", json!({"returnCode": {}})).await.of(200);
    let code = code["verificationCode"].as_str().unwrap().to_owned();
    assert_eq!(
        host.post("/v2/users/ada/phone/verify", json!({"verificationCode": not(&code)})).await.refused(400),
        "COMMAND-eis9R"
    );
    host.pass(600);
    is_one(verify(&code)).await; // it has expired
    let code = host.post("/v2/users/ada/phone/resend", json!({"returnCode": {}})).await.of(200);
    let code = code["verificationCode"].as_str().unwrap().to_owned();
    host.post("/v2/users/ada/phone/verify", json!({"verificationCode": code})).await.of(200);
    is_one(verify(&code)).await; // it is verified already
    host.post("/v2/users/ada/phone", json!({"phone": OTHER, "isVerified": true})).await.of(200);
    is_one(verify(&code)).await; // nothing is outstanding
    let message = VerifyEmailRequest { user_id: "ada".into(), verification_code: code.clone() };
    let json = json!({"userId": "ada", "verificationCode": code});
    is_one(Call::new("VerifyEmail", &message, ("POST", "/v2/users/ada/email/verify"), json)).await;
}

#[tokio::test]
async fn the_same_value_again() {
    let host = Host::with_ada().await;
    host.post("/v2/users/ada/phone", json!({"phone": PHONE})).await.of(200);
    let before = host.state().await;
    for phone in [PHONE, "+44 (1514) 960-453"] {
        Call::set_phone(phone).fails(&host, 9, 400, "COMMAND-Uch5e", "Phone not changed").await;
    }
    for email in [EMAIL, "ada@EXAMPLE.com"] {
        Call::set_email(email).fails(&host, 9, 400, "COMMAND-Uch5e", "Email not changed").await;
    }
    assert_eq!(host.state().await, before);
}

#[tokio::test]
async fn a_resend_without_a_code() {
    let host = Host::with_ada().await;
    resend_phone().fails(&host, 9, 400, "PHONE-5xrra88eq8", "Code is empty").await; // no phone
    resend_email().fails(&host, 9, 400, "EMAIL-5w5ilin4yt", "Code is empty").await; // verified
    host.post("/v2/users/ada/phone", json!({"phone": PHONE, "isVerified": true})).await.of(200);
    resend_phone().fails(&host, 9, 400, "PHONE-5xrra88eq8", "Code is empty").await;
    send_email().fails(&host, 9, 400, "IDENTITY-alreadyVerified", "Email is already verified").await;
}

#[tokio::test]
async fn an_expired_code_may_be_sent_again() {
    let host = Host::with_ada().await;
    host.post("/v2/users/ada/phone", json!({"phone": PHONE})).await.of(200);
    let old = host.code(PHONE).await;
    host.pass(86_400 * 3);
    host.post("/v2/users/ada/phone/resend", None).await.of(200);
    let new = host.code(PHONE).await;
    assert_ne!(old, new);
    host.post("/v2/users/ada/phone/verify", json!({"verificationCode": new})).await.of(200);
}

#[tokio::test]
async fn a_user_or_a_phone_that_is_not_there() {
    let host = Host::new().await;
    let phone = (5, 404, "COMMAND-ieJ2e", "Phone not found");
    let email = (5, 404, "COMMAND-ieJ2e", "Email not found");
    for (call, (code, http, id, text)) in [
        (Call::set_phone(PHONE), phone),
        (resend_phone(), phone),
        (remove_phone(), phone),
        (Call::verify_phone("ada", "/v2/users/ada/phone/verify", "123456"), phone),
        (Call::verify_phone("a\nb", "/v2/users/a%0Ab/phone/verify", "123456"), phone),
        (Call::set_email("new@example.com"), email),
        (resend_email(), email),
        (send_email(), email),
    ] {
        call.fails(&host, code, http, id, text).await;
    }
    let message = GetUserByIdRequest { user_id: "ada".into() };
    let get = Call::new("GetUserByID", &message, ("GET", "/v2/users/ada"), json!({"userId": "ada"}));
    get.fails(&host, 5, 404, "QUERY-Dfbg2", "User could not be found").await;
    host.add("ada", EMAIL).await;
    remove_phone().fails(&host, 9, 400, "COMMAND-ieJ2e", "Phone not found").await;
}

#[tokio::test]
async fn a_user_who_is_there_already() {
    let host = Host::with_ada().await;
    let before = host.state().await;
    let message = AddHumanUserRequest {
        user_id: Some("ada".into()),
        profile: Some(SetHumanProfile { given_name: "A".into(), family_name: "B".into(), ..Default::default() }),
        email: Some(SetHumanEmail { email: "else@example.com".into(), verification: None }),
        ..Default::default()
    };
    let json = json!({"userId": "ada", "profile": {"givenName": "A", "familyName": "B"}, "email": {"email": "else@example.com"}});
    let add = Call::new("AddHumanUser", &message, ("POST", "/v2/users/human"), json);
    add.fails(&host, 6, 409, "IDENTITY-userExists", "User already exists").await;
    assert_eq!(host.state().await, before);
}

#[tokio::test]
async fn too_soon_says_when() {
    let host = Host::with_ada().await;
    host.post("/v2/users/ada/phone", json!({"phone": PHONE})).await.of(200);
    host.pass(10);
    let text = "A code was sent a short time ago, try again later";
    let before = host.state().await;
    resend_phone().fails(&host, 8, 429, "IDENTITY-tooSoon", text).await;
    let rest = host.post("/v2/users/ada/phone/resend", None).await;
    assert_eq!(rest.header("retry-after"), "21");
    let retry = json!({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "21s"});
    assert_eq!(rest.of(429)["details"][1], retry);
    let body = framed(&ResendPhoneCodeRequest { user_id: "ada".into(), verification: None });
    let details = host.rpc("ResendPhoneCode", "application/grpc", body).await.grpc_details().details;
    assert_eq!(details[1].type_url, "type.googleapis.com/google.rpc.RetryInfo");
    let retry = rpc::RetryInfo::decode(details[1].value.as_slice()).unwrap();
    assert_eq!(retry.retry_delay.unwrap().seconds, 21);
    assert_eq!(host.state().await, before);
    host.pass(21);
    host.post("/v2/users/ada/phone/resend", None).await.of(200);
}

#[tokio::test]
async fn restricted_and_taken_are_told_apart_to_administrators_alone() {
    let host = Host::with(&["--block", "blocked.example,+441514960455"]).await;
    host.add("ada", EMAIL).await;
    host.add("bob", "bob@example.com").await;
    host.post("/v2/users/bob/phone", json!({"phone": OTHER, "isVerified": true})).await.of(200);
    let before = host.state().await;
    Call::set_phone("+441514960455").fails(&host, 9, 400, "IDENTITY-restricted", "Phone is not allowed here").await;
    Call::set_email("a@blocked.example").fails(&host, 9, 400, "IDENTITY-restricted", "Email is not allowed here").await;
    let attested = json!({"phone": OTHER, "isVerified": true});
    assert_eq!(host.post("/v2/users/ada/phone", attested).await.refused(400), "IDENTITY-taken");
    let own = async |path: &str, body: Value| host.rest(crate::kit::ADAS, "POST", path, body).await.refused(400);
    assert_eq!(own("/v2/users/ada/phone", json!({"phone": "+441514960455"})).await, "IDENTITY-unavailable");
    assert_eq!(own("/v2/users/ada/email", json!({"email": "a@blocked.example"})).await, "IDENTITY-unavailable");
    assert_eq!(host.state().await, before);
    // Somebody else's number is found out by its code alone, and then it looks like one that is kept out.
    host.rest(crate::kit::ADAS, "POST", "/v2/users/ada/phone", json!({"phone": OTHER})).await.of(200);
    let code = host.code(OTHER).await;
    let verify = json!({"verificationCode": code});
    assert_eq!(own("/v2/users/ada/phone/verify", verify).await, "IDENTITY-unavailable");
}

#[tokio::test]
async fn a_disabled_users_own_road_is_closed() {
    let host = Host::with_ada().await;
    let ada = identity::UserId::parse("ada").unwrap();
    host.identity.admin("test").disable(&ada).await.unwrap();
    let own = host.rest(crate::kit::ADAS, "POST", "/v2/users/ada/phone", json!({"phone": PHONE})).await;
    assert_eq!(own.refused(400), "IDENTITY-disabled");
    assert_eq!(host.ada().await["user"]["state"], "USER_STATE_INACTIVE");
}
